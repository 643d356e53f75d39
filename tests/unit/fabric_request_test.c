// SPDX-License-Identifier: GPL-2.0-or-later
/* One request of a port: its arguments, its targets, its errors, how it is cancelled. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fabric/internal.h"
#include "tests/unit/fabric_world.h"
#include "util/macros.h"

/* One request over memory that needs transfers, a peer's BAR, and such memory again. */
TEST(request_over_all_targets)
{
	struct world *w = world_default();
	static uint8_t data[3 * 4096];

	fill(data, sizeof(data), 4);
	fabric_port_set_bar(w->accel, 0, HOST_REMOTE + 0x1000, 0x1000);
	assert_int_equal(fabric_write(w->nic, HOST_REMOTE, data, sizeof(data), NULL, 0),
			 -EINPROGRESS);
	assert_int_equal(w->num_seen, 0);
	host_complete(w, 0);
	assert_int_equal(w->num_seen, 16);
	assert_memory_equal(w->bar0, data + 4096, 4096);
	assert_int_equal(w->done_calls, 0);
	host_complete(w, 0);
	assert_int_equal(w->done_calls, 1);
	assert_int_equal(w->done_status, 0);
	assert_memory_equal(w->remote, data, 4096);
	assert_memory_equal(w->remote + 8192, data + 8192, 4096);
	world_free(w);
}

/* done() may start the next request. */
TEST(next_request_from_done)
{
	struct world *w = world_default();

	w->chain = true;
	w->chain_ret = -1;
	assert_int_equal(fabric_write(w->nic, HOST_REMOTE, "last", 4, NULL, 0), -EINPROGRESS);
	host_complete(w, 0);
	assert_int_equal(w->chain_ret, 0);
	assert_memory_equal(w->mapped, "next", 4);
	world_free(w);
}

/* NOWAIT accesses peers and mapped memory, and starts no transfer. */
TEST(nowait)
{
	struct world *w = world_default();
	uint8_t data[64] = {1};

	assert_int_equal(fabric_write(w->nic, HOST_MAPPED, data, 64, NULL, FABRIC_NOWAIT), 0);
	assert_int_equal(fabric_write(w->nic, ACCEL_BAR0, data, 64, NULL, FABRIC_NOWAIT), 0);
	assert_int_equal(fabric_write(w->nic, HOST_REMOTE, data, 64, NULL, FABRIC_NOWAIT), -EFAULT);
	assert_int_equal(fabric_read(w->nic, HOST_REMOTE, data, 64, NULL, FABRIC_NOWAIT), -EFAULT);
	assert_int_equal(w->transfers, 0);
	assert_int_equal(fabric_port_counters(w->nic)->tlps[TLP_MWR], 2);
	assert_int_equal(fabric_port_counters(w->nic)->tlps[TLP_MRD], 0);
	assert_false(fabric_port_busy(w->nic));
	world_free(w);
}

/* Without bus mastering a port sends nothing; a request stops where it is turned off. */
TEST(bus_master)
{
	struct world *w = world_default();
	static uint8_t data[8192];

	fabric_port_set_bus_master(w->nic, false);
	assert_int_equal(fabric_write(w->nic, ACCEL_BAR0, data, 4, NULL, 0), -EPERM);
	assert_int_equal(fabric_read(w->nic, ACCEL_BAR0, data, 4, NULL, 0), -EPERM);
	assert_int_equal(w->num_seen, 0);
	assert_int_equal(fabric_port_counters(w->nic)->tlps[TLP_MWR], 0);

	fabric_port_set_bus_master(w->nic, true);
	assert_int_equal(fabric_write(w->nic, HOST_REMOTE, data, 8192, NULL, 0), -EINPROGRESS);
	fabric_port_set_bus_master(w->nic, false);
	host_complete(w, 0);
	assert_int_equal(w->done_status, -EPERM);
	assert_int_equal(w->transfers, 1);
	world_free(w);
}

/* Invalid arguments, and no bytes */
TEST(arguments)
{
	const struct tlp_hint bad[] = {{8, 0, 0x100}, {8, 4, 0}, {12, 0, 0}, {16, 9, 0}};
	struct world *w = world_default();
	uint8_t data[8];

	assert_int_equal(fabric_write(w->nic, UINT64_MAX - 3, data, 5, NULL, 0), -EINVAL);
	assert_int_equal(fabric_read(w->nic, UINT64_MAX, data, 2, NULL, 0), -EINVAL);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(fabric_write(w->nic, ACCEL_BAR0, data, 4, &bad[i], 0), -EINVAL);
	assert_int_equal(fabric_write(w->nic, ACCEL_BAR0, data, 0, NULL, 0), 0);
	assert_int_equal(w->num_seen, 0);
	assert_false(fabric_port_busy(w->nic));
	world_free(w);
}

