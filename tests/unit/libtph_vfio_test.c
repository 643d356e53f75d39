// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Hints through VFIO, against a model of the kernel: ioctl() here replaces the C
 * library's and checks as vfio_pci_dmabuf.c does, in the same order, for kernels
 * with export flags and the device feature, one of the two, or neither.
 */
#include "tests/unit/libtph_dumps.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "tph/vfio_tph.h"

#define DEVICE	  1000
#define BAR_BYTES 0x100000u
#define MAX_FD	  256

/* The kernel and the device. */
static struct model {
	bool no_export;	 /* before 6.19 */
	bool no_flags;	 /* no export flags for hints */
	bool no_feature; /* no device feature 14 */
	bool foreign;	 /* device feature 14 is another one */
	bool required;	 /* the kernel has REQUIRED */
	int completer;	 /* 0, 1, 3 */
	bool busy;	 /* an importer has mapped without a hint */
	unsigned exports;
	uint32_t export_flags, open_flags;
	bool is_buf[MAX_FD];
	struct vfio_device_feature_dma_buf_tph hints[MAX_FD];
} model;

static int check_export_flags(uint32_t flags)
{
	uint32_t known = VFIO_DMABUF_FL_TPH | VFIO_DMABUF_TPH_PH_MASK | VFIO_DMABUF_FL_TPH_EXT |
			 VFIO_DMABUF_TPH_ST_MASK | (model.required ? 1u << 4 : 0);

	if (!flags)
		return 0;
	if (model.no_flags || !(flags & VFIO_DMABUF_FL_TPH))
		return -EINVAL;
	if (!model.completer)
		return -EOPNOTSUPP;
	if (flags & ~known)
		return -EINVAL;
	if (flags & VFIO_DMABUF_FL_TPH_EXT)
		return model.completer == 3 ? 0 : -EOPNOTSUPP;
	return flags >> VFIO_DMABUF_TPH_ST_SHIFT > 0xff ? -EINVAL : 0;
}

static int export_dmabuf(struct vfio_device_feature *head)
{
	struct vfio_device_feature_dma_buf *arg = (void *)head->data;
	int ret, fd;

	if (model.no_export)
		return -ENOTTY;
	if (head->argsz < sizeof(*head) + sizeof(*arg))
		return -EINVAL;
	ret = check_export_flags(arg->flags);
	if (ret)
		return ret;
	if (!arg->nr_ranges)
		return -EINVAL;
	if (arg->region_index != 0)
		return -ENODEV;
	for (uint32_t i = 0; i < arg->nr_ranges; i++)
		if (arg->dma_ranges[i].offset + arg->dma_ranges[i].length > BAR_BYTES)
			return -EINVAL;
	fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	assert_in_range(fd, 0, MAX_FD - 1);
	model.exports++;
	model.export_flags = arg->flags;
	model.open_flags = arg->open_flags;
	model.is_buf[fd] = true;
	model.hints[fd] = (struct vfio_device_feature_dma_buf_tph){0};
	return fd;
}

static int tph_feature(struct vfio_device_feature *head)
{
	struct vfio_device_feature_dma_buf_tph *arg = (void *)head->data;
	uint32_t known = VFIO_DMA_BUF_TPH_ST | VFIO_DMA_BUF_TPH_ST_EXT | (model.required ? 4 : 0);

	if (model.foreign)
		return head->flags & VFIO_DEVICE_FEATURE_PROBE ? 0 : -EINVAL;
	if (model.no_feature)
		return -ENOTTY;
	if (!model.completer)
		return -EOPNOTSUPP;
	if (head->flags & VFIO_DEVICE_FEATURE_PROBE)
		return 0;
	if (head->flags & VFIO_DEVICE_FEATURE_SET) {
		if (arg->flags & ~known)
			return -EINVAL;
		if (arg->flags & VFIO_DMA_BUF_TPH_ST_EXT && model.completer != 3)
			return -EOPNOTSUPP;
	}
	if (arg->dmabuf_fd < 0 || fcntl(arg->dmabuf_fd, F_GETFD) < 0)
		return -EBADF;
	if (!model.is_buf[arg->dmabuf_fd])
		return -EINVAL;
	if (head->flags & VFIO_DEVICE_FEATURE_SET) {
		if (model.busy && arg->flags & 4)
			return -EBUSY;
		model.hints[arg->dmabuf_fd] = *arg;
	} else {
		*arg = model.hints[arg->dmabuf_fd];
	}
	return 0;
}

int ioctl(int fd, unsigned long request, ...)
{
	struct vfio_device_feature *head;
	va_list args;
	int ret;

	va_start(args, request);
	head = va_arg(args, void *);
	va_end(args);
	if (fd != DEVICE)
		ret = -EBADF;
	else if (request == VFIO_DEVICE_FEATURE &&
		 (head->flags & VFIO_DEVICE_FEATURE_MASK) == VFIO_DEVICE_FEATURE_DMA_BUF)
		ret = export_dmabuf(head);
	else if (request == VFIO_DEVICE_FEATURE &&
		 (head->flags & VFIO_DEVICE_FEATURE_MASK) == TPH_VFIO_FEATURE_DMA_BUF_TPH)
		ret = tph_feature(head);
	else
		ret = -ENOTTY;
	if (ret < 0)
		errno = -ret;
	return ret < 0 ? -1 : ret;
}

