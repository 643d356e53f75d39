/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the NIC is connected to in its tests: guest memory, a peer's memory, a list of requests. */
#ifndef TESTS_UNIT_CX_WORLD_H
#define TESTS_UNIT_CX_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "devices/cx/cx.h"

#define RAM_BYTES  (32u << 20) /* from address 0 on */
#define PEER_BASE  0xe000000000ull
#define PEER_BYTES (8u << 20)
#define REQUESTS   4096u

struct request {
	bool write;
	uint64_t addr;
	size_t len;
	struct tlp_hint hint;
};

/* A payload request that has answered -EINPROGRESS. */
struct deferred {
	bool active, write;
	uint8_t *memory;
	void *buf;
	const void *data;
	size_t len;
};

struct world {
	struct pci_function *f;
	uint8_t *ram, *peer;
	uint64_t brk;			   /* the end of the RAM that is allocated */
	struct request requests[REQUESTS]; /* of payload, which may wait */
	unsigned request_count;
	unsigned passes; /* link.pass() calls: a read and a write that did not wait */
	bool defer;	 /* payload requests answer -EINPROGRESS */
	bool hold;	 /* link.pass() is refused: payload is read, then written */
	struct deferred deferred;
	unsigned interrupts[16];
	unsigned log_lines;
	char last_log[256];
};

void world_init(struct world *w, const struct cx_config *config);
void world_free(struct world *w);

/* Zeroed memory. */
uint8_t *world_map(size_t bytes);
/* Page-aligned RAM, zeroed; the address is the guest's. */
uint64_t world_alloc(struct world *w, size_t bytes);
/* Host pointer to @len bytes at @addr; NULL where there is no memory. */
void *world_ptr(const struct world *w, uint64_t addr, uint64_t len);

/* Steps of work until there is no more or a request is under way; false: @limit was not enough. */
bool world_run(struct world *w, unsigned limit);
/* Ends the request under way. */
void world_complete(struct world *w, int status);

#endif
