/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBTPH_DUMP_TEXT_H
#define LIBTPH_DUMP_TEXT_H

#include <stdio.h>

struct tph_ctx;

/*
 * Adds the functions of @file, with their bytes, in the order of the file: a function
 * that is there twice is there twice. 0; -EBADMSG: it is no text; -ENODATA: there is no
 * function with bytes; errors of reading. The log says what.
 */
int dump_read_text(struct tph_ctx *ctx, FILE *file);

#endif
