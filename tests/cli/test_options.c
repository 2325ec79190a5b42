/* The parser and the command table with a table of their own: nouns with verbs, and words in every place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "command.h"

enum option { NAME, FORCE, SORT };

static const struct cli_option options[] = {
	[NAME] = {"name", 'n', "NAME", "a value"},
	[FORCE] = {"force", 0, NULL, "a flag"},
	[SORT] = {"sort", 0, "[-]KEY", "a value that may begin with a dash"},
	{NULL, 0, NULL, NULL},
};

static enum cli_status run(const struct cli_arguments *arguments)
{
	(void)arguments;
	return CLI_DONE;
}

static const struct cli_command check = {"check", run, "", "", "", options};
static const struct cli_command client_add = {"client add", run, "", "", "", options};
static const struct cli_command client_show = {"client show", run, "", "", "", options};
static const struct cli_command clients = {"clients", run, "", "", "", options};
static const struct cli_command *const table[] = {&check, &client_add, &client_show, &clients};
#define TABLE (sizeof(table) / sizeof(table[0]))

/* One command line, NULL-terminated by what the initialiser leaves out, and what it means. */
struct row {
	const char *argv[10];
	enum cli_status status;
	const struct cli_command *command;
	const char *database, *name, *force; /* NULL: not given */
	const char *operands;                /* joined by one space each */
};

static void join(const struct cli_arguments *arguments, char *joined, size_t size)
{
	struct sqlauth_text text;

	sqlauth_text_init(&text, joined, size);
	for (size_t i = 0; i < arguments->operand_count; i++)
		sqlauth_text_add(&text, "%s%s", i > 0 ? " " : "", arguments->operands[i]);
}

static void assert_same(size_t row, const char *what, const char *got, const char *expected)
{
	if (!got != !expected || (got && strcmp(got, expected) != 0))
		fail_msg("row %zu: %s is %s, not %s", row, what, got ? got : "NULL", expected ? expected : "NULL");
}

static void check_row(size_t index, const struct row *row)
{
	char *argv[10];
	char joined[128];
	struct cli_arguments arguments;
	const struct cli_command *command = NULL;
	enum cli_status status;

	for (size_t i = 0; i < 10; i++)
		argv[i] = (char *)(uintptr_t)row->argv[i];
	cli_arguments_init(&arguments, argv);
	status = cli_command_find(table, TABLE, &arguments, &command);
	if (status == CLI_DONE && command)
		status = cli_arguments_take_rest(&arguments, command->options);
	if (status != row->status)
		fail_msg("row %zu: status %d, not %d", index, (int)status, (int)row->status);
	if (status != CLI_DONE)
		return;
	join(&arguments, joined, sizeof(joined));
	assert_same(index, "command", command ? command->name : NULL, row->command ? row->command->name : NULL);
	assert_same(index, "database", arguments.common[CLI_OPTION_DATABASE], row->database);
	assert_same(index, "name", arguments.own[NAME], row->name);
	assert_same(index, "force", arguments.own[FORCE], row->force);
	assert_same(index, "operands", joined, row->operands);
}

