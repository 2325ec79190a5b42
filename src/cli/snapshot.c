/* `sqlauth upgrade`, `sqlauth snapshot` and `sqlauth restore`: the database as a whole. How is the store's knowledge.
 */
#include <stdio.h>

#include "command.h"
#include "owner.h"
#include "sqlauth/maintenance.h"
#include "sqlauth/store.h"

enum snapshot_option { REPLACE };
enum restore_option { OWNER };

static const struct cli_option no_options[] = {{NULL, 0, NULL, NULL}};

static const struct cli_option snapshot_options[] = {
	[REPLACE] = {"replace", 0, NULL, "put it in the place of a file that is there"},
	{NULL, 0, NULL, NULL},
};

static const struct cli_option restore_options[] = {
	[OWNER] = {"owner", 0, "USER", "whose a new database is; default as with sqlauth init"},
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

static enum cli_status run_restore(const struct cli_arguments *arguments)
{
	const char *path = cli_arguments_database(arguments);
	char buffer[SQLAUTH_MESSAGE_SIZE];
	struct cli_quoted quoted, other;
	struct sqlauth_text why;
	enum cli_status status;

	if (arguments->operand_count != 1)
		return cli_complain_usage(arguments->command, "one file expected");
	sqlauth_text_init(&why, buffer, sizeof(buffer));
	status = finish(
		sqlauth_restore(path, arguments->operands[0], cli_owner_choose(arguments->own[OWNER]), &why), &why);
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
		"be copied anywhere and put in place by rename. Readers and writers go on meanwhile.\n"
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
		"journal mode stay; where there is no database yet, one is created.\n"
		"\n"
		"  sqlauth restore /backup/auth.db\n",
	.options = restore_options,
};
