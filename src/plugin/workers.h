/* Threads that verify passwords, and the handing over of work and results.
 *
 *   broker's thread           a worker                  the waker
 *   start: FREE -> READY      READY -> RUNNING, verify
 *                             RUNNING -> DONE        -> wakes the broker's thread until nothing is DONE
 *   collect: DONE -> FREE
 *
 * There is no lock: each place of a fixed number has an atomic state, and only whom the table names moves it on. So the
 * broker's thread never waits for a worker, however little time the system gives those. Workers have a lower priority
 * than the broker (docs/adr/0003-verification.md) and block all signals.
 *
 * In a process with more than one thread every system call and much of the allocator cost more, for each message of the
 * broker's: so workers are made when there is work, and dismissed when there was none for a while.
 *
 * All functions are for the broker's thread.
 */
#ifndef SQLAUTH_PLUGIN_WORKERS_H
#define SQLAUTH_PLUGIN_WORKERS_H

#include <stdbool.h>
#include <stddef.h>

#include "sqlauth/error.h"
#include "sqlauth/password.h"

#define WORKERS_MAX  64 /* threads */
#define WORKERS_NICE 10 /* added to the broker's own nice value */

struct workers;

/* What to verify and what came out. The workers' from start to collect; copies that nobody else changes. */
struct work {
	char hash[SQLAUTH_HASH_SIZE];
	char *password; /* NUL-terminated */
	size_t length;
	enum sqlauth_error verified;
};

/* Starts the first thread; up to `threads` are started as work comes. MEMORY; SYSTEM where the system gives none. */
enum sqlauth_error workers_new(unsigned threads, const struct sqlauth_password_limits *limits,
	struct workers **workers_r) __attribute__((warn_unused_result));

/* Ends the threads: takes as long as the hash that each is at. What was started and not collected is the caller's
 * again, verified or not. NULL is allowed. */
void workers_free(struct workers *workers);

/* Asks the threads to end, and does not wait for it. All that was started must have been collected; from here on only
 * workers_gone and workers_free may follow. */
void workers_dismiss(struct workers *workers);

/* Whether the dismissed threads have ended: then *workers is freed. Does not wait. */
bool workers_gone(struct workers *workers);

/* Whether start has a place: one for each thread, and one more each so that it has its next work at hand. */
bool workers_have_room(const struct workers *workers);
void workers_start(struct workers *workers, struct work *work);

/* One that is done; NULL: none now. */
struct work *workers_collect(struct workers *workers);

/* Asks for another turn of the broker although nothing is done. */
void workers_call_again(struct workers *workers);

/* Whether the broker's thread is woken when something is done; otherwise it has to look. */
bool workers_wake(const struct workers *workers);

#endif
