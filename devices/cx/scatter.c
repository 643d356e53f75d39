// SPDX-License-Identifier: GPL-2.0-or-later
/* Lists of data segments: the source or the destination of a message. */
#include <errno.h>
#include <stddef.h>

#include "devices/cx/state.h"

#define INLINE_AT 4u /* of the data in its segment */

static bool is_inline(const uint8_t *segment)
{
	return get_be32(segment + CX_DATA_BYTE_COUNT) & CX_WQE_INLINE;
}

static uint32_t segment_length(const uint8_t *segment)
{
	uint32_t count = get_be32(segment + CX_DATA_BYTE_COUNT) & ~CX_WQE_INLINE;

	return is_inline(segment) ? count & CX_WQE_INLINE_MASK : count;
}

static unsigned segment_size(const uint8_t *segment)
{
	if (!is_inline(segment))
		return CX_DATA_BYTES;
	return (INLINE_AT + segment_length(segment) + CX_WQE_DS_BYTES - 1) / CX_WQE_DS_BYTES *
	       CX_WQE_DS_BYTES;
}

int cx_scatter_init(struct cx_scatter *scatter, const uint8_t *bytes, unsigned size,
		    bool has_inline, uint64_t *total)
{
	unsigned at = 0;

	*total = 0;
	while (at < size) {
		if (size - at < CX_DATA_BYTES || (is_inline(bytes + at) && !has_inline) ||
		    segment_size(bytes + at) > size - at)
			return -EINVAL;
		*total += segment_length(bytes + at);
		at += segment_size(bytes + at);
	}
	*scatter = (struct cx_scatter){.bytes = bytes, .size = size};
	return 0;
}

bool cx_scatter_next(struct cx_scatter *scatter, struct cx_data_segment *segment)
{
	const uint8_t *here = scatter->bytes + scatter->at;

	while (scatter->at < scatter->size && scatter->done == segment_length(here)) {
		scatter->at += segment_size(here);
		scatter->done = 0;
		here = scatter->bytes + scatter->at;
	}
	if (scatter->at >= scatter->size)
		return false;
	*segment = (struct cx_data_segment){
		.data = is_inline(here) ? here + INLINE_AT + scatter->done : NULL,
		.key = get_be32(here + CX_DATA_LKEY),
		.left = segment_length(here) - scatter->done,
		.va = get_be64(here + CX_DATA_ADDR) + scatter->done,
	};
	return true;
}
