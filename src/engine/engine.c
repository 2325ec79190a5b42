/* The engine: the two steps of connecting, and recalling somebody whom nobody remembers. Joins identity, groups and
 * compiled ACLs; knows nothing of the broker.
 */
#include "sqlauth/engine.h"

#include <stdlib.h>
#include <string.h>

#include "acl_cache.h"
#include "identity.h"
#include "recall_cache.h"
#include "sqlauth/secret.h"

struct sqlauth_engine {
	struct sqlauth_store *store;
	struct sqlauth_identity *reading; /* whose snapshot is open, or that memory just gave; NULL: none */
	const struct sqlauth_clock *clock;
	struct acl_cache acls;
	struct recall_cache recalled, connects;
	bool mqtt_ids_matter; /* for groups, in the version of connects */
	bool defer_unknown;
	char decoy[SQLAUTH_HASH_SIZE]; /* what unknown usernames are verified against */
};

/* The words of log lines; append only, they are API. */
static const char *const reason_words[SQLAUTH_REASONS] = {
	[SQLAUTH_REASON_ACCEPTED] = "accepted",
	[SQLAUTH_REASON_UNKNOWN_CLIENT] = "unknown_client",
	[SQLAUTH_REASON_WRONG_PASSWORD] = "wrong_password",
	[SQLAUTH_REASON_NO_PASSWORD] = "no_password",
	[SQLAUTH_REASON_UNUSABLE_HASH] = "unusable_hash",
	[SQLAUTH_REASON_DISABLED] = "disabled",
	[SQLAUTH_REASON_DISCONNECTED] = "disconnect_before",
	[SQLAUTH_REASON_MQTT_ID] = "mqtt_id",
	[SQLAUTH_REASON_NO_CERTIFICATE] = "no_certificate",
	[SQLAUTH_REASON_CERTIFICATE_MISMATCH] = "certificate_mismatch",
	[SQLAUTH_REASON_CERTIFICATE_AMBIGUOUS] = "certificate_ambiguous",
	[SQLAUTH_REASON_ANONYMOUS] = "anonymous",
	[SQLAUTH_REASON_MQTT_ID_IN_USE] = "mqtt_id_in_use",
	[SQLAUTH_REASON_CHANGED] = "changed",
	[SQLAUTH_REASON_UNAVAILABLE] = "unavailable",
	[SQLAUTH_REASON_RATIONED] = "rationed",
	[SQLAUTH_REASON_BUSY] = "busy",
	[SQLAUTH_REASON_NO_USERNAME] = "no_username",
};

const char *sqlauth_reason_word(enum sqlauth_reason reason)
{
	return (unsigned)reason < SQLAUTH_REASONS ? reason_words[reason] : "unknown";
}

enum sqlauth_error sqlauth_engine_new(
	const struct sqlauth_engine_options *options, struct sqlauth_engine **engine_r, struct sqlauth_text *why)
{
	struct sqlauth_engine *engine = calloc(1, sizeof *engine);
	enum sqlauth_error error;

	if (!engine)
		return SQLAUTH_ERROR_MEMORY;
	error = recall_cache_init(&engine->recalled, RECALL_CACHE_MAX);
	if (!error)
		error = recall_cache_init(&engine->connects, RECALL_CONNECTS_MAX);
	if (!error)
		error = sqlauth_store_open(options->database, &engine->store, why);
	if (error) {
		recall_cache_fini(&engine->connects);
		recall_cache_fini(&engine->recalled);
		free(engine);
		return error;
	}
	engine->clock = options->clock;
	engine->defer_unknown = options->defer_unknown;
	memcpy(engine->decoy, sqlauth_password_decoy(), strlen(sqlauth_password_decoy()) + 1);
	acl_cache_init(&engine->acls);
	*engine_r = engine;
	return SQLAUTH_OK;
}

void sqlauth_engine_free(struct sqlauth_engine *engine)
{
	if (!engine)
		return;
	sqlauth_engine_let_go(engine);
	recall_cache_fini(&engine->connects);
	recall_cache_fini(&engine->recalled);
	acl_cache_clear(&engine->acls);
	sqlauth_store_close(engine->store);
	free(engine);
}

void sqlauth_engine_imitate(struct sqlauth_engine *engine, const char *hash)
{
	if (!sqlauth_password_same_work(engine->decoy, hash))
		sqlauth_password_decoy_like(hash, engine->decoy);
}

