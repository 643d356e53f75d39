// SPDX-License-Identifier: GPL-2.0-or-later
/* The initialisation segment: big-endian registers at the start of BAR0. */
#include "devices/cx/state.h"
#include "util/clock.h"

#define FW_REV_MINOR_MAJOR (99u << 16 | 28u)
#define CMDIF_REV	   (5u << 16) /* the version that the driver supports */
#define CMDQ_SIZES	   0x56u      /* log2: 32 entries (7:4) of 64 bytes (3:0) */
#define CMDQ_ADDR_MASK	   0xfffff000u

static uint32_t init_seg_word(const struct cx *cx, uint64_t offset, uint64_t now_ns)
{
	switch (offset) {
	case CX_INIT_FW_REV:
		return FW_REV_MINOR_MAJOR;
	case CX_INIT_CMDIF_REV:
		return CMDIF_REV;
	case CX_INIT_CMDQ_ADDR_H:
		return (uint32_t)(cx->cmdq_addr >> 32);
	case CX_INIT_CMDQ_ADDR_L:
		return (uint32_t)cx->cmdq_addr | CMDQ_SIZES;
	case CX_INIT_HEALTH_FW_VER:
		return FW_REV_MINOR_MAJOR;
	case CX_INIT_TIMER_H:
		return (uint32_t)(now_ns >> 32);
	case CX_INIT_TIMER_L:
		return (uint32_t)now_ns;
	case CX_INIT_HEALTH_COUNTER: /* the driver checks every 2 s that it advances */
		return (uint32_t)(now_ns / 100000000u) & 0xffffff;
	default: /* zero also means: initialized, timeouts are the driver's defaults */
		return 0;
	}
}

void cx_init_seg_read(struct cx *cx, uint64_t offset, uint8_t *buf, size_t len)
{
	uint64_t now_ns = clock_ns(); /* one time for all bytes, so that the timer is monotonic */

	for (size_t i = 0; i < len; i++) {
		uint64_t at = offset + i;

		buf[i] = (uint8_t)(init_seg_word(cx, at & ~3ull, now_ns) >> (24 - at % 4 * 8));
	}
}

void cx_init_seg_write(struct cx *cx, uint64_t offset, const uint8_t *buf, size_t len)
{
	if (len != 4)
		return;
	switch (offset) {
	case CX_INIT_CMDQ_ADDR_H:
		cx->cmdq_addr = (uint64_t)get_be32(buf) << 32 | (uint32_t)cx->cmdq_addr;
		break;
	case CX_INIT_CMDQ_ADDR_L:
		cx->cmdq_addr &= ~0xffffffffull;
		cx->cmdq_addr |= get_be32(buf) & CMDQ_ADDR_MASK;
		break;
	case CX_INIT_CMD_DBELL:
		cx->cmd_pending |= get_be32(buf);
		break;
	}
}
