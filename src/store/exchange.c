/* Following the file at the path while it is exchanged.
 *
 * SQLite goes on reading the file it opened, also when another one was renamed over it, and would replay a -wal that
 * lies beside a new file onto it, whosever it is. So before each transaction the three files are looked at:
 *
 * - the same database with the same -wal and -shm: go on;
 * - the same database, its -wal or -shm removed or replaced: open anew, for writers no longer meet us there;
 * - another database beside the -wal that the old one used: refuse, until that -wal is gone or the old file is back;
 * - another database otherwise: open it, with all checks.
 *
 * In WAL mode a quiet directory stands for the three: where nothing was made, removed or renamed in it since they were
 * looked at, they are the same ones. That is one look in place of three for each connect.
 *
 * At a first open nothing is remembered. There the -wal gives itself away by being older than the file beside it, or by
 * lying beside a file that is not in WAL mode.
 */
#include <sys/stat.h>
#include <time.h>

#include "access.h"
#include "sqlauth/clock.h"
#include "store_internal.h"

/* Mounts change what a path means, and no directory tells. So all three are looked at this often anyway. */
#define LOOK_AGAIN_US 1000000

/* A -wal is made by a connection to its database, so it is born later. False where the filesystem tells no births. */
static bool wal_is_older(const struct sqlauth_files *files)
{
	const struct sqlauth_file *database = &files->file[SQLAUTH_FILE_DATABASE];
	const struct sqlauth_file *wal = &files->file[SQLAUTH_FILE_WAL];

	return wal->born_ns != 0 && database->born_ns != 0 && wal->born_ns < database->born_ns;
}

/* Also an empty -wal is refused here: who has it open can write it later. */
static bool wal_is_of_the_last_database(const struct sqlauth_store *store, const struct sqlauth_files *now)
{
	const struct sqlauth_file *used = store->used.file;

	return used[SQLAUTH_FILE_DATABASE].exists &&
	       !sqlauth_file_same(&used[SQLAUTH_FILE_DATABASE], &now->file[SQLAUTH_FILE_DATABASE]) &&
	       sqlauth_file_same(&used[SQLAUTH_FILE_WAL], &now->file[SQLAUTH_FILE_WAL]);
}

enum sqlauth_error sqlauth_store_check_wal_origin(
	const struct sqlauth_store *store, const struct sqlauth_files *now, bool wal_mode, struct sqlauth_text *why)
{
	const struct sqlauth_file *wal = &now->file[SQLAUTH_FILE_WAL];
	const char *const *path = (const char *const *)store->paths.file;
	const char *sign;

	if (!wal->exists)
		return SQLAUTH_OK;
	if (wal_is_of_the_last_database(store, now))
		sign = "was put at the place of an open database, whose -wal is still there";
	else if (wal->size > 0 && !wal_mode)
		sign = "is not in WAL mode, but another database's -wal lies beside it";
	else if (wal->size > 0 && wal_is_older(now))
		sign = "is younger than the -wal beside it, which is another database's";
	else
		return SQLAUTH_OK;
	sqlauth_text_set(why,
		"%s %s; do not open it with sqlite3, which would mix the two: stop writers, then rm %s %s, and "
		"exchange "
		"databases with: sqlauth restore",
		path[SQLAUTH_FILE_DATABASE], sign, path[SQLAUTH_FILE_WAL], path[SQLAUTH_FILE_SHM]);
	return SQLAUTH_ERROR_DATABASE;
}

/* Whether the -wal and -shm that we have open are still the ones at their paths. */
static bool keeps_sidecars(const struct sqlauth_files *used, const struct sqlauth_files *now)
{
	for (int role = SQLAUTH_FILE_WAL; role <= SQLAUTH_FILE_SHM; role++) {
		if (used->file[role].exists && !sqlauth_file_same(&used->file[role], &now->file[role]))
			return false;
	}
	return true;
}

enum sqlauth_error sqlauth_store_read_data_version(struct sqlauth_store *store, int64_t *version_r)
{
	sqlite3_stmt *statement = store->statements[SQLAUTH_SQL_DATA_VERSION];
	int code = sqlite3_step(statement);
	int64_t version = code == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;

	sqlite3_reset(statement);
	if (code != SQLITE_ROW)
		return sqlauth_sqlite_error(code);
	*version_r = version;
	return SQLAUTH_OK;
}

/* Without WAL: notices a file overwritten in place (`cp new.db auth.db`), which SQLite, comparing a counter in the
 * header, takes for unchanged where both files count the same. */
