// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Random exports and calls of the device feature, most of them nearly right, on
 * files of every kind, while memory is revoked and regions are registered and
 * dropped. Each result is compared with a model of the documented errors, each
 * hint that is read back with the one that was set.
 *
 * usage: feature_fuzz [CALLS [SEED]]   (20000, and a seed from the system)
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/udmabuf.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "feature_model.h"
#include "guest.h"
#include "random.h"

#define PAGE		  4096U
#define ARG_PAGES	  2U
#define BUFFERS		  24U
#define HELD		  2U /* the first of them have importers and are never closed */
#define OTHERS		  12U
#define RESOURCE_PREFETCH 0x2000 /* in sysfs' file resource: IORESOURCE_PREFETCH */
#define CLOSED_FD	  400	 /* a number that stays unused */
#define COUNT_OF(a)	  (sizeof(a) / sizeof((a)[0]))

/* How many resets had begun and ended. */
struct resets {
	unsigned begun, ended;
};

struct buffer {
	int fd; /* -1: none */
	struct model_hints hints;
	struct resets before, after; /* counted around the call that last set the hints */
};

struct other_file {
	int fd;
	enum model_file file;
};

struct fuzz {
	struct guest *guest;
	struct random random;
	uint64_t seed, calls, now; /* now: number of the current call */
	struct model_device device;
	struct accel second; /* another accelerator */
	struct buffer buffers[BUFFERS];
	struct other_file others[OTHERS];
	unsigned other_count;
	uint8_t *window; /* ARG_PAGES, then a page without access */
	uint64_t by_errno[256];
	/* of the other threads */
	atomic_bool stop;
	atomic_int fatal;
	atomic_uint revokes, imports, resets_begun, resets_ended;
};

/* The longest argument of a call. */
struct argument {
	struct {
		uint32_t argsz, flags;
	} head;
	union {
		struct vfio_device_feature_dma_buf_tph tph;
		struct model_export export;
	};
};

static uint64_t arg_calls = 20000, arg_seed;

static uint32_t pick(struct fuzz *fuzz, const uint32_t *values, size_t count)
{
	return values[random_below(&fuzz->random, (uint32_t)count)];
}

#define PICK(fuzz, ...)                                                                            \
	pick(fuzz, (const uint32_t[]){__VA_ARGS__},                                                \
	     sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t))

/* Mostly @good; else one bit of it is wrong, or all are random. */
static uint32_t nearly(struct fuzz *fuzz, uint32_t good)
{
	switch (random_below(&fuzz->random, 16)) {
	case 0:
		return random_u32(&fuzz->random);
	case 1:
	case 2:
		return good ^ 1u << random_below(&fuzz->random, 32);
	default:
		return good;
	}
}

static void choose_head(struct fuzz *fuzz, struct argument *arg, uint32_t feature, uint32_t op,
			uint32_t bytes)
{
	struct random *random = &fuzz->random;

	arg->head.argsz = (uint32_t)sizeof(arg->head) + bytes;
	arg->head.flags = feature | op;
	if (random_once(random, 12))
		arg->head.argsz = PICK(fuzz, 0, 7, 8, arg->head.argsz - 1, arg->head.argsz + 1,
				       PAGE, 0xffffffff, random_below(random, 64));
	if (random_once(random, 12))
		arg->head.flags ^= PICK(fuzz, VFIO_DEVICE_FEATURE_GET, VFIO_DEVICE_FEATURE_SET,
					VFIO_DEVICE_FEATURE_PROBE,
					VFIO_DEVICE_FEATURE_PROBE | VFIO_DEVICE_FEATURE_GET,
					1u << (19 + random_below(random, 13)));
}

/* How many bytes of the argument are readable. */
static size_t choose_readable(struct fuzz *fuzz, size_t bytes)
{
	return random_once(&fuzz->random, 20) ? random_below(&fuzz->random, (uint32_t)bytes)
					      : bytes;
}

