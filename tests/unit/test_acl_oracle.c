/* Compiled ACLs against the oracle: every short permission, every pair of them, every permission with placeholders for
 * clients with harmless and hostile values, and seeded random sets beyond that. SQLAUTH_TEST_SEED repeats a random run.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "acl_oracle.h"
#include "corpus.h"
#include "sqlauth/acl.h"

#define LENGTH_OF(array) (sizeof(array) / sizeof((array)[0]))
#define SET_MAX          200
#define TOPIC_MAX        20000

static const char *const letters[] = {"a", "b", "/", "+", "#", "$", NULL};
static const char *const name_letters[] = {"a", "b", "/", "$", NULL};

static bool is_filter(const char *text, size_t length)
{
	return oracle_faults(text, length, false) == 0;
}

static bool is_permission(const char *text, size_t length)
{
	return oracle_faults(text, length, true) == 0;
}

/* A set of permissions, compiled, and what the oracle makes of it for one client. */
struct set {
	struct sqlauth_permission permission[SET_MAX];
	struct oracle_rule rule[SET_MAX];
	size_t count;
	char *mqtt_id;
	char *username;
	struct sqlauth_acl_client client;
	struct sqlauth_acl *acl;
};

static void set_add(
	struct set *set, const char *topic, size_t length, enum sqlauth_effect effect, enum sqlauth_action action)
{
	char *copy = strndup(topic, length);
	assert_non_null(copy);
	set->permission[set->count++] = (struct sqlauth_permission){"g", copy, effect, action};
}

static void set_compile(struct set *set)
{
	size_t bad = SIZE_MAX;
	if (sqlauth_acl_compile(set->permission, set->count, &set->acl, &bad) != SQLAUTH_OK)
		fail_msg("does not compile: %s", bad < set->count ? set->permission[bad].topic : "?");
}

/* Lets another client ask. The strings are copied into memory of their exact size. */
static void set_client(struct set *set, const char *mqtt_id, const char *username)
{
	set->mqtt_id = strdup(mqtt_id);
	set->username = strdup(username);
	sqlauth_acl_client_init(&set->client, set->mqtt_id, set->username);
	for (size_t i = 0; i < set->count; i++)
		oracle_rule_init(&set->rule[i], &set->permission[i], mqtt_id, username);
}

static void set_forget_client(struct set *set)
{
	for (size_t i = 0; i < set->count; i++)
		oracle_rule_release(&set->rule[i]);
	free(set->mqtt_id);
	free(set->username);
}

static void set_fini(struct set *set)
{
	for (size_t i = 0; i < set->count; i++)
		free((char *)(uintptr_t)set->permission[i].topic);
	sqlauth_acl_unref(set->acl);
	set->count = 0;
}

/* Whether an earlier permission than the one named says exactly the same. */
static bool named_is_repeated(const struct set *set, uint32_t named)
{
	const struct sqlauth_permission *permission = &set->permission[named];
	for (uint32_t i = 0; i < named; i++)
		if (set->permission[i].effect == permission->effect &&
			set->permission[i].action == permission->action &&
			strcmp(set->permission[i].topic, permission->topic) == 0)
			return true;
	return false;
}

static void print_set(const struct set *set)
{
	for (size_t i = 0; i < set->count; i++)
		print_error("  %zu %s %s %.100s\n", i, sqlauth_effect_word(set->permission[i].effect),
			sqlauth_action_word(set->permission[i].action), set->permission[i].topic);
	print_error("  client id \"%.100s\" username \"%.100s\"\n", set->mqtt_id, set->username);
}

static void ask(const struct set *set, enum sqlauth_access access, const char *topic, size_t length)
{
	struct oracle_question question;
	oracle_question_init(&question, access, topic, length);
	struct sqlauth_verdict verdict = sqlauth_acl_check(set->acl, access, &set->client, topic, length);
	const char *objection = oracle_objection(set->rule, set->count, &question, verdict);
	if (objection == NULL && verdict.permission != SQLAUTH_NO_PERMISSION &&
		named_is_repeated(set, verdict.permission))
		objection = "names a repetition";
	if (objection != NULL) {
		print_set(set);
		fail_msg("%s %.*s: %s (decision %d by %" PRIu32 ")", sqlauth_access_word(access),
			length < 200 ? (int)length : 200, topic, objection, (int)verdict.decision, verdict.permission);
	}
	oracle_question_release(&question);
}

