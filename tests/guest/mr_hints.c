// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How a NIC's memory region on a dma-buf uses the buffer's hints: as counted by
 * the accelerator for each TLP, and in the NIC's ST table.
 */
#include <errno.h>
#include <rdma/ib_user_verbs.h>
#include <string.h>
#include <unistd.h>

#include "guest.h"
#include "uverbs.h"

#define TAKEN (VFIO_DMA_BUF_TPH_TAKEN_ST | VFIO_DMA_BUF_TPH_TAKEN_ST_EXT)

static const struct hint NO_HINT;

static struct hint hint_of(unsigned bits, unsigned tag)
{
	return (struct hint){.bits = bits, .tag = (uint16_t)tag, .ph = tag & 3};
}

static bool has_st_table(const struct nic *nic)
{
	uint16_t entries[2048];

	return guest_st_table(nic, entries) > 0;
}

/*
 * Theory of operation: a hint arrives if the NIC sends tags of its width, and never
 * otherwise. The 16-bit tag would fit into 8 bits, so its value does not tell the
 * width.
 */
static void each_kind_of_buffer(struct guest *guest, struct nic *nic)
{
	struct hint tag8 = {8, 0x5a, 2}, tag16 = {16, 0x5a, 1}, both8 = {8, 0xa5, 3},
		    both16 = {16, 0xcafe, 3};
	struct vfio_device_feature_dma_buf_tph both = {
		.flags = VFIO_DMA_BUF_TPH_ST | VFIO_DMA_BUF_TPH_ST_EXT,
		.steering_tag = 0xa5,
		.steering_tag_ext = 0xcafe,
		.ph = 3,
	};
	int plain = guest_export(guest, 0, 0), fd;

	guest_check_writes(guest, nic, guest_register(guest, nic, plain), 0, NO_HINT);
	fd = guest_export_hint(guest, 1, tag8);
	guest_check_writes(guest, nic, guest_register(guest, nic, fd), 1,
			   nic->tag_bits == 8 ? tag8 : NO_HINT);
	if (guest->completer_bits < 16)
		return;
	fd = guest_export_hint(guest, 2, tag16);
	guest_check_writes(guest, nic, guest_register(guest, nic, fd), 2,
			   nic->tag_bits == 16 ? tag16 : NO_HINT);
	both.dmabuf_fd = guest_export(guest, 3, 0);
	assert_int_equal(accel_set_tph(&guest->accel, &both), 0);
	guest_check_writes(guest, nic, guest_register(guest, nic, both.dmabuf_fd), 3,
			   nic->tag_bits == 8 ? both8 : both16);
}

GUEST_TEST(kinds)
{
	guest_with_each_width(guest, each_kind_of_buffer);
}

/* Theory of operation: tag 0 is "no preference": a hint with a PH, but it uses no ST entry. */
static void each_tag_zero(struct guest *guest, struct nic *nic)
{
	struct hint zero = {nic->tag_bits, 0, 2};
	unsigned before = guest_st_used(nic);
	int fd = guest_export_hint(guest, 0, zero);

	guest_check_writes(guest, nic, guest_register(guest, nic, fd), 0, zero);
	assert_int_equal(guest_st_used(nic), before);
}

GUEST_TEST(tag_zero)
{
	guest_with_each_width(guest, each_tag_zero);
}

/* Theory of operation: every region keeps its own tag while many are registered at once. */
static void each_many_tags(struct guest *guest, struct nic *nic)
{
	enum { COUNT = 24 };
	struct ibv_mr *mrs[COUNT];

	for (unsigned i = 0; i < COUNT; i++) {
		int fd = guest_export_hint(guest, i % 8, hint_of(nic->tag_bits, 0x40 + i));

		mrs[i] = guest_register(guest, nic, fd);
	}
	for (unsigned i = 0; i < COUNT; i++) {
		if (has_st_table(nic))
			assert_int_equal(guest_st_count(nic, (uint16_t)(0x40 + i)), 1);
		guest_check_writes(guest, nic, mrs[i], i % 8, hint_of(nic->tag_bits, 0x40 + i));
	}
	for (unsigned i = 0; i < COUNT; i++)
		guest_unregister(guest, mrs[i]);
	assert_int_equal(guest_st_used(nic), 0);
}

GUEST_TEST(many_tags)
{
	guest_with_each_width(guest, each_many_tags);
}

