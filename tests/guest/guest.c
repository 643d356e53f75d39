// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "guest.h"
#include "uverbs.h"
#include "util/macros.h"

#define PATH_BYTES 256

static int open_nics(struct guest *guest)
{
	int count = 0, ret = 0;
	struct ibv_device **list = ibv_get_device_list(&count);

	if (list)
		ibv_free_device_list(list);
	while (!ret && guest->nic_count < (unsigned)count && guest->nic_count < GUEST_NICS) {
		ret = nic_open(&guest->nics[guest->nic_count], guest->nic_count);
		if (!ret)
			guest->nic_count++;
	}
	return ret;
}

static int completer_bits(struct guest *guest)
{
	static const unsigned bits[] = {[TPH_COMPLETER_8] = 8, [TPH_COMPLETER_16] = 16};
	struct tph_function *f;
	struct tph_ctx *ctx;
	int ret = tph_ctx_new_live(NULL, NULL, &ctx);

	if (ret)
		return ret;
	ret = tph_function_read(ctx, &guest->accel.bdf, &f);
	tph_ctx_unref(ctx);
	if (ret)
		return ret;
	guest->completer_bits = bits[f->completer.type];
	tph_function_free(f);
	return 0;
}

static void close_guest(struct guest *guest)
{
	for (unsigned i = 0; i < guest->nic_count; i++)
		nic_close(&guest->nics[i]);
	accel_close(&guest->accel);
}

/* Returns 0, or GUEST_SKIPPED or 1, an exit status, and prints why. */
static int open_guest(struct guest *guest)
{
	struct tph_vfio_support support;
	struct tph_bdf bdf;
	int ret;

	*guest = (struct guest){.accel = {.device_fd = -1}};
	for (int i = 0; i < GUEST_FDS; i++)
		guest->fds[i] = -1;
	if (accel_find(&bdf, 0)) {
		printf("skipped: there is no accelerator here; run this in the lab\n");
		return GUEST_SKIPPED;
	}
	if (accel_open(&guest->accel, &bdf))
		return 1;
	tph_bdf_format(&bdf, guest->accel_name);
	ret = tph_vfio_probe(guest->accel.device_fd, &support);
	if (ret == -ENOTTY) {
		printf("skipped: this kernel has no hints for dma-bufs\n");
		accel_close(&guest->accel);
		return GUEST_SKIPPED;
	}
	ret = completer_bits(guest);
	if (!ret)
		ret = open_nics(guest);
	if (ret) {
		fprintf(stderr, "cannot read DevCap2 of %s or open the NICs: %s; see above\n",
			guest->accel_name, strerror(-ret));
		close_guest(guest);
		return 1;
	}
	return 0;
}

static struct guest the_guest;

__attribute__((weak)) int guest_prepare(int argc, char **argv)
{
	if (argc == 1)
		return 0;
	fprintf(stderr, "%s takes no arguments, and got '%s'\n", argv[0], argv[1]);
	return 2;
}

int guest_take_limit(int argc, char **argv, uint64_t *limit, uint64_t *seed)
{
	if (getrandom(seed, 4, 0) != 4)
		return 1;
	if (argc > 1)
		*limit = strtoull(argv[1], NULL, 10);
	if (argc > 2)
		*seed = strtoull(argv[2], NULL, 10);
	return 0;
}

int test_begin(int argc, char **argv, void **state)
{
	int ret = guest_prepare(argc, argv);

	*state = &the_guest;
	return ret ? ret : open_guest(&the_guest);
}

void test_end(void)
{
	close_guest(&the_guest);
}

unsigned guest_limit(unsigned seconds)
{
	bool slow = !access("/proc/lockdep", F_OK) || !access("/sys/kernel/debug/kcsan", F_OK);

	return slow ? 6 * seconds : seconds;
}

int guest_begin(void **state)
{
	(void)state;
	alarm(guest_limit(GUEST_LIMIT));
	return 0;
}

