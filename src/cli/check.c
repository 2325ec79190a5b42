/* `sqlauth check | explain`: what would a connection be, what might it do, and why. Every answer is the engine's and
 * the ACL's own, the code that runs in the broker; this file only asks in the broker's order and prints. */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "sqlauth/password.h"

enum option { USERNAME, ID, CERTIFICATE, NO_PASSWORD, JSON };

static const struct cli_option options[] = {
	[USERNAME] = {"username", 'u', "NAME", "the username it sends; default, and an empty one: none"},
	[ID] = {"id", 'i', "MQTT_ID", "its MQTT client id; default: an empty one"},
	[CERTIFICATE] = {"certificate", 'c', "FILE", "the certificate it presents, PEM or DER; default: none"},
	[NO_PASSWORD] = {"no-password", 0, NULL, "it sends no password; default: with a username, the right one"},
	[JSON] = {"json", 0, NULL, "JSON instead of lines"},
	{NULL, 0, NULL, NULL},
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
static enum cli_status prepare(const struct cli_arguments *arguments, struct cli_check *check)
{
	const struct sqlauth_engine_options engine_options = {
		.database = cli_arguments_database(arguments), .clock = &sqlauth_clock_system};
	const char *file = arguments->own[CERTIFICATE];
	enum cli_status status;
	enum sqlauth_error error;

	if (file) {
		error = sqlauth_certificate_from_file(file, &check->certificate, &check->why);
		if (error != SQLAUTH_OK)
			return cli_complain_error(
				error, &check->why, error == SQLAUTH_ERROR_MEMORY ? CLI_FAILED : CLI_USAGE);
	}
	status = cli_database_open(arguments, &check->database);
	if (status != CLI_DONE)
		return status;
	error = sqlauth_engine_new(&engine_options, &check->engine, &check->why);
	if (error != SQLAUTH_OK)
		return cli_complain_error(error, &check->why, CLI_FAILED);
	check->connect.username =
		arguments->own[USERNAME] && *arguments->own[USERNAME] ? arguments->own[USERNAME] : NULL;
	check->connect.mqtt_id = arguments->own[ID] ? arguments->own[ID] : "";
	check->connect.has_password = check->connect.username && !arguments->own[NO_PASSWORD];
	check->connect.certificate = check->certificate;
	return CLI_DONE;
}

/* The broker's two steps. In place of the verification between them the password is taken to be right; that its hash is
 * one that can be verified is not. DONE, or FAILED with the message printed; check->acl tells accepted from refused. */
static enum cli_status decide(struct cli_check *check)
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

/* The client's row, where it is anybody's. */
static enum cli_status read_client(struct cli_check *check)
{
	const char *name = sqlauth_identity_client(check->identity);
	struct sqlauth_store *store = sqlauth_engine_store(check->engine);
	enum sqlauth_error error;

	if (!name)
		return CLI_DONE;
	error = sqlauth_store_begin(store, &check->why);
	if (error == SQLAUTH_OK) {
		error = sqlauth_store_client_by_name(store, name, &check->client);
		sqlauth_store_end(store);
	}
	return error == SQLAUTH_OK ? CLI_DONE : cli_complain_error(error, &check->why, CLI_FAILED);
}

/* ---- whose the certificate is, where it is ambiguous */

static void clear_rivals(struct cli_check *check)
{
	for (size_t i = 0; i < CLI_RIVALS; i++)
		free(check->rivals[i].client);
	memset(check->rivals, 0, sizeof(check->rivals));
}

/* Two clients that have names of this kind, as the engine compares them; NOT_FOUND where none has one. */
static enum sqlauth_error find_rivals(
	struct cli_check *check, struct sqlauth_store *store, enum sqlauth_match_by match_by)
{
	size_t names = sqlauth_certificate_count(check->certificate, match_by), count = 0;

	for (size_t i = 0; i < names && count < CLI_RIVALS; i++) {
		const char *value = sqlauth_certificate_name(check->certificate, match_by, i);
		char *client = NULL;
		enum sqlauth_error error = sqlauth_store_client_name_by_certificate(store, match_by, value, &client);

		if (error == SQLAUTH_ERROR_NOT_FOUND)
			continue;
		if (error != SQLAUTH_OK)
			return error;
		if (count > 0 && strcmp(client, check->rivals[0].client) == 0)
			free(client);
		else
			check->rivals[count++] = (struct cli_rival){client, match_by, value};
	}
	return count > 0 ? SQLAUTH_OK : SQLAUTH_ERROR_NOT_FOUND;
}

/* Finds between whom the certificate does not decide: by names of the first kind that anybody has. */
static enum cli_status read_rivals(struct cli_check *check)
{
	struct sqlauth_store *store = sqlauth_engine_store(check->engine);
	enum sqlauth_error error;

	if (sqlauth_identity_reason(check->identity) != SQLAUTH_REASON_CERTIFICATE_AMBIGUOUS)
		return CLI_DONE;
	error = sqlauth_store_begin(store, &check->why);
	if (error != SQLAUTH_OK)
		return cli_complain_error(error, &check->why, CLI_FAILED);
	error = SQLAUTH_ERROR_NOT_FOUND;
	for (int kind = 0; kind < SQLAUTH_MATCH_KINDS && error == SQLAUTH_ERROR_NOT_FOUND; kind++)
		error = find_rivals(check, store, (enum sqlauth_match_by)kind);
	sqlauth_store_end(store);
	if (!check->rivals[CLI_RIVALS - 1].client)
		clear_rivals(check); /* somebody has just settled it */
	if (error == SQLAUTH_OK || error == SQLAUTH_ERROR_NOT_FOUND)
		return CLI_DONE;
	return cli_complain_error(error, &check->why, CLI_FAILED);
}

/* Finds whose name is like the username that nobody has. */
static enum cli_status look_further(struct cli_check *check)
{
	if (!check->connect.username || sqlauth_identity_reason(check->identity) != SQLAUTH_REASON_UNKNOWN_CLIENT)
		return CLI_DONE;
	return cli_nearest_client(&check->database, check->connect.username, &check->near);
}

enum cli_status cli_check_find(struct cli_check *check, size_t i, struct cli_finding *finding_r)
{
	char *const *operands = check->arguments->operands;
	enum sqlauth_access access = SQLAUTH_ACCESS_PUBLISH;
	enum cli_status status = CLI_DONE;

	*finding_r = (struct cli_finding){.answer = {.is_allowed = false}};
	if (!parse_access(operands[i], &access))
		return CLI_USAGE; /* inspect_questions has said so */
	cli_explain_question(check->acl, &check->values, access, operands[i + 1], &finding_r->answer);
	if (check->explains && finding_r->answer.is_missed) {
		cli_nearest_permission(check->acl, &check->values, access, operands[i + 1], &finding_r->nearest);
		status = cli_nearest_elsewhere(
			&check->database, &check->values, access, operands[i + 1], &finding_r->elsewhere);
	}
	return status;
}

/* ---- as lines */

const char *cli_check_authenticated_by(const struct cli_check *check)
{
	if (!check->client.username)
		return NULL;
	if (check->client.authentication == SQLAUTH_CERTIFICATE)
		return "certificate";
	return check->client.has_certificates ? "password and certificate" : "password";
}

/* By what the client was recognised, or whose name is like the one that nobody has. */
static void print_client(const struct cli_check *check)
{
	const struct sqlauth_client *client = &check->client;
	const char *by = cli_check_authenticated_by(check);
	struct cli_quoted quoted;

	if (!client->name) {
		if (check->acl)
			puts("client: none, anonymous");
		return;
	}
	printf("client: %s, known by its %s", cli_quote(&quoted, client->name), by ? "username" : "certificate");
	if (by)
		printf(", authenticated by its %s", by);
	putchar('\n');
}

static void print_rivals(const struct cli_check *check)
{
	struct cli_quoted quoted;

	for (size_t i = 0; i < CLI_RIVALS && check->rivals[i].client; i++) {
		printf("matched: client %s", cli_quote(&quoted, check->rivals[i].client));
		printf(" by %s %s\n", sqlauth_match_by_word(check->rivals[i].match_by),
			cli_quote(&quoted, check->rivals[i].value));
	}
}

static void print_near_client(const struct cli_near_client *near)
{
	struct cli_quoted quoted;

	if (!near->name)
		return;
	printf("near: client %s", cli_quote(&quoted, near->name));
	if (near->username)
		printf(", whose username is %s\n", cli_quote(&quoted, near->username));
	else
		puts(", which has no username: its certificate tells who it is");
}

static void print_rule(void *context, const char *match_by, const char *value, const char *group)
{
	struct cli_quoted quoted;
	size_t *count = context;

	(*count)++;
	printf("group: %s", cli_quote(&quoted, group));
	printf(" by rule %s %s\n", match_by, cli_quote(&quoted, value));
}

static enum cli_status print_groups(struct cli_check *check)
{
	size_t count = 0;
	enum sqlauth_error error = sqlauth_engine_visit_rules(check->engine, check->identity, print_rule, &count);

	if (error != SQLAUTH_OK)
		return cli_complain_error(error, &check->why, CLI_FAILED);
	if (count == 0)
		puts("group: none, no rule in group_rules matches");
	return CLI_DONE;
}

/* Whether a text that no scheme knows is a hash all the same, and not a password that somebody wrote in its place. */
static bool is_like_hash(const char *text)
{
	return text && (text[0] == '$' || text[0] == '{' || strncmp(text, "PBKDF2$", strlen("PBKDF2$")) == 0);
}

static void print_refusal(const struct cli_check *check)
{
	enum sqlauth_reason reason = sqlauth_identity_reason(check->identity);

	printf("refused: %s: %s", sqlauth_reason_word(reason), cli_explain_reason(reason));
	if (reason == SQLAUTH_REASON_UNUSABLE_HASH &&
		(check->verified != SQLAUTH_ERROR_UNSUPPORTED || is_like_hash(sqlauth_identity_hash(check->identity))))
		printf(" (%s)", sqlauth_strerror(check->verified));
	putchar('\n');
	print_rivals(check);
	print_near_client(&check->near);
}

/* Who it is, and whether it may connect. DONE where accepted, DENIED where refused. */
static enum cli_status print_connection(struct cli_check *check)
{
	struct cli_quoted quoted;

	if (check->certificate)
		cli_explain_certificate(check->certificate);
	print_client(check);
	if (!check->acl) {
		print_refusal(check);
		return CLI_DENIED;
	}
	if (sqlauth_identity_hash(check->identity))
		puts("password: not checked, taken to be right");
	printf("accepted: the broker shows username %s\n",
		cli_quote(&quoted, sqlauth_identity_username(check->identity)));
	return print_groups(check);
}

static void print_finding(const struct cli_check *check, const struct cli_finding *finding)
{
	const struct sqlauth_permission *nearest = &finding->nearest.permission;
	struct cli_quoted quoted;

	cli_explain_print(&finding->answer);
	if (!check->explains || !finding->answer.is_missed)
		return;
	if (finding->nearest.is_found) {
		printf("  nearest: %s %s %s", sqlauth_effect_word(nearest->effect),
			sqlauth_action_word(nearest->action), cli_quote(&quoted, nearest->topic));
		printf(" of group %s: %s\n", cli_quote(&quoted, nearest->group), finding->nearest.difference);
	} else {
		puts("  nearest: none of its permissions is like it");
	}
	if (finding->elsewhere.group) {
		printf("  elsewhere: allow %s %s", sqlauth_action_word(finding->elsewhere.action),
			cli_quote(&quoted, finding->elsewhere.topic));
		printf(" of group %s would do, which no rule gives this connection\n",
			cli_quote(&quoted, finding->elsewhere.group));
	}
}

static enum cli_status print_answers(struct cli_check *check)
{
	enum cli_status status = CLI_DONE;

	for (int which = 0; which < 2; which++) {
		if (cli_explain_is_unusable(check->acl, &check->values, which))
			cli_explain_placeholder(&check->values, which);
	}
	for (size_t i = 0; i + 1 < check->arguments->operand_count; i += 2) {
		struct cli_finding finding;
		enum cli_status found = cli_check_find(check, i, &finding);

		if (found == CLI_DONE) {
			print_finding(check, &finding);
			found = finding.answer.is_allowed ? CLI_DONE : CLI_DENIED;
		}
		cli_elsewhere_clear(&finding.elsewhere);
		status = found > status ? found : status;
	}
	return status;
}

static enum cli_status print_lines(struct cli_check *check)
{
	enum cli_status status = print_connection(check), answers;

	if (status != CLI_DONE && status != CLI_DENIED)
		return status;
	answers = print_answers(check);
	return answers > status ? answers : status;
}

/* ---- both commands */

static enum cli_status run(const struct cli_arguments *arguments, bool explains)
{
	struct cli_check check = {.arguments = arguments, .explains = explains};
	enum cli_status status = inspect_questions(arguments);

	sqlauth_text_init(&check.why, check.buffer, sizeof(check.buffer));
	if (status == CLI_DONE)
		status = prepare(arguments, &check);
	if (status == CLI_DONE)
		status = decide(&check);
	if (status == CLI_DONE)
		status = read_client(&check);
	if (status == CLI_DONE)
		status = read_rivals(&check);
	if (status == CLI_DONE && explains)
		status = look_further(&check);
	if (status == CLI_DONE) {
		sqlauth_acl_client_init(
			&check.values, check.connect.mqtt_id, sqlauth_identity_username(check.identity));
		status = arguments->own[JSON] ? cli_check_print_json(&check) : print_lines(&check);
	}
	cli_near_client_clear(&check.near);
	clear_rivals(&check);
	sqlauth_client_clear(&check.client);
	sqlauth_acl_unref(check.acl);
	sqlauth_identity_free(check.identity);
	sqlauth_engine_free(check.engine);
	status = cli_database_finish(&check.database, status);
	sqlauth_certificate_free(check.certificate);
	return status;
}

static enum cli_status run_check(const struct cli_arguments *arguments)
{
	return run(arguments, false);
}

static enum cli_status run_explain(const struct cli_arguments *arguments)
{
	return run(arguments, true);
}

#define QUESTIONS "[publish|subscribe|receive TOPIC]..."

const struct cli_command cli_command_check = {
	.name = "check",
	.run = run_check,
	.operands = QUESTIONS,
	.summary = "say what a connection would be and may do",
	.help = "Answers as the plugin would if such a client connected now: which client it is, which rules give\n"
		"it which groups, and for each question the permission that decides. Nothing needs to run; the\n"
		"password is taken to be right. Exit status 0: everything asked for is allowed, 1: something is\n"
		"denied. sqlauth explain answers the same and tells what came nearest.\n"
		"\n"
		"  sqlauth check --username pump-7\n"
		"  sqlauth check --username pump-7 --id pump-7 publish pumps/pump-7/state subscribe 'pumps/#'\n"
		"  sqlauth check --certificate pump-7.crt receive alarms/fire\n"
		"  sqlauth check --username pump-7 --json publish pumps/pump-7/state\n"
		"\n"
		"receive is the delivery of one message; subscribe is the subscription to a filter. Options of\n"
		"mosquitto.conf that change verdicts (plugin_opt_unknown_clients, plugin_opt_max_hash_memory,\n"
		"mount_point) are not known here, and neither is who is connected right now.\n",
	.options = options,
};

const struct cli_command cli_command_explain = {
	.name = "explain",
	.run = run_explain,
	.operands = QUESTIONS,
	.summary = "say why something is denied, and what came nearest",
	.help = "Answers as sqlauth check does. Where no permission matches it tells which one of the connection\n"
		"came nearest and what differs, and whether one of a group that it is not in would do; where nobody\n"
		"has the username, whose name is like it. Exit status as of sqlauth check.\n"
		"\n"
		"  sqlauth explain --username pump-7 publish pumps/pump-8/state\n"
		"  sqlauth explain --certificate pump-7.crt --json receive alarms/fire\n",
	.options = options,
};
