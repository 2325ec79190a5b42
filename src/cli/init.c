/* `sqlauth init`: a new database, ready for the broker. What that takes is the store's knowledge. */
#include <stdio.h>

#include "command.h"
#include "owner.h"
#include "sqlauth/store.h"

enum option { OWNER };

static const struct cli_option options[] = {
	[OWNER] = {"owner", 0, "USER", "whose the file is; default for root: " CLI_BROKER_USER ", if there is one"},
	{NULL, 0, NULL, NULL},
};

static enum cli_status run(const struct cli_arguments *arguments)
{
	const char *path = cli_arguments_database(arguments);
	const char *owner = cli_owner_choose(arguments->own[OWNER]);
	struct cli_quoted quoted_path, quoted_owner;
	char buffer[SQLAUTH_MESSAGE_SIZE];
	struct sqlauth_text why;
	enum sqlauth_error error;

	if (arguments->operand_count > 0)
		return cli_complain_usage(arguments->command, "unexpected %s; the path is given with --database",
			cli_quote(&quoted_path, arguments->operands[0]));
	sqlauth_text_init(&why, buffer, sizeof(buffer));
	error = sqlauth_store_create(path, owner, &why);
	if (error != SQLAUTH_OK)
		return cli_complain_error(error, &why, error == SQLAUTH_ERROR_NOT_FOUND ? CLI_USAGE : CLI_FAILED);
	printf("created %s", cli_quote(&quoted_path, path));
	if (owner)
		printf(", owned by %s", cli_quote(&quoted_owner, owner));
	putchar('\n');
	return CLI_DONE;
}

const struct cli_command cli_command_init = {
	.name = "init",
	.run = run,
	.operands = "",
	.summary = "create a database",
	.help = "Creates the database with its schema, in WAL mode, readable by its owner (the broker's user) and\n"
		"group alone. What exists is left alone.\n"
		"\n"
		"  sudo sqlauth init\n"
		"  sqlauth init -d test.db\n"
		"  sudo sqlauth init -d /srv/mqtt/auth.db --owner broker\n",
	.options = options,
};
