/* The SQLite database, written by the tool: one writing connection, and every change and every listing that the
 * commands make, each by its name in a table of statements (src/store/admin_statements.c).
 *
 * Parameters and columns are texts, NULL stands for SQL's NULL, and integers are written in decimal: the table's
 * columns are strictly typed, the database's triggers judge every value, and their sentence is what a user gets to
 * read.
 *
 * Thread rules: one connection, one thread. It waits for other writers, up to SQLAUTH_STORE_PATIENCE_MS. Functions that
 * take `why` leave one sentence there on failure; why may be NULL. Errors:
 *
 *   INVALID    the database refused a value; why is its message, which begins with the column: `topic: "#" must ...`
 *   EXISTS     there is such a row already
 *   BUSY       another writer held the database for too long
 *   DATABASE   it cannot be used or not be written; SYSTEM (I/O), MEMORY
 *   LIMIT      a text longer than SQLAUTH_STORE_TEXT_BYTES_MAX
 *
 * After any error in a transaction the whole of it can only be rolled back, except after EXISTS and INVALID: these undo
 * their own statement alone.
 */
#ifndef SQLAUTH_ADMIN_H
#define SQLAUTH_ADMIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sqlauth/error.h"
#include "sqlauth/text.h"

#define SQLAUTH_ADMIN_VALUES_MAX 12 /* parameters, and columns, of one statement */

/* What can be done. Parameters in parentheses, columns behind ->. `edit` statements keep a column whose parameter is
 * NULL and empty (to NULL) one whose parameter is "". PAGE is: search (NULL: all), rows at most, rows to skip; a search
 * finds a text anywhere in names, usernames, mqtt_ids and descriptions (rules: values and groups; log: keys and
 * values), ASCII letters in either case; its %, _ and \ are escaped by \. */
enum sqlauth_admin_action {
	/* (name, authentication, username, password, mqtt_id, enabled, description); NULL enabled: 1 */
	SQLAUTH_ADMIN_CLIENT_ADD,
	/* (name, new name, authentication, username, password, mqtt_id, enabled, disconnect_before, description) */
	SQLAUTH_ADMIN_CLIENT_EDIT,
	SQLAUTH_ADMIN_CLIENT_DISCONNECT, /* (name, Unix seconds): sets disconnect_before, unless it is later already */
	SQLAUTH_ADMIN_CLIENT_DELETE,     /* (name): with its certificates and rules */
	/* (name) -> name, authentication, username, password, mqtt_id, enabled, disconnect_before, description,
	 * created_at, updated_at, certificates, rules; password is the encoded hash, disconnect_before Unix seconds */
	SQLAUTH_ADMIN_CLIENT_SHOW,
	SQLAUTH_ADMIN_CLIENT_CERTIFICATES, /* (client) -> match_by, value */
	SQLAUTH_ADMIN_CLIENT_GROUPS,       /* (client) -> group, match_by: rules of kind client and any */
	SQLAUTH_ADMIN_CLIENT_NAMES, /* (text) -> name, username: of those about as long as it, but for blanks around */
	SQLAUTH_ADMIN_CLIENT_COUNT, /* (search) -> count */
	/* PAGE -> name, authentication, username, groups, certificates, enabled, groups as a JSON array; one statement
	 * per order */
	SQLAUTH_ADMIN_CLIENT_LIST_BY_NAME,
	SQLAUTH_ADMIN_CLIENT_LIST_BY_NAME_DOWN,
	SQLAUTH_ADMIN_CLIENT_LIST_BY_AUTHENTICATION,
	SQLAUTH_ADMIN_CLIENT_LIST_BY_AUTHENTICATION_DOWN,
	SQLAUTH_ADMIN_CLIENT_LIST_BY_USERNAME,
	SQLAUTH_ADMIN_CLIENT_LIST_BY_USERNAME_DOWN,
	SQLAUTH_ADMIN_CLIENT_LIST_BY_CREATED,
	SQLAUTH_ADMIN_CLIENT_LIST_BY_CREATED_DOWN,
	SQLAUTH_ADMIN_CLIENT_LIST_BY_UPDATED,
	SQLAUTH_ADMIN_CLIENT_LIST_BY_UPDATED_DOWN,

	SQLAUTH_ADMIN_CERTIFICATE_ADD,    /* (client, match_by, value) */
	SQLAUTH_ADMIN_CERTIFICATE_REMOVE, /* (client, match_by, value in its normal form) */
	SQLAUTH_ADMIN_CERTIFICATE_OWNER,  /* (match_by, value in its normal form) -> client */

