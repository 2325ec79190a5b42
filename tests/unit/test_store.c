/* Reads of the store: clients, certificates, permissions, and rows that were written in bad faith. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sqlauth/secret.h"
#include "sqlauth/store.h"
#include "store/statements.h"
#include "store_database.h"

#define ROWS(a) (sizeof(a) / sizeof(a)[0])

static struct database database;
static struct sqlauth_store *store;

static int set_up(void **state)
{
	(void)state;
	database_init(&database);
	database_create(&database, DATABASE_CONTENT);
	return sqlauth_store_open(database.path, &store, NULL) == SQLAUTH_OK ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	sqlauth_store_close(store);
	database_fini(&database);
	return 0;
}

static void begin(void)
{
	assert_int_equal(sqlauth_store_begin(store, NULL), SQLAUTH_OK);
}

static void a_client_is_read_with_all_its_columns(void **state)
{
	struct sqlauth_client client;

	(void)state;
	begin();
	assert_int_equal(sqlauth_store_client_by_username(store, "p1", &client), SQLAUTH_OK);
	assert_string_equal(client.name, "pump");
	assert_string_equal(client.username, "p1");
	assert_string_equal(client.password, "$7$101$c2FsdA==$aGFzaA==");
	assert_string_equal(client.mqtt_id, "pump-*");
	assert_int_equal(client.authentication, SQLAUTH_CREDENTIALS);
	assert_true(client.enabled);
	assert_true(client.has_certificates);
	assert_int_equal(client.disconnect_before, 1700000000);
	sqlauth_client_clear(&client);
	sqlauth_client_clear(&client);
	assert_int_equal(sqlauth_store_client_by_name(store, "cert", &client), SQLAUTH_OK);
	assert_null(client.username);
	assert_null(client.password);
	assert_null(client.mqtt_id);
	assert_int_equal(client.authentication, SQLAUTH_CERTIFICATE);
	assert_false(client.enabled);
	assert_true(client.disconnect_before == INT64_MIN);
	sqlauth_client_clear(&client);
	assert_int_equal(sqlauth_store_client_by_name(store, "valve", &client), SQLAUTH_OK);
	assert_false(client.has_certificates);
	sqlauth_client_clear(&client);
	sqlauth_store_end(store);
}

typedef enum sqlauth_error find(struct sqlauth_store *, const char *, struct sqlauth_client *);

static void each_way_to_find_a_client_finds_its_own(void **state)
{
	static const struct {
		find *by;
		const char *key, *name; /* NULL: not found */
	} rows[] = {
		{sqlauth_store_client_by_username, "p1", "pump"},
		{sqlauth_store_client_by_username, "pump", NULL},
		{sqlauth_store_client_by_username, "P1", NULL},
		{sqlauth_store_client_by_username, "", NULL},
		{sqlauth_store_client_by_username, "p1' OR '1'='1", NULL},
		{sqlauth_store_client_by_name, "pump", "pump"},
		{sqlauth_store_client_by_name, "p1", NULL},
		{sqlauth_store_client_by_visible_username, "p1", "pump"},
		{sqlauth_store_client_by_visible_username, "pump", NULL},
		{sqlauth_store_client_by_visible_username, "cert", "cert"},
		{sqlauth_store_client_by_visible_username, "both", NULL},
		{sqlauth_store_client_by_visible_username, "b1", "both"},
	};

	(void)state;
	begin();
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct sqlauth_client client = {0};
		enum sqlauth_error error = rows[i].by(store, rows[i].key, &client);

		if (error != (rows[i].name == NULL ? SQLAUTH_ERROR_NOT_FOUND : SQLAUTH_OK))
			fail_msg("row %zu: %s", i, sqlauth_strerror(error));
		if (rows[i].name != NULL && strcmp(client.name, rows[i].name) != 0)
			fail_msg("row %zu: %s", i, client.name);
		sqlauth_client_clear(&client);
	}
	sqlauth_store_end(store);
}

