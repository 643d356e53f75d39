// SPDX-License-Identifier: GPL-2.0-or-later
/* Memory keys: what they allow, UMRs, page faults, hints. */
#include <string.h>

#include "tests/unit/cx_fixture.h"

#define TPH_CTRL      8
#define TPH_ENTRY(i)  (0xc + 2 * (i))
#define TPH_DS	      2u
#define TPH_ENABLE_8  0x100u
#define TPH_ENABLE_16 0x300u

/* An access that a remote key does not allow: REMOTE_ACCESS, an event, then all is flushed. */
CX_TEST(remote_access)
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

/* Rights, PD, the free bit and the length, changed one at a time. */
CX_TEST(rights)
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

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		struct pair p;
		struct qp umr;

		make_pair(&p);
		make_umr_qp(&umr);
		umr_change(d, &umr, cases[i].local ? &p.local : &p.remote, cases[i].bit,
			   cases[i].field, cases[i].value);
		post_write(&p, 0, 0, 64);
		run();
		expect_error(&p.qp, cases[i].local ? CX_SYND_LOCAL_PROT : CX_SYND_REMOTE_ACCESS);
		restart(&nic16);
	}
}

/* Registration as mlx5 does it: a free key, a UMR with its translations; revoke; enable again. */
CX_TEST(umr)
{
	uint64_t xlt = world_alloc(&d->world, 4096);
	struct pair p;
	struct qp umr;
	struct mr mr = {.addr = PEER_BASE, .len = 5 * 4096};
	struct wqe w;

	make_pair(&p);
	make_umr_qp(&umr);
	driver_create_free_mr(d, &mr);
	for (unsigned round = 0; round < 9; round++) { /* 3 blocks each: the ring wraps */
		for (unsigned i = 0; i < 5; i++)
			put_be64(d->world.ram + xlt + i * 8, (PEER_BASE + (4 - i) * 4096) | 3);
		wqe_umr(d, &w, &mr, xlt);
		execute(&umr, &w);
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
CX_TEST(umr_zap)
{
	uint64_t xlt = world_alloc(&d->world, 4096);
	struct mr mr = {.addr = PEER_BASE, .len = 4096};
	struct pair p;
	struct qp umr;
	struct wqe w;

	make_pair(&p);
	driver_create_mr(d, &mr);
	make_umr_qp(&umr);
	wqe_umr(d, &w, &mr, xlt);
	w.bytes[16 + CX_UMR_FLAGS] = CX_UMR_CHECK_FREE | CX_UMR_OFFSET_EN;
	put_be64(w.bytes + 16 + CX_UMR_MKEY_MASK, 0);
	execute(&umr, &w);
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
 * The same where the driver handles page faults: the write waits at the page, and
 * continues if the driver has mapped it, or fails if the driver resumes with an error.
 */
CX_TEST(page_fault)
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
		make_umr_qp(&umr);
		put_be64(d->world.ram + xlt, PEER_BASE | 3); /* the second page is not mapped */
		wqe_umr(d, &w, &mr, xlt);
		execute(&umr, &w);
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
			execute(&umr, &w);
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
}

CX_TEST(umr_refused)
{
	static const struct {
		uint8_t flags;
		uint16_t octowords, offset;
		uint64_t mask;
		uint32_t key_xor;
	} cases[] = {
		{CX_UMR_CHECK_NOT_FREE, 4, 0, 0, 0}, /* the key is not free */
		{0, 8, 0, 0, 0},		     /* more than its capacity and the padding */
		{CX_UMR_OFFSET_EN, 4, 0xffff, 0, 0},
		{0, 4, 0, 1ull << 40, 0}, /* an unknown mask bit */
		{0, 4, 0, 0, 0x100000},	  /* no such key */
	};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		struct mr mr = {.addr = PEER_BASE, .len = 4096};
		struct qp umr;
		struct wqe w;

		driver_create_mr(d, &mr);
		make_umr_qp(&umr);
		wqe_umr(d, &w, &mr, 4096);
		w.bytes[16 + CX_UMR_FLAGS] = cases[i].flags;
		put_be32(w.bytes + CX_CTRL_UMR_MKEY, mr.key ^ cases[i].key_xor);
		put_be16(w.bytes + 16 + CX_UMR_XLT_OCTOWORDS, cases[i].octowords);
		put_be16(w.bytes + 16 + CX_UMR_XLT_OFFSET, cases[i].offset);
		put_be32(w.bytes + 128 + CX_DATA_BYTE_COUNT, cases[i].octowords * 16u);
		put_be64(w.bytes + 16 + CX_UMR_MKEY_MASK, cases[i].mask);
		execute(&umr, &w);
		expect_error(&umr, CX_SYND_MW_BIND);
		restart(&nic16);
	}
}

/* An ordinary QP may not change keys that have pages. */
CX_TEST(umr_wrong_qp)
{
	struct mr mr = {.addr = PEER_BASE, .len = 4096};
	struct pair p;
	struct wqe w;

	make_pair(&p);
	driver_create_mr(d, &mr);
	wqe_umr(d, &w, &mr, 4096);
	execute(&p.qp, &w);
	expect_error(&p.qp, CX_SYND_MW_BIND);
}

/* Hints by NIC, control register, table and key. */
CX_TEST(hints)
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
		{&nic16, TPH_DS, true, 3, 0, 0},	 /* hints are disabled */
		{&nic16, TPH_ENABLE_16, true, 3, 16, 0}, /* No-ST mode: tag 0 */
		{&nic8, TPH_DS | TPH_ENABLE_8, true, 3, 8, 0xef},
		{&direct16, TPH_DS | TPH_ENABLE_8, true, 0x5a, 8, 0x5a},
		{&direct16, TPH_DS | TPH_ENABLE_16, true, 0x5a, 8, 0x5a},
		{&no_tph, 0, true, 3, 0, 0},
	};

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

