/* Who may use the files of a database: another user, worked out from mode bits, and this process. */
#include "store/access.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "allocations.h"
#include "nobody.h"
#include "store_database.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static struct database database;
static struct sqlauth_paths paths;

static int setup(void **state)
{
	(void)state;
	database_init(&database);
	database_create(&database, NULL);
	fclose(fopen(database_file(&database, "empty"), "w"));
	return sqlauth_paths_init(&paths, database.path) == SQLAUTH_OK ? 0 : 1;
}

static int teardown(void **state)
{
	(void)state;
	sqlauth_paths_clear(&paths);
	database_fini(&database);
	return 0;
}

/* Users as they stand to files that are this process's own. */
enum who { ROOT, OWNER, GROUP, SECOND_GROUP, OTHER };

static struct sqlauth_user user_of(enum who who)
{
	static gid_t groups[2];
	struct sqlauth_user user = {.name = "somebody", .uid = geteuid() + 1000, .groups = groups, .group_count = 2};

	groups[0] = groups[1] = getegid() + 1000;
	if (who == ROOT)
		user.uid = 0;
	if (who == OWNER)
		user.uid = geteuid();
	if (who == GROUP || who == SECOND_GROUP)
		groups[who - GROUP] = getegid();
	return user;
}

static void another_user_is_judged_by_the_mode_bits_that_are_for_it(void **state)
{
	static const struct {
		enum who who;
		mode_t file, shm, directory; /* shm 0: there is none */
		const char *fault;           /* of check_wal; NULL: none */
		bool writable;
	} rows[] = {
		{ROOT, 0000, 0000, 0700, NULL, true},
		{GROUP, 0640, 0660, 0750, NULL, false},
		{GROUP, 0660, 0660, 0750, NULL, true},
		{SECOND_GROUP, 0660, 0660, 0750, NULL, true},
		{OTHER, 0666, 0666, 0755, NULL, true},
		{GROUP, 0604, 0660, 0750, NULL, false},
		/* the first class that fits decides, also where the next would give more */
		{GROUP, 0660, 0606, 0750, "cannot be", true},
		{OTHER, 0660, 0660, 0755, "cannot be", false},
		{GROUP, 0660, 0640, 0750, "cannot be", true},
		/* without a -shm it is the directory that counts */
		{GROUP, 0660, 0, 0770, NULL, true},
		{GROUP, 0660, 0, 0750, "let it write the directory", true},
		{OTHER, 0666, 0, 0775, "let it write the directory", true},
		{OTHER, 0666, 0, 0777, NULL, true},
		{OTHER, 0666, 0, 0776, "let it write the directory", true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct sqlauth_user user = user_of(rows[i].who);
		char message[SQLAUTH_MESSAGE_SIZE];
		struct sqlauth_files files;
		struct sqlauth_text why;
		enum sqlauth_error error;

		/* who runs the tests as root is owner and root at once */
		assert_int_equal(chmod(database.path, rows[i].file), 0);
		unlink(paths.file[SQLAUTH_FILE_SHM]);
		unlink(paths.file[SQLAUTH_FILE_WAL]);
		if (rows[i].shm != 0 || rows[i].who == ROOT) {
			database_copy(database_file(&database, "empty"), paths.file[SQLAUTH_FILE_SHM]);
			database_copy(database_file(&database, "empty"), paths.file[SQLAUTH_FILE_WAL]);
			assert_int_equal(chmod(paths.file[SQLAUTH_FILE_SHM], rows[i].shm), 0);
			assert_int_equal(chmod(paths.file[SQLAUTH_FILE_WAL], rows[i].shm), 0);
		}
		assert_int_equal(chmod(database.directory, rows[i].directory), 0);
		sqlauth_files_look(&paths, &files);
		sqlauth_text_init(&why, message, sizeof message);
		error = sqlauth_files_check_wal(&paths, &files, &user, SQLAUTH_STORE_FOR_BROKER, &why);
		if ((error == SQLAUTH_OK) != (rows[i].fault == NULL))
			fail_msg("row %zu: %s, \"%s\"", i, sqlauth_strerror(error), message);
		if (rows[i].fault != NULL && strstr(message, rows[i].fault) == NULL)
			fail_msg("row %zu: \"%s\"", i, message);
		sqlauth_text_init(&why, message, sizeof message);
		error = sqlauth_files_check_writable(&paths, &files, &user, SQLAUTH_STORE_FOR_BROKER, &why);
		if ((error == SQLAUTH_OK) != rows[i].writable)
			fail_msg("row %zu: writable: %s", i, sqlauth_strerror(error));
		if (error != SQLAUTH_OK && strstr(message, "somebody") == NULL)
			fail_msg("row %zu: \"%s\"", i, message);
		assert_int_equal(chmod(database.directory, 0700), 0);
	}
}

static void what_is_no_file_with_a_database_in_it_is_said(void **state)
{
	static const struct {
		const char *name, *said;
	} rows[] = {
		{"missing", "does not exist; put it back, or create it with: sqlauth init"},
		{"directory", "is a directory"},
		{"pipe", "is not a regular file"},
		{"empty", "is empty"},
		{"auth.db/below", "cannot be reached"},
	};
	(void)state;
	assert_int_equal(mkdir(database_file(&database, "directory"), 0700), 0);
	assert_int_equal(mkfifo(database_file(&database, "pipe"), 0600), 0);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct sqlauth_paths named;
		char message[SQLAUTH_MESSAGE_SIZE];
		struct sqlauth_files files;
		struct sqlauth_text why;

		sqlauth_text_init(&why, message, sizeof message);
		assert_int_equal(sqlauth_paths_init(&named, database_file(&database, rows[i].name)), SQLAUTH_OK);
		sqlauth_files_look(&named, &files);
		assert_int_equal(sqlauth_files_check_readable(&named, &files, SQLAUTH_STORE_FOR_BROKER, &why),
			SQLAUTH_ERROR_DATABASE);
		if (strstr(message, rows[i].said) == NULL)
			fail_msg("row %zu: \"%s\"", i, message);
		sqlauth_paths_clear(&named);
	}
}

