/* Which of the broker's events the plugin takes, and with which functions. Knows nothing of what these do. */
#include "plugin.h"

/* Mosquitto 2.0 takes a function only once for an event, also where it is another instance's: each instance that it
 * loads from this file registers copies of its own. */
#define COPY(on, number)                                                                                               \
	static int on##_##number(int event, void *data, void *instance)                                                \
	{                                                                                                              \
		return on(event, data, instance);                                                                      \
	}
#define CALLBACK(on)                                                                                                   \
	COPY(on, first)                                                                                                \
	COPY(on, second)                                                                                               \
	COPY(on, third)                                                                                                \
	COPY(on, fourth)                                                                                               \
	static const MOSQ_FUNC_generic_callback on##_copies[PLUGIN_COPIES] = {                                         \
		on##_first, on##_second, on##_third, on##_fourth};

CALLBACK(plugin_on_reload)
CALLBACK(plugin_on_basic_auth)
CALLBACK(plugin_on_acl_check)
CALLBACK(plugin_on_tick)
CALLBACK(plugin_on_turn)
CALLBACK(plugin_on_disconnect)
CALLBACK(plugin_on_connect)
CALLBACK(plugin_on_offline)

static const struct {
	int event;
	const MOSQ_FUNC_generic_callback *copies;
	bool optional; /* 2.0 does not know it */
} events[] = {
	{MOSQ_EVT_RELOAD, plugin_on_reload_copies, false},
	{MOSQ_EVT_BASIC_AUTH, plugin_on_basic_auth_copies, false},
	{MOSQ_EVT_ACL_CHECK, plugin_on_acl_check_copies, false},
	{MOSQ_EVT_TICK, plugin_on_tick_copies, false},
	{MOSQ_EVT_TICK, plugin_on_turn_copies, false},
	{MOSQ_EVT_DISCONNECT, plugin_on_disconnect_copies, false},
	{BROKER_EVT_CONNECT, plugin_on_connect_copies, true},
	{BROKER_EVT_CLIENT_OFFLINE, plugin_on_offline_copies, true},
};
#define EVENT_COUNT (sizeof events / sizeof events[0])

static int register_event(struct plugin *plugin, size_t i)
{
	return mosquitto_callback_register(
		plugin->identifier, events[i].event, events[i].copies[plugin->copy], NULL, plugin);
}

static void unregister_event(struct plugin *plugin, size_t i)
{
	mosquitto_callback_unregister(plugin->identifier, events[i].event, events[i].copies[plugin->copy], NULL);
}

static void unregister(struct plugin *plugin, size_t count)
{
	for (size_t i = 0; i < count; i++)
		unregister_event(plugin, i);
}

void plugin_unregister_events(struct plugin *plugin)
{
	unregister(plugin, EVENT_COUNT);
}

/* Registers one set of copies. */
static int register_copies(struct plugin *plugin)
{
	for (size_t i = 0; i < EVENT_COUNT; i++) {
		int answer = register_event(plugin, i);

		if (answer != MOSQ_ERR_SUCCESS && !(events[i].optional && answer == MOSQ_ERR_NOT_SUPPORTED)) {
			unregister(plugin, i);
			return answer;
		}
	}
	return MOSQ_ERR_SUCCESS;
}

int plugin_register_events(struct plugin *plugin)
{
	int answer = MOSQ_ERR_ALREADY_EXISTS;

	for (size_t copy = 0; copy < PLUGIN_COPIES && answer == MOSQ_ERR_ALREADY_EXISTS; copy++) {
		plugin->copy = copy;
		answer = register_copies(plugin);
	}
	return answer;
}

bool plugin_register_ticks_again(struct plugin *plugin)
{
	bool done = true;

	for (size_t i = 0; i < EVENT_COUNT; i++) {
		if (events[i].event != MOSQ_EVT_TICK)
			continue;
		unregister_event(plugin, i);
		done = register_event(plugin, i) == MOSQ_ERR_SUCCESS && done;
	}
	return done;
}
