// SPDX-License-Identifier: GPL-2.0-or-later
/* The kernel: what it shows in /proc, and the options that it was configured with. */
#include <stdio.h>
#include <string.h>

#ifdef HAVE_ZLIB
#include <zlib.h>
#endif

#include "tphctl/doctor.h"
#include "util/file.h"
#include "util/macros.h"

#define LINE_CHARS 512

/* False: the line is not of a configuration. */
static bool read_option(const char *line, struct kernel_facts *facts)
{
	const struct {
		const char *name;
		enum tph_support *found;
	} options[] = {
		{"CONFIG_PCIE_TPH", &facts->tph},
		{"CONFIG_PCI_P2PDMA", &facts->p2pdma},
		{"CONFIG_VFIO_PCI_DMABUF", &facts->vfio_dmabuf},
		{"CONFIG_INFINIBAND_ON_DEMAND_PAGING", &facts->odp},
		{"CONFIG_DMABUF_MOVE_NOTIFY", &facts->move_notify},
	};
	bool unset = !strncmp(line, "# ", 2);
	const char *name = unset ? line + 2 : line;

	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		size_t len = strlen(options[i].name);

		if (strncmp(name, options[i].name, len))
			continue;
		if (unset && !strncmp(name + len, " is not set", 11))
			*options[i].found = TPH_SUPPORT_NO;
		else if (name[len] == '=' && (name[len + 1] == 'y' || name[len + 1] == 'm'))
			*options[i].found = TPH_SUPPORT_YES;
	}
	return !strncmp(name, "CONFIG_", 7);
}

/* An option that depends on another that is off has no line. */
static void complete_options(struct kernel_facts *facts)
{
	enum tph_support *always[] = {&facts->tph, &facts->p2pdma, &facts->vfio_dmabuf,
				      &facts->odp};

	for (size_t i = 0; i < ARRAY_SIZE(always); i++)
		if (*always[i] == TPH_SUPPORT_UNKNOWN)
			*always[i] = TPH_SUPPORT_NO;
}

/* False for an empty file, or one that cannot be read to its end: no option is known to be off. */
static bool read_config_text(const char *root, const char *name, struct kernel_facts *facts)
{
	char path[PATH_MAX], line[LINE_CHARS];
	bool any = false;
	FILE *file;

	snprintf(path, sizeof(path), "%s%s", root, name);
	file = file_stream(AT_FDCWD, path);
	if (!file)
		return false;
	while (fgets(line, sizeof(line), file))
		any |= read_option(line, facts);
	any = any && !ferror(file);
	fclose(file);
	return any;
}

/* /proc/config.gz, which needs zlib to be read. */
static bool read_config_gz(const char *root, const char *name, struct kernel_facts *facts)
{
#ifdef HAVE_ZLIB
	char path[PATH_MAX], line[LINE_CHARS];
	bool any = false;
	int error = Z_OK, fd;
	gzFile file;

	snprintf(path, sizeof(path), "%s%s", root, name);
	fd = file_open(AT_FDCWD, path);
	file = fd < 0 ? NULL : gzdopen(fd, "r");
	if (!file) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	while (gzgets(file, line, sizeof(line)))
		any |= read_option(line, facts);
	gzerror(file, &error);
	gzclose(file);
	return any && error == Z_OK;
#else
	(void)root;
	(void)name;
	(void)facts;
	return false;
#endif
}

static void read_config(const char *root, struct kernel_facts *facts)
{
	const char *release = facts->kernel.release;
	char name[sizeof(facts->config) + sizeof(facts->kernel.release)];
	bool found;

	snprintf(name, sizeof(name), "/proc/config.gz");
	found = read_config_gz(root, name, facts);
	if (!found && release[0] && !strchr(release, '/')) {
		snprintf(name, sizeof(name), "/boot/config-%s", release);
		found = read_config_text(root, name, facts);
	}
	if (!found && release[0] && !strchr(release, '/')) {
		snprintf(name, sizeof(name), "/lib/modules/%s/config", release);
		found = read_config_text(root, name, facts);
	}
	if (!found)
		return;
	snprintf(facts->config, sizeof(facts->config), "%.*s", (int)sizeof(facts->config) - 1,
		 name);
	complete_options(facts);
}

static void read_cmdline(const char *root, struct kernel_facts *facts)
{
	char path[PATH_MAX];
	FILE *file;

	snprintf(path, sizeof(path), "%s/proc/cmdline", root);
	file = file_stream(AT_FDCWD, path);
	if (!file || !fgets(facts->cmdline, sizeof(facts->cmdline), file))
		facts->cmdline[0] = '\0';
	if (file)
		fclose(file);
}

