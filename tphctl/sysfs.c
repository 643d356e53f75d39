// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tphctl/sysfs.h"

#define PCI_DEVICES "/sys/bus/pci/devices"

/* IORESOURCE_MEM of include/linux/ioport.h, in the third column of sysfs' resource file */
#define RESOURCE_MEMORY 0x200ULL

int sysfs_bar_bytes(const char *bdf, unsigned bar, uint64_t *bytes)
{
	char path[PATH_MAX];
	unsigned long long start = 0, end = 0, flags = 0;
	FILE *f;

	snprintf(path, sizeof(path), PCI_DEVICES "/%s/resource", bdf);
	f = fopen(path, "re");
	if (!f)
		return errno == ENOENT ? -ENODEV : -errno;
	for (unsigned i = 0; i <= bar; i++) {
		if (fscanf(f, "%llx %llx %llx", &start, &end, &flags) != 3)
			flags = 0;
	}
	fclose(f);
	if (!flags || end < start)
		return -ENXIO;
	if (!(flags & RESOURCE_MEMORY))
		return -ENOTSUP;
	*bytes = end - start + 1;
	return 0;
}

int sysfs_driver(const char *bdf, char *name, size_t len)
{
	char path[PATH_MAX], target[PATH_MAX];
	const char *last;
	ssize_t n;

	snprintf(path, sizeof(path), PCI_DEVICES "/%s", bdf);
	if (access(path, F_OK))
		return -ENODEV;
	snprintf(path, sizeof(path), PCI_DEVICES "/%s/driver", bdf);
	n = readlink(path, target, sizeof(target) - 1);
	if (n < 0 && errno != ENOENT)
		return -errno;
	target[n > 0 ? n : 0] = '\0';
	last = strrchr(target, '/');
	n = snprintf(name, len, "%s", last ? last + 1 : target);
	return n < (ssize_t)len ? 0 : -ENAMETOOLONG;
}
