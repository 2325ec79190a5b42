/* Where commands get a password from: the terminal or stdin, never the command line. */
#ifndef SQLAUTH_CLI_SECRET_INPUT_H
#define SQLAUTH_CLI_SECRET_INPUT_H

#include <stddef.h>

#include "output.h"
#include "sqlauth/password.h"

/* Wiped by its user with sqlauth_secret_wipe. */
struct cli_secret {
	char bytes[SQLAUTH_PASSWORD_BYTES_MAX]; /* not NUL-terminated */
	size_t length;                          /* at least 1 */
};

/* Asks twice on the terminal. USAGE, with the message printed, where the two differ, one is empty, or there is no
 * terminal; FAILED where the terminal fails. *secret_r is then untouched. */
enum cli_status cli_secret_ask(struct cli_secret *secret_r) __attribute__((warn_unused_result));

/* Reads stdin up to a newline, which is not part of the password, or the end. What follows the newline is left for
 * whoever reads next. USAGE, with the message printed, for an empty or too long password and for one with a NUL byte;
 * FAILED for a read error. *secret_r is then wiped. */
enum cli_status cli_secret_read_stdin(struct cli_secret *secret_r) __attribute__((warn_unused_result));

#endif
