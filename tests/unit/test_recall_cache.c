/* The cache of recalled clients by itself, and through the engine on a real database. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "engine/recall_cache.h"
#include "fault_vfs.h"
#include "sqlauth/secret.h"
#include "store_database.h"

static struct sqlauth_acl *shared_acl;

static struct recall_answer accepted(void)
{
	return (struct recall_answer){SQLAUTH_OUTCOME_ACCEPT, shared_acl, INT64_MAX, NULL};
}

static struct recall_cache new_cache(size_t max)
{
	struct recall_cache cache;

	assert_int_equal(recall_cache_init(&cache, max), SQLAUTH_OK);
	return cache;
}

/* ---- the cache by itself ---- */

static void an_answer_is_found_for_its_identifier_and_username_only(void **state)
{
	static const struct {
		const char *mqtt_id, *username;
		bool found;
	} rows[] = {
		{"id", "user", true},
		{"id", "use", false},
		{"i", "user", false},
		{"id", NULL, false},
		{"id", "", false},
		{"iduser", "", false},
		{"", "user", false},
		{"anonymous", NULL, true},
		{"anonymous", "", false},
		{"empty", "", true},
		{"empty", NULL, false},
	};
	struct recall_cache cache = new_cache(10);
	struct recall_answer answer = accepted();

	(void)state;
	assert_null(recall_cache_find(&cache, 1, 0, "id", "user"));
	recall_cache_add(&cache, "id", "user", &answer);
	recall_cache_add(&cache, "anonymous", NULL, &answer);
	recall_cache_add(&cache, "empty", "", &answer);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct recall_answer *found = recall_cache_find(&cache, 1, 0, rows[i].mqtt_id, rows[i].username);
		if ((found != NULL) != rows[i].found)
			fail_msg("row %zu", i);
		if (found && (found->outcome != SQLAUTH_OUTCOME_ACCEPT || found->acl != shared_acl))
			fail_msg("row %zu: another answer", i);
	}
	recall_cache_fini(&cache);
}

static void another_version_drops_everything(void **state)
{
	struct recall_cache cache = new_cache(10);
	struct recall_answer answer = accepted();

	(void)state;
	assert_null(recall_cache_find(&cache, 1, 0, "a", NULL));
	recall_cache_add(&cache, "a", NULL, &answer);
	recall_cache_add(&cache, "b", NULL, &answer);
	assert_null(recall_cache_find(&cache, 2, 0, "a", NULL));
	assert_null(recall_cache_find(&cache, 1, 0, "b", NULL));
	assert_int_equal(cache.index.count, 0);
	recall_cache_fini(&cache);
}

static void an_answer_with_an_end_holds_up_to_it_and_can_be_replaced(void **state)
{
	struct recall_cache cache = new_cache(10);
	struct recall_answer banned = {.outcome = SQLAUTH_OUTCOME_REFUSED, .until = 100}, answer = accepted();

	(void)state;
	assert_null(recall_cache_find(&cache, 1, 50, "a", "u"));
	recall_cache_add(&cache, "a", "u", &banned);
	assert_int_equal(recall_cache_find(&cache, 1, 100, "a", "u")->outcome, SQLAUTH_OUTCOME_REFUSED);
	assert_null(recall_cache_find(&cache, 1, 101, "a", "u"));
	recall_cache_add(&cache, "a", "u", &answer);
	assert_int_equal(recall_cache_find(&cache, 1, 101, "a", "u")->outcome, SQLAUTH_OUTCOME_ACCEPT);
	assert_int_equal(cache.index.count, 1);
	recall_cache_fini(&cache);
}

static void the_oldest_answers_make_room(void **state)
{
	struct recall_cache cache = new_cache(100);
	struct recall_answer answer = accepted();
	char id[16];

	(void)state;
	for (int i = 0; i < 1000; i++) {
		snprintf(id, sizeof id, "%d", i);
		recall_cache_add(&cache, id, "u", &answer);
		assert_true(cache.index.count <= 100);
	}
	for (int i = 0; i < 1000; i++) {
		snprintf(id, sizeof id, "%d", i);
		assert_int_equal(recall_cache_find(&cache, 0, 0, id, "u") != NULL, i >= 900);
	}
	recall_cache_fini(&cache);
}

