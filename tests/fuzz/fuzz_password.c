/* Encoded password hashes. Input: one string. Reading it does no work and never contradicts itself; schemes that take
 * microseconds are verified as well. */
#include <stdbool.h>

#include "fuzz.h"
#include "sqlauth/password.h"
#include "sqlauth/secret.h"

static bool is_cheap(enum sqlauth_password_scheme scheme)
{
	return scheme == SQLAUTH_SCHEME_SECRET || scheme == SQLAUTH_SCHEME_MOSQUITTO_SHA512;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct sqlauth_password_limits limits = {SQLAUTH_HASH_MEMORY_DEFAULT};
	static const struct sqlauth_password_limits none = {0};
	const enum sqlauth_password_scheme untouched = (enum sqlauth_password_scheme)77;
	enum sqlauth_password_scheme scheme = untouched;
	DEMAND(sqlauth_secret_init() == SQLAUTH_OK);
	struct fuzz_part hash = fuzz_copy(data, strnlen((const char *)data, size), 1);

	enum sqlauth_error error = sqlauth_password_inspect(hash.bytes, &limits, &scheme);
	DEMAND(error == SQLAUTH_OK || error == SQLAUTH_ERROR_INVALID || error == SQLAUTH_ERROR_LIMIT ||
		error == SQLAUTH_ERROR_UNSUPPORTED);
	DEMAND((error == SQLAUTH_OK) == (scheme != untouched));
	DEMAND(sqlauth_password_inspect(hash.bytes, &limits, NULL) == error);
	DEMAND(error != SQLAUTH_OK || hash.length <= SQLAUTH_HASH_BYTES_MAX);
	DEMAND(error == SQLAUTH_OK || sqlauth_password_inspect(hash.bytes, &none, NULL) != SQLAUTH_OK);
	if (error != SQLAUTH_OK)
		DEMAND(sqlauth_password_verify(hash.bytes, "x", 1, &limits) == error);
	else if (is_cheap(scheme))
		DEMAND(sqlauth_password_verify(hash.bytes, "x", 1, &limits) == SQLAUTH_ERROR_MISMATCH);
	else
		DEMAND(strcmp(sqlauth_password_scheme_name(scheme), "unknown") != 0);
	free(hash.bytes);
	return 0;
}
