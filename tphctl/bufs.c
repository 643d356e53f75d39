// SPDX-License-Identifier: GPL-2.0-or-later
/* tphctl bufs: the dma-bufs of this machine, their hints, holders and importers. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tphctl/identity.h"
#include "tphctl/json.h"
#include "tphctl/table.h"
#include "tphctl/tphctl.h"

static const char USAGE[] =
	"usage: tphctl bufs [--json]\n"
	"\n"
	"The dma-bufs with their hints, the processes that hold a file descriptor, and\n"
	"the devices that imported them, with the hints that those state.\n"
	"\n"
	"  --json  for programs; tphctl-json.md has the fields\n"
	"\n"
	"? is a hint that the kernel does not show; - is none. Only root sees buffers of\n"
	"other users' processes, and importers.\n"
	"Exit status: 0, also where there are none; 1 it failed, 2 wrong command line.\n";

enum {
	COL_BUFFER,
	COL_BYTES,
	COL_EXPORTER,
	COL_NAME,
	COL_ST,
	COL_ST_EXT,
	COL_PH,
	COL_FLAGS,
	COL_COUNT
};

static const struct column COLUMNS[COL_COUNT] = {
	{"BUFFER", SCOLS_FL_TREE},
	{"BYTES", SCOLS_FL_RIGHT},
	{"EXPORTER", 0},
	{"NAME", 0},
	{"8-BIT", 0},
	{"16-BIT", 0},
	{"PH", 0},
	{"FLAGS", 0},
};

/* Required without a tag: importers cannot map it until its owner sets one. */
static const char *required_text(const struct tph_hints *h)
{
	if (!(h->flags & TPH_HINT_REQUIRED))
		return "";
	return h->flags & (TPH_HINT_ST | TPH_HINT_ST_EXT) ? "required " : "closed ";
}

static void hint_cells(struct table *table, struct libscols_line *line, const struct tph_buf *buf)
{
	const struct tph_hints *h = &buf->hints;
	char text[16];

	if (buf->hints_known != TPH_SUPPORT_YES) {
		for (size_t column = COL_ST; column <= COL_PH; column++)
			table_cell(table, line, column, TONE_PLAIN, "?");
		return;
	}
	snprintf(text, sizeof(text), "0x%02x", h->st);
	table_cell(table, line, COL_ST, TONE_PLAIN, "%s", h->flags & TPH_HINT_ST ? text : "-");
	snprintf(text, sizeof(text), "0x%04x", h->st_ext);
	table_cell(table, line, COL_ST_EXT, TONE_PLAIN, "%s",
		   h->flags & TPH_HINT_ST_EXT ? text : "-");
	table_cell(table, line, COL_PH, TONE_PLAIN, "%s",
		   h->flags & (TPH_HINT_ST | TPH_HINT_ST_EXT) ? tph_ph_str(h->ph) : "-");
	table_cell(table, line, COL_FLAGS, TONE_PLAIN, "%s%s%s", required_text(h),
		   h->flags & TPH_HINT_TAKEN_ST ? "taken-8-bit " : "",
		   h->flags & TPH_HINT_TAKEN_ST_EXT ? "taken-16-bit" : "");
}

static void holder_line(struct table *table, struct libscols_line *parent,
			const struct tph_holder *holder)
{
	char more[32] = "";

	if (holder->fd_count > 1)
		snprintf(more, sizeof(more), " and %zu more", holder->fd_count - 1);
	table_cell(table, table_line(table, parent), COL_BUFFER, TONE_DIM, "%s %d, fd %d%s",
		   holder->command[0] ? holder->command : "process", holder->pid, holder->fd, more);
}

/* "importer 0000:05:00.0 (mlx5_0)" */
static void importer_cell(struct table *table, struct libscols_line *line, struct tph_ctx *ctx,
			  const struct tph_importer *importer)
{
	char names[IDENTITY_CHARS] = "";
	struct identity id = {0};
	struct tph_bdf bdf;

	if (ctx && !tph_bdf_parse(importer->device, &bdf) &&
	    !tph_names_read(ctx, &bdf, &id.names)) {
		identity_names(&id, names);
		identity_free(&id);
	}
	table_cell(table, line, COL_BUFFER, TONE_PLAIN,
		   names[0] ? "importer %s (%s)" : "importer %s%s", importer->device, names);
}

