// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>

#include "fabric/internal.h"
#include "fabric/tlp_rules.h"

enum { SPAN_MAX = 1 << 30 }; /* bytes asked for at once, so that rounding up cannot overflow */

/* Host memory at the DW of @addr as a pointer, for all @len bytes from @addr on or for none. */
static bool find_memory(struct fabric_port *port, uint64_t addr, size_t len,
			struct fabric_target *to)
{
	const struct fabric_host_ops *host = port->config.host;
	struct fabric_span *span = &port->request.span;
	uint64_t dw = addr & ~3ull;
	size_t want = ((addr & 3) + len + 3) & ~(size_t)3;

	if (dw - span->addr >= span->len || want > span->len - (dw - span->addr)) {
		size_t rest = port->request.left < SPAN_MAX ? port->request.left : SPAN_MAX;

		/* In whole DWs: they are what a payload is made of. */
		span->addr = dw;
		span->len = ((addr & 3) + rest + 3) & ~(size_t)3;
		span->memory = NULL;
		if (host->ptr)
			span->memory = host->ptr(port->config.host_owner, dw, &span->len,
						 port->request.kind == TLP_MWR);
		if (!span->memory || span->len < want) {
			span->len = 0;
			return false;
		}
	}
	to->kind = FABRIC_TARGET_MEMORY;
	to->memory = span->memory;
	to->base = span->addr;
	return true;
}

void fabric_find_target(struct fabric_port *port, uint64_t addr, size_t len,
			struct fabric_target *to)
{
	const struct fabric_host_ops *host = port->config.host;

	if (fabric_route_peer(port, addr & ~3ull, ((addr & 3) + len + 3) & ~(size_t)3, to))
		return;
	to->kind = FABRIC_TARGET_NOBODY;
	to->port = &port->fabric->host;
	if (!host || find_memory(port, addr, len, to))
		return;
	if (port->request.kind == TLP_MWR ? host->write != NULL : host->read != NULL)
		to->kind = FABRIC_TARGET_TRANSFER;
}

/*
 * The next part of the request that is of one kind: all up to the next 4 KiB, which no TLP crosses,
 * where that is one peer's or lies together in host memory; else, and where faults befall single
 * TLPs, one TLP's worth. Returns its length.
 */
static size_t find_part(struct fabric_port *port, struct fabric_target *to)
{
	const struct fabric_request *request = &port->request;
	size_t part = fabric_piece(request->addr, request->left, FABRIC_REQUEST_BOUNDARY);
	size_t piece = fabric_piece(request->addr, request->left,
				    fabric_max_piece(port->fabric, request->kind));

	if (part > piece && !port->fabric->faulty &&
	    !fabric_route_splits(port, request->addr, part)) {
		fabric_find_target(port, request->addr, part, to);
		if (to->kind == FABRIC_TARGET_PEER || to->kind == FABRIC_TARGET_MEMORY)
			return part;
	}
	fabric_find_target(port, request->addr, piece, to);
	return piece;
}

/* Goes on until all is done, something is wrong, or the host has a transfer under way. */
static int advance(struct fabric_port *port)
{
	struct fabric_request *request = &port->request;

	while (request->left) {
		struct fabric_target to;
		size_t len;
		int ret;

		if (!port->bus_master)
			return -EPERM;
		len = find_part(port, &to);
		if (__builtin_expect(port->fabric->faulty, false)) {
			ret = fabric_suffer(port, &to, len);
			if (ret)
				return ret;
		}
		if (to.kind == FABRIC_TARGET_TRANSFER) {
			if (request->flags & FABRIC_NOWAIT)
				return -EFAULT;
			ret = fabric_host_start(port);
			if (ret)
				return ret;
			continue;
		}
		if (request->kind == TLP_MWR) {
			ret = fabric_deliver_write(port, &to, request->addr, request->src, len,
						   &request->hint);
			request->src += len;
		} else {
			ret = fabric_deliver_read(port, &to, request->addr, request->dst, len,
						  &request->hint);
			len += request->ahead;
			request->ahead = 0;
			request->dst += len;
		}
		if (ret)
			return ret;
		request->addr += len;
		request->left -= len;
	}
	return 0;
}

static int resume(struct fabric_port *port)
{
	int ret;

	/* What the host has mapped may have changed since the last call. */
	port->request.span.len = 0;
	ret = advance(port);
	port->request.active = ret == -EINPROGRESS;
	return ret;
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
	return resume(port);
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

/* Does all of it end at one place, of this kind, without crossing 4 KiB? */
static bool is_one_part(struct fabric_port *port, enum tlp_kind kind, uint64_t addr, size_t len,
			enum fabric_target_kind where, struct fabric_target *to)
{
	struct fabric_request *request = &port->request;

	request->kind = kind;
	request->addr = addr;
	request->left = len;
	request->span.len = 0;
	return find_part(port, to) == len && to->kind == where;
}

/* What is read to where it lies already is not copied, see complete.c. */
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
 * A write takes more than one read brings; a fault may come between the two; in a
 * trace both must have the same data.
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
	    !is_one_part(port, TLP_MRD, src, len, FABRIC_TARGET_MEMORY, &memory) ||
	    !is_one_part(port, TLP_MWR, dst, len, FABRIC_TARGET_PEER, &peer))
		return -EAGAIN;
	return pass(port, &memory, src, &peer, dst, len, &hints[0], &hints[1]);
}

void fabric_resume(struct fabric_port *port, int status)
{
	int ret = status ? status : resume(port);

	port->request.active = ret == -EINPROGRESS;
	if (ret != -EINPROGRESS && port->config.done)
		port->config.done(port->config.done_owner, ret);
}

bool fabric_port_busy(const struct fabric_port *port)
{
	return port->request.active || port->request.host.state == FABRIC_HOST_CANCELLED;
}

void fabric_port_cancel(struct fabric_port *port)
{
	struct fabric_request *request = &port->request;

	request->active = false;
	request->held_until = 0;
	if (request->host.state == FABRIC_HOST_WAITING)
		request->host.state = FABRIC_HOST_CANCELLED;
}

void fabric_host_done(struct fabric_port *port, int status)
{
	struct fabric_host_part *part = &port->request.host;

	if (part->state == FABRIC_HOST_STARTING) {
		part->ended = true;
		part->status = status;
		return;
	}
	if (part->state == FABRIC_HOST_CANCELLED)
		fabric_host_discard(port, status);
	if (part->state != FABRIC_HOST_WAITING)
		return;
	fabric_resume(port, fabric_host_end(port, status));
}
