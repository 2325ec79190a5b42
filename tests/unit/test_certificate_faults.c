/* Reading a certificate while the 1st, 2nd, 3rd ... allocation fails, ours and OpenSSL's counted together: it fails as
 * a whole and leaks nothing, or gives every name. A name lost for lack of memory would make the lookup go on to a less
 * specific one.
 *
 * The module's sources are compiled into this file, with their allocator replaced, in place of the library's.
 */
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

static size_t until_failure; /* allocations that still succeed; 0: none fails */
static bool failed;          /* whether one did */
static long live;            /* blocks of ours that are not freed */

static bool allocation_fails(void)
{
	if (until_failure == 0 || --until_failure > 0)
		return false;
	failed = true;
	return true;
}

static void *faulty_calloc(size_t count, size_t size)
{
	void *block = allocation_fails() ? NULL : calloc(count, size);

	live += block != NULL;
	return block;
}

static void *faulty_realloc(void *old, size_t size)
{
	void *block = allocation_fails() ? NULL : realloc(old, size);

	live += block != NULL && old == NULL;
	return block;
}

static void *faulty_malloc(size_t size)
{
	return faulty_realloc(NULL, size);
}

static void faulty_free(void *block)
{
	live -= block != NULL;
	free(block);
}

static void *crypto_malloc(size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return allocation_fails() ? NULL : malloc(size);
}

static void *crypto_realloc(void *old, size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return allocation_fails() ? NULL : realloc(old, size);
}

static void crypto_free(void *block, const char *file, int line)
{
	(void)file;
	(void)line;
	free(block);
}

#define malloc  faulty_malloc
#define calloc  faulty_calloc
#define realloc faulty_realloc
#define free    faulty_free
#include "../../src/auth/certificate.c"
#include "../../src/auth/certificate_file.c"
#undef malloc
#undef calloc
#undef realloc
#undef free

#define ATTEMPTS_MAX 100000

/* Adds up what was read, names and their order. */
static void print_names(const struct sqlauth_certificate *certificate, char *text, size_t size)
{
	size_t used = 0;

	text[0] = '\0';
	for (int kind = 0; kind < SQLAUTH_MATCH_KINDS; kind++) {
		for (size_t i = 0; i < certificate->lists[kind].count; i++)
			used += (size_t)snprintf(text + used, size - used, "%s=%s\n", kind_words[kind],
				certificate->lists[kind].names[i]);
		assert_true(used < size);
	}
}

/* Reads with allocation n failing (0: none); true where one did. */
static bool read_with_failure(const char *path, size_t n, const char *expected)
{
	struct sqlauth_certificate *certificate = NULL;
	char names[2048], message[SQLAUTH_MESSAGE_SIZE];
	struct sqlauth_text why;
	enum sqlauth_error error;

	sqlauth_text_init(&why, message, sizeof message);
	until_failure = n;
	failed = false;
	error = sqlauth_certificate_from_file(path, &certificate, &why);
	until_failure = 0;
	if (error == SQLAUTH_OK) {
		print_names(certificate, names, sizeof names);
		if (strcmp(names, expected) != 0)
			fail_msg("allocation %zu: got\n%sexpected\n%s", n, names, expected);
	} else if (!failed || certificate || why.length == 0) {
		fail_msg("allocation %zu: error %d, message [%s]", n, error, message);
	}
	sqlauth_certificate_free(certificate);
	if (live != 0)
		fail_msg("allocation %zu: %ld blocks leaked", n, live);
	if (ERR_peek_error() != 0)
		fail_msg("allocation %zu: an error was left in OpenSSL's queue", n);
	return failed;
}

static void no_failing_allocation_loses_a_name(void **state)
{
	static const char *const files[] = {"names.pem", "names.der", "bmp.pem", "keys-before.pem"};
	char path[512], expected[2048], message[SQLAUTH_MESSAGE_SIZE];

	(void)state;
	for (size_t row = 0; row < sizeof files / sizeof files[0]; row++) {
		struct sqlauth_certificate *certificate = NULL;
		struct sqlauth_text why;
		size_t n = 1;

		snprintf(path, sizeof path, TEST_DATA "/certificates/%s", files[row]);
		sqlauth_text_init(&why, message, sizeof message);
		assert_int_equal(sqlauth_certificate_from_file(path, &certificate, &why), SQLAUTH_OK);
		print_names(certificate, expected, sizeof expected);
		sqlauth_certificate_free(certificate);
		while (n < ATTEMPTS_MAX && read_with_failure(path, n, expected))
			n++;
		/* More than one name's worth were tried, and in the end none was left to fail. */
		assert_in_range(n, 20, ATTEMPTS_MAX - 1);
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
