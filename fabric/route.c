// SPDX-License-Identifier: GPL-2.0-or-later
#include "fabric/internal.h"

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

/* Does a switch or the host pass on what @from sends there? */
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
		to->kind = len <= window->size - offset && !window->port->gone
				   ? FABRIC_TARGET_PEER
				   : FABRIC_TARGET_NOBODY;
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