static void a_certificate_finds_only_certificate_clients_without_a_username(void **state)
{
	static const struct {
		enum sqlauth_match_by kind;
		const char *value, *name;
	} rows[] = {
		{SQLAUTH_MATCH_COMMON_NAME, "cert.example", "cert"},
		{SQLAUTH_MATCH_DNS, "cert.example", NULL},
		{SQLAUTH_MATCH_DNS, "both.example", NULL}, /* has a username */
		{SQLAUTH_MATCH_DNS, "pump.example", NULL}, /* credentials */
		{SQLAUTH_MATCH_DNS, "", NULL},
		{(enum sqlauth_match_by)99, "cert.example", NULL},
	};

	(void)state;
	begin();
	for (size_t i = 0; i < ROWS(rows); i++) {
		char *name = NULL;
		enum sqlauth_error error =
			sqlauth_store_client_name_by_certificate(store, rows[i].kind, rows[i].value, &name);

		if (error != (rows[i].name == NULL ? SQLAUTH_ERROR_NOT_FOUND : SQLAUTH_OK))
			fail_msg("row %zu: %s", i, sqlauth_strerror(error));
		if (rows[i].name != NULL && strcmp(name, rows[i].name) != 0)
			fail_msg("row %zu: %s", i, name);
		free(name);
	}
	assert_int_equal(
		sqlauth_store_client_has_certificate(store, "pump", SQLAUTH_MATCH_DNS, "pump.example"), SQLAUTH_OK);
	assert_int_equal(sqlauth_store_client_has_certificate(store, "both", SQLAUTH_MATCH_DNS, "pump.example"),
		SQLAUTH_ERROR_NOT_FOUND);
	assert_int_equal(sqlauth_store_client_has_certificate(store, "pump", SQLAUTH_MATCH_URI, "pump.example"),
		SQLAUTH_ERROR_NOT_FOUND);
	sqlauth_store_end(store);
}

static void permissions_are_compiled_in_the_order_of_group_and_id(void **state)
{
	static const struct sqlauth_permission rows[] = {
		{"g1", "a/%c", SQLAUTH_ALLOW, SQLAUTH_PUBLISH},
		{"g1", "b/#", SQLAUTH_DENY, SQLAUTH_SUBSCRIBE},
		{"g2", "c", SQLAUTH_ALLOW, SQLAUTH_PUBLISH},
	};
	struct sqlauth_rule_query query = {.client = "pump"};
	struct sqlauth_groups groups = {0};
	struct sqlauth_acl *acl = NULL;

	(void)state;
	begin();
	assert_int_equal(sqlauth_store_groups(store, &query, &groups), SQLAUTH_OK);
	assert_int_equal(sqlauth_store_compile(store, &groups, &acl, NULL), SQLAUTH_OK);
	sqlauth_store_end(store);
	assert_int_equal(sqlauth_acl_count(acl), ROWS(rows));
	for (uint32_t i = 0; i < ROWS(rows); i++) {
		struct sqlauth_permission permission;

		assert_true(sqlauth_acl_permission(acl, i, &permission));
		if (strcmp(permission.group, rows[i].group) != 0 || strcmp(permission.topic, rows[i].topic) != 0 ||
			permission.effect != rows[i].effect || permission.action != rows[i].action)
			fail_msg("row %u: %s %s", i, permission.group, permission.topic);
	}
	sqlauth_acl_unref(acl);
	sqlauth_groups_clear(&groups);
}

