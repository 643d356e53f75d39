/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vfio-user 0.0 on the wire: a header, then one of the bodies below, then data.
 * Host byte order, since both ends are on one machine. All fields are naturally
 * aligned, so that the structs need no packing.
 *
 * GET_INFO, GET_REGION_INFO, GET_IRQ_INFO and SET_IRQS have VFIO's own structures
 * as their bodies, and all flags and indices are VFIO's (<linux/vfio.h>).
 */
#ifndef VFIO_USER_MESSAGE_H
#define VFIO_USER_MESSAGE_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/vfio.h>

/* Limits; the VERSION reply states all but VU_MAX_TRANSFER. */
enum {
	VU_MAX_FDS = 16,
	VU_MAX_XFER = 1 << 20, /* bytes of data in one message */
	/*
	 * Bytes of data of one DMA_READ or DMA_WRITE. QEMU 11.1 does not send the rest
	 * of a reply that its socket has accepted in part, so that all later messages
	 * are out of step. 16 KiB fit in one socket buffer, which Linux accepts whole
	 * or not at all, and no TLP needs more than 4 KiB.
	 */
	VU_MAX_TRANSFER = 1 << 14,
	VU_MAX_DMA_MAPS = 65535,
	VU_PAGE_SIZE = 4096,
};

enum vu_command {
	VU_VERSION = 1,
	VU_DMA_MAP = 2,
	VU_DMA_UNMAP = 3,
	VU_GET_INFO = 4,
	VU_GET_REGION_INFO = 5,
	VU_GET_IRQ_INFO = 7,
	VU_SET_IRQS = 8,
	VU_REGION_READ = 9,
	VU_REGION_WRITE = 10,
	VU_DMA_READ = 11,  /* server to client */
	VU_DMA_WRITE = 12, /* server to client */
	VU_RESET = 13,
	VU_COMMAND_COUNT,
};

enum vu_message_flags {
	VU_TYPE_MASK = 0xf,
	VU_TYPE_COMMAND = 0,
	VU_TYPE_REPLY = 1,
	VU_NO_REPLY = 1 << 4,
	VU_ERROR = 1 << 5,
};

struct vu_header {
	uint16_t id;
	uint16_t command;
	uint32_t size;	/* bytes, this header included */
	uint32_t flags; /* enum vu_message_flags */
	uint32_t error; /* an errno, with VU_ERROR */
};

struct vu_version_body {
	uint16_t major;
	uint16_t minor;
	/* JSON text and a NUL; absent: all defaults */
};

struct vu_dma_map_body {
	uint32_t argsz;
	uint32_t flags;	 /* VFIO_DMA_MAP_FLAG_* */
	uint64_t offset; /* bytes into the descriptor that is sent with it */
	uint64_t address;
	uint64_t size; /* bytes */
};

struct vu_dma_unmap_body {
	uint32_t argsz;
	uint32_t flags; /* VFIO_DMA_UNMAP_FLAG_ALL, or 0 */
	uint64_t address;
	uint64_t size; /* bytes */
};

/* REGION_READ and REGION_WRITE; data follow in the write and in the read's reply. */
struct vu_access_body {
	uint64_t offset; /* bytes into the region */
	uint32_t region;
	uint32_t count; /* bytes */
};

/* DMA_READ and DMA_WRITE; data follow in the write and in the read's reply. */
struct vu_dma_body {
	uint64_t address;
	uint64_t count; /* bytes */
};

static_assert(sizeof(struct vu_header) == 16, "header");
static_assert(sizeof(struct vu_version_body) == 4, "VERSION");
static_assert(sizeof(struct vu_dma_map_body) == 32, "DMA_MAP");
static_assert(sizeof(struct vu_dma_unmap_body) == 24, "DMA_UNMAP");
static_assert(offsetof(struct vfio_device_info, cap_offset) == 16, "GET_INFO");
static_assert(sizeof(struct vfio_region_info) == 32, "GET_REGION_INFO");
static_assert(sizeof(struct vfio_irq_info) == 16, "GET_IRQ_INFO");
static_assert(sizeof(struct vfio_irq_set) == 20, "SET_IRQS");
static_assert(sizeof(struct vu_access_body) == 16, "REGION_READ and REGION_WRITE");
static_assert(sizeof(struct vu_dma_body) == 16, "DMA_READ and DMA_WRITE");

/* Bytes of struct vfio_device_info in GET_INFO: newer headers have more of it. */
#define VU_DEVICE_INFO_BYTES offsetof(struct vfio_device_info, cap_offset)

/* No message is longer: region data or DMA data behind the larger of their bodies. */
#define VU_MAX_MESSAGE (sizeof(struct vu_header) + 16 + VU_MAX_XFER)

#endif
