/* Group rules: which of them apply to a connection, and the groups they give.
 *
 * Exact rules are found by their value, in one statement. Rules with wildcards are found through the index
 * group_rules_by_pattern, whose keys say what is certain about the identifiers they match: 'p' and what these begin
 * with, or, where the pattern begins with a wildcard, 's' and what they end with, cut to 32 characters. So the
 * candidates for an identifier are the rules whose key is 'p' and one of its beginnings, or 's' and one of its ends;
 * each candidate is then compared whole.
 *
 * The beginnings that are keys are found by walking down the sorted keys: all keys that an identifier begins with lie
 * at or before it. Take the last key there: either it is such a beginning, then go on with what is shorter; or it is
 * not, then no key longer than what the two have in common can be one. Each step costs one seek, and there are no more
 * steps than keys that share a beginning with the identifier. Without rules of this kind it is a single one. Ends have
 * no such order: they are tried one by one, if there is any key of their kind.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sqlauth/mqtt_id.h"
#include "sqlauth/secret.h"
#include "store_internal.h"

/* Characters of a beginning or end in a key, and the most bytes of one in UTF-8. */
#define KEY_CHARACTERS_MAX 32
#define KEY_BYTES_MAX      (KEY_CHARACTERS_MAX * 4)

/* 'p' or 's', the text, NUL. */
#define KEY_SIZE (1 + KEY_BYTES_MAX + 1)

/* Rows kept before duplicates are looked for: patterns may give one group many times. */
#define ROWS_MAX ((size_t)SQLAUTH_STORE_GROUPS_MAX * 4)

struct rule {
	const char *match_by, *value, *group; /* borrowed from the row */
	int64_t revision;
};

typedef enum sqlauth_error rule_consumer(void *context, const struct rule *rule);

struct search {
	struct sqlauth_store *store;
	const struct sqlauth_rule_query *query;
	rule_consumer *consume;
	void *context;
};

/* A group without a revision is one that the triggers never saw: a random number, so that nothing is remembered of it.
 */
static enum sqlauth_error read_revision(sqlite3_stmt *row, int column, int64_t *revision_r)
{
	if (sqlite3_column_type(row, column) == SQLITE_NULL) {
		sqlauth_secret_random(revision_r, sizeof *revision_r);
		return SQLAUTH_OK;
	}
	return sqlauth_row_integer(row, column, revision_r);
}

static enum sqlauth_error consume_row(const struct search *search, sqlite3_stmt *row)
{
	struct rule rule;
	size_t length;
	enum sqlauth_error error = sqlauth_row_peek(row, 0, &rule.match_by, &length);

	if (error == SQLAUTH_OK)
		error = sqlauth_row_peek(row, 1, &rule.value, &length);
	if (error == SQLAUTH_OK)
		error = sqlauth_row_peek(row, 2, &rule.group, &length);
	if (error == SQLAUTH_OK)
		error = read_revision(row, 3, &rule.revision);
	if (error != SQLAUTH_OK)
		return error;
	/* A group may allow and deny: one that cannot be judged is neither given nor left out. */
	if (strcmp(rule.match_by, "mqtt_id") == 0)
		error = sqlauth_mqtt_id_match(rule.value, NULL, search->query->mqtt_id);
	if (error != SQLAUTH_OK)
		return error == SQLAUTH_ERROR_MISMATCH ? SQLAUTH_OK : error;
	return search->consume(search->context, &rule);
}

static enum sqlauth_error consume_rows(
	const struct search *search, enum sqlauth_statement which, const char *const *texts, int count)
{
	struct sqlauth_store *store = search->store;
	enum sqlauth_error error = sqlauth_store_start(store, which, texts, count);

	if (error != SQLAUTH_OK)
		return error;
	while ((error = sqlauth_store_step(store, which)) == SQLAUTH_OK) {
		error = consume_row(search, store->statements[which]);
		if (error != SQLAUTH_OK)
			break;
	}
	sqlauth_store_reset(store, which);
	return error == SQLAUTH_ERROR_NOT_FOUND ? SQLAUTH_OK : error;
}

