// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Resets of the accelerator while a NIC writes to it: those that its owner asks for, which take the
 * memory away while they last, and those by sysfs and of the bus above it. Of the latter vfio-pci
 * is told when they are over. It revokes nothing then; it closes the buffers whose hint is
 * required.
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

/* EAGAIN: its driver, or a reset by another, holds the device's lock. */
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

/*
 * Theory of operation: a hint that is not required is set as before after each
 * reset. The region was registered once, its writes end well or in an error
 * completion and go on with the hint, and neither they nor the reset hang: the
 * thread's time limit sees the one, the program's the other. Then a new region
 * on the same buffer works, hint and all.
 */
static void wanted(struct guest *guest, unsigned bits, void (*reset)(struct guest *guest))
{
	struct nic *nic = guest_hint_nic(guest, bits);
	struct traffic *traffic = &guest->traffic;
	struct hint hint = {bits, 0x2c, 2};
	int fd = guest_export_hint(guest, 0, hint);
	struct ibv_mr *mr = guest_register(guest, nic, fd);
	uint32_t flags = bits == 8 ? VFIO_DMA_BUF_TPH_ST : VFIO_DMA_BUF_TPH_ST_EXT;

	traffic_start(traffic, nic, mr);
	for (int i = 0; i < ROUNDS; i++) {
		assert_true(traffic_advances(traffic));
		reset(guest);
		assert_int_equal(guest_get_flags(guest, fd) & flags, flags);
		assert_int_equal(accel_clear_counters(&guest->accel), 0);
		assert_true(traffic_advances(traffic));
		guest_check_counters(guest, hint);
	}
	traffic_stop(traffic);
	assert_int_equal(atomic_load(&traffic->fatal), 0);
	print_message("%u writes, %u failed\n", atomic_load(&traffic->writes),
		      atomic_load(&traffic->errors));
	assert_int_equal(nic_connect(nic), 0);
	guest_check_writes(guest, nic, mr, 0, hint);
	guest_check_writes(guest, nic, guest_register(guest, nic, fd), 0, hint);
}

GUEST_TEST(wanted_8)
{
	wanted(guest, 8, guest_reset);
}

GUEST_TEST(wanted_16)
{
	wanted(guest, 16, guest_reset);
}

/* Theory of operation: the same with memory enable going off and on. */
GUEST_TEST(wanted_memory_enable)
{
	wanted(guest, 16, guest_revoke);
}

/*
 * Theory of operation: with memory off for good, every write that starts then
 * must end in an error completion: there is nothing to write to.
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

GUEST_TEST(wanted_function_8)
{
	wanted(guest, 8, reset_function);
}

GUEST_TEST(wanted_function_16)
{
	wanted(guest, 16, reset_function);
}

GUEST_TEST(wanted_bus)
{
	wanted(guest, 16, reset_bus);
}

/* Off, the hint, on. */
static void change_while_off(struct guest *guest, int fd, struct hint hint)
{
	assert_int_equal(accel_enable(&guest->accel, false), 0);
	assert_int_equal(guest_set_errno(guest, fd, hint, true), 0);
	assert_int_equal(accel_enable(&guest->accel, true), 0);
}

/*
 * Theory of operation: a required hint is gone after the reset and nobody new may
 * map. Who has mapped keeps the memory and sends the old tag: closing unmaps
 * nobody. So the owner who learns of the reset may set the old tag again at once,
 * and another one when it has taken the memory away from them.
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
 * Theory of operation: a closed buffer is not opened by a revoke and its end, and
 * the region that was unmapped by it stays so until a hint is set.
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
