/* What the commands about clients share. */
#ifndef SQLAUTH_CLI_CLIENT_H
#define SQLAUTH_CLI_CLIENT_H

#include "options.h"
#include "output.h"

/* The one operand, a client's name. USAGE, with the message printed, for none and for more. */
enum cli_status cli_client_take_name(const struct cli_arguments *arguments, const char **name_r)
	__attribute__((warn_unused_result));

#endif
