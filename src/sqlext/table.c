/* The virtual table module behind every table-valued function here. Knows none of them. */
#include "table.h"

#include <stdlib.h>
#include <string.h>

struct table {
	sqlite3_vtab base; /* first: SQLite sees only this */
	sqlite3 *db;
	const struct sqlauth_sqlext_table *description;
};

struct cursor {
	sqlite3_vtab_cursor base;
	struct sqlauth_sqlext_rows rows;
	size_t at;
};

enum sqlauth_error sqlauth_sqlext_add_row(struct sqlauth_sqlext_rows *rows, const char *const *cells, size_t count)
{
	struct sqlauth_sqlext_row row = {{NULL}};

	if (rows->count == rows->capacity) {
		size_t capacity = rows->capacity == 0 ? 8 : 2 * rows->capacity;
		struct sqlauth_sqlext_row *grown = realloc(rows->items, capacity * sizeof *grown);

		if (!grown)
			return SQLAUTH_ERROR_MEMORY;
		rows->items = grown;
		rows->capacity = capacity;
	}
	for (size_t i = 0; i < count; i++) {
		if (!cells[i] || (row.cells[i] = strdup(cells[i])))
			continue;
		while (i-- > 0)
			free(row.cells[i]);
		return SQLAUTH_ERROR_MEMORY;
	}
	rows->items[rows->count++] = row;
	return SQLAUTH_OK;
}

static void clear_rows(struct sqlauth_sqlext_rows *rows)
{
	for (size_t i = 0; i < rows->count; i++) {
		for (size_t cell = 0; cell < SQLAUTH_SQLEXT_CELLS_MAX; cell++)
			free(rows->items[i].cells[cell]);
	}
	free(rows->items);
	memset(rows, 0, sizeof *rows);
}

static void set_message(sqlite3_vtab *table, const char *message)
{
	size_t size = strlen(message) + 1;

	sqlite3_free(table->zErrMsg);
	table->zErrMsg = sqlite3_malloc64(size);
	if (table->zErrMsg)
		memcpy(table->zErrMsg, message, size);
}

static int connect_table(
	sqlite3 *db, void *description, int count, const char *const *words, sqlite3_vtab **table_r, char **message)
{
	const struct sqlauth_sqlext_table *described = description;
	struct table *table;
	int code = sqlite3_declare_vtab(db, described->declaration);

	(void)count;
	(void)words;
	(void)message;
	if (code == SQLITE_OK)
		code = sqlite3_vtab_config(db, described->risk);
	if (code != SQLITE_OK)
		return code;
	table = sqlite3_malloc(sizeof *table);
	if (!table)
		return SQLITE_NOMEM;
	memset(table, 0, sizeof *table);
	table->db = db;
	table->description = described;
	*table_r = &table->base;
	return SQLITE_OK;
}

static int disconnect_table(sqlite3_vtab *table)
{
	sqlite3_free(table);
	return SQLITE_OK;
}

/* Only one plan is good: every argument is known. SQLITE_CONSTRAINT asks SQLite for another order of its joins. */
static int choose_plan(sqlite3_vtab *base, sqlite3_index_info *info)
{
	const struct sqlauth_sqlext_table *description = ((const struct table *)base)->description;
	int found = 0;

	for (int i = 0; i < info->nConstraint; i++) {
		int argument = info->aConstraint[i].iColumn - description->columns;

		if (argument < 0 || info->aConstraint[i].op != SQLITE_INDEX_CONSTRAINT_EQ || (found & 1 << argument))
			continue; /* SQLite itself looks at a second condition on the same argument */
		if (!info->aConstraint[i].usable)
			return SQLITE_CONSTRAINT;
		info->aConstraintUsage[i].argvIndex = argument + 1;
		info->aConstraintUsage[i].omit = 1;
		found |= 1 << argument;
	}
	if (found != (1 << description->arguments) - 1) {
		set_message(base, description->usage);
		return SQLITE_ERROR;
	}
	info->estimatedCost = 1000;
	info->estimatedRows = 10;
	return SQLITE_OK;
}

static int open_cursor(sqlite3_vtab *table, sqlite3_vtab_cursor **cursor_r)
{
	struct cursor *cursor = sqlite3_malloc(sizeof *cursor);

	(void)table;
	if (!cursor)
		return SQLITE_NOMEM;
	memset(cursor, 0, sizeof *cursor);
	*cursor_r = &cursor->base;
	return SQLITE_OK;
}

static int close_cursor(sqlite3_vtab_cursor *base)
{
	struct cursor *cursor = (struct cursor *)base;

	clear_rows(&cursor->rows);
	sqlite3_free(cursor);
	return SQLITE_OK;
}

static int start(sqlite3_vtab_cursor *base, int plan, const char *plan_text, int count, sqlite3_value **values)
{
	struct cursor *cursor = (struct cursor *)base;
	struct table *table = (struct table *)base->pVtab;
	char buffer[SQLAUTH_MESSAGE_SIZE];
	struct sqlauth_text why;
	enum sqlauth_error error;

	(void)plan;
	(void)plan_text;
	(void)count;
	clear_rows(&cursor->rows);
	cursor->at = 0;
	sqlauth_text_init(&why, buffer, sizeof buffer);
	error = table->description->fill(table->db, values, &cursor->rows, &why);
	if (error == SQLAUTH_OK)
		return SQLITE_OK;
	clear_rows(&cursor->rows);
	if (error == SQLAUTH_ERROR_MEMORY)
		return SQLITE_NOMEM;
	set_message(base->pVtab, why.length > 0 ? why.data : sqlauth_strerror(error));
	return SQLITE_ERROR;
}

static int next(sqlite3_vtab_cursor *base)
{
	((struct cursor *)base)->at++;
	return SQLITE_OK;
}

static int at_end(sqlite3_vtab_cursor *base)
{
	const struct cursor *cursor = (const struct cursor *)base;

	return cursor->at >= cursor->rows.count;
}

/* Arguments read back are NULL: nobody needs them. */
static int give_column(sqlite3_vtab_cursor *base, sqlite3_context *context, int column)
{
	const struct cursor *cursor = (const struct cursor *)base;
	const char *cell = column < SQLAUTH_SQLEXT_CELLS_MAX ? cursor->rows.items[cursor->at].cells[column] : NULL;

	if (cell)
		sqlite3_result_text(context, cell, -1, SQLITE_TRANSIENT);
	return SQLITE_OK;
}

static int give_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *rowid_r)
{
	*rowid_r = (sqlite3_int64)((const struct cursor *)base)->at;
	return SQLITE_OK;
}

/* No xCreate: eponymous, it cannot be made with CREATE VIRTUAL TABLE and so not be kept in a schema. */
static const sqlite3_module module = {
	.iVersion = 0,
	.xConnect = connect_table,
	.xBestIndex = choose_plan,
	.xDisconnect = disconnect_table,
	.xOpen = open_cursor,
	.xClose = close_cursor,
	.xFilter = start,
	.xNext = next,
	.xEof = at_end,
	.xColumn = give_column,
	.xRowid = give_rowid,
};

int sqlauth_sqlext_register_table(sqlite3 *db, const struct sqlauth_sqlext_table *table)
{
	return sqlite3_create_module_v2(db, table->name, &module, (void *)table, NULL);
}
