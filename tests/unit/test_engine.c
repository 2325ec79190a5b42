/* The second step of connecting, and recalling: what changed meanwhile, the groups of all kinds of rule, a database
 * that cannot answer. The first step is test_identity's. */
#include "sqlauth/engine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine_database.h"
#include "sqlauth/secret.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* A group for every rule, named by it, in which a topic of the group's name may be published. */
#define CONTENT                                                                                                        \
	"INSERT INTO clients (name, username, password) VALUES ('pump', 'p1', " DATABASE_HASH "), "                    \
	"('pair', 'p2', " DATABASE_HASH ");"                                                                           \
	"INSERT INTO clients (name, authentication) VALUES ('bare', 'certificate');"                                   \
	"INSERT INTO client_certificates (client, match_by, value) VALUES ('pair', 'dns', 'pump-7.example.com'), "     \
	"('bare', 'email', 'second@example.com');"                                                                     \
	"INSERT INTO groups (name) VALUES ('client'), ('any'), ('anonymous'), ('id'), ('pattern'), ('certificate'), "  \
	"('twice');"                                                                                                   \
	"INSERT INTO group_rules (match_by, value, group_name) VALUES ('client', 'pump', 'client'), ('any', '*', "     \
	"'any'), ('anonymous', '*', 'anonymous'), ('mqtt_id', 'dev-1', 'id'), ('mqtt_id', 'dev-*', 'pattern'), "       \
	"('certificate_fingerprint', '" NAMES_FINGERPRINT "', 'certificate'), ('client', 'pump', 'twice'), "           \
	"('mqtt_id', '*-1', 'twice');"                                                                                 \
	"INSERT INTO acl_permissions (group_name, action, topic) SELECT name, 'publish', name FROM groups;"

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

struct asker {
	const char *mqtt_id, *username, *file;
	bool has_password;
};

static enum sqlauth_outcome identify(
	const struct asker *asker, struct sqlauth_identity **identity_r, struct sqlauth_text *why)
{
	struct sqlauth_certificate *certificate = engine_database_certificate(TEST_DATA, asker->file);
	const struct sqlauth_connect connect = {
		.mqtt_id = asker->mqtt_id,
		.username = asker->username,
		.has_password = asker->has_password,
		.certificate = certificate,
	};
	enum sqlauth_outcome outcome = sqlauth_engine_identify(fixture.engine, &connect, identity_r, why);

	sqlauth_certificate_free(certificate);
	return outcome;
}

static const struct asker pump = {"dev-1", "p1", NULL, true};
static const struct asker pair = {"dev-1", "p2", NAMES_PEM, true};
static const struct asker bare = {"dev-1", NULL, NAMES_PEM, false};
static const struct asker nobody = {"dev-1", NULL, NULL, false};

/* The groups whose permissions the ACL has, in the order of their names. */
static void describe_groups(const struct sqlauth_acl *acl, char *description, size_t size)
{
	struct sqlauth_permission permission;
	struct sqlauth_text text;

	sqlauth_text_init(&text, description, size);
	for (uint32_t i = 0; sqlauth_acl_permission(acl, i, &permission); i++)
		sqlauth_text_add(&text, "%s ", permission.group);
}

/* ---- groups ---- */

