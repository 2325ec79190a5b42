/* `sqlauth import mosquitto`: password_file and acl_file, read as the broker reads them (src/security_default.c of
 * Mosquitto 2.0), oddities included.
 *
 * How the broker judges by an acl_file: the topics of the client's user first, its denies before all others; the first
 * one that matches and grants or denies decides; then the patterns, likewise. So everything is "deny beats allow", as
 * here, but for one thing: what a user's topic allows, no pattern denies. SUBSCRIBE it accepts always. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "filter.h"
#include "import.h"
#include "sqlauth/password.h"
#include "sqlauth/topic.h"

#define PATTERNS  "(patterns)"
#define ANONYMOUS "(anonymous)"

enum option { PASSWORD_FILE, ACL_FILE, WITH_ANONYMOUS, ALLOW_ALL, DRY_RUN };

static const struct cli_option options[] = {
	[PASSWORD_FILE] = {"password-file", 0, "FILE", "password_file of mosquitto.conf"},
	[ACL_FILE] = {"acl-file", 0, "FILE", "acl_file of mosquitto.conf; default: there was none"},
	[WITH_ANONYMOUS] = {"anonymous", 0, NULL, "mosquitto.conf has allow_anonymous true, and so it is to stay"},
	[ALLOW_ALL] = {"allow-all", 0, NULL, "without an acl_file: everybody may go on doing everything"},
	[DRY_RUN] = {"dry-run", 'n', NULL, "only show what would be done"},
	{NULL, 0, NULL, NULL},
};

/* The words of the file, as sets of actions. */
enum { READ = 1, WRITE = 2 };
static const struct access_word {
	const char *word;
	int access; /* 0: deny */
} access_words[] = {
	{"read", READ},
	{"write", WRITE},
	{"readwrite", READ | WRITE},
	{"deny", 0},
};

struct entry {
	const char *user; /* NULL: anonymous, or a pattern */
	const char *filter;
	size_t line; /* keeps the order, and names it in messages */
	int access;
	bool is_pattern;
};

struct acl_file {
	const char *path;
	struct policy *policy;
	struct entry *entries;
	size_t count, room;
};

static char *trim(char *text)
{
	size_t length;

	while (isspace((unsigned char)*text))
		text++;
	length = strlen(text);
	while (length > 0 && isspace((unsigned char)text[length - 1]))
		text[--length] = '\0';
	return text;
}

/* The next line of the text, its end cut off; NULL at the end. */
static char *take_line(char **rest)
{
	char *line = *rest;
	size_t length = strcspn(line, "\n");

	if (!*line)
		return NULL;
	*rest = line + length + (line[length] == '\n');
	line[length] = '\0';
	return line;
}

/* The next run of characters that are not `separator`; NULL where there is none. */
static char *take_token(char **rest, char separator)
{
	char *token = *rest;
	size_t length = 0;

	while (*token == separator)
		token++;
	if (!*token)
		return NULL;
	while (token[length] && token[length] != separator)
		length++;
	*rest = token + length + (token[length] == separator);
	token[length] = '\0';
	return token;
}

/* ---- password_file ---- */

/* The broker takes only what mosquitto_passwd writes; crypt(5) has a $6$, too. */
static bool is_mosquittos(const char *hash)
{
	enum sqlauth_password_scheme scheme;
	const struct sqlauth_password_limits limits = {.memory_bytes = SQLAUTH_HASH_MEMORY_DEFAULT};

	if (sqlauth_password_inspect(hash, &limits, &scheme) != SQLAUTH_OK)
		return true; /* said elsewhere */
	return scheme == SQLAUTH_SCHEME_MOSQUITTO_PBKDF2 || scheme == SQLAUTH_SCHEME_MOSQUITTO_SHA512 ||
	       scheme == SQLAUTH_SCHEME_ARGON2ID;
}

static void read_user(struct policy *policy, char *line)
{
	struct cli_quoted quoted;
	char *username, *hash;

	if (line[0] == '#' || !strchr(line, ':'))
		return;
	username = take_token(&line, ':');
	hash = username ? take_token(&line, ':') : NULL;
	if (!hash) {
		policy_remark(policy, POLICY_LEFT_OUT, "a line of the password file without a hash");
		return;
	}
	username = trim(username);
	hash = trim(hash);
	if (is_mosquittos(hash))
		import_add_client(policy, &(struct policy_client){.name = username, .password = hash});
	else
		policy_remark(policy, POLICY_LEFT_OUT, "client %s: its hash is none that Mosquitto took",
			cli_quote(&quoted, username));
}

