/* Topic names and filters: the examples of MQTT 5.0, 4.7 and of SPEC section 3 as tables, then every short string over
 * the alphabet `a b / + # $` against the oracle, then the sizes that the protocol allows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "acl_oracle.h"
#include "corpus.h"
#include "sqlauth/topic.h"

#define LENGTH_OF(array) (sizeof(array) / sizeof((array)[0]))

static const char *const letters[] = {"a", "b", "/", "+", "#", "$", NULL};
static const char *const name_letters[] = {"a", "b", "/", "$", NULL};

static bool is_filter(const char *text, size_t length)
{
	return oracle_faults(text, length, false) == 0;
}

static bool matches(const char *filter, const char *name)
{
	return sqlauth_topic_matches(filter, strlen(filter), name, strlen(name));
}

static bool covers(const char *filter, const char *covered)
{
	return sqlauth_topic_covers(filter, strlen(filter), covered, strlen(covered));
}

/* ---- tables ---- */

static void a_filter_matches_what_mqtt_says_it_matches(void **state)
{
	static const struct {
		const char *filter;
		const char *name;
		bool matches;
	} rows[] = {
		/* MQTT 5.0, 4.7.1.2 */
		{"sport/tennis/player1/#", "sport/tennis/player1", true},
		{"sport/tennis/player1/#", "sport/tennis/player1/ranking", true},
		{"sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon", true},
		{"sport/#", "sport", true},
		{"#", "sport", true},
		{"#", "/", true},
		{"sport/tennis/#", "sport/tennis", true},
		{"sport/tennis/player1/#", "sport/tennis/player2", false},
		{"sport/#", "sports", false},
		/* 4.7.1.3 */
		{"sport/tennis/+", "sport/tennis/player1", true},
		{"sport/tennis/+", "sport/tennis/player2", true},
		{"sport/tennis/+", "sport/tennis/player1/ranking", false},
		{"sport/+", "sport", false},
		{"sport/+", "sport/", true},
		{"+", "sport", true},
		{"+/tennis/#", "sport/tennis/player1", true},
		{"sport/+/player1", "sport/tennis/player1", true},
		{"+/+", "/finance", true},
		{"/+", "/finance", true},
		{"+", "/finance", false},
		/* 4.7.2 */
		{"#", "$SYS/monitor", false},
		{"+/monitor/Clients", "$SYS/monitor/Clients", false},
		{"$SYS/#", "$SYS/monitor/Clients", true},
		{"$SYS/#", "$SYS/", true},
		{"$SYS/#", "$SYS", true},
		{"$SYS/monitor/+", "$SYS/monitor/Clients", true},
		{"+", "$SYS", false},
		{"+/#", "$SYS", false},
		{"a/+", "a/$SYS", true},
		{"a/#", "a/$SYS/b", true},
		{"/#", "/$SYS", true},
		{"$CONTROL/#", "$SYS/x", false},
		/* 4.7.3: case, spaces and empty levels count */
		{"ACCOUNTS", "Accounts", false},
		{"Accounts payable", "Accounts payable", true},
		{"/finance", "finance", false},
		{"a//b", "a//b", true},
		{"a/+/b", "a//b", true},
		{"a//b", "a/b", false},
		{"a/", "a", false},
		{"a", "a/", false},
		{"+/+/+", "//", true},
		{"+/+", "//", false},
		/* what is no filter or no name matches nothing */
		{"", "a", false},
		{"a", "", false},
		{"#", "", false},
		{"#/a", "a/a", false},
		{"a#", "a#", false},
		{"a+", "a+", false},
		{"+", "+", false},
		{"#", "#", false},
		{"a/#", "a/#", false},
		{"a/+", "a/+", false},
	};
	(void)state;
	for (size_t i = 0; i < LENGTH_OF(rows); i++)
		if (matches(rows[i].filter, rows[i].name) != rows[i].matches)
			fail_msg("row %zu: %s must %smatch %s", i, rows[i].filter, rows[i].matches ? "" : "not ",
				rows[i].name);
}

