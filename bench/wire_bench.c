// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * An RDMA write of 1 MiB to a NIC of another host, from doorbell to completion, both ends of the
 * link in this process, against the same bytes through a bare socket from memory to memory.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/stats.h"
#include "lab/wire.h"
#include "tests/unit/cx_driver.h"

#define BYTES	   (1u << 20)
#define PART_BYTES 65536u
#define TURNS	   400u
#define STEPS	   256u /* as a slot's turn */
#define LOOPS_MAX  100000u

struct end {
	struct driver driver;
	struct wire wire;
	struct qp qp;
	struct mr mr;
};

struct bench {
	struct end ends[2];
	struct closer closer;
	int bare[2];
	uint8_t *from, *to;
};

static int open_end(struct bench *bench, unsigned n, const char *path)
{
	struct end *end = &bench->ends[n];
	struct cx_wire ends;
	int ret = wire_open(&end->wire, path, n == 0, &bench->closer);

	if (ret)
		return ret;
	ends = wire_ends(&end->wire);
	driver_start(&end->driver, &(struct cx_config){.wire = &ends, .index = n});
	end->mr = (struct mr){.addr = n ? world_alloc(&end->driver.world, BYTES) : PEER_BASE,
			      .len = BYTES};
	driver_create_mr(&end->driver, &end->mr);
	driver_create_qp(&end->driver, &end->qp, CX_ST_RC);
	end->qp.peer_lid = n ? 1 : 2;
	end->qp.ack_timeout = 20;
	return 0;
}

/* A turn of fabricd's loop. */
static void turn_of(struct end *end)
{
	struct pollfd fds[WIRE_FDS];

	wire_fds(&end->wire, fds);
	poll(fds, WIRE_FDS, 0);
	wire_process(&end->wire, fds);
	for (unsigned i = 0; i < STEPS; i++)
		if (!end->driver.world.f->ops->work(end->driver.world.f))
			break;
	if (wire_flush(&end->wire))
		cx_wire_ready(end->driver.world.f);
}

static int run_link(void *ctx, unsigned turn)
{
	struct bench *bench = ctx;
	struct end *to = &bench->ends[0], *from = &bench->ends[1];
	struct wqe w;

	(void)turn;
	wqe_init(&w, CX_WR_RDMA_WRITE, true);
	wqe_raddr(&w, to->mr.addr, to->mr.key);
	wqe_data(&w, from->mr.addr, from->mr.key, BYTES);
	driver_post(&from->driver, &from->qp, &w);
	driver_ring(&from->driver, &from->qp);
	for (unsigned i = 0; i < LOOPS_MAX; i++) {
		const uint8_t *cqe = driver_poll(&from->driver, &from->qp.cq);

		if (cqe)
			return cqe[CX_CQE_OP_OWN] >> 4 == CX_CQE_REQ ? 0 : -EIO;
		turn_of(from);
		turn_of(to);
	}
	return -ETIMEDOUT;
}

static int run_bare(void *ctx, unsigned turn)
{
	struct bench *bench = ctx;
	uint32_t sent = 0, got = 0;

	(void)turn;
	while (got < BYTES) {
		uint32_t part = BYTES - sent < PART_BYTES ? BYTES - sent : PART_BYTES;
		ssize_t n = part ? send(bench->bare[0], bench->from + sent, part, MSG_DONTWAIT) : 0;

		sent += n > 0 ? (uint32_t)n : 0;
		n = recv(bench->bare[1], bench->to + got, BYTES - got, MSG_DONTWAIT);
		if (n <= 0 && errno != EAGAIN)
			return -errno;
		got += n > 0 ? (uint32_t)n : 0;
	}
	return 0;
}

static int open_all(struct bench *bench, const char *path)
{
	int ret = closer_start(&bench->closer);

	bench->from = world_map(BYTES);
	bench->to = world_map(BYTES);
	if (!ret && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, bench->bare))
		ret = -errno;
	for (unsigned n = 0; !ret && n < 2; n++)
		ret = open_end(bench, n, path);
	for (unsigned n = 0; !ret && n < 2; n++)
		driver_connect(&bench->ends[n].driver, &bench->ends[n].qp,
			       bench->ends[!n].qp.number);
	return ret;
}

int main(void)
{
	static struct bench bench;
	struct comparison result;
	char dir[] = "/tmp/wire-bench.XXXXXX", path[64];
	int ret = mkdtemp(dir) ? 0 : -errno;

	snprintf(path, sizeof(path), "%s/nic0.link", dir);
	if (!ret)
		ret = open_all(&bench, path);
	if (!ret)
		ret = run_link(&bench, 0); /* connects the link */
	if (!ret)
		ret = turns_compare(run_bare, run_link, &bench, TURNS, &result);
	unlink(path);
	rmdir(dir);
	if (ret) {
		fprintf(stderr, "wire_bench: %s\n", strerror(-ret));
		return 1;
	}
	printf("1 MiB to another host: %.0f MiB/s, bare socket %.0f MiB/s, ratio %.2f\n",
	       1 / result.job_s, 1 / result.yardstick_s, result.ratio);
	printf("{\"bench\":\"wire\",\"mib_ratio\":%.3f}\n", result.ratio);
	return 0;
}
