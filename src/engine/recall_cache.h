/* What the database said about a client identifier and a username, for as long as it says so.
 *
 * One cache is for those whom nobody remembers. The broker asks about them message by message: thousands are queued for
 * a session that was restored from disk, and a subscription to `#` asks for the source of every retained message.
 * Another one is for clients that connect again and again; its answers hold the client's row, so that it is judged anew
 * each time.
 *
 * An answer holds until the data version of the store changes, then all are dropped. Memory: the entries that the cache
 * was made for; the oldest goes first. One cache, one thread.
 */
#ifndef SQLAUTH_RECALL_CACHE_H
#define SQLAUTH_RECALL_CACHE_H

#include "index.h"
#include "sqlauth/engine.h"
#include "sqlauth/secret.h"

#define RECALL_CACHE_MAX       20000
#define RECALL_CONNECTS_MAX    2000 /* of about 500 bytes; the more there are, the seldomer one comes again */
#define RECALL_CACHE_KEY_BYTES 512  /* who has longer names is not remembered: names are for strangers to choose */

/* A row that answers and identities share. */
struct recall_client {
	struct sqlauth_client row;
	size_t references;
};

struct recall_answer {
	enum sqlauth_outcome outcome; /* ACCEPT, REFUSED or UNKNOWN */
	struct sqlauth_acl *acl;      /* of ACCEPT, else NULL */
	int64_t until;                /* Unix seconds; the last one in which this is the answer */
	struct recall_client *client; /* of a connect; else NULL */
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

/* Remembers an answer, which data of the version of the last recall_cache_find gave, or newer data; takes references to
 * its ACL and client. Without memory it does nothing. */
void recall_cache_add(
	struct recall_cache *cache, const char *mqtt_id, const char *username, const struct recall_answer *answer);

/* A client of this row, whose strings become its own, with one reference; NULL where memory runs out. */
struct recall_client *recall_client_new(const struct sqlauth_client *row);
struct recall_client *recall_client_ref(struct recall_client *client);
void recall_client_unref(struct recall_client *client); /* the last one clears the row; NULL is allowed */

#endif
