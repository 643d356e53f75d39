// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The NIC from outside. Theory of operation: a small driver writes commands and
 * work requests into memory as mlx5 does and rings doorbells in BAR0; results are
 * the replies, completions and events in memory, the interrupts, and the
 * requests for payload with their hints.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/cx_driver.h"

#define TPH_CTRL      8
#define TPH_ENTRY(i)  (0xc + 2 * (i))
#define TPH_DS	      2u
#define TPH_ENABLE_8  0x100u
#define TPH_ENABLE_16 0x300u
#define PAYLOAD	      (1u << 20)
#define STEPS	      100000u

static const struct cx_config nic16 = {.tph_bits = 16, .st_entries = CX_ST_ENTRIES};
static const struct cx_config nic8 = {.tph_bits = 8, .st_entries = CX_ST_ENTRIES};
static const struct cx_config direct16 = {.tph_bits = 16};
static const struct cx_config no_tph = {.tph_bits = 0};

static struct driver drv;
static struct driver *const d = &drv;

static int setup(void **state)
{
	(void)state;
	driver_start(d, &nic16);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	driver_stop(d);
	return 0;
}

static void restart(const struct cx_config *config)
{
	driver_stop(d);
	driver_start(d, config);
}

static void run(void)
{
	assert_true(world_run(&d->world, STEPS));
}

/* One QP that writes to itself, memory to write from, and a peer's memory to write to. */
struct pair {
	struct qp qp;
	struct mr local, remote;
};

static void make_pair(struct pair *p)
{
	memset(p, 0, sizeof(*p));
	p->local.len = PAYLOAD;
	p->local.addr = world_alloc(&d->world, PAYLOAD);
	for (unsigned i = 0; i < PAYLOAD; i++)
		d->world.ram[p->local.addr + i] = (uint8_t)(i * 31 + (i >> 8));
	driver_create_mr(d, &p->local);
	p->remote.len = PAYLOAD;
	p->remote.addr = PEER_BASE;
	driver_create_mr(d, &p->remote);
	driver_create_qp(d, &p->qp, CX_ST_RC);
	driver_connect(d, &p->qp, p->qp.number);
}

static void post_write(struct pair *p, uint64_t from, uint64_t to, uint32_t len)
{
	struct wqe w;

	wqe_init(&w, CX_WR_RDMA_WRITE, true);
	wqe_raddr(&w, p->remote.addr + to, p->remote.key);
	wqe_data(&w, p->local.addr + from, p->local.key, len);
	driver_post(d, &p->qp, &w);
	driver_ring(d, &p->qp);
}

static void expect_good(struct qp *qp)
{
	const uint8_t *cqe = driver_poll(d, &qp->cq);

	assert_non_null(cqe);
	assert_int_equal(cqe[CX_CQE_OP_OWN] >> 4, CX_CQE_REQ);
	assert_int_equal(get_be32(cqe + CX_CQE_SOP_DROP_QPN) & 0xffffff, qp->number);
	assert_int_equal(get_be32(cqe + CX_CQE_SRQN), USER_INDEX);
}

static void expect_error(struct qp *qp, unsigned syndrome)
{
	const uint8_t *cqe = driver_poll(d, &qp->cq);

	assert_non_null(cqe);
	assert_int_equal(cqe[CX_CQE_OP_OWN] >> 4, CX_CQE_REQ_ERR);
	assert_int_equal(cqe[CX_CQE_ERR_SYNDROME], syndrome);
}

static void expect_none(struct qp *qp)
{
	assert_null(driver_poll(d, &qp->cq));
}

/* What the driver reads before its first command, in any width. */
static void test_init_segment(void **state)
{
	uint32_t counter = driver_mmio_read(d, CX_INIT_HEALTH_COUNTER);
	uint8_t byte = 0xff;

	(void)state;
	assert_int_equal(driver_mmio_read(d, CX_INIT_CMDIF_REV) >> 16, 5);
	assert_int_equal(driver_mmio_read(d, CX_INIT_CMDQ_ADDR_L) & 0xff, 0x56);
	assert_int_equal(driver_mmio_read(d, CX_INIT_CMDQ_ADDR_L) & ~0xfffu, d->cmdq);
	assert_int_equal(driver_mmio_read(d, 0x1fc), 0);
	assert_int_not_equal(driver_mmio_read(d, CX_INIT_HEALTH_FW_VER), 0xffffffff);
	d->world.f->ops->bar_read(d->world.f, 0, 0x23d, &byte, 1);
	assert_int_equal(byte, 0);
	while (driver_mmio_read(d, CX_INIT_HEALTH_COUNTER) == counter)
		; /* moves within 100 ms */
}

/* A reply longer than a mailbox; the capabilities are in it. */
static void test_mailbox_chain(void **state)
{
	uint8_t *cap = CX_ADDR(d->out, query_hca_cap_out, capability);

	(void)state;
	driver_begin(d);
	CX_SET(d->in, mbox_in, op_mod, 1);
	assert_int_equal(driver_command(d, CX_OP_QUERY_HCA_CAP, 16, CX_SZ_query_hca_cap_out), 0);
	assert_int_equal(CX_GET(cap, cmd_hca_cap, num_ports), 1);
	assert_int_equal(CX_GET(cap, cmd_hca_cap, mkey_pcie_tph), 1);
	assert_int_equal(CX_GET(cap, cmd_hca_cap, log_max_msg), 30);
	CX_SET(d->in, mbox_in, op_mod, 4); /* ODP: nothing */
	assert_int_equal(driver_command(d, CX_OP_QUERY_HCA_CAP, 16, CX_SZ_query_hca_cap_out), 0);
	for (unsigned i = 16; i < CX_SZ_query_hca_cap_out; i++)
		assert_int_equal(d->out[i], 0);
}

static void test_no_tph_capability(void **state)
{
	(void)state;
	restart(&no_tph);
	driver_begin(d);
	assert_int_equal(driver_command(d, CX_OP_QUERY_HCA_CAP, 16, CX_SZ_query_hca_cap_out), 0);
	assert_int_equal(
		CX_GET(CX_ADDR(d->out, query_hca_cap_out, capability), cmd_hca_cap, mkey_pcie_tph),
		0);
	assert_int_equal(d->world.f->tph_cap, 0);
}

