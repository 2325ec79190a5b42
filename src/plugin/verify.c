/* The policy of verification: memory first, then the ration, then the work. Knows no connections, threads or events. */
#include "verify.h"

#include <string.h>

/* What was used of the broker's time. Broker's thread only. */
static struct work_share work;

enum sqlauth_error verifier_init(
	const struct plugin_options *options, const struct sqlauth_clock *clock, struct verifier *verifier_r)
{
	struct verifier verifier = {.limits = options->limits, .share = options->verify_share};
	enum sqlauth_error error = sqlauth_verified_new(
		clock, options->verified_cache_size, options->verified_cache_seconds, &verifier.memory);

	if (!error)
		error = sqlauth_ration_new(
			clock, options->failures_per_address, options->failures_per_username, &verifier.ration);
	if (error) {
		verifier_fini(&verifier);
		return error;
	}
	*verifier_r = verifier;
	return SQLAUTH_OK;
}

void verifier_fini(struct verifier *verifier)
{
	sqlauth_verified_free(verifier->memory);
	sqlauth_ration_free(verifier->ration);
	*verifier = (struct verifier){0};
}

void verify_mark_init(const struct verifier *verifier, const struct verify_question *question, const char *address,
	struct verify_mark *mark_r)
{
	struct sqlauth_credentials credentials = {
		.username = question->username ? question->username : "",
		.hash = question->is_decoy ? "" : question->hash,
		.password = question->password,
		.length = question->length,
	};

	sqlauth_verified_tag(verifier->memory, &credentials, &mark_r->tag);
	mark_r->place = sqlauth_ration_place(verifier->ration, address);
}

enum verify_answer verify_consult(const struct verifier *verifier, const struct verify_mark *mark, const char *username,
	enum sqlauth_error *verified_r)
{
	switch (sqlauth_verified_recall(verifier->memory, &mark->tag)) {
	case SQLAUTH_REMEMBERED_RIGHT:
		*verified_r = SQLAUTH_OK;
		return VERIFY_DONE;
	case SQLAUTH_REMEMBERED_WRONG:
		*verified_r = SQLAUTH_ERROR_MISMATCH;
		return VERIFY_DONE;
	default:
		return sqlauth_ration_allows(verifier->ration, mark->place, username) ? VERIFY_NEEDED : VERIFY_RATIONED;
	}
}

void verify_count(struct verifier *verifier, enum verify_answer answer, enum sqlauth_error verified)
{
	if (answer == VERIFY_RATIONED)
		verifier->counts.rationed++;
	else if (answer == VERIFY_DONE && verified == SQLAUTH_OK)
		verifier->counts.remembered_right++;
	else if (answer == VERIFY_DONE)
		verifier->counts.remembered_wrong++;
}

bool verify_is_slow(const struct verifier *verifier, const char *hash)
{
	enum sqlauth_password_scheme scheme;

	return !sqlauth_password_inspect(hash, &verifier->limits, &scheme) && scheme != SQLAUTH_SCHEME_SECRET &&
	       scheme != SQLAUTH_SCHEME_MOSQUITTO_SHA512;
}

bool verify_is_guessable(const struct verifier *verifier, const char *hash)
{
	enum sqlauth_password_scheme scheme;

	return !sqlauth_password_inspect(hash, &verifier->limits, &scheme) && scheme != SQLAUTH_SCHEME_SECRET;
}

enum verify_answer verify_here(struct verifier *verifier, const struct verify_question *question,
	const struct verify_mark *mark, enum sqlauth_error *verified_r)
{
	bool slow = verify_is_slow(verifier, question->hash);
	bool suspect = slow && sqlauth_ration_failed_lately(verifier->ration, mark->place);
	int64_t began = slow ? sqlauth_clock_us() : 0;

	if (slow && !work_share_allows(&work, verifier->share, suspect, question->at_tick, began)) {
		verifier->counts.busy++;
		return VERIFY_BUSY;
	}
	*verified_r = sqlauth_password_verify(question->hash, question->password, question->length, &verifier->limits);
	if (slow)
		work_share_add(&work, verifier->share, suspect, began, sqlauth_clock_us());
	return VERIFY_DONE;
}

void verify_turn(void)
{
	work_share_turn(&work);
}

void verify_note(
	struct verifier *verifier, const struct verify_mark *mark, const char *username, enum sqlauth_error verified)
{
	switch (verified) {
	case SQLAUTH_OK:
		verifier->counts.fresh_right++;
		sqlauth_verified_remember(verifier->memory, &mark->tag, true);
		break;
	case SQLAUTH_ERROR_MISMATCH:
		verifier->counts.fresh_wrong++;
		sqlauth_verified_remember(verifier->memory, &mark->tag, false);
		sqlauth_ration_fail(verifier->ration, mark->place, username);
		break;
	default:
		break; /* no verdict */
	}
}
