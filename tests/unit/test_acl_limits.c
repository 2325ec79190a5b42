/* Compiled ACLs at their limits: the largest topics and sets, sets made to be expensive, what a check may cost, that it
 * allocates nothing, and that a compile that runs out of memory leaves nothing behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "allocations.h"
#include "corpus.h"
#include "sqlauth/acl.h"
#include "sqlauth/topic.h"

#define LENGTH_OF(array) (sizeof(array) / sizeof((array)[0]))

/* A set of permissions whose topics stand one behind the other. */
struct set {
	struct sqlauth_permission *permission;
	size_t count;
	char *texts;
	size_t used;
	struct sqlauth_acl *acl;
	struct sqlauth_acl_client client;
};

static void set_init(struct set *set, size_t count, size_t bytes)
{
	*set = (struct set){.permission = calloc(count, sizeof *set->permission), .texts = malloc(bytes)};
	assert_true(set->permission != NULL && set->texts != NULL);
	sqlauth_acl_client_init(&set->client, "pump", "alice");
}

static void set_add(struct set *set, const char *topic, enum sqlauth_effect effect)
{
	char *copy = set->texts + set->used;
	size_t size = strlen(topic) + 1;
	memcpy(copy, topic, size);
	set->used += size;
	set->permission[set->count++] = (struct sqlauth_permission){"g", copy, effect, SQLAUTH_PUBLISH};
}

static void set_compile(struct set *set)
{
	assert_int_equal(sqlauth_acl_compile(set->permission, set->count, &set->acl, NULL), SQLAUTH_OK);
}

static void set_fini(struct set *set)
{
	sqlauth_acl_unref(set->acl);
	free(set->permission);
	free(set->texts);
}

static struct sqlauth_verdict publish(const struct set *set, const char *topic)
{
	return sqlauth_acl_check(set->acl, SQLAUTH_ACCESS_PUBLISH, &set->client, topic, strlen(topic));
}

/* The least CPU time of several that `times` checks of a topic take. */
static double check_seconds(const struct set *set, const char *topic, size_t length, int times)
{
	double best = 1e9;
	for (int round = 0; round < 7; round++) {
		double before = cpu_seconds();
		for (int i = 0; i < times; i++)
			(void)sqlauth_acl_check(set->acl, SQLAUTH_ACCESS_PUBLISH, &set->client, topic, length);
		double taken = cpu_seconds() - before;
		best = taken < best ? taken : best;
	}
	return best;
}

/* `unit` over and over, size bytes, and a NUL; the caller frees. */
static char *repeated(const char *unit, size_t size)
{
	char *text = malloc(size + 1);
	assert_non_null(text);
	for (size_t i = 0; i < size; i++)
		text[i] = unit[i % strlen(unit)];
	text[size] = '\0';
	return text;
}

/* ---- sizes ---- */

static void the_largest_topics_are_judged(void **state)
{
	static const struct {
		const char *filter; /* units, repeated to the largest size */
		const char *name;
		bool matches;
	} rows[] = {{"a", "a", true}, {"/", "/", true}, {"a/", "a/", true}, {"+/", "a/", true}, {"+/", "/", false},
		{"a", "b", false}, {"a/", "b/", false}, {"+/a/", "b/a/", true}, {"+/a/", "b/b/", false}};
	(void)state;
	for (size_t i = 0; i < LENGTH_OF(rows); i++) {
		char *filter = repeated(rows[i].filter, SQLAUTH_TOPIC_BYTES_MAX);
		char *name = repeated(rows[i].name, SQLAUTH_TOPIC_BYTES_MAX);
		struct sqlauth_permission permissions[] = {
			{"g", filter, SQLAUTH_ALLOW, SQLAUTH_PUBLISH}, {"g", filter, SQLAUTH_ALLOW, SQLAUTH_SUBSCRIBE}};
		struct set set = {.permission = permissions, .count = 2};
		sqlauth_acl_client_init(&set.client, "c", "u");
		set_compile(&set);
		for (int access = SQLAUTH_ACCESS_PUBLISH; access <= SQLAUTH_ACCESS_RECEIVE; access++) {
			struct sqlauth_verdict verdict = sqlauth_acl_check(
				set.acl, (enum sqlauth_access)access, &set.client, name, SQLAUTH_TOPIC_BYTES_MAX);
			if ((verdict.decision == SQLAUTH_ALLOWED) != rows[i].matches)
				fail_msg("row %zu: access %d", i, access);
		}
		sqlauth_acl_unref(set.acl);
		free(filter);
		free(name);
	}
}

