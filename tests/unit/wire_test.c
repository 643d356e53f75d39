// SPDX-License-Identifier: GPL-2.0-or-later
/* A link between two hosts, by its sockets: order, lost packets, peers that misbehave. */
#include "lab/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "devices/cx/layout.h"
#include "devices/cx/packet.h"
#include "tests/test.h"
#include "util/bytes.h"
#include "util/clock.h"

#define ROUND_MS 5

static char dir[] = "/tmp/wire-test.XXXXXX", path[64];
static struct closer closer;
static struct wire a, b; /* a listens */

static int setup(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/wire-test.XXXXXX");
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/nic0.link", dir);
	assert_int_equal(closer_start(&closer), 0);
	assert_int_equal(wire_open(&a, path, true, &closer), 0);
	assert_int_equal(wire_open(&b, path, false, &closer), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	wire_close(&b);
	wire_close(&a);
	closer_stop(&closer);
	unlink(path);
	rmdir(dir);
	return 0;
}

#define WIRE_TEST(name) TEST_WITH(name, setup, teardown)

/* Runs the loops of both processes. */
static void run(unsigned ms)
{
	uint64_t end = clock_ns() + ms * NS_PER_MS;

	do {
		struct pollfd fds[2 * WIRE_FDS];

		wire_fds(&a, fds);
		wire_fds(&b, fds + WIRE_FDS);
		poll(fds, 2 * WIRE_FDS, 1);
		wire_process(&a, fds);
		wire_process(&b, fds + WIRE_FDS);
		wire_flush(&a);
		wire_flush(&b);
	} while (clock_ns() < end);
}

static void connect_both(void)
{
	for (unsigned i = 0; i < 100 && (a.fd < 0 || b.fd < 0); i++)
		run(ROUND_MS);
	assert_true(a.fd >= 0 && b.fd >= 0);
}

/* Sends a packet whose bytes are its PSN. False: the buffer has no space for it. */
static bool send_packet(struct wire *wire, uint32_t psn, uint32_t length)
{
	const struct cx_packet p = {
		.kind = CX_PACKET_REQUEST,
		.type = CX_ST_RC,
		.opcode = CX_WR_RDMA_WRITE,
		.psn = psn,
		.total = length,
		.length = length,
	};
	struct cx_wire ends = wire_ends(wire);
	uint8_t *bytes = ends.reserve(wire, false);

	if (!bytes)
		return false;
	memset(bytes + CX_PACKET_HEADER, (int)psn, length);
	ends.send(wire, cx_packet_encode(&p, bytes));
	return true;
}

/* The same, of 16 KiB at @memory, which are gathered. */
static bool send_gathered(struct wire *wire, uint32_t psn, const uint8_t *memory)
{
	struct cx_packet p = {
		.kind = CX_PACKET_REQUEST,
		.type = CX_ST_RC,
		.opcode = CX_WR_RDMA_WRITE,
		.psn = psn,
		.total = CX_PACKET_PART,
		.length = CX_PACKET_PART,
	};
	struct cx_wire ends = wire_ends(wire);
	uint8_t *bytes = ends.reserve(wire, false);

	for (unsigned at = 0; bytes && at < CX_PACKET_PART; at += CX_PACKET_PART / 2)
		ends.gather(wire, bytes + CX_PACKET_HEADER + at, memory + at, CX_PACKET_PART / 2);
	if (bytes)
		ends.send(wire, cx_packet_encode(&p, bytes));
	return bytes;
}

static bool take_packet(struct wire *wire, struct cx_packet *p)
{
	static uint8_t copy[CX_PACKET_MAX];
	struct cx_wire ends = wire_ends(wire);
	size_t len;
	const uint8_t *bytes = ends.take(wire, &len);

	if (!bytes)
		return false;
	memcpy(copy, bytes, len);
	ends.taken(wire);
	assert_int_equal(cx_packet_decode(p, copy, len), 0);
	return true;
}

static void expect_packet(struct wire *wire, uint32_t psn)
{
	struct cx_packet p;

	for (unsigned i = 0; i < 100; i++) {
		if (take_packet(wire, &p)) {
			assert_int_equal(p.psn, psn);
			for (uint32_t at = 0; at < p.length; at++)
				assert_int_equal(p.payload[at], psn & 0xff);
			return;
		}
		run(1);
	}
	fail_msg("packet %u has not arrived", psn);
}

static void expect_none(struct wire *wire)
{
	struct cx_packet p;

	run(ROUND_MS);
	assert_false(take_packet(wire, &p));
}

WIRE_TEST(packets_arrive_in_order_in_both_directions)
{
	struct stat st;

	connect_both();
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	for (uint32_t i = 0; i < 3000; i++) {
		assert_true(send_packet(&a, i, i % 4097));
		assert_true(send_packet(&b, i, 0));
		if (i % 50 != 49)
			continue;
		for (uint32_t j = i - 49; j <= i; j++) {
			expect_packet(&b, j);
			expect_packet(&a, j);
		}
	}
}

/* Gathered memory may change after the turn, whether it has been sent or not. */
WIRE_TEST(gathered_bytes_are_read_in_their_turn)
{
	static uint8_t memory[64][CX_PACKET_PART];
	uint32_t sent = 0, turns = 0;

	connect_both();
	while (sent < 64) {
		uint32_t first = sent;
		uint8_t *unsent = wire_ends(&b).reserve(&b, false);

		if (unsent)
			wire_ends(&b).gather(&b, unsent, memory, 100);
		for (; sent < 64; sent++) {
			memset(memory[sent], (int)sent, CX_PACKET_PART);
			if (!send_gathered(&b, sent, memory[sent]))
				break;
		}
		wire_flush(&b);
		memset(memory, 0xee, sizeof(memory));
		for (uint32_t psn = first; psn < sent; psn++)
			expect_packet(&a, psn);
		turns++;
	}
	assert_true(turns > 1);
}

/* Adjacent in memory, or more segments than WIRE_SEGMENTS_MAX. */
WIRE_TEST(gathered_segments_may_be_many)
{
	static uint8_t memory[2 * WIRE_SEGMENTS_MAX];
	struct cx_wire ends = wire_ends(&b);
	struct cx_packet p = {
		.kind = CX_PACKET_REQUEST,
		.type = CX_ST_RC,
		.opcode = CX_WR_RDMA_WRITE,
		.psn = 7,
		.total = sizeof(memory),
		.length = sizeof(memory),
	};

	connect_both();
	memset(memory, 7, sizeof(memory));
	for (unsigned step = 1; step < 3; step++) {
		uint8_t *bytes = ends.reserve(&b, false);

		for (unsigned i = 0; i < sizeof(memory); i++)
			ends.gather(&b, bytes + CX_PACKET_HEADER + i,
				    memory + i * step % sizeof(memory), 1);
		ends.send(&b, cx_packet_encode(&p, bytes));
		wire_flush(&b);
		expect_packet(&a, 7);
	}
}

WIRE_TEST(cut_link_loses_packets_and_reconnects)
{
	struct wire *const ends[] = {&a, &b};

	for (unsigned i = 0; i < 2; i++) {
		connect_both();
		assert_true(send_packet(&b, 1, 100));
		wire_flush(&b); /* it is in a's socket, which a has not read */
		wire_cut(ends[i]);
		run(50);
		for (unsigned n = 0; n < 100; n++) { /* both ends stay down */
			assert_false(wire_ends(&a).up(&a));
			assert_false(wire_ends(&b).up(&b));
			run(1);
		}
		assert_true(send_packet(&a, 2, 100)); /* dropped */
		expect_none(&a);
		expect_none(&b);
		assert_int_equal(wire_join(ends[i]), 0);
		connect_both();
		assert_true(wire_ends(&a).up(&a));
		assert_true(send_packet(&b, 3, 100));
		expect_packet(&a, 3);
		expect_none(&b);
	}
}

/* The link is down while either end has no power, also where it is cut and joined meanwhile. */
WIRE_TEST(end_without_power_is_down)
{
	struct wire *const ends[] = {&a, &b};

	for (unsigned i = 0; i < 2; i++) {
		connect_both();
		wire_power(ends[i], false);
		wire_power(ends[i], false);
		run(50);
		for (unsigned n = 0; n < 100; n++) {
			assert_false(wire_ends(&a).up(&a));
			assert_false(wire_ends(&b).up(&b));
			if (n == 50) {
				wire_cut(ends[i]);
				assert_int_equal(wire_join(ends[i]), 0);
			}
			run(1);
		}
		wire_cut(ends[i]);
		wire_power(ends[i], true);
		run(50);
		assert_false(wire_ends(&a).up(&a));
		assert_int_equal(wire_join(ends[i]), 0);
		connect_both();
		wire_power(ends[i], false);
		wire_power(ends[i], true);
		connect_both();
		assert_true(send_packet(&b, 3, 100));
		expect_packet(&a, 3);
	}
}

WIRE_TEST(reset_loses_packets_under_way)
{
	connect_both();
	assert_true(send_packet(&b, 1, 100));
	wire_flush(&b);
	assert_true(send_packet(&b, 2, 100));
	wire_ends(&b).reset(&b);
	expect_none(&a);
	connect_both();
	assert_true(send_packet(&b, 3, 100));
	expect_packet(&a, 3);
}

WIRE_TEST(delayed_link_keeps_the_order)
{
	uint64_t begin;

	connect_both();
	b.delay_ms = 300;
	begin = clock_ns();
	assert_true(send_packet(&b, 1, 100));
	wire_flush(&b);
	assert_in_range(wire_wait_ms(&b), 1, 300);
	b.delay_ms = 0;
	assert_true(send_packet(&b, 2, 100)); /* not before the first */
	while (!wire_ends(&a).waits(&a) && clock_ns() - begin < 10 * NS_PER_S)
		run(1);
	assert_true(clock_ns() - begin >= 300 * NS_PER_MS);
	expect_packet(&a, 1);
	expect_packet(&a, 2);
}

/* What is queued for the peer is bounded; after a timeout the connection is closed. */
WIRE_TEST(peer_that_does_not_read_is_disconnected)
{
	uint32_t sent = 0;
	uint64_t end = clock_ns() + 10 * NS_PER_S;
	bool may_send = false;

	connect_both();
	while (sent < 1000 && send_packet(&b, sent, 4096)) {
		wire_flush(&b);
		sent++;
	}
	assert_true(sent > 50 && sent < 1000);
	while (b.fd >= 0 && clock_ns() < end) {
		const struct timespec pause = {.tv_nsec = 10000000};

		may_send = wire_flush(&b);
		nanosleep(&pause, NULL);
	}
	assert_int_equal(b.fd, -1);
	assert_true(may_send); /* a request that waited may go on */
	assert_true(send_packet(&b, 0, 4096));
}

static int connect_peer(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

/* A packet of an invalid size does not arrive at the NIC; a new connection works. */
WIRE_TEST(peer_with_invalid_sizes_is_disconnected)
{
	static const uint32_t sizes[] = {0, 4, CX_PACKET_HEADER - 1, CX_PACKET_MAX + 1, UINT32_MAX};

	wire_cut(&b);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		uint8_t bytes[CX_PACKET_HEADER] = {0};
		int fd = connect_peer();

		run(ROUND_MS);
		assert_true(a.fd >= 0);
		put_be32(bytes, sizes[i]);
		assert_int_equal(write(fd, bytes, sizeof(bytes)), sizeof(bytes));
		expect_none(&a);
		assert_int_equal(a.fd, -1);
		close(fd);
	}
	wire_join(&b);
	connect_both();
	assert_true(send_packet(&b, 7, 100));
	expect_packet(&a, 7);
}

/* While many descriptors wait to be closed, neither end connects: each connection adds one. */
WIRE_TEST(no_connection_while_the_closer_is_behind)
{
	enum { STUCK = 1000 };
	int first, fd;

	connect_both();
	first = a.fd;
	closer.pending += STUCK;
	fd = connect_peer();
	run(ROUND_MS);
	assert_int_equal(a.fd, first);
	close(fd);
	wire_ends(&b).reset(&b);
	run(100);
	assert_int_equal(b.fd, -1);
	closer.pending -= STUCK;
	connect_both();
	assert_true(send_packet(&b, 7, 100));
	expect_packet(&a, 7);
}

/* Segments that a lost connection has dropped are not copied into the next packet. */
WIRE_TEST(packet_reserved_after_a_lost_connection_is_intact)
{
	static const uint8_t no_size[CX_PACKET_HEADER];
	static uint8_t memory[CX_PACKET_PART];
	struct cx_wire ends = wire_ends(&b);
	struct cx_packet p = {
		.kind = CX_PACKET_REQUEST,
		.type = CX_ST_RC,
		.opcode = CX_WR_RDMA_WRITE,
		.psn = 2,
		.total = sizeof(memory),
		.length = sizeof(memory),
	};
	uint8_t *bytes;

	connect_both();
	assert_int_equal(write(a.fd, no_size, sizeof(no_size)), sizeof(no_size));
	run(ROUND_MS);
	assert_true(send_gathered(&b, 1, memory));
	assert_false(ends.waits(&b)); /* this call finds the invalid size */
	assert_int_equal(b.fd, -1);
	bytes = ends.reserve(&b, false);
	memset(bytes + CX_PACKET_HEADER, 2, sizeof(memory));
	wire_flush(&b);
	connect_both();
	ends.send(&b, cx_packet_encode(&p, bytes));
	expect_packet(&a, 2);
}
