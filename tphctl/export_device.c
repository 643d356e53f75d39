// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tphctl/export.h"
#include "tphctl/sysfs.h"
#include "tphctl/tphctl.h"

static int check_function(const struct export *want, struct tph_bdf *bdf)
{
	struct options here = {0};
	struct machine machine = {0};
	int status = open_machine("export", &here, &machine);

	if (!status)
		status = find_function("export", machine.ctx, want->function, bdf);
	tph_ctx_unref(machine.ctx);
	return status;
}

static int check_bar(const struct export *want, const char *name)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), size;
	unsigned bar = (unsigned)want->bar;
	int ret = sysfs_bar_bytes(name, bar, &size);

	if (ret == -ENXIO)
		return fail(EXIT_OURS,
			    "export: %s has no BAR %u: lspci -v -s %s shows those it has", name,
			    bar, name);
	if (ret == -ENOTSUP)
		return fail(EXIT_OURS,
			    "export: BAR %u of %s is I/O ports, not memory: lspci -v -s %s "
			    "shows those it has",
			    bar, name, name);
	if (ret)
		return fail(EXIT_OURS, "export: cannot look at the BARs of %s: %s", name,
			    strerror(-ret));
	if (want->offset % page || want->length % page)
		return fail(EXIT_OURS,
			    "export: --offset and --length must be multiples of the page "
			    "size, %llu bytes",
			    (unsigned long long)page);
	if (want->length > size || want->offset > size - want->length)
		return fail(EXIT_OURS,
			    "export: the range ends past BAR %u of %s, which has 0x%llx "
			    "bytes",
			    bar, name, (unsigned long long)size);
	return 0;
}

/* vfio-pci itself, or a variant of it such as mlx5_vfio_pci. */
static int check_driver(const char *name)
{
	char driver[64];
	int ret = sysfs_driver(name, driver, sizeof(driver));

	if (ret)
		return fail(EXIT_OURS, "export: cannot find the driver of %s: %s", name,
			    strerror(-ret));
	if (strstr(driver, "vfio"))
		return 0;
	if (access("/sys/bus/pci/drivers/vfio-pci", F_OK))
		return fail(EXIT_OURS,
			    "export: cannot open %s, since vfio-pci is not loaded: modprobe "
			    "vfio-pci, then bind the function to it",
			    name);
	return fail(EXIT_OURS,
		    "export: %s is bound to %s, not to vfio-pci: driverctl set-override %s "
		    "vfio-pci",
		    name, driver[0] ? driver : "no driver", name);
}

int export_check_device(const struct export *want, struct tph_bdf *bdf, char name[TPH_BDF_CHARS])
{
	int status = check_function(want, bdf);

	if (!status)
		status = check_bar(want, tph_bdf_format(bdf, name));
	return status ? status : check_driver(name);
}

int export_open(const struct tph_bdf *bdf, const char *name, struct tph_vfio **device)
{
	char file[TPH_VFIO_FILE_CHARS];
	int ret = tph_vfio_open(bdf, device, file);

	if (!ret)
		return EXIT_DONE;
	return fail(EXIT_OURS, "export: cannot open %s through %s: %s; %s", name, file,
		    strerror(-ret), tph_vfio_open_advice(ret));
}
