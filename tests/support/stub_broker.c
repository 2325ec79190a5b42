/* The stub of Mosquitto 2.1: callbacks, delayed connections by id, a log, and nothing else. */
#include "stub_broker.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <mosquitto.h>
#include <mosquitto_broker.h>
#include <mosquitto_plugin.h>

#define CALLBACKS_MAX 16
#define DELAYED_MAX   4096
#define OPTIONS_MAX   16
#define LOG_SIZE      (1 << 20)
#define EVT_CONNECT   11

static struct {
	struct {
		int event;
		MOSQ_FUNC_generic_callback callback;
		void *data;
	} callbacks[CALLBACKS_MAX];
	struct mosquitto *delayed[DELAYED_MAX];
	struct mosquitto *known;
	int kicks;
	void *plugin;
	char log[LOG_SIZE];
	size_t logged;
} stub;

/* The event's data of 2.1's CONNECT begins like this. */
struct connect_event {
	void *future;
	struct mosquitto *client;
};

static int raise_event(int event, void *data)
{
	int answer = MOSQ_ERR_PLUGIN_DEFER;

	for (int i = 0; i < CALLBACKS_MAX; i++)
		if (stub.callbacks[i].callback && stub.callbacks[i].event == event)
			answer = stub.callbacks[i].callback(event, data, stub.callbacks[i].data);
	return answer;
}

/* ---- what a test does ---- */

int stub_start(const char *const *options)
{
	struct mosquitto_opt given[OPTIONS_MAX];
	int count = 0;

	memset(&stub, 0, sizeof stub);
	for (; options[2 * count]; count++) {
		given[count].key = strdup(options[2 * count]);
		given[count].value = strdup(options[2 * count + 1]);
	}
	int answer = mosquitto_plugin_init(NULL, &stub.plugin, given, count);
	for (int i = 0; i < count; i++) {
		free(given[i].key);
		free(given[i].value);
	}
	return answer;
}

void stub_stop(void)
{
	mosquitto_plugin_cleanup(stub.plugin, NULL, 0);
}

static void announce(struct mosquitto *client)
{
	struct connect_event event = {.client = client};

	client->connected = true;
	raise_event(EVT_CONNECT, &event);
}

static struct mosquitto **find_delayed(const char *id)
{
	for (int i = 0; i < DELAYED_MAX; i++)
		if (stub.delayed[i] && strcmp(stub.delayed[i]->id, id) == 0)
			return &stub.delayed[i];
	return NULL;
}

static int turn_away(struct mosquitto *client)
{
	struct mosquitto_evt_disconnect event = {.client = client};

	raise_event(MOSQ_EVT_DISCONNECT, &event);
	return STUB_TURNED_AWAY;
}

int stub_connect(struct mosquitto *client)
{
	struct mosquitto_evt_basic_auth event = {.client = client,
		.username = (char *)(uintptr_t)client->username,
		.password = (char *)(uintptr_t)client->password};
	int answer;

	if (find_delayed(client->id))
		return turn_away(client);
	answer = raise_event(MOSQ_EVT_BASIC_AUTH, &event);
	if (answer == MOSQ_ERR_SUCCESS)
		announce(client);
	for (int i = 0; answer == STUB_DELAYED && i < DELAYED_MAX; i++)
		if (!stub.delayed[i]) {
			stub.delayed[i] = client;
			break;
		}
	return answer;
}

void stub_leave(struct mosquitto *client)
{
	struct mosquitto **place = find_delayed(client->id);

	if (place && *place == client) {
		*place = NULL;
	} else {
		struct mosquitto_evt_disconnect event = {.client = client};
		raise_event(MOSQ_EVT_DISCONNECT, &event);
	}
}

void stub_know(struct mosquitto *client)
{
	stub.known = client;
	stub.kicks = 0;
}

int stub_kicks(void)
{
	return stub.kicks;
}

void stub_turn(void)
{
	struct mosquitto_evt_tick event = {0};

	raise_event(MOSQ_EVT_TICK, &event);
}

