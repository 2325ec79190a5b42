/* Schema upgrades by table. Version 1 is the first one that was released, so the table is empty. */
#include "upgrade.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "access.h"
#include "connection.h"
#include "sqlauth/maintenance.h"
#include "store_internal.h"

static const struct sqlauth_upgrade_step released_steps[] = {
	{0, NULL},
};

#define BY_BACKUP "restore a backup with: sqlauth restore"

static enum sqlauth_error explain(sqlite3 *db, const char *path, int code, struct sqlauth_text *why)
{
	enum sqlauth_error error = sqlauth_sqlite_error(code);

	if ((code & 0xff) == SQLITE_NOTADB)
		sqlauth_text_set(
			why, "%s is not an SQLite database; name the right file, or move it away and " BY_BACKUP, path);
	else if ((code & 0xff) == SQLITE_CORRUPT)
		sqlauth_text_set(why, "%s is corrupt; " BY_BACKUP, path);
	else
		sqlauth_text_set(why, "%s cannot be upgraded: %s", path, sqlauth_sqlite_message(db, code));
	return error == SQLAUTH_OK ? SQLAUTH_ERROR_DATABASE : error;
}

/* Ours, and of which version. */
static enum sqlauth_error read_version(sqlite3 *db, const char *path, int *version_r, struct sqlauth_text *why)
{
	char text[64] = "", *end;
	long version;
	int code = sqlauth_store_once(db, SQLAUTH_SQL_APPLICATION, NULL, text, sizeof text);

	if (code != SQLITE_ROW && code != SQLITE_DONE && code != SQLITE_ERROR)
		return explain(db, path, code, why);
	if (code != SQLITE_ROW || strcmp(text, SQLAUTH_APPLICATION_NAME) != 0) {
		sqlauth_text_set(why, "%s is a database of another application; name the right file", path);
		return SQLAUTH_ERROR_DATABASE;
	}
	code = sqlauth_store_once(db, SQLAUTH_SQL_SCHEMA_VERSION, NULL, text, sizeof text);
	version = strtol(text, &end, 10);
	if (code != SQLITE_ROW || end == text || *end != '\0' || version < 0 || version > 1000000) {
		sqlauth_text_set(why, "%s has no valid schema_version; " BY_BACKUP, path);
		return SQLAUTH_ERROR_DATABASE;
	}
	*version_r = (int)version;
	return SQLAUTH_OK;
}

static enum sqlauth_error take_step(
	sqlite3 *db, const char *path, const struct sqlauth_upgrade_step *steps, int version, struct sqlauth_text *why)
{
	char next[16], ignored[16];
	int code;

	while (steps->sql != NULL && steps->from != version)
		steps++;
	if (steps->sql == NULL) {
		sqlauth_text_set(why, "%s has schema version %d, from which no upgrade is known", path, version);
		return SQLAUTH_ERROR_DATABASE;
	}
	code = sqlite3_exec(db, steps->sql, NULL, NULL, NULL);
	snprintf(next, sizeof next, "%d", version + 1);
	if (code == SQLITE_OK)
		code = sqlauth_store_once(db, SQLAUTH_SQL_SET_SCHEMA_VERSION, next, ignored, sizeof ignored);
	return code == SQLITE_DONE ? SQLAUTH_OK : explain(db, path, code, why);
}

static enum sqlauth_error upgrade_connection(sqlite3 *db, const char *path, const struct sqlauth_upgrade_step *steps,
	int version, int *from_r, struct sqlauth_text *why)
{
	char ignored[16];
	int code = sqlauth_store_once(db, SQLAUTH_SQL_BEGIN_IMMEDIATE, NULL, ignored, sizeof ignored);
	int from = 0;
	enum sqlauth_error error = code == SQLITE_DONE ? SQLAUTH_OK : explain(db, path, code, why);

	if (error == SQLAUTH_OK)
		error = read_version(db, path, &from, why);
	if (error == SQLAUTH_OK && from > version) {
		sqlauth_text_set(why,
			"%s was made by a newer version (schema %d, this one knows %d); upgrade this program", path,
			from, version);
		error = SQLAUTH_ERROR_DATABASE;
	}
	if (error == SQLAUTH_OK) /* also of one that is current: nobody is to be told that all is well with a ruin */
		error = sqlauth_store_check_integrity(db, path, "; " BY_BACKUP, why);
	for (int at = from; at < version && error == SQLAUTH_OK; at++)
		error = take_step(db, path, steps, at, why);
	if (error != SQLAUTH_OK)
		return error;
	code = sqlauth_store_once(db, SQLAUTH_SQL_COMMIT, NULL, ignored, sizeof ignored);
	if (code != SQLITE_DONE)
		return explain(db, path, code, why);
	*from_r = from;
	return SQLAUTH_OK;
}

/* With the mend, before SQLite says only that it cannot. */
static enum sqlauth_error check_file(const struct sqlauth_paths *paths, struct sqlauth_text *why)
{
	struct sqlauth_files files;
	enum sqlauth_error error;

	sqlauth_files_look(paths, &files);
	error = sqlauth_files_check_readable(paths, &files, SQLAUTH_STORE_FOR_TOOL, why);
	return error == SQLAUTH_OK ? sqlauth_files_check_writable(paths, &files, NULL, SQLAUTH_STORE_FOR_TOOL, why)
				   : error;
}

enum sqlauth_error sqlauth_upgrade_by(
	const char *path, const struct sqlauth_upgrade_step *steps, int version, int *from_r, struct sqlauth_text *why)
{
	struct sqlauth_paths paths = {0};
	sqlite3 *db = NULL;
	enum sqlauth_error error = sqlauth_paths_init(&paths, path);
	int code;

	if (error == SQLAUTH_OK)
		error = check_file(&paths, why);
	if (error != SQLAUTH_OK) {
		sqlauth_paths_clear(&paths);
		return error;
	}
	code = sqlauth_connection_open(paths.file[SQLAUTH_FILE_DATABASE], SQLITE_OPEN_READWRITE, &db);
	error = code == SQLITE_OK ? upgrade_connection(db, path, steps, version, from_r, why)
				  : explain(db, path, code, why);
	sqlite3_close(db); /* rolls back what was not committed */
	sqlauth_paths_clear(&paths);
	return error;
}

enum sqlauth_error sqlauth_upgrade(const char *path, int *from_r, struct sqlauth_text *why)
{
	return sqlauth_upgrade_by(path, released_steps, SQLAUTH_SCHEMA_VERSION, from_r, why);
}