static enum sqlauth_error check_overwritten(
	struct sqlauth_store *store, const struct sqlauth_files *now, bool *overwritten_r)
{
	struct sqlauth_file *used = &store->used.file[SQLAUTH_FILE_DATABASE];
	const struct sqlauth_file *database = &now->file[SQLAUTH_FILE_DATABASE];
	int64_t version = 0;
	enum sqlauth_error error;

	*overwritten_r = false;
	if (now->file[SQLAUTH_FILE_WAL].exists ||
		(used->modified_ns == database->modified_ns && used->size == database->size))
		return SQLAUTH_OK;
	error = sqlauth_store_read_data_version(store, &version);
	if (error != SQLAUTH_OK)
		return error;
	*overwritten_r = version == store->data_version;
	store->data_version = version;
	*used = *database;
	return SQLAUTH_OK;
}

/* OK: the connection is good. NOT_FOUND: a new one is needed. Others: neither can be had. */
static enum sqlauth_error check_connection(
	struct sqlauth_store *store, const struct sqlauth_files *now, struct sqlauth_text *why)
{
	bool overwritten;
	enum sqlauth_error error;

	if (store->db == NULL ||
		!sqlauth_file_same(&store->used.file[SQLAUTH_FILE_DATABASE], &now->file[SQLAUTH_FILE_DATABASE]) ||
		!keeps_sidecars(&store->used, now))
		return SQLAUTH_ERROR_NOT_FOUND;
	error = check_overwritten(store, now, &overwritten);
	if (error == SQLAUTH_ERROR_BUSY || error == SQLAUTH_ERROR_MEMORY)
		return sqlauth_store_explain(store, error == SQLAUTH_ERROR_BUSY ? SQLITE_BUSY : SQLITE_NOMEM, why);
	return error != SQLAUTH_OK || overwritten ? SQLAUTH_ERROR_NOT_FOUND : SQLAUTH_OK;
}

static int64_t wall_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Whether the directory will tell if one of the files is exchanged: not where the database is a link to elsewhere. */
static bool directory_tells(const struct sqlauth_store *store, const struct sqlauth_file *directory)
{
	int64_t quiet_until = wall_ns() - store->quiet_ns;
	struct stat entry;

	return store->used.file[SQLAUTH_FILE_WAL].exists && store->used.file[SQLAUTH_FILE_SHM].exists &&
	       directory->exists && directory->modified_ns < quiet_until && directory->changed_ns < quiet_until &&
	       lstat(store->paths.file[SQLAUTH_FILE_DATABASE], &entry) == 0 && !S_ISLNK(entry.st_mode);
}

static bool nothing_moved(const struct sqlauth_store *store)
{
	struct sqlauth_file directory;

	if (store->db == NULL || store->looked_us == 0 || sqlauth_clock_us() - store->looked_us >= LOOK_AGAIN_US)
		return false;
	sqlauth_file_look(store->paths.directory, &directory);
	return directory.exists && sqlauth_file_untouched(&directory, &store->directory);
}

enum sqlauth_error sqlauth_store_follow(struct sqlauth_store *store, struct sqlauth_text *why)
{
	struct sqlauth_file directory;
	struct sqlauth_files now;
	enum sqlauth_error error;

	if (nothing_moved(store))
		return SQLAUTH_OK;
	store->looked_us = 0;
	sqlauth_file_look(store->paths.directory, &directory);
	sqlauth_files_look(&store->paths, &now);
	error = check_connection(store, &now, why);
	if (error == SQLAUTH_OK && directory_tells(store, &directory)) {
		store->directory = directory;
		store->looked_us = sqlauth_clock_us();
	}
	if (error != SQLAUTH_ERROR_NOT_FOUND)
		return error;
	/* the old connection stays open as long as the old file may come back */
	if (!now.file[SQLAUTH_FILE_DATABASE].exists)
		return sqlauth_files_check_readable(&store->paths, &now, store->opener, why);
	error = sqlauth_store_check_wal_origin(store, &now, true, why);
	if (error != SQLAUTH_OK)
		return error;
	sqlauth_store_disconnect(store);
	return sqlauth_store_connect(store, why);
}

void sqlauth_store_note_files(struct sqlauth_store *store)
{
	struct sqlauth_files now;

	if (store->used.file[SQLAUTH_FILE_WAL].exists && store->used.file[SQLAUTH_FILE_SHM].exists)
		return;
	sqlauth_files_look(&store->paths, &now);
	for (int role = SQLAUTH_FILE_WAL; role <= SQLAUTH_FILE_SHM; role++)
		if (!store->used.file[role].exists)
			store->used.file[role] = now.file[role];
}
