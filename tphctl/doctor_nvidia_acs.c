// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The ACS settings that NVIDIA chose for its platforms, as rdma_topo of rdma-core checks them: a
 * mask for each port between a NIC and a GPU. x is a bit of any value; the last is bit 0.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tphctl/doctor.h"

/* What Linux sets for IOMMU groups: UF, CR, RR and SV. */
static const char isolated[] = "xx111x1", isolated_vera[] = "xx101x1";
static const char off[] = "xx000x0";

/* Where the route of a pair turns. */
struct turn {
	bool here;			    /* NIC and GPU meet below a ConnectX' switch */
	const struct tph_function *in, *to; /* the ports to the NIC and to the GPU */
};

static void find_turn(const struct exam *exam, struct turn *turn)
{
	const struct tph_path *path = exam->path;
	enum nvidia_kind nic = nvidia_kind(exam->nic.f);
	bool direct = exam->host->nvidia.platform == NVIDIA_DATA_DIRECT;
	int at = path->common;

	*turn = (struct turn){0};
	if (at < 1 || nvidia_kind(path->hops[at].function) != NVIDIA_CONNECTX_SWITCH ||
	    nic != (direct ? NVIDIA_DMA_FUNCTION : NVIDIA_CONNECTX))
		return;
	turn->here = exam->host->nvidia.platform != NVIDIA_NUMA;
	turn->in = path->hops[at - 1].function;
	for (size_t i = path->hop_count; i-- > 0 && path->hops[i].side == TPH_SIDE_EXPORTER;)
		turn->to = path->hops[i].function;
}

static const char *isolated_of(const struct tph_function *f)
{
	return nvidia_kind(f) == NVIDIA_VERA_PORT ? isolated_vera : isolated;
}

static bool has_rule(const struct tph_function *f)
{
	enum nvidia_kind kind = nvidia_kind(f);

	return kind == NVIDIA_CONNECTX_SWITCH || kind == NVIDIA_BLUEFIELD_SWITCH ||
	       kind == NVIDIA_GRACE_PORT || kind == NVIDIA_VERA_PORT;
}

/* NULL: there is no rule for the port. */
static const char *wanted(const struct exam *exam, const struct turn *turn,
			  const struct tph_function *f)
{
	bool root = f->port == TPH_PORT_ROOT;
	/* Translated addresses are for virtual machines. */
	bool isolate = exam->host->nvidia.platform != NVIDIA_INLINE ||
		       exam->nic.f->ats.seen == TPH_SEEN_YES;

	if (turn->here && exam->host->nvidia.platform == NVIDIA_DATA_DIRECT) {
		/* Without Source Validation all below the Root Port is one IOMMU group. */
		if (root)
			return "xx111x0";
		if (f == turn->in || f == turn->to)
			return f == turn->in ? "xx110x1" : "xx101x1";
	}
	if (turn->here && (f == turn->in || f == turn->to || root))
		return !isolate ? off : f == turn->in ? "1x111x1" : isolated_of(f);
	return !has_rule(f) ? NULL : isolate ? isolated_of(f) : off;
}

static bool fits(const struct tph_function *f, const char *flags)
{
	struct acs_change change;

	acs_flags_parse(flags, strlen(flags), &change);
	return f->acs.seen == TPH_SEEN_YES && (f->acs.control & change.mask) == change.value;
}

/* "0011101" */
static const char *control_text(const struct tph_function *f, char text[8])
{
	for (int bit = 0; bit < 7; bit++)
		text[6 - bit] = f->acs.control >> bit & 1 ? '1' : '0';
	text[7] = '\0';
	return f->acs.seen == TPH_SEEN_YES ? text : tph_seen_str(f->acs.seen);
}

/* The text of the step, the option to boot with, and the answer. */
struct finding {
	FILE *why, *options;
	enum answer answer;
	size_t ports;
	bool begun;
};

/* The separator before an item of the list. */
static const char *next(struct finding *finding)
{
	const char *separator = finding->begun ? "; " : ": ";

	finding->begun = true;
	return separator;
}

static void worse(struct finding *finding, bool known)
{
	if (!known && finding->answer == ANSWER_OK)
		finding->answer = ANSWER_UNKNOWN;
	if (known)
		finding->answer = ANSWER_NO;
}

static void look_at_port(struct finding *finding, const struct tph_function *f, const char *flags,
			 bool must)
{
	bool fit = fits(f, flags);
	char name[TPH_BDF_CHARS], text[8];

	/* Missing ACS counts only at the ports of the platform. */
	if (f->acs.seen == TPH_SEEN_NO && !must)
		return;
	tph_bdf_format(&f->bdf, name);
	fprintf(finding->why, "%s%s %s %s %s", next(finding), name,
		f->acs.seen == TPH_SEEN_NO ? "without ACS" : control_text(f, text),
		fit ? "fits" : "should be", flags);
	if (!fit)
		worse(finding, f->acs.seen == TPH_SEEN_YES || f->acs.seen == TPH_SEEN_NO);
	if (!fit || strcmp(flags, isolated_of(f)))
		fprintf(finding->options, "%s%s@%s", finding->ports++ ? ";" : "", flags, name);
}

