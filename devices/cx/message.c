// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Messages to a queue pair of the same NIC, and functions for those over the wire. The data is
 * moved by transfers: one read at one end, one write at the other, each with the hint of the key
 * that it uses. An atomic operation is a read and a write of its operand, then a transfer of the
 * old value; no other access of this NIC comes between. A datagram is moved whole before any other
 * work, so that those of several senders do not mix in one receive.
 */
#include <errno.h>
#include <string.h>

#include "devices/cx/message.h"

#define RC	 (1u << CX_ST_RC)
#define UC	 (1u << CX_ST_UC)
#define UD	 (1u << CX_ST_UD)
#define XRC	 (1u << CX_ST_XRC)
#define RELIABLE (RC | XRC)

enum { SEGMENTS_MAX = 8 }; /* of a packet, moved in one step; it has 5 pages at most */

static const struct cx_message_kind kinds[] = {
	{CX_WR_RDMA_WRITE, RELIABLE | UC, CX_LOCAL, CX_REMOTE, .access = CX_REMOTE_WRITE},
	{CX_WR_RDMA_WRITE_IMM, RELIABLE | UC, CX_LOCAL, CX_REMOTE, .access = CX_REMOTE_WRITE,
	 .completion = CX_CQE_RESP_WR_IMM},
	{CX_WR_RDMA_READ, RELIABLE, CX_REMOTE, CX_LOCAL, .access = CX_REMOTE_READ},
	{CX_WR_SEND, RELIABLE | UC | UD, CX_LOCAL, CX_RECEIVE, .completion = CX_CQE_RESP_SEND},
	{CX_WR_SEND_IMM, RELIABLE | UC | UD, CX_LOCAL, CX_RECEIVE,
	 .completion = CX_CQE_RESP_SEND_IMM},
	{CX_WR_SEND_INVAL, RELIABLE, CX_LOCAL, CX_RECEIVE, .completion = CX_CQE_RESP_SEND_INV},
	{CX_WR_ATOMIC_CS, RELIABLE, CX_REMOTE, CX_LOCAL, .atomic = true,
	 .access = CX_REMOTE_ATOMIC},
	{CX_WR_ATOMIC_FA, RELIABLE, CX_REMOTE, CX_LOCAL, .atomic = true,
	 .access = CX_REMOTE_ATOMIC},
};

const struct cx_message_kind *cx_message_kind(const struct cx_wqe *wqe)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (kinds[i].opcode == wqe->opcode)
			return &kinds[i];
	return NULL;
}

/* Bytes of the segments in front of the data. */
static unsigned headers_size(const struct cx_qp *qp, const struct cx_message_kind *kind)
{
	return cx_raddr_at(qp) + (cx_is_rdma(kind) ? CX_RADDR_BYTES : 0) +
	       (kind->atomic ? CX_ATOMIC_BYTES : 0);
}

/* The checks that need no peer. 0 or a syndrome. */
unsigned cx_message_begin(struct cx *cx, struct cx_qp *qp)
{
	struct cx_wqe *wqe = &qp->wqe;
	const struct cx_message_kind *kind = cx_message_kind(wqe);
	unsigned at = headers_size(qp, kind), syndrome = 0;
	uint64_t total;

	if (!(kind->types & 1u << qp->type) || wqe->size < at)
		return CX_SYND_LOCAL_QP_OP;
	if (qp->type == CX_ST_UD)
		syndrome = cx_datagram_begin(cx, qp);
	if (syndrome)
		return syndrome;
	if (cx_scatter_init(&wqe->data, wqe->bytes + at, wqe->size - at, kind->from == CX_LOCAL,
			    &total))
		return CX_SYND_LOCAL_QP_OP;
	if (total > 1ull << CX_MESSAGE_LOG || (kind->atomic && total != CX_ATOMIC_OPERAND))
		return CX_SYND_LOCAL_LENGTH;
	wqe->is_message = true;
	wqe->total = (uint32_t)total;
	wqe->rnr_left = qp->rnr_retry;
	return 0;
}

