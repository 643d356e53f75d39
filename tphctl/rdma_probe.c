// SPDX-License-Identifier: GPL-2.0-or-later
/* libibverbs is loaded when it is needed, so that the command runs without RDMA packages. */
#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "tphctl/rdma_probe.h"
#include "util/macros.h"

#define LENGTH 4096

struct ibv_device;
struct ibv_context;
struct ibv_pd;
struct ibv_mr;

/* Functions of libibverbs, each a symbol of its own (IBVERBS_1.1 and IBVERBS_1.12). */
struct verbs {
	struct ibv_device **(*get_device_list)(int *count);
	void (*free_device_list)(struct ibv_device **list);
	const char *(*get_device_name)(struct ibv_device *device);
	struct ibv_context *(*open_device)(struct ibv_device *device);
	int (*close_device)(struct ibv_context *context);
	struct ibv_pd *(*alloc_pd)(struct ibv_context *context);
	int (*dealloc_pd)(struct ibv_pd *pd);
	int (*dereg_mr)(struct ibv_mr *mr);
	struct ibv_mr *(*reg_dmabuf_mr)(struct ibv_pd *pd, uint64_t offset, size_t length,
					uint64_t iova, int fd, int access);
};

static bool load(void *library, struct verbs *verbs)
{
	const struct {
		const char *name;
		size_t offset;
	} symbols[] = {
		{"ibv_get_device_list", offsetof(struct verbs, get_device_list)},
		{"ibv_free_device_list", offsetof(struct verbs, free_device_list)},
		{"ibv_get_device_name", offsetof(struct verbs, get_device_name)},
		{"ibv_open_device", offsetof(struct verbs, open_device)},
		{"ibv_close_device", offsetof(struct verbs, close_device)},
		{"ibv_alloc_pd", offsetof(struct verbs, alloc_pd)},
		{"ibv_dealloc_pd", offsetof(struct verbs, dealloc_pd)},
		{"ibv_dereg_mr", offsetof(struct verbs, dereg_mr)},
		{"ibv_reg_dmabuf_mr", offsetof(struct verbs, reg_dmabuf_mr)},
	};

	for (size_t i = 0; i < ARRAY_SIZE(symbols); i++) {
		void *symbol = dlsym(library, symbols[i].name);

		if (!symbol)
			return false;
		memcpy((char *)verbs + symbols[i].offset, &symbol, sizeof(symbol));
	}
	return true;
}

static struct rdma_answer answer(enum tph_support takes, const char *why)
{
	return (struct rdma_answer){.takes = takes, .why = why};
}

static struct rdma_answer judge(int err)
{
	switch (err) {
	case EBADF:
		return answer(TPH_SUPPORT_YES, "it registers dma-bufs");
	case EOPNOTSUPP:
		return answer(TPH_SUPPORT_NO, "its driver registers no dma-bufs (EOPNOTSUPP)");
	case EPROTONOSUPPORT:
		return answer(TPH_SUPPORT_NO,
			      "its driver, or its provider in rdma-core, has no such "
			      "call (EPROTONOSUPPORT)");
	case EPERM:
	case EACCES:
		return answer(TPH_SUPPORT_UNKNOWN, "asking was not permitted; run as root");
	default:
		return answer(TPH_SUPPORT_UNKNOWN, "asking failed with another error; see dmesg");
	}
}

static struct rdma_answer ask(const struct verbs *verbs, struct ibv_context *context)
{
	struct ibv_pd *pd = verbs->alloc_pd(context);
	struct rdma_answer result;
	struct ibv_mr *mr;

	if (!pd)
		return answer(TPH_SUPPORT_UNKNOWN,
			      "no protection domain could be made; see ulimit -l and dmesg");
	errno = 0;
	mr = verbs->reg_dmabuf_mr(pd, 0, LENGTH, 0, -1, 1 /* local write */);
	result = judge(errno);
	/* No kernel accepts file descriptor -1. */
	if (mr)
		verbs->dereg_mr(mr);
	verbs->dealloc_pd(pd);
	return result;
}

static struct rdma_answer ask_device(const struct verbs *verbs, struct ibv_device *device)
{
	struct ibv_context *context = verbs->open_device(device);
	struct rdma_answer result;

	if (!context)
		return answer(TPH_SUPPORT_UNKNOWN, "it cannot be opened; run as root, or as a user "
						   "that may open /dev/infiniband/uverbs*");
	result = ask(verbs, context);
	verbs->close_device(context);
	return result;
}

static struct rdma_answer find_and_ask(const struct verbs *verbs, const char *name)
{
	struct rdma_answer result = answer(
		TPH_SUPPORT_UNKNOWN, "libibverbs does not list it; install its provider (Debian: "
				     "ibverbs-providers)");
	struct ibv_device **list = verbs->get_device_list(NULL);

	for (size_t i = 0; list && list[i]; i++)
		if (!strcmp(verbs->get_device_name(list[i]), name))
			result = ask_device(verbs, list[i]);
	if (list)
		verbs->free_device_list(list);
	return result;
}

struct rdma_answer rdma_probe(const char *device)
{
	void *library = dlopen("libibverbs.so.1", RTLD_NOW | RTLD_LOCAL);
	struct rdma_answer result;
	struct verbs verbs;

	if (!library)
		return answer(
			TPH_SUPPORT_UNKNOWN,
			"libibverbs is not installed; install rdma-core (Debian: libibverbs1)");
	if (load(library, &verbs))
		result = find_and_ask(&verbs, device);
	else
		result = answer(TPH_SUPPORT_NO, "libibverbs has no ibv_reg_dmabuf_mr; install "
						"rdma-core 34 or newer");
	dlclose(library);
	return result;
}
