/* Client identifier patterns: rows for every rule, and the matcher against a recursive oracle that writes the rules
 * down as plainly as they can be, over every short pattern and identifier. */
#include "sqlauth/mqtt_id.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define COUNT(array)      (sizeof(array) / sizeof(array)[0])
#define MQTT_ID_BYTES_MAX 65535

struct row {
	const char *pattern, *username, *mqtt_id;
	bool matches;
};

static void expect_rows(const struct row *rows, size_t count)
{
	for (size_t row = 0; row < count; row++) {
		bool got = sqlauth_mqtt_id_matches(rows[row].pattern, rows[row].username, rows[row].mqtt_id);

		if (got != rows[row].matches)
			fail_msg("row %zu: pattern \"%s\", username \"%s\", identifier \"%s\": got %d", row,
				rows[row].pattern, rows[row].username ? rows[row].username : "(NULL)",
				rows[row].mqtt_id, got);
	}
}

static void wildcards_stand_for_runs_and_single_characters(void **state)
{
	static const struct row rows[] = {
		{"", NULL, "", true},
		{"", NULL, "a", false},
		{"a", NULL, "", false},
		{"pump-7", NULL, "pump-7", true},
		{"pump-7", NULL, "pump-77", false},
		{"pump-7", NULL, "Pump-7", false},
		{"pump-7", NULL, "xpump-7", false},
		{"*", NULL, "", true},
		{"*", NULL, "anything at all/+#", true},
		{"**", NULL, "", true},
		{"pump-*", NULL, "pump-", true},
		{"pump-*", NULL, "pump-7", true},
		{"pump-*", NULL, "pump", false},
		{"*-7", NULL, "pump-7-7", true},
		{"*-7", NULL, "pump-7-8", false},
		{"a*b*c", NULL, "abbbcbc", true},
		{"a*b*c", NULL, "abbbcbcd", false},
		{"*ab*ab*", NULL, "aab", false},
		{"*ab*ab*", NULL, "xabyabz", true},
		{"?", NULL, "", false},
		{"?", NULL, "a", true},
		{"?", NULL, "ab", false},
		{"?*?", NULL, "a", false},
		{"?*?", NULL, "ab", true},
		{"*??", NULL, "a", false},
		{"pump-??", NULL, "pump-07", true},
		{"[a-z]", NULL, "b", false},
		{"[a-z]", NULL, "[a-z]", true},
		{"\\*", NULL, "\\x", true},
	};

	(void)state;
	expect_rows(rows, COUNT(rows));
}

static void a_question_mark_is_one_code_point_or_one_byte_that_is_no_utf8(void **state)
{
	static const struct row rows[] = {
		{"?", NULL, "\xc3\xa9", true},
		{"??", NULL, "\xc3\xa9", false},
		{"*??", NULL, "\xc3\xa9", false},
		{"?", NULL, "\xe2\x82\xac", true},
		{"?", NULL, "\xf0\x9f\x98\x80", true},
		{"a?b", NULL,
			"a\xf0\x9f\x98\x80"
			"b",
			true},
		{"??", NULL, "e\xcc\x81", true},
		{"?", NULL, "\xff", true},
		{"??", NULL, "\xe2\x82", true},
		{"?", NULL, "\xe2\x82", false},
		{"??", NULL, "\xc0\xaf", true},
		/* A run ends between characters, never inside one. */
		{"*\xa9", NULL, "\xc3\xa9", false},
		{"\xc3*", NULL, "\xc3\xa9", false},
		{"*\xc3\xa9", NULL, "\xc3\xa9\xc3\xa9", true},
		{"\xc3?", NULL, "\xc3\xa9", false},
	};

	(void)state;
	expect_rows(rows, COUNT(rows));
}

static void percent_u_is_the_username_taken_literally(void **state)
{
	static const struct row rows[] = {
		{"%u", "anna", "anna", true},
		{"%u", "anna", "ann", false},
		{"%u", "anna", "annab", false},
		{"%u", "anna", "%u", false},
		{"%u-*", "anna", "anna-phone", true},
		{"%u-*", "anna", "bert-phone", false},
		{"*-%u", "anna", "x-anna-anna", true},
		{"%u%u", "ab", "abab", true},
		{"%u%u", "ab", "ab", false},
		{"%u?", "\xc3\xa9", "\xc3\xa9\xc3\xa9", true},
		{"x%uy", "u", "xuy", true},
		/* What is special in a pattern is not special in a username. */
		{"%u", "*", "anything", false},
		{"%u", "*", "*", true},
		{"%u", "a*", "ab", false},
		{"%u", "?", "a", false},
		{"%u", "?", "?", true},
		{"%u", "%u", "%u", true},
		{"%u", "%u", "%%u", false},
		{"%u", "%%", "%%", true},
		{"%u", "%%", "%", false},
		{"%uu", "%", "%u", true},
	};

	(void)state;
	expect_rows(rows, COUNT(rows));
}

