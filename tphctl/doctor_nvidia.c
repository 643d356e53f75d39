// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * NVIDIA's devices as rdma_topo of rdma-core distinguishes them, and the two functions of a
 * ConnectX: the NIC, and the DMA Direct function beside a GPU, which sends the requests of memory
 * regions with Data Direct (drivers/infiniband/hw/mlx5/data_direct.c). Both have the same V3 in
 * their Vital Product Data.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tphctl/doctor.h"
#include "util/macros.h"

#define MELLANOX      0x15b3
#define NVIDIA	      0x10de

#define CLASS_DISPLAY 0x03

static const struct {
	uint16_t vendor, device;
	enum nvidia_kind kind;
} kinds[] = {
	{NVIDIA, 0x22b1, NVIDIA_GRACE_PORT},	     {NVIDIA, 0x22b2, NVIDIA_GRACE_PORT},
	{NVIDIA, 0x22b8, NVIDIA_GRACE_PORT},	     {NVIDIA, 0x2f95, NVIDIA_VERA_PORT},
	{NVIDIA, 0x2f96, NVIDIA_VERA_PORT},	     {MELLANOX, 0x1021, NVIDIA_CONNECTX},
	{MELLANOX, 0x1023, NVIDIA_CONNECTX},	     {MELLANOX, 0x1025, NVIDIA_CONNECTX},
	{MELLANOX, 0xa2dc, NVIDIA_BLUEFIELD},	     {MELLANOX, 0x2100, NVIDIA_DMA_FUNCTION},
	{MELLANOX, 0x1979, NVIDIA_CONNECTX_SWITCH},  {MELLANOX, 0x197c, NVIDIA_CONNECTX_SWITCH},
	{MELLANOX, 0x197b, NVIDIA_BLUEFIELD_SWITCH},
};

enum nvidia_kind nvidia_kind(const struct tph_function *f)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (f->vendor == kinds[i].vendor && f->device == kinds[i].device)
			return kinds[i].kind;
	return f->vendor == NVIDIA && f->class_code >> 16 == CLASS_DISPLAY ? NVIDIA_GPU
									   : NVIDIA_OTHER;
}

bool nvidia_is_connectx(const struct tph_function *f)
{
	enum nvidia_kind kind = nvidia_kind(f);

	return kind == NVIDIA_CONNECTX || kind == NVIDIA_DMA_FUNCTION;
}

/* The devices by which the platform is recognised. */
struct signs {
	bool below_cpu, connectx_switch, connectx, gpu;
};

static int add_function(struct nvidia *nvidia, const struct tph_function *f, bool data_direct)
{
	struct connectx *more = reallocarray(nvidia->functions, nvidia->count + 1, sizeof(*more));

	if (!more)
		return -ENOMEM;
	nvidia->functions = more;
	more[nvidia->count++] = (struct connectx){.bdf = f->bdf, .data_direct = data_direct};
	return 0;
}

static bool is_below_cpu(struct tph_ctx *ctx, const struct tph_function *gpu)
{
	struct tph_function *above;
	enum nvidia_kind kind;

	if (gpu->above.seen != TPH_SEEN_YES || tph_function_read(ctx, &gpu->above.bdf, &above))
		return false;
	kind = nvidia_kind(above);
	tph_function_free(above);
	return kind == NVIDIA_GRACE_PORT || kind == NVIDIA_VERA_PORT;
}

static int look_at(struct host *host, const struct tph_function *f, struct signs *signs)
{
	enum nvidia_kind kind = nvidia_kind(f);

	signs->connectx_switch |= kind == NVIDIA_CONNECTX_SWITCH;
	signs->connectx |= kind == NVIDIA_CONNECTX;
	signs->gpu |= kind == NVIDIA_GPU;
	signs->below_cpu |= kind == NVIDIA_GPU && is_below_cpu(host->ctx, f);
	if (nvidia_is_connectx(f))
		return add_function(&host->nvidia, f, kind == NVIDIA_DMA_FUNCTION);
	return 0;
}

static enum nvidia_platform platform_of(const struct nvidia *nvidia, const struct signs *signs)
{
	for (size_t i = 0; i < nvidia->count; i++)
		if (nvidia->functions[i].data_direct)
			return NVIDIA_DATA_DIRECT;
	if (signs->below_cpu)
		return NVIDIA_NUMA;
	return signs->connectx_switch && signs->connectx && signs->gpu ? NVIDIA_INLINE
								       : NVIDIA_NONE;
}

int nvidia_find(struct host *host)
{
	struct signs signs = {0};
	struct tph_bdf *list;
	size_t count;
	int ret = tph_ctx_list(host->ctx, TPH_LIST_ALL, &list, &count);

	if (ret)
		return ret;
	for (size_t i = 0; i < count && !ret; i++) {
		struct tph_function *f;

		ret = tph_function_read(host->ctx, &list[i], &f);
		if (ret)
			break;
		ret = look_at(host, f, &signs);
		tph_function_free(f);
	}
	free(list);
	host->nvidia.platform = platform_of(&host->nvidia, &signs);
	return ret;
}

void nvidia_free(struct host *host)
{
	free(host->nvidia.functions);
}

