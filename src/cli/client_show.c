/* `sqlauth client list | show`: clients to look at. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "client.h"
#include "command.h"
#include "listing.h"
#include "sqlauth/password.h"

/* ---- list */

enum list_option { LIST_SEARCH, LIST_SORT, LIST_PAGE, LIST_PER_PAGE, LIST_JSON };

static const struct cli_option list_options[] = {
	[LIST_SEARCH] = CLI_LISTING_OPTION_SEARCH,
	[LIST_SORT] = {"sort", 0, "[-]KEY",
		"name, authentication, username, created or updated; with - in front: down"},
	[LIST_PAGE] = CLI_LISTING_OPTION_PAGE,
	[LIST_PER_PAGE] = CLI_LISTING_OPTION_PER_PAGE,
	[LIST_JSON] = CLI_LISTING_OPTION_JSON,
	{NULL, 0, NULL, NULL},
};

static const struct cli_column list_columns[] = {
	{"Client Name", "name", CLI_JSON_TEXT},
	{"Authentication", "authentication", CLI_JSON_TEXT},
	{"Username", "username", CLI_JSON_TEXT},
	{"Groups", NULL, CLI_JSON_TEXT},
	{NULL, "certificates", CLI_JSON_NUMBER},
	{NULL, "enabled", CLI_JSON_FLAG},
	{NULL, "groups", CLI_JSON_RAW},
	{NULL, NULL, CLI_JSON_TEXT},
};

static const struct {
	const char *word;
	enum sqlauth_admin_action up, down;
} orders[] = {
	{"name", SQLAUTH_ADMIN_CLIENT_LIST_BY_NAME, SQLAUTH_ADMIN_CLIENT_LIST_BY_NAME_DOWN},
	{"authentication", SQLAUTH_ADMIN_CLIENT_LIST_BY_AUTHENTICATION,
		SQLAUTH_ADMIN_CLIENT_LIST_BY_AUTHENTICATION_DOWN},
	{"username", SQLAUTH_ADMIN_CLIENT_LIST_BY_USERNAME, SQLAUTH_ADMIN_CLIENT_LIST_BY_USERNAME_DOWN},
	{"created", SQLAUTH_ADMIN_CLIENT_LIST_BY_CREATED, SQLAUTH_ADMIN_CLIENT_LIST_BY_CREATED_DOWN},
	{"updated", SQLAUTH_ADMIN_CLIENT_LIST_BY_UPDATED, SQLAUTH_ADMIN_CLIENT_LIST_BY_UPDATED_DOWN},
};

static enum cli_status parse_order(
	const struct cli_arguments *arguments, const char *text, enum sqlauth_admin_action *action_r)
{
	struct cli_quoted quoted;
	bool is_down = text[0] == '-';

	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		if (strcmp(text + is_down, orders[i].word) == 0) {
			*action_r = is_down ? orders[i].down : orders[i].up;
			return CLI_DONE;
		}
	}
	return cli_complain_usage(arguments->command,
		"--sort is name, authentication, username, created or updated, with - in front to go down, not %s",
		cli_quote(&quoted, text));
}

static enum cli_status run_list(const struct cli_arguments *arguments)
{
	const char *const *own = arguments->own;
	const struct cli_page_options page = {.search = own[LIST_SEARCH],
		.page = own[LIST_PAGE],
		.per_page = own[LIST_PER_PAGE],
		.json = own[LIST_JSON]};
	struct cli_listing listing = {.noun = "clients",
		.count = SQLAUTH_ADMIN_CLIENT_COUNT,
		.rows = SQLAUTH_ADMIN_CLIENT_LIST_BY_NAME,
		.columns = list_columns};
	struct cli_quoted quoted;
	enum cli_status status = CLI_DONE;

	if (arguments->operand_count > 0)
		return cli_complain_usage(
			arguments->command, "unexpected %s", cli_quote(&quoted, arguments->operands[0]));
	if (own[LIST_SORT])
		status = parse_order(arguments, own[LIST_SORT], &listing.rows);
	return status == CLI_DONE ? cli_listing_print(arguments, &listing, &page) : status;
}

const struct cli_command cli_command_client_list = {
	.name = "client list",
	.run = run_list,
	.operands = "",
	.summary = "list clients, page by page",
	.help = "Lists clients with the groups that rules by client name and by any give them. --search finds a text\n"
		"anywhere in name, username, MQTT client id pattern or description, letters in either case.\n"
		"\n"
		"  sqlauth client list\n"
		"  sqlauth client list --search pump --sort -updated\n"
		"  sqlauth client list --page 3 --per-page 100\n"
		"  sqlauth client list --per-page 100000 --json | jq -r '.clients[].name'\n",
	.options = list_options,
};

/* ---- show */

enum show_option { SHOW_JSON };

static const struct cli_option show_options[] = {
	[SHOW_JSON] = {"json", 0, NULL, "JSON instead of lines"},
	{NULL, 0, NULL, NULL},
};

/* The columns of SQLAUTH_ADMIN_CLIENT_SHOW, in their order. */
enum field {
	NAME,
	AUTHENTICATION,
	USERNAME,
	PASSWORD,
	MQTT_ID,
	ENABLED,
	DISCONNECT_BEFORE,
	DESCRIPTION,
	CREATED_AT,
	UPDATED_AT,
	FIELDS
};

