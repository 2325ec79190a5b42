/* Whole copies through SQLite's backup API: a snapshot into a file of its own, and back into a database in use
 * (sqlauth/maintenance.h). One step copies everything, under one read transaction of the source: readers and writers of
 * a database in WAL mode never wait for it. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "access.h"
#include "connection.h"
#include "making.h"
#include "sidecars.h"
#include "sqlauth/maintenance.h"
#include "store_internal.h"

static enum sqlauth_error explain(sqlite3 *db, const char *path, const char *what, int code, struct sqlauth_text *why)
{
	enum sqlauth_error error = sqlauth_sqlite_error(code);

	sqlauth_text_set(why, "%s cannot be %s: %s", path, what, sqlauth_sqlite_message(db, code));
	return error == SQLAUTH_OK ? SQLAUTH_ERROR_DATABASE : error;
}

static enum sqlauth_error explain_system(const char *path, const char *what, struct sqlauth_text *why)
{
	sqlauth_text_set(why, "%s cannot be %s: %s", path, what, strerror(errno));
	return errno == EEXIST ? SQLAUTH_ERROR_EXISTS : SQLAUTH_ERROR_SYSTEM;
}

static enum sqlauth_error open_file(const char *path, bool is_writing, sqlite3 **db_r, struct sqlauth_text *why)
{
	struct sqlauth_paths paths = {0};
	sqlite3 *db = NULL;
	enum sqlauth_error error = sqlauth_paths_init(&paths, path);
	const char *file = paths.file[SQLAUTH_FILE_DATABASE];
	int code;

	if (error != SQLAUTH_OK)
		return error;
	code = is_writing ? sqlauth_connection_open(file, SQLITE_OPEN_READWRITE, &db)
			  : sqlauth_sidecars_open_to_read(file, &db);
	if (code == SQLITE_OK)
		*db_r = db;
	else
		error = explain(db, path, "opened", code, why);
	if (error != SQLAUTH_OK)
		sqlite3_close(db);
	sqlauth_paths_clear(&paths);
	return error;
}

/* All that the plugin checks at its start. */
static enum sqlauth_error check_ours(const char *path, enum sqlauth_store_opener opener, struct sqlauth_text *why)
{
	struct sqlauth_store *store = NULL;
	enum sqlauth_error error = sqlauth_store_open_for(path, opener, &store, why);

	sqlauth_store_close(store);
	return error;
}

enum sqlauth_error sqlauth_store_check_integrity(
	sqlite3 *db, const char *path, const char *mend, struct sqlauth_text *why)
{
	char text[128];
	int code = sqlauth_store_once(db, SQLAUTH_SQL_INTEGRITY_CHECK, NULL, text, sizeof text);

	if (code != SQLITE_ROW)
		return explain(db, path, "checked", code, why);
	if (strcmp(text, "ok") == 0)
		return SQLAUTH_OK;
	sqlauth_text_set(why, "%s is corrupt (%s)%s", path, text, mend);
	return SQLAUTH_ERROR_DATABASE;
}

static enum sqlauth_error check_not_same(const char *path, const char *other, struct sqlauth_text *why)
{
	struct stat one, two;

	if (stat(path, &one) != 0 || stat(other, &two) != 0 || one.st_dev != two.st_dev || one.st_ino != two.st_ino)
		return SQLAUTH_OK;
	sqlauth_text_set(why, "%s and %s are the same file", path, other);
	return SQLAUTH_ERROR_EXISTS;
}

