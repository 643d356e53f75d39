// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fabricd: the lab's devices and the fabric between them, in one process with
 * one poll loop. QEMU connects to a socket per device.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "devices/accel/accel.h"
#include "devices/cx/cx.h"
#include "devices/ept/ept.h"
#include "fabric/trace_file.h"
#include "lab/control.h"
#include "lab/faults.h"
#include "lab/options.h"
#include "lab/slot.h"
#include "lab/user.h"
#include "lab/wire.h"
#include "vfio-user/descriptor.h"

/* Descriptors per peer beside those it sends: its socket, interrupts, those of this process. */
#define FILES_PER_PEER 64

struct lab {
	struct fabric *fabric;
	struct slot slots[OPTIONS_SLOTS_MAX];
	unsigned slot_count;
	const char *trace; /* its name */
	FILE *trace_file;  /* until the fabric has it */
	bool trace_lost;
	int signals;
	struct control control;
	struct wire wires[OPTIONS_NICS_MAX]; /* to the NIC of the same number of another host */
	unsigned wire_count;
	int links; /* the folder of their sockets; -1: none */
};

static int fail(const char *what, const char *on, int ret)
{
	fprintf(stderr, "fabricd: cannot %s %s: %s\n", what, on, strerror(-ret));
	return ret;
}

/* How long a trace's reader may stop before the lab continues without a trace. */
#define TRACE_PATIENCE_MS 5000

static int open_trace(struct lab *lab, const char *name)
{
	int ret;

	lab->trace_file = trace_file_open(name, TRACE_PATIENCE_MS);
	ret = lab->trace_file ? 0 : -errno;
	if (ret == -ENXIO) {
		fprintf(stderr,
			"fabricd: cannot write the trace %s: no process reads this pipe; "
			"start its reader first\n",
			name);
		return ret;
	}
	if (ret)
		return fail("write the trace", name, ret);
	lab->trace = name;
	return 0;
}

static int open_fabric(struct lab *lab, const struct options *options)
{
	struct fabric_config config = {
		.peers = options->peers,
		.host_bridge_keeps_hints = options->host_bridge_keeps_hints,
		.mps_bytes = options->mps_bytes,
		.mrrs_bytes = 512, /* the default, which Linux leaves */
	};
	int ret = fabric_create(&lab->fabric, &config);

	if (ret)
		return fail("make", "the fabric", ret);
	if (!options->trace)
		return 0;
	ret = fabric_trace_open(lab->fabric, lab->trace_file);
	lab->trace_file = NULL;
	return ret ? fail("write the trace", options->trace, ret) : 0;
}

/* Files that only root may open come first: the trace, and the folders of the sockets. */
static int take_user(struct lab *lab, const struct options *options)
{
	int ret = options->trace ? open_trace(lab, options->trace) : 0;

	if (ret)
		return ret;
	if (options->links)
		lab->links = open(options->links, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (options->links && lab->links < 0)
		return fail("open", options->links, -errno);
	if (chdir(options->dir))
		return fail("enter", options->dir, -errno);
	ret = user_become(options->user);
	return ret ? fail("become", "an unprivileged user", ret) : 0;
}

static int create_accel(struct lab *lab, struct pci_function **function,
			const struct options *options, unsigned index,
			const struct pci_function_link *link)
{
	const struct accel_config config = {
		.memory_bytes = options->accel_memory_bytes,
		.completer = options->accel_completer,
		.trapped = options->accel_trapped,
		.pm = options->accel_pm,
	};

	(void)lab;
	(void)index;
	return accel_create(function, &config, link);
}

/* A path to the folder that needs no access to those above it. */
static int open_wire(struct lab *lab, unsigned index, const struct options *options)
{
	char path[64];
	int ret;

	snprintf(path, sizeof(path), "/proc/self/fd/%d/nic%u.link", lab->links, index);
	ret = wire_open(&lab->wires[lab->wire_count++], path, options->host == 0,
			&lab->control.closer);
	return ret ? fail("make a link in", options->links, ret) : 0;
}

static int create_nic(struct lab *lab, struct pci_function **function,
		      const struct options *options, unsigned index,
		      const struct pci_function_link *link)
{
	struct cx_wire ends;
	struct cx_config config = {
		.tph_bits = options->nic_tph_bits[index],
		.st_entries = options->nic_st_entries,
		.index = options->host * OPTIONS_NICS_MAX + index,
	};
	int ret = options->links ? open_wire(lab, index, options) : 0;

	if (ret)
		return ret;
	if (options->links) {
		struct slot *slot = link->ctx;

		slot->wire = &lab->wires[index];
		ends = wire_ends(slot->wire);
		config.wire = &ends;
	}
	return cx_create(function, &config, link);
}

static int create_ept(struct lab *lab, struct pci_function **function,
		      const struct options *options, unsigned index,
		      const struct pci_function_link *link)
{
	const struct ept_config config = {.tph_bits = options->ept_tph_bits[index]};

	(void)lab;
	return ept_create(function, &config, link);
}

static const struct {
	const char *name; /* at most 7 characters, since the trace takes 8 with a digit */
	int (*create)(struct lab *lab, struct pci_function **function,
		      const struct options *options, unsigned index,
		      const struct pci_function_link *link);
} kinds[DEVICE_KINDS] = {
	[DEVICE_ACCEL] = {"accel", create_accel},
	[DEVICE_NIC] = {"nic", create_nic},
	[DEVICE_EPT] = {"ept", create_ept},
};

static int open_slot(struct lab *lab, const struct options *options, unsigned kind, unsigned index)
{
	unsigned n = lab->slot_count++;
	struct slot *slot = &lab->slots[n];
	const struct pci_function_link link = slot_link(slot);
	const struct slot_place place = {options->ids[n], options->switches[n], options->flit[n]};
	int ret;

	snprintf(slot->name, sizeof(slot->name), "%s%u", kinds[kind].name, index);
	ret = kinds[kind].create(lab, &slot->function, options, index, &link);
	if (!ret)
		ret = slot_open(slot, lab->fabric, ".", &place);
	if (!ret)
		return 0;
	fprintf(stderr,
		"fabricd: cannot open %s with a socket in %s: %s; "
		"TMPDIR may name a shorter path or another disk\n",
		slot->name, options->dir, strerror(-ret));
	return ret;
}

static int open_slots(struct lab *lab, const struct options *options)
{
	int ret = 0;

	for (unsigned kind = 0; kind < DEVICE_KINDS; kind++)
		for (unsigned i = 0; !ret && i < options->count[kind]; i++)
			ret = open_slot(lab, options, kind, i);
	return ret;
}

static void list_devices(const struct options *options)
{
	for (unsigned kind = 0; kind < DEVICE_KINDS; kind++)
		for (unsigned i = 0; i < options->count[kind]; i++)
			printf("%s%u\n", kinds[kind].name, i);
}

static int open_signals(struct lab *lab)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	lab->signals = signalfd(-1, &set, SFD_CLOEXEC);
	return lab->signals < 0 ? fail("watch for", "signals", -errno) : 0;
}

