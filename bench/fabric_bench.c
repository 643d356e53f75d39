// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the fabric costs on top of copying the bytes. The job is an RDMA write of
 * 1 GiB from host memory into a peer, as the NIC does it: it reads 4 KiB from
 * mapped host memory and writes them to the peer with a 16-bit tag, passed on
 * without buffering where possible. The reference is a memcpy of as many bytes,
 * one payload at a time. The two take turns of 1 MiB, each on memory that the
 * other has not used recently. The job with buffering ("held"), a second copy, is
 * measured as well, and the job with all links in flit mode.
 *
 * The argument is the number of MiB (default 1024).
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/stats.h"
#include "fabric/fabric.h"

enum {
	MEMORY_BYTES = 128 << 20, /* more than a cache holds; used in a cycle */
	SLICE_BYTES = 1 << 20,
	SLICES = MEMORY_BYTES / SLICE_BYTES,
	CHUNK_BYTES = 4096,
	MRRS_BYTES = 512, /* the default, which Linux leaves */
	MIB_MAX = 4096,
};

static const uint64_t peer_base = 0x4000000000;
static const uint64_t host_base = 0x80000000;
static const struct tlp_hint hint = {.st_bits = 16, .ph = TLP_PH_TARGET, .st = 0x1234};

struct bench {
	uint8_t *host_memory, *peer_memory, *copy_memory;
	struct fabric *fabric;
	struct fabric_port *nic, *peer;
	unsigned mps_bytes, turns, fills;
	bool flit; /* all links are in flit mode */
};

static void peer_write(void *owner, unsigned bar, uint64_t offset, const struct tlp *tlp,
		       const uint8_t *payload)
{
	struct bench *bench = owner;

	(void)bar;
	tlp_store(tlp, payload, bench->peer_memory + offset);
}

static void *host_ptr(void *owner, uint64_t addr, size_t *len, bool write)
{
	struct bench *bench = owner;
	uint64_t offset = addr - host_base;

	(void)write;
	if (offset >= MEMORY_BYTES)
		return NULL;
	if (*len > MEMORY_BYTES - offset)
		*len = MEMORY_BYTES - offset;
	return bench->host_memory + offset;
}

static int setup(struct bench *bench)
{
	static const struct fabric_completer_ops completer = {.mem_write = peer_write};
	static const struct fabric_host_ops host = {.ptr = host_ptr};
	const struct fabric_config config = {
		.peers = FABRIC_PEERS_SWITCH,
		.mps_bytes = bench->mps_bytes,
		.mrrs_bytes = MRRS_BYTES,
	};
	const struct fabric_port_config nic = {
		.name = "nic",
		.host = &host,
		.host_owner = bench,
	};
	const struct fabric_port_config peer = {
		.name = "peer",
		.completer = &completer,
		.completer_owner = bench,
	};
	int ret = fabric_create(&bench->fabric, &config);

	if (!ret)
		ret = fabric_port_add(bench->fabric, &bench->nic, &nic);
	if (!ret)
		ret = fabric_port_add(bench->fabric, &bench->peer, &peer);
	if (ret)
		return ret;
	fabric_port_set_flit(bench->nic, bench->flit, bench->flit);
	fabric_port_set_flit(bench->peer, bench->flit, bench->flit);
	fabric_port_set_id(bench->nic, 0x0100);
	fabric_port_set_id(bench->peer, 0x0200);
	fabric_port_set_bus_master(bench->nic, true);
	fabric_port_set_bar(bench->nic, 0, 0xfe000000, 32 << 20);
	fabric_port_set_bar(bench->peer, 0, peer_base, MEMORY_BYTES);
	fabric_port_set_bar(bench->peer, 2, 0xfd000000, 64 << 10);
	return 0;
}

static size_t slice_at(unsigned turn)
{
	return (size_t)(turn % SLICES) * SLICE_BYTES;
}

static int move_held(struct bench *bench, size_t at)
{
	_Alignas(64) uint8_t chunk[CHUNK_BYTES];
	int ret = fabric_read(bench->nic, host_base + at, chunk, CHUNK_BYTES, NULL, 0);

	return ret ? ret : fabric_write(bench->nic, peer_base + at, chunk, CHUNK_BYTES, &hint, 0);
}

/* As the NIC does. */
static int move(struct bench *bench, size_t at)
{
	int ret = fabric_pass(bench->nic, host_base + at, NULL, peer_base + at, &hint, CHUNK_BYTES);

	return ret == -EAGAIN ? move_held(bench, at) : ret;
}

static int move_slice(struct bench *bench, unsigned turn,
		      int (*move_chunk)(struct bench *bench, size_t at))
{
	size_t from = slice_at(turn);
	int ret = 0;

	for (size_t at = from; !ret && at < from + SLICE_BYTES; at += CHUNK_BYTES)
		ret = move_chunk(bench, at);
	return ret;
}

static int run_nic(void *ctx, unsigned turn)
{
	return move_slice(ctx, turn, move);
}

static int run_held(void *ctx, unsigned turn)
{
	return move_slice(ctx, turn, move_held);
}

static int run_memcpy(void *ctx, unsigned turn)
{
	struct bench *bench = ctx;
	size_t from = slice_at(turn + SLICES / 2);

	for (size_t at = from; at < from + SLICE_BYTES; at += bench->mps_bytes) {
		memcpy(bench->copy_memory + at, bench->host_memory + at, bench->mps_bytes);
		/* Keeps the compiler from merging the copies of two payloads. */
		__asm__ volatile("" ::: "memory");
	}
	return 0;
}

