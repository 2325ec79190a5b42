/* The option parser: one pass over argv, driven by the tables of options. Knows no command. */
#include "options.h"

#include <stdlib.h>
#include <string.h>

#include "suggest.h"

#define DATABASE_VARIABLE "SQLAUTH_DATABASE"
#define DATABASE_DEFAULT  "/var/lib/mosquitto/sqlauth.db"

const struct cli_option cli_common_options[] = {
	[CLI_OPTION_DATABASE] = {"database", 'd', "DB", "default: $" DATABASE_VARIABLE ", else " DATABASE_DEFAULT},
	[CLI_OPTION_HELP] = {"help", 'h', NULL, "show this help"},
	[CLI_OPTION_VERSION] = {"version", 0, NULL, "show the version"},
	[CLI_COMMON_OPTIONS] = {NULL, 0, NULL, NULL},
};

/* A word of the command line that is an option, taken apart. */
struct option_word {
	const char *name;   /* behind the dashes, not NUL-terminated */
	size_t length;      /* of the name */
	bool is_long;       /* two dashes */
	const char *joined; /* the value in the same word, or NULL */
};

/* Whether a word is an option, of which a lone `-` is none. */
static bool looks_like_option(const char *word)
{
	return word[0] == '-' && word[1] != '\0';
}

static void split(const char *word, struct option_word *parts_r)
{
	bool is_long = word[1] == '-';
	const char *name = word + (is_long ? 2 : 1);
	size_t length = is_long ? strcspn(name, "=") : 1;
	const char *joined = is_long ? (name[length] ? name + length + 1 : NULL) : (name[1] ? name + 1 : NULL);

	*parts_r = (struct option_word){.name = name, .length = length, .is_long = is_long, .joined = joined};
}

static bool is_named(const struct option_word *parts, const struct cli_option *option)
{
	if (!parts->is_long)
		return option->letter && option->letter == parts->name[0];
	return strlen(option->name) == parts->length && memcmp(option->name, parts->name, parts->length) == 0;
}

/* The option in one table, with where its value goes. */
static const struct cli_option *lookup(
	const struct option_word *parts, const struct cli_option *table, const char **values, const char ***value_r)
{
	for (size_t i = 0; table && table[i].name; i++) {
		if (is_named(parts, &table[i])) {
			*value_r = &values[i];
			return &table[i];
		}
	}
	return NULL;
}

static void consider_all(struct cli_suggestion *suggestion, const struct cli_option *table)
{
	for (; table && table->name; table++)
		cli_suggestion_consider(suggestion, table->name, strlen(table->name));
}

/* Shows the option's name only: what is joined to it may be a password. */
static enum cli_status complain_unknown(
	const struct cli_arguments *arguments, const struct option_word *parts, const struct cli_option *own)
{
	struct cli_quoted quoted;
	struct cli_suggestion suggestion;
	char shown[64];
	size_t length = parts->length + (parts->is_long ? 2 : 1);

	if (length > sizeof(shown) - 1)
		length = sizeof(shown) - 1;
	memcpy(shown, parts->name - (parts->is_long ? 2 : 1), length);
	shown[length] = '\0';
	cli_suggestion_init(&suggestion, shown + 2);
	if (parts->is_long) {
		consider_all(&suggestion, cli_common_options);
		consider_all(&suggestion, own);
	}
	if (*suggestion.name)
		return cli_complain_usage(arguments->command, "unknown option %s, did you mean --%s?",
			cli_quote(&quoted, shown), suggestion.name);
	return cli_complain_usage(arguments->command, "unknown option %s", cli_quote(&quoted, shown));
}

static bool may_begin_with_dash(const struct cli_option *option)
{
	return strncmp(option->argument, "[-]", 3) == 0;
}

/* The value of an option that takes one: joined, or the next word. */
static enum cli_status take_value(
	struct cli_arguments *arguments, const struct cli_option *option, const char *joined, const char **value_r)
{
	struct cli_quoted quoted;
	const char *next = *arguments->next;

