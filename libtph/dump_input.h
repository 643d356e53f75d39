/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The lines of a file that is given as a dump, but can be any file. */
#ifndef LIBTPH_DUMP_INPUT_H
#define LIBTPH_DUMP_INPUT_H

#include <stdbool.h>
#include <stdio.h>

#define INPUT_LINE_CHARS 1024

struct input {
	FILE *file;
	char line[INPUT_LINE_CHARS]; /* a longer one is truncated; NUL-terminated */
	unsigned number;	     /* of the line, from 1 on */
	bool binary;		     /* there was a NUL */
	bool doubled;		     /* a blank line follows each line of the first block */
	size_t at, have;	     /* in @block */
	char block[8192];
};

/* Reads the first block. 0, or a negative errno of reading. */
int input_begin(struct input *in, FILE *file);

/* What the file is if it is not text, and what to do; NULL: it may be a dump. */
const char *input_problem(const struct input *in);

/* Reads the next line, without its end. Returns 1; 0: none is left; a negative errno. */
int input_next(struct input *in);

#endif