/* Different bytes each time, so that those of an earlier job do not pass the check. */
static void fill(struct bench *bench)
{
	uint64_t *words = (uint64_t *)bench->host_memory;

	bench->fills++;
	for (size_t i = 0; i < MEMORY_BYTES / sizeof(*words); i++)
		words[i] = (i + bench->fills) * 0x9e3779b97f4a7c15u;
}

/* The figures are valid only if all bytes and TLPs arrived. */
static bool complete(const struct bench *bench)
{
	const struct fabric_counters *counters = fabric_port_counters(bench->nic);
	uint64_t bytes = (uint64_t)(SLICES + bench->turns) * SLICE_BYTES;
	uint64_t writes = bytes / bench->mps_bytes;

	return !memcmp(bench->host_memory, bench->peer_memory, MEMORY_BYTES) &&
	       counters->tlps[TLP_MWR] == writes && counters->hinted[1] == writes &&
	       counters->payload_bytes[TLP_MWR] == bytes;
}

struct result {
	unsigned mps_bytes;
	struct comparison nic, held, flit;
};

/* Measures @job on a new fabric. */
static int measure_job(struct bench *bench, turn_fn job, struct comparison *comparison)
{
	int ret = setup(bench);

	fill(bench);
	/* One unmeasured cycle: the cache has what fill() wrote, which helps one of the two. */
	if (!ret)
		ret = turns_compare(run_memcpy, job, bench, SLICES, comparison);
	if (!ret)
		ret = turns_compare(run_memcpy, job, bench, bench->turns, comparison);
	if (!ret && !complete(bench)) {
		fprintf(stderr, "fabric_bench: the peer did not receive all bytes and TLPs\n");
		ret = -1;
	}
	fabric_destroy(bench->fabric);
	bench->fabric = NULL;
	return ret;
}

static int measure(struct bench *bench, struct result *result)
{
	int ret = measure_job(bench, run_nic, &result->nic);

	result->mps_bytes = bench->mps_bytes;
	ret = ret ? ret : measure_job(bench, run_held, &result->held);
	bench->flit = true;
	ret = ret ? ret : measure_job(bench, run_nic, &result->flit);
	bench->flit = false;
	return ret;
}

static void report(const struct result *results, unsigned n, unsigned mib)
{
	const double slice_mib = SLICE_BYTES / (1024.0 * 1024.0);

	printf("%6s %13s %13s %8s %7s %7s %7s %7s\n", "MPS", "memcpy MiB/s", "fabric MiB/s",
	       "ns/MWr", "ratio", "median", "held", "flit");
	for (unsigned i = 0; i < n; i++) {
		const struct comparison *c = &results[i].nic;
		unsigned writes = SLICE_BYTES / results[i].mps_bytes;

		printf("%6u %13.0f %13.0f %8.1f %7.2f %7.2f %7.2f %7.2f\n", results[i].mps_bytes,
		       slice_mib / c->yardstick_s, slice_mib / c->job_s, c->job_s * 1e9 / writes,
		       c->ratio, c->median_ratio, results[i].held.ratio, results[i].flit.ratio);
	}
	printf("{\"bench\":\"fabric\",\"mib\":%u,\"results\":[", mib);
	for (unsigned i = 0; i < n; i++)
		printf("%s{\"mps\":%u,\"ratio\":%.3f,\"median_ratio\":%.3f,"
		       "\"held_ratio\":%.3f,\"flit_ratio\":%.3f}",
		       i ? "," : "", results[i].mps_bytes, results[i].nic.ratio,
		       results[i].nic.median_ratio, results[i].held.ratio, results[i].flit.ratio);
	printf("]}\n");
}

static int alloc_memory(struct bench *bench)
{
	bench->host_memory = malloc(MEMORY_BYTES);
	bench->peer_memory = malloc(MEMORY_BYTES);
	bench->copy_memory = malloc(MEMORY_BYTES);
	if (!bench->host_memory || !bench->peer_memory || !bench->copy_memory) {
		fprintf(stderr, "fabric_bench: no memory for three times %d bytes\n", MEMORY_BYTES);
		return -1;
	}
	/* Page faults are not to be measured. */
	memset(bench->peer_memory, 0, MEMORY_BYTES);
	memset(bench->copy_memory, 0, MEMORY_BYTES);
	return 0;
}

int main(int argc, char **argv)
{
	static const unsigned mps[] = {128, 256, 512, 1024, 2048, 4096};
	enum { NUM = sizeof(mps) / sizeof(*mps) };
	unsigned mib = argc > 1 ? strtoul(argv[1], NULL, 10) : 1024;
	struct bench bench = {.turns = mib};
	struct result results[NUM];
	int ret;

	if (mib < 1 || mib > MIB_MAX) {
		fprintf(stderr, "fabric_bench: MiB must be 1..%d\n", MIB_MAX);
		return 2;
	}
	ret = alloc_memory(&bench);
	for (unsigned i = 0; !ret && i < NUM; i++) {
		bench.mps_bytes = mps[i];
		ret = measure(&bench, &results[i]);
	}
	if (!ret)
		report(results, NUM, mib);
	free(bench.host_memory);
	free(bench.peer_memory);
	free(bench.copy_memory);
	return ret ? 1 : 0;
}
