/* What the tests of certificates share: reading the files of tests/data/certificates, and comparing names. Needs
 * cmocka.h and what that needs to be included first. */
#ifndef TEST_CERTIFICATES_H
#define TEST_CERTIFICATES_H

#include <stdio.h>
#include <string.h>

#include "sqlauth/certificate.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

#define DIRECTORY TEST_DATA "/certificates/"
#define FILE_MAX  16384

/* A string literal that may hold NULs, and its length. */
#define BYTES(literal) literal, sizeof(literal) - 1

/* The names of names.pem, as describe() writes them. */
#define NAMES_OF_NAMES_PEM                                                                                             \
	"uri=urn:dev:Pump-7\n"                                                                                         \
	"uri=spiffe://example.org/pump/7\n"                                                                            \
	"dns=pump-7.example.com\n"                                                                                     \
	"dns=*.example.org\n"                                                                                          \
	"dns=xn--bcher-kva.example\n"                                                                                  \
	"email=Pump-7@Example.com\n"                                                                                   \
	"email=second@example.com\n"                                                                                   \
	"subject=CN=Pump-7,OU=North,OU=Pumps,O=Example GmbH,C=DE\n"                                                    \
	"common_name=Pump-7\n"

static inline size_t read_bytes(const char *name, unsigned char *bytes)
{
	char path[512];
	FILE *file;
	size_t length;

	snprintf(path, sizeof path, DIRECTORY "%s", name);
	file = fopen(path, "rb");
	assert_non_null(file);
	length = fread(bytes, 1, FILE_MAX, file);
	fclose(file);
	assert_in_range(length, 1, FILE_MAX - 1);
	return length;
}

static inline enum sqlauth_error read_certificate(const char *name, struct sqlauth_certificate **certificate_r)
{
	char path[512], message[SQLAUTH_MESSAGE_SIZE];
	struct sqlauth_text why;
	enum sqlauth_error error;

	snprintf(path, sizeof path, DIRECTORY "%s", name);
	sqlauth_text_init(&why, message, sizeof message);
	error = sqlauth_certificate_from_file(path, certificate_r, &why);
	if ((error == SQLAUTH_OK) != (why.length == 0))
		fail_msg("%s: error %d, message \"%s\"", name, error, message);
	return error;
}

/* All names but the fingerprint, most specific first, as lines `kind=name`. */
static inline void describe(const struct sqlauth_certificate *certificate, char *description, size_t size)
{
	struct sqlauth_text text;

	sqlauth_text_init(&text, description, size);
	for (int i = SQLAUTH_MATCH_FINGERPRINT + 1; i < SQLAUTH_MATCH_KINDS; i++) {
		enum sqlauth_match_by kind = (enum sqlauth_match_by)i;

		for (size_t k = 0; k < sqlauth_certificate_count(certificate, kind); k++)
			sqlauth_text_add(&text, "%s=%s\n", sqlauth_match_by_word(kind),
				sqlauth_certificate_name(certificate, kind, k));
		assert_null(sqlauth_certificate_name(certificate, kind, sqlauth_certificate_count(certificate, kind)));
	}
	assert_int_equal(sqlauth_certificate_count(certificate, SQLAUTH_MATCH_FINGERPRINT), 1);
	assert_false(text.truncated);
}

static inline void expect_names(size_t row, const struct sqlauth_certificate *certificate, const char *expected)
{
	char description[2048];

	describe(certificate, description, sizeof description);
	if (strcmp(description, expected) != 0)
		fail_msg("row %zu: got\n%sexpected\n%s", row, description, expected);
}

#endif
