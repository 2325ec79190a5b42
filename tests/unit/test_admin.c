/* The tool's writing connection: every action runs, refusals are told apart, and a fault leaves all or nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "allocations.h"
#include "faults.h"
#include "sqlauth/admin.h"
#include "sqlauth/secret.h"
#include "store/admin_statements.h"
#include "store_database.h"

#define VALUES(...)                                                                                                    \
	(const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *)

static struct database database;
static struct sqlauth_admin *admin;
static char message[SQLAUTH_MESSAGE_SIZE];
static struct sqlauth_text why;

static int set_up(void **state)
{
	(void)state;
	database_init(&database);
	database_create(&database, DATABASE_CONTENT);
	sqlauth_text_init(&why, message, sizeof message);
	assert_int_equal(sqlauth_admin_open(database.path, &admin, &why), SQLAUTH_OK);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	sqlauth_admin_close(admin);
	admin = NULL;
	database_fini(&database);
	return 0;
}

static enum sqlauth_error count_row(void *context, const char *const *columns)
{
	(void)columns;
	++*(size_t *)context;
	return SQLAUTH_OK;
}

static enum sqlauth_error keep_number(void *context, const char *const *columns)
{
	*(long *)context = strtol(columns[0], NULL, 10);
	return SQLAUTH_OK;
}

static long count_groups(void)
{
	long count = -1;

	assert_int_equal(sqlauth_admin_read(admin, SQLAUTH_ADMIN_GROUP_COUNT, VALUES(NULL), keep_number, &count, &why),
		SQLAUTH_OK);
	return count;
}

static void every_action_takes_as_many_values_as_its_comment_says(void **state)
{
	static const char *const values[SQLAUTH_ADMIN_VALUES_MAX] = {"1", "1", "1", "1", "1", "1", "1", "1", "1"};
	static const size_t counts[SQLAUTH_ADMIN_ACTIONS] = {
		[SQLAUTH_ADMIN_CLIENT_ADD] = 7,
		[SQLAUTH_ADMIN_CLIENT_EDIT] = 9,
		[SQLAUTH_ADMIN_CLIENT_DISCONNECT] = 2,
		[SQLAUTH_ADMIN_CLIENT_DELETE] = 1,
		[SQLAUTH_ADMIN_CLIENT_SHOW] = 1,
		[SQLAUTH_ADMIN_CLIENT_CERTIFICATES] = 1,
		[SQLAUTH_ADMIN_CLIENT_GROUPS] = 1,
		[SQLAUTH_ADMIN_CLIENT_NAMES] = 1,
		[SQLAUTH_ADMIN_CLIENT_COUNT] = 1,
		[SQLAUTH_ADMIN_CERTIFICATE_ADD] = 3,
		[SQLAUTH_ADMIN_CERTIFICATE_REMOVE] = 3,
		[SQLAUTH_ADMIN_CERTIFICATE_OWNER] = 2,
		[SQLAUTH_ADMIN_GROUP_ADD] = 2,
		[SQLAUTH_ADMIN_GROUP_EDIT] = 3,
		[SQLAUTH_ADMIN_GROUP_DELETE] = 1,
		[SQLAUTH_ADMIN_GROUP_SHOW] = 1,
		[SQLAUTH_ADMIN_GROUP_PERMISSIONS] = 1,
		[SQLAUTH_ADMIN_GROUP_RULES] = 2,
		[SQLAUTH_ADMIN_GROUP_COUNT] = 1,
		[SQLAUTH_ADMIN_PERMISSION_ADD] = 4,
		[SQLAUTH_ADMIN_PERMISSION_REMOVE] = 4,
		[SQLAUTH_ADMIN_PERMISSIONS_OF] = 2,
		[SQLAUTH_ADMIN_RULE_ADD] = 3,
		[SQLAUTH_ADMIN_RULE_REMOVE] = 3,
		[SQLAUTH_ADMIN_RULE_COUNT] = 1,
		[SQLAUTH_ADMIN_LOG_COUNT] = 1,
		[SQLAUTH_ADMIN_LOG_KEEP] = 1,
		[SQLAUTH_ADMIN_LOG_KEEP_DAYS] = 1,
	};

	(void)state;
	for (int i = 0; i < SQLAUTH_ADMIN_ACTIONS; i++) {
		size_t count = counts[i] ? counts[i] : 3; /* what is not named is a PAGE */
		enum sqlauth_admin_action action = (enum sqlauth_admin_action)i;
		size_t rows = 0;
		enum sqlauth_error error = sqlauth_admin_read(admin, action, values, count, count_row, &rows, &why);

		if (error != SQLAUTH_OK && error != SQLAUTH_ERROR_INVALID)
			fail_msg("action %d: %s", i, message);
		if (error == SQLAUTH_ERROR_INVALID && strstr(message, "values for"))
			fail_msg("action %d does not take %zu values", i, count);
		assert_int_equal(sqlauth_admin_read(admin, action, values, count + 1, count_row, &rows, &why),
			SQLAUTH_ERROR_INVALID);
		assert_non_null(strstr(message, "values for"));
	}
}

