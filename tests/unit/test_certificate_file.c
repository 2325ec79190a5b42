/* Certificates from bytes and files: in every form, truncated, damaged, not there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "certificates.h"

static void all_names_are_read_whatever_the_file_looks_like(void **state)
{
	static const char *const rows[] = {"names.pem", "names.der", "with-text.pem", "keys-before.pem"};

	(void)state;
	for (size_t row = 0; row < COUNT(rows); row++) {
		struct sqlauth_certificate *certificate = NULL;
		enum sqlauth_error error = read_certificate(rows[row], &certificate);

		if (error != SQLAUTH_OK)
			fail_msg("row %zu, %s: error %d", row, rows[row], error);
		expect_names(row, certificate, NAMES_OF_NAMES_PEM);
		sqlauth_certificate_free(certificate);
	}
}

static void every_truncation_of_a_certificate_is_invalid(void **state)
{
	static const char *const rows[] = {"names.der", "names.pem"};
	unsigned char bytes[FILE_MAX];

	(void)state;
	for (size_t row = 0; row < COUNT(rows); row++) {
		/* What is behind the last dash of a PEM file is a line end. */
		size_t whole = read_bytes(rows[row], bytes) - row;

		for (size_t length = 0; length < whole; length++) {
			unsigned char *exact = malloc(length > 0 ? length : 1);
			struct sqlauth_certificate *certificate = NULL;
			enum sqlauth_error error;

			assert_non_null(exact);
			memcpy(exact, bytes, length);
			error = sqlauth_certificate_from_bytes(exact, length, &certificate);
			free(exact);
			if (error != SQLAUTH_ERROR_INVALID || certificate)
				fail_msg("row %zu, %zu bytes: error %d", row, length, error);
		}
	}
}

/* Whatever a flipped byte makes of the certificate, reading comes to an end and gives one fingerprint or an error. */
static void a_certificate_with_a_flipped_byte_is_read_or_refused(void **state)
{
	unsigned char bytes[FILE_MAX];
	size_t length = read_bytes("names.der", bytes), read = 0, refused = 0;

	(void)state;
	for (size_t i = 0; i < length; i++) {
		for (unsigned flip = 1; flip < 256; flip <<= 1) {
			struct sqlauth_certificate *certificate = NULL;

			bytes[i] ^= (unsigned char)flip;
			if (sqlauth_certificate_from_bytes(bytes, length, &certificate) == SQLAUTH_OK) {
				assert_int_equal(sqlauth_certificate_count(certificate, SQLAUTH_MATCH_FINGERPRINT), 1);
				read++;
			} else {
				assert_null(certificate);
				refused++;
			}
			sqlauth_certificate_free(certificate);
			bytes[i] ^= (unsigned char)flip;
		}
	}
	assert_true(read > 0 && refused > 0);
}

static void bytes_that_are_no_certificate_are_invalid(void **state)
{
	static const struct {
		const char *bytes;
		size_t length;
	} rows[] = {
		{BYTES("")},
		{BYTES("\0")},
		{BYTES("garbage")},
		{BYTES("0")},
		{BYTES("\x30\x00")},
		{BYTES("\x30\x80\x00\x00")},
		{BYTES("\x30\x84\xff\xff\xff\xff")},
		{BYTES("-----BEGIN CERTIFICATE-----\n")},
		{BYTES("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n")},
		{BYTES("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n")},
		{BYTES("-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n")},
		{BYTES("-----BEGIN PUBLIC KEY-----\nMAA=\n-----END PUBLIC KEY-----\n")},
		/* Encrypted: must not ask the terminal for a password. */
		{BYTES("-----BEGIN CERTIFICATE-----\nProc-Type: 4,ENCRYPTED\n"
		       "DEK-Info: AES-256-CBC,00112233445566778899AABBCCDDEEFF\n\nAAAAAAAAAAAAAAAAAAAAAA==\n"
		       "-----END CERTIFICATE-----\n")},
	};

	(void)state;
	for (size_t row = 0; row < COUNT(rows); row++) {
		struct sqlauth_certificate *certificate = NULL;
		enum sqlauth_error error =
			sqlauth_certificate_from_bytes(rows[row].bytes, rows[row].length, &certificate);

		if (error != SQLAUTH_ERROR_INVALID || certificate)
			fail_msg("row %zu: error %d", row, error);
	}
	assert_int_equal(sqlauth_certificate_from_x509(NULL, NULL), SQLAUTH_ERROR_INVALID);
	assert_int_equal(sqlauth_certificate_take_x509(NULL, NULL), SQLAUTH_ERROR_INVALID);
}

