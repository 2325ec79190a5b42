/* What the import commands share: reading a file whole, the options in common, and what happens to a policy once it is
 * read. */
#ifndef SQLAUTH_CLI_IMPORT_H
#define SQLAUTH_CLI_IMPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "options.h"
#include "output.h"
#include "policy.h"

#define IMPORT_FILE_BYTES_MAX (256 << 20)

/* The file's bytes with a NUL behind them, the caller's (free). USAGE, with the message printed, where it cannot be
 * read, holds a NUL or is too long; FAILED without memory. */
enum cli_status import_read_file(const char *path, char **text_r, size_t *length_r) __attribute__((warn_unused_result));

/* Adds a client with this name, username and hash, unless the hash or the name is none that the database takes, which
 * becomes a remark. Whether it was added. */
bool import_add_client(struct policy *policy, const struct policy_client *client);

/* Adds the permission for a foreign filter, or a remark where it can never decide anything here. has_placeholders: %c
 * and %u are meant as such; else they stand for themselves. */
void import_add_permission(struct policy *policy, const char *group, enum sqlauth_effect effect,
	enum sqlauth_action action, const char *filter, bool has_placeholders);

/* For systems that, as they were set up, judged no topics: a group that may do everything, where is_wanted, else a
 * remark. what: why nothing was judged, a clause. */
void import_allow_everything(struct policy *policy, bool is_wanted, const char *what);

/* Does it in one transaction, or (dry_run) shows what would be done, after the database has judged it; remarks either
 * way. */
enum cli_status import_finish(const struct cli_arguments *arguments, const struct policy *policy, bool dry_run)
	__attribute__((warn_unused_result));

#endif
