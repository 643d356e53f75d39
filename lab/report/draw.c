// SPDX-License-Identifier: GPL-2.0-or-later
#include "lab/report/draw.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lab/report/html.h"

/*
 * Units of the drawings. They are scaled to what the page has room for, from
 * about 330 to 560 pixels, so no text is smaller than 13 of them.
 */
enum {
	WIDTH = 400,
	LINE = 18, /* of text */

	BOX_RIGHT = 334,
	LANE_STEP = 20,
	INDENT = 20,

	BURSTS_MAX = 12,
	GAP_BINS = 2,
	SENDER_LINE = 16,
	BINS = 88,
	BAR = 4,
	PLOT_LEFT = WIDTH - BINS * BAR,
	PLOT_TOP = 22,
	PLOT_HEIGHT = 150,
};

void draw_patterns(FILE *out)
{
	static const char *const strokes[SERIES_MAX] = {
		[2] = "M0 6L6 0", [3] = "M0 0L6 6",	[4] = "M0 3H6",
		[5] = "M3 0V6",	  [6] = "M0 3H6M3 0V6", [7] = "M0 6L6 0M0 0L6 6",
	};

	fputs("<svg width=\"0\" height=\"0\" class=\"defs\" aria-hidden=\"true\"><defs>", out);
	for (unsigned i = 2; i < SERIES_MAX; i++)
		fprintf(out,
			"<pattern id=\"p%u\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\">"
			"<path d=\"%s\" class=\"hatch\"/></pattern>",
			i, strokes[i]);
	fputs("</defs></svg>\n", out);
}

/* A rectangle in colour and pattern, so that neither is needed to tell series apart. */
static void fill_rect(FILE *out, unsigned series, double x, double y, double w, double h)
{
	fprintf(out, "<rect class=\"s%u\" x=\"%g\" y=\"%g\" width=\"%g\" height=\"%g\"/>", series,
		x, y, w, h);
	if (series >= 2)
		fprintf(out,
			"<rect fill=\"url(#p%u)\" x=\"%g\" y=\"%g\" width=\"%g\" height=\"%g\"/>",
			series, x, y, w, h);
}

void draw_swatch(FILE *out, unsigned series)
{
	fputs("<svg class=\"swatch\" viewBox=\"0 0 14 14\" aria-hidden=\"true\">", out);
	fill_rect(out, series, 0, 0, 14, 14);
	fputs("</svg>", out);
}

/* ---- the topology ---- */

/* Where the things stand: one below the other, each indented below the one it hangs on. */
struct layout {
	FILE *out;
	const struct summary *summary;
	int y;			   /* of the next box */
	int top[PORTS_MAX];	   /* of each port's box */
	int flow_y[FLOWS_MAX];	   /* where each flow leaves its sender */
	unsigned order[PORTS_MAX]; /* ports, as they stand */
	unsigned targets[PORTS_MAX], target_count;
};

static bool is_host(const struct port *port)
{
	return !strcmp(port->name, "host");
}

/* Requests; their completions go back the same way. */
static uint64_t requests(const struct flow *flow)
{
	return flow->tlps[TLP_MRD] + flow->tlps[TLP_MWR];
}

static int by_place(const void *a, const void *b, void *ports)
{
	const struct port *p = ports;
	const struct port *x = &p[*(const unsigned *)a], *y = &p[*(const unsigned *)b];

	/* The host is on top, and what is below one switch stands together. */
	if (is_host(x) != is_host(y))
		return is_host(y) - is_host(x);
	if (x->below_switch != y->below_switch)
		return x->below_switch < y->below_switch ? -1 : 1;
	return strcmp(x->name, y->name);
}

static bool drawn_from(const struct layout *l, unsigned flow, unsigned port)
{
	return l->summary->flows[flow].from == port && requests(&l->summary->flows[flow]);
}

static unsigned flows_from(const struct layout *l, unsigned port)
{
	unsigned count = 0;

	for (unsigned i = 0; i < l->summary->flow_count; i++)
		count += drawn_from(l, i, port);
	return count;
}

/* The vertical line that leads to a port; each port that gets requests has one. */
static int lane(struct layout *l, unsigned port)
{
	unsigned i = 0;

	while (i < l->target_count && l->targets[i] != port)
		i++;
	if (i == l->target_count)
		l->targets[l->target_count++] = port;
	return BOX_RIGHT + LANE_STEP * (int)(i + 1) - 6;
}

