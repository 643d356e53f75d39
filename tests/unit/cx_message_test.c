// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * SEND, RDMA READ and WRITE with immediate, and the receives that they need.
 * Theory of operation: two connected queue pairs, one sends to the other; the
 * data, the completions at both ends and the requests for payload must be as the
 * InfiniBand architecture specifies, also after an error at either end.
 */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "tests/unit/cx_fixture.h"

#define IMMEDIATE 0x12345678u

/* @a sends to @b: from @near, to @far by RDMA, to @inbox by receives. */
static struct qp a, b;
static struct mr near, far, inbox;

static void make_mr(struct mr *mr, uint64_t addr)
{
	*mr = (struct mr){.addr = addr, .len = PAYLOAD};
	driver_create_mr(d, mr);
}

static void connect(unsigned rnr_retry, unsigned min_rnr_nak)
{
	a.rnr_retry = rnr_retry;
	b.min_rnr_nak = min_rnr_nak;
	driver_connect(d, &a, b.number);
	driver_connect(d, &b, a.number);
}

static void reconnect(unsigned rnr_retry, unsigned min_rnr_nak)
{
	assert_int_equal(driver_modify_qp(d, &a, CX_OP_2RST_QP, 0), 0);
	assert_int_equal(driver_modify_qp(d, &b, CX_OP_2RST_QP, 0), 0);
	connect(rnr_retry, min_rnr_nak);
}

static int setup(void **state)
{
	cx_setup(state);
	make_mr(&near, world_alloc(&d->world, PAYLOAD));
	make_mr(&inbox, world_alloc(&d->world, PAYLOAD));
	make_mr(&far, PEER_BASE);
	for (unsigned i = 0; i < PAYLOAD; i++) {
		d->world.ram[near.addr + i] = (uint8_t)(i * 31 + (i >> 8));
		d->world.peer[i] = (uint8_t)(i * 7 + (i >> 9));
	}
	driver_create_qp(d, &a, CX_ST_RC);
	driver_create_qp(d, &b, CX_ST_RC);
	connect(0, 1);
	d->world.request_count = 0;
	return 0;
}

static void begin_anew(void)
{
	cx_teardown(NULL);
	setup(NULL);
}

static uint8_t *ram(uint64_t addr)
{
	return d->world.ram + addr;
}

/* Waits, then runs the device. */
static void pass(unsigned ms)
{
	const struct timespec time = {.tv_nsec = (long)ms * 1000000};

	nanosleep(&time, NULL);
	run();
}

static void post(struct wqe *w)
{
	driver_post(d, &a, w);
	driver_ring(d, &a);
}

static void post_send(unsigned opcode, uint32_t from, uint32_t len)
{
	struct wqe w;

	wqe_init(&w, opcode, true);
	put_be32(w.bytes + CX_CTRL_IMM, IMMEDIATE);
	wqe_data(&w, near.addr + from, near.key, len);
	post(&w);
}

static void post_rdma(unsigned opcode, uint64_t at, uint32_t from, uint32_t len)
{
	struct wqe w;

	wqe_init(&w, opcode, true);
	put_be32(w.bytes + CX_CTRL_IMM, IMMEDIATE);
	wqe_raddr(&w, far.addr + at, far.key);
	wqe_data(&w, near.addr + from, near.key, len);
	post(&w);
}

static void post_receive(uint32_t to, uint32_t len)
{
	struct wqe w = {.len = 0};

	wqe_data(&w, inbox.addr + to, inbox.key, len);
	driver_post_receive(d, &b, &w);
}

static void expect_sent(unsigned opcode, uint32_t len)
{
	const uint8_t *cqe = driver_poll(d, &a.cq);

	assert_non_null(cqe);
	assert_int_equal(cqe[CX_CQE_OP_OWN] >> 4, CX_CQE_REQ);
	assert_int_equal(get_be32(cqe + CX_CQE_SOP_DROP_QPN), opcode << 24 | a.number);
	assert_int_equal(get_be32(cqe + CX_CQE_BYTE_CNT), len);
}

static void expect_received(unsigned completion, uint32_t len, unsigned counter)
{
	const uint8_t *cqe = driver_poll(d, &b.recv_cq);

	assert_non_null(cqe);
	assert_int_equal(cqe[CX_CQE_OP_OWN] >> 4, completion);
	assert_int_equal(get_be32(cqe + CX_CQE_SOP_DROP_QPN) & 0xffffff, b.number);
	assert_int_equal(get_be32(cqe + CX_CQE_SRQN), USER_INDEX);
	assert_int_equal(get_be32(cqe + CX_CQE_BYTE_CNT), len);
	assert_int_equal(get_be16(cqe + CX_CQE_WQE_COUNTER), counter);
	if (completion != CX_CQE_RESP_SEND)
		assert_int_equal(get_be32(cqe + CX_CQE_IMMEDIATE), IMMEDIATE);
}

