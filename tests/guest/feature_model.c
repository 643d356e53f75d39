// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>

#include "feature_model.h"

#define HEADER	   sizeof(struct vfio_device_feature)
#define PAGE	   4096U
#define OPS	   (VFIO_DEVICE_FEATURE_GET | VFIO_DEVICE_FEATURE_SET)
#define MANY_BYTES (4U << 20) /* the largest single allocation of the kernel */
#define GO_ON	   (-1)

/* The checks of VFIO for any feature. */
static int header(const struct model_call *call)
{
	if (call->readable < HEADER)
		return EFAULT;
	if (call->argsz < HEADER)
		return EINVAL;
	if (call->flags & ~(VFIO_DEVICE_FEATURE_MASK | OPS | VFIO_DEVICE_FEATURE_PROBE))
		return EINVAL;
	if ((call->flags & OPS) == OPS && !(call->flags & VFIO_DEVICE_FEATURE_PROBE))
		return EINVAL;
	return 0;
}

/* The checks of a feature with these operations; GO_ON: carry it out. */
static int operation(const struct model_call *call, uint32_t supported, size_t arg_bytes)
{
	if (call->flags & OPS & ~supported)
		return EINVAL;
	if (call->flags & VFIO_DEVICE_FEATURE_PROBE)
		return 0;
	if (!(call->flags & OPS) || call->argsz - HEADER < arg_bytes)
		return EINVAL;
	return call->readable < HEADER + arg_bytes ? EFAULT : GO_ON;
}

static int export_flags(uint32_t flags, unsigned completer_bits, struct model_hints *hints)
{
	uint32_t tag = flags >> VFIO_DMABUF_TPH_ST_SHIFT;

	*hints = (struct model_hints){0};
	if (!flags)
		return 0;
	if (!(flags & VFIO_DMABUF_FL_TPH))
		return EINVAL;
	if (!completer_bits)
		return EOPNOTSUPP;
	if (flags & 0xffe0)
		return EINVAL;
	if (flags & VFIO_DMABUF_FL_TPH_EXT && completer_bits < 16)
		return EOPNOTSUPP;
	if (!(flags & VFIO_DMABUF_FL_TPH_EXT) && tag > 0xff)
		return EINVAL;
	hints->ph = (flags & VFIO_DMABUF_TPH_PH_MASK) >> VFIO_DMABUF_TPH_PH_SHIFT;
	if (flags & VFIO_DMABUF_FL_TPH_REQUIRED)
		hints->flags = VFIO_DMA_BUF_TPH_REQUIRED;
	if (flags & VFIO_DMABUF_FL_TPH_EXT) {
		hints->flags |= VFIO_DMA_BUF_TPH_ST_EXT;
		hints->st_ext = (uint16_t)tag;
	} else {
		hints->flags |= VFIO_DMA_BUF_TPH_ST;
		hints->st = (uint8_t)tag;
	}
	return 0;
}

/* Whole pages, and their sum does not overflow; the BAR is checked later. */
static int ranges_make_sense(const struct vfio_region_dma_range *ranges, uint32_t count)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < count; i++) {
		if (!ranges[i].length || ranges[i].offset % PAGE || ranges[i].length % PAGE)
			return EINVAL;
		if (__builtin_add_overflow(sum, ranges[i].length, &sum))
			return EINVAL;
	}
	/* The DMA API uses the top bit of a size. */
	return sum >> 63 ? EINVAL : 0;
}

static int ranges_fit(const struct vfio_region_dma_range *ranges, uint32_t count, uint64_t start,
		      uint64_t bytes)
{
	for (uint32_t i = 0; i < count; i++) {
		uint64_t from, to;

		if (__builtin_add_overflow(start, ranges[i].offset, &from) ||
		    __builtin_add_overflow(from, ranges[i].length, &to))
			return EOVERFLOW;
		if (to > start + bytes)
			return EINVAL;
	}
	return 0;
}

