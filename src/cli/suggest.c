/* The nearest name by the distance of Damerau and Levenshtein (optimal string alignment), over short names only. */
#include "suggest.h"

#include <string.h>

#define DISTANCE_MAX 2

static size_t least(size_t a, size_t b, size_t c)
{
	size_t smaller = a < b ? a : b;

	return smaller < c ? smaller : c;
}

/* Three rows of the matrix at a time: rows[i % 3][j] is the distance of a's first i characters to b's first j. */
static size_t distance(const char *a, const char *b)
{
	size_t rows[3][CLI_SUGGESTION_BYTES_MAX + 1];
	size_t a_length = strlen(a), b_length = strlen(b);

	for (size_t j = 0; j <= b_length; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= a_length; i++) {
		size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];

		row[0] = i;
		for (size_t j = 1; j <= b_length; j++) {
			row[j] = least(above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
				before[j - 2] + 1 < row[j])
				row[j] = before[j - 2] + 1;
		}
	}
	return rows[a_length % 3][b_length];
}

void cli_suggestion_init(struct cli_suggestion *suggestion_r, const char *typed)
{
	*suggestion_r = (struct cli_suggestion){.typed = typed, .distance = DISTANCE_MAX + 1};
}

bool cli_suggestion_consider(struct cli_suggestion *suggestion, const char *name, size_t length)
{
	char word[CLI_SUGGESTION_BYTES_MAX + 1];
	size_t typed = strnlen(suggestion->typed, CLI_SUGGESTION_BYTES_MAX + 1), found;

	if (typed > CLI_SUGGESTION_BYTES_MAX || length > CLI_SUGGESTION_BYTES_MAX || length > typed + DISTANCE_MAX ||
		typed > length + DISTANCE_MAX)
		return false;
	memcpy(word, name, length);
	word[length] = '\0';
	found = distance(suggestion->typed, word);
	if (found >= suggestion->distance || 2 * found >= length)
		return false;
	suggestion->distance = found;
	memcpy(suggestion->name, word, length + 1);
	return true;
}
