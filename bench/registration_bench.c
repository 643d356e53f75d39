// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What setting a hint up costs, in the guest: exporting a buffer with it, and
 * registering a memory region on such a buffer. The reference is the same call
 * without a hint; the two take turns, in batches, by the guest's clock.
 *
 * usage: registration_bench [TURNS [udmabuf]]   (500)
 *
 * udmabuf: a region on a udmabuf that is created without hints, against one on the
 * same memory without a dma-buf. That also runs on a kernel without the series.
 */
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/stats.h"
#include "lab/guest/accel_vfio.h"
#include "lab/guest/cpu_buffer.h"
#include "lab/guest/rdma_loop.h"

#define TURNS_MAX   10000
#define BATCH	    8 /* calls in one turn */
#define SLICE_BYTES 65536UL
#define THREADS	    2

/* The NIC and the buffers of one thread. */
struct worker {
	struct nic nic;
	int plain, hinted; /* dma-bufs without and with a hint */
	struct ibv_mr *holds_tag;
	struct cpu_buffer own;
};

struct bench;
/* A batch on @fd; 0 or a negative errno. */
typedef int (*batch_fn)(struct bench *bench, struct worker *worker, int fd);

struct bench {
	struct accel accel;
	struct worker workers[THREADS];
	unsigned turns;
	/* What is measured now: by @threads workers at once, beginning with @first. */
	batch_fn batch;
	unsigned first, threads;
};

struct job {
	struct bench *bench;
	struct worker *worker;
	int fd; /* what the batch is given */
	int ret;
};

static int fail(int err, const char *what)
{
	fprintf(stderr, "registration_bench: %s: %s; see dmesg\n", what, strerror(-err));
	return err;
}

static int register_batch(struct bench *bench, struct worker *worker, int fd)
{
	(void)bench;
	for (int i = 0; i < BATCH; i++) {
		struct ibv_mr *mr = nic_register(&worker->nic, fd, SLICE_BYTES);

		if (!mr || ibv_dereg_mr(mr))
			return -errno;
	}
	return 0;
}

/* @fd: -1 registers the worker's memory without a dma-buf. */
static int register_own_batch(struct bench *bench, struct worker *worker, int fd)
{
	const struct cpu_buffer *own = &worker->own;

	if (fd >= 0)
		return register_batch(bench, worker, fd);
	for (int i = 0; i < BATCH; i++) {
		struct ibv_mr *mr = ibv_reg_mr(worker->nic.pd, own->memory, own->bytes,
					       IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_WRITE |
						       IBV_ACCESS_REMOTE_READ);

		if (!mr || ibv_dereg_mr(mr))
			return -errno;
	}
	return 0;
}

/* @fd only selects whether the export has a hint. */
static int export_batch(struct bench *bench, struct worker *worker, int fd)
{
	struct tph_hints hints = {0};

	if (fd == worker->hinted)
		hints = accel_hints(8, 0x5a, TPH_PH_TARGET);
	for (int i = 0; i < BATCH; i++) {
		int new = accel_export_buffer(&bench->accel, 0, SLICE_BYTES, &hints);

		if (new < 0)
			return new;
		close(new);
	}
	return 0;
}

static void *run_job(void *arg)
{
	struct job *job = arg;

	job->ret = job->bench->batch(job->bench, job->worker, job->fd);
	return NULL;
}

/* A batch of each worker at once, the first in this thread: one worker starts no thread. */
static int run_batches(struct bench *bench, bool hinted)
{
	struct job jobs[THREADS];
	pthread_t ids[THREADS];
	const unsigned threads = bench->threads;
	int ret;

	for (unsigned i = 0; i < THREADS; i++) {
		struct worker *worker = &bench->workers[(bench->first + i) % THREADS];

		jobs[i] = (struct job){bench, worker, hinted ? worker->hinted : worker->plain, 0};
	}
	for (unsigned i = 1; i < threads; i++)
		if (pthread_create(&ids[i], NULL, run_job, &jobs[i]))
			exit(1);
	run_job(&jobs[0]);
	ret = jobs[0].ret;
	for (unsigned i = 1; i < threads; i++) {
		pthread_join(ids[i], NULL);
		ret = ret ? ret : jobs[i].ret;
	}
	return ret;
}

