// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The lab's devices, NIC and accelerator on a fabric, in this process: from a
 * doorbell to the completion of a small RDMA write with a hint, against a round
 * trip over a bare socketpair; and writes of 1 MiB against a memcpy, one payload
 * at a time. At the end, the memory that the process uses after the first
 * transfers and after all.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/pingpong.h"
#include "bench/stats.h"
#include "devices/accel/accel.h"
#include "fabric/fabric.h"
#include "tests/unit/cx_driver.h"

enum {
	ROUNDS = 50, /* doorbells in a turn */
	SMALL_TURNS = 400,
	LARGE_TURNS = 200,
	SMALL_BYTES = 64,
	LARGE_BYTES = 1 << 20,
	LARGE_COUNT = 3, /* in one memory region, whose pages fit in one command */
	MPS_BYTES = 256,
	ST_ENTRY = 3,
	STEPS_MAX = 100000,
	TPH_CONTROL = 8, /* of the capability: device specific mode, 16-bit tags */
	TPH_CONTROL_ON = 0x302,
	TPH_TABLE = 12,
};

struct bench {
	struct driver driver; /* first: its world is the context of the NIC's link */
	struct fabric *fabric;
	struct fabric_port *nic_port, *accel_port;
	struct pci_function *accel;
	struct qp qp;
	struct mr from, to;
	struct pingpong bare;
	uint8_t *copy;
};

static int nic_write(void *ctx, uint64_t addr, const void *data, size_t len,
		     const struct tlp_hint *hint, unsigned flags)
{
	return fabric_write(((struct bench *)ctx)->nic_port, addr, data, len, hint, flags);
}

static int nic_read(void *ctx, uint64_t addr, void *buf, size_t len, const struct tlp_hint *hint,
		    unsigned flags)
{
	return fabric_read(((struct bench *)ctx)->nic_port, addr, buf, len, hint, flags);
}

static int nic_pass(void *ctx, uint64_t src, const struct tlp_hint *read_hint, uint64_t dst,
		    const struct tlp_hint *write_hint, size_t len)
{
	return fabric_pass(((struct bench *)ctx)->nic_port, src, read_hint, dst, write_hint, len);
}

static void *host_ptr(void *owner, uint64_t addr, size_t *len, bool write)
{
	struct bench *bench = owner;

	(void)write;
	if (addr >= RAM_BYTES)
		return NULL;
	if (*len > RAM_BYTES - addr)
		*len = RAM_BYTES - addr;
	return bench->driver.world.ram + addr;
}

static void accel_write(void *owner, unsigned bar, uint64_t offset, const struct tlp *tlp,
			const uint8_t *payload)
{
	struct pci_function *accel = owner;

	accel->ops->mem_write(accel, bar, offset, tlp, payload);
}

static int open_fabric(struct bench *bench)
{
	static const struct fabric_completer_ops completer = {.mem_write = accel_write};
	static const struct fabric_host_ops host = {.ptr = host_ptr};
	static const struct accel_config accel = {.completer = PCI_TPH_COMPLETER_16};
	static const struct pci_function_link no_link;
	const struct fabric_config config = {
		.peers = FABRIC_PEERS_SWITCH, .mps_bytes = MPS_BYTES, .mrrs_bytes = 512};
	int ret = fabric_create(&bench->fabric, &config);

	if (!ret)
		ret = accel_create(&bench->accel, &accel, &no_link);
	if (!ret)
		ret = fabric_port_add(bench->fabric, &bench->nic_port,
				      &(struct fabric_port_config){
					      .name = "nic", .host = &host, .host_owner = bench});
	if (!ret)
		ret = fabric_port_add(
			bench->fabric, &bench->accel_port,
			&(struct fabric_port_config){.name = "accel",
						     .completer = &completer,
						     .completer_owner = bench->accel});
	if (ret)
		return ret;
	fabric_port_set_bus_master(bench->nic_port, true);
	fabric_port_set_bar(bench->accel_port, 0, PEER_BASE, bench->accel->bars[0].size);
	return 0;
}

/* The NIC is set up as in its unit tests, then connected to the fabric. */
static void open_nic(struct bench *bench)
{
	static const struct cx_config config = {.tph_bits = 16, .st_entries = CX_ST_ENTRIES};
	struct driver *d = &bench->driver;

	driver_start(d, &config);
	d->world.f->link.write = nic_write;
	d->world.f->link.read = nic_read;
	d->world.f->link.pass = nic_pass;
	driver_config_write(d, d->world.f->tph_cap + TPH_TABLE + 2 * ST_ENTRY, 0x1234, 2);
	driver_config_write(d, d->world.f->tph_cap + TPH_CONTROL, TPH_CONTROL_ON, 4);
	bench->from = (struct mr){.len = LARGE_COUNT * LARGE_BYTES};
	bench->from.addr = world_alloc(&d->world, bench->from.len);
	driver_create_mr(d, &bench->from);
	bench->to = (struct mr){
		.addr = PEER_BASE,
		.len = bench->from.len,
		.tph = true,
		.ph = TLP_PH_TARGET,
		.st_index = ST_ENTRY,
	};
	driver_create_mr(d, &bench->to);
	driver_create_qp(d, &bench->qp, CX_ST_RC);
	driver_connect(d, &bench->qp, bench->qp.number);
}

