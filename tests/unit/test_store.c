/* Reads of the store: clients, certificates, rules, permissions, and rows that were written in bad faith. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "corpus.h"
#include "sqlauth/mqtt_id.h"
#include "sqlauth/secret.h"
#include "sqlauth/store.h"
#include "store/statements.h"
#include "store_database.h"

#define HASH    "'$7$101$c2FsdA==$aGFzaA=='"
#define ROWS(a) (sizeof(a) / sizeof(a)[0])

static struct database database;
static struct sqlauth_store *store;

static int set_up(void **state)
{
	(void)state;
	database_init(&database);
	database_create(&database,
		"INSERT INTO clients (name, username, password, mqtt_id, disconnect_before) VALUES "
		"  ('pump', 'p1', " HASH ", 'pump-*', 1700000000), ('valve', 'v1', " HASH ", NULL, NULL);"
		"INSERT INTO clients (name, authentication, enabled) VALUES ('cert', 'certificate', 0);"
		"INSERT INTO clients (name, authentication, username, disconnect_before) VALUES "
		"  ('both', 'certificate', 'b1', 1800000000);"
		"INSERT INTO client_certificates (client, match_by, value) VALUES "
		"  ('cert', 'common_name', 'cert.example'), ('both', 'dns', 'both.example'), ('pump', 'dns', "
		"'pump.example');"
		"INSERT INTO groups (name) VALUES ('g1'), ('g2'), ('g3'), ('g4'), ('g5'), ('g6');"
		"INSERT INTO group_rules (match_by, value, group_name) VALUES "
		"  ('client', 'pump', 'g1'), ('client', 'pump', 'g2'), ('any', '*', 'g3'), ('anonymous', '*', 'g4'),"
		"  ('mqtt_id', 'pump-7', 'g5'), ('mqtt_id', 'pump-*', 'g6'), ('mqtt_id', 'pump-*', 'g1');"
		"INSERT INTO acl_permissions (group_name, permission, action, topic) VALUES "
		"  ('g1', 'allow', 'publish', 'a/%c'), ('g1', 'deny', 'subscribe', 'b/#'), ('g2', 'allow', 'publish', "
		"'c');");
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

static void groups_are_the_sorted_union_of_all_rules_that_match(void **state)
{
	static const struct {
		struct sqlauth_rule_query query;
		const char *groups;
	} rows[] = {
		{{.client = "pump"}, "g1 g2 "},
		{{.client = "valve"}, ""},
		{{.any = true}, "g3 "},
		{{.anonymous = true}, "g4 "},
		{{.mqtt_id = "pump-7"}, "g1 g5 g6 "},
		{{.mqtt_id = "pump-8"}, "g1 g6 "},
		{{.mqtt_id = "pump-*"}, "g1 g6 "},
		{{.mqtt_id = "pump"}, ""},
		{{.mqtt_id = ""}, ""},
		{{.client = "pump", .mqtt_id = "pump-7", .any = true}, "g1 g2 g3 g5 g6 "},
		{{.client = "*"}, ""},
		{{.fingerprint = "*"}, ""},
		{{0}, ""},
	};
	struct sqlauth_groups groups = {0};

	(void)state;
	begin();
	for (size_t i = 0; i < ROWS(rows); i++) {
		char names[256] = "";
		struct sqlauth_text text;

		sqlauth_text_init(&text, names, sizeof names);
		assert_int_equal(sqlauth_store_groups(store, &rows[i].query, &groups), SQLAUTH_OK);
		for (size_t k = 0; k < groups.count; k++)
			sqlauth_text_add(&text, "%s ", groups.items[k].name);
		if (strcmp(names, rows[i].groups) != 0)
			fail_msg("row %zu: %s", i, names);
	}
	sqlauth_groups_clear(&groups);
	sqlauth_store_end(store);
}

static int64_t revision_of(const char *client)
{
	struct sqlauth_rule_query query = {.client = client};
	struct sqlauth_groups groups = {0};
	int64_t revision;

	begin();
	assert_int_equal(sqlauth_store_groups(store, &query, &groups), SQLAUTH_OK);
	assert_int_equal(groups.count, 2);
	revision = groups.items[0].revision;
	sqlauth_groups_clear(&groups);
	sqlauth_store_end(store);
	return revision;
}

static void a_revision_stands_until_a_permission_changes_and_is_random_where_it_is_missing(void **state)
{
	int64_t first = revision_of("pump"), second;

	(void)state;
	assert_true(revision_of("pump") == first);
	database_script(database.path, "UPDATE acl_permissions SET topic = 'z' WHERE topic = 'a/%c'");
	second = revision_of("pump");
	assert_true(second != first);
	database_script(database.path, "DELETE FROM group_revisions");
	assert_true(revision_of("pump") != revision_of("pump"));
}

/* Patterns of all shapes around the edges of the index, against identifiers likewise: every answer equals the
 * matcher's. */
