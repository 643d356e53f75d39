// SPDX-License-Identifier: GPL-2.0-or-later
/* tphctl list: the functions that send or complete hints, or may do so. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tphctl/facts.h"
#include "tphctl/identity.h"
#include "tphctl/json.h"
#include "tphctl/table.h"
#include "tphctl/tphctl.h"

static const char USAGE[] =
	"usage: tphctl list [--all] [--tree] [--json] [--dump FILE]\n"
	"\n"
	"The functions that are a requester (send hints) or a completer (take them).\n"
	"\n"
	"  --all        also network devices and accelerators that are neither\n"
	"  --tree       with the bridges above them\n"
	"  --json       for programs; tphctl-json.md has the fields\n"
	"  --dump FILE  of the machine that wrote FILE with lspci -D -xxxx\n"
	"\n"
	"? is not visible: only root sees all of configuration space.\n"
	"Exit status: 0, also where there are none; 1 it failed, 2 wrong command line.\n";

enum {
	COL_FUNCTION,
	COL_ID,
	COL_KIND,
	COL_REQUESTER,
	COL_ENABLED,
	COL_MODE,
	COL_TABLE,
	COL_COMPLETER,
	COL_DEVICE,
	COL_DRIVER,
	COL_NAMES,
	COL_COUNT
};

static const struct column COLUMNS[] = {
	{"FUNCTION", 0}, {"ID", 0},	{"KIND", 0},	 {"REQUESTER", 0},
	{"ENABLED", 0},	 {"MODE", 0},	{"ST TABLE", 0}, {"COMPLETER", 0},
	{"DEVICE", 0},	 {"DRIVER", 0}, {"NAMES", 0},
};

/* The columns of a dump, which does not have the others. */
#define DUMP_COLUMNS COL_DRIVER

/* A function, whether it is listed, and its line once there is one. */
struct entry {
	struct tph_function *f;
	bool listed;
	struct libscols_line *line;
};

struct list {
	struct tph_ctx *ctx;
	bool all, tree;
	struct entry *entries; /* every function, in the order of addresses */
	size_t count;
	size_t listed, cut;
	size_t devices, able; /* network devices and accelerators; those with a role, or unknown */
};

/* Base classes, and one subclass */
#define CLASS_NETWORK	   0x02
#define CLASS_DISPLAY	   0x03
#define CLASS_ACCELERATOR  0x12
#define CLASS_CO_PROCESSOR 0x0b40

/* Network devices and accelerators, with TPH or without. */
static bool is_device(const struct tph_function *f)
{
	unsigned base = f->class_code >> 16;

	return f->class_seen == TPH_SEEN_YES &&
	       (base == CLASS_NETWORK || base == CLASS_DISPLAY || base == CLASS_ACCELERATOR ||
		f->class_code >> 8 == CLASS_CO_PROCESSOR);
}

static bool has_role(const struct tph_function *f)
{
	return f->requester.seen == TPH_SEEN_YES ||
	       (f->completer.seen == TPH_SEEN_YES &&
		(f->completer.type == TPH_COMPLETER_8 || f->completer.type == TPH_COMPLETER_16));
}

/* A role that is not visible: listed with its enum tph_seen. */
static bool may_have_role(const struct tph_function *f)
{
	return f->requester.seen > TPH_SEEN_YES || f->completer.seen > TPH_SEEN_YES;
}

static bool is_cut(const struct tph_function *f)
{
	return f->requester.seen == TPH_SEEN_NOT_VISIBLE ||
	       f->completer.seen == TPH_SEEN_NOT_VISIBLE;
}

static void classify(struct list *list, struct entry *entry)
{
	bool able = has_role(entry->f) || may_have_role(entry->f), device = is_device(entry->f);

	entry->listed = able || (list->all && device);
	list->listed += entry->listed;
	list->cut += is_cut(entry->f);
	list->devices += device;
	list->able += device && able;
}

static int read_all(struct list *list)
{
	struct tph_bdf *bdfs;
	int ret = tph_ctx_list(list->ctx, TPH_LIST_ALL, &bdfs, &list->count);

	if (ret)
		return fail(EXIT_FAILED, "list: cannot list the functions: %s", strerror(-ret));
	list->entries = calloc(list->count ? list->count : 1, sizeof(*list->entries));
	for (size_t i = 0; list->entries && i < list->count; i++) {
		struct entry *entry = &list->entries[i];

		entry->f = read_function("list", list->ctx, &bdfs[i]);
		if (!entry->f) {
			free(bdfs);
			return EXIT_FAILED;
		}
		classify(list, entry);
	}
	free(bdfs);
	return list->entries ? EXIT_DONE : no_memory();
}

static int compare_to_entry(const void *bdf, const void *entry)
{
	return tph_bdf_compare(bdf, &((const struct entry *)entry)->f->bdf);
}

/* The bridge above @f; NULL: @f is on a root bus, or the bridge is not visible. */
static struct entry *parent_of(const struct list *list, const struct tph_function *f)
{
	if (f->above.seen != TPH_SEEN_YES)
		return NULL;
	return bsearch(&f->above.bdf, list->entries, list->count, sizeof(struct entry),
		       compare_to_entry);
}

static void identity_cells(struct table *table, struct libscols_line *line, const struct list *list,
			   const struct entry *entry, enum tone tone)
{
	char text[2 * IDENTITY_CHARS];
	struct identity id;

	identity_read(list->ctx, entry->f, &id);
	table_cell(table, line, COL_DEVICE, tone, "%s", identity_text(&id, text));
	if (!tph_ctx_is_dump(list->ctx)) {
		table_cell(table, line, COL_DRIVER, tone, "%s", id.driver);
		table_cell(table, line, COL_NAMES, tone, "%s", identity_names(&id, text));
	}
	identity_free(&id);
}