/* A completer that makes its requester send again, from within the first request. */
TEST(request_within_a_request)
{
	struct world *w = world_default();
	uint8_t data[512] = {0};

	w->write_back = true;
	assert_int_equal(fabric_write(w->nic, ACCEL_BAR0, data, 512, NULL, 0), 0);
	assert_int_equal(w->write_back_ret, -EBUSY);
	assert_int_equal(w->num_seen, 2);
	world_free(w);
}

/* A pointer into host memory is not kept from one request to the next, nor over a transfer. */
TEST(unmapped_memory)
{
	struct world *w = world_default();
	uint8_t ones[4] = {1, 1, 1, 1}, twos[4] = {2, 2, 2, 2};
	static uint8_t data[8192];

	assert_int_equal(fabric_write(w->nic, HOST_MAPPED, ones, 4, NULL, 0), 0);
	w->unmapped = true;
	assert_int_equal(fabric_write(w->nic, HOST_MAPPED, twos, 4, NULL, 0), -EFAULT);
	assert_memory_equal(w->mapped, ones, 4);
	assert_int_equal(fabric_write(w->nic, HOST_REMOTE, data, 8192, NULL, 0), -EINPROGRESS);
	w->unmapped = false;
	host_complete(w, 0);
	host_complete(w, 0);
	assert_int_equal(w->done_status, 0);
	assert_int_equal(fabric_write(w->nic, HOST_MAPPED, twos, 4, NULL, 0), 0);
	assert_memory_equal(w->mapped, twos, 4);
	world_free(w);
}

/* Invalid configurations */
TEST(configuration)
{
	const struct fabric_config bad[] = {{FABRIC_PEERS_SWITCH, false, 64, 512},
					    {FABRIC_PEERS_SWITCH, false, 8192, 512},
					    {FABRIC_PEERS_SWITCH, false, 384, 512},
					    {FABRIC_PEERS_SWITCH, false, 256, 0},
					    {FABRIC_PEERS_NONE + 1, false, 256, 512}};
	struct world *w = world_default();
	struct fabric_port_config config = {.name = "nic"};
	struct fabric_port *port;
	struct fabric *fabric;
	char name[8];

	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(fabric_create(&fabric, &bad[i]), -EINVAL);
	assert_int_equal(fabric_port_add(w->fabric, &port, &config), -EEXIST);
	config.name = "host";
	assert_int_equal(fabric_port_add(w->fabric, &port, &config), -EEXIST);
	config.name = "";
	assert_int_equal(fabric_port_add(w->fabric, &port, &config), -EINVAL);
	config.name = NULL;
	assert_int_equal(fabric_port_add(w->fabric, &port, &config), -EINVAL);
	config.name = "ninechars";
	assert_int_equal(fabric_port_add(w->fabric, &port, &config), -EINVAL);
	config.name = name;
	for (unsigned i = 2; i < FABRIC_PORTS_MAX; i++) {
		snprintf(name, sizeof(name), "p%u", i);
		assert_int_equal(fabric_port_add(w->fabric, &port, &config), 0);
		for (unsigned bar = 0; bar < FABRIC_BARS; bar++)
			fabric_port_set_bar(port, bar, 0x1000 * (i * 6 + bar), 0x1000);
	}
	snprintf(name, sizeof(name), "more");
	assert_int_equal(fabric_port_add(w->fabric, &port, &config), -ENOSPC);
	world_free(w);
	fabric_destroy(NULL);
}

struct passed {
	unsigned src, dst, len;
	struct tlp_hint read_hint, write_hint;
};

/* The same by a read and a write, in another world with the same memory. */
static struct world *move_held(const struct passed *p, unsigned mps, unsigned mrrs)
{
	struct world *w = world_new(FABRIC_PEERS_SWITCH, false, mps, mrrs);
	uint8_t data[4096];

	fill(w->mapped, AREA, p->src + 1);
	assert_int_equal(fabric_read(w->nic, HOST_MAPPED + p->src, data, p->len, &p->read_hint, 0),
			 0);
	assert_int_equal(fabric_write(w->nic, ACCEL_BAR0 + p->dst, data, p->len, &p->write_hint, 0),
			 0);
	return w;
}

