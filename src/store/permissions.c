/* Permissions of groups, read and handed to the compiler of ACLs. What a topic means is src/acl's. */
#include "store_internal.h"

#include <stdlib.h>
#include <string.h>

/* All texts of one compilation: a million topics of the usual length, and a bound on a database in bad faith. */
#define TOPIC_BYTES_MAX ((size_t)256 << 20)

/* Permissions while they are read: texts stand behind each other in one block, named by offset, for the block
 * moves as it grows. */
struct collected {
	struct sqlauth_permission *permissions; /* topic: NULL until point_to_topics */
	size_t *topics;                         /* offsets in text */
	size_t count, capacity;
	char *text;
	size_t length, size;
};

static enum sqlauth_error grow_permissions(struct collected *all)
{
	size_t capacity = all->capacity == 0 ? 64 : all->capacity * 2;
	void *grown;

	if (all->count < all->capacity)
		return SQLAUTH_OK;
	if (all->count >= SQLAUTH_ACL_PERMISSIONS_MAX)
		return SQLAUTH_ERROR_LIMIT;
	grown = realloc(all->permissions, capacity * sizeof *all->permissions);
	if (grown == NULL)
		return SQLAUTH_ERROR_MEMORY;
	all->permissions = grown;
	grown = realloc(all->topics, capacity * sizeof *all->topics);
	if (grown == NULL)
		return SQLAUTH_ERROR_MEMORY;
	all->topics = grown;
	all->capacity = capacity;
	return SQLAUTH_OK;
}

static enum sqlauth_error add_text(struct collected *all, const char *text, size_t length)
{
	size_t size = all->size == 0 ? 4096 : all->size;
	char *grown;

	if (all->length + length + 1 > TOPIC_BYTES_MAX)
		return SQLAUTH_ERROR_LIMIT;
	while (size < all->length + length + 1)
		size *= 2;
	if (size != all->size) {
		grown = realloc(all->text, size);
		if (grown == NULL)
			return SQLAUTH_ERROR_MEMORY;
		all->text = grown;
		all->size = size;
	}
	memcpy(all->text + all->length, text, length);
	all->text[all->length + length] = '\0';
	all->length += length + 1;
	return SQLAUTH_OK;
}

static enum sqlauth_error collect_row(sqlite3_stmt *row, const char *group, struct collected *all)
{
	static const char *const effects[] = {[SQLAUTH_ALLOW] = "allow", [SQLAUTH_DENY] = "deny"};
	static const char *const actions[] = {[SQLAUTH_PUBLISH] = "publish", [SQLAUTH_SUBSCRIBE] = "subscribe"};
	size_t length, offset = all->length;
	const char *topic;
	int effect, action;
	enum sqlauth_error error = sqlauth_row_word(row, 1, effects, 2, &effect);

	if (error == SQLAUTH_OK)
		error = sqlauth_row_word(row, 2, actions, 2, &action);
	if (error == SQLAUTH_OK)
		error = sqlauth_row_peek(row, 0, &topic, &length);
	if (error == SQLAUTH_OK)
		error = grow_permissions(all);
	if (error == SQLAUTH_OK)
		error = add_text(all, topic, length);
	if (error != SQLAUTH_OK)
		return error;
	all->topics[all->count] = offset;
	all->permissions[all->count++] = (struct sqlauth_permission){
		.group = group, .effect = (enum sqlauth_effect)effect, .action = (enum sqlauth_action)action};
	return SQLAUTH_OK;
}

static enum sqlauth_error collect_group(struct sqlauth_store *store, const char *group, struct collected *all)
{
	const enum sqlauth_statement which = SQLAUTH_SQL_PERMISSIONS;
	enum sqlauth_error error = sqlauth_store_start(store, which, &group, 1);

	if (error != SQLAUTH_OK)
		return error;
	while ((error = sqlauth_store_step(store, which)) == SQLAUTH_OK) {
		error = collect_row(store->statements[which], group, all);
		if (error != SQLAUTH_OK)
			break;
	}
	sqlauth_store_reset(store, which);
	return error == SQLAUTH_ERROR_NOT_FOUND ? SQLAUTH_OK : error;
}

static void point_to_topics(struct collected *all)
{
	for (size_t i = 0; i < all->count; i++)
		all->permissions[i].topic = all->text + all->topics[i];
}

/* A permission that the compiler refuses is one that the triggers refused, too: it came into the file another way. */
static enum sqlauth_error explain_invalid(
	const struct sqlauth_store *store, const struct sqlauth_permission *bad, struct sqlauth_text *why)
{
	sqlauth_text_set(why, "%s: permission of group ", store->paths.file[SQLAUTH_FILE_DATABASE]);
	sqlauth_text_add_quoted(why, bad->group, strlen(bad->group), 64);
	sqlauth_text_add(why, " has an invalid topic ");
	sqlauth_text_add_quoted(why, bad->topic, strlen(bad->topic), 128);
	sqlauth_text_add(why, "; correct or delete it");
	return SQLAUTH_ERROR_DATABASE;
}

enum sqlauth_error sqlauth_store_compile(struct sqlauth_store *store, const struct sqlauth_groups *groups,
	struct sqlauth_acl **acl_r, struct sqlauth_text *why)
{
	struct collected all = {0};
	enum sqlauth_error error = SQLAUTH_OK;
	const char *group = "";
	size_t bad = 0;

	for (size_t i = 0; i < groups->count && error == SQLAUTH_OK; i++) {
		group = groups->items[i].name;
		error = collect_group(store, group, &all);
	}
	if (error != SQLAUTH_OK) {
		sqlauth_text_set(why, "%s: permissions of group ", store->paths.file[SQLAUTH_FILE_DATABASE]);
		sqlauth_text_add_quoted(why, group, strlen(group), 64);
		sqlauth_text_add(why, ": %s", sqlauth_store_strerror(store, error));
		goto out;
	}
	point_to_topics(&all);
	error = sqlauth_acl_compile(all.permissions, all.count, acl_r, &bad);
	if (error == SQLAUTH_ERROR_INVALID && bad < all.count)
		error = explain_invalid(store, &all.permissions[bad], why);
	else if (error == SQLAUTH_ERROR_LIMIT)
		sqlauth_text_set(why,
			"%s: the %zu permissions of this client's groups are more than %d, or branch too much: some "
			"topic "
			"would meet more than %d ways through their \"+\" and placeholders beside other levels; have "
			"fewer "
			"of these",
			store->paths.file[SQLAUTH_FILE_DATABASE], all.count, SQLAUTH_ACL_PERMISSIONS_MAX,
			SQLAUTH_ACL_BRANCHES_MAX);
	else if (error != SQLAUTH_OK)
		sqlauth_text_set(why, "%s: %zu permissions: %s", store->paths.file[SQLAUTH_FILE_DATABASE], all.count,
			sqlauth_strerror(error));
out:
	free(all.permissions);
	free(all.topics);
	free(all.text);
	return error;
}
