// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Two NICs and a wire between them. Theory of operation: each has a separate driver and memory, the
 * wire is two queues of this file, which lose the packets that a test selects. A write must arrive
 * in the responder's memory, by the responder's key and with its hint, and each error must be a
 * completion within its time limit.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "devices/cx/packet.h"
#include "tests/test.h"
#include "tests/unit/cx_driver.h"

#define PAYLOAD	  (1u << 20)
#define MANY	  (19 * CX_PACKET_PART + 100) /* of 20 packets */
#define THREE	  (2 * CX_PACKET_PART + 808)
#define QUEUE	  128u /* packets */
#define TURNS	  20000u
#define TIMEOUT	  12u /* 16.8 ms; the NIC waits at least 20 */
#define OPERAND	  8u
#define NO_LOSS	  UINT32_MAX
#define IMMEDIATE 0x12345678u

/* One direction. */
struct queue {
	uint8_t bytes[QUEUE][CX_PACKET_MAX];
	size_t len[QUEUE];
	unsigned head, count;
	unsigned capacity;  /* packets, for requests */
	uint32_t lose_from; /* the packet of this number and all later ones, up to lose_to */
	uint32_t lose_to, sent, resets;
};

struct host {
	struct driver d;
	struct queue *out, *in;
	struct qp qp;
	struct mr near, inbox; /* in RAM; in the accelerator's memory */
	bool down;
};

static struct queue queues[2];
static struct host hosts[2];
static struct host *const a = &hosts[0], *const b = &hosts[1];

static bool wire_up(void *ctx)
{
	return !((struct host *)ctx)->down;
}

static uint8_t *wire_reserve(void *ctx, bool answer)
{
	struct queue *q = ((struct host *)ctx)->out;

	if (q->count >= (answer ? QUEUE : q->capacity))
		return NULL;
	return q->bytes[(q->head + q->count) % QUEUE];
}

static void wire_gather(void *ctx, uint8_t *to, const void *memory, size_t len)
{
	(void)ctx;
	memcpy(to, memory, len);
}

static void wire_send(void *ctx, size_t len)
{
	struct queue *q = ((struct host *)ctx)->out;
	uint32_t n = q->sent++;

	if (n >= q->lose_from && n < q->lose_to)
		return;
	q->len[(q->head + q->count++) % QUEUE] = len;
}

static bool wire_waits(void *ctx)
{
	return ((struct host *)ctx)->in->count;
}

static const uint8_t *wire_take(void *ctx, size_t *len)
{
	const struct queue *q = ((struct host *)ctx)->in;

	*len = q->len[q->head];
	return q->count ? q->bytes[q->head] : NULL;
}

static void wire_taken(void *ctx)
{
	struct queue *q = ((struct host *)ctx)->in;

	q->head = (q->head + 1) % QUEUE;
	q->count--;
}

static void wire_reset(void *ctx)
{
	struct host *h = ctx;

	h->out->count = h->in->count = 0;
	h->out->resets++;
}

static void host_start(struct host *h, unsigned index)
{
	const struct cx_wire wire = {
		h,	    wire_up,   wire_reserve, wire_gather, wire_send,
		wire_waits, wire_take, wire_taken,   wire_reset,
	};
	const struct cx_config config = {
		.wire = &wire,
		.tph_bits = 16,
		.st_entries = CX_ST_ENTRIES,
		.index = index,
	};

	memset(&h->qp, 0, sizeof(h->qp));
	h->out = &queues[index];
	h->in = &queues[!index];
	h->out->head = h->out->count = h->out->sent = h->out->resets = 0;
	h->out->capacity = QUEUE / 2;
	h->out->lose_from = h->out->lose_to = NO_LOSS;
	driver_start(&h->d, &config);
	h->near = (struct mr){.addr = world_alloc(&h->d.world, PAYLOAD), .len = PAYLOAD};
	driver_create_mr(&h->d, &h->near);
	h->inbox = (struct mr){.addr = PEER_BASE, .len = PAYLOAD};
	driver_create_mr(&h->d, &h->inbox);
	for (unsigned i = 0; i < PAYLOAD; i++)
		h->d.world.ram[h->near.addr + i] = (uint8_t)(i * 31 + (i >> 8) + index);
}

static void connect_to(struct host *h, const struct host *other)
{
	h->qp.peer_lid = (uint16_t)(other == b ? 2 : 1);
	h->qp.retry_count = 2;
	h->qp.ack_timeout = TIMEOUT;
	h->qp.send_psn = 0xfffffe; /* it wraps */
	h->qp.receive_psn = 0xfffffe;
	driver_connect(&h->d, &h->qp, other->qp.number);
}

static void make_connection(unsigned type)
{
	for (unsigned i = 0; i < 2; i++)
		driver_create_qp(&hosts[i].d, &hosts[i].qp, type);
	connect_to(a, b);
	connect_to(b, a);
	a->d.world.request_count = b->d.world.request_count = 0;
}

