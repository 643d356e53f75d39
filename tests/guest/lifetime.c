// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Buffers that outlive their device: the owner closes the device, or its driver
 * is unbound, while a region, iommufd and readers use the buffers.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "guest.h"

#define CLOSES 20U

static const struct hint HINT = {16, 0x3c1, 2};

static void forget_fd(struct guest *guest, int fd)
{
	for (int i = 0; i < GUEST_FDS; i++)
		if (guest->fds[i] == fd)
			guest->fds[i] = -1;
	close(fd);
}

/* Reads a buffer's state, without a pause, by every interface that is not its owner's. */
struct watcher {
	struct accel other; /* another device of vfio-pci */
	atomic_int fd;
	atomic_bool stop;
	atomic_int wrong; /* the first unexpected errno */
	unsigned rounds;
	pthread_t thread;
};

static void read_all(const char *path)
{
	static __thread char text[4096];
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	while (fd >= 0 && read(fd, text, sizeof(text)) > 0)
		;
	if (fd >= 0)
		close(fd);
}

/* The buffer is another device's, its device is closed, or its file was closed meanwhile. */
static void expect_refusal(struct watcher *watcher, int err)
{
	if (err != EINVAL && err != ENODEV && err != EBADF)
		atomic_store(&watcher->wrong, err ? err : -1);
}

static void *watch(void *arg)
{
	struct watcher *watcher = arg;
	char path[64];

	while (!atomic_load(&watcher->stop)) {
		struct vfio_device_feature_dma_buf_tph tph = {
			.dmabuf_fd = atomic_load(&watcher->fd),
			.flags = VFIO_DMA_BUF_TPH_ST,
			.steering_tag = 1,
		};

		if (watcher->other.device) {
			expect_refusal(watcher, -accel_set_tph(&watcher->other, &tph));
			expect_refusal(watcher, -accel_get_tph(&watcher->other, &tph));
		}
		snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", tph.dmabuf_fd);
		read_all(path);
		if (watcher->rounds++ % 8 == 0)
			read_all("/sys/kernel/debug/dma_buf/bufinfo");
	}
	return NULL;
}

static void watcher_start(struct watcher *watcher)
{
	struct tph_bdf bdf;

	*watcher = (struct watcher){.other = {.device_fd = -1}, .fd = -1};
	if (!accel_find(&bdf, 1))
		assert_int_equal(accel_open(&watcher->other, &bdf), 0);
	assert_int_equal(pthread_create(&watcher->thread, NULL, watch, watcher), 0);
}

static void watcher_stop(struct watcher *watcher)
{
	int wrong;

	atomic_store(&watcher->stop, true);
	pthread_join(watcher->thread, NULL);
	accel_close(&watcher->other);
	wrong = atomic_load(&watcher->wrong);
	if (wrong)
		fail_msg("another device's SET or GET: %s", wrong < 0 ? "done" : strerror(wrong));
	print_message("read %u times\n", watcher->rounds);
}

/* The users of the buffer when its device is closed. */
struct holders {
	int fd;
	struct ibv_mr *mr;
	struct guest_iommu iommu;
};

static struct holders hold(struct guest *guest, struct nic *nic, struct watcher *watcher)
{
	struct holders holders = {.fd = guest_export_hint(guest, 0, HINT), .iommu = {.fd = -1}};

	holders.mr = guest_register(guest, nic, holders.fd);
	guest_check_writes(guest, nic, holders.mr, 0, HINT);
	if (!access("/dev/iommu", F_OK)) {
		guest_iommu_open(&holders.iommu);
		guest_keep_fd(guest, holders.iommu.fd);
		assert_int_equal(guest_iommu_map(&holders.iommu, holders.fd, 0), 0);
	}
	atomic_store(&watcher->fd, holders.fd);
	return holders;
}

/* The file is open, its memory is revoked permanently, and each user can release the buffer. */
static void check_closed(struct guest *guest, struct nic *nic, struct holders *holders)
{
	struct vfio_device_feature_dma_buf_tph tph = {.dmabuf_fd = holders->fd};

	guest_write_fails(nic, holders->mr);
	assert_int_equal(guest_map_again(nic, holders->mr), ENODEV);
	guest_register_fails(nic, holders->fd, ENODEV);
	assert_int_equal(accel_get_tph(&guest->accel, &tph), -ENODEV);
	assert_int_equal(accel_set_tph(&guest->accel, &tph), -ENODEV);
	if (holders->iommu.fd >= 0)
		forget_fd(guest, holders->iommu.fd);
	guest_unregister(guest, holders->mr);
	forget_fd(guest, holders->fd);
}

/*
 * Theory of operation: the device is closed while a region, a mapping of iommufd
 * and a reading thread use the buffer. All lose the memory, none hangs, and the
 * device that is opened again does not know the buffer.
 */
GUEST_TEST(closed_in_use)
{
	struct nic *nic = guest_hint_nic(guest, 16);
	struct watcher watcher;

	watcher_start(&watcher);
	for (unsigned i = 0; i < CLOSES; i++) {
		struct holders holders = hold(guest, nic, &watcher);

		accel_close(&guest->accel);
		assert_int_equal(accel_open(&guest->accel, &guest->accel.bdf), 0);
		check_closed(guest, nic, &holders);
	}
	watcher_stop(&watcher);
	assert_int_equal(guest_dmabufs(), 0);
	assert_int_equal(guest_st_used(nic), 0);
}

static void *unbind(void *arg)
{
	guest_tell_driver(arg, "unbind");
	return NULL;
}

/*
 * Theory of operation: the unbind of vfio-pci waits until the owner closes the device.
 * The buffer then has no device, and does not belong to the one that is bound again.
 */
GUEST_TEST(unbound_in_use)
{
	const struct timespec pause = {.tv_nsec = 50 * 1000 * 1000};
	struct nic *nic = guest_hint_nic(guest, 16);
	struct guest_place place = {.driver = "vfio-pci"};
	struct watcher watcher;
	pthread_t thread;

	memcpy(place.bdf, guest->accel_name, sizeof(place.bdf));
	watcher_start(&watcher);
	for (unsigned i = 0; i < CLOSES; i++) {
		struct holders holders = hold(guest, nic, &watcher);

		assert_int_equal(pthread_create(&thread, NULL, unbind, &place), 0);
		if (i % 2)
			nanosleep(&pause, NULL);
		accel_close(&guest->accel);
		pthread_join(thread, NULL);
		guest_write_fails(nic, holders.mr);
		guest_register_fails(nic, holders.fd, ENODEV);
		guest_tell_driver(&place, "bind");
		assert_int_equal(accel_open(&guest->accel, &guest->accel.bdf), 0);
		check_closed(guest, nic, &holders);
	}
	watcher_stop(&watcher);
	assert_int_equal(guest_dmabufs(), 0);
	assert_int_equal(guest_st_used(nic), 0);
}
