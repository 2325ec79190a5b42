/* Clients whose disconnect_before was set are disconnected, and only they.
 *
 * Once a second at most: where the database changed, the clients that have a value are read, and the connections made
 * at or before it noted. They are closed from TICK alone, because closing frees the client, for at most
 * DISCONNECTS_BUDGET_MS in one go; each is looked at again first, for it may have ended, and its identifier be another
 * connection's, meanwhile.
 */
#ifndef SQLAUTH_DISCONNECTS_H
#define SQLAUTH_DISCONNECTS_H

#include <stdbool.h>

#include "sqlauth/clock.h"
#include "sqlauth/session.h"
#include "sqlauth/store.h"

#define DISCONNECTS_BUDGET_MS 50 /* about 2,000 clients; 2.0 turns at least ten times a second */

struct disconnects;

/* All borrowed for its life. NULL where memory runs out. */
struct disconnects *disconnects_new(
	struct sqlauth_store *store, struct sqlauth_sessions *sessions, const struct sqlauth_clock *clock);
void disconnects_free(struct disconnects *disconnects);

/* Reads the database where it has changed, or where disconnects_look_again was called, and notes whom to close. On any
 * trouble the next call tries again. */
void disconnects_look(struct disconnects *disconnects);
void disconnects_look_again(struct disconnects *disconnects);

/* Closes some of those that were noted; whether there are more. */
bool disconnects_close_some(struct disconnects *disconnects);

#endif
