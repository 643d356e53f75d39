// SPDX-License-Identifier: LGPL-2.1-or-later
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tph/tph.h"
#include "util/cmdline.h"
#include "util/file.h"
#include "util/macros.h"

#define LINE_CHARS     4096 /* enough for the flags of a processor */
#define AMD_FAMILY_P2P 0x17 /* Zen; cpu_supports_p2pdma() of the kernel */

/* "ffffffff81000000 T pcie_enable_tph": a symbol of the kernel itself, not of a module. */
static bool names_symbol(const char *line, const char *symbol)
{
	const char *name = strchr(line, ' ');
	size_t len = strlen(symbol);

	if (name)
		name = strchr(name + 1, ' ');
	return name && !strncmp(name + 1, symbol, len) && name[1 + len] == '\n';
}

/* The kernel shows the names to every user, if not the addresses. */
static void read_symbols(int proc, struct tph_kernel *kernel)
{
	struct {
		const char *symbol;
		enum tph_support *found;
	} wanted[] = {
		{"pcie_enable_tph", &kernel->tph},
		{"pcie_enable_tph_peer", &kernel->peers},
		{"dma_buf_get_tph", &kernel->hints},
		{"pci_p2pdma_map_type", &kernel->p2pdma},
	};
	FILE *file = file_stream(proc, "kallsyms");
	char line[LINE_CHARS];
	bool any = false;

	if (!file)
		return;
	while (fgets(line, sizeof(line), file)) {
		any = true;
		for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
			if (names_symbol(line, wanted[i].symbol))
				*wanted[i].found = TPH_SUPPORT_YES;
	}
	for (size_t i = 0; any && !ferror(file) && i < ARRAY_SIZE(wanted); i++)
		if (*wanted[i].found != TPH_SUPPORT_YES)
			*wanted[i].found = TPH_SUPPORT_NO;
	fclose(file);
}

/* Is "notph" among the comma-separated options of a "pci=" word? */
static bool disables_tph(char *cmdline)
{
	char *rest = cmdline;

	while (*rest) {
		char *word = cmdline_next_word(&rest), *option;

		if (strncmp(word, "pci=", 4))
			continue;
		word += 4;
		while ((option = strsep(&word, ",")))
			if (!strcmp(option, "notph"))
				return true;
	}
	return false;
}

static void read_cmdline(int proc, struct tph_kernel *kernel)
{
	FILE *file = file_stream(proc, "cmdline");
	char line[4096]; /* longer than any kernel's */

	if (!file)
		return;
	if (fgets(line, sizeof(line), file))
		kernel->disabled = disables_tph(line) ? TPH_SUPPORT_YES : TPH_SUPPORT_NO;
	fclose(file);
}

static void read_cpu(int proc, struct tph_kernel *kernel)
{
	FILE *file = file_stream(proc, "cpuinfo");
	char line[LINE_CHARS];
	unsigned family = 0;
	bool amd = false, any = false;

	if (!file)
		return;
	/* The first processor is enough: a blank line ends it. */
	while (fgets(line, sizeof(line), file) && line[0] != '\n') {
		const char *value = strchr(line, ':');

		any = true;
		if (value && !strncmp(line, "vendor_id", 9))
			amd = strstr(value, "AuthenticAMD");
		if (value && !strncmp(line, "cpu family", 10))
			family = (unsigned)strtoul(value + 1, NULL, 10);
		if (value && !strncmp(line, "flags", 5))
			kernel->hypervisor =
				strstr(value, " hypervisor") ? TPH_SUPPORT_YES : TPH_SUPPORT_NO;
	}
	fclose(file);
	if (any)
		kernel->cpu_p2p =
			amd && family >= AMD_FAMILY_P2P ? TPH_SUPPORT_YES : TPH_SUPPORT_NO;
}

/* "Linux version 7.3.4 (…" */
static void read_release(int proc, struct tph_kernel *kernel)
{
	static const char head[] = "Linux version ";
	FILE *file = file_stream(proc, "version");
	char line[LINE_CHARS];

	if (!file)
		return;
	if (fgets(line, sizeof(line), file) && !strncmp(line, head, sizeof(head) - 1)) {
		const char *release = line + sizeof(head) - 1;

		snprintf(kernel->release, sizeof(kernel->release), "%.*s",
			 (int)strcspn(release, " \n"), release);
	}
	fclose(file);
}

int tph_kernel_probe(const char *proc, struct tph_kernel *kernel)
{
	DIR *dir = opendir(proc ? proc : "/proc");

	if (!dir)
		return -errno;
	*kernel = (struct tph_kernel){0};
	read_symbols(dirfd(dir), kernel);
	read_cmdline(dirfd(dir), kernel);
	read_cpu(dirfd(dir), kernel);
	read_release(dirfd(dir), kernel);
	closedir(dir);
	return 0;
}
