// SPDX-License-Identifier: GPL-2.0-or-later
#include "lab/report/summary.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const char *result_text(struct json_object *object, const char *key)
{
	struct json_object *value;

	if (!json_object_object_get_ex(object, key, &value) || !value)
		return "";
	return json_object_get_string(value);
}

int64_t result_number(struct json_object *object, const char *key)
{
	struct json_object *value;

	return json_object_object_get_ex(object, key, &value) ? json_object_get_int64(value) : 0;
}

struct json_object *result_list(struct json_object *object, const char *key)
{
	struct json_object *value;

	if (!json_object_object_get_ex(object, key, &value) ||
	    !json_object_is_type(value, json_type_array))
		return NULL;
	return value;
}

size_t result_length(struct json_object *list)
{
	return list ? json_object_array_length(list) : 0;
}

struct json_object *result_object(struct json_object *object, const char *key)
{
	struct json_object *value;

	return json_object_object_get_ex(object, key, &value) ? value : NULL;
}

struct tlp_hint result_hint(struct json_object *object)
{
	struct tlp_hint hint = {.st_bits = (uint8_t)result_number(object, "width"),
				.st = (uint16_t)strtoul(result_text(object, "st"), NULL, 0)};
	const char *ph = result_text(object, "ph");

	for (uint8_t i = 0; i < 4; i++)
		if (!strcmp(ph, tlp_ph_str(i)))
			hint.ph = i;
	if (!hint.st_bits)
		return (struct tlp_hint){0};
	return hint;
}

static bool same_hint(const struct tlp_hint *a, const struct tlp_hint *b)
{
	return a->st_bits == b->st_bits && (!a->st_bits || (a->st == b->st && a->ph == b->ph));
}

unsigned summary_series(const struct summary *summary, const struct tlp_hint *hint)
{
	for (unsigned i = 0; i < summary->series_count; i++)
		if (same_hint(&summary->series[i].hint, hint))
			return i;
	return SERIES_MAX - 1;
}

bool port_is_accelerator(const struct port *port)
{
	return !strncmp(port->name, "accel", 5);
}

struct json_object *port_nic(const struct summary *summary, const struct port *port)
{
	struct json_object *nics = result_list(summary->result, "nics");
	char bdf[16];

	snprintf(bdf, sizeof(bdf), "0000:%02x:%02x.%x", port->id >> 8, port->id >> 3 & 31,
		 port->id & 7);
	for (size_t i = 0; port->has_id && i < result_length(nics); i++) {
		struct json_object *nic = json_object_array_get_idx(nics, i);

		if (!strcmp(result_text(nic, "bdf"), bdf))
			return nic;
	}
	return NULL;
}

static void take_hint(struct summary *s, struct json_object *object)
{
	struct tlp_hint hint = result_hint(object);

	if (s->series_count < SERIES_MAX - 1 && summary_series(s, &hint) == SERIES_MAX - 1)
		s->series[s->series_count++].hint = hint;
}

/* The hints of the pairs, in their order, and the one that adds. */
static void take_series(struct summary *s)
{
	struct json_object *pairs = result_list(s->result, "pairs");

	s->series_count = 1;
	for (size_t i = 0; i < result_length(pairs); i++)
		take_hint(s, json_object_array_get_idx(pairs, i));
	take_hint(s, result_object(s->result, "add"));
}

static int find_port(struct summary *s, const char *name)
{
	for (unsigned i = 0; i < s->port_count; i++)
		if (!strcmp(s->ports[i].name, name))
			return (int)i;
	if (s->port_count == PORTS_MAX)
		return -ENOSPC;
	strcpy(s->ports[s->port_count].name, name);
	return (int)s->port_count++;
}

static struct flow *find_flow(struct summary *s, unsigned from, unsigned to)
{
	for (unsigned i = 0; i < s->flow_count; i++)
		if (s->flows[i].from == from && s->flows[i].to == to)
			return &s->flows[i];
	s->flows[s->flow_count] = (struct flow){.from = from, .to = to};
	return &s->flows[s->flow_count++];
}

static int add_write(struct summary *s, const struct trace_packet *packet, unsigned from)
{
	unsigned series = summary_series(s, &packet->tlp.hint);

	if (s->write_count == s->write_room) {
		size_t room = s->write_room ? 2 * s->write_room : 4096;
		struct write *more = realloc(s->writes, room * sizeof(*more));

		if (!more)
			return -ENOMEM;
		s->writes = more;
		s->write_room = room;
	}
	s->writes[s->write_count++] = (struct write){
		.time_ns = packet->time_ns,
		.series = (unsigned char)series,
		.from = (unsigned char)from,
	};
	s->series[series].writes++;
	s->series[series].bytes += tlp_bytes(&packet->tlp);
	return 0;
}

static size_t data_bytes(const struct tlp *tlp)
{
	size_t room = tlp->length_dw * 4u - tlp->lower_addr % 4;

	switch (tlp->kind) {
	case TLP_MWR:
		return tlp_bytes(tlp);
	case TLP_CPLD:
		return room < tlp->byte_count ? room : tlp->byte_count;
	default:
		return 0;
	}
}

/* A device that never sends is known by this alone. */
static int add_event(struct summary *s, const struct trace_packet *packet)
{
	int port = find_port(s, packet->from);

	if (port < 0)
		return port;
	if (!strcmp(packet->text, "requester_id")) {
		s->ports[port].has_id = true;
		s->ports[port].id = (uint16_t)packet->value;
	} else if (!strcmp(packet->text, "below_switch") && packet->value < PORTS_MAX) {
		s->ports[port].below_switch = (unsigned)packet->value;
	}
	return 0;
}

static int add_tlp(struct summary *s, const struct trace_packet *packet)
{
	int from = find_port(s, packet->from), to = find_port(s, packet->to);
	const struct tlp *tlp = &packet->tlp;
	struct flow *flow;

	if (from < 0 || to < 0)
		return -ENOSPC;
	flow = find_flow(s, (unsigned)from, (unsigned)to);
	flow->tlps[tlp->kind]++;
	flow->bytes += data_bytes(tlp);
	flow->hinted += tlp->hint.st_bits || packet->hint_dropped;
	flow->dropped += packet->hint_dropped;
	if (!s->tlps++)
		s->first_ns = packet->time_ns;
	if (tlp->kind == TLP_MWR && port_is_accelerator(&s->ports[to]))
		return add_write(s, packet, (unsigned)from);
	return 0;
}

static void load_trace(struct summary *s, const char *path)
{
	FILE *file = path ? fopen(path, "re") : NULL;
	struct trace_packet packet;
	struct trace_reader *reader;

	if (!file || trace_reader_open(&reader, file)) {
		s->no_trace = "The run left no trace that can be read.";
		return;
	}
	while (trace_read(reader, &packet) > 0)
		if (packet.kind == TRACE_TLP ? add_tlp(s, &packet) : add_event(s, &packet))
			break;
	trace_reader_close(reader);
	if (!s->tlps)
		s->no_trace = "There is no TLP in the trace.";
}

int summary_load(struct summary *summary, const char *result, const char *trace)
{
	*summary = (struct summary){.result = json_object_from_file(result)};
	if (!json_object_is_type(summary->result, json_type_object))
		return -EBADMSG;
	take_series(summary);
	load_trace(summary, trace);
	return 0;
}

void summary_free(struct summary *summary)
{
	json_object_put(summary->result);
	free(summary->writes);
}
