/* The engine: who is this connection, may it come in, which groups has it, which compiled ACL.
 *
 * Connecting has two steps, so that the slow one between them (verifying a password) can run anywhere:
 *
 *   identify   reads the database; says accept, refuse, unknown, or "verify this hash first"
 *   (verify)   sqlauth_password_verify of sqlauth_identity_hash, in whichever thread
 *   admit      reads the database again; refuses if the client changed meanwhile; gives the compiled ACL
 *
 * An unknown or disabled client that presents a password is told apart from a wrong password only in `reason`, after
 * the same work: identify answers VERIFY with a hash (a decoy for the unknown), and admit refuses it whatever came out.
 *
 * Thread rules: engine and identities belong to one thread; another one verifies a copy of the hash. Compiled ACLs are
 * shared by all identities with the same groups.
 */
#ifndef SQLAUTH_ENGINE_H
#define SQLAUTH_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sqlauth/acl.h"
#include "sqlauth/certificate.h"
#include "sqlauth/clock.h"
#include "sqlauth/error.h"
#include "sqlauth/password.h"
#include "sqlauth/store.h"
#include "sqlauth/text.h"

/* Why a connection was accepted or refused. sqlauth_reason_word gives the word of log lines. */
enum sqlauth_reason {
	SQLAUTH_REASON_ACCEPTED = 0,
	SQLAUTH_REASON_UNKNOWN_CLIENT,        /* unknown_client: no such username, no such certificate */
	SQLAUTH_REASON_WRONG_PASSWORD,        /* wrong_password */
	SQLAUTH_REASON_NO_PASSWORD,           /* no_password: a credentials client that sent none */
	SQLAUTH_REASON_UNUSABLE_HASH,         /* unusable_hash: malformed, unknown or too expensive */
	SQLAUTH_REASON_DISABLED,              /* disabled */
	SQLAUTH_REASON_DISCONNECTED,          /* disconnect_before: lies in the future */
	SQLAUTH_REASON_MQTT_ID,               /* mqtt_id: not one that this client may use */
	SQLAUTH_REASON_NO_CERTIFICATE,        /* no_certificate: wanted, none presented */
	SQLAUTH_REASON_CERTIFICATE_MISMATCH,  /* certificate_mismatch: not one of this client's */
	SQLAUTH_REASON_CERTIFICATE_AMBIGUOUS, /* certificate_ambiguous: two clients have it */
	SQLAUTH_REASON_ANONYMOUS,             /* anonymous: no anonymous rule exists */
	SQLAUTH_REASON_MQTT_ID_IN_USE,        /* mqtt_id_in_use: by a different client that is connected */
	SQLAUTH_REASON_CHANGED,               /* changed: the client was edited while its password was verified */
	SQLAUTH_REASON_UNAVAILABLE,           /* unavailable: the database or memory */
	SQLAUTH_REASON_RATIONED,              /* rationed: too many failures from this address */
	SQLAUTH_REASON_BUSY,                  /* busy: too many verifications wait, or verify_share is used up */
	SQLAUTH_REASON_NO_USERNAME,           /* no_username: the certificate's client has one, and none was given */
	SQLAUTH_REASONS
};

const char *sqlauth_reason_word(enum sqlauth_reason reason);

enum sqlauth_outcome {
	SQLAUTH_OUTCOME_REFUSED = 0, /* reason says why */
	SQLAUTH_OUTCOME_ACCEPT,      /* no password is needed: go on to admit */
	SQLAUTH_OUTCOME_VERIFY,      /* verify the password against sqlauth_identity_hash, then admit */
	SQLAUTH_OUTCOME_UNKNOWN,     /* not ours, and the engine defers unknown clients: another plugin may know it */
	SQLAUTH_OUTCOME_UNAVAILABLE, /* the database cannot answer now; no verdict */
	SQLAUTH_OUTCOME_FAILED,      /* the database can, but not for this client: it has too many permissions, or its
					password could not be verified for want of memory; no verdict */
};

struct sqlauth_engine_options {
	const char *database;              /* path; copied */
	bool defer_unknown;                /* plugin_opt_unknown_clients defer */
	const struct sqlauth_clock *clock; /* borrowed for the engine's life */
};

struct sqlauth_engine;

/* What a connection presents. Borrowed for the call. */
struct sqlauth_connect {
	const char *mqtt_id;                           /* MQTT client identifier */
	const char *username;                          /* NULL: none given */
	bool has_password;                             /* a password was given, be it empty */
	const struct sqlauth_certificate *certificate; /* NULL: none presented, or no TLS */
	bool admit_follows; /* at once, but for sqlauth_engine_let_go: identify and admit share one snapshot */
};

