// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Makes one page of a demo's result.json, its trace and its kernel log: for
 * people, so it has no script and asks for nothing of any network. What a
 * program wants of it stands in data- attributes.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lab/report/draw.h"
#include "lab/report/html.h"

enum { LOG_BYTES_MAX = 256 << 10 };

struct options {
	const char *result, *trace, *log, *style, *command, *out;
};

struct page {
	FILE *out;
	const struct options *options;
	struct summary summary;
};

static void text(const struct page *page, const char *string)
{
	html_text(page->out, string);
}

static void html(const struct page *page, const char *markup)
{
	fputs(markup, page->out);
}

/* <td data-NAME="123">123</td>, and a right-aligned one. */
static void number_cell(const struct page *page, const char *name, uint64_t number)
{
	fprintf(page->out, "<td class=\"n\" data-%s=\"%" PRIu64 "\">", name, number);
	html_number(page->out, number);
	html(page, "</td>");
}

/* A file's last @max bytes. NULL: there is none. */
static char *read_tail(const char *name, size_t max, size_t *len)
{
	FILE *file = name ? fopen(name, "re") : NULL;
	char *bytes = file ? malloc(max) : NULL;

	*len = 0;
	if (bytes) {
		if (fseek(file, -(long)max, SEEK_END))
			rewind(file);
		*len = fread(bytes, 1, max, file);
	}
	if (file)
		fclose(file);
	return bytes;
}

/* "0x5a, 8-bit, target", or "no hint" */
static void hint_words(const struct page *page, const struct tlp_hint *hint)
{
	if (hint->st_bits)
		fprintf(page->out, "0x%x, %u-bit, %s", hint->st, hint->st_bits,
			tlp_ph_str(hint->ph));
	else
		html(page, "no hint");
}

/* ---- the head ---- */

static struct json_object *pairs_of(const struct page *page)
{
	return result_list(page->summary.result, "pairs");
}

/* A NIC each, as the pairs have one. */
static struct json_object *adders_of(const struct page *page)
{
	return result_list(result_object(page->summary.result, "add"), "nics");
}

static uint64_t sum_of(struct json_object *list, const char *key)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < result_length(list); i++)
		sum += (uint64_t)result_number(json_object_array_get_idx(list, i), key);
	return sum;
}

static uint64_t sum_of_all(const struct page *page, const char *key)
{
	return sum_of(pairs_of(page), key) + sum_of(adders_of(page), key);
}

static void tile(const struct page *page, const char *name, uint64_t number, const char *words)
{
	fprintf(page->out, "<li data-total=\"%s\" data-value=\"%" PRIu64 "\"><strong>", name,
		number);
	html_number(page->out, number);
	html(page, "</strong> ");
	text(page, words);
	html(page, "</li>\n");
}

static void put_head(const struct page *page)
{
	size_t len;
	char *style = read_tail(page->options->style, 1 << 16, &len);

	html(page, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"/>\n"
		   "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
		   "<meta name=\"color-scheme\" content=\"light dark\"/>\n"
		   "<link rel=\"icon\" href=\"data:,\"/>\n"
		   "<title>dmabuf-tph: who sent which tag to which buffer</title>\n<style>\n");
	if (style)
		fwrite(style, 1, len, page->out);
	free(style);
	html(page, "</style></head>\n<body>\n");
}