static void test_port(void **state)
{
	uint8_t *port = CX_ADDR(d->out, query_hca_vport_context_out, hca_vport_context);

	(void)state;
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
	CX_SET(d->in, access_register_in, register_id, 0x9999);
	assert_int_equal(driver_command(d, CX_OP_ACCESS_REG, 0x20, 0x20), CX_STAT_BAD_PARAM);
}

/* With an event queue for commands each is told by an event, but not the one that makes it. */
static void test_event_mode(void **state)
{
	uint8_t *eqe;

	(void)state;
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
	/* a doorbell for what is done already: nothing happens */
	driver_mmio_write(d, CX_INIT_CMD_DBELL, 1u << 3);
	run();
	assert_int_equal(d->world.interrupts[0], 2);
	driver_begin(d);
	CX_SET(d->in, destroy_eq_in, eq_number, d->cmd_eqn);
	assert_int_equal(driver_command(d, CX_OP_DESTROY_EQ, 16, 16), 0);
	assert_int_equal(d->world.interrupts[0], 2);
}

static void test_unknown_command(void **state)
{
	unsigned lines = d->world.log_lines;

	(void)state;
	driver_begin(d);
	assert_int_equal(driver_command(d, 0x50d, 16, 16), CX_STAT_BAD_OP);
	assert_int_equal(d->world.log_lines, lines + 1);
	assert_non_null(strstr(d->world.last_log, "0x50d"));
	assert_int_equal(driver_command(d, CX_OP_CREATE_QP, 16, 16), CX_STAT_BAD_INP_LEN);
}

/* Numbers come and go; what is gone is refused. */
static void test_objects(void **state)
{
	static const struct {
		unsigned alloc, dealloc;
	} kinds[] = {
		{CX_OP_ALLOC_PD, CX_OP_DEALLOC_PD},
		{CX_OP_ALLOC_UAR, CX_OP_DEALLOC_UAR},
		{CX_OP_ALLOC_XRCD, CX_OP_DEALLOC_XRCD},
	};

	(void)state;
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

static void test_qp_states(void **state)
{
	struct qp qp;

	(void)state;
	driver_create_qp(d, &qp, CX_ST_RC);
	assert_int_equal(driver_query_state(d, &qp), CX_QP_RST);
	assert_int_equal(driver_modify_qp(d, &qp, CX_OP_RTR2RTS_QP, 1), CX_STAT_BAD_QP_STATE);
	driver_connect(d, &qp, 0x777);
	assert_int_equal(driver_query_state(d, &qp), CX_QP_RTS);
	assert_int_equal(CX_GET(CX_ADDR(d->out, query_qp_out, qpc), qpc, remote_qpn), 0x777);
	assert_int_equal(CX_GET(CX_ADDR(d->out, query_qp_out, qpc), qpc, rwe), 1);
	assert_int_equal(driver_modify_qp(d, &qp, CX_OP_RTS2RTS_QP, 1), 0);
	assert_int_equal(driver_modify_qp(d, &qp, CX_OP_2ERR_QP, 0), 0);
	assert_int_equal(driver_query_state(d, &qp), CX_QP_ERR);
	assert_int_equal(driver_modify_qp(d, &qp, CX_OP_2RST_QP, 0), 0);
	assert_int_equal(driver_query_state(d, &qp), CX_QP_RST);
	driver_begin(d);
	CX_SET(d->in, destroy_qp_in, qpn, qp.number);
	assert_int_equal(driver_command(d, CX_OP_DESTROY_QP, 16, 16), 0);
	assert_int_equal(driver_command(d, CX_OP_DESTROY_QP, 16, 16), CX_STAT_BAD_RES);
}

static void write_and_look(struct pair *p, uint32_t from_at, uint32_t to_at, uint32_t len)
{
	const uint8_t *from = d->world.ram + p->local.addr + from_at;
	const uint8_t *to = d->world.peer + to_at;

	memset(d->world.peer, 0xee, PEER_BYTES);
	post_write(p, from_at, to_at, len);
	run();
	expect_good(&p->qp);
	expect_none(&p->qp);
	assert_memory_equal(from, to, len);
	assert_int_equal(to[len], 0xee);
	if (to_at)
		assert_int_equal(to[-1], 0xee);
}

/*
 * All offsets and lengths around page and piece borders arrive as they are, and nothing else,
 * passed on or held.
 */
static void test_write_data(void **state)
{
	static const struct {
		uint32_t from, to, len;
	} cases[] = {
		{0, 0, 64},	   {0, 0, 1},	     {1, 2, 3},		{4095, 4095, 2},
		{100, 4000, 9999}, {4096, 1, 65536}, {7, 4093, 300001}, {0, 0, PAYLOAD},
	};
	struct pair p;

	(void)state;
	make_pair(&p);
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		write_and_look(&p, cases[i].from, cases[i].to, cases[i].len);
		assert_true(d->world.passes > 0);
		d->world.hold = true;
		d->world.passes = 0;
		write_and_look(&p, cases[i].from, cases[i].to, cases[i].len);
		assert_int_equal(d->world.passes, 0);
		d->world.hold = false;
	}
}

/* A peer's TLP rings like a CPU's write; one with bytes left out does not. */
static void test_peer_doorbell(void **state)
{
	const uint64_t at = d->uar * 4096u + CX_DB_SQ;
	uint8_t doorbell[8] = {0};
	struct tlp tlp = {
		.kind = TLP_MWR, .addr = at, .length_dw = 2, .first_be = 0xf, .last_be = 0x7};
	struct wqe w;
	struct pair p;

	(void)state;
	make_pair(&p);
	wqe_init(&w, CX_WR_RDMA_WRITE, true);
	wqe_raddr(&w, p.remote.addr, p.remote.key);
	wqe_data(&w, p.local.addr, p.local.key, 64);
	driver_post(d, &p.qp, &w);
	put_be32(doorbell + 4, p.qp.number << 8 | 1);
	d->world.f->ops->mem_write(d->world.f, 0, at, &tlp, doorbell);
	run();
	expect_none(&p.qp);
	tlp.last_be = 0xf;
	d->world.f->ops->mem_write(d->world.f, 0, at, &tlp, doorbell);
	run();
	expect_good(&p.qp);
	assert_memory_equal(d->world.peer, d->world.ram + p.local.addr, 64);
}

