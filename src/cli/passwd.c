/* `sqlauth passwd`: an encoded hash for clients.password, of a password that is asked for or a secret that is made. */
#include <stdio.h>

#include "command.h"
#include "secret_input.h"
#include "sqlauth/password.h"
#include "sqlauth/secret.h"

enum option { STDIN, GENERATE };

static const struct cli_option options[] = {
	[STDIN] = {"stdin", 0, NULL, "read the password from stdin: one line, without its newline"},
	[GENERATE] = {"generate", 0, NULL, "make a random secret of 256 bits and print it with its hash"},
	{NULL, 0, NULL, NULL},
};

static enum cli_status complain_error(enum sqlauth_error error)
{
	cli_complain("cannot make the hash: %s", sqlauth_strerror(error));
	return CLI_FAILED;
}

/* The secret goes to stdout unbuffered, so that stdio keeps no copy of it. */
static enum cli_status generate(void)
{
	char secret[SQLAUTH_SECRET_SIZE], hash[SQLAUTH_HASH_SIZE];
	enum sqlauth_error error = sqlauth_secret_generate(secret, hash);

	if (error != SQLAUTH_OK)
		return complain_error(error);
	setvbuf(stdout, NULL, _IONBF, 0);
	fputs("secret ", stdout);
	fputs(secret, stdout);
	fputs("\nhash   ", stdout);
	puts(hash);
	sqlauth_secret_wipe(secret, sizeof(secret));
	return CLI_DONE;
}

static enum cli_status run(const struct cli_arguments *arguments)
{
	struct cli_secret secret;
	char hash[SQLAUTH_HASH_SIZE];
	enum cli_status status;
	enum sqlauth_error error;

	if (arguments->operand_count > 0) /* not shown: it is most likely a password */
		return cli_complain_usage(arguments->command,
			"a password on the command line is seen by everybody on this machine, choose another one");
	if (arguments->own[STDIN] && arguments->own[GENERATE])
		return cli_complain_usage(arguments->command, "--stdin and --generate exclude each other");
	if (arguments->own[GENERATE])
		return generate();
	status = arguments->own[STDIN] ? cli_secret_read_stdin(&secret) : cli_secret_ask(&secret);
	if (status != CLI_DONE)
		return status;
	error = sqlauth_password_hash(secret.bytes, secret.length, hash);
	sqlauth_secret_wipe(&secret, sizeof(secret));
	if (error != SQLAUTH_OK)
		return complain_error(error);
	puts(hash);
	return CLI_DONE;
}

const struct cli_command cli_command_passwd = {
	.name = "passwd",
	.run = run,
	.operands = "",
	.summary = "make a password hash for the column clients.password",
	.help = "Asks for a password twice, without showing it, and prints its argon2id hash alone.\n"
		"Touches no database: the hash is for clients.password.\n"
		"\n"
		"  sqlauth passwd\n"
		"  sqlauth passwd --stdin < password.txt\n"
		"  sqlauth passwd --generate\n"
		"\n"
		"A generated secret is shown this once and stored nowhere. Its hash costs the broker microseconds\n"
		"instead of the milliseconds that a password chosen by a person needs: use it for devices.\n",
	.options = options,
};
