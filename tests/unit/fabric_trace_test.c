// SPDX-License-Identifier: GPL-2.0-or-later
/* The trace: what is written, and what is read back. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fabric/trace_file.h"
#include "tests/unit/fabric_world.h"
#include "util/clock.h"

/* Every TLP with its payload, in the order sent, and the caller's events between them. */
TEST(trace)
{
	const struct tlp_hint hint = {16, TLP_PH_TARGET, 0x005a};
	struct world *w = world_new(FABRIC_PEERS_HOST_BRIDGE, false, 256, 512);
	struct trace_packet packet;
	uint8_t data[512], back[512];
	struct trace trace;

	fill(data, sizeof(data), 1);
	fill(w->bar0, AREA, 2);
	fabric_trace_event(w->nic, "before", 1);
	trace_start(&trace, w->fabric);
	fabric_write(w->nic, HOST_MAPPED, data, 300, &hint, 0);
	fabric_trace_event(w->nic, "a \"quoted\"\\\n event", UINT64_MAX - 1);
	fabric_read(w->nic, ACCEL_BAR0 + 0x30, back, 300, &hint, 0);
	fabric_read(w->nic, 0x10000000, back, 4, NULL, 0);
	fabric_cpu_write(w->accel, 0, 1, data, 2);
	trace_stop(&trace, w->fabric);
	fabric_write(w->nic, HOST_MAPPED, data, 300, NULL, 0);
	fabric_trace_event(w->nic, "after", 1);

	trace_expect(&trace, &packet, TLP_MWR, "nic", "host", TRACE_UPSTREAM);
	assert_int_equal(packet.tlp.hint.st_bits, 16);
	assert_int_equal(packet.tlp.hint.st, 0x005a);
	assert_int_equal(packet.header_len, 4 + 12);
	assert_false(packet.hint_dropped);
	expect_payload(&packet, data, 256);
	trace_expect(&trace, &packet, TLP_MWR, "nic", "host", TRACE_UPSTREAM);
	expect_payload(&packet, data + 256, 44);
	assert_true(trace_next(&trace, &packet));
	assert_int_equal(packet.kind, TRACE_EVENT);
	assert_string_equal(packet.from, "nic");
	assert_string_equal(packet.text, "a \"quoted\"\\\n event");
	assert_int_equal(packet.value, UINT64_MAX - 1);
	trace_expect(&trace, &packet, TLP_MRD, "nic", "accel", TRACE_PEER);
	assert_true(packet.hint_dropped);
	assert_int_equal(packet.tlp.hint.st_bits, 0);
	trace_expect(&trace, &packet, TLP_CPLD, "accel", "nic", TRACE_PEER);
	assert_int_equal(packet.tlp.completer, ACCEL_ID);
	/* 0x30 + 256 cut down to a completion boundary */
	expect_payload(&packet, w->bar0 + 0x30, 0x100 - 0x30);
	trace_expect(&trace, &packet, TLP_CPLD, "accel", "nic", TRACE_PEER);
	expect_payload(&packet, w->bar0 + 0x100, 300 - (0x100 - 0x30));
	trace_expect(&trace, &packet, TLP_MRD, "nic", "host", TRACE_UPSTREAM);
	trace_expect(&trace, &packet, TLP_CPL, "host", "nic", TRACE_DOWNSTREAM);
	assert_int_equal(packet.tlp.status, TLP_STATUS_UNSUPPORTED_REQUEST);
	trace_expect(&trace, &packet, TLP_MWR, "host", "accel", TRACE_DOWNSTREAM);
	assert_int_equal(packet.tlp.requester, 0);
	/* Bytes that are not enabled are 0. */
	expect_payload(&packet, (uint8_t[]){0, data[0], data[1], 0}, 4);
	trace_free(&trace);
	world_free(w);
}

/* A TLP is traced as it arrives: in the form of the last link. */
TEST(trace_flit)
{
	const struct tlp_hint hint = {16, TLP_PH_TARGET, 0x005a};
	struct world *w = world_default();
	struct trace_packet packet;
	uint8_t data[8] = {0};
	struct trace trace;

	fabric_port_set_flit(w->nic, true, false);
	fabric_port_set_flit(w->accel, false, false);
	trace_start(&trace, w->fabric);
	fabric_write(w->nic, ACCEL_BAR0, data, 8, &hint, 0);
	fabric_read(w->nic, ACCEL_BAR0 + 1, data, 2, &hint, 0);
	fabric_port_set_flit(w->nic, true, true);
	fabric_write(w->nic, HOST_MAPPED, data, 5, &hint, 0);
	trace_stop(&trace, w->fabric);

	trace_expect(&trace, &packet, TLP_MWR, "nic", "accel", TRACE_PEER);
	assert_false(packet.tlp.flit);
	assert_int_equal(packet.header_len, 4 + 16);
	assert_int_equal(packet.tlp.hint.st_bits, 16);
	trace_expect(&trace, &packet, TLP_MRD, "nic", "accel", TRACE_PEER);
	assert_false(packet.tlp.flit);
	assert_true(packet.hint_dropped);
	trace_expect(&trace, &packet, TLP_CPLD, "accel", "nic", TRACE_PEER);
	assert_true(packet.tlp.flit);
	assert_int_equal(packet.header_len, 12 + 4);
	trace_expect(&trace, &packet, TLP_MWR, "nic", "host", TRACE_UPSTREAM);
	assert_true(packet.tlp.flit);
	assert_int_equal(packet.header_len, 12 + 4 + 4);
	assert_int_equal(packet.tlp.hint.st, 0x005a);
	expect_payload(&packet, (uint8_t[8]){0}, 8);
	trace_free(&trace);
	world_free(w);
}

