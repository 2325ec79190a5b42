/* Certificates as an SQL function and a table: what client_certificates would hold of them. INNOCUOUS and
 * DETERMINISTIC: they read nothing but their argument, of at most SQLAUTH_CERTIFICATE_FILE_BYTES_MAX. Files come
 * through the shell's readfile(). */
#include "sqlauth/certificate.h"

#include "sqlext.h"
#include "table.h"

#define EXPECTED "a certificate in PEM or DER is expected, such as readfile('pump-7.crt')"

/* NULL with OK: the argument is NULL. */
static enum sqlauth_error read_certificate(sqlite3_value *value, struct sqlauth_certificate **certificate_r)
{
	size_t length = 0;
	const char *bytes = sqlauth_sqlext_bytes(value, &length);

	*certificate_r = NULL;
	if (!bytes)
		return SQLAUTH_OK;
	return sqlauth_certificate_from_bytes(bytes, length, certificate_r);
}

static void certificate_fingerprint(sqlite3_context *context, int count, sqlite3_value **values)
{
	struct sqlauth_certificate *certificate;
	enum sqlauth_error error = read_certificate(values[0], &certificate);

	(void)count;
	if (error != SQLAUTH_OK)
		sqlauth_sqlext_fail(
			context, "certificate_fingerprint", error, error == SQLAUTH_ERROR_INVALID ? EXPECTED : NULL);
	else if (certificate)
		sqlite3_result_text(context, sqlauth_certificate_fingerprint(certificate), -1, SQLITE_TRANSIENT);
	sqlauth_certificate_free(certificate);
}

static enum sqlauth_error fill_names(
	sqlite3 *db, sqlite3_value **arguments, struct sqlauth_sqlext_rows *rows, struct sqlauth_text *why)
{
	struct sqlauth_certificate *certificate;
	enum sqlauth_error error = read_certificate(arguments[0], &certificate);

	(void)db;
	if (error == SQLAUTH_ERROR_INVALID)
		sqlauth_text_set(why, "certificate_names: %s", EXPECTED);
	for (int kind = 0; kind < SQLAUTH_MATCH_KINDS && certificate && error == SQLAUTH_OK; kind++) {
		enum sqlauth_match_by match_by = (enum sqlauth_match_by)kind;
		size_t count = sqlauth_certificate_count(certificate, match_by);

		for (size_t i = 0; i < count && error == SQLAUTH_OK; i++) {
			const char *const cells[] = {
				sqlauth_match_by_word(match_by), sqlauth_certificate_name(certificate, match_by, i)};

			error = sqlauth_sqlext_add_row(rows, cells, 2);
		}
	}
	sqlauth_certificate_free(certificate);
	return error;
}

int sqlauth_sqlext_register_certificates(sqlite3 *db)
{
	static const struct sqlauth_sqlext_function functions[] = {
		{"certificate_fingerprint", 1, SQLAUTH_SQLEXT_PURE, certificate_fingerprint},
		{NULL, 0, 0, NULL},
	};
	static const struct sqlauth_sqlext_table names = {
		.name = "certificate_names",
		.declaration = "CREATE TABLE certificate_names (match_by TEXT, value TEXT, certificate HIDDEN)",
		.columns = 2,
		.arguments = 1,
		.risk = SQLITE_VTAB_INNOCUOUS,
		.usage = "certificate_names(certificate) wants its argument: " EXPECTED,
		.fill = fill_names,
	};
	int code = sqlauth_sqlext_register(db, functions);

	return code == SQLITE_OK ? sqlauth_sqlext_register_table(db, &names) : code;
}
