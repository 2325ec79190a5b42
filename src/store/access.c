/* Permissions of the database's files, each refusal with its mend (access.h). Opens nothing. */
#include "access.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_SIZE 80

/* Groups of one user that are looked at; Linux allows a process 65536. */
#define GROUPS_MAX 65536

/* As sudo and chown take it, also where the id has no name. */
static void name_uid(uid_t uid, char text[NAME_SIZE])
{
	struct passwd entry, *found = NULL;
	char buffer[1024];

	if (getpwuid_r(uid, &entry, buffer, sizeof buffer, &found) == 0 && found != NULL)
		snprintf(text, NAME_SIZE, "%s", found->pw_name);
	else
		snprintf(text, NAME_SIZE, "'#%lu'", (unsigned long)uid);
}

static uid_t uid_of(const struct sqlauth_user *user)
{
	return user != NULL ? user->uid : geteuid();
}

static void name_user(const struct sqlauth_user *user, char text[NAME_SIZE])
{
	if (user != NULL)
		snprintf(text, NAME_SIZE, "%s", user->name);
	else
		name_uid(geteuid(), text);
}

/* The primary group, which need not have the user's name. */
static void name_group(const struct sqlauth_user *user, char text[NAME_SIZE])
{
	struct group entry, *found = NULL;
	gid_t gid = user != NULL ? user->gid : getegid();
	char buffer[4096];

	if (getgrgid_r(gid, &entry, buffer, sizeof buffer, &found) == 0 && found != NULL)
		snprintf(text, NAME_SIZE, "%s", found->gr_name);
	else
		snprintf(text, NAME_SIZE, "%lu", (unsigned long)gid);
}

/* ---- mends */

static void add_run_as(uid_t uid, struct sqlauth_text *why)
{
	char name[NAME_SIZE];

	name_uid(uid, name);
	sqlauth_text_add(why, "; run this as user %s: sudo -u %s sqlauth ...", name, name);
}

/* Whoever runs the tool becomes the database's owner for that, rather than its owner for ever: it is the broker's. */
static bool is_to_run_as_another(
	const struct sqlauth_file *database, const struct sqlauth_user *user, enum sqlauth_store_opener opener)
{
	return opener != SQLAUTH_STORE_FOR_BROKER && user == NULL && database->exists && database->uid != geteuid();
}

/* Proposes to let the user have the rights (letters of chmod) on one of the files. Whose it is already gains nothing by
 * chown. */
static void add_grant(const struct sqlauth_paths *paths, const struct sqlauth_files *files, enum sqlauth_file_role role,
	const char *rights, const struct sqlauth_user *user, enum sqlauth_store_opener opener, struct sqlauth_text *why)
{
	const struct sqlauth_file *database = &files->file[SQLAUTH_FILE_DATABASE];
	char name[NAME_SIZE];

	name_user(user, name);
	if (is_to_run_as_another(database, user, opener))
		add_run_as(database->uid, why);
	else if (files->file[role].exists && files->file[role].uid == uid_of(user))
		sqlauth_text_add(why, "; let it: chmod u+%s %s", rights, paths->file[role]);
	else
		sqlauth_text_add(why, "; let it: chown %s %s", name, paths->file[role]);
}

/* The same for making files in the directory. */
static void add_directory_grant(const struct sqlauth_paths *paths, const struct sqlauth_files *files,
	const struct sqlauth_user *user, enum sqlauth_store_opener opener, struct sqlauth_text *why)
{
	const struct sqlauth_file *database = &files->file[SQLAUTH_FILE_DATABASE];
	struct sqlauth_file directory;
	char group[NAME_SIZE];

	sqlauth_file_look(paths->directory, &directory);
	name_group(user, group);
	if (is_to_run_as_another(database, user, opener))
		add_run_as(database->uid, why);
	else if (directory.exists && directory.uid == uid_of(user))
		sqlauth_text_add(why, "; let it write the directory: chmod u+wx %s", paths->directory);
	else
		sqlauth_text_add(why, "; let it write the directory: chgrp %s %s && chmod g+wx %s", group,
			paths->directory, paths->directory);
}

