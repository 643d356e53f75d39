// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Shared receive queues. The receives are linked: each names the one that is taken after it,
 * so the driver posts again in whatever order they complete. Their doorbell record is read as
 * that of other receive queues is.
 */
#include <errno.h>
#include <string.h>

#include "devices/cx/state.h"

#define STRIDE_LOG_MIN 4u

static int srq_init(struct cx *cx, struct cx_srq *srq, const struct cx_command *cmd)
{
	const uint8_t *srqc = CX_ADDR(cmd->in, create_srq_in, srq_context_entry);
	uint64_t stride;

	memcpy(srq->context, srqc, sizeof(srq->context));
	srq->pd = (uint32_t)CX_GET(srqc, srqc, pd);
	srq->xrcd = (uint32_t)CX_GET(srqc, srqc, xrcd);
	srq->cq = (uint32_t)CX_GET(srqc, srqc, cqn);
	srq->log_size = (unsigned)CX_GET(srqc, srqc, log_srq_size);
	srq->log_stride = STRIDE_LOG_MIN + (unsigned)CX_GET(srqc, srqc, log_rq_stride);
	srq->doorbell_record = CX_GET(srqc, srqc, dbr_addr);
	stride = 1ull << srq->log_stride;
	if (CX_GET(srqc, srqc, wq_signature) || stride > CX_RECEIVE_MAX ||
	    stride < CX_SRQ_NEXT_BYTES + CX_DATA_BYTES)
		return -EINVAL;
	return cx_buffer_init(cx, &srq->buffer, (unsigned)CX_GET(srqc, srqc, log_page_size),
			      (unsigned)CX_GET(srqc, srqc, page_offset), stride << srq->log_size,
			      cmd->in + CX_AT_create_srq_in_pas,
			      cmd->in_len - CX_AT_create_srq_in_pas);
}

unsigned cx_cmd_create_srq(struct cx *cx, const struct cx_command *cmd)
{
	struct cx_srq *srq = cx_memory_get(cx, sizeof(*srq));
	int ret;

	if (!srq)
		return CX_STAT_LIM;
	ret = srq_init(cx, srq, cmd);
	if (!ret)
		ret = cx_table_add(&cx->srqs, srq, &srq->number);
	if (ret) {
		cx_srq_free(cx, srq);
		return cx_status_of(ret);
	}
	CX_SET(cmd->out, create_srq_out, srqn, srq->number);
	return CX_STAT_OK;
}

unsigned cx_cmd_destroy_srq(struct cx *cx, const struct cx_command *cmd)
{
	struct cx_srq *srq =
		cx_table_remove(&cx->srqs, (uint32_t)CX_GET(cmd->in, destroy_srq_in, srqn));

	if (!srq)
		return CX_STAT_BAD_RES;
	cx_srq_free(cx, srq);
	return CX_STAT_OK;
}

unsigned cx_cmd_query_srq(struct cx *cx, const struct cx_command *cmd)
{
	const struct cx_srq *srq =
		cx_table_get(&cx->srqs, (uint32_t)CX_GET(cmd->in, query_srq_in, srqn));
	uint8_t *srqc = CX_ADDR(cmd->out, query_srq_out, srq_context_entry);

	if (!srq)
		return CX_STAT_BAD_RES;
	memcpy(srqc, srq->context, sizeof(srq->context));
	CX_SET(srqc, srqc, wqe_cnt, (uint16_t)(srq->produced - srq->consumed));
	return CX_STAT_OK;
}

/* Arms the event that is raised once for fewer receives than the limit; 0 disarms it. */
unsigned cx_cmd_arm_rq(struct cx *cx, const struct cx_command *cmd)
{
	struct cx_srq *srq =
		cx_table_get(&cx->srqs, (uint32_t)CX_GET(cmd->in, arm_rq_in, srq_number));
	unsigned limit = (unsigned)CX_GET(cmd->in, arm_rq_in, lwm);

	if (!srq)
		return CX_STAT_BAD_RES;
	if (CX_GET(cmd->in, arm_rq_in, op_mod) != CX_ARM_SRQ || limit > 1u << srq->log_size)
		return CX_STAT_BAD_PARAM;
	CX_SET(srq->context, srqc, lwm, limit);
	return CX_STAT_OK;
}

void cx_srq_free(struct cx *cx, struct cx_srq *srq)
{
	cx_buffer_free(cx, &srq->buffer);
	cx_memory_put(cx, srq, sizeof(*srq));
}

/* How many receives there are; -EINVAL: more than the queue holds; -EFAULT. */
static int srq_posted(struct cx *cx, struct cx_srq *srq)
{
	uint8_t record[4];

	if (pci_dma_read(&cx->f, srq->doorbell_record, record, sizeof(record)))
		return -EFAULT;
	srq->produced = (uint16_t)get_be32(record);
	if ((uint16_t)(srq->produced - srq->consumed) <= 1u << srq->log_size)
		return (uint16_t)(srq->produced - srq->consumed);
	srq->produced = srq->consumed; /* an invalid doorbell record: none counts */
	return -EINVAL;
}

static void check_limit(struct cx *cx, struct cx_srq *srq)
{
	unsigned limit = (unsigned)CX_GET(srq->context, srqc, lwm);

	if ((uint16_t)(srq->produced - srq->consumed) >= limit)
		return;
	CX_SET(srq->context, srqc, lwm, 0);
	cx_eq_tell(cx, CX_EVENT_SRQ_LIMIT, srq->number);
}

int cx_srq_take(struct cx *cx, struct cx_srq *srq, uint8_t bytes[CX_RECEIVE_MAX], unsigned *size,
		uint16_t *index)
{
	unsigned stride = 1u << srq->log_stride;
	uint64_t at = (uint64_t)srq->head << srq->log_stride;
	uint8_t next[CX_SRQ_NEXT_BYTES];
	int ret = srq_posted(cx, srq);

	if (ret <= 0)
		return ret ? ret : -EAGAIN;
	ret = cx_buffer_read(cx, &srq->buffer, at, next, sizeof(next));
	if (!ret)
		ret = cx_buffer_read(cx, &srq->buffer, at + sizeof(next), bytes,
				     stride - sizeof(next));
	if (ret)
		return ret;
	*size = stride - (unsigned)sizeof(next);
	*index = srq->head;
	srq->head = get_be16(next + CX_SRQ_NEXT) & ((1u << srq->log_size) - 1);
	srq->consumed++;
	check_limit(cx, srq);
	return 0;
}
