/* From rows of the database to closed connections (disconnects.h). */
#include "disconnects.h"

#include <stdlib.h>
#include <string.h>

#include "broker.h"
#include "plugin.h"
#include "sqlauth/text.h"

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

/* A row: a client's connections made at or before a time. */
struct order {
	UT_hash_handle hh;
	int64_t before;
	char name[];
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
	int64_t started_at;    /* Unix seconds: no connection is older */
	uint64_t version;      /* of the data that was read last */
	bool read;             /* anything was read at all, and nothing left out */
	struct order *orders;  /* by client name; while reading */
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
	disconnects->started_at = clock->unix_seconds(clock->context);
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

	HASH_ITER(hh, disconnects->orders, order, next)
	{
		HASH_DEL(disconnects->orders, order);
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

static void add_order(void *context, const char *client, int64_t before)
{
	struct disconnects *disconnects = context;
	size_t length = strlen(client);
	struct order *order = malloc(sizeof *order + length + 1);

	if (!order) {
		disconnects->read = false;
		return;
	}
	order->before = before;
	memcpy(order->name, client, length + 1);
	HASH_ADD_KEYPTR(hh, disconnects->orders, order->name, length, order);
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

static void judge_session(void *context, const struct sqlauth_session *session)
{
	struct disconnects *disconnects = context;
	const char *client = sqlauth_session_client(session);
	struct order *order = NULL;

	if (client)
		HASH_FIND_STR(disconnects->orders, client, order);
	if (order && sqlauth_session_connected_at(session) <= order->before)
		note_victim(disconnects, session, order->before);
}

static enum sqlauth_error read_orders(struct disconnects *disconnects)
{
	enum sqlauth_error error = sqlauth_store_begin(disconnects->store, NULL);

	if (error)
		return error;
	error = sqlauth_store_visit_disconnects(disconnects->store, disconnects->started_at, add_order, disconnects);
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
	else if (disconnects->orders)
		sqlauth_sessions_visit_connected(disconnects->sessions, judge_session, disconnects);
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
		sqlauth_session_connected_at(session) > victim->before)
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
