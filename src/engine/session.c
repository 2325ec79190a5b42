/* The table of sessions: from the broker's pointers and strings to the ACL that answers
 * (docs/adr/0002-session-model.md). Knows no database and no broker: it is told what begins and what ends.
 *
 * Every session is in the index of identifiers and in the list of its state. One session at most is bound to a handle;
 * it is in the index of handles too. The states, in the order in which a search by identifier prefers them:
 *
 *   CONNECTED --end--> KEPT       its MQTT session lives on; forgotten when too many are, or made to linger when
 *       |               |         a newer session of ours with its identifier begins, or its handle means another
 *       +----end------> LINGERING forgotten SQLAUTH_SESSION_LINGER_MS after it got here
 *
 * The broker has one MQTT session per identifier. So of two connections with one identifier the one that ends first did
 * not leave the session behind: either the other one took it over, or it was refused before it could take over itself.
 */
#include "sqlauth/session.h"

#include <stdlib.h>
#include <string.h>

#include "index.h"
#include "sqlauth/secret.h"

#define LAST_TOPIC_BYTES 256 /* whoever uses longer topics pays for a walk each time */

enum state { CONNECTED, KEPT, LINGERING, STATES };

/* What every message reads stands first, together. */
struct sqlauth_session {
	struct sqlauth_index_node by_handle;
	const void *handle;             /* NULL: bound to none any more */
	const char *mqtt_id, *username; /* into strings[]; username may be NULL */
	uint64_t allowed[2];            /* number of the topic that was allowed last: publish, receive; 0: none */
	enum sqlauth_session_kind kind;
	unsigned char state;
	struct sqlauth_acl *acl;
	struct sqlauth_acl_client values;
	struct sqlauth_index_node by_id;
	struct sqlauth_session *older, *newer; /* neighbours in the list of its state, by when they got there */
	const char *client, *certificate;      /* into strings[]; may be NULL */
	enum sqlauth_match_by certificate_kind;
	uint64_t serial;      /* counts the begins: the higher, the newer */
	int64_t connected_at; /* Unix seconds */
	int64_t linger_until; /* monotonic_ms; in LINGERING */
	char strings[];
};

/* The topic of the last question. A message is asked about for its publisher and then for each subscriber, and often
 * the next message has the same topic. */
struct last_topic {
	uint64_t number; /* another one each time the topic changes */
	size_t length;
	char text[LAST_TOPIC_BYTES];
};

struct list {
	struct sqlauth_session *oldest, *newest;
	size_t count;
};

struct sqlauth_sessions {
	const struct sqlauth_clock *clock;
	size_t ended_max;
	struct sqlauth_hash_key key;
	struct sqlauth_index by_handle, by_id;
	struct list lists[STATES];
	bool out_of_order; /* the clock was set back: the first in CONNECTED need not be the oldest */
	uint64_t serial;
	struct last_topic last_topic;
};

/* ---- the two indexes ---- */

/* murmur3's finaliser: pointers are aligned, so their low bits say nothing. */
static uint64_t mix(const void *handle)
{
	uint64_t hash = (uint64_t)(uintptr_t)handle;
	hash = (hash ^ (hash >> 33)) * UINT64_C(0xff51afd7ed558ccd);
	hash = (hash ^ (hash >> 33)) * UINT64_C(0xc4ceb9fe1a85ec53);
	return hash ^ (hash >> 33);
}

static uint64_t hash_of_id(const struct sqlauth_sessions *sessions, const char *mqtt_id)
{
	return sqlauth_keyed_hash(&sessions->key, mqtt_id, strlen(mqtt_id));
}

static struct sqlauth_session *bound_to(const struct sqlauth_sessions *sessions, const void *handle)
{
	struct sqlauth_index_node *node = sqlauth_index_find(&sessions->by_handle, mix(handle));
	for (; node; node = sqlauth_index_next(node)) {
		struct sqlauth_session *session = (void *)((char *)node - offsetof(struct sqlauth_session, by_handle));
		if (session->handle == handle)
			return session;
	}
	return NULL;
}

static struct sqlauth_session *with_id(struct sqlauth_index_node *node, const char *mqtt_id)
{
	for (; node; node = sqlauth_index_next(node)) {
		struct sqlauth_session *session = (void *)((char *)node - offsetof(struct sqlauth_session, by_id));
		if (strcmp(session->mqtt_id, mqtt_id) == 0)
			return session;
	}
	return NULL;
}

static struct sqlauth_session *first_with_id(const struct sqlauth_sessions *sessions, const char *mqtt_id)
{
	return with_id(sqlauth_index_find(&sessions->by_id, hash_of_id(sessions, mqtt_id)), mqtt_id);
}

