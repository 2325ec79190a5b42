/* Delayed answers: which connections wait, whose turn it is, and handing results over. What a verdict means is
 * connect.c's affair (plugin_decide), how it is computed the workers'.
 *
 * A client that goes away while it waits is not announced by any event; its request is found out by the next connection
 * with its id or in its memory, or answered into the void, which the broker ignores.
 */
#include "delayed.h"

#include <stdlib.h>
#include <string.h>

#include "fair_queue.h"
#include "sqlauth/secret.h"

#define HASH_NONFATAL_OOM 1
#include <uthash.h>
#include <utlist.h>

#define TURN_BUDGET_US 1000
#define COST_BYTES     1024   /* of what a client sent that count as one more request */
#define CONTESTED_MAX  4096   /* ids; who wants one forgotten has to contest thousands */
#define CONTESTED_MS   300000 /* clients that are turned away come again after two minutes at most, as a rule */

struct request {
	struct work work;      /* first: the workers know a request by it */
	struct fair_item item; /* waits in its place's line */
	UT_hash_handle by_id, by_handle, by_tag;
	struct request *prev, *next; /* of the same instance, in the order in which they came */
	struct request *contested_prev, *contested_next;
	struct delayed *owner;
	uint64_t id_hash;
	const void *handle;
	struct sqlauth_identity *identity;
	struct verify_mark mark;
	int64_t asked_ms;
	bool working, known; /* known: in the tables; otherwise cancelled, being answered or prepared */
	bool contested;      /* somebody else wants its id: in the list of those, and no more in the queue */
	bool prepared;       /* nobody waits for its answer: its owner has it by its tag */
	char *mqtt_id, *username, *address;
};

struct delayed {
	struct plugin *plugin;
	unsigned threads;
	struct workers *workers; /* NULL: they rest; there are always some while there are requests */
	struct workers *leaving; /* dismissed, not yet gone */
	bool used;               /* since the last delayed_rest */
	bool told;               /* that the system gives no threads */
	struct fair_queue queue;
	struct request *requests;  /* in the order in which they came */
	struct request *contested; /* to be decided at the next turn */
	struct request *prepared;  /* by tag: whoever comes again before its turn is there already */
};

/* An id that must not wait for a while. */
struct contest {
	uint64_t id_hash;
	int64_t until_ms;
};

/* What the broker's table is: one for the process. Touched in the broker's thread only. */
static struct {
	struct request *by_id, *by_handle;
	struct contest contests[CONTESTED_MAX]; /* each in the place of its hash; a newer one there replaces it */
	struct sqlauth_hash_key key;
	bool has_key;
	const void *completing; /* handle of the connection that is being answered */
	bool announced;         /* the broker said what became of it */
} table;

bool delayed_is_possible(void)
{
	return mosquitto_complete_basic_auth && mosquitto_client;
}

struct delayed *delayed_new(struct plugin *plugin, unsigned threads)
{
	struct delayed *delayed = calloc(1, sizeof *delayed);

	if (!delayed)
		return NULL;
	delayed->plugin = plugin;
	delayed->threads = threads;
	fair_queue_init(&delayed->queue, DELAYED_MAX);
	if (!table.has_key)
		sqlauth_secret_random(&table.key, sizeof table.key);
	table.has_key = true;
	return delayed;
}

/* ---- threads, while there is work ---- */

bool delayed_ready(struct delayed *delayed)
{
	bool ready = delayed->workers ||
		     workers_new(delayed->threads, &delayed->plugin->options.limits, &delayed->workers) == SQLAUTH_OK;

	if (!ready && !delayed->told)
		plugin_log(MOSQ_LOG_WARNING,
			"the system gives no threads: passwords are verified in the broker's, within verify_share");
	delayed->told = !ready;
	return ready;
}

void delayed_rest(struct delayed *delayed)
{
	if (delayed->leaving && workers_gone(delayed->leaving))
		delayed->leaving = NULL;
	if (delayed->workers && !delayed->leaving && !delayed->requests && !delayed->used) {
		workers_dismiss(delayed->workers);
		delayed->leaving = delayed->workers;
		delayed->workers = NULL;
	}
	delayed->used = false;
}

