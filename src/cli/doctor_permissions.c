/* Permissions that cannot do what they say. A deny shadows an allow where its filter covers the allow's: that is what
 * the ACL answers about a SUBSCRIBE, so the denies are compiled, as allows, and the filters of the allows are asked
 * about; all placeholders stand for themselves then. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doctor.h"
#include "output.h"
#include "policy.h"
#include "sqlauth/acl.h"
#include "sqlauth/topic.h"

enum { ACTIONS = 2 };

/* Denies, one ACL for each action; NULL where there are none. */
struct denies {
	struct sqlauth_acl *acl[ACTIONS];
};

struct permissions_check {
	struct doctor *doctor;
	struct policy everybody; /* groups: those of rules of kind any; permissions: their denies */
	struct policy group;     /* permissions of the group that is being read */
	struct denies of_everybody;
	bool is_first_pass;
};

static int compare_groups(const void *a, const void *b)
{
	return strcmp(((const struct policy_group *)a)->name, ((const struct policy_group *)b)->name);
}

static bool is_everybodys(const struct permissions_check *check, const char *group)
{
	const struct policy_group key = {.name = group};

	return check->everybody.group_count > 0 && bsearch(&key, check->everybody.groups, check->everybody.group_count,
							   sizeof(key), compare_groups) != NULL;
}

static void drop(struct denies *denies)
{
	for (int action = 0; action < ACTIONS; action++) {
		sqlauth_acl_unref(denies->acl[action]);
		denies->acl[action] = NULL;
	}
}

static enum sqlauth_error compile(const struct policy *policy, struct denies *denies)
{
	struct sqlauth_permission *list = reallocarray(NULL, policy->permission_count + 1, sizeof(*list));
	enum sqlauth_error error = list ? SQLAUTH_OK : SQLAUTH_ERROR_MEMORY;

	for (int action = 0; action < ACTIONS && error == SQLAUTH_OK; action++) {
		size_t count = 0;

		for (size_t i = 0; i < policy->permission_count; i++) {
			const struct sqlauth_permission *permission = &policy->permissions[i];

			if (permission->effect != SQLAUTH_DENY || permission->action != (enum sqlauth_action)action)
				continue;
			list[count] = *permission;
			list[count].effect = SQLAUTH_ALLOW;
			list[count++].action = SQLAUTH_SUBSCRIBE;
		}
		if (count > 0)
			error = sqlauth_acl_compile(list, count, &denies->acl[action], NULL);
	}
	free(list);
	return error;
}

/* The topic with %% as it is meant; the caller's (free). */
static char *unescape(const char *topic)
{
	char *plain = malloc(strlen(topic) + 1), *end = plain;

	for (; plain && *topic; topic++) {
		*end++ = *topic;
		if (topic[0] == '%' && topic[1] == '%')
			topic++;
	}
	if (plain)
		*end = '\0';
	return plain;
}

/* Reports where one of the denies covers the allow. Whether one does. */
static bool report_shadow(
	struct doctor *doctor, const struct denies *denies, const struct sqlauth_permission *allow, const char *filter)
{
	const struct sqlauth_acl *acl = denies->acl[allow->action];
	struct sqlauth_acl_client placeholders;
	struct sqlauth_permission deny;
	struct sqlauth_verdict verdict;
	struct cli_quoted group, topic, other, other_group;
	char where[2 * sizeof(group)], what[2 * sizeof(group) + 64];

	if (!acl)
		return false;
	sqlauth_acl_client_init(&placeholders, "%c", "%u");
	verdict = sqlauth_acl_check(acl, SQLAUTH_ACCESS_SUBSCRIBE, &placeholders, filter, strlen(filter));
	if (verdict.decision != SQLAUTH_ALLOWED || !sqlauth_acl_permission(acl, verdict.permission, &deny))
		return false;
	snprintf(where, sizeof(where), "group %s, allow %s %s", cli_quote(&group, allow->group),
		sqlauth_action_word(allow->action), cli_quote(&topic, allow->topic));
	snprintf(what, sizeof(what), "never counts: deny %s of group %s covers it", cli_quote(&other, deny.topic),
		cli_quote(&other_group, deny.group));
	doctor_report(doctor, DOCTOR_WARNING, "shadowed_permission", where, what, "remove one of the two");
	return true;
}

