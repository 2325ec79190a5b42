/* Going by without leaving a -wal and a -shm behind, and clearing away those that others left (sidecars.h). */
#include "sidecars.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "connection.h"
#include "store_internal.h"

/* The bytes of a -shm that are locked: 120 to 127 by transactions (https://www.sqlite.org/walformat.html, 2.3), 128 by
 * every connection for as long as it has the -shm open (os_unix.c, UNIX_SHM_DMS). */
#define LOCKS_START  120
#define LOCKS_LENGTH 9

enum sidecar { WAL, SHM, JOURNAL, SIDECARS };

struct sidecars {
	char *path[SIDECARS];
	struct stat found[SIDECARS];
	bool exists[SIDECARS]; /* a dangling link is something, too */
};

static enum sqlauth_error look(const char *path, struct sidecars *sidecars)
{
	static const char *const back[SIDECARS] = {[WAL] = "-wal", [SHM] = "-shm", [JOURNAL] = "-journal"};

	for (int i = 0; i < SIDECARS; i++) {
		sidecars->path[i] = sqlauth_path_join(path, back[i]);
		if (sidecars->path[i] == NULL)
			return SQLAUTH_ERROR_MEMORY;
		sidecars->exists[i] = lstat(sidecars->path[i], &sidecars->found[i]) == 0;
	}
	return SQLAUTH_OK;
}

static void forget(struct sidecars *sidecars)
{
	for (int i = 0; i < SIDECARS; i++)
		free(sidecars->path[i]);
}

/* Also where that cannot be found out. */
static bool is_in_use(const char *shm)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = LOCKS_START, .l_len = LOCKS_LENGTH};
	int descriptor = open(shm, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	bool is_free;

	if (descriptor < 0)
		return true;
	is_free = fcntl(descriptor, F_GETLK, &lock) == 0 && lock.l_type == F_UNLCK;
	close(descriptor);
	return !is_free;
}

/* Whether a -wal and a -shm lie there, as read-only connections leave them, and nobody has them open. Who uses a -wal
 * without a -shm (PRAGMA locking_mode = EXCLUSIVE) cannot be seen. */
static bool is_left_over(const struct sidecars *sidecars)
{
	return sidecars->exists[WAL] && sidecars->exists[SHM] && S_ISREG(sidecars->found[WAL].st_mode) &&
	       S_ISREG(sidecars->found[SHM].st_mode) && !is_in_use(sidecars->path[SHM]);
}

static enum sqlauth_error clear(const struct sidecars *sidecars, struct sqlauth_text *why)
{
	const char *wal = sidecars->path[WAL];

	if (!sidecars->exists[JOURNAL] && is_left_over(sidecars)) {
		if (sidecars->found[WAL].st_size > 0) {
			sqlauth_text_set(why,
				"%s holds changes of the database that was here; move it along, as NEW-NAME-wal, or "
				"remove it",
				wal);
			return SQLAUTH_ERROR_EXISTS;
		}
		if (unlink(wal) == 0 && unlink(sidecars->path[SHM]) == 0)
			return SQLAUTH_OK;
	}
	for (int i = 0; i < SIDECARS; i++) {
		if (!sidecars->exists[i])
			continue;
		sqlauth_text_set(why,
			"%s is left of another database, or somebody has it open; end that, or remove it first",
			sidecars->path[i]);
		return SQLAUTH_ERROR_EXISTS;
	}
	return SQLAUTH_OK;
}

enum sqlauth_error sqlauth_sidecars_clear(const char *path, struct sqlauth_text *why)
{
	struct sidecars sidecars = {0};
	enum sqlauth_error error = look(path, &sidecars);

	if (error == SQLAUTH_OK)
		error = clear(&sidecars, why);
	forget(&sidecars);
	return error;
}

int sqlauth_sidecars_open_to_read(const char *path, sqlite3 **db_r)
{
	static const enum sqlauth_statement statements[] = {
		SQLAUTH_SQL_QUERY_ONLY,
		SQLAUTH_SQL_ANY_OBJECT, /* only who has read has the -wal open, and can remove it */
	};
	char ignored[16];
	int code = sqlauth_connection_open(path, SQLITE_OPEN_READWRITE, db_r);

	for (size_t i = 0; i < sizeof statements / sizeof statements[0] && code == SQLITE_OK; i++) {
		code = sqlauth_store_once(*db_r, statements[i], NULL, ignored, sizeof ignored);
		code = code == SQLITE_ROW || code == SQLITE_DONE ? SQLITE_OK : code;
	}
	return code;
}

enum sqlauth_error sqlauth_sidecars_settle(const char *path, struct sqlauth_text *why)
{
	struct sqlauth_store *store = NULL;
	char *file = sqlauth_path_join(path, "");
	sqlite3 *db = NULL;

	if (file == NULL)
		return SQLAUTH_ERROR_MEMORY;
	/* a -wal that is not its own must not be played into it */
	if (sqlauth_store_open_for(path, SQLAUTH_STORE_AS_SOURCE, &store, NULL) == SQLAUTH_OK) {
		sqlauth_store_close(store);
		/* whether that went well shows in what lies there then */
		sqlauth_sidecars_open_to_read(file, &db);
		sqlite3_close(db);
	}
	free(file);
	return sqlauth_sidecars_clear(path, why);
}

void sqlauth_sidecars_abandon(const char *path)
{
	struct sidecars sidecars = {0};

	if (look(path, &sidecars) == SQLAUTH_OK)
		for (int i = 0; i < SIDECARS; i++)
			unlink(sidecars.path[i]);
	forget(&sidecars);
}
