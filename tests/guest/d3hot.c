// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The accelerator in D3hot, by its owner's write of configuration space, while a NIC writes to it.
 * The state revokes the memory, and the return to D0 resets the device: it has no No_Soft_Reset.
 */
#include <errno.h>
#include <linux/pci_regs.h>

#include "guest.h"

#define PM_D0	 0
#define PM_D3HOT 3

static const struct hint NO_HINT;

/* The offset of its Power Management control register. */
static uint64_t power_control(const struct accel *accel)
{
	uint8_t at = 0, cap[2] = {0};

	assert_int_equal(accel_read(accel, &accel->config, PCI_CAPABILITY_LIST, &at, 1), 0);
	for (unsigned n = 0; n < 48 && at; n++) {
		assert_int_equal(accel_read(accel, &accel->config, at, cap, sizeof(cap)), 0);
		if (cap[0] == PCI_CAP_ID_PM)
			return at + PCI_PM_CTRL;
		at = cap[1];
	}
	fail_msg("no Power Management: start the guest with --accel-pm yes");
	return 0;
}

static void set_power_state(const struct guest *guest, uint16_t state)
{
	const struct accel *accel = &guest->accel;
	uint64_t control = power_control(accel);
	uint16_t now = 0;

	assert_int_equal(accel_write(accel, &accel->config, control, &state, sizeof(state)), 0);
	assert_int_equal(accel_read(accel, &accel->config, control, &now, sizeof(now)), 0);
	assert_int_equal(now & PCI_PM_CTRL_STATE_MASK, state);
}

/* The rule of a tag, which a reset clears, shows that there was one. */
static void reset_by_d3hot(struct guest *guest)
{
	const uint32_t unused = ACCEL_RULE(0, 0x11, 1, ACCEL_OP_STORE);
	uint32_t rule = 0;

	assert_int_equal(accel_set_rule(&guest->accel, 0, unused), 0);
	set_power_state(guest, PM_D3HOT);
	set_power_state(guest, PM_D0);
	assert_int_equal(accel_read_rule(&guest->accel, 0, &rule), 0);
	assert_int_equal(rule, 0);
}

static void optional(struct guest *guest, struct nic *nic)
{
	guest_check_hint_stays(guest, nic, reset_by_d3hot);
}

/*
 * Theory of operation: a hint that is not required stays set. Writes may fail in D3hot
 * (writes_in_d3hot tests that they do), and go on with the hint in D0, where vfio-pci
 * has restored memory enable.
 */
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
