/* The forms of crypt(5), computed by the system's crypt_r(3): bcrypt, yescrypt, SHA-crypt. The work that a hash asks
 * for is read from it here, since crypt_r itself would do any amount. */
#include <crypt.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "password_scheme.h"
#include "sqlauth/secret.h"

#define BCRYPT_COST_MIN        4 /* crypt(5) */
#define BCRYPT_COST_MAX        31
#define BCRYPT_CHARACTERS      53 /* 22 of salt, 31 of hash */
#define SHA_ROUNDS_MIN         1000
#define SHA_SALT_MAX           16
#define SHA256_CHARACTERS      43
#define SHA512_CHARACTERS      86
#define YESCRYPT_SALT_MAX      86 /* 512 bits */
#define YESCRYPT_CHARACTERS    43
#define YESCRYPT_ONE_CHARACTER 48 /* larger values begin a number of several characters */
#define YESCRYPT_N_LOG2_MIN    2  /* libxcrypt computes no less */
#define YESCRYPT_BLOCK_BYTES   128

/* libxcrypt refuses passphrases of CRYPT_MAX_PASSPHRASE_SIZE (512) and more, so no hash of one exists. */
#define PHRASE_SIZE 512

/* Kept off the stack: struct crypt_data is 32 KiB. */
struct work {
	struct crypt_data data;
	char phrase[PHRASE_SIZE];
};

enum sqlauth_error sqlauth_password_parse_bcrypt(
	struct sqlauth_password_parts *parts, const struct sqlauth_password_limits *limits)
{
	const char *at = parts->fields;
	unsigned cost;

	(void)limits;
	if (at[0] < '0' || at[0] > '9' || at[1] < '0' || at[1] > '9')
		return SQLAUTH_ERROR_INVALID;
	cost = (unsigned)(at[0] - '0') * 10 + (unsigned)(at[1] - '0');
	at += 2;
	if (!(sqlauth_field_literal(&at, "$") && sqlauth_field_crypt64(&at, BCRYPT_CHARACTERS, BCRYPT_CHARACTERS) &&
		    *at == '\0'))
		return SQLAUTH_ERROR_INVALID;
	if (cost < BCRYPT_COST_MIN || cost > BCRYPT_COST_MAX)
		return SQLAUTH_ERROR_INVALID;
	return cost > SQLAUTH_BCRYPT_COST_MAX ? SQLAUTH_ERROR_LIMIT : SQLAUTH_OK;
}

static enum sqlauth_error parse_shacrypt(const struct sqlauth_password_parts *parts, size_t characters)
{
	const char *at = parts->fields;
	uint32_t rounds = SHA_ROUNDS_MIN;

	if (sqlauth_field_literal(&at, "rounds=") &&
		!(sqlauth_field_number(&at, &rounds) && sqlauth_field_literal(&at, "$")))
		return SQLAUTH_ERROR_INVALID;
	/* passwd(5) gives these characters other meanings; libxcrypt refuses them. */
	if (!(sqlauth_field_text(&at, "$!*:;\\", 1, SHA_SALT_MAX) && sqlauth_field_literal(&at, "$") &&
		    sqlauth_field_crypt64(&at, characters, characters) && *at == '\0'))
		return SQLAUTH_ERROR_INVALID;
	if (rounds < SHA_ROUNDS_MIN)
		return SQLAUTH_ERROR_INVALID;
	return rounds > SQLAUTH_CRYPT_ROUNDS_MAX ? SQLAUTH_ERROR_LIMIT : SQLAUTH_OK;
}

enum sqlauth_error sqlauth_password_parse_sha256crypt(
	struct sqlauth_password_parts *parts, const struct sqlauth_password_limits *limits)
{
	(void)limits;
	return parse_shacrypt(parts, SHA256_CHARACTERS);
}

enum sqlauth_error sqlauth_password_parse_sha512crypt(
	struct sqlauth_password_parts *parts, const struct sqlauth_password_limits *limits)
{
	(void)limits;
	return parse_shacrypt(parts, SHA512_CHARACTERS);
}

/* yescrypt writes its salt in groups of four characters for three bytes; the last group may be shorter, and what it
 * holds beyond whole bytes is zero (decode64 in libxcrypt's alg-yescrypt-common.c). */