static enum sqlauth_error search_exact(const struct search *search)
{
	const struct sqlauth_rule_query *query = search->query;
	/* an identifier that holds a wildcard itself equals only patterns, which the other searches find */
	bool literal = query->mqtt_id != NULL && strpbrk(query->mqtt_id, "*?") == NULL;
	const char *const texts[] = {
		query->client,
		literal ? query->mqtt_id : NULL,
		query->fingerprint,
		query->any ? "*" : NULL,
		query->anonymous ? "*" : NULL,
	};

	return consume_rows(search, SQLAUTH_SQL_EXACT_RULES, texts, (int)(sizeof texts / sizeof texts[0]));
}

static enum sqlauth_error consume_key(const struct search *search, char kind, const char *text, size_t length)
{
	char key[KEY_SIZE];
	const char *texts[] = {key};

	snprintf(key, sizeof key, "%c%.*s", kind, (int)length, text);
	return consume_rows(search, SQLAUTH_SQL_WILDCARD_RULES, texts, 1);
}

/* The last key of the kind at or before `last`, without its first letter, cut to the size; NOT_FOUND. */
static enum sqlauth_error find_key(
	struct sqlauth_store *store, const char *last, const char *kind, char found_r[KEY_SIZE])
{
	const enum sqlauth_statement which = SQLAUTH_SQL_WILDCARD_FLOOR;
	const char *const texts[] = {last, kind};
	const char *key;
	size_t length;
	enum sqlauth_error error = sqlauth_store_start(store, which, texts, 2);

	if (error != SQLAUTH_OK)
		return error;
	error = sqlauth_store_step(store, which);
	if (error == SQLAUTH_OK)
		error = sqlauth_row_peek(store->statements[which], 0, &key, &length);
	if (error == SQLAUTH_OK)
		snprintf(found_r, KEY_SIZE, "%s", key + 1);
	sqlauth_store_reset(store, which);
	return error;
}

static size_t common_length(const char *a, const char *b)
{
	size_t length = 0;

	while (a[length] != '\0' && a[length] == b[length])
		length++;
	return length;
}

static enum sqlauth_error search_beginnings(const struct search *search)
{
	const char *mqtt_id = search->query->mqtt_id;
	size_t room = strnlen(mqtt_id, KEY_BYTES_MAX);

	while (room > 0) {
		char last[KEY_SIZE], key[KEY_SIZE];
		size_t common;
		enum sqlauth_error error;

		snprintf(last, sizeof last, "p%.*s", (int)room, mqtt_id);
		error = find_key(search->store, last, "p", key);
		if (error != SQLAUTH_OK)
			return error == SQLAUTH_ERROR_NOT_FOUND ? SQLAUTH_OK : error;
		common = common_length(key, mqtt_id);
		if (common == 0)
			break;
		room = common;
		if (key[common] != '\0')
			continue;
		error = consume_key(search, 'p', key, common);
		if (error != SQLAUTH_OK)
			return error;
		room = common - 1;
	}
	return SQLAUTH_OK;
}

static bool continues_character(char byte)
{
	return ((unsigned char)byte & 0xc0) == 0x80;
}

static enum sqlauth_error search_ends(const struct search *search)
{
	const char *mqtt_id = search->query->mqtt_id;
	const char *end = mqtt_id + strlen(mqtt_id), *start = end;
	char key[KEY_SIZE];
	enum sqlauth_error error = find_key(search->store, "t", "s", key); /* 't': behind all keys in 's' */

	if (error != SQLAUTH_OK)
		return error == SQLAUTH_ERROR_NOT_FOUND ? SQLAUTH_OK : error;
	for (int characters = 0; characters <= KEY_CHARACTERS_MAX; characters++) {
		error = consume_key(search, 's', start, (size_t)(end - start));
		if (error != SQLAUTH_OK || start == mqtt_id)
			return error;
		do
			start--;
		while (start > mqtt_id && continues_character(*start));
		if (end - start > KEY_BYTES_MAX) /* no UTF-8 */
			break;
	}
	return SQLAUTH_OK;
}

static enum sqlauth_error search_rules(const struct search *search)
{
	enum sqlauth_error error = search_exact(search);

	if (error == SQLAUTH_OK && search->query->mqtt_id != NULL)
		error = search_beginnings(search);
	if (error == SQLAUTH_OK && search->query->mqtt_id != NULL)
		error = search_ends(search);
	return error;
}

