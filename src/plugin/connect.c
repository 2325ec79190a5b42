/* Connections: from the broker's events to sessions. Who is let in is the engine's decision; which connection a
 * question belongs to is the session table's; this file knows how the broker behaves (docs/adr/0002-session-model.md).
 */
#include <string.h>

#include "delayed.h"
#include "disconnects.h"
#include "plugin.h"

#define ENDING_MS 1000

/* An answer that is no verdict: MQTT 5 can be told on 2.1; everywhere else a close without a CONNACK, which clients
 * take for a network fault, is nearer to it than "not authorised". */
static int try_again_later(const struct mosquitto *client, int code)
{
	return client && mosquitto_client_protocol_version(client) == BROKER_PROTOCOL_MQTT5 ? code : MOSQ_ERR_UNKNOWN;
}

static int refuse(struct plugin *plugin, const struct asker *asker, enum sqlauth_reason reason)
{
	plugin->connects[reason]++;
	plugin_log_refusal(asker, reason);
	return reason == SQLAUTH_REASON_UNAVAILABLE ? try_again_later(asker->client, BROKER_ERR_SERVER_UNAVAILABLE)
						    : MOSQ_ERR_AUTH;
}

/* identity NULL: another plugin's client. */
static enum sqlauth_error begin_session(struct plugin *plugin, const struct asker *asker,
	const struct sqlauth_identity *identity, struct sqlauth_acl *acl)
{
	struct sqlauth_session_setup setup = {
		.handle = asker->handle,
		.mqtt_id = asker->mqtt_id,
		.username = asker->username,
		.kind = identity ? SQLAUTH_SESSION_OURS : SQLAUTH_SESSION_DEFERRED,
		.acl = acl,
	};
	const struct sqlauth_session *session;
	enum sqlauth_error error;

	if (identity) {
		setup.client = sqlauth_identity_client(identity);
		setup.certificate = sqlauth_identity_certificate(identity, &setup.certificate_kind);
	}
	error = sqlauth_sessions_begin(plugin->sessions, &setup, &session);
	if (!error && acl)
		plugin_log_unusable_values(asker, sqlauth_session_values(session), acl);
	return error;
}

/* ---- reload: the broker authenticates again whom it knows already ---- */

/* Whether BASIC_AUTH is about a client that the broker knows already, and not about a new connection, whatever id,
 * username and password that brings. 2.1 tells. On 2.0 the signs are: a connected session on this handle, because every
 * connection that ends is followed by DISCONNECT; subscriptions, which nobody has before it is let in; and time. All
 * questions of a reload come between RELOAD and TICK, where 2.0 reads from no socket but those of its websockets. */
static bool is_known_to_broker(struct plugin *plugin, const struct asker *asker)
{
	const struct sqlauth_session *session;

	if (mosquitto_client)
		return mosquitto_client(asker->mqtt_id) == asker->client;
	if (!plugin->reloading)
		return false;
	session = sqlauth_sessions_find_handle(plugin->sessions, asker->client, asker->mqtt_id, asker->username);
	if (session && sqlauth_session_is_connected(session))
		return true;
	if (mosquitto_client_sub_count(asker->client) > 0)
		return true;
	return plugin->ticks && mosquitto_client_protocol(asker->client) != mp_websockets;
}

/* Nobody is dropped by a reload: who is ours stays, who is another plugin's is left to it. */
static int authenticate_again(struct plugin *plugin, const struct asker *asker)
{
	const struct sqlauth_session *session =
		sqlauth_sessions_find(plugin->sessions, asker->client, asker->mqtt_id, asker->username);
	bool is_deferred = session ? sqlauth_session_kind(session) == SQLAUTH_SESSION_DEFERRED
				   : plugin_defers_stranger(plugin, asker);

	return is_deferred ? MOSQ_ERR_PLUGIN_DEFER : MOSQ_ERR_SUCCESS;
}

int plugin_on_reload(int event, void *data, void *instance)
{
	struct plugin *plugin = instance;

	(void)event;
	(void)data;
	plugin->reloading = true;
	return MOSQ_ERR_SUCCESS;
}

/* ---- new connections ---- */

/* The client certificate; *certificate_r stays NULL where there is none. One that cannot be read is an error, not none.
 */
static enum sqlauth_error take_certificate(const struct mosquitto *client, struct sqlauth_certificate **certificate_r)
{
	void *x509 = mosquitto_client_certificate(client);

	return x509 ? sqlauth_certificate_take_x509(x509, certificate_r) : SQLAUTH_OK;
}

