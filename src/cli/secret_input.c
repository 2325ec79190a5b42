/* Passwords from the terminal and from stdin, with the rules that hold for every password. Knows no command. */
#include "secret_input.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "sqlauth/secret.h"
#include "terminal.h"

static enum cli_status complain_terminal(enum cli_terminal_result result)
{
	switch (result) {
	case CLI_TERMINAL_NONE:
		cli_complain("there is no terminal to ask on; use --stdin or --generate");
		return CLI_USAGE;
	case CLI_TERMINAL_END:
		cli_complain("no password was entered");
		return CLI_USAGE;
	case CLI_TERMINAL_TOO_LONG:
		cli_complain("a terminal takes at most %d bytes; use --stdin", CLI_TERMINAL_LINE_BYTES_MAX);
		return CLI_USAGE;
	default:
		cli_complain("cannot ask on the terminal: %s", strerror(errno));
		return CLI_FAILED;
	}
}

static enum cli_status complain(const char *message)
{
	cli_complain("%s", message);
	return CLI_USAGE;
}

/* What no password may be, however it came. */
static enum cli_status inspect(const char *bytes, size_t length)
{
	if (length == 0)
		return complain("the password is empty");
	if (memchr(bytes, '\0', length))
		return complain("the password holds a NUL byte, at which brokers before Mosquitto 2.1.3 cut it");
	return CLI_DONE;
}

enum cli_status cli_secret_ask(struct cli_secret *secret_r)
{
	char first[CLI_TERMINAL_LINE_BYTES_MAX + 2], second[CLI_TERMINAL_LINE_BYTES_MAX + 2];
	size_t first_length = 0, second_length = 0;
	enum cli_terminal_result result = cli_terminal_ask_secret("Password: ", first, &first_length);
	enum cli_status status = CLI_DONE;

	if (result != CLI_TERMINAL_LINE) {
		status = complain_terminal(result);
		goto out;
	}
	status = inspect(first, first_length);
	if (status != CLI_DONE)
		goto out;
	result = cli_terminal_ask_secret("The same again: ", second, &second_length);
	if (result != CLI_TERMINAL_LINE)
		status = complain_terminal(result);
	else if (first_length != second_length || memcmp(first, second, first_length) != 0)
		status = complain("the two passwords differ");
	else {
		memcpy(secret_r->bytes, first, first_length);
		secret_r->length = first_length;
	}
out:
	sqlauth_secret_wipe(first, sizeof(first));
	sqlauth_secret_wipe(second, sizeof(second));
	return status;
}

/* Byte by byte: a buffer would take from stdin what belongs to the next reader. */
static enum cli_status read_line(struct cli_secret *secret)
{
	char byte = '\0';
	enum cli_status status = CLI_DONE;

	secret->length = 0;
	for (;;) {
		ssize_t got = read(STDIN_FILENO, &byte, 1);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			cli_complain("cannot read the password from stdin: %s", strerror(errno));
			status = CLI_FAILED;
			break;
		}
		if (got == 0 || byte == '\n')
			break;
		if (secret->length == SQLAUTH_PASSWORD_BYTES_MAX) {
			cli_complain("the password is longer than %d bytes", SQLAUTH_PASSWORD_BYTES_MAX);
			status = CLI_USAGE;
			break;
		}
		secret->bytes[secret->length++] = byte;
	}
	sqlauth_secret_wipe(&byte, sizeof(byte));
	return status;
}

enum cli_status cli_secret_read_stdin(struct cli_secret *secret_r)
{
	enum cli_status status = read_line(secret_r);

	if (status == CLI_DONE)
		status = inspect(secret_r->bytes, secret_r->length);
	if (status != CLI_DONE)
		sqlauth_secret_wipe(secret_r, sizeof(*secret_r));
	return status;
}