static void a_percent_sign_is_doubled_beside_a_username_and_itself_in_group_rules(void **state)
{
	static const struct row rows[] = {
		{"%%", "anna", "%", true},
		{"%%", "anna", "%%", false},
		{"%%u", "anna", "%u", true},
		{"%%u", "anna", "%anna", false},
		{"%%%u", "anna", "%anna", true},
		{"100%", "anna", "100%", true},
		{"%c", "anna", "%c", true},
		{"%*", "anna", "%x", true},
		{"%%", NULL, "%%", true},
		{"%%", NULL, "%", false},
		{"%u", NULL, "%u", true},
		{"%u", NULL, "", false},
		{"%u", NULL, "anna", false},
	};

	(void)state;
	expect_rows(rows, COUNT(rows));
}

static void with_an_empty_username_percent_u_matches_nothing(void **state)
{
	static const struct row rows[] = {
		{"%u", "", "", false},
		{"%u*", "", "victim", false},
		{"*%u", "", "victim", false},
		{"*%u*", "", "", false},
		{"%u-phone", "", "-phone", false},
		{"%u", "", "%u", false},
		/* Patterns without it are not concerned. */
		{"*", "", "anna", true},
		{"%%u", "", "%u", true},
	};

	(void)state;
	expect_rows(rows, COUNT(rows));
}

static void no_pattern_and_no_identifier_match_nothing(void **state)
{
	(void)state;
	assert_false(sqlauth_mqtt_id_matches(NULL, "anna", "anna"));
	assert_false(sqlauth_mqtt_id_matches("*", "anna", NULL));
	assert_false(sqlauth_mqtt_id_matches(NULL, NULL, NULL));
}

/* ---- the oracle ---- */

/* Tokens of a pattern: characters as numbers made of their bytes, and these. */
enum { RUN = -1, ONE = -2, NEVER = -3 };

/* The characters of a string whose only character of several bytes is c3 a9. */
static size_t split(const char *string, int *characters)
{
	size_t count = 0;

	while (*string) {
		bool pair = (unsigned char)string[0] == 0xc3 && (unsigned char)string[1] == 0xa9;

		characters[count++] = pair ? 0xc3a9 : (unsigned char)string[0];
		string += pair ? 2 : 1;
	}
	return count;
}

/* The tokens of a pattern with the username filled in. */
static size_t expand(const char *pattern, const char *username, int *tokens)
{
	int characters[16];
	size_t length = split(pattern, characters), count = 0;

	for (size_t i = 0; i < length; i++) {
		int second = i + 1 < length ? characters[i + 1] : 0;

		if (characters[i] == '*') {
			tokens[count++] = RUN;
		} else if (characters[i] == '?') {
			tokens[count++] = ONE;
		} else if (username && characters[i] == '%' && second == 'u') {
			if (*username == '\0')
				tokens[count++] = NEVER;
			count += split(username, tokens + count);
			i++;
		} else if (username && characters[i] == '%' && second == '%') {
			tokens[count++] = '%';
			i++;
		} else {
			tokens[count++] = characters[i];
		}
	}
	return count;
}

static bool oracle(const int *tokens, size_t token_count, const int *characters, size_t count)
{
	if (token_count == 0)
		return count == 0;
	if (tokens[0] == RUN)
		return oracle(tokens + 1, token_count - 1, characters, count) ||
		       (count > 0 && oracle(tokens, token_count, characters + 1, count - 1));
	return count > 0 && (tokens[0] == ONE || tokens[0] == characters[0]) &&
	       oracle(tokens + 1, token_count - 1, characters + 1, count - 1);
}

/* Writes the string with this number over the alphabet: first the empty one, then all of one symbol, of two ... */
static void write_string(size_t number, const char *const *alphabet, size_t symbols, char *string)
{
	char *end = string;

	while (number > 0) {
		number--;
		end = stpcpy(end, alphabet[number % symbols]);
		number /= symbols;
	}
	*end = '\0';
}

