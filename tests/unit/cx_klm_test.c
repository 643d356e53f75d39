// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Indirect memory keys, which programs lay out by their queue pairs: lists, interleaved layouts,
 * memory windows. Theory of operation: a work request lays a key out over segments of two
 * regions; messages through it must access those bytes, with their hints, and no others.
 */
#include <string.h>

#include "tests/unit/cx_fixture.h"

#define CHECK_QPN 8u
#define REPEAT_OP 0x400u
#define ENTRIES	  8u
#define ALL_MASKS                                                                                  \
	(1ull << CX_MASK_LEN | 1ull << CX_MASK_START_ADDR | 1ull << CX_MASK_LR |                   \
	 1ull << CX_MASK_LW | 1ull << CX_MASK_RR | 1ull << CX_MASK_RW | 1ull << CX_MASK_A |        \
	 1ull << CX_MASK_FREE | 1ull << CX_MASK_KEY | 1ull << CX_MASK_QPN)

static struct pair p;
static uint32_t indirect; /* the key */

static uint32_t create_indirect(bool invalidate, uint32_t entries, unsigned expected)
{
	uint8_t *mkc = CX_ADDR(d->in, create_mkey_in, memory_key_mkey_entry);

	driver_begin(d);
	CX_SET(mkc, mkc, access_mode_1_0, CX_MODE_KLM);
	CX_SET(mkc, mkc, free, 1);
	CX_SET(mkc, mkc, umr_en, 1);
	CX_SET(mkc, mkc, en_rinval, invalidate);
	CX_SET(mkc, mkc, qpn, 0xffffff);
	CX_SET(mkc, mkc, pd, d->pd);
	CX_SET(mkc, mkc, mkey_7_0, 0x5a);
	CX_SET(mkc, mkc, translations_octword_size, entries);
	assert_int_equal(driver_command(d, CX_OP_CREATE_MKEY, CX_SZ_create_mkey_in, 16), expected);
	return (uint32_t)CX_GET(d->out, create_mkey_out, mkey_index) << 8 | 0x5a;
}

static int setup(void **state)
{
	cx_setup(state);
	make_pair(&p);
	indirect = create_indirect(true, ENTRIES, 0);
	d->world.request_count = 0;
	return 0;
}

#define KLM_TEST(name) TEST_WITH(name, setup, cx_teardown)

/* A layout of @len bytes from address 0 on; its entries are appended by put_entry(). */
static void begin_layout(struct wqe *w, uint64_t len, unsigned entries)
{
	uint8_t *umr = w->bytes + CX_CTRL_BYTES, *mkc = umr + CX_UMR_CTRL_BYTES;

	wqe_init(w, CX_WR_UMR, true);
	put_be32(w->bytes + CX_CTRL_UMR_MKEY, indirect);
	umr[CX_UMR_FLAGS] = CX_UMR_INLINE | CX_UMR_OFFSET_EN;
	put_be16(umr + CX_UMR_XLT_OCTOWORDS, (uint16_t)((entries + 3) & ~3u));
	put_be64(umr + CX_UMR_MKEY_MASK, ALL_MASKS);
	CX_SET(mkc, mkc, len, len);
	CX_SET(mkc, mkc, qpn, 0xffffff);
	CX_SET(mkc, mkc, mkey_7_0, 0x5a);
	CX_SET(mkc, mkc, lr, 1);
	CX_SET(mkc, mkc, lw, 1);
	CX_SET(mkc, mkc, rr, 1);
	CX_SET(mkc, mkc, rw, 1);
	CX_SET(mkc, mkc, a, 1);
	w->len += CX_UMR_CTRL_BYTES + CX_SZ_mkc;
}

static void put_entry(struct wqe *w, uint32_t bytes, uint32_t key, uint64_t va)
{
	put_be32(w->bytes + w->len + CX_KLM_BYTES, bytes);
	put_be32(w->bytes + w->len + CX_KLM_KEY, key);
	put_be64(w->bytes + w->len + CX_KLM_VA, va);
	w->len += 16;
}