static void box(struct layout *l, int indent, int lines, const char *title, const char *more)
{
	fprintf(l->out,
		"<rect class=\"box\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"6\"/>",
		indent, l->y, BOX_RIGHT - indent, lines * LINE + 14);
	fprintf(l->out, "<text class=\"name\" x=\"%d\" y=\"%d\">", indent + 10, l->y + LINE + 3);
	html_text(l->out, title);
	fprintf(l->out, "</text><text class=\"more\" x=\"%d\" y=\"%d\" text-anchor=\"end\">",
		BOX_RIGHT - 10, l->y + LINE + 3);
	html_text(l->out, more);
	fputs("</text>", l->out);
}

static void text_line(struct layout *l, int indent, int line, const char *text)
{
	fprintf(l->out, "<text x=\"%d\" y=\"%d\">", indent + 10, l->y + line * LINE + 3);
	html_text(l->out, text);
	fputs("</text>", l->out);
}

static void flow_line(struct layout *l, int indent, int line, unsigned index)
{
	const struct flow *flow = &l->summary->flows[index];
	const char *kind = flow->hinted ? "hinted" : "plain";
	int y = l->y + line * LINE - 2;
	int x = lane(l, flow->to);

	l->flow_y[index] = y;
	fprintf(l->out, "<path class=\"flow %s\" d=\"M%d %dH%d\"/>", kind, BOX_RIGHT, y, x);
	fprintf(l->out, "<circle class=\"%s\" cx=\"%d\" cy=\"%d\" r=\"3\"/>", kind, x, y);
	fprintf(l->out, "<text class=\"%s\" x=\"%d\" y=\"%d\">\xe2\x86\x92 ", kind, indent + 10,
		y + 5);
	html_text(l->out, l->summary->ports[flow->to].name);
	if (flow->tlps[TLP_MWR]) {
		fputs(": ", l->out);
		html_number(l->out, flow->tlps[TLP_MWR]);
		fputs(" writes", l->out);
	}
	if (flow->tlps[TLP_MRD]) {
		fputs(flow->tlps[TLP_MWR] ? ", " : ": ", l->out);
		html_number(l->out, flow->tlps[TLP_MRD]);
		fputs(" reads", l->out);
	}
	if (flow->hinted) {
		fputs(", ", l->out);
		html_number(l->out, flow->hinted);
		fputs(" hinted", l->out);
	}
	fputs("</text>", l->out);
}

/* One line of text for each port that it sent requests to. */
static void flow_lines(struct layout *l, int indent, int line, unsigned port)
{
	for (unsigned i = 0; i < l->summary->flow_count; i++)
		if (drawn_from(l, i, port))
			flow_line(l, indent, line++, i);
}

/* The line of a tree that leads to the box at @y. */
static void branch(struct layout *l, int indent, int from_y)
{
	fprintf(l->out, "<path class=\"tree\" d=\"M%d %dV%dH%d\"/>", indent - INDENT / 2, from_y,
		l->y + LINE - 2, indent);
}

/* lab/lib/boot.sh has a port for each device, numbered as they are, but in the root complex. */
static void device_place(const struct layout *l, const struct port *port, char place[48])
{
	const char *topology = result_text(l->summary->result, "topology");
	unsigned n = 0;
	int len = 0;

	for (unsigned i = 1; strcmp(l->summary->ports[l->order[i]].name, port->name); i++)
		n += l->summary->ports[l->order[i]].below_switch == port->below_switch;
	if (port->below_switch)
		len = snprintf(place, 48, "downstream port %u, ", n);
	else if (!strcmp(topology, "rootport"))
		len = snprintf(place, 48, "root port %u, ", n);
	place[len] = '\0';
	if (port->has_id)
		snprintf(place + len, 48 - (size_t)len, "%02x:%02x.%x", port->id >> 8,
			 port->id >> 3 & 31, port->id & 7);
}

static void device_words(const struct layout *l, const struct port *port, char words[96])
{
	struct json_object *nic = port_nic(l->summary, port);

	if (nic && result_number(nic, "width"))
		snprintf(words, 96, "NIC %.40s, sends %d-bit tags", result_text(nic, "name"),
			 (int)result_number(nic, "width"));
	else if (nic)
		snprintf(words, 96, "NIC %.40s, sends no tags", result_text(nic, "name"));
	else
		snprintf(words, 96, "%s", port_is_accelerator(port) ? "accelerator" : "device");
}

