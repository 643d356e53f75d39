// SPDX-License-Identifier: LGPL-2.1-or-later
/* A judgement in words: what it is, where, and what to do about it. */
#include <stdio.h>
#include <stdlib.h>

#include "libtph/path.h"
#include "util/macros.h"

/* What follows the address of the function that the reason is about. */
static const char *const after_address[] = {
	[TPH_REASON_NOT_REQUESTER] =
		"has no TPH Requester capability; use a device or firmware that has",
	[TPH_REASON_REQUESTER_NO_ST] =
		"can send no tag but 0 (only No-ST mode); use a device that has an ST mode",
	[TPH_REASON_REQUESTER_8BIT] = "can send 8-bit tags only; give the buffer an 8-bit tag",
	[TPH_REASON_NOT_COMPLETER] =
		"is not a TPH completer (Device Capabilities 2); see if its firmware can turn it "
		"on",
	[TPH_REASON_COMPLETER_RESERVED] = "has the reserved value 10b for TPH Completer Supported, "
					  "which counts as none; update its firmware",
	[TPH_REASON_COMPLETER_8BIT] =
		"completes 8-bit tags only; give the buffer an 8-bit tag and use an importer that "
		"sends 8-bit tags",
	[TPH_REASON_IMPORTER_NOT_VISIBLE] =
		"shows too little of its configuration space; run as root, or dump with "
		"lspci -xxxx as root",
	[TPH_REASON_EXPORTER_NOT_VISIBLE] =
		"shows too little of its configuration space; run as root, or dump with "
		"lspci -xxxx as root",
	[TPH_REASON_IMPORTER_NO_ANSWER] = "does not answer (all ones); resume it or end its reset",
	[TPH_REASON_EXPORTER_NO_ANSWER] = "does not answer (all ones); resume it or end its reset",
	[TPH_REASON_IMPORTER_MALFORMED] =
		"has a malformed list of capabilities; update its firmware",
	[TPH_REASON_EXPORTER_MALFORMED] =
		"has a malformed list of capabilities; update its firmware",
	[TPH_REASON_PATH_NOT_VISIBLE] =
		"or a bridge above it is not fully visible; run as root, or dump all "
		"functions with lspci -xxxx as root",
	[TPH_REASON_ROUTE_UNKNOWN] =
		"have no common bridge, and whether Linux goes through this host "
		"bridge depends on the CPU, which its IDs do not identify; run tphctl on the "
		"machine itself",
	[TPH_REASON_NO_PREFIX] = "has no End-End TLP Prefixes, which a link that is not in flit "
				 "mode needs at both ends for 16-bit tags; use 8-bit tags",
	[TPH_REASON_PREFIX_BLOCKED] =
		"blocks End-End TLP Prefixes (Device Control 2 bit 15), which "
		"16-bit tags need; unblock it, or use 8-bit tags",
	[TPH_REASON_NO_ROUTE] =
		"have no common bridge, and Linux does not map peer-to-peer through this host "
		"bridge; put both below one switch",
	[TPH_REASON_ROOT_NOT_COMPLETER] =
		"is on the route and completes no TPH; put both below one switch",
	[TPH_REASON_ROOT_8BIT] = "completes 8-bit tags only, and the kernel enables no more for "
				 "what is below; use 8-bit tags",
	[TPH_REASON_KERNEL_NO_PEERS] =
		"completes no TPH, and this kernel enables none for peers below it; boot a kernel "
		"with the dma-buf TPH series",
	[TPH_REASON_ENABLE_RESERVED] =
		"has the reserved value 10b for TPH Requester Enable; reload its driver",
	[TPH_REASON_MODE_NO_ST] =
		"is in No-ST mode and sends tag 0 only; its driver must choose another ST mode",
	[TPH_REASON_ENABLED_8BIT] = "is enabled for 8-bit tags; give the buffer an 8-bit tag",
	[TPH_REASON_ENABLED_16BIT] =
		"is enabled for 16-bit tags and sends no 8-bit ones; give the buffer a 16-bit tag",
	[TPH_REASON_NO_ROOT_PORT] =
		"has no visible Root Port above it, as in a virtual machine, so the route is not "
		"known; run tphctl on the host",
	[TPH_REASON_DRIVER_UNKNOWN] =
		"has no driver that is known to enable TPH (in Linux 7.3 mlx5_core and bnxt_en "
		"do); ask the vendor of its driver",
	[TPH_REASON_HOST_16BIT] =
		"meet in the root complex, and no register says whether it passes the prefix of a "
		"16-bit tag; use 8-bit tags, or put both below one switch",
	[TPH_REASON_SAME_DEVICE] =
		"is part of the same device as the importer, which may drop the hint inside",
	[TPH_REASON_NOT_PCIE_8BIT] =
		"begins a bus that is not PCI Express, where a hint is lost; use a PCI Express slot",
	[TPH_REASON_NOT_PCIE] =
		"begins a bus that is not PCI Express, which carries no 16-bit tag; use a PCI "
		"Express slot",
	[TPH_REASON_HOST_BRIDGE] =
		"have no common bridge, and the root complex between them may drop "
		"the hint; put both below one switch for a guarantee",
};

