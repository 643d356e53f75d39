// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/cx_driver.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define PAGE	   4096u
#define STEPS	   100000u
#define BLOCK_DATA 512u
#define BLOCK_AT   1024u /* from one mailbox to the next */
#define OWNED	   1u
#define MTT_RW	   3u

/*
 * mmap() allocates a page at its first access. A sanitizer's calloc() marks each byte, which
 * takes longer than most tests.
 */
uint8_t *world_map(size_t bytes)
{
	void *memory =
		mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		abort();
	return memory;
}

uint64_t world_alloc(struct world *w, size_t bytes)
{
	uint64_t addr = w->brk;

	w->brk += (bytes + 4095) & ~4095ull;
	if (w->brk > RAM_BYTES)
		abort();
	return addr;
}

static uint8_t *ram(struct driver *d, uint64_t addr)
{
	return d->world.ram + addr;
}

void driver_mmio_write(struct driver *d, uint64_t offset, uint32_t value)
{
	uint8_t bytes[4];

	put_be32(bytes, value);
	d->world.f->ops->bar_write(d->world.f, 0, offset, bytes, sizeof(bytes));
}

uint32_t driver_mmio_read(struct driver *d, uint64_t offset)
{
	uint8_t bytes[4];

	d->world.f->ops->bar_read(d->world.f, 0, offset, bytes, sizeof(bytes));
	return get_be32(bytes);
}

void driver_config_write(struct driver *d, unsigned offset, uint32_t value, size_t len)
{
	uint8_t bytes[4] = {(uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16),
			    (uint8_t)(value >> 24)};

	if (pci_config_write(d->world.f, offset, bytes, len))
		abort();
}

static void doorbell(struct driver *d, unsigned offset, uint32_t first, uint32_t second)
{
	uint8_t bytes[8];

	put_be32(bytes, first);
	put_be32(bytes + 4, second);
	d->world.f->ops->bar_write(d->world.f, 0, d->uar * PAGE + offset, bytes, sizeof(bytes));
}

void driver_set_command_queue(struct driver *d)
{
	driver_mmio_write(d, CX_INIT_CMDQ_ADDR_H, 0);
	driver_mmio_write(d, CX_INIT_CMDQ_ADDR_L, (uint32_t)d->cmdq);
}

/* Each slot has its mailboxes behind the queue: input, then output. */
static uint64_t mailbox(struct driver *d, unsigned slot, bool out)
{
	return d->cmdq + PAGE + (slot * 2 + out) * (COMMAND_MAX / BLOCK_DATA) * BLOCK_AT;
}

static void mailbox_chain(struct driver *d, uint64_t first)
{
	for (unsigned i = 0; i < COMMAND_MAX / BLOCK_DATA; i++)
		put_be64(ram(d, first + i * BLOCK_AT) + CX_BLOCK_NEXT, first + (i + 1) * BLOCK_AT);
}

void driver_begin(struct driver *d)
{
	memset(d->in, 0, sizeof(d->in));
}

void driver_place(struct driver *d, unsigned slot, unsigned opcode, size_t in_len, size_t out_len)
{
	uint8_t *entry = ram(d, d->cmdq + slot * CX_CMD_BYTES);

	CX_SET(d->in, mbox_in, opcode, opcode);
	memset(entry, 0, CX_CMD_BYTES);
	entry[CX_CMD_TYPE] = 7;
	put_be32(entry + CX_CMD_INLEN, (uint32_t)in_len);
	put_be32(entry + CX_CMD_OUTLEN, (uint32_t)out_len);
	put_be64(entry + CX_CMD_IN_PTR, mailbox(d, slot, false));
	put_be64(entry + CX_CMD_OUT_PTR, mailbox(d, slot, true));
	mailbox_chain(d, mailbox(d, slot, false));
	mailbox_chain(d, mailbox(d, slot, true));
	memcpy(entry + CX_CMD_IN, d->in, 16);
	for (size_t at = 16; at < in_len; at += BLOCK_DATA)
		memcpy(ram(d, mailbox(d, slot, false) + (at - 16) / BLOCK_DATA * BLOCK_AT),
		       d->in + at, in_len - at < BLOCK_DATA ? in_len - at : BLOCK_DATA);
	entry[CX_CMD_STATUS_OWN] = OWNED;
}