static void options_and_operands_are_told_apart_in_any_order(void **state)
{
	static const struct row rows[] = {
		{{"s"}, CLI_DONE, NULL, NULL, NULL, NULL, ""},
		{{"s", "check"}, CLI_DONE, &check, NULL, NULL, NULL, ""},
		{{"s", "check", "a", "--force", "b"}, CLI_DONE, &check, NULL, NULL, "", "a b"},
		{{"s", "--database", "x", "check", "a", "-n", "v", "b"}, CLI_DONE, &check, "x", "v", NULL, "a b"},
		{{"s", "check", "a", "-nv", "b", "-dx"}, CLI_DONE, &check, "x", "v", NULL, "a b"},
		{{"s", "check", "--name=v=w", "--database="}, CLI_USAGE, NULL, NULL, NULL, NULL, NULL},
		{{"s", "check", "--name="}, CLI_DONE, &check, NULL, "", NULL, ""},
		{{"s", "check", "--name", ""}, CLI_DONE, &check, NULL, "", NULL, ""},
		{{"s", "check", "--name", "-"}, CLI_DONE, &check, NULL, "-", NULL, ""},
		{{"s", "check", "--name", "--force"}, CLI_USAGE, NULL, NULL, NULL, NULL, NULL},
		{{"s", "check", "--name", "--"}, CLI_USAGE, NULL, NULL, NULL, NULL, NULL},
		{{"s", "check", "--name=--force"}, CLI_DONE, &check, NULL, "--force", NULL, ""},
		{{"s", "check", "a", "--", "--force", "--", "-n"}, CLI_DONE, &check, NULL, NULL, NULL,
			"a --force -- -n"},
		{{"s", "--", "check", "--force"}, CLI_DONE, &check, NULL, NULL, NULL, "--force"},
		{{"s", "check", "--forc"}, CLI_USAGE, NULL, NULL, NULL, NULL, NULL},
		{{"s", "check", "--force=1"}, CLI_USAGE, NULL, NULL, NULL, NULL, NULL},
		{{"s", "check", "--force", "--force"}, CLI_USAGE, NULL, NULL, NULL, NULL, NULL},
		{{"s", "check", "-n"}, CLI_USAGE, NULL, NULL, NULL, NULL, NULL},
		{{"s", "check", "--=v"}, CLI_USAGE, NULL, NULL, NULL, NULL, NULL},
		{{"s", "--force", "check"}, CLI_USAGE, NULL, NULL, NULL, NULL, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_row(i, &rows[i]);
}

static void a_dash_may_be_a_part_of_a_value_but_two_are_an_option(void **state)
{
	char *argv[] = {"s", "check", "--sort", "-name", "--force", NULL};
	char *forgotten[] = {"s", "check", "--sort", "--force", NULL};
	struct cli_arguments arguments;
	const struct cli_command *command = NULL;

	(void)state;
	cli_arguments_init(&arguments, argv);
	assert_int_equal(cli_command_find(table, TABLE, &arguments, &command), CLI_DONE);
	assert_int_equal(cli_arguments_take_rest(&arguments, options), CLI_DONE);
	assert_string_equal(arguments.own[SORT], "-name");
	assert_non_null(arguments.own[FORCE]);
	cli_arguments_init(&arguments, forgotten);
	assert_int_equal(cli_command_find(table, TABLE, &arguments, &command), CLI_DONE);
	assert_int_equal(cli_arguments_take_rest(&arguments, options), CLI_USAGE);
}

static void a_command_is_one_word_or_a_noun_and_a_verb(void **state)
{
	static const struct row rows[] = {
		{{"s", "client", "add", "x"}, CLI_DONE, &client_add, NULL, NULL, NULL, "x"},
		{{"s", "client", "show"}, CLI_DONE, &client_show, NULL, NULL, NULL, ""},
		{{"s", "-d", "x", "client", "--help", "add", "y"}, CLI_DONE, &client_add, "x", NULL, NULL, "y"},
		{{"s", "client", "-dx", "show", "--force"}, CLI_DONE, &client_show, "x", NULL, "", ""},
		{{"s", "clients", "add"}, CLI_DONE, &clients, NULL, NULL, NULL, "add"},
		{{"s", "client"}, CLI_USAGE, NULL, NULL, NULL, NULL, NULL},
		{{"s", "client", "ad"}, CLI_USAGE, NULL, NULL, NULL, NULL, NULL},
		{{"s", "clien", "add"}, CLI_USAGE, NULL, NULL, NULL, NULL, NULL},
		{{"s", "add"}, CLI_USAGE, NULL, NULL, NULL, NULL, NULL},
		{{"s", "client", "--force", "add"}, CLI_USAGE, NULL, NULL, NULL, NULL, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_row(i, &rows[i]);
}

static void an_empty_argv_is_an_empty_command_line(void **state)
{
	static const struct row row = {{NULL}, CLI_DONE, NULL, NULL, NULL, NULL, ""};

	(void)state;
	check_row(0, &row);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_and_operands_are_told_apart_in_any_order),
		cmocka_unit_test(a_dash_may_be_a_part_of_a_value_but_two_are_an_option),
		cmocka_unit_test(a_command_is_one_word_or_a_noun_and_a_verb),
		cmocka_unit_test(an_empty_argv_is_an_empty_command_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
