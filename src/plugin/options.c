/* Options from one table: name, what a value may be, and where it goes. */
#include "options.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "processors.h"
#include "sqlauth/ration.h"
#include "sqlauth/verified.h"
#include "workers.h"

#define OPTIONS_SHOWN_MAX 64 /* bytes of a bad name or value in a message */
#define VERIFY_SHARE_MIN  0.01

typedef bool option_parser(const char *value, struct plugin_options *options);

static bool parse_database(const char *value, struct plugin_options *options)
{
	options->database = value;
	return value[0] != '\0' && strlen(value) < PATH_MAX;
}

struct word {
	const char *word;
	int value;
};

static bool parse_word(const char *value, const struct word *words, size_t count, int *value_r)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(value, words[i].word) == 0) {
			*value_r = words[i].value;
			return true;
		}
	return false;
}

static bool parse_unknown_clients(const char *value, struct plugin_options *options)
{
	static const struct word words[] = {{"deny", false}, {"defer", true}};
	int parsed = 0;
	bool known = parse_word(value, words, 2, &parsed);

	options->defer_unknown = parsed != 0;
	return known;
}

static bool parse_takeover(const char *value, struct plugin_options *options)
{
	static const struct word words[] = {{"same_client", false}, {"any", true}};
	int parsed = 0;
	bool known = parse_word(value, words, 2, &parsed);

	options->takeover_any = parsed != 0;
	return known;
}

static bool parse_log_denied(const char *value, struct plugin_options *options)
{
	static const struct word words[] = {
		{"summary", LOG_DENIED_SUMMARY},
		{"all", LOG_DENIED_ALL},
		{"none", LOG_DENIED_NONE},
	};
	int parsed = LOG_DENIED_SUMMARY;
	bool known = parse_word(value, words, 3, &parsed);

	options->log_denied = (enum log_denied)parsed;
	return known;
}

static bool parse_metrics(const char *value, struct plugin_options *options)
{
	static const struct word words[] = {{"false", false}, {"true", true}};
	int parsed = 0;
	bool known = parse_word(value, words, 2, &parsed);

	options->metrics = parsed != 0;
	return known;
}

/* Digits, and KiB, MiB or GiB right behind them or nothing. */
static bool parse_size(const char *value, uint64_t *bytes_r)
{
	static const struct word units[] = {{"", 0}, {"KiB", 10}, {"MiB", 20}, {"GiB", 30}};
	uint64_t number = 0;
	const char *at = value;
	int shift;

	for (; *at >= '0' && *at <= '9'; at++) {
		if (number > (UINT64_MAX - 9) / 10)
			return false;
		number = 10 * number + (uint64_t)(*at - '0');
	}
	if (at == value || !parse_word(at, units, 4, &shift) || number > UINT64_MAX >> shift)
		return false;
	*bytes_r = number << shift;
	return true;
}

static bool parse_max_hash_memory(const char *value, struct plugin_options *options)
{
	return parse_size(value, &options->limits.memory_bytes) && options->limits.memory_bytes > 0;
}

/* Digits, up to a maximum. */
static bool parse_number(const char *value, uint32_t maximum, uint32_t *number_r)
{
	uint64_t number = 0;
	const char *at = value;

	for (; *at >= '0' && *at <= '9'; at++) {
		number = 10 * number + (uint64_t)(*at - '0');
		if (number > maximum)
			return false;
	}
	if (at == value || *at != '\0')
		return false;
	*number_r = (uint32_t)number;
	return true;
}

static bool parse_verify_threads(const char *value, struct plugin_options *options)
{
	return parse_number(value, WORKERS_MAX, &options->verify_threads);
}

static bool parse_verified_cache_size(const char *value, struct plugin_options *options)
{
	return parse_number(value, SQLAUTH_VERIFIED_SIZE_MAX, &options->verified_cache_size);
}

static bool parse_verified_cache_seconds(const char *value, struct plugin_options *options)
{
	return parse_number(value, SQLAUTH_VERIFIED_SECONDS_MAX, &options->verified_cache_seconds);
}

static bool parse_failures_per_address(const char *value, struct plugin_options *options)
{
	return parse_number(value, SQLAUTH_RATION_MAX, &options->failures_per_address);
}

static bool parse_failures_per_username(const char *value, struct plugin_options *options)
{
	return parse_number(value, SQLAUTH_RATION_MAX, &options->failures_per_username);
}

