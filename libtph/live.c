// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The functions of this machine: configuration space through libpci, and what
 * is not in it (ids of virtual functions, the MSI-X table) from sysfs.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pci/pci.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libtph/internal.h"

#define SYSFS_PCI	 "/sys/bus/pci"
#define MSIX_ENTRY_BYTES 16
#define MSIX_CONTROL	 12 /* vector control; 31:16 is the ST entry, PCIe Base 6.x 7.9.13 */

/*
 * libpci reports what is fatal to it by a callback that must not return and is
 * given no context of ours. This is where it goes on, while a call is under way.
 */
struct rescue {
	jmp_buf env;
	struct tph_ctx *ctx;
	struct rescue *outer;
};

static _Thread_local struct rescue *rescue;

static void enter(struct rescue *r, struct tph_ctx *ctx)
{
	r->ctx = ctx;
	r->outer = rescue;
	rescue = r;
}

static void leave(void)
{
	rescue = rescue->outer;
}

static void log_libpci(enum tph_log_level level, const char *format, va_list args)
{
	char message[384];

	vsnprintf(message, sizeof(message), format, args);
	ctx_log(rescue->ctx, level, "libpci: %s", message);
}

__attribute__((noreturn, format(printf, 1, 2))) static void on_error(char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_libpci(TPH_LOG_ERROR, format, args);
	va_end(args);
	longjmp(rescue->env, 1);
}

__attribute__((format(printf, 1, 2))) static void on_warning(char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_libpci(TPH_LOG_WARNING, format, args);
	va_end(args);
}

__attribute__((format(printf, 1, 2))) static void on_debug(char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_libpci(TPH_LOG_DEBUG, format, args);
	va_end(args);
}

static int scan(struct tph_ctx *ctx)
{
	struct pci_access *access = ctx->access;
	struct rescue r;

	enter(&r, ctx);
	if (setjmp(r.env)) {
		leave();
		return -EIO;
	}
	access->error = on_error;
	access->warning = on_warning;
	access->debug = on_debug;
	access->method = PCI_ACCESS_SYS_BUS_PCI;
	pci_set_param(access, (char *)"sysfs.path", ctx->sysfs);
	pci_init(access);
	pci_scan_bus(access);
	leave();
	return 0;
}

static int add_devices(struct tph_ctx *ctx)
{
	for (struct pci_dev *dev = ctx->access->devices; dev; dev = dev->next) {
		struct tph_bdf bdf = {
			.domain = (uint32_t)dev->domain,
			.bus = dev->bus,
			.device = dev->dev,
			.function = dev->func,
		};
		struct entry *entry = ctx_add(ctx, &bdf);

		if (!entry)
			return -ENOMEM;
		entry->dev = dev;
	}
	return ctx_sort(ctx) ? -EIO : 0;
}

/*
 * Looks at the folder before libpci does: what makes libpci give up in the
 * middle of it would leak what it had opened.
 */
static int check_folder(const struct tph_ctx *ctx)
{
	struct dirent *entry;
	struct tph_bdf bdf;
	char *path;
	DIR *dir;
	int ret;

	if (asprintf(&path, "%s/devices", ctx->sysfs) < 0)
		return -ENOMEM;
	dir = opendir(path);
	ret = dir ? 0 : -errno;
	free(path);
	while (!ret && (entry = readdir(dir)))
		if (entry->d_name[0] != '.' && tph_bdf_parse(entry->d_name, &bdf)) {
			ctx_log(ctx, TPH_LOG_ERROR, "%s/devices/%s: not the address of a function",
				ctx->sysfs, entry->d_name);
			ret = -EIO;
		}
	if (dir)
		closedir(dir);
	return ret;
}