static const struct tph_range range = {0x1000, 0x2000};

static int export(struct tph_hints hints)
{
	struct tph_vfio_export request = {
		.bar = 0,
		.open_flags = O_RDWR | O_CLOEXEC,
		.ranges = &range,
		.range_count = 1,
		.hints = hints,
	};

	return tph_vfio_export(DEVICE, &request);
}

static const struct tph_hints st8 = {TPH_HINT_ST, 0, 0x5a, 2};
static const struct tph_hints st16 = {TPH_HINT_ST_EXT, 0x1234, 0, 1};
static const struct tph_hints both = {TPH_HINT_ST | TPH_HINT_ST_EXT, 0x4321, 0xa5, 3};
static const struct tph_hints nothing;

TEST(probe)
{
	static const struct {
		struct model model;
		int ret;
		struct tph_vfio_support support;
	} rows[] = {
		{{.completer = 3, .required = true}, 0, {true, true, true, true, true}},
		{{.completer = 3}, 0, {true, true, true, false, true}},
		{{.completer = 1}, 0, {true, true, true, false, false}},
		{{.completer = 3, .no_feature = true}, 0, {true, true, false, false, true}},
		{{.completer = 3, .foreign = true}, 0, {true, true, false, false, true}},
		{{.completer = 3, .no_flags = true}, 0, {true, false, true, false, false}},
		{{.completer = 0}, -EOPNOTSUPP, {true, false, false, false, false}},
		{{.completer = 3, .no_flags = true, .no_feature = true},
		 -ENOTTY,
		 {true, false, false, false, false}},
		{{.completer = 3, .no_flags = true, .foreign = true},
		 -ENOTTY,
		 {true, false, false, false, false}},
		{{.completer = 3, .no_export = true, .no_feature = true},
		 -ENOTTY,
		 {false, false, false, false, false}},
	};
	struct tph_vfio_support support;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		model = rows[i].model;
		memset(&support, 0xff, sizeof(support));
		assert_int_equal(tph_vfio_probe(DEVICE, &support), rows[i].ret);
		assert_memory_equal(&support, &rows[i].support, sizeof(support));
		assert_int_equal(model.exports, 0);
	}
	assert_int_equal(tph_vfio_probe(5, &support), -EBADF);
}

/* One tag is set by the export flags, without another call. */
TEST(export_by_flags)
{
	int fd;

	model = (struct model){.completer = 3, .no_feature = true};
	fd = export(st8);
	assert_true(fd >= 0);
	assert_int_equal(model.export_flags, 0x5a0000 | 2 << 1 | 1);
	assert_int_equal(model.open_flags, O_RDWR | O_CLOEXEC);
	close(fd);
	fd = export(st16);
	assert_true(fd >= 0);
	assert_int_equal(model.export_flags, 0x12340000 | 1 << 3 | 1 << 1 | 1);
	close(fd);
	fd = export(nothing);
	assert_true(fd >= 0);
	assert_int_equal(model.export_flags, 0);
	close(fd);
}

/* Both tags need the device feature; so does one where the kernel has no export flags. */
TEST(export_by_feature)
{
	struct tph_hints got;
	int fd;

	model = (struct model){.completer = 3};
	fd = export(both);
	assert_true(fd >= 0);
	assert_int_equal(model.export_flags, 0);
	assert_int_equal(tph_vfio_get_hints(DEVICE, fd, &got), 0);
	assert_memory_equal(&got, &both, sizeof(got));
	close(fd);

	model.no_flags = true;
	fd = export(st16);
	assert_true(fd >= 0);
	assert_int_equal(tph_vfio_get_hints(DEVICE, fd, &got), 0);
	assert_memory_equal(&got, &st16, sizeof(got));
	close(fd);
}

/* The kernel or the device cannot set the hints: an error, and nothing stays exported. */
TEST(no_interface)
{
	struct tph_hints required = st8;
	int before = open_fds();

	required.flags |= TPH_HINT_REQUIRED;
	model = (struct model){.completer = 3, .no_flags = true, .no_feature = true};
	assert_int_equal(export(st8), -ENOTTY);
	model.foreign = true;
	assert_int_equal(export(st8), -ENOTTY);
	model = (struct model){.completer = 3, .no_feature = true};
	assert_int_equal(export(both), -ENOTTY);
	model = (struct model){.completer = 3};
	assert_int_equal(export(required), -ENOTTY);
	model = (struct model){.completer = 0};
	assert_int_equal(export(st8), -EOPNOTSUPP);
	assert_int_equal(export(both), -EOPNOTSUPP);
	model = (struct model){.completer = 1};
	assert_int_equal(export(st16), -EOPNOTSUPP);
	assert_int_equal(export(both), -EOPNOTSUPP);
	model = (struct model){.completer = 3, .no_export = true, .no_feature = true};
	assert_int_equal(export(nothing), -ENOTTY);
	assert_int_equal(open_fds(), before);
}

