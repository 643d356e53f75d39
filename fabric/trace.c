// SPDX-License-Identifier: GPL-2.0-or-later
/* Writes the trace; doc/trace.md describes its format. */
#include <errno.h>
#include <stdlib.h>

#include <pcap/pcap.h>

#include "fabric/packet.h"
#include "fabric/trace_format.h"
#include "util/clock.h"

struct fabric_trace {
	pcap_t *pcap;
	pcap_dumper_t *dump;
	/* Measured once, at the open, so that setting the clock does not move records. */
	int64_t wall_minus_monotonic_ns;
	struct trace_record record;
};

int fabric_trace_open(struct fabric *fabric, FILE *file)
{
	struct fabric_trace *trace = calloc(1, sizeof(*trace));

	fabric_trace_close(fabric);
	if (trace)
		trace->pcap = pcap_open_dead_with_tstamp_precision(
			TRACE_LINK_TYPE, sizeof(trace->record), PCAP_TSTAMP_PRECISION_NANO);
	if (!trace || !trace->pcap) {
		free(trace);
		fclose(file);
		return -ENOMEM;
	}
	trace->dump = pcap_dump_fopen(trace->pcap, file); /* closes @file if it fails */
	if (!trace->dump) {
		pcap_close(trace->pcap);
		free(trace);
		return -EIO;
	}
	trace->wall_minus_monotonic_ns = (int64_t)(clock_ns_of(CLOCK_REALTIME) - clock_ns());
	fabric->trace = trace;
	return 0;
}

int fabric_trace_flush(struct fabric *fabric)
{
	struct fabric_trace *trace = fabric->trace;

	if (!trace)
		return 0;
	errno = 0;
	if (pcap_dump_flush(trace->dump) < 0)
		return errno ? -errno : -EIO;
	/* Only the error flag shows that an earlier write failed. */
	return ferror(pcap_dump_file(trace->dump)) ? -EIO : 0;
}

int fabric_trace_close(struct fabric *fabric)
{
	struct fabric_trace *trace = fabric->trace;
	int ret = fabric_trace_flush(fabric);

	if (!trace)
		return 0;
	fabric->trace = NULL;
	pcap_dump_close(trace->dump);
	pcap_close(trace->pcap);
	free(trace);
	return ret;
}

static void put_name(char out[TRACE_NAME_BYTES], const struct fabric_port *port)
{
	/* fabric_port_add() has checked its length. */
	memset(out, 0, TRACE_NAME_BYTES);
	memcpy(out, port->config.name, strlen(port->config.name));
}

static struct trace_header *start(struct fabric_trace *trace, enum trace_kind kind,
				  const struct fabric_port *from)
{
	struct trace_header *header = &trace->record.header;

	*header = (struct trace_header){.version = TRACE_VERSION, .kind = kind};
	put_name(header->from, from);
	return header;
}

/* Writes the record, which has the first @captured of @len bytes. */
static void end(struct fabric_trace *trace, size_t captured, size_t len)
{
	uint64_t now = clock_ns() + (uint64_t)trace->wall_minus_monotonic_ns;
	struct pcap_pkthdr header = {
		/* Nanoseconds, in a file of that precision. */
		.ts = {.tv_sec = now / NS_PER_S, .tv_usec = now % NS_PER_S},
		.caplen = sizeof(struct trace_header) + captured,
		.len = sizeof(struct trace_header) + len,
	};

	pcap_dump((u_char *)trace->dump, &header, (const u_char *)&trace->record);
}

/* The payload in whole DWs; bytes that are not data are 0. */
static void put_payload(uint8_t *out, const struct fabric_packet *packet, const uint8_t *data)
{
	const struct tlp *tlp = &packet->tlp;
	unsigned lead = tlp->kind == TLP_CPLD ? tlp->lower_addr & 3
			: tlp->first_be	      ? __builtin_ctz(tlp->first_be)
					      : 0;

	memset(out, 0, 4);
	memset(out + tlp_payload_bytes(tlp) - 4, 0, 4);
	memcpy(out + lead, data, packet->data_len);
}

void fabric_trace_packet(struct fabric *fabric, const struct fabric_port *from,
			 const struct fabric_port *to, const struct fabric_packet *packet,
			 const uint8_t *data)
{
	struct fabric_trace *trace = fabric->trace;
	struct trace_header *header = start(trace, TRACE_TLP, from);
	size_t payload = tlp_payload_bytes(&packet->tlp);

	put_name(header->to, to);
	header->direction = to == &fabric->host	    ? TRACE_UPSTREAM
			    : from == &fabric->host ? TRACE_DOWNSTREAM
						    : TRACE_PEER;
	header->flags = (packet->hint_dropped ? TRACE_HINT_DROPPED : 0) |
			(packet->tlp.flit ? TRACE_FLIT : 0);
	memcpy(trace->record.bytes, packet->header, packet->header_len);
	if (payload && data)
		put_payload(trace->record.bytes + packet->header_len, packet, data);
	end(trace, packet->header_len + (data ? payload : 0), packet->header_len + payload);
}

void fabric_trace_event(struct fabric_port *port, const char *event, uint64_t value)
{
	struct fabric_trace *trace = port->fabric->trace;
	size_t len = strlen(event);

	if (!trace)
		return;
	start(trace, TRACE_EVENT, port);
	if (len > TLP_PAYLOAD_MAX_BYTES)
		len = TLP_PAYLOAD_MAX_BYTES;
	put_be64(trace->record.bytes, value);
	memcpy(trace->record.bytes + sizeof(value), event, len);
	end(trace, sizeof(value) + len, sizeof(value) + len);
}
