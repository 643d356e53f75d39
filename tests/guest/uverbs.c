// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <rdma/ib_user_ioctl_cmds.h>
#include <rdma/rdma_user_ioctl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "uverbs.h"

/* include/uapi/rdma/ib_user_ioctl_cmds.h of Linux 6.17 on */
#define OBJECT_DMAH    17
#define DMAH_ALLOC     0
#define DMAH_FREE      1
#define DMAH_HANDLE    0
#define DMAH_CPU       1
#define DMAH_MEM_TYPE  2
#define DMAH_PH	       3
#define MR_REG	       5
#define MR_HANDLE      0
#define MR_PD	       1
#define MR_DMAH	       2
#define MR_IOVA	       3
#define MR_ADDR	       4
#define MR_LENGTH      5
#define MR_ACCESS      6
#define MR_FD	       7
#define MR_FD_OFFSET   8
#define MR_LKEY	       9
#define MR_RKEY	       10
#define ATTRIBUTES_MAX 12
#define ACCESS_ALL     (IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_WRITE | IBV_ACCESS_REMOTE_READ)

/* The header ends in a flexible array of attributes. */
union request {
	struct ib_uverbs_ioctl_hdr hdr;
	uint8_t bytes[sizeof(struct ib_uverbs_ioctl_hdr) +
		      ATTRIBUTES_MAX * sizeof(struct ib_uverbs_attr)];
};

static void request_init(union request *request, unsigned object, unsigned method)
{
	memset(request, 0, sizeof(*request));
	request->hdr.object_id = (uint16_t)object;
	request->hdr.method_id = (uint16_t)method;
	request->hdr.driver_id = RDMA_DRIVER_MLX5;
}

static void add(union request *request, unsigned id, unsigned len, uint64_t data)
{
	struct ib_uverbs_attr *attr = &request->hdr.attrs[request->hdr.num_attrs++];

	attr->attr_id = (uint16_t)id;
	attr->flags = UVERBS_ATTR_F_MANDATORY;
	attr->len = (uint16_t)len;
	attr->data = data;
}

static int call(const struct nic *nic, union request *request)
{
	request->hdr.length = (uint16_t)(sizeof(request->hdr) +
					 request->hdr.num_attrs * sizeof(request->hdr.attrs[0]));
	return ioctl(nic->context->cmd_fd, RDMA_VERBS_IOCTL, request) ? errno : 0;
}

int uverbs_alloc_dmah_cpu(const struct nic *nic, uint8_t ph, uint32_t cpu, uint32_t *handle)
{
	union request request;
	int err;

	request_init(&request, OBJECT_DMAH, DMAH_ALLOC);
	add(&request, DMAH_HANDLE, 0, 0);
	add(&request, DMAH_CPU, sizeof(cpu), cpu);
	add(&request, DMAH_MEM_TYPE, 0, 0); /* volatile */
	add(&request, DMAH_PH, sizeof(ph), ph);
	err = call(nic, &request);
	*handle = (uint32_t)request.hdr.attrs[0].data;
	return err;
}

int uverbs_alloc_dmah(const struct nic *nic, uint8_t ph, uint32_t *handle)
{
	union request request;
	int err;

	request_init(&request, OBJECT_DMAH, DMAH_ALLOC);
	add(&request, DMAH_HANDLE, 0, 0);
	add(&request, DMAH_PH, sizeof(ph), ph);
	err = call(nic, &request);
	*handle = (uint32_t)request.hdr.attrs[0].data;
	return err;
}

static int drop(const struct nic *nic, unsigned object, unsigned method, uint32_t handle)
{
	union request request;

	request_init(&request, object, method);
	add(&request, 0, 0, handle);
	return call(nic, &request);
}

int uverbs_alloc_dmah_bare(const struct nic *nic)
{
	union request request;

	request_init(&request, OBJECT_DMAH, DMAH_ALLOC);
	add(&request, DMAH_HANDLE, 0, 0);
	return call(nic, &request);
}

int uverbs_free_dmah(const struct nic *nic, uint32_t handle)
{
	return drop(nic, OBJECT_DMAH, DMAH_FREE, handle);
}

int uverbs_reg_mr(const struct nic *nic, uint32_t dmah, int fd, const void *addr, uint64_t length,
		  struct ibv_mr *mr)
{
	union request request;
	int err;

	*mr = (struct ibv_mr){.addr = (void *)addr, .length = length};
	request_init(&request, UVERBS_OBJECT_MR, MR_REG);
	add(&request, MR_HANDLE, 0, 0);
	add(&request, MR_PD, 0, nic->pd->handle);
	add(&request, MR_DMAH, 0, dmah);
	add(&request, MR_IOVA, 8, (uintptr_t)addr);
	add(&request, MR_LENGTH, 8, length);
	add(&request, MR_ACCESS, 4, ACCESS_ALL);
	if (fd >= 0) {
		add(&request, MR_FD, 0, (uint64_t)fd);
		add(&request, MR_FD_OFFSET, 8, 0);
	} else {
		add(&request, MR_ADDR, 8, (uintptr_t)addr);
	}
	add(&request, MR_LKEY, 4, (uintptr_t)&mr->lkey);
	add(&request, MR_RKEY, 4, (uintptr_t)&mr->rkey);
	err = call(nic, &request);
	mr->handle = (uint32_t)request.hdr.attrs[0].data;
	return err;
}

int uverbs_dereg_mr(const struct nic *nic, const struct ibv_mr *mr)
{
	return drop(nic, UVERBS_OBJECT_MR, UVERBS_METHOD_MR_DESTROY, mr->handle);
}

int uverbs_rereg_mr(const struct nic *nic, struct ibv_mr *mr, uint32_t flags, uint32_t access,
		    const struct ibv_pd *pd)
{
	struct ib_uverbs_rereg_mr_resp resp = {0};
	struct {
		struct ib_uverbs_cmd_hdr hdr;
		struct ib_uverbs_rereg_mr cmd;
	} request = {
		.hdr = {.command = IB_USER_VERBS_CMD_REREG_MR,
			.in_words = sizeof(request) / 4,
			.out_words = sizeof(resp) / 4},
		.cmd = {.response = (uintptr_t)&resp,
			.mr_handle = mr->handle,
			.flags = flags,
			.access_flags = access,
			.pd_handle = pd ? pd->handle : 0},
	};

	if (write(nic->context->cmd_fd, &request, sizeof(request)) != sizeof(request))
		return errno;
	mr->lkey = resp.lkey;
	mr->rkey = resp.rkey;
	return 0;
}
