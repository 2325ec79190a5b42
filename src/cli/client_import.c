/* `sqlauth client import`: thousands of clients from a CSV file, all or none of them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "command.h"
#include "csv.h"
#include "database.h"
#include "interrupt.h"
#include "secrets_file.h"
#include "sqlauth/certificate.h"
#include "sqlauth/password.h"
#include "sqlauth/secret.h"
#include "suggest.h"

#define PROGRESS_WIDTH 40

enum option { SECRETS, DRY_RUN };

static const struct cli_option options[] = {
	[SECRETS] = {"secrets", 0, "FILE", "a new file, mode 0600, for the secrets of clients without a password"},
	[DRY_RUN] = {"dry-run", 0, NULL, "check everything, change nothing"},
	{NULL, 0, NULL, NULL},
};

/* Columns of the file, in any order; certificates by each kind of name follow. */
enum column { NAME, AUTHENTICATION, USERNAME, PASSWORD, PASSWORD_HASH, MQTT_ID, ENABLED, DESCRIPTION, GROUPS, COLUMNS };

static const char *const column_names[COLUMNS] = {
	[NAME] = "name",
	[AUTHENTICATION] = "authentication",
	[USERNAME] = "username",
	[PASSWORD] = "password",
	[PASSWORD_HASH] = "password_hash",
	[MQTT_ID] = "mqtt_id",
	[ENABLED] = "enabled",
	[DESCRIPTION] = "description",
	[GROUPS] = "groups",
};

#define ALL_COLUMNS ((int)COLUMNS + (int)SQLAUTH_MATCH_KINDS)

struct import {
	const struct cli_arguments *arguments;
	struct cli_database database;
	struct cli_secrets_file secrets;
	int order[CLI_CSV_FIELDS_MAX]; /* column of each field */
	size_t field_count;
	char *values[ALL_COLUMNS]; /* of the current record; NULL where empty or not there */
	char hash[SQLAUTH_HASH_SIZE];
	size_t clients;
	bool is_dry, shows_progress;
	struct cli_csv csv;
};

static enum cli_status complain(const struct import *import, const char *message)
{
	struct cli_quoted quoted_path, quoted_name;
	const char *name = import->values[NAME];

	cli_complain("%s, line %zu%s%s: %s", cli_quote(&quoted_path, import->csv.path), import->csv.line,
		name ? ", client " : "", name ? cli_quote(&quoted_name, name) : "", message);
	return CLI_USAGE;
}

/* ---- columns */

static const char *name_column(int column)
{
	return column < COLUMNS ? column_names[column]
				: sqlauth_match_by_word((enum sqlauth_match_by)(column - COLUMNS));
}

/* As spreadsheets write them: letters in either case, with blanks around. ALL_COLUMNS: none of ours. */
static int find_column(const char *field)
{
	const char *word = field + strspn(field, " ");
	size_t length = strlen(word);
	int column = 0;

	while (length > 0 && word[length - 1] == ' ')
		length--;
	while (column < ALL_COLUMNS &&
		(strlen(name_column(column)) != length || strncasecmp(word, name_column(column), length) != 0))
		column++;
	return column;
}

static enum cli_status complain_unknown_column(const struct import *import, const char *field)
{
	struct cli_quoted quoted_path, quoted;
	struct cli_suggestion suggestion;
	char names[256];
	struct sqlauth_text text;

	sqlauth_text_init(&text, names, sizeof(names));
	cli_suggestion_init(&suggestion, field);
	for (int column = 0; column < ALL_COLUMNS; column++) {
		sqlauth_text_add(&text, "%s%s", column == 0 ? "" : ", ", name_column(column));
		cli_suggestion_consider(&suggestion, name_column(column), strlen(name_column(column)));
	}
	cli_quote(&quoted_path, import->csv.path);
	cli_quote(&quoted, field);
	if (strpbrk(field, ";\t"))
		cli_complain("%s: unknown column %s; commas separate columns", quoted_path.text, quoted.text);
	else if (*suggestion.name)
		cli_complain("%s: unknown column %s, did you mean %s?", quoted_path.text, quoted.text, suggestion.name);
	else
		cli_complain("%s: unknown column %s; there are %s", quoted_path.text, quoted.text, names);
	return CLI_USAGE;
}