static int reconnect_nic(struct nic *nic)
{
	return nic->context ? nic_connect(nic) : 0;
}

int guest_end(void **state)
{
	struct guest *guest = *state;
	int ret = 0;

	traffic_stop(&guest->traffic);
	for (int i = 0; i < GUEST_MRS; i++) {
		if (guest->mrs[i])
			ret |= ibv_dereg_mr(guest->mrs[i]);
		guest->mrs[i] = NULL;
	}
	nic_close(&guest->second);
	for (int i = 0; i < GUEST_FDS; i++) {
		if (guest->fds[i] >= 0)
			close(guest->fds[i]);
		guest->fds[i] = -1;
	}
	if (guest->accel.device_fd < 0)
		ret |= accel_open(&guest->accel, &guest->accel.bdf);
	ret |= accel_enable(&guest->accel, true);
	for (unsigned i = 0; i < guest->nic_count; i++)
		ret |= reconnect_nic(&guest->nics[i]);
	alarm(0);
	return ret;
}

void guest_nic_bdf(const struct nic *nic, char bdf[TPH_BDF_CHARS])
{
	struct tph_bdf address;

	assert_int_equal(nic_bdf(nic, &address), 0);
	tph_bdf_format(&address, bdf);
}

/* /sys/devices/pci0000:00/ROOT_PORT/UPSTREAM/...: one switch, if the upstream port is the same. */
bool guest_same_switch(const struct guest *guest, const struct nic *nic)
{
	char link[128 + NIC_NAME_BYTES], *a, *b;
	int depth = 0;

	snprintf(link, sizeof(link), "/sys/bus/pci/devices/%s", guest->accel_name);
	a = realpath(link, NULL);
	snprintf(link, sizeof(link), "/sys/class/infiniband/%s/device", nic->name);
	b = realpath(link, NULL);
	for (size_t i = 0; a && b && a[i] && a[i] == b[i]; i++)
		depth += a[i] == '/';
	free(a);
	free(b);
	return depth >= 6;
}

struct nic *guest_nic(struct guest *guest, unsigned bits)
{
	for (unsigned i = 0; i < guest->nic_count; i++)
		if (guest->nics[i].tag_bits == bits && guest_same_switch(guest, &guest->nics[i]))
			return &guest->nics[i];
	GUEST_SKIP("no NIC that sends %u-bit tags is below the accelerator's switch", bits);
	return NULL;
}

void guest_need_completer(const struct guest *guest, unsigned bits)
{
	if (guest->completer_bits < bits)
		GUEST_SKIP("the accelerator is no completer of %u-bit tags", bits);
}

struct nic *guest_hint_nic(struct guest *guest, unsigned bits)
{
	guest_need_completer(guest, bits);
	return guest_nic(guest, bits);
}

struct nic *guest_nic_with_dmah(struct guest *guest)
{
	uint32_t handle;

	for (unsigned i = 0; i < guest->nic_count; i++) {
		if (uverbs_alloc_dmah(&guest->nics[i], 0, &handle))
			continue;
		assert_int_equal(uverbs_free_dmah(&guest->nics[i], handle), 0);
		return &guest->nics[i];
	}
	GUEST_SKIP("no NIC here has DMA handles");
	return NULL;
}

void guest_with_each_width(struct guest *guest, void (*check)(struct guest *guest, struct nic *nic))
{
	bool ran = false;

	for (unsigned i = 0; i < guest->nic_count; i++) {
		struct nic *nic = &guest->nics[i];

		if (!nic->tag_bits || nic->tag_bits > guest->completer_bits ||
		    !guest_same_switch(guest, nic))
			continue;
		check(guest, nic);
		ran = true;
	}
	if (!ran)
		GUEST_SKIP("no NIC has a route for its hints to the accelerator");
}

struct nic *guest_open_again(struct guest *guest, const struct nic *nic)
{
	assert_int_equal(nic_open(&guest->second, (unsigned)(nic - guest->nics)), 0);
	assert_string_equal(guest->second.name, nic->name);
	return &guest->second;
}

