// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Send queues. A doorbell puts its queue pair among the workers; each step of work
 * does a bounded part of one WQE, then the next worker has its turn.
 */
#include <string.h>

#include "devices/cx/state.h"
#include "util/clock.h"

void cx_sq_ring(struct cx *cx, uint32_t uar, uint32_t number)
{
	struct cx_qp *qp = cx_table_get(&cx->qps, number);

	if (qp && qp->uar == uar)
		cx_qp_wake(cx, qp);
}

static bool sq_flushes(const struct cx_qp *qp)
{
	return qp->state == CX_QP_ERR || qp->state == CX_QP_SQER;
}

/* @bytes from WQE block @from on, around the end of the ring. */
static int sq_read(struct cx *cx, const struct cx_qp *qp, uint16_t from, uint8_t *to,
		   unsigned bytes)
{
	unsigned mask = (1u << qp->sq_log_size) - 1;

	for (unsigned done = 0; done < bytes; done += CX_WQE_BB_BYTES) {
		uint64_t block = (from + done / CX_WQE_BB_BYTES) & mask;
		unsigned part = bytes - done < CX_WQE_BB_BYTES ? bytes - done : CX_WQE_BB_BYTES;
		int ret = cx_buffer_read(cx, &qp->buffer, qp->sq_offset + block * CX_WQE_BB_BYTES,
					 to + done, part);
		if (ret)
			return ret;
	}
	return 0;
}

/* Reads the WQE at the queue's head. 0, a syndrome, or a negative errno. */
static int wqe_load(struct cx *cx, struct cx_qp *qp)
{
	struct cx_wqe *wqe = &qp->wqe;
	unsigned posted = (uint16_t)(qp->produced - qp->consumed);
	int ret;

	memset(wqe, 0, sizeof(*wqe));
	wqe->blocks = posted;
	if (posted > 1u << qp->sq_log_size)
		return CX_SYND_LOCAL_QP_OP; /* an invalid doorbell record: none counts */
	ret = sq_read(cx, qp, qp->consumed, wqe->bytes, CX_CTRL_BYTES);
	if (ret)
		return ret;
	wqe->opcode = (uint8_t)get_be32(wqe->bytes + CX_CTRL_OPMOD_IDX_OPCODE);
	wqe->size = (get_be32(wqe->bytes + CX_CTRL_QPN_DS) & CX_WQE_DS_MASK) * CX_WQE_DS_BYTES;
	wqe->blocks = (wqe->size + CX_WQE_BB_BYTES - 1) / CX_WQE_BB_BYTES;
	if (!wqe->blocks || wqe->blocks > posted) {
		wqe->blocks = 1;
		return CX_SYND_LOCAL_QP_OP;
	}
	return sq_read(cx, qp, qp->consumed, wqe->bytes, wqe->size);
}

static unsigned wqe_begin(struct cx *cx, struct cx_qp *qp)
{
	switch (qp->wqe.opcode) {
	case CX_WR_NOP:
		return 0;
	case CX_WR_SEND:
	case CX_WR_SEND_IMM:
		/* management datagrams are dropped: there is no subnet manager */
		if (qp->type == CX_ST_QP0 || qp->type == CX_ST_QP1)
			return 0;
		return cx_message_begin(cx, qp);
	case CX_WR_SEND_INVAL:
	case CX_WR_RDMA_WRITE:
	case CX_WR_RDMA_WRITE_IMM:
	case CX_WR_RDMA_READ:
	case CX_WR_ATOMIC_CS:
	case CX_WR_ATOMIC_FA:
		return cx_message_begin(cx, qp);
	case CX_WR_UMR:
		return cx_umr_begin(cx, qp);
	}
	pci_log(&cx->f, "QP 0x%x: work request 0x%x is not known for a QP of type %u", qp->number,
		qp->wqe.opcode, qp->type);
	return CX_SYND_LOCAL_QP_OP;
}

/* Takes the next WQE. False: there is none, or the state does not allow it. */
static bool sq_take(struct cx *cx, struct cx_qp *qp)
{
	uint8_t record[4];
	int ret;

	if (!qp->has_sq || (qp->state != CX_QP_RTS && !sq_flushes(qp)))
		return false;
	if (qp->rung) {
		qp->rung = false;
		if (pci_dma_read(&cx->f, qp->doorbell_record + CX_DBR_SND * 4, record,
				 sizeof(record))) {
			pci_log(&cx->f, "QP 0x%x: its doorbell record cannot be read", qp->number);
			return false;
		}
		qp->produced = (uint16_t)get_be32(record);
	}
	if (qp->produced == qp->consumed)
		return false;
	ret = wqe_load(cx, qp);
	if (ret < 0) {
		pci_log(&cx->f, "QP 0x%x: its send queue cannot be read", qp->number);
		qp->consumed = qp->produced;
		cx_qp_set_state(cx, qp, CX_QP_ERR);
		return false;
	}
	qp->wqe.active = true;
	qp->wqe.syndrome = (uint8_t)ret;
	if (sq_flushes(qp))
		qp->wqe.syndrome = CX_SYND_FLUSH;
	else if (!ret)
		qp->wqe.syndrome = (uint8_t)wqe_begin(cx, qp);
	return true;
}

