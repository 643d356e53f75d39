// SPDX-License-Identifier: GPL-2.0-or-later
/* The trace's format is described in doc/trace.md. */
#include <inttypes.h>
#include <time.h>

#include "fabric/packet.h"

static const char *const kind_words[] = {
	[TLP_MRD] = "MRd",
	[TLP_MWR] = "MWr",
	[TLP_CPL] = "Cpl",
	[TLP_CPLD] = "CplD",
};

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void fabric_set_trace(struct fabric *fabric, FILE *file)
{
	fabric->trace = file;
	if (file)
		fabric->trace_start_ns = now_ns();
}

static void put_string(FILE *file, const char *key, const char *text)
{
	fprintf(file, "\"%s\":\"", key);
	for (; *text; text++) {
		unsigned char c = *text;

		if (c == '"' || c == '\\')
			fprintf(file, "\\%c", c);
		else if (c < 0x20)
			fprintf(file, "\\u%04x", c);
		else
			putc(c, file);
	}
	fputs("\",", file);
}

static void put_id(FILE *file, const char *key, uint16_t id)
{
	fprintf(file, "\"%s\":\"%02x:%02x.%x\",", key, id >> 8, id >> 3 & 0x1f, id & 7);
}

static void put_request(FILE *file, const struct fabric_packet *packet)
{
	const struct tlp *tlp = &packet->tlp;

	fprintf(file, "\"addr\":\"0x%016" PRIx64 "\",", tlp->addr);
	fprintf(file, "\"first_be\":%u,\"last_be\":%u,", tlp->first_be, tlp->last_be);
	if (tlp->hint.st_bits)
		fprintf(file, "\"th\":true,\"ph\":\"%s\",\"st\":\"0x%0*x\",\"st_bits\":%u,",
			tlp_ph_word(tlp->hint.ph), tlp->hint.st_bits / 4, tlp->hint.st,
			tlp->hint.st_bits);
	else
		fputs("\"th\":false,\"ph\":null,\"st\":null,\"st_bits\":0,", file);
	fprintf(file, "\"hint_dropped\":%s,", packet->hint_dropped ? "true" : "false");
}

static const char *status_word(uint8_t status)
{
	switch (status) {
	case TLP_STATUS_SUCCESS:
		return "SC";
	case TLP_STATUS_UNSUPPORTED_REQUEST:
		return "UR";
	default:
		return "CA";
	}
}

static void put_completion(FILE *file, const struct tlp *tlp)
{
	put_id(file, "completer", tlp->completer);
	fprintf(file, "\"status\":\"%s\",\"byte_count\":%u,\"lower_addr\":%u,",
		status_word(tlp->status), tlp->byte_count, tlp->lower_addr);
}

void fabric_trace_packet(struct fabric *fabric, const struct fabric_port *from,
			 const struct fabric_port *to, const struct fabric_packet *packet)
{
	const struct tlp *tlp = &packet->tlp;
	FILE *file = fabric->trace;

	fprintf(file, "{\"t\":%" PRIu64 ",", now_ns() - fabric->trace_start_ns);
	put_string(file, "from", from->config.name);
	put_string(file, "to", to->config.name);
	fprintf(file, "\"type\":\"%s\",\"len\":%u,", kind_words[tlp->kind], packet->data_len);
	put_id(file, "requester", tlp->requester);
	fprintf(file, "\"tag\":%u,", tlp->tag);
	if (tlp->kind == TLP_MRD || tlp->kind == TLP_MWR)
		put_request(file, packet);
	else
		put_completion(file, tlp);
	fputs("\"header\":\"", file);
	for (unsigned i = 0; i < packet->header_len; i++)
		fprintf(file, "%02x", packet->header[i]);
	fputs("\"}\n", file);
}

void fabric_trace_event(struct fabric_port *port, const char *event, uint64_t value)
{
	FILE *file = port->fabric->trace;

	if (!file)
		return;
	fprintf(file, "{\"t\":%" PRIu64 ",", now_ns() - port->fabric->trace_start_ns);
	put_string(file, "port", port->config.name);
	put_string(file, "event", event);
	fprintf(file, "\"value\":%" PRIu64 "}\n", value);
}