static enum cli_status read_header(struct import *import)
{
	bool seen[ALL_COLUMNS] = {false};
	enum cli_status status = cli_csv_read(&import->csv);
	struct cli_quoted quoted;

	for (size_t i = 0; i < import->csv.count && status == CLI_DONE; i++) {
		int column = find_column(import->csv.fields[i]);

		if (column == ALL_COLUMNS)
			return complain_unknown_column(import, import->csv.fields[i]);
		if (seen[column]) {
			cli_complain("%s: the column %s is there twice", cli_quote(&quoted, import->csv.path),
				name_column(column));
			return CLI_USAGE;
		}
		seen[column] = true;
		import->order[i] = column;
	}
	import->field_count = import->csv.count;
	if (status == CLI_DONE && !seen[NAME])
		return complain(import, "the first line names the columns, and one of them is name");
	return status;
}

/* Takes blanks around it away. */
static char *trim(char *field)
{
	char *word = field + strspn(field, " ");
	char *end = word + strlen(word);

	while (end > word && end[-1] == ' ')
		end--;
	*end = '\0';
	return word;
}

/* Devices send no blanks around their names; who means some writes quotes. In passwords they always are. */
static char *take_field(const struct import *import, size_t i)
{
	bool is_word = import->order[i] == NAME || import->order[i] == USERNAME;

	return is_word && !import->csv.is_quoted[i] ? trim(import->csv.fields[i]) : import->csv.fields[i];
}

static enum cli_status take_values(struct import *import)
{
	memset(import->values, 0, sizeof(import->values));
	if (import->csv.count != import->field_count)
		return complain(import, "has not as many fields as the first line");
	for (size_t i = 0; i < import->csv.count; i++) {
		char *field = take_field(import, i);

		if (*field != '\0')
			import->values[import->order[i]] = field;
	}
	return import->values[NAME] ? CLI_DONE : complain(import, "the name is empty");
}

/* ---- one client */

/* What will stand in clients.password. A dry run does not spend the time of a hash. */
static enum cli_status make_hash(struct import *import, const char *username)
{
	char **values = import->values;
	char secret[SQLAUTH_SECRET_SIZE];
	enum sqlauth_error error = SQLAUTH_OK;

	if (values[PASSWORD] && values[PASSWORD_HASH])
		return complain(import, "has both password and password_hash");
	if (values[PASSWORD_HASH]) {
		if (strlen(values[PASSWORD_HASH]) > SQLAUTH_HASH_BYTES_MAX)
			return complain(import, "password_hash: is longer than 512 characters");
		snprintf(import->hash, sizeof(import->hash), "%s", values[PASSWORD_HASH]);
	} else if (!values[PASSWORD] && !import->secrets.file) {
		return complain(import, "has no password; --secrets FILE makes one and writes it to a file");
	} else if (import->is_dry) {
		snprintf(import->hash, sizeof(import->hash), "%s", sqlauth_password_decoy());
	} else if (values[PASSWORD]) {
		error = sqlauth_password_hash(values[PASSWORD], strlen(values[PASSWORD]), import->hash);
	} else {
		error = sqlauth_secret_generate(secret, import->hash);
		if (error == SQLAUTH_OK)
			cli_secrets_file_add(&import->secrets, values[NAME], username, secret);
		sqlauth_secret_wipe(secret, sizeof(secret));
	}
	if (error == SQLAUTH_OK)
		return CLI_DONE;
	complain(import, sqlauth_strerror(error));
	return error == SQLAUTH_ERROR_INVALID || error == SQLAUTH_ERROR_LIMIT ? CLI_USAGE : CLI_FAILED;
}

