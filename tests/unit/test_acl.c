/* Compiled ACLs: what they decide, as tables of examples from SPEC section 3, and what a block promises: its own copy
 * of everything, verdicts that can be explained, errors that leave nothing behind. The comparisons with the oracle are
 * in test_acl_oracle.c, sizes and costs in test_acl_limits.c. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "allocations.h"
#include "sqlauth/acl.h"

#define LENGTH_OF(array) (sizeof(array) / sizeof((array)[0]))
#define ROW_PERMISSIONS  4
#define NONE             SQLAUTH_NO_PERMISSION

/* Short words for the tables. */
#define PUB  SQLAUTH_ACCESS_PUBLISH
#define SUB  SQLAUTH_ACCESS_SUBSCRIBE
#define RECV SQLAUTH_ACCESS_RECEIVE
#define NO   SQLAUTH_DENIED
#define YES  SQLAUTH_ALLOWED

#define ALLOW_PUB(filter)                                                                                              \
	{                                                                                                              \
		"g", filter, SQLAUTH_ALLOW, SQLAUTH_PUBLISH                                                            \
	}
#define DENY_PUB(filter)                                                                                               \
	{                                                                                                              \
		"g", filter, SQLAUTH_DENY, SQLAUTH_PUBLISH                                                             \
	}
#define ALLOW_SUB(filter)                                                                                              \
	{                                                                                                              \
		"g", filter, SQLAUTH_ALLOW, SQLAUTH_SUBSCRIBE                                                          \
	}
#define DENY_SUB(filter)                                                                                               \
	{                                                                                                              \
		"g", filter, SQLAUTH_DENY, SQLAUTH_SUBSCRIBE                                                           \
	}

static struct sqlauth_acl *compile(const struct sqlauth_permission *permissions, size_t count)
{
	struct sqlauth_acl *acl = NULL;
	size_t bad = 77;
	assert_int_equal(sqlauth_acl_compile(permissions, count, &acl, &bad), SQLAUTH_OK);
	assert_non_null(acl);
	return acl;
}

static struct sqlauth_verdict check(const struct sqlauth_acl *acl, enum sqlauth_access access, const char *mqtt_id,
	const char *username, const char *topic)
{
	struct sqlauth_acl_client client;
	sqlauth_acl_client_init(&client, mqtt_id, username);
	return sqlauth_acl_check(acl, access, &client, topic, strlen(topic));
}

/* One question to a set of permissions, and the index of the permission that must decide. */
struct row {
	struct sqlauth_permission permissions[ROW_PERMISSIONS];
	enum sqlauth_access access;
	const char *mqtt_id;
	const char *username;
	const char *topic;
	enum sqlauth_decision decision;
	uint32_t permission;
};

static void check_rows(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct row *row = &rows[i];
		size_t permissions = 0;
		while (permissions < ROW_PERMISSIONS && row->permissions[permissions].topic != NULL)
			permissions++;
		struct sqlauth_acl *acl = compile(row->permissions, permissions);
		struct sqlauth_verdict verdict = check(acl, row->access, row->mqtt_id, row->username, row->topic);
		if (verdict.decision != row->decision || verdict.permission != row->permission)
			fail_msg("row %zu (%s): decision %d by %u, should be %d by %u", i, row->topic,
				(int)verdict.decision, verdict.permission, (int)row->decision, row->permission);
		sqlauth_acl_unref(acl);
	}
}

static void deny_beats_allow_and_nothing_denies(void **state)
{
	static const struct row rows[] = {
		{{{0}}, PUB, "c", "u", "a", NO, NONE},
		{{{0}}, SUB, "c", "u", "#", NO, NONE},
		{{ALLOW_PUB("a")}, PUB, "c", "u", "a", YES, 0},
		{{ALLOW_PUB("a")}, PUB, "c", "u", "b", NO, NONE},
		{{ALLOW_PUB("a")}, RECV, "c", "u", "a", NO, NONE},
		{{ALLOW_PUB("a")}, SUB, "c", "u", "a", NO, NONE},
		{{ALLOW_SUB("a")}, PUB, "c", "u", "a", NO, NONE},
		{{ALLOW_SUB("a")}, RECV, "c", "u", "a", YES, 0},
		{{ALLOW_SUB("a")}, SUB, "c", "u", "a", YES, 0},
		{{ALLOW_PUB("#"), DENY_PUB("a/#")}, PUB, "c", "u", "a/b", NO, 1},
		{{DENY_PUB("a/#"), ALLOW_PUB("#")}, PUB, "c", "u", "a/b", NO, 0},
		{{DENY_PUB("a/#"), ALLOW_PUB("#")}, PUB, "c", "u", "b", YES, 1},
		{{DENY_PUB("#"), ALLOW_PUB("a/b/c")}, PUB, "c", "u", "a/b/c", NO, 0},
		{{ALLOW_PUB("a/b"), DENY_PUB("+/b")}, PUB, "c", "u", "a/b", NO, 1},
		{{ALLOW_PUB("a/b"), DENY_SUB("#")}, PUB, "c", "u", "a/b", YES, 0},
		{{DENY_PUB("a")}, PUB, "c", "u", "b", NO, NONE},
		{{DENY_PUB("a")}, PUB, "c", "u", "a", NO, 0},
		{{ALLOW_PUB("b"), ALLOW_PUB("a"), ALLOW_PUB("a")}, PUB, "c", "u", "a", YES, 1},
		{{DENY_PUB("b"), DENY_PUB("a"), ALLOW_PUB("a"), DENY_PUB("a")}, PUB, "c", "u", "a", NO, 1},
	};
	(void)state;
	check_rows(rows, LENGTH_OF(rows));
}

