/* The memory of verified credentials: a password that was verified once costs microseconds the next time.
 *
 * What is kept is a tag, the BLAKE2b of username, stored hash and password under a random key of this memory, and the
 * verdict with its age. A changed password, on either side, has another tag. Right and wrong verdicts have bounds of
 * their own, so that a flood of wrong passwords pushes no right one out; the oldest entry makes room.
 *
 *   recall ── NOTHING ──▶ (verify the password) ──▶ remember
 *
 * What it costs whoever can read the process's memory: docs/security.md, "The memory of verified passwords".
 * Thread rules: one memory, one thread. Every call is O(1); nothing is allocated after new.
 */
#ifndef SQLAUTH_VERIFIED_H
#define SQLAUTH_VERIFIED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sqlauth/clock.h"
#include "sqlauth/error.h"

#define SQLAUTH_VERIFIED_SIZE_MAX    10000000  /* entries of each verdict; one takes about 60 bytes */
#define SQLAUTH_VERIFIED_SECONDS_MAX 315360000 /* ten years */

struct sqlauth_verified;

enum sqlauth_remembered {
	SQLAUTH_REMEMBERED_NOTHING = 0,
	SQLAUTH_REMEMBERED_RIGHT,
	SQLAUTH_REMEMBERED_WRONG,
};

/* What a verdict is bound to. Borrowed for the call. */
struct sqlauth_credentials {
	const char *username;
	const char *hash; /* the stored one, as the database has it */
	const char *password;
	size_t length; /* of password */
};

#define SQLAUTH_TAG_BYTES 32

struct sqlauth_tag {
	unsigned char bytes[SQLAUTH_TAG_BYTES];
};

/* A memory of up to `size` verdicts of each kind, each for `seconds`; 0 of either: one that remembers nothing. clock is
 * borrowed for its life. Needs sqlauth_secret_init. Errors: MEMORY, LIMIT (beyond the maxima). */
enum sqlauth_error sqlauth_verified_new(const struct sqlauth_clock *clock, size_t size, int64_t seconds,
	struct sqlauth_verified **verified_r) __attribute__((warn_unused_result));

/* Wipes the key and all tags. NULL is allowed. */
void sqlauth_verified_free(struct sqlauth_verified *verified);

/* The tag of these credentials. One BLAKE2b, under a microsecond for usual lengths. */
void sqlauth_verified_tag(const struct sqlauth_verified *verified, const struct sqlauth_credentials *credentials,
	struct sqlauth_tag *tag_r);

enum sqlauth_remembered sqlauth_verified_recall(const struct sqlauth_verified *verified, const struct sqlauth_tag *tag);

/* Notes a verdict that was computed just now. */
void sqlauth_verified_remember(struct sqlauth_verified *verified, const struct sqlauth_tag *tag, bool right);

/* Entries in use, expired ones included: for metrics. */
size_t sqlauth_verified_count(const struct sqlauth_verified *verified, bool right);

#endif
