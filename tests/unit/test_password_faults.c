/* What happens when the libraries under password*.c fail, and what verification leaves behind in memory. The sources
 * are compiled in here, with the calls that can fail replaced. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <crypt.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "password_vectors.h"
#include "sqlauth/password.h"
#include "sqlauth/secret.h"

/* The fault of the next calls. A fault of `calls` 2 lets one call pass and strikes the second. */
static struct {
	const char *function;
	int calls;
	int number;         /* for errno */
	const char *output; /* of crypt_r */
} fault;

static size_t allocated;          /* bytes of the one allocation that password*.c makes at a time */
static size_t frees_with_content; /* memory given back that was not wiped */

static bool strikes(const char *function)
{
	if (!fault.function || strcmp(fault.function, function) != 0 || --fault.calls > 0)
		return false;
	fault.function = NULL;
	errno = fault.number;
	return true;
}

static void *faulty_calloc(size_t count, size_t size)
{
	allocated = count * size;
	return strikes("calloc") ? NULL : calloc(count, size);
}

static char *faulty_crypt_r(const char *phrase, const char *setting, struct crypt_data *data)
{
	if (!strikes("crypt_r"))
		return crypt_r(phrase, setting, data);
	if (!fault.output)
		return NULL;
	memcpy(data->output, fault.output, strlen(fault.output) + 1);
	return data->output;
}

static void watching_free(void *memory)
{
	if (!sodium_is_zero(memory, allocated))
		frees_with_content++;
	free(memory);
}

static int faulty_pbkdf2(const char *password, int length, const unsigned char *salt, int salt_length, int iterations,
	const EVP_MD *digest, int derived_length, unsigned char *derived)
{
	if (!strikes("pbkdf2"))
		return PKCS5_PBKDF2_HMAC(
			password, length, salt, salt_length, iterations, digest, derived_length, derived);
	ERR_raise(ERR_LIB_EVP, ERR_R_MALLOC_FAILURE);
	return 0;
}

static void *faulty_mmap(void *address, size_t size, int protection, int flags, int file, off_t offset)
{
	return strikes("mmap") ? MAP_FAILED : mmap(address, size, protection, flags, file, offset);
}

static int faulty_argon2id_verify(const char *hash, const char *password, unsigned long long length)
{
	return strikes("argon2") ? -1 : crypto_pwhash_argon2id_str_verify(hash, password, length);
}

static int faulty_argon2i_verify(const char *hash, const char *password, unsigned long long length)
{
	return strikes("argon2") ? -1 : crypto_pwhash_argon2i_str_verify(hash, password, length);
}

static int faulty_argon2id_make(
	char *hash, const char *password, unsigned long long length, unsigned long long passes, size_t memory)
{
	return strikes("argon2") ? -1 : crypto_pwhash_argon2id_str(hash, password, length, passes, memory);
}

static int faulty_blake2b(unsigned char *digest, size_t digest_length, const unsigned char *input,
	unsigned long long length, const unsigned char *key, size_t key_length)
{
	return strikes("blake2b") ? -1 : crypto_generichash(digest, digest_length, input, length, key, key_length);
}

#define calloc                            faulty_calloc
#define crypt_r                           faulty_crypt_r
#define free                              watching_free
#define mmap                              faulty_mmap
#define PKCS5_PBKDF2_HMAC                 faulty_pbkdf2
#define crypto_pwhash_argon2id_str_verify faulty_argon2id_verify
#define crypto_pwhash_argon2i_str_verify  faulty_argon2i_verify
#define crypto_pwhash_argon2id_str        faulty_argon2id_make
#define crypto_generichash                faulty_blake2b

#include "../../src/auth/password.c"
#include "../../src/auth/password_argon2.c"
#include "../../src/auth/password_crypt.c"
#include "../../src/auth/password_digest.c"
#include "../../src/auth/password_field.c"
#include "../../src/auth/password_pbkdf2.c"

#undef calloc
#undef crypt_r
#undef free
#undef mmap
#undef PKCS5_PBKDF2_HMAC
#undef crypto_pwhash_argon2id_str_verify
#undef crypto_pwhash_argon2i_str_verify
#undef crypto_pwhash_argon2id_str
#undef crypto_generichash

static const struct sqlauth_password_limits LIMITS = {SQLAUTH_HASH_MEMORY_DEFAULT};

static const struct vector *first_of(const char *scheme)
{
	for (size_t i = 0; i < vector_count; i++)
		if (strcmp(vectors[i].scheme, scheme) == 0)
			return &vectors[i];
	fail_msg("no vector of %s", scheme);
	return NULL;
}

