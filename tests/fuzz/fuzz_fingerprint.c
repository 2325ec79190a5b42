/* Spellings of certificate fingerprints. Input: one string. What is accepted comes out in the one form that the
 * database keeps, holds the digits of the input in their order, and stays as it is when normalised again. */
#include <ctype.h>

#include "fuzz.h"
#include "sqlauth/certificate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char normal[SQLAUTH_FINGERPRINT_SIZE] = "untouched";
	char again[SQLAUTH_FINGERPRINT_SIZE];
	struct fuzz_part text = fuzz_copy(data, strnlen((const char *)data, size), 1);
	if (sqlauth_fingerprint_normalize(text.bytes, normal) == SQLAUTH_OK) {
		DEMAND(strlen(normal) == 71 && strncmp(normal, "SHA256:", 7) == 0);
		DEMAND(strspn(normal + 7, "0123456789ABCDEF") == 64);
		const char *p = text.bytes + text.length;
		for (int digit = 70; digit >= 7;
			digit--) { /* from the end, where no prefix can be mistaken for digits */
			while (p > text.bytes && !isxdigit((unsigned char)p[-1]))
				p--;
			DEMAND(p > text.bytes && toupper((unsigned char)*--p) == normal[digit]);
		}
		DEMAND(sqlauth_fingerprint_normalize(normal, again) == SQLAUTH_OK && strcmp(normal, again) == 0);
	} else {
		DEMAND(strcmp(normal, "untouched") == 0);
	}
	free(text.bytes);
	return 0;
}
