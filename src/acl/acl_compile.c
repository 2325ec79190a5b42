/* Compiling: permissions become a trie in growing arrays, and the arrays one block. Knows the block's layout, nothing
 * of how it is walked. */
#include "acl_block.h"

#include <stdlib.h>

#include "sqlauth/topic.h"

#define NODES_MAX   (1u << 24) /* 512 MiB of nodes: bounds what a database written in bad faith can ask for */
#define SLOTS_MIN   8u
#define BLOCK_ALIGN sizeof(uint64_t)

struct build {
	struct acl_node *nodes;
	struct acl_pattern *patterns;
	struct acl_deciders *deciders;
	struct acl_permission *permissions;
	uint32_t *slots;
	char *text;
	size_t text_length;
	uint32_t node_count, node_capacity;
	uint32_t pattern_count, pattern_capacity;
	uint32_t decider_count, decider_capacity;
	uint32_t slot_count, slot_mask;
	uint8_t uses;
};

static void build_clear(struct build *build)
{
	free(build->nodes);
	free(build->patterns);
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

static enum sqlauth_error add_node(struct build *build, struct acl_node node, uint32_t *index_r)
{
	enum sqlauth_error error =
		reserve((void **)&build->nodes, build->node_count, &build->node_capacity, sizeof *build->nodes);
	if (error)
		return error;
	build->nodes[build->node_count] = node;
	*index_r = build->node_count++;
	return SQLAUTH_OK;
}

static void slot_insert(struct build *build, uint32_t index)
{
	const struct acl_node *node = &build->nodes[index];
	uint32_t slot = acl_slot(node->parent, node->key) & build->slot_mask;

	while (build->slots[slot] != ACL_NONE)
		slot = (slot + 1) & build->slot_mask;
	build->slots[slot] = index;
}

/* Keeps the table of edges at most half full. */
static enum sqlauth_error reserve_slot(struct build *build)
{
	uint32_t old = build->slots ? build->slot_mask + 1 : 0, size = old ? 2 * old : SLOTS_MIN;
	uint32_t *slots, *before = build->slots;

	if (2 * (build->slot_count + 1) <= old)
		return SQLAUTH_OK;
	slots = calloc(size, sizeof *slots);
	if (!slots)
		return SQLAUTH_ERROR_MEMORY;
	build->slots = slots;
	build->slot_mask = size - 1;
	for (uint32_t i = 0; i < old; i++)
		if (before[i] != ACL_NONE)
			slot_insert(build, before[i]);
	free(before);
	return SQLAUTH_OK;
}

/* ---- one level ---- */

static enum sqlauth_error enter_plus(struct build *build, struct acl_node node, uint32_t *child_r)
{
	uint32_t child = build->nodes[node.parent].plus;

	if (child == ACL_NONE) {
		enum sqlauth_error error = add_node(build, node, &child);
		if (error)
			return error;
		build->nodes[node.parent].plus = child;
	}
	*child_r = child;
	return SQLAUTH_OK;
}

static enum sqlauth_error enter_literal(struct build *build, struct acl_node node, uint32_t *child_r)
{
	uint32_t child = acl_find_literal(build->nodes, build->slots, build->slot_mask, build->text, node.parent,
		node.key, build->text + node.label, node.label_length);

	if (child == ACL_NONE) {
		enum sqlauth_error error = add_node(build, node, &child);
		if (error)
			return error;
		slot_insert(build, child);
		build->slot_count++;
	}
	*child_r = child;
	return SQLAUTH_OK;
}

static uint8_t placeholders_of(const char *label, size_t length)
{
	uint8_t uses = 0;

	for (size_t i = 0; i + 1 < length; i++)
		if (label[i] == '%') {
			i++;
			uses |= label[i] == 'c' ? 1u : label[i] == 'u' ? 2u : 0u;
		}
	return uses;
}

static uint32_t find_pattern(const struct build *build, const struct acl_node *wanted)
{
	uint32_t slot = acl_slot(wanted->parent, wanted->key) & build->slot_mask;

	for (; build->slots[slot] != ACL_NONE; slot = (slot + 1) & build->slot_mask) {
		const struct acl_node *node = &build->nodes[build->slots[slot]];
		if (node->key == wanted->key && node->parent == wanted->parent &&
			node->label_length == wanted->label_length && node->edge == ACL_EDGE_PATTERN &&
			memcmp(build->text + build->patterns[node->label].label, build->text + wanted->label,
				wanted->label_length) == 0)
			return build->slots[slot];
	}
	return ACL_NONE;
}

/* node.label comes as the text offset of the level and is stored as the index of the new pattern. */
static enum sqlauth_error enter_pattern(struct build *build, struct acl_node node, uint32_t *child_r)
{
	uint32_t label = node.label, child = find_pattern(build, &node);
	enum sqlauth_error error;

	if (child != ACL_NONE) {
		*child_r = child;
		return SQLAUTH_OK;
	}
	error = reserve(
		(void **)&build->patterns, build->pattern_count, &build->pattern_capacity, sizeof *build->patterns);
	if (error)
		return error;
	node.label = build->pattern_count;
	error = add_node(build, node, &child);
	if (error)
		return error;
	build->patterns[build->pattern_count] = (struct acl_pattern){
		.node = child,
		.next = build->nodes[node.parent].pattern,
		.label = label,
		.deny = {SQLAUTH_NO_PERMISSION, SQLAUTH_NO_PERMISSION},
		.uses = placeholders_of(build->text + label, node.label_length),
	};
	build->uses |= build->patterns[build->pattern_count].uses;
	build->nodes[node.parent].pattern = ++build->pattern_count;
	slot_insert(build, child);
	build->slot_count++;
	*child_r = child;
	return SQLAUTH_OK;
}

static enum sqlauth_error enter(struct build *build, uint32_t parent, uint32_t level, size_t length, uint32_t *child_r)
{
	const char *text = build->text + level;
	struct acl_node node = {.parent = parent, .label = level, .label_length = (uint16_t)length};

	enum sqlauth_error error;

	if (length == 1 && text[0] == '+') {
		node.edge = ACL_EDGE_PLUS;
		return enter_plus(build, node, child_r);
	}
	error = reserve_slot(build);
	if (error)
		return error;
	acl_scan_level(text, length, &node.key);
	node.edge = memchr(text, '%', length) ? ACL_EDGE_PATTERN : ACL_EDGE_LITERAL;
	return node.edge == ACL_EDGE_PATTERN ? enter_pattern(build, node, child_r)
					     : enter_literal(build, node, child_r);
}

/* ---- one permission ---- */

/* Passes a node on the way down: what lies below it, and the deny that a pattern widens to. */
static void pass(struct build *build, uint32_t index, uint32_t permission)
{
	const struct acl_permission *stored = &build->permissions[permission];
	struct acl_node *node = &build->nodes[index];

	node->below |= acl_bit(stored->effect, stored->action);
	if (index != ACL_ROOT && node->edge == ACL_EDGE_PATTERN && stored->effect == SQLAUTH_DENY) {
		uint32_t *deny = &build->patterns[node->label].deny[stored->action];
		if (*deny == SQLAUTH_NO_PERMISSION)
			*deny = permission;
	}
}

/* Writes the permission down at the node where its topic ends. */
static enum sqlauth_error settle(struct build *build, uint32_t index, uint32_t permission, bool rest)
{
	const struct acl_permission *stored = &build->permissions[permission];
	unsigned kind = acl_kind(stored->effect, stored->action);
	struct acl_node *node = &build->nodes[index];
	uint8_t *bits = rest ? &node->rest : &node->here;
	struct acl_deciders *deciders;

	if (!node->here && !node->rest) {
		enum sqlauth_error error = reserve(
			(void **)&build->deciders, build->decider_count, &build->decider_capacity, sizeof *deciders);
		if (error)
			return error;
		build->deciders[build->decider_count] = (struct acl_deciders){{0}, {0}};
		node->deciders = build->decider_count++;
	}
	deciders = &build->deciders[node->deciders];
	if (!(*bits & (1u << kind)))
		*(rest ? &deciders->rest[kind] : &deciders->here[kind]) = permission;
	*bits |= (uint8_t)(1u << kind);
	return SQLAUTH_OK;
}

static enum sqlauth_error insert(struct build *build, uint32_t permission)
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

/* ---- all of them ---- */

static uint32_t add_text(struct build *build, const char *string, size_t length)
{
	uint32_t offset = (uint32_t)build->text_length;

	memcpy(build->text + offset, string, length + 1);
	build->text_length += length + 1;
	return offset;
}

/* Checks every permission and adds up the text that they need. */
static enum sqlauth_error measure(
	const struct sqlauth_permission *permissions, size_t count, size_t *text_length_r, size_t *bad_r)
{
	size_t total = 0;

	for (size_t i = 0; i < count; i++) {
		const struct sqlauth_permission *permission = &permissions[i];
		size_t length = strnlen(permission->topic, SQLAUTH_TOPIC_BYTES_MAX + 1);

		if (sqlauth_topic_permission_fault(permission->topic, length) ||
			(unsigned)permission->effect > SQLAUTH_DENY ||
			(unsigned)permission->action > SQLAUTH_SUBSCRIBE) {
			if (bad_r)
				*bad_r = i;
			return SQLAUTH_ERROR_INVALID;
		}
		total += length + 1 + strlen(permission->group) + 1;
		if (total > UINT32_MAX / 2)
			return SQLAUTH_ERROR_LIMIT;
	}
	*text_length_r = total;
	return SQLAUTH_OK;
}

static enum sqlauth_error build_all(
	struct build *build, const struct sqlauth_permission *permissions, size_t count, size_t text_length)
{
	uint32_t index, group = 0;
	enum sqlauth_error error = add_node(build, (struct acl_node){.parent = ACL_ROOT}, &index);

	if (!error)
		error = reserve_slot(build);
	if (error)
		return error;
	build->text = malloc(text_length + 1);
	build->permissions = calloc(count + 1, sizeof *build->permissions);
	if (!build->text || !build->permissions)
		return SQLAUTH_ERROR_MEMORY;
	for (size_t i = 0; i < count && !error; i++) {
		const struct sqlauth_permission *given = &permissions[i];
		if (i == 0 || strcmp(given->group, permissions[i - 1].group) != 0)
			group = add_text(build, given->group, strlen(given->group));
		build->permissions[i] = (struct acl_permission){.group = group,
			.topic = add_text(build, given->topic, strlen(given->topic)),
			.effect = (uint8_t)given->effect,
			.action = (uint8_t)given->action};
		error = insert(build, (uint32_t)i);
	}
	return error;
}

/* Copies an array behind what the block holds so far; NULL block: only counts. */
static const void *pack(char *block, size_t *used, const void *items, size_t count, size_t size)
{
	char *place = block ? block + *used : NULL;

	if (block && count)
		memcpy(place, items, count * size);
	*used += (count * size + BLOCK_ALIGN - 1) / BLOCK_ALIGN * BLOCK_ALIGN;
	return place;
}

static size_t pack_all(const struct build *build, size_t count, struct sqlauth_acl *acl)
{
	struct sqlauth_acl counted, *head = acl ? acl : &counted;
	char *block = (char *)acl;
	size_t used = (sizeof *acl + BLOCK_ALIGN - 1) / BLOCK_ALIGN * BLOCK_ALIGN;

	head->nodes = pack(block, &used, build->nodes, build->node_count, sizeof *build->nodes);
	head->slots = pack(block, &used, build->slots, build->slot_mask + (size_t)1, sizeof *build->slots);
	head->patterns = pack(block, &used, build->patterns, build->pattern_count, sizeof *build->patterns);
	head->deciders = pack(block, &used, build->deciders, build->decider_count, sizeof *build->deciders);
	head->permissions = pack(block, &used, build->permissions, count, sizeof *build->permissions);
	head->text = pack(block, &used, build->text, build->text_length, 1);
	return used;
}

enum sqlauth_error sqlauth_acl_compile(
	const struct sqlauth_permission *permissions, size_t count, struct sqlauth_acl **acl_r, size_t *bad_r)
{
	struct build build = {0};
	struct sqlauth_acl *acl = NULL;
	size_t text_length = 0, bytes;
	enum sqlauth_error error;

	if (count > SQLAUTH_ACL_PERMISSIONS_MAX)
		return SQLAUTH_ERROR_LIMIT;
	error = measure(permissions, count, &text_length, bad_r);
	if (!error)
		error = build_all(&build, permissions, count, text_length);
	if (error)
		goto out;
	bytes = pack_all(&build, count, NULL);
	acl = malloc(bytes);
	if (!acl) {
		error = SQLAUTH_ERROR_MEMORY;
		goto out;
	}
	pack_all(&build, count, acl);
	acl->bytes = bytes;
	acl->permission_count = (uint32_t)count;
	acl->slot_mask = build.slot_mask;
	acl->uses = build.uses;
	atomic_init(&acl->references, 1);
	*acl_r = acl;
out:
	build_clear(&build);
	return error;
}
