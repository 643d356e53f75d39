// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The effects of faults on the guest (doc/faults.md): an error completion and no
 * hang, and no loss of acknowledged data. A write is acknowledged when its
 * completion was a success and an RDMA READ behind it has ended: the completion
 * alone says that the NIC has sent the data, and a read cannot pass the writes
 * before it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "devices/accel/accel_regs.h"
#include "guest.h"
#include "host.h"

#define SEGMENT_BYTES 4096u
#define READ_TO	      (NIC_STAGE_BYTES / 2) /* where reads go in the stage; writes are below */

/* A buffer, the region on it and the NIC, fresh for each test. */
struct bench {
	struct guest *guest;
	struct nic *nic;
	char nic_device[16]; /* its name in the lab */
	int fd;
	struct ibv_mr *mr;
};

static void bench_open(struct bench *b, struct guest *guest)
{
	if (!host_listens())
		GUEST_SKIP("no process outside of this guest sets faults");
	*b = (struct bench){.guest = guest, .nic = guest_nic(guest, 16)};
	snprintf(b->nic_device, sizeof(b->nic_device), "nic%u", (unsigned)(b->nic - guest->nics));
	host_tell("accel0 clear");
	host_tell("%s clear", b->nic_device);
	b->fd = guest_export(guest, 0, 0);
	b->mr = guest_register(guest, b->nic, b->fd);
	for (unsigned i = 0; i < READ_TO; i += 256)
		assert_int_equal(getrandom(b->nic->stage + i, 256, 0), 256);
}

static int read_back(const struct bench *b, size_t at, size_t len)
{
	memset(b->nic->stage + READ_TO + at, 0, len);
	return guest_rdma_read(b->nic, b->mr, READ_TO + at, at, len);
}

/* The memory has the bytes of the stage, as RDMA READ and the CPU read it. */
static void assert_arrived(const struct bench *b, size_t at, size_t len)
{
	uint8_t seen[GUEST_SLICE_BYTES];

	assert_int_equal(read_back(b, at, len), 0);
	assert_memory_equal(b->nic->stage + READ_TO + at, b->nic->stage + at, len);
	assert_int_equal(accel_read(&b->guest->accel, &b->guest->accel.memory, at, seen, len), 0);
	assert_memory_equal(seen, b->nic->stage + at, len);
}

/*
 * The fault hits the first TLP of a write: the write ends in an error and changes
 * no memory, data that was acknowledged before is unchanged, and after the queues
 * are connected again writes succeed.
 */
static void hit_write(const struct bench *b, const char *fault)
{
	uint8_t seen[SEGMENT_BYTES], zeros[SEGMENT_BYTES] = {0};

	assert_int_equal(accel_write(&b->guest->accel, &b->guest->accel.memory, SEGMENT_BYTES,
				     zeros, sizeof(zeros)),
			 0);
	assert_int_equal(nic_write(b->nic, b->mr, 0, 0, SEGMENT_BYTES), 0);
	assert_arrived(b, 0, SEGMENT_BYTES);
	host_tell("accel0 %s 1 writes", fault);
	assert_int_equal(nic_write(b->nic, b->mr, SEGMENT_BYTES, SEGMENT_BYTES, SEGMENT_BYTES),
			 -EREMOTEIO);
	assert_int_equal(host_hits("accel0", fault), 1);
	assert_int_equal(accel_read(&b->guest->accel, &b->guest->accel.memory, SEGMENT_BYTES, seen,
				    sizeof(seen)),
			 0);
	assert_memory_equal(seen, zeros, sizeof(seen));
	assert_int_equal(nic_connect(b->nic), 0);
	assert_arrived(b, 0, SEGMENT_BYTES);
	assert_int_equal(nic_write(b->nic, b->mr, SEGMENT_BYTES, SEGMENT_BYTES, SEGMENT_BYTES), 0);
	assert_arrived(b, 0, 2 * SEGMENT_BYTES);
}

