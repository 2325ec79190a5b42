/* One run of `sqlauth check` or `sqlauth explain`, gathered by check.c and printed as lines or as JSON. */
#ifndef SQLAUTH_CLI_CHECK_H
#define SQLAUTH_CLI_CHECK_H

#include <stdbool.h>

#include "database.h"
#include "explain.h"
#include "nearest.h"
#include "options.h"
#include "sqlauth/engine.h"
#include "sqlauth/store.h"

/* One of the clients between whom a certificate does not decide. */
struct cli_rival {
	char *client; /* owned; NULL: there is none */
	enum sqlauth_match_by match_by;
	const char *value; /* the certificate's name that is its; borrowed from the certificate */
};

#define CLI_RIVALS 2 /* all that the engine looks for */

/* Everything owned is freed by check.c. */
struct cli_check {
	const struct cli_arguments *arguments;
	bool explains; /* what came nearest, too */
	struct sqlauth_engine *engine;
	struct sqlauth_certificate *certificate;
	struct sqlauth_identity *identity;
	struct sqlauth_acl *acl;      /* NULL: the connection is refused */
	struct sqlauth_client client; /* its row; name NULL: it is nobody's */
	struct sqlauth_connect connect;
	struct sqlauth_acl_client values; /* of the placeholders */
	enum sqlauth_error verified;
	struct cli_database
		database;            /* to look further in; and closed last, for the engine would leave a -wal behind */
	struct cli_near_client near; /* where it explains and nobody has the username */
	struct cli_rival rivals[CLI_RIVALS]; /* where the certificate is ambiguous: both, or none */
	char buffer[SQLAUTH_MESSAGE_SIZE];
	struct sqlauth_text why;
};

/* What authenticates the client, in words; NULL where that went without saying, by the certificate that found it. */
const char *cli_check_authenticated_by(const struct cli_check *check);

/* The next question's answer, and, where nothing allowed it and the check explains, what came nearest. */
struct cli_finding {
	struct cli_answer answer;
	struct cli_nearest nearest;
	struct cli_elsewhere elsewhere; /* owned */
};

/* One object with everything. DONE, DENIED where the connection or any question is, FAILED with the message printed. */
enum cli_status cli_check_print_json(struct cli_check *check) __attribute__((warn_unused_result));

/* The answer to the question behind operand i, and what came nearest. FAILED, with the message printed; else DONE, and
 * cli_elsewhere_clear must follow. */
enum cli_status cli_check_find(struct cli_check *check, size_t i, struct cli_finding *finding_r)
	__attribute__((warn_unused_result));

#endif
