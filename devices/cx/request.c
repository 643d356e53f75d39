// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The requester of a message over the wire: sends its parts as packets, a number of them before the
 * first is answered, and sends unanswered ones again after a timeout. An unreliable message is
 * complete when its last packet is sent.
 */
#include <string.h>

#include "devices/cx/message.h"
#include "util/clock.h"

/* Most unanswered packets of one queue pair: as many as a socket holds. */
#define WINDOW		12u
#define ACK_EVERY	4u
#define TIMEOUT_UNIT_NS 4096ull
#define TIMEOUT_MIN_NS	(20 * NS_PER_MS)

bool cx_is_on_wire(const struct cx *cx, const struct cx_qp *qp)
{
	uint16_t lid = qp->type == CX_ST_UD ? qp->wqe.to.lid : qp->peer_lid;

	return cx->wire.send && lid != cx_lid(cx);
}

/* When to send unanswered packets again; 0: never, as a timeout of 0 means. */
static uint64_t deadline(const struct cx_qp *qp)
{
	uint64_t ns = TIMEOUT_UNIT_NS << qp->ack_timeout;

	if (!qp->ack_timeout || !cx_is_reliable(qp))
		return 0;
	return clock_ns() + (ns > TIMEOUT_MIN_NS ? ns : TIMEOUT_MIN_NS);
}

/* Continues from the first packet that is not answered. */
static void rewind_flow(struct cx_wqe *wqe)
{
	struct cx_flow *flow = &wqe->flow;
	struct cx_data_segment segment;

	if (wqe->is_source) {
		uint64_t left = (uint64_t)flow->answered * CX_PACKET_PART;

		wqe->data.at = 0;
		wqe->data.done = 0;
		while (left && cx_scatter_next(&wqe->data, &segment)) {
			uint32_t part = segment.left < left ? segment.left : (uint32_t)left;

			wqe->data.done += part;
			left -= part;
		}
	}
	flow->sent = flow->answered;
}

static void fill_header(const struct cx *cx, const struct cx_message *m, struct cx_packet *p)
{
	const struct cx_wqe *wqe = m->wqe;
	const uint8_t *raddr = wqe->bytes + cx_raddr_at(m->qp);
	const uint8_t *atomic = raddr + CX_RADDR_BYTES;
	const struct cx_flow *flow = &wqe->flow;
	bool last = flow->sent + 1 == flow->packets;

	*p = (struct cx_packet){
		.kind = CX_PACKET_REQUEST,
		.type = (uint8_t)m->qp->type,
		.opcode = wqe->opcode,
		.from_lid = cx_lid(cx),
		.to_lid = m->qp->peer_lid,
		.from = m->qp->number,
		.to = m->qp->peer,
		.psn = (flow->first_psn + flow->sent) & CX_PSN_MASK,
		.total = wqe->total,
		.offset = flow->sent * CX_PACKET_PART,
		.immediate = get_be32(wqe->bytes + CX_CTRL_IMM),
	};
	if (wqe->bytes[CX_CTRL_FM_CE_SE] & CX_WQE_SOLICITED)
		p->flags |= CX_PACKET_SOLICITED;
	if (last || p->psn % ACK_EVERY == 0)
		p->flags |= CX_PACKET_ACK_ASKED;
	if (cx_is_rdma(m->kind)) {
		p->va = get_be64(raddr + CX_RADDR_VA);
		p->key = get_be32(raddr + CX_RADDR_RKEY);
	}
	if (m->kind->atomic) {
		p->swap_add = get_be64(atomic + CX_ATOMIC_SWAP_ADD);
		p->compare = get_be64(atomic + CX_ATOMIC_COMPARE);
	}
	if (m->qp->type == CX_ST_XRC)
		p->extra = get_be32(wqe->bytes + CX_CTRL_BYTES + CX_XRC_SRQN);
	if (m->qp->type == CX_ST_UD) {
		p->to_lid = wqe->to.lid;
		p->to = wqe->to.qpn;
		p->extra = wqe->to.q_key;
		p->sl = wqe->to.sl;
		p->flags |= wqe->to.has_grh ? CX_PACKET_HAS_GRH : 0;
	}
	if (wqe->is_source)
		p->length = m->qp->type == CX_ST_UD ? wqe->total
						    : cx_packet_part(wqe->total, p->offset);
}

