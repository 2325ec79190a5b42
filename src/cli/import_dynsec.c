/* `sqlauth import dynsec`: clients, groups and roles of Mosquitto's dynamic security plugin. A group becomes a group
 * with the permissions of its roles; a role that clients have on their own becomes a group "role:NAME". */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "dynsec.h"
#include "import.h"
#include "sqlauth/password.h"

#define DEFAULTS  "(default)"
#define ANONYMOUS "(anonymous)"
#define NAME_SIZE 4096 /* beyond it the database refuses the name anyway */

enum option { FROM, WITH_ANONYMOUS, DRY_RUN };

static const struct cli_option options[] = {
	[FROM] = {"from", 0, "VERSION", "the Mosquitto that judged by the file: 2.0 (default) or 2.1"},
	[WITH_ANONYMOUS] = {"anonymous", 0, NULL, "mosquitto.conf has allow_anonymous true, and so it is to stay"},
	[DRY_RUN] = {"dry-run", 'n', NULL, "only show what would be done"},
	{NULL, 0, NULL, NULL},
};

static void name_role_group(const struct dynsec_role *role, char name[NAME_SIZE])
{
	snprintf(name, NAME_SIZE, "role:%s", role->name);
}

/* ---- groups ---- */

static void add_defaults(struct dynsec *dynsec, bool has_anonymous)
{
	struct policy *policy = dynsec->policy;

	if (!dynsec->unsubscribe)
		policy_remark(policy, POLICY_WIDER, "UNSUBSCRIBE was denied by default; here it is always allowed");
	policy_remark(policy, POLICY_WIDER,
		"a shared subscription, $share/GROUP/FILTER, is judged by FILTER here; there by the whole of it, so "
		"that only "
		"# or a $share of its own allowed it");
	if (dynsec->is_2_1)
		policy_remark(policy, POLICY_WIDER,
			"a SUBSCRIBE is allowed by every filter that covers it, to # by +/# for one; there texts were "
			"compared");
	if (!dynsec->send && !(dynsec->subscribe && dynsec->receive))
		return;
	policy_add_group(policy, DEFAULTS, "defaultACLAccess");
	policy_add_rule(policy, "any", "*", DEFAULTS);
	if (has_anonymous)
		policy_add_rule(policy, "anonymous", "*", DEFAULTS);
	if (dynsec->send)
		policy_add_permission(policy, DEFAULTS, SQLAUTH_ALLOW, SQLAUTH_PUBLISH, "#");
	if (dynsec->subscribe && dynsec->receive) {
		policy_add_permission(policy, DEFAULTS, SQLAUTH_ALLOW, SQLAUTH_SUBSCRIBE, "#");
		policy_add_permission(policy, DEFAULTS, SQLAUTH_ALLOW, SQLAUTH_SUBSCRIBE, "$SYS/#");
	}
	policy_remark(policy, POLICY_NARROWER,
		"what is allowed by default: topics that begin with $, but for $SYS/#, have to be named here");
}

/* Which roles stand alone: those of clients, and those of nobody, so that they are not lost. */
static void add_roles(struct dynsec *dynsec)
{
	enum { OF_CLIENT = 1, OF_GROUP = 2 };
	unsigned char *uses = calloc(dynsec->role_count + 1, 1);
	bool reaches_dollar = false;

	if (!uses) {
		dynsec->policy->error = SQLAUTH_ERROR_MEMORY;
		return;
	}
	for (size_t i = 0; i < dynsec->client_roles.count; i++)
		uses[dynsec->client_roles.items[i].target] |= OF_CLIENT;
	for (size_t i = 0; i < dynsec->group_roles.count; i++)
		uses[dynsec->group_roles.items[i].target] |= OF_GROUP;
	for (size_t i = 0; i < dynsec->role_count; i++) {
		const struct dynsec_role *role = &dynsec->roles[i];
		char name[NAME_SIZE];

		dynsec_remark_on_role(dynsec, role);
		reaches_dollar = reaches_dollar || dynsec_reaches_dollar(dynsec, role);
		if (uses[i] == OF_GROUP)
			continue;
		name_role_group(role, name);
		policy_add_group(dynsec->policy, name, role->description);
		dynsec_add_role(dynsec, role, name);
	}
	if (reaches_dollar)
		policy_remark(dynsec->policy, POLICY_NARROWER,
			"subscribePattern with a wildcard in front reached every topic that begins with $; here only "
			"those under "
			"$SYS/ and $CONTROL/, as far as they may be received");
	free(uses);
}

