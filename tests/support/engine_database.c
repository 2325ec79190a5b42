#include "engine_database.h"

#include <stdio.h>
#include <stdlib.h>

static int64_t no_monotonic_time(void *context)
{
	(void)context;
	return 0;
}

static int64_t seconds(void *context)
{
	return *(const int64_t *)context;
}

static void fail(const char *what, const char *detail)
{
	fprintf(stderr, "engine_database: %s: %s\n", what, detail);
	abort();
}

void engine_database_reopen(struct engine_database *fixture, bool defer_unknown)
{
	const struct sqlauth_engine_options options = {
		.database = fixture->database.path, .defer_unknown = defer_unknown, .clock = &fixture->clock};
	char message[SQLAUTH_MESSAGE_SIZE];
	struct sqlauth_text why;

	sqlauth_engine_free(fixture->engine);
	fixture->engine = NULL;
	sqlauth_text_init(&why, message, sizeof message);
	if (sqlauth_engine_new(&options, &fixture->engine, &why) != SQLAUTH_OK)
		fail("engine_new", message);
}

void engine_database_init(struct engine_database *fixture, const char *sql, bool defer_unknown)
{
	*fixture = (struct engine_database){.now = ENGINE_DATABASE_NOW};
	fixture->clock = (struct sqlauth_clock){no_monotonic_time, seconds, &fixture->now};
	database_init(&fixture->database);
	database_create(&fixture->database, sql);
	fixture->writer = database_connect(fixture->database.path);
	engine_database_reopen(fixture, defer_unknown);
}

void engine_database_fini(struct engine_database *fixture)
{
	sqlauth_engine_free(fixture->engine);
	if (sqlite3_close(fixture->writer) != SQLITE_OK)
		fail("close", fixture->database.path);
	database_fini(&fixture->database);
}

void engine_database_reset(struct engine_database *fixture, const char *sql)
{
	database_run(fixture->writer, "DELETE FROM clients; DELETE FROM groups;");
	database_run(fixture->writer, sql);
}

void engine_database_edit(struct engine_database *fixture, const char *sql)
{
	database_run(fixture->writer, sql);
}

struct sqlauth_certificate *engine_database_certificate(const char *directory, const char *name)
{
	struct sqlauth_certificate *certificate = NULL;
	char path[512];

	if (name == NULL)
		return NULL;
	snprintf(path, sizeof path, "%s/certificates/%s", directory, name);
	if (sqlauth_certificate_from_file(path, &certificate, NULL) != SQLAUTH_OK)
		fail("certificate", path);
	return certificate;
}
