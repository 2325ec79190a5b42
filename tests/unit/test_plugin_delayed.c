/* Delayed answers with a stub of the broker: whom a verdict reaches, and that threads end cleanly with work in flight.
 */
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "allocations.h"
#include "store_database.h"
#include "stub_broker.h"
#include "threads.h"

/* Of "secret", by mosquitto_passwd's form: 2,000 iterations are about a millisecond. */
#define HASH                                                                                                           \
	"'$7$2000$MDEyMzQ1Njc4OWFi$KPCLGtQxtAL8uOu61ykx2Ciw6kEK/4xP9VZatB7WvYJ0DKhWsZ4m9VS8Fu3Gchsshkz0sT//"           \
	"AyHXqi3MKvpjaA=='"

/* The same with 800,000: some tenths of a second. */
#define SLOW_HASH                                                                                                      \
	"'$7$800000$MDEyMzQ1Njc4OWFi$BzeeWhULhSYuKpVPXRed+LNLdrtnWQ4cNNL80Jz7"                                         \
	"wdMSWgyNNHUZtmlCSNuoevzSYWIplLRChU59Csf9HWbQ4g=='"

#define REFUSED 11    /* MOSQ_ERR_AUTH */
#define BUSY    137   /* MOSQ_ERR_SERVER_BUSY */
#define LONG_MS 30000 /* no hash takes that long, under no tool */

static struct database database;

static int make_database(void **state)
{
	(void)state;
	database_init(&database);
	database_create(&database, "INSERT INTO clients (name, username, password) VALUES ('alice', 'alice', " HASH
				   "), ('bob', 'bob', " HASH "), ('carol', 'carol', " SLOW_HASH ");");
	return 0;
}

static int remove_database(void **state)
{
	(void)state;
	database_fini(&database);
	return 0;
}

static void start_rationed(const char *threads, const char *memory, const char *share, const char *failures)
{
	const char *const options[] = {"database", database.path, "verify_threads", threads, "verified_cache_size",
		memory, "verify_share", share, "failures_per_address", failures, "failures_per_username", "0", NULL};

	assert_int_equal(stub_start(options), 0);
}

static void start_with(const char *threads, const char *memory, const char *share)
{
	start_rationed(threads, memory, share, "0");
}

static void start(const char *threads)
{
	start_with(threads, "0", "1");
}

static struct mosquitto client_of(const char *id, const char *username, const char *password)
{
	return (struct mosquitto){.id = id, .username = username, .password = password, .address = "192.0.2.1"};
}

static void each_connection_gets_its_own_verdict(void **state)
{
	enum { COUNT = 40 };
	struct mosquitto clients[COUNT];
	char ids[COUNT][8];

	(void)state;
	start("3");
	for (int i = 0; i < COUNT; i++) {
		snprintf(ids[i], sizeof ids[i], "c%d", i);
		clients[i] = client_of(ids[i], i % 3 ? "alice" : "mallory", i % 2 ? "secret" : "wrong");
		assert_int_equal(stub_connect(&clients[i]), STUB_DELAYED);
	}
	stub_turn();
	for (int i = 0; i < COUNT; i++) {
		if (!clients[i].answers)
			stub_wait(&clients[i], LONG_MS);
		if (clients[i].answers != 1 || (clients[i].answer == 0) != (i % 3 && i % 2))
			fail_msg("client %d got %d answers, the last %d", i, clients[i].answers, clients[i].answer);
	}
	stub_stop();
}

/* One signal is lost now and then, where the broker is just about to sleep. */
static void the_broker_is_woken_for_a_result(void **state)
{
	struct mosquitto client;

	(void)state;
	start("1");
	for (int i = 0; i < 200; i++) {
		client = client_of("id", "alice", "wrong");
		assert_int_equal(stub_connect(&client), STUB_DELAYED);
		stub_turn();
		assert_true(stub_wait(&client, LONG_MS));
		assert_int_equal(client.answer, REFUSED);
	}
	stub_stop();
}