static void report_unmatchable(struct doctor *doctor, const struct sqlauth_permission *permission)
{
	enum sqlauth_topic_fault fault = sqlauth_topic_permission_fault(permission->topic, strlen(permission->topic));
	struct cli_quoted group, topic;
	char where[2 * sizeof(group)];

	snprintf(where, sizeof(where), "group %s, %s %s %s", cli_quote(&group, permission->group),
		sqlauth_effect_word(permission->effect), sqlauth_action_word(permission->action),
		cli_quote(&topic, permission->topic));
	if (fault != SQLAUTH_TOPIC_FINE)
		doctor_report(doctor, DOCTOR_ERROR, "invalid_permission", where, sqlauth_topic_fault_text(fault),
			"correct it; while it stands, nobody in the group can connect");
	else if (permission->action == SQLAUTH_PUBLISH && strncmp(permission->topic, "$SYS/", 5) == 0)
		doctor_report(doctor, DOCTOR_WARNING, "unmatchable_permission", where,
			"never matches: the broker lets nobody publish under $SYS/", "remove it");
}

static enum sqlauth_error check_group(struct permissions_check *check)
{
	struct denies denies = {{NULL}};
	enum sqlauth_error error = compile(&check->group, &denies);

	if (error == SQLAUTH_ERROR_INVALID) /* reported by itself */
		error = SQLAUTH_OK;
	for (size_t i = 0; i < check->group.permission_count && error == SQLAUTH_OK; i++) {
		const struct sqlauth_permission *permission = &check->group.permissions[i];
		char *filter;

		report_unmatchable(check->doctor, permission);
		if (permission->effect != SQLAUTH_ALLOW)
			continue;
		filter = unescape(permission->topic);
		if (!filter)
			error = SQLAUTH_ERROR_MEMORY;
		else if (!report_shadow(check->doctor, &denies, permission, filter))
			report_shadow(check->doctor, &check->of_everybody, permission, filter);
		free(filter);
	}
	drop(&denies);
	policy_clear(&check->group);
	return error;
}

static enum sqlauth_error take_group(void *context, const char *const *columns)
{
	struct permissions_check *check = context;

	if (columns[0])
		policy_add_group(&check->everybody, columns[0], NULL);
	return check->everybody.error;
}

static enum sqlauth_error take_permission(void *context, const char *const *columns)
{
	struct permissions_check *check = context;
	struct policy *into = check->is_first_pass ? &check->everybody : &check->group;
	enum sqlauth_error error = SQLAUTH_OK;

	if (!columns[0] || !columns[1] || !columns[2] || !columns[3])
		return SQLAUTH_OK;
	if (check->is_first_pass && !is_everybodys(check, columns[0]))
		return SQLAUTH_OK;
	if (!check->is_first_pass && into->permission_count > 0 && strcmp(into->permissions[0].group, columns[0]) != 0)
		error = check_group(check);
	policy_add_permission(into, columns[0],
		strcmp(columns[1], sqlauth_effect_word(SQLAUTH_DENY)) == 0 ? SQLAUTH_DENY : SQLAUTH_ALLOW,
		strcmp(columns[2], sqlauth_action_word(SQLAUTH_PUBLISH)) == 0 ? SQLAUTH_PUBLISH : SQLAUTH_SUBSCRIBE,
		columns[3]);
	return error == SQLAUTH_OK ? into->error : error;
}

enum sqlauth_error doctor_check_permissions(struct doctor *doctor)
{
	struct permissions_check check = {.doctor = doctor, .is_first_pass = true};
	enum sqlauth_error error = sqlauth_survey_ask(
		doctor->survey, SQLAUTH_SURVEY_GROUPS_OF_EVERYBODY, take_group, &check, &doctor->why);

	if (error == SQLAUTH_OK && check.everybody.group_count > 0) {
		qsort(check.everybody.groups, check.everybody.group_count, sizeof(*check.everybody.groups),
			compare_groups);
		error = sqlauth_survey_ask(
			doctor->survey, SQLAUTH_SURVEY_PERMISSIONS, take_permission, &check, &doctor->why);
	}
	if (error == SQLAUTH_OK)
		error = compile(&check.everybody, &check.of_everybody);
	if (error == SQLAUTH_ERROR_INVALID)
		error = SQLAUTH_OK;
	check.is_first_pass = false;
	if (error == SQLAUTH_OK)
		error = sqlauth_survey_ask(
			doctor->survey, SQLAUTH_SURVEY_PERMISSIONS, take_permission, &check, &doctor->why);
	if (error == SQLAUTH_OK && check.group.permission_count > 0)
		error = check_group(&check);
	drop(&check.of_everybody);
	policy_clear(&check.everybody);
	policy_clear(&check.group);
	return error;
}