static void put_verdict(const struct page *page)
{
	uint64_t good = sum_of(pairs_of(page), "ok"), pairs = result_length(pairs_of(page));
	bool ok = result_number(page->summary.result, "ok");

	fprintf(page->out,
		"<header><p class=\"brand\">dmabuf-tph demo</p>"
		"<h1>Who sent which tag to which buffer</h1>"
		"<p class=\"verdict %s\" data-good=\"%" PRIu64 "\" data-pairs=\"%" PRIu64
		"\">%s %" PRIu64 " of %" PRIu64
		" pairs as they should be</p>\n<p class=\"muted\">Linux ",
		ok ? "ok" : "bad", good, pairs, ok ? "\xe2\x9c\x93" : "\xe2\x9c\x97", good, pairs);
	text(page, result_text(page->summary.result, "kernel"));
	html(page, ", topology ");
	text(page, result_text(page->summary.result, "topology"));
	html(page, "</p>\n<ul class=\"tiles\">\n");
	tile(page, "tlps", sum_of_all(page, "tlps"), "TLPs written to the accelerator");
	tile(page, "hinted", sum_of_all(page, "hinted"), "of them carried a hint");
	tile(page, "bytes", sum_of_all(page, "bytes"), "bytes, each compared");
	if (!page->summary.no_trace)
		tile(page, "traced", page->summary.tlps,
		     "TLPs in the trace, reads and completions too");
	html(page, "</ul></header>\n<main>\n");
}

/* ---- the pairs ---- */

static void pair_attributes(const struct page *page, struct json_object *pair)
{
	html(page, "data-pair=\"");
	text(page, result_text(pair, "buffer"));
	html(page, " ");
	text(page, result_text(pair, "nic"));
	fprintf(page->out,
		"\" data-tlps=\"%" PRId64 "\" data-hinted=\"%" PRId64 "\" data-bytes=\"%" PRId64
		"\" data-width=\"%" PRId64 "\" data-st=\"",
		result_number(pair, "tlps"), result_number(pair, "hinted"),
		result_number(pair, "bytes"), result_number(pair, "width"));
	text(page, result_text(pair, "st"));
	html(page, "\" data-ph=\"");
	text(page, result_text(pair, "ph"));
	html(page, "\"");
}

static void pair_hint(const struct page *page, const struct tlp_hint *hint)
{
	html(page, "<span><span class=\"nobr\">");
	draw_swatch(page->out, summary_series(&page->summary, hint));
	if (hint->st_bits)
		fprintf(page->out, "<b>0x%x</b> %u-bit</span> %s</span>", hint->st, hint->st_bits,
			tlp_ph_str(hint->ph));
	else
		html(page, "no hint</span></span>");
}

static void pair_cell(const struct page *page, struct json_object *pair)
{
	struct tlp_hint hint = result_hint(pair);
	bool ok = result_number(pair, "ok");

	html(page, "<td ");
	pair_attributes(page, pair);
	html(page, "><div class=\"facts\">");
	pair_hint(page, &hint);
	html(page, "<span class=\"muted\">");
	html_number(page->out, (uint64_t)result_number(pair, "hinted"));
	html(page, " of ");
	html_number(page->out, (uint64_t)result_number(pair, "tlps"));
	html(page, " TLPs hinted</span>");
	fprintf(page->out, "<span class=\"%s\">%s %s</span>", ok ? "ok" : "bad",
		ok ? "\xe2\x9c\x93" : "\xe2\x9c\x97",
		result_number(pair, "data_ok") ? "data right" : "data WRONG");
	if (!ok) {
		html(page, "<span class=\"bad\">");
		text(page, result_text(pair, "why"));
		html(page, "</span>");
	}
	html(page, "</div></td>");
}

static void nic_heads(const struct page *page, struct json_object *nics)
{
	for (size_t i = 0; i < result_length(nics); i++) {
		struct json_object *nic = json_object_array_get_idx(nics, i);

		html(page, "<th scope=\"col\">");
		text(page, result_text(nic, "name"));
		if (result_number(nic, "width"))
			fprintf(page->out, "<small>sends %d-bit tags</small></th>",
				(int)result_number(nic, "width"));
		else
			html(page, "<small>sends no tags</small></th>");
	}
}

/* The line of fdinfo that tells of hints, without its key. */
static void buffer_hints(const struct page *page, struct json_object *buffer)
{
	const char *line = strstr(result_text(buffer, "fdinfo"), "\ntph:\t");

	if (!line)
		return;
	line += strlen("\ntph:\t");
	html_bytes(page->out, line, strcspn(line, "\n"));
}

