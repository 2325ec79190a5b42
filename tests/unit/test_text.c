/* Bounded text: appending, truncation at every boundary, and every rule of quoting. */
#include "sqlauth/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static void expect_text(size_t row, const struct sqlauth_text *text, const char *expected, bool truncated)
{
	if (strcmp(text->data, expected) != 0)
		fail_msg("row %zu: got [%s], expected [%s]", row, text->data, expected);
	if (text->length != strlen(expected))
		fail_msg("row %zu: length %zu, expected %zu", row, text->length, strlen(expected));
	if (text->truncated != truncated)
		fail_msg("row %zu: truncated %d, expected %d", row, text->truncated, truncated);
}

static void a_new_text_is_empty(void **state)
{
	char data[4] = "xyz";
	struct sqlauth_text text;

	(void)state;
	sqlauth_text_init(&text, data, sizeof data);
	expect_text(0, &text, "", false);
}

static void added_pieces_stand_one_behind_the_other(void **state)
{
	char data[32];
	struct sqlauth_text text;

	(void)state;
	sqlauth_text_init(&text, data, sizeof data);
	sqlauth_text_add(&text, "%s=%d", "count", -7);
	sqlauth_text_add(&text, "%s", "");
	sqlauth_text_add(&text, ", %.3s", "abcdef");
	expect_text(0, &text, "count=-7, abc", false);
}

static void setting_replaces_what_stood_there_also_after_truncation(void **state)
{
	char data[8];
	struct sqlauth_text text;

	(void)state;
	sqlauth_text_init(&text, data, sizeof data);
	sqlauth_text_add(&text, "%s", "far too long");
	expect_text(0, &text, "far ...", true);
	sqlauth_text_set(&text, "%d", 42);
	expect_text(1, &text, "42", false);
	sqlauth_text_add(&text, "%s", "abcde");
	expect_text(2, &text, "42abcde", false);
	sqlauth_text_set(&text, "%s", "far too long");
	expect_text(3, &text, "far ...", true);
}

static void nothing_is_added_behind_a_truncation(void **state)
{
	char data[8];
	struct sqlauth_text text;

	(void)state;
	sqlauth_text_init(&text, data, sizeof data);
	sqlauth_text_add(&text, "%s", "12345678");
	sqlauth_text_add(&text, "%s", "");
	sqlauth_text_add(&text, "%s", "x");
	sqlauth_text_add_quoted(&text, "y", 1, 8);
	expect_text(0, &text, "1234...", true);
}

static void a_null_text_is_ignored(void **state)
{
	(void)state;
	sqlauth_text_add(NULL, "%s", "x");
	sqlauth_text_set(NULL, "%s", "x");
	sqlauth_text_add_quoted(NULL, "x", 1, 8);
}

static void a_text_is_cut_at_a_boundary_and_ends_in_dots(void **state)
{
	static const struct {
		size_t size;
		const char *first, *second, *expected;
		bool truncated;
	} rows[] = {
		{4, "abc", "", "abc", false},
		{4, "abcd", "", "...", true},
		{4, "", "abcd", "...", true},
		{4, "abc", "d", "...", true},
		{4, "a", "bcd", "...", true},
		{5, "abcd", "", "abcd", false},
		{5, "abcde", "", "a...", true},
		{5, "abcd", "e", "a...", true},
		{8, "1234567", "", "1234567", false},
		{8, "1234567", "8", "1234...", true},
		{8, "12345", "678", "1234...", true},
		{8, "123", "45678", "1234...", true},
		/* A character is kept whole or left out, wherever the cut falls in it. */
		{8, "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9", "", "\xc3\xa9\xc3\xa9...", true},
		{8, "a\xc3\xa9\xc3\xa9\xc3\xa9", "", "a\xc3\xa9\xc3\xa9\xc3\xa9", false},
		{8, "a\xc3\xa9\xc3\xa9\xc3\xa9", "b", "a\xc3\xa9...", true},
		{8, "abc\xe2\x82\xac", "de", "abc...", true},
		{8, "ab\xe2\x82\xac", "def", "ab...", true},
		{8, "a\xe2\x82\xac", "defg", "a\xe2\x82\xac...", true},
		{8, "\xf0\x9f\x98\x80", "abcd", "\xf0\x9f\x98\x80...", true},
		{8, "a\xf0\x9f\x98\x80", "abc", "a...", true},
		{8, "abc\xf0\x9f\x98\x80", "", "abc\xf0\x9f\x98\x80", false},
		{8, "abc\xf0\x9f\x98\x80", "d", "abc...", true},
		{8, "abcd\xf0\x9f\x98\x80", "", "abcd...", true},
	};
	char data[16];
	struct sqlauth_text text;

	(void)state;
	for (size_t row = 0; row < COUNT(rows); row++) {
		sqlauth_text_init(&text, data, rows[row].size);
		sqlauth_text_add(&text, "%s", rows[row].first);
		sqlauth_text_add(&text, "%s", rows[row].second);
		expect_text(row, &text, rows[row].expected, rows[row].truncated);
	}
}

