/* `sqlauth client add | edit | delete`: the row of a client, and what is given to it at its birth. */
#include <stdio.h>
#include <string.h>

#include "certificate_value.h"
#include "client.h"
#include "command.h"
#include "confirm.h"
#include "database.h"
#include "new_password.h"
#include "sqlauth/secret.h"

enum cli_status cli_client_take_name(const struct cli_arguments *arguments, const char **name_r)
{
	struct cli_quoted quoted;

	if (arguments->operand_count == 0)
		return cli_complain_usage(arguments->command, "the client's name is missing");
	if (arguments->operand_count > 1)
		return cli_complain_usage(
			arguments->command, "unexpected %s", cli_quote(&quoted, arguments->operands[1]));
	*name_r = arguments->operands[0];
	return CLI_DONE;
}

/* ---- add */

enum add_option {
	ADD_AUTHENTICATION,
	ADD_USERNAME,
	ADD_MQTT_ID,
	ADD_DESCRIPTION,
	ADD_CERTIFICATE,
	ADD_STDIN,
	ADD_GENERATE
};

static const struct cli_option add_options[] = {
	[ADD_AUTHENTICATION] = {"authentication", 'a', "KIND",
		"credentials or certificate; default: certificate with --certificate"},
	[ADD_USERNAME] = {"username", 'u', "NAME", "default: the client's name; for a certificate client none"},
	[ADD_MQTT_ID] = {"mqtt-id", 'i', "PATTERN", "MQTT client ids it may use: * ? wildcards, %u its username"},
	[ADD_DESCRIPTION] = {"description", 0, "TEXT", "free text"},
	[ADD_CERTIFICATE] = {"certificate", 'c', "CERT", "a certificate of its own: PEM or DER file, or fingerprint"},
	[ADD_STDIN] = CLI_OPTION_STDIN_ROW,
	[ADD_GENERATE] = CLI_OPTION_GENERATE_ROW,
	{NULL, 0, NULL, NULL},
};

/* What a new client is made of. */
struct new_client {
	const char *name, *authentication, *username;
	bool has_password, has_certificate;
	struct cli_new_password password;
	struct cli_certificate_value certificate;
};

/* NAME and groups, none of them twice. */
static enum cli_status inspect_operands(const struct cli_arguments *arguments)
{
	if (arguments->operand_count == 0)
		return cli_complain_usage(arguments->command, "the client's name is missing");
	return cli_arguments_require_distinct(arguments, 1, "group");
}

static enum cli_status prepare(const struct cli_arguments *arguments, struct new_client *client)
{
	const char *const *own = arguments->own;
	enum cli_status status = CLI_DONE;

	client->name = arguments->operands[0];
	client->has_certificate = own[ADD_CERTIFICATE];
	client->authentication = own[ADD_AUTHENTICATION]   ? own[ADD_AUTHENTICATION]
				 : client->has_certificate ? "certificate"
							   : "credentials";
	client->has_password = strcmp(client->authentication, "certificate") != 0;
	client->username = own[ADD_USERNAME] ? own[ADD_USERNAME] : client->has_password ? client->name : NULL;
	if (!client->has_password && (own[ADD_STDIN] || own[ADD_GENERATE]))
		return cli_complain_usage(arguments->command, "a certificate client has no password");
	if (client->has_certificate)
		status = cli_certificate_value_parse(arguments, NULL, own[ADD_CERTIFICATE], &client->certificate);
	return status;
}

static enum cli_status write_client(
	const struct cli_arguments *arguments, struct cli_database *database, const struct new_client *client)
{
	const struct cli_subject subject = {"client", client->name};
	enum cli_status status = cli_database_change(database, &subject, SQLAUTH_ADMIN_CLIENT_ADD,
		CLI_VALUES(client->name, client->authentication, client->username,
			client->has_password ? client->password.hash : NULL, arguments->own[ADD_MQTT_ID], NULL,
			arguments->own[ADD_DESCRIPTION]));

	if (status == CLI_DONE && client->has_certificate)
		status = cli_client_add_certificate(database, client->name, &client->certificate);
	for (size_t i = 1; i < arguments->operand_count && status == CLI_DONE; i++) {
		const struct cli_subject group = {"group", arguments->operands[i]};

		status = cli_database_require(database, SQLAUTH_ADMIN_GROUP_SHOW, &group);
		if (status == CLI_DONE)
			status = cli_database_change(database, &group, SQLAUTH_ADMIN_RULE_ADD,
				CLI_VALUES("client", client->name, group.name));
	}
	return status;
}

