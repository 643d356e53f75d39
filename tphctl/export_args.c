// SPDX-License-Identifier: GPL-2.0-or-later
#include <stddef.h>

#include "tphctl/export.h"
#include "tphctl/tphctl.h"

#define LAST_BAR 5

/* The options with a value; all are mandatory. */
enum { BAR, OFFSET, LENGTH, TAG, PH, VALUES };

static const char *const VALUE_NAMES[VALUES] = {"--bar", "--offset", "--length", "--st", "--ph"};

static int parse_options(int argc, char **argv, struct export *want, const char *values[VALUES])
{
	static const struct option known[] = {{"bar", required_argument, NULL, BAR},
					      {"offset", required_argument, NULL, OFFSET},
					      {"length", required_argument, NULL, LENGTH},
					      {"st", required_argument, NULL, TAG},
					      {"ph", required_argument, NULL, PH},
					      {"ext", no_argument, NULL, 'e'},
					      {"required", no_argument, NULL, 'r'},
					      OPTION_JSON,
					      OPTION_HELP,
					      {0}};
	struct options options = {0};
	int c;

	while ((c = next_option(argc, argv, known, &options)) != OPTIONS_END) {
		if (c == OPTIONS_BAD)
			return EXIT_USAGE;
		if (c == 'e')
			want->ext = true;
		else if (c == 'r')
			want->required = true;
		else
			values[c] = optarg;
	}
	want->json = options.json;
	want->help = options.help;
	return EXIT_DONE;
}

static int parse_tag(const char *text, struct export *want)
{
	uint64_t last = want->ext ? 0xffff : 0xff;

	if (!parse_u64(text, &want->tag) && want->tag <= last)
		return EXIT_DONE;
	return fail(EXIT_USAGE, "export: --st %s: a tag of %s is 0 to 0x%llx%s", text,
		    want->ext ? "16 bits" : "8 bits", (unsigned long long)last,
		    want->ext ? "" : "; --ext is for those of 16");
}

static int parse_values(const char *const values[VALUES], struct export *want)
{
	for (int i = 0; i < VALUES; i++) {
		if (!values[i])
			return fail(EXIT_USAGE, "export: %s is missing; see tphctl export --help",
				    VALUE_NAMES[i]);
	}
	if (parse_u64(values[BAR], &want->bar) || want->bar > LAST_BAR)
		return fail(EXIT_USAGE, "export: --bar %s: a BAR is 0 to %d", values[BAR],
			    LAST_BAR);
	if (parse_bytes(values[OFFSET], &want->offset))
		return fail(EXIT_USAGE,
			    "export: --offset %s: bytes are a number such as 4096, 0x1000 "
			    "or 4K",
			    values[OFFSET]);
	if (parse_bytes(values[LENGTH], &want->length) || !want->length)
		return fail(EXIT_USAGE,
			    "export: --length %s: bytes are a number above 0 such as "
			    "4096, 0x1000 or 4K",
			    values[LENGTH]);
	want->ph = tph_ph_parse(values[PH]);
	if (want->ph < 0)
		return fail(EXIT_USAGE,
			    "export: --ph %s: it is one of bidirectional requester target "
			    "target-priority",
			    values[PH]);
	return parse_tag(values[TAG], want);
}

int export_parse(int argc, char **argv, struct export *want)
{
	const char *values[VALUES] = {NULL};
	int status;

	*want = (struct export){0};
	status = parse_options(argc, argv, want, values);
	if (status || want->help)
		return status;
	status = parse_values(values, want);
	if (status)
		return status;
	if (argc - optind < 2)
		return fail(EXIT_USAGE,
			    "export: it takes a NAME, and after -- the command to run; see "
			    "tphctl export --help");
	want->function = argv[optind];
	want->command = argv + optind + 1;
	return EXIT_DONE;
}
