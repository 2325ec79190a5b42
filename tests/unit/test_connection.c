/* How well a connection of the tool waits for its turn; how long, tests/cli/test_manage.py. */
#include "store/connection.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "sqlauth/admin.h"
#include "sqlauth/maintenance.h"
#include "store_database.h"

#define MILLISECOND_NS 1000000

static struct database database;
static pid_t writer;

static int setup(void **state)
{
	(void)state;
	database_init(&database);
	database_create(&database, DATABASE_CONTENT);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	database_fini(&database);
	return 0;
}

static void pause_for(long ms)
{
	nanosleep(&(struct timespec){.tv_nsec = ms * MILLISECOND_NS}, NULL);
}

/* Another process with one transaction after the other: each lasts held_ms, and free_ms lie between two. */
static void start_writer(const char *path, const char *begin, long held_ms, long free_ms)
{
	int ready[2];
	char byte;

	assert_int_equal(pipe(ready), 0);
	writer = fork();
	if (writer == 0) {
		sqlite3 *db = database_connect(path);

		alarm(60); /* also where the test fails before it ends us */
		for (bool said = false;; said = true) {
			/* after SQLITE_BUSY it has none to end, and begins the next one */
			sqlite3_exec(db, begin, NULL, NULL, NULL);
			if (!said && write(ready[1], "x", 1) != 1)
				_exit(1);
			pause_for(held_ms);
			sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
			pause_for(free_ms);
		}
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	close(ready[1]);
}

static void end_writer(void)
{
	assert_int_equal(kill(writer, SIGKILL), 0);
	assert_int_equal(waitpid(writer, NULL, 0), writer);
}

/* Free for 1 ms in 101: who looks ten times a second, as SQLite does, does not find that ten times in a row. */
static void it_finds_the_gap_between_the_transactions_of_a_writer_that_never_rests(void **state)
{
	sqlite3 *db = NULL;

	(void)state;
	start_writer(database.path, "BEGIN IMMEDIATE", 100, 1);
	assert_int_equal(sqlauth_connection_open(database.path, SQLITE_OPEN_READWRITE, &db), SQLITE_OK);
	for (int i = 0; i < 10; i++) {
		database_run(db, "BEGIN IMMEDIATE");
		database_run(db, "COMMIT");
		pause_for(10); /* into the next transaction */
	}
	sqlite3_close(db);
	end_writer();
}

/* Without WAL a writer keeps readers out, too, and the checks before all else are reading. */
static void the_tool_finds_it_in_any_journal_mode(void **state)
{
	const char *path = database_file(&database, "rollback.db");
	char why_buffer[SQLAUTH_MESSAGE_SIZE];
	struct sqlauth_admin *admin = NULL;
	struct sqlauth_text why;

	(void)state;
	sqlauth_text_init(&why, why_buffer, sizeof why_buffer);
	database_create_rollback(&database, "rollback.db", DATABASE_CONTENT);
	start_writer(path, "BEGIN EXCLUSIVE", 50, 2);
	if (sqlauth_admin_open(path, &admin, &why) != SQLAUTH_OK)
		fail_msg("%s", why_buffer);
	sqlauth_admin_close(admin);
	if (sqlauth_snapshot(path, database_file(&database, "copy.db"), false, &why) != SQLAUTH_OK)
		fail_msg("%s", why_buffer);
	end_writer();
}

static void what_cannot_be_opened_is_said_by_sqlites_code(void **state)
{
	sqlite3 *db = NULL;

	(void)state;
	assert_int_equal(sqlauth_connection_open(database.directory, SQLITE_OPEN_READWRITE, &db), SQLITE_CANTOPEN);
	sqlite3_close(db);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(it_finds_the_gap_between_the_transactions_of_a_writer_that_never_rests),
		TEST(the_tool_finds_it_in_any_journal_mode),
		TEST(what_cannot_be_opened_is_said_by_sqlites_code),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
