/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBTPH_DUMP_JOIN_H
#define LIBTPH_DUMP_JOIN_H

struct tph_ctx;

/*
 * Sorts the functions of a dump and joins those with one address: if their bytes agree, the
 * result has the rows of all; else the last counts, and the log has the lines. 0 or -ENOMEM.
 */
int dump_join(struct tph_ctx *ctx);

#endif
