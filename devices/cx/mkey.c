// SPDX-License-Identifier: GPL-2.0-or-later
/* Memory keys: what may be accessed through one, and where it is. */
#include <errno.h>
#include <string.h>

#include "devices/cx/state.h"

#define OCTOWORD_BYTES 16u
#define MTTS_ALIGNMENT 8u /* a UMR writes multiples of 64 bytes */
#define MTT_READ       1u
#define MTT_WRITE      2u
#define MTT_FLAGS      7ull
#define ANY_QP	       0xffffffu

void cx_mkey_decode(struct cx_mkey *mkey)
{
	const uint8_t *mkc = mkey->context;

	mkey->mode = (unsigned)(CX_GET(mkc, mkc, access_mode_4_2) << 2 |
				CX_GET(mkc, mkc, access_mode_1_0));
	mkey->log_page = (unsigned)CX_GET(mkc, mkc, log_page_size);
	mkey->variant = (uint8_t)CX_GET(mkc, mkc, mkey_7_0);
	mkey->free = CX_GET(mkc, mkc, free);
	mkey->umr_enabled = CX_GET(mkc, mkc, umr_en);
	mkey->length64 = CX_GET(mkc, mkc, length64);
	mkey->local_read = CX_GET(mkc, mkc, lr);
	mkey->local_write = CX_GET(mkc, mkc, lw);
	mkey->remote_read = CX_GET(mkc, mkc, rr);
	mkey->remote_write = CX_GET(mkc, mkc, rw);
	mkey->remote_atomic = CX_GET(mkc, mkc, a);
	mkey->remote_invalidate = CX_GET(mkc, mkc, en_rinval);
	mkey->qpn = (uint32_t)CX_GET(mkc, mkc, qpn);
	mkey->pd = (uint32_t)CX_GET(mkc, mkc, pd);
	mkey->start = CX_GET(mkc, mkc, start_addr);
	mkey->length = CX_GET(mkc, mkc, len);
	mkey->tph = CX_GET(mkc, mkc, pcie_tph_en);
	mkey->ph = (uint8_t)CX_GET(mkc, mkc, pcie_tph_ph);
	mkey->st_index = (uint8_t)CX_GET(mkc, mkc, pcie_tph_steering_tag_index);
}

/* Allocates all translations that the key can have, and copies those of the command. */
static int mkey_init_mtts(struct cx *cx, struct cx_mkey *mkey, const struct cx_command *cmd)
{
	uint64_t capacity = CX_GET(mkey->context, mkc, translations_octword_size);
	uint64_t given = CX_GET(cmd->in, create_mkey_in, translations_octword_actual_size);
	const uint8_t *list = cmd->in + CX_AT_create_mkey_in_klm_pas_mtt;
	uint64_t mtts = capacity * OCTOWORD_BYTES / 8;

	/* of an indirect key all may have to be searched at each step */
	if (mkey->mode == CX_MODE_KLM && capacity > 1u << CX_KLM_LOG_MAX)
		return -EINVAL;
	mtts = (mtts + MTTS_ALIGNMENT - 1) / MTTS_ALIGNMENT * MTTS_ALIGNMENT;
	if (given > (cmd->in_len - CX_AT_create_mkey_in_klm_pas_mtt) / OCTOWORD_BYTES ||
	    given * OCTOWORD_BYTES / 8 > mtts)
		return -EINVAL;
	if (!mtts)
		return 0;
	if (mtts > UINT32_MAX)
		return -ENOMEM;
	mkey->mtt = cx_memory_get(cx, mtts * sizeof(*mkey->mtt));
	if (!mkey->mtt)
		return -ENOMEM;
	mkey->mtts = (uint32_t)mtts;
	for (uint64_t i = 0; i < given * OCTOWORD_BYTES / 8; i++)
		mkey->mtt[i] = get_be64(list + i * 8);
	return 0;
}

static int mkey_init(struct cx *cx, struct cx_mkey *mkey, const struct cx_command *cmd)
{
	const uint8_t *mkc = CX_ADDR(cmd->in, create_mkey_in, memory_key_mkey_entry);

	memcpy(mkey->context, mkc, sizeof(mkey->context));
	cx_mkey_decode(mkey);
	if ((mkey->mode != CX_MODE_PA && mkey->mode != CX_MODE_MTT && mkey->mode != CX_MODE_KLM) ||
	    CX_GET(mkc, mkc, bsf_en)) {
		pci_log(&cx->f,
			"refused a memory key of access mode %u: only PA (0), MTT (1) and KLM (2) "
			"are supported, without signatures",
			mkey->mode);
		return -EINVAL;
	}
	if (mkey->mode == CX_MODE_PA)
		return 0;
	return mkey_init_mtts(cx, mkey, cmd);
}

unsigned cx_cmd_create_mkey(struct cx *cx, const struct cx_command *cmd)
{
	struct cx_mkey *mkey = cx_memory_get(cx, sizeof(*mkey));
	uint32_t number;
	int ret;

	if (!mkey)
		return CX_STAT_LIM;
	ret = mkey_init(cx, mkey, cmd);
	if (!ret)
		ret = cx_table_add(&cx->mkeys, mkey, &number);
	if (ret) {
		cx_mkey_free(cx, mkey);
		return cx_status_of(ret);
	}
	CX_SET(cmd->out, create_mkey_out, mkey_index, number);
	return CX_STAT_OK;
}