static void longer_topics_are_denied_and_do_not_compile(void **state)
{
	char *text = repeated("a/", SQLAUTH_TOPIC_BYTES_MAX + 1);
	struct sqlauth_permission permissions[] = {{"g", "#", SQLAUTH_ALLOW, SQLAUTH_PUBLISH},
		{"g", "#", SQLAUTH_ALLOW, SQLAUTH_SUBSCRIBE}, {"g", text, SQLAUTH_ALLOW, SQLAUTH_PUBLISH}};
	struct set set = {.permission = permissions, .count = 2};
	size_t bad = 0;
	(void)state;
	sqlauth_acl_client_init(&set.client, "c", "u");
	set_compile(&set);
	for (int access = SQLAUTH_ACCESS_PUBLISH; access <= SQLAUTH_ACCESS_RECEIVE; access++) {
		enum sqlauth_access asked = (enum sqlauth_access)access;
		size_t size = SQLAUTH_TOPIC_BYTES_MAX;
		assert_int_equal(sqlauth_acl_check(set.acl, asked, &set.client, text, size).decision, SQLAUTH_ALLOWED);
		assert_int_equal(
			sqlauth_acl_check(set.acl, asked, &set.client, text, size + 1).decision, SQLAUTH_DENIED);
	}
	struct sqlauth_acl *acl = NULL;
	assert_int_equal(sqlauth_acl_compile(permissions, 3, &acl, &bad), SQLAUTH_ERROR_INVALID);
	assert_int_equal(bad, 2);
	sqlauth_acl_unref(set.acl);
	free(text);
}

static void the_largest_values_are_filled_in(void **state)
{
	size_t size = SQLAUTH_TOPIC_BYTES_MAX;
	char *value = repeated("v", size);
	struct sqlauth_permission permissions[] = {
		{"g", "%c", SQLAUTH_ALLOW, SQLAUTH_PUBLISH}, {"g", "%c%c/#", SQLAUTH_DENY, SQLAUTH_PUBLISH}};
	struct set set = {.permission = permissions, .count = 2};
	(void)state;
	set_compile(&set);
	sqlauth_acl_client_init(&set.client, value, "u");
	assert_int_equal(publish(&set, value).decision, SQLAUTH_ALLOWED);
	value[size - 1] = '/';
	sqlauth_acl_client_init(&set.client, value, "u");
	assert_int_equal(publish(&set, "v").permission, 1); /* unusable now: the deny covers everything */
	sqlauth_acl_unref(set.acl);
	free(value);
}

static void more_permissions_than_the_limit_are_refused(void **state)
{
	size_t count = SQLAUTH_ACL_PERMISSIONS_MAX + 1;
	struct set set;
	(void)state;
	set_init(&set, count, 1);
	for (size_t i = 0; i < count; i++)
		set.permission[i] = (struct sqlauth_permission){"g", "a/b", SQLAUTH_ALLOW, SQLAUTH_PUBLISH};
	set.count = count;
	struct sqlauth_acl *acl = NULL;
	size_t live = allocations_live();
	assert_int_equal(sqlauth_acl_compile(set.permission, count, &acl, NULL), SQLAUTH_ERROR_LIMIT);
	assert_null(acl);
	assert_int_equal(allocations_live(), live);
	set.count--;
	set_compile(&set);
	assert_int_equal(sqlauth_acl_count(set.acl), SQLAUTH_ACL_PERMISSIONS_MAX);
	assert_int_equal(publish(&set, "a/b").permission, 0);
	set_fini(&set);
}

/* ---- many permissions ---- */

/* count permissions, made by a printf format with one number. */
static void numbered(struct set *set, const char *prefix, const char *suffix, size_t count)
{
	char topic[256];
	set_init(set, count, count * sizeof topic);
	for (size_t i = 0; i < count; i++) {
		(void)snprintf(topic, sizeof topic, "%s%zu%s", prefix, i, suffix);
		set_add(set, topic, SQLAUTH_ALLOW);
	}
	set_compile(set);
}

