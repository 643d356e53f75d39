// SPDX-License-Identifier: GPL-2.0-or-later
/* tphctl doctor: does peer-to-peer between a NIC and an accelerator work, and what to fix? */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tphctl/doctor.h"
#include "tphctl/tphctl.h"

static const char USAGE[] =
	"usage: tphctl doctor [NIC [ACCELERATOR]] [--plain] [--json]\n"
	"                     [--dump FILE | --root DIR]\n"
	"\n"
	"Does peer-to-peer through a dma-buf work between a NIC and an accelerator, with\n"
	"hints or without, and what to fix, in which order. Without ACCELERATOR\n"
	"or NIC: a line for each pair.\n"
	"\n"
	"  --plain      hints do not count for the exit status\n"
	"  --json       for programs; tphctl-json.md has the fields\n"
	"  --dump FILE  of the machine that wrote FILE with lspci -D -xxxx\n"
	"  --root DIR   of the machine whose /sys, /proc and /boot are below DIR\n"
	"\n"
	"Exit status, of the best pair: 0 it works, hints too; 3 it works, with hints\n"
	"that can be lost or none; 4 it does not; 5 unknown; 1 it failed, 2 wrong\n"
	"command line.\n";

/* Of a class code of 24 bits */
#define CLASS(f)	  ((f)->class_code >> 16)
#define CLASS_NETWORK	  0x02
#define CLASS_DISPLAY	  0x03
#define CLASS_ACCELERATOR 0x12

struct arguments {
	struct options common;
	const char *root;
	bool plain;
	const char *nic, *accelerator; /* NULL: all */
};

struct ends {
	struct tph_bdf *nics, *accelerators;
	size_t nic_count, accelerator_count;
};

/* A ConnectX' DMA Direct function writes for its NIC. */
static bool is_nic(const struct tph_function *f)
{
	return CLASS(f) == CLASS_NETWORK || nvidia_kind(f) == NVIDIA_DMA_FUNCTION;
}

/* Not the display of a server's management controller, which is conventional PCI. */
static bool is_accelerator(const struct tph_function *f)
{
	return (CLASS(f) == CLASS_DISPLAY || CLASS(f) == CLASS_ACCELERATOR) &&
	       f->port != TPH_PORT_PCI;
}

/* Virtual functions are judged when they are named: a machine can have a thousand. */
static bool is_virtual(struct tph_ctx *ctx, const struct tph_function *f)
{
	struct tph_place place;

	if (f->config_bytes && f->vendor == 0xffff)
		return true;
	return !tph_place_read(ctx, &f->bdf, &place) && place.is_virtual;
}

/* Adds the functions that are a NIC, or an accelerator. */
static int sort_out(struct tph_ctx *ctx, const struct tph_bdf *list, size_t count,
		    struct ends *ends, bool want_nics, bool want_accelerators)
{
	for (size_t i = 0; i < count; i++) {
		struct tph_function *f;
		int ret = tph_function_read(ctx, &list[i], &f);

		if (ret)
			return ret;
		if (want_nics && is_nic(f) && !is_virtual(ctx, f))
			ends->nics[ends->nic_count++] = list[i];
		if (want_accelerators && is_accelerator(f) && !is_virtual(ctx, f))
			ends->accelerators[ends->accelerator_count++] = list[i];
		tph_function_free(f);
	}
	return 0;
}

static bool ends_allocate(struct ends *ends, size_t count)
{
	ends->nics = calloc(count + 1, sizeof(*ends->nics));
	ends->accelerators = calloc(count + 1, sizeof(*ends->accelerators));
	return ends->nics && ends->accelerators;
}

