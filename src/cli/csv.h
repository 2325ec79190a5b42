/* Reading comma-separated values (RFC 4180), one record at a time. */
#ifndef SQLAUTH_CLI_CSV_H
#define SQLAUTH_CLI_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "output.h"

#define CLI_CSV_FIELDS_MAX       32
#define CLI_CSV_RECORD_BYTES_MAX (1 << 18)

struct cli_csv {
	FILE *file;
	const char *path;
	unsigned char ahead[3]; /* bytes that were read and not taken yet: ahead[ahead_at..ahead_count-1] */
	size_t ahead_at, ahead_count;
	size_t line;  /* where the record begins */
	size_t lines; /* read so far */
	char *fields[CLI_CSV_FIELDS_MAX];
	bool is_quoted[CLI_CSV_FIELDS_MAX]; /* by field: it is in quotes, so that blanks around it are meant */
	size_t count;                       /* fields of the record; 0 at the end of the file */
	size_t length;
	char record[CLI_CSV_RECORD_BYTES_MAX + 1]; /* the fields, each with a NUL; wiped by close */
};

/* `-`: stdin. USAGE, with the message printed, where the file cannot be read. A byte order mark is skipped. */
enum cli_status cli_csv_open(const char *path, struct cli_csv *csv_r) __attribute__((warn_unused_result));

/* The next record that is not an empty line; count 0: there is none. USAGE, with the message and the line printed, for
 * what is no CSV, holds a NUL byte, or is too long; FAILED for a read error. */
enum cli_status cli_csv_read(struct cli_csv *csv) __attribute__((warn_unused_result));

/* The part of the file that was read, in percent. */
int cli_csv_progress(const struct cli_csv *csv);

void cli_csv_close(struct cli_csv *csv);

/* Writes one field in quotes. */
void cli_csv_write_field(FILE *file, const char *field);

#endif