static enum cli_status read_password_file(struct policy *policy, const char *path)
{
	char *text, *rest, *line;
	size_t length;
	enum cli_status status = import_read_file(path, &text, &length);

	if (status != CLI_DONE)
		return status;
	rest = text;
	while ((line = take_line(&rest)))
		read_user(policy, line);
	policy_settle_clients(policy, false);
	free(text);
	return CLI_DONE;
}

/* ---- acl_file ---- */

static enum cli_status complain_line(const struct acl_file *file, size_t line, const char *what)
{
	struct cli_quoted quoted;

	cli_complain("%s, line %zu: %s; Mosquitto does not take it either", cli_quote(&quoted, file->path), line, what);
	return CLI_USAGE;
}

static void add_entry(struct acl_file *file, const struct entry *entry)
{
	if (file->count == file->room) {
		size_t room = file->room == 0 ? 64 : 2 * file->room;
		struct entry *grown = reallocarray(file->entries, room, sizeof(*grown));

		if (!grown) {
			file->policy->error = SQLAUTH_ERROR_MEMORY;
			return;
		}
		file->entries = grown;
		file->room = room;
	}
	file->entries[file->count++] = *entry;
}

static bool parse_access(const char *word, int *access_r)
{
	for (size_t i = 0; i < sizeof(access_words) / sizeof(access_words[0]); i++) {
		if (strcmp(word, access_words[i].word) == 0) {
			*access_r = access_words[i].access;
			return true;
		}
	}
	return false;
}

/* `topic [read|write|readwrite|deny] TOPIC`, and the same with `pattern`; the first word is read. */
static enum cli_status read_topic(struct acl_file *file, char *rest, struct entry *entry)
{
	char *word = take_token(&rest, ' ');
	char *filter = rest;
	enum sqlauth_topic_fault fault;

	entry->access = READ | WRITE;
	if (!word)
		return complain_line(file, entry->line, "a topic is missing");
	if (!*rest)
		filter = word;
	else if (!parse_access(word, &entry->access))
		return complain_line(file, entry->line, "read, write, readwrite or deny expected");
	filter = trim(filter);
	fault = sqlauth_topic_filter_fault(filter, strlen(filter));
	if (fault != SQLAUTH_TOPIC_FINE)
		return complain_line(file, entry->line, sqlauth_topic_fault_text(fault));
	entry->filter = policy_keep(file->policy, filter);
	add_entry(file, entry);
	return CLI_DONE;
}

static enum cli_status read_acl_line(struct acl_file *file, char *line, size_t number, const char **user)
{
	struct entry entry = {.line = number};
	char *word;
	size_t length = strlen(line);

	while (length > 0 && isspace((unsigned char)line[length - 1]))
		line[--length] = '\0';
	if (line[0] == '#')
		return CLI_DONE;
	word = take_token(&line, ' ');
	if (!word)
		return CLI_DONE;
	if (strcmp(word, "user") == 0) {
		if (!*line)
			return complain_line(file, number, "a username is missing");
		*user = policy_keep(file->policy, trim(line));
		return CLI_DONE;
	}
	entry.is_pattern = strcmp(word, "pattern") == 0;
	entry.user = entry.is_pattern ? NULL : *user;
	if (!entry.is_pattern && strcmp(word, "topic") != 0)
		return complain_line(file, number, "user, topic or pattern expected");
	return read_topic(file, line, &entry);
}

/* Patterns first, then the anonymous topics, then users by name; each in the order of the file. */
static int compare_entries(const void *a, const void *b)
{
	const struct entry *one = a, *other = b;
	int order = 0;

	if (one->is_pattern != other->is_pattern)
		return one->is_pattern ? -1 : 1;
	if (one->user && other->user)
		order = strcmp(one->user, other->user);
	else if (one->user || other->user)
		order = one->user ? 1 : -1;
	if (order != 0)
		return order;
	return one->line < other->line ? -1 : 1;
}

static enum cli_status read_acl_file(struct acl_file *file)
{
	char *text, *rest, *line;
	size_t length, number = 0;
	const char *user = NULL;
	enum cli_status status = import_read_file(file->path, &text, &length);

