/* The words of errors. */
#include "sqlauth/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void every_error_has_words_of_its_own(void **state)
{
	(void)state;
	for (int i = SQLAUTH_OK; i <= SQLAUTH_ERROR_SYSTEM; i++) {
		const char *text = sqlauth_strerror((enum sqlauth_error)i);

		if (!text || strlen(text) < 4 || strcmp(text, "unknown error") == 0)
			fail_msg("error %d: \"%s\"", i, text ? text : "(NULL)");
		if (text[strlen(text) - 1] == '.' || text[0] < 'a' || text[0] > 'z')
			fail_msg("error %d: \"%s\" is no lower-case fragment", i, text);
		for (int k = SQLAUTH_OK; k < i; k++) {
			if (strcmp(text, sqlauth_strerror((enum sqlauth_error)k)) == 0)
				fail_msg("errors %d and %d: both \"%s\"", i, k, text);
		}
	}
}

static void values_that_are_no_error_are_unknown(void **state)
{
	(void)state;
	assert_string_equal(sqlauth_strerror((enum sqlauth_error)(SQLAUTH_ERROR_SYSTEM + 1)), "unknown error");
	assert_string_equal(sqlauth_strerror((enum sqlauth_error) - 1), "unknown error");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_error_has_words_of_its_own),
		cmocka_unit_test(values_that_are_no_error_are_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