static void a_permission_that_the_triggers_would_have_refused_is_named(void **state)
{
	static const struct {
		const char *sql, *words;
	} rows[] = {
		{"UPDATE acl_permissions SET topic = 'a#' WHERE topic = 'c'",
			"group \"g2\" has an invalid topic \"a#\""},
		{"UPDATE acl_permissions SET topic = CAST(x'6100' AS TEXT) WHERE topic = 'a#'",
			"permissions of group \"g2\""},
	};
	struct sqlauth_rule_query query = {.client = "pump"};
	struct sqlauth_groups groups = {0};
	struct sqlauth_acl *acl = NULL;
	char message[SQLAUTH_MESSAGE_SIZE];
	struct sqlauth_text why;

	(void)state;
	sqlauth_text_init(&why, message, sizeof message);
	database_script(database.path, "DROP TRIGGER acl_permissions_before_update");
	for (size_t i = 0; i < ROWS(rows); i++) {
		database_script(database.path, rows[i].sql);
		begin();
		assert_int_equal(sqlauth_store_groups(store, &query, &groups), SQLAUTH_OK);
		assert_int_equal(sqlauth_store_compile(store, &groups, &acl, &why), SQLAUTH_ERROR_DATABASE);
		sqlauth_store_end(store);
		assert_null(acl);
		if (strstr(message, rows[i].words) == NULL)
			fail_msg("row %zu: %s", i, message);
	}
	sqlauth_groups_clear(&groups);
	assert_int_equal(sqlauth_store_reopenings(store), 0);
}

static void note_disconnect(void *context, enum sqlauth_named_by kind, const char *value, int64_t before)
{
	if (kind == SQLAUTH_NAMED_BY_NAME)
		sqlauth_text_add(context, "%s=%lld ", value, (long long)before);
}

static void disconnects_are_visited_from_the_given_second_on(void **state)
{
	static const struct {
		int64_t since;
		const char *seen;
	} rows[] = {
		{INT64_MIN, "pump=1700000000 both=1800000000 "},
		{1700000000, "pump=1700000000 both=1800000000 "},
		{1700000001, "both=1800000000 "},
		{1800000001, ""},
	};

	(void)state;
	begin();
	for (size_t i = 0; i < ROWS(rows); i++) {
		char seen[256];
		struct sqlauth_text text;

		sqlauth_text_init(&text, seen, sizeof seen);
		assert_int_equal(
			sqlauth_store_visit_disconnects(store, rows[i].since, note_disconnect, &text), SQLAUTH_OK);
		if (strcmp(seen, rows[i].seen) != 0)
			fail_msg("row %zu: %s", i, seen);
	}
	sqlauth_store_end(store);
}

static void a_row_that_does_not_fit_keeps_no_order_from_others(void **state)
{
	char seen[256];
	struct sqlauth_text text;

	(void)state;
	database_script(database.path,
		"DROP TABLE clients; CREATE TABLE clients (name, username, password, mqtt_id, authentication, enabled, "
		"disconnect_before);"
		"INSERT INTO clients (name, username, disconnect_before) VALUES ('a', 'a', 1), (x'70', 'b', 2), "
		"('x' || char(0) || 'y', 'c', 3), ('d', zeroblob(70000), 4), ('e', 'e', 1.5), ('f', 'f', 5);");
	begin();
	sqlauth_text_init(&text, seen, sizeof seen);
	assert_int_equal(sqlauth_store_visit_disconnects(store, 0, note_disconnect, &text), SQLAUTH_OK);
	assert_string_equal(seen, "a=1 d=4 f=5 ");
	sqlauth_store_end(store);
}