static void a_filter_covers_a_filter_when_it_matches_all_that_the_other_matches(void **state)
{
	static const struct {
		const char *filter;
		const char *covered;
		bool covers;
	} rows[] = {
		{"#", "#", true},
		{"#", "+/#", true},
		{"+/#", "#", true},
		{"#", "+", true},
		{"#", "a/b", true},
		{"#", "/", true},
		{"+/#", "+", true},
		{"+", "#", false},
		{"a", "a", true},
		{"a", "b", false},
		{"a/#", "a", true},
		{"a/#", "a/#", true},
		{"a/#", "a/+", true},
		{"a/#", "a/+/#", true},
		{"a/+/#", "a/#", false}, /* a/# matches a */
		{"a/+", "a/+", true},
		{"a/+", "a/b", true},
		{"a/+", "a/#", false},
		{"a/+", "a", false},
		{"a/b", "a/+", false},
		{"a/b/#", "a/#", false},
		{"+/b", "a/b", true},
		{"+/b", "a/+", false},
		{"+/+", "+/b", true},
		{"+/b", "+/+", false},
		{"+/+/#", "+/#", false},
		{"+/+/#", "+/+", true},
		{"/#", "#", false},
		{"/+", "/a", true},
		{"+/+", "/", true},
		/* the wildcards of a first level do not reach topics that begin with $ */
		{"#", "$SYS/#", false},
		{"#", "$SYS", false},
		{"+/#", "$SYS/a", false},
		{"+/a", "$SYS/a", false},
		{"$SYS/#", "$SYS/+", true},
		{"$SYS/#", "$SYS", true},
		{"$SYS/#", "#", false},
		{"a/#", "a/$SYS", true},
		{"a/+", "a/$SYS", true},
		/* SPEC: with deny secret/#, `#` is not covered, secret/x and secret/+ are */
		{"secret/#", "#", false},
		{"secret/#", "secret/x", true},
		{"secret/#", "secret/+", true},
		/* `$share/` is a level like any other here */
		{"$share/g/a", "$share/g/a", true},
		{"a", "$share/g/a", false},
		/* what is no filter covers nothing and is covered by nothing */
		{"#", "", false},
		{"", "a", false},
		{"#", "#/a", false},
		{"a#", "a#", false},
		{"#", "a+", false},
		{"+b", "+b", false},
	};
	(void)state;
	for (size_t i = 0; i < LENGTH_OF(rows); i++)
		if (covers(rows[i].filter, rows[i].covered) != rows[i].covers)
			fail_msg("row %zu: %s must %scover %s", i, rows[i].filter, rows[i].covers ? "" : "not ",
				rows[i].covered);
}

