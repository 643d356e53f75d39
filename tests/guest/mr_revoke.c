// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The owner takes its memory away, changes a hint and gives the memory back. A
 * region that is mapped again must send the new hint, or fail: never the old one.
 *
 * Mapping again is asked for by ibv_advise_mr(), which tells its result; then
 * the writes show what the mkey really does.
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

static void assert_dead(struct guest *guest, struct nic *nic, const struct ibv_mr *mr)
{
	struct accel_counters counters;

	assert_int_not_equal(guest_map_again(nic, mr), 0);
	assert_int_equal(accel_clear_counters(&guest->accel), 0);
	assert_int_equal(nic_write(nic, mr, 0, 0, 4096), -EREMOTEIO);
	assert_int_equal(accel_read_counters(&guest->accel, &counters), 0);
	assert_int_equal(counters.tlps, 0);
	assert_int_equal(nic_connect(nic), 0);
}

static void assert_alive(struct guest *guest, struct nic *nic, const struct ibv_mr *mr,
			 unsigned slot, struct hint hint)
{
	assert_int_equal(guest_map_again(nic, mr), 0);
	guest_check_writes(guest, nic, mr, slot, hint);
}

/* A NIC whose tags go through a table; in an mkey without one nothing can change. */
static struct nic *table_nic(struct guest *guest, unsigned bits)
{
	uint16_t entries[2048];
	struct nic *nic = guest_hint_nic(guest, bits);

	if (!guest_st_table(nic, entries))
		GUEST_SKIP("this NIC has no ST table");
	return nic;
}

/* Theory of operation: nothing was changed, so the region comes back as it was. */
GUEST_TEST(unchanged)
{
	struct nic *nic = table_nic(guest, 16);
	struct hint hint = {16, 0x611, 2};
	int fd = guest_export_hint(guest, 0, hint);
	struct ibv_mr *mr = guest_register(guest, nic, fd);

	for (int i = 0; i < 3; i++) {
		change_while_revoked(guest, fd, hint);
		assert_alive(guest, nic, mr, 0, hint);
	}
}

/*
 * Theory of operation: a page fault of the NIC maps again as well; without a
 * word from the application the writes go on, with the new tag.
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

/* Theory of operation: all regions on the entry are of this buffer, so it takes the new tag. */
static void new_tag(struct guest *guest, unsigned bits)
{
	struct nic *nic = table_nic(guest, bits);
	struct hint old = {bits, 0x31, 2}, new = {bits, 0x32, 2};
	int fd = guest_export_hint(guest, 0, old);
	struct ibv_mr *first = guest_register(guest, nic, fd);
	struct ibv_mr *second = guest_register(guest, nic, fd);

	guest_check_writes(guest, nic, first, 0, old);
	change_while_revoked(guest, fd, new);
	assert_alive(guest, nic, first, 0, new);
	assert_alive(guest, nic, second, 0, new);
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
	assert_dead(guest, nic, mr);
	guest_check_writes(guest, nic, guest_register(guest, nic, fd), 0, new);
}

/* Theory of operation: the mkey would go on sending a hint that nobody wants any more. */
GUEST_TEST(withdrawn)
{
	struct nic *nic = table_nic(guest, 16);
	struct hint old = {16, 0x651, 2};
	int fd = guest_export_hint(guest, 0, old);
	struct ibv_mr *mr = guest_register(guest, nic, fd);

	change_while_revoked(guest, fd, NO_HINT);
	assert_dead(guest, nic, mr);
	guest_check_writes(guest, nic, guest_register(guest, nic, fd), 0, NO_HINT);
}

/* Theory of operation: a region without a hint never asks, so a new one is nothing to it. */
GUEST_TEST(had_none)
{
	struct nic *nic = table_nic(guest, 16);
	struct hint new = {16, 0x661, 2};
	int fd = guest_export(guest, 0, 0);
	struct ibv_mr *mr = guest_register(guest, nic, fd);

	change_while_revoked(guest, fd, new);
	assert_alive(guest, nic, mr, 0, NO_HINT);
	guest_check_writes(guest, nic, guest_register(guest, nic, fd), 0, new);
}

/*
 * Theory of operation: another buffer has the same tag and keeps it. Each has an
 * entry of its own, so the one whose tag changed follows.
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
	assert_alive(guest, nic, changed, 0, new);
	assert_alive(guest, nic, other, 1, old);
	assert_int_equal(guest_st_count(nic, old.tag), 1);
	assert_int_equal(guest_st_count(nic, new.tag), 1);
}

/*
 * Theory of operation: a region that could not follow is not lost: it comes back
 * when the owner wants again what its key sends.
 */
GUEST_TEST(wanted_again)
{
	struct nic *nic = table_nic(guest, 16);
	struct hint old = {16, 0x6a1, 2}, new = {16, 0x6a1, 3};
	int fd = guest_export_hint(guest, 0, old);
	struct ibv_mr *mr = guest_register(guest, nic, fd);

	change_while_revoked(guest, fd, new);
	assert_int_equal(guest_map_again(nic, mr), ESTALE);
	assert_dead(guest, nic, mr);
	change_while_revoked(guest, fd, old);
	assert_alive(guest, nic, mr, 0, old);
}

/*
 * Theory of operation: a reset that the owner asks for takes the memory away while
 * it lasts. The hint stays, and so does the region.
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
	assert_alive(guest, nic, mr, 0, hint);
}

/*
 * Theory of operation: the owner's recipe for tags that change across a reset,
 * while a thread writes without a pause: memory off, reset, SET, memory on. The
 * writes that find no memory end in an error and are tried again; the region was
 * registered once. From the moment that memory is back, every TLP has the new tag.
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
	print_message("%u writes, %u found no memory\n", atomic_load(&guest->traffic.writes),
		      atomic_load(&guest->traffic.errors));
	guest_unregister(guest, mr);
	assert_int_equal(guest_st_used(nic), 0);
}

/*
 * Theory of operation: without a table the mkey holds the tag itself, so there
 * is nothing that could follow; the region comes back with its tag or not at all.
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
	assert_alive(guest, nic, mr, 0, old);
	change_while_revoked(guest, fd, new);
	assert_dead(guest, nic, mr);
	guest_check_writes(guest, nic, guest_register(guest, nic, fd), 0, new);
}
