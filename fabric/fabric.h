/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The PCIe fabric: ports, routing by address, counters and a trace. Every
 * request is encoded to bytes, routed, decoded at the other side and counted.
 * It knows no device and no socket. Single-threaded.
 */
#ifndef FABRIC_H
#define FABRIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "fabric/tlp.h"

/*
 * How a request of one port finds the BAR of another. Peers come first; the host gets all other
 * requests, also those of a port to its own BARs, since a switch sends nothing back where it came
 * from. Where windows of two ports overlap, the port that was added first claims the request. A TLP
 * is routed by its first byte; one that does not fit the window it begins in is an Unsupported
 * Request.
 */
enum fabric_peers {
	FABRIC_PEERS_SWITCH,	  /* all below one switch: direct, with their hints */
	FABRIC_PEERS_HOST_BRIDGE, /* through the root complex, addresses untranslated */
	FABRIC_PEERS_NONE,	  /* behind an IOMMU: an address does not name a peer */
};

struct fabric_config {
	enum fabric_peers peers; /* of those that are not below one switch (below_switch) */
	/* Of requests to peers through it. What ends in host memory keeps its hint, what the
	 * host transfers (fabric_host_ops.read and .write) loses it. */
	bool host_bridge_keeps_hints;
	unsigned mps_bytes;  /* Max_Payload_Size: 128..4096, a power of two */
	unsigned mrrs_bytes; /* Max_Read_Request_Size: likewise */
};

/*
 * The completer behind a port. Offsets are in bytes within the BAR, of the
 * first DW: tlp->first_be tells which of its bytes are enabled. Where an op is
 * NULL, its requests are Unsupported Requests.
 */
struct fabric_completer_ops {
	/* @payload: tlp->length_dw DWs, to be read once: it may be a guest's memory. Posted:
	 * errors are not reported. */
	void (*mem_write)(void *owner, unsigned bar, uint64_t offset, const struct tlp *tlp,
			  const uint8_t *payload);
	/* Fills tlp->length_dw DWs. 0, or a negative errno: Completer Abort. */
	int (*mem_read)(void *owner, unsigned bar, uint64_t offset, const struct tlp *tlp,
			uint8_t *payload);
};

/* Host memory as a port's requests see it (behind its IOMMU, if any). */
struct fabric_host_ops {
	/* As a pointer, *@len cut to what is contiguous; NULL: not directly reachable. @addr
	 * and *@len are in whole DWs. The pointer is not used after the fabric's call returns. */
	void *(*ptr)(void *owner, uint64_t addr, size_t *len, bool write);
	/* Where ptr is NULL: start a transfer whose end fabric_host_done() tells. 0 or a
	 * negative errno. At most one per port is under way, of at most 4 KiB and within a
	 * 4 KiB page; @buf is the fabric's and stays until then. -EIO is a Completer Abort, any
	 * other error an Unsupported Request. NULL ops: host memory that ptr does not know is
	 * unclaimed. */
	int (*read)(void *owner, uint64_t addr, void *buf, size_t len);
	int (*write)(void *owner, uint64_t addr, const void *buf, size_t len);
};

struct fabric_port_config {
	const char *name;			      /* in the trace, 1..8 bytes; copied */
	unsigned below_switch;			      /* which one, from 1; 0: none of its own */
	const struct fabric_completer_ops *completer; /* NULL: none */
	void *completer_owner;
	const struct fabric_host_ops *host; /* NULL: no host memory */
	void *host_owner;
	/* The request that answered -EINPROGRESS has ended: 0 or a negative errno as
	 * fabric_write() returns it. The next request may be made from here. */
	void (*done)(void *owner, int status);
	void *done_owner;
};

struct fabric_counters {
	uint64_t tlps[4];	   /* by enum tlp_kind, sent by this port */
	uint64_t payload_bytes[4]; /* of MWr and CplD, byte enables honoured */
	uint64_t hinted[2];	   /* requests sent with a hint: 8-bit, 16-bit tag */
	uint64_t hints_dropped;	   /* of these: hints dropped on the route */
	uint64_t unsupported;	   /* requests that were unclaimed */
};

