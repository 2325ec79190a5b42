/* Whether an MQTT client id is another client's, who is connected. The ids are the whole broker's, so this is the one
 * question about sessions that goes beyond an instance.
 */
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "plugin.h"

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
	enum sqlauth_session_kind kind;
	const char *client; /* its name in the plugin's database; NULL: anonymous, or deferred */
};

/* Whether a session of this instance's is another client's. A name is a client's within one database. */
static bool is_another(const struct plugin *owner, const struct sqlauth_session *session, const struct party *party)
{
	bool comparable = !party->client || strcmp(owner->database, party->plugin->database) == 0;

	return !comparable || !sqlauth_session_is_of(session, party->kind, party->client);
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
	const struct plugin *plugin, const struct asker *asker, enum sqlauth_session_kind kind, const char *client)
{
	const struct party party = {plugin, kind, client};
	const struct plugin *owner;

	if (plugin->options.takeover_any)
		return false;
	DL_FOREACH(instances, owner)
	if (mosquitto_client ? holder_is_another(owner, asker, &party) : any_is_another(owner, asker, &party))
		return true;
	return false;
}