static void add_groups(struct dynsec *dynsec)
{
	for (size_t i = 0; i < dynsec->group_count; i++) {
		const struct dynsec_link *links = NULL;
		size_t count = dynsec_links_of(&dynsec->group_roles, i, &links);

		policy_add_group(dynsec->policy, dynsec->groups[i].name, dynsec->groups[i].description);
		for (size_t k = 0; k < count; k++)
			dynsec_add_role(dynsec, &dynsec->roles[links[k].target], dynsec->groups[i].name);
	}
}

static void add_anonymous(struct dynsec *dynsec, bool has_anonymous)
{
	struct policy *policy = dynsec->policy;

	if (!has_anonymous && dynsec->anonymous_group)
		policy_remark(policy, POLICY_LEFT_OUT,
			"anonymousGroup, for connections without a username; --anonymous takes it along");
	if (!has_anonymous)
		return;
	if (!dynsec->anonymous_group)
		policy_add_group(policy, ANONYMOUS, "connections without a username");
	policy_add_rule(policy, "anonymous", "*", dynsec->anonymous_group ? dynsec->anonymous_group : ANONYMOUS);
}

/* ---- clients ---- */

/* Disables a client that could not connect there, or whose restriction cannot be written here. */
static void disable(
	struct dynsec *dynsec, struct policy_client *client, enum policy_difference how, const char *because)
{
	struct cli_quoted quoted;

	client->disabled = true;
	policy_remark(dynsec->policy, how, "client %s is disabled: %s", cli_quote(&quoted, client->name), because);
}

/* A pattern that only this MQTT client id matches; the caller's (free). */
static char *write_mqtt_id(const char *mqtt_id)
{
	char *pattern = malloc(2 * strlen(mqtt_id) + 1);
	char *end = pattern;

	for (; pattern && *mqtt_id; mqtt_id++) {
		if (*mqtt_id == '%')
			*end++ = '%';
		*end++ = *mqtt_id;
	}
	if (pattern)
		*end = '\0';
	return pattern;
}

static bool add_client(struct dynsec *dynsec, const struct dynsec_client *from)
{
	struct policy_client client = {.name = from->name,
		.password = from->hash,
		.description = from->description,
		.disabled = from->disabled};
	char *pattern = NULL;
	bool is_added;

	if (!client.password) {
		client.password = sqlauth_password_decoy();
		disable(dynsec, &client, POLICY_NOTE, "it has no password; sqlauth passwd makes a hash for one");
	}
	if (from->mqtt_id && !*from->mqtt_id) {
		disable(dynsec, &client, POLICY_NOTE, "its clientid is empty, so that it could not connect");
	} else if (from->mqtt_id && strpbrk(from->mqtt_id, "*?")) {
		disable(dynsec, &client, POLICY_NARROWER,
			"its clientid holds a * or ?, which are wildcards in clients.mqtt_id");
	} else if (from->mqtt_id) {
		pattern = write_mqtt_id(from->mqtt_id);
		client.mqtt_id = pattern;
		if (!pattern)
			dynsec->policy->error = SQLAUTH_ERROR_MEMORY;
	}
	is_added = import_add_client(dynsec->policy, &client);
	free(pattern);
	return is_added;
}

static void add_client_rules(struct dynsec *dynsec, size_t index)
{
	const char *client = dynsec->clients[index].name;
	const struct dynsec_link *links = NULL;
	size_t count = dynsec_links_of(&dynsec->client_groups, index, &links);

	for (size_t i = 0; i < count; i++)
		policy_add_rule(dynsec->policy, "client", client, dynsec->groups[links[i].target].name);
	count = dynsec_links_of(&dynsec->client_roles, index, &links);
	for (size_t i = 0; i < count; i++) {
		char name[NAME_SIZE];

		name_role_group(&dynsec->roles[links[i].target], name);
		policy_add_rule(dynsec->policy, "client", client, name);
	}
}

/* ---- roles that are asked one after the other ---- */

/* Adds roles[from..] to the sequence, each one paired with those before it. */
static bool add_pairs(struct dynsec_list *pairs, size_t *sequence, size_t *length, size_t role)
{
	for (size_t i = 0; i < *length; i++) {
		if (sequence[i] == role)
			return true;
	}
	for (size_t i = 0; i < *length; i++) {
		if (pairs->count == pairs->room) {
			size_t room = pairs->room == 0 ? 64 : 2 * pairs->room;
			struct dynsec_link *grown = reallocarray(pairs->items, room, sizeof(*grown));

			if (!grown)
				return false;
			pairs->items = grown;
			pairs->room = room;
		}
		pairs->items[pairs->count++] = (struct dynsec_link){sequence[i], role};
	}
	sequence[(*length)++] = role;
	return true;
}