/* A queue is rung on the page that it was made with, and on no other. */
static void test_doorbell_pages(void **state)
{
	uint32_t own = d->uar, other;
	struct pair p;

	(void)state;
	make_pair(&p);
	driver_begin(d);
	assert_int_equal(driver_command(d, CX_OP_ALLOC_UAR, 16, 16), 0);
	other = (uint32_t)CX_GET(d->out, alloc_uar_out, uar);
	d->uar = other;
	driver_arm_cq(d, &p.qp.cq);
	post_write(&p, 0, 0, 64);
	run();
	expect_none(&p.qp);
	d->uar = own;
	driver_ring(d, &p.qp);
	run();
	expect_good(&p.qp);
	assert_int_equal(d->world.interrupts[1], 0); /* armed on the other page: not at all */
	d->uar = other;
	driver_mmio_write(d, other * 4096ull + CX_DB_EQ_ARM, d->comp_eqn << 24 | 5);
	driver_begin(d);
	CX_SET(d->in, query_eq_in, eq_number, d->comp_eqn);
	assert_int_equal(driver_command(d, CX_OP_QUERY_EQ, 16, CX_SZ_query_eq_out), 0);
	assert_int_equal(
		CX_GET(CX_ADDR(d->out, query_eq_out, eq_context_entry), eqc, consumer_counter), 0);
}

/* A step moves a page at most, and none of it crosses one. */
static void test_write_is_stepwise(void **state)
{
	unsigned steps = 0;
	struct pair p;

	(void)state;
	make_pair(&p);
	d->world.request_count = 0;
	post_write(&p, 0, 0, PAYLOAD);
	while (d->world.f->ops->work(d->world.f))
		steps++;
	assert_true(steps >= PAYLOAD / 4096);
	assert_int_equal(d->world.request_count, 2 * PAYLOAD / 4096);
	expect_good(&p.qp);
}

/* Up to 60 segments, some of them inline, and a ring that wraps. */
static void test_segments(void **state)
{
	static const uint8_t text[] = "sent from within the work request itself";
	struct pair p;

	(void)state;
	make_pair(&p);
	for (unsigned round = 0; round < 20; round++) {
		uint8_t expected[8192];
		unsigned len = 0;
		struct wqe w;

		wqe_init(&w, CX_WR_RDMA_WRITE, true);
		wqe_raddr(&w, p.remote.addr + round, p.remote.key);
		for (unsigned i = 0; i < 3 * round; i++) {
			uint32_t from = i * 5000 + round, n = i * 7 % 130;

			if (i % 20 == 13) {
				n = i % sizeof(text);
				memcpy(expected + len, text, n);
				wqe_inline(&w, text, n);
			} else {
				memcpy(expected + len, d->world.ram + p.local.addr + from, n);
				wqe_data(&w, p.local.addr + from, p.local.key, n);
			}
			len += n;
		}
		driver_post(d, &p.qp, &w);
		driver_ring(d, &p.qp);
		driver_ring(d, &p.qp); /* one doorbell too many */
		run();
		expect_good(&p.qp);
		assert_memory_equal(d->world.peer + round, expected, len);
	}
}

static void test_two_qps(void **state)
{
	struct pair p;
	struct qp other;

	(void)state;
	make_pair(&p);
	driver_create_qp(d, &other, CX_ST_RC);
	driver_connect(d, &other, p.qp.number);
	assert_int_equal(driver_modify_qp(d, &p.qp, CX_OP_2RST_QP, 0), 0);
	driver_connect(d, &p.qp, other.number);
	post_write(&p, 0, 0, 5000);
	run();
	expect_good(&p.qp);
	expect_none(&other);
	assert_memory_equal(d->world.peer, d->world.ram + p.local.addr, 5000);
}

/* Unsignalled requests complete silently, and several may go by one doorbell. */
static void test_unsignalled(void **state)
{
	struct pair p;
	struct wqe w;

	(void)state;
	make_pair(&p);
	for (unsigned i = 0; i < 3; i++) {
		wqe_init(&w, CX_WR_RDMA_WRITE, i == 2);
		wqe_raddr(&w, p.remote.addr + i * 100, p.remote.key);
		wqe_data(&w, p.local.addr + i * 100, p.local.key, 100);
		driver_post(d, &p.qp, &w);
	}
	driver_ring(d, &p.qp);
	run();
	expect_good(&p.qp);
	expect_none(&p.qp);
	assert_memory_equal(d->world.peer, d->world.ram + p.local.addr, 300);
}

/* An armed CQ raises its queue's vector once, be the completion there before or after. */
static void test_arm(void **state)
{
	struct pair p;

	(void)state;
	make_pair(&p);
	driver_arm_cq(d, &p.qp.cq);
	run();
	assert_int_equal(d->world.interrupts[1], 0);
	post_write(&p, 0, 0, 10);
	run();
	assert_int_equal(d->world.interrupts[1], 1);
	assert_int_equal(get_be32(d->world.ram + d->comp_eq + CX_EQE_COMP_CQN), p.qp.cq.number);
	post_write(&p, 0, 0, 10);
	run();
	assert_int_equal(d->world.interrupts[1], 1); /* not armed again */
	driver_arm_cq(d, &p.qp.cq);
	run();
	assert_int_equal(d->world.interrupts[1], 2);
}

/* Payload that waits for an answer: the completion comes after the last of it. */
static void test_in_progress(void **state)
{
	struct pair p;

	(void)state;
	make_pair(&p);
	d->world.defer = true;
	post_write(&p, 10, 20, 10000);
	for (unsigned i = 0; i < 6; i++) { /* three pieces or more, each read and written */
		run();
		assert_true(d->world.deferred.active);
		expect_none(&p.qp);
		world_complete(&d->world, 0);
	}
	while (world_run(&d->world, STEPS) && d->world.deferred.active)
		world_complete(&d->world, 0);
	expect_good(&p.qp);
	assert_memory_equal(d->world.peer + 20, d->world.ram + p.local.addr + 10, 10000);
}