/*
 * Theory of operation: the regions of a buffer share an entry, and another buffer
 * with the same tag has its own entry: so neither depends on the other. An entry is
 * in use until its last region is deregistered.
 */
static void each_shared_tag(struct guest *guest, struct nic *nic)
{
	struct hint hint = {nic->tag_bits, 0x33, 2}, other_ph = {nic->tag_bits, 0x33, 1};
	int a = guest_export_hint(guest, 0, hint), b = guest_export_hint(guest, 1, hint);
	int c = guest_export_hint(guest, 2, other_ph);
	struct ibv_mr *first = guest_register(guest, nic, a);
	struct ibv_mr *second = guest_register(guest, nic, a);
	struct ibv_mr *third = guest_register(guest, nic, b);
	struct ibv_mr *fourth = guest_register(guest, nic, c);

	if (has_st_table(nic))
		assert_int_equal(guest_st_count(nic, 0x33), 3);
	guest_check_writes(guest, nic, fourth, 2, other_ph);
	guest_unregister(guest, fourth);
	guest_unregister(guest, first);
	guest_check_writes(guest, nic, second, 0, hint);
	guest_unregister(guest, second);
	if (has_st_table(nic))
		assert_int_equal(guest_st_count(nic, 0x33), 1);
	guest_check_writes(guest, nic, third, 1, hint);
	guest_unregister(guest, third);
	assert_int_equal(guest_st_used(nic), 0);
}

GUEST_TEST(shared_tag)
{
	guest_with_each_width(guest, each_shared_tag);
}

/*
 * Theory of operation: mkeys of dropped regions are used again from a pool, by
 * ST index and PH. Tags change from round to round while the index stays, so a
 * pooled mkey with a stale tag would send the one of the round before.
 */
static void each_registered_again(struct guest *guest, struct nic *nic)
{
	int fd = guest_export(guest, 0, 0);

	for (unsigned i = 0; i < 24; i++) {
		struct hint hint = {nic->tag_bits, (uint16_t)(0x80 + i), 2};
		struct ibv_mr *mr;

		/* Regions without a hint in between must not get such an mkey. */
		assert_int_equal(guest_set_errno(guest, fd, i % 3 ? hint : NO_HINT, false), 0);
		mr = guest_register(guest, nic, fd);
		guest_check_writes(guest, nic, mr, 0, i % 3 ? hint : NO_HINT);
		guest_unregister(guest, mr);
		assert_int_equal(guest_st_used(nic), 0);
	}
}

GUEST_TEST(registered_again)
{
	guest_with_each_width(guest, each_registered_again);
}

/*
 * Theory of operation: a mapped region sends the hint that is set, so the hint
 * cannot be changed or cleared. Without the region it can, and the next region has
 * the new tag or none.
 */
static void each_set_between(struct guest *guest, struct nic *nic)
{
	struct hint old = {nic->tag_bits, 0x51, 2}, new = {nic->tag_bits, 0x52, 3};
	int fd = guest_export_hint(guest, 0, old);
	struct ibv_mr *mr = guest_register(guest, nic, fd);

	assert_int_equal(guest_set_errno(guest, fd, new, false), EBUSY);
	assert_int_equal(guest_set_errno(guest, fd, NO_HINT, false), EBUSY);
	guest_check_writes(guest, nic, mr, 0, old);
	guest_unregister(guest, mr);
	assert_int_equal(guest_set_errno(guest, fd, new, false), 0);
	mr = guest_register(guest, nic, fd);
	guest_check_writes(guest, nic, mr, 0, new);
	guest_unregister(guest, mr);
	assert_int_equal(guest_set_errno(guest, fd, NO_HINT, false), 0);
	guest_check_writes(guest, nic, guest_register(guest, nic, fd), 0, NO_HINT);
}

GUEST_TEST(set_between)
{
	guest_with_each_width(guest, each_set_between);
}

static int rereg_access(struct nic *nic, struct ibv_mr *mr, uint32_t access)
{
	return uverbs_rereg_mr(nic, mr, IBV_REREG_MR_CHANGE_ACCESS, access, NULL);
}

/*
 * Theory of operation: a hint must not make a change of a region's access fail.
 * Where this kernel changes the access of a region on a dma-buf (7.3.4 refuses), it
 * does so with a hint as without, the change takes effect, and the region keeps its
 * hint.
 */