static struct sqlauth_session *next_with_id(const struct sqlauth_session *session)
{
	return with_id(sqlauth_index_next(&session->by_id), session->mqtt_id);
}

static bool same_string(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

/* ---- the lists of states ---- */

static void leave_list(struct sqlauth_sessions *sessions, struct sqlauth_session *session)
{
	struct list *list = &sessions->lists[session->state];
	*(session->older ? &session->older->newer : &list->oldest) = session->newer;
	*(session->newer ? &session->newer->older : &list->newest) = session->older;
	list->count--;
}

static void enter_list(struct sqlauth_sessions *sessions, struct sqlauth_session *session, enum state state)
{
	struct list *list = &sessions->lists[state];
	session->state = (unsigned char)state;
	session->older = list->newest;
	session->newer = NULL;
	*(list->newest ? &list->newest->newer : &list->oldest) = session;
	list->newest = session;
	list->count++;
}

static int64_t now(const struct sqlauth_sessions *sessions)
{
	return sessions->clock->monotonic_ms(sessions->clock->context);
}

static void change_state(struct sqlauth_sessions *sessions, struct sqlauth_session *session, enum state state)
{
	leave_list(sessions, session);
	enter_list(sessions, session, state);
	if (state == LINGERING)
		session->linger_until = now(sessions) + SQLAUTH_SESSION_LINGER_MS;
}

/* ---- making and forgetting ---- */

static size_t string_size(const char *string)
{
	return string ? strlen(string) + 1 : 0;
}

static const char *put_string(char **end, const char *string)
{
	size_t size = string_size(string);
	char *copy = *end;
	if (size == 0)
		return NULL;
	memcpy(copy, string, size);
	*end += size;
	return copy;
}

static struct sqlauth_session *new_session(const struct sqlauth_session_setup *setup)
{
	struct sqlauth_session *session =
		calloc(1, sizeof *session + string_size(setup->mqtt_id) + string_size(setup->username) +
				  string_size(setup->client) + string_size(setup->certificate));
	if (!session)
		return NULL;
	char *end = session->strings;
	session->mqtt_id = put_string(&end, setup->mqtt_id);
	session->username = put_string(&end, setup->username);
	session->client = put_string(&end, setup->client);
	session->certificate = put_string(&end, setup->certificate);
	session->certificate_kind = setup->certificate_kind;
	sqlauth_acl_client_init(&session->values, session->mqtt_id, session->username);
	session->handle = setup->handle;
	session->kind = setup->kind;
	session->acl = setup->acl ? sqlauth_acl_ref(setup->acl) : NULL;
	return session;
}

static void unbind(struct sqlauth_sessions *sessions, struct sqlauth_session *session)
{
	if (!session->handle)
		return;
	sqlauth_index_remove(&sessions->by_handle, &session->by_handle);
	session->handle = NULL;
}

static void forget(struct sqlauth_sessions *sessions, struct sqlauth_session *session)
{
	unbind(sessions, session);
	sqlauth_index_remove(&sessions->by_id, &session->by_id);
	leave_list(sessions, session);
	sqlauth_acl_unref(session->acl);
	free(session);
}

/* Keeps the bound on ended sessions. Those that linger may have half of it: a flood of short connections pushes out its
 * own kind, not the offline sessions that wait for their messages. */
static void push_out(struct sqlauth_sessions *sessions)
{
	struct list *kept = &sessions->lists[KEPT], *lingering = &sessions->lists[LINGERING];
	while (kept->count + lingering->count > sessions->ended_max)
		forget(sessions, lingering->count > (sessions->ended_max + 1) / 2 ? lingering->oldest : kept->oldest);
}

/* The broker's memory at `handle` is somebody else's now, so whoever was there is gone, MQTT session and all. */
static void release_handle(struct sqlauth_sessions *sessions, const void *handle)
{
	struct sqlauth_session *session = bound_to(sessions, handle);
	if (!session)
		return;
	unbind(sessions, session);
	if (session->state != LINGERING)
		change_state(sessions, session, LINGERING);
}

/* `session` begins: those kept with its identifier only linger from now on. Not where it is deferred: it is the other
 * plugin that lets it in, and if that does the broker ends the kept one itself. The oldest that lingers is forgotten
 * where they are many, so that nobody makes this chain long by reconnecting. */
static void supersede(struct sqlauth_sessions *sessions, const struct sqlauth_session *session)
{
	struct sqlauth_session *oldest = NULL;
	size_t lingering = 0;
	for (struct sqlauth_session *s = first_with_id(sessions, session->mqtt_id); s; s = next_with_id(s)) {
		if (s->state == KEPT && session->kind == SQLAUTH_SESSION_OURS)
			change_state(sessions, s, LINGERING);
		if (s->state != LINGERING)
			continue;
		if (!oldest || s->serial < oldest->serial)
			oldest = s;
		lingering++;
	}
	if (lingering >= SQLAUTH_SESSIONS_LINGERING_PER_ID_MAX)
		forget(sessions, oldest);
}

/* ---- the life of a session ---- */

enum sqlauth_error sqlauth_sessions_new(
	const struct sqlauth_clock *clock, size_t ended_max, struct sqlauth_sessions **sessions_r)
{
	enum sqlauth_error error = SQLAUTH_ERROR_MEMORY;
	struct sqlauth_sessions *sessions = calloc(1, sizeof *sessions);
	if (!sessions)
		goto out;
	sessions->clock = clock;
	sessions->ended_max = ended_max;
	sqlauth_secret_random(&sessions->key, sizeof sessions->key);
	error = sqlauth_index_init(&sessions->by_handle);
	if (error)
		goto out;
	error = sqlauth_index_init(&sessions->by_id);
	if (error)
		goto out;
	*sessions_r = sessions;
	sessions = NULL;
out:
	sqlauth_sessions_free(sessions);
	return error;
}

void sqlauth_sessions_free(struct sqlauth_sessions *sessions)
{
	if (!sessions)
		return;
	for (enum state state = 0; state < STATES; state++)
		while (sessions->lists[state].oldest)
			forget(sessions, sessions->lists[state].oldest);
	sqlauth_index_fini(&sessions->by_handle);
	sqlauth_index_fini(&sessions->by_id);
	sqlauth_secret_wipe(&sessions->key, sizeof sessions->key);
	free(sessions);
}

enum sqlauth_error sqlauth_sessions_begin(struct sqlauth_sessions *sessions, const struct sqlauth_session_setup *setup,
	const struct sqlauth_session **session_r)
{
	if (!setup->handle || !setup->mqtt_id || (setup->kind == SQLAUTH_SESSION_OURS && !setup->acl))
		return SQLAUTH_ERROR_INVALID;
	struct sqlauth_session *session = new_session(setup);
	if (!session)
		return SQLAUTH_ERROR_MEMORY;
	release_handle(sessions, session->handle);
	supersede(sessions, session);
	session->serial = ++sessions->serial;
	session->connected_at = sessions->clock->unix_seconds(sessions->clock->context);
	sqlauth_index_add(&sessions->by_handle, &session->by_handle, mix(session->handle));
	sqlauth_index_add(&sessions->by_id, &session->by_id, hash_of_id(sessions, session->mqtt_id));
	const struct sqlauth_session *newest = sessions->lists[CONNECTED].newest;
	sessions->out_of_order = newest && (sessions->out_of_order || session->connected_at < newest->connected_at);
	enter_list(sessions, session, CONNECTED);
	push_out(sessions);
	*session_r = session;
	return SQLAUTH_OK;
}

static bool another_is_connected(const struct sqlauth_sessions *sessions, const struct sqlauth_session *session)
{
	const struct sqlauth_session *s = first_with_id(sessions, session->mqtt_id);
	while (s && (s == session || s->state != CONNECTED))
		s = next_with_id(s);
	return s != NULL;
}

void sqlauth_sessions_end(struct sqlauth_sessions *sessions, const void *handle, bool lives_on)
{
	struct sqlauth_session *session = bound_to(sessions, handle);
	if (!session || session->state == LINGERING)
		return;
	if (!lives_on || session->kind != SQLAUTH_SESSION_OURS || another_is_connected(sessions, session))
		change_state(sessions, session, LINGERING);
	else if (session->state == CONNECTED)
		change_state(sessions, session, KEPT);
	push_out(sessions);
}

void sqlauth_sessions_expire(struct sqlauth_sessions *sessions, size_t budget)
{
	struct list *lingering = &sessions->lists[LINGERING];
	if (lingering->count == 0)
		return;
	for (int64_t time = now(sessions); budget > 0 && lingering->oldest && lingering->oldest->linger_until <= time;
		budget--)
		forget(sessions, lingering->oldest);
}

/* ---- lookups ---- */

const struct sqlauth_session *sqlauth_sessions_find_handle(
	struct sqlauth_sessions *sessions, const void *handle, const char *mqtt_id, const char *username)
{
	const struct sqlauth_session *session = bound_to(sessions, handle);
	if (!session || !same_string(session->mqtt_id, mqtt_id) || !same_string(session->username, username))
		return NULL;
	return session;
}

static bool answers_before(const struct sqlauth_session *a, const struct sqlauth_session *b)
{
	return a->state != b->state ? a->state < b->state : a->serial > b->serial;
}

const struct sqlauth_session *sqlauth_sessions_find(
	struct sqlauth_sessions *sessions, const void *handle, const char *mqtt_id, const char *username)
{
	const struct sqlauth_session *best = sqlauth_sessions_find_handle(sessions, handle, mqtt_id, username);
	if (best || !mqtt_id)
		return best;
	for (struct sqlauth_session *s = first_with_id(sessions, mqtt_id); s; s = next_with_id(s))
		if (same_string(s->username, username) && (!best || answers_before(s, best)))
			best = s;
	return best;
}

bool sqlauth_session_is_of(const struct sqlauth_session *session, enum sqlauth_session_kind kind, const char *client)
{
	return session->kind == kind && (kind == SQLAUTH_SESSION_DEFERRED || same_string(session->client, client));
}

const struct sqlauth_session *sqlauth_sessions_next_holder(
	struct sqlauth_sessions *sessions, const char *mqtt_id, const void *handle, const struct sqlauth_session *after)
{
	const struct sqlauth_session *s = after ? next_with_id(after) : first_with_id(sessions, mqtt_id);
	while (s && (s->state != CONNECTED || s->handle == handle))
		s = next_with_id(s);
	return s;
}

void sqlauth_sessions_visit_connected(struct sqlauth_sessions *sessions, sqlauth_session_visitor *visit, void *context)
{
	for (struct sqlauth_session *s = sessions->lists[CONNECTED].oldest; s; s = s->newer)
		visit(context, s);
}

int64_t sqlauth_sessions_connected_since(const struct sqlauth_sessions *sessions)
{
	const struct list *connected = &sessions->lists[CONNECTED];
	if (!connected->oldest)
		return INT64_MAX;
	if (sessions->out_of_order ||
		connected->newest->connected_at > sessions->clock->unix_seconds(sessions->clock->context))
		return INT64_MIN;
	return connected->oldest->connected_at;
}

size_t sqlauth_sessions_connected(const struct sqlauth_sessions *sessions)
{
	return sessions->lists[CONNECTED].count;
}

size_t sqlauth_sessions_ended(const struct sqlauth_sessions *sessions)
{
	return sessions->lists[KEPT].count + sessions->lists[LINGERING].count;
}

/* ---- answers ---- */

/* The same number, the same topic; 0 for topics that are too long to remember. */
static uint64_t topic_number(struct last_topic *last, const char *topic, size_t length)
{
	if (length == last->length && memcmp(topic, last->text, length) == 0)
		return last->number;
	if (length == 0 || length > sizeof last->text)
		return 0;
	memcpy(last->text, topic, length);
	last->length = length;
	return ++last->number;
}

struct sqlauth_verdict sqlauth_sessions_check(struct sqlauth_sessions *sessions, const struct sqlauth_session *session,
	enum sqlauth_access access, const char *topic, size_t length)
{
	struct sqlauth_session *ours = (struct sqlauth_session *)session; /* const for everybody else */
	uint64_t *allowed = &ours->allowed[access == SQLAUTH_ACCESS_RECEIVE], number;
	struct sqlauth_verdict verdict = {SQLAUTH_ALLOWED, SQLAUTH_NO_PERMISSION};

	if (access == SQLAUTH_ACCESS_SUBSCRIBE) /* of filters, not topics, and seldom */
		return sqlauth_acl_check(session->acl, access, &session->values, topic, length);
	number = topic_number(&sessions->last_topic, topic, length);
	if (number != 0 && *allowed == number)
		return verdict;
	verdict = sqlauth_acl_check(session->acl, access, &session->values, topic, length);
	if (verdict.decision == SQLAUTH_ALLOWED)
		*allowed = number;
	return verdict;
}

/* ---- properties ---- */

const struct sqlauth_acl *sqlauth_session_acl(const struct sqlauth_session *session)
{
	return session->acl;
}

const struct sqlauth_acl_client *sqlauth_session_values(const struct sqlauth_session *session)
{
	return &session->values;
}

const void *sqlauth_session_handle(const struct sqlauth_session *session)
{
	return session->handle;
}

const char *sqlauth_session_mqtt_id(const struct sqlauth_session *session)
{
	return session->mqtt_id;
}

const char *sqlauth_session_username(const struct sqlauth_session *session)
{
	return session->username;
}

const char *sqlauth_session_client(const struct sqlauth_session *session)
{
	return session->client;
}

const char *sqlauth_session_certificate(const struct sqlauth_session *session, enum sqlauth_match_by *kind_r)
{
	*kind_r = session->certificate_kind;
	return session->certificate;
}

enum sqlauth_session_kind sqlauth_session_kind(const struct sqlauth_session *session)
{
	return session->kind;
}

bool sqlauth_session_is_connected(const struct sqlauth_session *session)
{
	return session->state == CONNECTED;
}

int64_t sqlauth_session_connected_at(const struct sqlauth_session *session)
{
	return session->connected_at;
}
