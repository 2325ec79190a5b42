/* Roles of the dynamic security plugin as permissions of ours, and where the two part ways (dynsec.h).
 *
 * There a SUBSCRIBE and each delivery are judged by lists of their own; here by the same permissions. What arrives
 * there is what a subscription that is allowed lets through AND what may be received. So each allowed subscription
 * filter is cut down to what may be received of it, filter by filter; a deny of either kind becomes a deny. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dynsec.h"
#include "filter.h"
#include "import.h"

#define CONTROL "$CONTROL"

/* What the defaults let everybody subscribe to and receive; `#` does not reach $SYS here. $CONTROL is never a default.
 */
static const char *const everything[] = {"#", "$SYS/#"};
#define EVERYTHING (sizeof(everything) / sizeof(everything[0]))

static bool is_subscribe(const struct dynsec_acl *acl)
{
	return acl->type == DYNSEC_SUBSCRIBE_LITERAL || acl->type == DYNSEC_SUBSCRIBE_PATTERN;
}

static bool is_unsubscribe(const struct dynsec_acl *acl)
{
	return acl->type == DYNSEC_UNSUBSCRIBE_LITERAL || acl->type == DYNSEC_UNSUBSCRIBE_PATTERN;
}

static bool has_wildcard(const char *filter)
{
	return strpbrk(filter, "+#") != NULL;
}

/* Whether both are asked about the same question. */
static bool is_same_kind(const struct dynsec_acl *a, const struct dynsec_acl *b)
{
	return a->type == b->type || (is_subscribe(a) && is_subscribe(b));
}

/* Patterns of subscriptions with a wildcard in front reach topics that begin with a `$` in Mosquitto 2.0. The part
 * behind the first level; NULL: it is no such filter. */
static const char *find_rest(const struct dynsec *dynsec, const struct dynsec_acl *acl)
{
	if (dynsec->is_2_1 || acl->type != DYNSEC_SUBSCRIBE_PATTERN || !filter_is_open(acl->topic))
		return NULL;
	return acl->topic[0] == '#' ? "/#" : acl->topic + 1;
}

bool dynsec_reaches_dollar(const struct dynsec *dynsec, const struct dynsec_role *role)
{
	for (size_t i = 0; i < role->count; i++) {
		if (role->acls[i].allow && find_rest(dynsec, &role->acls[i]))
			return true;
	}
	return false;
}

/* ---- adding ---- */

static void add(struct dynsec *dynsec, const char *group, enum sqlauth_effect effect, enum sqlauth_action action,
	const char *filter)
{
	import_add_permission(dynsec->policy, group, effect, action, filter, dynsec->is_2_1);
}

/* Allows to subscribe to and receive what `filter` and `receivable` have in common. */
static void allow_common(struct dynsec *dynsec, const char *group, const char *filter, const char *receivable)
{
	bool no_memory = false;
	char *common = filter_intersection(filter, receivable, &no_memory);

	if (no_memory)
		dynsec->policy->error = SQLAUTH_ERROR_MEMORY;
	if (common)
		add(dynsec, group, SQLAUTH_ALLOW, SQLAUTH_SUBSCRIBE, common);
	free(common);
}

/* Allows to subscribe to `filter`, as far as the role and the defaults let its topics be received. */
static void allow_subscription(
	struct dynsec *dynsec, const struct dynsec_role *role, const char *group, const char *filter)
{
	for (size_t i = 0; i < EVERYTHING && dynsec->receive; i++)
		allow_common(dynsec, group, filter, everything[i]);
	for (size_t i = 0; i < role->count; i++) {
		const struct dynsec_acl *acl = &role->acls[i];

		if (acl->type == DYNSEC_RECEIVE && acl->allow && (!dynsec->receive || acl->topic[0] == '$'))
			allow_common(dynsec, group, filter, acl->topic);
	}
}

/* The filter, and what it reaches beyond what it would here. */
static void add_subscription(
	struct dynsec *dynsec, const struct dynsec_role *role, const char *group, const struct dynsec_acl *acl)
{
	static const char *const roots[] = {"", "$SYS", CONTROL};
	const char *rest = find_rest(dynsec, acl);
	size_t size = strlen(acl->topic) + sizeof(CONTROL "/#");
	char *filter = malloc(size);