/* What is nearly the topic: from a byte on each another one, or the last; one more; a level more. Asked of heap memory
 * that ends with it. */
static void check_edges(const struct sqlauth_acl *acl, const char *topic, size_t from, bool and_below)
{
	size_t length = strlen(topic);
	struct sqlauth_acl_client client;
	char *asked = malloc(length + 2);

	assert_non_null(asked);
	sqlauth_acl_client_init(&client, "pump", "alice");
	for (size_t i = from; i < length; i++) {
		char *other = malloc(length);

		assert_non_null(other);
		memcpy(other, topic, length);
		other[i] = other[i] == '/' ? 'x' : (char)(other[i] ^ 1);
		assert_int_equal(sqlauth_acl_check(acl, PUB, &client, other, length).decision, NO);
		memcpy(other, topic, length);
		assert_int_equal(sqlauth_acl_check(acl, PUB, &client, other, i).decision, NO);
		free(other);
	}
	memcpy(asked, topic, length + 1);
	assert_int_equal(sqlauth_acl_check(acl, PUB, &client, asked, length).decision, YES);
	asked[length] = 'x';
	assert_int_equal(sqlauth_acl_check(acl, PUB, &client, asked, length + 1).decision, NO);
	asked[length] = '/';
	assert_int_equal(sqlauth_acl_check(acl, PUB, &client, asked, length + 1).decision, and_below ? YES : NO);
	asked[length + 1] = 'x';
	assert_int_equal(sqlauth_acl_check(acl, PUB, &client, asked, length + 2).decision, and_below ? YES : NO);
	free(asked);
}

/* Levels that lead to one leaf are kept as one text, of which a node holds the first 16 bytes. */
static void a_topic_is_compared_to_its_last_byte(void **state)
{
	static const struct {
		const char *permission, *topic;
	} starts[] = {{"a/b", "a/b"}, {"a/+", "a/bc"}, {"a/%c", "a/pump"}, {"a/x-%u-y", "a/x-alice-y"}, {"a/", "a/"}};

	(void)state;
	for (size_t i = 0; i < LENGTH_OF(starts); i++)
		for (int length = 0; length <= 40; length++)
			for (int below = 0; below < 2; below++) {
				const char *levels = "/c/dd//eee/ffff/g/hhhhhhhhhhhhhhhhh/i/jjj";
				char permission[80], topic[80];
				struct sqlauth_permission permissions[] = {ALLOW_PUB(permission), ALLOW_PUB("a/other")};
				struct sqlauth_acl *acl;

				(void)snprintf(permission, sizeof permission, "%s%.*s%s", starts[i].permission, length,
					levels, below ? "/#" : "");
				(void)snprintf(topic, sizeof topic, "%s%.*s", starts[i].topic, length, levels);
				for (size_t others = 1; others <= 2; others++) {
					acl = compile(permissions, others);
					/* `+` takes any second level, also a longer one */
					if (starts[i].permission[2] != '+' || length > 0)
						check_edges(acl, topic, starts[i].permission[2] == '+' ? 4 : 0, below);
					assert_int_equal(check(acl, PUB, "pump", "alice", topic).permission, 0);
					sqlauth_acl_unref(acl);
				}
			}
}

