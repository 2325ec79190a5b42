/* `sqlauth group list | add | edit | delete | show`. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "command.h"
#include "confirm.h"
#include "listing.h"

#define RULES_SHOWN      1000 /* rules that group show prints for a person */
#define RULES_SHOWN_TEXT "1000"

static enum cli_status take_name(const struct cli_arguments *arguments, const char **name_r)
{
	struct cli_quoted quoted;

	if (arguments->operand_count == 0)
		return cli_complain_usage(arguments->command, "the group's name is missing");
	if (arguments->operand_count > 1)
		return cli_complain_usage(
			arguments->command, "unexpected %s", cli_quote(&quoted, arguments->operands[1]));
	*name_r = arguments->operands[0];
	return CLI_DONE;
}

/* One change of the group that the operand names. `done`: the word for it. */
static enum cli_status change_group(const struct cli_arguments *arguments, const char *name,
	enum sqlauth_admin_action action, const char *const *values, size_t count, const char *done)
{
	const struct cli_subject subject = {"group", name};
	struct cli_database database = {0};
	struct cli_quoted quoted;
	enum cli_status status = cli_database_begin(arguments, &database);

	if (status == CLI_DONE)
		status = cli_database_change(&database, &subject, action, values, count);
	status = cli_database_finish(&database, status);
	if (status == CLI_DONE)
		printf("%s group %s\n", done, cli_quote(&quoted, name));
	return status;
}

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
	{"Group Name", "name", CLI_JSON_TEXT},
	{"Permissions", "permissions", CLI_JSON_NUMBER},
	{"Rules", "rules", CLI_JSON_NUMBER},
	{"Description", "description", CLI_JSON_TEXT},
	{NULL, NULL, CLI_JSON_TEXT},
};

static enum cli_status run_list(const struct cli_arguments *arguments)
{
	const char *const *own = arguments->own;
	const struct cli_page_options page = {.search = own[LIST_SEARCH],
		.page = own[LIST_PAGE],
		.per_page = own[LIST_PER_PAGE],
		.json = own[LIST_JSON]};
	const struct cli_listing listing = {
		"groups", SQLAUTH_ADMIN_GROUP_COUNT, SQLAUTH_ADMIN_GROUP_LIST, list_columns};
	struct cli_quoted quoted;

	if (arguments->operand_count > 0)
		return cli_complain_usage(
			arguments->command, "unexpected %s", cli_quote(&quoted, arguments->operands[0]));
	return cli_listing_print(arguments, &listing, &page);
}

const struct cli_command cli_command_group_list = {
	.name = "group list",
	.run = run_list,
	.operands = "",
	.summary = "list groups, page by page",
	.help = "Lists groups by name, with how many permissions they hold and how many rules give them. --search "
		"finds a\n"
		"text in name or description.\n"
		"\n"
		"  sqlauth group list\n"
		"  sqlauth group list --search pump --json\n",
	.options = list_options,
};

/* ---- add */

enum add_option { ADD_DESCRIPTION };

static const struct cli_option add_options[] = {
	[ADD_DESCRIPTION] = {"description", 0, "TEXT", "free text"},
	{NULL, 0, NULL, NULL},
};

static enum cli_status run_add(const struct cli_arguments *arguments)
{
	const char *name = NULL;
	enum cli_status status = take_name(arguments, &name);

	return status != CLI_DONE ? status
				  : change_group(arguments, name, SQLAUTH_ADMIN_GROUP_ADD,
					    CLI_VALUES(name, arguments->own[ADD_DESCRIPTION]), "added");
}

const struct cli_command cli_command_group_add = {
	.name = "group add",
	.run = run_add,
	.operands = "NAME",
	.summary = "create a group",
	.help = "Creates a group that allows nothing yet and that nobody is in.\n"
		"\n"
		"  sqlauth group add pumps --description 'water pumps in the field'\n"
		"  sqlauth group allow pumps publish 'pumps/%u/#'\n"
		"  sqlauth rule add client pump-7 pumps\n",
	.options = add_options,
};

