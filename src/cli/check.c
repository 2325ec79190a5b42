/* `sqlauth check`: what would a connection be, what might it do, and why. Every answer is the engine's and the ACL's
 * own, the code that runs in the broker; this file only asks in the broker's order and prints. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "explain.h"
#include "sqlauth/engine.h"
#include "sqlauth/password.h"
#include "sqlauth/store.h"

enum option { USERNAME, ID, CERTIFICATE, NO_PASSWORD };

static const struct cli_option options[] = {
	[USERNAME] = {"username", 'u', "NAME", "the username it sends; default: none"},
	[ID] = {"id", 'i', "MQTT_ID", "its MQTT client id; default: an empty one"},
	[CERTIFICATE] = {"certificate", 'c', "FILE", "the certificate it presents, PEM or DER; default: none"},
	[NO_PASSWORD] = {"no-password", 0, NULL, "it sends no password; default: with a username, the right one"},
	{NULL, 0, NULL, NULL},
};

/* One run of the command. Everything owned is freed by fini. */
struct check {
	struct sqlauth_engine *engine;
	struct sqlauth_certificate *certificate;
	struct sqlauth_identity *identity;
	struct sqlauth_acl *acl; /* NULL: the connection is refused */
	struct sqlauth_connect connect;
	enum sqlauth_error verified;
	char buffer[SQLAUTH_MESSAGE_SIZE];
	struct sqlauth_text why;
};

static bool parse_access(const char *word, enum sqlauth_access *access_r)
{
	static const enum sqlauth_access all[] = {
		SQLAUTH_ACCESS_PUBLISH, SQLAUTH_ACCESS_SUBSCRIBE, SQLAUTH_ACCESS_RECEIVE};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (strcmp(word, sqlauth_access_word(all[i])) == 0) {
			*access_r = all[i];
			return true;
		}
	}
	return false;
}

/* Whether the operands are pairs of access and topic; before anything is printed. */
static enum cli_status inspect_questions(const struct cli_arguments *arguments)
{
	struct cli_quoted quoted;

	for (size_t i = 0; i < arguments->operand_count; i += 2) {
		const char *word = arguments->operands[i];
		enum sqlauth_access access;

		if (!parse_access(word, &access))
			return cli_complain_usage(arguments->command, "publish, subscribe or receive expected, not %s",
				cli_quote(&quoted, word));
		if (i + 1 == arguments->operand_count)
			return cli_complain_usage(arguments->command, "%s wants a topic", word);
	}
	return CLI_DONE;
}

/* The certificate, the engine, and what the connection presents. */
static enum cli_status prepare(const struct cli_arguments *arguments, struct check *check)
{
	const struct sqlauth_engine_options engine_options = {
		.database = cli_arguments_database(arguments), .clock = &sqlauth_clock_system};
	const char *file = arguments->own[CERTIFICATE];
	enum sqlauth_error error;

	if (file) {
		error = sqlauth_certificate_from_file(file, &check->certificate, &check->why);
		if (error != SQLAUTH_OK)
			return cli_complain_error(
				error, &check->why, error == SQLAUTH_ERROR_MEMORY ? CLI_FAILED : CLI_USAGE);
	}
	error = sqlauth_engine_new(&engine_options, &check->engine, &check->why);
	if (error != SQLAUTH_OK)
		return cli_complain_error(error, &check->why, CLI_FAILED);
	check->connect.username = arguments->own[USERNAME];
	check->connect.mqtt_id = arguments->own[ID] ? arguments->own[ID] : "";
	check->connect.has_password = arguments->own[USERNAME] && !arguments->own[NO_PASSWORD];
	check->connect.certificate = check->certificate;
	return CLI_DONE;
}

/* The broker's two steps. In place of the verification between them the password is taken to be right; that its hash is
 * one that can be verified is not. DONE, or FAILED with the message printed; check->acl tells accepted from refused. */
static enum cli_status decide(struct check *check)
{
	const struct sqlauth_password_limits limits = {.memory_bytes = SQLAUTH_HASH_MEMORY_DEFAULT};
	enum sqlauth_outcome outcome =
		sqlauth_engine_identify(check->engine, &check->connect, &check->identity, &check->why);

	if (outcome == SQLAUTH_OUTCOME_VERIFY)
		check->verified = sqlauth_password_inspect(sqlauth_identity_hash(check->identity), &limits, NULL);
	if (outcome == SQLAUTH_OUTCOME_VERIFY || outcome == SQLAUTH_OUTCOME_ACCEPT)
		outcome =
			sqlauth_engine_admit(check->engine, check->identity, check->verified, &check->acl, &check->why);
	if (outcome == SQLAUTH_OUTCOME_UNAVAILABLE || outcome == SQLAUTH_OUTCOME_FAILED)
		return cli_complain_error(SQLAUTH_ERROR_DATABASE, &check->why, CLI_FAILED);
	return CLI_DONE;
}

/* Prints by what the client was recognised. */
static enum cli_status print_client(struct check *check)
{
	const char *name = sqlauth_identity_client(check->identity);
	struct sqlauth_store *store = sqlauth_engine_store(check->engine);
	struct sqlauth_client client = {0};
	struct cli_quoted quoted;
	enum sqlauth_error error;

