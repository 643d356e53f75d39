// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Programming one steering tag must not take the hint from the writes that use
 * another: with a functional tag that would be wrong data.
 */
#include "guest.h"

#define TAGS 150

/*
 * Theory of operation: a thread writes without a pause through a region with a
 * hint. Meanwhile the same NIC, opened a second time, registers and drops
 * regions with ever new tags, each of which programs an ST entry and clears it.
 * Nobody else writes, so the accelerator's counters must know one hint only.
 */
static void with_nic(struct guest *guest, unsigned bits)
{
	struct nic *nic = guest_nic(guest, bits), *again;
	struct hint hint = {bits, 0x2b, 2};
	int fd, other;

	if (guest->completer_bits < bits)
		GUEST_SKIP("the accelerator is no completer of %u-bit tags", bits);
	fd = guest_export(guest, 0, accel_hint(hint.tag, bits == 16, hint.ph));
	other = guest_export(guest, 1, 0);
	again = guest_open_again(guest, nic);
	assert_int_equal(accel_clear_counters(&guest->accel), 0);
	traffic_start(&guest->traffic, nic, guest_register(guest, nic, fd));
	assert_true(traffic_advances(&guest->traffic));
	for (unsigned i = 0; i < TAGS; i++) {
		struct hint new = {bits, (uint16_t)(0x40 + i), 2}, none = {0};
		struct ibv_mr *mr;

		guest_set(guest, other, bits == 8 ? new : none, bits == 16 ? new : none);
		mr = guest_register(guest, again, other);
		guest_unregister(guest, mr);
		if (i % 10 == 0)
			assert_true(traffic_advances(&guest->traffic));
	}
	traffic_stop(&guest->traffic);
	assert_int_equal(atomic_load(&guest->traffic.fatal), 0);
	assert_int_equal(atomic_load(&guest->traffic.errors), 0);
	assert_int_equal(nic_wait(nic), 0);
	guest_check_counters(guest, hint);
	print_message("%u writes while %u tags came and went\n",
		      atomic_load(&guest->traffic.writes), TAGS);
}

static void bits_8(void **state)
{
	with_nic(*state, 8);
}

static void bits_16(void **state)
{
	with_nic(*state, 16);
}

int main(void)
{
	struct guest guest;
	int ret = guest_open(&guest);
	const struct CMUnitTest tests[] = {
		GUEST_TEST(bits_8, &guest),
		GUEST_TEST(bits_16, &guest),
	};

	if (ret)
		return ret;
	ret = cmocka_run_group_tests_name("no_window", tests, NULL, NULL);
	guest_close(&guest);
	return ret;
}
