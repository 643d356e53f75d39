// SPDX-License-Identifier: GPL-2.0-or-later
/* The table of commands. */
#include <string.h>

#include "devices/cx/state.h"

#define SHORT 0x10u /* bytes of most commands and replies */

struct command {
	unsigned opcode;
	const char *name;
	cx_command_fn *run;
	size_t in_min, reply_len; /* bytes */
};

/* O(NAME, handler, least input, reply) */
#define O(name, run, in_min, reply_len) {CX_OP_##name, #name, run, in_min, reply_len},

static const struct command commands[] = {
	/* clang-format off */
	O(QUERY_HCA_CAP, cx_cmd_query_hca_cap, CX_SZ_query_hca_cap_in, CX_SZ_query_hca_cap_out)
	O(SET_HCA_CAP, cx_cmd_accept, CX_SZ_set_hca_cap_in, SHORT)
	O(QUERY_ADAPTER, cx_cmd_query_adapter, SHORT, CX_SZ_query_adapter_out)
	O(ENABLE_HCA, cx_cmd_accept, SHORT, SHORT)
	O(DISABLE_HCA, cx_cmd_accept, SHORT, SHORT)
	O(INIT_HCA, cx_cmd_accept, SHORT, SHORT)
	O(TEARDOWN_HCA, cx_cmd_teardown_hca, SHORT, SHORT)
	O(QUERY_PAGES, cx_cmd_accept, SHORT, SHORT)	/* the NIC needs none */
	O(QUERY_ISSI, cx_cmd_accept, SHORT, CX_SZ_query_issi_out)
	O(SET_ISSI, cx_cmd_set_issi, SHORT, SHORT)
	O(NOP, cx_cmd_accept, SHORT, SHORT)
	O(ACCESS_REG, cx_cmd_access_reg, CX_SZ_access_register_in, CX_REPLY_MAX)
	O(QUERY_HCA_VPORT_CONTEXT, cx_cmd_query_vport_context, SHORT,
	  CX_SZ_query_hca_vport_context_out)
	O(MODIFY_HCA_VPORT_CONTEXT, cx_cmd_modify_vport_context,
	  CX_SZ_modify_hca_vport_context_in, SHORT)
	O(QUERY_HCA_VPORT_GID, cx_cmd_query_gid, SHORT, SHORT + 16)
	O(QUERY_HCA_VPORT_PKEY, cx_cmd_query_pkey, SHORT, SHORT + CX_SZ_pkey)
	O(QUERY_VPORT_COUNTER, cx_cmd_query_vport_counter, CX_SZ_query_vport_counter_in,
	  CX_SZ_query_vport_counter_out)
	O(ALLOC_Q_COUNTER, cx_cmd_alloc_q_counter, SHORT, SHORT)
	O(DEALLOC_Q_COUNTER, cx_cmd_dealloc_q_counter, SHORT, SHORT)
	O(QUERY_Q_COUNTER, cx_cmd_query_q_counter, CX_SZ_query_q_counter_in,
	  CX_SZ_query_q_counter_out)
	O(ALLOC_PD, cx_cmd_alloc_pd, SHORT, SHORT)
	O(DEALLOC_PD, cx_cmd_dealloc_pd, SHORT, SHORT)
	O(ALLOC_UAR, cx_cmd_alloc_uar, SHORT, SHORT)
	O(DEALLOC_UAR, cx_cmd_dealloc_uar, SHORT, SHORT)
	O(ALLOC_XRCD, cx_cmd_alloc_xrcd, SHORT, SHORT)
	O(DEALLOC_XRCD, cx_cmd_dealloc_xrcd, SHORT, SHORT)
	O(CREATE_EQ, cx_cmd_create_eq, CX_SZ_create_eq_in, SHORT)
	O(DESTROY_EQ, cx_cmd_destroy_eq, SHORT, SHORT)
	O(QUERY_EQ, cx_cmd_query_eq, SHORT, CX_SZ_query_eq_out)
	O(CREATE_CQ, cx_cmd_create_cq, CX_SZ_create_cq_in, SHORT)
	O(DESTROY_CQ, cx_cmd_destroy_cq, SHORT, SHORT)
	O(QUERY_CQ, cx_cmd_query_cq, SHORT, CX_SZ_query_cq_out)
	O(MODIFY_CQ, cx_cmd_modify_cq, CX_SZ_modify_cq_in, SHORT)
	O(CREATE_SRQ, cx_cmd_create_srq, CX_SZ_create_srq_in, SHORT)
	O(DESTROY_SRQ, cx_cmd_destroy_srq, SHORT, SHORT)
	O(QUERY_SRQ, cx_cmd_query_srq, SHORT, CX_SZ_query_srq_out)
	O(ARM_RQ, cx_cmd_arm_rq, SHORT, SHORT)
	O(CREATE_MKEY, cx_cmd_create_mkey, CX_SZ_create_mkey_in, SHORT)
	O(QUERY_MKEY, cx_cmd_query_mkey, SHORT, CX_SZ_query_mkey_out)
	O(DESTROY_MKEY, cx_cmd_destroy_mkey, SHORT, SHORT)
	O(PAGE_FAULT_RESUME, cx_cmd_page_fault_resume, SHORT, SHORT)
	O(CREATE_QP, cx_cmd_create_qp, CX_SZ_create_qp_in, SHORT)
	O(DESTROY_QP, cx_cmd_destroy_qp, SHORT, SHORT)
	O(QUERY_QP, cx_cmd_query_qp, SHORT, CX_SZ_query_qp_out)
	O(RST2INIT_QP, cx_cmd_modify_qp, CX_SZ_rst2init_qp_in, SHORT)
	O(INIT2INIT_QP, cx_cmd_modify_qp, CX_SZ_rst2init_qp_in, SHORT)
	O(INIT2RTR_QP, cx_cmd_modify_qp, CX_SZ_rst2init_qp_in, SHORT)
	O(RTR2RTS_QP, cx_cmd_modify_qp, CX_SZ_rst2init_qp_in, SHORT)
	O(RTS2RTS_QP, cx_cmd_modify_qp, CX_SZ_rst2init_qp_in, SHORT)
	O(SQERR2RTS_QP, cx_cmd_modify_qp, CX_SZ_rst2init_qp_in, SHORT)
	O(SQD_RTS_QP, cx_cmd_modify_qp, CX_SZ_rst2init_qp_in, SHORT)
	O(2ERR_QP, cx_cmd_modify_qp, SHORT, SHORT)
	O(2RST_QP, cx_cmd_modify_qp, SHORT, SHORT)
	/* clang-format on */
};

