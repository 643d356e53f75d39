/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The writes to an accelerator over time, in bins of one width. */
#ifndef LAB_REPORT_TIMELINE_H
#define LAB_REPORT_TIMELINE_H

#include "lab/report/trace.h"

enum { TIMELINE_BINS = 88, TIMELINE_BURSTS_MAX = 12 };

/* A period with writes close to each other. The gaps between two bursts are cut out. */
struct burst {
	size_t first, last; /* writes */
	unsigned bin;	    /* where it begins on the axis */
};

struct timeline {
	struct burst bursts[TIMELINE_BURSTS_MAX];
	unsigned burst_count;
	double bin_ns;
	unsigned tlps[TIMELINE_BINS][TRACE_HINTS_MAX];
	bool sent[TRACE_PORTS_MAX][TIMELINE_BINS];
};

/* @timeline is zero at first, and stays zero where @summary has no write. */
void timeline_make(struct timeline *timeline, const struct trace_summary *summary);

#endif