	if (!name) {
		if (check->acl)
			puts("client: none, anonymous");
		return CLI_DONE;
	}
	error = sqlauth_store_begin(store, &check->why);
	if (error == SQLAUTH_OK) {
		error = sqlauth_store_client_by_name(store, name, &client);
		sqlauth_store_end(store);
	}
	if (error != SQLAUTH_OK)
		return cli_complain_error(error, &check->why, CLI_FAILED);
	printf("client: %s, known by its %s", cli_quote(&quoted, name), client.username ? "username" : "certificate");
	if (client.username && client.authentication == SQLAUTH_CERTIFICATE)
		fputs(", authenticated by its certificate", stdout);
	else if (client.username)
		fputs(client.has_certificates ? ", authenticated by its password and certificate"
					      : ", authenticated by its password",
			stdout);
	putchar('\n');
	sqlauth_client_clear(&client);
	return CLI_DONE;
}

static void print_rule(void *context, const char *match_by, const char *value, const char *group)
{
	struct cli_quoted quoted;
	size_t *count = context;

	(*count)++;
	printf("group: %s", cli_quote(&quoted, group));
	printf(" by rule %s %s\n", match_by, cli_quote(&quoted, value));
}

static enum cli_status print_groups(struct check *check)
{
	size_t count = 0;
	enum sqlauth_error error = sqlauth_engine_visit_rules(check->engine, check->identity, print_rule, &count);

	if (error != SQLAUTH_OK)
		return cli_complain_error(error, &check->why, CLI_FAILED);
	if (count == 0)
		puts("group: none, no rule in group_rules matches");
	return CLI_DONE;
}

/* Who it is, and whether it may connect. DONE where accepted, DENIED where refused. */
static enum cli_status print_connection(struct check *check)
{
	enum sqlauth_reason reason = sqlauth_identity_reason(check->identity);
	struct cli_quoted quoted;
	enum cli_status status;

	if (check->certificate)
		cli_explain_certificate(check->certificate);
	status = print_client(check);
	if (status != CLI_DONE)
		return status;
	if (!check->acl) {
		printf("refused: %s: %s", sqlauth_reason_word(reason), cli_explain_reason(reason));
		if (reason == SQLAUTH_REASON_UNUSABLE_HASH)
			printf(" (%s)", sqlauth_strerror(check->verified));
		putchar('\n');
		return CLI_DENIED;
	}
	if (sqlauth_identity_hash(check->identity))
		puts("password: not checked, taken to be right");
	printf("accepted: the broker shows username %s\n",
		cli_quote(&quoted, sqlauth_identity_username(check->identity)));
	return print_groups(check);
}

static enum cli_status answer_questions(const struct check *check, const struct cli_arguments *arguments)
{
	struct sqlauth_acl_client client;
	enum cli_status status = CLI_DONE;

	sqlauth_acl_client_init(&client, check->connect.mqtt_id, sqlauth_identity_username(check->identity));
	if (check->acl)
		cli_explain_placeholders(check->acl, &client);
	for (size_t i = 0; i + 1 < arguments->operand_count; i += 2) {
		enum sqlauth_access access;

		if (!parse_access(arguments->operands[i], &access) ||
			cli_explain_question(check->acl, &client, access, arguments->operands[i + 1]) != CLI_DONE)
			status = CLI_DENIED;
	}
	return status;
}

static enum cli_status run(const struct cli_arguments *arguments)
{
	struct check check = {0};
	enum cli_status status = inspect_questions(arguments);
	enum cli_status answers;

	sqlauth_text_init(&check.why, check.buffer, sizeof(check.buffer));
	if (status == CLI_DONE)
		status = prepare(arguments, &check);
	if (status == CLI_DONE)
		status = decide(&check);
	if (status == CLI_DONE)
		status = print_connection(&check);
	if (status == CLI_DONE || (status == CLI_DENIED && check.identity)) {
		answers = answer_questions(&check, arguments);
		status = status == CLI_DONE ? answers : status;
	}
	sqlauth_acl_unref(check.acl);
	sqlauth_identity_free(check.identity);
	sqlauth_engine_free(check.engine);
	sqlauth_certificate_free(check.certificate);
	return status;
}

const struct cli_command cli_command_check = {
	.name = "check",
	.run = run,
	.operands = "[publish|subscribe|receive TOPIC]...",
	.summary = "explain what a connection would be and may do",
	.help = "Answers as the plugin would if such a client connected now: which client it is, which rules give it\n"
		"which groups, and for each question the permission that decides. Nothing needs to run; the password "
		"is\n"
		"taken to be right. Exit status 0: everything asked for is allowed, 1: something is denied.\n"
		"\n"
		"  sqlauth check --username pump-7\n"
		"  sqlauth check --username pump-7 --id pump-7 publish pumps/pump-7/state subscribe 'pumps/#'\n"
		"  sqlauth check --certificate pump-7.crt receive alarms/fire\n"
		"\n"
		"receive is the delivery of one message; subscribe is the subscription to a filter. Options of\n"
		"mosquitto.conf that change verdicts (plugin_opt_unknown_clients, plugin_opt_max_hash_memory, "
		"mount_point)\n"
		"are not known here, and neither is who is connected right now.\n",
	.options = options,
};
