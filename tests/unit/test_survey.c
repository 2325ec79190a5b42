/* What a look over a database finds: rows that its triggers would have refused, and files that the wrong people may
 * use. */
#include "sqlauth/survey.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "store_database.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define TEXT_SIZE    4096

static struct database database;
static char why_buffer[SQLAUTH_MESSAGE_SIZE];
static struct sqlauth_text why;

static int setup(void **state)
{
	(void)state;
	sqlauth_text_init(&why, why_buffer, sizeof why_buffer);
	database_init(&database);
	database_create(&database, DATABASE_CONTENT);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	database_fini(&database);
	return 0;
}

/* ---- rows ---- */

/* Columns with | between them, up to the first NULL; rows end with a line end. */
static enum sqlauth_error note_row(void *context, const char *const *columns)
{
	char *text = context;

	for (size_t i = 0; i < SQLAUTH_SURVEY_COLUMNS_MAX && columns[i] != NULL; i++) {
		size_t length = strlen(text);

		snprintf(text + length, TEXT_SIZE - length, "%s%s", i > 0 ? "|" : "", columns[i]);
	}
	snprintf(text + strlen(text), TEXT_SIZE - strlen(text), "\n");
	return SQLAUTH_OK;
}

static enum sqlauth_error stop(void *context, const char *const *columns)
{
	(void)context;
	(void)columns;
	return SQLAUTH_ERROR_LIMIT;
}

static const char *answer(enum sqlauth_survey_query query)
{
	static char text[TEXT_SIZE];
	struct sqlauth_survey *survey = NULL;

	text[0] = '\0';
	assert_int_equal(sqlauth_survey_open(database.path, &survey, &why), SQLAUTH_OK);
	assert_int_equal(sqlauth_survey_ask(survey, query, note_row, text, &why), SQLAUTH_OK);
	sqlauth_survey_close(survey);
	return text;
}

static void a_sound_database_is_described(void **state)
{
	(void)state;
	assert_string_equal(answer(SQLAUTH_SURVEY_INTEGRITY), "ok\n");
	assert_string_equal(answer(SQLAUTH_SURVEY_JOURNAL_MODE), "wal\n");
	assert_string_equal(answer(SQLAUTH_SURVEY_GROUPS_OF_EVERYBODY), "g3\n");
	assert_string_equal(answer(SQLAUTH_SURVEY_ANONYMOUS_RULES), "g4\n");
	assert_string_equal(answer(SQLAUTH_SURVEY_GROUPS), "g1|2|2\ng2|1|1\ng3|0|1\ng4|0|1\ng5|0|1\ng6|0|1\n");
	assert_string_equal(answer(SQLAUTH_SURVEY_PERMISSIONS),
		"g1|allow|publish|a/%c\ng1|deny|subscribe|b/#\ng2|allow|publish|c\n");
	assert_string_equal(answer(SQLAUTH_SURVEY_CLIENTS_IN_NO_GROUP), "");
	assert_string_equal(answer(SQLAUTH_SURVEY_SHARED_CERTIFICATES), "");
	assert_string_equal(answer(SQLAUTH_SURVEY_STRANGE_CERTIFICATES), "");
	assert_string_equal(answer(SQLAUTH_SURVEY_LOST_ROWS), "");
}

static void clients_without_a_group_are_found_once_nobody_has_one_by_any(void **state)
{
	(void)state;
	database_script(database.path, "DELETE FROM group_rules WHERE match_by = 'any'");
	assert_string_equal(answer(SQLAUTH_SURVEY_CLIENTS_IN_NO_GROUP), "both\ncert\nvalve\n");
}

/* Rows in spite of the triggers that would have refused them. */
static void rows_that_should_not_be_there_are_found(void **state)
{
	(void)state;
	database_script(database.path,
		"CREATE TEMP TABLE doomed AS SELECT name FROM sqlite_schema WHERE type = 'trigger';"
		"PRAGMA writable_schema = ON; DELETE FROM sqlite_schema WHERE type = 'trigger';"
		"PRAGMA writable_schema = RESET; VACUUM;");
	database_script(database.path,
		"PRAGMA ignore_check_constraints = ON;"
		"INSERT INTO client_certificates (client, match_by, value) VALUES ('gone', 'common_name', 'x'), "
		"  ('pump', 'fingerprint', 'sha256:00'), ('pump', 'uri', 'both.example'), ('valve', 'dns', "
		"'V.Example');"
		"INSERT INTO acl_permissions (group_name, permission, action, topic) "
		"  VALUES ('lost', 'allow', 'publish', 'a');"
		"INSERT INTO group_rules (match_by, value, group_name) VALUES ('client', 'gone', 'g1'), "
		"  ('any', '*', 'lost'), ('certificate_fingerprint', 'ab:cd', 'g2');");
	assert_string_equal(answer(SQLAUTH_SURVEY_LOST_ROWS),
		"client_certificates|gone\nacl_permissions|lost\ngroup_rules|lost\ngroup_rules|gone\n");
	assert_string_equal(answer(SQLAUTH_SURVEY_STRANGE_CERTIFICATES),
		"pump|fingerprint|sha256:00\nvalve|dns|V.Example\ng2|certificate_fingerprint|ab:cd\n");
	assert_string_equal(answer(SQLAUTH_SURVEY_SHARED_CERTIFICATES), "both.example|both|dns|pump|uri\n");
}

