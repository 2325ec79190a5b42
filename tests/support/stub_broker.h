/* A broker for unit tests of the plugin: the functions that Mosquitto 2.1 offers, and a test that plays its loop.
 *
 * One thread plays the broker. A client is a struct of the test's; its memory may be used again for the next one, as
 * the broker does. Nothing is checked here but what the broker itself looks at.
 */
#ifndef STUB_BROKER_H
#define STUB_BROKER_H

#include <stdbool.h>
#include <stddef.h>

#define STUB_DELAYED     (-5)
#define STUB_TURNED_AWAY 13 /* MOSQ_ERR_UNKNOWN */

struct mosquitto {
	const char *id, *username, *password, *address;
	bool connected; /* CONNECT was said */
	int answers;    /* of mosquitto_complete_basic_auth */
	int answer;     /* the last one */
};

/* Loads the plugin with its options, as "name", "value" pairs ended by NULL; what init answered. */
int stub_start(const char *const *options);
void stub_stop(void);

/* A connection: what BASIC_AUTH answered. One that succeeds is announced with CONNECT; one that is delayed waits under
 * its id; one whose id is that of another that waits is turned away, and only its DISCONNECT is told. */
int stub_connect(struct mosquitto *client);

/* The client goes: DISCONNECT where it was connected, and no word where it waited. */
void stub_leave(struct mosquitto *client);

/* The client that mosquitto_client answers for its id from now on (NULL: none), and how often it was kicked since. */
void stub_know(struct mosquitto *client);
int stub_kicks(void);

/* One turn of the loop, with all TICKs. */
void stub_turn(void);

/* Turns until the client has been answered; each sleeps as the broker does, until a signal or so many milliseconds.
 * False: one of them slept that long. */
bool stub_wait(const struct mosquitto *client, int sleep_ms);

/* Whether any line that was logged since start holds this text. */
bool stub_logged(const char *text);

#endif