static bool pair_roles_of(struct dynsec *dynsec, size_t client, size_t *sequence, struct dynsec_list *pairs)
{
	const struct dynsec_link *roles = NULL, *groups = NULL;
	size_t length = 0, count = dynsec_links_of(&dynsec->client_roles, client, &roles);
	size_t group_count = dynsec_links_of(&dynsec->client_groups, client, &groups);
	bool is_fine = true;

	for (size_t i = 0; i < count && is_fine; i++)
		is_fine = add_pairs(pairs, sequence, &length, roles[i].target);
	for (size_t g = 0; g < group_count; g++) {
		count = dynsec_links_of(&dynsec->group_roles, groups[g].target, &roles);
		for (size_t i = 0; i < count && is_fine; i++)
			is_fine = add_pairs(pairs, sequence, &length, roles[i].target);
	}
	return is_fine;
}

static int compare_pairs(const void *a, const void *b)
{
	const struct dynsec_link *one = a, *other = b;

	if (one->owner != other->owner)
		return one->owner < other->owner ? -1 : 1;
	return (one->target > other->target) - (one->target < other->target);
}

/* Each pair of roles that some client has in this order is looked at once. */
static void remark_on_pairs(struct dynsec *dynsec)
{
	struct dynsec_list pairs = {0};
	size_t *sequence = calloc(dynsec->role_count + 1, sizeof(*sequence));
	bool is_fine = sequence != NULL;

	for (size_t i = 0; i < dynsec->client_count && is_fine; i++)
		is_fine = pair_roles_of(dynsec, i, sequence, &pairs);
	if (!is_fine)
		dynsec->policy->error = SQLAUTH_ERROR_MEMORY;
	if (pairs.count > 0)
		qsort(pairs.items, pairs.count, sizeof(*pairs.items), compare_pairs);
	for (size_t i = 0; i < pairs.count && is_fine; i++) {
		if (i == 0 || compare_pairs(&pairs.items[i - 1], &pairs.items[i]) != 0)
			dynsec_remark_on_pair(
				dynsec, &dynsec->roles[pairs.items[i].owner], &dynsec->roles[pairs.items[i].target]);
	}
	free(pairs.items);
	free(sequence);
}

/* ---- the command ---- */

static void convert(struct dynsec *dynsec, bool has_anonymous)
{
	for (size_t i = 0; i < dynsec->client_count; i++) {
		if (add_client(dynsec, &dynsec->clients[i]))
			add_client_rules(dynsec, i);
	}
	add_defaults(dynsec, has_anonymous);
	add_roles(dynsec);
	add_groups(dynsec);
	add_anonymous(dynsec, has_anonymous);
	remark_on_pairs(dynsec);
}

static enum cli_status run(const struct cli_arguments *arguments)
{
	struct policy policy = {0};
	struct dynsec dynsec = {0};
	const char *from = arguments->own[FROM];
	struct cli_quoted quoted;
	enum cli_status status;

	if (arguments->operand_count != 1)
		return cli_complain_usage(arguments->command, "one file expected");
	if (from && strcmp(from, "2.0") != 0 && strcmp(from, "2.1") != 0)
		return cli_complain_usage(
			arguments->command, "--from: 2.0 or 2.1 expected, not %s", cli_quote(&quoted, from));
	dynsec.is_2_1 = from && strcmp(from, "2.1") == 0;
	status = dynsec_read(&dynsec, &policy, arguments->operands[0]);
	if (status == CLI_DONE) {
		convert(&dynsec, arguments->own[WITH_ANONYMOUS] != NULL);
		policy_settle_permissions(&policy);
		status = import_finish(arguments, &policy, arguments->own[DRY_RUN] != NULL);
	}
	dynsec_clear(&dynsec);
	policy_clear(&policy);
	return status;
}

const struct cli_command cli_command_import_dynsec = {
	.name = "import dynsec",
	.run = run,
	.operands = "FILE.json",
	.summary = "move in from the dynamic security plugin",
	.help = "Adds the clients of the dynamic security plugin's file (plugin_opt_config_file) with the passwords "
		"they\n"
		"have, its groups with the permissions of their roles, and roles that clients have on their own as\n"
		"groups \"role:NAME\". There the first ACL that matches decides, here a deny beats every allow: where\n"
		"that makes a difference it is said. All of it in one transaction.\n"
		"\n"
		"  sqlauth import dynsec dynamic-security.json --dry-run\n"
		"  sqlauth import dynsec dynamic-security.json\n",
	.options = options,
};
