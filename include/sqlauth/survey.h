/* Looking a database over, for `sqlauth doctor`: all rows of a kind, and the files themselves.
 *
 * Read-only. Values may be anything: what triggers and constraints would refuse is what is looked for. Each query is
 * linear in the rows that it looks at, or sorts them once. Thread rules: one survey, one thread. Functions that take
 * `why` leave one sentence there on failure.
 */
#ifndef SQLAUTH_SURVEY_H
#define SQLAUTH_SURVEY_H

#include <stdbool.h>

#include "sqlauth/error.h"
#include "sqlauth/text.h"

#define SQLAUTH_SURVEY_COLUMNS_MAX 6

/* Columns behind ->, as texts, NULL for NULL. */
enum sqlauth_survey_query {
	SQLAUTH_SURVEY_INTEGRITY,           /* -> what SQLite's integrity_check says, a line per fault; "ok" */
	SQLAUTH_SURVEY_JOURNAL_MODE,        /* -> wal, delete ... */
	SQLAUTH_SURVEY_OBJECTS,             /* -> type, name, sql: tables, views, indexes, triggers; not SQLite's own */
	SQLAUTH_SURVEY_CLIENTS,             /* -> name, authentication, password, mqtt_id, has certificates (1, 0) */
	SQLAUTH_SURVEY_CLIENTS_IN_NO_GROUP, /* -> client: neither by its name nor by 'any' */
	SQLAUTH_SURVEY_GROUPS,              /* -> name, permissions, rules: how many */
	SQLAUTH_SURVEY_PERMISSIONS,         /* -> group, permission, action, topic; of one group one after the other */
	SQLAUTH_SURVEY_GROUPS_OF_EVERYBODY, /* -> group: of rules of kind any */
	SQLAUTH_SURVEY_MQTT_ID_RULES,       /* -> value, group */
	SQLAUTH_SURVEY_ANONYMOUS_RULES,     /* -> group */
	SQLAUTH_SURVEY_SHARED_CERTIFICATES, /* -> value, a client, its match_by, another client, its match_by */
	SQLAUTH_SURVEY_STRANGE_CERTIFICATES, /* -> client, match_by, value: not in its normal form */
	SQLAUTH_SURVEY_LOST_ROWS,            /* -> table, what it refers to: a client or group that does not exist */
	SQLAUTH_SURVEYS
};

struct sqlauth_survey;

/* Opens the database as sqlauth_store_open does, with its errors. */
enum sqlauth_error sqlauth_survey_open(const char *path, struct sqlauth_survey **survey_r, struct sqlauth_text *why)
	__attribute__((warn_unused_result));
void sqlauth_survey_close(struct sqlauth_survey *survey);

typedef enum sqlauth_error sqlauth_survey_visitor(void *context, const char *const *columns);
enum sqlauth_error sqlauth_survey_ask(struct sqlauth_survey *survey, enum sqlauth_survey_query query,
	sqlauth_survey_visitor *visit, void *context, struct sqlauth_text *why) __attribute__((warn_unused_result));

/* In what the database's tables, views, indexes and triggers differ from those of a new one of this build: visit gets
 * type, name, and "missing", "changed" or "extra". */
enum sqlauth_error sqlauth_survey_schema(struct sqlauth_survey *survey, sqlauth_survey_visitor *visit, void *context,
	struct sqlauth_text *why) __attribute__((warn_unused_result));

/* What is wrong with the files for a broker that runs as this user (NULL: the one that this process runs as): visit
 * gets the path, a sentence with the mend behind "; ", and "error" or "warning". NOT_FOUND for an unknown user. With no
 * survey of it open: the files that SQLite makes for that would be taken for those that the broker finds. */
enum sqlauth_error sqlauth_survey_files(const char *path, bool is_wal, const char *user, sqlauth_survey_visitor *visit,
	void *context, struct sqlauth_text *why) __attribute__((warn_unused_result));

#endif
