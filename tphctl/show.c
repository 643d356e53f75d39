// SPDX-License-Identifier: GPL-2.0-or-later
/* tphctl show: the TPH registers and tags of one function. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tphctl/facts.h"
#include "tphctl/identity.h"
#include "tphctl/json.h"
#include "tphctl/table.h"
#include "tphctl/tphctl.h"
#include "util/macros.h"

static const char USAGE[] =
	"usage: tphctl show NAME [--json] [--dump FILE]\n"
	"\n"
	"The TPH Requester capability, its control register, the ST table with its\n"
	"entries (in the capability or in MSI-X), completer support, prefixes or\n"
	"flit mode, ACS.\n"
	"\n"
	"  --json       for programs; tphctl-json.md has the fields\n"
	"  --dump FILE  of the machine that wrote FILE with lspci -D -xxxx\n"
	"\n"
	"Exit status: 0 done, 1 it failed, 2 wrong command line.\n";

/* A function's ST table, or why it cannot be shown. */
struct entries {
	struct tph_st_table *table;
	int ret;	    /* of tph_st_table_read() */
	enum tph_seen seen; /* the capability that says where it is */
};

static const char *entries_problem(int ret)
{
	switch (ret) {
	case -ENOENT:
		return "none";
	case -ENODATA:
		return "not visible: needs the machine itself, as root";
	case -EACCES:
	case -EPERM:
		return "not visible: needs root";
	case -EAGAIN:
		return "not visible: memory decoding is off, or the function does not answer";
	case -EBADMSG:
		return "not readable: the capabilities contradict each other";
	default:
		return strerror(-ret);
	}
}

/* Two columns, name and value, the second level indented as a tree. */
static struct libscols_line *row(struct table *table, struct libscols_line *parent,
				 const char *name)
{
	struct libscols_line *line = table_line(table, parent);

	table_cell(table, line, 0, TONE_PLAIN, "%s", name);
	return line;
}

#define ROW(table, parent, name, ...)                                                              \
	table_cell(table, row(table, parent, name), 1, TONE_PLAIN, __VA_ARGS__)

/* No row for an unknown value. */
static void name_row(struct table *table, struct libscols_line *head, const char *name,
		     const char *value)
{
	if (value[0])
		ROW(table, head, name, "%s", value);
}

static void show_names(struct table *table, struct libscols_line *head, struct tph_ctx *ctx,
		       const struct tph_function *f)
{
	char names[IDENTITY_CHARS];
	struct identity id;

	identity_read(ctx, f, &id);
	name_row(table, head, "vendor", id.vendor);
	name_row(table, head, "device", id.device);
	name_row(table, head, "driver", id.driver);
	name_row(table, head, "names", identity_names(&id, names));
	identity_free(&id);
}

static void show_identity(struct table *table, struct tph_ctx *ctx, const struct tph_function *f)
{
	struct libscols_line *head = row(table, NULL, "function");
	char name[TPH_BDF_CHARS], text[IDS_TEXT_CHARS];

	table_cell(table, head, 1, TONE_PLAIN, "%s", tph_bdf_format(&f->bdf, name));
	ROW(table, head, "ID", "%s", ids_text(f, text));
	show_names(table, head, ctx, f);
	ROW(table, head, "class", "%s", class_text(f, text));
	ROW(table, head, "kind", "%s", tph_port_str(f->port));
	if (f->flit)
		ROW(table, head, "link", "in flit mode");
	if (f->bridge)
		ROW(table, head, "buses behind it", "%02x-%02x", f->secondary, f->subordinate);
	ROW(table, head, "visible", "%u bytes of configuration space%s", f->config_bytes,
	    f->config_bytes == 64 ? ", as without root" : "");
}

#define MODES_CHARS 64

/* "no-st, device-specific", "none", … */
static const char *modes_text(const struct tph_function *f, char text[MODES_CHARS])
{
	const bool modes[] = {f->requester.no_st, f->requester.interrupt_vector,
			      f->requester.device_specific};
	size_t used = 0;

	snprintf(text, MODES_CHARS, "none");
	for (unsigned i = 0; i < ARRAY_SIZE(modes); i++)
		if (modes[i])
			used += (size_t)snprintf(text + used, MODES_CHARS - used, "%s%s",
						 used ? ", " : "", tph_mode_str(i));
	return text;
}

static void show_requester(struct table *table, const struct tph_function *f)
{
	struct libscols_line *head = row(table, NULL, "requester");
	bool on = f->requester.seen == TPH_SEEN_YES && f->requester.enable != TPH_ENABLE_OFF;
	char text[TABLE_TEXT_CHARS], modes[MODES_CHARS];

	table_cell(table, head, 1, TONE_PLAIN, "%s", requester_text(f));
	if (f->requester.seen != TPH_SEEN_YES)
		return;
	ROW(table, head, "capability", "0x%08x at 0x%03x", f->requester.capability,
	    f->requester.offset);
	ROW(table, head, "modes", "%s", modes_text(f, modes));
	ROW(table, head, "ST table, entries", "%s", table_text(f, text));
	ROW(table, head, "control", "0x%08x", f->requester.control);
	ROW(table, head, "mode now", "%s", mode_text(f));
	table_cell(table, row(table, head, "enabled now"), 1, on ? TONE_GOOD : TONE_WARN, "%s",
		   enabled_text(f));
}

