/* The table of sessions: scripted truth tables for every transition, and properties. test_session_model.c tries random
 * operations, test_session_memory.c counts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "holders.h"
#include "sqlauth/secret.h"
#include "sqlauth/session.h"

/* ---- a clock, an ACL and handles ---- */

static int64_t clock_ms, clock_seconds;

static int64_t test_ms(void *context)
{
	(void)context;
	return clock_ms;
}

static int64_t test_seconds(void *context)
{
	(void)context;
	return clock_seconds;
}

static const struct sqlauth_clock test_clock = {test_ms, test_seconds, NULL};
static struct sqlauth_acl *shared_acl;
static char memory[256]; /* its addresses serve as the broker's pointers */

static struct sqlauth_sessions *new_table(size_t ended_max)
{
	struct sqlauth_sessions *sessions = NULL;
	clock_ms = 1000000;
	clock_seconds = 0;
	assert_int_equal(sqlauth_sessions_new(&test_clock, ended_max, &sessions), SQLAUTH_OK);
	return sessions;
}

static const struct sqlauth_session *begin(
	struct sqlauth_sessions *sessions, const void *handle, const char *mqtt_id, const char *username)
{
	const struct sqlauth_session *session = NULL;
	const struct sqlauth_session_setup setup = {
		.handle = handle, .mqtt_id = mqtt_id, .username = username, .client = username, .acl = shared_acl};
	assert_int_equal(sqlauth_sessions_begin(sessions, &setup, &session), SQLAUTH_OK);
	return session;
}

/* ---- scripts ----
 *
 * A script is a row of words. H is a handle, a digit (0: the NULL pointer), I an identifier and U a username, a letter
 * each (U `-`: none, `.`: the empty string); the client's name is its username's. Sessions are numbered 1, 2, ... as
 * they begin.
 *
 *   bHIU bHIU!   a client of ours begins a session; a deferred one
 *   eH+ eH-      the connection of H ends; its MQTT session lives on, or not
 *   tN xN        the clock moves by N ms; at most N sessions expire
 *   ?HIU=N       find gives session N (0: none)
 *   @HIU=N       find_handle gives session N
 *   *HIU=N       I is in use (1) or not (0) by another than client U on another handle than H
 *   *HIU!=N      the same for another plugin's client
 *   cN oN        so many are connected; so many ended ones are remembered
 *   mN           the first word only: ended ones that the table may remember (100 where it is missing)
 */
struct script {
	const char *sentence;
	const char *words;
};

static const void *handle_of(char digit)
{
	return digit == '0' ? NULL : &memory[(digit - '0') * 16];
}

static const char *string_of(char letter, char buffer[2])
{
	buffer[0] = letter == '.' ? '\0' : letter;
	buffer[1] = '\0';
	return letter == '-' ? NULL : buffer;
}

static long number_of(const struct sqlauth_session *session)
{
	return session ? (long)sqlauth_session_connected_at(session) : 0;
}

static void run_begin(struct sqlauth_sessions *sessions, const char *word)
{
	char id[2], user[2];
	const char *username = string_of(word[3], user);
	bool deferred = word[4] == '!';
	const struct sqlauth_session_setup setup = {
		.handle = handle_of(word[1]),
		.mqtt_id = string_of(word[2], id),
		.username = username,
		.client = deferred ? NULL : username,
		.kind = deferred ? SQLAUTH_SESSION_DEFERRED : SQLAUTH_SESSION_OURS,
		.acl = deferred ? NULL : shared_acl,
	};
	const struct sqlauth_session *session = NULL;
	clock_seconds++;
	assert_int_equal(sqlauth_sessions_begin(sessions, &setup, &session), SQLAUTH_OK);
	assert_true(sqlauth_session_is_connected(session));
}

static long run_question(struct sqlauth_sessions *sessions, const char *word)
{
	char id[2], user[2];
	const void *handle = handle_of(word[1]);
	const char *mqtt_id = string_of(word[2], id), *username = string_of(word[3], user);
	switch (word[0]) {
	case '?':
		return number_of(sqlauth_sessions_find(sessions, handle, mqtt_id, username));
	case '@':
		return number_of(sqlauth_sessions_find_handle(sessions, handle, mqtt_id, username));
	default:
		return is_held_by_another(sessions, mqtt_id, handle,
			word[4] == '!' ? SQLAUTH_SESSION_DEFERRED : SQLAUTH_SESSION_OURS, username);
	}
}

