/* Memory and files that fail: the 1st, 2nd, 3rd ... allocation (SQLite's too), and the 1st, 2nd, 3rd ... call to a
 * file. For loops that go on until a run passes untouched. */
#ifndef FAULTS_H
#define FAULTS_H

#include <stdbool.h>
#include <stddef.h>

/* More faults than any run has places for: ends a loop that would not end. */
#define FAULTS_MAX 100000

struct fault {
	void (*arm)(size_t nth); /* the nth from now on (1: the next) fails, once; 0: none */
	bool (*pending)(void);   /* whether it has not come yet */
};

enum { FAULT_KINDS = 3 };
extern const struct fault faults[FAULT_KINDS]; /* an allocation; a call to a file; the same, locks are busy */

/* The fault to try after this one: the next, or, where the environment's SQLAUTH_TEST_EFFORT is `short`, wider and
 * wider apart beyond the first hundred. */
size_t faults_next(size_t nth);

/* Once, before anything calls SQLite. Ends the process where SQLite refuses it. */
void faults_install(void);

#endif
