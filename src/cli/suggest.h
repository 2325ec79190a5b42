/* "Did you mean": the nearest of several names to a mistyped one. */
#ifndef SQLAUTH_CLI_SUGGEST_H
#define SQLAUTH_CLI_SUGGEST_H

#include <stddef.h>

struct cli_suggestion {
	const char *typed;
	const char *name; /* nearest so far, borrowed; NULL: nothing is near */
	size_t distance;
};

void cli_suggestion_init(struct cli_suggestion *suggestion_r, const char *typed);

/* Considers one name. Near is: at most 2 characters put in, left out, or replaced, and less than half of the name. */
void cli_suggestion_consider(struct cli_suggestion *suggestion, const char *name);

#endif
