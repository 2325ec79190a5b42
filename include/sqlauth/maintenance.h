/* A database as a whole: upgraded, copied, and exchanged, safe beside readers and writers. For the tool.
 *
 * Functions leave one sentence in *why on failure, with the mend where there is one. Errors: NOT_FOUND, EXISTS, BUSY
 * (locked for longer than SQLAUTH_STORE_PATIENCE_MS), DATABASE (what is copied is none of ours, too new or damaged,
 * or what is written to cannot be), SYSTEM, MEMORY.
 */
#ifndef SQLAUTH_MAINTENANCE_H
#define SQLAUTH_MAINTENANCE_H

#include <stdbool.h>

#include "sqlauth/error.h"
#include "sqlauth/text.h"

/* Brings a database of an older schema version to this build's, in one transaction. *from_r: the version it had, which
 * is SQLAUTH_SCHEMA_VERSION where there was nothing to do. */
enum sqlauth_error sqlauth_upgrade(const char *path, int *from_r, struct sqlauth_text *why)
	__attribute__((warn_unused_result));

/* Copies the database at `path`, as of one moment, into a new file at `target`: one file, complete, not in WAL mode,
 * with the mode and, where this process may, the owner of the original. It is made beside its place, checked, and put
 * there in one step; with `replace`, over a regular file that is empty or a database of ours, damaged or not, unless it
 * is open (a -wal and -shm in use beside it) or was left half written (a -journal). EXISTS or DATABASE otherwise. */
enum sqlauth_error sqlauth_snapshot(const char *path, const char *target, bool replace, struct sqlauth_text *why)
	__attribute__((warn_unused_result));

/* What sqlauth_restore would refuse, without changing anything: for asking before. *replaces_r: whether there is
 * content at `path` that would go. */
enum sqlauth_error sqlauth_restore_check(const char *path, const char *source, bool *replaces_r,
	struct sqlauth_text *why) __attribute__((warn_unused_result));

/* Replaces the content of the database at `path` by that of the file `source`, in one transaction, after `source` was
 * checked from end to end. Readers see the old content until then; file, owner, mode and journal mode stay. Where there
 * is nothing at `path`, a database is created first, for `owner` (sqlauth_store_create); an empty one is in WAL mode
 * afterwards, too. What another application or a newer version made, or is no SQLite database, is not written over
 * (DATABASE); a database of ours is, however damaged it is. */
enum sqlauth_error sqlauth_restore(const char *path, const char *source, const char *owner, struct sqlauth_text *why)
	__attribute__((warn_unused_result));

#endif
