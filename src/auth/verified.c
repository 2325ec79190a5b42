/* The memory of verified credentials: two rings of tags, each with a table of chains to find them by. Knows no
 * passwords, only their tags; who asks and what a verdict means is the caller's affair. */
#include "sqlauth/verified.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "sqlauth/secret.h"

#define KEY_BYTES crypto_generichash_KEYBYTES_MAX

_Static_assert(SQLAUTH_TAG_BYTES >= crypto_generichash_BYTES_MIN, "a BLAKE2b hash");
_Static_assert(SQLAUTH_TAG_BYTES <= crypto_generichash_BYTES_MAX, "a BLAKE2b hash");

struct entry {
	struct sqlauth_tag tag;
	int64_t made_ms;
	uint32_t next; /* in its chain: index + 1 */
	bool used;
};

/* A ring: what is added takes the place of the oldest. The tags are keyed hashes, so their first bytes serve as hash
 * values that nobody can aim at. */
struct ring {
	struct entry *entries;
	uint32_t *heads; /* index + 1 */
	uint32_t mask;   /* of the heads, whose number is a power of two */
	uint32_t size, at, count;
};

struct sqlauth_verified {
	const struct sqlauth_clock *clock;
	int64_t lifetime_ms;
	unsigned char key[KEY_BYTES];
	struct ring right, wrong;
};

static enum sqlauth_error ring_init(struct ring *ring_r, uint32_t size)
{
	uint32_t heads = 1;

	while (heads < size)
		heads *= 2;
	/* Zeroed pages that nothing is written to take no memory. */
	ring_r->entries = calloc(size, sizeof *ring_r->entries);
	ring_r->heads = calloc(heads, sizeof *ring_r->heads);
	ring_r->mask = heads - 1;
	ring_r->size = size;
	return ring_r->entries && ring_r->heads ? SQLAUTH_OK : SQLAUTH_ERROR_MEMORY;
}

static void ring_fini(struct ring *ring)
{
	if (ring->entries)
		sqlauth_secret_wipe(ring->entries, ring->count * sizeof *ring->entries);
	free(ring->entries);
	free(ring->heads);
}

static uint32_t *head_of(const struct ring *ring, const struct sqlauth_tag *tag)
{
	uint32_t value;

	memcpy(&value, tag->bytes, sizeof value);
	return &ring->heads[value & ring->mask];
}

static struct entry *ring_find(const struct ring *ring, const struct sqlauth_tag *tag)
{
	if (ring->size == 0)
		return NULL;
	for (uint32_t i = *head_of(ring, tag); i; i = ring->entries[i - 1].next)
		if (sodium_memcmp(ring->entries[i - 1].tag.bytes, tag->bytes, SQLAUTH_TAG_BYTES) == 0)
			return &ring->entries[i - 1];
	return NULL;
}

static void unlink_entry(struct ring *ring, uint32_t index)
{
	uint32_t *link = head_of(ring, &ring->entries[index].tag);

	while (*link != index + 1)
		link = &ring->entries[*link - 1].next;
	*link = ring->entries[index].next;
}

static void ring_add(struct ring *ring, const struct sqlauth_tag *tag, int64_t now_ms)
{
	struct entry *entry;
	uint32_t *head;

	if (ring->size == 0 || !ring->entries)
		return;
	entry = ring_find(ring, tag);
	if (entry) {
		entry->made_ms = now_ms;
		return;
	}
	entry = &ring->entries[ring->at];
	if (entry->used)
		unlink_entry(ring, ring->at);
	else
		ring->count++;
	head = head_of(ring, tag);
	*entry = (struct entry){.tag = *tag, .made_ms = now_ms, .next = *head, .used = true};
	*head = ring->at + 1;
	ring->at = (ring->at + 1) % ring->size;
}

enum sqlauth_error sqlauth_verified_new(
	const struct sqlauth_clock *clock, size_t size, int64_t seconds, struct sqlauth_verified **verified_r)
{
	struct sqlauth_verified *verified;
	enum sqlauth_error error = SQLAUTH_OK;

	if (size > SQLAUTH_VERIFIED_SIZE_MAX || seconds < 0 || seconds > SQLAUTH_VERIFIED_SECONDS_MAX)
		return SQLAUTH_ERROR_LIMIT;
	verified = calloc(1, sizeof *verified);
	if (!verified)
		return SQLAUTH_ERROR_MEMORY;
	verified->clock = clock;
	verified->lifetime_ms = seconds * 1000;
	sqlauth_secret_random(verified->key, sizeof verified->key);
	if (size > 0 && seconds > 0) {
		error = ring_init(&verified->right, (uint32_t)size);
		if (!error)
			error = ring_init(&verified->wrong, (uint32_t)size);
	}
	if (error) {
		sqlauth_verified_free(verified);
		return error;
	}
	*verified_r = verified;
	return SQLAUTH_OK;
}

void sqlauth_verified_free(struct sqlauth_verified *verified)
{
	if (!verified)
		return;
	ring_fini(&verified->right);
	ring_fini(&verified->wrong);
	sqlauth_secret_wipe(verified, sizeof *verified);
	free(verified);
}

/* Each part with its length in front: no two different credentials read the same. */
static void add_part(crypto_generichash_state *state, const char *bytes, size_t length)
{
	uint64_t prefix = length;

	crypto_generichash_update(state, (const unsigned char *)&prefix, sizeof prefix);
	crypto_generichash_update(state, (const unsigned char *)bytes, length);
}

void sqlauth_verified_tag(const struct sqlauth_verified *verified, const struct sqlauth_credentials *credentials,
	struct sqlauth_tag *tag_r)
{
	crypto_generichash_state state;

	crypto_generichash_init(&state, verified->key, sizeof verified->key, SQLAUTH_TAG_BYTES);
	add_part(&state, credentials->username, strlen(credentials->username));
	add_part(&state, credentials->hash, strlen(credentials->hash));
	add_part(&state, credentials->password, credentials->length);
	crypto_generichash_final(&state, tag_r->bytes, SQLAUTH_TAG_BYTES);
	sodium_memzero(&state, sizeof state);
}

static bool is_fresh(const struct sqlauth_verified *verified, const struct entry *entry)
{
	return entry &&
	       verified->clock->monotonic_ms(verified->clock->context) - entry->made_ms < verified->lifetime_ms;
}

enum sqlauth_remembered sqlauth_verified_recall(const struct sqlauth_verified *verified, const struct sqlauth_tag *tag)
{
	if (is_fresh(verified, ring_find(&verified->right, tag)))
		return SQLAUTH_REMEMBERED_RIGHT;
	if (is_fresh(verified, ring_find(&verified->wrong, tag)))
		return SQLAUTH_REMEMBERED_WRONG;
	return SQLAUTH_REMEMBERED_NOTHING;
}

void sqlauth_verified_remember(struct sqlauth_verified *verified, const struct sqlauth_tag *tag, bool right)
{
	struct ring *ring = right ? &verified->right : &verified->wrong;

	ring_add(ring, tag, verified->clock->monotonic_ms(verified->clock->context));
}

size_t sqlauth_verified_count(const struct sqlauth_verified *verified, bool right)
{
	return right ? verified->right.count : verified->wrong.count;
}
