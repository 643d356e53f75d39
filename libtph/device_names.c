// SPDX-License-Identifier: LGPL-2.1-or-later
/* The names of the devices that a function's driver registered, from sysfs. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libtph/internal.h"
#include "libtph/source.h"
#include "libtph/textfile.h"
#include "util/macros.h"

/* Folders in a function's folder, with a folder for each device of the subsystem. */
static const struct {
	const char *name;
	bool shown; /* else tph_ctx_find() finds the name, but tph_names_read() omits it */
} subsystems[] = {
	{"infiniband", true},
	{"net", true},
	{"drm", true},
	{"accel", true},
	{"vfio-dev", true},
	{"nvme", true},
	{"infiniband_verbs", false},
};

struct names_result {
	struct tph_names public;
	struct tph_name *names;
	size_t allocated;
};

static int add_name(struct names_result *result, const char *subsystem, const char *name)
{
	size_t count = result->public.count;

	if (count == result->allocated) {
		size_t n = count ? 2 * count : 4;
		struct tph_name *more = reallocarray(result->names, n, sizeof(*more));

		if (!more)
			return -ENOMEM;
		result->names = more;
		result->allocated = n;
	}
	result->names[count] = (struct tph_name){.subsystem = subsystem, .name = strdup(name)};
	if (!result->names[count].name)
		return -ENOMEM;
	result->public.count++;
	return 0;
}

static int list_subsystem(struct names_result *result, int dir, const char *subsystem)
{
	DIR *folder = folder_open(dir, subsystem);
	struct dirent *device;
	int ret = 0;

	while (!ret && folder && (device = readdir(folder)))
		if (device->d_name[0] != '.')
			ret = add_name(result, subsystem, device->d_name);
	if (folder)
		closedir(folder);
	return ret;
}

static int list_subsystems(struct names_result *result, int dir, bool all)
{
	int ret = 0;

	for (size_t i = 0; !ret && i < ARRAY_SIZE(subsystems); i++)
		if (all || subsystems[i].shown)
			ret = list_subsystem(result, dir, subsystems[i].name);
	return ret;
}

/* A virtio function's devices are those of the virtio device in its folder. */
static int list_virtio(struct names_result *result, int dir, bool all)
{
	DIR *folder = folder_open(dir, ".");
	struct dirent *device;
	int ret = 0;

	while (!ret && folder && (device = readdir(folder))) {
		int fd = strncmp(device->d_name, "virtio", 6)
				 ? -1
				 : openat(dir, device->d_name, O_PATH | O_DIRECTORY | O_CLOEXEC);

		if (fd < 0)
			continue;
		ret = list_subsystems(result, fd, all);
		close(fd);
	}
	if (folder)
		closedir(folder);
	return ret;
}

static size_t rank(const char *subsystem)
{
	size_t i = 0;

	while (i < ARRAY_SIZE(subsystems) && strcmp(subsystems[i].name, subsystem))
		i++;
	return i;
}

static int compare_names(const void *a, const void *b)
{
	const struct tph_name *x = a, *y = b;
	size_t i = rank(x->subsystem), j = rank(y->subsystem);

	return i != j ? (i > j) - (i < j) : strcmp(x->name, y->name);
}

static int read_names(struct tph_ctx *ctx, struct entry *entry, bool all, struct tph_names **names)
{
	struct names_result *result = calloc(1, sizeof(*result));
	int dir = ctx->ops->open_folder ? ctx->ops->open_folder(ctx, entry) : -1;
	int ret = result ? 0 : -ENOMEM;

	/* A function that was removed meanwhile, or is of a dump, has no names. */
	if (!ret && dir >= 0)
		ret = list_subsystems(result, dir, all);
	if (!ret && dir >= 0)
		ret = list_virtio(result, dir, all);
	if (dir >= 0)
		close(dir);
	if (ret) {
		tph_names_free(result ? &result->public : NULL);
		return ret;
	}
	if (result->public.count)
		qsort(result->names, result->public.count, sizeof(*result->names), compare_names);
	result->public.names = result->names;
	*names = &result->public;
	return 0;
}

int tph_names_read(struct tph_ctx *ctx, const struct tph_bdf *bdf, struct tph_names **names)
{
	struct entry *entry = ctx_find(ctx, bdf);

	return entry ? read_names(ctx, entry, false, names) : -ENODEV;
}

void tph_names_free(struct tph_names *names)
{
	struct names_result *result;

	if (!names)
		return;
	result = container_of(names, struct names_result, public);
	for (size_t i = 0; i < names->count; i++)
		free((char *)result->names[i].name);
	free(result->names);
	free(result);
}

/* 0; -ENODEV: no device of the function has the name. */
static int has_name(struct tph_ctx *ctx, struct entry *entry, const char *name, size_t len)
{
	struct tph_names *names;
	int ret = read_names(ctx, entry, true, &names);

	if (ret)
		return ret;
	ret = -ENODEV;
	for (size_t i = 0; i < names->count; i++)
		if (!strncmp(names->names[i].name, name, len) && !names->names[i].name[len])
			ret = 0;
	tph_names_free(names);
	return ret;
}

/* "mlx5_0" of "mlx5_0:1", which is a port of it. */
static size_t length_without_port(const char *name)
{
	const char *colon = strchr(name, ':');

	return colon && colon[1] && !colon[1 + strspn(colon + 1, "0123456789")]
		       ? (size_t)(colon - name)
		       : strlen(name);
}

int tph_ctx_find(struct tph_ctx *ctx, const char *name, struct tph_bdf *bdf)
{
	const char *base;
	struct tph_bdf address;
	int ret = -ENODEV;

	if (!name)
		return -EINVAL;
	/* "/dev/dri/renderD128", "/sys/bus/pci/devices/0000:03:00.0" */
	base = name[0] == '/' ? strrchr(name, '/') + 1 : name;
	if (!tph_bdf_parse(base, &address)) {
		if (!ctx_find(ctx, &address))
			return -ENODEV;
		*bdf = address;
		return 0;
	}
	if (!base[0] || tph_ctx_is_dump(ctx))
		return -EINVAL;
	for (size_t i = 0; ret == -ENODEV && i < ctx->count; i++) {
		ret = has_name(ctx, &ctx->entries[i], base, length_without_port(base));
		if (!ret)
			*bdf = ctx->entries[i].bdf;
	}
	return ret;
}
