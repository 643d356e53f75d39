// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Shared receive queues. Theory of operation: several pairs of queue pairs, whose receivers share
 * one queue; each completion must name the receive that was used, in the order of the links.
 */
#include <string.h>

#include "tests/unit/cx_fixture.h"

#define RECEIVERS 2u
#define SLOT	  8192u

static struct qp sender[RECEIVERS], receiver[RECEIVERS];
static struct srq srq;
static struct mr near, inbox;
static uint64_t events;

static void connect(unsigned i)
{
	driver_connect(d, &sender[i], receiver[i].number);
	driver_connect(d, &receiver[i], sender[i].number);
}

static int setup_type(unsigned type)
{
	cx_setup(NULL);
	near = (struct mr){.addr = world_alloc(&d->world, PAYLOAD), .len = PAYLOAD};
	inbox = (struct mr){.addr = PEER_BASE, .len = PAYLOAD};
	driver_create_mr(d, &near);
	driver_create_mr(d, &inbox);
	for (unsigned i = 0; i < PAYLOAD; i++)
		d->world.ram[near.addr + i] = (uint8_t)(i * 31 + (i >> 8));
	driver_create_eq(d, 1ull << CX_EVENT_SRQ_LIMIT | 1ull << CX_EVENT_SRQ_LAST_WQE, 2, &events);
	driver_create_srq(d, &srq);
	for (unsigned i = 0; i < RECEIVERS; i++) {
		driver_create_qp(d, &sender[i], type);
		driver_create_qp_of_srq(d, &receiver[i], type, &srq);
		connect(i);
	}
	return 0;
}

static int setup(void **state)
{
	(void)state;
	return setup_type(CX_ST_RC);
}

static int setup_ud(void **state)
{
	(void)state;
	return setup_type(CX_ST_UD);
}

#define SRQ_TEST(name) TEST_WITH(name, setup, cx_teardown)

/* A receive at the queue's head, with the slot of its index; @next is the index after it. */
static void post_receive(uint16_t next)
{
	struct wqe w = {.len = 0};

	wqe_data(&w, inbox.addr + srq.head * SLOT, inbox.key, SLOT);
	driver_post_shared(d, &srq, &w, next);
}

static void post_send(unsigned i, uint32_t from, uint32_t len)
{
	struct wqe w;

	wqe_init(&w, CX_WR_SEND, true);
	wqe_data(&w, near.addr + from, near.key, len);
	driver_post(d, &sender[i], &w);
	driver_ring(d, &sender[i]);
}

static void expect_received(unsigned i, unsigned index, uint32_t from, uint32_t len)
{
	const uint8_t *cqe = driver_poll(d, &receiver[i].recv_cq);

	assert_non_null(cqe);
	assert_int_equal(cqe[CX_CQE_OP_OWN] >> 4, CX_CQE_RESP_SEND);
	assert_int_equal(get_be32(cqe + CX_CQE_SRQN), srq.number);
	assert_int_equal(get_be32(cqe + CX_CQE_SOP_DROP_QPN) & 0xffffff, receiver[i].number);
	assert_int_equal(get_be16(cqe + CX_CQE_WQE_COUNTER), index);
	assert_memory_equal(d->world.peer + index * SLOT, d->world.ram + near.addr + from, len);
}

static unsigned query_limit(void)
{
	driver_begin(d);
	CX_SET(d->in, query_srq_in, srqn, srq.number);
	assert_int_equal(driver_command(d, CX_OP_QUERY_SRQ, 16, CX_SZ_query_srq_out), 0);
	return (unsigned)CX_GET(CX_ADDR(d->out, query_srq_out, srq_context_entry), srqc, lwm);
}

static unsigned arm(unsigned limit)
{
	driver_begin(d);
	CX_SET(d->in, arm_rq_in, op_mod, CX_ARM_SRQ);
	CX_SET(d->in, arm_rq_in, srq_number, srq.number);
	CX_SET(d->in, arm_rq_in, lwm, limit);
	return driver_command(d, CX_OP_ARM_RQ, 16, 16);
}

