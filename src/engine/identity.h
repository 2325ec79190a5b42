/* The inside of an identity, shared by the two steps of connecting. */
#ifndef SQLAUTH_IDENTITY_H
#define SQLAUTH_IDENTITY_H

#include "sqlauth/engine.h"

struct recall_client;

struct sqlauth_identity {
	struct sqlauth_client client; /* all zero for unknown and anonymous connections */
	struct recall_client
		*recalled;       /* whose row `client` is, from memory or for it; NULL: it is the identity's own */
	struct sqlauth_acl *acl; /* from memory, like the client; NULL: to be read */
	struct sqlauth_engine *engine; /* while it is the one that engine->reading means */
	char *mqtt_id;
	char *fingerprint; /* of the certificate presented; NULL: none */
	char *matched;     /* the certificate's name that is a row of this client's; NULL: none was needed */
	enum sqlauth_match_by matched_by;
	const char *hash;           /* to verify the password against: client.password, the decoy, or NULL */
	enum sqlauth_reason reason; /* what is known against it so far */
	bool anonymous;
	bool memorable; /* of a kind that is remembered for its next connect */
};

/* Reads who this connection is, between sqlauth_store_begin and end, and judges all but the password. A client that is
 * there already, from memory, is not read again. On SQLAUTH_OK identity->reason tells (UNKNOWN_CLIENT and ANONYMOUS:
 * nobody of ours). decoy: the hash for whom no hash exists; borrowed for the identity's life. */
enum sqlauth_error identity_read(struct sqlauth_identity *identity, struct sqlauth_store *store,
	const struct sqlauth_clock *clock, const char *decoy, const struct sqlauth_connect *connect)
	__attribute__((warn_unused_result));

/* What speaks against this client now, apart from its password and certificates. */
enum sqlauth_reason identity_judge_client(
	const struct sqlauth_client *client, const char *mqtt_id, const struct sqlauth_clock *clock);

#endif
