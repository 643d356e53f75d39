// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/pci_regs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "devices/accel/accel_regs.h"
#include "examples/accel_vfio.h"

#define PCI_DEVICES "/sys/bus/pci/devices"
#define PATH_BYTES  512

static int complain(int err, const char *what, const char *on, const char *advice)
{
	fprintf(stderr, "accelerator: %s %s: %s; %s\n", what, on, strerror(-err), advice);
	return err;
}

static int sysfs_hex(const char *bdf, const char *file, unsigned long *value)
{
	char path[PATH_BYTES], text[32] = "";
	FILE *f;

	snprintf(path, sizeof(path), PCI_DEVICES "/%s/%s", bdf, file);
	f = fopen(path, "re");
	if (!f)
		return -errno;
	if (!fgets(text, sizeof(text), f))
		text[0] = '\0';
	fclose(f);
	*value = strtoul(text, NULL, 16);
	return text[0] ? 0 : -EIO;
}

int accel_find(char bdf[ACCEL_BDF_BYTES], unsigned nth)
{
	unsigned long vendor = 0, device = 0;
	struct dirent **names;
	int count = scandir(PCI_DEVICES, &names, NULL, alphasort);
	int ret = -ENODEV;

	if (count < 0)
		return -errno;
	for (int i = 0; i < count; i++) {
		const char *name = names[i]->d_name;

		if (ret && strlen(name) < ACCEL_BDF_BYTES && !sysfs_hex(name, "vendor", &vendor) &&
		    !sysfs_hex(name, "device", &device) && vendor == ACCEL_PCI_VENDOR &&
		    device == ACCEL_PCI_DEVICE && nth-- == 0) {
			strcpy(bdf, name);
			ret = 0;
		}
		free(names[i]);
	}
	free(names);
	return ret;
}

/* The name of the VFIO device file, "vfioN": the only entry of the folder vfio-dev. */
static int cdev_name(const char *bdf, char name[64])
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
		snprintf(name, 64, "%.63s", entry->d_name);
	closedir(dir);
	return entry ? 0 : -ENODEV;
}

static int bind_iommufd(struct accel *accel)
{
	struct vfio_device_bind_iommufd bind = {.argsz = sizeof(bind),
						.iommufd = accel->iommu_fd[0]};
	struct iommu_ioas_alloc ioas = {.size = sizeof(ioas)};
	struct vfio_device_attach_iommufd_pt attach = {.argsz = sizeof(attach)};

	if (ioctl(accel->device_fd, VFIO_DEVICE_BIND_IOMMUFD, &bind) ||
	    ioctl(accel->iommu_fd[0], IOMMU_IOAS_ALLOC, &ioas))
		return -errno;
	attach.pt_id = accel->ioas_id = ioas.out_ioas_id;
	if (ioctl(accel->device_fd, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &attach))
		return -errno;
	return 0;
}

static int open_cdev(struct accel *accel)
{
	char name[64], path[PATH_BYTES];
	int ret = cdev_name(accel->bdf, name);

	if (ret)
		return ret;
	snprintf(path, sizeof(path), "/dev/vfio/devices/%s", name);
	accel->device_fd = open(path, O_RDWR | O_CLOEXEC);
	if (accel->device_fd < 0)
		return -errno;
	accel->iommu_fd[0] = open("/dev/iommu", O_RDWR | O_CLOEXEC);
	if (accel->iommu_fd[0] < 0)
		return -errno;
	accel->access = strncmp(name, "noiommu-", 8) ? "iommufd" : "iommufd, no IOMMU";
	return bind_iommufd(accel);
}

