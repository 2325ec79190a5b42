/* A file for generated secrets: CSV, readable by its maker alone, and there only if all went well. */
#ifndef SQLAUTH_CLI_SECRETS_FILE_H
#define SQLAUTH_CLI_SECRETS_FILE_H

#include <stddef.h>
#include <stdio.h>

#include "output.h"

struct cli_secrets_file {
	const char *path; /* NULL: none */
	FILE *file;
	size_t count; /* secrets written */
	char buffer[4096];
};

/* Makes the file, mode 0600, where there is nothing yet. USAGE, with the message printed. */
enum cli_status cli_secrets_file_create(const char *path, struct cli_secrets_file *secrets_r)
	__attribute__((warn_unused_result));

void cli_secrets_file_add(struct cli_secrets_file *secrets, const char *name, const char *username, const char *secret);

/* Sees it through to the disk. FAILED, with the message printed. */
enum cli_status cli_secrets_file_sync(struct cli_secrets_file *secrets) __attribute__((warn_unused_result));

/* Closes it, and removes it where status is not DONE or it holds no secret. */
void cli_secrets_file_finish(struct cli_secrets_file *secrets, enum cli_status status);

#endif