static void expect_event(unsigned n, unsigned type, uint32_t number)
{
	const uint8_t *eqe = d->world.ram + events + n * CX_EQE_BYTES;

	assert_int_equal(d->world.interrupts[2], n + 1);
	assert_int_equal(eqe[CX_EQE_TYPE], type);
	assert_int_equal(get_be32(eqe + CX_EQE_QP_NUMBER), number);
}

/* Both receivers use the same queue, which wraps. */
SRQ_TEST(shared)
{
	for (uint16_t i = 0; i < 10; i++) {
		uint16_t index = i & 3;

		post_receive((index + 1) & 3);
		post_send(i % 2, i, 5000);
		run();
		expect_good(&sender[i % 2]);
		expect_received(i % 2, index, i, 5000);
		expect_none(&sender[i % 2]);
	}
}

/* The order is that of the links, not of the indices. */
SRQ_TEST(link_order)
{
	post_receive(3);
	post_receive(1);
	post_receive(2);
	for (unsigned i = 0; i < 3; i++) {
		static const unsigned index[] = {0, 3, 1};

		post_send(0, i, 64);
		run();
		expect_good(&sender[0]);
		expect_received(0, index[i], i, 64);
	}
}

/* Two messages whose steps alternate: each fills one receive. */
SRQ_TEST(two_messages_at_once)
{
	post_receive(1);
	post_receive(2);
	post_send(0, 0, SLOT);
	post_send(1, 5, 4096);
	run();
	expect_received(0, 0, 0, SLOT);
	expect_received(1, 1, 5, 4096);
}

/* No receive: as with a queue that is not shared. */
SRQ_TEST(not_ready)
{
	post_send(0, 0, 64);
	run();
	expect_error(&sender[0], CX_SYND_RNR_RETRY_EXC);
	assert_int_equal(driver_query_state(d, &receiver[0]), CX_QP_RTS);
}

/* The limit's event comes once, with the message that leaves fewer receives than the limit. */
SRQ_TEST(limit)
{
	for (uint16_t i = 0; i < 4; i++)
		post_receive((i + 1) & 3);
	assert_int_equal(arm(5), CX_STAT_BAD_PARAM);
	assert_int_equal(arm(3), 0);
	assert_int_equal(query_limit(), 3);
	post_send(0, 0, 64);
	run();
	assert_int_equal(d->world.interrupts[2], 0);
	post_send(0, 0, 64);
	run();
	expect_event(0, CX_EVENT_SRQ_LIMIT, srq.number);
	assert_int_equal(query_limit(), 0);
	post_send(0, 0, 64);
	run();
	assert_int_equal(d->world.interrupts[2], 1);
	srq.number++;
	assert_int_equal(arm(1), CX_STAT_BAD_RES);
}

/* A queue pair in error flushes its receive once; an event says that it uses no more receives. */
SRQ_TEST(error)
{
	const uint8_t *cqe;

	post_receive(1);
	post_receive(2);
	post_send(0, 0, SLOT);
	for (unsigned i = 0; i < 2; i++) /* it is accepted, and a page is received */
		assert_true(d->world.f->ops->work(d->world.f));
	assert_int_equal(driver_modify_qp(d, &receiver[0], CX_OP_2ERR_QP, 0), 0);
	run();
	cqe = driver_poll(d, &receiver[0].recv_cq);
	assert_non_null(cqe);
	assert_int_equal(cqe[CX_CQE_OP_OWN] >> 4, CX_CQE_RESP_ERR);
	assert_int_equal(cqe[CX_CQE_ERR_SYNDROME], CX_SYND_FLUSH);
	assert_int_equal(get_be32(cqe + CX_CQE_SRQN), srq.number);
	assert_int_equal(get_be16(cqe + CX_CQE_WQE_COUNTER), 0);
	expect_event(0, CX_EVENT_SRQ_LAST_WQE, receiver[0].number);
	expect_error(&sender[0], CX_SYND_RETRY_EXC);
	driver_ring(d, &receiver[0]);
	run();
	assert_null(driver_poll(d, &receiver[0].recv_cq));
	assert_int_equal(d->world.interrupts[2], 1);
	post_send(1, 3, 64); /* the other pair still works */
	run();
	expect_received(1, 1, 3, 64);
}