static int rdma_write(struct bench *bench, uint32_t at, uint32_t len)
{
	struct driver *d = &bench->driver;
	const uint8_t *cqe;
	struct wqe w;

	wqe_init(&w, CX_WR_RDMA_WRITE, true);
	wqe_raddr(&w, bench->to.addr + at, bench->to.key);
	wqe_data(&w, bench->from.addr + at, bench->from.key, len);
	driver_post(d, &bench->qp, &w);
	driver_ring(d, &bench->qp);
	if (!world_run(&d->world, STEPS_MAX))
		return -ETIMEDOUT;
	cqe = driver_poll(d, &bench->qp.cq);
	return cqe && cqe[CX_CQE_OP_OWN] >> 4 == 0 ? 0 : -EIO;
}

static int run_bare(void *ctx, unsigned turn)
{
	struct bench *bench = ctx;

	(void)turn;
	return pingpong_rounds(&bench->bare, ROUNDS);
}

static int run_small(void *ctx, unsigned turn)
{
	int ret = 0;

	for (unsigned i = 0; !ret && i < ROUNDS; i++)
		ret = rdma_write(ctx, (turn * ROUNDS + i) % 4096 * SMALL_BYTES, SMALL_BYTES);
	return ret;
}

static uint32_t large_at(unsigned turn)
{
	return turn % LARGE_COUNT * LARGE_BYTES;
}

static int run_memcpy(void *ctx, unsigned turn)
{
	struct bench *bench = ctx;
	uint32_t from = large_at(turn + 1);

	for (uint32_t at = from; at < from + LARGE_BYTES; at += MPS_BYTES) {
		memcpy(bench->copy + at, bench->driver.world.ram + bench->from.addr + at,
		       MPS_BYTES);
		__asm__ volatile("" ::: "memory");
	}
	return 0;
}

static int run_large(void *ctx, unsigned turn)
{
	return rdma_write(ctx, large_at(turn), LARGE_BYTES);
}

/* Private memory in KiB that the process has now; negative: not known. */
static long private_kib(void)
{
	FILE *file = fopen("/proc/self/status", "re");
	char line[128];
	long kib = -1;

	while (file && kib < 0 && fgets(line, sizeof(line), file))
		sscanf(line, "RssAnon: %ld kB", &kib);
	if (file)
		fclose(file);
	return kib;
}

int main(void)
{
	struct bench *bench = calloc(1, sizeof(*bench));
	struct comparison small, large;
	long before, after;
	int ret;

	if (!bench)
		return 1;
	bench->copy = malloc(LARGE_COUNT * LARGE_BYTES);
	/* Forks first, so that the other process has no copy of the devices. */
	ret = bench->copy ? pingpong_start(&bench->bare, SMALL_BYTES, SMALL_BYTES) : -ENOMEM;
	if (!ret)
		ret = open_fabric(bench);
	if (!ret) {
		open_nic(bench);
		ret = turns_compare(run_memcpy, run_large, bench, LARGE_COUNT, &large);
	}
	before = private_kib();
	if (!ret)
		ret = turns_compare(run_bare, run_small, bench, SMALL_TURNS, &small);
	if (!ret)
		ret = turns_compare(run_memcpy, run_large, bench, LARGE_TURNS, &large);
	after = private_kib();
	if (ret) {
		fprintf(stderr, "rdma_bench: %s\n", strerror(-ret));
		free(bench->copy);
		free(bench);
		return 1;
	}
	printf("doorbell to completion: %.2f us, bare socketpair %.2f us, ratio %.3f\n",
	       small.job_s / ROUNDS * 1e6, small.yardstick_s / ROUNDS * 1e6, small.ratio);
	printf("1 MiB at MPS %d: %.0f MiB/s, memcpy %.0f MiB/s, ratio %.2f\n", MPS_BYTES,
	       1 / large.job_s, 1 / large.yardstick_s, large.ratio);
	printf("private memory: %ld KiB after the first %d MiB, %ld KiB after %d writes and %d MiB\n",
	       before, LARGE_COUNT, after, ROUNDS * SMALL_TURNS, LARGE_COUNT + LARGE_TURNS);
	printf("{\"bench\":\"rdma\",\"doorbell_ratio\":%.3f,\"mib_ratio\":%.3f,"
	       "\"private_kib\":%ld,\"grown_kib\":%ld}\n",
	       small.ratio, large.ratio, after, after - before);
	pingpong_stop(&bench->bare);
	driver_stop(&bench->driver);
	bench->accel->ops->destroy(bench->accel);
	fabric_destroy(bench->fabric);
	free(bench->copy);
	free(bench);
	return 0;
}