int tph_ctx_new_live(const char *sysfs, const struct tph_log *log, struct tph_ctx **ctx)
{
	struct tph_ctx *new = ctx_new(log);
	int ret;

	if (!new)
		return -ENOMEM;
	new->sysfs = strdup(sysfs ? sysfs : SYSFS_PCI);
	ret = new->sysfs ? check_folder(new) : -ENOMEM;
	if (!ret) {
		new->access = pci_alloc();
		ret = scan(new);
	}
	if (!ret)
		ret = add_devices(new);
	if (ret)
		tph_ctx_unref(new);
	else
		*ctx = new;
	return ret;
}

void live_close(struct tph_ctx *ctx)
{
	struct rescue r;

	if (!ctx->access)
		return;
	enter(&r, ctx);
	if (!setjmp(r.env))
		pci_cleanup(ctx->access);
	leave();
	ctx->access = NULL;
}

bool live_read(struct tph_ctx *ctx, struct entry *entry, unsigned offset, void *buf, size_t len)
{
	struct rescue r;
	bool ok;

	enter(&r, ctx);
	if (setjmp(r.env)) {
		leave();
		return false;
	}
	ok = pci_read_block(entry->dev, (int)offset, buf, (int)len);
	leave();
	/* libpci keeps it open, and would give it to every program that is started. */
	if (ctx->access->fd >= 0)
		fcntl(ctx->access->fd, F_SETFD, FD_CLOEXEC);
	return ok;
}

/* Opens a file of the function's folder. */
static int open_file(const struct tph_ctx *ctx, const struct tph_bdf *bdf, const char *name)
{
	char text[TPH_BDF_CHARS], *path;
	int fd;

	if (asprintf(&path, "%s/devices/%s/%s", ctx->sysfs, tph_bdf_format(bdf, text), name) < 0)
		return -ENOMEM;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		fd = -errno;
	free(path);
	return fd;
}

int live_attribute(const struct tph_ctx *ctx, const struct tph_bdf *bdf, const char *name,
		   unsigned long *value)
{
	char text[32], *end;
	int fd = open_file(ctx, bdf, name);
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

/* The upper halves of the vector controls of a mapped table. -EAGAIN: nothing answers. */
static int copy_tags(const volatile uint8_t *table, uint16_t *tags, size_t count)
{
	bool answers = false;

	for (size_t i = 0; i < count; i++) {
		const volatile uint32_t *control =
			(const volatile uint32_t *)(table + i * MSIX_ENTRY_BYTES + MSIX_CONTROL);
		uint32_t value = *control; /* little endian, as the BAR is */

#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
		value = __builtin_bswap32(value);
#endif
		answers = answers || value != UINT32_MAX;
		tags[i] = (uint16_t)(value >> 16);
	}
	return answers ? 0 : -EAGAIN;
}

int live_msix_tags(const struct tph_ctx *ctx, const struct tph_bdf *bdf, unsigned bar,
		   uint64_t offset, uint16_t *tags, size_t count)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), start = offset - offset % page;
	uint64_t end = offset + (uint64_t)count * MSIX_ENTRY_BYTES;
	char name[16];
	struct stat st;
	int fd, ret;
	void *map;

	snprintf(name, sizeof(name), "resource%u", bar);
	fd = open_file(ctx, bdf, name);
	if (fd < 0)
		return fd == -ENOENT ? -EBADMSG : fd;
	if (fstat(fd, &st) || st.st_size < 0 || end > (uint64_t)st.st_size) {
		close(fd);
		return -EBADMSG;
	}
	map = mmap(NULL, (size_t)(end - start), PROT_READ, MAP_SHARED, fd, (off_t)start);
	/* Strict /dev/mem rules refuse a BAR that a driver has with EINVAL. */
	ret = map != MAP_FAILED ? 0 : errno == EINVAL ? -EPERM : -errno;
	close(fd);
	if (ret)
		return ret;
	ret = copy_tags((const volatile uint8_t *)map + (offset - start), tags, count);
	munmap(map, (size_t)(end - start));
	return ret;
}
