/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The PCIe fabric: ports, routing by address, counters and a trace. Every
 * request is encoded to bytes, routed, decoded by its receiver and counted.
 * It depends on no device and no socket. Single-threaded.
 */
#ifndef FABRIC_H
#define FABRIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "fabric/tlp.h"

/*
 * How a request of one port is routed to the BAR of another. Peers come first; all other requests
 * go to the host, also those of a port to its own BARs, since a switch forwards no request to the
 * port that sent it. Where windows of two ports overlap, the port that was added first claims the
 * request. A TLP is routed by its first byte; one that does not fit the window it begins in is an
 * Unsupported Request.
 */
enum fabric_peers {
	FABRIC_PEERS_SWITCH,	  /* all below one switch: direct, with their hints */
	FABRIC_PEERS_HOST_BRIDGE, /* through the root complex, addresses untranslated */
	FABRIC_PEERS_NONE,	  /* behind an IOMMU: an address does not name a peer */
};

struct fabric_config {
	enum fabric_peers peers; /* of ports that are not below one switch (below_switch) */
	/* Requests to peers through the root complex keep their hints. Requests to host memory
	 * always do; those that the host transfers (fabric_host_ops.read and .write) lose them. */
	bool host_bridge_keeps_hints;
	unsigned mps_bytes;  /* Max_Payload_Size: 128..4096, a power of two */
	unsigned mrrs_bytes; /* Max_Read_Request_Size: likewise */
};

/*
 * The completer behind a port. Offsets are in bytes within the BAR, of the
 * first DW, of which tlp->first_be has the enabled bytes. Where an op is NULL,
 * its requests are Unsupported Requests.
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

/* Host memory by the addresses in a port's requests (behind its IOMMU, if any). */
struct fabric_host_ops {
	/* A pointer to it, *@len cut to what is contiguous; NULL: there is none. @addr and *@len
	 * are in whole DWs. The pointer is not used after the fabric's call returns, except by the
	 * caller of fabric_read_in_place(). */
	void *(*ptr)(void *owner, uint64_t addr, size_t *len, bool write);
	/* Where ptr returns NULL: start a transfer, whose end fabric_host_done() reports. 0 or a
	 * negative errno. At most one per port is under way, of at most 4 KiB and within a
	 * 4 KiB page; @buf is the fabric's and stays valid until then. -EIO is a Completer Abort,
	 * any other error an Unsupported Request. NULL ops: host memory that is not mapped is
	 * unclaimed. */
	int (*read)(void *owner, uint64_t addr, void *buf, size_t len);
	int (*write)(void *owner, uint64_t addr, const void *buf, size_t len);
};

struct fabric_port_config {
	const char *name;			      /* in the trace, 1..8 bytes; copied */
	unsigned below_switch;			      /* from 1; 0: by fabric_config.peers */
	const struct fabric_completer_ops *completer; /* NULL: none */
	void *completer_owner;
	const struct fabric_host_ops *host; /* NULL: no host memory */
	void *host_owner;
	/* The request that answered -EINPROGRESS has ended: 0 or a negative errno as
	 * fabric_write() returns it. done() may start the next request. */
	void (*done)(void *owner, int status);
	void *done_owner;
};

struct fabric_counters {
	uint64_t tlps[4];	   /* by enum tlp_kind, sent by this port */
	uint64_t payload_bytes[4]; /* of MWr and CplD, enabled bytes only */
	uint64_t hinted[2];	   /* requests sent with a hint: 8-bit, 16-bit tag */
	uint64_t hints_dropped;	   /* of these: hints dropped on the route */
	uint64_t unsupported;	   /* requests that were unclaimed */
};

struct fabric;
struct fabric_port;

/* 0; -EINVAL: an invalid packet size or kind of peers; -ENOMEM. */
int fabric_create(struct fabric **out, const struct fabric_config *config);
/* Frees its ports and its trace, too; calls no done(). NULL is fine. */
void fabric_destroy(struct fabric *fabric);

/*
 * 0; -EINVAL: no name, or above 8 bytes; -EEXIST: another port has the name, or it is "host";
 * -ENOSPC: the fabric has 32 ports; -ENOMEM. A new port has ID 0, no BAR and no bus mastering.
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
/* @requester_id: as in struct tlp */
void fabric_port_set_id(struct fabric_port *port, uint16_t requester_id);
/*
 * @own: the port's link is in flit mode; @upstream: the link between its switch and the root
 * complex is. A port without a switch has one link, which both describe. Both are false at first.
 * On each link a TLP has the form of that link; the switch and the root complex translate.
 *
 * Off flit mode a read with a hint has no byte enables (2.2.5.1). So where a hinted read that does
 * not enable all of its bytes is translated to that form, its hint is dropped and its byte enables
 * are kept, since they decide which bytes are read.
 */
void fabric_port_set_flit(struct fabric_port *port, bool own, bool upstream);

enum { FABRIC_NOWAIT = 1 }; /* -EFAULT instead of a transfer by the host */