static void write_through(uint64_t at, uint32_t from, uint32_t len)
{
	struct wqe w;

	wqe_init(&w, CX_WR_RDMA_WRITE, true);
	wqe_raddr(&w, at, indirect);
	wqe_data(&w, p.local.addr + from, p.local.key, len);
	execute(&p.qp, &w);
}

static const uint8_t *local(uint32_t at)
{
	return d->world.ram + p.local.addr + at;
}

static void lay_out_list(void)
{
	struct wqe w;

	begin_layout(&w, 5 + 9000 + 100, 3);
	put_entry(&w, 5, p.remote.key, p.remote.addr + 4093);
	put_entry(&w, 9000, p.local.key, p.local.addr + 500000);
	put_entry(&w, 100, p.remote.key, p.remote.addr + 20000);
	execute(&p.qp, &w);
	expect_good(&p.qp);
}

/* One message over all segments, and one that begins and ends within segments. */
KLM_TEST(list)
{
	lay_out_list();
	memset(d->world.peer, 0xee, PEER_BYTES);
	write_through(0, 7, 9105);
	expect_good(&p.qp);
	assert_memory_equal(d->world.peer + 4093, local(7), 5);
	assert_memory_equal(local(500000), local(12), 9000);
	assert_memory_equal(d->world.peer + 20000, local(9012), 100);
	assert_int_equal(d->world.peer[4098], 0xee);
	assert_int_equal(d->world.peer[20100], 0xee);
	write_through(3, 100, 9090);
	expect_good(&p.qp);
	assert_memory_equal(d->world.peer + 4096, local(100), 2);
	assert_memory_equal(d->world.peer + 20000, local(9102), 88);
}

/* The list as the target of a read. */
KLM_TEST(local_list)
{
	struct wqe w;

	lay_out_list();
	memset(d->world.peer + 100000, 0x77, 9105);
	wqe_init(&w, CX_WR_RDMA_READ, true);
	wqe_raddr(&w, p.remote.addr + 100000, p.remote.key);
	wqe_data(&w, 0, indirect, 9105);
	execute(&p.qp, &w);
	expect_good(&p.qp);
	assert_memory_equal(d->world.peer + 4093, "\x77\x77\x77\x77\x77", 5);
	assert_int_equal(*local(508999), 0x77);
	assert_int_equal(d->world.peer[20099], 0x77);
}

/* Blocks of 3 and 5 bytes, repeated 4 times, at two addresses with different strides. */
KLM_TEST(interleaved)
{
	struct wqe w;

	begin_layout(&w, 32, 3);
	put_entry(&w, 8, REPEAT_OP, 4ull << 32 | 2);
	put_entry(&w, 10u << 16 | 3, p.remote.key, p.remote.addr);
	put_entry(&w, 4096u << 16 | 5, p.remote.key, p.remote.addr + 65536 - 2);
	execute(&p.qp, &w);
	expect_good(&p.qp);
	memset(d->world.peer, 0xee, PEER_BYTES);
	write_through(0, 40, 32);
	expect_good(&p.qp);
	for (unsigned i = 0; i < 4; i++) {
		const uint8_t *first = d->world.peer + 10 * i;
		const uint8_t *second = d->world.peer + 65536 - 2 + 4096 * i;

		assert_memory_equal(first, local(40 + 8 * i), 3);
		assert_int_equal(first[3], 0xee);
		assert_memory_equal(second, local(43 + 8 * i), 5);
		assert_int_equal(second[5], 0xee);
	}
	write_through(31, 0, 1);
	expect_good(&p.qp);
	write_through(31, 0, 2);
	expect_error(&p.qp, CX_SYND_REMOTE_ACCESS);
}

