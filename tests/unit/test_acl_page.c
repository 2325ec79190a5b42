/* Runs the examples of docs/acl.md, so that the page cannot say what is not so. The format of its ```acl blocks is
 * described at the top of that page. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "acl_oracle.h"
#include "sqlauth/acl.h"

#define LENGTH_OF(array) (sizeof(array) / sizeof((array)[0]))
#define PAGE             TEST_DATA "/../../docs/acl.md"
#define WORDS_MAX        5
#define PERMISSIONS_MAX  16
#define WORD_SIZE        128

typedef char word[WORD_SIZE];

/* The example that is being read. */
struct example {
	word topics[PERMISSIONS_MAX];
	struct sqlauth_permission permissions[PERMISSIONS_MAX];
	size_t count;
	word mqtt_id;
	word username;
	bool has_client;
	size_t questions;
	struct sqlauth_acl *acl; /* compiled at the first question */
};

/* What a line may begin with; where nothing of this fits, the page has a slip. */
static const char *const effects[] = {[SQLAUTH_ALLOW] = "allow", [SQLAUTH_DENY] = "deny"};
static const char *const actions[] = {[SQLAUTH_PUBLISH] = "publish", [SQLAUTH_SUBSCRIBE] = "subscribe"};
static const char *const accesses[] = {[SQLAUTH_ACCESS_PUBLISH] = "publish",
	[SQLAUTH_ACCESS_SUBSCRIBE] = "subscribe",
	[SQLAUTH_ACCESS_RECEIVE] = "receive"};
static const char *const decisions[] = {[SQLAUTH_DENIED] = "denied", [SQLAUTH_ALLOWED] = "allowed"};

static int find(const char *const *table, size_t count, const char *text)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(table[i], text) == 0)
			return (int)i;
	return -1;
}

/* Splits a line at blanks, without a remark; `""` becomes an empty word. */
static size_t split(char *line, word words[WORDS_MAX])
{
	size_t count = 0;
	char *rest = line;
	rest[strcspn(rest, ";\r\n")] = '\0';
	for (char *part = strsep(&rest, " \t"); part != NULL; part = strsep(&rest, " \t")) {
		if (*part == '\0')
			continue;
		if (count == WORDS_MAX || strlen(part) >= WORD_SIZE)
			return 0;
		(void)snprintf(words[count++], WORD_SIZE, "%s", strcmp(part, "\"\"") == 0 ? "" : part);
	}
	return count;
}

static bool read_permission(struct example *example, word words[WORDS_MAX], size_t count)
{
	int effect = find(effects, LENGTH_OF(effects), words[0]);
	int action = count == 3 ? find(actions, LENGTH_OF(actions), words[1]) : -1;
	if (effect < 0 || action < 0 || example->acl != NULL || example->count == PERMISSIONS_MAX)
		return false;
	char *topic = example->topics[example->count];
	memcpy(topic, words[2], WORD_SIZE);
	example->permissions[example->count++] =
		(struct sqlauth_permission){"g", topic, (enum sqlauth_effect)effect, (enum sqlauth_action)action};
	return true;
}

static bool read_client(struct example *example, word words[WORDS_MAX], size_t count)
{
	if (count != 3 || strcmp(words[0], "client") != 0 || example->has_client)
		return false;
	memcpy(example->mqtt_id, words[1], WORD_SIZE);
	memcpy(example->username, words[2], WORD_SIZE);
	example->has_client = true;
	return true;
}

/* What the oracle says about a question: NULL where it agrees with the verdict. */
static const char *second_opinion(
	const struct example *example, enum sqlauth_access access, const char *topic, struct sqlauth_verdict verdict)
{
	struct oracle_rule rules[PERMISSIONS_MAX];
	struct oracle_question question;
	oracle_question_init(&question, access, topic, strlen(topic));
	for (size_t i = 0; i < example->count; i++)
		oracle_rule_init(&rules[i], &example->permissions[i], example->mqtt_id, example->username);
	const char *objection = oracle_objection(rules, example->count, &question, verdict);
	for (size_t i = 0; i < example->count; i++)
		oracle_rule_release(&rules[i]);
	oracle_question_release(&question);
	return objection;
}

static bool read_question(struct example *example, word words[WORDS_MAX], size_t count, unsigned line)
{
	int access = find(accesses, LENGTH_OF(accesses), words[0]);
	int decision = count == 4 ? find(decisions, LENGTH_OF(decisions), words[2]) : -1;
	if (access < 0 || decision < 0 || !example->has_client || example->count == 0)
		return false;
	if (example->acl == NULL &&
		sqlauth_acl_compile(example->permissions, example->count, &example->acl, NULL) != SQLAUTH_OK)
		fail_msg("%s:%u: the permissions above do not compile", PAGE, line);
	struct sqlauth_verdict should = {(enum sqlauth_decision)decision, SQLAUTH_NO_PERMISSION};
	if (strcmp(words[3], "-") != 0)
		should.permission = (uint32_t)strtoul(words[3], NULL, 10) - 1;
	struct sqlauth_acl_client client;
	sqlauth_acl_client_init(&client, example->mqtt_id, example->username);
	struct sqlauth_verdict verdict =
		sqlauth_acl_check(example->acl, (enum sqlauth_access)access, &client, words[1], strlen(words[1]));
	const char *objection = second_opinion(example, (enum sqlauth_access)access, words[1], should);
	if (objection != NULL)
		fail_msg("%s:%u: %s: the page and the oracle differ: %s", PAGE, line, words[1], objection);
	if (verdict.decision != should.decision || verdict.permission != should.permission)
		fail_msg("%s:%u: %s %s is %s by %u (counted from 0)", PAGE, line, words[0], words[1],
			decisions[verdict.decision], verdict.permission);
	example->questions++;
	return true;
}

/* Ends an example; gives the number of its questions. */
static size_t finish(struct example *example, unsigned line)
{
	size_t questions = example->questions;
	if (example->count > 0 && questions == 0)
		fail_msg("%s:%u: an example without a question", PAGE, line);
	sqlauth_acl_unref(example->acl);
	*example = (struct example){.count = 0};
	return questions;
}

static void every_example_of_the_page_is_so(void **state)
{
	static struct example example;
	char line[512];
	bool inside = false;
	size_t questions = 0;
	FILE *page = fopen(PAGE, "r");
	(void)state;
	assert_non_null(page);
	for (unsigned number = 1; fgets(line, sizeof line, page) != NULL; number++) {
		word words[WORDS_MAX] = {""};
		if (strncmp(line, "```", 3) == 0) {
			questions += finish(&example, number);
			inside = !inside && strcmp(line, "```acl\n") == 0;
			continue;
		}
		if (!inside)
			continue;
		bool blank = line[strspn(line, " \t\r\n")] == '\0';
		size_t count = split(line, words);
		if (blank)
			questions += finish(&example, number);
		else if (!read_permission(&example, words, count) && !read_client(&example, words, count) &&
			 !read_question(&example, words, count, number))
			fail_msg("%s:%u: neither permission, client nor question", PAGE, number);
	}
	(void)fclose(page);
	print_message("%zu questions\n", questions);
	assert_true(questions >= 100); /* a page whose blocks are no longer found proves nothing */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_example_of_the_page_is_so),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
