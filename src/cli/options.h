/* The command line: options by table, anywhere among the operands.
 *
 * `--name VALUE`, `--name=VALUE`, `-n VALUE`, `-nVALUE`; `--` ends the options, a lone `-` is an operand. Names are
 * never abbreviated, an option is given at most once, and a value that begins with `-` must be joined to its option,
 * so that a forgotten value never swallows the next option; but for values of which a dash in front is a part (`[-]` in
 * the table), where only two dashes end the wait for a value.
 */
#ifndef SQLAUTH_CLI_OPTIONS_H
#define SQLAUTH_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "output.h"

struct cli_option {
	const char *name;     /* long form without the dashes; NULL ends a table */
	char letter;          /* short form; 0: none */
	const char *argument; /* what help calls the value; NULL: a flag; "[-]..." : it may begin with one dash */
	const char *help;     /* half a line, lower case */
};

/* Options that every command takes, by their index in cli_common_options. */
enum cli_common { CLI_OPTION_DATABASE, CLI_OPTION_HELP, CLI_OPTION_VERSION, CLI_COMMON_OPTIONS };
extern const struct cli_option cli_common_options[];

#define CLI_OPTIONS_MAX       16 /* own options of one command */
#define CLI_COMMAND_BYTES_MAX 63 /* the words of a command; longer ones are cut, and are none of ours */

/* Strings are borrowed from argv. A value is NULL where its option was not given, "" for a flag. */
struct cli_arguments {
	const char *command; /* name of the command for messages, or its first words; NULL: not known yet */
	char words[CLI_COMMAND_BYTES_MAX + 1]; /* the first words, while the command is being found */
	const char *common[CLI_COMMON_OPTIONS];
	const char *own[CLI_OPTIONS_MAX]; /* by the index in the command's table */
	char **operands;                  /* with room for a NULL behind the last one */
	size_t operand_count;
	char **next;        /* the first word that is not read yet */
	bool options_ended; /* `--` was read */
};

/* Starts at argv[1]; argv is kept and its words are moved. */
void cli_arguments_init(struct cli_arguments *arguments_r, char **argv);

/* Reads common options up to the next operand, which is given in *word_r; NULL at the end. USAGE, with the message
 * printed, for anything else that looks like an option. */
enum cli_status cli_arguments_take_word(struct cli_arguments *arguments, const char **word_r)
	__attribute__((warn_unused_result));

/* Reads all the rest: common options, those of `own`, and operands. USAGE, with the message printed. */
enum cli_status cli_arguments_take_rest(struct cli_arguments *arguments, const struct cli_option *own)
	__attribute__((warn_unused_result));

/* That no operand from this one on stands there twice. USAGE, with the message printed: it is called a `noun`. */
enum cli_status cli_arguments_require_distinct(const struct cli_arguments *arguments, size_t first, const char *noun)
	__attribute__((warn_unused_result));

/* --database, else $SQLAUTH_DATABASE where it is not empty, else the default path. Never NULL. */
const char *cli_arguments_database(const struct cli_arguments *arguments);

#endif
