/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads a trace (doc/trace.md), and decodes it as the fabric does. */
#ifndef FABRIC_TRACE_READ_H
#define FABRIC_TRACE_READ_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "fabric/trace_format.h"

struct trace_packet {
	uint64_t time_ns; /* since 1970 */
	enum trace_kind kind;
	enum trace_direction direction;
	bool hint_dropped;
	char from[TRACE_NAME_BYTES + 1], to[TRACE_NAME_BYTES + 1];

	/* A TLP: @header_len bytes, then the payload; the first @captured of all @len are there. */
	struct tlp tlp;
	const uint8_t *bytes; /* valid until the next record is read */
	size_t header_len, captured, len;

	/* An event */
	uint64_t value;
	char text[64]; /* the first 63 bytes of it */
};

struct trace_reader;

/* Owns @file from now on, and closes it on an error. 0; -ENOMEM; -EBADMSG: @file is no trace. */
int trace_reader_open(struct trace_reader **out, FILE *file);
/* NULL is fine. */
void trace_reader_close(struct trace_reader *reader);
/* 1; 0: the end. -EBADMSG: an invalid record, or the file is cut. -EIO: cannot read. */
int trace_read(struct trace_reader *reader, struct trace_packet *packet);

#endif
