/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A minimal driver for the tests of the NIC: commands, queues, keys, work requests. */
#ifndef TESTS_UNIT_CX_DRIVER_H
#define TESTS_UNIT_CX_DRIVER_H

#include "devices/cx/bits.h"
#include "tests/unit/cx_world.h"
#include "util/macros.h"

#define SLOTS	    32u
#define COMMAND_MAX 8192u
#define SQ_LOG	    4u /* blocks, log2 */
#define RQ_LOG	    2u /* receives */
#define RQ_STRIDE   64u
#define CQ_LOG	    4u
#define SRQ_LOG	    2u
#define SRQ_STRIDE  128u /* the link, and up to 7 segments */
#define Q_KEY	    0x11223344u
#define USER_INDEX  0xabcdeu

struct driver {
	struct world world;
	uint64_t cmdq;
	uint8_t in[COMMAND_MAX], out[COMMAND_MAX];
	uint32_t cmd_eqn, comp_eqn;
	uint64_t cmd_eq, comp_eq; /* addresses */
	uint32_t uar, pd, lkey;	  /* lkey: PA mode, all memory */
	unsigned cqe_size;	  /* of the CQs that are created next: CX_CQE_STRIDE_64 … */
};

/* Creates the device, its command and event queues, a PD and the PA key. */
void driver_start(struct driver *d, const struct cx_config *config);
/* The queues, PD and PA key again, after a reset of the device. */
void driver_restart(struct driver *d);
void driver_stop(struct driver *d);
/* The command queue only, as the first step after a reset. */
void driver_set_command_queue(struct driver *d);

void driver_mmio_write(struct driver *d, uint64_t offset, uint32_t value);
uint32_t driver_mmio_read(struct driver *d, uint64_t offset);
void driver_config_write(struct driver *d, unsigned offset, uint32_t value, size_t len);

/* Runs the command in d->in, which the caller has filled after driver_begin(); the reply is in
 * d->out. Returns the command's status, or 0x100 plus the delivery status. */
unsigned driver_command(struct driver *d, unsigned opcode, size_t in_len, size_t out_len);
void driver_begin(struct driver *d); /* clears d->in */
/* The two halves of driver_command(), for several commands at once. */
void driver_place(struct driver *d, unsigned slot, unsigned opcode, size_t in_len, size_t out_len);
unsigned driver_collect(struct driver *d, unsigned slot, size_t out_len);

uint32_t driver_create_eq(struct driver *d, uint64_t events, unsigned vector, uint64_t *addr);

struct cq {
	uint32_t number, seen;
	uint64_t addr, record;
};
void driver_create_cq(struct driver *d, struct cq *cq);
void driver_arm_cq(struct driver *d, struct cq *cq);
void driver_arm_cq_solicited(struct driver *d, struct cq *cq);
/* Consumes the next completion; NULL: none. */
const uint8_t *driver_poll(struct driver *d, struct cq *cq);

struct mr {
	uint64_t addr; /* of the memory, and its virtual address */
	size_t len;
	uint32_t key;
	bool tph;
	uint8_t ph, st_index;
};
/* A key with its translations; sets @mr->key. */
void driver_create_mr(struct driver *d, struct mr *mr);
/* The same with a hint: this 16-bit tag in an entry of the ST table, and PH 2. */
void driver_create_hinted_mr(struct driver *d, struct mr *mr, uint16_t tag);
/* A free key with space for translations, which a UMR fills. */
void driver_create_free_mr(struct driver *d, struct mr *mr);

/* Its receives are initially linked in a ring. */
struct srq {
	uint32_t number;
	uint64_t addr, record;
	uint16_t head, posted;
};
void driver_create_srq(struct driver *d, struct srq *srq);
/* Posts the segments of @w as the next receive; the one after it has the index @next. */
struct wqe;
void driver_post_shared(struct driver *d, struct srq *srq, const struct wqe *w, uint16_t next);

/* An SRQ of an XRC domain, which completes in @cq. */
void driver_create_xrc_srq(struct driver *d, struct srq *srq, uint32_t domain, const struct cq *cq);

struct qp {
	uint32_t number, srq; /* srq: 0: its receive queue is not shared */
	uint16_t posted, receives;
	uint64_t rq, sq, record;
	struct cq cq, recv_cq;
	unsigned rnr_retry, min_rnr_nak; /* for the next driver_connect() */
	uint16_t peer_lid;		 /* likewise; 0: that of the first NIC */
	unsigned retry_count, ack_timeout;
	uint32_t send_psn, receive_psn;
};
/* With a receive queue, except for REG_UMR. */
void driver_create_qp(struct driver *d, struct qp *qp, unsigned type);
void driver_create_qp_of_srq(struct driver *d, struct qp *qp, unsigned type, const struct srq *srq);
/* A receiver of XRC in @domain, with an invalid PD and the SRQ @any: neither is used. */
void driver_create_xrc_qp(struct driver *d, struct qp *qp, uint32_t domain, const struct srq *any);
unsigned driver_modify_qp(struct driver *d, struct qp *qp, unsigned opcode, uint32_t peer);
void driver_connect(struct driver *d, struct qp *qp, uint32_t peer); /* RST to RTS */
unsigned driver_query_state(struct driver *d, const struct qp *qp);

struct wqe {
	uint8_t bytes[1024];
	unsigned len;
};
void wqe_init(struct wqe *w, unsigned opcode, bool signalled);
/* Before the other headers. */
void wqe_xrc(struct wqe *w, const struct srq *srq);
void wqe_raddr(struct wqe *w, uint64_t va, uint32_t rkey);
/* To a QP of this port, by Q_KEY, without a GRH. */
void wqe_address(struct wqe *w, uint32_t number);
void wqe_atomic(struct wqe *w, uint64_t swap_add, uint64_t compare);
void wqe_data(struct wqe *w, uint64_t addr, uint32_t lkey, uint32_t len);
void wqe_inline(struct wqe *w, const void *data, unsigned len);
/* A UMR that enables @mr, its translations at @xlt. */
void wqe_umr(struct driver *d, struct wqe *w, const struct mr *mr, uint64_t xlt);
void driver_post(struct driver *d, struct qp *qp, const struct wqe *w);
/* Posts the segments of @w, up to 4, as a receive. */
void driver_post_receive(struct driver *d, struct qp *qp, const struct wqe *w);
void driver_ring(struct driver *d, const struct qp *qp);

/*
 * These put the commands of the functions above into d->in, so that a test can change them before
 * it sends them, and return their length. Queues get new memory; the CQs of a QP must exist.
 */
size_t driver_fill_eq(struct driver *d, uint64_t events, unsigned vector, uint64_t *addr);
size_t driver_fill_cq(struct driver *d, struct cq *cq);
size_t driver_fill_srq(struct driver *d, struct srq *srq);
/* A new buffer of 2^@log entries for @cq, at *@addr. */
size_t driver_fill_resize(struct driver *d, const struct cq *cq, unsigned log, uint64_t *addr);
size_t driver_fill_mr(struct driver *d, const struct mr *mr);
size_t driver_fill_qp(struct driver *d, struct qp *qp, unsigned type);
size_t driver_fill_modify_qp(struct driver *d, const struct qp *qp, unsigned opcode, uint32_t peer);

#endif
