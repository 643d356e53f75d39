// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What vfio-pci accepts and refuses in the export flags and in the device feature,
 * with the exact errno. The tables have a column for each kind of accelerator; run
 * this with each.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/udmabuf.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "guest.h"
#include "util/macros.h"

#define ST     VFIO_DMA_BUF_TPH_ST
#define ST_EXT VFIO_DMA_BUF_TPH_ST_EXT
#define TAG(x) ((uint32_t)(x) << VFIO_DMABUF_TPH_ST_SHIFT)
#define PH(x)  ((uint32_t)(x) << VFIO_DMABUF_TPH_PH_SHIFT)
#define FL     VFIO_DMABUF_FL_TPH
#define EXT    VFIO_DMABUF_FL_TPH_EXT
#define FL_REQ VFIO_DMABUF_FL_TPH_REQUIRED
#define REQ    VFIO_DMA_BUF_TPH_REQUIRED
#define TAKEN  (VFIO_DMA_BUF_TPH_TAKEN_ST | VFIO_DMA_BUF_TPH_TAKEN_ST_EXT)

/* The errno for an accelerator that completes no tags, 8-bit tags, 16-bit tags. */
struct verdict {
	int none, bits8, bits16;
};

static int verdict_of(const struct guest *guest, struct verdict v)
{
	return guest->completer_bits == 16  ? v.bits16
	       : guest->completer_bits == 8 ? v.bits8
					    : v.none;
}

/* The errno of the export or 0; the file is closed again. */
static int export_errno(const struct guest *guest, uint32_t flags)
{
	int fd = accel_export(&guest->accel, 0, GUEST_SLICE_BYTES, flags);

	if (fd >= 0)
		close(fd);
	return fd < 0 ? -fd : 0;
}

static int set_errno(const struct guest *guest, int fd, uint32_t flags, uint8_t st, uint16_t st_ext,
		     uint8_t ph)
{
	struct vfio_device_feature_dma_buf_tph tph = {
		.dmabuf_fd = fd,
		.flags = flags,
		.steering_tag = st,
		.steering_tag_ext = st_ext,
		.ph = ph,
	};

	return -accel_set_tph(&guest->accel, &tph);
}

static int get_errno(const struct guest *guest, int fd)
{
	struct vfio_device_feature_dma_buf_tph tph = {.dmabuf_fd = fd};

	return -accel_get_tph(&guest->accel, &tph);
}

static void assert_hints(const struct guest *guest, int fd, uint32_t flags, uint8_t st,
			 uint16_t st_ext, uint8_t ph)
{
	/* GET must overwrite every field but the fd, so start from other values. */
	struct vfio_device_feature_dma_buf_tph tph = {
		.dmabuf_fd = fd,
		.flags = 0xffffffff,
		.steering_tag = 0xee,
		.steering_tag_ext = 0xeeee,
		.ph = 0xee,
	};

	assert_int_equal(accel_get_tph(&guest->accel, &tph), 0);
	assert_int_equal(tph.dmabuf_fd, fd);
	assert_int_equal(tph.flags, flags);
	assert_int_equal(tph.steering_tag, st);
	assert_int_equal(tph.steering_tag_ext, st_ext);
	assert_int_equal(tph.ph, ph);
}

/* VFIO_DEVICE_FEATURE itself, for calls that no library function makes. */
static int raw_feature(const struct guest *guest, uint32_t flags, uint32_t data_bytes)
{
	uint32_t arg[2 + 16] = {8 + data_bytes, flags};

	memset(arg + 2, 0xff, sizeof(arg) - 8);
	return ioctl(guest->accel.device_fd, VFIO_DEVICE_FEATURE, arg) < 0 ? errno : 0;
}

/*
 * Theory of operation: PROBE returns what the device supports before anything else
 * is checked, and with any combination of GET and SET.
 */