static void the_visitor_ends_a_query(void **state)
{
	struct sqlauth_survey *survey = NULL;

	(void)state;
	assert_int_equal(sqlauth_survey_open(database.path, &survey, &why), SQLAUTH_OK);
	assert_int_equal(sqlauth_survey_ask(survey, SQLAUTH_SURVEY_CLIENTS, stop, NULL, &why), SQLAUTH_ERROR_LIMIT);
	sqlauth_survey_close(survey);
}

static void a_query_on_a_database_that_has_gone_bad_is_an_error(void **state)
{
	struct sqlauth_survey *survey = NULL;
	char text[TEXT_SIZE] = "";

	(void)state;
	assert_int_equal(sqlauth_survey_open(database.path, &survey, &why), SQLAUTH_OK);
	database_script(database.path, "DROP TABLE acl_permissions");
	assert_int_equal(
		sqlauth_survey_ask(survey, SQLAUTH_SURVEY_PERMISSIONS, note_row, text, &why), SQLAUTH_ERROR_DATABASE);
	assert_non_null(strstr(why.data, "cannot be read: no such table: acl_permissions"));
	sqlauth_survey_close(survey);
}

static void what_is_not_ours_is_not_looked_over(void **state)
{
	struct sqlauth_survey *survey = NULL;

	(void)state;
	database_script(database_file(&database, "other.db"), "CREATE TABLE t (x)");
	assert_int_equal(
		sqlauth_survey_open(database_file(&database, "other.db"), &survey, &why), SQLAUTH_ERROR_DATABASE);
	assert_null(survey);
	sqlauth_survey_close(NULL);
}

/* Name and text of each trigger. */
static enum sqlauth_error list_differences(void *context, const char *const *columns)
{
	sqlauth_text_add(context, "%s %s %s;", columns[0], columns[1], columns[2]);
	return SQLAUTH_OK;
}

static void what_differs_from_a_new_database_is_told(void **state)
{
	struct sqlauth_survey *survey = NULL;
	char data[SQLAUTH_MESSAGE_SIZE];
	struct sqlauth_text differences;

	(void)state;
	sqlauth_text_init(&differences, data, sizeof data);
	assert_int_equal(sqlauth_survey_open(database.path, &survey, &why), SQLAUTH_OK);
	assert_int_equal(sqlauth_survey_schema(survey, list_differences, &differences, &why), SQLAUTH_OK);
	assert_string_equal(data, "");
	database_script(database.path, "CREATE TRIGGER more AFTER INSERT ON groups BEGIN SELECT 1; END;"
				       "DROP VIEW client_list;"
				       "DROP INDEX clients_by_visible_username;"
				       "CREATE INDEX clients_by_visible_username ON clients (description);");
	assert_int_equal(sqlauth_survey_schema(survey, list_differences, &differences, &why), SQLAUTH_OK);
	assert_string_equal(data, "index clients_by_visible_username changed;trigger more extra;"
				  "view client_list missing;");
	assert_int_equal(sqlauth_survey_schema(survey, stop, NULL, &why), SQLAUTH_ERROR_LIMIT);
	sqlauth_survey_close(survey);
}

/* ---- files ---- */

struct findings {
	size_t count;
	char texts[4][2][SQLAUTH_MESSAGE_SIZE]; /* what and the mend, severity */
	enum sqlauth_error answer;              /* of the visitor */
};

static enum sqlauth_error note_finding(void *context, const char *const *columns)
{
	struct findings *findings = context;

	assert_in_range(findings->count, 0, 3);
	for (size_t i = 0; i < 2; i++)
		snprintf(findings->texts[findings->count][i], SQLAUTH_MESSAGE_SIZE, "%s", columns[i + 1]);
	findings->count++;
	return findings->answer;
}

