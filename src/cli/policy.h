/* A policy that was read somewhere else, before it is written: clients, groups, permissions and rules as rows, and
 * notes on what could not be carried over as it was.
 *
 * Strings given in are copied. A lack of memory sticks in `error`; all further additions then do nothing.
 */
#ifndef SQLAUTH_CLI_POLICY_H
#define SQLAUTH_CLI_POLICY_H

#include <stdbool.h>
#include <stddef.h>

#include "sqlauth/acl.h"
#include "sqlauth/error.h"

struct policy_client {
	const char *name; /* username as well */
	const char *password;
	const char *mqtt_id;
	const char *description;
	bool disabled;
};

struct policy_group {
	const char *name;
	const char *description;
};

struct policy_rule {
	const char *match_by;
	const char *value;
	const char *group;
};

/* How the imported policy differs from what it was made from. */
enum policy_difference {
	POLICY_NOTE,     /* not in its decisions */
	POLICY_LEFT_OUT, /* something that decided nothing, or that cannot be had here */
	POLICY_NARROWER, /* somebody may do less than before */
	POLICY_WIDER,    /* somebody may do more than before */
	POLICY_DIFFERENCES
};

struct policy_remark {
	enum policy_difference difference;
	const char *text;
};

struct policy_chunk;

struct policy {
	enum sqlauth_error error;
	struct policy_client *clients;
	struct policy_group *groups;
	struct sqlauth_permission *permissions; /* of the group of their name */
	struct policy_rule *rules;
	struct policy_remark *remarks;
	size_t client_count, group_count, permission_count, rule_count, remark_count;
	size_t client_room, group_room, permission_room, rule_room, remark_room;
	struct policy_chunk *chunks; /* where the strings are */
};

/* Zero-initialise; this frees. */
void policy_clear(struct policy *policy);

/* A copy that lives as long as the policy; NULL without memory, and for NULL. */
const char *policy_keep(struct policy *policy, const char *text);

void policy_add_client(struct policy *policy, const struct policy_client *client);
void policy_add_group(struct policy *policy, const char *name, const char *description);
void policy_add_rule(struct policy *policy, const char *match_by, const char *value, const char *group);

/* topic: as acl_permissions has it, a % that stands for itself doubled. */
void policy_add_permission(struct policy *policy, const char *group, enum sqlauth_effect effect,
	enum sqlauth_action action, const char *topic);

/* Values from outside among the arguments must be quoted (cli_quote). */
void policy_remark(struct policy *policy, enum policy_difference difference, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Sorts the clients by name; of several with one name only the last one added stays, or the first, with a remark. */
void policy_settle_clients(struct policy *policy, bool keep_first);

/* Of the same permission of the same group only the first one stays: the database keeps one. */
void policy_settle_permissions(struct policy *policy);

/* The client of that name among the settled ones; NULL: none. */
const struct policy_client *policy_find_client(const struct policy *policy, const char *name);

#endif