/* Behind the last readable byte is a page without access. Returns as the ioctl, or -errno. */
static int call_device(struct fuzz *fuzz, const struct model_call *call, struct argument *arg)
{
	uint8_t *at = fuzz->window + ARG_PAGES * PAGE - call->readable;
	int ret;

	memcpy(at, arg, call->readable);
	if (!call->writable)
		assert_int_equal(mprotect(fuzz->window, ARG_PAGES * PAGE, PROT_READ), 0);
	ret = ioctl(fuzz->guest->accel.device_fd, VFIO_DEVICE_FEATURE, at);
	ret = ret < 0 ? -errno : ret;
	if (!call->writable)
		assert_int_equal(mprotect(fuzz->window, ARG_PAGES * PAGE, PROT_READ | PROT_WRITE),
				 0);
	memcpy(arg, at, call->readable);
	return ret;
}

static void judge(struct fuzz *fuzz, const char *what, const struct model_call *call, int got,
		  int want, uint32_t flags)
{
	fuzz->by_errno[(unsigned)want % COUNT_OF(fuzz->by_errno)]++;
	if (got != want)
		fail_msg("seed %" PRIu64 ", call %" PRIu64 ", %s: argsz %u, flags 0x%x, %zu bytes "
			 "readable%s, flags in it 0x%x: errno %d, not %d",
			 fuzz->seed, fuzz->now, what, call->argsz, call->flags, call->readable,
			 call->writable ? "" : " only", flags, got, want);
}

static uint32_t choose_export_flags(struct fuzz *fuzz)
{
	uint32_t flags = accel_hint((uint16_t)random_u32(&fuzz->random), true,
				    random_below(&fuzz->random, 4));

	if (random_once(&fuzz->random, 4))
		return nearly(fuzz, 0);
	if (random_once(&fuzz->random, 2))
		flags &= ~((uint32_t)VFIO_DMABUF_FL_TPH_EXT | 0xff000000);
	if (random_once(&fuzz->random, 4))
		flags |= VFIO_DMABUF_FL_TPH_REQUIRED;
	return nearly(fuzz, flags);
}

static struct vfio_region_dma_range choose_range(struct fuzz *fuzz, uint32_t bar)
{
	uint64_t bytes = bar < MODEL_BARS ? fuzz->device.bar_bytes[bar] : 0;
	uint32_t pages = bytes ? (uint32_t)(bytes / PAGE) : 1;
	uint32_t from = random_below(&fuzz->random, pages);
	struct vfio_region_dma_range range = {
		.offset = (uint64_t)from * PAGE,
		.length = PAGE * (1 + (uint64_t)random_below(&fuzz->random, pages - from)),
	};

	switch (random_below(&fuzz->random, 40)) {
	case 0:
		range.offset ^= 1ull << random_below(&fuzz->random, 64);
		break;
	case 1:
		range.length ^= 1ull << random_below(&fuzz->random, 64);
		break;
	case 2:
		range.length = 0;
		break;
	case 3:
		range.offset = random_u64(&fuzz->random) & ~(uint64_t)(PAGE - 1);
		range.length = random_u64(&fuzz->random) & ~(uint64_t)(PAGE - 1);
		break;
	}
	return range;
}

static struct resets count_resets(struct fuzz *fuzz)
{
	return (struct resets){.begun = atomic_load(&fuzz->resets_begun),
			       .ended = atomic_load(&fuzz->resets_ended)};
}

static void keep_buffer(struct fuzz *fuzz, int fd, const struct model_hints *hints,
			struct resets before)
{
	struct buffer *buffer = &fuzz->buffers[HELD + random_below(&fuzz->random, BUFFERS - HELD)];

	if (buffer->fd >= 0)
		close(buffer->fd);
	*buffer = (struct buffer){fd, *hints, before, count_resets(fuzz)};
}

