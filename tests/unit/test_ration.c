/* Rationing: what a failure costs whom, how it comes back, and that the tables' bound locks nobody out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "allocations.h"
#include "sqlauth/ration.h"
#include "sqlauth/secret.h"

#define PER_ADDRESS  20
#define PER_USERNAME 5
#define BURST        SQLAUTH_RATION_BURST_SECONDS

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

static struct sqlauth_ration *new_ration(uint32_t per_address, uint32_t per_username)
{
	struct sqlauth_ration *ration = NULL;

	clock_ms = 0;
	assert_int_equal(sqlauth_ration_new(&test_clock, per_address, per_username, &ration), SQLAUTH_OK);
	return ration;
}

/* Fails as often as it may, at most `limit` times; how often that was. */
static int exhaust(struct sqlauth_ration *ration, const char *address, const char *username, int limit)
{
	uint64_t place = sqlauth_ration_place(ration, address);
	int failed = 0;

	while (failed < limit && sqlauth_ration_allows(ration, place, username)) {
		sqlauth_ration_fail(ration, place, username);
		failed++;
	}
	return failed;
}

static bool allows(const struct sqlauth_ration *ration, const char *address, const char *username)
{
	return sqlauth_ration_allows(ration, sqlauth_ration_place(ration, address), username);
}

static void an_address_has_a_burst_of_failures_and_then_none(void **state)
{
	struct sqlauth_ration *ration = new_ration(PER_ADDRESS, 0);

	(void)state;
	assert_int_equal(exhaust(ration, "192.0.2.1", "a", 1000), PER_ADDRESS * BURST);
	assert_false(allows(ration, "192.0.2.1", "b"));
	assert_true(allows(ration, "192.0.2.2", "a"));
	sqlauth_ration_free(ration);
}

static void a_username_has_its_own_ration_at_each_address(void **state)
{
	struct sqlauth_ration *ration = new_ration(PER_ADDRESS, PER_USERNAME);

	(void)state;
	assert_int_equal(exhaust(ration, "192.0.2.1", "owner", 1000), PER_USERNAME * BURST);
	assert_true(allows(ration, "192.0.2.1", "other"));
	assert_true(allows(ration, "192.0.2.1", NULL));
	assert_true(allows(ration, "192.0.2.2", "owner"));
	sqlauth_ration_free(ration);
}

static void asking_costs_nothing(void **state)
{
	struct sqlauth_ration *ration = new_ration(1, 1);

	(void)state;
	for (int i = 0; i < 1000; i++)
		assert_true(allows(ration, "192.0.2.1", "a"));
	sqlauth_ration_free(ration);
}

static void tokens_come_back_one_by_one(void **state)
{
	struct sqlauth_ration *ration = new_ration(PER_ADDRESS, 0);

	(void)state;
	exhaust(ration, "192.0.2.1", "a", 1000);
	for (int i = 0; i < 100; i++) {
		clock_ms += 1000 / PER_ADDRESS - 1;
		assert_false(allows(ration, "192.0.2.1", "a"));
		clock_ms += 1;
		assert_int_equal(exhaust(ration, "192.0.2.1", "a", 1000), 1);
	}
	clock_ms += 3600000;
	assert_int_equal(exhaust(ration, "192.0.2.1", "a", 1000), PER_ADDRESS * BURST);
	sqlauth_ration_free(ration);
}

static void an_hour_of_attack_gets_its_rate_and_no_more(void **state)
{
	struct sqlauth_ration *ration = new_ration(PER_ADDRESS, PER_USERNAME);
	int failed = 0;

	(void)state;
	for (int i = 0; i < 3600 * 100; i++) {
		failed += exhaust(ration, "192.0.2.1", i % 2 ? "a" : "b", 10);
		clock_ms += 10;
	}
	assert_in_range(failed, 3600 * 2 * PER_USERNAME - 1, 2 * PER_USERNAME * (3600 + BURST));
	sqlauth_ration_free(ration);
}

static void work_that_fails_after_the_last_token_makes_no_debt(void **state)
{
	struct sqlauth_ration *ration = new_ration(PER_ADDRESS, 0);
	uint64_t place = sqlauth_ration_place(ration, "192.0.2.1");

	(void)state;
	for (int i = 0; i < 1000; i++)
		sqlauth_ration_fail(ration, place, NULL);
	assert_false(allows(ration, "192.0.2.1", NULL));
	clock_ms += 1000 / PER_ADDRESS;
	assert_true(allows(ration, "192.0.2.1", NULL));
	sqlauth_ration_free(ration);
}

static void addresses_are_told_apart_as_networks_are(void **state)
{
	static const struct {
		const char *one, *other;
		bool same;
	} rows[] = {
		{"192.0.2.1", "192.0.2.1", true},
		{"192.0.2.1", "192.0.2.2", false},
		{"2001:db8::1", "2001:db8::ffff:1:2", true},
		{"2001:db8::1", "2001:0db8:0:0:8000::", true},
		{"2001:db8::1", "2001:db8:0:1::1", false},
		{"::ffff:192.0.2.1", "192.0.2.1", true},
		{"::ffff:192.0.2.1", "::ffff:192.0.2.2", false},
		{"fe80::1%eth0", "fe80::2", true},
		{"/run/a.sock", "/run/b.sock", false},
		{"/run/a.sock", "/run/a.sock", true},
		{"", "x", false},
		{NULL, NULL, true},
		{NULL, "192.0.2.1", false},
		{"2001:db8:2001:db8:2001:db8:2001:db8:2001:db8:2001:db8:2001:db8", "2001:db8::1", false},
	};
	struct sqlauth_ration *ration = new_ration(1, 1);

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if ((sqlauth_ration_place(ration, rows[i].one) == sqlauth_ration_place(ration, rows[i].other)) !=
			rows[i].same)
			fail_msg("row %zu", i);
	sqlauth_ration_free(ration);
}