	for (size_t i = 0; i < sizeof(roots) / sizeof(roots[0]) && filter; i++) {
		if (i > 0 && !rest)
			break;
		snprintf(filter, size, "%s%s", roots[i], i == 0 ? acl->topic : rest);
		if (acl->allow)
			allow_subscription(dynsec, role, group, filter);
		else
			add(dynsec, group, SQLAUTH_DENY, SQLAUTH_SUBSCRIBE, filter);
	}
	if (!filter)
		dynsec->policy->error = SQLAUTH_ERROR_MEMORY;
	free(filter);
}

/* Whether an allow is asked before this deny, in all that it denies: it never decides. */
static bool is_shadowed(const struct dynsec_role *role, size_t deny)
{
	const struct dynsec_acl *acl = &role->acls[deny];

	for (size_t i = 0; i < deny; i++) {
		const struct dynsec_acl *before = &role->acls[i];

		if (!before->allow || !is_same_kind(before, acl))
			continue;
		if (before->type == DYNSEC_SUBSCRIBE_LITERAL
				? acl->type == before->type && strcmp(before->topic, acl->topic) == 0
				: filter_covers(before->topic, acl->topic))
			return true;
	}
	return false;
}

void dynsec_add_role(struct dynsec *dynsec, const struct dynsec_role *role, const char *group)
{
	for (size_t i = 0; i < role->count; i++) {
		const struct dynsec_acl *acl = &role->acls[i];
		enum sqlauth_effect effect = acl->allow ? SQLAUTH_ALLOW : SQLAUTH_DENY;

		if (!acl->allow && is_shadowed(role, i))
			continue;
		if (acl->type == DYNSEC_SEND)
			add(dynsec, group, effect, SQLAUTH_PUBLISH, acl->topic);
		else if (acl->type == DYNSEC_RECEIVE && !acl->allow)
			add(dynsec, group, effect, SQLAUTH_SUBSCRIBE, acl->topic);
		else if (acl->type == DYNSEC_RECEIVE && dynsec->subscribe && !dynsec->receive &&
			 strncmp(acl->topic, CONTROL, strlen(CONTROL)) != 0)
			allow_common(dynsec, group, acl->topic, acl->topic);
		else if (is_subscribe(acl))
			add_subscription(dynsec, role, group, acl);
	}
}

/* ---- remarks ---- */

/* Whether all that the filter matches may be received, by the role or the defaults. */
static bool is_receivable(const struct dynsec *dynsec, const struct dynsec_role *role, const char *filter)
{
	if (dynsec->receive)
		return true;
	for (size_t i = 0; i < role->count; i++) {
		const struct dynsec_acl *acl = &role->acls[i];

		if (acl->type == DYNSEC_RECEIVE && acl->allow && filter_covers(acl->topic, filter))
			return true;
	}
	return false;
}

static void remark_on_subscription(struct dynsec *dynsec, const struct dynsec_role *role, const struct dynsec_acl *acl)
{
	struct cli_quoted name, topic;

	if (acl->allow && acl->type == DYNSEC_SUBSCRIBE_LITERAL && has_wildcard(acl->topic))
		policy_remark(dynsec->policy, POLICY_WIDER,
			"role %s: subscribeLiteral %s allowed no other SUBSCRIBE; here it allows those to a part of "
			"it, "
			"too, which deliver nothing that was not delivered before",
			cli_quote(&name, role->name), cli_quote(&topic, acl->topic));
	if (acl->allow && !is_receivable(dynsec, role, acl->topic))
		policy_remark(dynsec->policy, POLICY_NARROWER,
			"role %s: %s may be subscribed to but not all of it received; here only filters within what "
			"may be "
			"received can be subscribed to",
			cli_quote(&name, role->name), cli_quote(&topic, acl->topic));
	if (!acl->allow)
		policy_remark(dynsec->policy, POLICY_NARROWER,
			"role %s: deny %s kept away subscriptions to it, but no messages from wider subscriptions; "
			"here it "
			"does both%s",
			cli_quote(&name, role->name), cli_quote(&topic, acl->topic),
			acl->type == DYNSEC_SUBSCRIBE_LITERAL && has_wildcard(acl->topic)
				? ", and to subscriptions to a part of it"
				: "");
}

/* An allow that is asked before a deny of the same kind, and both match something. */
static bool does_lose(const struct dynsec_acl *before, const struct dynsec_acl *deny)
{
	return before->allow && !deny->allow && is_same_kind(before, deny) &&
	       filters_may_meet(before->topic, deny->topic);
}

