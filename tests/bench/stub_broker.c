/* The broker's side of the plugin interface, as little of it as the plugin needs to run in this process: what it costs
 * by itself can be counted then. A client is a name; nothing is sent anywhere. */
#include "stub_broker.h"

#include <mosquitto.h>
#include <mosquitto_broker.h>
#include <mosquitto_plugin.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define EVENTS_MAX 64

/* The plugin sees these as 2.1's: it runs as on that broker, but without delayed answers. */
struct mosquitto *mosquitto_client(const char *id);

static struct {
	MOSQ_FUNC_generic_callback callback;
	void *instance;
} events[EVENTS_MAX];

int stub_raise(int event, void *data)
{
	return events[event].callback ? events[event].callback(event, data, events[event].instance) : MOSQ_ERR_SUCCESS;
}

int mosquitto_callback_register(mosquitto_plugin_id_t *identifier, int event, MOSQ_FUNC_generic_callback callback,
	const void *data, void *instance)
{
	(void)identifier;
	(void)data;
	if (event < 0 || event >= EVENTS_MAX)
		return MOSQ_ERR_NOT_SUPPORTED;
	events[event].callback = callback;
	events[event].instance = instance;
	return MOSQ_ERR_SUCCESS;
}

int mosquitto_callback_unregister(
	mosquitto_plugin_id_t *identifier, int event, MOSQ_FUNC_generic_callback callback, const void *data)
{
	(void)identifier;
	(void)callback;
	(void)data;
	if (event >= 0 && event < EVENTS_MAX)
		events[event].callback = NULL;
	return MOSQ_ERR_SUCCESS;
}

const char *mosquitto_client_id(const struct mosquitto *client)
{
	return client->id;
}

const char *mosquitto_client_username(const struct mosquitto *client)
{
	return client->username;
}

const char *mosquitto_client_address(const struct mosquitto *client)
{
	(void)client;
	return "127.0.0.1";
}

void *mosquitto_client_certificate(const struct mosquitto *client)
{
	(void)client;
	return NULL;
}

bool mosquitto_client_clean_session(const struct mosquitto *client)
{
	(void)client;
	return true;
}

int mosquitto_client_protocol(const struct mosquitto *client)
{
	(void)client;
	return 0;
}

int mosquitto_client_protocol_version(const struct mosquitto *client)
{
	(void)client;
	return 4;
}

int mosquitto_client_sub_count(const struct mosquitto *client)
{
	(void)client;
	return 0;
}

struct mosquitto *mosquitto_client(const char *id)
{
	(void)id;
	return NULL;
}

int mosquitto_set_username(struct mosquitto *client, const char *username)
{
	(void)client;
	(void)username;
	return MOSQ_ERR_SUCCESS;
}

int mosquitto_kick_client_by_clientid(const char *id, bool with_will)
{
	(void)id;
	(void)with_will;
	return MOSQ_ERR_SUCCESS;
}

int mosquitto_broker_publish_copy(const char *client, const char *topic, int length, const void *payload, int qos,
	bool retain, mosquitto_property *properties)
{
	(void)client;
	(void)topic;
	(void)length;
	(void)payload;
	(void)qos;
	(void)retain;
	(void)properties;
	return MOSQ_ERR_SUCCESS;
}

void mosquitto_log_printf(int level, const char *format, ...)
{
	(void)level;
	(void)format;
}
