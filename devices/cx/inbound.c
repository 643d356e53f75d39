// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Packets from the wire, one at a time. A request is executed like a loop-back message:
 * cx_inbound.qp represents the requester for one packet, and the responder makes the same checks.
 * A packet out of order is dropped, and a NAK names the one that is missing; a packet that arrives
 * twice is answered twice, and executed once unless it is a read.
 */
#include <string.h>

#include "devices/cx/message.h"

#define PSN_HALF       0x800000u
#define PAGE_FAULT_RNR 14u /* 1.28 ms */
#define GRH_DGID       24u /* in a GRH (IBTA 8.3) */

static bool is_read(const struct cx_packet *p)
{
	return p->opcode == CX_WR_RDMA_READ;
}

/* A datagram with a GRH must match the port's GID, too. */
static bool is_for_gid(const struct cx *cx, const struct cx_packet *p)
{
	uint8_t gid[16];

	if (p->type != CX_ST_UD || !(p->flags & CX_PACKET_HAS_GRH))
		return true;
	cx_port_gid(cx, gid);
	return !memcmp(p->payload + GRH_DGID, gid, sizeof(gid));
}

/* The work request that a requester on this NIC would have. */
static void fill_wqe(const struct cx *cx, struct cx_inbound *in)
{
	const struct cx_packet *p = &in->packet;
	struct cx_wqe *wqe = &in->qp.wqe;
	uint8_t *raddr;

	/* of the WQE's bytes only the headers are used, and set here */
	memset((uint8_t *)wqe + offsetof(struct cx_wqe, size), 0,
	       sizeof(*wqe) - offsetof(struct cx_wqe, size));
	wqe->opcode = p->opcode;
	wqe->total = p->total;
	wqe->done = p->offset;
	wqe->begun = p->offset != 0;
	wqe->bytes[CX_CTRL_FM_CE_SE] = p->flags & CX_PACKET_SOLICITED ? CX_WQE_SOLICITED : 0;
	put_be32(wqe->bytes + CX_CTRL_IMM, p->immediate);
	put_be32(wqe->bytes + CX_CTRL_BYTES + CX_XRC_SRQN, p->extra);
	raddr = wqe->bytes + cx_raddr_at(&in->qp);
	put_be64(raddr + CX_RADDR_VA, p->va);
	put_be32(raddr + CX_RADDR_RKEY, p->key);
	put_be64(raddr + CX_RADDR_BYTES + CX_ATOMIC_SWAP_ADD, p->swap_add);
	put_be64(raddr + CX_RADDR_BYTES + CX_ATOMIC_COMPARE, p->compare);
	wqe->to = (struct cx_address){
		.qpn = p->to,
		.q_key = p->extra,
		.from = p->from,
		.lid = p->to_lid,
		.from_lid = p->from_lid,
		.sl = p->sl,
		.here = is_for_gid(cx, p),
		.has_grh = p->flags & CX_PACKET_HAS_GRH,
	};
}

static void begin(const struct cx *cx, struct cx_inbound *in)
{
	const struct cx_packet *p = &in->packet;

	in->active = true;
	in->done = 0;
	in->answer = NULL;
	in->qp.number = p->from;
	in->qp.lid = p->from_lid;
	in->qp.type = p->type;
	in->qp.peer = p->to;
	in->qp.peer_lid = p->to_lid;
	fill_wqe(cx, in);
}

/* A buffer for an answer; without an answer the requester sends its packet again. */
static bool reserve_answer(struct cx *cx)
{
	if (!cx->inbound.answer)
		cx->inbound.answer = cx->wire.reserve(cx->wire.ctx, true);
	return cx->inbound.answer;
}

static void answer(struct cx *cx, enum cx_packet_kind kind, uint8_t code, uint32_t psn,
		   uint32_t length)
{
	struct cx_packet p = cx->inbound.packet;

	if (!cx_is_reliable(&cx->inbound.qp) || !reserve_answer(cx))
		return;
	p.kind = kind;
	p.code = code;
	p.psn = psn & CX_PSN_MASK;
	p.length = length;
	p.from_lid = cx->inbound.packet.to_lid;
	p.to_lid = cx->inbound.packet.from_lid;
	p.from = cx->inbound.packet.to;
	p.to = cx->inbound.packet.from;
	cx->wire.send(cx->wire.ctx, cx_packet_encode(&p, cx->inbound.answer));
	cx->inbound.answer = NULL;
}

/* Packets behind the gap get no answers: all of them will be sent again. */
static void answer_not_ready(struct cx *cx, const struct cx_message *m, unsigned code)
{
	m->responder->in.gap_told = true;
	answer(cx, CX_PACKET_RNR, (uint8_t)code, cx->inbound.packet.psn, 0);
}

