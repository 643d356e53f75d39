/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What vfio-pci must return for an export and for the device feature of its
 * hints, derived from the documented order of errors alone. Functions return 0
 * or an errno, positive as the caller of an ioctl sees it.
 */
#ifndef TESTS_FEATURE_MODEL_H
#define TESTS_FEATURE_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tph/vfio_tph.h"

#define MODEL_BARS   6
#define MODEL_RANGES 8U

struct model_device {
	unsigned completer_bits; /* 0, 8 or 16 */
	uint64_t bar_start[MODEL_BARS];
	uint64_t bar_bytes[MODEL_BARS]; /* 0: no such BAR */
	bool bar_prefetchable[MODEL_BARS];
};

/* The argument of VFIO_DEVICE_FEATURE: its header and the memory it lies in. */
struct model_call {
	uint32_t argsz, flags;
	size_t readable; /* bytes, header included; no memory follows */
	bool writable;
};

/* A buffer's hints as GET returns them, without TAKEN. */
struct model_hints {
	uint32_t flags;
	uint16_t st_ext;
	uint8_t st, ph;
	bool impossible; /* not in a prefetchable BAR */
};

#define MODEL_TAKEN (VFIO_DMA_BUF_TPH_TAKEN_ST | VFIO_DMA_BUF_TPH_TAKEN_ST_EXT)

/* The kind of the file that a call names. */
enum model_file {
	MODEL_NO_FILE,
	MODEL_NO_DMABUF,
	MODEL_OTHER_EXPORTER,
	MODEL_OTHER_DEVICE,
	MODEL_CLOSED_DEVICE,
	MODEL_OWN,
};

/* struct vfio_device_feature_dma_buf with ranges. */
struct model_export {
	uint32_t region_index, open_flags, flags, nr_ranges;
	struct vfio_region_dma_range ranges[MODEL_RANGES];
};

/* The export. @done: the call exports a buffer, and @hints are its hints. */
int model_export(const struct model_device *device, const struct model_call *call,
		 const struct model_export *arg, struct model_hints *hints, bool *done);

/* The feature. @hints: the buffer's before and after the call; used for MODEL_OWN only. */
int model_feature(const struct model_device *device, const struct model_call *call,
		  const struct vfio_device_feature_dma_buf_tph *arg, enum model_file file,
		  struct model_hints *hints);

/* A buffer's hints after a reset. */
void model_reset(struct model_hints *hints);

#endif
