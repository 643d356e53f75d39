// SPDX-License-Identifier: GPL-2.0-or-later
#include "fabric/trace_read.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <pcap/pcap.h>

#include "util/bytes.h"
#include "util/clock.h"

struct trace_reader {
	pcap_t *pcap;
};

int trace_reader_open(struct trace_reader **out, FILE *file)
{
	struct trace_reader *reader = calloc(1, sizeof(*reader));
	char why[PCAP_ERRBUF_SIZE];

	if (reader)
		reader->pcap = pcap_fopen_offline_with_tstamp_precision(
			file, PCAP_TSTAMP_PRECISION_NANO, why);
	if (!reader || !reader->pcap) {
		int ret = reader ? -EBADMSG : -ENOMEM;

		fclose(file);
		free(reader);
		return ret;
	}
	if (pcap_datalink(reader->pcap) != TRACE_LINK_TYPE) {
		trace_reader_close(reader);
		return -EBADMSG;
	}
	*out = reader;
	return 0;
}

void trace_reader_close(struct trace_reader *reader)
{
	if (!reader)
		return;
	pcap_close(reader->pcap);
	free(reader);
}

static int read_header(struct trace_packet *packet, const uint8_t *bytes)
{
	struct trace_header header;

	memcpy(&header, bytes, sizeof(header));
	if (header.version != TRACE_VERSION || header.kind > TRACE_EVENT ||
	    header.direction > TRACE_DOWNSTREAM)
		return -EBADMSG;
	packet->kind = header.kind;
	packet->direction = header.direction;
	packet->hint_dropped = header.flags & TRACE_HINT_DROPPED;
	packet->tlp.flit = header.flags & TRACE_FLIT;
	memcpy(packet->from, header.from, TRACE_NAME_BYTES);
	memcpy(packet->to, header.to, TRACE_NAME_BYTES);
	return 0;
}

/* The payload may be missing, but its length must match the header. */
static int read_tlp(struct trace_packet *packet)
{
	int ret = packet->tlp.flit
			  ? tlp_flit_decode(packet->bytes, packet->captured, packet->len,
					    &packet->tlp)
			  : tlp_decode(packet->bytes, packet->captured, packet->len, &packet->tlp);

	if (ret < 0)
		return -EBADMSG;
	packet->header_len = (size_t)ret;
	return 1;
}

static int read_event(struct trace_packet *packet)
{
	size_t text = packet->captured - sizeof(packet->value);

	if (packet->captured < sizeof(packet->value) || packet->captured != packet->len)
		return -EBADMSG;
	packet->value = get_be64(packet->bytes);
	if (text >= sizeof(packet->text))
		text = sizeof(packet->text) - 1;
	memcpy(packet->text, packet->bytes + sizeof(packet->value), text);
	return 1;
}

int trace_read(struct trace_reader *reader, struct trace_packet *packet)
{
	struct pcap_pkthdr *record;
	const u_char *bytes;

	*packet = (struct trace_packet){0};
	switch (pcap_next_ex(reader->pcap, &record, &bytes)) {
	case 1:
		break;
	case PCAP_ERROR_BREAK:
		return 0;
	default:
		return ferror(pcap_file(reader->pcap)) ? -EIO : -EBADMSG;
	}
	if (record->caplen < sizeof(struct trace_header) || record->len < record->caplen ||
	    read_header(packet, bytes))
		return -EBADMSG;
	packet->time_ns = (uint64_t)record->ts.tv_sec * NS_PER_S + (uint64_t)record->ts.tv_usec;
	packet->bytes = bytes + sizeof(struct trace_header);
	packet->captured = record->caplen - sizeof(struct trace_header);
	packet->len = record->len - sizeof(struct trace_header);
	return packet->kind == TRACE_TLP ? read_tlp(packet) : read_event(packet);
}