static void expect_failed(struct cq *cq, unsigned opcode, unsigned syndrome)
{
	const uint8_t *cqe = driver_poll(d, cq);

	assert_non_null(cqe);
	assert_int_equal(cqe[CX_CQE_OP_OWN] >> 4, opcode);
	assert_int_equal(cqe[CX_CQE_ERR_SYNDROME], syndrome);
}

static void expect_send_error(unsigned syndrome)
{
	expect_failed(&a.cq, CX_CQE_REQ_ERR, syndrome);
	assert_int_equal(driver_query_state(d, &a), CX_QP_ERR);
}

static void expect_receive_error(unsigned syndrome)
{
	expect_failed(&b.recv_cq, CX_CQE_RESP_ERR, syndrome);
	assert_int_equal(driver_query_state(d, &b), CX_QP_ERR);
}

static void expect_no_more(void)
{
	assert_null(driver_poll(d, &a.cq));
	assert_null(driver_poll(d, &a.recv_cq));
	assert_null(driver_poll(d, &b.cq));
	assert_null(driver_poll(d, &b.recv_cq));
}

#define MESSAGE_TEST(name) TEST_WITH(name, setup, cx_teardown)

/* The ring of 4 receives wraps; receives are used in order. */
MESSAGE_TEST(send)
{
	static const uint32_t lengths[] = {0, 1, 4095, 4096, 5000, 70001, 3};

	for (unsigned i = 0; i < 21; i++) {
		uint32_t len = lengths[i % 7], to = i * 37 + 1;
		bool with_imm = i % 2;

		memset(ram(inbox.addr), 0xee, PAYLOAD);
		post_receive(to, len + i % 3);
		post_send(with_imm ? CX_WR_SEND_IMM : CX_WR_SEND, i, len);
		run();
		expect_received(with_imm ? CX_CQE_RESP_SEND_IMM : CX_CQE_RESP_SEND, len, i);
		expect_sent(with_imm ? CX_WR_SEND_IMM : CX_WR_SEND, len);
		expect_no_more();
		assert_memory_equal(ram(inbox.addr + to), ram(near.addr + i), len);
		assert_int_equal(*ram(inbox.addr + to + len), 0xee);
		assert_int_equal(*ram(inbox.addr + to - 1), 0xee);
	}
}

/* Receives posted ahead, up to the ring's size, serve as many messages. */
MESSAGE_TEST(full_ring)
{
	for (unsigned i = 0; i < 1u << RQ_LOG; i++)
		post_receive(i * 64, 64);
	for (unsigned i = 0; i < 1u << RQ_LOG; i++)
		post_send(CX_WR_SEND, i * 64, 64);
	run();
	for (unsigned i = 0; i < 1u << RQ_LOG; i++) {
		expect_received(CX_CQE_RESP_SEND, 64, i);
		expect_sent(CX_WR_SEND, 64);
	}
	expect_no_more();
	assert_memory_equal(ram(inbox.addr), ram(near.addr), 256);
}

/* Segments of different lengths at both ends, with inline data and empty ones. */
MESSAGE_TEST(segments)
{
	static const uint8_t text[] = "sent from within the work request";
	uint8_t expected[5000 + sizeof(text) + 9];
	struct wqe receive = {.len = 0}, w;

	wqe_data(&receive, inbox.addr + 10, inbox.key, 4090);
	wqe_data(&receive, inbox.addr, inbox.key, 0);
	wqe_data(&receive, inbox.addr + 8192, inbox.key, 1);
	wqe_data(&receive, inbox.addr + 20000, inbox.key, 4096);
	driver_post_receive(d, &b, &receive); /* 4: no space for an end mark */
	wqe_init(&w, CX_WR_SEND, true);
	wqe_data(&w, near.addr + 100, near.key, 5000);
	wqe_inline(&w, text, sizeof(text));
	wqe_data(&w, near.addr, near.key, 0);
	wqe_data(&w, near.addr + 7, near.key, 9);
	memcpy(expected, ram(near.addr + 100), 5000);
	memcpy(expected + 5000, text, sizeof(text));
	memcpy(expected + 5000 + sizeof(text), ram(near.addr + 7), 9);
	post(&w);
	run();
	expect_received(CX_CQE_RESP_SEND, sizeof(expected), 0);
	expect_sent(CX_WR_SEND, sizeof(expected));
	assert_memory_equal(ram(inbox.addr + 10), expected, 4090);
	assert_int_equal(*ram(inbox.addr + 8192), expected[4090]);
	assert_memory_equal(ram(inbox.addr + 20000), expected + 4091, sizeof(expected) - 4091);
}

/* An immediate uses a receive, but does not change its memory. */
MESSAGE_TEST(write_imm)
{
	memset(ram(inbox.addr), 0xee, 64);
	post_receive(0, 0);
	post_rdma(CX_WR_RDMA_WRITE_IMM, 33, 5, 9000);
	run();
	expect_received(CX_CQE_RESP_WR_IMM, 9000, 0);
	expect_sent(CX_WR_RDMA_WRITE_IMM, 9000);
	expect_no_more();
	assert_memory_equal(d->world.peer + 33, ram(near.addr + 5), 9000);
	assert_int_equal(*ram(inbox.addr), 0xee);
}