/* Transfers of the host: the trace has the data of a write, not that of a read. */
TEST(trace_transfer)
{
	struct world *w = world_default();
	struct trace_packet packet;
	uint8_t data[8];
	struct trace trace;

	fill(data, sizeof(data), 1);
	trace_start(&trace, w->fabric);
	assert_int_equal(finish(w, fabric_write(w->nic, HOST_REMOTE + 3, data, 6, NULL, 0)), 0);
	assert_int_equal(finish(w, fabric_read(w->nic, HOST_REMOTE, data, 8, NULL, 0)), 0);
	trace_stop(&trace, w->fabric);
	trace_expect(&trace, &packet, TLP_MWR, "nic", "host", TRACE_UPSTREAM);
	assert_int_equal(packet.captured, packet.header_len + 12);
	assert_memory_equal(packet.bytes + packet.header_len + 3, w->remote + 3, 6);
	trace_expect(&trace, &packet, TLP_MRD, "nic", "host", TRACE_UPSTREAM);
	trace_expect(&trace, &packet, TLP_CPLD, "host", "nic", TRACE_DOWNSTREAM);
	assert_int_equal(packet.captured, packet.header_len);
	assert_int_equal(packet.len, packet.header_len + 8);
	trace_free(&trace);
	world_free(w);
}

/* A full disk, a pipe without a reader: flush and close return the error, TLPs still arrive. */
TEST(trace_lost)
{
	struct world *w = world_default();
	int pipes[2];
	FILE *file;

	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(fabric_trace_flush(w->fabric), 0);
	file = fopen("/dev/full", "w");
	assert_non_null(file);
	assert_int_equal(fabric_trace_open(w->fabric, file), 0);
	for (unsigned i = 0; i < 200; i++)
		assert_int_equal(fabric_write(w->nic, ACCEL_BAR0, w->mapped, 256, NULL, 0), 0);
	assert_int_equal(w->num_seen, 200);
	assert_in_set(-fabric_trace_flush(w->fabric), ((const uint64_t[]){ENOSPC, EIO}), 2);
	assert_true(fabric_trace_close(w->fabric) < 0);
	assert_int_equal(fabric_trace_close(w->fabric), 0);
	assert_int_equal(pipe(pipes), 0);
	close(pipes[0]);
	file = fdopen(pipes[1], "w");
	assert_non_null(file);
	assert_int_equal(fabric_trace_open(w->fabric, file), 0);
	assert_int_equal(fabric_trace_flush(w->fabric), -EPIPE);
	world_free(w);
}

/* A pipe whose reader stops: TLPs continue after the timeout, and closing does not wait. */
TEST(trace_reader_stops)
{
	char dir[] = "/tmp/trace_test.XXXXXX", name[64];
	struct world *w = world_default();
	uint64_t begin = clock_ns();
	uint8_t bytes[4096];
	FILE *file;
	int reader;

	assert_non_null(mkdtemp(dir));
	snprintf(name, sizeof(name), "%s/pipe", dir);
	assert_int_equal(mkfifo(name, 0600), 0);
	assert_null(trace_file_open(name, 50));
	assert_int_equal(errno, ENXIO);
	reader = open(name, O_RDONLY | O_NONBLOCK);
	file = trace_file_open(name, 50);
	assert_non_null(file);
	assert_int_equal(fabric_trace_open(w->fabric, file), 0);
	for (unsigned i = 0; i < 1000; i++) {
		w->num_seen = 0;
		assert_int_equal(fabric_write(w->nic, ACCEL_BAR0, w->mapped, 256, NULL, 0), 0);
		/* The first 100 TLPs are read; read() does not block. */
		while (i < 100 && read(reader, bytes, sizeof(bytes)) > 0)
			;
	}
	assert_true(fabric_trace_flush(w->fabric) < 0);
	assert_true(fabric_trace_close(w->fabric) < 0);
	assert_in_range(clock_ns() - begin, 50 * NS_PER_MS, 60 * NS_PER_S);
	close(reader);
	unlink(name);
	rmdir(dir);
	world_free(w);
}

/* Truncated and corrupted traces */
TEST(trace_read_bad)
{
	struct world *w = world_default();
	struct trace_packet packet;
	struct trace_reader *reader;
	struct trace trace;

	trace_start(&trace, w->fabric);
	fabric_write(w->nic, ACCEL_BAR0, w->mapped, 64, NULL, 0);
	trace_stop(&trace, w->fabric);
	/* libpcap's header of a file has 24 bytes, that of a record 16. */
	for (size_t len = 1; len < trace.len; len++) {
		FILE *file = fmemopen(trace.bytes, len, "r");
		int ret = trace_reader_open(&reader, file);

		assert_int_equal(ret, len < 24 ? -EBADMSG : 0);
		if (ret)
			continue;
		assert_int_equal(trace_read(reader, &packet), len == 24 ? 0 : -EBADMSG);
		trace_reader_close(reader);
	}
	for (size_t at = 24 + 16; at < trace.len; at++) {
		FILE *file;

		trace.bytes[at] ^= 0x80;
		file = fmemopen(trace.bytes, trace.len, "r");
		assert_int_equal(trace_reader_open(&reader, file), 0);
		/* Names, requester, tag, address and data may be anything. */
		if (at < 24 + 16 + 3 || at == 24 + 16 + sizeof(struct trace_header))
			assert_int_equal(trace_read(reader, &packet), -EBADMSG);
		else
			trace_read(reader, &packet);
		trace_reader_close(reader);
		trace.bytes[at] ^= 0x80;
	}
	assert_true(trace_next(&trace, &packet));
	trace_free(&trace);
	world_free(w);
}
