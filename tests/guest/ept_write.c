// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A second importer: the endpoints of pci_endpoint_test write into the
 * accelerator's dma-bufs. --endpoints off,8,16 has one of each kind.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "guest.h"
#include "lab/guest/endpoint.h"
#include "util/macros.h"

#define EPTS	    4
#define WRITE_BYTES 9001u
#define WRITE_AT    4096u

static struct endpoint epts[EPTS];
static unsigned ept_count;

/* The data has arrived, and each TLP carried the hint or, if the endpoint cannot send it, none. */
static void check_write(struct guest *guest, const struct endpoint *ept, int fd, struct hint hint)
{
	static uint8_t got[WRITE_BYTES];
	bool fits = hint.bits && hint.bits == ept->tag_bits;
	struct endpoint_write written;

	assert_int_equal(accel_clear_counters(&guest->accel), 0);
	assert_int_equal(endpoint_write(ept, fd, WRITE_AT, WRITE_BYTES, &written), 0);
	assert_int_equal(
		accel_read(&guest->accel, &guest->accel.memory, WRITE_AT, got, sizeof(got)), 0);
	assert_int_equal(endpoint_checksum(got, sizeof(got)), written.checksum);
	assert_int_equal(written.had_hint, fits);
	guest_check_counters(guest, fits ? hint : (struct hint){0});
}

static void each_kind(struct guest *guest, const struct endpoint *ept)
{
	const struct hint hints[] = {{0}, {8, 0x5a, 2}, {16, 0x5a, 1}, {16, 0xbeef, 3}};

	for (unsigned i = 0; i < sizeof(hints) / sizeof(hints[0]); i++)
		check_write(guest, ept, guest_export_hint(guest, 0, hints[i]), hints[i]);
}

GUEST_TEST(kinds)
{
	for (unsigned i = 0; i < ept_count; i++)
		each_kind(guest, &epts[i]);
}

GUEST_TEST(required)
{
	const struct hint hints[] = {{8, 0x5a, 1}, {16, 0x1234, 1}};
	struct endpoint_write written;

	for (unsigned i = 0; i < ept_count; i++)
		for (unsigned n = 0; n < 2; n++) {
			int fd = guest_export_required(guest, 0, hints[n]);

			if (hints[n].bits == epts[i].tag_bits)
				check_write(guest, &epts[i], fd, hints[n]);
			else
				assert_int_equal(endpoint_write(&epts[i], fd, WRITE_AT, WRITE_BYTES,
								&written),
						 -EPERM);
		}
}

/* Theory of operation: the transfer ends before the call returns, so the hint can be changed. */
GUEST_TEST(changed_between)
{
	for (unsigned i = 0; i < ept_count; i++) {
		struct hint old = {16, 0x111, 2}, new = {16, 0x112, 3};
		int fd = guest_export_hint(guest, 0, old);

		check_write(guest, &epts[i], fd, old);
		assert_int_equal(guest_set_errno(guest, fd, new, false), 0);
		check_write(guest, &epts[i], fd, new);
	}
}

GUEST_TEST(invalid_calls)
{
	static const struct {
		uint64_t offset;
		uint32_t bytes, flags;
		int want;
		bool no_fd;
	} calls[] = {
		{GUEST_SLICE_BYTES - 8, 9, 0, -EINVAL, false},
		{0, 0, 0, -EINVAL, false},
		{0, 8, 4, -EINVAL, false},
		{0, 8, 0, -EBADF, true},
	};
	struct endpoint_write written;
	int fd = guest_export(guest, 0, 0);

	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		assert_int_equal(endpoint_call(&epts[0], calls[i].no_fd ? -1 : fd, calls[i].offset,
					       calls[i].bytes, calls[i].flags, &written),
				 calls[i].want);
	assert_int_equal(accel_enable(&guest->accel, false), 0);
	assert_int_equal(endpoint_write(&epts[0], fd, 0, 8, &written), -ENODEV);
	assert_int_equal(accel_enable(&guest->accel, true), 0);
	assert_int_equal(endpoint_write(&epts[0], fd, 0, 8, &written), 0);
}

int guest_prepare(int argc, char **argv)
{
	int ret = 0;

	(void)argc;
	(void)argv;
	while (ept_count < EPTS && !ret) {
		ret = endpoint_open(&epts[ept_count], ept_count);
		ept_count += !ret;
	}
	if (ret && ret != -ENOENT) {
		fprintf(stderr, "cannot open endpoint %u: %s; see dmesg\n", ept_count,
			strerror(-ret));
		return 1;
	}
	if (ept_count)
		return 0;
	fprintf(stderr, "no endpoint: --endpoints off,8,16, and CONFIG_PCI_ENDPOINT_TEST\n");
	return GUEST_SKIPPED;
}