/* An operand in two segments cannot be read and written as one. */
KLM_TEST(split_operand)
{
	struct wqe w;

	begin_layout(&w, 16, 2);
	put_entry(&w, 4, p.remote.key, p.remote.addr);
	put_entry(&w, 12, p.remote.key, p.remote.addr + 64);
	execute(&p.qp, &w);
	expect_good(&p.qp);
	d->world.request_count = 0;
	wqe_init(&w, CX_WR_ATOMIC_FA, true);
	wqe_raddr(&w, 0, indirect);
	wqe_atomic(&w, 1, 0);
	wqe_data(&w, p.local.addr, p.local.key, 8);
	execute(&p.qp, &w);
	expect_error(&p.qp, CX_SYND_REMOTE_ACCESS);
	assert_int_equal(d->world.request_count, 0);
}

/* The hint is that of the key that an entry names. */
KLM_TEST(hints)
{
	struct world *w = &d->world;

	driver_create_hinted_mr(d, &p.remote, 0x1234);
	lay_out_list();
	w->request_count = 0;
	write_through(0, 0, 9105);
	for (unsigned i = 0; i < w->request_count; i++)
		assert_int_equal(w->requests[i].hint.st,
				 w->requests[i].addr >= PEER_BASE ? 0x1234 : 0);
	assert_true(w->request_count >= 8);
}

/* Entries that are invalid, name their own key, or name a key of another PD. */
KLM_TEST(bad_entries)
{
	static const struct {
		uint32_t bytes;
		unsigned what;
		uint64_t va;
	} cases[] = {
		{64, 0, 0},			   /* no such key */
		{64, 1, 0},			   /* itself */
		{64, 2, PEER_BASE + PAYLOAD - 60}, /* beyond the region */
		{64, 3, 0},			   /* of another PD */
		{0, 2, PEER_BASE},		   /* no bytes */
		{8, 4, 1ull << 32 | 0xffff},	   /* more entries than there are */
		{8, 4, 8ull << 32},		   /* no entries */
		{0, 4, 8ull << 32 | 1},		   /* blocks of no bytes */
	};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		uint32_t own = d->pd, keys[] = {0x1234567, indirect, p.remote.key, 0, REPEAT_OP};
		struct mr foreign = {.addr = 0, .len = 4096};
		struct wqe w;

		d->pd = 0x777;
		driver_create_mr(d, &foreign);
		d->pd = own;
		keys[3] = foreign.key;
		begin_layout(&w, 64, 1);
		/* a page size that only keys with pages have */
		put_be64(w.bytes + 16 + CX_UMR_MKEY_MASK, ALL_MASKS | 1ull << CX_MASK_PAGE_SIZE);
		CX_SET(w.bytes + 64, mkc, log_page_size, 12);
		put_entry(&w, cases[i].bytes, keys[cases[i].what], cases[i].va);
		execute(&p.qp, &w);
		expect_good(&p.qp);
		d->world.request_count = 0;
		write_through(0, 0, 64);
		expect_error(&p.qp, CX_SYND_REMOTE_ACCESS);
		assert_int_equal(d->world.request_count, 0);
		cx_teardown(NULL);
		setup(NULL);
	}
}

/* A list is searched for each transfer, so the capabilities limit its length. */
KLM_TEST(longest_list)
{
	create_indirect(true, 1u << 16, 0);
	create_indirect(true, (1u << 16) + 1, CX_STAT_BAD_PARAM);
	create_indirect(true, UINT32_MAX, CX_STAT_BAD_PARAM);
}

