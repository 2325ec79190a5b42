/* Opening, changing and reading for all commands that manage. Knows no table: actions and columns are the nouns'. */
#include "database.h"

#include <stdlib.h>
#include <string.h>

#include "sqlauth/secret.h"

static enum cli_status open_with(const struct cli_arguments *arguments, struct cli_database *database_r,
	enum sqlauth_error (*open)(const char *, struct sqlauth_admin **, struct sqlauth_text *))
{
	enum sqlauth_error error;

	memset(database_r, 0, sizeof(*database_r));
	sqlauth_text_init(&database_r->why, database_r->buffer, sizeof(database_r->buffer));
	error = open(cli_arguments_database(arguments), &database_r->admin, &database_r->why);
	return error == SQLAUTH_OK ? CLI_DONE : cli_complain_error(error, &database_r->why, CLI_FAILED);
}

enum cli_status cli_database_open(const struct cli_arguments *arguments, struct cli_database *database_r)
{
	return open_with(arguments, database_r, sqlauth_admin_open_to_read);
}

enum cli_status cli_database_begin(const struct cli_arguments *arguments, struct cli_database *database_r)
{
	enum cli_status status = open_with(arguments, database_r, sqlauth_admin_open);
	enum sqlauth_error error;

	if (status != CLI_DONE)
		return status;
	error = sqlauth_admin_begin(database_r->admin, &database_r->why);
	return error == SQLAUTH_OK ? CLI_DONE : cli_complain_error(error, &database_r->why, CLI_FAILED);
}

enum cli_status cli_database_change(struct cli_database *database, const struct cli_subject *subject,
	enum sqlauth_admin_action action, const char *const *values, size_t count)
{
	enum sqlauth_error error = sqlauth_admin_change(database->admin, action, values, count, NULL, &database->why);
	struct cli_quoted quoted;
	const char *name = subject->name ? cli_quote(&quoted, subject->name) : "";

	switch (error) {
	case SQLAUTH_OK:
		return CLI_DONE;
	case SQLAUTH_ERROR_NOT_FOUND:
		cli_complain("there is no %s %s", subject->noun, name);
		return CLI_DENIED;
	case SQLAUTH_ERROR_EXISTS:
		cli_complain("%s %s is there already", subject->noun, name);
		return CLI_USAGE;
	case SQLAUTH_ERROR_INVALID:
	case SQLAUTH_ERROR_LIMIT:
		cli_complain("%s %s: %s", subject->noun, name, database->why.data);
		return CLI_USAGE;
	default:
		return cli_complain_error(error, &database->why, CLI_FAILED);
	}
}

enum cli_status cli_database_read(struct cli_database *database, enum sqlauth_admin_action action,
	const char *const *values, size_t count, sqlauth_admin_visitor *visit, void *context)
{
	enum sqlauth_error error;

	sqlauth_text_set(&database->why, "%s", "");
	error = sqlauth_admin_read(database->admin, action, values, count, visit, context, &database->why);
	return error == SQLAUTH_OK ? CLI_DONE : cli_complain_error(error, &database->why, CLI_FAILED);
}

static enum sqlauth_error note_row(void *context, const char *const *columns)
{
	bool *is_there = context;

	(void)columns;
	*is_there = true;
	return SQLAUTH_OK;
}

enum cli_status cli_database_require(
	struct cli_database *database, enum sqlauth_admin_action show, const struct cli_subject *subject)
{
	struct cli_quoted quoted;
	bool is_there = false;
	enum cli_status status = cli_database_read(database, show, CLI_VALUES(subject->name), note_row, &is_there);

	if (status != CLI_DONE || is_there)
		return status;
	cli_complain("there is no %s %s", subject->noun, cli_quote(&quoted, subject->name));
	return CLI_DENIED;
}

static enum sqlauth_error keep_row(void *context, const char *const *columns)
{
	struct cli_row *row = context;

	for (size_t i = 0; i < row->count; i++) {
		if (row->columns[i] || !columns[i])
			continue;
		row->columns[i] = strdup(columns[i]);
		if (!row->columns[i])
			return SQLAUTH_ERROR_MEMORY;
	}
	return SQLAUTH_OK;
}

enum cli_status cli_database_read_row(struct cli_database *database, enum sqlauth_admin_action action,
	const char *const *values, size_t count, struct cli_row *row)
{
	enum cli_status status = cli_database_read(database, action, values, count, keep_row, row);

	return status == CLI_DONE && !row->columns[0] ? CLI_DENIED : status;
}

void cli_row_clear(struct cli_row *row)
{
	for (size_t i = 0; i < SQLAUTH_ADMIN_VALUES_MAX; i++) {
		sqlauth_secret_free(row->columns[i]); /* one of them may be a hash */
		row->columns[i] = NULL;
	}
}

enum cli_status cli_database_finish(struct cli_database *database, enum cli_status status)
{
	enum sqlauth_error error = SQLAUTH_OK;

	if (database->admin && status == CLI_DONE && sqlauth_admin_in_transaction(database->admin))
		error = sqlauth_admin_commit(database->admin, &database->why);
	if (error != SQLAUTH_OK)
		status = cli_complain_error(error, &database->why, CLI_FAILED);
	sqlauth_admin_close(database->admin);
	database->admin = NULL;
	return status;
}
