/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The files of tphctl doctor. An exam of a pair is a list of steps, each with an answer; the files
 * doctor_*.c add steps, doctor_print.c prints them. All access to the machine is by struct host: it
 * has the folder of /proc, /boot and /sys, and the function that asks the RDMA device.
 */
#ifndef TPHCTL_DOCTOR_H
#define TPHCTL_DOCTOR_H

#include <limits.h>
#include <linux/pci_regs.h>
#include <stdbool.h>
#include <stddef.h>

#include "tph/tph.h"
#include "tphctl/rdma_probe.h"

enum answer { ANSWER_OK, ANSWER_NO, ANSWER_UNKNOWN };

/* "ok", "no", "unknown" */
const char *answer_str(enum answer answer);

/* The results that a step counts for, or-ed; 0: it is for information. */
enum { FOR_PEERS = 1, FOR_HINTS = 2 };

struct step {
	const char *id;	   /* in JSON; never changes */
	const char *title; /* in the table */
	unsigned counts;   /* FOR_* */
	enum answer answer;
	char *why;
	char *todo; /* NULL: nothing */
};

/* What is known of the kernel. */
struct kernel_facts {
	bool known; /* false for a dump, or without /proc */
	struct tph_kernel kernel;
	char cmdline[4096];
	char config[64]; /* the file with the kernel's options; "": none could be read */
	enum tph_support vfio_dmabuf, odp, move_notify;
	enum tph_support tph, p2pdma; /* by the options */
};

/* The platforms that NVIDIA has ACS rules for, as rdma_topo of rdma-core distinguishes them. */
enum nvidia_platform {
	NVIDIA_NONE,
	NVIDIA_DATA_DIRECT, /* a ConnectX has a DMA Direct function beside the GPU */
	NVIDIA_NUMA,	    /* GPUs below Root Ports of NVIDIA's CPUs */
	NVIDIA_INLINE,	    /* NIC and GPU below the switch of a ConnectX */
};

/* A function of a ConnectX, and its Vital Product Data once that was read. */
struct connectx {
	struct tph_bdf bdf;
	bool data_direct; /* a DMA Direct function, else a NIC */
	bool asked;
	int ret; /* of tph_vpd_read() */
	struct tph_vpd vpd;
};

struct nvidia {
	enum nvidia_platform platform;
	struct connectx *functions;
	size_t count;
};

/* The machine that is examined. */
struct host {
	struct tph_ctx *ctx;
	const char *root; /* the folder with its /proc, /boot and /sys; "": this machine */
	bool dump;
	struct kernel_facts facts;
	struct nvidia nvidia;
	/* Does an RDMA device register dma-bufs? NULL: it cannot be asked. */
	struct rdma_answer (*probe)(const char *device);
};

/* A function of the pair, its names and its place. */
struct subject {
	struct tph_function *f;
	struct tph_names *names;
	struct tph_place place;
	bool placed;
};

#define STEPS_MAX 24
#define FIXES_MAX 32

struct exam {
	struct host *host;
	struct subject nic, accelerator;
	const struct connectx *connectx; /* the NIC, if it is a ConnectX function; else NULL */
	/* The DMA Direct function of the NIC, or the NIC of the DMA Direct function; NULL: none */
	const struct connectx *other_half;
	struct tph_names *other_names; /* of other_half; NULL: not known */
	struct tph_path *path;
	struct step steps[STEPS_MAX];
	size_t step_count;
	enum answer peers, hints;
	enum tph_width width;	      /* the one with the better verdict */
	enum tph_verdict verdict;     /* for it, once a buffer with hints is registered */
	const char *fixes[FIXES_MAX]; /* of steps and causes, in the order to fix them */
	size_t fix_count;
	const char *acs_fix; /* what to do about ACS by the platform's rules; NULL: by Linux' */
	bool no_memory;
};

