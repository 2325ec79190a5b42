/* One instance of the plugin: its state, and what its files do for each other.
 *
 * Mosquitto makes one instance per plugin line, and with per_listener_settings one per listener: what belongs to an
 * instance is here. What the broker has once for all of them (client ids, connections that wait, its time, a signal's
 * handler, the topics of the metrics) is static in the file that deals with it. Everything here runs in the broker's
 * only thread; workers.h is where others begin.
 */
#ifndef SQLAUTH_PLUGIN_H
#define SQLAUTH_PLUGIN_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "broker.h"
#include "options.h"
#include "sqlauth/clock.h"
#include "sqlauth/engine.h"
#include "sqlauth/session.h"
#include "verify.h"

struct delayed;
struct denial_log;
struct disconnects;
struct metrics;

struct plugin {
	struct plugin *prev, *next; /* instances of this process: in_use.c */
	char *database;             /* its resolved path, while in that list */
	mosquitto_plugin_id_t *identifier;
	pthread_t broker_thread; /* the one that all of this belongs to */
	size_t copy;             /* of its callbacks: events.c */
	struct plugin_options options;
	const struct sqlauth_clock *clock;
	struct sqlauth_engine *engine;
	struct sqlauth_sessions *sessions;
	struct verifier verifier;
	struct delayed *delayed; /* NULL: no threads */
	struct denial_log *denials;
	struct disconnects *disconnects;
	struct metrics *metrics;            /* NULL: none are published */
	uint64_t connects[SQLAUTH_REASONS]; /* questions answered, by reason */
	const void *asked; /* handle of the connection that BASIC_AUTH was last about, while it stands */
	const void *
		ending; /* handle of the last connection that ended, until the next TICK: its will may still be asked */
	int64_t ending_ms;  /* about */
	bool database_down; /* the last connect found the database unusable, and the log says so */
	bool ticks;         /* the broker calls TICK at all */
	bool told_of_no_ticks;
	bool reloading; /* 2.0: since RELOAD, when known clients are authenticated again, until TICK (which may never
			   come) */
	int64_t maintained_ms; /* when maintain last did its work */
	int64_t turned_at;     /* 2.1: the system's clock at the last turn, Unix seconds */
};

/* 2.1 asks about the users of its HTTP API from a thread of that API's, showing an MQTT client that does not exist.
 * They are nobody of ours, and our state is not for other threads. */
static inline bool plugin_in_broker_thread(const struct plugin *plugin)
{
	return pthread_equal(pthread_self(), plugin->broker_thread);
}

/* ---- who asks: connect.c ---- */

/* The client as the broker shows it now. Strings are the broker's, good until it is told to change them. */
struct asker {
	struct mosquitto *client;       /* NULL: it waited, and may be gone */
	const void *handle;             /* the same pointer, only to be compared */
	const char *mqtt_id, *username; /* NULL: none */
	const char *waited_at;          /* where client is NULL: its address, or NULL */
};

/* Here because every message needs it; what it does not need, the address, is asked for when it is. */
static inline struct asker plugin_asker(struct mosquitto *client)
{
	return (struct asker){.client = client,
		.handle = client,
		.mqtt_id = mosquitto_client_id(client),
		.username = mosquitto_client_username(client)};
}

/* Its network address as text, without the port; NULL: none. */
static inline const char *plugin_asker_address(const struct asker *asker)
{
	return asker->client ? mosquitto_client_address(asker->client) : asker->waited_at;
}

/* The session that answers this client's question, made now where the broker took a client's identity from its
 * certificate without asking. may_be_will: the question is a publish. NOT_FOUND: nobody remembers. Any other error:
 * deny.
 */
enum sqlauth_error plugin_find_session(
	struct plugin *plugin, const struct asker *asker, bool may_be_will, const struct sqlauth_session **session_r);

/* Takes note of a verdict that was computed. */
void plugin_note_verdict(struct plugin *plugin, const struct verify_mark *mark, const char *username, const char *hash,
	enum sqlauth_error verified);

/* Verifies in the broker's thread, if there is time for it, and takes note of the verdict. DONE or BUSY. */
enum verify_answer plugin_verify_here(struct plugin *plugin, const struct verify_question *question,
	const struct verify_mark *mark, enum sqlauth_error *verified_r);

/* What becomes of a connection that waited: whether it is accepted, its session begun. */
bool plugin_decide(struct plugin *plugin, struct asker *asker, struct sqlauth_identity *identity,
	const struct verify_mark *mark, enum verify_answer answer, enum sqlauth_error verified);

