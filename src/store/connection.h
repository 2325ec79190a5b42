/* How the tool opens a connection: with SQLite's extended codes, and with patience for other processes.
 *
 * SQLite's own patience (sqlite3_busy_timeout) looks for a lock ten times a second and finds a writer that never rests
 * holding it nearly each time. Here it is looked for each millisecond, which finds the gap between two transactions.
 */
#ifndef SQLAUTH_STORE_CONNECTION_H
#define SQLAUTH_STORE_CONNECTION_H

#include <sqlite3.h>

/* Lets each statement of the connection, and from here on a backup into it or from it, wait for a lock
 * SQLAUTH_STORE_PATIENCE_MS before SQLITE_BUSY; longer where the machine is too loaded to wake it in time. To be called
 * before each backup: SQLite would count what the statement before waited. SQLite's code. */
int sqlauth_connection_wait(sqlite3 *db);

/* flags: SQLITE_OPEN_READWRITE or _READONLY, and what else sqlite3_open_v2 takes. A connection that waits; one thread
 * may use it. SQLite's code; *db_r is the caller's also where it is an error (sqlite3_close). */
int sqlauth_connection_open(const char *path, int flags, sqlite3 **db_r) __attribute__((warn_unused_result));

/* The file alone, as it is right now: nothing is locked, and what lies beside it neither read nor touched. For telling
 * whose a file is before anything is done to it; while somebody writes it, it may seem damaged. The path begins with
 * "/" or "." (sqlauth_path_join). Otherwise as sqlauth_connection_open. */
int sqlauth_connection_open_alone(const char *path, sqlite3 **db_r) __attribute__((warn_unused_result));

#endif
