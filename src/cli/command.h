/* The subcommands of the tool: what one is, and how it is found by its name. */
#ifndef SQLAUTH_CLI_COMMAND_H
#define SQLAUTH_CLI_COMMAND_H

#include <stddef.h>

#include "options.h"
#include "output.h"

struct cli_command {
	const char *name; /* as it is typed, words with one space between them: "check", "client add" */
	enum cli_status (*run)(const struct cli_arguments *arguments);
	const char *operands;             /* what follows the options in the usage line; "" for nothing */
	const char *summary;              /* half a line, lower case */
	const char *help;                 /* paragraphs and examples, each line ended */
	const struct cli_option *options; /* its own options, ended by a NULL name */
};

/* Each in the file of its noun. */
extern const struct cli_command cli_command_init;
extern const struct cli_command cli_command_passwd;
extern const struct cli_command cli_command_check;
extern const struct cli_command cli_command_explain;
extern const struct cli_command cli_command_client_list;
extern const struct cli_command cli_command_client_show;
extern const struct cli_command cli_command_client_add;
extern const struct cli_command cli_command_client_edit;
extern const struct cli_command cli_command_client_delete;
extern const struct cli_command cli_command_client_enable;
extern const struct cli_command cli_command_client_disable;
extern const struct cli_command cli_command_client_disconnect;
extern const struct cli_command cli_command_client_passwd;
extern const struct cli_command cli_command_client_certificate_add;
extern const struct cli_command cli_command_client_certificate_remove;
extern const struct cli_command cli_command_client_import;
extern const struct cli_command cli_command_group_list;
extern const struct cli_command cli_command_group_show;
extern const struct cli_command cli_command_group_add;
extern const struct cli_command cli_command_group_edit;
extern const struct cli_command cli_command_group_delete;
extern const struct cli_command cli_command_group_allow;
extern const struct cli_command cli_command_group_deny;
extern const struct cli_command cli_command_group_revoke;
extern const struct cli_command cli_command_rule_list;
extern const struct cli_command cli_command_rule_add;
extern const struct cli_command cli_command_rule_remove;
extern const struct cli_command cli_command_log_list;
extern const struct cli_command cli_command_log_trim;
extern const struct cli_command cli_command_doctor;
extern const struct cli_command cli_command_upgrade;
extern const struct cli_command cli_command_snapshot;
extern const struct cli_command cli_command_restore;
extern const struct cli_command cli_command_import_mosquitto;
extern const struct cli_command cli_command_import_dynsec;
extern const struct cli_command cli_command_import_auth_plug;
extern const struct cli_command cli_command_import_go_auth;
extern const struct cli_command cli_command_completion;
extern const struct cli_command cli_command_manual;
extern const struct cli_command cli_command_help;

/* All of them. */
extern const struct cli_command *const cli_commands[];
extern const size_t cli_command_count;

/* Reads the command's words from the front of the arguments, common options between them as well. DONE and the command,
 * or NULL where the arguments end before the first word (a bare `sqlauth`, `sqlauth --help`) or, with --help, in the
 * middle of a name (`sqlauth client --help`; the words so far are in arguments->command). USAGE, with the message
 * printed, for a name that the table does not have. */
enum cli_status cli_command_find(const struct cli_command *const table[], size_t count, struct cli_arguments *arguments,
	const struct cli_command **command_r) __attribute__((warn_unused_result));

/* Help on stdout: of the tool, or with `noun` (NULL: none) of the commands that begin with it; and of one command. */
void cli_help_print(const struct cli_command *const table[], size_t count, const char *noun);
void cli_command_help_print(const struct cli_command *command);

#endif
