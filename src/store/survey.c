/* The queries and file checks behind sqlauth/survey.h. Finds rows; what they mean to a user is the command's. */
#include "sqlauth/survey.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "access.h"
#include "sidecars.h"
#include "store_internal.h"

struct sqlauth_survey {
	struct sqlauth_paths paths;
	sqlite3 *db;
};

/* A fingerprint in its normal form. */
#define FINGERPRINT "'SHA256:' || replace(hex(zeroblob(32)), '0', '[0-9A-F]')"

static const char *const queries[SQLAUTH_SURVEYS] = {
	[SQLAUTH_SURVEY_INTEGRITY] = "PRAGMA integrity_check(10)",
	[SQLAUTH_SURVEY_JOURNAL_MODE] = "PRAGMA journal_mode",
	[SQLAUTH_SURVEY_OBJECTS] = "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL "
				   "AND name NOT GLOB 'sqlite_*' ORDER BY type, name",
	[SQLAUTH_SURVEY_CLIENTS] =
		"SELECT name, authentication, password, mqtt_id, "
		"EXISTS (SELECT 1 FROM client_certificates WHERE client = clients.name) FROM clients",
	[SQLAUTH_SURVEY_CLIENTS_IN_NO_GROUP] =
		"SELECT name FROM clients WHERE NOT EXISTS (SELECT 1 FROM group_rules WHERE match_by = 'any') "
		"AND NOT EXISTS (SELECT 1 FROM group_rules WHERE match_by = 'client' AND value = clients.name)",
	[SQLAUTH_SURVEY_GROUPS] = "SELECT name, (SELECT count(*) FROM acl_permissions WHERE group_name = groups.name), "
				  "(SELECT count(*) FROM group_rules WHERE group_name = groups.name) FROM groups",
	[SQLAUTH_SURVEY_PERMISSIONS] =
		"SELECT group_name, permission, action, topic FROM acl_permissions ORDER BY group_name, id",
	[SQLAUTH_SURVEY_GROUPS_OF_EVERYBODY] = "SELECT group_name FROM group_rules WHERE match_by = 'any'",
	[SQLAUTH_SURVEY_MQTT_ID_RULES] = "SELECT value, group_name FROM group_rules WHERE match_by = 'mqtt_id'",
	[SQLAUTH_SURVEY_ANONYMOUS_RULES] = "SELECT group_name FROM group_rules WHERE match_by = 'anonymous'",
	[SQLAUTH_SURVEY_SHARED_CERTIFICATES] =
		"SELECT value, min(client), min(CASE WHEN client = first THEN match_by END), max(client), "
		"min(CASE WHEN client = last THEN match_by END) FROM (SELECT value, client, match_by, "
		"min(client) OVER (PARTITION BY value) AS first, max(client) OVER (PARTITION BY value) AS last "
		"FROM client_certificates) WHERE first <> last GROUP BY value",
	[SQLAUTH_SURVEY_STRANGE_CERTIFICATES] =
		"SELECT client, match_by, value FROM client_certificates WHERE match_by = 'fingerprint' AND value NOT "
		"GLOB " FINGERPRINT " OR match_by = 'dns' AND value <> lower(value) UNION ALL "
		"SELECT group_name, match_by, value FROM group_rules "
		"WHERE match_by = 'certificate_fingerprint' AND value NOT GLOB " FINGERPRINT,
	[SQLAUTH_SURVEY_LOST_ROWS] = "SELECT 'client_certificates', client FROM client_certificates "
				     "WHERE NOT EXISTS (SELECT 1 FROM clients WHERE name = client) UNION ALL "
				     "SELECT 'acl_permissions', group_name FROM acl_permissions "
				     "WHERE NOT EXISTS (SELECT 1 FROM groups WHERE name = group_name) UNION ALL "
				     "SELECT 'group_rules', group_name FROM group_rules "
				     "WHERE NOT EXISTS (SELECT 1 FROM groups WHERE name = group_name) UNION ALL "
				     "SELECT 'group_rules', value FROM group_rules WHERE match_by = 'client' "
				     "AND NOT EXISTS (SELECT 1 FROM clients WHERE name = value)",
};

static enum sqlauth_error explain(sqlite3 *db, const char *path, int code, struct sqlauth_text *why)
{
	enum sqlauth_error error = sqlauth_sqlite_error(code);

	sqlauth_text_set(why, "%s cannot be read: %s", path, sqlauth_sqlite_message(db, code));
	return error == SQLAUTH_OK ? SQLAUTH_ERROR_DATABASE : error;
}

enum sqlauth_error sqlauth_survey_open(const char *path, struct sqlauth_survey **survey_r, struct sqlauth_text *why)
{
	struct sqlauth_store *store = NULL;
	struct sqlauth_survey *survey = NULL;
	enum sqlauth_error error = sqlauth_store_open_for(path, SQLAUTH_STORE_FOR_TOOL, &store, why);
	int code;

