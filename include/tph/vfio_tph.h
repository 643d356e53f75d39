/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The VFIO and iommufd interface that hints on dma-bufs need, for systems whose
 * kernel headers lack some of it. Each declaration is made only if the headers
 * lack it, so this file can be included beside <linux/vfio.h> and
 * <linux/iommufd.h> of any version. Only the kernel's answer tells what it supports.
 */
#ifndef TPH_VFIO_TPH_H
#define TPH_VFIO_TPH_H

#include <linux/ioctl.h>
#include <linux/types.h>
#include <linux/vfio.h>

#ifdef __has_include
#if __has_include(<linux/iommufd.h>)
#include <linux/iommufd.h>
#endif
#endif

/*
 * Export of segments of a BAR as a dma-buf (Linux 6.19). The ioctl returns the
 * file descriptor. @open_flags: O_CLOEXEC and an access mode. Offsets and
 * lengths are in bytes, multiples of the page size.
 */
#ifndef VFIO_DEVICE_FEATURE_DMA_BUF
#define VFIO_DEVICE_FEATURE_DMA_BUF 11

struct vfio_region_dma_range {
	__u64 offset;
	__u64 length;
};

struct vfio_device_feature_dma_buf {
	__u32 region_index; /* the BAR's number */
	__u32 open_flags;
	__u32 flags; /* VFIO_DMABUF_*, 0: no hint */
	__u32 nr_ranges;
	struct vfio_region_dma_range dma_ranges[];
};
#endif

/*
 * Export flags: bits of vfio_device_feature_dma_buf.flags. Without FL_TPH all
 * others must be 0; bits 15:5 must always be 0.
 *
 * EINVAL: an invalid combination of bits, an 8-bit tag above 0xff, or a kernel
 * without these flags. EOPNOTSUPP: the device is not a TPH completer, or not of
 * 16-bit tags, or the BAR is not prefetchable.
 */
#ifndef VFIO_DMABUF_FL_TPH
#define VFIO_DMABUF_FL_TPH (1 << 0) /* there is a hint */
#endif
#ifndef VFIO_DMABUF_TPH_PH_MASK
#define VFIO_DMABUF_TPH_PH_MASK 0x6U /* Processing Hint, 0..3 */
#endif
#ifndef VFIO_DMABUF_TPH_PH_SHIFT
#define VFIO_DMABUF_TPH_PH_SHIFT 1
#endif
#ifndef VFIO_DMABUF_FL_TPH_EXT
#define VFIO_DMABUF_FL_TPH_EXT (1 << 3) /* the tag is a 16-bit Extended ST, else 8-bit */
#endif
#ifndef VFIO_DMABUF_FL_TPH_REQUIRED
#define VFIO_DMABUF_FL_TPH_REQUIRED (1 << 4) /* no mapping without the hint */
#endif
#ifndef VFIO_DMABUF_TPH_ST_MASK
#define VFIO_DMABUF_TPH_ST_MASK 0xffff0000U /* Steering Tag */
#endif
#ifndef VFIO_DMABUF_TPH_ST_SHIFT
#define VFIO_DMABUF_TPH_ST_SHIFT 16
#endif

/*
 * The device feature, after the export: PROBE, SET and GET. The flag of a
 * namespace says whether its tag is valid; each SET replaces the whole state,
 * flags 0 clears it. A SET applies to mappings that are made after it. Where a
 * hint is required, mapping for writing fails with EPERM for an importer that
 * does not send it, or whose path to the device does not guarantee to carry it.
 * REQUIRED without a tag closes the buffer: mapping fails with ENODEV until a tag
 * is set. A reset of the device closes every buffer whose hint is required.
 *
 * EINVAL: an invalid bit, tag or ph, or a dma-buf of another device or exporter.
 * EBADF: no such file. ENODEV: the device that the buffer came from was closed,
 * or does not answer. EBUSY: an importer has it mapped for writing and sends a
 * hint that SET would remove, one of its own where SET would add one, or none, or
 * one that its route may lose, where SET would require one. EOPNOTSUPP: as above,
 * by PROBE too. EINTR: a signal. ENOTTY: the kernel has no such feature. Another kernel may use the
 * number for another feature: check that a GET with dmabuf_fd -1 fails with EBADF.
 */
#define TPH_VFIO_FEATURE_DMA_BUF_TPH 14 /* provisional; a header can have another number */

#ifndef VFIO_DMA_BUF_TPH_ST
struct vfio_device_feature_dma_buf_tph {
	__s32 dmabuf_fd;
	__u32 flags;
#define VFIO_DMA_BUF_TPH_ST	(1 << 0) /* steering_tag is valid */
#define VFIO_DMA_BUF_TPH_ST_EXT (1 << 1) /* steering_tag_ext is valid */
	__u16 steering_tag_ext;		 /* 16-bit Extended ST */
	__u8 steering_tag;		 /* 8-bit ST */
	__u8 ph;			 /* Processing Hint, 0..3, of both */
};
#endif
#ifndef VFIO_DMA_BUF_TPH_REQUIRED
#define VFIO_DMA_BUF_TPH_REQUIRED (1 << 2) /* no mapping without the hint */
#endif
/* By GET: an importer has it mapped now and sends this hint. SET ignores them. */
#ifndef VFIO_DMA_BUF_TPH_TAKEN_ST
#define VFIO_DMA_BUF_TPH_TAKEN_ST (1 << 16)
#endif
#ifndef VFIO_DMA_BUF_TPH_TAKEN_ST_EXT
#define VFIO_DMA_BUF_TPH_TAKEN_ST_EXT (1 << 17)
#endif

/* A VFIO device opened by its own file, /dev/vfio/devices/vfioN (Linux 6.6). */
#ifndef VFIO_DEVICE_BIND_IOMMUFD
struct vfio_device_bind_iommufd {
	__u32 argsz;
	__u32 flags; /* 0 */
	__s32 iommufd;
	__u32 out_devid;
};

#define VFIO_DEVICE_BIND_IOMMUFD _IO(VFIO_TYPE, VFIO_BASE + 18)
#endif

#ifndef VFIO_DEVICE_ATTACH_IOMMUFD_PT
struct vfio_device_attach_iommufd_pt {
	__u32 argsz;
	__u32 flags; /* 0 */
	__u32 pt_id; /* an IOAS */
};

#define VFIO_DEVICE_ATTACH_IOMMUFD_PT _IO(VFIO_TYPE, VFIO_BASE + 19)
#endif

/* An I/O address space of iommufd (Linux 6.2). */
#ifndef IOMMU_IOAS_ALLOC
struct iommu_ioas_alloc {
	__u32 size;
	__u32 flags; /* 0 */
	__u32 out_ioas_id;
};

#define IOMMU_IOAS_ALLOC _IO(';', 0x81)
#endif

/* A file, here a dma-buf, mapped into an I/O address space. */
#ifndef IOMMU_IOAS_MAP_FILE
struct iommu_ioas_map_file {
	__u32 size;
	__u32 flags; /* those of IOMMU_IOAS_MAP: 1 fixed IOVA, 2 writable, 4 readable */
	__u32 ioas_id;
	__s32 fd;
	__aligned_u64 start; /* bytes */
	__aligned_u64 length;
	__aligned_u64 iova;
};

#define IOMMU_IOAS_MAP_FILE _IO(';', 0x8f)
#endif

#endif