/* The fault hits an RDMA READ at the accelerator, then the NIC's read of the data to write. */
static void hit_reads(const struct bench *b, const char *fault)
{
	assert_int_equal(nic_write(b->nic, b->mr, 0, 0, SEGMENT_BYTES), 0);
	host_tell("accel0 %s 1 reads", fault);
	assert_int_equal(read_back(b, 0, SEGMENT_BYTES), -EREMOTEIO);
	assert_int_equal(host_hits("accel0", fault), 1);
	assert_int_equal(nic_connect(b->nic), 0);
	assert_arrived(b, 0, SEGMENT_BYTES);
	host_tell("%s %s 1 reads", b->nic_device, fault);
	assert_int_equal(nic_write(b->nic, b->mr, 0, SEGMENT_BYTES, SEGMENT_BYTES), -EREMOTEIO);
	assert_int_equal(host_hits(b->nic_device, fault), 1);
	assert_int_equal(nic_connect(b->nic), 0);
	assert_arrived(b, 0, SEGMENT_BYTES);
}

static void hit_both(struct guest *guest, const char *fault)
{
	struct bench b;

	bench_open(&b, guest);
	hit_write(&b, fault);
	hit_reads(&b, fault);
}

GUEST_TEST(drop)
{
	hit_both(guest, "drop");
}

GUEST_TEST(corrupt)
{
	hit_both(guest, "corrupt");
}

GUEST_TEST(unsupported_request)
{
	hit_both(guest, "ur");
}

GUEST_TEST(completer_abort)
{
	hit_both(guest, "ca");
}

static uint64_t reads_served(const struct bench *b)
{
	struct accel_counters counters;
	uint64_t value;

	assert_int_equal(accel_read_counters(&b->guest->accel, &counters), 0);
	assert_int_equal(accel_read(&b->guest->accel, &b->guest->accel.regs, ACCEL_REG_READS,
				    &value, sizeof(value)),
			 0);
	return value;
}

/* Theory of operation: the accelerator serves the read, and the NIC receives no completion. */
GUEST_TEST(lose)
{
	struct bench b;

	bench_open(&b, guest);
	hit_reads(&b, "lose");
	assert_int_equal(accel_clear_counters(&b.guest->accel), 0);
	host_tell("accel0 lose");
	assert_int_equal(read_back(&b, 0, 64), -EREMOTEIO);
	assert_int_equal(reads_served(&b), 1);
}

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/*
 * Theory of operation: a delayed write completes after the delay, with its data in
 * memory. Meanwhile the other NIC goes on. (The guest's clock may be a little ahead
 * of the host's.)
 */
GUEST_TEST(delay)
{
	struct ibv_wc wc;
	struct nic *other;
	struct ibv_mr *mr;
	uint64_t begin;
	struct bench b;

	bench_open(&b, guest);
	host_tell("accel0 delay 400ms 1");
	begin = now_ms();
	assert_int_equal(nic_write(b.nic, b.mr, 0, 0, SEGMENT_BYTES), 0);
	assert_true(now_ms() - begin >= 350);
	assert_arrived(&b, 0, SEGMENT_BYTES);
	assert_int_equal(host_hits("accel0", "delay"), 1);

	other = guest_nic(b.guest, 8);
	mr = guest_register(b.guest, other, b.fd);
	host_tell("%s delay 4000ms 1", b.nic_device);
	assert_int_equal(nic_post_write(b.nic, b.mr, 0, SEGMENT_BYTES, SEGMENT_BYTES), 0);
	assert_int_equal(nic_write(other, mr, 0, 2 * SEGMENT_BYTES, SEGMENT_BYTES), 0);
	assert_int_equal(ibv_poll_cq(b.nic->cq, 1, &wc), 0);
	assert_int_equal(nic_wait(b.nic), 0);
	assert_int_equal(host_hits(b.nic_device, "delay"), 1);
}

