/* The CSV of `sqlauth client import`. Input: a file. Every record that is read comes out the same when it is written
 * with every field in quotes and read again, and holds no NUL beyond the ends of its fields. (-close_fd_mask=2 hides
 * what it says about what is no CSV.) */
#include "cli/csv.h"
#include "fuzz.h"

static struct cli_csv first, second;

static void open_memory(struct cli_csv *csv, void *bytes, size_t length)
{
	csv->path = "input";
	csv->line = csv->lines = 0;
	csv->file = fmemopen(bytes, length, "r");
	DEMAND(csv->file != NULL);
}

static void demand_same_when_written(const struct cli_csv *csv)
{
	char *text = NULL;
	size_t length = 0;
	FILE *file = open_memstream(&text, &length);

	DEMAND(file != NULL);
	for (size_t i = 0; i < csv->count; i++) {
		if (i > 0)
			putc(',', file);
		cli_csv_write_field(file, csv->fields[i]);
	}
	fclose(file);
	open_memory(&second, text, length);
	/* doubled quotes may make a record too long: then it is refused, which is no wrong answer */
	if (cli_csv_read(&second) == CLI_DONE) {
		DEMAND(second.count == csv->count);
		for (size_t i = 0; i < csv->count; i++)
			DEMAND(strcmp(second.fields[i], csv->fields[i]) == 0);
	}
	fclose(second.file);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_part input = fuzz_copy(data, size, 0);

	if (size > 0) {
		open_memory(&first, input.bytes, size);
		while (cli_csv_read(&first) == CLI_DONE && first.count > 0) {
			DEMAND(first.count <= CLI_CSV_FIELDS_MAX && first.length <= CLI_CSV_RECORD_BYTES_MAX);
			DEMAND(first.record[first.length - 1] == '\0');
			demand_same_when_written(&first);
		}
		fclose(first.file);
	}
	free(input.bytes);
	return 0;
}
