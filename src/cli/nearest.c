/* Likeness of topics, level by level, and of names. Decides nothing about access: the ACL does (src/acl). */
#include "nearest.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sqlauth/topic.h"
#include "suggest.h"

#define SHOWN_BYTES_MAX 64 /* of a level, in the words for a difference */

/* ---- permissions */

/* One level of a topic or filter; text NULL: there is none any more. */
struct level {
	const char *text;
	size_t length;
};

static struct level first_level(const char *topic)
{
	return (struct level){topic, strcspn(topic, "/")};
}

static struct level next_level(struct level level)
{
	return level.text[level.length] == '/' ? first_level(level.text + level.length + 1) : (struct level){NULL, 0};
}

static bool is_wildcard(struct level level, char wildcard)
{
	return level.text && level.length == 1 && level.text[0] == wildcard;
}

/* Bytes of the topic with every placeholder filled in, as if each value were the longer one of the two. */
static size_t filled_size(const char *topic, const struct sqlauth_acl_client *client)
{
	size_t longest = client->length[0] > client->length[1] ? client->length[0] : client->length[1], size = 1;

	for (; *topic; topic++)
		size += 1 + (*topic == '%' ? longest : 0);
	return size;
}

/* The topic of a permission as a filter for this client, the caller's (free). A placeholder without a usable value
 * stays as it is: it is like nothing. NULL without memory, and where the filter might be longer than any topic. */
static char *fill(const char *topic, const struct sqlauth_acl_client *client)
{
	size_t size = filled_size(topic, client);
	char *filter = size > 2 * (size_t)SQLAUTH_TOPIC_BYTES_MAX ? NULL : calloc(size, 1), *end = filter;

	for (; filter && *topic; topic++) {
		int which = topic[0] == '%' && topic[1] == 'u';

		if (topic[0] == '%' && topic[1] == '%') {
			*end++ = *++topic;
		} else if (topic[0] == '%' && client->usable[which]) {
			memcpy(end, client->value[which], client->length[which]);
			end += client->length[which];
			topic++;
		} else {
			*end++ = *topic;
		}
	}
	return filter;
}

/* How a filter and what was asked for differ. */
struct likeness {
	size_t differing, common; /* levels; common: spelled alike, but for the case of letters */
	size_t position;          /* of the first level that differs, from 1; 0: none does, up to the end of one */
	struct level wanted, asked;
	bool is_part; /* what was asked for is a subscription that covers the filter, and more */
};

static void compare_levels(const char *filter, const char *topic, struct likeness *likeness_r)
{
	struct level wanted = first_level(filter), asked = first_level(topic);
	bool is_hidden = topic[0] == '$' && (is_wildcard(wanted, '+') || is_wildcard(wanted, '#'));

	*likeness_r = (struct likeness){.differing = is_hidden, .common = is_hidden};
	for (size_t i = 1; wanted.text && asked.text && !is_wildcard(wanted, '#'); i++) {
		bool is_alike =
			wanted.length == asked.length && strncasecmp(wanted.text, asked.text, wanted.length) == 0;
		bool is_same = is_alike && memcmp(wanted.text, asked.text, wanted.length) == 0;

		likeness_r->common += is_alike && wanted.length > 0;
		if (!is_same && (!is_wildcard(wanted, '+') || is_wildcard(asked, '#'))) {
			if (likeness_r->position == 0) {
				likeness_r->position = i;
				likeness_r->wanted = wanted;
				likeness_r->asked = asked;
			}
			likeness_r->differing++;
		}
		wanted = next_level(wanted);
		asked = next_level(asked);
	}
	if (is_wildcard(wanted, '#'))
		return;
	likeness_r->differing += wanted.text || asked.text;
	if (likeness_r->position == 0) {
		likeness_r->wanted = wanted;
		likeness_r->asked = asked;
	}
}

static void describe(const struct likeness *likeness, const struct sqlauth_permission *permission,
	enum sqlauth_access access, bool is_other_action, char *words, size_t size)
{
	struct sqlauth_text text;