/*
 * Theory of operation: the reordering that PCIe allows does not change the data:
 * reads pass each other, at both ends, and no read passes a write.
 */
static void reorder_at(const struct bench *b, const char *device)
{
	host_tell("%s reorder", device);
	for (unsigned round = 0; round < 8; round++) {
		size_t at = round * 17, len = GUEST_SLICE_BYTES - 2 * at;

		for (unsigned i = 0; i < 256; i++)
			b->nic->stage[at + i] = (uint8_t)(b->nic->stage[at + i] + 1);
		/* The read follows the write without a wait. */
		assert_int_equal(nic_post_write(b->nic, b->mr, at, at, len), 0);
		assert_arrived(b, at, len);
	}
	assert_true(host_hits(device, "reorder") > 0);
	host_tell("%s clear", device);
}

GUEST_TEST(reorder)
{
	struct bench b;

	bench_open(&b, guest);
	reorder_at(&b, "accel0");
	reorder_at(&b, b.nic_device);
}

/* Polls until all @count writes have ended. Bit n of the result: write n was a success. */
static uint32_t successes(struct nic *nic, unsigned count)
{
	uint64_t deadline = now_ms() + 30000;
	uint32_t good = 0;

	while (count) {
		struct ibv_wc wc;
		int n = ibv_poll_cq(nic->cq, 1, &wc);

		assert_true(n >= 0);
		assert_true(now_ms() < deadline);
		if (n == 0)
			continue;
		count--;
		if (wc.status == IBV_WC_SUCCESS)
			good |= 1u << wc.wr_id;
	}
	return good;
}

static void post_numbered(const struct bench *b, unsigned n)
{
	struct ibv_sge sge = {.addr = (uintptr_t)b->nic->stage + n * SEGMENT_BYTES,
			      .length = SEGMENT_BYTES,
			      .lkey = b->nic->stage_mr->lkey};
	struct ibv_send_wr *bad,
		wr = {
			.wr_id = n,
			.sg_list = &sge,
			.num_sge = 1,
			.opcode = IBV_WR_RDMA_WRITE,
			.send_flags = IBV_SEND_SIGNALED,
			.wr.rdma = {.remote_addr = n * SEGMENT_BYTES, .rkey = b->mr->rkey},
		};

	assert_int_equal(ibv_post_send(b->nic->qp[0], &wr, &bad), 0);
}

/*
 * Theory of operation: a queue of writes, slow enough that the fault hits one in
 * the middle. The writes before it succeed and their data is in memory; it and
 * all after it end in errors.
 */
GUEST_TEST(acknowledged_data)
{
	static const char *const faults[] = {"drop", "corrupt", "ur", "ca"};
	const unsigned count = GUEST_SLICE_BYTES / SEGMENT_BYTES;
	struct bench b;

	bench_open(&b, guest);
	for (unsigned f = 0; f < 4; f++) {
		uint32_t good;
		unsigned ended;

		for (unsigned i = 0; i < GUEST_SLICE_BYTES; i++)
			b.nic->stage[i] = (uint8_t)(b.nic->stage[i] + 1);
		/* Each write is two requests: a read of the stage and the write. */
		host_tell("%s delay 150ms", b.nic_device);
		for (unsigned n = 0; n < count; n++)
			post_numbered(&b, n);
		good = successes(b.nic, 2);
		host_tell("accel0 %s 1 writes", faults[f]);
		good |= successes(b.nic, count - 2);
		host_tell("%s clear", b.nic_device);
		ended = (unsigned)__builtin_popcount(good);
		assert_in_range(ended, 2, count - 1);
		assert_int_equal(good, (1u << ended) - 1);
		assert_int_equal(host_hits("accel0", faults[f]), 1);
		assert_int_equal(nic_connect(b.nic), 0);
		assert_arrived(&b, 0, ended * SEGMENT_BYTES);
		print_message("%s: %u of %u writes before the fault\n", faults[f], ended, count);
	}
}

