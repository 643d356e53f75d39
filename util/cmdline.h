/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The words of a kernel's command line. */
#ifndef UTIL_CMDLINE_H
#define UTIL_CMDLINE_H

#include <stdbool.h>
#include <string.h>

/*
 * Takes the next word off @rest, where it is changed, without its quotes; within them blanks belong
 * to it, as in next_arg() of the kernel. It may be empty; *@rest is empty after the last one.
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
