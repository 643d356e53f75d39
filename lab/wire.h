/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A NIC's link to a NIC of another host: a UNIX socket between two processes of fabricd, of which
 * one listens. Never blocks. When a connection is lost, all packets in flight are lost; it is made
 * again as long as the link is not cut and the NIC has power, and the NICs send unanswered packets
 * again. The peer is not trusted: its packets go into a buffer of fixed size, and the NIC checks
 * them. Single-threaded.
 */
#ifndef LAB_WIRE_H
#define LAB_WIRE_H

#include <poll.h>
#include <stdbool.h>

#include "devices/cx/cx.h"
#include "vfio-user/closer.h"

#define WIRE_FDS	  2
#define WIRE_SEGMENTS_MAX 128u

/* Bytes of a packet that stay in the sender's memory until the end of a turn. */
struct wire_segment {
	size_t at, len;
	const uint8_t *memory;
};

struct wire {
	char path[64];
	bool listens, cut;
	bool powered;		/* the NIC has power */
	bool was_up;		/* the state last reported to the NIC */
	bool wanted;		/* a request waits for buffer space */
	int listener, fd;	/* -1: none */
	struct closer *closer;	/* not owned */
	unsigned delay_ms;	/* of what is sent */
	uint64_t retry_at_ns;	/* when to connect again */
	uint64_t moved_at_ns;	/* when the peer last read, or had nothing to read */
	uint64_t packets, lost; /* sent, and dropped without a connection */
	uint8_t *received, *sent;
	size_t received_from, received_to;
	size_t held;			     /* bytes of the packet that the NIC processes */
	size_t sent_from, sent_due, sent_to; /* the bytes that may be sent now end at due */
	struct wire_segment segments[WIRE_SEGMENTS_MAX]; /* of @sent, and of an unfinished packet */
	unsigned segment_count;
};

/*
 * @path: of a socket in a folder that only the two hosts use. 0 or a negative errno; call
 * wire_close() in both cases.
 */
int wire_open(struct wire *wire, const char *path, bool listens, struct closer *closer);
void wire_close(struct wire *wire);
/* For the NIC's configuration. */
struct cx_wire wire_ends(struct wire *wire);

void wire_fds(struct wire *wire, struct pollfd fds[WIRE_FDS]);
/* True: the NIC has work, since a packet arrived, or the link went down or up. */
bool wire_process(struct wire *wire, const struct pollfd fds[WIRE_FDS]);
/* Sends what is due. True: a request that waited for buffer space has it. */
bool wire_flush(struct wire *wire);
/* Milliseconds until a timer is due; -1: never. */
int wire_wait_ms(const struct wire *wire);

void wire_cut(struct wire *wire);
/* 0 or a negative errno: it stays cut. */
int wire_join(struct wire *wire);
/*
 * Whether the NIC has power; without it the link is down. Idempotent. 0, or a negative errno: it
 * cannot listen again, and is cut.
 */
int wire_power(struct wire *wire, bool on);

#endif
