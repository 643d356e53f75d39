// SPDX-License-Identifier: GPL-2.0-or-later
/* Commands: the command queue, and commands for adapter, port and objects. */
#include <string.h>

#include "tests/unit/cx_fixture.h"

/* What the driver reads before its first command, in any width. */
CX_TEST(init_segment)
{
	uint32_t counter = driver_mmio_read(d, CX_INIT_HEALTH_COUNTER);
	uint8_t byte = 0xff;

	assert_int_equal(driver_mmio_read(d, CX_INIT_CMDIF_REV) >> 16, 5);
	assert_int_equal(driver_mmio_read(d, CX_INIT_CMDQ_ADDR_L) & 0xff, 0x56);
	assert_int_equal(driver_mmio_read(d, CX_INIT_CMDQ_ADDR_L) & ~0xfffu, d->cmdq);
	assert_int_equal(driver_mmio_read(d, 0x1fc), 0);
	assert_int_not_equal(driver_mmio_read(d, CX_INIT_HEALTH_FW_VER), 0xffffffff);
	d->world.f->ops->bar_read(d->world.f, 0, 0x23d, &byte, 1);
	assert_int_equal(byte, 0);
	while (driver_mmio_read(d, CX_INIT_HEALTH_COUNTER) == counter)
		; /* changes within 100 ms */
}

/* One access reads all bytes at the same time, so the value never decreases. */
CX_TEST(timer)
{
	uint64_t last = 0;

	for (unsigned i = 0; i < 200000; i++) {
		uint8_t bytes[8];

		d->world.f->ops->bar_read(d->world.f, 0, CX_INIT_TIMER_H, bytes, sizeof(bytes));
		assert_true(get_be64(bytes) >= last);
		last = get_be64(bytes);
	}
}

/* A reply longer than a mailbox: the capabilities. */
CX_TEST(mailbox_chain)
{
	uint8_t *cap = CX_ADDR(d->out, query_hca_cap_out, capability);

	driver_begin(d);
	CX_SET(d->in, mbox_in, op_mod, 1);
	assert_int_equal(driver_command(d, CX_OP_QUERY_HCA_CAP, 16, CX_SZ_query_hca_cap_out), 0);
	assert_int_equal(CX_GET(cap, cmd_hca_cap, num_ports), 1);
	assert_int_equal(CX_GET(cap, cmd_hca_cap, mkey_pcie_tph), 1);
	assert_int_equal(CX_GET(cap, cmd_hca_cap, log_max_msg), 30);
	assert_int_equal(CX_GET(cap, cmd_hca_cap, device_frequency_khz), 1000000);
	assert_int_equal(CX_GET(cap, cmd_hca_cap, cqe_128_always), 1);
	assert_int_equal(CX_GET(cap, cmd_hca_cap, block_lb_mc), 1);
	assert_int_equal(CX_GET(cap, cmd_hca_cap, max_qp_cnt), 255);
	CX_SET(d->in, mbox_in, op_mod, 4); /* ODP: no capability */
	assert_int_equal(driver_command(d, CX_OP_QUERY_HCA_CAP, 16, CX_SZ_query_hca_cap_out), 0);
	for (unsigned i = 16; i < CX_SZ_query_hca_cap_out; i++)
		assert_int_equal(d->out[i], 0);
}

CX_TEST(no_tph_capability)
{
	restart(&no_tph);
	driver_begin(d);
	assert_int_equal(driver_command(d, CX_OP_QUERY_HCA_CAP, 16, CX_SZ_query_hca_cap_out), 0);
	assert_int_equal(
		CX_GET(CX_ADDR(d->out, query_hca_cap_out, capability), cmd_hca_cap, mkey_pcie_tph),
		0);
	assert_int_equal(d->world.f->tph_cap, 0);
}