static bool run_line(struct lab *lab, const char *line, size_t len, FILE *answer)
{
	const struct faults_scope scope = {lab->slots, lab->slot_count};

	return faults_run(&scope, line, len, answer);
}

static void on_line(void *owner, const char *line, size_t len, FILE *answer)
{
	run_line(owner, line, len, answer);
}

static int open_control(struct lab *lab, const struct options *options)
{
	int ret;

	lab->control.run = on_line;
	lab->control.owner = lab;
	ret = control_open(&lab->control, "control.sock");
	return ret ? fail("listen on control.sock in", options->dir, ret) : 0;
}

static int set_fault(struct lab *lab, const char *line)
{
	char answer[256] = "";
	FILE *file = fmemopen(answer, sizeof(answer), "w");
	bool done = file && run_line(lab, line, strlen(line), file);

	if (file)
		fclose(file);
	if (!done)
		fprintf(stderr, "fabricd: --fault '%s': %s\n", line, answer);
	return done ? 0 : -EINVAL;
}

/*
 * A guest that controls its QEMU must not bring this process to its limit of
 * descriptors, see vfio-user/descriptor.h.
 */
static int raise_limit(const struct options *options)
{
	/* QEMU at each device, and the clients of the control socket. */
	rlim_t peers = 1, needed;
	struct rlimit limit;

	for (unsigned kind = 0; kind < DEVICE_KINDS; kind++)
		peers += options->count[kind];
	peers += options->links ? options->count[DEVICE_NIC] : 0;
	needed = peers * (DESCRIPTOR_CAPACITY + FILES_PER_PEER);
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return fail("read the limit of", "open files", -errno);
	if (limit.rlim_cur >= needed)
		return 0;
	if (limit.rlim_max < needed) {
		fprintf(stderr,
			"fabricd: cannot have %lu open files: the limit is %lu; raise it with "
			"ulimit -Hn\n",
			(unsigned long)needed, (unsigned long)limit.rlim_max);
		return -EMFILE;
	}
	limit.rlim_cur = needed;
	return setrlimit(RLIMIT_NOFILE, &limit) < 0
		       ? fail("raise the limit of", "open files", -errno)
		       : 0;
}

static int lab_open(struct lab *lab, const struct options *options)
{
	int ret = open_control(lab, options);

	if (!ret)
		ret = open_signals(lab);
	if (!ret)
		ret = open_fabric(lab, options);
	if (!ret)
		ret = open_slots(lab, options);
	for (unsigned i = 0; !ret && i < options->fault_count; i++)
		ret = set_fault(lab, options->faults[i]);
	return ret;
}

/* A trace that cannot be written is reported once; the guest continues. */
static void check_trace(struct lab *lab, int ret)
{
	if (!ret)
		return;
	fprintf(stderr,
		"fabricd: cannot write all of the trace %s: %s; the guest is not affected\n",
		lab->trace, strerror(-ret));
	fabric_trace_close(lab->fabric);
	lab->trace_lost = true;
}

