/* Upgrades by steps of the tests' own: one transaction, from any version on, or not at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "sqlauth/maintenance.h"
#include "sqlauth/store.h"
#include "store/upgrade.h"

static const struct sqlauth_upgrade_step steps[] = {
	{1, "CREATE TABLE two (x)"},
	{2, "CREATE TABLE three (x)"},
	{3, "CREATE TABLE two (x)"}, /* fails */
	{0, NULL},
};

static char directory[] = "/tmp/sqlauth-upgrade-XXXXXX";
static char path[sizeof(directory) + 16];
static char buffer[SQLAUTH_MESSAGE_SIZE];
static struct sqlauth_text why;

static int make_database(void **state)
{
	(void)state;
	memcpy(directory + sizeof(directory) - 7, "XXXXXX", 6);
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/a.db", directory);
	sqlauth_text_init(&why, buffer, sizeof(buffer));
	return sqlauth_store_create(path, NULL, &why) == SQLAUTH_OK ? 0 : -1;
}

static int remove_database(void **state)
{
	static const char *const suffixes[] = {"", "-wal", "-shm"};
	char name[sizeof(path) + 8];

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		snprintf(name, sizeof(name), "%s%s", path, suffixes[i]);
		unlink(name);
	}
	return rmdir(directory);
}

/* The first column of the first row as a number; -1 for an error. */
static int ask(const char *sql)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *statement = NULL;
	int answer = -1;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW)
		answer = sqlite3_column_int(statement, 0);
	sqlite3_finalize(statement);
	sqlite3_close(db);
	return answer;
}

static int version(void)
{
	return ask("SELECT value FROM schema_info WHERE key = 'schema_version'");
}

static void a_current_database_needs_no_step(void **state)
{
	int from = 0;

	(void)state;
	assert_int_equal(sqlauth_upgrade_by(path, steps, 1, &from, &why), SQLAUTH_OK);
	assert_int_equal(from, 1);
	assert_int_equal(version(), 1);
}

static void all_steps_up_to_the_version_are_taken(void **state)
{
	int from = 0;

	(void)state;
	assert_int_equal(sqlauth_upgrade_by(path, steps, 3, &from, &why), SQLAUTH_OK);
	assert_int_equal(from, 1);
	assert_int_equal(version(), 3);
	assert_int_equal(ask("SELECT count(*) FROM two"), 0);
	assert_int_equal(ask("SELECT count(*) FROM three"), 0);
}

static void a_step_that_fails_undoes_those_before_it(void **state)
{
	int from = 7;

	(void)state;
	assert_int_equal(sqlauth_upgrade_by(path, steps, 4, &from, &why), SQLAUTH_ERROR_DATABASE);
	assert_int_equal(from, 7);
	assert_int_equal(version(), 1);
	assert_int_equal(ask("SELECT count(*) FROM two"), -1);
	assert_non_null(strstr(why.data, "two"));
}

static void a_version_without_a_step_is_refused(void **state)
{
	int from = 7;

	(void)state;
	assert_int_equal(sqlauth_upgrade_by(path, steps + 1, 3, &from, &why), SQLAUTH_ERROR_DATABASE);
	assert_int_equal(version(), 1);
	assert_non_null(strstr(why.data, "schema version 1"));
}

static void a_newer_database_is_refused(void **state)
{
	int from = 0;

	(void)state;
	assert_int_equal(sqlauth_upgrade_by(path, steps, 2, &from, &why), SQLAUTH_OK);
	assert_int_equal(sqlauth_upgrade_by(path, steps, 1, &from, &why), SQLAUTH_ERROR_DATABASE);
	assert_non_null(strstr(why.data, "newer"));
	assert_int_equal(version(), 2);
}

/* ---- what cannot be upgraded ---- */

static void execute(const char *sql)
{
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void a_new_database_is_current(void **state)
{
	int from = 0;

	(void)state;
	assert_int_equal(sqlauth_upgrade(path, &from, &why), SQLAUTH_OK);
	assert_int_equal(from, SQLAUTH_SCHEMA_VERSION);
}

static void a_schema_version_that_is_no_number_is_refused(void **state)
{
	static const char *const values[] = {"''", "'one'", "'1x'", "'-1'", "'1000001'", "NULL"};

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		char sql[256];
		int from = 7;

		snprintf(sql, sizeof(sql),
			"DROP TABLE schema_info; CREATE TABLE schema_info (key TEXT, value TEXT);"
			"INSERT INTO schema_info VALUES ('application', 'mosquitto-sqlauth'), ('schema_version', %s)",
			values[i]);
		execute(sql);
		if (sqlauth_upgrade_by(path, steps, 2, &from, &why) != SQLAUTH_ERROR_DATABASE ||
			strstr(why.data, "has no valid schema_version") == NULL)
			fail_msg("%s: %s", values[i], why.data);
		assert_int_equal(from, 7);
	}
}

static void a_foreign_database_is_left_alone(void **state)
{
	static const char *const edits[] = {
		"UPDATE schema_info SET value = 'other' WHERE key = 'application'", "DROP TABLE schema_info"};
	int from = 7;

	(void)state;
	for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
		execute(edits[i]);
		assert_int_equal(sqlauth_upgrade_by(path, steps, 2, &from, &why), SQLAUTH_ERROR_DATABASE);
		assert_non_null(strstr(why.data, "another application"));
		assert_int_equal(ask("SELECT count(*) FROM two"), -1);
	}
}

static void a_file_that_cannot_be_opened_is_said(void **state)
{
	char missing[sizeof(path) + 8];
	int from = 7;

	(void)state;
	snprintf(missing, sizeof(missing), "%s.none", path);
	assert_int_equal(sqlauth_upgrade_by(missing, steps, 2, &from, &why), SQLAUTH_ERROR_DATABASE);
	assert_non_null(strstr(why.data, missing));
	assert_int_not_equal(access(missing, F_OK), 0);
}

static void a_file_that_is_no_database_is_said(void **state)
{
	FILE *file = fopen(path, "wb");
	int from = 7;

	(void)state;
	for (int i = 0; i < 1000; i++)
		fputs("this is a text, ", file);
	fclose(file);
	assert_int_equal(sqlauth_upgrade_by(path, steps, 2, &from, &why), SQLAUTH_ERROR_DATABASE);
	assert_non_null(strstr(why.data, "is not an SQLite database"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_database, remove_database)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_current_database_needs_no_step),
		TEST(all_steps_up_to_the_version_are_taken),
		TEST(a_step_that_fails_undoes_those_before_it),
		TEST(a_version_without_a_step_is_refused),
		TEST(a_newer_database_is_refused),
		TEST(a_new_database_is_current),
		TEST(a_schema_version_that_is_no_number_is_refused),
		TEST(a_foreign_database_is_left_alone),
		TEST(a_file_that_cannot_be_opened_is_said),
		TEST(a_file_that_is_no_database_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