/* Who ends on the way, and who goes on from the same levels, is not lost in another one's text. */
static void permissions_that_share_their_first_levels_are_kept_apart(void **state)
{
	static const struct row rows[] = {
		{{ALLOW_PUB("a/b/c/d"), DENY_PUB("a/b/c")}, PUB, "c", "u", "a/b/c/d", YES, 0},
		{{ALLOW_PUB("a/b/c/d"), DENY_PUB("a/b/c")}, PUB, "c", "u", "a/b/c", NO, 1},
		{{ALLOW_PUB("a/b/c/d"), DENY_PUB("a/b/c/#")}, PUB, "c", "u", "a/b/c/d", NO, 1},
		{{ALLOW_PUB("a/b/c/d"), ALLOW_PUB("a/b/c/e")}, PUB, "c", "u", "a/b/c/e", YES, 1},
		{{ALLOW_PUB("a/b/c/d"), ALLOW_PUB("a/b/+/e")}, PUB, "c", "u", "a/b/c/e", YES, 1},
		{{ALLOW_PUB("a/b/c/d"), ALLOW_PUB("a/b/%c/e")}, PUB, "c", "u", "a/b/c/e", YES, 1},
		{{ALLOW_PUB("a/b/c/d"), ALLOW_PUB("a/b/%c/e"), DENY_PUB("+/b/c/e/f")}, PUB, "c", "u", "a/b/c/e", YES,
			1},
		{{ALLOW_PUB("a/b/c/d"), DENY_PUB("a/+/c/d"), DENY_SUB("a/b/c/d")}, PUB, "c", "u", "a/b/c/d", NO, 1},
		{{ALLOW_SUB("a/b/c/#"), DENY_SUB("+/b/x")}, SUB, "c", "u", "a/b/c/#", YES, 0},
		{{ALLOW_SUB("a/b/c/#"), DENY_SUB("+/b/x")}, SUB, "c", "u", "a/b/c/+", YES, 0},
		{{ALLOW_SUB("a/b/c/d"), DENY_SUB("+/b/x")}, SUB, "c", "u", "a/b/c/#", NO, NONE},
		{{ALLOW_SUB("a/b/c/d"), DENY_SUB("+/b/x")}, SUB, "c", "u", "a/b/c/+", NO, NONE},
		{{ALLOW_SUB("a/+/c/d")}, SUB, "c", "u", "a/#", NO, NONE},
		{{ALLOW_SUB("a/+/c/d")}, SUB, "c", "u", "a/+/c/d", YES, 0},
		{{ALLOW_SUB("$SYS/broker/clients/#")}, RECV, "c", "u", "$SYS/broker/clients/total", YES, 0},
		{{DENY_PUB("%u/b/c/d"), ALLOW_PUB("#")}, PUB, "c", "a+", "x/y", NO, 0},
	};
	(void)state;
	check_rows(rows, LENGTH_OF(rows));
}

static void a_subscription_needs_one_allow_that_covers_it_whole(void **state)
{
	static const struct row rows[] = {
		/* SPEC: allow # and deny secret/# */
		{{ALLOW_SUB("#"), DENY_SUB("secret/#")}, SUB, "c", "u", "#", YES, 0},
		{{ALLOW_SUB("#"), DENY_SUB("secret/#")}, RECV, "c", "u", "secret/x", NO, 1},
		{{ALLOW_SUB("#"), DENY_SUB("secret/#")}, RECV, "c", "u", "secret", NO, 1},
		{{ALLOW_SUB("#"), DENY_SUB("secret/#")}, RECV, "c", "u", "open", YES, 0},
		{{ALLOW_SUB("#"), DENY_SUB("secret/#")}, SUB, "c", "u", "secret/x", NO, 1},
		{{ALLOW_SUB("#"), DENY_SUB("secret/#")}, SUB, "c", "u", "secret/+", NO, 1},
		{{ALLOW_SUB("#"), DENY_SUB("secret/#")}, SUB, "c", "u", "secret/#", NO, 1},
		{{ALLOW_SUB("#"), DENY_SUB("secret/#")}, SUB, "c", "u", "+/x", YES, 0},
		/* two allows that cover it only together */
		{{ALLOW_SUB("a/+"), ALLOW_SUB("a")}, SUB, "c", "u", "a/#", NO, NONE},
		{{ALLOW_SUB("a/b"), ALLOW_SUB("a/c")}, SUB, "c", "u", "a/+", NO, NONE},
		/* two denies likewise */
		{{ALLOW_SUB("#"), DENY_SUB("+"), DENY_SUB("+/+/#")}, SUB, "c", "u", "#", YES, 0},
		{{ALLOW_SUB("#"), DENY_SUB("+/#")}, SUB, "c", "u", "#", NO, 1},
		{{ALLOW_SUB("+/#")}, SUB, "c", "u", "#", YES, 0},
		{{ALLOW_SUB("a/#")}, SUB, "c", "u", "a", YES, 0},
		{{ALLOW_SUB("a/+/#")}, SUB, "c", "u", "a/#", NO, NONE},
		{{ALLOW_SUB("+/b")}, SUB, "c", "u", "a/+", NO, NONE},
		/* a filter is no topic name, and what is neither is denied */
		{{ALLOW_SUB("#"), ALLOW_PUB("#")}, RECV, "c", "u", "a/+", NO, NONE},
		{{ALLOW_SUB("#"), ALLOW_PUB("#")}, PUB, "c", "u", "#", NO, NONE},
		{{ALLOW_SUB("#"), ALLOW_PUB("#")}, PUB, "c", "u", "", NO, NONE},
		{{ALLOW_SUB("#"), ALLOW_PUB("#")}, SUB, "c", "u", "", NO, NONE},
		{{ALLOW_SUB("#"), DENY_SUB("#")}, SUB, "c", "u", "a#", NO, NONE},
		{{ALLOW_SUB("#"), DENY_SUB("#")}, SUB, "c", "u", "#/a", NO, NONE},
	};
	(void)state;
	check_rows(rows, LENGTH_OF(rows));
}