static void assert_same_seen(const struct world *a, const struct world *b)
{
	assert_int_equal(a->num_seen, b->num_seen);
	for (unsigned i = 0; i < a->num_seen; i++) {
		const struct tlp *x = &a->seen[i].tlp, *y = &b->seen[i].tlp;

		assert_int_equal(a->seen[i].offset, b->seen[i].offset);
		assert_int_equal(x->addr, y->addr);
		assert_int_equal(x->length_dw, y->length_dw);
		assert_int_equal(x->first_be, y->first_be);
		assert_int_equal(x->last_be, y->last_be);
		assert_int_equal(x->hint.st_bits, y->hint.st_bits);
		assert_int_equal(x->hint.st, y->hint.st);
		assert_int_equal(x->hint.ph, y->hint.ph);
	}
}

/*
 * fabric_pass(): the TLPs, the counters and the data are those of a read and a write, but the
 * completer gets a payload of whole DWs in place, not as a copy.
 */
TEST(pass)
{
	static const uint8_t widths[] = {0, 8, 16};
	uint32_t seed = 20261126;

	for (unsigned round = 0; round < 400; round++) {
		unsigned mrrs_log = next_random(&seed) % 6;
		unsigned mps = 128u << next_random(&seed) % (mrrs_log + 1);
		unsigned mrrs = 128u << mrrs_log;
		struct passed p = {.src = next_random(&seed) % 8192,
				   .dst = next_random(&seed) % 8192};
		struct world *held, *w = world_new(FABRIC_PEERS_SWITCH, false, mps, mrrs);
		unsigned max_len =
			4096 - (p.src % 4096 > p.dst % 4096 ? p.src % 4096 : p.dst % 4096);

		p.len = 1 + next_random(&seed) % max_len;
		p.read_hint.st_bits = widths[next_random(&seed) % 3];
		p.write_hint = (struct tlp_hint){widths[next_random(&seed) % 3],
						 next_random(&seed) & 3, next_random(&seed) & 0xff};
		if (round % 2) { /* whole DWs */
			p.src &= ~3u;
			p.dst &= ~3u;
			p.len = (p.len + 3) & ~3u;
		}
		held = move_held(&p, mps, mrrs);
		fill(w->mapped, AREA, p.src + 1);
		assert_int_equal(fabric_pass(w->nic, HOST_MAPPED + p.src, &p.read_hint,
					     ACCEL_BAR0 + p.dst, &p.write_hint, p.len),
				 0);
		assert_memory_equal(w->bar0, held->bar0, AREA);
		assert_memory_equal(w->mapped, held->mapped, AREA);
		assert_same_seen(w, held);
		assert_memory_equal(fabric_port_counters(w->nic), fabric_port_counters(held->nic),
				    sizeof(struct fabric_counters));
		assert_memory_equal(fabric_port_counters(&w->fabric->host),
				    fabric_port_counters(&held->fabric->host),
				    sizeof(struct fabric_counters));
		if (round % 2)
			assert_ptr_equal(w->seen[0].payload, w->mapped + p.src);
		assert_false(fabric_port_busy(w->nic));
		world_free(held);
		world_free(w);
	}
}

static void expect_pass(struct world *w, int want, uint64_t src, uint64_t dst, size_t len)
{
	uint64_t sent = fabric_port_counters(w->nic)->tlps[TLP_MRD];

	assert_int_equal(fabric_pass(w->nic, src, NULL, dst, NULL, len), want);
	if (want)
		assert_int_equal(fabric_port_counters(w->nic)->tlps[TLP_MRD], sent);
	assert_false(fabric_port_busy(w->nic));
}

/* The same TLPs as fabric_read(), but the memory itself instead of a copy. */
TEST(read_in_place)
{
	const struct tlp_hint hint = {.st_bits = 8, .st = 0x5a, .ph = 2};
	uint8_t buf[4096];

	for (unsigned offset = 0; offset < 8; offset++) {
		struct world *copy = world_default(), *w = world_default();
		size_t len = 4096 - 2 * offset;

		assert_int_equal(fabric_read(copy->nic, HOST_MAPPED + offset, buf, len, &hint, 0),
				 0);
		assert_ptr_equal(fabric_read_in_place(w->nic, HOST_MAPPED + offset, len, &hint),
				 w->mapped + offset);
		assert_memory_equal(fabric_port_counters(w->nic), fabric_port_counters(copy->nic),
				    sizeof(struct fabric_counters));
		assert_memory_equal(fabric_port_counters(&w->fabric->host),
				    fabric_port_counters(&copy->fabric->host),
				    sizeof(struct fabric_counters));
		assert_false(fabric_port_busy(w->nic));
		world_free(copy);
		world_free(w);
	}
}

