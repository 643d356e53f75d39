// SPDX-License-Identifier: GPL-2.0-or-later
#include "lab/report/timeline.h"

#include <stdlib.h>

enum { GAP_BINS = 2 };

static uint64_t gap_before(const struct trace_summary *s, size_t i)
{
	return s->writes[i].time_ns - s->writes[i - 1].time_ns;
}

static int longest_first(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x < y) - (x > y);
}

/* Gaps longer than this are cut out: those of more than 1 % of the time, the longest ones. */
static uint64_t gap_limit(const struct trace_summary *s)
{
	uint64_t span = s->writes[s->write_count - 1].time_ns - s->writes[0].time_ns;
	uint64_t longest[TIMELINE_BURSTS_MAX] = {0}; /* the last is the first that stays */

	for (size_t i = 1; i < s->write_count; i++) {
		uint64_t gap = gap_before(s, i);

		if (gap <= longest[TIMELINE_BURSTS_MAX - 1])
			continue;
		longest[TIMELINE_BURSTS_MAX - 1] = gap;
		qsort(longest, TIMELINE_BURSTS_MAX, sizeof(*longest), longest_first);
	}
	return longest[TIMELINE_BURSTS_MAX - 1] > span / 100 ? longest[TIMELINE_BURSTS_MAX - 1]
							     : span / 100;
}

/* At least 1. */
static double burst_ns(const struct trace_summary *s, const struct burst *b)
{
	return (double)(s->writes[b->last].time_ns - s->writes[b->first].time_ns) + 1;
}

static void find_bursts(struct timeline *t, const struct trace_summary *s)
{
	uint64_t limit = gap_limit(s);

	t->burst_count = 1;
	for (size_t i = 1; i < s->write_count; i++) {
		if (gap_before(s, i) > limit)
			t->bursts[t->burst_count++].first = i;
		t->bursts[t->burst_count - 1].last = i;
	}
}

/*
 * All bursts to one scale, one after the other with a gap between. Each has one
 * bin more than its time fills, so that a short one is seen, too.
 */
static void place_bursts(struct timeline *t, const struct trace_summary *s)
{
	unsigned bins = TIMELINE_BINS - GAP_BINS * (t->burst_count - 1) - t->burst_count, at = 0;
	double total = 0;

	for (unsigned i = 0; i < t->burst_count; i++)
		total += burst_ns(s, &t->bursts[i]);
	t->bin_ns = total / bins;
	for (unsigned i = 0; i < t->burst_count; i++) {
		t->bursts[i].bin = at;
		at += 1 + (unsigned)(burst_ns(s, &t->bursts[i]) / t->bin_ns) + GAP_BINS;
	}
}

static void fill_burst(struct timeline *t, const struct trace_summary *s, const struct burst *b)
{
	for (size_t i = b->first; i <= b->last; i++) {
		const struct trace_write *w = &s->writes[i];
		double ns = (double)(w->time_ns - s->writes[b->first].time_ns);
		unsigned bin = b->bin + (unsigned)(ns / t->bin_ns);

		bin = bin < TIMELINE_BINS ? bin : TIMELINE_BINS - 1;
		t->tlps[bin][w->hint]++;
		t->sent[w->from][bin] = true;
	}
}

void timeline_make(struct timeline *timeline, const struct trace_summary *summary)
{
	if (!summary->write_count)
		return;
	find_bursts(timeline, summary);
	place_bursts(timeline, summary);
	for (unsigned i = 0; i < timeline->burst_count; i++)
		fill_burst(timeline, summary, &timeline->bursts[i]);
}
