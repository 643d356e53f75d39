// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "devices/cx/state.h"

#define COUNTER_MASK   0xffffffu /* counters in doorbells and their records have 24 bits */
#define STATUS_OVERRUN 9u	 /* cqc.status */
#define ERROR_OVERRUN  1u	 /* in the event */

static int cq_init(struct cx *cx, struct cx_cq *cq, const struct cx_command *cmd)
{
	const uint8_t *cqc = CX_ADDR(cmd->in, create_cq_in, cq_context);
	unsigned stride = (unsigned)CX_GET(cqc, cqc, cqe_sz);

	memcpy(cq->context, cqc, sizeof(cq->context));
	cq->log_size = (unsigned)CX_GET(cqc, cqc, log_cq_size);
	cq->log_stride = stride == CX_CQE_STRIDE_64 ? 6 : 7;
	cq->is_padded = stride == CX_CQE_STRIDE_128_PAD;
	cq->uar = (uint32_t)CX_GET(cqc, cqc, uar_page);
	cq->doorbell_record = CX_GET(cqc, cqc, dbr_addr);
	cq->ignore_overrun = CX_GET(cqc, cqc, oi);
	if (cq->log_size > CX_QUEUE_LOG_MAX || stride > CX_CQE_STRIDE_128_PAD ||
	    CX_GET(cqc, cqc, cqe_comp_en) ||
	    !cx_table_get(&cx->eqs, (uint32_t)CX_GET(cqc, cqc, c_eqn_or_apu_element)))
		return -EINVAL;
	return cx_buffer_init(
		cx, &cq->buffer, (unsigned)CX_GET(cqc, cqc, log_page_size),
		(unsigned)CX_GET(cqc, cqc, page_offset), 1ull << (cq->log_size + cq->log_stride),
		cmd->in + CX_AT_create_cq_in_pas, cmd->in_len - CX_AT_create_cq_in_pas);
}

unsigned cx_cmd_create_cq(struct cx *cx, const struct cx_command *cmd)
{
	struct cx_cq *cq = cx_memory_get(cx, sizeof(*cq));
	int ret;

	if (!cq)
		return CX_STAT_LIM;
	ret = cq_init(cx, cq, cmd);
	if (!ret)
		ret = cx_table_add(&cx->cqs, cq, &cq->number);
	if (ret) {
		cx_cq_free(cx, cq);
		return cx_status_of(ret);
	}
	CX_SET(cmd->out, create_cq_out, cqn, cq->number);
	return CX_STAT_OK;
}

unsigned cx_cmd_destroy_cq(struct cx *cx, const struct cx_command *cmd)
{
	struct cx_cq *cq = cx_table_remove(&cx->cqs, (uint32_t)CX_GET(cmd->in, destroy_cq_in, cqn));

	if (!cq)
		return CX_STAT_BAD_RES;
	cx_cq_free(cx, cq);
	return CX_STAT_OK;
}

unsigned cx_cmd_query_cq(struct cx *cx, const struct cx_command *cmd)
{
	const struct cx_cq *cq =
		cx_table_get(&cx->cqs, (uint32_t)CX_GET(cmd->in, query_cq_in, cqn));
	uint8_t *cqc = CX_ADDR(cmd->out, query_cq_out, cq_context);

	if (!cq)
		return CX_STAT_BAD_RES;
	memcpy(cqc, cq->context, sizeof(cq->context));
	CX_SET(cqc, cqc, status, cq->overrun ? STATUS_OVERRUN : 0);
	CX_SET(cqc, cqc, producer_counter, cq->produced);
	CX_SET(cqc, cqc, consumer_counter, cq->consumed);
	return CX_STAT_OK;
}

static void cancel_arm(struct cx *cx, struct cx_cq *cq)
{
	if (cq->arm_waits)
		TAILQ_REMOVE(&cx->arms, cq, turn);
	cq->arm_waits = false;
}

