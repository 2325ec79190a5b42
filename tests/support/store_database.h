/* A directory of its own with a database in it, for tests of the store. Whatever fails ends the test. */
#ifndef STORE_DATABASE_H
#define STORE_DATABASE_H

#include <sqlite3.h>
#include <stddef.h>

#define DATABASE_PATH_SIZE 128

struct database {
	char directory[DATABASE_PATH_SIZE];
	char path[DATABASE_PATH_SIZE]; /* DIRECTORY/auth.db */
};

/* Makes the directory, without a database; database_fini removes it and all files in it. */
void database_init(struct database *database);
void database_fini(struct database *database);

/* DIRECTORY/NAME; the same buffer of eight again after eight calls. */
const char *database_file(const struct database *database, const char *name);

/* Creates the database (WAL mode), and one in rollback mode; both run `sql` in it (may be NULL). */
void database_create(const struct database *database, const char *sql);
void database_create_rollback(const struct database *database, const char *name, const char *sql);

/* A writer's connection of this process, and one that lives for one script. */
sqlite3 *database_connect(const char *path);
void database_run(sqlite3 *db, const char *sql);
void database_script(const char *path, const char *sql);

/* Overwrites bytes of a file that nobody has open. */
void database_overwrite(const char *path, long offset, const void *bytes, size_t length);

/* Copies a file over another one in place, as cp does: for files that no connection of this process has open. */
void database_copy(const char *from, const char *to);

#endif
