// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Programming one steering tag must not remove the hint from writes that use
 * another tag: with a functional tag that would cause wrong data.
 */
#include "guest.h"
#include "uverbs.h"

#define TAGS 150

/* A thread that allocates and frees DMA handles, each with a region, until stopped. */
static struct handles {
	bool running;
	struct nic *nic;
	pthread_t thread;
	atomic_bool stop;
	atomic_uint count;
	int err; /* what ended it early */
} handles;

static int use_handle(struct nic *nic)
{
	struct ibv_mr mr;
	uint32_t handle;
	int err = uverbs_alloc_dmah(nic, 1, &handle);

	if (err)
		return err;
	err = uverbs_reg_mr(nic, handle, -1, nic->stage, GUEST_SLICE_BYTES, &mr);
	if (!err)
		err = uverbs_dereg_mr(nic, &mr);
	return err ? err : uverbs_free_dmah(nic, handle);
}

static void *handles_run(void *arg)
{
	(void)arg;
	while (!handles.err && !atomic_load(&handles.stop)) {
		handles.err = use_handle(handles.nic);
		atomic_fetch_add(&handles.count, 1);
	}
	return NULL;
}

static void handles_start(struct nic *nic)
{
	handles = (struct handles){.nic = nic};
	assert_int_equal(pthread_create(&handles.thread, NULL, handles_run, NULL), 0);
	handles.running = true;
}

static void handles_stop(void)
{
	if (!handles.running)
		return;
	atomic_store(&handles.stop, true);
	handles.running = false;
	pthread_join(handles.thread, NULL);
}

static int handles_end(void **state)
{
	handles_stop();
	return guest_end(state);
}

/*
 * Theory of operation: a thread writes without a pause through a region with a
 * hint. Meanwhile the same NIC, opened a second time, registers and drops
 * regions with new tags, each of which programs an ST entry and clears it.
 * Nothing else writes, so the accelerator's counters must have one hint only.
 */
static void program_tags(struct guest *guest, struct nic *nic)
{
	unsigned bits = nic->tag_bits;
	struct hint hint = {bits, 0x2b, 2};
	struct nic *again;
	int fd, other;

	guest_need_completer(guest, bits);
	fd = guest_export(guest, 0, accel_hint(hint.tag, bits == 16, hint.ph));
	other = guest_export(guest, 1, 0);
	again = guest_open_again(guest, nic);
	assert_int_equal(accel_clear_counters(&guest->accel), 0);
	traffic_start(&guest->traffic, nic, guest_register(guest, nic, fd));
	assert_true(traffic_advances(&guest->traffic));
	for (unsigned i = 0; i < TAGS; i++) {
		struct hint new = {bits, (uint16_t)(0x40 + i), 2};

		assert_int_equal(guest_set_errno(guest, other, new, false), 0);
		guest_unregister(guest, guest_register(guest, again, other));
		if (i % 10 == 0)
			assert_true(traffic_advances(&guest->traffic));
	}
	traffic_stop(&guest->traffic);
	assert_int_equal(atomic_load(&guest->traffic.fatal), 0);
	assert_int_equal(atomic_load(&guest->traffic.errors), 0);
	assert_int_equal(nic_wait(nic), 0);
	guest_check_counters(guest, hint);
	print_message("%u writes while %u tags were set and cleared\n",
		      atomic_load(&guest->traffic.writes), TAGS);
}

GUEST_TEST(bits_8)
{
	program_tags(guest, guest_nic(guest, 8));
}

GUEST_TEST(bits_16)
{
	program_tags(guest, guest_nic(guest, 16));
}

/*
 * The same, while a second thread allocates and frees DMA handles and regions that
 * use them. A NIC below a switch sends hints to peers alone and has no handles;
 * one at the root complex has, and its hints arrive if the host bridge keeps
 * them. The firmware here has no tags of CPUs, so the handles have a PH alone
 * and use no ST entries.
 */
GUEST_TEST_WITH(beside_handles, handles_end)
{
	struct nic *nic = guest_nic_with_dmah(guest);

	handles_start(nic);
	program_tags(guest, nic);
	handles_stop();
	assert_int_equal(handles.err, 0);
	assert_true(atomic_load(&handles.count) > 0);
	print_message("%u handles were allocated and freed\n", atomic_load(&handles.count));
}