/* A CQ armed for solicited completions has an event for those the sender marked, and for errors. */
MESSAGE_TEST(solicited)
{
	for (unsigned marked = 0; marked < 2; marked++) {
		struct wqe w;

		post_receive(0, 64);
		driver_arm_cq_solicited(d, &b.recv_cq);
		driver_arm_cq_solicited(d, &a.cq);
		wqe_init(&w, CX_WR_SEND, true);
		w.bytes[CX_CTRL_FM_CE_SE] |= marked ? CX_WQE_SOLICITED : 0;
		post(&w);
		run();
		assert_int_equal(d->world.interrupts[1], marked);
		expect_received(CX_CQE_RESP_SEND, 0, marked);
		expect_sent(CX_WR_SEND, 0);
	}
	post_send(CX_WR_SEND, 0, 64);
	run();
	pass(1);
	assert_int_equal(d->world.interrupts[1], 2); /* the sender's error */
	expect_send_error(CX_SYND_RNR_RETRY_EXC);
}

/* The peer's data arrives unchanged and no other byte is written. */
MESSAGE_TEST(read)
{
	static const struct {
		uint32_t at, to, len;
	} cases[] = {
		{0, 0, 64},	   {0, 0, 1},	      {1, 2, 3},
		{4095, 4095, 2},   {100, 4000, 9999}, {4096, 1, 65536},
		{7, 4093, 300001}, {0, 0, PAYLOAD},   {5, 5, 0},
	};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		memset(ram(near.addr), 0xee, PAYLOAD);
		post_rdma(CX_WR_RDMA_READ, cases[i].at, cases[i].to, cases[i].len);
		run();
		expect_sent(CX_WR_RDMA_READ, cases[i].len);
		expect_no_more();
		assert_memory_equal(ram(near.addr + cases[i].to), d->world.peer + cases[i].at,
				    cases[i].len);
		if (cases[i].len < PAYLOAD)
			assert_int_equal(*ram(near.addr + cases[i].to + cases[i].len), 0xee);
		if (cases[i].to)
			assert_int_equal(*ram(near.addr + cases[i].to - 1), 0xee);
	}
}

/* Of an RDMA READ the MRds have the hint of the remote key, the MWrs that of the local key. */
MESSAGE_TEST(read_hints)
{
	struct world *w = &d->world;

	far = (struct mr){.addr = PEER_BASE, .len = PAYLOAD};
	driver_create_hinted_mr(d, &far, 0x1234);
	near.tph = true; /* with index 0: PH alone */
	near.ph = 1;
	driver_create_mr(d, &near);
	post_rdma(CX_WR_RDMA_READ, 0, 0, 8192);
	run();
	expect_sent(CX_WR_RDMA_READ, 8192);
	assert_int_equal(w->request_count, 4);
	for (unsigned i = 0; i < 4; i++) {
		const struct request *r = &w->requests[i];

		assert_int_equal(r->write, i % 2);
		assert_int_equal(r->addr >= PEER_BASE, !r->write);
		assert_int_equal(r->hint.st_bits, 16);
		assert_int_equal(r->hint.st, r->write ? 0 : 0x1234);
		assert_int_equal(r->hint.ph, r->write ? 1 : 2);
	}
}

static void set_right(struct mr *mr, uint32_t field, unsigned bit)
{
	struct qp umr;
	struct wqe w;

	make_umr_qp(&umr);
	wqe_init(&w, CX_WR_UMR, false);
	put_be32(w.bytes + CX_CTRL_UMR_MKEY, mr->key);
	w.bytes[16 + CX_UMR_FLAGS] = CX_UMR_INLINE;
	put_be64(w.bytes + 16 + CX_UMR_MKEY_MASK, 1ull << bit);
	if (field == CX_mkc_qpn)
		cx_bits_set(w.bytes + 64, field, a.number);
	w.len = 128;
	execute(&umr, &w);
}

