/* A cache of answers: a queue of entries, found through a keyed hash of identifier and username. Asks neither store nor
 * engine. */
#include "recall_cache.h"

#include <stdlib.h>
#include <string.h>

struct recall_entry {
	struct sqlauth_index_node node;
	struct recall_entry *newer;
	struct recall_answer answer;
	size_t key_length;
	char key[];
};

enum sqlauth_error recall_cache_init(struct recall_cache *cache, size_t max)
{
	struct sqlauth_index index;
	enum sqlauth_error error = sqlauth_index_init(&index);

	if (error)
		return error;
	*cache = (struct recall_cache){.index = index, .max = max};
	sqlauth_secret_random(&cache->key, sizeof cache->key);
	return SQLAUTH_OK;
}

struct recall_client *recall_client_new(const struct sqlauth_client *row)
{
	struct recall_client *client = malloc(sizeof *client);

	if (client)
		*client = (struct recall_client){.row = *row, .references = 1};
	return client;
}

struct recall_client *recall_client_ref(struct recall_client *client)
{
	client->references++;
	return client;
}

void recall_client_unref(struct recall_client *client)
{
	if (!client || --client->references > 0)
		return;
	sqlauth_client_clear(&client->row);
	free(client);
}

static void release(struct recall_answer *answer)
{
	sqlauth_acl_unref(answer->acl);
	recall_client_unref(answer->client);
}

static void drop_oldest(struct recall_cache *cache)
{
	struct recall_entry *entry = cache->oldest;

	cache->oldest = entry->newer;
	if (!cache->oldest)
		cache->newest = NULL;
	sqlauth_index_remove(&cache->index, &entry->node);
	release(&entry->answer);
	free(entry);
}

void recall_cache_fini(struct recall_cache *cache)
{
	while (cache->oldest)
		drop_oldest(cache);
	sqlauth_index_fini(&cache->index);
}

/* Identifier, NUL, and, where there is one, username, NUL: so that none and an empty one differ. 0: too long. */
static size_t make_key(const char *mqtt_id, const char *username, char key[RECALL_CACHE_KEY_BYTES])
{
	size_t id_size = strlen(mqtt_id) + 1, username_size = username ? strlen(username) + 1 : 0;

	if (id_size > RECALL_CACHE_KEY_BYTES || username_size > RECALL_CACHE_KEY_BYTES - id_size)
		return 0;
	memcpy(key, mqtt_id, id_size);
	if (username)
		memcpy(key + id_size, username, username_size);
	return id_size + username_size;
}

static struct recall_entry *find(const struct recall_cache *cache, uint64_t hash, const char *key, size_t length)
{
	struct sqlauth_index_node *node = sqlauth_index_find(&cache->index, hash);

	for (; node; node = sqlauth_index_next(node)) {
		struct recall_entry *entry = (void *)((char *)node - offsetof(struct recall_entry, node));
		if (entry->key_length == length && memcmp(entry->key, key, length) == 0)
			return entry;
	}
	return NULL;
}

const struct recall_answer *recall_cache_find(
	struct recall_cache *cache, uint64_t version, int64_t now, const char *mqtt_id, const char *username)
{
	char key[RECALL_CACHE_KEY_BYTES];
	struct recall_entry *entry;
	size_t length;

	if (version != cache->version)
		while (cache->oldest)
			drop_oldest(cache);
	cache->version = version;
	length = make_key(mqtt_id, username, key);
	if (length == 0)
		return NULL;
	entry = find(cache, sqlauth_keyed_hash(&cache->key, key, length), key, length);
	return entry && now <= entry->answer.until ? &entry->answer : NULL;
}

static void set_answer(struct recall_entry *entry, const struct recall_answer *answer)
{
	struct recall_answer kept = *answer;

	if (kept.acl)
		sqlauth_acl_ref(kept.acl);
	if (kept.client)
		recall_client_ref(kept.client);
	release(&entry->answer);
	entry->answer = kept;
}

static void append(struct recall_cache *cache, struct recall_entry *entry, uint64_t hash)
{
	if (cache->index.count >= cache->max)
		drop_oldest(cache);
	sqlauth_index_add(&cache->index, &entry->node, hash);
	*(cache->newest ? &cache->newest->newer : &cache->oldest) = entry;
	cache->newest = entry;
}

void recall_cache_add(
	struct recall_cache *cache, const char *mqtt_id, const char *username, const struct recall_answer *answer)
{
	char key[RECALL_CACHE_KEY_BYTES];
	size_t length = make_key(mqtt_id, username, key);
	struct recall_entry *entry;
	uint64_t hash;

	if (length == 0)
		return;
	hash = sqlauth_keyed_hash(&cache->key, key, length);
	entry = find(cache, hash, key, length);
	if (!entry) {
		entry = calloc(1, sizeof *entry + length);
		if (!entry)
			return;
		entry->key_length = length;
		memcpy(entry->key, key, length);
		append(cache, entry, hash);
	}
	set_answer(entry, answer);
}
