// SPDX-License-Identifier: GPL-2.0-or-later
/* The InfiniBand port and its commands. It is active unless it has a wire that is down. */
#include <string.h>

#include "devices/cx/state.h"

#define NODE_GUID	 0x0002c9fffe000000ull
#define SUBNET_PREFIX	 0xfe80000000000000ull
#define PHYSICAL_POLLING 2u
#define PHYSICAL_LINK_UP 5u
#define PORT_DOWN	 1u
#define PORT_ACTIVE	 4u
#define CAP_MASK1_CM	 0x10000u
#define GIDS		 8u
#define PKEYS		 128u
#define DEFAULT_PKEY	 0xffffu
#define WIDTH_4X	 4u
#define SPEED_NDR	 128u
#define PROTO_IB	 1u
#define MTU_BYTES	 4096u
#define VL_HW_CAP	 1u /* one data VL */
#define REGISTER_READ	 1u

static uint64_t node_guid(const struct cx *cx)
{
	return NODE_GUID + (uint64_t)cx->config.index * 16;
}

static uint64_t port_guid(const struct cx *cx)
{
	return node_guid(cx) + 1;
}

void cx_port_gid(const struct cx *cx, uint8_t gid[16])
{
	put_be64(gid, SUBNET_PREFIX);
	put_be64(gid + 8, port_guid(cx));
}

static bool is_up(const struct cx *cx)
{
	return !cx->wire.up || cx->wire.up(cx->wire.ctx);
}

void cx_port_watch(struct cx *cx)
{
	bool up = is_up(cx);

	if (up == cx->port_up)
		return;
	cx->port_up = up;
	cx_eq_tell_port(cx, up);
}

unsigned cx_cmd_query_vport_context(struct cx *cx, const struct cx_command *cmd)
{
	uint8_t *port = CX_ADDR(cmd->out, query_hca_vport_context_out, hca_vport_context);
	bool up = is_up(cx);

	CX_SET(port, hca_vport_context, port_physical_state,
	       up ? PHYSICAL_LINK_UP : PHYSICAL_POLLING);
	CX_SET(port, hca_vport_context, port_state, up ? PORT_ACTIVE : PORT_DOWN);
	CX_SET(port, hca_vport_context, vport_state, up ? PORT_ACTIVE : PORT_DOWN);
	CX_SET(port, hca_vport_context, system_image_guid, node_guid(cx));
	CX_SET(port, hca_vport_context, node_guid, node_guid(cx));
	CX_SET(port, hca_vport_context, port_guid, port_guid(cx));
	CX_SET(port, hca_vport_context, cap_mask1, cx->cap_mask1);
	CX_SET(port, hca_vport_context, cap_mask1_field_select, CAP_MASK1_CM);
	CX_SET(port, hca_vport_context, lid, cx_lid(cx));
	CX_SET(port, hca_vport_context, sm_lid, 1);
	CX_SET(port, hca_vport_context, subnet_timeout, 18);
	return CX_STAT_OK;
}

unsigned cx_cmd_modify_vport_context(struct cx *cx, const struct cx_command *cmd)
{
	const uint8_t *port = CX_ADDR(cmd->in, modify_hca_vport_context_in, hca_vport_context);
	uint32_t select = (uint32_t)CX_GET(port, hca_vport_context, cap_mask1_field_select);
	uint32_t mask = (uint32_t)CX_GET(port, hca_vport_context, cap_mask1);

	if (select & ~CAP_MASK1_CM)
		return CX_STAT_BAD_PARAM;
	cx->cap_mask1 = (cx->cap_mask1 & ~select) | (mask & select);
	return CX_STAT_OK;
}

unsigned cx_cmd_query_gid(struct cx *cx, const struct cx_command *cmd)
{
	unsigned index = (unsigned)CX_GET(cmd->in, query_hca_vport_gid_in, gid_index);
	uint8_t *gid = cmd->out + CX_AT_query_hca_vport_gid_out_gid;

	if (index >= GIDS)
		return CX_STAT_BAD_PARAM;
	CX_SET(cmd->out, query_hca_vport_gid_out, gids_num, 1);
	if (index == 0)
		cx_port_gid(cx, gid);
	return CX_STAT_OK;
}

unsigned cx_cmd_query_pkey(struct cx *cx, const struct cx_command *cmd)
{
	unsigned index = (unsigned)CX_GET(cmd->in, query_hca_vport_pkey_in, pkey_index);
	uint8_t *pkey = cmd->out + CX_AT_query_hca_vport_pkey_out_pkey;

	(void)cx;
	if (index >= PKEYS)
		return CX_STAT_BAD_PARAM;
	CX_SET(pkey, pkey, pkey, index == 0 ? DEFAULT_PKEY : 0);
	return CX_STAT_OK;
}

