// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Whether a tag is in use, and if not, why: what the owner reads with GET, and
 * what fdinfo, debugfs, the trace and the log show.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <unistd.h>

#include "guest.h"
#include "nldev.h"

#define TEXT_BYTES (1U << 18)
#define TRACING	   "/sys/kernel/tracing"
#define TRACE_ON   TRACING "/events/dma_buf/dma_buf_get_tph/enable"

#define ST	   VFIO_DMA_BUF_TPH_ST
#define ST_EXT	   VFIO_DMA_BUF_TPH_ST_EXT
#define REQUIRED   VFIO_DMA_BUF_TPH_REQUIRED
#define TAKEN	   VFIO_DMA_BUF_TPH_TAKEN_ST
#define TAKEN_EXT  VFIO_DMA_BUF_TPH_TAKEN_ST_EXT

static const struct hint TAG16 = {16, 0x1234, 2};

static int set(struct guest *guest, int fd, uint32_t flags)
{
	struct vfio_device_feature_dma_buf_tph tph = {
		.dmabuf_fd = fd,
		.flags = flags,
		.steering_tag = flags & ST ? 0x5a : 0,
		.steering_tag_ext = flags & ST_EXT ? 0x1234 : 0,
		.ph = flags & (ST | ST_EXT) ? 2 : 0,
	};

	return accel_set_tph(&guest->accel, &tph);
}

/* A file whose size is known only at its end; bytes that do not fit are left out. */
static void read_file(const char *path, char text[TEXT_BYTES])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n;

	if (fd < 0)
		fail_msg("%s: %s", path, strerror(errno));
	while ((n = read(fd, text + len, TEXT_BYTES - 1 - len)) > 0)
		len += (size_t)n;
	close(fd);
	text[len] = '\0';
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);

	if (fd < 0)
		fail_msg("%s: %s", path, strerror(errno));
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void assert_has(const char *text, const char *line)
{
	if (!strstr(text, line))
		fail_msg("missing: %s\n%s", line, text);
}

static void assert_fdinfo(int fd, const char *line)
{
	static char text[TEXT_BYTES];
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	read_file(path, text);
	assert_has(text, line);
}

/*
 * Theory of operation: TAKEN names the hints that importers with a mapping send. A
 * NIC of the other width maps the buffer too, but sends no hint. A hint that is
 * sent cannot be removed; one of the other width can be added.
 */
GUEST_TEST(taken)
{
	struct nic *nic8 = guest_nic(guest, 8), *nic16 = guest_nic(guest, 16);
	struct ibv_mr *mr, *second;
	int fd;

	guest_need_completer(guest, 16);
	fd = guest_export_hint(guest, 0, TAG16);
	guest_register(guest, nic8, fd);
	assert_int_equal(guest_get_flags(guest, fd), ST_EXT);
	mr = guest_register(guest, nic16, fd);
	second = guest_register(guest, nic16, fd);
	assert_int_equal(guest_get_flags(guest, fd), ST_EXT | TAKEN_EXT);
	guest_unregister(guest, mr);
	assert_int_equal(guest_get_flags(guest, fd), ST_EXT | TAKEN_EXT);
	assert_int_equal(set(guest, fd, 0), -EBUSY);
	guest_unregister(guest, second);
	assert_int_equal(guest_get_flags(guest, fd), ST_EXT);
	second = guest_register(guest, nic16, fd);
	assert_int_equal(set(guest, fd, ST | ST_EXT), 0);
	mr = guest_register(guest, nic8, fd);
	assert_int_equal(guest_get_flags(guest, fd), ST | ST_EXT | TAKEN | TAKEN_EXT);
	assert_int_equal(set(guest, fd, ST), -EBUSY);
	assert_int_equal(set(guest, fd, ST_EXT), -EBUSY);
	guest_unregister(guest, mr);
	assert_int_equal(set(guest, fd, ST_EXT | TAKEN), 0);
	assert_int_equal(guest_get_flags(guest, fd), ST_EXT | TAKEN_EXT);
	guest_unregister(guest, second);
	assert_int_equal(set(guest, fd, 0), 0);
	assert_int_equal(guest_get_flags(guest, fd), 0);
}