GUEST_TEST(probe)
{
	const uint32_t feature = VFIO_DEVICE_FEATURE_PROBE | TPH_VFIO_FEATURE_DMA_BUF_TPH;
	int want = verdict_of(guest, (struct verdict){EOPNOTSUPP, 0, 0});

	assert_int_equal(raw_feature(guest, feature, 0), want);
	assert_int_equal(raw_feature(guest, feature | VFIO_DEVICE_FEATURE_GET, 12), want);
	assert_int_equal(raw_feature(guest, feature | VFIO_DEVICE_FEATURE_SET, 12), want);
	assert_int_equal(
		raw_feature(guest, feature | VFIO_DEVICE_FEATURE_GET | VFIO_DEVICE_FEATURE_SET, 12),
		want);
	/* The export is supported in any case. */
	assert_int_equal(raw_feature(guest,
				     VFIO_DEVICE_FEATURE_PROBE | VFIO_DEVICE_FEATURE_GET |
					     VFIO_DEVICE_FEATURE_DMA_BUF,
				     16),
			 0);
}

/*
 * Theory of operation: the generic rules of VFIO_DEVICE_FEATURE hold: neither or
 * both of GET and SET, and a short argument, are EINVAL.
 */
GUEST_TEST(malformed_requests)
{
	const uint32_t feature = TPH_VFIO_FEATURE_DMA_BUF_TPH;

	assert_int_equal(
		raw_feature(guest, feature | VFIO_DEVICE_FEATURE_GET | VFIO_DEVICE_FEATURE_SET, 12),
		EINVAL);
	guest_need_completer(guest, 8);
	assert_int_equal(raw_feature(guest, feature | VFIO_DEVICE_FEATURE_GET, 11), EINVAL);
	assert_int_equal(raw_feature(guest, feature | VFIO_DEVICE_FEATURE_SET, 11), EINVAL);
}

/*
 * Theory of operation: each row is one value of the export flags. The range is
 * valid, so an errno can only come from the flags.
 */
GUEST_TEST(export_flags)
{
	static const struct {
		uint32_t flags;
		struct verdict want;
	} rows[] = {
		{0, {0, 0, 0}},
		/* 8-bit tags, 0 and the limits; each ph */
		{FL, {EOPNOTSUPP, 0, 0}},
		{FL | TAG(0xff), {EOPNOTSUPP, 0, 0}},
		{FL | PH(1) | TAG(0x5a), {EOPNOTSUPP, 0, 0}},
		{FL | PH(3) | TAG(1), {EOPNOTSUPP, 0, 0}},
		{FL | TAG(0x100), {EOPNOTSUPP, EINVAL, EINVAL}},
		{FL | TAG(0xffff), {EOPNOTSUPP, EINVAL, EINVAL}},
		/* 16-bit tags, a small one too */
		{FL | EXT, {EOPNOTSUPP, EOPNOTSUPP, 0}},
		{FL | EXT | TAG(0x5a), {EOPNOTSUPP, EOPNOTSUPP, 0}},
		{FL | EXT | PH(2) | TAG(0x1234), {EOPNOTSUPP, EOPNOTSUPP, 0}},
		{FL | EXT | PH(3) | TAG(0xffff), {EOPNOTSUPP, EOPNOTSUPP, 0}},
		/* an earlier proposal of this interface: a 16-bit tag without its bit */
		{FL | PH(2) | TAG(0x1234), {EOPNOTSUPP, EINVAL, EINVAL}},
		/* required, of either width */
		{FL | FL_REQ | PH(1) | TAG(0x5a), {EOPNOTSUPP, 0, 0}},
		{FL | FL_REQ | EXT | PH(2) | TAG(0x1234), {EOPNOTSUPP, EOPNOTSUPP, 0}},
		{FL | FL_REQ | TAG(0x100), {EOPNOTSUPP, EINVAL, EINVAL}},
		/* other flags, but no FL_TPH */
		{FL_REQ, {EINVAL, EINVAL, EINVAL}},
		{FL_REQ | TAG(0x5a), {EINVAL, EINVAL, EINVAL}},
		{PH(1), {EINVAL, EINVAL, EINVAL}},
		{PH(3), {EINVAL, EINVAL, EINVAL}},
		{EXT, {EINVAL, EINVAL, EINVAL}},
		{TAG(1), {EINVAL, EINVAL, EINVAL}},
		{EXT | PH(2) | TAG(0x1234), {EINVAL, EINVAL, EINVAL}},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int got = export_errno(guest, rows[i].flags);

		if (got != verdict_of(guest, rows[i].want))
			fail_msg("flags 0x%x: errno %d, not %d", rows[i].flags, got,
				 verdict_of(guest, rows[i].want));
	}
}

