/* UTF-8 (RFC 3629), read one character at a time from bytes that may be anything. */
#ifndef SQLAUTH_UTF8_H
#define SQLAUTH_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* The length of the character that bytes[0..length-1] begin with, 1 to 4, and its code point in *code_r; 0, and
 * *code_r untouched, where they begin with none: nothing there, a stray or missing continuation byte, an overlong form,
 * a surrogate, or a value beyond U+10FFFF. */
size_t sqlauth_utf8_decode(const char *bytes, size_t length, uint32_t *code_r);

#endif
