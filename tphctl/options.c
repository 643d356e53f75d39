// SPDX-License-Identifier: GPL-2.0-or-later
#include "tphctl.h"

int next_option(int argc, char **argv, const struct option *known, struct options *options)
{
	for (;;) {
		/* +: what follows the first word that is no option is not ours, as export's CMD. */
		int c = getopt_long(argc, argv, "+:h", known, NULL);

		switch (c) {
		case -1:
			return OPTIONS_END;
		case 'h':
			options->help = true;
			break;
		case 'j':
			options->json = true;
			break;
		case 'D':
			options->dump = optarg;
			break;
		case ':':
			fail(EXIT_USAGE, "%s: %s needs a value; see tphctl %s --help", argv[0],
			     argv[optind - 1], argv[0]);
			return OPTIONS_BAD;
		case '?':
			fail(EXIT_USAGE, "%s: no such option: %s; see tphctl %s --help", argv[0],
			     argv[optind - 1], argv[0]);
			return OPTIONS_BAD;
		default:
			return c;
		}
	}
}
