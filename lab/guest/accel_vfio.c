// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lab/guest/accel_vfio.h"

static int warn(int err, const char *what, const char *on, const char *advice)
{
	fprintf(stderr, "accelerator: %s %s: %s; %s\n", what, on, strerror(-err), advice);
	return err;
}

static bool is_accelerator(struct tph_ctx *ctx, const struct tph_bdf *bdf)
{
	struct tph_function *f;
	bool is;

	if (tph_function_read(ctx, bdf, &f))
		return false;
	is = f->vendor == ACCEL_PCI_VENDOR && f->device == ACCEL_PCI_DEVICE;
	tph_function_free(f);
	return is;
}

int accel_find(struct tph_bdf *bdf, unsigned nth)
{
	struct tph_bdf *list = NULL;
	struct tph_ctx *ctx;
	size_t count = 0;
	int ret = tph_ctx_new_live(NULL, NULL, &ctx);

	if (ret)
		return ret;
	ret = tph_ctx_list(ctx, TPH_LIST_ALL, &list, &count);
	if (!ret)
		ret = -ENODEV;
	for (size_t i = 0; i < count && ret; i++) {
		if (is_accelerator(ctx, &list[i]) && nth-- == 0) {
			*bdf = list[i];
			ret = 0;
		}
	}
	free(list);
	tph_ctx_unref(ctx);
	return ret;
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
	int ret = get_region(accel, VFIO_PCI_BAR0_REGION_INDEX, &accel->memory, true);

	if (!ret)
		ret = get_region(accel, VFIO_PCI_BAR2_REGION_INDEX, &accel->regs, false);
	if (!ret)
		ret = get_region(accel, VFIO_PCI_CONFIG_REGION_INDEX, &accel->config, false);
	if (!ret)
		ret = accel_enable(accel, true);
	return ret ? ret : check_identity(accel);
}

int accel_open(struct accel *accel, const struct tph_bdf *bdf)
{
	char file[TPH_VFIO_FILE_CHARS], name[TPH_BDF_CHARS];
	int ret;

	/* @bdf may be a member of *accel, to open it again. */
	*accel = (struct accel){.bdf = *bdf, .device_fd = -1};
	ret = tph_vfio_open(&accel->bdf, &accel->device, file);
	if (ret)
		return warn(ret, "cannot open through VFIO:", file, tph_vfio_open_advice(ret));
	accel->device_fd = tph_vfio_fd(accel->device);
	ret = get_regions(accel);
	if (ret) {
		warn(ret, "cannot access BAR0 or BAR2 of", tph_bdf_format(&accel->bdf, name),
		     "see dmesg for messages of vfio-pci");
		accel_close(accel);
	}
	return ret;
}

void accel_close(struct accel *accel)
{
	if (accel->memory.map)
		munmap(accel->memory.map, accel->memory.size);
	accel->memory.map = NULL;
	tph_vfio_close(accel->device);
	accel->device = NULL;
	accel->device_fd = -1;
}

int accel_enable(const struct accel *accel, bool on)
{
	return tph_vfio_enable(accel->device_fd, on ? TPH_VFIO_MEMORY | TPH_VFIO_BUS_MASTER : 0);
}

int accel_reset(const struct accel *accel)
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

int accel_read_rule(const struct accel *accel, unsigned slot, uint32_t *rule)
{
	return accel_read(accel, &accel->regs, ACCEL_REG_RULE(slot), rule, sizeof(*rule));
}

int accel_set_rule(const struct accel *accel, unsigned slot, uint32_t rule)
{
	uint32_t taken = 0;
	int ret = accel_write(accel, &accel->regs, ACCEL_REG_RULE(slot), &rule, sizeof(rule));

	if (!ret)
		ret = accel_read_rule(accel, slot, &taken);
	return ret ? ret : taken == rule ? 0 : -EINVAL;
}

int accel_read_partitions(const struct accel *accel, struct accel_share shares[ACCEL_PARTITIONS])
{
	int ret = 0;

	for (unsigned i = 0; !ret && i < ACCEL_PARTITIONS; i++) {
		uint64_t at = ACCEL_REG_PARTITION(i);

		ret = read_u64(accel, at + ACCEL_PARTITION_TLPS, &shares[i].tlps);
		if (!ret)
			ret = read_u64(accel, at + ACCEL_PARTITION_BYTES, &shares[i].bytes);
	}
	return ret;
}

struct tph_hints accel_hints(unsigned tag_bits, uint16_t tag, uint8_t ph)
{
	if (tag_bits == 16)
		return (struct tph_hints){.flags = TPH_HINT_ST_EXT, .st_ext = tag, .ph = ph};
	return (struct tph_hints){.flags = TPH_HINT_ST, .st = (uint8_t)tag, .ph = ph};
}

int accel_export_buffer(const struct accel *accel, uint64_t offset, uint64_t length,
			const struct tph_hints *hints)
{
	struct tph_range range = {.offset = offset, .length = length};
	struct tph_vfio_export request = {
		.bar = ACCEL_MEMORY_BAR,
		.open_flags = O_RDWR | O_CLOEXEC,
		.ranges = &range,
		.range_count = 1,
		.hints = *hints,
	};

	return tph_vfio_export(accel->device_fd, &request);
}