static void each_of_100000_permissions_is_found(void **state)
{
	struct set set;
	char topic[64];
	(void)state;
	numbered(&set, "site/dev-", "/state/#", 100000);
	for (uint32_t i = 0; i < 100000; i++) {
		(void)snprintf(topic, sizeof topic, "site/dev-%u/state/x", i);
		if (publish(&set, topic).permission != i)
			fail_msg("%s", topic);
		(void)snprintf(topic, sizeof topic, "site/dev-%u/stat", i);
		if (publish(&set, topic).decision != SQLAUTH_DENIED)
			fail_msg("%s", topic);
	}
	set_fini(&set);
}

static void a_check_costs_the_same_among_many_permissions(void **state)
{
	static const char *const prefixes[] = {"site/dev-", "+/+/+/+/+/+/+/+/+/a_"};
	static const char *const topics[] = {"site/dev-77/x", "a/b/c/d/e/f/g/h/i/a_77"};
	(void)state;
	for (size_t i = 0; i < LENGTH_OF(prefixes); i++) {
		struct set few;
		struct set many;
		numbered(&few, prefixes[i], i == 0 ? "/x" : "", 100);
		numbered(&many, prefixes[i], i == 0 ? "/x" : "", 100000);
		assert_int_equal(publish(&few, topics[i]).permission, 77);
		assert_int_equal(publish(&many, topics[i]).permission, 77);
		double small = check_seconds(&few, topics[i], strlen(topics[i]), 1000);
		double large = check_seconds(&many, topics[i], strlen(topics[i]), 1000);
		if (large > small * 16 + 1e-4) /* 1000 times the permissions; caches get colder, no more */
			fail_msg("row %zu: %g s among 100, %g s among 100000", i, small, large);
		set_fini(&few);
		set_fini(&many);
	}
}

static void compiling_costs_in_proportion_to_the_permissions(void **state)
{
	double seconds[2] = {1e9, 1e9};
	static const size_t counts[2] = {6000, 96000};
	(void)state;
	for (int round = 0; round < 3; round++)
		for (size_t i = 0; i < 2; i++) {
			struct set set;
			double before = cpu_seconds();
			numbered(&set, "site/dev-", "/%c/+/#", counts[i]);
			double taken = cpu_seconds() - before;
			seconds[i] = taken < seconds[i] ? taken : seconds[i];
			set_fini(&set);
		}
	if (seconds[1] > seconds[0] * 16 * 4 + 1e-3) /* 16 times as many; quadratic would be 256 */
		fail_msg("%g s for 6000, %g s for 96000", seconds[0], seconds[1]);
}

/* ---- sets made to be expensive ---- */

/* Every topic of `depth` levels, each `a` or `+`: 2 to the power of depth permissions, the i-th with `+` where i has a
 * bit. The last one, all `+`, is a deny where `deny` says so. */
static void add_all_subsets(struct set *set, unsigned depth, bool deny)
{
	char topic[64];
	size_t count = (size_t)1 << depth;
	for (size_t i = 0; i < count; i++) {
		for (unsigned level = 0; level < depth; level++) {
			topic[2 * level] = (i >> level & 1) != 0 ? '+' : 'a';
			topic[2 * level + 1] = level + 1 < depth ? '/' : '\0';
		}
		set_add(set, topic, deny && i + 1 == count ? SQLAUTH_DENY : SQLAUTH_ALLOW);
	}
}

static void all_subsets(struct set *set, unsigned depth, bool deny)
{
	size_t count = (size_t)1 << depth;
	set_init(set, count, count * (2 * depth));
	add_all_subsets(set, depth, deny);
	set_compile(set);
}

