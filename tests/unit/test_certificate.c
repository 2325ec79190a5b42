/* Names of certificates: those that the openssl command made (tests/data/certificates), and forged ones that hold what
 * no tool would put there. The forged ones are names and extensions put into a real certificate and encoded again;
 * their signature is stale, which is nothing that this module looks at. */
#include "sqlauth/certificate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "certificates.h"

/* ---- forging ---- */

struct attribute {
	int nid, type;
	const char *bytes;
	size_t length;
};

struct alternative {
	int tag;
	const char *bytes;
	size_t length;
};

#define ATTRIBUTES_MAX   4
#define ALTERNATIVES_MAX 6

static X509 *blank_certificate(void)
{
	unsigned char bytes[FILE_MAX];
	const unsigned char *start = bytes;
	X509 *x509 = d2i_X509(NULL, &start, (long)read_bytes("no-names.der", bytes));

	assert_non_null(x509);
	return x509;
}

static void forge_subject(X509 *x509, const struct attribute *attributes, size_t count)
{
	X509_NAME *subject = X509_get_subject_name(x509);

	for (size_t i = 0; i < count && attributes[i].nid != 0; i++) {
		ASN1_STRING *value;

		/* Added empty and filled then, for OpenSSL would not add all of what is wanted here. */
		assert_int_equal(X509_NAME_add_entry_by_NID(subject, attributes[i].nid, attributes[i].type,
					 (const unsigned char *)"", 0, -1, 0),
			1);
		value = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, (int)i));
		assert_int_equal(ASN1_STRING_set(value, attributes[i].bytes, (int)attributes[i].length), 1);
	}
}

static void push_alternative(GENERAL_NAMES *names, const struct alternative *alternative)
{
	GENERAL_NAME *name = GENERAL_NAME_new();
	ASN1_IA5STRING *value = ASN1_IA5STRING_new();

	assert_int_equal(ASN1_STRING_set(value, alternative->bytes, (int)alternative->length), 1);
	GENERAL_NAME_set0_value(name, alternative->tag, value);
	assert_true(sk_GENERAL_NAME_push(names, name) > 0);
}

static void forge_alternatives(X509 *x509, const struct alternative *alternatives, size_t count)
{
	GENERAL_NAMES *names = GENERAL_NAMES_new();

	for (size_t i = 0; i < count && alternatives[i].bytes; i++)
		push_alternative(names, &alternatives[i]);
	assert_int_equal(X509_add1_ext_i2d(x509, NID_subject_alt_name, names, 0, X509V3_ADD_APPEND), 1);
	GENERAL_NAMES_free(names);
}

/* Reads the certificate by way of its DER form, as it would come over the wire. */
static enum sqlauth_error read_forged(X509 *x509, struct sqlauth_certificate **certificate_r)
{
	unsigned char *der = NULL;
	enum sqlauth_error error;
	int length;

	assert_true(i2d_re_X509_tbs(x509, NULL) > 0);
	length = i2d_X509(x509, &der);
	assert_true(length > 0);
	error = sqlauth_certificate_from_bytes(der, (size_t)length, certificate_r);
	OPENSSL_free(der);
	return error;
}

/* ---- certificates that openssl made ---- */

static void fingerprint_and_subject_are_what_openssl_prints(void **state)
{
	FILE *printed = fopen(DIRECTORY "printed-by-openssl.txt", "r");
	char line[1024];
	size_t row = 0;

	(void)state;
	assert_non_null(printed);
	for (; fgets(line, sizeof line, printed); row++) {
		char *end = line, *name = strsep(&end, "\t"), *printed_fingerprint = strsep(&end, "\t");
		char *subject = strsep(&end, "\n"), fingerprint[SQLAUTH_FINGERPRINT_SIZE];
		struct sqlauth_certificate *certificate = NULL;
		const char *got;

		assert_int_equal(read_certificate(name, &certificate), SQLAUTH_OK);
		assert_int_equal(sqlauth_fingerprint_normalize(printed_fingerprint, fingerprint), SQLAUTH_OK);
		assert_string_equal(sqlauth_certificate_fingerprint(certificate), fingerprint);
		got = sqlauth_certificate_name(certificate, SQLAUTH_MATCH_SUBJECT, 0);
		if (strcmp(got ? got : "", subject) != 0)
			fail_msg("row %zu, %s: got [%s], expected [%s]", row, name, got, subject);
		sqlauth_certificate_free(certificate);
	}
	fclose(printed);
	assert_int_equal(row, 9);
}

