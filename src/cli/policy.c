/* Growing lists of rows, and one place for their strings. Knows neither where a policy comes from nor where it goes. */
#include "policy.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "output.h"
#include "sqlauth/secret.h"

#define CHUNK_BYTES  65536
#define REMARK_BYTES (4 * sizeof(struct cli_quoted))

struct policy_chunk {
	struct policy_chunk *next;
	size_t size, used;
	char bytes[];
};

void policy_clear(struct policy *policy)
{
	while (policy->chunks) {
		struct policy_chunk *chunk = policy->chunks;

		policy->chunks = chunk->next;
		sqlauth_secret_wipe(chunk->bytes, chunk->size); /* hashes among them */
		free(chunk);
	}
	free(policy->clients);
	free(policy->groups);
	free(policy->permissions);
	free(policy->rules);
	free(policy->remarks);
	memset(policy, 0, sizeof(*policy));
}

static struct policy_chunk *make_room(struct policy *policy, size_t bytes)
{
	struct policy_chunk *chunk = policy->chunks;
	size_t size = bytes > CHUNK_BYTES ? bytes : CHUNK_BYTES;

	if (chunk && chunk->size - chunk->used >= bytes)
		return chunk;
	chunk = malloc(sizeof(*chunk) + size);
	if (!chunk) {
		policy->error = SQLAUTH_ERROR_MEMORY;
		return NULL;
	}
	chunk->size = size;
	chunk->used = 0;
	chunk->next = policy->chunks;
	policy->chunks = chunk;
	return chunk;
}

const char *policy_keep(struct policy *policy, const char *text)
{
	size_t bytes = text ? strlen(text) + 1 : 0;
	struct policy_chunk *chunk;
	char *copy;

	if (!text || policy->error != SQLAUTH_OK)
		return NULL;
	chunk = make_room(policy, bytes);
	if (!chunk)
		return NULL;
	copy = chunk->bytes + chunk->used;
	memcpy(copy, text, bytes);
	chunk->used += bytes;
	return copy;
}

/* The list with room for one more; NULL without memory, the list as it was. */
static void *grow(struct policy *policy, void *list, size_t count, size_t *room, size_t size)
{
	size_t wanted = *room == 0 ? 16 : 2 * *room;
	void *grown;

	if (policy->error != SQLAUTH_OK)
		return NULL;
	if (count < *room)
		return list;
	grown = reallocarray(list, wanted, size);
	if (grown)
		*room = wanted;
	else
		policy->error = SQLAUTH_ERROR_MEMORY;
	return grown;
}

void policy_add_client(struct policy *policy, const struct policy_client *client)
{
	struct policy_client *list =
		grow(policy, policy->clients, policy->client_count, &policy->client_room, sizeof(*list));

	if (!list)
		return;
	policy->clients = list;
	list[policy->client_count] = (struct policy_client){
		.name = policy_keep(policy, client->name),
		.password = policy_keep(policy, client->password),
		.mqtt_id = policy_keep(policy, client->mqtt_id),
		.description = policy_keep(policy, client->description),
		.disabled = client->disabled,
	};
	if (policy->error == SQLAUTH_OK)
		policy->client_count++;
}

void policy_add_group(struct policy *policy, const char *name, const char *description)
{
	struct policy_group *list =
		grow(policy, policy->groups, policy->group_count, &policy->group_room, sizeof(*list));

	if (!list)
		return;
	policy->groups = list;
	list[policy->group_count] = (struct policy_group){
		.name = policy_keep(policy, name), .description = policy_keep(policy, description)};
	if (policy->error == SQLAUTH_OK)
		policy->group_count++;
}

void policy_add_rule(struct policy *policy, const char *match_by, const char *value, const char *group)
{
	struct policy_rule *list = grow(policy, policy->rules, policy->rule_count, &policy->rule_room, sizeof(*list));

	if (!list)
		return;
	policy->rules = list;
	list[policy->rule_count] = (struct policy_rule){.match_by = policy_keep(policy, match_by),
		.value = policy_keep(policy, value),
		.group = policy_keep(policy, group)};
	if (policy->error == SQLAUTH_OK)
		policy->rule_count++;
}

void policy_add_permission(struct policy *policy, const char *group, enum sqlauth_effect effect,
	enum sqlauth_action action, const char *topic)
{
	struct sqlauth_permission *list =
		grow(policy, policy->permissions, policy->permission_count, &policy->permission_room, sizeof(*list));