struct sqlauth_identity;

/* Opens the database. *why explains a failure. */
enum sqlauth_error sqlauth_engine_new(const struct sqlauth_engine_options *options, struct sqlauth_engine **engine_r,
	struct sqlauth_text *why) __attribute__((warn_unused_result));
void sqlauth_engine_free(struct sqlauth_engine *engine);

/* Step one. The identity is made for every outcome but UNAVAILABLE and UNKNOWN and is the caller's
 * (sqlauth_identity_free). *why says, for UNAVAILABLE, what is wrong with the database. A few indexed lookups; with
 * admit_follows, one look whether anything changed where the client connected before. */
enum sqlauth_outcome sqlauth_engine_identify(struct sqlauth_engine *engine, const struct sqlauth_connect *connect,
	struct sqlauth_identity **identity_r, struct sqlauth_text *why) __attribute__((warn_unused_result));

/* Ends the snapshot that an identify with admit_follows left open, before anything that takes time: admit will read the
 * client again. Every other function that takes an engine or frees the identity does so too. */
void sqlauth_engine_let_go(struct sqlauth_engine *engine);

/* Step two. verified: what sqlauth_password_verify said (SQLAUTH_OK where no password was asked for). ACCEPT and the
 * ACL in *acl_r (one reference, the caller's), REFUSED (sqlauth_identity_reason), or UNAVAILABLE or FAILED (reason
 * UNAVAILABLE both, and *why). */
enum sqlauth_outcome sqlauth_engine_admit(struct sqlauth_engine *engine, struct sqlauth_identity *identity,
	enum sqlauth_error verified, struct sqlauth_acl **acl_r, struct sqlauth_text *why)
	__attribute__((warn_unused_result));

/* The ACL that the client with this broker-visible username (NULL: anonymous) would have now: for questions about
 * somebody whom nobody remembers. Not a connect: no password, no certificate, and so no groups by certificate
 * fingerprint. A client that is disabled or gone: REFUSED (UNKNOWN where unknown clients are deferred). What was
 * answered before is answered from memory while nothing changes in the database. */
enum sqlauth_outcome sqlauth_engine_recall(struct sqlauth_engine *engine, const char *mqtt_id, const char *username,
	struct sqlauth_acl **acl_r, struct sqlauth_text *why) __attribute__((warn_unused_result));

/* The groups that the identity was admitted with, and the rules that gave them: for the tool's explanations. */
enum sqlauth_error sqlauth_engine_visit_rules(struct sqlauth_engine *engine, const struct sqlauth_identity *identity,
	sqlauth_rule_visitor *visit, void *context) __attribute__((warn_unused_result));

/* From now on unknown usernames are verified against a decoy that asks for the same work as this hash: one that was
 * computed for a client. Before the first one, against one in our default form. */
void sqlauth_engine_imitate(struct sqlauth_engine *engine, const char *hash);

void sqlauth_identity_free(struct sqlauth_identity *identity);
enum sqlauth_reason sqlauth_identity_reason(const struct sqlauth_identity *identity);
/* Encoded hash to verify against; NULL where no password is asked for. Borrowed; a decoy changes with
 * sqlauth_engine_imitate. */
const char *sqlauth_identity_hash(const struct sqlauth_identity *identity);
/* Whether that hash is a decoy and not the client's own. */
bool sqlauth_identity_has_decoy(const struct sqlauth_identity *identity);
/* clients.name; NULL for unknown and anonymous ones. Borrowed. */
const char *sqlauth_identity_client(const struct sqlauth_identity *identity);
/* The certificate's name by which a client without a username was found, and its kind in *kind_r; NULL: none, or not
 * needed to name it. Borrowed. */
const char *sqlauth_identity_certificate(const struct sqlauth_identity *identity, enum sqlauth_match_by *kind_r);
/* What the broker should show as username: clients.username, or the name where it has none; NULL for anonymous.
 * Borrowed. */
const char *sqlauth_identity_username(const struct sqlauth_identity *identity);

/* The store, for what is not about connecting (disconnect_before, data_version). Borrowed. */
struct sqlauth_store *sqlauth_engine_store(struct sqlauth_engine *engine);

/* Compiled ACLs alive in the cache: for metrics. */
size_t sqlauth_engine_acl_count(const struct sqlauth_engine *engine);

#endif