	if (status != CLI_DONE)
		return status;
	rest = text;
	while (status == CLI_DONE && (line = take_line(&rest)))
		status = read_acl_line(file, line, ++number, &user);
	free(text);
	if (file->count > 0 && file->policy->error == SQLAUTH_OK)
		qsort(file->entries, file->count, sizeof(*file->entries), compare_entries);
	return status;
}

/* ---- from entries to groups ---- */

static void add_permissions(struct policy *policy, const char *group, const struct entry *entry)
{
	enum sqlauth_effect effect = entry->access ? SQLAUTH_ALLOW : SQLAUTH_DENY;

	if (entry->access & WRITE || !entry->access)
		import_add_permission(policy, group, effect, SQLAUTH_PUBLISH, entry->filter, entry->is_pattern);
	if (entry->access & READ || !entry->access)
		import_add_permission(policy, group, effect, SQLAUTH_SUBSCRIBE, entry->filter, entry->is_pattern);
}

/* What a user's topic allows, no pattern denies in Mosquitto; here it does. */
static void compare_with_patterns(struct acl_file *file, const struct entry *entry, size_t patterns)
{
	struct cli_quoted user, filter, pattern;
	char *topic = filter_to_topic(entry->filter, false);

	for (size_t i = 0; i < patterns && entry->access && topic; i++) {
		if (file->entries[i].access || !filters_may_meet(topic, file->entries[i].filter))
			continue;
		policy_remark(file->policy, POLICY_NARROWER,
			"client %s: topic %s wins over pattern deny %s in an acl_file; here the deny wins where both "
			"match",
			cli_quote(&user, entry->user ? entry->user : "(anonymous)"), cli_quote(&filter, entry->filter),
			cli_quote(&pattern, file->entries[i].filter));
	}
	if (!topic)
		file->policy->error = SQLAUTH_ERROR_MEMORY;
	free(topic);
}

static void add_user(struct acl_file *file, size_t first, size_t end, size_t patterns)
{
	const char *user = file->entries[first].user;
	struct cli_quoted quoted;

	if (!policy_find_client(file->policy, user)) {
		policy_remark(
			file->policy, POLICY_LEFT_OUT, "topics of user %s, who is no client", cli_quote(&quoted, user));
		return;
	}
	policy_add_group(file->policy, user, NULL);
	policy_add_rule(file->policy, "client", user, user);
	for (size_t i = first; i < end; i++) {
		add_permissions(file->policy, user, &file->entries[i]);
		compare_with_patterns(file, &file->entries[i], patterns);
	}
}

/* A username with these characters is refused by every pattern there. */
static bool is_dangerous(const char *username)
{
	return strpbrk(username, "+#") != NULL;
}

static bool uses(const struct acl_file *file, size_t patterns, const char *placeholder)
{
	for (size_t i = 0; i < patterns; i++) {
		if (strstr(file->entries[i].filter, placeholder))
			return true;
	}
	return false;
}

static void remark_on_patterns(struct acl_file *file, size_t patterns, bool has_anonymous)
{
	struct policy *policy = file->policy;
	struct cli_quoted quoted;

	if (uses(file, patterns, "%c"))
		policy_remark(policy, POLICY_NARROWER,
			"a client whose MQTT client id holds a / is allowed nothing by patterns with %%c, and denied "
			"all "
			"that they might deny");
	policy_remark(policy, POLICY_WIDER,
		"a client whose MQTT client id holds a + or # loses all patterns in Mosquitto, here those with %%c; "
		"clients.mqtt_id keeps such ids out");
	for (size_t i = 0; i < policy->client_count && uses(file, patterns, "%u"); i++) {
		if (strchr(policy->clients[i].name, '/') && !is_dangerous(policy->clients[i].name))
			policy_remark(policy, POLICY_NARROWER,
				"client %s: its username holds a /, so patterns with %%u allow it nothing",
				cli_quote(&quoted, policy->clients[i].name));
	}
	for (size_t i = 0; i < patterns && has_anonymous; i++) {
		if (!file->entries[i].access && strstr(file->entries[i].filter, "%u"))
			policy_remark(policy, POLICY_NARROWER,
				"anonymous clients: pattern deny %s, which passes them over in Mosquitto, denies them "
				"everything from its %%u on",
				cli_quote(&quoted, file->entries[i].filter));
	}
}

