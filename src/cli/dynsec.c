/* Reading the dynamic security plugin's file (dynsec.h). The order of its lists is src/store's query; what they mean is
 * dynsec_roles.c's. */
#include "dynsec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "import.h"
#include "sqlauth/foreign.h"
#include "sqlauth/password.h"

#define HASH_TEXT_SIZE (SQLAUTH_HASH_BYTES_MAX + 64)

static const char *const type_words[DYNSEC_TYPES] = {
	[DYNSEC_SEND] = "publishclientsend",
	[DYNSEC_RECEIVE] = "publishclientreceive",
	[DYNSEC_SUBSCRIBE_LITERAL] = "subscribeliteral",
	[DYNSEC_SUBSCRIBE_PATTERN] = "subscribepattern",
	[DYNSEC_UNSUBSCRIBE_LITERAL] = "unsubscribeliteral",
	[DYNSEC_UNSUBSCRIBE_PATTERN] = "unsubscribepattern",
};

/* All three kinds of named things begin with their name. */
static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void *find(const void *list, size_t count, size_t size, const char *name)
{
	return count == 0 ? NULL : bsearch(&name, list, count, size, compare_names);
}

/* The list with room for one more, that one zeroed; NULL without memory. */
static void *make_room(struct dynsec *dynsec, void *list, size_t count, size_t *room, size_t size)
{
	size_t wanted = *room == 0 ? 16 : 2 * *room;
	void *grown = list;

	if (count == *room) {
		grown = reallocarray(list, wanted, size);
		if (!grown) {
			dynsec->policy->error = SQLAUTH_ERROR_MEMORY;
			return NULL;
		}
		*room = wanted;
	}
	memset((char *)grown + count * size, 0, size);
	return grown;
}

static bool is_true(const char *flag)
{
	return flag && strcmp(flag, "1") == 0;
}

/* "name: description", or one of them. */
static const char *describe(struct dynsec *dynsec, const char *name, const char *description)
{
	const char *text;
	char *both;
	size_t size;

	if (!name || !*name || !description || !*description)
		return policy_keep(dynsec->policy, name && *name                 ? name
						   : description && *description ? description
										 : NULL);
	size = strlen(name) + strlen(description) + sizeof(": ");
	both = malloc(size);
	if (!both) {
		dynsec->policy->error = SQLAUTH_ERROR_MEMORY;
		return NULL;
	}
	snprintf(both, size, "%s: %s", name, description);
	text = policy_keep(dynsec->policy, both);
	free(both);
	return text;
}

static enum sqlauth_error take_defaults(void *context, const char *const *columns)
{
	struct dynsec *dynsec = context;

	dynsec->send = is_true(columns[0]);
	dynsec->receive = is_true(columns[1]);
	dynsec->subscribe = is_true(columns[2]);
	dynsec->unsubscribe = is_true(columns[3]);
	dynsec->anonymous_group = policy_keep(dynsec->policy, columns[4]);
	return dynsec->policy->error;
}

static enum sqlauth_error take_role(void *context, const char *const *columns)
{
	struct dynsec *dynsec = context;
	struct dynsec_role *list =
		make_room(dynsec, dynsec->roles, dynsec->role_count, &dynsec->role_room, sizeof(*list));

	if (!list)
		return SQLAUTH_ERROR_MEMORY;
	dynsec->roles = list;
	list[dynsec->role_count++] = (struct dynsec_role){.name = policy_keep(dynsec->policy, columns[0]),
		.description = describe(dynsec, columns[1], columns[2]),
		.no_wildcards = is_true(columns[3])};
	return dynsec->policy->error;
}

static enum sqlauth_error take_acl(void *context, const char *const *columns)
{
	struct dynsec *dynsec = context;
	struct dynsec_role *role = find(dynsec->roles, dynsec->role_count, sizeof(*role), columns[0]);
	struct cli_quoted quoted_role, quoted_type;
	struct dynsec_acl *list;
	size_t type = 0;