/* The addresses of the next data at @end, as far as they are contiguous. CX_MORE: found. */
static enum cx_step translate(struct cx *cx, const struct cx_message *m, enum cx_end end,
			      uint64_t len, struct cx_segment *segment)
{
	struct cx_access_req req;
	int ret;

	if (cx_message_access(m, end, len, &req))
		return cx_access_failed(cx, m, end);
	ret = cx_mkey_translate(cx, &req, segment);
	if (!ret)
		return CX_MORE;
	if (ret == -ENXIO && end == CX_REMOTE &&
	    cx_page_fault_raise(cx, m->qp, segment->key, segment->va, req.access != CX_REMOTE_READ))
		return CX_WAIT;
	return cx_access_failed(cx, m, end);
}

/*
 * The target of the next transfer, cut at the end of a page, so that the one after it begins at a
 * page.
 */
static enum cx_step transfer_target(struct cx *cx, const struct cx_message *m,
				    struct cx_transfer *transfer)
{
	uint32_t left = m->wqe->total - m->wqe->done;
	struct cx_segment segment;
	enum cx_step step = translate(
		cx, m, m->kind->to, left < CX_TRANSFER_BYTES ? left : CX_TRANSFER_BYTES, &segment);

	if (step != CX_MORE)
		return step;
	transfer->target = segment.addr;
	transfer->hint = segment.hint;
	transfer->length = CX_TRANSFER_BYTES - (uint32_t)(segment.addr % CX_TRANSFER_BYTES);
	if (transfer->length > segment.len)
		transfer->length = (uint32_t)segment.len;
	return CX_MORE;
}

/* Copies the inline data of a work request. False: it has none. */
static bool take_inline(const struct cx_message *m, uint8_t *bytes, uint32_t len, uint32_t *taken)
{
	struct cx_data_segment data;

	if (!cx_scatter_next(&m->wqe->data, &data) || !data.data)
		return false;
	*taken = data.left < len ? data.left : len;
	memcpy(bytes, data.data, *taken);
	return true;
}

/* Likewise the old value of an atomic operation. */
static bool fill_inline(const struct cx_message *m, struct cx_transfer *transfer)
{
	if (m->kind->atomic)
		memcpy(transfer->data, m->wqe->old + m->wqe->done, transfer->length);
	else if (m->kind->from != CX_LOCAL ||
		 !take_inline(m, transfer->data, transfer->length, &transfer->length))
		return false;
	transfer->phase = CX_TRANSFER_READ;
	return true;
}

/*
 * Starts to fill the transfer, cut to what is contiguous, or moves its data at once where that
 * needs no copy. CX_MORE: ended at once, see transfer->status.
 */
static enum cx_step transfer_fill(struct cx *cx, const struct cx_message *m,
				  struct cx_transfer *transfer)
{
	struct cx_segment segment;
	enum cx_step step;

