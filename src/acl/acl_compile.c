/* Compiling: permissions are checked, entered into a trie, and its arrays become one block. Knows the block's layout,
 * nothing of how it is walked. */
#include "acl_build.h"

#include <stdlib.h>

#include "sqlauth/topic.h"

static uint32_t add_text(struct acl_build *build, const char *string, size_t length)
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
	struct acl_build *build, const struct sqlauth_permission *permissions, size_t count, size_t text_length)
{
	uint32_t group = 0;
	enum sqlauth_error error = acl_build_init(build);

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
		error = acl_build_insert(build, (uint32_t)i);
	}
	return error;
}

/* ---- how much a check can cost ---- */

#define BRANCHES_MANY (UINT32_MAX / 4) /* stands for all that is more */

struct bound {
	uint32_t *branches; /* by node: that go on from it at most, for any topic and any client; at least itself */
	uint32_t *literal;  /* by node: most of one of its literal children */
	uint32_t *shaped;   /* by shape: most of one of its children */
};

/* A topic's level picks at most one literal child and one of each shape; `+` comes on top. Children have higher indexes
 * than their parents. */
static void add_up(const struct acl_build *build, struct bound *bound)
{
	for (uint32_t i = build->node_count; i-- > 0;) {
		const struct acl_node *node = &build->nodes[i];
		uint64_t branches = (uint64_t)bound->literal[i] + (node->plus ? bound->branches[node->plus] : 0);
		uint32_t *most = node->edge == ACL_EDGE_LITERAL ? &bound->literal[node->parent] : NULL;

		for (uint32_t next = node->shape; next; next = build->shapes[next - 1].next)
			branches += bound->shaped[next - 1];
		if (branches > BRANCHES_MANY)
			branches = BRANCHES_MANY;
		bound->branches[i] = branches ? (uint32_t)branches : 1;
		if (i != ACL_ROOT && node->edge == ACL_EDGE_PATTERN)
			most = &bound->shaped[node->shaped];
		if (most && *most < bound->branches[i])
			*most = bound->branches[i];
	}
}

/* LIMIT where some topic could lead a check into too many branches. */
static enum sqlauth_error check_branches(const struct acl_build *build)
{
	struct bound bound = {
		.branches = calloc(build->node_count, sizeof(uint32_t)),
		.literal = calloc(build->node_count, sizeof(uint32_t)),
		.shaped = calloc(build->shape_count + (size_t)1, sizeof(uint32_t)),
	};
	enum sqlauth_error error = SQLAUTH_ERROR_MEMORY;

	if (bound.branches && bound.literal && bound.shaped) {
		add_up(build, &bound);
		error = bound.branches[ACL_ROOT] > SQLAUTH_ACL_BRANCHES_MAX ? SQLAUTH_ERROR_LIMIT : SQLAUTH_OK;
	}
	free(bound.branches);
	free(bound.literal);
	free(bound.shaped);
	return error;
}

/* ---- the block ---- */

/* Copies an array behind what the block holds so far; NULL block: only counts. */
static const void *pack(char *block, size_t *used, const void *items, size_t count, size_t size)
{
	char *place = block ? block + *used : NULL;

	if (block && count)
		memcpy(place, items, count * size);
	*used += (count * size + ACL_LINE - 1) / ACL_LINE * ACL_LINE;
	return place;
}

static size_t pack_all(const struct acl_build *build, size_t count, struct sqlauth_acl *acl)
{
	struct sqlauth_acl counted, *head = acl ? acl : &counted;
	char *block = (char *)acl;
	size_t used = (sizeof *acl + ACL_LINE - 1) / ACL_LINE * ACL_LINE;

	head->nodes = pack(block, &used, build->nodes, build->node_count, sizeof *build->nodes);
	head->slots = pack(block, &used, build->slots, build->slot_mask + (size_t)1, sizeof *build->slots);
	head->shapes = pack(block, &used, build->shapes, build->shape_count, sizeof *build->shapes);
	head->deciders = pack(block, &used, build->deciders, build->decider_count, sizeof *build->deciders);
	head->permissions = pack(block, &used, build->permissions, count, sizeof *build->permissions);
	head->text = pack(block, &used, build->text, build->text_length, 1);
	return used;
}

enum sqlauth_error sqlauth_acl_compile(
	const struct sqlauth_permission *permissions, size_t count, struct sqlauth_acl **acl_r, size_t *bad_r)
{
	struct acl_build build = {0};
	struct sqlauth_acl *acl = NULL;
	size_t text_length = 0, bytes;
	enum sqlauth_error error;

	if (count > SQLAUTH_ACL_PERMISSIONS_MAX)
		return SQLAUTH_ERROR_LIMIT;
	error = measure(permissions, count, &text_length, bad_r);
	if (!error)
		error = build_all(&build, permissions, count, text_length);
	if (!error)
		error = check_branches(&build);
	if (!error)
		error = acl_build_fold(&build);
	if (error)
		goto out;
	bytes = pack_all(&build, count, NULL);
	acl = aligned_alloc(ACL_LINE, bytes);
	if (!acl) {
		error = SQLAUTH_ERROR_MEMORY;
		goto out;
	}
	pack_all(&build, count, acl);
	acl->bytes = bytes;
	acl->permission_count = (uint32_t)count;
	acl->slot_mask = build.slot_mask;
	acl->uses = build.uses;
	acl->depth = build.depth;
	atomic_init(&acl->references, 1);
	*acl_r = acl;
out:
	acl_build_fini(&build);
	return error;
}