int guest_keep_fd(struct guest *guest, int fd)
{
	assert_true(fd >= 0);
	for (int i = 0; i < GUEST_FDS; i++) {
		if (guest->fds[i] < 0) {
			guest->fds[i] = fd;
			return fd;
		}
	}
	fail_msg("more than %d files in one test", GUEST_FDS);
	return -1;
}

int guest_export(struct guest *guest, unsigned slot, uint32_t flags)
{
	int fd = accel_export(&guest->accel, slot * GUEST_SLICE_BYTES, GUEST_SLICE_BYTES, flags);

	if (fd < 0)
		fail_msg("export with flags 0x%x: %s", flags, strerror(-fd));
	return guest_keep_fd(guest, fd);
}

uint32_t guest_flags_of(struct hint hint)
{
	return hint.bits ? accel_hint(hint.tag, hint.bits == 16, hint.ph) : 0;
}

int guest_export_hint(struct guest *guest, unsigned slot, struct hint hint)
{
	return guest_export(guest, slot, guest_flags_of(hint));
}

int guest_export_required(struct guest *guest, unsigned slot, struct hint hint)
{
	return guest_export(guest, slot, guest_flags_of(hint) | VFIO_DMABUF_FL_TPH_REQUIRED);
}

int guest_set_errno(struct guest *guest, int fd, struct hint hint, bool required)
{
	struct vfio_device_feature_dma_buf_tph tph = {.dmabuf_fd = fd, .ph = (uint8_t)hint.ph};

	if (hint.bits == 16) {
		tph.flags = VFIO_DMA_BUF_TPH_ST_EXT;
		tph.steering_tag_ext = hint.tag;
	} else if (hint.bits) {
		tph.flags = VFIO_DMA_BUF_TPH_ST;
		tph.steering_tag = (uint8_t)hint.tag;
	}
	if (required)
		tph.flags |= VFIO_DMA_BUF_TPH_REQUIRED;
	return -accel_set_tph(&guest->accel, &tph);
}

uint32_t guest_get_flags(struct guest *guest, int fd)
{
	struct vfio_device_feature_dma_buf_tph tph = {.dmabuf_fd = fd};

	assert_int_equal(accel_get_tph(&guest->accel, &tph), 0);
	return tph.flags;
}

unsigned guest_dmabufs(void)
{
	FILE *f = fopen("/sys/kernel/debug/dma_buf/bufinfo", "re");
	char line[256];
	unsigned count = 0;
	bool found = false;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		found |= sscanf(line, "Total %u objects", &count) == 1;
	fclose(f);
	assert_true(found);
	return count;
}

void guest_iommu_open(struct guest_iommu *iommu)
{
	struct iommu_ioas_alloc ioas = {.size = sizeof(ioas)};

	iommu->fd = open("/dev/iommu", O_RDWR | O_CLOEXEC);
	if (iommu->fd < 0)
		GUEST_SKIP("no iommufd: %s", strerror(errno));
	assert_int_equal(ioctl(iommu->fd, IOMMU_IOAS_ALLOC, &ioas), 0);
	iommu->ioas_id = ioas.out_ioas_id;
}

int guest_iommu_map(const struct guest_iommu *iommu, int fd, unsigned slot)
{
	struct iommu_ioas_map_file map = {
		.size = sizeof(map),
		.flags = 1 | 2 | 4, /* fixed IOVA, writable, readable */
		.ioas_id = iommu->ioas_id,
		.fd = fd,
		.length = GUEST_SLICE_BYTES,
		.iova = 0x100000000 + slot * GUEST_SLICE_BYTES,
	};

	return ioctl(iommu->fd, IOMMU_IOAS_MAP_FILE, &map) ? errno : 0;
}

struct ibv_mr *guest_register(struct guest *guest, struct nic *nic, int fd)
{
	struct ibv_mr *mr = nic_register(nic, fd, GUEST_SLICE_BYTES);

