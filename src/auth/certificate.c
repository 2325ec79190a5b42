/* X.509 client certificates turned into the names by which the tables know them. Knows neither tables nor trust, nor
 * where a certificate came from (certificate_file.c).
 *
 * What a name may be is decided here, before OpenSSL converts anything: so a conversion that fails has run out of
 * memory, and is an error. A name that went missing for lack of memory would let the lookup go on to a less specific
 * kind of name, and find somebody else.
 *
 * The broker asks OpenSSL's error queue how its own connections are; every function leaves the queue as it was.
 */
#include "sqlauth/certificate.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sqlauth/utf8.h"

#define SHA256_BYTES 32

struct sqlauth_certificate {
	struct list {
		char **names; /* owned, each of them too */
		size_t count;
	} lists[SQLAUTH_MATCH_KINDS];
};

static const char *const kind_words[SQLAUTH_MATCH_KINDS] = {
	[SQLAUTH_MATCH_FINGERPRINT] = "fingerprint",
	[SQLAUTH_MATCH_URI] = "uri",
	[SQLAUTH_MATCH_DNS] = "dns",
	[SQLAUTH_MATCH_EMAIL] = "email",
	[SQLAUTH_MATCH_SUBJECT] = "subject",
	[SQLAUTH_MATCH_COMMON_NAME] = "common_name",
};

/* The ASN.1 string types of names (X.520 DirectoryString, RFC 5280 4.1.2.4): the bytes of a character (0: UTF-8) and
 * the largest code point. T61String is read as Latin-1, which is what it holds in practice and how OpenSSL reads it. */
static const struct string_type {
	int type;
	size_t width;
	uint32_t code_max;
} string_types[] = {
	{V_ASN1_UTF8STRING, 0, 0x10ffff},
	{V_ASN1_NUMERICSTRING, 1, 0x7f},
	{V_ASN1_PRINTABLESTRING, 1, 0x7f},
	{V_ASN1_IA5STRING, 1, 0x7f},
	{V_ASN1_VISIBLESTRING, 1, 0x7f},
	{V_ASN1_T61STRING, 1, 0xff},
	{V_ASN1_BMPSTRING, 2, 0xffff},
	{V_ASN1_UNIVERSALSTRING, 4, 0x10ffff},
};

/* The alternative names that the tables know; all three are IA5String (RFC 5280, 4.2.1.6). */
static const struct {
	int tag;
	enum sqlauth_match_by kind;
} alternative_kinds[] = {
	{GEN_URI, SQLAUTH_MATCH_URI},
	{GEN_DNS, SQLAUTH_MATCH_DNS},
	{GEN_EMAIL, SQLAUTH_MATCH_EMAIL},
};

const char *sqlauth_match_by_word(enum sqlauth_match_by kind)
{
	return (size_t)kind < SQLAUTH_MATCH_KINDS ? kind_words[kind] : "unknown";
}

void sqlauth_certificate_free(struct sqlauth_certificate *certificate)
{
	if (!certificate)
		return;
	for (size_t kind = 0; kind < SQLAUTH_MATCH_KINDS; kind++) {
		for (size_t i = 0; i < certificate->lists[kind].count; i++)
			free(certificate->lists[kind].names[i]);
		free(certificate->lists[kind].names);
	}
	free(certificate);
}

size_t sqlauth_certificate_count(const struct sqlauth_certificate *certificate, enum sqlauth_match_by kind)
{
	return (size_t)kind < SQLAUTH_MATCH_KINDS ? certificate->lists[kind].count : 0;
}

const char *sqlauth_certificate_name(
	const struct sqlauth_certificate *certificate, enum sqlauth_match_by kind, size_t i)
{
	return i < sqlauth_certificate_count(certificate, kind) ? certificate->lists[kind].names[i] : NULL;
}

const char *sqlauth_certificate_fingerprint(const struct sqlauth_certificate *certificate)
{
	return sqlauth_certificate_name(certificate, SQLAUTH_MATCH_FINGERPRINT, 0);
}

/* ---- strings of names ---- */

static const struct string_type *find_string_type(int type)
{
	for (size_t i = 0; i < sizeof string_types / sizeof string_types[0]; i++) {
		if (string_types[i].type == type)
			return &string_types[i];
	}
	return NULL;
}

