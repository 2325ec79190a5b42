/* Reading what is not ours, for imports: another program's SQLite database, or a JSON text, which SQLite reads as well.
 *
 * Nothing is ever written to it: a database is opened read-only, and a statement may do nothing but select. What comes
 * out is hostile input like any other: texts with a NUL in them are refused (INVALID).
 *
 * Thread rules: one foreign, one thread. Functions that take `why` leave one sentence there on failure.
 */
#ifndef SQLAUTH_FOREIGN_H
#define SQLAUTH_FOREIGN_H

#include <stddef.h>

#include "sqlauth/error.h"
#include "sqlauth/text.h"

#define SQLAUTH_FOREIGN_COLUMNS_MAX 12

/* Questions about the configuration file of Mosquitto's dynamic security plugin, each a list in the order in which that
 * plugin asks it; columns behind ->. Flags are "1" and "0"; what is not a text where one belongs is NULL. */
enum sqlauth_foreign_query {
	SQLAUTH_DYNSEC_DEFAULTS, /* -> publishClientSend, publishClientReceive, subscribe, unsubscribe, anonymousGroup
				  */
	SQLAUTH_DYNSEC_ROLES,    /* -> rolename, textname, textdescription, wildcard subscriptions forbidden */
	SQLAUTH_DYNSEC_ACLS,     /* -> rolename, acltype, topic, allow */
	SQLAUTH_DYNSEC_CLIENTS,  /* -> username, textname, textdescription, clientid, disabled, password, salt,
				  * iterations,  encoded_password */
	SQLAUTH_DYNSEC_CLIENT_ROLES,  /* -> username, rolename */
	SQLAUTH_DYNSEC_GROUPS,        /* -> groupname, textname, textdescription */
	SQLAUTH_DYNSEC_GROUP_ROLES,   /* -> groupname, rolename */
	SQLAUTH_DYNSEC_GROUP_CLIENTS, /* -> username, groupname */
	SQLAUTH_DYNSEC_UNREADABLE,    /* -> list, number of its entry from 1 (NULL: the list is none), rolename where
				       * the list is its acls: what the questions above pass over */
	SQLAUTH_FOREIGN_QUERIES
};

struct sqlauth_foreign;

/* NOT_FOUND, DATABASE where it cannot be read. */
enum sqlauth_error sqlauth_foreign_open_database(const char *path, struct sqlauth_foreign **foreign_r,
	struct sqlauth_text *why) __attribute__((warn_unused_result));

/* INVALID where the text is no JSON. It must outlive the foreign. */
enum sqlauth_error sqlauth_foreign_open_json(const char *text, size_t length, struct sqlauth_foreign **foreign_r,
	struct sqlauth_text *why) __attribute__((warn_unused_result));

/* NULL is allowed. */
void sqlauth_foreign_close(struct sqlauth_foreign *foreign);

/* Calls visit for each row; columns are borrowed for the call, NULL where the column is. Anything but OK from visit
 * ends the reading and is the result. */
typedef enum sqlauth_error sqlauth_foreign_visitor(void *context, const char *const *columns);
enum sqlauth_error sqlauth_foreign_ask(struct sqlauth_foreign *foreign, enum sqlauth_foreign_query query,
	sqlauth_foreign_visitor *visit, void *context, struct sqlauth_text *why) __attribute__((warn_unused_result));

/* The same for a statement of the user's own, which must be one SELECT without parameters that gives `columns` columns:
 * INVALID otherwise. */
enum sqlauth_error sqlauth_foreign_select(struct sqlauth_foreign *foreign, const char *sql, int columns,
	sqlauth_foreign_visitor *visit, void *context, struct sqlauth_text *why) __attribute__((warn_unused_result));

#endif
