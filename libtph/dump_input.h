/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The lines of a file that somebody calls a dump. */
#ifndef LIBTPH_DUMP_INPUT_H
#define LIBTPH_DUMP_INPUT_H

#include <stdbool.h>
#include <stdio.h>

#define INPUT_LINE_CHARS 1024

struct input {
	FILE *file;
	char line[INPUT_LINE_CHARS]; /* what follows is dropped; NUL-terminated */
	unsigned number;	     /* of the line, from 1 on */
	bool binary;		     /* there was a NUL */
	bool doubled;		     /* a blank line was put behind each, as far as is known */
	size_t at, have;	     /* in @block */
	char block[8192];
};

/* Reads the first block. 0, or a negative errno of reading. */
int input_begin(struct input *in, FILE *file);

/* What the file is where it is no text, and what to do; NULL: it may be a dump. */
const char *input_problem(const struct input *in);

/* The next line, without its end, no-break spaces as blanks. 0: none is left; 1; a negative errno.
 */
int input_next(struct input *in);

#endif
