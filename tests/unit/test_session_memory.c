/* The memory of the table of sessions: what one takes, that churn leaves it flat, and what happens where there is none.
 * The module is compiled into this file, so that its allocations can be counted and made to fail. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sqlauth/secret.h"

/* ---- allocations, counted; the one that fails next is chosen by the test ---- */

#define BLOCK_HEAD 16 /* keeps the alignment of malloc; about what malloc itself spends on a block */

static size_t live_blocks, live_bytes;
static unsigned fail_at; /* the nth allocation from now fails; 0: none does */

static void *counted_calloc(size_t count, size_t size)
{
	if (fail_at > 0 && --fail_at == 0)
		return NULL;
	char *block = calloc(1, BLOCK_HEAD + count * size);
	assert_non_null(block);
	memcpy(block, &(size_t){count * size}, sizeof(size_t));
	live_blocks++;
	live_bytes += BLOCK_HEAD + count * size;
	return block + BLOCK_HEAD;
}

static void counted_free(void *memory)
{
	if (!memory)
		return;
	char *block = (char *)memory - BLOCK_HEAD;
	size_t size;
	memcpy(&size, block, sizeof size);
	live_blocks--;
	live_bytes -= BLOCK_HEAD + size;
	free(block);
}

#define calloc counted_calloc
#define free   counted_free
#include "../../src/engine/index.c"
#include "../../src/engine/session.c"
#undef calloc
#undef free

/* ---- a clock, an ACL and handles ---- */

static int64_t clock_ms, clock_seconds;

static int64_t test_ms(void *context)
{
	(void)context;
	return clock_ms;
}

static int64_t test_seconds(void *context)
{
	(void)context;
	return clock_seconds;
}

static const struct sqlauth_clock test_clock = {test_ms, test_seconds, NULL};
static struct sqlauth_acl *shared_acl;
static char memory[256]; /* its addresses serve as the broker's pointers */

static struct sqlauth_sessions *new_table(size_t ended_max)
{
	struct sqlauth_sessions *sessions = NULL;
	clock_ms = 1000000;
	clock_seconds = 0;
	live_blocks = live_bytes = 0; /* whatever a failed test left behind */
	assert_int_equal(sqlauth_sessions_new(&test_clock, ended_max, &sessions), SQLAUTH_OK);
	return sessions;
}

static const struct sqlauth_session *begin(
	struct sqlauth_sessions *sessions, const void *handle, const char *mqtt_id, const char *username)
{
	const struct sqlauth_session *session = NULL;
	const struct sqlauth_session_setup setup = {
		.handle = handle, .mqtt_id = mqtt_id, .username = username, .client = username, .acl = shared_acl};
	assert_int_equal(sqlauth_sessions_begin(sessions, &setup, &session), SQLAUTH_OK);
	return session;
}

/* ---- the tests ---- */

static void a_table_without_memory_is_not_made(void **state)
{
	(void)state;
	for (unsigned nth = 1;; nth++) {
		struct sqlauth_sessions *sessions = NULL;
		fail_at = nth;
		enum sqlauth_error error = sqlauth_sessions_new(&test_clock, 10, &sessions);
		bool failed = fail_at == 0;
		fail_at = 0;
		if (!failed) {
			assert_int_equal(error, SQLAUTH_OK);
			assert_int_equal(nth, 4);
			sqlauth_sessions_free(sessions);
			break;
		}
		assert_int_equal(error, SQLAUTH_ERROR_MEMORY);
		assert_null(sessions);
		assert_int_equal(live_blocks, 0);
	}
}

static void a_session_without_memory_changes_nothing(void **state)
{
	struct sqlauth_sessions *sessions = new_table(10);
	const struct sqlauth_session *first = begin(sessions, memory, "x", "u"), *session = first;
	const struct sqlauth_session_setup setup = {.handle = memory, .mqtt_id = "x", .acl = shared_acl};
	(void)state;
	fail_at = 1;
	assert_int_equal(sqlauth_sessions_begin(sessions, &setup, &session), SQLAUTH_ERROR_MEMORY);
	assert_ptr_equal(session, first);
	assert_true(sqlauth_session_is_connected(first));
	assert_ptr_equal(sqlauth_sessions_find_handle(sessions, memory, "x", "u"), first);
	assert_int_equal(sqlauth_sessions_ended(sessions), 0);
	sqlauth_sessions_free(sessions);
}