static void what_is_refused_says_why(void **state)
{
	static char long_text[70000];
	static const struct {
		enum sqlauth_admin_action action;
		size_t count;
		const char *values[7];
		enum sqlauth_error error;
		const char *words;
	} rows[] = {
		{SQLAUTH_ADMIN_GROUP_ADD, 2, {"", NULL}, SQLAUTH_ERROR_INVALID, "name: must not be empty"},
		{SQLAUTH_ADMIN_GROUP_ADD, 2, {"g1", NULL}, SQLAUTH_ERROR_EXISTS, "name: there is such a group already"},
		{SQLAUTH_ADMIN_GROUP_ADD, 2, {"x", long_text}, SQLAUTH_ERROR_LIMIT, "longer than 65535 bytes"},
		{SQLAUTH_ADMIN_GROUP_DELETE, 1, {"none"}, SQLAUTH_ERROR_NOT_FOUND, "no such row"},
		{SQLAUTH_ADMIN_GROUP_EDIT, 3, {"g1", "g2", NULL}, SQLAUTH_ERROR_INVALID, "name: another group has it"},
		{SQLAUTH_ADMIN_PERMISSION_ADD, 4, {"g1", "allow", "publish", "a#"}, SQLAUTH_ERROR_INVALID,
			"topic: \"#\" must stand alone in its level"},
		{SQLAUTH_ADMIN_PERMISSION_ADD, 4, {"g1", "allow", "publish", "a/%c"}, SQLAUTH_ERROR_EXISTS, "already"},
		{SQLAUTH_ADMIN_PERMISSION_REMOVE, 4, {"g1", "deny", "publish", "a/%c"}, SQLAUTH_ERROR_NOT_FOUND,
			"no such"},
		{SQLAUTH_ADMIN_RULE_ADD, 3, {"client", "nobody", "g1"}, SQLAUTH_ERROR_INVALID,
			"there is no such client"},
		{SQLAUTH_ADMIN_RULE_ADD, 3, {"any", NULL, "g3"}, SQLAUTH_ERROR_EXISTS,
			"value: there is such a rule already"},
		{SQLAUTH_ADMIN_CLIENT_ADD, 7, {"n", "certificate", NULL, NULL, NULL, "yes", NULL},
			SQLAUTH_ERROR_INVALID, "enabled"},
		{SQLAUTH_ADMIN_CERTIFICATE_ADD, 3, {"pump", "dns", "BOTH.example"}, SQLAUTH_ERROR_EXISTS, "already"},
	};

	(void)state;
	memset(long_text, 'x', sizeof long_text - 1);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		int64_t changed = -1;
		enum sqlauth_error error =
			sqlauth_admin_change(admin, rows[i].action, rows[i].values, rows[i].count, &changed, &why);

		if (error != rows[i].error || !strstr(message, rows[i].words))
			fail_msg("row %zu: %s: %s", i, sqlauth_strerror(error), message);
		assert_int_equal(changed, -1);
	}
}

static void a_refusal_undoes_its_own_statement_and_not_the_transaction(void **state)
{
	int64_t changed = 0;

	(void)state;
	assert_int_equal(sqlauth_admin_begin(admin, &why), SQLAUTH_OK);
	assert_true(sqlauth_admin_in_transaction(admin));
	assert_int_equal(
		sqlauth_admin_change(admin, SQLAUTH_ADMIN_GROUP_ADD, VALUES("new", NULL), &changed, &why), SQLAUTH_OK);
	assert_int_equal(changed, 1);
	assert_int_equal(sqlauth_admin_change(admin, SQLAUTH_ADMIN_GROUP_ADD, VALUES("new", NULL), NULL, &why),
		SQLAUTH_ERROR_EXISTS);
	assert_int_equal(sqlauth_admin_commit(admin, &why), SQLAUTH_OK);
	assert_false(sqlauth_admin_in_transaction(admin));
	assert_int_equal(count_groups(), 7);
}