static void each_fault_of_a_filter_is_told(void **state)
{
	static const struct {
		const char *filter;
		enum sqlauth_topic_fault fault;
		enum sqlauth_topic_fault permission_fault;
	} rows[] = {
		{"", SQLAUTH_TOPIC_EMPTY, SQLAUTH_TOPIC_EMPTY},
		{"#/a", SQLAUTH_TOPIC_HASH_NOT_LAST, SQLAUTH_TOPIC_HASH_NOT_LAST},
		{"a/#/b", SQLAUTH_TOPIC_HASH_NOT_LAST, SQLAUTH_TOPIC_HASH_NOT_LAST},
		{"#/", SQLAUTH_TOPIC_HASH_NOT_LAST, SQLAUTH_TOPIC_HASH_NOT_LAST},
		{"#/#", SQLAUTH_TOPIC_HASH_NOT_LAST, SQLAUTH_TOPIC_HASH_NOT_LAST},
		{"a#", SQLAUTH_TOPIC_HASH_NOT_ALONE, SQLAUTH_TOPIC_HASH_NOT_ALONE},
		{"a/b#", SQLAUTH_TOPIC_HASH_NOT_ALONE, SQLAUTH_TOPIC_HASH_NOT_ALONE},
		{"a/##", SQLAUTH_TOPIC_HASH_NOT_ALONE, SQLAUTH_TOPIC_HASH_NOT_ALONE},
		{"%c#", SQLAUTH_TOPIC_HASH_NOT_ALONE, SQLAUTH_TOPIC_HASH_NOT_ALONE},
		{"a+", SQLAUTH_TOPIC_PLUS_NOT_ALONE, SQLAUTH_TOPIC_PLUS_NOT_ALONE},
		{"+a/b", SQLAUTH_TOPIC_PLUS_NOT_ALONE, SQLAUTH_TOPIC_PLUS_NOT_ALONE},
		{"a/++", SQLAUTH_TOPIC_PLUS_NOT_ALONE, SQLAUTH_TOPIC_PLUS_NOT_ALONE},
		{"+%u", SQLAUTH_TOPIC_PLUS_NOT_ALONE, SQLAUTH_TOPIC_PLUS_NOT_ALONE},
		{"%", SQLAUTH_TOPIC_FINE, SQLAUTH_TOPIC_PLACEHOLDER},
		{"a/%", SQLAUTH_TOPIC_FINE, SQLAUTH_TOPIC_PLACEHOLDER},
		{"%/c", SQLAUTH_TOPIC_FINE, SQLAUTH_TOPIC_PLACEHOLDER},
		{"%d", SQLAUTH_TOPIC_FINE, SQLAUTH_TOPIC_PLACEHOLDER},
		{"%C", SQLAUTH_TOPIC_FINE, SQLAUTH_TOPIC_PLACEHOLDER},
		{"%%%", SQLAUTH_TOPIC_FINE, SQLAUTH_TOPIC_PLACEHOLDER},
		{"100%/%c", SQLAUTH_TOPIC_FINE, SQLAUTH_TOPIC_PLACEHOLDER},
		{"%c", SQLAUTH_TOPIC_FINE, SQLAUTH_TOPIC_FINE},
		{"a-%c-%u/%%/#", SQLAUTH_TOPIC_FINE, SQLAUTH_TOPIC_FINE}, {"#", SQLAUTH_TOPIC_FINE, SQLAUTH_TOPIC_FINE},
		{"+", SQLAUTH_TOPIC_FINE, SQLAUTH_TOPIC_FINE}, {"/", SQLAUTH_TOPIC_FINE, SQLAUTH_TOPIC_FINE},
		{"+/+/#", SQLAUTH_TOPIC_FINE, SQLAUTH_TOPIC_FINE}, {"$SYS/#", SQLAUTH_TOPIC_FINE, SQLAUTH_TOPIC_FINE},
		{"$share/+/x", SQLAUTH_TOPIC_FINE, SQLAUTH_TOPIC_FINE}, /* no share prefix is looked for here */
	};
	(void)state;
	for (size_t i = 0; i < LENGTH_OF(rows); i++) {
		size_t length = strlen(rows[i].filter);
		if (sqlauth_topic_filter_fault(rows[i].filter, length) != rows[i].fault)
			fail_msg("row %zu: filter %s", i, rows[i].filter);
		if (sqlauth_topic_permission_fault(rows[i].filter, length) != rows[i].permission_fault)
			fail_msg("row %zu: permission topic %s", i, rows[i].filter);
	}
}

static void a_nul_byte_is_a_fault_wherever_it_stands(void **state)
{
	static const char texts[][4] = {"\0ab", "a\0b", "ab\0", "a/\0", "\0/#"};
	(void)state;
	for (size_t i = 0; i < LENGTH_OF(texts); i++) {
		if (sqlauth_topic_filter_fault(texts[i], 3) != SQLAUTH_TOPIC_HAS_NUL)
			fail_msg("row %zu: filter", i);
		if (sqlauth_topic_permission_fault(texts[i], 3) != SQLAUTH_TOPIC_HAS_NUL)
			fail_msg("row %zu: permission topic", i);
		if (sqlauth_topic_name_valid(texts[i], 3))
			fail_msg("row %zu: name", i);
		if (sqlauth_topic_matches("#", 1, texts[i], 3) || sqlauth_topic_matches(texts[i], 3, "a", 1))
			fail_msg("row %zu: matches", i);
		if (sqlauth_topic_covers("#", 1, texts[i], 3) || sqlauth_topic_covers(texts[i], 3, texts[i], 3))
			fail_msg("row %zu: covers", i);
	}
	assert_int_equal(sqlauth_topic_filter_fault("", 1), SQLAUTH_TOPIC_HAS_NUL);
	size_t length = 0;
	assert_null(sqlauth_topic_skip_share("$share/\0/a", 10, &length));
}

