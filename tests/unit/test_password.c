/* Verification against hashes of other tools: the right password, wrong ones, and hashes that were damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "password_vectors.h"
#include "sqlauth/password.h"
#include "sqlauth/secret.h"

static const struct sqlauth_password_limits LIMITS = {SQLAUTH_HASH_MEMORY_DEFAULT};

/* What fits in here is verified some hundred times. */
static const struct sqlauth_password_limits CHEAP = {UINT64_C(16) << 20};

static enum sqlauth_error verify(const char *hash, const char *password, size_t length)
{
	return sqlauth_password_verify(hash, password, length, &LIMITS);
}

static void expect(
	const struct vector *vector, enum sqlauth_error actual, enum sqlauth_error expected, const char *what)
{
	if (actual != expected)
		fail_msg("vectors.tsv:%d: %s: %s, expected %s", vector->line, what, sqlauth_strerror(actual),
			sqlauth_strerror(expected));
}

static bool is_scheme(const struct vector *vector, const char *name)
{
	return strcmp(vector->scheme, name) == 0;
}

static bool is_crypt(const struct vector *vector)
{
	return is_scheme(vector, "bcrypt") || is_scheme(vector, "yescrypt") || strstr(vector->scheme, "crypt");
}

/* A copy in a malloc of its own, with the byte changed or `tail` appended. */
static char *altered(const struct vector *vector, size_t flip, const char *tail, size_t tail_length)
{
	char *copy = malloc(vector->length + tail_length + 1);

	assert_non_null(copy);
	memcpy(copy, vector->password, vector->length);
	if (flip < vector->length)
		copy[flip] = (char)(copy[flip] ^ 1);
	memcpy(copy + vector->length, tail, tail_length);
	return copy;
}

static void inspection_names_the_scheme_of_every_hash(void **state)
{
	(void)state;
	for (size_t i = 0; i < vector_count; i++) {
		enum sqlauth_password_scheme scheme = (enum sqlauth_password_scheme)99;

		expect(&vectors[i], sqlauth_password_inspect(vectors[i].hash, &LIMITS, &scheme), SQLAUTH_OK, "inspect");
		expect(&vectors[i], sqlauth_password_inspect(vectors[i].hash, &LIMITS, NULL), SQLAUTH_OK, "inspect");
		assert_string_equal(sqlauth_password_scheme_name(scheme), vectors[i].scheme);
	}
}

static void the_vectors_cover_every_scheme(void **state)
{
	(void)state;
	for (int scheme = SQLAUTH_SCHEME_ARGON2ID; scheme <= SQLAUTH_SCHEME_SHA512CRYPT; scheme++) {
		const char *name = sqlauth_password_scheme_name((enum sqlauth_password_scheme)scheme);
		size_t found = 0;

		for (size_t i = 0; i < vector_count; i++)
			found += is_scheme(&vectors[i], name) ? 1 : 0;
		if (found < 2)
			fail_msg("%zu vectors of %s", found, name);
	}
	assert_string_equal(sqlauth_password_scheme_name((enum sqlauth_password_scheme) - 1), "unknown");
	assert_string_equal(sqlauth_password_scheme_name(SQLAUTH_SCHEME_SHA512CRYPT + 1), "unknown");
}

static void the_right_password_verifies(void **state)
{
	(void)state;
	for (size_t i = 0; i < vector_count; i++)
		expect(&vectors[i], verify(vectors[i].hash, vectors[i].password, vectors[i].length), SQLAUTH_OK,
			"right");
}

static void a_wrong_password_is_a_mismatch(void **state)
{
	(void)state;
	for (size_t i = 0; i < vector_count; i++) {
		const struct vector *vector = &vectors[i];
		char *flipped = altered(vector, 0, "", 0);
		char *longer = altered(vector, SIZE_MAX, "x", 1);

		if (vector->length > 0) {
			expect(vector, verify(vector->hash, flipped, vector->length), SQLAUTH_ERROR_MISMATCH,
				"flipped");
			expect(vector, verify(vector->hash, NULL, 0), SQLAUTH_ERROR_MISMATCH, "empty");
		}
		if (vector->length < SQLAUTH_PASSWORD_BYTES_MAX)
			expect(vector, verify(vector->hash, longer, vector->length + 1), SQLAUTH_ERROR_MISMATCH,
				"longer");
		free(flipped);
		free(longer);
	}
}

