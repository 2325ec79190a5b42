/* The engine's and the ACL's answers in words for a person. */
#ifndef SQLAUTH_CLI_EXPLAIN_H
#define SQLAUTH_CLI_EXPLAIN_H

#include "output.h"
#include "sqlauth/acl.h"
#include "sqlauth/certificate.h"
#include "sqlauth/engine.h"

/* What a reason means, and the mend where there is one: a lower-case sentence without a full stop. Constant. */
const char *cli_explain_reason(enum sqlauth_reason reason);

/* One line per name of the certificate, as client_certificates would hold it. */
void cli_explain_certificate(const struct sqlauth_certificate *certificate);

/* One line for each placeholder that the ACL uses and that has no usable value for this client. */
void cli_explain_placeholders(const struct sqlauth_acl *acl, const struct sqlauth_acl_client *client);

/* One line: the decision, the question, and the permission that decided or why there is none. acl NULL: the connection
 * is refused, and so is everything. DONE where it is allowed, DENIED where not. */
enum cli_status cli_explain_question(const struct sqlauth_acl *acl, const struct sqlauth_acl_client *client,
	enum sqlauth_access access, const char *topic);

#endif