struct sqlauth_store *sqlauth_engine_store(struct sqlauth_engine *engine)
{
	sqlauth_engine_let_go(engine);
	return engine->store;
}

/* ---- snapshots ---- */

/* What an identity was read from is as it was while the engine is `reading` it: in an open snapshot, or from memory a
 * moment ago. */
static enum sqlauth_error begin_reading(struct sqlauth_engine *engine, struct sqlauth_text *why)
{
	sqlauth_engine_let_go(engine);
	return sqlauth_store_begin(engine->store, why);
}

static void keep_reading(struct sqlauth_engine *engine, struct sqlauth_identity *identity)
{
	engine->reading = identity;
	identity->engine = engine;
}

void sqlauth_engine_let_go(struct sqlauth_engine *engine)
{
	if (!engine->reading)
		return;
	engine->reading->engine = NULL;
	engine->reading = NULL;
	sqlauth_store_end(engine->store);
}

size_t sqlauth_engine_acl_count(const struct sqlauth_engine *engine)
{
	return acl_cache_count(&engine->acls);
}

/* ---- identities ---- */

void sqlauth_identity_free(struct sqlauth_identity *identity)
{
	if (!identity)
		return;
	if (identity->engine)
		sqlauth_engine_let_go(identity->engine);
	if (identity->recalled)
		recall_client_unref(identity->recalled);
	else
		sqlauth_client_clear(&identity->client);
	sqlauth_acl_unref(identity->acl);
	free(identity->mqtt_id);
	free(identity->fingerprint);
	free(identity->matched);
	free(identity);
}

enum sqlauth_reason sqlauth_identity_reason(const struct sqlauth_identity *identity)
{
	return identity->reason;
}

const char *sqlauth_identity_hash(const struct sqlauth_identity *identity)
{
	return identity->hash;
}

const char *sqlauth_identity_client(const struct sqlauth_identity *identity)
{
	return identity->client.name;
}

static struct sqlauth_identity *identity_new(const struct sqlauth_connect *connect)
{
	struct sqlauth_identity *identity = calloc(1, sizeof *identity);

	if (!identity)
		return NULL;
	identity->mqtt_id = strdup(connect->mqtt_id);
	if (connect->certificate)
		identity->fingerprint = strdup(sqlauth_certificate_fingerprint(connect->certificate));
	if (!identity->mqtt_id || (connect->certificate && !identity->fingerprint)) {
		sqlauth_identity_free(identity);
		return NULL;
	}
	return identity;
}

/* ---- clients that connect again, while the database says the same ----
 *
 * Only those that a username names and no certificate: there all that a connect reads is the client's row and its ACL.
 * What is judged by them, by password and by time is judged anew. */

/* Where no rule is about MQTT client ids, a client is the same under each of them. */
static const char *id_that_matters(const struct sqlauth_engine *engine, const char *mqtt_id)
{
	return engine->mqtt_ids_matter ? mqtt_id : "";
}

/* Outside of any snapshot. The version is read before what is remembered under it: whatever changes in between makes
 * that a stale one. */
static void recall_connect(
	struct sqlauth_engine *engine, const struct sqlauth_connect *connect, struct sqlauth_identity *identity)
{
	const struct recall_answer *answer;
	uint64_t version;

	if (!connect->username || connect->certificate || !connect->admit_follows ||
		sqlauth_store_data_version(engine->store, &version) != SQLAUTH_OK)
		return;
	identity->memorable = true;
	answer = recall_cache_find(
		&engine->connects, version, 0, id_that_matters(engine, connect->mqtt_id), connect->username);
	if (!answer)
		return;
	identity->recalled = recall_client_ref(answer->client);
	identity->client = answer->client->row;
	identity->acl = sqlauth_acl_ref(answer->acl);
}

/* The first one of a version also learns what counts in it. */
static void remember_connect(struct sqlauth_engine *engine, struct sqlauth_identity *identity, struct sqlauth_acl *acl)
{
	struct recall_answer answer = {.outcome = SQLAUTH_OUTCOME_ACCEPT, .acl = acl, .until = INT64_MAX};

	if (!identity->memorable || !identity->client.username)
		return;
	if (engine->connects.index.count == 0)
		engine->mqtt_ids_matter = sqlauth_store_has_mqtt_id_rule(engine->store) != SQLAUTH_ERROR_NOT_FOUND;
	answer.client = recall_client_new(&identity->client);
	if (!answer.client)
		return;
	identity->recalled = answer.client;
	recall_cache_add(
		&engine->connects, id_that_matters(engine, identity->mqtt_id), identity->client.username, &answer);
}