static int setup(void **state)
{
	(void)state;
	host_start(a, 0);
	host_start(b, 1);
	make_connection(CX_ST_RC);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	driver_stop(&a->d);
	driver_stop(&b->d);
	return 0;
}

#define WIRE_TEST(name) TEST_WITH(name, setup, teardown)

/* Runs both NICs until neither has work. */
static void run(void)
{
	unsigned turns = TURNS;
	bool more = true;

	while (more && turns--) {
		cx_wire_ready(a->d.world.f);
		more = a->d.world.f->ops->work(a->d.world.f);
		cx_wire_ready(b->d.world.f);
		more |= b->d.world.f->ops->work(b->d.world.f);
	}
	assert_int_not_equal(turns + 1, 0);
}

/* Until @h has a completion, at most two seconds. */
static const uint8_t *wait_for(struct host *h, struct cq *cq)
{
	const struct timespec ms = {.tv_nsec = 1000000};

	for (unsigned i = 0; i < 2000; i++) {
		const uint8_t *cqe;

		run();
		cqe = driver_poll(&h->d, cq);
		if (cqe)
			return cqe;
		nanosleep(&ms, NULL);
	}
	return NULL;
}

static void expect(struct host *h, struct cq *cq, unsigned opcode, unsigned syndrome)
{
	const uint8_t *cqe = wait_for(h, cq);

	assert_non_null(cqe);
	assert_int_equal(cqe[CX_CQE_OP_OWN] >> 4, opcode);
	if (opcode == CX_CQE_REQ_ERR || opcode == CX_CQE_RESP_ERR)
		assert_int_equal(cqe[CX_CQE_ERR_SYNDROME], syndrome);
}

static void expect_sent(void)
{
	expect(a, &a->qp.cq, CX_CQE_REQ, 0);
}

static void post(struct host *h, const struct wqe *w)
{
	driver_post(&h->d, &h->qp, w);
	driver_ring(&h->d, &h->qp);
}

static void post_rdma(unsigned opcode, uint32_t key, uint32_t len)
{
	struct wqe w;

	wqe_init(&w, opcode, true);
	put_be32(w.bytes + CX_CTRL_IMM, IMMEDIATE);
	wqe_raddr(&w, b->inbox.addr, key);
	wqe_data(&w, a->near.addr, a->near.key, len);
	post(a, &w);
}

static void post_send(uint32_t len)
{
	struct wqe w;

	wqe_init(&w, CX_WR_SEND_IMM, true);
	put_be32(w.bytes + CX_CTRL_IMM, IMMEDIATE);
	wqe_data(&w, a->near.addr, a->near.key, len);
	post(a, &w);
}

static void post_receive(uint32_t len)
{
	struct wqe w = {.len = 0};

	wqe_data(&w, b->inbox.addr, b->inbox.key, len);
	driver_post_receive(&b->d, &b->qp, &w);
}

static void assert_arrived(uint32_t at, uint32_t len)
{
	assert_memory_equal(b->d.world.peer + at, a->d.world.ram + a->near.addr, len);
}

WIRE_TEST(write_of_any_length_arrives)
{
	static const uint32_t lengths[] = {
		0, 1, 4097, CX_PACKET_PART - 1, CX_PACKET_PART, CX_PACKET_PART + 1, MANY, PAYLOAD,
	};

	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		memset(b->d.world.peer, 0xee, PAYLOAD);
		post_rdma(CX_WR_RDMA_WRITE, b->inbox.key, lengths[i]);
		expect_sent();
		assert_arrived(0, lengths[i]);
		assert_true(lengths[i] == PAYLOAD || b->d.world.peer[lengths[i]] == 0xee);
	}
}

WIRE_TEST(write_has_the_responders_hint)
{
	struct mr hinted = b->inbox;

	driver_create_hinted_mr(&b->d, &hinted, 0x1234);
	a->d.world.request_count = b->d.world.request_count = 0;
	post_rdma(CX_WR_RDMA_WRITE, hinted.key, THREE);
	expect_sent();
	assert_true(b->d.world.request_count > 0);
	for (unsigned i = 0; i < b->d.world.request_count; i++) {
		assert_true(b->d.world.requests[i].write);
		assert_int_equal(b->d.world.requests[i].hint.st_bits, 16);
		assert_int_equal(b->d.world.requests[i].hint.st, 0x1234);
		assert_int_equal(b->d.world.requests[i].hint.ph, 2);
	}
	for (unsigned i = 0; i < a->d.world.request_count; i++) {
		assert_false(a->d.world.requests[i].write);
		assert_int_equal(a->d.world.requests[i].hint.st_bits, 0);
	}
}

WIRE_TEST(read_returns_the_data)
{
	for (unsigned i = 0; i < PAYLOAD; i++)
		b->d.world.peer[i] = (uint8_t)(i * 7 + (i >> 9));
	post_rdma(CX_WR_RDMA_READ, b->inbox.key, PAYLOAD - 5);
	expect_sent();
	assert_arrived(0, PAYLOAD - 5);
}