static void ask_all(const struct set *set, const struct corpus *names, const struct corpus *filters)
{
	for (size_t i = 0; i < names->count; i++) {
		ask(set, SQLAUTH_ACCESS_PUBLISH, names->entry[i].text, names->entry[i].length);
		ask(set, SQLAUTH_ACCESS_RECEIVE, names->entry[i].text, names->entry[i].length);
	}
	for (size_t i = 0; i < filters->count; i++)
		ask(set, SQLAUTH_ACCESS_SUBSCRIBE, filters->entry[i].text, filters->entry[i].length);
}

/* ---- every short one ---- */

static void every_short_permission_decides_as_the_oracle_says(void **state)
{
	struct corpus topics;
	struct corpus names;
	struct corpus filters;
	(void)state;
	corpus_init(&topics, letters, 5, is_filter);
	corpus_init(&names, name_letters, 5, NULL);
	corpus_init(&filters, letters, 5, is_filter);
	for (size_t i = 0; i < topics.count; i++) {
		struct set set = {.count = 0};
		const struct corpus_entry *topic = &topics.entry[i];
		set_add(&set, topic->text, topic->length, SQLAUTH_ALLOW, SQLAUTH_SUBSCRIBE);
		set_add(&set, topic->text, topic->length, i % 2 == 0 ? SQLAUTH_ALLOW : SQLAUTH_DENY, SQLAUTH_PUBLISH);
		set_compile(&set);
		set_client(&set, "c", "u");
		ask_all(&set, &names, &filters);
		set_forget_client(&set);
		set_fini(&set);
	}
	corpus_fini(&topics);
	corpus_fini(&names);
	corpus_fini(&filters);
}

static void every_short_pair_of_permissions_decides_as_the_oracle_says(void **state)
{
	struct corpus topics;
	struct corpus names;
	(void)state;
	corpus_init(&topics, letters, 3, is_filter);
	corpus_init(&names, name_letters, 3, NULL);
	for (size_t i = 0; i < topics.count; i++)
		for (size_t j = 0; j < topics.count; j++) {
			const struct corpus_entry *a = &topics.entry[i];
			const struct corpus_entry *b = &topics.entry[j];
			struct set set = {.count = 0};
			set_add(&set, a->text, a->length, SQLAUTH_ALLOW, SQLAUTH_SUBSCRIBE);
			set_add(&set, b->text, b->length, SQLAUTH_DENY, SQLAUTH_SUBSCRIBE);
			set_add(&set, a->text, a->length, SQLAUTH_ALLOW, SQLAUTH_PUBLISH);
			set_add(&set, b->text, b->length, SQLAUTH_ALLOW, SQLAUTH_PUBLISH);
			set_compile(&set);
			set_client(&set, "c", "u");
			ask_all(&set, &names, &topics);
			set_forget_client(&set);
			set_fini(&set);
		}
	corpus_fini(&topics);
	corpus_fini(&names);
}

static void invalid_questions_are_denied_without_a_permission(void **state)
{
	struct corpus all;
	struct set set = {.count = 0};
	(void)state;
	corpus_init(&all, letters, 4, NULL);
	for (int effect = SQLAUTH_ALLOW; effect <= SQLAUTH_DENY; effect++) {
		set_add(&set, "#", 1, (enum sqlauth_effect)effect, SQLAUTH_SUBSCRIBE);
		set_add(&set, "$/#", 3, (enum sqlauth_effect)effect, SQLAUTH_PUBLISH);
		set_compile(&set);
		set_client(&set, "c", "u");
		ask_all(&set, &all, &all);
		set_forget_client(&set);
		set_fini(&set);
	}
	corpus_fini(&all);
}

static void every_short_share_is_judged_by_its_filter(void **state)
{
	static const char *const tokens[] = {"$share", "/", "g", "a", "+", "#", NULL};
	struct corpus all;
	struct set set = {.count = 0};
	(void)state;
	corpus_init(&all, tokens, 6, NULL);
	set_add(&set, "a/#", 3, SQLAUTH_ALLOW, SQLAUTH_SUBSCRIBE);
	set_add(&set, "$share/#", 8, SQLAUTH_ALLOW, SQLAUTH_SUBSCRIBE);
	set_add(&set, "a/a", 3, SQLAUTH_DENY, SQLAUTH_SUBSCRIBE);
	set_add(&set, "+", 1, SQLAUTH_ALLOW, SQLAUTH_SUBSCRIBE);
	set_compile(&set);
	set_client(&set, "c", "u");
	for (size_t i = 0; i < all.count; i++)
		ask(&set, SQLAUTH_ACCESS_SUBSCRIBE, all.entry[i].text, all.entry[i].length);
	set_forget_client(&set);
	set_fini(&set);
	corpus_fini(&all);
}

/* ---- placeholders ---- */

static const char *const ids[] = {"a", "$", "$a", "%c", "", "a/a", "+", "$/a", "a#"};
static const char *const usernames[] = {"a", "", "$/"};

