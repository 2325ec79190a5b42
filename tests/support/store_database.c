#include "store_database.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sqlauth/store.h"

static void fail(const char *what, const char *detail)
{
	fprintf(stderr, "store_database: %s: %s\n", what, detail);
	abort();
}

void database_init(struct database *database)
{
	snprintf(database->directory, sizeof database->directory, "/tmp/sqlauth-store-XXXXXX");
	if (mkdtemp(database->directory) == NULL)
		fail("mkdtemp", database->directory);
	snprintf(database->path, sizeof database->path, "%s", database_file(database, "auth.db"));
}

void database_fini(struct database *database)
{
	DIR *directory;
	struct dirent *entry;

	chmod(database->directory, 0700);
	directory = opendir(database->directory);
	while (directory != NULL && (entry = readdir(directory)) != NULL) {
		const char *path = database_file(database, entry->d_name);

		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 && remove(path) != 0)
			fail("remove", path);
	}
	if (directory != NULL)
		closedir(directory);
	if (rmdir(database->directory) != 0)
		fail("rmdir", database->directory);
}

const char *database_file(const struct database *database, const char *name)
{
	static char paths[8][2 * DATABASE_PATH_SIZE + 256];
	static unsigned next;
	char *path = paths[next++ % 8];

	snprintf(path, sizeof paths[0], "%s/%s", database->directory, name);
	return path;
}

void database_create(const struct database *database, const char *sql)
{
	char message[SQLAUTH_MESSAGE_SIZE];
	struct sqlauth_text why;

	sqlauth_text_init(&why, message, sizeof message);
	if (sqlauth_store_create(database->path, NULL, &why) != SQLAUTH_OK)
		fail("create", message);
	if (sql != NULL)
		database_script(database->path, sql);
}

void database_create_rollback(const struct database *database, const char *name, const char *sql)
{
	const char *path = database_file(database, name);

	database_script(path, sqlauth_schema_sql);
	database_script(path, "PRAGMA journal_mode = DELETE");
	if (sql != NULL)
		database_script(path, sql);
}

sqlite3 *database_connect(const char *path)
{
	sqlite3 *db = NULL;

	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) != SQLITE_OK)
		fail("open", path);
	database_run(db, "PRAGMA synchronous = OFF");
	return db;
}

void database_run(sqlite3 *db, const char *sql)
{
	char *message = NULL;

	if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
		fail(sql, message);
}

void database_script(const char *path, const char *sql)
{
	sqlite3 *db = database_connect(path);

	database_run(db, sql);
	if (sqlite3_close(db) != SQLITE_OK)
		fail("close", path);
}

void database_overwrite(const char *path, long offset, const void *bytes, size_t length)
{
	FILE *file = fopen(path, "r+b");

	if (file == NULL || fseek(file, offset, SEEK_SET) != 0 || fwrite(bytes, 1, length, file) != length)
		fail("overwrite", path);
	fclose(file);
}

void database_copy(const char *from, const char *to)
{
	FILE *source = fopen(from, "rb"), *target = fopen(to, "wb");
	char buffer[4096];
	size_t length;

	if (source == NULL || target == NULL)
		fail("copy", to);
	while ((length = fread(buffer, 1, sizeof buffer, source)) > 0)
		fwrite(buffer, 1, length, target);
	fclose(source);
	fclose(target);
}