static void groups_come_from_all_kinds_of_rule(void **state)
{
	static const struct {
		struct asker asker;
		const char *groups;
	} rows[] = {
		{{"dev-1", "p1", NULL, true}, "any client id pattern twice "},
		{{"dev-2", "p1", NULL, true}, "any client pattern twice "},
		{{"x", "p1", NULL, true}, "any client twice "},
		{{"x", "p1", NAMES_PEM, true}, "any certificate client twice "},
		{{"x", "p1", UTF8_PEM, true}, "any client twice "},
		{{"x", "p2", NAMES_PEM, true}, "any certificate "},
		{{"x", NULL, NAMES_PEM, false}, "any certificate "},
		{{"", NULL, NAMES_PEM, false}, "any certificate "},
		/* anonymous connections have neither `any` nor fingerprint rules, whatever they present */
		{{"dev-1", NULL, NULL, false}, "anonymous id pattern twice "},
		{{"x", NULL, NULL, true}, "anonymous "},
		{{"x", NULL, NO_NAMES_PEM, false}, "anonymous "},
	};

	(void)state;
	/* the anonymous ones' certificate has a rule too */
	engine_database_edit(&fixture, "INSERT INTO groups (name) VALUES ('unused'); "
				       "INSERT INTO group_rules (match_by, value, group_name) VALUES "
				       "('certificate_fingerprint', '" NO_NAMES_FINGERPRINT "', 'unused');"
				       "INSERT INTO acl_permissions (group_name, action, topic) "
				       "VALUES ('unused', 'publish', 'x')");
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct sqlauth_identity *identity = NULL;
		struct sqlauth_acl *acl = NULL;
		char groups[256];

		assert_in_range(
			identify(&rows[i].asker, &identity, NULL), SQLAUTH_OUTCOME_ACCEPT, SQLAUTH_OUTCOME_VERIFY);
		assert_int_equal(
			sqlauth_engine_admit(fixture.engine, identity, SQLAUTH_OK, &acl, NULL), SQLAUTH_OUTCOME_ACCEPT);
		describe_groups(acl, groups, sizeof groups);
		if (strcmp(groups, rows[i].groups) != 0)
			fail_msg("row %zu: %s", i, groups);
		sqlauth_acl_unref(acl);
		sqlauth_identity_free(identity);
	}
}

static void note_rule(void *context, const char *match_by, const char *value, const char *group)
{
	sqlauth_text_add(context, "%s %s: %s\n", match_by, value, group);
}

static void the_rules_that_gave_the_groups_are_told(void **state)
{
	struct sqlauth_identity *identity = NULL;
	char description[512];
	struct sqlauth_text text;

	(void)state;
	sqlauth_text_init(&text, description, sizeof description);
	assert_int_equal(identify(&nobody, &identity, NULL), SQLAUTH_OUTCOME_ACCEPT);
	assert_int_equal(sqlauth_engine_visit_rules(fixture.engine, identity, note_rule, &text), SQLAUTH_OK);
	assert_non_null(strstr(description, "anonymous *: anonymous\n"));
	assert_non_null(strstr(description, "mqtt_id dev-1: id\n"));
	assert_non_null(strstr(description, "mqtt_id *-1: twice\n"));
	assert_null(strstr(description, "any"));
	assert_int_equal(rename(fixture.database.path, database_file(&fixture.database, "away")), 0);
	assert_int_not_equal(sqlauth_engine_visit_rules(fixture.engine, identity, note_rule, &text), SQLAUTH_OK);
	sqlauth_identity_free(identity);
}

/* ---- between the two steps ---- */

