/* Who a connection is: every line of the connect matrix (docs/architecture.md, "Connect, line by line"), over a real
 * database, and what admit makes of each whatever the password's verification said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "engine_database.h"
#include "sqlauth/password.h"
#include "sqlauth/secret.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* pump: a password; pair: a password and a certificate; named, bare: by certificate, with and without a username;
 * other: whose certificate is UTF8_PEM. */
#define CLIENTS                                                                                                        \
	"INSERT INTO clients (name, username, password) VALUES ('pump', 'p1', " DATABASE_HASH "), ('pair', 'p2', "     \
	"" DATABASE_HASH ");"                                                                                          \
	"INSERT INTO clients (name, authentication, username) VALUES ('named', 'certificate', 'c1'), ('bare', "        \
	"'certificate', NULL), ('other', 'certificate', NULL);"                                                        \
	"INSERT INTO client_certificates (client, match_by, value) VALUES ('pair', 'dns', 'pump-7.example.com'), "     \
	"('named', 'common_name', 'Pump-7'), ('bare', 'email', 'second@example.com'), "                                \
	"('other', 'common_name', 'Größe 泵 😀');"

#define CERTIFICATE_CLIENT(name, kind, value)                                                                          \
	"INSERT INTO clients (name, authentication) VALUES ('" name "', 'certificate');"                               \
	"INSERT INTO client_certificates (client, match_by, value) VALUES ('" name "', '" kind "', '" value "');"

#define ANONYMOUS_RULE                                                                                                 \
	"INSERT INTO groups (name) VALUES ('g'); INSERT INTO group_rules (match_by, group_name) VALUES "               \
	"('anonymous', 'g');"

#define P "" /* a password is presented, here an empty one */

enum hash { NONE, OWN, DECOY };

#define ACCEPT  SQLAUTH_OUTCOME_ACCEPT
#define REFUSED SQLAUTH_OUTCOME_REFUSED
#define VERIFY  SQLAUTH_OUTCOME_VERIFY
#define UNKNOWN SQLAUTH_OUTCOME_UNKNOWN
#define R(word) SQLAUTH_REASON_##word

struct row {
	const char *sql;                        /* what is different in the database */
	const char *username, *password, *file; /* what is presented */
	enum sqlauth_outcome outcome;
	enum sqlauth_reason reason;
	enum hash hash;
	const char *client, *visible; /* who it is, and what the broker shows */
	const char *mqtt_id;          /* NULL: dev-1 */
};

static struct engine_database fixture;

static int setup(void **state)
{
	(void)state;
	engine_database_init(&fixture, CLIENTS, false);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	engine_database_fini(&fixture);
	return 0;
}

static enum sqlauth_outcome identify(const struct row *row, struct sqlauth_identity **identity_r)
{
	struct sqlauth_certificate *certificate = engine_database_certificate(TEST_DATA, row->file);
	const struct sqlauth_connect connect = {
		.mqtt_id = row->mqtt_id != NULL ? row->mqtt_id : "dev-1",
		.username = row->username,
		.has_password = row->password != NULL,
		.certificate = certificate,
	};
	char message[SQLAUTH_MESSAGE_SIZE];
	struct sqlauth_text why;
	enum sqlauth_outcome outcome;

	sqlauth_text_init(&why, message, sizeof message);
	outcome = sqlauth_engine_identify(fixture.engine, &connect, identity_r, &why);
	sqlauth_certificate_free(certificate);
	if ((outcome == SQLAUTH_OUTCOME_UNAVAILABLE) != (why.length > 0))
		fail_msg("outcome %d, message \"%s\"", outcome, message);
	return outcome;
}

