/* A compiled ACL while it grows: the arrays of acl_block.h, each on its own. Shared by acl_trie.c, which fills them one
 * permission at a time, acl_fold.c, which makes them small, and acl_compile.c, which makes them one block; nobody else.
 */
#ifndef SQLAUTH_ACL_BUILD_H
#define SQLAUTH_ACL_BUILD_H

#include "acl_block.h"

struct acl_build {
	struct acl_node *nodes;
	struct acl_shape *shapes;
	struct acl_deciders *deciders;
	struct acl_permission *permissions;
	struct acl_slot *slots;
	char *text;
	size_t text_length; /* filled by the caller, together with permissions, before their insertion */
	uint32_t node_count, node_capacity;
	uint32_t shape_count, shape_capacity;
	uint32_t decider_count, decider_capacity;
	uint32_t slot_count, slot_mask;
	uint32_t depth;
	uint8_t uses;
};

/* Makes the root. */
enum sqlauth_error acl_build_init(struct acl_build *build) __attribute__((warn_unused_result));
void acl_build_fini(struct acl_build *build);

/* Makes the table of edges anew, from the nodes, for so many of them: at most half full. */
enum sqlauth_error acl_build_slots(struct acl_build *build, uint32_t edges) __attribute__((warn_unused_result));

/* Enters permissions[permission] into the trie; after an error the build is good for nothing but fini. */
enum sqlauth_error acl_build_insert(struct acl_build *build, uint32_t permission) __attribute__((warn_unused_result));

/* When all are entered: turns chains of nodes into tails, numbers those that stay, and says what else a check wants to
 * know of them: plain, depth, shapes of one child. Nothing can be entered any more. */
enum sqlauth_error acl_build_fold(struct acl_build *build) __attribute__((warn_unused_result));

#endif
