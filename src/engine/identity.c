/* Who is this connection: the connect rules up to the password, line by line (docs/architecture.md, "Connect").
 *
 * Reads clients and certificates; knows nothing of groups, permissions or sessions.
 */
#include "identity.h"

#include <stdlib.h>
#include <string.h>

#include "sqlauth/mqtt_id.h"

static bool is_ours(const struct sqlauth_identity *identity)
{
	return identity->client.name != NULL;
}

const char *sqlauth_identity_username(const struct sqlauth_identity *identity)
{
	return identity->client.username ? identity->client.username : identity->client.name;
}

bool sqlauth_identity_has_decoy(const struct sqlauth_identity *identity)
{
	return identity->hash && identity->hash != identity->client.password;
}

const char *sqlauth_identity_certificate(const struct sqlauth_identity *identity, enum sqlauth_match_by *kind_r)
{
	*kind_r = identity->matched_by;
	return identity->client.username ? NULL : identity->matched;
}

enum sqlauth_reason identity_judge_client(
	const struct sqlauth_client *client, const char *mqtt_id, const struct sqlauth_clock *clock)
{
	const char *visible = client->username ? client->username : client->name;

	if (!client->enabled)
		return SQLAUTH_REASON_DISABLED;
	if (clock->unix_seconds(clock->context) <= client->disconnect_before)
		return SQLAUTH_REASON_DISCONNECTED;
	if (client->mqtt_id && !sqlauth_mqtt_id_matches(client->mqtt_id, visible, mqtt_id))
		return SQLAUTH_REASON_MQTT_ID;
	return SQLAUTH_REASON_ACCEPTED;
}

/* Finds and notes the name of the certificate that is a row of this client's; NOT_FOUND. */
static enum sqlauth_error match_certificate(
	struct sqlauth_identity *identity, struct sqlauth_store *store, const struct sqlauth_certificate *certificate)
{
	for (int kind = 0; kind < SQLAUTH_MATCH_KINDS; kind++) {
		size_t count = sqlauth_certificate_count(certificate, (enum sqlauth_match_by)kind);
		for (size_t i = 0; i < count; i++) {
			const char *name = sqlauth_certificate_name(certificate, (enum sqlauth_match_by)kind, i);
			enum sqlauth_error error = sqlauth_store_client_has_certificate(
				store, identity->client.name, (enum sqlauth_match_by)kind, name);
			if (error == SQLAUTH_ERROR_NOT_FOUND)
				continue;
			if (error)
				return error;
			identity->matched_by = (enum sqlauth_match_by)kind;
			identity->matched = strdup(name);
			return identity->matched ? SQLAUTH_OK : SQLAUTH_ERROR_MEMORY;
		}
	}
	return SQLAUTH_ERROR_NOT_FOUND;
}

/* A client that has certificate rows, or that authenticates by certificate, must present one of them. */
static enum sqlauth_error judge_certificate(
	struct sqlauth_identity *identity, struct sqlauth_store *store, const struct sqlauth_certificate *certificate)
{
	enum sqlauth_error error;

	if (identity->client.authentication == SQLAUTH_CREDENTIALS && !identity->client.has_certificates)
		return SQLAUTH_OK;
	if (!certificate) {
		identity->reason = SQLAUTH_REASON_NO_CERTIFICATE;
		return SQLAUTH_OK;
	}
	error = match_certificate(identity, store, certificate);
	if (error == SQLAUTH_ERROR_NOT_FOUND) {
		identity->reason = SQLAUTH_REASON_CERTIFICATE_MISMATCH;
		return SQLAUTH_OK;
	}
	return error;
}

static enum sqlauth_error judge(struct sqlauth_identity *identity, struct sqlauth_store *store,
	const struct sqlauth_clock *clock, const struct sqlauth_connect *connect)
{
	identity->reason = identity_judge_client(&identity->client, connect->mqtt_id, clock);
	if (identity->reason != SQLAUTH_REASON_ACCEPTED)
		return SQLAUTH_OK;
	if (identity->client.authentication == SQLAUTH_CREDENTIALS && !connect->has_password) {
		identity->reason = SQLAUTH_REASON_NO_PASSWORD;
		return SQLAUTH_OK;
	}
	return judge_certificate(identity, store, connect->certificate);
}

/* The one client that has a name of this kind. NOT_FOUND; MISMATCH where two different clients have one. */
static enum sqlauth_error name_by_kind(struct sqlauth_store *store, const struct sqlauth_certificate *certificate,
	enum sqlauth_match_by kind, char **name_r)
{
	size_t count = sqlauth_certificate_count(certificate, kind);
	enum sqlauth_error error = SQLAUTH_ERROR_NOT_FOUND;
	char *found = NULL, *name = NULL;

