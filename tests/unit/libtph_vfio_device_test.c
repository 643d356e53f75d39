// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Opening a function through VFIO, against a model of the kernel: the files of
 * /sys and /dev are below a folder of the test, and ioctl() here answers as
 * vfio-pci does, with a file per device, a group, or neither.
 */
#include "tests/unit/libtph_dumps.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tph/vfio_tph.h"

#define CONFIG_AT 64 /* where configuration space is in the device's file */

static const struct tph_bdf bdf = {0, 1, 0, 0};

static struct model {
	char root[64];
	int bind_errno;	    /* of the bind to the iommufd */
	int set_errno;	    /* of the container's VFIO_SET_IOMMU */
	unsigned iommu;	    /* what it was set to */
	bool not_viable;    /* of the group */
	const char *denied; /* opening this file fails with EACCES */
} model;

/* ---- functions of the C library, below the folder ---- */

static const char *inside(const char *path, char text[PATH_BYTES])
{
	if (strncmp(path, "/sys/", 5) && strncmp(path, "/dev/", 5))
		return path;
	snprintf(text, PATH_BYTES, "%s%s", model.root, path);
	return text;
}

int open(const char *path, int flags, ...)
{
	char text[PATH_BYTES];

	if (model.denied && !strcmp(path, model.denied)) {
		errno = EACCES;
		return -1;
	}
	return (int)syscall(SYS_openat, AT_FDCWD, inside(path, text), flags, 0);
}

int access(const char *path, int mode)
{
	char text[PATH_BYTES];

	return (int)syscall(SYS_faccessat, AT_FDCWD, inside(path, text), mode);
}

ssize_t readlink(const char *path, char *buf, size_t len)
{
	char text[PATH_BYTES];

	return syscall(SYS_readlinkat, AT_FDCWD, inside(path, text), buf, len);
}

DIR *opendir(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? NULL : fdopendir(fd);
}

static int answer(int error)
{
	errno = error;
	return error ? -1 : 0;
}

static int group_device(const char *name)
{
	assert_string_equal(name, "0000:01:00.0");
	return open("/dev/vfio/device-of-group", O_RDWR | O_CLOEXEC);
}

int ioctl(int fd, unsigned long request, ...)
{
	va_list args;
	void *arg;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	assert_true(fcntl(fd, F_GETFD) >= 0);
	switch (request) {
	case VFIO_DEVICE_BIND_IOMMUFD:
		assert_true(fcntl(((struct vfio_device_bind_iommufd *)arg)->iommufd, F_GETFD) >= 0);
		return answer(model.bind_errno);
	case VFIO_GROUP_GET_STATUS:
		((struct vfio_group_status *)arg)->flags =
			model.not_viable ? 0 : VFIO_GROUP_FLAGS_VIABLE;
		return 0;
	case VFIO_GROUP_SET_CONTAINER:
		assert_true(fcntl(*(int *)arg, F_GETFD) >= 0);
		return 0;
	case VFIO_SET_IOMMU:
		model.iommu = (unsigned)(uintptr_t)arg;
		return answer(model.set_errno);
	case VFIO_GROUP_GET_DEVICE_FD:
		return group_device(arg);
	case VFIO_DEVICE_GET_REGION_INFO:
		assert_int_equal(((struct vfio_region_info *)arg)->index,
				 VFIO_PCI_CONFIG_REGION_INDEX);
		((struct vfio_region_info *)arg)->offset = CONFIG_AT;
		return 0;
	default:
		return answer(ENOTTY);
	}
}

/* ---- the machine ---- */

/* Makes the folders above a file, and the file; one that ends in / is a folder. */
static void add(const char *path)
{
	char text[PATH_BYTES];
	int fd;

	inside(path, text);
	make_folders(model.root, text);
	if (text[strlen(text) - 1] == '/')
		return;
	fd = creat(text, 0600);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, 4096), 0);
	close(fd);
}

static void add_cdev(const char *name)
{
	char path[PATH_BYTES];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/0000:01:00.0/vfio-dev/%s/", name);
	add(path);
	snprintf(path, sizeof(path), "/dev/vfio/devices/%s", name);
	add(path);
	add("/dev/iommu");
}

static void add_group(const char *name)
{
	char path[PATH_BYTES];

	inside("/sys/bus/pci/devices/0000:01:00.0/iommu_group", path);
	assert_int_equal(symlink("../../../kernel/iommu_groups/7", path), 0);
	snprintf(path, sizeof(path), "/dev/vfio/%s", name);
	add(path);
	add("/dev/vfio/vfio");
	add("/dev/vfio/device-of-group");
}

static void drop(const char *path)
{
	char text[PATH_BYTES];

	assert_int_equal(unlink(inside(path, text)), 0);
}