	sqlauth_text_init(&text, words, size);
	if (is_other_action)
		sqlauth_text_add(&text, "it is about %s, not %s", sqlauth_action_word(permission->action),
			sqlauth_access_word(access));
	if (likeness->differing == 0)
		return;
	sqlauth_text_add(&text, "%s", is_other_action ? "; " : "");
	if (likeness->is_part) {
		sqlauth_text_add(&text, "it covers only a part of that");
	} else if (likeness->position > 0) {
		sqlauth_text_add(&text, "level %zu is ", likeness->position);
		sqlauth_text_add_quoted(&text, likeness->asked.text, likeness->asked.length, SHOWN_BYTES_MAX);
		sqlauth_text_add(&text, ", where it has ");
		sqlauth_text_add_quoted(&text, likeness->wanted.text, likeness->wanted.length, SHOWN_BYTES_MAX);
	} else if (likeness->wanted.text || likeness->asked.text) {
		sqlauth_text_add(&text, "it has %s levels", likeness->wanted.text ? "more" : "fewer");
	} else {
		sqlauth_text_add(&text, "no wildcard in front reaches a topic that begins with $");
	}
}

void cli_nearest_permission(const struct sqlauth_acl *acl, const struct sqlauth_acl_client *client,
	enum sqlauth_access access, const char *topic, struct cli_nearest *nearest_r)
{
	enum sqlauth_action action = access == SQLAUTH_ACCESS_PUBLISH ? SQLAUTH_PUBLISH : SQLAUTH_SUBSCRIBE;
	size_t length = strlen(topic), least = SIZE_MAX;
	const char *asked =
		access == SQLAUTH_ACCESS_SUBSCRIBE ? sqlauth_topic_skip_share(topic, length, &length) : topic;
	struct sqlauth_permission permission;

	nearest_r->is_found = false;
	for (uint32_t i = 0; asked && sqlauth_acl_permission(acl, i, &permission); i++) {
		char *filter = permission.effect == SQLAUTH_ALLOW ? fill(permission.topic, client) : NULL;
		bool is_other_action = permission.action != action;
		struct likeness likeness;

		if (!filter)
			continue;
		compare_levels(filter, asked, &likeness);
		if (access == SQLAUTH_ACCESS_SUBSCRIBE && sqlauth_topic_covers(asked, length, filter, strlen(filter)))
			likeness = (struct likeness){.differing = 1, .common = 1, .is_part = true};
		if (2 * likeness.differing + is_other_action < least &&
			(likeness.common > 0 || likeness.differing == 0)) {
			least = 2 * likeness.differing + is_other_action;
			nearest_r->is_found = true;
			nearest_r->permission = permission;
			describe(&likeness, &permission, access, is_other_action, nearest_r->difference,
				sizeof(nearest_r->difference));
		}
		free(filter);
	}
}

/* A question about permissions one by one. */
struct search {
	const struct sqlauth_acl_client *client;
	enum sqlauth_access access;
	const char *topic;
	struct cli_elsewhere *found;
};

/* Asks the ACL of this one permission: the plugin's own code says whether it would do. */
static enum sqlauth_error try_permission(void *context, const char *const *columns)
{
	struct search *search = context;
	const struct sqlauth_permission permission = {
		.group = columns[0], .topic = columns[1], .effect = SQLAUTH_ALLOW, .action = search->found->action};
	struct sqlauth_acl *acl = NULL;
	enum sqlauth_error error;
	bool is_allowed;

	if (search->found->group)
		return SQLAUTH_OK;
	error = sqlauth_acl_compile(&permission, 1, &acl, NULL);
	if (error != SQLAUTH_OK)
		return error == SQLAUTH_ERROR_INVALID ? SQLAUTH_OK : error;
	is_allowed =
		sqlauth_acl_check(acl, search->access, search->client, search->topic, strlen(search->topic)).decision ==
		SQLAUTH_ALLOWED;
	sqlauth_acl_unref(acl);
	if (!is_allowed)
		return SQLAUTH_OK;
	search->found->group = strdup(columns[0]);
	search->found->topic = strdup(columns[1]);
	return search->found->group && search->found->topic ? SQLAUTH_OK : SQLAUTH_ERROR_MEMORY;
}