/* Runs one word; a question gives back whether the answer is the expected one. */
static bool run_word(struct sqlauth_sessions *sessions, const char *word)
{
	long number = strtol(word + 1, NULL, 10);
	switch (word[0]) {
	case 'm':
		return true;
	case 'b':
		run_begin(sessions, word);
		return true;
	case 'e':
		sqlauth_sessions_end(sessions, handle_of(word[1]), word[2] == '+');
		return true;
	case 't':
		clock_ms += number;
		return true;
	case 'x':
		sqlauth_sessions_expire(sessions, (size_t)number);
		return true;
	case 'c':
		return sqlauth_sessions_connected(sessions) == (size_t)number;
	case 'o':
		return sqlauth_sessions_ended(sessions) == (size_t)number;
	case '?':
	case '@':
	case '*':
		return run_question(sessions, word) == strtol(strchr(word, '=') + 1, NULL, 10);
	default:
		fail_msg("no such word: %s", word);
		return false;
	}
}

static void run_scripts(const struct script *scripts, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *word = scripts[i].words;
		struct sqlauth_sessions *sessions = new_table(*word == 'm' ? strtoul(word + 1, NULL, 10) : 100);
		for (; *word; word += strcspn(word, " "), word += strspn(word, " "))
			if (!run_word(sessions, word))
				fail_msg("row %zu: %s: at %s", i, scripts[i].sentence, word);
		sqlauth_sessions_free(sessions);
	}
}

#define RUN(scripts) run_scripts(scripts, sizeof scripts / sizeof *scripts)

static void a_connected_session_answers_for_its_own_identity(void **state)
{
	static const struct script scripts[] = {
		{"nobody is known at first", "?1xu=0 @1xu=0 *1xu=0 c0 o0"},
		{"its handle finds it", "b1xu ?1xu=1 @1xu=1 c1 o0"},
		{"identifier and username find it from anywhere", "b1xu ?2xu=1 ?0xu=1 @2xu=0 @0xu=0"},
		{"another identifier does not", "b1xu ?1yu=0 @1yu=0"},
		{"another username does not", "b1xu ?1xv=0 @1xv=0 ?1x-=0"},
		{"no identifier finds nobody", "b1xu ?1-u=0 @1-u=0"},
		{"no username is an identity of its own", "b1x- ?1x-=1 ?1x.=0 ?1xu=0 ?2x-=1"},
		{"the empty username is another", "b1x. ?1x.=1 ?1x-=0 ?2x.=1"},
		{"the empty identifier is one like others", "b1.u ?1.u=1 ?2.u=1 ?1xu=0"},
		{"a deferred session is found likewise", "b1xu! ?1xu=1 ?2xu=1 c1"},
		{"two handles are two sessions", "b1xu b2yv ?1xu=1 ?2yv=2 ?1yv=2 ?2xu=1 c2"},
		{"same identifier, other username: two sessions", "b1xu b2xv ?1xu=1 ?2xv=2 ?0xu=1 ?0xv=2"},
		{"the newest of two connected ones answers", "b1xu b2xu ?0xu=2 ?1xu=1 ?2xu=2"},
	};
	(void)state;
	RUN(scripts);
}

