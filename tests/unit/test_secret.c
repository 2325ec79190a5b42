/* Wiping, randomness and the keyed hash. */
#include "sqlauth/secret.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int prepare(void **state)
{
	(void)state;
	return sqlauth_secret_init() == SQLAUTH_OK ? 0 : -1;
}

static void preparing_again_is_no_error(void **state)
{
	(void)state;
	assert_int_equal(sqlauth_secret_init(), SQLAUTH_OK);
}

static void wiping_zeroes_the_range_and_nothing_else(void **state)
{
	static const char expected[8] = {'a', 'b', 0, 0, 0, 'f', 'g', 'h'};
	char bytes[8] = {'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'};

	(void)state;
	sqlauth_secret_wipe(bytes + 2, 3);
	assert_memory_equal(bytes, expected, sizeof bytes);
	sqlauth_secret_wipe(bytes, 0);
	assert_memory_equal(bytes, expected, sizeof bytes);
	sqlauth_secret_wipe(NULL, 0);
}

static void a_secret_string_or_none_can_be_freed(void **state)
{
	(void)state;
	sqlauth_secret_free(NULL);
	sqlauth_secret_free(strdup(""));
	sqlauth_secret_free(strdup("correct horse"));
}

/* Bytes that were never written would stay 0 in all 32 fillings: once in 2^256. */
static void every_byte_of_the_range_and_no_other_is_filled_at_random(void **state)
{
	unsigned char bytes[35] = {0}, seen[35] = {0};

	(void)state;
	for (int round = 0; round < 32; round++) {
		sqlauth_secret_random(bytes + 1, 33);
		for (size_t i = 0; i < sizeof bytes; i++)
			seen[i] |= bytes[i];
	}
	for (size_t i = 0; i < sizeof seen; i++) {
		if ((seen[i] != 0) != (i >= 1 && i <= 33))
			fail_msg("byte %zu was %s", i, seen[i] ? "written" : "never written");
	}
}

/* Vectors of the SipHash authors' reference implementation (vectors.h, vectors_sip64): key 00 01 .. 0f, message
 * 00 01 .. of the row's length, read as little-endian numbers. */
static void the_keyed_hash_is_siphash_2_4(void **state)
{
	static const struct {
		size_t length;
		uint64_t hash;
	} rows[] = {
		{0, UINT64_C(0x726fdb47dd0e0e31)},
		{1, UINT64_C(0x74f839c593dc67fd)},
		{2, UINT64_C(0x0d6c8009d9a94f5a)},
		{7, UINT64_C(0xab0200f58b01d137)},
		{8, UINT64_C(0x93f5f5799a932462)},
		{15, UINT64_C(0xa129ca6149be45e5)},
	};
	struct sqlauth_hash_key key;
	unsigned char message[16];

	(void)state;
	for (unsigned char i = 0; i < 16; i++)
		key.bytes[i] = message[i] = i;
	for (size_t row = 0; row < sizeof rows / sizeof rows[0]; row++) {
		uint64_t hash = sqlauth_keyed_hash(&key, message, rows[row].length);

		if (hash != rows[row].hash)
			fail_msg("row %zu: %016llx", row, (unsigned long long)hash);
	}
}

static void another_key_gives_another_hash(void **state)
{
	struct sqlauth_hash_key key = {{0}};
	uint64_t first = sqlauth_keyed_hash(&key, "pump-7", 6);

	(void)state;
	key.bytes[SQLAUTH_HASH_KEY_BYTES - 1] = 1;
	assert_true(sqlauth_keyed_hash(&key, "pump-7", 6) != first);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(preparing_again_is_no_error),
		cmocka_unit_test(wiping_zeroes_the_range_and_nothing_else),
		cmocka_unit_test(a_secret_string_or_none_can_be_freed),
		cmocka_unit_test(every_byte_of_the_range_and_no_other_is_filled_at_random),
		cmocka_unit_test(the_keyed_hash_is_siphash_2_4),
		cmocka_unit_test(another_key_gives_another_hash),
	};

	return cmocka_run_group_tests(tests, prepare, NULL);
}