/* Theory of operation: bits 15:5 are reserved, so each alone is refused. */
GUEST_TEST(export_flags_reserved_bits)
{
	for (unsigned bit = 5; bit <= 15; bit++) {
		int got = export_errno(guest, FL | TAG(1) | 1u << bit);

		if (got != verdict_of(guest, (struct verdict){EOPNOTSUPP, EINVAL, EINVAL}))
			fail_msg("bit %u: errno %d", bit, got);
		assert_int_equal(export_errno(guest, 1u << bit), EINVAL);
	}
}

/* Theory of operation: GET returns the hint that the export flags have set, of either width. */
GUEST_TEST(export_flags_read_back)
{
	guest_need_completer(guest, 8);
	assert_hints(guest, guest_export(guest, 0, 0), 0, 0, 0, 0);
	assert_hints(guest, guest_export(guest, 0, FL | PH(2) | TAG(0x5a)), ST, 0x5a, 0, 2);
	assert_hints(guest, guest_export(guest, 0, FL), ST, 0, 0, 0);
	assert_hints(guest, guest_export(guest, 0, FL | FL_REQ | TAG(0x5a)), ST | REQ, 0x5a, 0, 0);
	guest_need_completer(guest, 16);
	assert_hints(guest, guest_export(guest, 0, FL | EXT | PH(3) | TAG(0x5a)), ST_EXT, 0, 0x5a,
		     3);
	assert_hints(guest, guest_export(guest, 0, FL | EXT | PH(1) | TAG(0xffff)), ST_EXT, 0,
		     0xffff, 1);
}

/*
 * Theory of operation: each row is one SET on a buffer that has a hint. A refused
 * SET leaves every field as it was; another one replaces every field.
 */
GUEST_TEST(feature_set)
{
	static const struct {
		uint32_t flags;
		uint16_t st_ext;
		uint8_t st, ph;
		struct verdict want;
	} rows[] = {
		{ST, 0, 0x5a, 2, {EOPNOTSUPP, 0, 0}},
		{ST, 0, 0xff, 3, {EOPNOTSUPP, 0, 0}},
		{ST, 0, 0, 0, {EOPNOTSUPP, 0, 0}},
		{ST_EXT, 0x1234, 0, 1, {EOPNOTSUPP, EOPNOTSUPP, 0}},
		{ST_EXT, 0x5a, 0, 3, {EOPNOTSUPP, EOPNOTSUPP, 0}},
		{ST_EXT, 0, 0, 0, {EOPNOTSUPP, EOPNOTSUPP, 0}},
		{ST | ST_EXT, 0xffff, 0xff, 3, {EOPNOTSUPP, EOPNOTSUPP, 0}},
		{0, 0, 0, 0, {EOPNOTSUPP, 0, 0}},
		/* required */
		{ST | REQ, 0, 0x5a, 2, {EOPNOTSUPP, 0, 0}},
		{ST | REQ, 0, 0, 0, {EOPNOTSUPP, 0, 0}},
		{ST_EXT | REQ, 0x1234, 0, 1, {EOPNOTSUPP, EOPNOTSUPP, 0}},
		{ST | ST_EXT | REQ, 0xffff, 0xff, 3, {EOPNOTSUPP, EOPNOTSUPP, 0}},
		/* closed */
		{REQ, 0, 0, 0, {EOPNOTSUPP, 0, 0}},
		{REQ, 0, 0, 1, {EOPNOTSUPP, EINVAL, EINVAL}},
		{REQ, 0, 1, 0, {EOPNOTSUPP, EINVAL, EINVAL}},
		/* the flags that only GET returns are accepted and ignored */
		{ST | TAKEN, 0, 1, 0, {EOPNOTSUPP, 0, 0}},
		{TAKEN, 0, 0, 0, {EOPNOTSUPP, 0, 0}},
		/* ph has two bits */
		{ST, 0, 1, 4, {EOPNOTSUPP, EINVAL, EINVAL}},
		{ST_EXT, 1, 0, 0xff, {EOPNOTSUPP, EINVAL, EINVAL}},
		/* a tag or a ph without its flag */
		{0, 0, 1, 0, {EOPNOTSUPP, EINVAL, EINVAL}},
		{0, 1, 0, 0, {EOPNOTSUPP, EINVAL, EINVAL}},
		{0, 0, 0, 1, {EOPNOTSUPP, EINVAL, EINVAL}},
		{ST, 1, 1, 0, {EOPNOTSUPP, EINVAL, EINVAL}},
		{ST_EXT, 1, 1, 0, {EOPNOTSUPP, EINVAL, EINVAL}},
	};
	uint32_t hint = guest->completer_bits ? FL | PH(1) | TAG(0x77) : 0;
	int fd = guest_export(guest, 0, hint);

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int want = verdict_of(guest, rows[i].want);
		int got =
			set_errno(guest, fd, rows[i].flags, rows[i].st, rows[i].st_ext, rows[i].ph);

		if (got != want)
			fail_msg("row %zu: errno %d, not %d", i, got, want);
		if (!guest->completer_bits)
			continue;
		if (got)
			assert_hints(guest, fd, ST, 0x77, 0, 1);
		else
			assert_hints(guest, fd, rows[i].flags & ~TAKEN, rows[i].st, rows[i].st_ext,
				     rows[i].ph);
		assert_int_equal(set_errno(guest, fd, ST, 0x77, 0, 1), 0);
	}
	if (!guest->completer_bits)
		assert_int_equal(get_errno(guest, fd), EOPNOTSUPP);
}

