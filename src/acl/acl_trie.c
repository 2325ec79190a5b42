/* The trie of a compiled ACL while it grows: permission by permission, level by level. Knows what a node is, nothing of
 * how many permissions there may be or how the trie is walked. */
#include "acl_build.h"

#include <stdlib.h>

#include "sqlauth/topic.h"

#define NODES_MAX (1u << 23) /* 512 MiB of nodes: bounds what a database written in bad faith can ask for */
#define SLOTS_MIN 8u

void acl_build_fini(struct acl_build *build)
{
	free(build->nodes);
	free(build->shapes);
	free(build->deciders);
	free(build->permissions);
	free(build->slots);
	free(build->text);
}

/* Makes room for one more item; the array moves when it doubles. */
static enum sqlauth_error reserve(void **items, uint32_t count, uint32_t *capacity, size_t size)
{
	uint32_t more = *capacity ? 2 * *capacity : 16;
	void *moved;

	if (count < *capacity)
		return SQLAUTH_OK;
	if (count >= NODES_MAX)
		return SQLAUTH_ERROR_LIMIT;
	moved = realloc(*items, more * size);
	if (!moved)
		return SQLAUTH_ERROR_MEMORY;
	*items = moved;
	*capacity = more;
	return SQLAUTH_OK;
}

static enum sqlauth_error add_node(struct acl_build *build, struct acl_node node, uint32_t *index_r)
{
	enum sqlauth_error error =
		reserve((void **)&build->nodes, build->node_count, &build->node_capacity, sizeof *build->nodes);
	if (error)
		return error;
	if (node.edge != ACL_EDGE_PLUS)
		memcpy(node.head, build->text + node.label,
			node.label_length < ACL_HEAD ? node.label_length : ACL_HEAD);
	build->nodes[build->node_count] = node;
	*index_r = build->node_count++;
	return SQLAUTH_OK;
}

static void slot_insert(struct acl_build *build, uint32_t index)
{
	uint32_t path = build->nodes[index].path, slot = path & build->slot_mask;

	while (build->slots[slot].node != ACL_NONE)
		slot = (slot + 1) & build->slot_mask;
	build->slots[slot] = (struct acl_slot){path, index};
	build->slot_count++;
}

enum sqlauth_error acl_build_slots(struct acl_build *build, uint32_t edges)
{
	struct acl_slot *slots;
	uint32_t size = SLOTS_MIN;

	while (size < 2 * edges)
		size *= 2;
	slots = calloc(size, sizeof *slots);
	if (!slots)
		return SQLAUTH_ERROR_MEMORY;
	free(build->slots);
	build->slots = slots;
	build->slot_mask = size - 1;
	build->slot_count = 0;
	for (uint32_t i = 0; i < build->node_count; i++)
		if (build->nodes[i].edge != ACL_EDGE_PLUS)
			slot_insert(build, i);
	return SQLAUTH_OK;
}

static enum sqlauth_error reserve_slot(struct acl_build *build)
{
	uint32_t edges = build->slot_count + 1;

	return 2 * edges <= build->slot_mask + 1 ? SQLAUTH_OK : acl_build_slots(build, edges);
}

/* ---- one level ---- */

static enum sqlauth_error enter_plus(struct acl_build *build, struct acl_node node, uint32_t *child_r)
{
	uint32_t child = build->nodes[node.parent].plus;

	if (child == ACL_NONE) {
		enum sqlauth_error error;
		node.path = acl_path(build->nodes[node.parent].path, ACL_KEY_PLUS);
		error = add_node(build, node, &child);
		if (error)
			return error;
		build->nodes[node.parent].plus = child;
	}
	*child_r = child;
	return SQLAUTH_OK;
}

/* Adds a node that is found through the table of edges. */
static enum sqlauth_error add_slotted(struct acl_build *build, struct acl_node node, uint32_t *child_r)
{
	enum sqlauth_error error = reserve_slot(build);

	if (!error)
		error = add_node(build, node, child_r);
	if (error)
		return error;
	slot_insert(build, *child_r);
	return SQLAUTH_OK;
}

static enum sqlauth_error enter_literal(struct acl_build *build, struct acl_node node, uint32_t *child_r)
{
	const char *label = build->text + node.label;
	struct acl_level level = acl_scan_level(label, node.label_length, 0);
	uint32_t child;

