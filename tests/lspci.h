/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Compares what libtph decodes of a function with what lspci prints of it. Each
 * function fails the running test where the two differ.
 */
#ifndef TESTS_LSPCI_H
#define TESTS_LSPCI_H

#include "tph/tph.h"

/* Returns what a shell command prints, to be freed. The command must succeed. */
char *output_of(const char *command);

/* Returns the section of one function in the output of `lspci -Dnvvv`, to be freed. */
char *lspci_paragraph(const char *all, const struct tph_bdf *bdf);

/* Compares each field that both have; @where is for the message. */
void lspci_compare(const char *where, const char *text, const struct tph_function *f);

/*
 * Reads a register by setpci's name for it, such as "ECAP_TPH+8.l". @options select the function,
 * "-s 0000:01:00.0", and a dump.
 */
unsigned long setpci(const char *options, const char *reg);
/* Reads @count entries of the ST table in the capability. */
void setpci_entries(const char *options, unsigned count, uint16_t *tags);

#endif