/*
 * Theory of operation: the public proposal of this feature (to its version 12) has
 * the same structure under number 13, which Linux gave to another feature, and
 * accepts a tag or a ph whose flag is clear. The accelerator does not support that other
 * feature, so a program for the proposal gets ENOTTY. With the number of this series its
 * calls are refused and set nothing, or are valid calls of this feature.
 */
GUEST_TEST(public_proposal)
{
	/* in its layout: 4 bytes fd, 4 flags, 2 tag16, 1 tag8, 1 ph */
	static const struct {
		uint32_t flags;
		uint16_t st_ext;
		uint8_t st, ph;
		int want;
	} rows[] = {
		{ST, 0, 0x5a, 2, 0},	       {ST_EXT, 0x1234, 0, 2, 0},
		{ST, 0x1234, 0x5a, 2, EINVAL}, {ST_EXT, 0x1234, 0x5a, 2, EINVAL},
		{0, 0x1234, 0x5a, 2, EINVAL},  {0, 0, 0, 2, EINVAL},
	};
	int fd;

	assert_int_equal(raw_feature(guest, VFIO_DEVICE_FEATURE_SET | 13, 12), ENOTTY);
	assert_int_equal(raw_feature(guest, VFIO_DEVICE_FEATURE_PROBE | 13, 0), ENOTTY);
	guest_need_completer(guest, 16);
	fd = guest_export(guest, 0, FL | PH(1) | TAG(0x77));
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int got =
			set_errno(guest, fd, rows[i].flags, rows[i].st, rows[i].st_ext, rows[i].ph);

		if (got != rows[i].want)
			fail_msg("row %zu: errno %d, not %d", i, got, rows[i].want);
		if (got)
			assert_hints(guest, fd, ST, 0x77, 0, 1);
		assert_int_equal(set_errno(guest, fd, ST, 0x77, 0, 1), 0);
	}
}

/* Theory of operation: each reserved bit of flags is refused. */
GUEST_TEST(feature_set_reserved_bits)
{
	int fd = guest_export(guest, 0, 0);

	for (unsigned bit = 3; bit <= 31; bit++) {
		int got;

		if (1u << bit & TAKEN)
			continue;
		got = set_errno(guest, fd, ST | 1u << bit, 1, 0, 0);
		if (got != verdict_of(guest, (struct verdict){EOPNOTSUPP, EINVAL, EINVAL}))
			fail_msg("bit %u: errno %d", bit, got);
	}
}

/* Theory of operation: SET replaces all fields, so it clears a tag whose flag it leaves out. */
GUEST_TEST(set_replaces_all)
{
	int fd, other;

	guest_need_completer(guest, 16);
	fd = guest_export(guest, 0, FL | PH(2) | TAG(0x5a));
	other = guest_export(guest, 1, FL | PH(1) | TAG(0x11));
	assert_int_equal(set_errno(guest, fd, ST | ST_EXT | REQ, 0xa5, 0x4321, 3), 0);
	assert_hints(guest, fd, ST | ST_EXT | REQ, 0xa5, 0x4321, 3);
	assert_int_equal(set_errno(guest, fd, ST_EXT, 0, 0x4321, 3), 0);
	assert_hints(guest, fd, ST_EXT, 0, 0x4321, 3);
	assert_int_equal(set_errno(guest, fd, 0, 0, 0, 0), 0);
	assert_hints(guest, fd, 0, 0, 0, 0);
	/* Each buffer has its own hints. */
	assert_hints(guest, other, ST, 0x11, 0, 1);
}

