/* What the files of the SQLite extension share. Each registers its own functions or tables on a connection; all of it
 * runs in the process that loaded the extension, the sqlite3 shell as a rule.
 *
 * Trust flags (https://www.sqlite.org/c3ref/c_deterministic.html), chosen by one question: what could a hostile schema
 * do with it in a view or trigger, on the connection of somebody who loaded this extension? INNOCUOUS where the answer
 * is "nothing": a pure function of its arguments, in linear time. DIRECTONLY where it costs time or memory on purpose,
 * makes secrets, or reads the database by itself.
 */
#ifndef SQLAUTH_SQLEXT_SQLEXT_H
#define SQLAUTH_SQLEXT_SQLEXT_H

#include <sqlite3ext.h>
#include <stddef.h>

#include "sqlauth/error.h"

extern const sqlite3_api_routines *sqlite3_api; /* set by SQLITE_EXTENSION_INIT2, in module.c */

#define SQLAUTH_SQLEXT_PURE   (SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS)
#define SQLAUTH_SQLEXT_DIRECT (SQLITE_UTF8 | SQLITE_DIRECTONLY)

struct sqlauth_sqlext_function {
	const char *name;
	int arguments, flags;
	void (*call)(sqlite3_context *context, int count, sqlite3_value **values);
};

/* Registers functions up to one without a name; SQLite's code. */
int sqlauth_sqlext_register(sqlite3 *db, const struct sqlauth_sqlext_function *functions);

/* Fails a call: "NAME: message"; MEMORY and SYSTEM become SQLite's own errors. */
void sqlauth_sqlext_fail(sqlite3_context *context, const char *name, enum sqlauth_error error, const char *message);

/* An argument as bytes, text or BLOB as it stands, borrowed until the call returns. NULL where it is NULL, and where
 * memory ran out, which SQLite then reports itself. */
const char *sqlauth_sqlext_bytes(sqlite3_value *value, size_t *length_r);

int sqlauth_sqlext_register_passwords(sqlite3 *db);
int sqlauth_sqlext_register_topics(sqlite3 *db);
int sqlauth_sqlext_register_certificates(sqlite3 *db);
int sqlauth_sqlext_register_explain(sqlite3 *db);

#endif