/* A program's queue pair may change only indirect keys of its PD, and not all fields. */
KLM_TEST(not_allowed)
{
	for (unsigned i = 0; i < 6; i++) {
		struct qp other;
		struct wqe w;

		begin_layout(&w, 64, i == 4 ? ENTRIES + 4 : 1);
		put_entry(&w, 64, p.remote.key, p.remote.addr);
		switch (i) {
		case 0: /* a key that has pages: a program could name any page */
			put_be32(w.bytes + CX_CTRL_UMR_MKEY, p.remote.key);
			break;
		case 1:
			put_be64(w.bytes + 16 + CX_UMR_MKEY_MASK, ALL_MASKS | 1ull << CX_MASK_PD);
			break;
		case 2: /* a field of signatures */
			put_be64(w.bytes + 16 + CX_UMR_MKEY_MASK, ALL_MASKS | 1ull << 12);
			break;
		case 3: /* not bound to this queue pair */
			w.bytes[16 + CX_UMR_FLAGS] |= CHECK_QPN;
			break;
		case 5: { /* a key of another PD */
			uint32_t own = d->pd;

			d->pd = 0x777;
			driver_create_qp(d, &other, CX_ST_RC);
			d->pd = own;
			driver_connect(d, &other, other.number);
			execute(&other, &w);
			expect_error(&other, CX_SYND_MW_BIND);
			continue;
		}
		}
		execute(&p.qp, &w);
		expect_error(&p.qp, CX_SYND_MW_BIND);
		cx_teardown(NULL);
		setup(NULL);
	}
}

/* A queue pair of the kernel may change keys that have pages: fast registration. */
KLM_TEST(privileged)
{
	struct mr mr = {.addr = PEER_BASE + 8192, .len = 8192};
	uint64_t xlt = world_alloc(&d->world, 4096);
	uint8_t *mkc;
	struct qp qp;
	struct wqe w;

	driver_create_qp(d, &qp, CX_ST_RC);
	driver_fill_modify_qp(d, &qp, CX_OP_RST2INIT_QP, qp.number);
	CX_SET(CX_ADDR(d->in, rst2init_qp_in, qpc), qpc, rlky, 1);
	assert_int_equal(driver_command(d, CX_OP_RST2INIT_QP, CX_SZ_rst2init_qp_in, 16), 0);
	assert_int_equal(driver_modify_qp(d, &qp, CX_OP_INIT2RTR_QP, qp.number), 0);
	assert_int_equal(driver_modify_qp(d, &qp, CX_OP_RTR2RTS_QP, qp.number), 0);
	driver_begin(d);
	mkc = CX_ADDR(d->in, create_mkey_in, memory_key_mkey_entry);
	CX_SET(mkc, mkc, access_mode_1_0, CX_MODE_MTT);
	CX_SET(mkc, mkc, free, 1);
	CX_SET(mkc, mkc, umr_en, 1);
	CX_SET(mkc, mkc, qpn, 0xffffff);
	CX_SET(mkc, mkc, pd, d->pd);
	CX_SET(mkc, mkc, mkey_7_0, 0x5a);
	CX_SET(mkc, mkc, translations_octword_size, 4);
	assert_int_equal(driver_command(d, CX_OP_CREATE_MKEY, CX_SZ_create_mkey_in, 16), 0);
	mr.key = (uint32_t)CX_GET(d->out, create_mkey_out, mkey_index) << 8 | 0x5a;
	put_be64(d->world.ram + xlt, mr.addr | 3);
	put_be64(d->world.ram + xlt + 8, (mr.addr + 4096) | 3);
	wqe_umr(d, &w, &mr, xlt);
	put_be64(w.bytes + 16 + CX_UMR_MKEY_MASK,
		 get_be64(w.bytes + 16 + CX_UMR_MKEY_MASK) & ~(1ull << CX_MASK_PD));
	execute(&qp, &w);
	expect_good(&qp);
	wqe_init(&w, CX_WR_RDMA_WRITE, true);
	wqe_raddr(&w, mr.addr, mr.key);
	wqe_data(&w, p.local.addr, p.local.key, 8192);
	execute(&qp, &w);
	expect_good(&qp);
	assert_memory_equal(d->world.peer + 8192, local(0), 8192);
}

static void invalidate(void)
{
	struct wqe w;

	wqe_init(&w, CX_WR_UMR, true);
	put_be32(w.bytes + CX_CTRL_UMR_MKEY, indirect);
	w.bytes[16 + CX_UMR_FLAGS] = CX_UMR_INLINE | CHECK_QPN;
	put_be64(w.bytes + 16 + CX_UMR_MKEY_MASK, 1ull << CX_MASK_FREE);
	CX_SET(w.bytes + 64, mkc, free, 1);
	w.len = 128;
	execute(&p.qp, &w);
	expect_good(&p.qp);
}