static void a_shared_subscription_is_judged_by_its_filter(void **state)
{
	static const struct row rows[] = {
		{{ALLOW_SUB("a/#")}, SUB, "c", "u", "$share/g/a/b", YES, 0},
		{{ALLOW_SUB("a/#")}, SUB, "c", "u", "$share/g/b", NO, NONE},
		{{ALLOW_SUB("#"), DENY_SUB("a/#")}, SUB, "c", "u", "$share/g/a/+", NO, 1},
		{{ALLOW_SUB("#")}, SUB, "c", "u", "$share/g/#", YES, 0},
		{{ALLOW_SUB("#")}, SUB, "c", "u", "$share/g/$SYS/#", NO, NONE},
		{{ALLOW_SUB("$share/g/a")}, SUB, "c", "u", "$share/g/a", NO, NONE},
		{{ALLOW_SUB("#")}, SUB, "c", "u", "$share/g/", NO, NONE},
		{{ALLOW_SUB("#")}, SUB, "c", "u", "$share//a", NO, NONE},
		{{ALLOW_SUB("#")}, SUB, "c", "u", "$share/g", NO, NONE},
		{{ALLOW_SUB("#"), ALLOW_SUB("$share/#")}, SUB, "c", "u", "$share/+/a", NO, NONE},
		{{ALLOW_SUB("#")}, SUB, "c", "u", "$share/g/a#", NO, NONE},
		{{ALLOW_SUB("#")}, SUB, "c", "u", "$share", NO, NONE},
		{{ALLOW_SUB("$share/#")}, SUB, "c", "u", "$share", YES, 0},
	};
	(void)state;
	check_rows(rows, LENGTH_OF(rows));
}

static void topics_that_begin_with_a_dollar_must_be_named(void **state)
{
	static const struct row rows[] = {
		{{ALLOW_SUB("#")}, RECV, "c", "u", "$SYS/broker/uptime", NO, NONE},
		{{ALLOW_SUB("+/#")}, RECV, "c", "u", "$SYS/broker/uptime", NO, NONE},
		{{ALLOW_SUB("#")}, SUB, "c", "u", "$SYS/#", NO, NONE},
		{{ALLOW_SUB("$SYS/#")}, SUB, "c", "u", "$SYS/#", YES, 0},
		{{ALLOW_SUB("$SYS/#")}, RECV, "c", "u", "$SYS/broker/uptime", YES, 0},
		{{ALLOW_PUB("#")}, PUB, "c", "u", "$CONTROL/dynamic-security/v1", NO, NONE},
		{{ALLOW_PUB("$CONTROL/dynamic-security/v1")}, PUB, "c", "u", "$CONTROL/dynamic-security/v1", YES, 0},
		{{ALLOW_SUB("#"), ALLOW_SUB("$SYS/#"), DENY_SUB("#")}, RECV, "c", "u", "$SYS/a", YES, 1},
		{{ALLOW_SUB("a/+")}, RECV, "c", "u", "a/$SYS", YES, 0},
	};
	(void)state;
	check_rows(rows, LENGTH_OF(rows));
}

static void placeholders_stand_for_the_client_that_asks(void **state)
{
	static const struct row rows[] = {
		{{ALLOW_PUB("dev/%c/#")}, PUB, "pump", "alice", "dev/pump/x", YES, 0},
		{{ALLOW_PUB("dev/%c/#")}, PUB, "pump", "alice", "dev/valve/x", NO, NONE},
		{{ALLOW_PUB("dev/%c/#")}, PUB, "pump", "alice", "dev/%c/x", NO, NONE},
		{{ALLOW_PUB("dev/%u/#")}, PUB, "pump", "alice", "dev/alice", YES, 0},
		{{ALLOW_PUB("%u")}, PUB, "pump", "alice", "alice", YES, 0},
		{{ALLOW_PUB("a-%c-b/%u%u")}, PUB, "pump", "al", "a-pump-b/alal", YES, 0},
		{{ALLOW_PUB("%c%u")}, PUB, "ab", "c", "abc", YES, 0},
		{{ALLOW_PUB("%c%u")}, PUB, "a", "bc", "abc", YES, 0},
		{{ALLOW_PUB("%c%u")}, PUB, "ab", "bc", "abc", NO, NONE},
		{{ALLOW_PUB("%%c/100%%")}, PUB, "pump", "u", "%c/100%", YES, 0},
		{{ALLOW_PUB("%%c")}, PUB, "pump", "u", "pump", NO, NONE},
		{{ALLOW_PUB("%%%c")}, PUB, "pump", "u", "%pump", YES, 0},
		{{ALLOW_PUB("a/%c")}, PUB, "%u", "x", "a/%u", YES, 0}, /* filled in once */
		{{ALLOW_PUB("a/%c")}, PUB, "%u", "x", "a/x", NO, NONE},
		{{ALLOW_PUB("#"), DENY_PUB("a/%c")}, PUB, "x", "u", "a/x", NO, 1},
		{{ALLOW_PUB("#"), DENY_PUB("a/%c")}, PUB, "y", "u", "a/x", YES, 0},
		{{ALLOW_SUB("%c/#")}, SUB, "pump", "u", "pump/+", YES, 0},
		{{ALLOW_SUB("%c/#")}, SUB, "pump", "u", "+/x", NO, NONE},
		{{ALLOW_SUB("+/%c")}, SUB, "pump", "u", "+/pump", YES, 0},
		{{ALLOW_PUB("$x-%c")}, PUB, "pump", "u", "$x-pump", YES, 0},
		{{ALLOW_PUB("a/%c/b"), ALLOW_PUB("a/pump/b")}, PUB, "valve", "u", "a/pump/b", YES, 1},
	};
	(void)state;
	check_rows(rows, LENGTH_OF(rows));
}

