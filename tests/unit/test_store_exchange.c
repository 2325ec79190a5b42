/* A database that is exchanged, damaged, locked or taken away under an open store: what is answered meanwhile, and that
 * all is well again afterwards without a restart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "sqlauth/secret.h"
#include "store/store_internal.h"
#include "store_database.h"

#define CLIENT(name) "INSERT INTO clients (name, authentication) VALUES ('" name "', 'certificate')"

static struct database database;
static struct sqlauth_store *store;
static char message[SQLAUTH_MESSAGE_SIZE];
static struct sqlauth_text why;

/* All tests run twice: with exchanges in a directory that was just busy, and in one that was quiet for so long that it
 * stands for its files. How long is set so that tests can wait for it, and longer than the system's clock ticks. */
#define QUIET_NS INT64_C(10000000)
static bool quiet;

static void let_the_directory_rest(void)
{
	nanosleep(&(struct timespec){.tv_nsec = 3 * QUIET_NS / 2}, NULL);
}

static int set_up(void **state)
{
	(void)state;
	store = NULL;
	sqlauth_text_init(&why, message, sizeof message);
	database_init(&database);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	sqlauth_store_close(store);
	database_fini(&database);
	return 0;
}

static void open_store(void)
{
	if (sqlauth_store_open(database.path, &store, &why) != SQLAUTH_OK)
		fail_msg("%s", message);
	if (quiet)
		store->quiet_ns = QUIET_NS;
}

static void open_wal(void)
{
	database_create(&database, CLIENT("old"));
	open_store();
}

static void open_rollback(void)
{
	database_create_rollback(&database, "auth.db", CLIENT("old"));
	open_store();
}

/* A transaction in which the client is looked up: OK, NOT_FOUND, or the first error. */
static enum sqlauth_error look_up(const char *name)
{
	struct sqlauth_client client = {0};
	enum sqlauth_error error;

	if (quiet)
		let_the_directory_rest();
	error = sqlauth_store_begin(store, &why);

	if (error != SQLAUTH_OK)
		return error;
	error = sqlauth_store_client_by_name(store, name, &client);
	sqlauth_client_clear(&client);
	sqlauth_store_end(store);
	return error;
}

static void assert_serves(const char *name)
{
	enum sqlauth_error error = look_up(name);

	if (error != SQLAUTH_OK)
		fail_msg("%s: %s (%s)", name, sqlauth_strerror(error), message);
	assert_int_equal(look_up("nobody"), SQLAUTH_ERROR_NOT_FOUND);
}

/* Refuses, twice, for a reason that says these words. */
static void assert_refuses(enum sqlauth_error expected, const char *words)
{
	for (int i = 0; i < 2; i++) {
		enum sqlauth_error error;

		sqlauth_text_set(&why, "no reason");
		error = sqlauth_store_begin(store, &why);
		if (error != expected || strstr(message, words) == NULL || strstr(message, database.path) == NULL)
			fail_msg("round %d: %s (%s)", i, sqlauth_strerror(error), message);
	}
}

static const char *file(const char *name)
{
	return database_file(&database, name);
}

static void a_snapshot_renamed_over_a_rollback_database_is_served(void **state)
{
	uint64_t before, after;

	(void)state;
	open_rollback();
	assert_serves("old");
	assert_int_equal(sqlauth_store_data_version(store, &before), SQLAUTH_OK);
	database_create_rollback(&database, "new.db", CLIENT("new"));
	assert_int_equal(rename(file("new.db"), database.path), 0);
	assert_int_equal(sqlauth_store_data_version(store, &after), SQLAUTH_OK);
	assert_true(before != after);
	assert_serves("new");
	assert_int_equal(look_up("old"), SQLAUTH_ERROR_NOT_FOUND);
	assert_int_equal(sqlauth_store_reopenings(store), 1);
}

static void a_vacuumed_snapshot_with_the_same_change_counter_is_served(void **state)
{
	char sql[512];

	(void)state;
	open_rollback();
	assert_serves("old");
	database_create_rollback(&database, "other.db", CLIENT("new"));
	snprintf(sql, sizeof sql, "VACUUM INTO '%s'", file("new.db"));
	database_script(file("other.db"), sql);
	assert_int_equal(rename(file("new.db"), database.path), 0);
	assert_serves("new");
}

