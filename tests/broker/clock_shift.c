/* For LD_PRELOAD: a system clock that a test sets. The file that SQLAUTH_CLOCK_FILE names holds how many seconds it is
 * ahead, an int64_t; it is looked at each time. Other clocks are as they are. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *ahead_s;

__attribute__((constructor)) static void open_clock(void)
{
	const char *path = getenv("SQLAUTH_CLOCK_FILE");
	int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	void *seen = file >= 0 ? mmap(NULL, sizeof *ahead_s, PROT_READ, MAP_SHARED, file, 0) : MAP_FAILED;

	if (seen == MAP_FAILED)
		abort();
	ahead_s = seen;
	close(file);
}

__attribute__((visibility("default"))) int clock_gettime(clockid_t clock, struct timespec *now)
{
	int answer = (int)syscall(SYS_clock_gettime, clock, now);

	if (answer == 0 && ahead_s && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
		now->tv_sec += (time_t)*ahead_s;
	return answer;
}

__attribute__((visibility("default"))) time_t time(time_t *now_r)
{
	struct timespec now = {0};

	clock_gettime(CLOCK_REALTIME, &now);
	if (now_r)
		*now_r = now.tv_sec;
	return now.tv_sec;
}
