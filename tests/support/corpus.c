/* Every short string over an alphabet, and a seeded source of numbers. */
#include "corpus.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct builder {
	FILE *texts;
	FILE *lengths;
	const char *const *tokens;
	bool (*keep)(const char *text, size_t length);
	char text[64];
};

static void build(struct builder *builder, size_t length, unsigned left)
{
	if (length > 0 && (builder->keep == NULL || builder->keep(builder->text, length))) {
		fwrite(builder->text, 1, length, builder->texts);
		fwrite(&length, sizeof length, 1, builder->lengths);
	}
	if (left == 0)
		return;
	for (const char *const *token = builder->tokens; *token != NULL; token++) {
		size_t more = strlen(*token);
		memcpy(builder->text + length, *token, more + 1);
		build(builder, length + more, left - 1);
	}
}

static bool is_short(void)
{
	const char *effort = getenv("SQLAUTH_TEST_EFFORT");

	return effort != NULL && strcmp(effort, "short") == 0;
}

void corpus_init(struct corpus *corpus_r, const char *const *tokens, unsigned most,
	bool (*keep)(const char *text, size_t length))
{
	char *lengths = NULL;
	size_t texts_size = 0;
	size_t lengths_size = 0;
	struct corpus corpus = {0};
	struct builder builder = {.tokens = tokens, .keep = keep};
	builder.texts = open_memstream(&corpus.texts, &texts_size);
	builder.lengths = open_memstream(&lengths, &lengths_size);
	if (builder.texts == NULL || builder.lengths == NULL)
		abort();
	build(&builder, 0, is_short() && most > 3 ? most - 1 : most);
	if (fclose(builder.texts) != 0 || fclose(builder.lengths) != 0)
		abort();
	corpus.count = lengths_size / sizeof(size_t);
	corpus.entry = calloc(corpus.count, sizeof *corpus.entry);
	if (corpus.entry == NULL)
		abort();
	const char *text = corpus.texts;
	for (size_t i = 0; i < corpus.count; i++) {
		struct corpus_entry *entry = &corpus.entry[i];
		memcpy(&entry->length, lengths + i * sizeof(size_t), sizeof(size_t));
		entry->text = text;
		oracle_split(&entry->levels, text, entry->length);
		text += entry->length;
	}
	free(lengths);
	*corpus_r = corpus;
}

void corpus_fini(struct corpus *corpus)
{
	for (size_t i = 0; i < corpus->count; i++)
		oracle_release(&corpus->entry[i].levels);
	free(corpus->entry);
	free(corpus->texts);
}

uint64_t random_next(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

size_t random_below(uint64_t *state, size_t below)
{
	return (size_t)(random_next(state) % below);
}

uint64_t random_seed(uint64_t standard)
{
	const char *given = getenv("SQLAUTH_TEST_SEED");
	return given != NULL ? strtoull(given, NULL, 0) : standard;
}

double cpu_seconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}