/* ---- the tables ---- */

static uint64_t hash_id(const char *mqtt_id)
{
	return sqlauth_keyed_hash(&table.key, mqtt_id, strlen(mqtt_id));
}

static void forget(struct request *request)
{
	if (!request->known)
		return;
	HASH_DELETE(by_id, table.by_id, request);
	HASH_DELETE(by_handle, table.by_handle, request);
	request->known = false;
}

static bool enter(struct request *request)
{
	HASH_ADD(by_id, table.by_id, id_hash, sizeof request->id_hash, request);
	if (!request->by_id.tbl)
		return false;
	HASH_ADD(by_handle, table.by_handle, handle, sizeof request->handle, request);
	if (!request->by_handle.tbl) {
		HASH_DELETE(by_id, table.by_id, request);
		return false;
	}
	request->known = true;
	return true;
}

static void request_free(struct request *request)
{
	forget(request);
	fair_queue_remove(&request->owner->queue, &request->item);
	if (request->contested)
		DL_DELETE2(request->owner->contested, request, contested_prev, contested_next);
	if (request->prepared)
		HASH_DELETE(by_tag, request->owner->prepared, request);
	DL_DELETE(request->owner->requests, request);
	sqlauth_identity_free(request->identity);
	sqlauth_secret_free(request->work.password);
	sqlauth_secret_wipe(&request->work, sizeof request->work);
	free(request->mqtt_id);
	free(request->username);
	free(request->address);
	free(request);
}

/* Nobody waits for this one any more. A worker that is at it is not disturbed: its verdict is still worth remembering.
 */
static void cancel(struct request *request)
{
	if (!request)
		return;
	forget(request);
	if (!request->working)
		request_free(request);
}

static struct request *find_by_hash(uint64_t id_hash)
{
	struct request *request = NULL;

	HASH_FIND(by_id, table.by_id, &id_hash, sizeof id_hash, request);
	return request;
}

void delayed_cancel(const void *handle, const char *mqtt_id)
{
	struct request *request = NULL;

	if (!table.by_id)
		return;
	HASH_FIND(by_handle, table.by_handle, &handle, sizeof handle, request);
	cancel(request);
	if (mqtt_id && table.by_id)
		cancel(find_by_hash(hash_id(mqtt_id)));
}

void delayed_note_event(const void *handle)
{
	if (handle == table.completing)
		table.announced = true;
}

/* ---- ids that two want ---- */

static int64_t now_ms(const struct delayed *delayed)
{
	const struct sqlauth_clock *clock = delayed->plugin->clock;

	return clock->monotonic_ms(clock->context);
}

static struct contest *contest_of(uint64_t id_hash)
{
	return &table.contests[id_hash % CONTESTED_MAX];
}

bool delayed_is_contested(const struct delayed *delayed, const char *mqtt_id)
{
	uint64_t hash = hash_id(mqtt_id);
	const struct contest *contest = contest_of(hash);

	return contest->id_hash == hash && now_ms(delayed) < contest->until_ms;
}

/* One that is with a worker has its answer soon, and is left alone. */
void delayed_note_turned_away(const void *handle, const char *mqtt_id)
{
	struct request *request;
	uint64_t hash;

	if (!table.by_id)
		return;
	hash = hash_id(mqtt_id);
	request = find_by_hash(hash);
	if (!request || request->handle == handle)
		return;
	*contest_of(hash) = (struct contest){hash, now_ms(request->owner) + CONTESTED_MS};
	if (request->working || request->contested)
		return;
	request->contested = true;
	fair_queue_remove(&request->owner->queue, &request->item);
	DL_APPEND2(request->owner->contested, request, contested_prev, contested_next);
}

/* ---- beginning ---- */

static char *copy(const char *string)
{
	return string ? strdup(string) : NULL;
}