static void a_newer_connection_with_the_id_cancels_the_older_one(void **state)
{
	struct mosquitto first, second, probe;

	(void)state;
	start("2");
	for (int i = 0; i < 300; i++) {
		first = client_of("same", "alice", "secret");
		assert_int_equal(stub_connect(&first), STUB_DELAYED);
		for (int turns = i % 4; turns > 0; turns--)
			stub_turn();
		if (first.answers) {
			stub_leave(&first);
			continue;
		}
		stub_leave(&first);
		second = client_of("same", "bob", "wrong");
		assert_int_equal(stub_connect(&second), STUB_DELAYED);
		stub_turn();
		if (!second.answers)
			stub_wait(&second, LONG_MS);
		if (first.answers || second.answer != REFUSED)
			fail_msg("round %d: the older one has %d answers, the newer one was told %d", i, first.answers,
				second.answer);
	}
	probe = client_of("probe", "alice", "secret");
	assert_int_equal(stub_connect(&probe), STUB_DELAYED);
	stub_wait(&probe, LONG_MS);
	assert_int_equal(probe.answer, 0);
	stub_stop();
}

static void a_newer_connection_in_the_memory_of_the_older_one_cancels_it(void **state)
{
	struct mosquitto memory;

	(void)state;
	start("1");
	memory = client_of("older", "alice", "secret");
	assert_int_equal(stub_connect(&memory), STUB_DELAYED);
	stub_turn();
	stub_leave(&memory);
	memory = client_of("newer", "alice", "wrong");
	assert_int_equal(stub_connect(&memory), STUB_DELAYED);
	stub_wait(&memory, LONG_MS);
	assert_int_equal(memory.answer, REFUSED);
	assert_int_equal(memory.answers, 1);
	stub_stop();
}

static void a_client_that_left_while_it_waited_is_nobodys_session(void **state)
{
	struct mosquitto gone, next, marker;

	(void)state;
	start("1");
	gone = client_of("id", "alice", "secret");
	assert_int_equal(stub_connect(&gone), STUB_DELAYED);
	stub_turn();
	stub_leave(&gone);
	marker = client_of("marker", "alice", "secret");
	assert_int_equal(stub_connect(&marker), STUB_DELAYED);
	stub_wait(&marker, LONG_MS);
	assert_int_equal(gone.answers, 0);
	next = client_of("id", "bob", "secret");
	assert_int_equal(stub_connect(&next), STUB_DELAYED);
	stub_wait(&next, LONG_MS);
	assert_int_equal(next.answer, 0);
	assert_false(stub_logged("mqtt_id_in_use"));
	stub_stop();
}

/* The broker asks nobody about a connection whose id is held by one that waits: who guesses could keep it for ever. */
static void nobody_keeps_an_id_from_its_owner_by_waiting_with_it(void **state)
{
	enum { BEFORE = 20 };
	struct mosquitto before[BEFORE], guess, owner;
	char ids[BEFORE][8];

	(void)state;
	start("1");
	for (int i = 0; i < BEFORE; i++) {
		snprintf(ids[i], sizeof ids[i], "c%d", i);
		before[i] = client_of(ids[i], "alice", "secret");
		assert_int_equal(stub_connect(&before[i]), STUB_DELAYED);
	}
	guess = client_of("alice-1", "mallory", "wrong");
	assert_int_equal(stub_connect(&guess), STUB_DELAYED);
	owner = client_of("alice-1", "alice", "secret");
	assert_int_equal(stub_connect(&owner), STUB_TURNED_AWAY);
	stub_turn();
	assert_int_equal(guess.answers, 1);
	assert_int_equal(guess.answer, REFUSED);
	for (int i = 0; i < 3; i++) {
		guess = client_of("alice-1", "mallory", "wrong");
		assert_int_equal(stub_connect(&guess), REFUSED);
		owner = client_of("alice-1", "alice", "secret");
		assert_int_equal(stub_connect(&owner), 0);
		stub_leave(&owner);
	}
	for (int i = 0; i < BEFORE; i++)
		if (!before[i].answers)
			stub_wait(&before[i], LONG_MS);
	stub_stop();
}

