/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the fabric share. Private to fabric/ and its tests. */
#ifndef FABRIC_INTERNAL_H
#define FABRIC_INTERNAL_H

#include "fabric/fabric.h"

enum {
	FABRIC_PORTS_MAX = 32,
	FABRIC_BARS = 6,
	FABRIC_REQUEST_BOUNDARY = 4096, /* bytes; no request crosses one (2.2.7) */
};

/* A BAR that is decoded. base + size - 1 does not wrap. */
struct fabric_window {
	uint64_t base, size; /* bytes */
	struct fabric_port *port;
	unsigned bar;
};

/* Where a request ends. */
enum fabric_target_kind {
	FABRIC_TARGET_NOBODY, /* answered with Unsupported Request */
	FABRIC_TARGET_PEER,
	FABRIC_TARGET_MEMORY,	/* host memory as a pointer */
	FABRIC_TARGET_TRANSFER, /* the host, by a transfer that takes its time */
};

struct fabric_target {
	enum fabric_target_kind kind;
	struct fabric_port *port; /* who answers; the host is a port too */
	uint64_t base;		  /* the address of BAR offset 0, or of memory[0] */
	unsigned bar;		  /* PEER */
	uint8_t *memory;	  /* MEMORY */
};

/* Host memory that one answer of fabric_host_ops.ptr covers. */
struct fabric_span {
	uint64_t addr;
	size_t len; /* bytes; 0: none known */
	uint8_t *memory;
};

/* The part of a request that the host has under way; CANCELLED: the request has ended already. */
enum fabric_host_state {
	FABRIC_HOST_IDLE,
	FABRIC_HOST_STARTING,
	FABRIC_HOST_WAITING,
	FABRIC_HOST_CANCELLED,
};

struct fabric_host_part {
	enum fabric_host_state state;
	bool ended; /* fabric_host_done() came before the op that started it returned */
	int status;
	size_t len; /* bytes */
	unsigned tlps;
	uint8_t tag; /* of its first read; the others follow on */
};

/* The one request that a port may have in progress, and how far it is. */
struct fabric_request {
	bool active;
	enum tlp_kind kind;
	unsigned flags;
	uint64_t addr; /* of the next byte */
	size_t left;   /* bytes */
	const uint8_t *src;
	uint8_t *dst;
	struct tlp_hint hint;
	struct fabric_span span;
	struct fabric_host_part host;
	/* of faults */
	size_t ahead;	     /* bytes behind the next TLP's that have been moved already */
	bool delayed;	     /* it has been held */
	uint64_t held_until; /* ns; 0: is not */
	int held_status;     /* how it ends then; 0: it goes on */
};

struct fabric_port {
	struct fabric *fabric;
	char *name;
	struct fabric_port_config config;
	struct fabric_counters counters;
	struct fabric_request request;
	uint64_t bar_base[FABRIC_BARS], bar_size[FABRIC_BARS]; /* bytes */
	struct fabric_fault faults[FABRIC_FAULT_KINDS];
	uint16_t id;
	uint8_t next_tag;
	bool bus_master, gone;
	/* What the host transfers: it may be at work when the requester's buffer no longer is. */
	uint8_t transfer_data[FABRIC_REQUEST_BOUNDARY];
};

struct fabric {
	struct fabric_config config;
	struct fabric_port host; /* the root complex: no BARs, ID 00:00.0 */
	struct fabric_port *ports[FABRIC_PORTS_MAX];
	unsigned num_ports;
	struct fabric_window windows[FABRIC_PORTS_MAX * FABRIC_BARS];
	unsigned num_windows;
	struct fabric_trace *trace; /* NULL: none */
	bool faulty;		    /* some port has a fault left */
};

struct fabric_packet;

/* Requests from one to the other go straight, whatever is above. */
static inline bool fabric_one_switch(const struct fabric_port *a, const struct fabric_port *b)
{
	return a->fabric->config.peers == FABRIC_PEERS_SWITCH ||
	       (a->config.below_switch && a->config.below_switch == b->config.below_switch);
}