	SQLAUTH_ADMIN_GROUP_ADD,         /* (name, description) */
	SQLAUTH_ADMIN_GROUP_EDIT,        /* (name, new name, description) */
	SQLAUTH_ADMIN_GROUP_DELETE,      /* (name): with its permissions and rules */
	SQLAUTH_ADMIN_GROUP_SHOW,        /* (name) -> name, description, permissions, rules: how many of each */
	SQLAUTH_ADMIN_GROUP_PERMISSIONS, /* (group) -> permission, action, topic, id */
	SQLAUTH_ADMIN_GROUP_RULES,       /* (group, rows at most or -1) -> match_by, value, id */
	SQLAUTH_ADMIN_GROUP_COUNT,       /* (search) -> count */
	SQLAUTH_ADMIN_GROUP_LIST,        /* PAGE -> name, permissions, rules, description */

	SQLAUTH_ADMIN_PERMISSION_ADD,    /* (group, permission, action, topic) */
	SQLAUTH_ADMIN_PERMISSION_REMOVE, /* (group, permission or NULL for either, action, topic) */
	SQLAUTH_ADMIN_PERMISSIONS_OF,    /* (permission, action) -> group, topic: of all groups */

	SQLAUTH_ADMIN_RULE_ADD,    /* (match_by, value, group); NULL value: what is right for any and anonymous */
	SQLAUTH_ADMIN_RULE_REMOVE, /* (match_by, value in its normal form, group) */
	SQLAUTH_ADMIN_RULE_COUNT,  /* (search) -> count */
	SQLAUTH_ADMIN_RULE_LIST,   /* PAGE -> match_by, value, group, id */

	SQLAUTH_ADMIN_LOG_COUNT,     /* (search) -> count */
	SQLAUTH_ADMIN_LOG_LIST,      /* PAGE, newest first -> id, changed_at, operation, table, key, old, new: these two
				      * valid JSON */
	SQLAUTH_ADMIN_LOG_KEEP,      /* (how many): removes all but the newest */
	SQLAUTH_ADMIN_LOG_KEEP_DAYS, /* (days): removes what is older */
	SQLAUTH_ADMIN_ACTIONS
};

struct sqlauth_admin;

/* Opens the database for writing, after all checks of sqlauth_store_open; it must be there already. */
enum sqlauth_error sqlauth_admin_open(const char *path, struct sqlauth_admin **admin_r, struct sqlauth_text *why)
	__attribute__((warn_unused_result));

/* The same for reading alone: for listings by users who may not write. Changes are DATABASE then. */
enum sqlauth_error sqlauth_admin_open_to_read(
	const char *path, struct sqlauth_admin **admin_r, struct sqlauth_text *why) __attribute__((warn_unused_result));

/* Rolls back what was not committed. NULL is allowed. */
void sqlauth_admin_close(struct sqlauth_admin *admin);

/* One transaction: begin waits for other writers and keeps them out; without one each statement is its own. A commit
 * that fails leaves the transaction open for rollback. Rollback outside one does nothing. */
enum sqlauth_error sqlauth_admin_begin(struct sqlauth_admin *admin, struct sqlauth_text *why)
	__attribute__((warn_unused_result));
enum sqlauth_error sqlauth_admin_commit(struct sqlauth_admin *admin, struct sqlauth_text *why)
	__attribute__((warn_unused_result));
void sqlauth_admin_rollback(struct sqlauth_admin *admin);
bool sqlauth_admin_in_transaction(const struct sqlauth_admin *admin);

/* Makes one change with values[0..count-1] as its parameters; INVALID where count is not the action's. *changed_r (may
 * be NULL): rows that it changed itself, those that triggers took along not counted; NOT_FOUND where that is none,
 * except for SQLAUTH_ADMIN_LOG_*, where none is fine. */
enum sqlauth_error sqlauth_admin_change(struct sqlauth_admin *admin, enum sqlauth_admin_action action,
	const char *const *values, size_t count, int64_t *changed_r, struct sqlauth_text *why)
	__attribute__((warn_unused_result));

/* Calls visit for each row; columns are borrowed for the call, NULL where the column is. Anything but OK from visit
 * ends the reading and is the result. No row is OK, too. */
typedef enum sqlauth_error sqlauth_admin_visitor(void *context, const char *const *columns);
enum sqlauth_error sqlauth_admin_read(struct sqlauth_admin *admin, enum sqlauth_admin_action action,
	const char *const *values, size_t count, sqlauth_admin_visitor *visit, void *context, struct sqlauth_text *why)
	__attribute__((warn_unused_result));

#endif