static void wildcard_rules_answer_as_if_every_pattern_were_tried(void **state)
{
	static const char *const pieces[] = {"a", "b", "ab", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "*", "?",
		"%", "0123456789012345678901234567890", "[", "]", "x"};
	enum { PATTERNS = 300, IDENTIFIERS = 400 };
	char pattern[PATTERNS][600], names[32];
	uint64_t seed = random_seed(11);
	sqlite3 *db = database_connect(database.path);
	sqlite3_stmt *insert;
	struct sqlauth_groups groups = {0};

	(void)state;
	database_run(db, "BEGIN; DELETE FROM group_rules");
	assert_int_equal(sqlite3_prepare_v2(db,
				 "INSERT INTO group_rules (match_by, value, group_name) VALUES ('mqtt_id', ?1, ?2)", -1,
				 &insert, NULL),
		SQLITE_OK);
	database_run(db, "WITH RECURSIVE n(i) AS (VALUES (100) UNION ALL SELECT i + 1 FROM n WHERE i < 399) "
			 "INSERT INTO groups (name) SELECT 'p' || i FROM n");
	for (int i = 0; i < PATTERNS; i++) {
		struct sqlauth_text text;

		sqlauth_text_init(&text, pattern[i], sizeof pattern[i]);
		for (size_t k = random_below(&seed, 5) + 1; k > 0; k--)
			sqlauth_text_add(&text, "%s", pieces[random_below(&seed, ROWS(pieces))]);
		snprintf(names, sizeof names, "p%d", 100 + i);
		sqlite3_bind_text(insert, 1, pattern[i], -1, SQLITE_STATIC);
		sqlite3_bind_text(insert, 2, names, -1, SQLITE_TRANSIENT);
		assert_int_equal(sqlite3_step(insert), SQLITE_DONE);
		sqlite3_reset(insert);
	}
	sqlite3_finalize(insert);
	database_run(db, "COMMIT");
	sqlite3_close(db);

	begin();
	for (int i = 0; i < IDENTIFIERS; i++) {
		char mqtt_id[600];
		struct sqlauth_text text;
		struct sqlauth_rule_query query = {.mqtt_id = mqtt_id};
		size_t next = 0;

		sqlauth_text_init(&text, mqtt_id, sizeof mqtt_id);
		for (size_t k = random_below(&seed, 5); k > 0; k--)
			sqlauth_text_add(&text, "%s", pieces[random_below(&seed, ROWS(pieces))]);
		assert_int_equal(sqlauth_store_groups(store, &query, &groups), SQLAUTH_OK);
		for (int p = 0; p < PATTERNS; p++) {
			snprintf(names, sizeof names, "p%d", 100 + p);
			if (!sqlauth_mqtt_id_matches(pattern[p], NULL, mqtt_id))
				continue;
			if (next >= groups.count || strcmp(groups.items[next].name, names) != 0)
				fail_msg("identifier %d \"%s\": pattern \"%s\"", i, mqtt_id, pattern[p]);
			next++;
		}
		if (next != groups.count)
			fail_msg("identifier %d \"%s\": too many", i, mqtt_id);
	}
	sqlauth_groups_clear(&groups);
	sqlauth_store_end(store);
}

static void an_identifier_of_any_bytes_and_length_is_answered(void **state)
{
	struct sqlauth_groups groups = {0};
	struct sqlauth_rule_query query = {0};
	char *mqtt_id = malloc(SQLAUTH_STORE_TEXT_BYTES_MAX + 2);

	(void)state;
	database_script(database.path, "INSERT INTO group_rules (match_by, value, group_name) VALUES "
				       "('mqtt_id', '*x', 'g4'), ('mqtt_id', '*', 'g3')");
	begin();
	for (int byte = 1; byte < 256; byte++) {
		memset(mqtt_id, byte, SQLAUTH_STORE_TEXT_BYTES_MAX + 1);
		mqtt_id[SQLAUTH_STORE_TEXT_BYTES_MAX] = '\0';
		query.mqtt_id = mqtt_id;
		assert_int_equal(sqlauth_store_groups(store, &query, &groups), SQLAUTH_OK);
		assert_int_equal(groups.count, byte == 'x' ? 2 : 1);
	}
	mqtt_id[SQLAUTH_STORE_TEXT_BYTES_MAX] = 'x';
	mqtt_id[SQLAUTH_STORE_TEXT_BYTES_MAX + 1] = '\0';
	assert_int_equal(sqlauth_store_groups(store, &query, &groups), SQLAUTH_ERROR_LIMIT);
	assert_int_equal(groups.count, 1);
	sqlauth_store_end(store);
	begin();
	sqlauth_store_end(store);
	assert_int_equal(sqlauth_store_reopenings(store), 0);
	sqlauth_groups_clear(&groups);
	free(mqtt_id);
}

