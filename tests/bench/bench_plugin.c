/* The plugin as it is shipped, in a broker of a few lines (stub_broker.c): what an event costs, and what it keeps.
 *
 * bench_plugin PLUGIN DATABASE MODE ROUNDS, with a database that tests/bench/make_database.py made. Modes:
 *
 *   allowed, denied   ACL_CHECK of a publish by one connected client
 *   receive           ACL_CHECK of a delivery, 1,000 connected clients in turn
 *   connect           BASIC_AUTH with a remembered password, and the end of the connection; 100 clients in turn
 *   return            the same, 10,000 clients in turn: more than the plugin remembers the rows of
 *   memory            bytes per connected client
 *
 * One object of JSON. callgrind counts the instructions of `measured` (tests/bench/run does).
 */
#include <dlfcn.h>
#include <malloc.h>
#include <mosquitto.h>
#include <mosquitto_broker.h>
#include <mosquitto_plugin.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "stub_broker.h"

#define CLIENTS_MAX 10000
#define PASSWORD    "secret"
#define ATTEMPTS    100000

static struct mosquitto clients[CLIENTS_MAX];
static char topics[CLIENTS_MAX][64];

static double now_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static _Noreturn void fail(const char *what)
{
	(void)fprintf(stderr, "bench_plugin: %s\n", what);
	exit(1);
}

static void *load(const char *path, const char *database)
{
	static char name[] = "database", log_name[] = "log_denied", log_value[] = "summary";
	struct mosquitto_opt given[] = {{name, strdup(database)}, {log_name, log_value}};
	void *plugin = dlopen(path, RTLD_NOW | RTLD_LOCAL), *data = NULL;
	int (*init)(mosquitto_plugin_id_t *, void **, struct mosquitto_opt *, int);

	if (!plugin)
		fail(dlerror());
	*(void **)&init = dlsym(plugin, "mosquitto_plugin_init");
	if (!init || init(NULL, &data, given, 2) != MOSQ_ERR_SUCCESS)
		fail("the plugin does not start");
	free(given[0].value);
	return plugin;
}

static int connect_client(struct mosquitto *client)
{
	static char password[] = PASSWORD;
	struct mosquitto_evt_basic_auth event = {.client = client, .username = client->username, .password = password};

	return stub_raise(MOSQ_EVT_BASIC_AUTH, &event);
}

static void disconnect_client(struct mosquitto *client)
{
	struct mosquitto_evt_disconnect event = {.client = client};

	(void)stub_raise(MOSQ_EVT_DISCONNECT, &event);
}

/* Until the password is remembered; hashing may have to wait for its share of the time. */
static void must_connect(struct mosquitto *client)
{
	for (int i = 0; i < ATTEMPTS; i++)
		if (connect_client(client) == MOSQ_ERR_SUCCESS)
			return;
	fail("a client may not connect");
}

static void make_clients(size_t count)
{
	for (size_t i = 0; i < count; i++) {
		(void)snprintf(clients[i].id, STUB_NAME_SIZE, "dev-%zu", i);
		(void)snprintf(clients[i].username, STUB_NAME_SIZE, "user-%zu", i);
		(void)snprintf(topics[i], sizeof topics[i], "devices/user-%zu/data", i);
		must_connect(&clients[i]);
	}
}

struct run {
	int access;
	size_t clients, denied;
	const char *topic;
	bool connects;
};

__attribute__((noinline)) void measured(struct run *run, size_t rounds);
__attribute__((noinline)) void measured(struct run *run, size_t rounds)
{
	for (size_t i = 0; i < rounds; i++) {
		size_t which = i % run->clients;
		if (run->connects) {
			run->denied += connect_client(&clients[which]) != MOSQ_ERR_SUCCESS;
			disconnect_client(&clients[which]);
		} else {
			struct mosquitto_evt_acl_check question = {.client = &clients[which],
				.topic = run->topic ? run->topic : topics[which],
				.access = run->access};
			run->denied += stub_raise(MOSQ_EVT_ACL_CHECK, &question) != MOSQ_ERR_SUCCESS;
		}
	}
}

static const struct {
	const char *name;
	struct run run;
} modes[] = {
	{"allowed", {.access = MOSQ_ACL_WRITE, .clients = 1}},
	{"denied", {.access = MOSQ_ACL_WRITE, .clients = 1, .topic = "devices/nobody/data"}},
	{"receive", {.access = MOSQ_ACL_READ, .clients = 1000}},
	{"connect", {.clients = 100, .connects = true}},
	{"return", {.clients = CLIENTS_MAX, .connects = true}},
	{"memory", {.clients = CLIENTS_MAX}},
};

int main(int argc, char **argv)
{
	struct run run = {.clients = 0};
	struct mallinfo2 before;
	size_t rounds;
	double started;

	for (size_t i = 0; argc == 5 && i < sizeof modes / sizeof modes[0]; i++)
		if (strcmp(modes[i].name, argv[3]) == 0)
			run = modes[i].run;
	if (run.clients == 0)
		fail("usage: bench_plugin PLUGIN DATABASE MODE ROUNDS");
	(void)load(argv[1], argv[2]);
	rounds = strtoul(argv[4], NULL, 10);
	make_clients(1);
	before = mallinfo2();
	make_clients(run.clients);
	if (strcmp(argv[3], "memory") == 0) {
		printf("{\"mode\": \"memory\", \"bytes_per_client\": %.0f}\n",
			(double)(mallinfo2().uordblks - before.uordblks) / (double)(run.clients - 1));
		return 0;
	}
	started = now_ns();
	measured(&run, rounds);
	printf("{\"mode\": \"%s\", \"ns\": %.1f, \"denied\": %zu}\n", argv[3], (now_ns() - started) / (double)rounds,
		run.denied);
	return 0;
}