/* ---- checks */

static bool in_group(const struct sqlauth_user *user, gid_t gid)
{
	for (int i = 0; i < user->group_count; i++) {
		if (user->groups[i] == gid)
			return true;
	}
	return false;
}

/* The kernel's answer for this process, the mode bits' for another user (which leaves ACLs and mounts out). */
static bool may(const struct sqlauth_user *user, const char *path, int wanted)
{
	struct sqlauth_file file;
	unsigned int shift = 0;

	if (user == NULL)
		return faccessat(AT_FDCWD, path, wanted, AT_EACCESS) == 0;
	sqlauth_file_look(path, &file);
	if (!file.exists)
		return false;
	if (user->uid == 0)
		return true;
	if (file.uid == user->uid)
		shift = 6;
	else if (in_group(user, file.gid))
		shift = 3;
	return ((unsigned int)wanted & ~(file.mode >> shift)) == 0;
}

/* The file cannot be looked at, so its directory tells whose it may be. */
static void add_entry(const struct sqlauth_paths *paths, enum sqlauth_store_opener opener, struct sqlauth_text *why)
{
	struct sqlauth_file directory;

	sqlauth_file_look(paths->directory, &directory);
	if (is_to_run_as_another(&directory, NULL, opener))
		add_run_as(directory.uid, why);
	else
		sqlauth_text_add(why, "; let this user enter its directories (chmod o+x)");
}

static enum sqlauth_error explain_missing(
	const struct sqlauth_paths *paths, int error, enum sqlauth_store_opener opener, struct sqlauth_text *why)
{
	const char *path = paths->file[SQLAUTH_FILE_DATABASE];

	if (error != ENOENT)
		sqlauth_text_set(why, "%s cannot be reached: %s", path, strerror(error));
	else if (opener == SQLAUTH_STORE_AS_SOURCE)
		sqlauth_text_set(why, "%s does not exist; name a snapshot, or another database", path);
	else
		sqlauth_text_set(
			why, "%s does not exist; put it back, or create it with: sqlauth init -d %s", path, path);
	if (error == EACCES)
		add_entry(paths, opener, why);
	return SQLAUTH_ERROR_DATABASE;
}

static void explain_empty(const char *path, enum sqlauth_store_opener opener, struct sqlauth_text *why)
{
	if (opener == SQLAUTH_STORE_AS_SOURCE)
		sqlauth_text_set(why, "%s is empty; name a snapshot, or another database", path);
	else
		sqlauth_text_set(why, "%s is empty; remove it and create it with: sqlauth init -d %s", path, path);
}

enum sqlauth_error sqlauth_files_check_readable(const struct sqlauth_paths *paths, const struct sqlauth_files *files,
	enum sqlauth_store_opener opener, struct sqlauth_text *why)
{
	const struct sqlauth_file *file = &files->file[SQLAUTH_FILE_DATABASE];
	const char *path = paths->file[SQLAUTH_FILE_DATABASE];
	char name[NAME_SIZE];

	if (!file->exists)
		return explain_missing(paths, file->error, opener, why);
	if (S_ISDIR(file->mode)) {
		sqlauth_text_set(why, "%s is a directory; name the database file in it", path);
	} else if (!S_ISREG(file->mode)) {
		sqlauth_text_set(why, "%s is not a regular file; name the database file", path);
	} else if (!may(NULL, path, R_OK)) {
		name_user(NULL, name);
		sqlauth_text_set(why, "%s cannot be read by user %s", path, name);
		add_grant(paths, files, SQLAUTH_FILE_DATABASE, "r", NULL, opener, why);
	} else if (file->size == 0) {
		explain_empty(path, opener, why);
	} else {
		return SQLAUTH_OK;
	}
	return SQLAUTH_ERROR_DATABASE;
}

enum sqlauth_error sqlauth_files_check_readable_by(
	const struct sqlauth_paths *paths, const struct sqlauth_user *user, struct sqlauth_text *why)
{
	const char *path = paths->file[SQLAUTH_FILE_DATABASE];
	char name[NAME_SIZE], group[NAME_SIZE];

	if (may(user, path, R_OK))
		return SQLAUTH_OK;
	name_user(user, name);
	name_group(user, group);
	sqlauth_text_set(why, "%s cannot be read by user %s; let it: chgrp %s %s && chmod g+r %s", path, name, group,
		path, path);
	return SQLAUTH_ERROR_DATABASE;
}

