/* Bounded text and the quoting of hostile bytes. Knows nothing of what is written, or where to.
 *
 * Bytes are appended in pieces that must not be torn: a character, an escape such as \x1b. text->cut is the end of the
 * last piece behind which the "..." of a truncated text still fits, so that truncation is only a step back to it.
 */
#include "sqlauth/text.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "sqlauth/utf8.h"

static const char dots[] = "...";
#define DOTS_LENGTH (sizeof dots - 1)

/* The largest piece: a character of four bytes, each written \xNN. */
#define PIECE_SIZE 16

/* Where characters are written \xNN although they are well-formed UTF-8. Sorted. */
static const struct {
	uint32_t first, last;
} unsafe[] = {
	{0x0000, 0x001f},   /* control characters */
	{0x007f, 0x009f},   /* DEL, C1 controls */
	{0x00ad, 0x00ad},   /* soft hyphen */
	{0x061c, 0x061c},   /* Arabic letter mark: bidirectional */
	{0x180e, 0x180e},   /* Mongolian vowel separator: zero width */
	{0x200b, 0x200f},   /* zero width, left-to-right and right-to-left marks */
	{0x2028, 0x202e},   /* line and paragraph separators, bidirectional embeddings and overrides */
	{0x2060, 0x206f},   /* zero width, bidirectional isolates, deprecated format characters */
	{0xfeff, 0xfeff},   /* byte order mark */
	{0xfff9, 0xfffb},   /* interlinear annotation */
	{0xe0000, 0xe007f}, /* tags: invisible ASCII */
};

/* Bytes of `text` in front of which "..." still fits. */
static size_t last_cut(const struct sqlauth_text *text)
{
	return text->size - 1 - DOTS_LENGTH;
}

void sqlauth_text_init(struct sqlauth_text *text, char *data, size_t size)
{
	*text = (struct sqlauth_text){.data = data, .size = size};
	data[0] = '\0';
}

static void truncate_text(struct sqlauth_text *text)
{
	memcpy(text->data + text->cut, dots, sizeof dots);
	text->length = text->cut + DOTS_LENGTH;
	text->truncated = true;
}

/* Appends a piece whole, or truncates the text. */
static void add_piece(struct sqlauth_text *text, const char *piece, size_t length)
{
	if (text->truncated)
		return;
	if (length > text->size - 1 - text->length) {
		truncate_text(text);
		return;
	}
	memcpy(text->data + text->length, piece, length);
	text->length += length;
	text->data[text->length] = '\0';
	if (text->length <= last_cut(text))
		text->cut = text->length;
}

/* Moves text->cut over what was just written, [text->length, end): up to last_cut, but not into a character. */
static void advance_cut(struct sqlauth_text *text, size_t end)
{
	size_t cut = end <= last_cut(text) ? end : last_cut(text);

	if (text->length > cut)
		return;
	while (cut > text->length && ((unsigned char)text->data[cut] & 0xc0) == 0x80)
		cut--;
	text->cut = cut;
}

static void add_arguments(struct sqlauth_text *text, const char *format, va_list arguments)
	__attribute__((format(printf, 2, 0)));

static void add_arguments(struct sqlauth_text *text, const char *format, va_list arguments)
{
	size_t room = text->size - text->length;
	int written;

	if (text->truncated)
		return;
	written = vsnprintf(text->data + text->length, room, format, arguments);
	if (written >= 0 && (size_t)written < room) {
		advance_cut(text, text->length + (size_t)written);
		text->length += (size_t)written;
		return;
	}
	if (written >= 0)
		advance_cut(text, text->size - 1);
	truncate_text(text);
}

void sqlauth_text_add(struct sqlauth_text *text, const char *format, ...)
{
	va_list arguments;

	if (!text)
		return;
	va_start(arguments, format);
	add_arguments(text, format, arguments);
	va_end(arguments);
}

void sqlauth_text_set(struct sqlauth_text *text, const char *format, ...)
{
	va_list arguments;

	if (!text)
		return;
	sqlauth_text_init(text, text->data, text->size);
	va_start(arguments, format);
	add_arguments(text, format, arguments);
	va_end(arguments);
}

static bool is_unsafe(uint32_t code)
{
	for (size_t i = 0; i < sizeof unsafe / sizeof unsafe[0] && unsafe[i].first <= code; i++) {
		if (code <= unsafe[i].last)
			return true;
	}
	return false;
}

/* Writes the quoted form of the first character of bytes[0..length-1] (length > 0) to piece, its length to
 * *piece_length_r; returns the bytes it stands for. */
static size_t quote_character(const char *bytes, size_t length, char piece[PIECE_SIZE], size_t *piece_length_r)
{
	static const char digits[] = "0123456789abcdef";
	uint32_t code = 0;
	size_t character = sqlauth_utf8_decode(bytes, length, &code);
	size_t used = 0;

	if (character > 0 && !is_unsafe(code)) {
		if (code == '"' || code == '\\')
			piece[used++] = '\\';
		memcpy(piece + used, bytes, character);
		*piece_length_r = used + character;
		return character;
	}
	if (character == 0)
		character = 1;
	for (size_t i = 0; i < character; i++) {
		unsigned char byte = (unsigned char)bytes[i];

		piece[used++] = '\\';
		piece[used++] = 'x';
		piece[used++] = digits[byte >> 4];
		piece[used++] = digits[byte & 0x0f];
	}
	*piece_length_r = used;
	return character;
}

/* How many of the bytes to quote so that what stands between the quotes keeps within limit: all of them, or as many as
 * leave room for the "...". Looks at no more than about `limit` bytes. */
static size_t count_fitting(const char *bytes, size_t length, size_t limit)
{
	char piece[PIECE_SIZE];
	size_t fitting = 0, quoted = 0, piece_length = 0;

	for (size_t i = 0; i < length;) {
		i += quote_character(bytes + i, length - i, piece, &piece_length);
		quoted += piece_length;
		if (quoted > limit)
			return fitting;
		if (quoted + DOTS_LENGTH <= limit)
			fitting = i;
	}
	return length;
}

void sqlauth_text_add_quoted(struct sqlauth_text *text, const char *bytes, size_t length, size_t limit)
{
	char piece[PIECE_SIZE];
	size_t fitting, piece_length = 0;

	if (!text)
		return;
	if (!bytes) {
		sqlauth_text_add(text, "none");
		return;
	}
	fitting = count_fitting(bytes, length, limit);
	add_piece(text, "\"", 1);
	for (size_t i = 0; i < fitting && !text->truncated;) {
		i += quote_character(bytes + i, fitting - i, piece, &piece_length);
		add_piece(text, piece, piece_length);
	}
	if (fitting < length)
		add_piece(text, dots, limit < DOTS_LENGTH ? limit : DOTS_LENGTH);
	add_piece(text, "\"", 1);
}