static bool same(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool hash_is(const char *hash, enum hash expected)
{
	switch (expected) {
	case NONE:
		return hash == NULL;
	case OWN:
		return same(hash, DATABASE_HASH_TEXT);
	default:
		return same(hash, sqlauth_password_decoy());
	}
}

static void check_identity(size_t i, const struct row *row, const struct sqlauth_identity *identity)
{
	if (sqlauth_identity_reason(identity) != row->reason)
		fail_msg("row %zu: reason %s, expected %s", i, sqlauth_reason_word(sqlauth_identity_reason(identity)),
			sqlauth_reason_word(row->reason));
	if (!hash_is(sqlauth_identity_hash(identity), row->hash))
		fail_msg("row %zu: hash %s", i,
			sqlauth_identity_hash(identity) ? sqlauth_identity_hash(identity) : "(none)");
	if (!same(sqlauth_identity_client(identity), row->client))
		fail_msg("row %zu: client %s", i,
			sqlauth_identity_client(identity) ? sqlauth_identity_client(identity) : "(none)");
	if (!same(sqlauth_identity_username(identity), row->visible))
		fail_msg("row %zu: username %s", i,
			sqlauth_identity_username(identity) ? sqlauth_identity_username(identity) : "(none)");
}

static enum sqlauth_reason reason_after(const struct row *row, enum sqlauth_error verified)
{
	if (row->reason != R(ACCEPTED) || verified == SQLAUTH_OK)
		return row->reason;
	switch (verified) {
	case SQLAUTH_ERROR_MISMATCH:
		return R(WRONG_PASSWORD);
	case SQLAUTH_ERROR_INVALID:
	case SQLAUTH_ERROR_LIMIT:
	case SQLAUTH_ERROR_UNSUPPORTED:
		return R(UNUSABLE_HASH);
	default:
		return R(UNAVAILABLE);
	}
}

/* Whatever the verification says, 99 included, which is no value of the enum: only one who is accepted so far and whose
 * password is right comes in. */
static void check_admission(size_t i, const struct row *row)
{
	static const enum sqlauth_error said[] = {SQLAUTH_OK, SQLAUTH_ERROR_MEMORY, SQLAUTH_ERROR_INVALID,
		SQLAUTH_ERROR_LIMIT, SQLAUTH_ERROR_UNSUPPORTED, SQLAUTH_ERROR_NOT_FOUND, SQLAUTH_ERROR_EXISTS,
		SQLAUTH_ERROR_MISMATCH, SQLAUTH_ERROR_BUSY, SQLAUTH_ERROR_DATABASE, SQLAUTH_ERROR_SYSTEM,
		(enum sqlauth_error)99};

	for (size_t k = 0; k < COUNT(said); k++) {
		struct sqlauth_identity *identity = NULL;
		struct sqlauth_acl *acl = NULL;
		enum sqlauth_reason reason = reason_after(row, said[k]);
		enum sqlauth_outcome expected = reason == R(ACCEPTED)      ? ACCEPT
						: reason == R(UNAVAILABLE) ? SQLAUTH_OUTCOME_FAILED
									   : REFUSED;
		enum sqlauth_outcome outcome;

		assert_int_equal(identify(row, &identity), row->outcome);
		outcome = sqlauth_engine_admit(fixture.engine, identity, said[k], &acl, NULL);
		if (outcome != expected || sqlauth_identity_reason(identity) != reason)
			fail_msg("row %zu, verification %zu: outcome %d, reason %s", i, k, outcome,
				sqlauth_reason_word(sqlauth_identity_reason(identity)));
		if ((acl != NULL) != (expected == ACCEPT))
			fail_msg("row %zu, verification %zu: acl %p", i, k, (void *)acl);
		sqlauth_acl_unref(acl);
		sqlauth_identity_free(identity);
	}
}

static void check_rows(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct sqlauth_identity *identity = NULL;
		enum sqlauth_outcome outcome;

		engine_database_reset(&fixture, CLIENTS);
		if (rows[i].sql != NULL)
			engine_database_edit(&fixture, rows[i].sql);
		outcome = identify(&rows[i], &identity);
		if (outcome != rows[i].outcome)
			fail_msg("row %zu: outcome %d, expected %d", i, outcome, rows[i].outcome);
		if (outcome == UNKNOWN) {
			assert_null(identity);
			continue;
		}
		check_identity(i, &rows[i], identity);
		sqlauth_identity_free(identity);
		check_admission(i, &rows[i]);
	}
}

/* ---- the matrix ---- */