static void expect_copied(struct world *w, uint64_t addr, size_t len)
{
	assert_null(fabric_read_in_place(w->nic, addr, len, NULL));
	assert_int_equal(fabric_port_counters(w->nic)->tlps[TLP_MRD], 0);
}

TEST(read_in_place_refused)
{
	struct world *w = world_default();
	struct trace trace;

	expect_copied(w, ACCEL_BAR0, 64);
	expect_copied(w, HOST_REMOTE, 64);
	expect_copied(w, 0x1000, 64);
	expect_copied(w, HOST_MAPPED + 4000, 128);
	expect_copied(w, HOST_MAPPED, 0);
	expect_copied(w, UINT64_MAX, 64);
	fabric_port_set_bus_master(w->nic, false);
	expect_copied(w, HOST_MAPPED, 64);
	fabric_port_set_bus_master(w->nic, true);
	set_fault(w->nic, FABRIC_FAULT_DROP, 1);
	expect_copied(w, HOST_MAPPED, 64);
	set_fault(w->nic, FABRIC_FAULT_DROP, 0);
	trace_start(&trace, w->fabric);
	expect_copied(w, HOST_MAPPED, 64);
	trace_stop(&trace, w->fabric);
	trace_free(&trace);
	world_free(w);
}

/* What fabric_pass() cannot do is refused before anything is sent. */
TEST(pass_refused)
{
	const struct tlp_hint bad = {8, 4, 0};
	struct world *w = world_default();
	struct trace trace;

	expect_pass(w, -EAGAIN, HOST_MAPPED, HOST_MAPPED + 4096, 64); /* both the host's */
	expect_pass(w, -EAGAIN, ACCEL_BAR0, HOST_MAPPED, 64);
	expect_pass(w, -EAGAIN, ACCEL_BAR2, ACCEL_BAR0, 64);  /* both a peer's */
	expect_pass(w, -EAGAIN, HOST_REMOTE, ACCEL_BAR0, 64); /* the host must transfer it */
	expect_pass(w, -EAGAIN, HOST_MAPPED, HOST_REMOTE, 64);
	expect_pass(w, -EAGAIN, 0x1000, ACCEL_BAR0, 64); /* unclaimed */
	expect_pass(w, -EAGAIN, HOST_MAPPED, ACCEL_BAR0 + AREA - 32, 64);
	expect_pass(w, -EAGAIN, HOST_MAPPED + 4000, ACCEL_BAR0, 128); /* across 4 KiB */
	expect_pass(w, -EAGAIN, HOST_MAPPED, ACCEL_BAR0 + 4000, 128);
	expect_pass(w, -EAGAIN, HOST_MAPPED, ACCEL_BAR0, 0);
	expect_pass(w, -EINVAL, UINT64_MAX, ACCEL_BAR0, 64);
	expect_pass(w, -EINVAL, HOST_MAPPED, UINT64_MAX, 64);
	assert_int_equal(fabric_pass(w->nic, HOST_MAPPED, &bad, ACCEL_BAR0, NULL, 4), -EINVAL);
	assert_int_equal(fabric_pass(w->nic, HOST_MAPPED, NULL, ACCEL_BAR0, &bad, 4), -EINVAL);
	fabric_port_set_bus_master(w->nic, false);
	expect_pass(w, -EPERM, HOST_MAPPED, ACCEL_BAR0, 64);
	fabric_port_set_bus_master(w->nic, true);
	trace_start(&trace, w->fabric);
	expect_pass(w, -EAGAIN, HOST_MAPPED, ACCEL_BAR0, 64);
	trace_stop(&trace, w->fabric);
	trace_free(&trace);
	set_fault(w->accel, FABRIC_FAULT_DROP, 1);
	expect_pass(w, -EAGAIN, HOST_MAPPED, ACCEL_BAR0, 64);
	set_fault(w->accel, FABRIC_FAULT_DROP, 0);
	w->unmapped = true;
	expect_pass(w, -EAGAIN, HOST_MAPPED, ACCEL_BAR0, 64);
	w->unmapped = false;
	assert_int_equal(w->num_seen, 0);
	w->write_back = true; /* a request from within this one is refused */
	expect_pass(w, 0, HOST_MAPPED, ACCEL_BAR0, 64);
	assert_int_equal(w->write_back_ret, -EBUSY);
	assert_int_equal(fabric_read(w->nic, HOST_REMOTE, w->bar2, 4, NULL, 0), -EINPROGRESS);
	assert_int_equal(fabric_pass(w->nic, HOST_MAPPED, NULL, ACCEL_BAR0, NULL, 4), -EBUSY);
	world_free(w);
	w = world_new(FABRIC_PEERS_SWITCH, false, 512, 256); /* a write needs two reads */
	expect_pass(w, -EAGAIN, HOST_MAPPED, ACCEL_BAR0, 64);
	world_free(w);
}

