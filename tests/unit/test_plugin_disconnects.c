/* disconnect_before with a clock that is set back, to the second. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "engine_database.h"
#include "plugin/disconnects.h"
#include "sqlauth/secret.h"
#include "stub_broker.h"

#define CLIENTS "INSERT INTO clients (name, username, password) VALUES ('alice', 'alice', " DATABASE_HASH ");"

static struct engine_database fixture;
static struct sqlauth_sessions *sessions;
static struct disconnects *disconnects;
static struct mosquitto client = {.id = "id", .username = "alice"}, other = {.id = "other", .username = "alice"};

static int setup(void **state)
{
	(void)state;
	engine_database_init(&fixture, CLIENTS, false);
	assert_int_equal(sqlauth_sessions_new(&fixture.clock, 10, &sessions), SQLAUTH_OK);
	disconnects = disconnects_new(sqlauth_engine_store(fixture.engine), sessions, &fixture.clock);
	assert_non_null(disconnects);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	disconnects_free(disconnects);
	sqlauth_sessions_free(sessions);
	engine_database_fini(&fixture);
	return 0;
}

static void connect_as(struct mosquitto *who)
{
	struct sqlauth_session_setup setup = {
		.handle = who, .mqtt_id = who->id, .username = who->username, .client = "alice"};
	const struct sqlauth_session *session;

	assert_int_equal(sqlauth_acl_compile(NULL, 0, &setup.acl, NULL), SQLAUTH_OK);
	assert_int_equal(sqlauth_sessions_begin(sessions, &setup, &session), SQLAUTH_OK);
	sqlauth_acl_unref(setup.acl);
	stub_know(who);
}

static void connect_now(void)
{
	connect_as(&client);
}

/* Whether the client is closed by an order of this second. */
static bool closes(int64_t before)
{
	char sql[96];

	snprintf(sql, sizeof sql, "UPDATE clients SET disconnect_before = %lld", (long long)before);
	engine_database_edit(&fixture, sql);
	disconnects_look(disconnects);
	while (disconnects_close_some(disconnects))
		;
	return stub_kicks() > 0;
}

static void an_order_counts_for_connections_made_by_its_time(void **state)
{
	(void)state;
	connect_now();
	fixture.now += 100;
	assert_false(closes(ENGINE_DATABASE_NOW - 1));
	assert_true(closes(ENGINE_DATABASE_NOW));
}

/* The broker started with a clock that was a day ahead. */
static void an_order_counts_after_the_clock_was_set_back(void **state)
{
	(void)state;
	fixture.now -= 86400;
	connect_now();
	assert_true(closes(fixture.now));
	fixture.now++;
	connect_now();
	assert_false(closes(fixture.now - 1));
}

static void a_connection_from_before_the_clock_was_set_back_is_closed_too(void **state)
{
	(void)state;
	connect_now();
	fixture.now -= 86400;
	assert_true(closes(fixture.now));
}

/* The first one was made at a time that is still to come; the second one is found all the same, when it has come. */
static void an_order_from_between_is_obeyed_when_the_clock_was_set_back_and_is_past_that(void **state)
{
	int64_t right = fixture.now;

	(void)state;
	fixture.now = right + 86400;
	connect_as(&other);
	fixture.now = right;
	connect_now();
	fixture.now = right + 2 * 86400;
	assert_true(closes(right + 10));
	assert_int_equal(stub_kicks(), 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(an_order_counts_for_connections_made_by_its_time),
		TEST(an_order_counts_after_the_clock_was_set_back),
		TEST(a_connection_from_before_the_clock_was_set_back_is_closed_too),
		TEST(an_order_from_between_is_obeyed_when_the_clock_was_set_back_and_is_past_that),
	};

	return sqlauth_secret_init() ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