static void who_has_a_long_name_is_not_remembered(void **state)
{
	struct recall_cache cache = new_cache(10);
	struct recall_answer answer = accepted();
	char name[RECALL_CACHE_KEY_BYTES + 2];

	(void)state;
	for (size_t length = RECALL_CACHE_KEY_BYTES - 4; length <= RECALL_CACHE_KEY_BYTES + 1; length++) {
		memset(name, 'x', length);
		name[length] = '\0';
		recall_cache_add(&cache, name, NULL, &answer);
		assert_int_equal(recall_cache_find(&cache, 0, 0, name, NULL) != NULL, length < RECALL_CACHE_KEY_BYTES);
		recall_cache_add(&cache, "i", name, &answer);
		assert_int_equal(
			recall_cache_find(&cache, 0, 0, "i", name) != NULL, length + 3 <= RECALL_CACHE_KEY_BYTES);
	}
	recall_cache_fini(&cache);
}

/* ---- through the engine ---- */

static int64_t clock_seconds;

static int64_t test_ms(void *context)
{
	(void)context;
	return 0;
}

static int64_t test_seconds(void *context)
{
	(void)context;
	return clock_seconds;
}

static const struct sqlauth_clock test_clock = {test_ms, test_seconds, NULL};

static enum sqlauth_outcome recall(struct sqlauth_engine *engine, const char *mqtt_id, const char *username)
{
	struct sqlauth_acl *acl = NULL;
	enum sqlauth_outcome outcome = sqlauth_engine_recall(engine, mqtt_id, username, &acl, NULL);

	assert_int_equal(acl != NULL, outcome == SQLAUTH_OUTCOME_ACCEPT);
	sqlauth_acl_unref(acl);
	return outcome;
}

static struct sqlauth_engine *new_engine(const struct database *database)
{
	struct sqlauth_engine_options options = {.database = database->path, .clock = &test_clock};
	struct sqlauth_engine *engine = NULL;

	assert_int_equal(sqlauth_engine_new(&options, &engine, NULL), SQLAUTH_OK);
	return engine;
}

static void every_edit_is_seen_by_the_next_recall(void **state)
{
	static const struct {
		const char *edit;
		enum sqlauth_outcome outcome;
	} rows[] = {
		{"SELECT 1", SQLAUTH_OUTCOME_ACCEPT},
		{"UPDATE clients SET enabled = 0 WHERE name = 'valve'", SQLAUTH_OUTCOME_REFUSED},
		{"UPDATE clients SET enabled = 1 WHERE name = 'valve'", SQLAUTH_OUTCOME_ACCEPT},
		{"UPDATE clients SET mqtt_id = 'other' WHERE name = 'valve'", SQLAUTH_OUTCOME_REFUSED},
		{"UPDATE clients SET mqtt_id = 'id' WHERE name = 'valve'", SQLAUTH_OUTCOME_ACCEPT},
		{"UPDATE clients SET username = 'v2' WHERE name = 'valve'", SQLAUTH_OUTCOME_REFUSED},
		{"UPDATE clients SET username = 'v1' WHERE name = 'valve'", SQLAUTH_OUTCOME_ACCEPT},
		{"UPDATE clients SET disconnect_before = 1000 WHERE name = 'valve'", SQLAUTH_OUTCOME_REFUSED},
		{"UPDATE clients SET disconnect_before = 999 WHERE name = 'valve'", SQLAUTH_OUTCOME_ACCEPT},
		{"DELETE FROM clients WHERE name = 'valve'", SQLAUTH_OUTCOME_REFUSED},
	};
	struct database database;
	struct sqlauth_engine *engine;

	(void)state;
	clock_seconds = 1000;
	database_init(&database);
	database_create(&database, DATABASE_CONTENT);
	engine = new_engine(&database);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		database_script(database.path, rows[i].edit);
		for (int again = 0; again < 3; again++)
			if (recall(engine, "id", "v1") != rows[i].outcome)
				fail_msg("row %zu, question %d", i, again);
	}
	sqlauth_engine_free(engine);
	database_fini(&database);
}

