/* `sqlauth doctor`: looks a database over and says what is wrong, where, and what to do. Changes nothing. */
#include "doctor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "json.h"
#include "owner.h"
#include "sqlauth/password.h"

enum option { USER, JSON, ALL };

static const struct cli_option options[] = {
	[USER] = {"user", 0, "USER", "whom the broker runs as; default for root: " CLI_BROKER_USER ", if there is one"},
	[JSON] = {"json", 0, NULL, "print JSON"},
	[ALL] = {"all", 0, NULL, "print every finding, however many there are of a kind"},
	{NULL, 0, NULL, NULL},
};

static const char *const severities[DOCTOR_SEVERITIES] = {
	[DOCTOR_NOTE] = "note",
	[DOCTOR_WARNING] = "warning",
	[DOCTOR_ERROR] = "error",
};

/* ---- findings ---- */

static void print_member(const char *name, const char *value)
{
	printf("\"%s\": ", name);
	cli_json_print_string(value);
}

static void print_json(
	struct doctor *doctor, enum doctor_severity severity, const char *where, const char *what, const char *mend)
{
	fputs(doctor->printed++ > 0 ? ",\n  {" : "\n  {", stdout);
	print_member("severity", severities[severity]);
	fputs(", ", stdout);
	print_member("check", doctor->kind);
	fputs(", ", stdout);
	print_member("where", where);
	fputs(", ", stdout);
	print_member("what", what);
	fputs(", ", stdout);
	print_member("mend", mend);
	putchar('}');
}

void doctor_end_kind(struct doctor *doctor)
{
	if (doctor->of_kind > DOCTOR_SHOWN_MAX && !doctor->shows_all && !doctor->is_json)
		printf("and %zu more like this (%s); --all shows them\n", doctor->of_kind - DOCTOR_SHOWN_MAX,
			doctor->kind);
	doctor->of_kind = 0;
	doctor->kind = NULL;
}

void doctor_report(struct doctor *doctor, enum doctor_severity severity, const char *kind, const char *where,
	const char *what, const char *mend)
{
	if (doctor->kind && strcmp(doctor->kind, kind) != 0)
		doctor_end_kind(doctor);
	doctor->kind = kind;
	doctor->counts[severity]++;
	if (doctor->is_json)
		print_json(doctor, severity, where, what, mend);
	else if (doctor->of_kind++ < DOCTOR_SHOWN_MAX || doctor->shows_all)
		printf("%s: %s: %s%s%s\n", severities[severity], where, what, *mend ? "; " : "", mend);
}

/* The same about one named thing. */
static void report_named(struct doctor *doctor, enum doctor_severity severity, const char *kind, const char *noun,
	const char *name, const char *what, const char *mend)
{
	struct cli_quoted quoted;
	char where[sizeof(quoted) + 64];

	snprintf(where, sizeof(where), "%s %s", noun, cli_quote(&quoted, name));
	doctor_report(doctor, severity, kind, where, what, mend);
}

/* ---- visitors ---- */

/* What SQLite says of a row that got past the schema, as by a trigger that was dropped: the file itself is sound. */
static bool is_about_row(const char *fault)
{
	return strncmp(fault, "CHECK constraint failed", strlen("CHECK constraint failed")) == 0 ||
	       strncmp(fault, "NULL value in ", strlen("NULL value in ")) == 0;
}

static enum sqlauth_error check_integrity(void *context, const char *const *columns)
{
	if (!columns[0] || strcmp(columns[0], "ok") == 0)
		return SQLAUTH_OK;
	if (is_about_row(columns[0]))
		report_named(context, DOCTOR_ERROR, "integrity", "database,", columns[0],
			"a row holds what the schema refuses, and whoever it is about is not served",
			"correct it with sqlite3, or restore a snapshot: sqlauth restore FILE");
	else
		report_named(context, DOCTOR_ERROR, "integrity", "database,", columns[0], "the file is damaged",
			"restore a snapshot: sqlauth restore FILE");
	return SQLAUTH_OK;
}