static void look_at_ports(const struct exam *exam, const struct turn *turn, struct finding *finding)
{
	const struct tph_path *path = exam->path;

	for (size_t i = 0; i < path->hop_count; i++) {
		const struct tph_function *f = path->hops[i].function;
		const char *flags = f->bridge ? wanted(exam, turn, f) : NULL;
		/* Ports above the GPU are judged with its DMA Direct function as the NIC. */
		bool other = exam->host->nvidia.platform == NVIDIA_DATA_DIRECT && !turn->here &&
			     path->hops[i].side != TPH_SIDE_IMPORTER;
		bool must =
			turn->here && (f == turn->in || f == turn->to || f->port == TPH_PORT_ROOT);

		if (flags && !other)
			look_at_port(finding, f, flags, must);
	}
}

/* One group belongs to platforms where requests go directly, two to those where they must not. */
static void look_at_groups(const struct exam *exam, const struct turn *turn,
			   struct finding *finding)
{
	int a = exam->nic.place.iommu_group, b = exam->accelerator.place.iommu_group;
	enum nvidia_platform platform = exam->host->nvidia.platform;
	bool one = platform == NVIDIA_DATA_DIRECT ||
		   (platform == NVIDIA_INLINE && exam->nic.f->ats.seen != TPH_SEEN_YES);
	bool fit;

	if (!exam->nic.placed || !exam->accelerator.placed ||
	    (!turn->here && platform != NVIDIA_NUMA))
		return;
	if (a < 0 && b < 0)
		fit = platform == NVIDIA_INLINE && one;
	else
		fit = a >= 0 && b >= 0 && (a == b) == one;
	fprintf(finding->why, "%s%s IOMMU group%s, %s", next(finding), one ? "one" : "each an",
		one ? " for both" : " of its own", fit ? "as it is" : "which is not so");
	if (!fit)
		worse(finding, true);
}

static void look_at_ats(const struct exam *exam, struct finding *finding)
{
	enum tph_seen seen = exam->nic.f->ats.seen;

	if (exam->host->nvidia.platform != NVIDIA_NUMA)
		return;
	fprintf(finding->why, "%sno ATS in the NIC, which has: %s", next(finding),
		ats_text(exam->nic.f));
	if (seen != TPH_SEEN_NO)
		worse(finding, seen == TPH_SEEN_YES);
}

static const char *platform_text(const struct exam *exam)
{
	switch (exam->host->nvidia.platform) {
	case NVIDIA_DATA_DIRECT:
		return "DMA Direct";
	case NVIDIA_NUMA:
		return "GPUs at NVIDIA's CPUs";
	default:
		return exam->nic.f->ats.seen == TPH_SEEN_YES
			       ? "NIC and GPU at one ConnectX, ATS, so for virtual machines"
			       : "NIC and GPU at one ConnectX, no ATS";
	}
}

static void add_step(struct exam *exam, const struct finding *finding, const char *why,
		     const char *options)
{
	exam_add(exam, "nvidia-acs", "ACS by NVIDIA's rules", 0, finding->answer, "%s%s",
		 platform_text(exam), why);
	if (finding->answer != ANSWER_NO || !finding->ports)
		return;
	exam_todo(
		exam,
		"ACS is not as NVIDIA requires for this platform; boot with pci=config_acs=%s and "
		"what other pairs need (rdma_topo write-grub-acs writes it)",
		options);
	exam->acs_fix = exam->steps[exam->step_count - 1].todo;
}

/* The rules are for a ConnectX and a GPU. */
static bool is_pair(const struct exam *exam)
{
	return nvidia_is_connectx(exam->nic.f) && nvidia_kind(exam->accelerator.f) == NVIDIA_GPU;
}

void exam_nvidia(struct exam *exam)
{
	struct finding finding = {.answer = ANSWER_OK};
	char *why = NULL, *options = NULL;
	struct turn turn;
	size_t size;

	if (exam->host->nvidia.platform == NVIDIA_NONE || !is_pair(exam))
		return;
	find_turn(exam, &turn);
	finding.why = open_memstream(&why, &size);
	finding.options = open_memstream(&options, &size);
	if (finding.why && finding.options) {
		look_at_ports(exam, &turn, &finding);
		look_at_groups(exam, &turn, &finding);
		look_at_ats(exam, &finding);
	}
	exam->no_memory |= !finding.why || !finding.options;
	exam->no_memory |= finding.why && fclose(finding.why);
	exam->no_memory |= finding.options && fclose(finding.options);
	if (!exam->no_memory && *why)
		add_step(exam, &finding, why, options);
	free(why);
	free(options);
}