	while (type < DYNSEC_TYPES && strcmp(columns[1], type_words[type]) != 0)
		type++;
	if (!role || type == DYNSEC_TYPES) {
		policy_remark(dynsec->policy, POLICY_LEFT_OUT, "role %s: an ACL of the unknown type %s",
			cli_quote(&quoted_role, columns[0]), cli_quote(&quoted_type, columns[1]));
		return SQLAUTH_OK;
	}
	list = make_room(dynsec, role->acls, role->count, &role->room, sizeof(*list));
	if (!list)
		return SQLAUTH_ERROR_MEMORY;
	role->acls = list;
	list[role->count++] = (struct dynsec_acl){.type = (enum dynsec_type)type,
		.topic = policy_keep(dynsec->policy, columns[2]),
		.allow = is_true(columns[3])};
	return dynsec->policy->error;
}

static enum sqlauth_error take_group(void *context, const char *const *columns)
{
	struct dynsec *dynsec = context;
	struct dynsec_group *list =
		make_room(dynsec, dynsec->groups, dynsec->group_count, &dynsec->group_room, sizeof(*list));

	if (!list)
		return SQLAUTH_ERROR_MEMORY;
	dynsec->groups = list;
	list[dynsec->group_count++] = (struct dynsec_group){.name = policy_keep(dynsec->policy, columns[0]),
		.description = describe(dynsec, columns[1], columns[2])};
	return dynsec->policy->error;
}

/* $7$ is the same PBKDF2 with the same parameters, written in one word. NULL: the client has no password. */
static const char *write_hash(struct dynsec *dynsec, const char *const *columns)
{
	char hash[HASH_TEXT_SIZE];

	if (columns[8])
		return policy_keep(dynsec->policy, columns[8]);
	if (!columns[5] || !columns[6] || !columns[7])
		return NULL;
	snprintf(hash, sizeof(hash), "$7$%s$%s$%s", columns[7], columns[6], columns[5]);
	return policy_keep(dynsec->policy, hash);
}

static enum sqlauth_error take_client(void *context, const char *const *columns)
{
	struct dynsec *dynsec = context;
	struct dynsec_client *list =
		make_room(dynsec, dynsec->clients, dynsec->client_count, &dynsec->client_room, sizeof(*list));

	if (!list)
		return SQLAUTH_ERROR_MEMORY;
	dynsec->clients = list;
	list[dynsec->client_count++] = (struct dynsec_client){.name = policy_keep(dynsec->policy, columns[0]),
		.description = describe(dynsec, columns[1], columns[2]),
		.mqtt_id = policy_keep(dynsec->policy, columns[3]),
		.disabled = is_true(columns[4]),
		.hash = write_hash(dynsec, columns)};
	return dynsec->policy->error;
}

static enum sqlauth_error add_link(struct dynsec *dynsec, struct dynsec_list *list, size_t owner, size_t target)
{
	struct dynsec_link *grown = make_room(dynsec, list->items, list->count, &list->room, sizeof(*grown));

	if (!grown)
		return SQLAUTH_ERROR_MEMORY;
	list->items = grown;
	grown[list->count++] = (struct dynsec_link){owner, target};
	return SQLAUTH_OK;
}