static void a_hostile_value_allows_nothing(void **state)
{
	static const char *const values[] = {"", "+", "#", "a/b", "/", "a+", "#a", "/a", "a/", "$SYS/#", NULL};
	static const char *const topics[] = {"a/%c", "%c", "a/x%cy/b", "a/%c/#", "%c/#", "%u-%c", "$x-%c"};
	static const char *const asked[] = {"a/", "a/+", "a/#", "a/a/b", "#", "+", "a/b", "a", "a/xy/b", "$SYS/#", "/",
		"-", "u-", "u-+", "$x-", "$x-a/b"};
	(void)state;
	for (size_t t = 0; t < LENGTH_OF(topics); t++) {
		const struct sqlauth_permission permissions[] = {ALLOW_PUB(topics[t]), ALLOW_SUB(topics[t])};
		struct sqlauth_acl *acl = compile(permissions, 2);
		for (size_t v = 0; v < LENGTH_OF(values); v++)
			for (size_t a = 0; a < LENGTH_OF(asked); a++)
				for (int access = PUB; access <= RECV; access++) {
					struct sqlauth_verdict verdict =
						check(acl, (enum sqlauth_access)access, values[v], "u", asked[a]);
					if (verdict.decision != SQLAUTH_DENIED || verdict.permission != NONE)
						fail_msg("%s with %s allows %s", topics[t],
							values[v] != NULL ? values[v] : "NULL", asked[a]);
				}
		sqlauth_acl_unref(acl);
	}
}

static void a_hostile_value_evades_no_deny(void **state)
{
	static const struct row rows[] = {
		{{ALLOW_PUB("#"), DENY_PUB("a/%c/b")}, PUB, "x/y", "u", "a/x/y/b", NO, 1},
		{{ALLOW_PUB("#"), DENY_PUB("a/%c/b")}, PUB, "x/y", "u", "a/q", NO, 1},
		{{ALLOW_PUB("#"), DENY_PUB("a/%c/b")}, PUB, "x/y", "u", "a", NO, 1},
		{{ALLOW_PUB("#"), DENY_PUB("a/%c/b")}, PUB, "x/y", "u", "b", YES, 0},
		{{ALLOW_PUB("#"), DENY_PUB("a/%c/b")}, PUB, "", "u", "a//b", NO, 1},
		{{ALLOW_PUB("#"), DENY_PUB("a/%c/b")}, PUB, NULL, "u", "a/z", NO, 1},
		{{ALLOW_PUB("#"), DENY_PUB("a/p-%c/b")}, PUB, "+", "u", "a/q", NO, 1},
		{{ALLOW_PUB("#"), DENY_PUB("a/%u/%c")}, PUB, "#", "u", "a/u/z", NO, 1},
		{{ALLOW_PUB("#"), DENY_PUB("a/%u/%c")}, PUB, "#", "v", "a/u/z", YES, 0},
		{{ALLOW_PUB("#"), DENY_PUB("a/%u/%c")}, PUB, "c", "#", "a/x/y/z", NO, 1},
		{{ALLOW_PUB("#"), DENY_PUB("a/+/%c")}, PUB, "#", "u", "a/b", NO, 1},
		{{ALLOW_PUB("#"), DENY_PUB("a/+/%c")}, PUB, "#", "u", "a", YES, 0},
		{{ALLOW_SUB("#"), DENY_SUB("a/%c")}, SUB, "#", "u", "a/#", NO, 1},
		{{ALLOW_SUB("#"), DENY_SUB("a/%c")}, SUB, "#", "u", "#", YES, 0},
		{{ALLOW_SUB("#"), DENY_SUB("%c/a")}, SUB, "#", "u", "#", NO, 1},
		{{ALLOW_SUB("#"), DENY_SUB("%c/a")}, SUB, "#", "u", "q/+", NO, 1},
		/* in front: `$` topics only where the value, or what stands before it, begins with `$` */
		{{ALLOW_PUB("$SYS/x"), DENY_PUB("%c/x")}, PUB, "a/b", "u", "$SYS/x", YES, 0},
		{{ALLOW_PUB("$SYS/x"), DENY_PUB("%c/x")}, PUB, "$SYS/x", "u", "$SYS/x", NO, 1},
		{{ALLOW_PUB("$SYS/x"), DENY_PUB("$SYS-%c/x")}, PUB, "a/b", "u", "$SYS/x", NO, 1},
		{{ALLOW_PUB("a"), DENY_PUB("$SYS-%c/x")}, PUB, "a/b", "u", "a", NO, 1},
		{{ALLOW_SUB("$SYS/#"), DENY_SUB("$SYS-%c/x")}, SUB, "", "u", "$SYS/#", NO, 1},
		{{ALLOW_SUB("$SYS/#"), DENY_SUB("%c")}, SUB, "$/", "u", "$SYS/#", NO, 1},
		{{ALLOW_SUB("$SYS/#"), DENY_SUB("$SYS/%c")}, SUB, "#", "u", "$SYS/#", NO, 1},
		{{ALLOW_SUB("$SYS/#"), DENY_SUB("$X/%c")}, SUB, "#", "u", "$SYS/#", YES, 0},
	};
	(void)state;
	check_rows(rows, LENGTH_OF(rows));
}

