/* From rows of the database to closed connections (disconnects.h). */
#include "disconnects.h"

#include <stdlib.h>
#include <string.h>

#include "broker.h"
#include "plugin.h"
#include "sqlauth/session_owner.h"
#include "sqlauth/text.h"

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

/* The connections of whoever this names that were made at or before a time. */
struct order {
	UT_hash_handle hh;
	int64_t before;
	char value[];
};

/* A connection to close, by all that names it. */
struct victim {
	struct victim *next;
	const void *handle;
	int64_t before;
	const char *mqtt_id, *username; /* into strings[]; username NULL: none */
	char strings[];
};

struct disconnects {
	struct sqlauth_store *store;
	struct sqlauth_sessions *sessions;
	const struct sqlauth_clock *clock;
	uint64_t version; /* of the data that was read last */
	bool read;        /* anything was read at all, and nothing left out */
	/* While reading, by what they name. */
	struct order *orders[SQLAUTH_NAMED_BY_KINDS];
	struct victim *oldest; /* to be closed */
	struct victim **newest;
};

struct disconnects *disconnects_new(
	struct sqlauth_store *store, struct sqlauth_sessions *sessions, const struct sqlauth_clock *clock)
{
	struct disconnects *disconnects = calloc(1, sizeof *disconnects);

	if (!disconnects)
		return NULL;
	disconnects->store = store;
	disconnects->sessions = sessions;
	disconnects->clock = clock;
	disconnects->newest = &disconnects->oldest;
	return disconnects;
}

static void drop_oldest(struct disconnects *disconnects)
{
	struct victim *victim = disconnects->oldest;

	disconnects->oldest = victim->next;
	if (!disconnects->oldest)
		disconnects->newest = &disconnects->oldest;
	free(victim);
}

static void drop_orders(struct disconnects *disconnects)
{
	struct order *order, *next;

	for (int kind = 0; kind < SQLAUTH_NAMED_BY_KINDS; kind++)
		HASH_ITER(hh, disconnects->orders[kind], order, next)
		{
			HASH_DEL(disconnects->orders[kind], order);
			free(order);
		}
}

void disconnects_free(struct disconnects *disconnects)
{
	if (!disconnects)
		return;
	drop_orders(disconnects);
	while (disconnects->oldest)
		drop_oldest(disconnects);
	free(disconnects);
}

/* ---- reading ---- */

static void add_order(void *context, enum sqlauth_named_by kind, const char *value, int64_t before)
{
	struct disconnects *disconnects = context;
	size_t length = strlen(value);
	struct order *order = malloc(sizeof *order + length + 1);

	if (!order) {
		disconnects->read = false;
		return;
	}
	order->before = before;
	memcpy(order->value, value, length + 1);
	HASH_ADD_KEYPTR(hh, disconnects->orders[kind], order->value, length, order);
	if (!order->hh.tbl) {
		free(order);
		disconnects->read = false;
	}
}

static void note_victim(struct disconnects *disconnects, const struct sqlauth_session *session, int64_t before)
{
	const char *mqtt_id = sqlauth_session_mqtt_id(session), *username = sqlauth_session_username(session);
	size_t id_size = strlen(mqtt_id) + 1, username_size = username ? strlen(username) + 1 : 0;
	struct victim *victim = malloc(sizeof *victim + id_size + username_size);

	if (!victim) {
		disconnects->read = false;
		return;
	}
	*victim = (struct victim){.handle = sqlauth_session_handle(session), .before = before};
	victim->mqtt_id = memcpy(victim->strings, mqtt_id, id_size);
	if (username)
		victim->username = memcpy(victim->strings + id_size, username, username_size);
	*disconnects->newest = victim;
	disconnects->newest = &victim->next;
}

static struct order *find_order(const struct disconnects *disconnects, int kind, const char *value)
{
	struct order *order = NULL;

	if (value)
		HASH_FIND_STR(disconnects->orders[kind], value, order);
	return order;
}

/* Whether the client that the session was of is the one that has its name now. */
static bool keeps_its_name(struct disconnects *disconnects, const struct sqlauth_session *session)
{
	char *owner = NULL;
	bool keeps = false;

	if (sqlauth_session_owner(disconnects->store, session, &owner))
		disconnects->read = false;
	else
		keeps = strcmp(owner, sqlauth_session_client(session)) == 0;
	free(owner);
	return keeps;
}

