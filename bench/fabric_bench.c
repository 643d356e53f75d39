// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the fabric costs on top of moving the bytes. The job is that of an RDMA
 * write from host memory into a peer: read 4 KiB from mapped host memory, write
 * them to the peer with a 16-bit tag. The yardstick is a memcpy of the same
 * bytes in pieces of one payload each; both are measured in turn.
 *
 * The first argument is the number of rounds (default 9).
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/stats.h"
#include "fabric/fabric.h"

enum {
	TOTAL_BYTES = 64 << 20,
	CHUNK_BYTES = 4096,
	ROUNDS_MAX = 99,
};

static const uint64_t peer_base = 0x4000000000;
static const uint64_t host_base = 0x80000000;
static const struct tlp_hint hint = {.st_bits = 16, .ph = TLP_PH_TARGET, .st = 0x1234};

struct bench {
	uint8_t *host_memory, *peer_memory;
	struct fabric *fabric;
	struct fabric_port *nic, *peer;
};

struct result {
	unsigned mps_bytes;
	double memcpy_s, fabric_s, ratio; /* medians; of the ratio, over those of each round */
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
	if (offset >= TOTAL_BYTES)
		return NULL;
	if (*len > TOTAL_BYTES - offset)
		*len = TOTAL_BYTES - offset;
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
	fabric_port_set_bar(bench->peer, 0, peer_base, TOTAL_BYTES);
	fabric_port_set_bar(bench->peer, 2, 0xfd000000, 64 << 10);
	return 0;
}

static int run_fabric(struct bench *bench)
{
	uint8_t chunk[CHUNK_BYTES];
	int ret = 0;

	for (size_t done = 0; !ret && done < TOTAL_BYTES; done += CHUNK_BYTES) {
		ret = fabric_read(bench->nic, host_base + done, chunk, CHUNK_BYTES, NULL, 0);
		if (!ret)
			ret = fabric_write(bench->nic, peer_base + done, chunk, CHUNK_BYTES, &hint,
					   0);
	}
	return ret;
}

static void run_memcpy(struct bench *bench, size_t piece)
{
	for (size_t done = 0; done < TOTAL_BYTES; done += piece) {
		memcpy(bench->peer_memory + done, bench->host_memory + done, piece);
		/* Piece by piece, as a payload is: not one copy for the compiler to find. */
		__asm__ volatile("" ::: "memory");
	}
}

/* The figures count only if the bytes and the TLPs are all there. */
static bool complete(const struct bench *bench, unsigned mps_bytes, unsigned rounds)
{
	const struct fabric_counters *counters = fabric_port_counters(bench->nic);
	uint64_t writes = (uint64_t)rounds * (TOTAL_BYTES / mps_bytes);

	return !memcmp(bench->host_memory, bench->peer_memory, TOTAL_BYTES) &&
	       counters->tlps[TLP_MWR] == writes && counters->hinted[1] == writes &&
	       counters->payload_bytes[TLP_MWR] == (uint64_t)rounds * TOTAL_BYTES;
}

static int measure(struct bench *bench, unsigned mps_bytes, unsigned rounds, struct result *result)
{
	double copies[ROUNDS_MAX], writes[ROUNDS_MAX], ratios[ROUNDS_MAX];
	int ret = setup(bench, mps_bytes);

	for (unsigned i = 0; !ret && i < rounds; i++) {
		double start;

		memset(bench->peer_memory, 0xff, TOTAL_BYTES);
		start = now_s();
		run_memcpy(bench, mps_bytes);
		copies[i] = now_s() - start;
		memset(bench->peer_memory, 0xff, TOTAL_BYTES);
		start = now_s();
		ret = run_fabric(bench);
		writes[i] = now_s() - start;
		ratios[i] = writes[i] / copies[i];
	}
	if (!ret && !complete(bench, mps_bytes, rounds)) {
		fprintf(stderr, "fabric_bench: the peer has not got every byte in every TLP\n");
		ret = -1;
	}
	if (!ret)
		*result = (struct result){
			.mps_bytes = mps_bytes,
			.memcpy_s = median(copies, rounds),
			.fabric_s = median(writes, rounds),
			.ratio = median(ratios, rounds),
		};
	fabric_destroy(bench->fabric);
	bench->fabric = NULL;
	return ret;
}

static void report(const struct result *results, unsigned n, unsigned rounds)
{
	const double mib = TOTAL_BYTES / (1024.0 * 1024.0);

	printf("%6s %13s %13s %8s %7s\n", "MPS", "memcpy MiB/s", "fabric MiB/s", "ns/TLP", "ratio");
	for (unsigned i = 0; i < n; i++) {
		const struct result *r = &results[i];

		printf("%6u %13.0f %13.0f %8.1f %7.2f\n", r->mps_bytes, mib / r->memcpy_s,
		       mib / r->fabric_s, r->fabric_s * 1e9 / (TOTAL_BYTES / r->mps_bytes),
		       r->ratio);
	}
	printf("{\"bench\":\"fabric\",\"bytes\":%d,\"rounds\":%u,\"results\":[", TOTAL_BYTES,
	       rounds);
	for (unsigned i = 0; i < n; i++)
		printf("%s{\"mps\":%u,\"memcpy_s\":%.6f,\"fabric_s\":%.6f,\"ratio\":%.3f}",
		       i ? "," : "", results[i].mps_bytes, results[i].memcpy_s, results[i].fabric_s,
		       results[i].ratio);
	printf("]}\n");
}

int main(int argc, char **argv)
{
	static const unsigned mps[] = {128, 256, 512, 1024, 4096};
	enum { NUM = sizeof(mps) / sizeof(*mps) };
	unsigned rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : 9;
	struct result results[NUM];
	struct bench bench = {0};
	int ret = 0;

	if (rounds < 1 || rounds > ROUNDS_MAX) {
		fprintf(stderr, "fabric_bench: rounds must be 1..%d\n", ROUNDS_MAX);
		return 2;
	}
	bench.host_memory = malloc(TOTAL_BYTES);
	bench.peer_memory = malloc(TOTAL_BYTES);
	if (!bench.host_memory || !bench.peer_memory) {
		fprintf(stderr, "fabric_bench: no memory for twice %d bytes\n", TOTAL_BYTES);
		ret = -1;
	}
	for (size_t i = 0; !ret && i < TOTAL_BYTES; i++)
		bench.host_memory[i] = i * 2654435761u >> 13;
	for (unsigned i = 0; !ret && i < NUM; i++)
		ret = measure(&bench, mps[i], rounds, &results[i]);
	if (!ret)
		report(results, NUM, rounds);
	free(bench.host_memory);
	free(bench.peer_memory);
	return ret ? 1 : 0;
}