/* The cost that an encoded hash names: the number behind its n-th dollar sign; 0 for none. */
static long read_cost(const char *hash, int dollars)
{
	while (dollars-- > 0 && hash) {
		hash = strchr(hash, '$');
		hash = hash ? hash + 1 : NULL;
	}
	return hash ? strtol(hash, NULL, 10) : 0;
}

#define PBKDF2_ROUNDS_MIN 100000 /* half of what OWASP asked for in 2023 */
#define BCRYPT_COST_MIN   10
#define ARGON2_KIB_MIN    7168 /* OWASP's last choice */

/* Why whoever reads the hash finds the password soon; NULL: no reason known. */
static const char *find_weakness(const char *hash, enum sqlauth_password_scheme scheme)
{
	const char *memory = strstr(hash, "$m=");

	switch (scheme) {
	case SQLAUTH_SCHEME_MOSQUITTO_SHA512:
		return "its password hash is a single round of SHA-512";
	case SQLAUTH_SCHEME_MOSQUITTO_PBKDF2:
	case SQLAUTH_SCHEME_PBKDF2:
		return read_cost(hash, 2) < PBKDF2_ROUNDS_MIN ? "its password hash is PBKDF2 with few rounds" : NULL;
	case SQLAUTH_SCHEME_BCRYPT:
		return read_cost(hash, 2) < BCRYPT_COST_MIN ? "its password hash is bcrypt at a low cost" : NULL;
	case SQLAUTH_SCHEME_ARGON2ID:
	case SQLAUTH_SCHEME_ARGON2I:
		return memory && strtol(memory + 3, NULL, 10) < ARGON2_KIB_MIN
			       ? "its password hash is Argon2 with little memory"
			       : NULL;
	default:
		return NULL;
	}
}

static enum sqlauth_error check_hash(void *context, const char *const *columns)
{
	const struct sqlauth_password_limits limits = {.memory_bytes = SQLAUTH_HASH_MEMORY_DEFAULT};
	enum sqlauth_password_scheme scheme;
	const char *weakness;
	enum sqlauth_error error;

	if (!columns[0] || !columns[2])
		return SQLAUTH_OK;
	error = sqlauth_password_inspect(columns[2], &limits, &scheme);
	if (error != SQLAUTH_OK) {
		report_named(context, DOCTOR_ERROR, "unusable_hash", "client", columns[0],
			error == SQLAUTH_ERROR_LIMIT ? "its password hash asks for more work than the broker does"
						     : "its password is no hash that can be verified",
			"give it a new password: sqlauth client passwd NAME");
		return SQLAUTH_OK;
	}
	weakness = find_weakness(columns[2], scheme);
	if (weakness)
		report_named(context, DOCTOR_WARNING, "weak_hash", "client", columns[0], weakness,
			"give it a new password: sqlauth client passwd NAME");
	return SQLAUTH_OK;
}

static enum sqlauth_error check_client(void *context, const char *const *columns)
{
	struct doctor *doctor = context;

	doctor->open_clients += !columns[3] || strspn(columns[3], "*") == strlen(columns[3]);
	if (columns[0] && columns[1] && strcmp(columns[1], "certificate") == 0 && columns[4] && *columns[4] == '0')
		report_named(doctor, DOCTOR_ERROR, "no_certificate", "client", columns[0],
			"authenticates by certificate and has none, so that it can never connect",
			"sqlauth client certificate add NAME FILE");
	return SQLAUTH_OK;
}

static enum sqlauth_error check_groupless(void *context, const char *const *columns)
{
	report_named(context, DOCTOR_WARNING, "client_in_no_group", "client", columns[0],
		"no rule by its name or for everybody gives it a group",
		"sqlauth rule add client NAME GROUP, unless a rule by mqtt_id or certificate does");
	return SQLAUTH_OK;
}

static enum sqlauth_error check_group(void *context, const char *const *columns)
{
	if (columns[2] && strcmp(columns[2], "0") == 0)
		report_named(context, DOCTOR_WARNING, "group_without_rules", "group", columns[0],
			"no rule puts anybody into it", "add a rule, or delete the group");
	return SQLAUTH_OK;
}