/* The functions on the command line; without them, all. */
static int find_ends(struct tph_ctx *ctx, const struct arguments *args, struct ends *ends)
{
	struct tph_bdf *list;
	size_t count;
	int status = EXIT_DONE, ret = tph_ctx_list(ctx, TPH_LIST_ALL, &list, &count);

	if (ret || !ends_allocate(ends, count)) {
		if (!ret)
			free(list);
		return no_memory();
	}
	if (args->nic) {
		ends->nic_count = 1;
		status = find_function("doctor", ctx, args->nic, &ends->nics[0]);
	}
	if (!status && args->accelerator) {
		ends->accelerator_count = 1;
		status = find_function("doctor", ctx, args->accelerator, &ends->accelerators[0]);
	}
	if (!status && !(args->nic && args->accelerator) &&
	    sort_out(ctx, list, count, ends, !args->nic, !args->accelerator))
		status = no_memory();
	free(list);
	return status;
}

static bool class_is(struct tph_ctx *ctx, const struct tph_bdf *bdf,
		     bool (*is)(const struct tph_function *f))
{
	struct tph_function *f;
	bool ret;

	if (tph_function_read(ctx, bdf, &f))
		return false;
	ret = is(f);
	tph_function_free(f);
	return ret;
}

static bool has_connectx(struct tph_ctx *ctx, const struct ends *ends)
{
	for (size_t i = 0; i < ends->nic_count; i++)
		if (class_is(ctx, &ends->nics[i], nvidia_is_connectx))
			return true;
	for (size_t i = 0; i < ends->accelerator_count; i++)
		if (class_is(ctx, &ends->accelerators[i], nvidia_is_connectx))
			return true;
	return false;
}

static bool is_bridge(const struct tph_function *f)
{
	return f->bridge;
}

static int refuse_bridge(struct tph_ctx *ctx, const char *typed, const struct tph_bdf *bdf)
{
	return !typed || !class_is(ctx, bdf, is_bridge)
		       ? EXIT_DONE
		       : fail(EXIT_FAILED,
			      "doctor: %s is a bridge; name the function below it that writes, or "
			      "whose memory is written; tphctl list --tree shows them",
			      typed);
}

/* Swaps the two if they are in the other order, and says so; takes an accelerator without NIC. */
static void put_in_order(struct tph_ctx *ctx, struct arguments *args)
{
	struct tph_bdf first, second;
	const char *typed = args->nic;

	if (!args->nic || tph_ctx_find(ctx, args->nic, &first) ||
	    !class_is(ctx, &first, is_accelerator))
		return;
	if (args->accelerator &&
	    (tph_ctx_find(ctx, args->accelerator, &second) || !class_is(ctx, &second, is_nic)))
		return;
	if (args->accelerator)
		fprintf(stderr, "tphctl: doctor: %s is the NIC, %s the accelerator: swapped\n",
			args->accelerator, args->nic);
	args->nic = args->accelerator;
	args->accelerator = typed;
}

static int pair_status(const struct exam *exam, bool plain)
{
	if (exam->peers != ANSWER_OK)
		return exam->peers == ANSWER_NO ? EXIT_NO_PATH : EXIT_UNKNOWN;
	if (plain)
		return EXIT_DONE;
	return exam->hints == ANSWER_OK && exam->verdict == TPH_VERDICT_GUARANTEED
		       ? EXIT_DONE
		       : EXIT_BEST_EFFORT;
}

static int best_status(const struct exam *exams, size_t count, bool plain)
{
	static const int order[] = {EXIT_DONE, EXIT_BEST_EFFORT, EXIT_UNKNOWN, EXIT_NO_PATH};

	for (size_t status = 0; status < sizeof(order) / sizeof(order[0]); status++)
		for (size_t i = 0; i < count; i++)
			if (pair_status(&exams[i], plain) == order[status])
				return order[status];
	return EXIT_UNKNOWN;
}

static int show(const struct exam *exams, size_t count, const struct arguments *args)
{
	int status = args->common.json ? print_exams_json(exams, count)
		     : count == 1      ? print_exam(&exams[0])
				       : print_exams(exams, count);

	return status ? status : best_status(exams, count, args->plain);
}