static void device(struct layout *l, unsigned index, int indent, int from_y)
{
	const struct port *port = &l->summary->ports[index];
	int lines = 2 + (int)flows_from(l, index);
	char place[48], words[96];

	device_place(l, port, place);
	device_words(l, port, words);
	branch(l, indent, from_y);
	l->top[index] = l->y;
	box(l, indent, lines, port->name, place);
	text_line(l, indent, 2, words);
	flow_lines(l, indent, 3, index);
	l->y += lines * LINE + 24;
}

/* All flows to a port meet in its lane, and end in one arrow. */
static void draw_lane(struct layout *l, unsigned target)
{
	int x = lane(l, target), end = l->top[target] + 10, low = end, high = end;
	const char *kind = "plain";

	for (unsigned i = 0; i < l->summary->flow_count; i++) {
		const struct flow *flow = &l->summary->flows[i];

		if (flow->to != target || !requests(flow))
			continue;
		if (flow->hinted)
			kind = "hinted";
		low = l->flow_y[i] > low ? l->flow_y[i] : low;
		high = l->flow_y[i] < high ? l->flow_y[i] : high;
	}
	fprintf(l->out, "<path class=\"flow %s\" d=\"M%d %dV%dM%d %dH%d\"/>", kind, x, low, high, x,
		end, BOX_RIGHT + 4);
	fprintf(l->out, "<path class=\"%s\" d=\"M%d %dl8 -4v8z\"/>", kind, BOX_RIGHT, end);
}

static unsigned switches(const struct summary *summary)
{
	unsigned count = 0;

	for (unsigned i = 0; i < summary->port_count; i++)
		if (summary->ports[i].below_switch > count)
			count = summary->ports[i].below_switch;
	return count;
}

/* Returns where the branches to what is below it begin. */
static int draw_host(struct layout *l, unsigned host)
{
	int lines = 1 + (int)flows_from(l, host);

	l->top[host] = l->y;
	box(l, 1, lines, "host", "CPU, memory, root complex");
	flow_lines(l, 1, 2, host);
	l->y += lines * LINE + 24;
	return l->y - 10;
}

/* Likewise. */
static int draw_switch(struct layout *l, unsigned number, int from_y)
{
	char title[24];

	snprintf(title, sizeof(title), switches(l->summary) > 1 ? "switch %u" : "switch", number);
	branch(l, 1 + INDENT, from_y);
	box(l, 1 + INDENT, 1, title, "peers meet here");
	l->y += LINE + 24;
	return l->y - 10;
}

/* Each below its switch, or the host. */
static void draw_devices(struct layout *l, int host_y)
{
	int indent = 1 + INDENT, from_y = host_y;
	unsigned below = 0;

	for (unsigned i = 1; i < l->summary->port_count; i++) {
		const struct port *port = &l->summary->ports[l->order[i]];

		if (port->below_switch != below) {
			below = port->below_switch;
			from_y = draw_switch(l, below, host_y);
			indent = 1 + 2 * INDENT;
		}
		device(l, l->order[i], indent, from_y);
	}
}

/* A viewBox needs the height before what is in it is drawn. */
static int topology_height(const struct layout *l)
{
	int lines = 0;

	for (unsigned i = 0; i < l->summary->port_count; i++)
		lines += (is_host(&l->summary->ports[i]) ? 1 : 2) + (int)flows_from(l, i);
	return lines * LINE + 24 * (int)l->summary->port_count +
	       (LINE + 24) * (int)switches(l->summary);
}

void draw_topology(FILE *out, const struct summary *summary)
{
	const char *topology = result_text(summary->result, "topology");
	struct layout l = {.out = out, .summary = summary, .y = 2};

	for (unsigned i = 0; i < summary->port_count; i++)
		l.order[i] = i;
	qsort_r(l.order, summary->port_count, sizeof(*l.order), by_place, (void *)summary->ports);
	fprintf(out,
		"<svg class=\"drawing\" viewBox=\"0 0 %d %d\" role=\"img\" aria-labelledby=\"tt td\">"
		"<title id=\"tt\">The devices and where their requests went</title><desc id=\"td\">Topology ",
		WIDTH, topology_height(&l));
	html_text(out, topology);
	fputs(": the host on top, the devices below it; lines lead from each sender to each receiver. "
	      "The table that follows has the same numbers.</desc>",
	      out);
	if (!summary->port_count || !is_host(&summary->ports[l.order[0]])) {
		fputs("</svg>", out);
		return;
	}
	draw_devices(&l, draw_host(&l, l.order[0]));
	for (unsigned i = 0; i < l.target_count; i++)
		draw_lane(&l, l.targets[i]);
	fputs("</svg>\n", out);
}