static void the_modes_of_file_and_directory_are_judged(void **state)
{
	static const struct {
		mode_t file, directory;
		const char *said[2]; /* what; the rest is the severity's */
		const char *severity[2];
	} rows[] = {
		{0640, 0750, {NULL, NULL}, {NULL, NULL}},
		{0600, 0700, {NULL, NULL}, {NULL, NULL}},
		{0644, 0750, {"may read its password hashes", NULL}, {"warning", NULL}},
		{0646, 0750, {"may write it", NULL}, {"error", NULL}},
		{0640, 0777, {"may exchange files in it", NULL}, {"error", NULL}},
		{0666, 0777, {"may write it", "may exchange files in it"}, {"error", "error"}},
		/* as /tmp is: nobody removes what is another's */
		{0640, 01777, {NULL, NULL}, {NULL, NULL}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct findings findings = {.answer = SQLAUTH_OK};
		size_t expected = 0;

		assert_int_equal(chmod(database.path, rows[i].file), 0);
		assert_int_equal(chmod(database.directory, rows[i].directory), 0);
		assert_int_equal(
			sqlauth_survey_files(database.path, true, NULL, note_finding, &findings, &why), SQLAUTH_OK);
		while (expected < 2 && rows[i].said[expected] != NULL) {
			if (strstr(findings.texts[expected][0], rows[i].said[expected]) == NULL)
				fail_msg("row %zu: \"%s\"", i, findings.texts[expected][0]);
			assert_non_null(strstr(findings.texts[expected][0], "; chmod o-"));
			assert_string_equal(findings.texts[expected][1], rows[i].severity[expected]);
			expected++;
		}
		if (findings.count != expected)
			fail_msg("row %zu: %zu findings", i, findings.count);
	}
	assert_int_equal(chmod(database.directory, 0700), 0);
}

static void the_visitor_ends_the_look_at_files(void **state)
{
	struct findings findings = {.answer = SQLAUTH_ERROR_LIMIT};

	(void)state;
	assert_int_equal(chmod(database.path, 0666), 0);
	assert_int_equal(chmod(database.directory, 0777), 0);
	assert_int_equal(
		sqlauth_survey_files(database.path, true, NULL, note_finding, &findings, &why), SQLAUTH_ERROR_LIMIT);
	assert_int_equal(findings.count, 1);
	assert_int_equal(chmod(database.directory, 0700), 0);
}

/* A user who may not even enter the directory. */
static void a_user_is_judged_by_name(void **state)
{
	struct findings findings = {.answer = SQLAUTH_OK};

	(void)state;
	assert_int_equal(chmod(database.path, 0600), 0);
	assert_int_equal(
		sqlauth_survey_files(database.path, true, "daemon", note_finding, &findings, &why), SQLAUTH_OK);
	assert_int_equal(findings.count, 1);
	assert_non_null(strstr(findings.texts[0][0], "daemon"));
	assert_string_equal(findings.texts[0][1], "error");

	/* readable for everybody, in WAL mode and not */
	findings.count = 0;
	assert_int_equal(chmod(database.path, 0644), 0);
	assert_int_equal(
		sqlauth_survey_files(database.path, true, "daemon", note_finding, &findings, &why), SQLAUTH_OK);
	assert_int_equal(findings.count, 2);
	assert_non_null(strstr(findings.texts[0][0], "WAL mode"));
	findings.count = 0;
	assert_int_equal(
		sqlauth_survey_files(database.path, false, "daemon", note_finding, &findings, &why), SQLAUTH_OK);
	assert_int_equal(findings.count, 1);
	assert_string_equal(findings.texts[0][1], "warning");

	assert_int_equal(sqlauth_survey_files(database.path, true, "no-such-user-here", note_finding, &findings, &why),
		SQLAUTH_ERROR_NOT_FOUND);
	assert_string_equal(why.data, "user \"no-such-user-here\" is unknown");
}

static void of_a_file_that_is_not_there_nothing_is_said(void **state)
{
	struct findings findings = {.answer = SQLAUTH_OK};

	(void)state;
	assert_int_equal(
		sqlauth_survey_files(database_file(&database, "missing.db"), true, NULL, note_finding, &findings, &why),
		SQLAUTH_OK);
	assert_int_equal(findings.count, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_sound_database_is_described),
		TEST(clients_without_a_group_are_found_once_nobody_has_one_by_any),
		TEST(rows_that_should_not_be_there_are_found),
		TEST(the_visitor_ends_a_query),
		TEST(a_query_on_a_database_that_has_gone_bad_is_an_error),
		TEST(what_is_not_ours_is_not_looked_over),
		TEST(what_differs_from_a_new_database_is_told),
		TEST(the_modes_of_file_and_directory_are_judged),
		TEST(the_visitor_ends_the_look_at_files),
		TEST(a_user_is_judged_by_name),
		TEST(of_a_file_that_is_not_there_nothing_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