int model_export(const struct model_device *device, const struct model_call *call,
		 const struct model_export *arg, struct model_hints *hints, bool *done)
{
	uint64_t bytes = (uint64_t)arg->nr_ranges * sizeof(arg->ranges[0]);
	size_t fixed = offsetof(struct model_export, ranges);
	int err = header(call);

	*done = false;
	if (!err)
		err = operation(call, VFIO_DEVICE_FEATURE_GET, fixed);
	if (err != GO_ON)
		return err;
	err = export_flags(arg->flags, device->completer_bits, hints);
	if (err)
		return err;
	if (!arg->nr_ranges)
		return EINVAL;
	if (arg->region_index >= MODEL_BARS || !device->bar_bytes[arg->region_index])
		return ENODEV;
	if (bytes > MANY_BYTES)
		return ENOMEM;
	if (call->readable < HEADER + fixed + bytes)
		return EFAULT;
	err = ranges_make_sense(arg->ranges, arg->nr_ranges);
	if (!err)
		err = ranges_fit(arg->ranges, arg->nr_ranges, device->bar_start[arg->region_index],
				 device->bar_bytes[arg->region_index]);
	hints->impossible = !device->bar_prefetchable[arg->region_index];
	if (!err && arg->flags && hints->impossible)
		err = EOPNOTSUPP;
	*done = !err;
	return err;
}

static int set_makes_sense(const struct vfio_device_feature_dma_buf_tph *arg,
			   unsigned completer_bits)
{
	bool st = arg->flags & VFIO_DMA_BUF_TPH_ST, ext = arg->flags & VFIO_DMA_BUF_TPH_ST_EXT;

	if (arg->flags & ~(VFIO_DMA_BUF_TPH_ST | VFIO_DMA_BUF_TPH_ST_EXT |
			   VFIO_DMA_BUF_TPH_REQUIRED | MODEL_TAKEN))
		return EINVAL;
	if ((!st && arg->steering_tag) || (!ext && arg->steering_tag_ext))
		return EINVAL;
	if (!st && !ext && arg->ph)
		return EINVAL;
	if (arg->ph > 3)
		return EINVAL;
	return ext && completer_bits < 16 ? EOPNOTSUPP : 0;
}

static int file_errno(enum model_file file)
{
	switch (file) {
	case MODEL_NO_FILE:
		return EBADF;
	case MODEL_CLOSED_DEVICE:
		return ENODEV;
	case MODEL_OWN:
		return 0;
	default:
		return EINVAL;
	}
}

int model_feature(const struct model_device *device, const struct model_call *call,
		  const struct vfio_device_feature_dma_buf_tph *arg, enum model_file file,
		  struct model_hints *hints)
{
	bool set = call->flags & VFIO_DEVICE_FEATURE_SET;
	int err = header(call);

	/* PROBE is about the device, so that check comes before the operation's. */
	if (!err && !device->completer_bits)
		err = EOPNOTSUPP;
	if (!err)
		err = operation(call, OPS, sizeof(*arg));
	if (err != GO_ON)
		return err;
	err = set ? set_makes_sense(arg, device->completer_bits) : 0;
	if (!err)
		err = file_errno(file);
	if (!err && set && hints->impossible && arg->flags & ~MODEL_TAKEN)
		err = EOPNOTSUPP;
	if (err)
		return err;
	if (set)
		*hints = (struct model_hints){.flags = arg->flags & ~MODEL_TAKEN,
					      .st_ext = arg->steering_tag_ext,
					      .st = arg->steering_tag,
					      .ph = arg->ph,
					      .impossible = hints->impossible};
	return !set && !call->writable ? EFAULT : 0;
}

void model_reset(struct model_hints *hints)
{
	if (hints->flags & VFIO_DMA_BUF_TPH_REQUIRED)
		*hints = (struct model_hints){.flags = VFIO_DMA_BUF_TPH_REQUIRED};
}
