/* One question with yes or no for an answer. Knows no command. */
#include "confirm.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static bool is_yes(const char *line)
{
	static const char *const words[] = {"y\n", "Y\n", "yes\n", "Yes\n", "YES\n"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(line, words[i]) == 0)
			return true;
	}
	return false;
}

enum cli_status cli_confirm(const struct cli_arguments *arguments, const char *yes, const char *format, ...)
{
	char line[64] = "";
	va_list values;
	FILE *tty;

	if (yes)
		return CLI_DONE;
	tty = fopen("/dev/tty", "r+e");
	if (!tty)
		return cli_complain_usage(arguments->command, "there is no terminal to ask on; --yes answers");
	va_start(values, format);
	vfprintf(tty, format, values);
	va_end(values);
	fputs("? [y/N] ", tty);
	fflush(tty);
	if (!fgets(line, sizeof(line), tty))
		line[0] = '\0';
	fclose(tty);
	if (is_yes(line))
		return CLI_DONE;
	cli_complain("nothing was done");
	return CLI_DENIED;
}
