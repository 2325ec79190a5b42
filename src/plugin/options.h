/* The plugin's options: plugin_opt_... lines of mosquitto.conf (docs/operations.md, "Options"). */
#ifndef SQLAUTH_PLUGIN_OPTIONS_H
#define SQLAUTH_PLUGIN_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "broker.h"
#include "sqlauth/error.h"
#include "sqlauth/password.h"
#include "sqlauth/text.h"

enum log_denied { LOG_DENIED_SUMMARY, LOG_DENIED_ALL, LOG_DENIED_NONE };

struct plugin_options {
	const char *database; /* borrowed from the broker's options until init returns */
	bool defer_unknown;
	bool takeover_any;
	struct sqlauth_password_limits limits;
	enum log_denied log_denied;
	uint32_t verify_threads;                              /* 0: none, the broker's own verifies */
	uint32_t verified_cache_size, verified_cache_seconds; /* 0: nothing is remembered */
	uint32_t failures_per_address, failures_per_username; /* a second; 0: not rationed */
	bool metrics;
	double verify_share; /* of the broker's time, over 0 and up to 1 */
};

/* Reads all options; defaults for what is not given. INVALID, and *why names the option, what is wrong and what would
 * be right, for an unknown option, one given twice, a malformed value, or a missing required one. */
enum sqlauth_error plugin_options_read(const struct mosquitto_opt *given, int count, struct plugin_options *options_r,
	struct sqlauth_text *why) __attribute__((warn_unused_result));

#endif