enum cli_status cli_nearest_elsewhere(struct cli_database *database, const struct sqlauth_acl_client *client,
	enum sqlauth_access access, const char *topic, struct cli_elsewhere *elsewhere_r)
{
	struct search search = {client, access, topic, elsewhere_r};

	*elsewhere_r = (struct cli_elsewhere){
		.action = access == SQLAUTH_ACCESS_PUBLISH ? SQLAUTH_PUBLISH : SQLAUTH_SUBSCRIBE};
	return cli_database_read(database, SQLAUTH_ADMIN_PERMISSIONS_OF,
		CLI_VALUES(sqlauth_effect_word(SQLAUTH_ALLOW), sqlauth_action_word(elsewhere_r->action)),
		try_permission, &search);
}

void cli_elsewhere_clear(struct cli_elsewhere *elsewhere)
{
	free(elsewhere->group);
	free(elsewhere->topic);
	*elsewhere = (struct cli_elsewhere){0};
}

/* ---- clients */

struct client_search {
	const char *username;
	char *folded; /* the same as fold makes it */
	struct cli_suggestion suggestion;
	bool is_same; /* what was found differs at most in the case of letters and in blanks around it */
	struct cli_near_client *found;
};

/* Without the blanks around it and with ASCII letters in lower case; the caller's, NULL for want of memory. */
static char *fold(const char *text)
{
	const char *word = text + strspn(text, " ");
	size_t length = strlen(word);
	char *folded;

	while (length > 0 && word[length - 1] == ' ')
		length--;
	folded = strndup(word, length);
	for (size_t i = 0; folded && i < length; i++) {
		if (folded[i] >= 'A' && folded[i] <= 'Z')
			folded[i] = (char)(folded[i] - 'A' + 'a');
	}
	return folded;
}

/* Whether this name is nearer than what was found so far. MEMORY. */
static enum sqlauth_error consider_name(struct client_search *search, const char *name, bool *is_nearer)
{
	char *folded = fold(name);

	if (!folded)
		return SQLAUTH_ERROR_MEMORY;
	if (strcmp(folded, search->folded) == 0) {
		*is_nearer = *is_nearer || !search->is_same;
		search->is_same = true;
	} else if (!search->is_same && cli_suggestion_consider(&search->suggestion, folded, strlen(folded))) {
		*is_nearer = true;
	}
	free(folded);
	return SQLAUTH_OK;
}

static enum sqlauth_error try_client(void *context, const char *const *columns)
{
	struct client_search *search = context;
	bool is_nearer = strcmp(columns[0], search->username) == 0;
	enum sqlauth_error error = consider_name(search, columns[0], &is_nearer);

	if (error == SQLAUTH_OK && columns[1])
		error = consider_name(search, columns[1], &is_nearer);
	if (error != SQLAUTH_OK || !is_nearer)
		return error;
	cli_near_client_clear(search->found);
	search->found->name = strdup(columns[0]);
	search->found->username = columns[1] ? strdup(columns[1]) : NULL;
	return search->found->name && (search->found->username || !columns[1]) ? SQLAUTH_OK : SQLAUTH_ERROR_MEMORY;
}

enum cli_status cli_nearest_client(
	struct cli_database *database, const char *username, struct cli_near_client *client_r)
{
	struct client_search search = {.username = username, .folded = fold(username), .found = client_r};
	enum cli_status status;

	*client_r = (struct cli_near_client){0};
	if (!search.folded) {
		cli_complain("out of memory");
		return CLI_FAILED;
	}
	cli_suggestion_init(&search.suggestion, search.folded);
	status =
		cli_database_read(database, SQLAUTH_ADMIN_CLIENT_NAMES, CLI_VALUES(search.folded), try_client, &search);
	free(search.folded);
	return status;
}

void cli_near_client_clear(struct cli_near_client *client)
{
	free(client->name);
	free(client->username);
	*client = (struct cli_near_client){0};
}
