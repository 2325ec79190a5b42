/* The steps from one schema version to the next. */
#ifndef SQLAUTH_STORE_UPGRADE_H
#define SQLAUTH_STORE_UPGRADE_H

#include "sqlauth/error.h"
#include "sqlauth/text.h"

struct sqlauth_upgrade_step {
	int from;        /* to from + 1 */
	const char *sql; /* all that changes, but for schema_info; NULL ends the table */
};

/* Takes the steps from the database's version up to `version`, all in one transaction. For sqlauth_upgrade, and for
 * tests with steps of their own. */
enum sqlauth_error sqlauth_upgrade_by(const char *path, const struct sqlauth_upgrade_step *steps, int version,
	int *from_r, struct sqlauth_text *why) __attribute__((warn_unused_result));

#endif