enum sqlauth_error sqlauth_files_check_writable(const struct sqlauth_paths *paths, const struct sqlauth_files *files,
	const struct sqlauth_user *user, enum sqlauth_store_opener opener, struct sqlauth_text *why)
{
	const char *path = paths->file[SQLAUTH_FILE_DATABASE];
	char name[NAME_SIZE];

	if (files->file[SQLAUTH_FILE_DATABASE].exists && may(user, path, R_OK | W_OK))
		return SQLAUTH_OK;
	name_user(user, name);
	sqlauth_text_set(why, "%s cannot be read and written by user %s", path, name);
	add_grant(paths, files, SQLAUTH_FILE_DATABASE, "rw", user, opener, why);
	return SQLAUTH_ERROR_DATABASE;
}

enum sqlauth_error sqlauth_files_check_wal(const struct sqlauth_paths *paths, const struct sqlauth_files *files,
	const struct sqlauth_user *user, enum sqlauth_store_opener opener, struct sqlauth_text *why)
{
	static const struct {
		enum sqlauth_file_role role;
		int wanted;
		const char *words, *rights;
	} rows[] = {
		{SQLAUTH_FILE_WAL, R_OK, "be read", "r"},
		{SQLAUTH_FILE_SHM, R_OK | W_OK, "be written", "rw"},
	};
	const char *database = paths->file[SQLAUTH_FILE_DATABASE];
	char name[NAME_SIZE];

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const char *path = paths->file[rows[i].role];
		bool exists = files->file[rows[i].role].exists;

		if (exists ? may(user, path, rows[i].wanted) : may(user, paths->directory, W_OK | X_OK))
			continue;
		name_user(user, name);
		if (exists) {
			sqlauth_text_set(why, "%s is in WAL mode, and %s cannot %s by user %s", database, path,
				rows[i].words, name);
			add_grant(paths, files, rows[i].role, rows[i].rights, user, opener, why);
		} else {
			sqlauth_text_set(why, "%s is in WAL mode, and user %s cannot create %s", database, name, path);
			add_directory_grant(paths, files, user, opener, why);
		}
		return SQLAUTH_ERROR_DATABASE;
	}
	return SQLAUTH_OK;
}

void sqlauth_user_clear(struct sqlauth_user *user)
{
	free(user->name);
	free(user->groups);
	memset(user, 0, sizeof *user);
}

static enum sqlauth_error find_groups(struct sqlauth_user *user)
{
	int count = 32;

	for (;;) {
		gid_t *grown = realloc(user->groups, (size_t)count * sizeof *grown);
		int room = count;

		if (grown == NULL)
			return SQLAUTH_ERROR_MEMORY;
		user->groups = grown;
		if (getgrouplist(user->name, user->gid, user->groups, &room) >= 0) {
			user->group_count = room;
			return SQLAUTH_OK;
		}
		if (count > GROUPS_MAX)
			return SQLAUTH_ERROR_LIMIT;
		count *= 2;
	}
}

enum sqlauth_error sqlauth_user_find(const char *name, struct sqlauth_user *user_r)
{
	struct sqlauth_user user = {0};
	struct passwd entry, *found = NULL;
	char buffer[4096];
	int failure = getpwnam_r(name, &entry, buffer, sizeof buffer, &found);
	enum sqlauth_error error;

	if (found == NULL)
		return failure == 0 ? SQLAUTH_ERROR_NOT_FOUND : SQLAUTH_ERROR_SYSTEM;
	user.uid = found->pw_uid;
	user.gid = found->pw_gid;
	user.name = strdup(name);
	error = user.name == NULL ? SQLAUTH_ERROR_MEMORY : find_groups(&user);
	if (error == SQLAUTH_OK)
		*user_r = user;
	else
		sqlauth_user_clear(&user);
	return error;
}
