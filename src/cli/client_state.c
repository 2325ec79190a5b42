/* `sqlauth client enable | disable | disconnect | passwd`: whether a client may connect, and with what. */
#include <inttypes.h>
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

/* The edit that all four are: NULL leaves a column alone. */
struct change {
	const char *password, *enabled, *disconnect_before;
};

static enum cli_status change_client(
	const struct cli_arguments *arguments, const char *name, const struct change *change)
{
	const struct cli_subject subject = {"client", name};
	struct cli_database database = {0};
	enum cli_status status = cli_database_begin(arguments, &database);

	if (status == CLI_DONE)
		status = cli_database_change(&database, &subject, SQLAUTH_ADMIN_CLIENT_EDIT,
			CLI_VALUES(name, NULL, NULL, NULL, change->password, NULL, change->enabled,
				change->disconnect_before, NULL));
	return cli_database_finish(&database, status);
}

/* Unix seconds, so many from now on. */
static const char *write_time(char text[TIME_SIZE], int64_t seconds)
{
	snprintf(
		text, TIME_SIZE, "%" PRId64, sqlauth_clock_system.unix_seconds(sqlauth_clock_system.context) + seconds);
	return text;
}

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
	char now[TIME_SIZE];
	struct cli_quoted quoted;
	const char *name = NULL;
	enum cli_status status = cli_client_take_name(arguments, &name);

	if (arguments->own[DISABLE_DISCONNECT])
		change.disconnect_before = write_time(now, 0);
	if (status == CLI_DONE)
		status = change_client(arguments, name, &change);
	if (status == CLI_DONE)
		printf("client %s may not connect%s\n", cli_quote(&quoted, name),
			change.disconnect_before ? ", a connection that stands is closed"
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

static enum cli_status run_disconnect(const struct cli_arguments *arguments)
{
	struct change change = {0};
	char when[TIME_SIZE];
	struct cli_quoted quoted;
	const char *name = NULL;
	int64_t seconds = 0;
	enum cli_status status = cli_client_take_name(arguments, &name);

	if (status == CLI_DONE && arguments->own[DISCONNECT_FOR])
		status = parse_duration(arguments, arguments->own[DISCONNECT_FOR], &seconds);
	change.disconnect_before = write_time(when, seconds);
	if (status == CLI_DONE)
		status = change_client(arguments, name, &change);
	if (status == CLI_DONE && seconds == 0)
		printf("client %s is disconnected and may come back\n", cli_quote(&quoted, name));
	else if (status == CLI_DONE)
		printf("client %s is disconnected and may come back in %s\n", cli_quote(&quoted, name),
			arguments->own[DISCONNECT_FOR]);
	return status;
}

const struct cli_command cli_command_client_disconnect = {
	.name = "client disconnect",
	.run = run_disconnect,
	.operands = "NAME",
	.summary = "close the client's connection, within two seconds",
	.help = "A running broker closes the connection within two seconds; the will is published. Whoever comes back "
		"has\n"
		"the permissions of that moment: this is how a change takes effect at once.\n"
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

static enum cli_status run_passwd(const struct cli_arguments *arguments)
{
	const char *const *own = arguments->own;
	struct cli_new_password password = {0};
	struct change change = {.password = password.hash};
	char now[TIME_SIZE];
	struct cli_quoted quoted;
	enum cli_status status;

	if (arguments->operand_count == 0)
		return cli_complain_usage(arguments->command, "the client's name is missing");
	if (arguments->operand_count > 1) /* not shown: it is most likely a password */
		return cli_complain_usage(arguments->command,
			"a password on the command line is seen by everybody on this machine, choose another one");
	status = cli_new_password_get(arguments, own[PASSWD_STDIN], own[PASSWD_GENERATE], &password);
	if (own[PASSWD_DISCONNECT])
		change.disconnect_before = write_time(now, 0);
	if (status == CLI_DONE)
		status = change_client(arguments, arguments->operands[0], &change);
	if (status == CLI_DONE) {
		printf("changed the password of client %s\n", cli_quote(&quoted, arguments->operands[0]));
		cli_new_password_show(&password);
	}
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
		"on, unless --disconnect ends it: do that where the old password may be in other hands.\n"
		"\n"
		"  sqlauth client passwd pump-7\n"
		"  sqlauth client passwd pump-7 --stdin --disconnect < password.txt\n"
		"  sqlauth client passwd pump-7 --generate\n",
	.options = passwd_options,
};
