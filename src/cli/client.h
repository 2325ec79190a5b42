/* What the commands about clients share. */
#ifndef SQLAUTH_CLI_CLIENT_H
#define SQLAUTH_CLI_CLIENT_H

#include "certificate_value.h"
#include "database.h"
#include "options.h"
#include "output.h"

#define CLI_CLIENT_TIME_SIZE 32

/* The one operand, a client's name. USAGE, with the message printed, for none and for more. */
enum cli_status cli_client_take_name(const struct cli_arguments *arguments, const char **name_r)
	__attribute__((warn_unused_result));

/* Unix seconds in decimal as ISO 8601 in UTC; as they are where that has no such form. Gives `text` back. */
const char *cli_client_write_time(char text[CLI_CLIENT_TIME_SIZE], const char *seconds);
/* Gives the client a certificate. USAGE where some client has it, which is named; the message is printed. */
enum cli_status cli_client_add_certificate(struct cli_database *database, const char *client,
	const struct cli_certificate_value *value) __attribute__((warn_unused_result));

#endif
