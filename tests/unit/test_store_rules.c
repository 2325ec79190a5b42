/* Group rules: exact ones, patterns, and the groups they give. */
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

/* Its group may deny something: it is neither given nor left out. */
static void a_pattern_that_cannot_be_judged_in_time_gives_no_answer(void **state)
{
	struct sqlauth_groups groups = {0};
	struct sqlauth_rule_query query = {0};
	char *mqtt_id = malloc(SQLAUTH_STORE_TEXT_BYTES_MAX + 1);

	(void)state;
	database_script(database.path, "INSERT INTO group_rules (match_by, value, group_name) VALUES "
				       "('mqtt_id', '*' || replace(hex(zeroblob(500)), '0', 'a') || '*', 'g4')");
	memset(mqtt_id, 'a', SQLAUTH_STORE_TEXT_BYTES_MAX);
	mqtt_id[SQLAUTH_STORE_TEXT_BYTES_MAX] = '\0';
	for (size_t i = 999; i < SQLAUTH_STORE_TEXT_BYTES_MAX; i += 1000)
		mqtt_id[i] = 'b';
	query.mqtt_id = mqtt_id;
	begin();
	assert_int_equal(sqlauth_store_groups(store, &query, &groups), SQLAUTH_ERROR_LIMIT);
	assert_int_equal(groups.count, 0);
	query.mqtt_id = "pump-7";
	assert_int_equal(sqlauth_store_groups(store, &query, &groups), SQLAUTH_OK);
	sqlauth_store_end(store);
	assert_int_equal(sqlauth_store_reopenings(store), 0);
	sqlauth_groups_clear(&groups);
	free(mqtt_id);
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
	assert_string_equal(seen, "any=*>g3 mqtt_id=pump-*>g6 mqtt_id=pump-*>g1 ");
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

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(groups_are_the_sorted_union_of_all_rules_that_match),
		TEST(a_revision_stands_until_a_permission_changes_and_is_random_where_it_is_missing),
		TEST(wildcard_rules_answer_as_if_every_pattern_were_tried),
		TEST(a_pattern_that_cannot_be_judged_in_time_gives_no_answer),
		TEST(an_identifier_of_any_bytes_and_length_is_answered),
		TEST(more_groups_than_a_connection_may_have_are_a_limit),
		TEST(rules_are_visited_once_each),
		TEST(an_anonymous_rule_is_known),
	};

	if (sqlauth_secret_init() != SQLAUTH_OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