static void show_completer(struct table *table, const struct tph_function *f)
{
	struct libscols_line *head = row(table, NULL, "completer");

	table_cell(table, head, 1, TONE_PLAIN, "%s", completer_text(f));
	if (f->completer.seen != TPH_SEEN_YES)
		return;
	ROW(table, head, "DevCap2", "0x%08x", f->completer.devcap2);
	if (f->completer.prefix)
		ROW(table, head, "End-End prefixes", "%u%s", f->completer.prefix_max,
		    f->completer.prefix_blocked ? ", but this port blocks them" : "");
	else
		ROW(table, head, "End-End prefixes", "none%s",
		    f->flit ? ", and in flit mode the link needs none"
			    : ": the link carries no 16-bit tags");
}

static void show_acs(struct table *table, const struct tph_function *f)
{
	struct libscols_line *head = row(table, NULL, "ACS");

	if (f->acs.seen != TPH_SEEN_YES) {
		table_cell(table, head, 1, TONE_PLAIN, "%s", seen_mark(f->acs.seen));
		return;
	}
	table_cell(table, head, 1, TONE_PLAIN, "at 0x%03x", f->acs.offset);
	ROW(table, head, "capability", "0x%04x", f->acs.capability);
	ROW(table, head, "control", "0x%04x", f->acs.control);
	ROW(table, head, "request redirect", "%s", f->acs.request_redirect ? "on" : "off");
	ROW(table, head, "completion redirect", "%s", f->acs.completion_redirect ? "on" : "off");
	ROW(table, head, "egress control", "%s", f->acs.egress_control ? "on" : "off");
}

/* A table has up to 2048 entries, nearly all of them 0. */
static void show_entries(struct table *table, const struct entries *entries)
{
	const struct tph_st_table *st = entries->table;
	struct libscols_line *head = row(table, NULL, "ST entries");
	size_t used = 0;

	if (entries->seen != TPH_SEEN_YES && entries->seen != TPH_SEEN_NO) {
		table_cell(table, head, 1, TONE_PLAIN, "%s", seen_mark(entries->seen));
		return;
	}
	if (!st) {
		table_cell(table, head, 1, TONE_PLAIN, "%s", entries_problem(entries->ret));
		return;
	}
	for (size_t i = 0; i < st->count; i++) {
		char index[32];

		if (!st->tags[i])
			continue;
		used++;
		snprintf(index, sizeof(index), "%zu", i);
		ROW(table, head, index, "0x%04x", st->tags[i]);
	}
	table_cell(table, head, 1, TONE_PLAIN, "%zu in %s, %zu not 0%s", st->count,
		   st->table == TPH_TABLE_MSIX ? "the MSI-X table" : "the capability", used,
		   st->declared > st->count ? "; more are declared than fit" : "");
}

static int print_tables(struct tph_ctx *ctx, const struct tph_function *f,
			const struct entries *entries)
{
	static const struct column columns[] = {{"FIELD", SCOLS_FL_TREE}, {"VALUE", 0}};
	struct table table;

	table_begin(&table, columns, 2, false);
	show_identity(&table, ctx, f);
	show_requester(&table, f);
	show_entries(&table, entries);
	show_completer(&table, f);
	show_acs(&table, f);
	return table_end(&table) ? no_memory() : finish_output(EXIT_DONE);
}

static int print_json(struct tph_ctx *ctx, const struct tph_function *f,
		      const struct entries *entries)
{
	struct json_object *root = json_begin("show");
	struct json_object *array;

	facts_to_json(root, ctx, f);
	if (!entries->table) {
		json_put(root, "st_entries", NULL);
		json_put_string(root, "st_entries_problem", entries_problem(entries->ret));
		return json_end(root, false);
	}
	array = json_put_array(root, "st_entries");
	for (size_t i = 0; array && i < entries->table->count; i++) {
		char text[8];

		snprintf(text, sizeof(text), "0x%04x", entries->table->tags[i]);
		json_object_array_add(array, json_object_new_string(text));
	}
	json_put(root, "st_entries_problem", NULL);
	return json_end(root, false);
}

static int show(struct tph_ctx *ctx, const struct tph_bdf *bdf, bool json)
{
	struct entries entries = {0};
	struct tph_function *f = read_function("show", ctx, bdf);
	int status;

	if (!f)
		return EXIT_FAILED;
	entries.seen = f->requester.seen;
	entries.ret = tph_st_table_read(ctx, bdf, &entries.table);
	status = json ? print_json(ctx, f, &entries) : print_tables(ctx, f, &entries);
	if (!entries.ret)
		tph_st_table_free(entries.table);
	tph_function_free(f);
	return status;
}

int run_show(int argc, char **argv)
{
	static const struct option known[] = {OPTION_JSON, OPTION_DUMP, OPTION_HELP, {0}};
	struct options options = {0};
	struct machine machine = {0};
	struct tph_bdf bdf;
	char **words;
	int status;

	if (next_option(argc, argv, known, &options) != OPTIONS_END)
		return EXIT_USAGE;
	if (options.help)
		return show_usage(USAGE);
	words = take_words(argc, argv, 1, "one NAME");
	if (!words)
		return EXIT_USAGE;
	status = open_machine("show", &options, &machine);
	if (!status)
		status = find_function("show", machine.ctx, words[0], &bdf);
	if (!status)
		status = show(machine.ctx, &bdf, options.json);
	tph_ctx_unref(machine.ctx);
	return status;
}
