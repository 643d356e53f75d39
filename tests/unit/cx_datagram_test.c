// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Datagrams, and writes and sends of unreliable connections. Theory of operation: as for other
 * messages; that a message was dropped is checked at the receiver, since the sender gets no error.
 */
#include <errno.h>
#include <string.h>

#include "tests/unit/cx_fixture.h"

#define GRH    40u
#define MTU    4096u
#define HINTED 0x1234u

static struct qp a, b;
static struct mr near, inbox;
static const uint8_t own_gid[16] = {0xfe, 0x80, 0,    0,    0,	  0, 0, 0,
				    0,	  0x02, 0xc9, 0xff, 0xfe, 0, 0, 1};

static void make_mr(struct mr *mr, uint64_t addr)
{
	*mr = (struct mr){.addr = addr, .len = PAYLOAD};
	driver_create_mr(d, mr);
}

static int setup_type(unsigned type)
{
	cx_setup(NULL);
	make_mr(&near, world_alloc(&d->world, PAYLOAD));
	make_mr(&inbox, PEER_BASE);
	for (unsigned i = 0; i < PAYLOAD; i++)
		d->world.ram[near.addr + i] = (uint8_t)(i * 31 + (i >> 8));
	memset(d->world.peer, 0xee, PAYLOAD);
	driver_create_qp(d, &a, type);
	driver_create_qp(d, &b, type);
	driver_connect(d, &a, b.number);
	driver_connect(d, &b, a.number);
	return 0;
}

static int setup_ud(void **state)
{
	(void)state;
	return setup_type(CX_ST_UD);
}

static int setup_uc(void **state)
{
	(void)state;
	return setup_type(CX_ST_UC);
}

#define UD_TEST(name) TEST_WITH(name, setup_ud, cx_teardown)
#define UC_TEST(name) TEST_WITH(name, setup_uc, cx_teardown)

static void post_receive(struct qp *qp, uint32_t to, uint32_t len)
{
	struct wqe w = {.len = 0};

	wqe_data(&w, inbox.addr + to, inbox.key, len);
	driver_post_receive(d, qp, &w);
}

static void begin_send(struct wqe *w, unsigned opcode)
{
	wqe_init(w, opcode, true);
	put_be32(w->bytes + CX_CTRL_IMM, 0x12345678);
	wqe_address(w, b.number);
}

static void send(unsigned opcode, uint32_t from, uint32_t len)
{
	struct wqe w;

	begin_send(&w, opcode);
	wqe_data(&w, near.addr + from, near.key, len);
	execute(&a, &w);
}

static const uint8_t *expect_received(unsigned completion, uint32_t len)
{
	const uint8_t *cqe = driver_poll(d, &b.recv_cq);

	assert_non_null(cqe);
	assert_int_equal(cqe[CX_CQE_OP_OWN] >> 4, completion);
	assert_int_equal(get_be32(cqe + CX_CQE_BYTE_CNT), len);
	return cqe;
}

static void expect_dropped(void)
{
	expect_good(&a);
	assert_null(driver_poll(d, &b.recv_cq));
	assert_int_equal(driver_query_state(d, &a), CX_QP_RTS);
	assert_int_equal(driver_query_state(d, &b), CX_QP_RTS);
}

/* The data follows 40 bytes for the GRH; the completion names the sender. */
UD_TEST(datagram)
{
	static const uint32_t lengths[] = {0, 1, 64, 4095, MTU};

	for (unsigned i = 0; i < 2 * ARRAY_SIZE(lengths); i++) {
		uint32_t len = lengths[i / 2], to = 4000 + i;
		const uint8_t *cqe;

		memset(d->world.peer, 0xee, PAYLOAD);
		post_receive(&b, to, GRH + len);
		send(i % 2 ? CX_WR_SEND_IMM : CX_WR_SEND, i, len);
		expect_good(&a);
		cqe = expect_received(i % 2 ? CX_CQE_RESP_SEND_IMM : CX_CQE_RESP_SEND, GRH + len);
		assert_int_equal(get_be32(cqe + CX_CQE_FLAGS_RQPN), a.number);
		assert_int_equal(get_be16(cqe + CX_CQE_SLID), 1);
		assert_int_equal(get_be16(cqe + CX_CQE_WQE_COUNTER), i);
		if (i % 2)
			assert_int_equal(get_be32(cqe + CX_CQE_IMMEDIATE), 0x12345678);
		assert_memory_equal(d->world.peer + to + GRH, d->world.ram + near.addr + i, len);
		assert_int_equal(d->world.peer[to + GRH + len], 0xee);
		assert_int_equal(d->world.peer[to - 1], 0xee);
	}
}

