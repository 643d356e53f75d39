/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's interface as it is, without what libtph checks and chooses: the
 * tests also do what the library never would. 0, a file descriptor, or a
 * negative errno.
 */
#ifndef TESTS_GUEST_UAPI_H
#define TESTS_GUEST_UAPI_H

#include <stdbool.h>
#include <stdint.h>

#include "lab/guest/accel_vfio.h"
#include "tph/vfio_tph.h"

/* A dma-buf of a slice of BAR0; @flags as in tph/vfio_tph.h. */
int accel_export(const struct accel *accel, uint64_t offset, uint64_t length, uint32_t flags);
/* The same of any BAR. */
int accel_export_bar(const struct accel *accel, uint32_t bar, uint64_t offset, uint64_t length,
		     uint32_t flags);
/* The flags of a hint. */
uint32_t accel_hint(uint16_t tag, bool extended, unsigned ph);

int accel_set_tph(const struct accel *accel, const struct vfio_device_feature_dma_buf_tph *tph);
int accel_get_tph(const struct accel *accel, struct vfio_device_feature_dma_buf_tph *tph);

#endif