static int export_errno(const struct guest *guest, struct hint hint)
{
	int fd = accel_export(&guest->accel, 0, GUEST_SLICE_BYTES, guest_flags_of(hint));

	if (fd < 0)
		return -fd;
	close(fd);
	return 0;
}

static void assert_exports_all(const struct guest *guest)
{
	assert_int_equal(export_errno(guest, (struct hint){0}), 0);
	assert_int_equal(export_errno(guest, (struct hint){8, 0x5a, 2}), 0);
	assert_int_equal(export_errno(guest, (struct hint){16, 0x1234, 2}), 0);
}

/*
 * Theory of operation: the kernel reads which tags a device completes when it
 * enumerates it. If the device advertises others after a reset, the kernel keeps
 * the old value until the device is removed and enumerated again.
 */
GUEST_TEST(accel_tph)
{
	static const char *const words[] = {"none", "8", "16"};
	const struct hint hint = {16, 0x1234, 2};
	struct bench b;

	if (guest->completer_bits != 16)
		GUEST_SKIP("the accelerator is no completer of 16-bit tags");
	bench_open(&b, guest);
	for (unsigned i = 0; i < 3; i++) {
		host_tell("accel0 tph %s", words[i]);
		guest_reset(guest);
		assert_int_equal(accel_enable(&guest->accel, true), 0);
		assert_exports_all(guest);
	}
	b.fd = guest_export_hint(guest, 0, hint);
	assert_int_equal(nic_connect(b.nic), 0);
	guest_check_writes(guest, b.nic, guest_register(guest, b.nic, b.fd), 0, hint);
}

static void assert_all_ones(const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		assert_int_equal(bytes[i], 0xff);
}

static void assert_unplugged(const struct guest *guest)
{
	uint8_t bytes[64];
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/config", guest->accel_name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(pread(fd, bytes, 4, 0), 4);
	close(fd);
	assert_all_ones(bytes, 4); /* Vendor ID FFFFh: no device */
	assert_int_equal(accel_read(&guest->accel, &guest->accel.regs, 0, bytes, 8), 0);
	assert_all_ones(bytes, 8);
	assert_int_equal(accel_read(&guest->accel, &guest->accel.memory, 0, bytes, 64), 0);
	assert_all_ones(bytes, 64);
}

/*
 * Theory of operation: the accelerator is unplugged during writes. Each of them ends,
 * and later ones end in errors. Plugged in, reset and enabled, it works as at first.
 */
GUEST_TEST(accel_unplug)
{
	const struct hint hint = {16, 0x77, 2};
	struct bench b;

	bench_open(&b, guest);
	traffic_start(&guest->traffic, b.nic, b.mr);
	assert_true(traffic_advances(&guest->traffic));
	host_tell("accel0 unplug");
	traffic_stop(&guest->traffic);
	assert_int_equal(atomic_load(&guest->traffic.fatal), 0);
	assert_true(atomic_load(&guest->traffic.errors) > 0);
	assert_int_equal(nic_connect(b.nic), 0);
	assert_unplugged(guest);
	assert_int_equal(nic_write(b.nic, b.mr, 0, 0, SEGMENT_BYTES), -EREMOTEIO);
	assert_int_equal(nic_connect(b.nic), 0);
	assert_int_equal(read_back(&b, 0, SEGMENT_BYTES), -EREMOTEIO);
	host_tell("accel0 plug");
	guest_reset(guest);
	assert_int_equal(accel_enable(&guest->accel, true), 0);
	assert_int_equal(nic_connect(b.nic), 0);
	b.fd = guest_export(guest, 0, guest->completer_bits == 16 ? guest_flags_of(hint) : 0);
	b.mr = guest_register(guest, b.nic, b.fd);
	guest_check_writes(guest, b.nic, b.mr, 0,
			   guest->completer_bits == 16 ? hint : (struct hint){0});
}