/* The same for reasons that are not about a function. */
static const char *const whole[] = {
	[TPH_REASON_KERNEL_NO_TPH] =
		"this kernel has no TPH; boot one with CONFIG_PCIE_TPH and the dma-buf TPH series",
	[TPH_REASON_KERNEL_NO_HINTS] = ("this kernel does not support hints on dma-bufs; boot one "
					"with the dma-buf TPH series"),
	[TPH_REASON_KERNEL_NO_P2PDMA] =
		"this kernel does not map peer-to-peer; boot one with CONFIG_PCI_P2PDMA",
	[TPH_REASON_KERNEL_UNKNOWN] = ("what this kernel supports is not known; make "
				       "/proc/kallsyms readable (CONFIG_KALLSYMS)"),
	[TPH_REASON_KERNEL_DISABLED] = "the kernel was booted with pci=notph; boot without it",
};

/* All ports for pci=disable_acs_redir=, which takes a list. */
static void list_redirects(FILE *out, const struct pair *pair)
{
	const char *separator = "";
	char text[TPH_BDF_CHARS];

	for (size_t i = 0; i < pair->up.common + 1 + pair->down.common; i++) {
		const struct tph_function *f =
			i <= pair->up.common ? pair->up.functions[i]
					     : pair->down.functions[i - pair->up.common - 1];

		if (!redirects(f))
			continue;
		fprintf(out, "%s%s", separator, tph_bdf_format(&f->bdf, text));
		separator = ";";
	}
}

/* "RR CR DT" */
static void tell_control(FILE *out, const struct tph_function *f)
{
	fprintf(out, "(control%s%s%s%s)", f->acs.request_redirect ? " RR" : "",
		f->acs.completion_redirect ? " CR" : "", f->acs.egress_control ? " EC" : "",
		f->acs.direct_translated ? " DT" : "");
}

static void tell_redirect(FILE *out, const struct pair *pair)
{
	const struct tph_function *f = pair->redirect;
	bool requests = redirects_requests(f), completions = f->acs.completion_redirect;
	char text[TPH_BDF_CHARS];

	fputs("ACS redirect ", out);
	tell_control(out, f);
	fprintf(out, " at %s sends peer-to-peer %s to the host", tph_bdf_format(&f->bdf, text),
		!requests     ? "completions, but no requests,"
		: completions ? "requests and completions"
			      : "requests, but no completions,");
	if (!requests || !completions)
		fputs(", and Linux assumes the host route for both", out);
}

static void advise_redirect(FILE *out, const struct pair *pair)
{
	tell_redirect(out, pair);
	fputs("; boot with pci=disable_acs_redir=", out);
	list_redirects(out, pair);
}

/* Such a setting was made on purpose, so the advice does not undo it. */
static void tell_platform(FILE *out, const struct pair *pair)
{
	const struct tph_function *f = pair->platform;
	const struct tph_function *importer = pair->up.functions[0];
	char text[TPH_BDF_CHARS];

	tell_redirect(out, pair);
	if (f != pair->redirect) {
		fprintf(out, ", and %s has another setting ", tph_bdf_format(&f->bdf, text));
		tell_control(out, f);
	}
	if (f->acs.direct_translated)
		fprintf(out,
			"; Direct Translated exempts requests with translated addresses from "
			"redirect, and ATS of %s is %s; Linux does not rely on Direct Translated",
			tph_bdf_format(&importer->bdf, text),
			importer->ats.seen == TPH_SEEN_YES  ? importer->ats.enabled ? "on" : "off"
			: importer->ats.seen == TPH_SEEN_NO ? "not there"
							    : "not visible");
	fputs("; Linux does not make this setting, so the platform's firmware or "
	      "pci=config_acs= did: ask its vendor (rdma_topo check) before you change it",
	      out);
}

