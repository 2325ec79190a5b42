/* Errors of libsqlauth: what went wrong with the machine, the input or the database.
 *
 * An error is never a verdict. "May not publish" is enum sqlauth_decision (acl.h), "wrong password" is
 * enum sqlauth_reason (engine.h); a caller that meets an error where it wanted a verdict denies.
 */
#ifndef SQLAUTH_ERROR_H
#define SQLAUTH_ERROR_H

enum sqlauth_error {
	SQLAUTH_OK = 0,
	SQLAUTH_ERROR_MEMORY,      /* an allocation failed; nothing was changed */
	SQLAUTH_ERROR_INVALID,     /* malformed input */
	SQLAUTH_ERROR_LIMIT,       /* well formed, but beyond a bound of ours */
	SQLAUTH_ERROR_UNSUPPORTED, /* well formed, but of a kind that this build does not know */
	SQLAUTH_ERROR_NOT_FOUND,   /* the row, file or key that was asked for does not exist */
	SQLAUTH_ERROR_EXISTS,      /* what was to be created is there already */
	SQLAUTH_ERROR_MISMATCH,    /* a verification ran to its end and says no */
	SQLAUTH_ERROR_BUSY,        /* the database is locked by somebody else right now */
	SQLAUTH_ERROR_DATABASE,    /* the database cannot be used: corrupt, foreign, too new, unreadable */
	SQLAUTH_ERROR_SYSTEM,      /* a system call or a library failed for another reason */
};

/* A constant lower-case sentence fragment without a full stop; never NULL, any value is allowed. Any thread. */
const char *sqlauth_strerror(enum sqlauth_error error);

#endif
