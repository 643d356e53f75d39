// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A hint that is required: an importer that does not send it gets the memory by
 * no interface. A tag may select an operation, and then a write without it would
 * cause wrong data.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "devices/accel/accel_regs.h"
#include "guest.h"

#define REQUIRED VFIO_DMA_BUF_TPH_REQUIRED
#define TAKEN	 (VFIO_DMA_BUF_TPH_TAKEN_ST | VFIO_DMA_BUF_TPH_TAKEN_ST_EXT)

static const struct hint NO_HINT;

/*
 * Theory of operation: a NIC that sends the hint gets the memory, and again after
 * a revoke. A reset closes the buffer, since it clears the accelerator's tables,
 * until the owner sets the hint again; then the region works again.
 */
static void matching(struct guest *guest, unsigned bits)
{
	struct nic *nic = guest_hint_nic(guest, bits);
	struct hint hint = {bits, 0x5a, 2};
	int fd = guest_export_required(guest, 0, hint);
	struct ibv_mr *mr = guest_register(guest, nic, fd);

	guest_check_writes(guest, nic, mr, 0, hint);
	guest_revoke(guest);
	guest_check_writes(guest, nic, mr, 0, hint);
	assert_int_equal(accel_reset(&guest->accel), 0);
	guest_write_fails(nic, mr);
	guest_register_fails(nic, fd, ENODEV);
	assert_int_equal(guest_set_errno(guest, fd, hint, true), 0);
	guest_check_writes(guest, nic, mr, 0, hint);
}

GUEST_TEST(matching_8)
{
	matching(guest, 8);
}

GUEST_TEST(matching_16)
{
	matching(guest, 16);
}

/*
 * Theory of operation: a NIC that sends tags of the other width, or none, is
 * refused. With both widths set, either is enough.
 */
GUEST_TEST(other_width)
{
	struct nic *nic8 = guest_hint_nic(guest, 8), *nic16 = guest_hint_nic(guest, 16);
	struct hint tag8 = {8, 0x5a, 2}, tag16 = {16, 0x5a, 2};
	struct vfio_device_feature_dma_buf_tph both = {
		.dmabuf_fd = guest_export_required(guest, 0, tag8),
		.flags = VFIO_DMA_BUF_TPH_ST | VFIO_DMA_BUF_TPH_ST_EXT | REQUIRED,
		.steering_tag = 0x5a,
		.steering_tag_ext = 0x5a,
		.ph = 2,
	};

	guest_register_fails(nic16, both.dmabuf_fd, EPERM);
	guest_register_fails(nic8, guest_export_required(guest, 1, tag16), EPERM);
	assert_int_equal(accel_set_tph(&guest->accel, &both), 0);
	guest_check_writes(guest, nic8, guest_register(guest, nic8, both.dmabuf_fd), 0, tag8);
	guest_check_writes(guest, nic16, guest_register(guest, nic16, both.dmabuf_fd), 0, tag16);
	for (unsigned i = 0; i < guest->nic_count; i++)
		if (!guest->nics[i].tag_bits)
			guest_register_fails(&guest->nics[i], both.dmabuf_fd, EPERM);
}

/*
 * Theory of operation: a host bridge may drop a hint. Without REQUIRED a NIC behind
 * one gets the memory, and perhaps the hint; with it, neither. While such a NIC has
 * the buffer mapped, REQUIRED cannot be set.
 */
