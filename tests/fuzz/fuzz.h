/* One fuzz target: LLVMFuzzerTestOneInput, called by libFuzzer, or by replay.c with the seeds.
 *
 * A target judges every input: it aborts where the code under test breaks its contract.
 */
#ifndef TEST_FUZZ_H
#define TEST_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the process where a contract does not hold; the fuzzer keeps the input, replay.c has named it. */
#define DEMAND(condition)                                                                                              \
	do {                                                                                                           \
		if (!(condition)) {                                                                                    \
			(void)fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                          \
			abort();                                                                                       \
		}                                                                                                      \
	} while (0)

/* Part of an input, in memory of its exact size, so that a sanitizer sees every byte read beyond it. */
struct fuzz_part {
	char *bytes; /* with a NUL behind the last one only for fuzz_next_string */
	size_t length;
};

static inline struct fuzz_part fuzz_copy(const uint8_t *data, size_t length, size_t extra)
{
	struct fuzz_part part = {malloc(length + extra > 0 ? length + extra : 1), length};
	DEMAND(part.bytes != NULL);
	if (length > 0)
		memcpy(part.bytes, data, length);
	if (extra > 0)
		part.bytes[length] = '\0';
	return part;
}

/* Takes the bytes up to the next newline, or all that are left. */
static inline struct fuzz_part fuzz_next_line(const uint8_t **data, size_t *size)
{
	const uint8_t *end = *size > 0 ? memchr(*data, '\n', *size) : NULL;
	size_t length = end != NULL ? (size_t)(end - *data) : *size;
	struct fuzz_part part = fuzz_copy(*data, length, 0);
	*data += end != NULL ? length + 1 : length;
	*size -= end != NULL ? length + 1 : length;
	return part;
}

/* The same as a string, cut at its first NUL byte. */
static inline struct fuzz_part fuzz_next_string(const uint8_t **data, size_t *size)
{
	struct fuzz_part line = fuzz_next_line(data, size);
	struct fuzz_part string = fuzz_copy((const uint8_t *)line.bytes, strnlen(line.bytes, line.length), 1);
	free(line.bytes);
	return string;
}

#endif