static void every_fault_has_a_sentence_of_its_own(void **state)
{
	(void)state;
	for (int a = SQLAUTH_TOPIC_FINE; a <= SQLAUTH_TOPIC_PLACEHOLDER; a++) {
		const char *text = sqlauth_topic_fault_text((enum sqlauth_topic_fault)a);
		assert_non_null(text);
		assert_true(strlen(text) > 3);
		for (int b = SQLAUTH_TOPIC_FINE; b < a; b++)
			assert_string_not_equal(text, sqlauth_topic_fault_text((enum sqlauth_topic_fault)b));
	}
	assert_string_equal(sqlauth_topic_fault_text(SQLAUTH_TOPIC_HASH_NOT_LAST), "\"#\" must be the last level");
	assert_non_null(sqlauth_topic_fault_text((enum sqlauth_topic_fault)99));
	assert_non_null(sqlauth_topic_fault_text((enum sqlauth_topic_fault) - 1));
}

static void a_shared_subscription_is_judged_by_its_filter(void **state)
{
	static const struct {
		const char *filter;
		const char *rest; /* NULL: malformed */
	} rows[] = {
		{"$share/group/a/b", "a/b"},
		{"$share/group/#", "#"},
		{"$share/g/$SYS/#", "$SYS/#"},
		{"$share/g//", "/"},
		{"$share/g//a", "/a"},
		{"$share/g/$share/h/a", "$share/h/a"}, /* one prefix only */
		{"$share/$SYS/a", "a"},
		{"$share", "$share"},
		{"$shared/g/a", "$shared/g/a"},
		{"$SHARE/g/a", "$SHARE/g/a"},
		{"a/$share/g/b", "a/$share/g/b"},
		{"/$share/g/b", "/$share/g/b"},
		{"#", "#"},
		{"", ""},
		{"$share/", NULL},
		{"$share/g", NULL},
		{"$share/g/", NULL},
		{"$share//a", NULL},
		{"$share///", NULL},
		{"$share/+/a", NULL},
		{"$share/#", NULL},
		{"$share/#/a", NULL},
		{"$share/g+/a", NULL},
		{"$share/#g/a", NULL},
	};
	(void)state;
	for (size_t i = 0; i < LENGTH_OF(rows); i++) {
		size_t length = 12345;
		const char *rest = sqlauth_topic_skip_share(rows[i].filter, strlen(rows[i].filter), &length);
		if (rows[i].rest == NULL) {
			if (rest != NULL || length != 12345)
				fail_msg("row %zu: %s must be malformed, and the length untouched", i, rows[i].filter);
		} else if (rest == NULL || length != strlen(rows[i].rest) ||
			   rest != rows[i].filter + strlen(rows[i].filter) - length) {
			fail_msg("row %zu: %s must give %s", i, rows[i].filter, rows[i].rest);
		}
	}
}

/* ---- every short string ---- */

static void the_oracle_agrees_with_the_definition_of_covering(void **state)
{
	struct corpus filters;
	(void)state;
	corpus_init(&filters, letters, 4, is_filter);
	for (size_t f = 0; f < filters.count; f++)
		for (size_t c = 0; c < filters.count; c++) {
			const struct corpus_entry *filter = &filters.entry[f];
			const struct corpus_entry *covered = &filters.entry[c];
			bool should = oracle_covers_by_definition(&filter->levels, &covered->levels);
			if (oracle_covers(&filter->levels, &covered->levels) != should)
				fail_msg("oracle: %.*s and %.*s", (int)filter->length, filter->text,
					(int)covered->length, covered->text);
			if (sqlauth_topic_covers(filter->text, filter->length, covered->text, covered->length) !=
				should)
				fail_msg("%.*s must %scover %.*s", (int)filter->length, filter->text,
					should ? "" : "not ", (int)covered->length, covered->text);
		}
	corpus_fini(&filters);
}

static void every_short_string_is_told_from_a_filter_and_a_name(void **state)
{
	static const char *const tokens[] = {"a", "/", "+", "#", "$", "%", "c", "u", NULL};
	struct corpus all;
	(void)state;
	corpus_init(&all, tokens, 5, NULL);
	for (size_t i = 0; i < all.count; i++) {
		const struct corpus_entry *entry = &all.entry[i];
		for (int permission = 0; permission < 2; permission++) {
			unsigned faults = oracle_faults(entry->text, entry->length, permission == 1);
			enum sqlauth_topic_fault fault =
				permission == 1 ? sqlauth_topic_permission_fault(entry->text, entry->length)
						: sqlauth_topic_filter_fault(entry->text, entry->length);
			if (faults == 0 ? fault != SQLAUTH_TOPIC_FINE : (faults & (1u << fault)) == 0)
				fail_msg("%.*s: fault %d", (int)entry->length, entry->text, (int)fault);
		}
		if (sqlauth_topic_name_valid(entry->text, entry->length) !=
			oracle_name_valid(entry->text, entry->length))
			fail_msg("%.*s: name", (int)entry->length, entry->text);
	}
	corpus_fini(&all);
}