/* Segments at both ends, the GRH across two of them, inline data. */
UD_TEST(segments)
{
	static const uint8_t text[] = "sent from within the work request";
	struct wqe receive = {.len = 0}, w;

	wqe_data(&receive, inbox.addr, inbox.key, 7);
	wqe_data(&receive, inbox.addr + 100, inbox.key, GRH - 7 + 5);
	wqe_data(&receive, inbox.addr + 8000, inbox.key, 4096);
	driver_post_receive(d, &b, &receive);
	begin_send(&w, CX_WR_SEND);
	wqe_inline(&w, text, sizeof(text));
	wqe_data(&w, near.addr, near.key, 1000);
	execute(&a, &w);
	expect_good(&a);
	expect_received(CX_CQE_RESP_SEND, GRH + sizeof(text) + 1000);
	assert_memory_equal(d->world.peer + 100 + GRH - 7, text, 5);
	assert_memory_equal(d->world.peer + 8000, text + 5, sizeof(text) - 5);
	assert_memory_equal(d->world.peer + 8000 + sizeof(text) - 5, d->world.ram + near.addr,
			    1000);
}

static uint8_t *address(struct wqe *w)
{
	return w->bytes + CX_CTRL_BYTES;
}

/* IBTA 8.3 */
UD_TEST(grh)
{
	const uint8_t *grh = d->world.peer;
	struct wqe w;

	post_receive(&b, 0, 4096);
	begin_send(&w, CX_WR_SEND_IMM);
	address(&w)[CX_AV_RATE_SL] = 0x35;
	address(&w)[CX_AV_TCLASS] = 0xab;
	address(&w)[CX_AV_HOP_LIMIT] = 64;
	put_be32(address(&w) + CX_AV_GRH_GID_FL, 1u << 30 | 0xfedcb);
	memcpy(address(&w) + CX_AV_GID, own_gid, 16);
	wqe_data(&w, near.addr, near.key, 65);
	execute(&a, &w);
	expect_good(&a);
	assert_int_equal(
		get_be32(expect_received(CX_CQE_RESP_SEND_IMM, GRH + 65) + CX_CQE_FLAGS_RQPN),
		1u << 28 | 5u << 24 | a.number);
	assert_int_equal(get_be32(grh), 0x6abfedcb);
	assert_int_equal(get_be16(grh + 4), 12 + 8 + 4 + 68 + 4);
	assert_int_equal(grh[6], 0x1b);
	assert_int_equal(grh[7], 64);
	assert_memory_equal(grh + 8, own_gid, 16);
	assert_memory_equal(grh + 24, own_gid, 16);
	assert_memory_equal(grh + GRH, d->world.ram + near.addr, 65);
}

/* A datagram that no queue pair accepts is dropped; the sender stays in RTS. */
UD_TEST(dropped)
{
	struct qp rc;

	driver_create_qp(d, &rc, CX_ST_RC);
	driver_connect(d, &rc, a.number);
	post_receive(&b, 0, 4096);
	for (unsigned i = 0; i < 6; i++) {
		struct wqe w;
		uint8_t *av = address(&w);

		begin_send(&w, CX_WR_SEND);
		switch (i) {
		case 0:
			put_be32(av + CX_AV_Q_KEY, Q_KEY + 1);
			break;
		case 1:
			put_be16(av + CX_AV_LID, 2);
			break;
		case 2:
			put_be32(av + CX_AV_QPN, CX_AV_EXTENDED | 0xfffff);
			break;
		case 3:
			put_be32(av + CX_AV_QPN, CX_AV_EXTENDED | rc.number);
			break;
		case 4: /* not the port's GID */
			put_be32(av + CX_AV_GRH_GID_FL, 1u << 30);
			memset(av + CX_AV_GID, 0xff, 16);
			break;
		case 5: /* no receive */
			put_be32(av + CX_AV_QPN, CX_AV_EXTENDED | a.number);
			break;
		}
		wqe_data(&w, near.addr, near.key, 64);
		execute(&a, &w);
		expect_dropped();
	}
	assert_int_equal(d->world.peer[0], 0xee);
	send(CX_WR_SEND, 0, 64);
	expect_good(&a);
	expect_received(CX_CQE_RESP_SEND, GRH + 64);
}

/* A Q_Key with its top bit set stands for that of the sender's queue pair. */
UD_TEST(own_q_key)
{
	struct wqe w;

	post_receive(&b, 0, 4096);
	begin_send(&w, CX_WR_SEND);
	put_be32(address(&w) + CX_AV_Q_KEY, 0x80000000);
	execute(&a, &w);
	expect_good(&a);
	expect_received(CX_CQE_RESP_SEND, GRH);
}

