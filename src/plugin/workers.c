/* The threads that verify passwords. Knows passwords and hashes, and neither connections nor the database. */
#include "workers.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "wakeup.h"

#define PLACES_PER_THREAD 2
#define WAKE_AGAIN_MIN_US 500  /* a signal that comes just before epoll_wait begins is lost: it is sent again */
#define WAKE_AGAIN_MAX_US 2000 /* a broker that does not come for its results is busy, not asleep */

enum state { FREE, READY, RUNNING, DONE };

struct place {
	_Atomic enum state state;
	atomic_uint ticket; /* in the order of start */
	struct work *work;
};

struct workers {
	struct sqlauth_password_limits limits;
	sem_t ready; /* posted for each place that becomes READY, and for each worker at the end */
	sem_t done;  /* posted for each that becomes DONE, and for the waker at the end */
	atomic_uint results;
	atomic_bool again;
	atomic_bool stopping;
	atomic_uint present; /* threads that have not ended */
	bool wakes;
	unsigned threads, threads_max, places, used; /* used: places that are not FREE */
	unsigned tickets;
	pthread_t waker;
	pthread_t ids[WORKERS_MAX];
	struct place place[];
};

/* ---- in the workers ---- */

static void wait_for(sem_t *semaphore)
{
	while (sem_wait(semaphore) && errno == EINTR)
		;
}

/* The last thing that a thread does. */
static void *leave(struct workers *workers)
{
	atomic_fetch_sub(&workers->present, 1);
	return NULL;
}

/* The broker's thread comes first; beside another program that keeps a processor busy this gets a tenth of it. Linux
 * has policy and nice value for each thread. Where the broker was given real time, its hashing has none. */
static void give_way(void)
{
#ifdef __linux__
	struct sched_param parameters = {0};

	(void)pthread_setschedparam(pthread_self(), SCHED_BATCH, &parameters);
	(void)setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + WORKERS_NICE);
#endif
}

static struct place *first_ready(struct workers *workers)
{
	struct place *first = NULL;

	for (unsigned i = 0; i < workers->places; i++) {
		struct place *place = &workers->place[i];

		/* The difference orders tickets also where their number wraps around. */
		if (atomic_load(&place->state) == READY &&
			(!first || (int)(atomic_load(&place->ticket) - atomic_load(&first->ticket)) < 0))
			first = place;
	}
	return first;
}

/* Whoever has waited for `ready` has one place to claim; a look at all of them may miss it while others move. */
static struct place *claim(struct workers *workers)
{
	for (;;) {
		struct place *place = first_ready(workers);
		enum state expected = READY;

		if (place && atomic_compare_exchange_strong(&place->state, &expected, RUNNING))
			return place;
	}
}

static void *run_worker(void *context)
{
	struct workers *workers = context;

	give_way();
	for (;;) {
		struct place *place;
		struct work *work;

		wait_for(&workers->ready);
		if (atomic_load(&workers->stopping))
			return leave(workers);
		place = claim(workers);
		work = place->work;
		work->verified = sqlauth_password_verify(work->hash, work->password, work->length, &workers->limits);
		atomic_fetch_add(&workers->results, 1);
		atomic_store(&place->state, DONE);
		sem_post(&workers->done);
	}
}

/* ---- in the waker ---- */

static bool is_wanted(struct workers *workers)
{
	return !atomic_load(&workers->stopping) && (atomic_load(&workers->results) > 0 || atomic_load(&workers->again));
}

static void *run_waker(void *context)
{
	struct workers *workers = context;

	for (;;) {
		long pause_us = WAKE_AGAIN_MIN_US;

		wait_for(&workers->done);
		if (atomic_load(&workers->stopping))
			return leave(workers);
		while (is_wanted(workers)) {
			struct timespec pause = {.tv_nsec = pause_us * 1000};

			wakeup_send();
			nanosleep(&pause, NULL);
			if (pause_us < WAKE_AGAIN_MAX_US)
				pause_us *= 2;
		}
	}
}

/* ---- in the broker's thread ---- */