	if (fill_inline(m, transfer))
		return CX_MORE;
	step = translate(cx, m, m->kind->from, transfer->length, &segment);
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

static enum cx_step transfer_begin(struct cx *cx, const struct cx_message *m,
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
static enum cx_step transfer_failed(struct cx *cx, const struct cx_message *m, enum cx_end end)
{
	if (end != CX_REMOTE)
		return cx_access_failed(cx, m, end);
	pci_log(&cx->f, "QP 0x%x: no completer claims a %s by key 0x%x", m->qp->number,
		end == m->kind->to ? "write" : "read",
		get_be32(m->wqe->bytes + cx_raddr_at(m->qp) + CX_RADDR_RKEY));
	return cx_responder_refuse(m, CX_SYND_REMOTE_OP);
}

/* The result of an atomic operation; false: the memory does not change. Operands and results are
 * little-endian in memory, as the capabilities say. */
static bool atomic_result(const struct cx_message *m, uint8_t result[CX_ATOMIC_OPERAND])
{
	const struct cx_wqe *wqe = m->wqe;
	const uint8_t *operands = wqe->bytes + cx_raddr_at(m->qp) + CX_RADDR_BYTES;
	uint64_t old = get_le64(wqe->old), operand = get_be64(operands + CX_ATOMIC_SWAP_ADD);

	if (wqe->opcode == CX_WR_ATOMIC_FA)
		put_le64(result, old + operand);
	else if (old == get_be64(operands + CX_ATOMIC_COMPARE))
		put_le64(result, operand);
	else
		return false;
	return true;
}

/* Starts to read the operand. */
static enum cx_step fetch_begin(struct cx *cx, const struct cx_message *m,
				struct cx_transfer *transfer)
{
	struct cx_segment segment = {0};
	enum cx_step step = translate(cx, m, CX_REMOTE, CX_ATOMIC_OPERAND, &segment);

	if (step != CX_MORE)
		return step;
	if (segment.len < CX_ATOMIC_OPERAND) /* it is not contiguous */
		return cx_access_failed(cx, m, CX_REMOTE);
	transfer->target = segment.addr;
	transfer->hint = segment.hint;
	transfer->length = CX_ATOMIC_OPERAND;
	transfer->phase = CX_TRANSFER_READ;
	transfer->qp = m->qp;
	m->wqe->page_fault = CX_PAGE_FAULT_NONE;
	transfer->status = cx->f.link.read(cx->f.link.ctx, segment.addr, transfer->data,
					   CX_ATOMIC_OPERAND, &segment.hint, 0);
	return transfer->status == -EINPROGRESS ? CX_WAIT : CX_MORE;
}

/* Writes the bytes that were read to their target. True: the write has not ended yet. */
static bool write_held(struct cx *cx, struct cx_transfer *transfer)
{
	/* The driver may have disabled such hints while the read was under way. */
	if (transfer->hint.st_bits && transfer->hint.st_bits > pci_tph_requester_bits(&cx->f))
		transfer->hint = (struct tlp_hint){0};
	transfer->phase = CX_TRANSFER_WRITE;
	transfer->status = cx->f.link.write(cx->f.link.ctx, transfer->target, transfer->data,
					    transfer->length, &transfer->hint, 0);
	return transfer->status == -EINPROGRESS;
}

enum cx_step cx_message_fetch(struct cx *cx, const struct cx_message *m)
{
	struct cx_transfer *transfer = &cx->transfer;

	if (transfer->phase == CX_TRANSFER_NONE) {
		enum cx_step step = fetch_begin(cx, m, transfer);

		if (step != CX_MORE)
			return step;
	}
	if (transfer->phase == CX_TRANSFER_READ && !transfer->status)
		memcpy(m->wqe->old, transfer->data, CX_ATOMIC_OPERAND);
	if (transfer->phase == CX_TRANSFER_READ && !transfer->status &&
	    atomic_result(m, transfer->data)) {
		if (write_held(cx, transfer))
			return CX_WAIT;
	}
	transfer->phase = CX_TRANSFER_NONE;
	transfer->qp = NULL;
	m->wqe->fetched = true;
	return transfer->status ? transfer_failed(cx, m, CX_REMOTE) : CX_MORE;
}

/* Advances one of the two ends by @moved bytes. */
static void moved_at(const struct cx_message *m, enum cx_end end, uint32_t moved)
{
	if (end == CX_LOCAL)
		m->wqe->data.done += moved;
	if (end == CX_RECEIVE)
		m->responder->receive.data.done += moved;
	if (end != CX_LOCAL)
		m->wqe->done += moved;
}

/* Reads a segment into a packet, without a copy where possible. */
static int read_segment(struct cx *cx, const struct cx_segment *segment, uint8_t *bytes)
{
	const struct pci_function_link *link = &cx->f.link;
	const void *memory =
		link->read_in_place(link->ctx, segment->addr, segment->len, &segment->hint);

	if (!memory)
		return link->read(link->ctx, segment->addr, bytes, segment->len, &segment->hint, 0);
	cx->wire.gather(cx->wire.ctx, bytes, memory, segment->len);
	return 0;
}

/*
 * Reads the next segment at @end into @bytes, or writes it from @bytes if @write: what is
 * contiguous, at most @len. CX_MORE: its length has been added to *@done; else as
 * cx_message_move().
 */
static enum cx_step move_segment(struct cx *cx, const struct cx_message *m, enum cx_end end,
				 bool write, uint8_t *bytes, uint32_t len, uint32_t *done)
{
	struct cx_transfer *transfer = &cx->transfer;
	struct cx_segment segment = {0};
	enum cx_step step;

	if (transfer->phase == CX_TRANSFER_NONE) {
		if (!write && end == CX_LOCAL && take_inline(m, bytes, len, &transfer->length))
			goto moved;
		step = translate(cx, m, end, len < CX_TRANSFER_BYTES ? len : CX_TRANSFER_BYTES,
				 &segment);
		if (step != CX_MORE)
			return step;
		transfer->length = (uint32_t)segment.len;
		transfer->phase = CX_TRANSFER_WRITE;
		transfer->status = write ? cx->f.link.write(cx->f.link.ctx, segment.addr, bytes,
							    transfer->length, &segment.hint, 0)
					 : read_segment(cx, &segment, bytes);
		if (transfer->status == -EINPROGRESS)
			return CX_WAIT;
	}
	transfer->phase = CX_TRANSFER_NONE;
	if (transfer->status)
		return transfer_failed(cx, m, end);
moved:
	moved_at(m, end, transfer->length);
	*done += transfer->length;
	return CX_MORE;
}

enum cx_step cx_message_move(struct cx *cx, const struct cx_message *m, enum cx_end end, bool write,
			     uint8_t *bytes, uint32_t len, uint32_t *done)
{
	for (unsigned segments = 0; *done < len; segments++) {
		enum cx_step step;

		/* An indirect key may have a segment for each byte, and each is searched for. */
		if (segments == SEGMENTS_MAX)
			return CX_WAIT;
		step = move_segment(cx, m, end, write, bytes + *done, len - *done, done);
		if (step != CX_MORE)
			return step;
	}
	return CX_MORE;
}

/* Does one transfer, or continues one whose request has ended. */
static enum cx_step transfer_step(struct cx *cx, const struct cx_message *m)
{
	struct cx_transfer *transfer = &cx->transfer;
	enum cx_end failed = m->kind->to;

	if (transfer->phase == CX_TRANSFER_NONE) {
		enum cx_step step = transfer_begin(cx, m, transfer);

		if (step != CX_MORE)
			return step;
	}
	if (transfer->phase == CX_TRANSFER_READ && transfer->status) {
		failed = m->kind->from;
	} else if (transfer->phase == CX_TRANSFER_READ) {
		if (write_held(cx, transfer))
			return CX_WAIT;
	}
	transfer->phase = CX_TRANSFER_NONE;
	if (m->qp->type != CX_ST_UD)
		transfer->qp = NULL;
	if (transfer->status)
		return transfer_failed(cx, m, failed);
	moved_at(m, m->kind->from, transfer->length);
	moved_at(m, m->kind->to, transfer->length);
	return CX_MORE;
}

static enum cx_step message_step(struct cx *cx, const struct cx_message *m)
{
	struct cx_wqe *wqe = m->wqe;
	enum cx_step step = CX_MORE;

	/* it was destroyed, or reset with its receive half filled */
	if (!m->responder || (wqe->begun && m->kind->completion && !m->responder->receive.taken))
		return cx_responder_refuse(m, CX_SYND_RETRY_EXC);
	if (!wqe->begun)
		step = cx_responder_accept(cx, m);
	else if (m->kind->atomic && !wqe->fetched)
		step = cx_message_fetch(cx, m);
	else if (wqe->done < wqe->total)
		step = transfer_step(cx, m);
	if (step != CX_MORE || wqe->done < wqe->total)
		return step;
	return m->kind->completion ? cx_responder_complete(cx, m) : CX_DONE;
}

enum cx_step cx_message_step(struct cx *cx, struct cx_qp *qp)
{
	const struct cx_message m = {
		.qp = qp,
		.responder = cx_responder_of(cx, qp),
		.wqe = &qp->wqe,
		.kind = cx_message_kind(&qp->wqe),
	};
	enum cx_step step;

	if (qp->wqe.page_fault == CX_PAGE_FAULT_RAISED)
		return CX_WAIT;
	step = message_step(cx, &m);
	if (qp->type == CX_ST_UD)
		cx->transfer.qp = step == CX_DONE ? NULL : qp;
	return step;
}
