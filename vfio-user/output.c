/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages to the socket. What it does not accept at once waits in a queue. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "vfio-user/endpoint.h"

struct vu_queued {
	struct vu_queued *next;
	int fd; /* to be sent with the first byte, or -1 */
	size_t len, sent;
	uint8_t bytes[];
};

/*
 * With that many bytes queued, reading stops. The queue is never longer than
 * this, one reply and one DMA request, whatever the client does.
 */
#define QUEUE_LIMIT ((size_t)1 << 20)

static bool is_full(const struct vu *vu)
{
	return vu->out.bytes >= QUEUE_LIMIT;
}

bool vu_may_read(struct vu *vu)
{
	return !is_full(vu) && !closer_busy(&vu->closer);
}

static void ask_for(struct vu *vu, int fd, uint32_t *asked, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.fd = fd};

	if (fd >= 0 && events != *asked && epoll_ctl(vu->epoll_fd, EPOLL_CTL_MOD, fd, &event) == 0)
		*asked = events;
}

void vu_update_interest(struct vu *vu)
{
	bool busy = closer_busy(&vu->closer);
	uint32_t client = vu->out.head ? EPOLLOUT : 0;

	if (!busy && !is_full(vu))
		client |= EPOLLIN;
	ask_for(vu, vu->fd, &vu->interest, client);
	ask_for(vu, vu->listen_fd, &vu->listen_interest, busy || vu->paused ? 0 : EPOLLIN);
	ask_for(vu, vu->closer.done, &vu->done_interest, busy ? EPOLLIN : 0);
}

/* Bytes that the socket accepted, 0 where it is full, or a negative errno. */
static ssize_t send_some(struct vu *vu, struct iovec *iov, size_t iov_count, int fd)
{
	union {
		char bytes[CMSG_SPACE(sizeof(fd))];
		struct cmsghdr align;
	} control = {0};
	struct msghdr msg = {.msg_iov = iov, .msg_iovlen = iov_count};
	struct cmsghdr *c;
	ssize_t sent;

	if (fd >= 0) {
		msg.msg_control = control.bytes;
		msg.msg_controllen = sizeof(control.bytes);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(fd));
		memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	}
	do
		sent = sendmsg(vu->fd, &msg, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent >= 0)
		return sent;
	return errno == EAGAIN ? 0 : -errno;
}

static void send_failed(struct vu *vu, int ret)
{
	/* Reading finds the end of a connection, too. */
	if (ret != -EPIPE && ret != -ECONNRESET)
		vu_log(vu, "dropped the client: cannot send to it: %s", strerror(-ret));
	vu_break(vu);
}

/* Queues both parts less their first @sent bytes. */
static int enqueue(struct vu_output *out, const struct iovec iov[2], size_t sent, int fd)
{
	size_t len = iov[0].iov_len + iov[1].iov_len;
	struct vu_queued *queued = malloc(sizeof(*queued) + len);

	if (!queued)
		return -ENOMEM;
	*queued = (struct vu_queued){.fd = sent ? -1 : fd, .len = len, .sent = sent};
	memcpy(queued->bytes, iov[0].iov_base, iov[0].iov_len);
	if (iov[1].iov_len)
		memcpy(queued->bytes + iov[0].iov_len, iov[1].iov_base, iov[1].iov_len);
	*out->tail = queued;
	out->tail = &queued->next;
	out->bytes += len - sent;
	return 0;
}

void vu_send(struct vu *vu, const void *head, size_t head_len, const void *data, size_t data_len,
	     int fd)
{
	struct iovec iov[2] = {
		{.iov_base = (void *)head, .iov_len = head_len},
		{.iov_base = (void *)data, .iov_len = data_len},
	};
	ssize_t sent = 0;
	int ret;

	if (vu->broken)
		return;
	if (!vu->out.head)
		sent = send_some(vu, iov, 2, fd);
	if (sent < 0) {
		send_failed(vu, (int)sent);
		return;
	}
	if ((size_t)sent == head_len + data_len)
		return;
	ret = enqueue(&vu->out, iov, (size_t)sent, fd);
	if (ret)
		send_failed(vu, ret);
	else
		vu_update_interest(vu);
}

static void dequeue(struct vu_output *out)
{
	struct vu_queued *queued = out->head;

	out->head = queued->next;
	if (!out->head)
		out->tail = &out->head;
	out->bytes -= queued->len - queued->sent;
	free(queued);
}

void vu_flush(struct vu *vu)
{
	while (vu->out.head) {
		struct vu_queued *queued = vu->out.head;
		struct iovec iov = {
			.iov_base = queued->bytes + queued->sent,
			.iov_len = queued->len - queued->sent,
		};
		ssize_t sent = send_some(vu, &iov, 1, queued->fd);

		if (sent < 0)
			send_failed(vu, (int)sent);
		if (sent <= 0)
			return;
		queued->fd = -1;
		queued->sent += (size_t)sent;
		vu->out.bytes -= (size_t)sent;
		if (queued->sent == queued->len)
			dequeue(&vu->out);
	}
}

void vu_output_reset(struct vu_output *out)
{
	while (out->head)
		dequeue(out);
}