/* Finds what the database has against the client, and leaves nothing behind. */
static enum cli_status rehearse(const struct cli_arguments *arguments, struct new_client *client)
{
	struct cli_database database = {0};
	enum cli_status status = cli_database_begin(arguments, &database);

	cli_new_password_stand_in(&client->password);
	if (status == CLI_DONE)
		status = write_client(arguments, &database, client);
	if (status == CLI_DONE)
		sqlauth_admin_rollback(database.admin);
	return cli_database_finish(&database, status);
}

static enum cli_status get_password(const struct cli_arguments *arguments, struct new_client *client)
{
	const char *const *own = arguments->own;
	enum cli_status status = CLI_DONE;

	if (!client->has_password)
		return CLI_DONE;
	if (cli_new_password_is_typed(own[ADD_STDIN], own[ADD_GENERATE]))
		status = rehearse(arguments, client);
	return status == CLI_DONE
		       ? cli_new_password_get(arguments, own[ADD_STDIN], own[ADD_GENERATE], &client->password)
		       : status;
}

static enum cli_status run_add(const struct cli_arguments *arguments)
{
	struct cli_database database = {0};
	struct new_client client = {0};
	struct cli_quoted quoted;
	enum cli_status status = inspect_operands(arguments);

	if (status == CLI_DONE)
		status = prepare(arguments, &client);
	if (status == CLI_DONE)
		status = get_password(arguments, &client);
	if (status == CLI_DONE)
		status = cli_database_begin(arguments, &database);
	if (status == CLI_DONE)
		status = write_client(arguments, &database, &client);
	if (status == CLI_DONE)
		status = cli_new_password_show(&client.password);
	status = cli_database_finish(&database, status);
	if (status == CLI_DONE) {
		printf("added client %s\n", cli_quote(&quoted, client.name));
		if (!client.has_password && !client.has_certificate)
			puts("it cannot connect yet: sqlauth client certificate add gives it a certificate");
	}
	sqlauth_secret_wipe(&client, sizeof(client));
	return status;
}

const struct cli_command cli_command_client_add = {
	.name = "client add",
	.run = run_add,
	.operands = "NAME [GROUP]...",
	.summary = "create a client, in groups that exist",
	.help = "Creates a client and puts it into the groups. Asks for its password twice, unless --stdin, --generate "
		"or\n"
		"--certificate say otherwise; a generated secret is shown this once and stored nowhere.\n"
		"\n"
		"  sqlauth client add pump-7 pumps --generate\n"
		"  sqlauth client add pump-8 pumps sensors --mqtt-id '%u-*' --stdin < password.txt\n"
		"  sqlauth client add valve-3 valves --certificate valve-3.crt\n"
		"  sqlauth client add safe-1 --authentication credentials --certificate safe-1.crt --generate\n"
		"\n"
		"The last one needs both, certificate and password. Thousands at once: sqlauth client import.\n",
	.options = add_options,
};

/* ---- edit */

enum edit_option { EDIT_NAME, EDIT_AUTHENTICATION, EDIT_USERNAME, EDIT_MQTT_ID, EDIT_DESCRIPTION };

static const struct cli_option edit_options[] = {
	[EDIT_NAME] = {"name", 'n', "NAME", "a new name; certificates and rules follow"},
	[EDIT_AUTHENTICATION] = {"authentication", 'a', "KIND", "credentials or certificate"},
	[EDIT_USERNAME] = {"username", 'u', "NAME", "a new username; an empty one: none"},
	[EDIT_MQTT_ID] = {"mqtt-id", 'i', "PATTERN", "MQTT client ids it may use; an empty one: any"},
	[EDIT_DESCRIPTION] = {"description", 0, "TEXT", "free text; an empty one: none"},
	{NULL, 0, NULL, NULL},
};

static enum cli_status run_edit(const struct cli_arguments *arguments)
{
	const char *const *own = arguments->own;
	struct cli_database database = {0};
	struct cli_subject subject = {"client", NULL};
	struct cli_quoted quoted;
	enum cli_status status = cli_client_take_name(arguments, &subject.name);
	bool is_change = false;

