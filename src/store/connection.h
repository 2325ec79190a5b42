/* How the tool opens a connection: with SQLite's extended codes, and with patience for other processes.
 *
 * SQLite's own patience (sqlite3_busy_timeout) looks for a lock ten times a second and finds a writer that never rests
 * holding it nearly each time. Here it is looked for each millisecond, which finds the gap between two transactions.
 */
#ifndef SQLAUTH_STORE_CONNECTION_H
#define SQLAUTH_STORE_CONNECTION_H

#include <sqlite3.h>

/* flags: SQLITE_OPEN_READWRITE or _READONLY, and what else sqlite3_open_v2 takes. Each statement, and each step of a
 * backup, waits for a lock SQLAUTH_STORE_PATIENCE_MS before SQLITE_BUSY; longer where the machine is too loaded to wake
 * it in time. One thread may use it. SQLite's code; *db_r is the caller's also where it is an error (sqlite3_close). */
int sqlauth_connection_open(const char *path, int flags, sqlite3 **db_r) __attribute__((warn_unused_result));

#endif