CX_TEST(port)
{
	uint8_t *port = CX_ADDR(d->out, query_hca_vport_context_out, hca_vport_context);

	driver_begin(d);
	assert_int_equal(driver_command(d, CX_OP_QUERY_HCA_VPORT_CONTEXT, 16,
					CX_SZ_query_hca_vport_context_out),
			 0);
	assert_int_equal(CX_GET(port, hca_vport_context, vport_state), 4);
	assert_int_equal(CX_GET(port, hca_vport_context, lid), 1);
	CX_SET(d->in, access_register_in, op_mod, 1);
	CX_SET(d->in, access_register_in, register_id, CX_REG_PVLC);
	assert_int_equal(driver_command(d, CX_OP_ACCESS_REG, 0x20, 0x20), 0);
	assert_int_equal(CX_GET(d->out + 16, pvlc_reg, vl_hw_cap), 1);
	CX_SET(d->in, access_register_in, register_id, CX_REG_PPCNT);
	CX_SET(d->in + 16, ppcnt_reg, grp, CX_PPCNT_IB_PORT);
	assert_int_equal(driver_command(d, CX_OP_ACCESS_REG, 0x110, 0x110), 0);
	assert_int_equal(CX_GET(d->out + 16, ppcnt_reg, grp), CX_PPCNT_IB_PORT);
	CX_SET(d->in + 16, ppcnt_reg, grp, 0); /* of Ethernet */
	assert_int_equal(driver_command(d, CX_OP_ACCESS_REG, 0x110, 0x110), CX_STAT_BAD_PARAM);
	assert_int_equal(driver_command(d, CX_OP_ACCESS_REG, 0x10, 0x110), CX_STAT_BAD_PARAM);
	CX_SET(d->in, access_register_in, register_id, 0x9999);
	assert_int_equal(driver_command(d, CX_OP_ACCESS_REG, 0x20, 0x20), CX_STAT_BAD_PARAM);
}

/* With an event queue for commands each has an event, except the one that creates the queue. */
CX_TEST(event_mode)
{
	uint8_t *eqe;

	d->cmd_eqn = driver_create_eq(d, 1ull << CX_EVENT_CMD, 0, &d->cmd_eq);
	assert_int_equal(d->world.interrupts[0], 0);
	eqe = d->world.ram + d->cmd_eq;
	driver_begin(d);
	driver_place(d, 3, CX_OP_ALLOC_PD, 16, 16);
	driver_place(d, 31, CX_OP_NOP, 16, 16);
	driver_mmio_write(d, CX_INIT_CMD_DBELL, 1u << 3 | 1u << 31);
	run();
	assert_int_equal(driver_collect(d, 3, 16), 0);
	assert_int_equal(driver_collect(d, 31, 16), 0);
	assert_int_equal(d->world.interrupts[0], 2);
	assert_int_equal(eqe[CX_EQE_TYPE], CX_EVENT_CMD);
	assert_int_equal(eqe[CX_EQE_OWNER], 0);
	assert_int_equal(get_be32(eqe + CX_EQE_CMD_VECTOR), 1u << 3);
	assert_int_equal(get_be32(eqe + CX_EQE_BYTES + CX_EQE_CMD_VECTOR), 1u << 31);
	/* a doorbell for a completed command has no effect */
	driver_mmio_write(d, CX_INIT_CMD_DBELL, 1u << 3);
	run();
	assert_int_equal(d->world.interrupts[0], 2);
	driver_begin(d);
	CX_SET(d->in, destroy_eq_in, eq_number, d->cmd_eqn);
	assert_int_equal(driver_command(d, CX_OP_DESTROY_EQ, 16, 16), 0);
	assert_int_equal(d->world.interrupts[0], 2);
}

CX_TEST(unknown_command)
{
	unsigned lines = d->world.log_lines;

	driver_begin(d);
	assert_int_equal(driver_command(d, 0x50d, 16, 16), CX_STAT_BAD_OP);
	assert_int_equal(d->world.log_lines, lines + 1);
	assert_non_null(strstr(d->world.last_log, "0x50d"));
	assert_int_equal(driver_command(d, CX_OP_CREATE_QP, 16, 16), CX_STAT_BAD_INP_LEN);
}

