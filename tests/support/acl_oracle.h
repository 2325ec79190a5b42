/* The specification of topics and ACLs, written down the obvious way, to compare the real matcher with.
 *
 * Topics are split into arrays of levels, matching recurses over them, and a set of permissions is a loop. Nothing here
 * shares an idea, let alone code, with src/acl; nothing is fast. An allocation that fails ends the process.
 */
#ifndef ACL_ORACLE_H
#define ACL_ORACLE_H

#include <stdbool.h>
#include <stddef.h>

#include "sqlauth/acl.h"
#include "sqlauth/topic.h"

struct oracle_level {
	const char *text;
	size_t length;
};

/* A topic name or filter as its levels; an empty string is one empty level, as `a//b` has one in the middle. */
struct oracle_levels {
	struct oracle_level *level;
	size_t count;
};

/* Splits text[0..length-1], which stays borrowed, at each `/`. Ended by oracle_release. */
void oracle_split(struct oracle_levels *levels_r, const char *text, size_t length);
void oracle_release(struct oracle_levels *levels);

/* Every fault that a filter (or, with `permission`, the topic of a permission) has, as bits 1u << enum
 * sqlauth_topic_fault; 0 for a fine one. Which of several faults is reported is not specified. */
unsigned oracle_faults(const char *text, size_t length, bool permission);

bool oracle_name_valid(const char *name, size_t length);

/* Whether a valid filter matches a valid name. */
bool oracle_matches(const struct oracle_levels *filter, const struct oracle_levels *name);

/* Whether a valid filter matches every name that `covered`, a valid filter, matches: by definition, that is by trying
 * names. At each level a name need only take what one of the filters spells out there, nothing, something fresh, and in
 * front something fresh with a `$`; and it need be no deeper than one level below the deeper filter. Exponential. */
bool oracle_covers_by_definition(const struct oracle_levels *filter, const struct oracle_levels *covered);

/* The same by rule, level by level; as good as the definition where the two were compared. */
bool oracle_covers(const struct oracle_levels *filter, const struct oracle_levels *covered);

/* FILTER of `$share/GROUP/FILTER`; see sqlauth_topic_skip_share. */
const char *oracle_skip_share(const char *filter, size_t length, size_t *length_r);

/* A permission as it stands for one client. Ended by oracle_rule_release. */
struct oracle_rule {
	enum sqlauth_effect effect;
	enum sqlauth_action action;
	bool nothing;    /* matches nothing */
	bool everything; /* matches every topic, those with a leading `$` included */
	char *filter;    /* otherwise this filter, placeholders filled in */
	struct oracle_levels levels;
};

/* Fills a valid permission in for a client. */
void oracle_rule_init(struct oracle_rule *rule_r, const struct sqlauth_permission *permission, const char *mqtt_id,
	const char *username);
void oracle_rule_release(struct oracle_rule *rule);

/* What is asked, split once. Ended by oracle_question_release; the topic stays borrowed. */
struct oracle_question {
	enum sqlauth_access access;
	bool valid;
	struct oracle_levels levels;
};

void oracle_question_init(
	struct oracle_question *question_r, enum sqlauth_access access, const char *topic, size_t length);
void oracle_question_release(struct oracle_question *question);

/* Whether this permission by itself has anything to say about the question. */
bool oracle_applies(const struct oracle_rule *rule, const struct oracle_question *question);

/* What a set of permissions decides. */
enum sqlauth_decision oracle_decide(
	const struct oracle_rule *rules, size_t count, const struct oracle_question *question);

/* NULL where the verdict is right: the decision is oracle_decide's, and the permission named gives that decision by
 * itself, or none is named where none applies. Otherwise what is wrong with it, a constant sentence. */
const char *oracle_objection(const struct oracle_rule *rules, size_t count, const struct oracle_question *question,
	struct sqlauth_verdict verdict);

#endif