void cx_cq_free(struct cx *cx, struct cx_cq *cq)
{
	cancel_arm(cx, cq);
	cx_buffer_free(cx, &cq->buffer);
	cx_memory_put(cx, cq, sizeof(*cq));
}

static void cq_event(struct cx *cx, struct cx_cq *cq)
{
	uint32_t number = (uint32_t)CX_GET(cq->context, cqc, c_eqn_or_apu_element);
	struct cx_eq *eq = cx_table_get(&cx->eqs, number);
	uint8_t eqe[CX_EQE_BYTES] = {0};

	cq->armed = CX_DISARMED;
	if (!eq)
		return;
	eqe[CX_EQE_TYPE] = CX_EVENT_COMP;
	put_be32(eqe + CX_EQE_COMP_CQN, cq->number);
	cx_eq_post(cx, eq, eqe);
}

static void cq_overrun(struct cx *cx, struct cx_cq *cq)
{
	struct cx_eq *eq = cx_eq_for(cx, CX_EVENT_CQ_ERROR);
	uint8_t eqe[CX_EQE_BYTES] = {0};

	pci_log(&cx->f, "CQ 0x%x is full: its completions are lost from here on", cq->number);
	cq->overrun = true;
	if (!eq)
		return;
	eqe[CX_EQE_TYPE] = CX_EVENT_CQ_ERROR;
	put_be32(eqe + CX_EQE_CQ_ERR_CQN, cq->number);
	eqe[CX_EQE_CQ_ERR_SYNDROME] = ERROR_OVERRUN;
	cx_eq_post(cx, eq, eqe);
}

/* Completions that the driver has not seen, by its doorbell record when last read. */
static uint32_t unseen(const struct cx_cq *cq)
{
	return (cq->produced - cq->consumed) & COUNTER_MASK;
}

/* Reads the doorbell record. Are @size completions still unseen? */
static bool cq_is_full(struct cx *cx, struct cx_cq *cq, uint32_t size)
{
	uint8_t record[4];

	if (pci_dma_read(&cx->f, cq->doorbell_record, record, sizeof(record)))
		return true;
	cq->consumed = get_be32(record) & COUNTER_MASK;
	return unseen(cq) >= size;
}

/* Writes @cqe as the next, without an event. False: it cannot be written. */
static bool cq_write(struct cx *cx, struct cx_cq *cq, uint8_t cqe[CX_CQE_BYTES])
{
	uint64_t stride = 1ull << cq->log_stride;
	uint64_t index = cq->produced & ((1u << cq->log_size) - 1);
	uint8_t entry[2 * CX_CQE_BYTES] = {0};
	size_t len = cq->is_padded ? sizeof(entry) : CX_CQE_BYTES;

	cqe[CX_CQE_OP_OWN] &= 0xf0;
	cqe[CX_CQE_OP_OWN] |= cq->produced >> cq->log_size & 1;
	/* an entry of 128 bytes has the completion in its second half; padded, it is written whole
	 */
	memcpy(entry + len - CX_CQE_BYTES, cqe, CX_CQE_BYTES);
	if (cx_buffer_write_entry(cx, &cq->buffer, (index + 1) * stride - len, entry, len)) {
		pci_log(&cx->f, "a completion cannot be written to CQ 0x%x", cq->number);
		return false;
	}
	cq->produced++;
	return true;
}

void cx_cq_post(struct cx *cx, uint32_t number, uint8_t cqe[CX_CQE_BYTES], bool solicited)
{
	struct cx_cq *cq = cx_table_get(&cx->cqs, number);
	uint32_t size;

	if (!cq) {
		pci_log(&cx->f, "completion for CQ 0x%x, which does not exist", number);
		return;
	}
	if (cq->overrun)
		return;
	size = 1u << cq->log_size;
	if (unseen(cq) >= size && !cq->ignore_overrun && cq_is_full(cx, cq, size)) {
		cq_overrun(cx, cq);
		return;
	}
	if (!cq_write(cx, cq, cqe))
		return;
	if (solicited)
		cq->solicited = cq->produced;
	if (cq->armed == CX_ARMED_ANY || (cq->armed == CX_ARMED_SOLICITED && solicited))
		cq_event(cx, cq);
}