static void a_failing_library_is_an_error_and_never_a_match(void **state)
{
	static const struct {
		const char *scheme;
		const char *function;
		int number;
		const char *output;
		enum sqlauth_error expected;
	} ROWS[] = {
		{"argon2id", "argon2", ENOMEM, NULL, SQLAUTH_ERROR_MEMORY},
		{"argon2id", "argon2", EIO, NULL, SQLAUTH_ERROR_SYSTEM},
		{"argon2id", "argon2", 0, NULL, SQLAUTH_ERROR_SYSTEM},
		{"argon2id", "argon2", EINVAL, NULL, SQLAUTH_ERROR_MISMATCH},
		{"argon2i", "argon2", ENOMEM, NULL, SQLAUTH_ERROR_MEMORY},
		{"mosquitto-pbkdf2", "pbkdf2", 0, NULL, SQLAUTH_ERROR_SYSTEM},
		{"pbkdf2", "pbkdf2", 0, NULL, SQLAUTH_ERROR_SYSTEM},
		{"secret", "blake2b", 0, NULL, SQLAUTH_ERROR_SYSTEM},
		{"bcrypt", "calloc", ENOMEM, NULL, SQLAUTH_ERROR_MEMORY},
		{"bcrypt", "crypt_r", ENOMEM, NULL, SQLAUTH_ERROR_MEMORY},
		{"bcrypt", "crypt_r", EINVAL, "*0", SQLAUTH_ERROR_SYSTEM},
		{"bcrypt", "crypt_r", ERANGE, "*1", SQLAUTH_ERROR_SYSTEM},
		{"bcrypt", "crypt_r", 0, "", SQLAUTH_ERROR_MISMATCH},
		{"bcrypt", "crypt_r", 0, "$2b$05$", SQLAUTH_ERROR_MISMATCH},
		{"yescrypt", "calloc", ENOMEM, NULL, SQLAUTH_ERROR_MEMORY},
		{"yescrypt", "crypt_r", ENOMEM, "*0", SQLAUTH_ERROR_MEMORY},
		{"sha256crypt", "calloc", ENOMEM, NULL, SQLAUTH_ERROR_MEMORY},
		{"sha512crypt", "crypt_r", ENOMEM, "*0", SQLAUTH_ERROR_MEMORY},
	};

	(void)state;
	for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
		const struct vector *vector = first_of(ROWS[i].scheme);
		enum sqlauth_error error;

		fault.function = ROWS[i].function;
		fault.calls = 1;
		fault.number = ROWS[i].number;
		fault.output = ROWS[i].output;
		/* The password is wrong for PBKDF2$, whose other reading of the salt would rightly match. */
		error = strcmp(ROWS[i].scheme, "pbkdf2") == 0
				? sqlauth_password_verify(vector->hash, "wrong", 5, &LIMITS)
				: sqlauth_password_verify(vector->hash, vector->password, vector->length, &LIMITS);
		if (error != ROWS[i].expected)
			fail_msg("row %zu: %s", i, sqlauth_strerror(error));
		if (fault.function)
			fail_msg("row %zu: %s was not called", i, fault.function);
	}
	assert_int_equal(frees_with_content, 0);
}

/* libsodium 1.0.18 says EINVAL, "wrong password", where it got no memory. */
static void a_lack_of_memory_is_not_taken_for_a_wrong_password(void **state)
{
	const struct vector *vector = first_of("argon2id");

	(void)state;
	fault.function = "mmap";
	fault.calls = 1;
	fault.number = ENOMEM;
	assert_int_equal(sqlauth_password_verify(vector->hash, "wrong", 5, &LIMITS), SQLAUTH_ERROR_MEMORY);
	assert_null(fault.function);
	assert_int_equal(sqlauth_password_verify(vector->hash, "wrong", 5, &LIMITS), SQLAUTH_ERROR_MISMATCH);
}

static void both_readings_of_a_pbkdf2_salt_are_tried_every_time(void **state)
{
	const struct vector *as_text = first_of("pbkdf2");

	(void)state;
	/* The second reading fails: that is noticed only because it is tried although the first one matched or not. */
	fault.function = "pbkdf2";
	fault.calls = 2;
	assert_int_equal(sqlauth_password_verify(as_text->hash, "secret", 6, &LIMITS), SQLAUTH_OK);
	assert_null(fault.function);
	fault.function = "pbkdf2";
	fault.calls = 2;
	assert_int_equal(sqlauth_password_verify(as_text->hash, "wrong", 5, &LIMITS), SQLAUTH_ERROR_SYSTEM);
	assert_null(fault.function);
}

