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
	FABRIC_TARGET_NONE, /* unclaimed: answered with Unsupported Request */
	FABRIC_TARGET_PEER,
	FABRIC_TARGET_MEMORY,	/* host memory as a pointer */
	FABRIC_TARGET_TRANSFER, /* host memory that the host transfers itself */
};

struct fabric_target {
	enum fabric_target_kind kind;
	struct fabric_port *port; /* the completer's; the host is a port too */
	uint64_t base;		  /* the address of BAR offset 0, or of memory[0] */
	unsigned bar;		  /* PEER */
	uint8_t *memory;	  /* MEMORY */
};

/* Host memory that one answer of fabric_host_ops.ptr covers. */
struct fabric_mapping {
	uint64_t addr;
	size_t len; /* bytes; 0: none known */
	uint8_t *memory;
};

enum fabric_transfer_state {
	FABRIC_TRANSFER_IDLE,
	FABRIC_TRANSFER_STARTING,
	FABRIC_TRANSFER_WAITING,
	FABRIC_TRANSFER_CANCELLED, /* its request has ended; the host has not answered yet */
};

/* A transfer by the host: up to 4 KiB of a request. */
struct fabric_transfer {
	enum fabric_transfer_state state;
	bool ended; /* fabric_host_done() came before the op that started it returned */
	int status;
	size_t len; /* bytes */
	unsigned tlps;
	uint8_t tag; /* of its first read; those of the others count up */
};

/* The one request that a port may have in progress, and its progress. */
struct fabric_request {
	bool active;
	enum tlp_kind kind;
	unsigned flags;
	uint64_t addr; /* of the next byte */
	size_t left;   /* bytes */
	const uint8_t *src;
	uint8_t *dst;
	struct tlp_hint hint;
	struct fabric_mapping mapping;
	struct fabric_transfer transfer;
	/* of injected faults */
	size_t ahead;		/* bytes after the next TLP that have been moved already */
	bool delayed;		/* it has been held */
	uint64_t held_until_ns; /* 0: it is not held */
	int held_status;	/* how it ends then; 0: it goes on */
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
	bool bus_master, link_down;
	bool flit, flit_upstream; /* as fabric_port_set_flit() has them */
	/* The host may still use it when the requester has reused its own buffer. */
	uint8_t transfer_data[FABRIC_REQUEST_BOUNDARY];
};

/* The forms that TLPs have in a fabric. */
enum fabric_links {
	FABRIC_LINKS_PLAIN, /* no link is in flit mode */
	FABRIC_LINKS_FLIT,  /* all are */
	FABRIC_LINKS_MIXED,
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
	enum fabric_links links;
};

struct fabric_packet;

/* Requests from one to the other do not leave their switch. */
static inline bool fabric_one_switch(const struct fabric_port *a, const struct fabric_port *b)
{
	return a->fabric->config.peers == FABRIC_PEERS_SWITCH ||
	       (a->config.below_switch && a->config.below_switch == b->config.below_switch);
}

/* An outstanding read, as its requester records it. */
struct fabric_reader {
	struct fabric_port *port;
	uint64_t addr; /* of the first byte requested; a hinted read may return more around it */
	size_t len;
	uint8_t *dst;
	uint8_t tag;
};

/* Advances @request by @len bytes. */
static inline void fabric_advance(struct fabric_request *request, size_t len)
{
	request->addr += len;
	request->left -= len;
	if (request->kind == TLP_MWR)
		request->src += len;
	else
		request->dst += len;
}

/* route.c */
void fabric_rebuild_windows(struct fabric *fabric);
/*
 * Is @addr in a peer's window? A port's own BAR is not one: a switch forwards no
 * request to the port that sent it. Where windows overlap, the port added first
 * claims the request. One that begins in a window and does not fit it, or whose
 * target's link is down, gets FABRIC_TARGET_NONE: it is an Unsupported Request.
 */
bool fabric_route_peer(const struct fabric_port *from, uint64_t addr, size_t len,
		       struct fabric_target *to);
/* Does a peer's window begin or end within these bytes? If not, all of them have one target. */
bool fabric_route_splits(const struct fabric_port *from, uint64_t addr, size_t len);
/*
 * Finds the target of a TLP of @request, @len bytes from @addr on: a peer, or else the host,
 * whose mapping @request caches.
 */
void fabric_route(const struct fabric_port *from, struct fabric_request *request, uint64_t addr,
		  size_t len, struct fabric_target *to);

/*
 * complete.c: both ends of a read's completions. @payload is the data from the
 * request's first DW on; NULL: it is in reader->dst already. 0, or the error that
 * the requester reports.
 */
int fabric_complete(struct fabric_port *completer, const struct tlp *request,
		    const uint8_t *payload, const struct fabric_reader *reader);
int fabric_complete_error(struct fabric_port *completer, const struct tlp *request,
			  enum tlp_status status, const struct fabric_reader *reader);
/* A requester's check: 0; -EIO: @completion is not the next one; or the error of its status. */
int fabric_check_completion(const struct tlp *completion, uint16_t requester, uint8_t tag,
			    uint64_t addr, size_t left);

/* deliver.c: delivers a segment of a request, TLP by TLP, to its target */
int fabric_deliver_write(struct fabric_port *from, const struct fabric_target *to, uint64_t addr,
			 const uint8_t *data, size_t len, const struct tlp_hint *hint);
int fabric_deliver_read(struct fabric_port *from, const struct fabric_target *to, uint64_t addr,
			uint8_t *dst, size_t len, const struct tlp_hint *hint);

/* host.c: the next segment of a port's request, by a transfer. 0, an error, or -EINPROGRESS. */
int fabric_transfer_start(struct fabric_port *port);
int fabric_transfer_end(struct fabric_port *port, int status);
/* Ends a transfer whose request was cancelled: its data is dropped. */
void fabric_transfer_discard(struct fabric_port *port, int status);

/*
 * inject.c: applies faults to the next TLP of @from's request, @len bytes. 0: it is to be
 * delivered; else the status by which the request ends, or -EINPROGRESS.
 */
int fabric_inject(struct fabric_port *from, const struct fabric_target *to, size_t len);

/* trace.c; only while there is a trace. @data: packet->data_len bytes, or NULL. */
void fabric_trace_packet(struct fabric *fabric, const struct fabric_port *from,
			 const struct fabric_port *to, const struct fabric_packet *packet,
			 const uint8_t *data);

/* Bytes of a request's next TLP, or segment: at most @max in whole DWs, none across 4 KiB. */
static inline size_t fabric_cut(uint64_t addr, size_t left, size_t max)
{
	size_t to_boundary = FABRIC_REQUEST_BOUNDARY - addr % FABRIC_REQUEST_BOUNDARY;
	size_t len = max - (addr & 3);

	if (len > to_boundary)
		len = to_boundary;
	return len < left ? len : left;
}

/* The largest payload of a TLP of this kind, or of the completions that it requests. */
static inline size_t fabric_tlp_max(const struct fabric *fabric, enum tlp_kind kind)
{
	return kind == TLP_MWR ? fabric->config.mps_bytes : fabric->config.mrrs_bytes;
}

#endif
