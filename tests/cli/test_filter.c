/* Filters against the matcher, over every filter and topic of up to three levels of a small alphabet. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "filter.h"
#include "sqlauth/topic.h"

#define LEVELS_MAX 3
#define TEXTS_MAX  1000
#define TEXT_SIZE  16

struct texts {
	char text[TEXTS_MAX][TEXT_SIZE];
	size_t count;
};

static const char *const filter_levels[] = {"a", "b", "", "$S", "+", "#"};
static const char *const topic_levels[] = {"a", "b", "", "$S"};
static struct texts filters, topics;

/* Adds every sequence of levels that is a filter. */
static void add_all(struct texts *texts, const char *const *levels, size_t count, const char *front, int depth)
{
	for (size_t i = 0; i < count; i++) {
		char text[TEXT_SIZE];

		snprintf(text, sizeof(text), "%s%s%s", front, depth > 0 ? "/" : "", levels[i]);
		if (sqlauth_topic_filter_fault(text, strlen(text)) == SQLAUTH_TOPIC_FINE) {
			assert_true(texts->count < TEXTS_MAX);
			memcpy(texts->text[texts->count++], text, TEXT_SIZE);
		}
		if (depth + 1 < LEVELS_MAX)
			add_all(texts, levels, count, text, depth + 1);
	}
}

static int make_texts(void **state)
{
	(void)state;
	add_all(&filters, filter_levels, sizeof(filter_levels) / sizeof(filter_levels[0]), "", 0);
	add_all(&topics, topic_levels, sizeof(topic_levels) / sizeof(topic_levels[0]), "", 0);
	return 0;
}

static bool matches(const char *filter, const char *topic)
{
	return sqlauth_topic_matches(filter, strlen(filter), topic, strlen(topic));
}

static void an_intersection_matches_what_both_filters_match(void **state)
{
	(void)state;
	for (size_t a = 0; a < filters.count; a++) {
		for (size_t b = 0; b < filters.count; b++) {
			bool no_memory = false;
			char *common = filter_intersection(filters.text[a], filters.text[b], &no_memory);

			assert_false(no_memory);
			for (size_t t = 0; t < topics.count; t++) {
				bool both = matches(filters.text[a], topics.text[t]) &&
					    matches(filters.text[b], topics.text[t]);

				if (both != (common && matches(common, topics.text[t])))
					fail_msg("%s and %s give %s, wrong for %s", filters.text[a], filters.text[b],
						common ? common : "nothing", topics.text[t]);
			}
			assert_true(filters_may_meet(filters.text[a], filters.text[b]) == (common != NULL));
			free(common);
		}
	}
}

static void levels_with_placeholders_may_meet_any_level(void **state)
{
	static const struct {
		const char *a, *b;
		bool meet;
	} rows[] = {
		{"a/%c", "a/b", true},
		{"a/x%uy/c", "a/b/c", true},
		{"a/%c", "b/%c", false},
		{"a/%%c", "a/b", false},
		{"a/%c", "a/b/c", false},
		{"a/%c/#", "a", false},
		{"a/%c/#", "a/b", true},
		{"%c", "$SYS", true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (filters_may_meet(rows[i].a, rows[i].b) != rows[i].meet ||
			filters_may_meet(rows[i].b, rows[i].a) != rows[i].meet)
			fail_msg("row %zu", i);
	}
}

static void topics_double_their_percent_signs(void **state)
{
	static const struct {
		const char *filter, *plain, *with_placeholders;
	} rows[] = {
		{"", "", ""},
		{"a/b", "a/b", "a/b"},
		{"%c/%u/%x", "%%c/%%u/%%x", "%c/%u/%%x"},
		{"%%c%", "%%%%c%%", "%%%c%%"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *plain = filter_to_topic(rows[i].filter, false), *other = filter_to_topic(rows[i].filter, true);

		if (strcmp(plain, rows[i].plain) != 0 || strcmp(other, rows[i].with_placeholders) != 0)
			fail_msg("row %zu: %s, %s", i, plain, other);
		free(plain);
		free(other);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_intersection_matches_what_both_filters_match),
		cmocka_unit_test(levels_with_placeholders_may_meet_any_level),
		cmocka_unit_test(topics_double_their_percent_signs),
	};

	return cmocka_run_group_tests(tests, make_texts, NULL);
}
