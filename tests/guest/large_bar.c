// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Regions of more than 4 and 8 GiB: a mapping's length does not fit into one entry
 * of a scatterlist, so the exporter splits it, and the NIC's driver has to find one
 * page size and one memory key for all entries. Start the lab with --accel-memory 16384.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/random.h>

#include "guest.h"

#define GIB	  (1ULL << 30)
#define PAGE	  4096ULL
#define SEAM	  0xfffff000ULL /* the longest entry: whole pages below 4 GiB */
#define LOOK	  16384U	/* bytes of each write, most of them across a seam */
#define LOOKS_MAX 8

/* The ranges of the BAR that a region consists of. */
struct layout {
	struct tph_range ranges[2];
	unsigned count;
};

static uint64_t length_of(const struct layout *layout)
{
	uint64_t length = 0;

	for (unsigned i = 0; i < layout->count; i++)
		length += layout->ranges[i].length;
	return length;
}

static void need_memory(const struct guest *guest, unsigned bits)
{
	if (guest->accel.memory.size < 16 * GIB)
		GUEST_SKIP("the accelerator has only %" PRIu64 " MiB of memory",
			   guest->accel.memory.size >> 20);
	guest_need_completer(guest, bits);
}

static int export_layout(struct guest *guest, const struct layout *layout, struct hint hint,
			 bool required)
{
	struct tph_vfio_export request = {
		.bar = ACCEL_MEMORY_BAR,
		.open_flags = O_RDWR | O_CLOEXEC,
		.ranges = layout->ranges,
		.range_count = layout->count,
		.hints = accel_hints(hint.bits, hint.tag, (uint8_t)hint.ph),
	};

	if (required)
		request.hints.flags |= TPH_HINT_REQUIRED;
	return guest_keep_fd(guest, tph_vfio_export(guest->accel.device_fd, &request));
}

/* Reads @len bytes at @at of the region by the CPU. */
static void read_back(struct guest *guest, const struct layout *layout, uint64_t at, uint8_t *bytes,
		      size_t len)
{
	for (unsigned i = 0; i < layout->count && len; i++) {
		const struct tph_range *range = &layout->ranges[i];
		size_t here = range->length - at < len ? range->length - at : len;

		if (at >= range->length) {
			at -= range->length;
			continue;
		}
		assert_int_equal(accel_read(&guest->accel, &guest->accel.memory, range->offset + at,
					    bytes, here),
				 0);
		bytes += here;
		len -= here;
		at = 0;
	}
	assert_int_equal(len, 0);
}

/* Writes random bytes across each seam, then compares all of them. */
static void check_looks(struct guest *guest, struct nic *nic, const struct ibv_mr *mr,
			const struct layout *layout, struct hint hint)
{
	uint64_t length = length_of(layout), looks[LOOKS_MAX], seam;
	static uint8_t memory[LOOK];
	unsigned count = 0;

	looks[count++] = 0;
	for (seam = SEAM; seam + LOOK < length && count < LOOKS_MAX - 2; seam += SEAM)
		looks[count++] = seam - LOOK / 2;
	for (seam = 4 * GIB; seam + LOOK < length && count < LOOKS_MAX - 2; seam += 4 * GIB)
		looks[count++] = seam + PAGE;
	if (layout->count > 1)
		looks[count++] = layout->ranges[0].length - LOOK / 2;
	looks[count++] = length - LOOK;
	assert_true(count <= LOOKS_MAX);
	for (size_t i = 0; i < LOOKS_MAX * LOOK; i += 256)
		assert_int_equal(getrandom(nic->stage + i, 256, 0), 256);
	assert_int_equal(accel_clear_counters(&guest->accel), 0);
	for (unsigned i = 0; i < count; i++)
		assert_int_equal(nic_write(nic, mr, i * LOOK, looks[i], LOOK), 0);
	guest_check_counters(guest, hint);
	for (unsigned i = 0; i < count; i++) {
		read_back(guest, layout, looks[i], memory, LOOK);
		if (memcmp(memory, nic->stage + i * LOOK, LOOK))
			fail_msg("wrong bytes at 0x%" PRIx64, looks[i]);
	}
}

/*
 * Theory of operation: one region over the whole layout is written across each
 * seam, with its hint on every TLP, and again after a revoke, when a page fault maps
 * it. It uses one entry of the ST table, whatever its number of pages.
 */
static void check(struct guest *guest, unsigned bits, struct layout layout, bool required)
{
	struct nic *nic = guest_nic(guest, bits);
	struct hint hint = {bits, 0x3b, 2};
	struct ibv_mr *mr;
	int fd;

	need_memory(guest, bits);
	fd = export_layout(guest, &layout, hint, required);
	mr = nic_register(nic, fd, length_of(&layout));
	if (!mr)
		fail_msg("a region of 0x%" PRIx64 " bytes: %s", length_of(&layout),
			 strerror(errno));
	assert_int_equal(guest_st_used(nic), 1);
	check_looks(guest, nic, mr, &layout, hint);
	guest_revoke(guest);
	check_looks(guest, nic, mr, &layout, hint);
	assert_int_equal(ibv_dereg_mr(mr), 0);
	assert_int_equal(guest_st_used(nic), 0);
}

GUEST_TEST(over_4_gib)
{
	check(guest, 16, (struct layout){.ranges = {{PAGE, 4 * GIB + PAGE}}, .count = 1}, false);
}

GUEST_TEST(over_8_gib)
{
	check(guest, 16, (struct layout){.ranges = {{PAGE, 8 * GIB + PAGE}}, .count = 1}, false);
}

GUEST_TEST(required_8)
{
	check(guest, 8, (struct layout){.ranges = {{0, 8 * GIB + PAGE}}, .count = 1}, true);
}

GUEST_TEST(required_16)
{
	check(guest, 16, (struct layout){.ranges = {{0, 8 * GIB + PAGE}}, .count = 1}, true);
}

GUEST_TEST(whole)
{
	check(guest, 16, (struct layout){.ranges = {{0, 16 * GIB}}, .count = 1}, true);
}

/* The range with the higher address comes first, and each is longer than an entry. */
GUEST_TEST(two_ranges)
{
	check(guest, 16,
	      (struct layout){.ranges = {{9 * GIB, 5 * GIB}, {PAGE, 4 * GIB + PAGE}}, .count = 2},
	      true);
}