/* An error, or a receiver that is not ready. */
static enum cx_step refused(struct cx *cx, const struct cx_message *m)
{
	if (m->wqe->syndrome == CX_SYND_RNR_RETRY_EXC)
		answer_not_ready(cx, m, m->responder->min_rnr_nak);
	else if (m->wqe->syndrome)
		answer(cx, CX_PACKET_NAK, m->wqe->syndrome, cx->inbound.packet.psn, 0);
	m->responder->in.offset = 0;
	return CX_DONE;
}

/* The driver maps the page meanwhile. */
static enum cx_step page_faulted(struct cx *cx, const struct cx_message *m)
{
	m->responder->in.page_fault = CX_PAGE_FAULT_RAISED;
	answer_not_ready(cx, m, PAGE_FAULT_RNR);
	return CX_DONE;
}

/* Is the packet the next of its message? Packets of a read are independent. */
static bool continues(const struct cx_inflow *in, const struct cx_packet *p)
{
	if (is_read(p) || !p->offset)
		return in->offset == 0;
	return in->offset == p->offset && in->total == p->total && in->opcode == p->opcode;
}

/* Answers with the value from before the atomic operation. */
static void answer_atomic(struct cx *cx, const struct cx_inflow *flow)
{
	if (!reserve_answer(cx))
		return;
	memcpy(cx->inbound.answer + CX_PACKET_HEADER, flow->atomic_old, CX_ATOMIC_OPERAND);
	answer(cx, CX_PACKET_DATA, 0, flow->atomic_psn, CX_ATOMIC_OPERAND);
}

static enum cx_step fetch(struct cx *cx, const struct cx_message *m)
{
	struct cx_inflow *flow = &m->responder->in;
	enum cx_step step = cx_message_fetch(cx, m);

	if (step != CX_MORE)
		return step;
	flow->has_atomic = true;
	flow->atomic_psn = cx->inbound.packet.psn;
	memcpy(flow->atomic_old, m->wqe->old, CX_ATOMIC_OPERAND);
	answer_atomic(cx, flow);
	return CX_MORE;
}

/* All of the packet has been executed. */
static enum cx_step packet_done(struct cx *cx, const struct cx_message *m)
{
	const struct cx_packet *p = &cx->inbound.packet;
	struct cx_inflow *flow = &m->responder->in;
	bool last = p->offset + p->length == p->total;

	flow->page_fault = CX_PAGE_FAULT_NONE;
	if (m->kind->from == CX_LOCAL) {
		flow->opcode = p->opcode;
		flow->total = p->total;
		flow->offset = last ? 0 : p->offset + p->length;
		if (last && m->kind->completion)
			cx_responder_complete(cx, m);
	}
	if (m->wqe->syndrome)
		return refused(cx, m);
	if (flow->psn == p->psn || !cx_is_reliable(m->qp)) { /* not a repeated read */
		flow->psn = (p->psn + 1) & CX_PSN_MASK;
		if (!p->offset)
			cx_responder_count(cx, m);
	}
	if (m->kind->from == CX_LOCAL && p->flags & CX_PACKET_ACK_ASKED)
		answer(cx, CX_PACKET_ACK, 0, p->psn, 0);
	return CX_DONE;
}

static enum cx_step move_part(struct cx *cx, const struct cx_message *m)
{
	struct cx_inbound *in = &cx->inbound;
	const struct cx_packet *p = &in->packet;
	uint32_t length = is_read(p) ? cx_packet_part(p->total, p->offset) : p->length;
	enum cx_end end = is_read(p) ? CX_REMOTE : m->kind->to;
	uint8_t *bytes = (uint8_t *)p->payload;
	enum cx_step step;

	if (is_read(p) && !reserve_answer(cx))
		return CX_DONE;
	if (is_read(p))
		bytes = in->answer + CX_PACKET_HEADER;
	step = cx_message_move(cx, m, end, !is_read(p), bytes, length, &in->done);
	if (step == CX_MORE && is_read(p))
		answer(cx, CX_PACKET_DATA, 0, p->psn, length);
	return step;
}

/* CX_MORE: all of the packet has been executed. */
static enum cx_step work(struct cx *cx, const struct cx_message *m)
{
	enum cx_step step;

	if (!m->wqe->begun) {
		step = cx_responder_accept(cx, m);
		if (step != CX_MORE)
			return step;
	} else if (!cx_responder_find_pd(cx, m)) {
		return cx_responder_refuse(m, CX_SYND_REMOTE_INVALID);
	}
	if (m->kind->completion && !m->responder->receive.taken)
		return cx_responder_refuse(m, CX_SYND_REMOTE_OP);
	return m->kind->atomic ? fetch(cx, m) : move_part(cx, m);
}

/*
 * Answers a packet that has arrived before. CX_MORE: a read, which alone is executed again.
 */
