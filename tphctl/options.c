// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "tphctl/tphctl.h"

/*
 * The word or letter that getopt_long() refused: its last word, or a letter, which can be one of
 * several in a word that is not finished. --json=5 has a letter, too.
 */
static const char *refused(char **argv, const struct option *known, char letter[3])
{
	const char *word = argv[optind - 1], *value = strchr(word, '=');

	snprintf(letter, 3, "-%c", optopt);
	for (; value && known->name; known++)
		if (known->val == optopt && value - word > 2 && !strncmp(word, "--", 2) &&
		    !strncmp(word + 2, known->name, (size_t)(value - word) - 2))
			return word;
	return optopt ? letter : word;
}

int next_option(int argc, char **argv, const struct option *known, struct options *options)
{
	char letter[3];

	for (;;) {
		int c = getopt_long(argc, argv, ":h", known, NULL);

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
			     refused(argv, known, letter), argv[0]);
			return OPTIONS_BAD;
		default:
			return c;
		}
	}
}

char **take_words(int argc, char **argv, int count, const char *names)
{
	if (argc - optind < count) {
		fail(EXIT_USAGE, "%s: it takes %s; see tphctl %s --help", argv[0], names, argv[0]);
		return NULL;
	}
	if (argc - optind > count) {
		fail(EXIT_USAGE, "%s: it takes no %s; see tphctl %s --help", argv[0],
		     argv[optind + count], argv[0]);
		return NULL;
	}
	return argv + optind;
}