static void an_ended_session_goes_on_answering(void **state)
{
	static const struct script scripts[] = {
		{"for its will, right after the end", "b1xu e1- ?1xu=1 @1xu=1 ?0xu=1 c0 o1"},
		{"for queued messages", "b1xu e1+ ?1xu=1 ?0xu=1 c0 o1"},
		{"without lives_on ten seconds", "b1xu e1- t9999 x9 ?1xu=1 t1 x9 ?1xu=0 ?0xu=0 o0"},
		{"also past its time, until somebody expires", "b1xu e1- t99999 ?1xu=1 x0 ?1xu=1 x1 ?1xu=0"},
		{"with lives_on as long as there is room", "b1xu e1+ t999999999 x9 ?1xu=1 ?0xu=1 o1"},
		{"connected ones never expire", "b1xu t999999999 x9 ?1xu=1 c1"},
		{"an end of nobody changes nothing", "b1xu e2- e2+ e0- ?1xu=1 c1 o0"},
		{"a second end that says the MQTT session is over counts",
			"b1xu e1+ t99999 e1- x9 ?1xu=1 t10000 x9 o0"},
		{"a second end never brings it back", "b1xu e1- e1+ t10000 x9 ?1xu=0"},
		{"a repeated end does not prolong it", "b1xu e1- t6000 e1- t4000 x9 ?1xu=0"},
		{"a repeated lives_on changes nothing", "b1xu e1+ e1+ t99999 x9 ?1xu=1 o1"},
		{"an end after it was forgotten is nobody's", "b1xu e1- t10000 x9 e1+ e1- ?1xu=0 o0"},
	};
	(void)state;
	RUN(scripts);
}

static void a_reused_handle_means_its_newest_session_only(void **state)
{
	static const struct script scripts[] = {
		{"after a connected one", "b1xu b1yv ?1yv=2 ?1xu=1 @1xu=0 c1 o1"},
		{"whose linger starts there", "b1xu t5000 b1yv t9999 x9 ?0xu=1 t1 x9 ?0xu=0 ?1yv=2"},
		{"after one that lingers", "b1xu e1- t4000 b1yv @1xu=0 ?0xu=1 t6000 x9 ?0xu=0 c1"},
		{"after one that lives on, which is over then", "b1xu e1+ t99999 b1yv ?0xu=1 t10000 x9 ?0xu=0 ?1yv=2"},
		{"after a forgotten one", "b1xu e1- t10000 x9 b1yv ?1yv=2 ?1xu=0 c1 o0"},
		{"the same identity again", "b1xu b1xu ?1xu=2 ?0xu=2 c1 o1"},
		{"the same identity again after the end", "b1xu e1+ b1xu ?1xu=2 ?0xu=2 c1 o1 t10000 x9 o0 ?1xu=2"},
		{"same identifier, other username", "b1xu b1xv ?1xv=2 @1xu=0 ?1xu=1"},
		{"a deferred client's after one of ours", "b1xu b1yv! ?1yv=2 @1xu=0"},
		{"its end is the new one's", "b1xu b1yv e1+ t10000 x9 ?0xu=0 ?1yv=2 c0 o1"},
		{"the old one no longer counts as connected", "b1xu b1yv *2xv=0 *2yu=1"},
	};
	(void)state;
	RUN(scripts);
}

static void a_takeover_leaves_the_identifier_to_the_newer_connection(void **state)
{
	static const struct script scripts[] = {
		{"same client", "b1xu b2xu ?1xu=1 e1- ?1xu=1 ?0xu=2 ?2xu=2 t10000 x9 ?1xu=2 o0 c1"},
		{"same client, the old one's end says lives on", "b1xu b2xu e1+ ?1xu=1 ?0xu=2 t10000 x9 o0 c1"},
		{"other client", "b1xu b2xv e1- ?1xu=1 ?2xv=2 t9999 x9 ?0xu=1 t1 x9 ?0xu=0 ?0xv=2"},
		{"other client, lives on", "b1xu b2xv e1+ t10000 x9 ?0xu=0 ?0xv=2"},
		{"anonymous after anonymous", "b1x- b2x- e1- ?1x-=1 ?0x-=2 t10000 x9 ?0x-=2 o0"},
		{"a long wait before the old one ends",
			"b1xu b2xu t999999 x9 ?1xu=1 e1- ?1xu=1 t9999 x9 ?1xu=1 t1 x9 o0"},
		{"of an offline session", "b1xu e1+ t99999 b2xu ?1xu=1 ?0xu=2 t10000 x9 ?1xu=2 o0"},
		{"of an offline session, by another client", "b1xu e1+ b2xv ?0xu=1 t10000 x9 ?0xu=0 ?0xv=2"},
		{"of an offline session, ended anew by the broker", "b1xu e1+ b2xu e1- ?1xu=1 t10000 x9 o0 ?0xu=2"},
		{"of one that lingers, whose time goes on", "b1xu e1- t6000 b2xu t4000 x9 o0 ?1xu=2"},
		{"twice in a row", "b1xu b2xu b3xu e1- e2- ?1xu=1 ?2xu=2 ?0xu=3 t10000 x9 o0 c1 ?0xu=3"},
		{"and then the newer one lives on", "b1xu b2xu e1- e2+ ?1xu=1 ?0xu=2 t10000 x9 o1 ?1xu=2"},
		{"and the newer one is over", "b1xu b2xu e1- t5000 e2- ?0xu=2 t5000 x9 o1 t5000 x9 o0"},
		{"other identifiers are left alone", "b1xu e1+ b2yu e2+ b3xu t10000 x9 ?0xu=3 ?0yu=2 o1"},
	};
	(void)state;
	RUN(scripts);
}