/* Lets an identified and admitted client in. */
static int let_in(
	struct plugin *plugin, struct asker *asker, const struct sqlauth_identity *identity, struct sqlauth_acl *acl)
{
	const char *visible = sqlauth_identity_username(identity);

	if (plugin_id_is_in_use(plugin, asker, identity))
		return refuse(plugin, asker, SQLAUTH_REASON_MQTT_ID_IN_USE);
	/* Also where another, unknown username was given: nobody chooses what %u stands for. Whoever waited for its
	 * password was found by the username that it gave, so nothing is to be changed. */
	if (visible && (!asker->username || strcmp(visible, asker->username) != 0)) {
		if (!asker->client || mosquitto_set_username(asker->client, visible) != MOSQ_ERR_SUCCESS)
			return refuse(plugin, asker, SQLAUTH_REASON_UNAVAILABLE);
		asker->username = mosquitto_client_username(asker->client);
	}
	if (begin_session(plugin, asker, identity, acl))
		return refuse(plugin, asker, SQLAUTH_REASON_UNAVAILABLE);
	plugin->connects[SQLAUTH_REASON_ACCEPTED]++;
	return MOSQ_ERR_SUCCESS;
}

static int leave_to_others(struct plugin *plugin, const struct asker *asker)
{
	if (plugin_id_is_in_use(plugin, asker, NULL))
		return refuse(plugin, asker, SQLAUTH_REASON_MQTT_ID_IN_USE);
	if (begin_session(plugin, asker, NULL, NULL))
		return refuse(plugin, asker, SQLAUTH_REASON_UNAVAILABLE);
	return MOSQ_ERR_PLUGIN_DEFER;
}

static int unavailable(struct plugin *plugin, const struct asker *asker, const char *why)
{
	plugin_log_database(plugin, false, why);
	return refuse(plugin, asker, SQLAUTH_REASON_UNAVAILABLE);
}

static int admit(struct plugin *plugin, struct asker *asker, struct sqlauth_identity *identity,
	enum sqlauth_error verified, struct sqlauth_text *why)
{
	struct sqlauth_acl *acl = NULL;
	int answer;

	switch (sqlauth_engine_admit(plugin->engine, identity, verified, &acl, why)) {
	case SQLAUTH_OUTCOME_ACCEPT:
		answer = let_in(plugin, asker, identity, acl);
		sqlauth_acl_unref(acl);
		return answer;
	case SQLAUTH_OUTCOME_UNAVAILABLE:
		return unavailable(plugin, asker, why->data);
	case SQLAUTH_OUTCOME_FAILED:
		plugin_log_failure(asker, why->data);
		return refuse(plugin, asker, SQLAUTH_REASON_UNAVAILABLE);
	default:
		return refuse(plugin, asker, sqlauth_identity_reason(identity));
	}
}

/* Turns away somebody whose password was not looked at. */
static int turn_away(struct plugin *plugin, const struct asker *asker, uint64_t place, enum verify_answer answer)
{
	bool rationed = answer == VERIFY_RATIONED;
	enum sqlauth_reason reason = rationed ? SQLAUTH_REASON_RATIONED : SQLAUTH_REASON_BUSY;

	plugin->connects[reason]++;
	denial_log_add_refusal(plugin->denials, asker, reason, place);
	return try_again_later(asker->client, rationed ? BROKER_ERR_CONNECTION_RATE_EXCEEDED : BROKER_ERR_SERVER_BUSY);
}

/* Unknown usernames take the time of the last hash that was computed for anybody, be it for one of them. Generated
 * secrets are left out: nobody guesses them, and an unknown username that cost as little would be guessed for free. */
void plugin_note_verdict(struct plugin *plugin, const struct verify_mark *mark, const char *username, const char *hash,
	enum sqlauth_error verified)
{
	verify_note(&plugin->verifier, mark, username, verified);
	if ((!verified || verified == SQLAUTH_ERROR_MISMATCH) && verify_is_guessable(&plugin->verifier, hash))
		sqlauth_engine_imitate(plugin->engine, hash);
}

enum verify_answer plugin_verify_here(struct plugin *plugin, const struct verify_question *question,
	const struct verify_mark *mark, enum sqlauth_error *verified_r)
{
	enum verify_answer answer = verify_here(&plugin->verifier, question, mark, verified_r);

	if (answer == VERIFY_DONE)
		plugin_note_verdict(plugin, mark, question->username, question->hash, *verified_r);
	return answer;
}