	if (!mr)
		fail_msg("ibv_reg_dmabuf_mr on %s: %s", nic->name, strerror(errno));
	for (int i = 0; i < GUEST_MRS; i++) {
		if (!guest->mrs[i]) {
			guest->mrs[i] = mr;
			return mr;
		}
	}
	fail_msg("more than %d memory regions in one test", GUEST_MRS);
	return NULL;
}

void guest_register_fails(struct nic *nic, int fd, int want)
{
	struct ibv_mr *mr = nic_register(nic, fd, GUEST_SLICE_BYTES);
	int got = mr ? 0 : errno;

	if (mr)
		ibv_dereg_mr(mr);
	if (got != want)
		fail_msg("ibv_reg_dmabuf_mr on %s: errno %d, not %d", nic->name, got, want);
}

int guest_rdma_read(struct nic *nic, const struct ibv_mr *mr, size_t to, uint64_t from, size_t len)
{
	struct ibv_sge sge = {.addr = (uintptr_t)nic->stage + to,
			      .length = (uint32_t)len,
			      .lkey = nic->stage_mr->lkey};
	struct ibv_send_wr wr = {
		.sg_list = &sge,
		.num_sge = 1,
		.opcode = IBV_WR_RDMA_READ,
		.send_flags = IBV_SEND_SIGNALED,
		.wr.rdma = {.remote_addr = from, .rkey = mr->rkey},
	};
	struct ibv_send_wr *bad;
	int ret = ibv_post_send(nic->qp[0], &wr, &bad);

	if (ret)
		return -ret;
	nic->posted++;
	return nic_wait(nic);
}

void guest_write_fails(struct nic *nic, const struct ibv_mr *mr)
{
	assert_int_equal(nic_write(nic, mr, 0, 0, 4096), -EREMOTEIO);
	assert_int_equal(nic_connect(nic), 0);
}

static void forget(struct guest *guest, const struct ibv_mr *mr)
{
	for (int i = 0; i < GUEST_MRS; i++)
		if (guest->mrs[i] == mr)
			guest->mrs[i] = NULL;
}

void guest_unregister(struct guest *guest, struct ibv_mr *mr)
{
	forget(guest, mr);
	assert_int_equal(ibv_dereg_mr(mr), 0);
}

int guest_map_again(const struct nic *nic, const struct ibv_mr *mr)
{
	struct ibv_sge sge = {.length = GUEST_SLICE_BYTES, .lkey = mr->lkey};

	return ibv_advise_mr(nic->pd, IBV_ADVISE_MR_ADVICE_PREFETCH_WRITE, IBV_ADVISE_MR_FLAG_FLUSH,
			     &sge, 1);
}

void guest_abandon(struct guest *guest, struct ibv_mr *mr)
{
	forget(guest, mr);
	ibv_dereg_mr(mr);
}

struct guest_place guest_place_of(const struct guest *guest, const struct nic *nic)
{
	struct guest_place place = {.nth = (unsigned)(nic - guest->nics),
				    .tag_bits = nic->tag_bits};
	char link[PATH_BYTES], *path;

	guest_nic_bdf(nic, place.bdf);
	snprintf(link, sizeof(link), "/sys/bus/pci/devices/%s/driver", place.bdf);
	path = realpath(link, NULL);
	assert_non_null(path);
	snprintf(place.driver, sizeof(place.driver), "%s", strrchr(path, '/') + 1);
	free(path);
	return place;
}

void guest_tell_driver(const struct guest_place *place, const char *what)
{
	char path[PATH_BYTES];
	size_t len = strlen(place->bdf);
	int fd;

	snprintf(path, sizeof(path), "/sys/bus/pci/drivers/%s/%s", place->driver, what);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	if (write(fd, place->bdf, len) != (ssize_t)len)
		fail_msg("%s of %s: %s", what, place->bdf, strerror(errno));
	close(fd);
}

