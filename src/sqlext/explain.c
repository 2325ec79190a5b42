/* sqlauth_explain(client, mqtt_id, access, topic): what the plugin would answer if that client, connected with that
 * MQTT client id, asked now, and by which permission. client NULL: an anonymous connection. Reads the tables of the
 * connection it runs on, in whatever transaction that is, so that a change can be tried out before it is committed;
 * decides with the plugin's own compiled ACL. Knows no certificate: rules by fingerprint are sqlauth check's.
 *
 * DIRECTONLY: it reads the database by itself, which no view of somebody else's making should have done for it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sqlauth/acl.h"
#include "sqlauth/mqtt_id.h"
#include "sqlauth/topic.h"
#include "sqlext.h"
#include "table.h"

#define CLIENT_SQL                                                                                                     \
	"SELECT coalesce(username, name), enabled, mqtt_id, coalesce(disconnect_before, 0) > "                         \
	"CAST(strftime('%s', 'now') AS INTEGER) FROM main.clients WHERE name = ?1"
#define ANONYMOUS_SQL "SELECT 1 FROM main.group_rules WHERE match_by = 'anonymous' AND value = '*'"
#define PERMISSIONS_SQL                                                                                                \
	"SELECT group_name, permission, action, topic FROM main.acl_permissions WHERE group_name IN ("                 \
	"SELECT group_name FROM main.group_rules WHERE ?1 IS NOT NULL AND match_by = 'client' AND value = ?1 "         \
	"UNION SELECT group_name FROM main.group_rules WHERE ?1 IS NOT NULL AND match_by = 'any' AND value = '*' "     \
	"UNION SELECT group_name FROM main.group_rules WHERE ?1 IS NULL AND match_by = 'anonymous' AND value = '*' "   \
	"UNION SELECT group_name FROM main.group_rules WHERE match_by = 'mqtt_id' AND mqtt_id_matches(value, ?2)) "    \
	"ORDER BY group_name, id"

enum column { DECISION, PERMISSION, ACTION, TOPIC, GROUP_NAME, REASON, COLUMNS };

/* One call. Texts are borrowed from the arguments but for the username, which is owned. */
struct question {
	sqlite3 *db;
	const char *client, *mqtt_id, *topic;
	enum sqlauth_access access;
	char *username;
	const char *refused; /* why the connection itself is refused; NULL: it is accepted */
};

static enum sqlauth_error fail(sqlite3 *db, struct sqlauth_text *why)
{
	int code = sqlite3_errcode(db) & 0xff;

	if (code == SQLITE_NOMEM)
		return SQLAUTH_ERROR_MEMORY;
	sqlauth_text_set(why, "sqlauth_explain: %s", sqlite3_errmsg(db));
	if (code == SQLITE_ERROR) /* no such table, or none of such columns */
		sqlauth_text_add(why, "; the main database is none of mosquitto-sqlauth, open one with: .open FILE");
	return SQLAUTH_ERROR_DATABASE;
}

/* A statement with client and MQTT client id bound. */
static int prepare(const struct question *question, const char *sql, int parameters, sqlite3_stmt **statement_r)
{
	const char *const texts[] = {question->client, question->mqtt_id};
	int code = sqlite3_prepare_v2(question->db, sql, -1, statement_r, NULL);

	for (int i = 0; i < parameters && code == SQLITE_OK; i++)
		code = sqlite3_bind_text(*statement_r, i + 1, texts[i], -1, SQLITE_STATIC);
	return code;
}

/* ---- who it is */

static const char *find_refusal(const struct question *question, sqlite3_stmt *row)
{
	const char *pattern = (const char *)sqlite3_column_text(row, 2);

	if (sqlite3_column_int(row, 1) != 1)
		return "the client is disabled: clients.enabled is 0";
	if (sqlite3_column_int(row, 3) != 0)
		return "the client is banned: clients.disconnect_before lies in the future";
	if (pattern && !sqlauth_mqtt_id_matches(pattern, question->username, question->mqtt_id))
		return "clients.mqtt_id does not match this MQTT client id";
	return NULL;
}

static enum sqlauth_error find_client(struct question *question, struct sqlauth_text *why)
{
	bool is_anonymous = question->client == NULL;
	sqlite3_stmt *row = NULL;
	const char *username;
	int code = prepare(question, is_anonymous ? ANONYMOUS_SQL : CLIENT_SQL, !is_anonymous, &row);
	enum sqlauth_error error = SQLAUTH_OK;

