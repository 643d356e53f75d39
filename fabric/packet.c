// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Changes of a packet on its route: between links in flit mode and others, and at the host bridge.
 */
#include "fabric/packet.h"

/*
 * Off flit mode a read has byte enables in the place of its ST: decoding the hinted
 * read has filled in those that were implied.
 */
int fabric_drop_hint(struct fabric_port *from, struct fabric_packet *packet)
{
	struct tlp bare = packet->tlp;

	bare.hint = (struct tlp_hint){0};
	packet->hint_dropped = true;
	from->counters.hints_dropped++;
	return fabric_put_on_wire(&bare, packet, bare.flit);
}

static bool is_host(const struct fabric_port *port)
{
	return port == &port->fabric->host;
}

/* Is every link from @from to @to in flit mode? */
static bool all_flit(const struct fabric_port *from, const struct fabric_port *to)
{
	if (!is_host(from) && !is_host(to) && fabric_one_switch(from, to))
		return from->flit && to->flit;
	return (is_host(from) || (from->flit && from->flit_upstream)) &&
	       (is_host(to) || (to->flit && to->flit_upstream));
}

/* A read with a hint whose byte enables cannot be encoded off flit mode */
static bool needs_flit(const struct tlp *tlp)
{
	return tlp->kind == TLP_MRD && tlp->hint.st_bits && !flit_all_enabled(tlp);
}

int fabric_put_on_links(struct fabric_port *from, const struct fabric_port *to, struct tlp tlp,
			struct fabric_packet *packet)
{
	bool first = is_host(from) ? to->flit_upstream : from->flit;
	bool last = is_host(to) ? from->flit_upstream : to->flit;
	int ret = fabric_put_on_wire(&tlp, packet, first);

	if (!ret && needs_flit(&packet->tlp) && !all_flit(from, to))
		ret = fabric_drop_hint(from, packet);
	if (ret || first == last)
		return ret;
	tlp = packet->tlp;
	return fabric_put_on_wire(&tlp, packet, last);
}
