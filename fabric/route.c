// SPDX-License-Identifier: GPL-2.0-or-later
/* Routes requests by address: to the BAR of a peer, else to the host. */
#include "fabric/internal.h"

enum { MAPPING_MAX = 1 << 30 }; /* bytes requested at once, so that rounding up cannot overflow */

void fabric_rebuild_windows(struct fabric *fabric)
{
	unsigned n = 0;

	for (unsigned i = 0; i < fabric->num_ports; i++) {
		struct fabric_port *port = fabric->ports[i];

		for (unsigned bar = 0; bar < FABRIC_BARS; bar++)
			if (port->bar_size[bar])
				fabric->windows[n++] = (struct fabric_window){
					.base = port->bar_base[bar],
					.size = port->bar_size[bar],
					.port = port,
					.bar = bar,
				};
	}
	fabric->num_windows = n;
}

/* Does a switch, or the host, forward requests of @from to this window? */
static bool is_peer(const struct fabric_port *from, const struct fabric_window *window)
{
	return window->port != from && (from->fabric->config.peers != FABRIC_PEERS_NONE ||
					fabric_one_switch(from, window->port));
}

bool fabric_route_peer(const struct fabric_port *from, uint64_t addr, size_t len,
		       struct fabric_target *to)
{
	const struct fabric *fabric = from->fabric;

	for (unsigned i = 0; i < fabric->num_windows; i++) {
		const struct fabric_window *window = &fabric->windows[i];
		uint64_t offset = addr - window->base;

		if (offset >= window->size || !is_peer(from, window))
			continue;
		to->kind = len <= window->size - offset && !window->port->link_down
				   ? FABRIC_TARGET_PEER
				   : FABRIC_TARGET_NONE;
		to->port = window->port;
		to->bar = window->bar;
		to->base = window->base;
		return true;
	}
	return false;
}

bool fabric_route_splits(const struct fabric_port *from, uint64_t addr, size_t len)
{
	const struct fabric *fabric = from->fabric;
	uint64_t last = addr + len - 1;

	for (unsigned i = 0; i < fabric->num_windows; i++) {
		const struct fabric_window *window = &fabric->windows[i];
		bool has_first = addr - window->base < window->size;
		bool has_last = last - window->base < window->size;
		bool lies_within = !has_first && window->base - addr < len;

		if (is_peer(from, window) && (has_first != has_last || lies_within))
			return true;
	}
	return false;
}

/* Host memory at the DW of @addr as a pointer; false: not for all @len bytes from @addr on. */
static bool find_memory(const struct fabric_port *from, struct fabric_request *request,
			uint64_t addr, size_t len, struct fabric_target *to)
{
	const struct fabric_host_ops *host = from->config.host;
	struct fabric_mapping *mapping = &request->mapping;
	uint64_t dw = addr & ~3ull;
	size_t want = ((addr & 3) + len + 3) & ~(size_t)3;

	if (dw - mapping->addr >= mapping->len || want > mapping->len - (dw - mapping->addr)) {
		size_t rest = request->left < MAPPING_MAX ? request->left : MAPPING_MAX;

		/* In whole DWs, as payloads are. */
		mapping->addr = dw;
		mapping->len = ((addr & 3) + rest + 3) & ~(size_t)3;
		mapping->memory = NULL;
		if (host->ptr)
			mapping->memory = host->ptr(from->config.host_owner, dw, &mapping->len,
						    request->kind == TLP_MWR);
		if (!mapping->memory || mapping->len < want) {
			mapping->len = 0;
			return false;
		}
	}
	to->kind = FABRIC_TARGET_MEMORY;
	to->memory = mapping->memory;
	to->base = mapping->addr;
	return true;
}

void fabric_route(const struct fabric_port *from, struct fabric_request *request, uint64_t addr,
		  size_t len, struct fabric_target *to)
{
	const struct fabric_host_ops *host = from->config.host;

	if (fabric_route_peer(from, addr & ~3ull, ((addr & 3) + len + 3) & ~(size_t)3, to))
		return;
	to->kind = FABRIC_TARGET_NONE;
	to->port = &from->fabric->host;
	if (!host || find_memory(from, request, addr, len, to))
		return;
	if (request->kind == TLP_MWR ? host->write != NULL : host->read != NULL)
		to->kind = FABRIC_TARGET_TRANSFER;
}
