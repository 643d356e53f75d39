/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TPHCTL_RDMA_PROBE_H
#define TPHCTL_RDMA_PROBE_H

#include "tph/tph.h"

/* Does an RDMA device register dma-bufs? */
struct rdma_answer {
	enum tph_support takes;
	const char *why; /* a constant: what the device answered, or why that is not known */
};

/*
 * Tries to register file descriptor -1, which fails with EBADF if the device can register
 * dma-bufs at all. NCCL and UCX do the same. Needs no root where all users can open
 * /dev/infiniband/uverbs*, as with rdma-core's udev rules.
 */
struct rdma_answer rdma_probe(const char *device);

#endif