static void the_common_name_is_utf8_whatever_its_string_type(void **state)
{
	static const struct {
		const char *file, *common_name;
	} rows[] = {
		{"printable.pem", "Pump 7"},
		{"utf8.pem", "Gr\xc3\xb6\xc3\x9f"
			     "e \xe6\xb3\xb5 \xf0\x9f\x98\x80"},
		{"t61.pem", "Gr\xc3\xb6\xc3\x9f"
			    "e"},
		{"bmp.pem", "Gr\xc3\xb6\xc3\x9f"
			    "e \xe6\xb3\xb5 \xe2\x82\xac"},
		{"universal.pem", "Gr\xc3\xb6\xc3\x9f"
				  "e \xe6\xb3\xb5 \xf0\x9f\x98\x80"},
		{"escapes.pem", "pump/7\\,x"},
		{"several-common-names.pem", NULL},
		{"no-names.pem", NULL},
		/* The first certificate of the file is the one that is read. */
		{"two-certificates.pem", "Gr\xc3\xb6\xc3\x9f"
					 "e \xe6\xb3\xb5 \xf0\x9f\x98\x80"},
	};

	(void)state;
	for (size_t row = 0; row < COUNT(rows); row++) {
		struct sqlauth_certificate *certificate = NULL;
		const char *got;

		assert_int_equal(read_certificate(rows[row].file, &certificate), SQLAUTH_OK);
		got = sqlauth_certificate_name(certificate, SQLAUTH_MATCH_COMMON_NAME, 0);
		if (!got != !rows[row].common_name || (got && strcmp(got, rows[row].common_name) != 0))
			fail_msg("row %zu, %s: got [%s]", row, rows[row].file, got ? got : "(none)");
		assert_int_equal(sqlauth_certificate_count(certificate, SQLAUTH_MATCH_COMMON_NAME), got ? 1 : 0);
		sqlauth_certificate_free(certificate);
	}
}

static void a_certificate_without_names_has_its_fingerprint_only(void **state)
{
	struct sqlauth_certificate *certificate = NULL;

	(void)state;
	assert_int_equal(read_certificate("no-names.pem", &certificate), SQLAUTH_OK);
	expect_names(0, certificate, "");
	assert_int_equal(strlen(sqlauth_certificate_fingerprint(certificate)), SQLAUTH_FINGERPRINT_SIZE - 1);
	sqlauth_certificate_free(certificate);
}

/* ---- forged names ---- */

