/* A default VFS of SQLite that passes everything on to the real one and makes the nth call to a file fail. */
#ifndef FAULT_VFS_H
#define FAULT_VFS_H

#include <stddef.h>

/* Once, before the first connection. Ends the process where SQLite refuses it. */
void fault_vfs_install(void);

/* The nth call from now on (1: the next) fails, once, with an I/O error of its kind (locks: SQLITE_BUSY where `busy`);
 * 0: none. */
void fault_vfs_fail(size_t nth, int busy);

/* Whether the failure that was asked for has not come yet. */
int fault_vfs_pending(void);

#endif
