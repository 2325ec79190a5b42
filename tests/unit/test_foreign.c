/* Another program's database: which statements may be run on it, what comes out, and what is refused. */
#include "sqlauth/foreign.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "store_database.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static struct database database;
static char why_buffer[SQLAUTH_MESSAGE_SIZE];
static struct sqlauth_text why;

static int setup(void **state)
{
	(void)state;
	sqlauth_text_init(&why, why_buffer, sizeof why_buffer);
	database_init(&database);
	database_script(database_file(&database, "old.db"),
		"CREATE TABLE account (name TEXT, pass TEXT, super INTEGER);"
		"INSERT INTO account VALUES ('a', 'x', 1), ('b', NULL, 0), ('c', cast(x'780079' AS TEXT), 0);");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	database_fini(&database);
	return 0;
}

static struct sqlauth_foreign *open_old(void)
{
	struct sqlauth_foreign *foreign = NULL;

	assert_int_equal(sqlauth_foreign_open_database(database_file(&database, "old.db"), &foreign, &why), SQLAUTH_OK);
	return foreign;
}

/* Rows with | between the columns, and a line end. */
static enum sqlauth_error note_row(void *context, const char *const *columns)
{
	char *text = context;
	size_t length = strlen(text);

	snprintf(text + length, 256 - length, "%s|%s\n", columns[0], columns[1] == NULL ? "(null)" : columns[1]);
	return SQLAUTH_OK;
}

static enum sqlauth_error stop_at_the_first(void *context, const char *const *columns)
{
	(void)columns;
	++*(int *)context;
	return SQLAUTH_ERROR_LIMIT;
}

static enum sqlauth_error no_row(void *context, const char *const *columns)
{
	(void)context;
	fail_msg("a row: %s", columns[0]);
	return SQLAUTH_OK;
}

static void rows_come_as_texts(void **state)
{
	struct sqlauth_foreign *foreign = open_old();
	char text[256] = "";

	(void)state;
	assert_int_equal(sqlauth_foreign_select(foreign,
				 "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2) "
				 "SELECT lower(name) || i, pass FROM account, n WHERE name < 'c' ORDER BY 1; ",
				 2, note_row, text, &why),
		SQLAUTH_OK);
	assert_string_equal(text, "a1|x\na2|x\nb1|(null)\nb2|(null)\n");
	sqlauth_foreign_close(foreign);
}

static void the_visitor_ends_the_reading(void **state)
{
	struct sqlauth_foreign *foreign = open_old();
	int rows = 0;

	(void)state;
	assert_int_equal(
		sqlauth_foreign_select(foreign, "SELECT name, super FROM account", 2, stop_at_the_first, &rows, &why),
		SQLAUTH_ERROR_LIMIT);
	assert_int_equal(rows, 1);
	sqlauth_foreign_close(foreign);
}

static void only_one_query_of_the_right_width_is_run(void **state)
{
	static const struct {
		const char *sql;
		const char *said;
	} rows[] = {
		{"DELETE FROM account", "not authorized"},
		{"INSERT INTO account VALUES ('d', 'y', 0)", "not authorized"},
		{"DROP TABLE account", "not authorized"},
		{"ATTACH 'other.db' AS other", "not authorized"},
		{"PRAGMA journal_mode = WAL", "not authorized"},
		{"VACUUM INTO 'copy.db'", "must be one query"},
		{"BEGIN IMMEDIATE", "not authorized"},
		{"SELECT load_extension('x'), 1", "not authorized"},
		{"SELECT load_EXTENSION('x'), 1", "not authorized"},
		{"", "must be one query"},
		{" -- nothing", "must be one query"},
		{"SELECT name FROM account", "must be one query of 2 columns"},
		{"SELECT name, pass, super FROM account", "must be one query of 2 columns"},
		{"SELECT name, pass FROM account WHERE name = ?", "without parameters"},
		{"SELECT name, pass FROM account; SELECT 1, 2", "must be one query"},
		{"SELECT name, absent FROM account", "no such column: absent"},
		{"SELECT name, pass FROM absent", "no such table: absent"},
		{"SELECT name, FROM account", "syntax error"},
	};
	struct sqlauth_foreign *foreign = open_old();

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		enum sqlauth_error error = sqlauth_foreign_select(foreign, rows[i].sql, 2, no_row, NULL, &why);

		if (error != SQLAUTH_ERROR_INVALID || strstr(why.data, rows[i].said) == NULL)
			fail_msg("row %zu: %s, \"%s\"", i, sqlauth_strerror(error), why.data);
	}
	sqlauth_foreign_close(foreign);
	assert_int_not_equal(access(database_file(&database, "copy.db"), F_OK), 0);
}

