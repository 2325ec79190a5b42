/* The checks at start, one clear message each, and the making of a database. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "sqlauth/secret.h"
#include "sqlauth/store.h"
#include "store_database.h"

#define ROWS(a) (sizeof(a) / sizeof(a)[0])
#define NOBODY  65534

static struct database database;
static char message[SQLAUTH_MESSAGE_SIZE];
static struct sqlauth_text why;

static int set_up(void **state)
{
	(void)state;
	sqlauth_text_init(&why, message, sizeof message);
	database_init(&database);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	database_fini(&database);
	return 0;
}

static enum sqlauth_error try_open(const char *path)
{
	struct sqlauth_store *store = NULL;
	enum sqlauth_error error;

	sqlauth_text_set(&why, "no reason");
	error = sqlauth_store_open(path, &store, &why);
	if ((error == SQLAUTH_OK) != (store != NULL))
		fail_msg("%s: a store and an error", path);
	sqlauth_store_close(store);
	return error;
}

static void assert_refused(size_t row, const char *words)
{
	enum sqlauth_error error = try_open(database.path);

	if (error != SQLAUTH_ERROR_DATABASE || strstr(message, words) == NULL || strstr(message, database.path) == NULL)
		fail_msg("row %zu: %s (%s), expected %s", row, sqlauth_strerror(error), message, words);
}

static void a_missing_file_is_named_with_the_command_that_creates_it(void **state)
{
	(void)state;
	assert_refused(0, "does not exist; put it back, or create it with: sqlauth init -d");
}

static void what_is_no_database_is_refused(void **state)
{
	static const struct {
		const char *content, *words;
	} rows[] = {
		{"", "is empty"},
		{"x", "is not an SQLite database; move it away and restore a backup with: sqlauth restore"},
		{"SQLite format 3", "is not an SQLite database"},
		{"user:password\nuser2:password2\nthis is a password file of more than one hundred bytes, as they are "
		 "often "
		 "given by mistake where a database was meant\n",
			"is not an SQLite database"},
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		FILE *file = fopen(database.path, "wb");

		fputs(rows[i].content, file);
		fclose(file);
		assert_refused(i, rows[i].words);
	}
	unlink(database.path);
	assert_int_equal(mkdir(database.path, 0700), 0);
	assert_refused(10, "is a directory");
	rmdir(database.path);
	assert_int_equal(mkfifo(database.path, 0600), 0);
	assert_refused(11, "is not a regular file");
	unlink(database.path);
	assert_int_equal(symlink("/dev/zero", database.path), 0);
	assert_refused(12, "is not a regular file");
}

static void a_database_that_is_not_ours_or_not_whole_is_refused(void **state)
{
	static const struct {
		const char *sql, *words;
	} rows[] = {
		{"DROP TABLE schema_info", "another application"},
		{"DROP TABLE schema_info; CREATE TABLE schema_info (a)", "another application"},
		{"DROP TABLE schema_info; CREATE VIEW schema_info AS SELECT 'application' AS key, 'mosquitto-sqlauth' "
		 "AS value",
			"another application"},
		{"DELETE FROM schema_info WHERE key = 'application'", "another application"},
		{"UPDATE schema_info SET value = 'other' WHERE key = 'application'", "another application"},
		{"UPDATE schema_info SET value = 'mosquitto-sqlauth2' WHERE key = 'application'",
			"another application"},
		{"UPDATE schema_info SET value = '2' WHERE key = 'schema_version'", "newer version"},
		{"UPDATE schema_info SET value = '999' WHERE key = 'schema_version'", "upgrade the plugin"},
		{"UPDATE schema_info SET value = '0' WHERE key = 'schema_version'", "no valid schema_version (\"0\""},
		{"UPDATE schema_info SET value = '1x' WHERE key = 'schema_version'", "no valid schema_version"},
		{"UPDATE schema_info SET value = ' 1' WHERE key = 'schema_version'", "no valid schema_version"},
		{"UPDATE schema_info SET value = '' WHERE key = 'schema_version'", "no valid schema_version"},
		{"DELETE FROM schema_info WHERE key = 'schema_version'", "no valid schema_version"},
		{"DROP TABLE clients", "no table clients"},
		{"DROP TABLE group_revisions", "no table group_revisions"},
		{"ALTER TABLE group_rules RENAME TO r2; CREATE VIEW group_rules AS SELECT * FROM r2",
			"no table group_rules"},
		{"DROP TABLE acl_permissions; CREATE VIRTUAL TABLE acl_permissions USING fts5(a)",
			"no table acl_permissions"},
		{"DROP TABLE clients; CREATE TABLE clients (name, username)", "no column password in table clients"},
		{"DROP INDEX group_rules_by_pattern", "does not answer our statements"},
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		database_create(&database, "PRAGMA legacy_alter_table = ON");
		database_script(database.path, rows[i].sql);
		assert_refused(i, rows[i].words);
		unlink(database.path);
		unlink(database_file(&database, "auth.db-wal"));
		unlink(database_file(&database, "auth.db-shm"));
	}
	database_script(database.path, "PRAGMA encoding = 'UTF-16'; CREATE TABLE t (a)");
	database_script(database.path, "DROP TABLE t");
	database_script(database.path, sqlauth_schema_sql);
	assert_refused(100, "is encoded in UTF-16");
}

static void damage_is_found_at_start(void **state)
{
	static const struct {
		long offset;
		const char *words;
	} rows[] = {
		{100, "is corrupt"}, /* the root of the schema */
		{3 * 4096, "is corrupt"},
		{5 * 4096, "is corrupt"},
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		database_create_rollback(&database, "auth.db", NULL);
		database_overwrite(database.path, rows[i].offset, "\xff\xff\xff\xff\xff\xff", 6);
		assert_refused(i, rows[i].words);
		unlink(database.path);
	}
	database_create_rollback(&database, "auth.db", NULL);
	assert_int_equal(truncate(database.path, 5 * 4096), 0);
	assert_refused(100, "is corrupt");
}

