/* The inside of a compiled ACL: one block of memory, laid out as a trie over topic levels
 * (docs/adr/0004-compiled-acl.md).
 *
 * A node is a position behind some levels of the permissions' topics. It has at most one child by `+`, any number by
 * literal levels and by levels with placeholders. `#` is no child: its permissions are the node's `rest`. What a
 * permission decides is one of four bits. All edges but `+` are found through one hash table, by the hash of all levels
 * that lead to the child: so it is known before the parent was looked at where in the table a child must be. Literal
 * levels below which there is nothing but one leaf are no nodes: they are the `tail` of the one above them.
 *
 * All references are indexes or offsets within the block. Index 0 means "none" wherever a child is meant: node 0 is the
 * root and nobody's child. Shared by the acl_*.c files: acl_compile.c writes, acl_check.c reads; nobody else.
 */
#ifndef SQLAUTH_ACL_BLOCK_H
#define SQLAUTH_ACL_BLOCK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "sqlauth/acl.h"

#define ACL_ROOT 0u
#define ACL_NONE 0u

/* What a permission decides: one bit of a node's sets. */
#define ACL_KINDS 4
static inline unsigned acl_kind(enum sqlauth_effect effect, enum sqlauth_action action)
{
	return (unsigned)effect + 2u * (unsigned)action;
}
static inline uint8_t acl_bit(enum sqlauth_effect effect, enum sqlauth_action action)
{
	return (uint8_t)(1u << acl_kind(effect, action));
}

enum acl_edge { ACL_EDGE_LITERAL, ACL_EDGE_PLUS, ACL_EDGE_PATTERN };

#define ACL_HEAD 16u /* bytes of a level kept in its node */

/* As large as a line of the cache, and the block is aligned to that: one line is one node. */
struct acl_node {
	uint32_t parent;
	uint32_t path;    /* hash of all levels that lead here (acl_path) */
	uint32_t label;   /* text offset of the last of them, as it was written */
	uint32_t decider; /* the permission behind its only bit, or an index where here and rest have several */
	uint32_t shaped;  /* pattern edge: index of its shape */
	uint16_t label_length;
	uint16_t tail_length; /* bytes of the tail, which begins with `/` and follows on the label; 0: none */
	uint8_t edge;         /* enum acl_edge */
	uint8_t here;         /* bits of permissions that end here, or behind the tail */
	uint8_t rest;         /* bits of permissions that go on with `#` from there */
	uint8_t below;        /* here, rest and those of all descendants */
	bool plain;           /* has literal children and nothing else: neither bits nor another way to go */
	uint8_t unused[3];
	union {
		struct {
			uint32_t plus;  /* child by `+` */
			uint32_t shape; /* 1 + index of the first shape of its children by patterns, 0: none */
		};
		char tail[ACL_HEAD]; /* of one that has a tail, and so no child: its first bytes */
	};
	char head[ACL_HEAD]; /* of the label, zeros behind it; not for `+` */
};
/* The bits of here and rest together, and whether they are one. */
static inline unsigned acl_ends(const struct acl_node *node)
{
	return node->here | (unsigned)node->rest << ACL_KINDS;
}
static inline bool acl_is_single(unsigned ends)
{
	return (ends & (ends - 1)) == 0;
}

#define ACL_LINE 64u
_Static_assert(sizeof(struct acl_node) == ACL_LINE, "a node fills a line of the cache");

/* Children of one node by levels that hold `%`. Those that differ in nothing but the text around their only placeholder
 * (`x-%c-1`, `x-%c-2`) are one shape: a client's value says where that text begins and ends in a level, and the hash
 * table has the rest. All others (`%c-%u`, `100%%-%c`) are a shape each. */
struct acl_shape {
	uint32_t next;    /* 1 + index of the next shape of the same node, 0 for the last */
	uint32_t node;    /* the only child, ACL_NONE where there are several, which the hash table has */
	uint32_t label;   /* text offset of the first child's level as it was written */
	uint32_t deny[2]; /* by action: first deny permission at or below its children, or SQLAUTH_NO_PERMISSION */
	uint16_t label_length;
	uint16_t before, after; /* bytes in front of the only placeholder, and behind it */
	uint8_t uses;           /* bit 0: %c, bit 1: %u */
	uint8_t below;          /* that of all its children */
	bool lone; /* its child's level has another `%` than one placeholder: before and after say nothing */
};

/* Which permissions stand behind the bits of a node that has several: by acl_kind, of here and of rest. */
struct acl_deciders {
	uint32_t here[ACL_KINDS], rest[ACL_KINDS];
};

struct acl_permission {
	uint32_t group, topic; /* text offsets, NUL-terminated */
	uint8_t effect, action;
};

struct acl_slot {
	uint32_t path, node; /* ACL_NONE: empty */
};

struct sqlauth_acl {
	atomic_size_t references;
	size_t bytes;
	uint32_t permission_count, slot_mask;
	uint32_t depth; /* levels of the deepest node */
	uint8_t uses;   /* bit 0: %c, bit 1: %u in some permission */
	/* These point into this very block. */
	const struct acl_node *nodes;
	const struct acl_shape *shapes;
	const struct acl_deciders *deciders;
	const struct acl_permission *permissions;
	const struct acl_slot *slots; /* edges by literals and patterns: open addressing, linear probing */
	const char *text;
};