static void all_subsets_of_ten_levels_are_told_apart(void **state)
{
	struct set set;
	struct set denied;
	char topic[] = "a/a/a/a/a/a/a/a/a/a";
	(void)state;
	all_subsets(&set, 10, false);
	all_subsets(&denied, 10, true);
	for (unsigned bits = 0; bits < 1024; bits++) {
		for (unsigned level = 0; level < 10; level++)
			topic[2 * level] = (bits >> level & 1) != 0 ? 'b' : 'a';
		struct sqlauth_verdict verdict = publish(&set, topic);
		/* Wherever the topic has a `b`, the permission that allows it has a `+`. */
		if (verdict.decision != SQLAUTH_ALLOWED || (verdict.permission & bits) != bits)
			fail_msg("%s by %u", topic, verdict.permission);
		verdict = publish(&denied, topic);
		if (verdict.decision != SQLAUTH_DENIED || verdict.permission != 1023)
			fail_msg("%s by %u, should be denied by the last", topic, verdict.permission);
	}
	assert_int_equal(publish(&set, "a/a/a/a/a/a/a/a/a").decision, SQLAUTH_DENIED);
	assert_int_equal(publish(&set, "a/a/a/a/a/a/a/a/a/a/a").decision, SQLAUTH_DENIED);
	set_fini(&set);
	set_fini(&denied);
}

static void a_branch_is_visited_at_most_once(void **state)
{
	struct set small;
	struct set large;
	(void)state;
	all_subsets(&small, 6, false);
	all_subsets(&large, 10, false);
	double few = check_seconds(&small, "a/a/a/a/a/b", 11, 20);
	double many = check_seconds(&large, "a/a/a/a/a/a/a/a/a/b", 19, 20);
	if (many > few * 16 * 5 + 1e-4) /* 16 times the branches; visiting pairs of them would be 256 */
		fail_msg("%g s for 2^6, %g s for 2^10", few, many);
	set_fini(&small);
	set_fini(&large);
}

static void sets_that_branch_too_much_are_refused(void **state)
{
	static const unsigned depths[] = {10, 11, 14};
	char topic[64];
	(void)state;
	for (size_t row = 0; row < LENGTH_OF(depths); row++) {
		size_t count = (size_t)1 << depths[row];
		struct set set;
		struct sqlauth_acl *acl = NULL;
		enum sqlauth_error expected = count > SQLAUTH_ACL_BRANCHES_MAX ? SQLAUTH_ERROR_LIMIT : SQLAUTH_OK;
		set_init(&set, count, count * sizeof topic);
		add_all_subsets(&set, depths[row], false);
		if (sqlauth_acl_compile(set.permission, set.count, &acl, NULL) != expected ||
			(acl == NULL) != (expected != SQLAUTH_OK))
			fail_msg("row %zu", row);
		sqlauth_acl_unref(acl);
		set_fini(&set);
	}
}

/* Levels with placeholders that differ in their text alone: as many as one likes, found as quickly as a few. */
static void each_of_many_levels_with_a_placeholder_is_found(void **state)
{
	static const char *const prefixes[] = {"a/x-%c-", "a/%c", "%u-x-"};
	static const char *const asked[] = {"a/x-pump-", "a/pump", "alice-x-"};
	char topic[64];
	(void)state;
	for (size_t row = 0; row < LENGTH_OF(prefixes); row++) {
		struct set set;
		numbered(&set, prefixes[row], "", 20000);
		for (uint32_t i = 0; i < 20000; i++) {
			(void)snprintf(topic, sizeof topic, "%s%u", asked[row], i);
			if (publish(&set, topic).permission != i)
				fail_msg("row %zu: %s", row, topic);
			topic[strlen(topic) - 1] = 'x';
			if (publish(&set, topic).decision != SQLAUTH_DENIED)
				fail_msg("row %zu: %s", row, topic);
		}
		set_fini(&set);
	}
}

static void a_deep_topic_costs_in_proportion_to_its_length(void **state)
{
	static const char *const units[] = {"a/", "/", "a", "0123456/"};
	(void)state;
	for (size_t i = 0; i < LENGTH_OF(units); i++) {
		double seconds[2];
		for (size_t large = 0; large < 2; large++) {
			size_t size = large == 1 ? 64000 : 4000;
			char *filter = repeated(units[i], size);
			struct set set;
			set_init(&set, 3, size + 100);
			set_add(&set, filter, SQLAUTH_ALLOW);
			set_add(&set, "+/+/%c/#", SQLAUTH_ALLOW);
			set_add(&set, "a/+/+/b", SQLAUTH_DENY);
			set_compile(&set);
			assert_int_equal(publish(&set, filter).decision, SQLAUTH_ALLOWED);
			seconds[large] = check_seconds(&set, filter, size, 20);
			set_fini(&set);
			free(filter);
		}
		if (seconds[1] > seconds[0] * 16 * 4 + 1e-4)
			fail_msg("unit %s: %g s for 4000 bytes, %g s for 64000", units[i], seconds[0], seconds[1]);
	}
}

