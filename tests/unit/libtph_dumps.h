/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For the tests of libtph: dumps, folders like /sys, and the messages that it logged. */
#ifndef TESTS_UNIT_LIBTPH_DUMPS_H
#define TESTS_UNIT_LIBTPH_DUMPS_H

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/test.h"
#include "tph/tph.h"
#include "util/macros.h"

#define PATH_BYTES 512

struct messages {
	unsigned count;
	char last[512];
};

static inline void keep_message(void *data, enum tph_log_level level, const char *message)
{
	struct messages *m = data;

	(void)level;
	m->count++;
	snprintf(m->last, sizeof(m->last), "%s", message);
}

/* The folder of the dumps is TPH_DUMPS; meson makes them in the build folder. */
static inline const char *dump_path(const char *name, const char *suffix, char path[PATH_BYTES])
{
	const char *dir = getenv("TPH_DUMPS");

	if (!dir)
		fail_msg("TPH_DUMPS is not set: meson test sets it");
	snprintf(path, PATH_BYTES, "%s/%s%s", dir, name, suffix);
	return path;
}

static inline struct tph_ctx *open_dump(const char *name)
{
	static struct messages messages; /* the context keeps its address */
	struct tph_log log = {keep_message, &messages};
	struct tph_ctx *ctx = NULL;
	char path[PATH_BYTES];
	int ret = tph_ctx_new_dump(dump_path(name, ".dump", path), &log, &ctx);

	if (ret)
		fail_msg("%s: %s: %s", path, strerror(-ret), messages.last);
	return ctx;
}

/* Fixtures of a test: its state is a folder that is laid out like /sys or /proc. */
static inline int folder_make(void **state)
{
	char *folder = strdup("/tmp/libtph_test_XXXXXX");

	*state = folder;
	return mkdtemp(folder) && !chmod(folder, 0755) ? 0 : -1;
}

static inline int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline int folder_remove(void **state)
{
	int ret = nftw(*state, remove_one, 8, FTW_DEPTH | FTW_PHYS);

	free(*state);
	return ret;
}

#define FOLDER_TEST(name) TEST_WITH(name, folder_make, folder_remove)

/* Makes the folders above a file, in @folder. */
static inline void make_folders(const char *folder, char *path)
{
	for (char *slash = strchr(path + strlen(folder) + 1, '/'); slash;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, 0755);
		*slash = '/';
	}
}

/* Writes a file, and makes the folders above it. */
static inline void put_file(const char *folder, const char *name, const void *data, size_t len)
{
	char path[2 * PATH_BYTES];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	make_folders(folder, path);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(data, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
}

/* How many files this process has open. */
static inline int open_fds(void)
{
	int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static inline struct tph_bdf bdf_of(const char *text)
{
	struct tph_bdf bdf;

	assert_int_equal(tph_bdf_parse(text, &bdf), 0);
	return bdf;
}

#endif
