/* Messages, quoting, and the end of the output. Knows nothing of commands. */
#include "output.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#define MESSAGE_SIZE    (2 * sizeof(struct cli_quoted) + 512) /* two quoted values and a sentence */
#define PIECE_BYTES_MAX 1024

const char *cli_quote(struct cli_quoted *buffer, const char *value)
{
	struct sqlauth_text text;

	sqlauth_text_init(&text, buffer->text, sizeof(buffer->text));
	sqlauth_text_add_quoted(&text, value, value ? strlen(value) : 0, CLI_QUOTED_BYTES_MAX);
	return buffer->text;
}

/* Escapes in a finished message what no terminal should get. Its own quotes and backslashes stay, so what was quoted
 * before is not changed: the last line of defence for texts of other modules, such as a path in a system's message. */
static void print_defused(const char *message)
{
	char escaped[4 * PIECE_BYTES_MAX + sizeof("\"...\"")];
	struct sqlauth_text text;

	while (*message) {
		size_t length = strcspn(message, "\"\\");

		if (length == 0) {
			fputc(*message++, stderr);
			continue;
		}
		if (length > PIECE_BYTES_MAX)
			length = PIECE_BYTES_MAX;
		sqlauth_text_init(&text, escaped, sizeof(escaped));
		sqlauth_text_add_quoted(&text, message, length, length);
		fprintf(stderr, "%.*s", (int)text.length - 2, text.data + 1);
		message += length;
	}
}

static void print_message(const char *format, va_list values) __attribute__((format(printf, 1, 0)));
static void print_message(const char *format, va_list values)
{
	char message[MESSAGE_SIZE];

	vsnprintf(message, sizeof(message), format, values);
	print_defused(message);
}

void cli_complain(const char *format, ...)
{
	va_list values;

	fputs("sqlauth: ", stderr);
	va_start(values, format);
	print_message(format, values);
	va_end(values);
	fputc('\n', stderr);
}

enum cli_status cli_complain_usage(const char *command, const char *format, ...)
{
	const char *space = command ? " " : "";
	const char *name = command ? command : "";
	va_list values;

	fprintf(stderr, "sqlauth%s%s: ", space, name);
	va_start(values, format);
	print_message(format, values);
	va_end(values);
	fprintf(stderr, "; see sqlauth%s%s --help\n", space, name);
	return CLI_USAGE;
}

enum cli_status cli_complain_error(enum sqlauth_error error, const struct sqlauth_text *why, enum cli_status status)
{
	cli_complain("%s", why->length > 0 ? why->data : sqlauth_strerror(error));
	return status;
}

enum cli_status cli_output_finish(enum cli_status status)
{
	errno = 0;
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	cli_complain("cannot write the output: %s", errno ? strerror(errno) : "an earlier write failed");
	return CLI_FAILED;
}