static int run_exams(struct host *host, const struct ends *ends, const struct arguments *args)
{
	size_t count = ends->nic_count * ends->accelerator_count, done = 0;
	struct exam *exams = calloc(count + 1, sizeof(*exams));
	int ret = exams ? 0 : -ENOMEM, status;

	for (size_t nic = 0; !ret && nic < ends->nic_count; nic++)
		for (size_t acc = 0; !ret && acc < ends->accelerator_count; acc++)
			ret = exam_run(&exams[done++], host, &ends->nics[nic],
				       &ends->accelerators[acc]);
	if (ret == -ENOMEM)
		status = no_memory();
	else if (ret)
		status = fail(EXIT_FAILED,
			      "doctor: cannot read the pair: %s; if a device was "
			      "removed meanwhile, try again",
			      strerror(-ret));
	else
		status = show(exams, count, args);
	for (size_t i = 0; i < done; i++)
		exam_free(&exams[i]);
	free(exams);
	return status;
}

static int examine(struct host *host, const struct arguments *args)
{
	struct ends ends = {0};
	int status = find_ends(host->ctx, args, &ends);

	/* Only then, since it reads every function of the machine. */
	if (!status && has_connectx(host->ctx, &ends) && nvidia_find(host))
		status = no_memory();
	if (!status)
		status = refuse_bridge(host->ctx, args->nic, ends.nics);
	if (!status)
		status = refuse_bridge(host->ctx, args->accelerator, ends.accelerators);
	if (!status && !ends.nic_count)
		status = fail(EXIT_FAILED,
			      "doctor: there is no NIC (class 02) here; name the function "
			      "that writes");
	if (!status && !ends.accelerator_count)
		status = fail(EXIT_FAILED,
			      "doctor: there is no accelerator (class 03 or 12) here; name "
			      "the function whose memory is written");
	if (!status)
		status = run_exams(host, &ends, args);
	free(ends.nics);
	free(ends.accelerators);
	return status;
}

/* The functions of another root; open_machine() opens this machine's and a dump's. */
static int open_root(const char *root, struct machine *machine)
{
	char sysfs[PATH_MAX];

	snprintf(sysfs, sizeof(sysfs), "%s/sys/bus/pci", root);
	return open_sysfs("doctor", sysfs, "--root takes a folder with sys, proc and boot in it",
			  machine);
}

static int parse(int argc, char **argv, struct arguments *args)
{
	static const struct option known[] = {{"plain", no_argument, NULL, 'p'},
					      {"root", required_argument, NULL, 'r'},
					      OPTION_JSON,
					      OPTION_DUMP,
					      OPTION_HELP,
					      {0}};
	int c;

	while ((c = next_option(argc, argv, known, &args->common)) != OPTIONS_END) {
		if (c == OPTIONS_BAD)
			return EXIT_USAGE;
		if (c == 'p')
			args->plain = true;
		else
			args->root = optarg;
	}
	if (args->common.help)
		return EXIT_DONE;
	if (args->root && args->common.dump)
		return fail(EXIT_USAGE, "doctor: --root and --dump exclude each other");
	if (argc - optind > 2)
		return fail(EXIT_USAGE, "doctor: it takes no %s; see tphctl doctor --help",
			    argv[optind + 2]);
	args->nic = argc > optind ? argv[optind] : NULL;
	args->accelerator = argc > optind + 1 ? argv[optind + 1] : NULL;
	return EXIT_DONE;
}

int run_doctor(int argc, char **argv)
{
	struct arguments args = {0};
	struct machine machine = {0};
	struct host host = {.root = ""};
	int status = parse(argc, argv, &args);

	if (status)
		return status;
	if (args.common.help)
		return show_usage(USAGE);
	status = args.root ? open_root(args.root, &machine)
			   : open_machine("doctor", &args.common, &machine);
	if (status)
		return status;
	host.ctx = machine.ctx;
	host.dump = args.common.dump;
	host.root = args.root ? args.root : "";
	host.probe = args.root ? NULL : rdma_probe;
	if (!host.dump)
		kernel_facts_read(host.root, &host.facts);
	put_in_order(host.ctx, &args);
	status = examine(&host, &args);
	nvidia_free(&host);
	tph_ctx_unref(machine.ctx);
	return status;
}