	for (size_t i = 0; edit_options[i].name; i++)
		is_change = is_change || own[i];
	if (status == CLI_DONE && !is_change)
		status = cli_complain_usage(arguments->command, "no option says what to change");
	if (status == CLI_DONE)
		status = cli_database_begin(arguments, &database);
	if (status == CLI_DONE)
		status = cli_database_change(&database, &subject, SQLAUTH_ADMIN_CLIENT_EDIT,
			CLI_VALUES(subject.name, own[EDIT_NAME], own[EDIT_AUTHENTICATION], own[EDIT_USERNAME], NULL,
				own[EDIT_MQTT_ID], NULL, NULL, own[EDIT_DESCRIPTION]));
	status = cli_database_finish(&database, status);
	if (status == CLI_DONE)
		printf("changed client %s\n", cli_quote(&quoted, own[EDIT_NAME] ? own[EDIT_NAME] : subject.name));
	return status;
}

const struct cli_command cli_command_client_edit = {
	.name = "client edit",
	.run = run_edit,
	.operands = "NAME",
	.summary = "change a client",
	.help = "Changes what the options name and leaves the rest. Takes effect when the client connects the next "
		"time;\n"
		"sqlauth client disconnect makes it do so.\n"
		"\n"
		"  sqlauth client edit pump-7 --mqtt-id 'pump-7-*' --description 'north field'\n"
		"  sqlauth client edit pump-7 --name pump-07\n"
		"  sqlauth client edit pump-7 --mqtt-id ''\n",
	.options = edit_options,
};

/* ---- delete */

enum delete_option { DELETE_YES };

static const struct cli_option delete_options[] = {
	[DELETE_YES] = CLI_OPTION_YES_ROW,
	{NULL, 0, NULL, NULL},
};

/* Columns of SQLAUTH_ADMIN_CLIENT_SHOW. */
enum { SHOW_CERTIFICATES = 10, SHOW_RULES, SHOW_COLUMNS };

/* Says what goes with the client, and asks. */
static enum cli_status confirm_delete(const struct cli_arguments *arguments, const char *name)
{
	struct cli_row row = {.count = SHOW_COLUMNS};
	struct cli_database database = {0};
	struct cli_quoted quoted;
	enum cli_status status = cli_database_open(arguments, &database);

	if (status == CLI_DONE) {
		status = cli_database_read_row(&database, SQLAUTH_ADMIN_CLIENT_SHOW, CLI_VALUES(name), &row);
		if (status == CLI_DENIED)
			cli_complain("there is no client %s", cli_quote(&quoted, name));
	}
	status = cli_database_finish(&database, status);
	if (status == CLI_DONE)
		status = cli_confirm(arguments, arguments->own[DELETE_YES],
			"Delete client %s, with its certificates (%s) and its rules (%s)", cli_quote(&quoted, name),
			row.columns[SHOW_CERTIFICATES], row.columns[SHOW_RULES]);
	cli_row_clear(&row);
	return status;
}

static enum cli_status run_delete(const struct cli_arguments *arguments)
{
	struct cli_database database = {0};
	struct cli_subject subject = {"client", NULL};
	struct cli_quoted quoted;
	enum cli_status status = cli_client_take_name(arguments, &subject.name);

	if (status == CLI_DONE)
		status = confirm_delete(arguments, subject.name);
	if (status == CLI_DONE)
		status = cli_database_begin(arguments, &database);
	if (status == CLI_DONE)
		status =
			cli_database_change(&database, &subject, SQLAUTH_ADMIN_CLIENT_DELETE, CLI_VALUES(subject.name));
	status = cli_database_finish(&database, status);
	if (status == CLI_DONE)
		printf("deleted client %s\n", cli_quote(&quoted, subject.name));
	return status;
}

const struct cli_command cli_command_client_delete = {
	.name = "client delete",
	.run = run_delete,
	.operands = "NAME",
	.summary = "delete a client with its certificates and rules",
	.help = "Deletes a client, its certificates, and the rules that name it; asks before. A connection that "
		"stands\n"
		"goes on until it ends: sqlauth client disable --disconnect, before, throws it out.\n"
		"\n"
		"  sqlauth client delete pump-7\n"
		"  sqlauth client delete pump-7 --yes\n",
	.options = delete_options,
};