static void a_known_username_is_that_client_and_its_authentication_decides(void **state)
{
	static const struct row rows[] = {
		{NULL, "p1", NULL, NULL, REFUSED, R(NO_PASSWORD), NONE, "pump", "p1", NULL},
		{NULL, "p1", P, NULL, VERIFY, R(ACCEPTED), OWN, "pump", "p1", NULL},
		{NULL, "p1", P, NAMES_PEM, VERIFY, R(ACCEPTED), OWN, "pump", "p1", NULL},
		{NULL, "p1", NULL, NAMES_PEM, REFUSED, R(NO_PASSWORD), NONE, "pump", "p1", NULL},
		{NULL, "p2", P, NULL, VERIFY, R(NO_CERTIFICATE), OWN, "pair", "p2", NULL},
		{NULL, "p2", NULL, NULL, REFUSED, R(NO_PASSWORD), NONE, "pair", "p2", NULL},
		{NULL, "p2", P, NAMES_PEM, VERIFY, R(ACCEPTED), OWN, "pair", "p2", NULL},
		{NULL, "p2", NULL, NAMES_PEM, REFUSED, R(NO_PASSWORD), NONE, "pair", "p2", NULL},
		{NULL, "p2", P, UTF8_PEM, VERIFY, R(CERTIFICATE_MISMATCH), OWN, "pair", "p2", NULL},
		{NULL, "p2", P, NO_NAMES_PEM, VERIFY, R(CERTIFICATE_MISMATCH), OWN, "pair", "p2", NULL},
		{NULL, "c1", NULL, NULL, REFUSED, R(NO_CERTIFICATE), NONE, "named", "c1", NULL},
		{NULL, "c1", P, NULL, VERIFY, R(NO_CERTIFICATE), DECOY, "named", "c1", NULL},
		{NULL, "c1", NULL, NAMES_PEM, ACCEPT, R(ACCEPTED), NONE, "named", "c1", NULL},
		{NULL, "c1", P, NAMES_PEM, ACCEPT, R(ACCEPTED), NONE, "named", "c1", NULL},
		{NULL, "c1", NULL, UTF8_PEM, REFUSED, R(CERTIFICATE_MISMATCH), NONE, "named", "c1", NULL},
		{NULL, "c1", P, UTF8_PEM, VERIFY, R(CERTIFICATE_MISMATCH), DECOY, "named", "c1", NULL},
		/* a certificate client that has a password too is not asked for it, nor let in by it */
		{"UPDATE clients SET password = " DATABASE_HASH " WHERE name = 'named'", "c1", P, NULL, VERIFY,
			R(NO_CERTIFICATE), DECOY, "named", "c1", NULL},
		{"UPDATE clients SET password = " DATABASE_HASH " WHERE name = 'named'", "c1", P, NAMES_PEM, ACCEPT,
			R(ACCEPTED), NONE, "named", "c1", NULL},
		/* one of several rows is enough: rotation */
		{"INSERT INTO client_certificates VALUES ('pair', 'fingerprint', 'SHA256:' || "
		 "replace(hex(zeroblob(32)), "
		 "'0', 'A'))",
			"p2", P, NAMES_PEM, VERIFY, R(ACCEPTED), OWN, "pair", "p2", NULL},
		{"UPDATE client_certificates SET match_by = 'fingerprint', value = '" NAMES_FINGERPRINT
		 "' WHERE client = 'pair'",
			"p2", P, NAMES_PEM, VERIFY, R(ACCEPTED), OWN, "pair", "p2", NULL},
		/* certificate clients without any row have nothing to present */
		{"DELETE FROM client_certificates WHERE client = 'named'", "c1", NULL, NAMES_PEM, REFUSED,
			R(CERTIFICATE_MISMATCH), NONE, "named", "c1", NULL},
	};

	(void)state;
	check_rows(rows, COUNT(rows));
}