/*
 * Theory of operation: off Flit Mode a read with a hint enables whole DWs, which
 * can have side effects on registers. So a BAR that is not prefetchable gets no
 * hints by the export flags or the device feature, and exports without one.
 */
GUEST_TEST(registers)
{
	const uint32_t bar = VFIO_PCI_BAR2_REGION_INDEX;
	int fd;

	guest_need_completer(guest, 8);
	assert_int_equal(accel_export_bar(&guest->accel, bar, 0, 4096, FL | TAG(1)), -EOPNOTSUPP);
	fd = guest_keep_fd(guest, accel_export_bar(&guest->accel, bar, 0, 4096, 0));
	assert_int_equal(set_errno(guest, fd, ST, 1, 0, 0), EOPNOTSUPP);
	assert_int_equal(set_errno(guest, fd, REQ, 0, 0, 0), EOPNOTSUPP);
	assert_int_equal(set_errno(guest, fd, ST, 1, 0, 4), EINVAL);
	assert_int_equal(set_errno(guest, fd, 0, 0, 0, 0), 0);
	assert_hints(guest, fd, 0, 0, 0, 0);
}

static int make_udmabuf(void)
{
	int memory = memfd_create("not an accelerator's", MFD_ALLOW_SEALING | MFD_CLOEXEC);
	int device = open("/dev/udmabuf", O_RDWR | O_CLOEXEC), fd = -1;
	struct udmabuf_create create = {.memfd = (uint32_t)memory, .size = 4096};

	if (memory >= 0 && device >= 0 && !ftruncate(memory, 4096) &&
	    !fcntl(memory, F_ADD_SEALS, F_SEAL_SHRINK))
		fd = ioctl(device, UDMABUF_CREATE, &create);
	if (device >= 0)
		close(device);
	if (memory >= 0)
		close(memory);
	return fd;
}

static void assert_both_refuse(struct guest *guest, int fd, int want)
{
	assert_int_equal(set_errno(guest, fd, ST, 1, 0, 0), want);
	assert_int_equal(set_errno(guest, fd, 0, 0, 0, 0), want);
	assert_int_equal(get_errno(guest, fd), want);
}

/* Theory of operation: no file at all is EBADF, a file that is no dma-buf is EINVAL. */
GUEST_TEST(not_a_dmabuf)
{
	int ends[2], closed;

	guest_need_completer(guest, 8);
	assert_both_refuse(guest, -1, EBADF);
	assert_both_refuse(guest, 1 << 20, EBADF);
	closed = guest_export(guest, 0, 0);
	guest->fds[0] = -1;
	close(closed);
	assert_both_refuse(guest, closed, EBADF);
	assert_both_refuse(guest, guest_keep_fd(guest, eventfd(0, EFD_CLOEXEC)), EINVAL);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_both_refuse(guest, guest_keep_fd(guest, ends[0]), EINVAL);
	assert_both_refuse(guest, guest_keep_fd(guest, ends[1]), EINVAL);
	assert_both_refuse(guest, guest->accel.device_fd, EINVAL);
}

/* Theory of operation: a dma-buf of udmabuf is one, but not vfio-pci's. */
GUEST_TEST(another_exporter)
{
	int fd;

	guest_need_completer(guest, 8);
	fd = make_udmabuf();
	if (fd < 0)
		GUEST_SKIP("no dma-buf of another exporter: /dev/udmabuf says %s", strerror(errno));
	assert_both_refuse(guest, guest_keep_fd(guest, fd), EINVAL);
}

/* Theory of operation: only the device that exported a buffer can set its hints. */
GUEST_TEST(another_device)
{
	struct tph_bdf bdf;
	struct accel other;
	int fd;

	guest_need_completer(guest, 8);
	if (accel_find(&bdf, 1))
		GUEST_SKIP("there is only one accelerator");
	fd = guest_export(guest, 0, FL | TAG(0x5a));
	assert_int_equal(accel_open(&other, &bdf), 0);
	{
		struct vfio_device_feature_dma_buf_tph tph = {.dmabuf_fd = fd};
		int set = accel_set_tph(&other, &tph), get = accel_get_tph(&other, &tph);

		accel_close(&other);
		assert_int_equal(set, -EINVAL);
		assert_int_equal(get, -EINVAL);
	}
	assert_hints(guest, fd, ST, 0x5a, 0, 0);
}