bool plugin_decide(struct plugin *plugin, struct asker *asker, struct sqlauth_identity *identity,
	const struct verify_mark *mark, enum verify_answer answer, enum sqlauth_error verified)
{
	char why_data[SQLAUTH_MESSAGE_SIZE];
	struct sqlauth_text why;

	sqlauth_text_init(&why, why_data, sizeof why_data);
	if (answer != VERIFY_DONE)
		return turn_away(plugin, asker, mark->place, answer) == MOSQ_ERR_SUCCESS;
	return admit(plugin, asker, identity, verified, &why) == MOSQ_ERR_SUCCESS;
}

/* Whether the answer may come later: the work takes time, and nobody else is kept from the id. */
static bool may_delay(const struct plugin *plugin, const struct asker *asker, const struct sqlauth_identity *identity)
{
	return delayed_is_possible() && plugin->delayed &&
	       verify_is_slow(&plugin->verifier, sqlauth_identity_hash(identity)) &&
	       !delayed_is_contested(plugin->delayed, asker->mqtt_id) && delayed_ready(plugin->delayed);
}

/* *identity is taken where the answer is delayed. */
static int verify(struct plugin *plugin, struct asker *asker, const char *password, struct sqlauth_identity **identity)
{
	struct verify_question question = {.username = asker->username,
		.hash = sqlauth_identity_hash(*identity),
		.is_decoy = sqlauth_identity_has_decoy(*identity),
		.password = password,
		.length = strlen(password)};
	char why_data[SQLAUTH_MESSAGE_SIZE];
	struct sqlauth_text why;
	struct verify_mark mark;
	enum sqlauth_error verified = SQLAUTH_ERROR_SYSTEM;
	enum verify_answer answer;

	sqlauth_text_init(&why, why_data, sizeof why_data);
	verify_mark_init(&plugin->verifier, &question, plugin_asker_address(asker), &mark);
	answer = verify_consult(&plugin->verifier, &mark, asker->username, &verified);
	verify_count(&plugin->verifier, answer, verified);
	if (answer != VERIFY_DONE)
		sqlauth_engine_let_go(plugin->engine);
	if (answer == VERIFY_NEEDED && may_delay(plugin, asker, *identity)) {
		if (delayed_begin(plugin->delayed, asker, &question, &mark, *identity)) {
			*identity = NULL;
			return BROKER_ERR_AUTH_DELAYED;
		}
		plugin->verifier.counts.busy++;
		answer = VERIFY_BUSY;
	} else if (answer == VERIFY_NEEDED) {
		answer = plugin_verify_here(plugin, &question, &mark, &verified);
		if (answer == VERIFY_BUSY && plugin->delayed)
			delayed_prepare(plugin->delayed, &question, &mark);
	}
	if (answer != VERIFY_DONE)
		return turn_away(plugin, asker, mark.place, answer);
	return admit(plugin, asker, *identity, verified, &why);
}

static int authenticate(
	struct plugin *plugin, struct asker *asker, const char *password, const struct sqlauth_certificate *certificate)
{
	struct sqlauth_connect connect = {.mqtt_id = asker->mqtt_id,
		.username = asker->username,
		.has_password = password != NULL,
		.certificate = certificate,
		.admit_follows = true};
	char why_data[SQLAUTH_MESSAGE_SIZE];
	struct sqlauth_identity *identity = NULL;
	enum sqlauth_outcome outcome;
	struct sqlauth_text why;
	int answer;

	sqlauth_text_init(&why, why_data, sizeof why_data);
	outcome = sqlauth_engine_identify(plugin->engine, &connect, &identity, &why);
	if (outcome == SQLAUTH_OUTCOME_UNAVAILABLE)
		return unavailable(plugin, asker, why_data);
	plugin_log_database(plugin, true, NULL);
	switch (outcome) {
	case SQLAUTH_OUTCOME_UNKNOWN:
		return leave_to_others(plugin, asker);
	case SQLAUTH_OUTCOME_VERIFY:
		answer = password ? verify(plugin, asker, password, &identity)
				  : refuse(plugin, asker, SQLAUTH_REASON_NO_PASSWORD);
		break;
	case SQLAUTH_OUTCOME_ACCEPT:
		answer = admit(plugin, asker, identity, SQLAUTH_OK, &why);
		break;
	default:
		answer = refuse(plugin, asker, sqlauth_identity_reason(identity));
	}
	sqlauth_identity_free(identity);
	return answer;
}

