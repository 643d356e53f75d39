// SPDX-License-Identifier: LGPL-2.1-or-later
/* A source of functions: a file of lspci, which has only configuration space. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libtph/dump_join.h"
#include "libtph/dump_text.h"
#include "libtph/internal.h"
#include "libtph/source.h"

/* A bridge by the buses below it. */
struct bridge {
	struct tph_bdf bdf;
	uint8_t secondary, subordinate;
};

struct dump {
	struct bridge *bridges; /* by domain and secondary bus, one for each */
	size_t count;
};

/* The row with @index; NULL: it is not in the dump. */
static const struct row *find_row(const struct entry *entry, unsigned index)
{
	unsigned i = index + 1; /* it is not after this position */

	if (i > entry->row_count)
		i = entry->row_count;
	while (i && entry->rows[i - 1].index > index)
		i--;
	return i && entry->rows[i - 1].index == index ? &entry->rows[i - 1] : NULL;
}

static uint16_t dump_visible_bytes(struct tph_ctx *ctx, struct entry *entry)
{
	const struct row *last = &entry->rows[entry->row_count - 1];

	(void)ctx;
	return (uint16_t)(last->index * ROW_BYTES + last->count);
}

static bool read_entry(const struct entry *entry, unsigned offset, void *buf, size_t len)
{
	uint8_t *out = buf;

	while (len) {
		const struct row *row = find_row(entry, offset / ROW_BYTES);
		unsigned from = offset % ROW_BYTES;
		size_t n;

		if (!row || from >= row->count)
			return false;
		n = row->count - from < len ? row->count - from : len;
		memcpy(out, row->bytes + from, n);
		out += n;
		offset += (unsigned)n;
		len -= n;
	}
	return true;
}

static bool dump_read(struct tph_ctx *ctx, struct entry *entry, unsigned offset, void *buf,
		      size_t len)
{
	(void)ctx;
	return read_entry(entry, offset, buf, len);
}

static bool decode_bridge(const struct entry *entry, struct bridge *bridge)
{
	uint8_t type, buses[2];

	if (!read_entry(entry, PCI_HEADER_TYPE, &type, 1) ||
	    (type & 0x7f) != PCI_HEADER_TYPE_BRIDGE ||
	    !read_entry(entry, PCI_SECONDARY_BUS, buses, sizeof(buses)))
		return false;
	*bridge =
		(struct bridge){.bdf = entry->bdf, .secondary = buses[0], .subordinate = buses[1]};
	/* A bus number of 0 is not assigned yet; one that is not above its own would be a loop. */
	return bridge->secondary > entry->bdf.bus;
}

static int compare_buses(const struct bridge *a, const struct bridge *b)
{
	if (a->bdf.domain != b->bdf.domain)
		return a->bdf.domain < b->bdf.domain ? -1 : 1;
	return a->secondary - b->secondary;
}

/* Of bridges to the same bus the one with the lowest address comes first. */
static int compare_bridges(const void *a, const void *b)
{
	int order = compare_buses(a, b);

	return order ? order
		     : tph_bdf_compare(&((const struct bridge *)a)->bdf,
				       &((const struct bridge *)b)->bdf);
}

static int find_bridges(const struct tph_ctx *ctx, struct dump *dump)
{
	size_t count = 0;

	dump->bridges = calloc(ctx->count + 1, sizeof(*dump->bridges));
	if (!dump->bridges)
		return -ENOMEM;
	for (size_t i = 0; i < ctx->count; i++)
		count += decode_bridge(&ctx->entries[i], &dump->bridges[count]);
	qsort(dump->bridges, count, sizeof(*dump->bridges), compare_bridges);
	for (size_t i = 0; i < count; i++)
		if (!dump->count ||
		    compare_buses(&dump->bridges[dump->count - 1], &dump->bridges[i]))
			dump->bridges[dump->count++] = dump->bridges[i];
	return 0;
}

static int compare_key(const void *key, const void *bridge)
{
	return compare_buses(key, bridge);
}

/*
 * The bridge above @f. A virtual function can be on a bus that is the secondary bus of
 * no bridge: then the innermost whose range covers it.
 */
static const struct bridge *bridge_to(const struct dump *dump, const struct tph_function *f)
{
	bool virtual = f->vendor == 0xffff;

	for (unsigned bus = f->bdf.bus; bus > 0; bus--) {
		struct bridge key = {.bdf.domain = f->bdf.domain, .secondary = (uint8_t)bus};
		const struct bridge *found =
			bsearch(&key, dump->bridges, dump->count, sizeof(key), compare_key);

		if (found && found->subordinate >= f->bdf.bus)
			return found;
		if (!virtual)
			break;
	}
	return NULL;
}

static void dump_find_above(struct tph_ctx *ctx, struct entry *entry, struct tph_function *f)
{
	const struct bridge *bridge = bridge_to(ctx->source, f);

	(void)entry;
	if (bridge) {
		f->above.seen = TPH_SEEN_YES;
		f->above.bdf = bridge->bdf;
	} else if (!f->bdf.bus || f->port == TPH_PORT_ROOT || f->port == TPH_PORT_RC_ENDPOINT ||
		   f->port == TPH_PORT_RC_EVENT_COLLECTOR) {
		f->above.seen = TPH_SEEN_NO;
	} else {
		f->above.seen = TPH_SEEN_NOT_VISIBLE;
	}
}

static void dump_close(struct tph_ctx *ctx)
{
	struct dump *dump = ctx->source;

	if (!dump)
		return;
	free(dump->bridges);
	free(dump);
}

static const struct source_ops dump_ops = {
	.is_dump = true,
	.visible_bytes = dump_visible_bytes,
	.read = dump_read,
	.find_above = dump_find_above,
	.close = dump_close,
};

int tph_ctx_new_dump_file(FILE *file, const struct tph_log *log, struct tph_ctx **ctx)
{
	struct tph_ctx *new = ctx_new(log, &dump_ops);
	int ret = new ? dump_read_text(new, file) : -ENOMEM;

	if (!ret)
		ret = dump_join(new);
	if (!ret) {
		new->source = calloc(1, sizeof(struct dump));
		ret = new->source ? find_bridges(new, new->source) : -ENOMEM;
	}
	if (ret)
		tph_ctx_unref(new);
	else
		*ctx = new;
	return ret;
}

int tph_ctx_new_dump(const char *path, const struct tph_log *log, struct tph_ctx **ctx)
{
	FILE *file = fopen(path, "re");
	int ret;

	if (!file)
		return -errno;
	ret = tph_ctx_new_dump_file(file, log, ctx);
	fclose(file);
	return ret;
}
