// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lab/demo/demo.h"

#define PAGE_BYTES 4096UL

static void usage(FILE *f)
{
	fprintf(f,
		"usage: p2p_demo [options]\n"
		"NICs write into an accelerator's memory by RDMA; shows the hint of every TLP.\n\n"
		"  --json FILE       the result as JSON\n"
		"  --pair ROLE       of two hosts; serve: this one has the buffers, write: the NICs\n"
		"                    that write into them\n"
		"  --topology NAME   for the report (switch)\n"
		"  --hints WORD      of all NICs, or a list like --nics: required, they must arrive and\n"
		"                    an owner may require them (default); yes, they must arrive; no,\n"
		"                    a host bridge may drop them, but the data must be right\n"
		"  --nics 8,16       what each NIC must send, by name: off, 8 or 16 (default 8,16)\n"
		"  --bytes N         size of each buffer (default 262144, at most 1048576)\n"
		"  --help\n\n"
		"exit status: 0 all pairs ok; 1 not, or it could not be tried;\n"
		"2 usage; 3 this kernel has no hints for dma-bufs\n");
}

static int parse_nics(const char *text, struct options *options)
{
	options->nic_count = 0;
	for (;;) {
		size_t len = strcspn(text, ",");
		unsigned bits;

		if (len == 3 && !strncmp(text, "off", 3))
			bits = 0;
		else if (len == 1 && *text == '8')
			bits = 8;
		else if (len == 2 && !strncmp(text, "16", 2))
			bits = 16;
		else
			return -EINVAL;
		if (options->nic_count == P2P_MAX_NICS)
			return -E2BIG;
		options->nic_bits[options->nic_count++] = bits;
		if (!text[len])
			return 0;
		text += len + 1;
	}
}

static int parse_role(const char *text, struct options *options)
{
	options->role = strcmp(text, "serve") ? ROLE_WRITE : ROLE_SERVE;
	return options->role == ROLE_WRITE && strcmp(text, "write") ? -EINVAL : 0;
}

static int parse_bytes(const char *text, struct options *options)
{
	char *end;
	unsigned long n;

	errno = 0;
	n = strtoul(text, &end, 0);
	if (errno || *end || !n || n > NIC_STAGE_BYTES || n % PAGE_BYTES)
		return -EINVAL;
	options->bytes = n;
	return 0;
}

/* One word for each NIC; the last one also applies to those that follow. */
static int parse_hints(const char *text, struct options *options)
{
	for (unsigned i = 0; i < P2P_MAX_NICS; i++) {
		size_t len = strcspn(text, ",");

		options->guaranteed[i] = len == 8 && !strncmp(text, "required", 8);
		options->hints[i] =
			options->guaranteed[i] || (len == 3 && !strncmp(text, "yes", 3));
		if (!options->hints[i] && (len != 2 || strncmp(text, "no", 2)))
			return -EINVAL;
		if (text[len])
			text += len + 1;
	}
	return 0;
}

int options_parse(int argc, char **argv, struct options *options)
{
	static const struct option known[] = {
		{"json", required_argument, NULL, 'j'},	    {"pair", required_argument, NULL, 'p'},
		{"topology", required_argument, NULL, 't'}, {"hints", required_argument, NULL, 'H'},
		{"nics", required_argument, NULL, 'n'},	    {"bytes", required_argument, NULL, 'b'},
		{"help", no_argument, NULL, 'h'},	    {0},
	};
	int c, ret = parse_nics("8,16", options);

	parse_hints("required", options);
	options->topology = "switch";
	options->bytes = 256 * 1024;
	while (!ret && (c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		switch (c) {
		case 'j':
			options->json = optarg;
			break;
		case 'p':
			ret = parse_role(optarg, options);
			break;
		case 't':
			options->topology = optarg;
			break;
		case 'H':
			ret = parse_hints(optarg, options);
			break;
		case 'n':
			ret = parse_nics(optarg, options);
			break;
		case 'b':
			ret = parse_bytes(optarg, options);
			break;
		case 'h':
			usage(stdout);
			return 1;
		default: /* getopt_long() has printed it */
			return -EINVAL;
		}
		if (ret)
			fprintf(stderr, "p2p_demo: invalid value '%s'; see --help\n", optarg);
	}
	if (!ret && optind < argc) {
		fprintf(stderr, "p2p_demo: unexpected argument '%s'; see --help\n", argv[optind]);
		ret = -EINVAL;
	}
	return ret;
}