TEST(wrong_hints)
{
	static const struct tph_hints rows[] = {
		{0, 1, 0, 0},
		{0, 0, 1, 0},
		{0, 0, 0, 1},
		{TPH_HINT_ST, 1, 0, 0},
		{TPH_HINT_ST_EXT, 0, 1, 0},
		{TPH_HINT_ST, 0, 1, 4},
		{TPH_HINT_ST | 1u << 3, 0, 1, 0},
	};
	int fd;

	model = (struct model){.completer = 3, .required = true};
	fd = export(nothing);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_int_equal(export(rows[i]), -EINVAL);
		assert_int_equal(tph_vfio_set_hints(DEVICE, fd, &rows[i]), -EINVAL);
	}
	assert_int_equal(model.exports, 1);
	close(fd);
}

TEST(wrong_ranges)
{
	static const struct tph_range ranges[] = {
		{0, 0},
		{0x800, 0x1000},
		{0, 0x800},
		{BAR_BYTES, 0x1000},
		{UINT64_MAX - 0xfff, 0x2000},
	};
	struct tph_vfio_export request = {.open_flags = O_RDWR, .range_count = 1, .hints = st8};

	model = (struct model){.completer = 3};
	for (size_t i = 0; i < ARRAY_SIZE(ranges); i++) {
		request.ranges = &ranges[i];
		assert_int_equal(tph_vfio_export(DEVICE, &request), -EINVAL);
	}
	request.range_count = 0;
	assert_int_equal(tph_vfio_export(DEVICE, &request), -EINVAL);
	request.range_count = 1u << 20;
	assert_int_equal(tph_vfio_export(DEVICE, &request), -E2BIG);
	request.ranges = &range;
	request.range_count = 1;
	request.bar = 3;
	assert_int_equal(tph_vfio_export(DEVICE, &request), -ENODEV);
	assert_int_equal(model.exports, 0);
}

/* REQUIRED without a tag, which no importer can map: the export flags cannot express it. */
TEST(export_required_without_tag)
{
	static const struct tph_hints required = {.flags = TPH_HINT_REQUIRED};
	int fd;

	model = (struct model){.completer = 3, .required = true};
	fd = export(required);
	assert_true(fd >= 0);
	assert_int_equal(model.hints[fd].flags, TPH_HINT_REQUIRED);
	close(fd);
}

TEST(set_get_clear)
{
	struct tph_hints required = both, got;
	int fd, other = open("/dev/null", O_RDWR);

	model = (struct model){.completer = 3, .required = true};
	fd = export(nothing);
	assert_int_equal(tph_vfio_set_hints(DEVICE, fd, &both), 0);
	required.flags |= TPH_HINT_REQUIRED;
	model.busy = true;
	assert_int_equal(tph_vfio_set_hints(DEVICE, fd, &required), -EBUSY);
	model.busy = false;
	assert_int_equal(tph_vfio_set_hints(DEVICE, fd, &required), 0);
	model.hints[fd].flags |= TPH_HINT_TAKEN_ST;
	assert_int_equal(tph_vfio_get_hints(DEVICE, fd, &got), 0);
	assert_int_equal(got.flags, required.flags | TPH_HINT_TAKEN_ST);
	/* What was read can be set: TAKEN is ignored. */
	assert_int_equal(tph_vfio_set_hints(DEVICE, fd, &got), 0);
	assert_int_equal(model.hints[fd].flags, required.flags);
	assert_int_equal(tph_vfio_set_hints(DEVICE, fd, &nothing), 0);
	assert_int_equal(tph_vfio_get_hints(DEVICE, fd, &got), 0);
	assert_memory_equal(&got, &nothing, sizeof(got));
	assert_int_equal(tph_vfio_set_hints(DEVICE, other, &st8), -EINVAL);
	assert_int_equal(tph_vfio_set_hints(DEVICE, -1, &st8), -EBADF);
	assert_int_equal(tph_vfio_get_hints(DEVICE, other, &got), -EINVAL);
	/* Feature 14 is another one: it must not be called with these bytes. */
	model.foreign = true;
	assert_int_equal(tph_vfio_set_hints(DEVICE, fd, &st8), -ENOTTY);
	assert_int_equal(tph_vfio_get_hints(DEVICE, fd, &got), -ENOTTY);
	close(fd);
	close(other);
}

/* Each error that the functions document has its own sentence. */
TEST(explain)
{
	static const int errors[] = {EINVAL, EOPNOTSUPP, ENOTTY, ENODEV, EBADF, EBUSY,
				     E2BIG,  EMFILE,	 ENOMEM, EPERM,	 EIO};

	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		assert_ptr_equal(tph_vfio_explain(errors[i]), tph_vfio_explain(-errors[i]));
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(tph_vfio_explain(errors[i]),
						tph_vfio_explain(errors[j]));
	}
}