/* ---- the timeline ---- */

/* A while in which TLPs came, one close behind the other. What lies between is cut out. */
struct burst {
	size_t first, last; /* writes */
	unsigned bin, bins; /* its place on the axis */
};

struct timeline {
	const struct summary *summary;
	struct burst bursts[BURSTS_MAX];
	unsigned burst_count;
	unsigned bins_used; /* those of the gaps are empty */
	double bin_ns;
	unsigned count[BINS][SERIES_MAX];
	unsigned from[PORTS_MAX][BINS];
	unsigned highest;
};

static uint64_t gap_before(const struct summary *s, size_t i)
{
	return s->writes[i].time_ns - s->writes[i - 1].time_ns;
}

static int longest_first(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x < y) - (x > y);
}

/* Gaps longer than this are cut out: those of more than 1% of the time, the longest ones. */
static uint64_t gap_limit(const struct summary *s)
{
	uint64_t span = s->writes[s->write_count - 1].time_ns - s->writes[0].time_ns;
	uint64_t longest[BURSTS_MAX] = {0}; /* the last is the one that is one too many */

	for (size_t i = 1; i < s->write_count; i++) {
		uint64_t gap = gap_before(s, i);

		if (gap <= longest[BURSTS_MAX - 1])
			continue;
		longest[BURSTS_MAX - 1] = gap;
		qsort(longest, BURSTS_MAX, sizeof(*longest), longest_first);
	}
	return longest[BURSTS_MAX - 1] > span / 100 ? longest[BURSTS_MAX - 1] : span / 100;
}

static uint64_t burst_ns(const struct summary *s, const struct burst *b)
{
	return s->writes[b->last].time_ns - s->writes[b->first].time_ns + 1;
}

static void find_bursts(struct timeline *t)
{
	const struct summary *s = t->summary;
	uint64_t limit = gap_limit(s);

	t->burst_count = 1;
	for (size_t i = 1; i < s->write_count; i++) {
		if (gap_before(s, i) > limit)
			t->bursts[t->burst_count++].first = i;
		t->bursts[t->burst_count - 1].last = i;
	}
}

/* All bursts to the same scale, one after the other with a gap between; a short one has a bin too.
 */
/* Times of a trace may run backwards, and then their differences are anything. */
static unsigned bins_in(const struct timeline *t, uint64_t ns)
{
	double bins = (double)ns / t->bin_ns;

	return bins < BINS ? (unsigned)bins : BINS;
}

static void place_bursts(struct timeline *t)
{
	unsigned free_bins = BINS - GAP_BINS * (t->burst_count - 1) - t->burst_count;
	uint64_t total = 0;

	for (unsigned i = 0; i < t->burst_count; i++)
		total += burst_ns(t->summary, &t->bursts[i]);
	t->bin_ns = total > free_bins ? (double)total / free_bins : 1;
	for (unsigned i = 0; i < t->burst_count; i++) {
		struct burst *b = &t->bursts[i];

		b->bin = t->bins_used;
		b->bins = 1 + bins_in(t, burst_ns(t->summary, b));
		t->bins_used += b->bins + (i + 1 < t->burst_count ? GAP_BINS : 0);
	}
}

static void fill_burst(struct timeline *t, const struct burst *b)
{
	const struct summary *s = t->summary;

	for (size_t i = b->first; i <= b->last; i++) {
		const struct write *w = &s->writes[i];
		uint64_t ns = w->time_ns - s->writes[b->first].time_ns;
		unsigned bin = b->bin + bins_in(t, ns);
		unsigned sum = 0;

		bin = bin < BINS ? bin : BINS - 1;
		t->count[bin][w->series]++;
		t->from[w->from][bin]++;
		for (unsigned k = 0; k < SERIES_MAX; k++)
			sum += t->count[bin][k];
		t->highest = sum > t->highest ? sum : t->highest;
	}
}

/* 1, 2 or 5 times a power of ten, between a quarter and a half of @max */
static unsigned tick_step(unsigned max)
{
	unsigned step = 1;

	while (step * 10 <= max / 2)
		step *= 10;
	return step * 5 <= max / 2 ? step * 5 : step * 2 <= max / 2 ? step * 2 : step;
}

