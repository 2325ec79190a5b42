#include "fault_vfs.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

struct fault_file {
	sqlite3_file base;
	sqlite3_file *real; /* behind this struct, in the same block */
};

static sqlite3_vfs *real_vfs;
static sqlite3_vfs fault_vfs;
static sqlite3_io_methods methods;
static size_t countdown;
static int locks_are_busy;

void fault_vfs_fail(size_t nth, int busy)
{
	countdown = nth;
	locks_are_busy = busy;
}

int fault_vfs_pending(void)
{
	return countdown != 0;
}

static int fails(void)
{
	return countdown != 0 && --countdown == 0;
}

static sqlite3_file *real(sqlite3_file *file)
{
	return ((struct fault_file *)file)->real;
}

static int lock_error(int code)
{
	return locks_are_busy ? SQLITE_BUSY : code;
}

static int fault_close(sqlite3_file *file)
{
	return real(file)->pMethods->xClose(real(file));
}

static int fault_read(sqlite3_file *file, void *bytes, int count, sqlite3_int64 offset)
{
	return fails() ? SQLITE_IOERR_READ : real(file)->pMethods->xRead(real(file), bytes, count, offset);
}

static int fault_write(sqlite3_file *file, const void *bytes, int count, sqlite3_int64 offset)
{
	return fails() ? SQLITE_IOERR_WRITE : real(file)->pMethods->xWrite(real(file), bytes, count, offset);
}

static int fault_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	return fails() ? SQLITE_IOERR_TRUNCATE : real(file)->pMethods->xTruncate(real(file), size);
}

/* Nothing is really synced: thousands of runs would wait for the disk. */
static int fault_sync(sqlite3_file *file, int flags)
{
	(void)file, (void)flags;
	return fails() ? SQLITE_IOERR_FSYNC : SQLITE_OK;
}

static int fault_size(sqlite3_file *file, sqlite3_int64 *size)
{
	return fails() ? SQLITE_IOERR_FSTAT : real(file)->pMethods->xFileSize(real(file), size);
}

static int fault_lock(sqlite3_file *file, int level)
{
	return fails() ? lock_error(SQLITE_IOERR_LOCK) : real(file)->pMethods->xLock(real(file), level);
}

static int fault_unlock(sqlite3_file *file, int level)
{
	return real(file)->pMethods->xUnlock(real(file), level);
}

static int fault_check_reserved(sqlite3_file *file, int *result)
{
	return fails() ? SQLITE_IOERR_CHECKRESERVEDLOCK : real(file)->pMethods->xCheckReservedLock(real(file), result);
}

static int fault_control(sqlite3_file *file, int operation, void *argument)
{
	return real(file)->pMethods->xFileControl(real(file), operation, argument);
}

static int fault_sector_size(sqlite3_file *file)
{
	return real(file)->pMethods->xSectorSize(real(file));
}

static int fault_characteristics(sqlite3_file *file)
{
	return real(file)->pMethods->xDeviceCharacteristics(real(file));
}

static int fault_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **memory)
{
	return fails() ? SQLITE_IOERR_SHMMAP : real(file)->pMethods->xShmMap(real(file), page, size, extend, memory);
}

static int fault_shm_lock(sqlite3_file *file, int offset, int count, int flags)
{
	/* SQLite does not expect that a lock cannot be given back */
	if ((flags & SQLITE_SHM_LOCK) != 0 && fails())
		return lock_error(SQLITE_IOERR_SHMLOCK);
	return real(file)->pMethods->xShmLock(real(file), offset, count, flags);
}

static void fault_shm_barrier(sqlite3_file *file)
{
	real(file)->pMethods->xShmBarrier(real(file));
}

static int fault_shm_unmap(sqlite3_file *file, int remove)
{
	return real(file)->pMethods->xShmUnmap(real(file), remove);
}

static int fault_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *flags_r)
{
	struct fault_file *fault = (struct fault_file *)file;
	int code;

	(void)vfs;
	file->pMethods = NULL;
	if (fails())
		return SQLITE_CANTOPEN;
	fault->real = (sqlite3_file *)(fault + 1);
	code = real_vfs->xOpen(real_vfs, name, fault->real, flags, flags_r);
	if (fault->real->pMethods != NULL)
		file->pMethods = &methods;
	return code;
}

static int fault_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
	(void)vfs;
	(void)sync;
	return fails() ? SQLITE_IOERR_DELETE : real_vfs->xDelete(real_vfs, name, 0);
}

static int fault_access(sqlite3_vfs *vfs, const char *name, int flags, int *result)
{
	(void)vfs;
	return fails() ? SQLITE_IOERR_ACCESS : real_vfs->xAccess(real_vfs, name, flags, result);
}

void fault_vfs_install(void)
{
	static const sqlite3_io_methods all = {
		.iVersion = 2,
		.xClose = fault_close,
		.xRead = fault_read,
		.xWrite = fault_write,
		.xTruncate = fault_truncate,
		.xSync = fault_sync,
		.xFileSize = fault_size,
		.xLock = fault_lock,
		.xUnlock = fault_unlock,
		.xCheckReservedLock = fault_check_reserved,
		.xFileControl = fault_control,
		.xSectorSize = fault_sector_size,
		.xDeviceCharacteristics = fault_characteristics,
		.xShmMap = fault_shm_map,
		.xShmLock = fault_shm_lock,
		.xShmBarrier = fault_shm_barrier,
		.xShmUnmap = fault_shm_unmap,
	};

	real_vfs = sqlite3_vfs_find(NULL);
	if (real_vfs == NULL)
		abort();
	methods = all;
	fault_vfs = *real_vfs;
	fault_vfs.zName = "fault";
	fault_vfs.pNext = NULL;
	fault_vfs.szOsFile += (int)sizeof(struct fault_file);
	fault_vfs.xOpen = fault_open;
	fault_vfs.xDelete = fault_delete;
	fault_vfs.xAccess = fault_access;
	if (sqlite3_vfs_register(&fault_vfs, 1) != SQLITE_OK)
		abort();
}
