/* ACL questions: the hottest path. Finds the session, asks its compiled ACL; everything else happens when that fails.
 */
#include <string.h>

#include "plugin.h"

bool plugin_defers_stranger(struct plugin *plugin, const struct asker *asker)
{
	struct sqlauth_acl *acl = NULL;
	enum sqlauth_outcome outcome;

	if (!plugin->options.defer_unknown)
		return false;
	outcome = sqlauth_engine_recall(plugin->engine, asker->mqtt_id, asker->username, &acl, NULL);
	sqlauth_acl_unref(acl);
	return outcome == SQLAUTH_OUTCOME_UNKNOWN;
}

static bool access_of(int broker_access, enum sqlauth_access *access_r)
{
	switch (broker_access) {
	case MOSQ_ACL_WRITE:
		*access_r = SQLAUTH_ACCESS_PUBLISH;
		return true;
	case MOSQ_ACL_READ:
		*access_r = SQLAUTH_ACCESS_RECEIVE;
		return true;
	case MOSQ_ACL_SUBSCRIBE:
		*access_r = SQLAUTH_ACCESS_SUBSCRIBE;
		return true;
	default:
		return false;
	}
}

static int answer(struct plugin *plugin, const struct asker *asker, enum sqlauth_access access, const char *topic,
	const struct sqlauth_acl *acl, struct sqlauth_verdict verdict)
{
	if (verdict.decision == SQLAUTH_ALLOWED)
		return MOSQ_ERR_SUCCESS;
	denial_log_add(plugin->denials, asker, access, topic, acl, verdict, "no permission matches");
	return MOSQ_ERR_ACL_DENIED;
}

static int deny(struct plugin *plugin, const struct asker *asker, enum sqlauth_access access, const char *topic,
	const char *cause)
{
	static const struct sqlauth_verdict none = {SQLAUTH_DENIED, SQLAUTH_NO_PERMISSION};

	denial_log_add(plugin->denials, asker, access, topic, NULL, none, cause);
	return MOSQ_ERR_ACL_DENIED;
}

/* A client that nobody remembers (a session restored from disk, the source of a retained message) is judged by the
 * database as it is now. */
static int answer_stranger(
	struct plugin *plugin, const struct asker *asker, enum sqlauth_access access, const char *topic)
{
	char why_data[SQLAUTH_MESSAGE_SIZE];
	struct sqlauth_text why;
	struct sqlauth_acl *acl = NULL;
	struct sqlauth_acl_client values;
	int answered;

	sqlauth_text_init(&why, why_data, sizeof why_data);
	switch (sqlauth_engine_recall(plugin->engine, asker->mqtt_id, asker->username, &acl, &why)) {
	case SQLAUTH_OUTCOME_ACCEPT:
		plugin_log_database(plugin, true, NULL);
		sqlauth_acl_client_init(&values, asker->mqtt_id, asker->username);
		answered = answer(plugin, asker, access, topic, acl,
			sqlauth_acl_check(acl, access, &values, topic, strlen(topic)));
		sqlauth_acl_unref(acl);
		return answered;
	case SQLAUTH_OUTCOME_UNKNOWN:
		plugin_log_database(plugin, true, NULL);
		return MOSQ_ERR_PLUGIN_DEFER;
	case SQLAUTH_OUTCOME_UNAVAILABLE:
		plugin_log_database(plugin, false, why_data);
		return deny(plugin, asker, access, topic, "the database is unavailable");
	case SQLAUTH_OUTCOME_FAILED:
		plugin_log_database(plugin, true, NULL);
		return deny(plugin, asker, access, topic, "the client has too many permissions");
	default:
		return deny(plugin, asker, access, topic, "the client is unknown or may not connect");
	}
}

/* Ours may always unsubscribe; whoever was left to the next plugin is left to it in this, too. */
static int answer_unsubscribe(struct plugin *plugin, const struct asker *asker)
{
	const struct sqlauth_session *session;
	bool is_deferred = false;

	if (!plugin->options.defer_unknown)
		return MOSQ_ERR_SUCCESS;
	switch (plugin_find_session(plugin, asker, false, &session)) {
	case SQLAUTH_OK:
		is_deferred = sqlauth_session_kind(session) == SQLAUTH_SESSION_DEFERRED;
		break;
	case SQLAUTH_ERROR_NOT_FOUND:
		is_deferred = plugin_defers_stranger(plugin, asker);
		break;
	default:
		break;
	}
	return is_deferred ? MOSQ_ERR_PLUGIN_DEFER : MOSQ_ERR_SUCCESS;
}

int plugin_on_acl_check(int event, void *data, void *instance)
{
	struct mosquitto_evt_acl_check *question = data;
	struct plugin *plugin = instance;
	const struct sqlauth_session *session;
	enum sqlauth_access access;
	enum sqlauth_error error;
	struct asker asker;

	(void)event;
	if (!plugin_in_broker_thread(plugin))
		return plugin->options.defer_unknown ? MOSQ_ERR_PLUGIN_DEFER : MOSQ_ERR_ACL_DENIED;
	asker = plugin_asker(question->client);
	if (!asker.mqtt_id)
		return MOSQ_ERR_ACL_DENIED;
	if (question->access == MOSQ_ACL_UNSUBSCRIBE)
		return answer_unsubscribe(plugin, &asker);
	if (!access_of(question->access, &access) || !question->topic)
		return MOSQ_ERR_ACL_DENIED;
	error = plugin_find_session(plugin, &asker, access == SQLAUTH_ACCESS_PUBLISH, &session);
	if (error == SQLAUTH_ERROR_NOT_FOUND)
		return answer_stranger(plugin, &asker, access, question->topic);
	if (error)
		return deny(plugin, &asker, access, question->topic, "the client's identity cannot be established now");
	if (sqlauth_session_kind(session) == SQLAUTH_SESSION_DEFERRED)
		return MOSQ_ERR_PLUGIN_DEFER;
	return answer(plugin, &asker, access, question->topic, sqlauth_session_acl(session),
		sqlauth_sessions_check(plugin->sessions, session, access, question->topic, strlen(question->topic)));
}
