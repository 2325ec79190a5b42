/* Clients that connect again while the database says the same: answered from memory, and with whatever changed seen at
 * the next connect. That nothing was read shows in how often SQLite ran the statement that finds a client. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "engine_database.h"
#include "sqlauth/secret.h"
#include "store/store_internal.h"

#define CONTENT                                                                                                        \
	"INSERT INTO clients (name, username, password) VALUES ('pump', 'p1', " DATABASE_HASH "), "                    \
	"('valve', 'v1', " DATABASE_HASH ");"                                                                          \
	"INSERT INTO groups (name) VALUES ('all'), ('pumps'), ('ids');"                                                \
	"INSERT INTO group_rules (match_by, value, group_name) VALUES ('any', '*', 'all'), ('client', 'pump', "        \
	"'pumps');"                                                                                                    \
	"INSERT INTO acl_permissions (group_name, action, topic) SELECT name, 'publish', name FROM groups;"

static struct engine_database fixture;

static int set_up(void **state)
{
	(void)state;
	engine_database_init(&fixture, CONTENT, false);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	engine_database_fini(&fixture);
	return 0;
}

static int reads(void)
{
	struct sqlauth_store *store = sqlauth_engine_store(fixture.engine);

	return sqlite3_stmt_status(store->statements[SQLAUTH_SQL_CLIENT_BY_USERNAME], SQLITE_STMTSTATUS_RUN, 0);
}

static enum sqlauth_outcome identify(const char *mqtt_id, const char *username, struct sqlauth_identity **identity_r)
{
	const struct sqlauth_connect connect = {
		.mqtt_id = mqtt_id, .username = username, .has_password = true, .admit_follows = true};

	return sqlauth_engine_identify(fixture.engine, &connect, identity_r, NULL);
}

/* A connect as the plugin makes it, with a password that was found right: its reason, and what may be published of the
 * groups' names, a letter each. */
static enum sqlauth_reason connect_client(const char *mqtt_id, const char *username, char groups_r[4])
{
	static const char *const topics[] = {"all", "pumps", "ids"};
	struct sqlauth_identity *identity = NULL;
	struct sqlauth_acl_client values;
	struct sqlauth_acl *acl = NULL;
	enum sqlauth_outcome outcome = identify(mqtt_id, username, &identity);
	enum sqlauth_reason reason;

	groups_r[0] = '\0';
	if (outcome == SQLAUTH_OUTCOME_VERIFY)
		outcome = sqlauth_engine_admit(fixture.engine, identity, SQLAUTH_OK, &acl, NULL);
	reason = sqlauth_identity_reason(identity);
	assert_int_equal(outcome == SQLAUTH_OUTCOME_ACCEPT, reason == SQLAUTH_REASON_ACCEPTED);
	sqlauth_acl_client_init(&values, mqtt_id, username);
	for (size_t i = 0; acl && i < 3; i++)
		if (sqlauth_acl_check(acl, SQLAUTH_ACCESS_PUBLISH, &values, topics[i], strlen(topics[i])).decision ==
			SQLAUTH_ALLOWED)
			strncat(groups_r, topics[i], 1);
	sqlauth_acl_unref(acl);
	sqlauth_identity_free(identity);
	return reason;
}

static void expect(const char *mqtt_id, const char *username, enum sqlauth_reason reason, const char *groups)
{
	char got[4];
	enum sqlauth_reason given = connect_client(mqtt_id, username, got);

	if (given != reason || strcmp(got, groups) != 0)
		fail_msg("%s as %s: %s \"%s\"", username, mqtt_id, sqlauth_reason_word(given), got);
}

static void a_client_that_connects_again_is_not_read_again(void **state)
{
	int before;

	(void)state;
	expect("id", "p1", SQLAUTH_REASON_ACCEPTED, "ap");
	expect("id", "v1", SQLAUTH_REASON_ACCEPTED, "a");
	before = reads();
	for (int i = 0; i < 3; i++) {
		expect("id", "p1", SQLAUTH_REASON_ACCEPTED, "ap");
		expect("id", "v1", SQLAUTH_REASON_ACCEPTED, "a");
	}
	assert_int_equal(reads(), before);
}

static void without_rules_about_ids_another_id_is_the_same_client(void **state)
{
	int before;

	(void)state;
	expect("one", "p1", SQLAUTH_REASON_ACCEPTED, "ap");
	before = reads();
	expect("two", "p1", SQLAUTH_REASON_ACCEPTED, "ap");
	assert_int_equal(reads(), before);
}