#define ACL_BYTES_ALL(byte) (UINT64_C(0x0101010101010101) * (byte))

/* Marks the bytes of word that are equal to byte, in their top bits; exact for the lowest one marked. */
static inline uint64_t acl_bytes_equal(uint64_t word, unsigned char byte)
{
	uint64_t zero = word ^ ACL_BYTES_ALL(byte);
	return (zero - ACL_BYTES_ALL(0x01)) & ~zero & ACL_BYTES_ALL(0x80);
}

/* Eight bytes as a little-endian word. */
static inline uint64_t acl_load(const char *bytes)
{
	uint64_t word;

	memcpy(&word, bytes, 8);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	word = __builtin_bswap64(word);
#endif
	return word;
}

/* The same at text[at], zeros for what lies beyond text[length - 1]. Reads nothing there. */
static inline uint64_t acl_load_at(const char *text, size_t length, size_t at)
{
	uint64_t word = 0;

	if (at + 8 <= length)
		return acl_load(text + at);
	if (at >= length)
		return 0;
	if (length >= 8)
		return acl_load(text + length - 8) >> (8 * (at + 8 - length));
	for (size_t i = length; i-- > at;)
		word = word << 8 | (unsigned char)text[i];
	return word;
}

static inline uint64_t acl_mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15); /* 2^64 / golden ratio */
	return hash ^ (hash >> 29);
}

/* One level of a topic. */
struct acl_level {
	uint64_t head; /* its first eight bytes, zeros behind its end */
	uint32_t key;  /* its hash */
	uint16_t start, length;
};

/* The level of a topic that begins at `at` (and ends before the next `/`, or with the topic), and its hash. Not keyed:
 * an attacker chooses what is looked up, but only the administrator what is stored, and so how long a probe can get. */
__attribute__((always_inline)) static inline struct acl_level acl_scan_level(
	const char *topic, size_t topic_length, size_t at)
{
	size_t left = topic_length - at, length = 0;
	uint64_t word = acl_load_at(topic, topic_length, at), slashes = acl_bytes_equal(word, '/'), hash = 0,
		 head = word;

	while (!slashes && length + 8 <= left) {
		hash = acl_mix(hash, word);
		length += 8;
		word = acl_load_at(topic, topic_length, at + length);
		slashes = acl_bytes_equal(word, '/');
	}
	if (slashes) {
		unsigned bits = (unsigned)__builtin_ctzll(slashes) & ~7u;
		word &= (UINT64_C(1) << bits) - 1;
		left = length + bits / 8;
	}
	hash = acl_mix(hash, word);
	return (struct acl_level){.head = length ? head : word,
		.key = (uint32_t)(hash >> 32),
		.start = (uint16_t)at,
		.length = (uint16_t)left};
}

/* The hash of a path: that of the path to its parent, and of its last level. */
static inline uint32_t acl_path(uint32_t parent, uint32_t key)
{
	uint64_t both = (uint64_t)parent << 32 | key;
	return (uint32_t)((both + 1) * UINT64_C(0x9e3779b97f4a7c15) >> 32);
}

/* In place of a level's hash: of `+`, and of a level with placeholders, which must not be taken for a literal one. */
#define ACL_KEY_PLUS 0x2b2b2b2bu
static inline uint32_t acl_pattern_key(const char *before, size_t before_length, const char *after, size_t after_length)
{
	struct acl_level front = acl_scan_level(before, before_length, 0),
			 back = acl_scan_level(after, after_length, 0);
	return acl_path(front.key, back.key) ^ 0x25252525u;
}

/* Whether the node is the child of `parent` by this level, which stands at topic[level.start], as a literal. */
static inline bool acl_is_literal(const struct acl_node *node, const char *text, uint32_t parent, const char *topic,
	const struct acl_level *level)
{
	const char *rest = topic + level->start;

	if (node->parent != parent || node->edge != ACL_EDGE_LITERAL || node->label_length != level->length ||
		acl_load(node->head) != level->head)
		return false;
	if (level->length <= 8)
		return true;
	if (level->length <= 16)
		return acl_load(node->head + level->length - 8) == acl_load(rest + level->length - 8);
	return memcmp(text + node->label + 8, rest + 8, level->length - 8u) == 0;
}

/* Whether the node's tail begins the topic at topic[at], at most the topic's length. */
static inline bool acl_is_tail(
	const struct acl_node *node, const char *text, const char *topic, size_t topic_length, size_t at)
{
	size_t length = node->tail_length, first = length < ACL_HEAD ? length : ACL_HEAD;
	const char *tail = text + node->label + node->label_length;

	return length <= topic_length - at && memcmp(node->tail, topic + at, first) == 0 &&
	       (length == first || memcmp(tail + first, topic + at + first, length - first) == 0);
}

/* The child of `parent` by this level as a literal, or ACL_NONE. path: acl_path of the two. */
static inline uint32_t acl_find_literal(const struct acl_node *nodes, const struct acl_slot *slots, uint32_t mask,
	const char *text, uint32_t parent, uint32_t path, const char *topic, const struct acl_level *level)
{
	for (uint32_t slot = path & mask; slots[slot].node != ACL_NONE; slot = (slot + 1) & mask)
		if (slots[slot].path == path && acl_is_literal(&nodes[slots[slot].node], text, parent, topic, level))
			return slots[slot].node;
	return ACL_NONE;
}

#endif
