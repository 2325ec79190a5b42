/* What a database must hold before anything is believed in it: our mark, a version that this build knows, real tables
 * with the columns that the statements name, and no damage that SQLite can see. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store_internal.h"

#define COLUMNS_MAX 8

static const struct table {
	const char *name;
	const char *columns[COLUMNS_MAX]; /* up to a NULL */
} tables[] = {
	{"schema_info", {"key", "value"}},
	{"clients", {"name", "username", "password", "mqtt_id", "authentication", "enabled", "disconnect_before"}},
	{"client_certificates", {"client", "match_by", "value"}},
	{"acl_permissions", {"id", "group_name", "permission", "action", "topic"}},
	{"group_rules", {"id", "match_by", "value", "group_name"}},
	{"group_revisions", {"group_name", "revision"}},
};

static bool failed(int code)
{
	return code != SQLITE_ROW && code != SQLITE_DONE;
}

/* What to do about a database that cannot be repaired. */
static const char *find_mend(const struct sqlauth_store *store)
{
	return store->opener == SQLAUTH_STORE_AS_SOURCE ? "name another backup"
							: "restore a backup with: sqlauth restore";
}

enum sqlauth_error sqlauth_store_explain(const struct sqlauth_store *store, int code, struct sqlauth_text *why)
{
	static const struct {
		int code; /* primary */
		const char *words;
	} rows[] = {
		{SQLITE_BUSY, "is locked by another process right now"},
		{SQLITE_PROTOCOL, "is locked by other processes right now"},
		{SQLITE_LOCKED, "is locked right now"},
		{SQLITE_NOMEM, "cannot be read: out of memory"},
	};
	const char *path = store->paths.file[SQLAUTH_FILE_DATABASE];

	if ((code & 0xff) == SQLITE_CORRUPT) {
		sqlauth_text_set(why, "%s is corrupt; %s", path, find_mend(store));
		return sqlauth_sqlite_error(code);
	}
	if ((code & 0xff) == SQLITE_NOTADB) { /* which a restore does not write over: it may be anybody's */
		sqlauth_text_set(why, "%s is not an SQLite database; %s%s", path,
			store->opener == SQLAUTH_STORE_AS_SOURCE ? "" : "move it away and ", find_mend(store));
		return sqlauth_sqlite_error(code);
	}
	if (code == SQLITE_READONLY_ROLLBACK) {
		sqlauth_text_set(why,
			"%s was left in the middle of a write: let its owner take that back with: sqlauth upgrade -d "
			"%s; "
			"where another file was put at its place since, remove its -journal first",
			path, path);
		return sqlauth_sqlite_error(code);
	}
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (rows[i].code == (code & 0xff)) {
			sqlauth_text_set(why, "%s %s", path, rows[i].words);
			return sqlauth_sqlite_error(code);
		}
	}
	sqlauth_text_set(
		why, "%s cannot be read: %s (SQLite %d)", path, sqlauth_sqlite_code_message(store->db, code), code);
	return sqlauth_sqlite_error(code);
}

static enum sqlauth_error check_application(const struct sqlauth_store *store, struct sqlauth_text *why)
{
	const char *path = store->paths.file[SQLAUTH_FILE_DATABASE];
	char text[64] = "";
	int code = sqlauth_store_once(store->db, SQLAUTH_SQL_IS_TABLE, "schema_info", text, sizeof text);

	if (code == SQLITE_ROW)
		code = sqlauth_store_once(store->db, SQLAUTH_SQL_APPLICATION, NULL, text, sizeof text);
	if (failed(code) && code != SQLITE_ERROR) /* ERROR: a schema_info with other columns */
		return sqlauth_store_explain(store, code, why);
	if (code == SQLITE_ROW && strcmp(text, SQLAUTH_APPLICATION_NAME) == 0)
		return SQLAUTH_OK;
	sqlauth_text_set(why,
		"%s is a database of another application (schema_info does not say %s); name the right file%s", path,
		SQLAUTH_APPLICATION_NAME,
		store->opener == SQLAUTH_STORE_AS_SOURCE ? "" : ", or create one with: sqlauth init -d PATH");
	return SQLAUTH_ERROR_DATABASE;
}