static void what_changes_while_a_password_is_verified_is_refused(void **state)
{
	static const struct {
		const char *edit;
		const struct asker *asker;
		enum sqlauth_reason reason;
	} rows[] = {
		{"UPDATE clients SET name = 'pump-2' WHERE name = 'pump'", &pump, SQLAUTH_REASON_CHANGED},
		{"UPDATE clients SET username = 'p3' WHERE name = 'pump'", &pump, SQLAUTH_REASON_CHANGED},
		{"UPDATE clients SET password = '$7$101$c2FsdB==$aGFzaA==' WHERE name = 'pump'", &pump,
			SQLAUTH_REASON_CHANGED},
		{"UPDATE clients SET mqtt_id = '*' WHERE name = 'pump'", &pump, SQLAUTH_REASON_CHANGED},
		{"UPDATE clients SET authentication = 'certificate' WHERE name = 'pump'", &pump,
			SQLAUTH_REASON_CHANGED},
		{"UPDATE clients SET enabled = 0 WHERE name = 'pump'", &pump, SQLAUTH_REASON_CHANGED},
		{"UPDATE clients SET disconnect_before = 1 WHERE name = 'pump'", &pump, SQLAUTH_REASON_CHANGED},
		{"INSERT INTO client_certificates VALUES ('pump', 'dns', 'a.example')", &pump, SQLAUTH_REASON_CHANGED},
		{"DELETE FROM clients WHERE name = 'pump'", &pump, SQLAUTH_REASON_CHANGED},
		/* the certificate row that spoke for it: gone, another's, or one of two */
		{"DELETE FROM client_certificates WHERE client = 'pair'", &pair, SQLAUTH_REASON_CHANGED},
		{"UPDATE client_certificates SET value = 'other.example' WHERE client = 'pair'", &pair,
			SQLAUTH_REASON_CHANGED},
		{"UPDATE client_certificates SET client = 'pump' WHERE client = 'pair'", &pair, SQLAUTH_REASON_CHANGED},
		{"INSERT INTO client_certificates VALUES ('pair', 'dns', 'new.example'); "
		 "DELETE FROM client_certificates WHERE value = 'pump-7.example.com'",
			&pair, SQLAUTH_REASON_CHANGED},
		{"UPDATE clients SET username = 'b1' WHERE name = 'bare'", &bare, SQLAUTH_REASON_CHANGED},
		{"DELETE FROM client_certificates WHERE client = 'bare'", &bare, SQLAUTH_REASON_CHANGED},
		{"DELETE FROM group_rules WHERE match_by = 'anonymous'", &nobody, SQLAUTH_REASON_ANONYMOUS},
		/* and what does not concern it */
		{"UPDATE clients SET description = 'new' WHERE name = 'pump'", &pump, SQLAUTH_REASON_ACCEPTED},
		{"UPDATE clients SET enabled = 0 WHERE name = 'pair'", &pump, SQLAUTH_REASON_ACCEPTED},
		{"INSERT INTO client_certificates VALUES ('pair', 'dns', 'new.example')", &pair,
			SQLAUTH_REASON_ACCEPTED},
		{"DELETE FROM clients", &nobody, SQLAUTH_REASON_ACCEPTED},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		bool accepted = rows[i].reason == SQLAUTH_REASON_ACCEPTED;
		struct sqlauth_identity *identity = NULL;
		struct sqlauth_acl *acl = NULL;
		enum sqlauth_outcome outcome;

		engine_database_reset(&fixture, CONTENT);
		assert_in_range(
			identify(rows[i].asker, &identity, NULL), SQLAUTH_OUTCOME_ACCEPT, SQLAUTH_OUTCOME_VERIFY);
		engine_database_edit(&fixture, rows[i].edit);
		outcome = sqlauth_engine_admit(fixture.engine, identity, SQLAUTH_OK, &acl, NULL);
		if (outcome != (accepted ? SQLAUTH_OUTCOME_ACCEPT : SQLAUTH_OUTCOME_REFUSED) ||
			sqlauth_identity_reason(identity) != rows[i].reason || (acl != NULL) != accepted)
			fail_msg("row %zu: outcome %d, reason %s, acl %p", i, outcome,
				sqlauth_reason_word(sqlauth_identity_reason(identity)), (void *)acl);
		sqlauth_acl_unref(acl);
		sqlauth_identity_free(identity);
	}
}

/* A client that only looks the same is another one where its password is another. */
static void a_client_deleted_and_made_anew_is_taken_for_the_same_only_where_it_is(void **state)
{
	struct sqlauth_identity *identity = NULL;
	struct sqlauth_acl *acl = NULL;

	(void)state;
	assert_int_equal(identify(&pump, &identity, NULL), SQLAUTH_OUTCOME_VERIFY);
	engine_database_reset(&fixture,
		"INSERT INTO clients (name, username, password) VALUES ('pump', 'p1', '$7$101$c2FsdC==$aGFzaA==')");
	assert_int_equal(
		sqlauth_engine_admit(fixture.engine, identity, SQLAUTH_OK, &acl, NULL), SQLAUTH_OUTCOME_REFUSED);
	assert_int_equal(sqlauth_identity_reason(identity), SQLAUTH_REASON_CHANGED);
	sqlauth_identity_free(identity);
}

/* ---- a database that cannot answer ---- */

/* In WAL mode no writer keeps readers out. The mode changes only while nobody else has the database open. */
static void leave_wal_mode(void)
{
	sqlauth_engine_free(fixture.engine);
	fixture.engine = NULL;
	engine_database_edit(&fixture, "PRAGMA journal_mode = DELETE");
	engine_database_reopen(&fixture, false);
}

static void lock(void)
{
	engine_database_edit(&fixture, "BEGIN EXCLUSIVE");
}

static void unlock(void)
{
	engine_database_edit(&fixture, "COMMIT");
}

static void take_away(void)
{
	assert_int_equal(rename(fixture.database.path, database_file(&fixture.database, "away")), 0);
}

