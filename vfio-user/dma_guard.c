/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vfio-user/dma_guard.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

/*
 * Replaced at once. One access may cover 1 GiB before its memory is looked up
 * again, and a process has some 65,000 mappings (vm.max_map_count).
 */
#define SPARE_BYTES ((uintptr_t)256 << 10)

static struct dma_guard *guards;
static int spare = -1; /* a file of SPARE_BYTES, allocated */
static struct sigaction previous;

static struct dma_guard *find(uintptr_t addr)
{
	for (struct dma_guard *guard = guards; guard; guard = guard->next)
		if (addr - (uintptr_t)guard->base < guard->size)
			return guard;
	return NULL;
}

/* Maps the spare memory over @addr, within @guard. */
static int replace(const struct dma_guard *guard, uintptr_t addr)
{
	uintptr_t base = (uintptr_t)guard->base;
	uintptr_t start = base + (addr - base) / SPARE_BYTES * SPARE_BYTES;
	size_t left = guard->size - (start - base);

	if (mmap((void *)start, left < SPARE_BYTES ? left : SPARE_BYTES, guard->prot,
		 MAP_SHARED | MAP_FIXED, spare, 0) == MAP_FAILED)
		return -errno;
	return 0;
}

static void on_sigbus(int number, siginfo_t *info, void *context)
{
	uintptr_t addr = (uintptr_t)info->si_addr;
	struct dma_guard *guard = info->si_code > 0 ? find(addr) : NULL;
	int saved = errno;

	(void)context;
	if (guard && !replace(guard, addr)) {
		*guard->lost = 1;
		errno = saved;
		return;
	}
	/* Not guarded: the previous handler gets the signal when this one returns. */
	sigaction(number, &previous, NULL);
	raise(number);
}

static int make_spare(void)
{
	int ret = 0;

	spare = memfd_create("spare", MFD_CLOEXEC);
	if (spare < 0)
		return -errno;
	if (fallocate(spare, 0, 0, SPARE_BYTES) < 0) {
		ret = -errno;
		close(spare);
		spare = -1;
	}
	return ret;
}

int dma_guard_install(void)
{
	struct sigaction action = {.sa_sigaction = on_sigbus, .sa_flags = SA_SIGINFO}, before;
	int ret = spare < 0 ? make_spare() : 0;

	if (ret)
		return ret;
	if (sigaction(SIGBUS, &action, &before) < 0)
		return -errno;
	if (before.sa_sigaction != on_sigbus)
		previous = before;
	return 0;
}

void dma_guard_add(struct dma_guard *guard)
{
	guard->next = guards;
	guards = guard;
}

void dma_guard_remove(struct dma_guard *guard)
{
	struct dma_guard **link = &guards;

	while (*link != guard)
		link = &(*link)->next;
	*link = guard->next;
}
