// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libtph/internal.h"
#include "libtph/source.h"

struct tph_ctx *ctx_new(const struct tph_log *log, const struct source_ops *ops)
{
	struct tph_ctx *ctx = calloc(1, sizeof(*ctx));

	if (!ctx)
		return NULL;
	ctx->references = 1;
	ctx->ops = ops;
	if (log)
		ctx->log = *log;
	return ctx;
}

struct tph_ctx *tph_ctx_ref(struct tph_ctx *ctx)
{
	if (ctx)
		ctx->references++;
	return ctx;
}

struct tph_ctx *tph_ctx_unref(struct tph_ctx *ctx)
{
	if (!ctx || --ctx->references)
		return NULL;
	ctx->ops->close(ctx);
	for (size_t i = 0; i < ctx->count; i++) {
		free(ctx->entries[i].function);
		free(ctx->entries[i].rows);
	}
	free(ctx->entries);
	free(ctx);
	return NULL;
}

bool tph_ctx_is_dump(const struct tph_ctx *ctx)
{
	return ctx->ops->is_dump;
}

void ctx_log(const struct tph_ctx *ctx, enum tph_log_level level, const char *format, ...)
{
	char message[512];
	va_list args;

	if (!ctx->log.fn)
		return;
	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	ctx->log.fn(ctx->log.data, level, message);
}

struct entry *ctx_add(struct tph_ctx *ctx, const struct tph_bdf *bdf)
{
	struct entry *entry;

	if (ctx->count == ctx->allocated) {
		size_t n = ctx->allocated ? 2 * ctx->allocated : 64;
		struct entry *more = reallocarray(ctx->entries, n, sizeof(*more));

		if (!more)
			return NULL;
		ctx->entries = more;
		ctx->allocated = n;
	}
	entry = &ctx->entries[ctx->count++];
	*entry = (struct entry){.bdf = *bdf};
	return entry;
}

static int compare_entries(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int order = tph_bdf_compare(&x->bdf, &y->bdf);

	return order ? order : (x->line > y->line) - (x->line < y->line);
}

void ctx_sort(struct tph_ctx *ctx)
{
	if (ctx->count)
		qsort(ctx->entries, ctx->count, sizeof(ctx->entries[0]), compare_entries);
}

size_t ctx_lower_bound(const struct tph_ctx *ctx, const struct tph_bdf *bdf)
{
	size_t begin = 0, end = ctx->count;

	while (begin < end) {
		size_t middle = begin + (end - begin) / 2;

		if (tph_bdf_compare(&ctx->entries[middle].bdf, bdf) < 0)
			begin = middle + 1;
		else
			end = middle;
	}
	return begin;
}

struct entry *ctx_find(const struct tph_ctx *ctx, const struct tph_bdf *bdf)
{
	size_t i = ctx_lower_bound(ctx, bdf);

	return i < ctx->count && !tph_bdf_compare(&ctx->entries[i].bdf, bdf) ? &ctx->entries[i]
									     : NULL;
}

int ctx_open_folder(struct tph_ctx *ctx, const struct tph_bdf *bdf)
{
	struct entry *entry = ctx_find(ctx, bdf);
	int folder;

	if (!entry)
		return -ENODEV;
	if (!ctx->ops->open_folder)
		return -EOPNOTSUPP;
	folder = ctx->ops->open_folder(ctx, entry);
	return folder == -ENOENT ? -ENODEV : folder;
}

bool tph_ctx_has(const struct tph_ctx *ctx, const struct tph_bdf *bdf)
{
	return ctx_find(ctx, bdf);
}