	node.path = acl_path(build->nodes[node.parent].path, level.key);
	child = acl_find_literal(
		build->nodes, build->slots, build->slot_mask, build->text, node.parent, node.path, label, &level);
	if (child == ACL_NONE)
		return add_slotted(build, node, child_r);
	*child_r = child;
	return SQLAUTH_OK;
}

/* ---- levels with placeholders ---- */

static uint8_t use_of(char letter)
{
	return letter == 'c' ? 1u : letter == 'u' ? 2u : 0u;
}

static struct acl_shape shape_of(const char *text, uint32_t offset, uint16_t length)
{
	const char *label = text + offset;
	struct acl_shape shape = {
		.label = offset, .label_length = length, .deny = {SQLAUTH_NO_PERMISSION, SQLAUTH_NO_PERMISSION}};
	unsigned signs = 0;

	for (uint16_t i = 0; i + 1 < length; i++)
		if (label[i] == '%') {
			if (signs++ == 0)
				shape.before = i;
			i++;
			shape.uses |= use_of(label[i]);
		}
	shape.lone = signs != 1 || shape.uses == 0;
	if (!shape.lone)
		shape.after = (uint16_t)(length - shape.before - 2);
	return shape;
}

/* Whether a level begins with `$` wherever its placeholder is empty. */
static bool begins_with_dollar(const char *text, const struct acl_shape *shape)
{
	const char *label = text + shape->label;
	return shape->before > 0 ? label[0] == '$' : shape->after > 0 && label[2] == '$';
}

static bool same_shape(const char *text, const struct acl_shape *a, const struct acl_shape *b)
{
	return !a->lone && !b->lone && a->uses == b->uses && a->before == b->before && a->after == b->after &&
	       begins_with_dollar(text, a) == begins_with_dollar(text, b);
}

/* The shape for a new child, made where the parent has none like it. */
static enum sqlauth_error enter_shape(
	struct acl_build *build, uint32_t parent, const struct acl_shape *wanted, uint32_t *shape_r)
{
	uint32_t count = 0;
	enum sqlauth_error error;

	for (uint32_t next = build->nodes[parent].shape; next; next = build->shapes[next - 1].next, count++)
		if (same_shape(build->text, &build->shapes[next - 1], wanted)) {
			*shape_r = next - 1;
			return SQLAUTH_OK;
		}
	if (count >= SQLAUTH_ACL_BRANCHES_MAX)
		return SQLAUTH_ERROR_LIMIT;
	error = reserve((void **)&build->shapes, build->shape_count, &build->shape_capacity, sizeof *build->shapes);
	if (error)
		return error;
	build->shapes[build->shape_count] = *wanted;
	build->shapes[build->shape_count].next = build->nodes[parent].shape;
	build->uses |= wanted->uses;
	*shape_r = build->shape_count++;
	build->nodes[parent].shape = build->shape_count;
	return SQLAUTH_OK;
}

static uint32_t find_pattern(const struct acl_build *build, const struct acl_node *wanted)
{
	for (uint32_t slot = wanted->path & build->slot_mask; build->slots[slot].node != ACL_NONE;
		slot = (slot + 1) & build->slot_mask) {
		const struct acl_node *node = &build->nodes[build->slots[slot].node];
		if (build->slots[slot].path == wanted->path && node->parent == wanted->parent &&
			node->edge == ACL_EDGE_PATTERN && node->label_length == wanted->label_length &&
			memcmp(build->text + node->label, build->text + wanted->label, node->label_length) == 0)
			return build->slots[slot].node;
	}
	return ACL_NONE;
}

static enum sqlauth_error enter_pattern(struct acl_build *build, struct acl_node node, uint32_t *child_r)
{
	struct acl_shape shape = shape_of(build->text, node.label, node.label_length);
	const char *label = build->text + node.label;
	size_t before = shape.lone ? node.label_length : shape.before;
	enum sqlauth_error error;
	uint32_t child;

	node.path = acl_path(build->nodes[node.parent].path,
		acl_pattern_key(label, before, label + node.label_length - shape.after, shape.after));
	child = find_pattern(build, &node);
	if (child != ACL_NONE) {
		*child_r = child;
		return SQLAUTH_OK;
	}
	error = enter_shape(build, node.parent, &shape, &node.shaped);
	return error ? error : add_slotted(build, node, child_r);
}

