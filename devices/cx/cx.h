/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A ConnectX-class NIC as a PCI function: InfiniBand port, command interface,
 * event and completion queues, memory keys with TPH, and queue pairs whose
 * messages loop back to the same NIC, or go over a wire to a NIC of another host.
 * The in-tree mlx5_core and mlx5_ib drive it; doc/nic.md is its data sheet.
 */
#ifndef DEVICES_CX_H
#define DEVICES_CX_H

#include "devices/pci/function.h"

#define CX_ST_ENTRIES	  64u	/* a usual size of the ST table */
#define CX_ST_ENTRIES_MAX 1024u /* an mkey can name 255 of them */

/*
 * A wire to a NIC of another host. It carries the packets of packet.h in order and none twice, and
 * may lose some. The other end is not trusted.
 */
struct cx_wire {
	void *ctx;
	/* Is it connected? When that changes, work() must be called. */
	bool (*up)(void *ctx);
	/* A buffer for the largest packet, until send() or the next reserve(); NULL: none is free.
	 * cx_wire_ready() will follow, unless it was for an @answer, which is lost then. */
	uint8_t *(*reserve)(void *ctx, bool answer);
	/* Sends the bytes at @memory in the place of those at @to in that buffer. They stay valid
	 * until the owner's turn of work ends. */
	void (*gather)(void *ctx, uint8_t *to, const void *memory, size_t len);
	void (*send)(void *ctx, size_t len);
	/* Has a packet arrived? */
	bool (*waits)(void *ctx);
	/* The first packet that has arrived, at most CX_PACKET_MAX bytes, valid until taken().
	 * NULL: there is none. */
	const uint8_t *(*take)(void *ctx, size_t *len);
	void (*taken)(void *ctx);
	/* The NIC has been reset: all packets under way are lost. */
	void (*reset)(void *ctx);
};

struct cx_config {
	const struct cx_wire *wire; /* copied; NULL: none */
	unsigned tph_bits;	    /* Steering Tags it can send: 0 none, 8, or 16 (and 8) */
	unsigned st_entries; /* of the capability's ST table; 0: an mkey's index is the tag */
	unsigned index;	     /* 0..0xbffe: makes GUIDs and LID (index + 1) unique in a lab */
};

/* -EINVAL: an invalid configuration; -ENOMEM. The owner ends it with ops->destroy(). */
int cx_create(struct pci_function **out, const struct cx_config *config,
	      const struct pci_function_link *link);

/* reserve() can succeed again. This only records it: work() must be called, as after a packet. */
void cx_wire_ready(struct pci_function *f);

#endif
