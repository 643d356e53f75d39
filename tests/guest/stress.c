// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Everything at once, for a while: independent threads export buffers, set and read
 * hints, import by both NICs and by iommufd, write, close, revoke and reset. Nothing
 * may hang, each call may fail with its listed errors only, and at the end nothing
 * is left.
 *
 * usage: stress [SECONDS [SEED]]   (20, and a seed from the system)
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "guest.h"
#include "random.h"

#define BUFFERS	     16U
#define TAGS	     300U /* more than an ST table has entries */
#define WORKERS	     16U
#define MRS	     12U /* of one importer */
#define HANG_SECONDS 180U
#define COUNT_OF(a)  (sizeof(a) / sizeof((a)[0]))
#define ERRNOS(...)  ((const int[]){__VA_ARGS__, 0})

struct stress;

struct worker {
	struct stress *stress;
	const char *name;
	bool (*step)(struct worker *worker); /* false: the step does not count */
	struct random random;
	unsigned nth; /* of the NICs */
	struct nic nic;
	struct ibv_mr *mrs[MRS];
	pthread_t thread;
	bool started;
	atomic_uint steps;
};

struct stress {
	struct guest *guest;
	pthread_mutex_t lock; /* of fds */
	int fds[BUFFERS];     /* -1: none */
	atomic_bool stop;
	atomic_bool failed;
	struct worker workers[WORKERS];
	unsigned worker_count;
};

static uint64_t arg_seconds = 20, arg_seed;

static bool is_one_of(int err, const int *errnos)
{
	for (; *errnos; errnos++)
		if (err == *errnos)
			return true;
	return false;
}

/* Stops all threads if @err is neither 0 nor listed. Returns whether it is 0. */
static bool expect(struct worker *worker, const char *what, int err, const int *errnos)
{
	if (!err || is_one_of(err, errnos))
		return !err;
	fprintf(stderr, "stress: %s: %s: %s\n", worker->name, what, strerror(err));
	atomic_store(&worker->stress->failed, true);
	atomic_store(&worker->stress->stop, true);
	return false;
}

static uint32_t any_tag(struct worker *worker)
{
	return random_below(&worker->random, TAGS);
}

/* A duplicate, since other threads may close the buffer. -1: no buffer in this place. */
static int duplicate(struct worker *worker)
{
	struct stress *stress = worker->stress;
	int fd;

	pthread_mutex_lock(&stress->lock);
	fd = stress->fds[random_below(&worker->random, BUFFERS)];
	if (fd >= 0)
		fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	pthread_mutex_unlock(&stress->lock);
	return fd;
}

/* Puts @fd in some place and closes what was there. */
static void replace(struct worker *worker, int fd)
{
	struct stress *stress = worker->stress;
	int *place = &stress->fds[random_below(&worker->random, BUFFERS)], old;

	pthread_mutex_lock(&stress->lock);
	old = *place;
	*place = fd;
	pthread_mutex_unlock(&stress->lock);
	if (old >= 0)
		close(old);
}

static bool step_export(struct worker *worker)
{
	struct random *random = &worker->random;
	bool extended = random_once(random, 2);
	uint32_t tag = any_tag(worker) & (extended ? 0xffff : 0xff);
	uint32_t flags = accel_hint((uint16_t)tag, extended, random_below(random, 4));
	int fd;

	if (random_once(random, 4))
		flags |= VFIO_DMABUF_FL_TPH_REQUIRED;
	if (random_once(random, 4))
		flags = 0;
	fd = accel_export(&worker->stress->guest->accel,
			  random_below(random, BUFFERS) * GUEST_SLICE_BYTES, GUEST_SLICE_BYTES,
			  flags);
	if (!expect(worker, "export", fd < 0 ? -fd : 0, ERRNOS(0)))
		return false;
	replace(worker, fd);
	return true;
}

static bool step_close(struct worker *worker)
{
	const struct timespec pause = {.tv_nsec = 3 * 1000 * 1000};

	replace(worker, -1);
	nanosleep(&pause, NULL);
	return true;
}

