/* Looking at the files of a database (files.h): paths, and what statx tells of them. */
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "sqlauth/store.h"

#define NS_PER_SECOND INT64_C(1000000000)

char *sqlauth_path_join(const char *path, const char *back)
{
	const char *front = path[0] == '/' || path[0] == '.' ? "" : "./";
	size_t size = strlen(front) + strlen(path) + strlen(back) + 1;
	char *joined = malloc(size);

	if (joined != NULL)
		snprintf(joined, size, "%s%s%s", front, path, back);
	return joined;
}

static char *directory_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

enum sqlauth_error sqlauth_paths_init(struct sqlauth_paths *paths, const char *path)
{
	static const char *const back[SQLAUTH_FILE_ROLES] = {"", "-wal", "-shm"};
	bool complete = true;

	memset(paths, 0, sizeof *paths);
	for (int role = 0; role < SQLAUTH_FILE_ROLES && complete; role++) {
		paths->file[role] = sqlauth_path_join(path, back[role]);
		complete = paths->file[role] != NULL;
	}
	if (complete)
		paths->directory = directory_of(paths->file[SQLAUTH_FILE_DATABASE]);
	if (paths->directory != NULL)
		return SQLAUTH_OK;
	sqlauth_paths_clear(paths);
	return SQLAUTH_ERROR_MEMORY;
}

void sqlauth_paths_clear(struct sqlauth_paths *paths)
{
	for (int role = 0; role < SQLAUTH_FILE_ROLES; role++)
		free(paths->file[role]);
	free(paths->directory);
	memset(paths, 0, sizeof *paths);
}

#ifdef STATX_BTIME
static int64_t statx_ns(const struct statx_timestamp *time)
{
	return time->tv_sec * NS_PER_SECOND + time->tv_nsec;
}

void sqlauth_file_look(const char *path, struct sqlauth_file *file)
{
	struct statx found;

	memset(file, 0, sizeof *file);
	if (statx(AT_FDCWD, path, 0, STATX_BASIC_STATS | STATX_BTIME, &found) != 0) {
		file->error = errno;
		return;
	}
	file->exists = true;
	file->mode = found.stx_mode;
	file->uid = found.stx_uid;
	file->gid = found.stx_gid;
	file->device = ((uint64_t)found.stx_dev_major << 32) | found.stx_dev_minor;
	file->inode = found.stx_ino;
	file->size = (int64_t)found.stx_size;
	file->born_ns = (found.stx_mask & STATX_BTIME) != 0 ? statx_ns(&found.stx_btime) : 0;
	file->modified_ns = statx_ns(&found.stx_mtime);
	file->changed_ns = statx_ns(&found.stx_ctime);
}
#else
static int64_t timespec_ns(const struct timespec *time)
{
	return (int64_t)time->tv_sec * NS_PER_SECOND + time->tv_nsec;
}

#ifdef __APPLE__
#define st_mtim st_mtimespec
#define st_ctim st_ctimespec
#endif

void sqlauth_file_look(const char *path, struct sqlauth_file *file)
{
	struct stat found;

	memset(file, 0, sizeof *file);
	if (stat(path, &found) != 0) {
		file->error = errno;
		return;
	}
	file->exists = true;
	file->mode = found.st_mode;
	file->uid = found.st_uid;
	file->gid = found.st_gid;
	file->device = (uint64_t)found.st_dev;
	file->inode = (uint64_t)found.st_ino;
	file->size = (int64_t)found.st_size;
	file->modified_ns = timespec_ns(&found.st_mtim);
	file->changed_ns = timespec_ns(&found.st_ctim);
}
#endif

void sqlauth_files_look(const struct sqlauth_paths *paths, struct sqlauth_files *files)
{
	for (int role = 0; role < SQLAUTH_FILE_ROLES; role++)
		sqlauth_file_look(paths->file[role], &files->file[role]);
}

bool sqlauth_file_same(const struct sqlauth_file *a, const struct sqlauth_file *b)
{
	return a->exists && b->exists && a->device == b->device && a->inode == b->inode && a->born_ns == b->born_ns;
}

bool sqlauth_file_untouched(const struct sqlauth_file *a, const struct sqlauth_file *b)
{
	if (!a->exists || !b->exists)
		return a->exists == b->exists;
	return sqlauth_file_same(a, b) && a->size == b->size && a->modified_ns == b->modified_ns &&
	       a->changed_ns == b->changed_ns;
}
