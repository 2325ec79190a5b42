/* Another program's database, or a JSON text, through an SQLite connection that can only read (sqlauth/foreign.h).
 * Knows the shape of the dynamic security plugin's file, and what none of its values mean. */
#include "sqlauth/foreign.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "connection.h"
#include "statements.h"

struct sqlauth_foreign {
	sqlite3 *db;
	const char *json; /* bound to ?1; NULL: a database */
	size_t json_length;
};

/* cJSON, with which that plugin reads, takes only an object's own kind: so does the type in each condition. */
#define OBJECTS(list, name) "json_each(" list ", '$." name "') AS "
#define TEXT_OF(object, name)                                                                                          \
	"CASE json_type(" object ".value, '$." name "') WHEN 'text' THEN json_extract(" object ".value, '$." name      \
	"') END"
#define IS_NAMED(object, name) object ".type = 'object' AND json_type(" object ".value, '$." name "') = 'text'"
#define IS_TRUE(object, path)  "coalesce(json_type(" object ", '$." path "') = 'true', 0)"
#define IS_FALSE(object, path) "coalesce(json_type(" object ", '$." path "') = 'false', 0)"
#define NUMBER_OF(object, name, fallback)                                                                              \
	"CASE WHEN json_type(" object ".value, '$." name "') IN ('integer', 'real') "                                  \
	"THEN CAST(json_extract(" object ".value, '$." name "') AS INTEGER) ELSE " fallback " END"

/* Entries without a name, and a list that is something else. */
#define UNNAMED(list, name)                                                                                            \
	"SELECT '" list "', e.key + 1, NULL FROM " OBJECTS(                                                            \
		"?1", list) "e WHERE json_type(?1, '$." list                                                           \
			    "') = 'array' AND CASE WHEN e.type = 'object' THEN json_type(e.value, '$." name            \
			    "') END IS NOT 'text' "                                                                    \
			    "UNION ALL SELECT '" list "', NULL, NULL WHERE json_type(?1, '$." list                     \
			    "') NOT IN ('array', 'object')"

static const struct {
	int columns;
	const char *sql;
} queries[SQLAUTH_FOREIGN_QUERIES] = {
	[SQLAUTH_DYNSEC_DEFAULTS] = {5,
		"SELECT " IS_TRUE("?1", "defaultACLAccess.publishClientSend") ", " IS_TRUE(
			"?1", "defaultACLAccess.publishClientReceive") ", " IS_TRUE("?1",
			"defaultACLAccess.subscribe") ", " IS_TRUE("?1",
			"defaultACLAccess.unsubscribe") ", "
							"CASE json_type(?1, '$.anonymousGroup') WHEN 'text' THEN "
							"json_extract(?1, '$.anonymousGroup') END"},
	[SQLAUTH_DYNSEC_ROLES] = {4,
		"SELECT " TEXT_OF("r", "rolename") ", " TEXT_OF("r", "textname") ", " TEXT_OF(
			"r", "textdescription") ", " IS_FALSE("r.value", "allowwildcardsubs") " FROM " OBJECTS("?1",
			"roles") "r WHERE " IS_NAMED("r", "rolename") " ORDER BY r.key"},
	[SQLAUTH_DYNSEC_ACLS] = {4,
		"SELECT " TEXT_OF("r", "rolename") ", lower(" TEXT_OF("a", "acltype") "), " TEXT_OF(
			"a", "topic") ", " IS_TRUE("a.value", "allow") " FROM " OBJECTS("?1",
			"roles") "r, " OBJECTS("r.value", "acls") "a WHERE " IS_NAMED("r",
			"rolename") " AND " IS_NAMED("a", "acltype") " AND " IS_NAMED("a",
			"topic") " ORDER BY r.key, " NUMBER_OF("a", "priority", "0") " DESC, a.key"},
	[SQLAUTH_DYNSEC_CLIENTS] = {9,
		"SELECT " TEXT_OF("c", "username") ", " TEXT_OF("c", "textname") ", " TEXT_OF(
			"c", "textdescription") ", " TEXT_OF("c", "clientid") ", " IS_TRUE("c.value",
			"disabled") ", " TEXT_OF("c", "password") ", " TEXT_OF("c", "salt") ", " NUMBER_OF("c",
			"iterations", "NULL") ", " TEXT_OF("c", "encoded_password") " FROM " OBJECTS("?1",
			"clients") "c WHERE " IS_NAMED("c", "username") " ORDER BY c.key"},
	[SQLAUTH_DYNSEC_CLIENT_ROLES] = {2,
		"SELECT " TEXT_OF("c", "username") ", " TEXT_OF("r", "rolename") " FROM " OBJECTS(
			"?1", "clients") "c, " OBJECTS("c.value", "roles") "r WHERE " IS_NAMED("c",
			"username") " AND " IS_NAMED("r", "rolename") " ORDER BY c.key, " NUMBER_OF("r", "priority",
			"-1") " DESC, 2"},
	[SQLAUTH_DYNSEC_GROUPS] = {3, "SELECT " TEXT_OF("g", "groupname") ", " TEXT_OF("g", "textname") ", " TEXT_OF(
					      "g", "textdescription") " FROM " OBJECTS("?1",
					      "groups") "g WHERE " IS_NAMED("g", "groupname") " ORDER BY g.key"},
	[SQLAUTH_DYNSEC_GROUP_ROLES] = {2,
		"SELECT " TEXT_OF("g", "groupname") ", " TEXT_OF("r", "rolename") " FROM " OBJECTS(
			"?1", "groups") "g, " OBJECTS("g.value", "roles") "r WHERE " IS_NAMED("g",
			"groupname") " AND " IS_NAMED("r", "rolename") " ORDER BY g.key, " NUMBER_OF("r", "priority",
			"-1") " DESC, 2"},
	[SQLAUTH_DYNSEC_GROUP_CLIENTS] = {2,
		"SELECT " TEXT_OF("c", "username") ", " TEXT_OF("g", "groupname") " FROM " OBJECTS(
			"?1", "groups") "g, " OBJECTS("g.value", "clients") "c WHERE " IS_NAMED("g",
			"groupname") " AND " IS_NAMED("c", "username") " ORDER BY 1, " NUMBER_OF("c", "priority",
			"-1") " DESC, 2"},
	[SQLAUTH_DYNSEC_UNREADABLE] = {3,
		UNNAMED("clients", "username") " UNION ALL " UNNAMED("groups", "groupname") " UNION ALL " UNNAMED(
			"roles", "rolename") " UNION ALL SELECT 'acls', a.key + 1, " TEXT_OF("r",
			"rolename") " FROM " OBJECTS("?1", "roles") "r, " OBJECTS("r.value",
			"acls") "a WHERE " IS_NAMED("r",
			"rolename") " AND (CASE WHEN a.type = 'object' THEN "
				    "json_type(a.value, '$.acltype') END IS NOT 'text' "
				    "OR CASE WHEN a.type = 'object' THEN "
				    "json_type(a.value, '$.topic') END IS NOT 'text')"},
};