static void anything_behind_a_der_certificate_makes_it_invalid(void **state)
{
	unsigned char bytes[FILE_MAX];
	size_t length = read_bytes("names.der", bytes);
	struct sqlauth_certificate *certificate = NULL;

	(void)state;
	bytes[length] = '\0';
	assert_int_equal(sqlauth_certificate_from_bytes(bytes, length + 1, &certificate), SQLAUTH_ERROR_INVALID);
	memcpy(bytes + length, bytes, length);
	assert_int_equal(sqlauth_certificate_from_bytes(bytes, 2 * length, &certificate), SQLAUTH_ERROR_INVALID);
	assert_null(certificate);
}

static void files_that_cannot_be_taken_say_why(void **state)
{
	static const struct {
		const char *name;
		enum sqlauth_error error;
		const char *part;
	} rows[] = {
		{"not-there.pem", SQLAUTH_ERROR_NOT_FOUND, "not-there.pem\": No such file"},
		{"not\nthere.pem", SQLAUTH_ERROR_NOT_FOUND, "not\\x0athere.pem"},
		{".", SQLAUTH_ERROR_SYSTEM, "directory"},
		{"make.sh", SQLAUTH_ERROR_INVALID, "no well-formed X.509 certificate; expected PEM"},
		{"trusted-only.pem", SQLAUTH_ERROR_INVALID, "no well-formed X.509 certificate"},
	};
	char path[512], message[SQLAUTH_MESSAGE_SIZE];
	struct sqlauth_certificate *certificate = NULL;
	struct sqlauth_text why;

	(void)state;
	for (size_t row = 0; row < COUNT(rows); row++) {
		enum sqlauth_error error;

		snprintf(path, sizeof path, DIRECTORY "%s", rows[row].name);
		sqlauth_text_init(&why, message, sizeof message);
		error = sqlauth_certificate_from_file(path, &certificate, &why);
		if (error != rows[row].error || certificate || !strstr(message, rows[row].part))
			fail_msg("row %zu: error %d, message [%s]", row, error, message);
		assert_int_equal(sqlauth_certificate_from_file(path, &certificate, NULL), rows[row].error);
	}
}

static void a_file_of_1_mib_is_read_and_a_larger_one_refused(void **state)
{
	char path[] = "/tmp/sqlauth-certificate-XXXXXX", message[SQLAUTH_MESSAGE_SIZE];
	unsigned char pem[FILE_MAX], *bytes = malloc(SQLAUTH_CERTIFICATE_FILE_BYTES_MAX + 1);
	size_t length = read_bytes("names.pem", pem);
	struct sqlauth_certificate *certificate = NULL;
	struct sqlauth_text why;
	int file = mkstemp(path);

	(void)state;
	assert_non_null(bytes);
	memset(bytes, '\n', SQLAUTH_CERTIFICATE_FILE_BYTES_MAX + 1);
	memcpy(bytes + SQLAUTH_CERTIFICATE_FILE_BYTES_MAX - length, pem, length);
	sqlauth_text_init(&why, message, sizeof message);
	assert_int_equal(write(file, bytes, SQLAUTH_CERTIFICATE_FILE_BYTES_MAX), SQLAUTH_CERTIFICATE_FILE_BYTES_MAX);
	assert_int_equal(sqlauth_certificate_from_file(path, &certificate, &why), SQLAUTH_OK);
	sqlauth_certificate_free(certificate);
	certificate = NULL;
	assert_int_equal(write(file, "\n", 1), 1);
	assert_int_equal(sqlauth_certificate_from_file(path, &certificate, &why), SQLAUTH_ERROR_LIMIT);
	assert_non_null(strstr(message, "1 MiB"));
	assert_int_equal(sqlauth_certificate_from_bytes(bytes, SQLAUTH_CERTIFICATE_FILE_BYTES_MAX + 1, &certificate),
		SQLAUTH_ERROR_LIMIT);
	assert_null(certificate);
	close(file);
	unlink(path);
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_names_are_read_whatever_the_file_looks_like),
		cmocka_unit_test(every_truncation_of_a_certificate_is_invalid),
		cmocka_unit_test(a_certificate_with_a_flipped_byte_is_read_or_refused),
		cmocka_unit_test(bytes_that_are_no_certificate_are_invalid),
		cmocka_unit_test(anything_behind_a_der_certificate_makes_it_invalid),
		cmocka_unit_test(files_that_cannot_be_taken_say_why),
		cmocka_unit_test(a_file_of_1_mib_is_read_and_a_larger_one_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
