/* Finding a command in the table, and help made from the table. Knows no particular command. */
#include "command.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "suggest.h"

#define COLUMN       30  /* where the explanations of a list begin */
#define WIDTH        100 /* columns of a line of help; examples stand as they are */
#define USAGE_INDENT 15  /* where the operands of a usage line go on: behind "usage: sqlauth " */

/* Whether `name` begins with these words, as whole words, and goes on behind them. */
static bool goes_on(const char *name, const char *words)
{
	size_t length = strlen(words);

	return strncmp(name, words, length) == 0 && name[length] == ' ';
}

static const struct cli_command *lookup(const struct cli_command *const table[], size_t count, const char *words)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(table[i]->name, words) == 0)
			return table[i];
	}
	return NULL;
}

static bool is_beginning(const struct cli_command *const table[], size_t count, const char *words)
{
	for (size_t i = 0; i < count; i++) {
		if (goes_on(table[i]->name, words))
			return true;
	}
	return false;
}

/* Lists the words that may follow, each once; the table holds its commands in order. */
static enum cli_status complain_word_missing(
	const struct cli_command *const table[], size_t count, const struct cli_arguments *arguments)
{
	const char *words = arguments->words, *last = "";
	size_t last_length = 0;
	char buffer[SQLAUTH_MESSAGE_SIZE];
	struct sqlauth_text verbs;

	sqlauth_text_init(&verbs, buffer, sizeof(buffer));
	for (size_t i = 0; i < count; i++) {
		const char *verb = table[i]->name + strlen(words) + 1;
		size_t length;

		if (!goes_on(table[i]->name, words))
			continue;
		length = strcspn(verb, " ");
		if (length == last_length && strncmp(verb, last, length) == 0)
			continue;
		sqlauth_text_add(&verbs, "%s%.*s", verbs.length > 0 ? ", " : "", (int)length, verb);
		last = verb;
		last_length = length;
	}
	cli_complain("%s wants one of: %s; see sqlauth %s --help", words, verbs.data, words);
	return CLI_USAGE;
}

/* What was typed may be near a command, or near the noun that several begin with. */
static enum cli_status complain_unknown(const struct cli_command *const table[], size_t count, const char *typed)
{
	struct cli_quoted quoted;
	struct cli_suggestion suggestion;

	cli_suggestion_init(&suggestion, typed);
	for (size_t i = 0; i < count; i++) {
		const char *name = table[i]->name;

		cli_suggestion_consider(&suggestion, name, strlen(name));
		cli_suggestion_consider(&suggestion, name, strcspn(name, " "));
	}
	if (*suggestion.name)
		return cli_complain_usage(
			NULL, "unknown command %s, did you mean %s?", cli_quote(&quoted, typed), suggestion.name);
	return cli_complain_usage(NULL, "unknown command %s", cli_quote(&quoted, typed));
}

static void add_word(struct cli_arguments *arguments, const char *word)
{
	struct sqlauth_text text;
	size_t length = strlen(arguments->words);

	sqlauth_text_init(&text, arguments->words + length, sizeof(arguments->words) - length);
	sqlauth_text_add(&text, "%s%s", length > 0 ? " " : "", word);
}

enum cli_status cli_command_find(const struct cli_command *const table[], size_t count, struct cli_arguments *arguments,
	const struct cli_command **command_r)
{
	do {
		const char *word = NULL;
		enum cli_status status = cli_arguments_take_word(arguments, &word);

		if (status != CLI_DONE)
			return status;
		if (!word && (arguments->words[0] == '\0' || arguments->common[CLI_OPTION_HELP])) {
			*command_r = NULL;
			return CLI_DONE;
		}
		if (!word)
			return complain_word_missing(table, count, arguments);
		add_word(arguments, word);
		*command_r = lookup(table, count, arguments->words);
		if (!*command_r && is_beginning(table, count, arguments->words))
			arguments->command = arguments->words;
	} while (!*command_r && arguments->command && is_beginning(table, count, arguments->words));
	if (!*command_r)
		return complain_unknown(table, count, arguments->words);
	arguments->command = (*command_r)->name;
	return CLI_DONE;
}

/* The words of text[0..length-1] from `column` on, in lines of WIDTH that go on at `indent`, and a newline. */
static void print_words(const char *text, size_t length, size_t column, size_t indent)
{
	size_t at = column;

	for (size_t i = 0, word; i < length; i += word) {
		i += strspn(text + i, " \n");
		if (i >= length)
			break;
		word = strcspn(text + i, " \n");
		word = word < length - i ? word : length - i;
		if (at > column && at + 1 + word > WIDTH) {
			printf("\n%*s", (int)indent, "");
			at = column = indent;
		}
		printf("%s%.*s", at > column ? " " : "", (int)word, text + i);
		at += word + (at > column);
	}
	putchar('\n');
}

/* Paragraphs are filled; lines that begin with a blank, and empty ones, stand as they are. */
static void print_help(const char *help)
{
	while (*help) {
		size_t length = strcspn(help, "\n");

		if (*help == ' ' || *help == '\n') {
			printf("%.*s\n", (int)length, help);
		} else {
			while (help[length] == '\n' && help[length + 1] && !strchr(" \n", help[length + 1]))
				length += 1 + strcspn(help + length + 1, "\n");
			print_words(help, length, 0, 0);
		}
		help += length + (help[length] == '\n');
	}
}

static void print_option(const struct cli_option *option)
{
	char left[2 * COLUMN];

	snprintf(left, sizeof(left), "  %c%c%s --%s%s%s", option->letter ? '-' : ' ',
		option->letter ? option->letter : ' ', option->letter ? "," : " ", option->name,
		option->argument ? " " : "", option->argument ? option->argument : "");
	printf("%-*s", COLUMN, left);
	print_words(option->help, strlen(option->help), COLUMN, COLUMN);
}

static void print_options(const struct cli_option *options)
{
	for (; options && options->name; options++)
		print_option(options);
}

void cli_help_print(const struct cli_command *const table[], size_t count, const char *noun)
{
	printf("usage: sqlauth %s%sCOMMAND [OPTION]... [OPERAND]...\n\n", noun ? noun : "", noun ? " " : "");
	if (!noun)
		puts("Manages the database of the Mosquitto plugin mosquitto_sqlauth and explains its decisions.\n");
	puts("Commands (--help behind one tells more):");
	for (size_t i = 0; i < count; i++) {
		if (!noun || goes_on(table[i]->name, noun))
			printf("  %-*s%s\n", COLUMN - 2, table[i]->name, table[i]->summary);
	}
	puts("\nOptions of every command, anywhere on the line:");
	print_options(cli_common_options);
	puts("\nExit status: 0 done or allowed, 1 denied or not found, 2 usage, 3 the database or the machine.");
}

void cli_command_help_print(const struct cli_command *command)
{
	int usage = printf("usage: sqlauth %s [OPTION]...%s", command->name, *command->operands ? " " : "");

	print_words(command->operands, strlen(command->operands), usage > 0 ? (size_t)usage : 0, USAGE_INDENT);
	putchar('\n');
	print_help(command->help);
	puts("\nOptions:");
	print_options(command->options);
	print_options(cli_common_options);
}
