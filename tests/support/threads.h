/* The threads that run in this process, as the kernel lists them: those that end are still there for a moment. */
#ifndef SQLAUTH_TEST_THREADS_H
#define SQLAUTH_TEST_THREADS_H

#include <stdbool.h>
#include <sys/types.h>

unsigned threads_of_this_process(void);
unsigned threads_that(bool (*do_it)(pid_t id));

#endif