struct nic *guest_reopen(struct guest *guest, const struct guest_place *place)
{
	struct nic *nic = &guest->nics[place->nth];
	char bdf[TPH_BDF_CHARS];

	assert_int_equal(nic_open(nic, place->nth), 0);
	guest_nic_bdf(nic, bdf);
	assert_string_equal(bdf, place->bdf);
	return nic;
}

void guest_check_counters(struct guest *guest, struct hint want)
{
	struct accel_counters counters;
	struct accel_key key;

	assert_int_equal(accel_read_counters(&guest->accel, &counters), 0);
	assert_true(counters.tlps > 0);
	assert_int_equal(counters.keys, 1);
	assert_int_equal(accel_read_key(&guest->accel, 0, &key), 0);
	assert_int_equal(key.tlps, counters.tlps);
	if (want.bits && !want.tag)
		assert_true(key.tag_bits > 0);
	else
		assert_int_equal(key.tag_bits, want.bits);
	assert_int_equal(key.tag, want.bits ? want.tag : 0);
	assert_int_equal(key.ph, want.bits ? want.ph : 0);
}

void guest_check_writes(struct guest *guest, struct nic *nic, const struct ibv_mr *mr,
			unsigned slot, struct hint want)
{
	static const size_t lengths[] = {1, 100, 4096, 9001};
	uint8_t memory[GUEST_SLICE_BYTES];
	size_t at = 3;

	/* getrandom() of up to 256 bytes never returns fewer. */
	for (size_t i = 0; i < 16384; i += 256)
		assert_int_equal(getrandom(nic->stage + i, 256, 0), 256);
	assert_int_equal(accel_clear_counters(&guest->accel), 0);
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		assert_int_equal(nic_post_write(nic, mr, at, at, lengths[i]), 0);
		at += lengths[i];
	}
	assert_int_equal(nic_wait(nic), 0);
	guest_check_counters(guest, want);
	assert_int_equal(accel_read(&guest->accel, &guest->accel.memory, slot * GUEST_SLICE_BYTES,
				    memory, GUEST_SLICE_BYTES),
			 0);
	assert_memory_equal(memory + 3, nic->stage + 3, at - 3);
}

unsigned guest_st_table(const struct nic *nic, uint16_t entries[2048])
{
	struct tph_st_table *table;
	struct tph_ctx *ctx;
	struct tph_bdf bdf;
	size_t count;
	int ret;

	assert_int_equal(nic_bdf(nic, &bdf), 0);
	assert_int_equal(tph_ctx_new_live(NULL, NULL, &ctx), 0);
	ret = tph_st_table_read(ctx, &bdf, &table);
	tph_ctx_unref(ctx);
	if (ret == -ENOENT)
		return 0;
	assert_int_equal(ret, 0);
	count = table->count;
	assert_int_equal(count, table->declared);
	memcpy(entries, table->tags, count * sizeof(*entries));
	tph_st_table_free(table);
	return (unsigned)count;
}

unsigned guest_st_capacity(const struct nic *nic)
{
	uint16_t entries[2048];
	unsigned size = guest_st_table(nic, entries);

	if (!size)
		GUEST_SKIP("this NIC has no ST table");
	if (size > 64)
		GUEST_SKIP("%u entries are more than a capability has", size);
	return size - 1;
}

struct ibv_mr *guest_st_fill(struct guest *guest, struct nic *nic, unsigned count,
			     struct hint first, struct ibv_mr **oldest)
{
	struct ibv_mr *mr = NULL;

	for (unsigned i = 0; i < count; i++, first.tag++) {
		mr = guest_register(guest, nic, guest_export_hint(guest, i, first));
		if (!i && oldest)
			*oldest = mr;
	}
	return mr;
}

unsigned guest_st_count(const struct nic *nic, uint16_t tag)
{
	uint16_t entries[2048];
	unsigned count = 0, size = guest_st_table(nic, entries);

	for (unsigned i = 0; i < size; i++)
		count += entries[i] == tag;
	return count;
}