static void an_unknown_username_or_none_is_found_by_certificate_or_nobody(void **state)
{
	static const struct row rows[] = {
		{NULL, "nobody", NULL, NULL, REFUSED, R(UNKNOWN_CLIENT), NONE, NULL, NULL, NULL},
		{NULL, "nobody", P, NULL, VERIFY, R(UNKNOWN_CLIENT), DECOY, NULL, NULL, NULL},
		{NULL, "nobody", NULL, NO_NAMES_PEM, REFUSED, R(UNKNOWN_CLIENT), NONE, NULL, NULL, NULL},
		{NULL, "nobody", P, NO_NAMES_PEM, VERIFY, R(UNKNOWN_CLIENT), DECOY, NULL, NULL, NULL},
		{NULL, "nobody", NULL, NAMES_PEM, ACCEPT, R(ACCEPTED), NONE, "bare", "bare", NULL},
		{NULL, "nobody", P, NAMES_PEM, ACCEPT, R(ACCEPTED), NONE, "bare", "bare", NULL},
		{NULL, NULL, NULL, NAMES_PEM, ACCEPT, R(ACCEPTED), NONE, "bare", "bare", NULL},
		{NULL, NULL, P, NAMES_PEM, ACCEPT, R(ACCEPTED), NONE, "bare", "bare", NULL},
		{NULL, NULL, NULL, UTF8_PEM, ACCEPT, R(ACCEPTED), NONE, "other", "other", NULL},
		/* a client's name is no username, and an empty one is not none */
		{NULL, "bare", NULL, NULL, REFUSED, R(UNKNOWN_CLIENT), NONE, NULL, NULL, NULL},
		{NULL, "pump", P, NULL, VERIFY, R(UNKNOWN_CLIENT), DECOY, NULL, NULL, NULL},
		{NULL, "pump", NULL, NAMES_PEM, ACCEPT, R(ACCEPTED), NONE, "bare", "bare", NULL},
		{ANONYMOUS_RULE, "", NULL, NULL, REFUSED, R(UNKNOWN_CLIENT), NONE, NULL, NULL, NULL},
		{ANONYMOUS_RULE, "nobody", NULL, NULL, REFUSED, R(UNKNOWN_CLIENT), NONE, NULL, NULL, NULL},
		{NULL, "P1", P, NULL, VERIFY, R(UNKNOWN_CLIENT), DECOY, NULL, NULL, NULL},
		/* certificates of credentials clients and of clients with a username find nobody */
		{"DELETE FROM clients WHERE name = 'bare'", NULL, NULL, NAMES_PEM, REFUSED, R(ANONYMOUS), NONE, NULL,
			NULL, NULL},
		{"UPDATE clients SET username = 'b1' WHERE name = 'bare'", "nobody", NULL, NAMES_PEM, REFUSED,
			R(UNKNOWN_CLIENT), NONE, NULL, NULL, NULL},
	};

	(void)state;
	check_rows(rows, COUNT(rows));
}

static void anonymous_connections_need_an_anonymous_rule(void **state)
{
	static const struct row rows[] = {
		{NULL, NULL, NULL, NULL, REFUSED, R(ANONYMOUS), NONE, NULL, NULL, NULL},
		{NULL, NULL, P, NULL, VERIFY, R(ANONYMOUS), DECOY, NULL, NULL, NULL},
		{NULL, NULL, NULL, NO_NAMES_PEM, REFUSED, R(ANONYMOUS), NONE, NULL, NULL, NULL},
		{ANONYMOUS_RULE, NULL, NULL, NULL, ACCEPT, R(ACCEPTED), NONE, NULL, NULL, NULL},
		{ANONYMOUS_RULE, NULL, P, NULL, ACCEPT, R(ACCEPTED), NONE, NULL, NULL, NULL},
		{ANONYMOUS_RULE, NULL, NULL, NO_NAMES_PEM, ACCEPT, R(ACCEPTED), NONE, NULL, NULL, NULL},
		{ANONYMOUS_RULE, NULL, NULL, NAMES_PEM, ACCEPT, R(ACCEPTED), NONE, "bare", "bare", NULL},
		/* not with a certificate that is a client's who has a username */
		{ANONYMOUS_RULE ";DELETE FROM clients WHERE name IN ('bare', 'pair')", NULL, NULL, NAMES_PEM, REFUSED,
			R(NO_USERNAME), NONE, NULL, NULL, NULL},
		{ANONYMOUS_RULE ";DELETE FROM clients WHERE name IN ('bare', 'named')", NULL, P, NAMES_PEM, VERIFY,
			R(NO_USERNAME), DECOY, NULL, NULL, NULL},
		{ANONYMOUS_RULE ";DELETE FROM clients", NULL, NULL, NAMES_PEM, ACCEPT, R(ACCEPTED), NONE, NULL, NULL,
			NULL},
		{"INSERT INTO groups (name) VALUES ('g'); INSERT INTO group_rules (match_by, group_name) VALUES "
		 "('any', "
		 "'g')",
			NULL, NULL, NULL, REFUSED, R(ANONYMOUS), NONE, NULL, NULL, NULL},
	};

	(void)state;
	check_rows(rows, COUNT(rows));
}