/* ---- step one ---- */

static bool is_deferred(const struct sqlauth_engine *engine, const struct sqlauth_identity *identity)
{
	return engine->defer_unknown &&
	       (identity->reason == SQLAUTH_REASON_UNKNOWN_CLIENT || identity->reason == SQLAUTH_REASON_ANONYMOUS ||
		       identity->reason == SQLAUTH_REASON_NO_USERNAME);
}

enum sqlauth_outcome sqlauth_engine_identify(struct sqlauth_engine *engine, const struct sqlauth_connect *connect,
	struct sqlauth_identity **identity_r, struct sqlauth_text *why)
{
	struct sqlauth_identity *identity = identity_new(connect);
	enum sqlauth_outcome outcome = SQLAUTH_OUTCOME_UNAVAILABLE;
	enum sqlauth_error error = SQLAUTH_ERROR_MEMORY;

	if (identity) {
		sqlauth_engine_let_go(engine);
		recall_connect(engine, connect, identity);
		error = identity->recalled ? SQLAUTH_OK : begin_reading(engine, why);
	}
	if (!error) {
		keep_reading(engine, identity);
		error = identity_read(identity, engine->store, engine->clock, engine->decoy, connect);
	}
	if (error || !connect->admit_follows)
		sqlauth_engine_let_go(engine);
	if (error) {
		if (why && why->length == 0)
			sqlauth_text_set(why, "the client cannot be looked up: %s",
				sqlauth_store_strerror(engine->store, error));
		goto out;
	}
	if (is_deferred(engine, identity)) {
		outcome = SQLAUTH_OUTCOME_UNKNOWN;
		goto out;
	}
	if (identity->hash)
		outcome = SQLAUTH_OUTCOME_VERIFY;
	else
		outcome =
			identity->reason == SQLAUTH_REASON_ACCEPTED ? SQLAUTH_OUTCOME_ACCEPT : SQLAUTH_OUTCOME_REFUSED;
	*identity_r = identity;
	identity = NULL;
out:
	sqlauth_identity_free(identity);
	return outcome;
}

/* ---- step two ---- */

static struct sqlauth_rule_query rules_of(const struct sqlauth_identity *identity)
{
	if (identity->anonymous)
		return (struct sqlauth_rule_query){.mqtt_id = identity->mqtt_id, .anonymous = true};
	return (struct sqlauth_rule_query){
		.client = identity->client.name,
		.mqtt_id = identity->mqtt_id,
		.fingerprint = identity->fingerprint,
		.any = true,
	};
}

static enum sqlauth_error read_acl(struct sqlauth_engine *engine, const struct sqlauth_rule_query *query,
	struct sqlauth_acl **acl_r, struct sqlauth_text *why)
{
	struct sqlauth_groups groups = {0};
	enum sqlauth_error error = sqlauth_store_groups(engine->store, query, &groups);

	if (!error)
		error = acl_cache_get(&engine->acls, engine->store, &groups, acl_r, why);
	sqlauth_groups_clear(&groups);
	return error;
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_client(const struct sqlauth_client *a, const struct sqlauth_client *b)
{
	return same_text(a->name, b->name) && same_text(a->username, b->username) &&
	       same_text(a->password, b->password) && same_text(a->mqtt_id, b->mqtt_id) &&
	       a->authentication == b->authentication && a->enabled == b->enabled &&
	       a->has_certificates == b->has_certificates && a->disconnect_before == b->disconnect_before;
}

/* NOT_FOUND where the client, or the certificate row that spoke for it, is not what it was at identify. */
static enum sqlauth_error confirm_client(struct sqlauth_store *store, const struct sqlauth_identity *identity)
{
	struct sqlauth_client now = {0};
	enum sqlauth_error error = sqlauth_store_client_by_name(store, identity->client.name, &now);

