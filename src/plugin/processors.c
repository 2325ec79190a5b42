/* The processors that this process may use. Knows nothing of the plugin. */
#include "processors.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef __linux__
#include <sched.h>
#endif

#define OWN_GROUPS  "/proc/self/cgroup"
#define GROUP_MOUNT "/sys/fs/cgroup"
#define VERSION_2   "0::" /* begins the line of version 2; those of version 1 begin with other numbers */
#define PATH_SIZE   4096  /* PATH_MAX of Linux; a longer one is no group */
#define US_MAX      1000000000

/* A number of microseconds and where it ends; 0: none, or beyond a limit of the kernel. */
static unsigned long read_us(const char *text, char **end_r)
{
	unsigned long us = strtoul(text, end_r, 10);

	return us <= US_MAX ? us : 0;
}

/* 0: no bound. */
static unsigned paid_by(const char *directory)
{
	char path[PATH_SIZE + sizeof "/cpu.max"];
	char line[64] = "";
	unsigned long quota_us, period_us;
	FILE *file;
	char *end;

	(void)snprintf(path, sizeof path, "%s/cpu.max", directory);
	file = fopen(path, "re");
	if (!file)
		return 0;
	(void)fgets(line, sizeof line, file);
	(void)fclose(file);
	quota_us = read_us(line, &end); /* "max" instead of it: no bound */
	if (end == line)
		return 0;
	period_us = read_us(end, &end);
	if (period_us == 0)
		return 0;
	return quota_us < period_us ? 1 : (unsigned)(quota_us / period_us);
}

/* The directory of the process' own group. */
static bool find_group(const char *groups, const char *mount, char *directory, size_t size)
{
	FILE *file = fopen(groups, "re");
	char line[PATH_SIZE];
	bool found = false;

	if (!file)
		return false;
	while (!found && fgets(line, sizeof line, file)) {
		line[strcspn(line, "\n")] = '\0';
		found = strncmp(line, VERSION_2, strlen(VERSION_2)) == 0;
	}
	(void)fclose(file);
	return found && (size_t)snprintf(directory, size, "%s%s", mount, line + strlen(VERSION_2)) < size;
}

unsigned processors_paid(const char *groups, const char *mount)
{
	char directory[PATH_SIZE];
	unsigned least = 0;

	if (!find_group(groups, mount, directory, sizeof directory))
		return 0;
	for (;;) {
		unsigned paid = paid_by(directory);
		char *end = strrchr(directory + strlen(mount), '/');

		if (paid > 0 && (least == 0 || paid < least))
			least = paid;
		if (!end)
			return least;
		*end = '\0';
	}
}

static unsigned processors_allowed(void)
{
	long online;

#ifdef __linux__
	cpu_set_t allowed;

	if (sched_getaffinity(0, sizeof allowed, &allowed) == 0)
		return (unsigned)CPU_COUNT(&allowed);
#endif
	online = sysconf(_SC_NPROCESSORS_ONLN); /* also where there are more than a set has place for */
	return online > 0 ? (unsigned)online : 1;
}

unsigned processors_usable(void)
{
	unsigned allowed = processors_allowed();
	unsigned paid = processors_paid(OWN_GROUPS, GROUP_MOUNT);

	return paid > 0 && paid < allowed ? paid : allowed;
}
