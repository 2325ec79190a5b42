/* Explanations of verdicts, one line each. Decides nothing itself and knows no database. */
#include "explain.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "sqlauth/topic.h"

static const char *const reasons[SQLAUTH_REASONS] = {
	[SQLAUTH_REASON_ACCEPTED] = "the client may connect",
	[SQLAUTH_REASON_UNKNOWN_CLIENT] = "no client has this username or this certificate",
	[SQLAUTH_REASON_WRONG_PASSWORD] = "the password is wrong",
	[SQLAUTH_REASON_NO_PASSWORD] = "the client needs a password and sends none",
	[SQLAUTH_REASON_UNUSABLE_HASH] =
		"clients.password holds no hash that the broker may verify; sqlauth passwd makes one",
	[SQLAUTH_REASON_DISABLED] = "clients.enabled is 0",
	[SQLAUTH_REASON_DISCONNECTED] = "clients.disconnect_before lies in the future",
	[SQLAUTH_REASON_MQTT_ID] = "clients.mqtt_id does not match this MQTT client id",
	[SQLAUTH_REASON_NO_CERTIFICATE] = "the client needs a certificate and presents none",
	[SQLAUTH_REASON_CERTIFICATE_MISMATCH] =
		"the client has no row in client_certificates with a name of this certificate",
	[SQLAUTH_REASON_CERTIFICATE_AMBIGUOUS] =
		"names of this certificate belong to two clients in client_certificates",
	[SQLAUTH_REASON_ANONYMOUS] = "no username, no known certificate, and no rule of kind anonymous in group_rules",
	[SQLAUTH_REASON_MQTT_ID_IN_USE] = "a different client is connected with this MQTT client id",
	[SQLAUTH_REASON_CHANGED] = "the client was edited at this very moment; ask again",
	[SQLAUTH_REASON_UNAVAILABLE] = "the database cannot answer now",
	[SQLAUTH_REASON_RATIONED] = "too many verifications from this address have failed",
	[SQLAUTH_REASON_BUSY] = "too many verifications wait",
	[SQLAUTH_REASON_NO_USERNAME] = "the certificate is of a client that has a username, and sends none",
};

const char *cli_explain_reason(enum sqlauth_reason reason)
{
	const char *sentence = (unsigned)reason < SQLAUTH_REASONS ? reasons[reason] : NULL;

	return sentence ? sentence : "unknown reason";
}

void cli_explain_certificate(const struct sqlauth_certificate *certificate)
{
	struct cli_quoted quoted;

	for (int kind = 0; kind < SQLAUTH_MATCH_KINDS; kind++) {
		enum sqlauth_match_by match_by = (enum sqlauth_match_by)kind;
		size_t count = sqlauth_certificate_count(certificate, match_by);

		for (size_t i = 0; i < count; i++)
			printf("certificate: %s %s\n", sqlauth_match_by_word(match_by),
				cli_quote(&quoted, sqlauth_certificate_name(certificate, match_by, i)));
	}
}

bool cli_explain_is_unusable(const struct sqlauth_acl *acl, const struct sqlauth_acl_client *client, int which)
{
	return acl && !client->usable[which] && sqlauth_acl_uses_placeholder(acl, which);
}

void cli_explain_placeholder(const struct sqlauth_acl_client *client, int which)
{
	static const char *const names[] = {"%c, the MQTT client id", "%u, the username"};
	struct cli_quoted quoted;

	printf("note: %s, is %s: %s; with it allow permissions match nothing, deny permissions everything from "
	       "there on\n",
		names[which], cli_quote(&quoted, client->value[which]),
		client->length[which] > 0 ? "it holds a /, + or #" : "it is empty");
}

/* Why no permission can match: the question is none. NULL: it is one. */
static const char *find_fault(enum sqlauth_access access, const char *topic)
{
	size_t length = strlen(topic);
	const char *filter;
	enum sqlauth_topic_fault fault;

	if (access != SQLAUTH_ACCESS_SUBSCRIBE)
		return sqlauth_topic_name_valid(topic, length)
			       ? NULL
			       : "this is no topic name, which has 1 to 65535 bytes and neither + nor #";
	filter = sqlauth_topic_skip_share(topic, length, &length);
	if (!filter)
		return "this is no shared subscription, which is written $share/GROUP/FILTER";
	fault = sqlauth_topic_filter_fault(filter, length);
	return fault == SQLAUTH_TOPIC_FINE ? NULL : sqlauth_topic_fault_text(fault);
}

void cli_explain_question(const struct sqlauth_acl *acl, const struct sqlauth_acl_client *client,
	enum sqlauth_access access, const char *topic, struct cli_answer *answer_r)
{
	const char *fault = find_fault(access, topic);
	struct sqlauth_verdict verdict = {SQLAUTH_DENIED, SQLAUTH_NO_PERMISSION};

	*answer_r = (struct cli_answer){.access = access, .topic = topic};
	if (acl)
		verdict = sqlauth_acl_check(acl, access, client, topic, strlen(topic));
	answer_r->is_allowed = verdict.decision == SQLAUTH_ALLOWED;
	answer_r->is_decided = acl && sqlauth_acl_permission(acl, verdict.permission, &answer_r->permission);
	answer_r->is_missed = acl && !answer_r->is_decided && !fault;
	if (!answer_r->is_decided)
		answer_r->why = !acl ? "the connection is refused" : fault ? fault : "no permission matches";
}

void cli_explain_print(const struct cli_answer *answer)
{
	const struct sqlauth_permission *permission = &answer->permission;
	struct cli_quoted quoted;

	printf("%s %s %s: ", answer->is_allowed ? "allowed" : "denied", sqlauth_access_word(answer->access),
		cli_quote(&quoted, answer->topic));
	if (!answer->is_decided) {
		puts(answer->why);
		return;
	}
	printf("%s %s %s", sqlauth_effect_word(permission->effect), sqlauth_action_word(permission->action),
		cli_quote(&quoted, permission->topic));
	printf(" of group %s\n", cli_quote(&quoted, permission->group));
}
