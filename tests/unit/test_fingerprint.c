/* The spellings of a fingerprint that are normalised, and everything near them that is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "sqlauth/certificate.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

#define UPPER "624D69065BBED83000F331257E83E8EC4F968F63624FFAB935391D26E220EDA0"
#define LOWER "624d69065bbed83000f331257e83e8ec4f968f63624ffab935391d26e220eda0"
#define MIXED "624d69065BBED83000f331257e83e8EC4f968f63624FFAB935391d26e220EdA0"
#define UPPER_COLONS                                                                                                   \
	"62:4D:69:06:5B:BE:D8:30:00:F3:31:25:7E:83:E8:EC:"                                                             \
	"4F:96:8F:63:62:4F:FA:B9:35:39:1D:26:E2:20:ED:A0"
#define LOWER_COLONS                                                                                                   \
	"62:4d:69:06:5b:be:d8:30:00:f3:31:25:7e:83:e8:ec:"                                                             \
	"4f:96:8f:63:62:4f:fa:b9:35:39:1d:26:e2:20:ed:a0"

static void every_spelling_comes_out_the_same(void **state)
{
	static const char *const prefixes[] = {"",
		"SHA256:", "sha256:", "Sha256:", "sha256 Fingerprint=", "SHA256 Fingerprint=", "sha256 fingerprint="};
	static const char *const digits[] = {UPPER, LOWER, MIXED, UPPER_COLONS, LOWER_COLONS};
	static const char *const blanks[] = {"", " ", "\n", "\r\n", "\t  "};
	char text[256], fingerprint[SQLAUTH_FINGERPRINT_SIZE];

	(void)state;
	for (size_t prefix = 0; prefix < COUNT(prefixes); prefix++) {
		for (size_t row = 0; row < COUNT(digits) * COUNT(blanks); row++) {
			const char *around = blanks[row / COUNT(digits)];

			snprintf(text, sizeof text, "%s%s%s%s", around, prefixes[prefix], digits[row % COUNT(digits)],
				around);
			memset(fingerprint, 'x', sizeof fingerprint);
			if (sqlauth_fingerprint_normalize(text, fingerprint) != SQLAUTH_OK)
				fail_msg("row %zu/%zu: not taken: %s", prefix, row, text);
			if (strcmp(fingerprint, "SHA256:" UPPER) != 0)
				fail_msg("row %zu/%zu: got %s", prefix, row, fingerprint);
		}
	}
}

static void what_is_malformed_is_invalid_and_touches_nothing(void **state)
{
	static const char *const rows[] = {
		"",
		"SHA256:",
		"sha256 Fingerprint=",
		":",
		"0",
		/* other prefixes, repeated ones, blanks */
		"SHA1:" UPPER,
		"SHA-256:" UPPER,
		"SHA256=" UPPER,
		"SHA256" UPPER,
		"SHA256 Fingerprint:" UPPER,
		"SHA256:SHA256:" UPPER,
		"SHA256:sha256 Fingerprint=" UPPER,
		"0x" UPPER,
		"SHA256: " UPPER,
		"SHA256 :" UPPER,
		"\v" UPPER,
		UPPER "\f",
		UPPER " x",
		UPPER "\n" UPPER,
		" \t\r\n",
		/* trailing */
		UPPER "0",
		UPPER "00",
		UPPER ":",
		UPPER ":00",
		UPPER_COLONS ":",
		UPPER_COLONS ":00",
		UPPER_COLONS "00",
		UPPER_COLONS "x",
		":" UPPER,
		":" UPPER_COLONS,
		"SHA256::" UPPER_COLONS,
		/* colons in some places, doubled, moved, others than colons */
		"62:4D69065BBED83000F331257E83E8EC4F968F63624FFAB935391D26E220EDA0",
		"624D:69:06:5B:BE:D8:30:00:F3:31:25:7E:83:E8:EC:4F:96:8F:63:62:4F:FA:B9:35:39:1D:26:E2:20:ED:A0",
		"62:4D:69:06:5B:BE:D8:30:00:F3:31:25:7E:83:E8:EC:4F:96:8F:63:62:4F:FA:B9:35:39:1D:26:E2:20:EDA0",
		"62::4D:69:06:5B:BE:D8:30:00:F3:31:25:7E:83:E8:EC:4F:96:8F:63:62:4F:FA:B9:35:39:1D:26:E2:20:ED:A0",
		"6:24:D6:90:65:BB:ED:83:00:0F:33:12:57:E8:3E:8E:C4:F9:68:F6:36:24:FF:AB:93:53:91:D2:6E:22:0E:DA:0",
		"624D6906:5BBED830:00F33125:7E83E8EC:4F968F63:624FFAB9:35391D26:E220EDA0",
		"62-4D-69-06-5B-BE-D8-30-00-F3-31-25-7E-83-E8-EC-4F-96-8F-63-62-4F-FA-B9-35-39-1D-26-E2-20-ED-A0",
		"62 4D 69 06 5B BE D8 30 00 F3 31 25 7E 83 E8 EC 4F 96 8F 63 62 4F FA B9 35 39 1D 26 E2 20 ED A0",
		/* SHA-1, in both forms */
		"624D69065BBED83000F331257E83E8EC4F968F63",
		"sha1 Fingerprint=62:4D:69:06:5B:BE:D8:30:00:F3:31:25:7E:83:E8:EC:4F:96:8F:63",
	};
	char fingerprint[SQLAUTH_FINGERPRINT_SIZE], untouched[SQLAUTH_FINGERPRINT_SIZE];

	(void)state;
	memset(fingerprint, 'x', sizeof fingerprint);
	memset(untouched, 'x', sizeof untouched);
	for (size_t row = 0; row < COUNT(rows); row++) {
		if (sqlauth_fingerprint_normalize(rows[row], fingerprint) != SQLAUTH_ERROR_INVALID)
			fail_msg("row %zu: taken: %s", row, rows[row]);
		if (memcmp(fingerprint, untouched, sizeof fingerprint) != 0)
			fail_msg("row %zu: the fingerprint was touched", row);
	}
}

static void every_truncation_is_invalid(void **state)
{
	static const char *const rows[] = {UPPER, "SHA256:" LOWER_COLONS, "sha256 Fingerprint=" UPPER_COLONS};
	char text[256], fingerprint[SQLAUTH_FINGERPRINT_SIZE];

	(void)state;
	for (size_t row = 0; row < COUNT(rows); row++) {
		for (size_t length = 0; length < strlen(rows[row]); length++) {
			snprintf(text, sizeof text, "%.*s", (int)length, rows[row]);
			if (sqlauth_fingerprint_normalize(text, fingerprint) != SQLAUTH_ERROR_INVALID)
				fail_msg("row %zu, %zu bytes: taken: %s", row, length, text);
		}
	}
}

static void exactly_the_hexadecimal_digits_are_digits(void **state)
{
	static const char digits[] = "0123456789abcdefABCDEF";
	char text[] = UPPER, fingerprint[SQLAUTH_FINGERPRINT_SIZE];

	(void)state;
	for (int value = 1; value < 256; value++) {
		enum sqlauth_error expected = strchr(digits, value) ? SQLAUTH_OK : SQLAUTH_ERROR_INVALID;

		text[40] = (char)value;
		if (sqlauth_fingerprint_normalize(text, fingerprint) != expected)
			fail_msg("byte %d", value);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_spelling_comes_out_the_same),
		cmocka_unit_test(what_is_malformed_is_invalid_and_touches_nothing),
		cmocka_unit_test(every_truncation_is_invalid),
		cmocka_unit_test(exactly_the_hexadecimal_digits_are_digits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
