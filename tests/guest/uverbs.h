/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DMA handles (DMAH) of RDMA users, by raw uverbs calls: libibverbs has functions
 * for them since rdma-core 59. They return 0 or an errno.
 */
#ifndef TESTS_GUEST_UVERBS_H
#define TESTS_GUEST_UVERBS_H

#include <stdint.h>

#include "lab/guest/rdma_loop.h"

int uverbs_alloc_dmah(const struct nic *nic, uint8_t ph, uint32_t *handle);
/* With the tag of a CPU. */
int uverbs_alloc_dmah_cpu(const struct nic *nic, uint8_t ph, uint32_t cpu, uint32_t *handle);
/* Without the PH, which is mandatory. */
int uverbs_alloc_dmah_bare(const struct nic *nic);
int uverbs_free_dmah(const struct nic *nic, uint32_t handle);

/*
 * A region with a DMAH: of the dma-buf @fd, or, if it is -1, of the @length bytes at @addr. RDMA
 * requests can use the keys of @mr, but it is no object of libibverbs.
 */
int uverbs_reg_mr(const struct nic *nic, uint32_t dmah, int fd, const void *addr, uint64_t length,
		  struct ibv_mr *mr);
int uverbs_dereg_mr(const struct nic *nic, const struct ibv_mr *mr);

/*
 * Changes @access or @pd, by @flags: IBV_REREG_MR_CHANGE_*. ibv_rereg_mr() of libibverbs refuses
 * regions on a dma-buf, the kernel does not.
 */
int uverbs_rereg_mr(const struct nic *nic, struct ibv_mr *mr, uint32_t flags, uint32_t access,
		    const struct ibv_pd *pd);

#endif
