/* The memory of verified credentials: what it is bound to, its bounds and its age. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "allocations.h"
#include "sqlauth/secret.h"
#include "sqlauth/verified.h"

#define NOTHING SQLAUTH_REMEMBERED_NOTHING
#define RIGHT   SQLAUTH_REMEMBERED_RIGHT
#define WRONG   SQLAUTH_REMEMBERED_WRONG

static int64_t clock_ms;

static int64_t test_ms(void *context)
{
	(void)context;
	return clock_ms;
}

static const struct sqlauth_clock test_clock = {test_ms, NULL, NULL};

static int prepare(void **state)
{
	(void)state;
	return sqlauth_secret_init() == SQLAUTH_OK ? 0 : -1;
}

static struct sqlauth_verified *new_memory(size_t size, int64_t seconds)
{
	struct sqlauth_verified *verified = NULL;

	clock_ms = 5000;
	assert_int_equal(sqlauth_verified_new(&test_clock, size, seconds, &verified), SQLAUTH_OK);
	return verified;
}

static struct sqlauth_tag tag_of(const struct sqlauth_verified *verified, const char *username, const char *hash,
	const char *password, size_t length)
{
	const struct sqlauth_credentials credentials = {username, hash, password, length};
	struct sqlauth_tag tag;

	sqlauth_verified_tag(verified, &credentials, &tag);
	return tag;
}

static struct sqlauth_tag numbered(const struct sqlauth_verified *verified, unsigned number)
{
	char password[16];
	int length = snprintf(password, sizeof password, "%u", number);

	return tag_of(verified, "user", "hash", password, (size_t)length);
}

static enum sqlauth_remembered recall(const struct sqlauth_verified *verified, unsigned number)
{
	struct sqlauth_tag tag = numbered(verified, number);

	return sqlauth_verified_recall(verified, &tag);
}

static void remember(struct sqlauth_verified *verified, unsigned number, bool right)
{
	struct sqlauth_tag tag = numbered(verified, number);

	sqlauth_verified_remember(verified, &tag, right);
}

static void a_verdict_is_bound_to_username_hash_and_password(void **state)
{
	static const struct {
		const char *username, *hash, *password;
		size_t length;
	} others[] = {
		{"bob", "$hash", "secret", 6},
		{"alice", "$hash2", "secret", 6},
		{"alice", "$hash", "secreT", 6},
		{"alice", "$hash", "secret", 5},
		{"alice", "$hash", "secret\0", 7},
		{"alic", "e$hash", "secret", 6},
		{"alice$", "hash", "secret", 6},
		{"alice", "$hashs", "ecret", 5},
		{"", "alice$hash", "secret", 6},
	};
	struct sqlauth_verified *verified = new_memory(100, 60);
	struct sqlauth_tag tag = tag_of(verified, "alice", "$hash", "secret", 6);

	(void)state;
	sqlauth_verified_remember(verified, &tag, true);
	assert_int_equal(sqlauth_verified_recall(verified, &tag), RIGHT);
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		tag = tag_of(verified, others[i].username, others[i].hash, others[i].password, others[i].length);
		if (sqlauth_verified_recall(verified, &tag) != NOTHING)
			fail_msg("row %zu is taken for the one that was verified", i);
	}
	sqlauth_verified_free(verified);
}

static void two_memories_have_different_tags(void **state)
{
	struct sqlauth_verified *one = new_memory(10, 60), *other = new_memory(10, 60);
	struct sqlauth_tag a = numbered(one, 1), b = numbered(other, 1);

	(void)state;
	assert_memory_not_equal(&a, &b, sizeof a);
	sqlauth_verified_free(one);
	sqlauth_verified_free(other);
}

static void right_and_wrong_are_told_apart(void **state)
{
	struct sqlauth_verified *verified = new_memory(100, 60);

	(void)state;
	remember(verified, 1, true);
	remember(verified, 2, false);
	assert_int_equal(recall(verified, 1), RIGHT);
	assert_int_equal(recall(verified, 2), WRONG);
	assert_int_equal(recall(verified, 3), NOTHING);
	sqlauth_verified_free(verified);
}

static void a_flood_of_wrong_ones_pushes_out_its_own_kind_only(void **state)
{
	struct sqlauth_verified *verified = new_memory(50, 60);

	(void)state;
	for (unsigned i = 0; i < 50; i++)
		remember(verified, i, true);
	for (unsigned i = 1000; i < 11000; i++)
		remember(verified, i, false);
	for (unsigned i = 0; i < 50; i++)
		assert_int_equal(recall(verified, i), RIGHT);
	for (unsigned i = 1000; i < 11000; i++)
		if (recall(verified, i) != (i < 10950 ? NOTHING : WRONG))
			fail_msg("number %u", i);
	assert_int_equal(sqlauth_verified_count(verified, true), 50);
	assert_int_equal(sqlauth_verified_count(verified, false), 50);
	sqlauth_verified_free(verified);
}

static void a_verdict_has_an_age(void **state)
{
	struct sqlauth_verified *verified = new_memory(10, 60);

	(void)state;
	remember(verified, 1, true);
	remember(verified, 2, false);
	clock_ms += 59999;
	assert_int_equal(recall(verified, 1), RIGHT);
	assert_int_equal(recall(verified, 2), WRONG);
	clock_ms += 1;
	assert_int_equal(recall(verified, 1), NOTHING);
	assert_int_equal(recall(verified, 2), NOTHING);
	sqlauth_verified_free(verified);
}

/* A password that is used stays no longer than one that is not: the age counts from the verification. */
static void recalling_makes_no_verdict_younger_and_verifying_anew_does(void **state)
{
	struct sqlauth_verified *verified = new_memory(10, 60);

	(void)state;
	remember(verified, 1, true);
	clock_ms += 40000;
	assert_int_equal(recall(verified, 1), RIGHT);
	remember(verified, 1, true);
	assert_int_equal(sqlauth_verified_count(verified, true), 1);
	clock_ms += 40000;
	assert_int_equal(recall(verified, 1), RIGHT);
	clock_ms += 20000;
	assert_int_equal(recall(verified, 1), NOTHING);
	sqlauth_verified_free(verified);
}