struct fabric;
struct fabric_port;

/* 0; -EINVAL: no such packet size or kind of peers; -ENOMEM. */
int fabric_create(struct fabric **out, const struct fabric_config *config);
/* Frees its ports and its trace, too; calls no done(). NULL is fine. */
void fabric_destroy(struct fabric *fabric);

/*
 * 0; -EINVAL: no name, or a long one; -EEXIST: another port has it, or it is "host"; -ENOSPC:
 * the fabric has 32 ports; -ENOMEM. A new port has ID 0, no BAR and no bus mastering.
 */
int fabric_port_add(struct fabric *fabric, struct fabric_port **out,
		    const struct fabric_port_config *config);

/*
 * The window of @bar, 0..5, that the guest programmed; @base and @size in bytes. @size 0: not
 * decoded (memory enable off, or no such BAR). A range that wraps is not decoded either.
 */
void fabric_port_set_bar(struct fabric_port *port, unsigned bar, uint64_t base, uint64_t size);
void fabric_port_set_bus_master(struct fabric_port *port, bool enabled);
/*
 * A port starts with its link up. While it is down, its windows stay, and requests to them are
 * Unsupported Requests (2.9.1).
 */
void fabric_port_set_link(struct fabric_port *port, bool up);
/* As struct tlp has it. */
void fabric_port_set_id(struct fabric_port *port, uint16_t requester_id);
/*
 * Is the port's link in flit mode, and the one between its switch and the root complex? A port
 * without a switch has one link: both are of it. Neither is at first. A TLP has on each link the
 * form of that link; the switch and the root complex translate.
 *
 * Off flit mode a read with a hint has no byte enables (2.2.5.1). So where a hinted read that does
 * not enable all of its bytes is translated to that form, its hint is dropped and its byte enables
 * are kept, since they decide which bytes are read.
 */
void fabric_port_set_flit(struct fabric_port *port, bool own, bool upstream);

enum { FABRIC_NOWAIT = 1 }; /* only what is reachable at once; else -EFAULT */

/*
 * Requests of @port, cut at MPS or MRRS (the first one at a DW) and at 4 KiB.
 * Writes are posted and stay in order. @hint may be NULL. On a link that is not in
 * flit mode a read with a hint has no byte enables and asks for the whole DWs around
 * its range. Of 0 bytes nothing is sent.
 * 0: done. -EINPROGRESS: done() will tell; @data and @buf must stay until
 * then, and meanwhile every further request answers -EBUSY, as it does from
 * within the completer that serves this one.
 * -EFAULT: the address is unclaimed. -EIO: Completer Abort. -EPERM: bus
 * master is off. -EINVAL: the range wraps, or no such hint. A fault adds its
 * own, and -ETIMEDOUT: no completion came.
 * After an error an unknown part has been delivered, of a read too.
 */
int fabric_write(struct fabric_port *port, uint64_t addr, const void *data, size_t len,
		 const struct tlp_hint *hint, unsigned flags);
int fabric_read(struct fabric_port *port, uint64_t addr, void *buf, size_t len,
		const struct tlp_hint *hint, unsigned flags);
bool fabric_port_busy(const struct fabric_port *port);

/*
 * As fabric_read(), of mapped host memory not across 4 KiB, in the same TLPs: returns that memory
 * instead of copying it. Its owner may be changing it, and unmaps it when it next has its turn.
 * NULL: it must be copied, and nothing has been sent, as with fabric_pass().
 */
const void *fabric_read_in_place(struct fabric_port *port, uint64_t addr, size_t len,
				 const struct tlp_hint *hint);

/*
 * Cancels @port's request, held by a fault or under way, as a function does at a reset (6.6.2): the
 * rest of it is not carried out, done() is not called, and @data and @buf are the caller's again. A
 * transfer of the host goes on and its data is dropped: until then the port is busy. Not from
 * within an operation of the fabric. Without a request it does nothing.
 */
void fabric_port_cancel(struct fabric_port *port);

