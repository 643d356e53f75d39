// SPDX-License-Identifier: GPL-2.0-or-later
#include "lab/report/summary.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "lab/report/result.h"
#include "lab/report/text.h"
#include "lab/report/timeline.h"

static void put(struct json_object *object, const char *key, uint64_t number)
{
	json_object_object_add(object, key, json_object_new_uint64(number));
}

static struct json_object *put_list(struct json_object *object, const char *key)
{
	struct json_object *list = json_object_new_array();

	json_object_object_add(object, key, list);
	return list;
}

static struct json_object *append(struct json_object *list)
{
	struct json_object *object = json_object_new_object();

	json_object_array_add(list, object);
	return object;
}

struct json_object *summary_new(const char *result, size_t len)
{
	struct json_object *summary = result_parse(result, len);

	if (!summary)
		return NULL;
	put_list(summary, "notes");
	json_object_object_add(summary, "trace", NULL);
	json_object_object_add(summary, "log", json_object_new_string(""));
	return summary;
}

void summary_note(struct json_object *summary, const char *format, ...)
{
	char line[256];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	json_object_array_add(json_object_object_get(summary, "notes"),
			      text_visible(line, strlen(line), sizeof(line)));
}

void summary_add_log(struct json_object *summary, const char *bytes, size_t len)
{
	json_object_object_add(summary, "log", text_visible(bytes, len, len));
}

/* The trace. */

/* No hint, those of the pairs in their order, and the one that adds. */
static void expect_hints(struct trace_summary *trace, struct json_object *summary)
{
	static const struct tlp_hint none;
	struct json_object *pairs = json_object_object_get(summary, "pairs");
	struct tlp_hint hint;

	trace_summary_add_hint(trace, &none);
	for (size_t i = 0; i < json_object_array_length(pairs); i++) {
		hint = result_hint(json_object_array_get_idx(pairs, i));
		trace_summary_add_hint(trace, &hint);
	}
	hint = result_hint(json_object_object_get(summary, "add"));
	trace_summary_add_hint(trace, &hint);
}

static void put_hints(struct json_object *to, const struct trace_summary *trace)
{
	struct json_object *hints = put_list(to, "hints");

	for (unsigned i = 0; i < TRACE_HINTS_MAX; i++) {
		const struct trace_hint *hint = &trace->hints[i];
		struct json_object *object = append(hints);
		char st[8];

		snprintf(st, sizeof(st), "0x%x", hint->hint.st);
		put(object, "width", hint->hint.st_bits);
		json_object_object_add(object, "st", json_object_new_string(st));
		json_object_object_add(object, "ph",
				       json_object_new_string(tlp_ph_str(hint->hint.ph)));
		put(object, "tlps", hint->tlps);
		put(object, "bytes", hint->bytes);
	}
}

static void put_ports(struct json_object *to, const struct trace_summary *trace)
{
	struct json_object *ports = put_list(to, "ports");

	for (unsigned i = 0; i < trace->port_count; i++) {
		const struct trace_port *port = &trace->ports[i];
		struct json_object *object = append(ports);
		char id[16] = "";

		if (port->has_id)
			snprintf(id, sizeof(id), "%02x:%02x.%x", port->id >> 8, port->id >> 3 & 31,
				 port->id & 7);
		json_object_object_add(
			object, "name",
			text_visible(port->name, strlen(port->name), TRACE_NAME_BYTES));
		json_object_object_add(object, "id", json_object_new_string(id));
		put(object, "below_switch", port->below_switch);
		put(object, "flit", port->flit);
	}
}

static void put_flows(struct json_object *to, const struct trace_summary *trace)
{
	struct json_object *flows = put_list(to, "flows");

	for (unsigned i = 0; i < trace->flow_count; i++) {
		const struct trace_flow *flow = &trace->flows[i];
		struct json_object *object = append(flows);

		put(object, "from", flow->from);
		put(object, "to", flow->to);
		put(object, "writes", flow->tlps[TLP_MWR]);
		put(object, "reads", flow->tlps[TLP_MRD]);
		put(object, "completions", flow->tlps[TLP_CPL] + flow->tlps[TLP_CPLD]);
		put(object, "bytes", flow->data_bytes);
		put(object, "hinted", flow->hinted);
		put(object, "dropped", flow->dropped);
		put(object, "flit", flow->flit);
	}
}