static bool fill(struct request *request, const struct asker *asker, const struct verify_question *question)
{
	const char *address = plugin_asker_address(asker);

	request->mqtt_id = strdup(asker->mqtt_id);
	request->username = copy(asker->username);
	request->address = copy(address);
	request->work.password = calloc(1, question->length + 1); /* it is wiped as a string, filled or not */
	if (!request->mqtt_id || !request->work.password || (asker->username && !request->username) ||
		(address && !request->address))
		return false;
	memcpy(request->work.password, question->password, question->length);
	request->work.length = question->length;
	memcpy(request->work.hash, question->hash, strlen(question->hash) + 1);
	request->id_hash = hash_id(asker->mqtt_id);
	request->handle = asker->client;
	return true;
}

static size_t cost_of(const struct asker *asker, const struct verify_question *question)
{
	size_t username_length = asker->username ? strlen(asker->username) : 0;

	return 1 + (question->length + username_length + strlen(asker->mqtt_id)) / COST_BYTES;
}

/* NULL: there is no room. */
static struct request *queue_up(struct delayed *delayed, const struct asker *asker,
	const struct verify_question *question, const struct verify_mark *mark)
{
	struct request *request;

	if (strlen(question->hash) >= sizeof request->work.hash)
		return NULL;
	request = calloc(1, sizeof *request);
	if (!request)
		return NULL;
	delayed->used = true;
	request->owner = delayed;
	request->mark = *mark;
	request->asked_ms = now_ms(delayed);
	DL_APPEND(delayed->requests, request);
	if (fill(request, asker, question) &&
		fair_queue_add(&delayed->queue, &request->item, mark->place, cost_of(asker, question)))
		return request;
	request_free(request);
	return NULL;
}

bool delayed_begin(struct delayed *delayed, const struct asker *asker, const struct verify_question *question,
	const struct verify_mark *mark, struct sqlauth_identity *identity)
{
	struct request *request = queue_up(delayed, asker, question, mark);

	if (!request)
		return false;
	if (!enter(request)) {
		request_free(request);
		return false;
	}
	/* Its turn comes at the next TICK, which is the next thing the broker does: it cannot be answered before the
	 * broker knows that it waits. */
	request->identity = identity;
	return true;
}

void delayed_prepare(struct delayed *delayed, const struct verify_question *question, const struct verify_mark *mark)
{
	const struct asker nobody = {.mqtt_id = "", .username = question->username};
	const struct plugin *plugin = delayed->plugin;
	struct request *request = NULL;

	if (!plugin->ticks || plugin->options.verified_cache_size == 0 || plugin->options.verified_cache_seconds == 0 ||
		!delayed_ready(delayed))
		return;
	HASH_FIND(by_tag, delayed->prepared, &mark->tag, sizeof mark->tag, request);
	if (!request)
		request = queue_up(delayed, &nobody, question, mark);
	if (!request || request->prepared)
		return;
	HASH_ADD(by_tag, delayed->prepared, mark.tag, sizeof request->mark.tag, request);
	request->prepared = request->by_tag.tbl;
	if (!request->prepared)
		request_free(request);
}

/* ---- answering ---- */

/* Tells the broker. Where nobody is there any more it does nothing, and the session that was begun for the connection
 * must not stay: the broker says CONNECT or an end within the call for whoever is. */
static void complete(struct delayed *delayed, const struct request *request, bool accepted)
{
	table.completing = request->handle;
	table.announced = false;
	mosquitto_complete_basic_auth(request->mqtt_id, accepted ? MOSQ_ERR_SUCCESS : MOSQ_ERR_AUTH);
	if (accepted && !table.announced)
		sqlauth_sessions_end(delayed->plugin->sessions, request->handle, false);
	table.completing = NULL;
}

static void answer(struct request *request, enum verify_answer verdict, enum sqlauth_error verified)
{
	struct delayed *delayed = request->owner;
	struct asker asker = {.handle = request->handle,
		.mqtt_id = request->mqtt_id,
		.username = request->username,
		.waited_at = request->address};
	bool accepted;

	/* From here on events for this connection are not about a request. */
	forget(request);
	accepted = plugin_decide(delayed->plugin, &asker, request->identity, &request->mark, verdict, verified);
	complete(delayed, request, accepted);
	request_free(request);
}