static void fuzz_export(struct fuzz *fuzz)
{
	uint32_t bar = random_once(&fuzz->random, 12) ? random_below(&fuzz->random, 12) : 0;
	struct argument arg = {0};
	struct model_call call = {.writable = true};
	struct resets before = count_resets(fuzz);
	struct model_hints hints;
	bool done;
	int ret, want;

	arg.export = (struct model_export){
		.region_index = bar,
		.open_flags = random_once(&fuzz->random, 8) ? random_u32(&fuzz->random) | O_CLOEXEC
							    : O_RDWR | O_CLOEXEC,
		.flags = choose_export_flags(fuzz),
		.nr_ranges = 1 + random_below(&fuzz->random, 3),
	};
	if (random_once(&fuzz->random, 16))
		arg.export.nr_ranges = PICK(fuzz, 0, MODEL_RANGES, MODEL_RANGES + 1, 200, 1u << 20,
					    1u << 28, 0xffffffff);
	for (unsigned i = 0; i < MODEL_RANGES; i++)
		arg.export.ranges[i] = choose_range(fuzz, bar);
	choose_head(fuzz, &arg, VFIO_DEVICE_FEATURE_DMA_BUF, VFIO_DEVICE_FEATURE_GET,
		    sizeof(arg.export));
	call.argsz = arg.head.argsz;
	call.flags = arg.head.flags;
	call.readable = choose_readable(fuzz, sizeof(arg.head) + sizeof(arg.export));
	want = model_export(&fuzz->device, &call, &arg.export, &hints, &done);
	ret = call_device(fuzz, &call, &arg);
	judge(fuzz, "export", &call, ret < 0 ? -ret : 0, want, arg.export.flags);
	if (done)
		keep_buffer(fuzz, ret, &hints, before);
}

/* A buffer of this test, or another file. Returns its kind. */
static enum model_file choose_file(struct fuzz *fuzz, int *fd, struct buffer **buffer)
{
	struct buffer *own = &fuzz->buffers[random_below(&fuzz->random, BUFFERS)];
	const struct other_file *other =
		&fuzz->others[random_below(&fuzz->random, fuzz->other_count)];

	*buffer = NULL;
	if (random_once(&fuzz->random, 5)) {
		*fd = other->fd;
		return other->file;
	}
	*fd = own->fd;
	if (own->fd < 0)
		return MODEL_NO_FILE;
	*buffer = own;
	/* A file that has just been closed. */
	if (own >= fuzz->buffers + HELD && random_once(&fuzz->random, 50)) {
		close(own->fd);
		own->fd = -1;
		*buffer = NULL;
		return MODEL_NO_FILE;
	}
	return MODEL_OWN;
}

static void choose_hints(struct fuzz *fuzz, struct vfio_device_feature_dma_buf_tph *tph)
{
	static const uint32_t namespaces[] = {0, VFIO_DMA_BUF_TPH_ST, VFIO_DMA_BUF_TPH_ST_EXT,
					      VFIO_DMA_BUF_TPH_ST | VFIO_DMA_BUF_TPH_ST_EXT};
	uint32_t flags = pick(fuzz, namespaces, COUNT_OF(namespaces));

	if (flags & VFIO_DMA_BUF_TPH_ST)
		tph->steering_tag = (uint8_t)random_u32(&fuzz->random);
	if (flags & VFIO_DMA_BUF_TPH_ST_EXT)
		tph->steering_tag_ext = (uint16_t)random_u32(&fuzz->random);
	if (flags) {
		tph->ph = (uint8_t)random_below(&fuzz->random, 4);
	}
	if (random_once(&fuzz->random, 3))
		flags |= VFIO_DMA_BUF_TPH_REQUIRED;
	if (random_once(&fuzz->random, 8))
		flags |= MODEL_TAKEN;
	tph->flags = flags;
	switch (random_below(&fuzz->random, 24)) {
	case 0:
		tph->flags = nearly(fuzz, flags);
		break;
	case 1:
		tph->flags ^= 1u << random_below(&fuzz->random, 3);
		break;
	case 2:
		tph->steering_tag = (uint8_t)random_u32(&fuzz->random);
		break;
	case 3:
		tph->steering_tag_ext = (uint16_t)random_u32(&fuzz->random);
		break;
	case 4:
		tph->ph = (uint8_t)random_u32(&fuzz->random);
		break;
	}
}

/*
 * GET returns every field as it was set, and TAKEN only for an imported buffer. A
 * reset after the SET has closed the buffer if a hint was required; a reset that
 * ran during the SET or this GET may have.
 */
