// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lab/guest/rdma_loop.h"

#define PORT		  1
#define PORT_WAIT_SECONDS 20

static int warn(int err, const char *what, const char *on, const char *advice)
{
	fprintf(stderr, "NIC: %s %s: %s; %s\n", what, on, strerror(-err), advice);
	return err;
}

int nic_bdf(const struct nic *nic, struct tph_bdf *bdf)
{
	char link[64 + NIC_NAME_BYTES], *path;
	int ret;

	snprintf(link, sizeof(link), "/sys/class/infiniband/%s/device", nic->name);
	path = realpath(link, NULL);
	if (!path)
		return -errno;
	ret = tph_bdf_parse(strrchr(path, '/') + 1, bdf);
	free(path);
	return ret;
}

/* As its driver has enabled it, or will enable it for the first buffer that has a hint. */
static unsigned sent_bits(const struct tph_function *f)
{
	static const unsigned bits[] = {[TPH_ENABLE_8] = 8, [TPH_ENABLE_16] = 16};

	if (bits[f->requester.enable] || !f->requester.device_specific)
		return bits[f->requester.enable];
	return f->requester.extended && f->requester.table_entries ? 16 : 8;
}

static unsigned tag_bits(const struct nic *nic)
{
	struct tph_function *f = NULL;
	struct tph_ctx *ctx = NULL;
	struct tph_bdf bdf;
	unsigned ret = 0;

	if (!nic_bdf(nic, &bdf) && !tph_ctx_new_live(NULL, NULL, &ctx) &&
	    !tph_function_read(ctx, &bdf, &f))
		ret = sent_bits(f);
	tph_function_free(f);
	tph_ctx_unref(ctx);
	return ret;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(ibv_get_device_name(*(struct ibv_device *const *)a),
		      ibv_get_device_name(*(struct ibv_device *const *)b));
}

static int open_device(struct nic *nic, unsigned nth)
{
	int count = 0, ret = -ENODEV;
	struct ibv_device **list = ibv_get_device_list(&count);

	if (!list)
		return -errno;
	qsort(list, (size_t)count, sizeof(struct ibv_device *), by_name);
	if (nth < (unsigned)count) {
		snprintf(nic->name, sizeof(nic->name), "%s", ibv_get_device_name(list[nth]));
		errno = 0;
		nic->context = ibv_open_device(list[nth]);
		ret = nic->context ? 0 : errno ? -errno : -EIO;
	}
	ibv_free_device_list(list);
	return ret;
}

static int wait_for_port(const struct nic *nic, struct ibv_port_attr *port)
{
	const struct timespec pause = {.tv_nsec = 100 * 1000 * 1000};

	for (int i = 0; i < PORT_WAIT_SECONDS * 10; i++) {
		int ret = ibv_query_port(nic->context, PORT, port);

		if (ret)
			return -ret;
		if (port->state == IBV_PORT_ACTIVE)
			return 0;
		nanosleep(&pause, NULL);
	}
	return -ENETDOWN;
}

static int create_queues(struct nic *nic)
{
	struct ibv_qp_init_attr init = {
		.qp_type = IBV_QPT_RC,
		.cap = {.max_send_wr = NIC_QUEUE_WRITES,
			.max_recv_wr = 1,
			.max_send_sge = 1,
			.max_recv_sge = 1},
	};

	nic->pd = ibv_alloc_pd(nic->context);
	nic->cq = ibv_create_cq(nic->context, 2 * (int)NIC_QUEUE_WRITES, NULL, NULL, 0);
	if (!nic->pd || !nic->cq)
		return -errno;
	init.send_cq = init.recv_cq = nic->cq;
	for (int i = 0; i < 2; i++) {
		nic->qp[i] = ibv_create_qp(nic->pd, &init);
		if (!nic->qp[i])
			return -errno;
	}
	nic->stage = aligned_alloc(4096, NIC_STAGE_BYTES);
	if (!nic->stage)
		return -ENOMEM;
	memset(nic->stage, 0, NIC_STAGE_BYTES);
	nic->stage_mr = ibv_reg_mr(nic->pd, nic->stage, NIC_STAGE_BYTES, IBV_ACCESS_LOCAL_WRITE);
	return nic->stage_mr ? 0 : -errno;
}

int nic_open(struct nic *nic, unsigned nth)
{
	int ret;

	*nic = (struct nic){.name = "(none)"};
	ret = open_device(nic, nth);
	if (ret)
		return warn(ret, "cannot open RDMA device", nic->name,
			    "see that its driver is bound: ibv_devices");
	ret = create_queues(nic);
	if (!ret)
		ret = nic_connect(nic);
	if (ret) {
		warn(ret, "cannot bring up a queue pair on", nic->name,
		     "see ibv_devinfo and dmesg");
		nic_close(nic);
		return ret;
	}
	nic->tag_bits = tag_bits(nic);
	return 0;
}

