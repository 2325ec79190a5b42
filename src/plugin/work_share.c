/* The share of time that work may take: numbers that say at which time it is paid for. Knows nothing of the work. */
#include "work_share.h"

static bool is_paid(int64_t paid_us, int64_t ahead_us, int64_t now_us)
{
	return paid_us - now_us <= ahead_us;
}

void work_share_turn(struct work_share *work)
{
	work->turn_us = 0;
	work->knows_turns = true;
}

/* Whether the broker would stop for this work and for the last one at once. */
static bool follows_on_another(const struct work_share *work, bool at_tick, int64_t now_us)
{
	if (work->knows_turns && work->turn_us > WORK_SHARE_SLACK_US)
		return true;
	return at_tick && work->last_us > WORK_SHARE_SLACK_US && now_us - work->ended_us < WORK_SHARE_PAUSE_US;
}

bool work_share_allows(const struct work_share *work, double share, bool is_suspect, bool at_tick, int64_t now_us)
{
	bool saves = work->knows_turns && !at_tick;
	int64_t ahead_us = saves ? WORK_SHARE_AHEAD_US : (int64_t)(WORK_SHARE_SLACK_US / share);
	int64_t ahead_of_half_us = saves ? WORK_SHARE_AHEAD_US : 2 * ahead_us;

	if (share >= 1)
		return true;
	if (follows_on_another(work, at_tick, now_us))
		return false;
	if (is_suspect)
		return is_paid(work->paid_us, ahead_us, now_us) &&
		       is_paid(work->suspects_paid_us, ahead_of_half_us, now_us);
	return is_paid(work->paid_us, ahead_us, now_us) || is_paid(work->others_paid_us, ahead_of_half_us, now_us);
}

static void add(int64_t *paid_us, double share, int64_t began_us, int64_t ended_us)
{
	double pays = (double)(ended_us - began_us) / share;

	if (*paid_us < began_us)
		*paid_us = began_us;
	*paid_us += (int64_t)pays;
}

void work_share_add(struct work_share *work, double share, bool is_suspect, int64_t began_us, int64_t ended_us)
{
	work->last_us = ended_us - began_us;
	work->ended_us = ended_us;
	work->turn_us += work->last_us;
	add(&work->paid_us, share, began_us, ended_us);
	add(is_suspect ? &work->suspects_paid_us : &work->others_paid_us, share / 2, began_us, ended_us);
}
