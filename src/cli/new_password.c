/* From one of three sources to a hash. What a password may be is secret_input.c's. */
#include "new_password.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "secret_input.h"
#include "sqlauth/secret.h"

static enum cli_status complain_error(enum sqlauth_error error)
{
	cli_complain("cannot make the hash: %s", sqlauth_strerror(error));
	return CLI_FAILED;
}

enum cli_status cli_new_password_get(const struct cli_arguments *arguments, const char *from_stdin,
	const char *generate, struct cli_new_password *password_r)
{
	struct cli_secret secret;
	enum cli_status status;
	enum sqlauth_error error;

	password_r->secret[0] = '\0';
	if (from_stdin && generate)
		return cli_complain_usage(arguments->command, "--stdin and --generate exclude each other");
	if (generate) {
		error = sqlauth_secret_generate(password_r->secret, password_r->hash);
		return error == SQLAUTH_OK ? CLI_DONE : complain_error(error);
	}
	status = from_stdin ? cli_secret_read_stdin(&secret) : cli_secret_ask(&secret);
	if (status != CLI_DONE)
		return status;
	error = sqlauth_password_hash(secret.bytes, secret.length, password_r->hash);
	sqlauth_secret_wipe(&secret, sizeof(secret));
	return error == SQLAUTH_OK ? CLI_DONE : complain_error(error);
}

void cli_new_password_stand_in(struct cli_new_password *password_r)
{
	snprintf(password_r->hash, sizeof(password_r->hash), "%s", sqlauth_password_decoy());
}

/* Unbuffered, so that stdio keeps no copy. */
enum cli_status cli_new_password_show(const struct cli_new_password *password)
{
	const struct sigaction ignore = {.sa_handler = SIG_IGN};

	if (password->secret[0] == '\0')
		return CLI_DONE;
	sigaction(SIGPIPE, &ignore, NULL);
	errno = 0;
	if (fflush(stdout) == 0 && setvbuf(stdout, NULL, _IONBF, 0) == 0 && fputs("secret ", stdout) >= 0 &&
		puts(password->secret) >= 0)
		return CLI_DONE;
	cli_complain("the secret cannot be written, so nothing was changed: %s", strerror(errno));
	clearerr(stdout); /* it is said */
	return CLI_FAILED;
}
