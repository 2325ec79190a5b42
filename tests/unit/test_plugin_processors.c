/* How many processors the process may use: by its affinity and by what its control group and those above it pay for. */
#include "plugin/processors.h"

#include <limits.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define GROUPS_MAX   3

/* From the mount down: the whole tree, one group in it, one in that. */
static const char *const names[GROUPS_MAX] = {"", "/system.slice", "/system.slice/mosquitto.service"};

static char tree[] = "/tmp/sqlauth-groups-XXXXXX";

static const char *path_of(const char *name, const char *file)
{
	static char path[PATH_MAX];

	assert_in_range(snprintf(path, sizeof path, "%s%s%s", tree, name, file), 1, (int)sizeof path - 1);
	return path;
}

static void write_text(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static int make_tree(void **state)
{
	(void)state;
	if (!mkdtemp(tree))
		return 1;
	for (size_t i = 1; i < GROUPS_MAX; i++)
		assert_int_equal(mkdir(path_of(names[i], ""), 0700), 0);
	return 0;
}

static int remove_tree(void **state)
{
	(void)state;
	unlink(path_of("", "/groups"));
	for (size_t i = GROUPS_MAX; i-- > 0;) {
		unlink(path_of(names[i], "/cpu.max"));
		rmdir(path_of(names[i], ""));
	}
	return 0;
}

static unsigned paid(const char *groups)
{
	const char *file = path_of("", "/groups");

	write_text(file, groups);
	return processors_paid(file, tree);
}

static void the_least_that_a_group_or_one_above_it_pays_for_counts(void **state)
{
	static const struct row {
		const char *quotas[GROUPS_MAX]; /* NULL: there is no such file */
		unsigned expected;
	} rows[] = {
		{{NULL, NULL, NULL}, 0},
		{{NULL, "max 100000\n", "max 100000\n"}, 0},
		{{NULL, "max 100000\n", "400000 100000\n"}, 4},
		{{NULL, "200000 100000\n", "max 100000\n"}, 2},
		{{NULL, "200000 100000\n", "800000 100000\n"}, 2},
		{{NULL, "800000 100000\n", "200000 100000\n"}, 2},
		{{"100000 100000\n", NULL, NULL}, 1}, /* a container sees its own group as the whole tree */
		{{NULL, NULL, "250000 100000\n"}, 2},
		{{NULL, NULL, "10000 50000\n"}, 1},
		{{NULL, NULL, "0 100000\n"}, 1},
		{{NULL, NULL, "100000 0\n"}, 0},
		{{NULL, NULL, "100000\n"}, 0},
		{{NULL, NULL, ""}, 0},
		{{NULL, NULL, "many 100000\n"}, 0},
	};

	(void)state;
	for (size_t row = 0; row < COUNT(rows); row++) {
		unsigned found;

		for (size_t i = 0; i < GROUPS_MAX; i++) {
			unlink(path_of(names[i], "/cpu.max"));
			if (rows[row].quotas[i])
				write_text(path_of(names[i], "/cpu.max"), rows[row].quotas[i]);
		}
		found = paid("4:memory:/elsewhere\n0::/system.slice/mosquitto.service\n");
		if (found != rows[row].expected)
			fail_msg("row %zu: %u instead of %u", row, found, rows[row].expected);
	}
}

static void without_a_group_of_version_2_there_is_no_bound(void **state)
{
	static const char *const rows[] = {"", "1:cpu:/system.slice\n", "10::/system.slice\n"};
	char long_line[2 * PATH_MAX];

	(void)state;
	write_text(path_of("/system.slice", "/cpu.max"), "100000 100000\n");
	assert_int_equal(paid("0::/system.slice\n"), 1);
	assert_int_equal(paid("0::/system.slice"), 1);
	for (size_t row = 0; row < COUNT(rows); row++)
		assert_int_equal(paid(rows[row]), 0);
	assert_int_equal(processors_paid("/nowhere/groups", tree), 0);
	memset(long_line, 'x', sizeof long_line);
	memcpy(long_line, "0::/", 4);
	long_line[sizeof long_line - 1] = '\0';
	assert_int_equal(paid(long_line), 0);
}

static void who_may_run_on_one_processor_has_one(void **state)
{
	cpu_set_t before, one;
	size_t first = 0;

	(void)state;
	assert_int_equal(sched_getaffinity(0, sizeof before, &before), 0);
	assert_in_range(processors_usable(), 1, CPU_COUNT(&before));
	while (!CPU_ISSET(first, &before))
		first++;
	CPU_ZERO(&one);
	CPU_SET(first, &one);
	assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
	assert_int_equal(processors_usable(), 1);
	assert_int_equal(sched_setaffinity(0, sizeof before, &before), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_least_that_a_group_or_one_above_it_pays_for_counts),
		cmocka_unit_test(without_a_group_of_version_2_there_is_no_bound),
		cmocka_unit_test(who_may_run_on_one_processor_has_one),
	};

	return cmocka_run_group_tests(tests, make_tree, remove_tree);
}