static void what_is_rolled_back_or_not_committed_is_not_there(void **state)
{
	(void)state;
	assert_int_equal(sqlauth_admin_begin(admin, &why), SQLAUTH_OK);
	assert_int_equal(sqlauth_admin_change(admin, SQLAUTH_ADMIN_GROUP_DELETE, VALUES("g1"), NULL, &why), SQLAUTH_OK);
	sqlauth_admin_rollback(admin);
	sqlauth_admin_rollback(admin);
	assert_int_equal(count_groups(), 6);
	assert_int_equal(sqlauth_admin_begin(admin, &why), SQLAUTH_OK);
	assert_int_equal(sqlauth_admin_change(admin, SQLAUTH_ADMIN_GROUP_DELETE, VALUES("g1"), NULL, &why), SQLAUTH_OK);
	sqlauth_admin_close(admin);
	assert_int_equal(sqlauth_admin_open_to_read(database.path, &admin, &why), SQLAUTH_OK);
	assert_int_equal(count_groups(), 6);
}

static void a_connection_to_read_changes_nothing(void **state)
{
	(void)state;
	sqlauth_admin_close(admin);
	assert_int_equal(sqlauth_admin_open_to_read(database.path, &admin, &why), SQLAUTH_OK);
	assert_int_not_equal(
		sqlauth_admin_change(admin, SQLAUTH_ADMIN_GROUP_ADD, VALUES("x", NULL), NULL, &why), SQLAUTH_OK);
	assert_int_equal(count_groups(), 6);
}

static enum sqlauth_error stop(void *context, const char *const *columns)
{
	count_row(context, columns);
	return SQLAUTH_ERROR_LIMIT;
}

static void a_visitor_that_fails_ends_the_reading(void **state)
{
	size_t rows = 0;

	(void)state;
	assert_int_equal(
		sqlauth_admin_read(admin, SQLAUTH_ADMIN_GROUP_LIST, VALUES(NULL, "10", "0"), stop, &rows, &why),
		SQLAUTH_ERROR_LIMIT);
	assert_int_equal(rows, 1);
	assert_int_equal(count_groups(), 6);
}

static void a_text_with_a_nul_in_it_is_an_error_and_no_shorter_text(void **state)
{
	size_t rows = 0;

	(void)state;
	database_script(database.path,
		"DROP TRIGGER groups_before_update; UPDATE groups SET name = 'g' || char(0) || 'x' WHERE name = 'g4'");
	assert_int_equal(
		sqlauth_admin_read(admin, SQLAUTH_ADMIN_GROUP_LIST, VALUES(NULL, "10", "0"), count_row, &rows, &why),
		SQLAUTH_ERROR_DATABASE);
	assert_non_null(strstr(message, "name holds a NUL character"));
}

/* Among a million clients a page is read from an index, not sorted: no sorting in the search for its names. */
static void the_usual_orders_come_from_an_index(void **state)
{
	static const enum sqlauth_admin_action actions[] = {SQLAUTH_ADMIN_CLIENT_LIST_BY_NAME,
		SQLAUTH_ADMIN_CLIENT_LIST_BY_NAME_DOWN, SQLAUTH_ADMIN_CLIENT_LIST_BY_AUTHENTICATION,
		SQLAUTH_ADMIN_CLIENT_LIST_BY_AUTHENTICATION_DOWN, SQLAUTH_ADMIN_CLIENT_LIST_BY_USERNAME,
		SQLAUTH_ADMIN_CLIENT_LIST_BY_USERNAME_DOWN};
	sqlite3 *db = database_connect(database.path);
	static char sql[4096];

	(void)state;
	for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++) {
		sqlite3_stmt *plan = NULL;
		size_t steps = 0;

		snprintf(sql, sizeof sql, "EXPLAIN QUERY PLAN %s", sqlauth_admin_sql[actions[i]]);
		assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &plan, NULL), SQLITE_OK);
		while (sqlite3_step(plan) == SQLITE_ROW) {
			const char *detail = (const char *)sqlite3_column_text(plan, 3);

			steps += sqlite3_column_int(plan, 1) != 0;
			/* parent 0: the outer query, which has only the rows of the page to sort */
			if (sqlite3_column_int(plan, 1) != 0 && strcmp(detail, "USE TEMP B-TREE FOR ORDER BY") == 0)
				fail_msg("row %zu: sorts all clients", i);
			if (strncmp(detail, "SCAN c", 6) == 0 && sqlite3_column_int(plan, 1) == 0)
				fail_msg("row %zu: looks at all clients in full", i);
		}
		assert_int_not_equal(steps, 0);
		sqlite3_finalize(plan);
	}
	sqlite3_close(db);
}

