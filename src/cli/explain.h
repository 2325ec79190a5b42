/* The engine's and the ACL's answers in words for a person. */
#ifndef SQLAUTH_CLI_EXPLAIN_H
#define SQLAUTH_CLI_EXPLAIN_H

#include <stdbool.h>

#include "output.h"
#include "sqlauth/acl.h"
#include "sqlauth/certificate.h"
#include "sqlauth/engine.h"

/* What a reason means, and the mend where there is one: a lower-case sentence without a full stop. Constant. */
const char *cli_explain_reason(enum sqlauth_reason reason);

/* One line per name of the certificate, as client_certificates would hold it. */
void cli_explain_certificate(const struct sqlauth_certificate *certificate);

/* Whether the ACL uses a placeholder (0: %c, 1: %u) that has no usable value for this client, and a line about it. */
bool cli_explain_is_unusable(const struct sqlauth_acl *acl, const struct sqlauth_acl_client *client, int which);
void cli_explain_placeholder(const struct sqlauth_acl_client *client, int which);

/* A question and its answer. Strings are borrowed from the question and the ACL, or constant. */
struct cli_answer {
	enum sqlauth_access access;
	const char *topic;
	bool is_allowed;
	bool is_decided; /* by `permission` */
	bool is_missed;  /* no permission matches, though one could */
	struct sqlauth_permission permission;
	const char *why; /* where no permission decided */
};

/* acl NULL: the connection is refused, and so is everything. */
void cli_explain_question(const struct sqlauth_acl *acl, const struct sqlauth_acl_client *client,
	enum sqlauth_access access, const char *topic, struct cli_answer *answer_r);

/* One line: the decision, the question, and the permission that decided or why there is none. */
void cli_explain_print(const struct cli_answer *answer);

#endif