static void judge_hints(struct fuzz *fuzz, struct buffer *buffer, struct resets before,
			const struct vfio_device_feature_dma_buf_tph *got)
{
	struct model_hints *want = &buffer->hints, closed = *want;
	struct resets after = count_resets(fuzz);
	uint32_t flags = buffer < fuzz->buffers + HELD ? got->flags & ~MODEL_TAKEN : got->flags;

	model_reset(&closed);
	if (before.ended > buffer->after.begun ||
	    (after.begun > buffer->before.ended && flags == closed.flags)) {
		*want = closed;
		buffer->before = before;
		buffer->after = after;
	}

	if (got->dmabuf_fd != buffer->fd || flags != want->flags || got->steering_tag != want->st ||
	    got->steering_tag_ext != want->st_ext || got->ph != want->ph)
		fail_msg("seed %" PRIu64 ", call %" PRIu64 ", GET: flags 0x%x st 0x%x st_ext 0x%x "
			 "ph %u, not flags 0x%x st 0x%x st_ext 0x%x ph %u",
			 fuzz->seed, fuzz->now, got->flags, got->steering_tag,
			 got->steering_tag_ext, got->ph, want->flags, want->st, want->st_ext,
			 want->ph);
}

/* An importer of a held buffer may make any SET fail but the one that closes the buffer. */
static bool may_be_busy(const struct fuzz *fuzz, const struct buffer *buffer,
			const struct vfio_device_feature_dma_buf_tph *set)
{
	return buffer && buffer < fuzz->buffers + HELD &&
	       (set->flags & ~MODEL_TAKEN) != VFIO_DMA_BUF_TPH_REQUIRED;
}

static void fuzz_feature(struct fuzz *fuzz)
{
	bool set = random_once(&fuzz->random, 2);
	struct argument arg = {0};
	struct model_call call = {.writable = set || !random_once(&fuzz->random, 50)};
	struct resets before = count_resets(fuzz);
	struct model_hints hints = {0};
	struct buffer *buffer;
	enum model_file file;
	bool maybe_busy;
	int got, want;

	if (set)
		choose_hints(fuzz, &arg.tph);
	else
		arg.tph.flags = random_u32(&fuzz->random);
	file = choose_file(fuzz, &arg.tph.dmabuf_fd, &buffer);
	choose_head(fuzz, &arg, TPH_VFIO_FEATURE_DMA_BUF_TPH,
		    set ? VFIO_DEVICE_FEATURE_SET : VFIO_DEVICE_FEATURE_GET, sizeof(arg.tph));
	call.argsz = arg.head.argsz;
	call.flags = arg.head.flags;
	call.readable = choose_readable(fuzz, sizeof(arg.head) + sizeof(arg.tph));
	if (buffer)
		hints = buffer->hints;
	want = model_feature(&fuzz->device, &call, &arg.tph, file, &hints);
	maybe_busy = may_be_busy(fuzz, buffer, &arg.tph);
	got = -call_device(fuzz, &call, &arg);
	if (!want && got == EBUSY && maybe_busy)
		return;
	judge(fuzz, "feature", &call, got, want, arg.tph.flags);
	if (got || !buffer || call.flags & VFIO_DEVICE_FEATURE_PROBE)
		return;
	if (call.flags & VFIO_DEVICE_FEATURE_SET)
		*buffer = (struct buffer){buffer->fd, hints, before, count_resets(fuzz)};
	else
		judge_hints(fuzz, buffer, before, &arg.tph);
}

/* The calls of both threads take much longer than those of the fuzzer, and block them. */
static const struct timespec beside_pause = {.tv_nsec = 200 * 1000 * 1000};

/* Memory off and on, and sometimes a reset. */
static void *revoke_memory(void *arg)
{
	struct fuzz *fuzz = arg;
	struct accel *accel = &fuzz->guest->accel;
	bool on = true;

	while (!atomic_load(&fuzz->stop)) {
		int ret = 0;

		if (atomic_fetch_add(&fuzz->revokes, 1) % 64 == 63) {
			atomic_fetch_add(&fuzz->resets_begun, 1);
			ret = accel_reset(accel);
			atomic_fetch_add(&fuzz->resets_ended, 1);
		}
		on = !on;
		if (!ret)
			ret = accel_enable(accel, on);
		if (ret)
			atomic_store(&fuzz->fatal, ret);
		nanosleep(&beside_pause, NULL);
	}
	return NULL;
}

