// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tphctl/tphctl.h"

/* Errors are kept for the line that says what failed, warnings until the dump was read. */
static void note_message(void *data, enum tph_log_level level, const char *message)
{
	struct machine *machine = data;

	if (level == TPH_LOG_ERROR)
		snprintf(machine->error, sizeof(machine->error), "%s", message);
	else if (level == TPH_LOG_WARNING && machine->warnings)
		fprintf(machine->warnings, "%s\n", message);
}

/* The library's message has the problem and what to do. */
static int dump_failed(const char *command, const char *path, const struct machine *machine,
		       int err)
{
	if (machine->error[0])
		return fail(EXIT_FAILED, "%s: cannot read the dump %s: %s", command, path,
			    machine->error);
	if (err == -EISDIR)
		return fail(EXIT_FAILED, "%s: cannot read the dump %s: it is a folder; name a file",
			    command, path);
	return fail(EXIT_FAILED, "%s: cannot read the dump %s: %s; lspci -D -xxxx writes one",
		    command, path, strerror(-err));
}

static void say_warnings(const char *command, const char *path, char *text)
{
	char *rest = text, *line;

	while ((line = strsep(&rest, "\n")))
		if (*line)
			fail(EXIT_DONE, "%s: %s: %s", command, path, line);
}

static int open_dump(const char *command, const char *path, struct machine *machine)
{
	struct tph_log log = {note_message, machine};
	char *text = NULL;
	size_t size;
	int ret;

	machine->error[0] = '\0';
	machine->warnings = open_memstream(&text, &size);
	ret = strcmp(path, "-") ? tph_ctx_new_dump(path, &log, &machine->ctx)
				: tph_ctx_new_dump_file(stdin, &log, &machine->ctx);
	if (machine->warnings)
		fclose(machine->warnings);
	machine->warnings = NULL;
	if (!ret && text)
		say_warnings(command, path, text);
	free(text);
	return ret ? dump_failed(command, path, machine, ret) : EXIT_DONE;
}

int open_sysfs(const char *command, const char *sysfs, const char *advice, struct machine *machine)
{
	struct tph_log log = {note_message, machine};
	int ret;

	machine->error[0] = '\0';
	machine->warnings = NULL;
	ret = tph_ctx_new_live(sysfs, &log, &machine->ctx);
	return ret ? fail(EXIT_FAILED, "%s: cannot read the functions in %s: %s; %s", command,
			  sysfs, machine->error[0] ? machine->error : strerror(-ret), advice)
		   : EXIT_DONE;
}

int open_machine(const char *command, const struct options *options, struct machine *machine)
{
	return options->dump ? open_dump(command, options->dump, machine)
			     : open_sysfs(command, "/sys/bus/pci", "is sysfs mounted?", machine);
}

/* Finds a function with this bus, device and function in another domain: it is probably meant. */
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

/* No function has the address. */
static int no_function(const char *command, struct tph_ctx *ctx, const struct tph_bdf *bdf)
{
	const char *lister = tph_ctx_is_dump(ctx) ? "the dump" : "lspci -D";
	char name[TPH_BDF_CHARS], other[TPH_BDF_CHARS];

	tph_bdf_format(bdf, name);
	if (find_in_other_domain(ctx, bdf, other))
		return fail(EXIT_FAILED,
			    "%s: there is no function %s: domain %04x has none there, but there "
			    "is %s",
			    command, name, (unsigned)bdf->domain, other);
	return fail(EXIT_FAILED, "%s: there is no function %s; %s has them all", command, name,
		    lister);
}

int find_function(const char *command, struct tph_ctx *ctx, const char *text, struct tph_bdf *bdf)
{
	/* As tph_ctx_find() takes it, also as the last component of a path. */
	const char *address = text[0] == '/' ? strrchr(text, '/') + 1 : text;
	int ret = tph_ctx_find(ctx, text, bdf);

	if (!ret)
		return EXIT_DONE;
	if (ret == -ENOMEM)
		return no_memory();
	if (!tph_bdf_parse(address, bdf))
		return no_function(command, ctx, bdf);
	if (tph_ctx_is_dump(ctx))
		return fail(EXIT_USAGE,
			    "%s: %s is not the address of a function: write it as 0000:01:00.0, a "
			    "dump has no names",
			    command, text);
	return fail(
		EXIT_FAILED,
		"%s: no function is at the address, or has a device of the name, %s; tphctl list "
		"--all has names",
		command, text);
}