static void importer_line(struct table *table, struct libscols_line *parent, struct tph_ctx *ctx,
			  const struct tph_importer *importer)
{
	struct libscols_line *line = table_line(table, parent);
	const struct tph_hints *h = &importer->hints;
	bool states = importer->own_hint || h->flags;

	importer_cell(table, line, ctx, importer);
	if (h->flags & TPH_HINT_ST)
		table_cell(table, line, COL_ST, TONE_PLAIN, "0x%02x", h->st);
	if (h->flags & TPH_HINT_ST_EXT)
		table_cell(table, line, COL_ST_EXT, TONE_PLAIN, "0x%04x", h->st_ext);
	if (h->flags)
		table_cell(table, line, COL_PH, TONE_PLAIN, "%s", tph_ph_str(h->ph));
	if (states)
		table_cell(table, line, COL_FLAGS, TONE_PLAIN, "%smapped %u",
			   importer->own_hint ? "a hint of its own, " : "", importer->mapped);
}

static void buf_lines(struct table *table, struct tph_ctx *ctx, const struct tph_buf *buf)
{
	struct libscols_line *line = table_line(table, NULL);

	if (buf->inode)
		table_cell(table, line, COL_BUFFER, TONE_PLAIN, "%llu",
			   (unsigned long long)buf->inode);
	else
		table_cell(table, line, COL_BUFFER, TONE_PLAIN, "?");
	table_cell(table, line, COL_BYTES, TONE_PLAIN, "%llu", (unsigned long long)buf->size_bytes);
	table_cell(table, line, COL_EXPORTER, TONE_PLAIN, "%s", buf->exporter);
	table_cell(table, line, COL_NAME, TONE_PLAIN, "%s", buf->name);
	hint_cells(table, line, buf);
	for (size_t i = 0; i < buf->holder_count; i++)
		holder_line(table, line, &buf->holders[i]);
	for (size_t i = 0; i < buf->importer_count; i++)
		importer_line(table, line, ctx, &buf->importers[i]);
}

static int print_table(const struct tph_bufs *bufs)
{
	struct tph_ctx *ctx = NULL;
	struct table table;

	/* Without it importers are shown without names. */
	if (tph_ctx_new_live(NULL, NULL, &ctx))
		ctx = NULL;

	table_begin(&table, COLUMNS, COL_COUNT, true);
	for (size_t i = 0; i < bufs->count; i++)
		buf_lines(&table, ctx, &bufs->bufs[i]);
	tph_ctx_unref(ctx);
	return table_end(&table) ? no_memory() : finish_output(EXIT_DONE);
}

static struct json_object *hints_to_json(const struct tph_buf *buf)
{
	const struct tph_hints *h = &buf->hints;
	bool any = h->flags & (TPH_HINT_ST | TPH_HINT_ST_EXT);
	struct json_object *object;

	if (buf->hints_known != TPH_SUPPORT_YES)
		return NULL;
	object = json_object_new_object();
	json_put_tag(object, "st", h->flags & TPH_HINT_ST, h->st, TPH_WIDTH_8);
	json_put_tag(object, "st_ext", h->flags & TPH_HINT_ST_EXT, h->st_ext, TPH_WIDTH_16);
	json_put_string(object, "ph", any ? tph_ph_str(h->ph) : NULL);
	json_put_bool(object, "required", h->flags & TPH_HINT_REQUIRED);
	json_put_bool(object, "taken_st", h->flags & TPH_HINT_TAKEN_ST);
	json_put_bool(object, "taken_st_ext", h->flags & TPH_HINT_TAKEN_ST_EXT);
	return object;
}

