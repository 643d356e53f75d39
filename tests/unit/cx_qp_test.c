// SPDX-License-Identifier: GPL-2.0-or-later
/* Queue pairs: states, work requests, the data of RDMA writes, resets. */
#include <errno.h>
#include <string.h>

#include "tests/unit/cx_fixture.h"

CX_TEST(qp_states)
{
	struct qp qp;

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
 * Data of all offsets and lengths around borders of pages and transfers arrives unchanged, and no
 * other byte is written, by link.pass() or without it.
 */
CX_TEST(write_data)
{
	static const struct {
		uint32_t from, to, len;
	} cases[] = {
		{0, 0, 64},	   {0, 0, 1},	     {1, 2, 3},		{4095, 4095, 2},
		{100, 4000, 9999}, {4096, 1, 65536}, {7, 4093, 300001}, {0, 0, PAYLOAD},
	};
	struct pair p;

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

/* A step moves a page at most, and no request crosses a page. */
CX_TEST(write_is_stepwise)
{
	unsigned steps = 0;
	struct pair p;

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
CX_TEST(segments)
{
	static const uint8_t text[] = "sent from within the work request itself";
	struct pair p;

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

CX_TEST(two_qps)
{
	struct pair p;
	struct qp other;

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

/* Unsignalled requests have no completion; one doorbell may start several. */
CX_TEST(unsignalled)
{
	struct pair p;
	struct wqe w;

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

/* Deferred requests for payload: the completion comes after the last. */
CX_TEST(in_progress)
{
	struct pair p;

	make_pair(&p);
	d->world.defer = true;
	post_write(&p, 10, 20, 10000);
	for (unsigned i = 0; i < 6; i++) { /* three transfers or more, each a read and a write */
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

CX_TEST(in_progress_fails)
{
	struct pair p;

	make_pair(&p);
	d->world.defer = true;
	post_write(&p, 0, 0, 64);
	run();
	world_complete(&d->world, -EIO);
	run();
	expect_error(&p.qp, CX_SYND_LOCAL_PROT);
	assert_int_equal(driver_query_state(d, &p.qp), CX_QP_ERR);
}

/* A command that comes during a transfer runs after the transfer. */
CX_TEST(destroy_while_in_progress)
{
	struct pair p;

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
	assert_int_equal(d->world.request_count, 1); /* the write of what was read */
	expect_none(&p.qp);
}

/* FLR in the middle of a message: no request and no completion follow, no object is left. */
CX_TEST(flr)
{
	struct world *w = &d->world;
	unsigned devctl = w->f->pcie_cap + 8;
	struct pair p;

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

/* A peer in RST does not answer. */
CX_TEST(no_responder)
{
	struct pair p;
	struct qp other;

	make_pair(&p);
	driver_create_qp(d, &other, CX_ST_RC);
	assert_int_equal(driver_modify_qp(d, &p.qp, CX_OP_2RST_QP, 0), 0);
	p.qp.posted = 0;
	driver_connect(d, &p.qp, other.number); /* which is in RST */
	post_write(&p, 0, 0, 64);
	run();
	expect_error(&p.qp, CX_SYND_RETRY_EXC);
}

CX_TEST(bad_work_requests)
{
	static const struct {
		unsigned opcode;
		unsigned ds;
	} cases[] = {
		{CX_WR_RDMA_WRITE, 0},
		{CX_WR_RDMA_WRITE, 1},
		{CX_WR_RDMA_WRITE, 63},
		{CX_WR_UMR, 2},
		{0x14, 3}, /* a masked atomic operation */
		{CX_WR_SEND, 0},
		{CX_WR_RDMA_READ, 1},
		{0xff, 1},
	};

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

CX_TEST(too_long)
{
	struct pair p;
	struct wqe w;

	make_pair(&p);
	wqe_init(&w, CX_WR_RDMA_WRITE, true);
	wqe_raddr(&w, p.remote.addr, p.remote.key);
	wqe_data(&w, p.local.addr, p.local.key, 0x7fffffff);
	execute(&p.qp, &w);
	expect_error(&p.qp, CX_SYND_LOCAL_LENGTH);
}

/* An invalid doorbell record: one error, and the queue is empty. */
CX_TEST(bad_producer)
{
	struct pair p;

	make_pair(&p);
	put_be32(d->world.ram + p.qp.record + 4, 0x8000);
	driver_ring(d, &p.qp);
	run();
	expect_error(&p.qp, CX_SYND_LOCAL_QP_OP);
	expect_none(&p.qp);
}

/* An unclaimed write. */
CX_TEST(unclaimed)
{
	struct pair p;

	make_pair(&p);
	p.remote.addr = PEER_BASE + PEER_BYTES;
	driver_create_mr(d, &p.remote);
	post_write(&p, 0, 0, 64);
	run();
	expect_error(&p.qp, CX_SYND_REMOTE_OP);
}

/* Sends of QP1 are dropped and complete. */
CX_TEST(qp1_sends)
{
	struct qp qp;
	struct wqe w;

	driver_create_qp(d, &qp, CX_ST_QP1);
	driver_connect(d, &qp, 0);
	wqe_init(&w, CX_WR_SEND, true);
	w.len = 128;
	driver_post(d, &qp, &w);
	wqe_init(&w, CX_WR_NOP, true);
	execute(&qp, &w);
	expect_good(&qp);
	expect_good(&qp);
}

/* The SQ behind a receive queue, in a buffer with an offset in its first page. */
CX_TEST(geometry)
{
	uint8_t *qpc = CX_ADDR(d->in, create_qp_in, qpc);
	uint64_t page[2];
	struct pair p;
	struct wqe w;

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
			 CX_STAT_BAD_PARAM); /* one page too few */
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
