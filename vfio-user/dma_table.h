/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest memory that a client has mapped: translates DMA addresses to
 * pointers. Independent of the socket.
 */
#ifndef VFIO_USER_DMA_TABLE_H
#define VFIO_USER_DMA_TABLE_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dma_file;

/* Ends are inclusive, so that a map can have the last byte of the address space. */
struct dma_map {
	uint64_t first, last;
	bool readable, writable; /* by the device */
	struct dma_file *file;	 /* NULL: no pointer, the client transfers */
	uint64_t file_offset;	 /* of @first, bytes */
};

/* All zero is an empty table. */
struct dma_table {
	struct dma_map *maps; /* by address, none overlapping another */
	size_t count, capacity;
	size_t last_hit;
	struct dma_file *files;
	size_t file_count;
	uint64_t file_bytes;	    /* mapped into this process by @files */
	volatile sig_atomic_t lost; /* 1: a page was missing (dma_guard.h), no pointers any more */
};

/*
 * Adds @map, whose first, last, readable and writable are set and in order.
 * With @fd >= 0 the memory is @fd's from @offset on; @fd is not kept. The
 * table must not move while it has maps: dma_guard.h has pointers into it.
 *
 * Only memory that cannot shrink is mapped (descriptor_is_memory()). A file of
 * another kind gets no further call, so its size is not checked: its memory has
 * no pointer, and *@untrusted is set.
 *
 * -EEXIST: overlaps a map. -EINVAL: beyond the end of the file. -ENOSPC: too
 * many maps, files or bytes. -ENOMEM, and the errors of mmap() (-EACCES:
 * the descriptor does not allow what the map does).
 */
int dma_table_map(struct dma_table *table, const struct dma_map *map, int fd, uint64_t offset,
		  bool *untrusted);
/* Removes [@first, @last], which need not match any map. -ENOSPC or -ENOMEM: a split would need one
 * more map. */
int dma_table_unmap(struct dma_table *table, uint64_t first, uint64_t last);
/* As vu_dma_ptr(). */
void *dma_table_ptr(struct dma_table *table, uint64_t addr, size_t *len, bool write);
/* Removes and frees all maps; the table is empty, and usable again. */
void dma_table_clear(struct dma_table *table);

#endif
