/* Making hashes and secrets, and the decoy. What we make is verified by the Argon2 reference implementation as well. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dlfcn.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "sqlauth/password.h"
#include "sqlauth/secret.h"

#define PARAMETERS    "$argon2id$v=19$m=19456,t=2,p=1$"
#define SALT_LENGTH   22 /* base64 of 16 bytes */
#define DIGEST_LENGTH 43 /* of 32 bytes */
#define ROUNDS        50 /* of what must differ every time */

static const struct sqlauth_password_limits LIMITS = {SQLAUTH_HASH_MEMORY_DEFAULT};

static enum sqlauth_error verify(const char *hash, const char *password, size_t length)
{
	return sqlauth_password_verify(hash, password, length, &LIMITS);
}

/* argon2_verify of libargon2, which comes with the argon2 command and needs no headers of its own for this. */
static int reference_verify(const char *hash, const char *password, size_t length)
{
	int (*argon2id_verify)(const char *, const void *, size_t) = NULL;
	void *library = dlopen("libargon2.so.1", RTLD_NOW);
	int result;

	if (!library)
		fail_msg("%s (package libargon2-1)", dlerror());
	*(void **)&argon2id_verify = dlsym(library, "argon2id_verify");
	assert_non_null(argon2id_verify);
	result = argon2id_verify(hash, password, length);
	dlclose(library);
	return result;
}

static void a_made_hash_has_the_documented_parameters(void **state)
{
	enum sqlauth_password_scheme scheme;
	char hash[SQLAUTH_HASH_SIZE];

	(void)state;
	assert_int_equal(sqlauth_password_hash("secret", 6, hash), SQLAUTH_OK);
	assert_memory_equal(hash, PARAMETERS, sizeof PARAMETERS - 1);
	assert_int_equal(strlen(hash), sizeof PARAMETERS - 1 + SALT_LENGTH + 1 + DIGEST_LENGTH);
	assert_int_equal(sqlauth_password_inspect(hash, &LIMITS, &scheme), SQLAUTH_OK);
	assert_int_equal(scheme, SQLAUTH_SCHEME_ARGON2ID);
}

static void a_made_hash_verifies_here_and_with_the_reference_implementation(void **state)
{
	static char longest[SQLAUTH_PASSWORD_BYTES_MAX];
	static const struct {
		const char *password;
		size_t length;
	} ROWS[] = {
		{"secret", 6},
		{"x", 1},
		{"\0", 1},
		{"a\0b", 3},
		{"gr\xc3\xbc\xc3\x9f", 6},
		{"\xff\xfe", 2},
		{longest, sizeof longest},
	};

	(void)state;
	memset(longest, 'x', sizeof longest);
	for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
		char hash[SQLAUTH_HASH_SIZE];

		if (sqlauth_password_hash(ROWS[i].password, ROWS[i].length, hash) != SQLAUTH_OK)
			fail_msg("row %zu cannot be hashed", i);
		if (verify(hash, ROWS[i].password, ROWS[i].length) != SQLAUTH_OK)
			fail_msg("row %zu does not verify", i);
		if (verify(hash, ROWS[i].password, ROWS[i].length - 1) != SQLAUTH_ERROR_MISMATCH)
			fail_msg("row %zu verifies without its last byte", i);
		if (reference_verify(hash, ROWS[i].password, ROWS[i].length) != 0)
			fail_msg("row %zu does not verify with libargon2", i);
	}
}

static void a_password_is_salted_anew_every_time(void **state)
{
	char first[SQLAUTH_HASH_SIZE], second[SQLAUTH_HASH_SIZE];

	(void)state;
	assert_int_equal(sqlauth_password_hash("secret", 6, first), SQLAUTH_OK);
	assert_int_equal(sqlauth_password_hash("secret", 6, second), SQLAUTH_OK);
	assert_memory_not_equal(first + sizeof PARAMETERS - 1, second + sizeof PARAMETERS - 1, SALT_LENGTH);
}

static void an_empty_or_too_long_password_is_not_hashed(void **state)
{
	static char too_long[SQLAUTH_PASSWORD_BYTES_MAX + 1];
	char hash[SQLAUTH_HASH_SIZE] = "untouched";

	(void)state;
	assert_int_equal(sqlauth_password_hash("", 0, hash), SQLAUTH_ERROR_INVALID);
	assert_int_equal(sqlauth_password_hash(NULL, 0, hash), SQLAUTH_ERROR_INVALID);
	assert_int_equal(sqlauth_password_hash(too_long, sizeof too_long, hash), SQLAUTH_ERROR_LIMIT);
	assert_string_equal(hash, "untouched");
}

static void a_secret_is_43_characters_for_256_bits(void **state)
{
	char secret[SQLAUTH_SECRET_SIZE], hash[SQLAUTH_HASH_SIZE];
	enum sqlauth_password_scheme scheme;
	unsigned char bytes[32];
	size_t length;

	(void)state;
	assert_int_equal(sqlauth_secret_generate(secret, hash), SQLAUTH_OK);
	assert_int_equal(strlen(secret), SQLAUTH_SECRET_SIZE - 1);
	assert_int_equal(sodium_base642bin(bytes, sizeof bytes, secret, strlen(secret), NULL, &length, NULL,
				 sodium_base64_VARIANT_URLSAFE_NO_PADDING),
		0);
	assert_int_equal(length, 32);
	assert_int_equal(sqlauth_password_inspect(hash, &LIMITS, &scheme), SQLAUTH_OK);
	assert_int_equal(scheme, SQLAUTH_SCHEME_SECRET);
	assert_null(strstr(hash, secret));
}

