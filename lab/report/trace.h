/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A trace, summed up: the TLPs by sender and receiver, and each write to an accelerator. */
#ifndef LAB_REPORT_TRACE_H
#define LAB_REPORT_TRACE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "fabric/trace_read.h"

enum {
	TRACE_HINTS_MAX = 8, /* 0 is "no hint", the last one "others" */
	TRACE_PORTS_MAX = 32,
	TRACE_FLOWS_MAX = TRACE_PORTS_MAX * TRACE_PORTS_MAX,
	TRACE_PACKETS_MAX = 4 << 20,
};

/* The writes to an accelerator that carried one hint. */
struct trace_hint {
	struct tlp_hint hint;
	uint64_t tlps, bytes;
};

struct trace_port {
	char name[TRACE_NAME_BYTES + 1];
	bool has_id;
	uint16_t id;
	unsigned below_switch; /* which one; 0: none */
	unsigned flit;	       /* its links in flit mode, as the event says */
};

struct trace_flow {
	unsigned from, to;   /* ports */
	uint64_t tlps[4];    /* by enum tlp_kind */
	uint64_t data_bytes; /* of MWr and CplD */
	uint64_t hinted, dropped;
	uint64_t flit; /* that arrived in the form of flit mode */
};

/* One write to an accelerator. */
struct trace_write {
	uint64_t time_ns; /* not less than that of the write before */
	uint8_t hint, from;
};

struct trace_summary {
	struct trace_hint hints[TRACE_HINTS_MAX];
	unsigned hint_count; /* without "others" */
	struct trace_port ports[TRACE_PORTS_MAX];
	unsigned port_count;
	struct trace_flow flows[TRACE_FLOWS_MAX];
	unsigned flow_count;
	struct trace_write *writes;
	size_t write_count, write_capacity;
	uint64_t tlps;

	/* What is not shown, or not as it is in the file. */
	uint64_t left_out; /* TLPs of ports beyond TRACE_PORTS_MAX */
	uint64_t backward; /* writes whose time was before that of the write before */
	bool cut;	   /* more than TRACE_PACKETS_MAX packets */
	bool broken;	   /* ends in an invalid packet */
};

/* Counts @hint separately from now on, while there are fewer than TRACE_HINTS_MAX. */
void trace_summary_add_hint(struct trace_summary *summary, const struct tlp_hint *hint);

/*
 * Sums up @file, and closes it. @summary is zero but for its hints. 0, -EBADMSG if
 * it is no trace, -EIO or -ENOMEM.
 */
int trace_summary_read(struct trace_summary *summary, FILE *file);
void trace_summary_free(struct trace_summary *summary);

#endif