static void test_in_progress_fails(void **state)
{
	struct pair p;

	(void)state;
	make_pair(&p);
	d->world.defer = true;
	post_write(&p, 0, 0, 64);
	run();
	world_complete(&d->world, -EIO);
	run();
	expect_error(&p.qp, CX_SYND_LOCAL_PROT);
	assert_int_equal(driver_query_state(d, &p.qp), CX_QP_ERR);
}

/* A command that comes while payload is under way finds the piece whole when it runs. */
static void test_destroy_while_in_progress(void **state)
{
	struct pair p;

	(void)state;
	make_pair(&p);
	d->world.defer = true;
	post_write(&p, 0, 0, PAYLOAD);
	run();
	assert_true(d->world.deferred.active);
	d->world.request_count = 0;
	driver_begin(d);
	CX_SET(d->in, destroy_qp_in, qpn, p.qp.number);
	driver_place(d, 0, CX_OP_DESTROY_QP, 16, 16);
	driver_mmio_write(d, CX_INIT_CMD_DBELL, 1);
	while (d->world.deferred.active) {
		world_complete(&d->world, 0);
		run();
	}
	assert_int_equal(driver_collect(d, 0, 16), 0);
	assert_int_equal(d->world.request_count, 1); /* the write of the piece that was read */
	expect_none(&p.qp);
}

/* FLR with a message half done: nothing more comes, and the function is as new. */
static void test_flr(void **state)
{
	struct world *w = &d->world;
	unsigned devctl = w->f->pcie_cap + 8;
	struct pair p;

	(void)state;
	make_pair(&p);
	w->defer = true;
	post_write(&p, 0, 0, PAYLOAD);
	run();
	assert_true(w->deferred.active);
	driver_config_write(d, devctl, 0x8000, 2);
	assert_false(w->deferred.active);
	assert_false(w->f->ops->work(w->f));
	expect_none(&p.qp);
	w->defer = false;
	driver_set_command_queue(d);
	driver_begin(d);
	CX_SET(d->in, query_qp_in, qpn, p.qp.number);
	assert_int_equal(driver_command(d, CX_OP_QUERY_QP, 16, CX_SZ_query_qp_out),
			 CX_STAT_BAD_RES);
	driver_begin(d);
	assert_int_equal(driver_command(d, CX_OP_ALLOC_PD, 16, 16), 0);
}

/* What a remote key does not allow: REMOTE_ACCESS, an event, then everything is flushed. */
static void test_remote_access(void **state)
{
	static const struct {
		int64_t offset;
		uint32_t len;
		uint32_t key_xor;
	} cases[] = {
		{0, 64, 1},	       /* variant */
		{0, 64, 0x100000},     /* no such key */
		{-1, 64, 0},	       /* before its start */
		{PAYLOAD - 63, 64, 0}, /* behind its end */
		{PAYLOAD, 1, 0},
		{-(int64_t)PEER_BASE - 1, 64, 0}, /* va + len wraps */
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t async_eq;
		struct pair p;

		driver_create_eq(d, 1ull << CX_EVENT_WQ_ACCESS_ERROR, 2, &async_eq);
		make_pair(&p);
		d->world.request_count = 0;
		p.remote.key ^= cases[i].key_xor;
		post_write(&p, 0, (uint64_t)cases[i].offset, cases[i].len);
		post_write(&p, 0, 0, 64);
		run();
		expect_error(&p.qp, CX_SYND_REMOTE_ACCESS);
		expect_error(&p.qp, CX_SYND_FLUSH);
		expect_none(&p.qp);
		assert_int_equal(d->world.request_count, 0);
		assert_int_equal(driver_query_state(d, &p.qp), CX_QP_ERR);
		assert_int_equal(d->world.interrupts[2], 1);
		assert_int_equal(d->world.ram[async_eq + CX_EQE_TYPE], CX_EVENT_WQ_ACCESS_ERROR);
		assert_int_equal(get_be32(d->world.ram + async_eq + CX_EQE_QP_NUMBER), p.qp.number);
		/* posted to a QP in error: flushed as well */
		post_write(&p, 0, 0, 64);
		run();
		expect_error(&p.qp, CX_SYND_FLUSH);
		restart(&nic16);
	}
}

static void umr_change(struct driver *dr, struct qp *umr, const struct mr *mr, unsigned bit,
		       uint32_t field, uint64_t value)
{
	struct wqe w;

	wqe_init(&w, CX_WR_UMR, true);
	put_be32(w.bytes + CX_CTRL_UMR_MKEY, mr->key);
	w.bytes[16 + CX_UMR_FLAGS] = CX_UMR_INLINE;
	put_be64(w.bytes + 16 + CX_UMR_MKEY_MASK, 1ull << bit);
	cx_bits_set(w.bytes + 64, field, value);
	w.len = 128;
	driver_post(dr, umr, &w);
	driver_ring(dr, umr);
	run();
	expect_good(umr);
}

/* Rights, PD and the free bit, taken away one after the other. */
static void test_rights(void **state)
{
	static const struct {
		bool local;
		unsigned bit;
		uint32_t field;
		uint64_t value;
	} cases[] = {
		{false, CX_MASK_RW, CX_mkc_rw, 0},     {false, CX_MASK_PD, CX_mkc_pd, 77},
		{false, CX_MASK_FREE, CX_mkc_free, 1}, {true, CX_MASK_LR, CX_mkc_lr, 0},
		{true, CX_MASK_PD, CX_mkc_pd, 77},     {true, CX_MASK_FREE, CX_mkc_free, 1},
		{true, CX_MASK_LEN, CX_mkc_len, 63},
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		struct pair p;
		struct qp umr;

		make_pair(&p);
		driver_create_qp(d, &umr, CX_ST_REG_UMR);
		driver_connect(d, &umr, 0);
		umr_change(d, &umr, cases[i].local ? &p.local : &p.remote, cases[i].bit,
			   cases[i].field, cases[i].value);
		post_write(&p, 0, 0, 64);
		run();
		expect_error(&p.qp, cases[i].local ? CX_SYND_LOCAL_PROT : CX_SYND_REMOTE_ACCESS);
		restart(&nic16);
	}
}