static enum sqlauth_error enter(
	struct acl_build *build, uint32_t parent, uint32_t level, size_t length, uint32_t *child_r)
{
	const char *text = build->text + level;
	struct acl_node node = {.parent = parent, .label = level, .label_length = (uint16_t)length};

	if (length == 1 && text[0] == '+') {
		node.edge = ACL_EDGE_PLUS;
		return enter_plus(build, node, child_r);
	}
	if (!memchr(text, '%', length)) {
		node.edge = ACL_EDGE_LITERAL;
		return enter_literal(build, node, child_r);
	}
	node.edge = ACL_EDGE_PATTERN;
	return enter_pattern(build, node, child_r);
}

/* ---- one permission ---- */

/* Passes a node on the way down: what lies below it, and the deny that a placeholder widens to. */
static void pass(struct acl_build *build, uint32_t index, uint32_t permission)
{
	const struct acl_permission *stored = &build->permissions[permission];
	struct acl_node *node = &build->nodes[index];
	uint8_t bit = acl_bit(stored->effect, stored->action);

	node->below |= bit;
	if (index == ACL_ROOT || node->edge != ACL_EDGE_PATTERN)
		return;
	build->shapes[node->shaped].below |= bit;
	if (stored->effect == SQLAUTH_DENY) {
		uint32_t *deny = &build->shapes[node->shaped].deny[stored->action];
		if (*deny == SQLAUTH_NO_PERMISSION)
			*deny = permission;
	}
}

/* The node's table of deciders, made when its second bit comes. */
static enum sqlauth_error make_deciders(struct acl_build *build, struct acl_node *node)
{
	enum sqlauth_error error = reserve(
		(void **)&build->deciders, build->decider_count, &build->decider_capacity, sizeof *build->deciders);
	struct acl_deciders *deciders;

	if (error)
		return error;
	deciders = &build->deciders[build->decider_count];
	for (unsigned kind = 0; kind < ACL_KINDS; kind++)
		deciders->here[kind] = deciders->rest[kind] = node->decider;
	node->decider = build->decider_count++;
	return SQLAUTH_OK;
}

/* Writes the permission down at the node where its topic ends. */
static enum sqlauth_error settle(struct acl_build *build, uint32_t index, uint32_t permission, bool rest)
{
	const struct acl_permission *stored = &build->permissions[permission];
	unsigned kind = acl_kind(stored->effect, stored->action);
	struct acl_node *node = &build->nodes[index];
	uint8_t *bits = rest ? &node->rest : &node->here;
	unsigned ends = acl_ends(node);

	if (*bits & (1u << kind))
		return SQLAUTH_OK; /* the first of several alike is the one to name */
	if (ends == 0) {
		node->decider = permission;
	} else {
		enum sqlauth_error error = acl_is_single(ends) ? make_deciders(build, node) : SQLAUTH_OK;
		struct acl_deciders *deciders;
		if (error)
			return error;
		deciders = &build->deciders[node->decider];
		*(rest ? &deciders->rest[kind] : &deciders->here[kind]) = permission;
	}
	*bits |= (uint8_t)(1u << kind);
	return SQLAUTH_OK;
}

enum sqlauth_error acl_build_insert(struct acl_build *build, uint32_t permission)
{
	uint32_t node = ACL_ROOT, at = build->permissions[permission].topic;
	const char *text = build->text;

	for (;;) {
		size_t length = strcspn(text + at, "/");
		enum sqlauth_error error;

		pass(build, node, permission);
		if (length == 1 && text[at] == '#')
			return settle(build, node, permission, true);
		error = enter(build, node, at, length, &node);
		if (error)
			return error;
		at += (uint32_t)length;
		if (text[at] == '\0') {
			pass(build, node, permission);
			return settle(build, node, permission, false);
		}
		at++;
	}
}

enum sqlauth_error acl_build_init(struct acl_build *build)
{
	uint32_t root;
	enum sqlauth_error error = add_node(build, (struct acl_node){.edge = ACL_EDGE_PLUS}, &root);

	return error ? error : acl_build_slots(build, 1);
}
