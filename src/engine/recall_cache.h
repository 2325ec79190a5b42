/* What the database said about clients that nobody remembers, for as long as it says so.
 *
 * The broker asks about them message by message: thousands are queued for a session that was restored from disk, and a
 * subscription to `#` asks for the source of every retained message. An answer holds until the data version of the
 * store changes, then all are dropped. Memory: RECALL_CACHE_MAX entries; the oldest goes first. One cache, one thread.
 */
#ifndef SQLAUTH_RECALL_CACHE_H
#define SQLAUTH_RECALL_CACHE_H

#include "index.h"
#include "sqlauth/engine.h"
#include "sqlauth/secret.h"

#define RECALL_CACHE_MAX       20000
#define RECALL_CACHE_KEY_BYTES 512 /* who has longer names is not remembered: names are for strangers to choose */

struct recall_answer {
	enum sqlauth_outcome outcome; /* ACCEPT, REFUSED or UNKNOWN */
	struct sqlauth_acl *acl;      /* of ACCEPT, else NULL */
	int64_t until;                /* Unix seconds; the last one in which this is the answer */
};

struct recall_entry;

struct recall_cache {
	struct sqlauth_index index;
	struct sqlauth_hash_key key;
	struct recall_entry *oldest, *newest;
	size_t max;
	uint64_t version; /* of the data that all answers come from */
};

enum sqlauth_error recall_cache_init(struct recall_cache *cache, size_t max) __attribute__((warn_unused_result));
void recall_cache_fini(struct recall_cache *cache); /* also of one that is all zero */

/* The answer that data of this version gave about this client and that still holds `now` (Unix seconds); NULL: ask.
 * Another version than the last one's drops everything. Borrowed until the next call. No allocation. */
const struct recall_answer *recall_cache_find(
	struct recall_cache *cache, uint64_t version, int64_t now, const char *mqtt_id, const char *username);

/* Remembers an answer, which data of the version of the last recall_cache_find gave, or newer data; takes a reference
 * to its ACL. Without memory it does nothing. */
void recall_cache_add(
	struct recall_cache *cache, const char *mqtt_id, const char *username, const struct recall_answer *answer);

#endif
