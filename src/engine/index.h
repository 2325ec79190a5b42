/* A hash table of nodes that live inside the things they find: no allocation per entry, several entries with one hash
 * allowed. Knows neither keys nor values: the caller hashes, and compares what comes back.
 *
 * Keys that an attacker chooses must be hashed under a secret key (sqlauth_keyed_hash). The table doubles when it is
 * full and never shrinks; where memory for that is short it goes on with longer chains. One table, one thread.
 */
#ifndef SQLAUTH_INDEX_H
#define SQLAUTH_INDEX_H

#include <stddef.h>
#include <stdint.h>

#include "sqlauth/error.h"

struct sqlauth_index_node {
	struct sqlauth_index_node *next;
	uint64_t hash;
};

struct sqlauth_index {
	struct sqlauth_index_node **buckets;
	size_t capacity; /* a power of two */
	size_t count;
};

enum sqlauth_error sqlauth_index_init(struct sqlauth_index *index_r) __attribute__((warn_unused_result));
void sqlauth_index_fini(struct sqlauth_index *index); /* the nodes are the caller's */

void sqlauth_index_add(struct sqlauth_index *index, struct sqlauth_index_node *node, uint64_t hash);
void sqlauth_index_remove(struct sqlauth_index *index, struct sqlauth_index_node *node);

/* Another node with the same hash; NULL: no more. In no order. */
struct sqlauth_index_node *sqlauth_index_next(const struct sqlauth_index_node *node);

/* One of the nodes with this hash; NULL: none. Here because it is on the path of every message. */
static inline struct sqlauth_index_node *sqlauth_index_find(const struct sqlauth_index *index, uint64_t hash)
{
	struct sqlauth_index_node *node = index->buckets[hash & (index->capacity - 1)];

	while (node && node->hash != hash)
		node = node->next;
	return node;
}

#endif
