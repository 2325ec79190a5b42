/* The nearest name by Levenshtein's distance, over short names only. */
#include "suggest.h"

#include <string.h>

#define NAME_BYTES_MAX 32 /* longer words are near to nothing of ours */
#define DISTANCE_MAX   2

static size_t least(size_t a, size_t b, size_t c)
{
	size_t smaller = a < b ? a : b;

	return smaller < c ? smaller : c;
}

/* One row of the matrix at a time: row[j] is the distance of a's first i characters to b's first j. */
static size_t distance(const char *a, const char *b)
{
	size_t row[NAME_BYTES_MAX + 1];
	size_t length = strlen(b);

	for (size_t j = 0; j <= length; j++)
		row[j] = j;
	for (size_t i = 1; a[i - 1]; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= length; j++) {
			size_t above = row[j];

			row[j] = least(above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
			diagonal = above;
		}
	}
	return row[length];
}

void cli_suggestion_init(struct cli_suggestion *suggestion_r, const char *typed)
{
	*suggestion_r = (struct cli_suggestion){.typed = typed, .distance = DISTANCE_MAX + 1};
}

void cli_suggestion_consider(struct cli_suggestion *suggestion, const char *name)
{
	size_t found;

	if (strlen(suggestion->typed) > NAME_BYTES_MAX || strlen(name) > NAME_BYTES_MAX)
		return;
	found = distance(suggestion->typed, name);
	if (found < suggestion->distance && 2 * found < strlen(name)) {
		suggestion->distance = found;
		suggestion->name = name;
	}
}
