// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libtph/dump_join.h"
#include "libtph/internal.h"

/* The next index of two lists of rows: its row in each list, or NULL; false: both have ended. */
static bool next_rows(const struct entry *a, const struct entry *b, size_t at[2],
		      const struct row *found[2])
{
	const struct row *x = at[0] < a->row_count ? &a->rows[at[0]] : NULL;
	const struct row *y = at[1] < b->row_count ? &b->rows[at[1]] : NULL;

	found[0] = x && (!y || x->index <= y->index) ? x : NULL;
	found[1] = y && (!x || y->index <= x->index) ? y : NULL;
	at[0] += found[0] != NULL;
	at[1] += found[1] != NULL;
	return x || y;
}

static bool agree(const struct entry *a, const struct entry *b)
{
	const struct row *found[2];
	size_t at[2] = {0};

	while (next_rows(a, b, at, found)) {
		const struct row *x = found[0], *y = found[1];

		if (x && y && memcmp(x->bytes, y->bytes, x->count < y->count ? x->count : y->count))
			return false;
	}
	return true;
}

/* Adds to @a the bytes that only @b has. */
static int unite(struct entry *a, const struct entry *b)
{
	size_t most = (size_t)a->row_count + b->row_count, count = 0, at[2] = {0};
	struct row *rows = reallocarray(NULL, most, sizeof(*rows));
	const struct row *found[2];

	if (!rows)
		return -ENOMEM;
	while (next_rows(a, b, at, found)) {
		const struct row *x = found[0], *y = found[1];

		rows[count++] = x && (!y || x->count >= y->count) ? *x : *y;
	}
	free(a->rows);
	a->rows = rows;
	a->row_count = (uint16_t)count;
	return 0;
}

static void swap_rows(struct entry *a, struct entry *b)
{
	const struct entry was = *a;

	a->line = b->line;
	a->rows = b->rows;
	a->row_count = b->row_count;
	a->rows_allocated = b->rows_allocated;
	b->line = was.line;
	b->rows = was.rows;
	b->row_count = was.row_count;
	b->rows_allocated = was.rows_allocated;
}

/* The result is in @earlier; @later is left without rows. */
static int join(struct tph_ctx *ctx, struct entry *earlier, struct entry *later)
{
	char bdf[TPH_BDF_CHARS];
	int ret = 0;

	if (agree(earlier, later)) {
		ret = unite(earlier, later);
	} else {
		ctx_log(ctx, TPH_LOG_WARNING,
			"line %u: %s has other bytes than at line %u; the later ones count",
			later->line, tph_bdf_format(&later->bdf, bdf), earlier->line);
		swap_rows(earlier, later);
	}
	free(later->rows);
	later->rows = NULL;
	return ret;
}

int dump_join(struct tph_ctx *ctx)
{
	size_t count = 0;
	int ret = 0;

	ctx_sort(ctx);
	for (size_t i = 0; i < ctx->count && !ret; i++) {
		struct entry *entry = &ctx->entries[i];

		if (count && !tph_bdf_compare(&ctx->entries[count - 1].bdf, &entry->bdf)) {
			ret = join(ctx, &ctx->entries[count - 1], entry);
		} else if (count++ != i) {
			ctx->entries[count - 1] = *entry;
			entry->rows = NULL;
		}
	}
	/* After an error the context still frees all. */
	if (!ret)
		ctx->count = count;
	return ret;
}
