/* Bounds hashing in the broker's thread by a share of its time. Times are arguments; microseconds of one clock. */
#ifndef SQLAUTH_PLUGIN_WORK_SHARE_H
#define SQLAUTH_PLUGIN_WORK_SHARE_H

#include <stdbool.h>
#include <stdint.h>

/* Work of this much may follow on other work at once: below it nobody notices a stop, and the many cheap hashes of an
 * old password file would wait for each other. */
#define WORK_SHARE_SLACK_US 2000

struct work_share {
	double share;    /* over 0 and up to 1 */
	int64_t paid_us; /* when the work done so far will have been no more than the share of the time */
};

/* Whether work may begin now: all that was done before is paid for by the time that passed, but for the slack. */
bool work_share_allows(const struct work_share *share, int64_t now_us);

/* Takes note of work that took so long. */
void work_share_add(struct work_share *share, int64_t began_us, int64_t ended_us);

#endif
