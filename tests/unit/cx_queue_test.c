// SPDX-License-Identifier: GPL-2.0-or-later
/* Doorbells, completion queues and event queues. */
#include <string.h>

#include "tests/unit/cx_fixture.h"

/* A peer's TLP rings a doorbell as a CPU's write does; one with a partial DW does not. */
CX_TEST(peer_doorbell)
{
	const uint64_t at = d->uar * 4096u + CX_DB_SQ;
	uint8_t doorbell[8] = {0};
	struct tlp tlp = {
		.kind = TLP_MWR, .addr = at, .length_dw = 2, .first_be = 0xf, .last_be = 0x7};
	struct wqe w;
	struct pair p;

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

/* A doorbell works only on the UAR page that its queue was created with. */
CX_TEST(doorbell_pages)
{
	uint32_t own = d->uar, other;
	struct pair p;

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
	assert_int_equal(d->world.interrupts[1], 0); /* armed on the other page: no effect */
	d->uar = other;
	driver_mmio_write(d, other * 4096ull + CX_DB_EQ_ARM, d->comp_eqn << 24 | 5);
	driver_begin(d);
	CX_SET(d->in, query_eq_in, eq_number, d->comp_eqn);
	assert_int_equal(driver_command(d, CX_OP_QUERY_EQ, 16, CX_SZ_query_eq_out), 0);
	assert_int_equal(
		CX_GET(CX_ADDR(d->out, query_eq_out, eq_context_entry), eqc, consumer_counter), 0);
}

/* Doorbells of every width and offset, for objects that do not exist. */
CX_TEST(stray_doorbells)
{
	uint8_t ones[64];

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

/* An armed CQ raises its EQ's vector once, if the completion came before arming or after. */
CX_TEST(arm)
{
	struct pair p;

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

/* More completions than the CQ holds: it stops, and no unread one is overwritten. */
CX_TEST(cq_overrun)
{
	uint64_t async_eq;
	struct pair p;

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

/* The last entry of the old buffer says that the next is in the new one. */
static void resize(struct cq *cq, unsigned log)
{
	const uint8_t *last = d->world.ram + cq->addr + (cq->seen & 15) * CX_CQE_BYTES;
	uint64_t addr;
	size_t len = driver_fill_resize(d, cq, log, &addr);

	assert_int_equal(driver_command(d, CX_OP_MODIFY_CQ, len, 16), 0);
	assert_int_equal(last[CX_CQE_OP_OWN] >> 4, CX_CQE_RESIZE);
	assert_int_equal(last[CX_CQE_OP_OWN] & 1, cq->seen >> 4 & 1);
	cq->seen++;
	put_be32(d->world.ram + cq->record, cq->seen);
	cq->addr = addr;
}

/* After a resize the queue has the new capacity, and wraps as before. */
CX_TEST(cq_resize)
{
	struct pair p;

	make_pair(&p);
	for (unsigned i = 0; i < 21; i++) {
		post_write(&p, 0, 0, 8);
		run();
		expect_good(&p.qp);
	}
	resize(&p.qp.cq, 6);
	for (unsigned i = 0; i < 150; i++) {
		const uint8_t *cqe =
			d->world.ram + p.qp.cq.addr + (p.qp.cq.seen & 63) * CX_CQE_BYTES;

		post_write(&p, 0, 0, 8);
		run();
		assert_int_equal(cqe[CX_CQE_OP_OWN], CX_CQE_REQ << 4 | (p.qp.cq.seen >> 6 & 1));
		p.qp.cq.seen++;
		if (i >= 60)
			put_be32(d->world.ram + p.qp.cq.record, p.qp.cq.seen);
	}
}

CX_TEST(cq_resize_refused)
{
	static const struct {
		uint32_t field;
		uint64_t value;
		unsigned status;
	} cases[] = {
		{CX_modify_cq_in_op_mod, 0, CX_STAT_BAD_PARAM},
		{CX_modify_cq_in_cqn, 0xffff, CX_STAT_BAD_RES},
	};
	struct pair p;
	uint64_t addr;
	size_t len;

	make_pair(&p);
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		len = driver_fill_resize(d, &p.qp.cq, 6, &addr);
		cx_bits_set(d->in, cases[i].field, cases[i].value);
		assert_int_equal(driver_command(d, CX_OP_MODIFY_CQ, len, 16), cases[i].status);
	}
	len = driver_fill_resize(d, &p.qp.cq, 6, &addr);
	CX_SET(CX_ADDR(d->in, modify_cq_in, cq_context), cqc, cqe_sz, 1);
	assert_int_equal(driver_command(d, CX_OP_MODIFY_CQ, len, 16), CX_STAT_BAD_PARAM);
	len = driver_fill_resize(d, &p.qp.cq, 6, &addr);
	CX_SET(CX_ADDR(d->in, modify_cq_in, cq_context), cqc, log_cq_size, 23);
	assert_int_equal(driver_command(d, CX_OP_MODIFY_CQ, len, 16), CX_STAT_BAD_PARAM);
	len = driver_fill_resize(d, &p.qp.cq, 12, &addr); /* names one page too few */
	assert_int_equal(driver_command(d, CX_OP_MODIFY_CQ, len - 8, 16), CX_STAT_BAD_PARAM);
	for (unsigned i = 0; i < 4; i++)
		post_write(&p, 0, 0, 8);
	run();
	len = driver_fill_resize(d, &p.qp.cq, 2, &addr); /* fewer than are unread */
	assert_int_equal(driver_command(d, CX_OP_MODIFY_CQ, len, 16), CX_STAT_BAD_RES_STATE);
	for (unsigned i = 0; i < 4; i++)
		expect_good(&p.qp);
	expect_none(&p.qp);
}

static uint64_t timer(void)
{
	return (uint64_t)driver_mmio_read(d, CX_INIT_TIMER_H) << 32 |
	       driver_mmio_read(d, CX_INIT_TIMER_L);
}

/* A completion has the value of the timer that a program can read; an error has 0. */
CX_TEST(completion_time)
{
	uint64_t before = timer();
	const uint8_t *cqe;
	struct pair p;

	make_pair(&p);
	post_write(&p, 0, 0, 8);
	run();
	cqe = driver_poll(d, &p.qp.cq);
	assert_non_null(cqe);
	assert_in_range(get_be64(cqe + CX_CQE_TIMESTAMP), before, timer());
	p.local.key ^= 0xff;
	post_write(&p, 0, 0, 8);
	run();
	cqe = driver_poll(d, &p.qp.cq);
	assert_non_null(cqe);
	assert_int_equal(cqe[CX_CQE_OP_OWN] >> 4, CX_CQE_REQ_ERR);
	assert_int_equal(get_be64(cqe + CX_CQE_TIMESTAMP) >> 8, 0);
}

/* A padded entry of 128 bytes is written whole, its completion in the second half. */
CX_TEST(cq_padded)
{
	static const uint8_t zeros[CX_CQE_BYTES];
	struct pair p;

	d->cqe_size = CX_CQE_STRIDE_128_PAD;
	make_pair(&p);
	memset(d->world.ram + p.qp.cq.addr, 0xf1, CX_CQE_BYTES << CQ_LOG);
	for (unsigned i = 0; i < 20; i++) {
		const uint8_t *entry = d->world.ram + p.qp.cq.addr + (i & 7) * 2ul * CX_CQE_BYTES;

		post_write(&p, 0, 0, 8);
		run();
		assert_memory_equal(entry, zeros, sizeof(zeros));
		assert_int_equal(entry[CX_CQE_BYTES + CX_CQE_OP_OWN],
				 CX_CQE_REQ << 4 | (i >> 3 & 1));
		assert_int_equal(get_be16(entry + CX_CQE_BYTES + CX_CQE_WQE_COUNTER), i);
		assert_int_equal(i >= 7 || entry[2 * CX_CQE_BYTES] == 0xf1, 1);
		put_be32(d->world.ram + p.qp.cq.record, i + 1);
	}
}
