/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an access to a peer's memory does where the kernel finds no page for it.
 *
 * The peer may give a page of its file back (FALLOC_FL_PUNCH_HOLE), and where
 * memory has run out (a strict vm.overcommit_memory, a broken page) our next
 * access there would end this process by SIGBUS. Instead, the access goes to a
 * page of nobody's, and the memory is marked as lost. Its data is wrong from
 * then on: the peer is to be dropped.
 *
 * A signal handler has no other context than the process's, so the list of
 * guarded memory is the process's, too. For one thread.
 */
#ifndef VFIO_USER_DMA_GUARD_H
#define VFIO_USER_DMA_GUARD_H

#include <signal.h>
#include <stddef.h>
#include <stdint.h>

/* Memory that is guarded, whole pages. */
struct dma_guard {
	struct dma_guard *next;
	uint8_t *base;
	size_t size; /* bytes */
	int prot;
	volatile sig_atomic_t *lost; /* set to 1 by the handler */
};

/*
 * Takes SIGBUS over for guarded memory; any other goes to who had it before.
 * To be called before the first dma_guard_add(), and again where another
 * handler was installed since. 0, or the errno of memfd_create(), fallocate()
 * or sigaction().
 */
int dma_guard_install(void);
void dma_guard_add(struct dma_guard *guard);
void dma_guard_remove(struct dma_guard *guard);

#endif