static void the_queue_of_openssl_errors_stays_as_it_was(void **state)
{
	const struct vector *vector = first_of("mosquitto-pbkdf2");

	(void)state;
	ERR_clear_error();
	ERR_raise(ERR_LIB_SSL, ERR_R_INTERNAL_ERROR);
	fault.function = "pbkdf2";
	fault.calls = 1;
	assert_int_equal(sqlauth_password_verify(vector->hash, "secret", 6, &LIMITS), SQLAUTH_ERROR_SYSTEM);
	assert_int_equal(ERR_GET_LIB(ERR_peek_last_error()), ERR_LIB_SSL);
	assert_int_equal(ERR_GET_LIB(ERR_get_error()), ERR_LIB_SSL);
	assert_int_equal(ERR_get_error(), 0);
}

static void making_a_hash_or_a_secret_fails_without_a_trace(void **state)
{
	char hash[SQLAUTH_HASH_SIZE] = "untouched", secret[SQLAUTH_SECRET_SIZE] = "untouched";

	(void)state;
	fault.function = "argon2";
	fault.calls = 1;
	fault.number = ENOMEM;
	assert_int_equal(sqlauth_password_hash("secret", 6, hash), SQLAUTH_ERROR_MEMORY);
	fault.function = "argon2";
	fault.number = EIO;
	assert_int_equal(sqlauth_password_hash("secret", 6, hash), SQLAUTH_ERROR_SYSTEM);
	fault.function = "blake2b";
	assert_int_equal(sqlauth_secret_generate(secret, hash), SQLAUTH_ERROR_SYSTEM);
	assert_string_equal(hash, "untouched");
	assert_string_equal(secret, "untouched");
}

static void *verify_in_thread(void *argument)
{
	const struct vector *vector = argument;
	enum sqlauth_error error = sqlauth_password_verify(vector->hash, vector->password, vector->length, &LIMITS);

	return error ? NULL : argument;
}

/* Maps one piece of memory twice: the stack of a thread, and a view of it that memory checkers let us search when the
 * thread is gone. */
static void map_stack(size_t size, unsigned char **stack_r, unsigned char **view_r)
{
	FILE *file = tmpfile();

	assert_non_null(file);
	assert_int_equal(ftruncate(fileno(file), (off_t)size), 0);
	*stack_r = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fileno(file), 0);
	*view_r = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fileno(file), 0);
	assert_ptr_not_equal(*stack_r, MAP_FAILED);
	assert_ptr_not_equal(*view_r, MAP_FAILED);
	fclose(file);
}

static void no_copy_of_the_password_stays_on_the_stack_or_in_freed_memory(void **state)
{
	const size_t size = 4 << 20;
	unsigned char *stack, *view;
	pthread_attr_t attributes;

	(void)state;
	map_stack(size, &stack, &view);
	assert_int_equal(pthread_attr_init(&attributes), 0);
	assert_int_equal(pthread_attr_setstack(&attributes, stack, size), 0);
	for (size_t i = 0; i < vector_count; i++) {
		struct vector *vector = &vectors[i];
		pthread_t thread;
		void *result;

		/* Shorter ones could be found by accident. */
		if (vector->length < 6)
			continue;
		memset(view, 0, size);
		assert_int_equal(pthread_create(&thread, &attributes, verify_in_thread, vector), 0);
		assert_int_equal(pthread_join(thread, &result), 0);
		if (!result)
			fail_msg("vectors.tsv:%d does not verify", vector->line);
		if (memmem(view, size, vector->password, vector->length))
			fail_msg("vectors.tsv:%d: the password is still on the stack", vector->line);
	}
	pthread_attr_destroy(&attributes);
	munmap(stack, size);
	munmap(view, size);
	assert_int_equal(frees_with_content, 0);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_failing_library_is_an_error_and_never_a_match),
		cmocka_unit_test(a_lack_of_memory_is_not_taken_for_a_wrong_password),
		cmocka_unit_test(both_readings_of_a_pbkdf2_salt_are_tried_every_time),
		cmocka_unit_test(the_queue_of_openssl_errors_stays_as_it_was),
		cmocka_unit_test(making_a_hash_or_a_secret_fails_without_a_trace),
		cmocka_unit_test(no_copy_of_the_password_stays_on_the_stack_or_in_freed_memory),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
