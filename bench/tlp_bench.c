// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How fast TLPs are encoded and decoded, of each kind that an RDMA write needs. The
 * reference is a memcpy of the same headers.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/stats.h"
#include "fabric/tlp.h"

enum {
	COUNT = 4096, /* in a turn */
	TURNS = 1000,
};

struct bench {
	const char *name;
	struct tlp in[COUNT], out[COUNT];
	uint8_t headers[COUNT][TLP_HEADER_MAX_BYTES], copies[COUNT][TLP_HEADER_MAX_BYTES];
	int len;	/* of a header, bytes */
	size_t payload; /* bytes */
};

struct result {
	const char *name;
	struct comparison encode, decode;
};

static int run_memcpy(void *ctx, unsigned turn)
{
	struct bench *bench = ctx;

	(void)turn;
	for (unsigned i = 0; i < COUNT; i++) {
		memcpy(bench->copies[i], bench->headers[i], (size_t)bench->len);
		__asm__ volatile("" ::: "memory");
	}
	return 0;
}

static int run_encode(void *ctx, unsigned turn)
{
	struct bench *bench = ctx;

	(void)turn;
	for (unsigned i = 0; i < COUNT; i++)
		if (tlp_encode(&bench->in[i], bench->headers[i]) != bench->len)
			return -1;
	return 0;
}

static int run_decode(void *ctx, unsigned turn)
{
	struct bench *bench = ctx;

	(void)turn;
	for (unsigned i = 0; i < COUNT; i++)
		if (tlp_decode(bench->headers[i], (size_t)bench->len,
			       (size_t)bench->len + bench->payload, &bench->out[i]) != bench->len)
			return -1;
	return 0;
}

static int run_flit_decode(void *ctx, unsigned turn)
{
	struct bench *bench = ctx;

	(void)turn;
	for (unsigned i = 0; i < COUNT; i++)
		if (tlp_flit_decode(bench->headers[i], (size_t)bench->len,
				    (size_t)bench->len + bench->payload,
				    &bench->out[i]) != bench->len)
			return -1;
	return 0;
}

/* @first with other addresses or, of completions, other tags */
static void fill(struct bench *bench, const char *name, const struct tlp *first)
{
	bench->name = name;
	for (unsigned i = 0; i < COUNT; i++) {
		bench->in[i] = *first;
		if (first->kind == TLP_CPLD)
			bench->in[i].tag = (uint8_t)i;
		else
			bench->in[i].addr += 256 * i;
	}
	bench->len = tlp_encode(first, bench->headers[0]);
	bench->payload = first->kind == TLP_MRD ? 0 : first->length_dw * 4u;
}

static int measure(struct bench *bench, struct result *result)
{
	int ret = turns_compare(run_memcpy, run_encode, bench, TURNS, &result->encode);

	result->name = bench->name;
	if (!ret)
		ret = turns_compare(run_memcpy, bench->in->flit ? run_flit_decode : run_decode,
				    bench, TURNS, &result->decode);
	if (ret)
		fprintf(stderr, "tlp_bench: a %s was not encoded or decoded\n", bench->name);
	return ret;
}

static void report(const struct result *results, unsigned n)
{
	printf("%-18s %10s %10s %12s %12s\n", "TLP", "M/s out", "M/s in", "out/memcpy",
	       "in/memcpy");
	for (unsigned i = 0; i < n; i++)
		printf("%-18s %10.1f %10.1f %12.1f %12.1f\n", results[i].name,
		       COUNT / results[i].encode.job_s / 1e6, COUNT / results[i].decode.job_s / 1e6,
		       results[i].encode.ratio, results[i].decode.ratio);
	printf("{\"bench\":\"tlp\",\"results\":[");
	for (unsigned i = 0; i < n; i++)
		printf("%s{\"tlp\":\"%s\",\"encode_ratio\":%.3f,\"decode_ratio\":%.3f}",
		       i ? "," : "", results[i].name, results[i].encode.ratio,
		       results[i].decode.ratio);
	printf("]}\n");
}

/* Each TLP in the form off flit mode and in that of flit mode. */
int main(void)
{
	static const struct tlp_hint hint16 = {.st_bits = 16, .ph = TLP_PH_TARGET, .st = 0x1234};
	static const char *const names[][2] = {{"write", "flit write"},
					       {"hinted write", "flit hinted write"},
					       {"read", "flit read"},
					       {"completion", "flit completion"}};
	enum { KINDS = sizeof(names) / sizeof(*names) };
	struct bench *bench = malloc(sizeof(*bench));
	struct tlp tlps[KINDS] = {
		[3] = {.kind = TLP_CPLD, .requester = 0x100, .length_dw = 64, .byte_count = 512}};
	struct result results[2 * KINDS];
	int ret = 0;

	if (!bench)
		return 1;
	tlp_request(&tlps[0], TLP_MWR, 0x4000000000, 256);
	tlps[1] = tlps[0];
	tlps[1].hint = hint16;
	tlp_request(&tlps[2], TLP_MRD, 0x80000000, 256);
	for (unsigned i = 0; !ret && i < 2 * KINDS; i++) {
		tlps[i / 2].flit = i % 2;
		fill(bench, names[i / 2][i % 2], &tlps[i / 2]);
		ret = measure(bench, &results[i]);
	}
	if (!ret)
		report(results, 2 * KINDS);
	free(bench);
	return ret ? 1 : 0;
}
