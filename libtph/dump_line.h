/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Parses one line of a dump, without those around it. */
#ifndef LIBTPH_DUMP_LINE_H
#define LIBTPH_DUMP_LINE_H

#include <stdbool.h>
#include <stdint.h>

#include "libtph/internal.h"

enum line_kind {
	LINE_TEXT,
	LINE_BLANK,   /* nothing, or only marks of a quotation */
	LINE_HUNK,    /* of a diff: what follows is from another place of the file */
	LINE_HEADING, /* a function's address, then its class and name */
	LINE_ROW,     /* an offset and bytes */
	LINE_REPEAT,  /* of hexdump: up to the next offset all rows equal the one before */
	LINE_END,     /* of hexdump: the offset where the bytes end */
};

struct line {
	enum line_kind kind;
	/*
	 * Hash of what precedes the address or the offset: marks of a quotation, a time, the
	 * name of a host. Equal for lines of one function. Of LINE_TEXT: of the whole line; 0:
	 * it is not a prefix.
	 */
	uint64_t prefix;
	struct tph_bdf bdf; /* of LINE_HEADING */
	bool titled;	    /* a class and a name follow, so it is not other text */
	struct row row;	    /* of LINE_ROW; count 0: there are more than 16 bytes */
	bool hexdump;	    /* of LINE_ROW: hexdump -C wrote it */
	unsigned end;	    /* of LINE_END, bytes */
};

void line_parse(const char *text, struct line *line);

#endif
