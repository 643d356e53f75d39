/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The DMA table against a model of single pages: after any sequence of maps and
 * unmaps both agree on every page.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vfio-user/dma_table.h"
#include "tests/unit/vfio_user_client.h"

enum { PAGES = 64, FILE_PAGES = 200, STEPS = 20000, PAGE = 4096, MAX_MAPS = 65535 };

struct page {
	bool mapped, readable, writable, pointer;
	unsigned file_page;
};

/* Numerical Recipes' generator: the same numbers on every run. */
static unsigned next_random(uint32_t *state, unsigned below)
{
	*state = *state * 1664525u + 1013904223u;
	return (unsigned)(((uint64_t)*state * below) >> 32);
}

static void random_map(struct dma_table *table, struct page *model, uint64_t base, int fd,
		       uint32_t *seed)
{
	unsigned at = next_random(seed, PAGES), i;
	unsigned count = 1 + next_random(seed, PAGES - at < 9 ? PAGES - at : 9);
	unsigned file_page = next_random(seed, FILE_PAGES + 4);
	unsigned rights = 1 + next_random(seed, 3);
	bool with_fd = next_random(seed, 8), untrusted;
	struct dma_map map = {
		.first = base + (uint64_t)at * PAGE,
		.last = base + (uint64_t)at * PAGE + ((uint64_t)count * PAGE - 1),
		.readable = rights & 1,
		.writable = rights & 2,
	};
	int expected = 0;

	if (with_fd && file_page + count > FILE_PAGES)
		expected = -EINVAL;
	for (i = at; i < at + count; i++)
		if (model[i].mapped)
			expected = -EEXIST;
	assert_int_equal(dma_table_map(table, &map, with_fd ? fd : -1, (uint64_t)file_page * PAGE,
				       &untrusted),
			 expected);
	assert_false(untrusted);
	for (i = at; !expected && i < at + count; i++)
		model[i] = (struct page){true, rights & 1, rights & 2, with_fd, file_page + i - at};
}

static void random_unmap(struct dma_table *table, struct page *model, uint64_t base, uint32_t *seed)
{
	unsigned at = next_random(seed, PAGES), i;
	unsigned count = 1 + next_random(seed, PAGES - at);

	assert_int_equal(dma_table_unmap(table, base + (uint64_t)at * PAGE,
					 base + (uint64_t)at * PAGE + ((uint64_t)count * PAGE - 1)),
			 0);
	for (i = at; i < at + count; i++)
		model[i].mapped = false;
}

static void check_page(struct dma_table *table, const struct page *model, uint64_t base,
		       unsigned page, bool write)
{
	const struct page *p = &model[page];
	size_t len = (size_t)PAGE * PAGES * 2, i;
	uint8_t *at = dma_table_ptr(table, base + (uint64_t)page * PAGE + 5, &len, write);

	if (!p->mapped || !p->pointer || !(write ? p->writable : p->readable)) {
		assert_null(at);
		return;
	}
	assert_non_null(at);
	assert_int_equal(*at, p->file_page);
	/* At least this page, and only pages that are contiguous with it in the file. */
	assert_int_equal((len + 5) % PAGE, 0);
	for (i = 1; i < (len + 5) / PAGE; i++) {
		assert_true(page + i < PAGES && p[i].mapped && p[i].pointer);
		assert_int_equal(p[i].file_page, p->file_page + i);
		assert_int_equal(p[i].readable, p->readable);
		assert_int_equal(p[i].writable, p->writable);
	}
}

static void run_model(uint64_t base, uint32_t seed)
{
	int fd = guest_memory((size_t)FILE_PAGES * PAGE, true);
	struct page model[PAGES] = {0};
	struct dma_table table = {0};
	unsigned step, page;

	for (step = 0; step < STEPS; step++) {
		if (next_random(&seed, 5))
			random_map(&table, model, base, fd, &seed);
		else
			random_unmap(&table, model, base, &seed);
		for (page = step % 5; page < PAGES; page += 5)
			check_page(&table, model, base, page, step & 1);
	}
	assert_true(table.file_count <= 3);
	assert_int_equal(dma_table_unmap(&table, 0, UINT64_MAX), 0);
	assert_int_equal(table.count, 0);
	assert_int_equal(table.file_count, 0);
	assert_int_equal(table.file_bytes, 0);
	dma_table_clear(&table);
	close(fd);
}

