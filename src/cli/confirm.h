/* Asking before something is destroyed. */
#ifndef SQLAUTH_CLI_CONFIRM_H
#define SQLAUTH_CLI_CONFIRM_H

#include "options.h"
#include "output.h"

#define CLI_OPTION_YES_ROW                                                                                             \
	{                                                                                                              \
		"yes", 'y', NULL, "do not ask"                                                                         \
	}

/* Asks on the terminal what `format` says, which ends without punctuation; `yes`, the option's value, answers for the
 * user where it is not NULL. DONE for a yes, DENIED with the message printed for anything else, USAGE where there is no
 * terminal. No database may be held while this waits. */
enum cli_status cli_confirm(const struct cli_arguments *arguments, const char *yes, const char *format, ...)
	__attribute__((warn_unused_result, format(printf, 3, 4)));

#endif
