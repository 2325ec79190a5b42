/* MQTT client identifier patterns: clients.mqtt_id and group_rules of kind 'mqtt_id' (SPEC: the model).
 *
 * `*` stands for any run of characters, also none; `?` for exactly one character (one UTF-8 code point; a byte that is
 * no UTF-8 counts as one). In clients.mqtt_id `%u` stands for the client's username, whose own `*`, `?` and `%` are
 * literal, and `%%` for one percent sign; in group rules a percent sign is itself. Everything else stands for itself.
 * A pattern with `%u` matches nothing where the username is empty: `%u*` must not come to mean `*`.
 */
#ifndef SQLAUTH_MQTT_ID_H
#define SQLAUTH_MQTT_ID_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes of a pattern; the database refuses longer ones, the matcher lets them match nothing. Keeps the worst case
 * (pattern bytes times identifier bytes) at 1024 * 65535 steps; a pattern that wants more because of a long username
 * behind a `*` matches nothing either. Without `*`, and for what people write, the cost is linear. */
#define SQLAUTH_MQTT_ID_PATTERN_BYTES_MAX 1024

/* Whether the whole identifier matches the pattern. username NULL: `%` is literal (group rules). A NULL pattern
 * or identifier matches nothing. No allocation, no recursion; any thread. */
bool sqlauth_mqtt_id_matches(const char *pattern, const char *username, const char *mqtt_id);

#endif
