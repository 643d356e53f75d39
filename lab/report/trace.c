// SPDX-License-Identifier: GPL-2.0-or-later
#include "lab/report/trace.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool same_hint(const struct tlp_hint *a, const struct tlp_hint *b)
{
	return a->st_bits == b->st_bits && (!a->st_bits || (a->st == b->st && a->ph == b->ph));
}

static unsigned find_hint(const struct trace_summary *s, const struct tlp_hint *hint)
{
	for (unsigned i = 0; i < s->hint_count; i++)
		if (same_hint(&s->hints[i].hint, hint))
			return i;
	return TRACE_HINTS_MAX - 1;
}

void trace_summary_add_hint(struct trace_summary *s, const struct tlp_hint *hint)
{
	if (s->hint_count < TRACE_HINTS_MAX - 1 && find_hint(s, hint) == TRACE_HINTS_MAX - 1)
		s->hints[s->hint_count++].hint = *hint;
}

static int find_port(struct trace_summary *s, const char *name)
{
	for (unsigned i = 0; i < s->port_count; i++)
		if (!strcmp(s->ports[i].name, name))
			return (int)i;
	if (s->port_count == TRACE_PORTS_MAX)
		return -ENOSPC;
	snprintf(s->ports[s->port_count].name, sizeof(s->ports[0].name), "%s", name);
	return (int)s->port_count++;
}

static struct trace_flow *find_flow(struct trace_summary *s, unsigned from, unsigned to)
{
	for (unsigned i = 0; i < s->flow_count; i++)
		if (s->flows[i].from == from && s->flows[i].to == to)
			return &s->flows[i];
	s->flows[s->flow_count] = (struct trace_flow){.from = from, .to = to};
	return &s->flows[s->flow_count++];
}

/* A clock that was set back does not change the order of writes. */
static uint64_t write_time(struct trace_summary *s, uint64_t time_ns)
{
	uint64_t last = s->write_count ? s->writes[s->write_count - 1].time_ns : 0;

	if (time_ns >= last)
		return time_ns;
	s->backward++;
	return last;
}

static int add_write(struct trace_summary *s, const struct trace_packet *packet, unsigned from)
{
	unsigned hint = find_hint(s, &packet->tlp.hint);

	if (s->write_count == s->write_capacity) {
		size_t capacity = s->write_capacity ? 2 * s->write_capacity : 4096;
		struct trace_write *more = realloc(s->writes, capacity * sizeof(*more));

		if (!more)
			return -ENOMEM;
		s->writes = more;
		s->write_capacity = capacity;
	}
	s->writes[s->write_count] = (struct trace_write){
		.time_ns = write_time(s, packet->time_ns),
		.hint = (uint8_t)hint,
		.from = (uint8_t)from,
	};
	s->write_count++;
	s->hints[hint].tlps++;
	s->hints[hint].bytes += tlp_bytes(&packet->tlp);
	return 0;
}

static size_t data_bytes(const struct tlp *tlp)
{
	size_t capacity = tlp->length_dw * 4u - tlp->lower_addr % 4;

	switch (tlp->kind) {
	case TLP_MWR:
		return tlp_bytes(tlp);
	case TLP_CPLD:
		return capacity < tlp->byte_count ? capacity : tlp->byte_count;
	default:
		return 0;
	}
}

/* A device that sends no TLP has a port by its events alone. */
static void add_event(struct trace_summary *s, const struct trace_packet *packet)
{
	int port = find_port(s, packet->from);

	if (port < 0)
		return;
	if (!strcmp(packet->text, "requester_id")) {
		s->ports[port].has_id = true;
		s->ports[port].id = (uint16_t)packet->value;
	} else if (!strcmp(packet->text, "below_switch") && packet->value <= TRACE_PORTS_MAX) {
		s->ports[port].below_switch = (unsigned)packet->value;
	} else if (!strcmp(packet->text, "flit")) {
		s->ports[port].flit = packet->value & 3;
	}
}

static int add_tlp(struct trace_summary *s, const struct trace_packet *packet)
{
	int from = find_port(s, packet->from), to = find_port(s, packet->to);
	const struct tlp *tlp = &packet->tlp;
	struct trace_flow *flow;

	s->tlps++;
	if (from < 0 || to < 0) {
		s->left_out++;
		return 0;
	}
	flow = find_flow(s, (unsigned)from, (unsigned)to);
	flow->tlps[tlp->kind]++;
	flow->data_bytes += data_bytes(tlp);
	flow->hinted += tlp->hint.st_bits || packet->hint_dropped;
	flow->dropped += packet->hint_dropped;
	flow->flit += tlp->flit;
	if (tlp->kind == TLP_MWR && !strncmp(s->ports[to].name, "accel", 5))
		return add_write(s, packet, (unsigned)from);
	return 0;
}

static int add_packet(struct trace_summary *s, const struct trace_packet *packet)
{
	if (packet->kind == TRACE_TLP)
		return add_tlp(s, packet);
	add_event(s, packet);
	return 0;
}

int trace_summary_read(struct trace_summary *summary, FILE *file)
{
	struct trace_packet packet;
	struct trace_reader *reader;
	unsigned packets = 0;
	int ret = trace_reader_open(&reader, file);

	if (ret)
		return ret;
	while ((ret = trace_read(reader, &packet)) > 0) {
		summary->cut = packets++ == TRACE_PACKETS_MAX;
		ret = summary->cut ? 0 : add_packet(summary, &packet);
		if (ret || summary->cut)
			break;
	}
	trace_reader_close(reader);
	summary->broken = ret == -EBADMSG;
	return summary->broken ? 0 : ret;
}

void trace_summary_free(struct trace_summary *summary)
{
	free(summary->writes);
}
