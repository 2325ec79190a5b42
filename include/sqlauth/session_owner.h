/* Whose a connection is now: clients may be renamed while they are connected, and others get their old names.
 *
 * A connection is led back to its client by what the client was found by: its username, or the certificate's name where
 * it has none. Both are unique, and follow a client that is renamed. Only where nobody has it any more, because that
 * was changed too or the client is gone, the name that the client had counts.
 */
#ifndef SQLAUTH_SESSION_OWNER_H
#define SQLAUTH_SESSION_OWNER_H

#include "sqlauth/error.h"
#include "sqlauth/session.h"
#include "sqlauth/store.h"

/* The name of the client that the session is of now; *name_r is the caller's (free). NOT_FOUND: anonymous, or another
 * plugin's. Between sqlauth_store_begin and end; one indexed lookup. */
enum sqlauth_error sqlauth_session_owner(struct sqlauth_store *store, const struct sqlauth_session *session,
	char **name_r) __attribute__((warn_unused_result));

#endif