static size_t count_strings(size_t symbols, size_t length_max)
{
	size_t count = 1;

	for (size_t length = 0; length < length_max; length++)
		count = count * symbols + 1;
	return count;
}

struct universe {
	const char *const *pattern_alphabet;
	size_t pattern_symbols, pattern_max;
	const char *const *id_alphabet;
	size_t id_symbols, id_max;
	const char *const *usernames;
	size_t username_count;
};

static size_t compare_pattern(const struct universe *universe, const char *pattern, const char *username)
{
	size_t ids = count_strings(universe->id_symbols, universe->id_max), matched = 0;
	int tokens[64], characters[16];
	size_t token_count = expand(pattern, username, tokens);
	char mqtt_id[32];

	for (size_t i = 0; i < ids; i++) {
		bool expected;

		write_string(i, universe->id_alphabet, universe->id_symbols, mqtt_id);
		expected = oracle(tokens, token_count, characters, split(mqtt_id, characters));
		if (sqlauth_mqtt_id_matches(pattern, username, mqtt_id) != expected)
			fail_msg("pattern \"%s\", username \"%s\", identifier \"%s\": expected %d", pattern,
				username ? username : "(NULL)", mqtt_id, expected);
		matched += expected;
	}
	return matched;
}

/* Compares everything, and makes sure that the universe holds both verdicts. */
static void compare_universe(const struct universe *universe)
{
	size_t patterns = count_strings(universe->pattern_symbols, universe->pattern_max);
	size_t all = patterns * universe->username_count * count_strings(universe->id_symbols, universe->id_max);
	size_t matched = 0;
	char pattern[32];

	for (size_t i = 0; i < patterns; i++) {
		write_string(i, universe->pattern_alphabet, universe->pattern_symbols, pattern);
		for (size_t k = 0; k < universe->username_count; k++)
			matched += compare_pattern(universe, pattern, universe->usernames[k]);
	}
	assert_in_range(matched, patterns, all - patterns);
}

static void the_oracle_agrees_on_every_short_glob(void **state)
{
	static const char *const pattern_alphabet[] = {"a", "b", "*", "?"};
	static const char *const id_alphabet[] = {"a", "b"};
	static const char *const usernames[] = {NULL};
	static const struct universe universe = {pattern_alphabet, 4, 6, id_alphabet, 2, 6, usernames, 1};

	(void)state;
	compare_universe(&universe);
}

static void the_oracle_agrees_on_every_short_pattern_with_placeholders(void **state)
{
	static const char *const pattern_alphabet[] = {"a", "*", "?", "%", "u", "%u", "\xc3\xa9"};
	static const char *const id_alphabet[] = {"a", "%", "u", "\xc3\xa9", "*"};
	static const char *const usernames[] = {NULL, "", "a", "\xc3\xa9", "*", "u", "%u", "a%"};
	static const struct universe universe = {pattern_alphabet, 7, 4, id_alphabet, 5, 3, usernames, 8};

	(void)state;
	compare_universe(&universe);
}

static void the_oracle_agrees_on_halves_of_characters(void **state)
{
	static const char *const pattern_alphabet[] = {"a", "*", "?", "\xc3", "\xa9"};
	static const char *const id_alphabet[] = {"a", "\xc3", "\xa9"};
	static const char *const usernames[] = {NULL};
	static const struct universe universe = {pattern_alphabet, 5, 5, id_alphabet, 3, 5, usernames, 1};

	(void)state;
	compare_universe(&universe);
}

/* ---- bounds ---- */

static char *repeat(const char *piece, size_t count, const char *end)
{
	size_t length = strlen(piece);
	char *string = malloc(count * length + strlen(end) + 1);

	assert_non_null(string);
	for (size_t i = 0; i < count; i++)
		memcpy(string + i * length, piece, length);
	memcpy(string + count * length, end, strlen(end) + 1);
	return string;
}

static void a_pattern_of_1024_bytes_matches_and_one_byte_more_does_not(void **state)
{
	char *longest = repeat("*", SQLAUTH_MQTT_ID_PATTERN_BYTES_MAX, "");
	char *longer = repeat("*", SQLAUTH_MQTT_ID_PATTERN_BYTES_MAX, "*");

	(void)state;
	assert_true(sqlauth_mqtt_id_matches(longest, NULL, "pump-7"));
	assert_false(sqlauth_mqtt_id_matches(longer, NULL, "pump-7"));
	assert_false(sqlauth_mqtt_id_matches(longer, NULL, longer));
	free(longest);
	free(longer);
}

