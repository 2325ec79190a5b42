/* Passwords and secrets as SQL functions. All are DIRECTONLY: a hash costs 20 ms and 19 MiB on purpose, what is stored
 * may ask for seconds, and neither secrets nor answers about passwords belong into views and triggers. Only
 * password_verify is DETERMINISTIC: the others draw random bytes. */
#include <string.h>

#include "sqlauth/password.h"
#include "sqlauth/secret.h"
#include "sqlext.h"

#define SCHEME_SECRET  "secret"
#define SCHEME_DEFAULT "argon2id"

static void fail_hash(sqlite3_context *context, enum sqlauth_error error, int is_secret)
{
	const char *message = NULL;

	if (error == SQLAUTH_ERROR_INVALID)
		message = is_secret ? "the scheme 'secret' is for what secret_generate() made alone"
				    : "the password is empty";
	else if (error == SQLAUTH_ERROR_LIMIT)
		message = "the password is longer than 65,535 bytes";
	sqlauth_sqlext_fail(context, "password_hash", error, message);
}

static void password_hash(sqlite3_context *context, int count, sqlite3_value **values)
{
	size_t length = 0, scheme_length = sizeof SCHEME_DEFAULT - 1;
	const char *password = sqlauth_sqlext_bytes(values[0], &length);
	const char *scheme = count > 1 ? sqlauth_sqlext_bytes(values[1], &scheme_length) : SCHEME_DEFAULT;
	char hash[SQLAUTH_HASH_SIZE];
	enum sqlauth_error error;
	int is_secret;

	if (!password || !scheme)
		return;
	is_secret = scheme_length == sizeof SCHEME_SECRET - 1 && memcmp(scheme, SCHEME_SECRET, scheme_length) == 0;
	if (!is_secret &&
		(scheme_length != sizeof SCHEME_DEFAULT - 1 || memcmp(scheme, SCHEME_DEFAULT, scheme_length) != 0)) {
		sqlauth_sqlext_fail(context, "password_hash", SQLAUTH_ERROR_INVALID,
			"the scheme must be '" SCHEME_DEFAULT "' or '" SCHEME_SECRET "'");
		return;
	}
	if (memchr(password, '\0', length)) {
		sqlauth_sqlext_fail(context, "password_hash", SQLAUTH_ERROR_INVALID,
			"the password holds a NUL byte, at which brokers before Mosquitto 2.1.3 cut it");
		return;
	}
	error = is_secret ? sqlauth_secret_hash(password, length, hash) : sqlauth_password_hash(password, length, hash);
	if (error != SQLAUTH_OK)
		fail_hash(context, error, is_secret);
	else
		sqlite3_result_text(context, hash, -1, SQLITE_TRANSIENT);
}

static void fail_verify(sqlite3_context *context, enum sqlauth_error error, size_t password_length)
{
	const char *message = NULL;

	if (error == SQLAUTH_ERROR_INVALID || error == SQLAUTH_ERROR_UNSUPPORTED)
		message = "the first argument must be an encoded hash, such as password_hash() makes";
	else if (error == SQLAUTH_ERROR_LIMIT)
		message = password_length > SQLAUTH_PASSWORD_BYTES_MAX
				  ? "the password is longer than 65,535 bytes"
				  : "the hash asks for more memory (256 MiB) or work than the plugin grants one";
	sqlauth_sqlext_fail(context, "password_verify", error, message);
}

static void password_verify(sqlite3_context *context, int count, sqlite3_value **values)
{
	const struct sqlauth_password_limits limits = {.memory_bytes = SQLAUTH_HASH_MEMORY_DEFAULT};
	size_t hash_length = 0, length = 0;
	const char *hash = sqlauth_sqlext_bytes(values[0], &hash_length);
	const char *password = sqlauth_sqlext_bytes(values[1], &length);
	char copy[SQLAUTH_HASH_SIZE];
	enum sqlauth_error error = SQLAUTH_ERROR_INVALID;

	(void)count;
	if (!hash || !password)
		return;
	if (hash_length <= SQLAUTH_HASH_BYTES_MAX && !memchr(hash, '\0', hash_length)) {
		memcpy(copy, hash, hash_length);
		copy[hash_length] = '\0';
		error = sqlauth_password_verify(copy, password, length, &limits);
		sqlauth_secret_wipe(copy, sizeof copy);
	}
	if (error == SQLAUTH_OK || error == SQLAUTH_ERROR_MISMATCH)
		sqlite3_result_int(context, error == SQLAUTH_OK);
	else
		fail_verify(context, error, length);
}

static void secret_generate(sqlite3_context *context, int count, sqlite3_value **values)
{
	char secret[SQLAUTH_SECRET_SIZE], hash[SQLAUTH_HASH_SIZE];
	enum sqlauth_error error = sqlauth_secret_generate(secret, hash);

	(void)count;
	(void)values;
	if (error != SQLAUTH_OK) {
		sqlauth_sqlext_fail(context, "secret_generate", error, NULL);
		return;
	}
	sqlite3_result_text(context, secret, -1, SQLITE_TRANSIENT);
	sqlauth_secret_wipe(secret, sizeof secret);
}

int sqlauth_sqlext_register_passwords(sqlite3 *db)
{
	static const struct sqlauth_sqlext_function functions[] = {
		{"password_hash", 1, SQLAUTH_SQLEXT_DIRECT, password_hash},
		{"password_hash", 2, SQLAUTH_SQLEXT_DIRECT, password_hash},
		{"password_verify", 2, SQLAUTH_SQLEXT_DIRECT | SQLITE_DETERMINISTIC, password_verify},
		{"secret_generate", 0, SQLAUTH_SQLEXT_DIRECT, secret_generate},
		{NULL, 0, 0, NULL},
	};

	return sqlauth_sqlext_register(db, functions);
}
