/* The three files of a database as the directory shows them: the database, its -wal and its -shm.
 *
 * Only looked at, never opened: closing any descriptor of a file drops all POSIX locks that this process holds on it,
 * those of another SQLite connection included (https://www.sqlite.org/howtocorrupt.html, 2.2). Knows nothing of SQLite.
 */
#ifndef SQLAUTH_STORE_FILES_H
#define SQLAUTH_STORE_FILES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "sqlauth/error.h"

enum sqlauth_file_role { SQLAUTH_FILE_DATABASE, SQLAUTH_FILE_WAL, SQLAUTH_FILE_SHM, SQLAUTH_FILE_ROLES };

struct sqlauth_file {
	bool exists;
	int error; /* errno where it does not exist or cannot be looked at */
	mode_t mode;
	uid_t uid;
	gid_t gid;
	uint64_t device, inode;
	int64_t size;
	int64_t born_ns; /* 0 where the filesystem does not tell */
	int64_t modified_ns, changed_ns;
};

struct sqlauth_files {
	struct sqlauth_file file[SQLAUTH_FILE_ROLES];
};

/* Their paths, and the directory's. A relative database path begins with "./", so that no name means anything but
 * a file to SQLite (":memory:", "file:..."). Zero-initialise; on failure (MEMORY) nothing is left to clear. */
struct sqlauth_paths {
	char *file[SQLAUTH_FILE_ROLES];
	char *directory;
};

/* MEMORY leaves nothing to clear behind; clearing is allowed nevertheless. */
enum sqlauth_error sqlauth_paths_init(struct sqlauth_paths *paths, const char *path)
	__attribute__((warn_unused_result));
/* A copy of the path with `back` behind it, and "./" in front where it needs that; NULL without memory. */
char *sqlauth_path_join(const char *path, const char *back);

void sqlauth_paths_clear(struct sqlauth_paths *paths);

/* About 0.5 us each. */
void sqlauth_file_look(const char *path, struct sqlauth_file *file);
void sqlauth_files_look(const struct sqlauth_paths *paths, struct sqlauth_files *files);

/* Whether both exist and are one file: also where an inode number was used again. */
bool sqlauth_file_same(const struct sqlauth_file *a, const struct sqlauth_file *b);

/* Whether nothing was written to or done with the file between the two looks. */
bool sqlauth_file_untouched(const struct sqlauth_file *a, const struct sqlauth_file *b);

#endif