static void a_refused_newer_connection_leaves_the_standing_one_alone(void **state)
{
	static const struct script scripts[] = {
		{"which answers again", "b1xu b2xu e2- ?0xu=1 ?1xu=1 ?2xu=2 c1 o1"},
		{"also where the refused one's end says lives on", "b1xu b2xu e2+ ?0xu=1 t10000 x9 o0 ?2xu=1"},
		{"and may live on after its own end", "b1xu b2xu e2- e1+ ?0xu=1 ?1xu=1 t10000 x9 o1 ?0xu=1"},
		{"or not", "b1xu b2xu e2- t5000 e1- t5000 x9 ?1xu=1 ?2xu=1 t5000 x9 o0"},
		{"with another username", "b1xu b2xv e2- ?0xu=1 ?1xu=1 ?0xv=2 t10000 x9 ?0xv=0 ?0xu=1 c1"},
		{"on a handle that the next one gets", "b1xu b2xu e2- b2yv ?0xu=1 ?2yv=3 @2xu=0 e2- t10000 x9 ?0xu=1"},
		{"several times", "b1xu b2xu e2- b2xu e2- b3xu e3- ?0xu=1 ?1xu=1 c1 t10000 x9 o0 ?0xu=1"},
	};
	(void)state;
	RUN(scripts);
}

static void another_plugins_client_leaves_ours_alone(void **state)
{
	static const struct script scripts[] = {
		{"it never lives on", "b1xu! e1+ ?1xu=1 t10000 x9 ?1xu=0 o0"},
		{"not even if asked twice", "b1xu! e1+ e1+ t10000 x9 o0"},
		{"one that was refused after all ends no offline session",
			"b1xu e1+ b2xv! e2- t10000 x9 ?1xu=1 ?0xu=1 o1"},
		{"nor do many",
			"b1xu e1+ b2xv! e2- b2xv! e2- b2xv! e2- b2xv! e2- b2xv! e2- b2xv! e2- b2xv! e2- b2xv! e2- "
			"b2xv! e2- o9 ?1xu=1 t10000 x9 o1"},
		{"one that took over does, as the broker says", "b1xu e1+ b2xv! e1- ?1xu=1 t10000 x9 ?0xu=0 ?2xv=2"},
		{"of a connected one too", "b1xu b2xv! e1- t10000 x9 ?0xu=0 ?2xv=2 c1"},
		{"but ours ends a memory of its own", "b1xu! e1- t4000 b2xu t6000 x9 o0 ?1xu=2"},
	};
	(void)state;
	RUN(scripts);
}

static void an_identifier_is_in_use_while_another_client_stands_on_it(void **state)
{
	static const struct script scripts[] = {
		{"by another client", "b1xu *2xv=1 *2yv=0"},
		{"not by the same client", "b1xu *2xu=0"},
		{"not on the very handle", "b1xu *1xv=0 *0xv=1"},
		{"named against anonymous", "b1xu *2x-=1"},
		{"anonymous against named", "b1x- *2xv=1"},
		{"all anonymous ones are one client", "b1x- *2x-=0"},
		{"the empty name is not anonymous", "b1x. *2x-=1 *2x.=0"},
		{"a deferred one is always another", "b1xu! *2xu=1 *2xv=1 *2x-=1"},
		{"a deferred one without a username too", "b1x-! *2x-=1"},
		{"one of ours against a deferred one", "b1xu *2xu!=1 *2xv!=1 *2x-!=1 *1xu!=0"},
		{"anonymous against a deferred one", "b1x- *2x-!=1 *2xu!=1"},
		{"not between two deferred ones", "b1xu! *2xu!=0 *2xv!=0 *2x-!=0"},
		{"not after the end", "b1xu e1- *2xv=0 b2xu e2+ *3xv=0"},
		{"two stand, one of them another's", "b1xu b2xv *3xu=1 *3xv=1 *1xu=1 *2xu=0 *2xv=1 e1- *3xv=0"},
		{"a refused one leaves it in use", "b1xu b2xu e2- *3xv=1 *3xu=0"},
		{"after its handle was reused", "b1xu b1yu *2xv=0 *2yv=1"},
	};
	(void)state;
	RUN(scripts);
}

