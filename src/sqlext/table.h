/* Table-valued functions whose result is made at once: the bookkeeping that SQLite wants of every one of them
 * (https://www.sqlite.org/vtab.html, 2.1.2). A description says what is special; read-only, no memory between calls.
 */
#ifndef SQLAUTH_SQLEXT_TABLE_H
#define SQLAUTH_SQLEXT_TABLE_H

#include "sqlauth/text.h"
#include "sqlext.h"

#define SQLAUTH_SQLEXT_CELLS_MAX 6

struct sqlauth_sqlext_row {
	char *cells[SQLAUTH_SQLEXT_CELLS_MAX]; /* owned, malloc; NULL: NULL */
};

struct sqlauth_sqlext_rows {
	struct sqlauth_sqlext_row *items;
	size_t count, capacity;
};

struct sqlauth_sqlext_table {
	const char *name;
	const char *declaration; /* CREATE TABLE, hidden columns for the arguments last */
	int columns, arguments;
	int risk;          /* SQLITE_VTAB_INNOCUOUS or SQLITE_VTAB_DIRECTONLY */
	const char *usage; /* what is expected where an argument is missing */
	/* Makes all rows of one call. On failure it may leave a sentence in why. */
	enum sqlauth_error (*fill)(
		sqlite3 *db, sqlite3_value **arguments, struct sqlauth_sqlext_rows *rows, struct sqlauth_text *why);
};

/* Adds a row of copies of cells[0..count-1]; MEMORY. */
enum sqlauth_error sqlauth_sqlext_add_row(struct sqlauth_sqlext_rows *rows, const char *const *cells, size_t count)
	__attribute__((warn_unused_result));

/* Registers it; the description must outlive the connection. */
int sqlauth_sqlext_register_table(sqlite3 *db, const struct sqlauth_sqlext_table *table);

#endif
