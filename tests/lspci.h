/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Compare, do not trust: what libtph decodes of a function, and what lspci
 * prints of it. All of it fails the running test where something is different.
 */
#ifndef TESTS_LSPCI_H
#define TESTS_LSPCI_H

#include "tph/tph.h"

/* What a shell command prints, to be freed; it must succeed. */
char *output_of(const char *command);

/* The part about one function in what `lspci -Dnvvv` printed, to be freed. */
char *lspci_paragraph(const char *all, const struct tph_bdf *bdf);

/* Each field that both have; @where is for the message. */
void lspci_compare(const char *where, const char *text, const struct tph_function *f);

#endif