static void nobody_names_himself_into_a_dollar_tree(void **state)
{
	static const struct row rows[] = {
		{{ALLOW_SUB("%c/#")}, SUB, "$SYS", "u", "$SYS/#", NO, NONE},
		{{ALLOW_SUB("%c/#")}, RECV, "$SYS", "u", "$SYS/broker/uptime", NO, NONE},
		{{ALLOW_PUB("%u/#")}, PUB, "c", "$CONTROL", "$CONTROL/dynamic-security/v1", NO, NONE},
		{{ALLOW_PUB("%c%u")}, PUB, "$S", "YS", "$SYS", NO, NONE},
		{{ALLOW_PUB("a/%c")}, PUB, "$SYS", "u", "a/$SYS", YES, 0},
		{{ALLOW_PUB("$%c/a")}, PUB, "SYS", "u", "$SYS/a", YES, 0},
		{{ALLOW_PUB("x%c")}, PUB, "$SYS", "u", "x$SYS", YES, 0},
		{{ALLOW_PUB("$SYS/#"), DENY_PUB("%c/#")}, PUB, "$SYS", "u", "$SYS/a", NO, 1},
		{{ALLOW_PUB("$SYS/#"), DENY_PUB("%c/#")}, PUB, "$X", "u", "$SYS/a", YES, 0},
		{{ALLOW_PUB("#"), DENY_PUB("%c/#")}, PUB, "$X", "u", "a", YES, 0},
	};
	(void)state;
	check_rows(rows, LENGTH_OF(rows));
}

static void a_value_is_usable_unless_empty_or_with_a_separator_or_wildcard(void **state)
{
	static const struct {
		const char *value;
		bool usable;
	} rows[] = {{"a", true}, {"$SYS", true}, {"%c", true}, {" ", true}, {"a-b_c.d:e", true}, {"", false},
		{NULL, false}, {"/", false}, {"a/b", false}, {"+", false}, {"a+", false}, {"#", false}, {"#a", false}};
	(void)state;
	for (size_t i = 0; i < LENGTH_OF(rows); i++) {
		struct sqlauth_acl_client client;
		sqlauth_acl_client_init(&client, rows[i].value, "u");
		if (client.usable[0] != rows[i].usable || !client.usable[1])
			fail_msg("row %zu: as client id", i);
		if (client.length[0] != (rows[i].value == NULL ? 0 : strlen(rows[i].value)) || client.length[1] != 1)
			fail_msg("row %zu: length", i);
		sqlauth_acl_client_init(&client, "c", rows[i].value);
		if (client.usable[1] != rows[i].usable || !client.usable[0])
			fail_msg("row %zu: as username", i);
	}
}

static void an_unknown_access_is_denied(void **state)
{
	static const struct sqlauth_permission all[] = {ALLOW_PUB("#"), ALLOW_SUB("#")};
	struct sqlauth_acl *acl = compile(all, 2);
	(void)state;
	for (int access = -1; access < 70; access = access < 0 ? 3 : access * 2) {
		struct sqlauth_verdict verdict = check(acl, (enum sqlauth_access)access, "c", "u", "a");
		assert_int_equal(verdict.decision, SQLAUTH_DENIED);
	}
	sqlauth_acl_unref(acl);
}

static void a_topic_with_a_nul_byte_is_denied(void **state)
{
	static const struct sqlauth_permission all[] = {ALLOW_PUB("#"), ALLOW_SUB("#")};
	struct sqlauth_acl *acl = compile(all, 2);
	struct sqlauth_acl_client client;
	(void)state;
	sqlauth_acl_client_init(&client, "c", "u");
	for (int access = PUB; access <= RECV; access++) {
		struct sqlauth_verdict verdict =
			sqlauth_acl_check(acl, (enum sqlauth_access)access, &client, "a\0b", 3);
		assert_int_equal(verdict.decision, SQLAUTH_DENIED);
		assert_int_equal(verdict.permission, NONE);
	}
	struct sqlauth_verdict verdict = sqlauth_acl_check(acl, SQLAUTH_ACCESS_SUBSCRIBE, &client, "$share/\0/a", 10);
	assert_int_equal(verdict.decision, SQLAUTH_DENIED);
	sqlauth_acl_unref(acl);
}

