// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Messages of RC queue pairs to a queue pair of the same NIC. The data is moved by
 * transfers: one read at one end, one write at the other, each with the hint of the
 * key by which it goes.
 */
#include <errno.h>
#include <string.h>

#include "devices/cx/state.h"
#include "util/clock.h"

#define RADDR_AT    CX_CTRL_BYTES
#define RNR_FOREVER 7u
#define RNR_TICK_NS 10000ull

/* Where data is: the requester's segments; the responder's memory, by a key; its receive. */
enum msg_end { LOCAL, REMOTE, RECEIVE };

static const struct op_desc {
	uint8_t opcode;
	enum msg_end from, to;
	bool receives;	    /* uses up a receive of the responder's */
	uint8_t completion; /* of that receive */
} ops[] = {
	{CX_WR_RDMA_WRITE, LOCAL, REMOTE, false, 0},
	{CX_WR_RDMA_WRITE_IMM, LOCAL, REMOTE, true, CX_CQE_RESP_WR_IMM},
	{CX_WR_RDMA_READ, REMOTE, LOCAL, false, 0},
	{CX_WR_SEND, LOCAL, RECEIVE, true, CX_CQE_RESP_SEND},
	{CX_WR_SEND_IMM, LOCAL, RECEIVE, true, CX_CQE_RESP_SEND_IMM},
};

static const struct op_desc *op_of(const struct cx_wqe *wqe)
{
	for (size_t i = 0; i < ARRAY_SIZE(ops); i++)
		if (ops[i].opcode == wqe->opcode)
			return &ops[i];
	return NULL;
}

static bool is_rdma(const struct op_desc *op)
{
	return op->from == REMOTE || op->to == REMOTE;
}

/* A message and its two ends, as they are at one step. */
struct message {
	struct cx_qp *qp, *responder;
	struct cx_wqe *wqe;
	const struct op_desc *op;
};

/* Checks what needs no peer. 0 or a syndrome. */
unsigned cx_message_begin(struct cx_qp *qp)
{
	struct cx_wqe *wqe = &qp->wqe;
	const struct op_desc *op = op_of(wqe);
	unsigned at = CX_CTRL_BYTES + (is_rdma(op) ? CX_RADDR_BYTES : 0);
	uint64_t total;

	if (qp->type != CX_ST_RC || wqe->size < at ||
	    cx_scatter_init(&wqe->data, wqe->bytes + at, wqe->size - at, op->from == LOCAL, &total))
		return CX_SYND_LOCAL_QP_OP;
	if (total > 1ull << CX_MESSAGE_LOG)
		return CX_SYND_LOCAL_LENGTH;
	wqe->is_message = true;
	wqe->total = (uint32_t)total;
	wqe->rnr_left = qp->rnr_retry;
	return 0;
}

/* The other end, if there is one that receives from this one. */
static struct cx_qp *responder_of(struct cx *cx, const struct cx_qp *qp)
{
	struct cx_qp *peer = cx_table_get(&cx->qps, qp->peer);

	if (!peer || qp->peer_lid != cx_lid(cx) || peer->type != CX_ST_RC)
		return NULL;
	if (peer->state != CX_QP_RTR && peer->state != CX_QP_RTS && peer->state != CX_QP_SQD)
		return NULL;
	return peer->peer == qp->number ? peer : NULL;
}

/* The access to the next data at @end, at most @len bytes. 0, or -EACCES. */
static int describe_access(const struct message *m, enum msg_end end, uint64_t len,
			   struct cx_access_req *req)
{
	const struct cx_qp *owner = end == LOCAL ? m->qp : m->responder;
	bool write = end == m->op->to;
	const uint8_t *raddr = m->wqe->bytes + RADDR_AT;
	struct cx_data_segment segment;