static enum cx_step wqe_step(struct cx *cx, struct cx_qp *qp)
{
	if (qp->wqe.syndrome)
		return CX_DONE;
	if (sq_flushes(qp)) { /* put into error with the WQE half done */
		qp->wqe.syndrome = CX_SYND_FLUSH;
		return CX_DONE;
	}
	if (qp->wqe.opcode == CX_WR_UMR)
		return cx_umr_step(cx, qp);
	if (!qp->wqe.is_message)
		return CX_DONE;
	return cx_is_on_wire(cx, qp) ? cx_request_step(cx, qp) : cx_message_step(cx, qp);
}

static void wqe_complete(struct cx *cx, struct cx_qp *qp)
{
	const struct cx_wqe *wqe = &qp->wqe;
	uint8_t flags = wqe->bytes[CX_CTRL_FM_CE_SE];
	uint8_t cqe[CX_CQE_BYTES] = {0};

	put_be32(cqe + CX_CQE_SRQN, qp->user_index);
	put_be32(cqe + CX_CQE_SOP_DROP_QPN, (uint32_t)wqe->opcode << 24 | qp->number);
	put_be16(cqe + CX_CQE_WQE_COUNTER, qp->consumed);
	if (wqe->syndrome) {
		cqe[CX_CQE_ERR_SYNDROME] = wqe->syndrome;
		cqe[CX_CQE_OP_OWN] = CX_CQE_REQ_ERR << 4;
		cx_cq_post(cx, qp->send_cq, cqe, true);
	} else if (flags & CX_WQE_CQ_UPDATE) {
		put_be32(cqe + CX_CQE_BYTE_CNT, wqe->total);
		put_be64(cqe + CX_CQE_TIMESTAMP, clock_ns());
		cqe[CX_CQE_OP_OWN] = CX_CQE_REQ << 4;
		cx_cq_post(cx, qp->send_cq, cqe, false); /* the flag is meant for the peer */
	}
}

static void wqe_finish(struct cx *cx, struct cx_qp *qp)
{
	struct cx_wqe *wqe = &qp->wqe;

	wqe_complete(cx, qp);
	qp->consumed = (uint16_t)(qp->consumed + wqe->blocks);
	wqe->active = false;
	if (wqe->syndrome && !sq_flushes(qp)) {
		if (wqe->syndrome != CX_SYND_REMOTE_ACCESS) /* the responder has logged it */
			pci_log(&cx->f, "QP 0x%x: work request 0x%x ends with syndrome 0x%x",
				qp->number, wqe->opcode, wqe->syndrome);
		cx_qp_set_state(cx, qp, CX_QP_ERR);
	}
}

/* CX_DONE: there is nothing to do. */
static enum cx_step qp_step(struct cx *cx, struct cx_qp *qp)
{
	enum cx_step step;

	if (qp == &cx->inbound.qp)
		return cx_inbound_step(cx);
	/* Neither another queue pair's time nor a doorbell during a WQE ends the wait. */
	if (qp->wake_at_ns && (qp->wqe.active || !qp->rung) && qp->wake_at_ns > clock_ns())
		return CX_WAIT;
	qp->wake_at_ns = 0;
	qp->wants_wire = false;
	if (!qp->wqe.active && !sq_take(cx, qp))
		return cx_rq_flush(cx, qp);
	step = wqe_step(cx, qp);
	if (step != CX_DONE)
		return step;
	wqe_finish(cx, qp);
	return CX_MORE;
}

void cx_qp_step(struct cx *cx)
{
	struct cx_qp *qp = cx->transfer.qp;

	if (!qp)
		qp = TAILQ_FIRST(&cx->workers);
	switch (qp_step(cx, qp)) {
	case CX_MORE:
		cx_qp_has_work(cx, qp);
		break;
	case CX_DONE:
		cx_qp_rest(qp);
		break;
	case CX_WAIT:
		if (qp->wants_wire)
			cx_qp_await_wire(cx, qp);
		else if (qp->wake_at_ns)
			cx_qp_sleep(cx, qp);
		else if (!cx->transfer.qp) /* a page fault; its end wakes the queue */
			cx_qp_rest(qp);
		break;
	}
}
