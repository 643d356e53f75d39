// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * DMA handles (DMAH) of RDMA users, with a Processing Hint alone, beside the
 * hints of dma-bufs. By uverbs calls as they are: the library's own came with
 * rdma-core 59. What ends in host memory is to be seen in the trace: its writes
 * and reads have PH_OF_HOST and tag 0.
 */
#include <errno.h>
#include <rdma/ib_user_ioctl_cmds.h>
#include <rdma/rdma_user_ioctl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "guest.h"

/* include/uapi/rdma/ib_user_ioctl_cmds.h of Linux 6.17 on */
#define OBJECT_DMAH    17
#define DMAH_ALLOC     0
#define DMAH_FREE      1
#define DMAH_HANDLE    0
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
#define PH_OF_HOST     1
#define PH_OF_DMABUF   3

struct request {
	struct ib_uverbs_ioctl_hdr hdr;
	struct ib_uverbs_attr attrs[ATTRIBUTES_MAX];
};

static void request_init(struct request *request, unsigned object, unsigned method)
{
	*request = (struct request){
		.hdr = {.object_id = (uint16_t)object, .method_id = (uint16_t)method}};
}

static void add(struct request *request, unsigned id, unsigned len, uint64_t data)
{
	struct ib_uverbs_attr *attr = &request->attrs[request->hdr.num_attrs++];

	attr->attr_id = (uint16_t)id;
	attr->flags = UVERBS_ATTR_F_MANDATORY;
	attr->len = (uint16_t)len;
	attr->data = data;
}

/* 0 or the errno. */
static int call(const struct nic *nic, struct request *request)
{
	request->hdr.length = (uint16_t)(sizeof(request->hdr) +
					 request->hdr.num_attrs * sizeof(request->attrs[0]));
	return ioctl(nic->context->cmd_fd, RDMA_VERBS_IOCTL, request) ? errno : 0;
}

static int alloc_dmah(const struct nic *nic, uint8_t ph, uint32_t *handle)
{
	struct request request;
	int err;

	request_init(&request, OBJECT_DMAH, DMAH_ALLOC);
	add(&request, DMAH_HANDLE, 0, 0);
	add(&request, DMAH_PH, sizeof(ph), ph);
	err = call(nic, &request);
	*handle = (uint32_t)request.attrs[0].data;
	return err;
}

static int drop(const struct nic *nic, unsigned object, unsigned method, uint32_t handle)
{
	struct request request;

	request_init(&request, object, method);
	add(&request, 0, 0, handle);
	return call(nic, &request);
}

static void free_dmah(const struct nic *nic, uint32_t handle)
{
	assert_int_equal(drop(nic, OBJECT_DMAH, DMAH_FREE, handle), 0);
}

/* @fd -1: the @length bytes at @addr. The key is all that the RDMA requests need of @mr. */
static int reg_mr(const struct nic *nic, uint32_t dmah, int fd, const void *addr, uint64_t length,
		  struct ibv_mr *mr)
{
	struct request request;
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
	mr->handle = (uint32_t)request.attrs[0].data;
	return err;
}

static void dereg_mr(const struct nic *nic, const struct ibv_mr *mr)
{
	assert_int_equal(drop(nic, UVERBS_OBJECT_MR, UVERBS_METHOD_MR_DESTROY, mr->handle), 0);
}

/* The first NIC that has DMAHs; else a skip. */
static struct nic *nic_with_dmah(struct guest *guest)
{
	uint32_t handle;

	for (unsigned i = 0; i < guest->nic_count; i++) {
		if (alloc_dmah(&guest->nics[i], 0, &handle))
			continue;
		free_dmah(&guest->nics[i], handle);
		return &guest->nics[i];
	}
	GUEST_SKIP("no NIC here has DMA handles");
	return NULL;
}

/*
 * Theory of operation: where a NIC may send hints to peers alone, the root port
 * being no completer, a DMAH could only do harm; so there are none.
 */
static void for_peers_only(void **state)
{
	struct guest *guest = *state;
	unsigned tried = 0;
	uint32_t handle;

	for (unsigned i = 0; i < guest->nic_count; i++) {
		if (!guest_same_switch(guest, &guest->nics[i]))
			continue;
		assert_int_equal(alloc_dmah(&guest->nics[i], 1, &handle), EPROTONOSUPPORT);
		tried++;
	}
	if (!tried)
		GUEST_SKIP("no NIC is below a switch");
}