/* Objects have different numbers; a number that was freed is refused. */
CX_TEST(objects)
{
	static const struct {
		unsigned alloc, dealloc;
	} kinds[] = {
		{CX_OP_ALLOC_PD, CX_OP_DEALLOC_PD},
		{CX_OP_ALLOC_UAR, CX_OP_DEALLOC_UAR},
		{CX_OP_ALLOC_XRCD, CX_OP_DEALLOC_XRCD},
	};

	for (unsigned i = 0; i < 3; i++) {
		uint32_t number, other;

		driver_begin(d);
		assert_int_equal(driver_command(d, kinds[i].alloc, 16, 16), 0);
		number = (uint32_t)CX_GET(d->out, alloc_pd_out, pd);
		assert_int_equal(driver_command(d, kinds[i].alloc, 16, 16), 0);
		other = (uint32_t)CX_GET(d->out, alloc_pd_out, pd);
		assert_int_not_equal(number, other);
		CX_SET(d->in, dealloc_pd_in, pd, number);
		assert_int_equal(driver_command(d, kinds[i].dealloc, 16, 16), 0);
		assert_int_equal(driver_command(d, kinds[i].dealloc, 16, 16), CX_STAT_BAD_RES);
	}
}

/* Sizes beyond the limits. */
CX_TEST(huge_objects)
{
	uint8_t *eqc = CX_ADDR(d->in, create_eq_in, eq_context_entry);
	uint8_t *cqc = CX_ADDR(d->in, create_cq_in, cq_context);
	uint8_t *mkc = CX_ADDR(d->in, create_mkey_in, memory_key_mkey_entry);
	uint8_t *qpc = CX_ADDR(d->in, create_qp_in, qpc);

	driver_begin(d);
	CX_SET(eqc, eqc, log_eq_size, 31);
	CX_SET(eqc, eqc, log_page_size, 31);
	CX_SET(eqc, eqc, page_offset, 63);
	assert_int_equal(driver_command(d, CX_OP_CREATE_EQ, 0x118, 16), CX_STAT_BAD_PARAM);
	driver_begin(d);
	CX_SET(eqc, eqc, intr, 4095);
	assert_int_equal(driver_command(d, CX_OP_CREATE_EQ, 0x118, 16), CX_STAT_BAD_PARAM);
	driver_begin(d);
	CX_SET(cqc, cqc, log_cq_size, 22);
	CX_SET(cqc, cqc, c_eqn_or_apu_element, d->comp_eqn);
	assert_int_equal(driver_command(d, CX_OP_CREATE_CQ, 0x118, 16), CX_STAT_BAD_PARAM);
	driver_begin(d);
	assert_int_equal(driver_command(d, CX_OP_CREATE_CQ, 0x118, 16), CX_STAT_BAD_PARAM);
	driver_begin(d);
	CX_SET(mkc, mkc, access_mode_1_0, CX_MODE_MTT);
	CX_SET(mkc, mkc, translations_octword_size, 0xffffffff);
	assert_int_equal(driver_command(d, CX_OP_CREATE_MKEY, 0x110, 16), CX_STAT_LIM);
	CX_SET(mkc, mkc, translations_octword_size, 1);
	CX_SET(d->in, create_mkey_in, translations_octword_actual_size, 0xffffffff);
	assert_int_equal(driver_command(d, CX_OP_CREATE_MKEY, 0x110, 16), CX_STAT_BAD_PARAM);
	driver_begin(d);
	CX_SET(mkc, mkc, access_mode_1_0, 3);
	assert_int_equal(driver_command(d, CX_OP_CREATE_MKEY, 0x110, 16), CX_STAT_BAD_PARAM);
	driver_begin(d);
	CX_SET(qpc, qpc, log_sq_size, 15);
	CX_SET(qpc, qpc, log_rq_size, 15);
	CX_SET(qpc, qpc, log_rq_stride, 7);
	assert_int_equal(driver_command(d, CX_OP_CREATE_QP, 0x110, 16), CX_STAT_BAD_PARAM);
}

