/* The check alone, in this process: nanoseconds and allocations per check, and what compiling costs.
 *
 * bench_check [SET COUNT DEPTH ASK [ROUNDS]]: without arguments every row of the tables below, one line of JSON each;
 * with them one row, of which `measured` is the part that callgrind should count (tests/bench/run does).
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "allocations.h"
#include "sqlauth/acl.h"

#define TOPIC_SIZE   512
#define TOPICS       4096  /* asked in turn: more than what the branch predictor learns */
#define REPETITIONS  31    /* of which the median counts */
#define CHECKS       20000 /* per repetition */
#define LENGTH_OF(a) (sizeof(a) / sizeof((a)[0]))

static uint64_t seed = 1;

static uint32_t draw(uint32_t below) /* xorshift64* */
{
	seed ^= seed >> 12;
	seed ^= seed << 25;
	seed ^= seed >> 27;
	return (uint32_t)((seed * UINT64_C(0x2545f4914f6cdd1d)) >> 33) % below;
}

/* ---- sets: how the i-th permission of a set looks, and a topic that it matches ---- */

static size_t put(char *text, size_t at, const char *level)
{
	return at + (size_t)snprintf(text + at, TOPIC_SIZE - at, "%s%s", at ? "/" : "", level);
}

/* site/line-7/dev-1234/data/temperature: the number is in the middle levels, as in real trees. */
static void plain(char *text, uint32_t i, uint32_t depth, const char *third)
{
	static const char *const tail[] = {"data", "temperature", "value", "unit"};
	char level[32];
	size_t at = 0;

	for (uint32_t d = 0; d < depth; d++) {
		const char *name = d == 0 ? "site" : tail[(d - 3) % LENGTH_OF(tail)];
		if (d == 1 && depth > 2)
			(void)snprintf(level, sizeof level, "line-%u", i / 1000);
		else if (d == 2 || d + 1 == depth)
			(void)snprintf(level, sizeof level, "%s%u", third, i);
		else
			(void)snprintf(level, sizeof level, "%s", name);
		at = put(text, at, level);
	}
}

static void literal_permission(char *text, uint32_t i, uint32_t depth)
{
	plain(text, i, depth, "dev-");
}

static void plus_permission(char *text, uint32_t i, uint32_t depth)
{
	char rest[TOPIC_SIZE];

	plain(rest, i, depth, "dev-");
	(void)snprintf(text, TOPIC_SIZE, "%s%s", "+", rest + 4);
}

static void placeholder_permission(char *text, uint32_t i, uint32_t depth)
{
	plain(text, i, depth, "%c-");
}

static void placeholder_topic(char *text, uint32_t i, uint32_t depth)
{
	plain(text, i, depth, "pump-7-");
}

/* x-%c-1, x-%c-2 ... beside each other at the last level. */
static void siblings_permission(char *text, uint32_t i, uint32_t depth)
{
	size_t at = 0;
	char level[32];

	for (uint32_t d = 0; d + 1 < depth; d++)
		at = put(text, at, "a");
	(void)snprintf(level, sizeof level, "x-%%c-%u", i);
	put(text, at, level);
}

static void siblings_topic(char *text, uint32_t i, uint32_t depth)
{
	size_t at = 0;
	char level[32];

	for (uint32_t d = 0; d + 1 < depth; d++)
		at = put(text, at, "a");
	(void)snprintf(level, sizeof level, "x-pump-7-%u", i);
	put(text, at, level);
}

/* +/+/.../a_i */
static void tail_permission(char *text, uint32_t i, uint32_t depth)
{
	size_t at = 0;
	char level[32];

	for (uint32_t d = 0; d + 1 < depth; d++)
		at = put(text, at, "+");
	(void)snprintf(level, sizeof level, "a_%u", i);
	put(text, at, level);
}

static void tail_topic(char *text, uint32_t i, uint32_t depth)
{
	size_t at = 0;
	char level[32];

	for (uint32_t d = 0; d + 1 < depth; d++)
		at = put(text, at, "b");
	(void)snprintf(level, sizeof level, "a_%u", i);
	put(text, at, level);
}

