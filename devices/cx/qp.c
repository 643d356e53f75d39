// SPDX-License-Identifier: GPL-2.0-or-later
/* Queue pairs: creating, destroying and changing their state. Their work is in sq.c and rq.c. */
#include <errno.h>
#include <string.h>

#include "devices/cx/state.h"

#define RQ_STRIDE_LOG_MIN 4u

static void qp_decode(struct cx_qp *qp)
{
	const uint8_t *qpc = qp->context;
	const uint8_t *path = CX_ADDR(qpc, qpc, primary_address_path);

	qp->type = (unsigned)CX_GET(qpc, qpc, st);
	qp->uar = (uint32_t)CX_GET(qpc, qpc, uar_page);
	qp->pd = (uint32_t)CX_GET(qpc, qpc, pd);
	qp->send_cq = (uint32_t)CX_GET(qpc, qpc, cqn_snd);
	qp->recv_cq = (uint32_t)CX_GET(qpc, qpc, cqn_rcv);
	qp->user_index = (uint32_t)CX_GET(qpc, qpc, user_index);
	qp->peer = (uint32_t)CX_GET(qpc, qpc, remote_qpn);
	qp->peer_lid = (uint16_t)CX_GET(path, ads, rlid);
	qp->ack_timeout = (unsigned)CX_GET(path, ads, ack_timeout);
	qp->retry_count = (unsigned)CX_GET(qpc, qpc, retry_count);
	qp->remote_allowed = (unsigned)(CX_GET(qpc, qpc, rre) << CX_REMOTE_READ |
					CX_GET(qpc, qpc, rwe) << CX_REMOTE_WRITE |
					CX_GET(qpc, qpc, rae) << CX_REMOTE_ATOMIC);
	qp->q_key = (uint32_t)CX_GET(qpc, qpc, q_key);
	qp->xrcd = (uint32_t)CX_GET(qpc, qpc, xrcd);
	qp->counters = (uint32_t)CX_GET(qpc, qpc, counter_set_id);
	qp->privileged = qp->type == CX_ST_REG_UMR || CX_GET(qpc, qpc, rlky);
	qp->srq = (uint32_t)CX_GET(qpc, qpc, srqn_rmpn_xrqn);
	qp->rnr_retry = (unsigned)CX_GET(qpc, qpc, rnr_retry);
	qp->min_rnr_nak = (unsigned)CX_GET(qpc, qpc, min_rnr_nak);
	qp->doorbell_record = CX_GET(qpc, qpc, dbr_addr);
	qp->sq_log_size = (unsigned)CX_GET(qpc, qpc, log_sq_size);
	qp->rq_log_size = (unsigned)CX_GET(qpc, qpc, log_rq_size);
	qp->rq_log_stride = RQ_STRIDE_LOG_MIN + (unsigned)CX_GET(qpc, qpc, log_rq_stride);
	qp->has_sq = !CX_GET(qpc, qpc, no_sq);
	qp->has_rq = CX_GET(qpc, qpc, rq_type) == CX_RQ_NON_ZERO;
	qp->has_srq = CX_GET(qpc, qpc, rq_type) == CX_RQ_SRQ;
}

/* False: it needs a feature that is not modelled, or names an SRQ that does not exist. */
static bool qp_is_known(struct cx *cx, const struct cx_qp *qp)
{
	const uint8_t *qpc = qp->context;

	switch (qp->type) {
	case CX_ST_RC:
	case CX_ST_UC:
	case CX_ST_UD:
	case CX_ST_XRC:
	case CX_ST_QP0:
	case CX_ST_QP1:
	case CX_ST_REG_UMR:
		break;
	default:
		pci_log(&cx->f, "refused a QP of type %u, which is not supported", qp->type);
		return false;
	}
	if (CX_GET(qpc, qpc, wq_signature) || CX_GET(qpc, qpc, cs_req) || CX_GET(qpc, qpc, cs_res))
		return false;
	if (qp->has_rq && 1u << qp->rq_log_stride > CX_RECEIVE_MAX)
		return false;
	return !qp->has_srq || cx_table_get(&cx->srqs, qp->srq);
}

/* The receive queue, if there is one, comes first in the buffer, then the send queue. */
static int qp_init(struct cx *cx, struct cx_qp *qp, const struct cx_command *cmd)
{
	uint64_t bytes;

	memcpy(qp->context, CX_ADDR(cmd->in, create_qp_in, qpc), sizeof(qp->context));
	qp_decode(qp);
	cx_qp_set_state(cx, qp, CX_QP_RST);
	if (!qp_is_known(cx, qp))
		return -EINVAL;
	if (qp->has_rq)
		qp->sq_offset = 1ull << (qp->rq_log_size + qp->rq_log_stride);
	bytes = qp->sq_offset;
	if (qp->has_sq)
		bytes += (uint64_t)CX_WQE_BB_BYTES << qp->sq_log_size;
	if (!bytes)
		return 0;
	return cx_buffer_init(cx, &qp->buffer, (unsigned)CX_GET(qp->context, qpc, log_page_size),
			      (unsigned)CX_GET(qp->context, qpc, page_offset), bytes,
			      cmd->in + CX_AT_create_qp_in_pas,
			      cmd->in_len - CX_AT_create_qp_in_pas);
}