static void every_short_permission_with_placeholders_decides_as_the_oracle_says(void **state)
{
	static const char *const tokens[] = {"a", "/", "$", "+", "#", "%c", "%u", "%%", NULL};
	static const char *const asked_name[] = {"a", "/", "$", NULL};
	static const char *const asked_filter[] = {"a", "/", "$", "+", "#", NULL};
	struct corpus topics;
	struct corpus names;
	struct corpus filters;
	(void)state;
	corpus_init(&topics, tokens, 4, is_permission);
	corpus_init(&names, asked_name, 3, NULL);
	corpus_init(&filters, asked_filter, 3, is_filter);
	for (size_t i = 0; i < topics.count; i++) {
		const struct corpus_entry *topic = &topics.entry[i];
		struct set set = {.count = 0};
		if (memchr(topic->text, '%', topic->length) == NULL)
			continue;
		set_add(&set, topic->text, topic->length, SQLAUTH_ALLOW, SQLAUTH_PUBLISH);
		set_add(&set, topic->text, topic->length, SQLAUTH_DENY, SQLAUTH_SUBSCRIBE);
		set_compile(&set);
		for (size_t c = 0; c < LENGTH_OF(ids); c++)
			for (size_t u = 0; u < LENGTH_OF(usernames); u++) {
				set_client(&set, ids[c], usernames[u]);
				ask_all(&set, &names, &filters);
				set_forget_client(&set);
			}
		set_fini(&set);
	}
	corpus_fini(&topics);
	corpus_fini(&names);
	corpus_fini(&filters);
}

/* ---- random sets ---- */

/* How a random topic looks: few words, so that topics meet; sometimes long words and many levels. */
struct shape {
	size_t levels_max;
	size_t word_max; /* a word is one of `words` or, where this is not 0, a run of that many bytes */
	bool wildcards;
	bool placeholders;
};

static size_t append(char *text, size_t length, const char *more)
{
	size_t size = strlen(more);
	assert_true(length + size < TOPIC_MAX);
	memcpy(text + length, more, size + 1);
	return length + size;
}

static size_t append_word(char *text, size_t length, const struct shape *shape, uint64_t *random)
{
	static const char *const words[] = {
		"a", "b", "", "c", "pump", "$SYS", "aa", "sensors", "%", "a level of more than thirty-two bytes"};
	static const char *const placeholders[] = {
		"%c", "%u", "x-%c", "%u-%c", "%%", "%c%u", "$%c", "%cx%%", "long-long-long-%c"};
	if (shape->placeholders && random_below(random, 4) == 0)
		return append(text, length, placeholders[random_below(random, LENGTH_OF(placeholders))]);
	if (shape->word_max == 0 || random_below(random, 3) > 0) {
		const char *word = words[random_below(random, LENGTH_OF(words))];
		return append(text, length, shape->placeholders && strcmp(word, "%") == 0 ? "%%" : word);
	}
	size_t size = shape->word_max - random_below(random, 3);
	for (size_t i = 0; i < size; i++)
		length = append(text, length, "x");
	return length;
}

/* Writes a random topic of at least one byte, NUL-terminated; gives its length. */
static size_t random_topic(char text[TOPIC_MAX], const struct shape *shape, uint64_t *random)
{
	size_t length = 0;
	size_t levels = 1 + random_below(random, shape->levels_max);
	for (size_t i = 0; i < levels; i++) {
		if (i > 0)
			length = append(text, length, "/");
		if (shape->wildcards && i + 1 == levels && random_below(random, 4) == 0)
			length = append(text, length, "#");
		else if (shape->wildcards && random_below(random, 4) == 0)
			length = append(text, length, "+");
		else
			length = append_word(text, length, shape, random);
	}
	return length > 0 ? length : append(text, 0, "a");
}

/* Asks about a permission's own topic, as filled in for the client, one level changed at times: a hit, or a near miss.
 */
static void ask_near(const struct set *set, enum sqlauth_access access, uint64_t *random)
{
	const char *filter = set->rule[random_below(random, set->count)].filter;
	char *near = strdup(filter);
	assert_non_null(near);
	if (access != SQLAUTH_ACCESS_SUBSCRIBE)
		for (char *p = near; *p != '\0'; p++)
			*p = *p == '+' || *p == '#' ? (char)('a' + random_below(random, 3)) : *p;
	size_t length = strlen(near);
	if (random_below(random, 3) == 0 && length > 0)
		near[random_below(random, length)] = "ab/+#$"[random_below(random, 6)];
	ask(set, access, near, length);
	free(near);
}