	if (code == SQLITE_OK)
		code = sqlite3_step(row);
	if (code == SQLITE_DONE) {
		question->refused = is_anonymous ? "no rule of kind anonymous exists" : "no client has this name";
	} else if (code != SQLITE_ROW) {
		error = fail(question->db, why);
	} else if (!is_anonymous) {
		username = (const char *)sqlite3_column_text(row, 0);
		question->username = username ? strdup(username) : NULL;
		if (!question->username)
			error = SQLAUTH_ERROR_MEMORY;
		else
			question->refused = find_refusal(question, row);
	}
	sqlite3_finalize(row);
	return error;
}

/* ---- what it may do */

struct permissions {
	struct sqlauth_permission *items; /* strings owned */
	size_t count, capacity;
};

static void clear(struct permissions *all)
{
	for (size_t i = 0; i < all->count; i++) {
		free((void *)all->items[i].group);
		free((void *)all->items[i].topic);
	}
	free(all->items);
}

static enum sqlauth_error make_room(struct permissions *all)
{
	size_t capacity = all->capacity == 0 ? 64 : 2 * all->capacity;
	struct sqlauth_permission *grown;

	if (all->count < all->capacity)
		return SQLAUTH_OK;
	if (all->count >= SQLAUTH_ACL_PERMISSIONS_MAX)
		return SQLAUTH_ERROR_LIMIT;
	grown = realloc(all->items, capacity * sizeof *grown);
	if (!grown)
		return SQLAUTH_ERROR_MEMORY;
	all->items = grown;
	all->capacity = capacity;
	return SQLAUTH_OK;
}

static enum sqlauth_error add_permission(struct permissions *all, sqlite3_stmt *row)
{
	const char *texts[4];
	struct sqlauth_permission *added;
	enum sqlauth_error error = make_room(all);

	if (error != SQLAUTH_OK)
		return error;
	for (int i = 0; i < 4; i++) {
		texts[i] = (const char *)sqlite3_column_text(row, i);
		if (!texts[i])
			return SQLAUTH_ERROR_MEMORY;
		if (strlen(texts[i]) != (size_t)sqlite3_column_bytes(row, i))
			return SQLAUTH_ERROR_INVALID;
	}
	added = &all->items[all->count++];
	*added = (struct sqlauth_permission){.group = strdup(texts[0]),
		.topic = strdup(texts[3]),
		/* what is not one of the two words denies, or is invalid to the compiler */
		.effect = strcmp(texts[1], sqlauth_effect_word(SQLAUTH_ALLOW)) == 0 ? SQLAUTH_ALLOW : SQLAUTH_DENY,
		.action = strcmp(texts[2], sqlauth_action_word(SQLAUTH_PUBLISH)) == 0 ? SQLAUTH_PUBLISH
										      : SQLAUTH_SUBSCRIBE};
	return added->group && added->topic ? SQLAUTH_OK : SQLAUTH_ERROR_MEMORY;
}

static enum sqlauth_error compile(const struct question *question, struct sqlauth_acl **acl_r, struct sqlauth_text *why)
{
	struct permissions all = {0};
	sqlite3_stmt *row = NULL;
	enum sqlauth_error error = SQLAUTH_OK;
	int code = prepare(question, PERMISSIONS_SQL, 2, &row);

	while (code == SQLITE_OK && error == SQLAUTH_OK && (code = sqlite3_step(row)) == SQLITE_ROW) {
		error = add_permission(&all, row);
		code = SQLITE_OK;
	}
	if (error == SQLAUTH_OK && code != SQLITE_DONE)
		error = fail(question->db, why);
	sqlite3_finalize(row);
	if (error == SQLAUTH_OK)
		error = sqlauth_acl_compile(all.items, all.count, acl_r, NULL);
	if (error == SQLAUTH_ERROR_INVALID)
		sqlauth_text_set(why, "sqlauth_explain: acl_permissions holds a topic that is not valid");
	clear(&all);
	return error;
}

/* ---- the answer */

/* Why no permission can match: the question is none. */
static const char *find_fault(const struct question *question)
{
	size_t length = strlen(question->topic);
	const char *filter;
	enum sqlauth_topic_fault fault;

	if (question->access != SQLAUTH_ACCESS_SUBSCRIBE)
		return sqlauth_topic_name_valid(question->topic, length) ? "no permission matches"
									 : "this is no topic name";
	filter = sqlauth_topic_skip_share(question->topic, length, &length);
	if (!filter)
		return "this is no shared subscription, which is written $share/GROUP/FILTER";
	fault = sqlauth_topic_filter_fault(filter, length);
	return fault == SQLAUTH_TOPIC_FINE ? "no permission matches" : sqlauth_topic_fault_text(fault);
}

