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
		"is no TPH completer (Device Capabilities 2); see if its firmware can turn it on",
	[TPH_REASON_COMPLETER_RESERVED] = "has the reserved value 10b for TPH Completer Supported, "
					  "which counts as none; update its firmware",
	[TPH_REASON_COMPLETER_8BIT] =
		"completes 8-bit tags only; give the buffer an 8-bit tag and use an importer that "
		"sends such",
	[TPH_REASON_IMPORTER_NOT_VISIBLE] =
		"shows too little of its configuration space; run as root, or dump with "
		"lspci -xxxx as root",
	[TPH_REASON_EXPORTER_NOT_VISIBLE] =
		"shows too little of its configuration space; run as root, or dump with "
		"lspci -xxxx as root",
	[TPH_REASON_IMPORTER_NO_ANSWER] = "does not answer (all ones); wake it up or end its reset",
	[TPH_REASON_EXPORTER_NO_ANSWER] = "does not answer (all ones); wake it up or end its reset",
	[TPH_REASON_IMPORTER_MALFORMED] =
		"has a malformed list of capabilities; update its firmware",
	[TPH_REASON_EXPORTER_MALFORMED] =
		"has a malformed list of capabilities; update its firmware",
	[TPH_REASON_PATH_NOT_VISIBLE] =
		"or a bridge above it cannot be seen well enough; run as root, or dump all "
		"functions with lspci -xxxx as root",
	[TPH_REASON_ROUTE_UNKNOWN] =
		"and the exporter have no common bridge, and whether Linux goes through this host "
		"bridge depends on the CPU; look on the machine itself",
	[TPH_REASON_NO_PREFIX] = "has no End-End TLP Prefixes, which 16-bit tags need up to the "
				 "Root Port; use 8-bit tags",
	[TPH_REASON_PREFIX_BLOCKED] =
		"blocks End-End TLP Prefixes (Device Control 2 bit 15), which "
		"16-bit tags need; unblock it, or use 8-bit tags",
	[TPH_REASON_NO_ROUTE] =
		"and the exporter have no common bridge, and Linux does not go peer to peer through "
		"this host bridge; put both below one switch",
	[TPH_REASON_ROOT_NOT_COMPLETER] =
		"is on the route and completes no TPH; put both below one switch",
	[TPH_REASON_ROOT_8BIT] = "completes 8-bit tags only, and the kernel enables no more for "
				 "what is below; use 8-bit tags",
	[TPH_REASON_KERNEL_NO_PEERS] =
		"completes no TPH, and this kernel enables none for peers below it; boot a kernel "
		"with the dma-buf TPH series",
	[TPH_REASON_DISABLED] =
		"could send hints, but TPH is not enabled now; load its driver, or see if it "
		"enables TPH",
	[TPH_REASON_ENABLE_RESERVED] =
		"has the reserved value 10b for TPH Requester Enable; reload its driver",
	[TPH_REASON_MODE_NO_ST] =
		"is in No-ST mode and sends tag 0 only; its driver must choose another ST mode",
	[TPH_REASON_ENABLED_8BIT] = "is enabled for 8-bit tags; give the buffer an 8-bit tag",
	[TPH_REASON_ENABLED_16BIT] =
		"is enabled for 16-bit tags and sends no 8-bit ones; give the buffer a 16-bit tag",
	[TPH_REASON_HOST_BRIDGE] =
		"and the exporter have no common bridge, and the root complex between them may drop "
		"the hint; put both below one switch for a promise",
};

/* The same for what is about no function. */
static const char *const whole[] = {
	[TPH_REASON_NONE] = "every write carries the hint to the exporter",
	[TPH_REASON_KERNEL_NO_TPH] =
		"this kernel has no TPH; boot one with CONFIG_PCIE_TPH and the dma-buf TPH series",
	[TPH_REASON_KERNEL_NO_HINTS] = ("this kernel knows no hints on dma-bufs; boot one with the "
					"dma-buf TPH series"),
	[TPH_REASON_KERNEL_NO_P2PDMA] =
		"this kernel maps nothing peer to peer; boot one with CONFIG_PCI_P2PDMA",
	[TPH_REASON_KERNEL_UNKNOWN] = ("what this kernel can do is not known; make /proc/kallsyms "
				       "readable (CONFIG_KALLSYMS)"),
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

static void tell_redirect(FILE *out, const struct pair *pair)
{
	const struct tph_function *f = pair->redirect;
	char text[TPH_BDF_CHARS];

	fprintf(out, "ACS redirect (control%s%s%s) at %s sends peer-to-peer %s to the host; ",
		f->acs.request_redirect ? " RR" : "", f->acs.completion_redirect ? " CR" : "",
		f->acs.egress_control ? " EC" : "", tph_bdf_format(&f->bdf, text),
		f->acs.request_redirect || f->acs.egress_control ? "requests" : "completions");
	fputs("boot with pci=disable_acs_redir=", out);
	list_redirects(out, pair);
}

char *sentence(const struct pair *pair, const struct tph_judgement *judgement)
{
	char *text = NULL, address[TPH_BDF_CHARS];
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	if (judgement->reason == TPH_REASON_ACS_REDIRECT)
		tell_redirect(out, pair);
	else if (judgement->reason < ARRAY_SIZE(whole) && whole[judgement->reason])
		fputs(whole[judgement->reason], out);
	else
		fprintf(out, "%s %s", tph_bdf_format(&judgement->at, address),
			after_address[judgement->reason]);
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}
