/* What happens by time: old sessions are forgotten, denials summed up, and clients disconnected whose disconnect_before
 * was set. TICK comes thousands of times a second on 2.0, and on 2.1 when asked for.
 */
#include <stdlib.h>
#include <string.h>

#include "delayed.h"
#include "metrics.h"
#include "plugin.h"

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#define PERIOD_MS     1000 /* disconnect_before must act within two seconds */
#define EXPIRE_BUDGET 1000 /* sessions forgotten at once: well under a millisecond */

/* ---- disconnect_before ---- */

struct disconnect {
	UT_hash_handle hh;
	int64_t before;
	char name[];
};

struct sweep {
	struct disconnect *disconnects; /* by client name */
	char **ids;                     /* MQTT client ids to disconnect: kicking changes the session table */
	size_t count, capacity;
	bool out_of_memory;
};

static void sweep_clear(struct sweep *sweep)
{
	struct disconnect *disconnect, *next;

	HASH_ITER(hh, sweep->disconnects, disconnect, next)
	{
		HASH_DEL(sweep->disconnects, disconnect);
		free(disconnect);
	}
	for (size_t i = 0; i < sweep->count; i++)
		free(sweep->ids[i]);
	free(sweep->ids);
}

static void add_disconnect(void *context, const char *client, int64_t before)
{
	struct sweep *sweep = context;
	size_t length = strlen(client);
	struct disconnect *disconnect = malloc(sizeof *disconnect + length + 1);

	if (!disconnect) {
		sweep->out_of_memory = true;
		return;
	}
	disconnect->before = before;
	memcpy(disconnect->name, client, length + 1);
	HASH_ADD_KEYPTR(hh, sweep->disconnects, disconnect->name, length, disconnect);
	if (!disconnect->hh.tbl) {
		free(disconnect);
		sweep->out_of_memory = true;
	}
}

static bool reserve_id(struct sweep *sweep)
{
	size_t more = sweep->capacity ? 2 * sweep->capacity : 16;
	char **moved;

	if (sweep->count < sweep->capacity)
		return true;
	moved = realloc(sweep->ids, more * sizeof *moved);
	if (!moved)
		return false;
	sweep->ids = moved;
	sweep->capacity = more;
	return true;
}

static void choose_session(void *context, const struct sqlauth_session *session)
{
	struct sweep *sweep = context;
	const char *client = sqlauth_session_client(session);
	struct disconnect *disconnect = NULL;

	if (client)
		HASH_FIND_STR(sweep->disconnects, client, disconnect);
	if (!disconnect || sqlauth_session_connected_at(session) > disconnect->before)
		return;
	if (reserve_id(sweep) && (sweep->ids[sweep->count] = strdup(sqlauth_session_mqtt_id(session))))
		sweep->count++;
	else
		sweep->out_of_memory = true;
}

static enum sqlauth_error read_disconnects(struct plugin *plugin, struct sweep *sweep)
{
	struct sqlauth_store *store = sqlauth_engine_store(plugin->engine);
	enum sqlauth_error error = sqlauth_store_begin(store, NULL);

	if (error)
		return error;
	/* Older values name connections that this process cannot have. */
	error = sqlauth_store_visit_disconnects(store, plugin->started_at, add_disconnect, sweep);
	sqlauth_store_end(store);
	return error;
}

/* Disconnects whom the database says, where it may have changed. On any trouble it is tried again in a second. */
static void enforce_disconnects(struct plugin *plugin)
{
	struct sweep sweep = {0};
	uint64_t version;

	if (sqlauth_store_data_version(sqlauth_engine_store(plugin->engine), &version))
		return;
	if (plugin->disconnects_read && version == plugin->disconnects_at)
		return;
	if (!read_disconnects(plugin, &sweep)) {
		if (sweep.disconnects)
			sqlauth_sessions_visit_connected(plugin->sessions, choose_session, &sweep);
		plugin->disconnects_read = !sweep.out_of_memory;
		plugin->disconnects_at = version;
	}
	for (size_t i = 0; i < sweep.count; i++) {
		char data[LOG_LINE_SIZE];
		struct sqlauth_text line;

		sqlauth_text_init(&line, data, sizeof data);
		sqlauth_text_add(&line, "disconnected reason=disconnect_before client_id=");
		sqlauth_text_add_quoted(&line, sweep.ids[i], strlen(sweep.ids[i]), LOG_FIELD_BYTES);
		plugin_log(MOSQ_LOG_NOTICE, data);
		mosquitto_kick_client_by_clientid(sweep.ids[i], true);
	}
	sweep_clear(&sweep);
}

/* ---- ticks ---- */

static bool is_due(struct plugin *plugin)
{
	int64_t now = plugin->clock->monotonic_ms(plugin->clock->context);

	if (now - plugin->maintained_ms < PERIOD_MS)
		return false;
	plugin->maintained_ms = now;
	return true;
}

static void maintain(struct plugin *plugin)
{
	sqlauth_sessions_expire(plugin->sessions, EXPIRE_BUDGET);
	denial_log_tick(plugin->denials);
	if (plugin->metrics)
		metrics_tick(plugin->metrics);
}

void plugin_maintain(struct plugin *plugin)
{
	if (!plugin->ticks && is_due(plugin))
		maintain(plugin);
}

int plugin_on_tick(int event, void *data, void *instance)
{
	struct mosquitto_evt_tick *tick = data;
	struct plugin *plugin = instance;

	(void)event;
	plugin->ticks = true;
	plugin->reloading = false;
	plugin->ending = NULL;
	tick->next_s = 1;
	tick->next_ns = 0;
	if (is_due(plugin)) {
		maintain(plugin);
		enforce_disconnects(plugin);
	}
	return MOSQ_ERR_SUCCESS;
}

/* A time of 0 is the next turn, however the broker comes to it: a worker wakes it. The other TICK bounds its sleep. */
int plugin_on_turn(int event, void *data, void *instance)
{
	struct mosquitto_evt_tick *tick = data;
	struct plugin *plugin = instance;

	(void)event;
	delayed_turn(plugin->delayed);
	tick->next_s = 0;
	tick->next_ns = delayed_must_look(plugin->delayed) ? 1 : 0; /* 2.1 reads milliseconds here */
	return MOSQ_ERR_SUCCESS;
}
