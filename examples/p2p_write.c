// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A NIC writes into a device's memory with the steering tag that the memory's owner chose: the
 * owner exports a BAR as a dma-buf with a hint (libtph). The RDMA part has no code for hints.
 */
#include <errno.h>
#include <error.h>
#include <fcntl.h>
#include <infiniband/verbs.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <tph/tph.h>
#include <unistd.h>

#include "devices/accel/accel_regs.h"

#define BYTES 65536

static char source[BYTES] __attribute__((aligned(4096)));

static void check(int err, const char *what)
{
	if (err)
		error(1, abs(err), "cannot %s", what);
}

static void *created(void *object, const char *what)
{
	check(object ? 0 : errno, what);
	return object;
}

/* The owner: 64 KiB of BAR0 as a dma-buf. Writes to it carry the tag of the NIC's width. */
static int export_memory(int device)
{
	struct tph_vfio_export request = {
		.open_flags = O_RDWR | O_CLOEXEC,
		.ranges = &(struct tph_range){.offset = 0, .length = BYTES},
		.range_count = 1,
		.hints = {TPH_HINT_ST | TPH_HINT_ST_EXT, .st = 0x5a, .st_ext = 0x1234,
			  .ph = TPH_PH_TARGET},
	};
	int fd = tph_vfio_export(device, &request);

	if (fd < 0)
		error(1, -fd, "cannot export with a hint: %s", tph_vfio_explain(fd));
	return fd;
}

/* The lab's accelerator counts what arrives; BAR2 has the counters. */
static unsigned long long counter(int device, uint64_t reg)
{
	struct vfio_region_info bar = {.argsz = sizeof(bar), .index = VFIO_PCI_BAR2_REGION_INDEX};
	uint32_t snapshot = ACCEL_COMMAND_SNAPSHOT;
	unsigned long long value = 0;

	if (ioctl(device, VFIO_DEVICE_GET_REGION_INFO, &bar) ||
	    pwrite(device, &snapshot, 4, (off_t)(bar.offset + ACCEL_REG_COMMAND)) != 4 ||
	    pread(device, &value, 8, (off_t)(bar.offset + reg)) != 8)
		check(errno, "read the accelerator's counters");
	return value;
}

static struct ibv_context *open_nic(const char *name)
{
	struct ibv_device **list = created(ibv_get_device_list(NULL), "list the RDMA devices");
	struct ibv_context *nic = NULL;

	errno = ENODEV;
	for (int i = 0; list[i] && !nic; i++)
		if (!strcmp(ibv_get_device_name(list[i]), name))
			nic = created(ibv_open_device(list[i]), "open the RDMA device");
	ibv_free_device_list(list);
	return created(nic, "find the RDMA device");
}

/* A reliable connection from the queue pair to itself: requester and responder are one NIC. */
static void connect_to_itself(struct ibv_qp *qp)
{
	static const int masks[] = {
		[IBV_QPS_INIT] = IBV_QP_PKEY_INDEX | IBV_QP_PORT | IBV_QP_ACCESS_FLAGS,
		[IBV_QPS_RTR] = IBV_QP_AV | IBV_QP_PATH_MTU | IBV_QP_DEST_QPN | IBV_QP_RQ_PSN |
				IBV_QP_MAX_DEST_RD_ATOMIC | IBV_QP_MIN_RNR_TIMER,
		[IBV_QPS_RTS] = IBV_QP_TIMEOUT | IBV_QP_RETRY_CNT | IBV_QP_RNR_RETRY |
				IBV_QP_SQ_PSN | IBV_QP_MAX_QP_RD_ATOMIC,
	};
	struct ibv_qp_attr attr = {.port_num = 1, .path_mtu = IBV_MTU_1024, .timeout = 14};
	struct ibv_port_attr port;

	check(ibv_query_port(qp->context, 1, &port), "query the port");
	attr.ah_attr = (struct ibv_ah_attr){.dlid = port.lid, .port_num = 1};
	attr.dest_qp_num = qp->qp_num;
	attr.qp_access_flags = IBV_ACCESS_REMOTE_WRITE;
	for (attr.qp_state = IBV_QPS_INIT; attr.qp_state <= IBV_QPS_RTS; attr.qp_state++)
		check(ibv_modify_qp(qp, &attr, IBV_QP_STATE | masks[attr.qp_state]),
		      "connect the queue pair");
}

/* The RDMA application: it gets a file descriptor and registers it. */
static void write_by_rdma(struct ibv_context *nic, int dmabuf)
{
	struct ibv_pd *pd = created(ibv_alloc_pd(nic), "allocate a protection domain");
	struct ibv_cq *cq = created(ibv_create_cq(nic, 1, NULL, NULL, 0), "create a CQ");
	struct ibv_qp_cap cap = {.max_send_wr = 1, .max_send_sge = 1};
	struct ibv_qp_init_attr init = {
		.send_cq = cq, .recv_cq = cq, .cap = cap, .qp_type = IBV_QPT_RC};
	struct ibv_qp *qp = created(ibv_create_qp(pd, &init), "create a queue pair");
	struct ibv_mr *from = created(ibv_reg_mr(pd, source, BYTES, 0), "register memory");
	int access = IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_WRITE;
	struct ibv_mr *to = ibv_reg_dmabuf_mr(pd, 0, BYTES, 0, dmabuf, access);
	struct ibv_sge sge = {.addr = (uintptr_t)source, .length = BYTES, .lkey = from->lkey};
	struct ibv_send_wr *bad, wr = {.sg_list = &sge, .num_sge = 1};
	struct ibv_wc wc = {.status = IBV_WC_GENERAL_ERR};

	created(to, "register the dma-buf");
	connect_to_itself(qp);
	wr.opcode = IBV_WR_RDMA_WRITE;
	wr.send_flags = IBV_SEND_SIGNALED;
	wr.wr.rdma.rkey = to->rkey;
	check(ibv_post_send(qp, &wr, &bad), "post the write");
	while (!ibv_poll_cq(cq, 1, &wc))
		;
	if (wc.status != IBV_WC_SUCCESS)
		error(1, 0, "the write failed: %s", ibv_wc_status_str(wc.status));
}

int main(int argc, char **argv)
{
	char file[TPH_VFIO_FILE_CHARS];
	struct tph_vfio *accelerator;
	struct tph_bdf bdf;
	int device, ret;

	if (argc != 3 || tph_bdf_parse(argv[1], &bdf))
		error(2, 0, "usage: p2p_write ACCELERATOR NIC, such as 0000:03:00.0 mlx5_1");
	ret = tph_vfio_open(&bdf, &accelerator, file);
	if (ret)
		error(1, -ret, "cannot open %s: %s", file, tph_vfio_open_advice(ret));
	device = tph_vfio_fd(accelerator);
	check(tph_vfio_enable(device, TPH_VFIO_MEMORY), "enable the accelerator's memory");
	write_by_rdma(open_nic(argv[2]), export_memory(device));
	printf("TLPs with an 8-bit tag: %llu, with a 16-bit tag: %llu, without: %llu\n",
	       counter(device, ACCEL_REG_TLPS_ST8), counter(device, ACCEL_REG_TLPS_ST16),
	       counter(device, ACCEL_REG_TLPS_PLAIN));
	tph_vfio_close(accelerator);
	return 0;
}