static void a_certificate_is_looked_up_by_its_most_specific_name_first(void **state)
{
#define BY_COMMON_NAME                                                                                                 \
	"DELETE FROM clients WHERE name IN ('bare', 'named');" CERTIFICATE_CLIENT("by-cn", "common_name", "Pump-7")
#define BY_SUBJECT                                                                                                     \
	BY_COMMON_NAME CERTIFICATE_CLIENT("by-subject", "subject", "CN=Pump-7,OU=North,OU=Pumps,O=Example GmbH,C=DE")
#define BY_EMAIL       BY_SUBJECT CERTIFICATE_CLIENT("by-email", "email", "Pump-7@Example.com")
#define BY_DNS         BY_EMAIL CERTIFICATE_CLIENT("by-dns", "dns", "*.example.org")
#define BY_URI         BY_DNS CERTIFICATE_CLIENT("by-uri", "uri", "spiffe://example.org/pump/7")
#define BY_FINGERPRINT BY_URI CERTIFICATE_CLIENT("by-fingerprint", "fingerprint", NAMES_FINGERPRINT)
	static const struct row rows[] = {
		{BY_COMMON_NAME, NULL, NULL, NAMES_PEM, ACCEPT, R(ACCEPTED), NONE, "by-cn", "by-cn", NULL},
		{BY_SUBJECT, NULL, NULL, NAMES_PEM, ACCEPT, R(ACCEPTED), NONE, "by-subject", "by-subject", NULL},
		{BY_EMAIL, NULL, NULL, NAMES_PEM, ACCEPT, R(ACCEPTED), NONE, "by-email", "by-email", NULL},
		{BY_DNS, NULL, NULL, NAMES_PEM, ACCEPT, R(ACCEPTED), NONE, "by-dns", "by-dns", NULL},
		{BY_URI, NULL, NULL, NAMES_PEM, ACCEPT, R(ACCEPTED), NONE, "by-uri", "by-uri", NULL},
		{BY_FINGERPRINT, NULL, NULL, NAMES_PEM, ACCEPT, R(ACCEPTED), NONE, "by-fingerprint", "by-fingerprint",
			NULL},
		/* a disabled client that is found first ends the search */
		{BY_URI "UPDATE clients SET enabled = 0 WHERE name = 'by-uri'", NULL, NULL, NAMES_PEM, REFUSED,
			R(DISABLED), NONE, "by-uri", "by-uri", NULL},
	};

	(void)state;
	check_rows(rows, COUNT(rows));
}

static void two_clients_with_names_of_one_kind_are_ambiguous(void **state)
{
#define TWO_BY_DNS                                                                                                     \
	CERTIFICATE_CLIENT("a1", "dns", "*.example.org") CERTIFICATE_CLIENT("a2", "dns", "xn--bcher-kva.example")
	static const struct row rows[] = {
		{TWO_BY_DNS, NULL, NULL, NAMES_PEM, REFUSED, R(CERTIFICATE_AMBIGUOUS), NONE, NULL, NULL, NULL},
		{TWO_BY_DNS, "nobody", NULL, NAMES_PEM, REFUSED, R(CERTIFICATE_AMBIGUOUS), NONE, NULL, NULL, NULL},
		{TWO_BY_DNS, "nobody", P, NAMES_PEM, VERIFY, R(CERTIFICATE_AMBIGUOUS), DECOY, NULL, NULL, NULL},
		{TWO_BY_DNS ANONYMOUS_RULE, NULL, NULL, NAMES_PEM, REFUSED, R(CERTIFICATE_AMBIGUOUS), NONE, NULL, NULL,
			NULL},
		{TWO_BY_DNS "UPDATE clients SET enabled = 0 WHERE name = 'a1'", NULL, NULL, NAMES_PEM, REFUSED,
			R(CERTIFICATE_AMBIGUOUS), NONE, NULL, NULL, NULL},
		/* a name of a more specific kind decides before it comes to that */
		{TWO_BY_DNS CERTIFICATE_CLIENT("a3", "uri", "urn:dev:Pump-7"), NULL, NULL, NAMES_PEM, ACCEPT,
			R(ACCEPTED), NONE, "a3", "a3", NULL},
		/* two rows of one client are no two clients */
		{CERTIFICATE_CLIENT("a1", "dns", "*.example.org") "INSERT INTO client_certificates VALUES ('a1', "
								  "'dns', 'xn--bcher-kva.example')",
			NULL, NULL, NAMES_PEM, ACCEPT, R(ACCEPTED), NONE, "a1", "a1", NULL},
		/* who gives a known username is not looked for by certificate */
		{TWO_BY_DNS, "p1", P, NAMES_PEM, VERIFY, R(ACCEPTED), OWN, "pump", "p1", NULL},
		{TWO_BY_DNS, "c1", NULL, NAMES_PEM, ACCEPT, R(ACCEPTED), NONE, "named", "c1", NULL},
	};

	(void)state;
	check_rows(rows, COUNT(rows));
}

