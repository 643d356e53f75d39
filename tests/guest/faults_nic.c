// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A NIC that is unplugged and plugged in, and one that advertises another TPH capability
 * after a reset, as its driver and the application see it (doc/faults.md).
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "guest.h"
#include "host.h"

#define FATAL_SECONDS 40 /* the driver polls the health of its device about every two seconds */

static const struct hint hint16 = {16, 0x2b1, 2}, none;

static struct nic *start(struct guest *guest)
{
	if (!host_listens())
		GUEST_SKIP("no process outside of this guest sets faults");
	return guest_hint_nic(guest, 16);
}

static void reset_by_sysfs(const struct guest_place *place)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/reset", place->bdf);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "1", 1), 1);
	close(fd);
}

/* The writes of a new region carry the hint @want, or none. */
static void check_hint(struct guest *guest, struct nic *nic, struct hint want)
{
	int fd = guest_export_hint(guest, 0, hint16);
	struct ibv_mr *mr = guest_register(guest, nic, fd);

	guest_check_writes(guest, nic, mr, 0, want);
	guest_unregister(guest, mr);
}

/*
 * Theory of operation: the NIC advertises another capability once it is reset without
 * its driver, not before; the driver uses it when it is bound again. A NIC that sends
 * 8-bit tags alone sends none for a buffer with a 16-bit tag.
 */
GUEST_TEST(advertised)
{
	static const unsigned bits[] = {0, 8, 16};
	struct nic *nic = start(guest);
	struct guest_place place = guest_place_of(guest, nic);

	for (unsigned i = 0; i < 3; i++) {
		host_tell(bits[i] ? "nic%u tph %u" : "nic%u tph none", place.nth, bits[i]);
		check_hint(guest, nic, i ? none : hint16);
		nic_close(nic);
		guest_tell_driver(&place, "unbind");
		reset_by_sysfs(&place);
		guest_tell_driver(&place, "bind");
		nic = guest_reopen(guest, &place);
		assert_int_equal(nic->tag_bits, bits[i]);
	}
	check_hint(guest, nic, hint16);
}

static void wait_for_fatal(const struct nic *nic)
{
	struct pollfd pfd = {.fd = nic->context->async_fd, .events = POLLIN};
	struct ibv_async_event event = {.event_type = IBV_EVENT_COMM_EST};

	while (event.event_type != IBV_EVENT_DEVICE_FATAL) {
		assert_int_equal(poll(&pfd, 1, (int)guest_limit(FATAL_SECONDS) * 1000), 1);
		assert_int_equal(ibv_get_async_event(nic->context, &event), 0);
		ibv_ack_async_event(&event);
	}
}

/* The NIC cannot be opened before the driver's recovery has ended. */
static struct nic *wait_until_recovered(struct guest *guest, const struct guest_place *place)
{
	const struct timespec pause = {.tv_sec = 1};
	struct nic *nic = &guest->nics[place->nth];

	for (unsigned i = 0; nic_open(nic, place->nth); i++) {
		assert_true(i < guest_limit(FATAL_SECONDS));
		nanosleep(&pause, NULL);
	}
	nic_close(nic);
	return guest_reopen(guest, place);
}

/*
 * Theory of operation: the NIC is unplugged while it has a region. The application
 * gets an event, a new region is refused, and the release of all objects does not
 * hang. When the NIC is plugged in, its driver recovers it, and it works as before.
 * Data that was acknowledged before is still in memory.
 */
GUEST_TEST(unplug)
{
	struct nic *nic = start(guest);
	struct guest_place place = guest_place_of(guest, nic);
	int fd = guest_export_hint(guest, 0, hint16);
	struct ibv_mr *mr = guest_register(guest, nic, fd);
	uint8_t before[4096], after[4096];

	guest_check_writes(guest, nic, mr, 0, hint16);
	assert_int_equal(guest_rdma_read(nic, mr, NIC_STAGE_BYTES / 2, 0, sizeof(before)), 0);
	memcpy(before, nic->stage + NIC_STAGE_BYTES / 2, sizeof(before));
	host_tell("nic%u unplug", place.nth);
	assert_int_equal(nic_post_write(nic, mr, 0, 0, 4096), 0);
	wait_for_fatal(nic);
	assert_null(nic_register(nic, fd, GUEST_SLICE_BYTES));
	guest_abandon(guest, mr);
	nic_close(nic);
	host_tell("nic%u plug", place.nth);
	nic = wait_until_recovered(guest, &place);
	assert_int_equal(accel_read(&guest->accel, &guest->accel.memory, 0, after, sizeof(after)),
			 0);
	assert_memory_equal(after, before, sizeof(after));
	assert_int_equal(nic->tag_bits, place.tag_bits);
	guest_check_writes(guest, nic, guest_register(guest, nic, fd), 0, hint16);
}