static void every_short_filter_matches_as_the_oracle_says(void **state)
{
	struct corpus filters;
	struct corpus names;
	(void)state;
	corpus_init(&filters, letters, 6, is_filter);
	corpus_init(&names, name_letters, 6, NULL);
	for (size_t f = 0; f < filters.count; f++)
		for (size_t n = 0; n < names.count; n++) {
			const struct corpus_entry *filter = &filters.entry[f];
			const struct corpus_entry *name = &names.entry[n];
			bool should = oracle_matches(&filter->levels, &name->levels);
			if (sqlauth_topic_matches(filter->text, filter->length, name->text, name->length) != should)
				fail_msg("%.*s must %smatch %.*s", (int)filter->length, filter->text,
					should ? "" : "not ", (int)name->length, name->text);
		}
	corpus_fini(&filters);
	corpus_fini(&names);
}

static void every_short_filter_covers_as_the_oracle_says(void **state)
{
	struct corpus filters;
	(void)state;
	corpus_init(&filters, letters, 5, is_filter);
	for (size_t f = 0; f < filters.count; f++)
		for (size_t c = 0; c < filters.count; c++) {
			const struct corpus_entry *filter = &filters.entry[f];
			const struct corpus_entry *covered = &filters.entry[c];
			bool should = oracle_covers(&filter->levels, &covered->levels);
			if (sqlauth_topic_covers(filter->text, filter->length, covered->text, covered->length) !=
				should)
				fail_msg("%.*s must %scover %.*s", (int)filter->length, filter->text,
					should ? "" : "not ", (int)covered->length, covered->text);
		}
	corpus_fini(&filters);
}

static void what_is_no_filter_neither_matches_nor_covers(void **state)
{
	struct corpus all;
	(void)state;
	corpus_init(&all, letters, 5, NULL);
	for (size_t i = 0; i < all.count; i++) {
		const struct corpus_entry *e = &all.entry[i];
		bool filter = is_filter(e->text, e->length);
		bool name = oracle_name_valid(e->text, e->length);
		bool open = e->text[0] != '$';
		if (sqlauth_topic_covers(e->text, e->length, e->text, e->length) != filter)
			fail_msg("%.*s: covers itself", (int)e->length, e->text);
		if (sqlauth_topic_covers("#", 1, e->text, e->length) != (filter && open))
			fail_msg("%.*s: covered by #", (int)e->length, e->text);
		if (sqlauth_topic_matches("#", 1, e->text, e->length) != (name && open))
			fail_msg("%.*s: matched by #", (int)e->length, e->text);
		if (sqlauth_topic_matches(e->text, e->length, e->text, e->length) != (filter && name))
			fail_msg("%.*s: matches itself", (int)e->length, e->text);
	}
	corpus_fini(&all);
}

/* ---- sizes ---- */

/* `unit` over and over, size bytes; the caller frees. No NUL at the end. */
static char *repeated(const char *unit, size_t size)
{
	char *text = malloc(size);
	assert_non_null(text);
	for (size_t i = 0; i < size; i++)
		text[i] = unit[i % strlen(unit)];
	return text;
}