static void a_text_with_a_nul_is_refused(void **state)
{
	struct sqlauth_foreign *foreign = open_old();

	(void)state;
	assert_int_equal(sqlauth_foreign_select(
				 foreign, "SELECT name, pass FROM account WHERE name = 'c'", 2, no_row, NULL, &why),
		SQLAUTH_ERROR_INVALID);
	assert_non_null(strstr(why.data, "NUL"));
	sqlauth_foreign_close(foreign);
}

static void an_error_in_the_middle_is_said(void **state)
{
	struct sqlauth_foreign *foreign = open_old();

	(void)state;
	assert_int_not_equal(sqlauth_foreign_select(foreign,
				     "SELECT abs(-9223372036854775807 - super * 0 - 1), 1 "
				     "FROM account",
				     2, no_row, NULL, &why),
		SQLAUTH_OK);
	assert_non_null(strstr(why.data, "it cannot be read: integer overflow"));
	sqlauth_foreign_close(foreign);
}

static void a_file_that_is_no_database_is_said(void **state)
{
	struct sqlauth_foreign *foreign = NULL;

	(void)state;
	assert_int_equal(sqlauth_foreign_open_database(database_file(&database, "missing.db"), &foreign, &why),
		SQLAUTH_ERROR_DATABASE);
	assert_null(foreign);
	assert_non_null(strstr(why.data, "missing.db: unable to open database file"));

	database_overwrite(database_file(&database, "old.db"), 0, "no header of SQLite's", 21);
	foreign = open_old();
	assert_int_equal(sqlauth_foreign_select(foreign, "SELECT name, pass FROM account", 2, no_row, NULL, &why),
		SQLAUTH_ERROR_DATABASE);
	assert_non_null(strstr(why.data, "not a database"));
	sqlauth_foreign_close(foreign);
}

/* A name that SQLite takes for something else: only a file is ever opened. */
static void a_name_is_a_file_and_nothing_else(void **state)
{
	static const char *const names[] = {":memory:", "", "file:old.db?mode=rwc"};
	char before[4096];

	(void)state;
	assert_non_null(getcwd(before, sizeof before));
	assert_int_equal(chdir(database.directory), 0);
	for (size_t i = 0; i < COUNT(names); i++) {
		struct sqlauth_foreign *foreign = NULL;

		assert_int_not_equal(sqlauth_foreign_open_database(names[i], &foreign, &why), SQLAUTH_OK);
		assert_null(foreign);
	}
	assert_int_equal(chdir(before), 0);
}

static void a_relative_name_is_below_the_working_directory(void **state)
{
	struct sqlauth_foreign *foreign = NULL;
	char before[4096], text[256] = "";

	(void)state;
	assert_non_null(getcwd(before, sizeof before));
	assert_int_equal(chdir(database.directory), 0);
	assert_int_equal(sqlauth_foreign_open_database("old.db", &foreign, &why), SQLAUTH_OK);
	assert_int_equal(chdir(before), 0);
	assert_int_equal(
		sqlauth_foreign_select(foreign, "SELECT name, super FROM account LIMIT 1", 2, note_row, text, &why),
		SQLAUTH_OK);
	assert_string_equal(text, "a|1\n");
	sqlauth_foreign_close(foreign);
}

static void only_a_json_object_is_a_configuration(void **state)
{
	static const char *const texts[] = {"", "{", "[]", "7", "\"text\"", "null", "{} {}"};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct sqlauth_foreign *foreign = NULL;

		assert_int_equal(
			sqlauth_foreign_open_json(texts[i], strlen(texts[i]), &foreign, &why), SQLAUTH_ERROR_INVALID);
		assert_string_equal(why.data, "is not a JSON object");
		assert_null(foreign);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(rows_come_as_texts),
		TEST(the_visitor_ends_the_reading),
		TEST(only_one_query_of_the_right_width_is_run),
		TEST(a_text_with_a_nul_is_refused),
		TEST(an_error_in_the_middle_is_said),
		TEST(a_file_that_is_no_database_is_said),
		TEST(a_name_is_a_file_and_nothing_else),
		TEST(a_relative_name_is_below_the_working_directory),
		TEST(only_a_json_object_is_a_configuration),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
