/* Which clients share a compiled ACL, what an edit makes anew, and how much is kept. */
#include "engine/acl_cache.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "allocations.h"
#include "engine_database.h"
#include "sqlauth/secret.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

#define HELD_MAX 40

/* a1 and a2 have group a, by rules of different kinds, b1 has b, none has nothing. */
#define CONTENT                                                                                                        \
	"INSERT INTO clients (name, username, password) SELECT value, value, " DATABASE_HASH                           \
	"  FROM json_each('[\"a1\", \"a2\", \"b1\", \"none\"]');"                                                      \
	"INSERT INTO groups (name) VALUES ('a'), ('b');"                                                               \
	"INSERT INTO group_rules (match_by, value, group_name) VALUES ('client', 'a1', 'a'), ('mqtt_id', 'id-a2', "    \
	"'a'), ('client', 'b1', 'b');"                                                                                 \
	"INSERT INTO acl_permissions (group_name, action, topic) VALUES ('a', 'publish', 'x'), ('b', 'publish', 'y');"

static struct engine_database fixture;

static int setup(void **state)
{
	(void)state;
	engine_database_init(&fixture, CONTENT, false);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	engine_database_fini(&fixture);
	return 0;
}

/* The ACL that this client would have now; its id is `id-` and its name. The caller's reference. */
static struct sqlauth_acl *acl_of(const char *client)
{
	struct sqlauth_acl *acl = NULL;
	char mqtt_id[16];

	snprintf(mqtt_id, sizeof mqtt_id, "id-%s", client);
	assert_int_equal(sqlauth_engine_recall(fixture.engine, mqtt_id, client, &acl, NULL), SQLAUTH_OUTCOME_ACCEPT);
	return acl;
}

static bool may_publish(const struct sqlauth_acl *acl, const char *topic)
{
	struct sqlauth_acl_client values;

	sqlauth_acl_client_init(&values, "id", "username");
	return sqlauth_acl_check(acl, SQLAUTH_ACCESS_PUBLISH, &values, topic, strlen(topic)).decision ==
	       SQLAUTH_ALLOWED;
}

static void clients_with_the_same_groups_share_one_acl(void **state)
{
	struct sqlauth_acl *a1 = acl_of("a1"), *a2 = acl_of("a2"), *b1 = acl_of("b1"), *none = acl_of("none");

	(void)state;
	assert_ptr_equal(a1, a2);
	assert_ptr_not_equal(a1, b1);
	assert_ptr_not_equal(none, a1);
	assert_ptr_not_equal(none, b1);
	assert_int_equal(sqlauth_engine_acl_count(fixture.engine), 3);
	assert_true(may_publish(a1, "x") && !may_publish(a1, "y"));
	assert_true(may_publish(b1, "y") && !may_publish(b1, "x"));
	assert_false(may_publish(none, "x") || may_publish(none, "y"));
	sqlauth_acl_unref(a1);
	sqlauth_acl_unref(a2);
	sqlauth_acl_unref(b1);
	sqlauth_acl_unref(none);
}