/* No such peer, not ready, another LID: as a peer that never answers. */
static void test_no_responder(void **state)
{
	struct pair p;
	struct qp other;

	(void)state;
	make_pair(&p);
	driver_create_qp(d, &other, CX_ST_RC);
	assert_int_equal(driver_modify_qp(d, &p.qp, CX_OP_2RST_QP, 0), 0);
	p.qp.posted = 0;
	driver_connect(d, &p.qp, other.number); /* which is in RST */
	post_write(&p, 0, 0, 64);
	run();
	expect_error(&p.qp, CX_SYND_RETRY_EXC);
}

static void test_bad_work_requests(void **state)
{
	static const struct {
		unsigned opcode;
		unsigned ds;
	} cases[] = {
		{CX_WR_RDMA_WRITE, 0},
		{CX_WR_RDMA_WRITE, 1},
		{CX_WR_RDMA_WRITE, 63},
		{CX_WR_UMR, 2},
		{0x11, 3}, /* an atomic operation */
		{CX_WR_SEND, 0},
		{CX_WR_RDMA_READ, 1},
		{0xff, 1},
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		struct pair p;
		struct wqe w;

		make_pair(&p);
		wqe_init(&w, cases[i].opcode, true);
		w.len = 64;
		driver_post(d, &p.qp, &w);
		put_be32(d->world.ram + p.qp.sq + CX_CTRL_QPN_DS, p.qp.number << 8 | cases[i].ds);
		driver_ring(d, &p.qp);
		run();
		expect_error(&p.qp, CX_SYND_LOCAL_QP_OP);
		expect_none(&p.qp);
		restart(&nic16);
	}
}

static void test_too_long(void **state)
{
	struct pair p;
	struct wqe w;

	(void)state;
	make_pair(&p);
	wqe_init(&w, CX_WR_RDMA_WRITE, true);
	wqe_raddr(&w, p.remote.addr, p.remote.key);
	wqe_data(&w, p.local.addr, p.local.key, 0x7fffffff);
	driver_post(d, &p.qp, &w);
	driver_ring(d, &p.qp);
	run();
	expect_error(&p.qp, CX_SYND_LOCAL_LENGTH);
}

/* A doorbell record that cannot be: one error, and the queue is empty. */
static void test_bad_producer(void **state)
{
	struct pair p;

	(void)state;
	make_pair(&p);
	put_be32(d->world.ram + p.qp.record + 4, 0x8000);
	driver_ring(d, &p.qp);
	run();
	expect_error(&p.qp, CX_SYND_LOCAL_QP_OP);
	expect_none(&p.qp);
}

/* More completions than the CQ holds: it stops, and the driver's are not overwritten. */
static void test_cq_overrun(void **state)
{
	uint64_t async_eq;
	struct pair p;

	(void)state;
	driver_create_eq(d, 1ull << CX_EVENT_CQ_ERROR, 2, &async_eq);
	make_pair(&p);
	for (unsigned i = 0; i < (1u << CQ_LOG) + 3; i++) {
		post_write(&p, 0, 0, 1);
		run();
	}
	assert_int_equal(d->world.interrupts[2], 1);
	assert_int_equal(d->world.ram[async_eq + CX_EQE_TYPE], CX_EVENT_CQ_ERROR);
	for (unsigned i = 0; i < 1u << CQ_LOG; i++)
		expect_good(&p.qp);
	expect_none(&p.qp);
}

/* Registration as mlx5 does it: a free key, a UMR with its translations; revoke; enable again. */
static void test_umr(void **state)
{
	uint64_t xlt = world_alloc(&d->world, 4096);
	struct pair p;
	struct qp umr;
	struct mr mr = {.addr = PEER_BASE, .len = 5 * 4096};
	struct wqe w;

	(void)state;
	make_pair(&p);
	driver_create_qp(d, &umr, CX_ST_REG_UMR);
	driver_connect(d, &umr, 0);
	driver_create_free_mr(d, &mr);
	for (unsigned round = 0; round < 9; round++) { /* 3 blocks each: the ring wraps */
		for (unsigned i = 0; i < 5; i++)
			put_be64(d->world.ram + xlt + i * 8, (PEER_BASE + (4 - i) * 4096) | 3);
		wqe_umr(d, &w, &mr, xlt);
		driver_post(d, &umr, &w);
		driver_ring(d, &umr);
		run();
		expect_good(&umr);
		p.remote = mr;
		memset(d->world.peer, 0, 5 * 4096);
		post_write(&p, 0, 0, 5 * 4096);
		run();
		expect_good(&p.qp);
		for (unsigned i = 0; i < 5; i++)
			assert_memory_equal(d->world.peer + (4 - i) * 4096,
					    d->world.ram + p.local.addr + i * 4096, 4096);
		umr_change(d, &umr, &mr, CX_MASK_FREE, CX_mkc_free, 1);
	}
	post_write(&p, 0, 0, 64);
	run();
	expect_error(&p.qp, CX_SYND_REMOTE_ACCESS);
}

/* ZAP: translations to zero without touching the key; a write then finds no page. */
static void test_umr_zap(void **state)
{
	uint64_t xlt = world_alloc(&d->world, 4096);
	struct mr mr = {.addr = PEER_BASE, .len = 4096};
	struct pair p;
	struct qp umr;
	struct wqe w;

	(void)state;
	make_pair(&p);
	driver_create_mr(d, &mr);
	driver_create_qp(d, &umr, CX_ST_REG_UMR);
	driver_connect(d, &umr, 0);
	wqe_umr(d, &w, &mr, xlt);
	w.bytes[16 + CX_UMR_FLAGS] = CX_UMR_CHECK_FREE | CX_UMR_OFFSET_EN;
	put_be64(w.bytes + 16 + CX_UMR_MKEY_MASK, 0);
	driver_post(d, &umr, &w);
	driver_ring(d, &umr);
	run();
	expect_good(&umr);
	p.remote = mr;
	post_write(&p, 0, 0, 64);
	run();
	expect_error(&p.qp, CX_SYND_REMOTE_ACCESS);
}

