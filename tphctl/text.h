/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TPHCTL_TEXT_H
#define TPHCTL_TEXT_H

/*
 * Makes text that is not trusted safe for a terminal, in place: each control
 * character, mark of direction and byte that is not UTF-8 becomes '?'. Names of
 * dma-bufs and processes, paths and arguments can hold any byte.
 */
void text_clean(char *text);

#endif
