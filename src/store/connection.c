/* Opening a connection that waits its turn (connection.h). */
#include "connection.h"

#include <stdbool.h>
#include <time.h>

#include "sqlauth/store.h"

/* times: how often SQLite has asked for this lock. */
static int wait_a_millisecond(void *context, int times)
{
	const struct timespec pause = {.tv_nsec = 1000000};
	bool is_patient = times < SQLAUTH_STORE_PATIENCE_MS;

	(void)context;
	if (is_patient)
		nanosleep(&pause, NULL);
	return is_patient;
}

int sqlauth_connection_wait(sqlite3 *db)
{
	return sqlite3_busy_handler(db, wait_a_millisecond, NULL);
}

int sqlauth_connection_open(const char *path, int flags, sqlite3 **db_r)
{
	int code = sqlite3_open_v2(path, db_r, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);

	return code == SQLITE_OK ? sqlauth_connection_wait(*db_r) : code;
}
