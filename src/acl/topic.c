/* Topic names and topic filters: validity, match, cover. Knows MQTT's rules for topics and nothing of permissions. */
#include "sqlauth/topic.h"

#include <string.h>

#define SHARE_PREFIX        "$share/"
#define SHARE_PREFIX_LENGTH (sizeof SHARE_PREFIX - 1)

/* The level that begins at `at`; at > length: there is none left. */
struct level {
	const char *text;
	size_t length;
};

static struct level level_at(const char *topic, size_t length, size_t at)
{
	const char *slash = memchr(topic + at, '/', length - at);
	return (struct level){topic + at, slash ? (size_t)(slash - topic) - at : length - at};
}

static bool level_is(struct level level, char wildcard)
{
	return level.length == 1 && level.text[0] == wildcard;
}

static bool first_level_is_wildcard(const char *filter, size_t length)
{
	return (filter[0] == '+' || filter[0] == '#') && (length == 1 || filter[1] == '/');
}

/* A wildcard at the first level reaches no topic that begins with `$` (MQTT 5.0, 4.7.2). */
static bool dollar_is_out_of_reach(const char *filter, size_t filter_length, const char *topic)
{
	return topic[0] == '$' && first_level_is_wildcard(filter, filter_length);
}

static enum sqlauth_topic_fault hash_fault(const char *filter, size_t length)
{
	const char *hash = memchr(filter, '#', length);

	if (!hash)
		return SQLAUTH_TOPIC_FINE;
	if (memchr(hash, '/', length - (size_t)(hash - filter)))
		return SQLAUTH_TOPIC_HASH_NOT_LAST;
	if (hash != filter + length - 1 || (hash != filter && hash[-1] != '/'))
		return SQLAUTH_TOPIC_HASH_NOT_ALONE;
	return SQLAUTH_TOPIC_FINE;
}

static enum sqlauth_topic_fault plus_fault(const char *filter, size_t length)
{
	const char *end = filter + length, *plus = filter;

	while ((plus = memchr(plus, '+', (size_t)(end - plus)))) {
		if ((plus != filter && plus[-1] != '/') || (plus + 1 != end && plus[1] != '/'))
			return SQLAUTH_TOPIC_PLUS_NOT_ALONE;
		plus++;
	}
	return SQLAUTH_TOPIC_FINE;
}

static enum sqlauth_topic_fault placeholder_fault(const char *topic, size_t length)
{
	const char *end = topic + length, *percent = topic;

	while ((percent = memchr(percent, '%', (size_t)(end - percent)))) {
		if (percent + 1 == end || (percent[1] != 'c' && percent[1] != 'u' && percent[1] != '%'))
			return SQLAUTH_TOPIC_PLACEHOLDER;
		percent += 2;
	}
	return SQLAUTH_TOPIC_FINE;
}

enum sqlauth_topic_fault sqlauth_topic_filter_fault(const char *filter, size_t length)
{
	enum sqlauth_topic_fault fault;

	if (length == 0)
		return SQLAUTH_TOPIC_EMPTY;
	if (length > SQLAUTH_TOPIC_BYTES_MAX)
		return SQLAUTH_TOPIC_TOO_LONG;
	if (memchr(filter, '\0', length))
		return SQLAUTH_TOPIC_HAS_NUL;
	fault = hash_fault(filter, length);
	return fault ? fault : plus_fault(filter, length);
}

enum sqlauth_topic_fault sqlauth_topic_permission_fault(const char *topic, size_t length)
{
	enum sqlauth_topic_fault fault = sqlauth_topic_filter_fault(topic, length);
	return fault ? fault : placeholder_fault(topic, length);
}

const char *sqlauth_topic_fault_text(enum sqlauth_topic_fault fault)
{
	switch (fault) {
	case SQLAUTH_TOPIC_FINE:
		return "is fine";
	case SQLAUTH_TOPIC_EMPTY:
		return "must not be empty";
	case SQLAUTH_TOPIC_TOO_LONG:
		return "is longer than 65,535 bytes";
	case SQLAUTH_TOPIC_HAS_NUL:
		return "must not hold a NUL character";
	case SQLAUTH_TOPIC_HASH_NOT_LAST:
		return "\"#\" must be the last level";
	case SQLAUTH_TOPIC_HASH_NOT_ALONE:
		return "\"#\" must stand alone in its level";
	case SQLAUTH_TOPIC_PLUS_NOT_ALONE:
		return "\"+\" must stand alone in its level";
	case SQLAUTH_TOPIC_PLACEHOLDER:
		return "\"%\" must be followed by c, u or %";
	}
	return "is not a topic filter";
}

bool sqlauth_topic_name_valid(const char *name, size_t length)
{
	return length > 0 && length <= SQLAUTH_TOPIC_BYTES_MAX && !memchr(name, '\0', length) &&
	       !memchr(name, '+', length) && !memchr(name, '#', length);
}

bool sqlauth_topic_matches(const char *filter, size_t filter_length, const char *name, size_t name_length)
{
	size_t f = 0, n = 0;

	if (sqlauth_topic_filter_fault(filter, filter_length) || !sqlauth_topic_name_valid(name, name_length) ||
		dollar_is_out_of_reach(filter, filter_length, name))
		return false;
	for (; f <= filter_length; f++, n++) {
		struct level wanted = level_at(filter, filter_length, f), given;
		if (level_is(wanted, '#'))
			return true;
		if (n > name_length)
			return false;
		given = level_at(name, name_length, n);
		if (!level_is(wanted, '+') &&
			(wanted.length != given.length || memcmp(wanted.text, given.text, given.length) != 0))
			return false;
		f += wanted.length;
		n += given.length;
	}
	return n > name_length;
}

bool sqlauth_topic_covers(const char *filter, size_t filter_length, const char *covered, size_t covered_length)
{
	size_t f = 0, c = 0;

	if (sqlauth_topic_filter_fault(filter, filter_length) || sqlauth_topic_filter_fault(covered, covered_length) ||
		dollar_is_out_of_reach(filter, filter_length, covered))
		return false;
	if (covered_length == 1 && covered[0] == '#') { /* every name has a first level */
		covered = "+/#";
		covered_length = 3;
	}
	for (; f <= filter_length; f++, c++) {
		struct level wide = level_at(filter, filter_length, f), narrow;
		if (level_is(wide, '#'))
			return true;
		if (c > covered_length)
			return false;
		narrow = level_at(covered, covered_length, c);
		if (level_is(narrow, '#'))
			return false;
		if (!level_is(wide, '+') &&
			(wide.length != narrow.length || memcmp(wide.text, narrow.text, narrow.length) != 0))
			return false;
		f += wide.length;
		c += narrow.length;
	}
	return c > covered_length;
}

const char *sqlauth_topic_skip_share(const char *filter, size_t length, size_t *length_r)
{
	const char *group, *slash;

	if (length < SHARE_PREFIX_LENGTH || memcmp(filter, SHARE_PREFIX, SHARE_PREFIX_LENGTH) != 0) {
		*length_r = length;
		return filter;
	}
	group = filter + SHARE_PREFIX_LENGTH;
	slash = memchr(group, '/', length - SHARE_PREFIX_LENGTH);
	if (!slash || slash == group || slash + 1 == filter + length ||
		!sqlauth_topic_name_valid(group, (size_t)(slash - group)))
		return NULL;
	*length_r = length - (size_t)(slash + 1 - filter);
	return slash + 1;
}