static int run_plain(void *ctx, unsigned turn)
{
	(void)turn;
	return run_batches(ctx, false);
}

static int run_hinted(void *ctx, unsigned turn)
{
	(void)turn;
	return run_batches(ctx, true);
}

static int compare(struct bench *bench, const char *name, batch_fn batch, unsigned first,
		   unsigned threads)
{
	struct comparison result;
	int ret;

	bench->batch = batch;
	bench->first = first;
	bench->threads = threads;
	ret = turns_compare(run_plain, run_hinted, bench, bench->turns, &result);
	if (ret)
		return fail(ret, name);
	printf("{\"bench\":\"%s\",\"tag_bits\":%u,\"threads\":%u,\"turns\":%u,"
	       "\"plain_us\":%.1f,\"ratio\":%.3f,\"median_ratio\":%.3f}\n",
	       name, bench->workers[first].nic.tag_bits, threads, bench->turns,
	       result.yardstick_s * 1e6 / BATCH, result.ratio, result.median_ratio);
	return 0;
}

/* With an unused tag: an entry of the ST table is written, and cleared afterwards. */
static int compare_first_use(struct bench *bench)
{
	struct worker *worker = &bench->workers[0];

	ibv_dereg_mr(worker->holds_tag);
	worker->holds_tag = NULL;
	return compare(bench, "register_first_use", register_batch, 0, 1);
}

/* The n-th worker has the n-th NIC, and a tag of the width that this NIC sends. */
static int open_worker(struct bench *bench, unsigned n)
{
	struct worker *worker = &bench->workers[n];
	uint64_t offset = n * 2 * SLICE_BYTES;
	struct tph_hints none = {0}, hints;
	int ret = nic_open(&worker->nic, n);

	if (ret)
		return ret;
	if (!worker->nic.tag_bits)
		return fail(-EOPNOTSUPP, worker->nic.name);
	hints = accel_hints(worker->nic.tag_bits, worker->nic.tag_bits == 16 ? 0x1234 : 0x5b,
			    TPH_PH_TARGET);
	worker->plain = accel_export_buffer(&bench->accel, offset, SLICE_BYTES, &none);
	worker->hinted =
		accel_export_buffer(&bench->accel, offset + SLICE_BYTES, SLICE_BYTES, &hints);
	if (worker->plain < 0 || worker->hinted < 0)
		return fail(worker->plain < 0 ? worker->plain : worker->hinted, "export");
	worker->holds_tag = nic_register(&worker->nic, worker->hinted, SLICE_BYTES);
	return worker->holds_tag ? 0 : fail(-errno, "register");
}

static int measure(struct bench *bench)
{
	struct tph_bdf bdf;
	int ret = accel_find(&bdf, 0);

	if (!ret)
		ret = accel_open(&bench->accel, &bdf);
	for (unsigned n = 0; !ret && n < THREADS; n++)
		ret = open_worker(bench, n);
	for (unsigned n = 0; !ret && n < THREADS; n++)
		ret = compare(bench, "register_shared_tag", register_batch, n, 1);
	if (!ret)
		ret = compare(bench, "register_shared_tag", register_batch, 0, THREADS);
	for (unsigned threads = 1; !ret && threads <= THREADS; threads++)
		ret = compare(bench, "export", export_batch, 0, threads);
	return ret ? ret : compare_first_use(bench);
}

static int measure_udmabuf(struct bench *bench)
{
	struct worker *worker = &bench->workers[0];
	int ret = nic_open(&worker->nic, 0);

	if (ret)
		return ret;
	ret = cpu_buffer_create(&worker->own, SLICE_BYTES, false);
	if (ret)
		return fail(ret, "udmabuf");
	worker->plain = -1;
	worker->hinted = worker->own.fd;
	return compare(bench, "register_udmabuf", register_own_batch, 0, 1);
}

int main(int argc, char **argv)
{
	struct bench bench = {0};

	bench.turns = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 500;
	if (bench.turns < 1 || bench.turns > TURNS_MAX) {
		fprintf(stderr, "registration_bench: turns must be 1..%d\n", TURNS_MAX);
		return 2;
	}
	/* The kernel frees everything at exit. */
	if (argc > 2 && !strcmp(argv[2], "udmabuf"))
		return measure_udmabuf(&bench) ? 1 : 0;
	return measure(&bench) ? 1 : 0;
}
