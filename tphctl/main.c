// SPDX-License-Identifier: GPL-2.0-or-later
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "tphctl.h"

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
} COMMANDS[] = {
	{"list", run_list},	{"show", run_show}, {"path", run_path},
	{"export", run_export}, {"bufs", run_bufs},
};
#define COMMAND_COUNT (sizeof(COMMANDS) / sizeof(COMMANDS[0]))

static const char HELP[] =
	"usage: tphctl list                      functions that send or take hints (TPH)\n"
	"       tphctl show BDF                  all that one function says about hints\n"
	"       tphctl path IMPORTER EXPORTER    can hints travel from one to the other?\n"
	"       tphctl export BDF … -- CMD…      a dma-buf with a hint, for CMD to use\n"
	"       tphctl bufs                      dma-bufs, their hints and holders\n"
	"\n"
	"  --json            JSON instead of tables; export: one line about the buffer\n"
	"  --dump FILE       list, show, path: of FILE, written with lspci -D -xxxx\n"
	"  --help            of a command: its options and exit statuses\n"
	"  --version\n"
	"\n"
	"BDF is a function's address, 0000:01:00.0; a domain of 0 may be left out.\n"
	"IMPORTER is who writes, such as a NIC; EXPORTER is whose memory it is.\n"
	"Configuration space is whole only for root: what cannot be seen is shown as ?.\n"
	"\n"
	"Exit status: 0 done, 1 it failed, 2 the command line is wrong; path: 3 best\n"
	"effort, 4 none, 5 unknown; export: CMD's own, 125 when tphctl itself failed.\n";

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		if (!strcmp(COMMANDS[i].name, name))
			return &COMMANDS[i];
	}
	return NULL;
}

int main(int argc, char **argv)
{
	const struct command *command;

	setlocale(LC_CTYPE, "");
	if (argc < 2) {
		fputs(HELP, stderr);
		return EXIT_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
		return show_usage(HELP);
	if (!strcmp(argv[1], "--version"))
		return show_usage("tphctl " TPHCTL_VERSION "\n");
	if (argv[1][0] == '-')
		return fail(EXIT_USAGE, "%s: options come after the command, as in tphctl list %s",
			    argv[1], argv[1]);
	command = find_command(argv[1]);
	if (!command)
		return fail(EXIT_USAGE,
			    "no such command: %s; it is one of list show path export bufs",
			    argv[1]);
	return command->run(argc - 1, argv + 1);
}