static enum sqlauth_error check_group_content(void *context, const char *const *columns)
{
	if (columns[1] && strcmp(columns[1], "0") == 0)
		report_named(context, DOCTOR_NOTE, "group_without_permissions", "group", columns[0],
			"it has no permissions", "sqlauth group allow GROUP publish TOPIC");
	return SQLAUTH_OK;
}

static enum sqlauth_error check_mqtt_id_rule(void *context, const char *const *columns)
{
	struct doctor *doctor = context;
	struct cli_quoted value, group;
	char where[2 * sizeof(value) + 64], what[128];

	if (doctor->open_clients == 0)
		return SQLAUTH_OK;
	snprintf(where, sizeof(where), "rule mqtt_id %s, group %s", cli_quote(&value, columns[0]),
		cli_quote(&group, columns[1]));
	snprintf(what, sizeof(what), "any of %zu clients without a clients.mqtt_id can choose such an id",
		doctor->open_clients);
	doctor_report(doctor, DOCTOR_WARNING, "open_mqtt_id_rule", where, what,
		"set clients.mqtt_id, or put clients into the group by name");
	return SQLAUTH_OK;
}

static enum sqlauth_error check_anonymous_rule(void *context, const char *const *columns)
{
	report_named(context, DOCTOR_NOTE, "anonymous_rule", "rule anonymous, group", columns[0],
		"whoever reaches the broker may connect", "");
	return SQLAUTH_OK;
}

static enum sqlauth_error check_shared_certificate(void *context, const char *const *columns)
{
	struct cli_quoted value, one, other;
	char where[sizeof(value) + 64], what[2 * sizeof(value) + 128];

	snprintf(where, sizeof(where), "certificate name %s", cli_quote(&value, columns[0]));
	snprintf(what, sizeof(what), "belongs to client %s as %s and to client %s as %s", cli_quote(&one, columns[1]),
		columns[2], cli_quote(&other, columns[3]), columns[4]);
	doctor_report(context, DOCTOR_WARNING, "duplicate_certificate", where, what, "remove one of the two rows");
	return SQLAUTH_OK;
}

static enum sqlauth_error check_strange_certificate(void *context, const char *const *columns)
{
	struct cli_quoted owner, value;
	char where[2 * sizeof(value) + 64];

	snprintf(where, sizeof(where), "%s, %s %s", cli_quote(&owner, columns[0]), columns[1],
		cli_quote(&value, columns[2]));
	doctor_report(context, DOCTOR_ERROR, "certificate_form", where,
		"never matches: it is not in the form that the plugin compares", "update the row to itself");
	return SQLAUTH_OK;
}

static enum sqlauth_error check_lost_row(void *context, const char *const *columns)
{
	report_named(context, DOCTOR_ERROR, "lost_row", columns[0], columns[1],
		"refers to a client or group that does not exist", "delete the row");
	return SQLAUTH_OK;
}

/* ---- schema: above all the triggers, which are the rules of the database, and which somebody may have dropped ---- */

#define NEW_DATABASE "move the rows to a new database, as docs/operations.md says"

static enum sqlauth_error check_object(void *context, const char *const *columns)
{
	static const struct {
		const char *difference, *type; /* type NULL: any */
		enum doctor_severity severity;
		const char *what, *mend;
	} rows[] = {
		{"missing", "trigger", DOCTOR_ERROR, "is missing, and what it checks unchecked", NEW_DATABASE},
		{"missing", NULL, DOCTOR_ERROR, "is missing", NEW_DATABASE},
		{"changed", NULL, DOCTOR_ERROR, "is not the one of this version", NEW_DATABASE},
		{"extra", "trigger", DOCTOR_WARNING, "is none of this version's, and acts on what anybody changes",
			"drop it, unless you want it"},
		{"extra", NULL, DOCTOR_NOTE, "is none of this version's", ""},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strcmp(columns[2], rows[i].difference) != 0 ||
			(rows[i].type && strcmp(columns[0], rows[i].type) != 0))
			continue;
		report_named(context, rows[i].severity, "schema", columns[0], columns[1], rows[i].what, rows[i].mend);
		break;
	}
	return SQLAUTH_OK;
}

