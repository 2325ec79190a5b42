/* Snapshots and restores where something is in the way; test_maintenance_faults has those where memory and disk fail.
 */
#include "sqlauth/maintenance.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "sqlauth/store.h"
#include "store_database.h"

static struct database database;
static char why_buffer[SQLAUTH_MESSAGE_SIZE];
static struct sqlauth_text why;

static int setup(void **state)
{
	(void)state;
	sqlauth_text_init(&why, why_buffer, sizeof why_buffer);
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

static const char *file(const char *name)
{
	return database_file(&database, name);
}

static bool exists(const char *path)
{
	struct stat found;

	return lstat(path, &found) == 0;
}

/* A number that SQL gives of a database. */
static int ask(const char *path, const char *sql)
{
	sqlite3 *db = database_connect(path);
	sqlite3_stmt *statement = NULL;
	int answer;

	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	answer = sqlite3_column_int(statement, 0);
	sqlite3_finalize(statement);
	sqlite3_close(db);
	return answer;
}

static void check_refused(enum sqlauth_error error, enum sqlauth_error expected, const char *words)
{
	assert_int_equal(error, expected);
	if (strstr(why.data, words) == NULL)
		fail_msg("\"%s\"", why.data);
}

/* ---- snapshot ---- */

static void a_snapshot_leaves_alone_what_it_is_not_told_to_replace(void **state)
{
	(void)state;
	database_create_rollback(&database, "copy.db", "INSERT INTO groups (name) VALUES ('older')");
	check_refused(sqlauth_snapshot(database.path, file("copy.db"), false, &why), SQLAUTH_ERROR_EXISTS,
		"copy.db exists already; --replace");
	assert_int_equal(ask(file("copy.db"), "SELECT count(*) FROM groups WHERE name = 'older'"), 1);
	assert_int_equal(sqlauth_snapshot(database.path, file("copy.db"), true, &why), SQLAUTH_OK);
	assert_int_equal(ask(file("copy.db"), "SELECT count(*) FROM groups WHERE name = 'older'"), 0);
	assert_int_equal(ask(file("copy.db"), "SELECT count(*) FROM groups"), 6);
}

static void a_snapshot_takes_no_place_of_a_directory(void **state)
{
	(void)state;
	assert_int_equal(mkdir(file("directory"), 0700), 0);
	check_refused(sqlauth_snapshot(database.path, file("directory"), true, &why), SQLAUTH_ERROR_SYSTEM,
		"directory cannot be replaced: Is a directory");
	assert_int_equal(rmdir(file("directory")), 0);
}

static void a_snapshot_into_a_directory_that_is_not_there_is_refused(void **state)
{
	(void)state;
	assert_int_not_equal(sqlauth_snapshot(database.path, file("nowhere/copy.db"), false, &why), SQLAUTH_OK);
	assert_non_null(strstr(why.data, "No such file or directory"));
}

static void a_snapshot_is_readable_for_whom_the_original_is_and_executable_for_nobody(void **state)
{
	static const mode_t modes[] = {0640, 0600, 0644, 0775};
	struct stat found;

	(void)state;
	for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
		assert_int_equal(chmod(database.path, modes[i]), 0);
		assert_int_equal(sqlauth_snapshot(database.path, file("copy.db"), true, &why), SQLAUTH_OK);
		assert_int_equal(stat(file("copy.db"), &found), 0);
		assert_int_equal(found.st_mode & 07777, modes[i] & 0664);
	}
}

/* As nobody, who may not give a file to root's group, of a database that the group may read. */
static int copy_without_rights(void)
{
	struct stat found;

	if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
		return 100;
	if (sqlauth_snapshot(database.path, file("open/copy.db"), false, &why) != SQLAUTH_OK)
		return 101;
	return stat(file("open/copy.db"), &found) == 0 ? (int)(found.st_mode & 0077) : 102;
}

static void a_snapshot_that_cannot_have_the_group_is_its_owners_alone(void **state)
{
	int status = -1;
	pid_t child;

	(void)state;
	if (geteuid() != 0)
		skip(); /* the original has to be somebody else's */
	database_create_rollback(&database, "rollback.db", NULL);
	assert_int_equal(rename(file("rollback.db"), database.path), 0);
	assert_int_equal(chmod(database.path, 0644), 0);
	assert_int_equal(mkdir(file("open"), 0700) || chmod(file("open"), 0777) || chmod(database.directory, 0755), 0);
	child = fork();
	if (child == 0)
		_exit(copy_without_rights());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	unlink(file("open/copy.db"));
	assert_int_equal(rmdir(file("open")), 0);
}

static void a_snapshot_of_no_database_of_ours_leaves_nothing(void **state)
{
	(void)state;
	database_script(file("other.db"), "CREATE TABLE t (x)");
	check_refused(sqlauth_snapshot(file("other.db"), file("copy.db"), false, &why), SQLAUTH_ERROR_DATABASE,
		"another application");
	assert_false(exists(file("copy.db")));
	assert_int_not_equal(sqlauth_snapshot(file("missing.db"), file("copy.db"), false, &why), SQLAUTH_OK);
	assert_false(exists(file("copy.db")));
}

