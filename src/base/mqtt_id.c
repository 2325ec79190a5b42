/* Matching MQTT client identifiers against patterns. Knows nothing of clients or rules.
 *
 * The algorithm is the classic one for globs: walk both strings; at a `*` remember the place and let it stand for
 * nothing; on a mismatch go back to the last `*` and let it swallow one character more. An earlier `*` never has to be
 * tried again, because the later one can swallow whatever the earlier one would have. The username is not copied into
 * the pattern: the cursor detours through it.
 */
#include "sqlauth/mqtt_id.h"

#include <stdint.h>
#include <string.h>

#include "sqlauth/utf8.h"

enum token { TOKEN_END, TOKEN_RUN, TOKEN_ONE, TOKEN_LITERAL, TOKEN_IMPOSSIBLE };

/* A place in the pattern. */
struct cursor {
	const char *at;
	const char *resume; /* NULL, or `at` is inside the username and this is where the pattern goes on */
};

/* Bytes of the character at the head of a string that is not empty. */
static size_t character_length(const char *string)
{
	uint32_t code;
	size_t length;

	if ((unsigned char)*string < 0x80)
		return 1;
	length = sqlauth_utf8_decode(string, strnlen(string, 4), &code);
	return length > 0 ? length : 1;
}

/* Reads the token at the cursor and moves behind it; *literal_r is the character of a TOKEN_LITERAL. */
static enum token next_token(struct cursor *cursor, const char *username, const char **literal_r)
{
	if (cursor->resume && *cursor->at == '\0')
		*cursor = (struct cursor){cursor->resume, NULL};
	if (!cursor->resume && username && cursor->at[0] == '%' && cursor->at[1] == 'u') {
		if (*username == '\0')
			return TOKEN_IMPOSSIBLE;
		*cursor = (struct cursor){username, cursor->at + 2};
	}
	if (*cursor->at == '\0')
		return TOKEN_END;
	if (!cursor->resume) {
		if (*cursor->at == '*' || *cursor->at == '?')
			return *cursor->at++ == '*' ? TOKEN_RUN : TOKEN_ONE;
		if (username && cursor->at[0] == '%' && cursor->at[1] == '%')
			cursor->at++;
	}
	*literal_r = cursor->at;
	cursor->at += character_length(cursor->at);
	return TOKEN_LITERAL;
}

/* Moves *mqtt_id over one character where the token stands for it. */
static bool consume(enum token token, const char *literal, const char **mqtt_id)
{
	size_t length = character_length(*mqtt_id);

	if (token != TOKEN_ONE && token != TOKEN_LITERAL)
		return false;
	if (token == TOKEN_LITERAL && (character_length(literal) != length || memcmp(literal, *mqtt_id, length) != 0))
		return false;
	*mqtt_id += length;
	return true;
}

enum sqlauth_error sqlauth_mqtt_id_match(const char *pattern, const char *username, const char *mqtt_id)
{
	struct cursor here = {pattern, NULL}, behind_run = {NULL, NULL};
	const char *run_end = NULL; /* what the last `*` has swallowed ends here */

	if (!pattern || !mqtt_id ||
		strnlen(pattern, SQLAUTH_MQTT_ID_PATTERN_BYTES_MAX + 1) > SQLAUTH_MQTT_ID_PATTERN_BYTES_MAX)
		return SQLAUTH_ERROR_MISMATCH;
	for (uint32_t step = 0; step < SQLAUTH_MQTT_ID_STEPS_MAX; step++) {
		struct cursor next = here;
		const char *literal = NULL;
		enum token token = next_token(&next, username, &literal);

		if (token == TOKEN_RUN) {
			here = behind_run = next;
			run_end = mqtt_id;
		} else if (*mqtt_id == '\0') {
			return token == TOKEN_END ? SQLAUTH_OK : SQLAUTH_ERROR_MISMATCH;
		} else if (consume(token, literal, &mqtt_id)) {
			here = next;
		} else if (run_end) {
			run_end += character_length(run_end);
			mqtt_id = run_end;
			here = behind_run;
		} else {
			return SQLAUTH_ERROR_MISMATCH;
		}
	}
	return SQLAUTH_ERROR_LIMIT;
}

bool sqlauth_mqtt_id_matches(const char *pattern, const char *username, const char *mqtt_id)
{
	return sqlauth_mqtt_id_match(pattern, username, mqtt_id) == SQLAUTH_OK;
}