/* ---- this process, as nobody ---- */

static int as_nobody(int (*check)(void))
{
	int answer;

	nobody_begin();
	answer = check();
	nobody_end();
	return answer;
}

static int said(const char *words)
{
	char message[SQLAUTH_MESSAGE_SIZE];
	struct sqlauth_files files;
	struct sqlauth_text why;

	sqlauth_text_init(&why, message, sizeof message);
	sqlauth_files_look(&paths, &files);
	if (sqlauth_files_check_readable(&paths, &files, SQLAUTH_STORE_FOR_BROKER, &why) != SQLAUTH_ERROR_DATABASE)
		return 1;
	return strstr(message, words) != NULL ? 0 : 2;
}

static int is_told_to_let_it_in(void)
{
	return said("let this user enter its directories (chmod o+x)");
}

static int is_told_to_let_it_read(void)
{
	return said("cannot be read by user ");
}

static int is_told_to_let_it_write(void)
{
	struct sqlauth_files files;

	sqlauth_files_look(&paths, &files);
	return sqlauth_files_check_writable(&paths, &files, NULL, SQLAUTH_STORE_FOR_BROKER, NULL) ==
			       SQLAUTH_ERROR_DATABASE
		       ? 0
		       : 1;
}

/* Nobody may do nothing with what is ours: the broker is let in, who runs the tool is told to be us. */
static int is_told_what_fits_who_asks(void)
{
	static const struct {
		enum sqlauth_store_opener opener;
		const char *words;
	} rows[] = {
		{SQLAUTH_STORE_FOR_BROKER, "; let it: chown "},
		{SQLAUTH_STORE_FOR_TOOL, "; run this as user "},
		{SQLAUTH_STORE_AS_SOURCE, "; run this as user "},
	};
	struct sqlauth_files files;

	sqlauth_files_look(&paths, &files);
	if (files.file[SQLAUTH_FILE_DATABASE].uid == geteuid())
		return 0; /* not root: whose it is already is told to change the mode, which another test looks at */
	for (size_t i = 0; i < COUNT(rows); i++) {
		char message[3][SQLAUTH_MESSAGE_SIZE];
		struct sqlauth_text why[3];

		for (size_t j = 0; j < COUNT(why); j++)
			sqlauth_text_init(&why[j], message[j], sizeof message[j]);
		if (sqlauth_files_check_readable(&paths, &files, rows[i].opener, &why[0]) == SQLAUTH_OK ||
			sqlauth_files_check_writable(&paths, &files, NULL, rows[i].opener, &why[1]) == SQLAUTH_OK ||
			sqlauth_files_check_wal(&paths, &files, NULL, rows[i].opener, &why[2]) == SQLAUTH_OK)
			return 1;
		if (strstr(message[0], rows[i].words) == NULL || strstr(message[1], rows[i].words) == NULL)
			return 2;
		if (strstr(message[2], rows[i].opener == SQLAUTH_STORE_FOR_BROKER ? "chgrp" : rows[i].words) == NULL)
			return 3;
	}
	return 0;
}