/* A string literal that may hold NULs, and its length. */
#define BYTES(literal) literal, sizeof(literal) - 1

static void every_rule_of_quoting_holds(void **state)
{
	static const struct {
		const char *bytes;
		size_t length;
		const char *expected;
	} rows[] = {
		{BYTES(""), "\"\""},
		{BYTES("pump-7"), "\"pump-7\""},
		{BYTES(" !#[]~%s%n"), "\" !#[]~%s%n\""},
		{BYTES("a\"b"), "\"a\\\"b\""},
		{BYTES("\\"), "\"\\\\\""},
		{BYTES("\\x41"), "\"\\\\x41\""},
		{BYTES("a\0b"), "\"a\\x00b\""},
		{BYTES("\n\r\t\x1b[2J"), "\"\\x0a\\x0d\\x09\\x1b[2J\""},
		{BYTES("\x1f \x7e\x7f"), "\"\\x1f ~\\x7f\""},
		/* C1 controls, and what stands beside them */
		{BYTES("\xc2\x80\xc2\x9b\xc2\x9f"), "\"\\xc2\\x80\\xc2\\x9b\\xc2\\x9f\""},
		{BYTES("\xc2\xa0\xc2\xac\xc2\xae"), "\"\xc2\xa0\xc2\xac\xc2\xae\""},
		/* Well-formed UTF-8 of two, three, four bytes */
		{BYTES("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"), "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\""},
		{BYTES("\xf4\x8f\xbf\xbd"), "\"\xf4\x8f\xbf\xbd\""},
		/* Soft hyphen, Arabic letter mark, Mongolian vowel separator */
		{BYTES("\xc2\xad"), "\"\\xc2\\xad\""},
		{BYTES("\xd8\x9b\xd8\x9c\xd8\x9d"), "\"\xd8\x9b\\xd8\\x9c\xd8\x9d\""},
		{BYTES("\xe1\xa0\x8d\xe1\xa0\x8e\xe1\xa0\x8f"), "\"\xe1\xa0\x8d\\xe1\\xa0\\x8e\xe1\xa0\x8f\""},
		/* U+200A and U+200B, U+200F and U+2010 */
		{BYTES("\xe2\x80\x8a\xe2\x80\x8b"), "\"\xe2\x80\x8a\\xe2\\x80\\x8b\""},
		{BYTES("\xe2\x80\x8f\xe2\x80\x90"), "\"\\xe2\\x80\\x8f\xe2\x80\x90\""},
		/* U+2027, separators U+2028 and U+2029, U+202A, U+202E and U+202F */
		{BYTES("\xe2\x80\xa7\xe2\x80\xa8\xe2\x80\xa9"), "\"\xe2\x80\xa7\\xe2\\x80\\xa8\\xe2\\x80\\xa9\""},
		{BYTES("\xe2\x80\xaa\xe2\x80\xae\xe2\x80\xaf"), "\"\\xe2\\x80\\xaa\\xe2\\x80\\xae\xe2\x80\xaf\""},
		/* U+205F and U+2060, U+2066, U+2069, U+206F and U+2070 */
		{BYTES("\xe2\x81\x9f\xe2\x81\xa0"), "\"\xe2\x81\x9f\\xe2\\x81\\xa0\""},
		{BYTES("\xe2\x81\xa6\xe2\x81\xa9"), "\"\\xe2\\x81\\xa6\\xe2\\x81\\xa9\""},
		{BYTES("\xe2\x81\xaf\xe2\x81\xb0"), "\"\\xe2\\x81\\xaf\xe2\x81\xb0\""},
		/* U+FEFC, U+FEFF; U+FFF9, U+FFFB and U+FFFC */
		{BYTES("\xef\xbb\xbc\xef\xbb\xbf"), "\"\xef\xbb\xbc\\xef\\xbb\\xbf\""},
		{BYTES("\xef\xbf\xb9\xef\xbf\xbb\xef\xbf\xbc"), "\"\\xef\\xbf\\xb9\\xef\\xbf\\xbb\xef\xbf\xbc\""},
		/* Tags U+E0000, U+E007F, and U+E0080 */
		{BYTES("\xf3\xa0\x80\x80"), "\"\\xf3\\xa0\\x80\\x80\""},
		{BYTES("\xf3\xa0\x81\xbf\xf3\xa0\x82\x80"), "\"\\xf3\\xa0\\x81\\xbf\xf3\xa0\x82\x80\""},
		/* No UTF-8: stray, cut short, overlong, surrogate, beyond U+10FFFF, Latin-1 */
		{BYTES("\x80\xff"), "\"\\x80\\xff\""},
		{BYTES("a\xc3"), "\"a\\xc3\""},
		{BYTES("\xe2\x82"), "\"\\xe2\\x82\""},
		{BYTES("\xf0\x9f\x98"), "\"\\xf0\\x9f\\x98\""},
		{BYTES("\xc0\xaf\xc1\xbf"), "\"\\xc0\\xaf\\xc1\\xbf\""},
		{BYTES("\xe0\x9f\xbf"), "\"\\xe0\\x9f\\xbf\""},
		{BYTES("\xf0\x8f\xbf\xbf"), "\"\\xf0\\x8f\\xbf\\xbf\""},
		{BYTES("\xed\xa0\x80"), "\"\\xed\\xa0\\x80\""},
		{BYTES("\xf4\x90\x80\x80"), "\"\\xf4\\x90\\x80\\x80\""},
		{BYTES("\xe9t\xe9"), "\"\\xe9t\\xe9\""},
		/* What follows a broken character stands for itself again */
		{BYTES("\xe2\x82\""), "\"\\xe2\\x82\\\"\""},
		{BYTES("\xf0\xc3\xa9"), "\"\\xf0\xc3\xa9\""},
	};
	char data[128];
	struct sqlauth_text text;

	(void)state;
	for (size_t row = 0; row < COUNT(rows); row++) {
		sqlauth_text_init(&text, data, sizeof data);
		sqlauth_text_add_quoted(&text, rows[row].bytes, rows[row].length, 64);
		expect_text(row, &text, rows[row].expected, false);
	}
}

