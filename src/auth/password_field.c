/* Reads the fields of encoded hashes: text, numbers, base64. Strict, so that a hash has one spelling and a damaged one
 * is noticed. Knows no form of hash. */
#include <sodium.h>
#include <string.h>

#include "password_scheme.h"

static const char CRYPT64[] = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

bool sqlauth_field_literal(const char **at, const char *literal)
{
	size_t length = strlen(literal);

	if (strncmp(*at, literal, length) != 0)
		return false;
	*at += length;
	return true;
}

bool sqlauth_field_number(const char **at, uint32_t *number_r)
{
	const char *c = *at;
	uint64_t number = 0;

	if (*c < '1' || *c > '9')
		return false;
	for (; *c >= '0' && *c <= '9'; c++) {
		number = number * 10 + (uint64_t)(*c - '0');
		if (number > UINT32_MAX)
			return false;
	}
	*at = c;
	*number_r = (uint32_t)number;
	return true;
}

bool sqlauth_field_text(const char **at, const char *excluded, size_t minimum, size_t maximum)
{
	const char *c = *at;

	while (*c > ' ' && *c <= '~' && !strchr(excluded, *c))
		c++;
	if ((size_t)(c - *at) < minimum || (size_t)(c - *at) > maximum)
		return false;
	*at = c;
	return true;
}

bool sqlauth_field_base64(const char **at, int variant, struct sqlauth_password_field *field_r)
{
	struct sqlauth_password_field field;
	const char *end = *at;

	/* libsodium refuses wrong padding, unused bits that are not zero, and of ASCII every stray character;
	 * but 1.0.18 takes some bytes from 0x80 on for digits of base64. */
	if (!sqlauth_field_text(&end, "$", 0, SQLAUTH_HASH_BYTES_MAX) ||
		sodium_base642bin(field.bytes, sizeof field.bytes, *at, (size_t)(end - *at), NULL, &field.length, NULL,
			variant) != 0)
		return false;
	*at = end;
	*field_r = field;
	return true;
}

bool sqlauth_field_crypt64(const char **at, size_t minimum, size_t maximum)
{
	size_t length = strspn(*at, CRYPT64);

	if (length < minimum || length > maximum)
		return false;
	*at += length;
	return true;
}

unsigned sqlauth_field_crypt64_value(char character)
{
	const char *found = character ? strchr(CRYPT64, character) : NULL;

	return found ? (unsigned)(found - CRYPT64) : SQLAUTH_CRYPT64_NONE;
}

enum sqlauth_error sqlauth_password_compare(const void *computed, const void *stored, size_t length)
{
	return sodium_memcmp(computed, stored, length) == 0 ? SQLAUTH_OK : SQLAUTH_ERROR_MISMATCH;
}
