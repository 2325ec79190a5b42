/* Token buckets in two tables of fixed size. A bucket is one number, the time at which it will be full again (the
 * generic cell rate algorithm), so an unused bucket and a forgotten one are the same. Knows nothing of what it rations.
 */
#include "sqlauth/ration.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "sqlauth/secret.h"

#define WAYS       8
#define SETS       (SQLAUTH_RATION_BUCKETS / WAYS)
#define SECOND_US  INT64_C(1000000)
#define IPV4_BYTES 4
#define NET6_BYTES 8 /* a /64 */

struct bucket {
	uint64_t key;
	int64_t full_us; /* when it is full again; in the past: it is */
};

struct table {
	int64_t token_us; /* in which one token refills; 0: not rationed */
	struct bucket (*sets)[WAYS];
};

struct sqlauth_ration {
	const struct sqlauth_clock *clock;
	struct sqlauth_hash_key key;
	struct table addresses, usernames;
};

static int64_t now_us(const struct sqlauth_ration *ration)
{
	return ration->clock->monotonic_ms(ration->clock->context) * 1000;
}

static enum sqlauth_error table_init(struct table *table_r, uint32_t per_second)
{
	if (per_second == 0)
		return SQLAUTH_OK;
	table_r->token_us = SECOND_US / per_second;
	table_r->sets = calloc(SETS, sizeof *table_r->sets);
	return table_r->sets ? SQLAUTH_OK : SQLAUTH_ERROR_MEMORY;
}

enum sqlauth_error sqlauth_ration_new(const struct sqlauth_clock *clock, uint32_t per_address, uint32_t per_username,
	struct sqlauth_ration **ration_r)
{
	struct sqlauth_ration *ration;
	enum sqlauth_error error;

	if (per_address > SQLAUTH_RATION_MAX || per_username > SQLAUTH_RATION_MAX)
		return SQLAUTH_ERROR_LIMIT;
	ration = calloc(1, sizeof *ration);
	if (!ration)
		return SQLAUTH_ERROR_MEMORY;
	ration->clock = clock;
	sqlauth_secret_random(&ration->key, sizeof ration->key);
	error = table_init(&ration->addresses, per_address);
	if (!error)
		error = table_init(&ration->usernames, per_username);
	if (error) {
		sqlauth_ration_free(ration);
		return error;
	}
	*ration_r = ration;
	return SQLAUTH_OK;
}

void sqlauth_ration_free(struct sqlauth_ration *ration)
{
	if (!ration)
		return;
	free(ration->addresses.sets);
	free(ration->usernames.sets);
	free(ration);
}

/* ---- addresses ---- */

/* The bytes of a numeric address that one customer of a network has to itself; 0: it is not one. */
static size_t read_network(const char *address, unsigned char bytes_r[NET6_BYTES])
{
	char text[INET6_ADDRSTRLEN];
	struct in6_addr six;
	size_t length = strcspn(address, "%"); /* fe80::1%eth0 */

	if (inet_pton(AF_INET, address, bytes_r) == 1)
		return IPV4_BYTES;
	if (length >= sizeof text)
		return 0;
	memcpy(text, address, length);
	text[length] = '\0';
	if (inet_pton(AF_INET6, text, &six) != 1)
		return 0;
	if (IN6_IS_ADDR_V4MAPPED(&six)) {
		memcpy(bytes_r, &six.s6_addr[12], IPV4_BYTES);
		return IPV4_BYTES;
	}
	memcpy(bytes_r, six.s6_addr, NET6_BYTES);
	return NET6_BYTES;
}

uint64_t sqlauth_ration_place(const struct sqlauth_ration *ration, const char *address)
{
	unsigned char bytes[NET6_BYTES];
	size_t length;

	if (!address)
		return sqlauth_keyed_hash(&ration->key, "", 0);
	length = read_network(address, bytes);
	return length ? sqlauth_keyed_hash(&ration->key, bytes, length)
		      : sqlauth_keyed_hash(&ration->key, address, strlen(address));
}

static uint64_t username_key(const struct sqlauth_ration *ration, uint64_t place, const char *username)
{
	struct {
		uint64_t place, username;
	} parts = {.place = place};

	parts.username = sqlauth_keyed_hash(&ration->key, username, strlen(username));
	return sqlauth_keyed_hash(&ration->key, &parts, sizeof parts);
}

/* ---- buckets ---- */

static struct bucket *find(const struct table *table, uint64_t key)
{
	struct bucket *set = table->sets[key % SETS];

	for (size_t i = 0; i < WAYS; i++)
		if (set[i].key == key)
			return &set[i];
	return NULL;
}

static struct bucket *fullest(const struct table *table, uint64_t key)
{
	struct bucket *set = table->sets[key % SETS], *found = &set[0];

	for (size_t i = 1; i < WAYS; i++)
		if (set[i].full_us < found->full_us)
			found = &set[i];
	return found;
}

static bool has_token(const struct table *table, uint64_t key, int64_t now)
{
	const struct bucket *bucket;

	if (!table->token_us)
		return true;
	bucket = find(table, key);
	return !bucket || bucket->full_us + table->token_us <= now + SQLAUTH_RATION_BURST_SECONDS * SECOND_US;
}

/* Takes a token. Work that was under way when the last one went may fail too; it does not add to the debt, so that a
 * bucket has a token again soon, however many threads there are. */
static void take_token(const struct table *table, uint64_t key, int64_t now)
{
	int64_t empty = now + SQLAUTH_RATION_BURST_SECONDS * SECOND_US;
	struct bucket *bucket;

	if (!table->token_us)
		return;
	bucket = find(table, key);
	if (!bucket) {
		bucket = fullest(table, key);
		*bucket = (struct bucket){.key = key, .full_us = now};
	}
	if (bucket->full_us < now)
		bucket->full_us = now;
	bucket->full_us += table->token_us;
	if (bucket->full_us > empty)
		bucket->full_us = empty;
}

bool sqlauth_ration_allows(const struct sqlauth_ration *ration, uint64_t place, const char *username)
{
	int64_t now = now_us(ration);

	return has_token(&ration->addresses, place, now) &&
	       (!username || has_token(&ration->usernames, username_key(ration, place, username), now));
}

/* A bucket is full again at the earliest when its last failure was. */
bool sqlauth_ration_failed_lately(const struct sqlauth_ration *ration, uint64_t place)
{
	const struct bucket *bucket = ration->addresses.token_us ? find(&ration->addresses, place) : NULL;

	return bucket && now_us(ration) - bucket->full_us < SQLAUTH_RATION_LATELY_SECONDS * SECOND_US;
}

void sqlauth_ration_fail(struct sqlauth_ration *ration, uint64_t place, const char *username)
{
	int64_t now = now_us(ration);

	take_token(&ration->addresses, place, now);
	if (username)
		take_token(&ration->usernames, username_key(ration, place, username), now);
}