static void disabled_clients_are_refused_after_the_same_work(void **state)
{
#define DISABLE(name) "UPDATE clients SET enabled = 0 WHERE name = '" name "'"
	static const struct row rows[] = {
		{DISABLE("pump"), "p1", P, NULL, VERIFY, R(DISABLED), OWN, "pump", "p1", NULL},
		{DISABLE("pump"), "p1", NULL, NULL, REFUSED, R(DISABLED), NONE, "pump", "p1", NULL},
		{DISABLE("pair"), "p2", P, NAMES_PEM, VERIFY, R(DISABLED), OWN, "pair", "p2", NULL},
		{DISABLE("named"), "c1", NULL, NAMES_PEM, REFUSED, R(DISABLED), NONE, "named", "c1", NULL},
		{DISABLE("named"), "c1", P, NAMES_PEM, VERIFY, R(DISABLED), DECOY, "named", "c1", NULL},
		{DISABLE("bare"), NULL, NULL, NAMES_PEM, REFUSED, R(DISABLED), NONE, "bare", "bare", NULL},
		{DISABLE("bare"), "nobody", P, NAMES_PEM, VERIFY, R(DISABLED), DECOY, "bare", "bare", NULL},
		/* found by certificate and disabled: not anonymous */
		{DISABLE("bare") ";" ANONYMOUS_RULE, NULL, NULL, NAMES_PEM, REFUSED, R(DISABLED), NONE, "bare", "bare",
			NULL},
	};

	(void)state;
	check_rows(rows, COUNT(rows));
}

/* The clock stands at 1700000000. */
static void disconnect_before_refuses_until_it_is_past(void **state)
{
#define BEFORE(name, seconds) "UPDATE clients SET disconnect_before = " seconds " WHERE name = '" name "'"
	static const struct row rows[] = {
		{BEFORE("pump", "1699999999"), "p1", P, NULL, VERIFY, R(ACCEPTED), OWN, "pump", "p1", NULL},
		{BEFORE("pump", "1700000000"), "p1", P, NULL, VERIFY, R(DISCONNECTED), OWN, "pump", "p1", NULL},
		{BEFORE("pump", "1700000001"), "p1", P, NULL, VERIFY, R(DISCONNECTED), OWN, "pump", "p1", NULL},
		{BEFORE("pump", "NULL"), "p1", P, NULL, VERIFY, R(ACCEPTED), OWN, "pump", "p1", NULL},
		{BEFORE("bare", "1699999999"), NULL, NULL, NAMES_PEM, ACCEPT, R(ACCEPTED), NONE, "bare", "bare", NULL},
		{BEFORE("bare", "1700000000"), NULL, NULL, NAMES_PEM, REFUSED, R(DISCONNECTED), NONE, "bare", "bare",
			NULL},
		{BEFORE("named", "1800000000"), "c1", P, NAMES_PEM, VERIFY, R(DISCONNECTED), DECOY, "named", "c1",
			NULL},
		/* disabled comes first */
		{"UPDATE clients SET enabled = 0, disconnect_before = 1800000000 WHERE name = 'pump'", "p1", NULL, NULL,
			REFUSED, R(DISABLED), NONE, "pump", "p1", NULL},
	};

	(void)state;
	check_rows(rows, COUNT(rows));
}

