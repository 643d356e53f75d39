// SPDX-License-Identifier: GPL-2.0-or-later
/* Accesses of a CPU to a BAR that is not mapped. */
#include <errno.h>

#include "fabric/internal.h"

static const struct tlp_hint no_hint;

/* The host has routed the CPU's access to this BAR already. */
static int bar_target(struct fabric_port *port, unsigned bar, uint64_t offset, size_t len,
		      struct fabric_target *to)
{
	if (bar >= FABRIC_BARS || offset > port->bar_size[bar] ||
	    len > port->bar_size[bar] - offset)
		return -EFAULT;
	*to = (struct fabric_target){
		.kind = FABRIC_TARGET_PEER,
		.port = port,
		.base = port->bar_base[bar],
		.bar = bar,
	};
	return 0;
}

int fabric_cpu_write(struct fabric_port *port, unsigned bar, uint64_t offset, const void *data,
		     size_t len)
{
	struct fabric_target to;
	int ret = bar_target(port, bar, offset, len, &to);

	if (ret)
		return ret;
	return fabric_deliver_write(&port->fabric->host, &to, to.base + offset, data, len,
				    &no_hint);
}

int fabric_cpu_read(struct fabric_port *port, unsigned bar, uint64_t offset, void *buf, size_t len)
{
	struct fabric_target to;
	int ret = bar_target(port, bar, offset, len, &to);

	if (ret)
		return ret;
	return fabric_deliver_read(&port->fabric->host, &to, to.base + offset, buf, len, &no_hint);
}
