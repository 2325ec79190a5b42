/* Reading a certificate while the 1st, 2nd, 3rd ... allocation fails, ours and OpenSSL's counted together: it fails as
 * a whole and leaks nothing, or gives every name. A name lost for lack of memory would make the lookup go on to a less
 * specific one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/crypto.h>
#include <openssl/err.h>

#include "allocations.h"
#include "certificates.h"

/* OpenSSL's allocator: ours, which can be made to fail. What it keeps for itself (caches, its error queue) is counted
 * apart, and not as a leak. */
static size_t crypto_live;

static void *crypto_malloc(size_t size, const char *file, int line)
{
	void *memory = malloc(size);

	(void)file;
	(void)line;
	crypto_live += memory != NULL;
	return memory;
}

static void *crypto_realloc(void *memory, size_t size, const char *file, int line)
{
	if (!memory)
		return crypto_malloc(size, file, line);
	return realloc(memory, size);
}

static void crypto_free(void *memory, const char *file, int line)
{
	(void)file;
	(void)line;
	crypto_live -= memory != NULL;
	free(memory);
}

/* Reads the file with the nth allocation failing; true where it was read whole. */
static bool read_with_failure(const char *path, size_t nth, const char *expected)
{
	struct sqlauth_certificate *certificate = NULL;
	char message[SQLAUTH_MESSAGE_SIZE];
	struct sqlauth_text why;
	enum sqlauth_error error;
	size_t live = allocations_live() - crypto_live;

	sqlauth_text_init(&why, message, sizeof message);
	allocations_fail(nth);
	error = sqlauth_certificate_from_file(path, &certificate, &why);
	allocations_fail(0);
	if (error == SQLAUTH_OK)
		expect_names(nth, certificate, expected);
	else if (certificate || why.length == 0)
		fail_msg("allocation %zu: error %d, message [%s]", nth, error, message);
	sqlauth_certificate_free(certificate);
	if (allocations_live() - crypto_live != live)
		fail_msg("allocation %zu: a block leaked", nth);
	if (ERR_peek_error() != 0)
		fail_msg("allocation %zu: an error was left in OpenSSL's queue", nth);
	return error == SQLAUTH_OK;
}

static void no_failing_allocation_loses_a_name(void **state)
{
	static const char *const files[] = {"names.pem", "names.der", "bmp.pem", "keys-before.pem"};
	char path[512], expected[2048];

	(void)state;
	for (size_t row = 0; row < COUNT(files); row++) {
		struct sqlauth_certificate *certificate = NULL;
		size_t before, needed, refused = 0;

		assert_int_equal(read_certificate(files[row], &certificate), SQLAUTH_OK);
		describe(certificate, expected, sizeof expected);
		sqlauth_certificate_free(certificate);
		snprintf(path, sizeof path, DIRECTORY "%s", files[row]);
		before = allocations_made();
		assert_true(read_with_failure(path, 0, expected));
		needed = allocations_made() - before;
		for (size_t nth = 1; nth <= needed; nth++)
			refused += !read_with_failure(path, nth, expected);
		/* Most of the others are for the words of OpenSSL's errors, which it does without. */
		assert_in_range(refused, 20, needed);
		assert_true(read_with_failure(path, needed + 1, expected));
		allocations_fail(0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_failing_allocation_loses_a_name),
	};

	/* Before OpenSSL's first allocation, or it refuses. */
	if (!CRYPTO_set_mem_functions(crypto_malloc, crypto_realloc, crypto_free))
		return EXIT_FAILURE;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
