/* `sqlauth client enable | disable | disconnect | passwd`: whether a client may connect, and with what. */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "command.h"
#include "database.h"
#include "new_password.h"
#include "sqlauth/clock.h"
#include "sqlauth/secret.h"

#define TIME_SIZE    24
#define BAN_DAYS_MAX 36500

/* What all four do: NULL leaves a column alone. */
struct change {
	const char *password, *enabled, *disconnect_before;
	bool disconnects; /* a connection that stands is closed; a ban that reaches further stays */
};

static int64_t now(void)
{
	return sqlauth_clock_system.unix_seconds(sqlauth_clock_system.context);
}

/* Unix seconds, so many from now on. */
static const char *write_time(char text[TIME_SIZE], int64_t seconds)
{
	snprintf(text, TIME_SIZE, "%" PRId64, now() + seconds);
	return text;
}

static enum cli_status write_change(struct cli_database *database, const char *name, const struct change *change)
{
	const struct cli_subject subject = {"client", name};
	char time[TIME_SIZE];
	enum cli_status status = CLI_DONE;

	if (change->password || change->enabled || change->disconnect_before)
		status = cli_database_change(database, &subject, SQLAUTH_ADMIN_CLIENT_EDIT,
			CLI_VALUES(name, NULL, NULL, NULL, change->password, NULL, change->enabled,
				change->disconnect_before, NULL));
	if (status == CLI_DONE && change->disconnects)
		status = cli_database_change(
			database, &subject, SQLAUTH_ADMIN_CLIENT_DISCONNECT, CLI_VALUES(name, write_time(time, 0)));
	return status;
}

static enum cli_status change_client(
	const struct cli_arguments *arguments, const char *name, const struct change *change)
{
	struct cli_database database = {0};
	enum cli_status status = cli_database_begin(arguments, &database);

	if (status == CLI_DONE)
		status = write_change(&database, name, change);
	return cli_database_finish(&database, status);
}

/* Columns of SQLAUTH_ADMIN_CLIENT_SHOW. */
enum { SHOW_AUTHENTICATION = 1, SHOW_ENABLED = 5, SHOW_DISCONNECT_BEFORE, SHOW_COLUMNS };

/* ---- enable */

static const struct cli_option no_options[] = {{NULL, 0, NULL, NULL}};

static enum cli_status run_enable(const struct cli_arguments *arguments)
{
	const struct change change = {.enabled = "1", .disconnect_before = ""};
	struct cli_quoted quoted;
	const char *name = NULL;
	enum cli_status status = cli_client_take_name(arguments, &name);

	if (status == CLI_DONE)
		status = change_client(arguments, name, &change);
	if (status == CLI_DONE)
		printf("client %s may connect\n", cli_quote(&quoted, name));
	return status;
}

const struct cli_command cli_command_client_enable = {
	.name = "client enable",
	.run = run_enable,
	.operands = "NAME",
	.summary = "let a client connect again",
	.help = "Undoes disable, and ends a ban that client disconnect --for began.\n"
		"\n"
		"  sqlauth client enable pump-7\n",
	.options = no_options,
};

/* ---- disable */

enum disable_option { DISABLE_DISCONNECT };

static const struct cli_option disable_options[] = {
	[DISABLE_DISCONNECT] = {"disconnect", 0, NULL, "close a connection that stands as well"},
	{NULL, 0, NULL, NULL},
};

static enum cli_status run_disable(const struct cli_arguments *arguments)
{
	struct change change = {.enabled = "0"};
	struct cli_quoted quoted;
	const char *name = NULL;
	enum cli_status status = cli_client_take_name(arguments, &name);

	change.disconnects = arguments->own[DISABLE_DISCONNECT];
	if (status == CLI_DONE)
		status = change_client(arguments, name, &change);
	if (status == CLI_DONE)
		printf("client %s may not connect%s\n", cli_quote(&quoted, name),
			change.disconnects ? ", a connection that stands is closed"
					   : "; a connection that stands goes on");
	return status;
}