static const struct command *command_find(unsigned opcode)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (commands[i].opcode == opcode)
			return &commands[i];
	return NULL;
}

size_t cx_command_run(struct cx *cx, const uint8_t *in, size_t in_len, uint8_t *out)
{
	unsigned opcode = (unsigned)CX_GET(in, mbox_in, opcode);
	const struct command *command = command_find(opcode);
	struct cx_command cmd = {.in = in, .in_len = in_len, .out = out};
	unsigned status;

	cx->f.link.trace(cx->f.link.ctx, "command", opcode);
	memset(out, 0, CX_REPLY_MAX);
	if (!command) {
		pci_log(&cx->f, "command 0x%x is not known to this device", opcode);
		status = CX_STAT_BAD_OP;
	} else if (in_len < command->in_min) {
		pci_log(&cx->f, "command %s: %zu bytes of input, at least %zu are needed",
			command->name, in_len, command->in_min);
		status = CX_STAT_BAD_INP_LEN;
	} else {
		status = command->run(cx, &cmd);
		if (status)
			pci_log(&cx->f, "command %s fails with status 0x%x", command->name, status);
	}
	CX_SET(out, mbox_out, status, status);
	return command && !status ? command->reply_len : SHORT;
}

unsigned cx_cmd_accept(struct cx *cx, const struct cx_command *cmd)
{
	(void)cx, (void)cmd;
	return CX_STAT_OK;
}
