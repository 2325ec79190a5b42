/* `sqlauth help`: the same as --help, for those who look for it there. */
#include <string.h>

#include "command.h"

static const struct cli_option no_options[] = {{NULL, 0, NULL, NULL}};

static enum cli_status run(const struct cli_arguments *arguments)
{
	char **words = arguments->operands;
	struct cli_arguments named = {.next = words};
	const struct cli_command *command = NULL;
	struct cli_quoted quoted;
	enum cli_status status;

	words[arguments->operand_count] = NULL;
	named.common[CLI_OPTION_HELP] = "";
	status = cli_command_find(cli_commands, cli_command_count, &named, &command);
	if (status != CLI_DONE)
		return status;
	if (*named.next)
		return cli_complain_usage(arguments->command, "unexpected %s", cli_quote(&quoted, *named.next));
	if (command)
		cli_command_help_print(command);
	else
		cli_help_print(cli_commands, cli_command_count, named.command);
	return CLI_DONE;
}

const struct cli_command cli_command_help = {
	.name = "help",
	.run = run,
	.operands = "[COMMAND]",
	.summary = "tell about a command, as --help behind it does",
	.help = "  sqlauth help\n"
		"  sqlauth help client\n"
		"  sqlauth help client add\n",
	.options = no_options,
};
