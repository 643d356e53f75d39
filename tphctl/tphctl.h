/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TPHCTL_TPHCTL_H
#define TPHCTL_TPHCTL_H

#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "tph/tph.h"

/* Exit statuses, as tphctl(1) documents them. */
enum {
	EXIT_DONE = 0,
	EXIT_FAILED = 1, /* tried, and it did not work */
	EXIT_USAGE = 2,	 /* the command line is wrong */
	/* path; doctor's are akin */
	EXIT_BEST_EFFORT = 3, /* the host can drop the hint */
	EXIT_NO_PATH = 4,     /* it does not arrive */
	EXIT_UNKNOWN = 5,     /* what decides it is not visible */
	/* export, whose other statuses are those of the command that it ran */
	EXIT_OURS = 125,
	EXIT_NOT_RUNNABLE = 126,
	EXIT_NOT_FOUND = 127,
};

/* What every command takes. */
struct options {
	bool json;
	bool help;
	const char *dump; /* a file of lspci -xxxx, "-" for standard input; NULL: this machine */
};

/* What the commands' tables of options have in common. */
// clang-format off
#define OPTION_HELP {"help", no_argument, NULL, 'h'}
#define OPTION_JSON {"json", no_argument, NULL, 'j'}
#define OPTION_DUMP {"dump", required_argument, NULL, 'D'}
// clang-format on

/*
 * options.c: the next option of a command, as getopt_long(); fills in @options and reports errors
 * itself. OPTIONS_END: no more options; OPTIONS_BAD: an error was reported.
 */
enum { OPTIONS_END = -1, OPTIONS_BAD = -2 };
int next_option(int argc, char **argv, const struct option *known, struct options *options);
/* The @count arguments after the options; NULL: there are fewer or more, which was reported. */
char **take_words(int argc, char **argv, int count, const char *names);

/* The commands, one per file. @argv[0] is the command's name; they return the exit status. */
int run_list(int argc, char **argv);
int run_show(int argc, char **argv);
int run_path(int argc, char **argv);
int run_export(int argc, char **argv);
int run_bufs(int argc, char **argv);
int run_watch(int argc, char **argv);
int run_doctor(int argc, char **argv);

/* say.c. An error is one line: what was tried, on what, why it failed, what to do. */
int fail(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));
int no_memory(void);
/* @status, or EXIT_FAILED if the output could not be written. */
int finish_output(int status);
int show_usage(const char *text);

/* The functions that a command reads. @ctx has a pointer to this structure: do not move it. */
struct machine {
	struct tph_ctx *ctx;
	char error[256]; /* the library's last error message */
	FILE *warnings;	 /* its warnings while a dump is read, one on each line */
};

/* machine.c. All report errors, in the name of @command, and return an exit status. */
int open_machine(const char *command, const struct options *options, struct machine *machine);
/* Of the folder @sysfs, such as /sys/bus/pci; @advice: what to do if that fails. */
int open_sysfs(const char *command, const char *sysfs, const char *advice, struct machine *machine);
int find_function(const char *command, struct tph_ctx *ctx, const char *text, struct tph_bdf *bdf);

/*
 * numbers.c: 0; -EINVAL: not a number; -ERANGE: too large. Numbers are decimal, or hexadecimal with
 * 0x; bytes can end in K, M, G or T, powers of 1024.
 */
int parse_u64(const char *text, uint64_t *value);
int parse_bytes(const char *text, uint64_t *bytes);

#endif
