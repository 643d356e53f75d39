// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/cx_fixture.h"

#include <string.h>

static struct driver drv;
struct driver *const d = &drv;

const struct cx_config nic16 = {.tph_bits = 16, .st_entries = CX_ST_ENTRIES};
const struct cx_config nic8 = {.tph_bits = 8, .st_entries = CX_ST_ENTRIES};
const struct cx_config direct16 = {.tph_bits = 16};
const struct cx_config no_tph = {.tph_bits = 0};

int cx_setup(void **state)
{
	(void)state;
	driver_start(d, &nic16);
	return 0;
}

int cx_teardown(void **state)
{
	(void)state;
	driver_stop(d);
	return 0;
}

void restart(const struct cx_config *config)
{
	driver_stop(d);
	driver_start(d, config);
}

void run(void)
{
	assert_true(world_run(&d->world, STEPS));
}

void make_pair(struct pair *p)
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

void make_umr_qp(struct qp *umr)
{
	driver_create_qp(d, umr, CX_ST_REG_UMR);
	driver_connect(d, umr, 0);
}

void execute(struct qp *qp, const struct wqe *w)
{
	driver_post(d, qp, w);
	driver_ring(d, qp);
	run();
}

void post_write(struct pair *p, uint64_t from, uint64_t to, uint32_t len)
{
	struct wqe w;

	wqe_init(&w, CX_WR_RDMA_WRITE, true);
	wqe_raddr(&w, p->remote.addr + to, p->remote.key);
	wqe_data(&w, p->local.addr + from, p->local.key, len);
	driver_post(d, &p->qp, &w);
	driver_ring(d, &p->qp);
}

void expect_good(struct qp *qp)
{
	const uint8_t *cqe = driver_poll(d, &qp->cq);

	assert_non_null(cqe);
	assert_int_equal(cqe[CX_CQE_OP_OWN] >> 4, CX_CQE_REQ);
	assert_int_equal(get_be32(cqe + CX_CQE_SOP_DROP_QPN) & 0xffffff, qp->number);
	assert_int_equal(get_be32(cqe + CX_CQE_SRQN), USER_INDEX);
}

void expect_error(struct qp *qp, unsigned syndrome)
{
	const uint8_t *cqe = driver_poll(d, &qp->cq);

	assert_non_null(cqe);
	assert_int_equal(cqe[CX_CQE_OP_OWN] >> 4, CX_CQE_REQ_ERR);
	assert_int_equal(cqe[CX_CQE_ERR_SYNDROME], syndrome);
}

void expect_none(struct qp *qp)
{
	assert_null(driver_poll(d, &qp->cq));
}