GUEST_TEST(not_guaranteed)
{
	bool ran = false;

	for (unsigned i = 0; i < guest->nic_count; i++) {
		struct nic *nic = &guest->nics[i];
		struct hint hint = {nic->tag_bits == 8 ? 8 : 16, 0x5a, 2};
		struct ibv_mr *mr;
		int fd;

		if (guest_same_switch(guest, nic) || guest->completer_bits < hint.bits)
			continue;
		ran = true;
		guest_register_fails(nic, guest_export_required(guest, 0, hint), EPERM);
		fd = guest_export_hint(guest, 0, hint);
		mr = guest_register(guest, nic, fd);
		print_message("%s: %s\n", nic->name,
			      guest_get_flags(guest, fd) & TAKEN ? "took the hint" : "no hint");
		assert_int_equal(guest_set_errno(guest, fd, hint, true), EBUSY);
		guest_unregister(guest, mr);
		assert_int_equal(guest_set_errno(guest, fd, hint, true), 0);
		guest_register_fails(nic, fd, EPERM);
	}
	if (!ran)
		GUEST_SKIP("all NICs are below the accelerator's switch");
}

/*
 * Theory of operation: iommufd maps the memory by a private interface, for any
 * device, and asks for no hint. It can map a buffer whose hint is not required, and
 * while it is mapped REQUIRED cannot be set.
 */
GUEST_TEST(by_iommufd)
{
	struct hint hint = {8, 0x5a, 2};
	struct guest_iommu iommu;
	int fd;

	guest_need_completer(guest, 8);
	guest_iommu_open(&iommu);
	guest_keep_fd(guest, iommu.fd);
	assert_int_equal(guest_iommu_map(&iommu, guest_export_required(guest, 0, hint), 0), EPERM);
	fd = guest_export_hint(guest, 1, hint);
	assert_int_equal(guest_iommu_map(&iommu, fd, 1), 0);
	assert_int_equal(guest_set_errno(guest, fd, hint, true), EBUSY);
	assert_int_equal(guest_get_flags(guest, fd), VFIO_DMA_BUF_TPH_ST);
	guest->fds[0] = -1;
	close(iommu.fd);
	assert_int_equal(guest_set_errno(guest, fd, hint, true), 0);
}

/* Theory of operation: REQUIRED can be set if all importers send the hint, or if there are none. */
GUEST_TEST(turned_on)
{
	struct nic *nic = guest_hint_nic(guest, 16);
	struct hint hint = {16, 0x611, 2}, next = {16, 0x612, 2};
	int fd = guest_export_hint(guest, 0, hint);
	struct ibv_mr *mr = guest_register(guest, nic, fd);

	assert_int_equal(guest_set_errno(guest, fd, hint, true), 0);
	guest_check_writes(guest, nic, mr, 0, hint);
	/* No importer may keep a tag that is no longer set. */
	assert_int_equal(guest_set_errno(guest, fd, next, true), EBUSY);
	guest_check_writes(guest, nic, mr, 0, hint);
	guest_unregister(guest, mr);
	assert_int_equal(guest_set_errno(guest, fd, next, true), 0);
	guest_check_writes(guest, nic, guest_register(guest, nic, fd), 0, next);
	fd = guest_export(guest, 1, 0);
	assert_int_equal(guest_set_errno(guest, fd, hint, true), 0);
	assert_int_equal(guest_get_flags(guest, fd), VFIO_DMA_BUF_TPH_ST_EXT | REQUIRED);
}

static void assert_busy(struct guest *guest, int fd, struct hint hint)
{
	struct vfio_device_feature_dma_buf_tph before = {.dmabuf_fd = fd},
					       after = {.dmabuf_fd = fd};

	assert_int_equal(accel_get_tph(&guest->accel, &before), 0);
	assert_int_equal(guest_set_errno(guest, fd, hint, true), EBUSY);
	assert_int_equal(accel_get_tph(&guest->accel, &after), 0);
	assert_memory_equal(&before, &after, sizeof(before));
}

/*
 * Theory of operation: REQUIRED cannot be set while a region has no hint, or another
 * one than that of the SET; the refused SET changes nothing, TAKEN included.
 */