static bool step_set(struct worker *worker)
{
	struct random *random = &worker->random;
	const struct accel *accel = &worker->stress->guest->accel;
	struct vfio_device_feature_dma_buf_tph tph = {.dmabuf_fd = duplicate(worker)}, got = tph;
	bool ok;

	if (tph.dmabuf_fd < 0)
		return false;
	if (random_once(random, 2)) {
		tph.flags |= VFIO_DMA_BUF_TPH_ST;
		tph.steering_tag = (uint8_t)any_tag(worker);
	}
	if (random_once(random, 2)) {
		tph.flags |= VFIO_DMA_BUF_TPH_ST_EXT;
		tph.steering_tag_ext = (uint16_t)any_tag(worker);
	}
	if (tph.flags)
		tph.ph = (uint8_t)random_below(random, 4);
	tph.flags |= random_once(random, 4) ? VFIO_DMA_BUF_TPH_REQUIRED : 0u;
	ok = expect(worker, "SET", -accel_set_tph(accel, &tph), ERRNOS(EBUSY));
	ok &= expect(worker, "GET", -accel_get_tph(accel, &got), ERRNOS(0));
	close(tph.dmabuf_fd);
	return ok;
}

static bool step_show(struct worker *worker)
{
	/* Without a pause this would slow the other threads down too much. */
	const struct timespec pause = {.tv_nsec = 2 * 1000 * 1000};
	char path[64], text[4096];
	int fd = duplicate(worker), file;
	ssize_t n = 1;

	nanosleep(&pause, NULL);
	if (fd < 0)
		return false;
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	file = open(random_once(&worker->random, 2) ? path : "/sys/kernel/debug/dma_buf/bufinfo",
		    O_RDONLY | O_CLOEXEC);
	while (file >= 0 && n > 0)
		n = read(file, text, sizeof(text));
	expect(worker, "fdinfo or bufinfo", file < 0 || n < 0 ? errno : 0, ERRNOS(0));
	if (file >= 0)
		close(file);
	close(fd);
	return true;
}

/* Writes, and connects again if the memory was not accessible. */
static void write_some(struct worker *worker, const struct ibv_mr *mr)
{
	int ret = nic_write(&worker->nic, mr, 0, 0, 4096);

	if (ret == -EREMOTEIO) {
		ret = nic_connect(&worker->nic);
		expect(worker, "connect", -ret, ERRNOS(0));
		return;
	}
	expect(worker, "write", -ret, ERRNOS(0));
}

static void map_again(struct worker *worker, const struct ibv_mr *mr)
{
	/* Revoked, or the hint has changed and the key cannot send the new one. */
	expect(worker, "advise", guest_map_again(&worker->nic, mr),
	       ERRNOS(ENODEV, ESTALE, EPERM, EFAULT));
}

static bool drop_mr(struct worker *worker, struct ibv_mr **mr)
{
	int err = *mr ? ibv_dereg_mr(*mr) : 0;

	*mr = NULL;
	return expect(worker, "deregister", err, ERRNOS(0));
}

static bool step_import(struct worker *worker)
{
	struct ibv_mr **mr = &worker->mrs[random_below(&worker->random, MRS)];
	int fd;

	if (*mr && random_once(&worker->random, 2)) {
		map_again(worker, *mr);
		write_some(worker, *mr);
		return true;
	}
	fd = duplicate(worker);
	if (fd < 0)
		return false;
	if (!drop_mr(worker, mr))
		return false;
	*mr = nic_register(&worker->nic, fd, GUEST_SLICE_BYTES);
	/* Revoked or closed; the hint is required and cannot be sent, or the ST table is full. */
	expect(worker, "register", *mr ? 0 : errno, ERRNOS(ENODEV, EPERM, ENOSPC));
	close(fd);
	return *mr != NULL;
}

static bool step_iommufd(struct worker *worker)
{
	struct guest_iommu iommu;
	bool ok = false;
	int fd = duplicate(worker);

	if (fd < 0)
		return false;
	guest_iommu_open(&iommu);
	for (unsigned i = 0; i < 4; i++)
		ok |= expect(worker, "iommufd", guest_iommu_map(&iommu, fd, i),
			     ERRNOS(ENODEV, EPERM));
	close(iommu.fd);
	close(fd);
	return ok;
}

static bool step_revoke(struct worker *worker)
{
	const struct timespec pause = {.tv_nsec = 7 * 1000 * 1000};
	struct accel *accel = &worker->stress->guest->accel;

	expect(worker, "memory off", -accel_enable(accel, false), ERRNOS(0));
	nanosleep(&pause, NULL);
	expect(worker, "memory on", -accel_enable(accel, true), ERRNOS(0));
	nanosleep(&pause, NULL);
	return true;
}

static bool step_reset(struct worker *worker)
{
	const struct timespec pause = {.tv_nsec = 200 * 1000 * 1000};

	nanosleep(&pause, NULL);
	return expect(worker, "reset", -accel_reset(&worker->stress->guest->accel), ERRNOS(0));
}