static void clear_group(struct sqlauth_group *group)
{
	free(group->name);
	group->name = NULL;
}

void sqlauth_groups_clear(struct sqlauth_groups *groups)
{
	for (size_t i = 0; i < groups->count; i++)
		clear_group(&groups->items[i]);
	free(groups->items);
	memset(groups, 0, sizeof *groups);
}

static int compare_groups(const void *a, const void *b)
{
	return strcmp(((const struct sqlauth_group *)a)->name, ((const struct sqlauth_group *)b)->name);
}

static void sort_without_duplicates(struct sqlauth_groups *groups)
{
	size_t kept = 0;

	if (groups->count == 0)
		return;
	qsort(groups->items, groups->count, sizeof groups->items[0], compare_groups);
	for (size_t i = 1; i < groups->count; i++) {
		if (compare_groups(&groups->items[kept], &groups->items[i]) == 0)
			clear_group(&groups->items[i]);
		else
			groups->items[++kept] = groups->items[i];
	}
	groups->count = kept + 1;
}

static enum sqlauth_error make_room(struct sqlauth_groups *groups)
{
	size_t capacity = groups->capacity == 0 ? 8 : groups->capacity * 2;
	struct sqlauth_group *grown;

	if (groups->count < groups->capacity)
		return SQLAUTH_OK;
	if (groups->count >= ROWS_MAX) {
		sort_without_duplicates(groups);
		return groups->count > SQLAUTH_STORE_GROUPS_MAX ? SQLAUTH_ERROR_LIMIT : SQLAUTH_OK;
	}
	grown = realloc(groups->items, capacity * sizeof *grown);
	if (grown == NULL)
		return SQLAUTH_ERROR_MEMORY;
	groups->items = grown;
	groups->capacity = capacity;
	return SQLAUTH_OK;
}

static enum sqlauth_error collect_group(void *context, const struct rule *rule)
{
	struct sqlauth_groups *groups = context;
	char *name;
	enum sqlauth_error error = make_room(groups);

	if (error != SQLAUTH_OK)
		return error;
	name = strdup(rule->group);
	if (name == NULL)
		return SQLAUTH_ERROR_MEMORY;
	groups->items[groups->count++] = (struct sqlauth_group){name, rule->revision};
	return SQLAUTH_OK;
}

enum sqlauth_error sqlauth_store_groups(
	struct sqlauth_store *store, const struct sqlauth_rule_query *query, struct sqlauth_groups *groups)
{
	struct sqlauth_groups found = {0};
	const struct search search = {store, query, collect_group, &found};
	enum sqlauth_error error = search_rules(&search);

	if (error == SQLAUTH_OK)
		sort_without_duplicates(&found);
	if (error == SQLAUTH_OK && found.count > SQLAUTH_STORE_GROUPS_MAX)
		error = SQLAUTH_ERROR_LIMIT;
	if (error != SQLAUTH_OK) {
		sqlauth_groups_clear(&found);
		return error;
	}
	sqlauth_groups_clear(groups);
	*groups = found;
	return SQLAUTH_OK;
}

struct visit {
	sqlauth_rule_visitor *visit;
	void *context;
};

static enum sqlauth_error pass_on(void *context, const struct rule *rule)
{
	const struct visit *visit = context;

	visit->visit(visit->context, rule->match_by, rule->value, rule->group);
	return SQLAUTH_OK;
}

enum sqlauth_error sqlauth_store_visit_rules(
	struct sqlauth_store *store, const struct sqlauth_rule_query *query, sqlauth_rule_visitor *visit, void *context)
{
	struct visit passed = {visit, context};
	const struct search search = {store, query, pass_on, &passed};

	return search_rules(&search);
}

enum sqlauth_error sqlauth_store_has_mqtt_id_rule(struct sqlauth_store *store)
{
	return sqlauth_store_exists(store, SQLAUTH_SQL_MQTT_ID_RULE, NULL, 0);
}

enum sqlauth_error sqlauth_store_has_anonymous_rule(struct sqlauth_store *store)
{
	return sqlauth_store_exists(store, SQLAUTH_SQL_ANONYMOUS_RULE, NULL, 0);
}
