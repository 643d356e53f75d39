// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Indirect memory keys: segments that are accessed by other keys, in two layouts. A list has one
 * segment after the other; an interleaved layout repeats a block with some bytes of each entry, and
 * each entry advances by its stride. The segments are accessed with the rights of the queue pair's
 * owner, and with the remote access that the indirect key allows.
 */
#include <errno.h>

#include "devices/cx/state.h"

#define WORDS	  2u	 /* per entry of the key's table */
#define REPEAT_OP 0x400u /* in the place of a key: the first entry describes a block */

struct entry {
	uint32_t bytes, key;
	uint64_t va;
};

static struct entry entry_at(const struct cx_mkey *mkey, uint32_t i)
{
	return (struct entry){
		.bytes = (uint32_t)(mkey->mtt[WORDS * i] >> 32),
		.key = (uint32_t)mkey->mtt[WORDS * i],
		.va = mkey->mtt[WORDS * i + 1],
	};
}

static enum cx_access local(enum cx_access access)
{
	return access == CX_LOCAL_READ || access == CX_REMOTE_READ ? CX_LOCAL_READ : CX_LOCAL_WRITE;
}

/* The access at @offset in a segment of @bytes at @va. */
static void set_inner(struct cx_access_req *inner, const struct entry *entry, uint64_t va,
		      uint64_t offset, uint64_t bytes)
{
	inner->key = entry->key;
	inner->va = va + offset;
	if (inner->len > bytes - offset)
		inner->len = bytes - offset;
}

static int find_in_list(const struct cx_mkey *mkey, uint64_t offset, struct cx_access_req *inner)
{
	for (uint32_t i = 0; i < mkey->mtts / WORDS; i++) {
		struct entry entry = entry_at(mkey, i);

		if (offset < entry.bytes) {
			set_inner(inner, &entry, entry.va, offset, entry.bytes);
			return 0;
		}
		offset -= entry.bytes;
	}
	return -EACCES;
}

/*
 * The first entry has the bytes of a block, the number of repetitions, and the number of entries.
 */
static int find_in_block(const struct cx_mkey *mkey, uint64_t offset, struct cx_access_req *inner)
{
	struct entry block = entry_at(mkey, 0);
	uint64_t repeat = block.va >> 32, entries = block.va & 0xffff, n;

	if (!block.bytes || offset / block.bytes >= repeat || entries >= mkey->mtts / WORDS)
		return -EACCES;
	n = offset / block.bytes;
	offset %= block.bytes;
	for (uint32_t i = 1; i <= entries; i++) {
		struct entry entry = entry_at(mkey, i);
		uint32_t stride = entry.bytes >> 16, bytes = entry.bytes & 0xffff;

		if (offset < bytes) {
			set_inner(inner, &entry, entry.va + n * stride, offset, bytes);
			return 0;
		}
		offset -= bytes;
	}
	return -EACCES;
}

int cx_klm_find(const struct cx_mkey *mkey, const struct cx_access_req *req,
		struct cx_access_req *inner)
{
	uint64_t offset = req->va - mkey->start;

	if (!mkey->mtts)
		return -EACCES;
	*inner = *req;
	inner->pd = mkey->pd;
	inner->any_pd = false;
	inner->access = local(req->access);
	if (entry_at(mkey, 0).key == REPEAT_OP)
		return find_in_block(mkey, offset, inner);
	return find_in_list(mkey, offset, inner);
}
