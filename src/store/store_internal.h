/* What the files of the store share: the struct, and the steps from a path to an open, checked connection. */
#ifndef SQLAUTH_STORE_INTERNAL_H
#define SQLAUTH_STORE_INTERNAL_H

#include <sqlite3.h>

#include "files.h"
#include "sqlauth/store.h"
#include "statements.h"

#define SQLAUTH_QUOTE(token)        #token
#define SQLAUTH_QUOTE_VALUE(macro)  SQLAUTH_QUOTE(macro)
#define SQLAUTH_SCHEMA_VERSION_TEXT SQLAUTH_QUOTE_VALUE(SQLAUTH_SCHEMA_VERSION)

/* A directory that was changed less long ago may be changed again and show the same time: filesystems count in units of
 * up to 2 s. */
#define SQLAUTH_STORE_QUIET_NS INT64_C(3000000000)

struct sqlauth_store {
	struct sqlauth_paths paths;
	enum sqlauth_store_opener opener;
	sqlite3 *db; /* NULL while no connection is open */
	sqlite3_stmt *statements[SQLAUTH_SQL_KEPT];

	struct sqlauth_files used;     /* the files that the last good connection read from, also after it is closed */
	struct sqlauth_file directory; /* theirs, just before they were last looked at and found to be these */
	int64_t looked_us;             /* monotonic, when that was; 0: the directory says nothing about them */
	int64_t quiet_ns;              /* SQLAUTH_STORE_QUIET_NS outside of tests */
	int64_t data_version;          /* PRAGMA data_version when `used` was taken */
	uint64_t opened;               /* connections that passed all checks */

	bool reading;               /* between begin and end */
	enum sqlauth_error failure; /* the first error of SQLite since begin; all later reads answer it */

	/* A file that failed PRAGMA quick_check is not read whole again before something touches it. */
	struct sqlauth_files condemned;
	bool has_condemned;
};

/* open.c: opens a connection to the file that is at the path now, with all checks, and notes the files it uses. The
 * store must have none. */
enum sqlauth_error sqlauth_store_connect(struct sqlauth_store *store, struct sqlauth_text *why)
	__attribute__((warn_unused_result));
void sqlauth_store_disconnect(struct sqlauth_store *store);

/* The database header, https://www.sqlite.org/fileformat2.html, 1.3. */
#define SQLAUTH_HEADER_SIZE 100

/* open.c: reads it through SQLite's own descriptor, without a lock, and without what SQLite does at the first real
 * read: open the -wal that lies there, whosever it is. SQLite's code; NOTADB where that is not the beginning of a
 * database. */
int sqlauth_store_read_header(sqlite3 *db, unsigned char header[SQLAUTH_HEADER_SIZE])
	__attribute__((warn_unused_result));

/* content.c: checks what the open connection reads: ours, version, tables, soundness. */
enum sqlauth_error sqlauth_store_check_content(struct sqlauth_store *store, struct sqlauth_text *why)
	__attribute__((warn_unused_result));

/* maintenance.c: reads the whole database. DATABASE where SQLite finds damage; `mend`, behind "; ", or "", ends what is
 * said. */
enum sqlauth_error sqlauth_store_check_integrity(
	sqlite3 *db, const char *path, const char *mend, struct sqlauth_text *why) __attribute__((warn_unused_result));

/* Says what SQLite's code means for this file, with the mend, and gives the error. */
enum sqlauth_error sqlauth_store_explain(const struct sqlauth_store *store, int code, struct sqlauth_text *why);

/* exchange.c: makes sure that the connection is to the file at the path: opens anew where it is another one, or
 * where none is open. */
enum sqlauth_error sqlauth_store_follow(struct sqlauth_store *store, struct sqlauth_text *why)
	__attribute__((warn_unused_result));

/* To be called inside a read transaction, in which SQLite has opened a -wal that is there: notes the -wal and -shm
 * that came since. */
void sqlauth_store_note_files(struct sqlauth_store *store);

/* PRAGMA data_version of the open connection, outside a transaction. */
enum sqlauth_error sqlauth_store_read_data_version(struct sqlauth_store *store, int64_t *version_r)
	__attribute__((warn_unused_result));

/* DATABASE where `now` shows that SQLite would replay the -wal of another database onto this one. wal_mode: what
 * the database's header says. */
enum sqlauth_error sqlauth_store_check_wal_origin(const struct sqlauth_store *store, const struct sqlauth_files *now,
	bool wal_mode, struct sqlauth_text *why) __attribute__((warn_unused_result));

/* values.c: columns of the current row to values of ours. DATABASE where the row does not fit. The text is a copy
 * that the caller frees; NULL, where nullable, for NULL. */
enum sqlauth_error sqlauth_row_text(sqlite3_stmt *row, int column, bool nullable, char **text_r)
	__attribute__((warn_unused_result));
enum sqlauth_error sqlauth_row_integer(sqlite3_stmt *row, int column, int64_t *integer_r)
	__attribute__((warn_unused_result));
/* The text where it stands: borrowed until the next step; *length_r without the NUL. Never NULL. */
enum sqlauth_error sqlauth_row_peek(sqlite3_stmt *row, int column, const char **text_r, size_t *length_r)
	__attribute__((warn_unused_result));
/* The index of the column's text in words[0..count-1]. */
enum sqlauth_error sqlauth_row_word(sqlite3_stmt *row, int column, const char *const *words, int count, int *index_r)
	__attribute__((warn_unused_result));

#endif
