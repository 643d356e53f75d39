// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fault injection into the TLPs that a port sends or receives. In PCIe a requester detects a lost
 * read by its completion timer alone (2.8), and an error message reports a lost or refused write to
 * the host (6.2); here the fabric reports the lost write to the requester, like an unclaimed one.
 */
#include <errno.h>
#include <stdio.h>

#include "fabric/packet.h"
#include "util/clock.h"

enum { COMPLETION_TIMEOUT_MS = 50 }; /* the end of the default range (7.5.3.16) */

const char *fabric_fault_str(enum fabric_fault_kind kind)
{
	static const char *const names[FABRIC_FAULT_KINDS] = {
		[FABRIC_FAULT_DROP] = "drop",	    [FABRIC_FAULT_DELAY] = "delay",
		[FABRIC_FAULT_CORRUPT] = "corrupt", [FABRIC_FAULT_REORDER] = "reorder",
		[FABRIC_FAULT_UR] = "ur",	    [FABRIC_FAULT_CA] = "ca",
		[FABRIC_FAULT_LOSE] = "lose",
	};

	return names[kind];
}

static void update_faulty(struct fabric *fabric)
{
	fabric->faulty = false;
	for (unsigned i = 0; i < fabric->num_ports; i++)
		for (unsigned kind = 0; kind < FABRIC_FAULT_KINDS; kind++)
			fabric->faulty |= fabric->ports[i]->faults[kind].left != 0;
}

void fabric_port_set_fault(struct fabric_port *port, enum fabric_fault_kind kind,
			   const struct fabric_fault *fault)
{
	port->faults[kind] = *fault;
	update_faulty(port->fabric);
}

const struct fabric_fault *fabric_port_fault(const struct fabric_port *port,
					     enum fabric_fault_kind kind)
{
	return &port->faults[kind];
}

static void trace_hit(struct fabric_port *port, enum fabric_fault_kind kind, uint64_t addr)
{
	char event[32];

	snprintf(event, sizeof(event), "fault %s", fabric_fault_str(kind));
	fabric_trace_event(port, event, addr);
}

/* Counts and returns the fault of this kind, of either end, that hits this TLP; NULL: none. */
static const struct fabric_fault *
fault_hit(struct fabric_port *from, const struct fabric_target *to, enum fabric_fault_kind kind)
{
	struct fabric_port *ends[] = {from, to->port};
	bool write = from->request.kind == TLP_MWR;

	for (unsigned i = 0; i < 2; i++) {
		struct fabric_fault *fault = &ends[i]->faults[kind];

		if (!fault->left || !(write ? fault->writes : fault->reads))
			continue;
		fault->hits++;
		if (fault->left != FABRIC_FAULT_ALL && !--fault->left)
			update_faulty(from->fabric);
		trace_hit(ends[i], kind, from->request.addr);
		return fault;
	}
	return NULL;
}

/* Holds the request for @ms; then it ends with @status, or goes on where that is 0. */
static int hold(struct fabric_port *from, unsigned ms, int status)
{
	from->request.held_until_ns = clock_ns() + ms * NS_PER_MS;
	from->request.held_status = status;
	return -EINPROGRESS;
}

static int expire_later(struct fabric_port *from)
{
	return hold(from, COMPLETION_TIMEOUT_MS, -ETIMEDOUT);
}

/* Sends the TLP; the caller decides whether it arrives. */
static int send(struct fabric_port *from, const struct fabric_target *to, size_t len,
		struct fabric_reader *reader, struct fabric_packet *packet)
{
	const struct fabric_request *request = &from->request;
	struct tlp tlp;

	if (request->kind == TLP_MWR) {
		fabric_make_write(&tlp, from, request->addr, len, &request->hint);
		return fabric_send_request(from, to, &tlp, request->src, packet,
					   from->fabric->links);
	}
	*reader = (struct fabric_reader){from, request->addr, len, request->dst, from->next_tag++};
	fabric_make_read(&tlp, from, request->addr, len, &request->hint, reader->tag);
	return fabric_send_request(from, to, &tlp, NULL, packet, from->fabric->links);
}

