/* Fingerprints, files and names of certificates to the form in which the database keeps them. */
#include "certificate_value.h"

#include <stdio.h>
#include <string.h>

static enum cli_status parse_file(const char *path, struct cli_certificate_value *value_r)
{
	struct sqlauth_certificate *certificate = NULL;
	char buffer[SQLAUTH_MESSAGE_SIZE];
	struct sqlauth_text why;
	enum sqlauth_error error;

	sqlauth_text_init(&why, buffer, sizeof(buffer));
	error = sqlauth_certificate_from_file(path, &certificate, &why);
	if (error != SQLAUTH_OK)
		return cli_complain_error(error, &why, error == SQLAUTH_ERROR_MEMORY ? CLI_FAILED : CLI_USAGE);
	snprintf(value_r->buffer, sizeof(value_r->buffer), "%s", sqlauth_certificate_fingerprint(certificate));
	value_r->value = value_r->buffer;
	sqlauth_certificate_free(certificate);
	return CLI_DONE;
}

static const char *find_kind(const char *word)
{
	for (int kind = 0; kind < SQLAUTH_MATCH_KINDS; kind++) {
		const char *name = sqlauth_match_by_word((enum sqlauth_match_by)kind);

		if (strcmp(word, name) == 0)
			return name;
	}
	return NULL;
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
	struct cli_quoted quoted;

	value_r->match_by = match_by ? find_kind(match_by) : "fingerprint";
	value_r->value = word;
	if (!value_r->match_by)
		return cli_complain_usage(arguments->command,
			"--match-by is fingerprint, subject, common_name, dns, email or uri, not %s",
			cli_quote(&quoted, match_by));
	if (strcmp(value_r->match_by, "fingerprint") == 0) {
		if (sqlauth_fingerprint_normalize(word, value_r->buffer) == SQLAUTH_OK)
			value_r->value = value_r->buffer;
		else if (!match_by)
			return parse_file(word, value_r);
	} else if (strcmp(value_r->match_by, "dns") == 0 && strlen(word) < sizeof(value_r->buffer)) {
		lower(word, value_r);
	}
	return CLI_DONE;
}
