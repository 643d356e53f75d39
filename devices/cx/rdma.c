// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * RDMA WRITE to a queue pair of the same NIC. The message is moved in pieces: one
 * read of local memory, one write to the remote key's, each with its key's hint.
 */
#include <errno.h>
#include <string.h>

#include "devices/cx/state.h"

#define RADDR_AT    CX_CTRL_BYTES
#define DATA_AT	    (RADDR_AT + CX_RADDR_BYTES)
#define INLINE_FLAG 0x80000000u
#define INLINE_AT   4u /* of the data in its segment */

struct segment {
	bool is_inline;
	uint32_t length; /* of the data */
	unsigned size;	 /* of the segment */
};

/* False: the segment does not fit into the WQE. */
static bool segment_at(const struct cx_wqe *wqe, unsigned offset, struct segment *segment)
{
	uint32_t count;

	if (offset + CX_DATA_BYTES > wqe->size)
		return false;
	count = cx_be32(wqe->bytes + offset + CX_DATA_BYTE_COUNT);
	segment->is_inline = count & INLINE_FLAG;
	segment->length = count & ~INLINE_FLAG;
	segment->size = CX_DATA_BYTES;
	if (segment->is_inline) {
		segment->length &= CX_WQE_INLINE_MASK;
		segment->size = (INLINE_AT + segment->length + CX_WQE_DS_BYTES - 1) /
				CX_WQE_DS_BYTES * CX_WQE_DS_BYTES;
	}
	return offset + segment->size <= wqe->size;
}

/* The sum of all data segments. 0 or a syndrome. */
static unsigned message_length(struct cx_wqe *wqe)
{
	uint64_t total = 0;
	struct segment segment;

	for (unsigned at = DATA_AT; at < wqe->size; at += segment.size) {
		if (!segment_at(wqe, at, &segment))
			return CX_SYND_LOCAL_QP_OP;
		total += segment.length;
	}
	if (total > 1ull << CX_MESSAGE_LOG)
		return CX_SYND_LOCAL_LENGTH;
	wqe->total = (uint32_t)total;
	return 0;
}

/* The other end, if there is one that receives. */
static struct cx_qp *responder_of(struct cx *cx, const struct cx_qp *qp)
{
	struct cx_qp *peer = cx_table_get(&cx->qps, qp->peer);

	if (!peer || qp->peer_lid != cx_lid(cx) || peer->type != CX_ST_RC)
		return NULL;
	if (peer->state != CX_QP_RTR && peer->state != CX_QP_RTS && peer->state != CX_QP_SQD)
		return NULL;
	return peer;
}

static struct cx_reach remote_reach(const struct cx_wqe *wqe, const struct cx_qp *responder,
				    uint64_t len)
{
	const uint8_t *raddr = wqe->bytes + RADDR_AT;

	return (struct cx_reach){
		.key = cx_be32(raddr + CX_RADDR_RKEY),
		.pd = responder->pd,
		.access = CX_REMOTE_WRITE,
		.va = cx_be64(raddr + CX_RADDR_VA) + wqe->done,
		.len = len,
	};
}

/* An access violation ends both QPs; the responder's owner gets an event. */
static unsigned remote_access_error(struct cx *cx, const struct cx_wqe *wqe,
				    struct cx_qp *responder)
{
	struct cx_eq *eq = cx_eq_for(cx, CX_EVENT_WQ_ACCESS_ERROR);
	const uint8_t *raddr = wqe->bytes + RADDR_AT;
	uint8_t eqe[CX_EQE_BYTES] = {0};

	cx_log(cx, "QP 0x%x refuses a write of %u bytes to 0x%llx by key 0x%x", responder->number,
	       wqe->total, (unsigned long long)cx_be64(raddr + CX_RADDR_VA),
	       cx_be32(raddr + CX_RADDR_RKEY));
	cx_qp_set_state(cx, responder, CX_QP_ERR);
	if (eq) {
		eqe[CX_EQE_TYPE] = CX_EVENT_WQ_ACCESS_ERROR;
		eqe[CX_EQE_QP_TYPE] = CX_EVENT_QUEUE_QP;
		cx_put32(eqe + CX_EQE_QP_NUMBER, responder->number);
		cx_eq_post(cx, eq, eqe);
	}
	return CX_SYND_REMOTE_ACCESS;
}

unsigned cx_rdma_begin(struct cx *cx, struct cx_qp *qp)
{
	struct cx_wqe *wqe = &qp->wqe;
	struct cx_qp *responder;
	struct cx_reach reach;
	unsigned syndrome;

	if (qp->type != CX_ST_RC || wqe->size < DATA_AT)
		return CX_SYND_LOCAL_QP_OP;
	syndrome = message_length(wqe);
	if (syndrome)
		return syndrome;
	wqe->segment = DATA_AT;
	responder = responder_of(cx, qp);
	if (!responder)
		return CX_SYND_RETRY_EXC;
	if (!responder->remote_write)
		return remote_access_error(cx, wqe, responder);
	reach = remote_reach(wqe, responder, wqe->total);
	if (wqe->total && !cx_mkey_check(cx, &reach))
		return remote_access_error(cx, wqe, responder);
	cx->messages++;
	cx->octets += wqe->total;
	return 0;
}

