/* Sessions: which ACL a question of the broker's is answered with (docs/adr/0002-session-model.md).
 *
 * The broker names a client by a pointer that it reuses at once, by an MQTT client identifier that whoever connects
 * chooses, and by a username. A session is found by pointer only where identifier and username agree, else by
 * identifier and username; it outlives its connection, because the broker goes on asking (wills, queued messages).
 *
 *   CONNECTED --end--> ENDED --(expired or pushed out)--> forgotten
 *
 * Thread rules: one table, one thread. Memory: bounded by the connections that stand plus SQLAUTH_SESSIONS_ENDED_MAX
 * ended ones. sqlauth_sessions_find is on the hottest path: one hash of the pointer, two string comparisons, no
 * allocation.
 */
#ifndef SQLAUTH_SESSION_H
#define SQLAUTH_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sqlauth/acl.h"
#include "sqlauth/certificate.h"
#include "sqlauth/clock.h"
#include "sqlauth/error.h"

#define SQLAUTH_SESSIONS_ENDED_MAX            100000 /* remembered after their connection ended */
#define SQLAUTH_SESSIONS_LINGERING_PER_ID_MAX 8      /* a reconnect forgets the oldest beyond it */
#define SQLAUTH_SESSION_LINGER_MS             10000  /* where the MQTT session ended with the connection */

struct sqlauth_sessions;
struct sqlauth_session;

enum sqlauth_session_kind {
	SQLAUTH_SESSION_OURS,     /* judged by its ACL */
	SQLAUTH_SESSION_DEFERRED, /* another plugin's client: its ACL questions are deferred too */
};

/* What a session is made from. Strings are copied. */
struct sqlauth_session_setup {
	const void *handle; /* the broker's pointer; never dereferenced */
	const char *mqtt_id;
	const char *username; /* broker-visible; NULL: none */
	const char *client;   /* clients.name; NULL: anonymous, or deferred */
	/* The certificate's name by which a client without a username was found; NULL: the username names it. */
	const char *certificate;
	enum sqlauth_match_by certificate_kind;
	enum sqlauth_session_kind kind;
	struct sqlauth_acl *acl; /* a reference is taken; NULL for deferred ones */
};

/* An empty table. clock is borrowed for the table's life; ended_max, at least 2, is SQLAUTH_SESSIONS_ENDED_MAX outside
 * of tests. Needs sqlauth_secret_init. Errors: MEMORY. */
enum sqlauth_error sqlauth_sessions_new(const struct sqlauth_clock *clock, size_t ended_max,
	struct sqlauth_sessions **sessions_r) __attribute__((warn_unused_result));
void sqlauth_sessions_free(struct sqlauth_sessions *sessions);

/* Remembers a connection that was just accepted; the handle now means this session and no other. A session of ours
 * makes older ones with its identifier linger, from now on or from when their connection ends. MEMORY; INVALID (no
 * handle, no identifier, ours without an ACL): nothing changed. */
enum sqlauth_error sqlauth_sessions_begin(struct sqlauth_sessions *sessions, const struct sqlauth_session_setup *setup,
	const struct sqlauth_session **session_r) __attribute__((warn_unused_result));

/* The connection of this handle is gone. lives_on: its MQTT session may outlive it; taken for no where the session is
 * deferred, and where another connection with the same identifier stands, because the MQTT session is that one's. Once
 * more without lives_on after it ended with it: the MQTT session is over now. Unknown handles are ignored. */
void sqlauth_sessions_end(struct sqlauth_sessions *sessions, const void *handle, bool lives_on);

/* The session that answers for this client: by handle where identifier and username agree, else among those with this
 * identifier and username a connected one, else one whose MQTT session lives on, else any, the newest first; NULL:
 * nobody remembers. username NULL: none; not the same as an empty one. Borrowed until the next call that is not find.
 */
const struct sqlauth_session *sqlauth_sessions_find(
	struct sqlauth_sessions *sessions, const void *handle, const char *mqtt_id, const char *username);

/* The session bound to this very handle, identifier and username agreeing; NULL otherwise. */
const struct sqlauth_session *sqlauth_sessions_find_handle(
	struct sqlauth_sessions *sessions, const void *handle, const char *mqtt_id, const char *username);

/* Decides what the session may do, as sqlauth_acl_check does by its ACL and values. What it was allowed last, a topic
 * to publish to and one to receive, is remembered with it: its ACL and values never change, so that answer never gets
 * old. An allow from memory names no permission (SQLAUTH_NO_PERMISSION). Not for deferred sessions. No allocation; the
 * same topic as in the last question is one comparison, whatever the ACL. */
struct sqlauth_verdict sqlauth_sessions_check(struct sqlauth_sessions *sessions, const struct sqlauth_session *session,
	enum sqlauth_access access, const char *topic, size_t length);

/* A session that is connected with this identifier right now, on another handle than this one: the next one after
 * `after`, or the first where that is NULL; NULL: no more. In no order. */
const struct sqlauth_session *sqlauth_sessions_next_holder(struct sqlauth_sessions *sessions, const char *mqtt_id,
	const void *handle, const struct sqlauth_session *after);

/* Forgets what has lingered long enough; at most `budget` sessions per call. Cheap when there is nothing to do. */
void sqlauth_sessions_expire(struct sqlauth_sessions *sessions, size_t budget);

/* Calls visit for every connected session, in the order in which they began; it must not change the table. */
typedef void sqlauth_session_visitor(void *context, const struct sqlauth_session *session);
void sqlauth_sessions_visit_connected(struct sqlauth_sessions *sessions, sqlauth_session_visitor *visit, void *context);

/* No connection that stands was made before this, in Unix seconds; INT64_MIN where nobody knows, because the clock was
 * set back; INT64_MAX: none stands. O(1). */
int64_t sqlauth_sessions_connected_since(const struct sqlauth_sessions *sessions);

size_t sqlauth_sessions_connected(const struct sqlauth_sessions *sessions);
size_t sqlauth_sessions_ended(const struct sqlauth_sessions *sessions);

/* ---- a session's properties; strings borrowed from it ---- */
const struct sqlauth_acl *sqlauth_session_acl(const struct sqlauth_session *session);
const struct sqlauth_acl_client *sqlauth_session_values(const struct sqlauth_session *session);
const void *sqlauth_session_handle(const struct sqlauth_session *session); /* NULL: it means another session now */
const char *sqlauth_session_mqtt_id(const struct sqlauth_session *session);
const char *sqlauth_session_username(const struct sqlauth_session *session);
const char *sqlauth_session_client(const struct sqlauth_session *session);
/* NULL: none; *kind_r is set all the same. */
const char *sqlauth_session_certificate(const struct sqlauth_session *session, enum sqlauth_match_by *kind_r);
/* Whether it was this client's when it began, of this kind; `client` NULL: anonymous. A deferred client is never the
 * same as one of ours; whether two deferred ones are the same is not ours to say, and they are taken to be. */
bool sqlauth_session_is_of(const struct sqlauth_session *session, enum sqlauth_session_kind kind, const char *client);
enum sqlauth_session_kind sqlauth_session_kind(const struct sqlauth_session *session);
bool sqlauth_session_is_connected(const struct sqlauth_session *session);
int64_t sqlauth_session_connected_at(const struct sqlauth_session *session); /* Unix seconds */

#endif