/* A user's statement may select, and nothing else: no ATTACH, no PRAGMA, no writing. */
static int authorize(void *context, int action, const char *a, const char *b, const char *c, const char *d)
{
	(void)context;
	(void)a;
	(void)c;
	(void)d;
	if (action == SQLITE_FUNCTION)
		return b != NULL && sqlite3_stricmp(b, "load_extension") == 0 ? SQLITE_DENY : SQLITE_OK;
	return action == SQLITE_SELECT || action == SQLITE_READ || action == SQLITE_RECURSIVE ? SQLITE_OK : SQLITE_DENY;
}

static enum sqlauth_error explain(struct sqlauth_foreign *foreign, const char *what, struct sqlauth_text *why)
{
	int code = sqlite3_extended_errcode(foreign->db);
	enum sqlauth_error error = sqlauth_sqlite_error(code);

	sqlauth_text_set(why, "%s: %s", what, sqlauth_sqlite_message(foreign->db, code));
	return error == SQLAUTH_OK ? SQLAUTH_ERROR_DATABASE : error;
}

static enum sqlauth_error open_connection(
	const char *path, int flags, struct sqlauth_foreign **foreign_r, struct sqlauth_text *why)
{
	struct sqlauth_foreign *foreign = calloc(1, sizeof *foreign);
	enum sqlauth_error error;

	if (foreign == NULL)
		return SQLAUTH_ERROR_MEMORY;
	if (sqlauth_connection_open(path, flags, &foreign->db) == SQLITE_OK) {
		sqlite3_db_config(foreign->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
		sqlite3_db_config(foreign->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
		*foreign_r = foreign;
		return SQLAUTH_OK;
	}
	error = foreign->db == NULL ? SQLAUTH_ERROR_MEMORY : explain(foreign, path, why);
	sqlauth_foreign_close(foreign);
	return error;
}

enum sqlauth_error sqlauth_foreign_open_database(
	const char *path, struct sqlauth_foreign **foreign_r, struct sqlauth_text *why)
{
	char *plain = path[0] == '/' ? strdup(path) : NULL; /* "./": no name means anything but a file to SQLite */
	enum sqlauth_error error;

	if (path[0] != '/') {
		plain = malloc(strlen(path) + sizeof "./");
		if (plain != NULL) {
			memcpy(plain, "./", 2);
			memcpy(plain + 2, path, strlen(path) + 1);
		}
	}
	if (plain == NULL)
		return SQLAUTH_ERROR_MEMORY;
	error = open_connection(plain, SQLITE_OPEN_READONLY, foreign_r, why);
	if (error == SQLAUTH_OK)
		sqlite3_set_authorizer((*foreign_r)->db, authorize, NULL);
	free(plain);
	return error;
}

static enum sqlauth_error note_validity(void *context, const char *const *columns)
{
	*(bool *)context = columns[0] != NULL && strcmp(columns[0], "object") == 0;
	return SQLAUTH_OK;
}

enum sqlauth_error sqlauth_foreign_open_json(
	const char *text, size_t length, struct sqlauth_foreign **foreign_r, struct sqlauth_text *why)
{
	struct sqlauth_foreign *foreign = NULL;
	enum sqlauth_error error =
		open_connection(":memory:", SQLITE_OPEN_READWRITE | SQLITE_OPEN_MEMORY, &foreign, why);
	bool is_object = false;

	if (error != SQLAUTH_OK)
		return error;
	foreign->json = text;
	foreign->json_length = length;
	error = sqlauth_foreign_select(
		foreign, "SELECT CASE WHEN json_valid(?1) THEN json_type(?1) END", 1, note_validity, &is_object, why);
	if (error == SQLAUTH_OK && !is_object) {
		sqlauth_text_set(why, "is not a JSON object");
		error = SQLAUTH_ERROR_INVALID;
	}
	if (error == SQLAUTH_OK)
		*foreign_r = foreign;
	else
		sqlauth_foreign_close(foreign);
	return error;
}

void sqlauth_foreign_close(struct sqlauth_foreign *foreign)
{
	if (foreign == NULL)
		return;
	sqlite3_close(foreign->db);
	free(foreign);
}

/* The current row's columns as texts, borrowed from the statement. */
static enum sqlauth_error read_row(sqlite3_stmt *statement, int count, const char *columns[], struct sqlauth_text *why)
{
	for (int i = 0; i < count; i++) {
		const unsigned char *text = sqlite3_column_text(statement, i);

		columns[i] = (const char *)text;
		if (text == NULL && sqlite3_column_type(statement, i) != SQLITE_NULL)
			return SQLAUTH_ERROR_MEMORY;
		if (text != NULL && strlen(columns[i]) != (size_t)sqlite3_column_bytes(statement, i)) {
			sqlauth_text_set(why, "there is a value with a NUL character");
			return SQLAUTH_ERROR_INVALID;
		}
	}
	return SQLAUTH_OK;
}

static enum sqlauth_error run(struct sqlauth_foreign *foreign, sqlite3_stmt *statement, int count,
	sqlauth_foreign_visitor *visit, void *context, struct sqlauth_text *why)
{
	const char *columns[SQLAUTH_FOREIGN_COLUMNS_MAX] = {NULL};
	enum sqlauth_error error = SQLAUTH_OK;
	int code = SQLITE_ROW;

	while (error == SQLAUTH_OK && (code = sqlite3_step(statement)) == SQLITE_ROW) {
		error = read_row(statement, count, columns, why);
		if (error == SQLAUTH_OK)
			error = visit(context, columns);
	}
	if (error == SQLAUTH_OK && code != SQLITE_DONE)
		error = explain(foreign, "it cannot be read", why);
	return error;
}

/* Whether there is nothing but white space behind a statement. */
static bool is_end(const char *rest)
{
	return rest[strspn(rest, " \t\r\n;")] == '\0';
}

enum sqlauth_error sqlauth_foreign_select(struct sqlauth_foreign *foreign, const char *sql, int columns,
	sqlauth_foreign_visitor *visit, void *context, struct sqlauth_text *why)
{
	sqlite3_stmt *statement = NULL;
	const char *rest = sql;
	enum sqlauth_error error = SQLAUTH_OK;
	int code = sqlite3_prepare_v2(foreign->db, sql, -1, &statement, &rest);

	if (code != SQLITE_OK) {
		sqlauth_text_set(why, "the statement cannot be run: %s", sqlite3_errmsg(foreign->db));
		error = sqlauth_sqlite_error(code) == SQLAUTH_ERROR_DATABASE ? SQLAUTH_ERROR_INVALID
									     : sqlauth_sqlite_error(code);
		if ((code & 0xff) == SQLITE_NOTADB || (code & 0xff) == SQLITE_CORRUPT)
			error = SQLAUTH_ERROR_DATABASE;
		goto out;
	}
	if (statement == NULL || !is_end(rest) || !sqlite3_stmt_readonly(statement) ||
		sqlite3_column_count(statement) != columns ||
		sqlite3_bind_parameter_count(statement) > (foreign->json == NULL ? 0 : 1)) {
		sqlauth_text_set(why, "the statement must be one query of %d columns without parameters", columns);
		error = SQLAUTH_ERROR_INVALID;
		goto out;
	}
	if (foreign->json != NULL)
		code = sqlite3_bind_text64(
			statement, 1, foreign->json, foreign->json_length, SQLITE_STATIC, SQLITE_UTF8);
	error = code == SQLITE_OK ? run(foreign, statement, columns, visit, context, why) : SQLAUTH_ERROR_LIMIT;
out:
	sqlite3_finalize(statement);
	return error;
}

enum sqlauth_error sqlauth_foreign_ask(struct sqlauth_foreign *foreign, enum sqlauth_foreign_query query,
	sqlauth_foreign_visitor *visit, void *context, struct sqlauth_text *why)
{
	return sqlauth_foreign_select(foreign, queries[query].sql, queries[query].columns, visit, context, why);
}