/* Theory of operation: a handle is checked before it is one, and lives as long as its regions. */
static void life(void **state)
{
	struct nic *nic = nic_with_dmah(*state);
	struct request request;
	struct ibv_mr mr;
	uint32_t handle;

	assert_int_equal(alloc_dmah(nic, 4, &handle), EINVAL);
	request_init(&request, OBJECT_DMAH, DMAH_ALLOC);
	add(&request, DMAH_HANDLE, 0, 0);
	assert_int_equal(call(nic, &request), EINVAL);
	assert_int_equal(alloc_dmah(nic, PH_OF_HOST, &handle), 0);
	assert_int_equal(reg_mr(nic, handle, -1, nic->stage, 4096, &mr), 0);
	assert_int_equal(drop(nic, OBJECT_DMAH, DMAH_FREE, handle), EBUSY);
	dereg_mr(nic, &mr);
	free_dmah(nic, handle);
}

/* Theory of operation: in host memory the data is right; what the TLPs carried is in the trace. */
static void host_memory(void **state)
{
	struct nic *nic = nic_with_dmah(*state);
	uint8_t *memory = aligned_alloc(4096, GUEST_SLICE_BYTES);
	struct ibv_mr mr;
	uint32_t handle;

	assert_non_null(memory);
	for (unsigned i = 0; i < GUEST_SLICE_BYTES; i++)
		nic->stage[i] = (uint8_t)(i * 7 + (i >> 8));
	memset(memory, 0, GUEST_SLICE_BYTES);
	assert_int_equal(alloc_dmah(nic, PH_OF_HOST, &handle), 0);
	assert_int_equal(reg_mr(nic, handle, -1, memory, GUEST_SLICE_BYTES, &mr), 0);
	assert_int_equal(nic_write(nic, &mr, 0, (uintptr_t)memory, GUEST_SLICE_BYTES), 0);
	assert_memory_equal(memory, nic->stage, GUEST_SLICE_BYTES);
	memset(nic->stage, 0, GUEST_SLICE_BYTES);
	assert_int_equal(guest_rdma_read(nic, &mr, 3, (uintptr_t)memory + 5, 9001), 0);
	assert_memory_equal(nic->stage + 3, memory + 5, 9001);
	dereg_mr(nic, &mr);
	free_dmah(nic, handle);
	free(memory);
}

/*
 * Theory of operation: who brings a DMAH has decided. The exporter's hint is not
 * used, the TLPs carry the PH and tag 0; a hint that is required is not passed
 * over: that region is refused.
 */
static void dma_buf(void **state)
{
	struct guest *guest = *state;
	struct nic *nic = nic_with_dmah(guest);
	struct hint hint = {8, 0x5a, 2}, chosen = {nic->tag_bits, 0, PH_OF_DMABUF};
	int fd = guest_export(guest, 0, guest_flags_of(hint));
	struct ibv_mr mr;
	uint32_t handle;

	assert_int_equal(alloc_dmah(nic, PH_OF_DMABUF, &handle), 0);
	assert_int_equal(reg_mr(nic, handle, fd, NULL, GUEST_SLICE_BYTES, &mr), 0);
	guest_check_writes(guest, nic, &mr, 0, chosen);
	dereg_mr(nic, &mr);
	fd = guest_export(guest, 1, guest_flags_of(hint) | VFIO_DMABUF_FL_TPH_REQUIRED);
	assert_int_equal(reg_mr(nic, handle, fd, NULL, GUEST_SLICE_BYTES, &mr), EPERM);
	free_dmah(nic, handle);
}

int main(void)
{
	struct guest guest;
	int ret = guest_open(&guest);
	const struct CMUnitTest tests[] = {
		GUEST_TEST(for_peers_only, &guest),
		GUEST_TEST(life, &guest),
		GUEST_TEST(host_memory, &guest),
		GUEST_TEST(dma_buf, &guest),
	};

	if (ret)
		return ret;
	ret = cmocka_run_group_tests_name("dmah", tests, NULL, NULL);
	guest_close(&guest);
	return ret;
}
