/* Fingerprints, files and names of certificates to the form in which the database keeps them. */
#include "certificate_value.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool find_kind(const char *word, enum sqlauth_match_by *kind_r)
{
	for (int kind = 0; kind < SQLAUTH_MATCH_KINDS; kind++) {
		if (strcmp(word, sqlauth_match_by_word((enum sqlauth_match_by)kind)) == 0) {
			*kind_r = (enum sqlauth_match_by)kind;
			return true;
		}
	}
	return false;
}

static enum cli_status parse_kind(
	const struct cli_arguments *arguments, const char *match_by, enum sqlauth_match_by *kind_r)
{
	struct cli_quoted quoted;

	*kind_r = SQLAUTH_MATCH_FINGERPRINT;
	if (!match_by || find_kind(match_by, kind_r))
		return CLI_DONE;
	return cli_complain_usage(arguments->command,
		"--match-by is fingerprint, subject, common_name, dns, email or uri, not %s",
		cli_quote(&quoted, match_by));
}

static enum cli_status take_name(const struct sqlauth_certificate *certificate, const char *path,
	enum sqlauth_match_by kind, struct cli_certificate_value *value_r)
{
	size_t count = sqlauth_certificate_count(certificate, kind);
	struct cli_quoted quoted;

	if (count != 1) {
		cli_complain(
			"%s has %zu names of the kind %s, and one is wanted; sqlauth check --certificate lists them",
			cli_quote(&quoted, path), count, sqlauth_match_by_word(kind));
		return CLI_USAGE;
	}
	snprintf(value_r->buffer, sizeof(value_r->buffer), "%s", sqlauth_certificate_name(certificate, kind, 0));
	value_r->value = value_r->buffer;
	return CLI_DONE;
}

static enum cli_status read_file(const char *path, enum sqlauth_match_by kind, struct cli_certificate_value *value_r)
{
	struct sqlauth_certificate *certificate = NULL;
	char buffer[SQLAUTH_MESSAGE_SIZE];
	enum cli_status status;
	struct sqlauth_text why;
	enum sqlauth_error error;

	sqlauth_text_init(&why, buffer, sizeof(buffer));
	error = sqlauth_certificate_from_file(path, &certificate, &why);
	if (error != SQLAUTH_OK)
		return cli_complain_error(error, &why, error == SQLAUTH_ERROR_MEMORY ? CLI_FAILED : CLI_USAGE);
	status = take_name(certificate, path, kind, value_r);
	sqlauth_certificate_free(certificate);
	return status;
}

/* Of a word that is no fingerprint and so should be a file. */
static enum cli_status require_file(const char *word)
{
	struct cli_quoted quoted;

	if (access(word, F_OK) == 0 || (errno != ENOENT && errno != ENOTDIR && errno != ENAMETOOLONG))
		return CLI_DONE; /* reading it tells more */
	cli_complain("%s is neither a certificate file (%s) nor a SHA-256 fingerprint: 64 hexadecimal digits, as from "
		     "openssl x509 -noout -fingerprint -sha256 -in FILE",
		cli_quote(&quoted, word), strerror(errno));
	return CLI_USAGE;
}

/* ASCII letters, as the database's lower() does it. */
static void lower(const char *word, struct cli_certificate_value *value_r)
{
	size_t length = strnlen(word, sizeof(value_r->buffer) - 1);

	for (size_t i = 0; i < length; i++)
		value_r->buffer[i] = (char)(word[i] >= 'A' && word[i] <= 'Z' ? word[i] - 'A' + 'a' : word[i]);
	value_r->buffer[length] = '\0';
	value_r->value = value_r->buffer;
}

enum cli_status cli_certificate_value_parse(const struct cli_arguments *arguments, const char *match_by,
	const char *word, struct cli_certificate_value *value_r)
{
	enum sqlauth_match_by kind;

	if (parse_kind(arguments, match_by, &kind) != CLI_DONE)
		return CLI_USAGE;
	value_r->match_by = sqlauth_match_by_word(kind);
	value_r->value = word;
	if (kind == SQLAUTH_MATCH_FINGERPRINT) {
		if (sqlauth_fingerprint_normalize(word, value_r->buffer) == SQLAUTH_OK)
			value_r->value = value_r->buffer;
		else if (!match_by)
			return require_file(word) == CLI_DONE ? read_file(word, kind, value_r) : CLI_USAGE;
	} else if (kind == SQLAUTH_MATCH_DNS && strlen(word) < sizeof(value_r->buffer)) {
		lower(word, value_r);
	}
	return CLI_DONE;
}

enum cli_status cli_certificate_value_take(const struct cli_arguments *arguments, const char *match_by,
	const char *path, struct cli_certificate_value *value_r)
{
	enum sqlauth_match_by kind;

	if (parse_kind(arguments, match_by, &kind) != CLI_DONE)
		return CLI_USAGE;
	value_r->match_by = sqlauth_match_by_word(kind);
	return read_file(path, kind, value_r);
}