/* Accesses that a key does not allow, at either end and for each kind of message. */
MESSAGE_TEST(rights)
{
	static const struct {
		unsigned opcode;
		struct mr *mr;
		uint32_t field;
		unsigned bit, syndrome, receive;
	} cases[] = {
		{CX_WR_RDMA_READ, &far, CX_mkc_rr, CX_MASK_RR, CX_SYND_REMOTE_ACCESS, 0},
		{CX_WR_RDMA_READ, &near, CX_mkc_lw, CX_MASK_LW, CX_SYND_LOCAL_PROT, 0},
		{CX_WR_RDMA_WRITE_IMM, &far, CX_mkc_rw, CX_MASK_RW, CX_SYND_REMOTE_ACCESS,
		 CX_SYND_FLUSH},
		{CX_WR_SEND, &near, CX_mkc_lr, CX_MASK_LR, CX_SYND_LOCAL_PROT, 0},
		{CX_WR_SEND, &inbox, CX_mkc_lw, CX_MASK_LW, CX_SYND_REMOTE_OP, CX_SYND_LOCAL_PROT},
		{CX_WR_SEND, &inbox, CX_mkc_pd, CX_MASK_PD, CX_SYND_REMOTE_OP, CX_SYND_LOCAL_PROT},
		/* a key bound to the other queue pair */
		{CX_WR_SEND, &inbox, CX_mkc_qpn, CX_MASK_QPN, CX_SYND_REMOTE_OP,
		 CX_SYND_LOCAL_PROT},
		{CX_WR_RDMA_READ, &far, CX_mkc_qpn, CX_MASK_QPN, CX_SYND_REMOTE_ACCESS, 0},
		{CX_WR_RDMA_READ, &near, CX_mkc_qpn, CX_MASK_QPN, 0, 0}, /* bound to this one */
	};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		set_right(cases[i].mr, cases[i].field, cases[i].bit);
		d->world.request_count = 0;
		if (cases[i].receive || cases[i].opcode == CX_WR_SEND)
			post_receive(0, 64);
		if (cases[i].opcode == CX_WR_SEND)
			post_send(CX_WR_SEND, 0, 64);
		else
			post_rdma(cases[i].opcode, 0, 0, 64);
		run();
		if (cases[i].syndrome)
			expect_send_error(cases[i].syndrome);
		else
			expect_sent(cases[i].opcode, 64);
		if (cases[i].receive)
			expect_receive_error(cases[i].receive);
		expect_no_more();
		if (cases[i].syndrome)
			assert_int_equal(d->world.request_count, 0);
		begin_anew();
	}
}

/* A queue pair that allows no reads; then a segment that is invalid in a read. */
MESSAGE_TEST(read_refused)
{
	struct wqe w;

	assert_int_equal(driver_modify_qp(d, &b, CX_OP_2RST_QP, 0), 0);
	assert_int_equal(driver_modify_qp(d, &b, CX_OP_RST2INIT_QP, a.number), 0);
	driver_begin(d);
	CX_SET(d->in, rst2init_qp_in, qpn, b.number);
	CX_SET(d->in, rst2init_qp_in, opt_param_mask, CX_OPT_RRE);
	assert_int_equal(driver_command(d, CX_OP_INIT2INIT_QP, CX_SZ_rst2init_qp_in, 16), 0);
	assert_int_equal(driver_modify_qp(d, &b, CX_OP_INIT2RTR_QP, a.number), 0);
	post_rdma(CX_WR_RDMA_READ, 0, 0, 64);
	run();
	expect_send_error(CX_SYND_REMOTE_ACCESS);
	begin_anew();
	wqe_init(&w, CX_WR_RDMA_READ, true);
	wqe_raddr(&w, far.addr, far.key);
	wqe_inline(&w, "text", 4);
	post(&w);
	run();
	expect_send_error(CX_SYND_LOCAL_QP_OP);
}

/* An unclaimed read, and one whose completion is an error. */
MESSAGE_TEST(read_fails)
{
	far.addr = PEER_BASE + PEER_BYTES;
	driver_create_mr(d, &far);
	post_rdma(CX_WR_RDMA_READ, 0, 0, 64);
	run();
	expect_send_error(CX_SYND_REMOTE_OP);
	begin_anew();
	d->world.defer = true;
	post_rdma(CX_WR_RDMA_READ, 0, 0, 64);
	run();
	world_complete(&d->world, -EIO);
	run();
	expect_send_error(CX_SYND_REMOTE_OP);
}

/* No receive: the configured number of retries, each after the responder's RNR timer. */
MESSAGE_TEST(rnr_retries)
{
	struct timespec begin, end;

	reconnect(3, 20); /* 10.24 ms */
	clock_gettime(CLOCK_MONOTONIC, &begin);
	post_send(CX_WR_SEND, 0, 64);
	run();
	while (driver_query_state(d, &a) == CX_QP_RTS) {
		assert_in_range(d->world.f->ops->wait_ms(d->world.f), 0, 11);
		driver_ring(d, &a); /* does not make it go on earlier */
		pass(1);
	}
	clock_gettime(CLOCK_MONOTONIC, &end);
	expect_send_error(CX_SYND_RNR_RETRY_EXC);
	expect_no_more();
	assert_int_equal(driver_query_state(d, &b), CX_QP_RTS);
	assert_true((end.tv_sec - begin.tv_sec) * 1000000000 + end.tv_nsec - begin.tv_nsec >=
		    3 * 10240000);
}

