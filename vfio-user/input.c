/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes and descriptors from the socket, cut into messages. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "endpoint.h"

/* So that one client cannot keep the owner from its other endpoints. */
#define MESSAGES_AT_ONCE 64

void vu_input_reset(struct vu_input *in)
{
	unsigned i;

	for (i = 0; i < in->fd_count; i++)
		if (in->fds[i] >= 0)
			close(in->fds[i]);
	in->fd_count = 0;
	in->fds_lost = false;
	in->have = 0;
}

static void keep_fds(struct vu_input *in, const struct cmsghdr *control)
{
	size_t count = (control->cmsg_len - CMSG_LEN(0)) / sizeof(int), i;
	int fd;

	for (i = 0; i < count; i++) {
		memcpy(&fd, CMSG_DATA(control) + i * sizeof(fd), sizeof(fd));
		if (in->fd_count < VU_MAX_FDS) {
			in->fds[in->fd_count++] = fd;
		} else {
			close(fd);
			in->fds_lost = true;
		}
	}
}

/* Reads no further than @until bytes, so that descriptors stay with their message. */
static ssize_t read_until(struct vu *vu, size_t until)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int) * VU_MAX_FDS)];
		struct cmsghdr align;
	} control;
	struct iovec iov = {
		.iov_base = vu->in.buf + vu->in.have,
		.iov_len = until - vu->in.have,
	};
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	struct cmsghdr *c;
	ssize_t got;

	do
		got = recvmsg(vu->fd, &msg, MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	for (c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c))
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
			keep_fds(&vu->in, c);
	if (msg.msg_flags & MSG_CTRUNC)
		vu->in.fds_lost = true;
	vu->in.have += (size_t)got;
	return got;
}

static void handle_message(struct vu *vu, const struct vu_header *header)
{
	struct vu_request request = {
		.header = *header,
		.body = vu->in.buf + sizeof(*header),
		.len = header->size - sizeof(*header),
		.fds = vu->in.fds,
		.fd_count = vu->in.fd_count,
	};

	if ((header->flags & VU_TYPE_MASK) == VU_TYPE_REPLY)
		vu_transfer_reply(vu, &request);
	else
		vu_dispatch(vu, &request);
	vu_input_reset(&vu->in);
}

/* Reads on to @until bytes of the message. False: not all there yet, or the client is gone. */
static bool have_until(struct vu *vu, size_t until)
{
	while (vu->in.have < until) {
		ssize_t got = read_until(vu, until);

		if (got == -EAGAIN)
			return false;
		if (got <= 0) {
			if (vu->in.have)
				vu_complain(vu, "the client left in the middle of a message");
			vu_break(vu);
			return false;
		}
	}
	return true;
}

/* False: nothing more to read now. */
static bool receive_message(struct vu *vu)
{
	struct vu_header header;

	if (!have_until(vu, sizeof(header)))
		return false;
	memcpy(&header, vu->in.buf, sizeof(header));
	if (header.size < sizeof(header) || header.size > VU_MAX_MESSAGE) {
		/* Where the next message starts is anybody's guess. */
		vu_complain(
			vu,
			"dropped the client: it announced a message of %u bytes, not %zu to %zu",
			header.size, sizeof(header), VU_MAX_MESSAGE);
		vu_break(vu);
		return false;
	}
	if (!have_until(vu, header.size))
		return false;
	handle_message(vu, &header);
	return true;
}

void vu_receive(struct vu *vu)
{
	int i;

	for (i = 0; i < MESSAGES_AT_ONCE; i++)
		if (!receive_message(vu) || vu->broken || vu_output_full(vu))
			return;
}
