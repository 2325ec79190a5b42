/* $argon2id$ and $argon2i$ of version 19 (RFC 9106), as libsodium, the argon2 command and Mosquitto 2.1 write them;
 * the making of new hashes; the decoy. libsodium computes, and reads the parameters from the text once more; it
 * verifies every number of lanes (one after the other, in the calling thread) and every salt and hash length that
 * the parser accepts. */
#include <errno.h>
#include <sodium.h>
#include <string.h>
#include <sys/mman.h>

#include "password_scheme.h"

#define SALT_BYTES_MIN    8                /* RFC 9106, 3.1, says 8 to 2^32-1; so does libsodium */
#define LANES_MAX         0xffffff         /* RFC 9106, 3.1 */
#define KIB_PER_LANE_MIN  8                /* RFC 9106, 3.1: m is at least 8*p */
#define DEFAULT_PASSES    2                /* with 19 MiB: OWASP Password Storage Cheat Sheet */
#define DEFAULT_MEMORY    (19456UL * 1024) /* bytes */
#define BASE64_NO_PADDING sodium_base64_VARIANT_ORIGINAL_NO_PADDING

_Static_assert(crypto_pwhash_argon2id_STRBYTES <= SQLAUTH_HASH_SIZE, "a hash of libsodium fits");

static bool read_fields(struct sqlauth_password_parts *parts, uint32_t *passes_r, uint32_t *lanes_r)
{
	const char *at = parts->fields;

	return sqlauth_field_literal(&at, "m=") && sqlauth_field_number(&at, &parts->kib) &&
	       sqlauth_field_literal(&at, ",t=") && sqlauth_field_number(&at, passes_r) &&
	       sqlauth_field_literal(&at, ",p=") && sqlauth_field_number(&at, lanes_r) &&
	       sqlauth_field_literal(&at, "$") && sqlauth_field_base64(&at, BASE64_NO_PADDING, &parts->salt) &&
	       sqlauth_field_literal(&at, "$") && sqlauth_field_base64(&at, BASE64_NO_PADDING, &parts->digest) &&
	       *at == '\0';
}

enum sqlauth_error sqlauth_password_parse_argon2(
	struct sqlauth_password_parts *parts, const struct sqlauth_password_limits *limits)
{
	uint32_t passes, lanes;

	if (!read_fields(parts, &passes, &lanes))
		return SQLAUTH_ERROR_INVALID;
	if (lanes > LANES_MAX || parts->kib / KIB_PER_LANE_MIN < lanes)
		return SQLAUTH_ERROR_INVALID;
	if (parts->salt.length < SALT_BYTES_MIN || parts->digest.length < SQLAUTH_DIGEST_BYTES_MIN)
		return SQLAUTH_ERROR_INVALID;
	if (parts->kib > limits->memory_bytes / 1024 || (uint64_t)parts->kib * passes > SQLAUTH_ARGON2_KIB_PASSES_MAX)
		return SQLAUTH_ERROR_LIMIT;
	return SQLAUTH_OK;
}

/* Whether the system would give this much memory now; touches none of it. */
static bool memory_is_there(size_t bytes)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return false;
	munmap(memory, bytes);
	return true;
}

/* libsodium returns -1 for a wrong password and for a lack of memory alike, and before 1.0.19 calls both EINVAL. It
 * gives up at once when it gets no memory, so that asking right afterwards finds the same lack: a right password is not
 * to be taken, and remembered, for a wrong one. */
static enum sqlauth_error verdict(int result, const struct sqlauth_password_parts *parts)
{
	int number = errno;

	if (result == 0)
		return SQLAUTH_OK;
	if (number == ENOMEM || !memory_is_there((size_t)parts->kib * 1024))
		return SQLAUTH_ERROR_MEMORY;
	return number == EINVAL ? SQLAUTH_ERROR_MISMATCH : SQLAUTH_ERROR_SYSTEM;
}

enum sqlauth_error sqlauth_password_verify_argon2id(
	const struct sqlauth_password_parts *parts, const char *password, size_t length)
{
	errno = 0;
	return verdict(crypto_pwhash_argon2id_str_verify(parts->encoded, password, length), parts);
}

enum sqlauth_error sqlauth_password_verify_argon2i(
	const struct sqlauth_password_parts *parts, const char *password, size_t length)
{
	errno = 0;
	return verdict(crypto_pwhash_argon2i_str_verify(parts->encoded, password, length), parts);
}

enum sqlauth_error sqlauth_password_hash(const char *password, size_t length, char hash_r[SQLAUTH_HASH_SIZE])
{
	char hash[crypto_pwhash_argon2id_STRBYTES];

	if (length == 0)
		return SQLAUTH_ERROR_INVALID;
	if (length > SQLAUTH_PASSWORD_BYTES_MAX)
		return SQLAUTH_ERROR_LIMIT;
	errno = 0;
	if (crypto_pwhash_argon2id_str(hash, password, length, DEFAULT_PASSES, DEFAULT_MEMORY) != 0)
		return errno == ENOMEM ? SQLAUTH_ERROR_MEMORY : SQLAUTH_ERROR_SYSTEM;
	memcpy(hash_r, hash, sizeof hash);
	return SQLAUTH_OK;
}

const char *sqlauth_password_decoy(void)
{
	/* The salt reads "sqlauth's decoy." and the hash "no password hashes to this value": nobody computed it from a
	 * password, and to find one that fits is to break Argon2. */
	return "$argon2id$v=19$m=19456,t=2,p=1$c3FsYXV0aCdzIGRlY295Lg$bm8gcGFzc3dvcmQgaGFzaGVzIHRvIHRoaXMgdmFsdWU";
}
