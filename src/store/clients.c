/* Clients and their certificates: rows of `clients` and `client_certificates`. Judges nothing: who may connect is
 * the engine's question. */
#include "store_internal.h"

#include <stdlib.h>
#include <string.h>

#include "sqlauth/secret.h"

/* The order of CLIENT_COLUMNS in statements.c. */
enum client_column { NAME, USERNAME, PASSWORD, MQTT_ID, AUTHENTICATION, ENABLED, DISCONNECT_BEFORE, HAS_CERTIFICATES };

void sqlauth_client_clear(struct sqlauth_client *client)
{
	free(client->name);
	free(client->username);
	sqlauth_secret_free(client->password);
	free(client->mqtt_id);
	memset(client, 0, sizeof *client);
}

static enum sqlauth_error read_texts(sqlite3_stmt *row, struct sqlauth_client *client)
{
	const struct {
		enum client_column column;
		bool nullable;
		char **text;
	} texts[] = {
		{NAME, false, &client->name},
		{USERNAME, true, &client->username},
		{PASSWORD, true, &client->password},
		{MQTT_ID, true, &client->mqtt_id},
	};

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		enum sqlauth_error error =
			sqlauth_row_text(row, (int)texts[i].column, texts[i].nullable, texts[i].text);
		if (error != SQLAUTH_OK)
			return error;
	}
	return SQLAUTH_OK;
}

static enum sqlauth_error read_flag(sqlite3_stmt *row, enum client_column column, bool *flag)
{
	int64_t integer;
	enum sqlauth_error error = sqlauth_row_integer(row, (int)column, &integer);

	if (error != SQLAUTH_OK)
		return error;
	if (integer != 0 && integer != 1)
		return SQLAUTH_ERROR_DATABASE;
	*flag = integer == 1;
	return SQLAUTH_OK;
}

static enum sqlauth_error read_authentication(sqlite3_stmt *row, enum sqlauth_authentication *authentication)
{
	static const char *const words[] = {
		[SQLAUTH_CREDENTIALS] = "credentials",
		[SQLAUTH_CERTIFICATE] = "certificate",
	};
	int index;
	enum sqlauth_error error = sqlauth_row_word(row, AUTHENTICATION, words, 2, &index);

	if (error == SQLAUTH_OK)
		*authentication = (enum sqlauth_authentication)index;
	return error;
}

static enum sqlauth_error read_disconnect_before(sqlite3_stmt *row, int64_t *disconnect_before)
{
	if (sqlite3_column_type(row, DISCONNECT_BEFORE) == SQLITE_NULL) {
		*disconnect_before = INT64_MIN;
		return SQLAUTH_OK;
	}
	return sqlauth_row_integer(row, DISCONNECT_BEFORE, disconnect_before);
}

static enum sqlauth_error read_client(sqlite3_stmt *row, struct sqlauth_client *client_r)
{
	struct sqlauth_client client = {0};
	enum sqlauth_error error = read_texts(row, &client);

	if (error == SQLAUTH_OK)
		error = read_authentication(row, &client.authentication);
	if (error == SQLAUTH_OK)
		error = read_flag(row, ENABLED, &client.enabled);
	if (error == SQLAUTH_OK)
		error = read_flag(row, HAS_CERTIFICATES, &client.has_certificates);
	if (error == SQLAUTH_OK)
		error = read_disconnect_before(row, &client.disconnect_before);
	if (error == SQLAUTH_OK)
		*client_r = client;
	else
		sqlauth_client_clear(&client);
	return error;
}

/* That the statement has no further row: two clients where there can be one are nobody's. */
static enum sqlauth_error expect_last(struct sqlauth_store *store, enum sqlauth_statement which)
{
	enum sqlauth_error error = sqlauth_store_step(store, which);

	if (error == SQLAUTH_ERROR_NOT_FOUND)
		return SQLAUTH_OK;
	return error == SQLAUTH_OK ? SQLAUTH_ERROR_DATABASE : error;
}

static enum sqlauth_error find_client(
	struct sqlauth_store *store, enum sqlauth_statement which, const char *key, struct sqlauth_client *client_r)
{
	struct sqlauth_client client;
	enum sqlauth_error error = sqlauth_store_start(store, which, &key, 1);

	if (error != SQLAUTH_OK)
		return error;
	error = sqlauth_store_step(store, which);
	if (error != SQLAUTH_OK)
		goto out;
	error = read_client(store->statements[which], &client);
	if (error != SQLAUTH_OK)
		goto out;
	error = expect_last(store, which);
	if (error == SQLAUTH_OK)
		*client_r = client;
	else
		sqlauth_client_clear(&client);
out:
	sqlauth_store_reset(store, which);
	return error;
}