static void a_table_that_cannot_grow_still_finds_everybody(void **state)
{
	struct sqlauth_sessions *sessions = new_table(1000);
	char id[16];
	(void)state;
	for (unsigned i = 0; i < 200; i++) {
		snprintf(id, sizeof id, "c%u", i);
		fail_at = 2; /* the session's own block is the first; at 64 the indexes want to grow */
		begin(sessions, &memory[i], id, "u");
		fail_at = 0;
	}
	for (unsigned i = 0; i < 200; i++) {
		snprintf(id, sizeof id, "c%u", i);
		assert_non_null(sqlauth_sessions_find_handle(sessions, &memory[i], id, "u"));
		assert_non_null(sqlauth_sessions_find(sessions, NULL, id, "u"));
		sqlauth_sessions_end(sessions, &memory[i], i % 2);
	}
	assert_int_equal(sqlauth_sessions_ended(sessions), 200);
	sqlauth_sessions_free(sessions);
}

static void a_connected_session_takes_less_than_400_bytes(void **state)
{
	enum { COUNT = 70000 }; /* just beyond a doubling: the worst case for the indexes */
	struct sqlauth_sessions *sessions = new_table(10);
	static char handles[COUNT];
	char id[32], username[32];
	(void)state;
	for (unsigned i = 0; i < COUNT; i++) {
		snprintf(id, sizeof id, "device-%05u", i);
		snprintf(username, sizeof username, "user-%07u", i);
		begin(sessions, &handles[i], id, username);
	}
	assert_int_equal(sqlauth_sessions_connected(sessions), COUNT);
	assert_true(live_bytes / COUNT < 400);
	sqlauth_sessions_free(sessions);
	assert_int_equal(live_bytes, 0);
}

static void a_million_short_lives_leave_memory_flat(void **state)
{
	enum { COUNT = 1000000, ENDED_MAX = 5000, HANDLES_SEEN = 20011 };
	static char handles[HANDLES_SEEN];
	struct sqlauth_sessions *sessions = new_table(ENDED_MAX);
	const struct sqlauth_session *standing = begin(sessions, &memory[255], "standing", "u");
	size_t settled = 0;
	char id[32];
	(void)state;
	for (unsigned i = 0; i < COUNT; i++) {
		snprintf(id, sizeof id, "%08u", i);
		const char *handle = &handles[i % HANDLES_SEEN];
		begin(sessions, handle, id, i % 3 ? NULL : "someone");
		sqlauth_sessions_end(sessions, handle, i % 2);
		clock_ms++;
		sqlauth_sessions_expire(sessions, 2);
		if (i == COUNT / 10)
			settled = live_bytes;
		assert_true(sqlauth_sessions_ended(sessions) <= ENDED_MAX);
	}
	assert_true(live_bytes <= settled + 64); /* the usernames do not fall evenly */
	assert_true(live_blocks <= ENDED_MAX + 1 + 3);
	assert_ptr_equal(sqlauth_sessions_find(sessions, &memory[255], "standing", "u"), standing);
	sqlauth_sessions_free(sessions);
	assert_int_equal(live_blocks, 0);
}

static int set_up(void **state)
{
	(void)state;
	return sqlauth_secret_init() || sqlauth_acl_compile(NULL, 0, &shared_acl, NULL);
}

static int tear_down(void **state)
{
	(void)state;
	sqlauth_acl_unref(shared_acl);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_table_without_memory_is_not_made),
		cmocka_unit_test(a_session_without_memory_changes_nothing),
		cmocka_unit_test(a_table_that_cannot_grow_still_finds_everybody),
		cmocka_unit_test(a_connected_session_takes_less_than_400_bytes),
		cmocka_unit_test(a_million_short_lives_leave_memory_flat),
	};
	return cmocka_run_group_tests_name("session_memory", tests, set_up, tear_down);
}
