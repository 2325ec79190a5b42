/* The share of time that work may take: one number, the time at which it is paid for. Knows nothing of the work. */
#include "work_share.h"

bool work_share_allows(const struct work_share *share, int64_t now_us)
{
	return share->paid_us - now_us <= (int64_t)(WORK_SHARE_SLACK_US / share->share);
}

void work_share_add(struct work_share *share, int64_t began_us, int64_t ended_us)
{
	double pays = (double)(ended_us - began_us) / share->share;

	if (share->paid_us < began_us)
		share->paid_us = began_us;
	share->paid_us += (int64_t)pays;
}
