/* The plugin's entry points: version, init, cleanup, and the table of events. The only symbols it exports. */
#include <stdlib.h>
#include <string.h>

#include "plugin.h"
#include "sqlauth/secret.h"

#define EXPORT __attribute__((visibility("default")))

/* Mosquitto 2.0 takes a function only once for an event, also where it is another instance's: each instance that it
 * loads from this file registers copies of its own. */
#define COPIES 4
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
	static const MOSQ_FUNC_generic_callback on##_copies[COPIES] = {                                                \
		on##_first, on##_second, on##_third, on##_fourth};

CALLBACK(plugin_on_reload)
CALLBACK(plugin_on_basic_auth)
CALLBACK(plugin_on_acl_check)
CALLBACK(plugin_on_tick)
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
	{MOSQ_EVT_DISCONNECT, plugin_on_disconnect_copies, false},
	{BROKER_EVT_CONNECT, plugin_on_connect_copies, true},
	{BROKER_EVT_CLIENT_OFFLINE, plugin_on_offline_copies, true},
};
#define EVENT_COUNT (sizeof events / sizeof events[0])

static void unregister_events(struct plugin *plugin, size_t count)
{
	for (size_t i = 0; i < count; i++)
		mosquitto_callback_unregister(
			plugin->identifier, events[i].event, events[i].copies[plugin->copy], NULL);
}

/* Registers one set of copies. MOSQ_ERR_SUCCESS; or the broker's answer, and nothing is registered. */
static int register_copies(struct plugin *plugin)
{
	for (size_t i = 0; i < EVENT_COUNT; i++) {
		int answer = mosquitto_callback_register(
			plugin->identifier, events[i].event, events[i].copies[plugin->copy], NULL, plugin);
		if (answer != MOSQ_ERR_SUCCESS && !(events[i].optional && answer == MOSQ_ERR_NOT_SUPPORTED)) {
			unregister_events(plugin, i);
			return answer;
		}
	}
	return MOSQ_ERR_SUCCESS;
}

static bool register_events(struct plugin *plugin)
{
	int answer = MOSQ_ERR_ALREADY_EXISTS;

	for (plugin->copy = 0; plugin->copy < COPIES && answer == MOSQ_ERR_ALREADY_EXISTS; plugin->copy++)
		answer = register_copies(plugin);
	plugin->copy--;
	return answer == MOSQ_ERR_SUCCESS;
}

static void plugin_free(struct plugin *plugin)
{
	if (!plugin)
		return;
	denial_log_free(plugin->denials);
	verifier_fini(&plugin->verifier);
	sqlauth_sessions_free(plugin->sessions);
	sqlauth_engine_free(plugin->engine);
	free(plugin);
}

static enum sqlauth_error plugin_start(struct plugin *plugin, struct sqlauth_text *why)
{
	struct sqlauth_engine_options options = {
		.database = plugin->options.database,
		.defer_unknown = plugin->options.defer_unknown,
		.clock = plugin->clock,
	};
	enum sqlauth_error error = sqlauth_secret_init();

	if (!error)
		error = sqlauth_engine_new(&options, &plugin->engine, why);
	if (!error)
		error = verifier_init(&plugin->options, plugin->clock, &plugin->verifier);
	if (!error)
		error = sqlauth_sessions_new(plugin->clock, SQLAUTH_SESSIONS_ENDED_MAX, &plugin->sessions);
	if (error)
		return error;
	plugin->denials = denial_log_new(plugin->options.log_denied, plugin->clock);
	if (!plugin->denials)
		return SQLAUTH_ERROR_MEMORY;
	plugin->started_at = plugin->clock->unix_seconds(plugin->clock->context);
	plugin->maintained_ms = plugin->clock->monotonic_ms(plugin->clock->context);
	return SQLAUTH_OK;
}

static void log_start(const struct plugin *plugin)
{
	char data[LOG_LINE_SIZE];
	struct sqlauth_text line;

	sqlauth_text_init(&line, data, sizeof data);
	sqlauth_text_add(&line, "version %s ready, database ", SQLAUTH_VERSION);
	sqlauth_text_add_quoted(
		&line, plugin->options.database, strlen(plugin->options.database), SQLAUTH_MESSAGE_SIZE);
	plugin_log(MOSQ_LOG_NOTICE, data);
}

EXPORT int mosquitto_plugin_version(int supported_version_count, const int *supported_versions)
{
	for (int i = 0; i < supported_version_count; i++)
		if (supported_versions[i] == MOSQ_PLUGIN_VERSION)
			return MOSQ_PLUGIN_VERSION;
	return -1;
}

EXPORT int mosquitto_plugin_init(
	mosquitto_plugin_id_t *identifier, void **user_data, struct mosquitto_opt *options, int option_count)
{
	char why_data[SQLAUTH_MESSAGE_SIZE];
	struct sqlauth_text why;
	struct plugin *plugin = calloc(1, sizeof *plugin);
	enum sqlauth_error error = plugin ? SQLAUTH_OK : SQLAUTH_ERROR_MEMORY;

	sqlauth_text_init(&why, why_data, sizeof why_data);
	if (!error) {
		plugin->identifier = identifier;
		plugin->clock = &sqlauth_clock_system;
		error = plugin_options_read(options, option_count, &plugin->options, &why);
	}
	if (!error)
		error = plugin_start(plugin, &why);
	if (!error && !register_events(plugin)) {
		sqlauth_text_set(&why,
			"the broker does not accept the plugin's events; Mosquitto 2.0 takes %d instances of one "
			"plugin file, a copy under another name counts anew",
			COPIES);
		error = SQLAUTH_ERROR_SYSTEM;
	}
	if (error) {
		plugin_log(MOSQ_LOG_ERR, why.length ? why_data : sqlauth_strerror(error));
		plugin_free(plugin);
		return error == SQLAUTH_ERROR_MEMORY ? MOSQ_ERR_NOMEM : MOSQ_ERR_INVAL;
	}
	if (mosquitto_plugin_set_info)
		mosquitto_plugin_set_info(identifier, "sqlauth", SQLAUTH_VERSION);
	log_start(plugin);
	plugin->options.database = NULL; /* the broker's; the engine has its copy */
	*user_data = plugin;
	return MOSQ_ERR_SUCCESS;
}

EXPORT int mosquitto_plugin_cleanup(void *user_data, struct mosquitto_opt *options, int option_count)
{
	struct plugin *plugin = user_data; /* NULL: 2.1 calls this after a failed init too */

	(void)options;
	(void)option_count;
	if (plugin) {
		unregister_events(plugin, EVENT_COUNT);
		plugin_free(plugin);
	}
	return MOSQ_ERR_SUCCESS;
}