static void put_pairs(const struct page *page)
{
	struct json_object *pairs = pairs_of(page);
	struct json_object *buffers = result_list(page->summary.result, "buffers");
	struct json_object *nics = result_list(page->summary.result, "nics");

	html(page,
	     "<section aria-labelledby=\"pairs\"><h2 id=\"pairs\">Each buffer through each NIC</h2>\n"
	     "<p>A row is a dma-buf of the accelerator's memory with the hints its owner gave it, a column a NIC that "
	     "writes into it by RDMA. Where the buffer has no tag of the NIC's width the NIC sends none: a wrong "
	     "tag would be worse.</p>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" "
	     "aria-labelledby=\"pairs\"><table class=\"pairs\"><thead><tr><th scope=\"col\">buffer</th>");
	nic_heads(page, nics);
	html(page, "</tr></thead><tbody>\n");
	for (size_t b = 0; b < result_length(buffers); b++) {
		struct json_object *buffer = json_object_array_get_idx(buffers, b);
		const char *name = result_text(buffer, "name");

		html(page, "<tr><th scope=\"row\">");
		text(page, name);
		html(page, "<small>");
		buffer_hints(page, buffer);
		html(page, "</small></th>");
		for (size_t i = 0; i < result_length(pairs); i++) {
			struct json_object *pair = json_object_array_get_idx(pairs, i);

			if (!strcmp(result_text(pair, "buffer"), name))
				pair_cell(page, pair);
		}
		html(page, "</tr>\n");
	}
	html(page, "</tbody></table></div></section>\n");
}

/* ---- the tag that stands for an operation ---- */

static void add_row(const struct page *page, struct json_object *adder)
{
	html(page, "<tr data-add=\"");
	text(page, result_text(adder, "nic"));
	html(page, " ");
	text(page, result_text(adder, "outcome"));
	html(page, "\"><th scope=\"row\">");
	text(page, result_text(adder, "nic"));
	html(page, "</th><td>");
	text(page, result_text(adder, "outcome"));
	html(page, "</td>");
	number_cell(page, "tlps", (uint64_t)result_number(adder, "tlps"));
	number_cell(page, "hinted", (uint64_t)result_number(adder, "hinted"));
	number_cell(page, "bytes", (uint64_t)result_number(adder, "bytes"));
	html(page, "</tr>\n");
}

static void put_add(const struct page *page)
{
	struct json_object *add = result_object(page->summary.result, "add");
	struct tlp_hint hint = result_hint(add);
	bool ok = result_number(add, "ok");

	html(page, "<section aria-labelledby=\"add\"><h2 id=\"add\">A tag that adds</h2>\n<p>");
	draw_swatch(page->out, summary_series(&page->summary, &hint));
	hint_words(page, &hint);
	html(page,
	     ": the accelerator adds what comes with it to what is there. A write without it would "
	     "overwrite, so the hint is required: a NIC that does not send it is refused. ");
	fprintf(page->out, "<span class=\"%s\">%s</span></p>\n", ok ? "ok" : "bad",
		ok ? "\xe2\x9c\x93 as it should be" : "\xe2\x9c\x97 not as it should be");
	html(page,
	     "<table class=\"adds\"><thead><tr><th scope=\"col\">NIC</th><th scope=\"col\">outcome</th>"
	     "<th scope=\"col\">TLPs</th><th scope=\"col\">hinted</th><th scope=\"col\">bytes</th>"
	     "</tr></thead><tbody>\n");
	for (size_t i = 0; i < result_length(adders_of(page)); i++)
		add_row(page, json_object_array_get_idx(adders_of(page), i));
	html(page, "</tbody></table></section>\n");
}

/* ---- what the trace shows ---- */

