// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * UMR: a work request that writes translations into a memory key, then those fields of its context
 * that a mask names. TPH is in no mask: it stays as CREATE_MKEY set it. Binding and invalidating a
 * memory window and laying out an indirect key are UMRs, too: those of a program's own queue pair
 * change only indirect keys of its PD.
 */
#include <string.h>

#include "devices/cx/state.h"

#define OCTOWORD_BYTES 16u
#define MTT_BYTES      8u
#define CHECK_QPN      (1u << 3) /* of the flags; the driver does not use it, programs do */
#define UMR_AT	       CX_CTRL_BYTES
#define MKC_AT	       (UMR_AT + CX_UMR_CTRL_BYTES)
#define DATA_AT	       (MKC_AT + CX_SZ_mkc)

/* The top bit of log_page_size has a mask bit of its own. */
#define PAGE_SIZE_LOW ((uint32_t)CX_mkc_log_page_size + 0x10000 - 1)
#define PAGE_SIZE_TOP (((uint32_t)CX_mkc_log_page_size & ~0xffffu) | 1)

static const struct {
	unsigned bit;
	uint32_t field;
} mask_fields[] = {
	{CX_MASK_LEN, CX_mkc_len},
	{CX_MASK_LEN, CX_mkc_length64},
	{CX_MASK_PAGE_SIZE, PAGE_SIZE_LOW},
	{CX_MASK_START_ADDR, CX_mkc_start_addr},
	{CX_MASK_PD, CX_mkc_pd},
	{CX_MASK_EN_RINVAL, CX_mkc_en_rinval},
	{CX_MASK_KEY, CX_mkc_mkey_7_0},
	{CX_MASK_QPN, CX_mkc_qpn},
	{CX_MASK_LR, CX_mkc_lr},
	{CX_MASK_LW, CX_mkc_lw},
	{CX_MASK_RR, CX_mkc_rr},
	{CX_MASK_RW, CX_mkc_rw},
	{CX_MASK_A, CX_mkc_a},
	{CX_MASK_SMALL_FENCE, CX_mkc_small_fence_on_rdma_read_response},
	{CX_MASK_RO_WRITE, CX_mkc_relaxed_ordering_write},
	{CX_MASK_FREE, CX_mkc_free},
	{CX_MASK_PAGE_SIZE_5, PAGE_SIZE_TOP},
	{CX_MASK_RO_READ, CX_mkc_relaxed_ordering_read},
};
#define MASK_FIELDS (ARRAY_SIZE(mask_fields))

static uint64_t mask_known(void)
{
	uint64_t known = 0;

	for (size_t i = 0; i < MASK_FIELDS; i++)
		known |= 1ull << mask_fields[i].bit;
	return known;
}

static struct cx_mkey *umr_mkey(struct cx *cx, const struct cx_wqe *wqe)
{
	return cx_table_get(&cx->mkeys, get_be32(wqe->bytes + CX_CTRL_UMR_MKEY) >> 8);
}

/* The first translation that the request writes. */
static uint64_t umr_first_mtt(const uint8_t *umr)
{
	uint64_t octowords = (uint64_t)get_be32(umr + CX_UMR_XLT_OFFSET_47_16) << 16 |
			     get_be16(umr + CX_UMR_XLT_OFFSET);

	if (!(umr[CX_UMR_FLAGS] & CX_UMR_OFFSET_EN))
		return 0;
	return octowords * (OCTOWORD_BYTES / MTT_BYTES);
}

/* The translations are padded to 64 bytes, so the padding may exceed the key's capacity. */
static bool umr_fits(const struct cx_wqe *wqe, const struct cx_mkey *mkey)
{
	const uint8_t *umr = wqe->bytes + UMR_AT;

	if (!wqe->total)
		return true;
	if (mkey->mode == CX_MODE_PA || wqe->size < DATA_AT + CX_DATA_BYTES)
		return false;
	if (!(umr[CX_UMR_FLAGS] & CX_UMR_INLINE) &&
	    get_be32(wqe->bytes + DATA_AT + CX_DATA_BYTE_COUNT) < wqe->total)
		return false;
	return umr_first_mtt(umr) + wqe->total / MTT_BYTES < (uint64_t)mkey->mtts + 8;
}

/* May @qp change the key, and these fields of it? */
static bool umr_allowed(const struct cx_qp *qp, const struct cx_mkey *mkey, uint64_t mask)
{
	if (!mkey->umr_enabled || mask & ~mask_known())
		return false;
	if (qp->type == CX_ST_REG_UMR)
		return true;
	return mkey->pd == qp->pd && !(mask >> CX_MASK_PD & 1) &&
	       (qp->privileged || mkey->mode == CX_MODE_KLM);
}