static void ask_random(const struct set *set, const struct shape *shape, uint64_t *random)
{
	static char text[TOPIC_MAX];
	for (int i = 0; i < 60; i++) {
		enum sqlauth_access access = (enum sqlauth_access)random_below(random, 3);
		struct shape asked = *shape;
		asked.wildcards = access == SQLAUTH_ACCESS_SUBSCRIBE;
		asked.placeholders = false;
		size_t length = 0;
		if (access == SQLAUTH_ACCESS_SUBSCRIBE && random_below(random, 8) == 0)
			length = append(text, 0, "$share/group/");
		length += random_topic(text + length, &asked, random);
		ask(set, access, text, length);
		ask_near(set, access, random);
	}
}

static void random_sets_with(const struct shape *shape, int rounds, uint64_t seed)
{
	static const char *const names[] = {
		"a", "pump", "pump", "b", "alice", "", "a/b", "+", "#", "$SYS", "$SYS/#", "%c", "$share"};
	static char text[TOPIC_MAX];
	for (int round = 0; round < rounds; round++, seed++) {
		uint64_t random = seed;
		struct set set = {.count = 0};
		size_t count = 1 + random_below(&random, random_below(&random, 2) == 0 ? 6 : SET_MAX);
		print_message("seed %" PRIu64 "%s", seed, round + 1 < rounds ? "\r" : "\n");
		while (set.count < count) {
			size_t length = random_topic(text, shape, &random);
			set_add(&set, text, length, (enum sqlauth_effect)(random_below(&random, 4) == 0),
				(enum sqlauth_action)random_below(&random, 2));
		}
		set_compile(&set);
		for (int client = 0; client < 3; client++) {
			set_client(&set, names[random_below(&random, LENGTH_OF(names))],
				names[random_below(&random, LENGTH_OF(names))]);
			ask_random(&set, shape, &random);
			set_forget_client(&set);
		}
		set_fini(&set);
	}
}

static void random_sets_decide_as_the_oracle_says(void **state)
{
	static const struct shape shape = {.levels_max = 4, .wildcards = true, .placeholders = true};
	(void)state;
	random_sets_with(&shape, 400, random_seed(1));
}

static void random_sets_of_deep_topics_decide_as_the_oracle_says(void **state)
{
	static const struct shape shape = {.levels_max = 200, .wildcards = true, .placeholders = true};
	(void)state;
	random_sets_with(&shape, 30, random_seed(100000));
}

static void random_sets_of_long_levels_decide_as_the_oracle_says(void **state)
{
	static const struct shape shapes[] = {
		{3, 15, true, true}, {3, 33, true, true}, {3, 257, true, true}, {3, 3000, true, true}};
	(void)state;
	for (size_t i = 0; i < LENGTH_OF(shapes); i++)
		random_sets_with(&shapes[i], 40, random_seed(200000 + i * 1000));
}

static void levels_of_every_length_are_told_apart(void **state)
{
	char topic[400];
	(void)state;
	for (size_t size = 1; size < 300; size++)
		for (int tail = 0; tail < 2; tail++) {
			struct set set = {.count = 0};
			memset(topic, 'x', size);
			memcpy(topic + size, tail == 1 ? "/tail" : "", tail == 1 ? 6 : 1);
			set_add(&set, topic, strlen(topic), SQLAUTH_ALLOW, SQLAUTH_PUBLISH);
			topic[size - 1] = 'y';
			set_add(&set, topic, strlen(topic), SQLAUTH_DENY, SQLAUTH_PUBLISH);
			set_compile(&set);
			set_client(&set, "c", "u");
			for (char last = 'w'; last <= 'z'; last++) {
				topic[size - 1] = last;
				ask(&set, SQLAUTH_ACCESS_PUBLISH, topic, strlen(topic));
				ask(&set, SQLAUTH_ACCESS_PUBLISH, topic, strlen(topic) - 1);
			}
			set_forget_client(&set);
			set_fini(&set);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_short_permission_decides_as_the_oracle_says),
		cmocka_unit_test(every_short_pair_of_permissions_decides_as_the_oracle_says),
		cmocka_unit_test(invalid_questions_are_denied_without_a_permission),
		cmocka_unit_test(every_short_share_is_judged_by_its_filter),
		cmocka_unit_test(every_short_permission_with_placeholders_decides_as_the_oracle_says),
		cmocka_unit_test(levels_of_every_length_are_told_apart),
		cmocka_unit_test(random_sets_decide_as_the_oracle_says),
		cmocka_unit_test(random_sets_of_deep_topics_decide_as_the_oracle_says),
		cmocka_unit_test(random_sets_of_long_levels_decide_as_the_oracle_says),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
