/* A command's use of the database: one connection, one transaction, and errors that become messages and exit statuses.
 */
#ifndef SQLAUTH_CLI_DATABASE_H
#define SQLAUTH_CLI_DATABASE_H

#include <stdint.h>

#include "options.h"
#include "output.h"
#include "sqlauth/admin.h"

struct cli_database {
	struct sqlauth_admin *admin; /* NULL: not open */
	char buffer[SQLAUTH_MESSAGE_SIZE];
	struct sqlauth_text why;
};

/* Opens the database of the arguments to read. FAILED, with the message printed. cli_database_finish must follow
 * either way; it may also be called on a zeroed struct. */
enum cli_status cli_database_open(const struct cli_arguments *arguments, struct cli_database *database_r)
	__attribute__((warn_unused_result));

/* The same to write, in a transaction that has begun. */
enum cli_status cli_database_begin(const struct cli_arguments *arguments, struct cli_database *database_r)
	__attribute__((warn_unused_result));

/* What a change is about, for messages: `client "pump-7": there is no such row`. */
struct cli_subject {
	const char *noun, *name; /* name: quoted here; NULL: none */
};

/* Makes a change. DENIED where there is no such row, USAGE where the database refuses a value or has such a row,
 * FAILED; the message is printed. */
enum cli_status cli_database_change(struct cli_database *database, const struct cli_subject *subject,
	enum sqlauth_admin_action action, const char *const *values, size_t count) __attribute__((warn_unused_result));

/* Whether the client or group that was named is there: DONE; DENIED, with the message printed; FAILED. `show` is the
 * action that reads one by its name. */
enum cli_status cli_database_require(struct cli_database *database, enum sqlauth_admin_action show,
	const struct cli_subject *subject) __attribute__((warn_unused_result));

/* Reads rows into visit. The message is printed, unless visit has failed, which has to print its own. */
enum cli_status cli_database_read(struct cli_database *database, enum sqlauth_admin_action action,
	const char *const *values, size_t count, sqlauth_admin_visitor *visit, void *context)
	__attribute__((warn_unused_result));

/* Copies of the columns of the first row; NULL beyond the last row, which is DENIED without a message. */
struct cli_row {
	char *columns[SQLAUTH_ADMIN_VALUES_MAX];
	size_t count; /* how many columns to keep; set by the caller */
};
enum cli_status cli_database_read_row(struct cli_database *database, enum sqlauth_admin_action action,
	const char *const *values, size_t count, struct cli_row *row) __attribute__((warn_unused_result));
void cli_row_clear(struct cli_row *row);

/* Commits where status is DONE, rolls back otherwise, and closes. The status, or FAILED with the message printed. */
enum cli_status cli_database_finish(struct cli_database *database, enum cli_status status)
	__attribute__((warn_unused_result));

/* The number of values of an array that is written in place: CLI_VALUES("a", NULL). */
#define CLI_VALUES(...)                                                                                                \
	(const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *)

#endif