/* What it was for is done: its connection hears of it, if one still waits. */
static void finish(struct request *request, enum verify_answer verdict, enum sqlauth_error verified)
{
	if (request->known)
		answer(request, verdict, verified);
	else
		request_free(request);
}

/* A worker is through with it. */
static void take_back(struct request *request)
{
	enum sqlauth_error verified = request->work.verified;

	request->working = false;
	plugin_note_verdict(request->owner->plugin, &request->mark, request->username, request->work.hash, verified);
	finish(request, VERIFY_DONE, verified);
}

static struct request *request_of(struct fair_item *item)
{
	return (struct request *)((char *)item - offsetof(struct request, item));
}

/* Its turn has come: is the work still needed, and allowed? */
static enum verify_answer consult(const struct request *request, enum sqlauth_error *verified_r)
{
	struct verifier *verifier = &request->owner->plugin->verifier;
	enum verify_answer answer = verify_consult(verifier, &request->mark, request->username, verified_r);

	if (request->known)
		verify_count(verifier, answer, *verified_r);
	return answer;
}

static void serve(struct request *request)
{
	enum sqlauth_error verified = SQLAUTH_ERROR_SYSTEM;
	enum verify_answer verdict = consult(request, &verified);

	if (verdict != VERIFY_NEEDED) {
		finish(request, verdict, verified);
		return;
	}
	request->working = true;
	workers_start(request->owner->workers, &request->work);
}

/* It may not wait any longer: computed here, or turned away. */
static void serve_here(struct request *request)
{
	struct plugin *plugin = request->owner->plugin;
	enum sqlauth_error verified = SQLAUTH_ERROR_SYSTEM;
	enum verify_answer verdict = consult(request, &verified);

	if (verdict == VERIFY_NEEDED) {
		struct verify_question question = {.username = request->username,
			.hash = request->work.hash,
			.password = request->work.password,
			.length = request->work.length,
			.at_tick = true};

		verdict = plugin_verify_here(plugin, &question, &request->mark, &verified);
		if (verdict == VERIFY_BUSY)
			delayed_prepare(request->owner, &question, &request->mark);
	}
	answer(request, verdict, verified);
}

void delayed_turn(struct delayed *delayed)
{
	int64_t until;
	struct work *work;
	struct fair_item *item;

	if (!delayed->requests)
		return;
	until = sqlauth_clock_us() + TURN_BUDGET_US;
	while (delayed->contested) {
		serve_here(delayed->contested);
		if (sqlauth_clock_us() > until)
			break;
	}
	while ((work = workers_collect(delayed->workers))) {
		take_back((struct request *)work);
		if (sqlauth_clock_us() > until)
			break;
	}
	while (workers_have_room(delayed->workers) && (item = fair_queue_take(&delayed->queue))) {
		serve(request_of(item));
		if (sqlauth_clock_us() > until)
			break;
	}
	if (delayed->contested || (delayed->queue.count > 0 && workers_have_room(delayed->workers)))
		workers_call_again(delayed->workers);
}

void delayed_free(struct delayed *delayed)
{
	struct request *request, *next;

	if (!delayed)
		return;
	workers_free(delayed->workers);
	workers_free(delayed->leaving);
	DL_FOREACH_SAFE(delayed->requests, request, next)
	request_free(request);
	free(delayed);
}

/* ---- for metrics and ticks ---- */

bool delayed_must_look(const struct delayed *delayed)
{
	return delayed->requests && !workers_wake(delayed->workers);
}

size_t delayed_waiting(const struct delayed *delayed)
{
	return delayed->queue.count;
}

int64_t delayed_longest_ms(const struct delayed *delayed)
{
	const struct request *request = delayed->requests;

	while (request && request->working)
		request = request->next;
	return request ? now_ms(delayed) - request->asked_ms : 0;
}
