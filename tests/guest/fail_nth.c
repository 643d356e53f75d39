// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Every allocation of a call fails in turn, by /proc/self/fail-nth: the call
 * returns an error or does without the memory, leaves nothing behind, and the
 * next call works. Only a debug kernel can do that; kmemleak finds leaks.
 *
 * usage: fail_nth [STEP]   each STEP-th allocation only (1)
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "guest.h"
#include "util/macros.h"

#define FAIL_NTH     "/proc/thread-self/fail-nth"
#define FAULTS	     "/sys/kernel/debug/"
#define FAULTS_LIMIT 2000 /* more allocations than any call has */
#define TIME_LIMIT   600  /* seconds of one test */

/* The objects of a call under test. */
struct bench {
	struct guest *guest;
	int fail_fd;
	unsigned n; /* number of the allocation that fails */
	struct nic *nic;
	struct hint hint;
	int fd; /* a dma-buf */
	struct ibv_mr *mr;
	struct guest_iommu iommu;
};

struct call {
	const char *name;
	void (*prepare)(struct bench *bench); /* before each, without faults */
	int (*run)(struct bench *bench);      /* 0 or the errno */
	void (*undo)(struct bench *bench);    /* after a success; also checks it */
};

static unsigned step = 1;

static bool set_knob(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool ok = fd >= 0 && write(fd, value, strlen(value)) == (ssize_t)strlen(value);

	if (fd >= 0)
		close(fd);
	return ok;
}

/* All kinds of allocations, without messages: the trace of a fault would look like a bug. */
static bool can_fail(void)
{
	return set_knob(FAULTS "failslab/ignore-gfp-wait", "N") &&
	       set_knob(FAULTS "failslab/verbose", "0") &&
	       set_knob(FAULTS "fail_page_alloc/ignore-gfp-wait", "N") &&
	       set_knob(FAULTS "fail_page_alloc/min-order", "0") &&
	       set_knob(FAULTS "fail_page_alloc/verbose", "0");
}

static void arm(const struct bench *bench)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", bench->n);

	assert_int_equal(pwrite(bench->fail_fd, text, (size_t)len, 0), len);
}

/* Whether there was an @n-th allocation, which failed. */
static bool disarm(const struct bench *bench)
{
	char text[16] = "";

	assert_true(pread(bench->fail_fd, text, sizeof(text) - 1, 0) > 0);
	assert_int_equal(pwrite(bench->fail_fd, "0", 1, 0), 1);
	return strtoul(text, NULL, 10) == 0;
}

/* Returns whether the fault hit. */
static bool fail_one(struct bench *bench, const struct call *call, unsigned *refused)
{
	bool hit;
	int got;

	if (call->prepare)
		call->prepare(bench);
	arm(bench);
	got = call->run(bench);
	hit = disarm(bench);
	if (got && (got != ENOMEM || !hit))
		fail_msg("%s, allocation %u%s: errno %d", call->name, bench->n,
			 hit ? " failed" : " did not fail", got);
	if (got) {
		(*refused)++;
		got = call->run(bench);
		if (got)
			fail_msg("%s, again after allocation %u failed: errno %d", call->name,
				 bench->n, got);
	}
	if (call->undo)
		call->undo(bench);
	return hit;
}

static void fail_each(struct bench *bench, const struct call *call)
{
	unsigned dmabufs = guest_dmabufs(), refused = 0, faults = 0;
	bool hit = true;

	for (bench->n = 1; hit; bench->n += step) {
		assert_true(bench->n < FAULTS_LIMIT);
		hit = fail_one(bench, call, &refused);
		faults += hit;
	}
	print_message("%s: %u faults, %u of them an error\n", call->name, faults, refused);
	assert_int_equal(guest_dmabufs(), dmabufs);
}

static void bench_open(struct bench *bench, struct guest *guest)
{
	alarm(guest_limit(TIME_LIMIT));
	*bench = (struct bench){.guest = guest, .fd = -1};
	bench->fail_fd = guest_keep_fd(bench->guest, open(FAIL_NTH, O_RDWR | O_CLOEXEC));
}

static void drop_mrs(struct bench *bench)
{
	for (int i = 0; i < GUEST_MRS; i++)
		if (bench->guest->mrs[i])
			guest_unregister(bench->guest, bench->guest->mrs[i]);
}

/* Closes the queues too: then only a leaked MR can keep the protection domain busy. */
static void close_queues(struct nic *nic)
{
	assert_int_equal(ibv_dereg_mr(nic->stage_mr), 0);
	nic->stage_mr = NULL;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(ibv_destroy_qp(nic->qp[i]), 0);
		nic->qp[i] = NULL;
	}
	assert_int_equal(ibv_dealloc_pd(nic->pd), 0);
	nic->pd = NULL;
}

