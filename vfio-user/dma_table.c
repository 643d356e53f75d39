/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vfio-user/dma_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "vfio-user/descriptor.h"
#include "vfio-user/dma_guard.h"
#include "vfio-user/message.h"

/*
 * A file is mapped whole and once, however many DMA maps lie in it: a guest with
 * an IOMMU maps its memory in thousands of pages, and the number of a process's
 * mappings (vm.max_map_count), which all endpoints share, is limited.
 */
struct dma_file {
	struct dma_file *next;
	dev_t dev;
	ino_t ino;
	struct dma_guard guard; /* where it is mapped */
	size_t users;
};

#define MAX_FILES 1024
/* Of the 128 TiB that all endpoints share. */
#define MAX_FILE_BYTES (UINT64_C(4) << 40)

static void file_put(struct dma_table *table, struct dma_file *file)
{
	struct dma_file **link = &table->files;

	if (!file || --file->users)
		return;
	while (*link != file)
		link = &(*link)->next;
	*link = file->next;
	table->file_count--;
	table->file_bytes -= file->guard.size;
	dma_guard_remove(&file->guard);
	munmap(file->guard.base, file->guard.size);
	free(file);
}

static int file_map(struct dma_table *table, int fd, const struct stat *st, int prot,
		    struct dma_file **out)
{
	uint64_t size = (uint64_t)st->st_size;
	struct dma_file *file;
	int ret;

	if (table->file_count >= MAX_FILES || size > MAX_FILE_BYTES - table->file_bytes)
		return -ENOSPC;
	file = malloc(sizeof(*file));
	if (!file)
		return -ENOMEM;
	*file = (struct dma_file){
		.next = table->files,
		.dev = st->st_dev,
		.ino = st->st_ino,
		.guard = {.base = mmap(NULL, size, prot, MAP_SHARED, fd, 0),
			  .size = size,
			  .prot = prot,
			  .lost = &table->lost},
		.users = 1,
	};
	if (file->guard.base == MAP_FAILED) {
		ret = -errno;
		free(file);
		return ret;
	}
	dma_guard_add(&file->guard);
	table->files = file;
	table->file_count++;
	table->file_bytes += size;
	*out = file;
	return 0;
}

/* *@out stays NULL for a file that must not be mapped, see dma_table_map(). */
static int file_get(struct dma_table *table, int fd, int prot, uint64_t end, struct dma_file **out)
{
	struct dma_file *file;
	struct stat st;

	/* Before any other call: of a file that is no memory, fstat() may wait for its server. */
	if (!descriptor_is_memory(fd))
		return 0;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (end > (uint64_t)st.st_size)
		return -EINVAL;
	for (file = table->files; file; file = file->next) {
		/* The inode of a file is not reused while the file is mapped. */
		if (file->dev == st.st_dev && file->ino == st.st_ino && file->guard.prot == prot &&
		    end <= file->guard.size) {
			file->users++;
			*out = file;
			return 0;
		}
	}
	return file_map(table, fd, &st, prot, out);
}

/* The first map that ends at or behind @addr; table->count: none does. */
static size_t find(const struct dma_table *table, uint64_t addr)
{
	size_t low = 0, high = table->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (table->maps[middle].last < addr)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int reserve_one(struct dma_table *table)
{
	size_t capacity = table->capacity ? table->capacity * 2 : 64;
	struct dma_map *maps;

	if (table->count >= VU_MAX_DMA_MAPS)
		return -ENOSPC;
	if (table->count < table->capacity)
		return 0;
	maps = realloc(table->maps, capacity * sizeof(*maps));
	if (!maps)
		return -ENOMEM;
	table->maps = maps;
	table->capacity = capacity;
	return 0;
}

/* reserve_one() must have succeeded. */
static void insert(struct dma_table *table, size_t at, const struct dma_map *map)
{
	memmove(&table->maps[at + 1], &table->maps[at], (table->count - at) * sizeof(*table->maps));
	table->maps[at] = *map;
	table->count++;
}

int dma_table_map(struct dma_table *table, const struct dma_map *map, int fd, uint64_t offset,
		  bool *untrusted)
{
	int prot = (map->readable ? PROT_READ : 0) | (map->writable ? PROT_WRITE : 0);
	size_t at = find(table, map->first);
	struct dma_map new = *map;
	uint64_t end;
	int ret;

	*untrusted = false;
	new.file = NULL;
	new.file_offset = offset;
	if (at < table->count && table->maps[at].first <= map->last)
		return -EEXIST;
	ret = reserve_one(table);
	if (ret)
		return ret;
	if (fd >= 0) {
		if (__builtin_add_overflow(offset, map->last - map->first, &end) ||
		    __builtin_add_overflow(end, 1, &end))
			return -EINVAL;
		ret = file_get(table, fd, prot, end, &new.file);
		if (ret)
			return ret;
		*untrusted = !new.file;
	}
	insert(table, at, &new);
	return 0;
}

static void cut_head(struct dma_map *map, uint64_t new_first)
{
	map->file_offset += new_first - map->first;
	map->first = new_first;
}

/* Removes [@first, @last] from the middle of one map. */
static int split(struct dma_table *table, size_t at, uint64_t first, uint64_t last)
{
	struct dma_map tail = table->maps[at];
	int ret = reserve_one(table);

	if (ret)
		return ret;
	cut_head(&tail, last + 1);
	table->maps[at].last = first - 1;
	if (tail.file)
		tail.file->users++;
	insert(table, at + 1, &tail);
	return 0;
}

int dma_table_unmap(struct dma_table *table, uint64_t first, uint64_t last)
{
	size_t from = find(table, first), to;

	if (from < table->count && table->maps[from].first < first) {
		if (table->maps[from].last > last)
			return split(table, from, first, last);
		table->maps[from++].last = first - 1;
	}
	for (to = from; to < table->count && table->maps[to].last <= last; to++)
		file_put(table, table->maps[to].file);
	if (to < table->count && table->maps[to].first <= last)
		cut_head(&table->maps[to], last + 1);
	if (to > from)
		memmove(&table->maps[from], &table->maps[to],
			(table->count - to) * sizeof(*table->maps));
	table->count -= to - from;
	return 0;
}

void *dma_table_ptr(struct dma_table *table, uint64_t addr, size_t *len, bool write)
{
	const struct dma_map *map;
	size_t at = table->last_hit;

	if (at >= table->count || addr < table->maps[at].first || addr > table->maps[at].last) {
		at = find(table, addr);
		if (at == table->count || addr < table->maps[at].first)
			return NULL;
		table->last_hit = at;
	}
	map = &table->maps[at];
	if (!map->file || table->lost || !(write ? map->writable : map->readable))
		return NULL;
	if (*len && *len - 1 > map->last - addr)
		*len = map->last - addr + 1;
	return map->file->guard.base + map->file_offset + (addr - map->first);
}

void dma_table_clear(struct dma_table *table)
{
	while (table->count)
		file_put(table, table->maps[--table->count].file);
	free(table->maps);
	*table = (struct dma_table){0};
}