/* ---- edit */

enum edit_option { EDIT_NAME, EDIT_DESCRIPTION };

static const struct cli_option edit_options[] = {
	[EDIT_NAME] = {"name", 'n', "NAME", "a new name; permissions and rules follow"},
	[EDIT_DESCRIPTION] = {"description", 0, "TEXT", "free text; an empty one: none"},
	{NULL, 0, NULL, NULL},
};

static enum cli_status run_edit(const struct cli_arguments *arguments)
{
	const char *const *own = arguments->own;
	const char *name = NULL;
	enum cli_status status = take_name(arguments, &name);

	if (status == CLI_DONE && !own[EDIT_NAME] && !own[EDIT_DESCRIPTION])
		status = cli_complain_usage(arguments->command, "no option says what to change");
	return status != CLI_DONE ? status
				  : change_group(arguments, name, SQLAUTH_ADMIN_GROUP_EDIT,
					    CLI_VALUES(name, own[EDIT_NAME], own[EDIT_DESCRIPTION]),
					    own[EDIT_NAME] ? "renamed" : "changed");
}

const struct cli_command cli_command_group_edit = {
	.name = "group edit",
	.run = run_edit,
	.operands = "NAME",
	.summary = "rename or describe a group",
	.help = "  sqlauth group edit pumps --name water-pumps\n"
		"  sqlauth group edit pumps --description ''\n",
	.options = edit_options,
};

/* ---- delete */

enum delete_option { DELETE_YES };

static const struct cli_option delete_options[] = {
	[DELETE_YES] = CLI_OPTION_YES_ROW,
	{NULL, 0, NULL, NULL},
};

/* The columns of SQLAUTH_ADMIN_GROUP_SHOW. */
enum show_column { SHOW_NAME, SHOW_DESCRIPTION, SHOW_PERMISSIONS, SHOW_RULES, SHOW_COLUMNS };

static enum cli_status read_group(struct cli_database *database, const char *name, struct cli_row *row)
{
	struct cli_quoted quoted;
	enum cli_status status = cli_database_read_row(database, SQLAUTH_ADMIN_GROUP_SHOW, CLI_VALUES(name), row);

	if (status == CLI_DENIED)
		cli_complain("there is no group %s", cli_quote(&quoted, name));
	return status;
}

static enum cli_status run_delete(const struct cli_arguments *arguments)
{
	struct cli_row row = {.count = SHOW_COLUMNS};
	struct cli_database database = {0};
	struct cli_quoted quoted;
	const char *name = NULL;
	enum cli_status status = take_name(arguments, &name);

	if (status == CLI_DONE)
		status = cli_database_open(arguments, &database);
	if (status == CLI_DONE)
		status = read_group(&database, name, &row);
	status = cli_database_finish(&database, status);
	if (status == CLI_DONE)
		status = cli_confirm(arguments, arguments->own[DELETE_YES],
			"Delete group %s, with its permissions (%s) and the rules that give it (%s)",
			cli_quote(&quoted, name), row.columns[SHOW_PERMISSIONS], row.columns[SHOW_RULES]);
	cli_row_clear(&row);
	return status != CLI_DONE
		       ? status
		       : change_group(arguments, name, SQLAUTH_ADMIN_GROUP_DELETE, CLI_VALUES(name), "deleted");
}

const struct cli_command cli_command_group_delete = {
	.name = "group delete",
	.run = run_delete,
	.operands = "NAME",
	.summary = "delete a group with its permissions and rules",
	.help = "Deletes a group, its permissions, and the rules that give it; asks before. Connections that stand "
		"keep\n"
		"what they have until they end.\n"
		"\n"
		"  sqlauth group delete pumps\n"
		"  sqlauth group delete pumps --yes\n",
	.options = delete_options,
};

/* ---- show */

enum show_option { SHOW_JSON };

static const struct cli_option show_options[] = {
	[SHOW_JSON] = {"json", 0, NULL, "JSON instead of lines"},
	{NULL, 0, NULL, NULL},
};