static enum sqlauth_error answer(
	const struct question *question, const struct sqlauth_acl *acl, struct sqlauth_sqlext_rows *rows)
{
	const char *cells[COLUMNS] = {[DECISION] = "denied", [REASON] = question->refused};
	struct sqlauth_permission permission;
	struct sqlauth_acl_client client;
	struct sqlauth_verdict verdict;

	if (acl) {
		sqlauth_acl_client_init(&client, question->mqtt_id, question->username);
		verdict = sqlauth_acl_check(acl, question->access, &client, question->topic, strlen(question->topic));
		cells[DECISION] = verdict.decision == SQLAUTH_ALLOWED ? "allowed" : "denied";
		cells[REASON] = find_fault(question);
		if (sqlauth_acl_permission(acl, verdict.permission, &permission)) {
			cells[PERMISSION] = sqlauth_effect_word(permission.effect);
			cells[ACTION] = sqlauth_action_word(permission.action);
			cells[TOPIC] = permission.topic;
			cells[GROUP_NAME] = permission.group;
			cells[REASON] = "this permission decides";
		}
	}
	return sqlauth_sqlext_add_row(rows, cells, COLUMNS);
}

static bool parse_access(const char *word, enum sqlauth_access *access_r)
{
	for (int access = SQLAUTH_ACCESS_PUBLISH; access <= SQLAUTH_ACCESS_RECEIVE; access++) {
		if (strcmp(word, sqlauth_access_word((enum sqlauth_access)access)) == 0) {
			*access_r = (enum sqlauth_access)access;
			return true;
		}
	}
	return false;
}

/* The arguments as texts; NULL client and mqtt_id have a meaning, the other two give no row. */
static enum sqlauth_error read_question(
	sqlite3_value **arguments, struct question *question, bool *is_null_r, struct sqlauth_text *why)
{
	const char *texts[4];

	*is_null_r = sqlite3_value_type(arguments[2]) == SQLITE_NULL || sqlite3_value_type(arguments[3]) == SQLITE_NULL;
	if (*is_null_r)
		return SQLAUTH_OK;
	for (int i = 0; i < 4; i++) {
		texts[i] = (const char *)sqlite3_value_text(arguments[i]);
		if (!texts[i] && sqlite3_value_type(arguments[i]) != SQLITE_NULL)
			return SQLAUTH_ERROR_MEMORY;
		if (texts[i] && strlen(texts[i]) != (size_t)sqlite3_value_bytes(arguments[i])) {
			sqlauth_text_set(why, "sqlauth_explain: an argument holds a NUL character");
			return SQLAUTH_ERROR_INVALID;
		}
	}
	if (!parse_access(texts[2], &question->access)) {
		sqlauth_text_set(why, "sqlauth_explain: access must be 'publish', 'subscribe' or 'receive'");
		return SQLAUTH_ERROR_INVALID;
	}
	question->client = texts[0];
	question->mqtt_id = texts[1] ? texts[1] : "";
	question->topic = texts[3];
	return SQLAUTH_OK;
}

static enum sqlauth_error fill_explanation(
	sqlite3 *db, sqlite3_value **arguments, struct sqlauth_sqlext_rows *rows, struct sqlauth_text *why)
{
	struct question question = {.db = db};
	struct sqlauth_acl *acl = NULL;
	bool is_null = false;
	enum sqlauth_error error = read_question(arguments, &question, &is_null, why);

	if (error != SQLAUTH_OK || is_null)
		return error;
	error = find_client(&question, why);
	if (error == SQLAUTH_OK && !question.refused)
		error = compile(&question, &acl, why);
	if (error == SQLAUTH_OK)
		error = answer(&question, acl, rows);
	sqlauth_acl_unref(acl);
	free(question.username);
	return error;
}

int sqlauth_sqlext_register_explain(sqlite3 *db)
{
	static const struct sqlauth_sqlext_table explain = {
		.name = "sqlauth_explain",
		.declaration =
			"CREATE TABLE sqlauth_explain (decision TEXT, permission TEXT, action TEXT, topic TEXT, "
			"group_name TEXT, reason TEXT, for_client HIDDEN, for_mqtt_id HIDDEN, for_access HIDDEN, "
			"for_topic HIDDEN)",
		.columns = COLUMNS,
		.arguments = 4,
		.risk = SQLITE_VTAB_DIRECTONLY,
		.usage = "sqlauth_explain wants four arguments: sqlauth_explain(client, mqtt_id, access, topic)",
		.fill = fill_explanation,
	};

	return sqlauth_sqlext_register_table(db, &explain);
}
