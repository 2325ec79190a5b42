/* Pages of rows, printed. The rows of a page are kept until all widths are known. Knows no table's meaning. */
#include "listing.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "width.h"

#define COLUMN_WIDTH_MAX 60 /* longer values stand as they are and push their row out */
#define CELL_BYTES_MAX   1024

/* Rows with their texts, all owned. */
struct rows {
	const struct cli_column *columns;
	size_t column_count;
	char **cells; /* row by row */
	size_t count, capacity;
};

static size_t count_columns(const struct cli_column *columns)
{
	size_t count = 0;

	while (columns[count].title || columns[count].key)
		count++;
	return count;
}

static void clear_rows(struct rows *rows)
{
	for (size_t i = 0; i < rows->count * rows->column_count; i++)
		free(rows->cells[i]);
	free(rows->cells);
}

static enum sqlauth_error keep_row(void *context, const char *const *columns)
{
	struct rows *rows = context;
	char **cells;

	if (rows->count == rows->capacity) {
		size_t capacity = rows->capacity == 0 ? 64 : 2 * rows->capacity;

		cells = realloc(rows->cells, capacity * rows->column_count * sizeof(*cells));
		if (!cells)
			return SQLAUTH_ERROR_MEMORY;
		rows->cells = cells;
		rows->capacity = capacity;
	}
	cells = rows->cells + rows->count * rows->column_count;
	memset(cells, 0, rows->column_count * sizeof(*cells));
	rows->count++;
	for (size_t i = 0; i < rows->column_count; i++) {
		if (columns[i] && !(cells[i] = strdup(columns[i])))
			return SQLAUTH_ERROR_MEMORY;
	}
	return SQLAUTH_OK;
}

/* ---- as a table */

struct cell {
	char text[4 * CELL_BYTES_MAX + sizeof("\"...\"")];
};

/* A table sets its cells apart without quotes, so quotes and backslashes stand for themselves; whatever else would be
 * escaped, is. */
static const char *show_text(struct cell *cell, const char *value)
{
	char piece[4 * CELL_BYTES_MAX + sizeof("\"...\"")];
	struct sqlauth_text shown, text;

	sqlauth_text_init(&shown, cell->text, sizeof(cell->text));
	while (*value && !shown.truncated) {
		size_t length = strcspn(value, "\"\\");

		if (length > CELL_BYTES_MAX)
			for (length = CELL_BYTES_MAX; ((unsigned char)value[length] & 0xc0) == 0x80 && length > 1;)
				length--; /* not into a character */
		sqlauth_text_init(&text, piece, sizeof(piece));
		sqlauth_text_add_quoted(&text, value, length, sizeof(piece));
		sqlauth_text_add(&shown, "%.*s", (int)text.length - 2, text.data + 1);
		value += length;
		if (*value == '"' || *value == '\\')
			sqlauth_text_add(&shown, "%c", *value++);
	}
	return shown.data;
}

static const char *show(struct cell *cell, const struct cli_column *column, const char *value)
{
	if (!value)
		return "";
	if (column->kind == CLI_JSON_FLAG)
		return strcmp(value, "1") == 0 ? "yes" : "no";
	return show_text(cell, value);
}

/* Whether a column stands in the table; what is JSON stands below its row, where it may be long. */
static bool is_in_table(const struct cli_column *column)
{
	return column->title && column->kind != CLI_JSON_RAW;
}

static void print_cell(const char *text, size_t width, bool is_last)
{
	fputs(text, stdout);
	if (is_last)
		return;
	for (size_t shown = cli_width(text); shown < width + 2; shown++)
		putchar(' ');
}

static size_t find_width(const struct rows *rows, size_t column)
{
	size_t width = cli_width(rows->columns[column].title);
	struct cell cell;

	for (size_t i = 0; i < rows->count; i++) {
		size_t found =
			cli_width(show(&cell, &rows->columns[column], rows->cells[i * rows->column_count + column]));

		if (found > width && found <= COLUMN_WIDTH_MAX)
			width = found;
	}
	return width;
}

static size_t find_last(const struct rows *rows)
{
	size_t last = 0;

	for (size_t i = 0; i < rows->column_count; i++)
		last = is_in_table(&rows->columns[i]) ? i : last;
	return last;
}

static void print_below(const struct rows *rows, size_t row, const char *indent)
{
	struct cell cell;

	for (size_t i = 0; i < rows->column_count; i++) {
		const char *value = rows->cells[row * rows->column_count + i];

		if (value && rows->columns[i].title && !is_in_table(&rows->columns[i]))
			printf("%s  %s: %s\n", indent, rows->columns[i].title, show(&cell, &rows->columns[i], value));
	}
}

static void print_table(const struct rows *rows, const char *indent)
{
	size_t widths[SQLAUTH_ADMIN_VALUES_MAX] = {0};
	size_t last = find_last(rows);
	struct cell cell;

	fputs(indent, stdout);
	for (size_t i = 0; i <= last; i++) {
		if (!is_in_table(&rows->columns[i]))
			continue;
		widths[i] = find_width(rows, i);
		print_cell(rows->columns[i].title, widths[i], i == last);
	}
	putchar('\n');
	for (size_t row = 0; row < rows->count; row++) {
		fputs(indent, stdout);
		for (size_t i = 0; i <= last; i++) {
			if (is_in_table(&rows->columns[i]))
				print_cell(show(&cell, &rows->columns[i], rows->cells[row * rows->column_count + i]),
					widths[i], i == last);
		}
		putchar('\n');
		print_below(rows, row, indent);
	}
}

/* ---- as JSON */

