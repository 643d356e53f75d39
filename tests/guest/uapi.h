/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's interface without the checks and choices of libtph: the tests also
 * make calls that the library refuses. The functions return 0, a file descriptor,
 * or a negative errno.
 */
#ifndef TESTS_GUEST_UAPI_H
#define TESTS_GUEST_UAPI_H

#include <stdbool.h>
#include <stdint.h>

#include "lab/guest/accel_vfio.h"
#include "tph/vfio_tph.h"

/* A dma-buf of @length bytes of BAR0 at @offset; @flags as in tph/vfio_tph.h. */
int accel_export(const struct accel *accel, uint64_t offset, uint64_t length, uint32_t flags);
/* The same for any BAR. */
int accel_export_bar(const struct accel *accel, uint32_t bar, uint64_t offset, uint64_t length,
		     uint32_t flags);
/* The flags of a hint. */
uint32_t accel_hint(uint16_t tag, bool extended, unsigned ph);

int accel_set_tph(const struct accel *accel, const struct vfio_device_feature_dma_buf_tph *tph);
int accel_get_tph(const struct accel *accel, struct vfio_device_feature_dma_buf_tph *tph);

#endif
