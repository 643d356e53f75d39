// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/lspci.h"
#include "util/macros.h"

#define COMMAND_BYTES 1024

char *output_of(const char *command)
{
	char *text = NULL, buf[4096];
	FILE *in = popen(command, "r"), *out;
	size_t size = 0, n;

	assert_non_null(in);
	out = open_memstream(&text, &size);
	while ((n = fread(buf, 1, sizeof(buf), in)) > 0)
		fwrite(buf, 1, n, out);
	fclose(out);
	if (pclose(in))
		fail_msg("command failed: %s", command);
	return text;
}

char *lspci_paragraph(const char *all, const struct tph_bdf *bdf)
{
	char text[TPH_BDF_CHARS + 2];
	const char *begin, *end;

	tph_bdf_format(bdf, text);
	begin = strstr(all, text);
	assert_non_null(begin);
	end = strstr(begin, "\n\n");
	return end ? strndup(begin, (size_t)(end - begin)) : strdup(begin);
}

static void expect(const char *where, const char *text, const char *word, bool there)
{
	if (!strstr(text, word) == there)
		fail_msg("%s: \"%s\" is %sin the output of lspci:\n%s", where, word,
			 there ? "not " : "", text);
}

/* "0000:00:00.0 0600: 8086:29c0"; what follows may be a revision or the interface. */
static void compare_identity(const char *where, const char *text, const struct tph_function *f)
{
	char word[64];

	snprintf(word, sizeof(word), " %04x: %04x:%04x", f->class_code >> 8, f->vendor, f->device);
	expect(where, text, word, true);
}

static void compare_completer(const char *where, const char *text, const struct tph_function *f)
{
	const char *line = strstr(text, "TPHComp");
	char word[64];

	/* lspci prints the line only for these two port types, and not for a reserved value. */
	expect(where, text, "TPHComp",
	       f->completer.seen == TPH_SEEN_YES && f->completer.type != TPH_COMPLETER_RESERVED &&
		       (f->port == TPH_PORT_ENDPOINT || f->port == TPH_PORT_ROOT));
	expect(where, text, "EETLPPrefix+", f->completer.prefix);
	if (f->completer.prefix) {
		snprintf(word, sizeof(word), "MaxEETLPPrefixes %u", f->completer.prefix_max);
		expect(where, text, word, true);
	}
	/* lspci prints it since 3.10. */
	if (strstr(text, "EETLPPrefixBlk"))
		expect(where, text, "EETLPPrefixBlk+", f->completer.prefix_blocked);
	if (!line)
		return;
	snprintf(word, sizeof(word), "TPHComp%c ExtTPHComp%c",
		 f->completer.devcap2 & 1u << 12 ? '+' : '-',
		 f->completer.devcap2 & 1u << 13 ? '+' : '-');
	expect(where, text, word, true);
	assert_int_equal(f->completer.type, f->completer.devcap2 >> 12 & 3);
}

static void compare_requester(const char *where, const char *text, const struct tph_function *f)
{
	bool there = f->requester.seen == TPH_SEEN_YES;
	const char *section = strstr(text, "Transaction Processing Hints");
	char word[64];

	expect(where, text, "Transaction Processing Hints", there);
	if (!there)
		return;
	snprintf(word, sizeof(word), "[%x v1] Transaction Processing Hints", f->requester.offset);
	expect(where, text, word, true);
	expect(where, section, "Interrupt vector mode supported", f->requester.interrupt_vector);
	expect(where, section, "Device specific mode supported", f->requester.device_specific);
	expect(where, section, "Extended requester support", f->requester.extended);
	expect(where, section, "No steering table available", f->requester.table == TPH_TABLE_NONE);
	expect(where, section, "Steering table in TPH capability structure",
	       f->requester.table == TPH_TABLE_CAPABILITY);
	expect(where, section, "Steering table in MSI-X table",
	       f->requester.table == TPH_TABLE_MSIX);
	expect(where, section, "Reserved steering table location",
	       f->requester.table == TPH_TABLE_RESERVED);
}

/* @line: "ACSCap:" or "ACSCtl:", which have the same flags. */
static void compare_acs_line(const char *where, const char *line, uint16_t bits)
{
	static const char *const flags[] = {"SrcValid",	   "TransBlk",	 "ReqRedir",   "CmpltRedir",
					    "UpstreamFwd", "EgressCtrl", "DirectTrans"};
	char word[32];

	for (unsigned i = 0; i < ARRAY_SIZE(flags); i++) {
		snprintf(word, sizeof(word), "%s%c", flags[i], bits >> i & 1 ? '+' : '-');
		expect(where, line, word, true);
	}
}

static void compare_acs(const char *where, const char *text, const struct tph_function *f)
{
	char *cap = strstr(text, "ACSCap:"), *control = strstr(text, "ACSCtl:"), *line;

	expect(where, text, "ACSCtl:", f->acs.seen == TPH_SEEN_YES);
	if (!cap || !control)
		return;
	line = strndup(cap, strcspn(cap, "\n"));
	compare_acs_line(where, line, f->acs.capability);
	free(line);
	line = strndup(control, strcspn(control, "\n"));
	compare_acs_line(where, line, f->acs.control);
	expect(where, line, "ReqRedir+", f->acs.request_redirect);
	expect(where, line, "CmpltRedir+", f->acs.completion_redirect);
	expect(where, line, "EgressCtrl+", f->acs.egress_control);
	free(line);
}

static void compare_kind(const char *where, const char *text, const struct tph_function *f)
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

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		expect(where, text, kinds[i].words, f->port == kinds[i].port);
	if (!f->bridge)
		return;
	snprintf(word, sizeof(word), "secondary=%02x, subordinate=%02x", f->secondary,
		 f->subordinate);
	expect(where, text, word, true);
}

void lspci_compare(const char *where, const char *text, const struct tph_function *f)
{
	/* A register that reads as all ones: lspci decodes it, libtph does not. */
	if (f->completer.seen == TPH_SEEN_NO_ANSWER)
		return;
	compare_identity(where, text, f);
	compare_kind(where, text, f);
	compare_completer(where, text, f);
	compare_requester(where, text, f);
	compare_acs(where, text, f);
}

unsigned long setpci(const char *options, const char *reg)
{
	char command[COMMAND_BYTES], *text, *end;
	unsigned long value;

	snprintf(command, sizeof(command), "setpci %s %s", options, reg);
	text = output_of(command);
	value = strtoul(text, &end, 16);
	if (end == text || *end != '\n')
		fail_msg("%s printed: %s", command, text);
	free(text);
	return value;
}

/* One call for all entries: a table may have 2048. */
void setpci_entries(const char *options, unsigned count, uint16_t *tags)
{
	char command[COMMAND_BYTES], *text, *p, *end;

	snprintf(command, sizeof(command), "setpci %s $(printf ' ECAP_TPH+%%x.w' $(seq 12 2 %u))",
		 options, 12 + 2 * (count - 1));
	text = p = output_of(command);
	for (unsigned i = 0; i < count; i++, p = end) {
		tags[i] = (uint16_t)strtoul(p, &end, 16);
		assert_true(end != p);
	}
	assert_string_equal(p, "\n");
	free(text);
}
