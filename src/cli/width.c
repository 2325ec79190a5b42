/* Widths of characters by table: blocks, not single characters, from EastAsianWidth.txt and the combining marks of
 * Unicode 15. A character that is left out costs a crooked column, no more. */
#include "width.h"

#include <stdint.h>
#include <string.h>

#include "sqlauth/utf8.h"

/* By their first character. */
static const struct {
	uint32_t first, last;
	size_t width;
} blocks[] = {
	{0x0300, 0x036f, 0},   /* combining diacritical marks */
	{0x0483, 0x0489, 0},   /* Cyrillic */
	{0x0591, 0x05bd, 0},   /* Hebrew points */
	{0x064b, 0x065f, 0},   /* Arabic marks */
	{0x1100, 0x115f, 2},   /* Hangul jamo */
	{0x1ab0, 0x1aff, 0},   /* combining marks, extended */
	{0x1dc0, 0x1dff, 0},   /* combining marks, supplement */
	{0x20d0, 0x20ff, 0},   /* combining marks for symbols */
	{0x2e80, 0x303e, 2},   /* CJK radicals, symbols, punctuation */
	{0x3041, 0xa4cf, 2},   /* kana, CJK ideographs, Yi */
	{0xa960, 0xa97f, 2},   /* Hangul jamo, extended */
	{0xac00, 0xd7a3, 2},   /* Hangul syllables */
	{0xf900, 0xfaff, 2},   /* CJK compatibility ideographs */
	{0xfe00, 0xfe0f, 0},   /* variation selectors */
	{0xfe20, 0xfe2f, 0},   /* combining half marks */
	{0xfe30, 0xfe6f, 2},   /* CJK compatibility forms */
	{0xff01, 0xff60, 2},   /* fullwidth forms */
	{0xffe0, 0xffe6, 2},   /* fullwidth signs */
	{0x1f300, 0x1f64f, 2}, /* pictographs, emoticons */
	{0x1f680, 0x1f6ff, 2}, /* transport */
	{0x1f900, 0x1faff, 2}, /* more pictographs */
	{0x20000, 0x3fffd, 2}, /* CJK ideographs, supplementary */
};

static size_t width_of(uint32_t code)
{
	for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]) && blocks[i].first <= code; i++) {
		if (code <= blocks[i].last)
			return blocks[i].width;
	}
	return 1;
}

size_t cli_width(const char *text)
{
	size_t left = strlen(text), width = 0;

	while (left > 0) {
		uint32_t code = 0;
		size_t length = sqlauth_utf8_decode(text, left, &code);

		width += length > 0 ? width_of(code) : 1;
		length += length == 0;
		text += length;
		left -= length;
	}
	return width;
}
