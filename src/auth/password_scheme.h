/* What password.c and the files of the single forms share: the parts of an encoded hash and the reading of its fields.
 * Private to src/auth/password*.c. Each form has one parser, which reads everything, checks the limits and computes
 * nothing, and one verify function, which is only ever called with what that parser accepted. */
#ifndef SQLAUTH_PASSWORD_SCHEME_H
#define SQLAUTH_PASSWORD_SCHEME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sqlauth/password.h"

/* Any base64 field of an encoded hash fits, whatever its form allows. */
#define SQLAUTH_FIELD_BYTES_MAX (SQLAUTH_HASH_BYTES_MAX / 4 * 3)

/* A shorter hash is refused: the right password would be too easy to come by. */
#define SQLAUTH_DIGEST_BYTES_MIN 16

struct sqlauth_password_field {
	unsigned char bytes[SQLAUTH_FIELD_BYTES_MAX];
	size_t length;
};

struct sqlauth_password_parts {
	const char *encoded; /* the whole hash; borrowed, at most SQLAUTH_HASH_BYTES_MAX bytes */
	const char *fields;  /* what follows the form's prefix; points into encoded */

	/* Filled by the parsers of the forms that have them. */
	uint32_t kib;        /* of memory for Argon2 */
	uint32_t iterations; /* of PBKDF2 */
	size_t block_bytes;  /* of the hash function under PBKDF2 */
	const char *salt_text;
	size_t salt_text_length;
	struct sqlauth_password_field salt; /* length 0: salt_text is not base64 */
	struct sqlauth_password_field digest;
};

/* OK, INVALID, LIMIT or UNSUPPORTED, as sqlauth_password_inspect. Reads parts->fields. */
typedef enum sqlauth_error sqlauth_password_parse_function(
	struct sqlauth_password_parts *parts, const struct sqlauth_password_limits *limits);

/* OK, MISMATCH, MEMORY or SYSTEM. The password is not NULL and at
 * most SQLAUTH_PASSWORD_BYTES_MAX long. */
typedef enum sqlauth_error sqlauth_password_verify_function(
	const struct sqlauth_password_parts *parts, const char *password, size_t length);

sqlauth_password_parse_function sqlauth_password_parse_argon2;
sqlauth_password_parse_function sqlauth_password_parse_secret;
sqlauth_password_parse_function sqlauth_password_parse_mosquitto_pbkdf2;
sqlauth_password_parse_function sqlauth_password_parse_mosquitto_sha512;
sqlauth_password_parse_function sqlauth_password_parse_pbkdf2_sha256;
sqlauth_password_parse_function sqlauth_password_parse_pbkdf2_sha512;
sqlauth_password_parse_function sqlauth_password_parse_bcrypt;
sqlauth_password_parse_function sqlauth_password_parse_yescrypt;
sqlauth_password_parse_function sqlauth_password_parse_sha256crypt;
sqlauth_password_parse_function sqlauth_password_parse_sha512crypt;

sqlauth_password_verify_function sqlauth_password_verify_argon2id;
sqlauth_password_verify_function sqlauth_password_verify_argon2i;
sqlauth_password_verify_function sqlauth_password_verify_secret;
sqlauth_password_verify_function sqlauth_password_verify_mosquitto_sha512;
sqlauth_password_verify_function sqlauth_password_verify_pbkdf2;
sqlauth_password_verify_function sqlauth_password_verify_crypt;

/* The field readers move *at behind what they read; where they return false, nothing has changed. */

/* Reads exactly this text. */
bool sqlauth_field_literal(const char **at, const char *literal);

/* Reads a decimal number from 1 to 2^32-1: no sign, no leading zero. */
bool sqlauth_field_number(const char **at, uint32_t *number_r);

/* Reads `minimum` to `maximum` characters of visible ASCII other than those of `excluded`. */
bool sqlauth_field_text(const char **at, const char *excluded, size_t minimum, size_t maximum);

/* Reads canonical base64 (variant: sodium_base64_VARIANT_...) up to the next '$' or the end; may be empty. */
bool sqlauth_field_base64(const char **at, int variant, struct sqlauth_password_field *field_r);

/* Reads `minimum` to `maximum` characters of crypt(5)'s alphabet: . / 0-9 A-Z a-z. */
bool sqlauth_field_crypt64(const char **at, size_t minimum, size_t maximum);

/* The value, 0 to 63, of a character of crypt(5)'s alphabet; SQLAUTH_CRYPT64_NONE for every other one. */
#define SQLAUTH_CRYPT64_NONE 64u
unsigned sqlauth_field_crypt64_value(char character);

/* OK or MISMATCH; takes the same time wherever the bytes differ. */
enum sqlauth_error sqlauth_password_compare(const void *computed, const void *stored, size_t length);

#endif
