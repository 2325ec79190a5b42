/* What the tool says: exit status, messages on stderr, and the quoting of everything that somebody else wrote. */
#ifndef SQLAUTH_CLI_OUTPUT_H
#define SQLAUTH_CLI_OUTPUT_H

#include "sqlauth/error.h"
#include "sqlauth/text.h"

/* Exit status; docs/cli.md promises these numbers to scripts. */
enum cli_status {
	CLI_DONE = 0,   /* done, or everything asked for is allowed */
	CLI_DENIED = 1, /* denied, or not found */
	CLI_USAGE = 2,  /* the command line or the input is wrong; nothing was done */
	CLI_FAILED = 3, /* the database, or else the machine: no memory, the output cannot be written */
};

#define CLI_QUOTED_BYTES_MAX 1024 /* bytes of a value that are shown; a topic of a person's making fits */

struct cli_quoted {
	char text[4 * CLI_QUOTED_BYTES_MAX + sizeof("\"...\"")]; /* every byte may become \xNN */
};

/* Quotes a NUL-terminated value as sqlauth_text_add_quoted does, into `buffer`; gives buffer->text back. For anything
 * that came from the database, a file or the command line, whether it goes to a terminal or not. NULL: the word none.
 */
const char *cli_quote(struct cli_quoted *buffer, const char *value);

/* "sqlauth: ", the message, and a newline, on stderr. No password, hash or secret may be among the arguments. */
void cli_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same for mistakes of the command line: names the command (NULL: none yet) and where its help is; gives USAGE. */
enum cli_status cli_complain_usage(const char *command, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Prints `why`, or where it is empty what the error is called; gives `status` back. */
enum cli_status cli_complain_error(enum sqlauth_error error, const struct sqlauth_text *why, enum cli_status status);

/* Flushes stdout at the very end. `status`, or FAILED with a message where some output was lost. */
enum cli_status cli_output_finish(enum cli_status status);

#endif