/* Sends the next packet. CX_MORE: it is sent. No other work runs while its payload is read. */
static enum cx_step send_step(struct cx *cx, const struct cx_message *m)
{
	struct cx_flow *flow = &m->wqe->flow;
	struct cx_packet packet;
	enum cx_step step;

	if (!flow->bytes) {
		flow->bytes = cx->wire.reserve(cx->wire.ctx, false);
		flow->filled = 0;
		m->qp->wants_wire = !flow->bytes;
		if (!flow->bytes)
			return CX_WAIT;
	}
	fill_header(cx, m, &packet);
	cx->transfer.qp = m->qp;
	step = cx_message_move(cx, m, CX_LOCAL, false, flow->bytes + CX_PACKET_HEADER,
			       packet.length, &flow->filled);
	if (step == CX_WAIT)
		return step;
	cx->transfer.qp = NULL;
	if (step == CX_MORE)
		cx->wire.send(cx->wire.ctx, cx_packet_encode(&packet, flow->bytes));
	flow->bytes = NULL;
	if (step == CX_DONE)
		return step;
	flow->sent++;
	if (!flow->deadline_ns)
		flow->deadline_ns = deadline(m->qp);
	return CX_MORE;
}

static void flow_begin(const struct cx_message *m)
{
	struct cx_flow *flow = &m->wqe->flow;

	m->wqe->begun = true;
	m->wqe->is_source = m->kind->from == CX_LOCAL;
	flow->first_psn = m->qp->send_psn;
	flow->packets = m->qp->type == CX_ST_UD ? 1 : cx_packet_count(m->wqe->total);
	flow->retries_left = m->qp->retry_count;
	m->qp->send_psn = (m->qp->send_psn + flow->packets) & CX_PSN_MASK;
}

/* CX_MORE: unanswered packets are to be sent again. */
static enum cx_step timed_out(const struct cx_message *m)
{
	struct cx_flow *flow = &m->wqe->flow;

	if (!flow->retries_left) {
		m->wqe->syndrome = CX_SYND_RETRY_EXC;
		return CX_DONE;
	}
	flow->retries_left--;
	flow->deadline_ns = 0;
	flow->repeats = false;
	rewind_flow(m->wqe);
	return CX_MORE;
}

enum cx_step cx_request_step(struct cx *cx, struct cx_qp *qp)
{
	const struct cx_message m = {
		.qp = qp,
		.wqe = &qp->wqe,
		.kind = cx_message_kind(&qp->wqe),
	};
	struct cx_flow *flow = &qp->wqe.flow;

	if (!qp->wqe.begun) {
		flow_begin(&m);
		cx_count_message(qp->wqe.is_source ? &cx->sent : &cx->received, qp->wqe.total);
	}
	if (flow->answered == flow->packets)
		return CX_DONE;
	if (flow->sent < flow->packets && flow->sent - flow->answered < WINDOW) {
		enum cx_step step = send_step(cx, &m);

		if (step == CX_MORE && !cx_is_reliable(qp))
			flow->answered = flow->sent;
		return step;
	}
	if (flow->deadline_ns && clock_ns() >= flow->deadline_ns)
		return timed_out(&m);
	qp->wake_at_ns = flow->deadline_ns;
	return CX_WAIT;
}

/* @answered packets are answered: the timeout of the rest begins anew. */
static void progress(struct cx_qp *qp, uint32_t answered)
{
	struct cx_flow *flow = &qp->wqe.flow;

	if (answered <= flow->answered)
		return;
	flow->answered = answered;
	flow->repeats = false;
	flow->retries_left = qp->retry_count;
	flow->deadline_ns = flow->sent > answered ? deadline(qp) : 0;
}