static void mqtt_id_says_which_identifiers_a_client_may_use(void **state)
{
#define MQTT_ID(name, pattern) "UPDATE clients SET mqtt_id = '" pattern "' WHERE name = '" name "'"
	static const struct row rows[] = {
		{MQTT_ID("pump", "dev-1"), "p1", P, NULL, VERIFY, R(ACCEPTED), OWN, "pump", "p1", "dev-1"},
		{MQTT_ID("pump", "dev-1"), "p1", P, NULL, VERIFY, R(MQTT_ID), OWN, "pump", "p1", "dev-10"},
		{MQTT_ID("pump", "dev-1"), "p1", NULL, NULL, REFUSED, R(MQTT_ID), NONE, "pump", "p1", "Dev-1"},
		{MQTT_ID("pump", "%u-*"), "p1", P, NULL, VERIFY, R(ACCEPTED), OWN, "pump", "p1", "p1-7"},
		{MQTT_ID("pump", "%u-*"), "p1", P, NULL, VERIFY, R(MQTT_ID), OWN, "pump", "p1", "p2-7"},
		{MQTT_ID("pump", "%u-*"), "p1", P, NULL, VERIFY, R(MQTT_ID), OWN, "pump", "p1", "%u-7"},
		{MQTT_ID("pump", "?%%?"), "p1", P, NULL, VERIFY, R(ACCEPTED), OWN, "pump", "p1", "a%b"},
		/* %u is what the broker shows: the name of who has no username, not what was sent */
		{MQTT_ID("bare", "%u"), NULL, NULL, NAMES_PEM, ACCEPT, R(ACCEPTED), NONE, "bare", "bare", "bare"},
		{MQTT_ID("bare", "%u"), "nobody", NULL, NAMES_PEM, REFUSED, R(MQTT_ID), NONE, "bare", "bare", "nobody"},
		{MQTT_ID("named", "%u"), "c1", NULL, NAMES_PEM, ACCEPT, R(ACCEPTED), NONE, "named", "c1", "c1"},
		{MQTT_ID("named", "%u"), "c1", P, NAMES_PEM, VERIFY, R(MQTT_ID), DECOY, "named", "c1", "named"},
	};

	(void)state;
	check_rows(rows, COUNT(rows));
}

static void where_unknown_clients_are_deferred_only_strangers_are(void **state)
{
	static const struct row rows[] = {
		{NULL, "nobody", NULL, NULL, UNKNOWN, R(UNKNOWN_CLIENT), NONE, NULL, NULL, NULL},
		{NULL, "nobody", P, NULL, UNKNOWN, R(UNKNOWN_CLIENT), NONE, NULL, NULL, NULL},
		{NULL, "nobody", P, NO_NAMES_PEM, UNKNOWN, R(UNKNOWN_CLIENT), NONE, NULL, NULL, NULL},
		{NULL, NULL, NULL, NULL, UNKNOWN, R(ANONYMOUS), NONE, NULL, NULL, NULL},
		{NULL, NULL, P, NO_NAMES_PEM, UNKNOWN, R(ANONYMOUS), NONE, NULL, NULL, NULL},
		{ANONYMOUS_RULE, NULL, NULL, NULL, ACCEPT, R(ACCEPTED), NONE, NULL, NULL, NULL},
		{ANONYMOUS_RULE, "nobody", NULL, NULL, UNKNOWN, R(UNKNOWN_CLIENT), NONE, NULL, NULL, NULL},
		{NULL, NULL, NULL, NAMES_PEM, ACCEPT, R(ACCEPTED), NONE, "bare", "bare", NULL},
		{ANONYMOUS_RULE ";DELETE FROM clients WHERE name IN ('bare', 'pair')", NULL, NULL, NAMES_PEM, UNKNOWN,
			R(NO_USERNAME), NONE, NULL, NULL, NULL},
		{TWO_BY_DNS, NULL, NULL, NAMES_PEM, REFUSED, R(CERTIFICATE_AMBIGUOUS), NONE, NULL, NULL, NULL},
		{DISABLE("pump"), "p1", P, NULL, VERIFY, R(DISABLED), OWN, "pump", "p1", NULL},
		{DISABLE("bare"), NULL, NULL, NAMES_PEM, REFUSED, R(DISABLED), NONE, "bare", "bare", NULL},
		{NULL, "p1", NULL, NULL, REFUSED, R(NO_PASSWORD), NONE, "pump", "p1", NULL},
		{NULL, "p2", P, NULL, VERIFY, R(NO_CERTIFICATE), OWN, "pair", "p2", NULL},
	};

	(void)state;
	engine_database_reopen(&fixture, true);
	check_rows(rows, COUNT(rows));
}