	*req = (struct cx_access_req){.pd = owner->pd, .qpn = owner->number, .len = len};
	if (end == REMOTE) {
		req->key = get_be32(raddr + CX_RADDR_RKEY);
		req->va = get_be64(raddr + CX_RADDR_VA) + m->wqe->done;
		req->access = write ? CX_REMOTE_WRITE : CX_REMOTE_READ;
		return (write ? owner->remote_write : owner->remote_read) ? 0 : -EACCES;
	}
	if (!cx_scatter_next(end == LOCAL ? &m->wqe->data : &m->responder->receive.data, &segment))
		return -EACCES;
	req->key = segment.key;
	req->va = segment.va;
	if (req->len > segment.left)
		req->len = segment.left;
	req->access = write ? CX_LOCAL_WRITE : CX_LOCAL_READ;
	return 0;
}

/* An access violation ends both QPs; the responder's owner gets an event. */
static unsigned remote_access_error(struct cx *cx, const struct message *m)
{
	struct cx_eq *eq = cx_eq_for(cx, CX_EVENT_WQ_ACCESS_ERROR);
	const uint8_t *raddr = m->wqe->bytes + RADDR_AT;
	uint8_t eqe[CX_EQE_BYTES] = {0};

	pci_log(&cx->f, "QP 0x%x refuses a %s of %u bytes at 0x%llx by key 0x%x",
		m->responder->number, m->op->from == REMOTE ? "read" : "write", m->wqe->total,
		(unsigned long long)get_be64(raddr + CX_RADDR_VA), get_be32(raddr + CX_RADDR_RKEY));
	cx_qp_set_state(cx, m->responder, CX_QP_ERR);
	if (eq) {
		eqe[CX_EQE_TYPE] = CX_EVENT_WQ_ACCESS_ERROR;
		eqe[CX_EQE_QP_TYPE] = CX_EVENT_QUEUE_QP;
		put_be32(eqe + CX_EQE_QP_NUMBER, m->responder->number);
		cx_eq_post(cx, eq, eqe);
	}
	return CX_SYND_REMOTE_ACCESS;
}

/*
 * The access check failed at @end: the requester gets an error completion, and for REMOTE the
 * responder an event, for RECEIVE an error completion.
 */
static enum cx_step access_failed(struct cx *cx, const struct message *m, enum msg_end end)
{
	switch (end) {
	case LOCAL:
		m->wqe->syndrome = CX_SYND_LOCAL_PROT;
		break;
	case REMOTE:
		m->wqe->syndrome = (uint8_t)remote_access_error(cx, m);
		break;
	case RECEIVE:
		m->wqe->syndrome = CX_SYND_REMOTE_OP;
		cx_rq_fail(cx, m->responder, CX_SYND_LOCAL_PROT);
		break;
	}
	return CX_DONE;
}

/* The time that a code of the responder's asks for (IBTA 9.7.5.2.8), in 10 us. */
static uint64_t rnr_ticks(unsigned code)
{
	if (code == 0)
		return 65536;
	if (code == 1)
		return 1;
	return code % 2 ? 3ull << (code - 3) / 2 : 1ull << code / 2;
}

static enum cx_step receiver_not_ready(const struct message *m)
{
	if (!m->wqe->rnr_left) {
		m->wqe->syndrome = CX_SYND_RNR_RETRY_EXC;
		return CX_DONE;
	}
	if (m->wqe->rnr_left != RNR_FOREVER)
		m->wqe->rnr_left--;
	m->qp->wake_at_ns = clock_ns() + rnr_ticks(m->responder->min_rnr_nak) * RNR_TICK_NS;
	return CX_WAIT;
}

/* The responder's receive for this message. CX_MORE: there is one. */
static enum cx_step take_receive(struct cx *cx, const struct message *m)
{
	int ret = m->responder->has_srq ? -EOPNOTSUPP : cx_rq_take(cx, m->responder);

