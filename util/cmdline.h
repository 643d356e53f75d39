/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The words of a kernel's command line. */
#ifndef UTIL_CMDLINE_H
#define UTIL_CMDLINE_H

#include <stdbool.h>
#include <string.h>

/*
 * Returns the next word of *@rest and moves *@rest behind it. The word may be empty; after the last
 * word *@rest is empty. Quotes are removed in place; blanks between them belong to the word, as in
 * next_arg() of the kernel.
 */
static inline char *cmdline_next_word(char **rest)
{
	char *word = *rest, *out = word, *at = word;
	bool quoted = false;

	for (; *at && (quoted || !strchr(" \t\n", *at)); at++)
		if (*at == '"')
			quoted = !quoted;
		else
			*out++ = *at;
	*rest = *at ? at + 1 : at;
	*out = '\0';
	return word;
}

#endif