static void with_rules_about_ids_each_id_has_its_own_groups(void **state)
{
	(void)state;
	expect("one", "p1", SQLAUTH_REASON_ACCEPTED, "ap");
	engine_database_edit(
		&fixture, "INSERT INTO group_rules (match_by, value, group_name) VALUES ('mqtt_id', 'o*', 'ids')");
	for (int i = 0; i < 2; i++) {
		expect("two", "p1", SQLAUTH_REASON_ACCEPTED, "ap");
		expect("one", "p1", SQLAUTH_REASON_ACCEPTED, "api");
	}
	engine_database_edit(&fixture, "DELETE FROM group_rules WHERE match_by = 'mqtt_id'");
	expect("one", "p1", SQLAUTH_REASON_ACCEPTED, "ap");
	expect("two", "p1", SQLAUTH_REASON_ACCEPTED, "ap");
}

static void every_edit_is_seen_by_the_next_connect(void **state)
{
	static const struct {
		const char *edit;
		enum sqlauth_reason reason;
		const char *groups;
	} rows[] = {
		{"UPDATE clients SET enabled = 0 WHERE name = 'pump'", SQLAUTH_REASON_DISABLED, ""},
		{"UPDATE clients SET enabled = 1 WHERE name = 'pump'", SQLAUTH_REASON_ACCEPTED, "ap"},
		{"UPDATE clients SET mqtt_id = 'other' WHERE name = 'pump'", SQLAUTH_REASON_MQTT_ID, ""},
		{"UPDATE clients SET mqtt_id = NULL WHERE name = 'pump'", SQLAUTH_REASON_ACCEPTED, "ap"},
		{"UPDATE clients SET disconnect_before = 1800000000 WHERE name = 'pump'", SQLAUTH_REASON_DISCONNECTED,
			""},
		{"UPDATE clients SET disconnect_before = NULL WHERE name = 'pump'", SQLAUTH_REASON_ACCEPTED, "ap"},
		{"UPDATE clients SET username = 'p2' WHERE name = 'pump'", SQLAUTH_REASON_UNKNOWN_CLIENT, ""},
		{"UPDATE clients SET username = 'p1' WHERE name = 'pump'", SQLAUTH_REASON_ACCEPTED, "ap"},
		{"INSERT INTO client_certificates (client, match_by, value) VALUES ('pump', 'dns', 'pump.example')",
			SQLAUTH_REASON_NO_CERTIFICATE, ""},
		{"DELETE FROM client_certificates", SQLAUTH_REASON_ACCEPTED, "ap"},
		{"DELETE FROM group_rules WHERE match_by = 'client'", SQLAUTH_REASON_ACCEPTED, "a"},
		{"INSERT INTO group_rules (match_by, value, group_name) VALUES ('client', 'pump', 'ids')",
			SQLAUTH_REASON_ACCEPTED, "ai"},
		{"DELETE FROM acl_permissions WHERE group_name = 'all'", SQLAUTH_REASON_ACCEPTED, "i"},
		{"INSERT INTO acl_permissions (group_name, permission, action, topic) VALUES ('all', 'deny', "
		 "'publish', "
		 "'ids')",
			SQLAUTH_REASON_ACCEPTED, ""},
		{"DELETE FROM clients WHERE name = 'pump'", SQLAUTH_REASON_UNKNOWN_CLIENT, ""},
	};

	(void)state;
	expect("id", "p1", SQLAUTH_REASON_ACCEPTED, "ap");
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		engine_database_edit(&fixture, rows[i].edit);
		for (int again = 0; again < 3; again++) {
			char groups[4];
			if (connect_client("id", "p1", groups) != rows[i].reason || strcmp(groups, rows[i].groups) != 0)
				fail_msg("row %zu, connect %d: \"%s\"", i, again, groups);
		}
	}
}

static void a_changed_password_is_the_hash_to_verify(void **state)
{
	struct sqlauth_identity *identity = NULL;

	(void)state;
	expect("id", "p1", SQLAUTH_REASON_ACCEPTED, "ap");
	engine_database_edit(&fixture, "UPDATE clients SET password = '$7$101$b3RoZXI=$aGFzaA=='");
	assert_int_equal(identify("id", "p1", &identity), SQLAUTH_OUTCOME_VERIFY);
	assert_string_equal(sqlauth_identity_hash(identity), "$7$101$b3RoZXI=$aGFzaA==");
	sqlauth_identity_free(identity);
}