unsigned driver_collect(struct driver *d, unsigned slot, size_t out_len)
{
	const uint8_t *entry = ram(d, d->cmdq + slot * CX_CMD_BYTES);

	if (entry[CX_CMD_STATUS_OWN] & OWNED)
		abort();
	if (entry[CX_CMD_STATUS_OWN] >> 1)
		return 0x100 + (entry[CX_CMD_STATUS_OWN] >> 1);
	memset(d->out, 0, sizeof(d->out));
	memcpy(d->out, entry + CX_CMD_OUT, 16);
	for (size_t at = 16; at < out_len; at += BLOCK_DATA)
		memcpy(d->out + at,
		       ram(d, mailbox(d, slot, true) + (at - 16) / BLOCK_DATA * BLOCK_AT),
		       out_len - at < BLOCK_DATA ? out_len - at : BLOCK_DATA);
	return (unsigned)CX_GET(d->out, mbox_out, status);
}

unsigned driver_command(struct driver *d, unsigned opcode, size_t in_len, size_t out_len)
{
	driver_place(d, 0, opcode, in_len, out_len);
	driver_mmio_write(d, CX_INIT_CMD_DBELL, 1);
	if (!world_run(&d->world, STEPS))
		abort();
	return driver_collect(d, 0, out_len);
}

static void must(unsigned status)
{
	if (status)
		abort();
}

static void put_pages(struct driver *d, unsigned at, uint64_t addr, size_t bytes, unsigned flags)
{
	for (size_t i = 0; i * PAGE < bytes; i++)
		put_be64(d->in + at + i * 8, (addr + i * PAGE) | flags);
}

size_t driver_fill_eq(struct driver *d, uint64_t events, unsigned vector, uint64_t *addr)
{
	uint8_t *eqc = CX_ADDR(d->in, create_eq_in, eq_context_entry);
	const unsigned log_size = 6;

	driver_begin(d);
	*addr = world_alloc(&d->world, (size_t)CX_EQE_BYTES << log_size);
	for (unsigned i = 0; i < 1u << log_size; i++)
		ram(d, *addr)[i * CX_EQE_BYTES + CX_EQE_OWNER] = 1;
	CX_SET(eqc, eqc, log_eq_size, log_size);
	CX_SET(eqc, eqc, uar_page, d->uar);
	CX_SET(eqc, eqc, intr, vector);
	put_be64(CX_ADDR(d->in, create_eq_in, event_bitmask), events);
	put_pages(d, CX_AT_create_eq_in_pas, *addr, (size_t)CX_EQE_BYTES << log_size, 0);
	return CX_AT_create_eq_in_pas + 8;
}

uint32_t driver_create_eq(struct driver *d, uint64_t events, unsigned vector, uint64_t *addr)
{
	must(driver_command(d, CX_OP_CREATE_EQ, driver_fill_eq(d, events, vector, addr), 16));
	return (uint32_t)CX_GET(d->out, create_eq_out, eq_number);
}

size_t driver_fill_cq(struct driver *d, struct cq *cq)
{
	uint8_t *cqc = CX_ADDR(d->in, create_cq_in, cq_context);

	driver_begin(d);
	cq->seen = 0;
	cq->addr = world_alloc(&d->world, (size_t)CX_CQE_BYTES << CQ_LOG);
	cq->record = world_alloc(&d->world, 8);
	for (unsigned i = 0; i < 1u << CQ_LOG; i++)
		ram(d, cq->addr)[i * CX_CQE_BYTES + CX_CQE_OP_OWN] = 0xf1;
	CX_SET(cqc, cqc, cqe_sz, d->cqe_size);
	CX_SET(cqc, cqc, log_cq_size, CQ_LOG - (d->cqe_size != CX_CQE_STRIDE_64));
	CX_SET(cqc, cqc, uar_page, d->uar);
	CX_SET(cqc, cqc, c_eqn_or_apu_element, d->comp_eqn);
	CX_SET(cqc, cqc, dbr_addr, cq->record);
	put_pages(d, CX_AT_create_cq_in_pas, cq->addr, (size_t)CX_CQE_BYTES << CQ_LOG, 0);
	return CX_AT_create_cq_in_pas + 8;
}

