// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>

#include "uapi.h"

/* VFIO_DEVICE_FEATURE with @len bytes of @data. Returns as the ioctl, or a negative errno. */
static int feature(const struct accel *accel, uint32_t flags, void *data, size_t len)
{
	union {
		struct vfio_device_feature head;
		uint8_t bytes[sizeof(struct vfio_device_feature) + 64];
	} arg = {.head = {.argsz = (uint32_t)(sizeof(arg.head) + len), .flags = flags}};
	uint8_t *payload = arg.bytes + sizeof(arg.head);
	int ret;

	if (len > sizeof(arg) - sizeof(arg.head))
		return -E2BIG;
	memcpy(payload, data, len);
	ret = ioctl(accel->device_fd, VFIO_DEVICE_FEATURE, &arg);
	if (ret < 0)
		return -errno;
	memcpy(data, payload, len);
	return ret;
}

int accel_export_bar(const struct accel *accel, uint32_t bar, uint64_t offset, uint64_t length,
		     uint32_t flags)
{
	struct vfio_region_dma_range range = {.offset = offset, .length = length};
	union {
		struct vfio_device_feature_dma_buf head;
		uint8_t bytes[sizeof(struct vfio_device_feature_dma_buf) + sizeof(range)];
	} arg = {.head = {.region_index = bar,
			  .open_flags = O_RDWR | O_CLOEXEC,
			  .flags = flags,
			  .nr_ranges = 1}};

	memcpy(arg.bytes + sizeof(arg.head), &range, sizeof(range));
	return feature(accel, VFIO_DEVICE_FEATURE_GET | VFIO_DEVICE_FEATURE_DMA_BUF, &arg,
		       sizeof(arg));
}

int accel_export(const struct accel *accel, uint64_t offset, uint64_t length, uint32_t flags)
{
	return accel_export_bar(accel, VFIO_PCI_BAR0_REGION_INDEX, offset, length, flags);
}

uint32_t accel_hint(uint16_t tag, bool extended, unsigned ph)
{
	return VFIO_DMABUF_FL_TPH | (ph << VFIO_DMABUF_TPH_PH_SHIFT & VFIO_DMABUF_TPH_PH_MASK) |
	       (extended ? VFIO_DMABUF_FL_TPH_EXT : 0) | (uint32_t)tag << VFIO_DMABUF_TPH_ST_SHIFT;
}

int accel_set_tph(const struct accel *accel, const struct vfio_device_feature_dma_buf_tph *tph)
{
	struct vfio_device_feature_dma_buf_tph copy = *tph;

	return feature(accel, VFIO_DEVICE_FEATURE_SET | TPH_VFIO_FEATURE_DMA_BUF_TPH, &copy,
		       sizeof(copy));
}

int accel_get_tph(const struct accel *accel, struct vfio_device_feature_dma_buf_tph *tph)
{
	return feature(accel, VFIO_DEVICE_FEATURE_GET | TPH_VFIO_FEATURE_DMA_BUF_TPH, tph,
		       sizeof(*tph));
}