static void flow_row(const struct page *page, const struct flow *flow)
{
	const struct port *ports = page->summary.ports;

	html(page, "<tr data-flow=\"");
	text(page, ports[flow->from].name);
	html(page, " ");
	text(page, ports[flow->to].name);
	html(page, "\"><th scope=\"row\">");
	text(page, ports[flow->from].name);
	html(page, " \xe2\x86\x92 ");
	text(page, ports[flow->to].name);
	html(page, "</th>");
	number_cell(page, "writes", flow->tlps[TLP_MWR]);
	number_cell(page, "reads", flow->tlps[TLP_MRD]);
	number_cell(page, "completions", flow->tlps[TLP_CPL] + flow->tlps[TLP_CPLD]);
	number_cell(page, "bytes", flow->bytes);
	number_cell(page, "hinted", flow->hinted);
	number_cell(page, "dropped", flow->dropped);
	html(page, "</tr>\n");
}

static void put_topology(const struct page *page)
{
	html(page,
	     "<section aria-labelledby=\"where\"><h2 id=\"where\">Where the TLPs went</h2>\n");
	draw_topology(page->out, &page->summary);
	html(page,
	     "<p class=\"legend\"><span class=\"key hinted\"></span>some carried a hint "
	     "<span class=\"key plain\"></span>none did</p>\n"
	     "<details><summary>All of them in numbers</summary><div class=\"scroll\" tabindex=\"0\" "
	     "role=\"region\" aria-labelledby=\"where\"><table><thead><tr><th scope=\"col\">way</th>"
	     "<th scope=\"col\">writes</th><th scope=\"col\">reads</th><th scope=\"col\">completions</th>"
	     "<th scope=\"col\">bytes</th><th scope=\"col\">hinted</th><th scope=\"col\">hint dropped</th>"
	     "</tr></thead><tbody>\n");
	for (unsigned i = 0; i < page->summary.flow_count; i++)
		flow_row(page, &page->summary.flows[i]);
	html(page, "</tbody></table></div></details></section>\n");
}

static void put_timeline(const struct page *page)
{
	html(page,
	     "<section aria-labelledby=\"when\"><h2 id=\"when\">Writes to the accelerator over time</h2>\n");
	draw_timeline(page->out, &page->summary);
	html(page,
	     "<p class=\"legend\">All bursts to one scale; what lies between them is cut out.</p>\n");
	html(page,
	     "<table class=\"series\"><thead><tr><th scope=\"col\">hint</th><th scope=\"col\">TLPs</th>"
	     "<th scope=\"col\">bytes</th></tr></thead><tbody>\n");
	for (unsigned i = 0; i < SERIES_MAX; i++) {
		const struct series *series = &page->summary.series[i];

		if (!series->writes)
			continue;
		fprintf(page->out, "<tr data-series=\"%u 0x%x %s\"><th scope=\"row\">",
			series->hint.st_bits, series->hint.st,
			series->hint.st_bits ? tlp_ph_str(series->hint.ph) : "-");
		draw_swatch(page->out, i);
		if (i == SERIES_MAX - 1)
			html(page, "other hints");
		else
			hint_words(page, &series->hint);
		html(page, "</th>");
		number_cell(page, "tlps", series->writes);
		number_cell(page, "bytes", series->bytes);
		html(page, "</tr>\n");
	}
	html(page, "</tbody></table></section>\n");
}

static void put_trace(const struct page *page)
{
	if (page->summary.no_trace) {
		html(page, "<section><h2>Where the TLPs went</h2><p>");
		text(page, page->summary.no_trace);
		html(page, "</p></section>\n");
		return;
	}
	html(page, "<div class=\"columns\">\n");
	put_topology(page);
	put_timeline(page);
	html(page, "</div>\n");
}

/* ---- the accelerator's partitions ---- */