void driver_create_cq(struct driver *d, struct cq *cq)
{
	must(driver_command(d, CX_OP_CREATE_CQ, driver_fill_cq(d, cq), 16));
	cq->number = (uint32_t)CX_GET(d->out, create_cq_out, cqn);
}

void driver_arm_cq(struct driver *d, struct cq *cq)
{
	doorbell(d, CX_DB_CQ_ARM, cq->seen & 0xffffff, cq->number);
}

void driver_arm_cq_solicited(struct driver *d, struct cq *cq)
{
	doorbell(d, CX_DB_CQ_ARM, CX_CQ_DB_SOLICITED | (cq->seen & 0xffffff), cq->number);
}

const uint8_t *driver_poll(struct driver *d, struct cq *cq)
{
	const uint8_t *cqe = ram(d, cq->addr) + (cq->seen & ((1u << CQ_LOG) - 1)) * CX_CQE_BYTES;

	if (cqe[CX_CQE_OP_OWN] >> 4 == 0xf || (cqe[CX_CQE_OP_OWN] & 1) != (cq->seen >> CQ_LOG & 1))
		return NULL;
	cq->seen++;
	put_be32(ram(d, cq->record), cq->seen & 0xffffff);
	return cqe;
}

static void begin_mkey(struct driver *d, const struct mr *mr)
{
	uint8_t *mkc = CX_ADDR(d->in, create_mkey_in, memory_key_mkey_entry);

	driver_begin(d);
	CX_SET(mkc, mkc, access_mode_1_0, CX_MODE_MTT);
	CX_SET(mkc, mkc, umr_en, 1);
	CX_SET(mkc, mkc, qpn, 0xffffff);
	CX_SET(mkc, mkc, mkey_7_0, 0x5a);
	CX_SET(mkc, mkc, log_page_size, 12);
	CX_SET(mkc, mkc, translations_octword_size, (mr->len / PAGE + 2) / 2);
	CX_SET(mkc, mkc, pcie_tph_en, mr->tph);
	CX_SET(mkc, mkc, pcie_tph_ph, mr->ph);
	CX_SET(mkc, mkc, pcie_tph_steering_tag_index, mr->st_index);
}

/* The fields that an enabling UMR sets as well. */
static void fill_mkc(struct driver *d, uint8_t *mkc, const struct mr *mr)
{
	CX_SET(mkc, mkc, pd, d->pd);
	CX_SET(mkc, mkc, start_addr, mr->addr);
	CX_SET(mkc, mkc, len, mr->len);
	CX_SET(mkc, mkc, log_page_size, 12);
	CX_SET(mkc, mkc, lr, 1);
	CX_SET(mkc, mkc, lw, 1);
	CX_SET(mkc, mkc, rr, 1);
	CX_SET(mkc, mkc, rw, 1);
	CX_SET(mkc, mkc, a, 1);
	CX_SET(mkc, mkc, mkey_7_0, 0x5a);
}

static void create_mkey(struct driver *d, struct mr *mr, size_t in_len)
{
	must(driver_command(d, CX_OP_CREATE_MKEY, in_len, 16));
	mr->key = (uint32_t)CX_GET(d->out, create_mkey_out, mkey_index) << 8 | 0x5a;
}

size_t driver_fill_mr(struct driver *d, const struct mr *mr)
{
	size_t bytes = mr->addr % PAGE + mr->len;
	size_t octowords = ((bytes + PAGE - 1) / PAGE + 1) / 2;

	begin_mkey(d, mr);
	fill_mkc(d, CX_ADDR(d->in, create_mkey_in, memory_key_mkey_entry), mr);
	put_pages(d, CX_AT_create_mkey_in_klm_pas_mtt, mr->addr & ~(uint64_t)(PAGE - 1), bytes,
		  MTT_RW);
	CX_SET(d->in, create_mkey_in, translations_octword_actual_size, octowords);
	return CX_AT_create_mkey_in_klm_pas_mtt + octowords * 16;
}

void driver_create_mr(struct driver *d, struct mr *mr)
{
	create_mkey(d, mr, driver_fill_mr(d, mr));
}

void driver_create_hinted_mr(struct driver *d, struct mr *mr, uint16_t tag)
{
	unsigned cap = d->world.f->tph_cap;

	mr->tph = true;
	mr->ph = 2;
	mr->st_index = 3;
	driver_config_write(d, cap + 0xc + 2 * mr->st_index, tag, 2);
	driver_config_write(d, cap + 8, 2 | 3 << 8, 4);
	driver_create_mr(d, mr);
}

