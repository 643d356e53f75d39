// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Receive queues. They have no doorbell: the doorbell record is read when a message
 * needs a receive.
 */
#include <errno.h>
#include <string.h>

#include "devices/cx/state.h"
#include "util/clock.h"

/* How often a queue in error is polled for receives: less often while there are none. */
#define FLUSH_POLL_MIN_NS (10 * NS_PER_MS)
#define FLUSH_POLL_MAX_NS NS_PER_S
#define GRH_IN_BUFFER	  (1u << 28)

/* How many receives there are; -EINVAL: more than the queue holds; -EFAULT. */
static int rq_posted(struct cx *cx, struct cx_qp *qp)
{
	uint8_t record[4];
	unsigned posted;

	if (qp->rq_produced == qp->rq_consumed) {
		if (pci_dma_read(&cx->f, qp->doorbell_record + CX_DBR_RCV * 4, record,
				 sizeof(record)))
			return -EFAULT;
		qp->rq_produced = (uint16_t)get_be32(record);
	}
	posted = (uint16_t)(qp->rq_produced - qp->rq_consumed);
	if (posted <= 1u << qp->rq_log_size)
		return (int)posted;
	qp->rq_produced = qp->rq_consumed; /* an invalid doorbell record: none counts */
	return -EINVAL;
}

/* The bytes of a receive that hold segments: a reserved key ends the list. */
static unsigned receive_size(const uint8_t *bytes, unsigned stride)
{
	unsigned at = 0;

	while (at < stride && get_be32(bytes + at + CX_DATA_LKEY) != CX_END_LKEY)
		at += CX_DATA_BYTES;
	return at;
}

/* Takes the receive at the head of its own queue. */
static int own_take(struct cx *cx, struct cx_qp *qp, unsigned *size)
{
	unsigned mask = (1u << qp->rq_log_size) - 1, stride = 1u << qp->rq_log_stride;
	struct cx_receive *receive = &qp->receive;
	int ret = qp->has_rq ? rq_posted(cx, qp) : 0;

	if (ret <= 0)
		return ret ? ret : -EAGAIN;
	receive->index = qp->rq_consumed;
	receive->pd = qp->pd;
	*size = stride;
	return cx_buffer_read(cx, &qp->buffer, (uint64_t)(qp->rq_consumed & mask) * stride,
			      receive->bytes, stride);
}

/* The same for the shared queue. A receive that a message left half filled is used first. */
static int shared_take(struct cx *cx, struct cx_qp *qp, uint32_t number, unsigned *size)
{
	struct cx_srq *srq = cx_table_get(&cx->srqs, number);
	struct cx_receive *receive = &qp->receive;

	if (!srq)
		return -EINVAL;
	if (receive->taken && receive->srq == number) {
		*size = receive->data.size;
		return 0;
	}
	receive->pd = srq->pd;
	receive->srq = number;
	receive->cq = qp->type == CX_ST_XRC ? srq->cq : qp->recv_cq;
	return cx_srq_take(cx, srq, receive->bytes, size, &receive->index);
}

int cx_rq_take(struct cx *cx, struct cx_qp *qp, uint32_t srq)
{
	struct cx_receive *receive = &qp->receive;
	unsigned size = 0;
	int ret = qp->has_srq ? shared_take(cx, qp, srq, &size) : own_take(cx, qp, &size);

	if (ret)
		return ret;
	ret = cx_scatter_init(&receive->data, receive->bytes, receive_size(receive->bytes, size),
			      false, &receive->capacity);
	receive->taken = !ret || qp->has_srq; /* the shared queue does not own it any more */
	return ret;
}

/* The completion of the receive at the head. */
static void rq_post(struct cx *cx, struct cx_qp *qp, uint8_t cqe[CX_CQE_BYTES], bool solicited)
{
	bool shared = qp->has_srq;

	put_be32(cqe + CX_CQE_SRQN, shared ? qp->receive.srq : qp->user_index);
	put_be32(cqe + CX_CQE_SOP_DROP_QPN, qp->number);
	put_be16(cqe + CX_CQE_WQE_COUNTER, shared ? qp->receive.index : qp->rq_consumed);
	cx_cq_post(cx, shared ? qp->receive.cq : qp->recv_cq, cqe, solicited);
	qp->rq_consumed += !shared;
	qp->receive.taken = false;
}