static void topics_of_the_largest_size_are_judged(void **state)
{
	static const struct {
		const char *filter; /* units, as those of the name */
		const char *name;
		bool matches;
	} rows[] = {
		{"a", "a", true},   /* one level of 65,535 bytes */
		{"/", "/", true},   /* 65,536 empty levels */
		{"a/", "a/", true}, /* 32,768 levels, none of them empty */
		{"+/", "a/", true},
		{"+/", "/", false},
		{"a/", "b/", false},
		{"a", "b", false},
		{"+/a/", "b/a/", true},
		{"+/a/", "b/b/", false},
	};
	(void)state;
	for (size_t i = 0; i < LENGTH_OF(rows); i++) {
		size_t size = SQLAUTH_TOPIC_BYTES_MAX;
		char *filter = repeated(rows[i].filter, size);
		char *name = repeated(rows[i].name, size);
		if (sqlauth_topic_filter_fault(filter, size) != SQLAUTH_TOPIC_FINE)
			fail_msg("row %zu: fault", i);
		if (sqlauth_topic_matches(filter, size, name, size) != rows[i].matches)
			fail_msg("row %zu: matches", i);
		if (sqlauth_topic_covers(filter, size, name, size) != rows[i].matches)
			fail_msg("row %zu: covers", i);
		if (!sqlauth_topic_matches("#", 1, name, size) || !sqlauth_topic_covers("+/#", 3, filter, size))
			fail_msg("row %zu: #", i);
		name[size - 1] = 'x';
		if (sqlauth_topic_matches(filter, size, name, size) && filter[size - 1] != '+')
			fail_msg("row %zu: the last byte counts", i);
		free(filter);
		free(name);
	}
}

static void a_byte_more_than_the_largest_size_is_too_long(void **state)
{
	size_t size = SQLAUTH_TOPIC_BYTES_MAX + 1;
	char *text = repeated("a/b", size);
	(void)state;
	assert_int_equal(sqlauth_topic_filter_fault(text, size), SQLAUTH_TOPIC_TOO_LONG);
	assert_int_equal(sqlauth_topic_permission_fault(text, size), SQLAUTH_TOPIC_TOO_LONG);
	assert_false(sqlauth_topic_name_valid(text, size));
	assert_true(sqlauth_topic_name_valid(text, size - 1));
	assert_false(sqlauth_topic_matches("#", 1, text, size));
	assert_false(sqlauth_topic_matches(text, size, text, size));
	assert_false(sqlauth_topic_covers("#", 1, text, size));
	assert_false(sqlauth_topic_covers(text, size, text, size));
	free(text);
}

/* The least time of several that matching and covering a topic made of `unit` takes. */
static double cost(const char *unit, size_t size)
{
	double best = 1e9;
	char *text = repeated(unit, size);
	for (int round = 0; round < 7; round++) {
		double before = cpu_seconds();
		for (int i = 0; i < 20; i++) {
			assert_true(sqlauth_topic_matches(text, size, text, size));
			assert_true(sqlauth_topic_covers(text, size, text, size));
		}
		double taken = cpu_seconds() - before;
		best = taken < best ? taken : best;
	}
	free(text);
	return best;
}

static void the_cost_grows_no_faster_than_the_length(void **state)
{
	static const char *const units[] = {"a", "/", "a/", "abcdefg/"};
	(void)state;
	for (size_t i = 0; i < LENGTH_OF(units); i++) {
		double small = cost(units[i], 4000);
		double large = cost(units[i], 64000);
		if (large > small * 16 * 4 + 1e-4) /* 16 times the length; quadratic would be 256 times the cost */
			fail_msg("unit %s: %g s for 4000 bytes, %g s for 64000", units[i], small, large);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_filter_matches_what_mqtt_says_it_matches),
		cmocka_unit_test(a_filter_covers_a_filter_when_it_matches_all_that_the_other_matches),
		cmocka_unit_test(each_fault_of_a_filter_is_told),
		cmocka_unit_test(a_nul_byte_is_a_fault_wherever_it_stands),
		cmocka_unit_test(every_fault_has_a_sentence_of_its_own),
		cmocka_unit_test(a_shared_subscription_is_judged_by_its_filter),
		cmocka_unit_test(the_oracle_agrees_with_the_definition_of_covering),
		cmocka_unit_test(every_short_string_is_told_from_a_filter_and_a_name),
		cmocka_unit_test(every_short_filter_matches_as_the_oracle_says),
		cmocka_unit_test(every_short_filter_covers_as_the_oracle_says),
		cmocka_unit_test(what_is_no_filter_neither_matches_nor_covers),
		cmocka_unit_test(topics_of_the_largest_size_are_judged),
		cmocka_unit_test(a_byte_more_than_the_largest_size_is_too_long),
		cmocka_unit_test(the_cost_grows_no_faster_than_the_length),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