/* The index of a named thing; SIZE_MAX, and a remark, where it does not exist. */
#define INDEX_OF(dynsec, kind, name)                                                                                   \
	index_of(dynsec, #kind, (dynsec)->kind##s, (dynsec)->kind##_count, sizeof(*(dynsec)->kind##s), name)

static size_t index_of(
	struct dynsec *dynsec, const char *kind, const void *list, size_t count, size_t size, const char *name)
{
	const char *found = find(list, count, size, name);
	struct cli_quoted quoted;

	if (found)
		return (size_t)(found - (const char *)list) / size;
	policy_remark(dynsec->policy, POLICY_LEFT_OUT, "a reference to the %s %s, which does not exist", kind,
		cli_quote(&quoted, name));
	return SIZE_MAX;
}

static enum sqlauth_error take_link(struct dynsec *dynsec, struct dynsec_list *list, size_t owner, size_t target)
{
	return owner == SIZE_MAX || target == SIZE_MAX ? SQLAUTH_OK : add_link(dynsec, list, owner, target);
}

static enum sqlauth_error take_client_role(void *context, const char *const *columns)
{
	struct dynsec *dynsec = context;

	return take_link(dynsec, &dynsec->client_roles, INDEX_OF(dynsec, client, columns[0]),
		INDEX_OF(dynsec, role, columns[1]));
}

static enum sqlauth_error take_group_role(void *context, const char *const *columns)
{
	struct dynsec *dynsec = context;

	return take_link(
		dynsec, &dynsec->group_roles, INDEX_OF(dynsec, group, columns[0]), INDEX_OF(dynsec, role, columns[1]));
}

static enum sqlauth_error take_group_client(void *context, const char *const *columns)
{
	struct dynsec *dynsec = context;

	return take_link(dynsec, &dynsec->client_groups, INDEX_OF(dynsec, client, columns[0]),
		INDEX_OF(dynsec, group, columns[1]));
}

/* ---- putting in order ---- */

/* Merge sort, which keeps the order of what is equal: an owner's links stay in the order of their priorities. */
static void sort_links(struct dynsec_link *items, size_t count, struct dynsec_link *spare)
{
	size_t half = count / 2, a = 0, b = half, out = 0;

	if (count < 2)
		return;
	sort_links(items, half, spare);
	sort_links(items + half, count - half, spare);
	memcpy(spare, items, count * sizeof(*items));
	while (out < count) {
		bool take_a = a < half && (b == count || spare[a].owner <= spare[b].owner);

		items[out++] = take_a ? spare[a++] : spare[b++];
	}
}

static void sort_list(struct dynsec *dynsec, struct dynsec_list *list)
{
	struct dynsec_link *spare = list->count < 2 ? NULL : reallocarray(NULL, list->count, sizeof(*spare));

	if (list->count < 2)
		return;
	if (spare)
		sort_links(list->items, list->count, spare);
	else
		dynsec->policy->error = SQLAUTH_ERROR_MEMORY;
	free(spare);
}

size_t dynsec_links_of(const struct dynsec_list *list, size_t owner, const struct dynsec_link **first_r)
{
	size_t low = 0, high = list->count, end;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (list->items[middle].owner < owner)
			low = middle + 1;
		else
			high = middle;
	}
	end = low;
	while (end < list->count && list->items[end].owner == owner)
		end++;
	*first_r = end > low ? list->items + low : NULL;
	return end - low;
}

/* ---- the whole ---- */

/* INVALID where one name stands there twice. */
static enum sqlauth_error sort_names(const char *kind, void *list, size_t count, size_t size, struct sqlauth_text *why)
{
	if (count > 0)
		qsort(list, count, size, compare_names);
	for (size_t i = 1; i < count; i++) {
		const char *const *name = (const void *)((const char *)list + i * size);

		if (compare_names((const char *)list + (i - 1) * size, name) != 0)
			continue;
		sqlauth_text_set(why, "there are two %ss with the name ", kind);
		sqlauth_text_add_quoted(why, *name, strlen(*name), 80);
		return SQLAUTH_ERROR_INVALID;
	}
	return SQLAUTH_OK;
}

static enum sqlauth_error take_unreadable(void *context, const char *const *columns)
{
	struct dynsec *dynsec = context;
	struct cli_quoted quoted;

	if (!columns[1])
		policy_remark(dynsec->policy, POLICY_LEFT_OUT, "%s: is no list", columns[0]);
	else if (columns[2])
		policy_remark(dynsec->policy, POLICY_LEFT_OUT, "role %s: entry %s of acls has no acltype or no topic",
			cli_quote(&quoted, columns[2]), columns[1]);
	else
		policy_remark(dynsec->policy, POLICY_LEFT_OUT, "%s: entry %s has no name", columns[0], columns[1]);
	return dynsec->policy->error;
}