	for (size_t i = 0; i < count; i++) {
		error = sqlauth_store_client_name_by_certificate(
			store, kind, sqlauth_certificate_name(certificate, kind, i), &name);
		if (error == SQLAUTH_ERROR_NOT_FOUND)
			continue;
		if (!error && found && strcmp(found, name) != 0)
			error = SQLAUTH_ERROR_MISMATCH;
		if (error)
			goto out;
		free(found);
		found = name;
		name = NULL;
	}
	error = found ? SQLAUTH_OK : SQLAUTH_ERROR_NOT_FOUND;
	if (found) {
		*name_r = found;
		found = NULL;
	}
out:
	free(found);
	free(name);
	return error;
}

static enum sqlauth_error find_by_certificate(
	struct sqlauth_identity *identity, struct sqlauth_store *store, const struct sqlauth_certificate *certificate)
{
	enum sqlauth_error error = SQLAUTH_ERROR_NOT_FOUND;
	char *name = NULL;

	for (int kind = 0; certificate && kind < SQLAUTH_MATCH_KINDS && error == SQLAUTH_ERROR_NOT_FOUND; kind++)
		error = name_by_kind(store, certificate, (enum sqlauth_match_by)kind, &name);
	if (!error)
		error = sqlauth_store_client_by_name(store, name, &identity->client);
	free(name);
	return error;
}

/* OK where any client has a row for a name of this certificate. */
static enum sqlauth_error is_known(struct sqlauth_store *store, const struct sqlauth_certificate *certificate)
{
	enum sqlauth_error error = SQLAUTH_ERROR_NOT_FOUND;

	for (int kind = 0; kind < SQLAUTH_MATCH_KINDS; kind++) {
		size_t count = sqlauth_certificate_count(certificate, (enum sqlauth_match_by)kind);
		for (size_t i = 0; i < count && error == SQLAUTH_ERROR_NOT_FOUND; i++) {
			char *owner = NULL;
			error = sqlauth_store_certificate_owner(store, (enum sqlauth_match_by)kind,
				sqlauth_certificate_name(certificate, (enum sqlauth_match_by)kind, i), &owner);
			free(owner);
		}
	}
	return error;
}

/* Nobody is anonymous with a certificate that is a client's. */
static enum sqlauth_error judge_anonymous(
	struct sqlauth_identity *identity, struct sqlauth_store *store, const struct sqlauth_certificate *certificate)
{
	enum sqlauth_error error = sqlauth_store_has_anonymous_rule(store);

	identity->reason = SQLAUTH_REASON_ANONYMOUS;
	if (error)
		return error == SQLAUTH_ERROR_NOT_FOUND ? SQLAUTH_OK : error;
	error = certificate ? is_known(store, certificate) : SQLAUTH_ERROR_NOT_FOUND;
	if (error && error != SQLAUTH_ERROR_NOT_FOUND)
		return error;
	identity->anonymous = error == SQLAUTH_ERROR_NOT_FOUND;
	identity->reason = identity->anonymous ? SQLAUTH_REASON_ACCEPTED : SQLAUTH_REASON_NO_USERNAME;
	return SQLAUTH_OK;
}

static enum sqlauth_error judge_stranger(
	struct sqlauth_identity *identity, struct sqlauth_store *store, const struct sqlauth_connect *connect)
{
	if (!connect->username)
		return judge_anonymous(identity, store, connect->certificate);
	identity->reason = SQLAUTH_REASON_UNKNOWN_CLIENT;
	return SQLAUTH_OK;
}

enum sqlauth_error identity_read(struct sqlauth_identity *identity, struct sqlauth_store *store,
	const struct sqlauth_clock *clock, const char *decoy, const struct sqlauth_connect *connect)
{
	enum sqlauth_error error = is_ours(identity) ? SQLAUTH_OK : SQLAUTH_ERROR_NOT_FOUND;

	if (error && connect->username)
		error = sqlauth_store_client_by_username(store, connect->username, &identity->client);
	if (error == SQLAUTH_ERROR_NOT_FOUND)
		error = find_by_certificate(identity, store, connect->certificate);
	if (error == SQLAUTH_ERROR_MISMATCH) {
		identity->reason = SQLAUTH_REASON_CERTIFICATE_AMBIGUOUS;
		error = SQLAUTH_OK;
	} else if (error == SQLAUTH_ERROR_NOT_FOUND) {
		error = judge_stranger(identity, store, connect);
	} else if (!error) {
		error = judge(identity, store, clock, connect);
	}
	if (error || !connect->has_password)
		return error;
	/* Whoever sends a password waits for a verification, unless it is let in without: silence tells nothing. */
	if (is_ours(identity) && identity->client.authentication == SQLAUTH_CREDENTIALS)
		identity->hash = identity->client.password;
	else if (identity->reason != SQLAUTH_REASON_ACCEPTED)
		identity->hash = decoy;
	return SQLAUTH_OK;
}
