/* Snapshots and restores where something is in the way; test_maintenance_faults has those where memory and disk fail.
 */
#include "sqlauth/maintenance.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "nobody.h"
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
	check_refused(sqlauth_snapshot(database.path, file("directory"), true, &why), SQLAUTH_ERROR_EXISTS,
		"directory is not a regular file; name another path");
	assert_int_equal(rmdir(file("directory")), 0);
}

static void a_snapshot_finds_a_target_whose_name_has_a_meaning_in_uris(void **state)
{
	static const char *const names[] = {"a?b", "a#b", "a%41b", "a%", "?immutable=1", "/a b"};

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		database_script(file(names[i]), "CREATE TABLE t (x)");
		check_refused(sqlauth_snapshot(database.path, file(names[i]), true, &why), SQLAUTH_ERROR_DATABASE,
			"another application");
		assert_int_equal(ask(file(names[i]), "SELECT count(*) FROM t"), 0);
		assert_int_equal(unlink(file(names[i])), 0);
	}
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

/* Nobody may not give a file to root's group. */
static void a_snapshot_that_cannot_have_the_group_is_its_owners_alone(void **state)
{
	struct stat found;
	enum sqlauth_error error;

	(void)state;
	if (geteuid() != 0)
		skip(); /* the original has to be somebody else's */
	database_create_rollback(&database, "rollback.db", NULL);
	assert_int_equal(rename(file("rollback.db"), database.path), 0);
	assert_int_equal(chmod(database.path, 0644), 0);
	assert_int_equal(mkdir(file("open"), 0700) || chmod(file("open"), 0777) || chmod(database.directory, 0755), 0);
	nobody_begin();
	error = sqlauth_snapshot(database.path, file("open/copy.db"), false, &why);
	nobody_end();
	assert_int_equal(error, SQLAUTH_OK);
	assert_int_equal(stat(file("open/copy.db"), &found), 0);
	assert_int_equal(found.st_mode & 0777, 0600);
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

/* ---- what lies beside the target ---- */

static void make_sidecar(const char *name, const char *content)
{
	FILE *sidecar = fopen(file(name), "wb");

	assert_non_null(sidecar);
	fputs(content, sidecar);
	fclose(sidecar);
}

static void an_empty_wal_that_nobody_uses_is_removed(void **state)
{
	(void)state;
	make_sidecar("copy.db-wal", "");
	make_sidecar("copy.db-shm", "x");
	assert_int_equal(sqlauth_snapshot(database.path, file("copy.db"), true, &why), SQLAUTH_OK);
	assert_false(exists(file("copy.db-wal")) || exists(file("copy.db-shm")));
}

static void a_wal_with_changes_of_a_database_that_is_gone_is_left(void **state)
{
	(void)state;
	make_sidecar("copy.db-wal", "changes");
	make_sidecar("copy.db-shm", "x");
	check_refused(sqlauth_snapshot(database.path, file("copy.db"), true, &why), SQLAUTH_ERROR_EXISTS,
		"copy.db-wal holds changes of the database that was here");
	assert_true(exists(file("copy.db-wal")) && !exists(file("copy.db")));
}

static void a_sidecar_that_might_be_in_use_is_left(void **state)
{
	static const char *const names[] = {"copy.db-wal", "copy.db-shm", "copy.db-journal"};

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		make_sidecar(names[i], "");
		check_refused(sqlauth_snapshot(database.path, file("copy.db"), true, &why), SQLAUTH_ERROR_EXISTS,
			"is left of another database, or somebody has it open");
		assert_true(exists(file(names[i])));
		unlink(file(names[i]));
	}
	/* a link leads somewhere else: what is at its end cannot be told */
	make_sidecar("copy.db-wal", "");
	assert_int_equal(symlink(database.path, file("copy.db-shm")), 0);
	check_refused(sqlauth_snapshot(database.path, file("copy.db"), true, &why), SQLAUTH_ERROR_EXISTS,
		"copy.db-wal is left");
}