const struct cli_command cli_command_client_disable = {
	.name = "client disable",
	.run = run_disable,
	.operands = "NAME",
	.summary = "keep a client from connecting",
	.help = "The client cannot connect until it is enabled again.\n"
		"\n"
		"  sqlauth client disable pump-7\n"
		"  sqlauth client disable pump-7 --disconnect\n",
	.options = disable_options,
};

/* ---- disconnect */

enum disconnect_option { DISCONNECT_FOR };

static const struct cli_option disconnect_options[] = {
	[DISCONNECT_FOR] = {"for", 0, "TIME", "refuse new connections so long, too: 30s, 15m, 12h or 7d"},
	{NULL, 0, NULL, NULL},
};

/* A number and one of the letters s, m, h, d. */
static enum cli_status parse_duration(const struct cli_arguments *arguments, const char *text, int64_t *seconds_r)
{
	static const struct {
		char letter;
		int64_t seconds;
	} units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
	struct cli_quoted quoted;
	char *end = NULL;
	long long number = *text >= '0' && *text <= '9' ? strtoll(text, &end, 10) : 0;

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]) && number > 0; i++) {
		if (*end != units[i].letter || end[1] != '\0' ||
			number > BAN_DAYS_MAX * INT64_C(86400) / units[i].seconds)
			continue;
		*seconds_r = number * units[i].seconds;
		return CLI_DONE;
	}
	return cli_complain_usage(arguments->command,
		"--for wants a time such as 30s, 15m, 12h or 7d (at most %dd), not %s", BAN_DAYS_MAX,
		cli_quote(&quoted, text));
}

static bool holds(const struct cli_row *row, size_t column, const char *value)
{
	return row->columns[column] && strcmp(row->columns[column], value) == 0;
}

/* Whether and when it may come back, by its row as it is now. */
static void print_disconnected(const struct cli_row *row, const char *duration)
{
	const char *until = row->columns[SHOW_DISCONNECT_BEFORE];
	char time[CLI_CLIENT_TIME_SIZE];
	struct cli_quoted quoted;

	printf("client %s is disconnected and may ", cli_quote(&quoted, row->columns[0]));
	if (!holds(row, SHOW_ENABLED, "1"))
		puts("not come back: it is disabled");
	else if (duration)
		printf("come back in %s\n", duration);
	else if (until && strtoll(until, NULL, 10) > now())
		printf("come back at %s, when a ban ends that was there before\n", cli_client_write_time(time, until));
	else
		puts("come back");
}

static enum cli_status run_disconnect(const struct cli_arguments *arguments)
{
	const char *duration = arguments->own[DISCONNECT_FOR];
	struct change change = {.disconnects = !duration};
	struct cli_row row = {.count = SHOW_COLUMNS};
	struct cli_database database = {0};
	char when[TIME_SIZE];
	const char *name = NULL;
	int64_t seconds = 0;
	enum cli_status status = cli_client_take_name(arguments, &name);

	if (status == CLI_DONE && duration) {
		status = parse_duration(arguments, duration, &seconds);
		change.disconnect_before = write_time(when, seconds);
	}
	if (status == CLI_DONE)
		status = cli_database_begin(arguments, &database);
	if (status == CLI_DONE)
		status = write_change(&database, name, &change);
	if (status == CLI_DONE)
		status = cli_database_read_row(&database, SQLAUTH_ADMIN_CLIENT_SHOW, CLI_VALUES(name), &row);
	status = cli_database_finish(&database, status);
	if (status == CLI_DONE)
		print_disconnected(&row, duration);
	cli_row_clear(&row);
	return status;
}

const struct cli_command cli_command_client_disconnect = {
	.name = "client disconnect",
	.run = run_disconnect,
	.operands = "NAME",
	.summary = "close the client's connection, within two seconds",
	.help = "A running broker closes the connection within two seconds; the will is published. Whoever comes back "
		"has\n"
		"the permissions of that moment: this is how a change takes effect at once. A ban that is there "
		"stays,\n"
		"unless --for sets another one.\n"
		"\n"
		"  sqlauth client disconnect pump-7\n"
		"  sqlauth client disconnect pump-7 --for 12h\n",
	.options = disconnect_options,
};