/* ---- memory ---- */

static void a_check_allocates_nothing(void **state)
{
	static const char *const topics[] = {"a", "a/pump/c", "site/dev-7/x", "site/+/x", "#", "$share/g/a/#", "$SYS",
		"", "bad#", "a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a"};
	static const char *const ids[] = {"pump", "", "a/b", "$SYS"};
	struct set set;
	char *deep = repeated("a/", SQLAUTH_TOPIC_BYTES_MAX);
	size_t before = allocations_made();
	(void)state;
	numbered(&set, "a/%c/", "/#", 1000);
	assert_true(allocations_made() > before); /* the counter counts */
	before = allocations_made();
	for (size_t c = 0; c < LENGTH_OF(ids); c++)
		for (int access = SQLAUTH_ACCESS_PUBLISH; access <= SQLAUTH_ACCESS_RECEIVE; access++) {
			enum sqlauth_access asked = (enum sqlauth_access)access;
			sqlauth_acl_client_init(&set.client, ids[c], "u");
			for (size_t t = 0; t < LENGTH_OF(topics); t++)
				(void)sqlauth_acl_check(set.acl, asked, &set.client, topics[t], strlen(topics[t]));
			(void)sqlauth_acl_check(set.acl, asked, &set.client, deep, SQLAUTH_TOPIC_BYTES_MAX);
		}
	assert_int_equal(allocations_made(), before);
	set_fini(&set);
	free(deep);
}

static void a_compile_without_memory_says_so_and_leaves_nothing(void **state)
{
	static const struct sqlauth_permission permissions[] = {{"g", "a/b/#", SQLAUTH_ALLOW, SQLAUTH_PUBLISH},
		{"h", "a/%c/+", SQLAUTH_DENY, SQLAUTH_SUBSCRIBE},
		{"g", "+/x-%u-%%/c", SQLAUTH_ALLOW, SQLAUTH_SUBSCRIBE}};
	size_t live = allocations_live();
	size_t nth = 0;
	enum sqlauth_error error = SQLAUTH_ERROR_MEMORY;
	(void)state;
	while (error != SQLAUTH_OK) {
		struct sqlauth_acl *acl = NULL;
		size_t bad = 77;
		assert_true(++nth < 1000);
		allocations_fail(nth);
		error = sqlauth_acl_compile(permissions, 3, &acl, &bad);
		allocations_fail(0);
		if (error != SQLAUTH_OK && (error != SQLAUTH_ERROR_MEMORY || acl != NULL || bad != 77))
			fail_msg("allocation %zu: error %d", nth, (int)error);
		sqlauth_acl_unref(acl);
		if (allocations_live() != live)
			fail_msg("allocation %zu: leaks", nth);
	}
	assert_true(nth > 1); /* at least one did fail */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_largest_topics_are_judged),
		cmocka_unit_test(longer_topics_are_denied_and_do_not_compile),
		cmocka_unit_test(the_largest_values_are_filled_in),
		cmocka_unit_test(more_permissions_than_the_limit_are_refused),
		cmocka_unit_test(each_of_100000_permissions_is_found),
		cmocka_unit_test(a_check_costs_the_same_among_many_permissions),
		cmocka_unit_test(compiling_costs_in_proportion_to_the_permissions),
		cmocka_unit_test(all_subsets_of_ten_levels_are_told_apart),
		cmocka_unit_test(a_branch_is_visited_at_most_once),
		cmocka_unit_test(sets_that_branch_too_much_are_refused),
		cmocka_unit_test(each_of_many_levels_with_a_placeholder_is_found),
		cmocka_unit_test(a_deep_topic_costs_in_proportion_to_its_length),
		cmocka_unit_test(a_check_allocates_nothing),
		cmocka_unit_test(a_compile_without_memory_says_so_and_leaves_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