static void put_bursts(struct json_object *to, const struct timeline *timeline,
		       const struct trace_summary *trace)
{
	struct json_object *bursts = put_list(to, "bursts");

	for (unsigned i = 0; i < timeline->burst_count; i++) {
		const struct burst *burst = &timeline->bursts[i];
		struct json_object *object = append(bursts);

		put(object, "bin", burst->bin);
		put(object, "start_ms",
		    (trace->writes[burst->first].time_ns - trace->writes[0].time_ns) / 1000000);
	}
}

static void put_bars(struct json_object *to, const struct timeline *timeline)
{
	struct json_object *bars = put_list(to, "bars");

	for (unsigned bin = 0; bin < TIMELINE_BINS; bin++) {
		for (unsigned hint = 0; hint < TRACE_HINTS_MAX; hint++) {
			struct json_object *object;

			if (!timeline->tlps[bin][hint])
				continue;
			object = append(bars);
			put(object, "bin", bin);
			put(object, "hint", hint);
			put(object, "tlps", timeline->tlps[bin][hint]);
		}
	}
}

static void put_senders(struct json_object *to, const struct timeline *timeline,
			const struct trace_summary *trace)
{
	struct json_object *senders = put_list(to, "senders");

	for (unsigned port = 0; port < trace->port_count; port++) {
		struct json_object *object = NULL, *bins = NULL;

		for (unsigned bin = 0; bin < TIMELINE_BINS; bin++) {
			if (!timeline->sent[port][bin])
				continue;
			if (!object) {
				object = append(senders);
				put(object, "port", port);
				bins = put_list(object, "bins");
			}
			json_object_array_add(bins, json_object_new_uint64(bin));
		}
	}
}

static void put_timeline(struct json_object *to, const struct trace_summary *trace)
{
	struct json_object *object = json_object_new_object();
	struct timeline timeline = {0};

	timeline_make(&timeline, trace);
	json_object_object_add(to, "timeline", object);
	put(object, "bins", TIMELINE_BINS);
	json_object_object_add(object, "bin_ms", json_object_new_double(timeline.bin_ns / 1e6));
	put_bursts(object, &timeline, trace);
	put_bars(object, &timeline);
	put_senders(object, &timeline, trace);
}

static void note_limits(struct json_object *summary, const struct trace_summary *trace)
{
	if (trace->cut)
		summary_note(summary, "The page covers the first %d packets of the trace.",
			     TRACE_PACKETS_MAX);
	if (trace->broken)
		summary_note(
			summary,
			"The trace ends in a packet that cannot be read; all before it is here.");
	if (trace->left_out)
		summary_note(summary,
			     "The trace has more than %d ports: %" PRIu64
			     " TLPs of the others are not shown.",
			     TRACE_PORTS_MAX, trace->left_out);
	if (trace->backward)
		summary_note(summary,
			     "The clock of the trace was set back: %" PRIu64
			     " writes are shown at the time of the write before.",
			     trace->backward);
}

static void put_trace(struct json_object *summary, const struct trace_summary *trace)
{
	struct json_object *object = json_object_new_object();

	json_object_object_add(summary, "trace", object);
	put(object, "tlps", trace->tlps);
	put_hints(object, trace);
	put_ports(object, trace);
	put_flows(object, trace);
	put_timeline(object, trace);
	note_limits(summary, trace);
}

void summary_add_trace(struct json_object *summary, FILE *file)
{
	struct trace_summary *trace = calloc(1, sizeof(*trace));
	int ret;

	if (!trace) {
		fclose(file);
		return;
	}
	expect_hints(trace, summary);
	ret = trace_summary_read(trace, file);
	if (ret)
		summary_note(summary, "The trace cannot be read: %s.", strerror(-ret));
	else if (!trace->tlps)
		summary_note(summary, "There is no TLP in the trace.");
	else
		put_trace(summary, trace);
	trace_summary_free(trace);
	free(trace);
}
