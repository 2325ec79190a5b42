/* Verifying passwords without stopping the broker: what is remembered, who may ask for fresh work, where it is done.
 *
 *   consult ── DONE (remembered), RATIONED
 *      └────── NEEDED ──▶ verify_here, or another thread ──▶ note
 *
 * In the broker's thread there is little time, and half of it at most is for addresses that failed lately.
 *
 * A question is consulted when it comes and, where it had to wait, once more when its turn has come: others may have
 * answered it meanwhile, or have used up the ration. docs/adr/0003-verification.md has the reasons.
 */
#ifndef SQLAUTH_PLUGIN_VERIFY_H
#define SQLAUTH_PLUGIN_VERIFY_H

#include "options.h"
#include "sqlauth/clock.h"
#include "sqlauth/error.h"
#include "sqlauth/ration.h"
#include "sqlauth/verified.h"
#include "work_share.h"

enum verify_answer {
	VERIFY_NEEDED,   /* must be computed */
	VERIFY_DONE,     /* the verdict is there */
	VERIFY_RATIONED, /* too many failures of this address, or of this username from it */
	VERIFY_BUSY,     /* no time for it now */
};

struct verify_question {
	const char *username; /* NULL: none */
	const char *hash;
	bool is_decoy; /* the hash is nobody's: what is remembered is not about it, and outlives another decoy */
	const char *password;
	size_t length;
	bool at_tick; /* asked while the broker calls TICK */
};

/* What is left of a question when its password is gone. */
struct verify_mark {
	struct sqlauth_tag tag;
	uint64_t place; /* sqlauth_ration_place of the address */
};

struct verify_counts {
	uint64_t remembered_right, remembered_wrong; /* answered from memory */
	uint64_t fresh_right, fresh_wrong;           /* computed */
	uint64_t rationed, busy;
};

struct verifier {
	struct sqlauth_verified *memory;
	struct sqlauth_ration *ration;
	struct sqlauth_password_limits limits;
	double share; /* of the broker's time; what was used of it is the process's */
	struct verify_counts counts;
};

/* MEMORY. */
enum sqlauth_error verifier_init(const struct plugin_options *options, const struct sqlauth_clock *clock,
	struct verifier *verifier_r) __attribute__((warn_unused_result));
void verifier_fini(struct verifier *verifier);

void verify_mark_init(const struct verifier *verifier, const struct verify_question *question, const char *address,
	struct verify_mark *mark_r);

/* NEEDED, RATIONED, or DONE with OK or MISMATCH in *verified_r. Microseconds. */
enum verify_answer verify_consult(const struct verifier *verifier, const struct verify_mark *mark, const char *username,
	enum sqlauth_error *verified_r);

/* Counts what was consulted for a connection that is answered so. */
void verify_count(struct verifier *verifier, enum verify_answer answer, enum sqlauth_error verified);

/* Whether the hash takes milliseconds and more. One that cannot be computed takes no time. */
bool verify_is_slow(const struct verifier *verifier, const char *hash);

/* Whether it is of a password that somebody may have chosen: well formed, within the limits, and not a generated
 * secret's. */
bool verify_is_guessable(const struct verifier *verifier, const char *hash);

/* Computes it in this thread: DONE and what sqlauth_password_verify said in *verified_r, or BUSY. The caller notes it.
 * There is one broker's thread, so all verifiers share its time. */
enum verify_answer verify_here(struct verifier *verifier, const struct verify_question *question,
	const struct verify_mark *mark, enum sqlauth_error *verified_r);

/* The broker has looked after everybody else: TICK, of whichever instance. */
void verify_turn(void);

/* Takes note of a verdict that was computed: remembers it, and a failure costs a token. */
void verify_note(
	struct verifier *verifier, const struct verify_mark *mark, const char *username, enum sqlauth_error verified);

#endif
