/* The queue that is fair between places: order, bounds, and what happens to those who leave. */
#include "plugin/fair_queue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "allocations.h"

#define ITEMS 40

static struct fair_item items[ITEMS];

/* A script of words: aN adds the next item, for place N, !aN finds no room for it, t takes item X (t-: none), rX takes
 * item X out. Items are named A, B, ... in the order in which they are tried. */
struct script {
	size_t bound;
	const char *words;
};

static void step(size_t row, struct fair_queue *queue, const char *word, size_t *next)
{
	bool refused = word[0] == '!';
	struct fair_item *expected, *got;

	switch (word[refused]) {
	case 'a':
		if (fair_queue_add(queue, &items[*next], (uint64_t)(word[refused + 1] - '0'),
			    word[refused + 2] ? (size_t)(word[refused + 2] - '0') : 1) == refused)
			fail_msg("row %zu: %s", row, word);
		++*next;
		break;
	case 't':
		expected = word[1] == '-' ? NULL : &items[word[1] - 'A'];
		got = fair_queue_take(queue);
		if (got != expected)
			fail_msg("row %zu: %s gives item %c", row, word, got ? (int)('A' + (got - items)) : '-');
		break;
	default:
		assert_int_equal(word[0], 'r');
		fair_queue_remove(queue, &items[word[1] - 'A']);
	}
}

static void places_are_served_in_turn(void **state)
{
	static const struct script scripts[] = {
		{100, "t-"},
		{100, "a1 a1 a1 tA tB tC t-"},
		/* a long line does not delay a short one */
		{100, "a1 a1 a1 a2 a3 tA tD tE tB tC t-"},
		/* who comes late comes last, and then in turn */
		{100, "a1 a1 tA a2 a2 tB tC tD t-"},
		{100, "a1 a1 a2 a2 rA tB tC tD t-"},
		{100, "a1 a2 a1 rB tA tC t- rA rC rB t-"},
		/* a place may hold as much as is still free */
		{4, "a1 a1 !a1 a2 !a2 !a1 tA tD a1 a2 tB tH tG t-"},
		{4, "a1 rA a1 a1 !a1 tB tC t-"},
		{1, "!a12 !a12 t-"},
		{4, "a12 !a1 a21 tA tC t-"},
		{0, "!a1 t-"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof scripts / sizeof scripts[0]; i++) {
		struct fair_queue queue;
		char words[128], *rest = words, *word;
		size_t next = 0, live = allocations_live();

		memset(items, 0, sizeof items);
		fair_queue_init(&queue, scripts[i].bound);
		snprintf(words, sizeof words, "%s", scripts[i].words);
		while ((word = strsep(&rest, " ")) != NULL)
			step(i, &queue, word, &next);
		assert_int_equal(queue.cost, 0);
		assert_int_equal(queue.count, 0);
		assert_int_equal(allocations_live(), live);
	}
}

static void without_memory_nothing_is_added_and_nothing_lost(void **state)
{
	size_t failed = 0;

	(void)state;
	for (size_t nth = 1; nth <= 8; nth++) {
		struct fair_queue queue;
		size_t live = allocations_live(), added = 0;

		memset(items, 0, sizeof items);
		fair_queue_init(&queue, 100);
		allocations_fail(nth);
		for (size_t i = 0; i < 3; i++)
			added += fair_queue_add(&queue, &items[i], i, 1);
		allocations_fail(0);
		assert_int_equal(queue.count, added);
		failed += 3 - added;
		while (fair_queue_take(&queue) != NULL)
			added--;
		assert_int_equal(added, 0);
		assert_int_equal(allocations_live(), live);
	}
	assert_in_range(failed, 3, 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(places_are_served_in_turn),
		cmocka_unit_test(without_memory_nothing_is_added_and_nothing_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