/* What SQLite says about the target stands in its connection; about reading the source only in the code. */
static enum sqlauth_error copy(
	sqlite3 *to, const char *to_path, sqlite3 *from, const char *from_path, struct sqlauth_text *why)
{
	sqlite3_backup *backup;
	int code;

	sqlauth_connection_wait(to);
	sqlauth_connection_wait(from);
	backup = sqlite3_backup_init(to, "main", from, "main");
	if (backup == NULL)
		return explain(to, to_path, "written", sqlite3_extended_errcode(to), why);
	code = sqlite3_backup_step(backup, -1);
	sqlite3_backup_finish(backup);
	if (code == SQLITE_DONE)
		return SQLAUTH_OK;
	if ((code & 0xff) == SQLITE_BUSY)
		sqlauth_text_set(why,
			"%s cannot be copied to %s: one of them is locked by another process, also after %d seconds; "
			"try again",
			from_path, to_path, SQLAUTH_STORE_PATIENCE_MS / 1000);
	else if (code == SQLITE_READONLY)
		sqlauth_text_set(why,
			"%s cannot take a copy with another page size while it is in WAL mode; restore to a new path",
			to_path);
	else
		sqlauth_text_set(why, "%s cannot be written: %s", to_path, sqlauth_sqlite_code_message(to, code));
	return sqlauth_sqlite_error(code) == SQLAUTH_OK ? SQLAUTH_ERROR_DATABASE : sqlauth_sqlite_error(code);
}

static enum sqlauth_error set_journal_mode(sqlite3 *db, const char *path, bool wal, struct sqlauth_text *why)
{
	char mode[16] = "";
	int code =
		sqlauth_store_once(db, wal ? SQLAUTH_SQL_WAL_MODE : SQLAUTH_SQL_DELETE_MODE, NULL, mode, sizeof mode);

	if (code == SQLITE_ROW && strcmp(mode, wal ? "wal" : "delete") == 0)
		return SQLAUTH_OK;
	return explain(db, path, wal ? "put into WAL mode" : "taken out of WAL mode", code, why);
}

/* ---- what may be written over ---- */

#define HEADER_APPLICATION_ID 68 /* offset; 4 bytes, the highest first */

/* Also where schema_info is lost, or SQLite reads nothing any more: a damaged database of ours is what backups are for.
 */
static bool is_ours(sqlite3 *db)
{
	unsigned char header[SQLAUTH_HEADER_SIZE];
	const unsigned char *id = header + HEADER_APPLICATION_ID;
	char text[64] = "";

	if (sqlauth_store_once(db, SQLAUTH_SQL_APPLICATION, NULL, text, sizeof text) == SQLITE_ROW &&
		strcmp(text, SQLAUTH_APPLICATION_NAME) == 0)
		return true;
	return sqlauth_store_read_header(db, header) == SQLITE_OK &&
	       ((uint32_t)id[0] << 24 | (uint32_t)id[1] << 16 | (uint32_t)id[2] << 8 | id[3]) == SQLAUTH_APPLICATION_ID;
}

/* What is empty, or ours and of a version that we know, may be written over, however damaged it is. Not what another
 * application or a newer version made: that would be lost to whoever knows what it is worth. From here on, the
 * connection also writes to a file that was cut short. */
static enum sqlauth_error check_content(
	sqlite3 *db, const char *path, const char *mend, bool *is_empty_r, struct sqlauth_text *why)
{
	char text[64] = "";
	int code = sqlauth_store_once(db, SQLAUTH_SQL_WRITABLE_SCHEMA, NULL, text, sizeof text);
	enum sqlauth_error error;

	if (code == SQLITE_DONE)
		code = sqlauth_store_once(db, SQLAUTH_SQL_ANY_OBJECT, NULL, text, sizeof text);
	error = sqlauth_sqlite_error(code);
	if (error != SQLAUTH_OK && error != SQLAUTH_ERROR_DATABASE)
		return explain(db, path, "read", code, why);
	*is_empty_r = code == SQLITE_DONE;
	if (*is_empty_r)
		return SQLAUTH_OK;
	if (code == SQLITE_NOTADB || !is_ours(db)) {
		sqlauth_text_set(why, "%s is %s; %s", path,
			code == SQLITE_NOTADB ? "not an SQLite database" : "a database of another application", mend);
		return SQLAUTH_ERROR_DATABASE;
	}
	code = sqlauth_store_once(db, SQLAUTH_SQL_SCHEMA_VERSION, NULL, text, sizeof text);
	if (code != SQLITE_ROW || strtol(text, NULL, 10) <= SQLAUTH_SCHEMA_VERSION)
		return SQLAUTH_OK;
	sqlauth_text_set(why,
		"%s was made by a newer version (schema %s, this one knows %d); upgrade this program, or %s", path,
		text, SQLAUTH_SCHEMA_VERSION, mend);
	return SQLAUTH_ERROR_DATABASE;
}

