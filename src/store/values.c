/* Columns of a row to values of ours, for rows that may have been written in bad faith. Every type is checked and
 * every size bounded; what does not fit is an error, never a guess. */
#include "store_internal.h"

#include <stdlib.h>
#include <string.h>

enum sqlauth_error sqlauth_row_peek(sqlite3_stmt *row, int column, const char **text_r, size_t *length_r)
{
	const char *text;
	size_t length;

	if (sqlite3_column_type(row, column) != SQLITE_TEXT)
		return SQLAUTH_ERROR_DATABASE;
	text = (const char *)sqlite3_column_text(row, column);
	if (text == NULL)
		return SQLAUTH_ERROR_MEMORY;
	length = (size_t)sqlite3_column_bytes(row, column);
	if (length > SQLAUTH_STORE_TEXT_BYTES_MAX || memchr(text, '\0', length) != NULL)
		return SQLAUTH_ERROR_DATABASE;
	*text_r = text;
	*length_r = length;
	return SQLAUTH_OK;
}

enum sqlauth_error sqlauth_row_text(sqlite3_stmt *row, int column, bool nullable, char **text_r)
{
	enum sqlauth_error error;
	const char *text;
	size_t length;
	char *copy;

	if (nullable && sqlite3_column_type(row, column) == SQLITE_NULL) {
		*text_r = NULL;
		return SQLAUTH_OK;
	}
	error = sqlauth_row_peek(row, column, &text, &length);
	if (error != SQLAUTH_OK)
		return error;
	copy = malloc(length + 1);
	if (copy == NULL)
		return SQLAUTH_ERROR_MEMORY;
	memcpy(copy, text, length);
	copy[length] = '\0';
	*text_r = copy;
	return SQLAUTH_OK;
}

enum sqlauth_error sqlauth_row_integer(sqlite3_stmt *row, int column, int64_t *integer_r)
{
	if (sqlite3_column_type(row, column) != SQLITE_INTEGER)
		return SQLAUTH_ERROR_DATABASE;
	*integer_r = sqlite3_column_int64(row, column);
	return SQLAUTH_OK;
}

enum sqlauth_error sqlauth_row_word(sqlite3_stmt *row, int column, const char *const *words, int count, int *index_r)
{
	const char *text;
	size_t length;
	enum sqlauth_error error = sqlauth_row_peek(row, column, &text, &length);

	if (error != SQLAUTH_OK)
		return error;
	for (int i = 0; i < count; i++) {
		if (strcmp(text, words[i]) == 0) {
			*index_r = i;
			return SQLAUTH_OK;
		}
	}
	return SQLAUTH_ERROR_DATABASE;
}