static void a_row_that_does_not_fit_is_an_error_and_costs_no_connection(void **state)
{
	static const char *const changes[] = {
		"name = x'70'",
		"username = zeroblob(70000)",
		"password = 7",
		"password = CAST(x'6100' AS TEXT)",
		"mqtt_id = CAST(zeroblob(65536) AS TEXT)",
		"mqtt_id = replace(hex(zeroblob(32768)), '0', 'a') || 'a'",
		"authentication = 'none'",
		"authentication = NULL",
		"authentication = 1",
		"enabled = 2",
		"enabled = '1'",
		"enabled = NULL",
		"enabled = 1.5",
		"disconnect_before = 'soon'",
		"disconnect_before = 1.5",
	};
	struct sqlauth_client client = {0};

	(void)state;
	for (size_t i = 0; i < ROWS(changes); i++) {
		char sql[1024];
		enum sqlauth_error error;

		snprintf(sql, sizeof sql,
			"DROP TABLE clients; CREATE TABLE clients (key PRIMARY KEY, name UNIQUE, username, password, "
			"mqtt_id, "
			"authentication, enabled, disconnect_before);"
			"INSERT INTO clients VALUES (1, 'x', 'x', 'x', 'x', 'credentials', 1, 1);"
			"CREATE UNIQUE INDEX u ON clients (username);");
		database_script(database.path, sql);
		begin();
		assert_int_equal(sqlauth_store_client_by_name(store, "x", &client), SQLAUTH_OK);
		sqlauth_client_clear(&client);
		sqlauth_store_end(store);
		snprintf(sql, sizeof sql, "UPDATE clients SET %s", changes[i]);
		database_script(database.path, sql);
		begin();
		error = strncmp(changes[i], "name", 4) == 0 ? sqlauth_store_client_by_username(store, "x", &client)
							    : sqlauth_store_client_by_name(store, "x", &client);
		if (error != SQLAUTH_ERROR_DATABASE)
			fail_msg("%s: %s", changes[i], sqlauth_strerror(error));
		assert_null(client.name);
		sqlauth_store_end(store);
	}
	assert_int_equal(sqlauth_store_reopenings(store), 0);
}

static void two_clients_where_there_can_be_one_are_nobody(void **state)
{
	struct sqlauth_client client;

	(void)state;
	database_script(database.path, "DROP TABLE clients; CREATE TABLE clients (name, username, password, mqtt_id, "
				       "authentication, enabled, disconnect_before);"
				       "INSERT INTO clients VALUES ('a', 'x', 'x', 'x', 'credentials', 1, 1);"
				       "INSERT INTO clients VALUES ('b', 'x', 'x', 'x', 'credentials', 1, 1);");
	begin();
	assert_int_equal(sqlauth_store_client_by_username(store, "x", &client), SQLAUTH_ERROR_DATABASE);
	sqlauth_store_end(store);
}

static void all_reads_of_a_transaction_come_from_one_snapshot(void **state)
{
	struct sqlauth_client client;

	(void)state;
	begin();
	database_script(database.path, "DELETE FROM clients");
	assert_int_equal(sqlauth_store_client_by_name(store, "pump", &client), SQLAUTH_OK);
	sqlauth_client_clear(&client);
	sqlauth_store_end(store);
	begin();
	assert_int_equal(sqlauth_store_client_by_name(store, "pump", &client), SQLAUTH_ERROR_NOT_FOUND);
	sqlauth_store_end(store);
}

static void nothing_is_read_outside_a_transaction(void **state)
{
	struct sqlauth_client client;

	(void)state;
	assert_int_equal(sqlauth_store_client_by_name(store, "pump", &client), SQLAUTH_ERROR_DATABASE);
	assert_int_equal(sqlauth_store_visit_disconnects(store, 0, note_disconnect, NULL), SQLAUTH_ERROR_DATABASE);
	sqlauth_store_end(store);
	sqlauth_store_end(store);
}

static void no_transaction_is_left_open(void **state)
{
	sqlite3 *db = database_connect(database.path);
	int frames = -1, checkpointed = -1;

	(void)state;
	begin();
	sqlauth_store_end(store);
	database_run(db, "UPDATE clients SET enabled = 0");
	assert_int_equal(
		sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_TRUNCATE, &frames, &checkpointed), SQLITE_OK);
	assert_int_equal(frames, 0);
	sqlite3_close(db);
}

static void the_data_version_moves_with_changes_and_only_then(void **state)
{
	uint64_t first, second;

	(void)state;
	assert_int_equal(sqlauth_store_data_version(store, &first), SQLAUTH_OK);
	assert_int_equal(sqlauth_store_data_version(store, &second), SQLAUTH_OK);
	assert_true(first == second);
	database_script(database.path, "UPDATE clients SET enabled = 0");
	assert_int_equal(sqlauth_store_data_version(store, &second), SQLAUTH_OK);
	assert_true(first != second);
}