unsigned guest_st_used(const struct nic *nic)
{
	uint16_t entries[2048];
	unsigned used = 0, size = guest_st_table(nic, entries);

	for (unsigned i = 0; i < size; i++)
		used += entries[i] != 0;
	return used;
}

void guest_reset(struct guest *guest)
{
	const struct timespec pause = {.tv_nsec = 50 * 1000 * 1000};
	int ret = -EAGAIN;

	for (int i = 0; i < 100 && ret == -EAGAIN; i++) {
		ret = accel_reset(&guest->accel);
		if (ret == -EAGAIN)
			nanosleep(&pause, NULL);
	}
	assert_int_equal(ret, 0);
}

void guest_revoke(struct guest *guest)
{
	assert_int_equal(accel_enable(&guest->accel, false), 0);
	assert_int_equal(accel_enable(&guest->accel, true), 0);
}

static void *traffic_run(void *arg)
{
	struct traffic *traffic = arg;

	while (!atomic_load(&traffic->stop)) {
		int ret = nic_write(traffic->nic, traffic->mr, 0, 0, GUEST_SLICE_BYTES);

		if (!ret) {
			atomic_fetch_add(&traffic->writes, 1);
			continue;
		}
		if (ret == -EREMOTEIO) {
			atomic_fetch_add(&traffic->errors, 1);
			ret = nic_connect(traffic->nic);
		}
		if (ret) {
			atomic_store(&traffic->fatal, ret);
			break;
		}
	}
	return NULL;
}

void traffic_start(struct traffic *traffic, struct nic *nic, const struct ibv_mr *mr)
{
	traffic->nic = nic;
	traffic->mr = mr;
	atomic_init(&traffic->stop, false);
	atomic_init(&traffic->writes, 0);
	atomic_init(&traffic->errors, 0);
	atomic_init(&traffic->fatal, 0);
	assert_int_equal(pthread_create(&traffic->thread, NULL, traffic_run, traffic), 0);
	traffic->running = true;
}

bool traffic_advances(struct traffic *traffic)
{
	const struct timespec pause = {.tv_nsec = 10 * 1000 * 1000};
	unsigned before = atomic_load(&traffic->writes);

	for (int i = 0; i < 2000 && !atomic_load(&traffic->fatal); i++) {
		if (atomic_load(&traffic->writes) >= before + 2)
			return true;
		nanosleep(&pause, NULL);
	}
	return false;
}

void traffic_stop(struct traffic *traffic)
{
	if (!traffic->running)
		return;
	atomic_store(&traffic->stop, true);
	traffic->running = false;
	pthread_join(traffic->thread, NULL);
}

void guest_check_hint_stays(struct guest *guest, struct nic *nic,
			    void (*event)(struct guest *guest))
{
	struct traffic *traffic = &guest->traffic;
	struct hint hint = {nic->tag_bits, 0x2c, 2};
	int fd = guest_export_hint(guest, 0, hint);
	struct ibv_mr *mr = guest_register(guest, nic, fd);
	uint32_t flags = hint.bits == 8 ? VFIO_DMA_BUF_TPH_ST : VFIO_DMA_BUF_TPH_ST_EXT;

	traffic_start(traffic, nic, mr);
	for (int i = 0; i < 6; i++) {
		assert_true(traffic_advances(traffic));
		event(guest);
		assert_int_equal(guest_get_flags(guest, fd) & flags, flags);
		assert_int_equal(accel_clear_counters(&guest->accel), 0);
		assert_true(traffic_advances(traffic));
		guest_check_counters(guest, hint);
	}
	traffic_stop(traffic);
	assert_int_equal(atomic_load(&traffic->fatal), 0);
	print_message("%u writes, %u failed\n", atomic_load(&traffic->writes),
		      atomic_load(&traffic->errors));
	assert_int_equal(nic_connect(nic), 0);
	guest_check_writes(guest, nic, mr, 0, hint);
	guest_check_writes(guest, nic, guest_register(guest, nic, fd), 0, hint);
}
