/* `sqlauth client certificate add | remove`: by which certificates a client is known. */
#include <stdio.h>
#include <string.h>

#include "certificate_value.h"
#include "client.h"
#include "command.h"
#include "database.h"

enum option { MATCH_BY, CERTIFICATE_FILE };

static const struct cli_option options[] = {
	[MATCH_BY] = {"match-by", 'm', "KIND",
		"fingerprint, subject, common_name, dns, email or uri; CERT is that name"},
	[CERTIFICATE_FILE] = {"file", 'f', "FILE",
		"the certificate whose name of that kind is meant, in place of CERT"},
	{NULL, 0, NULL, NULL},
};

/* A certificate of a client, as the command line names the two. */
struct named {
	const char *client;
	struct cli_certificate_value value;
};

static enum cli_status parse(const struct cli_arguments *arguments, struct named *named)
{
	const char *file = arguments->own[CERTIFICATE_FILE];

	if (arguments->operand_count != (file ? 1 : 2))
		return cli_complain_usage(arguments->command, "the client's name and one certificate are wanted");
	named->client = arguments->operands[0];
	if (file)
		return cli_certificate_value_take(arguments, arguments->own[MATCH_BY], file, &named->value);
	return cli_certificate_value_parse(arguments, arguments->own[MATCH_BY], arguments->operands[1], &named->value);
}

/* Opens the database, in which the client must be. */
static enum cli_status begin(
	const struct cli_arguments *arguments, const struct named *named, struct cli_database *database)
{
	enum cli_status status = cli_database_begin(arguments, database);

	if (status == CLI_DONE)
		status = cli_database_require(
			database, SQLAUTH_ADMIN_CLIENT_SHOW, &(struct cli_subject){"client", named->client});
	return status;
}

static void print_done(const struct named *named, const char *done)
{
	struct cli_quoted quoted_client, quoted;

	printf("client %s: %s %s %s\n", cli_quote(&quoted_client, named->client), done, named->value.match_by,
		cli_quote(&quoted, named->value.value));
}

/* ---- add */

/* A certificate belongs to one client: says to which, where it is taken. */
static enum cli_status require_free(struct cli_database *database, const struct cli_certificate_value *value)
{
	struct cli_row row = {.count = 1};
	struct cli_quoted quoted, quoted_client;
	enum cli_status status = cli_database_read_row(
		database, SQLAUTH_ADMIN_CERTIFICATE_OWNER, CLI_VALUES(value->match_by, value->value), &row);

	if (status == CLI_DONE)
		cli_complain("certificate %s %s is there already, of client %s", value->match_by,
			cli_quote(&quoted, value->value), cli_quote(&quoted_client, row.columns[0]));
	cli_row_clear(&row);
	return status == CLI_DENIED ? CLI_DONE : status == CLI_DONE ? CLI_USAGE : status;
}

enum cli_status cli_client_add_certificate(
	struct cli_database *database, const char *client, const struct cli_certificate_value *value)
{
	const struct cli_subject subject = {"certificate", value->value};
	enum cli_status status = require_free(database, value);

	return status != CLI_DONE ? status
				  : cli_database_change(database, &subject, SQLAUTH_ADMIN_CERTIFICATE_ADD,
					    CLI_VALUES(client, value->match_by, value->value));
}

static enum cli_status run_add(const struct cli_arguments *arguments)
{
	struct cli_database database = {0};
	struct named named = {0};
	enum cli_status status = parse(arguments, &named);

	if (status == CLI_DONE)
		status = begin(arguments, &named, &database);
	if (status == CLI_DONE)
		status = cli_client_add_certificate(&database, named.client, &named.value);
	status = cli_database_finish(&database, status);
	if (status == CLI_DONE)
		print_done(&named, "added certificate");
	return status;
}

/* ---- remove */

/* The columns of SQLAUTH_ADMIN_CLIENT_SHOW that count here. */
enum { SHOW_AUTHENTICATION = 1, SHOW_CERTIFICATES = 10, SHOW_COLUMNS };

/* What the want of any certificate means for the client; NULL where it has some left. Constant. */
static enum cli_status find_meaning(struct cli_database *database, const char *client, const char **meaning_r)
{
	struct cli_row row = {.count = SHOW_COLUMNS};
	enum cli_status status = cli_database_read_row(database, SQLAUTH_ADMIN_CLIENT_SHOW, CLI_VALUES(client), &row);

	if (status == CLI_DONE && strcmp(row.columns[SHOW_CERTIFICATES], "0") == 0)
		*meaning_r = strcmp(row.columns[SHOW_AUTHENTICATION], "certificate") == 0
				     ? "cannot connect until it is given another one"
				     : "needs its password alone from now on";
	cli_row_clear(&row);
	return status;
}

static enum cli_status run_remove(const struct cli_arguments *arguments)
{
	struct cli_database database = {0};
	struct cli_quoted quoted;
	struct named named = {0};
	const char *meaning = NULL;
	enum cli_status status = parse(arguments, &named);

	if (status == CLI_DONE)
		status = begin(arguments, &named, &database);
	if (status == CLI_DONE)
		status = cli_database_change(&database, &(struct cli_subject){"certificate", named.value.value},
			SQLAUTH_ADMIN_CERTIFICATE_REMOVE,
			CLI_VALUES(named.client, named.value.match_by, named.value.value));
	if (status == CLI_DONE)
		status = find_meaning(&database, named.client, &meaning);
	status = cli_database_finish(&database, status);
	if (status != CLI_DONE)
		return status;
	print_done(&named, "removed certificate");
	if (meaning)
		printf("client %s has no certificate left and %s\n", cli_quote(&quoted, named.client), meaning);
	return status;
}

const struct cli_command cli_command_client_certificate_add = {
	.name = "client certificate add",
	.run = run_add,
	.operands = "NAME CERT | NAME --file FILE",
	.summary = "accept a certificate from a client",
	.help = "CERT is a PEM or DER file, or a SHA-256 fingerprint in any usual spelling; with --match-by it is\n"
		"a name that certificates have, which --file takes out of one. A client may have several, so that one\n"
		"can be replaced while both are valid. sqlauth check --certificate FILE lists what a certificate has.\n"
		"\n"
		"  sqlauth client certificate add gateway gateway-2027.crt\n"
		"  sqlauth client certificate add gateway --match-by dns gateway.example.com\n"
		"  sqlauth client certificate add gateway --match-by subject --file gateway.crt\n",
	.options = options,
};

const struct cli_command cli_command_client_certificate_remove = {
	.name = "client certificate remove",
	.run = run_remove,
	.operands = "NAME CERT | NAME --file FILE",
	.summary = "accept a certificate no longer",
	.help = "CERT and --file as in client certificate add. Without any certificate a certificate client cannot\n"
		"connect, and another one needs its password alone. A connection that stands goes on until it ends:\n"
		"sqlauth client disconnect ends it.\n"
		"\n"
		"  sqlauth client certificate remove gateway gateway-2026.crt\n"
		"  sqlauth client certificate remove gateway --match-by dns gateway.example.com\n",
	.options = options,
};
