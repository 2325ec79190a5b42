/* What a word of the command line says about a certificate: a row of client_certificates. */
#ifndef SQLAUTH_CLI_CERTIFICATE_VALUE_H
#define SQLAUTH_CLI_CERTIFICATE_VALUE_H

#include "options.h"
#include "output.h"
#include "sqlauth/certificate.h"

struct cli_certificate_value {
	const char *match_by; /* constant */
	const char *value;    /* in its normal form; borrowed from `word`, or in `buffer` */
	char buffer[SQLAUTH_CERTIFICATE_NAME_BYTES_MAX + 1];
};

/* match_by NULL: word is a fingerprint in any spelling, or a file whose certificate's fingerprint is meant; else a name
 * of that kind. USAGE, with the message printed. */
enum cli_status cli_certificate_value_parse(const struct cli_arguments *arguments, const char *match_by,
	const char *word, struct cli_certificate_value *value_r) __attribute__((warn_unused_result));

/* The one name of that kind (NULL: the fingerprint) that the certificate in a file has. USAGE, with the message
 * printed, also where it has none of that kind, or several. */
enum cli_status cli_certificate_value_take(const struct cli_arguments *arguments, const char *match_by,
	const char *path, struct cli_certificate_value *value_r) __attribute__((warn_unused_result));

#endif
