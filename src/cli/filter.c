/* Levels of topic filters, compared one by one. Decides nothing about access: the ACL does (src/acl). */
#include "filter.h"

#include <stdlib.h>
#include <string.h>

#include "sqlauth/topic.h"

static bool is_level(const char *level, size_t length, char wildcard)
{
	return length == 1 && level[0] == wildcard;
}

/* Where the next level begins; NULL behind the last one. */
static const char *next_level(const char *level, size_t length)
{
	return level[length] == '/' ? level + length + 1 : NULL;
}

bool filter_is_open(const char *filter)
{
	size_t length = strcspn(filter, "/");

	return is_level(filter, length, '+') || is_level(filter, length, '#');
}

bool filter_covers(const char *a, const char *b)
{
	return sqlauth_topic_covers(a, strlen(a), b, strlen(b));
}

/* Whether one more level of what `#` stands for, or no more, fits what is left of a filter (NULL: nothing). */
static bool is_rest_hash(const char *rest)
{
	return rest && strcmp(rest, "#") == 0;
}

char *filter_intersection(const char *a, const char *b, bool *no_memory_r)
{
	char *common = malloc(strlen(a) + strlen(b) + 2);
	char *end = common;

	if (!common) {
		*no_memory_r = true;
		return NULL;
	}
	if ((a[0] == '$' && filter_is_open(b)) || (b[0] == '$' && filter_is_open(a)))
		goto none;
	while (a && b) {
		size_t a_length = strcspn(a, "/"), b_length = strcspn(b, "/");
		const char *level = is_level(a, a_length, '+') ? b : a;
		size_t length = level == a ? a_length : b_length;

		if (is_rest_hash(a) || is_rest_hash(b)) {
			level = is_rest_hash(a) ? b : a;
			memcpy(end, level, strlen(level) + 1);
			return common;
		}
		if (level == a && !is_level(b, b_length, '+') && (a_length != b_length || memcmp(a, b, a_length) != 0))
			goto none;
		memcpy(end, level, length);
		end += length;
		*end++ = '/';
		a = next_level(a, a_length);
		b = next_level(b, b_length);
	}
	if ((a && !is_rest_hash(a)) || (b && !is_rest_hash(b)))
		goto none;
	end[-1] = '\0';
	return common;
none:
	free(common);
	return NULL;
}

/* Whether the level may become any: a wildcard, or one with a placeholder. */
static bool is_free(const char *level, size_t length)
{
	if (is_level(level, length, '+'))
		return true;
	for (size_t i = 0; i + 1 < length; i++) {
		if (level[i] != '%')
			continue;
		if (level[i + 1] == 'c' || level[i + 1] == 'u')
			return true;
		i++; /* %% */
	}
	return false;
}

bool filters_may_meet(const char *a, const char *b)
{
	if ((a[0] == '$' && filter_is_open(b)) || (b[0] == '$' && filter_is_open(a)))
		return false;
	while (a && b) {
		size_t a_length = strcspn(a, "/"), b_length = strcspn(b, "/");

		if (is_rest_hash(a) || is_rest_hash(b))
			return true;
		if (!is_free(a, a_length) && !is_free(b, b_length) &&
			(a_length != b_length || memcmp(a, b, a_length) != 0))
			return false;
		a = next_level(a, a_length);
		b = next_level(b, b_length);
	}
	return (!a || is_rest_hash(a)) && (!b || is_rest_hash(b));
}

char *filter_to_topic(const char *filter, bool has_placeholders)
{
	char *topic = malloc(2 * strlen(filter) + 1);
	char *end = topic;

	if (!topic)
		return NULL;
	for (; *filter; filter++) {
		bool is_placeholder = has_placeholders && filter[0] == '%' && (filter[1] == 'c' || filter[1] == 'u');

		if (*filter == '%' && !is_placeholder)
			*end++ = '%';
		*end++ = *filter;
		if (is_placeholder)
			*end++ = *++filter;
	}
	*end = '\0';
	return topic;
}