static void ended_sessions_are_bounded(void **state)
{
	static const struct script scripts[] = {
		{"the oldest ended one goes first", "m2 b1xu b2yu b3zu e2+ e1+ e3+ o2 ?0yu=0 ?0xu=1 ?0zu=3"},
		{"however long the others stood", "m2 b1xu e1+ b2yu e2+ b3zu e3+ ?0xu=0 ?0yu=2 ?0zu=3"},
		{"connected ones are not counted", "m2 b1xu b2yu b3zu b4vu c4 o0 e1+ o1 e2- o2 c2"},
		{"nor pushed out", "m2 b1xu b2yu e2- b2zu e2- b2vu e2- b2wu e2- ?1xu=1 c1 o2"},
		{"short ones push out their own kind", "m4 b1xu e1+ b2yu e2+ b3au e3- b3bu e3- b3cu e3- b3du e3- o4 "
						       "?0xu=1 ?0yu=2 ?0au=0 ?0bu=0 ?0cu=5 ?0du=6"},
		{"offline ones leave room for wills", "m2 b1xu e1+ b2yu e2+ b3zu e3- ?3zu=3 ?0xu=0 ?0yu=2 o2"},
		{"the last one ended is remembered",
			"m2 b1xu e1- b2yu e2- b3zu e3+ ?0xu=0 ?0yu=2 ?3zu=3 e3- ?3zu=3 o2"},
		{"a reused handle counts", "m2 b1xu b1yu b1zu b1vu o2 c1 ?0xu=0 ?0yu=2 ?0zu=3 ?1vu=4"},
		{"a pushed-out one frees its handle", "m2 b1xu e1+ b2yu e2+ b3zu e3+ e1- @1xu=0 o2 b1vu @1vu=4"},
		{"of one identifier eight linger at most",
			"b1xu e1- b2xu e2- b3xu e3- b4xu e4- b5xu e5- b6xu e6- b7xu e7- b8xu "
			"e8- o8 b9xu o7 c1 @1xu=0 @2xu=2 ?0xu=9"},
	};
	(void)state;
	RUN(scripts);
}

static void time_that_jumps_forgets_neither_too_early_nor_never(void **state)
{
	static const struct script scripts[] = {
		{"far ahead", "b1xu e1- t9000000000000 x9 o0"},
		{"back: those that linger wait", "b1xu e1- t-500000 x9 ?1xu=1 t509999 x9 ?1xu=1 t1 x9 o0"},
		{"back: newer ones keep their order", "b1xu e1- t-500000 b2yu e2- t510000 x9 o0"},
		{"back below zero", "t-2000000 b1xu e1- t9999 x9 o1 t1 x9 o0"},
		{"in order of their ends", "b1xu b2yu e2- t4000 e1- t6000 x9 ?0yu=0 ?0xu=1 t4000 x9 o0"},
	};
	(void)state;
	RUN(scripts);
}

static void expiry_stops_at_its_budget(void **state)
{
	static const struct script scripts[] = {
		{"three", "b1xu e1- b1yu e1- b1zu e1- t10000 x0 o3 x2 o1 ?0xu=0 ?0yu=0 ?0zu=3 x2 o0"},
		{"never those whose time has not come", "b1xu e1- t5000 b1yu e1- t5000 x9 o1 ?0yu=2"},
	};
	(void)state;
	RUN(scripts);
}

/* ---- properties ---- */

