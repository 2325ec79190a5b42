/* The threads that run in this process, as the kernel lists them: those that end are still there for a moment. */
#ifndef SQLAUTH_TEST_THREADS_H
#define SQLAUTH_TEST_THREADS_H

unsigned threads_of_this_process(void);

#endif
