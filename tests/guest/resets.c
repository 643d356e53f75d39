// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Resets of the accelerator while a NIC writes to it: those by its owner, which revoke the memory
 * while they last, and those by sysfs, of the function and of the bus. vfio-pci is notified of the
 * latter when they are over: it revokes nothing, but closes the buffers whose hint is required.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "guest.h"

#define ROUNDS 6

static const struct hint NO_HINT;

static int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), err = fd < 0 ? errno : 0;

	if (!err && write(fd, text, strlen(text)) < 0)
		err = errno;
	if (fd >= 0)
		close(fd);
	return err;
}

/* The file @name of the accelerator, or of the port above it. */
static void sysfs_path(const struct guest *guest, bool above, const char *name, char path[256])
{
	char link[128], *folder;

	snprintf(link, sizeof(link), "/sys/bus/pci/devices/%s%s", guest->accel_name,
		 above ? "/.." : "");
	folder = realpath(link, NULL);
	assert_non_null(folder);
	snprintf(path, 256, "%s/%s", folder, name);
	free(folder);
}

/* EAGAIN: the device's driver or another reset holds its lock. */
static void reset_by(const struct guest *guest, bool above, const char *name)
{
	char path[256];
	int err = EAGAIN;

	sysfs_path(guest, above, name, path);
	for (int i = 0; i < 100 && err == EAGAIN; i++) {
		err = write_file(path, "1");
		usleep(err ? 20000 : 0);
	}
	if (err)
		fail_msg("%s: %s", path, strerror(err));
}

static void reset_function(struct guest *guest)
{
	reset_by(guest, false, "reset");
}

static void reset_bus(struct guest *guest)
{
	char path[256];

	sysfs_path(guest, true, "reset_subordinate", path);
	if (access(path, W_OK))
		GUEST_SKIP("%s: %s", path, strerror(errno));
	reset_by(guest, true, "reset_subordinate");
}

/* Theory of operation: a hint that is not required stays set across each reset. */
static void optional(struct guest *guest, unsigned bits, void (*reset)(struct guest *guest))
{
	guest_check_hint_stays(guest, guest_hint_nic(guest, bits), reset);
}

GUEST_TEST(optional_8)
{
	optional(guest, 8, guest_reset);
}

GUEST_TEST(optional_16)
{
	optional(guest, 16, guest_reset);
}

/* Theory of operation: the same with memory enable turned off and on. */
GUEST_TEST(optional_memory_enable)
{
	optional(guest, 16, guest_revoke);
}

/*
 * Theory of operation: memory is turned off and stays off. Every write that starts
 * then must end in an error completion.
 */
GUEST_TEST(memory_stays_off)
{
	struct nic *nic = guest_nic(guest, 16);
	struct ibv_mr *mr = guest_register(guest, nic, guest_export(guest, 0, 0));

	assert_int_equal(nic_write(nic, mr, 0, 0, 4096), 0);
	assert_int_equal(accel_enable(&guest->accel, false), 0);
	guest_write_fails(nic, mr);
	guest_write_fails(nic, mr);
}

GUEST_TEST(optional_function_8)
{
	optional(guest, 8, reset_function);
}

GUEST_TEST(optional_function_16)
{
	optional(guest, 16, reset_function);
}

GUEST_TEST(optional_bus)
{
	optional(guest, 16, reset_bus);
}

/* Memory off, the hint, memory on. */
static void change_while_off(struct guest *guest, int fd, struct hint hint)
{
	assert_int_equal(accel_enable(&guest->accel, false), 0);
	assert_int_equal(guest_set_errno(guest, fd, hint, true), 0);
	assert_int_equal(accel_enable(&guest->accel, true), 0);
}

/*
 * Theory of operation: the reset clears a required hint, and no further importer may
 * map. An importer that has the buffer mapped keeps it and sends the old tag, since
 * closing unmaps nothing. So the owner may set the old tag again at once, and another
 * tag after it has revoked the memory.
 */
static void required(struct guest *guest, void (*reset)(struct guest *guest))
{
	struct nic *nic = guest_hint_nic(guest, 16);
	struct traffic *traffic = &guest->traffic;
	struct hint hint = {16, 0x2d0, 2}, old;
	int fd = guest_export_required(guest, 0, hint);
	struct nic *second = guest_open_again(guest, nic);

	traffic_start(traffic, nic, guest_register(guest, nic, fd));
	for (int i = 0; i < ROUNDS; i++) {
		assert_true(traffic_advances(traffic));
		reset(guest);
		assert_int_equal(guest_get_flags(guest, fd), VFIO_DMA_BUF_TPH_REQUIRED);
		guest_register_fails(second, fd, ENODEV);
		assert_int_equal(accel_clear_counters(&guest->accel), 0);
		assert_true(traffic_advances(traffic));
		guest_check_counters(guest, hint);
		old = hint;
		hint.tag++;
		assert_int_equal(guest_set_errno(guest, fd, hint, true), EBUSY);
		assert_int_equal(guest_set_errno(guest, fd, NO_HINT, false), EBUSY);
		assert_int_equal(guest_set_errno(guest, fd, old, true), 0);
		guest_unregister(guest, guest_register(guest, second, fd));
		change_while_off(guest, fd, hint);
		assert_int_equal(accel_clear_counters(&guest->accel), 0);
		assert_true(traffic_advances(traffic));
		guest_check_counters(guest, hint);
	}
	traffic_stop(traffic);
	assert_int_equal(atomic_load(&traffic->fatal), 0);
}

GUEST_TEST(required_function)
{
	required(guest, reset_function);
}

GUEST_TEST(required_bus)
{
	required(guest, reset_bus);
}

/*
 * Theory of operation: a revoke and its end do not open a closed buffer, and the
 * region that the revoke has unmapped stays unmapped until a hint is set.
 */
GUEST_TEST(closed_over_revoke)
{
	struct nic *nic = guest_hint_nic(guest, 16);
	struct hint hint = {16, 0x2e0, 2};
	int fd = guest_export_required(guest, 0, hint);
	struct ibv_mr *mr = guest_register(guest, nic, fd);

	reset_function(guest);
	guest_revoke(guest);
	assert_int_equal(guest_get_flags(guest, fd), VFIO_DMA_BUF_TPH_REQUIRED);
	assert_int_equal(guest_map_again(nic, mr), ENODEV);
	guest_write_fails(nic, mr);
	assert_int_equal(guest_set_errno(guest, fd, hint, true), 0);
	guest_check_writes(guest, nic, mr, 0, hint);
}
