/* `sqlauth upgrade`, `sqlauth snapshot` and `sqlauth restore`: the database as a whole. How is the store's knowledge.
 */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "confirm.h"
#include "database.h"
#include "owner.h"
#include "sqlauth/maintenance.h"
#include "sqlauth/store.h"
#include "sqlauth/survey.h"

enum snapshot_option { REPLACE };
enum restore_option { OWNER, YES };

static const struct cli_option no_options[] = {{NULL, 0, NULL, NULL}};

static const struct cli_option snapshot_options[] = {
	[REPLACE] = {"replace", 0, NULL, "put it in the place of a database of ours that is there"},
	{NULL, 0, NULL, NULL},
};

static const struct cli_option restore_options[] = {
	[OWNER] = {"owner", 0, "USER", "whose a new database is; default as with sqlauth init"},
	[YES] = CLI_OPTION_YES_ROW,
	{NULL, 0, NULL, NULL},
};

/* The database or the machine, or an operand that cannot be what it is meant to be. */
static enum cli_status finish(enum sqlauth_error error, const struct sqlauth_text *why)
{
	if (error == SQLAUTH_OK)
		return CLI_DONE;
	return cli_complain_error(
		error, why, error == SQLAUTH_ERROR_EXISTS || error == SQLAUTH_ERROR_NOT_FOUND ? CLI_USAGE : CLI_FAILED);
}

static enum cli_status run_upgrade(const struct cli_arguments *arguments)
{
	const char *path = cli_arguments_database(arguments);
	char buffer[SQLAUTH_MESSAGE_SIZE];
	struct cli_quoted quoted;
	struct sqlauth_text why;
	int from = 0;
	enum cli_status status;

	if (arguments->operand_count > 0)
		return cli_complain_usage(arguments->command, "unexpected %s; the path is given with --database",
			cli_quote(&quoted, arguments->operands[0]));
	sqlauth_text_init(&why, buffer, sizeof(buffer));
	status = finish(sqlauth_upgrade(path, &from, &why), &why);
	if (status == CLI_DONE && from == SQLAUTH_SCHEMA_VERSION)
		printf("%s has schema version %d, which is current\n", cli_quote(&quoted, path), from);
	else if (status == CLI_DONE)
		printf("upgraded %s from schema version %d to %d\n", cli_quote(&quoted, path), from,
			SQLAUTH_SCHEMA_VERSION);
	return status;
}

static enum cli_status run_snapshot(const struct cli_arguments *arguments)
{
	char buffer[SQLAUTH_MESSAGE_SIZE];
	struct cli_quoted quoted;
	struct sqlauth_text why;
	enum cli_status status;

	if (arguments->operand_count != 1)
		return cli_complain_usage(arguments->command, "one file expected");
	sqlauth_text_init(&why, buffer, sizeof(buffer));
	status = finish(sqlauth_snapshot(cli_arguments_database(arguments), arguments->operands[0],
				arguments->own[REPLACE] != NULL, &why),
		&why);
	if (status == CLI_DONE)
		printf("wrote %s\n", cli_quote(&quoted, arguments->operands[0]));
	return status;
}

#define COUNT_SIZE 24

static enum sqlauth_error keep_count(void *context, const char *const *columns)
{
	snprintf(context, COUNT_SIZE, "%s", columns[0]);
	return SQLAUTH_OK;
}

/* What goes: a number of rows of each kind. Whether it can be read. */
static bool count_content(const char *path, struct sqlauth_text *what)
{
	static const struct {
		enum sqlauth_admin_action count;
		const char *words;
	} kinds[] = {
		{SQLAUTH_ADMIN_CLIENT_COUNT, "its clients"},
		{SQLAUTH_ADMIN_GROUP_COUNT, ", its groups"},
		{SQLAUTH_ADMIN_LOG_COUNT, " and its log of changes"},
	};
	struct sqlauth_admin *admin = NULL;
	char count[COUNT_SIZE];
	enum sqlauth_error error = sqlauth_admin_open_to_read(path, &admin, NULL);

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]) && error == SQLAUTH_OK; i++) {
		error = sqlauth_admin_read(admin, kinds[i].count, CLI_VALUES(NULL), keep_count, count, NULL);
		if (error == SQLAUTH_OK)
			sqlauth_text_add(what, "%s (%s)", kinds[i].words, count);
	}
	sqlauth_admin_close(admin);
	return error == SQLAUTH_OK;
}

struct difference {
	size_t count;
	char first[SQLAUTH_MESSAGE_SIZE];
};

static enum sqlauth_error note_difference(void *context, const char *const *columns)
{
	struct difference *difference = context;
	struct cli_quoted quoted;

