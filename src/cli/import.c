/* From a policy in memory to rows in the database, or to lines that say which rows. Knows no foreign format. */
#include "import.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "filter.h"
#include "sqlauth/admin.h"
#include "sqlauth/password.h"
#include "sqlauth/topic.h"
#include "sqlauth/utf8.h"

#define EVERYBODY           "(everybody)"
#define NAME_CHARACTERS_MAX 255 /* clients.name */

static enum cli_status complain_file(const char *path, const char *what)
{
	struct cli_quoted quoted;

	cli_complain("%s cannot be read: %s", cli_quote(&quoted, path), what);
	return CLI_USAGE;
}

static enum cli_status complain_memory(void)
{
	cli_complain("%s", sqlauth_strerror(SQLAUTH_ERROR_MEMORY));
	return CLI_FAILED;
}

static enum cli_status read_descriptor(int descriptor, const char *path, char **text_r, size_t *length_r)
{
	size_t length = 0, room = 65536;
	char *text = malloc(room + 1);
	ssize_t got = 1;

	while (text && got > 0) {
		got = read(descriptor, text + length, room - length);
		if (got < 0 && errno == EINTR)
			got = 1;
		else if (got > 0)
			length += (size_t)got;
		if (length == room && length <= IMPORT_FILE_BYTES_MAX) {
			char *grown = realloc(text, 2 * room + 1);

			if (!grown)
				free(text);
			text = grown;
			room *= 2;
		}
		if (length > IMPORT_FILE_BYTES_MAX)
			break;
	}
	if (!text)
		return complain_memory();
	text[length] = '\0';
	if (got == 0 && strlen(text) == length) {
		*text_r = text;
		*length_r = length;
		return CLI_DONE;
	}
	free(text);
	return complain_file(path, got < 0 ? strerror(errno) : got > 0 ? "it is too long" : "it holds a NUL byte");
}

enum cli_status import_read_file(const char *path, char **text_r, size_t *length_r)
{
	int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	enum cli_status status;

	if (descriptor < 0)
		return complain_file(path, strerror(errno));
	status = read_descriptor(descriptor, path, text_r, length_r);
	close(descriptor);
	return status;
}

/* What the database's trigger would say of a name; NULL: nothing. */
static const char *find_name_fault(const char *name)
{
	size_t characters = 0;

	if (!*name)
		return "its name is empty";
	for (size_t left = strlen(name), length; left > 0; left -= length, name += length) {
		uint32_t code = 0;

		length = sqlauth_utf8_decode(name, left, &code);
		if (length == 0)
			return "its name is no UTF-8";
		if (code < 0x20 || (code >= 0x7f && code <= 0x9f))
			return "its name holds control characters";
		characters++;
	}
	return characters > NAME_CHARACTERS_MAX ? "its name is longer than 255 characters" : NULL;
}

static const char *find_hash_fault(const char *hash)
{
	const struct sqlauth_password_limits limits = {.memory_bytes = SQLAUTH_HASH_MEMORY_DEFAULT};
	enum sqlauth_error error = sqlauth_password_inspect(hash, &limits, NULL);

	if (error == SQLAUTH_OK)
		return NULL;
	return error == SQLAUTH_ERROR_LIMIT ? "its password hash asks for more work than a hash may"
					    : "its password is no hash that can be verified";
}

bool import_add_client(struct policy *policy, const struct policy_client *client)
{
	const char *fault = find_name_fault(client->name);
	struct cli_quoted quoted;

	if (!fault)
		fault = find_hash_fault(client->password);
	if (fault)
		policy_remark(policy, POLICY_LEFT_OUT, "client %s: %s", cli_quote(&quoted, client->name), fault);
	else
		policy_add_client(policy, client);
	return !fault;
}

void import_add_permission(struct policy *policy, const char *group, enum sqlauth_effect effect,
	enum sqlauth_action action, const char *filter, bool has_placeholders)
{
	enum sqlauth_topic_fault fault;
	struct cli_quoted quoted_group, quoted_filter;
	char *topic = filter_to_topic(filter, has_placeholders);