	sqlauth_store_close(store);
	if (error != SQLAUTH_OK)
		return error;
	survey = calloc(1, sizeof *survey);
	error = survey == NULL ? SQLAUTH_ERROR_MEMORY : sqlauth_paths_init(&survey->paths, path);
	if (error == SQLAUTH_OK) {
		code = sqlauth_sidecars_open_to_read(survey->paths.file[SQLAUTH_FILE_DATABASE], &survey->db);
		if (code != SQLITE_OK)
			error = explain(survey->db, path, code, why);
	}
	if (error == SQLAUTH_OK) {
		sqlite3_db_config(survey->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
		sqlite3_db_config(survey->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
		*survey_r = survey;
	} else {
		sqlauth_survey_close(survey);
	}
	return error;
}

void sqlauth_survey_close(struct sqlauth_survey *survey)
{
	if (survey == NULL)
		return;
	sqlite3_close(survey->db);
	sqlauth_paths_clear(&survey->paths);
	free(survey);
}

static enum sqlauth_error ask(sqlite3 *db, const char *path, const char *sql, sqlauth_survey_visitor *visit,
	void *context, struct sqlauth_text *why)
{
	const char *columns[SQLAUTH_SURVEY_COLUMNS_MAX] = {NULL};
	sqlite3_stmt *statement = NULL;
	enum sqlauth_error error = SQLAUTH_OK;
	int code = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);

	while (code == SQLITE_OK || code == SQLITE_ROW) {
		code = sqlite3_step(statement);
		if (code != SQLITE_ROW)
			break;
		for (int i = 0; i < sqlite3_column_count(statement) && i < SQLAUTH_SURVEY_COLUMNS_MAX; i++)
			columns[i] = (const char *)sqlite3_column_text(statement, i);
		error = visit(context, columns);
		if (error != SQLAUTH_OK)
			break;
	}
	if (error == SQLAUTH_OK && code != SQLITE_DONE)
		error = explain(db, path, code, why);
	sqlite3_finalize(statement);
	return error;
}

enum sqlauth_error sqlauth_survey_ask(struct sqlauth_survey *survey, enum sqlauth_survey_query query,
	sqlauth_survey_visitor *visit, void *context, struct sqlauth_text *why)
{
	return ask(survey->db, survey->paths.file[SQLAUTH_FILE_DATABASE], queries[query], visit, context, why);
}

/* ---- schema ---- */

enum { TYPE, NAME, SQL, OBJECT_COLUMNS };

/* A walk over the objects of one database, which come in order. */
struct walk {
	sqlite3_stmt *statement;
	int code; /* ROW: columns are those of an object; DONE; or an error */
	const char *columns[OBJECT_COLUMNS];
};

static void advance(struct walk *walk)
{
	walk->code = sqlite3_step(walk->statement);
	for (int i = 0; i < OBJECT_COLUMNS && walk->code == SQLITE_ROW; i++) {
		walk->columns[i] = (const char *)sqlite3_column_text(walk->statement, i);
		if (walk->columns[i] == NULL)
			walk->code = SQLITE_NOMEM;
	}
}

static void start(struct walk *walk, sqlite3 *db)
{
	walk->code = sqlite3_prepare_v2(db, queries[SQLAUTH_SURVEY_OBJECTS], -1, &walk->statement, NULL);
	if (walk->code == SQLITE_OK)
		advance(walk);
}

static bool is_sound(const struct walk *walk)
{
	return walk->code == SQLITE_ROW || walk->code == SQLITE_DONE;
}

/* Less than 0 where the object of `here` comes first, and the standard has none such; 0 where both are at one object.
 */
static int order(const struct walk *here, const struct walk *standard)
{
	int difference;

	if (here->code != SQLITE_ROW || standard->code != SQLITE_ROW)
		return (standard->code == SQLITE_ROW) - (here->code == SQLITE_ROW);
	difference = strcmp(here->columns[TYPE], standard->columns[TYPE]);
	return difference != 0 ? difference : strcmp(here->columns[NAME], standard->columns[NAME]);
}

static enum sqlauth_error compare(
	struct walk *here, struct walk *standard, sqlauth_survey_visitor *visit, void *context)
{
	enum sqlauth_error error = SQLAUTH_OK;

	while (error == SQLAUTH_OK && is_sound(here) && is_sound(standard) &&
		(here->code == SQLITE_ROW || standard->code == SQLITE_ROW)) {
		int first = order(here, standard);
		const char *const *object = first <= 0 ? here->columns : standard->columns;
		const char *const columns[] = {object[TYPE], object[NAME],
			first < 0   ? "extra"
			: first > 0 ? "missing"
				    : "changed"};

		if (first != 0 || strcmp(here->columns[SQL], standard->columns[SQL]) != 0)
			error = visit(context, columns);
		if (first <= 0)
			advance(here);
		if (first >= 0)
			advance(standard);
	}
	return error;
}

/* A new database of this build, in memory. */
static int make_standard(sqlite3 **db_r)
{
	int code = sqlite3_open_v2(
		":memory:", db_r, SQLITE_OPEN_READWRITE | SQLITE_OPEN_MEMORY | SQLITE_OPEN_EXRESCODE, NULL);

	return code == SQLITE_OK ? sqlite3_exec(*db_r, sqlauth_schema_sql, NULL, NULL, NULL) : code;
}

enum sqlauth_error sqlauth_survey_schema(
	struct sqlauth_survey *survey, sqlauth_survey_visitor *visit, void *context, struct sqlauth_text *why)
{
	struct walk here = {0}, standard = {0};
	sqlite3 *db = NULL;
	int code = make_standard(&db);
	enum sqlauth_error error = code == SQLITE_OK ? SQLAUTH_OK : explain(db, "the schema", code, why);

