/* The engine while memory and the disk fail: the 1st, 2nd, 3rd ... allocation and call to a file, until a run passes
 * untouched. Whoever may not come in never does, whoever may comes in or finds the server unavailable, and the next one
 * is served. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "allocations.h"
#include "engine_database.h"
#include "faults.h"
#include "sqlauth/secret.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

#define CONTENT                                                                                                        \
	"INSERT INTO clients (name, username, password, enabled) VALUES ('pump', 'p1', " DATABASE_HASH ", 1), "        \
	"('pair', 'p2', " DATABASE_HASH ", 1), ('off', 'p3', " DATABASE_HASH ", 0);"                                   \
	"INSERT INTO clients (name, authentication) VALUES ('bare', 'certificate');"                                   \
	"INSERT INTO client_certificates (client, match_by, value) VALUES ('pair', 'dns', 'pump-7.example.com'), "     \
	"('bare', 'email', 'second@example.com');"                                                                     \
	"INSERT INTO groups (name) VALUES ('g1'), ('g2');"                                                             \
	"INSERT INTO group_rules (match_by, value, group_name) VALUES ('any', '*', 'g1'), ('mqtt_id', 'dev-*', 'g2')," \
	"('anonymous', '*', 'g2');"                                                                                    \
	"INSERT INTO acl_permissions (group_name, permission, action, topic) VALUES ('g1', 'allow', 'publish', '#'), " \
	"('g2', 'deny', 'publish', 'secret');"

struct asker {
	const char *username, *file;
	bool has_password;
	enum sqlauth_error verified;
	bool comes_in;
};

static const struct asker askers[] = {
	{"p1", NULL, true, SQLAUTH_OK, true},
	{"p1", NULL, true, SQLAUTH_ERROR_MISMATCH, false},
	{"p1", NULL, false, SQLAUTH_OK, false},
	{"p2", NAMES_PEM, true, SQLAUTH_OK, true},
	{"p2", UTF8_PEM, true, SQLAUTH_OK, false},
	{"p2", NULL, true, SQLAUTH_OK, false},
	{"p3", NULL, true, SQLAUTH_OK, false},
	{NULL, NAMES_PEM, false, SQLAUTH_OK, true},
	{NULL, NULL, false, SQLAUTH_OK, true},
	{"nobody", NULL, true, SQLAUTH_OK, false},
};

static struct engine_database fixture;
static struct sqlauth_certificate *certificates[COUNT(askers)];

/* A deny that came without its group, or half a group, would be an accept in disguise. */
static void check_acl(const struct asker *asker, struct sqlauth_acl *acl)
{
	assert_int_equal(sqlauth_acl_count(acl), asker->username == NULL && asker->file == NULL ? 1 : 2);
	sqlauth_acl_unref(acl);
}

static enum sqlauth_outcome connect_as(const struct asker *asker, const struct sqlauth_certificate *certificate)
{
	const struct sqlauth_connect connect = {
		.mqtt_id = "dev-1",
		.username = asker->username,
		.has_password = asker->has_password,
		.certificate = certificate,
	};
	struct sqlauth_identity *identity = NULL;
	struct sqlauth_acl *acl = NULL;
	enum sqlauth_outcome outcome = sqlauth_engine_identify(fixture.engine, &connect, &identity, NULL);

	if (outcome == SQLAUTH_OUTCOME_ACCEPT || outcome == SQLAUTH_OUTCOME_VERIFY)
		outcome = sqlauth_engine_admit(fixture.engine, identity, asker->verified, &acl, NULL);
	sqlauth_identity_free(identity);
	assert_true((acl != NULL) == (outcome == SQLAUTH_OUTCOME_ACCEPT));
	if (acl != NULL)
		check_acl(asker, acl);
	return outcome;
}

static enum sqlauth_outcome recall(const struct asker *asker)
{
	struct sqlauth_acl *acl = NULL;
	enum sqlauth_outcome outcome = sqlauth_engine_recall(
		fixture.engine, "dev-1", asker->file == NULL ? asker->username : "bare", &acl, NULL);

	assert_true((acl != NULL) == (outcome == SQLAUTH_OUTCOME_ACCEPT));
	if (acl != NULL)
		check_acl(asker, acl);
	return outcome;
}

static enum sqlauth_outcome expected_of(const struct asker *asker)
{
	return asker->comes_in ? SQLAUTH_OUTCOME_ACCEPT : SQLAUTH_OUTCOME_REFUSED;
}