/* cp from another process, as an administrator would; two snapshots that SQLite's change counter cannot tell apart. */
static void a_rollback_database_overwritten_in_place_is_noticed(void **state)
{
	pid_t child;
	int status;

	(void)state;
	database_create_rollback(&database, "a.db", CLIENT("old"));
	database_create_rollback(&database, "b.db", CLIENT("new"));
	database_copy(file("a.db"), database.path);
	open_store();
	assert_serves("old");
	child = fork();
	if (child == 0) {
		database_copy(file("b.db"), database.path);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_serves("new");
	assert_int_equal(look_up("old"), SQLAUTH_ERROR_NOT_FOUND);
}

static void writes_to_a_rollback_database_do_not_open_it_again(void **state)
{
	uint64_t first, second;

	(void)state;
	open_rollback();
	for (int i = 0; i < 5; i++) {
		assert_int_equal(sqlauth_store_data_version(store, &first), SQLAUTH_OK);
		database_script(database.path, "UPDATE clients SET enabled = 1 - enabled");
		assert_serves("old");
		assert_int_equal(sqlauth_store_data_version(store, &second), SQLAUTH_OK);
		assert_true(first != second);
	}
	assert_int_equal(sqlauth_store_reopenings(store), 0);
}

static void a_file_renamed_over_a_wal_database_with_a_writer_is_refused_until_the_wal_is_gone(void **state)
{
	sqlite3 *writer;

	(void)state;
	open_wal();
	writer = database_connect(database.path);
	database_run(writer, "UPDATE clients SET enabled = 0");
	assert_serves("old");
	database_create_rollback(&database, "new.db", CLIENT("new"));
	assert_int_equal(rename(file("new.db"), database.path), 0);
	assert_refuses(SQLAUTH_ERROR_DATABASE, "-wal is still there");
	database_run(writer, "UPDATE clients SET enabled = 1");
	assert_refuses(SQLAUTH_ERROR_DATABASE, "-wal is still there");
	sqlite3_close(writer);
	assert_int_equal(unlink(file("auth.db-wal")), 0);
	assert_int_equal(unlink(file("auth.db-shm")), 0);
	assert_serves("new");
	assert_int_equal(look_up("old"), SQLAUTH_ERROR_NOT_FOUND);
	assert_int_equal(sqlauth_store_reopenings(store), 1);
}

static void a_file_renamed_over_a_wal_database_is_refused_until_the_old_one_is_back(void **state)
{
	(void)state;
	open_wal();
	database_script(database.path, "UPDATE clients SET enabled = 0");
	assert_serves("old");
	assert_int_equal(link(database.path, file("kept.db")), 0);
	database_create_rollback(&database, "new.db", CLIENT("new"));
	assert_int_equal(rename(file("new.db"), database.path), 0);
	assert_refuses(SQLAUTH_ERROR_DATABASE, "-wal is still there");
	assert_int_equal(rename(file("kept.db"), database.path), 0);
	assert_serves("old");
	assert_int_equal(sqlauth_store_reopenings(store), 0);
}

static void a_stale_wal_is_remembered_over_a_time_without_a_file(void **state)
{
	(void)state;
	open_wal();
	assert_int_equal(unlink(database.path), 0);
	assert_refuses(SQLAUTH_ERROR_DATABASE, "does not exist; put it back, or create it with: sqlauth init -d");
	database_create_rollback(&database, "new.db", CLIENT("new"));
	assert_int_equal(rename(file("new.db"), database.path), 0);
	assert_refuses(SQLAUTH_ERROR_DATABASE, "-wal is still there");
	assert_int_equal(unlink(file("auth.db-wal")), 0);
	assert_int_equal(unlink(file("auth.db-shm")), 0);
	assert_serves("new");
}

/* In another process, which leaves a -wal that holds transactions, as a crash does. */
static void leave_wal(const char *path)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		sqlite3 *db = database_connect(path);

		database_run(db, "PRAGMA wal_autocheckpoint = 0; UPDATE clients SET enabled = 0");
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void at_a_cold_start_a_stale_wal_is_known_by_the_journal_mode_and_by_its_age(void **state)
{
	static const struct {
		const char *mode, *words;
	} rows[] = {
		{"PRAGMA journal_mode = DELETE", "is not in WAL mode, but another database's -wal"},
		{"PRAGMA journal_mode = WAL", "is younger than the -wal beside it"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		database_create(&database, CLIENT("old"));
		leave_wal(database.path);
		database_create_rollback(&database, "new.db", CLIENT("new"));
		database_script(file("new.db"), rows[i].mode);
		assert_int_equal(rename(file("new.db"), database.path), 0);
		assert_int_equal(sqlauth_store_open(database.path, &store, &why), SQLAUTH_ERROR_DATABASE);
		assert_null(store);
		if (strstr(message, rows[i].words) == NULL)
			fail_msg("row %zu: %s", i, message);
		assert_int_equal(unlink(file("auth.db-wal")), 0);
		assert_int_equal(unlink(file("auth.db-shm")), 0);
		open_store();
		assert_serves("new");
		sqlauth_store_close(store);
		store = NULL;
		unlink(database.path);
		unlink(file("auth.db-wal"));
		unlink(file("auth.db-shm"));
	}
}

static void a_wal_that_a_crash_left_is_read(void **state)
{
	struct sqlauth_client client = {0};

	(void)state;
	database_create(&database, CLIENT("old"));
	leave_wal(database.path);
	open_store();
	assert_int_equal(sqlauth_store_begin(store, NULL), SQLAUTH_OK);
	assert_int_equal(sqlauth_store_client_by_name(store, "old", &client), SQLAUTH_OK);
	assert_false(client.enabled);
	sqlauth_client_clear(&client);
	sqlauth_store_end(store);
}

static void a_wal_that_was_removed_under_the_store_does_not_leave_it_in_the_past(void **state)
{
	(void)state;
	open_wal();
	assert_serves("old");
	assert_int_equal(unlink(file("auth.db-wal")), 0);
	assert_int_equal(unlink(file("auth.db-shm")), 0);
	database_script(database.path, CLIENT("new"));
	assert_serves("new");
	assert_int_equal(sqlauth_store_reopenings(store), 1);
}

static void restore_into(const char *target, const char *source)
{
	sqlite3 *from = database_connect(source), *to = database_connect(target);
	sqlite3_backup *backup = sqlite3_backup_init(to, "main", from, "main");

	assert_non_null(backup);
	assert_int_equal(sqlite3_backup_step(backup, -1), SQLITE_DONE);
	assert_int_equal(sqlite3_backup_finish(backup), SQLITE_OK);
	sqlite3_close(from);
	sqlite3_close(to);
}

static void a_restore_through_sqlite_is_served_in_every_journal_mode(void **state)
{
	static void (*const open[])(void) = {open_wal, open_rollback};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		uint64_t before, after;

		open[i]();
		assert_serves("old");
		assert_int_equal(sqlauth_store_data_version(store, &before), SQLAUTH_OK);
		database_create_rollback(&database, "new.db", CLIENT("new"));
		restore_into(database.path, file("new.db"));
		assert_serves("new");
		assert_int_equal(look_up("old"), SQLAUTH_ERROR_NOT_FOUND);
		assert_int_equal(sqlauth_store_data_version(store, &after), SQLAUTH_OK);
		assert_true(before != after);
		assert_int_equal(sqlauth_store_reopenings(store), 0);
		sqlauth_store_close(store);
		store = NULL;
		unlink(file("new.db"));
		unlink(database.path);
		unlink(file("auth.db-wal"));
		unlink(file("auth.db-shm"));
	}
}

static void a_foreign_or_newer_database_restored_into_the_open_one_is_refused(void **state)
{
	static const struct {
		const char *sql, *words;
	} rows[] = {
		{"UPDATE schema_info SET value = '2' WHERE key = 'schema_version'", "newer version"},
		{"DELETE FROM schema_info WHERE key = 'schema_version'", "no valid schema_version"},
		{"DROP TABLE schema_info", "another application"},
		{"DROP TABLE clients", "no table clients"},
	};

	(void)state;
	open_wal();
	database_create_rollback(&database, "good.db", CLIENT("new"));
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		database_script(database.path, rows[i].sql);
		if (i < 3)
			assert_refuses(SQLAUTH_ERROR_DATABASE, rows[i].words);
		else /* found at the statement that needs it; then by the checks */
			assert_int_equal(look_up("old"), SQLAUTH_ERROR_DATABASE);
		if (i == 3)
			assert_refuses(SQLAUTH_ERROR_DATABASE, rows[i].words);
		restore_into(database.path, file("good.db"));
		assert_serves("new");
	}
}

