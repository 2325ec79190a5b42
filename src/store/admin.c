/* The tool's writing connection: its life, its transactions, and the ways a statement runs. What the statements are is
 * admin_statements.c's, whether a value is right the database's own triggers'. */
#include "sqlauth/admin.h"

#include <stdlib.h>
#include <string.h>

#include "access.h"
#include "admin_statements.h"
#include "connection.h"
#include "sidecars.h"
#include "store_internal.h"

/* What a client is listed with: its groups, of which there may be any number, joined into one text. 4,096 groups with
 * names of 1,020 bytes are 4 MiB, and twice that as JSON. */
#define VALUE_BYTES_MAX (256 << 20)

struct sqlauth_admin {
	struct sqlauth_paths paths;
	sqlite3 *db;
	sqlite3_stmt *statements[SQLAUTH_ADMIN_ACTIONS]; /* prepared when first used */
};

/* ---- errors */

/* Which row is there already, by the beginning of SQLite's list of columns. A username is unique, too, but a trigger
 * speaks for that: only a client of the very same name gets here. */
static const char *name_duplicate(const char *message)
{
	static const char failed[] = "UNIQUE constraint failed: ";
	static const struct {
		const char *table, *words;
	} rows[] = {
		{"clients.", "name: there is such a client already"},
		{"client_certificates.", "value: a client has such a certificate already"},
		{"groups.", "name: there is such a group already"},
		{"acl_permissions.", "topic: there is such a permission already"},
		{"group_rules.", "value: there is such a rule already"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (strncmp(message, failed, sizeof failed - 1) == 0 &&
			strncmp(message + sizeof failed - 1, rows[i].table, strlen(rows[i].table)) == 0)
			return rows[i].words;
	}
	return "there is such a row already";
}

/* Says what SQLite's code means, and gives the error. The sentence of a trigger is passed on as it is. */
static enum sqlauth_error explain(const struct sqlauth_admin *admin, int code, struct sqlauth_text *why)
{
	const char *path = admin->paths.file[SQLAUTH_FILE_DATABASE];

	switch (code) {
	case SQLITE_CONSTRAINT_TRIGGER:
		sqlauth_text_set(why, "%s", sqlite3_errmsg(admin->db));
		return SQLAUTH_ERROR_INVALID;
	case SQLITE_CONSTRAINT_PRIMARYKEY:
	case SQLITE_CONSTRAINT_UNIQUE:
		sqlauth_text_set(why, "%s", name_duplicate(sqlite3_errmsg(admin->db)));
		return SQLAUTH_ERROR_EXISTS;
	default:
		break;
	}
	switch (code & 0xff) {
	case SQLITE_CONSTRAINT:
	case SQLITE_MISMATCH:
		sqlauth_text_set(why, "%s", sqlite3_errmsg(admin->db));
		return SQLAUTH_ERROR_INVALID;
	case SQLITE_BUSY:
		sqlauth_text_set(why, "%s is locked by another process, also after %d seconds; try again", path,
			SQLAUTH_STORE_PATIENCE_MS / 1000);
		return SQLAUTH_ERROR_BUSY;
	case SQLITE_NOMEM:
		sqlauth_text_set(why, "%s: out of memory", path);
		return SQLAUTH_ERROR_MEMORY;
	default:
		sqlauth_text_set(why, "%s: %s (SQLite %d)", path, sqlauth_sqlite_message(admin->db, code), code);
		return sqlauth_sqlite_error(code);
	}
}

/* ---- life */

static int set_switches(sqlite3 *db)
{
	static const struct {
		int name, on;
	} switches[] = {
		{SQLITE_DBCONFIG_DEFENSIVE, 1},
		{SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
		{SQLITE_DBCONFIG_ENABLE_TRIGGER, 1}, /* they are the rules of the database */
		{SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
	};
	static const enum sqlauth_statement pragmas[] = {
		SQLAUTH_SQL_CELL_SIZE_CHECK,
		SQLAUTH_SQL_NO_MMAP,
		SQLAUTH_SQL_TEMP_IN_MEMORY,
		SQLAUTH_SQL_SECURE_DELETE,
	};
	char ignored[16];
	int code = SQLITE_OK;

	for (size_t i = 0; i < sizeof switches / sizeof switches[0] && code == SQLITE_OK; i++)
		code = sqlite3_db_config(db, switches[i].name, switches[i].on, (int *)NULL);
	for (size_t i = 0; i < sizeof pragmas / sizeof pragmas[0] && code == SQLITE_OK; i++) {
		code = sqlauth_store_once(db, pragmas[i], NULL, ignored, sizeof ignored);
		code = code == SQLITE_ROW || code == SQLITE_DONE ? SQLITE_OK : code;
	}
	return code;
}

/* All that the plugin checks at its start, and, where that is wanted, that the file can be written. */
static enum sqlauth_error check(
	const struct sqlauth_admin *admin, const char *path, bool is_writing, struct sqlauth_text *why)
{
	struct sqlauth_store *store = NULL;
	struct sqlauth_files files;
	enum sqlauth_error error = sqlauth_store_open_for(path, SQLAUTH_STORE_FOR_TOOL, &store, why);

	sqlauth_store_close(store);
	if (error != SQLAUTH_OK || !is_writing)
		return error;
	sqlauth_files_look(&admin->paths, &files);
	return sqlauth_files_check_writable(&admin->paths, &files, NULL, SQLAUTH_STORE_FOR_TOOL, why);
}

static enum sqlauth_error connect(struct sqlauth_admin *admin, bool is_writing, struct sqlauth_text *why)
{
	const char *path = admin->paths.file[SQLAUTH_FILE_DATABASE];
	int code = is_writing ? sqlauth_connection_open(path, SQLITE_OPEN_READWRITE, &admin->db)
			      : sqlauth_sidecars_open_to_read(path, &admin->db);

	if (code == SQLITE_OK)
		code = set_switches(admin->db);
	if (code != SQLITE_OK)
		return explain(admin, code, why);
	sqlite3_limit(admin->db, SQLITE_LIMIT_LENGTH, VALUE_BYTES_MAX);
	sqlite3_limit(admin->db, SQLITE_LIMIT_ATTACHED, 0);
	return SQLAUTH_OK;
}

static enum sqlauth_error open_admin(
	const char *path, bool is_writing, struct sqlauth_admin **admin_r, struct sqlauth_text *why)
{
	struct sqlauth_admin *admin = calloc(1, sizeof *admin);
	enum sqlauth_error error;

	error = admin == NULL ? SQLAUTH_ERROR_MEMORY : sqlauth_paths_init(&admin->paths, path);
	if (error == SQLAUTH_ERROR_MEMORY)
		sqlauth_text_set(why, "%s cannot be opened: out of memory", path);
	if (error == SQLAUTH_OK)
		error = check(admin, path, is_writing, why);
	if (error == SQLAUTH_OK)
		error = connect(admin, is_writing, why);
	if (error == SQLAUTH_OK)
		*admin_r = admin;
	else
		sqlauth_admin_close(admin);
	return error;
}

enum sqlauth_error sqlauth_admin_open(const char *path, struct sqlauth_admin **admin_r, struct sqlauth_text *why)
{
	return open_admin(path, true, admin_r, why);
}

enum sqlauth_error sqlauth_admin_open_to_read(
	const char *path, struct sqlauth_admin **admin_r, struct sqlauth_text *why)
{
	return open_admin(path, false, admin_r, why);
}

void sqlauth_admin_close(struct sqlauth_admin *admin)
{
	if (admin == NULL)
		return;
	for (int i = 0; i < SQLAUTH_ADMIN_ACTIONS; i++)
		sqlite3_finalize(admin->statements[i]);
	sqlite3_close(admin->db); /* rolls back */
	sqlauth_paths_clear(&admin->paths);
	free(admin);
}

/* ---- transactions */

static enum sqlauth_error run_once(struct sqlauth_admin *admin, enum sqlauth_statement which, struct sqlauth_text *why)
{
	char ignored[16];
	int code = sqlauth_store_once(admin->db, which, NULL, ignored, sizeof ignored);

	return code == SQLITE_DONE || code == SQLITE_ROW ? SQLAUTH_OK : explain(admin, code, why);
}

enum sqlauth_error sqlauth_admin_begin(struct sqlauth_admin *admin, struct sqlauth_text *why)
{
	return run_once(admin, SQLAUTH_SQL_BEGIN_IMMEDIATE, why);
}

enum sqlauth_error sqlauth_admin_commit(struct sqlauth_admin *admin, struct sqlauth_text *why)
{
	return run_once(admin, SQLAUTH_SQL_COMMIT, why);
}

bool sqlauth_admin_in_transaction(const struct sqlauth_admin *admin)
{
	return !sqlite3_get_autocommit(admin->db);
}

void sqlauth_admin_rollback(struct sqlauth_admin *admin)
{
	if (sqlauth_admin_in_transaction(admin))
		(void)run_once(admin, SQLAUTH_SQL_ROLLBACK, NULL); /* close does it, should this fail */
}

/* ---- statements */

static void finish(sqlite3_stmt *statement)
{
	sqlite3_reset(statement);
	sqlite3_clear_bindings(statement);
}

static enum sqlauth_error bind_values(struct sqlauth_admin *admin, sqlite3_stmt *statement, const char *const *values,
	size_t count, struct sqlauth_text *why)
{
	for (size_t i = 0; i < count; i++) {
		size_t length = values[i] == NULL ? 0 : strnlen(values[i], SQLAUTH_STORE_TEXT_BYTES_MAX + 1);
		int code;

		if (length > SQLAUTH_STORE_TEXT_BYTES_MAX) {
			sqlauth_text_set(why, "a text is longer than %d bytes", SQLAUTH_STORE_TEXT_BYTES_MAX);
			return SQLAUTH_ERROR_LIMIT;
		}
		code = values[i] == NULL
			       ? sqlite3_bind_null(statement, (int)i + 1)
			       : sqlite3_bind_text(statement, (int)i + 1, values[i], (int)length, SQLITE_STATIC);
		if (code != SQLITE_OK)
			return explain(admin, code, why);
	}
	return SQLAUTH_OK;
}

/* The statement of the action, ready to step. On failure nothing need be finished. */
static enum sqlauth_error start(struct sqlauth_admin *admin, enum sqlauth_admin_action action,
	const char *const *values, size_t count, sqlite3_stmt **statement_r, struct sqlauth_text *why)
{
	sqlite3_stmt **statement = &admin->statements[action];
	enum sqlauth_error error;
	int code = SQLITE_OK;

	if (*statement == NULL)
		code = sqlite3_prepare_v3(
			admin->db, sqlauth_admin_sql[action], -1, SQLITE_PREPARE_PERSISTENT, statement, NULL);
	if (code != SQLITE_OK)
		return explain(admin, code, why);
	if ((size_t)sqlite3_bind_parameter_count(*statement) != count) {
		sqlauth_text_set(why, "%zu values for: %s", count, sqlauth_admin_sql[action]);
		return SQLAUTH_ERROR_INVALID;
	}
	error = bind_values(admin, *statement, values, count, why);
	if (error == SQLAUTH_OK)
		*statement_r = *statement;
	else
		finish(*statement);
	return error;
}

enum sqlauth_error sqlauth_admin_change(struct sqlauth_admin *admin, enum sqlauth_admin_action action,
	const char *const *values, size_t count, int64_t *changed_r, struct sqlauth_text *why)
{
	sqlite3_stmt *statement = NULL;
	enum sqlauth_error error = start(admin, action, values, count, &statement, why);
	bool may_be_none = action == SQLAUTH_ADMIN_LOG_KEEP || action == SQLAUTH_ADMIN_LOG_KEEP_DAYS;
	int64_t changed;
	int code;

	if (error != SQLAUTH_OK)
		return error;
	code = sqlite3_step(statement);
	if (code != SQLITE_DONE)
		error = explain(admin, code, why);
	changed = sqlite3_changes64(admin->db);
	finish(statement);
	if (error != SQLAUTH_OK)
		return error;
	if (changed == 0 && !may_be_none) {
		sqlauth_text_set(why, "there is no such row");
		return SQLAUTH_ERROR_NOT_FOUND;
	}
	if (changed_r != NULL)
		*changed_r = changed;
	return SQLAUTH_OK;
}

/* Borrows the columns of the current row. A text with a NUL in it is one that the triggers never saw. */
static enum sqlauth_error read_columns(
	struct sqlauth_admin *admin, sqlite3_stmt *row, const char **columns, struct sqlauth_text *why)
{
	int count = sqlite3_column_count(row);

	for (int i = 0; i < count && i < SQLAUTH_ADMIN_VALUES_MAX; i++) {
		columns[i] = (const char *)sqlite3_column_text(row, i);
		if (columns[i] == NULL && sqlite3_column_type(row, i) != SQLITE_NULL)
			return explain(admin, SQLITE_NOMEM, why);
		if (columns[i] != NULL && strlen(columns[i]) != (size_t)sqlite3_column_bytes(row, i)) {
			sqlauth_text_set(why, "%s: a value in column %s holds a NUL character; correct or delete it",
				admin->paths.file[SQLAUTH_FILE_DATABASE], sqlite3_column_name(row, i));
			return SQLAUTH_ERROR_DATABASE;
		}
	}
	return SQLAUTH_OK;
}

enum sqlauth_error sqlauth_admin_read(struct sqlauth_admin *admin, enum sqlauth_admin_action action,
	const char *const *values, size_t count, sqlauth_admin_visitor *visit, void *context, struct sqlauth_text *why)
{
	const char *columns[SQLAUTH_ADMIN_VALUES_MAX] = {NULL};
	sqlite3_stmt *statement = NULL;
	enum sqlauth_error error = start(admin, action, values, count, &statement, why);
	int code = SQLITE_DONE;

	if (error != SQLAUTH_OK)
		return error;
	while (error == SQLAUTH_OK && (code = sqlite3_step(statement)) == SQLITE_ROW) {
		error = read_columns(admin, statement, columns, why);
		if (error == SQLAUTH_OK)
			error = visit(context, columns);
	}
	if (error == SQLAUTH_OK && code != SQLITE_DONE)
		error = explain(admin, code, why);
	finish(statement);
	return error;
}
