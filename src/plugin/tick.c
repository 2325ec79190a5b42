/* What happens by time: old sessions are forgotten, denials summed up, disconnect_before is obeyed. TICK comes
 * thousands of times a second on 2.0, and on 2.1 when asked for.
 */
#include "delayed.h"
#include "disconnects.h"
#include "metrics.h"
#include "plugin.h"

#define PERIOD_MS     1000 /* disconnect_before must act within two seconds */
#define EXPIRE_BUDGET 1000 /* sessions forgotten at once: well under a millisecond */

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
	if (plugin->delayed)
		delayed_rest(plugin->delayed);
	if (plugin->metrics)
		metrics_tick(plugin->metrics);
}

void plugin_maintain(struct plugin *plugin)
{
	if (plugin->ticks || !is_due(plugin))
		return;
	maintain(plugin);
	if (!plugin->told_of_no_ticks)
		plugin_log(MOSQ_LOG_WARNING,
			"this Mosquitto gives the plugin no ticks, as 2.0.11 with per_listener_settings: clients stay "
			"connected whatever disconnect_before says; upgrade it, or do without per_listener_settings");
	plugin->told_of_no_ticks = true;
}

/* 2.1 calls TICK when the system's clock says what it said at the last one, and so would wait for as long as that was
 * set back: nobody who waits would be answered. A TICK that is registered anew is called at the next turn. 2.0 counts
 * time. */
void plugin_watch_clock(struct plugin *plugin)
{
	int64_t now;

	if (!mosquitto_client)
		return;
	now = plugin->clock->unix_seconds(plugin->clock->context);
	if (now >= plugin->turned_at)
		return;
	if (plugin_register_ticks_again(plugin)) {
		plugin_log(MOSQ_LOG_NOTICE, "the system's clock was set back; ticks begin anew");
		plugin->turned_at = now;
	} else {
		plugin_log(MOSQ_LOG_ERR,
			"the system's clock was set back, and the broker takes no new ticks: nobody can be verified "
			"before it is right again; restart the broker");
	}
}

int plugin_on_tick(int event, void *data, void *instance)
{
	struct mosquitto_evt_tick *tick = data;
	struct plugin *plugin = instance;

	(void)event;
	plugin->ticks = true;
	plugin->reloading = false;
	tick->next_s = 1;
	tick->next_ns = 0;
	if (is_due(plugin)) {
		maintain(plugin);
		disconnects_look(plugin->disconnects);
	}
	if (disconnects_close_some(plugin->disconnects)) {
		tick->next_s = 0;
		tick->next_ns = 1; /* 2.1 reads milliseconds here */
	}
	return MOSQ_ERR_SUCCESS;
}

/* A time of 0 is the next turn, however the broker comes to it: a worker wakes it. The other TICK bounds its sleep. */
int plugin_on_turn(int event, void *data, void *instance)
{
	struct mosquitto_evt_tick *tick = data;
	struct plugin *plugin = instance;

	(void)event;
	plugin->ending = NULL;
	plugin->turned_at = tick->now_s;
	if (plugin->delayed)
		delayed_turn(plugin->delayed);
	verify_turn();
	tick->next_s = 0;
	/* 2.1 reads milliseconds here */
	tick->next_ns = plugin->delayed && delayed_must_look(plugin->delayed) ? 1 : 0;
	return MOSQ_ERR_SUCCESS;
}