void driver_create_free_mr(struct driver *d, struct mr *mr)
{
	begin_mkey(d, mr);
	CX_SET(CX_ADDR(d->in, create_mkey_in, memory_key_mkey_entry), mkc, free, 1);
	create_mkey(d, mr, CX_SZ_create_mkey_in);
}

static void create_pa_key(struct driver *d)
{
	uint8_t *mkc = CX_ADDR(d->in, create_mkey_in, memory_key_mkey_entry);

	driver_begin(d);
	CX_SET(mkc, mkc, access_mode_1_0, CX_MODE_PA);
	CX_SET(mkc, mkc, length64, 1);
	CX_SET(mkc, mkc, qpn, 0xffffff);
	CX_SET(mkc, mkc, lr, 1);
	CX_SET(mkc, mkc, lw, 1);
	CX_SET(mkc, mkc, pd, d->pd);
	must(driver_command(d, CX_OP_CREATE_MKEY, CX_SZ_create_mkey_in, 16));
	d->lkey = (uint32_t)CX_GET(d->out, create_mkey_out, mkey_index) << 8;
}

size_t driver_fill_srq(struct driver *d, struct srq *srq)
{
	uint8_t *srqc = CX_ADDR(d->in, create_srq_in, srq_context_entry);

	driver_begin(d);
	*srq = (struct srq){.addr = world_alloc(&d->world, PAGE),
			    .record = world_alloc(&d->world, 8)};
	for (unsigned i = 0; i < 1u << SRQ_LOG; i++)
		put_be16(ram(d, srq->addr + i * SRQ_STRIDE) + CX_SRQ_NEXT,
			 (uint16_t)((i + 1) & ((1u << SRQ_LOG) - 1)));
	CX_SET(srqc, srqc, log_srq_size, SRQ_LOG);
	CX_SET(srqc, srqc, log_rq_stride, 3); /* of 16 bytes, log2 */
	CX_SET(srqc, srqc, pd, d->pd);
	CX_SET(srqc, srqc, dbr_addr, srq->record);
	put_pages(d, CX_AT_create_srq_in_pas, srq->addr, PAGE, 0);
	return CX_AT_create_srq_in_pas + 8;
}

void driver_create_srq(struct driver *d, struct srq *srq)
{
	must(driver_command(d, CX_OP_CREATE_SRQ, driver_fill_srq(d, srq), 16));
	srq->number = (uint32_t)CX_GET(d->out, create_srq_out, srqn);
}

void driver_post_shared(struct driver *d, struct srq *srq, const struct wqe *w, uint16_t next)
{
	uint8_t *to = ram(d, srq->addr + srq->head * SRQ_STRIDE);

	put_be16(to + CX_SRQ_NEXT, next);
	to += CX_SRQ_NEXT_BYTES;
	memcpy(to, w->bytes, w->len);
	if (w->len < SRQ_STRIDE - CX_SRQ_NEXT_BYTES)
		put_be32(to + w->len + CX_DATA_LKEY, CX_END_LKEY);
	srq->head = next;
	put_be32(ram(d, srq->record), ++srq->posted);
}

size_t driver_fill_resize(struct driver *d, const struct cq *cq, unsigned log, uint64_t *addr)
{
	uint8_t *cqc = CX_ADDR(d->in, modify_cq_in, cq_context);
	size_t bytes = (size_t)CX_CQE_BYTES << log;

	driver_begin(d);
	*addr = world_alloc(&d->world, bytes);
	for (unsigned i = 0; i < 1u << log; i++)
		ram(d, *addr)[i * CX_CQE_BYTES + CX_CQE_OP_OWN] = 0xf1;
	CX_SET(d->in, modify_cq_in, op_mod, CX_CQ_RESIZE);
	CX_SET(d->in, modify_cq_in, cqn, cq->number);
	CX_SET(cqc, cqc, log_cq_size, log);
	put_pages(d, CX_AT_modify_cq_in_pas, *addr, bytes, 0);
	return CX_AT_modify_cq_in_pas + (bytes + PAGE - 1) / PAGE * 8;
}