/* Theory of operation: a region that is mapped again after a revoke sends the new hint. */
GUEST_TEST(taken_again)
{
	struct nic *nic = guest_nic(guest, 16);
	struct ibv_mr *mr;
	int fd;

	guest_need_completer(guest, 16);
	fd = guest_export_hint(guest, 0, TAG16);
	mr = guest_register(guest, nic, fd);
	assert_int_equal(accel_enable(&guest->accel, false), 0);
	assert_int_equal(set(guest, fd, ST_EXT), 0);
	assert_int_equal(accel_enable(&guest->accel, true), 0);
	assert_int_equal(guest_get_flags(guest, fd), ST_EXT);
	guest_check_writes(guest, nic, mr, 0, TAG16);
	assert_int_equal(guest_get_flags(guest, fd), ST_EXT | TAKEN_EXT);
}

/*
 * Theory of operation: the line has what is set, also without hints. It is printed
 * without a lock, so it does not depend on the importers.
 */
GUEST_TEST(fdinfo)
{
	int fd;

	guest_need_completer(guest, 16);
	fd = guest_export(guest, 0, 0);
	assert_fdinfo(fd, "\ntph:\tph=0\n");
	assert_int_equal(set(guest, fd, ST), 0);
	assert_fdinfo(fd, "\ntph:\tst=0x5a ph=2\n");
	assert_int_equal(set(guest, fd, ST_EXT | REQUIRED), 0);
	assert_fdinfo(fd, "\ntph:\tst_ext=0x1234 ph=2 required=1\n");
	assert_int_equal(set(guest, fd, ST | ST_EXT | REQUIRED), 0);
	assert_fdinfo(fd, "\ntph:\tst=0x5a st_ext=0x1234 ph=2 required=1\n");
	assert_int_equal(set(guest, fd, REQUIRED), 0);
	assert_fdinfo(fd, "\ntph:\tph=0 required=1\n");
	assert_int_equal(set(guest, fd, 0), 0);
	assert_fdinfo(fd, "\ntph:\tph=0\n");
}

/*
 * Theory of operation: any process that has a buffer can choose its name. A name
 * must not look like another line or column: fdinfo and bufinfo escape it.
 */
GUEST_TEST(named)
{
	static char text[TEXT_BYTES];
	int fd = guest_export(guest, 0, 0);

	assert_int_equal(ioctl(fd, DMA_BUF_SET_NAME_B, "a\ntph:\tst=0x1 ph=0"), 0);
	assert_fdinfo(fd, "\nname:\ta\\012tph:\tst=0x1 ph=0\n");
	read_file("/sys/kernel/debug/dma_buf/bufinfo", text);
	assert_has(text, "\ta\\012tph:\tst=0x1 ph=0\n");
	assert_null(strstr(text, "\ntph:\tst=0x1"));
}

/*
 * Theory of operation: bufinfo has for each device the hint that it states and the
 * number of its mappings; neither for a NIC of the other width.
 */
GUEST_TEST(bufinfo)
{
	static const char path[] = "/sys/kernel/debug/dma_buf/bufinfo";
	static char text[TEXT_BYTES];
	struct nic *nic8 = guest_nic(guest, 8), *nic16 = guest_nic(guest, 16);
	char bdf8[TPH_BDF_CHARS], bdf16[TPH_BDF_CHARS], line[128];
	int fd;

	guest_need_completer(guest, 16);
	guest_nic_bdf(nic8, bdf8);
	guest_nic_bdf(nic16, bdf16);
	fd = guest_export_hint(guest, 0, TAG16);
	guest_register(guest, nic8, fd);
	guest_register(guest, nic16, fd);
	read_file(path, text);
	snprintf(line, sizeof(line), "\n\t%s\n", bdf8);
	assert_has(text, line);
	snprintf(line, sizeof(line), "\n\t%s\ttph: st_ext=0x1234 ph=2 mapped=1\n", bdf16);
	assert_has(text, line);
	/* Revoked: nothing is mapped, so nothing is sent. */
	assert_int_equal(accel_enable(&guest->accel, false), 0);
	read_file(path, text);
	snprintf(line, sizeof(line), "\n\t%s\ttph: st_ext=0x1234 ph=2 mapped=0\n", bdf16);
	assert_has(text, line);
}