/* ---- the block ---- */

static void a_block_keeps_its_own_copy_of_the_permissions(void **state)
{
	char group[] = "group-7";
	char topic[] = "dev/%c/#";
	struct sqlauth_permission given = {group, topic, SQLAUTH_DENY, SQLAUTH_SUBSCRIBE};
	struct sqlauth_acl *acl = compile(&given, 1);
	struct sqlauth_permission kept;
	(void)state;
	memset(group, 'x', sizeof group - 1);
	memset(topic, 'x', sizeof topic - 1);
	memset(&given, 0, sizeof given);
	assert_true(sqlauth_acl_permission(acl, 0, &kept));
	assert_string_equal(kept.group, "group-7");
	assert_string_equal(kept.topic, "dev/%c/#");
	assert_int_equal(kept.effect, SQLAUTH_DENY);
	assert_int_equal(kept.action, SQLAUTH_SUBSCRIBE);
	assert_int_equal(check(acl, SQLAUTH_ACCESS_RECEIVE, "pump", "u", "dev/pump/x").permission, 0);
	struct sqlauth_permission untouched = kept;
	assert_false(sqlauth_acl_permission(acl, 1, &kept));
	assert_false(sqlauth_acl_permission(acl, SQLAUTH_NO_PERMISSION, &kept));
	assert_memory_equal(&kept, &untouched, sizeof kept);
	sqlauth_acl_unref(acl);
}

static void every_permission_is_kept_in_the_order_given(void **state)
{
	static const struct sqlauth_permission given[] = {ALLOW_PUB("b"), DENY_SUB("a"), ALLOW_PUB("b"),
		{"h", "b", SQLAUTH_ALLOW, SQLAUTH_PUBLISH}, {"", "a/%%", SQLAUTH_DENY, SQLAUTH_PUBLISH}};
	struct sqlauth_acl *acl = compile(given, LENGTH_OF(given));
	(void)state;
	assert_int_equal(sqlauth_acl_count(acl), LENGTH_OF(given));
	assert_true(sqlauth_acl_bytes(acl) > 0);
	for (uint32_t i = 0; i < LENGTH_OF(given); i++) {
		struct sqlauth_permission kept;
		assert_true(sqlauth_acl_permission(acl, i, &kept));
		assert_string_equal(kept.group, given[i].group);
		assert_string_equal(kept.topic, given[i].topic);
		assert_int_equal(kept.effect, given[i].effect);
		assert_int_equal(kept.action, given[i].action);
	}
	sqlauth_acl_unref(acl);
}

static void a_block_knows_which_placeholders_it_uses(void **state)
{
	static const struct {
		const char *topic;
		bool uses[2];
	} rows[] = {{"a", {false, false}}, {"%%c/%%u", {false, false}}, {"a/%c", {true, false}},
		{"x%uy/#", {false, true}}, {"%c%u", {true, true}}, {"%%%u", {false, true}}};
	(void)state;
	for (size_t i = 0; i < LENGTH_OF(rows); i++) {
		const struct sqlauth_permission permissions[] = {ALLOW_PUB("x"), DENY_SUB(rows[i].topic)};
		struct sqlauth_acl *acl = compile(permissions, 2);
		for (int which = 0; which < 2; which++)
			if (sqlauth_acl_uses_placeholder(acl, which) != rows[i].uses[which])
				fail_msg("row %zu: placeholder %d", i, which);
		sqlauth_acl_unref(acl);
	}
}

static void a_bad_permission_is_named(void **state)
{
	static const struct sqlauth_permission rows[] = {ALLOW_PUB(""), ALLOW_PUB("a#"), ALLOW_PUB("#/a"),
		DENY_SUB("a+/b"), DENY_SUB("a/%"), DENY_SUB("%x"), {"g", "a", (enum sqlauth_effect)2, SQLAUTH_PUBLISH},
		{"g", "a", SQLAUTH_ALLOW, (enum sqlauth_action)2},
		{"g", "a", (enum sqlauth_effect) - 1, SQLAUTH_PUBLISH}};
	(void)state;
	for (size_t i = 0; i < LENGTH_OF(rows); i++) {
		const struct sqlauth_permission permissions[] = {ALLOW_PUB("x"), DENY_SUB("y/#"), rows[i], rows[i]};
		struct sqlauth_acl *acl = (struct sqlauth_acl *)&acl;
		size_t bad = 77;
		size_t live = allocations_live();
		if (sqlauth_acl_compile(permissions, 4, &acl, &bad) != SQLAUTH_ERROR_INVALID || bad != 2)
			fail_msg("row %zu: bad %zu", i, bad);
		if (acl != (struct sqlauth_acl *)&acl || allocations_live() != live)
			fail_msg("row %zu: leaves something behind", i);
		assert_int_equal(sqlauth_acl_compile(permissions, 4, &acl, NULL), SQLAUTH_ERROR_INVALID);
	}
}

