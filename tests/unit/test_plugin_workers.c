/* The threads that verify: every work comes back once with its own result, whoever was faster, the caller's thread is
 * woken, and what was not collected is the caller's again. Also for ThreadSanitizer: there is no lock. */
#include "plugin/workers.h"

#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "allocations.h"
#include "sqlauth/secret.h"
#include "threads.h"

#define WORKS   400
#define THREADS 4

static const struct sqlauth_password_limits limits = {.memory_bytes = 1 << 20};
static struct work works[WORKS];
static unsigned collected[WORKS];
static char cheap_hash[SQLAUTH_HASH_SIZE]; /* of "right" */

static int make_hash(void **state)
{
	char secret[SQLAUTH_SECRET_SIZE];

	(void)state;
	/* a hash of the cheapest form, of the one password that it was made for */
	if (sqlauth_secret_generate(secret, cheap_hash) != SQLAUTH_OK)
		return 1;
	for (size_t i = 0; i < WORKS; i++) {
		free(works[i].password);
		works[i] = (struct work){.password = strdup(i % 2 ? "wrong" : secret)};
		works[i].length = strlen(works[i].password);
		snprintf(works[i].hash, sizeof works[i].hash, "%s", i % 7 == 3 ? "no hash" : cheap_hash);
		works[i].verified = SQLAUTH_ERROR_SYSTEM;
		collected[i] = 0;
	}
	return 0;
}

static int forget(void **state)
{
	(void)state;
	for (size_t i = 0; i < WORKS; i++) {
		free(works[i].password);
		works[i].password = NULL;
	}
	return 0;
}

static enum sqlauth_error expected_of(size_t i)
{
	if (i % 7 == 3)
		return SQLAUTH_ERROR_UNSUPPORTED;
	return i % 2 ? SQLAUTH_ERROR_MISMATCH : SQLAUTH_OK;
}

static void collect_all(struct workers *workers)
{
	struct work *work;

	while ((work = workers_collect(workers)) != NULL) {
		size_t i = (size_t)(work - works);

		if (work->verified != expected_of(i))
			fail_msg("work %zu: %s", i, sqlauth_strerror(work->verified));
		collected[i]++;
	}
}

/* Until the waker's signal, as the broker's epoll_wait does; a lost one is sent again. */
static void wait_for_signal(void)
{
	poll(NULL, 0, 1000);
}

static void every_work_comes_back_once_with_its_own_result(void **state)
{
	static const unsigned counts[] = {1, 2, THREADS};
	struct workers *first = NULL;

	/* With the first thread of a process a sanitizer may start one of its own. */
	assert_int_equal(workers_new(1, &limits, &first), SQLAUTH_OK);
	workers_free(first);
	for (size_t k = 0; k < sizeof counts / sizeof counts[0]; k++) {
		struct workers *workers = NULL;
		size_t next = 0, back = 0;
		unsigned before;

		make_hash(state);
		before = threads_of_this_process();
		assert_int_equal(workers_new(counts[k], &limits, &workers), SQLAUTH_OK);
		assert_int_equal(threads_of_this_process(), before + 2); /* a worker and the waker */
		assert_true(workers_wake(workers));
		assert_null(workers_collect(workers));
		while (back < WORKS) {
			while (next < WORKS && workers_have_room(workers))
				workers_start(workers, &works[next++]);
			assert_in_range(next - back, 1, 2 * counts[k]);
			wait_for_signal();
			collect_all(workers);
			back = 0;
			for (size_t i = 0; i < next; i++)
				back += collected[i];
		}
		for (size_t i = 0; i < WORKS; i++)
			assert_int_equal(collected[i], 1);
		assert_null(workers_collect(workers));
		assert_int_equal(threads_of_this_process(), before + counts[k] + 1);
		workers_free(workers);
	}
}

static void what_was_started_and_not_collected_is_the_callers_again(void **state)
{
	(void)state;
	for (size_t round = 0; round < 20; round++) {
		struct workers *workers = NULL;

		assert_int_equal(workers_new(THREADS, &limits, &workers), SQLAUTH_OK);
		for (size_t i = 0; workers_have_room(workers); i++)
			workers_start(workers, &works[i]);
		workers_free(workers);
		for (size_t i = 0; i < 2 * THREADS; i++)
			assert_true(works[i].verified == SQLAUTH_ERROR_SYSTEM || works[i].verified == expected_of(i));
	}
}

static void wait_until_gone(struct workers *workers)
{
	int ms = 0;

	while (!workers_gone(workers)) {
		assert_in_range(ms++, 0, 60000);
		poll(NULL, 0, 1);
	}
}

