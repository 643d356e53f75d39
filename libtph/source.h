/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where functions come from: this machine (live.c) or a file of lspci (dump.c).
 * Nothing but those two files and the functions of the public header that make
 * a context knows which it is.
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

	/* Fills in @f->above; all else in @f is there. */
	void (*find_above)(struct tph_ctx *ctx, struct entry *entry, struct tph_function *f);

	/* Fills in @f->driver_seen and @f->driver. NULL: not to be had. */
	void (*find_driver)(struct tph_ctx *ctx, struct entry *entry, struct tph_function *f);

	/* The function's folder in sysfs, to be closed; a negative errno. NULL: not to be had. */
	int (*open_folder)(struct tph_ctx *ctx, struct entry *entry);

	/*
	 * Upper halves of the vector controls of the MSI-X table at @offset, bytes,
	 * of BAR @bar. NULL: not to be had.
	 */
	int (*read_msix_tags)(struct tph_ctx *ctx, struct entry *entry, unsigned bar,
			      uint64_t offset, uint16_t *tags, size_t count);

	/* Frees ctx->source. The entries are there still. */
	void (*close)(struct tph_ctx *ctx);
};

#endif
