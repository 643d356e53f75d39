// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "libtph/textfile.h"

DIR *folder_open(int dir, const char *name)
{
	int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC), saved;
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);

	if (!folder && fd >= 0) {
		saved = errno;
		close(fd);
		errno = saved;
	}
	return folder;
}

bool textfile_line(FILE *file, char *line, size_t size)
{
	char rest[256];
	size_t len;
	bool whole;

	if (!fgets(line, (int)size, file))
		return false;
	len = strlen(line);
	whole = len && line[len - 1] == '\n';
	if (whole)
		line[len - 1] = '\0';
	while (!whole && fgets(rest, sizeof(rest), file)) {
		len = strlen(rest);
		whole = !len || rest[len - 1] == '\n';
	}
	return true;
}
