/* From a path to an open connection that passed every check (SPEC, section 7). What the checks of the content are is
 * content.c's, whether a -wal belongs to the file exchange.c's. */
#include <string.h>
#include <sys/stat.h>

#include "access.h"
#include "connection.h"
#include "store_internal.h"

#define HEADER_READ_VERSION 19 /* offset; 1: rollback journal, 2: WAL */
#define VERSION_WAL         2

/* How often an open is begun anew because the file at the path was exchanged meanwhile. */
#define ATTEMPTS 3

/* Sizes that no database of ours needs to exceed: a bound on what a hostile schema can make SQLite do. */
#define VALUE_BYTES_MAX     (1 << 20)
#define STATEMENT_BYTES_MAX (1 << 20)

static int set_switches(sqlite3 *db)
{
	static const struct {
		int name, on;
	} switches[] = {
		{SQLITE_DBCONFIG_DEFENSIVE, 1},
		{SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
		{SQLITE_DBCONFIG_ENABLE_TRIGGER, 0},
		{SQLITE_DBCONFIG_ENABLE_VIEW, 0},
		{SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
		{SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1},
	};
	int code = SQLITE_OK;

	for (size_t i = 0; i < sizeof switches / sizeof switches[0] && code == SQLITE_OK; i++)
		code = sqlite3_db_config(db, switches[i].name, switches[i].on, (int *)NULL);
	return code;
}

static void set_limits(sqlite3 *db)
{
	static const struct {
		int name, limit;
	} limits[] = {
		{SQLITE_LIMIT_LENGTH, VALUE_BYTES_MAX},
		{SQLITE_LIMIT_SQL_LENGTH, STATEMENT_BYTES_MAX},
		{SQLITE_LIMIT_ATTACHED, 0},
		{SQLITE_LIMIT_WORKER_THREADS, 0},
	};

	for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++)
		sqlite3_limit(db, limits[i].name, limits[i].limit);
}

/* None of these reads the file. */
static int set_pragmas(sqlite3 *db)
{
	static const enum sqlauth_statement pragmas[] = {
		SQLAUTH_SQL_QUERY_ONLY,
		SQLAUTH_SQL_CELL_SIZE_CHECK,
		SQLAUTH_SQL_NO_MMAP,
		SQLAUTH_SQL_TEMP_IN_MEMORY,
	};
	char ignored[16];

	for (size_t i = 0; i < sizeof pragmas / sizeof pragmas[0]; i++) {
		int code = sqlauth_store_once(db, pragmas[i], NULL, ignored, sizeof ignored);
		if (code != SQLITE_ROW && code != SQLITE_DONE)
			return code;
	}
	return SQLITE_OK;
}

static enum sqlauth_error open_connection(struct sqlauth_store *store, struct sqlauth_text *why)
{
	int code = sqlite3_open_v2(store->paths.file[SQLAUTH_FILE_DATABASE], &store->db,
		SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);

	if (code == SQLITE_OK)
		code = store->opener == SQLAUTH_STORE_FOR_BROKER ? sqlite3_busy_timeout(store->db, 0)
								 : sqlauth_connection_wait(store->db);
	if (code == SQLITE_OK)
		code = set_switches(store->db);
	if (code == SQLITE_OK) {
		set_limits(store->db);
		code = set_pragmas(store->db);
	}
	return code == SQLITE_OK ? SQLAUTH_OK : sqlauth_store_explain(store, code, why);
}

int sqlauth_store_read_header(sqlite3 *db, unsigned char header[SQLAUTH_HEADER_SIZE])
{
	static const char magic[] = "SQLite format 3"; /* its NUL included */
	sqlite3_file *file = NULL;
	int code = sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file);

	if (code == SQLITE_OK && (file == NULL || file->pMethods == NULL))
		code = SQLITE_CANTOPEN;
	if (code == SQLITE_OK)
		code = file->pMethods->xRead(file, header, SQLAUTH_HEADER_SIZE, 0);
	if (code == SQLITE_OK && memcmp(header, magic, sizeof magic) != 0)
		code = SQLITE_NOTADB;
	return code == SQLITE_IOERR_SHORT_READ ? SQLITE_NOTADB : code;
}

static enum sqlauth_error check_header(
	const struct sqlauth_store *store, const struct sqlauth_files *files, struct sqlauth_text *why)
{
	unsigned char header[SQLAUTH_HEADER_SIZE];
	bool wal_mode;
	int code = sqlauth_store_read_header(store->db, header);
	enum sqlauth_error error;

	if (code != SQLITE_OK)
		return sqlauth_store_explain(store, code, why);
	wal_mode = header[HEADER_READ_VERSION] == VERSION_WAL;
	error = sqlauth_store_check_wal_origin(store, files, wal_mode, why);
	if (error != SQLAUTH_OK || (!wal_mode && !files->file[SQLAUTH_FILE_WAL].exists))
		return error;
	return sqlauth_files_check_wal(&store->paths, files, NULL, store->opener, why);
}

/* This pragma does read the file, so it waits until the -wal beside it is known to be its own. */
static enum sqlauth_error set_cache_size(struct sqlauth_store *store, struct sqlauth_text *why)
{
	char ignored[16];
	int code = sqlauth_store_once(store->db, SQLAUTH_SQL_CACHE_SIZE, NULL, ignored, sizeof ignored);

	return code == SQLITE_ROW || code == SQLITE_DONE ? SQLAUTH_OK : sqlauth_store_explain(store, code, why);
}

static enum sqlauth_error check_all(
	struct sqlauth_store *store, const struct sqlauth_files *files, struct sqlauth_text *why)
{
	enum sqlauth_error error = sqlauth_files_check_readable(&store->paths, files, store->opener, why);

	if (error == SQLAUTH_OK)
		error = open_connection(store, why);
	if (error == SQLAUTH_OK)
		error = check_header(store, files, why);
	if (error == SQLAUTH_OK)
		error = set_cache_size(store, why);
	if (error == SQLAUTH_OK)
		error = sqlauth_store_check_content(store, why);
	return error;
}

enum sqlauth_error sqlauth_store_connect(struct sqlauth_store *store, struct sqlauth_text *why)
{
	const char *path = store->paths.file[SQLAUTH_FILE_DATABASE];

	for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
		struct sqlauth_files before, after;
		enum sqlauth_error error;

		sqlauth_files_look(&store->paths, &before);
		error = check_all(store, &before, why);
		sqlauth_files_look(&store->paths, &after);
		/* the descriptor is that of the one file that was at the path before and after */
		if (error == SQLAUTH_OK &&
			sqlauth_file_same(&before.file[SQLAUTH_FILE_DATABASE], &after.file[SQLAUTH_FILE_DATABASE])) {
			store->used = after;
			store->opened++;
			return SQLAUTH_OK;
		}
		sqlauth_store_disconnect(store);
		if (error != SQLAUTH_OK)
			return error;
	}
	sqlauth_text_set(why, "%s is being exchanged right now", path);
	return SQLAUTH_ERROR_BUSY;
}

void sqlauth_store_disconnect(struct sqlauth_store *store)
{
	sqlauth_store_finalize(store);
	sqlite3_close(store->db);
	store->db = NULL;
}