	if (!topic) {
		policy->error = SQLAUTH_ERROR_MEMORY;
		return;
	}
	fault = sqlauth_topic_permission_fault(topic, strlen(topic));
	if (fault != SQLAUTH_TOPIC_FINE || strncmp(topic, "$share/", 7) == 0)
		policy_remark(policy, POLICY_LEFT_OUT, "a topic of group %s, %s: %s", cli_quote(&quoted_group, group),
			cli_quote(&quoted_filter, filter),
			fault != SQLAUTH_TOPIC_FINE ? sqlauth_topic_fault_text(fault) : "no topic begins with $share/");
	else
		policy_add_permission(policy, group, effect, action, topic);
	free(topic);
}

void import_allow_everything(struct policy *policy, bool is_wanted, const char *what)
{
	static const struct {
		enum sqlauth_action action;
		const char *topic;
	} rows[] = {
		{SQLAUTH_PUBLISH, "#"},
		{SQLAUTH_SUBSCRIBE, "#"},
		{SQLAUTH_SUBSCRIBE, "$SYS/#"},
	};

	if (!is_wanted) {
		policy_remark(policy, POLICY_NARROWER,
			"%s, so everybody might do everything; nothing of that is granted here, unless --allow-all is "
			"given",
			what);
		return;
	}
	policy_add_group(policy, EVERYBODY, "may do everything, as before the import");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		policy_add_permission(policy, EVERYBODY, SQLAUTH_ALLOW, rows[i].action, rows[i].topic);
	policy_add_rule(policy, "any", "*", EVERYBODY);
	policy_remark(policy, POLICY_NARROWER,
		"topics that begin with $, but for what $SYS/# lets everybody read: wildcards do not reach them here");
}

/* ---- showing ---- */

static void print_client(const struct policy_client *client)
{
	enum sqlauth_password_scheme scheme;
	const struct sqlauth_password_limits limits = {.memory_bytes = SQLAUTH_HASH_MEMORY_DEFAULT};
	struct cli_quoted quoted;

	printf("client %s", cli_quote(&quoted, client->name));
	if (sqlauth_password_inspect(client->password, &limits, &scheme) == SQLAUTH_OK)
		printf(", password %s", sqlauth_password_scheme_name(scheme));
	if (client->mqtt_id)
		printf(", mqtt_id %s", cli_quote(&quoted, client->mqtt_id));
	puts(client->disabled ? ", disabled" : "");
}

static void print_rows(const struct policy *policy)
{
	struct cli_quoted quoted;

	for (size_t i = 0; i < policy->client_count; i++)
		print_client(&policy->clients[i]);
	for (size_t i = 0; i < policy->group_count; i++)
		printf("group %s\n", cli_quote(&quoted, policy->groups[i].name));
	for (size_t i = 0; i < policy->permission_count; i++) {
		const struct sqlauth_permission *permission = &policy->permissions[i];

		printf("permission of %s: ", cli_quote(&quoted, permission->group));
		printf("%s %s %s\n", sqlauth_effect_word(permission->effect), sqlauth_action_word(permission->action),
			cli_quote(&quoted, permission->topic));
	}
	for (size_t i = 0; i < policy->rule_count; i++) {
		printf("rule %s %s", policy->rules[i].match_by, cli_quote(&quoted, policy->rules[i].value));
		printf(": group %s\n", cli_quote(&quoted, policy->rules[i].group));
	}
}

static void print_remarks(const struct policy *policy)
{
	static const char *const words[POLICY_DIFFERENCES] = {
		[POLICY_NOTE] = "note",
		[POLICY_LEFT_OUT] = "left out",
		[POLICY_NARROWER] = "less is allowed",
		[POLICY_WIDER] = "more is allowed",
	};

	for (size_t i = 0; i < policy->remark_count; i++)
		printf("%s: %s\n", words[policy->remarks[i].difference], policy->remarks[i].text);
}

static void print_count(size_t count, const char *noun, const char *end)
{
	printf(" %zu %s%s%s", count, noun, count == 1 ? "" : "s", end);
}

/* ---- writing ---- */

static enum sqlauth_error write_clients(
	const struct policy *policy, struct sqlauth_admin *admin, struct sqlauth_text *why)
{
	enum sqlauth_error error = SQLAUTH_OK;

	for (size_t i = 0; i < policy->client_count && error == SQLAUTH_OK; i++) {
		const struct policy_client *client = &policy->clients[i];
		const char *const values[] = {client->name, "credentials", client->name, client->password,
			client->mqtt_id, client->disabled ? "0" : "1", client->description};

		error = sqlauth_admin_change(
			admin, SQLAUTH_ADMIN_CLIENT_ADD, values, sizeof(values) / sizeof(values[0]), NULL, why);
		if (error != SQLAUTH_OK) {
			sqlauth_text_add(why, "; client ");
			sqlauth_text_add_quoted(why, client->name, strlen(client->name), 80);
		}
	}
	return error;
}