GUEST_TEST(turned_on_too_late)
{
	struct nic *nic = guest_hint_nic(guest, 16);
	struct hint hint = {16, 0x621, 2}, other_tag = {16, 0x622, 2}, other_ph = {16, 0x621, 3};
	int fd = guest_export(guest, 0, 0);
	struct ibv_mr *plain = guest_register(guest, nic, fd), *mr;

	assert_busy(guest, fd, hint);
	/* A tag that is set after it was mapped: the region still has none. */
	assert_int_equal(guest_set_errno(guest, fd, hint, false), 0);
	assert_busy(guest, fd, hint);
	guest_unregister(guest, plain);
	mr = guest_register(guest, nic, fd);
	assert_busy(guest, fd, other_tag);
	assert_busy(guest, fd, other_ph);
	assert_busy(guest, fd, (struct hint){8, 0x21, 2});
	assert_int_equal(guest_set_errno(guest, fd, other_tag, false), EBUSY);
	/* The hint that the region sends can be required. */
	assert_int_equal(guest_set_errno(guest, fd, hint, true), 0);
	guest_check_writes(guest, nic, mr, 0, hint);
}

/*
 * Theory of operation: while the buffer is revoked nothing is mapped, so REQUIRED
 * can be set. A region without the hint stays unmapped then, one with it works again.
 */
GUEST_TEST(turned_on_while_revoked)
{
	struct nic *nic = guest_hint_nic(guest, 16);
	struct hint hint = {16, 0x631, 2};
	int fd = guest_export(guest, 0, 0);
	struct ibv_mr *plain = guest_register(guest, nic, fd), *mr;

	assert_int_equal(guest_set_errno(guest, fd, hint, false), 0);
	mr = guest_register(guest, nic, fd);
	assert_int_equal(accel_enable(&guest->accel, false), 0);
	assert_int_equal(guest_set_errno(guest, fd, hint, true), 0);
	assert_int_equal(accel_enable(&guest->accel, true), 0);
	guest_write_fails(nic, plain);
	guest_check_writes(guest, nic, mr, 0, hint);
	/* No longer required: the plain region works again. */
	assert_int_equal(guest_set_errno(guest, fd, hint, false), 0);
	guest_check_writes(guest, nic, plain, 0, NO_HINT);
}

/* Theory of operation: a full ST table is reported as such, not as a refusal by the exporter. */
GUEST_TEST(table_full)
{
	struct nic *nic = guest_hint_nic(guest, 16);
	struct hint hint = {16, 0x2001, 2};
	unsigned capacity = guest_st_capacity(nic);
	struct ibv_mr *first;
	int fd;

	guest_st_fill(guest, nic, capacity, (struct hint){16, 0x1000, 2}, &first);
	fd = guest_export_required(guest, capacity, hint);
	guest_register_fails(nic, fd, ENOSPC);
	assert_int_equal(guest_get_flags(guest, fd) & TAKEN, 0);
	guest_unregister(guest, first);
	guest_check_writes(guest, nic, guest_register(guest, nic, fd), capacity, hint);
}

static void add_by_tag(struct guest *guest, struct hint hint)
{
	uint32_t rule = ACCEL_RULE(hint.bits == 16, (uint32_t)hint.tag, 1u, ACCEL_OP_ADD_U32), got;
	const struct accel_region *regs = &guest->accel.regs;
	uint32_t clear = ACCEL_COMMAND_CLEAR_RULES;

	assert_int_equal(accel_write(&guest->accel, regs, ACCEL_REG_COMMAND, &clear, 4), 0);
	assert_int_equal(accel_write(&guest->accel, regs, ACCEL_REG_RULE(0), &rule, 4), 0);
	assert_int_equal(accel_read(&guest->accel, regs, ACCEL_REG_RULE(0), &got, 4), 0);
	assert_int_equal(got, rule);
}

static void clear_memory(struct guest *guest)
{
	static const uint8_t zeros[GUEST_SLICE_BYTES];

	assert_int_equal(accel_write(&guest->accel, &guest->accel.memory, 0, zeros, sizeof(zeros)),
			 0);
}

/* The NIC writes 1, 2, 3, … */
static void fill_stage(struct nic *nic)
{
	for (uint32_t i = 0; i < GUEST_SLICE_BYTES / 4; i++)
		memcpy(nic->stage + 4 * i, &(uint32_t){i + 1}, 4);
}

