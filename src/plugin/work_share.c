/* The share of time that work may take: numbers that say at which time it is paid for. Knows nothing of the work. */
#include "work_share.h"

static bool is_paid(const struct work_share *work, int64_t paid_us, double share, int64_t now_us)
{
	return paid_us - now_us <= (work->knows_turns ? WORK_SHARE_AHEAD_US : (int64_t)(WORK_SHARE_SLACK_US / share));
}

void work_share_turn(struct work_share *work)
{
	work->turn_us = 0;
	work->knows_turns = true;
}

bool work_share_allows(const struct work_share *work, double share, bool is_suspect, int64_t now_us)
{
	if (share >= 1)
		return true;
	if (work->knows_turns && work->turn_us > WORK_SHARE_SLACK_US)
		return false;
	if (is_suspect)
		return is_paid(work, work->paid_us, share, now_us) &&
		       is_paid(work, work->suspects_paid_us, share / 2, now_us);
	return is_paid(work, work->paid_us, share, now_us) || is_paid(work, work->others_paid_us, share / 2, now_us);
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
	work->turn_us += ended_us - began_us;
	add(&work->paid_us, share, began_us, ended_us);
	add(is_suspect ? &work->suspects_paid_us : &work->others_paid_us, share / 2, began_us, ended_us);
}
