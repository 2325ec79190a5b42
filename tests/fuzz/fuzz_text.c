/* Quoting of hostile bytes. Input: a byte that bounds the buffer, one that bounds the quoted bytes, then the bytes.
 * Whatever they are, the text is bounded, one line, valid UTF-8 without anything that drives a terminal, and what is
 * inside the quotes can be read back. */
#include <stdbool.h>

#include "fuzz.h"
#include "sqlauth/text.h"

/* Decodes one UTF-8 character of text the slow way; gives its size, 0 where it is none. */
static size_t decode(const unsigned char *text, size_t length, uint32_t *code_r)
{
	static const struct {
		unsigned char mask, lead;
		uint32_t least;
	} forms[] = {{0x80, 0x00, 0}, {0xE0, 0xC0, 0x80}, {0xF0, 0xE0, 0x800}, {0xF8, 0xF0, 0x10000}};
	for (size_t size = 1; size <= 4 && size <= length; size++) {
		if ((text[0] & forms[size - 1].mask) != forms[size - 1].lead)
			continue;
		uint32_t code = text[0] & (unsigned char)~forms[size - 1].mask;
		for (size_t i = 1; i < size; i++) {
			if ((text[i] & 0xC0) != 0x80)
				return 0;
			code = code << 6 | (text[i] & 0x3Fu);
		}
		*code_r = code;
		return code >= forms[size - 1].least && code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF) ? size : 0;
	}
	return 0;
}

static bool harmless(uint32_t code)
{
	static const uint32_t ranges[][2] = {
		{0, 0x1F}, {0x7F, 0x9F}, {0x200B, 0x200F}, {0x2028, 0x202E}, {0x2060, 0x2069}, {0xFEFF, 0xFEFF}};
	for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++)
		if (code >= ranges[i][0] && code <= ranges[i][1])
			return false;
	return true;
}

static void demand_harmless(const struct sqlauth_text *text)
{
	const unsigned char *bytes = (const unsigned char *)text->data;
	for (size_t i = 0; i < text->length;) {
		uint32_t code = 0;
		size_t size = decode(bytes + i, text->length - i, &code);
		DEMAND(size > 0);
		DEMAND(harmless(code));
		i += size;
	}
}

static unsigned nibble(char digit)
{
	const char *digits = "0123456789abcdef";
	const char *found = digit != '\0' ? strchr(digits, digit | 0x20) : NULL;
	DEMAND(found != NULL);
	return (unsigned)(found - digits);
}

/* What is between the quotes stands for exactly the bytes given. */
static void demand_readable(const struct sqlauth_text *text, const struct fuzz_part *part)
{
	const char *p = text->data;
	const char *end = p + text->length - 1;
	size_t i = 0;
	DEMAND(text->length >= 2 && *p++ == '"' && *end == '"');
	for (; p < end; i++) {
		unsigned byte = (unsigned char)*p++;
		DEMAND(byte != '"');
		if (byte == '\\' && *p == 'x') {
			byte = nibble(p[1]) << 4 | nibble(p[2]);
			p += 3;
		} else if (byte == '\\') {
			DEMAND(*p == '"' || *p == '\\');
			byte = (unsigned char)*p++;
		}
		DEMAND(i < part->length && byte == (unsigned char)part->bytes[i]);
	}
	DEMAND(i == part->length);
}

static void quote(const struct fuzz_part *part, size_t size, size_t limit)
{
	struct sqlauth_text text;
	char *data = malloc(size);
	DEMAND(data != NULL);
	sqlauth_text_init(&text, data, size);
	sqlauth_text_add_quoted(&text, part->bytes, part->length, limit);
	DEMAND(text.length < size && data[text.length] == '\0' && strlen(data) == text.length);
	DEMAND(text.length <= limit + 2);
	demand_harmless(&text);
	if (!text.truncated && limit >= 4 * part->length)
		demand_readable(&text, part);
	sqlauth_text_add(&text, "%s", "x"); /* what comes later finds a text in order */
	DEMAND(text.length < size && data[text.length] == '\0');
	free(data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	struct fuzz_part part = fuzz_copy(data + 2, size - 2, 0);
	quote(&part, 4u + data[0], data[1]);
	quote(&part, 4 * part.length + 4, 4 * part.length);
	free(part.bytes);
	return 0;
}