static void add_patterns(struct acl_file *file, size_t patterns, bool has_anonymous)
{
	struct policy *policy = file->policy;
	bool has_dangerous = false;

	if (patterns == 0)
		return;
	policy_add_group(policy, PATTERNS, "the pattern lines of the acl_file");
	for (size_t i = 0; i < patterns; i++)
		add_permissions(policy, PATTERNS, &file->entries[i]);
	for (size_t i = 0; i < policy->client_count; i++)
		has_dangerous = has_dangerous || is_dangerous(policy->clients[i].name);
	for (size_t i = 0; i < policy->client_count && has_dangerous; i++) {
		if (!is_dangerous(policy->clients[i].name))
			policy_add_rule(policy, "client", policy->clients[i].name, PATTERNS);
	}
	if (!has_dangerous)
		policy_add_rule(policy, "any", "*", PATTERNS);
	if (has_anonymous)
		policy_add_rule(policy, "anonymous", "*", PATTERNS);
	remark_on_patterns(file, patterns, has_anonymous);
}

/* entries[first..end-1] are the topics before the first user. */
static void add_anonymous(struct acl_file *file, size_t first, size_t end, bool has_anonymous)
{
	if (has_anonymous) {
		policy_add_group(file->policy, ANONYMOUS, "connections without a username");
		policy_add_rule(file->policy, "anonymous", "*", ANONYMOUS);
		for (size_t i = first; i < end; i++) {
			add_permissions(file->policy, ANONYMOUS, &file->entries[i]);
			compare_with_patterns(file, &file->entries[i], first);
		}
	} else if (end > first) {
		policy_remark(file->policy, POLICY_LEFT_OUT,
			"topics before the first user, which are for anonymous clients; --anonymous takes them along");
	}
}

static void add_groups(struct acl_file *file, bool has_anonymous)
{
	size_t patterns = 0, users, end;

	while (patterns < file->count && file->entries[patterns].is_pattern)
		patterns++;
	users = patterns;
	while (users < file->count && !file->entries[users].user)
		users++;
	add_patterns(file, patterns, has_anonymous);
	add_anonymous(file, patterns, users, has_anonymous);
	for (size_t i = users; i < file->count; i = end) {
		end = i + 1;
		while (end < file->count && strcmp(file->entries[end].user, file->entries[i].user) == 0)
			end++;
		add_user(file, i, end, patterns);
	}
	policy_remark(file->policy, POLICY_NARROWER,
		"Mosquitto accepts every SUBSCRIBE and holds back what may not be read; here a SUBSCRIBE that reaches "
		"beyond one allowed topic filter, or into a denied one, is refused");
}

static enum cli_status run(const struct cli_arguments *arguments)
{
	struct policy policy = {0};
	struct acl_file file = {.path = arguments->own[ACL_FILE], .policy = &policy};
	enum cli_status status;

	if (!arguments->own[PASSWORD_FILE] || arguments->operand_count > 0)
		return cli_complain_usage(arguments->command, "%s",
			arguments->operand_count > 0 ? "the files are given as options" : "--password-file is missing");
	if (file.path && arguments->own[ALLOW_ALL])
		return cli_complain_usage(arguments->command, "--allow-all and --acl-file exclude each other");
	status = read_password_file(&policy, arguments->own[PASSWORD_FILE]);
	if (status == CLI_DONE && file.path) {
		status = read_acl_file(&file);
		if (status == CLI_DONE && policy.error == SQLAUTH_OK)
			add_groups(&file, arguments->own[WITH_ANONYMOUS] != NULL);
	} else if (status == CLI_DONE) {
		import_allow_everything(
			&policy, arguments->own[ALLOW_ALL] != NULL, "without an acl_file Mosquitto judges no topics");
	}
	if (status == CLI_DONE) {
		policy_settle_permissions(&policy);
		status = import_finish(arguments, &policy, arguments->own[DRY_RUN] != NULL);
	}
	free(file.entries);
	policy_clear(&policy);
	return status;
}

const struct cli_command cli_command_import_mosquitto = {
	.name = "import mosquitto",
	.run = run,
	.operands = "",
	.summary = "move in from password_file and acl_file",
	.help = "Adds the users of a password_file as clients, with the hashes they have, and the topics and patterns "
		"of\n"
		"an acl_file as groups. All of it in one transaction; what is there already stays, and the same name\n"
		"twice is an error. Each line of --dry-run is one row; what is not carried over exactly is said in\n"
		"lines that begin with: note, left out, less is allowed, more is allowed.\n"
		"\n"
		"  sqlauth import mosquitto --password-file passwd --acl-file acl --dry-run\n"
		"  sqlauth import mosquitto --password-file passwd --acl-file acl\n",
	.options = options,
};
