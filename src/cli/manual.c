/* `sqlauth manual`: the manual page in man(7), made from the table of commands. */
#include <stdio.h>
#include <string.h>

#include "command.h"

static const struct cli_option no_options[] = {{NULL, 0, NULL, NULL}};

/* Text in which nothing means anything to troff. */
static void print_text(const char *text)
{
	for (; *text; text++) {
		if (*text == '\\')
			fputs("\\e", stdout);
		else if (*text == '-')
			fputs("\\-", stdout);
		else if (*text == '\'')
			fputs("\\(aq", stdout);
		else
			putchar(*text);
	}
}

/* Paragraphs of a help: lines that begin with blanks are examples and stay as they are. */
static void print_help(const char *help)
{
	int is_example = 0;

	while (*help) {
		size_t length = strcspn(help, "\n");
		char line[512];
		int was_example = is_example;

		snprintf(line, sizeof(line), "%.*s", (int)length, help);
		is_example = line[0] == ' ' || (was_example && line[0] == '\0');
		if (is_example != was_example)
			puts(is_example ? ".nf" : ".fi");
		if (line[0] == '\0')
			puts(".PP");
		else {
			fputs(line[0] == '.' ? "\\&" : "", stdout);
			print_text(line);
			putchar('\n');
		}
		help += length + (help[length] == '\n');
	}
	if (is_example)
		puts(".fi");
}

static void print_options(const struct cli_option *options)
{
	for (; options && options->name; options++) {
		puts(".TP");
		fputs("\\fB", stdout);
		if (options->letter)
			printf("\\-%c\\fR, \\fB", options->letter);
		fputs("\\-\\-", stdout);
		print_text(options->name);
		fputs("\\fR", stdout);
		if (options->argument) {
			fputs(" \\fI", stdout);
			print_text(options->argument);
			fputs("\\fR", stdout);
		}
		putchar('\n');
		print_text(options->help);
		putchar('\n');
	}
}

static void print_command(const struct cli_command *command)
{
	fputs(".SS \"sqlauth ", stdout);
	print_text(command->name);
	if (*command->operands) {
		putchar(' ');
		print_text(command->operands);
	}
	puts("\"");
	print_help(command->help);
	print_options(command->options);
}

static enum cli_status run(const struct cli_arguments *arguments)
{
	struct cli_quoted quoted;

	if (arguments->operand_count > 0)
		return cli_complain_usage(
			arguments->command, "unexpected %s", cli_quote(&quoted, arguments->operands[0]));
	puts(".TH SQLAUTH 1 \"\" \"mosquitto\\-sqlauth " SQLAUTH_VERSION "\"\n"
	     ".SH NAME\n"
	     "sqlauth \\- manage who may do what on a Mosquitto broker\n"
	     ".SH SYNOPSIS\n"
	     ".B sqlauth\n"
	     ".I COMMAND\n"
	     "[\\fIOPTION\\fR]... [\\fIOPERAND\\fR]...\n"
	     ".SH DESCRIPTION\n"
	     "Manages the SQLite database of the Mosquitto plugin mosquitto_sqlauth and explains its decisions. What "
	     "is\n"
	     "changed takes effect when a client connects the next time.\n"
	     ".SH OPTIONS\n"
	     "Of every command, anywhere on the line.");
	print_options(cli_common_options);
	puts(".SH COMMANDS");
	for (size_t i = 0; i < cli_command_count; i++)
		print_command(cli_commands[i]);
	puts(".SH \"EXIT STATUS\"\n"
	     "0 done or allowed, 1 denied or not found, 2 usage, 3 the database or the machine.\n"
	     ".SH ENVIRONMENT\n"
	     ".TP\n"
	     ".B SQLAUTH_DATABASE\n"
	     "The database, where \\-\\-database does not name it.\n"
	     ".SH \"SEE ALSO\"\n"
	     ".BR mosquitto (8),\n"
	     ".BR mosquitto.conf (5),\n"
	     ".BR sqlite3 (1)");
	return CLI_DONE;
}

const struct cli_command cli_command_manual = {
	.name = "manual",
	.run = run,
	.operands = "",
	.summary = "print the manual page",
	.help = "Packages install it as sqlauth(1). Without one:\n"
		"\n"
		"  sqlauth manual > sqlauth.1\n"
		"  man ./sqlauth.1\n",
	.options = no_options,
};
