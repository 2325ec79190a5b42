/* The system's clock behind struct sqlauth_clock. The only place that reads time; knows nothing of what it is for. */
#include "sqlauth/clock.h"

#include <stddef.h>
#include <time.h>

int64_t sqlauth_clock_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int64_t monotonic_ms(void *context)
{
	(void)context;
	return sqlauth_clock_us() / 1000;
}

static int64_t unix_seconds(void *context)
{
	struct timespec now;

	(void)context;
	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec;
}

const struct sqlauth_clock sqlauth_clock_system = {monotonic_ms, unix_seconds, NULL};