unsigned cx_umr_begin(struct cx *cx, struct cx_qp *qp)
{
	struct cx_wqe *wqe = &qp->wqe;
	const uint8_t *umr = wqe->bytes + UMR_AT;
	const struct cx_mkey *mkey = umr_mkey(cx, wqe);
	uint8_t flags = umr[CX_UMR_FLAGS];

	if ((qp->type != CX_ST_REG_UMR && qp->type != CX_ST_RC && qp->type != CX_ST_XRC) ||
	    wqe->size < DATA_AT)
		return CX_SYND_LOCAL_QP_OP;
	if (!mkey || !umr_allowed(qp, mkey, get_be64(umr + CX_UMR_MKEY_MASK)))
		return CX_SYND_MW_BIND;
	if ((flags & CX_UMR_CHECK_NOT_FREE && !mkey->free) ||
	    (flags & CX_UMR_CHECK_FREE && mkey->free) ||
	    (flags & CHECK_QPN && mkey->qpn != qp->number))
		return CX_SYND_MW_BIND;
	wqe->total = get_be16(umr + CX_UMR_XLT_OCTOWORDS) * OCTOWORD_BYTES;
	return umr_fits(wqe, mkey) ? 0 : CX_SYND_MW_BIND;
}

static void put_translations(struct cx_mkey *mkey, uint64_t first, const uint8_t *list,
			     size_t count)
{
	for (size_t i = 0; i < count && first + i < mkey->mtts; i++)
		mkey->mtt[first + i] = get_be64(list + i * MTT_BYTES);
}

/* Translations in the work request itself; what the count has beyond its end is padding. */
static void umr_load_inline(struct cx_wqe *wqe, struct cx_mkey *mkey)
{
	uint64_t first = umr_first_mtt(wqe->bytes + UMR_AT);
	uint32_t there = wqe->size - DATA_AT;

	if (there > wqe->total)
		there = wqe->total;
	put_translations(mkey, first, wqe->bytes + DATA_AT, there / MTT_BYTES);
	for (uint64_t i = there / MTT_BYTES; i < wqe->total / MTT_BYTES && first + i < mkey->mtts;
	     i++)
		mkey->mtt[first + i] = 0;
	wqe->done = wqe->total;
}

/* Reads the next translations into the key. False: they cannot be read. */
static bool umr_load(struct cx *cx, struct cx_qp *qp, struct cx_mkey *mkey)
{
	struct cx_wqe *wqe = &qp->wqe;
	const uint8_t *data = wqe->bytes + DATA_AT;
	uint32_t left = wqe->total - wqe->done;
	uint8_t list[CX_TRANSFER_BYTES];
	struct cx_access_req req = {
		.key = get_be32(data + CX_DATA_LKEY),
		.qpn = qp->number,
		.pd = qp->pd,
		.any_pd = qp->type == CX_ST_REG_UMR, /* the driver names no PD for it */
		.access = CX_LOCAL_READ,
		.va = get_be64(data + CX_DATA_ADDR) + wqe->done,
		.len = left < sizeof(list) ? left : sizeof(list),
	};
	uint64_t index = umr_first_mtt(wqe->bytes + UMR_AT) + wqe->done / MTT_BYTES;
	struct cx_segment segment;
	size_t bytes;

	if (cx_mkey_translate(cx, &req, &segment))
		return false;
	bytes = (size_t)segment.len & ~(size_t)(MTT_BYTES - 1);
	if (!bytes || pci_dma_read(&cx->f, segment.addr, list, bytes))
		return false;
	put_translations(mkey, index, list, bytes / MTT_BYTES);
	wqe->done += (uint32_t)bytes;
	return true;
}

static void umr_apply(const struct cx_wqe *wqe, struct cx_mkey *mkey)
{
	uint64_t mask = get_be64(wqe->bytes + UMR_AT + CX_UMR_MKEY_MASK);

	for (size_t i = 0; i < MASK_FIELDS; i++)
		if (mask >> mask_fields[i].bit & 1)
			cx_bits_copy(mkey->context, wqe->bytes + MKC_AT, mask_fields[i].field);
	cx_mkey_decode(mkey);
}

enum cx_step cx_umr_step(struct cx *cx, struct cx_qp *qp)
{
	struct cx_wqe *wqe = &qp->wqe;
	struct cx_mkey *mkey = umr_mkey(cx, wqe);

	if (!mkey || !umr_fits(wqe, mkey)) { /* it was destroyed meanwhile */
		wqe->syndrome = CX_SYND_MW_BIND;
		return CX_DONE;
	}
	if (wqe->bytes[UMR_AT + CX_UMR_FLAGS] & CX_UMR_INLINE)
		umr_load_inline(wqe, mkey);
	if (wqe->done < wqe->total && !umr_load(cx, qp, mkey)) {
		wqe->syndrome = CX_SYND_LOCAL_PROT;
		return CX_DONE;
	}
	if (wqe->done < wqe->total)
		return CX_MORE;
	umr_apply(wqe, mkey);
	return CX_DONE;
}