/* The documented errors of an import that may come here. */
static bool import_may_fail_with(int err)
{
	return err == ENODEV || err == EPERM || err == ENOSPC;
}

static void *import_held(void *arg)
{
	struct fuzz *fuzz = arg;
	struct nic *nic = &fuzz->guest->second;

	for (unsigned i = 0; !atomic_load(&fuzz->stop); i++) {
		struct ibv_mr *mr = nic_register(nic, fuzz->buffers[i % HELD].fd, PAGE);

		if (!mr && !import_may_fail_with(errno))
			atomic_store(&fuzz->fatal, -errno);
		if (mr && ibv_dereg_mr(mr))
			atomic_store(&fuzz->fatal, -EIO);
		atomic_fetch_add(&fuzz->imports, mr != NULL);
		nanosleep(&beside_pause, NULL);
	}
	return NULL;
}

static void add_other(struct fuzz *fuzz, int fd, enum model_file file)
{
	assert_true(fuzz->other_count < OTHERS);
	fuzz->others[fuzz->other_count++] = (struct other_file){fd, file};
}

static int open_udmabuf(struct guest *guest)
{
	struct udmabuf_create create = {.size = PAGE};
	int fd, device = open("/dev/udmabuf", O_RDWR | O_CLOEXEC);

	assert_true(device >= 0);
	create.memfd = (uint32_t)guest_keep_fd(
		guest, memfd_create("fuzz", MFD_ALLOW_SEALING | MFD_CLOEXEC));
	assert_int_equal(ftruncate((int)create.memfd, PAGE), 0);
	assert_int_equal(fcntl((int)create.memfd, F_ADD_SEALS, F_SEAL_SHRINK), 0);
	fd = ioctl(device, UDMABUF_CREATE, &create);
	close(device);
	return guest_keep_fd(guest, fd);
}

/* Buffers of another accelerator: one from before a close, one of the open device. */
static void open_second(struct fuzz *fuzz)
{
	struct tph_bdf bdf;
	int fd;

	fuzz->second = (struct accel){0};
	if (accel_find(&bdf, 1)) {
		print_message("only one accelerator: no buffers of another, nor of a closed one\n");
		return;
	}
	for (int i = 0; i < 2; i++) {
		assert_int_equal(accel_open(&fuzz->second, &bdf), 0);
		fd = guest_keep_fd(fuzz->guest, accel_export(&fuzz->second, 0, PAGE, 0));
		add_other(fuzz, fd, i ? MODEL_OTHER_DEVICE : MODEL_CLOSED_DEVICE);
		if (!i)
			accel_close(&fuzz->second);
	}
}

static void open_others(struct fuzz *fuzz)
{
	struct guest *guest = fuzz->guest;
	int pipes[2];

	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	add_other(fuzz, guest_keep_fd(guest, pipes[0]), MODEL_NO_DMABUF);
	add_other(fuzz, guest_keep_fd(guest, pipes[1]), MODEL_NO_DMABUF);
	add_other(fuzz, guest->accel.device_fd, MODEL_NO_DMABUF);
	add_other(fuzz, guest_keep_fd(guest, memfd_create("fuzz", MFD_CLOEXEC)), MODEL_NO_DMABUF);
	add_other(fuzz, guest_keep_fd(guest, open("/", O_PATH | O_CLOEXEC)), MODEL_NO_FILE);
	add_other(fuzz, open_udmabuf(guest), MODEL_OTHER_EXPORTER);
	add_other(fuzz, -1, MODEL_NO_FILE);
	add_other(fuzz, INT32_MIN, MODEL_NO_FILE);
	add_other(fuzz, INT32_MAX, MODEL_NO_FILE);
	add_other(fuzz, CLOSED_FD, MODEL_NO_FILE);
	open_second(fuzz);
}