static void time_and_password_are_judged_anew(void **state)
{
	struct sqlauth_identity *identity = NULL;
	struct sqlauth_acl *acl = NULL;

	(void)state;
	engine_database_edit(&fixture, "UPDATE clients SET disconnect_before = 1700000000, mqtt_id = 'i*'");
	fixture.now = 1700000001;
	expect("id", "p1", SQLAUTH_REASON_ACCEPTED, "ap");
	fixture.now = 1700000000;
	expect("id", "p1", SQLAUTH_REASON_DISCONNECTED, "");
	fixture.now = 1700000002;
	expect("id", "p1", SQLAUTH_REASON_ACCEPTED, "ap");
	expect("other", "p1", SQLAUTH_REASON_MQTT_ID, "");
	assert_int_equal(identify("id", "p1", &identity), SQLAUTH_OUTCOME_VERIFY);
	assert_int_equal(sqlauth_engine_admit(fixture.engine, identity, SQLAUTH_ERROR_MISMATCH, &acl, NULL),
		SQLAUTH_OUTCOME_REFUSED);
	assert_int_equal(sqlauth_identity_reason(identity), SQLAUTH_REASON_WRONG_PASSWORD);
	assert_null(acl);
	sqlauth_identity_free(identity);
}

/* The verification takes time: what came from memory is confirmed by the database like anything else. */
static void an_edit_between_the_steps_is_seen(void **state)
{
	static const char *const edits[] = {"UPDATE clients SET enabled = 0 WHERE name = 'pump'",
		"UPDATE clients SET password = '$7$101$b3RoZXI=$aGFzaA==' WHERE name = 'pump'",
		"DELETE FROM clients WHERE name = 'pump'"};

	(void)state;
	for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++) {
		struct sqlauth_identity *identity = NULL;
		struct sqlauth_acl *acl = NULL;

		engine_database_reset(&fixture, CONTENT);
		expect("id", "p1", SQLAUTH_REASON_ACCEPTED, "ap");
		assert_int_equal(identify("id", "p1", &identity), SQLAUTH_OUTCOME_VERIFY);
		sqlauth_engine_let_go(fixture.engine);
		engine_database_edit(&fixture, edits[i]);
		expect("id", "v1", SQLAUTH_REASON_ACCEPTED, "a");
		assert_int_equal(sqlauth_engine_admit(fixture.engine, identity, SQLAUTH_OK, &acl, NULL),
			SQLAUTH_OUTCOME_REFUSED);
		assert_int_equal(sqlauth_identity_reason(identity), SQLAUTH_REASON_CHANGED);
		assert_string_equal(sqlauth_identity_client(identity), "pump");
		sqlauth_identity_free(identity);
	}
}

static void what_is_not_let_in_is_not_remembered(void **state)
{
	int before;

	(void)state;
	engine_database_edit(&fixture, "UPDATE clients SET enabled = 0");
	for (int i = 0; i < 3; i++) {
		before = reads();
		expect("id", "p1", SQLAUTH_REASON_DISABLED, "");
		expect("id", "nobody", SQLAUTH_REASON_UNKNOWN_CLIENT, "");
		assert_int_equal(reads(), before + 2);
	}
}

static void a_database_that_is_gone_answers_nothing_from_memory(void **state)
{
	struct sqlauth_identity *identity = NULL;
	char away[DATABASE_PATH_SIZE];

	(void)state;
	expect("id", "p1", SQLAUTH_REASON_ACCEPTED, "ap");
	snprintf(away, sizeof away, "%s", database_file(&fixture.database, "away"));
	assert_int_equal(rename(fixture.database.path, away), 0);
	assert_int_equal(identify("id", "p1", &identity), SQLAUTH_OUTCOME_UNAVAILABLE);
	assert_int_equal(rename(away, fixture.database.path), 0);
	expect("id", "p1", SQLAUTH_REASON_ACCEPTED, "ap");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_client_that_connects_again_is_not_read_again),
		TEST(without_rules_about_ids_another_id_is_the_same_client),
		TEST(with_rules_about_ids_each_id_has_its_own_groups),
		TEST(every_edit_is_seen_by_the_next_connect),
		TEST(a_changed_password_is_the_hash_to_verify),
		TEST(time_and_password_are_judged_anew),
		TEST(an_edit_between_the_steps_is_seen),
		TEST(what_is_not_let_in_is_not_remembered),
		TEST(a_database_that_is_gone_answers_nothing_from_memory),
	};

	if (sqlauth_secret_init() != SQLAUTH_OK)
		return 1;
	return cmocka_run_group_tests_name("connect memory", tests, NULL, NULL);
}
