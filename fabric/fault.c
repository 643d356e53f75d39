// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Faults of a port: what befalls the TLPs that it sends or receives. PCIe tells
 * a requester of a lost read by its completion timer alone (2.8) and of a lost
 * or refused write by an error message to the host (6.2); here the requester
 * itself hears of the write, as it hears of one that nobody claims.
 */
#include <errno.h>
#include <time.h>

#include "fabric/packet.h"

#define NS_PER_S  1000000000ull
#define NS_PER_MS 1000000ull

enum { COMPLETION_TIMEOUT_MS = 50 }; /* the end of the default range (7.5.3.16) */

static const char *const events[FABRIC_FAULT_KINDS] = {
	[FABRIC_FAULT_DROP] = "fault drop",	  [FABRIC_FAULT_DELAY] = "fault delay",
	[FABRIC_FAULT_CORRUPT] = "fault corrupt", [FABRIC_FAULT_REORDER] = "fault reorder",
	[FABRIC_FAULT_UR] = "fault ur",		  [FABRIC_FAULT_CA] = "fault ca",
	[FABRIC_FAULT_LOSE] = "fault lose",
};

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

static void look_for_faults(struct fabric *fabric)
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
	look_for_faults(port->fabric);
}

const struct fabric_fault *fabric_port_fault(const struct fabric_port *port,
					     enum fabric_fault_kind kind)
{
	return &port->faults[kind];
}

/* Does a fault of this kind, of either end, befall this TLP? It is counted. */
static const struct fabric_fault *befalls(struct fabric_port *from, const struct fabric_target *to,
					  enum fabric_fault_kind kind)
{
	struct fabric_port *ends[] = {from, to->port};
	bool write = from->request.kind == TLP_MWR;

	for (unsigned i = 0; i < 2; i++) {
		struct fabric_fault *fault = &ends[i]->faults[kind];

		if (!fault->left || !(write ? fault->writes : fault->reads))
			continue;
		fault->hits++;
		if (fault->left != FABRIC_FAULT_ALL && !--fault->left)
			look_for_faults(from->fabric);
		fabric_trace_event(ends[i], events[kind], from->request.addr);
		return fault;
	}
	return NULL;
}

static int hold(struct fabric_port *from, unsigned ms, int status)
{
	from->request.held_until = now_ns() + ms * NS_PER_MS;
	from->request.held_status = status;
	return -EINPROGRESS;
}

static int wait_in_vain(struct fabric_port *from)
{
	return hold(from, COMPLETION_TIMEOUT_MS, -ETIMEDOUT);
}

/* The TLP leaves its port; what comes of it is the caller's to say. */
static int send(struct fabric_port *from, const struct fabric_target *to, size_t len,
		struct fabric_reader *reader, struct fabric_packet *packet)
{
	const struct fabric_request *request = &from->request;
	struct tlp tlp;

	if (request->kind == TLP_MWR) {
		fabric_make_write(&tlp, from, request->addr, len, &request->hint);
		return fabric_send_request(from, to, &tlp, request->src, packet);
	}
	*reader = (struct fabric_reader){from, request->addr, len, request->dst, from->next_tag++};
	fabric_make_read(&tlp, from, request->addr, len, &request->hint, reader->tag);
	return fabric_send_request(from, to, &tlp, NULL, packet);
}