/* Theory of operation: no MR is left behind, and no ST entry. */
static void fail_each_on_nic(struct bench *bench, const struct call *call)
{
	struct nic *nic = bench->nic;
	unsigned entries = guest_st_used(nic);

	bench->nic = guest_open_again(bench->guest, nic);
	fail_each(bench, call);
	drop_mrs(bench);
	close_queues(bench->nic);
	nic_close(bench->nic);
	bench->nic = nic;
	assert_int_equal(guest_st_used(nic), entries);
}

static void bench_open_nic(struct bench *bench, struct guest *guest, unsigned bits)
{
	guest_need_completer(guest, bits);
	bench_open(bench, guest);
	bench->nic = guest_nic(guest, bits);
	bench->hint = (struct hint){bits, 0x5a, 2};
}

static int run_export(struct bench *bench)
{
	bench->fd = accel_export(&bench->guest->accel, 0, GUEST_SLICE_BYTES,
				 accel_hint(0x5a, false, 2));
	return bench->fd < 0 ? -bench->fd : 0;
}

static void undo_export(struct bench *bench)
{
	assert_int_equal(guest_get_flags(bench->guest, bench->fd), VFIO_DMA_BUF_TPH_ST);
	close(bench->fd);
}

GUEST_TEST(export)
{
	static const struct call call = {"export", NULL, run_export, undo_export};
	struct bench bench;

	guest_need_completer(guest, 8);
	bench_open(&bench, guest);
	fail_each(&bench, &call);
}

static int run_set(struct bench *bench)
{
	return guest_set_errno(bench->guest, bench->fd, (struct hint){8, (uint16_t)bench->n, 1},
			       bench->n & 1);
}

static int run_get(struct bench *bench)
{
	struct vfio_device_feature_dma_buf_tph tph = {.dmabuf_fd = bench->fd};

	return -accel_get_tph(&bench->guest->accel, &tph);
}

static int read_all(const char *path)
{
	char text[4096];
	int fd = open(path, O_RDONLY | O_CLOEXEC), err = 0;
	ssize_t n = 1;

	if (fd < 0)
		return errno;
	while (n > 0)
		n = read(fd, text, sizeof(text));
	if (n < 0)
		err = errno;
	close(fd);
	return err;
}

static int run_show(struct bench *bench)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", bench->fd);
	return read_all(path);
}

static int run_show_all(struct bench *bench)
{
	(void)bench;
	return read_all(FAULTS "dma_buf/bufinfo");
}

/* Theory of operation: calls on a buffer that is not imported. */
GUEST_TEST(not_imported)
{
	static const struct call calls[] = {
		{"SET", NULL, run_set, NULL},
		{"GET", NULL, run_get, NULL},
		{"fdinfo", NULL, run_show, NULL},
		{"bufinfo", NULL, run_show_all, NULL},
	};
	struct bench bench;

	guest_need_completer(guest, 8);
	bench_open(&bench, guest);
	bench.fd = guest_export(bench.guest, 0, accel_hint(1, false, 0));
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		fail_each(&bench, &calls[i]);
}

static int run_register(struct bench *bench)
{
	errno = 0;
	bench->mr = nic_register(bench->nic, bench->fd, GUEST_SLICE_BYTES);
	return bench->mr ? 0 : errno;
}

/* With the hint or, where memory for it was short, without it, as GET says. */
static void undo_register(struct bench *bench)
{
	uint32_t taken =
		bench->hint.bits == 8 ? VFIO_DMA_BUF_TPH_TAKEN_ST : VFIO_DMA_BUF_TPH_TAKEN_ST_EXT;
	uint32_t flags = guest_get_flags(bench->guest, bench->fd);
	struct hint none = {0};

	if (flags & VFIO_DMA_BUF_TPH_REQUIRED)
		assert_true(flags & taken);
	guest_check_writes(bench->guest, bench->nic, bench->mr, 0,
			   flags & taken ? bench->hint : none);
	assert_int_equal(ibv_dereg_mr(bench->mr), 0);
}

static void prepare_register(struct bench *bench)
{
	assert_int_equal(guest_set_errno(bench->guest, bench->fd, bench->hint, false), 0);
}

static void prepare_required(struct bench *bench)
{
	assert_int_equal(guest_set_errno(bench->guest, bench->fd, bench->hint, true), 0);
}

/* Uses up the idle mkey of the last region, so that the next region needs a new one. */
static void prepare_new_mkey(struct bench *bench)
{
	guest_register(bench->guest, bench->nic, bench->fd);
	prepare_register(bench);
}

