/* Counters under $SYS/broker/sqlauth/, as retained plain numbers like the broker's own (docs/operations.md, "Metrics").
 * Their names are API.
 */
#ifndef SQLAUTH_PLUGIN_METRICS_H
#define SQLAUTH_PLUGIN_METRICS_H

#include "plugin.h"

struct metrics;

/* MEMORY. With per_listener_settings every instance takes part, and the sums are published. */
enum sqlauth_error metrics_new(const struct plugin *plugin, struct metrics **metrics_r)
	__attribute__((warn_unused_result));
void metrics_free(struct metrics *metrics);

/* Publishes what has changed, every ten seconds, the first time at once. */
void metrics_tick(struct metrics *metrics);

#endif