static void the_words_are_those_of_the_database_and_the_log(void **state)
{
	(void)state;
	assert_string_equal(sqlauth_access_word(SQLAUTH_ACCESS_PUBLISH), "publish");
	assert_string_equal(sqlauth_access_word(SQLAUTH_ACCESS_SUBSCRIBE), "subscribe");
	assert_string_equal(sqlauth_access_word(SQLAUTH_ACCESS_RECEIVE), "receive");
	assert_string_equal(sqlauth_access_word((enum sqlauth_access)3), "unknown");
	assert_string_equal(sqlauth_effect_word(SQLAUTH_ALLOW), "allow");
	assert_string_equal(sqlauth_effect_word(SQLAUTH_DENY), "deny");
	assert_string_equal(sqlauth_effect_word((enum sqlauth_effect)2), "unknown");
	assert_string_equal(sqlauth_action_word(SQLAUTH_PUBLISH), "publish");
	assert_string_equal(sqlauth_action_word(SQLAUTH_SUBSCRIBE), "subscribe");
	assert_string_equal(sqlauth_action_word((enum sqlauth_action) - 1), "unknown");
}

static void the_last_reference_frees_the_block(void **state)
{
	static const struct sqlauth_permission one = ALLOW_PUB("a");
	size_t live = allocations_live();
	struct sqlauth_acl *acl = compile(&one, 1);
	(void)state;
	assert_true(allocations_live() > live);
	assert_false(sqlauth_acl_shared(acl));
	assert_ptr_equal(sqlauth_acl_ref(acl), acl);
	assert_true(sqlauth_acl_shared(acl));
	sqlauth_acl_unref(acl);
	assert_false(sqlauth_acl_shared(acl));
	assert_int_equal(check(acl, SQLAUTH_ACCESS_PUBLISH, "c", "u", "a").decision, SQLAUTH_ALLOWED);
	sqlauth_acl_unref(acl);
	assert_int_equal(allocations_live(), live);
	sqlauth_acl_unref(NULL);
}

struct thread {
	pthread_t id;
	struct sqlauth_acl *acl;
	unsigned wrong;
};

static void *check_and_count(void *argument)
{
	struct thread *thread = argument;
	for (int i = 0; i < 20000; i++) {
		struct sqlauth_acl *acl = sqlauth_acl_ref(thread->acl);
		bool own = check(acl, SQLAUTH_ACCESS_PUBLISH, "pump", "u", "dev/pump/x").decision == SQLAUTH_ALLOWED;
		bool other =
			check(acl, SQLAUTH_ACCESS_SUBSCRIBE, "pump", "u", "dev/valve/#").decision == SQLAUTH_ALLOWED;
		thread->wrong += !own || other ? 1u : 0u;
		sqlauth_acl_unref(acl);
	}
	sqlauth_acl_unref(thread->acl);
	return NULL;
}

static void threads_check_and_count_references_at_the_same_time(void **state)
{
	static const struct sqlauth_permission permissions[] = {ALLOW_PUB("dev/%c/#"), ALLOW_SUB("dev/%c/#")};
	size_t live = allocations_live();
	struct sqlauth_acl *acl = compile(permissions, 2);
	struct thread threads[2];
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		threads[i] = (struct thread){.acl = sqlauth_acl_ref(acl)};
		assert_int_equal(pthread_create(&threads[i].id, NULL, check_and_count, &threads[i]), 0);
	}
	sqlauth_acl_unref(acl);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(pthread_join(threads[i].id, NULL), 0);
		assert_int_equal(threads[i].wrong, 0);
	}
	assert_int_equal(allocations_live(), live); /* whichever thread dropped the last one */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(deny_beats_allow_and_nothing_denies),
		cmocka_unit_test(a_topic_is_compared_to_its_last_byte),
		cmocka_unit_test(permissions_that_share_their_first_levels_are_kept_apart),
		cmocka_unit_test(a_subscription_needs_one_allow_that_covers_it_whole),
		cmocka_unit_test(a_shared_subscription_is_judged_by_its_filter),
		cmocka_unit_test(topics_that_begin_with_a_dollar_must_be_named),
		cmocka_unit_test(placeholders_stand_for_the_client_that_asks),
		cmocka_unit_test(a_hostile_value_allows_nothing),
		cmocka_unit_test(a_hostile_value_evades_no_deny),
		cmocka_unit_test(nobody_names_himself_into_a_dollar_tree),
		cmocka_unit_test(a_value_is_usable_unless_empty_or_with_a_separator_or_wildcard),
		cmocka_unit_test(an_unknown_access_is_denied),
		cmocka_unit_test(a_topic_with_a_nul_byte_is_denied),
		cmocka_unit_test(a_block_keeps_its_own_copy_of_the_permissions),
		cmocka_unit_test(every_permission_is_kept_in_the_order_given),
		cmocka_unit_test(a_block_knows_which_placeholders_it_uses),
		cmocka_unit_test(a_bad_permission_is_named),
		cmocka_unit_test(the_words_are_those_of_the_database_and_the_log),
		cmocka_unit_test(the_last_reference_frees_the_block),
		cmocka_unit_test(threads_check_and_count_references_at_the_same_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