static enum sqlauth_error check_version(const struct sqlauth_store *store, struct sqlauth_text *why)
{
	const char *path = store->paths.file[SQLAUTH_FILE_DATABASE];
	char text[32], *end;
	long version;
	int code = sqlauth_store_once(store->db, SQLAUTH_SQL_SCHEMA_VERSION, NULL, text, sizeof text);

	if (failed(code))
		return sqlauth_store_explain(store, code, why);
	if (strcmp(text, SQLAUTH_SCHEMA_VERSION_TEXT) == 0)
		return SQLAUTH_OK;
	version = strtol(text, &end, 10);
	if (version > SQLAUTH_SCHEMA_VERSION && *end == '\0') {
		sqlauth_text_set(why, "%s was made by a newer version (schema %ld, this one knows %d); upgrade %s",
			path, version, SQLAUTH_SCHEMA_VERSION,
			store->opener == SQLAUTH_STORE_FOR_BROKER ? "the plugin" : "this program");
	} else {
		sqlauth_text_set(why, "%s has no valid schema_version (", path);
		sqlauth_text_add_quoted(why, text, strlen(text), sizeof text);
		sqlauth_text_add(why, ", expected %d); %s", SQLAUTH_SCHEMA_VERSION, find_mend(store));
	}
	return SQLAUTH_ERROR_DATABASE;
}

/* Comparisons with keys that C made are comparisons of bytes, and those of UTF-16 differ. */
static enum sqlauth_error check_encoding(const struct sqlauth_store *store, struct sqlauth_text *why)
{
	char text[16];
	int code = sqlauth_store_once(store->db, SQLAUTH_SQL_ENCODING, NULL, text, sizeof text);

	if (failed(code))
		return sqlauth_store_explain(store, code, why);
	if (strcmp(text, "UTF-8") == 0)
		return SQLAUTH_OK;
	sqlauth_text_set(why, "%s is encoded in %s; make it again in UTF-8 with: sqlite3 OLD .dump | sqlite3 NEW",
		store->paths.file[SQLAUTH_FILE_DATABASE], text);
	return SQLAUTH_ERROR_DATABASE;
}

static enum sqlauth_error explain_shape(
	const struct sqlauth_store *store, const char *table, const char *column, struct sqlauth_text *why)
{
	const char *path = store->paths.file[SQLAUTH_FILE_DATABASE];

	if (column == NULL)
		sqlauth_text_set(why, "%s has no table %s; %s", path, table, find_mend(store));
	else
		sqlauth_text_set(why, "%s has no column %s in table %s; %s", path, column, table, find_mend(store));
	return SQLAUTH_ERROR_DATABASE;
}

static enum sqlauth_error check_table(
	const struct sqlauth_store *store, const struct table *table, struct sqlauth_text *why)
{
	char text[8];
	int code = sqlauth_store_once(store->db, SQLAUTH_SQL_IS_TABLE, table->name, text, sizeof text);

	if (failed(code))
		return sqlauth_store_explain(store, code, why);
	if (code == SQLITE_DONE)
		return explain_shape(store, table->name, NULL, why);
	for (size_t i = 0; i < COLUMNS_MAX && table->columns[i] != NULL; i++) {
		code = sqlite3_table_column_metadata(
			store->db, "main", table->name, table->columns[i], NULL, NULL, NULL, NULL, NULL);
		if (code == SQLITE_ERROR)
			return explain_shape(store, table->name, table->columns[i], why);
		if (code != SQLITE_OK)
			return sqlauth_store_explain(store, code, why);
	}
	return SQLAUTH_OK;
}

