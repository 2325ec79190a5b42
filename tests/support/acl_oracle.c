/* The specification of topics and ACLs, written down the obvious way. Must not know src/acl. */
#include "acl_oracle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *must(void *memory)
{
	if (memory == NULL) {
		perror("acl_oracle");
		abort();
	}
	return memory;
}

/* ---- topics ---- */

void oracle_split(struct oracle_levels *levels_r, const char *text, size_t length)
{
	size_t count = 1;
	for (size_t i = 0; i < length; i++)
		count += text[i] == '/';
	struct oracle_level *level = must(calloc(count, sizeof *level));
	size_t n = 0;
	level[0].text = text;
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '/')
			level[++n].text = text + i + 1;
		else
			level[n].length++;
	}
	levels_r->level = level;
	levels_r->count = count;
}

void oracle_release(struct oracle_levels *levels)
{
	free(levels->level);
	levels->level = NULL;
	levels->count = 0;
}

static bool is(const struct oracle_level *level, const char *word)
{
	return level->length == strlen(word) && memcmp(level->text, word, level->length) == 0;
}

static bool wild(const struct oracle_level *level)
{
	return is(level, "+") || is(level, "#");
}

static bool same(const struct oracle_level *a, const struct oracle_level *b)
{
	return a->length == b->length && memcmp(a->text, b->text, a->length) == 0;
}

static bool has(const struct oracle_level *level, char c)
{
	return memchr(level->text, c, level->length) != NULL;
}

/* Whether it is hidden from wildcards: its first level begins with `$`. */
static bool dollar(const struct oracle_levels *topic)
{
	return topic->level[0].length > 0 && topic->level[0].text[0] == '$';
}

static bool has_bad_percent(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (text[i] != '%')
			continue;
		i++;
		if (i == length || memchr("cu%", text[i], 3) == NULL)
			return true;
	}
	return false;
}

unsigned oracle_faults(const char *text, size_t length, bool permission)
{
	unsigned faults = 0;
	if (length == 0)
		return 1u << SQLAUTH_TOPIC_EMPTY;
	if (length > 65535)
		faults |= 1u << SQLAUTH_TOPIC_TOO_LONG;
	if (memchr(text, '\0', length) != NULL)
		faults |= 1u << SQLAUTH_TOPIC_HAS_NUL;
	if (permission && has_bad_percent(text, length))
		faults |= 1u << SQLAUTH_TOPIC_PLACEHOLDER;
	struct oracle_levels levels;
	oracle_split(&levels, text, length);
	for (size_t i = 0; i < levels.count; i++) {
		const struct oracle_level *level = &levels.level[i];
		if (has(level, '#') && i + 1 < levels.count)
			faults |= 1u << SQLAUTH_TOPIC_HASH_NOT_LAST;
		if (has(level, '#') && level->length > 1)
			faults |= 1u << SQLAUTH_TOPIC_HASH_NOT_ALONE;
		if (has(level, '+') && level->length > 1)
			faults |= 1u << SQLAUTH_TOPIC_PLUS_NOT_ALONE;
	}
	oracle_release(&levels);
	return faults;
}

bool oracle_name_valid(const char *name, size_t length)
{
	if (length == 0 || length > 65535)
		return false;
	for (size_t i = 0; i < length; i++)
		if (name[i] == '+' || name[i] == '#' || name[i] == '\0')
			return false;
	return true;
}

static bool matches_from(const struct oracle_levels *filter, size_t f, const struct oracle_levels *name, size_t n)
{
	if (f == filter->count)
		return n == name->count;
	if (is(&filter->level[f], "#"))
		return true;
	if (n == name->count)
		return false;
	if (!is(&filter->level[f], "+") && !same(&filter->level[f], &name->level[n]))
		return false;
	return matches_from(filter, f + 1, name, n + 1);
}

bool oracle_matches(const struct oracle_levels *filter, const struct oracle_levels *name)
{
	if (wild(&filter->level[0]) && dollar(name))
		return false;
	return matches_from(filter, 0, name, 0);
}

/* ---- covering, by definition ---- */

struct trial {
	const struct oracle_levels *filter;
	const struct oracle_levels *covered;
	struct oracle_levels name; /* what is tried; count grows and shrinks */
	size_t depth_max;
};

static bool try_names(struct trial *trial);