static int group_file(const char *bdf, char path[PATH_BYTES], bool *noiommu)
{
	char link[PATH_BYTES], target[PATH_BYTES], *number;
	ssize_t len;

	snprintf(link, sizeof(link), PCI_DEVICES "/%s/iommu_group", bdf);
	len = readlink(link, target, sizeof(target) - 1);
	if (len < 0)
		return -errno;
	target[len] = '\0';
	number = strrchr(target, '/');
	if (!number)
		return -EINVAL;
	snprintf(path, PATH_BYTES, "/dev/vfio/noiommu-%.32s", number + 1);
	*noiommu = access(path, F_OK) == 0;
	if (!*noiommu)
		snprintf(path, PATH_BYTES, "/dev/vfio/%.32s", number + 1);
	return 0;
}

static int open_group(struct accel *accel)
{
	char path[PATH_BYTES];
	bool noiommu = false;
	int ret = group_file(accel->bdf, path, &noiommu);

	if (ret)
		return ret;
	accel->iommu_fd[1] = open(path, O_RDWR | O_CLOEXEC);
	if (accel->iommu_fd[1] < 0)
		return -errno;
	accel->iommu_fd[0] = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	if (accel->iommu_fd[0] < 0)
		return -errno;
	if (ioctl(accel->iommu_fd[1], VFIO_GROUP_SET_CONTAINER, &accel->iommu_fd[0]) ||
	    ioctl(accel->iommu_fd[0], VFIO_SET_IOMMU,
		  noiommu ? VFIO_NOIOMMU_IOMMU : VFIO_TYPE1v2_IOMMU))
		return -errno;
	accel->device_fd = ioctl(accel->iommu_fd[1], VFIO_GROUP_GET_DEVICE_FD, accel->bdf);
	if (accel->device_fd < 0)
		return -errno;
	accel->access = noiommu ? "a group, no IOMMU" : "a group and type1";
	return 0;
}

static int get_region(struct accel *accel, unsigned index, struct accel_region *region, bool map)
{
	struct vfio_region_info info = {.argsz = sizeof(info), .index = index};
	void *p;

	if (ioctl(accel->device_fd, VFIO_DEVICE_GET_REGION_INFO, &info))
		return -errno;
	if (!info.size)
		return -ENXIO;
	region->file_offset = info.offset;
	region->size = info.size;
	if (!map || !(info.flags & VFIO_REGION_INFO_FLAG_MMAP))
		return 0;
	p = mmap(NULL, info.size, PROT_READ | PROT_WRITE, MAP_SHARED, accel->device_fd,
		 (off_t)info.offset);
	if (p == MAP_FAILED)
		return -errno;
	region->map = p;
	return 0;
}

static int check_identity(const struct accel *accel)
{
	uint32_t id[2];
	int ret = accel_read(accel, &accel->regs, ACCEL_REG_MAGIC, id, sizeof(id));

	if (ret)
		return ret;
	return id[0] == ACCEL_MAGIC && id[1] == ACCEL_VERSION ? 0 : -EPROTO;
}

static int get_regions(struct accel *accel)
{
	int ret = get_region(accel, VFIO_PCI_CONFIG_REGION_INDEX, &accel->config, false);

	if (!ret)
		ret = get_region(accel, VFIO_PCI_BAR0_REGION_INDEX, &accel->memory, true);
	if (!ret)
		ret = get_region(accel, VFIO_PCI_BAR2_REGION_INDEX, &accel->regs, false);
	if (!ret)
		ret = accel_enable(accel, true);
	return ret ? ret : check_identity(accel);
}

static void close_fds(struct accel *accel)
{
	if (accel->device_fd >= 0)
		close(accel->device_fd);
	for (int i = 0; i < 2; i++) {
		if (accel->iommu_fd[i] >= 0)
			close(accel->iommu_fd[i]);
		accel->iommu_fd[i] = -1;
	}
	accel->device_fd = -1;
}

