// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The NIC's driver is unbound and bound again. The unbind must leave no hint in the
 * device, and the driver must work as before afterwards.
 */
#include "guest.h"

static void assert_no_hints_left(const struct guest_place *place)
{
	struct tph_st_table *table;
	struct tph_function *f;
	struct tph_ctx *ctx;
	struct tph_bdf bdf;

	assert_int_equal(tph_bdf_parse(place->bdf, &bdf), 0);
	assert_int_equal(tph_ctx_new_live(NULL, NULL, &ctx), 0);
	assert_int_equal(tph_function_read(ctx, &bdf, &f), 0);
	assert_int_equal(f->requester.enable, TPH_ENABLE_OFF);
	if (f->requester.table_entries) {
		assert_int_equal(tph_st_table_read(ctx, &bdf, &table), 0);
		for (size_t i = 0; i < table->count; i++)
			assert_int_equal(table->tags[i], 0);
		tph_st_table_free(table);
	}
	tph_function_free(f);
	tph_ctx_unref(ctx);
}

static void unbind_and_bind(struct guest *guest, struct nic *nic, bool in_use)
{
	struct hint hint = {nic->tag_bits, 0x2b, 2}, none = {0};
	struct guest_place place = guest_place_of(guest, nic);
	uint32_t flags = hint.bits ? accel_hint(hint.tag, hint.bits == 16, hint.ph) : 0;
	int fd = guest_export(guest, 0, flags);
	struct ibv_mr *mr = guest_register(guest, nic, fd);

	if (!hint.bits || !guest_same_switch(guest, nic))
		hint = none;
	guest_check_writes(guest, nic, mr, 0, hint);
	if (!in_use) {
		guest_unregister(guest, mr);
		nic_close(nic);
	}
	guest_tell_driver(&place, "unbind");
	if (in_use) {
		guest_abandon(guest, mr);
		nic_close(nic);
	}
	assert_no_hints_left(&place);
	/* No importer is left, so the memory can be revoked and restored. */
	guest_revoke(guest);
	guest_tell_driver(&place, "bind");
	nic = guest_reopen(guest, &place);
	assert_int_equal(nic->tag_bits, place.tag_bits);
	guest_check_writes(guest, nic, guest_register(guest, nic, fd), 0, hint);
}

static void each_nic(struct guest *guest, bool in_use)
{
	if (!guest->nic_count)
		GUEST_SKIP("there is no NIC");
	guest_need_completer(guest, 16);
	for (unsigned i = 0; i < guest->nic_count; i++)
		unbind_and_bind(guest, &guest->nics[i], in_use);
}

/*
 * Theory of operation: write, drop everything, unbind. TPH is off and the ST
 * table empty; after bind the port is active, TPH is on, and a write through a
 * new region carries its hint.
 */
GUEST_TEST(idle)
{
	each_nic(guest, false);
}

/*
 * Theory of operation: the same with the device open and a region with a hint
 * registered: unbind must not wait for the application, and must clean up.
 */
GUEST_TEST(in_use)
{
	each_nic(guest, true);
}
