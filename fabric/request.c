// SPDX-License-Identifier: GPL-2.0-or-later
/* A port's request from its start to its end: its segments, and its waits. */
#include <errno.h>

#include "fabric/internal.h"
#include "fabric/tlp_inline.h"
#include "util/clock.h"

/*
 * The next segment of @request and its one target: all up to the next 4 KiB, which no TLP crosses,
 * where that belongs to one peer or is contiguous in host memory; else, and where faults hit
 * single TLPs, one TLP. Returns its length in bytes.
 */
TLP_INLINE size_t next_segment(const struct fabric_port *port, struct fabric_request *request,
			       struct fabric_target *to)
{
	size_t segment = fabric_cut(request->addr, request->left, FABRIC_REQUEST_BOUNDARY);
	size_t tlp = fabric_cut(request->addr, request->left,
				fabric_tlp_max(port->fabric, request->kind));

	if (segment > tlp && !port->fabric->faulty &&
	    !fabric_route_splits(port, request->addr, segment)) {
		fabric_route(port, request, request->addr, segment, to);
		if (to->kind == FABRIC_TARGET_PEER || to->kind == FABRIC_TARGET_MEMORY)
			return segment;
	}
	fabric_route(port, request, request->addr, tlp, to);
	return tlp;
}

TLP_INLINE int deliver_segment(struct fabric_port *port, const struct fabric_target *to, size_t len)
{
	struct fabric_request *request = &port->request;
	int ret;

	if (request->kind == TLP_MWR) {
		ret = fabric_deliver_write(port, to, request->addr, request->src, len,
					   &request->hint);
	} else {
		ret = fabric_deliver_read(port, to, request->addr, request->dst, len,
					  &request->hint);
		len += request->ahead;
		request->ahead = 0;
	}
	if (!ret)
		fabric_advance(request, len);
	return ret;
}

TLP_INLINE int do_segment(struct fabric_port *port)
{
	struct fabric_request *request = &port->request;
	struct fabric_target to;
	size_t len = next_segment(port, request, &to);

	if (__builtin_expect(port->fabric->faulty, false)) {
		int ret = fabric_inject(port, &to, len);

		if (ret)
			return ret;
	}
	if (to.kind == FABRIC_TARGET_TRANSFER)
		return request->flags & FABRIC_NOWAIT ? -EFAULT : fabric_transfer_start(port);
	return deliver_segment(port, &to, len);
}

/* Continues until the request is done, fails, or must wait. */
static int go_on(struct fabric_port *port)
{
	struct fabric_request *request = &port->request;
	int ret = 0;

	/* The host's mappings may have changed since the last call. */
	request->mapping.len = 0;
	while (!ret && request->left)
		ret = port->bus_master ? do_segment(port) : -EPERM;
	request->active = ret == -EINPROGRESS;
	return ret;
}

/* Continues a request that had to wait, or ends it with @status; reports the end to its owner. */
static void resume(struct fabric_port *port, int status)
{
	int ret = status ? status : go_on(port);

	port->request.active = ret == -EINPROGRESS;
	if (ret != -EINPROGRESS && port->config.done)
		port->config.done(port->config.done_owner, ret);
}

static int check(const struct fabric_port *port, uint64_t addr, size_t len,
		 const struct tlp_hint *hint)
{
	if (fabric_port_busy(port))
		return -EBUSY;
	if (!port->bus_master)
		return -EPERM;
	if (len && len - 1 > UINT64_MAX - addr)
		return -EINVAL;
	return hint && !tlp_hint_ok(hint) ? -EINVAL : 0;
}

static struct tlp_hint hint_or_none(const struct tlp_hint *hint)
{
	return hint && hint->st_bits ? *hint : (struct tlp_hint){0};
}

static int start(struct fabric_port *port, enum tlp_kind kind, uint64_t addr, const void *src,
		 void *dst, size_t len, const struct tlp_hint *hint, unsigned flags)
{
	struct fabric_request *request = &port->request;
	int ret = check(port, addr, len, hint);

	if (ret)
		return ret;
	request->active = true;
	request->kind = kind;
	request->flags = flags;
	request->addr = addr;
	request->left = len;
	request->src = src;
	request->dst = dst;
	request->hint = hint_or_none(hint);
	request->ahead = 0;
	request->delayed = false;
	return go_on(port);
}

int fabric_write(struct fabric_port *port, uint64_t addr, const void *data, size_t len,
		 const struct tlp_hint *hint, unsigned flags)
{
	return start(port, TLP_MWR, addr, data, NULL, len, hint, flags);
}

int fabric_read(struct fabric_port *port, uint64_t addr, void *buf, size_t len,
		const struct tlp_hint *hint, unsigned flags)
{
	return start(port, TLP_MRD, addr, NULL, buf, len, hint, flags);
}

