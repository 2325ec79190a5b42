/* Time, injected: whatever decides by time takes a clock, so that tests can move it. */
#ifndef SQLAUTH_CLOCK_H
#define SQLAUTH_CLOCK_H

#include <stdint.h>

struct sqlauth_clock {
	int64_t (*monotonic_ms)(void *context); /* milliseconds since an arbitrary start; never goes back */
	int64_t (*unix_seconds)(void *context); /* seconds since 1970-01-01 UTC; may jump with the system's clock */
	void *context;
};

/* The system's clock: CLOCK_MONOTONIC and CLOCK_REALTIME. Any thread. */
extern const struct sqlauth_clock sqlauth_clock_system;

/* CLOCK_MONOTONIC in microseconds, for measuring how long something takes; not injected. Any thread. */
int64_t sqlauth_clock_us(void);

#endif