/*
 * Requests of @port, cut at MPS or MRRS (all but the first begin at a DW) and at 4 KiB.
 * Writes are posted and stay in order. @hint may be NULL. On a link that is not in
 * flit mode a read with a hint has no byte enables and requests the whole DWs around
 * its range. A request of 0 bytes sends nothing.
 * 0: done. -EINPROGRESS: done() will report the end; @data and @buf must stay valid
 * until then, and meanwhile every further request returns -EBUSY, as it does from
 * within the completer that serves this one.
 * -EFAULT: the address is unclaimed. -EIO: Completer Abort. -EPERM: bus
 * master is off. -EINVAL: the range wraps, or the hint is invalid. An injected fault
 * may end a request with -EFAULT, -EIO, or -ETIMEDOUT: no completion arrived.
 * After an error an unknown number of bytes has been transferred, of a read too.
 */
int fabric_write(struct fabric_port *port, uint64_t addr, const void *data, size_t len,
		 const struct tlp_hint *hint, unsigned flags);
int fabric_read(struct fabric_port *port, uint64_t addr, void *buf, size_t len,
		const struct tlp_hint *hint, unsigned flags);
bool fabric_port_busy(const struct fabric_port *port);

/*
 * As fabric_read(), of mapped host memory not across 4 KiB, in the same TLPs: returns a pointer to
 * that memory instead of copying it. The host may change the memory meanwhile, and may unmap it
 * at the next round of the event loop. NULL: the data must be copied, and nothing has been sent, as
 * with fabric_pass().
 */
const void *fabric_read_in_place(struct fabric_port *port, uint64_t addr, size_t len,
				 const struct tlp_hint *hint);

/*
 * Cancels @port's request, held by a fault or under way, as a function does at a reset (6.6.2): the
 * rest of it is not carried out, done() is not called, and @data and @buf are the caller's again. A
 * transfer by the host continues and its data is dropped: until its end the port is busy. Not to
 * be called from within an operation of the fabric. Without a request it does nothing.
 */
void fabric_port_cancel(struct fabric_port *port);

/*
 * fabric_read() of mapped host memory and fabric_write() of that data to a peer,
 * neither across 4 KiB, in the same TLPs but without a copy in between. The
 * completer gets a pointer to the memory, which the host may change meanwhile.
 * Returns as those, but never -EINPROGRESS. -EAGAIN: the data must be copied, and
 * nothing has been sent: another kind of source or destination, no bytes, MPS above
 * MRRS, a fault that is set, or a trace.
 */
int fabric_pass(struct fabric_port *port, uint64_t src, const struct tlp_hint *read_hint,
		uint64_t dst, const struct tlp_hint *write_hint, size_t len);

/*
 * Faults that are injected, to test software (doc/faults.md).
 * They hit data requests, those without FABRIC_NOWAIT, that a port sends or
 * another port sends to it. A request that must wait returns -EINPROGRESS.
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
/* Replaces the port's fault of this kind. */
void fabric_port_set_fault(struct fabric_port *port, enum fabric_fault_kind kind,
			   const struct fabric_fault *fault);
const struct fabric_fault *fabric_port_fault(const struct fabric_port *port,
					     enum fabric_fault_kind kind);
/* Milliseconds until a held request goes on; -1: none is held. */
int fabric_wait_ms(const struct fabric *fabric);
/* Continues the held requests that are due; may call done(). */
void fabric_work(struct fabric *fabric);

/*
 * Reports the end of fabric_host_ops.read or .write, 0 or a negative errno; calls
 * done() at the end of the whole request. It may be called before the op returns:
 * then fabric_read() or fabric_write() continues and returns the result itself.
 * Without a transfer under way it does nothing.
 */
void fabric_host_done(struct fabric_port *port, int status);

/*
 * A CPU access to a BAR behind @port that arrives as a message: TLPs from the
 * host, without hints. 0; -EFAULT: the BAR is not decoded, is smaller, or has
 * no completer; -EIO: Completer Abort.
 */
int fabric_cpu_write(struct fabric_port *port, unsigned bar, uint64_t offset, const void *data,
		     size_t len);
int fabric_cpu_read(struct fabric_port *port, unsigned bar, uint64_t offset, void *buf, size_t len);

const struct fabric_counters *fabric_port_counters(const struct fabric_port *port);

/*
 * Writes every TLP from now on to @file, in libpcap's format (doc/trace.md). The fabric owns the
 * file from now on and closes it, whatever is returned: 0, -ENOMEM, or -EIO. A trace that was open
 * is closed.
 */
int fabric_trace_open(struct fabric *fabric, FILE *file);
/* 0: all TLPs until now are in the file; or a negative errno. Without a trace both do nothing. */
int fabric_trace_flush(struct fabric *fabric);
int fabric_trace_close(struct fabric *fabric);
/* Writes an event to the trace, if there is one. */
void fabric_trace_event(struct fabric_port *port, const char *event, uint64_t value);

#endif