static void print_json(const struct rows *rows)
{
	putchar('[');
	for (size_t row = 0; row < rows->count; row++) {
		const char *separator = "{";

		fputs(row == 0 ? "\n" : ",\n", stdout);
		for (size_t i = 0; i < rows->column_count; i++) {
			if (!rows->columns[i].key)
				continue;
			fputs(separator, stdout);
			cli_json_print_string(rows->columns[i].key);
			putchar(':');
			cli_json_print_value(rows->columns[i].kind, rows->cells[row * rows->column_count + i]);
			separator = ",";
		}
		putchar('}');
	}
	putchar(']');
}

/* ---- pages */

enum cli_status cli_parse_number(
	const struct cli_arguments *arguments, const char *option, const char *text, int64_t highest, int64_t *number_r)
{
	struct cli_quoted quoted;
	char *end;
	long long number;

	errno = 0;
	number = strtoll(text, &end, 10);
	if (errno != 0 || *text < '0' || *text > '9' || *end != '\0' || number < 1 || number > highest)
		return cli_complain_usage(arguments->command, "--%s wants a number from 1 to %" PRId64 ", not %s",
			option, highest, cli_quote(&quoted, text));
	*number_r = number;
	return CLI_DONE;
}

struct page {
	int64_t number, length, count; /* count: rows on all pages */
	char *search;                  /* escaped for LIKE; NULL: all rows */
	char length_text[24], skipped_text[24];
};

/* A copy in which LIKE takes every character for itself. */
static char *escape_search(const char *search)
{
	char *escaped = malloc(2 * strlen(search) + 1);
	char *next = escaped;

	if (!escaped)
		return NULL;
	for (; *search; search++) {
		if (strchr("%_\\", *search))
			*next++ = '\\';
		*next++ = *search;
	}
	*next = '\0';
	return escaped;
}

static enum cli_status read_page_options(
	const struct cli_arguments *arguments, const struct cli_page_options *options, struct page *page)
{
	const struct sqlauth_text none = {0};
	enum cli_status status = CLI_DONE;

	*page = (struct page){.number = 1, .length = CLI_PER_PAGE_DEFAULT};
	if (options->page)
		status = cli_parse_number(arguments, "page", options->page, INT32_MAX, &page->number);
	if (status == CLI_DONE && options->per_page)
		status = cli_parse_number(arguments, "per-page", options->per_page, CLI_PER_PAGE_MAX, &page->length);
	if (status != CLI_DONE)
		return status;
	snprintf(page->length_text, sizeof(page->length_text), "%" PRId64, page->length);
	snprintf(page->skipped_text, sizeof(page->skipped_text), "%" PRId64, (page->number - 1) * page->length);
	if (options->search && !(page->search = escape_search(options->search)))
		return cli_complain_error(SQLAUTH_ERROR_MEMORY, &none, CLI_FAILED);
	return CLI_DONE;
}

static int64_t count_pages(const struct page *page)
{
	return page->count == 0 ? 1 : (page->count + page->length - 1) / page->length;
}

static void print_page(
	const struct cli_listing *listing, const struct page *page, const struct rows *rows, bool is_json)
{
	if (is_json) {
		putchar('{');
		cli_json_print_string(listing->noun);
		putchar(':');
		print_json(rows);
		printf(",\"count\":%" PRId64 ",\"page\":%" PRId64 ",\"pages\":%" PRId64 ",\"per_page\":%" PRId64 "}\n",
			page->count, page->number, count_pages(page), page->length);
		return;
	}
	if (rows->count > 0) {
		print_table(rows, "");
		putchar('\n');
	}
	printf("%" PRId64 " %.*s, ", page->count, (int)strlen(listing->noun) - (page->count == 1), listing->noun);
	if (page->number <= count_pages(page))
		printf("page %" PRId64 " of %" PRId64 "\n", page->number, count_pages(page));
	else
		printf("and no page %" PRId64 ": the last one is %" PRId64 "\n", page->number, count_pages(page));
}

enum cli_status cli_listing_print(const struct cli_arguments *arguments, const struct cli_listing *listing,
	const struct cli_page_options *options)
{
	struct rows rows = {.columns = listing->columns, .column_count = count_columns(listing->columns)};
	struct cli_row counted = {.count = 1};
	struct cli_database database = {0};
	struct page page;
	enum cli_status status = read_page_options(arguments, options, &page);

	if (status == CLI_DONE)
		status = cli_database_open(arguments, &database);
	if (status == CLI_DONE)
		status = cli_database_read_row(&database, listing->count, CLI_VALUES(page.search), &counted);
	if (status == CLI_DONE)
		status = cli_database_read(&database, listing->rows,
			CLI_VALUES(page.search, page.length_text, page.skipped_text), keep_row, &rows);
	if (status == CLI_DONE) {
		page.count = strtoll(counted.columns[0], NULL, 10);
		print_page(listing, &page, &rows, options->json);
	}
	cli_row_clear(&counted);
	clear_rows(&rows);
	free(page.search);
	return cli_database_finish(&database, status);
}

enum cli_status cli_listing_print_all(struct cli_database *database, enum sqlauth_admin_action action,
	const char *const *values, size_t count, const struct cli_column *columns, bool is_json)
{
	struct rows rows = {.columns = columns, .column_count = count_columns(columns)};
	enum cli_status status = cli_database_read(database, action, values, count, keep_row, &rows);

	if (status == CLI_DONE && is_json)
		print_json(&rows);
	else if (status == CLI_DONE && rows.count > 0)
		print_table(&rows, "  ");
	clear_rows(&rows);
	return status;
}
