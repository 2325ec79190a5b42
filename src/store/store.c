/* A store's life: open, transactions, close. How a connection is come by is open.c's and exchange.c's. */
#include <stdlib.h>
#include <string.h>

#include "store_internal.h"

enum sqlauth_error sqlauth_store_open(const char *path, struct sqlauth_store **store_r, struct sqlauth_text *why)
{
	return sqlauth_store_open_for(path, SQLAUTH_STORE_FOR_BROKER, store_r, why);
}

enum sqlauth_error sqlauth_store_open_for(
	const char *path, enum sqlauth_store_opener opener, struct sqlauth_store **store_r, struct sqlauth_text *why)
{
	struct sqlauth_store *store = calloc(1, sizeof *store);
	enum sqlauth_error error;

	error = store == NULL ? SQLAUTH_ERROR_MEMORY : sqlauth_paths_init(&store->paths, path);
	if (error == SQLAUTH_ERROR_MEMORY)
		sqlauth_text_set(why, "%s cannot be opened: out of memory", path);
	if (error == SQLAUTH_OK) {
		store->quiet_ns = SQLAUTH_STORE_QUIET_NS;
		store->opener = opener;
		error = sqlauth_store_connect(store, why);
	}
	if (error == SQLAUTH_OK)
		*store_r = store;
	else
		sqlauth_store_close(store);
	return error;
}

void sqlauth_store_close(struct sqlauth_store *store)
{
	if (store == NULL)
		return;
	sqlauth_store_end(store);
	sqlauth_store_disconnect(store);
	sqlauth_paths_clear(&store->paths);
	free(store);
}

/* Lost to an error that a new connection may not have. */
static bool is_lost(enum sqlauth_error error)
{
	return error == SQLAUTH_ERROR_DATABASE || error == SQLAUTH_ERROR_SYSTEM;
}

/* BEGIN, and the first read, which takes the snapshot. */
static enum sqlauth_error take_snapshot(struct sqlauth_store *store)
{
	const enum sqlauth_statement which = SQLAUTH_SQL_SCHEMA_VERSION;
	enum sqlauth_error error;
	const char *text;
	size_t length;

	store->failure = SQLAUTH_OK;
	store->reading = true;
	error = sqlauth_store_step(store, SQLAUTH_SQL_BEGIN);
	sqlauth_store_reset(store, SQLAUTH_SQL_BEGIN);
	if (error != SQLAUTH_ERROR_NOT_FOUND)
		return error;
	error = sqlauth_store_step(store, which);
	if (error == SQLAUTH_OK)
		error = sqlauth_row_peek(store->statements[which], 0, &text, &length);
	if (error == SQLAUTH_OK && strcmp(text, SQLAUTH_SCHEMA_VERSION_TEXT) != 0)
		error = SQLAUTH_ERROR_DATABASE;
	sqlauth_store_reset(store, which);
	return error == SQLAUTH_ERROR_NOT_FOUND ? SQLAUTH_ERROR_DATABASE : error;
}

/* One attempt at a transaction; a connection that is lost is closed. */
static enum sqlauth_error begin(struct sqlauth_store *store, struct sqlauth_text *why)
{
	enum sqlauth_error error = take_snapshot(store);
	int code = error == SQLAUTH_OK ? SQLITE_OK : sqlite3_extended_errcode(store->db);

	if (error == SQLAUTH_OK) {
		sqlauth_store_note_files(store);
		return SQLAUTH_OK;
	}
	sqlauth_store_explain(store, code, why);
	store->failure = error;
	sqlauth_store_end(store);
	return error;
}

enum sqlauth_error sqlauth_store_begin(struct sqlauth_store *store, struct sqlauth_text *why)
{
	enum sqlauth_error error = sqlauth_store_follow(store, why);

	if (error != SQLAUTH_OK)
		return error;
	error = begin(store, why);
	if (!is_lost(error))
		return error;
	/* what the checks of a new connection say is clearer, and the file may be good again */
	error = sqlauth_store_follow(store, why);
	return error == SQLAUTH_OK ? begin(store, why) : error;
}

void sqlauth_store_end(struct sqlauth_store *store)
{
	if (!store->reading)
		return;
	store->reading = false;
	if (is_lost(store->failure)) {
		sqlauth_store_disconnect(store);
		return;
	}
	/* after an error SQLite may have ended the transaction itself: then this does nothing */
	sqlite3_step(store->statements[SQLAUTH_SQL_COMMIT]);
	sqlite3_reset(store->statements[SQLAUTH_SQL_COMMIT]);
	if (!sqlite3_get_autocommit(store->db))
		sqlauth_store_disconnect(store);
}

/* Whoever replaces the content of the open file draws a new schema cookie (SQLite's backup does), at which SQLite
 * prepares our statements anew; take_snapshot stepped this one. */
uint64_t sqlauth_store_generation(const struct sqlauth_store *store)
{
	int prepared =
		sqlite3_stmt_status(store->statements[SQLAUTH_SQL_SCHEMA_VERSION], SQLITE_STMTSTATUS_REPREPARE, 0);

	return (store->opened << 32) | (uint32_t)prepared;
}

const char *sqlauth_store_strerror(const struct sqlauth_store *store, enum sqlauth_error error)
{
	if (error == SQLAUTH_ERROR_DATABASE && store->failure == SQLAUTH_OK)
		return "a row holds what the schema refuses; sqlauth doctor tells where";
	return sqlauth_strerror(error);
}

uint64_t sqlauth_store_reopenings(const struct sqlauth_store *store)
{
	return store->opened == 0 ? 0 : store->opened - 1;
}

enum sqlauth_error sqlauth_store_data_version(struct sqlauth_store *store, uint64_t *version_r)
{
	int64_t version = 0;
	enum sqlauth_error error = sqlauth_store_follow(store, NULL);

	if (error != SQLAUTH_OK)
		return error;
	error = sqlauth_store_read_data_version(store, &version);
	if (is_lost(error))
		sqlauth_store_disconnect(store);
	if (error == SQLAUTH_OK)
		*version_r = (store->opened << 32) | (uint32_t)version;
	return error;
}