/* Patterns that make a backtracking matcher run for ages. The bound is far above what even valgrind needs and far below
 * the quadratic, let alone exponential, cost of a matcher that tries earlier `*` again. */
static void hostile_identifiers_cost_no_more_than_pattern_times_identifier(void **state)
{
	const struct {
		char *pattern;
		const char *end;
		bool matches;
	} rows[] = {
		{repeat("*a", 511, "*b"), "a", false},
		{repeat("*a", 511, "*b"), "b", true},
		{repeat("*?a", 341, "b"), "a", false},
		{repeat("a*", 512, ""), "b", true},
		{repeat("*", 1000, "aaaaaaaaaaab"), "a", false},
		{repeat("?", 1023, "*"), "b", true},
	};
	clock_t start = clock();

	(void)state;
	for (size_t row = 0; row < COUNT(rows); row++) {
		char *mqtt_id = repeat("a", MQTT_ID_BYTES_MAX - 1, rows[row].end);

		if (sqlauth_mqtt_id_matches(rows[row].pattern, NULL, mqtt_id) != rows[row].matches)
			fail_msg("row %zu: expected %d", row, rows[row].matches);
		free(mqtt_id);
		free(rows[row].pattern);
	}
	assert_in_range(clock() - start, 0, 120 * CLOCKS_PER_SEC);
}

/* Behind the `*` stands what the identifier, of the longest that there are, begins with at each of its characters. */
static void a_piece_of_126_characters_is_decided_and_a_much_longer_one_gives_up_in_time(void **state)
{
	static const struct {
		size_t length;
		enum sqlauth_error found, not_found;
	} rows[] = {{125, SQLAUTH_OK, SQLAUTH_ERROR_MISMATCH},
		{SQLAUTH_MQTT_ID_PATTERN_BYTES_MAX - 2, SQLAUTH_ERROR_LIMIT, SQLAUTH_ERROR_LIMIT}};
	char *ends_with_b = repeat("a", MQTT_ID_BYTES_MAX - 1, "b"), *without_b = repeat("a", MQTT_ID_BYTES_MAX, "");

	(void)state;
	for (size_t row = 0; row < COUNT(rows); row++) {
		char *pattern = repeat("a", rows[row].length + 1, "b");

		pattern[0] = '*';
		assert_int_equal(sqlauth_mqtt_id_match(pattern, NULL, ends_with_b), rows[row].found);
		assert_int_equal(sqlauth_mqtt_id_match(pattern, NULL, without_b), rows[row].not_found);
		assert_int_equal(sqlauth_mqtt_id_matches(pattern, NULL, ends_with_b), rows[row].found == SQLAUTH_OK);
		free(pattern);
	}
	free(ends_with_b);
	free(without_b);
}

static void a_long_username_behind_a_run_gives_up_and_matches_nothing(void **state)
{
	char *username = repeat("a", 30000, "b");
	char *mqtt_id = repeat("a", 60000, "b");

	(void)state;
	assert_true(sqlauth_mqtt_id_matches("*%u", username + 29900, mqtt_id));
	assert_true(sqlauth_mqtt_id_matches("%u", username, username));
	assert_true(sqlauth_mqtt_id_matches("%u*", mqtt_id, mqtt_id));
	assert_false(sqlauth_mqtt_id_matches("*%u", username, mqtt_id));
	free(username);
	free(mqtt_id);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wildcards_stand_for_runs_and_single_characters),
		cmocka_unit_test(a_question_mark_is_one_code_point_or_one_byte_that_is_no_utf8),
		cmocka_unit_test(percent_u_is_the_username_taken_literally),
		cmocka_unit_test(a_percent_sign_is_doubled_beside_a_username_and_itself_in_group_rules),
		cmocka_unit_test(with_an_empty_username_percent_u_matches_nothing),
		cmocka_unit_test(no_pattern_and_no_identifier_match_nothing),
		cmocka_unit_test(the_oracle_agrees_on_every_short_glob),
		cmocka_unit_test(the_oracle_agrees_on_every_short_pattern_with_placeholders),
		cmocka_unit_test(the_oracle_agrees_on_halves_of_characters),
		cmocka_unit_test(a_pattern_of_1024_bytes_matches_and_one_byte_more_does_not),
		cmocka_unit_test(hostile_identifiers_cost_no_more_than_pattern_times_identifier),
		cmocka_unit_test(a_piece_of_126_characters_is_decided_and_a_much_longer_one_gives_up_in_time),
		cmocka_unit_test(a_long_username_behind_a_run_gives_up_and_matches_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
