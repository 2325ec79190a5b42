/* The table of sessions against a naive model of it, one array and every rule written out anew, under random
 * operations. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "holders.h"
#include "sqlauth/secret.h"
#include "sqlauth/session.h"

enum { HANDLES = 7, IDS = 5, USERS = 3, MODEL_ENDED_MAX = 9, MODEL_SIZE = 64, OPERATIONS = 300000 };

static int64_t clock_ms = 1000000, clock_seconds; /* the seconds number the sessions */
static struct sqlauth_acl *shared_acl;
static char memory[HANDLES + 1]; /* its addresses serve as the broker's pointers */

static int64_t test_ms(void *context)
{
	(void)context;
	return clock_ms;
}

static int64_t test_seconds(void *context)
{
	(void)context;
	return clock_seconds;
}

static const struct sqlauth_clock test_clock = {test_ms, test_seconds, NULL};

static int64_t number_of(const struct sqlauth_session *session)
{
	return session ? sqlauth_session_connected_at(session) : 0;
}

/* ---- the model ---- */

struct entry {
	int64_t number, since;             /* since: when it began to linger */
	unsigned handle, id, user, client; /* handle 0: none any more; user 0: no username; client 0: none */
	bool deferred, connected, lives_on;
	unsigned long moved; /* order in which entries got into their state */
};

static struct entry model[MODEL_SIZE];
static size_t model_count;
static unsigned long model_moves;

static void model_drop(const struct entry *entry)
{
	size_t i = (size_t)(entry - model);
	memmove(&model[i], &model[i + 1], (--model_count - i) * sizeof *model);
}

static void model_move(struct entry *entry, bool lives_on)
{
	entry->connected = false;
	entry->lives_on = lives_on;
	entry->since = clock_ms;
	entry->moved = ++model_moves;
}

static struct entry *model_oldest_ended(bool lives_on)
{
	struct entry *oldest = NULL;
	for (struct entry *e = model; e < model + model_count; e++)
		if (!e->connected && e->lives_on == lives_on && (!oldest || e->moved < oldest->moved))
			oldest = e;
	return oldest;
}

static size_t model_ended(bool lives_on)
{
	size_t count = 0;
	for (const struct entry *e = model; e < model + model_count; e++)
		count += !e->connected && e->lives_on == lives_on;
	return count;
}

static void model_bound(void)
{
	while (model_ended(true) + model_ended(false) > MODEL_ENDED_MAX)
		model_drop(model_oldest_ended(model_ended(false) <= (MODEL_ENDED_MAX + 1) / 2));
}

static void model_begin(struct entry new)
{
	struct entry *oldest = NULL;
	size_t lingering = 0;
	for (struct entry *e = model; e < model + model_count; e++) {
		if (e->handle == new.handle) {
			e->handle = 0;
			if (e->connected || e->lives_on)
				model_move(e, false);
		}
	}
	for (struct entry *e = model; e < model + model_count; e++) {
		if (e->id != new.id || e->connected)
			continue;
		if (e->lives_on && !new.deferred)
			model_move(e, false);
		if (e->lives_on)
			continue;
		if (!oldest || e->number < oldest->number)
			oldest = e;
		lingering++;
	}
	if (lingering >= SQLAUTH_SESSIONS_LINGERING_PER_ID_MAX)
		model_drop(oldest);
	assert_true(model_count < MODEL_SIZE);
	model[model_count++] = new;
	model_bound();
}

static void model_end(unsigned handle, bool lives_on)
{
	struct entry *found = NULL;
	for (struct entry *e = model; e < model + model_count; e++)
		if (e->handle == handle && (e->connected || e->lives_on))
			found = e;
	if (!found)
		return;
	if (found->deferred)
		lives_on = false;
	for (const struct entry *e = model; e < model + model_count; e++)
		if (e != found && e->id == found->id && e->connected)
			lives_on = false;
	if (found->connected || !lives_on)
		model_move(found, lives_on);
	model_bound();
}

static void model_expire(size_t budget)
{
	struct entry *oldest;
	while (budget-- > 0 && (oldest = model_oldest_ended(false)) &&
		oldest->since + SQLAUTH_SESSION_LINGER_MS <= clock_ms)
		model_drop(oldest);
}

static int model_rank(const struct entry *entry)
{
	return entry->connected ? 2 : entry->lives_on;
}

static int64_t model_find(unsigned handle, unsigned id, unsigned user)
{
	const struct entry *best = NULL;
	for (const struct entry *e = model; e < model + model_count; e++) {
		if (e->id != id || e->user != user)
			continue;
		if (handle && e->handle == handle)
			return e->number;
		if (!best || model_rank(e) > model_rank(best) ||
			(model_rank(e) == model_rank(best) && e->number > best->number))
			best = e;
	}
	return best ? best->number : 0;
}