int plugin_on_basic_auth(int event, void *data, void *instance);
int plugin_on_connect(int event, void *data, void *instance);
int plugin_on_disconnect(int event, void *data, void *instance);
int plugin_on_offline(int event, void *data, void *instance);
int plugin_on_reload(int event, void *data, void *instance);

/* ---- whose an MQTT client id is: in_use.c ---- */

/* From now on, until leave, its connected clients hold their ids, against other instances' clients too. False: no
 * memory. */
bool plugin_join(struct plugin *plugin) __attribute__((warn_unused_result));
void plugin_leave(struct plugin *plugin);

/* Whether the id that is asked for is held by another client than this one (NULL: another plugin's), who is connected,
 * and takeovers are not for everybody. */
bool plugin_id_is_in_use(
	const struct plugin *plugin, const struct asker *asker, const struct sqlauth_identity *identity);

/* ---- what they ask: access.c ---- */

/* Of a client that nobody remembers: whether it is the next plugin's, for the database does not know it now. */
bool plugin_defers_stranger(struct plugin *plugin, const struct asker *asker);

int plugin_on_acl_check(int event, void *data, void *instance);

/* ---- registering: events.c ---- */

/* MOSQ_ERR_SUCCESS, or the broker's answer, and nothing is registered. */
int plugin_register_events(struct plugin *plugin);
void plugin_unregister_events(struct plugin *plugin);

/* TICK, not within TICK: its time begins anew. False: the broker does not take it. */
bool plugin_register_ticks_again(struct plugin *plugin);

/* Instances of one plugin file that Mosquitto 2.0 can be told apart by their callbacks. */
#define PLUGIN_COPIES 4

/* ---- time: tick.c ---- */

int plugin_on_tick(int event, void *data, void *instance);

/* TICK at every turn of the loop, which 2.1 has to be asked for. */
int plugin_on_turn(int event, void *data, void *instance);

/* Forgets old sessions and writes denial summaries, once a second at most. Called by TICK, and by connections for the
 * broker that has no TICK (2.0.11 with per_listener_settings). */
void plugin_maintain(struct plugin *plugin);

/* Has ticks go on where the system's clock was set back. For connects and their ends: no cost for messages. */
void plugin_watch_clock(struct plugin *plugin);

/* ---- the log: log.c ---- */

#define LOG_LINE_SIZE   900 /* the broker cuts a line at 1,000 bytes, its time stamp included (2.0's logging.c) */
#define LOG_FIELD_BYTES 128 /* shown of each value from outside: six of them fit into a line */

/* Writes one line, `sqlauth: ` in front. level: MOSQ_LOG_... */
void plugin_log(int level, const char *line);

/* Notes that the database answered, or why it did not; a line in the log when that changes. */
void plugin_log_database(struct plugin *plugin, bool usable, const char *why);

/* One line that says why this client cannot be served although the database answers. */
void plugin_log_failure(const struct asker *asker, const char *why);

/* Appends ` client_id="..." username="..." address="..."`. */
void plugin_add_asker(struct sqlauth_text *line, const struct asker *asker);

/* One line for a refused connection. */
void plugin_log_refusal(const struct asker *asker, enum sqlauth_reason reason);

/* One line for each placeholder that the ACL uses and that the client's value cannot fill. */
void plugin_log_unusable_values(
	const struct asker *asker, const struct sqlauth_acl_client *values, const struct sqlauth_acl *acl);

/* ---- denials: denial_log.c ---- */

/* NULL where memory runs out. */
struct denial_log *denial_log_new(enum log_denied mode, const struct sqlauth_clock *clock);
void denial_log_free(struct denial_log *log);

/* Takes note of a denial: writes its line, or counts it with the ones like it. acl and verdict say what decided; acl
 * NULL: the client is nobody's, or the database cannot tell (`cause` says so then). */
void denial_log_add(struct denial_log *log, const struct asker *asker, enum sqlauth_access access, const char *topic,
	const struct sqlauth_acl *acl, struct sqlauth_verdict verdict, const char *cause);

/* Takes note of a connect that was refused as rationed or busy, in the same way; with log_denied none as with summary.
 * place: of the address, see sqlauth_ration_place. */
void denial_log_add_refusal(
	struct denial_log *log, const struct asker *asker, enum sqlauth_reason reason, uint64_t place);

/* Writes what was counted, once a minute. */
void denial_log_tick(struct denial_log *log);

/* Writes what was counted, now. */
void denial_log_flush(struct denial_log *log);

#endif