/* Reads one character, as sqlauth_utf8_decode does. */
static size_t decode_character(
	const struct string_type *type, const unsigned char *bytes, size_t length, uint32_t *code_r)
{
	uint32_t code = 0;

	if (type->width == 0)
		return sqlauth_utf8_decode((const char *)bytes, length, code_r);
	if (length < type->width)
		return 0;
	for (size_t i = 0; i < type->width; i++)
		code = code << 8 | bytes[i];
	if (code > type->code_max || (code >= 0xd800 && code <= 0xdfff))
		return 0;
	*code_r = code;
	return type->width;
}

/* Whether every character is one that the type may hold, and none is NUL. */
static bool is_valid_string(const struct string_type *type, const ASN1_STRING *string)
{
	const unsigned char *bytes = ASN1_STRING_get0_data(string);
	size_t length = (size_t)ASN1_STRING_length(string);

	for (size_t i = 0; i < length;) {
		uint32_t code = 0;
		size_t character = decode_character(type, bytes + i, length - i, &code);

		if (character == 0 || code == 0)
			return false;
		i += character;
	}
	return true;
}

static void lower_ascii(char *string)
{
	for (; *string; string++) {
		if (*string >= 'A' && *string <= 'Z')
			*string = (char)(*string - 'A' + 'a');
	}
}

/* Adds a copy of bytes[0..length-1]; leaves a name out that is empty or too long. */
static enum sqlauth_error add_name(
	struct sqlauth_certificate *certificate, enum sqlauth_match_by kind, const char *bytes, size_t length)
{
	struct list *list = &certificate->lists[kind];
	char **names, *copy;

	if (length == 0 || length > SQLAUTH_CERTIFICATE_NAME_BYTES_MAX)
		return SQLAUTH_OK;
	names = realloc(list->names, (list->count + 1) * sizeof *names);
	if (!names)
		return SQLAUTH_ERROR_MEMORY;
	list->names = names;
	copy = malloc(length + 1);
	if (!copy)
		return SQLAUTH_ERROR_MEMORY;
	memcpy(copy, bytes, length);
	copy[length] = '\0';
	if (kind == SQLAUTH_MATCH_DNS)
		lower_ascii(copy);
	names[list->count++] = copy;
	return SQLAUTH_OK;
}

/* ---- the names of a certificate ---- */

static enum sqlauth_error read_fingerprint(struct sqlauth_certificate *certificate, const X509 *x509)
{
	static const char digits[] = "0123456789ABCDEF";
	char fingerprint[SQLAUTH_FINGERPRINT_SIZE] = SQLAUTH_FINGERPRINT_PREFIX;
	unsigned char digest[EVP_MAX_MD_SIZE];
	char *end = fingerprint + strlen(fingerprint);

	if (!X509_digest(x509, EVP_sha256(), digest, NULL))
		return SQLAUTH_ERROR_SYSTEM;
	for (size_t i = 0; i < SHA256_BYTES; i++) {
		*end++ = digits[digest[i] >> 4];
		*end++ = digits[digest[i] & 0x0f];
	}
	return add_name(certificate, SQLAUTH_MATCH_FINGERPRINT, fingerprint, (size_t)(end - fingerprint));
}

/* Whether all strings of the subject are valid. Values of other types are printed in hexadecimal. */
static bool is_valid_subject(const X509_NAME *subject)
{
	for (int i = 0; i < X509_NAME_entry_count(subject); i++) {
		const ASN1_STRING *value = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, i));
		const struct string_type *type = find_string_type(ASN1_STRING_type(value));

		if (type && !is_valid_string(type, value))
			return false;
	}
	return true;
}

static enum sqlauth_error read_subject(struct sqlauth_certificate *certificate, const X509_NAME *subject)
{
	enum sqlauth_error error = SQLAUTH_ERROR_MEMORY;
	char *text = NULL;
	BIO *bio;
	long length;

	if (!is_valid_subject(subject))
		return SQLAUTH_OK;
	bio = BIO_new(BIO_s_mem());
	if (!bio || X509_NAME_print_ex(bio, subject, 0, XN_FLAG_RFC2253) < 0)
		goto out;
	length = BIO_get_mem_data(bio, &text);
	error = add_name(certificate, SQLAUTH_MATCH_SUBJECT, text, length > 0 ? (size_t)length : 0);
out:
	BIO_free(bio);
	return error;
}