static void bring_back(void)
{
	assert_int_equal(rename(database_file(&fixture.database, "away"), fixture.database.path), 0);
}

static void spoil(void)
{
	engine_database_edit(&fixture, "DROP TABLE group_rules");
}

static const struct {
	void (*begin)(void), (*end)(void);
	bool told_by_groups_only; /* what it spoils is not read before the groups are */
} outages[] = {{lock, unlock, false}, {take_away, bring_back, false}, {spoil, NULL, true}};

static void check_unavailable(size_t i, enum sqlauth_outcome outcome, const struct sqlauth_text *why)
{
	if (outcome != SQLAUTH_OUTCOME_UNAVAILABLE)
		fail_msg("outage %zu: outcome %d", i, outcome);
	if (why->length == 0)
		fail_msg("outage %zu: nothing said", i);
}

static void a_database_that_cannot_answer_is_unavailable_and_no_verdict(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(outages); i++) {
		struct sqlauth_identity *identity = NULL, *other = NULL;
		struct sqlauth_acl *acl = NULL;
		char message[SQLAUTH_MESSAGE_SIZE];
		struct sqlauth_text why;

		leave_wal_mode();
		assert_int_equal(identify(&pump, &identity, NULL), SQLAUTH_OUTCOME_VERIFY);
		outages[i].begin();

		sqlauth_text_init(&why, message, sizeof message);
		check_unavailable(i, sqlauth_engine_admit(fixture.engine, identity, SQLAUTH_OK, &acl, &why), &why);
		assert_null(acl);
		assert_int_equal(sqlauth_identity_reason(identity), SQLAUTH_REASON_UNAVAILABLE);
		/* and stays so, for what was read then is not worth more later */
		assert_int_equal(sqlauth_engine_admit(fixture.engine, identity, SQLAUTH_OK, &acl, NULL),
			SQLAUTH_OUTCOME_UNAVAILABLE);
		sqlauth_identity_free(identity);
		if (!outages[i].told_by_groups_only) {
			sqlauth_text_init(&why, message, sizeof message);
			check_unavailable(i, identify(&pump, &other, &why), &why);
			check_unavailable(i, identify(&nobody, &other, &why), &why);
			assert_null(other);
		}
		sqlauth_text_init(&why, message, sizeof message);
		check_unavailable(i, sqlauth_engine_recall(fixture.engine, "dev-1", "p1", &acl, &why), &why);
		assert_null(acl);
		assert_int_equal(
			sqlauth_engine_recall(fixture.engine, "dev-1", "p1", &acl, NULL), SQLAUTH_OUTCOME_UNAVAILABLE);
		if (outages[i].end == NULL)
			continue;
		outages[i].end();
		assert_int_equal(identify(&pump, &identity, NULL), SQLAUTH_OUTCOME_VERIFY);
		assert_int_equal(
			sqlauth_engine_admit(fixture.engine, identity, SQLAUTH_OK, &acl, NULL), SQLAUTH_OUTCOME_ACCEPT);
		sqlauth_acl_unref(acl);
		sqlauth_identity_free(identity);
	}
}

static void an_engine_over_no_database_is_not_made(void **state)
{
	const struct sqlauth_engine_options options = {
		.database = database_file(&fixture.database, "missing"), .clock = &fixture.clock};
	struct sqlauth_engine *engine = NULL;
	char message[SQLAUTH_MESSAGE_SIZE];
	struct sqlauth_text why;

	(void)state;
	sqlauth_text_init(&why, message, sizeof message);
	assert_int_not_equal(sqlauth_engine_new(&options, &engine, &why), SQLAUTH_OK);
	assert_null(engine);
	assert_non_null(strstr(message, "missing"));
	sqlauth_engine_free(NULL);
	sqlauth_identity_free(NULL);
}

/* ---- recall ---- */

