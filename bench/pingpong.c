// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/pingpong.h"

#include <errno.h>
#include <sched.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MESSAGE_MAX = 256 };

int send_all(int fd, const void *bytes, size_t len)
{
	ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);

	/* The socket accepts a message of this size whole. */
	return n < 0 ? -errno : (size_t)n == len ? 0 : -EIO;
}

int receive_all(int fd, void *bytes, size_t len)
{
	ssize_t n = recv(fd, bytes, len, MSG_WAITALL);

	return n < 0 ? -errno : (size_t)n == len ? 0 : -EIO;
}

static void answer(int fd, size_t request, size_t reply)
{
	uint8_t bytes[MESSAGE_MAX] = {0};

	while (!receive_all(fd, bytes, request) && !send_all(fd, bytes, reply))
		;
	_exit(0);
}

static int stay_on_this_cpu(void)
{
	int cpu = sched_getcpu();
	cpu_set_t set;

	if (cpu < 0)
		return -errno;
	CPU_ZERO(&set);
	CPU_SET((size_t)cpu, &set);
	return sched_setaffinity(0, sizeof(set), &set) ? -errno : 0;
}

int pingpong_start(struct pingpong *p, size_t request, size_t reply)
{
	int fds[2], ret;

	if (request > MESSAGE_MAX || reply > MESSAGE_MAX)
		return -EINVAL;
	ret = stay_on_this_cpu();
	if (ret)
		return ret;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds))
		return -errno;
	*p = (struct pingpong){.fd = fds[0], .request = request, .reply = reply};
	p->pid = fork();
	if (!p->pid) {
		close(fds[0]);
		answer(fds[1], request, reply);
	}
	close(fds[1]);
	return p->pid < 0 ? -errno : 0;
}

int pingpong_rounds(struct pingpong *p, unsigned count)
{
	uint8_t bytes[MESSAGE_MAX] = {0};
	int ret = 0;

	for (unsigned i = 0; !ret && i < count; i++) {
		ret = send_all(p->fd, bytes, p->request);
		if (!ret)
			ret = receive_all(p->fd, bytes, p->reply);
	}
	return ret;
}

void pingpong_stop(struct pingpong *p)
{
	close(p->fd); /* ends the other process */
	waitpid(p->pid, NULL, 0);
}