void nic_close(struct nic *nic)
{
	if (nic->stage_mr)
		ibv_dereg_mr(nic->stage_mr);
	for (int i = 0; i < 2; i++)
		if (nic->qp[i])
			ibv_destroy_qp(nic->qp[i]);
	if (nic->cq)
		ibv_destroy_cq(nic->cq);
	if (nic->pd)
		ibv_dealloc_pd(nic->pd);
	if (nic->context)
		ibv_close_device(nic->context);
	free(nic->stage);
	*nic = (struct nic){0};
}

static int connect_one(struct ibv_qp *qp, uint32_t peer, uint16_t lid)
{
	struct ibv_qp_attr reset = {.qp_state = IBV_QPS_RESET};
	struct ibv_qp_attr init = {.qp_state = IBV_QPS_INIT,
				   .port_num = PORT,
				   .qp_access_flags =
					   IBV_ACCESS_REMOTE_WRITE | IBV_ACCESS_REMOTE_READ};
	struct ibv_qp_attr rtr = {
		.qp_state = IBV_QPS_RTR,
		.path_mtu = IBV_MTU_1024,
		.dest_qp_num = peer,
		.max_dest_rd_atomic = 1,
		.min_rnr_timer = 12,
		.ah_attr = {.dlid = lid, .port_num = PORT},
	};
	struct ibv_qp_attr rts = {.qp_state = IBV_QPS_RTS,
				  .timeout = 14,
				  .retry_cnt = 7,
				  .rnr_retry = 7,
				  .max_rd_atomic = 1};
	int ret = ibv_modify_qp(qp, &reset, IBV_QP_STATE);

	if (!ret)
		ret = ibv_modify_qp(qp, &init,
				    IBV_QP_STATE | IBV_QP_PKEY_INDEX | IBV_QP_PORT |
					    IBV_QP_ACCESS_FLAGS);
	if (!ret)
		ret = ibv_modify_qp(qp, &rtr,
				    IBV_QP_STATE | IBV_QP_AV | IBV_QP_PATH_MTU | IBV_QP_DEST_QPN |
					    IBV_QP_RQ_PSN | IBV_QP_MAX_DEST_RD_ATOMIC |
					    IBV_QP_MIN_RNR_TIMER);
	if (!ret)
		ret = ibv_modify_qp(qp, &rts,
				    IBV_QP_STATE | IBV_QP_TIMEOUT | IBV_QP_RETRY_CNT |
					    IBV_QP_RNR_RETRY | IBV_QP_SQ_PSN |
					    IBV_QP_MAX_QP_RD_ATOMIC);
	return -ret;
}

int nic_connect(struct nic *nic)
{
	struct ibv_port_attr port;
	int ret = wait_for_port(nic, &port);

	for (int i = 0; i < 2 && !ret; i++)
		ret = connect_one(nic->qp[i], nic->qp[!i]->qp_num, port.lid);
	nic->posted = 0;
	return ret;
}

int nic_connect_to(struct nic *nic, uint32_t peer, uint16_t lid)
{
	nic->posted = 0;
	return connect_one(nic->qp[0], peer, lid);
}

struct ibv_mr *nic_register(struct nic *nic, int dmabuf_fd, size_t length)
{
	return ibv_reg_dmabuf_mr(nic->pd, 0, length, 0, dmabuf_fd,
				 IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_WRITE |
					 IBV_ACCESS_REMOTE_READ);
}

int nic_post_write(struct nic *nic, const struct ibv_mr *mr, size_t from, size_t to, size_t len)
{
	struct ibv_sge sge = {.addr = (uintptr_t)nic->stage + from,
			      .length = (uint32_t)len,
			      .lkey = nic->stage_mr->lkey};
	struct ibv_send_wr wr = {
		.sg_list = &sge,
		.num_sge = 1,
		.opcode = IBV_WR_RDMA_WRITE,
		.send_flags = IBV_SEND_SIGNALED,
		.wr.rdma = {.remote_addr = to, .rkey = mr->rkey},
	};
	struct ibv_send_wr *bad;
	int ret;

	if (from > NIC_STAGE_BYTES || len > NIC_STAGE_BYTES - from)
		return -ERANGE;
	if (nic->posted == NIC_QUEUE_WRITES)
		return -EAGAIN;
	ret = ibv_post_send(nic->qp[0], &wr, &bad);
	if (!ret)
		nic->posted++;
	return -ret;
}

static double now_seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

int nic_wait(struct nic *nic)
{
	double deadline = now_seconds() + NIC_WAIT_SECONDS;
	int ret = 0;

	while (nic->posted) {
		struct ibv_wc wc;
		int n = ibv_poll_cq(nic->cq, 1, &wc);

		if (n < 0)
			return -EIO;
		if (n == 0 && now_seconds() > deadline)
			return -ETIMEDOUT;
		if (n == 0)
			continue;
		nic->posted--;
		if (wc.status != IBV_WC_SUCCESS)
			ret = -EREMOTEIO;
	}
	return ret;
}

int nic_write(struct nic *nic, const struct ibv_mr *mr, size_t from, size_t to, size_t len)
{
	int ret = nic_post_write(nic, mr, from, to, len);

	return ret ? ret : nic_wait(nic);
}
