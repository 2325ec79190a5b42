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

#define USER_TEXT_SIZE 80

/* Groups of one user that are looked at; Linux allows a process 65536. */
#define GROUPS_MAX 65536

static void name_user(const struct sqlauth_user *user, char text[USER_TEXT_SIZE])
{
	struct passwd entry, *found = NULL;
	char buffer[1024];

	if (user != NULL)
		snprintf(text, USER_TEXT_SIZE, "%s", user->name);
	else if (getpwuid_r(geteuid(), &entry, buffer, sizeof buffer, &found) == 0 && found != NULL)
		snprintf(text, USER_TEXT_SIZE, "%s", found->pw_name);
	else
		snprintf(text, USER_TEXT_SIZE, "%lu", (unsigned long)geteuid());
}

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

static enum sqlauth_error explain_missing(const char *path, int error, struct sqlauth_text *why)
{
	if (error == ENOENT)
		sqlauth_text_set(why, "%s does not exist; create it with: sqlauth init -d %s", path, path);
	else
		sqlauth_text_set(why, "%s cannot be reached: %s", path, strerror(error));
	if (error == EACCES)
		sqlauth_text_add(why, "; let this user enter its directories (chmod o+x)");
	return SQLAUTH_ERROR_DATABASE;
}

enum sqlauth_error sqlauth_files_check_readable(
	const struct sqlauth_paths *paths, const struct sqlauth_files *files, struct sqlauth_text *why)
{
	const struct sqlauth_file *file = &files->file[SQLAUTH_FILE_DATABASE];
	const char *path = paths->file[SQLAUTH_FILE_DATABASE];
	char name[USER_TEXT_SIZE];

	if (!file->exists)
		return explain_missing(path, file->error, why);
	if (S_ISDIR(file->mode)) {
		sqlauth_text_set(why, "%s is a directory; name the database file in it", path);
	} else if (!S_ISREG(file->mode)) {
		sqlauth_text_set(why, "%s is not a regular file; name the database file", path);
	} else if (!may(NULL, path, R_OK)) {
		name_user(NULL, name);
		sqlauth_text_set(why, "%s cannot be read by user %s; let it: chown %s %s", path, name, name, path);
	} else if (file->size == 0) {
		sqlauth_text_set(why, "%s is empty; remove it and create it with: sqlauth init -d %s", path, path);
	} else {
		return SQLAUTH_OK;
	}
	return SQLAUTH_ERROR_DATABASE;
}

enum sqlauth_error sqlauth_files_check_readable_by(
	const struct sqlauth_paths *paths, const struct sqlauth_user *user, struct sqlauth_text *why)
{
	const char *path = paths->file[SQLAUTH_FILE_DATABASE];
	char name[USER_TEXT_SIZE];

	if (may(user, path, R_OK))
		return SQLAUTH_OK;
	name_user(user, name);
	sqlauth_text_set(
		why, "%s cannot be read by user %s; let it: chgrp %s %s && chmod g+r %s", path, name, name, path, path);
	return SQLAUTH_ERROR_DATABASE;
}

enum sqlauth_error sqlauth_files_check_writable(const struct sqlauth_paths *paths, const struct sqlauth_files *files,
	const struct sqlauth_user *user, struct sqlauth_text *why)
{
	const char *path = paths->file[SQLAUTH_FILE_DATABASE];
	char name[USER_TEXT_SIZE];

	if (files->file[SQLAUTH_FILE_DATABASE].exists && may(user, path, R_OK | W_OK))
		return SQLAUTH_OK;
	name_user(user, name);
	sqlauth_text_set(why, "%s cannot be read and written by user %s; let it: chown %s %s", path, name, name, path);
	return SQLAUTH_ERROR_DATABASE;
}

enum sqlauth_error sqlauth_files_check_wal(const struct sqlauth_paths *paths, const struct sqlauth_files *files,
	const struct sqlauth_user *user, struct sqlauth_text *why)
{
	static const struct {
		enum sqlauth_file_role role;
		int wanted;
		const char *words;
	} rows[] = {
		{SQLAUTH_FILE_WAL, R_OK, "be read"},
		{SQLAUTH_FILE_SHM, R_OK | W_OK, "be written"},
	};
	char name[USER_TEXT_SIZE];

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const char *path = paths->file[rows[i].role];
		bool exists = files->file[rows[i].role].exists;

		if (exists ? may(user, path, rows[i].wanted) : may(user, paths->directory, W_OK | X_OK))
			continue;
		name_user(user, name);
		if (exists)
			sqlauth_text_set(why, "%s is in WAL mode, and %s cannot %s by user %s; let it: chown %s %s",
				paths->file[SQLAUTH_FILE_DATABASE], path, rows[i].words, name, name, path);
		else
			sqlauth_text_set(why,
				"%s is in WAL mode, and user %s cannot create %s; let it write the directory: "
				"chgrp %s %s && chmod g+wx %s",
				paths->file[SQLAUTH_FILE_DATABASE], name, path, name, paths->directory,
				paths->directory);
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
