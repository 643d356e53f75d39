/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TPHCTL_RDMA_PROBE_H
#define TPHCTL_RDMA_PROBE_H

#include "tph/tph.h"

/* Does an RDMA device register dma-bufs? */
struct rdma_answer {
	enum tph_support takes;
	const char *why; /* a constant; what was seen, or why it is not known and what to do */
};

/*
 * Asks the device: a registration of file descriptor -1 fails with EBADF where it can register
 * dma-bufs at all. NCCL and UCX ask so. Registers nothing; needs no root where
 * /dev/infiniband/uverbs* are open to users, as rdma-core makes them.
 */
struct rdma_answer rdma_probe(const char *device);

#endif