/* The next message fills a receive that a sender has left half filled: no receive is lost. */
SRQ_TEST(abandoned)
{
	post_receive(1);
	post_receive(2);
	post_send(0, 0, SLOT);
	for (unsigned i = 0; i < 2; i++)
		assert_true(d->world.f->ops->work(d->world.f));
	assert_int_equal(driver_modify_qp(d, &sender[0], CX_OP_2RST_QP, 0), 0);
	sender[0].posted = 0;
	put_be32(d->world.ram + sender[0].record + CX_DBR_SND * 4, 0);
	driver_connect(d, &sender[0], receiver[0].number);
	post_send(0, 77, 64);
	run();
	expect_good(&sender[0]);
	expect_received(0, 0, 77, 64);
	post_send(0, 78, 64);
	run();
	expect_received(0, 1, 78, 64);
}

/* The segments' keys are of the queue's PD, not of the queue pair's. */
SRQ_TEST(protection)
{
	struct driver *drv = d;
	uint32_t own = drv->pd;

	driver_begin(d);
	assert_int_equal(driver_command(d, CX_OP_ALLOC_PD, 16, 16), 0);
	drv->pd = (uint32_t)CX_GET(d->out, alloc_pd_out, pd);
	driver_create_qp_of_srq(d, &receiver[0], CX_ST_RC, &srq);
	drv->pd = own;
	assert_int_equal(driver_modify_qp(d, &sender[0], CX_OP_2RST_QP, 0), 0);
	connect(0);
	post_receive(1);
	post_send(0, 0, 64);
	run();
	expect_received(0, 0, 0, 64);
}

/* Invalid queues, and a destroyed one: the message fails, nothing is written. */
SRQ_TEST(hostile)
{
	for (unsigned i = 0; i < 4; i++) {
		struct wqe w = {.len = 0};

		memset(d->world.peer, 0xee, SLOT);
		switch (i) {
		case 0: /* more posted than the queue has */
			put_be32(d->world.ram + srq.record, 5);
			break;
		case 1: /* inline data in the receive */
			wqe_inline(&w, "text", 4);
			driver_post_shared(d, &srq, &w, 1);
			break;
		case 2: /* a link beyond the queue wraps */
			post_receive(0xffff);
			post_send(0, 0, 64);
			run();
			expect_good(&sender[0]);
			expect_received(0, 0, 0, 64);
			srq.head = 3;
			post_receive(0);
			post_send(0, 0, 64);
			run();
			expect_good(&sender[0]);
			expect_received(0, 3, 0, 64);
			continue;
		case 3:
			post_receive(1);
			driver_begin(d);
			CX_SET(d->in, destroy_srq_in, srqn, srq.number);
			assert_int_equal(driver_command(d, CX_OP_DESTROY_SRQ, 16, 16), 0);
			break;
		}
		d->world.request_count = 0;
		post_send(0, 0, 64);
		run();
		expect_error(&sender[0], CX_SYND_REMOTE_OP);
		assert_int_equal(driver_query_state(d, &receiver[0]), CX_QP_ERR);
		assert_int_equal(d->world.request_count, 0);
		if (i == 1) { /* the receive is flushed */
			const uint8_t *cqe = driver_poll(d, &receiver[0].recv_cq);

			assert_non_null(cqe);
			assert_int_equal(cqe[CX_CQE_ERR_SYNDROME], CX_SYND_FLUSH);
			assert_int_equal(get_be16(cqe + CX_CQE_WQE_COUNTER), 0);
		}
		cx_teardown(NULL);
		setup(NULL);
	}
}