/* ---- snapshot ---- */

static enum sqlauth_error fill(const char *path, const char *made, const char *target, struct sqlauth_text *why)
{
	sqlite3 *from = NULL, *to = NULL;
	enum sqlauth_error error = open_file(path, false, &from, why);

	if (error == SQLAUTH_OK)
		error = open_file(made, true, &to, why);
	if (error == SQLAUTH_OK)
		error = copy(to, target, from, path, why);
	if (error == SQLAUTH_OK)
		error = set_journal_mode(to, target, false, why);
	if (error == SQLAUTH_OK)
		error = sqlauth_store_check_integrity(to, target, "", why);
	sqlite3_close(to);
	sqlite3_close(from);
	return error == SQLAUTH_OK ? check_ours(made, SQLAUTH_STORE_AS_SOURCE, why) : error;
}

/* The owner where we may give it away (root), else at least the group; nobody gets more than the original gives. */
static enum sqlauth_error take_after(const char *path, const char *made, const char *target, struct sqlauth_text *why)
{
	struct sqlauth_file original;

	sqlauth_file_look(path, &original);
	if (!original.exists) {
		errno = original.error;
		return explain_system(path, "read", why);
	}
	if (lchown(made, original.uid, original.gid) != 0 && lchown(made, (uid_t)-1, original.gid) != 0)
		original.mode &= ~(mode_t)(S_IRWXG | S_IRWXO);
	if (chmod(made, original.mode & (S_IRUSR | S_IWUSR | S_IRGRP | S_IWGRP | S_IROTH)) != 0)
		return explain_system(target, "given its mode", why);
	return SQLAUTH_OK;
}

static enum sqlauth_error put(const char *made, const char *target, bool replace, struct sqlauth_text *why)
{
	if (replace)
		return rename(made, target) == 0 ? SQLAUTH_OK : explain_system(target, "replaced", why);
	return sqlauth_making_put_in_place(made, target) == 0 ? SQLAUTH_OK : explain_system(target, "created", why);
}

/* What a restore may write over, a snapshot may take the place of. Looked at without the -wal beside it, which is not
 * to be played into what is not ours. */
static enum sqlauth_error check_replaceable(const char *target, struct sqlauth_text *why)
{
	struct sqlauth_paths paths = {0};
	sqlite3 *db = NULL;
	bool is_empty;
	enum sqlauth_error error = sqlauth_paths_init(&paths, target);
	int code;

	if (error != SQLAUTH_OK)
		return error;
	code = sqlauth_connection_open_alone(paths.file[SQLAUTH_FILE_DATABASE], &db);
	error = code == SQLITE_OK ? check_content(db, target, "name another path", &is_empty, why)
				  : explain(db, target, "opened", code, why);
	sqlite3_close(db);
	sqlauth_paths_clear(&paths);
	return error;
}

static enum sqlauth_error check_place(const char *target, bool replace, struct sqlauth_text *why)
{
	struct stat found;
	enum sqlauth_error error;

	if (lstat(target, &found) != 0)
		return SQLAUTH_OK;
	if (!S_ISREG(found.st_mode)) { /* of a link, the rename would replace the link alone */
		sqlauth_text_set(why, "%s is not a regular file; name another path", target);
		return SQLAUTH_ERROR_EXISTS;
	}
	error = check_replaceable(target, why);
	if (error != SQLAUTH_OK || replace)
		return error;
	sqlauth_text_set(why, "%s exists already; --replace puts the snapshot in its place", target);
	return SQLAUTH_ERROR_EXISTS;
}

enum sqlauth_error sqlauth_snapshot(const char *path, const char *target, bool replace, struct sqlauth_text *why)
{
	char *made = NULL;
	enum sqlauth_error error = check_not_same(path, target, why);

