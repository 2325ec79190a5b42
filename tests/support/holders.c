#include "holders.h"

#include <stddef.h>

bool is_held_by_another(struct sqlauth_sessions *sessions, const char *mqtt_id, const void *handle,
	enum sqlauth_session_kind kind, const char *client)
{
	const struct sqlauth_session *holder = NULL;
	while ((holder = sqlauth_sessions_next_holder(sessions, mqtt_id, handle, holder)))
		if (!sqlauth_session_is_of(holder, kind, client))
			return true;
	return false;
}
