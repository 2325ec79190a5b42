/* How many processors this process has for itself: so that the threads which hash do not use up what the broker's
 * thread needs (docs/adr/0003-verification.md).
 *
 * Linux: those that the calling thread may run on (sched_getaffinity: taskset, a container's cpuset), and no more than
 * the control group pays for (version 2, `cpu.max` of cgroups(7): CPUQuota of systemd, a container's CPU limit).
 * Elsewhere those that are online. Reads files: for the start.
 */
#ifndef SQLAUTH_PLUGIN_PROCESSORS_H
#define SQLAUTH_PLUGIN_PROCESSORS_H

/* At least 1. */
unsigned processors_usable(void);

/* Processors that a control group pays for, rounded down, at least 1: the least that it or one above it says. 0: there
 * is no bound, or none that can be read. groups: a file as /proc/self/cgroup; mount: the directory of the groups. */
unsigned processors_paid(const char *groups, const char *mount);

#endif