static void bind(uint32_t qpn)
{
	struct wqe w;

	begin_layout(&w, 4096, 1);
	put_entry(&w, 4096, p.remote.key, p.remote.addr + 4096);
	w.bytes[16 + CX_UMR_FLAGS] |= CX_UMR_CHECK_NOT_FREE;
	CX_SET(w.bytes + 64, mkc, qpn, qpn);
	execute(&p.qp, &w);
	expect_good(&p.qp);
}

/* A queue pair can use a window that is bound to it, until the window is invalidated. */
KLM_TEST(window)
{
	bind(p.qp.number);
	write_through(64, 0, 64);
	expect_good(&p.qp);
	assert_memory_equal(d->world.peer + 4096 + 64, local(0), 64);
	invalidate();
	write_through(64, 0, 64);
	expect_error(&p.qp, CX_SYND_REMOTE_ACCESS);
}

/* Another queue pair cannot use the window. */
KLM_TEST(window_of_another_qp)
{
	bind(p.qp.number + 1);
	write_through(64, 0, 64);
	expect_error(&p.qp, CX_SYND_REMOTE_ACCESS);
}

/* A send invalidates the receiver's window, as its completion says; if not allowed, both fail. */
KLM_TEST(remote_invalidate)
{
	for (unsigned i = 0; i < 2; i++) {
		struct wqe w = {.len = 0};
		const uint8_t *cqe;

		if (i)
			indirect = create_indirect(false, ENTRIES, 0);
		bind(p.qp.number);
		wqe_data(&w, p.local.addr, p.local.key, 64);
		driver_post_receive(d, &p.qp, &w);
		wqe_init(&w, CX_WR_SEND_INVAL, true);
		put_be32(w.bytes + CX_CTRL_IMM, indirect);
		wqe_data(&w, p.local.addr + 64, p.local.key, 64);
		execute(&p.qp, &w);
		cqe = driver_poll(d, &p.qp.recv_cq);
		assert_non_null(cqe);
		if (i) {
			expect_error(&p.qp, CX_SYND_REMOTE_ACCESS);
			assert_int_equal(cqe[CX_CQE_ERR_SYNDROME], CX_SYND_MW_BIND);
			break;
		}
		expect_good(&p.qp);
		assert_int_equal(cqe[CX_CQE_OP_OWN] >> 4, CX_CQE_RESP_SEND_INV);
		assert_int_equal(get_be32(cqe + CX_CQE_IMMEDIATE), indirect);
		write_through(0, 0, 64);
		expect_error(&p.qp, CX_SYND_REMOTE_ACCESS);
		cx_teardown(NULL);
		setup(NULL);
	}
}

/* Access modes that the model does not have, and signatures. */
KLM_TEST(refused)
{
	for (unsigned mode = 0; mode < 32; mode++) {
		uint8_t *mkc = CX_ADDR(d->in, create_mkey_in, memory_key_mkey_entry);

		driver_begin(d);
		CX_SET(mkc, mkc, access_mode_1_0, mode & 3);
		CX_SET(mkc, mkc, access_mode_4_2, mode >> 2);
		assert_int_equal(driver_command(d, CX_OP_CREATE_MKEY, CX_SZ_create_mkey_in, 16),
				 mode <= CX_MODE_KLM ? 0 : CX_STAT_BAD_PARAM);
		driver_begin(d);
		CX_SET(mkc, mkc, access_mode_1_0, mode & 3);
		CX_SET(mkc, mkc, bsf_en, 1);
		assert_int_equal(driver_command(d, CX_OP_CREATE_MKEY, CX_SZ_create_mkey_in, 16),
				 CX_STAT_BAD_PARAM);
	}
}