unsigned cx_cmd_query_vport_counter(struct cx *cx, const struct cx_command *cmd)
{
	uint8_t *sent = CX_ADDR(cmd->out, query_vport_counter_out, transmitted_ib_unicast);
	uint8_t *received = CX_ADDR(cmd->out, query_vport_counter_out, received_ib_unicast);

	CX_SET(sent, traffic_counter, packets, cx->sent.messages);
	CX_SET(sent, traffic_counter, octets, cx->sent.octets);
	CX_SET(received, traffic_counter, packets, cx->received.messages);
	CX_SET(received, traffic_counter, octets, cx->received.octets);
	if (CX_GET(cmd->in, query_vport_counter_in, clear))
		cx->sent = cx->received = (struct cx_traffic){0};
	return CX_STAT_OK;
}

static void register_ptys(uint8_t *reg)
{
	CX_SET(reg, ptys_reg, local_port, 1);
	CX_SET(reg, ptys_reg, proto_mask, PROTO_IB);
	CX_SET(reg, ptys_reg, ib_link_width_capability, WIDTH_4X);
	CX_SET(reg, ptys_reg, ib_link_width_admin, WIDTH_4X);
	CX_SET(reg, ptys_reg, ib_link_width_oper, WIDTH_4X);
	CX_SET(reg, ptys_reg, ib_proto_capability, SPEED_NDR);
	CX_SET(reg, ptys_reg, ib_proto_admin, SPEED_NDR);
	CX_SET(reg, ptys_reg, ib_proto_oper, SPEED_NDR);
}

static void register_pmtu(uint8_t *reg)
{
	CX_SET(reg, pmtu_reg, local_port, 1);
	CX_SET(reg, pmtu_reg, max_mtu, MTU_BYTES);
	CX_SET(reg, pmtu_reg, admin_mtu, MTU_BYTES);
	CX_SET(reg, pmtu_reg, oper_mtu, MTU_BYTES);
}

static void register_pvlc(uint8_t *reg)
{
	CX_SET(reg, pvlc_reg, local_port, 1);
	CX_SET(reg, pvlc_reg, vl_hw_cap, VL_HW_CAP);
	CX_SET(reg, pvlc_reg, vl_admin, VL_HW_CAP);
	CX_SET(reg, pvlc_reg, vl_operational, VL_HW_CAP);
}

/* Counters of the link: no errors occur here, so all are 0. */
static unsigned register_ppcnt(const struct cx_command *cmd, uint8_t *reg)
{
	const uint8_t *in = cmd->in + CX_AT_access_register_in_register_data;

	if (cmd->in_len < CX_AT_access_register_in_register_data + 4 ||
	    CX_GET(in, ppcnt_reg, grp) != CX_PPCNT_IB_PORT)
		return CX_STAT_BAD_PARAM;
	CX_SET(reg, ppcnt_reg, local_port, 1);
	CX_SET(reg, ppcnt_reg, grp, CX_PPCNT_IB_PORT);
	return CX_STAT_OK;
}

static unsigned register_write(struct cx *cx, unsigned id, const uint8_t *data, size_t len)
{
	if (id == CX_REG_HOST_ENDIANNESS)
		return CX_STAT_OK;
	if (id != CX_REG_NODE_DESC || len < sizeof(cx->node_desc))
		return CX_STAT_BAD_PARAM;
	memcpy(cx->node_desc, data, sizeof(cx->node_desc));
	return CX_STAT_OK;
}

unsigned cx_cmd_access_reg(struct cx *cx, const struct cx_command *cmd)
{
	unsigned id = (unsigned)CX_GET(cmd->in, access_register_in, register_id);
	uint8_t *reg = cmd->out + CX_AT_access_register_out_register_data;

	if (CX_GET(cmd->in, access_register_in, op_mod) != REGISTER_READ)
		return register_write(cx, id, cmd->in + CX_AT_access_register_in_register_data,
				      cmd->in_len - CX_AT_access_register_in_register_data);
	switch (id) {
	case CX_REG_PTYS:
		register_ptys(reg);
		return CX_STAT_OK;
	case CX_REG_PMTU:
		register_pmtu(reg);
		return CX_STAT_OK;
	case CX_REG_PVLC:
		register_pvlc(reg);
		return CX_STAT_OK;
	case CX_REG_PPCNT:
		return register_ppcnt(cmd, reg);
	case CX_REG_NODE_DESC:
		memcpy(reg, cx->node_desc, sizeof(cx->node_desc));
		return CX_STAT_OK;
	}
	pci_log(&cx->f, "access register 0x%x is not known to this device", id);
	return CX_STAT_BAD_PARAM;
}
