/* The fair queue and the share of time: order, bounds, and who may have how much. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "allocations.h"
#include "plugin/fair_queue.h"
#include "plugin/work_share.h"

enum { ITEMS = 1000 };

static struct fair_item items[ITEMS];

static void expect_order(struct fair_queue *queue, const int *order, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct fair_item *item = fair_queue_take(queue);
		if (item != &items[order[i]])
			fail_msg("place %zu: item %d, not %d", i, item ? (int)(item - items) : -1, order[i]);
	}
	assert_null(fair_queue_take(queue));
	assert_int_equal(queue->count, 0);
	assert_int_equal(queue->cost, 0);
}

static void places_are_served_in_turn_and_each_in_its_own_order(void **state)
{
	static const int order[] = {0, 4, 5, 1, 6, 2, 3};
	static const uint64_t places[] = {1, 1, 1, 1, 2, 3, 3};
	struct fair_queue queue;

	(void)state;
	fair_queue_init(&queue, 100);
	for (int i = 0; i < 7; i++)
		assert_true(fair_queue_add(&queue, &items[i], places[i], 1));
	assert_int_equal(queue.count, 7);
	expect_order(&queue, order, 7);
}

static void a_long_line_does_not_hold_up_a_newcomer(void **state)
{
	struct fair_queue queue;

	(void)state;
	fair_queue_init(&queue, ITEMS * 4);
	for (int i = 0; i < ITEMS - 1; i++)
		assert_true(fair_queue_add(&queue, &items[i], 1, 1));
	assert_true(fair_queue_add(&queue, &items[ITEMS - 1], 2, 1));
	assert_ptr_equal(fair_queue_take(&queue), &items[0]);
	assert_ptr_equal(fair_queue_take(&queue), &items[ITEMS - 1]);
	while (fair_queue_take(&queue))
		;
}

static void one_place_gets_half_of_the_room_and_the_next_half_of_the_rest(void **state)
{
	static const int expected[] = {50, 25, 12, 6};
	struct fair_queue queue;
	int at = 0;

	(void)state;
	fair_queue_init(&queue, 114); /* of which 14 are for newcomers */
	for (uint64_t place = 0; place < 4; place++) {
		int got = 0;
		while (fair_queue_add(&queue, &items[at], place, 1)) {
			at++;
			got++;
		}
		assert_in_range(got, expected[place], expected[place] + 1);
	}
	while (fair_queue_take(&queue))
		;
}

static void newcomers_find_room_where_a_few_have_taken_all_they_can_get(void **state)
{
	enum { PLACES = 20, NEWCOMERS = 120 };
	struct fair_queue queue;
	int at = 0, held;

	(void)state;
	fair_queue_init(&queue, 8 * NEWCOMERS);
	for (uint64_t place = 0; place < PLACES; place++)
		while (fair_queue_add(&queue, &items[at], place, 1))
			at++;
	held = at;
	assert_in_range(held, 7 * NEWCOMERS, 7 * NEWCOMERS + PLACES);
	assert_false(fair_queue_add(&queue, &items[at], PLACES, 2));
	for (uint64_t place = PLACES; fair_queue_add(&queue, &items[at], place, 1); place++) {
		at++;
		assert_false(fair_queue_add(&queue, &items[at], place, 1));
	}
	assert_int_equal(at, 8 * NEWCOMERS);
	while (fair_queue_take(&queue))
		;
}

static void what_costs_more_takes_more_room(void **state)
{
	struct fair_queue queue;

	(void)state;
	fair_queue_init(&queue, 100);
	assert_false(fair_queue_add(&queue, &items[0], 1, 101));
	assert_true(fair_queue_add(&queue, &items[0], 1, 40));
	assert_false(fair_queue_add(&queue, &items[1], 1, 40));
	assert_true(fair_queue_add(&queue, &items[1], 2, 40));
	assert_ptr_equal(fair_queue_take(&queue), &items[0]);
	assert_ptr_equal(fair_queue_take(&queue), &items[1]);
}

static void what_is_taken_out_is_not_served(void **state)
{
	static const int order[] = {1, 4};
	struct fair_queue queue;

	(void)state;
	fair_queue_init(&queue, 100);
	for (int i = 0; i < 5; i++)
		assert_true(fair_queue_add(&queue, &items[i], (uint64_t)i / 2, 1));
	fair_queue_remove(&queue, &items[0]);
	fair_queue_remove(&queue, &items[2]);
	fair_queue_remove(&queue, &items[3]);
	fair_queue_remove(&queue, &items[3]);
	expect_order(&queue, order, 2);
}

