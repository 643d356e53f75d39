/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TPHCTL_TPHCTL_H
#define TPHCTL_TPHCTL_H

#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>

/* Exit statuses, as tphctl(1) documents them. */
enum {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,      /* tried, and it did not work */
	EXIT_USAGE = 2,	      /* the command line makes no sense */
	EXIT_BEST_EFFORT = 3, /* path: the hint may be lost on the way */
	EXIT_NO_PATH = 4,     /* path: it cannot travel */
	EXIT_UNKNOWN = 5,     /* path: what is visible does not tell */
	/* export, where other numbers are the command's own */
	EXIT_OURS = 125,
	EXIT_NOT_RUNNABLE = 126,
	EXIT_NOT_FOUND = 127,
};

/* What every command takes. */
struct options {
	bool json;
	bool help;
	const char *dump; /* a file of lspci -xxxx instead of this machine, or NULL */
};

/* For the commands' own tables of options: what follows is common to them. */
#define OPTION_HELP {"help", no_argument, NULL, 'h'}
#define OPTION_JSON {"json", no_argument, NULL, 'j'}
#define OPTION_DUMP {"dump", required_argument, NULL, 'D'}

/*
 * options.c: the next option of a command, as getopt_long() but with the common ones and the errors
 * taken care of. OPTIONS_END when there are no more, OPTIONS_BAD after an error that was said.
 */
enum { OPTIONS_END = -1, OPTIONS_BAD = -2 };
int next_option(int argc, char **argv, const struct option *known, struct options *options);

struct command {
	const char *name;
	const char *usage;
	int (*run)(int argc, char **argv); /* returns the exit status */
};

extern const struct command list_command, show_command, path_command, export_command,
	bufs_command;

/* say.c. The errors are one line: what was tried, on what, why it failed, what to do. */
int fail(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));
int no_memory(void);
/* @status, unless what was printed could not be written. */
int finish_output(int status);

/*
 * words.c: what people type. 0, -EINVAL for what is no number, -ERANGE for what does not fit.
 * Numbers are decimal, or hex with 0x; bytes may end in K, M, G or T.
 */
int parse_u64(const char *text, uint64_t *value);
int parse_bytes(const char *text, uint64_t *bytes);

#endif