static bool try_level(struct trial *trial, const char *text, size_t length)
{
	struct oracle_level *level = &trial->name.level[trial->name.count++];
	level->text = text;
	level->length = length;
	bool fine = !oracle_matches(trial->covered, &trial->name) || oracle_matches(trial->filter, &trial->name);
	fine = fine && try_names(trial);
	trial->name.count--;
	return fine;
}

/* Whether the filter matches all names that `covered` matches and that begin with the levels of trial->name. */
static bool try_names(struct trial *trial)
{
	size_t i = trial->name.count;
	if (i == trial->depth_max)
		return true;
	const struct oracle_level *spelt = i < trial->covered->count ? &trial->covered->level[i] : NULL;
	if (spelt != NULL && !wild(spelt))
		return try_level(trial, spelt->text, spelt->length); /* `covered` matches nothing else here */
	const struct oracle_level *other = i < trial->filter->count ? &trial->filter->level[i] : NULL;
	if (other != NULL && !wild(other) && !try_level(trial, other->text, other->length))
		return false;
	return try_level(trial, "", 0) && try_level(trial, "\001", 1) && (i > 0 || try_level(trial, "$\001", 2));
}

bool oracle_covers_by_definition(const struct oracle_levels *filter, const struct oracle_levels *covered)
{
	struct trial trial = {.filter = filter, .covered = covered};
	trial.depth_max = (filter->count > covered->count ? filter->count : covered->count) + 1;
	trial.name.level = must(calloc(trial.depth_max, sizeof *trial.name.level));
	bool covers = try_names(&trial);
	free(trial.name.level);
	return covers;
}

/* ---- covering, by rule ---- */

static bool covers_from(const struct oracle_levels *filter, size_t f, const struct oracle_levels *covered, size_t c)
{
	if (f == filter->count)
		return c == covered->count;
	if (is(&filter->level[f], "#"))
		return true;
	if (c == covered->count || is(&covered->level[c], "#"))
		return false;
	if (!is(&filter->level[f], "+") && !same(&filter->level[f], &covered->level[c]))
		return false;
	return covers_from(filter, f + 1, covered, c + 1);
}

bool oracle_covers(const struct oracle_levels *filter, const struct oracle_levels *covered)
{
	/* `#` at the first level is `+/#`: there is no level above it that it could match as well. */
	struct oracle_level any[2] = {{"+", 1}, {"#", 1}};
	struct oracle_levels spelt_out = {any, 2};
	if (wild(&filter->level[0]) && dollar(covered))
		return false;
	return covers_from(filter, 0, is(&covered->level[0], "#") ? &spelt_out : covered, 0);
}

const char *oracle_skip_share(const char *filter, size_t length, size_t *length_r)
{
	struct oracle_levels levels;
	oracle_split(&levels, filter, length);
	const char *found = filter;
	if (levels.count > 1 && is(&levels.level[0], "$share")) {
		const struct oracle_level *group = &levels.level[1];
		found = NULL;
		if (levels.count > 2 && group->length > 0 && !has(group, '+') && !has(group, '#') && !has(group, '\0'))
			found = levels.level[2].text;
		if (found == filter + length)
			found = NULL;
	}
	oracle_release(&levels);
	if (found != NULL)
		*length_r = length - (size_t)(found - filter);
	return found;
}

/* ---- permissions ---- */

static bool usable(const char *value)
{
	return value[0] != '\0' && strpbrk(value, "/+#") == NULL;
}

/* The permission's topic with placeholders filled in, up to `until`; the caller frees. */
static char *fill(const char *topic, const char *until, const char *const value[2])
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = must(open_memstream(&text, &size));
	for (const char *p = topic; p < until; p++) {
		if (*p != '%')
			fputc(*p, out);
		else if (*++p == '%')
			fputc('%', out);
		else
			fputs(value[*p == 'u'], out);
	}
	fclose(out);
	return must(text);
}

/* Where the level begins that holds the first placeholder of an unusable value; NULL where there is none. */
static const char *find_unusable(const char *topic, const char *const value[2])
{
	const char *level = topic;
	for (const char *p = topic; *p != '\0'; p++) {
		if (*p == '/')
			level = p + 1;
		if (*p == '%' && *++p != '%' && !usable(value[*p == 'u']))
			return level;
	}
	return NULL;
}

/* A deny with an unusable value: `#` from that level on. In front, `$` topics are meant too where the level is or would
 * be filled in to one that begins with `$`. */