void kernel_facts_read(const char *root, struct kernel_facts *facts)
{
	char proc[PATH_MAX];

	*facts = (struct kernel_facts){0};
	snprintf(proc, sizeof(proc), "%s/proc", root);
	facts->known = !tph_kernel_probe(proc, &facts->kernel);
	if (!facts->known)
		return;
	read_cmdline(root, facts);
	read_config(root, facts);
	/* What the running kernel shows has priority. */
	if (facts->kernel.tph == TPH_SUPPORT_UNKNOWN)
		facts->kernel.tph = facts->tph;
	if (facts->kernel.p2pdma == TPH_SUPPORT_UNKNOWN)
		facts->kernel.p2pdma = facts->p2pdma;
}

static const char *yes_no(enum tph_support support)
{
	static const char *const words[] = {"not known", "no", "yes"};

	return words[support];
}

static enum answer support_answer(enum tph_support support)
{
	static const enum answer answers[] = {[TPH_SUPPORT_UNKNOWN] = ANSWER_UNKNOWN,
					      [TPH_SUPPORT_NO] = ANSWER_NO,
					      [TPH_SUPPORT_YES] = ANSWER_OK};

	return answers[support];
}

static bool needs_vfio_dmabuf(const struct exam *exam)
{
	const char *driver = subject_driver(&exam->accelerator);

	return driver && strstr(driver, "vfio") && exam->host->facts.vfio_dmabuf == TPH_SUPPORT_NO;
}

static void peers(struct exam *exam)
{
	static const char id[] = "kernel", title[] = "kernel, peer-to-peer";
	const struct kernel_facts *facts = &exam->host->facts;
	const struct tph_kernel *kernel = &facts->kernel;
	bool no_vfio = needs_vfio_dmabuf(exam);

	exam_add(exam, id, title, FOR_PEERS, no_vfio ? ANSWER_NO : support_answer(kernel->p2pdma),
		 "%s: P2PDMA %s; options %s%s: on-demand paging %s, dma-bufs of VFIO %s%s",
		 kernel->release[0] ? kernel->release : "release not known", yes_no(kernel->p2pdma),
		 facts->config[0] ? "by " : "could not be read",
		 facts->config[0] ? facts->config : "", yes_no(facts->odp),
		 yes_no(facts->vfio_dmabuf),
		 facts->move_notify == TPH_SUPPORT_NO ? ", DMABUF_MOVE_NOTIFY no" : "");
	if (kernel->p2pdma == TPH_SUPPORT_NO)
		exam_todo(exam, "boot a kernel with CONFIG_PCI_P2PDMA");
	else if (no_vfio)
		exam_todo(exam,
			  "boot Linux 6.19 or newer with CONFIG_VFIO_PCI and CONFIG_PCI_P2PDMA, "
			  "which export dma-bufs through VFIO");
	else if (kernel->p2pdma == TPH_SUPPORT_UNKNOWN)
		exam_todo(exam, "make /proc/kallsyms or the kernel's configuration readable");
}

static void hints(struct exam *exam)
{
	const struct tph_kernel *k = &exam->host->facts.kernel;
	enum answer answer = ANSWER_OK;

	if (k->tph == TPH_SUPPORT_UNKNOWN || k->hints == TPH_SUPPORT_UNKNOWN)
		answer = ANSWER_UNKNOWN;
	if (k->tph == TPH_SUPPORT_NO || k->hints == TPH_SUPPORT_NO ||
	    k->disabled == TPH_SUPPORT_YES)
		answer = ANSWER_NO;
	exam_add(exam, "kernel-hints", "kernel, hints", FOR_HINTS, answer,
		 "TPH %s%s, hints on dma-bufs %s, TPH below a Root Port that is not a completer %s",
		 yes_no(k->tph),
		 k->disabled == TPH_SUPPORT_YES ? ", but turned off by pci=notph" : "",
		 yes_no(k->hints), yes_no(k->peers));
}

void exam_kernel(struct exam *exam)
{
	const struct kernel_facts *facts = &exam->host->facts;

	if (facts->known) {
		peers(exam);
		hints(exam);
		return;
	}
	exam_add(exam, "kernel", "kernel, peer-to-peer", exam->host->dump ? 0 : FOR_PEERS,
		 ANSWER_UNKNOWN, "%s",
		 exam->host->dump ? "a dump does not say; assumed to have all that is needed"
				  : "/proc cannot be read");
	if (!exam->host->dump)
		exam_todo(exam, "mount /proc");
}