/* Each of @list has an array of its shares. */
static uint64_t sum_of_shares(struct json_object *list, int64_t partition, const char *key)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < result_length(list); i++) {
		struct json_object *shares =
			result_list(json_object_array_get_idx(list, i), "partitions");

		for (size_t k = 0; k < result_length(shares); k++) {
			struct json_object *share = json_object_array_get_idx(shares, k);

			if (result_number(share, "partition") == partition)
				sum += (uint64_t)result_number(share, key);
		}
	}
	return sum;
}

static uint64_t partition_sum(const struct page *page, int64_t partition, const char *key)
{
	return sum_of_shares(pairs_of(page), partition, key) +
	       sum_of_shares(adders_of(page), partition, key);
}

static void partition_rules(const struct page *page, int64_t partition)
{
	struct json_object *rules = result_list(page->summary.result, "rules");

	for (size_t i = 0; i < result_length(rules); i++) {
		struct json_object *rule = json_object_array_get_idx(rules, i);

		if (result_number(rule, "partition") != partition)
			continue;
		text(page, result_text(rule, "st"));
		fprintf(page->out, " (%d-bit", (int)result_number(rule, "width"));
		if (strcmp(result_text(rule, "operation"), "store")) {
			html(page, ", ");
			text(page, result_text(rule, "operation"));
		}
		html(page, ") ");
	}
	if (!partition)
		html(page, "all else");
}

static void put_partitions(const struct page *page)
{
	uint64_t all = sum_of_all(page, "tlps");

	html(page,
	     "<section aria-labelledby=\"parts\"><h2 id=\"parts\">The accelerator's partitions</h2>\n"
	     "<p>Its driver gave each tag a partition of the ingress buffer. What came in:</p>\n"
	     "<table class=\"partitions\"><thead><tr><th scope=\"col\">no.</th><th scope=\"col\">for tag</th>"
	     "<th scope=\"col\">TLPs</th><th scope=\"col\">bytes</th></tr></thead><tbody>\n");
	for (int64_t i = 0; i < 16; i++) {
		uint64_t tlps = partition_sum(page, i, "tlps");

		if (!tlps)
			continue;
		fprintf(page->out,
			"<tr data-partition=\"%" PRId64 "\"><th scope=\"row\">%" PRId64 "</th><td>",
			i, i);
		partition_rules(page, i);
		fprintf(page->out, "<span class=\"bar\" style=\"width:%.1f%%\"></span></td>",
			all ? 100.0 * (double)tlps / (double)all : 0);
		number_cell(page, "tlps", tlps);
		number_cell(page, "bytes", partition_sum(page, i, "bytes"));
		html(page, "</tr>\n");
	}
	html(page, "</tbody></table></section>\n");
}

/* ---- what others said, and how to have it again ---- */

static void put_fdinfo(const struct page *page)
{
	struct json_object *buffers = result_list(page->summary.result, "buffers");

	html(page,
	     "<section aria-labelledby=\"fdinfo\"><h2 id=\"fdinfo\">What /proc/PID/fdinfo said of the buffers</h2>\n"
	     "<dl class=\"fdinfo\">\n");
	for (size_t i = 0; i < result_length(buffers); i++) {
		struct json_object *buffer = json_object_array_get_idx(buffers, i);

		html(page, "<div><dt>");
		text(page, result_text(buffer, "name"));
		html(page, "</dt><dd><pre tabindex=\"0\">");
		text(page, result_text(buffer, "fdinfo"));
		html(page, "</pre></dd></div>\n");
	}
	html(page, "</dl></section>\n");
}

static void put_log(const struct page *page)
{
	size_t len;
	char *log = read_tail(page->options->log, LOG_BYTES_MAX, &len);

	html(page,
	     "<section aria-labelledby=\"log\"><h2 id=\"log\">What the kernel's log said</h2>\n");
	if (len == LOG_BYTES_MAX)
		html(page, "<p>Its end; there was more.</p>\n");
	if (len) {
		html(page,
		     "<pre class=\"log\" tabindex=\"0\" role=\"region\" aria-labelledby=\"log\">");
		html_bytes(page->out, log, len);
		html(page, "</pre>");
	} else {
		html(page, "<p>Nothing.</p>");
	}
	html(page, "</section>\n");
	free(log);
}

