// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Atomic operations: the value at the responder, the value returned, the hints of their requests,
 * and what is refused.
 */
#include <errno.h>
#include <string.h>

#include "tests/unit/cx_fixture.h"

static struct pair p;

static int setup(void **state)
{
	cx_setup(state);
	make_pair(&p);
	d->world.request_count = 0;
	return 0;
}

#define ATOMIC_TEST(name) TEST_WITH(name, setup, cx_teardown)

static void post(unsigned opcode, uint64_t at, uint64_t swap_add, uint64_t compare, uint32_t to)
{
	struct wqe w;

	wqe_init(&w, opcode, true);
	wqe_raddr(&w, p.remote.addr + at, p.remote.key);
	wqe_atomic(&w, swap_add, compare);
	wqe_data(&w, p.local.addr + to, p.local.key, 8);
	driver_post(d, &p.qp, &w);
	driver_ring(d, &p.qp);
}

static uint64_t returned(uint32_t to)
{
	return get_le64(d->world.ram + p.local.addr + to);
}

ATOMIC_TEST(fetch_and_add)
{
	put_le64(d->world.peer + 4088, UINT64_MAX - 1);
	post(CX_WR_ATOMIC_FA, 4088, 5, 0, 16);
	run();
	expect_good(&p.qp);
	assert_int_equal(returned(16), UINT64_MAX - 1);
	assert_int_equal(get_le64(d->world.peer + 4088), 3);
	assert_int_equal(d->world.request_count, 3);
}

ATOMIC_TEST(compare_and_swap)
{
	put_le64(d->world.peer, 77);
	post(CX_WR_ATOMIC_CS, 0, 88, 78, 0);
	run();
	expect_good(&p.qp);
	assert_int_equal(returned(0), 77);
	assert_int_equal(get_le64(d->world.peer), 77);
	assert_int_equal(d->world.request_count, 2); /* nothing is written back */
	post(CX_WR_ATOMIC_CS, 0, 88, 77, 8);
	run();
	expect_good(&p.qp);
	assert_int_equal(returned(8), 77);
	assert_int_equal(get_le64(d->world.peer), 88);
}

/* The result may go to two segments. */
ATOMIC_TEST(scattered)
{
	struct wqe w;

	put_le64(d->world.peer, 0x0102030405060708);
	wqe_init(&w, CX_WR_ATOMIC_FA, true);
	wqe_raddr(&w, p.remote.addr, p.remote.key);
	wqe_atomic(&w, 1, 0);
	wqe_data(&w, p.local.addr + 4093, p.local.key, 5); /* and across a page */
	wqe_data(&w, p.local.addr + 9000, p.local.key, 3);
	execute(&p.qp, &w);
	expect_good(&p.qp);
	assert_memory_equal(d->world.ram + p.local.addr + 4093, "\x8\x7\x6\x5\x4", 5);
	assert_memory_equal(d->world.ram + p.local.addr + 9000, "\x3\x2\x1", 3);
}

/* The read and write at the responder have its key's hint, that of the result the local key's. */
ATOMIC_TEST(hints)
{
	struct world *w = &d->world;

	driver_create_hinted_mr(d, &p.remote, 0x1234);
	post(CX_WR_ATOMIC_FA, 64, 1, 0, 0);
	run();
	expect_good(&p.qp);
	assert_int_equal(w->request_count, 3);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(w->requests[i].write, i > 0);
		assert_int_equal(w->requests[i].len, 8);
		assert_int_equal(w->requests[i].addr >= PEER_BASE, i < 2);
		assert_int_equal(w->requests[i].hint.st, i < 2 ? 0x1234 : 0);
		assert_int_equal(w->requests[i].hint.ph, i < 2 ? 2 : 0);
	}
}

/* Deferred requests: the operation of another queue pair begins after the first ends. */
ATOMIC_TEST(in_progress)
{
	struct qp other;
	struct wqe w;

	driver_create_qp(d, &other, CX_ST_RC);
	driver_connect(d, &other, other.number);
	put_le64(d->world.peer, 0);
	d->world.defer = true;
	post(CX_WR_ATOMIC_FA, 0, 1, 0, 0);
	run();
	wqe_init(&w, CX_WR_ATOMIC_FA, true);
	wqe_raddr(&w, p.remote.addr, p.remote.key);
	wqe_atomic(&w, 1, 0);
	wqe_data(&w, p.local.addr + 8, p.local.key, 8);
	driver_post(d, &other, &w);
	driver_ring(d, &other);
	while (world_run(&d->world, STEPS) && d->world.deferred.active)
		world_complete(&d->world, 0);
	expect_good(&p.qp);
	expect_good(&other);
	assert_int_equal(get_le64(d->world.peer), 2);
	assert_int_equal(returned(0) + returned(8), 1);
}

