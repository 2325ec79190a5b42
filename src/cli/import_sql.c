/* `sqlauth import auth-plug` and `sqlauth import go-auth`: what mosquitto-auth-plug and mosquitto-go-auth read from an
 * SQLite database. Both run statements of their user's; here they become statements that give all rows at once. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "filter.h"
#include "import.h"
#include "sqlauth/foreign.h"

#define SUPERUSERS "(superusers)"

/* The first ones are those of auth-plug, too. */
enum option { USERS, ALLOW_ALL, DRY_RUN, SUPERUSERS_SQL, ACLS, RW_BITS };

static const struct cli_option auth_plug_options[] = {
	[USERS] = {"users", 0, "SQL", "username, password; default: SELECT username, pw FROM users"},
	[ALLOW_ALL] = {"allow-all", 0, NULL, "everybody may go on doing everything"},
	[DRY_RUN] = {"dry-run", 'n', NULL, "only show what would be done"},
	{NULL, 0, NULL, NULL},
};

static const struct cli_option go_auth_options[] = {
	[USERS] = {"users", 0, "SQL", "username, password; default: SELECT username, pass FROM account"},
	[ALLOW_ALL] = {"allow-all", 0, NULL, "there was no aclquery: everybody may go on doing everything"},
	[DRY_RUN] = {"dry-run", 'n', NULL, "only show what would be done"},
	[SUPERUSERS_SQL] = {"superusers", 0, "SQL",
		"username; default: SELECT username FROM account WHERE super = 1; \"\": none"},
	[ACLS] = {"acls", 0, "SQL", "username, topic, rw; default: SELECT username, topic, rw FROM acl"},
	[RW_BITS] = {"rw-bits", 0, NULL, "aclquery compares rw by bits or by =; default: rw >= ?"},
	{NULL, 0, NULL, NULL},
};

enum { READ = 1, WRITE = 2, SUBSCRIBE = 4 };

struct acl_row {
	const char *user, *topic;
	size_t place;
	int access;
};

struct import {
	const struct cli_arguments *arguments;
	struct policy policy;
	struct sqlauth_foreign *foreign;
	struct acl_row *rows;
	size_t count, room;
	bool has_superusers;
	char buffer[SQLAUTH_MESSAGE_SIZE];
	struct sqlauth_text why;
};

static enum sqlauth_error take_user(void *context, const char *const *columns)
{
	struct import *import = context;

	if (!columns[0] || !columns[1])
		policy_remark(&import->policy, POLICY_LEFT_OUT, "a user without a name or a password");
	else
		import_add_client(&import->policy, &(struct policy_client){.name = columns[0], .password = columns[1]});
	return import->policy.error;
}

static enum sqlauth_error take_superuser(void *context, const char *const *columns)
{
	static const char *const topics[] = {"#", "$SYS/#", "$CONTROL/#"};
	struct import *import = context;

	if (!columns[0] || !policy_find_client(&import->policy, columns[0]))
		return SQLAUTH_OK;
	if (!import->has_superusers)
		policy_add_group(&import->policy, SUPERUSERS, "may do everything");
	for (size_t i = 0; i < sizeof(topics) / sizeof(topics[0]) && !import->has_superusers; i++) {
		policy_add_permission(&import->policy, SUPERUSERS, SQLAUTH_ALLOW, SQLAUTH_PUBLISH, topics[i]);
		policy_add_permission(&import->policy, SUPERUSERS, SQLAUTH_ALLOW, SQLAUTH_SUBSCRIBE, topics[i]);
	}
	import->has_superusers = true;
	policy_add_rule(&import->policy, "client", columns[0], SUPERUSERS);
	return import->policy.error;
}

/* The bits of an rw; -1: it is none. */
static int parse_rw(const char *text, bool is_bits)
{
	char *end;
	long rw = text && *text ? strtol(text, &end, 10) : -1;

	if (rw < 0 || rw > 7 || *end)
		return -1;
	if (is_bits)
		return (int)rw;
	return (rw >= 1 ? READ : 0) | (rw >= 2 ? WRITE : 0) | (rw >= 4 ? SUBSCRIBE : 0);
}

static enum sqlauth_error take_acl(void *context, const char *const *columns)
{
	struct import *import = context;
	int access = parse_rw(columns[2], import->arguments->own[RW_BITS] != NULL);
	struct cli_quoted user, topic;

