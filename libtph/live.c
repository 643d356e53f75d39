// SPDX-License-Identifier: LGPL-2.1-or-later
/* A source of functions: this machine, by the files of sysfs. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libtph/internal.h"
#include "libtph/source.h"
#include "tph/pci_tph_regs.h"
#include "util/file.h"
#include "util/macros.h"

#define SYSFS_PCI "/sys/bus/pci"

struct live {
	int devices_fd; /* the folder with one link for each function */
	/* The one whose configuration space is open: functions are read one after the other. */
	struct entry *entry;
	int config_fd; /* a negative errno: it cannot be opened */
};

/* Opens a file of the function's folder; a negative errno. */
static int open_file(const struct tph_ctx *ctx, const struct entry *entry, const char *name)
{
	const struct live *live = ctx->source;
	char bdf[TPH_BDF_CHARS], path[64];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", tph_bdf_format(&entry->bdf, bdf), name);
	fd = file_open(live->devices_fd, path);
	return fd < 0 ? -errno : fd;
}

static int live_open_folder(struct tph_ctx *ctx, struct entry *entry)
{
	return open_file(ctx, entry, "");
}

static void close_config(struct live *live)
{
	if (live->entry && live->config_fd >= 0)
		close(live->config_fd);
	live->entry = NULL;
}

/* The open configuration space of @entry; a negative errno. */
static int config_fd(struct tph_ctx *ctx, struct entry *entry)
{
	struct live *live = ctx->source;
	char bdf[TPH_BDF_CHARS];

	if (live->entry == entry)
		return live->config_fd;
	close_config(live);
	live->entry = entry;
	live->config_fd = open_file(ctx, entry, "config");
	if (live->config_fd < 0)
		ctx_log(ctx, TPH_LOG_WARNING, "cannot open the configuration space of %s: %s",
			tph_bdf_format(&entry->bdf, bdf), strerror(-live->config_fd));
	return live->config_fd;
}

static bool live_read(struct tph_ctx *ctx, struct entry *entry, unsigned offset, void *buf,
		      size_t len)
{
	int fd = config_fd(ctx, entry);

	return fd >= 0 && pread(fd, buf, len, offset) == (ssize_t)len;
}

/* Linux ends the file where this user, or the machine, has no access. */
static uint16_t live_visible_bytes(struct tph_ctx *ctx, struct entry *entry)
{
	static const uint16_t sizes[] = {PCI_CFG_SPACE_EXP_SIZE, PCI_CFG_SPACE_SIZE,
					 PCI_STD_HEADER_SIZEOF};
	uint8_t last[4];
	int fd = config_fd(ctx, entry);

	for (size_t i = 0; fd >= 0 && i < ARRAY_SIZE(sizes); i++)
		if (pread(fd, last, sizeof(last), (off_t)(sizes[i] - sizeof(last))) == sizeof(last))
			return sizes[i];
	return 0;
}

/* The number in a file of the function's folder, "0x15b3". */
static int read_attribute(const struct tph_ctx *ctx, const struct entry *entry, const char *name,
			  unsigned long *value)
{
	char text[32], *end;
	int fd = open_file(ctx, entry, name);
	ssize_t len;

	if (fd < 0)
		return fd;
	len = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (len <= 0)
		return -EIO;
	text[len] = '\0';
	*value = strtoul(text, &end, 16);
	return end == text ? -EIO : 0;
}

static void live_read_ids(struct tph_ctx *ctx, struct entry *entry, struct tph_function *f)
{
	unsigned long vendor, device;

	if (read_attribute(ctx, entry, "vendor", &vendor) ||
	    read_attribute(ctx, entry, "device", &device))
		return;
	f->ids_seen = TPH_SEEN_YES;
	f->vendor = (uint16_t)vendor;
	f->device = (uint16_t)device;
}

/*
 * The function's link leads to ".../pci0000:00/0000:00:1c.0/0000:03:00.0": the parent
 * folder is that of the bridge above it, or of a root bus.
 */
static void live_find_above(struct tph_ctx *ctx, struct entry *entry, struct tph_function *f)
{
	const struct live *live = ctx->source;
	char bdf[TPH_BDF_CHARS], target[PATH_MAX], *folder;
	struct tph_bdf above;
	ssize_t len;

	f->above.seen = TPH_SEEN_NOT_VISIBLE;
	len = readlinkat(live->devices_fd, tph_bdf_format(&entry->bdf, bdf), target,
			 sizeof(target) - 1);
	if (len < 0)
		return;
	target[len] = '\0';
	for (int i = 0; i < 2; i++) {
		folder = strrchr(target, '/');
		if (!folder)
			return;
		*folder++ = '\0';
	}
	if (!strncmp(folder, "pci", 3)) {
		f->above.seen = TPH_SEEN_NO;
	} else if (!tph_bdf_parse(folder, &above) && ctx_find(ctx, &above)) {
		f->above.seen = TPH_SEEN_YES;
		f->above.bdf = above;
	}
}

