/* Secrets and keyed hashing: the few things that the layers above need of libsodium.
 *
 * Errors: only sqlauth_secret_init fails. Any thread after it.
 */
#ifndef SQLAUTH_SECRET_H
#define SQLAUTH_SECRET_H

#include <stddef.h>
#include <stdint.h>

#include "sqlauth/error.h"

#define SQLAUTH_HASH_KEY_BYTES 16 /* SipHash-2-4 */

struct sqlauth_hash_key {
	unsigned char bytes[SQLAUTH_HASH_KEY_BYTES];
};

/* Prepares libsodium; must have succeeded once before anything of auth or engine is used; repeatable.
 * SQLAUTH_ERROR_SYSTEM where the system gives no random bytes. */
enum sqlauth_error sqlauth_secret_init(void);

/* Overwrites memory in a way that the compiler keeps. NULL with 0 is allowed. */
void sqlauth_secret_wipe(void *memory, size_t size);

/* Wipes a NUL-terminated string and frees it; NULL is allowed. */
void sqlauth_secret_free(char *string);

/* Fills memory with random bytes. */
void sqlauth_secret_random(void *memory, size_t size);

/* SipHash-2-4 under a random key: for hash tables whose keys an attacker chooses. About 20 ns for 16 bytes. */
uint64_t sqlauth_keyed_hash(const struct sqlauth_hash_key *key, const void *bytes, size_t length);

#endif