static const struct cli_column fields[FIELDS] = {
	[NAME] = {"name", "name", CLI_JSON_TEXT},
	[AUTHENTICATION] = {"authentication", "authentication", CLI_JSON_TEXT},
	[USERNAME] = {"username", "username", CLI_JSON_TEXT},
	[PASSWORD] = {"password", "password", CLI_JSON_TEXT}, /* the scheme of its hash */
	[MQTT_ID] = {"mqtt_id", "mqtt_id", CLI_JSON_TEXT},
	[ENABLED] = {"enabled", "enabled", CLI_JSON_FLAG},
	[DISCONNECT_BEFORE] = {"disconnect_before", "disconnect_before", CLI_JSON_NUMBER},
	[DESCRIPTION] = {"description", "description", CLI_JSON_TEXT},
	[CREATED_AT] = {"created_at", "created_at", CLI_JSON_TEXT},
	[UPDATED_AT] = {"updated_at", "updated_at", CLI_JSON_TEXT},
};

static const struct cli_column certificate_columns[] = {
	{"Match By", "match_by", CLI_JSON_TEXT}, {"Value", "value", CLI_JSON_TEXT}, {NULL, NULL, CLI_JSON_TEXT}};

static const struct cli_column group_columns[] = {
	{"Group", "group", CLI_JSON_TEXT}, {"By Rule", "match_by", CLI_JSON_TEXT}, {NULL, NULL, CLI_JSON_TEXT}};

/* What may be shown of a hash. */
static const char *name_scheme(const char *hash)
{
	const struct sqlauth_password_limits limits = {.memory_bytes = SQLAUTH_HASH_MEMORY_DEFAULT};
	enum sqlauth_password_scheme scheme;

	if (!hash)
		return NULL;
	return sqlauth_password_inspect(hash, &limits, &scheme) == SQLAUTH_OK ? sqlauth_password_scheme_name(scheme)
									      : "unusable";
}

const char *cli_client_write_time(char text[CLI_CLIENT_TIME_SIZE], const char *seconds)
{
	time_t time = (time_t)strtoll(seconds, NULL, 10);
	struct tm broken;

	if (!gmtime_r(&time, &broken) || strftime(text, CLI_CLIENT_TIME_SIZE, "%Y-%m-%dT%H:%M:%SZ", &broken) == 0)
		snprintf(text, CLI_CLIENT_TIME_SIZE, "%s", seconds);
	return text;
}

static void print_lines(const struct cli_row *row)
{
	char time[CLI_CLIENT_TIME_SIZE];
	struct cli_quoted quoted;

	for (size_t i = 0; i < FIELDS; i++) {
		const char *value = i == PASSWORD ? name_scheme(row->columns[i]) : row->columns[i];

		if (!value)
			continue;
		if (fields[i].kind == CLI_JSON_FLAG)
			value = strcmp(value, "1") == 0 ? "yes" : "no";
		printf("%s: %s", fields[i].title,
			i == NAME || i == USERNAME || i == MQTT_ID || i == DESCRIPTION ? cli_quote(&quoted, value)
										       : value);
		if (i == DISCONNECT_BEFORE)
			printf(" (%s)", cli_client_write_time(time, value));
		putchar('\n');
	}
}

static void print_members(const struct cli_row *row)
{
	for (size_t i = 0; i < FIELDS; i++) {
		putchar(i == 0 ? '{' : ',');
		cli_json_print_string(fields[i].key);
		putchar(':');
		cli_json_print_value(fields[i].kind, i == PASSWORD ? name_scheme(row->columns[i]) : row->columns[i]);
	}
}

static enum cli_status print_client(struct cli_database *database, const char *name, bool is_json)
{
	struct cli_row row = {.count = FIELDS};
	struct cli_quoted quoted;
	enum cli_status status = cli_database_read_row(database, SQLAUTH_ADMIN_CLIENT_SHOW, CLI_VALUES(name), &row);

	if (status == CLI_DENIED)
		cli_complain("there is no client %s", cli_quote(&quoted, name));
	if (status == CLI_DONE && is_json)
		print_members(&row);
	else if (status == CLI_DONE)
		print_lines(&row);
	cli_row_clear(&row);
	if (status == CLI_DONE)
		fputs(is_json ? ",\"certificates\":" : "certificates:\n", stdout);
	if (status == CLI_DONE)
		status = cli_listing_print_all(
			database, SQLAUTH_ADMIN_CLIENT_CERTIFICATES, CLI_VALUES(name), certificate_columns, is_json);
	if (status == CLI_DONE)
		fputs(is_json ? ",\"groups\":" : "groups:\n", stdout);
	if (status == CLI_DONE)
		status = cli_listing_print_all(
			database, SQLAUTH_ADMIN_CLIENT_GROUPS, CLI_VALUES(name), group_columns, is_json);
	if (status == CLI_DONE && is_json)
		puts("}");
	return status;
}

static enum cli_status run_show(const struct cli_arguments *arguments)
{
	struct cli_database database = {0};
	const char *name = NULL;
	enum cli_status status = cli_client_take_name(arguments, &name);

	if (status == CLI_DONE)
		status = cli_database_open(arguments, &database);
	if (status == CLI_DONE)
		status = print_client(&database, name, arguments->own[SHOW_JSON]);
	return cli_database_finish(&database, status);
}

const struct cli_command cli_command_client_show = {
	.name = "client show",
	.run = run_show,
	.operands = "NAME",
	.summary = "show all about a client",
	.help = "Shows a client with its certificates and groups. Of its password only the kind of hash is shown. What "
		"a\n"
		"connection may do, and why, sqlauth check tells.\n"
		"\n"
		"  sqlauth client show pump-7\n"
		"  sqlauth client show pump-7 --json\n",
	.options = show_options,
};
