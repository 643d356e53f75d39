// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The accelerator in D3hot, by its owner's write of configuration space, while a NIC writes to it.
 * The state revokes the memory, and the return to D0 resets the device: it has no No_Soft_Reset.
 */
#include <errno.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "guest.h"

#define ROUNDS	 6
#define PM_D0	 0
#define PM_D3HOT 3

static const struct hint NO_HINT;

/* The offset of configuration space in the device's file. */
static off_t config_offset(const struct guest *guest)
{
	struct vfio_region_info info = {.argsz = sizeof(info),
					.index = VFIO_PCI_CONFIG_REGION_INDEX};

	assert_int_equal(ioctl(guest->accel.device_fd, VFIO_DEVICE_GET_REGION_INFO, &info), 0);
	return (off_t)info.offset;
}

static off_t power_control(const struct guest *guest)
{
	off_t config = config_offset(guest);
	int fd = guest->accel.device_fd;
	uint8_t at = 0, cap[2] = {0};

	assert_int_equal(pread(fd, &at, 1, config + PCI_CAPABILITY_LIST), 1);
	for (unsigned n = 0; n < 48 && at; n++) {
		assert_int_equal(pread(fd, cap, 2, config + at), 2);
		if (cap[0] == PCI_CAP_ID_PM)
			return config + at + PCI_PM_CTRL;
		at = cap[1];
	}
	fail_msg("no Power Management: start the guest with --accel-pm yes");
	return 0;
}

static void set_power_state(const struct guest *guest, uint16_t state)
{
	int fd = guest->accel.device_fd;
	off_t control = power_control(guest);
	uint16_t now = 0;

	assert_int_equal(pwrite(fd, &state, sizeof(state), control), sizeof(state));
	assert_int_equal(pread(fd, &now, sizeof(now), control), sizeof(now));
	assert_int_equal(now & PCI_PM_CTRL_STATE_MASK, state);
}

/*
 * Theory of operation: a hint that is not required stays set. Writes may fail in D3hot
 * (writes_in_d3hot tests that they do), and go on with the hint in D0, where vfio-pci
 * has restored memory enable. The rule of a tag, which a reset clears, shows that there was one.
 */
static void optional(struct guest *guest, struct nic *nic)
{
	struct traffic *traffic = &guest->traffic;
	struct hint hint = {nic->tag_bits, 0x2c, 2};
	int fd = guest_export_hint(guest, 0, hint);
	uint32_t flag = hint.bits == 8 ? VFIO_DMA_BUF_TPH_ST : VFIO_DMA_BUF_TPH_ST_EXT, rule = 0;
	const uint32_t unused = ACCEL_RULE(0, 0x11, 1, ACCEL_OP_STORE);

	traffic_start(traffic, nic, guest_register(guest, nic, fd));
	for (int i = 0; i < ROUNDS; i++) {
		assert_true(traffic_advances(traffic));
		assert_int_equal(accel_set_rule(&guest->accel, 0, unused), 0);
		set_power_state(guest, PM_D3HOT);
		set_power_state(guest, PM_D0);
		assert_int_equal(accel_read_rule(&guest->accel, 0, &rule), 0);
		assert_int_equal(rule, 0);
		assert_int_equal(guest_get_flags(guest, fd) & flag, flag);
		assert_int_equal(accel_clear_counters(&guest->accel), 0);
		assert_true(traffic_advances(traffic));
		guest_check_counters(guest, hint);
	}
	traffic_stop(traffic);
	assert_int_equal(atomic_load(&traffic->fatal), 0);
}

GUEST_TEST(optional_hint)
{
	guest_with_each_width(guest, optional);
}

/* Theory of operation: every write that starts in D3hot must end in an error completion. */
GUEST_TEST(writes_in_d3hot)
{
	struct nic *nic = guest_nic(guest, 16);
	struct ibv_mr *mr = guest_register(guest, nic, guest_export(guest, 0, 0));

	guest_check_writes(guest, nic, mr, 0, NO_HINT);
	set_power_state(guest, PM_D3HOT);
	guest_write_fails(nic, mr);
	guest_write_fails(nic, mr);
	guest_register_fails(nic, guest_export(guest, 1, 0), ENODEV);
	set_power_state(guest, PM_D0);
	guest_check_writes(guest, nic, mr, 0, NO_HINT);
}

/*
 * Theory of operation: D3hot revokes the memory, so a required hint may be changed in
 * it. The return to D0 resets the device and closes the buffer: the tag that was set
 * in D3hot named what the device had before its reset.
 */
GUEST_TEST(required_hint)
{
	struct nic *nic = guest_hint_nic(guest, 16);
	struct hint hint = {16, 0x2f0, 2};
	int fd = guest_export_required(guest, 0, hint);
	struct ibv_mr *mr = guest_register(guest, nic, fd);

	guest_check_writes(guest, nic, mr, 0, hint);
	set_power_state(guest, PM_D3HOT);
	guest_write_fails(nic, mr);
	hint.tag++;
	assert_int_equal(guest_set_errno(guest, fd, hint, true), 0);
	assert_int_equal(guest_map_again(nic, mr), ENODEV);
	set_power_state(guest, PM_D0);
	assert_int_equal(guest_get_flags(guest, fd), VFIO_DMA_BUF_TPH_REQUIRED);
	guest_register_fails(nic, fd, ENODEV);
	guest_write_fails(nic, mr);
	assert_int_equal(guest_set_errno(guest, fd, hint, true), 0);
	guest_check_writes(guest, nic, mr, 0, hint);
}
