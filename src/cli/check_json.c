/* A check as one JSON object. */
#include "check.h"

#include <stdio.h>
#include <string.h>

#include "json.h"

/* `,"key":value` with anything in front but the opening brace. */
static void print_member(const char *key, enum cli_json_kind kind, const char *value)
{
	putchar(',');
	cli_json_print_string(key);
	putchar(':');
	cli_json_print_value(kind, value);
}

static void print_flag(const char *key, bool value)
{
	print_member(key, CLI_JSON_FLAG, value ? "1" : "0");
}

static void print_certificate(const struct sqlauth_certificate *certificate)
{
	const char *separator = "";

	fputs("{\"certificate\":", stdout);
	if (!certificate) {
		fputs("null", stdout);
		return;
	}
	putchar('[');
	for (int kind = 0; kind < SQLAUTH_MATCH_KINDS; kind++) {
		enum sqlauth_match_by match_by = (enum sqlauth_match_by)kind;
		size_t count = sqlauth_certificate_count(certificate, match_by);

		for (size_t i = 0; i < count; i++) {
			printf("%s{\"match_by\":\"%s\"", separator, sqlauth_match_by_word(match_by));
			print_member("value", CLI_JSON_TEXT, sqlauth_certificate_name(certificate, match_by, i));
			putchar('}');
			separator = ",";
		}
	}
	putchar(']');
}

/* Between whom the certificate does not decide. */
static void print_rivals(const struct cli_check *check)
{
	fputs(",\"matched\":[", stdout);
	for (size_t i = 0; i < CLI_RIVALS && check->rivals[i].client; i++) {
		fputs(i > 0 ? ",{\"client\":" : "{\"client\":", stdout);
		cli_json_print_string(check->rivals[i].client);
		print_member("match_by", CLI_JSON_TEXT, sqlauth_match_by_word(check->rivals[i].match_by));
		print_member("value", CLI_JSON_TEXT, check->rivals[i].value);
		putchar('}');
	}
	putchar(']');
}

static void print_near_client(const struct cli_near_client *near)
{
	if (!near->name) {
		print_member("near_client", CLI_JSON_TEXT, NULL);
		return;
	}
	fputs(",\"near_client\":{\"name\":", stdout);
	cli_json_print_string(near->name);
	print_member("username", CLI_JSON_TEXT, near->username);
	putchar('}');
}

static void print_client(const struct cli_check *check)
{
	enum sqlauth_reason reason = sqlauth_identity_reason(check->identity);
	const char *by = cli_check_authenticated_by(check);

	print_member("client", CLI_JSON_TEXT, check->client.name);
	print_member("known_by", CLI_JSON_TEXT, !check->client.name ? NULL : by ? "username" : "certificate");
	print_member("authenticated_by", CLI_JSON_TEXT, by ? by : check->client.name ? "certificate" : NULL);
	print_flag("accepted", check->acl);
	print_member("reason", CLI_JSON_TEXT, sqlauth_reason_word(reason));
	print_member("explanation", CLI_JSON_TEXT, cli_explain_reason(reason));
	print_member("username", CLI_JSON_TEXT, check->acl ? sqlauth_identity_username(check->identity) : NULL);
	print_rivals(check);
	if (check->explains)
		print_near_client(&check->near);
}

static void print_rule(void *context, const char *match_by, const char *value, const char *group)
{
	const char **separator = context;

	printf("%s{\"group\":", *separator);
	cli_json_print_string(group);
	print_member("match_by", CLI_JSON_TEXT, match_by);
	print_member("value", CLI_JSON_TEXT, value);
	putchar('}');
	*separator = ",";
}

static enum cli_status print_groups(struct cli_check *check)
{
	const char *separator = "";
	enum sqlauth_error error = SQLAUTH_OK;

