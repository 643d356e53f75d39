// SPDX-License-Identifier: GPL-2.0-or-later
/* The route between the two: IOMMU, where it turns, ACS of each port, 16-bit tags, hypervisor. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tphctl/doctor.h"

static bool is_vfio(const struct subject *subject)
{
	const char *driver = subject_driver(subject);

	return driver && strstr(driver, "vfio");
}

static void numa(struct exam *exam)
{
	static const char id[] = "numa", title[] = "NUMA node";
	int nic = exam->nic.place.numa_node, acc = exam->accelerator.place.numa_node;

	if (!exam->nic.placed || !exam->accelerator.placed || nic < 0 || acc < 0)
		return;
	if (nic == acc)
		exam_add(exam, id, title, 0, ANSWER_OK, "%d for both", nic);
	else
		exam_add(exam, id, title, 0, ANSWER_NO,
			 "NIC: %d; accelerator: %d; between sockets peer-to-peer is slow, if it "
			 "works at all",
			 nic, acc);
}

static void iommu(struct exam *exam)
{
	static const char id[] = "iommu", title[] = "IOMMU";
	const struct tph_place *nic = &exam->nic.place, *acc = &exam->accelerator.place;
	bool same = nic->iommu_group == acc->iommu_group;

	if (!exam->nic.placed || !exam->accelerator.placed) {
		exam_add(exam, id, title, 0, ANSWER_UNKNOWN, "%s",
			 exam->host->dump ? "a dump does not say" : "sysfs does not say");
		return;
	}
	if (nic->iommu_group < 0 || acc->iommu_group < 0) {
		exam_add(exam, id, title, 0, ANSWER_OK, "none for %s",
			 nic->iommu_group >= 0	 ? "the accelerator"
			 : acc->iommu_group >= 0 ? "the NIC"
						 : "these two: addresses are those of the bus");
		return;
	}
	exam_add(exam, id, title, FOR_PEERS,
		 same && is_vfio(&exam->accelerator) ? ANSWER_NO : ANSWER_OK,
		 "NIC: group %d, %s; accelerator: group %d, %s", nic->iommu_group,
		 nic->iommu_type[0] ? nic->iommu_type : "mode not known", acc->iommu_group,
		 acc->iommu_type[0] ? acc->iommu_type : "mode not known");
	if (same && is_vfio(&exam->accelerator))
		exam_todo(exam,
			  "the two are in one IOMMU group, and VFIO refuses a device while "
			  "another of its group has a driver of the kernel: turn ACS redirect "
			  "off after boot (setpci) and not before, so that each gets a group");
}

static const struct tph_cause *find_cause(const struct tph_path *path, enum tph_when when,
					  enum tph_width width, const enum tph_reason *reasons,
					  size_t count)
{
	const struct tph_judgement *j = &path->judgements[when][width];

	for (size_t i = 0; i < j->cause_count; i++)
		for (size_t r = 0; r < count; r++)
			if (j->causes[i].reason == reasons[r])
				return &j->causes[i];
	return NULL;
}

static void route(struct exam *exam)
{
	static const enum tph_reason reasons[] = {
		TPH_REASON_NO_ROUTE,	 TPH_REASON_ACS_REDIRECT,     TPH_REASON_ACS_PLATFORM,
		TPH_REASON_NO_ROOT_PORT, TPH_REASON_PATH_NOT_VISIBLE, TPH_REASON_ROUTE_UNKNOWN,
	};
	static const char id[] = "route", title[] = "route";
	const struct tph_path *path = exam->path;
	const struct tph_cause *cause =
		find_cause(path, TPH_NOW, exam->width, reasons, sizeof(reasons) / sizeof(*reasons));
	char name[TPH_BDF_CHARS];

	switch (path->route) {
	case TPH_ROUTE_DIRECT:
		exam_add(exam, id, title, FOR_PEERS, ANSWER_OK, "direct, it turns at %s",
			 tph_bdf_format(&path->hops[path->common].function->bdf, name));
		return;
	case TPH_ROUTE_HOST:
		exam_add(exam, id, title, FOR_PEERS, ANSWER_OK, "through the host, since %s",
			 path->common >= 0 ? "Linux counts ACS as a redirect"
					   : "they have no common bridge; a switch above both is "
					     "faster");
		return;
	case TPH_ROUTE_NONE:
		exam_add(exam, id, title, FOR_PEERS, ANSWER_NO,
			 "Linux maps nothing between them: %s, and it does not map peer-to-peer "
			 "through this host bridge",
			 path->common >= 0 ? "ACS redirects to the host" : "no common bridge");
		break;
	default:
		exam_add(exam, id, title, FOR_PEERS, ANSWER_UNKNOWN, "%s",
			 exam_redirected(exam)
				 ? "ACS redirects to the host, and whether Linux goes through this "
				   "host bridge is not known"
			 : cause ? cause->sentence
			 : path->complete
				 ? "no common bridge, and whether Linux goes through these host "
				   "bridges is not known"
				 : "a bridge above them is not visible");
	}
	if (cause)
		exam_todo(exam, "%s", exam_fix(exam, cause));
	else if (path->route == TPH_ROUTE_UNKNOWN && path->complete)
		exam_todo(exam, "whether Linux goes through these host bridges depends on the CPU; "
				"run tphctl on the machine itself, or put both below one switch");
}

/* Is each link on the route in flit mode? The port above a link shows it. */
static bool all_flit(const struct tph_path *path)
{
	bool flit = true;

	for (size_t i = 0; i < path->hop_count; i++) {
		const struct tph_function *f = path->hops[i].function;

		if (path->hops[i].on_route &&
		    (f->port == TPH_PORT_ROOT || f->port == TPH_PORT_DOWNSTREAM))
			flit = flit && f->flit;
	}
	return flit;
}