static bool yescrypt_salt_is_whole(const char *salt, size_t length)
{
	unsigned last = sqlauth_field_crypt64_value(salt[length - 1]);

	switch (length % 4) {
	case 0:
		return true;
	case 2:
		return last < 1u << 2;
	case 3:
		return last < 1u << 4;
	default:
		return false;
	}
}

/* Reads log2(N) and r, each written one less and as one character by crypt_gensalt(3) for all its costs. Larger
 * numbers, of several characters, are beyond every limit and not read. */
static enum sqlauth_error read_yescrypt_number(const char **at, unsigned *number_r)
{
	unsigned value = sqlauth_field_crypt64_value(**at);

	if (value == SQLAUTH_CRYPT64_NONE)
		return SQLAUTH_ERROR_INVALID;
	if (value >= YESCRYPT_ONE_CHARACTER)
		return SQLAUTH_ERROR_LIMIT;
	*number_r = value + 1;
	(*at)++;
	return SQLAUTH_OK;
}

enum sqlauth_error sqlauth_password_parse_yescrypt(
	struct sqlauth_password_parts *parts, const struct sqlauth_password_limits *limits)
{
	const char *at = parts->fields;
	const char *salt;
	unsigned n_log2, r;
	enum sqlauth_error error;

	error = read_yescrypt_number(&at, &n_log2);
	if (!error)
		error = read_yescrypt_number(&at, &r);
	if (error)
		return error;
	/* Optional numbers of yescrypt (parallelism, time, upgrades) would stand here. */
	if (sqlauth_field_crypt64_value(*at) != SQLAUTH_CRYPT64_NONE)
		return SQLAUTH_ERROR_UNSUPPORTED;
	salt = at + 1;
	if (!(sqlauth_field_literal(&at, "$") && sqlauth_field_crypt64(&at, 1, YESCRYPT_SALT_MAX) &&
		    yescrypt_salt_is_whole(salt, (size_t)(at - salt)) && sqlauth_field_literal(&at, "$") &&
		    sqlauth_field_crypt64(&at, YESCRYPT_CHARACTERS, YESCRYPT_CHARACTERS) && *at == '\0'))
		return SQLAUTH_ERROR_INVALID;
	if (n_log2 < YESCRYPT_N_LOG2_MIN)
		return SQLAUTH_ERROR_INVALID;
	/* 128 * r * N bytes, compared without an overflow. */
	return limits->memory_bytes / YESCRYPT_BLOCK_BYTES >> n_log2 < r ? SQLAUTH_ERROR_LIMIT : SQLAUTH_OK;
}

/* crypt_r fails with NULL or with a text that is no hash and begins with '*'. Its EINVAL stands for a form that this
 * libcrypt does not have, and for a lack of memory in yescrypt too. */
static enum sqlauth_error compute_and_compare(struct work *work, const char *encoded)
{
	const char *computed;

	errno = 0;
	computed = crypt_r(work->phrase, encoded, &work->data);
	if (!computed || computed[0] == '*')
		return errno == ENOMEM ? SQLAUTH_ERROR_MEMORY : SQLAUTH_ERROR_SYSTEM;
	if (strlen(computed) != strlen(encoded))
		return SQLAUTH_ERROR_MISMATCH;
	return sqlauth_password_compare(computed, encoded, strlen(encoded));
}

enum sqlauth_error sqlauth_password_verify_crypt(
	const struct sqlauth_password_parts *parts, const char *password, size_t length)
{
	bool fits = length < PHRASE_SIZE && !memchr(password, '\0', length);
	struct work *work = calloc(1, sizeof *work);
	enum sqlauth_error error;

	if (!work)
		return SQLAUTH_ERROR_MEMORY;
	/* A password that crypt(3) cannot take is hashed as far as it goes, so that its refusal takes as long. */
	memcpy(work->phrase, password, length < PHRASE_SIZE ? length : PHRASE_SIZE - 1);
	error = compute_and_compare(work, parts->encoded);
	if (!fits && error == SQLAUTH_OK)
		error = SQLAUTH_ERROR_MISMATCH;
	sqlauth_secret_wipe(work, sizeof *work);
	free(work);
	return error;
}