static void a_change_of_the_journal_mode_is_followed(void **state)
{
	(void)state;
	open_rollback();
	assert_serves("old");
	database_script(database.path, "PRAGMA journal_mode = WAL");
	database_script(database.path, CLIENT("new"));
	assert_serves("new");
	database_script(database.path, "DELETE FROM clients WHERE name = 'old'");
	assert_int_equal(look_up("old"), SQLAUTH_ERROR_NOT_FOUND);
	assert_serves("new");
}

static void a_locked_database_is_busy_at_once_and_then_serves(void **state)
{
	uint64_t version;
	sqlite3 *writer;

	(void)state;
	open_rollback();
	writer = database_connect(database.path);
	database_run(writer, "BEGIN EXCLUSIVE");
	assert_refuses(SQLAUTH_ERROR_BUSY, "is locked by another process right now");
	assert_int_equal(sqlauth_store_data_version(store, &version), SQLAUTH_ERROR_BUSY);
	database_run(writer, "COMMIT");
	sqlite3_close(writer);
	assert_serves("old");
	assert_int_equal(sqlauth_store_reopenings(store), 0);
}

static void a_locked_database_cannot_be_opened_but_is_busy(void **state)
{
	sqlite3 *writer;

	(void)state;
	database_create_rollback(&database, "auth.db", CLIENT("old"));
	writer = database_connect(database.path);
	database_run(writer, "BEGIN EXCLUSIVE");
	assert_int_equal(sqlauth_store_open(database.path, &store, &why), SQLAUTH_ERROR_BUSY);
	assert_null(store);
	sqlite3_close(writer);
	open_store();
	assert_serves("old");
}

