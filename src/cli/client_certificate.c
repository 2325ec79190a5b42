/* `sqlauth client certificate add | remove`: by which certificates a client is known. */
#include <stdio.h>

#include "certificate_value.h"
#include "command.h"
#include "database.h"

enum option { MATCH_BY };

static const struct cli_option options[] = {
	[MATCH_BY] = {"match-by", 'm', "KIND",
		"fingerprint, subject, common_name, dns, email or uri; CERT is that name"},
	{NULL, 0, NULL, NULL},
};

static enum cli_status change(const struct cli_arguments *arguments, enum sqlauth_admin_action action, const char *done)
{
	struct cli_certificate_value value;
	struct cli_database database = {0};
	struct cli_subject subject = {"certificate", NULL};
	struct cli_quoted quoted_name, quoted;
	const char *name;
	enum cli_status status;

	if (arguments->operand_count != 2)
		return cli_complain_usage(arguments->command, "the client's name and one certificate are wanted");
	name = arguments->operands[0];
	status = cli_certificate_value_parse(arguments, arguments->own[MATCH_BY], arguments->operands[1], &value);
	if (status != CLI_DONE)
		return status;
	subject.name = value.value;
	status = cli_database_begin(arguments, &database);
	if (status == CLI_DONE)
		status =
			cli_database_change(&database, &subject, action, CLI_VALUES(name, value.match_by, value.value));
	status = cli_database_finish(&database, status);
	if (status == CLI_DONE)
		printf("client %s: %s %s %s\n", cli_quote(&quoted_name, name), done, value.match_by,
			cli_quote(&quoted, value.value));
	return status;
}

static enum cli_status run_add(const struct cli_arguments *arguments)
{
	return change(arguments, SQLAUTH_ADMIN_CERTIFICATE_ADD, "added certificate");
}

static enum cli_status run_remove(const struct cli_arguments *arguments)
{
	return change(arguments, SQLAUTH_ADMIN_CERTIFICATE_REMOVE, "removed certificate");
}

const struct cli_command cli_command_client_certificate_add = {
	.name = "client certificate add",
	.run = run_add,
	.operands = "NAME CERT",
	.summary = "accept a certificate from a client",
	.help = "CERT is a PEM or DER file, or a SHA-256 fingerprint in any usual spelling; with --match-by it is a "
		"name that\n"
		"certificates have. A client may have several, so that one can be replaced while both are valid.\n"
		"sqlauth check --certificate FILE lists the names of a certificate.\n"
		"\n"
		"  sqlauth client certificate add gateway gateway-2027.crt\n"
		"  sqlauth client certificate add gateway --match-by dns gateway.example.com\n",
	.options = options,
};

const struct cli_command cli_command_client_certificate_remove = {
	.name = "client certificate remove",
	.run = run_remove,
	.operands = "NAME CERT",
	.summary = "accept a certificate no longer",
	.help = "CERT as in client certificate add. A connection that stands goes on: sqlauth client disconnect ends "
		"it.\n"
		"\n"
		"  sqlauth client certificate remove gateway gateway-2026.crt\n"
		"  sqlauth client certificate remove gateway --match-by dns gateway.example.com\n",
	.options = options,
};
