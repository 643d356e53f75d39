// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libtph/internal.h"

struct tph_ctx *ctx_new(const struct tph_log *log)
{
	struct tph_ctx *ctx = calloc(1, sizeof(*ctx));

	if (!ctx)
		return NULL;
	ctx->references = 1;
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
	live_close(ctx);
	for (size_t i = 0; i < ctx->count; i++)
		free(ctx->entries[i].bytes);
	free(ctx->entries);
	free(ctx->sysfs);
	free(ctx);
	return NULL;
}

bool tph_ctx_is_dump(const struct tph_ctx *ctx)
{
	return !ctx->access;
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
	return tph_bdf_compare(&((const struct entry *)a)->bdf, &((const struct entry *)b)->bdf);
}

int ctx_sort(struct tph_ctx *ctx)
{
	char text[TPH_BDF_CHARS];

	if (ctx->count)
		qsort(ctx->entries, ctx->count, sizeof(ctx->entries[0]), compare_entries);
	for (size_t i = 1; i < ctx->count; i++) {
		if (compare_entries(&ctx->entries[i - 1], &ctx->entries[i]))
			continue;
		ctx_log(ctx, TPH_LOG_ERROR, "%s is there twice",
			tph_bdf_format(&ctx->entries[i].bdf, text));
		return -EEXIST;
	}
	return 0;
}

struct entry *ctx_find(const struct tph_ctx *ctx, const struct tph_bdf *bdf)
{
	struct entry key = {.bdf = *bdf};

	if (!ctx->count)
		return NULL;
	return bsearch(&key, ctx->entries, ctx->count, sizeof(key), compare_entries);
}

bool tph_ctx_has(const struct tph_ctx *ctx, const struct tph_bdf *bdf)
{
	return ctx_find(ctx, bdf);
}

static bool is_unknown(enum tph_seen seen)
{
	return seen != TPH_SEEN_NO && seen != TPH_SEEN_YES;
}

static unsigned roles(struct tph_ctx *ctx, struct entry *entry)
{
	struct tph_function f = {0};
	struct config config;
	unsigned what = 0;

	config_open(&config, ctx, entry);
	function_decode(&config, &f);
	if (f.requester.seen == TPH_SEEN_YES)
		what |= TPH_LIST_REQUESTERS;
	if (f.completer.type == TPH_COMPLETER_8 || f.completer.type == TPH_COMPLETER_16)
		what |= TPH_LIST_COMPLETERS;
	if (is_unknown(f.requester.seen) || is_unknown(f.completer.seen))
		what |= TPH_LIST_UNKNOWN;
	return what;
}

int tph_ctx_list(struct tph_ctx *ctx, unsigned what, struct tph_bdf **list, size_t *count)
{
	struct tph_bdf *found;
	size_t n = 0;

	if (!what ||
	    what & ~(TPH_LIST_REQUESTERS | TPH_LIST_COMPLETERS | TPH_LIST_UNKNOWN | TPH_LIST_ALL))
		return -EINVAL;
	found = calloc(ctx->count + 1, sizeof(*found));
	if (!found)
		return -ENOMEM;
	for (size_t i = 0; i < ctx->count; i++)
		if (what & TPH_LIST_ALL || what & roles(ctx, &ctx->entries[i]))
			found[n++] = ctx->entries[i].bdf;
	*list = found;
	*count = n;
	return 0;
}