	if (ret == -EAGAIN)
		return receiver_not_ready(m);
	if (ret) {
		pci_log(&cx->f, "QP 0x%x: %s", m->responder->number,
			ret == -EOPNOTSUPP ? "shared receive queues are not modelled"
					   : "its receive queue cannot be read");
		cx_qp_set_state(cx, m->responder, CX_QP_ERR);
		m->wqe->syndrome = CX_SYND_REMOTE_OP;
		return CX_DONE;
	}
	if (m->op->to == RECEIVE && m->wqe->total > m->responder->receive.capacity) {
		cx_rq_fail(cx, m->responder, CX_SYND_LOCAL_LENGTH);
		m->wqe->syndrome = CX_SYND_REMOTE_INVALID;
		return CX_DONE;
	}
	return CX_MORE;
}

/* The responder's checks before anything is moved. CX_MORE: it accepts the message. */
static enum cx_step message_accept(struct cx *cx, const struct message *m)
{
	struct cx_access_req req;

	if (is_rdma(m->op) && (describe_access(m, REMOTE, m->wqe->total, &req) ||
			       (m->wqe->total && !cx_mkey_check(cx, &req))))
		return access_failed(cx, m, REMOTE);
	if (m->op->receives) {
		enum cx_step step = take_receive(cx, m);

		if (step != CX_MORE)
			return step;
	}
	m->wqe->begun = true;
	cx->messages++;
	cx->octets += m->wqe->total;
	return CX_MORE;
}

/* The addresses of the next data at @end, as far as they are contiguous. CX_MORE: found. */
static enum cx_step translate(struct cx *cx, const struct message *m, enum msg_end end,
			      uint64_t len, struct cx_segment *segment)
{
	struct cx_access_req req;
	int ret = describe_access(m, end, len, &req);

	*segment = (struct cx_segment){0};
	if (!ret)
		ret = cx_mkey_translate(cx, &req, segment);
	if (ret == -ENXIO && end == REMOTE &&
	    cx_page_fault_raise(cx, m->qp, req.key, req.va, end == m->op->to))
		return CX_WAIT;
	return ret ? access_failed(cx, m, end) : CX_MORE;
}

/* Where the next transfer goes: it ends at a page, so that the one after begins at one. */
static enum cx_step transfer_target(struct cx *cx, const struct message *m,
				    struct cx_transfer *transfer)
{
	uint32_t left = m->wqe->total - m->wqe->done;
	struct cx_segment segment;
	enum cx_step step = translate(
		cx, m, m->op->to, left < CX_TRANSFER_BYTES ? left : CX_TRANSFER_BYTES, &segment);

	if (step != CX_MORE)
		return step;
	transfer->target = segment.addr;
	transfer->hint = segment.hint;
	transfer->length = CX_TRANSFER_BYTES - (uint32_t)(segment.addr % CX_TRANSFER_BYTES);
	if (transfer->length > segment.len)
		transfer->length = (uint32_t)segment.len;
	return CX_MORE;
}

/* Inline data is in the work request already. False: there is none. */
static bool fill_inline(const struct message *m, struct cx_transfer *transfer)
{
	struct cx_data_segment data;

	if (m->op->from != LOCAL || !cx_scatter_next(&m->wqe->data, &data) || !data.data)
		return false;
	if (transfer->length > data.left)
		transfer->length = data.left;
	memcpy(transfer->data, data.data, transfer->length);
	transfer->phase = CX_TRANSFER_READ;
	return true;
}

/*
 * Starts to fill the transfer, cut to what is contiguous, or moves it at once where it need not
 * be held. CX_MORE: ended at once, see transfer->status.
 */
static enum cx_step transfer_fill(struct cx *cx, const struct message *m,
				  struct cx_transfer *transfer)
{
	struct cx_segment segment;
	enum cx_step step;

	if (fill_inline(m, transfer))
		return CX_MORE;
	step = translate(cx, m, m->op->from, transfer->length, &segment);
	if (step != CX_MORE)
		return step;
	transfer->length = (uint32_t)segment.len;
	transfer->status = cx->f.link.pass(cx->f.link.ctx, segment.addr, &segment.hint,
					   transfer->target, &transfer->hint, transfer->length);
	if (transfer->status != -EAGAIN) {
		transfer->phase = CX_TRANSFER_WRITE;
		return CX_MORE;
	}
	transfer->phase = CX_TRANSFER_READ;
	transfer->status = cx->f.link.read(cx->f.link.ctx, segment.addr, transfer->data,
					   transfer->length, &segment.hint, 0);
	return transfer->status == -EINPROGRESS ? CX_WAIT : CX_MORE;
}