	if (!error && !same_client(&identity->client, &now))
		error = SQLAUTH_ERROR_NOT_FOUND;
	if (!error && identity->matched)
		error = sqlauth_store_client_has_certificate(
			store, identity->client.name, identity->matched_by, identity->matched);
	sqlauth_client_clear(&now);
	return error;
}

/* Refuses what is no longer what it was at identify: time may have passed over its password. */
static enum sqlauth_error confirm_unchanged(struct sqlauth_engine *engine, struct sqlauth_identity *identity)
{
	enum sqlauth_error error = identity->anonymous ? sqlauth_store_has_anonymous_rule(engine->store)
						       : confirm_client(engine->store, identity);

	if (error != SQLAUTH_ERROR_NOT_FOUND)
		return error;
	identity->reason = identity->anonymous ? SQLAUTH_REASON_ANONYMOUS : SQLAUTH_REASON_CHANGED;
	return SQLAUTH_OK;
}

static enum sqlauth_error confirm_and_read_acl(struct sqlauth_engine *engine, struct sqlauth_identity *identity,
	struct sqlauth_acl **acl_r, struct sqlauth_text *why)
{
	struct sqlauth_rule_query query = rules_of(identity);
	bool is_current = engine->reading == identity;
	enum sqlauth_error error = SQLAUTH_OK;

	if (is_current && identity->acl) {
		*acl_r = sqlauth_acl_ref(identity->acl);
		return SQLAUTH_OK;
	}
	if (!is_current) {
		error = begin_reading(engine, why);
		if (error)
			return error;
		keep_reading(engine, identity);
		error = confirm_unchanged(engine, identity);
	}
	if (!error && identity->reason == SQLAUTH_REASON_ACCEPTED)
		error = read_acl(engine, &query, acl_r, why);
	if (!error && *acl_r && is_current)
		remember_connect(engine, identity, *acl_r);
	return error;
}

static enum sqlauth_reason reason_of_verification(enum sqlauth_error verified)
{
	switch (verified) {
	case SQLAUTH_OK:
		return SQLAUTH_REASON_ACCEPTED;
	case SQLAUTH_ERROR_MISMATCH:
		return SQLAUTH_REASON_WRONG_PASSWORD;
	case SQLAUTH_ERROR_INVALID:
	case SQLAUTH_ERROR_LIMIT:
	case SQLAUTH_ERROR_UNSUPPORTED:
		return SQLAUTH_REASON_UNUSABLE_HASH;
	default:
		return SQLAUTH_REASON_UNAVAILABLE;
	}
}

/* Of a read that failed: a limit is the client's own, everything else the database's. */
static enum sqlauth_outcome outcome_of_error(enum sqlauth_error error)
{
	return error == SQLAUTH_ERROR_LIMIT ? SQLAUTH_OUTCOME_FAILED : SQLAUTH_OUTCOME_UNAVAILABLE;
}

enum sqlauth_outcome sqlauth_engine_admit(struct sqlauth_engine *engine, struct sqlauth_identity *identity,
	enum sqlauth_error verified, struct sqlauth_acl **acl_r, struct sqlauth_text *why)
{
	struct sqlauth_acl *acl = NULL;
	enum sqlauth_error error = SQLAUTH_OK;
	bool computed = true;

	if (identity->reason == SQLAUTH_REASON_ACCEPTED) {
		identity->reason = reason_of_verification(verified);
		computed = identity->reason != SQLAUTH_REASON_UNAVAILABLE;
	}
	if (identity->reason == SQLAUTH_REASON_ACCEPTED)
		error = confirm_and_read_acl(engine, identity, &acl, why);
	sqlauth_engine_let_go(engine);
	if (!computed) {
		sqlauth_text_set(why, "its password cannot be verified: %s", sqlauth_strerror(verified));
		return SQLAUTH_OUTCOME_FAILED;
	}
	if (error) {
		if (why && why->length == 0)
			sqlauth_text_set(why, "the client's groups cannot be read: %s",
				sqlauth_store_strerror(engine->store, error));
		identity->reason = SQLAUTH_REASON_UNAVAILABLE;
		return outcome_of_error(error);
	}
	if (identity->reason == SQLAUTH_REASON_UNAVAILABLE)
		return SQLAUTH_OUTCOME_UNAVAILABLE;
	if (identity->reason != SQLAUTH_REASON_ACCEPTED)
		return SQLAUTH_OUTCOME_REFUSED;
	*acl_r = acl;
	return SQLAUTH_OUTCOME_ACCEPT;
}

enum sqlauth_error sqlauth_engine_visit_rules(struct sqlauth_engine *engine, const struct sqlauth_identity *identity,
	sqlauth_rule_visitor *visit, void *context)
{
	struct sqlauth_rule_query query = rules_of(identity);
	enum sqlauth_error error = begin_reading(engine, NULL);

	if (error)
		return error;
	error = sqlauth_store_visit_rules(engine->store, &query, visit, context);
	sqlauth_store_end(engine->store);
	return error;
}

/* ---- somebody whom nobody remembers ---- */

/* OK with the rules to follow in *query_r; NOT_FOUND: nobody of ours; MISMATCH: ours, but may do nothing, at least
 * until *until. */
static enum sqlauth_error recall_client(struct sqlauth_engine *engine, const char *mqtt_id, const char *username,
	struct sqlauth_client *client, struct sqlauth_rule_query *query_r, int64_t *until)
{
	enum sqlauth_reason reason;
	enum sqlauth_error error;

