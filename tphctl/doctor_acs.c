// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ACS of the ports between the two: where it sends requests and completions, and which IOMMU
 * groups Linux makes by it (pci_device_group() in drivers/iommu/iommu.c).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tphctl/doctor.h"
#include "util/macros.h"

/* What a port needs for the functions below it to be in groups of their own */
#define ISOLATES (PCI_ACS_SV | PCI_ACS_RR | PCI_ACS_CR | PCI_ACS_UF)
/* Each bridge is on a lower bus than what is below it. */
#define CHAIN_MAX 257

static const struct {
	uint16_t bit;
	const char *name;
} bits[] = {
	{PCI_ACS_SV, "SV"}, {PCI_ACS_TB, "TB"}, {PCI_ACS_RR, "RR"}, {PCI_ACS_CR, "CR"},
	{PCI_ACS_UF, "UF"}, {PCI_ACS_EC, "EC"}, {PCI_ACS_DT, "DT"},
};

static void list_bits(FILE *out, uint16_t control)
{
	for (size_t i = 0; i < ARRAY_SIZE(bits); i++)
		if (control & bits[i].bit)
			fprintf(out, " %s", bits[i].name);
}

/* "0000:02:00.0 SV RR CR UF (pci=config_acs=… is in effect)" */
static void list_port(FILE *out, const struct exam *exam, const struct tph_function *f)
{
	struct acs_option option;
	char name[TPH_BDF_CHARS];

	fprintf(out, "%s%s", f->port == TPH_PORT_ROOT ? "Root Port " : "",
		tph_bdf_format(&f->bdf, name));
	if (f->acs.seen == TPH_SEEN_YES)
		list_bits(out, f->acs.control);
	if (f->acs.seen == TPH_SEEN_NO)
		fputs(" without ACS", out);
	else if (f->acs.seen != TPH_SEEN_YES)
		fprintf(out, " %s", tph_seen_str(f->acs.seen));
	else if (!f->acs.control)
		fputs(" none", out);
	acs_option_find(exam->host, f, &option);
	if (option.text[0])
		fprintf(out, " (%s %s)", option.text,
			option.in_effect ? "is in effect" : "is not in effect");
}

/* A port with ACS, or of a type that should have it. */
static bool has_acs(const struct tph_function *f)
{
	return f->bridge && f->port != TPH_PORT_HOST_BRIDGE &&
	       (f->acs.seen != TPH_SEEN_NO || f->port == TPH_PORT_ROOT ||
		f->port == TPH_PORT_DOWNSTREAM);
}

/* The ports up to the bridge where the route turns first, then those above it. */
static size_t list_ports(FILE *out, const struct exam *exam)
{
	const struct tph_path *path = exam->path;
	size_t listed = 0;

	for (int above = 0; above < 2; above++)
		for (size_t i = 0; i < path->hop_count; i++) {
			const struct tph_hop *hop = &path->hops[i];

			if (above != (hop->side == TPH_SIDE_COMMON && (int)i > path->common) ||
			    !has_acs(hop->function))
				continue;
			fputs(listed++ ? "; " : "", out);
			list_port(out, exam, hop->function);
		}
	return listed;
}

static const char *travel(enum tph_route route)
{
	static const char *const words[] = {"not known", "nowhere", "up to the host", "directly"};

	return words[route];
}

bool exam_redirected(const struct exam *exam)
{
	for (size_t i = 0; i < exam->path->hop_count; i++)
		if (exam->path->hops[i].redirects)
			return true;
	return false;
}

/* A bridge that may be common is not visible, as in a virtual machine. */
static bool bridges_hidden(const struct exam *exam)
{
	bool root = false;

	for (size_t i = 0; i < exam->path->hop_count; i++)
		root = root || exam->path->hops[i].function->port == TPH_PORT_ROOT;
	return !exam->path->complete || (!root && exam->nic.f->port == TPH_PORT_ENDPOINT);
}

static bool is_hidden(const struct tph_path *path)
{
	return path->common >= 0 &&
	       (path->requests == TPH_ROUTE_UNKNOWN || path->completions == TPH_ROUTE_UNKNOWN);
}