/* The database's own sentence, with file and line in front. */
static enum cli_status change(
	struct import *import, enum sqlauth_admin_action action, const char *const *values, size_t count)
{
	struct cli_database *database = &import->database;
	enum sqlauth_error error = sqlauth_admin_change(database->admin, action, values, count, NULL, &database->why);

	if (error == SQLAUTH_OK)
		return CLI_DONE;
	complain(import, database->why.data);
	return error == SQLAUTH_ERROR_INVALID || error == SQLAUTH_ERROR_EXISTS || error == SQLAUTH_ERROR_LIMIT
		       ? CLI_USAGE
		       : CLI_FAILED;
}

static enum cli_status add_certificates(struct import *import)
{
	enum cli_status status = CLI_DONE;

	for (int column = COLUMNS; column < ALL_COLUMNS && status == CLI_DONE; column++) {
		if (import->values[column])
			status = change(import, SQLAUTH_ADMIN_CERTIFICATE_ADD,
				CLI_VALUES(import->values[NAME], name_column(column), import->values[column]));
	}
	return status;
}

/* Names between semicolons, blanks around them left out. */
static enum cli_status add_groups(struct import *import)
{
	char *next = import->values[GROUPS];
	enum cli_status status = CLI_DONE;

	while (next && status == CLI_DONE) {
		char *name = next;
		char *end = name + strcspn(name, ";");

		next = *end == ';' ? end + 1 : NULL;
		*end = '\0';
		name = trim(name);
		if (*name != '\0')
			status = change(
				import, SQLAUTH_ADMIN_RULE_ADD, CLI_VALUES("client", import->values[NAME], name));
	}
	return status;
}

static bool has_certificate(const struct import *import)
{
	for (int column = COLUMNS; column < ALL_COLUMNS; column++) {
		if (import->values[column])
			return true;
	}
	return false;
}

static enum cli_status add_client(struct import *import)
{
	char **values = import->values;
	const char *authentication = values[AUTHENTICATION]    ? values[AUTHENTICATION]
				     : has_certificate(import) ? "certificate"
							       : "credentials";
	bool needs_password = strcmp(authentication, "certificate") != 0;
	const char *username = values[USERNAME] ? values[USERNAME] : needs_password ? values[NAME] : NULL;
	enum cli_status status = CLI_DONE;

	if (!needs_password && (values[PASSWORD] || values[PASSWORD_HASH]))
		return complain(import, "a certificate client has no password");
	if (values[ENABLED] && strcmp(values[ENABLED], "0") != 0 && strcmp(values[ENABLED], "1") != 0)
		return complain(import, "enabled: must be 1 or 0");
	if (needs_password)
		status = make_hash(import, username);
	if (status == CLI_DONE)
		status = change(import, SQLAUTH_ADMIN_CLIENT_ADD,
			CLI_VALUES(values[NAME], authentication, username, needs_password ? import->hash : NULL,
				values[MQTT_ID], values[ENABLED], values[DESCRIPTION]));
	if (status == CLI_DONE)
		status = add_certificates(import);
	if (status == CLI_DONE)
		status = add_groups(import);
	import->clients += status == CLI_DONE;
	return status;
}

/* ---- all of them */

static void show_progress(const struct import *import, bool is_end)
{
	int percent = cli_csv_progress(&import->csv);
	int filled = percent * PROGRESS_WIDTH / 100;

	if (!import->shows_progress || (!is_end && import->clients % 100 != 0))
		return;
	if (is_end) {
		fprintf(stderr, "\r%*s\r", PROGRESS_WIDTH + 32, "");
		return;
	}
	fprintf(stderr, "\r[%.*s%*s] %3d %%, %zu clients", filled, "########################################",
		PROGRESS_WIDTH - filled, "", percent, import->clients);
	fflush(stderr);
}

static enum cli_status add_all(struct import *import)
{
	enum cli_status status = read_header(import);