	if (!username) {
		error = sqlauth_store_has_anonymous_rule(engine->store);
		if (!error)
			*query_r = (struct sqlauth_rule_query){.mqtt_id = mqtt_id, .anonymous = true};
		return error;
	}
	error = sqlauth_store_client_by_visible_username(engine->store, username, client);
	if (error)
		return error;
	reason = identity_judge_client(client, mqtt_id, engine->clock);
	if (reason == SQLAUTH_REASON_DISCONNECTED)
		*until = client->disconnect_before;
	if (reason != SQLAUTH_REASON_ACCEPTED)
		return SQLAUTH_ERROR_MISMATCH;
	*query_r = (struct sqlauth_rule_query){.client = client->name, .mqtt_id = mqtt_id, .any = true};
	return SQLAUTH_OK;
}

/* What the database says now; the ACL in the answer is one reference, the caller's. */
static struct recall_answer recall_from_store(
	struct sqlauth_engine *engine, const char *mqtt_id, const char *username, struct sqlauth_text *why)
{
	struct recall_answer answer = {.until = INT64_MAX};
	struct sqlauth_client client = {0};
	struct sqlauth_rule_query query;
	enum sqlauth_error error = begin_reading(engine, why);

	if (!error) {
		error = recall_client(engine, mqtt_id, username, &client, &query, &answer.until);
		if (!error)
			error = read_acl(engine, &query, &answer.acl, why);
		sqlauth_store_end(engine->store);
	}
	sqlauth_client_clear(&client);
	switch (error) {
	case SQLAUTH_OK:
		answer.outcome = SQLAUTH_OUTCOME_ACCEPT;
		break;
	case SQLAUTH_ERROR_NOT_FOUND:
		answer.outcome = engine->defer_unknown ? SQLAUTH_OUTCOME_UNKNOWN : SQLAUTH_OUTCOME_REFUSED;
		break;
	case SQLAUTH_ERROR_MISMATCH:
		answer.outcome = SQLAUTH_OUTCOME_REFUSED;
		break;
	default:
		if (why && why->length == 0)
			sqlauth_text_set(why, "the client cannot be looked up: %s",
				sqlauth_store_strerror(engine->store, error));
		answer.outcome = outcome_of_error(error);
	}
	return answer;
}

enum sqlauth_outcome sqlauth_engine_recall(struct sqlauth_engine *engine, const char *mqtt_id, const char *username,
	struct sqlauth_acl **acl_r, struct sqlauth_text *why)
{
	const struct recall_answer *known = NULL;
	struct recall_answer answer;
	uint64_t version;
	bool has_version;

	sqlauth_engine_let_go(engine);
	/* Read before the data, so that whatever changes in between makes this answer a stale one. */
	has_version = sqlauth_store_data_version(engine->store, &version) == SQLAUTH_OK;

	if (has_version)
		known = recall_cache_find(&engine->recalled, version,
			engine->clock->unix_seconds(engine->clock->context), mqtt_id, username);
	if (known) {
		if (known->acl)
			*acl_r = sqlauth_acl_ref(known->acl);
		return known->outcome;
	}
	answer = recall_from_store(engine, mqtt_id, username, why);
	if (has_version && answer.outcome != SQLAUTH_OUTCOME_UNAVAILABLE && answer.outcome != SQLAUTH_OUTCOME_FAILED)
		recall_cache_add(&engine->recalled, mqtt_id, username, &answer);
	if (answer.acl)
		*acl_r = answer.acl;
	return answer.outcome;
}
