// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tphctl/tphctl.h"

static void note_error(void *data, enum tph_log_level level, const char *message)
{
	struct machine *machine = data;

	if (level == TPH_LOG_ERROR)
		snprintf(machine->error, sizeof(machine->error), "%s", message);
}

/* The library's message has the line and what to do. */
static int dump_failed(const char *command, const char *path, const struct machine *machine,
		       int err)
{
	if (err != -ENODATA && machine->error[0])
		return fail(EXIT_FAILED, "%s: cannot read the dump %s: %s", command, path,
			    machine->error);
	return fail(EXIT_FAILED, "%s: cannot read the dump %s: %s; lspci -D -xxxx writes one",
		    command, path, err == -ENODATA ? "there is no function in it" : strerror(-err));
}

int open_machine(const char *command, const struct options *options, struct machine *machine)
{
	struct tph_log log = {note_error, machine};
	int ret;

	machine->error[0] = '\0';
	if (options->dump) {
		ret = strcmp(options->dump, "-")
			      ? tph_ctx_new_dump(options->dump, &log, &machine->ctx)
			      : tph_ctx_new_dump_file(stdin, &log, &machine->ctx);
		return ret ? dump_failed(command, options->dump, machine, ret) : EXIT_DONE;
	}
	ret = tph_ctx_new_live(NULL, &log, &machine->ctx);
	return ret ? fail(EXIT_FAILED,
			  "%s: cannot read the functions in /sys/bus/pci: %s; is sysfs mounted?",
			  command, machine->error[0] ? machine->error : strerror(-ret))
		   : EXIT_DONE;
}

int parse_address(const char *command, const char *text, struct tph_bdf *bdf)
{
	if (!tph_bdf_parse(text, bdf))
		return EXIT_DONE;
	return fail(EXIT_USAGE, "%s: %s is no address of a function: write it as 0000:01:00.0",
		    command, text);
}

/* Finds a function at the same place in another domain, which is probably meant. */
static bool find_in_other_domain(struct tph_ctx *ctx, const struct tph_bdf *bdf,
				 char text[TPH_BDF_CHARS])
{
	struct tph_bdf *list;
	size_t count;
	bool found = false;

	if (tph_ctx_list(ctx, TPH_LIST_ALL, &list, &count))
		return false;
	for (size_t i = 0; i < count && !found; i++) {
		found = list[i].bus == bdf->bus && list[i].device == bdf->device &&
			list[i].function == bdf->function;
		if (found)
			tph_bdf_format(&list[i], text);
	}
	free(list);
	return found;
}

int find_function(const char *command, struct tph_ctx *ctx, const char *text, struct tph_bdf *bdf)
{
	const char *lister = tph_ctx_is_dump(ctx) ? "the dump" : "lspci -D";
	char name[TPH_BDF_CHARS], other[TPH_BDF_CHARS];
	int status = parse_address(command, text, bdf);

	if (status || tph_ctx_has(ctx, bdf))
		return status;
	tph_bdf_format(bdf, name);
	if (find_in_other_domain(ctx, bdf, other))
		return fail(EXIT_FAILED,
			    "%s: there is no function %s: domain %04x has none there, but there "
			    "is %s",
			    command, name, (unsigned)bdf->domain, other);
	return fail(EXIT_FAILED, "%s: there is no function %s; %s has them all", command, name,
		    lister);
}