static void names_that_are_no_names_are_left_out(void **state)
{
	static const struct {
		struct attribute attributes[ATTRIBUTES_MAX];
		struct alternative alternatives[ALTERNATIVES_MAX];
		const char *expected;
	} rows[] = {
		/* 0: what forging makes of good names */
		{{{NID_organizationName, V_ASN1_UTF8STRING, BYTES("Example")},
			 {NID_commonName, V_ASN1_UTF8STRING, BYTES("pump")}},
			{{GEN_DNS, BYTES("A.example")}, {GEN_URI, BYTES("urn:A")}, {GEN_EMAIL, BYTES("A@b")}},
			"uri=urn:A\ndns=a.example\nemail=A@b\nsubject=CN=pump,O=Example\ncommon_name=pump\n"},
		/* 1-5: a NUL in the middle, at the end, alone; others beside it stay */
		{{{NID_commonName, V_ASN1_UTF8STRING, BYTES("admin\0.evil")}}, {{0}}, ""},
		{{{NID_commonName, V_ASN1_UTF8STRING, BYTES("admin\0")}}, {{0}}, ""},
		{{{NID_organizationName, V_ASN1_UTF8STRING, BYTES("a\0b")},
			 {NID_commonName, V_ASN1_UTF8STRING, BYTES("pump")}},
			{{0}}, "common_name=pump\n"},
		{{{0}},
			{{GEN_DNS, BYTES("a.example\0.evil")}, {GEN_URI, BYTES("urn:a\0b")},
				{GEN_EMAIL, BYTES("a@b\0.evil")}, {GEN_DNS, BYTES("\0")}},
			""},
		{{{0}},
			{{GEN_DNS, BYTES("a\0")}, {GEN_DNS, BYTES("b")}, {GEN_URI, BYTES("\0u")}, {GEN_URI, BYTES("v")},
				{GEN_EMAIL, BYTES("m\0")}, {GEN_EMAIL, BYTES("n")}},
			"uri=v\ndns=b\nemail=n\n"},
		/* 6-7: a NUL in wide characters, and wide characters with zero bytes that are none */
		{{{NID_commonName, V_ASN1_BMPSTRING, BYTES("\0a\0\0\0b")}}, {{0}}, ""},
		{{{NID_commonName, V_ASN1_BMPSTRING, BYTES("\0a\1\0")}}, {{0}},
			"subject=CN=a\\C4\\80\ncommon_name=a\xc4\x80\n"},
		/* 8-9: empty */
		{{{NID_commonName, V_ASN1_UTF8STRING, BYTES("")}}, {{0}}, "subject=CN=\n"},
		{{{0}}, {{GEN_DNS, BYTES("")}, {GEN_URI, BYTES("")}, {GEN_EMAIL, BYTES("")}}, ""},
		/* 10-16: beyond what the string type holds */
		{{{0}},
			{{GEN_DNS, BYTES("b\xfc"
					 "cher")},
				{GEN_URI, BYTES("urn:\xc3\xa9")}, {GEN_EMAIL, BYTES("\x80@b")}},
			""},
		{{{NID_commonName, V_ASN1_IA5STRING,
			 BYTES("b\xfc"
			       "cher")}},
			{{0}}, ""},
		{{{NID_commonName, V_ASN1_PRINTABLESTRING,
			 BYTES("b\xfc"
			       "cher")}},
			{{0}}, ""},
		{{{NID_commonName, V_ASN1_NUMERICSTRING, BYTES("1\xb2")}}, {{0}}, ""},
		{{{NID_commonName, V_ASN1_T61STRING,
			 BYTES("b\xfc"
			       "cher")}},
			{{0}},
			"subject=CN=b\\C3\\BCcher\ncommon_name=b\xc3\xbc"
			"cher\n"},
		{{{NID_commonName, V_ASN1_PRINTABLESTRING, BYTES("7@*_")}}, {{0}},
			"subject=CN=7@*_\ncommon_name=7@*_\n"},
		{{{NID_commonName, V_ASN1_IA5STRING, BYTES("7")}}, {{0}}, "subject=CN=7\ncommon_name=7\n"},
		/* 17: no string at all, which the subject shows as DER */
		{{{NID_commonName, V_ASN1_BIT_STRING, BYTES("ab")}}, {{0}}, "subject=CN=#0303006162\n"},
		/* 18-19: two common names, one of them not valid; the same alternative name twice */
		{{{NID_commonName, V_ASN1_UTF8STRING, BYTES("a")}, {NID_commonName, V_ASN1_UTF8STRING, BYTES("\0")}},
			{{0}}, ""},
		{{{0}}, {{GEN_DNS, BYTES("a")}, {GEN_DNS, BYTES("A")}}, "dns=a\ndns=a\n"},
		/* 20: only ASCII letters of DNS names are lowered */
		{{{0}}, {{GEN_DNS, BYTES("@AZ[`az{09-")}, {GEN_URI, BYTES("AZ")}}, "uri=AZ\ndns=@az[`az{09-\n"},
	};

	(void)state;
	for (size_t row = 0; row < COUNT(rows); row++) {
		X509 *x509 = blank_certificate();
		struct sqlauth_certificate *certificate = NULL;
		enum sqlauth_error error;

		forge_subject(x509, rows[row].attributes, ATTRIBUTES_MAX);
		if (rows[row].alternatives[0].bytes)
			forge_alternatives(x509, rows[row].alternatives, ALTERNATIVES_MAX);
		error = read_forged(x509, &certificate);
		if (error != SQLAUTH_OK)
			fail_msg("row %zu: error %d", row, error);
		expect_names(row, certificate, rows[row].expected);
		sqlauth_certificate_free(certificate);
		X509_free(x509);
	}
}

/* OpenSSL 3's decoder refuses these together with their certificate (the next test), so they are put into one that was
 * decoded: the module must not rely on that. */
