/* The table of statements and the ways to run them (statements.h). */
#include "statements.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "store_internal.h"

#define CLIENT_COLUMNS                                                                                                 \
	"c.name, c.username, c.password, c.mqtt_id, c.authentication, c.enabled, c.disconnect_before, "                \
	"EXISTS (SELECT 1 FROM client_certificates AS k WHERE k.client = c.name)"

#define RULE_COLUMNS "r.match_by, r.value, r.group_name, v.revision"
#define REVISIONS    " LEFT JOIN group_revisions AS v ON v.group_name = r.group_name "
#define RULE_TABLES  "group_rules AS r" REVISIONS

/* Expression and condition of the index group_rules_by_pattern, word for word: otherwise SQLite does not use it. */
#define WILDCARD_KEY                                                                                                   \
	"CASE WHEN r.value GLOB '[^*?]*' "                                                                             \
	"THEN 'p' || substr(substr(r.value, 1, instr(replace(r.value, '?', '*'), '*') - 1), 1, 32) "                   \
	"ELSE 's' || substr(substr(r.value, "                                                                          \
	"1 + length(rtrim(r.value, replace(replace(r.value, '?', ''), '*', '')))), -32) END"
#define WILDCARD_TABLE "group_rules AS r INDEXED BY group_rules_by_pattern" /* SQLite prefers one that is worse */
#define WILDCARD_RULE  "r.match_by = 'mqtt_id' AND r.value GLOB '*[*?]*'"

