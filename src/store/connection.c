/* Opening a connection that waits its turn (connection.h). */
#include "connection.h"

#include <stdint.h>
#include <time.h>

/* context: how often, in place of a pointer. SQLite counts how often it has asked for this lock. */
static int wait_a_millisecond(void *context, int times)
{
	const struct timespec pause = {.tv_nsec = 1000000};

	if (times >= (int)(intptr_t)context)
		return 0;
	nanosleep(&pause, NULL);
	return 1;
}

int sqlauth_connection_open(const char *path, int flags, int patience_ms, sqlite3 **db_r)
{
	int code = sqlite3_open_v2(path, db_r, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);

	return code == SQLITE_OK ? sqlite3_busy_handler(*db_r, wait_a_millisecond, (void *)(intptr_t)patience_ms)
				 : code;
}