static void no_bytes_are_the_bare_word_none(void **state)
{
	char data[16];
	struct sqlauth_text text;

	(void)state;
	sqlauth_text_init(&text, data, sizeof data);
	sqlauth_text_add_quoted(&text, NULL, 0, 8);
	sqlauth_text_add_quoted(&text, "none", 4, 8);
	expect_text(0, &text, "none\"none\"", false);
}

static void no_single_byte_escapes_from_its_quotes(void **state)
{
	char data[16], byte;
	struct sqlauth_text text;

	(void)state;
	for (int value = 0; value < 256; value++) {
		byte = (char)value;
		sqlauth_text_init(&text, data, sizeof data);
		sqlauth_text_add_quoted(&text, &byte, 1, 8);
		for (size_t i = 0; i < text.length; i++) {
			if (data[i] < ' ' || data[i] > '~')
				fail_msg("byte %d: unprintable output at %zu", value, i);
		}
		for (size_t i = 1; i + 1 < text.length; i++) {
			if (data[i] == '"' && data[i - 1] != '\\')
				fail_msg("byte %d: a bare quote in %s", value, data);
		}
		if (data[0] != '"' || data[text.length - 1] != '"' || text.length < 3)
			fail_msg("byte %d: not quoted: %s", value, data);
	}
}

static void a_value_over_the_limit_is_cut_inside_its_quotes(void **state)
{
	static const struct {
		const char *bytes;
		size_t length, limit;
		const char *expected;
	} rows[] = {
		{BYTES("abcdef"), 6, "\"abcdef\""},
		{BYTES("abcdefg"), 6, "\"abc...\""},
		{BYTES("abcd"), 3, "\"...\""},
		{BYTES("abc"), 2, "\"..\""},
		{BYTES("abc"), 1, "\".\""},
		{BYTES("abc"), 0, "\"\""},
		{BYTES(""), 0, "\"\""},
		{BYTES("\n\n"), 8, "\"\\x0a\\x0a\""},
		{BYTES("\n\n"), 7, "\"\\x0a...\""},
		{BYTES("\n\n"), 6, "\"...\""},
		{BYTES("\"\"\""), 6, "\"\\\"\\\"\\\"\""},
		{BYTES("\"\"\""), 5, "\"\\\"...\""},
		{BYTES("\"\"\""), 4, "\"...\""},
		{BYTES("a\xc3\xa9\xc3\xa9\xc3\xa9"), 7, "\"a\xc3\xa9\xc3\xa9\xc3\xa9\""},
		{BYTES("a\xc3\xa9\xc3\xa9\xc3\xa9"), 6, "\"a\xc3\xa9...\""},
		{BYTES("a\xc3\xa9\xc3\xa9\xc3\xa9"), 5, "\"a...\""},
		/* Cut where a character was cut: what is left of it must not turn into escapes. */
		{BYTES("ab\xf0\x9f\x98\x80zz"), 7, "\"ab...\""},
		{BYTES("\xe2\x80\xae\xe2\x80\xae"), 23, "\"\\xe2\\x80\\xae...\""},
	};
	char data[64];
	struct sqlauth_text text;

	(void)state;
	for (size_t row = 0; row < COUNT(rows); row++) {
		sqlauth_text_init(&text, data, sizeof data);
		sqlauth_text_add_quoted(&text, rows[row].bytes, rows[row].length, rows[row].limit);
		expect_text(row, &text, rows[row].expected, false);
	}
}