static void a_journal_left_by_a_crash_is_refused_until_its_owner_has_rolled_back(void **state)
{
	pid_t child;
	int status;

	(void)state;
	open_rollback();
	child = fork();
	if (child == 0) {
		sqlite3 *db = database_connect(database.path);

		database_run(db, "PRAGMA cache_size = 1; PRAGMA cache_spill = 1; BEGIN EXCLUSIVE; "
				 "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 3000) "
				 "INSERT INTO clients (name, authentication) SELECT 'n' || i, 'certificate' FROM n");
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(access(file("auth.db-journal"), F_OK), 0);
	assert_refuses(
		SQLAUTH_ERROR_DATABASE, "left in the middle of a write: let its owner take that back with: sqlauth ");
	database_script(database.path, "SELECT count(*) FROM clients");
	assert_serves("old");
	assert_int_equal(look_up("n1"), SQLAUTH_ERROR_NOT_FOUND);
}

static void a_file_that_is_moved_away_and_back_serves_again(void **state)
{
	uint64_t version;

	(void)state;
	open_wal();
	assert_int_equal(rename(database.path, file("away.db")), 0);
	assert_refuses(SQLAUTH_ERROR_DATABASE, "does not exist");
	assert_int_equal(sqlauth_store_data_version(store, &version), SQLAUTH_ERROR_DATABASE);
	assert_int_equal(rename(file("away.db"), database.path), 0);
	assert_serves("old");
	assert_int_equal(sqlauth_store_reopenings(store), 0);
}

/* The first page of a table that no question reads, and so one that only a look at the whole file finds. */
static long page_of_the_log(void)
{
	sqlite3 *db = database_connect(database.path);
	sqlite3_stmt *statement = NULL;
	long page;

	assert_int_equal(sqlite3_prepare_v2(db, "SELECT rootpage FROM sqlite_schema WHERE name = 'change_log'", -1,
				 &statement, NULL),
		SQLITE_OK);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	page = (long)sqlite3_column_int(statement, 0) - 1;
	sqlite3_finalize(statement);
	sqlite3_close(db);
	return page;
}

/* Damages in place, by another process, so that no lock of this one is dropped. */
static void damage(const char *how)
{
	long log = strcmp(how, "log") == 0 ? page_of_the_log() : 0;
	pid_t child = fork();
	int status;

	if (child == 0) {
		if (strcmp(how, "truncated") == 0 && truncate(database.path, 8192) != 0)
			_exit(1);
		if (strcmp(how, "emptied") == 0 && truncate(database.path, 0) != 0)
			_exit(1);
		if (strcmp(how, "overwritten") == 0)
			for (long page = 1; page < 20; page++)
				database_overwrite(
					database.path, page * 4096, "\x99\x99\x99\x99\x99\x99\x99\x99\x99", 9);
		if (strcmp(how, "log") == 0)
			database_overwrite(database.path, log * 4096, "\x99\x99\x99\x99\x99\x99\x99\x99\x99", 9);
		if (strcmp(how, "header") == 0)
			database_overwrite(database.path, 0, "not a database at all", 21);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void a_damaged_file_is_refused_until_a_good_one_is_there(void **state)
{
	static const struct {
		const char *how, *words;
	} rows[] = {
		{"truncated", "is corrupt"},
		{"emptied", "is empty"},
		{"overwritten", "is corrupt"},
		{"log", "is corrupt"},
		{"header", "is not an SQLite database"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		uint64_t reopenings;

		open_rollback();
		assert_serves("old");
		damage(rows[i].how);
		(void)look_up("old"); /* may be the read that meets the damage */
		assert_refuses(SQLAUTH_ERROR_DATABASE, rows[i].words);
		reopenings = sqlauth_store_reopenings(store);
		database_create_rollback(&database, "new.db", CLIENT("new"));
		assert_int_equal(rename(file("new.db"), database.path), 0);
		assert_serves("new");
		assert_int_equal(sqlauth_store_reopenings(store), reopenings + 1);
		sqlauth_store_close(store);
		store = NULL;
		unlink(database.path);
	}
}

/* Runs SQL in a process of its own: not in a fork alone, in which SQLite would take over what it knows of our locks. */
static int run_shell(const char *sql)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		execlp("sqlite3", "sqlite3", database.path, sql, (char *)NULL);
		_exit(127);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int lock_from_another_process(void)
{
	return run_shell("BEGIN EXCLUSIVE; COMMIT;");
}

/* Had anything of the second store opened and closed the file itself, the first one's lock would be gone. */
static void a_second_store_drops_no_lock_of_the_first(void **state)
{
	struct sqlauth_store *second = NULL;

	(void)state;
	open_rollback();
	assert_int_equal(lock_from_another_process(), SQLITE_OK);
	assert_int_equal(sqlauth_store_begin(store, NULL), SQLAUTH_OK);
	assert_int_equal(lock_from_another_process(), SQLITE_BUSY);
	assert_int_equal(sqlauth_store_open(database.path, &second, NULL), SQLAUTH_OK);
	assert_int_equal(sqlauth_store_begin(second, NULL), SQLAUTH_OK);
	sqlauth_store_end(second);
	sqlauth_store_close(second);
	assert_int_equal(sqlauth_store_create(database.path, NULL, NULL), SQLAUTH_ERROR_EXISTS);
	assert_int_equal(lock_from_another_process(), SQLITE_BUSY);
	sqlauth_store_end(store);
	assert_int_equal(lock_from_another_process(), SQLITE_OK);
}

static void another_process_that_closes_last_leaves_the_wal_to_the_store(void **state)
{
	struct sqlauth_store *second = NULL;

	(void)state;
	open_wal();
	assert_int_equal(sqlauth_store_open(database.path, &second, NULL), SQLAUTH_OK);
	sqlauth_store_close(second);
	assert_int_equal(run_shell(CLIENT("new")), 0);
	assert_int_equal(access(file("auth.db-wal"), F_OK), 0);
	assert_serves("new");
	assert_int_equal(sqlauth_store_reopenings(store), 0);
}

static void a_quiet_directory_stands_for_its_files(void **state)
{
	char target[DATABASE_PATH_SIZE];

	(void)state;
	open_wal();
	assert_serves("old");
	assert_int_equal(store->looked_us != 0, quiet);
	sqlauth_store_close(store);
	/* not for one that is elsewhere */
	snprintf(target, sizeof target, "%s", file("target.db"));
	assert_int_equal(rename(database.path, target), 0);
	assert_int_equal(symlink(target, database.path), 0);
	open_store();
	assert_serves("old");
	assert_int_equal(store->looked_us, 0);
}

static void remove_all(const char *directory)
{
	static const char *const names[] = {"auth.db", "auth.db-wal", "auth.db-shm"};
	char path[2 * DATABASE_PATH_SIZE];

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		snprintf(path, sizeof path, "%s/%s", directory, names[i]);
		unlink(path);
	}
	assert_int_equal(rmdir(directory), 0);
}

static void a_whole_directory_that_is_exchanged_is_noticed(void **state)
{
	char inner[DATABASE_PATH_SIZE], away[DATABASE_PATH_SIZE];
	struct database other = database;

	(void)state;
	snprintf(inner, sizeof inner, "%s", file("inner"));
	snprintf(away, sizeof away, "%s", file("away"));
	snprintf(other.path, sizeof other.path, "%s", file("inner/auth.db"));
	assert_int_equal(mkdir(inner, 0755), 0);
	database_create(&other, CLIENT("old"));
	assert_int_equal(sqlauth_store_open(other.path, &store, &why), SQLAUTH_OK);
	store->quiet_ns = quiet ? QUIET_NS : SQLAUTH_STORE_QUIET_NS;
	assert_serves("old");
	assert_int_equal(rename(inner, away), 0);
	assert_int_equal(mkdir(inner, 0755), 0);
	database_create(&other, CLIENT("new"));
	assert_serves("new");
	sqlauth_store_close(store);
	store = NULL;
	remove_all(inner);
	remove_all(away);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_snapshot_renamed_over_a_rollback_database_is_served),
		TEST(a_vacuumed_snapshot_with_the_same_change_counter_is_served),
		TEST(a_rollback_database_overwritten_in_place_is_noticed),
		TEST(writes_to_a_rollback_database_do_not_open_it_again),
		TEST(a_file_renamed_over_a_wal_database_with_a_writer_is_refused_until_the_wal_is_gone),
		TEST(a_file_renamed_over_a_wal_database_is_refused_until_the_old_one_is_back),
		TEST(a_stale_wal_is_remembered_over_a_time_without_a_file),
		TEST(at_a_cold_start_a_stale_wal_is_known_by_the_journal_mode_and_by_its_age),
		TEST(a_wal_that_a_crash_left_is_read),
		TEST(a_wal_that_was_removed_under_the_store_does_not_leave_it_in_the_past),
		TEST(a_restore_through_sqlite_is_served_in_every_journal_mode),
		TEST(a_foreign_or_newer_database_restored_into_the_open_one_is_refused),
		TEST(a_change_of_the_journal_mode_is_followed),
		TEST(a_locked_database_is_busy_at_once_and_then_serves),
		TEST(a_locked_database_cannot_be_opened_but_is_busy),
		TEST(a_journal_left_by_a_crash_is_refused_until_its_owner_has_rolled_back),
		TEST(a_file_that_is_moved_away_and_back_serves_again),
		TEST(a_damaged_file_is_refused_until_a_good_one_is_there),
		TEST(a_second_store_drops_no_lock_of_the_first),
		TEST(another_process_that_closes_last_leaves_the_wal_to_the_store),
		TEST(a_quiet_directory_stands_for_its_files),
		TEST(a_whole_directory_that_is_exchanged_is_noticed),
	};
	int failed;

	if (sqlauth_secret_init() != SQLAUTH_OK)
		return 1;
	failed = cmocka_run_group_tests_name("in a busy directory", tests, NULL, NULL);
	quiet = true;
	return failed + cmocka_run_group_tests_name("in a quiet directory", tests, NULL, NULL);
}