/* ---- the whole ---- */

static enum sqlauth_error note_wal(void *context, const char *const *columns)
{
	*(bool *)context = columns[0] && strcmp(columns[0], "wal") == 0;
	return SQLAUTH_OK;
}

/* A sentence of the store's, whose mend stands behind "; ". */
static void report_sentence(
	struct doctor *doctor, enum doctor_severity severity, const char *kind, const char *path, const char *sentence)
{
	const char *end = strstr(sentence, "; ");
	char what[SQLAUTH_MESSAGE_SIZE];
	struct cli_quoted quoted;

	snprintf(what, sizeof(what), "%.*s", end ? (int)(end - sentence) : (int)strlen(sentence), sentence);
	if (strcmp(what, doctor->refusal) == 0) /* said already */
		return;
	doctor_report(doctor, severity, kind, cli_quote(&quoted, path), what, end ? end + 2 : "");
	if (strcmp(kind, "database") == 0)
		memcpy(doctor->refusal, what, sizeof(what));
}

static enum sqlauth_error check_file(void *context, const char *const *columns)
{
	report_sentence(context, strcmp(columns[2], severities[DOCTOR_ERROR]) == 0 ? DOCTOR_ERROR : DOCTOR_WARNING,
		"files", columns[0], columns[1]);
	return SQLAUTH_OK;
}

static enum sqlauth_error check_content(struct doctor *doctor)
{
	static const struct {
		enum sqlauth_survey_query query;
		sqlauth_survey_visitor *visit;
	} checks[] = {
		{SQLAUTH_SURVEY_INTEGRITY, check_integrity},
		{SQLAUTH_SURVEY_LOST_ROWS, check_lost_row},
		{SQLAUTH_SURVEY_CLIENTS, check_hash},
		{SQLAUTH_SURVEY_CLIENTS, check_client},
		{SQLAUTH_SURVEY_STRANGE_CERTIFICATES, check_strange_certificate},
		{SQLAUTH_SURVEY_SHARED_CERTIFICATES, check_shared_certificate},
		{SQLAUTH_SURVEY_CLIENTS_IN_NO_GROUP, check_groupless},
		{SQLAUTH_SURVEY_GROUPS, check_group},
		{SQLAUTH_SURVEY_GROUPS, check_group_content},
		{SQLAUTH_SURVEY_MQTT_ID_RULES, check_mqtt_id_rule},
		{SQLAUTH_SURVEY_ANONYMOUS_RULES, check_anonymous_rule},
	};
	enum sqlauth_error error = sqlauth_survey_schema(doctor->survey, check_object, doctor, &doctor->why);

	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]) && error == SQLAUTH_OK; i++)
		error = sqlauth_survey_ask(doctor->survey, checks[i].query, checks[i].visit, doctor, &doctor->why);
	return error == SQLAUTH_OK ? doctor_check_permissions(doctor) : error;
}

/* A database that cannot be opened because this user has no right to it may still be looked at from outside. */
static bool is_denied(const char *path)
{
	return faccessat(AT_FDCWD, path, R_OK, AT_EACCESS) != 0 && errno == EACCES;
}

/* Closed again: SQLite puts a -wal and a -shm beside an open database, which no broker would find there. */
static enum sqlauth_error check_files(
	struct doctor *doctor, const char *path, const char *user, bool *is_sound_r, bool *is_wal_r)
{
	struct sqlauth_survey *survey = NULL;
	enum sqlauth_error error = sqlauth_survey_open(path, &survey, &doctor->why);