/* Pieces that may not be torn, as they come out; together: id="a\x0aé\"€\xe2\x80\x8b😀" end */
static const char *const pieces[] = {"i", "d", "=", "\"", "a", "\\x0a", "\xc3\xa9", "\\\"", "\xe2\x82\xac",
	"\\xe2\\x80\\x8b", "\xf0\x9f\x98\x80", "\"", " ", "e", "n", "d"};

/* What a text of `size` bytes must hold after all pieces. */
static bool join_pieces(size_t size, char *expected)
{
	size_t total = 0, kept = 0;

	for (size_t i = 0; i < COUNT(pieces); i++) {
		memcpy(expected + total, pieces[i], strlen(pieces[i]));
		total += strlen(pieces[i]);
		if (total + 3 < size)
			kept = total;
	}
	expected[total] = '\0';
	if (total < size)
		return false;
	memcpy(expected + kept, "...", 4);
	return true;
}

static void truncation_tears_no_piece_at_any_size(void **state)
{
	char data[64], expected[64];
	struct sqlauth_text text;

	(void)state;
	for (size_t size = 4; size < sizeof data; size++) {
		bool truncated = join_pieces(size, expected);

		memset(data, 0x55, sizeof data);
		sqlauth_text_init(&text, data, size);
		sqlauth_text_add(&text, "%s", "id=");
		sqlauth_text_add_quoted(&text, "a\n\xc3\xa9\"\xe2\x82\xac\xe2\x80\x8b\xf0\x9f\x98\x80", 15, 100);
		sqlauth_text_add(&text, " %s", "end");
		expect_text(size, &text, expected, truncated);
		for (size_t i = size; i < sizeof data; i++) {
			if (data[i] != 0x55)
				fail_msg("size %zu: byte %zu behind the buffer was written", size, i);
		}
	}
}

static void a_quoted_value_may_fill_a_text_to_its_last_byte(void **state)
{
	char data[6];
	struct sqlauth_text text;

	(void)state;
	sqlauth_text_init(&text, data, 6);
	sqlauth_text_add_quoted(&text, "abc", 3, 8);
	expect_text(0, &text, "\"abc\"", false);
	sqlauth_text_init(&text, data, 5);
	sqlauth_text_add_quoted(&text, "abc", 3, 8);
	expect_text(1, &text, "\"...", true);
}

static void quoting_reads_no_byte_behind_the_value(void **state)
{
	/* The bytes would be a character together with what stands behind them. */
	static const char bytes[] = "\xf0\x9f\x98\x80";
	char data[32];
	struct sqlauth_text text;

	(void)state;
	sqlauth_text_init(&text, data, sizeof data);
	sqlauth_text_add_quoted(&text, bytes, 3, 16);
	expect_text(0, &text, "\"\\xf0\\x9f\\x98\"", false);
}

static void a_huge_value_costs_no_more_than_its_limit(void **state)
{
	/* Reading beyond `limit` bytes of this value would fault. */
	static const char bytes[16] = "0123456789abcdef";
	char data[32];
	struct sqlauth_text text;

	(void)state;
	sqlauth_text_init(&text, data, sizeof data);
	sqlauth_text_add_quoted(&text, bytes, SIZE_MAX / 2, 8);
	expect_text(0, &text, "\"01234...\"", false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_text_is_empty),
		cmocka_unit_test(added_pieces_stand_one_behind_the_other),
		cmocka_unit_test(setting_replaces_what_stood_there_also_after_truncation),
		cmocka_unit_test(nothing_is_added_behind_a_truncation),
		cmocka_unit_test(a_null_text_is_ignored),
		cmocka_unit_test(a_text_is_cut_at_a_boundary_and_ends_in_dots),
		cmocka_unit_test(every_rule_of_quoting_holds),
		cmocka_unit_test(no_bytes_are_the_bare_word_none),
		cmocka_unit_test(no_single_byte_escapes_from_its_quotes),
		cmocka_unit_test(a_value_over_the_limit_is_cut_inside_its_quotes),
		cmocka_unit_test(truncation_tears_no_piece_at_any_size),
		cmocka_unit_test(a_quoted_value_may_fill_a_text_to_its_last_byte),
		cmocka_unit_test(quoting_reads_no_byte_behind_the_value),
		cmocka_unit_test(a_huge_value_costs_no_more_than_its_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