static void what_follows_a_nul_byte_counts(void **state)
{
	(void)state;
	for (size_t i = 0; i < vector_count; i++) {
		const struct vector *vector = &vectors[i];
		char *tailed = altered(vector, SIZE_MAX, "\0x", 2);

		if (vector->length + 2 <= SQLAUTH_PASSWORD_BYTES_MAX)
			expect(vector, verify(vector->hash, tailed, vector->length + 2), SQLAUTH_ERROR_MISMATCH, "NUL");
		free(tailed);
	}
}

/* HMAC fills its key up with zero bytes, so under PBKDF2 "secret" and "secret\0" are one password for everybody. */
static void a_nul_byte_at_the_end_counts_but_under_pbkdf2(void **state)
{
	(void)state;
	for (size_t i = 0; i < vector_count; i++) {
		const struct vector *vector = &vectors[i];
		bool pbkdf2 = is_scheme(vector, "pbkdf2") || is_scheme(vector, "mosquitto-pbkdf2");
		char *tailed = altered(vector, SIZE_MAX, "", 1);

		if (vector->length < 32)
			expect(vector, verify(vector->hash, tailed, vector->length + 1),
				pbkdf2 ? SQLAUTH_OK : SQLAUTH_ERROR_MISMATCH, "NUL at the end");
		free(tailed);
	}
}

static void a_password_of_65535_bytes_is_read_to_its_end(void **state)
{
	(void)state;
	for (size_t i = 0; i < vector_count; i++) {
		const struct vector *vector = &vectors[i];
		char *flipped;

		if (vector->length != SQLAUTH_PASSWORD_BYTES_MAX)
			continue;
		flipped = altered(vector, SQLAUTH_PASSWORD_BYTES_MAX - 1, "", 0);
		expect(vector, verify(vector->hash, flipped, vector->length), SQLAUTH_ERROR_MISMATCH, "last byte");
		expect(vector, verify(vector->hash, flipped, vector->length + 1), SQLAUTH_ERROR_LIMIT, "one byte more");
		free(flipped);
	}
}

/* libxcrypt takes 511 bytes. Its hash of these must not be taken for that of a longer password. */
static void a_password_too_long_for_crypt_is_a_mismatch(void **state)
{
	static char password[SQLAUTH_PASSWORD_BYTES_MAX];
	size_t tried = 0;

	(void)state;
	memset(password, 'a', sizeof password);
	for (size_t i = 0; i < vector_count; i++) {
		if (!is_crypt(&vectors[i]) || vectors[i].length != 511)
			continue;
		expect(&vectors[i], verify(vectors[i].hash, password, 512), SQLAUTH_ERROR_MISMATCH, "512 bytes");
		expect(&vectors[i], verify(vectors[i].hash, password, sizeof password), SQLAUTH_ERROR_MISMATCH,
			"65535 bytes");
		tried++;
	}
	assert_true(tried >= 4);
}

/* Known and kept: bcrypt everywhere reads 72 bytes of a password and ignores the rest. */
static void bcrypt_reads_72_bytes(void **state)
{
	static const char HASH[] = "$2b$04$abcdefghijklmnopqrstuuBzzIgyKkz7xMWYSzkIjUSnxEQFQ0WNe";
	char password[100];

	(void)state;
	memset(password, 'a', sizeof password);
	assert_int_equal(verify(HASH, password, 72), SQLAUTH_OK);
	assert_int_equal(verify(HASH, password, 100), SQLAUTH_OK);
	password[71] = 'b';
	assert_int_equal(verify(HASH, password, 72), SQLAUTH_ERROR_MISMATCH);
	assert_int_equal(verify(HASH, password, 71), SQLAUTH_ERROR_MISMATCH);
}

/* PBKDF2's shorter keys are the beginnings of its longer ones. What is left of a hash when it is cut down to one of the
 * unpadded lengths in use is therefore a hash of the same password, no weaker than any other of this length. */
static bool is_a_shorter_pbkdf2_key(const struct vector *vector, const char *hash)
{
	size_t length = strlen(strrchr(hash, '$') + 1);

	return is_scheme(vector, "pbkdf2") && (length == 32 || length == 64);
}

