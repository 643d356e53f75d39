/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A context and its functions, for the library's files. Levels, each built on those
 * after it: path, verdict, sentence (path.h) > function, st_table > config >
 * source (source.h: live, dump) > context.
 */
#ifndef LIBTPH_INTERNAL_H
#define LIBTPH_INTERNAL_H

#include <linux/pci_regs.h>

#include "tph/tph.h"

struct source_ops;

#define ROW_BYTES 16

/* A line of a dump: bytes of configuration space from @index * ROW_BYTES on. */
struct row {
	uint8_t index, count;
	uint8_t bytes[ROW_BYTES];
};

/* A function of a context. */
struct entry {
	struct tph_bdf bdf;
	struct tph_function *function; /* NULL until it is asked for, see function_of() */
	/* Of a dump: the line that names the function, and its rows, by index. */
	unsigned line;
	struct row *rows;
	uint16_t row_count, rows_allocated;
};

struct tph_ctx {
	unsigned references;
	struct tph_log log;
	struct entry *entries; /* in the order of tph_bdf_compare() */
	size_t count, allocated;
	const struct source_ops *ops;
	void *source; /* data of ops */
};

/* ---- context.c ---- */

struct tph_ctx *ctx_new(const struct tph_log *log, const struct source_ops *ops);
/* A new entry at the end, or NULL: no memory. Entries are sorted by ctx_sort() in the end. */
struct entry *ctx_add(struct tph_ctx *ctx, const struct tph_bdf *bdf);
/* By address; entries with one address by line. */
void ctx_sort(struct tph_ctx *ctx);
struct entry *ctx_find(const struct tph_ctx *ctx, const struct tph_bdf *bdf);
/* The function's folder in sysfs, to be closed; -ENODEV: no such function; -EOPNOTSUPP: a dump. */
int ctx_open_folder(struct tph_ctx *ctx, const struct tph_bdf *bdf);
/* The first entry that is not below @bdf; ctx->count: all are. */
size_t ctx_lower_bound(const struct tph_ctx *ctx, const struct tph_bdf *bdf);
__attribute__((format(printf, 3, 4))) void
ctx_log(const struct tph_ctx *ctx, enum tph_log_level level, const char *format, ...);

/* ---- config.c: a function's configuration space as far as it is visible ---- */

struct config {
	struct tph_ctx *ctx;
	struct entry *entry;
	uint16_t bytes;
	bool silent; /* reads as all ones */
};

void config_open(struct config *c, struct tph_ctx *ctx, struct entry *entry);
/* TPH_SEEN_YES, or TPH_SEEN_NOT_VISIBLE and @value is not written. */
enum tph_seen config_get8(const struct config *c, unsigned offset, uint8_t *value);
enum tph_seen config_get16(const struct config *c, unsigned offset, uint16_t *value);
enum tph_seen config_get32(const struct config *c, unsigned offset, uint32_t *value);
/* Finds a capability of at least @len bytes. Its offset is written if it is there. */
enum tph_seen config_find(const struct config *c, uint8_t id, unsigned len, uint16_t *offset);
enum tph_seen config_find_ext(const struct config *c, uint16_t id, unsigned len, uint16_t *offset);

/* ---- function.c ---- */

/* Decodes on the first call; @f belongs to the context. 0 or -ENOMEM. */
int function_of(struct tph_ctx *ctx, struct entry *entry, const struct tph_function **f);

#endif
