// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The responder of a message: finds its queue pair, checks the request, and refuses what it does
 * not allow. On a reliable connection the requester gets the error; refused requests of an
 * unreliable connection or a datagram are dropped.
 */
#include <errno.h>

#include "devices/cx/message.h"
#include "util/clock.h"

#define NUMBER_MASK 0xffffffu
#define RNR_FOREVER 7u
#define RNR_TICK_NS 10000ull

struct cx_qp *cx_responder_of(struct cx *cx, const struct cx_qp *qp)
{
	bool is_datagram = qp->type == CX_ST_UD;
	struct cx_qp *peer = cx_table_get(&cx->qps, is_datagram ? qp->wqe.to.qpn : qp->peer);

	if (!peer || peer->type != qp->type)
		return NULL;
	if (peer->state != CX_QP_RTR && peer->state != CX_QP_RTS && peer->state != CX_QP_SQD)
		return NULL;
	if (is_datagram)
		return qp->wqe.to.here && peer->q_key == qp->wqe.to.q_key ? peer : NULL;
	return qp->peer_lid == cx_lid(cx) && peer->peer == qp->number && peer->peer_lid == qp->lid
		       ? peer
		       : NULL;
}

int cx_message_access(const struct cx_message *m, enum cx_end end, uint64_t len,
		      struct cx_access_req *req)
{
	const struct cx_qp *owner = end == CX_LOCAL ? m->qp : m->responder;
	const uint8_t *raddr = m->wqe->bytes + cx_raddr_at(m->qp);
	struct cx_data_segment segment;

	*req = (struct cx_access_req){.pd = owner->pd, .qpn = owner->number, .len = len};
	if (end == CX_REMOTE) {
		req->pd = m->wqe->remote_pd;
		req->key = get_be32(raddr + CX_RADDR_RKEY);
		req->va = get_be64(raddr + CX_RADDR_VA) + m->wqe->done;
		req->access = m->kind->access;
		return owner->remote_allowed >> req->access & 1 ? 0 : -EACCES;
	}
	if (!cx_scatter_next(end == CX_LOCAL ? &m->wqe->data : &m->responder->receive.data,
			     &segment))
		return -EACCES;
	if (end == CX_RECEIVE)
		req->pd = owner->receive.pd;
	req->key = segment.key;
	req->va = segment.va;
	if (req->len > segment.left)
		req->len = segment.left;
	req->access = end == m->kind->to ? CX_LOCAL_WRITE : CX_LOCAL_READ;
	return 0;
}

enum cx_step cx_responder_refuse(const struct cx_message *m, unsigned syndrome)
{
	if (cx_is_reliable(m->qp))
		m->wqe->syndrome = (uint8_t)syndrome;
	return CX_DONE;
}

/* An access violation puts both QPs of a reliable connection into error; the responder's owner gets
 * an event. */
static enum cx_step remote_access_error(struct cx *cx, const struct cx_message *m)
{
	static const char *const names[] = {
		[CX_REMOTE_READ] = "a read",
		[CX_REMOTE_WRITE] = "a write",
		[CX_REMOTE_ATOMIC] = "an atomic operation",
	};
	const uint8_t *raddr = m->wqe->bytes + cx_raddr_at(m->qp);

	pci_log(&cx->f, "QP 0x%x refuses %s of %u bytes at 0x%llx by key 0x%x",
		m->responder->number, names[m->kind->access], m->wqe->total,
		(unsigned long long)get_be64(raddr + CX_RADDR_VA), get_be32(raddr + CX_RADDR_RKEY));
	if (cx_is_reliable(m->qp)) {
		cx_qp_set_state(cx, m->responder, CX_QP_ERR);
		cx_eq_tell(cx, CX_EVENT_WQ_ACCESS_ERROR, m->responder->number);
	}
	return cx_responder_refuse(m, CX_SYND_REMOTE_ACCESS);
}

enum cx_step cx_access_failed(struct cx *cx, const struct cx_message *m, enum cx_end end)
{
	switch (end) {
	case CX_LOCAL:
		m->wqe->syndrome = CX_SYND_LOCAL_PROT;
		break;
	case CX_REMOTE:
		return remote_access_error(cx, m);
	case CX_RECEIVE:
		cx_rq_fail(cx, m->responder, CX_SYND_LOCAL_PROT);
		return cx_responder_refuse(m, CX_SYND_REMOTE_OP);
	}
	return CX_DONE;
}

/* The wait that a responder's code stands for (IBTA 9.7.5.2.8), in units of 10 us. */
static uint64_t rnr_ticks(unsigned code)
{
	if (code == 0)
		return 65536;
	if (code == 1)
		return 1;
	return code % 2 ? 3ull << (code - 3) / 2 : 1ull << code / 2;
}

uint64_t cx_rnr_wait_ns(unsigned code)
{
	return rnr_ticks(code) * RNR_TICK_NS;
}

