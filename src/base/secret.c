/* Wiping, random bytes and keyed hashing through libsodium. Knows nothing of passwords or their hashes (src/auth). */
#include "sqlauth/secret.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(SQLAUTH_HASH_KEY_BYTES == crypto_shorthash_siphash24_KEYBYTES, "a SipHash key");
_Static_assert(crypto_shorthash_siphash24_BYTES == sizeof(uint64_t), "a SipHash value");

enum sqlauth_error sqlauth_secret_init(void)
{
	return sodium_init() < 0 ? SQLAUTH_ERROR_SYSTEM : SQLAUTH_OK;
}

void sqlauth_secret_wipe(void *memory, size_t size)
{
	if (size > 0)
		sodium_memzero(memory, size);
}

void sqlauth_secret_free(char *string)
{
	if (!string)
		return;
	sodium_memzero(string, strlen(string));
	free(string);
}

void sqlauth_secret_random(void *memory, size_t size)
{
	randombytes_buf(memory, size);
}

uint64_t sqlauth_keyed_hash(const struct sqlauth_hash_key *key, const void *bytes, size_t length)
{
	unsigned char hash[crypto_shorthash_siphash24_BYTES];
	uint64_t value = 0;

	crypto_shorthash_siphash24(hash, bytes, length, key->bytes);
	/* Little-endian on every machine, as the SipHash paper writes it. */
	for (size_t i = sizeof hash; i-- > 0;)
		value = value << 8 | hash[i];
	return value;
}