/* With unlimited retries it waits for a receive, for a send as for an immediate. */
MESSAGE_TEST(rnr_waits)
{
	reconnect(7, 1);
	assert_int_equal(d->world.f->ops->wait_ms(d->world.f), -1);
	post_send(CX_WR_SEND, 0, 64);
	post_rdma(CX_WR_RDMA_WRITE_IMM, 0, 0, 64);
	for (unsigned i = 0; i < 20; i++)
		pass(1);
	expect_no_more();
	post_receive(0, 64);
	pass(1);
	expect_received(CX_CQE_RESP_SEND, 64, 0);
	expect_sent(CX_WR_SEND, 64);
	expect_no_more();
	post_receive(0, 64);
	pass(1);
	expect_received(CX_CQE_RESP_WR_IMM, 64, 1);
	expect_sent(CX_WR_RDMA_WRITE_IMM, 64);
	assert_int_equal(d->world.f->ops->wait_ms(d->world.f), -1);
}

/* A queue pair that waits for a receive can be reset, put into error and destroyed. */
MESSAGE_TEST(rnr_ended)
{
	static const unsigned opcodes[] = {CX_OP_2RST_QP, CX_OP_2ERR_QP, CX_OP_DESTROY_QP};

	for (unsigned i = 0; i < 3; i++) {
		reconnect(7, 0); /* 655 ms */
		post_send(CX_WR_SEND, 0, 64);
		run();
		assert_true(d->world.f->ops->wait_ms(d->world.f) >= 0);
		assert_int_equal(driver_modify_qp(d, &a, opcodes[i], 0), 0);
		if (opcodes[i] == CX_OP_2ERR_QP)
			expect_failed(&a.cq, CX_CQE_REQ_ERR, CX_SYND_FLUSH);
		pass(1);
		expect_no_more();
		begin_anew();
	}
}

/* A message longer than the receive: both ends fail, and all that is posted is flushed. */
MESSAGE_TEST(too_long)
{
	post_receive(0, 63);
	post_receive(0, 64);
	post_send(CX_WR_SEND, 0, 64);
	post_send(CX_WR_SEND, 0, 64);
	run();
	expect_send_error(CX_SYND_REMOTE_INVALID);
	expect_failed(&a.cq, CX_CQE_REQ_ERR, CX_SYND_FLUSH);
	expect_receive_error(CX_SYND_LOCAL_LENGTH);
	expect_receive_error(CX_SYND_FLUSH);
	expect_no_more();
	assert_int_equal(d->world.request_count, 0);
}

/* A queue pair in error flushes receives that were posted before the error and after it. */
MESSAGE_TEST(flush)
{
	for (unsigned i = 0; i < 3; i++)
		post_receive(0, 64);
	assert_int_equal(driver_modify_qp(d, &b, CX_OP_2ERR_QP, 0), 0);
	for (unsigned i = 0; i < 3; i++)
		expect_receive_error(CX_SYND_FLUSH);
	expect_no_more();
	post_receive(0, 64);
	for (unsigned i = 0; i < 100 && b.recv_cq.seen < 4; i++) {
		pass(1);
		driver_poll(d, &b.recv_cq);
	}
	assert_int_equal(b.recv_cq.seen, 4);
	assert_int_equal(driver_modify_qp(d, &b, CX_OP_2RST_QP, 0), 0);
	pass(11);
	assert_int_equal(d->world.f->ops->wait_ms(d->world.f), -1);
}

/* A reset of the receiver in the middle of a message is a retry error at the sender. */
MESSAGE_TEST(reset_in_the_middle)
{
	post_receive(0, PAYLOAD);
	post_send(CX_WR_SEND, 0, PAYLOAD);
	for (unsigned i = 0; i < 10; i++)
		assert_true(d->world.f->ops->work(d->world.f));
	assert_in_range(d->world.request_count, 2, 100);
	assert_int_equal(driver_modify_qp(d, &b, CX_OP_2RST_QP, 0), 0);
	expect_failed(&a.cq, CX_CQE_REQ_ERR, CX_SYND_RETRY_EXC);
	expect_no_more();
	begin_anew();
	/* the same if it is in RTS again at once, with no receive posted */
	post_receive(0, PAYLOAD);
	post_send(CX_WR_SEND, 0, PAYLOAD);
	for (unsigned i = 0; i < 10; i++)
		assert_true(d->world.f->ops->work(d->world.f));
	for (unsigned i = 0; i < 4; i++) {
		static const unsigned opcodes[] = {CX_OP_2RST_QP, CX_OP_RST2INIT_QP,
						   CX_OP_INIT2RTR_QP, CX_OP_RTR2RTS_QP};
		uint8_t *qpc = CX_ADDR(d->in, rst2init_qp_in, qpc);

		driver_begin(d);
		CX_SET(d->in, rst2init_qp_in, qpn, b.number);
		CX_SET(qpc, qpc, remote_qpn, a.number);
		driver_place(d, i, opcodes[i], CX_SZ_rst2init_qp_in, 16);
	}
	driver_mmio_write(d, CX_INIT_CMD_DBELL, 0xf);
	run();
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(driver_collect(d, i, 16), 0);
	expect_failed(&a.cq, CX_CQE_REQ_ERR, CX_SYND_RETRY_EXC);
	expect_no_more();
}