const char *const sqlauth_statement_sql[SQLAUTH_SQL_COUNT] = {
	[SQLAUTH_SQL_BEGIN] = "BEGIN",
	[SQLAUTH_SQL_COMMIT] = "COMMIT",
	/* takes the snapshot at begin, and sees at once that another version was restored into the open file */
	[SQLAUTH_SQL_SCHEMA_VERSION] = "SELECT CAST(value AS TEXT) FROM schema_info WHERE key = 'schema_version'",
	[SQLAUTH_SQL_DATA_VERSION] = "PRAGMA data_version",

	[SQLAUTH_SQL_CLIENT_BY_USERNAME] = "SELECT " CLIENT_COLUMNS " FROM clients AS c WHERE c.username = ?1",
	[SQLAUTH_SQL_CLIENT_BY_VISIBLE_USERNAME] =
		"SELECT " CLIENT_COLUMNS " FROM clients AS c WHERE coalesce(c.username, c.name) = ?1",
	[SQLAUTH_SQL_CLIENT_BY_NAME] = "SELECT " CLIENT_COLUMNS " FROM clients AS c WHERE c.name = ?1",
	[SQLAUTH_SQL_CLIENT_BY_CERTIFICATE] = "SELECT c.name FROM client_certificates AS k CROSS JOIN clients AS c "
					      "WHERE k.match_by = ?1 AND k.value = ?2 AND c.name = k.client "
					      "AND c.authentication = 'certificate' AND c.username IS NULL",
	[SQLAUTH_SQL_CERTIFICATE_OWNER] = "SELECT client FROM client_certificates WHERE match_by = ?1 AND value = ?2",
	[SQLAUTH_SQL_CERTIFICATE_OF_CLIENT] = "SELECT 1 FROM client_certificates "
					      "WHERE match_by = ?2 AND value = ?3 AND client = ?1",

	[SQLAUTH_SQL_EXACT_RULES] =
		"SELECT " RULE_COLUMNS " FROM " RULE_TABLES " WHERE r.match_by = 'client' AND r.value = ?1 "
		"UNION ALL SELECT " RULE_COLUMNS " FROM " RULE_TABLES " WHERE r.match_by = 'mqtt_id' AND r.value = ?2 "
		"UNION ALL SELECT " RULE_COLUMNS " FROM " RULE_TABLES
		" WHERE r.match_by = 'certificate_fingerprint' AND r.value = ?3 "
		"UNION ALL SELECT " RULE_COLUMNS " FROM " RULE_TABLES " WHERE r.match_by = 'any' AND r.value = ?4 "
		"UNION ALL SELECT " RULE_COLUMNS " FROM " RULE_TABLES
		" WHERE r.match_by = 'anonymous' AND r.value = ?5",
	/* the last key at or before ?1 and not before ?2; the keys of rules with wildcards: see rules.c */
	[SQLAUTH_SQL_WILDCARD_FLOOR] =
		"SELECT " WILDCARD_KEY " FROM " WILDCARD_TABLE " WHERE " WILDCARD_RULE " AND " WILDCARD_KEY
		" <= ?1 AND " WILDCARD_KEY " >= ?2 ORDER BY " WILDCARD_KEY " DESC LIMIT 1",
	[SQLAUTH_SQL_WILDCARD_RULES] = "SELECT " RULE_COLUMNS " FROM " WILDCARD_TABLE REVISIONS "WHERE " WILDCARD_RULE
				       " AND " WILDCARD_KEY " = ?1",
	[SQLAUTH_SQL_MQTT_ID_RULE] = "SELECT 1 FROM group_rules WHERE match_by = 'mqtt_id' LIMIT 1",
	[SQLAUTH_SQL_ANONYMOUS_RULE] = "SELECT 1 FROM group_rules WHERE match_by = 'anonymous' AND value = '*' LIMIT 1",

	[SQLAUTH_SQL_PERMISSIONS] = "SELECT topic, permission, action FROM acl_permissions "
				    "WHERE group_name = ?1 ORDER BY id",
	[SQLAUTH_SQL_DISCONNECTS] =
		"SELECT 'name', name, disconnect_before FROM clients WHERE disconnect_before >= ?1 "
		"UNION ALL SELECT 'username', username, disconnect_before FROM clients "
		"WHERE disconnect_before >= ?1 AND username IS NOT NULL "
		"UNION ALL SELECT k.match_by, k.value, c.disconnect_before FROM clients AS c "
		"CROSS JOIN client_certificates AS k WHERE c.disconnect_before >= ?1 AND k.client = c.name",

	[SQLAUTH_SQL_QUERY_ONLY] = "PRAGMA query_only = 1",
	[SQLAUTH_SQL_CELL_SIZE_CHECK] = "PRAGMA cell_size_check = 1",
	[SQLAUTH_SQL_NO_MMAP] = "PRAGMA mmap_size = 0", /* a file cut short is an error then, not a SIGBUS */
	[SQLAUTH_SQL_TEMP_IN_MEMORY] = "PRAGMA temp_store = MEMORY",
	[SQLAUTH_SQL_DELETE_MODE] = "PRAGMA journal_mode = DELETE",
	[SQLAUTH_SQL_INTEGRITY_CHECK] = "PRAGMA integrity_check(1)",
	[SQLAUTH_SQL_SET_SCHEMA_VERSION] = "UPDATE schema_info SET value = ?1 WHERE key = 'schema_version'",
	[SQLAUTH_SQL_CACHE_SIZE] = "PRAGMA cache_size = -4096",      /* KiB: the upper pages of a million clients */
	[SQLAUTH_SQL_SECURE_DELETE] = "PRAGMA secure_delete = FAST", /* old hashes, where it costs no further write */
	[SQLAUTH_SQL_BEGIN_IMMEDIATE] = "BEGIN IMMEDIATE",
	[SQLAUTH_SQL_ROLLBACK] = "ROLLBACK",
	[SQLAUTH_SQL_ENCODING] = "PRAGMA encoding",
	[SQLAUTH_SQL_IS_TABLE] = "SELECT 1 FROM sqlite_schema WHERE name = ?1 AND type = 'table' AND rootpage > 0",
	[SQLAUTH_SQL_APPLICATION] = "SELECT value FROM schema_info WHERE key = 'application'",
	[SQLAUTH_SQL_WRITABLE_SCHEMA] = "PRAGMA writable_schema = 1", /* also: a file cut short is opened */
	[SQLAUTH_SQL_ANY_OBJECT] = "SELECT 1 FROM sqlite_schema LIMIT 1",
	[SQLAUTH_SQL_PAGE_COUNT] = "PRAGMA page_count",
	[SQLAUTH_SQL_PAGE_SIZE] = "PRAGMA page_size",
	[SQLAUTH_SQL_QUICK_CHECK] = "PRAGMA quick_check(1)",
	[SQLAUTH_SQL_WAL_MODE] = "PRAGMA journal_mode = WAL",
};

enum sqlauth_error sqlauth_sqlite_error(int code)
{
	if (code == SQLITE_IOERR_NOMEM)
		return SQLAUTH_ERROR_MEMORY;
	switch (code & 0xff) { /* the primary of an extended code */
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return SQLAUTH_OK;
	case SQLITE_NOMEM:
		return SQLAUTH_ERROR_MEMORY;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
	case SQLITE_PROTOCOL: /* too much contention for the -wal's locks */
		return SQLAUTH_ERROR_BUSY;
	case SQLITE_IOERR:
	case SQLITE_FULL:
	case SQLITE_INTERRUPT:
	case SQLITE_INTERNAL:
	case SQLITE_MISUSE:
		return SQLAUTH_ERROR_SYSTEM;
	default:
		return SQLAUTH_ERROR_DATABASE;
	}
}

