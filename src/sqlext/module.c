/* mod_sqlauth: functions of mosquitto-sqlauth inside SQLite. `.load mod_sqlauth` in the sqlite3 shell, or
 * `sqlite3 -cmd '.load mod_sqlauth' auth.db`.
 *
 *   password_hash(text [, scheme])       an encoded hash; scheme 'argon2id' (default), or 'secret' for generated
 * secrets password_verify(hash, text)          1 or 0 secret_generate()                    256 random bits as 43
 * characters topic_valid(filter)                  1 or 0 topic_matches(filter, topic)         1 or 0: whether the
 * filter matches the topic name topic_covers(filter, filter)         1 or 0: whether the first matches all that the
 * second matches mqtt_id_matches(pattern, mqtt_id)    1 or 0, as rules of kind mqtt_id do
 *   certificate_fingerprint(pem_or_der)  SHA256:...
 *   certificate_names(pem_or_der)        a table: match_by, value
 *   sqlauth_explain(client, mqtt_id, access, topic)   a table of one row: decision, and why
 *
 * NULL in, NULL out (tables: no row). This file loads them all; it must not know what they do. */
#include "sqlext.h"

#include <stdio.h>
#include <string.h>

#include "sqlauth/secret.h"

SQLITE_EXTENSION_INIT1

#define MESSAGE_SIZE 256

int sqlauth_sqlext_register(sqlite3 *db, const struct sqlauth_sqlext_function *functions)
{
	int code = SQLITE_OK;

	for (; functions->name && code == SQLITE_OK; functions++)
		code = sqlite3_create_function_v2(db, functions->name, functions->arguments, functions->flags, NULL,
			functions->call, NULL, NULL, NULL);
	return code;
}

void sqlauth_sqlext_fail(sqlite3_context *context, const char *name, enum sqlauth_error error, const char *message)
{
	char text[MESSAGE_SIZE];

	if (error == SQLAUTH_ERROR_MEMORY) {
		sqlite3_result_error_nomem(context);
		return;
	}
	snprintf(text, sizeof text, "%s: %s", name, message ? message : sqlauth_strerror(error));
	sqlite3_result_error(context, text, -1);
}

const char *sqlauth_sqlext_bytes(sqlite3_value *value, size_t *length_r)
{
	const char *bytes;

	if (sqlite3_value_type(value) == SQLITE_NULL)
		return NULL;
	bytes = sqlite3_value_type(value) == SQLITE_BLOB ? sqlite3_value_blob(value)
							 : (const char *)sqlite3_value_text(value);
	*length_r = (size_t)sqlite3_value_bytes(value);
	return bytes || *length_r > 0 ? bytes : ""; /* an empty BLOB is NULL to SQLite */
}

/* The name that SQLite derives from the file's. */
__attribute__((visibility("default"))) int sqlite3_modsqlauth_init(
	sqlite3 *db, char **message, const sqlite3_api_routines *api);

int sqlite3_modsqlauth_init(sqlite3 *db, char **message, const sqlite3_api_routines *api)
{
	static int (*const parts[])(sqlite3 *) = {sqlauth_sqlext_register_passwords, sqlauth_sqlext_register_topics,
		sqlauth_sqlext_register_certificates, sqlauth_sqlext_register_explain};
	static const char no_random[] = "mod_sqlauth: the system gives no random bytes";
	int code = SQLITE_OK;

	SQLITE_EXTENSION_INIT2(api)
	if (sqlauth_secret_init() != SQLAUTH_OK) {
		*message = sqlite3_malloc(sizeof no_random);
		if (*message)
			memcpy(*message, no_random, sizeof no_random);
		return SQLITE_ERROR;
	}
	for (size_t i = 0; i < sizeof parts / sizeof parts[0] && code == SQLITE_OK; i++)
		code = parts[i](db);
	return code;
}
