/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest memory that a client has mapped for us: DMA addresses in, pointers
 * out. Knows no socket.
 */
#ifndef VFIO_USER_DMA_TABLE_H
#define VFIO_USER_DMA_TABLE_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dma_file;

/* Ends are inclusive, so that the last byte of the address space has one. */
struct dma_map {
	uint64_t first, last;
	bool readable, writable; /* by the device */
	struct dma_file *file;	 /* NULL: no pointer, ask the client */
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
	volatile sig_atomic_t lost; /* 1: a page was gone (dma_guard.h), no pointer any more */
};

/*
 * Adds @map, whose first, last, readable and writable are set and in order.
 * With @fd >= 0 the memory is @fd's from @offset on; @fd is not kept. The
 * table must not move while it has maps: dma_guard.h knows where it is.
 *
 * Only memory that cannot shrink is mapped (descriptor_is_memory()). Of any
 * other file nothing is asked, its offset and length neither: its memory has no
 * pointer, and *@untrusted is set.
 *
 * -EEXIST: overlaps a map. -EINVAL: beyond the end of the file. -ENOSPC: too
 * many maps, files or bytes. -ENOMEM, and what mmap() says (-EACCES:
 * the descriptor does not allow what the map does).
 */
int dma_table_map(struct dma_table *table, const struct dma_map *map, int fd, uint64_t offset,
		  bool *untrusted);
/* Forgets [@first, @last], which need not match any map. -ENOSPC or -ENOMEM: a split would need one
 * map more. */
int dma_table_unmap(struct dma_table *table, uint64_t first, uint64_t last);
/* As vu_dma_ptr(). */
void *dma_table_ptr(struct dma_table *table, uint64_t addr, size_t *len, bool write);
/* Forgets everything and frees it; the table is empty, and usable again. */
void dma_table_clear(struct dma_table *table);

#endif