/* Theory of operation: the trace has the device that asked, the width and the result. */
GUEST_TEST(traced)
{
	static char text[TEXT_BYTES];
	struct nic *nic8 = guest_nic(guest, 8), *nic16 = guest_nic(guest, 16);
	char bdf[TPH_BDF_CHARS], line[128];
	int fd;

	guest_need_completer(guest, 16);
	if (access(TRACE_ON, W_OK) && mount("tracefs", TRACING, "tracefs", 0, NULL))
		GUEST_SKIP("%s: %s", TRACING, strerror(errno));
	write_file(TRACE_ON, "1");
	write_file(TRACING "/trace", "\n");
	fd = guest_export_hint(guest, 0, TAG16);
	guest_register(guest, nic8, fd);
	guest_register(guest, nic16, fd);
	write_file(TRACE_ON, "0");
	read_file(TRACING "/trace", text);
	guest_nic_bdf(nic8, bdf);
	snprintf(line, sizeof(line), " dev_name=%s width=8 ret=%d steering_tag=0x0 ph=0\n", bdf,
		 -EOPNOTSUPP);
	assert_has(text, line);
	guest_nic_bdf(nic16, bdf);
	snprintf(line, sizeof(line), " dev_name=%s width=16 ret=0 steering_tag=0x1234 ph=2\n", bdf);
	assert_has(text, line);
}

static struct nldev_mr shown(int fd, const struct nic *nic, const struct ibv_mr *mr)
{
	struct nldev_mr shown;

	assert_int_equal(nldev_find_mr(fd, nldev_index(fd, nic), mr->lkey, &shown), 0);
	assert_true(shown.found);
	return shown;
}

/*
 * Theory of operation: `rdma resource show mr` has the state of each region's hint:
 * sent, and with which PH; none that this NIC can send; stale, and why.
 */
GUEST_TEST(resources)
{
	struct nic *nic8 = guest_nic(guest, 8), *nic16 = guest_nic(guest, 16);
	int netlink = guest_keep_fd(guest, nldev_open()), fd;
	struct ibv_mr *mr, *other, *plain;
	struct nldev_mr mr_shown;

	guest_need_completer(guest, 16);
	fd = guest_export_hint(guest, 0, TAG16);
	mr = guest_register(guest, nic16, fd);
	other = guest_register(guest, nic8, fd);
	plain = guest_register(guest, nic16, guest_export(guest, 1, 0));
	mr_shown = shown(netlink, nic16, mr);
	assert_string_equal(mr_shown.tph, "sent");
	assert_int_equal(mr_shown.ph, 2);
	assert_string_equal(shown(netlink, nic8, other).tph, "none");
	assert_string_equal(shown(netlink, nic16, plain).tph, "none");
	assert_int_equal(accel_enable(&guest->accel, false), 0);
	assert_int_equal(set(guest, fd, 0), 0);
	assert_int_equal(accel_enable(&guest->accel, true), 0);
	assert_int_not_equal(guest_map_again(nic16, mr), 0);
	mr_shown = shown(netlink, nic16, mr);
	assert_string_equal(mr_shown.tph, "stale");
	assert_int_equal(mr_shown.err, EOPNOTSUPP);
}

/* The number of records in the kernel's log, from the position of @fd on, that have @word. */
static unsigned count_log(int fd, const char *word)
{
	char record[8192];
	unsigned count = 0;
	ssize_t n;

	while ((n = read(fd, record, sizeof(record) - 1)) > 0 || (n < 0 && errno == EPIPE)) {
		record[n > 0 ? n : 0] = '\0';
		count += strstr(record, word) != NULL;
	}
	return count;
}

/*
 * Theory of operation: the log has the reason for a refused registration, and
 * repeated attempts do not fill it.
 */
GUEST_TEST(logged)
{
	enum { TRIES = 40 };
	struct nic *nic8 = guest_nic(guest, 8);
	unsigned lines;
	int fd, log;

	guest_need_completer(guest, 16);
	fd = guest_export_required(guest, 0, TAG16);
	log = guest_keep_fd(guest, open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC));
	assert_int_equal(lseek(log, 0, SEEK_END), 0);
	guest_register_fails(nic8, fd, EPERM);
	assert_int_equal(count_log(log, "requires a TPH hint"), 1);
	for (unsigned i = 0; i < TRIES; i++)
		guest_register_fails(nic8, fd, EPERM);
	lines = count_log(log, "requires a TPH hint");
	assert_true(lines < TRIES);
}
