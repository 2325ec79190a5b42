/* An engine over a real database that a writer edits beside it, with a clock that stands still. Whatever fails ends
 * the test. */
#ifndef ENGINE_DATABASE_H
#define ENGINE_DATABASE_H

#include <stdbool.h>
#include <stdint.h>

#include "sqlauth/engine.h"
#include "store_database.h"

#define NAMES_PEM    "names.pem"    /* several URI, DNS and e-mail names, a subject and a common name */
#define UTF8_PEM     "utf8.pem"     /* a subject and a common name */
#define NO_NAMES_PEM "no-names.pem" /* only a fingerprint */

#define NAMES_FINGERPRINT    "SHA256:D1EFD32A43882356A3AEC5FC93440B11EF8B4A7CCB70BF63C145DFA2F340D27A"
#define NO_NAMES_FINGERPRINT "SHA256:E69C78B029A6723D4A4DD331AEA17D348F6F60664879558904732ED27291AC16"
#define DATABASE_HASH_TEXT   "$7$101$c2FsdA==$aGFzaA=="
#define ENGINE_DATABASE_NOW  1700000000 /* what the clock shows first */

struct engine_database {
	struct database database;
	sqlite3 *writer;
	struct sqlauth_engine *engine;
	int64_t now; /* Unix seconds */
	struct sqlauth_clock clock;
};

/* A new database in WAL mode with this content, and an engine that reads it. */
void engine_database_init(struct engine_database *fixture, const char *sql, bool defer_unknown);
void engine_database_fini(struct engine_database *fixture);

/* Opens the engine once more, for another setting. */
void engine_database_reopen(struct engine_database *fixture, bool defer_unknown);

/* Deletes everything and runs sql; and just runs it. */
void engine_database_reset(struct engine_database *fixture, const char *sql);
void engine_database_edit(struct engine_database *fixture, const char *sql);

/* A file of tests/data/certificates, given its directory; NULL for NULL. The caller frees. */
struct sqlauth_certificate *engine_database_certificate(const char *directory, const char *name);

#endif