	if (error == SQLAUTH_OK) {
		start(&standard, db);
		start(&here, survey->db);
		error = compare(&here, &standard, visit, context);
	}
	if (error == SQLAUTH_OK && !is_sound(&here))
		error = explain(survey->db, survey->paths.file[SQLAUTH_FILE_DATABASE], here.code, why);
	if (error == SQLAUTH_OK && !is_sound(&standard))
		error = explain(db, "the schema", standard.code, why);
	sqlite3_finalize(here.statement);
	sqlite3_finalize(standard.statement);
	sqlite3_close(db);
	return error;
}

/* ---- files ---- */

static enum sqlauth_error report(sqlauth_survey_visitor *visit, void *context, const char *path,
	const struct sqlauth_text *sentence, const char *severity)
{
	const char *const columns[] = {path, sentence->data, severity};

	return visit(context, columns);
}

/* Hashes can be attacked by whoever reads them, and who writes the file decides who may do what. */
static enum sqlauth_error survey_modes(const struct sqlauth_paths *paths, const struct sqlauth_files *files,
	sqlauth_survey_visitor *visit, void *context)
{
	const struct sqlauth_file *database = &files->file[SQLAUTH_FILE_DATABASE];
	const char *path = paths->file[SQLAUTH_FILE_DATABASE];
	char buffer[SQLAUTH_MESSAGE_SIZE];
	struct sqlauth_text what;
	struct sqlauth_file directory;
	enum sqlauth_error error = SQLAUTH_OK;

	sqlauth_text_init(&what, buffer, sizeof buffer);
	sqlauth_file_look(paths->directory, &directory);
	if (database->mode & S_IWOTH)
		sqlauth_text_set(&what, "every user of this machine may write it; chmod o-rwx %s", path);
	else if (database->mode & S_IROTH)
		sqlauth_text_set(
			&what, "every user of this machine may read its password hashes; chmod o-rwx %s", path);
	if (what.length > 0)
		error = report(visit, context, path, &what, database->mode & S_IWOTH ? "error" : "warning");
	if (error != SQLAUTH_OK || !(directory.mode & S_IWOTH) || (directory.mode & S_ISVTX))
		return error;
	sqlauth_text_set(&what, "every user of this machine may exchange files in it; chmod o-w %s", paths->directory);
	return report(visit, context, paths->directory, &what, "error");
}

static enum sqlauth_error survey_user(const struct sqlauth_paths *paths, const struct sqlauth_files *files, bool is_wal,
	const struct sqlauth_user *user, sqlauth_survey_visitor *visit, void *context)
{
	const char *path = paths->file[SQLAUTH_FILE_DATABASE];
	char buffer[SQLAUTH_MESSAGE_SIZE];
	struct sqlauth_text what;

	sqlauth_text_init(&what, buffer, sizeof buffer);
	if (sqlauth_files_check_readable_by(paths, user, &what) == SQLAUTH_OK &&
		(!is_wal || sqlauth_files_check_wal(paths, files, user, SQLAUTH_STORE_FOR_BROKER, &what) == SQLAUTH_OK))
		return SQLAUTH_OK;
	return report(visit, context, path, &what, "error");
}

enum sqlauth_error sqlauth_survey_files(const char *path, bool is_wal, const char *user, sqlauth_survey_visitor *visit,
	void *context, struct sqlauth_text *why)
{
	struct sqlauth_paths paths = {0};
	struct sqlauth_user found = {0};
	struct sqlauth_files files;
	enum sqlauth_error error = user == NULL ? SQLAUTH_OK : sqlauth_user_find(user, &found);

	if (error != SQLAUTH_OK) {
		sqlauth_text_set(why, "user ");
		sqlauth_text_add_quoted(why, user, strlen(user), 64);
		sqlauth_text_add(why, " is %s", error == SQLAUTH_ERROR_NOT_FOUND ? "unknown" : "not to be looked up");
		return error;
	}
	error = sqlauth_paths_init(&paths, path);
	if (error == SQLAUTH_OK) {
		sqlauth_files_look(&paths, &files);
		if (files.file[SQLAUTH_FILE_DATABASE].exists)
			error = survey_user(&paths, &files, is_wal, user == NULL ? NULL : &found, visit, context);
		if (error == SQLAUTH_OK && files.file[SQLAUTH_FILE_DATABASE].exists)
			error = survey_modes(&paths, &files, visit, context);
	}
	sqlauth_user_clear(&found);
	sqlauth_paths_clear(&paths);
	return error;
}