int accel_open(struct accel *accel, const char *bdf)
{
	struct accel closed = {.device_fd = -1, .iommu_fd = {-1, -1}};
	int ret;

	/* @bdf may be accel->bdf: opened again. */
	snprintf(closed.bdf, sizeof(closed.bdf), "%s", bdf);
	*accel = closed;
	bdf = accel->bdf;
	ret = open_cdev(accel);
	if (ret) {
		/* Older kernels have no file per device, and some configurations. */
		close_fds(accel);
		ret = open_group(accel);
	}
	if (ret) {
		close_fds(accel);
		return complain(
			ret, "cannot open through VFIO", bdf,
			"bind it to vfio-pci, run as root, and see that nobody has it open");
	}
	ret = get_regions(accel);
	if (ret) {
		complain(ret, "cannot reach BAR0, BAR2 or configuration space of", bdf,
			 "look at dmesg for what vfio-pci said");
		accel_close(accel);
	}
	return ret;
}

void accel_close(struct accel *accel)
{
	if (accel->memory.map)
		munmap(accel->memory.map, accel->memory.size);
	accel->memory.map = NULL;
	close_fds(accel);
}

int accel_enable(struct accel *accel, bool on)
{
	uint16_t command;
	int ret = accel_read(accel, &accel->config, PCI_COMMAND, &command, sizeof(command));

	if (ret)
		return ret;
	command &= (uint16_t) ~(PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	if (on)
		command |= PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;
	return accel_write(accel, &accel->config, PCI_COMMAND, &command, sizeof(command));
}

int accel_reset(struct accel *accel)
{
	return ioctl(accel->device_fd, VFIO_DEVICE_RESET) ? -errno : 0;
}

static bool outside(const struct accel_region *region, uint64_t offset, size_t len)
{
	return len > region->size || offset > region->size - len;
}

int accel_read(const struct accel *accel, const struct accel_region *region, uint64_t offset,
	       void *buf, size_t len)
{
	ssize_t n;

	if (outside(region, offset, len))
		return -ERANGE;
	if (region->map) {
		memcpy(buf, region->map + offset, len);
		return 0;
	}
	n = pread(accel->device_fd, buf, len, (off_t)(region->file_offset + offset));
	return n == (ssize_t)len ? 0 : n < 0 ? -errno : -EIO;
}

int accel_write(const struct accel *accel, const struct accel_region *region, uint64_t offset,
		const void *buf, size_t len)
{
	ssize_t n;

	if (outside(region, offset, len))
		return -ERANGE;
	if (region->map) {
		memcpy(region->map + offset, buf, len);
		return 0;
	}
	n = pwrite(accel->device_fd, buf, len, (off_t)(region->file_offset + offset));
	return n == (ssize_t)len ? 0 : n < 0 ? -errno : -EIO;
}

static int command(const struct accel *accel, uint32_t bits)
{
	return accel_write(accel, &accel->regs, ACCEL_REG_COMMAND, &bits, sizeof(bits));
}

int accel_clear_counters(const struct accel *accel)
{
	return command(accel, ACCEL_COMMAND_CLEAR);
}

static int read_u64(const struct accel *accel, uint64_t offset, uint64_t *value)
{
	return accel_read(accel, &accel->regs, offset, value, sizeof(*value));
}

int accel_read_key(const struct accel *accel, unsigned nth, struct accel_key *key)
{
	uint64_t words[ACCEL_KEY_LEN / 8] = {0};
	int ret = accel_read(accel, &accel->regs, ACCEL_REG_KEY(nth), words, sizeof(words));

	*key = (struct accel_key){
		.tag_bits = ACCEL_HINT_ST_BITS(words[0]),
		.tag = ACCEL_HINT_ST(words[0]),
		.ph = ACCEL_HINT_PH(words[0]),
		.tlps = words[ACCEL_KEY_TLPS / 8],
		.bytes = words[ACCEL_KEY_BYTES / 8],
	};
	return ret;
}

int accel_read_counters(const struct accel *accel, struct accel_counters *counters)
{
	int ret = command(accel, ACCEL_COMMAND_SNAPSHOT);

	if (!ret)
		ret = read_u64(accel, ACCEL_REG_TLPS, &counters->tlps);
	if (!ret)
		ret = read_u64(accel, ACCEL_REG_TLPS_PLAIN, &counters->plain);
	if (!ret)
		ret = read_u64(accel, ACCEL_REG_BYTES, &counters->bytes);
	if (!ret)
		ret = read_u64(accel, ACCEL_REG_KEY_COUNT, &counters->keys);
	return ret;
}

/* VFIO_DEVICE_FEATURE with @len bytes of @data. What the ioctl returns, or a negative errno. */
static int feature(const struct accel *accel, uint32_t flags, void *data, size_t len)
{
	union {
		struct vfio_device_feature head;
		uint8_t bytes[sizeof(struct vfio_device_feature) + 64];
	} arg = {.head = {.argsz = (uint32_t)(sizeof(arg.head) + len), .flags = flags}};
	uint8_t *payload = arg.bytes + sizeof(arg.head);
	int ret;

	if (len > sizeof(arg) - sizeof(arg.head))
		return -E2BIG;
	memcpy(payload, data, len);
	ret = ioctl(accel->device_fd, VFIO_DEVICE_FEATURE, &arg);
	if (ret < 0)
		return -errno;
	memcpy(data, payload, len);
	return ret;
}

int accel_export(const struct accel *accel, uint64_t offset, uint64_t length, uint32_t flags)
{
	struct vfio_region_dma_range range = {.offset = offset, .length = length};
	union {
		struct vfio_device_feature_dma_buf head;
		uint8_t bytes[sizeof(struct vfio_device_feature_dma_buf) + sizeof(range)];
	} arg = {.head = {.region_index = VFIO_PCI_BAR0_REGION_INDEX,
			  .open_flags = O_RDWR | O_CLOEXEC,
			  .flags = flags,
			  .nr_ranges = 1}};

	memcpy(arg.bytes + sizeof(arg.head), &range, sizeof(range));
	return feature(accel, VFIO_DEVICE_FEATURE_GET | VFIO_DEVICE_FEATURE_DMA_BUF, &arg,
		       sizeof(arg));
}

uint32_t accel_hint(uint16_t tag, bool extended, unsigned ph)
{
	return VFIO_DMABUF_FL_TPH | (ph << VFIO_DMABUF_TPH_PH_SHIFT & VFIO_DMABUF_TPH_PH_MASK) |
	       (extended ? VFIO_DMABUF_FL_TPH_EXT : 0) | (uint32_t)tag << VFIO_DMABUF_TPH_ST_SHIFT;
}

int accel_set_tph(const struct accel *accel, const struct vfio_device_feature_dma_buf_tph *tph)
{
	struct vfio_device_feature_dma_buf_tph copy = *tph;

	return feature(accel, VFIO_DEVICE_FEATURE_SET | VFIO_DEVICE_FEATURE_DMA_BUF_TPH, &copy,
		       sizeof(copy));
}

int accel_get_tph(const struct accel *accel, struct vfio_device_feature_dma_buf_tph *tph)
{
	return feature(accel, VFIO_DEVICE_FEATURE_GET | VFIO_DEVICE_FEATURE_DMA_BUF_TPH, tph,
		       sizeof(*tph));
}

int accel_probe_tph(const struct accel *accel)
{
	struct vfio_device_feature_dma_buf_tph nobody = {.dmabuf_fd = -1};
	int ret = feature(accel,
			  VFIO_DEVICE_FEATURE_PROBE | VFIO_DEVICE_FEATURE_GET |
				  VFIO_DEVICE_FEATURE_SET | VFIO_DEVICE_FEATURE_DMA_BUF_TPH,
			  &nobody, sizeof(nobody));

	if (ret)
		return ret;
	/* Another kernel may use the number for something else. */
	if (accel_get_tph(accel, &nobody) != -EBADF)
		return -ENOTTY;
	ret = accel_export(accel, 0, (uint64_t)sysconf(_SC_PAGESIZE), accel_hint(1, false, 0));
	if (ret < 0)
		return ret == -EINVAL ? -ENOTTY : ret;
	close(ret);
	return 0;
}
