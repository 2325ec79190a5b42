/* The subcommands of the tool: what one is, and how it is found by its name. */
#ifndef SQLAUTH_CLI_COMMAND_H
#define SQLAUTH_CLI_COMMAND_H

#include <stddef.h>

#include "options.h"
#include "output.h"

struct cli_command {
	const char *name; /* as it is typed: "check", or noun and verb with one space: "client add" */
	enum cli_status (*run)(const struct cli_arguments *arguments);
	const char *operands;             /* what follows the options in the usage line; "" for nothing */
	const char *summary;              /* half a line, lower case */
	const char *help;                 /* paragraphs and examples, each line ended */
	const struct cli_option *options; /* its own options, ended by a NULL name */
};

/* Each in the file of its name. */
extern const struct cli_command cli_command_init;
extern const struct cli_command cli_command_passwd;
extern const struct cli_command cli_command_check;
extern const struct cli_command cli_command_doctor;
extern const struct cli_command cli_command_upgrade;
extern const struct cli_command cli_command_snapshot;
extern const struct cli_command cli_command_restore;
extern const struct cli_command cli_command_import_mosquitto;
extern const struct cli_command cli_command_import_dynsec;
extern const struct cli_command cli_command_import_auth_plug;
extern const struct cli_command cli_command_import_go_auth;

/* Reads the command's words from the front of the arguments, common options between them as well. DONE and the command,
 * or NULL where the arguments end before the first word (a bare `sqlauth`, `sqlauth --help`). USAGE, with the message
 * printed, for a name that the table does not have. */
enum cli_status cli_command_find(const struct cli_command *const table[], size_t count, struct cli_arguments *arguments,
	const struct cli_command **command_r) __attribute__((warn_unused_result));

/* Help on stdout: of the tool, and of one command. */
void cli_help_print(const struct cli_command *const table[], size_t count);
void cli_command_help_print(const struct cli_command *command);

#endif