/* The value of the subject's only common name; NULL where it has none or several. */
static const ASN1_STRING *find_common_name(const X509_NAME *subject)
{
	const ASN1_STRING *found = NULL;

	for (int i = 0; i < X509_NAME_entry_count(subject); i++) {
		const X509_NAME_ENTRY *entry = X509_NAME_get_entry(subject, i);

		if (OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry)) != NID_commonName)
			continue;
		if (found)
			return NULL;
		found = X509_NAME_ENTRY_get_data(entry);
	}
	return found;
}

static enum sqlauth_error read_common_name(struct sqlauth_certificate *certificate, const X509_NAME *subject)
{
	const ASN1_STRING *value = find_common_name(subject);
	const struct string_type *type = value ? find_string_type(ASN1_STRING_type(value)) : NULL;
	unsigned char *text = NULL;
	enum sqlauth_error error;
	int length;

	if (!type || !is_valid_string(type, value))
		return SQLAUTH_OK;
	length = ASN1_STRING_to_UTF8(&text, value);
	if (length < 0)
		return SQLAUTH_ERROR_MEMORY;
	error = add_name(certificate, SQLAUTH_MATCH_COMMON_NAME, (const char *)text, (size_t)length);
	OPENSSL_free(text);
	return error;
}

static enum sqlauth_error add_alternative_name(struct sqlauth_certificate *certificate, const GENERAL_NAME *name)
{
	int tag;
	const ASN1_STRING *value = GENERAL_NAME_get0_value(name, &tag);

	for (size_t i = 0; i < sizeof alternative_kinds / sizeof alternative_kinds[0]; i++) {
		if (alternative_kinds[i].tag != tag)
			continue;
		if (!is_valid_string(find_string_type(V_ASN1_IA5STRING), value))
			return SQLAUTH_OK;
		return add_name(certificate, alternative_kinds[i].kind, (const char *)ASN1_STRING_get0_data(value),
			(size_t)ASN1_STRING_length(value));
	}
	return SQLAUTH_OK;
}

/* A certificate whose alternative names cannot be read, or that has them twice, is refused whole: what it says about
 * itself is unknown, and the less specific names must not stand in for it. */
static enum sqlauth_error read_alternative_names(struct sqlauth_certificate *certificate, const X509 *x509)
{
	enum sqlauth_error error = SQLAUTH_OK;
	int critical; /* -1: no such extension */
	GENERAL_NAMES *names = X509_get_ext_d2i(x509, NID_subject_alt_name, &critical, NULL);

	if (!names)
		return critical == -1 ? SQLAUTH_OK : SQLAUTH_ERROR_INVALID;
	if (sk_GENERAL_NAME_num(names) > SQLAUTH_CERTIFICATE_NAMES_MAX)
		error = SQLAUTH_ERROR_LIMIT;
	for (int i = 0; i < sk_GENERAL_NAME_num(names) && error == SQLAUTH_OK; i++)
		error = add_alternative_name(certificate, sk_GENERAL_NAME_value(names, i));
	GENERAL_NAMES_free(names);
	return error;
}

static enum sqlauth_error read_names(struct sqlauth_certificate *certificate, const X509 *x509)
{
	const X509_NAME *subject = X509_get_subject_name(x509);
	enum sqlauth_error error;

	error = read_fingerprint(certificate, x509);
	if (error == SQLAUTH_OK)
		error = read_alternative_names(certificate, x509);
	if (error == SQLAUTH_OK)
		error = read_subject(certificate, subject);
	if (error == SQLAUTH_OK)
		error = read_common_name(certificate, subject);
	return error;
}

enum sqlauth_error sqlauth_certificate_from_x509(const void *x509, struct sqlauth_certificate **certificate_r)
{
	struct sqlauth_certificate *certificate;
	enum sqlauth_error error;

	if (!x509)
		return SQLAUTH_ERROR_INVALID;
	certificate = calloc(1, sizeof *certificate);
	if (!certificate)
		return SQLAUTH_ERROR_MEMORY;
	ERR_set_mark();
	error = read_names(certificate, x509);
	ERR_pop_to_mark();
	if (error == SQLAUTH_OK)
		*certificate_r = certificate;
	else
		sqlauth_certificate_free(certificate);
	return error;
}

enum sqlauth_error sqlauth_certificate_take_x509(void *x509, struct sqlauth_certificate **certificate_r)
{
	enum sqlauth_error error = sqlauth_certificate_from_x509(x509, certificate_r);

	X509_free(x509);
	return error;
}
