/* A directory of its own with a database in it, for tests of the store. Whatever fails ends the test. */
#ifndef STORE_DATABASE_H
#define STORE_DATABASE_H

#include <sqlite3.h>
#include <stddef.h>

#define DATABASE_PATH_SIZE 128

#define DATABASE_HASH "'$7$101$c2FsdA==$aGFzaA=='"

/* A few clients, groups g1 to g6, rules and permissions: what the tests of reading begin with. */
#define DATABASE_CONTENT                                                                                               \
	"INSERT INTO clients (name, username, password, mqtt_id, disconnect_before) VALUES "                           \
	"  ('pump', 'p1', " DATABASE_HASH ", 'pump-*', 1700000000), ('valve', 'v1', " DATABASE_HASH ", NULL, NULL);"   \
	"INSERT INTO clients (name, authentication, enabled) VALUES ('cert', 'certificate', 0);"                       \
	"INSERT INTO clients (name, authentication, username, disconnect_before) VALUES "                              \
	"  ('both', 'certificate', 'b1', 1800000000);"                                                                 \
	"INSERT INTO client_certificates (client, match_by, value) VALUES "                                            \
	"  ('cert', 'common_name', 'cert.example'), ('both', 'dns', 'both.example'), ('pump', 'dns', "                 \
	"'pump.example');"                                                                                             \
	"INSERT INTO groups (name) VALUES ('g1'), ('g2'), ('g3'), ('g4'), ('g5'), ('g6');"                             \
	"INSERT INTO group_rules (match_by, value, group_name) VALUES "                                                \
	"  ('client', 'pump', 'g1'), ('client', 'pump', 'g2'), ('any', '*', 'g3'), ('anonymous', '*', 'g4'),"          \
	"  ('mqtt_id', 'pump-7', 'g5'), ('mqtt_id', 'pump-*', 'g6'), ('mqtt_id', 'pump-*', 'g1');"                     \
	"INSERT INTO acl_permissions (group_name, permission, action, topic) VALUES "                                  \
	"  ('g1', 'allow', 'publish', 'a/%c'), ('g1', 'deny', 'subscribe', 'b/#'), ('g2', 'allow', 'publish', "        \
	"'c');"

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
