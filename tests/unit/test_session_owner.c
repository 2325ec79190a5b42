/* Whose a session is after clients were renamed, changed, deleted and made anew while it stood. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine_database.h"
#include "sqlauth/secret.h"
#include "sqlauth/session_owner.h"

/* alice has a username; pump has none and is found by its certificate. */
#define CLIENTS                                                                                                        \
	"INSERT INTO clients (name, username, password) VALUES ('alice', 'u1', " DATABASE_HASH ");"                    \
	"INSERT INTO clients (name, authentication) VALUES ('pump', 'certificate');"                                   \
	"INSERT INTO client_certificates (client, match_by, value) VALUES ('pump', 'dns', 'pump.example');"
#define NEW_CLIENT(name, username)                                                                                     \
	"INSERT INTO clients (name, username, password) VALUES ('" name "', '" username "', " DATABASE_HASH ");"
#define NEW_PUMP(value)                                                                                                \
	"INSERT INTO clients (name, authentication) VALUES ('pump', 'certificate');"                                   \
	"INSERT INTO client_certificates (client, match_by, value) VALUES ('pump', 'dns', '" value "');"

static struct engine_database fixture;
static struct sqlauth_sessions *sessions;
static const struct sqlauth_session *alice, *pump, *nobody;
static char memory[3]; /* its addresses serve as the broker's pointers */

static const struct sqlauth_session *begin(size_t handle, const char *username, const char *client, const char *name)
{
	struct sqlauth_session_setup setup = {.handle = &memory[handle],
		.mqtt_id = "id",
		.username = username,
		.client = client,
		.certificate = name,
		.certificate_kind = SQLAUTH_MATCH_DNS};
	const struct sqlauth_session *session = NULL;

	assert_int_equal(sqlauth_acl_compile(NULL, 0, &setup.acl, NULL), SQLAUTH_OK);
	assert_int_equal(sqlauth_sessions_begin(sessions, &setup, &session), SQLAUTH_OK);
	sqlauth_acl_unref(setup.acl);
	return session;
}

static int setup(void **state)
{
	(void)state;
	engine_database_init(&fixture, CLIENTS, false);
	assert_int_equal(sqlauth_sessions_new(&sqlauth_clock_system, 10, &sessions), SQLAUTH_OK);
	alice = begin(0, "u1", "alice", NULL);
	pump = begin(1, "pump", "pump", "pump.example");
	nobody = begin(2, NULL, NULL, NULL);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	sqlauth_sessions_free(sessions);
	engine_database_fini(&fixture);
	return 0;
}

static void expect_owner(size_t row, const struct sqlauth_session *session, const char *expected)
{
	struct sqlauth_store *store = sqlauth_engine_store(fixture.engine);
	char *owner = NULL;

	assert_int_equal(sqlauth_store_begin(store, NULL), SQLAUTH_OK);
	if (sqlauth_session_owner(store, session, &owner) != SQLAUTH_OK || strcmp(owner, expected) != 0)
		fail_msg("row %zu: %s, not %s", row, owner ? owner : "nobody", expected);
	sqlauth_store_end(store);
	free(owner);
}

static void a_session_is_of_the_client_that_its_username_or_certificate_names(void **state)
{
	static const struct {
		const char *sql, *alice, *pump;
	} rows[] = {
		{"", "alice", "pump"},
		{"UPDATE clients SET name = name || '-old'", "alice-old", "pump-old"},
		{"UPDATE clients SET name = name || '-old';" NEW_CLIENT("alice", "u2") NEW_PUMP("other.example"),
			"alice-old", "pump-old"},
		{"UPDATE clients SET username = 'u2' WHERE name = 'alice'", "alice", "pump"},
		{"UPDATE clients SET username = 'u3' WHERE name = 'pump'", "alice", "pump"},
		{"UPDATE clients SET name = 'pump-old', username = 'pump' WHERE name = 'pump'", "alice", "pump-old"},
		{"UPDATE client_certificates SET value = 'other.example'", "alice", "pump"},
		{"DELETE FROM clients", "alice", "pump"},
		{"DELETE FROM clients;" CLIENTS, "alice", "pump"},
		{"UPDATE clients SET username = 'u2' WHERE name = 'alice';" NEW_CLIENT("bob", "u1"), "bob", "pump"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		engine_database_reset(&fixture, CLIENTS);
		engine_database_edit(&fixture, rows[i].sql);
		expect_owner(i, alice, rows[i].alice);
		expect_owner(i, pump, rows[i].pump);
	}
}

static void an_anonymous_session_is_nobodys(void **state)
{
	struct sqlauth_store *store = sqlauth_engine_store(fixture.engine);
	char *owner = NULL;

	(void)state;
	assert_int_equal(sqlauth_store_begin(store, NULL), SQLAUTH_OK);
	assert_int_equal(sqlauth_session_owner(store, nobody, &owner), SQLAUTH_ERROR_NOT_FOUND);
	assert_null(owner);
	sqlauth_store_end(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_session_is_of_the_client_that_its_username_or_certificate_names),
		cmocka_unit_test(an_anonymous_session_is_nobodys),
	};

	return sqlauth_secret_init() ? 1 : cmocka_run_group_tests(tests, setup, teardown);
}