WIRE_TEST(sends_fill_receives)
{
	const uint8_t *cqe;

	post_receive(PAYLOAD);
	post_send(THREE);
	expect_sent();
	cqe = driver_poll(&b->d, &b->qp.recv_cq);
	assert_non_null(cqe);
	assert_int_equal(cqe[CX_CQE_OP_OWN] >> 4, CX_CQE_RESP_SEND_IMM);
	assert_int_equal(get_be32(cqe + CX_CQE_BYTE_CNT), THREE);
	assert_int_equal(get_be32(cqe + CX_CQE_IMMEDIATE), IMMEDIATE);
	assert_arrived(0, THREE);
}

WIRE_TEST(write_with_immediate_uses_a_receive)
{
	post_receive(0);
	post_rdma(CX_WR_RDMA_WRITE_IMM, b->inbox.key, 5000);
	expect_sent();
	expect(b, &b->qp.recv_cq, CX_CQE_RESP_WR_IMM, 0);
	assert_arrived(0, 5000);
}

static void post_add(uint64_t value)
{
	struct wqe w;

	wqe_init(&w, CX_WR_ATOMIC_FA, true);
	wqe_raddr(&w, b->inbox.addr, b->inbox.key);
	wqe_atomic(&w, value, 0);
	wqe_data(&w, a->near.addr, a->near.key, OPERAND);
	post(a, &w);
}

WIRE_TEST(atomic_operation_returns_the_old_value)
{
	put_le64(b->d.world.peer, 40);
	post_add(2);
	expect_sent();
	assert_int_equal(get_le64(b->d.world.peer), 42);
	assert_int_equal(get_le64(a->d.world.ram + a->near.addr), 40);
}

/* The answer is lost: the request is sent again, and the operation is done once. */
WIRE_TEST(lost_answer_does_not_repeat_an_atomic_operation)
{
	b->out->lose_from = 0;
	b->out->lose_to = 1;
	put_le64(b->d.world.peer, 40);
	post_add(2);
	expect_sent();
	assert_int_equal(b->out->sent, 2);
	assert_int_equal(get_le64(b->d.world.peer), 42);
	assert_int_equal(get_le64(a->d.world.ram + a->near.addr), 40);
}

WIRE_TEST(lost_packets_are_sent_again)
{
	for (unsigned lost = 0; lost < 20; lost += 3) {
		a->out->lose_from = a->out->sent + lost;
		a->out->lose_to = a->out->lose_from + 2;
		memset(b->d.world.peer, 0xee, PAYLOAD);
		post_rdma(CX_WR_RDMA_WRITE, b->inbox.key, MANY);
		expect_sent();
		assert_arrived(0, MANY);
		b->out->lose_from = b->out->sent + lost;
		b->out->lose_to = b->out->lose_from + 2;
		memset(a->d.world.ram + a->near.addr, 0, MANY);
		post_rdma(CX_WR_RDMA_READ, b->inbox.key, MANY);
		expect_sent();
		assert_arrived(0, MANY);
	}
}

/* Either end notices the loss by the next packet, before any timeout. */
WIRE_TEST(lost_packet_is_requested_before_the_timeout)
{
	static const struct {
		unsigned opcode, loser;
	} cases[] = {{CX_WR_RDMA_WRITE, 0}, {CX_WR_RDMA_READ, 0}, {CX_WR_RDMA_READ, 1}};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct queue *out = hosts[cases[i].loser].out;

		out->lose_from = out->sent + 5;
		out->lose_to = out->lose_from + 2;
		memset(b->d.world.peer, (int)i, MANY);
		post_rdma(cases[i].opcode, b->inbox.key, MANY);
		run();
		assert_non_null(driver_poll(&a->d, &a->qp.cq));
		assert_arrived(0, MANY);
		assert_true(a->out->sent < (i + 1) * 40);
	}
}

/* NAKs do not extend the retry time. */
WIRE_TEST(endless_naks_end_in_a_retry_error)
{
	const struct cx_packet p = {
		.kind = CX_PACKET_NAK,
		.type = CX_ST_RC,
		.opcode = CX_WR_RDMA_WRITE,
		.from_lid = 2,
		.to_lid = 1,
		.from = b->qp.number,
		.to = a->qp.number,
		.psn = 0xfffffe,
	};
	const struct timespec ms = {.tv_nsec = 1000000};
	const uint8_t *cqe = NULL;

	a->out->lose_from = 0;
	post_rdma(CX_WR_RDMA_WRITE, b->inbox.key, 100);
	for (unsigned i = 0; i < 2000 && !cqe; i++) {
		run();
		wire_send(b, cx_packet_encode(&p, wire_reserve(b, true)));
		run();
		nanosleep(&ms, NULL);
		cqe = driver_poll(&a->d, &a->qp.cq);
	}
	assert_non_null(cqe);
	assert_int_equal(cqe[CX_CQE_ERR_SYNDROME], CX_SYND_RETRY_EXC);
}

