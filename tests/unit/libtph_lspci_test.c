// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Compare, do not trust: every field that `lspci -vvv` prints of a dump and that
 * the library decodes, too, is the same. Skipped where there is no lspci.
 */
#define _GNU_SOURCE
#include "tests/unit/libtph_dumps.h"

#include <unistd.h>

/* Intact lists: of corrupt ones lspci says other things, and rightly so. */
static const char *const dumps[] = {
	"accel-8",    "accel-none",    "cut-256",      "domain-vf",	   "rciep",  "root-16bit",
	"root-8bit",  "root-reserved", "rootport",     "root-two",	   "states", "switch",
	"switch-acs", "switch-acs-ec", "switch-plain", "switch-no-prefix",
};

static char *run_lspci(const char *dump)
{
	char path[PATH_BYTES], command[PATH_BYTES + 64], *text = NULL;
	size_t size = 0, n;
	char buf[4096];
	FILE *in, *out;

	snprintf(command, sizeof(command), "lspci -D -nvvv -F '%s' 2>/dev/null",
		 dump_path(dump, ".dump", path));
	in = popen(command, "r");
	out = open_memstream(&text, &size);
	while ((n = fread(buf, 1, sizeof(buf), in)) > 0)
		fwrite(buf, 1, n, out);
	fclose(out);
	assert_int_equal(pclose(in), 0);
	return text;
}

/* The paragraph of a function, to be freed. */
static char *paragraph(const char *all, const struct tph_bdf *bdf)
{
	char text[TPH_BDF_CHARS + 2];
	const char *begin, *end;

	tph_bdf_format(bdf, text);
	begin = strstr(all, text);
	assert_non_null(begin);
	end = strstr(begin, "\n\n");
	return end ? strndup(begin, (size_t)(end - begin)) : strdup(begin);
}

static void expect(const char *dump, const char *text, const char *word, bool there)
{
	if (!strstr(text, word) == there)
		fail_msg("%s: \"%s\" is %sin what lspci says:\n%s", dump, word, there ? "not " : "",
			 text);
}

static void compare_completer(const char *dump, const char *text, const struct tph_function *f)
{
	const char *line = strstr(text, "TPHComp");
	char word[64];

	/* It prints the line for these two kinds of ports alone, and not of a reserved value. */
	expect(dump, text, "TPHComp",
	       f->completer.seen == TPH_SEEN_YES && f->completer.type != TPH_COMPLETER_RESERVED &&
		       (f->port == TPH_PORT_ENDPOINT || f->port == TPH_PORT_ROOT));
	expect(dump, text, "EETLPPrefix+", f->completer.prefix);
	if (f->completer.prefix) {
		snprintf(word, sizeof(word), "MaxEETLPPrefixes %u", f->completer.prefix_max);
		expect(dump, text, word, true);
	}
	if (!line)
		return;
	snprintf(word, sizeof(word), "TPHComp%c ExtTPHComp%c",
		 f->completer.devcap2 & 1u << 12 ? '+' : '-',
		 f->completer.devcap2 & 1u << 13 ? '+' : '-');
	expect(dump, text, word, true);
	assert_int_equal(f->completer.type, f->completer.devcap2 >> 12 & 3);
}

static void compare_requester(const char *dump, const char *text, const struct tph_function *f)
{
	bool there = f->requester.seen == TPH_SEEN_YES;
	const char *part = strstr(text, "Transaction Processing Hints");
	char word[64];

	expect(dump, text, "Transaction Processing Hints", there);
	if (!there)
		return;
	snprintf(word, sizeof(word), "[%x v1] Transaction Processing Hints", f->requester.offset);
	expect(dump, text, word, true);
	expect(dump, part, "Interrupt vector mode supported", f->requester.interrupt_vector);
	expect(dump, part, "Device specific mode supported", f->requester.device_specific);
	expect(dump, part, "Extended requester support", f->requester.extended);
	expect(dump, part, "No steering table available", f->requester.table == TPH_TABLE_NONE);
	expect(dump, part, "Steering table in TPH capability structure",
	       f->requester.table == TPH_TABLE_CAPABILITY);
	expect(dump, part, "Steering table in MSI-X table", f->requester.table == TPH_TABLE_MSIX);
	expect(dump, part, "Reserved steering table location",
	       f->requester.table == TPH_TABLE_RESERVED);
}

static void compare_acs(const char *dump, const char *text, const struct tph_function *f)
{
	char *line = strstr(text, "ACSCtl:");

	expect(dump, text, "ACSCtl:", f->acs.seen == TPH_SEEN_YES);
	if (!line)
		return;
	line = strndup(line, strcspn(line, "\n"));
	expect(dump, line, "ReqRedir+", f->acs.request_redirect);
	expect(dump, line, "CmpltRedir+", f->acs.completion_redirect);
	expect(dump, line, "EgressCtrl+", f->acs.egress_control);
	free(line);
}

static void compare_kind(const char *dump, const char *text, const struct tph_function *f)
{
	static const struct {
		enum tph_port port;
		const char *words;
	} kinds[] = {
		{TPH_PORT_ENDPOINT, ") Endpoint"},
		{TPH_PORT_RC_ENDPOINT, "Root Complex Integrated Endpoint"},
		{TPH_PORT_ROOT, "Root Port"},
		{TPH_PORT_UPSTREAM, "Upstream Port"},
		{TPH_PORT_DOWNSTREAM, "Downstream Port"},
	};
	char word[64];

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		expect(dump, text, kinds[i].words, f->port == kinds[i].port);
	if (!f->bridge)
		return;
	snprintf(word, sizeof(word), "secondary=%02x, subordinate=%02x", f->secondary,
		 f->subordinate);
	expect(dump, text, word, true);
}

static void compare_dump(const char *dump)
{
	struct tph_ctx *ctx = open_dump(dump);
	struct tph_bdf *list;
	char *all = run_lspci(dump);
	size_t count;

	assert_int_equal(tph_ctx_list(ctx, TPH_LIST_ALL, &list, &count), 0);
	for (size_t i = 0; i < count; i++) {
		char *text = paragraph(all, &list[i]);
		struct tph_function *f;

		assert_int_equal(tph_function_read(ctx, &list[i], &f), 0);
		/* Of a register of all ones lspci decodes ones. */
		if (f->completer.seen != TPH_SEEN_SILENT) {
			compare_kind(dump, text, f);
			compare_completer(dump, text, f);
			compare_requester(dump, text, f);
			compare_acs(dump, text, f);
		}
		tph_function_free(f);
		free(text);
	}
	free(list);
	free(all);
	tph_ctx_unref(ctx);
}

static void compare(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(dumps) / sizeof(dumps[0]); i++)
		compare_dump(dumps[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(compare)};

	if (system("lspci --version >/dev/null 2>&1")) {
		puts("skipped: there is no lspci (package pciutils)");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