static void draw_counts(FILE *out, const struct timeline *t)
{
	unsigned step = tick_step(t->highest);

	for (unsigned v = 0; v <= t->highest; v += step) {
		double y = PLOT_TOP + PLOT_HEIGHT * (1 - (double)v / t->highest);

		fprintf(out,
			"<path class=\"grid\" d=\"M%d %gH%d\"/><text class=\"more\" x=\"%d\" y=\"%g\" "
			"text-anchor=\"end\">%u</text>",
			PLOT_LEFT, y, WIDTH, PLOT_LEFT - 6, y + 4, v);
	}
	fprintf(out, "<text class=\"more\" x=\"0\" y=\"13\">TLPs in each %.2g ms</text>",
		t->bin_ns / 1e6);
}

/* Below the axis when each burst began, as far as there is room for it. */
static void draw_times(FILE *out, const struct timeline *t, int y)
{
	const struct summary *s = t->summary;
	int free_from = 0;

	for (unsigned i = 0; i < t->burst_count; i++) {
		const struct burst *b = &t->bursts[i];
		uint64_t ns = s->writes[b->first].time_ns - s->writes[0].time_ns;
		int x = PLOT_LEFT + (int)b->bin * BAR;

		if (x < free_from)
			continue;
		fprintf(out, "<text class=\"more\" x=\"%d\" y=\"%d\">%" PRIu64 "</text>", x, y,
			ns / 1000000);
		free_from = x + 36;
	}
	fprintf(out, "<text class=\"more\" x=\"0\" y=\"%d\">ms</text>", y);
}

static void draw_bars(FILE *out, const struct timeline *t)
{
	for (unsigned bin = 0; bin < BINS; bin++) {
		double y = PLOT_TOP + PLOT_HEIGHT;

		for (unsigned k = 0; k < SERIES_MAX; k++) {
			double h = (double)PLOT_HEIGHT * t->count[bin][k] / t->highest;

			if (!t->count[bin][k])
				continue;
			y -= h;
			fill_rect(out, k, PLOT_LEFT + (int)bin * BAR, y, BAR, h);
		}
	}
}

static bool draw_sender(FILE *out, const struct timeline *t, unsigned port, int y)
{
	bool any = false;

	for (unsigned bin = 0; bin < BINS; bin++) {
		if (!t->from[port][bin])
			continue;
		any = true;
		fprintf(out, "<rect class=\"sent\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"8\"/>",
			PLOT_LEFT + (int)bin * BAR, y + 2, BAR);
	}
	if (!any)
		return false;
	fprintf(out, "<text class=\"more\" x=\"0\" y=\"%d\">", y + 10);
	html_text(out, t->summary->ports[port].name);
	fputs("</text>", out);
	return true;
}

static int senders(const struct summary *s)
{
	bool seen[PORTS_MAX] = {false};
	int count = 0;

	for (size_t i = 0; i < s->write_count; i++) {
		count += !seen[s->writes[i].from];
		seen[s->writes[i].from] = true;
	}
	return count;
}

void draw_timeline(FILE *out, const struct summary *summary)
{
	struct timeline t = {.summary = summary};
	int y = PLOT_TOP + PLOT_HEIGHT + 6, bottom;

	if (!summary->write_count)
		return;
	bottom = y + SENDER_LINE * senders(summary) + 14;
	find_bursts(&t);
	place_bursts(&t);
	for (unsigned i = 0; i < t.burst_count; i++)
		fill_burst(&t, &t.bursts[i]);
	fprintf(out,
		"<svg class=\"drawing\" viewBox=\"0 0 %d %d\" role=\"img\" aria-labelledby=\"ct cd\">"
		"<title id=\"ct\">Writes to the accelerator over time, by hint</title>"
		"<desc id=\"cd\">%zu TLPs in %u bursts, stacked by hint; below the axis which device "
		"sent them and when each burst began. The table that follows has the sums.</desc>",
		WIDTH, bottom + 5, summary->write_count, t.burst_count);
	draw_counts(out, &t);
	draw_bars(out, &t);
	for (unsigned p = 0; p < summary->port_count; p++)
		if (draw_sender(out, &t, p, y))
			y += SENDER_LINE;
	draw_times(out, &t, bottom);
	fputs("</svg>\n", out);
}