bool cx_rnr_may_retry(struct cx_wqe *wqe)
{
	if (!wqe->rnr_left)
		return false;
	if (wqe->rnr_left != RNR_FOREVER)
		wqe->rnr_left--;
	return true;
}

static enum cx_step receiver_not_ready(const struct cx_message *m)
{
	if (!cx_is_reliable(m->qp) || !cx_rnr_may_retry(m->wqe))
		return cx_responder_refuse(m, CX_SYND_RNR_RETRY_EXC);
	m->qp->wake_at_ns = clock_ns() + cx_rnr_wait_ns(m->responder->min_rnr_nak);
	return CX_WAIT;
}

/* The SRQ that an XRC message names, whether it needs a receive or not. */
static uint32_t named_srq(const struct cx_message *m)
{
	return get_be32(m->wqe->bytes + CX_CTRL_BYTES + CX_XRC_SRQN) & NUMBER_MASK;
}

/* A receiver of XRC has no PD: the SRQ's is used. */
bool cx_responder_find_pd(struct cx *cx, const struct cx_message *m)
{
	const struct cx_srq *srq;

	m->wqe->remote_pd = m->responder->pd;
	if (m->qp->type != CX_ST_XRC)
		return true;
	srq = cx_table_get(&cx->srqs, named_srq(m));
	if (!srq || srq->xrcd != m->responder->xrcd)
		return false;
	m->wqe->remote_pd = srq->pd;
	return true;
}

/* The responder's receive for this message. CX_MORE: there is one. */
static enum cx_step take_receive(struct cx *cx, const struct cx_message *m)
{
	uint32_t srq = m->qp->type == CX_ST_XRC ? named_srq(m) : m->responder->srq;
	int ret = cx_rq_take(cx, m->responder, srq);

	if (ret == -EAGAIN) {
		cx_count_no_receive(cx, m->responder);
		return receiver_not_ready(m);
	}
	if (ret) {
		pci_log(&cx->f, "QP 0x%x: its receive queue cannot be read", m->responder->number);
		cx_qp_set_state(cx, m->responder, CX_QP_ERR);
		return cx_responder_refuse(m, CX_SYND_REMOTE_OP);
	}
	if (m->kind->to == CX_RECEIVE && m->wqe->total > m->responder->receive.capacity) {
		cx_rq_fail(cx, m->responder, CX_SYND_LOCAL_LENGTH);
		return cx_responder_refuse(m, CX_SYND_REMOTE_INVALID);
	}
	return CX_MORE;
}

/* A misaligned operand is an invalid request. */
static bool is_aligned(const struct cx_message *m)
{
	return !m->kind->atomic ||
	       get_be64(m->wqe->bytes + cx_raddr_at(m->qp) + CX_RADDR_VA) % CX_ATOMIC_OPERAND == 0;
}

void cx_responder_count(struct cx *cx, const struct cx_message *m)
{
	bool loops_back = m->qp != &cx->inbound.qp; /* else the other end counts one direction */

	if (cx_is_rdma(m->kind))
		cx_count_request(cx, m->responder, m->kind->access);
	if (loops_back || m->kind->from != CX_LOCAL)
		cx_count_message(&cx->sent, m->wqe->total);
	if (loops_back || m->kind->from == CX_LOCAL)
		cx_count_message(&cx->received, m->wqe->total);
}

enum cx_step cx_responder_accept(struct cx *cx, const struct cx_message *m)
{
	struct cx_access_req req;

	if (!cx_responder_find_pd(cx, m) || !is_aligned(m)) {
		cx_qp_set_state(cx, m->responder, CX_QP_ERR);
		return cx_responder_refuse(m, CX_SYND_REMOTE_INVALID);
	}
	if (cx_is_rdma(m->kind) && (cx_message_access(m, CX_REMOTE, m->wqe->total, &req) ||
				    (m->wqe->total && !cx_mkey_check(cx, &req))))
		return cx_access_failed(cx, m, CX_REMOTE);
	if (m->kind->completion) {
		enum cx_step step = take_receive(cx, m);

		if (step != CX_MORE)
			return step;
	}
	m->wqe->begun = true;
	if (m->qp != &cx->inbound.qp)
		cx_responder_count(cx, m);
	return CX_MORE;
}

/* The key that a send invalidates is invalid before its completion is visible. */
enum cx_step cx_responder_complete(struct cx *cx, const struct cx_message *m)
{
	const struct cx_access_req req = {
		.key = get_be32(m->wqe->bytes + CX_CTRL_IMM),
		.pd = m->wqe->remote_pd,
		.qpn = m->responder->number,
	};

	if (m->wqe->opcode == CX_WR_SEND_INVAL && cx_mkey_invalidate(cx, &req)) {
		cx_rq_fail(cx, m->responder, CX_SYND_MW_BIND);
		return cx_responder_refuse(m, CX_SYND_REMOTE_ACCESS);
	}
	cx_rq_complete(cx, m->responder, m->wqe, m->kind->completion);
	return CX_DONE;
}
