// SPDX-License-Identifier: GPL-2.0-or-later
#include "lab/wire.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "devices/cx/packet.h"
#include "util/bytes.h"
#include "util/clock.h"
#include "vfio-user/descriptor.h"

#define BUFFER_BYTES  (512u << 10)
#define REQUEST_BYTES (256u << 10) /* of the buffer for requests; the rest is for answers */
#define RETRY_NS      (20 * NS_PER_MS)
#define PATIENCE_NS   (2 * NS_PER_S) /* how long a peer may go without reading */

/* In a queued packet, at the header's reserved bytes: when it is due. */
#define DUE_AT 72u

enum { LISTENER, PEER };

/* Copies the bytes of all segments into @wire->sent; afterwards there are no segments. */
static void copy_segments(struct wire *wire)
{
	for (unsigned i = 0; i < wire->segment_count; i++) {
		const struct wire_segment *s = &wire->segments[i];

		if (s->at + s->len > wire->sent_from)
			memcpy(wire->sent + s->at, s->memory, s->len);
	}
	wire->segment_count = 0;
}

static void hang_up(struct wire *wire)
{
	if (wire->fd >= 0)
		descriptor_close_socket(wire->fd, wire->closer);
	wire->fd = -1;
	wire->received_to = wire->received_from + wire->held;
	wire->sent_from = wire->sent_due = wire->sent_to;
	copy_segments(wire); /* those of an unfinished packet; the others are dropped */
	wire->retry_at_ns = clock_ns() + RETRY_NS;
}

static bool is_open(const struct wire *wire)
{
	return wire->powered && !wire->cut;
}

static int address_of(const struct wire *wire, struct sockaddr_un *address)
{
	*address = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (strlen(wire->path) >= sizeof(address->sun_path))
		return -ENAMETOOLONG;
	memcpy(address->sun_path, wire->path, strlen(wire->path) + 1);
	return 0;
}

static int make_socket(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	return fd < 0 ? -errno : fd;
}

static int listen_at(struct wire *wire)
{
	struct sockaddr_un address;
	int ret = address_of(wire, &address);

	if (ret)
		return ret;
	wire->listener = make_socket();
	if (wire->listener < 0)
		return wire->listener;
	/* On Linux the mode set before bind() is the file's from its first moment. */
	if (fchmod(wire->listener, 0600) ||
	    bind(wire->listener, (struct sockaddr *)&address, sizeof(address)) ||
	    listen(wire->listener, 1))
		return -errno;
	return 0;
}

int wire_open(struct wire *wire, const char *path, bool listens, struct closer *closer)
{
	*wire = (struct wire){
		.listens = listens,
		.powered = true,
		.listener = -1,
		.fd = -1,
		.closer = closer,
		.received = malloc(BUFFER_BYTES),
		.sent = malloc(BUFFER_BYTES),
	};
	if (!wire->received || !wire->sent)
		return -ENOMEM;
	if (snprintf(wire->path, sizeof(wire->path), "%s", path) >= (int)sizeof(wire->path))
		return -ENAMETOOLONG;
	return listens ? listen_at(wire) : 0;
}

void wire_close(struct wire *wire)
{
	if (wire->fd >= 0)
		hang_up(wire);
	if (wire->listener >= 0)
		descriptor_close_socket(wire->listener, wire->closer);
	free(wire->received);
	free(wire->sent);
	*wire = (struct wire){.listener = -1, .fd = -1};
}

static void connected(struct wire *wire, int fd)
{
	wire->fd = fd;
	wire->moved_at_ns = clock_ns();
}

/* The other host may not have started yet, or may have ended. */
static void connect_again(struct wire *wire)
{
	struct sockaddr_un address;
	int fd = closer_busy(wire->closer) ? -EBUSY : make_socket();

	wire->retry_at_ns = clock_ns() + RETRY_NS;
	if (fd < 0)
		return;
	if (address_of(wire, &address) || connect(fd, (struct sockaddr *)&address, sizeof(address)))
		descriptor_close_socket(fd, wire->closer);
	else
		connected(wire, fd);
}

