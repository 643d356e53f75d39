// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Prints a trace as the fabric's own decoder reads it, one line per record, in
 * the words and the order in which tests/trace/trace.sh asks tshark for them.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "fabric/trace_read.h"

enum { COLUMNS = 27 };

static void print_id(uint16_t id)
{
	printf("%02x:%02x.%x", id >> 8, id >> 3 & 0x1f, id & 7);
}

static void print_request(const struct tlp *tlp)
{
	print_id(tlp->requester);
	printf("\t%u\t0x%02x\t0x%02x\t0x%016" PRIx64 "\t%d\t%zu\t", tlp->tag, tlp->first_be,
	       tlp->last_be, tlp->addr, tlp->hint.st_bits != 0, tlp_bytes(tlp));
	if (tlp->hint.st_bits)
		printf("%s\t0x%04x\t%u\t%s\t\t\t\t", tlp_ph_str(tlp->hint.ph), tlp->hint.st,
		       tlp->hint.st_bits, tlp->hint.st ? "" : "1");
	else
		printf("\t\t\t\t\t\t\t");
}

static void print_completion(const struct tlp *tlp)
{
	static const char *const words[] = {[TLP_STATUS_SUCCESS] = "SC",
					    [TLP_STATUS_UNSUPPORTED_REQUEST] = "UR",
					    [TLP_STATUS_COMPLETER_ABORT] = "CA"};
	unsigned capacity = tlp->length_dw * 4 - tlp->lower_addr % 4;
	unsigned carried = capacity < tlp->byte_count ? capacity : tlp->byte_count;

	print_id(tlp->requester);
	printf("\t%u\t\t\t\t\t%u\t\t\t\t\t", tlp->tag, tlp->kind == TLP_CPLD ? carried : 0);
	print_id(tlp->completer);
	printf("\t%s\t%u\t0x%02x", words[tlp->status], tlp->byte_count, tlp->lower_addr);
}

/* OHC-A and OHC-B are the DWs between the header proper, which has 12 or 16 bytes, and its end. */
static void print_ohc(const struct trace_packet *p)
{
	size_t at = p->bytes[0] & 0x20 ? 16 : 12;

	for (unsigned bit = 1; bit <= 2; bit <<= 1) {
		for (unsigned i = 0; p->tlp.flit && p->bytes[1] & bit && i < 4; i++)
			printf("%02x", p->bytes[at++]);
		putchar('\t');
	}
}

static void print_tlp(const struct trace_packet *p)
{
	static const char *const kinds[] = {"MRd", "MWr", "Cpl", "CplD"};

	printf("%s\t%s\t%d\t%d\t%d\t%s\t%u\t", p->from, p->to, p->direction, p->hint_dropped,
	       p->tlp.flit, kinds[p->tlp.kind], p->tlp.length_dw);
	print_ohc(p);
	if (p->tlp.kind == TLP_MRD || p->tlp.kind == TLP_MWR)
		print_request(&p->tlp);
	else
		print_completion(&p->tlp);
	putchar('\t');
	for (size_t i = p->header_len; i < p->captured; i++)
		printf("%02x", p->bytes[i]);
	printf("\t\t\n");
}

/* An event has the first column and the last two. */
static void print_event(const struct trace_packet *p)
{
	printf("%s", p->from);
	for (int column = 1; column < COLUMNS - 1; column++)
		putchar('\t');
	printf("%s\t0x%016" PRIx64 "\n", p->text, p->value);
}

int main(int argc, char **argv)
{
	FILE *file = argc == 2 ? fopen(argv[1], "re") : NULL;
	struct trace_reader *reader;
	struct trace_packet packet;
	int ret;

	if (!file || trace_reader_open(&reader, file)) {
		fprintf(stderr, "trace_fields: no trace: %s\n", argc == 2 ? argv[1] : "(none)");
		return 1;
	}
	while ((ret = trace_read(reader, &packet)) > 0) {
		if (packet.kind == TRACE_TLP)
			print_tlp(&packet);
		else
			print_event(&packet);
	}
	trace_reader_close(reader);
	if (ret)
		fprintf(stderr, "trace_fields: %s: %s\n", argv[1], strerror(-ret));
	return ret != 0;
}