static void the_mend_fits_who_asks(void **state)
{
	(void)state;
	assert_int_equal(chmod(database.directory, 0755), 0);
	assert_int_equal(chmod(database.path, 0600), 0);
	assert_int_equal(as_nobody(is_told_what_fits_who_asks), 0);
}

/* chown would change nothing, and a group need not have the user's name. */
static void an_owner_is_told_to_change_the_mode_and_others_their_group(void **state)
{
	struct sqlauth_user owner = user_of(OWNER), other = user_of(OTHER);
	char message[SQLAUTH_MESSAGE_SIZE];
	struct sqlauth_files files;
	struct sqlauth_text why;

	(void)state;
	owner.uid = other.uid; /* root may do everything: the files are given to somebody, or they are ours already */
	if (geteuid() != 0)
		owner.uid = geteuid();
	else
		assert_int_equal(chown(database.path, owner.uid, (gid_t)-1), 0);
	assert_int_equal(chmod(database.path, 0400), 0);
	sqlauth_files_look(&paths, &files);
	sqlauth_text_init(&why, message, sizeof message);
	assert_int_equal(sqlauth_files_check_writable(&paths, &files, &owner, SQLAUTH_STORE_FOR_BROKER, &why),
		SQLAUTH_ERROR_DATABASE);
	assert_non_null(strstr(message, "; let it: chmod u+rw "));
	other.uid += 1;
	other.gid = 65000; /* has no name */
	sqlauth_text_init(&why, message, sizeof message);
	assert_int_equal(sqlauth_files_check_readable_by(&paths, &other, &why), SQLAUTH_ERROR_DATABASE);
	assert_non_null(strstr(message, "; let it: chgrp 65000 "));
}

static void a_source_is_another_file_to_be_named(void **state)
{
	static const char *const names[] = {"empty", "missing"};

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		struct sqlauth_paths named;
		char message[SQLAUTH_MESSAGE_SIZE];
		struct sqlauth_files files;
		struct sqlauth_text why;

		sqlauth_text_init(&why, message, sizeof message);
		assert_int_equal(sqlauth_paths_init(&named, database_file(&database, names[i])), SQLAUTH_OK);
		sqlauth_files_look(&named, &files);
		assert_int_equal(sqlauth_files_check_readable(&named, &files, SQLAUTH_STORE_AS_SOURCE, &why),
			SQLAUTH_ERROR_DATABASE);
		assert_non_null(strstr(message, "; name a snapshot, or another database"));
		sqlauth_paths_clear(&named);
	}
}

static void the_owner_of_the_directory_is_told_to_change_its_mode(void **state)
{
	struct sqlauth_user owner = user_of(OTHER);
	char message[SQLAUTH_MESSAGE_SIZE];
	struct sqlauth_files files;
	struct sqlauth_text why;

	(void)state;
	if (geteuid() != 0)
		owner.uid = geteuid();
	else
		assert_int_equal(chown(database.directory, owner.uid, (gid_t)-1), 0);
	unlink(paths.file[SQLAUTH_FILE_SHM]);
	unlink(paths.file[SQLAUTH_FILE_WAL]);
	assert_int_equal(chmod(database.directory, 0500), 0);
	sqlauth_files_look(&paths, &files);
	sqlauth_text_init(&why, message, sizeof message);
	assert_int_equal(sqlauth_files_check_wal(&paths, &files, &owner, SQLAUTH_STORE_FOR_BROKER, &why),
		SQLAUTH_ERROR_DATABASE);
	assert_non_null(strstr(message, "; let it write the directory: chmod u+wx "));
	assert_int_equal(chmod(database.directory, 0700), 0);
}

