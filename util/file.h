/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opens the kernel's files, or those of a copy of its folders. */
#ifndef UTIL_FILE_H
#define UTIL_FILE_H

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * Opens the file or folder @name in the folder @dir for reading; -1 and errno. In a copy the name
 * may be that of a FIFO or a device, which could block or have no end: ENOENT.
 */
static inline int file_open(int dir, const char *name)
{
	int fd = openat(dir, name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || (!fstat(fd, &st) && (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode))))
		return fd;
	close(fd);
	errno = ENOENT;
	return -1;
}

/* The same as a stream; NULL and errno. */
static inline FILE *file_stream(int dir, const char *name)
{
	int fd = file_open(dir, name), saved;
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");

	if (!file && fd >= 0) {
		saved = errno;
		close(fd);
		errno = saved;
	}
	return file;
}

#endif