static void an_address_is_remembered_for_its_failures_longer_than_its_tokens_are(void **state)
{
	struct sqlauth_ration *ration = new_ration(PER_ADDRESS, PER_USERNAME);
	uint64_t place = sqlauth_ration_place(ration, "192.0.2.1");

	(void)state;
	assert_false(sqlauth_ration_failed_lately(ration, place));
	sqlauth_ration_fail(ration, place, "alice");
	clock_ms = (SQLAUTH_RATION_LATELY_SECONDS - 1) * 1000;
	assert_true(sqlauth_ration_failed_lately(ration, place));
	assert_false(sqlauth_ration_failed_lately(ration, sqlauth_ration_place(ration, "192.0.2.2")));
	clock_ms += 2000;
	assert_false(sqlauth_ration_failed_lately(ration, place));
	sqlauth_ration_free(ration);
}

static void a_million_addresses_lock_nobody_out_and_take_no_memory(void **state)
{
	struct sqlauth_ration *ration = new_ration(1, 1);
	size_t made = allocations_made();
	char address[32];

	(void)state;
	for (unsigned i = 0; i < 1000000; i++) {
		uint64_t place;

		snprintf(address, sizeof address, "%u.%u.%u.%u", 1 + (i >> 24), i >> 16 & 255, i >> 8 & 255, i & 255);
		place = sqlauth_ration_place(ration, address);
		if (!sqlauth_ration_allows(ration, place, "owner"))
			fail_msg("address %s is locked out before it failed", address);
		sqlauth_ration_fail(ration, place, "owner");
	}
	assert_int_equal(allocations_made(), made);
	sqlauth_ration_free(ration);
}

/* Whoever has failed most is remembered longest: a flood of addresses that fail once does not free it at once. */
static void the_fullest_bucket_is_forgotten_first(void **state)
{
	struct sqlauth_ration *ration = new_ration(PER_ADDRESS, 0);
	char address[32];

	(void)state;
	exhaust(ration, "192.0.2.1", NULL, 1000);
	for (unsigned i = 0; i < 4 * SQLAUTH_RATION_BUCKETS; i++) {
		snprintf(address, sizeof address, "10.%u.%u.%u", i >> 16 & 255, i >> 8 & 255, i & 255);
		sqlauth_ration_fail(ration, sqlauth_ration_place(ration, address), NULL);
	}
	assert_false(allows(ration, "192.0.2.1", NULL));
	sqlauth_ration_free(ration);
}

static void no_ration_is_no_ration(void **state)
{
	struct sqlauth_ration *ration = new_ration(0, 0);

	(void)state;
	assert_int_equal(exhaust(ration, "192.0.2.1", "a", 100000), 100000);
	sqlauth_ration_free(ration);
}

static void a_ration_beyond_the_bounds_is_refused(void **state)
{
	struct sqlauth_ration *ration = NULL;

	(void)state;
	assert_int_equal(sqlauth_ration_new(&test_clock, SQLAUTH_RATION_MAX + 1, 1, &ration), SQLAUTH_ERROR_LIMIT);
	assert_int_equal(sqlauth_ration_new(&test_clock, 1, SQLAUTH_RATION_MAX + 1, &ration), SQLAUTH_ERROR_LIMIT);
	assert_null(ration);
	ration = new_ration(SQLAUTH_RATION_MAX, SQLAUTH_RATION_MAX);
	assert_int_equal(exhaust(ration, "192.0.2.1", "a", 1000000), SQLAUTH_RATION_MAX * BURST);
	sqlauth_ration_free(ration);
}

static void every_allocation_may_fail(void **state)
{
	(void)state;
	for (size_t nth = 1;; nth++) {
		struct sqlauth_ration *ration = NULL;
		size_t live = allocations_live();
		enum sqlauth_error error;

		allocations_fail(nth);
		error = sqlauth_ration_new(&test_clock, 1, 1, &ration);
		allocations_fail(0);
		if (!error) {
			assert_int_equal(nth, 4);
			sqlauth_ration_free(ration);
			sqlauth_ration_free(NULL);
			return;
		}
		assert_int_equal(error, SQLAUTH_ERROR_MEMORY);
		assert_null(ration);
		assert_int_equal(allocations_live(), live);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_has_a_burst_of_failures_and_then_none),
		cmocka_unit_test(a_username_has_its_own_ration_at_each_address),
		cmocka_unit_test(asking_costs_nothing),
		cmocka_unit_test(tokens_come_back_one_by_one),
		cmocka_unit_test(an_hour_of_attack_gets_its_rate_and_no_more),
		cmocka_unit_test(work_that_fails_after_the_last_token_makes_no_debt),
		cmocka_unit_test(addresses_are_told_apart_as_networks_are),
		cmocka_unit_test(an_address_is_remembered_for_its_failures_longer_than_its_tokens_are),
		cmocka_unit_test(a_million_addresses_lock_nobody_out_and_take_no_memory),
		cmocka_unit_test(the_fullest_bucket_is_forgotten_first),
		cmocka_unit_test(no_ration_is_no_ration),
		cmocka_unit_test(a_ration_beyond_the_bounds_is_refused),
		cmocka_unit_test(every_allocation_may_fail),
	};

	return cmocka_run_group_tests(tests, prepare, NULL);
}
