// SPDX-License-Identifier: GPL-2.0-or-later
#include "fabric/trace_file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "util/clock.h"

struct trace_file {
	int fd;
	unsigned patience_ms;
	bool given_up;
};

/* False and errno: @file accepts no byte until @end_ns. */
static bool wait_for_reader(const struct trace_file *file, uint64_t end_ns)
{
	struct pollfd poll_fd = {.fd = file->fd, .events = POLLOUT};
	int timeout_ms = clock_ms_until(end_ns);
	int ret = timeout_ms ? poll(&poll_fd, 1, timeout_ms) : 0;

	if (ret > 0 || (ret < 0 && errno == EINTR))
		return true;
	if (!ret)
		errno = ETIMEDOUT;
	return false;
}

/* All of @size bytes, or 0 and errno: as stdio requires of a cookie. */
static ssize_t write_all(void *cookie, const char *bytes, size_t size)
{
	struct trace_file *file = cookie;
	uint64_t end_ns = clock_ns() + file->patience_ms * NS_PER_MS;
	size_t done = 0;

	if (file->given_up) {
		errno = ETIMEDOUT;
		return 0;
	}
	while (done < size) {
		ssize_t ret = write(file->fd, bytes + done, size - done);

		if (ret >= 0)
			done += (size_t)ret;
		else if (errno == EAGAIN ? !wait_for_reader(file, end_ns) : errno != EINTR)
			break;
	}
	file->given_up = done < size && errno == ETIMEDOUT;
	return done < size ? 0 : (ssize_t)size;
}

static int close_file(void *cookie)
{
	struct trace_file *file = cookie;
	int ret = close(file->fd);

	free(file);
	return ret;
}

FILE *trace_file_open(const char *name, unsigned patience_ms)
{
	static const cookie_io_functions_t functions = {.write = write_all, .close = close_file};
	struct trace_file *file = calloc(1, sizeof(*file));
	FILE *stream;

	if (!file)
		return NULL;
	file->patience_ms = patience_ms;
	file->fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NONBLOCK, 0666);
	if (file->fd < 0) {
		free(file);
		return NULL;
	}
	stream = fopencookie(file, "w", functions);
	if (!stream)
		close_file(file);
	return stream;
}