/* Word n of the memory is @times n. */
static void assert_sums(struct guest *guest, unsigned times)
{
	uint32_t words[GUEST_SLICE_BYTES / 4];

	assert_int_equal(accel_read(&guest->accel, &guest->accel.memory, 0, words, sizeof(words)),
			 0);
	for (uint32_t i = 0; i < GUEST_SLICE_BYTES / 4; i++)
		assert_int_equal(words[i], times * (i + 1));
}

/* @count writes to cleared memory add up to @times the data. */
static void check_sums(struct guest *guest, struct nic *nic, const struct ibv_mr *mr,
		       unsigned count, unsigned times)
{
	clear_memory(guest);
	fill_stage(nic);
	for (unsigned i = 0; i < count; i++)
		assert_int_equal(nic_write(nic, mr, 0, 0, GUEST_SLICE_BYTES), 0);
	assert_sums(guest, times);
}

/*
 * Theory of operation: the tag makes the accelerator add the data of a write to its
 * memory. The writes of a NIC that sends the tag are added. A NIC that cannot send
 * it is refused, since its writes would overwrite the sum.
 */
GUEST_TEST(functional_tag)
{
	struct nic *nic = guest_hint_nic(guest, 16), *other = guest_hint_nic(guest, 8);
	struct hint add = {16, 0xadd, 2};
	int fd = guest_export_required(guest, 0, add);

	add_by_tag(guest, add);
	check_sums(guest, nic, guest_register(guest, nic, fd), 3, 3);
	guest_register_fails(other, fd, EPERM);
	assert_int_equal(guest_set_errno(guest, fd, add, false), 0);
	check_sums(guest, other, guest_register(guest, other, fd), 3, 1);
}

/* Waits for one more failed write: all that completed before it are counted. */
static void wait_for_failure(struct traffic *traffic)
{
	const struct timespec pause = {.tv_nsec = 10 * 1000 * 1000};
	unsigned before = atomic_load(&traffic->errors);

	while (atomic_load(&traffic->errors) == before && !atomic_load(&traffic->fatal))
		nanosleep(&pause, NULL);
}

/*
 * Theory of operation: a thread writes without a pause with a tag that adds. The
 * owner resets the accelerator, which clears its tags, programs another one,
 * clears the memory and sets the new tag. The reset has closed the buffer, so
 * no write arrives in between: each write that completes is in the sum once, and
 * nothing else is.
 */
GUEST_TEST(changed_across_resets)
{
	enum { ROUNDS = 12 };
	struct nic *nic = guest_hint_nic(guest, 16);
	struct traffic *traffic = &guest->traffic;
	struct hint add = {16, 0xadd, 2};
	int fd = guest_export_required(guest, 0, add);
	unsigned before = 0;

	add_by_tag(guest, add);
	clear_memory(guest);
	fill_stage(nic);
	traffic_start(traffic, nic, guest_register(guest, nic, fd));
	for (unsigned round = 0; round < ROUNDS; round++) {
		assert_true(traffic_advances(traffic));
		guest_reset(guest);
		assert_int_equal(guest_get_flags(guest, fd), VFIO_DMA_BUF_TPH_REQUIRED);
		add.tag++;
		add_by_tag(guest, add);
		wait_for_failure(traffic);
		clear_memory(guest);
		before = atomic_load(&traffic->writes);
		assert_int_equal(guest_set_errno(guest, fd, add, true), 0);
	}
	assert_true(traffic_advances(traffic));
	traffic_stop(traffic);
	assert_int_equal(atomic_load(&traffic->fatal), 0);
	assert_true(atomic_load(&traffic->errors) > 0);
	assert_sums(guest, atomic_load(&traffic->writes) - before);
	print_message("%u writes and %u that failed, over %u resets\n",
		      atomic_load(&traffic->writes), atomic_load(&traffic->errors), ROUNDS);
}
