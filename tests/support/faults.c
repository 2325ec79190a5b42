#include "faults.h"

#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "allocations.h"
#include "fault_vfs.h"

/* SQLite's memory comes from this program's malloc, whose calls the linker sends through allocations.c. */
static void *memory_get(int size)
{
	int64_t *block = malloc(16 + (size_t)size);

	if (block == NULL)
		return NULL;
	block[0] = size;
	return block + 2;
}

static void memory_free(void *block)
{
	if (block != NULL)
		free((int64_t *)block - 2);
}

static int memory_size(void *block)
{
	return block == NULL ? 0 : (int)((int64_t *)block - 2)[0];
}

static void *memory_resize(void *block, int size)
{
	int64_t *grown = realloc((int64_t *)block - 2, 16 + (size_t)size);

	if (grown == NULL)
		return NULL;
	grown[0] = size;
	return grown + 2;
}

static int memory_round(int size)
{
	return (size + 7) & ~7;
}

static int memory_init(void *context)
{
	(void)context;
	return SQLITE_OK;
}

static void memory_shutdown(void *context)
{
	(void)context;
}

static size_t armed_at, armed_nth;

static void arm_allocation(size_t nth)
{
	armed_at = allocations_made();
	armed_nth = nth;
	allocations_fail(nth);
}

static bool allocation_pending(void)
{
	return allocations_made() - armed_at < armed_nth;
}

static void arm_io(size_t nth)
{
	fault_vfs_fail(nth, 0);
}

static void arm_busy(size_t nth)
{
	fault_vfs_fail(nth, 1);
}

static bool io_pending(void)
{
	return fault_vfs_pending();
}

const struct fault faults[FAULT_KINDS] = {
	{arm_allocation, allocation_pending},
	{arm_io, io_pending},
	{arm_busy, io_pending},
};

size_t faults_next(size_t nth)
{
	const char *effort = getenv("SQLAUTH_TEST_EFFORT");

	if (effort == NULL || strcmp(effort, "short") != 0 || nth < 100)
		return nth + 1;
	return nth + 1 + nth / 50;
}

void faults_install(void)
{
	static const sqlite3_mem_methods memory = {
		memory_get, memory_free, memory_resize, memory_size, memory_round, memory_init, memory_shutdown, NULL};

	if (sqlite3_config(SQLITE_CONFIG_MALLOC, &memory) != SQLITE_OK) {
		fprintf(stderr, "faults: SQLite takes no other memory any more\n");
		abort();
	}
	fault_vfs_install();
}