static void an_owner_who_waits_is_not_driven_away_by_who_asks_for_its_id(void **state)
{
	struct mosquitto before, owner, other;

	(void)state;
	start("1");
	before = client_of("before", "bob", "wrong");
	assert_int_equal(stub_connect(&before), STUB_DELAYED);
	owner = client_of("alice-2", "alice", "secret");
	assert_int_equal(stub_connect(&owner), STUB_DELAYED);
	for (int i = 0; i < 3; i++) {
		other = client_of("alice-2", "mallory", "wrong");
		assert_int_equal(stub_connect(&other), STUB_TURNED_AWAY);
	}
	stub_turn();
	assert_int_equal(owner.answers, 1);
	assert_int_equal(owner.answer, 0);
	stub_wait(&before, LONG_MS);
	stub_stop();
}

/* Its own connection, refused or given up, is no sign of somebody else's. */
static void an_id_that_only_one_asks_for_goes_on_waiting(void **state)
{
	(void)state;
	start("1");
	for (int i = 0; i < 20; i++) {
		struct mosquitto client = client_of("alice-3", "alice", i % 2 ? "secret" : "wrong");

		assert_int_equal(stub_connect(&client), STUB_DELAYED);
		if (i % 3) {
			stub_wait(&client, LONG_MS);
			assert_int_equal(client.answer, i % 2 ? 0 : REFUSED);
		}
		stub_leave(&client);
	}
	stub_stop();
}

static void what_is_remembered_of_an_unknown_username_outlives_another_decoy(void **state)
{
	struct mosquitto client = client_of("id-1", "mallory", "wrong");

	(void)state;
	start_with("1", "100", "1");
	assert_int_equal(stub_connect(&client), STUB_DELAYED);
	stub_wait(&client, LONG_MS);
	client = client_of("id-2", "alice", "secret"); /* from here on the decoy is like hers */
	assert_int_equal(stub_connect(&client), STUB_DELAYED);
	stub_wait(&client, LONG_MS);
	client = client_of("id-1", "mallory", "wrong");
	assert_int_equal(stub_connect(&client), REFUSED);
	stub_stop();
}

/* What was begun of a request is wiped and freed, filled or not. */
static void an_allocation_that_fails_lets_nobody_in_and_harms_nobody(void **state)
{
	size_t waited = 0;

	(void)state;
	start_with("1", "0", "1");
	for (size_t nth = 1; waited < 3; nth++) {
		struct mosquitto client = client_of("id", "alice-of-a-name-longer-than-her-password", "x");
		int answer;

		assert_in_range(nth, 1, 200);
		allocations_fail(nth);
		answer = stub_connect(&client);
		allocations_fail(0);
		assert_int_not_equal(answer, 0);
		if (answer == STUB_DELAYED) {
			waited++;
			stub_wait(&client, LONG_MS);
		}
		stub_leave(&client);
	}
	stub_stop();
}

/* Comes again until it is not busy. */
static int answer_in_the_end(const char *id, const char *username, const char *password)
{
	struct mosquitto client = client_of(id, username, password);
	int answer, ms = 0;

	while ((answer = stub_connect(&client)) == BUSY) {
		assert_in_range(ms++, 0, LONG_MS);
		poll(NULL, 0, 1);
		stub_turn();
	}
	stub_leave(&client);
	return answer;
}

/* Has the id contested, so that nobody waits with it, and the time of the broker's thread used up, a hundredth of which
 * is for hashing: a slow hash takes that of half a minute, once, for the account is the process's. */
static void use_up_the_time(const char *id)
{
	static bool is_used_up;
	const char *username = is_used_up ? "bob" : "carol";
	struct mosquitto client = client_of(id, username, "secret"), other = client_of(id, "mallory", "guess");

	assert_int_equal(stub_connect(&client), STUB_DELAYED);
	assert_int_equal(stub_connect(&other), STUB_TURNED_AWAY);
	stub_turn();
	assert_int_equal(client.answer, is_used_up ? REFUSED : 0);
	stub_leave(&client);
	assert_int_equal(answer_in_the_end(id, username, "secret"), 0); /* no thread is at work any more */
	is_used_up = true;
}