static void dismissed_workers_go_and_new_ones_come_meanwhile(void **state)
{
	for (size_t round = 0; round < 20; round++) {
		struct workers *old = NULL, *new = NULL;

		make_hash(state);
		assert_int_equal(workers_new(THREADS, &limits, &old), SQLAUTH_OK);
		for (size_t i = 0; workers_have_room(old); i++)
			workers_start(old, &works[i]);
		for (size_t back = 0; back < 2 * THREADS;) {
			wait_for_signal();
			collect_all(old);
			back = 0;
			for (size_t i = 0; i < 2 * THREADS; i++)
				back += collected[i];
		}
		workers_dismiss(old);
		assert_int_equal(workers_new(1, &limits, &new), SQLAUTH_OK);
		workers_start(new, &works[WORKS - 1]);
		wait_until_gone(old);
		while (collected[WORKS - 1] == 0) {
			wait_for_signal();
			collect_all(new);
		}
		workers_dismiss(new);
		if (round % 2)
			wait_until_gone(new);
		else
			workers_free(new);
	}
}

static volatile sig_atomic_t signals;

static void count_signal(int number)
{
	(void)number;
	signals++;
}

static void the_callers_thread_is_woken_until_it_comes(void **state)
{
	struct workers *workers = NULL;

	(void)state;
	assert_int_equal(workers_new(1, &limits, &workers), SQLAUTH_OK);
	workers_call_again(workers);
	/* comes back at once, not after the hour */
	assert_int_equal(poll(NULL, 0, 3600 * 1000), -1);
	assert_null(workers_collect(workers));
	workers_free(workers);
}

/* By a nice value, and not by a class that others starve. */
static bool gives_way(pid_t id)
{
	int behind = getpriority(PRIO_PROCESS, 0) + WORKERS_NICE;

	return getpriority(PRIO_PROCESS, (id_t)id) == (behind < 19 ? behind : 19) &&
	       sched_getscheduler(id) == SCHED_BATCH;
}

static void workers_come_behind_the_callers_thread_and_not_behind_everybody(void **state)
{
	struct workers *workers = NULL;
	int before = sched_getscheduler(0);

	(void)state;
	assert_int_equal(workers_new(1, &limits, &workers), SQLAUTH_OK);
	workers_start(workers, &works[0]);
	while (collected[0] == 0) {
		wait_for_signal();
		collect_all(workers);
	}
	assert_int_equal(threads_that(gives_way), 1);
	assert_int_equal(sched_getscheduler(0), before);
	workers_free(workers);
}

static void a_signal_that_is_somebody_elses_is_left_alone(void **state)
{
	struct sigaction theirs = {.sa_handler = count_signal}, now;
	struct workers *workers = NULL;

	(void)state;
	assert_int_equal(sigaction(SIGURG, &theirs, NULL), 0);
	assert_int_equal(workers_new(1, &limits, &workers), SQLAUTH_OK);
	assert_false(workers_wake(workers));
	workers_start(workers, &works[0]);
	while (workers_collect(workers) == NULL)
		poll(NULL, 0, 1);
	workers_free(workers);
	assert_int_equal(sigaction(SIGURG, NULL, &now), 0);
	assert_true(now.sa_handler == count_signal);
	assert_int_equal(signals, 0);
	theirs.sa_handler = SIG_DFL;
	assert_int_equal(sigaction(SIGURG, &theirs, NULL), 0);
}

static void the_handler_goes_with_the_last_of_several_users(void **state)
{
	struct workers *first = NULL, *second = NULL;
	struct sigaction now;

	(void)state;
	assert_int_equal(workers_new(1, &limits, &first), SQLAUTH_OK);
	assert_int_equal(workers_new(1, &limits, &second), SQLAUTH_OK);
	workers_free(first);
	assert_int_equal(sigaction(SIGURG, NULL, &now), 0);
	assert_true(now.sa_handler != SIG_DFL);
	workers_free(second);
	assert_int_equal(sigaction(SIGURG, NULL, &now), 0);
	assert_true(now.sa_handler == SIG_DFL);
	workers_free(NULL);
}

static void without_memory_there_are_no_workers(void **state)
{
	struct workers *workers = NULL;

	(void)state;
	allocations_fail(1);
	assert_int_equal(workers_new(1, &limits, &workers), SQLAUTH_ERROR_MEMORY);
	allocations_fail(0);
	assert_null(workers);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_hash, forget)
	const struct CMUnitTest tests[] = {
		TEST(every_work_comes_back_once_with_its_own_result),
		TEST(what_was_started_and_not_collected_is_the_callers_again),
		TEST(dismissed_workers_go_and_new_ones_come_meanwhile),
		TEST(the_callers_thread_is_woken_until_it_comes),
		TEST(workers_come_behind_the_callers_thread_and_not_behind_everybody),
		TEST(a_signal_that_is_somebody_elses_is_left_alone),
		TEST(the_handler_goes_with_the_last_of_several_users),
		TEST(without_memory_there_are_no_workers),
	};

	if (sqlauth_secret_init() != SQLAUTH_OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
