// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Messages of RC queue pairs to a queue pair of the same NIC. The data is moved
 * in pieces: one read at its one end, one write at its other, each with the hint
 * of the key by which it goes.
 */
#include <errno.h>
#include <string.h>

#include "devices/cx/state.h"

#define RADDR_AT    CX_CTRL_BYTES
#define RNR_FOREVER 7u
#define RNR_TICK_NS 10000ull

/* Where data is: in the requester's segments, in memory of the peer's by a key, in its receive. */
enum place { LOCAL, REMOTE, RECEIVE };

static const struct kind {
	uint8_t opcode;
	enum place from, to;
	bool receives;	    /* uses up a receive of the peer's */
	uint8_t completion; /* ... that completes so */
} kinds[] = {
	{CX_WR_RDMA_WRITE, LOCAL, REMOTE, false, 0},
	{CX_WR_RDMA_WRITE_IMM, LOCAL, REMOTE, true, CX_CQE_RESP_WR_IMM},
	{CX_WR_RDMA_READ, REMOTE, LOCAL, false, 0},
	{CX_WR_SEND, LOCAL, RECEIVE, true, CX_CQE_RESP_SEND},
	{CX_WR_SEND_IMM, LOCAL, RECEIVE, true, CX_CQE_RESP_SEND_IMM},
};

static const struct kind *kind_of(const struct cx_wqe *wqe)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i].opcode == wqe->opcode)
			return &kinds[i];
	return NULL;
}

static bool is_rdma(const struct kind *kind)
{
	return kind->from == REMOTE || kind->to == REMOTE;
}

/* A message and its two ends, as they are at one step. */
struct message {
	struct cx_qp *qp, *responder;
	struct cx_wqe *wqe;
	const struct kind *kind;
};

