// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "export.h"
#include "tphctl.h"
#include "vfio.h"

static int check_function(const struct export *want, char name[TPH_BDF_CHARS])
{
	struct options here = {0};
	struct machine machine = {0};
	struct tph_bdf bdf;
	int status = parse_address("export", want->function, &bdf);

	if (status)
		return status;
	status = open_machine("export", &here, &machine);
	if (!status)
		status = find_function("export", machine.ctx, want->function, &bdf);
	tph_ctx_unref(machine.ctx);
	tph_bdf_format(&bdf, name);
	return status;
}

static int check_bar(const struct export *want, const char *name)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), size;
	unsigned bar = (unsigned)want->bar;
	int ret = vfio_bar_bytes(name, bar, &size);

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
	int ret = vfio_driver(name, driver, sizeof(driver));

	if (ret)
		return fail(EXIT_OURS, "export: cannot find the driver of %s: %s", name,
			    strerror(-ret));
	if (strstr(driver, "vfio"))
		return 0;
	if (access("/sys/bus/pci/drivers/vfio-pci", F_OK))
		return fail(EXIT_OURS,
			    "export: there is no VFIO here to open %s with: modprobe "
			    "vfio-pci, then bind it",
			    name);
	return fail(EXIT_OURS,
		    "export: %s is bound to %s, not to vfio-pci: driverctl set-override %s "
		    "vfio-pci",
		    name, driver[0] ? driver : "no driver", name);
}

int export_check_device(const struct export *want, char name[TPH_BDF_CHARS])
{
	int status = check_function(want, name);

	if (!status)
		status = check_bar(want, name);
	return status ? status : check_driver(name);
}

static const char *open_advice(int err)
{
	switch (err) {
	case -EACCES:
	case -EPERM:
		return "run as root, or give your user the file";
	case -ENOENT:
	case -ENODEV:
		return "modprobe vfio-pci, and see that /dev is filled by udev";
	case -EBUSY:
		return "someone else has it open: fuser -v shows who";
	case -EXDEV:
		return "another function of its IOMMU group has a driver: bind all of the group to "
		       "vfio-pci";
	default:
		return "see dmesg for what vfio-pci said";
	}
}

int export_open(const char *name, struct vfio *vfio)
{
	int ret = vfio_open(vfio, name);

	if (!ret)
		return EXIT_DONE;
	return fail(EXIT_OURS, "export: cannot open %s through %s: %s; %s", name, vfio->where,
		    strerror(-ret), open_advice(ret));
}