static enum sqlauth_error check_tables(const struct sqlauth_store *store, struct sqlauth_text *why)
{
	enum sqlauth_error error = SQLAUTH_OK;

	for (size_t i = 0; i < sizeof tables / sizeof tables[0] && error == SQLAUTH_OK; i++)
		error = check_table(store, &tables[i], why);
	return error;
}

/* SQLite's code, and the bytes of the database, its -wal included. */
static int measure(sqlite3 *db, int64_t *bytes)
{
	char count[24], size[24];
	int code = sqlauth_store_once(db, SQLAUTH_SQL_PAGE_COUNT, NULL, count, sizeof count);

	if (!failed(code))
		code = sqlauth_store_once(db, SQLAUTH_SQL_PAGE_SIZE, NULL, size, sizeof size);
	if (!failed(code))
		*bytes = strtoll(count, NULL, 10) * strtoll(size, NULL, 10);
	return code;
}

static bool is_condemned(const struct sqlauth_store *store, const struct sqlauth_files *now)
{
	return store->has_condemned &&
	       sqlauth_file_untouched(
		       &store->condemned.file[SQLAUTH_FILE_DATABASE], &now->file[SQLAUTH_FILE_DATABASE]) &&
	       sqlauth_file_untouched(&store->condemned.file[SQLAUTH_FILE_WAL], &now->file[SQLAUTH_FILE_WAL]);
}

/* Values that break a constraint are no damage (values.c judges them), and are reported behind all damage. SQLite 3.40
 * moreover sees NULLs that are not there in tables WITHOUT ROWID whose key is not their first columns. */
static bool reports_damage(const char *first_row)
{
	static const char value[] = "NULL value in ";

	return strcmp(first_row, "ok") != 0 && strncmp(first_row, value, sizeof value - 1) != 0;
}

static enum sqlauth_error check_soundness(struct sqlauth_store *store, struct sqlauth_text *why)
{
	struct sqlauth_files now;
	char text[128];
	int64_t bytes = 0;
	int code = measure(store->db, &bytes);

	if (failed(code))
		return sqlauth_store_explain(store, code, why);
	if (bytes > SQLAUTH_STORE_CHECK_BYTES_MAX)
		return SQLAUTH_OK;
	sqlauth_files_look(&store->paths, &now);
	if (is_condemned(store, &now))
		return sqlauth_store_explain(store, SQLITE_CORRUPT, why);
	code = sqlauth_store_once(store->db, SQLAUTH_SQL_QUICK_CHECK, NULL, text, sizeof text);
	if (failed(code) && (code & 0xff) != SQLITE_CORRUPT)
		return sqlauth_store_explain(store, code, why);
	store->has_condemned = reports_damage(text);
	if (!store->has_condemned)
		return SQLAUTH_OK;
	store->condemned = now;
	return sqlauth_store_explain(store, SQLITE_CORRUPT, why);
}

static enum sqlauth_error prepare(struct sqlauth_store *store, struct sqlauth_text *why)
{
	enum sqlauth_error error = sqlauth_store_prepare(store);

	if (error != SQLAUTH_OK)
		sqlauth_text_set(why, "%s does not answer our statements: %s; %s",
			store->paths.file[SQLAUTH_FILE_DATABASE], sqlite3_errmsg(store->db), find_mend(store));
	return error;
}

enum sqlauth_error sqlauth_store_check_content(struct sqlauth_store *store, struct sqlauth_text *why)
{
	enum sqlauth_error error = check_application(store, why);

	if (error == SQLAUTH_OK)
		error = check_version(store, why);
	if (error == SQLAUTH_OK)
		error = check_encoding(store, why);
	if (error == SQLAUTH_OK)
		error = check_tables(store, why);
	if (error == SQLAUTH_OK)
		error = check_soundness(store, why);
	if (error == SQLAUTH_OK)
		error = prepare(store, why);
	if (error == SQLAUTH_OK)
		error = sqlauth_store_read_data_version(store, &store->data_version);
	return error;
}