static void resume(uint32_t token, bool error)
{
	uint8_t *info = CX_ADDR(d->in, page_fault_resume_in, page_fault_info);

	driver_begin(d);
	CX_SET(info, trans_page_fault_info, fault_token, token);
	CX_SET(info, trans_page_fault_info, error, error);
	assert_int_equal(driver_command(d, CX_OP_PAGE_FAULT_RESUME, 16, 16), 0);
}

/*
 * The same where the driver takes page faults: the write waits in its middle, and
 * goes on where the driver has mapped again, or ends where it has given up.
 */
static void test_page_fault(void **state)
{
	for (unsigned error = 0; error < 2; error++) {
		uint64_t xlt = world_alloc(&d->world, 4096), eq;
		struct mr mr = {.addr = PEER_BASE, .len = 8192};
		struct pair p;
		struct qp umr;
		const uint8_t *eqe;
		struct wqe w;

		driver_create_eq(d, 1ull << CX_EVENT_PAGE_FAULT, 0, &eq);
		eqe = d->world.ram + eq;
		make_pair(&p);
		driver_create_free_mr(d, &mr);
		driver_create_qp(d, &umr, CX_ST_REG_UMR);
		driver_connect(d, &umr, 0);
		put_be64(d->world.ram + xlt, PEER_BASE | 3); /* the second page is not there */
		wqe_umr(d, &w, &mr, xlt);
		driver_post(d, &umr, &w);
		driver_ring(d, &umr);
		run();
		expect_good(&umr);
		p.remote = mr;
		post_write(&p, 0, 100, 8000);
		run();
		expect_none(&p.qp);
		assert_int_equal(d->world.interrupts[0], 1);
		assert_int_equal(eqe[CX_EQE_TYPE], CX_EVENT_PAGE_FAULT);
		assert_int_equal(eqe[CX_EQE_SUB_TYPE], CX_FAULT_SUBTYPE_RDMA);
		assert_int_equal(get_be32(eqe + CX_EQE_FAULT_R_KEY), mr.key);
		assert_int_equal(get_be64(eqe + CX_EQE_FAULT_VA), PEER_BASE + 4096);
		assert_int_equal(get_be32(eqe + CX_EQE_FAULT_OP_LEN), 8000 - 3996);
		assert_int_equal(get_be32(eqe + CX_EQE_FAULT_TYPE_TOKEN), 6u << 24 | p.qp.number);
		driver_ring(d, &p.qp); /* does not make it go on */
		run();
		assert_int_equal(d->world.interrupts[0], 1);
		if (!error) {
			put_be64(d->world.ram + xlt + 8, (PEER_BASE + 4096) | 3);
			w.bytes[16 + CX_UMR_FLAGS] = CX_UMR_CHECK_FREE | CX_UMR_OFFSET_EN;
			put_be64(w.bytes + 16 + CX_UMR_MKEY_MASK, 0);
			driver_post(d, &umr, &w);
			driver_ring(d, &umr);
			run();
			expect_good(&umr);
		}
		resume(p.qp.number, error);
		if (error) {
			expect_error(&p.qp, CX_SYND_REMOTE_ACCESS);
		} else {
			expect_good(&p.qp);
			assert_memory_equal(d->world.peer + 100, d->world.ram + p.local.addr, 8000);
		}
		/* there is nothing to resume any more */
		assert_int_equal(driver_command(d, CX_OP_PAGE_FAULT_RESUME, 16, 16),
				 CX_STAT_BAD_RES);
		restart(&nic16);
	}
	(void)state;
}

static void test_umr_refused(void **state)
{
	static const struct {
		uint8_t flags;
		uint16_t octowords, offset;
		uint64_t mask;
		uint32_t key_xor;
	} cases[] = {
		{CX_UMR_CHECK_NOT_FREE, 4, 0, 0, 0}, /* the key is not free */
		{0, 8, 0, 0, 0},		     /* more than its room and the padding */
		{CX_UMR_OFFSET_EN, 4, 0xffff, 0, 0},
		{0, 4, 0, 1ull << 40, 0}, /* a mask bit nobody knows */
		{0, 4, 0, 0, 0x100000},	  /* no such key */
		{CX_UMR_INLINE, 4, 0, 0, 0},
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		struct mr mr = {.addr = PEER_BASE, .len = 4096};
		struct qp umr;
		struct wqe w;

		driver_create_mr(d, &mr);
		driver_create_qp(d, &umr, CX_ST_REG_UMR);
		driver_connect(d, &umr, 0);
		wqe_umr(d, &w, &mr, 4096);
		w.bytes[16 + CX_UMR_FLAGS] = cases[i].flags;
		put_be32(w.bytes + CX_CTRL_UMR_MKEY, mr.key ^ cases[i].key_xor);
		put_be16(w.bytes + 16 + CX_UMR_XLT_OCTOWORDS, cases[i].octowords);
		put_be16(w.bytes + 16 + CX_UMR_XLT_OFFSET, cases[i].offset);
		put_be32(w.bytes + 128 + CX_DATA_BYTE_COUNT, cases[i].octowords * 16u);
		put_be64(w.bytes + 16 + CX_UMR_MKEY_MASK, cases[i].mask);
		driver_post(d, &umr, &w);
		driver_ring(d, &umr);
		run();
		expect_error(&umr, CX_SYND_MW_BIND);
		restart(&nic16);
	}
}

/* An ordinary QP may not change keys. */
static void test_umr_wrong_qp(void **state)
{
	struct mr mr = {.addr = PEER_BASE, .len = 4096};
	struct pair p;
	struct wqe w;

	(void)state;
	make_pair(&p);
	driver_create_mr(d, &mr);
	wqe_umr(d, &w, &mr, 4096);
	driver_post(d, &p.qp, &w);
	driver_ring(d, &p.qp);
	run();
	expect_error(&p.qp, CX_SYND_LOCAL_QP_OP);
}