unsigned cx_cmd_create_qp(struct cx *cx, const struct cx_command *cmd)
{
	struct cx_qp *qp = cx_memory_get(cx, sizeof(*qp));
	int ret;

	if (!qp)
		return CX_STAT_LIM;
	qp->lid = cx_lid(cx);
	ret = qp_init(cx, qp, cmd);
	if (!ret)
		ret = cx_table_add(&cx->qps, qp, &qp->number);
	if (ret) {
		cx_qp_free(cx, qp);
		return cx_status_of(ret);
	}
	CX_SET(cmd->out, create_qp_out, qpn, qp->number);
	return CX_STAT_OK;
}

unsigned cx_cmd_destroy_qp(struct cx *cx, const struct cx_command *cmd)
{
	struct cx_qp *qp = cx_table_remove(&cx->qps, (uint32_t)CX_GET(cmd->in, destroy_qp_in, qpn));

	if (!qp)
		return CX_STAT_BAD_RES;
	cx_qp_free(cx, qp);
	return CX_STAT_OK;
}

unsigned cx_cmd_query_qp(struct cx *cx, const struct cx_command *cmd)
{
	const struct cx_qp *qp =
		cx_table_get(&cx->qps, (uint32_t)CX_GET(cmd->in, query_qp_in, qpn));
	uint8_t *qpc = CX_ADDR(cmd->out, query_qp_out, qpc);

	if (!qp)
		return CX_STAT_BAD_RES;
	memcpy(qpc, qp->context, sizeof(qp->context));
	CX_SET(qpc, qpc, hw_sq_wqebb_counter, qp->consumed);
	CX_SET(qpc, qpc, sw_sq_wqebb_counter, qp->produced);
	CX_SET(qpc, qpc, hw_rq_counter, qp->rq_consumed);
	CX_SET(qpc, qpc, sw_rq_counter, qp->rq_produced);
	return CX_STAT_OK;
}

void cx_qp_free(struct cx *cx, struct cx_qp *qp)
{
	cx_qp_rest(qp);
	if (cx->transfer.qp == qp) {
		cx->transfer.qp = NULL;
		cx->transfer.phase = CX_TRANSFER_NONE;
	}
	cx_buffer_free(cx, &qp->buffer);
	cx_memory_put(cx, qp, sizeof(*qp));
}

void cx_qp_set_state(struct cx *cx, struct cx_qp *qp, unsigned state)
{
	qp->state = state;
	CX_SET(qp->context, qpc, state, state);
	switch (state) {
	case CX_QP_RST:
		cx_qp_rest(qp);
		qp->produced = qp->consumed = 0;
		qp->rq_produced = qp->rq_consumed = 0;
		qp->rung = qp->wqe.active = qp->receive.taken = qp->last_receive_told = false;
		qp->wake_at_ns = 0;
		qp->in = (struct cx_inflow){0};
		break;
	case CX_QP_ERR: /* what was posted is to be flushed */
		qp->flush_poll_ns = 0;
		qp->receive.taken &= qp->has_srq;
		qp->wake_at_ns = 0;
		cx_qp_wake(cx, qp);
		break;
	case CX_QP_RTS: /* what was posted is to be sent */
		cx_qp_wake(cx, qp);
		break;
	}
}

/*
 * The fields that a transition takes from the command's context: required ones,
 * and optional ones by a bit of opt_param_mask.
 */
enum { FROM_RST = 1, FROM_INIT = 2, TO_RTR = 4, TO_RTS = 8, IN_RTS = 16 };

#define PATH(field) ((CX_qpc_primary_address_path & ~0xffffu) + (uint32_t)CX_ads_##field)

