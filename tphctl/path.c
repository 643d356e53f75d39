// SPDX-License-Identifier: GPL-2.0-or-later
/* tphctl path: do hints arrive from the importer at the exporter, and what to do if not? */
#include <stdio.h>
#include <string.h>

#include "tphctl/identity.h"
#include "tphctl/json.h"
#include "tphctl/table.h"
#include "tphctl/tphctl.h"

static const char USAGE[] =
	"usage: tphctl path IMPORTER EXPORTER [--width 8|16] [--json] [--dump FILE]\n"
	"\n"
	"Whether hints on the writes of IMPORTER, such as a NIC, reach EXPORTER, whose\n"
	"memory it is, by what is enabled now and by what could be, and if not why.\n"
	"\n"
	"  --width 8|16  the exit status is for this width; without it for the better one\n"
	"  --json        for programs; tphctl-json.md has the fields\n"
	"  --dump FILE   of the machine that wrote FILE with lspci -D -xxxx; its kernel\n"
	"                is assumed to have all that hints need\n"
	"\n"
	"Exit status, by what is enabled now: 0 guaranteed, 3 best effort, 4 none,\n"
	"5 unknown; 1 it failed, 2 wrong command line.\n";

#define ANY_WIDTH TPH_WIDTHS

static const char *const WHEN_NAMES[TPH_WHENS] = {[TPH_NOW] = "now", [TPH_COULD_BE] = "could be"};

static enum tone verdict_tone(enum tph_verdict verdict)
{
	static const enum tone tones[] = {[TPH_VERDICT_UNKNOWN] = TONE_WARN,
					  [TPH_VERDICT_NONE] = TONE_BAD,
					  [TPH_VERDICT_BEST_EFFORT] = TONE_WARN,
					  [TPH_VERDICT_GUARANTEED] = TONE_GOOD};

	return tones[verdict];
}

static int verdict_status(enum tph_verdict verdict)
{
	static const int statuses[] = {[TPH_VERDICT_UNKNOWN] = EXIT_UNKNOWN,
				       [TPH_VERDICT_NONE] = EXIT_NO_PATH,
				       [TPH_VERDICT_BEST_EFFORT] = EXIT_BEST_EFFORT,
				       [TPH_VERDICT_GUARANTEED] = EXIT_DONE};

	return statuses[verdict];
}

/* The better verdict of the two widths counts; unknown may turn out better than none. */
static int exit_status(const struct tph_path *path, int width)
{
	enum tph_verdict v8 = path->judgements[TPH_NOW][TPH_WIDTH_8].verdict;
	enum tph_verdict v16 = path->judgements[TPH_NOW][TPH_WIDTH_16].verdict;
	enum tph_verdict best = v8 > v16 ? v8 : v16;

	if (width != ANY_WIDTH)
		return verdict_status(width == TPH_WIDTH_16 ? v16 : v8);
	if (best == TPH_VERDICT_NONE && (v8 == TPH_VERDICT_UNKNOWN || v16 == TPH_VERDICT_UNKNOWN))
		best = TPH_VERDICT_UNKNOWN;
	return verdict_status(best);
}

enum { COL_FUNCTION, COL_KIND, COL_ROLE, COL_DEVICE, COL_COUNT };

static bool is_end(const struct tph_path *path, size_t hop, const struct tph_bdf *end)
{
	return path->hops[hop].function->port != TPH_PORT_HOST_BRIDGE &&
	       !tph_bdf_compare(&path->hops[hop].function->bdf, end);
}

#define ROLE_CHARS 96

static void add_role(char text[ROLE_CHARS], const char *role)
{
	size_t used = strlen(text);

	snprintf(text + used, ROLE_CHARS - used, "%s%s", used ? ", " : "", role);
}

static void hop_role(const struct tph_path *path, size_t i, char text[ROLE_CHARS])
{
	const struct tph_hop *hop = &path->hops[i];
	bool turns = path->route == TPH_ROUTE_DIRECT && (int)i == path->common;

	text[0] = '\0';
	if (is_end(path, i, &path->importer))
		add_role(text, "importer");
	if (is_end(path, i, &path->exporter))
		add_role(text, "exporter");
	if (!text[0] && hop->on_route)
		add_role(text, turns ? "turns here" : "on the route");
	if (hop->redirects)
		add_role(text, !hop->redirects_requests ? "ACS redirects completions to the host"
			       : hop->redirects_completions ? "ACS redirects it to the host"
							    : "ACS redirects requests to the host");
}

/* "mlx5_0 ens1f0np0, Mellanox Technologies …" */
static void device_cell(struct table *table, struct libscols_line *line, struct tph_ctx *ctx,
			const struct tph_function *f, enum tone tone)
{
	char names[IDENTITY_CHARS], text[2 * IDENTITY_CHARS];
	struct identity id;

	identity_read(ctx, f, &id);
	identity_names(&id, names);
	table_cell(table, line, COL_DEVICE, tone, "%s%s%s", names, names[0] ? ", " : "",
		   identity_text(&id, text));
	identity_free(&id);
}