static void register_bits(struct guest *guest, unsigned bits)
{
	static const struct call call = {"register", prepare_register, run_register, undo_register},
				 required = {"register, required", prepare_required, run_register,
					     undo_register};
	struct bench bench;

	bench_open_nic(&bench, guest, bits);
	bench.fd = guest_export(bench.guest, 0, 0);
	fail_each_on_nic(&bench, &call);
	fail_each_on_nic(&bench, &required);
}

/* Theory of operation: attach, get the hint, ST entry, mkey from the pool, map. */
GUEST_TEST(register_8)
{
	register_bits(guest, 8);
}

GUEST_TEST(register_16)
{
	register_bits(guest, 16);
}

/* Theory of operation: the same with an mkey that the NIC has to create. */
GUEST_TEST(register_new_mkey)
{
	static const struct call call = {"register, new mkey", prepare_new_mkey, run_register,
					 undo_register};
	struct bench bench;

	bench_open_nic(&bench, guest, 16);
	bench.hint.ph = 3;
	bench.fd = guest_export_hint(bench.guest, 0, bench.hint);
	fail_each_on_nic(&bench, &call);
}

static void prepare_deregister(struct bench *bench)
{
	assert_int_equal(run_register(bench), 0);
}

static int run_deregister(struct bench *bench)
{
	return ibv_dereg_mr(bench->mr);
}

/* Theory of operation: a failed deregistration changes nothing, and the second one succeeds. */
GUEST_TEST(deregister)
{
	static const struct call call = {"deregister", prepare_deregister, run_deregister, NULL};
	struct bench bench;

	bench_open_nic(&bench, guest, 16);
	bench.fd = guest_export_hint(bench.guest, 0, bench.hint);
	fail_each_on_nic(&bench, &call);
}

/* Another tag each time, so that the ST entry has to change. */
static void prepare_map(struct bench *bench)
{
	bench->hint.tag ^= 0x100;
	assert_int_equal(accel_enable(&bench->guest->accel, false), 0);
	assert_int_equal(guest_set_errno(bench->guest, bench->fd, bench->hint, true), 0);
	assert_int_equal(accel_enable(&bench->guest->accel, true), 0);
}

static int run_map(struct bench *bench)
{
	return guest_map_again(bench->nic, bench->mr);
}

static void check_hinted(struct bench *bench)
{
	guest_check_writes(bench->guest, bench->nic, bench->mr, 0, bench->hint);
}

static int run_revoke(struct bench *bench)
{
	return -accel_enable(&bench->guest->accel, false);
}

static void undo_revoke(struct bench *bench)
{
	assert_int_equal(accel_enable(&bench->guest->accel, true), 0);
	check_hinted(bench);
}

static int run_reset(struct bench *bench)
{
	return -accel_reset(&bench->guest->accel);
}

/* A reset clears a required hint and closes the buffer, until its owner sets one. */
static void undo_reset(struct bench *bench)
{
	assert_int_equal(guest_set_errno(bench->guest, bench->fd, bench->hint, true), 0);
	check_hinted(bench);
}

/* Theory of operation: one region stays registered throughout, with the required hint. */
GUEST_TEST(revoked)
{
	static const struct call calls[] = {
		{"map again", prepare_map, run_map, check_hinted},
		{"revoke", NULL, run_revoke, undo_revoke},
		{"reset", NULL, run_reset, undo_reset},
	};
	struct bench bench;

	bench_open_nic(&bench, guest, 16);
	bench.fd = guest_export_hint(bench.guest, 0, bench.hint);
	bench.mr = guest_register(bench.guest, bench.nic, bench.fd);
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		fail_each(&bench, &calls[i]);
}

static void prepare_iommufd(struct bench *bench)
{
	guest_iommu_open(&bench->iommu);
}

static int run_iommufd(struct bench *bench)
{
	return guest_iommu_map(&bench->iommu, bench->fd, 0);
}

static void undo_iommufd(struct bench *bench)
{
	assert_int_equal(close(bench->iommu.fd), 0);
}

/* Theory of operation: iommufd maps the memory by a private interface of the exporter. */
GUEST_TEST(by_iommufd)
{
	static const struct call call = {"iommufd", prepare_iommufd, run_iommufd, undo_iommufd};
	struct bench bench;

	bench_open(&bench, guest);
	bench.fd = guest_export(bench.guest, 0, 0);
	fail_each(&bench, &call);
}

int guest_prepare(int argc, char **argv)
{
	if (argc > 1)
		step = (unsigned)strtoul(argv[1], NULL, 10);
	if (argc > 2 || !step) {
		fprintf(stderr, "usage: fail_nth [STEP]: STEP is a number from 1\n");
		return 2;
	}
	if (can_fail())
		return 0;
	printf("skipped: this kernel injects no faults; run this with tphlab run --debug\n");
	return GUEST_SKIPPED;
}
