/* Counts allocations and makes one fail. Knows the linker's --wrap and nothing of the project. */
#include "allocations.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static atomic_size_t made;
static atomic_size_t live;
static atomic_size_t countdown;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
void __real_free(void *memory);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
int __wrap_posix_memalign(void **memory_r, size_t alignment, size_t size);
char *__wrap_strdup(const char *string);
char *__wrap_strndup(const char *string, size_t size);
void __wrap_free(void *memory);

size_t allocations_made(void)
{
	return made;
}

size_t allocations_live(void)
{
	return live;
}

void allocations_fail(size_t nth)
{
	countdown = nth;
}

static bool refused(void)
{
	made++;
	if (countdown == 0 || --countdown > 0)
		return false;
	errno = ENOMEM;
	return true;
}

static void *counted(void *memory)
{
	if (memory != NULL)
		live++;
	return memory;
}

void *__wrap_malloc(size_t size)
{
	return refused() ? NULL : counted(__real_malloc(size));
}

void *__wrap_calloc(size_t count, size_t size)
{
	return refused() ? NULL : counted(__real_calloc(count, size));
}

void *__wrap_realloc(void *memory, size_t size)
{
	if (refused())
		return NULL;
	return memory == NULL ? counted(__real_realloc(NULL, size)) : __real_realloc(memory, size);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
	return refused() ? NULL : counted(__real_aligned_alloc(alignment, size));
}

int __wrap_posix_memalign(void **memory_r, size_t alignment, size_t size)
{
	size_t rounded = (size + alignment - 1) / alignment * alignment;
	void *memory = __wrap_aligned_alloc(alignment, rounded);
	if (memory == NULL)
		return ENOMEM;
	*memory_r = memory;
	return 0;
}

char *__wrap_strndup(const char *string, size_t size)
{
	size_t length = strnlen(string, size);
	char *copy = __wrap_malloc(length + 1);
	if (copy != NULL) {
		memcpy(copy, string, length);
		copy[length] = '\0';
	}
	return copy;
}

char *__wrap_strdup(const char *string)
{
	return __wrap_strndup(string, strlen(string));
}

void __wrap_free(void *memory)
{
	if (memory != NULL)
		live--;
	__real_free(memory);
}
