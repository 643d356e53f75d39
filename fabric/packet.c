// SPDX-License-Identifier: GPL-2.0-or-later
#include "fabric/packet.h"

/*
 * Without TH a read has byte enables in the place of its ST: decoding the hinted
 * read has filled in those that were implied.
 */
int fabric_drop_hint(struct fabric_port *from, struct fabric_packet *packet)
{
	struct tlp bare = packet->tlp;

	bare.hint = (struct tlp_hint){0};
	packet->hint_dropped = true;
	from->counters.hints_dropped++;
	return fabric_put_on_wire(&bare, packet);
}