static bool is_disk_full(sqlite3 *db, int code)
{
	int system = sqlite3_system_errno(db); /* of its last I/O error */

	return (code & 0xff) == SQLITE_FULL || code == SQLITE_IOERR_SHMSIZE ||
	       (((code & 0xff) == SQLITE_IOERR || (code & 0xff) == SQLITE_CANTOPEN) &&
		       (system == ENOSPC || system == EDQUOT));
}

const char *sqlauth_sqlite_code_message(sqlite3 *db, int code)
{
	return is_disk_full(db, code) ? "no space left on the disk" : sqlite3_errstr(code);
}

const char *sqlauth_sqlite_message(sqlite3 *db, int code)
{
	return db == NULL || is_disk_full(db, code) ? sqlauth_sqlite_code_message(db, code) : sqlite3_errmsg(db);
}

enum sqlauth_error sqlauth_store_prepare(struct sqlauth_store *store)
{
	for (int i = 0; i < SQLAUTH_SQL_KEPT; i++) {
		int code = sqlite3_prepare_v3(store->db, sqlauth_statement_sql[i], -1, SQLITE_PREPARE_PERSISTENT,
			&store->statements[i], NULL);
		if (code != SQLITE_OK)
			return sqlauth_sqlite_error(code);
	}
	return SQLAUTH_OK;
}

void sqlauth_store_finalize(struct sqlauth_store *store)
{
	for (int i = 0; i < SQLAUTH_SQL_KEPT; i++) {
		sqlite3_finalize(store->statements[i]);
		store->statements[i] = NULL;
	}
}

static enum sqlauth_error fail(struct sqlauth_store *store, int code)
{
	store->failure = sqlauth_sqlite_error(code);
	return store->failure;
}

static int bind_text(sqlite3_stmt *statement, int index, const char *text, size_t length)
{
	return text == NULL ? sqlite3_bind_null(statement, index)
			    : sqlite3_bind_text(statement, index, text, (int)length, SQLITE_STATIC);
}

enum sqlauth_error sqlauth_store_start(
	struct sqlauth_store *store, enum sqlauth_statement which, const char *const *texts, int count)
{
	if (store->failure != SQLAUTH_OK)
		return store->failure;
	if (!store->reading)
		return SQLAUTH_ERROR_DATABASE;
	for (int i = 0; i < count; i++) {
		size_t length = texts[i] == NULL ? 0 : strnlen(texts[i], SQLAUTH_STORE_TEXT_BYTES_MAX + 1);
		int code;

		if (length > SQLAUTH_STORE_TEXT_BYTES_MAX) {
			sqlauth_store_reset(store, which);
			return SQLAUTH_ERROR_LIMIT;
		}
		code = bind_text(store->statements[which], i + 1, texts[i], length);
		if (code != SQLITE_OK) {
			sqlauth_store_reset(store, which);
			return fail(store, code);
		}
	}
	return SQLAUTH_OK;
}

enum sqlauth_error sqlauth_store_step(struct sqlauth_store *store, enum sqlauth_statement which)
{
	int code = sqlite3_step(store->statements[which]);

	if (code == SQLITE_ROW)
		return SQLAUTH_OK;
	if (code == SQLITE_DONE)
		return SQLAUTH_ERROR_NOT_FOUND;
	return fail(store, code);
}

void sqlauth_store_reset(struct sqlauth_store *store, enum sqlauth_statement which)
{
	sqlite3_reset(store->statements[which]); /* answers the last step's error again */
	sqlite3_clear_bindings(store->statements[which]);
}

enum sqlauth_error sqlauth_store_exists(
	struct sqlauth_store *store, enum sqlauth_statement which, const char *const *texts, int count)
{
	enum sqlauth_error error = sqlauth_store_start(store, which, texts, count);

	if (error != SQLAUTH_OK)
		return error;
	error = sqlauth_store_step(store, which);
	sqlauth_store_reset(store, which);
	return error;
}

int sqlauth_store_once(sqlite3 *db, enum sqlauth_statement which, const char *text, char *result, size_t size)
{
	sqlite3_stmt *statement = NULL;
	const unsigned char *column;
	int code = sqlite3_prepare_v2(db, sqlauth_statement_sql[which], -1, &statement, NULL);

	result[0] = '\0';
	if (code == SQLITE_OK && text != NULL)
		code = sqlite3_bind_text(statement, 1, text, -1, SQLITE_STATIC);
	if (code == SQLITE_OK)
		code = sqlite3_step(statement);
	if (code == SQLITE_ROW || code == SQLITE_DONE) {
		column = code == SQLITE_ROW ? sqlite3_column_text(statement, 0) : NULL;
		if (column == NULL && sqlite3_errcode(db) == SQLITE_NOMEM)
			code = SQLITE_NOMEM;
		snprintf(result, size, "%s", column == NULL ? "" : (const char *)column);
	}
	sqlite3_finalize(statement);
	return code;
}