static void remark_on_denial(struct dynsec *dynsec, const struct dynsec_role *role, size_t deny)
{
	const struct dynsec_acl *acl = &role->acls[deny];
	struct cli_quoted name, topic, other;

	for (size_t i = 0; i < deny; i++) {
		if (does_lose(&role->acls[i], acl))
			policy_remark(dynsec->policy, POLICY_NARROWER,
				"role %s: allow %s is asked before deny %s and wins; here the deny wins where both "
				"match",
				cli_quote(&name, role->name), cli_quote(&topic, role->acls[i].topic),
				cli_quote(&other, acl->topic));
	}
	if (acl->type == DYNSEC_RECEIVE)
		policy_remark(dynsec->policy, POLICY_NARROWER,
			"role %s: publishClientReceive deny %s held messages back; here a SUBSCRIBE to a part of it is "
			"refused, too",
			cli_quote(&name, role->name), cli_quote(&topic, acl->topic));
}

void dynsec_remark_on_role(struct dynsec *dynsec, const struct dynsec_role *role)
{
	struct cli_quoted name, topic;

	if (role->no_wildcards)
		policy_remark(dynsec->policy, POLICY_WIDER,
			"role %s: allowwildcardsubs false is not carried over; name the filters without wildcards",
			cli_quote(&name, role->name));
	for (size_t i = 0; i < role->count; i++) {
		const struct dynsec_acl *acl = &role->acls[i];

		if (!dynsec->is_2_1 && (strstr(acl->topic, "%c") || strstr(acl->topic, "%u")))
			policy_remark(dynsec->policy, POLICY_NOTE,
				"role %s: topic %s is taken literally, as Mosquitto 2.0 does; --from 2.1 fills it in",
				cli_quote(&name, role->name), cli_quote(&topic, acl->topic));
		if (is_unsubscribe(acl) && !acl->allow)
			policy_remark(dynsec->policy, POLICY_WIDER,
				"role %s: UNSUBSCRIBE %s is allowed here, as all are", cli_quote(&name, role->name),
				cli_quote(&topic, acl->topic));
		if (!acl->allow && !is_unsubscribe(acl) && !is_shadowed(role, i))
			remark_on_denial(dynsec, role, i);
		if (is_subscribe(acl) && (acl->allow || !is_shadowed(role, i)))
			remark_on_subscription(dynsec, role, acl);
	}
}

/* Subscribing by one role and receiving by the other makes a delivery there, and none here, unless the first role lets
 * all of it be received as well. */
static bool is_delivered_by_both(const struct dynsec *dynsec, const struct dynsec_role *subscriber,
	const struct dynsec_acl *subscribe, const struct dynsec_acl *receive)
{
	return subscribe->allow && receive->allow && is_subscribe(subscribe) && receive->type == DYNSEC_RECEIVE &&
	       filters_may_meet(subscribe->topic, receive->topic) &&
	       !is_receivable(dynsec, subscriber, subscribe->topic);
}

void dynsec_remark_on_pair(struct dynsec *dynsec, const struct dynsec_role *first, const struct dynsec_role *second)
{
	struct cli_quoted name, other, topic, deny;

	for (size_t i = 0; i < first->count; i++) {
		for (size_t k = 0; k < second->count; k++) {
			const struct dynsec_acl *a = &first->acls[i], *b = &second->acls[k];

			if (does_lose(a, b) && !is_shadowed(second, k)) {
				policy_remark(dynsec->policy, POLICY_NARROWER,
					"allow %s of role %s is asked before deny %s of role %s and wins; here the "
					"deny wins "
					"where both match",
					cli_quote(&topic, a->topic), cli_quote(&name, first->name),
					cli_quote(&deny, b->topic), cli_quote(&other, second->name));
			} else if (is_delivered_by_both(dynsec, first, a, b) ||
				   is_delivered_by_both(dynsec, second, b, a)) {
				policy_remark(dynsec->policy, POLICY_NARROWER,
					"%s of role %s and %s of role %s only together let a message through; here "
					"each "
					"role has to do it alone",
					cli_quote(&topic, a->topic), cli_quote(&name, first->name),
					cli_quote(&deny, b->topic), cli_quote(&other, second->name));
			}
		}
	}
}
