/* Who may use the files of a database: this process, asked of the kernel, or another user, worked out from mode bits.
 */
#ifndef SQLAUTH_STORE_ACCESS_H
#define SQLAUTH_STORE_ACCESS_H

#include <sys/types.h>

#include "files.h"
#include "sqlauth/error.h"
#include "sqlauth/store.h"
#include "sqlauth/text.h"

/* DATABASE, and the mend, where there is no regular, non-empty file that this process can read. */
enum sqlauth_error sqlauth_files_check_readable(const struct sqlauth_paths *paths, const struct sqlauth_files *files,
	enum sqlauth_store_opener opener, struct sqlauth_text *why) __attribute__((warn_unused_result));

/* A user. NULL wherever it is taken: the one that this process runs as. */
struct sqlauth_user {
	char *name;
	uid_t uid;
	gid_t gid;
	gid_t *groups; /* gid included */
	int group_count;
};

/* NOT_FOUND for an unknown name. The caller clears *user_r. */
enum sqlauth_error sqlauth_user_find(const char *name, struct sqlauth_user *user_r) __attribute__((warn_unused_result));
void sqlauth_user_clear(struct sqlauth_user *user);

/* DATABASE, and the mend, where the user could not read the database file itself. */
enum sqlauth_error sqlauth_files_check_readable_by(const struct sqlauth_paths *paths, const struct sqlauth_user *user,
	struct sqlauth_text *why) __attribute__((warn_unused_result));

/* DATABASE, and the mend, where SQLite could not read a database in WAL mode for this user: that takes a -shm file
 * that can be written, or a directory in which it can be made. */
enum sqlauth_error sqlauth_files_check_wal(const struct sqlauth_paths *paths, const struct sqlauth_files *files,
	const struct sqlauth_user *user, enum sqlauth_store_opener opener, struct sqlauth_text *why)
	__attribute__((warn_unused_result));

/* DATABASE, and the mend, where the user could not read and write the database file itself. */
enum sqlauth_error sqlauth_files_check_writable(const struct sqlauth_paths *paths, const struct sqlauth_files *files,
	const struct sqlauth_user *user, enum sqlauth_store_opener opener, struct sqlauth_text *why)
	__attribute__((warn_unused_result));

#endif