static enum cx_step transfer_begin(struct cx *cx, const struct message *m,
				   struct cx_transfer *transfer)
{
	enum cx_step step;

	transfer->status = 0;
	step = transfer_target(cx, m, transfer);
	if (step == CX_MORE)
		step = transfer_fill(cx, m, transfer);
	if (transfer->phase != CX_TRANSFER_NONE) {
		transfer->qp = m->qp;
		m->wqe->page_fault = CX_PAGE_FAULT_NONE;
	}
	return step;
}

/* A request for data has failed: @end is mapped, but its address is unclaimed or its completer
 * refuses. */
static enum cx_step transfer_failed(struct cx *cx, const struct message *m, enum msg_end end)
{
	if (end != REMOTE)
		return access_failed(cx, m, end);
	pci_log(&cx->f, "QP 0x%x: no completer claims a %s by key 0x%x", m->qp->number,
		end == m->op->to ? "write" : "read",
		get_be32(m->wqe->bytes + RADDR_AT + CX_RADDR_RKEY));
	m->wqe->syndrome = CX_SYND_REMOTE_OP;
	return CX_DONE;
}

/* The transfer succeeded. */
static void message_advance(const struct message *m, uint32_t moved)
{
	m->wqe->done += moved;
	m->wqe->data.done += moved;
	if (m->op->to == RECEIVE)
		m->responder->receive.data.done += moved;
}

/* Does one transfer, or goes on with one whose request has ended. */
static enum cx_step transfer_step(struct cx *cx, const struct message *m)
{
	struct cx_transfer *transfer = &cx->transfer;
	enum msg_end failed = m->op->to;

	if (transfer->phase == CX_TRANSFER_NONE) {
		enum cx_step step = transfer_begin(cx, m, transfer);

		if (step != CX_MORE)
			return step;
	}
	if (transfer->phase == CX_TRANSFER_READ && transfer->status) {
		failed = m->op->from;
	} else if (transfer->phase == CX_TRANSFER_READ) {
		transfer->phase = CX_TRANSFER_WRITE;
		transfer->status =
			cx->f.link.write(cx->f.link.ctx, transfer->target, transfer->data,
					 transfer->length, &transfer->hint, 0);
		if (transfer->status == -EINPROGRESS)
			return CX_WAIT;
	}
	transfer->phase = CX_TRANSFER_NONE;
	transfer->qp = NULL;
	if (transfer->status)
		return transfer_failed(cx, m, failed);
	message_advance(m, transfer->length);
	return CX_MORE;
}

enum cx_step cx_message_step(struct cx *cx, struct cx_qp *qp)
{
	struct message m = {
		.qp = qp,
		.responder = responder_of(cx, qp),
		.wqe = &qp->wqe,
		.op = op_of(&qp->wqe),
	};
	enum cx_step step = CX_MORE;

	if (qp->wqe.page_fault == CX_PAGE_FAULT_RAISED)
		return CX_WAIT;
	/* it was destroyed, or reset with its receive half filled */
	if (!m.responder || (qp->wqe.begun && m.op->receives && !m.responder->receive.taken)) {
		qp->wqe.syndrome = CX_SYND_RETRY_EXC;
		return CX_DONE;
	}
	if (!qp->wqe.begun)
		step = message_accept(cx, &m);
	else if (qp->wqe.done < qp->wqe.total)
		step = transfer_step(cx, &m);
	if (step != CX_MORE || qp->wqe.done < qp->wqe.total)
		return step;
	if (m.op->receives)
		cx_rq_complete(cx, m.responder, &qp->wqe, m.op->completion);
	return CX_DONE;
}