	fputs(",\"groups\":[", stdout);
	if (check->acl)
		error = sqlauth_engine_visit_rules(check->engine, check->identity, print_rule, &separator);
	putchar(']');
	return error == SQLAUTH_OK ? CLI_DONE : cli_complain_error(error, &check->why, CLI_FAILED);
}

/* The placeholders that permissions hold and that stand for nothing usable. */
static void print_unusable(const struct cli_check *check)
{
	static const char *const placeholders[] = {"%c", "%u"};
	const char *separator = "";

	fputs(",\"unusable_placeholders\":[", stdout);
	for (int which = 0; which < 2; which++) {
		if (!cli_explain_is_unusable(check->acl, &check->values, which))
			continue;
		fputs(separator, stdout);
		cli_json_print_string(placeholders[which]);
		separator = ",";
	}
	putchar(']');
}

/* `,"key":{...}`, with a difference where there is one (NULL: none). */
static void print_permission(const char *key, const char *effect, enum sqlauth_action action, const char *topic,
	const char *group, const char *difference)
{
	printf(",\"%s\":{\"permission\":\"%s\"", key, effect);
	print_member("action", CLI_JSON_TEXT, sqlauth_action_word(action));
	print_member("topic", CLI_JSON_TEXT, topic);
	print_member("group", CLI_JSON_TEXT, group);
	if (difference)
		print_member("difference", CLI_JSON_TEXT, difference);
	putchar('}');
}

static void print_nearest(const struct cli_finding *finding)
{
	const struct sqlauth_permission *nearest = &finding->nearest.permission;

	if (finding->nearest.is_found)
		print_permission("nearest", sqlauth_effect_word(nearest->effect), nearest->action, nearest->topic,
			nearest->group, finding->nearest.difference);
	else
		print_member("nearest", CLI_JSON_TEXT, NULL);
	if (finding->elsewhere.group)
		print_permission("elsewhere", sqlauth_effect_word(SQLAUTH_ALLOW), finding->elsewhere.action,
			finding->elsewhere.topic, finding->elsewhere.group, NULL);
	else
		print_member("elsewhere", CLI_JSON_TEXT, NULL);
}

static void print_finding(const struct cli_check *check, const struct cli_finding *finding)
{
	const struct cli_answer *answer = &finding->answer;
	const struct sqlauth_permission *permission = &answer->permission;

	printf("{\"access\":\"%s\"", sqlauth_access_word(answer->access));
	print_member("topic", CLI_JSON_TEXT, answer->topic);
	print_flag("allowed", answer->is_allowed);
	if (answer->is_decided)
		print_permission("decided_by", sqlauth_effect_word(permission->effect), permission->action,
			permission->topic, permission->group, NULL);
	else
		print_member("decided_by", CLI_JSON_TEXT, NULL);
	print_member("explanation", CLI_JSON_TEXT, answer->why);
	if (check->explains)
		print_nearest(finding);
	putchar('}');
}

static enum cli_status print_questions(struct cli_check *check)
{
	enum cli_status status = CLI_DONE;

	fputs(",\"questions\":[", stdout);
	for (size_t i = 0; i + 1 < check->arguments->operand_count; i += 2) {
		struct cli_finding finding;
		enum cli_status found = cli_check_find(check, i, &finding);

		fputs(i > 0 ? ",\n" : "\n", stdout);
		print_finding(check, &finding);
		if (found == CLI_DONE && !finding.answer.is_allowed)
			found = CLI_DENIED;
		cli_elsewhere_clear(&finding.elsewhere);
		status = found > status ? found : status;
	}
	putchar(']');
	return status;
}

enum cli_status cli_check_print_json(struct cli_check *check)
{
	enum cli_status status, answers;

	print_certificate(check->certificate);
	print_client(check);
	status = print_groups(check);
	print_unusable(check);
	answers = print_questions(check);
	puts("}");
	if (status == CLI_DONE && !check->acl)
		status = CLI_DENIED;
	return answers > status ? answers : status;
}
