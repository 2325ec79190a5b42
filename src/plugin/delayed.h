/* Passwords that workers verify: of connections whose answer is delayed meanwhile (Mosquitto 2.1, where the answer
 * names a connection by its client id alone), and of those that were refused for want of time and will come again.
 *
 *   begin ──▶ WAITING ──its turn──▶ WORKING ──▶ answered
 *                └──────cancel─────────┴─────▶ dropped, never answered
 *
 * A request stands for one connection: its handle and its id. A newer connection with either of them means that the
 * older one is gone, and cancels it before anything else is done for the newer one. So a result is only ever handed
 * over to the connection that asked for it. The broker has one table of delayed connections for all instances of the
 * plugin, and so have we.
 *
 * Whoever waits holds its id: the broker closes every other connection that asks for it, and asks nobody. So that
 * nobody keeps an id from its owner by guessing, an id that another connection was turned away for does not wait:
 * who holds it is decided at once, in the broker's thread, and so is everybody who asks for it in the next minutes.
 *
 * Where nobody can wait (2.0), or may (an id that two want), whoever is refused as busy leaves its password here all
 * the same: a worker verifies it, under the same ration and in the same queue, and the memory answers when it is given
 * again.
 */
#ifndef SQLAUTH_PLUGIN_DELAYED_H
#define SQLAUTH_PLUGIN_DELAYED_H

#include "plugin.h"
#include "workers.h"

/* Waiting requests; one takes about a kilobyte, and counts as one more for each kilobyte of what its client sent. */
#define DELAYED_MAX 32768

struct delayed;

/* Whether the running broker can wait for an answer. */
bool delayed_is_possible(void);

/* With up to so many threads, at least one, none of them yet. NULL where memory runs out. */
struct delayed *delayed_new(struct plugin *plugin, unsigned threads);

/* Ends the threads; whoever waits is not answered any more. NULL is allowed. */
void delayed_free(struct delayed *delayed);

/* Whether there is a thread for the next connection; starts one where they rest. False, and a line in the log the
 * first time, where the system gives none. */
bool delayed_ready(struct delayed *delayed);

/* Once a second: ends the threads when nobody waited for one since the last call (workers.h says why). Does not wait.
 */
void delayed_rest(struct delayed *delayed);

/* Takes the connection in, and its identity: the broker is to be told that the answer comes later. False: there is no
 * room, and the identity stays the caller's. After delayed_ready. */
bool delayed_begin(struct delayed *delayed, const struct asker *asker, const struct verify_question *question,
	const struct verify_mark *mark, struct sqlauth_identity *identity);

/* Takes in the password of a connection that is refused as busy, once; where there is room, a thread, a memory for the
 * verdict, and a TICK in which to take it over. */
void delayed_prepare(struct delayed *delayed, const struct verify_question *question, const struct verify_mark *mark);

/* A connection with this handle and this id (NULL: none known) begins or stands: older ones with either are gone. */
void delayed_cancel(const void *handle, const char *mqtt_id);

/* The broker has turned away a connection of this handle that it asked nobody about. Where somebody waits with its id,
 * that is why: this one is decided at the next turn, and for a while nobody waits with the id. */
void delayed_note_turned_away(const void *handle, const char *mqtt_id);

/* Whether nobody may wait with this id now. */
bool delayed_is_contested(const struct delayed *delayed, const char *mqtt_id);

/* The broker says CONNECT or an end for this handle: for completions. */
void delayed_note_event(const void *handle);

/* Hands results over and gives work out, for about a millisecond at most. At every turn of the broker's loop. */
void delayed_turn(struct delayed *delayed);

/* Whether anybody waits for an answer, and whether the broker must look for it, because nobody can wake it. */
bool delayed_must_look(const struct delayed *delayed);

/* Connections that wait for a worker, and how long the first of them has waited. */
size_t delayed_waiting(const struct delayed *delayed);
int64_t delayed_longest_ms(const struct delayed *delayed);

#endif