	while (status == CLI_DONE) {
		show_progress(import, false);
		status = cli_csv_read(&import->csv);
		if (status != CLI_DONE || import->csv.count == 0)
			break;
		status = take_values(import);
		if (status == CLI_DONE)
			status = add_client(import);
		if (status == CLI_DONE && cli_interrupts_came())
			status = CLI_FAILED;
	}
	show_progress(import, true);
	if (cli_interrupts_came() && status != CLI_DONE)
		cli_complain("stopped by a signal; nothing was added");
	return status;
}

static enum cli_status run_import(struct import *import, const char *path)
{
	const char *const *own = import->arguments->own;
	struct cli_interrupts interrupts;
	enum cli_status status = cli_csv_open(path, &import->csv);

	cli_interrupts_hold(&interrupts); /* a file of secrets that open nothing must not stay behind */
	/* also in a dry run, which finds whether it can be made, and leaves none, for it has no secrets */
	if (status == CLI_DONE && own[SECRETS])
		status = cli_secrets_file_create(own[SECRETS], &import->secrets);
	if (status == CLI_DONE)
		status = cli_database_begin(import->arguments, &import->database);
	if (status == CLI_DONE)
		status = add_all(import);
	if (status == CLI_DONE)
		status = cli_secrets_file_sync(&import->secrets);
	if (status == CLI_DONE && import->is_dry)
		sqlauth_admin_rollback(import->database.admin);
	status = cli_database_finish(&import->database, status);
	cli_secrets_file_finish(&import->secrets, status);
	cli_csv_close(&import->csv);
	cli_interrupts_release(&interrupts, status == CLI_DONE);
	return status;
}

static enum cli_status run(const struct cli_arguments *arguments)
{
	struct cli_quoted quoted;
	struct import *import;
	enum cli_status status;

	if (arguments->operand_count != 1)
		return cli_complain_usage(arguments->command, "one CSV file is wanted");
	if (arguments->own[SECRETS] && strcmp(arguments->own[SECRETS], "-") == 0)
		return cli_complain_usage(arguments->command,
			"--secrets wants the path of a new file, not -: secrets are not written to stdout");
	import = calloc(1, sizeof(*import));
	if (!import) {
		cli_complain("out of memory");
		return CLI_FAILED;
	}
	import->arguments = arguments;
	import->is_dry = arguments->own[DRY_RUN];
	import->shows_progress = isatty(STDERR_FILENO);
	status = run_import(import, arguments->operands[0]);
	if (status == CLI_DONE) {
		printf("%s %zu client%s", import->is_dry ? "would add" : "added", import->clients,
			import->clients == 1 ? "" : "s");
		if (import->secrets.count > 0)
			printf(", %zu secret%s in %s", import->secrets.count, import->secrets.count == 1 ? "" : "s",
				cli_quote(&quoted, arguments->own[SECRETS]));
		putchar('\n');
	}
	free(import);
	return status;
}

const struct cli_command cli_command_client_import = {
	.name = "client import",
	.run = run,
	.operands = "FILE.csv|-",
	.summary = "create many clients from a CSV file",
	.help = "The first line names the columns: name, and any of authentication, username, password, "
		"password_hash,\n"
		"mqtt_id, enabled, description, groups (names between semicolons), fingerprint, subject, common_name, "
		"dns,\n"
		"email, uri. What is left empty is as in sqlauth client add: a client with a certificate column is a\n"
		"certificate client, and a client without a password gets a random secret. All clients or none are "
		"added.\n"
		"\n"
		"  sqlauth client import fleet.csv --secrets secrets.csv --dry-run\n"
		"  sqlauth client import fleet.csv --secrets secrets.csv\n"
		"\n"
		"  name,groups,mqtt_id,fingerprint\n"
		"  pump-7,pumps;sensors,%u-*,\n"
		"  valve-3,valves,,9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\n"
		"\n"
		"A password costs about 20 ms to hash, a secret that is made here nothing.\n",
	.options = options,
};