static void strings_of_broken_characters_are_left_out(void **state)
{
	static const struct attribute rows[] = {
		{NID_commonName, V_ASN1_BMPSTRING, BYTES("\0a\0")},
		{NID_commonName, V_ASN1_UNIVERSALSTRING, BYTES("\0\0\0a\0\0")},
		{NID_commonName, V_ASN1_BMPSTRING, BYTES("\xd8\x3d\xde\x00")},
		{NID_commonName, V_ASN1_UNIVERSALSTRING, BYTES("\0\0\xd8\x3d")},
		{NID_commonName, V_ASN1_UNIVERSALSTRING, BYTES("\0\x11\0\0")},
		{NID_commonName, V_ASN1_UTF8STRING, BYTES("a\xc3")},
		{NID_commonName, V_ASN1_UTF8STRING, BYTES("\xc0\xaf")},
		{NID_commonName, V_ASN1_UTF8STRING, BYTES("\xed\xa0\x80")},
		{NID_commonName, V_ASN1_UTF8STRING, BYTES("\xf4\x90\x80\x80")},
		{NID_commonName, V_ASN1_UTF8STRING,
			BYTES("b\xfc"
			      "cher")},
	};

	(void)state;
	for (size_t row = 0; row < COUNT(rows); row++) {
		X509 *x509 = blank_certificate();
		struct sqlauth_certificate *certificate = NULL;

		forge_subject(x509, &rows[row], 1);
		assert_int_equal(sqlauth_certificate_from_x509(x509, &certificate), SQLAUTH_OK);
		expect_names(row, certificate, "");
		sqlauth_certificate_free(certificate);
		X509_free(x509);
	}
}

static void a_certificate_whose_subject_is_no_text_is_refused(void **state)
{
	unsigned char bytes[FILE_MAX];
	size_t length = read_bytes("names.der", bytes);
	unsigned char *issuer = memmem(bytes, length, "Pump-7", 6), *common_name;
	struct sqlauth_certificate *certificate = NULL;

	(void)state;
	assert_non_null(issuer);
	common_name = memmem(issuer + 1, length - (size_t)(issuer + 1 - bytes), "Pump-7", 6);
	assert_non_null(common_name);
	memcpy(common_name, "P\xfcmp-7", 6);
	assert_int_equal(sqlauth_certificate_from_bytes(bytes, length, &certificate), SQLAUTH_ERROR_INVALID);
	assert_null(certificate);
}

static void a_name_of_4096_bytes_is_kept_and_a_longer_one_left_out(void **state)
{
	static char longest[SQLAUTH_CERTIFICATE_NAME_BYTES_MAX + 1];
	const struct alternative alternatives[] = {
		{GEN_URI, longest, SQLAUTH_CERTIFICATE_NAME_BYTES_MAX + 1},
		{GEN_URI, longest, SQLAUTH_CERTIFICATE_NAME_BYTES_MAX},
		{GEN_DNS, longest, SQLAUTH_CERTIFICATE_NAME_BYTES_MAX + 1},
		{GEN_DNS, "short", 5},
	};
	/* The common name fits, the subject with its `CN=` does not. */
	const struct attribute attribute = {
		NID_commonName, V_ASN1_UTF8STRING, longest, SQLAUTH_CERTIFICATE_NAME_BYTES_MAX};
	struct sqlauth_certificate *certificate = NULL;
	X509 *x509 = blank_certificate();
	const char *common_name;

	(void)state;
	memset(longest, 'x', sizeof longest);
	forge_subject(x509, &attribute, 1);
	forge_alternatives(x509, alternatives, COUNT(alternatives));
	assert_int_equal(read_forged(x509, &certificate), SQLAUTH_OK);
	assert_int_equal(sqlauth_certificate_count(certificate, SQLAUTH_MATCH_URI), 1);
	assert_int_equal(strlen(sqlauth_certificate_name(certificate, SQLAUTH_MATCH_URI, 0)),
		SQLAUTH_CERTIFICATE_NAME_BYTES_MAX);
	assert_int_equal(sqlauth_certificate_count(certificate, SQLAUTH_MATCH_DNS), 1);
	assert_string_equal(sqlauth_certificate_name(certificate, SQLAUTH_MATCH_DNS, 0), "short");
	assert_int_equal(sqlauth_certificate_count(certificate, SQLAUTH_MATCH_SUBJECT), 0);
	common_name = sqlauth_certificate_name(certificate, SQLAUTH_MATCH_COMMON_NAME, 0);
	assert_non_null(common_name);
	assert_int_equal(strlen(common_name), SQLAUTH_CERTIFICATE_NAME_BYTES_MAX);
	sqlauth_certificate_free(certificate);
	X509_free(x509);
}

