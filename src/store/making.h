/* Making a database file beside its place and putting it there in one step, so that nobody ever sees half of it. */
#ifndef SQLAUTH_STORE_MAKING_H
#define SQLAUTH_STORE_MAKING_H

#include "sqlauth/error.h"
#include "sqlauth/text.h"

/* Makes an empty file PATH.new-XXXXXXXXXXXXXXXX, mode 0600, that was not there; its name is the caller's (free). */
enum sqlauth_error sqlauth_making_begin(const char *path, char **made_r, struct sqlauth_text *why)
	__attribute__((warn_unused_result));

/* Removes it again, with what SQLite put beside it. */
void sqlauth_making_abandon(const char *made);

/* Gives the made file its name; 0, or -1 and errno, EEXIST where there is something. link() refuses to replace; where
 * the filesystem has no hard links, it is looked for first, which is second best. */
int sqlauth_making_put_in_place(const char *made, const char *path) __attribute__((warn_unused_result));

#endif
