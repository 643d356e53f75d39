/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A NIC that writes into a buffer of this machine: a pair of RC queue pairs
 * connected to each other on one InfiniBand port. The verbs have no hints. Not
 * thread-safe. Functions return 0 or a negative errno.
 */
#ifndef LAB_GUEST_RDMA_LOOP_H
#define LAB_GUEST_RDMA_LOOP_H

#include <infiniband/verbs.h>
#include <stddef.h>
#include <stdint.h>

#include "tph/tph.h"

#define NIC_NAME_BYTES	 64
#define NIC_STAGE_BYTES	 (1U << 20)
#define NIC_QUEUE_WRITES 64U /* how many may be outstanding */
#define NIC_WAIT_SECONDS 30

struct nic {
	char name[NIC_NAME_BYTES];
	unsigned tag_bits; /* 0, 8 or 16: what its writes can carry */
	struct ibv_context *context;
	struct ibv_pd *pd;
	struct ibv_cq *cq;
	struct ibv_qp *qp[2]; /* requester and responder */
	struct ibv_mr *stage_mr;
	uint8_t *stage; /* NIC_STAGE_BYTES, the source of writes */
	unsigned posted;
};

/* The @nth NIC by name, from 0; waits for its port. Prints what went wrong. */
int nic_open(struct nic *nic, unsigned nth);
void nic_close(struct nic *nic);

/* Connects the pair, or connects it again after an error completion. */
int nic_connect(struct nic *nic);
/* Connects the first of the pair to a queue pair of another NIC instead. */
int nic_connect_to(struct nic *nic, uint32_t peer, uint16_t lid);

/* Registers all of a dma-buf, addressed from 0. NULL and errno on failure. */
struct ibv_mr *nic_register(struct nic *nic, int dmabuf_fd, size_t length);

/* RDMA WRITE of @len bytes of the stage at @from to @to of @mr. -EAGAIN: queue full. */
int nic_post_write(struct nic *nic, const struct ibv_mr *mr, size_t from, size_t to, size_t len);
/*
 * Waits until no write is outstanding. -ETIMEDOUT after NIC_WAIT_SECONDS;
 * -EREMOTEIO for an error completion. A completion means that the NIC has sent the
 * data; where the path to the memory may delay it, an RDMA READ behind the writes
 * completes after the data has arrived.
 */
int nic_wait(struct nic *nic);
/* Post and wait. */
int nic_write(struct nic *nic, const struct ibv_mr *mr, size_t from, size_t to, size_t len);

/* Where it is on the PCI bus. */
int nic_bdf(const struct nic *nic, struct tph_bdf *bdf);

#endif
