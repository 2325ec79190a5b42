/* MQTT client identifier patterns against the obvious recursive matcher. Input: three lines, pattern, username and
 * identifier; a username that begins with a `!` is none at all. */
#include <stdbool.h>

#include "fuzz.h"
#include "sqlauth/mqtt_id.h"

#define INPUT_MAX 40
#define STARS_MAX 4 /* the recursion is exponential in them */

static size_t stars(const char *pattern)
{
	size_t count = 0;
	for (; *pattern != '\0'; pattern++)
		count += *pattern == '*';
	return count;
}

/* Bytes of the UTF-8 character at text; 1 where there is none. The shortest forms only, no surrogates (RFC 3629). */
static size_t character(const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t size = s[0] < 0xC2 ? 1 : s[0] < 0xE0 ? 2 : s[0] < 0xF0 ? 3 : s[0] < 0xF5 ? 4 : 1;
	for (size_t i = 1; i < size; i++)
		if ((s[i] & 0xC0) != 0x80)
			return 1;
	if ((s[0] == 0xE0 && s[1] < 0xA0) || (s[0] == 0xED && s[1] > 0x9F) || (s[0] == 0xF0 && s[1] < 0x90) ||
		(s[0] == 0xF4 && s[1] > 0x8F))
		return 1;
	return size;
}

static bool matches(const char *pattern, const char *username, const char *id);

/* Whether id begins with the character at literal, and what comes behind it matches the rest of the pattern. */
static bool literally(const char *literal, const char *rest, const char *username, const char *id)
{
	size_t size = character(literal);
	return *id != '\0' && character(id) == size && memcmp(literal, id, size) == 0 &&
	       matches(rest, username, id + size);
}

/* Whether id begins with the characters of name, and what comes behind them matches the rest of the pattern. */
static bool named(const char *name, const char *rest, const char *username, const char *id)
{
	if (*name == '\0')
		return matches(rest, username, id);
	size_t size = character(name);
	return *id != '\0' && character(id) == size && memcmp(name, id, size) == 0 &&
	       named(name + size, rest, username, id + size);
}

static bool matches(const char *pattern, const char *username, const char *id)
{
	if (*pattern == '\0')
		return *id == '\0';
	if (*pattern == '*')
		return matches(pattern + 1, username, id) ||
		       (*id != '\0' && matches(pattern, username, id + character(id)));
	if (*pattern == '?')
		return *id != '\0' && matches(pattern + 1, username, id + character(id));
	if (username != NULL && strncmp(pattern, "%u", 2) == 0)
		return *username != '\0' && named(username, pattern + 2, username, id);
	if (username != NULL && strncmp(pattern, "%%", 2) == 0)
		return literally(pattern + 1, pattern + 2, username, id);
	return literally(pattern, pattern + character(pattern), username, id);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_part pattern = fuzz_next_string(&data, &size);
	struct fuzz_part username = fuzz_next_string(&data, &size);
	struct fuzz_part id = fuzz_next_string(&data, &size);
	const char *given = username.bytes[0] == '!' ? NULL : username.bytes;
	bool matched = sqlauth_mqtt_id_matches(pattern.bytes, given, id.bytes);
	if (pattern.length > SQLAUTH_MQTT_ID_PATTERN_BYTES_MAX)
		DEMAND(!matched);
	else if (stars(pattern.bytes) <= STARS_MAX && pattern.length <= INPUT_MAX && id.length <= INPUT_MAX)
		DEMAND(matched == matches(pattern.bytes, given, id.bytes));
	free(pattern.bytes);
	free(username.bytes);
	free(id.bytes);
	return 0;
}