WIRE_TEST(lost_packet_of_a_send_fills_one_receive)
{
	a->out->lose_from = 1;
	a->out->lose_to = 2;
	post_receive(PAYLOAD);
	post_send(THREE);
	expect_sent();
	expect(b, &b->qp.recv_cq, CX_CQE_RESP_SEND_IMM, 0);
	assert_null(driver_poll(&b->d, &b->qp.recv_cq));
	assert_arrived(0, THREE);
}

WIRE_TEST(wire_that_loses_all_is_an_error_after_the_retry_time)
{
	struct timespec begin, end;
	uint32_t sent;

	a->out->lose_from = 0;
	clock_gettime(CLOCK_MONOTONIC, &begin);
	post_rdma(CX_WR_RDMA_WRITE, b->inbox.key, 100);
	expect(a, &a->qp.cq, CX_CQE_REQ_ERR, CX_SYND_RETRY_EXC);
	clock_gettime(CLOCK_MONOTONIC, &end);
	assert_int_equal(a->out->sent, 3);
	assert_true((end.tv_sec - begin.tv_sec) * 1000 + (end.tv_nsec - begin.tv_nsec) / 1000000 >=
		    59);
	/* later ones are flushed, and nothing is sent */
	sent = a->out->sent;
	post_rdma(CX_WR_RDMA_WRITE, b->inbox.key, 100);
	expect(a, &a->qp.cq, CX_CQE_REQ_ERR, CX_SYND_FLUSH);
	assert_int_equal(a->out->sent, sent);
}

WIRE_TEST(invalid_key_is_an_access_error)
{
	memset(b->d.world.peer, 0xee, PAYLOAD);
	post_rdma(CX_WR_RDMA_WRITE, b->inbox.key + 0x100, THREE);
	expect(a, &a->qp.cq, CX_CQE_REQ_ERR, CX_SYND_REMOTE_ACCESS);
	assert_int_equal(driver_query_state(&b->d, &b->qp), CX_QP_ERR);
	assert_int_equal(b->d.world.peer[0], 0xee);
}

WIRE_TEST(receiver_that_is_not_ready_is_tried_again)
{
	a->qp.rnr_retry = 7;
	b->qp.min_rnr_nak = 1;
	driver_modify_qp(&a->d, &a->qp, CX_OP_2RST_QP, 0);
	driver_modify_qp(&b->d, &b->qp, CX_OP_2RST_QP, 0);
	connect_to(a, b);
	connect_to(b, a);
	post_send(THREE);
	run();
	assert_null(driver_poll(&a->d, &a->qp.cq));
	post_receive(PAYLOAD);
	expect_sent();
	assert_arrived(0, THREE);
}

WIRE_TEST(receiver_that_stays_not_ready_is_an_error)
{
	post_send(THREE);
	expect(a, &a->qp.cq, CX_CQE_REQ_ERR, CX_SYND_RNR_RETRY_EXC);
}

/* Later packets do not shorten the wait. */
WIRE_TEST(receiver_that_is_not_ready_is_tried_after_its_rnr_timer)
{
	struct timespec begin, end;

	a->qp.rnr_retry = 2;
	b->qp.min_rnr_nak = 20; /* 10.24 ms */
	driver_modify_qp(&a->d, &a->qp, CX_OP_2RST_QP, 0);
	driver_modify_qp(&b->d, &b->qp, CX_OP_2RST_QP, 0);
	connect_to(a, b);
	connect_to(b, a);
	clock_gettime(CLOCK_MONOTONIC, &begin);
	post_send(THREE);
	expect(a, &a->qp.cq, CX_CQE_REQ_ERR, CX_SYND_RNR_RETRY_EXC);
	clock_gettime(CLOCK_MONOTONIC, &end);
	assert_int_equal(b->out->sent, 3);
	assert_true((end.tv_sec - begin.tv_sec) * 1000 + (end.tv_nsec - begin.tv_nsec) / 1000000 >=
		    20);
}

/* The requester gets no answer, only its retries time out. */
WIRE_TEST(queue_pair_of_another_peer_does_not_answer)
{
	driver_modify_qp(&b->d, &b->qp, CX_OP_2RST_QP, 0);
	b->qp.peer_lid = 3;
	driver_connect(&b->d, &b->qp, a->qp.number);
	post_rdma(CX_WR_RDMA_WRITE, b->inbox.key, 100);
	expect(a, &a->qp.cq, CX_CQE_REQ_ERR, CX_SYND_RETRY_EXC);
}

static unsigned port_state(struct host *h)
{
	uint8_t *port = CX_ADDR(h->d.out, query_hca_vport_context_out, hca_vport_context);

	driver_begin(&h->d);
	assert_int_equal(driver_command(&h->d, CX_OP_QUERY_HCA_VPORT_CONTEXT, 16,
					CX_SZ_query_hca_vport_context_out),
			 0);
	assert_int_equal(CX_GET(port, hca_vport_context, port_state),
			 CX_GET(port, hca_vport_context, vport_state));
	return (unsigned)CX_GET(port, hca_vport_context, vport_state);
}

