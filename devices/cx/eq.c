// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Event queues. Every event raises the queue's MSI-X vector at once: the doorbell that arms
 * a queue only sets its consumer index.
 */
#include <errno.h>
#include <string.h>

#include "devices/cx/state.h"

#define COUNTER_MASK   0xffffffu /* of a doorbell's word; the queue's number is above */
#define STATUS_OVERRUN 0xau	 /* eqc.status: an event could not be written */

static int eq_init(struct cx *cx, struct cx_eq *eq, const struct cx_command *cmd)
{
	const uint8_t *eqc = CX_ADDR(cmd->in, create_eq_in, eq_context_entry);

	memcpy(eq->context, eqc, sizeof(eq->context));
	eq->log_size = (unsigned)CX_GET(eqc, eqc, log_eq_size);
	eq->uar = (uint32_t)CX_GET(eqc, eqc, uar_page);
	eq->vector = (unsigned)CX_GET(eqc, eqc, intr);
	eq->ignore_overrun = CX_GET(eqc, eqc, oi);
	/* types 0 to 63 are in the first of the mask's four words */
	eq->events = get_be64(CX_ADDR(cmd->in, create_eq_in, event_bitmask));
	if (eq->log_size > CX_QUEUE_LOG_MAX || eq->vector >= CX_MSIX_VECTORS)
		return -EINVAL;
	return cx_buffer_init(
		cx, &eq->buffer, (unsigned)CX_GET(eqc, eqc, log_page_size),
		(unsigned)CX_GET(eqc, eqc, page_offset), (uint64_t)CX_EQE_BYTES << eq->log_size,
		cmd->in + CX_AT_create_eq_in_pas, cmd->in_len - CX_AT_create_eq_in_pas);
}

unsigned cx_cmd_create_eq(struct cx *cx, const struct cx_command *cmd)
{
	struct cx_eq *eq = cx_memory_get(cx, sizeof(*eq));
	int ret;

	if (!eq)
		return CX_STAT_LIM;
	ret = eq_init(cx, eq, cmd);
	if (!ret)
		ret = cx_table_add(&cx->eqs, eq, &eq->number);
	if (ret) {
		cx_eq_free(cx, eq);
		return cx_status_of(ret);
	}
	CX_SET(cmd->out, create_eq_out, eq_number, eq->number);
	return CX_STAT_OK;
}

unsigned cx_cmd_destroy_eq(struct cx *cx, const struct cx_command *cmd)
{
	struct cx_eq *eq =
		cx_table_remove(&cx->eqs, (uint32_t)CX_GET(cmd->in, destroy_eq_in, eq_number));

	if (!eq)
		return CX_STAT_BAD_RES;
	cx_eq_free(cx, eq);
	return CX_STAT_OK;
}

unsigned cx_cmd_query_eq(struct cx *cx, const struct cx_command *cmd)
{
	uint32_t number = (uint32_t)CX_GET(cmd->in, query_eq_in, eq_number);
	const struct cx_eq *eq = cx_table_get(&cx->eqs, number);
	uint8_t *eqc = CX_ADDR(cmd->out, query_eq_out, eq_context_entry);

	if (!eq)
		return CX_STAT_BAD_RES;
	memcpy(eqc, eq->context, sizeof(eq->context));
	CX_SET(eqc, eqc, status, eq->overrun ? STATUS_OVERRUN : 0);
	CX_SET(eqc, eqc, consumer_counter, eq->consumed);
	CX_SET(eqc, eqc, producer_counter, eq->produced);
	return CX_STAT_OK;
}

struct cx_eq *cx_eq_for(struct cx *cx, unsigned type)
{
	for (uint32_t i = 0; i < cx->eqs.slots; i++) {
		struct cx_eq *eq = cx->eqs.slot[i];

		if (eq && eq->events >> type & 1)
			return eq;
	}
	return NULL;
}

void cx_eq_ring(struct cx *cx, uint32_t uar, uint32_t word)
{
	struct cx_eq *eq = cx_table_get(&cx->eqs, word >> 24);

	if (eq && eq->uar == uar)
		eq->consumed = word & COUNTER_MASK;
}

/* Events that the driver has not seen must not be overwritten. */
static bool eq_is_full(const struct cx_eq *eq)
{
	return !eq->ignore_overrun &&
	       ((eq->produced - eq->consumed) & COUNTER_MASK) >= 1u << eq->log_size;
}

bool cx_eq_post(struct cx *cx, struct cx_eq *eq, uint8_t eqe[CX_EQE_BYTES])
{
	uint32_t index = eq->produced & ((1u << eq->log_size) - 1);

	if (!eq->overrun && eq_is_full(eq)) {
		pci_log(&cx->f, "EQ 0x%x is full: its events are lost from here on", eq->number);
		eq->overrun = true;
	}
	if (eq->overrun)
		return false;
	eqe[CX_EQE_OWNER] = eq->produced >> eq->log_size & 1;
	if (cx_buffer_write_entry(cx, &eq->buffer, (uint64_t)index * CX_EQE_BYTES, eqe,
				  CX_EQE_BYTES)) {
		pci_log(&cx->f, "an event of type 0x%x cannot be written to its queue",
			eqe[CX_EQE_TYPE]);
		return false;
	}
	eq->produced++;
	cx->f.link.msix(cx->f.link.ctx, eq->vector);
	return true;
}

void cx_eq_tell(struct cx *cx, unsigned type, uint32_t number)
{
	struct cx_eq *eq = cx_eq_for(cx, type);
	uint8_t eqe[CX_EQE_BYTES] = {0};

	if (!eq)
		return;
	eqe[CX_EQE_TYPE] = (uint8_t)type;
	eqe[CX_EQE_QP_TYPE] = CX_EVENT_QUEUE_QP;
	put_be32(eqe + CX_EQE_QP_NUMBER, number);
	cx_eq_post(cx, eq, eqe);
}

void cx_eq_tell_port(struct cx *cx, bool active)
{
	struct cx_eq *eq = cx_eq_for(cx, CX_EVENT_PORT_CHANGE);
	uint8_t eqe[CX_EQE_BYTES] = {0};

	if (!eq)
		return;
	eqe[CX_EQE_TYPE] = CX_EVENT_PORT_CHANGE;
	eqe[CX_EQE_SUB_TYPE] = active ? CX_PORT_CHANGE_ACTIVE : CX_PORT_CHANGE_DOWN;
	eqe[CX_EQE_PORT] = 1 << 4; /* in the upper half */
	cx_eq_post(cx, eq, eqe);
}

void cx_eq_free(struct cx *cx, struct cx_eq *eq)
{
	cx_buffer_free(cx, &eq->buffer);
	cx_memory_put(cx, eq, sizeof(*eq));
}