/* Waits until a held request would have continued, and checks that it has not. */
static void expect_nothing_more(struct world *w, const uint8_t *memory, size_t len)
{
	usleep(25000);
	fabric_work(w->fabric);
	assert_int_equal(fabric_wait_ms(w->fabric), -1);
	assert_int_equal(w->done_calls, 0);
	for (size_t i = 0; i < len; i++)
		assert_int_equal(memory[i], 0);
}

/* A held request that is cancelled is not carried out; the next request is. */
TEST(cancel_held)
{
	static const enum fabric_fault_kind kinds[] = {FABRIC_FAULT_DELAY, FABRIC_FAULT_DROP,
						       FABRIC_FAULT_LOSE};
	uint8_t data[1024] = {1}, buf[1024] = {0};

	for (unsigned i = 0; i < 3; i++) {
		struct world *w = world_default();

		fill(w->mapped, AREA, 1);
		set_fault(w->nic, kinds[i], 2);
		assert_int_equal(fabric_read(w->nic, HOST_MAPPED, buf, 1024, NULL, 0),
				 -EINPROGRESS);
		fabric_port_cancel(w->nic);
		assert_false(fabric_port_busy(w->nic));
		if (kinds[i] == FABRIC_FAULT_DELAY) {
			expect_nothing_more(w, buf, 1024);
			assert_int_equal(fabric_write(w->nic, ACCEL_BAR0, data, 1024, NULL, 0),
					 -EINPROGRESS);
			fabric_port_cancel(w->nic);
		}
		expect_nothing_more(w, w->bar0, 1024);
		set_fault(w->nic, kinds[i], 0);
		assert_int_equal(fabric_write(w->nic, ACCEL_BAR0, data, 1024, NULL, 0), 0);
		assert_memory_equal(w->bar0, data, 1024);
		world_free(w);
	}
}

/*
 * After a cancel the port is busy until the host's transfer ends. The data of a read is
 * dropped, the rest of the request is not sent, and MRds that were sent are completed.
 */
TEST(cancel_transfer)
{
	static uint8_t data[8192];

	for (int write = 0; write < 2; write++) {
		struct world *w = world_default();

		fill(w->remote, AREA, 8);
		memset(data, write, sizeof(data));
		assert_int_equal(write ? fabric_write(w->nic, HOST_REMOTE, data, 8192, NULL, 0)
				       : fabric_read(w->nic, HOST_REMOTE, data, 8192, NULL, 0),
				 -EINPROGRESS);
		fabric_port_cancel(w->nic);
		memset(data, 0, sizeof(data)); /* the buffer is the requester's again */
		assert_true(fabric_port_busy(w->nic));
		assert_int_equal(fabric_write(w->nic, HOST_MAPPED, data, 4, NULL, 0), -EBUSY);
		assert_int_equal(fabric_pass(w->nic, HOST_MAPPED, NULL, ACCEL_BAR0, NULL, 4),
				 -EBUSY);
		fabric_port_cancel(w->nic); /* a second time: no effect */
		host_complete(w, 0);
		assert_false(fabric_port_busy(w->nic));
		assert_int_equal(w->transfers, 1);
		assert_int_equal(fabric_port_counters(&w->fabric->host)->tlps[TLP_CPLD],
				 write ? 0 : 16);
		if (write) /* sent before the cancel */
			assert_int_equal(w->remote[0], 1);
		expect_nothing_more(w, data, sizeof(data));
		assert_int_equal(fabric_write(w->nic, HOST_MAPPED, data, 4, NULL, 0), 0);
		world_free(w);
	}
}

/* Without a request there is nothing to cancel. */
TEST(cancel_nothing)
{
	struct world *w = world_default();

	fabric_port_cancel(w->nic);
	assert_int_equal(fabric_write(w->nic, HOST_MAPPED, "next", 4, NULL, 0), 0);
	fabric_port_cancel(w->nic);
	assert_memory_equal(w->mapped, "next", 4);
	assert_int_equal(w->done_calls, 0);
	world_free(w);
}