static void try_truncations(const struct vector *vector)
{
	char *hash = strdup(vector->hash);

	assert_non_null(hash);
	for (size_t length = strlen(hash); length-- > 0;) {
		enum sqlauth_error error;

		hash[length] = '\0';
		error = verify(hash, vector->password, vector->length);
		if (error == SQLAUTH_OK && is_a_shorter_pbkdf2_key(vector, hash))
			continue;
		if (error != SQLAUTH_ERROR_INVALID && error != SQLAUTH_ERROR_UNSUPPORTED &&
			error != SQLAUTH_ERROR_MISMATCH)
			fail_msg("vectors.tsv:%d cut to %zu: %s", vector->line, length, sqlauth_strerror(error));
	}
	free(hash);
}

static void no_truncation_of_a_hash_verifies(void **state)
{
	(void)state;
	for (size_t i = 0; i < vector_count; i++)
		if (sqlauth_password_inspect(vectors[i].hash, &CHEAP, NULL) == SQLAUTH_OK)
			try_truncations(&vectors[i]);
}

/* $2a$, $2b$ and $2y$ name one algorithm: only this letter can change and leave the hash right. */
static bool is_another_name_of_bcrypt(const struct vector *vector, size_t at, char character)
{
	return is_scheme(vector, "bcrypt") && at == 2 && strchr("aby", character);
}

static void try_manglings(const struct vector *vector)
{
	char *hash = strdup(vector->hash);

	assert_non_null(hash);
	for (size_t at = 0; hash[at]; at++) {
		const char original = hash[at];
		const char others[] = {(char)(original ^ 1), (char)(original ^ 0x20), (char)(original ^ 0x80), '0', '$',
			'b', '=', ' ', '\x80'};

		for (size_t i = 0; i < sizeof others; i++) {
			if (others[i] == original || is_another_name_of_bcrypt(vector, at, others[i]))
				continue;
			hash[at] = others[i];
			if (verify(hash, vector->password, vector->length) == SQLAUTH_OK)
				fail_msg("vectors.tsv:%d verifies as %s", vector->line, hash);
		}
		hash[at] = original;
	}
	free(hash);
}

static const struct vector *first_of(const char *scheme)
{
	for (size_t i = 0; i < vector_count; i++)
		if (is_scheme(&vectors[i], scheme))
			return &vectors[i];
	fail_msg("no vector of %s", scheme);
	return NULL;
}

static void no_hash_with_one_character_changed_verifies(void **state)
{
	(void)state;
	for (int scheme = SQLAUTH_SCHEME_ARGON2ID; scheme <= SQLAUTH_SCHEME_SHA512CRYPT; scheme++)
		try_manglings(first_of(sqlauth_password_scheme_name((enum sqlauth_password_scheme)scheme)));
}

/* The last character of base64 may have bits to spare, and libsodium takes some bytes beyond ASCII for digits. */
static void no_other_byte_stands_for_the_last_character(void **state)
{
	(void)state;
	for (int scheme = SQLAUTH_SCHEME_ARGON2ID; scheme <= SQLAUTH_SCHEME_SHA512CRYPT; scheme++) {
		const struct vector *vector =
			first_of(sqlauth_password_scheme_name((enum sqlauth_password_scheme)scheme));
		char *hash = strdup(vector->hash);
		char *last;

		assert_non_null(hash);
		last = hash + strlen(hash) - 1;
		for (int byte = 1; byte < 256; byte++) {
			enum sqlauth_error expected =
				(char)byte == vector->hash[last - hash] ? SQLAUTH_OK : SQLAUTH_ERROR_MISMATCH;
			enum sqlauth_error error;

			*last = (char)byte;
			error = verify(hash, vector->password, vector->length);
			if (error != SQLAUTH_ERROR_INVALID)
				expect(vector, error, expected, "last character");
		}
		free(hash);
	}
}

static void a_hash_with_something_behind_it_is_invalid(void **state)
{
	static const char *const TAILS[] = {"=", " ", "\n", "$", "$x", ",", "A", "AAAA"};

	(void)state;
	for (size_t i = 0; i < vector_count; i++) {
		for (size_t j = 0; j < sizeof TAILS / sizeof *TAILS; j++) {
			char hash[SQLAUTH_HASH_SIZE];
			enum sqlauth_error error;

			snprintf(hash, sizeof hash, "%s%s", vectors[i].hash, TAILS[j]);
			error = verify(hash, vectors[i].password, vectors[i].length);
			if (error != SQLAUTH_ERROR_INVALID && error != SQLAUTH_ERROR_MISMATCH)
				fail_msg("vectors.tsv:%d with %s: %s", vectors[i].line, TAILS[j],
					sqlauth_strerror(error));
		}
	}
}

