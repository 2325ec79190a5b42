/* The cache of compiled ACLs: a uthash table under a keyed hash. Knows nothing of clients or sessions. */
#include "acl_cache.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

struct acl_cache_entry {
	UT_hash_handle hh;
	struct sqlauth_acl *acl; /* one reference; NULL: there are too many permissions */
	char *why;               /* then: what it was that was too many */
	size_t key_length;
	char key[]; /* every group: its name, NUL, its revision */
};

void acl_cache_init(struct acl_cache *cache)
{
	cache->entries = NULL;
	cache->generation = 0;
	cache->sweep_at = ACL_CACHE_SLACK;
	sqlauth_secret_random(&cache->key, sizeof cache->key);
}

static void entry_free(struct acl_cache_entry *entry)
{
	if (!entry)
		return;
	sqlauth_acl_unref(entry->acl);
	free(entry->why);
	free(entry);
}

static void drop(struct acl_cache *cache, struct acl_cache_entry *entry)
{
	HASH_DEL(cache->entries, entry);
	entry_free(entry);
}

void acl_cache_clear(struct acl_cache *cache)
{
	struct acl_cache_entry *entry, *next;

	HASH_ITER(hh, cache->entries, entry, next)
	drop(cache, entry);
}

size_t acl_cache_count(const struct acl_cache *cache)
{
	return HASH_COUNT(cache->entries);
}

/* A new entry with its key filled in and no ACL yet. */
static struct acl_cache_entry *entry_new(const struct sqlauth_groups *groups)
{
	size_t length = 0, at = 0;
	struct acl_cache_entry *entry;

	for (size_t i = 0; i < groups->count; i++)
		length += strlen(groups->items[i].name) + 1 + sizeof groups->items[i].revision;
	entry = calloc(1, sizeof *entry + length);
	if (!entry)
		return NULL;
	entry->key_length = length;
	for (size_t i = 0; i < groups->count; i++) {
		size_t name_size = strlen(groups->items[i].name) + 1;
		memcpy(entry->key + at, groups->items[i].name, name_size);
		memcpy(entry->key + at + name_size, &groups->items[i].revision, sizeof groups->items[i].revision);
		at += name_size + sizeof groups->items[i].revision;
	}
	return entry;
}

/* Drops what no session holds any more. Looking at all entries is paid for by as many insertions before. */
static void sweep(struct acl_cache *cache)
{
	struct acl_cache_entry *entry, *next;

	if (HASH_COUNT(cache->entries) < cache->sweep_at)
		return;
	HASH_ITER(hh, cache->entries, entry, next)
	if (!entry->acl || !sqlauth_acl_shared(entry->acl))
		drop(cache, entry);
	cache->sweep_at = 2 * (size_t)HASH_COUNT(cache->entries) + ACL_CACHE_SLACK;
}

static void forget_another_generation(struct acl_cache *cache, const struct sqlauth_store *store)
{
	if (cache->generation == sqlauth_store_generation(store))
		return;
	acl_cache_clear(cache);
	cache->generation = sqlauth_store_generation(store);
}

/* What the entry says: the caller's reference, or why there is none. */
static enum sqlauth_error answer(
	const struct acl_cache_entry *entry, struct sqlauth_acl **acl_r, struct sqlauth_text *why)
{
	if (entry->acl) {
		*acl_r = sqlauth_acl_ref(entry->acl);
		return SQLAUTH_OK;
	}
	if (entry->why)
		sqlauth_text_set(why, "%s", entry->why);
	return SQLAUTH_ERROR_LIMIT;
}

/* A set that is over a limit is as expensive to compile as one that is just below it: that is remembered too. */
static enum sqlauth_error compile(struct acl_cache_entry *entry, struct sqlauth_store *store,
	const struct sqlauth_groups *groups, struct sqlauth_text *why)
{
	char data[SQLAUTH_MESSAGE_SIZE];
	struct sqlauth_text text;
	enum sqlauth_error error;

	sqlauth_text_init(&text, data, sizeof data);
	error = sqlauth_store_compile(store, groups, &entry->acl, &text);
	if (error == SQLAUTH_ERROR_LIMIT) {
		entry->why = strdup(text.data);
		return SQLAUTH_OK;
	}
	if (error && text.length > 0)
		sqlauth_text_set(why, "%s", text.data);
	return error;
}

enum sqlauth_error acl_cache_get(struct acl_cache *cache, struct sqlauth_store *store,
	const struct sqlauth_groups *groups, struct sqlauth_acl **acl_r, struct sqlauth_text *why)
{
	struct acl_cache_entry *found = NULL, *entry = entry_new(groups);
	enum sqlauth_error error = SQLAUTH_OK;
	unsigned hash;

	if (!entry)
		return SQLAUTH_ERROR_MEMORY;
	forget_another_generation(cache, store);
	hash = (unsigned)sqlauth_keyed_hash(&cache->key, entry->key, entry->key_length);
	HASH_FIND_BYHASHVALUE(hh, cache->entries, entry->key, entry->key_length, hash, found);
	if (found) {
		error = answer(found, acl_r, why);
		goto out;
	}
	error = compile(entry, store, groups, why);
	if (error)
		goto out;
	sweep(cache);
	error = answer(entry, acl_r, why);
	HASH_ADD_KEYPTR_BYHASHVALUE(hh, cache->entries, entry->key, entry->key_length, hash, entry);
	if (entry->hh.tbl)
		entry = NULL; /* otherwise there is no memory for the table: the caller's reference does without it */
out:
	entry_free(entry);
	return error;
}