static struct libscols_line *hop_line(struct table *table, struct tph_ctx *ctx,
				      const struct tph_path *path, size_t i,
				      struct libscols_line *parent)
{
	const struct tph_hop *hop = &path->hops[i];
	const struct tph_function *f = hop->function;
	struct libscols_line *line = table_line(table, parent);
	enum tone tone = hop->redirects ? TONE_BAD : hop->on_route ? TONE_PLAIN : TONE_DIM;
	char name[TPH_BDF_CHARS], role[ROLE_CHARS];

	hop_role(path, i, role);
	if (f->port == TPH_PORT_HOST_BRIDGE)
		table_cell(table, line, COL_FUNCTION, tone, "%04x:%02x", (unsigned)f->bdf.domain,
			   f->bdf.bus);
	else
		table_cell(table, line, COL_FUNCTION, tone, "%s", tph_bdf_format(&f->bdf, name));
	if (f->port != TPH_PORT_HOST_BRIDGE)
		device_cell(table, line, ctx, f, tone);
	table_cell(table, line, COL_KIND, tone, "%s", tph_port_str(f->port));
	table_cell(table, line, COL_ROLE, tone, "%s", role);
	return line;
}

/* The library's order is up from the importer, then down to the exporter; a tree grows from its
 * root. */
static int draw(struct tph_ctx *ctx, const struct tph_path *path)
{
	static const struct column columns[COL_COUNT] = {
		{"FUNCTION", SCOLS_FL_TREE}, {"KIND", 0}, {"ROUTE", 0}, {"DEVICE", 0}};
	struct libscols_line *above = NULL, *line = NULL;
	struct table table;

	table_begin(&table, columns, COL_COUNT, true);
	for (size_t i = path->hop_count; i-- > 0;) {
		if (path->hops[i].side == TPH_SIDE_COMMON)
			above = hop_line(&table, ctx, path, i, above);
	}
	line = above;
	for (size_t i = path->hop_count; i-- > 0;) {
		if (path->hops[i].side == TPH_SIDE_IMPORTER)
			line = hop_line(&table, ctx, path, i, line);
	}
	line = above;
	for (size_t i = 0; i < path->hop_count; i++) {
		if (path->hops[i].side == TPH_SIDE_EXPORTER)
			line = hop_line(&table, ctx, path, i, line);
	}
	return table_end(&table);
}

static int print_verdicts(const struct tph_path *path)
{
	static const struct column columns[] = {{"TAGS", 0}, {"NOW", 0}, {"COULD BE", 0}};
	struct table table;

	table_begin(&table, columns, 3, true);
	for (int width = 0; width < TPH_WIDTHS; width++) {
		struct libscols_line *line = table_line(&table, NULL);

		table_cell(&table, line, 0, TONE_PLAIN, "%s", tph_width_str((unsigned)width));
		for (int when = 0; when < TPH_WHENS; when++) {
			enum tph_verdict verdict = path->judgements[when][width].verdict;

			table_cell(&table, line, 1 + (size_t)when, verdict_tone(verdict), "%s",
				   tph_verdict_str(verdict));
		}
	}
	return table_end(&table);
}

static bool has_cause(const struct tph_judgement *j, const struct tph_cause *cause)
{
	for (size_t i = 0; i < j->cause_count; i++)
		if (!strcmp(j->causes[i].sentence, cause->sentence))
			return true;
	return false;
}

/* One line per reason; of what could be, only those that do not apply now. */
static void print_reasons(const struct tph_path *path)
{
	for (int width = 0; width < TPH_WIDTHS; width++)
		for (int when = 0; when < TPH_WHENS; when++) {
			const struct tph_judgement *j = &path->judgements[when][width];

			for (size_t i = 0; i < j->cause_count; i++)
				if (when == TPH_NOW ||
				    !has_cause(&path->judgements[TPH_NOW][width], &j->causes[i]))
					printf("%s, %s: %s\n", tph_width_str((unsigned)width),
					       WHEN_NAMES[when], j->causes[i].sentence);
		}
}

static int print_text(struct tph_ctx *ctx, const struct tph_path *path)
{
	if (draw(ctx, path))
		return no_memory();
	if (!path->complete)
		puts("A bridge above them is not visible: the tree is incomplete.");
	printf("route: %s\n\n", tph_route_str(path->route));
	if (print_verdicts(path))
		return no_memory();
	print_reasons(path);
	return finish_output(EXIT_DONE);
}

static struct json_object *hop_to_json(struct tph_ctx *ctx, const struct tph_path *path, size_t i)
{
	const struct tph_hop *hop = &path->hops[i];
	struct json_object *object = json_object_new_object();