static const struct {
	uint32_t field;
	unsigned required; /* transitions */
	unsigned option;
} merges[] = {
	{PATH(pkey_index), FROM_RST, CX_OPT_PKEY_INDEX},
	{PATH(vhca_port_num), FROM_RST | TO_RTR, CX_OPT_PRI_PORT},
	{CX_qpc_q_key, FROM_RST, CX_OPT_Q_KEY},
	{CX_qpc_rlky, FROM_RST, 0},
	{CX_qpc_counter_set_id, FROM_RST, CX_OPT_COUNTER_SET},
	{CX_qpc_rre, FROM_RST, CX_OPT_RRE},
	{CX_qpc_rwe, FROM_RST, CX_OPT_RWE},
	{CX_qpc_rae, FROM_RST, CX_OPT_RAE},
	{CX_qpc_atomic_mode, FROM_RST, CX_OPT_RAE},
	{CX_qpc_pm_state, FROM_RST | TO_RTR, CX_OPT_PM_STATE},
	{PATH(grh), TO_RTR, 0},
	{PATH(mlid), TO_RTR, 0},
	{PATH(rlid), TO_RTR, 0},
	{PATH(src_addr_index), TO_RTR, 0},
	{PATH(stat_rate), TO_RTR, 0},
	{PATH(hop_limit), TO_RTR, 0},
	{PATH(tclass), TO_RTR, 0},
	{PATH(flow_label), TO_RTR, 0},
	{PATH(rgid_rip), TO_RTR, 0},
	{PATH(sl), TO_RTR, 0},
	{CX_qpc_mtu, TO_RTR, 0},
	{CX_qpc_log_msg_max, TO_RTR, 0},
	{CX_qpc_remote_qpn, TO_RTR, 0},
	{CX_qpc_next_rcv_psn, TO_RTR, 0},
	{CX_qpc_log_rra_max, TO_RTR, 0},
	{CX_qpc_min_rnr_nak, TO_RTR, CX_OPT_RNR_TIMEOUT},
	{PATH(ack_timeout), TO_RTS, 0},
	{CX_qpc_retry_count, TO_RTS, 0},
	{CX_qpc_rnr_retry, TO_RTS, 0},
	{CX_qpc_next_send_psn, TO_RTS, 0},
	{CX_qpc_log_sra_max, TO_RTS, 0},
	{CX_qpc_log_ack_req_freq, TO_RTS, 0},
};

static void qp_merge(struct cx_qp *qp, unsigned transition, const uint8_t *in)
{
	unsigned options = (unsigned)CX_GET(in, rst2init_qp_in, opt_param_mask);
	const uint8_t *qpc = CX_ADDR(in, rst2init_qp_in, qpc);

	for (size_t i = 0; i < ARRAY_SIZE(merges); i++)
		if (merges[i].required & transition || merges[i].option & options)
			cx_bits_copy(qp->context, qpc, merges[i].field);
}

static const struct {
	unsigned opcode, transition, from, to;
} transitions[] = {
	{CX_OP_RST2INIT_QP, FROM_RST, CX_QP_RST, CX_QP_INIT},
	{CX_OP_INIT2INIT_QP, FROM_INIT, CX_QP_INIT, CX_QP_INIT},
	{CX_OP_INIT2RTR_QP, TO_RTR, CX_QP_INIT, CX_QP_RTR},
	{CX_OP_RTR2RTS_QP, TO_RTS, CX_QP_RTR, CX_QP_RTS},
	{CX_OP_RTS2RTS_QP, IN_RTS, CX_QP_RTS, CX_QP_RTS},
	{CX_OP_SQERR2RTS_QP, IN_RTS, CX_QP_SQER, CX_QP_RTS},
	{CX_OP_SQD_RTS_QP, IN_RTS, CX_QP_SQD, CX_QP_RTS},
};

/* Every command that changes a state has the QP's number at the same place. */
unsigned cx_cmd_modify_qp(struct cx *cx, const struct cx_command *cmd)
{
	unsigned opcode = (unsigned)CX_GET(cmd->in, mbox_in, opcode);
	uint32_t number = (uint32_t)CX_GET(cmd->in, rst2init_qp_in, qpn);
	struct cx_qp *qp = cx_table_get(&cx->qps, number);

	if (!qp)
		return CX_STAT_BAD_RES;
	if (opcode == CX_OP_2RST_QP || opcode == CX_OP_2ERR_QP) {
		cx_qp_set_state(cx, qp, opcode == CX_OP_2RST_QP ? CX_QP_RST : CX_QP_ERR);
		return CX_STAT_OK;
	}
	for (size_t i = 0; i < ARRAY_SIZE(transitions); i++) {
		if (transitions[i].opcode != opcode)
			continue;
		if (qp->state != transitions[i].from)
			return CX_STAT_BAD_QP_STATE;
		qp_merge(qp, transitions[i].transition, cmd->in);
		qp_decode(qp);
		if (transitions[i].transition == TO_RTR)
			qp->in.psn = (uint32_t)CX_GET(qp->context, qpc, next_rcv_psn);
		if (transitions[i].transition == TO_RTS)
			qp->send_psn = (uint32_t)CX_GET(qp->context, qpc, next_send_psn);
		cx_qp_set_state(cx, qp, transitions[i].to);
		return CX_STAT_OK;
	}
	return CX_STAT_BAD_OP;
}