	if (!columns[0] || !columns[1] || access < 0 || !policy_find_client(&import->policy, columns[0])) {
		policy_remark(&import->policy, POLICY_LEFT_OUT, "topic %s of user %s: %s",
			cli_quote(&topic, columns[1]), cli_quote(&user, columns[0]),
			access < 0 ? "its rw is no number from 0 to 7" : "there is no such user");
		return import->policy.error;
	}
	if (import->count == import->room) {
		size_t room = import->room == 0 ? 64 : 2 * import->room;
		struct acl_row *grown = reallocarray(import->rows, room, sizeof(*grown));

		if (!grown)
			return SQLAUTH_ERROR_MEMORY;
		import->rows = grown;
		import->room = room;
	}
	import->rows[import->count] = (struct acl_row){policy_keep(&import->policy, columns[0]),
		policy_keep(&import->policy, columns[1]), import->count, access};
	import->count++;
	return import->policy.error;
}

static int compare_rows(const void *a, const void *b)
{
	const struct acl_row *one = a, *other = b;
	int order = strcmp(one->user, other->user);

	return order != 0 ? order : one->place < other->place ? -1 : 1;
}

/* Whether one of the user's rows with this access covers the topic. */
static bool is_covered(const struct acl_row *rows, size_t count, const char *topic, int access)
{
	for (size_t i = 0; i < count; i++) {
		if (rows[i].access & access && filter_covers(rows[i].topic, topic))
			return true;
	}
	return false;
}

/* A wildcard in front reaches $SYS there. */
static void add_subscription(struct policy *policy, const char *group, const char *topic)
{
	size_t size = strlen(topic) + sizeof("$SYS/#");
	char *sys = malloc(size);

	if (!sys) {
		policy->error = SQLAUTH_ERROR_MEMORY;
		return;
	}
	import_add_permission(policy, group, SQLAUTH_ALLOW, SQLAUTH_SUBSCRIBE, topic, true);
	snprintf(sys, size, "$SYS%s", topic[0] == '#' ? "/#" : topic + 1);
	if (filter_is_open(topic))
		import_add_permission(policy, group, SQLAUTH_ALLOW, SQLAUTH_SUBSCRIBE, sys, true);
	free(sys);
}

static void add_row(struct import *import, const struct acl_row *row, const struct acl_row *rows, size_t count)
{
	struct cli_quoted user, topic;

	if (row->access & WRITE)
		import_add_permission(&import->policy, row->user, SQLAUTH_ALLOW, SQLAUTH_PUBLISH, row->topic, true);
	if ((row->access & SUBSCRIBE && is_covered(rows, count, row->topic, READ)) ||
		(row->access & READ && is_covered(rows, count, row->topic, SUBSCRIBE)))
		add_subscription(&import->policy, row->user, row->topic);
	else if (row->access & SUBSCRIBE)
		policy_remark(&import->policy, POLICY_NARROWER,
			"client %s: %s may be subscribed to, but no row lets all of it be read",
			cli_quote(&user, row->user), cli_quote(&topic, row->topic));
	if (strstr(row->topic, "%u") && strpbrk(row->user, "/+#"))
		policy_remark(&import->policy, POLICY_NARROWER,
			"client %s: its username holds a /, + or #, so %s allows it nothing",
			cli_quote(&user, row->user), cli_quote(&topic, row->topic));
}

static void add_rows(struct import *import)
{
	size_t end;

	if (import->count > 0)
		qsort(import->rows, import->count, sizeof(*import->rows), compare_rows);
	for (size_t i = 0; i < import->count; i = end) {
		const char *user = import->rows[i].user;

		for (end = i + 1; end < import->count && strcmp(import->rows[end].user, user) == 0;)
			end++;
		policy_add_group(&import->policy, user, NULL);
		policy_add_rule(&import->policy, "client", user, user);
		for (size_t k = i; k < end; k++)
			add_row(import, &import->rows[k], import->rows + i, end - i);
	}
	policy_remark(&import->policy, POLICY_NARROWER,
		"a SUBSCRIBE may put a wildcard where the topic of a row has a + there, and reach more levels; here it "
		"has to "
		"stay within the topic");
	policy_remark(&import->policy, POLICY_NARROWER,
		"topics that begin with $, but for subscriptions under $SYS/: wildcards do not reach them here");
	policy_remark(&import->policy, POLICY_NARROWER,
		"a client whose MQTT client id holds a /, + or # is allowed nothing by topics with %%c");
}

static enum sqlauth_error select_rows(
	struct import *import, enum option option, const char *standard, int columns, sqlauth_foreign_visitor *visit)
{
	const char *sql = import->arguments->own[option];

	return sqlauth_foreign_select(import->foreign, sql ? sql : standard, columns, visit, import, &import->why);
}