static void no_statement_scans_a_table(void **state)
{
	/* the whole of what it asks for: every row that has a value is one to visit */
	static const char *const allowed = "SCAN CONSTANT ROW";
	sqlite3 *db = database_connect(database.path);

	(void)state;
	for (int i = 0; i < SQLAUTH_SQL_KEPT; i++) {
		sqlite3_stmt *plan;
		char *sql = sqlite3_mprintf("EXPLAIN QUERY PLAN %s", sqlauth_statement_sql[i]);

		if (strncmp(sqlauth_statement_sql[i], "SELECT", 6) == 0) {
			assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &plan, NULL), SQLITE_OK);
			while (sqlite3_step(plan) == SQLITE_ROW) {
				const char *step = (const char *)sqlite3_column_text(plan, 3);

				if ((strncmp(step, "SCAN", 4) == 0 && strcmp(step, allowed) != 0) ||
					strstr(step, "B-TREE") != NULL || strstr(step, "AUTOMATIC") != NULL ||
					/* all rules of one kind, not just the first */
					(strstr(step, "(match_by=?)") != NULL && strstr(sql, " LIMIT 1") == NULL))
					fail_msg("%s: %s", sqlauth_statement_sql[i], step);
			}
			sqlite3_finalize(plan);
		}
		sqlite3_free(sql);
	}
	sqlite3_close(db);
}

static void a_full_disk_is_told_from_other_failures_of_the_disk(void **state)
{
	static const char full[] = "no space left on the disk";
	static const struct {
		int code;
		const char *words;
	} rows[] = {
		{SQLITE_FULL, full},
		{SQLITE_IOERR_SHMSIZE, full},
		{SQLITE_IOERR, "disk I/O error"},
		{SQLITE_IOERR_WRITE, "disk I/O error"},
		{SQLITE_IOERR_SHMMAP, "disk I/O error"},
		{SQLITE_CANTOPEN, "unable to open database file"},
		{SQLITE_PERM, "access permission denied"},
	};
	sqlite3 *db = database_connect(database.path);

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (strcmp(sqlauth_sqlite_code_message(NULL, rows[i].code), rows[i].words) != 0 ||
			strcmp(sqlauth_sqlite_code_message(db, rows[i].code), rows[i].words) != 0 ||
			strcmp(sqlauth_sqlite_message(NULL, rows[i].code), rows[i].words) != 0)
			fail_msg("row %zu: %s", i, sqlauth_sqlite_message(NULL, rows[i].code));
	}
	assert_string_equal(sqlauth_sqlite_message(db, SQLITE_FULL), full);
	assert_string_equal(sqlauth_sqlite_message(db, SQLITE_IOERR), sqlite3_errmsg(db));
	sqlite3_close(db);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_client_is_read_with_all_its_columns),
		TEST(each_way_to_find_a_client_finds_its_own),
		TEST(a_certificate_finds_only_certificate_clients_without_a_username),
		TEST(permissions_are_compiled_in_the_order_of_group_and_id),
		TEST(a_permission_that_the_triggers_would_have_refused_is_named),
		TEST(disconnects_are_visited_from_the_given_second_on),
		TEST(a_row_that_does_not_fit_keeps_no_order_from_others),
		TEST(a_row_that_does_not_fit_is_an_error_and_costs_no_connection),
		TEST(two_clients_where_there_can_be_one_are_nobody),
		TEST(all_reads_of_a_transaction_come_from_one_snapshot),
		TEST(nothing_is_read_outside_a_transaction),
		TEST(no_transaction_is_left_open),
		TEST(the_data_version_moves_with_changes_and_only_then),
		TEST(no_statement_scans_a_table),
		TEST(a_full_disk_is_told_from_other_failures_of_the_disk),
	};

	if (sqlauth_secret_init() != SQLAUTH_OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