/* Checks what needs no peer. 0 or a syndrome. */
unsigned cx_message_begin(struct cx *cx, struct cx_qp *qp)
{
	struct cx_wqe *wqe = &qp->wqe;
	const struct kind *kind = kind_of(wqe);
	unsigned at = CX_CTRL_BYTES + (is_rdma(kind) ? CX_RADDR_BYTES : 0);
	uint64_t total;

	(void)cx;
	if (qp->type != CX_ST_RC || wqe->size < at ||
	    cx_scatter_init(&wqe->data, wqe->bytes + at, wqe->size - at, kind->from == LOCAL,
			    &total))
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

/* Where the data that is next has its place, at most @len bytes. */
static int place_reach(const struct message *m, enum place place, uint64_t len,
		       struct cx_reach *reach)
{
	const struct cx_qp *owner = place == LOCAL ? m->qp : m->responder;
	bool write = place == m->kind->to;
	const uint8_t *raddr = m->wqe->bytes + RADDR_AT;
	struct cx_segment segment;

	*reach = (struct cx_reach){.pd = owner->pd, .qpn = owner->number, .len = len};
	if (place == REMOTE) {
		reach->key = cx_be32(raddr + CX_RADDR_RKEY);
		reach->va = cx_be64(raddr + CX_RADDR_VA) + m->wqe->done;
		reach->access = write ? CX_REMOTE_WRITE : CX_REMOTE_READ;
		return (write ? owner->remote_write : owner->remote_read) ? 0 : -EACCES;
	}
	if (!cx_scatter_next(place == LOCAL ? &m->wqe->data : &m->responder->receive.data,
			     &segment))
		return -EACCES;
	reach->key = segment.key;
	reach->va = segment.va;
	if (reach->len > segment.left)
		reach->len = segment.left;
	reach->access = write ? CX_LOCAL_WRITE : CX_LOCAL_READ;
	return 0;
}

/* An access violation ends both QPs; the responder's owner gets an event. */
static unsigned remote_access_error(struct cx *cx, const struct message *m)
{
	struct cx_eq *eq = cx_eq_for(cx, CX_EVENT_WQ_ACCESS_ERROR);
	const uint8_t *raddr = m->wqe->bytes + RADDR_AT;
	uint8_t eqe[CX_EQE_BYTES] = {0};

	pci_log(&cx->f, "QP 0x%x refuses a %s of %u bytes at 0x%llx by key 0x%x",
		m->responder->number, m->kind->from == REMOTE ? "read" : "write", m->wqe->total,
		(unsigned long long)cx_be64(raddr + CX_RADDR_VA), cx_be32(raddr + CX_RADDR_RKEY));
	cx_qp_set_state(cx, m->responder, CX_QP_ERR);
	if (eq) {
		eqe[CX_EQE_TYPE] = CX_EVENT_WQ_ACCESS_ERROR;
		eqe[CX_EQE_QP_TYPE] = CX_EVENT_QUEUE_QP;
		cx_put32(eqe + CX_EQE_QP_NUMBER, m->responder->number);
		cx_eq_post(cx, eq, eqe);
	}
	return CX_SYND_REMOTE_ACCESS;
}

/* Who may not reach @place; each end hears of it what it must. */
static enum cx_step place_refused(struct cx *cx, const struct message *m, enum place place)
{
	switch (place) {
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
	m->qp->wake_at = cx_now() + rnr_ticks(m->responder->min_rnr_nak) * RNR_TICK_NS;
	return CX_WAIT;
}

/* The responder's receive for this message. CX_MORE: there is one. */
static enum cx_step receive_take(struct cx *cx, const struct message *m)
{
	int r = m->responder->has_srq ? -EOPNOTSUPP : cx_rq_take(cx, m->responder);

	if (r == -EAGAIN)
		return receiver_not_ready(m);
	if (r) {
		pci_log(&cx->f, "QP 0x%x: %s", m->responder->number,
			r == -EOPNOTSUPP ? "shared receive queues are not modelled"
					 : "its receive queue cannot be read");
		cx_qp_set_state(cx, m->responder, CX_QP_ERR);
		m->wqe->syndrome = CX_SYND_REMOTE_OP;
		return CX_DONE;
	}
	if (m->kind->to == RECEIVE && m->wqe->total > m->responder->receive.room) {
		cx_rq_fail(cx, m->responder, CX_SYND_LOCAL_LENGTH);
		m->wqe->syndrome = CX_SYND_REMOTE_INVALID;
		return CX_DONE;
	}
	return CX_MORE;
}

/* The responder's checks before anything is moved. CX_MORE: it takes the message. */
static enum cx_step message_accept(struct cx *cx, const struct message *m)
{
	struct cx_reach reach;

	if (is_rdma(m->kind) && (place_reach(m, REMOTE, m->wqe->total, &reach) ||
				 (m->wqe->total && !cx_mkey_check(cx, &reach))))
		return place_refused(cx, m, REMOTE);
	if (m->kind->receives) {
		enum cx_step step = receive_take(cx, m);

		if (step != CX_MORE)
			return step;
	}
	m->wqe->begun = true;
	cx->messages++;
	cx->octets += m->wqe->total;
	return CX_MORE;
}

/* The span of the next piece at @place. CX_MORE: found. */
static enum cx_step place_find(struct cx *cx, const struct message *m, enum place place,
			       uint64_t len, struct cx_span *span)
{
	struct cx_reach reach;
	int r = place_reach(m, place, len, &reach);

	if (!r)
		r = cx_mkey_translate(cx, &reach, span);
	if (r == -ENXIO && place == REMOTE &&
	    cx_fault_raise(cx, m->qp, reach.key, reach.va, place == m->kind->to))
		return CX_WAIT;
	return r ? place_refused(cx, m, place) : CX_MORE;
}

/* Where the next piece goes: cut at pages, so that all but the first begin at one. */
static enum cx_step piece_target(struct cx *cx, const struct message *m, struct cx_piece *piece)
{
	uint32_t left = m->wqe->total - m->wqe->done;
	struct cx_span span;
	enum cx_step step = place_find(cx, m, m->kind->to,
				       left < CX_PIECE_BYTES ? left : CX_PIECE_BYTES, &span);

	if (step != CX_MORE)
		return step;
	piece->target = span.addr;
	piece->hint = span.hint;
	piece->length = CX_PIECE_BYTES - (uint32_t)(span.addr % CX_PIECE_BYTES);
	if (piece->length > span.len)
		piece->length = (uint32_t)span.len;
	return CX_MORE;
}

/*
 * Starts to fill the piece, cut to what lies together, or moves it at once where it need not
 * be held. CX_MORE: ended at once, see piece->status.
 */
static enum cx_step piece_fill(struct cx *cx, const struct message *m, struct cx_piece *piece)
{
	struct cx_segment segment;
	struct cx_span span;
	enum cx_step step;

	if (m->kind->from == LOCAL && cx_scatter_next(&m->wqe->data, &segment) && segment.data) {
		if (piece->length > segment.left)
			piece->length = segment.left;
		memcpy(piece->data, segment.data, piece->length);
		piece->phase = CX_PIECE_READ;
		return CX_MORE;
	}
	step = place_find(cx, m, m->kind->from, piece->length, &span);
	if (step != CX_MORE)
		return step;
	piece->length = (uint32_t)span.len;
	piece->status = cx->f.link.pass(cx->f.link.ctx, span.addr, &span.hint, piece->target,
					&piece->hint, piece->length);
	if (piece->status != -EAGAIN) {
		piece->phase = CX_PIECE_WRITE;
		return CX_MORE;
	}
	piece->phase = CX_PIECE_READ;
	piece->status = cx->f.link.read(cx->f.link.ctx, span.addr, piece->data, piece->length,
					&span.hint, 0);
	return piece->status == -EINPROGRESS ? CX_WAIT : CX_MORE;
}

static enum cx_step piece_begin(struct cx *cx, const struct message *m, struct cx_piece *piece)
{
	enum cx_step step;

	piece->status = 0;
	step = piece_target(cx, m, piece);
	if (step == CX_MORE)
		step = piece_fill(cx, m, piece);
	if (piece->phase != CX_PIECE_NONE) {
		piece->qp = m->qp;
		m->wqe->fault = CX_FAULT_NONE;
	}
	return step;
}

/* A request for data has failed: @place is there, but nobody answers for it. */
static enum cx_step piece_failed(struct cx *cx, const struct message *m, enum place place)
{
	if (place != REMOTE)
		return place_refused(cx, m, place);
	pci_log(&cx->f, "QP 0x%x: nobody takes a %s by key 0x%x", m->qp->number,
		place == m->kind->to ? "write" : "read",
		cx_be32(m->wqe->bytes + RADDR_AT + CX_RADDR_RKEY));
	m->wqe->syndrome = CX_SYND_REMOTE_OP;
	return CX_DONE;
}

/* The piece has been moved. */
static void message_advance(const struct message *m, uint32_t moved)
{
	m->wqe->done += moved;
	m->wqe->data.done += moved;
	if (m->kind->to == RECEIVE)
		m->responder->receive.data.done += moved;
}

/* Moves one piece, or goes on with one whose request has ended. */
static enum cx_step piece_move(struct cx *cx, const struct message *m)
{
	struct cx_piece *piece = &cx->piece;
	enum place failed = m->kind->to;

	if (piece->phase == CX_PIECE_NONE) {
		enum cx_step step = piece_begin(cx, m, piece);

		if (step != CX_MORE)
			return step;
	}
	if (piece->phase == CX_PIECE_READ && piece->status) {
		failed = m->kind->from;
	} else if (piece->phase == CX_PIECE_READ) {
		piece->phase = CX_PIECE_WRITE;
		piece->status = cx->f.link.write(cx->f.link.ctx, piece->target, piece->data,
						 piece->length, &piece->hint, 0);
		if (piece->status == -EINPROGRESS)
			return CX_WAIT;
	}
	piece->phase = CX_PIECE_NONE;
	piece->qp = NULL;
	if (piece->status)
		return piece_failed(cx, m, failed);
	message_advance(m, piece->length);
	return CX_MORE;
}

enum cx_step cx_message_step(struct cx *cx, struct cx_qp *qp)
{
	struct message m = {
		.qp = qp,
		.responder = responder_of(cx, qp),
		.wqe = &qp->wqe,
		.kind = kind_of(&qp->wqe),
	};
	enum cx_step step = CX_MORE;

	if (qp->wqe.fault == CX_FAULT_RAISED)
		return CX_WAIT;
	/* gone, or reset with its receive half filled */
	if (!m.responder || (qp->wqe.begun && m.kind->receives && !m.responder->receive.taken)) {
		qp->wqe.syndrome = CX_SYND_RETRY_EXC;
		return CX_DONE;
	}
	if (!qp->wqe.begun)
		step = message_accept(cx, &m);
	else if (qp->wqe.done < qp->wqe.total)
		step = piece_move(cx, &m);
	if (step != CX_MORE || qp->wqe.done < qp->wqe.total)
		return step;
	if (m.kind->receives)
		cx_rq_complete(cx, m.responder, &qp->wqe, m.kind->completion);
	return CX_DONE;
}
