/* Making a database: whole, beside its place, and then put there in one step, so that no half-made file and no file
 * of somebody else is ever at the path. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "access.h"
#include "making.h"
#include "sidecars.h"
#include "sqlauth/secret.h"
#include "store_internal.h"

#define MODE_WHILE_MADE 0600
#define MODE_WHEN_DONE  0640

/* Random names that are tried for the file beside the path. */
#define NAME_ATTEMPTS 16

static enum sqlauth_error explain_system(const char *what, const char *path, struct sqlauth_text *why)
{
	sqlauth_text_set(why, "%s cannot be %s: %s", path, what, strerror(errno));
	return errno == EEXIST ? SQLAUTH_ERROR_EXISTS : SQLAUTH_ERROR_SYSTEM;
}

static enum sqlauth_error explain_exists(const char *path, struct sqlauth_text *why)
{
	sqlauth_text_set(why, "%s exists already; it is left as it is", path);
	return SQLAUTH_ERROR_EXISTS;
}

/* SQLite would read what is left of another database into the new one. A dangling link is something, too. */
static enum sqlauth_error check_place(const char *path, struct sqlauth_text *why)
{
	struct stat found;

	return lstat(path, &found) == 0 ? explain_exists(path, why) : sqlauth_sidecars_clear(path, why);
}

enum sqlauth_error sqlauth_making_begin(const char *path, char **made_r, struct sqlauth_text *why)
{
	size_t size = strlen(path) + sizeof ".new-0123456789abcdef";
	char *name = malloc(size);

	for (int attempt = 0; attempt < NAME_ATTEMPTS && name != NULL; attempt++) {
		uint64_t random;
		int descriptor;

		sqlauth_secret_random(&random, sizeof random);
		snprintf(name, size, "%s.new-%016llx", path, (unsigned long long)random);
		descriptor = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, MODE_WHILE_MADE);
		if (descriptor >= 0) {
			close(descriptor); /* nobody else, SQLite included, can have it open yet */
			*made_r = name;
			return SQLAUTH_OK;
		}
		if (errno != EEXIST)
			break;
	}
	if (name == NULL)
		return SQLAUTH_ERROR_MEMORY;
	explain_system("created", path, why);
	free(name);
	return SQLAUTH_ERROR_SYSTEM;
}

/* The schema into the empty file. SQLite removes the -wal and -shm when the only connection closes. */
static enum sqlauth_error fill_file(const char *made, const char *path, struct sqlauth_text *why)
{
	char journal_mode[16] = "";
	sqlite3 *db = NULL;
	int code =
		sqlite3_open_v2(made, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);

	if (code == SQLITE_OK)
		code = sqlite3_exec(db, sqlauth_schema_sql, NULL, NULL, NULL);
	if (code == SQLITE_OK)
		code = sqlauth_store_once(db, SQLAUTH_SQL_WAL_MODE, NULL, journal_mode, sizeof journal_mode);
	if (code == SQLITE_ROW && strcmp(journal_mode, "wal") != 0)
		code = SQLITE_CANTOPEN;
	if (code != SQLITE_ROW)
		sqlauth_text_set(why, "%s cannot be created: %s", path, sqlauth_sqlite_message(db, code));
	sqlite3_close(db);
	if (code == SQLITE_ROW)
		return SQLAUTH_OK;
	return sqlauth_sqlite_error(code) == SQLAUTH_ERROR_MEMORY ? SQLAUTH_ERROR_MEMORY : SQLAUTH_ERROR_SYSTEM;
}

int sqlauth_making_put_in_place(const char *made, const char *path)
{
	struct stat found;

	if (link(made, path) == 0)
		return unlink(made);
	if (errno == EEXIST || (errno != EPERM && errno != EOPNOTSUPP && errno != ENOSYS))
		return -1;
	if (lstat(path, &found) == 0) {
		errno = EEXIST;
		return -1;
	}
	return rename(made, path);
}

static enum sqlauth_error hand_over(
	const char *made, const char *path, const struct sqlauth_user *owner, struct sqlauth_text *why)
{
	if (owner != NULL && lchown(made, owner->uid, owner->gid) != 0)
		return explain_system("given to its owner", path, why);
	if (chmod(made, MODE_WHEN_DONE) != 0)
		return explain_system("given its mode", path, why);
	if (sqlauth_making_put_in_place(made, path) == 0)
		return SQLAUTH_OK;
	return errno == EEXIST ? explain_exists(path, why) : explain_system("created", path, why);
}

void sqlauth_making_abandon(const char *made)
{
	unlink(made);
	sqlauth_sidecars_abandon(made);
}

static enum sqlauth_error make_database(
	const struct sqlauth_paths *paths, const struct sqlauth_user *owner, struct sqlauth_text *why)
{
	const char *path = paths->file[SQLAUTH_FILE_DATABASE];
	char *made = NULL;
	enum sqlauth_error error = check_place(path, why);

	if (error == SQLAUTH_OK)
		error = sqlauth_making_begin(path, &made, why);
	if (error != SQLAUTH_OK)
		return error;
	error = fill_file(made, path, why);
	if (error == SQLAUTH_OK)
		error = hand_over(made, path, owner, why);
	if (error != SQLAUTH_OK)
		sqlauth_making_abandon(made);
	free(made);
	return error;
}

/* Not an error of the database: it stays, and *why says that, and what the owner still lacks. */
static enum sqlauth_error check_usable(
	const struct sqlauth_paths *paths, const struct sqlauth_user *owner, struct sqlauth_text *why)
{
	char buffer[SQLAUTH_MESSAGE_SIZE];
	struct sqlauth_text lack;
	struct sqlauth_files files;
	enum sqlauth_error error;

	sqlauth_text_init(&lack, buffer, sizeof buffer);
	sqlauth_files_look(paths, &files);
	error = sqlauth_files_check_writable(paths, &files, owner, SQLAUTH_STORE_FOR_TOOL, &lack);
	if (error == SQLAUTH_OK)
		error = sqlauth_files_check_wal(paths, &files, owner, SQLAUTH_STORE_FOR_TOOL, &lack);
	if (error == SQLAUTH_OK)
		return SQLAUTH_OK;
	sqlauth_text_set(why, "the database was created, but cannot be used yet: %s", lack.data);
	return SQLAUTH_ERROR_SYSTEM;
}

enum sqlauth_error sqlauth_store_create(const char *path, const char *owner, struct sqlauth_text *why)
{
	struct sqlauth_paths paths = {0};
	struct sqlauth_user user = {0};
	const struct sqlauth_user *owner_user = owner == NULL ? NULL : &user;
	enum sqlauth_error error = owner == NULL ? SQLAUTH_OK : sqlauth_user_find(owner, &user);

	if (error != SQLAUTH_OK) {
		sqlauth_text_set(why, "user ");
		sqlauth_text_add_quoted(why, owner, strlen(owner), 64);
		sqlauth_text_add(why, " is %s", error == SQLAUTH_ERROR_NOT_FOUND ? "unknown" : "not to be looked up");
		goto out;
	}
	error = sqlauth_paths_init(&paths, path);
	if (error == SQLAUTH_OK)
		error = make_database(&paths, owner_user, why);
	if (error == SQLAUTH_OK)
		error = check_usable(&paths, owner_user, why);
	else if (error == SQLAUTH_ERROR_MEMORY)
		sqlauth_text_set(why, "%s cannot be created: out of memory", path);
out:
	sqlauth_user_clear(&user);
	sqlauth_paths_clear(&paths);
	return error;
}