/* An error at the sender ends the sender's queue pair; one at the receiver, the receiver's. */
UD_TEST(errors)
{
	for (unsigned i = 0; i < 6; i++) {
		unsigned opcode = i == 3 ? CX_WR_RDMA_WRITE : i == 4 ? CX_WR_ATOMIC_FA : CX_WR_SEND;
		struct wqe w;

		begin_send(&w, opcode);
		if (i == 0)
			put_be32(address(&w) + CX_AV_QPN, b.number); /* an address of 16 bytes */
		if (i == 5)
			w.len = CX_CTRL_BYTES + 32;
		else
			wqe_data(&w, near.addr, near.key + (i == 2), i == 1 ? MTU + 1 : 64);
		post_receive(&b, 0, 8192);
		execute(&a, &w);
		expect_error(&a, i == 1	  ? CX_SYND_LOCAL_LENGTH
				 : i == 2 ? CX_SYND_LOCAL_PROT
					  : CX_SYND_LOCAL_QP_OP);
		assert_null(driver_poll(d, &b.recv_cq));
		assert_int_equal(driver_query_state(d, &b), CX_QP_RTS);
		cx_teardown(NULL);
		setup_ud(NULL);
	}
	post_receive(&b, 0, GRH + 63);
	send(CX_WR_SEND, 0, 64);
	expect_good(&a);
	assert_int_equal(driver_poll(d, &b.recv_cq)[CX_CQE_ERR_SYNDROME], CX_SYND_LOCAL_LENGTH);
	assert_int_equal(driver_query_state(d, &b), CX_QP_ERR);
	assert_int_equal(driver_query_state(d, &a), CX_QP_RTS);
}

/* Two senders to one receiver: each datagram uses a separate receive, also while one waits. */
UD_TEST(two_senders)
{
	struct qp c;
	struct wqe w;

	driver_create_qp(d, &c, CX_ST_UD);
	driver_connect(d, &c, 0);
	d->world.defer = true;
	post_receive(&b, 0, 8192);
	post_receive(&b, 8192, 8192);
	begin_send(&w, CX_WR_SEND);
	wqe_data(&w, near.addr + 4000, near.key, 4000);
	driver_post(d, &a, &w);
	driver_post(d, &c, &w);
	driver_ring(d, &a);
	driver_ring(d, &c);
	while (world_run(&d->world, STEPS) && d->world.deferred.active)
		world_complete(&d->world, 0);
	expect_good(&a);
	expect_good(&c);
	for (unsigned i = 0; i < 2; i++) {
		expect_received(CX_CQE_RESP_SEND, GRH + 4000);
		assert_memory_equal(d->world.peer + i * 8192 + GRH, d->world.ram + near.addr + 4000,
				    4000);
	}
}

/* After a reset in the middle of a datagram the device has no work. */
UD_TEST(reset_in_the_middle)
{
	post_receive(&b, 0, 8192);
	d->world.defer = true;
	send(CX_WR_SEND, 0, MTU);
	assert_true(d->world.deferred.active);
	d->world.deferred.active = false;
	pci_function_reset(d->world.f, false);
	d->world.defer = false;
	driver_restart(d);
	assert_false(d->world.f->ops->work(d->world.f));
}

/* The receiver's key has the hint, for the GRH as for the data. */
UD_TEST(hints)
{
	struct world *w = &d->world;

	inbox = (struct mr){.addr = PEER_BASE, .len = PAYLOAD};
	driver_create_hinted_mr(d, &inbox, HINTED);
	post_receive(&b, 0, 8192);
	w->request_count = 0;
	send(CX_WR_SEND, 0, MTU);
	expect_received(CX_CQE_RESP_SEND, GRH + MTU);
	assert_true(w->request_count >= 3);
	for (unsigned i = 0; i < w->request_count; i++) {
		assert_int_equal(w->requests[i].hint.st, w->requests[i].write ? HINTED : 0);
		assert_int_equal(w->requests[i].hint.ph, w->requests[i].write ? 2 : 0);
	}
}

/* An unreliable connection has no acknowledgements: the sender gets no error and does not wait. */
UC_TEST(unreliable_connection)
{
	struct wqe w;

	post_receive(&b, 0, 4096);
	wqe_init(&w, CX_WR_SEND, true);
	wqe_data(&w, near.addr, near.key, 4096);
	execute(&a, &w);
	expect_good(&a);
	expect_received(CX_CQE_RESP_SEND, 4096);
	assert_memory_equal(d->world.peer, d->world.ram + near.addr, 4096);
	execute(&a, &w); /* no receive */
	expect_dropped();
	wqe_init(&w, CX_WR_RDMA_WRITE, true);
	wqe_raddr(&w, inbox.addr + 8192, inbox.key);
	wqe_data(&w, near.addr + 1, near.key, 70000);
	execute(&a, &w);
	expect_dropped();
	assert_memory_equal(d->world.peer + 8192, d->world.ram + near.addr + 1, 70000);
	wqe_init(&w, CX_WR_RDMA_WRITE, true);
	wqe_raddr(&w, inbox.addr, inbox.key + 1);
	wqe_data(&w, near.addr, near.key, 64);
	execute(&a, &w); /* not allowed */
	expect_dropped();
	wqe_init(&w, CX_WR_RDMA_READ, true);
	wqe_raddr(&w, inbox.addr, inbox.key);
	wqe_data(&w, near.addr, near.key, 64);
	execute(&a, &w);
	expect_error(&a, CX_SYND_LOCAL_QP_OP);
}