static void an_edit_makes_anew_only_the_acls_of_the_groups_it_changes(void **state)
{
	static const struct {
		const char *edit;
		bool a_is_new, b_is_new;
	} rows[] = {
		{"INSERT INTO acl_permissions (group_name, action, topic) VALUES ('a', 'publish', 'z')", true, false},
		{"UPDATE acl_permissions SET permission = 'deny' WHERE topic = 'y'", false, true},
		{"UPDATE acl_permissions SET group_name = 'b' WHERE topic = 'x'", true, true},
		{"DELETE FROM acl_permissions WHERE group_name = 'b'", false, true},
		{"UPDATE groups SET name = 'c' WHERE name = 'a'", true, false},
		{"UPDATE groups SET description = 'new'", false, false},
		{"UPDATE clients SET password = '$7$101$c2FsdC==$aGFzaA==', mqtt_id = '*', description = 'new'", false,
			false},
		{"INSERT INTO clients (name, authentication) VALUES ('new', 'certificate')", false, false},
		{"INSERT INTO groups (name) VALUES ('c'); "
		 "INSERT INTO acl_permissions (group_name, action, topic) VALUES ('c', 'publish', 'z')",
			false, false},
		{"INSERT INTO group_rules (match_by, value, group_name) VALUES ('client', 'a2', 'a')", false, false},
		{"INSERT INTO group_rules (match_by, value, group_name) VALUES ('client', 'b1', 'a')", false, true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct sqlauth_acl *before[2], *after[2];

		engine_database_reset(&fixture, CONTENT);
		before[0] = acl_of("a1");
		before[1] = acl_of("b1");
		engine_database_edit(&fixture, rows[i].edit);
		after[0] = acl_of("a1");
		after[1] = acl_of("b1");
		if ((before[0] != after[0]) != rows[i].a_is_new || (before[1] != after[1]) != rows[i].b_is_new)
			fail_msg("row %zu: a %s, b %s", i, before[0] == after[0] ? "kept" : "new",
				before[1] == after[1] ? "kept" : "new");
		/* what a connection holds stays as it was */
		assert_true(may_publish(before[0], "x") && !may_publish(before[0], "z") && may_publish(before[1], "y"));
		for (size_t k = 0; k < 2; k++) {
			sqlauth_acl_unref(before[k]);
			sqlauth_acl_unref(after[k]);
		}
	}
}

/* ---- how much is kept ---- */

static void change_a(size_t i)
{
	char sql[128];

	snprintf(sql, sizeof sql, "UPDATE acl_permissions SET topic = 'x/%zu' WHERE group_name = 'a'", i);
	engine_database_edit(&fixture, sql);
}

static void what_nobody_holds_is_kept_within_a_bound(void **state)
{
	struct sqlauth_acl *b1 = acl_of("b1");

	(void)state;
	sqlauth_acl_unref(b1);
	for (size_t i = 0; i < 3 * ACL_CACHE_SLACK; i++) {
		change_a(i);
		sqlauth_acl_unref(acl_of("a1"));
		assert_in_range(sqlauth_engine_acl_count(fixture.engine), 1, ACL_CACHE_SLACK);
	}
}

static void what_somebody_holds_is_kept_and_found_again(void **state)
{
	struct sqlauth_acl *held[HELD_MAX], *b1 = acl_of("b1");

	(void)state;
	for (size_t i = 0; i < HELD_MAX; i++) {
		change_a(i);
		held[i] = acl_of("a1");
	}
	for (size_t i = 0; i < 4 * ACL_CACHE_SLACK; i++) {
		change_a(HELD_MAX + i);
		sqlauth_acl_unref(acl_of("a1"));
		assert_in_range(
			sqlauth_engine_acl_count(fixture.engine), HELD_MAX + 1, 2 * (HELD_MAX + 1) + ACL_CACHE_SLACK);
	}
	for (size_t i = 0; i < HELD_MAX; i++) {
		char topic[16];

		snprintf(topic, sizeof topic, "x/%zu", i);
		assert_true(may_publish(held[i], topic));
		sqlauth_acl_unref(held[i]);
	}
	sqlauth_acl_unref(b1);
	assert_ptr_equal(acl_of("b1"), b1);
	sqlauth_acl_unref(b1);
}

/* ---- many at once ---- */

#define CROWD_GROUPS 9
#define CROWD        (1 << CROWD_GROUPS)
#define CROWD_CONTENT                                                                                                  \
	"CREATE TEMP TABLE IF NOT EXISTS n AS WITH RECURSIVE c(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM c "         \
	"  WHERE i < 511) SELECT i FROM c;"                                                                            \
	"INSERT INTO groups (name) SELECT 'g' || i FROM n WHERE i < 9;"                                                \
	"INSERT INTO acl_permissions (group_name, action, topic) SELECT name, 'publish', name FROM groups;"            \
	"INSERT INTO clients (name, username, password) SELECT 'c' || i, 'c' || i, " DATABASE_HASH " FROM n;"          \
	"INSERT INTO group_rules (match_by, value, group_name) SELECT 'client', 'c' || c.i, 'g' || g.i "               \
	"  FROM n AS c JOIN n AS g ON g.i < 9 AND c.i >> g.i & 1;"

/* The client whose number has a bit for each of its groups. */
static void check_one_of_the_crowd(const struct sqlauth_acl *acl, unsigned client)
{
	for (unsigned group = 0; group < CROWD_GROUPS; group++) {
		char topic[8];

		snprintf(topic, sizeof topic, "g%u", group);
		assert_int_equal(may_publish(acl, topic), client >> group & 1);
	}
}

static void each_of_many_sets_of_groups_has_its_own_acl(void **state)
{
	static struct sqlauth_acl *held[CROWD];

	(void)state;
	engine_database_reset(&fixture, CROWD_CONTENT);
	for (unsigned client = 0; client < CROWD; client++) {
		char name[8];

		snprintf(name, sizeof name, "c%u", client);
		held[client] = acl_of(name);
		assert_int_equal(sqlauth_engine_acl_count(fixture.engine), client + 1);
	}
	for (unsigned client = 0; client < CROWD; client++) {
		char name[8];

		snprintf(name, sizeof name, "c%u", client);
		check_one_of_the_crowd(held[client], client);
		assert_ptr_equal(acl_of(name), held[client]);
		sqlauth_acl_unref(held[client]);
		sqlauth_acl_unref(held[client]);
	}
}

/* Each client comes while one allocation fails, the first one's first, the next one's second and so on: also those by
 * which the table grows. */
static void without_memory_one_of_many_gets_no_acl_or_its_own(void **state)
{
	size_t failed = 0;

	(void)state;
	engine_database_reset(&fixture, CROWD_CONTENT);
	for (unsigned client = 0; client < CROWD; client++) {
		for (size_t nth = 1;; nth++) {
			struct sqlauth_acl *acl = NULL;
			size_t made = allocations_made();
			enum sqlauth_outcome outcome;
			char name[8], mqtt_id[16];

			snprintf(name, sizeof name, "c%u", client);
			snprintf(mqtt_id, sizeof mqtt_id, "id-%s", name);
			allocations_fail(nth);
			outcome = sqlauth_engine_recall(fixture.engine, mqtt_id, name, &acl, NULL);
			made = allocations_made() - made;
			allocations_fail(0);
			if (outcome == SQLAUTH_OUTCOME_ACCEPT)
				check_one_of_the_crowd(acl, client);
			else
				assert_int_equal(outcome, SQLAUTH_OUTCOME_UNAVAILABLE);
			failed += outcome != SQLAUTH_OUTCOME_ACCEPT;
			if (outcome == SQLAUTH_OUTCOME_ACCEPT)
				sqlauth_acl_unref(acl);
			if (made < nth)
				break;
		}
	}
	assert_true(failed >= CROWD);
}

/* ---- exchanged databases ---- */

/* A copy of the database, in which group a has the same revision and permission for another topic: what becomes of a
 * dump that is edited by hand. */
static void make_edited_copy(const char *path)
{
	char sql[512];

	snprintf(sql, sizeof sql, "VACUUM INTO '%s'", path);
	engine_database_edit(&fixture, sql);
	database_script(path, "CREATE TEMP TABLE kept AS SELECT * FROM group_revisions;"
			      "UPDATE acl_permissions SET topic = 'z' WHERE topic = 'x';"
			      "UPDATE group_revisions SET revision = (SELECT revision FROM temp.kept WHERE "
			      "kept.group_name = group_revisions.group_name);");
}

static void restore_from(const char *path)
{
	sqlite3 *from = database_connect(path);
	sqlite3_backup *backup = sqlite3_backup_init(fixture.writer, "main", from, "main");

	assert_non_null(backup);
	assert_int_equal(sqlite3_backup_step(backup, -1), SQLITE_DONE);
	assert_int_equal(sqlite3_backup_finish(backup), SQLITE_OK);
	sqlite3_close(from);
}

static void rename_over(const char *path)
{
	sqlite3_close(fixture.writer);
	assert_int_equal(rename(path, fixture.database.path), 0);
	fixture.writer = database_connect(fixture.database.path);
}

static void a_database_exchanged_for_one_with_the_same_revisions_gives_its_own_acls(void **state)
{
	static void (*const exchanges[])(const char *) = {restore_from, rename_over};

	(void)state;
	for (size_t i = 0; i < COUNT(exchanges); i++) {
		const char *copy = database_file(&fixture.database, "copy.db");
		struct sqlauth_acl *before, *after;

		engine_database_reset(&fixture, CONTENT);
		if (exchanges[i] == rename_over) {
			sqlauth_engine_free(fixture.engine);
			fixture.engine = NULL;
			engine_database_edit(&fixture, "PRAGMA journal_mode = DELETE");
			engine_database_reopen(&fixture, false);
		}
		make_edited_copy(copy);
		before = acl_of("a1");
		exchanges[i](copy);
		after = acl_of("a1");
		if (may_publish(after, "x") || !may_publish(after, "z"))
			fail_msg("exchange %zu: the old permissions", i);
		assert_true(may_publish(before, "x") && !may_publish(before, "z"));
		sqlauth_acl_unref(before);
		sqlauth_acl_unref(after);
		assert_int_equal(sqlauth_engine_acl_count(fixture.engine), 1);
		unlink(copy);
	}
}

/* ---- sets that are refused ---- */

/* Each of eleven levels either "+" or "a": some topic meets more branches than a check may follow. */
#define TOO_MANY                                                                                                       \
	"WITH RECURSIVE t(levels, topic) AS (SELECT 0, 'x' UNION ALL SELECT levels + 1, topic || column1 FROM t, "     \
	"(VALUES ('/+'), ('/a')) WHERE levels < 11) INSERT INTO acl_permissions (group_name, action, topic) "          \
	"SELECT 'a', 'publish', topic FROM t WHERE levels = 11"

static void expect_refused(void)
{
	char message[SQLAUTH_MESSAGE_SIZE];
	struct sqlauth_acl *acl = NULL;
	struct sqlauth_text why;

	sqlauth_text_init(&why, message, sizeof message);
	assert_int_equal(sqlauth_engine_recall(fixture.engine, "id-a1", "a1", &acl, &why), SQLAUTH_OUTCOME_FAILED);
	assert_null(acl);
	assert_non_null(strstr(message, "a"));
}

/* Compiling one takes as long as compiling the largest that there may be. */
static void a_set_that_is_refused_is_not_compiled_again_until_it_changes(void **state)
{
	struct sqlauth_acl *acl;

	(void)state;
	engine_database_edit(&fixture, TOO_MANY);
	engine_database_edit(&fixture, "DROP TRIGGER acl_permissions_deleted");
	expect_refused();
	assert_int_equal(sqlauth_engine_acl_count(fixture.engine), 1);
	/* without the trigger that draws a new revision nobody can know that these are gone */
	engine_database_edit(&fixture, "DELETE FROM acl_permissions WHERE topic GLOB 'x/*'");
	expect_refused();
	engine_database_edit(&fixture, "UPDATE acl_permissions SET topic = 'z' WHERE topic = 'x'");
	acl = acl_of("a1");
	assert_true(may_publish(acl, "z"));
	sqlauth_acl_unref(acl);
}

static void refused_sets_are_swept_like_those_that_nobody_holds(void **state)
{
	(void)state;
	engine_database_edit(&fixture, TOO_MANY);
	for (size_t i = 0; i < 3 * ACL_CACHE_SLACK; i++) {
		engine_database_edit(&fixture,
			"UPDATE acl_permissions SET topic = topic || 'y' WHERE topic GLOB 'x/a/a/a*'"
			"AND id = (SELECT max(id) FROM acl_permissions WHERE group_name = 'a')");
		expect_refused();
		assert_in_range(sqlauth_engine_acl_count(fixture.engine), 1, 2 * ACL_CACHE_SLACK);
	}
}

/* ---- without memory ---- */

/* Also when only the table cannot grow: then the ACL is right, and not kept. */
static void every_allocation_may_fail_and_no_acl_is_wrong_or_lost(void **state)
{
	struct sqlauth_store *store = sqlauth_engine_store(fixture.engine);
	const struct sqlauth_rule_query query = {.client = "a1"};
	struct sqlauth_groups groups = {0};
	size_t live, unkept = 0, failed = 0;

	(void)state;
	assert_int_equal(sqlauth_store_begin(store, NULL), SQLAUTH_OK);
	assert_int_equal(sqlauth_store_groups(store, &query, &groups), SQLAUTH_OK);
	live = allocations_live();
	for (size_t nth = 1;; nth++) {
		size_t made = allocations_made();
		struct acl_cache cache;
		struct sqlauth_acl *acl = NULL;
		enum sqlauth_error error;

		assert_in_range(nth, 1, 100);
		acl_cache_init(&cache);
		allocations_fail(nth);
		error = acl_cache_get(&cache, store, &groups, &acl, NULL);
		made = allocations_made() - made;
		allocations_fail(0);
		assert_true(error == SQLAUTH_OK || error == SQLAUTH_ERROR_MEMORY);
		assert_true((acl != NULL) == (error == SQLAUTH_OK));
		if (error == SQLAUTH_OK)
			assert_true(may_publish(acl, "x") && !may_publish(acl, "y"));
		else
			failed++;
		unkept += error == SQLAUTH_OK && acl_cache_count(&cache) == 0;
		sqlauth_acl_unref(acl);
		acl_cache_clear(&cache);
		assert_int_equal(allocations_live(), live);
		if (made < nth)
			break;
	}
	assert_in_range(failed, 2, 100);
	assert_in_range(unkept, 1, 2);
	sqlauth_groups_clear(&groups);
	sqlauth_store_end(store);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(clients_with_the_same_groups_share_one_acl),
		TEST(an_edit_makes_anew_only_the_acls_of_the_groups_it_changes),
		TEST(what_nobody_holds_is_kept_within_a_bound),
		TEST(what_somebody_holds_is_kept_and_found_again),
		TEST(each_of_many_sets_of_groups_has_its_own_acl),
		TEST(without_memory_one_of_many_gets_no_acl_or_its_own),
		TEST(a_database_exchanged_for_one_with_the_same_revisions_gives_its_own_acls),
		TEST(a_set_that_is_refused_is_not_compiled_again_until_it_changes),
		TEST(refused_sets_are_swept_like_those_that_nobody_holds),
		TEST(every_allocation_may_fail_and_no_acl_is_wrong_or_lost),
	};

	if (sqlauth_secret_init() != SQLAUTH_OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
