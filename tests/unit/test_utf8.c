/* The UTF-8 decoder against the encoder that RFC 3629 writes down, for every code point and every short sequence. */
#include "sqlauth/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define CODE_MAX 0x10ffff

static bool is_character(uint32_t code)
{
	return code <= CODE_MAX && (code < 0xd800 || code > 0xdfff);
}

static size_t encode(uint32_t code, char bytes[4])
{
	if (code < 0x80) {
		bytes[0] = (char)code;
		return 1;
	}
	if (code < 0x800) {
		bytes[0] = (char)(0xc0 | code >> 6);
		bytes[1] = (char)(0x80 | (code & 0x3f));
		return 2;
	}
	if (code < 0x10000) {
		bytes[0] = (char)(0xe0 | code >> 12);
		bytes[1] = (char)(0x80 | (code >> 6 & 0x3f));
		bytes[2] = (char)(0x80 | (code & 0x3f));
		return 3;
	}
	bytes[0] = (char)(0xf0 | code >> 18);
	bytes[1] = (char)(0x80 | (code >> 12 & 0x3f));
	bytes[2] = (char)(0x80 | (code >> 6 & 0x3f));
	bytes[3] = (char)(0x80 | (code & 0x3f));
	return 4;
}

static void every_code_point_is_read_back_and_no_surrogate_is(void **state)
{
	char bytes[4];

	(void)state;
	for (uint32_t code = 0; code <= CODE_MAX + 0x1000; code++) {
		size_t length = encode(code, bytes), expected = is_character(code) ? length : 0;
		uint32_t read = 0xffffffff;

		if (sqlauth_utf8_decode(bytes, length, &read) != expected)
			fail_msg("U+%04X: not %zu bytes", code, expected);
		if (read != (expected ? code : 0xffffffff))
			fail_msg("U+%04X: read as U+%04X", code, read);
		if (sqlauth_utf8_decode(bytes, length - 1, &read) != 0)
			fail_msg("U+%04X: accepted without its last byte", code);
	}
}

/* Whatever is accepted must be the one encoding of its code point, so that nothing overlong gets by. */
static void every_sequence_of_three_bytes_is_read_as_its_only_encoding_or_not_at_all(void **state)
{
	char bytes[4] = "", again[4];

	(void)state;
	for (uint32_t value = 0; value < 0x1000000; value++) {
		uint32_t code = 0;
		size_t length;

		for (int i = 0; i < 3; i++)
			bytes[i] = (char)(value >> (16 - 8 * i));
		length = sqlauth_utf8_decode(bytes, 3, &code);
		if (length > 0 && (encode(code, again) != length || memcmp(bytes, again, length) != 0))
			fail_msg("sequence %06x: read as U+%04X in %zu bytes", value, code, length);
	}
}

static void four_bytes_that_are_no_character_are_none(void **state)
{
	static const char *const rows[] = {"\xf0\x80\x80\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80",
		"\xf5\x80\x80\x80", "\xf7\xbf\xbf\xbf", "\xf8\x88\x80\x80", "\xff\xbf\xbf\xbf", "\xf1\x80\x80\xc0",
		"\xf1\x80\x7f\x80", "\xf1\xff\x80\x80"};
	uint32_t code = 7;

	(void)state;
	for (size_t row = 0; row < sizeof rows / sizeof rows[0]; row++) {
		if (sqlauth_utf8_decode(rows[row], 4, &code) != 0 || code != 7)
			fail_msg("row %zu: read as U+%04X", row, code);
	}
}

static void nothing_holds_no_character(void **state)
{
	uint32_t code = 7;

	(void)state;
	assert_int_equal(sqlauth_utf8_decode("a", 0, &code), 0);
	assert_int_equal(sqlauth_utf8_decode(NULL, 0, &code), 0);
	assert_int_equal(code, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_code_point_is_read_back_and_no_surrogate_is),
		cmocka_unit_test(every_sequence_of_three_bytes_is_read_as_its_only_encoding_or_not_at_all),
		cmocka_unit_test(four_bytes_that_are_no_character_are_none),
		cmocka_unit_test(nothing_holds_no_character),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
