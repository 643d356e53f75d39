// SPDX-License-Identifier: GPL-2.0-or-later
/* Commands for objects that are little more than a number, and freeing all objects. */
#include <errno.h>
#include <stdlib.h>

#include "devices/cx/state.h"

/* A new object of @bytes, numbered in @table; its number is put into @field of the reply. */
static unsigned object_add(struct cx_table *table, const struct cx_command *cmd, uint32_t field,
			   size_t bytes)
{
	uint32_t number;
	void *new = calloc(1, bytes);
	int ret = new ? cx_table_add(table, new, &number) : -ENOMEM;

	if (ret) {
		free(new);
		return cx_status_of(ret);
	}
	cx_bits_set(cmd->out, field, number);
	return CX_STAT_OK;
}

static unsigned object_remove(struct cx_table *table, const struct cx_command *cmd, uint32_t field)
{
	void *object = cx_table_remove(table, (uint32_t)cx_bits_get(cmd->in, field));

	free(object);
	return object ? CX_STAT_OK : CX_STAT_BAD_RES;
}

unsigned cx_cmd_alloc_pd(struct cx *cx, const struct cx_command *cmd)
{
	return object_add(&cx->pds, cmd, CX_alloc_pd_out_pd, 1);
}

unsigned cx_cmd_dealloc_pd(struct cx *cx, const struct cx_command *cmd)
{
	return object_remove(&cx->pds, cmd, CX_dealloc_pd_in_pd);
}

unsigned cx_cmd_alloc_uar(struct cx *cx, const struct cx_command *cmd)
{
	return object_add(&cx->uars, cmd, CX_alloc_uar_out_uar, 1);
}

unsigned cx_cmd_dealloc_uar(struct cx *cx, const struct cx_command *cmd)
{
	return object_remove(&cx->uars, cmd, CX_dealloc_uar_in_uar);
}

unsigned cx_cmd_alloc_xrcd(struct cx *cx, const struct cx_command *cmd)
{
	return object_add(&cx->xrcds, cmd, CX_alloc_xrcd_out_xrcd, 1);
}

unsigned cx_cmd_dealloc_xrcd(struct cx *cx, const struct cx_command *cmd)
{
	return object_remove(&cx->xrcds, cmd, CX_dealloc_xrcd_in_xrcd);
}

unsigned cx_cmd_alloc_q_counter(struct cx *cx, const struct cx_command *cmd)
{
	return object_add(&cx->counters, cmd, CX_alloc_q_counter_out_counter_set_id,
			  sizeof(struct cx_counters));
}

unsigned cx_cmd_dealloc_q_counter(struct cx *cx, const struct cx_command *cmd)
{
	return object_remove(&cx->counters, cmd, CX_dealloc_q_counter_in_counter_set_id);
}

static void table_free(struct cx_table *table)
{
	void *object;

	while ((object = cx_table_pop(table)))
		free(object);
}

void cx_objects_free(struct cx *cx)
{
	void *object;

	while ((object = cx_table_pop(&cx->qps)))
		cx_qp_free(cx, object);
	while ((object = cx_table_pop(&cx->srqs)))
		cx_srq_free(cx, object);
	while ((object = cx_table_pop(&cx->cqs)))
		cx_cq_free(cx, object);
	while ((object = cx_table_pop(&cx->eqs)))
		cx_eq_free(cx, object);
	while ((object = cx_table_pop(&cx->mkeys)))
		cx_mkey_free(cx, object);
	table_free(&cx->counters);
	table_free(&cx->xrcds);
	table_free(&cx->pds);
	table_free(&cx->uars);
}