static void a_changed_permission_is_seen_by_the_next_recall(void **state)
{
	static const char topic[] = "new/topic";
	struct sqlauth_acl_client values;
	struct database database;
	struct sqlauth_engine *engine;

	(void)state;
	database_init(&database);
	database_create(&database, DATABASE_CONTENT);
	engine = new_engine(&database);
	sqlauth_acl_client_init(&values, "id", "v1");
	for (int round = 0; round < 3; round++) {
		struct sqlauth_acl *acl = NULL;
		struct sqlauth_verdict verdict;

		database_script(database.path, round % 2 ? "INSERT INTO acl_permissions (group_name, action, topic) "
							   "VALUES ('g3', 'publish', 'new/#')"
							 : "DELETE FROM acl_permissions WHERE group_name = 'g3'");
		assert_int_equal(sqlauth_engine_recall(engine, "id", "v1", &acl, NULL), SQLAUTH_OUTCOME_ACCEPT);
		verdict = sqlauth_acl_check(acl, SQLAUTH_ACCESS_PUBLISH, &values, topic, strlen(topic));
		assert_int_equal(verdict.decision, round % 2 ? SQLAUTH_ALLOWED : SQLAUTH_DENIED);
		sqlauth_acl_unref(acl);
	}
	sqlauth_engine_free(engine);
	database_fini(&database);
}

static void a_ban_ends_without_a_change_in_the_database(void **state)
{
	struct database database;
	struct sqlauth_engine *engine;

	(void)state;
	clock_seconds = 1000;
	database_init(&database);
	database_create(
		&database, DATABASE_CONTENT "UPDATE clients SET disconnect_before = 2000 WHERE name = 'valve';");
	engine = new_engine(&database);
	assert_int_equal(recall(engine, "id", "v1"), SQLAUTH_OUTCOME_REFUSED);
	clock_seconds = 2000;
	assert_int_equal(recall(engine, "id", "v1"), SQLAUTH_OUTCOME_REFUSED);
	clock_seconds = 2001;
	assert_int_equal(recall(engine, "id", "v1"), SQLAUTH_OUTCOME_ACCEPT);
	sqlauth_engine_free(engine);
	database_fini(&database);
}

static void a_database_that_is_gone_answers_nothing_from_memory(void **state)
{
	struct database database;
	struct sqlauth_engine *engine;
	char away[DATABASE_PATH_SIZE];

	(void)state;
	database_init(&database);
	database_create_rollback(&database, "auth.db", DATABASE_CONTENT);
	engine = new_engine(&database);
	assert_int_equal(recall(engine, "id", "v1"), SQLAUTH_OUTCOME_ACCEPT);
	snprintf(away, sizeof away, "%s", database_file(&database, "away"));
	assert_int_equal(rename(database.path, away), 0);
	assert_int_equal(recall(engine, "id", "v1"), SQLAUTH_OUTCOME_UNAVAILABLE);
	assert_int_equal(rename(away, database.path), 0);
	assert_int_equal(recall(engine, "id", "v1"), SQLAUTH_OUTCOME_ACCEPT);
	sqlauth_engine_free(engine);
	database_fini(&database);
}

static void a_failed_read_is_not_remembered(void **state)
{
	struct database database;
	struct sqlauth_engine *engine;
	bool came = true;

	(void)state;
	database_init(&database);
	database_create(&database, DATABASE_CONTENT);
	for (size_t nth = 1; came; nth++) {
		engine = new_engine(&database);
		fault_vfs_fail(nth, 0);
		(void)recall(engine, "id", "v1");
		came = !fault_vfs_pending();
		fault_vfs_fail(0, 0);
		assert_int_equal(recall(engine, "id", "v1"), SQLAUTH_OUTCOME_ACCEPT);
		assert_int_equal(recall(engine, "id", "nobody"), SQLAUTH_OUTCOME_REFUSED);
		sqlauth_engine_free(engine);
	}
	database_fini(&database);
}

static int prepare(void **state)
{
	(void)state;
	fault_vfs_install();
	if (sqlauth_secret_init() != SQLAUTH_OK)
		return -1;
	return sqlauth_acl_compile(NULL, 0, &shared_acl, NULL) == SQLAUTH_OK ? 0 : -1;
}

static int finish(void **state)
{
	(void)state;
	sqlauth_acl_unref(shared_acl);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_is_found_for_its_identifier_and_username_only),
		cmocka_unit_test(another_version_drops_everything),
		cmocka_unit_test(an_answer_with_an_end_holds_up_to_it_and_can_be_replaced),
		cmocka_unit_test(the_oldest_answers_make_room),
		cmocka_unit_test(who_has_a_long_name_is_not_remembered),
		cmocka_unit_test(every_edit_is_seen_by_the_next_recall),
		cmocka_unit_test(a_changed_permission_is_seen_by_the_next_recall),
		cmocka_unit_test(a_ban_ends_without_a_change_in_the_database),
		cmocka_unit_test(a_database_that_is_gone_answers_nothing_from_memory),
		cmocka_unit_test(a_failed_read_is_not_remembered),
	};

	return cmocka_run_group_tests(tests, prepare, finish);
}