/* A packet is missing: sends all from there on again at once. The timeout is not extended. */
static void gap_found(struct cx_qp *qp)
{
	if (qp->wqe.flow.repeats)
		return;
	qp->wqe.flow.repeats = true;
	rewind_flow(&qp->wqe);
}

/* The peer's syndrome, if it is one that a responder can report. */
static uint8_t syndrome_of(uint8_t code)
{
	return code == CX_SYND_REMOTE_ACCESS || code == CX_SYND_REMOTE_INVALID ? code
									       : CX_SYND_REMOTE_OP;
}

static void wait_for_receiver(struct cx_qp *qp, uint8_t code)
{
	if (!cx_rnr_may_retry(&qp->wqe)) {
		qp->wqe.syndrome = CX_SYND_RNR_RETRY_EXC;
		return;
	}
	rewind_flow(&qp->wqe);
	qp->wqe.flow.deadline_ns = 0;
	qp->wake_at_ns = clock_ns() + cx_rnr_wait_ns(code);
}

/* The queue pair that waits for this answer; NULL: none does. *@index: to which of its packets. */
static struct cx_qp *find_requester(struct cx *cx, const struct cx_packet *p, uint32_t *index)
{
	struct cx_qp *qp = cx_table_get(&cx->qps, p->to);

	if (!qp || qp->type != p->type || qp->peer != p->from || qp->peer_lid != p->from_lid ||
	    qp->state != CX_QP_RTS || !cx_is_on_wire(cx, qp))
		return NULL;
	if (!qp->wqe.active || !qp->wqe.is_message || !qp->wqe.begun || qp->wqe.syndrome ||
	    qp->wqe.opcode != p->opcode)
		return NULL;
	*index = (p->psn - qp->wqe.flow.first_psn) & CX_PSN_MASK;
	return *index >= qp->wqe.flow.answered && *index < qp->wqe.flow.sent ? qp : NULL;
}

/* Writes the data to the work request's segments. CX_DONE: written, ignored, or an error is set. */
static enum cx_step take_data(struct cx *cx, struct cx_qp *qp, const struct cx_packet *p,
			      uint32_t index)
{
	struct cx_message m = {.qp = qp, .wqe = &qp->wqe, .kind = cx_message_kind(&qp->wqe)};
	struct cx_inbound *in = &cx->inbound;
	enum cx_step step;

	if (p->total != qp->wqe.total || p->offset != index * CX_PACKET_PART)
		return CX_DONE;
	if (index != qp->wqe.flow.answered) {
		gap_found(qp);
		return CX_DONE;
	}
	step = cx_message_move(cx, &m, CX_LOCAL, true, (uint8_t *)p->payload, p->length, &in->done);
	if (step != CX_MORE)
		return step;
	progress(qp, index + 1);
	return CX_DONE;
}

enum cx_step cx_request_answered(struct cx *cx, const struct cx_packet *p)
{
	uint32_t index;
	struct cx_qp *qp = find_requester(cx, p, &index);
	enum cx_step step = CX_DONE;

	if (!qp)
		return CX_DONE;
	switch (p->kind) {
	case CX_PACKET_ACK:
		if (qp->wqe.is_source)
			progress(qp, index + 1);
		break;
	case CX_PACKET_DATA:
		step = take_data(cx, qp, p, index);
		break;
	case CX_PACKET_NAK:
		if (p->code) {
			qp->wqe.syndrome = syndrome_of(p->code);
			break;
		}
		if (qp->wqe.is_source)
			progress(qp, index);
		gap_found(qp);
		break;
	default:
		if (qp->wqe.is_source)
			progress(qp, index);
		wait_for_receiver(qp, p->code);
		if (!qp->wqe.syndrome) {
			cx_qp_sleep(cx, qp);
			return CX_DONE;
		}
	}
	if (step == CX_DONE) {
		qp->wake_at_ns = 0;
		cx_qp_has_work(cx, qp);
	}
	return step;
}