/* The driver gets one event with the port's number, and can query the state. */
WIRE_TEST(port_is_down_while_the_wire_is)
{
	static const unsigned states[] = {1, 4}; /* IBTA: Down, Active */
	const uint8_t *eqe;
	uint64_t eq;

	run();
	driver_create_eq(&a->d, 1ull << CX_EVENT_PORT_CHANGE, 3, &eq);
	assert_int_equal(port_state(a), 4);
	for (unsigned i = 0; i < 2; i++) {
		a->down = i == 0;
		a->d.world.f->ops->work(a->d.world.f);
		run();
		eqe = a->d.world.ram + eq + i * CX_EQE_BYTES;
		assert_int_equal(a->d.world.interrupts[3], i + 1);
		assert_int_equal(eqe[CX_EQE_TYPE], CX_EVENT_PORT_CHANGE);
		assert_int_equal(eqe[CX_EQE_SUB_TYPE],
				 i ? CX_PORT_CHANGE_ACTIVE : CX_PORT_CHANGE_DOWN);
		assert_int_equal(eqe[CX_EQE_PORT] >> 4, 1);
		assert_int_equal(port_state(a), states[i]);
	}
}

/* Packets under way when the requester is reset do not arrive. */
WIRE_TEST(reset_drops_packets_under_way)
{
	memset(b->d.world.peer, 0xee, PAYLOAD);
	post_rdma(CX_WR_RDMA_WRITE, b->inbox.key, THREE);
	for (unsigned i = 0; i < 3; i++)
		a->d.world.f->ops->work(a->d.world.f);
	assert_true(a->out->count > 0);
	pci_function_reset(a->d.world.f, false);
	assert_int_equal(a->out->resets, 1);
	for (unsigned i = 0; i < 100; i++)
		b->d.world.f->ops->work(b->d.world.f);
	assert_int_equal(b->d.world.peer[0], 0xee);
}

static void resume(bool error)
{
	uint8_t *info = CX_ADDR(b->d.in, page_fault_resume_in, page_fault_info);

	driver_begin(&b->d);
	CX_SET(info, trans_page_fault_info, fault_token, b->qp.number);
	CX_SET(info, trans_page_fault_info, error, error);
	assert_int_equal(driver_command(&b->d, CX_OP_PAGE_FAULT_RESUME, 16, 16), 0);
}

/* Maps page @n of the key. */
static void map_page(struct qp *umr, struct mr *mr, uint64_t xlt, unsigned n)
{
	struct wqe w;

	put_be64(b->d.world.ram + xlt + n * 8, (PEER_BASE + n * 4096) | 3);
	wqe_umr(&b->d, &w, mr, xlt);
	if (n)
		w.bytes[16 + CX_UMR_FLAGS] = CX_UMR_CHECK_FREE | CX_UMR_OFFSET_EN;
	driver_post(&b->d, umr, &w);
	driver_ring(&b->d, umr);
	run();
}

/* Checks and clears the port's counters: messages and bytes, sent and received. */
static void expect_counted(struct host *h, const uint64_t expected[4])
{
	const uint8_t *sent = CX_ADDR(h->d.out, query_vport_counter_out, transmitted_ib_unicast);
	const uint8_t *received = CX_ADDR(h->d.out, query_vport_counter_out, received_ib_unicast);

	driver_begin(&h->d);
	CX_SET(h->d.in, query_vport_counter_in, clear, 1);
	assert_int_equal(driver_command(&h->d, CX_OP_QUERY_VPORT_COUNTER,
					CX_SZ_query_vport_counter_in,
					CX_SZ_query_vport_counter_out),
			 0);
	assert_int_equal(CX_GET(sent, traffic_counter, packets), expected[0]);
	assert_int_equal(CX_GET(sent, traffic_counter, octets), expected[1]);
	assert_int_equal(CX_GET(received, traffic_counter, packets), expected[2]);
	assert_int_equal(CX_GET(received, traffic_counter, octets), expected[3]);
}