/* doctor_steps.c: a step at the end; the texts are formatted. */
void exam_add(struct exam *exam, const char *id, const char *title, unsigned counts,
	      enum answer answer, const char *format, ...) __attribute__((format(printf, 6, 7)));
/* What to do about the last step. */
void exam_todo(struct exam *exam, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* What to do about a cause: by Linux' rules, unless the platform has others. */
const char *exam_fix(const struct exam *exam, const struct tph_cause *cause);
/* The first name of a subsystem, such as "infiniband"; NULL: none. */
const char *name_of(const struct tph_names *names, const char *subsystem);
const char *subject_name(const struct subject *subject, const char *subsystem);
/* The driver that is bound to a function; NULL: none, or a dump. */
const char *subject_driver(const struct subject *subject);

/* Each adds its steps. */
void exam_drivers(struct exam *exam); /* doctor_drivers.c */
void exam_import(struct exam *exam);
void exam_ends(struct exam *exam); /* doctor_ends.c */
void exam_cpu_memory(struct exam *exam);
void exam_kernel(struct exam *exam); /* doctor_kernel.c */
void exam_acs(struct exam *exam);    /* doctor_acs.c */
void exam_halves(struct exam *exam); /* doctor_nvidia.c */
void exam_nvidia(struct exam *exam); /* doctor_nvidia_acs.c; sets acs_fix */
void exam_iommu(struct exam *exam);  /* doctor_route.c */
void exam_route(struct exam *exam);  /* after exam_nvidia() */
void exam_machine(struct exam *exam);

/* doctor_kernel.c: reads /proc and /boot below @root. */
void kernel_facts_read(const char *root, struct kernel_facts *facts);

/* doctor_acs.c: does Linux count the ACS of a port between the two as a redirect? */
bool exam_redirected(const struct exam *exam);
/* "none", "off", "on", "not-visible", … */
const char *ats_text(const struct tph_function *f);

/* doctor_nvidia.c */
enum nvidia_kind {
	NVIDIA_OTHER,
	NVIDIA_GRACE_PORT, /* Root Ports of NVIDIA's CPUs */
	NVIDIA_VERA_PORT,
	NVIDIA_CONNECTX_SWITCH,
	NVIDIA_BLUEFIELD_SWITCH,
	NVIDIA_CONNECTX,
	NVIDIA_BLUEFIELD,
	NVIDIA_DMA_FUNCTION,
	NVIDIA_GPU,
};
enum nvidia_kind nvidia_kind(const struct tph_function *f);
/* A function of a ConnectX: the NIC, or the DMA Direct function */
bool nvidia_is_connectx(const struct tph_function *f);
/* Finds platform and functions; 0 or -ENOMEM. To be freed in any case. */
int nvidia_find(struct host *host);
void nvidia_free(struct host *host);
/* The Vital Product Data of a function that nvidia_find() found; NULL: none, or not readable. */
const struct tph_vpd *nvidia_vpd(struct host *host, const struct tph_bdf *bdf);

/* acs_options.c: bits that "xx101x1" sets or clears, the last being bit 0; x keeps a bit. */
struct acs_change {
	uint16_t mask, value;
};
/* False: other characters. */
bool acs_flags_parse(const char *text, size_t len, struct acs_change *change);

/* acs_options.c: the item of pci=config_acs= or disable_acs_redir= for a port */
struct acs_option {
	char text[128]; /* as on the command line; "": none */
	bool in_effect;
};
void acs_option_find(const struct host *host, const struct tph_function *port,
		     struct acs_option *option);

/* doctor_exam.c: all steps of a pair; 0 or a negative errno. To be freed in any case. */
int exam_run(struct exam *exam, struct host *host, const struct tph_bdf *nic,
	     const struct tph_bdf *accelerator);
void exam_free(struct exam *exam);

/* doctor_print.c: the exams of all pairs. An exit status. */
int print_exam(const struct exam *exam);
int print_exams(const struct exam *exams, size_t count);
int print_exams_json(const struct exam *exams, size_t count);

#endif
