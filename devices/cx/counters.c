// SPDX-License-Identifier: GPL-2.0-or-later
/* Sets of counters: each counts the requests to the queue pairs that name it. */
#include "devices/cx/state.h"

/* NULL: the queue pair names none. */
static struct cx_counters *counters_of(struct cx *cx, const struct cx_qp *qp)
{
	return cx_table_get(&cx->counters, qp->counters);
}

void cx_count_request(struct cx *cx, const struct cx_qp *responder, enum cx_access access)
{
	struct cx_counters *set = counters_of(cx, responder);

	if (!set)
		return;
	set->writes += access == CX_REMOTE_WRITE;
	set->reads += access == CX_REMOTE_READ;
	set->atomics += access == CX_REMOTE_ATOMIC;
}

void cx_count_message(struct cx_traffic *traffic, uint32_t octets)
{
	traffic->messages++;
	traffic->octets += octets;
}

void cx_count_no_receive(struct cx *cx, const struct cx_qp *responder)
{
	struct cx_counters *set = counters_of(cx, responder);

	if (set)
		set->no_receive++;
}

unsigned cx_cmd_query_q_counter(struct cx *cx, const struct cx_command *cmd)
{
	uint32_t number = (uint32_t)CX_GET(cmd->in, query_q_counter_in, counter_set_id);
	struct cx_counters *set = cx_table_get(&cx->counters, number);

	if (!set)
		return CX_STAT_BAD_RES;
	CX_SET(cmd->out, query_q_counter_out, rx_write_requests, set->writes);
	CX_SET(cmd->out, query_q_counter_out, rx_read_requests, set->reads);
	CX_SET(cmd->out, query_q_counter_out, rx_atomic_requests, set->atomics);
	CX_SET(cmd->out, query_q_counter_out, out_of_buffer, set->no_receive);
	if (CX_GET(cmd->in, query_q_counter_in, clear))
		*set = (struct cx_counters){0};
	return CX_STAT_OK;
}