static int drop(struct fabric_port *from, const struct fabric_target *to, size_t len)
{
	struct fabric_reader reader;
	struct fabric_packet packet;
	int ret = send(from, to, len, &reader, &packet);

	if (ret)
		return ret;
	/* The link layer numbers its TLPs (3.6), so the port detects the loss. */
	return from->request.kind == TLP_MWR ? -EIO : expire_later(from);
}

static int refuse(struct fabric_port *from, const struct fabric_target *to, size_t len,
		  enum tlp_status status)
{
	struct fabric_reader reader;
	struct fabric_packet packet;
	int ret = send(from, to, len, &reader, &packet);

	if (ret)
		return ret;
	if (from->request.kind == TLP_MRD)
		return fabric_complete_error(to->port, &packet.tlp, status, &reader);
	if (status != TLP_STATUS_UNSUPPORTED_REQUEST)
		return -EIO;
	from->counters.unsupported++;
	return -EFAULT;
}

/* Performs the read and discards the data. */
static int deliver_and_discard(struct fabric_port *from, const struct fabric_target *to, size_t len)
{
	const struct fabric_request *request = &from->request;
	struct fabric_reader reader;
	struct fabric_packet packet;

	if (to->kind == FABRIC_TARGET_TRANSFER) /* a read of host memory has no side effect */
		return send(from, to, len, &reader, &packet);
	return fabric_deliver_read(from, to, request->addr, request->dst, len, &request->hint);
}

static int lose(struct fabric_port *from, const struct fabric_target *to, size_t len)
{
	int ret = deliver_and_discard(from, to, len);

	return ret ? ret : expire_later(from);
}

/* A receiver does not use poisoned data (2.7.2). */
static int corrupt(struct fabric_port *from, const struct fabric_target *to, size_t len)
{
	struct fabric_reader reader;
	struct fabric_packet packet;
	int ret;

	if (from->request.kind == TLP_MWR)
		ret = send(from, to, len, &reader, &packet);
	else
		ret = deliver_and_discard(from, to, len);
	return ret ? ret : -EIO;
}

/*
 * Delivers the next read before this one. Reads may pass each other (2.4.1, the
 * table's entry B3); nothing may pass a write, as no TLP here has Relaxed
 * Ordering set (A2, B2, D2).
 */
static int overtake(struct fabric_port *from, const struct fabric_target *to, size_t len)
{
	struct fabric_request *request = &from->request;
	uint64_t addr = request->addr + len;
	size_t second_len;
	struct fabric_target second;
	int ret;

	if (request->left == len || to->kind == FABRIC_TARGET_TRANSFER)
		return 0;
	second_len = fabric_cut(addr, request->left - len, fabric_tlp_max(from->fabric, TLP_MRD));
	fabric_route(from, request, addr, second_len, &second);
	if (second.kind == FABRIC_TARGET_TRANSFER || !fault_hit(from, to, FABRIC_FAULT_REORDER))
		return 0;
	ret = fabric_deliver_read(from, &second, addr, request->dst + len, second_len,
				  &request->hint);
	if (!ret)
		request->ahead = second_len;
	return ret;
}

int fabric_inject(struct fabric_port *from, const struct fabric_target *to, size_t len)
{
	struct fabric_request *request = &from->request;
	const struct fabric_fault *delay;

	if (request->flags & FABRIC_NOWAIT)
		return 0;
	delay = request->delayed ? NULL : fault_hit(from, to, FABRIC_FAULT_DELAY);
	if (delay) {
		request->delayed = true;
		return hold(from, delay->delay_ms, 0);
	}
	if (fault_hit(from, to, FABRIC_FAULT_DROP))
		return drop(from, to, len);
	if (fault_hit(from, to, FABRIC_FAULT_UR))
		return refuse(from, to, len, TLP_STATUS_UNSUPPORTED_REQUEST);
	if (fault_hit(from, to, FABRIC_FAULT_CA))
		return refuse(from, to, len, TLP_STATUS_COMPLETER_ABORT);
	if (fault_hit(from, to, FABRIC_FAULT_CORRUPT))
		return corrupt(from, to, len);
	if (request->kind == TLP_MWR)
		return 0;
	if (fault_hit(from, to, FABRIC_FAULT_LOSE))
		return lose(from, to, len);
	return overtake(from, to, len);
}
