/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBTPH_DUMP_TEXT_H
#define LIBTPH_DUMP_TEXT_H

#include <stdio.h>

struct tph_ctx;

/*
 * Adds the functions of @file, with their bytes, in the order of the file, each as often as
 * it occurs. 0; -EBADMSG: input_problem() rejects the file; -ENODATA: it has no function
 * with bytes, or is not text; errors of reading. The log has the problem.
 */
int dump_read_text(struct tph_ctx *ctx, FILE *file);

#endif