/* Each of the three requests fails. */
ATOMIC_TEST(request_errors)
{
	for (unsigned i = 0; i < 3; i++) {
		d->world.defer = true;
		post(CX_WR_ATOMIC_FA, 0, 1, 0, 0);
		for (unsigned n = 0; n <= i; n++) {
			run();
			assert_true(d->world.deferred.active);
			world_complete(&d->world, n == i ? -EIO : 0);
		}
		run();
		expect_error(&p.qp, i < 2 ? CX_SYND_REMOTE_OP : CX_SYND_LOCAL_PROT);
		cx_teardown(NULL);
		setup(NULL);
	}
}

static void forbid(void)
{
	struct qp umr;
	struct wqe w;

	make_umr_qp(&umr);
	wqe_init(&w, CX_WR_UMR, false);
	put_be32(w.bytes + CX_CTRL_UMR_MKEY, p.remote.key);
	w.bytes[16 + CX_UMR_FLAGS] = CX_UMR_INLINE;
	put_be64(w.bytes + 16 + CX_UMR_MKEY_MASK, 1ull << CX_MASK_A);
	w.len = 128;
	execute(&umr, &w);
}

static void forbid_at_qp(void)
{
	driver_begin(d);
	assert_int_equal(driver_modify_qp(d, &p.qp, CX_OP_2RST_QP, 0), 0);
	p.qp.posted = 0;
	driver_fill_modify_qp(d, &p.qp, CX_OP_RST2INIT_QP, p.qp.number);
	CX_SET(CX_ADDR(d->in, rst2init_qp_in, qpc), qpc, rae, 0);
	assert_int_equal(driver_command(d, CX_OP_RST2INIT_QP, CX_SZ_rst2init_qp_in, 16), 0);
	assert_int_equal(driver_modify_qp(d, &p.qp, CX_OP_INIT2RTR_QP, p.qp.number), 0);
	assert_int_equal(driver_modify_qp(d, &p.qp, CX_OP_RTR2RTS_QP, p.qp.number), 0);
}

/* A refused operation sends no request and changes nothing. */
ATOMIC_TEST(refused)
{
	for (unsigned i = 0; i < 6; i++) {
		unsigned syndrome = CX_SYND_REMOTE_ACCESS;
		struct wqe w;

		wqe_init(&w, CX_WR_ATOMIC_FA, true);
		wqe_raddr(&w, p.remote.addr + (i == 0 ? 4 : 0), p.remote.key);
		wqe_atomic(&w, 1, 0);
		wqe_data(&w, p.local.addr, p.local.key, i == 1 ? 4 : 8);
		switch (i) {
		case 0:
			syndrome = CX_SYND_REMOTE_INVALID;
			break;
		case 1:
			syndrome = CX_SYND_LOCAL_LENGTH;
			break;
		case 2:
			forbid();
			break;
		case 3:
			forbid_at_qp();
			break;
		case 4: /* beyond the region */
			put_be64(w.bytes + 16 + CX_RADDR_VA, p.remote.addr + PAYLOAD);
			break;
		case 5: /* no operand */
			w.len = CX_CTRL_BYTES + CX_RADDR_BYTES;
			syndrome = CX_SYND_LOCAL_QP_OP;
			break;
		}
		put_le64(d->world.peer, 5);
		execute(&p.qp, &w);
		expect_error(&p.qp, syndrome);
		assert_int_equal(get_le64(d->world.peer), 5);
		assert_int_equal(d->world.request_count, 0);
		cx_teardown(NULL);
		setup(NULL);
	}
}

/* The driver enables atomic operations if these are set. */
ATOMIC_TEST(capabilities)
{
	const uint8_t *cap = CX_ADDR(d->out, query_hca_cap_out, capability);

	driver_begin(d);
	assert_int_equal(driver_command(d, CX_OP_QUERY_HCA_CAP, 16, CX_SZ_query_hca_cap_out), 0);
	assert_int_equal(CX_GET(cap, cmd_hca_cap, atomic), 1);
	driver_begin(d);
	CX_SET(d->in, query_hca_cap_in, op_mod, CX_CAP_ATOMIC << 1 | 1);
	assert_int_equal(driver_command(d, CX_OP_QUERY_HCA_CAP, 16, CX_SZ_query_hca_cap_out), 0);
	assert_int_equal(CX_GET(cap, atomic_caps, atomic_operations), 3);
	assert_int_equal(CX_GET(cap, atomic_caps, atomic_size_qp), 8);
	assert_int_equal(CX_GET(cap, atomic_caps, atomic_req_8B_endianness_mode), 1);
}