/* Without a row that stands in its table: the look at the start finds nothing, the check from end to end does. */
static void make_with_a_broken_index(const char *path)
{
	database_script(path,
		"CREATE TEMP TABLE kept AS SELECT * FROM sqlite_schema WHERE name = 'group_rules_by_group';"
		"PRAGMA writable_schema = ON; DELETE FROM sqlite_schema WHERE name = 'group_rules_by_group';"
		"PRAGMA writable_schema = RESET;"
		"INSERT INTO group_rules (match_by, value, group_name) VALUES ('client', 'valve', 'g2');"
		"PRAGMA writable_schema = ON; INSERT INTO sqlite_schema SELECT * FROM kept;"
		"PRAGMA writable_schema = RESET;");
}

static void a_file_with_a_broken_index_is_not_handed_on(void **state)
{
	(void)state;
	database_create_rollback(&database, "broken.db", DATABASE_CONTENT);
	make_with_a_broken_index(file("broken.db"));
	check_refused(sqlauth_snapshot(file("broken.db"), file("copy.db"), false, &why), SQLAUTH_ERROR_DATABASE,
		"is corrupt (");
	assert_false(exists(file("copy.db")));
	check_refused(sqlauth_restore(database.path, file("broken.db"), NULL, &why), SQLAUTH_ERROR_DATABASE,
		"broken.db is corrupt (");
	assert_int_equal(ask(database.path, "SELECT count(*) FROM groups"), 6);
}

/* ---- restore ---- */

static void a_restore_of_a_file_onto_itself_is_refused(void **state)
{
	(void)state;
	assert_int_equal(symlink(database.path, file("link.db")), 0);
	check_refused(sqlauth_restore(database.path, database.path, NULL, &why), SQLAUTH_ERROR_EXISTS, "same file");
	check_refused(sqlauth_restore(database.path, file("link.db"), NULL, &why), SQLAUTH_ERROR_EXISTS, "same file");
	assert_int_equal(ask(database.path, "SELECT count(*) FROM groups"), 6);
}

static void a_restore_to_where_nothing_is_creates_the_database(void **state)
{
	(void)state;
	assert_int_equal(sqlauth_snapshot(database.path, file("copy.db"), false, &why), SQLAUTH_OK);
	assert_int_equal(sqlauth_restore(file("new.db"), file("copy.db"), NULL, &why), SQLAUTH_OK);
	assert_int_equal(ask(file("new.db"), "SELECT count(*) FROM groups"), 6);
	assert_int_equal(ask(file("new.db"), "SELECT journal_mode = 'wal' FROM pragma_journal_mode"), 1);
}

static void a_copy_with_other_pages_does_not_fit_a_database_in_wal_mode(void **state)
{
	(void)state;
	database_script(file("large.db"), "PRAGMA page_size = 8192");
	{
		sqlite3 *db = database_connect(file("large.db"));

		database_run(db, "PRAGMA page_size = 8192");
		database_run(db, sqlauth_schema_sql);
		database_run(db, "PRAGMA journal_mode = DELETE");
		sqlite3_close(db);
	}
	check_refused(sqlauth_restore(database.path, file("large.db"), NULL, &why), SQLAUTH_ERROR_DATABASE,
		"another page size");
	assert_int_equal(ask(database.path, "SELECT count(*) FROM groups"), 6);
}

static void a_restore_needs_a_database_of_ours(void **state)
{
	(void)state;
	database_script(file("other.db"), "CREATE TABLE t (x)");
	check_refused(sqlauth_restore(database.path, file("other.db"), NULL, &why), SQLAUTH_ERROR_DATABASE,
		"another application");
	assert_int_not_equal(sqlauth_restore(database.path, file("missing.db"), NULL, &why), SQLAUTH_OK);
	assert_int_equal(ask(database.path, "SELECT count(*) FROM groups"), 6);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_snapshot_leaves_alone_what_it_is_not_told_to_replace),
		TEST(a_snapshot_takes_no_place_of_a_directory),
		TEST(a_snapshot_into_a_directory_that_is_not_there_is_refused),
		TEST(a_snapshot_is_readable_for_whom_the_original_is_and_executable_for_nobody),
		TEST(a_snapshot_that_cannot_have_the_group_is_its_owners_alone),
		TEST(a_snapshot_of_no_database_of_ours_leaves_nothing),
		TEST(a_file_with_a_broken_index_is_not_handed_on),
		TEST(a_restore_of_a_file_onto_itself_is_refused),
		TEST(a_restore_to_where_nothing_is_creates_the_database),
		TEST(a_copy_with_other_pages_does_not_fit_a_database_in_wal_mode),
		TEST(a_restore_needs_a_database_of_ours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
