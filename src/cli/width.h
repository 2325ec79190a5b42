/* How many columns of a terminal a text takes. */
#ifndef SQLAUTH_CLI_WIDTH_H
#define SQLAUTH_CLI_WIDTH_H

#include <stddef.h>

/* Of UTF-8 without control characters: 2 for the wide characters of East Asia and emoji, 0 for marks that combine with
 * the character before them, else 1. The locale does not matter. Bytes that are no UTF-8 count 1 each. */
size_t cli_width(const char *text);

#endif