static const struct cli_column permission_columns[] = {
	{"Permission", "permission", CLI_JSON_TEXT},
	{"Action", "action", CLI_JSON_TEXT},
	{"Topic", "topic", CLI_JSON_TEXT},
	{NULL, "id", CLI_JSON_NUMBER},
	{NULL, NULL, CLI_JSON_TEXT},
};

static const struct cli_column rule_columns[] = {
	{"Match By", "match_by", CLI_JSON_TEXT},
	{"Value", "value", CLI_JSON_TEXT},
	{NULL, "id", CLI_JSON_NUMBER},
	{NULL, NULL, CLI_JSON_TEXT},
};

static void print_head(const struct cli_row *row, bool is_json)
{
	struct cli_quoted quoted;

	if (is_json) {
		fputs("{\"name\":", stdout);
		cli_json_print_string(row->columns[SHOW_NAME]);
		fputs(",\"description\":", stdout);
		cli_json_print_value(CLI_JSON_TEXT, row->columns[SHOW_DESCRIPTION]);
		printf(",\"rule_count\":%s", row->columns[SHOW_RULES]);
		return;
	}
	printf("name: %s\n", cli_quote(&quoted, row->columns[SHOW_NAME]));
	if (row->columns[SHOW_DESCRIPTION])
		printf("description: %s\n", cli_quote(&quoted, row->columns[SHOW_DESCRIPTION]));
}

/* JSON has them all; a person gets the first ones and how many there are. */
static enum cli_status print_rules(struct cli_database *database, const char *name, const char *count, bool is_json)
{
	struct cli_quoted quoted;
	int64_t rules = strtoll(count, NULL, 10);
	enum cli_status status;

	if (is_json)
		fputs(",\"rules\":", stdout);
	else
		printf("rules: %s\n", count);
	status = cli_listing_print_all(database, SQLAUTH_ADMIN_GROUP_RULES,
		CLI_VALUES(name, is_json ? "-1" : RULES_SHOWN_TEXT), rule_columns, is_json);
	if (status == CLI_DONE && !is_json && rules > RULES_SHOWN)
		printf("  and %" PRId64 " more; sqlauth rule list --search %s lists them\n", rules - RULES_SHOWN,
			cli_quote(&quoted, name));
	return status;
}

static enum cli_status print_group(struct cli_database *database, const char *name, bool is_json)
{
	struct cli_row row = {.count = SHOW_COLUMNS};
	enum cli_status status = read_group(database, name, &row);

	if (status == CLI_DONE) {
		print_head(&row, is_json);
		if (is_json)
			fputs(",\"permissions\":", stdout);
		else
			printf("permissions: %s\n", row.columns[SHOW_PERMISSIONS]);
		status = cli_listing_print_all(
			database, SQLAUTH_ADMIN_GROUP_PERMISSIONS, CLI_VALUES(name), permission_columns, is_json);
	}
	if (status == CLI_DONE)
		status = print_rules(database, name, row.columns[SHOW_RULES], is_json);
	if (status == CLI_DONE && is_json)
		puts("}");
	cli_row_clear(&row);
	return status;
}

static enum cli_status run_show(const struct cli_arguments *arguments)
{
	struct cli_database database = {0};
	const char *name = NULL;
	enum cli_status status = take_name(arguments, &name);

	if (status == CLI_DONE)
		status = cli_database_open(arguments, &database);
	if (status == CLI_DONE)
		status = print_group(&database, name, arguments->own[SHOW_JSON]);
	return cli_database_finish(&database, status);
}

const struct cli_command cli_command_group_show = {
	.name = "group show",
	.run = run_show,
	.operands = "NAME",
	.summary = "show a group with its permissions and rules",
	.help = "Of the rules the first " RULES_SHOWN_TEXT " are shown, with --json all.\n"
		"\n"
		"  sqlauth group show pumps\n"
		"  sqlauth group show pumps --json\n",
	.options = show_options,
};