/* A queue pair accepts messages only of the one that it is connected to. */
MESSAGE_TEST(unconnected_sender)
{
	struct qp other;

	driver_create_qp(d, &other, CX_ST_RC);
	driver_connect(d, &other, b.number);
	a = other;
	post_receive(0, 64);
	post_send(CX_WR_SEND, 0, 64);
	run();
	expect_send_error(CX_SYND_RETRY_EXC);
	expect_no_more();
}

/* Deferred requests for payload, at both ends of a send. */
MESSAGE_TEST(in_progress)
{
	d->world.defer = true;
	post_receive(20, 10000);
	post_send(CX_WR_SEND, 10, 10000);
	for (unsigned i = 0; i < 6; i++) {
		run();
		assert_true(d->world.deferred.active);
		expect_no_more();
		world_complete(&d->world, 0);
	}
	while (world_run(&d->world, STEPS) && d->world.deferred.active)
		world_complete(&d->world, 0);
	expect_received(CX_CQE_RESP_SEND, 10000, 0);
	expect_sent(CX_WR_SEND, 10000);
	assert_memory_equal(ram(inbox.addr + 20), ram(near.addr + 10), 10000);
}

/* A read of an unmapped page is reported as a read, and continues after the driver's command. */
MESSAGE_TEST(read_page_fault)
{
	uint8_t *info = CX_ADDR(d->in, page_fault_resume_in, page_fault_info);
	uint64_t eq, xlt = world_alloc(&d->world, 4096);
	const uint8_t *eqe;
	struct qp umr;
	struct wqe w;

	driver_create_eq(d, 1ull << CX_EVENT_PAGE_FAULT, 0, &eq);
	eqe = ram(eq);
	far = (struct mr){.addr = PEER_BASE, .len = 8192};
	driver_create_free_mr(d, &far);
	make_umr_qp(&umr);
	for (unsigned mapped = 1; mapped <= 2; mapped++) {
		put_be64(ram(xlt + (mapped - 1) * 8), (PEER_BASE + (mapped - 1) * 4096) | 1);
		wqe_umr(d, &w, &far, xlt);
		if (mapped == 2)
			w.bytes[16 + CX_UMR_FLAGS] = CX_UMR_CHECK_FREE | CX_UMR_OFFSET_EN;
		execute(&umr, &w);
		if (mapped == 2)
			break;
		post_rdma(CX_WR_RDMA_READ, 100, 0, 8000);
		run();
		expect_no_more();
		assert_int_equal(get_be64(eqe + CX_EQE_FAULT_VA), PEER_BASE + 4096);
		assert_int_equal(get_be32(eqe + CX_EQE_FAULT_TYPE_TOKEN), 4u << 24 | a.number);
	}
	driver_begin(d);
	CX_SET(info, trans_page_fault_info, fault_token, a.number);
	assert_int_equal(driver_command(d, CX_OP_PAGE_FAULT_RESUME, 16, 16), 0);
	expect_sent(CX_WR_RDMA_READ, 8000);
	assert_memory_equal(ram(near.addr), d->world.peer + 100, 8000);
	/* mapped for reading alone: a write is not allowed */
	post_rdma(CX_WR_RDMA_WRITE, 0, 0, 64);
	run();
	assert_int_equal(d->world.interrupts[0], 2);
	assert_int_equal(get_be32(eqe + CX_EQE_BYTES + CX_EQE_FAULT_TYPE_TOKEN),
			 6u << 24 | a.number);
}

/* Invalid receive queues: the message fails, and nothing is written. */
MESSAGE_TEST(bad_receives)
{
	for (unsigned i = 0; i < 3; i++) {
		struct wqe w = {.len = 0};

		switch (i) {
		case 0: /* more posted than the ring has */
			put_be32(ram(b.record), 5);
			break;
		case 1: /* inline data in the receive */
			wqe_inline(&w, "text", 4);
			driver_post_receive(d, &b, &w);
			break;
		case 2: /* an invalid doorbell record */
			driver_stop(d);
			setup(NULL);
			post_receive(0, 64);
			put_be32(ram(b.record), 0x8000);
			break;
		}
		post_send(CX_WR_SEND, 0, 4);
		run();
		expect_send_error(CX_SYND_REMOTE_OP);
		assert_int_equal(driver_query_state(d, &b), CX_QP_ERR);
		assert_int_equal(d->world.request_count, 0);
		begin_anew();
	}
}

