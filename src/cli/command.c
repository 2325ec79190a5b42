/* Finding a command in the table, and help made from the table. Knows no particular command. */
#include "command.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "suggest.h"

#define COLUMN 28 /* where the explanations of a list begin */

/* Whether `name` is "NOUN VERB" with this noun. */
static bool has_noun(const char *name, const char *noun)
{
	size_t length = strlen(noun);

	return strncmp(name, noun, length) == 0 && name[length] == ' ';
}

/* The command named by a noun and a verb; verb NULL: by one word. */
static const struct cli_command *lookup(
	const struct cli_command *const table[], size_t count, const char *noun, const char *verb)
{
	for (size_t i = 0; i < count; i++) {
		const char *name = table[i]->name;

		if (verb ? has_noun(name, noun) && strcmp(name + strlen(noun) + 1, verb) == 0 : strcmp(name, noun) == 0)
			return table[i];
	}
	return NULL;
}

static bool is_noun(const struct cli_command *const table[], size_t count, const char *word)
{
	for (size_t i = 0; i < count; i++) {
		if (has_noun(table[i]->name, word))
			return true;
	}
	return false;
}

static enum cli_status complain_verb_missing(const struct cli_command *const table[], size_t count, const char *noun)
{
	char buffer[SQLAUTH_MESSAGE_SIZE];
	struct sqlauth_text verbs;

	sqlauth_text_init(&verbs, buffer, sizeof(buffer));
	for (size_t i = 0; i < count; i++) {
		if (has_noun(table[i]->name, noun))
			sqlauth_text_add(
				&verbs, "%s%s", verbs.length > 0 ? ", " : "", table[i]->name + strlen(noun) + 1);
	}
	return cli_complain_usage(NULL, "%s wants one of: %s", noun, verbs.data);
}

static enum cli_status complain_unknown(
	const struct cli_command *const table[], size_t count, const char *noun, const char *verb)
{
	struct cli_quoted quoted;
	struct cli_suggestion suggestion;
	char typed[64];

	snprintf(typed, sizeof(typed), "%.30s%s%.30s", noun, verb ? " " : "", verb ? verb : "");
	cli_suggestion_init(&suggestion, typed);
	for (size_t i = 0; i < count; i++)
		cli_suggestion_consider(&suggestion, table[i]->name);
	if (suggestion.name)
		return cli_complain_usage(
			NULL, "unknown command %s, did you mean %s?", cli_quote(&quoted, typed), suggestion.name);
	return cli_complain_usage(NULL, "unknown command %s", cli_quote(&quoted, typed));
}

enum cli_status cli_command_find(const struct cli_command *const table[], size_t count, struct cli_arguments *arguments,
	const struct cli_command **command_r)
{
	const struct cli_command *command = NULL;
	const char *noun = NULL;
	const char *verb = NULL;
	enum cli_status status = cli_arguments_take_word(arguments, &noun);

	if (status == CLI_DONE && noun && is_noun(table, count, noun))
		status = cli_arguments_take_word(arguments, &verb);
	if (status != CLI_DONE)
		return status;
	if (noun && !verb && is_noun(table, count, noun))
		return complain_verb_missing(table, count, noun);
	if (noun) {
		command = lookup(table, count, noun, verb);
		if (!command)
			return complain_unknown(table, count, noun, verb);
		arguments->command = command->name;
	}
	*command_r = command;
	return CLI_DONE;
}

static void print_option(const struct cli_option *option)
{
	char left[2 * COLUMN];

	snprintf(left, sizeof(left), "  %c%c%s --%s%s%s", option->letter ? '-' : ' ',
		option->letter ? option->letter : ' ', option->letter ? "," : " ", option->name,
		option->argument ? " " : "", option->argument ? option->argument : "");
	printf("%-*s%s\n", COLUMN, left, option->help);
}

static void print_options(const struct cli_option *options)
{
	for (; options && options->name; options++)
		print_option(options);
}

void cli_help_print(const struct cli_command *const table[], size_t count)
{
	puts("usage: sqlauth COMMAND [OPTION]... [OPERAND]...\n"
	     "\n"
	     "Creates the database of the Mosquitto plugin mosquitto_sqlauth and explains its decisions.\n"
	     "\n"
	     "Commands (sqlauth COMMAND --help tells more):");
	for (size_t i = 0; i < count; i++)
		printf("  %-*s%s\n", COLUMN - 2, table[i]->name, table[i]->summary);
	puts("\nOptions of every command, anywhere on the line:");
	print_options(cli_common_options);
	puts("\nExit status: 0 done or allowed, 1 denied or not found, 2 usage, 3 the database or the machine.");
}

void cli_command_help_print(const struct cli_command *command)
{
	printf("usage: sqlauth %s [OPTION]...%s%s\n\n", command->name, *command->operands ? " " : "",
		command->operands);
	fputs(command->help, stdout);
	puts("\nOptions:");
	print_options(command->options);
	print_options(cli_common_options);
}