/* A decimal fraction such as 0.5 or 1, whatever the locale. */
static bool parse_verify_share(const char *value, struct plugin_options *options)
{
	const char *at = value;
	double share = 0, digit = 1;

	for (; *at >= '0' && *at <= '9'; at++)
		share = 10 * share + (*at - '0');
	if (at == value)
		return false;
	if (*at == '.')
		for (at++; *at >= '0' && *at <= '9'; at++)
			share += (*at - '0') * (digit /= 10);
	options->verify_share = share;
	return *at == '\0' && share >= VERIFY_SHARE_MIN && share <= 1;
}

/* One processor is the broker's. */
static uint32_t default_threads(void)
{
	unsigned processors = processors_usable();

	if (processors <= 2)
		return 1;
	return processors - 1 > WORKERS_MAX ? WORKERS_MAX : processors - 1;
}

static const struct option {
	const char *name;
	option_parser *parse;
	const char *expected;
} table[] = {
	{"database", parse_database, "the path of the SQLite file"},
	{"unknown_clients", parse_unknown_clients, "\"deny\" or \"defer\""},
	{"takeover", parse_takeover, "\"same_client\" or \"any\""},
	{"max_hash_memory", parse_max_hash_memory, "bytes, or a number with KiB, MiB or GiB right behind it"},
	{"verify_threads", parse_verify_threads, "a number from 0 (the broker's own thread) to 64"},
	{"verified_cache_size", parse_verified_cache_size, "a number from 0 (remember nothing) to 10000000"},
	{"verified_cache_seconds", parse_verified_cache_seconds, "a number from 0 (remember nothing) to 315360000"},
	{"failures_per_address", parse_failures_per_address, "a number from 0 (no ration) to 100000"},
	{"failures_per_username", parse_failures_per_username, "a number from 0 (no ration) to 100000"},
	{"verify_share", parse_verify_share, "a share from 0.01 to 1, such as 0.5"},
	{"log_denied", parse_log_denied, "\"summary\", \"all\" or \"none\""},
	{"metrics", parse_metrics, "\"true\" or \"false\""},
};
#define OPTION_COUNT (sizeof table / sizeof table[0])

static size_t find(const char *name)
{
	size_t i = 0;

	while (i < OPTION_COUNT && strcmp(table[i].name, name) != 0)
		i++;
	return i;
}

static void explain_unknown(struct sqlauth_text *why, const char *name)
{
	sqlauth_text_set(why, "unknown option plugin_opt_");
	sqlauth_text_add_quoted(why, name, strlen(name), OPTIONS_SHOWN_MAX);
	sqlauth_text_add(why, "; the options are");
	for (size_t i = 0; i < OPTION_COUNT; i++)
		sqlauth_text_add(why, "%s %s", i ? "," : "", table[i].name);
}

static enum sqlauth_error read_one(
	const struct mosquitto_opt *given, struct plugin_options *options, bool seen[], struct sqlauth_text *why)
{
	size_t i = find(given->key);
	const char *value = given->value ? given->value : "";

	if (i == OPTION_COUNT) {
		explain_unknown(why, given->key);
		return SQLAUTH_ERROR_INVALID;
	}
	if (seen[i]) {
		sqlauth_text_set(why, "option plugin_opt_%s is given twice", table[i].name);
		return SQLAUTH_ERROR_INVALID;
	}
	seen[i] = true;
	if (!table[i].parse(value, options)) {
		sqlauth_text_set(why, "option plugin_opt_%s: expected %s, not ", table[i].name, table[i].expected);
		sqlauth_text_add_quoted(why, value, strlen(value), OPTIONS_SHOWN_MAX);
		return SQLAUTH_ERROR_INVALID;
	}
	return SQLAUTH_OK;
}

enum sqlauth_error plugin_options_read(
	const struct mosquitto_opt *given, int count, struct plugin_options *options_r, struct sqlauth_text *why)
{
	struct plugin_options options = {
		.limits = {SQLAUTH_HASH_MEMORY_DEFAULT},
		.verify_threads = default_threads(),
		.verified_cache_size = 100000,
		.verified_cache_seconds = 86400,
		.failures_per_address = 20,
		.failures_per_username = 5,
		.verify_share = 0.5,
		.metrics = true,
	};
	bool seen[OPTION_COUNT] = {false};

	for (int i = 0; i < count; i++) {
		enum sqlauth_error error = read_one(&given[i], &options, seen, why);
		if (error)
			return error;
	}
	if (!options.database) {
		sqlauth_text_set(why, "option plugin_opt_database is missing: add a line "
				      "\"plugin_opt_database /path/to/sqlauth.db\" below the plugin line");
		return SQLAUTH_ERROR_INVALID;
	}
	*options_r = options;
	return SQLAUTH_OK;
}
