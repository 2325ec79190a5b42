/* The policy of verification in the broker's thread: whose work its share is for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "plugin/verify.h"
#include "sqlauth/secret.h"

/* Of "secret", by mosquitto_passwd's form: 20,000 iterations are some ten milliseconds. */
#define HASH                                                                                                           \
	"$7$20000$MDEyMzQ1Njc4OWFi$KPCLGtQxtAL8uOu61ykx2Ciw6kEK/4xP9VZatB7WvYJ0DKhWsZ4m9VS8Fu3Gchsshkz0sT//"           \
	"AyHXqi3MKvpjaA=="

/* Work must wait a hundred times as long as it took: longer than a test may be interrupted for. */
#define SHARE 0.01

static struct verifier new_verifier(double share)
{
	struct plugin_options options = {.limits = {.memory_bytes = SQLAUTH_HASH_MEMORY_DEFAULT},
		.failures_per_address = 20,
		.failures_per_username = 5,
		.verify_share = share};
	struct verifier verifier;

	assert_int_equal(verifier_init(&options, &sqlauth_clock_system, &verifier), SQLAUTH_OK);
	return verifier;
}

static int prepare(void **state)
{
	(void)state;
	return sqlauth_secret_init() == SQLAUTH_OK ? 0 : -1;
}

/* One question, as a connection from this address asks it; a verdict is noted. */
static enum verify_answer ask(struct verifier *verifier, const char *address)
{
	struct verify_question question = {.username = "alice", .hash = HASH, .password = "wrong", .length = 5};
	enum sqlauth_error verified = SQLAUTH_ERROR_SYSTEM;
	enum verify_answer answer;
	struct verify_mark mark;

	verify_mark_init(verifier, &question, address, &mark);
	answer = verify_here(verifier, &question, &mark, &verified);
	if (answer == VERIFY_DONE)
		verify_note(verifier, &mark, question.username, verified);
	return answer;
}

static void note_failure(struct verifier *verifier, const char *address)
{
	sqlauth_ration_fail(verifier->ration, sqlauth_ration_place(verifier->ration, address), "alice");
}

static void who_guesses_takes_no_time_from_other_addresses_and_all_instances_share_it(void **state)
{
	struct verifier first = new_verifier(SHARE), second = new_verifier(SHARE), unbounded = new_verifier(1);

	(void)state;
	note_failure(&first, "192.0.2.1");
	note_failure(&first, "192.0.2.2");
	assert_int_equal(ask(&first, "192.0.2.1"), VERIFY_DONE);
	assert_int_equal(ask(&first, "192.0.2.1"), VERIFY_BUSY);
	assert_int_equal(ask(&first, "192.0.2.2"), VERIFY_BUSY);
	assert_int_equal(first.counts.busy, 2);
	assert_int_equal(ask(&first, "192.0.2.3"), VERIFY_DONE);
	assert_int_equal(ask(&second, "192.0.2.4"), VERIFY_BUSY);
	assert_int_equal(ask(&unbounded, "192.0.2.5"), VERIFY_DONE);
	verifier_fini(&first);
	verifier_fini(&second);
	verifier_fini(&unbounded);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_guesses_takes_no_time_from_other_addresses_and_all_instances_share_it),
	};

	return cmocka_run_group_tests(tests, prepare, NULL);
}
