/* The configuration of Mosquitto's dynamic security plugin, in memory, as that plugin orders it; and its roles as
 * permissions of ours.
 *
 * How that plugin judges: the roles of the client by priority, then the groups of the client by priority and the roles
 * of each likewise; in a role its ACLs by priority; the first one that matches decides, and at the end a default for
 * each kind of access. So an allow may stand before a deny and win, which nothing does here.
 */
#ifndef SQLAUTH_CLI_DYNSEC_H
#define SQLAUTH_CLI_DYNSEC_H

#include <stdbool.h>
#include <stddef.h>

#include "output.h"
#include "policy.h"
#include "sqlauth/text.h"

enum dynsec_type {
	DYNSEC_SEND,
	DYNSEC_RECEIVE,
	DYNSEC_SUBSCRIBE_LITERAL,
	DYNSEC_SUBSCRIBE_PATTERN,
	DYNSEC_UNSUBSCRIBE_LITERAL,
	DYNSEC_UNSUBSCRIBE_PATTERN,
	DYNSEC_TYPES
};

struct dynsec_acl {
	enum dynsec_type type;
	const char *topic;
	bool allow;
};

/* ACLs in the order in which they are asked, kind by kind; literal subscriptions before patterns. */
struct dynsec_role {
	const char *name, *description;
	bool no_wildcards;
	struct dynsec_acl *acls;
	size_t count, room;
};

struct dynsec_group {
	const char *name, *description;
};

struct dynsec_client {
	const char *name, *description, *mqtt_id, *hash;
	bool disabled;
};

/* Somebody's (a client's or a group's) role or group, as indexes; lists of them are by somebody, then by priority. */
struct dynsec_link {
	size_t owner, target;
};

struct dynsec_list {
	struct dynsec_link *items;
	size_t count, room;
};

struct dynsec {
	struct policy *policy; /* borrowed; keeps the strings */
	bool is_2_1;           /* judged by Mosquitto 2.1: fills in %c and %u; wildcards in front do not reach a `$` */
	bool send, receive, subscribe, unsubscribe; /* the defaults */
	const char *anonymous_group;
	struct dynsec_role *roles; /* these three sorted by name */
	struct dynsec_group *groups;
	struct dynsec_client *clients;
	size_t role_count, group_count, client_count;
	size_t role_room, group_room, client_room;
	struct dynsec_list client_roles, client_groups, group_roles;
};

/* Reads the file. dynsec_clear also after a failure, whose message is printed. */
enum cli_status dynsec_read(struct dynsec *dynsec, struct policy *policy, const char *path)
	__attribute__((warn_unused_result));
void dynsec_clear(struct dynsec *dynsec);

/* The links of one owner: the first and how many, from a list that dynsec_read made. */
size_t dynsec_links_of(const struct dynsec_list *list, size_t owner, const struct dynsec_link **first_r);

/* Adds the role's permissions to the group of that name. */
void dynsec_add_role(struct dynsec *dynsec, const struct dynsec_role *role, const char *group);

/* Whether the role's subscriptions reach topics that begin with a `$` by a wildcard. */
bool dynsec_reaches_dollar(const struct dynsec *dynsec, const struct dynsec_role *role);

/* Remarks on what the role's permissions do otherwise; once per role. */
void dynsec_remark_on_role(struct dynsec *dynsec, const struct dynsec_role *role);

/* Remarks where two roles, the first one asked before the second, decide otherwise than their union. */
void dynsec_remark_on_pair(struct dynsec *dynsec, const struct dynsec_role *first, const struct dynsec_role *second);

#endif