static const struct tph_function *end_at(const struct pair *pair, const struct tph_bdf *at)
{
	for (size_t i = 0; i < pair->up.count; i++)
		if (!tph_bdf_compare(&pair->up.functions[i]->bdf, at))
			return pair->up.functions[i];
	return pair->down.functions[0];
}

static void tell_driver(FILE *out, const struct pair *pair, const struct tph_cause *cause)
{
	const struct tph_function *f = end_at(pair, &cause->at);
	const char *driver = tph_function_driver(f, NULL);

	fprintf(out,
		f->driver_seen == TPH_SEEN_YES ? "has the driver %s"
					       : "is a device of the driver %s",
		driver);
	fputs(", which never enables TPH (in Linux 7.3 mlx5_core and bnxt_en do); use a device of "
	      "these",
	      out);
}

/* A driver may enable TPH late, with the first buffer that may have hints. */
static void tell_disabled(FILE *out, const struct pair *pair)
{
	enum tph_support enables;
	const char *driver = tph_function_driver(pair->up.functions[0], &enables);

	fputs("could send hints, but TPH is not enabled now; ", out);
	if (enables == TPH_SUPPORT_YES)
		fprintf(out,
			"%s enables it at its start where the Root Port completes TPH, else with "
			"the first buffer that may have hints",
			driver);
	else
		fputs("load its driver, or see if it enables TPH", out);
}

/* Were the two given in the wrong order? */
static bool swapped(const struct pair *pair)
{
	const struct tph_function *importer = pair->up.functions[0];
	const struct tph_function *exporter = pair->down.functions[0];

	return exporter->requester.seen == TPH_SEEN_YES &&
	       importer->requester.seen == TPH_SEEN_NO && importer->class_code >> 16 != 0x02;
}

/* If the reason is about the exporter, too, the sentence begins with both addresses. */
static bool is_about_both(enum tph_reason reason)
{
	return reason == TPH_REASON_ROUTE_UNKNOWN || reason == TPH_REASON_NO_ROUTE ||
	       reason == TPH_REASON_HOST_16BIT || reason == TPH_REASON_HOST_BRIDGE;
}

/* What follows the address of the function. */
static void tell(FILE *out, const struct pair *pair, const struct tph_cause *cause)
{
	char text[TPH_BDF_CHARS];

	if (cause->reason == TPH_REASON_DRIVER_NEVER)
		tell_driver(out, pair, cause);
	else if (cause->reason == TPH_REASON_DISABLED)
		tell_disabled(out, pair);
	else if (cause->reason == TPH_REASON_NOT_REQUESTER && swapped(pair))
		fprintf(out,
			"has no TPH Requester capability, but %s has: were importer and "
			"exporter swapped?",
			tph_bdf_format(&pair->down.functions[0]->bdf, text));
	else
		fputs(after_address[cause->reason], out);
}

char *sentence(const struct pair *pair, const struct tph_cause *cause)
{
	const struct tph_bdf *exporter = &pair->down.functions[0]->bdf;
	char *text = NULL, address[TPH_BDF_CHARS];
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	if (cause->reason == TPH_REASON_ACS_REDIRECT)
		advise_redirect(out, pair);
	else if (cause->reason == TPH_REASON_ACS_PLATFORM)
		tell_platform(out, pair);
	else if (cause->reason < ARRAY_SIZE(whole) && whole[cause->reason])
		fputs(whole[cause->reason], out);
	else {
		fprintf(out, "%s ", tph_bdf_format(&cause->at, address));
		if (is_about_both(cause->reason))
			fprintf(out, "and %s ", tph_bdf_format(exporter, address));
		tell(out, pair, cause);
	}
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}
