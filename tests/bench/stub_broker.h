/* A broker in this process for the plugin to run in (stub_broker.c). */
#ifndef STUB_BROKER_H
#define STUB_BROKER_H

#define STUB_NAME_SIZE 32

struct mosquitto {
	char id[STUB_NAME_SIZE], username[STUB_NAME_SIZE];
};

/* Calls what the plugin registered for the event. */
int stub_raise(int event, void *data);

#endif
