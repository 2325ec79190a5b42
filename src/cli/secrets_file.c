/* The life of a file of secrets. Knows nothing of clients. */
#include "secrets_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "csv.h"
#include "sqlauth/secret.h"

enum cli_status cli_secrets_file_create(const char *path, struct cli_secrets_file *secrets_r)
{
	struct cli_quoted quoted;
	int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	memset(secrets_r, 0, sizeof(*secrets_r));
	if (descriptor < 0) {
		cli_complain("%s cannot be created for the secrets: %s", cli_quote(&quoted, path), strerror(errno));
		return CLI_USAGE;
	}
	secrets_r->file = fdopen(descriptor, "w");
	if (!secrets_r->file) {
		close(descriptor);
		unlink(path);
		cli_complain("out of memory");
		return CLI_FAILED;
	}
	secrets_r->path = path;
	setvbuf(secrets_r->file, secrets_r->buffer, _IOFBF, sizeof(secrets_r->buffer)); /* one that can be wiped */
	fputs("name,username,secret\n", secrets_r->file);
	return CLI_DONE;
}

void cli_secrets_file_add(struct cli_secrets_file *secrets, const char *name, const char *username, const char *secret)
{
	cli_csv_write_field(secrets->file, name);
	putc(',', secrets->file);
	cli_csv_write_field(secrets->file, username);
	fprintf(secrets->file, ",%s\n", secret);
	secrets->count++;
}

enum cli_status cli_secrets_file_sync(struct cli_secrets_file *secrets)
{
	struct cli_quoted quoted;

	if (!secrets->file)
		return CLI_DONE;
	errno = 0;
	if (fflush(secrets->file) == 0 && !ferror(secrets->file) && fsync(fileno(secrets->file)) == 0)
		return CLI_DONE;
	cli_complain("%s cannot be written: %s", cli_quote(&quoted, secrets->path), strerror(errno));
	return CLI_FAILED;
}

void cli_secrets_file_finish(struct cli_secrets_file *secrets, enum cli_status status)
{
	if (!secrets->file)
		return;
	fclose(secrets->file);
	secrets->file = NULL;
	if (status != CLI_DONE || secrets->count == 0)
		unlink(secrets->path);
	sqlauth_secret_wipe(secrets->buffer, sizeof(secrets->buffer));
}