/* A random one of {a,+}^depth behind a level of its own kind, so that no topic of the last row is matched. */
static void subset_permission(char *text, uint32_t i, uint32_t depth)
{
	size_t at = 0;

	(void)i;
	for (uint32_t d = 0; d + 1 < depth; d++)
		at = put(text, at, draw(2) ? "a" : "+");
	put(text, at, "a");
}

static void subset_topic(char *text, uint32_t i, uint32_t depth)
{
	size_t at = 0;

	(void)i;
	for (uint32_t d = 0; d + 1 < depth; d++)
		at = put(text, at, "a");
	put(text, at, "b"); /* all the way down, and no match */
}

struct kind {
	const char *name;
	void (*permission)(char *text, uint32_t i, uint32_t depth);
	void (*topic)(char *text, uint32_t i, uint32_t depth);
};

static const struct kind kinds[] = {
	{"literal", literal_permission, literal_permission},
	{"plus", plus_permission, literal_permission},
	{"placeholder", placeholder_permission, placeholder_topic},
	{"siblings", siblings_permission, siblings_topic},
	{"tail", tail_permission, tail_topic},
	{"subsets", subset_permission, subset_topic},
};

/* What is asked: a permission's own topic, drawn anew each time or always the same one, or a topic that differs from
 * one in its last level or its third. */
enum ask { HIT, HOT, MISS, EARLY_MISS, ASKS };
static const char *const ask_words[ASKS] = {"hit", "hot", "miss", "early-miss"};

/* ---- one row ---- */

struct row {
	const struct kind *kind;
	uint32_t count, depth;
	enum ask ask;
};

struct bench {
	struct sqlauth_acl *acl;
	struct sqlauth_acl_client client;
	char *topics;
	size_t lengths[TOPICS];
	double compile_ns;
	uint64_t allowed;
};

static double now_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static void make_topics(struct bench *bench, const struct row *row)
{
	uint32_t same = draw(row->count);

	for (size_t i = 0; i < TOPICS; i++) {
		char *text = bench->topics + i * TOPIC_SIZE;
		row->kind->topic(text, row->ask == HOT ? same : draw(row->count), row->depth);
		bench->lengths[i] = strlen(text);
		if (row->ask == MISS)
			text[bench->lengths[i] - 1] = '~';
		if (row->ask == EARLY_MISS)
			text[0] = '~';
	}
}

static bool setup(struct bench *bench, const struct row *row)
{
	struct sqlauth_permission *permissions = calloc(row->count, sizeof *permissions);
	char *texts = malloc((size_t)row->count * TOPIC_SIZE);
	enum sqlauth_error error;
	double before;

	*bench = (struct bench){.topics = calloc(TOPICS, TOPIC_SIZE)};
	if (!permissions || !texts || !bench->topics)
		abort();
	for (uint32_t i = 0; i < row->count; i++) {
		char *text = texts + (size_t)i * TOPIC_SIZE;
		row->kind->permission(text, i, row->depth);
		permissions[i] = (struct sqlauth_permission){"g", text, SQLAUTH_ALLOW, SQLAUTH_PUBLISH};
	}
	before = now_ns();
	error = sqlauth_acl_compile(permissions, row->count, &bench->acl, NULL);
	bench->compile_ns = now_ns() - before;
	free(permissions);
	free(texts);
	if (error)
		return false;
	sqlauth_acl_client_init(&bench->client, "pump-7", "alice");
	make_topics(bench, row);
	return true;
}

static void fini(struct bench *bench)
{
	sqlauth_acl_unref(bench->acl);
	free(bench->topics);
}

