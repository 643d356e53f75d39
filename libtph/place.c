// SPDX-License-Identifier: LGPL-2.1-or-later
/* NUMA node and IOMMU group of a function, from sysfs. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libtph/internal.h"
#include "libtph/textfile.h"
#include "util/file.h"

/* The number in a text that has nothing else; -1: it is not a number. */
static int number_of(const char *text)
{
	char *end;
	long number = strtol(text, &end, 10);

	return end == text || *end || number < 0 || number > INT_MAX ? -1 : (int)number;
}

/* The number at the end of a link, "../../../kernel/iommu_groups/12"; -1: there is none. */
static int group_of(int folder)
{
	char target[PATH_MAX], *name;
	ssize_t len = readlinkat(folder, "iommu_group", target, sizeof(target) - 1);

	if (len < 0)
		return -1;
	target[len] = '\0';
	name = strrchr(target, '/');
	return number_of(name ? name + 1 : target);
}

/* The first line of a file of the function's folder, "" if there is none. */
static void read_line(int folder, const char *name, char *line, size_t size)
{
	FILE *file = file_stream(folder, name);

	if (!file || !textfile_line(file, line, size))
		line[0] = '\0';
	if (file)
		fclose(file);
}

static void fill(int folder, struct tph_place *place)
{
	char line[32];

	*place = (struct tph_place){.iommu_group = group_of(folder)};
	read_line(folder, "numa_node", line, sizeof(line));
	place->numa_node = number_of(line);
	read_line(folder, "iommu_group/type", place->iommu_type, sizeof(place->iommu_type));
	place->is_virtual = !faccessat(folder, "physfn", F_OK, 0);
}

int tph_place_read(struct tph_ctx *ctx, const struct tph_bdf *bdf, struct tph_place *place)
{
	int folder = ctx_open_folder(ctx, bdf);

	if (folder < 0)
		return folder;
	fill(folder, place);
	close(folder);
	return 0;
}
