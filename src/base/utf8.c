/* The one UTF-8 decoder. Knows nothing of what characters mean. */
#include "sqlauth/utf8.h"

/* What a first byte promises: it is `bits` under `mask`, `length` bytes follow with it, and a code point below `least`
 * would be an overlong form. */
static const struct {
	unsigned char mask, bits, length;
	uint32_t least;
} forms[] = {
	{0x80, 0x00, 1, 0},
	{0xe0, 0xc0, 2, 0x80},
	{0xf0, 0xe0, 3, 0x800},
	{0xf8, 0xf0, 4, 0x10000},
};

static int is_surrogate(uint32_t code)
{
	return code >= 0xd800 && code <= 0xdfff;
}

/* Reads a character of forms[form]. */
static size_t decode_form(const unsigned char *bytes, size_t length, size_t form, uint32_t *code_r)
{
	uint32_t code = bytes[0] & (unsigned char)~forms[form].mask;

	if (length < forms[form].length)
		return 0;
	for (size_t i = 1; i < forms[form].length; i++) {
		if ((bytes[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (bytes[i] & 0x3f);
	}
	if (code < forms[form].least || code > 0x10ffff || is_surrogate(code))
		return 0;
	*code_r = code;
	return forms[form].length;
}

size_t sqlauth_utf8_decode(const char *bytes, size_t length, uint32_t *code_r)
{
	const unsigned char *unsigned_bytes = (const unsigned char *)bytes;

	if (length == 0)
		return 0;
	for (size_t form = 0; form < sizeof forms / sizeof forms[0]; form++) {
		if ((unsigned_bytes[0] & forms[form].mask) == forms[form].bits)
			return decode_form(unsigned_bytes, length, form, code_r);
	}
	return 0;
}