size_t driver_fill_qp(struct driver *d, struct qp *qp, unsigned type)
{
	uint8_t *qpc = CX_ADDR(d->in, create_qp_in, qpc);
	bool has_rq = type != CX_ST_REG_UMR && !qp->srq;

	driver_begin(d);
	qp->rq = world_alloc(&d->world, PAGE);
	qp->sq = qp->rq + (has_rq ? RQ_STRIDE << RQ_LOG : 0);
	qp->record = world_alloc(&d->world, 8);
	CX_SET(qpc, qpc, st, type);
	CX_SET(qpc, qpc, uar_page, d->uar);
	CX_SET(qpc, qpc, pd, type == CX_ST_REG_UMR ? 0 : d->pd);
	CX_SET(qpc, qpc, rq_type, has_rq ? CX_RQ_NON_ZERO : qp->srq ? CX_RQ_SRQ : 3);
	CX_SET(qpc, qpc, srqn_rmpn_xrqn, qp->srq);
	CX_SET(qpc, qpc, log_rq_size, RQ_LOG);
	CX_SET(qpc, qpc, log_rq_stride, 2); /* of 16 bytes, log2 */
	CX_SET(qpc, qpc, log_sq_size, SQ_LOG);
	CX_SET(qpc, qpc, cqn_snd, qp->cq.number);
	CX_SET(qpc, qpc, cqn_rcv, qp->recv_cq.number);
	CX_SET(qpc, qpc, user_index, USER_INDEX);
	CX_SET(qpc, qpc, dbr_addr, qp->record);
	put_pages(d, CX_AT_create_qp_in_pas, qp->rq, PAGE, 0);
	return CX_AT_create_qp_in_pas + 8;
}

void driver_create_qp_of_srq(struct driver *d, struct qp *qp, unsigned type, const struct srq *srq)
{
	memset(qp, 0, sizeof(*qp));
	qp->srq = srq ? srq->number : 0;
	driver_create_cq(d, &qp->cq);
	driver_create_cq(d, &qp->recv_cq);
	must(driver_command(d, CX_OP_CREATE_QP, driver_fill_qp(d, qp, type), 16));
	qp->number = (uint32_t)CX_GET(d->out, create_qp_out, qpn);
}

void driver_create_qp(struct driver *d, struct qp *qp, unsigned type)
{
	driver_create_qp_of_srq(d, qp, type, NULL);
}

void driver_create_xrc_srq(struct driver *d, struct srq *srq, uint32_t domain, const struct cq *cq)
{
	size_t len = driver_fill_srq(d, srq);
	uint8_t *srqc = CX_ADDR(d->in, create_srq_in, srq_context_entry);

	CX_SET(srqc, srqc, xrcd, domain);
	CX_SET(srqc, srqc, cqn, cq->number);
	must(driver_command(d, CX_OP_CREATE_SRQ, len, 16));
	srq->number = (uint32_t)CX_GET(d->out, create_srq_out, srqn);
}

void driver_create_xrc_qp(struct driver *d, struct qp *qp, uint32_t domain, const struct srq *any)
{
	uint8_t *qpc = CX_ADDR(d->in, create_qp_in, qpc);
	size_t len;

	qp->srq = any->number;
	len = driver_fill_qp(d, qp, CX_ST_XRC);
	CX_SET(qpc, qpc, xrcd, domain);
	CX_SET(qpc, qpc, pd, 0x777);
	must(driver_command(d, CX_OP_CREATE_QP, len, 16));
	qp->number = (uint32_t)CX_GET(d->out, create_qp_out, qpn);
}