static void a_path_means_a_file_and_nothing_else(void **state)
{
	static const char *const names[] = {
		"file:auth.db?mode=memory", ":memory:", "a?immutable=1", "a%41", "a b'\"", "file:x", "\xc3\xa4.db"};
	char *directory = getcwd(NULL, 0);

	(void)state;
	assert_int_equal(chdir(database.directory), 0);
	for (size_t i = 0; i < ROWS(names); i++) {
		struct stat found;

		if (try_open(names[i]) != SQLAUTH_ERROR_DATABASE || strstr(message, "does not exist") == NULL)
			fail_msg("row %zu: %s", i, message);
		if (sqlauth_store_create(names[i], NULL, &why) != SQLAUTH_OK)
			fail_msg("row %zu: %s", i, message);
		if (stat(names[i], &found) != 0 || found.st_size == 0)
			fail_msg("row %zu: no file", i);
		if (try_open(names[i]) != SQLAUTH_OK)
			fail_msg("row %zu: %s", i, message);
	}
	assert_int_equal(chdir(directory), 0);
	free(directory);
}

static void a_created_database_is_whole_and_alone_in_its_directory(void **state)
{
	struct stat found;
	sqlite3 *db;
	sqlite3_stmt *mode;

	(void)state;
	assert_int_equal(sqlauth_store_create(database.path, NULL, &why), SQLAUTH_OK);
	assert_int_equal(stat(database.path, &found), 0);
	assert_int_equal(found.st_mode & 07777, 0640);
	assert_int_equal(found.st_nlink, 1);
	db = database_connect(database.path);
	assert_int_equal(sqlite3_prepare_v2(db, "PRAGMA journal_mode", -1, &mode, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(mode), SQLITE_ROW);
	assert_string_equal((const char *)sqlite3_column_text(mode, 0), "wal");
	sqlite3_finalize(mode);
	sqlite3_close(db);
	assert_int_equal(unlink(database.path), 0);
	assert_int_equal(rmdir(database.directory), 0); /* nothing else was left in it */
	assert_int_equal(mkdir(database.directory, 0700), 0);
}

static void nothing_is_ever_replaced_by_a_new_database(void **state)
{
	static const char *const names[] = {"auth.db", "auth.db-wal", "auth.db-shm", "auth.db-journal"};

	(void)state;
	for (size_t i = 0; i < ROWS(names); i++) {
		const char *path = database_file(&database, names[i]);
		struct stat before, after;

		assert_int_equal(symlink("/nonexistent", path), 0);
		if (i > 0) { /* leftovers count as what they point to */
			unlink(path);
			database_script(path, "CREATE TABLE t (a)");
		}
		assert_int_equal(lstat(path, &before), 0);
		if (sqlauth_store_create(database.path, NULL, &why) != SQLAUTH_ERROR_EXISTS)
			fail_msg("row %zu: %s", i, message);
		assert_int_equal(lstat(path, &after), 0);
		assert_true(before.st_ino == after.st_ino && before.st_size == after.st_size);
		unlink(path);
	}
	assert_int_equal(sqlauth_store_create("/nonexistent/auth.db", NULL, &why), SQLAUTH_ERROR_SYSTEM);
	assert_non_null(strstr(message, "/nonexistent/auth.db cannot be created: No such file or directory"));
	assert_int_equal(sqlauth_store_create(database.path, "no-such-user-", &why), SQLAUTH_ERROR_NOT_FOUND);
	assert_non_null(strstr(message, "\"no-such-user-\" is unknown"));
	assert_int_equal(access(database.path, F_OK), -1);
}

/* Opens in a child that is not root; gives its error, and its message here. */
static enum sqlauth_error open_unprivileged(void)
{
	int channel[2], status;
	pid_t child;
	ssize_t length;

	assert_int_equal(pipe(channel), 0);
	child = fork();
	if (child == 0) {
		enum sqlauth_error error;

		if (getuid() == 0 && (setgid(NOBODY) != 0 || setuid(NOBODY) != 0))
			_exit(100);
		error = try_open(database.path);
		if (write(channel[1], message, sizeof message) < 0)
			_exit(101);
		_exit((int)error);
	}
	close(channel[1]);
	length = read(channel[0], message, sizeof message);
	close(channel[0]);
	assert_true(length > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return (enum sqlauth_error)WEXITSTATUS(status);
}

/* Permissions are those of others when the test runs as root, and of the owner when not. */
static mode_t for_child(mode_t bits)
{
	return getuid() == 0 ? bits : (mode_t)(bits << 6);
}

static void permissions_that_sqlite_needs_are_checked_with_their_mend(void **state)
{
	static const struct {
		bool wal;
		int database, directory, sidecars; /* bits for the child; sidecars -1: none */
		const char *words;                 /* NULL: opens */
	} rows[] = {
		{false, 4, 5, -1, NULL},
		{false, 0, 5, -1, "cannot be read by user"},
		{false, 4, 4, -1, "cannot be reached: Permission denied; let this user enter its directories"},
		{true, 4, 5, -1, "cannot create"},
		{true, 4, 7, -1, NULL},
		{true, 4, 5, 4, "cannot be written by user"},
		{true, 4, 5, 0, "cannot be read by user"},
		{true, 4, 7, 4, "cannot be written by user"},
		{true, 4, 5, 6, NULL},
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		sqlite3 *keeper = NULL;
		const char *const sidecar[] = {
			database_file(&database, "auth.db-wal"), database_file(&database, "auth.db-shm")};
		enum sqlauth_error error;

		if (rows[i].wal)
			database_create(&database, NULL);
		else
			database_create_rollback(&database, "auth.db", NULL);
		if (rows[i].sidecars >= 0) {
			keeper = database_connect(database.path);
			database_run(keeper, "CREATE TABLE keep (a)");
			for (int k = 0; k < 2; k++)
				assert_int_equal(chmod(sidecar[k], for_child((mode_t)rows[i].sidecars)), 0);
		}
		assert_int_equal(chmod(database.path, for_child((mode_t)rows[i].database)), 0);
		assert_int_equal(chmod(database.directory, for_child((mode_t)rows[i].directory)), 0);
		error = open_unprivileged();
		assert_int_equal(chmod(database.directory, 0700), 0);
		if (rows[i].words == NULL ? error != SQLAUTH_OK
					  : error != SQLAUTH_ERROR_DATABASE || strstr(message, rows[i].words) == NULL)
			fail_msg("row %zu: %s (%s)", i, sqlauth_strerror(error), message);
		sqlite3_close(keeper);
		unlink(database.path);
		unlink(sidecar[0]);
		unlink(sidecar[1]);
	}
}

static void a_new_database_says_what_its_owner_lacks(void **state)
{
	struct stat found;

	(void)state;
	if (getuid() != 0) { /* nobody else can give a file away: creating it for another user has to fail */
		assert_int_equal(sqlauth_store_create(database.path, "root", &why), SQLAUTH_ERROR_SYSTEM);
		assert_int_equal(access(database.path, F_OK), -1);
		return;
	}
	assert_int_equal(sqlauth_store_create(database.path, "nobody", &why), SQLAUTH_ERROR_SYSTEM);
	assert_non_null(strstr(message, "the database was created, but cannot be used yet: "));
	assert_non_null(strstr(message, "user nobody cannot create"));
	assert_non_null(strstr(message, "chmod g+wx"));
	assert_int_equal(stat(database.path, &found), 0);
	assert_int_equal(found.st_uid, NOBODY);
	assert_int_equal(unlink(database.path), 0);
	assert_int_equal(chmod(database.directory, 0707), 0);
	assert_int_equal(sqlauth_store_create(database.path, "nobody", &why), SQLAUTH_OK);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_missing_file_is_named_with_the_command_that_creates_it),
		TEST(what_is_no_database_is_refused),
		TEST(a_database_that_is_not_ours_or_not_whole_is_refused),
		TEST(damage_is_found_at_start),
		TEST(a_path_means_a_file_and_nothing_else),
		TEST(a_created_database_is_whole_and_alone_in_its_directory),
		TEST(nothing_is_ever_replaced_by_a_new_database),
		TEST(permissions_that_sqlite_needs_are_checked_with_their_mend),
		TEST(a_new_database_says_what_its_owner_lacks),
	};

	if (sqlauth_secret_init() != SQLAUTH_OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