	*is_sound_r = error == SQLAUTH_OK;
	if (error == SQLAUTH_OK) {
		error = sqlauth_survey_ask(survey, SQLAUTH_SURVEY_JOURNAL_MODE, note_wal, is_wal_r, &doctor->why);
	} else if (error == SQLAUTH_ERROR_DATABASE) {
		report_sentence(doctor, DOCTOR_ERROR, "database", path, doctor->why.data);
		error = SQLAUTH_OK;
	}
	sqlauth_survey_close(survey);
	if (error == SQLAUTH_OK && (*is_sound_r || is_denied(path)))
		error = sqlauth_survey_files(path, *is_wal_r, user, check_file, doctor, &doctor->why);
	return error;
}

static enum sqlauth_error examine(struct doctor *doctor, const char *path, const char *user)
{
	struct cli_quoted quoted;
	bool is_sound = false, is_wal = false;
	enum sqlauth_error error = check_files(doctor, path, user, &is_sound, &is_wal);

	if (error == SQLAUTH_OK && is_sound)
		error = sqlauth_survey_open(path, &doctor->survey, &doctor->why);
	if (error == SQLAUTH_OK && doctor->survey && !is_wal)
		doctor_report(doctor, DOCTOR_NOTE, "journal_mode", cli_quote(&quoted, path),
			"is not in WAL mode: a writer keeps clients from connecting while it commits",
			"right for a copy that is exchanged by rename, else: PRAGMA journal_mode = WAL");
	if (error == SQLAUTH_OK && doctor->survey)
		error = check_content(doctor);
	doctor_end_kind(doctor);
	return error;
}

static enum cli_status run(const struct cli_arguments *arguments)
{
	struct doctor doctor = {.is_json = arguments->own[JSON] != NULL,
		.shows_all = arguments->own[ALL] != NULL || arguments->own[JSON]};
	struct cli_quoted quoted;
	enum sqlauth_error error;
	enum cli_status status;

	if (arguments->operand_count > 0)
		return cli_complain_usage(arguments->command, "unexpected %s; the path is given with --database",
			cli_quote(&quoted, arguments->operands[0]));
	sqlauth_text_init(&doctor.why, doctor.buffer, sizeof(doctor.buffer));
	if (doctor.is_json)
		fputs("{\"findings\": [", stdout);
	error = examine(&doctor, cli_arguments_database(arguments), cli_owner_choose(arguments->own[USER]));
	if (doctor.is_json)
		printf("%s], \"errors\": %zu, \"warnings\": %zu, \"notes\": %zu}\n", doctor.printed > 0 ? "\n" : "",
			doctor.counts[DOCTOR_ERROR], doctor.counts[DOCTOR_WARNING], doctor.counts[DOCTOR_NOTE]);
	else if (error == SQLAUTH_OK)
		printf("%zu error%s, %zu warning%s, %zu note%s\n", doctor.counts[DOCTOR_ERROR],
			doctor.counts[DOCTOR_ERROR] == 1 ? "" : "s", doctor.counts[DOCTOR_WARNING],
			doctor.counts[DOCTOR_WARNING] == 1 ? "" : "s", doctor.counts[DOCTOR_NOTE],
			doctor.counts[DOCTOR_NOTE] == 1 ? "" : "s");
	status = doctor.counts[DOCTOR_ERROR] + doctor.counts[DOCTOR_WARNING] > 0 ? CLI_DENIED : CLI_DONE;
	if (error != SQLAUTH_OK)
		status = cli_complain_error(
			error, &doctor.why, error == SQLAUTH_ERROR_NOT_FOUND ? CLI_USAGE : CLI_FAILED);
	sqlauth_survey_close(doctor.survey);
	return status;
}

const struct cli_command cli_command_doctor = {
	.name = "doctor",
	.run = run,
	.operands = "",
	.summary = "look a database over",
	.help = "Checks the files' permissions for the broker's user, the database's soundness and schema, and its "
		"rows:\n"
		"hashes, clients without groups, groups without rules, certificate names, rules that anybody can\n"
		"meet, permissions that never count. One line each: how bad, where, what, and the mend. Exit status "
		"0:\n"
		"nothing but notes, 1: errors or warnings.\n"
		"\n"
		"  sudo sqlauth doctor\n"
		"  sqlauth doctor -d test.db --json\n",
	.options = options,
};
