// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The owner revokes its memory, changes a hint and ends the revoke. A region that
 * is mapped again must send the new hint, or fail: never send the old one.
 *
 * ibv_advise_mr() maps again and returns the result; then the writes show which
 * hint the mkey sends.
 */
#include <errno.h>

#include "guest.h"

static const struct hint NO_HINT;

/* Revoke, change the hint of @fd, end the revoke. */
static void change_while_revoked(struct guest *guest, int fd, struct hint hint)
{
	assert_int_equal(accel_enable(&guest->accel, false), 0);
	assert_int_equal(guest_set_errno(guest, fd, hint, false), 0);
	assert_int_equal(accel_enable(&guest->accel, true), 0);
}

static void assert_unusable(struct guest *guest, struct nic *nic, const struct ibv_mr *mr)
{
	struct accel_counters counters;

	assert_int_not_equal(guest_map_again(nic, mr), 0);
	assert_int_equal(accel_clear_counters(&guest->accel), 0);
	assert_int_equal(nic_write(nic, mr, 0, 0, 4096), -EREMOTEIO);
	assert_int_equal(accel_read_counters(&guest->accel, &counters), 0);
	assert_int_equal(counters.tlps, 0);
	assert_int_equal(nic_connect(nic), 0);
}

static void assert_usable(struct guest *guest, struct nic *nic, const struct ibv_mr *mr,
			  unsigned slot, struct hint hint)
{
	assert_int_equal(guest_map_again(nic, mr), 0);
	guest_check_writes(guest, nic, mr, slot, hint);
}

/* A NIC with an ST table; without one the tag is in the mkey and cannot change. */
static struct nic *table_nic(struct guest *guest, unsigned bits)
{
	uint16_t entries[2048];
	struct nic *nic = guest_hint_nic(guest, bits);

	if (!guest_st_table(nic, entries))
		GUEST_SKIP("this NIC has no ST table");
	return nic;
}

/* Theory of operation: the hint did not change, so the region works as before. */
GUEST_TEST(unchanged)
{
	struct nic *nic = table_nic(guest, 16);
	struct hint hint = {16, 0x611, 2};
	int fd = guest_export_hint(guest, 0, hint);
	struct ibv_mr *mr = guest_register(guest, nic, fd);

	for (int i = 0; i < 3; i++) {
		change_while_revoked(guest, fd, hint);
		assert_usable(guest, nic, mr, 0, hint);
	}
}

/*
 * Theory of operation: a page fault of the NIC maps again as well: the writes go on
 * with the new tag, without a call of the application.
 */
GUEST_TEST(by_page_fault)
{
	struct nic *nic = table_nic(guest, 16);
	struct hint old = {16, 0x621, 2}, new = {16, 0x622, 2};
	int fd = guest_export_hint(guest, 0, old);
	struct ibv_mr *mr = guest_register(guest, nic, fd);

	guest_check_writes(guest, nic, mr, 0, old);
	change_while_revoked(guest, fd, new);
	guest_check_writes(guest, nic, mr, 0, new);
}

/* Theory of operation: all regions on the entry are of this buffer, so it gets the new tag. */
static void new_tag(struct guest *guest, unsigned bits)
{
	struct nic *nic = table_nic(guest, bits);
	struct hint old = {bits, 0x31, 2}, new = {bits, 0x32, 2};
	int fd = guest_export_hint(guest, 0, old);
	struct ibv_mr *first = guest_register(guest, nic, fd);
	struct ibv_mr *second = guest_register(guest, nic, fd);

	guest_check_writes(guest, nic, first, 0, old);
	change_while_revoked(guest, fd, new);
	assert_usable(guest, nic, first, 0, new);
	assert_usable(guest, nic, second, 0, new);
	assert_int_equal(guest_st_count(nic, old.tag), 0);
	assert_int_equal(guest_st_count(nic, new.tag), 1);
}

GUEST_TEST(new_tag_8)
{
	new_tag(guest, 8);
}

GUEST_TEST(new_tag_16)
{
	new_tag(guest, 16);
}

/* Theory of operation: the PH is in the mkey and cannot change; the next region has it. */
GUEST_TEST(new_ph)
{
	struct nic *nic = table_nic(guest, 16);
	struct hint old = {16, 0x641, 2}, new = {16, 0x641, 3};
	int fd = guest_export_hint(guest, 0, old);
	struct ibv_mr *mr = guest_register(guest, nic, fd);

	change_while_revoked(guest, fd, new);
	assert_unusable(guest, nic, mr);
	guest_check_writes(guest, nic, guest_register(guest, nic, fd), 0, new);
}

/* Theory of operation: the mkey would send a hint that is no longer set, so mapping fails. */
GUEST_TEST(withdrawn)
{
	struct nic *nic = table_nic(guest, 16);
	struct hint old = {16, 0x651, 2};
	int fd = guest_export_hint(guest, 0, old);
	struct ibv_mr *mr = guest_register(guest, nic, fd);

	change_while_revoked(guest, fd, NO_HINT);
	assert_unusable(guest, nic, mr);
	guest_check_writes(guest, nic, guest_register(guest, nic, fd), 0, NO_HINT);
}

