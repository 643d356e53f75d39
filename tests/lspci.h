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

/*
 * A register by its name for setpci, such as "ECAP_TPH+8.l". @options choose the function, and the
 * machine: "-s 0000:01:00.0".
 */
unsigned long setpci(const char *options, const char *reg);
/* The ST table in the capability. */
void setpci_entries(const char *options, unsigned count, uint16_t *tags);

#endif
