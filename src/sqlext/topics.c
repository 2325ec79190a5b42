/* Topic filters and MQTT client id patterns as SQL functions: INNOCUOUS and DETERMINISTIC, pure functions of their
 * arguments in linear time (patterns: bounded, mqtt_id.h). What they mean is src/acl's and src/base's. */
#include <string.h>

#include "sqlauth/mqtt_id.h"
#include "sqlauth/topic.h"
#include "sqlext.h"

static void topic_valid(sqlite3_context *context, int count, sqlite3_value **values)
{
	size_t length = 0;
	const char *filter = sqlauth_sqlext_bytes(values[0], &length);

	(void)count;
	if (filter)
		sqlite3_result_int(context, sqlauth_topic_filter_fault(filter, length) == SQLAUTH_TOPIC_FINE);
}

static void topic_matches(sqlite3_context *context, int count, sqlite3_value **values)
{
	size_t filter_length = 0, length = 0;
	const char *filter = sqlauth_sqlext_bytes(values[0], &filter_length);
	const char *topic = sqlauth_sqlext_bytes(values[1], &length);

	(void)count;
	if (filter && topic)
		sqlite3_result_int(context, sqlauth_topic_matches(filter, filter_length, topic, length));
}

static void topic_covers(sqlite3_context *context, int count, sqlite3_value **values)
{
	size_t filter_length = 0, length = 0;
	const char *filter = sqlauth_sqlext_bytes(values[0], &filter_length);
	const char *covered = sqlauth_sqlext_bytes(values[1], &length);

	(void)count;
	if (filter && covered)
		sqlite3_result_int(context, sqlauth_topic_covers(filter, filter_length, covered, length));
}

/* Both are texts here, so that each ends with a NUL; one with a NUL inside matches nothing. */
static void mqtt_id_matches(sqlite3_context *context, int count, sqlite3_value **values)
{
	const char *pattern, *mqtt_id;

	(void)count;
	if (sqlite3_value_type(values[0]) == SQLITE_NULL || sqlite3_value_type(values[1]) == SQLITE_NULL)
		return;
	pattern = (const char *)sqlite3_value_text(values[0]);
	mqtt_id = (const char *)sqlite3_value_text(values[1]);
	if (!pattern || !mqtt_id) {
		sqlite3_result_error_nomem(context);
		return;
	}
	sqlite3_result_int(context, strlen(pattern) == (size_t)sqlite3_value_bytes(values[0]) &&
					    strlen(mqtt_id) == (size_t)sqlite3_value_bytes(values[1]) &&
					    sqlauth_mqtt_id_matches(pattern, NULL, mqtt_id));
}

int sqlauth_sqlext_register_topics(sqlite3 *db)
{
	static const struct sqlauth_sqlext_function functions[] = {
		{"topic_valid", 1, SQLAUTH_SQLEXT_PURE, topic_valid},
		{"topic_matches", 2, SQLAUTH_SQLEXT_PURE, topic_matches},
		{"topic_covers", 2, SQLAUTH_SQLEXT_PURE, topic_covers},
		{"mqtt_id_matches", 2, SQLAUTH_SQLEXT_PURE, mqtt_id_matches},
		{NULL, 0, 0, NULL},
	};

	return sqlauth_sqlext_register(db, functions);
}