/* Where the next piece goes, and how long it can be by that. CX_MORE: found. */
static enum cx_step piece_target(struct cx *cx, struct cx_qp *qp, struct cx_piece *piece)
{
	struct cx_wqe *wqe = &qp->wqe;
	struct cx_qp *responder = responder_of(cx, qp);
	uint64_t left = wqe->total - wqe->done;
	struct cx_reach reach;
	struct cx_span span;
	int r;

	if (!responder) {
		wqe->syndrome = CX_SYND_RETRY_EXC;
		return CX_DONE;
	}
	reach = remote_reach(wqe, responder, 0);
	/* cut at pages, so that all but the first begin at one */
	reach.len = CX_PIECE_BYTES - reach.va % CX_PIECE_BYTES;
	if (reach.len > left)
		reach.len = left;
	r = responder->remote_write ? cx_mkey_translate(cx, &reach, &span) : -EACCES;
	if (r == -ENXIO && cx_fault_raise(cx, qp, reach.key, reach.va))
		return CX_WAIT;
	if (r) {
		wqe->syndrome = (uint8_t)remote_access_error(cx, wqe, responder);
		return CX_DONE;
	}
	wqe->fault = CX_FAULT_NONE;
	piece->target = span.addr;
	piece->hint = span.hint;
	piece->length = (uint32_t)span.len;
	return CX_MORE;
}

/* Starts to fill the piece, cut to what lies together. As link.read(); -EACCES: not allowed. */
static int piece_fill(struct cx *cx, const struct cx_qp *qp, struct cx_piece *piece)
{
	const struct cx_wqe *wqe = &qp->wqe;
	const uint8_t *data = wqe->bytes + wqe->segment;
	struct segment segment;
	struct cx_reach reach;
	struct cx_span span;
	uint32_t left;

	if (!segment_at(wqe, wqe->segment, &segment))
		return -EACCES;
	left = segment.length - wqe->segment_done;
	if (piece->length > left)
		piece->length = left;
	if (segment.is_inline) {
		memcpy(piece->data, data + INLINE_AT + wqe->segment_done, piece->length);
		return 0;
	}
	reach = (struct cx_reach){
		.key = cx_be32(data + CX_DATA_LKEY),
		.pd = qp->pd,
		.access = CX_LOCAL_READ,
		.va = cx_be64(data + CX_DATA_ADDR) + wqe->segment_done,
		.len = piece->length,
	};
	if (cx_mkey_translate(cx, &reach, &span))
		return -EACCES;
	piece->length = (uint32_t)span.len;
	return cx->f.link.read(cx->f.link.ctx, span.addr, piece->data, piece->length, &span.hint,
			       0);
}

/* Steps over segments that are done, and empty ones. */
static void message_advance(struct cx_wqe *wqe, uint32_t moved)
{
	struct segment segment;

	wqe->done += moved;
	wqe->segment_done += moved;
	while (segment_at(wqe, wqe->segment, &segment) && wqe->segment_done == segment.length) {
		wqe->segment += segment.size;
		wqe->segment_done = 0;
	}
}

/* Moves one piece, or goes on with one whose request has ended. */
static enum cx_step piece_move(struct cx *cx, struct cx_qp *qp)
{
	struct cx_piece *piece = &cx->piece;
	struct cx_wqe *wqe = &qp->wqe;
	int r = piece->status;

	if (piece->phase == CX_PIECE_NONE) {
		enum cx_step step = piece_target(cx, qp, piece);

		if (step != CX_MORE)
			return step;
		piece->phase = CX_PIECE_READ;
		piece->qp = qp;
		r = piece_fill(cx, qp, piece);
		if (r == -EINPROGRESS)
			return CX_WAIT;
	}
	if (piece->phase == CX_PIECE_READ && r) {
		wqe->syndrome = CX_SYND_LOCAL_PROT;
	} else if (piece->phase == CX_PIECE_READ) {
		piece->phase = CX_PIECE_WRITE;
		r = cx->f.link.write(cx->f.link.ctx, piece->target, piece->data, piece->length,
				     &piece->hint, 0);
		if (r == -EINPROGRESS)
			return CX_WAIT;
	}
	if (piece->phase == CX_PIECE_WRITE && r) {
		cx_log(cx, "QP 0x%x: nobody takes a write to 0x%llx", qp->number,
		       (unsigned long long)piece->target);
		wqe->syndrome = CX_SYND_REMOTE_OP;
	}
	piece->phase = CX_PIECE_NONE;
	piece->qp = NULL;
	if (wqe->syndrome)
		return CX_DONE;
	message_advance(wqe, piece->length);
	return wqe->done < wqe->total ? CX_MORE : CX_DONE;
}

enum cx_step cx_rdma_step(struct cx *cx, struct cx_qp *qp)
{
	if (qp->wqe.fault == CX_FAULT_RAISED)
		return CX_WAIT;
	if (!qp->wqe.done)
		message_advance(&qp->wqe, 0);
	return qp->wqe.done < qp->wqe.total ? piece_move(cx, qp) : CX_DONE;
}
