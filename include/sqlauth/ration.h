/* Rationing of failures: how many fresh verifications of one address, and of one username from that address, may fail.
 *
 * Two tables of token buckets. A failure takes a token of the address and one of the username from that address; who
 * has none left is turned away before any work is done for it. Successes take nothing: ten thousand devices behind one
 * address that come back after a power cut are no attack. Tokens refill smoothly; a full bucket holds those of
 * SQLAUTH_RATION_BURST_SECONDS. Nobody is locked out elsewhere: the same username from another address has a bucket of
 * its own.
 *
 * An address is an IPv4 address, or the /64 network of an IPv6 one, which is what one household or one machine has.
 *
 * Thread rules: one ration, one thread. Bounded: 65,536 buckets of each kind; where there are more, the fullest bucket
 * among eight is forgotten, which is as if it had refilled. The tables are keyed, so that nobody can choose whom they
 * meet there. Every call is O(1); nothing is allocated after new.
 */
#ifndef SQLAUTH_RATION_H
#define SQLAUTH_RATION_H

#include <stdbool.h>
#include <stdint.h>

#include "sqlauth/clock.h"
#include "sqlauth/error.h"

#define SQLAUTH_RATION_BURST_SECONDS  2
#define SQLAUTH_RATION_LATELY_SECONDS 600    /* long: of many addresses that take turns all are suspected */
#define SQLAUTH_RATION_MAX            100000 /* failures a second */
#define SQLAUTH_RATION_BUCKETS        65536  /* of each kind; 16 bytes each */

struct sqlauth_ration;

/* Failures per second; 0: not rationed by this. clock is borrowed. Needs sqlauth_secret_init. MEMORY, LIMIT. */
enum sqlauth_error sqlauth_ration_new(const struct sqlauth_clock *clock, uint32_t per_address, uint32_t per_username,
	struct sqlauth_ration **ration_r) __attribute__((warn_unused_result));
void sqlauth_ration_free(struct sqlauth_ration *ration);

/* The number under which this address is rationed: its keyed hash. Text of another kind (a socket's path) is an address
 * of its own; NULL: that of all that have none. */
uint64_t sqlauth_ration_place(const struct sqlauth_ration *ration, const char *address);

/* Whether one more verification from this place may fail. username NULL: none. */
bool sqlauth_ration_allows(const struct sqlauth_ration *ration, uint64_t place, const char *username);

/* Whether a verification from this place failed in the last SQLAUTH_RATION_LATELY_SECONDS. No where addresses are not
 * rationed. */
bool sqlauth_ration_failed_lately(const struct sqlauth_ration *ration, uint64_t place);

/* Notes one that failed. */
void sqlauth_ration_fail(struct sqlauth_ration *ration, uint64_t place, const char *username);

#endif
