// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Drivers: does the NIC's enable TPH and register dma-bufs, does the accelerator's export its
 * memory? Of Linux 7.3: drivers with dma_buf_ops of their own (drivers/vfio/pci/vfio_pci_dmabuf.c,
 * drivers/gpu/drm, drivers/accel), and which form of ib_umem_dmabuf_get*() each RDMA driver calls.
 */
#include <stdio.h>
#include <string.h>

#include "tphctl/doctor.h"
#include "util/file.h"
#include "util/macros.h"

#define NO_TPH "in Linux 7.3 mlx5_core and bnxt_en enable TPH"

static const struct {
	const char *driver;
	bool hints; /* it can set them */
} exporters[] = {
	{"vfio-pci", true},	 {"nvgrace-gpu-vfio-pci", true},
	{"mlx5_vfio_pci", true}, {"amdgpu", false},
	{"xe", false},		 {"i915", false},
	{"habanalabs", false},
};

/* How the RDMA driver of a PCI driver maps a dma-buf. */
static const struct importer {
	const char *driver;
	bool pinned, revocable; /* vfio-pci refuses an importer that pins and is not revocable */
	bool odp;		/* needs on-demand paging in the kernel */
} importers[] = {
	{"mlx5_core", false, true, true}, {"ice", true, true, false},
	{"i40e", true, true, false},	  {"bnxt_en", true, false, false},
	{"efa", true, false, false},	  {"mana", true, false, false},
	{"ionic", true, false, false},	  {"mlx5_ib", true, false, true},
};

static const struct importer *importer_of(const char *driver)
{
	for (size_t i = 0; driver && i < ARRAY_SIZE(importers); i++)
		if (!strcmp(driver, importers[i].driver))
			return &importers[i];
	return NULL;
}

static bool is_vfio(const char *driver)
{
	return driver && strstr(driver, "vfio");
}

static void nic_driver(struct exam *exam)
{
	static const char id[] = "nic-driver", title[] = "NIC driver";
	const struct tph_function *f = exam->nic.f;
	enum tph_support enables;
	const char *driver = tph_function_driver(f, &enables);
	const char *has = exam->host->dump ? ", by its IDs" : "";
	bool none = f->driver_seen == TPH_SEEN_NO;

	if (none) {
		exam_add(exam, id, title, FOR_PEERS | FOR_HINTS, ANSWER_NO, "no driver is bound");
		exam_todo(exam, "load the NIC's driver: modprobe %s",
			  driver ? driver : "its module");
	} else if (is_vfio(driver)) {
		exam_add(exam, id, title, FOR_PEERS | FOR_HINTS, ANSWER_NO,
			 "%s is bound, for a driver in user space", driver);
		exam_todo(exam, "bind the NIC to its own driver, which registers dma-bufs and "
				"enables TPH");
	} else if (enables == TPH_SUPPORT_YES) {
		exam_add(exam, id, title, FOR_HINTS, ANSWER_OK, "%s%s, which enables TPH", driver,
			 has);
	} else if (enables == TPH_SUPPORT_NO) {
		exam_add(exam, id, title, FOR_HINTS, ANSWER_NO,
			 "%s%s, which never enables TPH (" NO_TPH ")", driver, has);
	} else {
		exam_add(exam, id, title, FOR_HINTS, ANSWER_UNKNOWN,
			 "%s%s: whether it enables TPH is not known (" NO_TPH ")",
			 driver ? driver : "a driver that is not known", driver ? has : "");
		exam_todo(exam, "ask the vendor of the NIC's driver whether it enables TPH");
	}
}

/* Only NVIDIA's open modules export dma-bufs: documentation of CUDA and NCCL. */
static bool nvidia_is_open(const struct host *host)
{
	char path[PATH_MAX], line[256];
	bool open = false;
	FILE *file;

	snprintf(path, sizeof(path), "%s/proc/driver/nvidia/version", host->root);
	file = file_stream(AT_FDCWD, path);
	while (file && fgets(line, sizeof(line), file))
		open = open || strstr(line, "Open Kernel Module");
	if (file)
		fclose(file);
	return open;
}

static void accelerator_nvidia(struct exam *exam)
{
	static const char id[] = "accelerator-driver", title[] = "accelerator driver";

	if (nvidia_is_open(exam->host)) {
		exam_add(exam, id, title, FOR_PEERS, ANSWER_OK,
			 "nvidia, the open modules, which export dma-bufs without hints");
		return;
	}
	exam_add(exam, id, title, FOR_PEERS | FOR_HINTS, ANSWER_NO,
		 "nvidia, not the open modules, so it exports no dma-bufs");
	exam_todo(exam, "install NVIDIA's open kernel modules; without dma-bufs there is "
			"nvidia_peermem, which has no hints");
}