/* Hints by NIC, control register, table and key. */
static void test_hints(void **state)
{
	static const struct {
		const struct cx_config *config;
		uint32_t control;
		bool tph;
		uint8_t index, bits;
		uint16_t st;
	} cases[] = {
		{&nic16, TPH_DS | TPH_ENABLE_16, true, 3, 16, 0xbeef},
		{&nic16, TPH_DS | TPH_ENABLE_8, true, 3, 8, 0xef},
		{&nic16, TPH_DS | TPH_ENABLE_16, true, 0, 16, 0},
		{&nic16, TPH_DS | TPH_ENABLE_16, true, 63, 16, 0},
		{&nic16, TPH_DS | TPH_ENABLE_16, true, 200, 16, 0}, /* no such entry */
		{&nic16, TPH_DS | TPH_ENABLE_16, false, 3, 0, 0},
		{&nic16, TPH_DS, true, 3, 0, 0},	 /* requests are off */
		{&nic16, TPH_ENABLE_16, true, 3, 16, 0}, /* No-ST mode: tag 0 */
		{&nic8, TPH_DS | TPH_ENABLE_8, true, 3, 8, 0xef},
		{&direct16, TPH_DS | TPH_ENABLE_8, true, 0x5a, 8, 0x5a},
		{&direct16, TPH_DS | TPH_ENABLE_16, true, 0x5a, 8, 0x5a},
		{&no_tph, 0, true, 3, 0, 0},
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		struct world *w = &d->world;
		struct pair p;

		restart(cases[i].config);
		make_pair(&p);
		p.remote.tph = cases[i].tph;
		p.remote.ph = TLP_PH_TARGET;
		p.remote.st_index = cases[i].index;
		driver_create_mr(d, &p.remote);
		if (cases[i].config->st_entries)
			driver_config_write(d, w->f->tph_cap + TPH_ENTRY(3), 0xbeef, 2);
		if (cases[i].config->tph_bits)
			driver_config_write(d, w->f->tph_cap + TPH_CTRL, cases[i].control, 4);
		w->request_count = 0;
		post_write(&p, 0, 0, 8192);
		run();
		expect_good(&p.qp);
		assert_int_equal(w->request_count, 4);
		for (unsigned r = 0; r < 4; r++) {
			const struct tlp_hint *hint = &w->requests[r].hint;

			if (!w->requests[r].write) { /* the local key has none */
				assert_int_equal(hint->st_bits, 0);
				continue;
			}
			assert_int_equal(hint->st_bits, cases[i].bits);
			assert_int_equal(hint->st, cases[i].st);
			if (cases[i].bits)
				assert_int_equal(hint->ph, TLP_PH_TARGET);
		}
	}
}

/* Reads carry the local key's hint; a UMR that revokes and enables keeps the key's own. */
static void test_hint_of_reads_and_after_umr(void **state)
{
	struct world *w = &d->world;
	uint64_t xlt = world_alloc(&d->world, 4096);
	struct mr mr = {.addr = 0, .len = 4096, .tph = true, .ph = 1, .st_index = 3};
	struct pair p;
	struct qp umr;
	struct wqe q;

	(void)state;
	make_pair(&p);
	driver_config_write(d, w->f->tph_cap + TPH_ENTRY(3), 0x1234, 2);
	driver_config_write(d, w->f->tph_cap + TPH_CTRL, TPH_DS | TPH_ENABLE_16, 4);
	mr.addr = p.local.addr;
	driver_create_free_mr(d, &mr);
	driver_create_qp(d, &umr, CX_ST_REG_UMR);
	driver_connect(d, &umr, 0);
	put_be64(w->ram + xlt, mr.addr | 3);
	wqe_umr(d, &q, &mr, xlt);
	driver_post(d, &umr, &q);
	driver_ring(d, &umr);
	run();
	expect_good(&umr);
	p.local = mr;
	w->request_count = 0;
	post_write(&p, 0, 0, 100);
	run();
	expect_good(&p.qp);
	assert_int_equal(w->request_count, 2);
	assert_false(w->requests[0].write);
	assert_int_equal(w->requests[0].hint.st_bits, 16);
	assert_int_equal(w->requests[0].hint.st, 0x1234);
	assert_int_equal(w->requests[0].hint.ph, 1);
	assert_int_equal(w->requests[1].hint.st_bits, 0);
}

/* A write that nobody takes. */
static void test_unclaimed(void **state)
{
	struct pair p;

	(void)state;
	make_pair(&p);
	p.remote.addr = PEER_BASE + PEER_BYTES;
	driver_create_mr(d, &p.remote);
	post_write(&p, 0, 0, 64);
	run();
	expect_error(&p.qp, CX_SYND_REMOTE_OP);
}

/* Sends on datagram QPs go nowhere and complete. */
static void test_datagrams(void **state)
{
	struct qp qp;
	struct wqe w;

	(void)state;
	driver_create_qp(d, &qp, CX_ST_QP1);
	driver_connect(d, &qp, 0);
	wqe_init(&w, CX_WR_SEND, true);
	w.len = 128;
	driver_post(d, &qp, &w);
	wqe_init(&w, CX_WR_NOP, true);
	driver_post(d, &qp, &w);
	driver_ring(d, &qp);
	run();
	expect_good(&qp);
	expect_good(&qp);
}

