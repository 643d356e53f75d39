/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A dma-buf of this process's memory, by udmabuf, with a hint that steers writes to a CPU's cache.
 * Not thread-safe. Functions return 0 or a negative errno.
 */
#ifndef LAB_GUEST_CPU_BUFFER_H
#define LAB_GUEST_CPU_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cpu_buffer {
	int fd;		 /* the dma-buf */
	int device;	 /* /dev/udmabuf */
	uint8_t *memory; /* @bytes */
	size_t bytes;
};

/* @bytes: a multiple of the page size. @with_hints: cpu_buffer_set() will be called. */
int cpu_buffer_create(struct cpu_buffer *buffer, size_t bytes, bool with_hints);
void cpu_buffer_destroy(struct cpu_buffer *buffer);

#define CPU_BUFFER_ENABLE 1u
/* @flags: CPU_BUFFER_ENABLE, or 0 for no hint. -EBUSY: an importer sends another. */
int cpu_buffer_set(const struct cpu_buffer *buffer, uint32_t cpu, uint16_t ph, uint32_t flags);

#endif