__attribute__((noinline)) void measured(struct bench *bench, size_t rounds);
__attribute__((noinline)) void measured(struct bench *bench, size_t rounds)
{
	for (size_t i = 0; i < rounds; i++) {
		size_t which = i % TOPICS;
		struct sqlauth_verdict verdict = sqlauth_acl_check(bench->acl, SQLAUTH_ACCESS_PUBLISH, &bench->client,
			bench->topics + which * TOPIC_SIZE, bench->lengths[which]);
		bench->allowed += verdict.decision == SQLAUTH_ALLOWED;
	}
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static void print_row(const struct row *row)
{
	static double times[REPETITIONS];
	struct bench bench;
	size_t made, checks = CHECKS;
	double before;
	bool compiled = setup(&bench, row);

	printf("{\"set\": \"%s\", \"permissions\": %u, \"depth\": %u, \"ask\": \"%s\"", row->kind->name, row->count,
		row->depth, ask_words[row->ask]);
	if (!compiled) {
		printf(", \"refused\": true}\n");
		fini(&bench);
		return;
	}
	before = now_ns();
	measured(&bench, 200);
	if (now_ns() - before > 200 * 2000.0)
		checks = 500;
	made = allocations_made();
	for (size_t i = 0; i < REPETITIONS; i++) {
		before = now_ns();
		measured(&bench, checks);
		times[i] = (now_ns() - before) / (double)checks;
	}
	made = allocations_made() - made;
	qsort(times, REPETITIONS, sizeof times[0], compare);
	printf(", \"ns\": %.1f, \"ns_best\": %.1f, \"allocations\": %zu, \"allowed\": %s", times[REPETITIONS / 2],
		times[0], made, bench.allowed ? "true" : "false");
	printf(", \"compile_ns_per_permission\": %.0f, \"bytes_per_permission\": %.0f}\n",
		bench.compile_ns / row->count, (double)sqlauth_acl_bytes(bench.acl) / row->count);
	(void)fflush(stdout);
	fini(&bench);
}

static void print_all(void)
{
	static const uint32_t counts[] = {10, 100, 1000, 10000, 100000}, depths[] = {1, 2, 3, 5, 10, 15, 20};

	for (size_t k = 0; k < 3; k++) {
		for (size_t c = 0; c < LENGTH_OF(counts); c++)
			for (enum ask ask = HIT; ask < ASKS; ask++)
				print_row(&(struct row){&kinds[k], counts[c], 5, ask});
		for (size_t d = 0; d < LENGTH_OF(depths); d++)
			for (enum ask ask = HIT; ask <= MISS; ask += 2)
				print_row(&(struct row){&kinds[k], 1000, depths[d], ask});
	}
	for (size_t c = 1; c < LENGTH_OF(counts); c++) {
		print_row(&(struct row){&kinds[3], counts[c], 3, HIT});
		print_row(&(struct row){&kinds[4], counts[c], 20, HIT});
		print_row(&(struct row){&kinds[5], counts[c], 20, HIT});
		print_row(&(struct row){&kinds[5], counts[c], 11, HIT});
	}
}

int main(int argc, char **argv)
{
	struct row row = {.kind = NULL};
	struct bench bench;

	if (argc == 1) {
		print_all();
		return 0;
	}
	for (size_t i = 0; argc > 4 && i < LENGTH_OF(kinds); i++)
		if (strcmp(kinds[i].name, argv[1]) == 0)
			row.kind = &kinds[i];
	for (row.ask = HIT; argc > 4 && row.ask < ASKS && strcmp(ask_words[row.ask], argv[4]) != 0;)
		row.ask++;
	if (!row.kind || row.ask == ASKS) {
		(void)fprintf(stderr, "usage: bench_check [SET COUNT DEPTH ASK [ROUNDS]]\n");
		return 2;
	}
	row.count = (uint32_t)strtoul(argv[2], NULL, 10);
	row.depth = (uint32_t)strtoul(argv[3], NULL, 10);
	if (argc == 5) {
		print_row(&row);
		return 0;
	}
	if (row.count == 0 || !setup(&bench, &row))
		return 1;
	measured(&bench, strtoul(argv[5], NULL, 10));
	fini(&bench);
	return 0;
}
