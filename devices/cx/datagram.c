// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Datagrams. A work request has the receiver's address; a receiver gets 40 bytes in front of
 * the data, the GRH or, where the address has none, zeros.
 */
#include <string.h>

#include "devices/cx/state.h"

#define AV_AT	       CX_CTRL_BYTES
#define DATA_AT	       (AV_AT + CX_AV_BYTES)
#define PAYLOAD_MAX    4096u /* the port's MTU */
#define NUMBER_MASK    0xffffffu
#define OWN_Q_KEY      0x80000000u /* in a WQE: use the queue pair's Q_Key */
#define HAS_GRH	       0x40000000u
#define GID_INDEX(w)   ((w) >> 20 & 0xff)
#define FLOW_LABEL(w)  ((w)&0xfffff)
#define GRH_BYTES      40u
#define GRH_NEXT_IBA   0x1bu
#define HEADERS_BYTES  (12u + 8u + 4u) /* BTH, DETH and ICRC count as the GRH's payload */
#define IMMEDIATE_SIZE 4u

/* IBTA 8.3 */
static void put_grh(const struct cx *cx, const struct cx_wqe *wqe, uint32_t payload, uint8_t *grh)
{
	const uint8_t *av = wqe->bytes + AV_AT;
	uint32_t word = get_be32(av + CX_AV_GRH_GID_FL);

	payload = (payload + 3u) & ~3u;
	if (wqe->opcode == CX_WR_SEND_IMM)
		payload += IMMEDIATE_SIZE;
	put_be32(grh, 6u << 28 | (uint32_t)av[CX_AV_TCLASS] << 20 | FLOW_LABEL(word));
	put_be16(grh + 4, (uint16_t)(payload + HEADERS_BYTES));
	grh[6] = GRH_NEXT_IBA;
	grh[7] = av[CX_AV_HOP_LIMIT];
	if (GID_INDEX(word) == 0) /* the table's other entries are zero */
		cx_port_gid(cx, grh + 8);
	memcpy(grh + 24, av + CX_AV_GID, 16);
}

static void take_address(const struct cx *cx, struct cx_qp *qp)
{
	const uint8_t *av = qp->wqe.bytes + AV_AT;
	uint32_t q_key = get_be32(av + CX_AV_Q_KEY);
	struct cx_address *to = &qp->wqe.to;
	uint8_t gid[16];

	cx_port_gid(cx, gid);
	to->from = qp->number;
	to->from_lid = cx_lid(cx);
	to->lid = get_be16(av + CX_AV_LID);
	to->qpn = get_be32(av + CX_AV_QPN) & NUMBER_MASK;
	to->q_key = q_key & OWN_Q_KEY ? qp->q_key : q_key;
	to->sl = av[CX_AV_RATE_SL] & 0xf;
	to->has_grh = get_be32(av + CX_AV_GRH_GID_FL) & HAS_GRH;
	to->here = to->lid == to->from_lid &&
		   (!to->has_grh || !memcmp(av + CX_AV_GID, gid, sizeof(gid)));
}

unsigned cx_datagram_begin(struct cx *cx, struct cx_qp *qp)
{
	struct cx_wqe *wqe = &qp->wqe;
	uint8_t *av = wqe->bytes + AV_AT, grh[GRH_BYTES] = {0};
	uint64_t payload;

	if (wqe->size < DATA_AT || !(get_be32(av + CX_AV_QPN) & CX_AV_EXTENDED) ||
	    cx_scatter_init(&wqe->data, wqe->bytes + DATA_AT, wqe->size - DATA_AT, true, &payload))
		return CX_SYND_LOCAL_QP_OP;
	if (payload > PAYLOAD_MAX)
		return CX_SYND_LOCAL_LENGTH;
	take_address(cx, qp);
	if (wqe->to.has_grh)
		put_grh(cx, wqe, (uint32_t)payload, grh);
	/* as inline data it fits exactly into the place of the address */
	put_be32(av + CX_DATA_BYTE_COUNT, CX_WQE_INLINE | GRH_BYTES);
	memcpy(av + 4, grh, sizeof(grh));
	return 0;
}