static void who_was_busy_is_answered_from_memory_when_it_comes_again(void **state)
{
	struct mosquitto client, other;

	(void)state;
	start_with("1", "100", "0.01");
	use_up_the_time("busy");
	client = client_of("busy", "alice", "secret");
	assert_int_equal(stub_connect(&client), BUSY);
	assert_int_equal(answer_in_the_end("busy", "alice", "secret"), 0);
	client.password = "wrong";
	assert_int_equal(stub_connect(&client), BUSY);
	assert_int_equal(answer_in_the_end("busy", "alice", "wrong"), REFUSED);
	/* one that waits already when somebody else asks for its id */
	client = client_of("busy-2", "bob", "secret");
	other = client_of("busy-2", "mallory", "guess");
	assert_int_equal(stub_connect(&client), STUB_DELAYED);
	assert_int_equal(stub_connect(&other), STUB_TURNED_AWAY);
	stub_turn();
	assert_int_equal(client.answer, REFUSED);
	assert_int_equal(answer_in_the_end("busy-2", "bob", "secret"), 0);
	stub_stop();
}

static void a_password_that_is_prepared_already_takes_no_more_room(void **state)
{
	struct mosquitto client = client_of("again", "alice", "secret");
	size_t live;

	(void)state;
	start_with("1", "100", "0.01");
	use_up_the_time("again");
	assert_int_equal(stub_connect(&client), BUSY);
	live = allocations_live();
	for (int i = 0; i < 100; i++)
		assert_int_equal(stub_connect(&client), BUSY);
	assert_int_equal(allocations_live(), live);
	client.password = "another";
	assert_int_equal(stub_connect(&client), BUSY);
	assert_true(allocations_live() > live);
	stub_stop(); /* with both in the queue */
}

/* One address gets half of the queue but for an eighth: 14,336 requests, or 244 of 59 kilobytes. */
static void what_a_client_sends_counts_for_the_room_that_it_takes(void **state)
{
	enum { COUNT = 300, LENGTH = 60000 };
	static struct mosquitto clients[COUNT];
	static char ids[COUNT][8], username[LENGTH + 1];
	int waiting = 0, answer = STUB_DELAYED;

	(void)state;
	start("1");
	memset(username, 'u', LENGTH);
	for (int i = 0; i < COUNT && answer == STUB_DELAYED; i++) {
		snprintf(ids[i], sizeof ids[i], "c%d", i);
		clients[i] = client_of(ids[i], username, "guess");
		answer = stub_connect(&clients[i]);
		waiting += answer == STUB_DELAYED;
	}
	assert_int_equal(answer, BUSY);
	assert_in_range(waiting, 200, 250);
	stub_stop();
}

/* Two at once, one a second, and those that the thread has at hand when the second one fails. */
static void what_is_prepared_is_rationed_at_its_turn(void **state)
{
	enum { GUESSES = 40 };
	char passwords[GUESSES][8];
	int computed = 0;

	(void)state;
	start_rationed("1", "100", "0.01", "1");
	use_up_the_time("guesses");
	for (int i = 0; i < GUESSES; i++) {
		struct mosquitto client = client_of("guesses", "alice", passwords[i]);

		snprintf(passwords[i], sizeof passwords[i], "p%d", i);
		assert_int_equal(stub_connect(&client), BUSY);
	}
	for (int ms = 0; ms < 300; ms++) { /* a thread could compute all of them */
		poll(NULL, 0, 1);
		stub_turn();
	}
	for (int i = 0; i < GUESSES; i++)
		computed += answer_in_the_end("guesses", "alice", passwords[i]) == REFUSED;
	assert_in_range(computed, 2, GUESSES / 2);
	stub_stop();
}

static void the_plugin_ends_with_work_in_every_state(void **state)
{
	enum { COUNT = 30 };
	static struct mosquitto clients[COUNT];
	static char ids[COUNT][16];

	(void)state;
	for (int round = 0; round < 20; round++) {
		start("2");
		for (int i = 0; i < COUNT; i++) {
			snprintf(ids[i], sizeof ids[i], "c%d.%d", round, i);
			clients[i] = client_of(ids[i], "alice", "secret");
			assert_int_equal(stub_connect(&clients[i]), STUB_DELAYED);
			if (i % 10 == round % 10)
				stub_turn();
			if (i % 7 == 0 && !clients[i].answers)
				stub_leave(&clients[i]);
			if (i % 7 == 1 && !clients[i].answers) {
				struct mosquitto other = client_of(ids[i], "bob", "secret");
				assert_int_equal(stub_connect(&other), STUB_TURNED_AWAY);
			}
		}
		stub_stop();
	}
}