static enum sqlauth_error sort_all(struct dynsec *dynsec, struct sqlauth_text *why)
{
	enum sqlauth_error error = sort_names("role", dynsec->roles, dynsec->role_count, sizeof(*dynsec->roles), why);

	if (error == SQLAUTH_OK)
		error = sort_names("group", dynsec->groups, dynsec->group_count, sizeof(*dynsec->groups), why);
	if (error == SQLAUTH_OK)
		error = sort_names("client", dynsec->clients, dynsec->client_count, sizeof(*dynsec->clients), why);
	return error;
}

static enum sqlauth_error ask(struct dynsec *dynsec, struct sqlauth_foreign *foreign, struct sqlauth_text *why)
{
	static const struct {
		enum sqlauth_foreign_query query;
		sqlauth_foreign_visitor *visit;
	} steps[] = {
		{SQLAUTH_DYNSEC_DEFAULTS, take_defaults},
		{SQLAUTH_DYNSEC_ROLES, take_role},
		{SQLAUTH_DYNSEC_GROUPS, take_group},
		{SQLAUTH_DYNSEC_CLIENTS, take_client},
		{SQLAUTH_DYNSEC_ACLS, take_acl},
		{SQLAUTH_DYNSEC_CLIENT_ROLES, take_client_role},
		{SQLAUTH_DYNSEC_GROUP_ROLES, take_group_role},
		{SQLAUTH_DYNSEC_GROUP_CLIENTS, take_group_client},
		{SQLAUTH_DYNSEC_UNREADABLE, take_unreadable},
	};
	enum sqlauth_error error = SQLAUTH_OK;

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]) && error == SQLAUTH_OK; i++) {
		error = sqlauth_foreign_ask(foreign, steps[i].query, steps[i].visit, dynsec, why);
		if (error == SQLAUTH_OK && steps[i].query == SQLAUTH_DYNSEC_CLIENTS)
			error = sort_all(dynsec, why);
	}
	sort_list(dynsec, &dynsec->client_roles);
	sort_list(dynsec, &dynsec->client_groups);
	sort_list(dynsec, &dynsec->group_roles);
	return error == SQLAUTH_OK ? dynsec->policy->error : error;
}

enum cli_status dynsec_read(struct dynsec *dynsec, struct policy *policy, const char *path)
{
	struct sqlauth_foreign *foreign = NULL;
	char buffer[SQLAUTH_MESSAGE_SIZE];
	struct cli_quoted quoted;
	struct sqlauth_text why;
	char *text = NULL;
	size_t length = 0;
	enum sqlauth_error error;
	enum cli_status status = import_read_file(path, &text, &length);

	dynsec->policy = policy;
	if (status != CLI_DONE)
		return status;
	sqlauth_text_init(&why, buffer, sizeof(buffer));
	error = sqlauth_foreign_open_json(text, length, &foreign, &why);
	if (error == SQLAUTH_OK)
		error = ask(dynsec, foreign, &why);
	if (error != SQLAUTH_OK)
		cli_complain("%s: %s", cli_quote(&quoted, path), why.length > 0 ? why.data : sqlauth_strerror(error));
	sqlauth_foreign_close(foreign);
	free(text);
	if (error == SQLAUTH_OK)
		return CLI_DONE;
	return error == SQLAUTH_ERROR_INVALID ? CLI_USAGE : CLI_FAILED;
}

void dynsec_clear(struct dynsec *dynsec)
{
	for (size_t i = 0; i < dynsec->role_count; i++)
		free(dynsec->roles[i].acls);
	free(dynsec->roles);
	free(dynsec->groups);
	free(dynsec->clients);
	free(dynsec->client_roles.items);
	free(dynsec->client_groups.items);
	free(dynsec->group_roles.items);
	memset(dynsec, 0, sizeof(*dynsec));
}
