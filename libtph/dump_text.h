/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBTPH_DUMP_TEXT_H
#define LIBTPH_DUMP_TEXT_H

#include <stdio.h>

struct tph_ctx;

/*
 * Adds the functions of @file, with their bytes. 0; -EBADMSG: malformed, or a
 * function is there twice; -ENODATA: there is none; the log says what.
 */
int dump_read_text(struct tph_ctx *ctx, FILE *file);

#endif
