// SPDX-License-Identifier: GPL-2.0-or-later
/* Injected faults. */
#include <errno.h>
#include <string.h>

#include "fabric/internal.h"
#include "tests/unit/fabric_world.h"
#include "util/macros.h"

/*
 * Each fault, set at either end: the status of a write and of a read, which of
 * them arrive, how many TLPs it hits, and that later requests succeed.
 */
TEST(faults)
{
	static const struct {
		enum fabric_fault_kind kind;
		int write, read;
		bool write_arrives, read_arrives;
		unsigned error_completions;
	} cases[] = {
		{FABRIC_FAULT_DROP, -EIO, -ETIMEDOUT, false, false, 0},
		{FABRIC_FAULT_DELAY, 0, 0, true, true, 0},
		{FABRIC_FAULT_CORRUPT, -EIO, -EIO, false, true, 0},
		{FABRIC_FAULT_UR, -EFAULT, -EFAULT, false, false, 1},
		{FABRIC_FAULT_CA, -EIO, -EIO, false, false, 1},
	};

	for (unsigned i = 0; i < 2 * ARRAY_SIZE(cases); i++) {
		struct world *w = world_default();
		struct fabric_port *port = i % 2 ? w->nic : w->accel;
		const struct fabric_fault *fault = fabric_port_fault(port, cases[i / 2].kind);
		uint8_t data[64] = {0x5a}, buf[64];

		set_fault(port, cases[i / 2].kind, 2);
		assert_int_equal(outlast(w, fabric_write(w->nic, ACCEL_BAR0, data, 64, NULL, 0)),
				 cases[i / 2].write);
		assert_int_equal(w->num_seen, cases[i / 2].write_arrives);
		assert_int_equal(fault->hits, 1);
		assert_int_equal(outlast(w, fabric_read(w->nic, ACCEL_BAR0, buf, 64, NULL, 0)),
				 cases[i / 2].read);
		assert_int_equal(w->num_seen,
				 cases[i / 2].write_arrives + cases[i / 2].read_arrives);
		assert_int_equal(fault->hits, 2);
		assert_int_equal(fault->left, 0);
		assert_int_equal(fabric_port_counters(w->accel)->tlps[TLP_CPL],
				 cases[i / 2].error_completions);
		assert_int_equal(fabric_write(w->nic, ACCEL_BAR0, data, 64, NULL, 0), 0);
		assert_int_equal(fabric_read(w->nic, ACCEL_BAR0, buf, 64, NULL, 0), 0);
		assert_memory_equal(buf, data, 64);
		assert_false(w->fabric->faulty);
		world_free(w);
	}
}

/* A read whose completions are lost has been served; a write has no completion to lose. */
TEST(fault_lose)
{
	struct world *w = world_default();
	uint8_t data[64] = {1};

	set_fault(w->accel, FABRIC_FAULT_LOSE, 1);
	assert_int_equal(fabric_write(w->nic, ACCEL_BAR0, data, 64, NULL, 0), 0);
	assert_int_equal(outlast(w, fabric_read(w->nic, ACCEL_BAR0, data, 64, NULL, 0)),
			 -ETIMEDOUT);
	assert_int_equal(w->num_seen, 2);
	assert_int_equal(fabric_port_counters(w->accel)->tlps[TLP_CPLD], 1);
	/* Of host memory, mapped or transferred */
	set_fault(w->nic, FABRIC_FAULT_LOSE, 2);
	assert_int_equal(outlast(w, fabric_read(w->nic, HOST_MAPPED, data, 64, NULL, 0)),
			 -ETIMEDOUT);
	assert_int_equal(outlast(w, fabric_read(w->nic, HOST_REMOTE, data, 64, NULL, 0)),
			 -ETIMEDOUT);
	assert_int_equal(w->transfers, 0);
	world_free(w);
}

/* Reads are swapped in pairs, writes never; the data is right. */
TEST(fault_reorder)
{
	static const unsigned lengths[] = {512, 1024, 1300, 4096 - 3};
	struct world *w = world_default();
	uint8_t data[4096], buf[4096];

	fill(data, sizeof(data), 5);
	set_fault(w->accel, FABRIC_FAULT_REORDER, FABRIC_FAULT_ALL);
	assert_int_equal(fabric_write(w->nic, ACCEL_BAR0, data, 4096, NULL, 0), 0);
	for (unsigned i = 0; i < w->num_seen; i++)
		assert_int_equal(w->seen[i].offset, i * 256);
	for (unsigned l = 0; l < 4; l++) {
		unsigned tlps = (3 + lengths[l] + 511) / 512;

		w->num_seen = 0;
		memset(buf, 0, sizeof(buf));
		assert_int_equal(fabric_read(w->nic, ACCEL_BAR0 + 3, buf, lengths[l], NULL, 0), 0);
		assert_memory_equal(buf, data + 3, lengths[l]);
		assert_int_equal(w->num_seen, tlps);
		for (unsigned i = 0; i < tlps; i++)
			assert_int_equal(w->seen[i].offset / 512, (i ^ 1) < tlps ? i ^ 1 : i);
	}
	world_free(w);
}

/* A fault does not hit control structures; one of writes does not hit reads. */
TEST(fault_scope)
{
	const struct fabric_fault writes = {.writes = true, .left = FABRIC_FAULT_ALL};
	struct world *w = world_default();
	uint8_t data[4] = {1};

	fabric_port_set_fault(w->nic, FABRIC_FAULT_UR, &writes);
	assert_int_equal(fabric_write(w->nic, HOST_MAPPED, data, 4, NULL, FABRIC_NOWAIT), 0);
	assert_int_equal(fabric_read(w->nic, HOST_MAPPED, data, 4, NULL, 0), 0);
	assert_int_equal(fabric_write(w->nic, HOST_MAPPED, data, 4, NULL, 0), -EFAULT);
	assert_int_equal(fabric_write(w->nic, HOST_REMOTE, data, 4, NULL, 0), -EFAULT);
	assert_int_equal(w->transfers, 0);
	/* A CPU access to a BAR is not hit. */
	set_fault(w->accel, FABRIC_FAULT_UR, 1);
	assert_int_equal(fabric_cpu_write(w->accel, 0, 0, data, 4), 0);
	world_free(w);
}

/* A request of many TLPs is held once; it fails if bus mastering was turned off meanwhile. */
TEST(fault_delay)
{
	struct world *w = world_default();
	uint8_t data[4096] = {1};

	set_fault(w->accel, FABRIC_FAULT_DELAY, FABRIC_FAULT_ALL);
	assert_int_equal(outlast(w, fabric_write(w->nic, ACCEL_BAR0, data, 4096, NULL, 0)), 0);
	assert_int_equal(w->num_seen, 16);
	assert_int_equal(w->done_calls, 1);
	assert_int_equal(fabric_port_fault(w->accel, FABRIC_FAULT_DELAY)->hits, 1);
	assert_int_equal(fabric_write(w->nic, ACCEL_BAR0, data, 64, NULL, 0), -EINPROGRESS);
	fabric_work(w->fabric); /* before the delay has ended */
	assert_int_equal(w->done_calls, 1);
	fabric_host_done(w->nic, 0); /* it waits for no transfer */
	assert_int_equal(w->done_calls, 1);
	fabric_port_set_bus_master(w->nic, false);
	assert_int_equal(outlast(w, -EINPROGRESS), -EPERM);
	world_free(w);
}
