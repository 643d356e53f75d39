/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Accesses to a peer's memory for which the kernel has no page.
 *
 * The peer may free a page of its file (FALLOC_FL_PUNCH_HOLE). Where no page is
 * left to replace it (vm.overcommit_memory=2, a defective page), the next
 * access ends the process by SIGBUS. Guarded memory gets spare pages instead
 * and is marked as lost: its data is wrong from then on, so the peer must be
 * dropped.
 *
 * The list of guarded memory is global, since a signal handler has no other
 * context. For one thread.
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
 * Installs the handler of SIGBUS. A SIGBUS elsewhere goes to the previous handler.
 * To be called before the first dma_guard_add(), and again after another
 * handler was installed. 0, or the negative errno of memfd_create(), fallocate()
 * or sigaction().
 */
int dma_guard_install(void);
void dma_guard_add(struct dma_guard *guard);
void dma_guard_remove(struct dma_guard *guard);

#endif
