// SPDX-License-Identifier: GPL-2.0-or-later
/* Creates, configures and destroys the fabric and its ports. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fabric/internal.h"
#include "fabric/trace_format.h"

static bool packet_size_ok(unsigned bytes)
{
	return bytes >= 128 && bytes <= TLP_PAYLOAD_MAX_BYTES && !(bytes & (bytes - 1));
}

int fabric_create(struct fabric **out, const struct fabric_config *config)
{
	struct fabric *fabric;

	if (!packet_size_ok(config->mps_bytes) || !packet_size_ok(config->mrrs_bytes))
		return -EINVAL;
	if ((unsigned)config->peers > FABRIC_PEERS_NONE)
		return -EINVAL;
	fabric = calloc(1, sizeof(*fabric));
	if (!fabric)
		return -ENOMEM;
	fabric->config = *config;
	fabric->host.fabric = fabric;
	fabric->host.config.name = "host";
	*out = fabric;
	return 0;
}

void fabric_destroy(struct fabric *fabric)
{
	if (!fabric)
		return;
	fabric_trace_close(fabric);
	for (unsigned i = 0; i < fabric->num_ports; i++) {
		free(fabric->ports[i]->name);
		free(fabric->ports[i]);
	}
	free(fabric);
}

static void update_links(struct fabric *fabric)
{
	bool some = false, all = true;

	for (unsigned i = 0; i < fabric->num_ports; i++) {
		const struct fabric_port *port = fabric->ports[i];

		some |= port->flit || port->flit_upstream;
		all &= port->flit && port->flit_upstream;
	}
	fabric->links = !some ? FABRIC_LINKS_PLAIN : all ? FABRIC_LINKS_FLIT : FABRIC_LINKS_MIXED;
}

/* A trace identifies ports by their names, so names are unique. */
static int check_name(const struct fabric *fabric, const char *name)
{
	if (!name || !*name || strlen(name) > TRACE_NAME_BYTES)
		return -EINVAL;
	if (!strcmp(name, fabric->host.config.name))
		return -EEXIST;
	for (unsigned i = 0; i < fabric->num_ports; i++)
		if (!strcmp(name, fabric->ports[i]->name))
			return -EEXIST;
	return 0;
}

int fabric_port_add(struct fabric *fabric, struct fabric_port **out,
		    const struct fabric_port_config *config)
{
	struct fabric_port *port;
	int ret = check_name(fabric, config->name);

	if (ret)
		return ret;
	if (fabric->num_ports == FABRIC_PORTS_MAX)
		return -ENOSPC;
	port = calloc(1, sizeof(*port));
	if (!port)
		return -ENOMEM;
	port->name = strdup(config->name);
	if (!port->name) {
		free(port);
		return -ENOMEM;
	}
	port->fabric = fabric;
	port->config = *config;
	port->config.name = port->name;
	fabric->ports[fabric->num_ports++] = port;
	update_links(fabric);
	*out = port;
	return 0;
}

void fabric_port_set_bar(struct fabric_port *port, unsigned bar, uint64_t base, uint64_t size)
{
	if (bar >= FABRIC_BARS)
		return;
	/* While a guest sizes a BAR, its base can put the end beyond the address space. */
	if (size && size - 1 > UINT64_MAX - base)
		size = 0;
	port->bar_base[bar] = base;
	port->bar_size[bar] = size;
	fabric_rebuild_windows(port->fabric);
}

void fabric_port_set_bus_master(struct fabric_port *port, bool enabled)
{
	port->bus_master = enabled;
}

void fabric_port_set_link(struct fabric_port *port, bool up)
{
	port->link_down = !up;
}

void fabric_port_set_id(struct fabric_port *port, uint16_t requester_id)
{
	port->id = requester_id;
}

void fabric_port_set_flit(struct fabric_port *port, bool own, bool upstream)
{
	port->flit = own;
	port->flit_upstream = upstream;
	update_links(port->fabric);
}

const struct fabric_counters *fabric_port_counters(const struct fabric_port *port)
{
	return &port->counters;
}