/* ---- the decoy ---- */

static void a_decoy_asks_for_the_work_of_the_hash_it_imitates(void **state)
{
	const struct row row = {.username = "nobody", .password = P};
	struct sqlauth_identity *identity = NULL;
	char first[SQLAUTH_HASH_SIZE];

	(void)state;
	sqlauth_engine_imitate(fixture.engine, DATABASE_HASH_TEXT);
	assert_int_equal(identify(&row, &identity), VERIFY);
	snprintf(first, sizeof first, "%s", sqlauth_identity_hash(identity));
	sqlauth_identity_free(identity);
	assert_true(sqlauth_password_same_work(first, DATABASE_HASH_TEXT));
	assert_string_not_equal(first, DATABASE_HASH_TEXT);
	/* it stays while it does: what is remembered of unknown usernames is remembered by it */
	sqlauth_engine_imitate(fixture.engine, DATABASE_HASH_TEXT);
	assert_int_equal(identify(&row, &identity), VERIFY);
	assert_string_equal(sqlauth_identity_hash(identity), first);
	sqlauth_identity_free(identity);
}

/* ---- the snapshot between the two steps ---- */

/* Whoever lets time pass says so, or calls the engine for something else, and has the client read again. */
static void an_edit_between_the_steps_counts_unless_they_share_a_snapshot(void **state)
{
	enum between { NOTHING, LET_GO, ANOTHER_CALL };
	static const struct {
		bool admit_follows;
		enum between between;
		enum sqlauth_outcome outcome;
	} rows[] = {
		{true, NOTHING, SQLAUTH_OUTCOME_ACCEPT},
		{true, LET_GO, SQLAUTH_OUTCOME_REFUSED},
		{true, ANOTHER_CALL, SQLAUTH_OUTCOME_REFUSED},
		{false, NOTHING, SQLAUTH_OUTCOME_REFUSED},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct sqlauth_connect connect = {.mqtt_id = "m",
			.username = "alice",
			.has_password = true,
			.admit_follows = rows[i].admit_follows};
		struct sqlauth_identity *identity = NULL;
		struct sqlauth_acl *acl = NULL;

		engine_database_reset(&fixture,
			"INSERT INTO clients (name, username, password) VALUES ('alice', 'alice', " DATABASE_HASH ");");
		assert_int_equal(sqlauth_engine_identify(fixture.engine, &connect, &identity, NULL), VERIFY);
		engine_database_edit(&fixture, "UPDATE clients SET enabled = 0;");
		if (rows[i].between == LET_GO)
			sqlauth_engine_let_go(fixture.engine);
		if (rows[i].between == ANOTHER_CALL)
			assert_non_null(sqlauth_engine_store(fixture.engine));
		if (sqlauth_engine_admit(fixture.engine, identity, SQLAUTH_OK, &acl, NULL) != rows[i].outcome)
			fail_msg("row %zu", i);
		sqlauth_acl_unref(acl);
		sqlauth_identity_free(identity);
		/* and nothing is left open */
		assert_int_equal(sqlauth_engine_identify(fixture.engine, &connect, &identity, NULL), VERIFY);
		sqlauth_identity_free(identity);
		engine_database_edit(&fixture, "PRAGMA wal_checkpoint(TRUNCATE);");
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_known_username_is_that_client_and_its_authentication_decides),
		TEST(an_unknown_username_or_none_is_found_by_certificate_or_nobody),
		TEST(anonymous_connections_need_an_anonymous_rule),
		TEST(a_certificate_is_looked_up_by_its_most_specific_name_first),
		TEST(two_clients_with_names_of_one_kind_are_ambiguous),
		TEST(disabled_clients_are_refused_after_the_same_work),
		TEST(disconnect_before_refuses_until_it_is_past),
		TEST(mqtt_id_says_which_identifiers_a_client_may_use),
		TEST(where_unknown_clients_are_deferred_only_strangers_are),
		TEST(a_decoy_asks_for_the_work_of_the_hash_it_imitates),
		TEST(an_edit_between_the_steps_counts_unless_they_share_a_snapshot),
	};

	if (sqlauth_secret_init() != SQLAUTH_OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