/* Locks of this process do not show to itself: another one holds the -shm, until it is killed. */
static void a_shm_that_another_process_has_locked_is_left(void **state)
{
	int ready[2];
	char byte;
	pid_t child;

	(void)state;
	make_sidecar("copy.db-wal", "");
	make_sidecar("copy.db-shm", "x");
	assert_int_equal(pipe(ready), 0);
	child = fork();
	if (child == 0) {
		struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
		int descriptor = open(file("copy.db-shm"), O_RDWR);

		if (fcntl(descriptor, F_SETLK, &lock) == 0 && write(ready[1], "x", 1) == 1)
			pause();
		_exit(1);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	check_refused(sqlauth_snapshot(database.path, file("copy.db"), true, &why), SQLAUTH_ERROR_EXISTS,
		"somebody has it open");
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	close(ready[0]);
	close(ready[1]);
	assert_int_equal(sqlauth_snapshot(database.path, file("copy.db"), true, &why), SQLAUTH_OK);
}

/* ---- restore ---- */

static void what_a_restore_would_replace_is_known_before(void **state)
{
	bool replaces = false;

	(void)state;
	database_create_rollback(&database, "source.db", "INSERT INTO groups (name) VALUES ('new')");
	assert_int_equal(sqlauth_restore_check(database.path, file("source.db"), &replaces, &why), SQLAUTH_OK);
	assert_true(replaces);
	assert_int_equal(sqlauth_restore_check(file("new.db"), file("source.db"), &replaces, &why), SQLAUTH_OK);
	assert_false(replaces);
	assert_false(exists(file("new.db")));
	make_sidecar("empty.db", "");
	replaces = true;
	assert_int_equal(sqlauth_restore_check(file("empty.db"), file("source.db"), &replaces, &why), SQLAUTH_OK);
	assert_false(replaces);
	assert_int_equal(
		sqlauth_restore_check(database.path, file("missing.db"), &replaces, &why), SQLAUTH_ERROR_DATABASE);
	assert_int_equal(ask(database.path, "SELECT count(*) FROM groups"), 6);
}

static void what_is_not_ours_or_newer_is_not_written_over(void **state)
{
	static const struct {
		const char *name, *sql, *words;
	} rows[] = {
		{"other.db", "CREATE TABLE t (x)",
			"other.db is a database of another application; restore to a new path"},
		{"newer.db", NULL, "was made by a newer version (schema 9, this one knows "},
		{"text.db", NULL, "text.db is not an SQLite database"},
	};

	(void)state;
	database_create_rollback(&database, "source.db", "INSERT INTO groups (name) VALUES ('new')");
	database_script(file("other.db"), rows[0].sql);
	database_create_rollback(
		&database, "newer.db", "UPDATE schema_info SET value = '9' WHERE key = 'schema_version'");
	make_sidecar("text.db", "this is a text and no database, and it is longer than the header of one would be");
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		bool replaces;

		check_refused(sqlauth_restore_check(file(rows[i].name), file("source.db"), &replaces, &why),
			SQLAUTH_ERROR_DATABASE, rows[i].words);
		check_refused(sqlauth_restore(file(rows[i].name), file("source.db"), NULL, &why),
			SQLAUTH_ERROR_DATABASE, rows[i].words);
	}
	assert_int_equal(ask(file("other.db"), "SELECT count(*) FROM t"), 0);
	assert_int_equal(ask(file("newer.db"), "SELECT count(*) FROM groups"), 0);
}

static void a_database_of_ours_that_has_lost_its_name_is_written_over(void **state)
{
	(void)state;
	database_create_rollback(&database, "source.db", "INSERT INTO groups (name) VALUES ('new')");
	database_create_rollback(&database, "damaged.db", "DROP TABLE schema_info");
	assert_int_equal(sqlauth_restore(file("damaged.db"), file("source.db"), NULL, &why), SQLAUTH_OK);
	assert_int_equal(ask(file("damaged.db"), "SELECT count(*) FROM groups WHERE name = 'new'"), 1);
}

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