unsigned cx_cmd_query_mkey(struct cx *cx, const struct cx_command *cmd)
{
	uint32_t number = (uint32_t)CX_GET(cmd->in, query_mkey_in, mkey_index);
	const struct cx_mkey *mkey = cx_table_get(&cx->mkeys, number);

	if (!mkey)
		return CX_STAT_BAD_RES;
	memcpy(CX_ADDR(cmd->out, query_mkey_out, memory_key_mkey_entry), mkey->context,
	       sizeof(mkey->context));
	return CX_STAT_OK;
}

unsigned cx_cmd_destroy_mkey(struct cx *cx, const struct cx_command *cmd)
{
	struct cx_mkey *mkey =
		cx_table_remove(&cx->mkeys, (uint32_t)CX_GET(cmd->in, destroy_mkey_in, mkey_index));

	if (!mkey)
		return CX_STAT_BAD_RES;
	cx_mkey_free(cx, mkey);
	return CX_STAT_OK;
}

void cx_mkey_free(struct cx *cx, struct cx_mkey *mkey)
{
	cx_memory_put(cx, mkey->mtt, mkey->mtts * sizeof(*mkey->mtt));
	cx_memory_put(cx, mkey, sizeof(*mkey));
}

static bool access_allowed(const struct cx_mkey *mkey, enum cx_access access)
{
	switch (access) {
	case CX_LOCAL_READ:
		return mkey->local_read;
	case CX_LOCAL_WRITE:
		return mkey->local_write;
	case CX_REMOTE_READ:
		return mkey->remote_read;
	case CX_REMOTE_WRITE:
		return mkey->remote_write;
	case CX_REMOTE_ATOMIC:
		return mkey->remote_atomic;
	case CX_REMOTE_INVALIDATE:
		return mkey->remote_invalidate;
	}
	return false;
}

static bool is_write(enum cx_access access)
{
	return access == CX_LOCAL_WRITE || access == CX_REMOTE_WRITE || access == CX_REMOTE_ATOMIC;
}

struct cx_mkey *cx_mkey_check(struct cx *cx, const struct cx_access_req *req)
{
	struct cx_mkey *mkey = cx_table_get(&cx->mkeys, req->key >> 8);

	if (!mkey || mkey->free || mkey->variant != (req->key & 0xff))
		return NULL;
	if (!access_allowed(mkey, req->access))
		return NULL;
	if (!req->any_pd && mkey->pd != req->pd)
		return NULL;
	if (mkey->qpn != ANY_QP && mkey->qpn != req->qpn)
		return NULL;
	if (!mkey->length64 && (req->va < mkey->start || req->len > mkey->length ||
				req->va - mkey->start > mkey->length - req->len))
		return NULL;
	return mkey;
}

int cx_mkey_invalidate(struct cx *cx, const struct cx_access_req *req)
{
	struct cx_mkey *mkey = cx_table_get(&cx->mkeys, req->key >> 8);
	struct cx_access_req all = *req;

	if (!mkey)
		return -EACCES;
	all.access = CX_REMOTE_INVALIDATE;
	all.va = mkey->start;
	all.len = 0;
	if (!cx_mkey_check(cx, &all))
		return -EACCES;
	mkey->free = true;
	CX_SET(mkey->context, mkc, free, 1);
	return 0;
}

/*
 * For an indirect key: the mapped key behind it, and the access by that one. NULL: there is none.
 */
static const struct cx_mkey *resolve(struct cx *cx, const struct cx_mkey *mkey,
				     const struct cx_access_req *req, struct cx_access_req *inner)
{
	if (cx_klm_find(mkey, req, inner))
		return NULL;
	mkey = cx_mkey_check(cx, inner);
	return mkey && mkey->mode != CX_MODE_KLM ? mkey : NULL; /* only one level */
}

int cx_mkey_translate(struct cx *cx, const struct cx_access_req *req, struct cx_segment *segment)
{
	const struct cx_mkey *mkey = cx_mkey_check(cx, req);
	uint64_t index, offset, page, mtt;
	struct cx_access_req inner;

	if (mkey && mkey->mode == CX_MODE_KLM) {
		mkey = resolve(cx, mkey, req, &inner);
		req = &inner;
	}
	if (!mkey)
		return -EACCES;
	segment->hint = cx_hint(cx, mkey);
	segment->addr = segment->va = req->va;
	segment->len = req->len;
	segment->key = req->key;
	if (mkey->mode == CX_MODE_PA)
		return 0;
	if (mkey->log_page < CX_PAGE_SHIFT)
		return -EACCES;
	page = 1ull << mkey->log_page;
	index = (req->va >> mkey->log_page) - (mkey->start >> mkey->log_page);
	offset = req->va & (page - 1);
	if (index >= mkey->mtts)
		return -EACCES;
	mtt = mkey->mtt[index];
	if (!(mtt & (is_write(req->access) ? MTT_WRITE : MTT_READ)))
		return -ENXIO;
	segment->addr = (mtt & ~MTT_FLAGS & ~(page - 1)) + offset;
	if (segment->len > page - offset)
		segment->len = page - offset;
	return 0;
}