/* The number of objects is limited; TEARDOWN_HCA frees them. */
CX_TEST(object_limit)
{
	unsigned count = 0;

	driver_begin(d);
	while (!driver_command(d, CX_OP_ALLOC_PD, 16, 16))
		count++;
	assert_int_equal(count, (1u << 16) - 1); /* the driver has one */
	assert_int_equal(driver_command(d, CX_OP_ALLOC_PD, 16, 16), CX_STAT_LIM);
	assert_int_equal(driver_command(d, CX_OP_TEARDOWN_HCA, 16, 16), 0);
	assert_int_equal(driver_command(d, CX_OP_ALLOC_PD, 16, 16), 0);
}

static unsigned create_big_mkey(uint64_t octowords)
{
	uint8_t *mkc = CX_ADDR(d->in, create_mkey_in, memory_key_mkey_entry);

	driver_begin(d);
	CX_SET(mkc, mkc, access_mode_1_0, CX_MODE_MTT);
	CX_SET(mkc, mkc, translations_octword_size, octowords);
	return driver_command(d, CX_OP_CREATE_MKEY, CX_SZ_create_mkey_in, 16);
}

/* Objects and their translations share a budget of memory; TEARDOWN_HCA returns it. */
CX_TEST(memory_budget)
{
	uint64_t octowords = 1u << 24;
	struct pair p;

	make_pair(&p);
	/* The last ones leave less than a queue pair needs. */
	for (; octowords; octowords /= 2)
		while (!create_big_mkey(octowords))
			;
	assert_int_equal(driver_command(d, CX_OP_CREATE_QP, driver_fill_qp(d, &p.qp, CX_ST_RC), 16),
			 CX_STAT_LIM);
	assert_int_equal(driver_command(d, CX_OP_CREATE_CQ, driver_fill_cq(d, &p.qp.cq), 16),
			 CX_STAT_LIM);
	driver_begin(d);
	assert_int_equal(driver_command(d, CX_OP_TEARDOWN_HCA, 16, 16), 0);
	driver_begin(d);
	d->comp_eqn = driver_create_eq(d, 0, 1, &d->comp_eq);
	driver_create_qp(d, &p.qp, CX_ST_RC);
	driver_begin(d);
	CX_SET(d->in, destroy_qp_in, qpn, p.qp.number);
	assert_int_equal(driver_command(d, CX_OP_DESTROY_QP, 16, 16), 0);
}

/* Invalid command entries. */
CX_TEST(hostile_entries)
{
	static const struct {
		unsigned at;
		uint32_t value;
		unsigned expected;
	} cases[] = {
		{CX_CMD_TYPE, 0x01000000, 0x110},
		{CX_CMD_INLEN, 0xffffffff, CX_STAT_BAD_INP_LEN},
		{CX_CMD_INLEN, 0, CX_STAT_BAD_INP_LEN},
		{CX_CMD_IN_PTR, 0xffffffff, 0x106},
		{CX_CMD_OUT_PTR, 0xffffffff, 0x106},
		{CX_CMD_OUT_PTR + 4, 0xffffffff, 0x106},
	};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		driver_begin(d);
		driver_place(d, 0, CX_OP_QUERY_HCA_CAP, 0x20, CX_SZ_query_hca_cap_out);
		put_be32(d->world.ram + d->cmdq + cases[i].at, cases[i].value);
		driver_mmio_write(d, CX_INIT_CMD_DBELL, 1);
		run();
		assert_int_equal(driver_collect(d, 0, 16), cases[i].expected);
	}
}

/* Of a circular chain of mailboxes only the input's length is read. */
CX_TEST(circular_mailboxes)
{
	uint64_t block = world_alloc(&d->world, 4096);
	uint8_t *entry = d->world.ram + d->cmdq;

	put_be64(d->world.ram + block + CX_BLOCK_NEXT, block);
	driver_begin(d);
	driver_place(d, 0, CX_OP_SET_HCA_CAP, 0x1010, 0x1010);
	put_be64(entry + CX_CMD_IN_PTR, block);
	put_be64(entry + CX_CMD_OUT_PTR, block);
	put_be32(entry + CX_CMD_INLEN, 1u << 20);
	driver_mmio_write(d, CX_INIT_CMD_DBELL, 1);
	assert_true(world_run(&d->world, 2));
	assert_int_equal(driver_collect(d, 0, 16), 0);
}
