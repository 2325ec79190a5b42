/* The sqlauth command: hardens the process, finds the command in the table, runs it, and sees the output through. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include "command.h"
#include "sqlauth/secret.h"

/* A process that was started without stdin, stdout or stderr would get the database as one of them, and write its
 * messages into it. The stand-in is open for the wrong direction, so that lost output is still noticed. */
static void occupy_standard_streams(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF)
			continue;
		if (open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
			_exit(CLI_FAILED);
	}
}

/* Passwords and secrets pass through this process: no core file, no debugger of the same user. */
static void forbid_core_dumps(void)
{
	const struct rlimit none = {0, 0};

	if (setrlimit(RLIMIT_CORE, &none) != 0)
		cli_complain("warning: cannot switch core dumps off");
#ifdef __linux__
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		cli_complain("warning: cannot keep debuggers away");
#endif
}

static enum cli_status run(char **argv)
{
	struct cli_arguments arguments;
	const struct cli_command *command = NULL;
	enum cli_status status;

	cli_arguments_init(&arguments, argv);
	status = cli_command_find(cli_commands, cli_command_count, &arguments, &command);
	if (status == CLI_DONE && command)
		status = cli_arguments_take_rest(&arguments, command->options);
	if (status != CLI_DONE)
		return status;
	if (arguments.common[CLI_OPTION_VERSION]) {
		puts("sqlauth " SQLAUTH_VERSION);
		return CLI_DONE;
	}
	if (arguments.common[CLI_OPTION_HELP]) {
		if (command)
			cli_command_help_print(command);
		else
			cli_help_print(cli_commands, cli_command_count, arguments.command);
		return CLI_DONE;
	}
	if (!command)
		return cli_complain_usage(NULL, "a command is missing");
	return command->run(&arguments);
}

int main(int argc, char **argv)
{
	(void)argc;
	occupy_standard_streams();
	forbid_core_dumps();
	if (sqlauth_secret_init() != SQLAUTH_OK) {
		cli_complain("the system gives no random bytes");
		return CLI_FAILED;
	}
	return (int)cli_output_finish(run(argv));
}
