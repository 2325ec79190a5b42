/* Snapshots, restores, upgrades, foreign databases and surveys while memory and the disk fail: an error or the whole
 * thing, nothing left behind, and never half a database. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "allocations.h"
#include "faults.h"
#include "sqlauth/foreign.h"
#include "sqlauth/maintenance.h"
#include "sqlauth/secret.h"
#include "sqlauth/store.h"
#include "sqlauth/survey.h"
#include "store/upgrade.h"
#include "store_database.h"

static struct database database;
static char why_buffer[SQLAUTH_MESSAGE_SIZE];
static struct sqlauth_text why;

/* The names of the groups, one after the other, of a database that must be sound. */
static const char *groups_of(const char *path)
{
	static char names[64];
	sqlite3 *db = database_connect(path);
	sqlite3_stmt *statement = NULL;

	assert_int_equal(
		sqlite3_prepare_v2(db,
			"SELECT (SELECT group_concat(name, ' ') FROM (SELECT name FROM groups ORDER BY name)), "
			"(SELECT integrity_check FROM pragma_integrity_check)",
			-1, &statement, NULL),
		SQLITE_OK);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	snprintf(names, sizeof(names), "%s", (const char *)sqlite3_column_text(statement, 0));
	assert_string_equal((const char *)sqlite3_column_text(statement, 1), "ok");
	sqlite3_finalize(statement);
	sqlite3_close(db);
	return names;
}

/* Files in the directory that were begun and not finished. */
static size_t count_leftovers(void)
{
	DIR *directory = opendir(database.directory);
	struct dirent *entry;
	size_t count = 0;

	assert_non_null(directory);
	while ((entry = readdir(directory)) != NULL)
		count += strstr(entry->d_name, ".new-") != NULL;
	closedir(directory);
	return count;
}

static void check_error(enum sqlauth_error error)
{
	assert_true(error == SQLAUTH_ERROR_MEMORY || error == SQLAUTH_ERROR_BUSY || error == SQLAUTH_ERROR_DATABASE ||
		    error == SQLAUTH_ERROR_SYSTEM || error == SQLAUTH_ERROR_EXISTS);
}

/* Runs `action` with every fault of every kind until one run passes untouched; `check` looks after each. */
static void try_all(enum sqlauth_error (*action)(void), void (*check)(enum sqlauth_error error))
{
	for (size_t i = 0; i < FAULT_KINDS; i++) {
		size_t nth;

		for (nth = 1; nth < FAULTS_MAX; nth += 1 + nth / 16) {
			size_t live = allocations_live();
			enum sqlauth_error error;
			bool passed;

			faults[i].arm(nth);
			error = action();
			passed = faults[i].pending();
			faults[i].arm(0);
			if (allocations_live() != live)
				fail_msg("fault %zu.%zu: %zu blocks more", i, nth, allocations_live() - live);
			if (error != SQLAUTH_OK)
				check_error(error);
			check(error);
			if (passed) {
				assert_int_equal(error, SQLAUTH_OK);
				break;
			}
		}
		assert_in_range(nth, 5, FAULTS_MAX - 1);
	}
}

static enum sqlauth_error take_snapshot(void)
{
	return sqlauth_snapshot(database.path, database_file(&database, "copy.db"), false, &why);
}

static void check_snapshot(enum sqlauth_error error)
{
	const char *copy = database_file(&database, "copy.db");

	assert_int_equal(count_leftovers(), 0);
	if (error == SQLAUTH_OK)
		assert_string_equal(groups_of(copy), "old");
	assert_int_equal(access(copy, F_OK), error == SQLAUTH_OK ? 0 : -1);
	unlink(copy);
}

static void a_snapshot_is_whole_or_not_there(void **state)
{
	(void)state;
	database_create(&database, "INSERT INTO groups (name) VALUES ('old')");
	try_all(take_snapshot, check_snapshot);
}

static enum sqlauth_error restore(void)
{
	return sqlauth_restore(database.path, database_file(&database, "source.db"), NULL, &why);
}

static void check_restore(enum sqlauth_error error)
{
	const char *names = groups_of(database.path);

	if (error == SQLAUTH_OK)
		assert_string_equal(names, "new");
	else if (strcmp(names, "old") != 0 && strcmp(names, "new") != 0)
		fail_msg("neither old nor new: %s", names);
	database_script(database.path, "DELETE FROM groups; INSERT INTO groups (name) VALUES ('old')");
}

static void a_restore_leaves_the_old_content_or_the_new(void **state)
{
	(void)state;
	database_create(&database, "INSERT INTO groups (name) VALUES ('old')");
	database_create_rollback(&database, "source.db", "INSERT INTO groups (name) VALUES ('new')");
	try_all(restore, check_restore);
}