static void *work(void *arg)
{
	struct worker *worker = arg;

	while (!atomic_load(&worker->stress->stop))
		atomic_fetch_add(&worker->steps, worker->step(worker));
	for (unsigned i = 0; i < MRS; i++)
		drop_mr(worker, &worker->mrs[i]);
	return NULL;
}

static struct worker *add(struct stress *stress, const char *name, bool (*step)(struct worker *))
{
	struct worker *worker = &stress->workers[stress->worker_count];

	assert_true(stress->worker_count < WORKERS);
	*worker =
		(struct worker){.stress = stress,
				.name = name,
				.step = step,
				.random = random_start(arg_seed * WORKERS + stress->worker_count)};
	stress->worker_count++;
	return worker;
}

static void add_workers(struct stress *stress)
{
	add(stress, "export", step_export);
	add(stress, "close", step_close);
	add(stress, "set", step_set);
	add(stress, "set", step_set);
	add(stress, "show", step_show);
	add(stress, "revoke", step_revoke);
	add(stress, "reset", step_reset);
	if (!access("/dev/iommu", F_OK))
		add(stress, "iommufd", step_iommufd);
	for (unsigned i = 0; i < stress->guest->nic_count && i < 4; i++) {
		for (int twice = 0; twice < 2; twice++) {
			struct worker *worker = add(stress, "import", step_import);

			assert_int_equal(nic_open(&worker->nic, i), 0);
		}
	}
}

static void start(struct stress *stress)
{
	for (unsigned i = 0; i < stress->worker_count; i++) {
		struct worker *worker = &stress->workers[i];

		assert_int_equal(pthread_create(&worker->thread, NULL, work, worker), 0);
		worker->started = true;
	}
}

static void wait_for_end(struct stress *stress)
{
	for (uint64_t i = 0; i < arg_seconds && !atomic_load(&stress->stop); i++) {
		sleep(1);
		if (i % 30 == 29)
			print_message("%" PRIu64 " of %" PRIu64 " seconds\n", i + 1, arg_seconds);
		fflush(stdout);
	}
	atomic_store(&stress->stop, true);
}

/* Each thread ends its step within the limit, or the test aborts. */
static void join(struct stress *stress)
{
	struct timespec limit;

	clock_gettime(CLOCK_REALTIME, &limit);
	limit.tv_sec += HANG_SECONDS;
	for (unsigned i = 0; i < stress->worker_count; i++) {
		struct worker *worker = &stress->workers[i];

		if (!worker->started)
			continue;
		if (pthread_timedjoin_np(worker->thread, NULL, &limit)) {
			fprintf(stderr, "stress: %s hangs\n", worker->name);
			abort();
		}
		print_message("%s: %u\n", worker->name, atomic_load(&worker->steps));
	}
}

GUEST_TEST(everything)
{
	static struct stress stress;

	alarm((unsigned)arg_seconds + HANG_SECONDS + 60);
	print_message("seed %" PRIu64 "\n", arg_seed);
	stress = (struct stress){.guest = guest, .lock = PTHREAD_MUTEX_INITIALIZER};
	for (unsigned i = 0; i < BUFFERS; i++)
		stress.fds[i] = -1;
	add_workers(&stress);
	start(&stress);
	wait_for_end(&stress);
	join(&stress);
	for (unsigned i = 0; i < BUFFERS; i++)
		if (stress.fds[i] >= 0)
			close(stress.fds[i]);
	for (unsigned i = 0; i < stress.worker_count; i++) {
		if (stress.workers[i].nic.context)
			nic_close(&stress.workers[i].nic);
		assert_true(stress.failed || atomic_load(&stress.workers[i].steps) > 0);
	}
	assert_false(stress.failed);
}

/* Theory of operation: all resources are released, and a new region works. */
GUEST_TEST(nothing_left)
{
	assert_int_equal(guest_dmabufs(), 0);
	for (unsigned i = 0; i < guest->nic_count; i++) {
		struct nic *nic = &guest->nics[i];
		struct hint hint = {nic->tag_bits, 0x5a, 2};
		int fd;

		assert_int_equal(guest_st_used(nic), 0);
		if (!nic->tag_bits || guest->completer_bits < nic->tag_bits ||
		    !guest_same_switch(guest, nic))
			continue;
		fd = guest_export_hint(guest, i, hint);
		guest_check_writes(guest, nic, guest_register(guest, nic, fd), i, hint);
	}
}

int guest_prepare(int argc, char **argv)
{
	return guest_take_limit(argc, argv, &arg_seconds, &arg_seed);
}
