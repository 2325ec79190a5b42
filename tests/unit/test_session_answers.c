/* What a session answers: always what its ACL says, from memory where it can. An allow from memory is known by naming
 * no permission. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "sqlauth/secret.h"
#include "sqlauth/session.h"

static struct sqlauth_sessions *sessions;
static char memory[4]; /* its addresses serve as the broker's pointers */

static struct sqlauth_acl *compile(const struct sqlauth_permission *permissions, size_t count)
{
	struct sqlauth_acl *acl = NULL;

	assert_int_equal(sqlauth_acl_compile(permissions, count, &acl, NULL), SQLAUTH_OK);
	return acl;
}

/* Gives the reference to the session. */
static const struct sqlauth_session *begin(const void *handle, const char *name, struct sqlauth_acl *acl)
{
	const struct sqlauth_session *session = NULL;
	const struct sqlauth_session_setup setup = {
		.handle = handle, .mqtt_id = name, .username = name, .client = name, .acl = acl};

	assert_int_equal(sqlauth_sessions_begin(sessions, &setup, &session), SQLAUTH_OK);
	sqlauth_acl_unref(acl);
	return session;
}

static struct sqlauth_verdict ask(const struct sqlauth_session *session, enum sqlauth_access access, const char *topic)
{
	return sqlauth_sessions_check(sessions, session, access, topic, strlen(topic));
}

#define assert_from_acl(verdict, index)                                                                                \
	do {                                                                                                           \
		struct sqlauth_verdict got = (verdict);                                                                \
		assert_int_equal(got.decision, SQLAUTH_ALLOWED);                                                       \
		assert_int_equal(got.permission, index);                                                               \
	} while (0)
#define assert_from_memory(verdict) assert_from_acl(verdict, SQLAUTH_NO_PERMISSION)
#define assert_denied(verdict)      assert_int_equal((verdict).decision, SQLAUTH_DENIED)

static const struct sqlauth_permission both[] = {
	{"g", "a/%u/#", SQLAUTH_ALLOW, SQLAUTH_PUBLISH},
	{"g", "a/#", SQLAUTH_ALLOW, SQLAUTH_SUBSCRIBE},
	{"g", "a/secret", SQLAUTH_DENY, SQLAUTH_SUBSCRIBE},
};

static void the_same_topic_again_is_answered_from_memory(void **state)
{
	const struct sqlauth_session *session = begin(&memory[0], "u", compile(both, 3));

	(void)state;
	assert_from_acl(ask(session, SQLAUTH_ACCESS_PUBLISH, "a/u/x"), 0);
	assert_from_memory(ask(session, SQLAUTH_ACCESS_PUBLISH, "a/u/x"));
	assert_from_acl(ask(session, SQLAUTH_ACCESS_RECEIVE, "a/u/x"), 1);
	assert_from_memory(ask(session, SQLAUTH_ACCESS_RECEIVE, "a/u/x"));
	assert_from_memory(ask(session, SQLAUTH_ACCESS_PUBLISH, "a/u/x"));
}

static void another_topic_is_not(void **state)
{
	const struct sqlauth_session *session = begin(&memory[0], "u", compile(both, 3));

	(void)state;
	assert_from_acl(ask(session, SQLAUTH_ACCESS_PUBLISH, "a/u/x"), 0);
	assert_from_acl(ask(session, SQLAUTH_ACCESS_PUBLISH, "a/u/y"), 0);
	assert_from_acl(ask(session, SQLAUTH_ACCESS_PUBLISH, "a/u/x"), 0);
	assert_from_acl(ask(session, SQLAUTH_ACCESS_PUBLISH, "a/u/x/"), 0);
	assert_denied(ask(session, SQLAUTH_ACCESS_PUBLISH, "a/v/x"));
	assert_denied(ask(session, SQLAUTH_ACCESS_PUBLISH, "a/v/x"));
	assert_from_acl(ask(session, SQLAUTH_ACCESS_PUBLISH, "a/u/x/"), 0);
}

static void a_denial_is_never_from_memory(void **state)
{
	const struct sqlauth_session *session = begin(&memory[0], "u", compile(both, 3));

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct sqlauth_verdict verdict = ask(session, SQLAUTH_ACCESS_RECEIVE, "a/secret");
		assert_denied(verdict);
		assert_int_equal(verdict.permission, 2);
	}
	assert_denied(ask(session, SQLAUTH_ACCESS_PUBLISH, ""));
	assert_denied(ask(session, SQLAUTH_ACCESS_PUBLISH, "a/u/#"));
}

