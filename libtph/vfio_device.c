// SPDX-License-Identifier: LGPL-2.1-or-later
/* Opening a PCI function through VFIO: by its own file where there is one, else by its group. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/pci_regs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "libtph/internal.h"
#include "tph/vfio_tph.h"

#define PCI_DEVICES "/sys/bus/pci/devices"
#define PATH_BYTES  512

struct tph_vfio {
	int device_fd;
	int parent_fd[2]; /* iommufd; or container and group */
	char bdf[TPH_BDF_CHARS];
	char file[TPH_VFIO_FILE_CHARS]; /* the one that was used last */
};

static int open_file(const char *path, int *fd)
{
	*fd = open(path, O_RDWR | O_CLOEXEC);
	return *fd < 0 ? -errno : 0;
}

/* The only entry of the function's folder vfio-dev: "vfio0", "noiommu-vfio0". */
static int cdev_name(const char *bdf, char name[NAME_MAX + 1])
{
	char path[PATH_BYTES];
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

/* Binding is enough to use the device's features; no address space is attached. */
static int open_cdev(struct tph_vfio *device)
{
	struct vfio_device_bind_iommufd bind = {.argsz = sizeof(bind)};
	char name[NAME_MAX + 1];
	int ret = cdev_name(device->bdf, name);

	if (ret)
		return ret;
	snprintf(device->file, sizeof(device->file), "/dev/vfio/devices/%s", name);
	ret = open_file(device->file, &device->device_fd);
	if (ret)
		return ret;
	snprintf(device->file, sizeof(device->file), "/dev/iommu");
	ret = open_file(device->file, &device->parent_fd[0]);
	if (ret)
		return ret;
	bind.iommufd = device->parent_fd[0];
	snprintf(device->file, sizeof(device->file), "/dev/vfio/devices/%s", name);
	if (!ioctl(device->device_fd, VFIO_DEVICE_BIND_IOMMUFD, &bind))
		return 0;
	/* The kernel's errno for a device that is bound already. */
	return errno == EINVAL ? -EBUSY : -errno;
}

/* "5", the last part of what the link iommu_group points to. */
static int group_number(const char *bdf, char number[32])
{
	char path[PATH_BYTES], target[PATH_BYTES];
	const char *last;
	ssize_t n;

	snprintf(path, sizeof(path), PCI_DEVICES "/%s/iommu_group", bdf);
	n = readlink(path, target, sizeof(target) - 1);
	if (n < 0)
		return -errno;
	target[n] = '\0';
	last = strrchr(target, '/');
	return snprintf(number, 32, "%s", last ? last + 1 : target) < 32 ? 0 : -ENAMETOOLONG;
}

static int use_group(struct tph_vfio *device, bool noiommu)
{
	struct vfio_group_status status = {.argsz = sizeof(status)};
	int container = device->parent_fd[0], group = device->parent_fd[1];

	if (ioctl(group, VFIO_GROUP_GET_STATUS, &status))
		return -errno;
	/* Another function of the group is bound to a driver other than VFIO's. */
	if (!(status.flags & VFIO_GROUP_FLAGS_VIABLE))
		return -EXDEV;
	if (ioctl(group, VFIO_GROUP_SET_CONTAINER, &container) ||
	    ioctl(container, VFIO_SET_IOMMU, noiommu ? VFIO_NOIOMMU_IOMMU : VFIO_TYPE1v2_IOMMU))
		return -errno;
	device->device_fd = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, device->bdf);
	return device->device_fd < 0 ? -errno : 0;
}

