/* MQTT topic names and topic filters (MQTT 5.0, 4.7; the same in 3.1.1).
 *
 * Strings are byte ranges with a length, at most SQLAUTH_TOPIC_BYTES_MAX bytes; they need no NUL at the end. Nothing
 * here allocates, recurses or keeps state; every function is linear in the lengths given. Any thread.
 */
#ifndef SQLAUTH_TOPIC_H
#define SQLAUTH_TOPIC_H

#include <stdbool.h>
#include <stddef.h>

#define SQLAUTH_TOPIC_BYTES_MAX 65535 /* MQTT 5.0, 1.5.4: the length of a UTF-8 string is two bytes */

/* What is wrong with a topic filter; sqlauth_topic_fault_text gives the same words as the database's triggers. */
enum sqlauth_topic_fault {
	SQLAUTH_TOPIC_FINE = 0,
	SQLAUTH_TOPIC_EMPTY,
	SQLAUTH_TOPIC_TOO_LONG,
	SQLAUTH_TOPIC_HAS_NUL,
	SQLAUTH_TOPIC_HASH_NOT_LAST,  /* `#/a`, `a/#/b` */
	SQLAUTH_TOPIC_HASH_NOT_ALONE, /* `a#`, `a/b#` */
	SQLAUTH_TOPIC_PLUS_NOT_ALONE, /* `a+`, `+a` */
	SQLAUTH_TOPIC_PLACEHOLDER,    /* a `%` that is not `%c`, `%u` or `%%` (permission topics only) */
};

/* Why this is no topic filter, or SQLAUTH_TOPIC_FINE. */
enum sqlauth_topic_fault sqlauth_topic_filter_fault(const char *filter, size_t length);

/* The same for the topic of an ACL permission: a filter in which every `%` begins `%c`, `%u` or `%%`. */
enum sqlauth_topic_fault sqlauth_topic_permission_fault(const char *topic, size_t length);

/* A constant sentence, e.g. `"#" must be the last level`; never NULL. */
const char *sqlauth_topic_fault_text(enum sqlauth_topic_fault fault);

/* Whether this is a topic name: 1 to 65,535 bytes without `+`, `#` and NUL. */
bool sqlauth_topic_name_valid(const char *name, size_t length);

/* Whether the filter matches the topic name. `+` and `#` at the first level match no name that begins with `$`.
 * false for an invalid filter or name. */
bool sqlauth_topic_matches(const char *filter, size_t filter_length, const char *name, size_t name_length);

/* Whether the filter matches every topic name that `covered` matches. `+/#` and `#` cover each other. false for an
 * invalid filter. A filter that begins with `$share/` is judged as it stands; skip the prefix first. */
bool sqlauth_topic_covers(const char *filter, size_t filter_length, const char *covered, size_t covered_length);

/* The FILTER of `$share/GROUP/FILTER`, pointing into filter, its length in *length_r; filter itself for anything else
 * that does not begin with `$share/`. NULL for a malformed one: no GROUP, GROUP with `+` or `#`, no FILTER
 * (MQTT 5.0, 4.8.2). */
const char *sqlauth_topic_skip_share(const char *filter, size_t length, size_t *length_r);

#endif
