/* Password hashes: recognising, bounding, verifying and making the encoded forms of clients.password
 * (docs/security.md).
 *
 *   $argon2id$v=19$m=..,t=..,p=..$SALT$HASH, $argon2i$   RFC 9106, the argon2 reference encoding
 *   $secret$blake2b$SALT$HASH                            ours: unpadded URL-safe base64 of 16 and 32 bytes; keyed
 *                                                        BLAKE2b-256 of the secret, key = SALT
 *   $7$ITER$SALT$HASH                                    mosquitto_passwd: PBKDF2-HMAC-SHA512, base64
 *   $6$SALT$HASH                                         mosquitto_passwd -H sha512: SHA512(password || salt), base64
 *   PBKDF2$sha256|sha512$ITER$SALT$HASH                  mosquitto-auth-plug (salt as text), mosquitto-go-auth
 * (decoded) $2a$ $2b$ $2y$, $y$, $5$, $6$SALT$<86 chars>         crypt(5)
 *
 * Thread rules: all functions may run in any thread after sqlauth_secret_init. Nothing is cached; no secret is kept.
 */
#ifndef SQLAUTH_PASSWORD_H
#define SQLAUTH_PASSWORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sqlauth/error.h"

#define SQLAUTH_PASSWORD_BYTES_MAX 65535 /* MQTT 5.0, 3.1.3.6: binary data has a two-byte length */
#define SQLAUTH_HASH_BYTES_MAX     512   /* an encoded hash, the NUL not counted */
#define SQLAUTH_HASH_SIZE          (SQLAUTH_HASH_BYTES_MAX + 1)
#define SQLAUTH_SECRET_SIZE        44 /* a generated secret: 43 characters (256 bits, URL-safe base64) and a NUL */

/* Work that a stored hash may ask for, so that a row in the table cannot stall the broker. */
struct sqlauth_password_limits {
	uint64_t memory_bytes; /* argon2 and yescrypt; plugin_opt_max_hash_memory */
};
#define SQLAUTH_HASH_MEMORY_DEFAULT (UINT64_C(256) << 20)
#define SQLAUTH_PBKDF2_ITERATIONS_MAX                                                                                  \
	5000000                    /* about 3 s of SHA-512; OWASP 2023 asks for 210,000; over                          \
				    * all blocks of the key and both readings of the salt */
#define SQLAUTH_BCRYPT_COST_MAX 15 /* 2^15 rounds: about 2 s */
#define SQLAUTH_CRYPT_ROUNDS_MAX                                                                                       \
	1000000 /* $5$ and $6$ of crypt(5), whose default is 5,000; about 0.5 s, and 3.5 s for the longest password,   \
		 * which whoever guesses chooses: each round hashes it, almost twice on average */
#define SQLAUTH_ARGON2_KIB_PASSES_MAX (UINT64_C(4) << 20) /* m (KiB) times t: about 4 s */

enum sqlauth_password_scheme {
	SQLAUTH_SCHEME_ARGON2ID,
	SQLAUTH_SCHEME_ARGON2I,
	SQLAUTH_SCHEME_SECRET,
	SQLAUTH_SCHEME_MOSQUITTO_PBKDF2, /* $7$ */
	SQLAUTH_SCHEME_MOSQUITTO_SHA512, /* $6$, base64 */
	SQLAUTH_SCHEME_PBKDF2,           /* PBKDF2$ */
	SQLAUTH_SCHEME_BCRYPT,
	SQLAUTH_SCHEME_YESCRYPT,
	SQLAUTH_SCHEME_SHA256CRYPT, /* $5$ */
	SQLAUTH_SCHEME_SHA512CRYPT, /* $6$, crypt's alphabet */
};

/* The name that users see: argon2id, argon2i, secret, mosquitto-pbkdf2, mosquitto-sha512, pbkdf2, bcrypt, yescrypt,
 * sha256crypt, sha512crypt. Constant; "unknown" for other values. */
const char *sqlauth_password_scheme_name(enum sqlauth_password_scheme scheme);

/* Reads an encoded hash without doing any of its work. OK and the scheme in *scheme_r (may be NULL); INVALID where it
 * is malformed or truncated; LIMIT where it asks for more than the limits; UNSUPPORTED where no scheme begins like
 * this. */
enum sqlauth_error sqlauth_password_inspect(const char *hash, const struct sqlauth_password_limits *limits,
	enum sqlauth_password_scheme *scheme_r) __attribute__((warn_unused_result));

/* Verifies password[0..length-1] (any bytes) against an encoded hash. OK: it is the password. MISMATCH: it is not.
 * INVALID, LIMIT, UNSUPPORTED: as inspect, nothing was computed. MEMORY, SYSTEM: could not be computed. crypt(5) forms
 * cannot hold a NUL byte, nor, in libxcrypt, more than 511 bytes: such a password is a MISMATCH, after the same work.
 * LIMIT, too, for a password over SQLAUTH_PASSWORD_BYTES_MAX. Takes what the hash asks for: microseconds
 * ($secret$, $6$ of mosquitto) to seconds. Compares in constant time; leaves no copy of the password behind. */
enum sqlauth_error sqlauth_password_verify(const char *hash, const char *password, size_t length,
	const struct sqlauth_password_limits *limits) __attribute__((warn_unused_result));

/* Makes $argon2id$ with m=19456 KiB, t=2, p=1 (OWASP's first choice with the least memory) and a random 16-byte salt.
 * INVALID for an empty password, LIMIT for one over SQLAUTH_PASSWORD_BYTES_MAX. About 20 ms and 19 MiB. */
enum sqlauth_error sqlauth_password_hash(const char *password, size_t length, char hash_r[SQLAUTH_HASH_SIZE])
	__attribute__((warn_unused_result));

/* Makes a random secret of 256 bits as text and its $secret$ hash. The secret is shown once and stored nowhere. */
enum sqlauth_error sqlauth_secret_generate(char secret_r[SQLAUTH_SECRET_SIZE], char hash_r[SQLAUTH_HASH_SIZE])
	__attribute__((warn_unused_result));

/* The $secret$ hash, under a new salt, of a secret that sqlauth_secret_generate made. INVALID for whatever cannot be
 * one: a fast hash is for 256 random bits only. */
enum sqlauth_error sqlauth_secret_hash(const char *secret, size_t length, char hash_r[SQLAUTH_HASH_SIZE])
	__attribute__((warn_unused_result));

/* A hash in our default form that no password matches, for clients that do not exist: verifying against it takes as
 * long as a real one. Constant. */
const char *sqlauth_password_decoy(void);

/* Makes of a stored hash one of the same form and work that no password matches: a decoy that cannot be told
 * from it by the time it takes. The hash must have passed sqlauth_password_inspect. */
void sqlauth_password_decoy_like(const char *hash, char decoy_r[SQLAUTH_HASH_SIZE]);

/* Whether two well-formed hashes have the same form and the same parameters in front of their salts. That is the same
 * work but for PBKDF2$, where the digest's length and whether the salt is base64 count too, up to a factor of some
 * four: hashes that one tool made are alike in these. */
bool sqlauth_password_same_work(const char *a, const char *b);

#endif
