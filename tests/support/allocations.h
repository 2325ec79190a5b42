/* Counts the allocations of the code under test, and makes the nth one fail.
 *
 * Works by the linker: everything linked into a test calls malloc, calloc, realloc, strdup, strndup, aligned_alloc,
 * posix_memalign and free through here (--wrap). Calls inside shared libraries are not seen. Counting is for all
 * threads together; a failure is asked for by one thread and hits whichever comes to it.
 */
#ifndef TEST_ALLOCATIONS_H
#define TEST_ALLOCATIONS_H

#include <stddef.h>

/* Allocations asked for since the start, failed ones too; blocks allocated and not yet freed. */
size_t allocations_made(void);
size_t allocations_live(void);

/* The nth allocation from now on (1: the next) fails, once; 0: none. */
void allocations_fail(size_t nth);

#endif
