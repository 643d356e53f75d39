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

int cx_rq_take(struct cx *cx, struct cx_qp *qp)
{
	unsigned mask = (1u << qp->rq_log_size) - 1, stride = 1u << qp->rq_log_stride;
	struct cx_receive *receive = &qp->receive;
	int ret = qp->has_rq ? rq_posted(cx, qp) : 0;

	if (ret <= 0)
		return ret ? ret : -EAGAIN;
	ret = cx_buffer_read(cx, &qp->buffer, (uint64_t)(qp->rq_consumed & mask) * stride,
			     receive->bytes, stride);
	if (!ret)
		ret = cx_scatter_init(&receive->data, receive->bytes,
				      receive_size(receive->bytes, stride), false,
				      &receive->capacity);
	receive->taken = !ret;
	return ret ? -EINVAL : 0;
}

/* The completion of the receive at the head. */
static void rq_post(struct cx *cx, struct cx_qp *qp, uint8_t cqe[CX_CQE_BYTES], bool solicited)
{
	put_be32(cqe + CX_CQE_SRQN, qp->user_index);
	put_be32(cqe + CX_CQE_SOP_DROP_QPN, qp->number);
	put_be16(cqe + CX_CQE_WQE_COUNTER, qp->rq_consumed);
	cx_cq_post(cx, qp->recv_cq, cqe, solicited);
	qp->rq_consumed++;
	qp->receive.taken = false;
}

void cx_rq_complete(struct cx *cx, struct cx_qp *qp, const struct cx_wqe *wqe, uint8_t opcode)
{
	uint8_t cqe[CX_CQE_BYTES] = {0};

	memcpy(cqe + CX_CQE_IMMEDIATE, wqe->bytes + CX_CTRL_IMM, 4);
	put_be32(cqe + CX_CQE_BYTE_CNT, wqe->total);
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

enum cx_step cx_rq_flush(struct cx *cx, struct cx_qp *qp)
{
	int posted;

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
