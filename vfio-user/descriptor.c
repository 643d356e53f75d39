/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vfio-user/descriptor.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/vfs.h>
#include <unistd.h>

#define SCM_MAX_FD 253 /* the kernel's; no header has it */

static void keep(struct descriptors *got, const struct cmsghdr *control, struct closer *closer)
{
	size_t count = (control->cmsg_len - CMSG_LEN(0)) / sizeof(int);

	for (size_t i = 0; i < count; i++) {
		int fd;

		memcpy(&fd, CMSG_DATA(control) + i * sizeof(fd), sizeof(fd));
		if (got->count < DESCRIPTORS_KEPT) {
			got->fds[got->count++] = fd;
		} else {
			descriptor_close(fd, closer);
			got->lost = true;
		}
	}
}

ssize_t descriptor_receive(int socket, void *buf, size_t len, struct descriptors *got,
			   struct closer *closer)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int) * SCM_MAX_FD)];
		struct cmsghdr align;
	} control;
	struct iovec iov = {.iov_base = buf, .iov_len = len};
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	ssize_t bytes;

	do
		bytes = recvmsg(socket, &msg, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	while (bytes < 0 && errno == EINTR);
	if (bytes < 0)
		return -errno;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c))
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
			keep(got, c, closer);
	if (msg.msg_flags & MSG_CTRUNC)
		got->lost = true;
	return bytes;
}

bool descriptor_is_memory(int fd)
{
	int seals = fcntl(fd, F_GET_SEALS);
	struct statfs fs;

	/* The order matters: statfs() of a file without seals may wait for its server. */
	return seals >= 0 && (seals & F_SEAL_SHRINK) && fstatfs(fd, &fs) == 0 &&
	       fs.f_type == TMPFS_MAGIC;
}

void descriptor_close(int fd, struct closer *closer)
{
	if (descriptor_is_memory(fd))
		close(fd);
	else
		closer_close(closer, fd);
}

void descriptors_close(struct descriptors *got, struct closer *closer)
{
	for (unsigned i = 0; i < got->count; i++)
		if (got->fds[i] >= 0)
			descriptor_close(got->fds[i], closer);
	got->count = 0;
	got->lost = false;
}

void descriptor_close_socket(int socket, struct closer *closer)
{
	/* The peer is notified at once, however long the closer takes. */
	shutdown(socket, SHUT_RDWR);
	closer_close(closer, socket);
}
