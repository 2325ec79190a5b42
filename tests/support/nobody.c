#include "nobody.h"

#include <grp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define NOBODY     65534
#define GROUPS_MAX 65536

static bool was_root;
static gid_t group, groups[GROUPS_MAX];
static int group_count;

static void check(int result, const char *what)
{
	if (result >= 0)
		return;
	perror(what);
	abort();
}

void nobody_begin(void)
{
	was_root = geteuid() == 0;
	if (!was_root)
		return;
	group = getegid();
	group_count = getgroups(GROUPS_MAX, groups);
	check(group_count, "getgroups");
	check(setgroups(0, NULL), "setgroups");
	check(setegid(NOBODY), "setegid");
	check(seteuid(NOBODY), "seteuid");
}

void nobody_end(void)
{
	if (!was_root)
		return;
	check(seteuid(0), "seteuid");
	check(setegid(group), "setegid");
	check(setgroups((size_t)group_count, groups), "setgroups");
}