static void sessions_do_not_share_their_memory(void **state)
{
	const struct sqlauth_session *one = begin(&memory[0], "u", compile(both, 3)),
				     *other = begin(&memory[1], "v", compile(both, 3)), *again;

	(void)state;
	assert_from_acl(ask(one, SQLAUTH_ACCESS_PUBLISH, "a/u/x"), 0);
	assert_denied(ask(other, SQLAUTH_ACCESS_PUBLISH, "a/u/x"));
	assert_from_memory(ask(one, SQLAUTH_ACCESS_PUBLISH, "a/u/x"));
	again = begin(&memory[0], "u", compile(both, 1));
	assert_from_acl(ask(again, SQLAUTH_ACCESS_PUBLISH, "a/u/x"), 0);
	assert_denied(ask(again, SQLAUTH_ACCESS_RECEIVE, "a/u/x"));
}

static void filters_and_long_topics_are_judged_anew(void **state)
{
	const struct sqlauth_session *session = begin(&memory[0], "u", compile(both, 3));
	char topic[400] = "a/u/x"; /* a remembered one is as long as session.c's LAST_TOPIC_BYTES at most */

	(void)state;
	for (int i = 0; i < 2; i++)
		assert_from_acl(ask(session, SQLAUTH_ACCESS_SUBSCRIBE, "a/+"), 1);
	memset(topic + 5, 'x', sizeof topic - 6);
	assert_from_acl(ask(session, SQLAUTH_ACCESS_PUBLISH, "a/u/x"), 0);
	for (int i = 0; i < 2; i++)
		assert_from_acl(ask(session, SQLAUTH_ACCESS_PUBLISH, topic), 0);
	assert_from_acl(ask(session, SQLAUTH_ACCESS_PUBLISH, "a/u/x"), 0);
	topic[257] = '\0';
	for (int i = 0; i < 2; i++)
		assert_from_acl(ask(session, SQLAUTH_ACCESS_PUBLISH, topic), 0);
	topic[256] = '\0';
	assert_from_acl(ask(session, SQLAUTH_ACCESS_PUBLISH, topic), 0);
	assert_from_memory(ask(session, SQLAUTH_ACCESS_PUBLISH, topic));
}

static uint32_t draw(uint32_t below)
{
	static uint64_t seed = 1;

	seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (uint32_t)(seed >> 33) % below;
}

/* In any order of questions, with sessions that come and go, the decision is the ACL's. */
static void memory_changes_no_decision(void **state)
{
	static const char *const topics[] = {"a", "a/u/x", "a/v/x", "a/w/x", "a/secret", "a/secret2", "b", "", "a/+"};
	static const char *const names[] = {"u", "v", "w", "x"};
	const struct sqlauth_session *standing[4];

	(void)state;
	for (int i = 0; i < 4; i++)
		standing[i] = begin(&memory[i], names[i], compile(both, (size_t)i));
	for (int round = 0; round < 200000; round++) {
		uint32_t who = draw(4);
		const char *topic = topics[draw(2) ? 1 : draw(sizeof topics / sizeof topics[0])];
		enum sqlauth_access access = (enum sqlauth_access)draw(3);
		struct sqlauth_verdict expected;

		if (draw(50) == 0)
			standing[who] = begin(&memory[who], names[draw(4)], compile(both, draw(4)));
		expected = sqlauth_acl_check(sqlauth_session_acl(standing[who]), access,
			sqlauth_session_values(standing[who]), topic, strlen(topic));
		if (ask(standing[who], access, topic).decision != expected.decision)
			fail_msg("round %d: %s %s", round, sqlauth_access_word(access), topic);
	}
}

static int set_up(void **state)
{
	(void)state;
	return (int)(sqlauth_secret_init() || sqlauth_sessions_new(&sqlauth_clock_system, 100, &sessions));
}

static int tear_down(void **state)
{
	(void)state;
	sqlauth_sessions_free(sessions);
	return 0;
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(the_same_topic_again_is_answered_from_memory),
		TEST(another_topic_is_not),
		TEST(a_denial_is_never_from_memory),
		TEST(sessions_do_not_share_their_memory),
		TEST(filters_and_long_topics_are_judged_anew),
		TEST(memory_changes_no_decision),
	};

	return cmocka_run_group_tests_name("session answers", tests, NULL, NULL);
}
