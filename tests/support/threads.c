#include "threads.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

unsigned threads_that(bool (*do_it)(pid_t id))
{
	DIR *tasks = opendir("/proc/self/task");
	unsigned count = 0;

	assert_non_null(tasks);
	for (const struct dirent *task = readdir(tasks); task; task = readdir(tasks))
		count += task->d_name[0] != '.' && do_it((pid_t)atoi(task->d_name));
	closedir(tasks);
	return count;
}

static bool exist(pid_t id)
{
	return id > 0;
}

unsigned threads_of_this_process(void)
{
	return threads_that(exist);
}
