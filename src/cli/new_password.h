/* A new password of a client: asked for, read from stdin, or generated. */
#ifndef SQLAUTH_CLI_NEW_PASSWORD_H
#define SQLAUTH_CLI_NEW_PASSWORD_H

#include <stdbool.h>

#include "options.h"
#include "output.h"
#include "sqlauth/password.h"

#define CLI_OPTION_STDIN_ROW                                                                                           \
	{                                                                                                              \
		"stdin", 0, NULL, "read the password from stdin: one line, without its newline"                        \
	}
#define CLI_OPTION_GENERATE_ROW                                                                                        \
	{                                                                                                              \
		"generate", 0, NULL, "make a random secret and print it, this once"                                    \
	}

/* Wiped by its user with sqlauth_secret_wipe. */
struct cli_new_password {
	char hash[SQLAUTH_HASH_SIZE];
	char secret[SQLAUTH_SECRET_SIZE]; /* "" where it was not generated */
};

/* The values of --stdin and --generate say where from; NULL both: the terminal, twice. No database may be held while
 * this waits. USAGE, FAILED, with the message printed. */
enum cli_status cli_new_password_get(const struct cli_arguments *arguments, const char *from_stdin,
	const char *generate, struct cli_new_password *password_r) __attribute__((warn_unused_result));

/* Whether the terminal will be asked: then everything else is tried first, so that nobody types for nothing. */
static inline bool cli_new_password_is_typed(const char *from_stdin, const char *generate)
{
	return !from_stdin && !generate;
}

/* A hash that stands for the one to come, while a change is tried. */
void cli_new_password_stand_in(struct cli_new_password *password_r);

/* Prints a generated secret and sees it on its way: for before the commit, since it is stored nowhere. FAILED, with the
 * message printed. From then on a reader who is gone is an error of the write, not a signal. */
enum cli_status cli_new_password_show(const struct cli_new_password *password) __attribute__((warn_unused_result));

#endif
