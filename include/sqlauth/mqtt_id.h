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

#include "sqlauth/error.h"

/* Bytes of a pattern; the database refuses longer ones, the matcher lets them match nothing. */
#define SQLAUTH_MQTT_ID_PATTERN_BYTES_MAX 1024

/* Steps of one match, some 0.1 s. For what people write the cost is linear; but whoever connects chooses an identifier
 * of up to 65,535 bytes (MQTT 5.0, 1.5.4), and against one that begins with the same text again and again a piece
 * behind a `*` costs its own length for each of them. Pieces of up to 126 characters are decided against every
 * identifier. */
#define SQLAUTH_MQTT_ID_STEPS_MAX (128 * 65536)

/* OK where the whole identifier matches the pattern, MISMATCH where not, LIMIT where that takes more steps: then nobody
 * may be let in or given anything by either answer. username NULL: `%` is literal (group rules). A NULL pattern or
 * identifier matches nothing. No allocation, no recursion; any thread. */
enum sqlauth_error sqlauth_mqtt_id_match(const char *pattern, const char *username, const char *mqtt_id);

/* Whether it is OK: for what is allowed by a match. */
bool sqlauth_mqtt_id_matches(const char *pattern, const char *username, const char *mqtt_id);

#endif