static enum sqlauth_error write_groups(
	const struct policy *policy, struct sqlauth_admin *admin, struct sqlauth_text *why)
{
	enum sqlauth_error error = SQLAUTH_OK;

	for (size_t i = 0; i < policy->group_count && error == SQLAUTH_OK; i++) {
		const char *const values[] = {policy->groups[i].name, policy->groups[i].description};

		error = sqlauth_admin_change(admin, SQLAUTH_ADMIN_GROUP_ADD, values, 2, NULL, why);
		if (error != SQLAUTH_OK) {
			sqlauth_text_add(why, "; group ");
			sqlauth_text_add_quoted(why, values[0], strlen(values[0]), 80);
		}
	}
	for (size_t i = 0; i < policy->permission_count && error == SQLAUTH_OK; i++) {
		const struct sqlauth_permission *permission = &policy->permissions[i];
		const char *const values[] = {permission->group, sqlauth_effect_word(permission->effect),
			sqlauth_action_word(permission->action), permission->topic};

		error = sqlauth_admin_change(admin, SQLAUTH_ADMIN_PERMISSION_ADD, values, 4, NULL, why);
		if (error == SQLAUTH_ERROR_EXISTS) /* said twice */
			error = SQLAUTH_OK;
	}
	return error;
}

static enum sqlauth_error write_rules(
	const struct policy *policy, struct sqlauth_admin *admin, struct sqlauth_text *why)
{
	enum sqlauth_error error = SQLAUTH_OK;

	for (size_t i = 0; i < policy->rule_count && error == SQLAUTH_OK; i++) {
		const struct policy_rule *rule = &policy->rules[i];
		const char *const values[] = {rule->match_by, rule->value, rule->group};

		error = sqlauth_admin_change(admin, SQLAUTH_ADMIN_RULE_ADD, values, 3, NULL, why);
		if (error == SQLAUTH_ERROR_EXISTS)
			error = SQLAUTH_OK;
	}
	return error;
}

/* A dry run writes as well, so that the database judges every row, and does not commit. */
static enum sqlauth_error write_policy(
	const struct policy *policy, const char *path, bool dry_run, struct sqlauth_text *why)
{
	struct sqlauth_admin *admin = NULL;
	enum sqlauth_error error = sqlauth_admin_open(path, &admin, why);

	if (error == SQLAUTH_OK)
		error = sqlauth_admin_begin(admin, why);
	if (error == SQLAUTH_OK)
		error = write_clients(policy, admin, why);
	if (error == SQLAUTH_OK)
		error = write_groups(policy, admin, why);
	if (error == SQLAUTH_OK)
		error = write_rules(policy, admin, why);
	if (error == SQLAUTH_OK && !dry_run)
		error = sqlauth_admin_commit(admin, why);
	sqlauth_admin_close(admin); /* rolls back what was not committed */
	return error;
}

enum cli_status import_finish(const struct cli_arguments *arguments, const struct policy *policy, bool dry_run)
{
	char buffer[SQLAUTH_MESSAGE_SIZE];
	struct sqlauth_text why;
	enum sqlauth_error error = policy->error;

	sqlauth_text_init(&why, buffer, sizeof(buffer));
	if (error == SQLAUTH_OK)
		error = write_policy(policy, cli_arguments_database(arguments), dry_run, &why);
	if (error == SQLAUTH_ERROR_EXISTS || error == SQLAUTH_ERROR_INVALID) {
		cli_complain("%s; nothing was imported", why.data);
		return CLI_USAGE;
	}
	if (error != SQLAUTH_OK)
		return cli_complain_error(error, &why, CLI_FAILED);
	if (dry_run)
		print_rows(policy);
	print_remarks(policy);
	fputs(dry_run ? "would add" : "added", stdout);
	print_count(policy->client_count, "client", ",");
	print_count(policy->group_count, "group", ",");
	print_count(policy->permission_count, "permission", ",");
	print_count(policy->rule_count, "rule", "\n");
	return CLI_DONE;
}
