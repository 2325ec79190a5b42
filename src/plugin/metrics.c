/* Metrics from one table: name, where the number comes from. Reads the other modules and changes nothing in them. */
#include "metrics.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "delayed.h"

#define PREFIX    "$SYS/broker/sqlauth/"
#define PERIOD_MS 10000 /* the broker's sys_interval by default */
#define TOPIC_MAX 96

typedef uint64_t metric_reader(const struct plugin *plugin);

static uint64_t refused(const struct plugin *plugin)
{
	uint64_t sum = 0;

	for (int reason = SQLAUTH_REASON_ACCEPTED + 1; reason < SQLAUTH_REASONS; reason++)
		sum += plugin->connects[reason];
	return sum;
}

static uint64_t accepted(const struct plugin *plugin)
{
	return plugin->connects[SQLAUTH_REASON_ACCEPTED];
}

static uint64_t remembered_right(const struct plugin *plugin)
{
	return plugin->verifier.counts.remembered_right;
}

static uint64_t remembered_wrong(const struct plugin *plugin)
{
	return plugin->verifier.counts.remembered_wrong;
}

static uint64_t fresh_right(const struct plugin *plugin)
{
	return plugin->verifier.counts.fresh_right;
}

static uint64_t fresh_wrong(const struct plugin *plugin)
{
	return plugin->verifier.counts.fresh_wrong;
}

static uint64_t rationed(const struct plugin *plugin)
{
	return plugin->verifier.counts.rationed;
}

static uint64_t busy(const struct plugin *plugin)
{
	return plugin->verifier.counts.busy;
}

static uint64_t waiting(const struct plugin *plugin)
{
	return plugin->delayed ? delayed_waiting(plugin->delayed) : 0;
}

static uint64_t longest_wait(const struct plugin *plugin)
{
	return plugin->delayed ? (uint64_t)delayed_longest_ms(plugin->delayed) : 0;
}

static uint64_t memory_right(const struct plugin *plugin)
{
	return sqlauth_verified_count(plugin->verifier.memory, true);
}

static uint64_t memory_wrong(const struct plugin *plugin)
{
	return sqlauth_verified_count(plugin->verifier.memory, false);
}

static uint64_t sessions_connected(const struct plugin *plugin)
{
	return sqlauth_sessions_connected(plugin->sessions);
}

static uint64_t sessions_ended(const struct plugin *plugin)
{
	return sqlauth_sessions_ended(plugin->sessions);
}

static uint64_t compiled_acls(const struct plugin *plugin)
{
	return sqlauth_engine_acl_count(plugin->engine);
}

static uint64_t reopenings(const struct plugin *plugin)
{
	return sqlauth_store_reopenings(sqlauth_engine_store(plugin->engine));
}

/* docs/operations.md explains each; a name, once published, stays. `connects/refused/REASON` follows these, for each
 * reason's word. */
static const struct metric {
	const char *name;
	metric_reader *read;
} table[] = {
	{"connects/accepted", accepted},
	{"connects/refused", refused},
	{"verifications/remembered/right", remembered_right},
	{"verifications/remembered/wrong", remembered_wrong},
	{"verifications/fresh/right", fresh_right},
	{"verifications/fresh/wrong", fresh_wrong},
	{"verifications/rationed", rationed},
	{"verifications/busy", busy},
	{"verifications/waiting", waiting},
	{"verifications/longest_wait_ms", longest_wait},
	{"memory/right", memory_right},
	{"memory/wrong", memory_wrong},
	{"sessions/connected", sessions_connected},
	{"sessions/ended", sessions_ended},
	{"acls/compiled", compiled_acls},
	{"database/reopenings", reopenings},
};
#define METRIC_COUNT (sizeof table / sizeof table[0])

struct metrics {
	struct metrics *prev, *next;
	const struct plugin *plugin;
	int64_t published_ms; /* when this one last did, for all */
	bool published;
};

/* The topics are the process's, so what stands there is the sum over all instances. Broker's thread only. */
static struct metrics *instances;
static uint64_t shown[METRIC_COUNT], shown_reasons[SQLAUTH_REASONS];

enum sqlauth_error metrics_new(const struct plugin *plugin, struct metrics **metrics_r)
{
	struct metrics *metrics = calloc(1, sizeof *metrics);

	if (!metrics)
		return SQLAUTH_ERROR_MEMORY;
	if (!instances) {
		memset(shown, 0xff, sizeof shown);
		memset(shown_reasons, 0xff, sizeof shown_reasons);
	}
	metrics->plugin = plugin;
	DL_APPEND(instances, metrics);
	*metrics_r = metrics;
	return SQLAUTH_OK;
}

void metrics_free(struct metrics *metrics)
{
	if (!metrics)
		return;
	DL_DELETE(instances, metrics);
	free(metrics);
}

static void publish(const char *name, const char *detail, uint64_t value, uint64_t *shown_value)
{
	char topic[TOPIC_MAX], payload[24];
	int length;

	if (value == *shown_value)
		return;
	snprintf(topic, sizeof topic, PREFIX "%s%s", name, detail);
	length = snprintf(payload, sizeof payload, "%" PRIu64, value);
	if (mosquitto_broker_publish_copy(NULL, topic, length, payload, 0, true, NULL) == MOSQ_ERR_SUCCESS)
		*shown_value = value;
}

static void publish_all(void)
{
	const struct metrics *each;

	for (size_t i = 0; i < METRIC_COUNT; i++) {
		uint64_t sum = 0;
		DL_FOREACH(instances, each)
		sum += table[i].read(each->plugin);
		publish(table[i].name, "", sum, &shown[i]);
	}
	for (int reason = SQLAUTH_REASON_ACCEPTED + 1; reason < SQLAUTH_REASONS; reason++) {
		uint64_t sum = 0;
		DL_FOREACH(instances, each)
		sum += each->plugin->connects[reason];
		publish("connects/refused/", sqlauth_reason_word((enum sqlauth_reason)reason), sum,
			&shown_reasons[reason]);
	}
}

void metrics_tick(struct metrics *metrics)
{
	const struct sqlauth_clock *clock = metrics->plugin->clock;
	int64_t now = clock->monotonic_ms(clock->context);

	/* One for all. */
	if (metrics != instances || (metrics->published && now - metrics->published_ms < PERIOD_MS))
		return;
	metrics->published = true;
	metrics->published_ms = now;
	publish_all();
}
