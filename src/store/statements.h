/* Every SQL statement of the store, in one table, and the few ways in which they run.
 *
 * Errors of SQLite become errors of ours here and nowhere else. Knows no table's meaning: read.c, rules.c and open.c
 * do.
 */
#ifndef SQLAUTH_STORE_STATEMENTS_H
#define SQLAUTH_STORE_STATEMENTS_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sqlauth/error.h"

struct sqlauth_store;

enum sqlauth_statement {
	/* kept: prepared when the database is opened, finalised when it is closed */
	SQLAUTH_SQL_BEGIN,
	SQLAUTH_SQL_COMMIT,
	SQLAUTH_SQL_SCHEMA_VERSION,
	SQLAUTH_SQL_DATA_VERSION,
	SQLAUTH_SQL_CLIENT_BY_USERNAME,
	SQLAUTH_SQL_CLIENT_BY_VISIBLE_USERNAME,
	SQLAUTH_SQL_CLIENT_BY_NAME,
	SQLAUTH_SQL_CLIENT_BY_CERTIFICATE,
	SQLAUTH_SQL_CERTIFICATE_OWNER,
	SQLAUTH_SQL_CERTIFICATE_OF_CLIENT,
	SQLAUTH_SQL_EXACT_RULES,
	SQLAUTH_SQL_WILDCARD_FLOOR,
	SQLAUTH_SQL_WILDCARD_RULES,
	SQLAUTH_SQL_MQTT_ID_RULE,
	SQLAUTH_SQL_ANONYMOUS_RULE,
	SQLAUTH_SQL_PERMISSIONS,
	SQLAUTH_SQL_DISCONNECTS,
	SQLAUTH_SQL_KEPT,

	/* once: prepared, run and finalised by sqlauth_store_once, while a database is opened or created */
	SQLAUTH_SQL_QUERY_ONLY = SQLAUTH_SQL_KEPT,
	SQLAUTH_SQL_CELL_SIZE_CHECK,
	SQLAUTH_SQL_NO_MMAP,
	SQLAUTH_SQL_TEMP_IN_MEMORY,
	SQLAUTH_SQL_DELETE_MODE,
	SQLAUTH_SQL_INTEGRITY_CHECK,
	SQLAUTH_SQL_SET_SCHEMA_VERSION,
	SQLAUTH_SQL_CACHE_SIZE,
	SQLAUTH_SQL_SECURE_DELETE,
	SQLAUTH_SQL_BEGIN_IMMEDIATE,
	SQLAUTH_SQL_ROLLBACK,
	SQLAUTH_SQL_ENCODING,
	SQLAUTH_SQL_IS_TABLE,
	SQLAUTH_SQL_APPLICATION,
	SQLAUTH_SQL_WRITABLE_SCHEMA,
	SQLAUTH_SQL_ANY_OBJECT,
	SQLAUTH_SQL_PAGE_COUNT,
	SQLAUTH_SQL_PAGE_SIZE,
	SQLAUTH_SQL_QUICK_CHECK,
	SQLAUTH_SQL_WAL_MODE,
	SQLAUTH_SQL_COUNT
};

extern const char *const sqlauth_statement_sql[SQLAUTH_SQL_COUNT];

/* What an SQLite result code means to our callers. OK, ROW and DONE are SQLAUTH_OK. */
enum sqlauth_error sqlauth_sqlite_error(int code);

/* What a person is told of an SQLite result code: the words of db, where it is the one that gave the code last, or
 * (code_message) those of the code alone; but for a full disk, which SQLite calls an I/O error where it finds no room
 * for the -shm beside a database. db may be NULL. Borrowed until the next call on db. */
const char *sqlauth_sqlite_message(sqlite3 *db, int code);
const char *sqlauth_sqlite_code_message(sqlite3 *db, int code);

/* Prepares the kept ones; on an error those prepared so far stay for sqlauth_store_finalize. */
enum sqlauth_error sqlauth_store_prepare(struct sqlauth_store *store) __attribute__((warn_unused_result));
void sqlauth_store_finalize(struct sqlauth_store *store);

/* The kept statement with texts[0..count-1] bound to ?1, ?2 ... (NULL: SQL NULL), ready to step. The texts must stay
 * until sqlauth_store_reset. LIMIT for a text beyond SQLAUTH_STORE_TEXT_BYTES_MAX; after an error nothing need be
 * reset. */
enum sqlauth_error sqlauth_store_start(struct sqlauth_store *store, enum sqlauth_statement which,
	const char *const *texts, int count) __attribute__((warn_unused_result));

/* The next row: OK, NOT_FOUND behind the last one, or an error, which sticks: all that is read before
 * sqlauth_store_end answers the same, since SQLite may have ended the transaction. */
enum sqlauth_error sqlauth_store_step(struct sqlauth_store *store, enum sqlauth_statement which)
	__attribute__((warn_unused_result));

void sqlauth_store_reset(struct sqlauth_store *store, enum sqlauth_statement which);

/* Whether the kept statement, with these texts bound, has a row: OK or NOT_FOUND. */
enum sqlauth_error sqlauth_store_exists(struct sqlauth_store *store, enum sqlauth_statement which,
	const char *const *texts, int count) __attribute__((warn_unused_result));

/* Runs a statement of the other kind to its first row. text (may be NULL) is bound to ?1; the row's first column, as
 * text cut to size - 1 bytes, goes to result[0..size-1], or "" where there is no row or NULL. Returns SQLite's code:
 * ROW, DONE or an error. */
int sqlauth_store_once(sqlite3 *db, enum sqlauth_statement which, const char *text, char *result, size_t size);

#endif