/* A new connection of the peer ends the old one. */
static void accept_peer(struct wire *wire)
{
	int fd = accept4(wire->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return;
	hang_up(wire);
	connected(wire, fd);
}

/* Frees space at the end for another packet, by removing the bytes that have been sent. */
static bool make_space(struct wire *wire)
{
	if (wire->sent_from == wire->sent_to)
		wire->sent_from = wire->sent_due = wire->sent_to = 0;
	if (BUFFER_BYTES - wire->sent_to >= CX_PACKET_MAX)
		return true;
	copy_segments(wire);
	memmove(wire->sent, wire->sent + wire->sent_from, wire->sent_to - wire->sent_from);
	wire->sent_due -= wire->sent_from;
	wire->sent_to -= wire->sent_from;
	wire->sent_from = 0;
	return BUFFER_BYTES - wire->sent_to >= CX_PACKET_MAX;
}

static size_t queued(const struct wire *wire)
{
	return wire->sent_to - wire->sent_from;
}

static bool on_up(void *ctx)
{
	const struct wire *wire = ctx;

	return wire->fd >= 0;
}

static uint8_t *on_reserve(void *ctx, bool answer)
{
	struct wire *wire = ctx;
	unsigned *count = &wire->segment_count;

	while (*count && wire->segments[*count - 1].at >= wire->sent_to)
		--*count; /* of a packet that was abandoned */
	if ((!answer && queued(wire) > REQUEST_BYTES) || !make_space(wire)) {
		wire->wanted |= !answer;
		return NULL;
	}
	return wire->sent + wire->sent_to;
}

static void on_gather(void *ctx, uint8_t *to, const void *memory, size_t len)
{
	struct wire *wire = ctx;
	size_t at = (size_t)(to - wire->sent);
	struct wire_segment *last = &wire->segments[wire->segment_count] - 1;

	if (wire->segment_count && last->at + last->len == at && last->memory + last->len == memory)
		last->len += len;
	else if (wire->segment_count < WIRE_SEGMENTS_MAX)
		wire->segments[wire->segment_count++] = (struct wire_segment){at, len, memory};
	else
		memcpy(to, memory, len);
}

static void on_send(void *ctx, size_t len)
{
	struct wire *wire = ctx;

	if (wire->fd < 0) {
		wire->lost++;
		return;
	}
	wire->packets++;
	if (!queued(wire))
		wire->moved_at_ns = clock_ns();
	if (wire->delay_ms)
		put_be64(wire->sent + wire->sent_to + DUE_AT,
			 clock_ns() + wire->delay_ms * NS_PER_MS);
	else if (wire->sent_due == wire->sent_to)
		wire->sent_due += len;
	wire->sent_to += len;
}

/* The size of the first received packet; 0: none is complete. */
static size_t first_packet(struct wire *wire)
{
	size_t size, here = wire->received_to - wire->received_from;

	if (here < CX_PACKET_HEADER)
		return 0;
	size = cx_packet_size(wire->received + wire->received_from);
	if (!size) /* the next packet cannot be found */
		hang_up(wire);
	return here < size ? 0 : size;
}

static bool on_waits(void *ctx)
{
	return first_packet(ctx);
}

static const uint8_t *on_take(void *ctx, size_t *len)
{
	struct wire *wire = ctx;

	*len = wire->held = first_packet(wire);
	return *len ? wire->received + wire->received_from : NULL;
}

static void on_taken(void *ctx)
{
	struct wire *wire = ctx;

	wire->received_from += wire->held;
	wire->held = 0;
}

static void on_reset(void *ctx)
{
	hang_up(ctx);
}

struct cx_wire wire_ends(struct wire *wire)
{
	return (struct cx_wire){
		.ctx = wire,
		.up = on_up,
		.reserve = on_reserve,
		.gather = on_gather,
		.send = on_send,
		.waits = on_waits,
		.take = on_take,
		.taken = on_taken,
		.reset = on_reset,
	};
}

/* Nothing is read while the NIC has not processed enough of what was received. */
static bool has_receive_space(const struct wire *wire)
{
	if (BUFFER_BYTES - wire->received_to >= CX_PACKET_MAX)
		return true;
	return !wire->held && wire->received_from >= BUFFER_BYTES / 2;
}

void wire_fds(struct wire *wire, struct pollfd fds[WIRE_FDS])
{
	bool busy = closer_busy(wire->closer);
	short events = POLLRDHUP;

	if (has_receive_space(wire) && !busy)
		events |= POLLIN;
	if (wire->sent_from < wire->sent_due)
		events |= POLLOUT;
	/* Each connection leaves one more descriptor to be closed. */
	fds[LISTENER] = (struct pollfd){.fd = busy ? -1 : wire->listener, .events = POLLIN};
	fds[PEER] = (struct pollfd){.fd = wire->fd, .events = events};
}

static void receive(struct wire *wire)
{
	struct descriptors none = {0};
	size_t here = wire->received_to - wire->received_from;
	ssize_t got;

	if (!wire->held && (!here || BUFFER_BYTES - wire->received_to < CX_PACKET_MAX)) {
		memmove(wire->received, wire->received + wire->received_from, here);
		wire->received_from = 0;
		wire->received_to = here;
	}
	got = descriptor_receive(wire->fd, wire->received + wire->received_to,
				 BUFFER_BYTES - wire->received_to, &none, wire->closer);
	descriptors_close(&none, wire->closer);
	if (got > 0)
		wire->received_to += (size_t)got;
	else if (got != -EAGAIN)
		hang_up(wire);
}

bool wire_process(struct wire *wire, const struct pollfd fds[WIRE_FDS])
{
	bool was_up = wire->was_up;

	if (wire->fd != fds[PEER].fd)
		return true; /* it has been cut since poll() */
	if (fds[PEER].revents & (POLLRDHUP | POLLHUP | POLLERR))
		hang_up(wire);
	else if (fds[PEER].revents & POLLIN)
		receive(wire);
	if (fds[LISTENER].revents)
		accept_peer(wire);
	if (!wire->listens && wire->fd < 0 && is_open(wire) && clock_ns() >= wire->retry_at_ns)
		connect_again(wire);
	wire->was_up = wire->fd >= 0;
	return fds[PEER].revents & POLLIN || was_up != wire->was_up;
}

/* Packets that were delayed and are due. */
static void release(struct wire *wire)
{
	uint64_t now = clock_ns();

	while (wire->sent_due < wire->sent_to) {
		uint8_t *packet = wire->sent + wire->sent_due;

		if (get_be64(packet + DUE_AT) > now)
			return;
		put_be64(packet + DUE_AT, 0);
		wire->sent_due += cx_packet_size(packet);
	}
}

/*
 * The packets that are due, as segments of memory. Returns the number of segments.
 */
static size_t list_due(const struct wire *wire, struct iovec iov[2 * WIRE_SEGMENTS_MAX + 1])
{
	size_t at = wire->sent_from, n = 0;

	for (unsigned i = 0; i < wire->segment_count; i++) {
		const struct wire_segment *s = &wire->segments[i];

		if (s->at >= wire->sent_due)
			break;
		if (s->at > at)
			iov[n++] = (struct iovec){wire->sent + at, s->at - at};
		iov[n++] = (struct iovec){(void *)s->memory, s->len};
		at = s->at + s->len;
	}
	if (at < wire->sent_due)
		iov[n++] = (struct iovec){wire->sent + at, wire->sent_due - at};
	return n;
}

static void send_due(struct wire *wire)
{
	struct iovec iov[2 * WIRE_SEGMENTS_MAX + 1];
	struct msghdr msg = {.msg_iov = iov};
	ssize_t sent;

	release(wire);
	if (wire->sent_from == wire->sent_due)
		return;
	msg.msg_iovlen = list_due(wire, iov);
	sent = sendmsg(wire->fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (sent > 0) {
		wire->sent_from += (size_t)sent;
		wire->moved_at_ns = clock_ns();
	} else if ((errno != EAGAIN && errno != EINTR) ||
		   clock_ns() - wire->moved_at_ns > PATIENCE_NS) {
		hang_up(wire);
	}
}

bool wire_flush(struct wire *wire)
{
	if (wire->fd >= 0)
		send_due(wire);
	copy_segments(wire);
	if (!wire->wanted || queued(wire) > REQUEST_BYTES)
		return false;
	wire->wanted = false;
	return true;
}

int wire_wait_ms(const struct wire *wire)
{
	if (wire->was_up != (wire->fd >= 0))
		return 0;
	if (wire->fd < 0)
		return wire->listens || !is_open(wire) ? -1 : clock_ms_until(wire->retry_at_ns);
	if (wire->sent_from < wire->sent_due)
		return clock_ms_until(wire->moved_at_ns + PATIENCE_NS);
	if (wire->sent_due < wire->sent_to)
		return clock_ms_until(get_be64(wire->sent + wire->sent_due + DUE_AT));
	return -1;
}

/* Without its listener the peer's end is down, too. */
static void close_end(struct wire *wire)
{
	hang_up(wire);
	if (wire->listener >= 0)
		descriptor_close_socket(wire->listener, wire->closer);
	wire->listener = -1;
}

void wire_cut(struct wire *wire)
{
	wire->cut = true;
	close_end(wire);
}

/* 0 or a negative errno: it cannot listen, and is cut. */
static int open_or_close_end(struct wire *wire)
{
	int ret = 0;

	if (!is_open(wire)) {
		close_end(wire);
		return 0;
	}
	if (wire->listens && wire->listener < 0) {
		unlink(wire->path);
		ret = listen_at(wire);
	}
	wire->retry_at_ns = 0;
	if (ret)
		wire_cut(wire);
	return ret;
}

int wire_join(struct wire *wire)
{
	wire->cut = false;
	return open_or_close_end(wire);
}

int wire_power(struct wire *wire, bool on)
{
	if (wire->powered == on)
		return 0;
	wire->powered = on;
	return open_or_close_end(wire);
}