static bool start_thread(struct workers *workers, void *(*run)(void *), pthread_t *id_r)
{
	sigset_t all, before;
	bool started;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	atomic_fetch_add(&workers->present, 1);
	started = pthread_create(id_r, NULL, run, workers) == 0;
	if (!started)
		atomic_fetch_sub(&workers->present, 1);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return started;
}

static void start_worker(struct workers *workers)
{
	if (start_thread(workers, run_worker, &workers->ids[workers->threads]))
		workers->threads++;
}

enum sqlauth_error workers_new(
	unsigned threads, const struct sqlauth_password_limits *limits, struct workers **workers_r)
{
	unsigned places = threads * PLACES_PER_THREAD;
	struct workers *workers = calloc(1, sizeof *workers + places * sizeof workers->place[0]);

	if (!workers)
		return SQLAUTH_ERROR_MEMORY;
	workers->limits = *limits;
	workers->threads_max = threads;
	workers->places = places;
	if (sem_init(&workers->ready, 0, 0) || sem_init(&workers->done, 0, 0)) {
		free(workers);
		return SQLAUTH_ERROR_SYSTEM;
	}
	if (wakeup_install()) {
		workers->wakes = start_thread(workers, run_waker, &workers->waker);
		if (!workers->wakes)
			wakeup_uninstall();
	}
	start_worker(workers);
	if (workers->threads == 0) {
		workers_free(workers);
		return SQLAUTH_ERROR_SYSTEM;
	}
	*workers_r = workers;
	return SQLAUTH_OK;
}

/* What is left when no thread is. */
static void workers_destroy(struct workers *workers)
{
	if (workers->wakes)
		wakeup_uninstall();
	sem_destroy(&workers->ready);
	sem_destroy(&workers->done);
	free(workers);
}

void workers_dismiss(struct workers *workers)
{
	atomic_store(&workers->stopping, true);
	for (unsigned i = 0; i < workers->threads; i++)
		sem_post(&workers->ready);
	sem_post(&workers->done);
}

/* Whether the thread is gone and joined. A thread that has left is at its end but for the little that the system does
 * there; where that can be asked for, not even this is waited for. */
static bool join_ended(pthread_t id)
{
#ifdef __linux__
	return pthread_tryjoin_np(id, NULL) == 0;
#else
	return pthread_join(id, NULL) == 0;
#endif
}

bool workers_gone(struct workers *workers)
{
	if (atomic_load(&workers->present) > 0)
		return false;
	while (workers->threads > 0 && join_ended(workers->ids[workers->threads - 1]))
		workers->threads--;
	if (workers->threads > 0 || (workers->wakes && !join_ended(workers->waker)))
		return false;
	workers_destroy(workers);
	return true;
}

void workers_free(struct workers *workers)
{
	if (!workers)
		return;
	workers_dismiss(workers);
	for (unsigned i = 0; i < workers->threads; i++)
		pthread_join(workers->ids[i], NULL);
	if (workers->wakes)
		pthread_join(workers->waker, NULL);
	workers_destroy(workers);
}

bool workers_have_room(const struct workers *workers)
{
	return workers->used < workers->places;
}

void workers_start(struct workers *workers, struct work *work)
{
	struct place *place = workers->place;

	while (atomic_load(&place->state) != FREE)
		place++;
	place->work = work;
	atomic_store(&place->ticket, workers->tickets++);
	workers->used++;
	atomic_store(&place->state, READY);
	sem_post(&workers->ready);
	if (workers->used > workers->threads && workers->threads < workers->threads_max)
		start_worker(workers); /* where there are no more, those that are there do it */
}

struct work *workers_collect(struct workers *workers)
{
	atomic_store(&workers->again, false);
	if (atomic_load(&workers->results) == 0)
		return NULL;
	for (unsigned i = 0; i < workers->places; i++) {
		struct place *place = &workers->place[i];

		if (atomic_load(&place->state) != DONE)
			continue;
		atomic_fetch_sub(&workers->results, 1);
		atomic_store(&place->state, FREE);
		workers->used--;
		return place->work;
	}
	return NULL;
}

void workers_call_again(struct workers *workers)
{
	atomic_store(&workers->again, true);
	sem_post(&workers->done);
}

bool workers_wake(const struct workers *workers)
{
	return workers->wakes;
}