/* Reads a certificate with `count` alternative names, by turns of the three kinds and of one that is not asked for. */
static enum sqlauth_error read_with_alternatives(int count, struct sqlauth_certificate **certificate_r)
{
	static const int tags[] = {GEN_DNS, GEN_URI, GEN_EMAIL};
	struct alternative *alternatives = calloc((size_t)count, sizeof *alternatives);
	char(*texts)[16] = calloc((size_t)count, sizeof *texts);
	X509 *x509 = blank_certificate();
	enum sqlauth_error error;

	assert_non_null(alternatives);
	assert_non_null(texts);
	for (int i = 0; i < count; i++) {
		snprintf(texts[i], sizeof texts[i], "name-%d", i);
		alternatives[i] = (struct alternative){tags[i % 3], texts[i], strlen(texts[i])};
	}
	forge_alternatives(x509, alternatives, (size_t)count);
	error = read_forged(x509, certificate_r);
	X509_free(x509);
	free(alternatives);
	free(texts);
	return error;
}

static void there_may_be_256_alternative_names_but_no_more(void **state)
{
	struct sqlauth_certificate *certificate = NULL;

	(void)state;
	assert_int_equal(read_with_alternatives(SQLAUTH_CERTIFICATE_NAMES_MAX, &certificate), SQLAUTH_OK);
	assert_int_equal(sqlauth_certificate_count(certificate, SQLAUTH_MATCH_DNS), 86);
	assert_int_equal(sqlauth_certificate_count(certificate, SQLAUTH_MATCH_URI), 85);
	assert_int_equal(sqlauth_certificate_count(certificate, SQLAUTH_MATCH_EMAIL), 85);
	assert_string_equal(sqlauth_certificate_name(certificate, SQLAUTH_MATCH_DNS, 85), "name-255");
	assert_string_equal(sqlauth_certificate_name(certificate, SQLAUTH_MATCH_EMAIL, 0), "name-2");
	sqlauth_certificate_free(certificate);
	certificate = NULL;
	assert_int_equal(read_with_alternatives(SQLAUTH_CERTIFICATE_NAMES_MAX + 1, &certificate), SQLAUTH_ERROR_LIMIT);
	assert_null(certificate);
}

static void add_alternatives_extension(X509 *x509, const char *der, size_t length)
{
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
	X509_EXTENSION *extension;

	assert_int_equal(ASN1_OCTET_STRING_set(value, (const unsigned char *)der, (int)length), 1);
	extension = X509_EXTENSION_create_by_NID(NULL, NID_subject_alt_name, 0, value);
	assert_int_equal(X509_add_ext(x509, extension, -1), 1);
	X509_EXTENSION_free(extension);
	ASN1_OCTET_STRING_free(value);
}

static void a_certificate_with_unreadable_or_repeated_alternative_names_is_refused(void **state)
{
	static const struct attribute attribute = {NID_commonName, V_ASN1_UTF8STRING, BYTES("pump")};
	static const struct {
		const char *first;
		size_t first_length;
		const char *second;
		size_t second_length;
	} rows[] = {
		{BYTES("garbage"), NULL, 0},
		{BYTES(""), NULL, 0},
		{BYTES("\x30\x05\x82\x07"
		       "abc"),
			NULL, 0},
		{BYTES("\x30\x03\x82\x01"
		       "a"),
			BYTES("\x30\x03\x82\x01"
			      "b")},
	};

	(void)state;
	for (size_t row = 0; row < COUNT(rows); row++) {
		X509 *x509 = blank_certificate();
		struct sqlauth_certificate *certificate = NULL;
		enum sqlauth_error error;

		forge_subject(x509, &attribute, 1);
		add_alternatives_extension(x509, rows[row].first, rows[row].first_length);
		if (rows[row].second)
			add_alternatives_extension(x509, rows[row].second, rows[row].second_length);
		error = read_forged(x509, &certificate);
		if (error != SQLAUTH_ERROR_INVALID || certificate)
			fail_msg("row %zu: error %d", row, error);
		X509_free(x509);
	}
}

/* ---- living with the broker's OpenSSL ---- */