static struct connectx *find_connectx(struct host *host, const struct tph_bdf *bdf)
{
	for (size_t i = 0; i < host->nvidia.count; i++)
		if (!tph_bdf_compare(&host->nvidia.functions[i].bdf, bdf))
			return &host->nvidia.functions[i];
	return NULL;
}

/* Some devices take long to return it, so it is read once. */
static void ask(struct host *host, struct connectx *c)
{
	if (!c->asked)
		c->ret = tph_vpd_read(host->ctx, &c->bdf, &c->vpd);
	c->asked = true;
}

const struct tph_vpd *nvidia_vpd(struct host *host, const struct tph_bdf *bdf)
{
	struct connectx *c = find_connectx(host, bdf);

	if (!c)
		return NULL;
	ask(host, c);
	return c->ret ? NULL : &c->vpd;
}

/* Functions of the other kind, with the same V3 unless @v3 is NULL: "0000:03:00.0 0000:03:00.1" */
static struct connectx *list_others(FILE *out, struct host *host, const struct connectx *c,
				    const char *v3)
{
	struct connectx *first = NULL;
	char name[TPH_BDF_CHARS];

	for (size_t i = 0; i < host->nvidia.count; i++) {
		struct connectx *other = &host->nvidia.functions[i];

		if (other->data_direct == c->data_direct)
			continue;
		if (v3)
			ask(host, other);
		if (v3 && (other->ret || strcmp(other->vpd.v3, v3)))
			continue;
		fprintf(out, "%s%s", first ? " " : "", tph_bdf_format(&other->bdf, name));
		first = first ? first : other;
	}
	return first;
}

static const char id[] = "data-direct", title[] = "DMA Direct function";

static const char *why_no_vpd(const struct exam *exam, const struct connectx *c)
{
	if (exam->host->dump)
		return "which a dump does not show";
	switch (c->ret) {
	case 0:
		return "which has no V3 here";
	case -EACCES:
		return "which root may read";
	case -ENOENT:
		return "which the NIC does not have";
	default:
		return "which cannot be read";
	}
}

/* The function that belongs to @c is not known. */
static void add_unknown(struct exam *exam, const struct connectx *c, const char *all)
{
	if (!*all) {
		exam_add(exam, id, title, 0, ANSWER_UNKNOWN,
			 "the NIC is one, and no ConnectX is visible");
		return;
	}
	exam_add(exam, id, title, 0, ANSWER_UNKNOWN,
		 "%sperhaps %s%s%s: V3 of their Vital Product Data says it, %s",
		 c->data_direct ? "the NIC is one, " : "", c->data_direct ? "of " : "",
		 strchr(all, ' ') ? "one of " : "", all, why_no_vpd(exam, c));
}

static void add_none(struct exam *exam, const struct connectx *c)
{
	if (c->data_direct) {
		exam_add(exam, id, title, 0, ANSWER_NO,
			 "the NIC is one, and no ConnectX function has its V3 (VPD)");
		return;
	}
	exam_add(exam, id, title, 0, ANSWER_NO,
		 "none has the NIC's V3 (VPD), so the NIC sends the requests of its regions");
}

/* The route from the DMA Direct function, which is not that of the NIC. */
static void add_halves(struct exam *exam, const struct connectx *c, const struct connectx *other,
		       const char *others)
{
	const struct tph_kernel *kernel =
		exam->host->facts.known ? &exam->host->facts.kernel : NULL;
	char name[TPH_BDF_CHARS];
	struct tph_path *path;

	if (c->data_direct) {
		exam_add(exam, id, title, 0, ANSWER_OK,
			 "the NIC is one, of the ConnectX at %s (V3 of VPD)", others);
		return;
	}
	if (tph_path_read(exam->host->ctx, &other->bdf, &exam->accelerator.f->bdf, kernel, &path)) {
		exam->no_memory = true;
		return;
	}
	tph_bdf_format(&other->bdf, name);
	exam_add(exam, id, title, 0, ANSWER_OK,
		 "%s (V3 of VPD); it sends the requests of regions with Data Direct, and its route "
		 "is %s: tphctl doctor %s has its steps",
		 others, tph_route_str(path->route), name);
	tph_path_free(path);
}

static void look_for_half(struct exam *exam, struct connectx *c)
{
	struct host *host = exam->host;
	char *others = NULL;
	const char *v3;
	size_t size;
	FILE *out = open_memstream(&others, &size);

	ask(host, c);
	v3 = !c->ret && c->vpd.v3[0] ? c->vpd.v3 : NULL;
	if (out)
		exam->other_half = list_others(out, host, c, v3);
	if (!out || fclose(out)) {
		exam->no_memory = true;
		return;
	}
	if (!v3) {
		add_unknown(exam, c, others);
		exam->other_half = NULL;
	} else if (!exam->other_half) {
		add_none(exam, c);
	} else {
		add_halves(exam, c, exam->other_half, others);
	}
	free(others);
}

void exam_halves(struct exam *exam)
{
	struct host *host = exam->host;
	struct connectx *c = find_connectx(host, &exam->nic.f->bdf);

	exam->connectx = c;
	if (!c || host->nvidia.platform != NVIDIA_DATA_DIRECT)
		return;
	look_for_half(exam, c);
	if (exam->other_half &&
	    tph_names_read(host->ctx, &exam->other_half->bdf, &exam->other_names) == -ENOMEM)
		exam->no_memory = true;
}
