/* PBKDF2 through OpenSSL: $7$ of mosquitto_passwd and the dynamic security plugin, and PBKDF2$ of mosquitto-auth-plug
 * and mosquitto-go-auth. */
#include <openssl/err.h>
#include <openssl/evp.h>
#include <sodium.h>
#include <string.h>

#include "password_scheme.h"

#define SHA256_BYTES        32
#define SHA384_BYTES        48 /* no digest of ours, but a key length that people choose */
#define SHA512_BYTES        64
#define DERIVED_BYTES_MAX   64
#define BASE64              sodium_base64_VARIANT_ORIGINAL
#define AUTH_PLUG_KEY_BYTES 24 /* what the np tool of mosquitto-auth-plug derives */

enum sqlauth_error sqlauth_password_parse_mosquitto_pbkdf2(
	struct sqlauth_password_parts *parts, const struct sqlauth_password_limits *limits)
{
	const char *at = parts->fields;

	(void)limits;
	if (!(sqlauth_field_number(&at, &parts->iterations) && sqlauth_field_literal(&at, "$") &&
		    sqlauth_field_base64(&at, BASE64, &parts->salt) && sqlauth_field_literal(&at, "$") &&
		    sqlauth_field_base64(&at, BASE64, &parts->digest) && *at == '\0'))
		return SQLAUTH_ERROR_INVALID;
	if (parts->salt.length == 0 || parts->digest.length != SHA512_BYTES)
		return SQLAUTH_ERROR_INVALID;
	parts->block_bytes = SHA512_BYTES;
	return parts->iterations > SQLAUTH_PBKDF2_ITERATIONS_MAX ? SQLAUTH_ERROR_LIMIT : SQLAUTH_OK;
}

/* A key that PBKDF2 derives is the beginning of every longer one, so a truncated hash would be right for the same
 * password. What truncation leaves of base64 has no padding and stands for a multiple of three bytes: of these
 * only the lengths that are in use are taken. */
static bool derived_length_is_plausible(size_t length)
{
	if (length < SQLAUTH_DIGEST_BYTES_MIN || length > DERIVED_BYTES_MAX)
		return false;
	return length % 3 != 0 || length == AUTH_PLUG_KEY_BYTES || length == SHA384_BYTES;
}

/* How often HMAC is computed, over all blocks of the key and both readings of the salt. */
static uint64_t work_of(const struct sqlauth_password_parts *parts)
{
	uint64_t blocks = (parts->digest.length + parts->block_bytes - 1) / parts->block_bytes;
	uint64_t readings = parts->salt.length > 0 ? 2 : 1;

	return parts->iterations * blocks * readings;
}

static enum sqlauth_error parse_pbkdf2(struct sqlauth_password_parts *parts, size_t block_bytes)
{
	const char *at = parts->fields;

	if (!(sqlauth_field_number(&at, &parts->iterations) && sqlauth_field_literal(&at, "$")))
		return SQLAUTH_ERROR_INVALID;
	parts->salt_text = at;
	if (!sqlauth_field_text(&at, "$", 1, SQLAUTH_FIELD_BYTES_MAX))
		return SQLAUTH_ERROR_INVALID;
	parts->salt_text_length = (size_t)(at - parts->salt_text);
	if (!(sqlauth_field_literal(&at, "$") && sqlauth_field_base64(&at, BASE64, &parts->digest) && *at == '\0'))
		return SQLAUTH_ERROR_INVALID;
	if (!derived_length_is_plausible(parts->digest.length))
		return SQLAUTH_ERROR_INVALID;

	at = parts->salt_text;
	if (!sqlauth_field_base64(&at, BASE64, &parts->salt))
		parts->salt.length = 0;
	parts->block_bytes = block_bytes;
	return work_of(parts) > SQLAUTH_PBKDF2_ITERATIONS_MAX ? SQLAUTH_ERROR_LIMIT : SQLAUTH_OK;
}

enum sqlauth_error sqlauth_password_parse_pbkdf2_sha256(
	struct sqlauth_password_parts *parts, const struct sqlauth_password_limits *limits)
{
	(void)limits;
	return parse_pbkdf2(parts, SHA256_BYTES);
}

enum sqlauth_error sqlauth_password_parse_pbkdf2_sha512(
	struct sqlauth_password_parts *parts, const struct sqlauth_password_limits *limits)
{
	(void)limits;
	return parse_pbkdf2(parts, SHA512_BYTES);
}

/* Derives a key from one reading of the salt and compares it with the stored one. */
static enum sqlauth_error try_salt(const struct sqlauth_password_parts *parts, const char *password, size_t length,
	const void *salt, size_t salt_length)
{
	const EVP_MD *digest = parts->block_bytes == SHA256_BYTES ? EVP_sha256() : EVP_sha512();
	unsigned char derived[DERIVED_BYTES_MAX];
	enum sqlauth_error error = SQLAUTH_ERROR_SYSTEM;

	/* The broker's TLS connections share this thread's queue of OpenSSL errors and must not find ours. */
	(void)ERR_set_mark();
	if (PKCS5_PBKDF2_HMAC(password, (int)length, salt, (int)salt_length, (int)parts->iterations, digest,
		    (int)parts->digest.length, derived) == 1)
		error = sqlauth_password_compare(derived, parts->digest.bytes, parts->digest.length);
	(void)ERR_pop_to_mark();
	sodium_memzero(derived, sizeof derived);
	return error;
}

enum sqlauth_error sqlauth_password_verify_pbkdf2(
	const struct sqlauth_password_parts *parts, const char *password, size_t length)
{
	enum sqlauth_error as_text = SQLAUTH_ERROR_MISMATCH;
	enum sqlauth_error decoded = SQLAUTH_ERROR_MISMATCH;

	/* mosquitto-auth-plug feeds the salt's base64 text to PBKDF2, mosquitto-go-auth the bytes it stands for. Every
	 * reading is tried every time: how long it takes depends on the stored hash alone. */
	if (parts->salt_text)
		as_text = try_salt(parts, password, length, parts->salt_text, parts->salt_text_length);
	if (parts->salt.length > 0)
		decoded = try_salt(parts, password, length, parts->salt.bytes, parts->salt.length);
	if (as_text == SQLAUTH_OK || decoded == SQLAUTH_OK)
		return SQLAUTH_OK;
	return as_text != SQLAUTH_ERROR_MISMATCH ? as_text : decoded;
}
