// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "devices/cx/state.h"

#define LOG_PAGE_MAX 31u /* the most that the field of most contexts holds */

void *cx_memory_get(struct cx *cx, uint64_t bytes)
{
	void *memory;

	if (!bytes || bytes > cx->memory_left)
		return NULL;
	memory = calloc(1, bytes);
	if (memory)
		cx->memory_left -= bytes;
	return memory;
}

void cx_memory_put(struct cx *cx, void *memory, uint64_t bytes)
{
	if (!memory)
		return;
	free(memory);
	cx->memory_left += bytes;
}

int cx_buffer_init(struct cx *cx, struct cx_buffer *buffer, unsigned log_page_size,
		   unsigned page_offset, uint64_t bytes, const uint8_t *list, size_t list_bytes)
{
	unsigned shift = CX_PAGE_SHIFT + log_page_size;
	uint64_t start, count;

	if (log_page_size > LOG_PAGE_MAX)
		return -EINVAL;
	start = (uint64_t)page_offset << (shift - 6); /* in 64ths of a page */
	count = (start + bytes + (1ull << shift) - 1) >> shift;
	if (!bytes || count > list_bytes / 8)
		return -EINVAL;
	buffer->pages = cx_memory_get(cx, count * sizeof(*buffer->pages));
	if (!buffer->pages)
		return -ENOMEM;
	for (uint64_t i = 0; i < count; i++)
		buffer->pages[i] = get_be64(list + i * 8) & ~((1ull << CX_PAGE_SHIFT) - 1);
	buffer->count = (uint32_t)count;
	buffer->page_shift = shift;
	buffer->start = start;
	return 0;
}

void cx_buffer_free(struct cx *cx, struct cx_buffer *buffer)
{
	cx_memory_put(cx, buffer->pages, buffer->count * sizeof(*buffer->pages));
	buffer->pages = NULL;
	buffer->count = 0;
}

/* The address of byte @offset, *@len cut to what is left of its page. */
static int buffer_addr(const struct cx_buffer *buffer, uint64_t offset, size_t *len, uint64_t *addr)
{
	uint64_t at = buffer->start + offset;
	uint64_t page = at >> buffer->page_shift;
	uint64_t in_page = at & ((1ull << buffer->page_shift) - 1);
	uint64_t left = (1ull << buffer->page_shift) - in_page;

	if (page >= buffer->count)
		return -EFAULT;
	if (*len > left)
		*len = left;
	*addr = buffer->pages[page] + in_page;
	return 0;
}

int cx_buffer_read(struct cx *cx, const struct cx_buffer *buffer, uint64_t offset, void *buf,
		   size_t len)
{
	uint8_t *to = buf;

	while (len) {
		size_t part = len;
		uint64_t addr;
		int ret = buffer_addr(buffer, offset, &part, &addr);

		if (!ret)
			ret = pci_dma_read(&cx->f, addr, to, part);
		if (ret)
			return ret;
		to += part;
		offset += part;
		len -= part;
	}
	return 0;
}

int cx_buffer_write_entry(struct cx *cx, const struct cx_buffer *buffer, uint64_t offset,
			  const uint8_t *entry, size_t len)
{
	size_t there = len, last = len - 4;
	uint64_t addr;
	int ret = buffer_addr(buffer, offset, &there, &addr);

	if (ret || there < len)
		return ret ? ret : -EFAULT;
	ret = pci_dma_write(&cx->f, addr, entry, last);
	if (ret)
		return ret;
	atomic_thread_fence(memory_order_release); /* a CPU may be polling for the last DW */
	return pci_dma_write(&cx->f, addr + last, entry + last, 4);
}