/* A receive may have more than 2^32 bytes; a message that goes beyond its region fails. */
MESSAGE_TEST(huge_receive)
{
	struct wqe w = {.len = 0};

	for (unsigned i = 0; i < 4; i++)
		wqe_data(&w, inbox.addr, inbox.key, 0x7fffffff);
	driver_post_receive(d, &b, &w);
	post_send(CX_WR_SEND, 0, 5000);
	run();
	expect_received(CX_CQE_RESP_SEND, 5000, 0);
	expect_sent(CX_WR_SEND, 5000);
	w.len = 0;
	wqe_data(&w, inbox.addr + PAYLOAD - 1, inbox.key, 0x7fffffff);
	driver_post_receive(d, &b, &w);
	post_send(CX_WR_SEND, 0, 2);
	run();
	expect_send_error(CX_SYND_REMOTE_OP);
	expect_receive_error(CX_SYND_LOCAL_PROT);
}

/* Features that the model does not have are refused. */
MESSAGE_TEST(not_modelled)
{
	uint8_t *qpc = CX_ADDR(d->in, create_qp_in, qpc);

	driver_begin(d);
	CX_SET(qpc, qpc, wq_signature, 1);
	put_be64(d->in + CX_AT_create_qp_in_pas, 4096);
	assert_int_equal(driver_command(d, CX_OP_CREATE_QP, CX_AT_create_qp_in_pas + 8, 16),
			 CX_STAT_BAD_PARAM);
	driver_begin(d);
	CX_SET(qpc, qpc, log_rq_stride, 6); /* 1 KiB */
	put_be64(d->in + CX_AT_create_qp_in_pas, 4096);
	assert_int_equal(driver_command(d, CX_OP_CREATE_QP, CX_AT_create_qp_in_pas + 8, 16),
			 CX_STAT_BAD_PARAM);
	for (unsigned type = 0; type < 256; type++) {
		bool known = type <= CX_ST_XRC || type == CX_ST_QP0 || type == CX_ST_QP1 ||
			     type == CX_ST_REG_UMR;

		driver_fill_qp(d, &a, type);
		assert_int_equal(driver_command(d, CX_OP_CREATE_QP, CX_AT_create_qp_in_pas + 8, 16),
				 known ? 0 : CX_STAT_BAD_PARAM);
	}
	driver_fill_qp(d, &a, CX_ST_RC);
	CX_SET(qpc, qpc, rq_type, CX_RQ_SRQ); /* which does not exist */
	CX_SET(qpc, qpc, srqn_rmpn_xrqn, 1);
	assert_int_equal(driver_command(d, CX_OP_CREATE_QP, CX_AT_create_qp_in_pas + 8, 16),
			 CX_STAT_BAD_PARAM);
	driver_fill_qp(d, &a, CX_ST_RC);
	CX_SET(qpc, qpc, cs_res, 1); /* data in completions */
	assert_int_equal(driver_command(d, CX_OP_CREATE_QP, CX_AT_create_qp_in_pas + 8, 16),
			 CX_STAT_BAD_PARAM);
	driver_fill_cq(d, &a.cq);
	CX_SET(CX_ADDR(d->in, create_cq_in, cq_context), cqc, cqe_comp_en, 1);
	assert_int_equal(driver_command(d, CX_OP_CREATE_CQ, CX_AT_create_cq_in_pas + 8, 16),
			 CX_STAT_BAD_PARAM);
}

static void ring_eq(uint32_t eqn, uint32_t consumed)
{
	driver_mmio_write(d, d->uar * 4096ull + CX_DB_EQ_ARM, eqn << 24 | (consumed & 0xffffff));
}

static unsigned eq_status(uint32_t eqn)
{
	driver_begin(d);
	CX_SET(d->in, query_eq_in, eq_number, eqn);
	assert_int_equal(driver_command(d, CX_OP_QUERY_EQ, 16, CX_SZ_query_eq_out), 0);
	return (unsigned)CX_GET(CX_ADDR(d->out, query_eq_out, eq_context_entry), eqc, status);
}

static void raise_event(void)
{
	driver_arm_cq(d, &a.cq);
	post_rdma(CX_WR_RDMA_WRITE, 0, 0, 0);
	run();
	expect_sent(CX_WR_RDMA_WRITE, 0);
}

/* An event queue that the driver reads wraps; one that it does not read stops. */
MESSAGE_TEST(eq_overrun)
{
	const unsigned size = 1u << 6;
	unsigned lines = d->world.log_lines;
	uint8_t first[CX_EQE_BYTES];

	for (unsigned i = 0; i < 3 * size; i++) {
		raise_event();
		ring_eq(d->comp_eqn, i + 1);
	}
	assert_int_equal(d->world.interrupts[1], 3 * size);
	assert_int_equal(eq_status(d->comp_eqn), 0);
	memcpy(first, ram(d->comp_eq), sizeof(first));
	for (unsigned i = 0; i < size + 5; i++) {
		raise_event();
		if (!i)
			memcpy(first, ram(d->comp_eq), sizeof(first));
	}
	assert_int_equal(d->world.interrupts[1], 4 * size);
	assert_int_equal(d->world.log_lines, lines + 1);
	assert_non_null(strstr(d->world.last_log, "is full"));
	assert_int_equal(eq_status(d->comp_eqn), 0xa);
	assert_memory_equal(ram(d->comp_eq), first, sizeof(first));
	ring_eq(d->comp_eqn, 4 * size); /* too late: it stays stopped */
	raise_event();
	assert_int_equal(d->world.interrupts[1], 4 * size);
}