/* "../../../bus/pci/drivers/mlx5_core" */
static void live_find_driver(struct tph_ctx *ctx, struct entry *entry, struct tph_function *f)
{
	const struct live *live = ctx->source;
	char bdf[TPH_BDF_CHARS], path[64], target[PATH_MAX], *name;
	ssize_t len;

	snprintf(path, sizeof(path), "%s/driver", tph_bdf_format(&entry->bdf, bdf));
	len = readlinkat(live->devices_fd, path, target, sizeof(target) - 1);
	if (len < 0 && errno == ENOENT)
		f->driver_seen = TPH_SEEN_NO;
	if (len < 0)
		return;
	target[len] = '\0';
	name = strrchr(target, '/');
	name = name ? name + 1 : target;
	if (strlen(name) >= sizeof(f->driver))
		return;
	snprintf(f->driver, sizeof(f->driver), "%s", name);
	f->driver_seen = TPH_SEEN_YES;
}

/* The upper halves of the vector controls of a mapped table. -EAGAIN: nothing answers. */
static int copy_tags(const volatile uint8_t *table, uint16_t *tags, size_t count)
{
	bool answers = false;

	for (size_t i = 0; i < count; i++) {
		const volatile uint32_t *control =
			(const volatile uint32_t *)(table + i * PCI_MSIX_ENTRY_SIZE +
						    PCI_MSIX_ENTRY_VECTOR_CTRL);
		uint32_t value = le32toh(*control);

		answers = answers || value != UINT32_MAX;
		tags[i] = (uint16_t)(value >> 16);
	}
	return answers ? 0 : -EAGAIN;
}

static int live_read_msix_tags(struct tph_ctx *ctx, struct entry *entry, unsigned bar,
			       uint64_t offset, uint16_t *tags, size_t count)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), start = offset - offset % page;
	uint64_t end = offset + (uint64_t)count * PCI_MSIX_ENTRY_SIZE;
	char name[16];
	struct stat st;
	int fd, ret;
	void *map;

	snprintf(name, sizeof(name), "resource%u", bar);
	fd = open_file(ctx, entry, name);
	if (fd < 0)
		return fd == -ENOENT ? -EBADMSG : fd;
	if (fstat(fd, &st) || st.st_size < 0 || end > (uint64_t)st.st_size) {
		close(fd);
		return -EBADMSG;
	}
	map = mmap(NULL, (size_t)(end - start), PROT_READ, MAP_SHARED, fd, (off_t)start);
	/* With CONFIG_IO_STRICT_DEVMEM mmap() of a BAR that a driver uses fails with EINVAL. */
	ret = map != MAP_FAILED ? 0 : errno == EINVAL ? -EPERM : -errno;
	close(fd);
	if (ret)
		return ret;
	ret = copy_tags((const volatile uint8_t *)map + (offset - start), tags, count);
	munmap(map, (size_t)(end - start));
	return ret;
}

static void live_close(struct tph_ctx *ctx)
{
	struct live *live = ctx->source;

	if (!live)
		return;
	close_config(live);
	if (live->devices_fd >= 0)
		close(live->devices_fd);
	free(live);
}

static const struct source_ops live_ops = {
	.visible_bytes = live_visible_bytes,
	.read = live_read,
	.read_ids = live_read_ids,
	.find_above = live_find_above,
	.find_driver = live_find_driver,
	.open_folder = live_open_folder,
	.read_msix_tags = live_read_msix_tags,
	.close = live_close,
};

/* Two names can be one address: "00:1f.0" and "0000:00:1f.0". */
static int check_addresses(const struct tph_ctx *ctx, const char *path)
{
	char bdf[TPH_BDF_CHARS];

	for (size_t i = 1; i < ctx->count; i++) {
		if (tph_bdf_compare(&ctx->entries[i - 1].bdf, &ctx->entries[i].bdf))
			continue;
		ctx_log(ctx, TPH_LOG_ERROR, "%s: %s is listed twice", path,
			tph_bdf_format(&ctx->entries[i].bdf, bdf));
		return -EIO;
	}
	return 0;
}

static int add_devices(struct tph_ctx *ctx, DIR *dir, const char *path)
{
	struct dirent *device;
	struct tph_bdf bdf;

	while ((device = readdir(dir))) {
		if (device->d_name[0] == '.')
			continue;
		if (tph_bdf_parse(device->d_name, &bdf)) {
			ctx_log(ctx, TPH_LOG_ERROR, "%s/%s: not the address of a function", path,
				device->d_name);
			return -EIO;
		}
		if (!ctx_add(ctx, &bdf))
			return -ENOMEM;
	}
	ctx_sort(ctx);
	return check_addresses(ctx, path);
}

static int scan(struct tph_ctx *ctx, const char *sysfs)
{
	struct live *live = calloc(1, sizeof(*live));
	char path[PATH_MAX];
	DIR *dir;
	int ret;

	if (!live)
		return -ENOMEM;
	live->devices_fd = -1;
	ctx->source = live;
	if (snprintf(path, sizeof(path), "%s/devices", sysfs) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	dir = opendir(path);
	if (!dir)
		return -errno;
	live->devices_fd = fcntl(dirfd(dir), F_DUPFD_CLOEXEC, 0);
	ret = live->devices_fd < 0 ? -errno : add_devices(ctx, dir, path);
	closedir(dir);
	return ret;
}

int tph_ctx_new_live(const char *sysfs, const struct tph_log *log, struct tph_ctx **ctx)
{
	struct tph_ctx *new = ctx_new(log, &live_ops);
	int ret = new ? scan(new, sysfs ? sysfs : SYSFS_PCI) : -ENOMEM;

	if (ret)
		tph_ctx_unref(new);
	else
		*ctx = new;
	return ret;
}
