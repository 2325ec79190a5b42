/* The spellings of a SHA-256 fingerprint. Knows no certificates: what is pasted here comes from people and tools. */
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "sqlauth/certificate.h"

#define PAIRS 32 /* bytes of SHA-256 */

_Static_assert(SQLAUTH_FINGERPRINT_SIZE == sizeof SQLAUTH_FINGERPRINT_PREFIX + 2 * PAIRS, "prefix, digits and a NUL");

/* What may stand in front of the digits: ours, and what `openssl x509 -fingerprint -sha256` prints. */
static const char *const prefixes[] = {SQLAUTH_FINGERPRINT_PREFIX, "sha256 Fingerprint="};

/* What may stand around it all: the blanks that the database trims. */
static const char blanks[] = "\t\n\r ";

static const char *skip_prefix(const char *text)
{
	for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
		size_t length = strlen(prefixes[i]);

		if (strncasecmp(text, prefixes[i], length) == 0)
			return text + length;
	}
	return text;
}

/* The digit in upper case, or NUL where it is none. Independent of the locale. */
static char upper_digit(char digit)
{
	if ((digit >= '0' && digit <= '9') || (digit >= 'A' && digit <= 'F'))
		return digit;
	return digit >= 'a' && digit <= 'f' ? (char)(digit - 'a' + 'A') : '\0';
}

enum sqlauth_error sqlauth_fingerprint_normalize(const char *text, char fingerprint_r[SQLAUTH_FINGERPRINT_SIZE])
{
	char fingerprint[SQLAUTH_FINGERPRINT_SIZE] = SQLAUTH_FINGERPRINT_PREFIX;
	char *end = fingerprint + strlen(fingerprint);
	const char *next = skip_prefix(text + strspn(text, blanks));
	bool colons = false;

	for (size_t pair = 0; pair < PAIRS; pair++) {
		if (pair == 1)
			colons = *next == ':';
		if (pair > 0 && colons && *next++ != ':')
			return SQLAUTH_ERROR_INVALID;
		for (int i = 0; i < 2; i++) {
			*end = upper_digit(*next++);
			if (*end++ == '\0')
				return SQLAUTH_ERROR_INVALID;
		}
	}
	if (next[strspn(next, blanks)] != '\0')
		return SQLAUTH_ERROR_INVALID;
	memcpy(fingerprint_r, fingerprint, sizeof fingerprint);
	return SQLAUTH_OK;
}