	if (error == SQLAUTH_OK)
		error = check_place(target, replace, why);
	if (error == SQLAUTH_OK)
		error = check_ours(path, SQLAUTH_STORE_FOR_TOOL, why);
	if (error == SQLAUTH_OK)
		error = sqlauth_sidecars_settle(target, why);
	if (error == SQLAUTH_OK)
		error = sqlauth_making_begin(target, &made, why);
	if (error != SQLAUTH_OK)
		return error;
	error = fill(path, made, target, why);
	if (error == SQLAUTH_OK)
		error = take_after(path, made, target, why);
	if (error == SQLAUTH_OK)
		error = put(made, target, replace, why);
	sqlauth_making_abandon(made); /* when all went well: of sidecars that SQLite could not remove */
	free(made);
	return error;
}

/* ---- restore ---- */

static bool is_there(const char *path)
{
	struct stat found;

	return lstat(path, &found) == 0;
}

/* A regular file, empty or not, that this user may read and write. */
static enum sqlauth_error check_target_file(const char *path, struct sqlauth_text *why)
{
	struct sqlauth_paths paths = {0};
	struct sqlauth_files files;
	enum sqlauth_error error = sqlauth_paths_init(&paths, path);

	if (error == SQLAUTH_OK) {
		sqlauth_files_look(&paths, &files);
		if (files.file[SQLAUTH_FILE_DATABASE].size > 0 || !S_ISREG(files.file[SQLAUTH_FILE_DATABASE].mode))
			error = sqlauth_files_check_readable(&paths, &files, SQLAUTH_STORE_FOR_TOOL, why);
	}
	if (error == SQLAUTH_OK)
		error = sqlauth_files_check_writable(&paths, &files, NULL, SQLAUTH_STORE_FOR_TOOL, why);
	sqlauth_paths_clear(&paths);
	return error;
}

static enum sqlauth_error open_target(const char *path, bool *is_empty_r, sqlite3 **to_r, struct sqlauth_text *why)
{
	sqlite3 *to = NULL;
	enum sqlauth_error error = check_target_file(path, why);

	if (error == SQLAUTH_OK)
		error = open_file(path, true, &to, why);
	if (error == SQLAUTH_OK)
		error = check_content(to, path, "restore to a new path", is_empty_r, why);
	if (error == SQLAUTH_OK)
		*to_r = to;
	else
		sqlite3_close(to);
	return error;
}

static enum sqlauth_error open_source(const char *path, const char *source, sqlite3 **from_r, struct sqlauth_text *why)
{
	sqlite3 *from = NULL;
	enum sqlauth_error error = check_not_same(path, source, why);

	if (error == SQLAUTH_OK)
		error = check_ours(source, SQLAUTH_STORE_AS_SOURCE, why);
	if (error == SQLAUTH_OK)
		error = open_file(source, false, &from, why);
	if (error == SQLAUTH_OK)
		error = sqlauth_store_check_integrity(from, source, "; name another backup", why);
	if (error == SQLAUTH_OK)
		*from_r = from;
	else
		sqlite3_close(from);
	return error;
}

enum sqlauth_error sqlauth_restore_check(
	const char *path, const char *source, bool *replaces_r, struct sqlauth_text *why)
{
	sqlite3 *from = NULL, *to = NULL;
	bool is_empty = true;
	enum sqlauth_error error = open_source(path, source, &from, why);

	if (error == SQLAUTH_OK && is_there(path))
		error = open_target(path, &is_empty, &to, why);
	sqlite3_close(to);
	sqlite3_close(from);
	if (error == SQLAUTH_OK)
		*replaces_r = !is_empty;
	return error;
}

enum sqlauth_error sqlauth_restore(const char *path, const char *source, const char *owner, struct sqlauth_text *why)
{
	sqlite3 *from = NULL, *to = NULL;
	bool is_empty = false;
	enum sqlauth_error error = open_source(path, source, &from, why);

	if (error == SQLAUTH_OK && !is_there(path))
		error = sqlauth_store_create(path, owner, why);
	if (error == SQLAUTH_OK)
		error = open_target(path, &is_empty, &to, why);
	if (error == SQLAUTH_OK)
		error = copy(to, path, from, source, why);
	if (error == SQLAUTH_OK && is_empty) /* as one that is created */
		error = set_journal_mode(to, path, true, why);
	sqlite3_close(to);
	sqlite3_close(from);
	return error;
}