/* By what the client was found, which it has kept if it was renamed; by its name where only that is in an order. */
static const struct order *order_of(struct disconnects *disconnects, const struct sqlauth_session *session)
{
	enum sqlauth_match_by kind;
	const char *certificate = sqlauth_session_certificate(session, &kind);
	const struct order *order =
		certificate ? find_order(disconnects, (int)kind, certificate)
			    : find_order(disconnects, SQLAUTH_NAMED_BY_USERNAME, sqlauth_session_username(session));

	if (order)
		return order;
	order = find_order(disconnects, SQLAUTH_NAMED_BY_NAME, sqlauth_session_client(session));
	return order && keeps_its_name(disconnects, session) ? order : NULL;
}

/* One that was made in what is the future now is older than the clock's correction, and how old nobody knows. */
static bool was_connected_by(const struct disconnects *disconnects, const struct sqlauth_session *session, int64_t time)
{
	int64_t connected_at = sqlauth_session_connected_at(session);

	return connected_at <= time || connected_at > disconnects->clock->unix_seconds(disconnects->clock->context);
}

static void judge_session(void *context, const struct sqlauth_session *session)
{
	struct disconnects *disconnects = context;
	const struct order *order = sqlauth_session_client(session) ? order_of(disconnects, session) : NULL;

	if (order && was_connected_by(disconnects, session, order->before))
		note_victim(disconnects, session, order->before);
}

/* Reads the orders that can be about anybody, and finds the sessions that they are about. */
static enum sqlauth_error read_orders(struct disconnects *disconnects)
{
	int64_t since = sqlauth_sessions_connected_since(disconnects->sessions);
	enum sqlauth_error error = sqlauth_store_begin(disconnects->store, NULL);

	if (error)
		return error;
	error = sqlauth_store_visit_disconnects(disconnects->store, since, add_order, disconnects);
	if (!error && disconnects->orders[SQLAUTH_NAMED_BY_NAME])
		sqlauth_sessions_visit_connected(disconnects->sessions, judge_session, disconnects);
	sqlauth_store_end(disconnects->store);
	return error;
}

void disconnects_look(struct disconnects *disconnects)
{
	uint64_t version;

	/* Those that are noted are closed first: otherwise they would be noted twice. */
	if (disconnects->oldest || sqlauth_store_data_version(disconnects->store, &version))
		return;
	if (disconnects->read && version == disconnects->version)
		return;
	disconnects->version = version;
	disconnects->read = true;
	if (read_orders(disconnects))
		disconnects->read = false;
	drop_orders(disconnects);
}

void disconnects_look_again(struct disconnects *disconnects)
{
	disconnects->read = false;
}

/* ---- closing ---- */

/* Whether closing by the identifier closes this very connection. */
static bool is_still_there(const struct disconnects *disconnects, const struct victim *victim)
{
	const struct sqlauth_session *session =
		sqlauth_sessions_find_handle(disconnects->sessions, victim->handle, victim->mqtt_id, victim->username);

	if (!session || !sqlauth_session_is_connected(session) ||
		!was_connected_by(disconnects, session, victim->before))
		return false;
	if (mosquitto_client)
		return mosquitto_client(victim->mqtt_id) == victim->handle;
	return sqlauth_sessions_find(disconnects->sessions, NULL, victim->mqtt_id, victim->username) == session;
}

static void close_victim(const struct victim *victim)
{
	char data[LOG_LINE_SIZE];
	struct sqlauth_text line;

	sqlauth_text_init(&line, data, sizeof data);
	sqlauth_text_add(&line, "disconnected reason=disconnect_before client_id=");
	sqlauth_text_add_quoted(&line, victim->mqtt_id, strlen(victim->mqtt_id), LOG_FIELD_BYTES);
	if (victim->username) {
		sqlauth_text_add(&line, " username=");
		sqlauth_text_add_quoted(&line, victim->username, strlen(victim->username), LOG_FIELD_BYTES);
	}
	plugin_log(MOSQ_LOG_NOTICE, data);
	mosquitto_kick_client_by_clientid(victim->mqtt_id, true);
}

bool disconnects_close_some(struct disconnects *disconnects)
{
	const struct sqlauth_clock *clock = disconnects->clock;
	int64_t end;

	if (!disconnects->oldest)
		return false;
	end = clock->monotonic_ms(clock->context) + DISCONNECTS_BUDGET_MS;
	do {
		if (is_still_there(disconnects, disconnects->oldest))
			close_victim(disconnects->oldest);
		drop_oldest(disconnects);
	} while (disconnects->oldest && clock->monotonic_ms(clock->context) < end);
	return disconnects->oldest != NULL;
}
