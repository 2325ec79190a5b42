/* Bounded text: messages and log lines built in a buffer of the caller's, and the quoting of hostile bytes.
 *
 * A text never grows and never fails: what does not fit is cut at a character's boundary, the end becomes "...",
 * and `truncated` says so. It is always NUL-terminated. No allocation; any thread, one text per thread.
 */
#ifndef SQLAUTH_TEXT_H
#define SQLAUTH_TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct sqlauth_text {
	char *data;    /* borrowed, NUL-terminated */
	size_t size;   /* bytes of data, the NUL included; at least 4 */
	size_t length; /* bytes in use, the NUL not counted */
	size_t cut;    /* where the "..." would begin: a boundary of characters and of escapes; private to text.c */
	bool truncated;
};

/* A message that explains an error to a person: big enough for one path and one sentence of ours. */
#define SQLAUTH_MESSAGE_SIZE 512

/* Starts an empty text in data[0..size-1]; size >= 4. */
void sqlauth_text_init(struct sqlauth_text *text, char *data, size_t size);

/* Appends as printf does. Arguments that came from outside go through sqlauth_text_add_quoted instead. A NULL text
 * is allowed and ignored, so that functions can take an optional explanation. */
void sqlauth_text_add(struct sqlauth_text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Empties the text, then appends as sqlauth_text_add does: for the one message a failing function leaves. */
void sqlauth_text_set(struct sqlauth_text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Appends bytes[0..length-1] in double quotes, at most `limit` bytes between the quotes, "..." inside them where it was
 * cut (as many of the dots as a limit under 3 leaves room for). Printable ASCII and well-formed UTF-8 stand as they
 * are;
 * '"' and '\' are written \" and \\; control characters, DEL, C1 controls, bidirectional, zero-width and other
 * invisible format characters (U+00AD, U+061C, U+180E, U+200B-U+200F, U+202A-U+202E, U+2060-U+206F, U+FEFF,
 * U+FFF9-U+FFFB, U+E0000-U+E007F), line and paragraph separators (U+2028, U+2029), and bytes that are no UTF-8 are
 * written \xNN, byte for byte. bytes NULL: appends the bare word `none`. So a line is one line, and no value can forge
 * a field or drive a terminal. A NULL text is ignored. */
void sqlauth_text_add_quoted(struct sqlauth_text *text, const char *bytes, size_t length, size_t limit);

#endif
