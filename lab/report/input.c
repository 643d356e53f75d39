// SPDX-License-Identifier: GPL-2.0-or-later
#include "lab/report/input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int input_open(const char *name)
{
	int fd = open(name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	struct stat stat;

	if (fd < 0)
		return -errno;
	if (!fstat(fd, &stat) && S_ISREG(stat.st_mode))
		return fd;
	close(fd);
	return -EINVAL;
}

/* At most @max bytes from @offset on, even if the file grows. */
static int read_from(int fd, off_t offset, size_t max, char **bytes, size_t *len)
{
	*bytes = malloc(max ? max : 1);
	*len = 0;
	if (!*bytes)
		return -ENOMEM;
	while (*len < max) {
		ssize_t got = pread(fd, *bytes + *len, max - *len, offset + (off_t)*len);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (!got)
			break;
		*len += (size_t)got;
	}
	return 0;
}

static int read_file(const char *name, size_t max, bool tail, char **bytes, size_t *len)
{
	int fd = input_open(name), ret;
	struct stat stat;
	bool larger;

	*bytes = NULL;
	if (fd < 0)
		return fd;
	ret = fstat(fd, &stat) ? -errno : 0;
	larger = !ret && stat.st_size > (off_t)max;
	if (!ret && larger && !tail)
		ret = -EFBIG;
	if (!ret)
		ret = read_from(fd, larger ? stat.st_size - (off_t)max : 0, max, bytes, len);
	close(fd);
	if (!ret)
		return larger;
	free(*bytes);
	*bytes = NULL;
	return ret;
}

int input_read(const char *name, size_t max, char **bytes, size_t *len)
{
	return read_file(name, max, false, bytes, len);
}

int input_read_tail(const char *name, size_t max, char **bytes, size_t *len)
{
	return read_file(name, max, true, bytes, len);
}