static int lab_close(struct lab *lab)
{
	for (unsigned i = 0; i < lab->wire_count; i++)
		wire_close(&lab->wires[i]);
	control_close(&lab->control);
	for (unsigned i = 0; i < lab->slot_count; i++)
		slot_destroy(&lab->slots[i]);
	if (lab->fabric)
		check_trace(lab, fabric_trace_close(lab->fabric));
	if (lab->trace_file)
		fclose(lab->trace_file);
	fabric_destroy(lab->fabric);
	return lab->trace_lost ? -EIO : 0;
}

/* Of two times in ms, of which -1 is never. */
static int earlier(int a, int b)
{
	return a < 0 || (b >= 0 && b < a) ? b : a;
}

/* How long poll() may wait: until the first timer of the fabric, a device or a link. */
static int lab_wait_ms(const struct lab *lab)
{
	int first = fabric_wait_ms(lab->fabric);

	for (unsigned i = 0; i < lab->slot_count; i++)
		first = earlier(first, slot_wait_ms(&lab->slots[i]));
	for (unsigned i = 0; i < lab->wire_count; i++)
		first = earlier(first, wire_wait_ms(&lab->wires[i]));
	return first;
}

/* As poll(), but an interrupted wait clears all events. */
static int wait_for_events(struct pollfd *fds, unsigned count, int timeout_ms)
{
	int ret = poll(fds, count, timeout_ms);

	if (ret < 0 && errno != EINTR)
		return fail("wait for", "QEMU", -errno);
	for (unsigned i = 0; ret < 0 && i < count; i++)
		fds[i].revents = 0;
	return 0;
}

/* Receives from the links, and marks the slots whose NIC has work. */
static void process_wires(struct lab *lab, const struct pollfd *fds)
{
	for (unsigned i = 0; i < lab->slot_count; i++) {
		struct slot *slot = &lab->slots[i];

		if (slot->wire &&
		    wire_process(slot->wire, fds + WIRE_FDS * (slot->wire - lab->wires)))
			slot->pending = true;
	}
}

/* A command or a timer may have unplugged the NIC in this turn, or plugged it in. */
static void follow_power(struct slot *slot)
{
	int ret = wire_power(slot->wire, !slot->unplugged);

	if (ret)
		fprintf(stderr,
			"fabricd: cannot connect the link of %s again: %s; free disk space, then "
			"use link up\n",
			slot->name, strerror(-ret));
}

/* Sends on the links. True: a NIC that waited for buffer space can continue. */
static bool flush_wires(struct lab *lab)
{
	bool more = false;

	for (unsigned i = 0; i < lab->slot_count; i++) {
		struct slot *slot = &lab->slots[i];

		if (!slot->wire)
			continue;
		follow_power(slot);
		if (!wire_flush(slot->wire))
			continue;
		cx_wire_ready(slot->function);
		slot->pending = more = true;
	}
	return more;
}

/* Runs until a signal arrives. */
static int lab_run(struct lab *lab)
{
	struct pollfd fds[OPTIONS_SLOTS_MAX + 1 + CONTROL_FDS + WIRE_FDS * OPTIONS_NICS_MAX];
	struct pollfd *wire_pollfds = fds + lab->slot_count + 1 + CONTROL_FDS;
	unsigned n = lab->slot_count, count = n + 1 + CONTROL_FDS + WIRE_FDS * lab->wire_count;
	bool more = false;
	int ret;

	for (;;) {
		for (unsigned i = 0; i < n; i++) {
			fds[i].fd = vu_fd(lab->slots[i].vu);
			fds[i].events = POLLIN;
		}
		fds[n] = (struct pollfd){.fd = lab->signals, .events = POLLIN};
		control_fds(&lab->control, fds + n + 1);
		for (unsigned i = 0; i < lab->wire_count; i++)
			wire_fds(&lab->wires[i], wire_pollfds + WIRE_FDS * i);
		/* Before an idle wait, so that the trace can be read while the guest runs. */
		if (!more)
			check_trace(lab, fabric_trace_flush(lab->fabric));
		ret = wait_for_events(fds, count, more ? 0 : lab_wait_ms(lab));
		if (ret || fds[n].revents)
			return ret;
		more = false;
		control_process(&lab->control, fds + n + 1);
		process_wires(lab, wire_pollfds);
		fabric_work(lab->fabric);
		for (unsigned i = 0; i < n; i++)
			if (fds[i].revents)
				vu_process(lab->slots[i].vu);
		for (unsigned i = 0; i < n; i++)
			more |= slot_work(&lab->slots[i]);
		more |= flush_wires(lab);
	}
}

int main(int argc, char **argv)
{
	struct options options;
	struct lab lab = {.signals = -1, .links = -1};
	int ret = options_parse(&options, argc, argv);

	if (ret)
		return 2;
	if (options.list) {
		list_devices(&options);
		return 0;
	}
	if (raise_limit(&options) || take_user(&lab, &options))
		return 1;
	ret = lab_open(&lab, &options);
	if (!ret) {
		/* Tells the parent process that the sockets exist. */
		puts("ready");
		fflush(stdout);
		ret = lab_run(&lab);
	}
	if (lab_close(&lab) || ret)
		return 1;
	return 0;
}