enum sqlauth_error sqlauth_store_client_by_username(
	struct sqlauth_store *store, const char *username, struct sqlauth_client *client_r)
{
	return find_client(store, SQLAUTH_SQL_CLIENT_BY_USERNAME, username, client_r);
}

enum sqlauth_error sqlauth_store_client_by_visible_username(
	struct sqlauth_store *store, const char *username, struct sqlauth_client *client_r)
{
	return find_client(store, SQLAUTH_SQL_CLIENT_BY_VISIBLE_USERNAME, username, client_r);
}

enum sqlauth_error sqlauth_store_client_by_name(
	struct sqlauth_store *store, const char *name, struct sqlauth_client *client_r)
{
	return find_client(store, SQLAUTH_SQL_CLIENT_BY_NAME, name, client_r);
}

static enum sqlauth_error find_name(struct sqlauth_store *store, enum sqlauth_statement which,
	enum sqlauth_match_by kind, const char *value, char **name_r)
{
	const char *const texts[] = {sqlauth_match_by_word(kind), value};
	char *name = NULL;
	enum sqlauth_error error = sqlauth_store_start(store, which, texts, 2);

	if (error != SQLAUTH_OK)
		return error;
	error = sqlauth_store_step(store, which);
	if (error == SQLAUTH_OK)
		error = sqlauth_row_text(store->statements[which], 0, false, &name);
	if (error == SQLAUTH_OK)
		error = expect_last(store, which);
	if (error == SQLAUTH_OK)
		*name_r = name;
	else
		free(name);
	sqlauth_store_reset(store, which);
	return error;
}

enum sqlauth_error sqlauth_store_client_name_by_certificate(
	struct sqlauth_store *store, enum sqlauth_match_by kind, const char *value, char **name_r)
{
	return find_name(store, SQLAUTH_SQL_CLIENT_BY_CERTIFICATE, kind, value, name_r);
}

enum sqlauth_error sqlauth_store_certificate_owner(
	struct sqlauth_store *store, enum sqlauth_match_by kind, const char *value, char **name_r)
{
	return find_name(store, SQLAUTH_SQL_CERTIFICATE_OWNER, kind, value, name_r);
}

enum sqlauth_error sqlauth_store_client_has_certificate(
	struct sqlauth_store *store, const char *client_name, enum sqlauth_match_by kind, const char *value)
{
	const char *const texts[] = {client_name, sqlauth_match_by_word(kind), value};

	return sqlauth_store_exists(store, SQLAUTH_SQL_CERTIFICATE_OF_CLIENT, texts, 3);
}

static enum sqlauth_error visit_disconnect(sqlite3_stmt *row, sqlauth_disconnect_visitor *visit, void *context)
{
	const char *words[SQLAUTH_NAMED_BY_KINDS];
	int64_t disconnect_before;
	const char *value;
	size_t length;
	int kind;
	enum sqlauth_error error;

	for (int i = 0; i < SQLAUTH_MATCH_KINDS; i++)
		words[i] = sqlauth_match_by_word((enum sqlauth_match_by)i);
	words[SQLAUTH_NAMED_BY_USERNAME] = "username";
	words[SQLAUTH_NAMED_BY_NAME] = "name";
	error = sqlauth_row_word(row, 0, words, SQLAUTH_NAMED_BY_KINDS, &kind);
	if (error == SQLAUTH_OK)
		error = sqlauth_row_peek(row, 1, &value, &length);
	if (error == SQLAUTH_OK)
		error = sqlauth_row_integer(row, 2, &disconnect_before);
	if (error == SQLAUTH_OK)
		visit(context, (enum sqlauth_named_by)kind, value, disconnect_before);
	return error;
}

enum sqlauth_error sqlauth_store_visit_disconnects(
	struct sqlauth_store *store, int64_t since, sqlauth_disconnect_visitor *visit, void *context)
{
	const enum sqlauth_statement which = SQLAUTH_SQL_DISCONNECTS;
	sqlite3_stmt *row = store->statements[which];
	enum sqlauth_error error = sqlauth_store_start(store, which, NULL, 0);

	if (error != SQLAUTH_OK)
		return error;
	sqlite3_bind_int64(row, 1, since); /* fails only for an index beyond the last */
	while ((error = sqlauth_store_step(store, which)) == SQLAUTH_OK) {
		error = visit_disconnect(row, visit, context);
		if (error != SQLAUTH_OK && error != SQLAUTH_ERROR_DATABASE)
			break;
	}
	sqlauth_store_reset(store, which);
	return error == SQLAUTH_ERROR_NOT_FOUND ? SQLAUTH_OK : error;
}