static void wide_tags(struct exam *exam)
{
	static const enum tph_reason reasons[] = {
		TPH_REASON_NO_PREFIX,  TPH_REASON_PREFIX_BLOCKED,   TPH_REASON_NOT_PCIE,
		TPH_REASON_HOST_16BIT, TPH_REASON_PATH_NOT_VISIBLE, TPH_REASON_NO_ROOT_PORT,
	};
	static const char id[] = "wide-tags", title[] = "16-bit tags";
	const struct tph_cause *cause = find_cause(exam->path, TPH_NOW, TPH_WIDTH_16, reasons,
						   sizeof(reasons) / sizeof(*reasons));

	if (cause)
		exam_add(exam, id, title, 0,
			 cause->verdict == TPH_VERDICT_NONE ? ANSWER_NO : ANSWER_UNKNOWN, "%s",
			 cause->sentence);
	else if (exam->path->route != TPH_ROUTE_DIRECT)
		exam_add(exam, id, title, 0, ANSWER_NO, "not through the host");
	else
		exam_add(exam, id, title, 0, ANSWER_OK, "every link on the route carries them: %s",
			 all_flit(exam->path) ? "flit mode" : "End-End prefixes, or flit mode");
}

void exam_iommu(struct exam *exam)
{
	iommu(exam);
	numa(exam);
}

void exam_route(struct exam *exam)
{
	route(exam);
	wide_tags(exam);
}

void exam_machine(struct exam *exam)
{
	static const enum tph_reason none[] = {TPH_REASON_NO_ROOT_PORT};
	static const char id[] = "virtual-machine", title[] = "virtual machine";
	const struct kernel_facts *facts = &exam->host->facts;
	bool hidden = find_cause(exam->path, TPH_NOW, exam->width, none, 1);

	if (hidden || (facts->known && facts->kernel.hypervisor == TPH_SUPPORT_YES))
		exam_add(
			exam, id, title, 0, ANSWER_UNKNOWN,
			"%s; the bridges are the hypervisor's, and the route that the hardware takes "
			"is not known here: run tphctl on the host",
			hidden ? "no Root Port above the NIC, as in a virtual machine"
			       : "this is one");
	else if (facts->known && facts->kernel.hypervisor == TPH_SUPPORT_NO)
		exam_add(exam, id, title, 0, ANSWER_OK, "this is not one");
}
