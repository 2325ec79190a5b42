/* From a session to the client whose it is now (session_owner.h). */
#include "sqlauth/session_owner.h"

#include <string.h>

static enum sqlauth_error name_by_username(struct sqlauth_store *store, const char *username, char **name_r)
{
	struct sqlauth_client client = {0};
	enum sqlauth_error error = sqlauth_store_client_by_username(store, username, &client);

	if (!error) {
		*name_r = client.name;
		client.name = NULL;
	}
	sqlauth_client_clear(&client);
	return error;
}

enum sqlauth_error sqlauth_session_owner(
	struct sqlauth_store *store, const struct sqlauth_session *session, char **name_r)
{
	enum sqlauth_match_by kind;
	const char *certificate = sqlauth_session_certificate(session, &kind);
	const char *client = sqlauth_session_client(session), *username = sqlauth_session_username(session);
	enum sqlauth_error error = SQLAUTH_ERROR_NOT_FOUND;

	if (!client)
		return SQLAUTH_ERROR_NOT_FOUND;
	if (certificate)
		error = sqlauth_store_certificate_owner(store, kind, certificate, name_r);
	else if (username)
		error = name_by_username(store, username, name_r);
	if (error != SQLAUTH_ERROR_NOT_FOUND)
		return error;
	*name_r = strdup(client);
	return *name_r ? SQLAUTH_OK : SQLAUTH_ERROR_MEMORY;
}