static enum sqlauth_error read_auth_plug(struct import *import)
{
	enum sqlauth_error error = select_rows(import, USERS, "SELECT username, pw FROM users", 2, take_user);

	policy_settle_clients(&import->policy, true);
	import_allow_everything(&import->policy, import->arguments->own[ALLOW_ALL] != NULL,
		"mosquitto-auth-plug judges no topics with SQLite");
	policy_remark(&import->policy, POLICY_NOTE, "auth_opt_superusers is not in the database; here it is a group");
	return error;
}

static enum sqlauth_error read_go_auth(struct import *import)
{
	const char *const *own = import->arguments->own;
	enum sqlauth_error error = select_rows(import, USERS, "SELECT username, pass FROM account", 2, take_user);

	policy_settle_clients(&import->policy, true);
	if (error == SQLAUTH_OK && (!own[SUPERUSERS_SQL] || *own[SUPERUSERS_SQL]))
		error = select_rows(
			import, SUPERUSERS_SQL, "SELECT username FROM account WHERE super = 1", 1, take_superuser);
	if (error != SQLAUTH_OK)
		return error;
	if (own[ALLOW_ALL]) {
		import_allow_everything(&import->policy, true, "");
		return SQLAUTH_OK;
	}
	error = select_rows(import, ACLS, "SELECT username, topic, rw FROM acl", 3, take_acl);
	if (error == SQLAUTH_OK)
		add_rows(import);
	return error;
}

static enum cli_status run_import(
	const struct cli_arguments *arguments, enum sqlauth_error (*read)(struct import *import))
{
	struct import import = {.arguments = arguments};
	enum sqlauth_error error;
	enum cli_status status = CLI_DONE;
	struct cli_quoted quoted;

	if (arguments->operand_count != 1)
		return cli_complain_usage(arguments->command, "one database expected");
	sqlauth_text_init(&import.why, import.buffer, sizeof(import.buffer));
	error = sqlauth_foreign_open_database(arguments->operands[0], &import.foreign, &import.why);
	if (error == SQLAUTH_OK)
		error = read(&import);
	if (error == SQLAUTH_OK) {
		policy_settle_permissions(&import.policy);
		status = import_finish(arguments, &import.policy, arguments->own[DRY_RUN] != NULL);
	} else {
		cli_complain("%s: %s", cli_quote(&quoted, arguments->operands[0]),
			import.why.length > 0 ? import.why.data : sqlauth_strerror(error));
		status = error == SQLAUTH_ERROR_INVALID ? CLI_USAGE : CLI_FAILED;
	}
	sqlauth_foreign_close(import.foreign);
	free(import.rows);
	policy_clear(&import.policy);
	return status;
}

static enum cli_status run_auth_plug(const struct cli_arguments *arguments)
{
	return run_import(arguments, read_auth_plug);
}

static enum cli_status run_go_auth(const struct cli_arguments *arguments)
{
	if (arguments->own[ALLOW_ALL] && arguments->own[ACLS])
		return cli_complain_usage(arguments->command, "--allow-all and --acls exclude each other");
	return run_import(arguments, read_go_auth);
}

const struct cli_command cli_command_import_auth_plug = {
	.name = "import auth-plug",
	.run = run_auth_plug,
	.operands = "DB",
	.summary = "move in from mosquitto-auth-plug with SQLite",
	.help = "Adds the users of mosquitto-auth-plug's SQLite database (auth_opt_dbpath) as clients, with the "
		"hashes\n"
		"they have. Which rows are users is a statement of yours, as auth_opt_sqliteuserquery is. That plugin\n"
		"judges no topics with SQLite: without --allow-all nobody may do anything until you grant it.\n"
		"\n"
		"  sqlauth import auth-plug users.db --dry-run\n"
		"  sqlauth import auth-plug users.db --users 'SELECT name, hash FROM people WHERE active'\n",
	.options = auth_plug_options,
};

const struct cli_command cli_command_import_go_auth = {
	.name = "import go-auth",
	.run = run_go_auth,
	.operands = "DB",
	.summary = "move in from mosquitto-go-auth with SQLite",
	.help = "Adds users, superusers and ACLs of mosquitto-go-auth's SQLite database (auth_opt_sqlite_source). "
		"Which\n"
		"rows those are is a statement of yours; the defaults fit the statements of its documentation. rw: 1\n"
		"read, 2 write, 3 both, 4 subscribe.\n"
		"\n"
		"  sqlauth import go-auth auth.sqlite --dry-run\n"
		"  sqlauth import go-auth auth.sqlite --rw-bits --superusers '' \\\n"
		"      --acls 'SELECT name, filter, 7 FROM grants'\n",
	.options = go_auth_options,
};