static void this_process_is_judged_by_the_kernel(void **state)
{
	(void)state;
	assert_int_equal(chmod(database.directory, 0000), 0);
	assert_int_equal(as_nobody(is_told_to_let_it_in), 0);
	assert_int_equal(chmod(database.directory, 0755), 0);
	assert_int_equal(chmod(database.path, 0000), 0);
	assert_int_equal(as_nobody(is_told_to_let_it_read), 0);
	assert_int_equal(chmod(database.path, 0444), 0);
	assert_int_equal(as_nobody(is_told_to_let_it_write), 0);
}

/* ---- users ---- */

static void a_user_is_found_by_name_with_its_groups(void **state)
{
	struct sqlauth_user user = {0};
	bool has_gid = false;

	(void)state;
	assert_int_equal(sqlauth_user_find("root", &user), SQLAUTH_OK);
	assert_string_equal(user.name, "root");
	assert_int_equal(user.uid, 0);
	for (int i = 0; i < user.group_count; i++)
		has_gid = has_gid || user.groups[i] == user.gid;
	assert_true(has_gid);
	sqlauth_user_clear(&user);
	assert_null(user.name);
	assert_int_equal(sqlauth_user_find("no-such-user-here", &user), SQLAUTH_ERROR_NOT_FOUND);
	assert_null(user.name);
}

static void without_memory_no_user_is_found_and_nothing_left(void **state)
{
	size_t live = allocations_live();

	(void)state;
	for (size_t nth = 1; nth <= 2; nth++) {
		struct sqlauth_user user = {0};
		enum sqlauth_error error;

		allocations_fail(nth);
		error = sqlauth_user_find("root", &user);
		allocations_fail(0);
		assert_int_equal(error, SQLAUTH_ERROR_MEMORY);
		assert_null(user.name);
		assert_int_equal(allocations_live(), live);
	}
}

/* ---- looks ---- */

static void a_file_is_untouched_while_nothing_of_it_changes(void **state)
{
	struct sqlauth_file one, other, missing;

	(void)state;
	sqlauth_file_look(database.path, &one);
	sqlauth_file_look(database.path, &other);
	sqlauth_file_look(database_file(&database, "missing"), &missing);
	assert_true(sqlauth_file_untouched(&one, &other));
	assert_true(sqlauth_file_untouched(&missing, &missing));
	assert_false(sqlauth_file_untouched(&one, &missing));
	assert_false(sqlauth_file_untouched(&missing, &one));
	other.size++;
	assert_false(sqlauth_file_untouched(&one, &other));
	other = one;
	other.modified_ns++;
	assert_false(sqlauth_file_untouched(&one, &other));
	other = one;
	other.changed_ns++;
	assert_false(sqlauth_file_untouched(&one, &other));
	other = one;
	other.inode++;
	assert_false(sqlauth_file_untouched(&one, &other));
	other = one;
	other.device++;
	assert_false(sqlauth_file_untouched(&one, &other));
	/* an inode number that is used again */
	other = one;
	other.born_ns++;
	assert_false(sqlauth_file_untouched(&one, &other));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(another_user_is_judged_by_the_mode_bits_that_are_for_it),
		TEST(what_is_no_file_with_a_database_in_it_is_said),
		TEST(a_source_is_another_file_to_be_named),
		TEST(the_owner_of_the_directory_is_told_to_change_its_mode),
		TEST(this_process_is_judged_by_the_kernel),
		TEST(the_mend_fits_who_asks),
		TEST(an_owner_is_told_to_change_the_mode_and_others_their_group),
		cmocka_unit_test(a_user_is_found_by_name_with_its_groups),
		cmocka_unit_test(without_memory_no_user_is_found_and_nothing_left),
		TEST(a_file_is_untouched_while_nothing_of_it_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
