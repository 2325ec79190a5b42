/* What SQLite puts beside a database, and how the tool sees to it that nothing of that stays when nobody needs it.
 *
 * The last connection to a database in WAL mode removes its -wal and -shm when it closes, unless it is read-only, as
 * the plugin's always is: then both stay, the -wal with changes in it or empty. Only the tool may mend that, for it may
 * write.
 */
#ifndef SQLAUTH_STORE_SIDECARS_H
#define SQLAUTH_STORE_SIDECARS_H

#include <sqlite3.h>

#include "sqlauth/error.h"
#include "sqlauth/text.h"

/* A connection that changes nothing and still takes -wal and -shm along when it is the last to close: open for writing,
 * where the file's permissions allow that, under PRAGMA query_only. For files that sqlauth_store_open_for has found
 * good. SQLite's code, and *db_r, as for sqlauth_connection_open. */
int sqlauth_sidecars_open_to_read(const char *path, sqlite3 **db_r);

/* Makes the place beside the path free: removes an empty -wal, with its -shm, that nobody uses. EXISTS where anything
 * else lies there. No connection of this process to that database may be open (its locks on the -shm would be lost). */
enum sqlauth_error sqlauth_sidecars_clear(const char *path, struct sqlauth_text *why)
	__attribute__((warn_unused_result));

/* The same for a database that is there: what its -wal holds goes into the database first. */
enum sqlauth_error sqlauth_sidecars_settle(const char *path, struct sqlauth_text *why)
	__attribute__((warn_unused_result));

/* Removes whatever lies there: of a database that was begun and is not kept. */
void sqlauth_sidecars_abandon(const char *path);

#endif