static int set_up(void **state)
{
	(void)state;
	model = (struct model){.root = "/tmp/libtph_vfio_device.XXXXXX"};
	if (!mkdtemp(model.root))
		return -1;
	add("/sys/bus/pci/devices/0000:01:00.0/");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	return nftw(model.root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* The function opens by the file @want, and closing it leaves no descriptor open. */
static void opens(const char *want)
{
	char file[TPH_VFIO_FILE_CHARS];
	struct tph_vfio *device = NULL;
	int before = open_fds();

	assert_int_equal(tph_vfio_open(&bdf, &device, file), 0);
	assert_string_equal(file, want);
	assert_true(fcntl(tph_vfio_fd(device), F_GETFD) & FD_CLOEXEC);
	tph_vfio_close(device);
	assert_int_equal(open_fds(), before);
	assert_int_equal(tph_vfio_open(&bdf, &device, NULL), 0);
	tph_vfio_close(device);
}

/* Opening fails with @err about the file @want, and leaves no descriptor open. */
static void fails(int err, const char *want)
{
	char file[TPH_VFIO_FILE_CHARS];
	struct tph_vfio *device = NULL;
	int before = open_fds();

	assert_int_equal(tph_vfio_open(&bdf, &device, file), -err);
	assert_string_equal(file, want);
	assert_null(device);
	assert_int_equal(open_fds(), before);
}

TEST_WITH(by_device_file, set_up, tear_down)
{
	add_cdev("vfio3");
	opens("/dev/vfio/devices/vfio3");
	model.denied = "/dev/vfio/devices/vfio3";
	fails(EACCES, "/dev/vfio/devices/vfio3");
	model.denied = "/dev/iommu";
	fails(EACCES, "/dev/iommu");
	model.denied = NULL;
	model.bind_errno = EINVAL;
	fails(EBUSY, "/dev/vfio/devices/vfio3");
	model.bind_errno = ENODEV;
	fails(ENODEV, "/dev/vfio/devices/vfio3");
}

TEST_WITH(by_group, set_up, tear_down)
{
	add_group("7");
	opens("/dev/vfio/7");
	assert_int_equal(model.iommu, VFIO_TYPE1v2_IOMMU);
	/* A device file, but no iommufd: the group is used. */
	add_cdev("vfio3");
	drop("/dev/iommu");
	opens("/dev/vfio/7");
	model.not_viable = true;
	fails(EXDEV, "/dev/vfio/7");
	model.not_viable = false;
	model.set_errno = EPERM;
	fails(EPERM, "/dev/vfio/7");
	model.denied = "/dev/vfio/7";
	fails(EACCES, "/dev/vfio/7");
	model.denied = NULL;
	drop("/dev/vfio/vfio");
	fails(ENOENT, "/dev/vfio/vfio");
}

TEST_WITH(without_iommu, set_up, tear_down)
{
	add_group("noiommu-7");
	opens("/dev/vfio/noiommu-7");
	assert_int_equal(model.iommu, VFIO_NOIOMMU_IOMMU);
	add_cdev("noiommu-vfio0");
	opens("/dev/vfio/devices/noiommu-vfio0");
}

/* It is not bound to VFIO, or the group's file does not exist. */
TEST_WITH(not_there, set_up, tear_down)
{
	char path[PATH_BYTES];

	fails(ENOENT, "/dev/vfio");
	add_group("8");
	fails(ENOENT, "/dev/vfio/7");
	drop("/sys/bus/pci/devices/0000:01:00.0/iommu_group");
	assert_int_equal(rmdir(inside("/sys/bus/pci/devices/0000:01:00.0", path)), 0);
	fails(ENODEV, "/sys/bus/pci/devices/0000:01:00.0");
	tph_vfio_close(NULL);
}

static unsigned command_of(int fd)
{
	uint8_t bytes[2];

	assert_int_equal(pread(fd, bytes, 2, CONFIG_AT + 4), 2);
	return bytes[0] | bytes[1] << 8;
}

/* tph_vfio_enable() sets or clears two bits of the command register and keeps the others. */
TEST_WITH(enable, set_up, tear_down)
{
	struct tph_vfio *device;
	int fd;

	add_cdev("vfio3");
	assert_int_equal(tph_vfio_open(&bdf, &device, NULL), 0);
	fd = tph_vfio_fd(device);
	assert_int_equal(pwrite(fd, (uint8_t[2]){0x41, 0x05}, 2, CONFIG_AT + 4), 2);
	assert_int_equal(tph_vfio_enable(fd, TPH_VFIO_MEMORY), 0);
	assert_int_equal(command_of(fd), 0x0543);
	assert_int_equal(tph_vfio_enable(fd, TPH_VFIO_MEMORY | TPH_VFIO_BUS_MASTER), 0);
	assert_int_equal(command_of(fd), 0x0547);
	assert_int_equal(tph_vfio_enable(fd, 0), 0);
	assert_int_equal(command_of(fd), 0x0541);
	assert_int_equal(tph_vfio_enable(fd, 1u << 2), -EINVAL);
	assert_int_equal(ftruncate(fd, CONFIG_AT + 5), 0);
	assert_int_equal(tph_vfio_enable(fd, TPH_VFIO_MEMORY), -EIO);
	tph_vfio_close(device);
}

/* Each documented error has its own advice. */
TEST(advice)
{
	static const int errors[] = {ENODEV, ENOENT, EBUSY, EXDEV, EACCES, EIO};

	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		assert_ptr_equal(tph_vfio_open_advice(errors[i]), tph_vfio_open_advice(-errors[i]));
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(tph_vfio_open_advice(errors[i]),
						tph_vfio_open_advice(errors[j]));
	}
	assert_ptr_equal(tph_vfio_open_advice(EPERM), tph_vfio_open_advice(EACCES));
}
