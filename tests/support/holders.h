/* Who holds an MQTT client id, asked as the plugin asks at a CONNECT. */
#ifndef SQLAUTH_TEST_HOLDERS_H
#define SQLAUTH_TEST_HOLDERS_H

#include <stdbool.h>

#include "sqlauth/session.h"

/* Whether a session of another connection than `handle` has the id that is not `client`'s, of that kind. */
bool is_held_by_another(struct sqlauth_sessions *sessions, const char *mqtt_id, const void *handle,
	enum sqlauth_session_kind kind, const char *client);

#endif