static enum cx_step repeated(struct cx *cx, const struct cx_message *m)
{
	const struct cx_inflow *flow = &m->responder->in;

	if (m->kind->atomic) {
		if (flow->has_atomic && flow->atomic_psn == cx->inbound.packet.psn)
			answer_atomic(cx, flow);
		return CX_DONE;
	}
	if (is_read(&cx->inbound.packet)) {
		m->wqe->begun = true;
		return CX_MORE;
	}
	answer(cx, CX_PACKET_ACK, 0, cx->inbound.packet.psn, 0);
	return CX_DONE;
}

/* A packet before this one was lost: reports once to the requester which one. */
static enum cx_step after_gap(struct cx *cx, const struct cx_message *m)
{
	struct cx_inflow *flow = &m->responder->in;

	if (!flow->gap_told && reserve_answer(cx)) {
		flow->gap_told = true;
		answer(cx, CX_PACKET_NAK, 0, flow->psn, 0);
	}
	return CX_DONE;
}

/* Is this the packet that the responder expects? CX_MORE: it is. */
static enum cx_step in_order(struct cx *cx, const struct cx_message *m)
{
	const struct cx_packet *p = &cx->inbound.packet;
	uint32_t ahead = (p->psn - m->responder->in.psn) & CX_PSN_MASK;

	if (m->qp->type == CX_ST_UD)
		return CX_MORE;
	if (m->qp->type == CX_ST_UC) {
		if (!p->offset)
			m->responder->in.offset = 0;
		return (!p->offset || !ahead) && continues(&m->responder->in, p) ? CX_MORE
										 : CX_DONE;
	}
	if (ahead >= PSN_HALF)
		return repeated(cx, m);
	if (ahead)
		return after_gap(cx, m);
	m->responder->in.gap_told = false;
	if (continues(&m->responder->in, p))
		return CX_MORE;
	cx_qp_set_state(cx, m->responder, CX_QP_ERR);
	cx_responder_refuse(m, CX_SYND_REMOTE_INVALID);
	return refused(cx, m);
}

static enum cx_step serve(struct cx *cx)
{
	struct cx_inbound *in = &cx->inbound;
	const struct cx_message m = {
		.qp = &in->qp,
		.responder = cx_responder_of(cx, &in->qp),
		.wqe = &in->qp.wqe,
		.kind = cx_message_kind(&in->qp.wqe),
	};
	enum cx_step step;

	if (!m.responder)
		return CX_DONE;
	step = in_order(cx, &m);
	if (step != CX_MORE)
		return step;
	m.wqe->page_fault = m.responder->in.page_fault;
	if (m.wqe->page_fault == CX_PAGE_FAULT_RAISED)
		return page_faulted(cx, &m);
	step = work(cx, &m);
	if (step == CX_WAIT && m.wqe->page_fault == CX_PAGE_FAULT_RAISED)
		return page_faulted(cx, &m);
	if (step == CX_WAIT)
		return step;
	return step == CX_DONE ? refused(cx, &m) : packet_done(cx, &m);
}

/* Takes the next packet. False: there is none. */
static bool take(struct cx *cx)
{
	size_t len;
	const uint8_t *bytes = cx->wire.take(cx->wire.ctx, &len);

	if (!bytes)
		return false;
	if (!cx_packet_decode(&cx->inbound.packet, bytes, len)) {
		begin(cx, &cx->inbound);
		return true;
	}
	pci_log(&cx->f, "dropped an invalid packet from the link");
	cx->wire.taken(cx->wire.ctx);
	return true;
}

/* A packet is completed before anything else, so that no command can remove its objects. */
enum cx_step cx_inbound_step(struct cx *cx)
{
	struct cx_inbound *in = &cx->inbound;
	enum cx_step step;

	if (!in->active && !take(cx))
		return CX_DONE;
	if (!in->active)
		return CX_MORE;
	if (in->packet.to_lid != cx_lid(cx) || in->packet.from_lid == cx_lid(cx))
		step = CX_DONE;
	else
		step = in->packet.kind == CX_PACKET_REQUEST ? serve(cx)
							    : cx_request_answered(cx, &in->packet);
	cx->transfer.qp = step == CX_DONE ? NULL : &in->qp;
	if (step != CX_DONE)
		return step;
	in->active = false;
	cx->wire.taken(cx->wire.ctx);
	return CX_MORE;
}

void cx_inbound_reset(struct cx *cx)
{
	cx_qp_rest(&cx->inbound.qp);
	if (cx->transfer.qp == &cx->inbound.qp) {
		cx->transfer.qp = NULL;
		cx->transfer.phase = CX_TRANSFER_NONE;
	}
	if (cx->inbound.active)
		cx->wire.taken(cx->wire.ctx);
	cx->inbound.active = false;
	if (cx->wire.reset)
		cx->wire.reset(cx->wire.ctx);
}