/* One nth fault of one kind while this asker connects; false once nothing fails any more. */
static bool connect_with_fault(size_t i, const struct fault *fault, size_t nth)
{
	const struct asker *asker = &askers[i];
	enum sqlauth_outcome outcome;
	bool passed;

	/* so that there is something to read, and to compile */
	engine_database_edit(&fixture, "UPDATE acl_permissions SET topic = topic");
	fault->arm(nth);
	outcome = connect_as(asker, certificates[i]);
	passed = fault->pending();
	fault->arm(0);
	if (outcome != expected_of(asker) && (passed || outcome != SQLAUTH_OUTCOME_UNAVAILABLE))
		fail_msg("asker %zu, fault %zu.%zu: outcome %d", i, (size_t)(fault - faults), nth, outcome);
	outcome = connect_as(asker, certificates[i]);
	if (outcome != expected_of(asker))
		fail_msg("asker %zu, after fault %zu.%zu: outcome %d", i, (size_t)(fault - faults), nth, outcome);
	return !passed;
}

static int setup(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(askers); i++)
		certificates[i] = engine_database_certificate(TEST_DATA, askers[i].file);
	engine_database_init(&fixture, CONTENT, false);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	engine_database_fini(&fixture);
	for (size_t i = 0; i < COUNT(askers); i++)
		sqlauth_certificate_free(certificates[i]);
	return 0;
}

static void no_fault_lets_anybody_in_or_stays(void **state)
{
	(void)state;
	for (size_t kind = 0; kind < FAULT_KINDS; kind++) {
		for (size_t i = 0; i < COUNT(askers); i++) {
			size_t nth = 1;

			while (connect_with_fault(i, &faults[kind], nth))
				assert_in_range(++nth, 2, FAULTS_MAX);
			assert_in_range(nth, 2, FAULTS_MAX);
		}
	}
}

static void no_fault_makes_recall_say_more_than_it_knows(void **state)
{
	/* those for whom a connect and recall have the same answer */
	static const size_t rows[] = {0, 6, 7, 8, 9};

	(void)state;
	for (size_t kind = 0; kind < FAULT_KINDS; kind++) {
		for (size_t i = 0; i < COUNT(rows); i++) {
			const struct asker *asker = &askers[rows[i]];
			bool passed = false;

			for (size_t nth = 1; !passed; nth++) {
				enum sqlauth_outcome outcome;

				assert_in_range(nth, 1, FAULTS_MAX);
				engine_database_edit(&fixture, "UPDATE acl_permissions SET topic = topic");
				faults[kind].arm(nth);
				outcome = recall(asker);
				passed = faults[kind].pending();
				faults[kind].arm(0);
				if (outcome != expected_of(asker) && (passed || outcome != SQLAUTH_OUTCOME_UNAVAILABLE))
					fail_msg("row %zu, fault %zu.%zu: outcome %d", i, kind, nth, outcome);
				assert_int_equal(recall(asker), expected_of(asker));
			}
		}
	}
}

/* Wider and wider apart: what opening takes is test_store_faults's. */
static void nothing_is_left_of_an_engine_whatever_failed(void **state)
{
	const struct sqlauth_engine_options options = {.database = fixture.database.path, .clock = &fixture.clock};
	bool passed = false;
	size_t live;

	(void)state;
	/* while another connection is open SQLite keeps file descriptors for later */
	sqlauth_engine_free(fixture.engine);
	sqlite3_close(fixture.writer);
	fixture.engine = NULL;
	fixture.writer = NULL;
	live = allocations_live();
	for (size_t nth = 1; !passed; nth += 1 + nth / 64) {
		assert_in_range(nth, 1, FAULTS_MAX);
		faults[0].arm(nth);
		if (sqlauth_engine_new(&options, &fixture.engine, NULL) == SQLAUTH_OK) {
			for (size_t i = 0; i < COUNT(askers); i++) {
				enum sqlauth_outcome outcome = connect_as(&askers[i], certificates[i]);

				if (outcome != expected_of(&askers[i]) && outcome != SQLAUTH_OUTCOME_UNAVAILABLE)
					fail_msg("fault %zu, asker %zu: outcome %d", nth, i, outcome);
			}
		} else {
			assert_null(fixture.engine);
		}
		passed = faults[0].pending();
		faults[0].arm(0);
		sqlauth_engine_free(fixture.engine);
		fixture.engine = NULL;
		if (allocations_live() != live)
			fail_msg("fault %zu: %zu blocks more", nth, allocations_live() - live);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(no_fault_lets_anybody_in_or_stays),
		TEST(no_fault_makes_recall_say_more_than_it_knows),
		TEST(nothing_is_left_of_an_engine_whatever_failed),
	};

	if (sqlauth_secret_init() != SQLAUTH_OK)
		return 1;
	faults_install();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