static int set_up(void **state)
{
	(void)state;
	return sqlauth_secret_init() == SQLAUTH_OK && load_vectors() ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	free_vectors();
	return 0;
}

/* Every hash has a decoy of the same form and work, which the hash's own password does not match. */
static void a_decoy_can_be_made_in_the_likeness_of_every_hash(void **state)
{
	(void)state;
	for (size_t i = 0; i < vector_count; i++) {
		const struct vector *vector = &vectors[i];
		enum sqlauth_password_scheme scheme, decoy_scheme;
		char decoy[SQLAUTH_HASH_SIZE];

		sqlauth_password_decoy_like(vector->hash, decoy);
		expect(vector, sqlauth_password_inspect(vector->hash, &LIMITS, &scheme), SQLAUTH_OK, "inspect");
		expect(vector, sqlauth_password_inspect(decoy, &LIMITS, &decoy_scheme), SQLAUTH_OK, "inspect decoy");
		assert_int_equal(scheme, decoy_scheme);
		assert_true(sqlauth_password_same_work(vector->hash, decoy));
		expect(vector, sqlauth_password_verify(decoy, vector->password, vector->length, &LIMITS),
			SQLAUTH_ERROR_MISMATCH, "verify decoy");
	}
}

static void the_same_work_is_the_same_form_and_parameters(void **state)
{
	static const struct {
		const char *a, *b;
		bool same;
	} rows[] = {
		{"$argon2id$v=19$m=64,t=2,p=1$c2FsdHNhbHQ$AAAA", "$argon2id$v=19$m=64,t=2,p=1$b3RoZXIx$BBBB", true},
		{"$argon2id$v=19$m=64,t=2,p=1$c2FsdHNhbHQ$AAAA", "$argon2id$v=19$m=64,t=3,p=1$c2FsdHNhbHQ$AAAA", false},
		{"$argon2id$v=19$m=64,t=2,p=1$c2FsdHNhbHQ$AAAA", "$argon2i$v=19$m=64,t=2,p=1$c2FsdHNhbHQ$AAAA", false},
		{"$2b$10$saltAAAA", "$2b$10$otherBBB", true},
		{"$2b$10$saltAAAA", "$2b$11$saltAAAA", false},
		{"$7$101$c2FsdA==$AAAA", "$7$101$b3RoZXI=$BBBB", true},
		{"$7$101$c2FsdA==$AAAA", "$7$102$c2FsdA==$AAAA", false},
		{"$5$salt$AAAA", "$5$rounds=5000$salt$AAAA", false},
		{"PBKDF2$sha256$9$c$A", "PBKDF2$sha512$9$c$A", false},
		{"", "", true},
		{"", "$7$101$c2FsdA==$AAAA", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (sqlauth_password_same_work(rows[i].a, rows[i].b) != rows[i].same)
			fail_msg("row %zu", i);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(inspection_names_the_scheme_of_every_hash),
		cmocka_unit_test(the_vectors_cover_every_scheme),
		cmocka_unit_test(a_decoy_can_be_made_in_the_likeness_of_every_hash),
		cmocka_unit_test(the_same_work_is_the_same_form_and_parameters),
		cmocka_unit_test(the_right_password_verifies),
		cmocka_unit_test(a_wrong_password_is_a_mismatch),
		cmocka_unit_test(what_follows_a_nul_byte_counts),
		cmocka_unit_test(a_nul_byte_at_the_end_counts_but_under_pbkdf2),
		cmocka_unit_test(a_password_of_65535_bytes_is_read_to_its_end),
		cmocka_unit_test(a_password_too_long_for_crypt_is_a_mismatch),
		cmocka_unit_test(bcrypt_reads_72_bytes),
		cmocka_unit_test(no_truncation_of_a_hash_verifies),
		cmocka_unit_test(no_hash_with_one_character_changed_verifies),
		cmocka_unit_test(no_other_byte_stands_for_the_last_character),
		cmocka_unit_test(a_hash_with_something_behind_it_is_invalid),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
