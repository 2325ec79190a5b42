/* "Did you mean": the nearest of several names to a mistyped one. */
#ifndef SQLAUTH_CLI_SUGGEST_H
#define SQLAUTH_CLI_SUGGEST_H

#include <stdbool.h>
#include <stddef.h>

#define CLI_SUGGESTION_BYTES_MAX 32 /* longer words are near to nothing */

struct cli_suggestion {
	const char *typed;                       /* borrowed */
	char name[CLI_SUGGESTION_BYTES_MAX + 1]; /* the nearest so far; empty: nothing is near */
	size_t distance;
};

void cli_suggestion_init(struct cli_suggestion *suggestion_r, const char *typed);

/* Considers one name of so many bytes; true where it is the nearest so far. Near is: at most 2 characters put in, left
 * out, replaced, or changed places with their neighbour, and less than half of the name. */
bool cli_suggestion_consider(struct cli_suggestion *suggestion, const char *name, size_t length);

#endif