size_t driver_fill_modify_qp(struct driver *d, const struct qp *qp, unsigned opcode, uint32_t peer)
{
	uint8_t *qpc = CX_ADDR(d->in, rst2init_qp_in, qpc);

	driver_begin(d);
	CX_SET(d->in, rst2init_qp_in, qpn, qp->number);
	CX_SET(qpc, qpc, rre, opcode == CX_OP_RST2INIT_QP);
	CX_SET(qpc, qpc, rwe, opcode == CX_OP_RST2INIT_QP);
	CX_SET(qpc, qpc, rae, opcode == CX_OP_RST2INIT_QP);
	CX_SET(qpc, qpc, q_key, Q_KEY);
	CX_SET(qpc, qpc, rnr_retry, qp->rnr_retry);
	CX_SET(qpc, qpc, min_rnr_nak, qp->min_rnr_nak);
	CX_SET(qpc, qpc, remote_qpn, peer);
	CX_SET(CX_ADDR(qpc, qpc, primary_address_path), ads, rlid, qp->peer_lid ? qp->peer_lid : 1);
	CX_SET(CX_ADDR(qpc, qpc, primary_address_path), ads, ack_timeout, qp->ack_timeout);
	CX_SET(qpc, qpc, retry_count, qp->retry_count);
	CX_SET(qpc, qpc, next_send_psn, qp->send_psn);
	CX_SET(qpc, qpc, next_rcv_psn, qp->receive_psn);
	CX_SET(qpc, qpc, mtu, 5);
	return CX_SZ_rst2init_qp_in;
}

unsigned driver_modify_qp(struct driver *d, struct qp *qp, unsigned opcode, uint32_t peer)
{
	return driver_command(d, opcode, driver_fill_modify_qp(d, qp, opcode, peer), 16);
}

void driver_connect(struct driver *d, struct qp *qp, uint32_t peer)
{
	must(driver_modify_qp(d, qp, CX_OP_RST2INIT_QP, peer));
	must(driver_modify_qp(d, qp, CX_OP_INIT2RTR_QP, peer));
	must(driver_modify_qp(d, qp, CX_OP_RTR2RTS_QP, peer));
}

unsigned driver_query_state(struct driver *d, const struct qp *qp)
{
	driver_begin(d);
	CX_SET(d->in, query_qp_in, qpn, qp->number);
	must(driver_command(d, CX_OP_QUERY_QP, 16, CX_SZ_query_qp_out));
	return (unsigned)CX_GET(CX_ADDR(d->out, query_qp_out, qpc), qpc, state);
}

void wqe_init(struct wqe *w, unsigned opcode, bool signalled)
{
	memset(w, 0, sizeof(*w));
	put_be32(w->bytes + CX_CTRL_OPMOD_IDX_OPCODE, opcode);
	w->bytes[CX_CTRL_FM_CE_SE] = signalled ? CX_WQE_CQ_UPDATE : 0;
	w->len = CX_CTRL_BYTES;
}

void wqe_xrc(struct wqe *w, const struct srq *srq)
{
	put_be32(w->bytes + w->len + CX_XRC_SRQN, srq->number);
	w->len += CX_XRC_BYTES;
}

void wqe_raddr(struct wqe *w, uint64_t va, uint32_t rkey)
{
	put_be64(w->bytes + w->len + CX_RADDR_VA, va);
	put_be32(w->bytes + w->len + CX_RADDR_RKEY, rkey);
	w->len += CX_RADDR_BYTES;
}

void wqe_address(struct wqe *w, uint32_t number)
{
	uint8_t *av = w->bytes + w->len;

	put_be32(av + CX_AV_Q_KEY, Q_KEY);
	put_be32(av + CX_AV_QPN, CX_AV_EXTENDED | number);
	put_be16(av + CX_AV_LID, 1);
	w->len += CX_AV_BYTES;
}

void wqe_atomic(struct wqe *w, uint64_t swap_add, uint64_t compare)
{
	put_be64(w->bytes + w->len + CX_ATOMIC_SWAP_ADD, swap_add);
	put_be64(w->bytes + w->len + CX_ATOMIC_COMPARE, compare);
	w->len += CX_ATOMIC_BYTES;
}

void wqe_data(struct wqe *w, uint64_t addr, uint32_t lkey, uint32_t len)
{
	put_be32(w->bytes + w->len + CX_DATA_BYTE_COUNT, len);
	put_be32(w->bytes + w->len + CX_DATA_LKEY, lkey);
	put_be64(w->bytes + w->len + CX_DATA_ADDR, addr);
	w->len += CX_DATA_BYTES;
}

void wqe_inline(struct wqe *w, const void *data, unsigned len)
{
	put_be32(w->bytes + w->len, 0x80000000u | len);
	memcpy(w->bytes + w->len + 4, data, len);
	w->len += (4 + len + 15) & ~15u;
}

