// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the fabric costs on top of moving the bytes. The job is that of an RDMA
 * write of 1 GiB from host memory into a peer, as the NIC does it: read 4 KiB
 * from mapped host memory, write them to the peer with a 16-bit tag. The
 * yardstick is a memcpy of as many bytes in pieces of one payload each. The two
 * take turns slice by slice, a slice being shorter than a time slice of the
 * scheduler, each on memory that the other has not touched lately; the ratio is
 * the median over all slices.
 *
 * The argument is the number of MiB (default 1024).
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/stats.h"
#include "fabric/fabric.h"

enum {
	MEMORY_BYTES = 128 << 20, /* more than a cache holds; gone through again and again */
	SLICE_BYTES = 1 << 20,
	SLICES = MEMORY_BYTES / SLICE_BYTES,
	CHUNK_BYTES = 4096,
	TURNS_MAX = 4096,
};

static const uint64_t peer_base = 0x4000000000;
static const uint64_t host_base = 0x80000000;
static const struct tlp_hint hint = {.st_bits = 16, .ph = TLP_PH_TARGET, .st = 0x1234};

struct bench {
	uint8_t *host_memory, *peer_memory, *copy_memory;
	struct fabric *fabric;
	struct fabric_port *nic, *peer;
};

struct result {
	unsigned mps_bytes;
	double memcpy_s, fabric_s, ratio; /* medians of a slice */
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

static int setup(struct bench *bench, unsigned mps_bytes)
{
	static const struct fabric_completer_ops completer = {.mem_write = peer_write};
	static const struct fabric_host_ops host = {.ptr = host_ptr};
	const struct fabric_config config = {
		.peers = FABRIC_PEERS_SWITCH,
		.mps_bytes = mps_bytes,
		.mrrs_bytes = 512, /* what Linux leaves most devices at */
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
	fabric_port_set_id(bench->nic, 0x0100);
	fabric_port_set_id(bench->peer, 0x0200);
	fabric_port_set_bus_master(bench->nic, true);
	fabric_port_set_bar(bench->nic, 0, 0xfe000000, 32 << 20);
	fabric_port_set_bar(bench->peer, 0, peer_base, MEMORY_BYTES);
	fabric_port_set_bar(bench->peer, 2, 0xfd000000, 64 << 10);
	return 0;
}

static int run_fabric(struct bench *bench, size_t from)
{
	uint8_t chunk[CHUNK_BYTES];
	int ret = 0;

	for (size_t at = from; !ret && at < from + SLICE_BYTES; at += CHUNK_BYTES) {
		ret = fabric_read(bench->nic, host_base + at, chunk, CHUNK_BYTES, NULL, 0);
		if (!ret)
			ret = fabric_write(bench->nic, peer_base + at, chunk, CHUNK_BYTES, &hint,
					   0);
	}
	return ret;
}

static void run_memcpy(struct bench *bench, size_t from, size_t piece)
{
	for (size_t at = from; at < from + SLICE_BYTES; at += piece) {
		memcpy(bench->copy_memory + at, bench->host_memory + at, piece);
		/* Piece by piece, as a payload is: not one copy for the compiler to find. */
		__asm__ volatile("" ::: "memory");
	}
}

/* Other bytes in each pass, so that what is left of an earlier one is no success. */
static void fill(struct bench *bench, unsigned pass)
{
	uint64_t *words = (uint64_t *)bench->host_memory;

	for (size_t i = 0; i < MEMORY_BYTES / sizeof(*words); i++)
		words[i] = (i + pass) * 0x9e3779b97f4a7c15u;
}

/* Both jobs on a slice each, far apart; they take turns in who is first. */
static int take_turn(struct bench *bench, unsigned turn, unsigned mps_bytes, double *copy_s,
		     double *fabric_s)
{
	size_t fabric_at = (size_t)(turn % SLICES) * SLICE_BYTES;
	size_t copy_at = (size_t)((turn + SLICES / 2) % SLICES) * SLICE_BYTES;
	int ret = 0;

	for (unsigned k = 0; k < 2; k++) {
		double start = now_s();

		if ((turn + k) % 2) {
			run_memcpy(bench, copy_at, mps_bytes);
			*copy_s = now_s() - start;
		} else {
			ret = run_fabric(bench, fabric_at);
			*fabric_s = now_s() - start;
		}
	}
	return ret;
}

/* The figures count only if the bytes and the TLPs are all there. */
static bool counted(const struct bench *bench, unsigned mps_bytes, unsigned turns)
{
	const struct fabric_counters *counters = fabric_port_counters(bench->nic);
	uint64_t bytes = (uint64_t)turns * SLICE_BYTES, writes = bytes / mps_bytes;

	return counters->tlps[TLP_MWR] == writes && counters->hinted[1] == writes &&
	       counters->payload_bytes[TLP_MWR] == bytes;
}

static int measure(struct bench *bench, unsigned mps_bytes, unsigned turns, struct result *result)
{
	static double copies[TURNS_MAX], writes[TURNS_MAX], ratios[TURNS_MAX];
	int ret = setup(bench, mps_bytes);
	bool right = true;

	for (unsigned turn = 0; !ret && turn < turns; turn++) {
		if (turn % SLICES == 0)
			fill(bench, turn);
		ret = take_turn(bench, turn, mps_bytes, &copies[turn], &writes[turn]);
		ratios[turn] = writes[turn] / copies[turn];
		if (turn % SLICES == SLICES - 1 || turn == turns - 1)
			right = right && !memcmp(bench->host_memory, bench->peer_memory,
						 (size_t)(turn % SLICES + 1) * SLICE_BYTES);
	}
	if (!ret && !(right && counted(bench, mps_bytes, turns))) {
		fprintf(stderr, "fabric_bench: the peer has not got every byte in every TLP\n");
		ret = -1;
	}
	if (!ret)
		*result = (struct result){
			.mps_bytes = mps_bytes,
			.memcpy_s = median(copies, turns),
			.fabric_s = median(writes, turns),
			.ratio = median(ratios, turns),
		};
	fabric_destroy(bench->fabric);
	bench->fabric = NULL;
	return ret;
}

static void report(const struct result *results, unsigned n, unsigned turns)
{
	const double mib = SLICE_BYTES / (1024.0 * 1024.0);

	printf("%6s %13s %13s %8s %7s\n", "MPS", "memcpy MiB/s", "fabric MiB/s", "ns/MWr", "ratio");
	for (unsigned i = 0; i < n; i++) {
		const struct result *r = &results[i];

		printf("%6u %13.0f %13.0f %8.1f %7.2f\n", r->mps_bytes, mib / r->memcpy_s,
		       mib / r->fabric_s, r->fabric_s * 1e9 / (SLICE_BYTES / r->mps_bytes),
		       r->ratio);
	}
	printf("{\"bench\":\"fabric\",\"mib\":%u,\"results\":[", turns);
	for (unsigned i = 0; i < n; i++)
		printf("%s{\"mps\":%u,\"ratio\":%.3f}", i ? "," : "", results[i].mps_bytes,
		       results[i].ratio);
	printf("]}\n");
}

int main(int argc, char **argv)
{
	static const unsigned mps[] = {128, 256, 512, 1024, 2048, 4096};
	enum { NUM = sizeof(mps) / sizeof(*mps) };
	unsigned turns = argc > 1 ? strtoul(argv[1], NULL, 10) : 1024;
	struct result results[NUM];
	struct bench bench = {0};
	int ret = 0;

	if (turns < 1 || turns > TURNS_MAX) {
		fprintf(stderr, "fabric_bench: MiB must be 1..%d\n", TURNS_MAX);
		return 2;
	}
	bench.host_memory = malloc(MEMORY_BYTES);
	bench.peer_memory = malloc(MEMORY_BYTES);
	bench.copy_memory = malloc(MEMORY_BYTES);
	if (!bench.host_memory || !bench.peer_memory || !bench.copy_memory) {
		fprintf(stderr, "fabric_bench: no memory for three times %d bytes\n", MEMORY_BYTES);
		ret = -1;
	} else {
		/* Page faults are not what is measured. */
		memset(bench.peer_memory, 0, MEMORY_BYTES);
		memset(bench.copy_memory, 0, MEMORY_BYTES);
	}
	for (unsigned i = 0; !ret && i < NUM; i++)
		ret = measure(&bench, mps[i], turns, &results[i]);
	if (!ret)
		report(results, NUM, turns);
	free(bench.host_memory);
	free(bench.peer_memory);
	free(bench.copy_memory);
	return ret ? 1 : 0;
}