static void accelerator_driver(struct exam *exam)
{
	static const char id[] = "accelerator-driver", title[] = "accelerator driver";
	const char *driver = subject_driver(&exam->accelerator);

	if (exam->host->dump) {
		exam_add(exam, id, title, 0, ANSWER_UNKNOWN, "a dump does not say");
		return;
	}
	if (!driver) {
		exam_add(exam, id, title, FOR_PEERS | FOR_HINTS, ANSWER_NO,
			 "no driver is bound, so nothing exports its memory");
		exam_todo(exam, "bind the accelerator to vfio-pci, or load its vendor's driver");
		return;
	}
	if (!strcmp(driver, "nvidia")) {
		accelerator_nvidia(exam);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(exporters); i++)
		if (!strcmp(driver, exporters[i].driver)) {
			exam_add(exam, id, title, FOR_PEERS, ANSWER_OK,
				 "%s, which exports dma-bufs%s", driver,
				 exporters[i].hints ? " with hints" : " without hints");
			return;
		}
	exam_add(exam, id, title, FOR_PEERS, ANSWER_UNKNOWN,
		 "%s: whether it exports dma-bufs is not known", driver);
	exam_todo(exam, "ask the vendor of %s whether it exports dma-bufs", driver);
}

/* Only VFIO can set hints. */
static void accelerator_hints(struct exam *exam)
{
	static const char id[] = "accelerator-hints", title[] = "hints of its driver";
	const char *driver = subject_driver(&exam->accelerator);

	if (exam->host->dump || !driver)
		return;
	if (is_vfio(driver)) {
		exam_add(exam, id, title, FOR_HINTS, ANSWER_OK, "%s sets the hints of a buffer",
			 driver);
		return;
	}
	exam_add(exam, id, title, FOR_HINTS, ANSWER_NO, "%s sets no hints; vfio-pci does", driver);
	exam_todo(exam, "for hints bind the accelerator to vfio-pci, with a driver in user space");
}

void exam_drivers(struct exam *exam)
{
	nic_driver(exam);
	accelerator_driver(exam);
	accelerator_hints(exam);
}

static void import_pinned(struct exam *exam, const char *driver)
{
	exam_add(exam, "import-form", "form of the import", FOR_PEERS, ANSWER_NO,
		 "%s pins dma-bufs permanently, and vfio-pci refuses importers that it cannot "
		 "revoke",
		 driver);
	exam_todo(exam, "use a NIC of mlx5_core or irdma with vfio-pci, or a driver of the "
			"accelerator that lets its memory be pinned");
}

static void import_form(struct exam *exam)
{
	static const char id[] = "import-form", title[] = "form of the import";
	const char *driver = tph_function_driver(exam->nic.f, NULL);
	const struct importer *importer = importer_of(driver);
	const struct kernel_facts *facts = &exam->host->facts;

	if (!importer)
		return;
	if (importer->pinned && !importer->revocable && is_vfio(subject_driver(&exam->accelerator)))
		import_pinned(exam, driver);
	else if (importer->odp && facts->odp == TPH_SUPPORT_NO) {
		exam_add(exam, id, title, FOR_PEERS, ANSWER_NO,
			 "%s needs on-demand paging, which this kernel lacks", driver);
		exam_todo(exam, "boot a kernel with CONFIG_INFINIBAND_ON_DEMAND_PAGING");
	} else
		exam_add(exam, id, title, 0, ANSWER_OK, "%s %s", driver,
			 !importer->pinned     ? "follows a buffer that moves (on-demand paging)"
			 : importer->revocable ? "pins dma-bufs until they are revoked"
					       : "pins dma-bufs permanently");
}

void exam_import(struct exam *exam)
{
	static const char id[] = "dma-buf-import", title[] = "registers dma-bufs";
	static const enum answer answers[] = {[TPH_SUPPORT_UNKNOWN] = ANSWER_UNKNOWN,
					      [TPH_SUPPORT_NO] = ANSWER_NO,
					      [TPH_SUPPORT_YES] = ANSWER_OK};
	const char *device = subject_name(&exam->nic, "infiniband");
	bool half = exam->connectx && exam->connectx->data_direct;
	struct rdma_answer said;

	if (half)
		device = name_of(exam->other_names, "infiniband");
	if (exam->host->dump) {
		exam_add(exam, id, title, 0, ANSWER_UNKNOWN,
			 "only the machine itself can be asked");
	} else if (!device && half && !exam->other_half) {
		exam_add(exam, id, title, FOR_PEERS, ANSWER_UNKNOWN,
			 "the RDMA device is that of the ConnectX function, which is not known");
		exam_todo(exam, "run as root, so that the ConnectX function of the NIC can be "
				"found by its VPD");
	} else if (!device) {
		exam_add(exam, id, title, FOR_PEERS, ANSWER_NO, "the NIC has no RDMA device");
		exam_todo(exam, "load the RDMA driver of the NIC, such as mlx5_ib; rdma link shows "
				"its devices");
	} else if (!exam->host->probe) {
		exam_add(exam, id, title, 0, ANSWER_UNKNOWN,
			 "%s can be asked on the machine itself only", device);
	} else {
		said = exam->host->probe(device);
		exam_add(exam, id, title, FOR_PEERS, answers[said.takes], "%s: %s", device,
			 said.why);
		if (said.takes == TPH_SUPPORT_NO)
			exam_todo(exam,
				  "%s registers no dma-bufs: take a newer kernel and rdma-core, "
				  "or another NIC",
				  device);
		else if (said.takes == TPH_SUPPORT_UNKNOWN)
			exam_todo(exam, "whether %s registers dma-bufs is not known: %s", device,
				  said.why);
	}
	import_form(exam);
}
