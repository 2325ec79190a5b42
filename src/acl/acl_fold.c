/* What becomes of a trie when the last permission is in it (acl_build.h). Most of its nodes lead to one leaf and to
 * nothing else: `site/line-1/dev-7/data/value` has a node of its own for each level behind the device. Such a chain of
 * literal levels becomes text behind the node where it begins. That is a third of the nodes, fewer levels to hash, and
 * one line of the cache to wait for in place of three.
 */
#include "acl_build.h"

#include <stdlib.h>

#define GONE UINT32_MAX

/* Takes the leaves that are their parents' only children into them, from below: children have higher indexes than their
 * parents. children: by node, of zeros; GONE afterwards for those that were taken. The root keeps its own, for the
 * first level is looked at by more than its text.
 *
 * A node's label lies in the topic of the permission that made it, which found its way to the leaf: what follows on the
 * label there is the tail. */
static void join_chains(struct acl_build *build, uint32_t *children)
{
	for (uint32_t i = build->node_count; i-- > 1;)
		children[build->nodes[i].parent]++;
	for (uint32_t i = build->node_count; i-- > 1;) {
		const struct acl_node *leaf = &build->nodes[i];
		struct acl_node *parent = &build->nodes[leaf->parent];

		if (children[i] > 0 || leaf->edge != ACL_EDGE_LITERAL || leaf->parent == ACL_ROOT ||
			children[leaf->parent] > 1 || acl_ends(parent))
			continue;
		parent->here = leaf->here;
		parent->rest = leaf->rest;
		parent->decider = leaf->decider;
		parent->tail_length = (uint16_t)(1 + leaf->label_length + leaf->tail_length);
		children[leaf->parent] = 0;
		children[i] = GONE;
	}
}

/* Closes the gaps. numbers: GONE for those, and the nodes' new indexes afterwards. */
static void renumber(struct acl_build *build, uint32_t *numbers)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < build->node_count; i++) {
		struct acl_node node = build->nodes[i];

		if (numbers[i] == GONE)
			continue;
		node.parent = numbers[node.parent];
		numbers[i] = count;
		build->nodes[count++] = node;
	}
	for (uint32_t i = 0; i < count; i++)
		build->nodes[i].plus = numbers[build->nodes[i].plus];
	build->node_count = count;
}

static uint32_t depth_of(const struct acl_build *build, uint32_t *depths)
{
	uint32_t deepest = 0;

	depths[ACL_ROOT] = 0;
	for (uint32_t i = 1; i < build->node_count; i++) {
		depths[i] = depths[build->nodes[i].parent] + 1;
		if (depths[i] > deepest)
			deepest = depths[i];
	}
	return deepest;
}

/* children: by shape, of zeros. */
static void note_only_children(struct acl_build *build, uint32_t *children)
{
	for (uint32_t i = 1; i < build->node_count; i++)
		if (build->nodes[i].edge == ACL_EDGE_PATTERN) {
			uint32_t shape = build->nodes[i].shaped;
			build->shapes[shape].node = children[shape]++ == 0 ? i : ACL_NONE;
		}
}

/* Last, for it takes the place of what a leaf does not have. */
static void finish_nodes(struct acl_build *build)
{
	for (uint32_t i = 0; i < build->node_count; i++) {
		struct acl_node *node = &build->nodes[i];
		size_t first = node->tail_length < ACL_HEAD ? node->tail_length : ACL_HEAD;

		node->plain = !acl_ends(node) && node->plus == ACL_NONE && node->shape == 0;
		if (first > 0)
			memcpy(node->tail, build->text + node->label + node->label_length, first);
	}
}

static uint32_t count_edges(const struct acl_build *build)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < build->node_count; i++)
		count += build->nodes[i].edge != ACL_EDGE_PLUS;
	return count;
}

enum sqlauth_error acl_build_fold(struct acl_build *build)
{
	uint32_t *by_node = calloc(build->node_count, sizeof *by_node);
	uint32_t *by_shape = calloc(build->shape_count + (size_t)1, sizeof *by_shape);
	enum sqlauth_error error = SQLAUTH_ERROR_MEMORY;

	if (by_node && by_shape) {
		join_chains(build, by_node);
		renumber(build, by_node);
		build->depth = depth_of(build, by_node);
		note_only_children(build, by_shape);
		finish_nodes(build);
		error = acl_build_slots(build, count_edges(build));
	}
	free(by_node);
	free(by_shape);
	return error;
}