static void more_groups_than_a_connection_may_have_are_a_limit(void **state)
{
	struct sqlauth_groups groups = {0};
	struct sqlauth_rule_query query = {.client = "pump", .any = true};

	(void)state;
	database_script(database.path,
		"WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 4093) "
		"INSERT INTO groups (name) SELECT 'n' || i FROM n;"
		"INSERT INTO group_rules (match_by, value, group_name) SELECT 'any', '*', name FROM groups WHERE name "
		"GLOB 'n*';");
	begin();
	assert_int_equal(sqlauth_store_groups(store, &query, &groups), SQLAUTH_OK);
	assert_int_equal(groups.count, SQLAUTH_STORE_GROUPS_MAX);
	sqlauth_store_end(store);
	database_script(
		database.path, "INSERT INTO group_rules (match_by, value, group_name) VALUES ('any', '*', 'g4')");
	begin();
	assert_int_equal(sqlauth_store_groups(store, &query, &groups), SQLAUTH_ERROR_LIMIT);
	assert_int_equal(groups.count, SQLAUTH_STORE_GROUPS_MAX);
	sqlauth_store_end(store);
	sqlauth_groups_clear(&groups);
}

static void note_rule(void *context, const char *match_by, const char *value, const char *group)
{
	sqlauth_text_add(context, "%s=%s>%s ", match_by, value, group);
}

static void rules_are_visited_once_each(void **state)
{
	struct sqlauth_rule_query query = {.mqtt_id = "pump-*", .any = true};
	char seen[256];
	struct sqlauth_text text;

	(void)state;
	sqlauth_text_init(&text, seen, sizeof seen);
	begin();
	assert_int_equal(sqlauth_store_visit_rules(store, &query, note_rule, &text), SQLAUTH_OK);
	assert_string_equal(seen, "any=*>g3 mqtt_id=pump-*>g1 mqtt_id=pump-*>g6 ");
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

static void note_disconnect(void *context, const char *name, int64_t before)
{
	sqlauth_text_add(context, "%s=%lld ", name, (long long)before);
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

static void an_anonymous_rule_is_known(void **state)
{
	(void)state;
	begin();
	assert_int_equal(sqlauth_store_has_anonymous_rule(store), SQLAUTH_OK);
	sqlauth_store_end(store);
	database_script(database.path, "DELETE FROM group_rules WHERE match_by = 'anonymous'");
	begin();
	assert_int_equal(sqlauth_store_has_anonymous_rule(store), SQLAUTH_ERROR_NOT_FOUND);
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
					strstr(step, "B-TREE") != NULL || strstr(step, "AUTOMATIC") != NULL)
					fail_msg("%s: %s", sqlauth_statement_sql[i], step);
			}
			sqlite3_finalize(plan);
		}
		sqlite3_free(sql);
	}
	sqlite3_close(db);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_client_is_read_with_all_its_columns),
		TEST(each_way_to_find_a_client_finds_its_own),
		TEST(a_certificate_finds_only_certificate_clients_without_a_username),
		TEST(groups_are_the_sorted_union_of_all_rules_that_match),
		TEST(a_revision_stands_until_a_permission_changes_and_is_random_where_it_is_missing),
		TEST(wildcard_rules_answer_as_if_every_pattern_were_tried),
		TEST(an_identifier_of_any_bytes_and_length_is_answered),
		TEST(more_groups_than_a_connection_may_have_are_a_limit),
		TEST(rules_are_visited_once_each),
		TEST(permissions_are_compiled_in_the_order_of_group_and_id),
		TEST(a_permission_that_the_triggers_would_have_refused_is_named),
		TEST(disconnects_are_visited_from_the_given_second_on),
		TEST(an_anonymous_rule_is_known),
		TEST(a_row_that_does_not_fit_is_an_error_and_costs_no_connection),
		TEST(two_clients_where_there_can_be_one_are_nobody),
		TEST(all_reads_of_a_transaction_come_from_one_snapshot),
		TEST(nothing_is_read_outside_a_transaction),
		TEST(no_transaction_is_left_open),
		TEST(the_data_version_moves_with_changes_and_only_then),
		TEST(no_statement_scans_a_table),
	};

	if (sqlauth_secret_init() != SQLAUTH_OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
