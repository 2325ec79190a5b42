/* `sqlauth group allow | deny | revoke`: what members of a group may and may not do. */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "database.h"

static const struct cli_option no_options[] = {{NULL, 0, NULL, NULL}};

/* GROUP, an action, and at least one topic, none of them twice. */
static enum cli_status inspect(const struct cli_arguments *arguments)
{
	struct cli_quoted quoted;
	const char *action;

	if (arguments->operand_count < 3)
		return cli_complain_usage(arguments->command, "a group, publish or subscribe, and a topic are wanted");
	action = arguments->operands[1];
	if (strcmp(action, "publish") != 0 && strcmp(action, "subscribe") != 0)
		return cli_complain_usage(
			arguments->command, "publish or subscribe expected, not %s", cli_quote(&quoted, action));
	return cli_arguments_require_distinct(arguments, 2, "topic");
}

/* Adds, or removes, one permission per topic. permission NULL: either, to remove. */
static enum cli_status change_all(
	const struct cli_arguments *arguments, enum sqlauth_admin_action what, const char *permission)
{
	const char *group, *action;
	struct cli_database database = {0};
	enum cli_status status = inspect(arguments);

	if (status != CLI_DONE)
		return status;
	group = arguments->operands[0];
	action = arguments->operands[1];
	status = cli_database_begin(arguments, &database);
	if (status == CLI_DONE)
		status = cli_database_require(
			&database, SQLAUTH_ADMIN_GROUP_SHOW, &(struct cli_subject){"group", group});
	for (size_t i = 2; i < arguments->operand_count && status == CLI_DONE; i++) {
		const char *topic = arguments->operands[i];
		const struct cli_subject subject = {"permission", topic};

		status = cli_database_change(&database, &subject, what, CLI_VALUES(group, permission, action, topic));
	}
	return cli_database_finish(&database, status);
}

static enum cli_status add_all(const struct cli_arguments *arguments, const char *permission)
{
	struct cli_quoted quoted;
	enum cli_status status = change_all(arguments, SQLAUTH_ADMIN_PERMISSION_ADD, permission);

	for (size_t i = 2; i < arguments->operand_count && status == CLI_DONE; i++) {
		printf("group %s: ", cli_quote(&quoted, arguments->operands[0]));
		printf("%s %s %s\n", permission, arguments->operands[1], cli_quote(&quoted, arguments->operands[i]));
	}
	return status;
}

static enum cli_status run_allow(const struct cli_arguments *arguments)
{
	return add_all(arguments, "allow");
}

static enum cli_status run_deny(const struct cli_arguments *arguments)
{
	return add_all(arguments, "deny");
}

static enum cli_status run_revoke(const struct cli_arguments *arguments)
{
	struct cli_quoted quoted;
	enum cli_status status = change_all(arguments, SQLAUTH_ADMIN_PERMISSION_REMOVE, NULL);

	for (size_t i = 2; i < arguments->operand_count && status == CLI_DONE; i++) {
		printf("group %s: ", cli_quote(&quoted, arguments->operands[0]));
		printf("revoked %s %s\n", arguments->operands[1], cli_quote(&quoted, arguments->operands[i]));
	}
	return status;
}

#define TOPIC_HELP                                                                                                     \
	"TOPIC is a topic filter, in which %c stands for the MQTT client id, %u for the username, %% for a percent\n"  \
	"sign. subscribe covers what is received, too. Takes effect when a client connects the next time.\n"           \
	"\n"

const struct cli_command cli_command_group_allow = {
	.name = "group allow",
	.run = run_allow,
	.operands = "GROUP publish|subscribe TOPIC...",
	.summary = "allow the members of a group something",
	.help = TOPIC_HELP "  sqlauth group allow pumps publish 'pumps/%u/#'\n"
			   "  sqlauth group allow pumps subscribe 'pumps/%u/command' 'news/#'\n",
	.options = no_options,
};

const struct cli_command cli_command_group_deny = {
	.name = "group deny",
	.run = run_deny,
	.operands = "GROUP publish|subscribe TOPIC...",
	.summary = "deny the members of a group something",
	.help = TOPIC_HELP "A deny beats every allow, also that of another group.\n"
			   "\n"
			   "  sqlauth group deny pumps publish 'pumps/%u/config'\n",
	.options = no_options,
};

const struct cli_command cli_command_group_revoke = {
	.name = "group revoke",
	.run = run_revoke,
	.operands = "GROUP publish|subscribe TOPIC...",
	.summary = "take permissions back, allow or deny",
	.help = "Removes the permissions with exactly these topics from the group; all of them or, where one is not\n"
		"there, none.\n"
		"\n"
		"  sqlauth group revoke pumps publish 'pumps/%u/config'\n",
	.options = no_options,
};