int plugin_on_basic_auth(int event, void *data, void *instance)
{
	struct mosquitto_evt_basic_auth *question = data;
	struct plugin *plugin = instance;
	struct asker asker = plugin_asker(question->client);
	struct sqlauth_certificate *certificate = NULL;
	enum sqlauth_error error;
	int answer;

	(void)event;
	if (!plugin_in_broker_thread(plugin))
		return plugin->options.defer_unknown ? MOSQ_ERR_PLUGIN_DEFER : MOSQ_ERR_AUTH;
	asker.username = question->username;
	plugin_maintain(plugin);
	plugin_watch_clock(plugin);
	if (!asker.mqtt_id)
		return refuse(plugin, &asker, SQLAUTH_REASON_MQTT_ID);
	if (is_known_to_broker(plugin, &asker))
		return authenticate_again(plugin, &asker);
	delayed_cancel(asker.handle, asker.mqtt_id);
	plugin->asked = asker.handle;
	error = take_certificate(asker.client, &certificate);
	if (error)
		return refuse(plugin, &asker,
			error == SQLAUTH_ERROR_MEMORY ? SQLAUTH_REASON_UNAVAILABLE
						      : SQLAUTH_REASON_CERTIFICATE_MISMATCH);
	answer = authenticate(plugin, &asker, question->password, certificate);
	sqlauth_certificate_free(certificate);
	return answer;
}

/* ---- connections that the broker accepted without asking (use_identity_as_username, use_subject_as_username) ---- */

/* An ACL for an identity that was refused: it may do nothing. */
static enum sqlauth_error establish_refused(
	struct plugin *plugin, const struct asker *asker, const struct sqlauth_identity *identity)
{
	enum sqlauth_reason reason = sqlauth_identity_reason(identity);
	struct sqlauth_acl *nothing = NULL;
	enum sqlauth_error error = sqlauth_acl_compile(NULL, 0, &nothing, NULL);

	plugin->connects[reason]++;
	plugin_log_refusal(asker, reason);
	if (!error)
		error = begin_session(plugin, asker, identity, nothing);
	if (reason == SQLAUTH_REASON_DISCONNECTED)
		disconnects_look_again(plugin->disconnects); /* the broker let it in without asking */
	sqlauth_acl_unref(nothing);
	return error;
}

static enum sqlauth_error establish(
	struct plugin *plugin, const struct asker *asker, const struct sqlauth_certificate *certificate)
{
	struct sqlauth_connect connect = {
		.mqtt_id = asker->mqtt_id, .username = asker->username, .certificate = certificate};
	char why_data[SQLAUTH_MESSAGE_SIZE];
	struct sqlauth_identity *identity = NULL;
	struct sqlauth_acl *acl = NULL;
	enum sqlauth_error error;
	struct sqlauth_text why;
	enum sqlauth_outcome outcome;

	sqlauth_text_init(&why, why_data, sizeof why_data);
	outcome = sqlauth_engine_identify(plugin->engine, &connect, &identity, &why);
	if (outcome == SQLAUTH_OUTCOME_ACCEPT)
		outcome = sqlauth_engine_admit(plugin->engine, identity, SQLAUTH_OK, &acl, &why);
	plugin_log_database(plugin, outcome != SQLAUTH_OUTCOME_UNAVAILABLE, why_data);
	switch (outcome) {
	case SQLAUTH_OUTCOME_ACCEPT:
		error = begin_session(plugin, asker, identity, acl);
		plugin->connects[error ? SQLAUTH_REASON_UNAVAILABLE : SQLAUTH_REASON_ACCEPTED]++;
		break;
	case SQLAUTH_OUTCOME_UNKNOWN:
		error = begin_session(plugin, asker, NULL, NULL);
		break;
	case SQLAUTH_OUTCOME_REFUSED:
		error = establish_refused(plugin, asker, identity);
		break;
	case SQLAUTH_OUTCOME_FAILED:
		plugin_log_failure(asker, why_data);
		error = establish_refused(plugin, asker, identity);
		break;
	default:
		error = SQLAUTH_ERROR_DATABASE; /* asked again at the next question */
	}
	sqlauth_acl_unref(acl);
	sqlauth_identity_free(identity);
	return error;
}

/* Whether the connection of this handle ended just now. The broker asks about its will right after DISCONNECT, while
 * its certificate is still to be had, and whether the client itself receives that will, where it has a session that
 * lives on. A new connection on the same handle cannot come before the next TICK. Where there are no ticks (2.0.11,
 * which asks only about the will then), a short time stands in for them. */
