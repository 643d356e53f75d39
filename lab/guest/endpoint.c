// SPDX-License-Identifier: GPL-2.0-or-later
#include "lab/guest/endpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/types.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "tph/pci_tph_regs.h"
#include "util/bytes.h"

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

/* From its configuration space, where TPH is the only extended capability. */
static unsigned tag_bits(const char *device)
{
	uint8_t cap[8] = {0};
	char name[128];
	ssize_t got;
	int fd;

	snprintf(name, sizeof(name), "%s/config", device);
	fd = open(name, O_RDONLY | O_CLOEXEC);
	got = fd < 0 ? -1 : pread(fd, cap, sizeof(cap), PCI_CFG_SPACE_SIZE);
	if (fd >= 0)
		close(fd);
	if (got != sizeof(cap) || get_le16(cap) != PCI_EXT_CAP_ID_TPH)
		return 0;
	return get_le32(cap + 4) & PCI_TPH_CAP_EXT_TPH ? 16 : 8;
}

static int find_place(struct endpoint *endpoint, unsigned nth)
{
	char device[96], *real;
	int ret = -ENOENT;

	snprintf(device, sizeof(device), "/sys/class/misc/pci-endpoint-test.%u/device", nth);
	real = realpath(device, NULL);
	if (real)
		ret = tph_bdf_parse(strrchr(real, '/') + 1, &endpoint->bdf);
	free(real);
	endpoint->tag_bits = tag_bits(device);
	return ret;
}

int endpoint_open(struct endpoint *endpoint, unsigned nth)
{
	char name[64];
	int ret = find_place(endpoint, nth);

	if (ret)
		return ret;
	snprintf(name, sizeof(name), "/dev/pci-endpoint-test.%u", nth);
	endpoint->fd = open(name, O_RDWR | O_CLOEXEC);
	if (endpoint->fd < 0)
		return -errno;
	if (!ioctl(endpoint->fd, SET_IRQTYPE, IRQTYPE_MSIX))
		return 0;
	ret = -errno;
	close(endpoint->fd);
	return ret;
}

int endpoint_call(const struct endpoint *endpoint, int dmabuf_fd, uint64_t offset, uint32_t bytes,
		  uint32_t flags, struct endpoint_write *written)
{
	struct dmabuf_param param = {
		.fd = dmabuf_fd, .flags = flags, .offset = offset, .size = bytes};

	if (ioctl(endpoint->fd, DMABUF_WRITE, &param))
		return -errno;
	*written = (struct endpoint_write){.checksum = param.checksum,
					   .had_hint = param.flags & FLAGS_HAD_HINT};
	return 0;
}

int endpoint_write(const struct endpoint *endpoint, int dmabuf_fd, uint64_t offset, uint32_t bytes,
		   struct endpoint_write *written)
{
	return endpoint_call(endpoint, dmabuf_fd, offset, bytes, 0, written);
}

/* As the kernel's crc32_le(~0, …). */
uint32_t endpoint_checksum(const uint8_t *bytes, size_t len)
{
	uint32_t crc = ~0u;

	while (len--) {
		crc ^= *bytes++;
		for (int i = 0; i < 8; i++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	}
	return crc;
}
