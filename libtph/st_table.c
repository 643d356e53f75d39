// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdlib.h>

#include "libtph/internal.h"
#include "libtph/source.h"

/* In the TPH Requester capability, PCIe Base 6.x 7.9.13 */
#define TPH_ST_TABLE 0x0c
#define MSIX_BYTES   12 /* of the MSI-X capability, 7.7.2 */
#define PM_BYTES     8	/* of the Power Management capability, 7.5.2 */
#define LAST_BAR     5

/* The result and its tags, in one allocation. */
struct table {
	struct tph_st_table public;
	uint16_t tags[];
};

static int error_of(enum tph_seen seen)
{
	switch (seen) {
	case TPH_SEEN_YES:
		return 0;
	case TPH_SEEN_NO:
		return -ENOENT;
	case TPH_SEEN_NOT_VISIBLE:
		return -ENODATA;
	case TPH_SEEN_NO_ANSWER:
		return -EAGAIN;
	default:
		return -EBADMSG;
	}
}

static struct table *new_table(enum tph_table where, size_t count, size_t declared)
{
	struct table *t = calloc(1, sizeof(*t) + count * sizeof(t->tags[0]));

	if (!t)
		return NULL;
	t->public = (struct tph_st_table){
		.table = where, .count = count, .declared = declared, .tags = t->tags};
	return t;
}

static int read_capability(const struct config *c, const struct tph_function *f, struct table **out)
{
	unsigned at = f->requester.offset + TPH_ST_TABLE;
	size_t capacity = (PCI_CFG_SPACE_EXP_SIZE - at) / 2, count = f->requester.table_entries;
	enum tph_seen seen = TPH_SEEN_YES;
	struct table *t;

	t = new_table(TPH_TABLE_CAPABILITY, count < capacity ? count : capacity, count);
	if (!t)
		return -ENOMEM;
	for (size_t i = 0; i < t->public.count && seen == TPH_SEEN_YES; i++)
		seen = config_get16(c, at + 2 * (unsigned)i, &t->tags[i]);
	if (seen == TPH_SEEN_YES)
		*out = t;
	else
		free(t);
	return error_of(seen);
}

/* A BAR must not be read if the function is in a low-power state or decodes no memory. */
static bool decodes_memory(const struct config *c)
{
	uint16_t command = 0, at, state = 0;

	if (config_get16(c, PCI_COMMAND, &command) != TPH_SEEN_YES ||
	    !(command & PCI_COMMAND_MEMORY))
		return false;
	if (config_find(c, PCI_CAP_ID_PM, PM_BYTES, &at) != TPH_SEEN_YES)
		return true;
	return config_get16(c, at + PCI_PM_CTRL, &state) == TPH_SEEN_YES &&
	       !(state & PCI_PM_CTRL_STATE_MASK);
}

static int read_msix(const struct config *c, const struct tph_function *f, struct table **out)
{
	size_t declared = f->requester.table_entries, count;
	uint16_t at, control = 0;
	uint32_t where = 0;
	enum tph_seen seen = config_find(c, PCI_CAP_ID_MSIX, MSIX_BYTES, &at);
	struct table *t;
	int ret;

	if (seen == TPH_SEEN_YES)
		seen = config_get16(c, at + PCI_MSIX_FLAGS, &control);
	if (seen == TPH_SEEN_YES)
		seen = config_get32(c, at + PCI_MSIX_TABLE, &where);
	if (seen != TPH_SEEN_YES)
		return seen == TPH_SEEN_NO ? -EBADMSG : error_of(seen);
	if ((where & PCI_MSIX_TABLE_BIR) > LAST_BAR)
		return -EBADMSG;
	if (!c->ctx->ops->read_msix_tags)
		return -ENODATA;
	if (!decodes_memory(c))
		return -EAGAIN;
	count = (control & PCI_MSIX_FLAGS_QSIZE) + 1u;
	t = new_table(TPH_TABLE_MSIX, count < declared ? count : declared, declared);
	if (!t)
		return -ENOMEM;
	ret = c->ctx->ops->read_msix_tags(c->ctx, c->entry, where & PCI_MSIX_TABLE_BIR,
					  where & PCI_MSIX_TABLE_OFFSET, t->tags, t->public.count);
	if (ret)
		free(t);
	else
		*out = t;
	return ret;
}

int tph_st_table_read(struct tph_ctx *ctx, const struct tph_bdf *bdf, struct tph_st_table **table)
{
	struct entry *entry = ctx_find(ctx, bdf);
	struct table *t = NULL;
	const struct tph_function *f;
	struct config config;
	int ret = entry ? function_of(ctx, entry, &f) : -ENODEV;

	if (!ret)
		ret = error_of(f->requester.seen);
	if (ret)
		return ret;
	config_open(&config, ctx, entry);
	switch (f->requester.table) {
	case TPH_TABLE_CAPABILITY:
		ret = read_capability(&config, f, &t);
		break;
	case TPH_TABLE_MSIX:
		ret = read_msix(&config, f, &t);
		break;
	case TPH_TABLE_NONE:
		return -ENOENT;
	default:
		return -EBADMSG;
	}
	if (!ret)
		*table = &t->public;
	return ret;
}

void tph_st_table_free(struct tph_st_table *table)
{
	free(table); /* the first member of struct table */
}