static enum sqlauth_error upgrade(void)
{
	static const struct sqlauth_upgrade_step steps[] = {
		{1, "CREATE TABLE two (x)"}, {2, "CREATE TABLE three (x)"}, {0, NULL}};
	int from = 0;
	enum sqlauth_error error = sqlauth_upgrade_by(database.path, steps, 3, &from, &why);

	assert_int_equal(from, error == SQLAUTH_OK ? 1 : 0);
	return error;
}

/* Of version 1 without the tables, or of version 3 with both: a commit whose last step fails may have been one. */
static void check_upgrade(enum sqlauth_error error)
{
	static const char sql[] = "SELECT (SELECT value FROM schema_info WHERE key = 'schema_version'), "
				  "(SELECT count(*) FROM sqlite_schema WHERE name IN ('two', 'three'))";
	sqlite3 *db = database_connect(database.path);
	sqlite3_stmt *statement = NULL;
	int version, tables;

	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	version = sqlite3_column_int(statement, 0);
	tables = sqlite3_column_int(statement, 1);
	sqlite3_finalize(statement);
	if ((version != 1 || tables != 0) && (version != 3 || tables != 2))
		fail_msg("version %d with %d tables", version, tables);
	if (error == SQLAUTH_OK)
		assert_int_equal(version, 3);
	database_run(db, "DROP TABLE IF EXISTS two; DROP TABLE IF EXISTS three;"
			 "UPDATE schema_info SET value = '1' WHERE key = 'schema_version'");
	sqlite3_close(db);
}

static void an_upgrade_is_whole_or_not_there(void **state)
{
	(void)state;
	database_create(&database, NULL);
	try_all(upgrade, check_upgrade);
}

static enum sqlauth_error count_row(void *context, const char *const *columns)
{
	(void)columns;
	(*(size_t *)context)++;
	return SQLAUTH_OK;
}

static enum sqlauth_error look_over(void)
{
	struct sqlauth_survey *survey = NULL;
	size_t count = 0;
	enum sqlauth_error error = sqlauth_survey_open(database.path, &survey, &why);

	for (int query = 0; query < SQLAUTH_SURVEYS && error == SQLAUTH_OK; query++)
		error = sqlauth_survey_ask(survey, (enum sqlauth_survey_query)query, count_row, &count, &why);
	sqlauth_survey_close(survey);
	if (error == SQLAUTH_OK)
		assert_true(count > 20);
	return error;
}

static enum sqlauth_error read_foreign(void)
{
	static const char json[] = "{\"roles\": [{\"rolename\": \"r\", \"acls\": "
				   "[{\"acltype\": \"publishClientSend\", \"topic\": \"a\", \"allow\": true}]}]}";
	struct sqlauth_foreign *foreign = NULL;
	size_t count = 0;
	enum sqlauth_error error = sqlauth_foreign_open_json(json, strlen(json), &foreign, &why);

	for (int query = 0; query < SQLAUTH_FOREIGN_QUERIES && error == SQLAUTH_OK; query++)
		error = sqlauth_foreign_ask(foreign, (enum sqlauth_foreign_query)query, count_row, &count, &why);
	sqlauth_foreign_close(foreign);
	if (error == SQLAUTH_OK)
		assert_int_equal(count, 3); /* the defaults, the role, its ACL */
	return error;
}

static void check_nothing(enum sqlauth_error error)
{
	(void)error;
}

static void a_survey_fails_or_sees_everything(void **state)
{
	(void)state;
	database_create(&database, DATABASE_CONTENT);
	try_all(look_over, check_nothing);
}

static void a_json_text_is_read_whole_or_not_at_all(void **state)
{
	(void)state;
	for (size_t nth = 1; nth < FAULTS_MAX; nth += 1 + nth / 16) {
		enum sqlauth_error error;
		bool passed;

		faults[0].arm(nth);
		error = read_foreign();
		passed = faults[0].pending();
		faults[0].arm(0);
		/* SQLite's json_valid takes a lack of memory for a fault of the text: INVALID */
		if (error != SQLAUTH_OK && error != SQLAUTH_ERROR_MEMORY && error != SQLAUTH_ERROR_INVALID)
			fail_msg("allocation %zu: %s", nth, why.data);
		if (passed)
			return;
	}
	fail_msg("no end");
}

static int begin(void **state)
{
	(void)state;
	sqlauth_text_init(&why, why_buffer, sizeof(why_buffer));
	database_init(&database);
	return 0;
}

static int end(void **state)
{
	(void)state;
	database_fini(&database);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_snapshot_is_whole_or_not_there),
		TEST(a_restore_leaves_the_old_content_or_the_new),
		TEST(an_upgrade_is_whole_or_not_there),
		TEST(a_survey_fails_or_sees_everything),
		TEST(a_json_text_is_read_whole_or_not_at_all),
	};

	faults_install();
	assert_int_equal(sqlauth_secret_init(), SQLAUTH_OK);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