static void every_allocation_may_fail(void **state)
{
	struct fair_queue queue;
	size_t live = allocations_live();

	(void)state;
	fair_queue_init(&queue, 100);
	for (size_t nth = 1;; nth++) {
		bool added;

		allocations_fail(nth);
		added = fair_queue_add(&queue, &items[0], 1, 1);
		allocations_fail(0);
		if (added)
			break;
		assert_int_equal(queue.count + queue.cost, 0);
		assert_int_equal(allocations_live(), live);
	}
	assert_ptr_equal(fair_queue_take(&queue), &items[0]);
	assert_int_equal(allocations_live(), live);
}

enum { OTHERS, SUSPECTS, KINDS };

/* Each kind works whenever it may, for an hour, the suspects first, one work in each of the broker's turns where these
 * are told; the parts of the time that they worked, in percent. */
static void worked(double share, bool has_turns, const int64_t work_us[KINDS], int percent_r[KINDS])
{
	struct work_share work = {0};
	int64_t now = 0, busy[KINDS] = {0};

	while (now < INT64_C(3600000000)) {
		int kind = SUSPECTS;
		if (has_turns)
			work_share_turn(&work);
		while (kind >= 0 &&
			(work_us[kind] == 0 || !work_share_allows(&work, share, kind == SUSPECTS, false, now)))
			kind--;
		if (kind < 0) {
			now += 100;
			continue;
		}
		work_share_add(&work, share, kind == SUSPECTS, now, now + work_us[kind]);
		now += work_us[kind];
		busy[kind] += work_us[kind];
	}
	for (int kind = 0; kind < KINDS; kind++)
		percent_r[kind] = (int)(busy[kind] * 100 / now);
}

static const struct {
	double share;
	int64_t work_us;
} share_rows[] = {{0.5, 20000}, {0.1, 20000}, {0.01, 20000}, {0.9, 20000}, {0.5, 100}, {0.25, 1000000}};

static void check_shares(bool has_turns)
{
	int percent[KINDS];

	for (size_t i = 0; i < sizeof share_rows / sizeof *share_rows; i++) {
		int share = (int)(100 * share_rows[i].share);
		int64_t work_us = share_rows[i].work_us;

		worked(share_rows[i].share, has_turns, (int64_t[KINDS]){work_us, 0}, percent);
		if (percent[OTHERS] > share + 1 || percent[OTHERS] < (int)(95 * share_rows[i].share) - 1)
			fail_msg("row %zu: %d%%", i, percent[OTHERS]);
		worked(share_rows[i].share, has_turns, (int64_t[KINDS]){0, work_us}, percent);
		if (percent[SUSPECTS] > share / 2 + 1)
			fail_msg("row %zu: suspects alone %d%%", i, percent[SUSPECTS]);
		worked(share_rows[i].share, has_turns, (int64_t[KINDS]){work_us, work_us}, percent);
		if (percent[SUSPECTS] + percent[OTHERS] > share + 1 ||
			percent[OTHERS] < (int)(45 * share_rows[i].share) - 1)
			fail_msg("row %zu: suspects %d%%, others %d%%", i, percent[SUSPECTS], percent[OTHERS]);
	}
	worked(1, has_turns, (int64_t[KINDS]){20000, 0}, percent);
	assert_int_equal(percent[OTHERS], 100);
}

static void work_stays_within_its_share_and_suspects_within_half_of_it(void **state)
{
	(void)state;
	check_shares(false);
	check_shares(true);
}

static void who_is_not_suspected_need_not_wait_for_suspects(void **state)
{
	struct work_share work = {0};

	(void)state;
	work_share_add(&work, 0.5, true, 1000000, 1020000);
	assert_false(work_share_allows(&work, 0.5, true, false, 1020000));
	assert_true(work_share_allows(&work, 0.5, false, false, 1020000));
	work_share_add(&work, 0.5, false, 1020000, 1040000);
	assert_false(work_share_allows(&work, 0.5, false, false, 1040000));
}

