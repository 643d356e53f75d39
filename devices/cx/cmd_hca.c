// SPDX-License-Identifier: GPL-2.0-or-later
/* Commands about the adapter as a whole. */
#include <string.h>

#include "devices/cx/state.h"

#define IEEE_VENDOR_ID	0x0002c9u
#define UMR_FENCE_NONE	2u
#define PORT_TYPE_IB	0u
#define HOST_ENDIANNESS 1u	  /* of the operands of atomic operations */
#define ATOMIC_SIZES	(1u << 3) /* 8 bytes */
#define TIMER_KHZ	1000000u  /* it counts nanoseconds */

/* Current and maximal values are the same. Fields that are not set are 0: not supported. */
static const struct {
	uint32_t field;
	uint32_t value;
} general_caps[] = {
	{CX_cmd_hca_cap_page_request_disable, 1},
	{CX_cmd_hca_cap_log_max_srq_sz, 15},
	{CX_cmd_hca_cap_log_max_qp_sz, 15},
	{CX_cmd_hca_cap_log_max_cq_sz, CX_QUEUE_LOG_MAX},
	{CX_cmd_hca_cap_log_max_eq_sz, CX_QUEUE_LOG_MAX},
	{CX_cmd_hca_cap_log_max_qp, CX_OBJECTS_LOG},
	{CX_cmd_hca_cap_log_max_srq, CX_OBJECTS_LOG},
	{CX_cmd_hca_cap_log_max_cq, CX_OBJECTS_LOG},
	{CX_cmd_hca_cap_log_max_mkey, CX_OBJECTS_LOG},
	{CX_cmd_hca_cap_log_max_pd, CX_OBJECTS_LOG},
	{CX_cmd_hca_cap_log_max_xrcd, CX_OBJECTS_LOG},
	{CX_cmd_hca_cap_log_max_eq, 6},
	{CX_cmd_hca_cap_max_num_eqs, CX_EQS},
	{CX_cmd_hca_cap_umr_extended_translation_offset, 1},
	{CX_cmd_hca_cap_log_max_klm_list_size, CX_KLM_LOG_MAX},
	{CX_cmd_hca_cap_log_max_ra_req_qp, 4},
	{CX_cmd_hca_cap_log_max_ra_res_qp, 4},
	{CX_cmd_hca_cap_vport_counters, 1},
	{CX_cmd_hca_cap_max_qp_cnt, CX_COUNTER_SETS},
	{CX_cmd_hca_cap_rts2rts_qp_counters_set_id, 1},
	{CX_cmd_hca_cap_ib_virt, 1},
	{CX_cmd_hca_cap_local_ca_ack_delay, 16},
	{CX_cmd_hca_cap_port_type, PORT_TYPE_IB},
	{CX_cmd_hca_cap_num_ports, 1},
	{CX_cmd_hca_cap_log_max_msg, CX_MESSAGE_LOG},
	{CX_cmd_hca_cap_cqe_version, 0},
	{CX_cmd_hca_cap_umr_fence, UMR_FENCE_NONE},
	{CX_cmd_hca_cap_atomic, 1},
	{CX_cmd_hca_cap_cq_resize, 1},
	{CX_cmd_hca_cap_pg, 1},		 /* the driver needs it for dma-bufs */
	{CX_cmd_hca_cap_block_lb_mc, 1}, /* there is no multicast */
	{CX_cmd_hca_cap_imaicl, 1},	 /* memory windows */
	{CX_cmd_hca_cap_xrc, 1},
	{CX_cmd_hca_cap_ud, 1},
	{CX_cmd_hca_cap_uc, 1},
	{CX_cmd_hca_cap_rc, 1},
	{CX_cmd_hca_cap_log_pg_sz, CX_PAGE_SHIFT},
	{CX_cmd_hca_cap_log_bf_reg_size, 9}, /* gives doorbell offsets, also without BlueFlame */
	{CX_cmd_hca_cap_max_wqe_sz_sq, CX_WQE_DS_MASK *CX_WQE_DS_BYTES},
	{CX_cmd_hca_cap_max_wqe_sz_rq, 512},
	{CX_cmd_hca_cap_qp_latency_sensitive_disable, 1},
	{CX_cmd_hca_cap_device_frequency_khz, TIMER_KHZ},
	{CX_cmd_hca_cap_cqe_128_always, 1},
};

static void put_atomic_caps(uint8_t *cap)
{
	CX_SET(cap, atomic_caps, supported_atomic_req_8B_endianness_mode_1, 1);
	CX_SET(cap, atomic_caps, atomic_req_8B_endianness_mode, HOST_ENDIANNESS);
	CX_SET(cap, atomic_caps, atomic_operations, CX_ATOMIC_CS | CX_ATOMIC_FA);
	CX_SET(cap, atomic_caps, atomic_size_qp, ATOMIC_SIZES);
}

unsigned cx_cmd_query_hca_cap(struct cx *cx, const struct cx_command *cmd)
{
	unsigned op_mod = (unsigned)CX_GET(cmd->in, mbox_in, op_mod);
	uint8_t *cap = CX_ADDR(cmd->out, query_hca_cap_out, capability);

	if (op_mod >> 1 == CX_CAP_ATOMIC) /* bit 0: current or maximal */
		put_atomic_caps(cap);
	if (op_mod >> 1 != CX_CAP_GENERAL)
		return CX_STAT_OK;
	for (size_t i = 0; i < ARRAY_SIZE(general_caps); i++)
		cx_bits_set(cap, general_caps[i].field, general_caps[i].value);
	CX_SET(cap, cmd_hca_cap, mkey_pcie_tph, cx->config.tph_bits != 0);
	return CX_STAT_OK;
}

unsigned cx_cmd_query_adapter(struct cx *cx, const struct cx_command *cmd)
{
	uint8_t *adapter = CX_ADDR(cmd->out, query_adapter_out, query_adapter_struct);
	static const char psid[16] = "DTPH000000001";

	(void)cx;
	CX_SET(adapter, query_adapter_param_block, ieee_vendor_id, IEEE_VENDOR_ID);
	memcpy(CX_ADDR(adapter, query_adapter_param_block, vsd_contd_psid), psid, sizeof(psid));
	return CX_STAT_OK;
}

unsigned cx_cmd_set_issi(struct cx *cx, const struct cx_command *cmd)
{
	(void)cx;
	return CX_GET(cmd->in, set_issi_in, current_issi) ? CX_STAT_BAD_PARAM : CX_STAT_OK;
}

unsigned cx_cmd_teardown_hca(struct cx *cx, const struct cx_command *cmd)
{
	(void)cmd;
	cx_objects_free(cx);
	return CX_STAT_OK;
}