/* A queue in error is polled for receives at growing intervals, short again after a receive. */
MESSAGE_TEST(flush_polling)
{
	int ms, before = 0;
	struct wqe w = {0};

	assert_int_equal(driver_modify_qp(d, &a, CX_OP_2ERR_QP, 0), 0);
	for (unsigned i = 0; i < 4; i++) {
		run();
		ms = d->world.f->ops->wait_ms(d->world.f);
		assert_in_range(ms, before + 1, 1000);
		before = ms;
		pass((unsigned)ms + 1);
	}
	assert_true(before > 50);
	wqe_data(&w, near.addr, near.key, 64);
	driver_post_receive(d, &a, &w);
	pass((unsigned)d->world.f->ops->wait_ms(d->world.f) + 1);
	assert_non_null(driver_poll(d, &a.recv_cq));
	assert_in_range(d->world.f->ops->wait_ms(d->world.f), 0, 11);
}

static uint32_t alloc_counters(void)
{
	driver_begin(d);
	assert_int_equal(driver_command(d, CX_OP_ALLOC_Q_COUNTER, 16, 16), 0);
	return (uint32_t)CX_GET(d->out, alloc_q_counter_out, counter_set_id);
}

/* The reply is in d->out. */
static unsigned query_counters(uint32_t set, bool clear)
{
	driver_begin(d);
	CX_SET(d->in, query_q_counter_in, counter_set_id, set);
	CX_SET(d->in, query_q_counter_in, clear, clear);
	return driver_command(d, CX_OP_QUERY_Q_COUNTER, CX_SZ_query_q_counter_in,
			      CX_SZ_query_q_counter_out);
}

static void count_at(const struct qp *qp, uint32_t set)
{
	size_t len = driver_fill_modify_qp(d, (struct qp *)qp, CX_OP_RTS2RTS_QP, 0);

	CX_SET(d->in, rst2init_qp_in, opt_param_mask, CX_OPT_COUNTER_SET);
	CX_SET(CX_ADDR(d->in, rst2init_qp_in, qpc), qpc, counter_set_id, set);
	assert_int_equal(driver_command(d, CX_OP_RTS2RTS_QP, len, 16), 0);
}

/* A set counts the requests that its queue pairs have accepted, by kind. */
MESSAGE_TEST(counters)
{
	uint32_t set = alloc_counters(), other = alloc_counters();

	count_at(&b, set);
	post_receive(0, 64);
	for (unsigned i = 0; i < 3; i++)
		post_rdma(CX_WR_RDMA_WRITE, 0, 0, 64);
	post_rdma(CX_WR_RDMA_WRITE_IMM, 0, 0, 64);
	post_rdma(CX_WR_RDMA_READ, 0, 0, 64);
	run();
	assert_int_equal(query_counters(set, true), 0);
	assert_int_equal(CX_GET(d->out, query_q_counter_out, rx_write_requests), 4);
	assert_int_equal(CX_GET(d->out, query_q_counter_out, rx_read_requests), 1);
	assert_int_equal(CX_GET(d->out, query_q_counter_out, rx_atomic_requests), 0);
	assert_int_equal(CX_GET(d->out, query_q_counter_out, out_of_buffer), 0);
	post_send(CX_WR_SEND, 0, 64); /* there is no receive */
	run();
	assert_int_equal(query_counters(set, false), 0);
	assert_int_equal(CX_GET(d->out, query_q_counter_out, rx_write_requests), 0);
	assert_int_equal(CX_GET(d->out, query_q_counter_out, out_of_buffer), 1);
	assert_int_equal(query_counters(other, false), 0);
	assert_int_equal(CX_GET(d->out, query_q_counter_out, out_of_buffer), 0);
}

/* A set that was freed counts no more; a context can name 255 sets. */
MESSAGE_TEST(counters_end)
{
	uint32_t set = alloc_counters();
	unsigned more = 0;

	count_at(&b, set);
	driver_begin(d);
	CX_SET(d->in, dealloc_q_counter_in, counter_set_id, set);
	assert_int_equal(driver_command(d, CX_OP_DEALLOC_Q_COUNTER, 16, 16), 0);
	assert_int_equal(driver_command(d, CX_OP_DEALLOC_Q_COUNTER, 16, 16), CX_STAT_BAD_RES);
	assert_int_equal(query_counters(set, false), CX_STAT_BAD_RES);
	post_rdma(CX_WR_RDMA_WRITE, 0, 0, 64);
	run();
	expect_sent(CX_WR_RDMA_WRITE, 64);
	driver_begin(d);
	while (!driver_command(d, CX_OP_ALLOC_Q_COUNTER, 16, 16))
		more++;
	assert_int_equal(more, 255);
}