static void no_entries_or_no_seconds_remember_nothing(void **state)
{
	static const struct {
		size_t size;
		int64_t seconds;
	} rows[] = {{0, 60}, {10, 0}, {0, 0}};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct sqlauth_verified *verified = new_memory(rows[i].size, rows[i].seconds);

		remember(verified, 1, true);
		remember(verified, 2, false);
		assert_int_equal(recall(verified, 1), NOTHING);
		assert_int_equal(recall(verified, 2), NOTHING);
		assert_int_equal(sqlauth_verified_count(verified, true), 0);
		sqlauth_verified_free(verified);
	}
}

static void one_entry_is_enough_to_work(void **state)
{
	struct sqlauth_verified *verified = new_memory(1, 60);

	(void)state;
	for (unsigned i = 0; i < 10; i++) {
		remember(verified, i, true);
		assert_int_equal(recall(verified, i), RIGHT);
		if (i > 0)
			assert_int_equal(recall(verified, i - 1), NOTHING);
	}
	sqlauth_verified_free(verified);
}

static void a_memory_beyond_the_bounds_is_refused(void **state)
{
	struct sqlauth_verified *verified = NULL;

	(void)state;
	assert_int_equal(
		sqlauth_verified_new(&test_clock, SQLAUTH_VERIFIED_SIZE_MAX + 1, 1, &verified), SQLAUTH_ERROR_LIMIT);
	assert_int_equal(sqlauth_verified_new(&test_clock, 1, -1, &verified), SQLAUTH_ERROR_LIMIT);
	assert_int_equal(
		sqlauth_verified_new(&test_clock, 1, SQLAUTH_VERIFIED_SECONDS_MAX + 1, &verified), SQLAUTH_ERROR_LIMIT);
	assert_null(verified);
}

static void every_allocation_may_fail(void **state)
{
	(void)state;
	for (size_t nth = 1;; nth++) {
		struct sqlauth_verified *verified = NULL;
		size_t live = allocations_live();
		enum sqlauth_error error;

		allocations_fail(nth);
		error = sqlauth_verified_new(&test_clock, 10, 60, &verified);
		allocations_fail(0);
		if (!error) {
			assert_true(nth > 4);
			sqlauth_verified_free(verified);
			return;
		}
		assert_int_equal(error, SQLAUTH_ERROR_MEMORY);
		assert_null(verified);
		assert_int_equal(allocations_live(), live);
	}
}

static void using_it_allocates_nothing(void **state)
{
	struct sqlauth_verified *verified = new_memory(100, 60);
	size_t made = allocations_made();

	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		remember(verified, i, i % 2);
		(void)recall(verified, i);
	}
	assert_int_equal(allocations_made(), made);
	sqlauth_verified_free(verified);
	sqlauth_verified_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_verdict_is_bound_to_username_hash_and_password),
		cmocka_unit_test(two_memories_have_different_tags),
		cmocka_unit_test(right_and_wrong_are_told_apart),
		cmocka_unit_test(a_flood_of_wrong_ones_pushes_out_its_own_kind_only),
		cmocka_unit_test(a_verdict_has_an_age),
		cmocka_unit_test(recalling_makes_no_verdict_younger_and_verifying_anew_does),
		cmocka_unit_test(no_entries_or_no_seconds_remember_nothing),
		cmocka_unit_test(one_entry_is_enough_to_work),
		cmocka_unit_test(a_memory_beyond_the_bounds_is_refused),
		cmocka_unit_test(every_allocation_may_fail),
		cmocka_unit_test(using_it_allocates_nothing),
	};

	return cmocka_run_group_tests(tests, prepare, NULL);
}