static void recall_answers_by_the_database_as_it_is_now(void **state)
{
	static const struct {
		const char *edit, *mqtt_id, *username;
		enum sqlauth_outcome outcome, deferring; /* where unknown clients are denied, and deferred */
		const char *groups;
	} rows[] = {
#define ACCEPT  SQLAUTH_OUTCOME_ACCEPT
#define REFUSED SQLAUTH_OUTCOME_REFUSED
#define UNKNOWN SQLAUTH_OUTCOME_UNKNOWN
		{"", "dev-1", "p1", ACCEPT, ACCEPT, "any client id pattern twice "},
		{"", "x", "p1", ACCEPT, ACCEPT, "any client twice "},
		/* no connect: no certificate is asked for, and none gives groups */
		{"", "x", "p2", ACCEPT, ACCEPT, "any "},
		{"", "x", "bare", ACCEPT, ACCEPT, "any "},
		{"", "dev-2", NULL, ACCEPT, ACCEPT, "anonymous pattern "},
		{"DELETE FROM group_rules WHERE match_by = 'anonymous'", "x", NULL, REFUSED, UNKNOWN, NULL},
		{"", "x", "nobody", REFUSED, UNKNOWN, NULL},
		{"", "x", "", REFUSED, UNKNOWN, NULL},
		/* a name is visible only where there is no username */
		{"", "x", "pump", REFUSED, UNKNOWN, NULL},
		{"DELETE FROM clients WHERE name = 'pump'", "x", "p1", REFUSED, UNKNOWN, NULL},
		{"UPDATE clients SET enabled = 0 WHERE name = 'pump'", "x", "p1", REFUSED, REFUSED, NULL},
		{"UPDATE clients SET disconnect_before = 1700000000", "x", "p1", REFUSED, REFUSED, NULL},
		{"UPDATE clients SET disconnect_before = 1699999999", "x", "p1", ACCEPT, ACCEPT, "any client twice "},
		{"UPDATE clients SET mqtt_id = '%u-*'", "x", "p1", REFUSED, REFUSED, NULL},
		{"UPDATE clients SET mqtt_id = '%u-*'", "p1-x", "p1", ACCEPT, ACCEPT, "any client twice "},
		{"DELETE FROM groups", "x", "p1", ACCEPT, ACCEPT, ""},
	};

	(void)state;
	for (size_t i = 0; i < 2 * COUNT(rows); i++) {
		size_t row = i / 2;
		enum sqlauth_outcome outcome, expected = i % 2 ? rows[row].deferring : rows[row].outcome;
		struct sqlauth_acl *acl = NULL;
		char groups[256];

		engine_database_reopen(&fixture, i % 2);
		engine_database_reset(&fixture, CONTENT);
		engine_database_edit(&fixture, rows[row].edit);
		outcome = sqlauth_engine_recall(fixture.engine, rows[row].mqtt_id, rows[row].username, &acl, NULL);
		if (outcome != expected || (acl != NULL) != (expected == ACCEPT))
			fail_msg("row %zu.%zu: outcome %d, acl %p", row, i % 2, outcome, (void *)acl);
		if (acl == NULL)
			continue;
		describe_groups(acl, groups, sizeof groups);
		if (strcmp(groups, rows[row].groups) != 0)
			fail_msg("row %zu: %s", row, groups);
		sqlauth_acl_unref(acl);
	}
}

/* ---- words ---- */

static void every_reason_has_a_word_of_its_own(void **state)
{
	(void)state;
	for (int i = 0; i < SQLAUTH_REASONS; i++) {
		const char *word = sqlauth_reason_word((enum sqlauth_reason)i);

		assert_non_null(word);
		assert_string_not_equal(word, "unknown");
		assert_int_equal(strspn(word, "abcdefghijklmnopqrstuvwxyz_"), strlen(word));
		for (int k = 0; k < i; k++)
			assert_string_not_equal(word, sqlauth_reason_word((enum sqlauth_reason)k));
	}
	assert_string_equal(sqlauth_reason_word(SQLAUTH_REASONS), "unknown");
	assert_string_equal(sqlauth_reason_word((enum sqlauth_reason) - 1), "unknown");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(groups_come_from_all_kinds_of_rule),
		TEST(the_rules_that_gave_the_groups_are_told),
		TEST(what_changes_while_a_password_is_verified_is_refused),
		TEST(a_client_deleted_and_made_anew_is_taken_for_the_same_only_where_it_is),
		TEST(a_database_that_cannot_answer_is_unavailable_and_no_verdict),
		TEST(an_engine_over_no_database_is_not_made),
		TEST(recall_answers_by_the_database_as_it_is_now),
		cmocka_unit_test(every_reason_has_a_word_of_its_own),
	};

	if (sqlauth_secret_init() != SQLAUTH_OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
