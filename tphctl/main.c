// SPDX-License-Identifier: GPL-2.0-or-later
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tphctl/tphctl.h"
#include "util/macros.h"

/* Of a command's name and its arguments in the usage */
#define ARGUMENTS_COLUMNS 27

static const struct command {
	const char *name, *arguments, *help;
	int (*run)(int argc, char **argv);
} commands[] = {
	{"doctor", " [NIC [ACCELERATOR]]", "does peer-to-peer work, if not why?", run_doctor},
	{"list", "", "functions that send or complete hints", run_list},
	{"show", " NAME", "a function's TPH registers and tags", run_show},
	{"path", " IMPORTER EXPORTER", "do hints arrive from one at the other?", run_path},
	{"export", " NAME ... -- CMD...", "a dma-buf with a hint, for CMD to use", run_export},
	{"bufs", "", "dma-bufs, hints, holders, importers", run_bufs},
	{"watch", " [NAME...]", "each change of these, while it runs", run_watch},
};

static const char HELP[] =
	"\n"
	"  --json            JSON instead of tables; export: one line about the buffer\n"
	"  --dump FILE       of FILE, from lspci -D -xxxx; doctor, list, show and path\n"
	"  --help            of a command: its options and exit statuses\n"
	"  --version\n"
	"\n"
	"NAME is an address, 0000:01:00.0 (a domain of 0 may be left out), or Linux' name\n"
	"of the device: mlx5_0, ens1f0np0, renderD128, vfio0.\n"
	"IMPORTER is the function that writes, such as a NIC; EXPORTER has the memory.\n"
	"Only root sees all of configuration space: what is not visible is shown as ?.\n"
	"\n"
	"Exit status: 0 done, 1 it failed, 2 the command line is wrong; path, doctor: 3\n"
	"best effort, 4 none, 5 unknown; export: CMD's own, 125 when tphctl failed.\n";

static void print_help(FILE *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		const struct command *c = &commands[i];

		fprintf(out, "%s tphctl %s%-*s%s\n", i ? "      " : "usage:", c->name,
			ARGUMENTS_COLUMNS - (int)strlen(c->name), c->arguments, c->help);
	}
	fputs(HELP, out);
}

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}

static int no_such_command(const char *name)
{
	char names[64] = "";

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		size_t used = strlen(names);

		snprintf(names + used, sizeof(names) - used, " %s", commands[i].name);
	}
	return fail(EXIT_USAGE, "no such command: %s; it is one of%s", name, names);
}

/*
 * The next file that is opened, such as the device of export, would get the number of a closed
 * standard file, and output would go there. Printing and reading fail as before.
 */
static bool fill_standard_files(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 &&
		    open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
			return false;
	return true;
}

int main(int argc, char **argv)
{
	const struct command *command;

	if (!fill_standard_files())
		return fail(EXIT_FAILED, "cannot open /dev/null in place of a closed standard "
					 "file: see that it is there");
	setlocale(LC_CTYPE, "");
	if (argc < 2) {
		print_help(stderr);
		return EXIT_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
		print_help(stdout);
		return finish_output(EXIT_DONE);
	}
	if (!strcmp(argv[1], "--version"))
		return show_usage("tphctl " TPHCTL_VERSION "\n");
	if (argv[1][0] == '-')
		return fail(EXIT_USAGE, "%s: options come after the command, as in tphctl list %s",
			    argv[1], argv[1]);
	command = find_command(argv[1]);
	return command ? command->run(argc - 1, argv + 1) : no_such_command(argv[1]);
}
