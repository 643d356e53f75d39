/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two devices and a host: "nic" sends requests, the completer of "accel" has two
 * BARs in plain arrays. Host memory is in two areas: one is mapped, one is accessed
 * by transfers that the test completes.
 */
#ifndef TESTS_UNIT_FABRIC_WORLD_H
#define TESTS_UNIT_FABRIC_WORLD_H

#include <stdbool.h>
#include <stdio.h>

#include "fabric/fabric.h"
#include "fabric/trace_read.h"
#include "tests/test.h"

enum {
	AREA = 64 << 10, /* bytes of each memory */
	NIC_ID = 0x0100,
	ACCEL_ID = 0x0208,
	LOG_MAX = 4096,
};

#define ACCEL_BAR0  0x4000000000ull
#define ACCEL_BAR2  0xfd000000ull
#define NIC_BAR0    0xfe000000ull
#define HOST_MAPPED 0x80000000ull
#define HOST_REMOTE 0xffff8000ull /* crosses 4 GiB: 3DW and 4DW headers */

struct seen {
	bool read;
	unsigned bar;
	uint64_t offset;
	struct tlp tlp;
	const uint8_t *payload; /* of a write, as the completer got it */
};

struct world {
	struct fabric *fabric;
	struct fabric_port *nic, *accel;
	uint8_t bar0[AREA], bar2[AREA], mapped[AREA], remote[AREA];

	struct seen seen[LOG_MAX];
	unsigned num_seen;
	int read_error;
	bool write_back; /* accel_write() makes the NIC send a write */
	int write_back_ret;

	/* the host's transfer under way */
	bool pending, pending_write;
	uint64_t pending_addr;
	void *pending_buf;
	size_t pending_len;
	unsigned transfers;
	int start_error;
	bool at_once; /* fabric_host_done() before the op returns */
	bool unmapped;

	unsigned done_calls;
	int done_status;
	bool chain; /* done() starts the next request */
	int chain_ret;
};

/* @nic_switch, @accel_switch: fabric_port_config.below_switch of the two ports. */
struct world *world_new_below(const struct fabric_config *config, unsigned nic_switch,
			      unsigned accel_switch);
struct world *world_new(enum fabric_peers peers, bool keep, unsigned mps, unsigned mrrs);
/* Below one switch, MPS 256, MRRS 512. */
struct world *world_default(void);
void world_free(struct world *w);

uint32_t next_random(uint32_t *seed);
void fill(uint8_t *bytes, size_t len, uint32_t seed);

/* Completes the host's transfer that is under way. */
void host_complete(struct world *w, int status);
/* Completes the host's transfers until the request is done. @ret: what fabric_read() or
 * fabric_write() returned. Returns the request's status. */
int finish(struct world *w, int ret);
/* Waits for a request that a fault may hold. Returns @ret, or the status given to done(). */
int outlast(struct world *w, int ret);
/* The fault hits reads and writes; a delay is 20 ms. */
void set_fault(struct fabric_port *port, enum fabric_fault_kind kind, uint64_t left);

/* A trace in memory, and its reader. */
struct trace {
	char *bytes;
	size_t len;
	struct trace_reader *reader;
	uint64_t last_ns;
};

void trace_start(struct trace *trace, struct fabric *fabric);
void trace_stop(struct trace *trace, struct fabric *fabric);
/* Reads the next record; false: there is none. */
bool trace_next(struct trace *trace, struct trace_packet *packet);
void trace_expect(struct trace *trace, struct trace_packet *packet, enum tlp_kind kind,
		  const char *from, const char *to, enum trace_direction direction);
/* Fails the test if a record has not been read. */
void trace_free(struct trace *trace);
void expect_payload(const struct trace_packet *packet, const void *data, size_t len);

#endif