/* ---- faults */

/* A client with a certificate and a rule, in one transaction. */
static enum sqlauth_error add_client(void)
{
	enum sqlauth_error error = sqlauth_admin_open(database.path, &admin, NULL);

	if (error != SQLAUTH_OK)
		return error;
	error = sqlauth_admin_begin(admin, NULL);
	if (error == SQLAUTH_OK)
		error = sqlauth_admin_change(admin, SQLAUTH_ADMIN_CLIENT_ADD,
			VALUES("new", "certificate", NULL, NULL, NULL, NULL, NULL), NULL, NULL);
	if (error == SQLAUTH_OK)
		error = sqlauth_admin_change(
			admin, SQLAUTH_ADMIN_CERTIFICATE_ADD, VALUES("new", "dns", "new.example"), NULL, NULL);
	if (error == SQLAUTH_OK)
		error = sqlauth_admin_change(admin, SQLAUTH_ADMIN_RULE_ADD, VALUES("client", "new", "g1"), NULL, NULL);
	if (error == SQLAUTH_OK)
		error = sqlauth_admin_commit(admin, NULL);
	else
		sqlauth_admin_rollback(admin);
	sqlauth_admin_close(admin);
	admin = NULL;
	return error;
}

static enum sqlauth_error keep_counts(void *context, const char *const *columns)
{
	long *counts = context;

	counts[0] = strtol(columns[10], NULL, 10);
	counts[1] = strtol(columns[11], NULL, 10);
	return SQLAUTH_OK;
}

/* Whether the client is there, which it is whole or not at all. */
static bool is_there(size_t kind, size_t nth)
{
	long counts[2] = {-1, -1};

	assert_int_equal(sqlauth_admin_open_to_read(database.path, &admin, NULL), SQLAUTH_OK);
	assert_int_equal(sqlauth_admin_read(admin, SQLAUTH_ADMIN_CLIENT_SHOW, VALUES("new"), keep_counts, counts, NULL),
		SQLAUTH_OK);
	sqlauth_admin_close(admin);
	admin = NULL;
	if (counts[0] != -1 && (counts[0] != 1 || counts[1] != 1))
		fail_msg("fault %zu.%zu: half a client", kind, nth);
	return counts[0] == 1;
}

static void a_fault_leaves_the_whole_transaction_or_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < (size_t)FAULT_KINDS; i++) {
		size_t nth;

		database_init(&database);
		database_create(&database, DATABASE_CONTENT);
		for (nth = 1; nth < FAULTS_MAX; nth = nth < 50 ? nth + 1 : nth + nth / 16) {
			size_t live = allocations_live();
			enum sqlauth_error error;
			bool passed;

			faults[i].arm(nth);
			error = add_client();
			passed = faults[i].pending();
			faults[i].arm(0);
			if (allocations_live() > live)
				fail_msg("fault %zu.%zu: %zu blocks more", i, nth, allocations_live() - live);
			if (is_there(i, nth) != (error == SQLAUTH_OK) && error == SQLAUTH_OK)
				fail_msg("fault %zu.%zu: said to be there and is not", i, nth);
			database_script(database.path, "DELETE FROM clients WHERE name = 'new'");
			if (passed) {
				assert_int_equal(error, SQLAUTH_OK);
				break;
			}
		}
		assert_in_range(nth, 10, FAULTS_MAX - 1);
		database_fini(&database);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			every_action_takes_as_many_values_as_its_comment_says, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_refused_says_why, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_refusal_undoes_its_own_statement_and_not_the_transaction, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_rolled_back_or_not_committed_is_not_there, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_connection_to_read_changes_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_visitor_that_fails_ends_the_reading, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_text_with_a_nul_in_it_is_an_error_and_no_shorter_text, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_usual_orders_come_from_an_index, set_up, tear_down),
		cmocka_unit_test(a_fault_leaves_the_whole_transaction_or_nothing),
	};

	if (sqlauth_secret_init() != SQLAUTH_OK)
		return 1;
	faults_install();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
