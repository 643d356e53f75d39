// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The owner takes its memory away while a NIC writes to it. Each write must end,
 * well or in an error completion, and what is registered afterwards must work.
 */
#include <errno.h>

#include "guest.h"

#define ROUNDS 6

static void memory_off_and_on(struct guest *guest)
{
	assert_int_equal(accel_enable(&guest->accel, false), 0);
	assert_int_equal(accel_enable(&guest->accel, true), 0);
}

static void disturb(struct guest *guest, unsigned bits, void (*disturbance)(struct guest *guest))
{
	struct nic *nic = guest_nic(guest, bits);
	struct hint hint = {bits, 0x2b, 2};
	int fd;

	if (guest->completer_bits < bits)
		GUEST_SKIP("the accelerator is no completer of %u-bit tags", bits);
	fd = guest_export(guest, 0, accel_hint(hint.tag, bits == 16, hint.ph));
	for (int i = 0; i < ROUNDS; i++) {
		struct ibv_mr *mr = guest_register(guest, nic, fd);

		traffic_start(&guest->traffic, nic, mr);
		assert_true(traffic_advances(&guest->traffic));
		disturbance(guest);
		traffic_stop(&guest->traffic);
		assert_int_equal(atomic_load(&guest->traffic.fatal), 0);
		guest_unregister(guest, mr);
		/* The last write may have left the queue pair in error. */
		assert_int_equal(nic_connect(nic), 0);
		mr = guest_register(guest, nic, fd);
		guest_check_writes(guest, nic, mr, 0, hint);
		guest_unregister(guest, mr);
	}
}

/*
 * Theory of operation: a thread writes without a pause; VFIO_DEVICE_RESET
 * revokes the buffer under it. A write that hangs is seen by the thread's time
 * limit, a kernel that hangs by the program's. Then a new region on the same
 * buffer works, hint and all.
 */
GUEST_TEST(reset_8)
{
	disturb(guest, 8, guest_reset);
}

GUEST_TEST(reset_16)
{
	disturb(guest, 16, guest_reset);
}

/* Theory of operation: the same with memory enable going off and on. */
GUEST_TEST(memory_enable)
{
	disturb(guest, 16, memory_off_and_on);
}

/*
 * Theory of operation: with memory off for good, every write that starts then
 * must end in an error completion: there is nothing to write to.
 */
GUEST_TEST(memory_stays_off)
{
	struct nic *nic = guest_nic(guest, 16);
	int fd = guest_export(guest, 0, 0);
	struct ibv_mr *mr = guest_register(guest, nic, fd);

	assert_int_equal(nic_write(nic, mr, 0, 0, 4096), 0);
	assert_int_equal(accel_enable(&guest->accel, false), 0);
	assert_int_equal(nic_write(nic, mr, 0, 0, 4096), -EREMOTEIO);
	assert_int_equal(nic_connect(nic), 0);
	assert_int_equal(nic_write(nic, mr, 0, 0, 4096), -EREMOTEIO);
}
