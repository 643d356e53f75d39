// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a hint costs where it is set up, in the guest: exporting a buffer with it,
 * and registering a memory region on such a buffer. The yardstick is the same
 * call without a hint; both are measured in turn, in batches, by the guest's clock.
 *
 * The first argument is the number of rounds (default 15).
 */
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/stats.h"
#include "examples/accel_vfio.h"
#include "examples/rdma_loop.h"

#define ROUNDS_MAX  99
#define BATCH	    100 /* calls in one measurement */
#define SLICE_BYTES 65536UL
#define THREADS	    2

/* What one thread works with. */
struct worker {
	struct nic nic;
	int plain, hinted; /* dma-bufs without and with a hint */
	struct ibv_mr *holds_tag;
};

struct bench {
	struct accel accel;
	struct worker workers[THREADS];
	unsigned rounds;
};

/* A batch on @fd; 0 or a negative errno. */
typedef int (*batch_fn)(struct bench *bench, struct worker *worker, int fd);

struct job {
	struct bench *bench;
	struct worker *worker;
	batch_fn batch;
	bool hinted;
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

/* @fd tells only whether with a hint. */
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

	job->ret = job->batch(job->bench, job->worker,
			      job->hinted ? job->worker->hinted : job->worker->plain);
	return NULL;
}

/* Seconds of one batch in each of @threads threads at once; negative: an errno. */
static double time_batches(struct bench *bench, batch_fn batch, unsigned threads, bool hinted)
{
	struct job jobs[THREADS];
	pthread_t ids[THREADS];
	double start = now_s();
	int ret = 0;

	for (unsigned i = 0; i < threads; i++) {
		jobs[i] = (struct job){bench, &bench->workers[i], batch, hinted, 0};
		if (pthread_create(&ids[i], NULL, run_job, &jobs[i]))
			exit(1);
	}
	for (unsigned i = 0; i < threads; i++) {
		pthread_join(ids[i], NULL);
		ret = ret ? ret : jobs[i].ret;
	}
	return ret ? ret : now_s() - start;
}

/* The two take turns in who is first, so that no drift favours one. */
static int compare(struct bench *bench, const char *name, batch_fn batch, unsigned threads)
{
	double ratios[ROUNDS_MAX], plain[ROUNDS_MAX];

	for (unsigned i = 0; i < bench->rounds; i++) {
		double taken[2];

		for (unsigned k = 0; k < 2; k++) {
			bool hinted = (i + k) % 2;

			taken[hinted] = time_batches(bench, batch, threads, hinted);
			if (taken[hinted] < 0)
				return fail((int)taken[hinted], name);
		}
		plain[i] = taken[0];
		ratios[i] = taken[1] / taken[0];
	}
	printf("{\"bench\":\"%s\",\"threads\":%u,\"rounds\":%u,\"plain_us\":%.1f,"
	       "\"ratio\":%.3f}\n",
	       name, threads, bench->rounds, median(plain, bench->rounds) * 1e6 / BATCH,
	       median(ratios, bench->rounds));
	return 0;
}

/* Registering with a tag that nobody has: an entry of the ST table is written, and cleared after.
 */
static int first_use(struct bench *bench)
{
	struct worker *worker = &bench->workers[0];
	double ratios[ROUNDS_MAX];
	int ret;

	ibv_dereg_mr(worker->holds_tag);
	worker->holds_tag = NULL;
	for (unsigned i = 0; i < bench->rounds; i++) {
		double plain = time_batches(bench, register_batch, 1, false);
		double hinted = time_batches(bench, register_batch, 1, true);

		ret = (int)(plain < 0 ? plain : hinted < 0 ? hinted : 0);
		if (ret)
			return fail(ret, "register_first_use");
		ratios[i] = hinted / plain;
	}
	printf("{\"bench\":\"register_first_use\",\"threads\":1,\"rounds\":%u,\"ratio\":%.3f}\n",
	       bench->rounds, median(ratios, bench->rounds));
	return 0;
}

/* The n-th worker has the n-th NIC, and a tag of the kind that this one sends. */
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
	for (unsigned threads = 1; !ret && threads <= THREADS; threads++) {
		ret = compare(bench, "register_shared_tag", register_batch, threads);
		if (!ret)
			ret = compare(bench, "export", export_batch, threads);
	}
	return ret ? ret : first_use(bench);
}

int main(int argc, char **argv)
{
	struct bench bench = {0};

	bench.rounds = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 15;
	if (bench.rounds < 1 || bench.rounds > ROUNDS_MAX) {
		fprintf(stderr, "registration_bench: rounds must be 1..%d\n", ROUNDS_MAX);
		return 2;
	}
	/* The kernel takes everything back. */
	return measure(&bench) ? 1 : 0;
}