static void tell_travel(FILE *out, const struct exam *exam)
{
	const struct tph_path *path = exam->path;

	if (path->common < 0) {
		fputs(bridges_hidden(exam) ? "; no common bridge is visible"
					   : "; no common bridge, so there is nothing to redirect",
		      out);
		return;
	}
	if (is_hidden(path)) {
		fputs("; so the route of writes and reads of the NIC is not known", out);
		return;
	}
	fprintf(out, "; so writes of the NIC go %s, and completions of its reads %s%s",
		travel(path->requests), travel(path->completions),
		path->translated_direct ? ", but writes with translated addresses (ATS) directly"
					: "");
}

const char *ats_text(const struct tph_function *f)
{
	if (f->ats.seen == TPH_SEEN_YES)
		return f->ats.enabled ? "on" : "off";
	return f->ats.seen == TPH_SEEN_NO ? "none" : tph_seen_str(f->ats.seen);
}

static enum answer acs_answer(const struct exam *exam)
{
	if (exam_redirected(exam))
		return ANSWER_NO;
	return is_hidden(exam->path) || (exam->path->common < 0 && bridges_hidden(exam))
		       ? ANSWER_UNKNOWN
		       : ANSWER_OK;
}

static void acs(struct exam *exam)
{
	char *why = NULL;
	size_t size;
	FILE *out = open_memstream(&why, &size);

	if (out) {
		if (!list_ports(out, exam))
			fputs("no port between them has it", out);
		tell_travel(out, exam);
		fprintf(out, "; ATS of the NIC: %s", ats_text(exam->nic.f));
	}
	if (!out || fclose(out)) {
		exam->no_memory = true;
		return;
	}
	exam_add(exam, "acs", "ACS", exam_redirected(exam) ? FOR_HINTS : 0, acs_answer(exam), "%s",
		 why);
	free(why);
}

static const char groups_id[] = "acs-groups", groups_title[] = "own IOMMU groups";

/* A function and the bridges above it. */
struct chain {
	const struct tph_function *functions[CHAIN_MAX];
	size_t count;
};

static void climb(const struct tph_path *path, bool importer, struct chain *chain)
{
	*chain = (struct chain){0};
	for (size_t n = 0; n < path->hop_count; n++) {
		const struct tph_hop *hop = &path->hops[importer ? n : path->hop_count - 1 - n];

		if (hop->side == (importer ? TPH_SIDE_IMPORTER : TPH_SIDE_EXPORTER) &&
		    hop->function->port != TPH_PORT_HOST_BRIDGE && chain->count < CHAIN_MAX)
			chain->functions[chain->count++] = hop->function;
	}
	for (size_t n = 0; n < path->hop_count; n++)
		if (path->hops[n].side == TPH_SIDE_COMMON &&
		    path->hops[n].function->port != TPH_PORT_HOST_BRIDGE &&
		    chain->count < CHAIN_MAX)
			chain->functions[chain->count++] = path->hops[n].function;
}

static bool has_siblings(const struct exam *exam, const struct tph_function *f)
{
	struct tph_bdf bdf = f->bdf;

	for (bdf.function = 0; bdf.function < 8; bdf.function++)
		if (bdf.function != f->bdf.function && tph_ctx_has(exam->host->ctx, &bdf))
			return true;
	return false;
}

/* The bits that a port lacks to isolate; bits that it does not implement count as on. */
static uint16_t lacks(const struct tph_function *f)
{
	return (uint16_t)(ISOLATES & f->acs.capability & ~f->acs.control);
}

/* pci_acs_enabled(), without its list of devices that isolate without ACS */
static enum answer isolates(const struct exam *exam, const struct tph_function *f)
{
	switch (f->port) {
	case TPH_PORT_UNKNOWN:
		return ANSWER_UNKNOWN;
	case TPH_PORT_ROOT:
	case TPH_PORT_DOWNSTREAM:
		break;
	case TPH_PORT_ENDPOINT:
	case TPH_PORT_RC_ENDPOINT:
	case TPH_PORT_UPSTREAM:
		if (!has_siblings(exam, f))
			return ANSWER_OK;
		break;
	default:
		return ANSWER_NO;
	}
	if (f->acs.seen == TPH_SEEN_YES)
		return lacks(f) ? ANSWER_NO : ANSWER_OK;
	return f->acs.seen == TPH_SEEN_NO ? ANSWER_NO : ANSWER_UNKNOWN;
}

