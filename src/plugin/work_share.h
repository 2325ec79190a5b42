/* Bounds hashing in the broker's thread by a share of its time, and keeps part of it for those who are not suspected.
 *
 * Half of the share is for suspects at most: the addresses that failed lately. Everybody else may have all of it, and
 * never has less than the other half, however much the suspects want. So who guesses from one address does not use up
 * the time of those who come from another one.
 *
 * What was not used is saved, for a second: a few who come right behind each other after a quiet time are all served.
 * But no slow work follows on another before the broker has had a turn, in which it looks after everybody else. Where
 * it does not say when that is (2.0.11 with per_listener_settings), nothing is saved, and time alone keeps works apart.
 * So it is for work that is done at a TICK: it would follow on what the network asked for just before, and of several
 * callbacks none knows whether it is the TICK's first.
 *
 * The share itself is an argument, from 0 (not included) to 1, which is no bound at all: instances that have one thread
 * may have set different ones. Times are arguments; microseconds of one clock.
 */
#ifndef SQLAUTH_PLUGIN_WORK_SHARE_H
#define SQLAUTH_PLUGIN_WORK_SHARE_H

#include <stdbool.h>
#include <stdint.h>

/* Work of this much may follow on other work at once: below it nobody notices a stop, and the many cheap hashes of an
 * old password file would wait for each other. */
#define WORK_SHARE_SLACK_US 2000

/* Work may be paid for by so much time to come: with a share of a half, 50 hashes of 20 ms right behind each other. */
#define WORK_SHARE_AHEAD_US 1000000

/* Since slow work, before other work at a TICK: longer than the callbacks of one TICK need. */
#define WORK_SHARE_PAUSE_US 1000

struct work_share {
	/* When the work done so far will have been no more than the share of the time: of all of it, of each half. */
	int64_t paid_us, suspects_paid_us, others_paid_us;
	int64_t turn_us;           /* work done since the broker's last turn */
	bool knows_turns;          /* there was one */
	int64_t last_us, ended_us; /* how long the last work took, and when it ended */
};

/* The broker looks after everybody else now. */
void work_share_turn(struct work_share *work);

/* Whether work may begin now. at_tick: while the broker calls TICK. */
bool work_share_allows(const struct work_share *work, double share, bool is_suspect, bool at_tick, int64_t now_us);

/* Takes note of work that took so long; is_suspect as it was allowed. */
void work_share_add(struct work_share *work, double share, bool is_suspect, int64_t began_us, int64_t ended_us);

#endif
