/* The inside of a compiled ACL: one block of memory, laid out as a trie over topic levels.
 *
 * A node is a position behind some levels of the permissions' topics. It has at most one child by `+`, any number by
 * literal levels (found through one hash table for all nodes) and by levels with placeholders (a list). `#` is no
 * child: its permissions are the node's `rest`. What a permission decides is one of four bits.
 *
 * All references are indexes or offsets within the block. Index 0 means "none" wherever a child is meant: node 0 is the
 * root and nobody's child. Shared by acl_compile.c, which writes, and acl_check.c, which reads; nobody else.
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

struct acl_node {
	uint32_t parent;
	uint32_t key;      /* hash of the level that leads here (acl_scan_level); not for `+` */
	uint32_t label;    /* literal edge: text offset of that level; pattern edge: index of its acl_pattern */
	uint32_t plus;     /* child by `+` */
	uint32_t pattern;  /* 1 + index of the first child by a level with placeholders, 0 for none */
	uint32_t deciders; /* index; 0 where here and rest are empty */
	uint16_t label_length;
	uint8_t edge;  /* enum acl_edge */
	uint8_t here;  /* bits of permissions that end here */
	uint8_t rest;  /* bits of permissions that go on with `#` */
	uint8_t below; /* here, rest and those of all descendants */
};

/* A child by a level that holds `%`, e.g. `dev-%c`. */
struct acl_pattern {
	uint32_t node;
	uint32_t next;    /* 1 + index of the next sibling, 0 for the last */
	uint32_t label;   /* text offset of the level as it was written; its length is the node's label_length */
	uint32_t deny[2]; /* by action: first deny permission at or below the node, or SQLAUTH_NO_PERMISSION */
	uint8_t uses;     /* bit 0: %c, bit 1: %u */
};

/* Which permissions stand behind a node's bits, by acl_kind. */
struct acl_deciders {
	uint32_t here[ACL_KINDS], rest[ACL_KINDS];
};

struct acl_permission {
	uint32_t group, topic; /* text offsets, NUL-terminated */
	uint8_t effect, action;
};

struct sqlauth_acl {
	atomic_size_t references;
	size_t bytes;
	uint32_t permission_count, slot_mask;
	uint8_t uses; /* bit 0: %c, bit 1: %u in some permission */
	/* These point into this very block. */
	const struct acl_node *nodes;
	const struct acl_pattern *patterns;
	const struct acl_deciders *deciders;
	const struct acl_permission *permissions;
	const uint32_t *slots; /* edges by literals and patterns: open addressing, linear probing; a child's node index
				  or ACL_NONE */
	const char *text;
};

#define ACL_BYTES_ALL(byte) (UINT64_C(0x0101010101010101) * (byte))

/* Marks the bytes of word that are equal to byte, in their top bits; exact for the lowest one marked. */
static inline uint64_t acl_bytes_equal(uint64_t word, unsigned char byte)
{
	uint64_t zero = word ^ ACL_BYTES_ALL(byte);
	return (zero - ACL_BYTES_ALL(0x01)) & ~zero & ACL_BYTES_ALL(0x80);
}

/* count (1 to 8) bytes as a little-endian word, zeros above. */
static inline uint64_t acl_load(const char *bytes, size_t count)
{
	uint64_t word = 0;
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	uint32_t four;
	uint16_t two;
	unsigned shift = 0;

	if (count >= 8) {
		memcpy(&word, bytes, 8);
		return word;
	}
	if (count & 4) {
		memcpy(&four, bytes, 4);
		word = four;
		shift = 32;
	}
	if (count & 2) {
		memcpy(&two, bytes + (count & 4), 2);
		word |= (uint64_t)two << shift;
		shift += 16;
	}
	if (count & 1)
		word |= (uint64_t)(unsigned char)bytes[count - 1] << shift;
#else
	for (size_t i = 0; i < count && i < 8; i++)
		word |= (uint64_t)(unsigned char)bytes[i] << (8 * i);
#endif
	return word;
}

static inline uint64_t acl_mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15); /* 2^64 / golden ratio */
	return hash ^ (hash >> 29);
}

/* The length of the level at text[0..available-1] (up to the next `/` or the end), and its hash. Not keyed: an attacker
 * chooses what is looked up, but only the administrator what is stored, and so how long a probe can get. */
static inline size_t acl_scan_level(const char *text, size_t available, uint32_t *hash_r)
{
	uint64_t hash = 0;
	size_t length = 0;

	while (length < available) {
		size_t left = available - length, count = left < 8 ? left : 8;
		uint64_t word = acl_load(text + length, count), slashes = acl_bytes_equal(word, '/');
		if (slashes) {
			count = (size_t)__builtin_ctzll(slashes) / 8;
			if (count == 0)
				break;
			word &= ~UINT64_C(0) >> (64 - 8 * count);
		}
		hash = acl_mix(hash, word);
		length += count;
		if (slashes)
			break;
	}
	hash = acl_mix(hash, length);
	*hash_r = (uint32_t)(hash >> 32);
	return length;
}

static inline uint32_t acl_slot(uint32_t parent, uint32_t hash)
{
	return (uint32_t)(acl_mix(hash, parent) >> 24);
}

/* The child of `parent` by this level as a literal, or ACL_NONE. */
static inline uint32_t acl_find_literal(const struct acl_node *nodes, const uint32_t *slots, uint32_t mask,
	const char *text, uint32_t parent, uint32_t key, const char *level, size_t length)
{
	for (uint32_t slot = acl_slot(parent, key) & mask; slots[slot] != ACL_NONE; slot = (slot + 1) & mask) {
		const struct acl_node *node = &nodes[slots[slot]];
		if (node->key == key && node->parent == parent && node->label_length == length &&
			node->edge == ACL_EDGE_LITERAL && memcmp(text + node->label, level, length) == 0)
			return slots[slot];
	}
	return ACL_NONE;
}

#endif