static int open_group(struct tph_vfio *device)
{
	char number[32];
	bool noiommu;
	int ret = group_number(device->bdf, number);

	if (ret)
		return ret;
	snprintf(device->file, sizeof(device->file), "/dev/vfio/noiommu-%s", number);
	noiommu = access(device->file, F_OK) == 0;
	if (!noiommu)
		snprintf(device->file, sizeof(device->file), "/dev/vfio/%s", number);
	ret = open_file(device->file, &device->parent_fd[1]);
	if (ret)
		return ret;
	snprintf(device->file, sizeof(device->file), "/dev/vfio/vfio");
	ret = open_file(device->file, &device->parent_fd[0]);
	if (ret)
		return ret;
	snprintf(device->file, sizeof(device->file), "/dev/vfio/%s%s", noiommu ? "noiommu-" : "",
		 number);
	return use_group(device, noiommu);
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void close_all(struct tph_vfio *device)
{
	close_fd(&device->device_fd);
	close_fd(&device->parent_fd[1]);
	close_fd(&device->parent_fd[0]);
}

static int open_either(struct tph_vfio *device)
{
	int ret;

	snprintf(device->file, sizeof(device->file), PCI_DEVICES "/%s", device->bdf);
	if (access(device->file, F_OK))
		return errno == ENOENT ? -ENODEV : -errno;
	snprintf(device->file, sizeof(device->file), "/dev/vfio");
	ret = open_cdev(device);
	if (ret != -ENOENT)
		return ret;
	/* No file of its own: the kernel has only groups, or no iommufd, or no IOMMU. */
	close_all(device);
	return open_group(device);
}

int tph_vfio_open(const struct tph_bdf *bdf, struct tph_vfio **result,
		  char file[TPH_VFIO_FILE_CHARS])
{
	struct tph_vfio *device = malloc(sizeof(*device));
	int ret;

	if (file)
		file[0] = '\0';
	if (!device)
		return -ENOMEM;
	*device = (struct tph_vfio){.device_fd = -1, .parent_fd = {-1, -1}};
	tph_bdf_format(bdf, device->bdf);
	ret = open_either(device);
	if (file)
		memcpy(file, device->file, sizeof(device->file));
	if (ret) {
		tph_vfio_close(device);
		return ret;
	}
	*result = device;
	return 0;
}

void tph_vfio_close(struct tph_vfio *device)
{
	if (!device)
		return;
	close_all(device);
	free(device);
}

int tph_vfio_fd(const struct tph_vfio *device)
{
	return device->device_fd;
}

const char *tph_vfio_open_advice(int error)
{
	switch (error < 0 ? -error : error) {
	case ENODEV:
		return "see that lspci -D has it, and modprobe vfio-pci";
	case EACCES:
	case EPERM:
		return "run as root, or give your user the file";
	case ENOENT:
		return "modprobe vfio-pci, bind the function to it, and see that /dev is filled by "
		       "udev";
	case EBUSY:
		return "another process has it open: fuser -v names the process";
	case EXDEV:
		return "another function of its IOMMU group has a driver: bind all of the group to "
		       "vfio-pci";
	default:
		return "see dmesg for what vfio-pci said";
	}
}

int tph_vfio_enable(int device_fd, unsigned what)
{
	struct vfio_region_info config = {.argsz = sizeof(config),
					  .index = VFIO_PCI_CONFIG_REGION_INDEX};
	uint8_t command[2]; /* little endian, as configuration space is */
	ssize_t n;
	off_t at;

	if (what & ~(TPH_VFIO_MEMORY | TPH_VFIO_BUS_MASTER))
		return -EINVAL;
	if (ioctl(device_fd, VFIO_DEVICE_GET_REGION_INFO, &config))
		return -errno;
	at = (off_t)(config.offset + PCI_COMMAND);
	n = pread(device_fd, command, sizeof(command), at);
	if (n != (ssize_t)sizeof(command))
		return n < 0 ? -errno : -EIO;
	command[0] &= (uint8_t) ~(PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	command[0] |= (what & TPH_VFIO_MEMORY ? PCI_COMMAND_MEMORY : 0) |
		      (what & TPH_VFIO_BUS_MASTER ? PCI_COMMAND_MASTER : 0);
	n = pwrite(device_fd, command, sizeof(command), at);
	if (n != (ssize_t)sizeof(command))
		return n < 0 ? -errno : -EIO;
	return 0;
}
