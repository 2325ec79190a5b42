/* The plugin's entry points: version, init, cleanup. The only symbols it exports. */
#include <stdlib.h>
#include <string.h>

#include "delayed.h"
#include "disconnects.h"
#include "metrics.h"
#include "plugin.h"
#include "sqlauth/secret.h"

#define EXPORT __attribute__((visibility("default")))

static void plugin_free(struct plugin *plugin)
{
	if (!plugin)
		return;
	plugin_leave(plugin);
	metrics_free(plugin->metrics);
	delayed_free(plugin->delayed);
	disconnects_free(plugin->disconnects);
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
	if (plugin->options.verify_threads > 0) {
		plugin->delayed = delayed_new(plugin, plugin->options.verify_threads);
		if (!plugin->delayed)
			return SQLAUTH_ERROR_MEMORY;
	}
	if (plugin->options.metrics)
		error = metrics_new(plugin, &plugin->metrics);
	if (error)
		return error;
	plugin->disconnects = disconnects_new(sqlauth_engine_store(plugin->engine), plugin->sessions, plugin->clock);
	if (!plugin->disconnects || !plugin_join(plugin))
		return SQLAUTH_ERROR_MEMORY;
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
		plugin->broker_thread = pthread_self();
		plugin->clock = &sqlauth_clock_system;
		error = plugin_options_read(options, option_count, &plugin->options, &why);
	}
	if (!error)
		error = plugin_start(plugin, &why);
	if (!error && plugin_register_events(plugin) != MOSQ_ERR_SUCCESS) {
		sqlauth_text_set(&why,
			"the broker does not accept the plugin's events; Mosquitto 2.0 takes %d instances of one "
			"plugin file, a copy under another name counts anew",
			PLUGIN_COPIES);
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
		plugin_unregister_events(plugin);
		plugin_free(plugin);
	}
	return MOSQ_ERR_SUCCESS;
}