/* A page that is not mapped at the responder: its driver has one event, the requester waits. */
WIRE_TEST(requester_waits_for_a_page_fault_of_the_responder)
{
	for (unsigned error = 0; error < 2; error++) {
		struct mr mr = {.addr = PEER_BASE, .len = 8192};
		struct qp umr = {0};
		const uint8_t *eqe;
		uint64_t eq, xlt;

		teardown(NULL);
		setup(NULL);
		a->qp.rnr_retry = 7;
		driver_modify_qp(&a->d, &a->qp, CX_OP_2RST_QP, 0);
		connect_to(a, b);
		xlt = world_alloc(&b->d.world, 4096);
		driver_create_eq(&b->d, 1ull << CX_EVENT_PAGE_FAULT, 0, &eq);
		eqe = b->d.world.ram + eq;
		driver_create_free_mr(&b->d, &mr);
		driver_create_qp(&b->d, &umr, CX_ST_REG_UMR);
		driver_connect(&b->d, &umr, 0);
		map_page(&umr, &mr, xlt, 0);
		post_rdma(CX_WR_RDMA_WRITE, mr.key, 8192);
		for (unsigned i = 0; i < 10; i++) {
			const struct timespec pause = {.tv_nsec = 2000000};

			run();
			nanosleep(&pause, NULL);
		}
		assert_null(driver_poll(&a->d, &a->qp.cq));
		assert_int_equal(b->d.world.interrupts[0], 1);
		assert_int_equal(get_be64(eqe + CX_EQE_FAULT_VA), PEER_BASE + 4096);
		assert_int_equal(get_be32(eqe + CX_EQE_FAULT_TYPE_TOKEN), 6u << 24 | b->qp.number);
		if (!error)
			map_page(&umr, &mr, xlt, 1);
		resume(error);
		if (error) {
			expect(a, &a->qp.cq, CX_CQE_REQ_ERR, CX_SYND_REMOTE_ACCESS);
		} else {
			expect_sent();
			assert_arrived(0, 8192);
			expect_counted(b, (const uint64_t[]){0, 0, 1, 8192}); /* counted once */
		}
	}
}

WIRE_TEST(sender_waits_while_the_wire_is_full)
{
	a->out->capacity = 1;
	post_rdma(CX_WR_RDMA_WRITE, b->inbox.key, PAYLOAD);
	expect_sent();
	assert_arrived(0, PAYLOAD);
}

WIRE_TEST(unreliable_write_arrives_without_an_answer)
{
	make_connection(CX_ST_UC);
	post_rdma(CX_WR_RDMA_WRITE, b->inbox.key, THREE);
	expect_sent();
	run();
	assert_arrived(0, THREE);
	assert_int_equal(b->out->sent, 0);
}

static struct srq xrc;

/* To a queue of domain 5 by a receiver of @domain. */
static void make_xrc_connection(struct cq *cq, uint32_t domain)
{
	struct wqe receive = {.len = 0};

	driver_create_cq(&b->d, cq);
	driver_create_xrc_srq(&b->d, &xrc, 5, cq);
	wqe_data(&receive, b->inbox.addr, b->inbox.key, PAYLOAD);
	driver_post_shared(&b->d, &xrc, &receive, 1);
	driver_create_qp(&a->d, &a->qp, CX_ST_XRC);
	driver_create_xrc_qp(&b->d, &b->qp, domain, &xrc);
	connect_to(a, b);
	connect_to(b, a);
	a->d.world.request_count = b->d.world.request_count = 0;
}

static void post_xrc(unsigned opcode, uint32_t len)
{
	struct wqe w;

	wqe_init(&w, opcode, true);
	wqe_xrc(&w, &xrc);
	if (opcode != CX_WR_SEND)
		wqe_raddr(&w, b->inbox.addr, b->inbox.key);
	if (opcode == CX_WR_ATOMIC_FA)
		wqe_atomic(&w, 2, 0);
	wqe_data(&w, a->near.addr, a->near.key, len);
	post(a, &w);
}

WIRE_TEST(xrc_message_names_the_queue)
{
	const uint8_t *cqe;
	struct cq cq = {0};

	make_xrc_connection(&cq, 5);
	post_xrc(CX_WR_SEND, THREE);
	expect_sent();
	cqe = driver_poll(&b->d, &cq);
	assert_non_null(cqe);
	assert_int_equal(get_be32(cqe + CX_CQE_SRQN), xrc.number);
	assert_int_equal(get_be32(cqe + CX_CQE_BYTE_CNT), THREE);
	assert_arrived(0, THREE);
	memset(b->d.world.peer, 0xee, PAYLOAD);
	post_xrc(CX_WR_RDMA_WRITE, THREE);
	expect_sent();
	assert_arrived(0, THREE);
	memset(a->d.world.ram + a->near.addr, 0, THREE);
	post_xrc(CX_WR_RDMA_READ, THREE);
	expect_sent();
	assert_arrived(0, THREE);
	put_le64(b->d.world.peer, 40);
	post_xrc(CX_WR_ATOMIC_FA, OPERAND);
	expect_sent();
	assert_int_equal(get_le64(b->d.world.peer), 42);
	assert_int_equal(get_le64(a->d.world.ram + a->near.addr), 40);
}

WIRE_TEST(xrc_receiver_of_another_domain_is_refused)
{
	struct cq cq = {0};

	make_xrc_connection(&cq, 6);
	post_xrc(CX_WR_SEND, THREE);
	expect(a, &a->qp.cq, CX_CQE_REQ_ERR, CX_SYND_REMOTE_INVALID);
	assert_null(driver_poll(&b->d, &cq));
	assert_int_equal(b->d.world.request_count, 0);
}