static void a_session_owns_what_it_was_made_from(void **state)
{
	char id[] = "pump-7", username[] = "water", client[] = "Pump 7", certificate[] = "pump-7.example";
	enum sqlauth_match_by kind = SQLAUTH_MATCH_KINDS;
	struct sqlauth_sessions *sessions = new_table(10);
	struct sqlauth_acl *acl = NULL;
	const struct sqlauth_session *session = NULL;
	(void)state;
	assert_int_equal(sqlauth_acl_compile(NULL, 0, &acl, NULL), SQLAUTH_OK);
	const struct sqlauth_session_setup setup = {
		memory, id, username, client, certificate, SQLAUTH_MATCH_DNS, SQLAUTH_SESSION_OURS, acl};
	clock_seconds = 1700000000;
	assert_int_equal(sqlauth_sessions_begin(sessions, &setup, &session), SQLAUTH_OK);
	sqlauth_acl_unref(acl);
	id[0] = username[0] = client[0] = certificate[0] = '?';
	clock_seconds++;

	assert_ptr_equal(sqlauth_session_handle(session), memory);
	assert_string_equal(sqlauth_session_mqtt_id(session), "pump-7");
	assert_string_equal(sqlauth_session_username(session), "water");
	assert_string_equal(sqlauth_session_client(session), "Pump 7");
	assert_int_equal(sqlauth_session_kind(session), SQLAUTH_SESSION_OURS);
	assert_int_equal(sqlauth_session_connected_at(session), 1700000000);
	assert_string_equal(sqlauth_session_certificate(session, &kind), "pump-7.example");
	assert_int_equal(kind, SQLAUTH_MATCH_DNS);
	assert_ptr_equal(sqlauth_session_acl(session), acl);
	assert_int_equal(sqlauth_acl_count(sqlauth_session_acl(session)), 0);
	const struct sqlauth_acl_client *values = sqlauth_session_values(session);
	assert_string_equal(values->value[0], "pump-7");
	assert_string_equal(values->value[1], "water");
	assert_true(values->length[0] == 6 && values->length[1] == 5 && values->usable[0] && values->usable[1]);

	sqlauth_sessions_end(sessions, memory, false);
	assert_false(sqlauth_session_is_connected(session));
	assert_int_equal(sqlauth_acl_count(sqlauth_session_acl(session)), 0);
	sqlauth_sessions_free(sessions);
}

static void a_session_without_username_has_none(void **state)
{
	struct sqlauth_sessions *sessions = new_table(10);
	(void)state;
	enum sqlauth_match_by kind;
	const struct sqlauth_session *session = begin(sessions, memory, "a/b", NULL);
	assert_null(sqlauth_session_username(session));
	assert_null(sqlauth_session_client(session));
	assert_null(sqlauth_session_certificate(session, &kind));
	assert_false(sqlauth_session_values(session)->usable[0]);
	assert_false(sqlauth_session_values(session)->usable[1]);
	sqlauth_sessions_free(sessions);
}

static void a_session_without_handle_identifier_or_acl_is_refused(void **state)
{
	const struct sqlauth_session_setup rows[] = {
		{.handle = NULL, .mqtt_id = "x", .acl = shared_acl},
		{.handle = memory, .mqtt_id = NULL, .acl = shared_acl},
		{.handle = memory, .mqtt_id = "x", .acl = NULL},
	};
	struct sqlauth_sessions *sessions = new_table(10);
	const struct sqlauth_session *first = begin(sessions, memory, "x", "u"), *session = first;
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (sqlauth_sessions_begin(sessions, &rows[i], &session) != SQLAUTH_ERROR_INVALID || session != first)
			fail_msg("row %zu", i);
		assert_ptr_equal(sqlauth_sessions_find(sessions, memory, "x", "u"), first);
		assert_int_equal(sqlauth_sessions_connected(sessions), 1);
	}
	sqlauth_sessions_free(sessions);
}

static void the_longest_strings_of_mqtt_fit(void **state)
{
	static char id[65536], username[65536];
	struct sqlauth_sessions *sessions = new_table(10);
	(void)state;
	memset(id, 'i', 65535);
	memset(username, 'u', 65535);
	const struct sqlauth_session *session = begin(sessions, memory, id, username);
	assert_ptr_equal(sqlauth_sessions_find(sessions, NULL, id, username), session);
	username[65534] = '\0';
	assert_null(sqlauth_sessions_find(sessions, memory, id, username));
	sqlauth_sessions_free(sessions);
}