static bool is_ending(const struct plugin *plugin, const struct asker *asker, bool may_be_will)
{
	if (plugin->ending != asker->client)
		return false;
	return plugin->ticks ||
	       (may_be_will && plugin->clock->monotonic_ms(plugin->clock->context) - plugin->ending_ms < ENDING_MS);
}

enum sqlauth_error plugin_find_session(
	struct plugin *plugin, const struct asker *asker, bool may_be_will, const struct sqlauth_session **session_r)
{
	const struct sqlauth_session *session =
		sqlauth_sessions_find_handle(plugin->sessions, asker->client, asker->mqtt_id, asker->username);
	struct sqlauth_certificate *certificate = NULL;
	enum sqlauth_error error = SQLAUTH_OK;

	if (session && (sqlauth_session_is_connected(session) || is_ending(plugin, asker, may_be_will))) {
		*session_r = session;
		return SQLAUTH_OK;
	}
	/* Only a connection that stands has a certificate: offline clients and the sources of retained messages have
	 * none. */
	error = take_certificate(asker->client, &certificate);
	if (!error && certificate)
		error = establish(plugin, asker, certificate);
	sqlauth_certificate_free(certificate);
	if (error)
		return error;
	session = sqlauth_sessions_find(plugin->sessions, asker->client, asker->mqtt_id, asker->username);
	/* Another handle than the one it connected with: the source of a retained message, asked about by name. Its own
	 * permissions count while it is connected, the database's afterwards. */
	if (!session || (!sqlauth_session_is_connected(session) &&
				session != sqlauth_sessions_find_handle(
						   plugin->sessions, asker->client, asker->mqtt_id, asker->username)))
		return SQLAUTH_ERROR_NOT_FOUND;
	*session_r = session;
	return SQLAUTH_OK;
}

/* 2.1: a connection stands. Those that were never announced by BASIC_AUTH are remembered from here on. */
int plugin_on_connect(int event, void *data, void *instance)
{
	const struct broker_evt_client *connected = data;
	struct asker asker = plugin_asker(connected->client);
	const struct sqlauth_session *session;

	(void)event;
	delayed_cancel(asker.handle, asker.mqtt_id);
	delayed_note_event(asker.handle);
	/* What fails here is tried again, and judged, at the first question. */
	if (asker.mqtt_id)
		(void)plugin_find_session(instance, &asker, false, &session);
	return MOSQ_ERR_SUCCESS;
}

/* ---- ends ---- */

static void end(struct plugin *plugin, const void *handle, bool lives_on)
{
	delayed_note_event(handle);
	sqlauth_sessions_end(plugin->sessions, handle, lives_on);
	plugin->ending = handle;
	plugin->ending_ms = plugin->clock->monotonic_ms(plugin->clock->context);
}

int plugin_on_disconnect(int event, void *data, void *instance)
{
	const struct mosquitto_evt_disconnect *ended = data;
	struct asker asker = plugin_asker(ended->client);
	struct plugin *plugin = instance;
	const struct sqlauth_session *session;
	/* 2.1 says CLIENT_OFFLINE where the session lives on. 2.0 does not tell; MQTT 5's session expiry is not to be
	 * had. */
	bool may_live_on =
		!mosquitto_client && (!mosquitto_client_clean_session(ended->client) ||
					     mosquitto_client_protocol_version(ended->client) == BROKER_PROTOCOL_MQTT5);

	(void)event;
	plugin_watch_clock(plugin);
	/* 2.0: a connection that BASIC_AUTH never announced may have asked nothing yet, and its will is asked about
	 * when its certificate is gone. One that was refused just now has no will. */
	if (!mosquitto_client && asker.mqtt_id && plugin->asked != asker.handle)
		(void)plugin_find_session(plugin, &asker, false, &session);
	/* 2.1: nobody was asked about a connection whose id is held by one that waits. */
	if (mosquitto_client && asker.mqtt_id && plugin->asked != asker.handle &&
		!sqlauth_sessions_find_handle(plugin->sessions, asker.handle, asker.mqtt_id, asker.username))
		delayed_note_turned_away(asker.handle, asker.mqtt_id);
	if (plugin->asked == asker.handle)
		plugin->asked = NULL;
	end(plugin, ended->client, may_live_on);
	return MOSQ_ERR_SUCCESS;
}

int plugin_on_offline(int event, void *data, void *instance)
{
	const struct broker_evt_client *offline = data;

	(void)event;
	end(instance, offline->client, true);
	return MOSQ_ERR_SUCCESS;
}