static void widen(struct oracle_rule *rule, const char *topic, const char *level, const char *const value[2])
{
	char *before = fill(topic, level, value);
	rule->filter = must(malloc(strlen(before) + 2));
	memcpy(rule->filter, before, strlen(before) + 1);
	memcpy(rule->filter + strlen(before), "#", 2);
	free(before);
	if (level == topic) {
		char *whole = fill(topic, topic + strcspn(topic, "/"), value);
		rule->everything = whole[0] == '$';
		free(whole);
	}
}

void oracle_rule_init(struct oracle_rule *rule_r, const struct sqlauth_permission *permission, const char *mqtt_id,
	const char *username)
{
	const char *const value[2] = {mqtt_id, username};
	const char *topic = permission->topic;
	const char *unusable = find_unusable(topic, value);
	struct oracle_rule rule = {.effect = permission->effect, .action = permission->action};
	if (unusable != NULL && permission->effect == SQLAUTH_DENY)
		widen(&rule, topic, unusable, value);
	else
		rule.filter = fill(topic, topic + strlen(topic), value);
	if (permission->effect == SQLAUTH_ALLOW)
		rule.nothing = unusable != NULL || (rule.filter[0] == '$' && topic[0] == '%');
	oracle_split(&rule.levels, rule.filter, strlen(rule.filter));
	*rule_r = rule;
}

void oracle_rule_release(struct oracle_rule *rule)
{
	oracle_release(&rule->levels);
	free(rule->filter);
	rule->filter = NULL;
}

/* ---- deciding ---- */

void oracle_question_init(
	struct oracle_question *question_r, enum sqlauth_access access, const char *topic, size_t length)
{
	struct oracle_question question = {.access = access};
	const char *judged = topic;
	size_t judged_length = length;
	if (access == SQLAUTH_ACCESS_SUBSCRIBE) {
		judged = oracle_skip_share(topic, length, &judged_length);
		question.valid = judged != NULL && oracle_faults(judged, judged_length, false) == 0 &&
				 length <= 65535 && memchr(topic, '\0', length) == NULL;
	} else {
		question.valid = oracle_name_valid(topic, length);
	}
	if (question.valid)
		oracle_split(&question.levels, judged, judged_length);
	*question_r = question;
}

void oracle_question_release(struct oracle_question *question)
{
	oracle_release(&question->levels);
}

bool oracle_applies(const struct oracle_rule *rule, const struct oracle_question *question)
{
	enum sqlauth_action action = question->access == SQLAUTH_ACCESS_PUBLISH ? SQLAUTH_PUBLISH : SQLAUTH_SUBSCRIBE;
	if (!question->valid || rule->action != action || rule->nothing)
		return false;
	if (rule->everything)
		return true;
	if (question->access == SQLAUTH_ACCESS_SUBSCRIBE)
		return oracle_covers(&rule->levels, &question->levels);
	return oracle_matches(&rule->levels, &question->levels);
}

static bool some_applies(const struct oracle_rule *rules, size_t count, const struct oracle_question *question,
	enum sqlauth_effect effect)
{
	for (size_t i = 0; i < count; i++)
		if (rules[i].effect == effect && oracle_applies(&rules[i], question))
			return true;
	return false;
}

enum sqlauth_decision oracle_decide(
	const struct oracle_rule *rules, size_t count, const struct oracle_question *question)
{
	if (some_applies(rules, count, question, SQLAUTH_DENY))
		return SQLAUTH_DENIED;
	return some_applies(rules, count, question, SQLAUTH_ALLOW) ? SQLAUTH_ALLOWED : SQLAUTH_DENIED;
}

const char *oracle_objection(const struct oracle_rule *rules, size_t count, const struct oracle_question *question,
	struct sqlauth_verdict verdict)
{
	if (verdict.decision != oracle_decide(rules, count, question))
		return verdict.decision == SQLAUTH_ALLOWED ? "allowed, should be denied" : "denied, should be allowed";
	if (verdict.permission == SQLAUTH_NO_PERMISSION) {
		bool silent = !some_applies(rules, count, question, SQLAUTH_ALLOW) &&
			      !some_applies(rules, count, question, SQLAUTH_DENY);
		return silent ? NULL : "names no permission, though some apply";
	}
	if (verdict.permission >= count)
		return "names a permission that does not exist";
	const struct oracle_rule *named = &rules[verdict.permission];
	if (named->effect != (verdict.decision == SQLAUTH_ALLOWED ? SQLAUTH_ALLOW : SQLAUTH_DENY))
		return "names a permission of the other effect";
	return oracle_applies(named, question) ? NULL : "names a permission that does not apply";
}