/* Does all of it go to one target of this kind, without crossing 4 KiB? */
static bool is_one_segment(const struct fabric_port *port, enum tlp_kind kind, uint64_t addr,
			   size_t len, enum fabric_target_kind wanted, struct fabric_target *to)
{
	/* Only the members that routing needs; the others are for requests that may wait. */
	struct fabric_request request;

	request.kind = kind;
	request.addr = addr;
	request.left = len;
	request.mapping = (struct fabric_mapping){0};
	return next_segment(port, &request, to) == len && to->kind == wanted;
}

/* Passes the source pointer as the read's destination, so that its completion copies nothing. */
static int pass(struct fabric_port *port, const struct fabric_target *memory, uint64_t src,
		const struct fabric_target *peer, uint64_t dst, size_t len,
		const struct tlp_hint *read_hint, const struct tlp_hint *write_hint)
{
	uint8_t *data = memory->memory + (src - memory->base);
	int ret;

	port->request.active = true;
	ret = fabric_deliver_read(port, memory, src, data, len, read_hint);
	if (!ret)
		ret = fabric_deliver_write(port, peer, dst, data, len, write_hint);
	port->request.active = false;
	return ret;
}

/*
 * The data must be buffered where a write needs more than one read returns, where a fault may hit
 * one of the two, and where a trace must show the same data in both.
 */
static bool must_be_held(const struct fabric *fabric)
{
	return fabric->config.mps_bytes > fabric->config.mrrs_bytes || fabric->trace ||
	       fabric->faulty;
}

int fabric_pass(struct fabric_port *port, uint64_t src, const struct tlp_hint *read_hint,
		uint64_t dst, const struct tlp_hint *write_hint, size_t len)
{
	const struct tlp_hint hints[] = {hint_or_none(read_hint), hint_or_none(write_hint)};
	struct fabric_target memory, peer;
	int ret = check(port, src, len, read_hint);

	if (!ret)
		ret = check(port, dst, len, write_hint);
	if (ret)
		return ret;
	if (!len || must_be_held(port->fabric) ||
	    !is_one_segment(port, TLP_MRD, src, len, FABRIC_TARGET_MEMORY, &memory) ||
	    !is_one_segment(port, TLP_MWR, dst, len, FABRIC_TARGET_PEER, &peer))
		return -EAGAIN;
	return pass(port, &memory, src, &peer, dst, len, &hints[0], &hints[1]);
}

const void *fabric_read_in_place(struct fabric_port *port, uint64_t addr, size_t len,
				 const struct tlp_hint *hint)
{
	const struct tlp_hint known = hint_or_none(hint);
	struct fabric_target memory;
	uint8_t *data;

	if (check(port, addr, len, hint) || !len || must_be_held(port->fabric) ||
	    !is_one_segment(port, TLP_MRD, addr, len, FABRIC_TARGET_MEMORY, &memory))
		return NULL;
	data = memory.memory + (addr - memory.base);
	return fabric_deliver_read(port, &memory, addr, data, len, &known) ? NULL : data;
}

bool fabric_port_busy(const struct fabric_port *port)
{
	return port->request.active || port->request.transfer.state == FABRIC_TRANSFER_CANCELLED;
}

void fabric_port_cancel(struct fabric_port *port)
{
	struct fabric_request *request = &port->request;

	request->active = false;
	request->held_until_ns = 0;
	if (request->transfer.state == FABRIC_TRANSFER_WAITING)
		request->transfer.state = FABRIC_TRANSFER_CANCELLED;
}

void fabric_host_done(struct fabric_port *port, int status)
{
	struct fabric_transfer *transfer = &port->request.transfer;

	switch (transfer->state) {
	case FABRIC_TRANSFER_IDLE:
		break;
	case FABRIC_TRANSFER_STARTING:
		transfer->ended = true;
		transfer->status = status;
		break;
	case FABRIC_TRANSFER_WAITING:
		resume(port, fabric_transfer_end(port, status));
		break;
	case FABRIC_TRANSFER_CANCELLED:
		fabric_transfer_discard(port, status);
		break;
	}
}

int fabric_wait_ms(const struct fabric *fabric)
{
	uint64_t first = 0;

	for (unsigned i = 0; i < fabric->num_ports; i++) {
		uint64_t until = fabric->ports[i]->request.held_until_ns;

		if (until && (!first || until < first))
			first = until;
	}
	return first ? clock_ms_until(first) : -1;
}

void fabric_work(struct fabric *fabric)
{
	for (unsigned i = 0; i < fabric->num_ports; i++) {
		struct fabric_request *request = &fabric->ports[i]->request;

		if (!request->held_until_ns || request->held_until_ns > clock_ns())
			continue;
		request->held_until_ns = 0;
		resume(fabric->ports[i], request->held_status);
	}
}
