/* What came nearest to something that was refused: the permission that nearly allowed a topic, one of another group
 * that would have, and the client whose name is nearly the one that was sent. */
#ifndef SQLAUTH_CLI_NEAREST_H
#define SQLAUTH_CLI_NEAREST_H

#include <stdbool.h>

#include "database.h"
#include "sqlauth/acl.h"

struct cli_nearest {
	bool is_found;
	struct sqlauth_permission permission; /* borrowed from the ACL */
	char difference[512];                 /* why it did not allow it, in words */
};

/* The allow permission of the ACL that is most like the question: the fewest levels differ, or only the action does.
 * None is found where nothing has a level in common with it. */
void cli_nearest_permission(const struct sqlauth_acl *acl, const struct sqlauth_acl_client *client,
	enum sqlauth_access access, const char *topic, struct cli_nearest *nearest_r);

/* A permission of some group, the first by id, that would allow it. Owned. */
struct cli_elsewhere {
	char *group, *topic; /* NULL: there is none */
	enum sqlauth_action action;
};
enum cli_status cli_nearest_elsewhere(struct cli_database *database, const struct sqlauth_acl_client *client,
	enum sqlauth_access access, const char *topic, struct cli_elsewhere *elsewhere_r)
	__attribute__((warn_unused_result));
void cli_elsewhere_clear(struct cli_elsewhere *elsewhere);

/* The client whose name is the username that was sent, or whose username or name is the same but for the case of ASCII
 * letters and blanks around it, or is spelled nearly so. Owned. */
struct cli_near_client {
	char *name, *username; /* name NULL: none is near; username NULL: it has none */
};
enum cli_status cli_nearest_client(struct cli_database *database, const char *username,
	struct cli_near_client *client_r) __attribute__((warn_unused_result));
void cli_near_client_clear(struct cli_near_client *client);

#endif