TEST(model_low)
{
	run_model(0, 1);
}

/* The last page ends at 2^64 - 1: no end wraps to 0. */
TEST(model_high)
{
	run_model(0 - (uint64_t)PAGES * PAGE, 2);
}

/* An unmap need not be whole pages, and removes exactly its bytes. */
TEST(unmap_bytes)
{
	struct dma_map map = {.first = 0x1000, .last = 0x2fff, .readable = true};
	struct dma_table table = {0};
	int fd = guest_memory(2 * PAGE, true);
	bool untrusted;
	uint8_t *base;
	size_t len;

	assert_int_equal(dma_table_map(&table, &map, fd, 0, &untrusted), 0);
	len = 1;
	base = dma_table_ptr(&table, 0x1000, &len, false);
	assert_int_equal(dma_table_unmap(&table, 0x1ffe, 0x2000), 0);
	len = 100;
	assert_ptr_equal(dma_table_ptr(&table, 0x1ffd, &len, false), base + 0xffd);
	assert_int_equal(len, 1);
	len = 100;
	assert_null(dma_table_ptr(&table, 0x1ffe, &len, false));
	assert_null(dma_table_ptr(&table, 0x2000, &len, false));
	assert_ptr_equal(dma_table_ptr(&table, 0x2001, &len, false), base + 0x1001);
	assert_int_equal(len, 100);
	dma_table_clear(&table);
	close(fd);
}

/* The advertised number of maps and no more; maps of a file with equal access share a mapping. */
TEST(map_limit)
{
	struct dma_table table = {0};
	int fd = guest_memory(4 * PAGE, true);
	struct dma_map map = {.readable = true, .writable = true};
	bool untrusted;
	size_t len = 1;
	unsigned i;

	for (i = 0; i < MAX_MAPS; i++) {
		map.first = (uint64_t)i * 2 * PAGE;
		map.last = map.first + PAGE - 1;
		assert_int_equal(dma_table_map(&table, &map, fd, 0, &untrusted), 0);
	}
	map.first = (uint64_t)i * 2 * PAGE;
	map.last = map.first + PAGE - 1;
	assert_int_equal(dma_table_map(&table, &map, fd, 0, &untrusted), -ENOSPC);
	/* An unmap that splits a map needs one map more: it is refused and changes nothing. */
	assert_int_equal(dma_table_unmap(&table, 1, 1), -ENOSPC);
	assert_non_null(dma_table_ptr(&table, 1, &len, true));
	assert_int_equal(table.file_count, 1);
	assert_int_equal(dma_table_unmap(&table, 0, PAGE - 1), 0);
	assert_int_equal(dma_table_map(&table, &map, fd, 0, &untrusted), 0);
	dma_table_clear(&table);
	assert_null(table.files);
	close(fd);
}

/* A file that has grown since its first map is mapped with its new size. */
TEST(grown_file)
{
	struct dma_map map = {.first = 0, .last = PAGE - 1, .readable = true};
	struct dma_table table = {0};
	int fd = memfd_create("grows", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	size_t len = 1;
	bool untrusted;

	assert_int_equal(ftruncate(fd, PAGE), 0);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK), 0);
	assert_int_equal(dma_table_map(&table, &map, fd, 0, &untrusted), 0);
	map = (struct dma_map){.first = PAGE, .last = 2 * PAGE - 1, .readable = true};
	assert_int_equal(dma_table_map(&table, &map, fd, PAGE, &untrusted), -EINVAL);
	assert_int_equal(ftruncate(fd, 2 * PAGE), 0);
	assert_int_equal(pwrite(fd, "x", 1, PAGE), 1);
	assert_int_equal(dma_table_map(&table, &map, fd, PAGE, &untrusted), 0);
	assert_int_equal(*(char *)dma_table_ptr(&table, PAGE, &len, false), 'x');
	assert_int_equal(*(char *)dma_table_ptr(&table, 0, &len, false), 0);
	dma_table_clear(&table);
	close(fd);
}