/* Too few pages, receives too small or too large, signatures, an invalid page size. */
SRQ_TEST(refused)
{
	static const struct {
		uint32_t field;
		unsigned value;
	} cases[] = {
		{CX_srqc_log_srq_size, 15}, /* 1024 pages */
		{CX_srqc_log_rq_stride, 0},  {CX_srqc_log_rq_stride, 6},  {CX_srqc_wq_signature, 1},
		{CX_srqc_log_page_size, 32}, {CX_srqc_log_page_size, 63},
	};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		size_t len = driver_fill_srq(d, &srq);

		cx_bits_set(CX_ADDR(d->in, create_srq_in, srq_context_entry), cases[i].field,
			    cases[i].value);
		assert_int_equal(driver_command(d, CX_OP_CREATE_SRQ, len, 16), CX_STAT_BAD_PARAM);
	}
}

/* Datagrams, too, with the hint of the receive's key. */
TEST_WITH(datagrams, setup_ud, cx_teardown)
{
	struct world *w = &d->world;

	driver_config_write(d, w->f->tph_cap + 0xc + 2 * 3, 0x1234, 2);
	driver_config_write(d, w->f->tph_cap + 8, 2 | 3 << 8, 4);
	inbox = (struct mr){.addr = PEER_BASE, .len = PAYLOAD, .tph = true, .ph = 1, .st_index = 3};
	driver_create_mr(d, &inbox);
	for (uint16_t i = 0; i < 6; i++) {
		struct wqe wqe;

		post_receive((i + 1) & 3);
		wqe_init(&wqe, CX_WR_SEND, true);
		wqe_address(&wqe, receiver[i % 2].number);
		wqe_data(&wqe, near.addr, near.key, 64);
		w->request_count = 0;
		execute(&sender[0], &wqe);
		expect_good(&sender[0]);
		memmove(w->peer + (i & 3) * SLOT, w->peer + (i & 3) * SLOT + 40, 64);
		expect_received(i % 2, i & 3, 0, 64);
		for (unsigned n = 0; n < w->request_count; n++)
			if (w->requests[n].write)
				assert_int_equal(w->requests[n].hint.st, 0x1234);
	}
}

static struct srq xrc;
static struct cq xrc_cq;

/* A queue of an XRC domain, and a pair whose receiver is of @receiver_domain. */
static void set_up_xrc(uint32_t domain, uint32_t receiver_domain)
{
	driver_create_xrc_srq(d, &xrc, domain, &xrc_cq);
	driver_create_qp(d, &sender[0], CX_ST_XRC);
	/* any SRQ and PD: the message names its SRQ, and that SRQ's PD is used */
	driver_create_xrc_qp(d, &receiver[0], receiver_domain, &srq);
	connect(0);
}

/* The message names the SRQ, and completes in the CQ of that SRQ. */
SRQ_TEST(xrc_queue)
{
	for (unsigned foreign = 0; foreign < 2; foreign++) {
		struct wqe receive = {.len = 0}, w;
		const uint8_t *cqe;

		driver_create_cq(d, &xrc_cq);
		set_up_xrc(5, foreign ? 6 : 5);
		wqe_data(&receive, inbox.addr, inbox.key, SLOT);
		driver_post_shared(d, &xrc, &receive, 1);
		wqe_init(&w, CX_WR_SEND, true);
		wqe_xrc(&w, &xrc);
		wqe_data(&w, near.addr + 9, near.key, 5000);
		execute(&sender[0], &w);
		cqe = driver_poll(d, &xrc_cq);
		if (foreign) {
			expect_error(&sender[0], CX_SYND_REMOTE_INVALID);
			assert_null(cqe);
			break;
		}
		expect_good(&sender[0]);
		assert_non_null(cqe);
		assert_int_equal(get_be32(cqe + CX_CQE_SRQN), xrc.number);
		assert_int_equal(get_be32(cqe + CX_CQE_BYTE_CNT), 5000);
		assert_memory_equal(d->world.peer, d->world.ram + near.addr + 9, 5000);
		wqe_init(&w, CX_WR_RDMA_WRITE, true); /* the other headers come after */
		wqe_xrc(&w, &xrc);
		wqe_raddr(&w, inbox.addr + SLOT, inbox.key);
		wqe_data(&w, near.addr, near.key, 64);
		execute(&sender[0], &w);
		expect_good(&sender[0]);
		assert_memory_equal(d->world.peer + SLOT, d->world.ram + near.addr, 64);
	}
}