/* The data of a read goes in the opposite direction. */
WIRE_TEST(port_counts_each_direction)
{
	post_rdma(CX_WR_RDMA_WRITE, b->inbox.key, THREE);
	expect_sent();
	expect_counted(a, (const uint64_t[]){1, THREE, 0, 0});
	expect_counted(b, (const uint64_t[]){0, 0, 1, THREE});
	post_rdma(CX_WR_RDMA_READ, b->inbox.key, MANY);
	expect_sent();
	expect_counted(a, (const uint64_t[]){0, 0, 1, MANY});
	expect_counted(b, (const uint64_t[]){1, MANY, 0, 0});
}

static void post_datagram(uint16_t lid, uint32_t len)
{
	struct wqe w;

	wqe_init(&w, CX_WR_SEND, true);
	wqe_address(&w, b->qp.number);
	put_be16(w.bytes + CX_CTRL_BYTES + CX_AV_LID, lid);
	wqe_data(&w, a->near.addr, a->near.key, len);
	post(a, &w);
}

WIRE_TEST(datagram_goes_to_the_lid)
{
	const uint8_t *cqe;

	make_connection(CX_ST_UD);
	post_receive(PAYLOAD);
	post_datagram(3, 100);
	expect_sent();
	post_datagram(2, 4096);
	expect_sent();
	cqe = wait_for(b, &b->qp.recv_cq);
	assert_non_null(cqe);
	assert_int_equal(get_be32(cqe + CX_CQE_BYTE_CNT), 4096 + CX_PACKET_GRH);
	assert_int_equal(get_be16(cqe + CX_CQE_SLID), 1);
	assert_int_equal(get_be32(cqe + CX_CQE_FLAGS_RQPN) & 0xffffff, a->qp.number);
	assert_arrived(CX_PACKET_GRH, 4096);
	assert_null(driver_poll(&b->d, &b->qp.recv_cq));
}

/* With a GRH the GID must be the port's, too. */
WIRE_TEST(datagram_goes_to_the_gid)
{
	make_connection(CX_ST_UD);
	post_receive(PAYLOAD);
	for (unsigned i = 0; i < 2; i++) {
		struct wqe w;
		uint8_t *av = w.bytes + CX_CTRL_BYTES;

		wqe_init(&w, CX_WR_SEND, true);
		wqe_address(&w, b->qp.number);
		put_be16(av + CX_AV_LID, 2);
		put_be32(av + CX_AV_GRH_GID_FL, 0x40000000);
		put_be64(av + CX_AV_GID, 0xfe80000000000000);
		put_be64(av + CX_AV_GID + 8, 0x0002c9fffe000001 + i * 16); /* a's, b's */
		wqe_data(&w, a->near.addr, a->near.key, 100 + i);
		post(a, &w);
		expect_sent();
	}
	assert_int_equal(get_be32(wait_for(b, &b->qp.recv_cq) + CX_CQE_BYTE_CNT),
			 101 + CX_PACKET_GRH);
	assert_null(driver_poll(&b->d, &b->qp.recv_cq));
}

/* An indirect key of @count segments of @mr, a byte each. */
static uint32_t create_segments(struct host *h, const struct mr *mr, unsigned count)
{
	uint8_t *mkc = CX_ADDR(h->d.in, create_mkey_in, memory_key_mkey_entry);
	uint8_t *list = h->d.in + CX_AT_create_mkey_in_klm_pas_mtt;

	driver_begin(&h->d);
	CX_SET(mkc, mkc, access_mode_1_0, CX_MODE_KLM);
	CX_SET(mkc, mkc, qpn, 0xffffff);
	CX_SET(mkc, mkc, pd, h->d.pd);
	CX_SET(mkc, mkc, len, count);
	CX_SET(mkc, mkc, lr, 1);
	CX_SET(mkc, mkc, lw, 1);
	CX_SET(mkc, mkc, rr, 1);
	CX_SET(mkc, mkc, rw, 1);
	CX_SET(mkc, mkc, translations_octword_size, count);
	CX_SET(h->d.in, create_mkey_in, translations_octword_actual_size, count);
	for (unsigned i = 0; i < count; i++) {
		put_be32(list + i * 16 + CX_KLM_BYTES, 1);
		put_be32(list + i * 16 + CX_KLM_KEY, mr->key);
		put_be64(list + i * 16 + CX_KLM_VA, mr->addr + i);
	}
	assert_int_equal(driver_command(&h->d, CX_OP_CREATE_MKEY,
					CX_AT_create_mkey_in_klm_pas_mtt + count * 16, 16),
			 0);
	return (uint32_t)CX_GET(h->d.out, create_mkey_out, mkey_index) << 8;
}

/* One step of a NIC makes a bounded number of requests. */
static bool short_step(struct host *h)
{
	unsigned before = h->d.world.request_count;
	bool more = h->d.world.f->ops->work(h->d.world.f);

	assert_in_range(h->d.world.request_count - before, 0, 8);
	return more;
}