/* ---- passwd */

enum passwd_option { PASSWD_STDIN, PASSWD_GENERATE, PASSWD_DISCONNECT };

static const struct cli_option passwd_options[] = {
	[PASSWD_STDIN] = CLI_OPTION_STDIN_ROW,
	[PASSWD_GENERATE] = CLI_OPTION_GENERATE_ROW,
	[PASSWD_DISCONNECT] = {"disconnect", 0, NULL, "close a connection that stands as well"},
	{NULL, 0, NULL, NULL},
};

/* Finds what is in the way, and leaves nothing behind. */
static enum cli_status rehearse(const struct cli_arguments *arguments, const char *name)
{
	struct cli_new_password password;
	const struct change change = {.password = password.hash};
	struct cli_database database = {0};
	enum cli_status status = cli_database_begin(arguments, &database);

	cli_new_password_stand_in(&password);
	if (status == CLI_DONE)
		status = write_change(&database, name, &change);
	if (status == CLI_DONE)
		sqlauth_admin_rollback(database.admin);
	return cli_database_finish(&database, status);
}

/* Changes it, shows a secret while nothing is committed yet, and reads the client's row. */
static enum cli_status change_password(const struct cli_arguments *arguments, const char *name,
	const struct cli_new_password *password, struct cli_row *row)
{
	const struct change change = {.password = password->hash, .disconnects = arguments->own[PASSWD_DISCONNECT]};
	struct cli_database database = {0};
	enum cli_status status = cli_database_begin(arguments, &database);

	if (status == CLI_DONE)
		status = write_change(&database, name, &change);
	if (status == CLI_DONE)
		status = cli_database_read_row(&database, SQLAUTH_ADMIN_CLIENT_SHOW, CLI_VALUES(name), row);
	if (status == CLI_DONE)
		status = cli_new_password_show(password);
	return cli_database_finish(&database, status);
}

static enum cli_status run_passwd(const struct cli_arguments *arguments)
{
	const char *const *own = arguments->own;
	const char *name = arguments->operands[0];
	struct cli_new_password password = {0};
	struct cli_row row = {.count = SHOW_COLUMNS};
	struct cli_quoted quoted;
	enum cli_status status = CLI_DONE;

	if (arguments->operand_count == 0)
		return cli_complain_usage(arguments->command, "the client's name is missing");
	if (arguments->operand_count > 1) /* not shown: it is most likely a password */
		return cli_complain_usage(arguments->command,
			"a password on the command line is seen by everybody on this machine, choose another one");
	if (cli_new_password_is_typed(own[PASSWD_STDIN], own[PASSWD_GENERATE]))
		status = rehearse(arguments, name);
	if (status == CLI_DONE)
		status = cli_new_password_get(arguments, own[PASSWD_STDIN], own[PASSWD_GENERATE], &password);
	if (status == CLI_DONE)
		status = change_password(arguments, name, &password, &row);
	if (status == CLI_DONE)
		printf("changed the password of client %s%s\n", cli_quote(&quoted, name),
			holds(&row, SHOW_AUTHENTICATION, "certificate")
				? "; it does not count, for the client authenticates by certificate, until: sqlauth "
				  "client edit NAME --authentication credentials"
				: "");
	cli_row_clear(&row);
	sqlauth_secret_wipe(&password, sizeof(password));
	return status;
}

const struct cli_command cli_command_client_passwd = {
	.name = "client passwd",
	.run = run_passwd,
	.operands = "NAME",
	.summary = "change a client's password",
	.help = "Asks for the new password twice, unless --stdin or --generate say otherwise. A connection that stands "
		"goes\n"
		"on, unless --disconnect ends it: do that where the old password may be in other hands. A certificate\n"
		"client can be given a password too, before it is to authenticate by it.\n"
		"\n"
		"  sqlauth client passwd pump-7\n"
		"  sqlauth client passwd pump-7 --stdin --disconnect < password.txt\n"
		"  sqlauth client passwd pump-7 --generate\n",
	.options = passwd_options,
};