static struct libscols_line *add_line(struct table *table, const struct list *list,
				      const struct entry *entry, struct libscols_line *parent)
{
	const struct tph_function *f = entry->f;
	struct libscols_line *line = table_line(table, parent);
	enum tone tone = entry->listed ? TONE_PLAIN : TONE_DIM;
	bool enabled = f->requester.seen == TPH_SEEN_YES && f->requester.enable != TPH_ENABLE_OFF;
	char name[TPH_BDF_CHARS], text[TABLE_TEXT_CHARS], ids[IDS_TEXT_CHARS];

	table_cell(table, line, COL_FUNCTION, tone, "%s", tph_bdf_format(&f->bdf, name));
	table_cell(table, line, COL_ID, tone, "%s", ids_text(f, ids));
	table_cell(table, line, COL_KIND, tone, "%s", tph_port_str(f->port));
	table_cell(table, line, COL_REQUESTER, tone, "%s", requester_text(f));
	table_cell(table, line, COL_ENABLED, enabled ? TONE_GOOD : tone, "%s", enabled_text(f));
	table_cell(table, line, COL_MODE, tone, "%s", mode_text(f));
	table_cell(table, line, COL_TABLE, tone, "%s", table_text(f, text));
	table_cell(table, line, COL_COMPLETER, tone, "%s", completer_text(f));
	identity_cells(table, line, list, entry, tone);
	return line;
}

/* A function's line in the tree, below those of the bridges above it. */
static struct libscols_line *tree_line(struct table *table, const struct list *list,
				       struct entry *entry)
{
	struct entry *parent;

	if (entry->line)
		return entry->line;
	parent = parent_of(list, entry->f);
	entry->line = add_line(table, list, entry, parent ? tree_line(table, list, parent) : NULL);
	return entry->line;
}

static int print_table(const struct list *list)
{
	struct column columns[COL_COUNT];
	struct table table;

	memcpy(columns, COLUMNS, sizeof(columns));
	columns[COL_FUNCTION].flags = list->tree ? SCOLS_FL_TREE : 0;
	table_begin(&table, columns, tph_ctx_is_dump(list->ctx) ? DUMP_COLUMNS : COL_COUNT, true);
	for (size_t i = 0; i < list->count; i++) {
		struct entry *entry = &list->entries[i];

		if (!entry->listed)
			continue;
		if (list->tree)
			tree_line(&table, list, entry);
		else
			add_line(&table, list, entry, NULL);
	}
	return table_end(&table) ? no_memory() : finish_output(EXIT_DONE);
}

static int print_json(const struct list *list)
{
	struct json_object *root = json_begin("list");
	struct json_object *functions = json_put_array(root, "functions");

	for (size_t i = 0; functions && i < list->count; i++) {
		const struct entry *entry = &list->entries[i];
		struct json_object *object;

		if (!entry->listed)
			continue;
		object = json_object_new_object();
		facts_to_json(object, list->ctx, entry->f);
		if (entry->f->above.seen == TPH_SEEN_YES)
			json_put_bdf(object, "below", &entry->f->above.bdf);
		else
			json_put(object, "below", NULL);
		json_object_array_add(functions, object);
	}
	return json_end(root, false);
}

static void say_what_is_missing(const struct list *list, const struct options *options)
{
	const char *where = options->dump ? "in the dump" : "of this machine";

	if (list->devices && !list->able)
		fprintf(stderr,
			"tphctl: list: no network device or accelerator %s sends or takes hints, of "
			"%zu%s\n",
			where, list->devices, list->all ? "" : "; --all lists them");
	else if (!list->listed)
		fprintf(stderr, "tphctl: list: no function %s sends or takes hints\n", where);
	if (list->cut)
		fprintf(stderr, "tphctl: list: functions not fully visible: %zu of %zu; %s\n",
			list->cut, list->count,
			options->dump ? "the dump must be of lspci -xxxx as root" : "run as root");
}

static void free_list(struct list *list)
{
	for (size_t i = 0; list->entries && i < list->count; i++)
		tph_function_free(list->entries[i].f);
	free(list->entries);
}

int run_list(int argc, char **argv)
{
	static const struct option known[] = {{"all", no_argument, NULL, 'a'},
					      {"tree", no_argument, NULL, 't'},
					      OPTION_JSON,
					      OPTION_DUMP,
					      OPTION_HELP,
					      {0}};
	struct options options = {0};
	struct machine machine = {0};
	struct list list = {0};
	int c, status;

	while ((c = next_option(argc, argv, known, &options)) != OPTIONS_END) {
		if (c == OPTIONS_BAD)
			return EXIT_USAGE;
		list.all = list.all || c == 'a';
		list.tree = list.tree || c == 't';
	}
	if (options.help)
		return show_usage(USAGE);
	if (!take_words(argc, argv, 0, "nothing"))
		return EXIT_USAGE;
	status = open_machine("list", &options, &machine);
	if (status)
		return status;
	list.ctx = machine.ctx;
	status = read_all(&list);
	if (!status)
		status = options.json ? print_json(&list) : print_table(&list);
	if (!status)
		say_what_is_missing(&list, &options);
	free_list(&list);
	tph_ctx_unref(machine.ctx);
	return status;
}