void wqe_umr(struct driver *d, struct wqe *w, const struct mr *mr, uint64_t xlt)
{
	unsigned xlt_bytes = ((unsigned)((mr->len + PAGE - 1) / PAGE) * 8 + 63) & ~63u;
	uint8_t *umr = w->bytes + CX_CTRL_BYTES;

	wqe_init(w, CX_WR_UMR, true);
	put_be32(w->bytes + CX_CTRL_UMR_MKEY, mr->key);
	umr[CX_UMR_FLAGS] = CX_UMR_CHECK_NOT_FREE | CX_UMR_OFFSET_EN;
	put_be16(umr + CX_UMR_XLT_OCTOWORDS, (uint16_t)(xlt_bytes / 16));
	put_be64(umr + CX_UMR_MKEY_MASK, 1ull << CX_MASK_LEN | 1ull << CX_MASK_PAGE_SIZE |
						 1ull << CX_MASK_START_ADDR | 1ull << CX_MASK_PD |
						 1ull << CX_MASK_KEY | 1ull << CX_MASK_LR |
						 1ull << CX_MASK_LW | 1ull << CX_MASK_RR |
						 1ull << CX_MASK_RW | 1ull << CX_MASK_FREE);
	fill_mkc(d, umr + CX_UMR_CTRL_BYTES, mr);
	w->len += CX_UMR_CTRL_BYTES + CX_SZ_mkc;
	wqe_data(w, xlt, d->lkey, xlt_bytes);
}

void driver_post(struct driver *d, struct qp *qp, const struct wqe *w)
{
	uint8_t bytes[1024 + CX_WQE_BB_BYTES];
	unsigned blocks = (w->len + CX_WQE_BB_BYTES - 1) / CX_WQE_BB_BYTES;
	unsigned mask = (1u << SQ_LOG) - 1;

	memcpy(bytes, w->bytes, sizeof(w->bytes));
	put_be32(bytes, get_be32(bytes) | (uint32_t)qp->posted << 8);
	put_be32(bytes + CX_CTRL_QPN_DS, qp->number << 8 | w->len / CX_WQE_DS_BYTES);
	for (unsigned i = 0; i < blocks; i++)
		memcpy(ram(d, qp->sq) + ((qp->posted + i) & mask) * CX_WQE_BB_BYTES,
		       bytes + i * CX_WQE_BB_BYTES, CX_WQE_BB_BYTES);
	qp->posted = (uint16_t)(qp->posted + blocks);
	put_be32(ram(d, qp->record) + CX_DBR_SND * 4, qp->posted);
}

void driver_post_receive(struct driver *d, struct qp *qp, const struct wqe *w)
{
	unsigned index = qp->receives++ & ((1u << RQ_LOG) - 1);
	uint8_t *to = ram(d, qp->rq + index * RQ_STRIDE);

	memcpy(to, w->bytes, w->len);
	if (w->len < RQ_STRIDE)
		put_be32(to + w->len + CX_DATA_LKEY, CX_END_LKEY);
	put_be32(ram(d, qp->record) + CX_DBR_RCV * 4, qp->receives);
}

void driver_ring(struct driver *d, const struct qp *qp)
{
	doorbell(d, CX_DB_SQ, (uint32_t)qp->posted << 8, qp->number << 8 | 1);
}

void driver_start(struct driver *d, const struct cx_config *config)
{
	memset(d, 0, sizeof(*d));
	world_init(&d->world, config);
	driver_restart(d);
}

void driver_restart(struct driver *d)
{
	d->cmdq = world_alloc(&d->world,
			      PAGE + SLOTS * 2 * (COMMAND_MAX / BLOCK_DATA + 1) * BLOCK_AT);
	driver_set_command_queue(d);
	driver_begin(d);
	must(driver_command(d, CX_OP_ENABLE_HCA, 16, 16));
	must(driver_command(d, CX_OP_ALLOC_UAR, 16, 16));
	d->uar = (uint32_t)CX_GET(d->out, alloc_uar_out, uar);
	d->comp_eqn = driver_create_eq(d, 0, 1, &d->comp_eq);
	driver_begin(d);
	must(driver_command(d, CX_OP_ALLOC_PD, 16, 16));
	d->pd = (uint32_t)CX_GET(d->out, alloc_pd_out, pd);
	create_pa_key(d);
}

void driver_stop(struct driver *d)
{
	world_free(&d->world);
}
