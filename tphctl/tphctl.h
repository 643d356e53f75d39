/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TPHCTL_TPHCTL_H
#define TPHCTL_TPHCTL_H

#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>

#include "tph/tph.h"

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
#define OPTION_HELP                                                                                \
	{                                                                                          \
		"help", no_argument, NULL, 'h'                                                     \
	}
#define OPTION_JSON                                                                                \
	{                                                                                          \
		"json", no_argument, NULL, 'j'                                                     \
	}
#define OPTION_DUMP                                                                                \
	{                                                                                          \
		"dump", required_argument, NULL, 'D'                                               \
	}

/*
 * options.c: the next option of a command, as getopt_long() but with the common ones and the errors
 * taken care of. OPTIONS_END when there are no more, OPTIONS_BAD after an error that was said.
 */
enum { OPTIONS_END = -1, OPTIONS_BAD = -2 };
int next_option(int argc, char **argv, const struct option *known, struct options *options);
/* The words after the options, of which there must be @count; NULL after an error that was said. */
char **take_words(int argc, char **argv, int count, const char *names);

/* The commands, one per file. @argv[0] is the command's name; they return the exit status. */
int run_list(int argc, char **argv);
int run_show(int argc, char **argv);
int run_path(int argc, char **argv);
int run_export(int argc, char **argv);
int run_bufs(int argc, char **argv);

/* say.c. The errors are one line: what was tried, on what, why it failed, what to do. */
int fail(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));
int no_memory(void);
/* @status, unless what was printed could not be written. */
int finish_output(int status);
int show_usage(const char *text);

/* Whose functions they are. It must stay where it is while @ctx is used. */
struct machine {
	struct tph_ctx *ctx;
	char error[256]; /* the library's last words on one */
};

/* machine.c. All say what is wrong and return an exit status; @command is for the message. */
int open_machine(const char *command, const struct options *options, struct machine *machine);
int parse_address(const char *command, const char *text, struct tph_bdf *bdf);
int find_function(const char *command, struct tph_ctx *ctx, const char *text, struct tph_bdf *bdf);

/*
 * words.c: what people type. 0, -EINVAL for what is no number, -ERANGE for what does not fit.
 * Numbers are decimal, or hex with 0x; bytes may end in K, M, G or T.
 */
int parse_u64(const char *text, uint64_t *value);
int parse_bytes(const char *text, uint64_t *bytes);

#endif
