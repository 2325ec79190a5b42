/* Messages, quoting, and the end of the output. Knows nothing of commands. */
#include "output.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
const char *cli_quote(struct cli_quoted *buffer, const char *value)
{
	struct sqlauth_text text;

	sqlauth_text_init(&text, buffer->text, sizeof(buffer->text));
	sqlauth_text_add_quoted(&text, value, value ? strlen(value) : 0, CLI_QUOTED_BYTES_MAX);
	return buffer->text;
}

void cli_complain(const char *format, ...)
{
	va_list values;

	va_start(values, format);
	fputs("sqlauth: ", stderr);
	vfprintf(stderr, format, values);
	fputc('\n', stderr);
	va_end(values);
}

enum cli_status cli_complain_usage(const char *command, const char *format, ...)
{
	const char *space = command ? " " : "";
	const char *name = command ? command : "";
	va_list values;

	va_start(values, format);
	fprintf(stderr, "sqlauth%s%s: ", space, name);
	vfprintf(stderr, format, values);
	fprintf(stderr, "; see sqlauth%s%s --help\n", space, name);
	va_end(values);
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