/* The SQ behind a receive queue, in a buffer that begins within its first page. */
static void test_geometry(void **state)
{
	uint8_t *qpc = CX_ADDR(d->in, create_qp_in, qpc);
	uint64_t page[2];
	struct pair p;
	struct wqe w;

	(void)state;
	make_pair(&p);
	page[0] = world_alloc(&d->world, 8192);
	world_alloc(&d->world, 4096);
	page[1] = world_alloc(&d->world, 8192);
	memset(&p.qp, 0, sizeof(p.qp));
	driver_create_cq(d, &p.qp.cq);
	driver_begin(d);
	p.qp.record = world_alloc(&d->world, 8);
	CX_SET(qpc, qpc, pd, d->pd);
	CX_SET(qpc, qpc, uar_page, d->uar);
	CX_SET(qpc, qpc, log_rq_size, 1);
	CX_SET(qpc, qpc, log_rq_stride, 1); /* 2 * 32 bytes */
	CX_SET(qpc, qpc, log_sq_size, SQ_LOG);
	CX_SET(qpc, qpc, log_page_size, 1); /* 8 KiB */
	CX_SET(qpc, qpc, page_offset, 62);  /* 7936: 256 bytes are left, 64 of them the RQ's */
	CX_SET(qpc, qpc, cqn_snd, p.qp.cq.number);
	CX_SET(qpc, qpc, user_index, USER_INDEX);
	CX_SET(qpc, qpc, dbr_addr, p.qp.record);
	put_be64(d->in + CX_AT_create_qp_in_pas, page[0]);
	put_be64(d->in + CX_AT_create_qp_in_pas + 8, page[1]);
	assert_int_equal(driver_command(d, CX_OP_CREATE_QP, CX_AT_create_qp_in_pas + 8, 16),
			 CX_STAT_BAD_PARAM); /* a page too few */
	assert_int_equal(driver_command(d, CX_OP_CREATE_QP, CX_AT_create_qp_in_pas + 16, 16), 0);
	p.qp.number = (uint32_t)CX_GET(d->out, create_qp_out, qpn);
	driver_connect(d, &p.qp, p.qp.number);
	wqe_init(&w, CX_WR_RDMA_WRITE, true);
	wqe_raddr(&w, p.remote.addr, p.remote.key);
	wqe_data(&w, p.local.addr, p.local.key, 777);
	put_be32(w.bytes + CX_CTRL_QPN_DS, w.len / 16);
	for (unsigned i = 0; i < 5; i++) /* three in the first page, two in the other */
		memcpy(d->world.ram +
			       (i < 3 ? page[0] + 7936 + 64 + i * 64 : page[1] + (i - 3) * 64),
		       w.bytes, 64);
	put_be32(d->world.ram + p.qp.record + 4, 5);
	driver_ring(d, &p.qp);
	run();
	for (unsigned i = 0; i < 5; i++)
		expect_good(&p.qp);
	assert_memory_equal(d->world.peer, d->world.ram + p.local.addr, 777);
}

/* Sizes from a guest that are out of all bounds. */
static void test_huge_objects(void **state)
{
	uint8_t *eqc = CX_ADDR(d->in, create_eq_in, eq_context_entry);
	uint8_t *cqc = CX_ADDR(d->in, create_cq_in, cq_context);
	uint8_t *mkc = CX_ADDR(d->in, create_mkey_in, memory_key_mkey_entry);
	uint8_t *qpc = CX_ADDR(d->in, create_qp_in, qpc);

	(void)state;
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
	CX_SET(mkc, mkc, access_mode_1_0, 2);
	assert_int_equal(driver_command(d, CX_OP_CREATE_MKEY, 0x110, 16), CX_STAT_BAD_PARAM);
	driver_begin(d);
	CX_SET(qpc, qpc, log_sq_size, 15);
	CX_SET(qpc, qpc, log_rq_size, 15);
	CX_SET(qpc, qpc, log_rq_stride, 7);
	assert_int_equal(driver_command(d, CX_OP_CREATE_QP, 0x110, 16), CX_STAT_BAD_PARAM);
}

/* There is an end to objects, and after it there is a new beginning. */
static void test_object_limit(void **state)
{
	unsigned count = 0;

	(void)state;
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

/* What objects take is of one budget with their translations, and comes back with them. */
static void test_memory_budget(void **state)
{
	uint64_t octowords = 1u << 24;
	struct pair p;

	(void)state;
	make_pair(&p);
	/* The last ones leave less than a queue pair takes. */
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

/* Command entries that no driver writes. */
static void test_hostile_entries(void **state)
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

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		driver_begin(d);
		driver_place(d, 0, CX_OP_QUERY_HCA_CAP, 0x20, CX_SZ_query_hca_cap_out);
		put_be32(d->world.ram + d->cmdq + cases[i].at, cases[i].value);
		driver_mmio_write(d, CX_INIT_CMD_DBELL, 1);
		run();
		assert_int_equal(driver_collect(d, 0, 16), cases[i].expected);
	}
}

/* A mailbox chain that runs in a circle is read as long as the input says, no longer. */
static void test_circular_mailboxes(void **state)
{
	uint64_t block = world_alloc(&d->world, 4096);
	uint8_t *entry = d->world.ram + d->cmdq;

	(void)state;
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

/* Doorbells of every width and place, for what does not exist. */
static void test_stray_doorbells(void **state)
{
	uint8_t ones[64];

	(void)state;
	memset(ones, 0xff, sizeof(ones));
	for (uint64_t page = 0; page < 20; page++)
		for (unsigned at = 0x1c; at < 4096 - 64; at += 4)
			for (unsigned len = 1; len <= 64; len *= 2)
				d->world.f->ops->bar_write(d->world.f, 0, page * 4096 + at, ones,
							   len);
	run();
	assert_int_equal(d->world.interrupts[0], 0);
	assert_int_equal(d->world.interrupts[1], 0);
	driver_begin(d);
	assert_int_equal(driver_command(d, CX_OP_NOP, 16, 16), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_init_segment),
		TEST(test_mailbox_chain),
		TEST(test_no_tph_capability),
		TEST(test_port),
		TEST(test_event_mode),
		TEST(test_unknown_command),
		TEST(test_objects),
		TEST(test_qp_states),
		TEST(test_write_data),
		TEST(test_peer_doorbell),
		TEST(test_doorbell_pages),
		TEST(test_write_is_stepwise),
		TEST(test_segments),
		TEST(test_two_qps),
		TEST(test_unsignalled),
		TEST(test_arm),
		TEST(test_in_progress),
		TEST(test_in_progress_fails),
		TEST(test_destroy_while_in_progress),
		TEST(test_flr),
		TEST(test_remote_access),
		TEST(test_rights),
		TEST(test_no_responder),
		TEST(test_bad_work_requests),
		TEST(test_too_long),
		TEST(test_bad_producer),
		TEST(test_cq_overrun),
		TEST(test_umr),
		TEST(test_umr_zap),
		TEST(test_page_fault),
		TEST(test_umr_refused),
		TEST(test_umr_wrong_qp),
		TEST(test_hints),
		TEST(test_hint_of_reads_and_after_umr),
		TEST(test_unclaimed),
		TEST(test_datagrams),
		TEST(test_geometry),
		TEST(test_huge_objects),
		TEST(test_object_limit),
		TEST(test_memory_budget),
		TEST(test_hostile_entries),
		TEST(test_circular_mailboxes),
		TEST(test_stray_doorbells),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