static void put_commands(const struct page *page)
{
	html(page,
	     "<section aria-labelledby=\"again\"><h2 id=\"again\">Do it again, look closer</h2>\n<dl>"
	     "<dt>This run</dt><dd><pre tabindex=\"0\"><code>");
	text(page, page->options->command);
	html(page, "</code></pre></dd>\n");
	if (!page->summary.no_trace) {
		html(page,
		     "<dt>The hinted TLPs, packet by packet</dt><dd><pre tabindex=\"0\"><code>"
		     "tshark -X lua_script:lab/tph.lua -Y tph.th==1 -r ");
		text(page, page->options->trace);
		html(page,
		     "</code></pre></dd>\n<dt>The same with windows</dt><dd><pre tabindex=\"0\"><code>"
		     "wireshark -X lua_script:lab/tph.lua ");
		text(page, page->options->trace);
		html(page, "</code></pre></dd>\n");
	}
	html(page, "<dt>The numbers</dt><dd><pre tabindex=\"0\"><code>jq . ");
	text(page, page->options->result);
	html(page, "</code></pre></dd></dl></section>\n");
}

static void put_page(const struct page *page)
{
	put_head(page);
	draw_patterns(page->out);
	put_verdict(page);
	put_pairs(page);
	put_add(page);
	put_trace(page);
	html(page, "<div class=\"columns\">\n");
	put_partitions(page);
	put_commands(page);
	html(page, "</div>\n");
	put_fdinfo(page);
	put_log(page);
	html(page, "</main></body></html>\n");
}

/* ---- */

static int parse(struct options *o, int argc, char **argv)
{
	static const struct option known[] = {
		{"result", required_argument, NULL, 'r'},
		{"trace", required_argument, NULL, 't'},
		{"log", required_argument, NULL, 'l'},
		{"style", required_argument, NULL, 's'},
		{"command", required_argument, NULL, 'c'},
		{"out", required_argument, NULL, 'o'},
		{NULL, 0, NULL, 0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		switch (c) {
		case 'r':
			o->result = optarg;
			break;
		case 't':
			o->trace = optarg;
			break;
		case 'l':
			o->log = optarg;
			break;
		case 's':
			o->style = optarg;
			break;
		case 'c':
			o->command = optarg;
			break;
		case 'o':
			o->out = optarg;
			break;
		default:
			return -EINVAL;
		}
	}
	return o->result && o->style && o->command && o->out && optind == argc ? 0 : -EINVAL;
}

static int write_page(struct page *page)
{
	int err;

	page->out = fopen(page->options->out, "we");
	if (!page->out)
		return -errno;
	put_page(page);
	err = fflush(page->out) ? -errno : 0;
	fclose(page->out);
	return err;
}

int main(int argc, char **argv)
{
	struct options options = {0};
	struct page *page;
	int err;

	if (parse(&options, argc, argv)) {
		fprintf(stderr,
			"usage: report --result FILE --style FILE --command TEXT --out FILE "
			"[--trace FILE] [--log FILE]\n");
		return 2;
	}
	page = calloc(1, sizeof(*page));
	if (!page)
		return 1;
	page->options = &options;
	err = summary_load(&page->summary, options.result, options.trace);
	if (err)
		fprintf(stderr, "report: cannot read %s: it is not what p2p_demo --json writes\n",
			options.result);
	if (!err) {
		err = write_page(page);
		if (err)
			fprintf(stderr, "report: cannot write %s: %s\n", options.out,
				strerror(-err));
	}
	summary_free(&page->summary);
	free(page);
	return err ? 1 : 0;
}