bool stub_wait(const struct mosquitto *client, int sleep_ms)
{
	int epoll = epoll_create1(EPOLL_CLOEXEC), before = client->answers;
	struct epoll_event event;
	bool woken = true;

	stub_turn(); /* what a broker does before it sleeps */
	while (client->answers == before) {
		if (epoll_wait(epoll, &event, 1, sleep_ms) == 0)
			woken = false;
		stub_turn();
	}
	close(epoll);
	return woken;
}

bool stub_logged(const char *text)
{
	return strstr(stub.log, text) != NULL;
}

/* ---- what the plugin calls ---- */

void mosquitto_log_printf(int level, const char *format, ...) __attribute__((format(printf, 2, 3)));
void mosquitto_complete_basic_auth(const char *client_id, int result);
struct mosquitto *mosquitto_client(const char *client_id);
int mosquitto_plugin_set_info(mosquitto_plugin_id_t *identifier, const char *name, const char *version);

void mosquitto_complete_basic_auth(const char *client_id, int result)
{
	struct mosquitto **place = find_delayed(client_id);
	struct mosquitto *client;

	if (!place)
		return;
	client = *place;
	*place = NULL;
	client->answers++;
	client->answer = result;
	if (result == MOSQ_ERR_SUCCESS)
		announce(client);
}

struct mosquitto *mosquitto_client(const char *client_id)
{
	return stub.known && strcmp(stub.known->id, client_id) == 0 ? stub.known : NULL;
}

int mosquitto_plugin_set_info(mosquitto_plugin_id_t *identifier, const char *name, const char *version)
{
	(void)identifier;
	(void)name;
	(void)version;
	return MOSQ_ERR_SUCCESS;
}

int mosquitto_callback_register(mosquitto_plugin_id_t *identifier, int event, MOSQ_FUNC_generic_callback callback,
	const void *event_data, void *userdata)
{
	(void)identifier;
	(void)event_data;
	for (int i = 0; i < CALLBACKS_MAX; i++)
		if (!stub.callbacks[i].callback) {
			stub.callbacks[i].event = event;
			stub.callbacks[i].callback = callback;
			stub.callbacks[i].data = userdata;
			return MOSQ_ERR_SUCCESS;
		}
	return MOSQ_ERR_NOMEM;
}

int mosquitto_callback_unregister(
	mosquitto_plugin_id_t *identifier, int event, MOSQ_FUNC_generic_callback callback, const void *event_data)
{
	(void)identifier;
	(void)event_data;
	for (int i = 0; i < CALLBACKS_MAX; i++)
		if (stub.callbacks[i].event == event && stub.callbacks[i].callback == callback)
			stub.callbacks[i].callback = NULL;
	return MOSQ_ERR_SUCCESS;
}

void mosquitto_log_printf(int level, const char *format, ...)
{
	va_list arguments;

	(void)level;
	va_start(arguments, format);
	stub.logged += (size_t)vsnprintf(stub.log + stub.logged, LOG_SIZE - stub.logged, format, arguments);
	va_end(arguments);
	if (stub.logged > LOG_SIZE / 2)
		stub.logged = 0;
}

int mosquitto_broker_publish_copy(const char *client_id, const char *topic, int length, const void *payload, int qos,
	bool retain, mosquitto_property *properties)
{
	(void)client_id;
	(void)topic;
	(void)length;
	(void)payload;
	(void)qos;
	(void)retain;
	(void)properties;
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
	return client->address;
}

void *mosquitto_client_certificate(const struct mosquitto *client)
{
	(void)client;
	return NULL;
}

int mosquitto_client_protocol(const struct mosquitto *client)
{
	(void)client;
	return mp_mqtt;
}

int mosquitto_client_protocol_version(const struct mosquitto *client)
{
	(void)client;
	return 5;
}

int mosquitto_client_sub_count(const struct mosquitto *client)
{
	(void)client;
	return 0;
}

bool mosquitto_client_clean_session(const struct mosquitto *client)
{
	(void)client;
	return true;
}

int mosquitto_set_username(struct mosquitto *client, const char *username)
{
	client->username = username;
	return MOSQ_ERR_SUCCESS;
}

int mosquitto_kick_client_by_clientid(const char *client_id, bool with_will)
{
	(void)with_will;
	stub.kicks += mosquitto_client(client_id) != NULL;
	return MOSQ_ERR_SUCCESS;
}