static int drop(struct fabric_port *from, const struct fabric_target *to, size_t len)
{
	struct fabric_reader reader;
	struct fabric_packet packet;
	int ret = send(from, to, len, &reader, &packet);

	if (ret)
		return ret;
	/* The link layer numbers its TLPs (3.6): a port knows that it has not got one across. */
	return from->request.kind == TLP_MWR ? -EIO : wait_in_vain(from);
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

/* The read takes its course, but for what it was made for. */
static int serve_in_vain(struct fabric_port *from, const struct fabric_target *to, size_t len)
{
	const struct fabric_request *request = &from->request;
	struct fabric_reader reader;
	struct fabric_packet packet;

	if (to->kind == FABRIC_TARGET_TRANSFER) /* a read of host memory leaves nothing behind */
		return send(from, to, len, &reader, &packet);
	return fabric_deliver_read(from, to, request->addr, request->dst, len, &request->hint);
}

static int lose(struct fabric_port *from, const struct fabric_target *to, size_t len)
{
	int ret = serve_in_vain(from, to, len);

	return ret ? ret : wait_in_vain(from);
}

/* A receiver does not use what is marked as poisoned (2.7.2). */
static int corrupt(struct fabric_port *from, const struct fabric_target *to, size_t len)
{
	struct fabric_reader reader;
	struct fabric_packet packet;
	int ret;

	if (from->request.kind == TLP_MWR)
		ret = send(from, to, len, &reader, &packet);
	else
		ret = serve_in_vain(from, to, len);
	return ret ? ret : -EIO;
}

/*
 * The read behind this one goes first. Reads may pass each other (2.4.1, the
 * table's entry B3); nothing may pass a write, as no TLP here has Relaxed
 * Ordering set (A2, B2, D2).
 */
static int overtake(struct fabric_port *from, const struct fabric_target *to, size_t len)
{
	struct fabric_request *request = &from->request;
	size_t max = fabric_max_piece(from->fabric, TLP_MRD);
	uint64_t addr = request->addr + len;
	struct fabric_target second;
	int ret;

	if (request->left == len || to->kind == FABRIC_TARGET_TRANSFER)
		return 0;
	max = fabric_piece(addr, request->left - len, max);
	fabric_find_target(from, addr, max, &second);
	if (second.kind == FABRIC_TARGET_TRANSFER || !befalls(from, to, FABRIC_FAULT_REORDER))
		return 0;
	ret = fabric_deliver_read(from, &second, addr, request->dst + len, max, &request->hint);
	if (!ret)
		request->ahead = max;
	return ret;
}

int fabric_suffer(struct fabric_port *from, const struct fabric_target *to, size_t len)
{
	struct fabric_request *request = &from->request;
	const struct fabric_fault *delay;

	if (request->flags & FABRIC_NOWAIT)
		return 0;
	delay = request->delayed ? NULL : befalls(from, to, FABRIC_FAULT_DELAY);
	if (delay) {
		request->delayed = true;
		return hold(from, delay->delay_ms, 0);
	}
	if (befalls(from, to, FABRIC_FAULT_DROP))
		return drop(from, to, len);
	if (befalls(from, to, FABRIC_FAULT_UR))
		return refuse(from, to, len, TLP_STATUS_UNSUPPORTED_REQUEST);
	if (befalls(from, to, FABRIC_FAULT_CA))
		return refuse(from, to, len, TLP_STATUS_COMPLETER_ABORT);
	if (befalls(from, to, FABRIC_FAULT_CORRUPT))
		return corrupt(from, to, len);
	if (request->kind == TLP_MWR)
		return 0;
	if (befalls(from, to, FABRIC_FAULT_LOSE))
		return lose(from, to, len);
	return overtake(from, to, len);
}

int fabric_wait_ms(const struct fabric *fabric)
{
	uint64_t first = 0, now;

	for (unsigned i = 0; i < fabric->num_ports; i++) {
		uint64_t until = fabric->ports[i]->request.held_until;

		if (until && (!first || until < first))
			first = until;
	}
	if (!first)
		return -1;
	now = now_ns();
	return first <= now ? 0 : (int)((first - now + NS_PER_MS - 1) / NS_PER_MS);
}

void fabric_work(struct fabric *fabric)
{
	for (unsigned i = 0; i < fabric->num_ports; i++) {
		struct fabric_request *request = &fabric->ports[i]->request;

		if (!request->held_until || request->held_until > now_ns())
			continue;
		request->held_until = 0;
		fabric_resume(fabric->ports[i], request->held_status);
	}
}