/* A packet must not delay other queue pairs until all of its segments are moved, at either end. */
WIRE_TEST(packet_of_many_segments_takes_many_steps)
{
	enum { SEGMENTS = 200 };
	static const unsigned opcodes[] = {CX_WR_RDMA_WRITE, CX_WR_RDMA_READ};
	uint32_t near = create_segments(a, &a->near, SEGMENTS);
	uint32_t remote = create_segments(b, &b->inbox, SEGMENTS);

	for (unsigned i = 0; i < 2; i++) {
		struct wqe w;
		bool more = true;

		wqe_init(&w, opcodes[i], true);
		wqe_raddr(&w, 0, remote);
		wqe_data(&w, 0, near, SEGMENTS);
		post(a, &w);
		while (more) {
			more = short_step(a);
			more |= short_step(b);
		}
		expect_sent();
		assert_arrived(0, SEGMENTS);
	}
}

WIRE_TEST(deferred_requests_do_not_change_the_data)
{
	unsigned turns = TURNS;

	post_receive(PAYLOAD);
	a->d.world.defer = b->d.world.defer = true;
	post_send(THREE);
	while (turns--)
		for (unsigned i = 0; i < 2; i++) {
			if (hosts[i].d.world.deferred.active)
				world_complete(&hosts[i].d.world, 0);
			hosts[i].d.world.f->ops->work(hosts[i].d.world.f);
		}
	expect_sent();
	assert_arrived(0, THREE);
}

/* Invalid packets cause no request, and the NIC still works. */
WIRE_TEST(hostile_packets_are_refused)
{
	struct cx_packet p = {
		.kind = CX_PACKET_REQUEST,
		.type = CX_ST_RC,
		.opcode = CX_WR_SEND,
		.from_lid = 1,
		.to_lid = 2,
		.from = a->qp.number,
		.to = b->qp.number,
		.psn = 0xfffffe,
		.total = THREE,
		.offset = 2 * CX_PACKET_PART,
		.length = THREE - 2 * CX_PACKET_PART,
	};
	uint8_t *bytes = wire_reserve(a, true);

	/* the last packet of a message without the first */
	wire_send(a, cx_packet_encode(&p, bytes));
	run();
	assert_int_equal(driver_query_state(&b->d, &b->qp), CX_QP_ERR);
	assert_int_equal(b->d.world.request_count, 0);
	/* answers without a request */
	for (unsigned kind = CX_PACKET_ACK; kind < CX_PACKET_KINDS; kind++) {
		p.kind = kind;
		p.opcode = CX_WR_RDMA_READ;
		p.length = kind == CX_PACKET_DATA ? THREE - 2 * CX_PACKET_PART : 0;
		wire_send(a, cx_packet_encode(&p, wire_reserve(a, true)));
	}
	/* not a packet at all */
	memset(wire_reserve(a, true), 0xff, CX_PACKET_MAX);
	wire_send(a, CX_PACKET_MAX);
	run();
	assert_int_equal(b->d.world.request_count, 0);
	assert_int_equal(a->out->count, 0);
}

TEST(decoded_packet_encodes_to_the_same_bytes)
{
	static uint8_t bytes[CX_PACKET_MAX], again[CX_PACKET_MAX];
	const struct cx_packet p = {
		.kind = CX_PACKET_REQUEST,
		.type = CX_ST_RC,
		.opcode = CX_WR_RDMA_WRITE_IMM,
		.flags = CX_PACKET_FLAGS,
		.code = 3,
		.sl = 4,
		.from_lid = 5,
		.to_lid = 6,
		.from = 0x123456,
		.to = 0xfedcba,
		.psn = 0xffffff,
		.va = 0x123456789abcdef0,
		.key = 0xdeadbeef,
		.total = CX_PACKET_PART + 17,
		.offset = CX_PACKET_PART,
		.immediate = 8,
		.extra = 9,
		.swap_add = 10,
		.compare = 11,
		.length = 17,
	};
	struct cx_packet back;
	size_t len = cx_packet_encode(&p, bytes);

	assert_int_equal(len, CX_PACKET_HEADER + 17);
	assert_int_equal(cx_packet_size(bytes), len);
	assert_int_equal(cx_packet_decode(&back, bytes, len), 0);
	assert_ptr_equal(back.payload, bytes + CX_PACKET_HEADER);
	assert_int_equal(cx_packet_encode(&back, again), len);
	assert_memory_equal(again, bytes, CX_PACKET_HEADER);
	assert_int_equal(back.va, p.va);
	assert_int_equal(back.psn, p.psn);
	/* a shorter or longer packet is invalid */
	assert_int_not_equal(cx_packet_decode(&back, bytes, len - 1), 0);
	put_be32(bytes, (uint32_t)len - 1);
	assert_int_not_equal(cx_packet_decode(&back, bytes, len - 1), 0);
	put_be32(bytes, CX_PACKET_MAX + 1);
	assert_int_equal(cx_packet_size(bytes), 0);
	put_be32(bytes, CX_PACKET_HEADER - 1);
	assert_int_equal(cx_packet_size(bytes), 0);
}