	if (!list)
		return;
	policy->permissions = list;
	list[policy->permission_count] = (struct sqlauth_permission){.group = policy_keep(policy, group),
		.topic = policy_keep(policy, topic),
		.effect = effect,
		.action = action};
	if (policy->error == SQLAUTH_OK)
		policy->permission_count++;
}

void policy_remark(struct policy *policy, enum policy_difference difference, const char *format, ...)
{
	struct policy_remark *list =
		grow(policy, policy->remarks, policy->remark_count, &policy->remark_room, sizeof(*list));
	char text[REMARK_BYTES];
	va_list values;

	if (!list)
		return;
	policy->remarks = list;
	va_start(values, format);
	vsnprintf(text, sizeof(text), format, values);
	va_end(values);
	list[policy->remark_count] = (struct policy_remark){difference, policy_keep(policy, text)};
	if (policy->error == SQLAUTH_OK)
		policy->remark_count++;
}

/* A client and where it stood: qsort is not stable. */
struct placed {
	struct policy_client client;
	size_t place;
};

static int compare_placed(const void *a, const void *b)
{
	const struct placed *one = a, *other = b;
	int order = strcmp(one->client.name, other->client.name);

	if (order != 0)
		return order;
	return one->place < other->place ? -1 : 1;
}

void policy_settle_clients(struct policy *policy, bool keep_first)
{
	struct placed *placed;
	struct cli_quoted quoted;
	size_t count = policy->client_count, kept = 0;

	if (policy->error != SQLAUTH_OK || count == 0)
		return;
	placed = reallocarray(NULL, count, sizeof(*placed));
	if (!placed) {
		policy->error = SQLAUTH_ERROR_MEMORY;
		return;
	}
	for (size_t i = 0; i < count; i++)
		placed[i] = (struct placed){policy->clients[i], i};
	qsort(placed, count, sizeof(*placed), compare_placed);
	for (size_t i = 0, end; i < count; i = end) {
		for (end = i + 1; end < count && strcmp(placed[i].client.name, placed[end].client.name) == 0;)
			end++;
		if (end - i > 1)
			policy_remark(policy, POLICY_NOTE, "client %s stands there %zu times; the %s one counts",
				cli_quote(&quoted, placed[i].client.name), end - i, keep_first ? "first" : "last");
		policy->clients[kept++] = placed[keep_first ? i : end - 1].client;
	}
	policy->client_count = kept;
	free(placed);
}

static int compare_permissions(const void *a, const void *b)
{
	const struct sqlauth_permission *one = *(const struct sqlauth_permission *const *)a;
	const struct sqlauth_permission *other = *(const struct sqlauth_permission *const *)b;
	int order = strcmp(one->topic, other->topic);

	if (order == 0)
		order = strcmp(one->group, other->group);
	if (order == 0)
		order = (int)one->action - (int)other->action;
	if (order == 0)
		order = (int)one->effect - (int)other->effect;
	return order;
}

/* Equal ones stand together then, in the order of their places. */
static int compare_places(const void *a, const void *b)
{
	const struct sqlauth_permission *one = *(const struct sqlauth_permission *const *)a;
	const struct sqlauth_permission *other = *(const struct sqlauth_permission *const *)b;
	int order = compare_permissions(a, b);

	return order != 0 ? order : one < other ? -1 : one > other;
}

void policy_settle_permissions(struct policy *policy)
{
	size_t count = policy->permission_count, kept = 0;
	struct sqlauth_permission **sorted;

	if (policy->error != SQLAUTH_OK || count == 0)
		return;
	sorted = reallocarray(NULL, count, sizeof(struct sqlauth_permission *));
	if (!sorted) {
		policy->error = SQLAUTH_ERROR_MEMORY;
		return;
	}
	for (size_t i = 0; i < count; i++)
		sorted[i] = &policy->permissions[i];
	qsort(sorted, count, sizeof(struct sqlauth_permission *), compare_places);
	for (size_t i = count - 1; i > 0; i--) {
		if (compare_permissions(&sorted[i - 1], &sorted[i]) == 0)
			sorted[i]->topic = NULL;
	}
	for (size_t i = 0; i < count; i++) {
		if (policy->permissions[i].topic)
			policy->permissions[kept++] = policy->permissions[i];
	}
	policy->permission_count = kept;
	free(sorted);
}

static int compare_name(const void *key, const void *client)
{
	return strcmp(key, ((const struct policy_client *)client)->name);
}

const struct policy_client *policy_find_client(const struct policy *policy, const char *name)
{
	if (policy->client_count == 0)
		return NULL;
	return bsearch(name, policy->clients, policy->client_count, sizeof(*policy->clients), compare_name);
}