void cx_rq_complete(struct cx *cx, struct cx_qp *qp, const struct cx_wqe *wqe, uint8_t opcode)
{
	uint8_t cqe[CX_CQE_BYTES] = {0};

	memcpy(cqe + CX_CQE_IMMEDIATE, wqe->bytes + CX_CTRL_IMM, 4);
	put_be32(cqe + CX_CQE_BYTE_CNT, wqe->total);
	put_be64(cqe + CX_CQE_TIMESTAMP, clock_ns());
	if (qp->type == CX_ST_UD) {
		put_be16(cqe + CX_CQE_SLID, wqe->to.from_lid);
		put_be32(cqe + CX_CQE_FLAGS_RQPN, (wqe->to.has_grh ? GRH_IN_BUFFER : 0) |
							  (uint32_t)wqe->to.sl << 24 |
							  wqe->to.from);
	}
	cqe[CX_CQE_OP_OWN] = (uint8_t)(opcode << 4);
	rq_post(cx, qp, cqe, wqe->bytes[CX_CTRL_FM_CE_SE] & CX_WQE_SOLICITED);
}

static void rq_post_error(struct cx *cx, struct cx_qp *qp, unsigned syndrome)
{
	uint8_t cqe[CX_CQE_BYTES] = {0};

	cqe[CX_CQE_ERR_SYNDROME] = (uint8_t)syndrome;
	cqe[CX_CQE_OP_OWN] = CX_CQE_RESP_ERR << 4;
	rq_post(cx, qp, cqe, true);
}

void cx_rq_fail(struct cx *cx, struct cx_qp *qp, unsigned syndrome)
{
	pci_log(&cx->f, "QP 0x%x: a receive ends with syndrome 0x%x", qp->number, syndrome);
	rq_post_error(cx, qp, syndrome);
	cx_qp_set_state(cx, qp, CX_QP_ERR);
}

/* Nanoseconds. A driver that has stopped posting must not fill a trace with polls. */
static uint64_t next_flush_poll(struct cx_qp *qp)
{
	if (!qp->flush_poll_ns)
		qp->flush_poll_ns = FLUSH_POLL_MIN_NS;
	else if (qp->flush_poll_ns < FLUSH_POLL_MAX_NS / 2)
		qp->flush_poll_ns *= 2;
	else
		qp->flush_poll_ns = FLUSH_POLL_MAX_NS;
	return qp->flush_poll_ns;
}

/*
 * Of a shared queue only the receive that was taken is flushed; the rest is for other queue
 * pairs.
 */
static enum cx_step shared_flush(struct cx *cx, struct cx_qp *qp)
{
	if (qp->receive.taken)
		rq_post_error(cx, qp, CX_SYND_FLUSH);
	if (!qp->last_receive_told)
		cx_eq_tell(cx, CX_EVENT_SRQ_LAST_WQE, qp->number);
	qp->last_receive_told = true;
	return CX_DONE;
}

enum cx_step cx_rq_flush(struct cx *cx, struct cx_qp *qp)
{
	int posted;

	if (qp->state == CX_QP_ERR && qp->has_srq)
		return shared_flush(cx, qp);
	if (qp->state != CX_QP_ERR || !qp->has_rq)
		return CX_DONE;
	posted = rq_posted(cx, qp);
	if (posted < 0) {
		pci_log(&cx->f, "QP 0x%x: its receives cannot be flushed", qp->number);
		return CX_DONE;
	}
	if (posted) {
		qp->flush_poll_ns = 0;
		rq_post_error(cx, qp, CX_SYND_FLUSH);
		return CX_MORE;
	}
	qp->wake_at_ns = clock_ns() + next_flush_poll(qp);
	return CX_WAIT;
}
