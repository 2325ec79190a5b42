/* `sqlauth rule list | add | remove`: which connections are in which group. */
#include <stdio.h>
#include <string.h>

#include "certificate_value.h"
#include "command.h"
#include "listing.h"

/* ---- list */

enum list_option { LIST_SEARCH, LIST_PAGE, LIST_PER_PAGE, LIST_JSON };

static const struct cli_option list_options[] = {
	[LIST_SEARCH] = CLI_LISTING_OPTION_SEARCH,
	[LIST_PAGE] = CLI_LISTING_OPTION_PAGE,
	[LIST_PER_PAGE] = CLI_LISTING_OPTION_PER_PAGE,
	[LIST_JSON] = CLI_LISTING_OPTION_JSON,
	{NULL, 0, NULL, NULL},
};

static const struct cli_column list_columns[] = {
	{"Match By", "match_by", CLI_JSON_TEXT},
	{"Value", "value", CLI_JSON_TEXT},
	{"Group", "group", CLI_JSON_TEXT},
	{NULL, "id", CLI_JSON_NUMBER},
	{NULL, NULL, CLI_JSON_TEXT},
};

static enum cli_status run_list(const struct cli_arguments *arguments)
{
	const char *const *own = arguments->own;
	const struct cli_page_options page = {.search = own[LIST_SEARCH],
		.page = own[LIST_PAGE],
		.per_page = own[LIST_PER_PAGE],
		.json = own[LIST_JSON]};
	const struct cli_listing listing = {"rules", SQLAUTH_ADMIN_RULE_COUNT, SQLAUTH_ADMIN_RULE_LIST, list_columns};
	struct cli_quoted quoted;

	if (arguments->operand_count > 0)
		return cli_complain_usage(
			arguments->command, "unexpected %s", cli_quote(&quoted, arguments->operands[0]));
	return cli_listing_print(arguments, &listing, &page);
}

const struct cli_command cli_command_rule_list = {
	.name = "rule list",
	.run = run_list,
	.operands = "",
	.summary = "list rules, page by page",
	.help = "Lists group rules by kind, value and group. --search finds a text in value or group.\n"
		"\n"
		"  sqlauth rule list\n"
		"  sqlauth rule list --search pump-7 --json\n",
	.options = list_options,
};

/* ---- add and remove */

static const struct cli_option no_options[] = {{NULL, 0, NULL, NULL}};

static const struct kind {
	const char *word;
	bool has_value;
} kinds[] = {
	{"client", true}, {"mqtt_id", true}, {"certificate_fingerprint", true}, {"any", false}, {"anonymous", false}};

/* A rule as the command line writes it: KIND VALUE GROUP, or KIND GROUP. */
struct rule {
	const struct kind *kind;
	const char *value, *group; /* value: NULL where the kind has none */
	struct cli_certificate_value certificate;
};

static enum cli_status parse_rule(const struct cli_arguments *arguments, struct rule *rule_r)
{
	char *const *operands = arguments->operands;
	struct cli_quoted quoted;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]) && arguments->operand_count > 0; i++) {
		if (strcmp(operands[0], kinds[i].word) == 0)
			rule_r->kind = &kinds[i];
	}
	if (!rule_r->kind)
		return cli_complain_usage(arguments->command,
			"client, mqtt_id, certificate_fingerprint, any or anonymous expected, not %s",
			cli_quote(&quoted, arguments->operand_count > 0 ? operands[0] : NULL));
	if (arguments->operand_count != (rule_r->kind->has_value ? 3 : 2))
		return cli_complain_usage(arguments->command, "%s wants %s", rule_r->kind->word,
			rule_r->kind->has_value ? "a value and a group" : "a group and nothing else");
	rule_r->group = operands[arguments->operand_count - 1];
	rule_r->value = rule_r->kind->has_value ? operands[1] : NULL;
	if (strcmp(rule_r->kind->word, "certificate_fingerprint") != 0)
		return CLI_DONE;
	if (cli_certificate_value_parse(arguments, NULL, operands[1], &rule_r->certificate) != CLI_DONE)
		return CLI_USAGE;
	rule_r->value = rule_r->certificate.value;
	return CLI_DONE;
}

/* The group, and the client of a rule by client, must be there. */
static enum cli_status require_named(struct cli_database *database, const struct rule *rule)
{
	enum cli_status status =
		cli_database_require(database, SQLAUTH_ADMIN_GROUP_SHOW, &(struct cli_subject){"group", rule->group});

	if (status == CLI_DONE && strcmp(rule->kind->word, "client") == 0)
		status = cli_database_require(
			database, SQLAUTH_ADMIN_CLIENT_SHOW, &(struct cli_subject){"client", rule->value});
	return status;
}

static enum cli_status change(const struct cli_arguments *arguments, enum sqlauth_admin_action action, const char *done)
{
	struct rule rule = {0};
	struct cli_database database = {0};
	struct cli_subject subject = {"rule", NULL};
	struct cli_quoted quoted;
	enum cli_status status = parse_rule(arguments, &rule);

	if (status != CLI_DONE || !rule.kind)
		return status;
	subject.name = rule.value ? rule.value : rule.kind->word;
	status = cli_database_begin(arguments, &database);
	if (status == CLI_DONE)
		status = require_named(&database, &rule);
	if (status == CLI_DONE)
		status = cli_database_change(
			&database, &subject, action, CLI_VALUES(rule.kind->word, rule.value, rule.group));
	status = cli_database_finish(&database, status);
	if (status != CLI_DONE)
		return status;
	printf("%s rule: %s", done, rule.kind->word);
	if (rule.value)
		printf(" %s", cli_quote(&quoted, rule.value));
	printf(" is in group %s\n", cli_quote(&quoted, rule.group));
	return CLI_DONE;
}

static enum cli_status run_add(const struct cli_arguments *arguments)
{
	return change(arguments, SQLAUTH_ADMIN_RULE_ADD, "added");
}

static enum cli_status run_remove(const struct cli_arguments *arguments)
{
	return change(arguments, SQLAUTH_ADMIN_RULE_REMOVE, "removed");
}

#define OPERANDS "client|mqtt_id|certificate_fingerprint VALUE GROUP | any|anonymous GROUP"

const struct cli_command cli_command_rule_add = {
	.name = "rule add",
	.run = run_add,
	.operands = OPERANDS,
	.summary = "put connections into a group",
	.help = "client: the client of that name. mqtt_id: every connection with such an MQTT client id (* ?\n"
		"wildcards); it is chosen by whoever connects. certificate_fingerprint: whoever presents that\n"
		"certificate, given as a fingerprint or as a PEM or DER file. any: every client that has\n"
		"authenticated. anonymous: connections without a username and a known certificate.\n"
		"\n"
		"  sqlauth rule add client pump-7 pumps\n"
		"  sqlauth rule add mqtt_id 'lab-*' lab\n"
		"  sqlauth rule add certificate_fingerprint lab.crt lab\n"
		"  sqlauth rule add any everyone\n",
	.options = no_options,
};

const struct cli_command cli_command_rule_remove = {
	.name = "rule remove",
	.run = run_remove,
	.operands = OPERANDS,
	.summary = "take connections out of a group",
	.help = "Takes effect when the client connects the next time.\n"
		"\n"
		"  sqlauth rule remove client pump-7 pumps\n"
		"  sqlauth rule remove any everyone\n",
	.options = no_options,
};
