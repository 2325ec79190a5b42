/* Gives files, or the files of directories, to a fuzz target: how seeds and findings are replayed with any compiler. */
#include <dirent.h>
#include <sys/stat.h>

#include "fuzz.h"

#define INPUT_BYTES_MAX (1u << 20)

static int replay_file(const char *path)
{
	static uint8_t data[INPUT_BYTES_MAX];
	FILE *file = fopen(path, "rb");
	if (file == NULL) {
		perror(path);
		return 1;
	}
	size_t size = fread(data, 1, sizeof data, file);
	(void)fclose(file);
	(void)printf("%s\n", path);
	(void)fflush(stdout); /* so that the last name printed is that of the input that failed */
	return LLVMFuzzerTestOneInput(data, size);
}

static int replay_directory(const char *path)
{
	struct dirent **entries = NULL;
	char name[4096];
	int failed = 0;
	int count = scandir(path, &entries, NULL, alphasort);
	int replayed = 0;
	if (count < 0) {
		perror(path);
		return 1;
	}
	for (int i = 0; i < count; i++) {
		if (entries[i]->d_name[0] != '.') {
			(void)snprintf(name, sizeof name, "%s/%s", path, entries[i]->d_name);
			failed |= replay_file(name);
			replayed++;
		}
		free(entries[i]);
	}
	free(entries);
	if (replayed == 0)
		(void)fprintf(stderr, "%s: nothing to replay\n", path);
	return replayed == 0 ? 1 : failed;
}

int main(int argc, char **argv)
{
	int failed = argc < 2 ? 2 : 0;
	for (int i = 1; i < argc; i++) {
		struct stat status;
		if (stat(argv[i], &status) == 0 && S_ISDIR(status.st_mode))
			failed |= replay_directory(argv[i]);
		else
			failed |= replay_file(argv[i]);
	}
	return failed;
}