/* A second thread makes each system call of the broker's dearer: there is one only while there is work for it. */
static void threads_come_with_work_and_go_without(void **state)
{
	unsigned before = threads_of_this_process();

	(void)state;
	start("2");
	for (int round = 0; round < 2; round++) {
		struct mosquitto client = client_of("id", "alice", "secret");
		int ms = 0;

		assert_int_equal(threads_of_this_process(), before);
		assert_int_equal(stub_connect(&client), STUB_DELAYED);
		assert_true(threads_of_this_process() > before);
		stub_wait(&client, LONG_MS);
		assert_int_equal(client.answer, 0);
		stub_leave(&client);
		while (threads_of_this_process() > before) {
			assert_in_range(ms++, 0, 60000);
			poll(NULL, 0, 1);
			stub_turn();
		}
	}
	stub_stop();
}

static void the_signals_handler_is_put_back(void **state)
{
	struct mosquitto client = client_of("id", "alice", "secret");
	struct sigaction before, during, after;

	(void)state;
	assert_int_equal(sigaction(SIGURG, NULL, &before), 0);
	start("1");
	assert_int_equal(stub_connect(&client), STUB_DELAYED);
	assert_int_equal(sigaction(SIGURG, NULL, &during), 0);
	stub_stop();
	assert_int_equal(sigaction(SIGURG, NULL, &after), 0);
	assert_true(during.sa_handler != before.sa_handler);
	assert_true(after.sa_handler == before.sa_handler);
}

static void somebody_elses_handler(int number)
{
	(void)number;
}

/* The broker then has to look for results itself; here the stub's deadline does it. */
static void a_handler_that_is_somebody_elses_is_left_alone(void **state)
{
	struct sigaction theirs = {.sa_handler = somebody_elses_handler}, before, now;
	struct mosquitto client = client_of("id", "alice", "secret");

	(void)state;
	assert_int_equal(sigaction(SIGURG, &theirs, &before), 0);
	start("1");
	assert_int_equal(stub_connect(&client), STUB_DELAYED);
	stub_turn();
	stub_wait(&client, 1);
	assert_int_equal(client.answer, 0);
	stub_stop();
	assert_int_equal(sigaction(SIGURG, &before, &now), 0);
	assert_true(now.sa_handler == somebody_elses_handler);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_connection_gets_its_own_verdict),
		cmocka_unit_test(the_broker_is_woken_for_a_result),
		cmocka_unit_test(a_newer_connection_with_the_id_cancels_the_older_one),
		cmocka_unit_test(a_newer_connection_in_the_memory_of_the_older_one_cancels_it),
		cmocka_unit_test(a_client_that_left_while_it_waited_is_nobodys_session),
		cmocka_unit_test(nobody_keeps_an_id_from_its_owner_by_waiting_with_it),
		cmocka_unit_test(an_owner_who_waits_is_not_driven_away_by_who_asks_for_its_id),
		cmocka_unit_test(an_id_that_only_one_asks_for_goes_on_waiting),
		cmocka_unit_test(what_is_remembered_of_an_unknown_username_outlives_another_decoy),
		cmocka_unit_test(an_allocation_that_fails_lets_nobody_in_and_harms_nobody),
		cmocka_unit_test(who_was_busy_is_answered_from_memory_when_it_comes_again),
		cmocka_unit_test(a_password_that_is_prepared_already_takes_no_more_room),
		cmocka_unit_test(what_a_client_sends_counts_for_the_room_that_it_takes),
		cmocka_unit_test(what_is_prepared_is_rationed_at_its_turn),
		cmocka_unit_test(the_plugin_ends_with_work_in_every_state),
		cmocka_unit_test(threads_come_with_work_and_go_without),
		cmocka_unit_test(the_signals_handler_is_put_back),
		cmocka_unit_test(a_handler_that_is_somebody_elses_is_left_alone),
	};

	return cmocka_run_group_tests(tests, make_database, remove_database);
}