	if (hop->function->port == TPH_PORT_HOST_BRIDGE)
		json_put(object, "function", NULL);
	else
		json_put_bdf(object, "function", &hop->function->bdf);
	json_put_number(object, "domain", hop->function->bdf.domain);
	json_put_number(object, "bus", hop->function->bdf.bus);
	json_put_string(object, "kind", tph_port_str(hop->function->port));
	if (hop->function->port != TPH_PORT_HOST_BRIDGE) {
		struct identity id;

		identity_read(ctx, hop->function, &id);
		identity_to_json(object, &id);
		identity_free(&id);
	}
	json_put_string(object, "side", tph_side_str(hop->side));
	json_put_bool(object, "on_route", hop->on_route);
	json_put_bool(object, "turns_here", (int)i == path->common);
	json_put_bool(object, "acs_redirects", hop->redirects);
	json_put_bool(object, "acs_redirects_requests", hop->redirects_requests);
	json_put_bool(object, "acs_redirects_completions", hop->redirects_completions);
	return object;
}

static struct json_object *cause_to_json(const struct tph_cause *cause)
{
	struct json_object *object = json_object_new_object();

	json_put_string(object, "verdict", tph_verdict_str(cause->verdict));
	json_put_string(object, "reason", tph_reason_str(cause->reason));
	json_put_bdf(object, "at", &cause->at);
	json_put_string(object, "sentence", cause->sentence);
	return object;
}

static struct json_object *judgement_to_json(const struct tph_judgement *j)
{
	struct json_object *object = json_object_new_object(), *causes;

	json_put_string(object, "verdict", tph_verdict_str(j->verdict));
	json_put_string(object, "reason", tph_reason_str(j->reason));
	if (j->reason == TPH_REASON_NONE)
		json_put(object, "at", NULL);
	else
		json_put_bdf(object, "at", &j->at);
	json_put_string(object, "sentence", j->sentence);
	causes = json_put_array(object, "causes");
	for (size_t i = 0; causes && i < j->cause_count; i++)
		json_object_array_add(causes, cause_to_json(&j->causes[i]));
	return object;
}

static int print_json(struct tph_ctx *ctx, const struct tph_path *path)
{
	struct json_object *root = json_begin("path"), *hops;

	json_put_bdf(root, "importer", &path->importer);
	json_put_bdf(root, "exporter", &path->exporter);
	json_put_string(root, "route", tph_route_str(path->route));
	json_put_string(root, "requests", tph_route_str(path->requests));
	json_put_string(root, "completions", tph_route_str(path->completions));
	json_put_bool(root, "translated_direct", path->translated_direct);
	json_put_bool(root, "complete", path->complete);
	for (int when = 0; when < TPH_WHENS; when++) {
		struct json_object *object = json_object_new_object();

		for (int width = 0; width < TPH_WIDTHS; width++)
			json_put(object, tph_width_str((unsigned)width),
				 judgement_to_json(&path->judgements[when][width]));
		json_put(root, when == TPH_NOW ? "now" : "could_be", object);
	}
	hops = json_put_array(root, "hops");
	for (size_t i = 0; hops && i < path->hop_count; i++)
		json_object_array_add(hops, hop_to_json(ctx, path, i));
	return json_end(root, false);
}

static int judge(struct tph_ctx *ctx, char **words, const struct options *options, int width)
{
	struct tph_bdf importer, exporter;
	struct tph_kernel kernel;
	struct tph_path *path;
	int ret, status = find_function("path", ctx, words[0], &importer);

	if (!status)
		status = find_function("path", ctx, words[1], &exporter);
	if (status)
		return status;
	ret = options->dump ? 0 : tph_kernel_probe(NULL, &kernel);
	if (ret)
		return fail(EXIT_FAILED,
			    "path: cannot read the kernel's state in /proc: %s; mount it",
			    strerror(-ret));
	ret = tph_path_read(ctx, &importer, &exporter, options->dump ? NULL : &kernel, &path);
	if (ret)
		return fail(EXIT_FAILED, "path: cannot judge %s and %s: %s", words[0], words[1],
			    strerror(-ret));
	status = options->json ? print_json(ctx, path) : print_text(ctx, path);
	if (!status)
		status = exit_status(path, width);
	tph_path_free(path);
	return status;
}

static int parse_width(const char *text, int *width)
{
	int parsed = tph_width_parse(text);

	if (parsed < 0)
		return fail(EXIT_USAGE, "path: --width %s: it is 8 or 16", text);
	*width = parsed;
	return EXIT_DONE;
}

int run_path(int argc, char **argv)
{
	static const struct option known[] = {{"width", required_argument, NULL, 'w'},
					      OPTION_JSON,
					      OPTION_DUMP,
					      OPTION_HELP,
					      {0}};
	struct options options = {0};
	struct machine machine = {0};
	int c, status, width = ANY_WIDTH;
	char **words;

	while ((c = next_option(argc, argv, known, &options)) != OPTIONS_END) {
		if (c == OPTIONS_BAD || parse_width(optarg, &width))
			return EXIT_USAGE;
	}
	if (options.help)
		return show_usage(USAGE);
	words = take_words(argc, argv, 2, "an IMPORTER and an EXPORTER");
	if (!words)
		return EXIT_USAGE;
	status = open_machine("path", &options, &machine);
	if (!status)
		status = judge(machine.ctx, words, &options, width);
	tph_ctx_unref(machine.ctx);
	return status;
}