/*
 * Continues in the buffer of @cmd, which has 2^@log_size entries. The last entry of the old buffer
 * announces this; the driver itself copies the entries that it has not seen.
 */
static unsigned cq_resize(struct cx *cx, struct cx_cq *cq, unsigned log_size,
			  const struct cx_command *cmd)
{
	const uint8_t *cqc = CX_ADDR(cmd->in, modify_cq_in, cq_context);
	uint8_t cqe[CX_CQE_BYTES] = {[CX_CQE_OP_OWN] = CX_CQE_RESIZE << 4};
	struct cx_buffer buffer;
	int ret;

	if (cq->overrun || cq_is_full(cx, cq, 1u << cq->log_size) ||
	    cq_is_full(cx, cq, 1u << log_size))
		return CX_STAT_BAD_RES_STATE;
	ret = cx_buffer_init(cx, &buffer, (unsigned)CX_GET(cqc, cqc, log_page_size),
			     (unsigned)CX_GET(cqc, cqc, page_offset),
			     1ull << (log_size + cq->log_stride), cmd->in + CX_AT_modify_cq_in_pas,
			     cmd->in_len - CX_AT_modify_cq_in_pas);
	if (ret)
		return cx_status_of(ret);
	if (!cq_write(cx, cq, cqe)) {
		cx_buffer_free(cx, &buffer);
		return CX_STAT_BAD_PARAM;
	}
	cx_buffer_free(cx, &cq->buffer);
	cq->buffer = buffer;
	cq->log_size = log_size;
	cx_bits_copy(cq->context, cqc, CX_cqc_log_cq_size);
	cx_bits_copy(cq->context, cqc, CX_cqc_log_page_size);
	cx_bits_copy(cq->context, cqc, CX_cqc_page_offset);
	return CX_STAT_OK;
}

/* Only the size can be modified here. */
unsigned cx_cmd_modify_cq(struct cx *cx, const struct cx_command *cmd)
{
	struct cx_cq *cq = cx_table_get(&cx->cqs, (uint32_t)CX_GET(cmd->in, modify_cq_in, cqn));
	const uint8_t *cqc = CX_ADDR(cmd->in, modify_cq_in, cq_context);
	unsigned log_size = (unsigned)CX_GET(cqc, cqc, log_cq_size);

	if (!cq)
		return CX_STAT_BAD_RES;
	if (CX_GET(cmd->in, modify_cq_in, op_mod) != CX_CQ_RESIZE || log_size > CX_QUEUE_LOG_MAX ||
	    CX_GET(cqc, cqc, cqe_sz) != CX_GET(cq->context, cqc, cqe_sz))
		return CX_STAT_BAD_PARAM;
	return cq_resize(cx, cq, log_size, cmd);
}

void cx_cq_ring(struct cx *cx, uint32_t uar, uint32_t number, uint32_t word)
{
	struct cx_cq *cq = cx_table_get(&cx->cqs, number);

	if (!cq || cq->uar != uar)
		return;
	cq->arm_word = word;
	if (!cq->arm_waits)
		TAILQ_INSERT_TAIL(&cx->arms, cq, turn);
	cq->arm_waits = true;
}

void cx_cq_arm_step(struct cx *cx)
{
	struct cx_cq *cq = TAILQ_FIRST(&cx->arms);
	bool solicited_only = cq->arm_word & CX_CQ_DB_SOLICITED;
	uint32_t last = solicited_only ? cq->solicited : cq->produced;
	uint32_t ahead = (last - cq->arm_word) & COUNTER_MASK; /* of what the driver has seen */

	cancel_arm(cx, cq);
	cq->armed = solicited_only ? CX_ARMED_SOLICITED : CX_ARMED_ANY;
	if (ahead && ahead <= COUNTER_MASK / 2)
		cq_event(cx, cq);
}
