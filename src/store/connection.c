/* Opening a connection that waits its turn (connection.h). */
#include "connection.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

/* As a URI, in which some characters have a meaning. */
static char *make_uri(const char *path)
{
	static const char local[] = "file://", relative[] = "file:", immutable[] = "?immutable=1";
	size_t size = sizeof local + 3 * strlen(path) + sizeof immutable, length;
	char *uri = malloc(size);

	if (uri == NULL)
		return NULL;
	length = (size_t)snprintf(uri, size, "%s", path[0] == '/' ? local : relative);
	for (; *path != '\0'; path++)
		length += (size_t)snprintf(
			uri + length, size - length, strchr("%?#", *path) != NULL ? "%%%02X" : "%c", *path);
	snprintf(uri + length, size - length, "%s", immutable);
	return uri;
}

int sqlauth_connection_open_alone(const char *path, sqlite3 **db_r)
{
	char *uri = make_uri(path);
	int code =
		uri == NULL ? SQLITE_NOMEM : sqlauth_connection_open(uri, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, db_r);

	free(uri);
	return code;
}