static bool model_in_use(unsigned handle, unsigned id, bool deferred, unsigned client)
{
	for (const struct entry *e = model; e < model + model_count; e++)
		if (e->connected && e->id == id && e->handle != handle &&
			(e->deferred != deferred || (!deferred && e->client != client)))
			return true;
	return false;
}

/* ---- both, side by side ---- */

static uint64_t seed;

static unsigned below(unsigned limit) /* splitmix64 */
{
	uint64_t x = seed += UINT64_C(0x9e3779b97f4a7c15);
	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return (unsigned)((x ^ (x >> 31)) % limit);
}

static const char *const ids[IDS] = {"", "a", "b", "pump", "pump2"};
static const char *const users[USERS + 1] = {NULL, "", "u", "water"};

static void both_begin(struct sqlauth_sessions *sessions)
{
	bool deferred = below(5) == 0;
	unsigned user = below(USERS + 1);
	const struct entry entry = {.number = ++clock_seconds,
		.handle = 1 + below(HANDLES),
		.id = below(IDS),
		.user = user,
		.client = deferred ? 0 : user,
		.deferred = deferred,
		.connected = true};
	const struct sqlauth_session_setup setup = {.handle = &memory[entry.handle],
		.mqtt_id = ids[entry.id],
		.username = users[entry.user],
		.client = users[entry.client],
		.kind = deferred ? SQLAUTH_SESSION_DEFERRED : SQLAUTH_SESSION_OURS,
		.acl = deferred ? NULL : shared_acl};
	const struct sqlauth_session *session = NULL;
	assert_int_equal(sqlauth_sessions_begin(sessions, &setup, &session), SQLAUTH_OK);
	model_begin(entry);
}

static void both_operate(struct sqlauth_sessions *sessions)
{
	unsigned handle = 1 + below(HANDLES), budget = below(4);
	bool lives_on = below(2);
	switch (below(8)) {
	case 0:
	case 1:
	case 2:
		both_begin(sessions);
		break;
	case 3:
	case 4:
	case 5:
		sqlauth_sessions_end(sessions, &memory[handle], lives_on);
		model_end(handle, lives_on);
		break;
	case 6:
		clock_ms += below(6000);
		break;
	default:
		sqlauth_sessions_expire(sessions, budget);
		model_expire(budget);
	}
}

static void both_agree(struct sqlauth_sessions *sessions, unsigned operation)
{
	for (unsigned i = 0; i < 6; i++) {
		unsigned handle = below(HANDLES + 1), id = below(IDS), user = below(USERS + 1);
		const void *pointer = handle ? &memory[handle] : NULL;
		if (number_of(sqlauth_sessions_find(sessions, pointer, ids[id], users[user])) !=
			model_find(handle, id, user))
			fail_msg("operation %u: find %u %s %u", operation, handle, ids[id], user);
		bool deferred = below(2);
		if (is_held_by_another(sessions, ids[id], pointer,
			    deferred ? SQLAUTH_SESSION_DEFERRED : SQLAUTH_SESSION_OURS,
			    users[user]) != model_in_use(handle, id, deferred, user))
			fail_msg("operation %u: in_use %u %s %u", operation, handle, ids[id], user);
	}
	size_t ended = model_ended(true) + model_ended(false);
	if (sqlauth_sessions_ended(sessions) != ended || sqlauth_sessions_connected(sessions) != model_count - ended)
		fail_msg("operation %u: counts", operation);
}

static void a_naive_model_agrees_after_every_operation(void **state)
{
	struct sqlauth_sessions *sessions = NULL;
	(void)state;
	assert_int_equal(sqlauth_sessions_new(&test_clock, MODEL_ENDED_MAX, &sessions), SQLAUTH_OK);
	seed = 20240229;
	for (unsigned operation = 0; operation < OPERATIONS; operation++) {
		both_operate(sessions);
		both_agree(sessions, operation);
	}
	sqlauth_sessions_free(sessions);
}

static int set_up(void **state)
{
	(void)state;
	return sqlauth_secret_init() || sqlauth_acl_compile(NULL, 0, &shared_acl, NULL);
}

static int tear_down(void **state)
{
	(void)state;
	sqlauth_acl_unref(shared_acl);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_naive_model_agrees_after_every_operation),
	};
	return cmocka_run_group_tests_name("session_model", tests, set_up, tear_down);
}