static void slow_work_follows_on_another_only_in_another_turn(void **state)
{
	struct work_share work = {0};

	(void)state;
	for (int suspect = 0; suspect < 2; suspect++) {
		work_share_turn(&work);
		assert_true(work_share_allows(&work, 0.5, suspect, false, 1000000));
		work_share_add(&work, 0.5, suspect, 1000000, 1020000);
		assert_false(work_share_allows(&work, 0.5, false, false, 1020000));
		assert_false(work_share_allows(&work, 0.5, false, false, 9000000));
		work_share_turn(&work);
		assert_true(work_share_allows(&work, 0.5, false, false, 1020000));
		assert_true(work_share_allows(&work, 0.5, true, false, 1020000));
		work = (struct work_share){0};
	}
}

/* Each hash of 20 ms takes 40 ms of the time, a suspect's 80 ms, 20 of which pass meanwhile. */
static void a_quiet_second_is_saved(void **state)
{
	struct work_share work = {0};
	int64_t now = 1000000;
	int served[KINDS] = {0};

	(void)state;
	for (int suspect = 0; suspect < 2; suspect++) {
		work = (struct work_share){0};
		for (int i = 0; i < 200; i++) {
			work_share_turn(&work);
			if (!work_share_allows(&work, 0.5, suspect, false, now))
				break;
			work_share_add(&work, 0.5, suspect, now, now + 20000);
			now += 20000;
			served[suspect]++;
		}
	}
	assert_int_equal(served[OTHERS], 51);
	assert_int_equal(served[SUSPECTS], 17);
}

static void without_turns_only_time_keeps_slow_works_apart(void **state)
{
	struct work_share work = {0};

	(void)state;
	for (int suspect = 0; suspect < 2; suspect++) {
		assert_true(work_share_allows(&work, 0.5, suspect, false, 1000000));
		work_share_add(&work, 0.5, suspect, 1000000, 1020000);
		assert_false(work_share_allows(&work, 0.5, suspect, false, 1020000));
		assert_true(work_share_allows(&work, 0.5, suspect, false, suspect ? 1100000 : 1040000));
		work = (struct work_share){0};
	}
}

static void cheap_work_may_follow_on_other_cheap_work(void **state)
{
	struct work_share work = {0};

	(void)state;
	for (int has_turns = 0; has_turns < 2; has_turns++) {
		work = (struct work_share){.knows_turns = has_turns};
		for (int i = 0; i < 21; i++) {
			assert_true(work_share_allows(&work, 0.5, false, i % 2, 1000000 + 100 * i));
			work_share_add(&work, 0.5, false, 1000000 + 100 * i, 1000000 + 100 * (i + 1));
		}
		/* of one turn, two milliseconds */
		assert_int_equal(work_share_allows(&work, 0.5, false, false, 1002100), !has_turns);
		work_share_turn(&work);
		assert_true(work_share_allows(&work, 0.5, false, false, 1002100));
	}
}

/* What the network asked for, a TICK, and another callback of the same TICK are one stop of the broker. */
static void slow_work_at_a_tick_follows_on_no_other(void **state)
{
	struct work_share work = {0};

	(void)state;
	for (int large = 0; large < 2; large++) {
		double share = large ? 0.99 : 0.5;

		work = (struct work_share){.knows_turns = true};
		work_share_add(&work, share, false, 1000000, 1020000);
		assert_false(work_share_allows(&work, share, false, true, 1020000));
		work_share_turn(&work);
		assert_false(work_share_allows(&work, share, false, true, 1020000));
		assert_true(work_share_allows(&work, share, false, false, 1020000));
		assert_true(work_share_allows(&work, share, false, true, 1040000));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(places_are_served_in_turn_and_each_in_its_own_order),
		cmocka_unit_test(a_long_line_does_not_hold_up_a_newcomer),
		cmocka_unit_test(one_place_gets_half_of_the_room_and_the_next_half_of_the_rest),
		cmocka_unit_test(newcomers_find_room_where_a_few_have_taken_all_they_can_get),
		cmocka_unit_test(what_costs_more_takes_more_room),
		cmocka_unit_test(what_is_taken_out_is_not_served),
		cmocka_unit_test(every_allocation_may_fail),
		cmocka_unit_test(work_stays_within_its_share_and_suspects_within_half_of_it),
		cmocka_unit_test(who_is_not_suspected_need_not_wait_for_suspects),
		cmocka_unit_test(slow_work_follows_on_another_only_in_another_turn),
		cmocka_unit_test(a_quiet_second_is_saved),
		cmocka_unit_test(without_turns_only_time_keeps_slow_works_apart),
		cmocka_unit_test(slow_work_at_a_tick_follows_on_no_other),
		cmocka_unit_test(cheap_work_may_follow_on_other_cheap_work),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
