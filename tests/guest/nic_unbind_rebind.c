// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The NIC's driver leaves and comes back. It must leave no hint behind in the
 * device, and work as before when it is back.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "guest.h"

#define PATH_BYTES 256

/* What a rebind needs to know of the NIC, which itself goes away. */
struct place {
	char bdf[TPH_BDF_CHARS];
	char driver[64];
	unsigned nth, tag_bits;
};

static struct place place_of(const struct guest *guest, const struct nic *nic)
{
	struct place place = {.nth = (unsigned)(nic - guest->nics), .tag_bits = nic->tag_bits};
	char link[PATH_BYTES], *path;

	guest_nic_bdf(nic, place.bdf);
	snprintf(link, sizeof(link), "/sys/bus/pci/devices/%s/driver", place.bdf);
	path = realpath(link, NULL);
	assert_non_null(path);
	snprintf(place.driver, sizeof(place.driver), "%s", strrchr(path, '/') + 1);
	free(path);
	return place;
}

/* @what: "bind" or "unbind" */
static void tell_driver(const struct place *place, const char *what)
{
	char path[PATH_BYTES];
	size_t len = strlen(place->bdf);
	int fd;

	snprintf(path, sizeof(path), "/sys/bus/pci/drivers/%s/%s", place->driver, what);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	if (write(fd, place->bdf, len) != (ssize_t)len)
		fail_msg("%s of %s: %s", what, place->bdf, strerror(errno));
	close(fd);
}

static void assert_no_hints_left(const struct place *place)
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

/* Opens the NIC again; nic_open() waits for its port to be active. */
static struct nic *comes_back(struct guest *guest, const struct place *place)
{
	struct nic *nic = &guest->nics[place->nth];
	char bdf[TPH_BDF_CHARS];

	tell_driver(place, "bind");
	assert_int_equal(nic_open(nic, place->nth), 0);
	guest_nic_bdf(nic, bdf);
	assert_string_equal(bdf, place->bdf);
	assert_int_equal(nic->tag_bits, place->tag_bits);
	return nic;
}

static void unbind_and_bind(struct guest *guest, struct nic *nic, bool in_use)
{
	struct hint hint = {nic->tag_bits, 0x2b, 2}, none = {0};
	struct place place = place_of(guest, nic);
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
	tell_driver(&place, "unbind");
	if (in_use) {
		/* The kernel has taken all of it; these only free what is left here. */
		for (int i = 0; i < GUEST_MRS; i++)
			if (guest->mrs[i] == mr)
				guest->mrs[i] = NULL;
		ibv_dereg_mr(mr);
		nic_close(nic);
	}
	assert_no_hints_left(&place);
	/* Nobody holds the memory any more, so it can be taken and given back. */
	assert_int_equal(accel_enable(&guest->accel, false), 0);
	assert_int_equal(accel_enable(&guest->accel, true), 0);
	nic = comes_back(guest, &place);
	guest_check_writes(guest, nic, guest_register(guest, nic, fd), 0, hint);
}

static void each_nic(struct guest *guest, bool in_use)
{
	if (!guest->nic_count)
		GUEST_SKIP("there is no NIC");
	if (guest->completer_bits < 16)
		GUEST_SKIP("the accelerator is no completer of 16-bit tags");
	for (unsigned i = 0; i < guest->nic_count; i++)
		unbind_and_bind(guest, &guest->nics[i], in_use);
}

/*
 * Theory of operation: write, drop everything, unbind. TPH is off and the ST
 * table empty; after bind the port is active, TPH is on, and a write through a
 * new region carries its hint.
 */
static void idle(void **state)
{
	each_nic(*state, false);
}

/*
 * Theory of operation: the same with the device open and a region with a hint
 * registered: unbind must not wait for the application, and must clean up.
 */
static void in_use(void **state)
{
	each_nic(*state, true);
}

int main(void)
{
	struct guest guest;
	int ret = guest_open(&guest);
	const struct CMUnitTest tests[] = {
		GUEST_TEST(idle, &guest),
		GUEST_TEST(in_use, &guest),
	};

	if (ret)
		return ret;
	ret = cmocka_run_group_tests_name("nic_unbind_rebind", tests, NULL, NULL);
	guest_close(&guest);
	return ret;
}
