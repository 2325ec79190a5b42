/* Every short string over an alphabet, and a seeded source of numbers: input for comparisons with an oracle. */
#ifndef TEST_CORPUS_H
#define TEST_CORPUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "acl_oracle.h"

/* One string. The texts of a corpus stand one behind the other with no NUL between them, so that a function that reads
 * beyond a string's end reads the next one. */
struct corpus_entry {
	const char *text;
	size_t length;
	struct oracle_levels levels;
};

struct corpus {
	struct corpus_entry *entry;
	size_t count;
	char *texts;
};

/* All concatenations of 1 to `most` of the `tokens` (NULL at the end) for which `keep` (NULL: all) says true;
 * where the environment's SQLAUTH_TEST_EFFORT is `short`, of one less than `most` if that is more than 3. Ended by
 * corpus_fini. An allocation that fails ends the process. */
void corpus_init(struct corpus *corpus_r, const char *const *tokens, unsigned most,
	bool (*keep)(const char *text, size_t length));
void corpus_fini(struct corpus *corpus);

/* SplitMix64 (Steele, Lea, Flood 2014): the same numbers everywhere for the same seed. */
uint64_t random_next(uint64_t *state);

/* 0 to below - 1; below > 0. */
size_t random_below(uint64_t *state, size_t below);

/* The seed of a random test: SQLAUTH_TEST_SEED from the environment, else `standard`. */
uint64_t random_seed(uint64_t standard);

/* Seconds of CPU time of this thread. */
double cpu_seconds(void);

#endif