static void read_bars(struct fuzz *fuzz)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/resource", fuzz->guest->accel_name);
	f = fopen(path, "re");
	assert_non_null(f);
	for (int i = 0; i < MODEL_BARS; i++) {
		uint64_t start, end, flags;

		assert_int_equal(
			fscanf(f, "%" SCNx64 " %" SCNx64 " %" SCNx64, &start, &end, &flags), 3);
		fuzz->device.bar_start[i] = start;
		fuzz->device.bar_bytes[i] = end ? end - start + 1 : 0;
		fuzz->device.bar_prefetchable[i] = flags & RESOURCE_PREFETCH;
	}
	fclose(f);
}

static void fuzz_open(struct fuzz *fuzz, struct guest *guest)
{
	*fuzz = (struct fuzz){.guest = guest,
			      .random = random_start(arg_seed),
			      .seed = arg_seed,
			      .calls = arg_calls,
			      .device = {.completer_bits = guest->completer_bits}};
	read_bars(fuzz);
	open_others(fuzz);
	for (unsigned i = 0; i < BUFFERS; i++)
		fuzz->buffers[i].fd = -1;
	for (unsigned i = 0; i < HELD; i++)
		fuzz->buffers[i].fd = guest_export(guest, i, 0);
	fuzz->window = mmap(NULL, (ARG_PAGES + 1) * PAGE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(fuzz->window, MAP_FAILED);
	assert_int_equal(mprotect(fuzz->window + ARG_PAGES * PAGE, PAGE, PROT_NONE), 0);
}

static void fuzz_close(struct fuzz *fuzz)
{
	for (unsigned i = HELD; i < BUFFERS; i++)
		if (fuzz->buffers[i].fd >= 0)
			close(fuzz->buffers[i].fd);
	munmap(fuzz->window, (ARG_PAGES + 1) * PAGE);
	if (fuzz->second.device)
		accel_close(&fuzz->second);
}

static void report(const struct fuzz *fuzz)
{
	print_message("%" PRIu64 " calls, %u revokes, %u imports:", fuzz->now,
		      atomic_load(&fuzz->revokes), atomic_load(&fuzz->imports));
	for (unsigned i = 0; i < COUNT_OF(fuzz->by_errno); i++)
		if (fuzz->by_errno[i])
			print_message(" %s %" PRIu64, i ? strerrorname_np((int)i) : "ok",
				      fuzz->by_errno[i]);
	print_message("\n");
	fflush(stdout);
}

GUEST_TEST(random_calls)
{
	static struct fuzz fuzz;
	pthread_t threads[2];
	bool importer = guest->nic_count > 0;

	alarm(guest_limit((unsigned)(arg_calls / 200 + 120)));
	print_message("seed %" PRIu64 "\n", arg_seed);
	fuzz_open(&fuzz, guest);
	if (importer)
		guest_open_again(guest, &guest->nics[0]);
	assert_int_equal(pthread_create(&threads[0], NULL, revoke_memory, &fuzz), 0);
	if (importer)
		assert_int_equal(pthread_create(&threads[1], NULL, import_held, &fuzz), 0);
	for (; fuzz.now < fuzz.calls && !atomic_load(&fuzz.fatal); fuzz.now++) {
		if (fuzz.now % (fuzz.calls / 10 + 1) == 0)
			report(&fuzz);
		if (random_once(&fuzz.random, 3))
			fuzz_export(&fuzz);
		else
			fuzz_feature(&fuzz);
	}
	atomic_store(&fuzz.stop, true);
	for (int i = 0; i < 1 + importer; i++)
		pthread_join(threads[i], NULL);
	report(&fuzz);
	fuzz_close(&fuzz);
	if (atomic_load(&fuzz.fatal))
		fail_msg("seed %" PRIu64 ": a thread beside the calls failed: %s", fuzz.seed,
			 strerror(-atomic_load(&fuzz.fatal)));
}

GUEST_TEST(nothing_left)
{
	assert_int_equal(guest_dmabufs(), 0);
	for (unsigned i = 0; i < guest->nic_count; i++)
		assert_int_equal(guest_st_used(&guest->nics[i]), 0);
}

int guest_prepare(int argc, char **argv)
{
	return guest_take_limit(argc, argv, &arg_calls, &arg_seed);
}