static void a_restore_into_an_empty_file_leaves_a_database_in_wal_mode(void **state)
{
	(void)state;
	database_create_rollback(&database, "source.db", "INSERT INTO groups (name) VALUES ('new')");
	make_sidecar("empty.db", "");
	assert_int_equal(sqlauth_restore(file("empty.db"), file("source.db"), NULL, &why), SQLAUTH_OK);
	assert_int_equal(ask(file("empty.db"), "SELECT count(*) FROM groups WHERE name = 'new'"), 1);
	assert_int_equal(ask(file("empty.db"), "SELECT journal_mode = 'wal' FROM pragma_journal_mode"), 1);
}

static void what_was_cut_short_is_written_over_where_it_was_ours(void **state)
{
	(void)state;
	database_create_rollback(&database, "source.db", "INSERT INTO groups (name) VALUES ('new')");
	database_create_rollback(&database, "damaged.db", "INSERT INTO groups (name) VALUES ('old')");
	database_script(file("other.db"), "CREATE TABLE t (x); INSERT INTO t VALUES (zeroblob(20000))");
	assert_int_equal(truncate(file("damaged.db"), 4096), 0);
	assert_int_equal(truncate(file("other.db"), 4096), 0);
	assert_int_equal(sqlauth_restore(file("damaged.db"), file("source.db"), NULL, &why), SQLAUTH_OK);
	assert_int_equal(ask(file("damaged.db"), "SELECT count(*) FROM groups WHERE name = 'new'"), 1);
	check_refused(sqlauth_restore(file("other.db"), file("source.db"), NULL, &why), SQLAUTH_ERROR_DATABASE,
		"another application");
	check_refused(sqlauth_snapshot(database.path, file("other.db"), true, &why), SQLAUTH_ERROR_DATABASE,
		"another application; name another path");
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
	make_sidecar(
		"text.db", "this is a text and no database, and it is longer than the header of one would be, by far");
	check_refused(sqlauth_restore(database.path, file("text.db"), NULL, &why), SQLAUTH_ERROR_DATABASE,
		"text.db is not an SQLite database; name");
	assert_int_equal(ask(database.path, "SELECT count(*) FROM groups"), 6);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_snapshot_leaves_alone_what_it_is_not_told_to_replace),
		TEST(a_snapshot_takes_no_place_of_a_directory),
		TEST(a_snapshot_finds_a_target_whose_name_has_a_meaning_in_uris),
		TEST(a_snapshot_into_a_directory_that_is_not_there_is_refused),
		TEST(a_snapshot_is_readable_for_whom_the_original_is_and_executable_for_nobody),
		TEST(a_snapshot_that_cannot_have_the_group_is_its_owners_alone),
		TEST(a_snapshot_of_no_database_of_ours_leaves_nothing),
		TEST(a_file_with_a_broken_index_is_not_handed_on),
		TEST(an_empty_wal_that_nobody_uses_is_removed),
		TEST(a_wal_with_changes_of_a_database_that_is_gone_is_left),
		TEST(a_sidecar_that_might_be_in_use_is_left),
		TEST(a_shm_that_another_process_has_locked_is_left),
		TEST(what_a_restore_would_replace_is_known_before),
		TEST(what_is_not_ours_or_newer_is_not_written_over),
		TEST(a_database_of_ours_that_has_lost_its_name_is_written_over),
		TEST(a_restore_of_a_file_onto_itself_is_refused),
		TEST(a_restore_to_where_nothing_is_creates_the_database),
		TEST(a_restore_into_an_empty_file_leaves_a_database_in_wal_mode),
		TEST(what_was_cut_short_is_written_over_where_it_was_ours),
		TEST(a_copy_with_other_pages_does_not_fit_a_database_in_wal_mode),
		TEST(a_restore_needs_a_database_of_ours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
