// SPDX-License-Identifier: GPL-2.0-or-later
/* Requests to host memory that the host transfers (fabric_host_ops.read and .write). */
#include <errno.h>
#include <string.h>

#include "fabric/internal.h"
#include "tests/unit/fabric_world.h"

/* One transfer of the host at a time, each within a page; the port is busy until the last ends. */
TEST(host_transfers)
{
	static uint8_t data[10000];

	for (int write = 0; write < 2; write++) {
		struct world *w = world_default();
		uint64_t addr = HOST_REMOTE + 0x801;
		uint8_t byte = 0;
		int ret;

		fill(w->remote, AREA, 8);
		fill(data, sizeof(data), 9);
		ret = write ? fabric_write(w->nic, addr, data, sizeof(data), NULL, 0)
			    : fabric_read(w->nic, addr, data, sizeof(data), NULL, 0);
		for (unsigned i = 1; i <= 3; i++) {
			assert_int_equal(ret, -EINPROGRESS);
			assert_int_equal(w->transfers, i);
			assert_true(fabric_port_busy(w->nic));
			assert_int_equal(fabric_write(w->nic, HOST_MAPPED, &byte, 1, NULL, 0),
					 -EBUSY);
			assert_int_equal(fabric_read(w->nic, ACCEL_BAR0, &byte, 1, NULL, 0),
					 -EBUSY);
			assert_int_equal(w->done_calls, 0);
			host_complete(w, 0);
		}
		assert_int_equal(w->done_calls, 1);
		assert_int_equal(w->done_status, 0);
		assert_false(fabric_port_busy(w->nic));
		assert_memory_equal(w->remote + 0x801, data, sizeof(data));
		/* Without a transfer fabric_host_done() does nothing. */
		fabric_host_done(w->nic, -EIO);
		assert_int_equal(w->done_calls, 1);
		world_free(w);
	}
}

/* A transfer that fails ends the request: -EIO is a Completer Abort, any other error an
 * Unsupported Request. */
TEST(host_errors)
{
	static const struct {
		int from_host, expected;
	} cases[] = {{-EIO, -EIO}, {-EFAULT, -EFAULT}, {-ENODEV, -EFAULT}};
	static uint8_t data[8192];

	for (unsigned i = 0; i < 6; i++) {
		struct world *w = world_default();
		const struct fabric_counters *c = fabric_port_counters(w->nic);
		bool write = i & 1;
		int ret;

		ret = write ? fabric_write(w->nic, HOST_REMOTE, data, 8192, NULL, 0)
			    : fabric_read(w->nic, HOST_REMOTE, data, 8192, NULL, 0);
		assert_int_equal(ret, -EINPROGRESS);
		host_complete(w, cases[i / 2].from_host);
		assert_int_equal(w->done_calls, 1);
		assert_int_equal(w->done_status, cases[i / 2].expected);
		assert_int_equal(w->transfers, 1);
		assert_int_equal(c->unsupported, cases[i / 2].expected == -EIO ? 0
						 : write		       ? 16
									       : 8);
		assert_int_equal(fabric_port_counters(&w->fabric->host)->tlps[TLP_CPL],
				 write ? 0 : 8);

		/* A transfer that does not start: the error is returned, done() is not called. */
		w->start_error = cases[i / 2].from_host;
		ret = write ? fabric_write(w->nic, HOST_REMOTE, data, 8192, NULL, 0)
			    : fabric_read(w->nic, HOST_REMOTE, data, 8192, NULL, 0);
		assert_int_equal(ret, cases[i / 2].expected);
		assert_int_equal(w->done_calls, 1);
		assert_false(fabric_port_busy(w->nic));
		world_free(w);
	}
}

/* A host that completes transfers before the op returns: the request is done at its return. */
TEST(host_answers_at_once)
{
	struct world *w = world_default();
	static uint8_t data[AREA];

	w->at_once = true;
	fill(data, sizeof(data), 6);
	assert_int_equal(fabric_write(w->nic, HOST_REMOTE, data, AREA, NULL, 0), 0);
	assert_int_equal(w->done_calls, 0);
	assert_int_equal(w->transfers, AREA / 4096);
	assert_memory_equal(w->remote, data, AREA);
	world_free(w);
}

/* Each MRd of a transfer has another tag, and its completions carry that tag. */
TEST(transfer_tags)
{
	struct world *w = world_default();
	struct trace_packet packet;
	struct trace trace;
	uint8_t buf[4096];

	/* 254 tags are used first, so that they wrap within the transfer. */
	for (unsigned i = 0; i < 254; i++)
		assert_int_equal(fabric_read(w->nic, ACCEL_BAR0, buf, 4, NULL, 0), 0);
	trace_start(&trace, w->fabric);
	assert_int_equal(finish(w, fabric_read(w->nic, HOST_REMOTE, buf, 4096, NULL, 0)), 0);
	trace_stop(&trace, w->fabric);
	/* 8 MRd of 512 bytes, then two CplD for each */
	for (unsigned i = 0; i < 24; i++) {
		assert_true(trace_next(&trace, &packet));
		assert_int_equal(packet.tlp.kind, i < 8 ? TLP_MRD : TLP_CPLD);
		assert_int_equal(packet.tlp.tag, (254 + (i < 8 ? i : (i - 8) / 2)) % 256);
	}
	trace_free(&trace);
	world_free(w);
}