static void a_secret_verifies_and_nothing_like_it_does(void **state)
{
	char secret[SQLAUTH_SECRET_SIZE], hash[SQLAUTH_HASH_SIZE];

	(void)state;
	assert_int_equal(sqlauth_secret_generate(secret, hash), SQLAUTH_OK);
	assert_int_equal(verify(hash, secret, SQLAUTH_SECRET_SIZE - 1), SQLAUTH_OK);
	assert_int_equal(verify(hash, secret, SQLAUTH_SECRET_SIZE - 2), SQLAUTH_ERROR_MISMATCH);
	assert_int_equal(verify(hash, secret, SQLAUTH_SECRET_SIZE), SQLAUTH_ERROR_MISMATCH);
	assert_int_equal(verify(hash, "", 0), SQLAUTH_ERROR_MISMATCH);
	for (size_t i = 0; i < SQLAUTH_SECRET_SIZE - 1; i++) {
		secret[i] = (char)(secret[i] ^ 1);
		if (verify(hash, secret, SQLAUTH_SECRET_SIZE - 1) != SQLAUTH_ERROR_MISMATCH)
			fail_msg("verifies with character %zu changed", i);
		secret[i] = (char)(secret[i] ^ 1);
	}
}

static void a_secret_can_be_hashed_again_and_nothing_else_can(void **state)
{
	const struct sqlauth_password_limits all = {.memory_bytes = SQLAUTH_HASH_MEMORY_DEFAULT};
	static const char *const others[] = {"", "correct horse", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA+",
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="};
	char secret[SQLAUTH_SECRET_SIZE], first[SQLAUTH_HASH_SIZE], second[SQLAUTH_HASH_SIZE] = "untouched";

	(void)state;
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
		if (sqlauth_secret_hash(others[i], strlen(others[i]), second) != SQLAUTH_ERROR_INVALID)
			fail_msg("row %zu: was hashed", i);
		assert_string_equal(second, "untouched");
	}
	assert_int_equal(sqlauth_secret_generate(secret, first), SQLAUTH_OK);
	assert_int_equal(sqlauth_secret_hash(secret, strlen(secret), second), SQLAUTH_OK);
	assert_string_not_equal(first, second);
	assert_int_equal(sqlauth_password_verify(second, secret, strlen(secret), &all), SQLAUTH_OK);
}

static void no_two_secrets_salts_or_hashes_are_alike(void **state)
{
	static char secrets[ROUNDS][SQLAUTH_SECRET_SIZE], hashes[ROUNDS][SQLAUTH_HASH_SIZE];
	const size_t salt_at = strlen("$secret$blake2b$"), digest_at = salt_at + SALT_LENGTH + 1;

	(void)state;
	for (size_t i = 0; i < ROUNDS; i++) {
		assert_int_equal(sqlauth_secret_generate(secrets[i], hashes[i]), SQLAUTH_OK);
		for (size_t j = 0; j < i; j++) {
			assert_string_not_equal(secrets[i], secrets[j]);
			assert_memory_not_equal(hashes[i] + salt_at, hashes[j] + salt_at, SALT_LENGTH);
			assert_string_not_equal(hashes[i] + digest_at, hashes[j] + digest_at);
			assert_int_equal(
				verify(hashes[i], secrets[j], SQLAUTH_SECRET_SIZE - 1), SQLAUTH_ERROR_MISMATCH);
		}
	}
}

static void the_decoy_looks_like_a_made_hash_and_matches_nothing(void **state)
{
	static const char *const PASSWORDS[] = {"", "secret", "decoy", "no password hashes to this value"};
	const char *decoy = sqlauth_password_decoy();
	enum sqlauth_password_scheme scheme;
	char made[SQLAUTH_HASH_SIZE];

	(void)state;
	assert_ptr_equal(decoy, sqlauth_password_decoy());
	assert_int_equal(sqlauth_password_hash("secret", 6, made), SQLAUTH_OK);
	assert_int_equal(strlen(decoy), strlen(made));
	assert_memory_equal(decoy, PARAMETERS, sizeof PARAMETERS - 1);
	assert_int_equal(sqlauth_password_inspect(decoy, &LIMITS, &scheme), SQLAUTH_OK);
	assert_int_equal(scheme, SQLAUTH_SCHEME_ARGON2ID);
	for (size_t i = 0; i < sizeof PASSWORDS / sizeof *PASSWORDS; i++)
		if (verify(decoy, PASSWORDS[i], strlen(PASSWORDS[i])) != SQLAUTH_ERROR_MISMATCH)
			fail_msg("row %zu matches the decoy", i);
}

static int set_up(void **state)
{
	(void)state;
	return sqlauth_secret_init() == SQLAUTH_OK ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_made_hash_has_the_documented_parameters),
		cmocka_unit_test(a_made_hash_verifies_here_and_with_the_reference_implementation),
		cmocka_unit_test(a_password_is_salted_anew_every_time),
		cmocka_unit_test(an_empty_or_too_long_password_is_not_hashed),
		cmocka_unit_test(a_secret_is_43_characters_for_256_bits),
		cmocka_unit_test(a_secret_verifies_and_nothing_like_it_does),
		cmocka_unit_test(a_secret_can_be_hashed_again_and_nothing_else_can),
		cmocka_unit_test(no_two_secrets_salts_or_hashes_are_alike),
		cmocka_unit_test(the_decoy_looks_like_a_made_hash_and_matches_nothing),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