static void each_reregistered(struct guest *guest, struct nic *nic)
{
	struct hint hint = {nic->tag_bits, 0x71, 2};
	struct ibv_mr *plain = guest_register(guest, nic, guest_export(guest, 0, 0));
	struct ibv_mr *mr = guest_register(guest, nic, guest_export_hint(guest, 1, hint));
	int expected = rereg_access(nic, plain, IBV_ACCESS_REMOTE_READ);

	assert_true(!expected || expected == EOPNOTSUPP);
	assert_int_equal(rereg_access(nic, mr, IBV_ACCESS_REMOTE_READ), expected);
	if (!expected) {
		assert_int_equal(nic_write(nic, mr, 0, 0, 64), -EREMOTEIO);
		assert_int_equal(nic_connect(nic), 0);
		assert_int_equal(rereg_access(nic, mr,
					      IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_WRITE |
						      IBV_ACCESS_REMOTE_READ),
				 0);
	}
	guest_check_writes(guest, nic, mr, 1, hint);
}

GUEST_TEST(reregistered)
{
	guest_with_each_width(guest, each_reregistered);
}

/*
 * Theory of operation: buffers with different tags fill the table: the next region
 * works without a hint, and a dropped region makes an entry available again.
 */
GUEST_TEST(table_full)
{
	unsigned bits = guest->completer_bits;
	uint16_t tag = bits == 16 ? 0x1000 : 1;
	struct nic *nic = guest_nic(guest, bits);
	unsigned capacity = guest_st_capacity(nic);
	struct ibv_mr *first, *last;
	int fd;

	last = guest_st_fill(guest, nic, capacity, (struct hint){bits, tag, 2}, &first);
	assert_int_equal(guest_st_used(nic), capacity);
	guest_check_writes(guest, nic, last, capacity - 1,
			   (struct hint){bits, (uint16_t)(tag + capacity - 1), 2});
	fd = guest_export_hint(guest, capacity, hint_of(bits, tag + capacity));
	last = guest_register(guest, nic, fd);
	guest_check_writes(guest, nic, last, capacity, NO_HINT);
	assert_int_equal(guest_st_count(nic, tag + capacity), 0);
	/* The NIC got the hint, but does not send it. */
	assert_false(guest_get_flags(guest, fd) & TAKEN);
	guest_unregister(guest, first);
	last = guest_register(guest, nic, fd);
	guest_check_writes(guest, nic, last, capacity, hint_of(bits, tag + capacity));
	assert_true(guest_get_flags(guest, fd) & TAKEN);
}

/*
 * Theory of operation: in the last quarter of the table a buffer shares the entry
 * of another one with the same tag.
 */
GUEST_TEST(scarce)
{
	unsigned bits = guest->completer_bits;
	struct nic *nic = guest_nic(guest, bits);
	unsigned capacity = guest_st_capacity(nic), enough = capacity - capacity / 4;
	struct hint shared = {bits, bits == 16 ? 0x1000 : 1, 2};
	int fd;

	guest_st_fill(guest, nic, enough, shared, NULL);
	fd = guest_export_hint(guest, enough, shared);
	guest_check_writes(guest, nic, guest_register(guest, nic, fd), enough, shared);
	assert_int_equal(guest_st_count(nic, shared.tag), 1);
	assert_int_equal(guest_st_used(nic), enough);
}

/*
 * Theory of operation: a region that may only read sends no hint: the owner may
 * change a hint, and require one, while such a region is mapped.
 */
static void each_read_only(struct guest *guest, struct nic *nic)
{
	struct hint old = {nic->tag_bits, 0x71, 2}, new = {nic->tag_bits, 0x72, 2};
	int fd = guest_export_hint(guest, 0, old);
	unsigned before = guest_st_used(nic);
	struct ibv_mr *mr =
		ibv_reg_dmabuf_mr(nic->pd, 0, GUEST_SLICE_BYTES, 0, fd, IBV_ACCESS_REMOTE_READ);

	assert_non_null(mr);
	assert_int_equal(guest_st_used(nic), before);
	assert_int_equal(guest_set_errno(guest, fd, new, true), 0);
	assert_int_equal(guest_rdma_read(nic, mr, 0, 0, 4096), 0);
	assert_int_equal(ibv_dereg_mr(mr), 0);
}

GUEST_TEST(read_only)
{
	guest_with_each_width(guest, each_read_only);
}
