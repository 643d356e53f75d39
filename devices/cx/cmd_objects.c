// SPDX-License-Identifier: GPL-2.0-or-later
/* Commands about objects that are little more than a number, and the end of all objects. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "devices/cx/state.h"

/* A new object of @bytes, zeroed, numbered in @table; its number goes to @field of the reply. */
static unsigned object_add(struct cx_table *table, size_t bytes, const struct cx_command *cmd,
			   uint32_t field, void **object)
{
	uint32_t number;
	void *new = calloc(1, bytes);
	int ret = new ? cx_table_add(table, new, &number) : -ENOMEM;

	if (ret) {
		free(new);
		return cx_status_of(ret);
	}
	cx_bits_set(cmd->out, field, number);
	if (object)
		*object = new;
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
	return object_add(&cx->pds, 1, cmd, CX_alloc_pd_out_pd, NULL);
}

unsigned cx_cmd_dealloc_pd(struct cx *cx, const struct cx_command *cmd)
{
	return object_remove(&cx->pds, cmd, CX_dealloc_pd_in_pd);
}

unsigned cx_cmd_alloc_uar(struct cx *cx, const struct cx_command *cmd)
{
	return object_add(&cx->uars, 1, cmd, CX_alloc_uar_out_uar, NULL);
}

unsigned cx_cmd_dealloc_uar(struct cx *cx, const struct cx_command *cmd)
{
	return object_remove(&cx->uars, cmd, CX_dealloc_uar_in_uar);
}

unsigned cx_cmd_alloc_xrcd(struct cx *cx, const struct cx_command *cmd)
{
	return object_add(&cx->xrcds, 1, cmd, CX_alloc_xrcd_out_xrcd, NULL);
}

unsigned cx_cmd_dealloc_xrcd(struct cx *cx, const struct cx_command *cmd)
{
	return object_remove(&cx->xrcds, cmd, CX_dealloc_xrcd_in_xrcd);
}

unsigned cx_cmd_create_srq(struct cx *cx, const struct cx_command *cmd)
{
	const uint8_t *context = CX_ADDR(cmd->in, create_srq_in, srq_context_entry);
	void *srq;
	unsigned status = object_add(&cx->srqs, CX_SZ_srqc, cmd, CX_create_srq_out_srqn, &srq);

	if (!status)
		memcpy(srq, context, CX_SZ_srqc);
	return status;
}

unsigned cx_cmd_destroy_srq(struct cx *cx, const struct cx_command *cmd)
{
	return object_remove(&cx->srqs, cmd, CX_destroy_srq_in_srqn);
}

unsigned cx_cmd_query_srq(struct cx *cx, const struct cx_command *cmd)
{
	uint32_t number = (uint32_t)CX_GET(cmd->in, query_srq_in, srqn);
	const uint8_t *srq = cx_table_get(&cx->srqs, number);

	if (!srq)
		return CX_STAT_BAD_RES;
	memcpy(CX_ADDR(cmd->out, query_srq_out, srq_context_entry), srq, CX_SZ_srqc);
	return CX_STAT_OK;
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
	while ((object = cx_table_pop(&cx->cqs)))
		cx_cq_free(cx, object);
	while ((object = cx_table_pop(&cx->eqs)))
		cx_eq_free(cx, object);
	while ((object = cx_table_pop(&cx->mkeys)))
		cx_mkey_free(cx, object);
	table_free(&cx->srqs);
	table_free(&cx->xrcds);
	table_free(&cx->pds);
	table_free(&cx->uars);
}
