// SPDX-License-Identifier: GPL-2.0-or-later
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/pci_regs.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "tph/vfio_tph.h"
#include "vfio.h"

#define PCI_DEVICES "/sys/bus/pci/devices"

/* What include/linux/ioport.h has, as the third column of sysfs' resource file shows it. */
#define RESOURCE_MEMORY 0x200ULL

int vfio_bar_bytes(const char *bdf, unsigned bar, uint64_t *bytes)
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

/* The last part of what the link @name of the function points to. */
static int link_name(const char *bdf, const char *name, char *out, size_t len)
{
	char path[PATH_MAX], target[PATH_MAX];
	const char *last;
	ssize_t n;

	snprintf(path, sizeof(path), PCI_DEVICES "/%s/%s", bdf, name);
	n = readlink(path, target, sizeof(target) - 1);
	if (n < 0)
		return -errno;
	target[n] = '\0';
	last = strrchr(target, '/');
	n = snprintf(out, len, "%s", last ? last + 1 : target);
	return n < (ssize_t)len ? 0 : -ENAMETOOLONG;
}

int vfio_driver(const char *bdf, char *name, size_t len)
{
	char path[PATH_MAX];
	int ret;

	snprintf(path, sizeof(path), PCI_DEVICES "/%s", bdf);
	if (access(path, F_OK))
		return -ENODEV;
	ret = link_name(bdf, "driver", name, len);
	if (ret == -ENOENT) {
		name[0] = '\0';
		ret = 0;
	}
	return ret;
}

/* The only entry of the function's folder vfio-dev: "vfio0", "noiommu-vfio0". */
static int cdev_name(const char *bdf, char name[NAME_MAX + 1])
{
	char path[PATH_MAX];
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), PCI_DEVICES "/%s/vfio-dev", bdf);
	dir = opendir(path);
	if (!dir)
		return -errno;
	do {
		entry = readdir(dir);
	} while (entry && entry->d_name[0] == '.');
	if (entry)
		snprintf(name, NAME_MAX + 1, "%s", entry->d_name);
	closedir(dir);
	return entry ? 0 : -ENOENT;
}

static int open_file(const char *path, int *fd)
{
	*fd = open(path, O_RDWR | O_CLOEXEC);
	return *fd < 0 ? -errno : 0;
}

/* Binding is enough to use the device's features; it needs no address space of its own. */
static int open_cdev(struct vfio *vfio, const char *bdf)
{
	struct vfio_device_bind_iommufd bind = {.argsz = sizeof(bind)};
	char name[NAME_MAX + 1];
	int ret = cdev_name(bdf, name);

	if (ret)
		return ret;
	snprintf(vfio->where, sizeof(vfio->where), "/dev/vfio/devices/%s", name);
	ret = open_file(vfio->where, &vfio->device_fd);
	if (ret)
		return ret;
	snprintf(vfio->where, sizeof(vfio->where), "/dev/iommu");
	ret = open_file(vfio->where, &vfio->parent_fd[0]);
	if (ret)
		return ret;
	bind.iommufd = vfio->parent_fd[0];
	snprintf(vfio->where, sizeof(vfio->where), "/dev/vfio/devices/%s", name);
	if (!ioctl(vfio->device_fd, VFIO_DEVICE_BIND_IOMMUFD, &bind))
		return 0;
	/* The kernel's word for a device that somebody has bound already. */
	return errno == EINVAL ? -EBUSY : -errno;
}

static int use_group(struct vfio *vfio, const char *bdf, bool noiommu)
{
	struct vfio_group_status status = {.argsz = sizeof(status)};

	if (ioctl(vfio->parent_fd[1], VFIO_GROUP_GET_STATUS, &status))
		return -errno;
	/* Another function of the group has a driver that VFIO knows nothing of. */
	if (!(status.flags & VFIO_GROUP_FLAGS_VIABLE))
		return -EXDEV;
	if (ioctl(vfio->parent_fd[1], VFIO_GROUP_SET_CONTAINER, &vfio->parent_fd[0]) ||
	    ioctl(vfio->parent_fd[0], VFIO_SET_IOMMU,
		  noiommu ? VFIO_NOIOMMU_IOMMU : VFIO_TYPE1v2_IOMMU))
		return -errno;
	vfio->device_fd = ioctl(vfio->parent_fd[1], VFIO_GROUP_GET_DEVICE_FD, bdf);
	return vfio->device_fd < 0 ? -errno : 0;
}

static int open_group(struct vfio *vfio, const char *bdf)
{
	char number[32];
	bool noiommu;
	int ret = link_name(bdf, "iommu_group", number, sizeof(number));

	if (ret)
		return ret;
	snprintf(vfio->where, sizeof(vfio->where), "/dev/vfio/noiommu-%s", number);
	noiommu = access(vfio->where, F_OK) == 0;
	if (!noiommu)
		snprintf(vfio->where, sizeof(vfio->where), "/dev/vfio/%s", number);
	ret = open_file(vfio->where, &vfio->parent_fd[1]);
	if (ret)
		return ret;
	snprintf(vfio->where, sizeof(vfio->where), "/dev/vfio/vfio");
	ret = open_file(vfio->where, &vfio->parent_fd[0]);
	if (ret)
		return ret;
	snprintf(vfio->where, sizeof(vfio->where), "/dev/vfio/%s%s", noiommu ? "noiommu-" : "",
		 number);
	return use_group(vfio, bdf, noiommu);
}

int vfio_open(struct vfio *vfio, const char *bdf)
{
	int ret;

	*vfio = (struct vfio){.device_fd = -1, .parent_fd = {-1, -1}, .where = "/dev/vfio"};
	ret = open_cdev(vfio, bdf);
	/* No file of its own: the kernel has only groups, or no iommufd, or no IOMMU. */
	if (ret == -ENOENT) {
		vfio_close(vfio);
		ret = open_group(vfio, bdf);
	}
	if (ret)
		vfio_close(vfio);
	return ret;
}

int vfio_enable_memory(const struct vfio *vfio)
{
	struct vfio_region_info config = {.argsz = sizeof(config),
					  .index = VFIO_PCI_CONFIG_REGION_INDEX};
	uint8_t command[2]; /* little endian, as configuration space is */
	off_t at;

	if (ioctl(vfio->device_fd, VFIO_DEVICE_GET_REGION_INFO, &config))
		return -errno;
	at = (off_t)(config.offset + PCI_COMMAND);
	if (pread(vfio->device_fd, command, sizeof(command), at) != (ssize_t)sizeof(command))
		return -EIO;
	command[0] |= PCI_COMMAND_MEMORY;
	if (pwrite(vfio->device_fd, command, sizeof(command), at) != (ssize_t)sizeof(command))
		return -EIO;
	return 0;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void vfio_close(struct vfio *vfio)
{
	close_fd(&vfio->device_fd);
	close_fd(&vfio->parent_fd[1]);
	close_fd(&vfio->parent_fd[0]);
}