	if (joined) {
		*value_r = joined;
		return CLI_DONE;
	}
	if (!next)
		return cli_complain_usage(arguments->command, "--%s wants a value: --%s %s", option->name, option->name,
			option->argument);
	if (looks_like_option(next) && !(may_begin_with_dash(option) && next[1] != '-'))
		return cli_complain_usage(arguments->command,
			"--%s wants a value before %s (a value that begins with a dash is written --%s=%s)",
			option->name, cli_quote(&quoted, next), option->name, option->argument);
	*value_r = next;
	arguments->next++;
	return CLI_DONE;
}

/* Takes the option word at arguments->next, and its value. */
static enum cli_status take_option(struct cli_arguments *arguments, const struct cli_option *own)
{
	struct option_word parts;
	const struct cli_option *option;
	const char **value = NULL;

	split(*arguments->next++, &parts);
	option = lookup(&parts, cli_common_options, arguments->common, &value);
	if (!option)
		option = lookup(&parts, own, arguments->own, &value);
	if (!option)
		return complain_unknown(arguments, &parts, own);
	if (*value)
		return cli_complain_usage(arguments->command, "--%s is given twice", option->name);
	if (option->argument)
		return take_value(arguments, option, parts.joined, value);
	if (parts.joined)
		return cli_complain_usage(arguments->command, "--%s takes no value", option->name);
	*value = "";
	return CLI_DONE;
}

/* Takes options up to the next operand, which is then at arguments->next, or the end. */
static enum cli_status take_options(struct cli_arguments *arguments, const struct cli_option *own)
{
	enum cli_status status = CLI_DONE;

	while (status == CLI_DONE && *arguments->next && !arguments->options_ended &&
		looks_like_option(*arguments->next)) {
		if (strcmp(*arguments->next, "--") == 0) {
			arguments->options_ended = true;
			arguments->next++;
		} else {
			status = take_option(arguments, own);
		}
	}
	return status;
}

void cli_arguments_init(struct cli_arguments *arguments_r, char **argv)
{
	*arguments_r = (struct cli_arguments){.next = argv[0] ? argv + 1 : argv};
}

enum cli_status cli_arguments_take_word(struct cli_arguments *arguments, const char **word_r)
{
	enum cli_status status = take_options(arguments, NULL);

	if (status != CLI_DONE)
		return status;
	*word_r = *arguments->next;
	if (*arguments->next)
		arguments->next++;
	return CLI_DONE;
}

enum cli_status cli_arguments_take_rest(struct cli_arguments *arguments, const struct cli_option *own)
{
	enum cli_status status;

	arguments->operands = arguments->next;
	arguments->operand_count = 0;
	while ((status = take_options(arguments, own)) == CLI_DONE && *arguments->next)
		arguments->operands[arguments->operand_count++] = *arguments->next++;
	if (status == CLI_DONE && arguments->common[CLI_OPTION_DATABASE] && !*arguments->common[CLI_OPTION_DATABASE])
		return cli_complain_usage(arguments->command, "--database wants a path, not an empty word");
	return status;
}

enum cli_status cli_arguments_require_distinct(const struct cli_arguments *arguments, size_t first, const char *noun)
{
	struct cli_quoted quoted;

	for (size_t i = first; i < arguments->operand_count; i++) {
		for (size_t j = first; j < i; j++) {
			if (strcmp(arguments->operands[i], arguments->operands[j]) == 0)
				return cli_complain_usage(arguments->command, "%s %s is given twice", noun,
					cli_quote(&quoted, arguments->operands[i]));
		}
	}
	return CLI_DONE;
}

const char *cli_arguments_database(const struct cli_arguments *arguments)
{
	const char *variable = getenv(DATABASE_VARIABLE);

	if (arguments->common[CLI_OPTION_DATABASE])
		return arguments->common[CLI_OPTION_DATABASE];
	return variable && *variable ? variable : DATABASE_DEFAULT;
}