static struct json_object *importer_to_json(const struct tph_importer *importer)
{
	struct json_object *object = json_object_new_object();
	const struct tph_hints *h = &importer->hints;

	json_put_text(object, "device", importer->device);
	json_put_tag(object, "st", h->flags & TPH_HINT_ST, h->st, TPH_WIDTH_8);
	json_put_tag(object, "st_ext", h->flags & TPH_HINT_ST_EXT, h->st_ext, TPH_WIDTH_16);
	json_put_string(object, "ph", h->flags ? tph_ph_str(h->ph) : NULL);
	json_put_bool(object, "own_hint", importer->own_hint);
	json_put_number(object, "mapped", importer->mapped);
	return object;
}

/* null: not known */
static void put_importers(struct json_object *object, const struct tph_bufs *bufs,
			  const struct tph_buf *buf)
{
	struct json_object *importers;

	if (bufs->importers_known != TPH_SUPPORT_YES) {
		json_put(object, "importers", NULL);
		return;
	}
	importers = json_put_array(object, "importers");
	for (size_t i = 0; importers && i < buf->importer_count; i++)
		json_object_array_add(importers, importer_to_json(&buf->importers[i]));
}

static struct json_object *buf_to_json(const struct tph_bufs *bufs, const struct tph_buf *buf)
{
	struct json_object *object = json_object_new_object(), *holders;

	if (buf->inode)
		json_put_number(object, "inode", buf->inode);
	else
		json_put(object, "inode", NULL);
	json_put_number(object, "bytes", buf->size_bytes);
	json_put_number(object, "references", buf->references);
	json_put_text(object, "exporter", buf->exporter);
	json_put_text(object, "name", buf->name);
	json_put(object, "hints", hints_to_json(buf));
	holders = json_put_array(object, "holders");
	for (size_t i = 0; holders && i < buf->holder_count; i++) {
		struct json_object *holder = json_object_new_object();

		json_put_number(holder, "pid", (uint64_t)buf->holders[i].pid);
		json_put_number(holder, "fd", (uint64_t)buf->holders[i].fd);
		json_put_number(holder, "fds", buf->holders[i].fd_count);
		json_put_text(holder, "command", buf->holders[i].command);
		json_object_array_add(holders, holder);
	}
	put_importers(object, bufs, buf);
	return object;
}

static int print_json(const struct tph_bufs *bufs)
{
	struct json_object *root = json_begin("bufs");
	struct json_object *array = json_put_array(root, "buffers");

	for (size_t i = 0; array && i < bufs->count; i++)
		json_object_array_add(array, buf_to_json(bufs, &bufs->bufs[i]));
	json_put_number(root, "denied_processes", bufs->denied);
	return json_end(root, false);
}

int run_bufs(int argc, char **argv)
{
	static const struct option known[] = {OPTION_JSON, OPTION_HELP, {0}};
	struct options options = {0};
	struct tph_bufs *bufs;
	int ret, status;

	if (next_option(argc, argv, known, &options) != OPTIONS_END)
		return EXIT_USAGE;
	if (options.help)
		return show_usage(USAGE);
	if (!take_words(argc, argv, 0, "nothing"))
		return EXIT_USAGE;
	ret = tph_bufs_read(NULL, NULL, &bufs);
	if (ret)
		return fail(EXIT_FAILED, "bufs: cannot look for dma-bufs in /proc: %s; mount it",
			    strerror(-ret));
	status = options.json ? print_json(bufs) : print_table(bufs);
	if (!status && !options.json && bufs->count && bufs->importers_known != TPH_SUPPORT_YES)
		fprintf(stderr, "tphctl: bufs: importers are not known: %s\n",
			geteuid() ? "run as root"
				  : "mount debugfs at /sys/kernel/debug (CONFIG_DEBUG_FS)");
	if (!status && bufs->denied)
		fprintf(stderr, "tphctl: bufs: processes that could not be read: %zu; %s\n",
			bufs->denied,
			geteuid() ? "run as root"
				  : "a container or a policy hides them even from root");
	tph_bufs_free(bufs);
	return status;
}
