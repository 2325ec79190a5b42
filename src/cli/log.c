/* `sqlauth log list | trim`: the changes that the database's triggers recorded. */
#include <inttypes.h>
#include <stdio.h>

#include "command.h"
#include "confirm.h"
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
	{NULL, "id", CLI_JSON_NUMBER},
	{"Changed At", "changed_at", CLI_JSON_TEXT},
	{"Operation", "operation", CLI_JSON_TEXT},
	{"Table", "table_name", CLI_JSON_TEXT},
	{"Row", "row_key", CLI_JSON_TEXT},
	{"old", "old_values", CLI_JSON_RAW},
	{"new", "new_values", CLI_JSON_RAW},
	{NULL, NULL, CLI_JSON_TEXT},
};

static enum cli_status run_list(const struct cli_arguments *arguments)
{
	const char *const *own = arguments->own;
	const struct cli_page_options page = {.search = own[LIST_SEARCH],
		.page = own[LIST_PAGE],
		.per_page = own[LIST_PER_PAGE],
		.json = own[LIST_JSON]};
	const struct cli_listing listing = {"changes", SQLAUTH_ADMIN_LOG_COUNT, SQLAUTH_ADMIN_LOG_LIST, list_columns};
	struct cli_quoted quoted;

	if (arguments->operand_count > 0)
		return cli_complain_usage(
			arguments->command, "unexpected %s", cli_quote(&quoted, arguments->operands[0]));
	return cli_listing_print(arguments, &listing, &page);
}

const struct cli_command cli_command_log_list = {
	.name = "log list",
	.run = run_list,
	.operands = "",
	.summary = "list what was changed, newest first",
	.help = "Lists changes of clients, certificates, groups, permissions and rules, made by this tool or by hand. "
		"Never\n"
		"holds a password or its hash. --search finds a text in the row's key and in old and new values.\n"
		"\n"
		"  sqlauth log list\n"
		"  sqlauth log list --search pump-7 --json\n",
	.options = list_options,
};

/* ---- trim */

#define ENTRIES_MAX INT64_C(1000000000)
#define DAYS_MAX    36500

enum trim_option { TRIM_KEEP, TRIM_DAYS, TRIM_YES };

static const struct cli_option trim_options[] = {
	[TRIM_KEEP] = {"keep", 0, "N", "the newest N changes stay"},
	[TRIM_DAYS] = {"days", 0, "N", "the changes of the last N days stay"},
	[TRIM_YES] = CLI_OPTION_YES_ROW,
	{NULL, 0, NULL, NULL},
};

static enum cli_status trim(const struct cli_arguments *arguments, enum sqlauth_admin_action action, const char *number)
{
	struct cli_database database = {0};
	int64_t removed = 0;
	enum sqlauth_error error;
	enum cli_status status = cli_database_begin(arguments, &database);

	if (status == CLI_DONE) {
		error = sqlauth_admin_change(database.admin, action, CLI_VALUES(number), &removed, &database.why);
		status = error == SQLAUTH_OK ? CLI_DONE : cli_complain_error(error, &database.why, CLI_FAILED);
	}
	status = cli_database_finish(&database, status);
	if (status == CLI_DONE)
		printf("removed %" PRId64 " change%s from the log\n", removed, removed == 1 ? "" : "s");
	return status;
}

static enum cli_status run_trim(const struct cli_arguments *arguments)
{
	const char *const *own = arguments->own;
	const char *text = own[TRIM_KEEP] ? own[TRIM_KEEP] : own[TRIM_DAYS];
	const char *option = own[TRIM_KEEP] ? "keep" : "days";
	int64_t number;
	enum cli_status status;

	if (!own[TRIM_KEEP] == !own[TRIM_DAYS] || arguments->operand_count > 0)
		return cli_complain_usage(
			arguments->command, "one of --keep N and --days N is wanted, and nothing else");
	status = cli_parse_number(arguments, option, text, own[TRIM_KEEP] ? ENTRIES_MAX : DAYS_MAX, &number);
	if (status == CLI_DONE)
		status = cli_confirm(arguments, own[TRIM_YES],
			"Delete all changes from the log but the %s %" PRId64 "%s", own[TRIM_KEEP] ? "newest" : "last",
			number, own[TRIM_KEEP] ? "" : " days'");
	if (status != CLI_DONE)
		return status;
	return trim(arguments, own[TRIM_KEEP] ? SQLAUTH_ADMIN_LOG_KEEP : SQLAUTH_ADMIN_LOG_KEEP_DAYS, text);
}

const struct cli_command cli_command_log_trim = {
	.name = "log trim",
	.run = run_trim,
	.operands = "",
	.summary = "delete old changes from the log",
	.help = "The log grows with every change until this is run, which asks before: from cron, say --yes.\n"
		"\n"
		"  sqlauth log trim --days 365\n"
		"  sqlauth log trim --keep 100000 --yes\n",
	.options = trim_options,
};
