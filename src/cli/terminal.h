/* Asking for a secret on the terminal, without showing it. */
#ifndef SQLAUTH_CLI_TERMINAL_H
#define SQLAUTH_CLI_TERMINAL_H

#include <stddef.h>

/* Linux hands over at most 4095 bytes of a line and drops the rest without a word (N_TTY), so a line of that length
 * may have been cut and is refused. */
#define CLI_TERMINAL_LINE_BYTES_MAX 4094

enum cli_terminal_result {
	CLI_TERMINAL_LINE = 0,
	CLI_TERMINAL_NONE,     /* the process has no terminal */
	CLI_TERMINAL_END,      /* end of file (Ctrl-D) before the end of the line */
	CLI_TERMINAL_TOO_LONG, /* more than CLI_TERMINAL_LINE_BYTES_MAX */
	CLI_TERMINAL_FAILED,   /* errno says why */
	CLI_TERMINAL_SIGNAL,   /* inside the module only */
};

/* Asks on /dev/tty, whatever stdin and stdout are, and reads one line into line_r, its length, the newline not counted,
 * in *length_r. The terminal's settings are put back before the function returns and before a signal takes effect;
 * after Ctrl-Z and `fg` it asks again. On anything but LINE line_r is wiped. Not for more than one thread. */
enum cli_terminal_result cli_terminal_ask_secret(const char *prompt, char line_r[CLI_TERMINAL_LINE_BYTES_MAX + 2],
	size_t *length_r) __attribute__((warn_unused_result));

#endif
