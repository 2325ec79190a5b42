/* Compiled ACLs against the oracle. Input: a line with the client id, one with the username, then lines that begin with
 * `a` or `d` (allow, deny) and `p` or `s` (publish, subscribe) and go on with a permission's topic, or begin with `?`
 * and go on with a topic that is asked about in all three ways. */
#include "acl_oracle.h"
#include "fuzz.h"

#define PERMISSIONS_MAX 64
#define QUESTIONS_MAX   64

struct set {
	struct sqlauth_permission permissions[PERMISSIONS_MAX];
	struct oracle_rule rules[PERMISSIONS_MAX];
	size_t count;
	struct fuzz_part questions[QUESTIONS_MAX];
	size_t question_count;
};

/* Adds what a line says. */
static void add(struct set *set, const struct fuzz_part *line)
{
	const char *text = line->bytes;
	if (line->length >= 1 && text[0] == '?' && set->question_count < QUESTIONS_MAX) {
		set->questions[set->question_count++] = fuzz_copy((const uint8_t *)text + 1, line->length - 1, 0);
	} else if (line->length >= 2 && set->count < PERMISSIONS_MAX) {
		set->permissions[set->count++] = (struct sqlauth_permission){"g",
			fuzz_copy((const uint8_t *)text + 2, strnlen(text + 2, line->length - 2), 1).bytes,
			text[0] == 'd' ? SQLAUTH_DENY : SQLAUTH_ALLOW,
			text[1] == 's' ? SQLAUTH_SUBSCRIBE : SQLAUTH_PUBLISH};
	}
}

static size_t first_bad(const struct set *set)
{
	size_t i = 0;
	while (i < set->count && oracle_faults(set->permissions[i].topic, strlen(set->permissions[i].topic), true) == 0)
		i++;
	return i;
}

static void ask(const struct set *set, const struct sqlauth_acl *acl, const struct sqlauth_acl_client *client,
	const struct fuzz_part *topic)
{
	for (int access = SQLAUTH_ACCESS_PUBLISH; access <= SQLAUTH_ACCESS_RECEIVE; access++) {
		struct oracle_question question;
		oracle_question_init(&question, (enum sqlauth_access)access, topic->bytes, topic->length);
		struct sqlauth_verdict verdict =
			sqlauth_acl_check(acl, (enum sqlauth_access)access, client, topic->bytes, topic->length);
		const char *objection = oracle_objection(set->rules, set->count, &question, verdict);
		if (objection != NULL)
			(void)fprintf(stderr, "%s %.*s: %s\n", sqlauth_access_word((enum sqlauth_access)access),
				(int)topic->length, topic->bytes, objection);
		DEMAND(objection == NULL);
		oracle_question_release(&question);
	}
}

static void compare(struct set *set, const char *mqtt_id, const char *username)
{
	struct sqlauth_acl *acl = NULL;
	size_t bad = SIZE_MAX;
	size_t expected = first_bad(set);
	enum sqlauth_error error = sqlauth_acl_compile(set->permissions, set->count, &acl, &bad);
	if (expected < set->count) {
		DEMAND(error == SQLAUTH_ERROR_INVALID && bad == expected && acl == NULL);
		return;
	}
	DEMAND(error == SQLAUTH_OK && sqlauth_acl_count(acl) == set->count);
	struct sqlauth_acl_client client;
	sqlauth_acl_client_init(&client, mqtt_id, username);
	for (size_t i = 0; i < set->count; i++)
		oracle_rule_init(&set->rules[i], &set->permissions[i], mqtt_id, username);
	for (size_t i = 0; i < set->question_count; i++)
		ask(set, acl, &client, &set->questions[i]);
	for (size_t i = 0; i < set->count; i++)
		oracle_rule_release(&set->rules[i]);
	sqlauth_acl_unref(acl);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct set set = {.count = 0};
	struct fuzz_part mqtt_id = fuzz_next_string(&data, &size);
	struct fuzz_part username = fuzz_next_string(&data, &size);
	while (size > 0) {
		struct fuzz_part line = fuzz_next_line(&data, &size);
		add(&set, &line);
		free(line.bytes);
	}
	compare(&set, mqtt_id.bytes, username.bytes);
	for (size_t i = 0; i < set.count; i++)
		free((char *)(uintptr_t)set.permissions[i].topic);
	for (size_t i = 0; i < set.question_count; i++)
		free(set.questions[i].bytes);
	free(mqtt_id.bytes);
	free(username.bytes);
	return 0;
}