/* Do all of @chain from @from up isolate? @at: the topmost that does not, or is not known. */
static enum answer path_isolates(const struct exam *exam, const struct chain *chain, size_t from,
				 const struct tph_function **at)
{
	enum answer answer = ANSWER_OK;

	for (size_t i = chain->count; i-- > from;) {
		enum answer one = isolates(exam, chain->functions[i]);

		if (one != ANSWER_OK)
			*at = chain->functions[i];
		if (one == ANSWER_NO)
			return one;
		if (one == ANSWER_UNKNOWN)
			answer = one;
	}
	return answer;
}

/* The function whose group it is; NULL: not known, because of @at. */
static const struct tph_function *group_of(const struct exam *exam, const struct chain *chain,
					   const struct tph_function **at)
{
	size_t i = 0;

	for (; i + 1 < chain->count; i++) {
		enum answer answer = path_isolates(exam, chain, i + 1, at);

		if (answer == ANSWER_UNKNOWN)
			return NULL;
		if (answer == ANSWER_OK)
			break;
	}
	return chain->functions[i];
}

/* Functions of one device that are not isolated from each other share a group, too. */
static bool same_group(const struct exam *exam, const struct tph_function *a,
		       const struct tph_function *b)
{
	return !tph_bdf_compare(&a->bdf, &b->bdf) ||
	       (a->bdf.domain == b->bdf.domain && a->bdf.bus == b->bdf.bus &&
		a->bdf.device == b->bdf.device && isolates(exam, a) == ANSWER_NO &&
		isolates(exam, b) == ANSWER_NO);
}

/* Linux makes its groups at boot, by ACS as it is then. */
static const char *other_groups(const struct exam *exam, bool one)
{
	const struct tph_place *nic = &exam->nic.place, *acc = &exam->accelerator.place;

	if (!exam->nic.placed || !exam->accelerator.placed || nic->iommu_group < 0 ||
	    acc->iommu_group < 0 || one == (nic->iommu_group == acc->iommu_group))
		return "";
	return one ? "; but there are two: it was changed after boot, or Linux knows a device "
		     "that isolates without it"
		   : "; but there is one: it was changed after boot, or functions share a requester ID";
}

static void tell_lack(struct exam *exam, const struct tph_function *f)
{
	const char *others = other_groups(exam, true);
	char name[TPH_BDF_CHARS], *list = NULL;
	size_t size;
	FILE *out = open_memstream(&list, &size);

	tph_bdf_format(&f->bdf, name);
	if (out && f->acs.seen == TPH_SEEN_YES && lacks(f)) {
		fputs(" lacks", out);
		list_bits(out, lacks(f));
	} else if (out) {
		fputs(f->acs.seen == TPH_SEEN_NO ? " has no ACS" : " isolates nothing", out);
	}
	if (!out || fclose(out)) {
		exam->no_memory = true;
		return;
	}
	exam_add(exam, groups_id, groups_title, 0, ANSWER_NO, "by ACS one for both, since %s%s%s%s",
		 f->port == TPH_PORT_ROOT ? "Root Port " : "", name, list, others);
	free(list);
}

static void groups(struct exam *exam)
{
	const struct tph_function *a, *b, *at = NULL;
	struct chain up, down;
	char name[TPH_BDF_CHARS];

	if (!tph_bdf_compare(&exam->nic.f->bdf, &exam->accelerator.f->bdf))
		return;
	climb(exam->path, true, &up);
	climb(exam->path, false, &down);
	if (!exam->path->complete || !up.count || !down.count) {
		exam_add(exam, groups_id, groups_title, 0, ANSWER_UNKNOWN,
			 "a bridge above them is not visible");
		return;
	}
	a = group_of(exam, &up, &at);
	b = a ? group_of(exam, &down, &at) : NULL;
	if (!b)
		exam_add(exam, groups_id, groups_title, 0, ANSWER_UNKNOWN,
			 "ACS of %s is not visible", tph_bdf_format(&at->bdf, name));
	else if (!same_group(exam, a, b))
		exam_add(exam, groups_id, groups_title, 0, ANSWER_OK, "by ACS one for each%s",
			 other_groups(exam, false));
	else
		tell_lack(exam, at ? at : a);
}

void exam_acs(struct exam *exam)
{
	acs(exam);
	groups(exam);
}
