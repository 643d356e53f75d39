// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tph/vfio_tph.h beside a header that has some of its names already, with another number and
 * fewer flags: that of an earlier public proposal of this interface.
 */
#include <linux/types.h>
#include <linux/vfio.h>
#define VFIO_DEVICE_FEATURE_DMA_BUF_TPH 13

struct vfio_device_feature_dma_buf_tph {
	__s32 dmabuf_fd;
	__u32 flags;
#define VFIO_DMA_BUF_TPH_ST	(1 << 0)
#define VFIO_DMA_BUF_TPH_ST_EXT (1 << 1)
	__u16 steering_tag_ext;
	__u8 steering_tag;
	__u8 ph;
};

#define VFIO_DMABUF_FL_TPH (1 << 0)

#include "tests/test.h"
#include "tph/vfio_tph.h"

TEST(names)
{
	assert_int_equal(VFIO_DEVICE_FEATURE_DMA_BUF_TPH, 13);
	assert_int_not_equal(TPH_VFIO_FEATURE_DMA_BUF_TPH, 13);
	assert_int_equal(VFIO_DMA_BUF_TPH_REQUIRED, 4);
	assert_int_equal(VFIO_DMA_BUF_TPH_TAKEN_ST, 0x10000);
	assert_int_equal(VFIO_DMA_BUF_TPH_TAKEN_ST_EXT, 0x20000);
	assert_int_equal(VFIO_DMABUF_FL_TPH_REQUIRED, 0x10);
	assert_int_equal(sizeof(struct vfio_device_feature_dma_buf_tph), 12);
}
