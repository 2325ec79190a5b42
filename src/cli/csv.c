/* A parser of one pass with one byte of state. Knows no column. */
#include "csv.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "sqlauth/secret.h"

enum state {
	FIELD_BEGINS,
	IN_FIELD,
	IN_QUOTES,
	QUOTE_IN_QUOTES, /* the end of the quotes, or the first of two that stand for one */
	RECORD_ENDS
};

static enum cli_status complain(const struct cli_csv *csv, const char *message)
{
	struct cli_quoted quoted;

	cli_complain("%s, line %zu: %s", cli_quote(&quoted, csv->path), csv->line, message);
	return CLI_USAGE;
}

enum cli_status cli_csv_open(const char *path, struct cli_csv *csv_r)
{
	static const unsigned char mark[] = {0xef, 0xbb, 0xbf};
	struct cli_quoted quoted;

	csv_r->path = path;
	csv_r->lines = csv_r->line = 0;
	csv_r->ahead_at = 0;
	csv_r->file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	if (!csv_r->file) {
		cli_complain("%s cannot be read: %s", cli_quote(&quoted, path), strerror(errno));
		return CLI_USAGE;
	}
	csv_r->ahead_count = fread(csv_r->ahead, 1, sizeof(csv_r->ahead), csv_r->file);
	if (ferror(csv_r->file)) {
		cli_complain("%s cannot be read: %s", cli_quote(&quoted, path), strerror(errno));
		return CLI_USAGE; /* a directory, for one */
	}
	if (csv_r->ahead_count == sizeof(mark) && memcmp(csv_r->ahead, mark, sizeof(mark)) == 0)
		csv_r->ahead_at = csv_r->ahead_count;
	return CLI_DONE;
}

static enum cli_status begin_field(struct cli_csv *csv)
{
	if (csv->count == CLI_CSV_FIELDS_MAX)
		return complain(csv, "too many fields");
	csv->is_quoted[csv->count] = false;
	csv->fields[csv->count++] = csv->record + csv->length;
	return CLI_DONE;
}

static void put(struct cli_csv *csv, int byte)
{
	csv->record[csv->length++] = (char)byte;
}

/* Takes one byte, EOF included. */
static enum cli_status take(struct cli_csv *csv, int byte, enum state *state)
{
	bool is_end = byte == '\n' || byte == EOF;

	if (csv->length + 2 > CLI_CSV_RECORD_BYTES_MAX)
		return complain(csv, "the record is too long");
	if (byte == '\0')
		return complain(csv, "holds a NUL byte");
	if (*state == IN_QUOTES) {
		if (byte == EOF)
			return complain(csv, "a quote is not closed");
		if (byte == '"')
			*state = QUOTE_IN_QUOTES;
		else
			put(csv, byte);
		return CLI_DONE;
	}
	if (byte == '"' && (*state == FIELD_BEGINS || *state == QUOTE_IN_QUOTES)) {
		if (*state == QUOTE_IN_QUOTES)
			put(csv, byte);
		csv->is_quoted[csv->count - 1] = true;
		*state = IN_QUOTES;
		return CLI_DONE;
	}
	if (is_end || byte == ',') {
		put(csv, '\0');
		*state = is_end ? RECORD_ENDS : FIELD_BEGINS;
		return is_end ? CLI_DONE : begin_field(csv);
	}
	if (byte == '"' || *state == QUOTE_IN_QUOTES)
		return complain(csv, "a quote in the middle of a field; write the field in quotes and the quote twice");
	put(csv, byte);
	*state = IN_FIELD;
	return CLI_DONE;
}

static int get(struct cli_csv *csv)
{
	return csv->ahead_at < csv->ahead_count ? csv->ahead[csv->ahead_at++] : getc(csv->file);
}

/* Takes the byte back that `get` gave last. */
static void unget(struct cli_csv *csv, int byte)
{
	if (csv->ahead_at > 0)
		csv->ahead_at--;
	else
		csv->ahead_count = 1;
	csv->ahead[csv->ahead_at] = (unsigned char)byte;
}

/* A CR LF is one line end, but in quotes, where it is text. */
static int next_byte(struct cli_csv *csv, enum state state)
{
	int byte = get(csv);

	if (byte == '\r' && state != IN_QUOTES) {
		int behind = get(csv);

		if (behind == '\n')
			byte = behind;
		else if (behind != EOF)
			unget(csv, behind);
	}
	csv->lines += byte == '\n';
	return byte;
}

static enum cli_status read_record(struct cli_csv *csv, int first)
{
	enum state state = FIELD_BEGINS;
	enum cli_status status = begin_field(csv);

	for (int byte = first; status == CLI_DONE; byte = next_byte(csv, state)) {
		status = take(csv, byte, &state);
		if (state == RECORD_ENDS)
			break;
	}
	return status;
}

enum cli_status cli_csv_read(struct cli_csv *csv)
{
	int byte;
	enum cli_status status = CLI_DONE;

	csv->count = csv->length = 0;
	do
		byte = next_byte(csv, FIELD_BEGINS);
	while (byte == '\n');
	csv->line = csv->lines + 1;
	if (byte != EOF)
		status = read_record(csv, byte);
	if (status == CLI_DONE && ferror(csv->file)) {
		complain(csv, strerror(errno));
		status = CLI_FAILED;
	}
	return status;
}

int cli_csv_progress(const struct cli_csv *csv)
{
	off_t at = ftello(csv->file);
	struct stat found;

	if (at < 0 || fstat(fileno(csv->file), &found) != 0 || found.st_size <= 0)
		return 0;
	return at >= found.st_size ? 100 : (int)(at * 100 / found.st_size);
}

void cli_csv_close(struct cli_csv *csv)
{
	if (csv->file)
		fclose(csv->file);
	csv->file = NULL;
	sqlauth_secret_wipe(csv->record, sizeof(csv->record));
}

void cli_csv_write_field(FILE *file, const char *field)
{
	putc('"', file);
	for (; *field; field++) {
		if (*field == '"')
			putc('"', file);
		putc(*field, file);
	}
	putc('"', file);
}
