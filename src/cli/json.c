/* JSON, one value at a time. Knows no listing. */
#include "json.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "sqlauth/utf8.h"

static void print_escaped(const char *bytes, size_t length, uint32_t code)
{
	if (code == '"' || code == '\\')
		printf("\\%c", (int)code);
	else if (code < 0x20 || code == 0x7f)
		printf("\\u%04x", (unsigned)code);
	else
		fwrite(bytes, 1, length, stdout);
}

static void print_raw(const char *bytes, size_t length, uint32_t code)
{
	(void)code;
	fwrite(bytes, 1, length, stdout);
}

/* Character by character. Bytes that are no UTF-8 can stand in strings only, so what takes their place is right. */
static void print_characters(const char *text, void (*print)(const char *bytes, size_t length, uint32_t code))
{
	size_t left = strlen(text);

	while (left > 0) {
		uint32_t code = 0;
		size_t length = sqlauth_utf8_decode(text, left, &code);

		if (length > 0)
			print(text, length, code);
		else
			fputs("\\ufffd", stdout);
		text += length > 0 ? length : 1;
		left -= length > 0 ? length : 1;
	}
}

void cli_json_print_string(const char *text)
{
	putchar('"');
	print_characters(text, print_escaped);
	putchar('"');
}

void cli_json_print_value(enum cli_json_kind kind, const char *text)
{
	if (!text)
		fputs("null", stdout);
	else if (kind == CLI_JSON_FLAG)
		fputs(strcmp(text, "1") == 0 ? "true" : "false", stdout);
	else if (kind == CLI_JSON_TEXT)
		cli_json_print_string(text);
	else
		print_characters(text, print_raw);
}
