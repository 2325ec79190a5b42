/* Reads tests/data/passwords/vectors.tsv: hashes that other tools made, and the passwords they are for. */
#ifndef PASSWORD_VECTORS_H
#define PASSWORD_VECTORS_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VECTORS_MAX 128

struct vector {
	int line;
	char *scheme; /* owns the line that scheme and hash stand in */
	char *hash;
	char *password; /* decoded; may hold NUL bytes */
	size_t length;
};

static struct vector vectors[VECTORS_MAX];
static size_t vector_count;

/* \xNN is a byte, \{N} repeats the byte before it until there are N of it. A malloc of its own, so that reading beyond
 * the end is found. */
static char *decode_password(const char *text, size_t *length_r)
{
	static char decoded[1 << 16];
	size_t length = 0;
	char *password;

	while (*text) {
		char *end;

		if (strncmp(text, "\\x", 2) == 0) {
			char digits[3] = {text[2], text[3], '\0'};

			decoded[length++] = (char)strtoul(digits, NULL, 16);
			text += 4;
		} else if (strncmp(text, "\\{", 2) == 0) {
			size_t count = strtoul(text + 2, &end, 10);

			memset(decoded + length, decoded[length - 1], count - 1);
			length += count - 1;
			text = end + 1;
		} else {
			decoded[length++] = *text++;
		}
	}
	password = malloc(length > 0 ? length : 1);
	if (password)
		memcpy(password, decoded, length);
	*length_r = length;
	return password;
}

static bool load_vectors(void)
{
	FILE *file = fopen(TEST_DATA "/passwords/vectors.tsv", "r");
	char line[1024];

	for (int number = 1; file && fgets(line, sizeof line, file) && vector_count < VECTORS_MAX; number++) {
		struct vector *vector = &vectors[vector_count];
		char *password, *hash;

		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '#' || line[0] == '\0')
			continue;
		vector->scheme = strdup(line);
		password = strchr(vector->scheme, '\t');
		hash = password ? strchr(password + 1, '\t') : NULL;
		if (!hash)
			break;
		*password++ = '\0';
		*hash++ = '\0';
		vector->line = number;
		vector->hash = hash;
		vector->password = decode_password(password, &vector->length);
		vector_count++;
	}
	if (!file)
		return false;
	fclose(file);
	return vector_count > 0;
}

static void free_vectors(void)
{
	for (size_t i = 0; i < vector_count; i++) {
		free(vectors[i].scheme);
		free(vectors[i].password);
	}
	vector_count = 0;
}

#endif
