/* The processors that this process may use. Knows nothing of the plugin. */
#include "processors.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#ifdef __linux__
#include <sched.h>
#endif

#define OWN_GROUPS  "/proc/self/cgroup"
#define GROUP_MOUNT "/sys/fs/cgroup"
#define VERSION_2   "0::" /* begins the line of version 2; those of version 1 begin with other numbers */
#define PATH_SIZE   4096  /* PATH_MAX of Linux; a longer one is no group */

/* 0: no bound. */
static unsigned paid_by(const char *directory)
{
	char path[PATH_SIZE + sizeof "/cpu.max"];
	unsigned quota_us, period_us;
	FILE *file;
	bool bound;

	(void)snprintf(path, sizeof path, "%s/cpu.max", directory);
	file = fopen(path, "re");
	if (!file)
		return 0;
	bound = fscanf(file, "%9u %9u", &quota_us, &period_us) == 2 &&
		period_us > 0; /* "max" instead of a quota: none */
	(void)fclose(file);
	if (!bound)
		return 0;
	return quota_us < period_us ? 1 : quota_us / period_us;
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
