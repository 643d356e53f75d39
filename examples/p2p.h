/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What p2p_write.c, its options and its report share. */
#ifndef EXAMPLES_P2P_H
#define EXAMPLES_P2P_H

#include "examples/accel_vfio.h"
#include "examples/rdma_loop.h"

#define P2P_MAX_NICS 8

struct options {
	const char *json, *topology;
	bool hints; /* must hints arrive? */
	size_t bytes;
	unsigned nic_count;
	unsigned nic_bits[P2P_MAX_NICS];
};

struct buffer {
	const char *name;
	struct tph_hints hints; /* what the owner wants on the writes into it */
	uint64_t offset;	/* in the accelerator's memory */
	int fd;
	uint8_t *expected; /* what that memory must hold */
};

/* A NIC that wrote into a buffer: one line of the report. */
struct pair {
	const struct buffer *buffer;
	const struct nic *nic;
	size_t bytes;
	struct accel_counters counters;
	struct accel_key seen; /* the hint that came, if any */
	bool data_ok, ok;
	char why[96];
};

/* p2p_options.c: 0, -EINVAL: not understood, which it says; 1: --help was all. */
int options_parse(int argc, char **argv, struct options *options);

/* p2p_report.c */
void report_head(void);
void report_pair(const struct pair *pair);
/* All of it as JSON. 0, or a negative errno. */
int report_json(const struct options *options, const struct pair *pairs, unsigned count, bool ok);

#endif
