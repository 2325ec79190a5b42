/* Whether an MQTT client id is another client's, who is connected. The ids are the whole broker's, so this is the one
 * question about sessions that goes beyond an instance.
 */
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "plugin.h"
#include "sqlauth/session_owner.h"

/* All of this process. Broker's thread only. */
static struct plugin *instances;

bool plugin_join(struct plugin *plugin)
{
	const char *path = plugin->options.database;

	plugin->database = realpath(path, NULL);
	if (!plugin->database)
		plugin->database = strdup(path);
	if (plugin->database)
		DL_APPEND(instances, plugin);
	return plugin->database;
}

void plugin_leave(struct plugin *plugin)
{
	if (!plugin->database)
		return;
	DL_DELETE(instances, plugin);
	free(plugin->database);
}

/* Who asks for the id. */
struct party {
	const struct plugin *plugin;
	const struct sqlauth_identity *identity; /* NULL: another plugin's client */
};

/* Whether the session is this client's under the name that it has now. Where the database cannot tell, the name that it
 * had counts. */
static bool is_still_of(const struct party *party, const struct sqlauth_session *session, const char *client)
{
	struct sqlauth_store *store = sqlauth_engine_store(party->plugin->engine);
	bool same = strcmp(sqlauth_session_client(session), client) == 0;
	char *owner = NULL;

	if (sqlauth_store_begin(store, NULL))
		return same;
	if (!sqlauth_session_owner(store, session, &owner))
		same = strcmp(owner, client) == 0;
	sqlauth_store_end(store);
	free(owner);
	return same;
}

/* Whether it was found by the same username or certificate. */
static bool found_alike(const struct party *party, const struct sqlauth_session *session)
{
	enum sqlauth_match_by kind, kind_now;
	const char *certificate = sqlauth_session_certificate(session, &kind);
	const char *certificate_now = sqlauth_identity_certificate(party->identity, &kind_now);
	const char *username = sqlauth_session_username(session);

	if (certificate || certificate_now)
		return certificate && certificate_now && kind == kind_now && strcmp(certificate, certificate_now) == 0;
	return username && strcmp(username, sqlauth_identity_username(party->identity)) == 0;
}

/* Whether a session of this instance's is another client's. A name is a client's within one database. Who was found
 * alike and has the same name is the same, which takes no look at the database; otherwise one of the two may have been
 * renamed. */
static bool is_another(const struct plugin *owner, const struct sqlauth_session *session, const struct party *party)
{
	enum sqlauth_session_kind kind = party->identity ? SQLAUTH_SESSION_OURS : SQLAUTH_SESSION_DEFERRED;
	const char *client = party->identity ? sqlauth_identity_client(party->identity) : NULL;
	bool same = sqlauth_session_is_of(session, kind, client);

	if (!client || !sqlauth_session_client(session))
		return !same;
	if (strcmp(owner->database, party->plugin->database) != 0)
		return true;
	if (same && found_alike(party, session))
		return false;
	return !is_still_of(party, session, client);
}

/* 2.1 says whose the id is, and gives no DISCONNECT for a client that left while another plugin was still deciding
 * about it: such a one holds nothing. */
static bool holder_is_another(const struct plugin *owner, const struct asker *asker, const struct party *party)
{
	struct mosquitto *holder = mosquitto_client(asker->mqtt_id);
	const struct sqlauth_session *session;

	if (!holder)
		return false;
	session = sqlauth_sessions_find_handle(
		owner->sessions, holder, asker->mqtt_id, mosquitto_client_username(holder));
	return session && sqlauth_session_is_connected(session) && is_another(owner, session, party);
}

static bool any_is_another(const struct plugin *owner, const struct asker *asker, const struct party *party)
{
	const struct sqlauth_session *session = NULL;

	while ((session = sqlauth_sessions_next_holder(owner->sessions, asker->mqtt_id, asker->handle, session)))
		if (is_another(owner, session, party))
			return true;
	return false;
}

bool plugin_id_is_in_use(
	const struct plugin *plugin, const struct asker *asker, const struct sqlauth_identity *identity)
{
	const struct party party = {plugin, identity};
	const struct plugin *owner;

	if (plugin->options.takeover_any)
		return false;
	DL_FOREACH(instances, owner)
	if (mosquitto_client ? holder_is_another(owner, asker, &party) : any_is_another(owner, asker, &party))
		return true;
	return false;
}
