/* Intrusive hash table with separate chaining. What is kept in it, and by which key, is the caller's affair. */
#include "index.h"

#include <stdlib.h>

#define FIRST_CAPACITY 64

static struct sqlauth_index_node **bucket(const struct sqlauth_index *index, uint64_t hash)
{
	return &index->buckets[hash & (index->capacity - 1)];
}

static void push(struct sqlauth_index *index, struct sqlauth_index_node *node)
{
	struct sqlauth_index_node **head = bucket(index, node->hash);
	node->next = *head;
	*head = node;
}

/* Doubles the buckets; without memory everything stays as it is, and the next addition tries again. */
static void grow(struct sqlauth_index *index)
{
	struct sqlauth_index bigger = {.capacity = index->capacity * 2, .count = index->count};
	bigger.buckets = calloc(bigger.capacity, sizeof *bigger.buckets);
	if (!bigger.buckets)
		return;
	for (size_t i = 0; i < index->capacity; i++) {
		struct sqlauth_index_node *node = index->buckets[i];
		while (node) {
			struct sqlauth_index_node *next = node->next;
			push(&bigger, node);
			node = next;
		}
	}
	free(index->buckets);
	*index = bigger;
}

enum sqlauth_error sqlauth_index_init(struct sqlauth_index *index_r)
{
	struct sqlauth_index_node **buckets = calloc(FIRST_CAPACITY, sizeof *buckets);
	if (!buckets)
		return SQLAUTH_ERROR_MEMORY;
	*index_r = (struct sqlauth_index){.buckets = buckets, .capacity = FIRST_CAPACITY};
	return SQLAUTH_OK;
}

void sqlauth_index_fini(struct sqlauth_index *index)
{
	free(index->buckets);
	*index = (struct sqlauth_index){0};
}

void sqlauth_index_add(struct sqlauth_index *index, struct sqlauth_index_node *node, uint64_t hash)
{
	if (index->count >= index->capacity)
		grow(index);
	node->hash = hash;
	push(index, node);
	index->count++;
}

void sqlauth_index_remove(struct sqlauth_index *index, struct sqlauth_index_node *node)
{
	struct sqlauth_index_node **link = bucket(index, node->hash);
	while (*link != node)
		link = &(*link)->next;
	*link = node->next;
	index->count--;
}

struct sqlauth_index_node *sqlauth_index_next(const struct sqlauth_index_node *node)
{
	struct sqlauth_index_node *next = node->next;
	while (next && next->hash != node->hash)
		next = next->next;
	return next;
}