/*
 * fabric_read() and fabric_write() of what was read, in the same TLPs, without
 * holding it on the way: of mapped host memory to a peer, neither across 4 KiB.
 * The completer sees the memory itself, which its owner may be changing.
 * Returns as those, but never -EINPROGRESS. -EAGAIN: it must be held, and nothing has
 * been sent: other places than these, nothing to move, MPS above MRRS, a fault
 * that is set, or a trace.
 */
int fabric_pass(struct fabric_port *port, uint64_t src, const struct tlp_hint *read_hint,
		uint64_t dst, const struct tlp_hint *write_hint, size_t len);

/*
 * Faults that are injected, to test software (doc/faults.md).
 * They hit requests of data, those without FABRIC_NOWAIT, that a port sends or
 * another port sends to it. A request that must wait answers -EINPROGRESS.
 */
enum fabric_fault_kind {
	FABRIC_FAULT_DROP,    /* lost on the link: a write is -EIO, a read ends by its timeout */
	FABRIC_FAULT_DELAY,   /* held before its first TLP */
	FABRIC_FAULT_CORRUPT, /* the data arrives poisoned and is not used: -EIO */
	FABRIC_FAULT_REORDER, /* a read overtakes the one before it, of the same call */
	FABRIC_FAULT_UR,      /* answered with Unsupported Request: -EFAULT */
	FABRIC_FAULT_CA,      /* answered with Completer Abort: -EIO */
	FABRIC_FAULT_LOSE,    /* a read is served, its completions are lost */
	FABRIC_FAULT_KINDS,
};

#define FABRIC_FAULT_ALL UINT64_MAX

struct fabric_fault {
	bool reads, writes; /* which TLPs it hits; REORDER and LOSE hit reads alone */
	unsigned delay_ms;
	uint64_t left; /* how many more; FABRIC_FAULT_ALL: no end */
	uint64_t hits; /* how many so far */
};

/* "drop" and so on */
const char *fabric_fault_str(enum fabric_fault_kind kind);
/* Replaces what was set of this kind. */
void fabric_port_set_fault(struct fabric_port *port, enum fabric_fault_kind kind,
			   const struct fabric_fault *fault);
const struct fabric_fault *fabric_port_fault(const struct fabric_port *port,
					     enum fabric_fault_kind kind);
/* Milliseconds until a held request goes on; -1: none is held. */
int fabric_wait_ms(const struct fabric *fabric);
/* Goes on with those whose time has come; may call done(). */
void fabric_work(struct fabric *fabric);

/*
 * The host's answer to fabric_host_ops.read or .write, 0 or a negative errno;
 * calls done() when the whole request is. It may come before the op returns:
 * then the request goes on and its own return value tells. Without a transfer
 * under way it does nothing.
 */
void fabric_host_done(struct fabric_port *port, int status);

/*
 * A CPU access to a BAR behind @port that comes as a message: TLPs from the
 * host, without hints. 0; -EFAULT: the BAR is not decoded, is smaller, or has
 * no completer; -EIO: Completer Abort.
 */
int fabric_cpu_write(struct fabric_port *port, unsigned bar, uint64_t offset, const void *data,
		     size_t len);
int fabric_cpu_read(struct fabric_port *port, unsigned bar, uint64_t offset, void *buf, size_t len);

const struct fabric_counters *fabric_port_counters(const struct fabric_port *port);

/*
 * Writes every TLP from now on to @file, in libpcap's format (doc/trace.md). The fabric owns the
 * file from here and closes it, whatever is returned: 0, -ENOMEM, or -EIO. A trace that was open is
 * closed.
 */
int fabric_trace_open(struct fabric *fabric, FILE *file);
/* 0: all TLPs until now are in the file; or a negative errno. Without a trace both do nothing. */
int fabric_trace_flush(struct fabric *fabric);
int fabric_trace_close(struct fabric *fabric);
/* A record of the caller's own in the same trace. */
void fabric_trace_event(struct fabric_port *port, const char *event, uint64_t value);

#endif