static void collect(void *context, const struct sqlauth_session *session)
{
	char **end = context;
	*(*end)++ = sqlauth_session_mqtt_id(session)[0];
}

static void every_connected_session_is_visited_in_order(void **state)
{
	struct sqlauth_sessions *sessions = new_table(10);
	char seen[8] = "", *end = seen;
	(void)state;
	for (unsigned i = 0; i < 5; i++)
		begin(sessions, &memory[i], (char[2]){(char)('a' + i), 0}, "u");
	sqlauth_sessions_end(sessions, &memory[0], true);
	sqlauth_sessions_end(sessions, &memory[2], false);
	sqlauth_sessions_end(sessions, &memory[4], true);
	sqlauth_sessions_visit_connected(sessions, collect, &end);
	assert_string_equal(seen, "bd");
	sqlauth_sessions_free(sessions);
}

static void nobody_is_connected_longer_than_the_oldest_connection(void **state)
{
	static const struct {
		int64_t now;
		char connects, ends; /* 0: nobody */
		int64_t since;
	} rows[] = {
		{50, 0, 0, INT64_MAX},
		{100, 'a', 0, 100},
		{200, 'b', 0, 100},
		{200, 'c', 'a', 200},
		{199, 0, 0, INT64_MIN}, /* set back: how long ago was 200? */
		{200, 0, 0, 200},
		{150, 'd', 0, INT64_MIN},
		{1000, 'e', 0, INT64_MIN}, /* d came behind b, at an earlier time */
		{1000, 0, 'b', INT64_MIN},
		{1000, 0, 'c', INT64_MIN},
		{1000, 0, 'd', INT64_MIN},
		{1000, 0, 'e', INT64_MAX},
		{1001, 'f', 0, 1001},
	};
	struct sqlauth_sessions *sessions = new_table(10);

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		clock_seconds = rows[i].now;
		if (rows[i].connects)
			begin(sessions, &memory[(unsigned char)rows[i].connects], (char[2]){rows[i].connects, 0}, "u");
		if (rows[i].ends)
			sqlauth_sessions_end(sessions, &memory[(unsigned char)rows[i].ends], true);
		if (sqlauth_sessions_connected_since(sessions) != rows[i].since)
			fail_msg("row %zu: %lld", i, (long long)sqlauth_sessions_connected_since(sessions));
	}
	sqlauth_sessions_free(sessions);
}

static int set_up(void **state)
{
	(void)state;
	return sqlauth_secret_init() || sqlauth_acl_compile(NULL, 0, &shared_acl, NULL);
}

static int tear_down(void **state)
{
	(void)state;
	sqlauth_acl_unref(shared_acl);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_connected_session_answers_for_its_own_identity),
		cmocka_unit_test(an_ended_session_goes_on_answering),
		cmocka_unit_test(a_reused_handle_means_its_newest_session_only),
		cmocka_unit_test(a_takeover_leaves_the_identifier_to_the_newer_connection),
		cmocka_unit_test(a_refused_newer_connection_leaves_the_standing_one_alone),
		cmocka_unit_test(another_plugins_client_leaves_ours_alone),
		cmocka_unit_test(an_identifier_is_in_use_while_another_client_stands_on_it),
		cmocka_unit_test(ended_sessions_are_bounded),
		cmocka_unit_test(time_that_jumps_forgets_neither_too_early_nor_never),
		cmocka_unit_test(expiry_stops_at_its_budget),
		cmocka_unit_test(a_session_owns_what_it_was_made_from),
		cmocka_unit_test(a_session_without_username_has_none),
		cmocka_unit_test(a_session_without_handle_identifier_or_acl_is_refused),
		cmocka_unit_test(the_longest_strings_of_mqtt_fit),
		cmocka_unit_test(every_connected_session_is_visited_in_order),
		cmocka_unit_test(nobody_is_connected_longer_than_the_oldest_connection),
	};
	return cmocka_run_group_tests_name("session", tests, set_up, tear_down);
}
