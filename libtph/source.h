/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where functions come from: this machine (live.c) or a file of lspci (dump.c).
 * Other files call struct source_ops, and ask only whether the source is a dump.
 */
#ifndef LIBTPH_SOURCE_H
#define LIBTPH_SOURCE_H

#include "libtph/internal.h"

struct source_ops {
	bool is_dump;

	/* Bytes of configuration space that can be read, from 0 on. */
	uint16_t (*visible_bytes)(struct tph_ctx *ctx, struct entry *entry);

	/* Configuration space at @offset; false unless all of it could be read. */
	bool (*read)(struct tph_ctx *ctx, struct entry *entry, unsigned offset, void *buf,
		     size_t len);

	/* IDs of a function that shows none, such as a virtual function. NULL: not known. */
	void (*read_ids)(struct tph_ctx *ctx, struct entry *entry, struct tph_function *f);

	/* Fills in @f->above; what is decoded of configuration space is in @f already. */
	void (*find_above)(struct tph_ctx *ctx, struct entry *entry, struct tph_function *f);

	/* Fills in @f->driver_seen and @f->driver. NULL: not available. */
	void (*find_driver)(struct tph_ctx *ctx, struct entry *entry, struct tph_function *f);

	/* The function's folder in sysfs, to be closed; a negative errno. NULL: not available. */
	int (*open_folder)(struct tph_ctx *ctx, struct entry *entry);

	/*
	 * Upper halves of the vector controls of the MSI-X table at @offset, bytes,
	 * of BAR @bar. NULL: not available.
	 */
	int (*read_msix_tags)(struct tph_ctx *ctx, struct entry *entry, unsigned bar,
			      uint64_t offset, uint16_t *tags, size_t count);

	/* Frees ctx->source, before the entries are freed. */
	void (*close)(struct tph_ctx *ctx);
};

#endif
