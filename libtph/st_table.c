// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdlib.h>

#include "libtph/internal.h"

#define TPH_ST_TABLE 0x0c /* in the TPH Requester capability, PCIe Base 6.x 7.9.13 */

/* MSI-X capability, 7.7.2 */
#define CAP_MSIX       0x11
#define MSIX_CONTROL   0x02 /* size minus 1 in 10:0 */
#define MSIX_TABLE     0x04 /* BAR in 2:0, the rest is the offset */
#define MSIX_BYTES     12

#define COMMAND	       0x04
#define COMMAND_MEMORY 0x2

/* Power management capability, 7.5.2 */
#define CAP_PM	  0x01
#define PM_STATUS 0x04
#define PM_STATE  0x3
#define PM_BYTES  8

/* What the caller gets: the public part, then its tags. */
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
	case TPH_SEEN_CUT:
		return -ENODATA;
	case TPH_SEEN_SILENT:
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
	size_t room = (CONFIG_PCIE_BYTES - at) / 2, count = f->requester.table_entries;
	enum tph_seen seen = TPH_SEEN_YES;
	struct table *t;

	t = new_table(TPH_TABLE_CAPABILITY, count < room ? count : room, count);
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

/* A function that is asleep or decodes no memory must not be read. */
static bool decodes_memory(const struct config *c)
{
	uint16_t command = 0, at, state = 0;

	if (config_get16(c, COMMAND, &command) != TPH_SEEN_YES || !(command & COMMAND_MEMORY))
		return false;
	if (config_find(c, CAP_PM, PM_BYTES, &at) != TPH_SEEN_YES)
		return true;
	return config_get16(c, at + PM_STATUS, &state) == TPH_SEEN_YES && !(state & PM_STATE);
}

static int read_msix(const struct config *c, const struct tph_function *f, struct table **out)
{
	size_t declared = f->requester.table_entries, count;
	uint16_t at, control = 0;
	uint32_t where = 0;
	enum tph_seen seen = config_find(c, CAP_MSIX, MSIX_BYTES, &at);
	struct table *t;
	int ret;

	if (seen == TPH_SEEN_YES)
		seen = config_get16(c, at + MSIX_CONTROL, &control);
	if (seen == TPH_SEEN_YES)
		seen = config_get32(c, at + MSIX_TABLE, &where);
	if (seen != TPH_SEEN_YES)
		return seen == TPH_SEEN_NO ? -EBADMSG : error_of(seen);
	if ((where & 7) > 5)
		return -EBADMSG;
	if (tph_ctx_is_dump(c->ctx))
		return -ENODATA;
	if (!decodes_memory(c))
		return -EAGAIN;
	count = (control & 0x7ffu) + 1;
	t = new_table(TPH_TABLE_MSIX, count < declared ? count : declared, declared);
	if (!t)
		return -ENOMEM;
	ret = live_msix_tags(c->ctx, &f->bdf, where & 7, where & ~7u, t->tags, t->public.count);
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
	struct tph_function f;
	struct config config;
	int ret;

	if (!entry)
		return -ENODEV;
	config_open(&config, ctx, entry);
	function_decode(&config, &f);
	ret = error_of(f.requester.seen);
	if (ret)
		return ret;
	switch (f.requester.table) {
	case TPH_TABLE_CAPABILITY:
		ret = read_capability(&config, &f, &t);
		break;
	case TPH_TABLE_MSIX:
		ret = read_msix(&config, &f, &t);
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
