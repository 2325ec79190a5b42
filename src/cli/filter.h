/* What topic filters have in common, and how foreign ones are written as topics of acl_permissions. Filters here are
 * NUL-terminated and plain: no placeholders, but for filters_may_meet. */
#ifndef SQLAUTH_CLI_FILTER_H
#define SQLAUTH_CLI_FILTER_H

#include <stdbool.h>
#include <stddef.h>

/* The one filter that matches exactly the topics that both match, the caller's (free); NULL where there is none, and
 * without memory, in which case *no_memory_r becomes true and else is untouched. */
char *filter_intersection(const char *a, const char *b, bool *no_memory_r);

/* Whether some topic is matched by both; a level that holds a placeholder (%c, %u) may become any level. */
bool filters_may_meet(const char *a, const char *b);

/* Whether a matches all that b matches. */
bool filter_covers(const char *a, const char *b);

/* Whether the first level is a wildcard, which here never reaches topics that begin with a `$`. */
bool filter_is_open(const char *filter);

/* The topic of a permission for a filter, the caller's (free); NULL without memory. Each % is doubled, but for %c and
 * %u where placeholders are meant. */
char *filter_to_topic(const char *filter, bool has_placeholders);

#endif
