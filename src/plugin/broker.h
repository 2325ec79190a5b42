/* The broker as the plugin sees it: its headers of 2.0, and what 2.1 added.
 *
 * The plugin is built against 2.0's headers and runs on 2.0.11 to 2.1.x. What only 2.1 has is declared here as weak
 * symbols, NULL on an older broker, and as numbers (eclipse-mosquitto 2.1.2, include/mosquitto/broker.h, defs.h).
 */
#ifndef SQLAUTH_PLUGIN_BROKER_H
#define SQLAUTH_PLUGIN_BROKER_H

#include <stddef.h>
#include <stdint.h>

#include <mosquitto.h>
#include <mosquitto_broker.h>
#include <mosquitto_plugin.h>

enum {
	BROKER_EVT_CONNECT = 11,        /* registering it in 2.0 answers MOSQ_ERR_NOT_SUPPORTED */
	BROKER_EVT_CLIENT_OFFLINE = 28, /* likewise */
	BROKER_ERR_AUTH_DELAYED = -5,
	BROKER_ERR_SERVER_UNAVAILABLE = 136,
	BROKER_ERR_SERVER_BUSY = 137,
	BROKER_ERR_CONNECTION_RATE_EXCEEDED = 159,
	BROKER_PROTOCOL_MQTT5 = 5,
};

/* The data of both 2.1 events begins like this. */
struct broker_evt_client {
	void *future;
	struct mosquitto *client;
};

/* The client that is known under this id, connected or offline; a connection that is just being authenticated is not.
 */
extern struct mosquitto *mosquitto_client(const char *client_id) __attribute__((weak));

/* Answers a BASIC_AUTH that was answered with BROKER_ERR_AUTH_DELAYED: MOSQ_ERR_SUCCESS, or else "not authorised"
 * whatever the result. Does nothing where no connection with this id waits. */
extern void mosquitto_complete_basic_auth(const char *client_id, int result) __attribute__((weak));

extern int mosquitto_plugin_set_info(mosquitto_plugin_id_t *identifier, const char *name, const char *version)
	__attribute__((weak));

#endif
