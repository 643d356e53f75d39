// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A second importer: the endpoints of pci_endpoint_test write into the
 * accelerator's dma-bufs. --endpoints off,8,16 has one of each kind.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/types.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "guest.h"
#include "util/bytes.h"

#define EPTS	    4
#define WRITE_BYTES 9001u
#define WRITE_AT    4096u

/* The kernel's <linux/pcitest.h> of the series, as far as it is used here. */
struct dmabuf_param {
	__s32 fd;
	__u32 flags;
	__u64 offset;
	__u32 size;
	__u32 checksum;
};
#define DMABUF_WRITE   _IOWR('P', 0xd, struct dmabuf_param)
#define SET_IRQTYPE    _IOW('P', 0x8, int)
#define IRQTYPE_MSIX   2
#define FLAGS_HAD_HINT 2u

struct ept {
	int fd;
	unsigned bits; /* of its tags; 0: it sends none */
};

static struct ept epts[EPTS];
static unsigned ept_count;

/* From its configuration space: TPH is the one extended capability, bit 8 says 16-bit tags. */
static unsigned tag_bits(unsigned n)
{
	uint8_t cap[8] = {0};
	char name[96];
	ssize_t got;
	int fd;

	snprintf(name, sizeof(name), "/sys/class/misc/pci-endpoint-test.%u/device/config", n);
	fd = open(name, O_RDONLY);
	got = fd < 0 ? -1 : pread(fd, cap, sizeof(cap), 0x100);
	close(fd);
	if (got != sizeof(cap) || get_le16(cap) != 0x17)
		return 0;
	return get_le32(cap + 4) & 1u << 8 ? 16 : 8;
}

static void find_epts(void)
{
	for (ept_count = 0; ept_count < EPTS; ept_count++) {
		struct ept *ept = &epts[ept_count];
		char name[64];

		snprintf(name, sizeof(name), "/dev/pci-endpoint-test.%u", ept_count);
		ept->fd = open(name, O_RDWR);
		if (ept->fd < 0)
			return;
		ept->bits = tag_bits(ept_count);
	}
}

/* As the kernel's crc32_le(~0, …). */
static uint32_t crc(const uint8_t *bytes, size_t len)
{
	uint32_t crc = ~0u;

	while (len--) {
		crc ^= *bytes++;
		for (int i = 0; i < 8; i++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	}
	return crc;
}

/* 0 or the errno. */
static int ept_write(const struct ept *ept, int fd, struct dmabuf_param *param)
{
	*param = (struct dmabuf_param){.fd = fd, .offset = WRITE_AT, .size = WRITE_BYTES};
	return ioctl(ept->fd, DMABUF_WRITE, param) ? errno : 0;
}

/* The data is there, and each TLP carried the hint or, if it is not for this endpoint, none. */
static void check_write(struct guest *guest, const struct ept *ept, int fd, struct hint hint)
{
	static uint8_t got[WRITE_BYTES];
	bool fits = hint.bits && hint.bits == ept->bits;
	struct dmabuf_param param;

	assert_int_equal(accel_clear_counters(&guest->accel), 0);
	assert_int_equal(ept_write(ept, fd, &param), 0);
	assert_int_equal(
		accel_read(&guest->accel, &guest->accel.memory, WRITE_AT, got, sizeof(got)), 0);
	assert_int_equal(crc(got, sizeof(got)), param.checksum);
	assert_int_equal(param.flags, fits ? FLAGS_HAD_HINT : 0);
	guest_check_counters(guest, fits ? hint : (struct hint){0});
}

static void each_kind(struct guest *guest, const struct ept *ept)
{
	const struct hint hints[] = {{0}, {8, 0x5a, 2}, {16, 0x5a, 1}, {16, 0xbeef, 3}};

	for (unsigned i = 0; i < sizeof(hints) / sizeof(hints[0]); i++)
		check_write(guest, ept, guest_export(guest, 0, guest_flags_of(hints[i])), hints[i]);
}

GUEST_TEST(kinds)
{
	for (unsigned i = 0; i < ept_count; i++)
		each_kind(guest, &epts[i]);
}

GUEST_TEST(required)
{
	const struct hint hints[] = {{8, 0x5a, 1}, {16, 0x1234, 1}};
	struct dmabuf_param param;

	for (unsigned i = 0; i < ept_count; i++)
		for (unsigned n = 0; n < 2; n++) {
			int fd = guest_export(
				guest, 0, guest_flags_of(hints[n]) | VFIO_DMABUF_FL_TPH_REQUIRED);

			if (hints[n].bits == epts[i].bits)
				check_write(guest, &epts[i], fd, hints[n]);
			else
				assert_int_equal(ept_write(&epts[i], fd, &param), EPERM);
		}
}

/* Theory of operation: a transfer is over when the call is, so the hint is free to change. */
GUEST_TEST(changed_between)
{
	for (unsigned i = 0; i < ept_count; i++) {
		struct hint old = {16, 0x111, 2}, new = {16, 0x112, 3};
		int fd = guest_export(guest, 0, guest_flags_of(old));

		check_write(guest, &epts[i], fd, old);
		assert_int_equal(guest_set_errno(guest, fd, new, false), 0);
		check_write(guest, &epts[i], fd, new);
	}
}

GUEST_TEST(mistakes)
{
	int fd = guest_export(guest, 0, 0);
	struct dmabuf_param param = {.fd = fd, .offset = GUEST_SLICE_BYTES - 8, .size = 9};

	assert_int_equal(ioctl(epts[0].fd, DMABUF_WRITE, &param) ? errno : 0, EINVAL);
	param = (struct dmabuf_param){.fd = fd};
	assert_int_equal(ioctl(epts[0].fd, DMABUF_WRITE, &param) ? errno : 0, EINVAL);
	param = (struct dmabuf_param){.fd = fd, .size = 8, .flags = 4};
	assert_int_equal(ioctl(epts[0].fd, DMABUF_WRITE, &param) ? errno : 0, EINVAL);
	param = (struct dmabuf_param){.fd = -1, .size = 8};
	assert_int_equal(ioctl(epts[0].fd, DMABUF_WRITE, &param) ? errno : 0, EBADF);
	assert_int_equal(accel_enable(&guest->accel, false), 0);
	assert_int_equal(ept_write(&epts[0], fd, &param), ENODEV);
	assert_int_equal(accel_enable(&guest->accel, true), 0);
	assert_int_equal(ept_write(&epts[0], fd, &param), 0);
}

int guest_prepare(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	find_epts();
	if (!ept_count) {
		fprintf(stderr,
			"no endpoint: --endpoints off,8,16, and CONFIG_PCI_ENDPOINT_TEST\n");
		return GUEST_SKIPPED;
	}
	for (unsigned i = 0; i < ept_count; i++)
		if (ioctl(epts[i].fd, SET_IRQTYPE, IRQTYPE_MSIX)) {
			perror("PCITEST_SET_IRQTYPE");
			return 1;
		}
	return 0;
}