/* An outstanding read, as its requester waits for it. */
struct fabric_reader {
	struct fabric_port *port;
	uint64_t addr; /* of the first byte wanted; a hinted read may bring more around it */
	size_t len;
	uint8_t *dst;
	uint8_t tag;
};

/* route.c */
void fabric_rebuild_windows(struct fabric *fabric);
/*
 * Is it a peer's address? A port's own BAR is not: a switch sends no request
 * back where it came from. Where windows overlap, the port added first has it.
 * A request that begins in a window and does not fit it, or whose port is gone,
 * is NOBODY's.
 */
bool fabric_route_peer(const struct fabric_port *from, uint64_t addr, size_t len,
		       struct fabric_target *to);
/* Does another port's window begin or end within these bytes? If not, one has them all. */
bool fabric_route_splits(const struct fabric_port *from, uint64_t addr, size_t len);

/*
 * complete.c: both ends of a read's completions. @payload is the data of the
 * request's first DW on; NULL: it is in reader->dst already. 0 or what the
 * requester makes of it.
 */
int fabric_complete(struct fabric_port *completer, const struct tlp *request,
		    const uint8_t *payload, const struct fabric_reader *reader);
int fabric_complete_error(struct fabric_port *completer, const struct tlp *request,
			  enum tlp_status status, const struct fabric_reader *reader);
/* What a requester holds against a completion: 0, or -EIO where it is not the next one. */
int fabric_check_completion(const struct tlp *completion, uint16_t requester, uint8_t tag,
			    uint64_t addr, size_t left);

/* deliver.c: a part of a request, TLP by TLP, to where it ends */
int fabric_deliver_write(struct fabric_port *from, const struct fabric_target *to, uint64_t addr,
			 const uint8_t *data, size_t len, const struct tlp_hint *hint);
int fabric_deliver_read(struct fabric_port *from, const struct fabric_target *to, uint64_t addr,
			uint8_t *dst, size_t len, const struct tlp_hint *hint);

/* host.c: the part of a port's request that the host must transfer. 0, an error, -EINPROGRESS. */
int fabric_host_start(struct fabric_port *port);
int fabric_host_end(struct fabric_port *port, int status);
/* Ends a transfer whose request was cancelled: its data is dropped. */
void fabric_host_discard(struct fabric_port *port, int status);

/* request.c */
/* Where a TLP of @port's request ends: peers first, the host has the rest. */
void fabric_find_target(struct fabric_port *port, uint64_t addr, size_t len,
			struct fabric_target *to);
/* Goes on with a request that had to wait, or ends it so; tells its owner if it has ended. */
void fabric_resume(struct fabric_port *port, int status);

/*
 * fault.c: what faults make of the TLP of @from's request that is next, @len
 * bytes. 0: it goes its way; else how the request ends, or -EINPROGRESS.
 */
int fabric_suffer(struct fabric_port *from, const struct fabric_target *to, size_t len);

/* trace.c; only while there is a trace. @data: packet->data_len bytes, or NULL. */
void fabric_trace_packet(struct fabric *fabric, const struct fabric_port *from,
			 const struct fabric_port *to, const struct fabric_packet *packet,
			 const uint8_t *data);

/* The next piece of a request: at most @max bytes in whole DWs, none across 4 KiB. */
static inline size_t fabric_piece(uint64_t addr, size_t left, size_t max)
{
	size_t to_boundary = FABRIC_REQUEST_BOUNDARY - addr % FABRIC_REQUEST_BOUNDARY;
	size_t piece = max - (addr & 3);

	if (piece > to_boundary)
		piece = to_boundary;
	return piece < left ? piece : left;
}

static inline size_t fabric_max_piece(const struct fabric *fabric, enum tlp_kind kind)
{
	return kind == TLP_MWR ? fabric->config.mps_bytes : fabric->config.mrrs_bytes;
}

#endif