/*
 * Theory of operation: memory enable off revokes the buffers. An owner may change
 * tags then, so both operations work, and hints stay set.
 */
GUEST_TEST(revoked)
{
	int fd, exported_off;

	guest_need_completer(guest, 8);
	fd = guest_export(guest, 0, FL | PH(2) | TAG(0x5a));
	assert_int_equal(accel_enable(&guest->accel, false), 0);
	assert_hints(guest, fd, ST, 0x5a, 0, 2);
	assert_int_equal(set_errno(guest, fd, ST, 0x66, 0, 1), 0);
	assert_hints(guest, fd, ST, 0x66, 0, 1);
	assert_int_equal(set_errno(guest, fd, ST, 1, 0, 4), EINVAL);
	assert_int_equal(accel_enable(&guest->accel, true), 0);
	assert_hints(guest, fd, ST, 0x66, 0, 1);
	assert_int_equal(set_errno(guest, fd, ST, 0x67, 0, 1), 0);
	assert_hints(guest, fd, ST, 0x67, 0, 1);
	/* Exported while memory is off: revoked from the start. */
	assert_int_equal(accel_enable(&guest->accel, false), 0);
	exported_off = guest_export(guest, 1, FL | PH(1) | TAG(0x21));
	assert_hints(guest, exported_off, ST, 0x21, 0, 1);
	assert_int_equal(set_errno(guest, exported_off, ST, 0x22, 0, 1), 0);
	assert_int_equal(accel_enable(&guest->accel, true), 0);
	assert_hints(guest, exported_off, ST, 0x22, 0, 1);
}

/*
 * Theory of operation: a reset clears the tables that tags refer to. A hint stays
 * set; if it was required the buffer is closed, and a SET opens it.
 */
GUEST_TEST(reset)
{
	int fd, required;

	guest_need_completer(guest, 8);
	fd = guest_export(guest, 0, FL | PH(2) | TAG(0x5a));
	required = guest_export(guest, 1, FL | FL_REQ | PH(2) | TAG(0x5a));
	assert_int_equal(accel_reset(&guest->accel), 0);
	assert_hints(guest, fd, ST, 0x5a, 0, 2);
	assert_int_equal(set_errno(guest, fd, ST, 0x5b, 0, 2), 0);
	assert_hints(guest, required, REQ, 0, 0, 0);
	assert_int_equal(set_errno(guest, required, ST | REQ, 0x5b, 0, 2), 0);
	assert_hints(guest, required, ST | REQ, 0x5b, 0, 2);
}

/* Theory of operation: no importer can map a closed buffer, until a SET opens it. */
GUEST_TEST(closed)
{
	int fd;

	guest_need_completer(guest, 8);
	fd = guest_export(guest, 0, 0);
	assert_int_equal(set_errno(guest, fd, REQ, 0, 0, 0), 0);
	for (unsigned i = 0; i < guest->nic_count; i++)
		guest_register_fails(&guest->nics[i], fd, ENODEV);
	assert_int_equal(set_errno(guest, fd, 0, 0, 0, 0), 0);
	for (unsigned i = 0; i < guest->nic_count; i++)
		guest_register(guest, &guest->nics[i], fd);
}

/*
 * Theory of operation: the buffer's file outlives the open device, its memory does
 * not. No importer can map it, and the device opened again cannot set its hints.
 */
GUEST_TEST(device_closed)
{
	int fd;

	guest_need_completer(guest, 8);
	fd = guest_export(guest, 0, FL | TAG(0x5a));
	accel_close(&guest->accel);
	for (unsigned i = 0; i < guest->nic_count; i++) {
		assert_null(nic_register(&guest->nics[i], fd, GUEST_SLICE_BYTES));
		assert_int_equal(errno, ENODEV);
	}
	assert_int_equal(accel_open(&guest->accel, &guest->accel.bdf), 0);
	assert_both_refuse(guest, fd, ENODEV);
	for (unsigned i = 0; i < guest->nic_count; i++)
		assert_null(nic_register(&guest->nics[i], fd, GUEST_SLICE_BYTES));
}
