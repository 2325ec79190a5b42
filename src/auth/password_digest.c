/* The forms that cost one pass of a fast hash: $6$ of mosquitto_passwd, which old password files are full of, and our
 * own $secret$, which is for secrets of 256 random bits only and therefore made here together with them. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "password_scheme.h"

#define SECRET_BYTES      32 /* random bytes behind a generated secret */
#define SECRET_SALT_BYTES 16
#define SECRET_HASH_BYTES 32 /* BLAKE2b-256 */
#define BASE64            sodium_base64_VARIANT_ORIGINAL
#define BASE64_URL        sodium_base64_VARIANT_URLSAFE_NO_PADDING

_Static_assert(sodium_base64_ENCODED_LEN(SECRET_BYTES, BASE64_URL) == SQLAUTH_SECRET_SIZE, "a secret and its NUL");
_Static_assert(SECRET_SALT_BYTES >= crypto_generichash_KEYBYTES_MIN, "a key of BLAKE2b");

static bool read_salt_and_digest(struct sqlauth_password_parts *parts, int variant)
{
	const char *at = parts->fields;

	return sqlauth_field_base64(&at, variant, &parts->salt) && sqlauth_field_literal(&at, "$") &&
	       sqlauth_field_base64(&at, variant, &parts->digest) && *at == '\0';
}

enum sqlauth_error sqlauth_password_parse_mosquitto_sha512(
	struct sqlauth_password_parts *parts, const struct sqlauth_password_limits *limits)
{
	(void)limits;
	if (!read_salt_and_digest(parts, BASE64) || parts->salt.length == 0 ||
		parts->digest.length != crypto_hash_sha512_BYTES)
		return SQLAUTH_ERROR_INVALID;
	return SQLAUTH_OK;
}

enum sqlauth_error sqlauth_password_verify_mosquitto_sha512(
	const struct sqlauth_password_parts *parts, const char *password, size_t length)
{
	crypto_hash_sha512_state state;
	unsigned char digest[crypto_hash_sha512_BYTES];
	enum sqlauth_error error;

	crypto_hash_sha512_init(&state);
	crypto_hash_sha512_update(&state, (const unsigned char *)password, length);
	crypto_hash_sha512_update(&state, parts->salt.bytes, parts->salt.length);
	crypto_hash_sha512_final(&state, digest);
	error = sqlauth_password_compare(digest, parts->digest.bytes, sizeof digest);
	sodium_memzero(&state, sizeof state);
	sodium_memzero(digest, sizeof digest);
	return error;
}

enum sqlauth_error sqlauth_password_parse_secret(
	struct sqlauth_password_parts *parts, const struct sqlauth_password_limits *limits)
{
	(void)limits;
	if (!read_salt_and_digest(parts, BASE64_URL) || parts->salt.length != SECRET_SALT_BYTES ||
		parts->digest.length != SECRET_HASH_BYTES)
		return SQLAUTH_ERROR_INVALID;
	return SQLAUTH_OK;
}

static bool digest_secret(const char *secret, size_t length, const unsigned char salt[SECRET_SALT_BYTES],
	unsigned char digest_r[SECRET_HASH_BYTES])
{
	return crypto_generichash(digest_r, SECRET_HASH_BYTES, (const unsigned char *)secret, length, salt,
		       SECRET_SALT_BYTES) == 0;
}

enum sqlauth_error sqlauth_password_verify_secret(
	const struct sqlauth_password_parts *parts, const char *password, size_t length)
{
	unsigned char digest[SECRET_HASH_BYTES];
	enum sqlauth_error error = SQLAUTH_ERROR_SYSTEM;

	if (digest_secret(password, length, parts->salt.bytes, digest))
		error = sqlauth_password_compare(digest, parts->digest.bytes, sizeof digest);
	sodium_memzero(digest, sizeof digest);
	return error;
}

/* Whether these are 256 bits in the encoding of generated secrets; how random they are nobody can tell. */
static bool is_secret(const char *secret, size_t length)
{
	unsigned char bytes[SECRET_BYTES];
	size_t decoded = 0;
	bool is = length == SQLAUTH_SECRET_SIZE - 1 &&
		  sodium_base642bin(bytes, sizeof bytes, secret, length, NULL, &decoded, NULL, BASE64_URL) == 0 &&
		  decoded == sizeof bytes;

	sodium_memzero(bytes, sizeof bytes);
	return is;
}

enum sqlauth_error sqlauth_secret_hash(const char *secret, size_t length, char hash_r[SQLAUTH_HASH_SIZE])
{
	unsigned char salt[SECRET_SALT_BYTES], digest[SECRET_HASH_BYTES];
	char salt_text[sodium_base64_ENCODED_LEN(SECRET_SALT_BYTES, BASE64_URL)];
	char digest_text[sodium_base64_ENCODED_LEN(SECRET_HASH_BYTES, BASE64_URL)];

	if (!is_secret(secret, length))
		return SQLAUTH_ERROR_INVALID;
	randombytes_buf(salt, sizeof salt);
	if (!digest_secret(secret, length, salt, digest))
		return SQLAUTH_ERROR_SYSTEM;
	sodium_bin2base64(salt_text, sizeof salt_text, salt, sizeof salt, BASE64_URL);
	sodium_bin2base64(digest_text, sizeof digest_text, digest, sizeof digest, BASE64_URL);
	snprintf(hash_r, SQLAUTH_HASH_SIZE, "$secret$blake2b$%s$%s", salt_text, digest_text);
	return SQLAUTH_OK;
}

enum sqlauth_error sqlauth_secret_generate(char secret_r[SQLAUTH_SECRET_SIZE], char hash_r[SQLAUTH_HASH_SIZE])
{
	unsigned char random[SECRET_BYTES];
	char secret[SQLAUTH_SECRET_SIZE];
	enum sqlauth_error error;

	randombytes_buf(random, sizeof random);
	sodium_bin2base64(secret, sizeof secret, random, sizeof random, BASE64_URL);
	error = sqlauth_secret_hash(secret, sizeof secret - 1, hash_r);
	if (error == SQLAUTH_OK)
		memcpy(secret_r, secret, sizeof secret);
	sodium_memzero(random, sizeof random);
	sodium_memzero(secret, sizeof secret);
	return error;
}