/* MRds of an RDMA WRITE have the local key's hint; a UMR that enables the key keeps the hint. */
CX_TEST(hint_of_reads_and_after_umr)
{
	struct world *w = &d->world;
	uint64_t xlt = world_alloc(&d->world, 4096);
	struct mr mr = {.addr = 0, .len = 4096, .tph = true, .ph = 1, .st_index = 3};
	struct pair p;
	struct qp umr;
	struct wqe q;

	make_pair(&p);
	driver_config_write(d, w->f->tph_cap + TPH_ENTRY(3), 0x1234, 2);
	driver_config_write(d, w->f->tph_cap + TPH_CTRL, TPH_DS | TPH_ENABLE_16, 4);
	mr.addr = p.local.addr;
	driver_create_free_mr(d, &mr);
	make_umr_qp(&umr);
	put_be64(w->ram + xlt, mr.addr | 3);
	wqe_umr(d, &q, &mr, xlt);
	execute(&umr, &q);
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

/* A write that waited for its data has no hint if the hint may not be sent any more. */
CX_TEST(hint_turned_off_meanwhile)
{
	static const uint32_t controls[] = {TPH_DS, TPH_DS | TPH_ENABLE_8, TPH_DS | TPH_ENABLE_16};
	struct world *w = &d->world;
	struct pair p;

	make_pair(&p);
	driver_create_hinted_mr(d, &p.remote, 0x1234);
	w->defer = true;
	for (unsigned i = 0; i < ARRAY_SIZE(controls); i++) {
		driver_config_write(d, w->f->tph_cap + TPH_CTRL, TPH_DS | TPH_ENABLE_16, 4);
		w->request_count = 0;
		post_write(&p, 0, 0, 100);
		run();
		driver_config_write(d, w->f->tph_cap + TPH_CTRL, controls[i], 4);
		world_complete(w, 0);
		run();
		assert_int_equal(w->request_count, 2);
		assert_true(w->requests[1].write);
		assert_int_equal(w->requests[1].hint.st_bits, i < 2 ? 0 : 16);
		world_complete(w, 0);
		run();
		expect_good(&p.qp);
	}
}
