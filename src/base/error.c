/* Words for enum sqlauth_error. Knows no context: callers say what they were doing. */
#include "sqlauth/error.h"

#include <stddef.h>

static const char *const texts[] = {
	[SQLAUTH_OK] = "no error",
	[SQLAUTH_ERROR_MEMORY] = "out of memory",
	[SQLAUTH_ERROR_INVALID] = "malformed input",
	[SQLAUTH_ERROR_LIMIT] = "beyond a limit",
	[SQLAUTH_ERROR_UNSUPPORTED] = "not supported by this build",
	[SQLAUTH_ERROR_NOT_FOUND] = "not found",
	[SQLAUTH_ERROR_EXISTS] = "exists already",
	[SQLAUTH_ERROR_MISMATCH] = "does not match",
	[SQLAUTH_ERROR_BUSY] = "the database is locked",
	[SQLAUTH_ERROR_DATABASE] = "the database cannot be used",
	[SQLAUTH_ERROR_SYSTEM] = "a system call or a library failed",
};

const char *sqlauth_strerror(enum sqlauth_error error)
{
	size_t index = (size_t)error;

	return index < sizeof texts / sizeof texts[0] ? texts[index] : "unknown error";
}
