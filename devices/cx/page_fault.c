// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Page faults of RDMA: a translation has been removed (a dma-buf was revoked), so an
 * event asks the driver to map the page again while the queue waits.
 */
#include "devices/cx/state.h"

#define PACKET_MAX 4096u

bool cx_page_fault_raise(struct cx *cx, struct cx_qp *qp, uint32_t rkey, uint64_t va, bool write)
{
	struct cx_eq *eq = cx_eq_for(cx, CX_EVENT_PAGE_FAULT);
	uint32_t left = qp->wqe.total - qp->wqe.done;
	uint32_t type = CX_FAULT_RDMA | (write ? CX_FAULT_WRITE : 0u);
	uint8_t eqe[CX_EQE_BYTES] = {0};

	if (!eq || qp->wqe.page_fault == CX_PAGE_FAULT_FAILED)
		return false;
	qp->wqe.page_fault = CX_PAGE_FAULT_RAISED;
	eqe[CX_EQE_TYPE] = CX_EVENT_PAGE_FAULT;
	eqe[CX_EQE_SUB_TYPE] = CX_FAULT_SUBTYPE_RDMA;
	put_be32(eqe + CX_EQE_FAULT_R_KEY, rkey);
	put_be16(eqe + CX_EQE_FAULT_PACKET, left < PACKET_MAX ? (uint16_t)left : PACKET_MAX);
	put_be32(eqe + CX_EQE_FAULT_OP_LEN, left);
	put_be64(eqe + CX_EQE_FAULT_VA, va);
	/* a queue pair of this NIC: for a packet from the wire, its responder */
	put_be32(eqe + CX_EQE_FAULT_TYPE_TOKEN,
		 type << 24 | (qp == &cx->inbound.qp ? qp->peer : qp->number));
	if (cx_eq_post(cx, eq, eqe))
		return true;
	/* The driver does not get the event, so it would not resume the queue. */
	qp->wqe.page_fault = CX_PAGE_FAULT_FAILED;
	return false;
}

unsigned cx_cmd_page_fault_resume(struct cx *cx, const struct cx_command *cmd)
{
	const uint8_t *info = CX_ADDR(cmd->in, page_fault_resume_in, page_fault_info);
	uint32_t token = (uint32_t)CX_GET(info, trans_page_fault_info, fault_token);
	struct cx_qp *qp = cx_table_get(&cx->qps, token);
	enum cx_page_fault end = CX_GET(info, trans_page_fault_info, error) ? CX_PAGE_FAULT_FAILED
									    : CX_PAGE_FAULT_NONE;

	if (qp && qp->in.page_fault == CX_PAGE_FAULT_RAISED) {
		qp->in.page_fault = end;
		return CX_STAT_OK;
	}
	if (!qp || !qp->wqe.active || qp->wqe.page_fault != CX_PAGE_FAULT_RAISED)
		return CX_STAT_BAD_RES;
	qp->wqe.page_fault = end;
	cx_qp_wake(cx, qp);
	return CX_STAT_OK;
}