	if (strcmp(columns[2], "extra") == 0 && strcmp(columns[0], "trigger") != 0)
		return SQLAUTH_OK; /* harmless */
	if (difference->count++ == 0)
		snprintf(difference->first, sizeof(difference->first), "%s %s is %s", columns[0],
			cli_quote(&quoted, columns[1]), columns[2]);
	return SQLAUTH_OK;
}

/* The rules of the database come with its content: where some are gone, nothing checks any more what is written. */
static void warn_of_schema(const char *source)
{
	struct difference difference = {0};
	struct sqlauth_survey *survey = NULL;
	struct cli_quoted quoted;

	if (sqlauth_survey_open(source, &survey, NULL) != SQLAUTH_OK)
		return; /* the restore says why */
	if (sqlauth_survey_schema(survey, note_difference, &difference, NULL) == SQLAUTH_OK && difference.count > 0)
		cli_complain("warning: the schema of %s is not this version's: %s (differences: %zu); sqlauth doctor "
			     "tells more",
			cli_quote(&quoted, source), difference.first, difference.count);
	sqlauth_survey_close(survey);
}

static enum cli_status confirm_restore(const struct cli_arguments *arguments, const char *path)
{
	char content[COUNT_SIZE * 8], buffer[SQLAUTH_MESSAGE_SIZE];
	struct cli_quoted quoted, other;
	struct sqlauth_text what, why;
	bool replaces = false;
	enum cli_status status;

	sqlauth_text_init(&what, content, sizeof(content));
	sqlauth_text_init(&why, buffer, sizeof(buffer));
	status = finish(sqlauth_restore_check(path, arguments->operands[0], &replaces, &why), &why);
	if (status != CLI_DONE || !replaces)
		return status;
	if (!count_content(path, &what))
		sqlauth_text_set(&what, "all that cannot be read of it any more");
	return cli_confirm(arguments, NULL, "Replace database %s, with %s, by %s", cli_quote(&quoted, path), what.data,
		cli_quote(&other, arguments->operands[0]));
}

static enum cli_status run_restore(const struct cli_arguments *arguments)
{
	const char *path = cli_arguments_database(arguments);
	char buffer[SQLAUTH_MESSAGE_SIZE];
	struct cli_quoted quoted, other;
	struct sqlauth_text why;
	enum cli_status status = CLI_DONE;

	if (arguments->operand_count != 1)
		return cli_complain_usage(arguments->command, "one file expected");
	sqlauth_text_init(&why, buffer, sizeof(buffer));
	warn_of_schema(arguments->operands[0]);
	if (!arguments->own[YES])
		status = confirm_restore(arguments, path);
	if (status == CLI_DONE)
		status = finish(
			sqlauth_restore(path, arguments->operands[0], cli_owner_choose(arguments->own[OWNER]), &why),
			&why);
	if (status == CLI_DONE)
		printf("restored %s from %s\n", cli_quote(&quoted, path), cli_quote(&other, arguments->operands[0]));
	return status;
}

const struct cli_command cli_command_upgrade = {
	.name = "upgrade",
	.run = run_upgrade,
	.operands = "",
	.summary = "bring a database to this version's schema",
	.help = "Brings a database that an older version made to the schema of this one, in one transaction. One that "
		"is\n"
		"current is left alone, a newer one is refused.\n"
		"\n"
		"  sqlauth upgrade -d /srv/mqtt/auth.db\n",
	.options = no_options,
};

const struct cli_command cli_command_snapshot = {
	.name = "snapshot",
	.run = run_snapshot,
	.operands = "FILE",
	.summary = "copy the database, in use or not, into one file",
	.help = "Writes the database as of now into a file of its own: complete, checked, not in WAL mode, so that it "
		"can\n"
		"be copied anywhere and put in place by rename. Readers and writers go on meanwhile. Never replaces\n"
		"what is neither empty nor a database of ours, of this version or an older one.\n"
		"\n"
		"  sqlauth snapshot /backup/auth.db\n"
		"  sqlauth snapshot --replace /srv/replica/auth.db\n",
	.options = snapshot_options,
};

const struct cli_command cli_command_restore = {
	.name = "restore",
	.run = run_restore,
	.operands = "FILE",
	.summary = "replace the database's content by a snapshot's",
	.help = "Checks the file from end to end and makes its content the database's, in one transaction. A broker on "
		"it\n"
		"goes on: connected clients stay as they are, the next connect sees the new content. File, owner and\n"
		"journal mode stay; where there is no database yet, one is created. Says what goes, the log of "
		"changes\n"
		"included, and asks; never writes over another application's database, or a newer version's.\n"
		"\n"
		"  sqlauth restore /backup/auth.db\n"
		"  sqlauth restore /backup/auth.db --yes\n",
	.options = restore_options,
};