/* Theory of operation: a region without a hint never asks again, so a new one does not matter. */
GUEST_TEST(had_none)
{
	struct nic *nic = table_nic(guest, 16);
	struct hint new = {16, 0x661, 2};
	int fd = guest_export(guest, 0, 0);
	struct ibv_mr *mr = guest_register(guest, nic, fd);

	change_while_revoked(guest, fd, new);
	assert_usable(guest, nic, mr, 0, NO_HINT);
	guest_check_writes(guest, nic, guest_register(guest, nic, fd), 0, new);
}

/*
 * Theory of operation: another buffer has the same tag and keeps it. Each buffer has
 * its own entry, so the region of the changed one gets the new tag.
 */
GUEST_TEST(same_tag_elsewhere)
{
	struct nic *nic = table_nic(guest, 16);
	struct hint old = {16, 0x671, 2}, new = {16, 0x672, 2};
	int a = guest_export_hint(guest, 0, old), b = guest_export_hint(guest, 1, old);
	struct ibv_mr *changed = guest_register(guest, nic, a);
	struct ibv_mr *other = guest_register(guest, nic, b);

	assert_int_equal(guest_st_count(nic, old.tag), 2);
	change_while_revoked(guest, a, new);
	assert_usable(guest, nic, changed, 0, new);
	assert_usable(guest, nic, other, 1, old);
	assert_int_equal(guest_st_count(nic, old.tag), 1);
	assert_int_equal(guest_st_count(nic, new.tag), 1);
}

/*
 * Theory of operation: a region that could not get the new hint is still usable: it
 * works again when the owner sets the hint that its key sends.
 */
GUEST_TEST(set_again)
{
	struct nic *nic = table_nic(guest, 16);
	struct hint old = {16, 0x6a1, 2}, new = {16, 0x6a1, 3};
	int fd = guest_export_hint(guest, 0, old);
	struct ibv_mr *mr = guest_register(guest, nic, fd);

	change_while_revoked(guest, fd, new);
	assert_int_equal(guest_map_again(nic, mr), ESTALE);
	assert_unusable(guest, nic, mr);
	change_while_revoked(guest, fd, old);
	assert_usable(guest, nic, mr, 0, old);
}

/*
 * Theory of operation: a reset by the owner revokes the memory while it lasts. The
 * hint stays set, and the region works afterwards.
 */
GUEST_TEST(reset_alone)
{
	struct nic *nic = table_nic(guest, 16);
	struct hint hint = {16, 0x6b0, 2};
	int fd = guest_export_hint(guest, 0, hint);
	struct ibv_mr *mr = guest_register(guest, nic, fd);

	guest_check_writes(guest, nic, mr, 0, hint);
	guest_reset(guest);
	guest_check_writes(guest, nic, mr, 0, hint);
	guest_reset(guest);
	assert_usable(guest, nic, mr, 0, hint);
}

/*
 * Theory of operation: the owner's sequence for tags that change across a reset,
 * while a thread writes without a pause: memory off, reset, SET, memory on. Writes
 * without memory end in an error and are tried again; the region is registered
 * once. As soon as memory is on again, every TLP has the new tag.
 */
GUEST_TEST(reset_under_traffic)
{
	struct nic *nic = table_nic(guest, 16);
	struct hint hint = {16, 0x680, 2};
	int fd = guest_export_hint(guest, 0, hint);
	struct ibv_mr *mr = guest_register(guest, nic, fd);

	traffic_start(&guest->traffic, nic, mr);
	for (int i = 0; i < 20; i++) {
		assert_true(traffic_advances(&guest->traffic));
		assert_int_equal(accel_enable(&guest->accel, false), 0);
		guest_reset(guest);
		hint.tag++;
		assert_int_equal(guest_set_errno(guest, fd, hint, false), 0);
		assert_int_equal(accel_enable(&guest->accel, true), 0);
		assert_int_equal(accel_clear_counters(&guest->accel), 0);
		assert_true(traffic_advances(&guest->traffic));
		guest_check_counters(guest, hint);
		assert_int_equal(guest_st_count(nic, hint.tag), 1);
		assert_int_equal(guest_st_used(nic), 1);
	}
	traffic_stop(&guest->traffic);
	assert_int_equal(atomic_load(&guest->traffic.fatal), 0);
	print_message("%u writes, %u without memory\n", atomic_load(&guest->traffic.writes),
		      atomic_load(&guest->traffic.errors));
	guest_unregister(guest, mr);
	assert_int_equal(guest_st_used(nic), 0);
}

/*
 * Theory of operation: without a table the mkey holds the tag itself, which cannot
 * change; the region works again with its tag or not at all.
 */
GUEST_TEST(direct_mode)
{
	struct nic *nic = guest_nic(guest, 8);
	struct hint old = {8, 0x91, 2}, new = {8, 0x92, 2};
	uint16_t entries[2048];
	struct ibv_mr *mr;
	int fd;

	if (guest_st_table(nic, entries))
		GUEST_SKIP("this NIC has an ST table");
	fd = guest_export_hint(guest, 0, old);
	mr = guest_register(guest, nic, fd);
	change_while_revoked(guest, fd, old);
	assert_usable(guest, nic, mr, 0, old);
	change_while_revoked(guest, fd, new);
	assert_unusable(guest, nic, mr);
	guest_check_writes(guest, nic, guest_register(guest, nic, fd), 0, new);
}