static void the_x509_is_borrowed_or_taken_as_promised(void **state)
{
	unsigned char bytes[FILE_MAX];
	const unsigned char *start = bytes;
	X509 *x509 = d2i_X509(NULL, &start, (long)read_bytes("names.der", bytes));
	struct sqlauth_certificate *borrowed = NULL, *taken = NULL;

	(void)state;
	assert_int_equal(sqlauth_certificate_from_x509(x509, &borrowed), SQLAUTH_OK);
	/* Taken away, or a leak or a double free that the sanitizers see. */
	assert_int_equal(sqlauth_certificate_take_x509(x509, &taken), SQLAUTH_OK);
	expect_names(0, borrowed, NAMES_OF_NAMES_PEM);
	expect_names(1, taken, NAMES_OF_NAMES_PEM);
	assert_string_equal(sqlauth_certificate_fingerprint(borrowed), sqlauth_certificate_fingerprint(taken));
	sqlauth_certificate_free(borrowed);
	sqlauth_certificate_free(taken);
	sqlauth_certificate_free(NULL);
}

/* Everything that fails inside OpenSSL, once. */
static void fail_in_every_way(void)
{
	X509 *x509 = blank_certificate();
	struct sqlauth_certificate *certificate = NULL;

	add_alternatives_extension(x509, "garbage", 7);
	assert_int_equal(sqlauth_certificate_from_x509(x509, &certificate), SQLAUTH_ERROR_INVALID);
	assert_int_equal(sqlauth_certificate_take_x509(x509, &certificate), SQLAUTH_ERROR_INVALID);
	assert_int_equal(sqlauth_certificate_from_bytes("garbage", 7, &certificate), SQLAUTH_ERROR_INVALID);
	assert_null(certificate);
}

static void the_error_queue_of_openssl_is_left_as_it_was(void **state)
{
	struct sqlauth_certificate *certificate = NULL;
	unsigned long first, second;

	(void)state;
	ERR_clear_error();
	fail_in_every_way();
	assert_int_equal(ERR_peek_error(), 0);
	assert_null(BIO_new_file("/nonexistent", "r"));
	first = ERR_peek_error();
	second = ERR_peek_last_error();
	assert_true(first != 0 && second != 0);
	fail_in_every_way();
	assert_int_equal(read_certificate("names.pem", &certificate), SQLAUTH_OK);
	assert_true(ERR_peek_error() == first);
	assert_true(ERR_peek_last_error() == second);
	sqlauth_certificate_free(certificate);
	ERR_clear_error();
}

static void kinds_have_their_words_and_others_are_unknown(void **state)
{
	static const char *const words[] = {"fingerprint", "uri", "dns", "email", "subject", "common_name"};
	struct sqlauth_certificate *certificate = NULL;

	(void)state;
	assert_int_equal(COUNT(words), SQLAUTH_MATCH_KINDS);
	for (size_t i = 0; i < COUNT(words); i++)
		assert_string_equal(sqlauth_match_by_word((enum sqlauth_match_by)i), words[i]);
	assert_string_equal(sqlauth_match_by_word(SQLAUTH_MATCH_KINDS), "unknown");
	assert_string_equal(sqlauth_match_by_word((enum sqlauth_match_by) - 1), "unknown");
	assert_int_equal(read_certificate("names.pem", &certificate), SQLAUTH_OK);
	assert_int_equal(sqlauth_certificate_count(certificate, SQLAUTH_MATCH_KINDS), 0);
	assert_null(sqlauth_certificate_name(certificate, SQLAUTH_MATCH_KINDS, 0));
	sqlauth_certificate_free(certificate);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fingerprint_and_subject_are_what_openssl_prints),
		cmocka_unit_test(the_common_name_is_utf8_whatever_its_string_type),
		cmocka_unit_test(a_certificate_without_names_has_its_fingerprint_only),
		cmocka_unit_test(names_that_are_no_names_are_left_out),
		cmocka_unit_test(strings_of_broken_characters_are_left_out),
		cmocka_unit_test(a_certificate_whose_subject_is_no_text_is_refused),
		cmocka_unit_test(a_name_of_4096_bytes_is_kept_and_a_longer_one_left_out),
		cmocka_unit_test(there_may_be_256_alternative_names_but_no_more),
		cmocka_unit_test(a_certificate_with_unreadable_or_repeated_alternative_names_is_refused),
		cmocka_unit_test(the_x509_is_borrowed_or_taken_as_promised),
		cmocka_unit_test(the_error_queue_of_openssl_is_left_as_it_was),
		cmocka_unit_test(kinds_have_their_words_and_others_are_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
