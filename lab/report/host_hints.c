// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The hints of writes to host memory in a trace: for each sender and hint a line with the sender,
 * the tag's width, the tag, the PH and the bytes.
 *
 * usage: host_hints TRACE
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "fabric/trace_read.h"
#include "lab/report/input.h"

#define KINDS_MAX 64u

struct kind {
	char from[TRACE_NAME_BYTES + 1];
	struct tlp_hint hint;
	uint64_t bytes;
};

struct kinds {
	struct kind kinds[KINDS_MAX];
	unsigned count;
};

static bool is_of(const struct kind *kind, const struct trace_packet *packet)
{
	const struct tlp_hint *a = &kind->hint, *b = &packet->tlp.hint;

	return !strcmp(kind->from, packet->from) && a->st_bits == b->st_bits && a->st == b->st &&
	       a->ph == b->ph;
}

static int add(struct kinds *kinds, const struct trace_packet *packet)
{
	unsigned i = 0;

	while (i < kinds->count && !is_of(&kinds->kinds[i], packet))
		i++;
	if (i == KINDS_MAX)
		return -E2BIG;
	if (i == kinds->count) {
		snprintf(kinds->kinds[i].from, sizeof(kinds->kinds[i].from), "%s", packet->from);
		kinds->kinds[i].hint = packet->tlp.hint;
		kinds->count++;
	}
	kinds->kinds[i].bytes += tlp_bytes(&packet->tlp);
	return 0;
}

static int add_trace(struct kinds *kinds, FILE *file)
{
	struct trace_reader *reader;
	struct trace_packet packet;
	int ret = trace_reader_open(&reader, file);

	if (ret)
		return ret;
	while ((ret = trace_read(reader, &packet)) > 0) {
		if (packet.kind != TRACE_TLP || packet.tlp.kind != TLP_MWR ||
		    !packet.tlp.hint.st_bits || strcmp(packet.to, "host"))
			continue;
		ret = add(kinds, &packet);
		if (ret)
			break;
	}
	trace_reader_close(reader);
	return ret;
}

int main(int argc, char **argv)
{
	static struct kinds kinds;
	int fd = argc == 2 ? input_open(argv[1]) : -EINVAL;
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
	int ret = file ? add_trace(&kinds, file) : fd;

	if (ret) {
		fprintf(stderr, "host_hints: cannot read %s: %s; usage: host_hints TRACE\n",
			argc == 2 ? argv[1] : "no trace", strerror(-ret));
		return 1;
	}
	for (unsigned i = 0; i < kinds.count; i++)
		printf("%s %u 0x%x %u %" PRIu64 "\n", kinds.kinds[i].from,
		       kinds.kinds[i].hint.st_bits, kinds.kinds[i].hint.st, kinds.kinds[i].hint.ph,
		       kinds.kinds[i].bytes);
	return 0;
}
