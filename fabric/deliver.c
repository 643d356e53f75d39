// SPDX-License-Identifier: GPL-2.0-or-later
/* Delivers a segment of a request to its target, TLP by TLP, and handles the answers. */
#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "fabric/packet.h"

/* @payload: whole DWs */
TLP_INLINE int deliver_payload(struct fabric_port *from, const struct fabric_target *to,
			       const struct tlp *tlp, const uint8_t *payload)
{
	const struct fabric_port_config *completer = &to->port->config;

	if (to->kind == FABRIC_TARGET_MEMORY) {
		/* Posted writes stay in order, also for a CPU that polls this memory. */
		atomic_thread_fence(memory_order_release);
		tlp_store(tlp, payload, to->memory + (tlp->addr - to->base));
		return 0;
	}
	if (to->kind == FABRIC_TARGET_PEER && completer->completer &&
	    completer->completer->mem_write) {
		completer->completer->mem_write(completer->completer_owner, to->bar,
						tlp->addr - to->base, tlp, payload);
		return 0;
	}
	from->counters.unsupported++;
	return -EFAULT;
}

/* Copies data that does not begin and end at a DW into whole DWs. */
static int deliver_padded(struct fabric_port *from, const struct fabric_target *to,
			  const struct tlp *tlp, uint64_t addr, const uint8_t *data, size_t len)
{
	uint8_t payload[TLP_PAYLOAD_MAX_BYTES];

	memset(payload, 0, 4);
	memset(payload + (tlp->length_dw - 1) * 4, 0, 4);
	memcpy(payload + (addr & 3), data, len);
	return deliver_payload(from, to, tlp, payload);
}

TLP_INLINE int write_tlp(struct fabric_port *from, const struct fabric_target *to, uint64_t addr,
			 const uint8_t *data, size_t len, const struct tlp_hint *hint,
			 enum fabric_links links)
{
	struct fabric_packet packet;
	struct tlp request;
	int ret;

	fabric_make_write(&request, from, addr, len, hint);
	ret = fabric_send_request(from, to, &request, data, &packet, links);
	if (ret)
		return ret;
	if ((addr | len) & 3)
		return deliver_padded(from, to, &packet.tlp, addr, data, len);
	return deliver_payload(from, to, &packet.tlp, data);
}

TLP_INLINE int deliver_write(struct fabric_port *from, const struct fabric_target *to,
			     uint64_t addr, const uint8_t *data, size_t len,
			     const struct tlp_hint *hint, enum fabric_links links)
{
	size_t max = fabric_tlp_max(from->fabric, TLP_MWR);
	int ret = 0;

	for (size_t len_now; !ret && len; addr += len_now, data += len_now, len -= len_now) {
		len_now = fabric_cut(addr, len, max);
		ret = write_tlp(from, to, addr, data, len_now, hint, links);
	}
	return ret;
}

int fabric_deliver_write(struct fabric_port *from, const struct fabric_target *to, uint64_t addr,
			 const uint8_t *data, size_t len, const struct tlp_hint *hint)
{
	switch (from->fabric->links) {
	case FABRIC_LINKS_FLIT:
		return deliver_write(from, to, addr, data, len, hint, FABRIC_LINKS_FLIT);
	case FABRIC_LINKS_MIXED:
		return deliver_write(from, to, addr, data, len, hint, FABRIC_LINKS_MIXED);
	default:
		return deliver_write(from, to, addr, data, len, hint, FABRIC_LINKS_PLAIN);
	}
}

static int read_peer(const struct fabric_target *to, const struct tlp *request,
		     const struct fabric_reader *reader)
{
	const struct fabric_port_config *completer = &to->port->config;
	uint8_t edge[TLP_PAYLOAD_MAX_BYTES];
	/* Whole DWs are read into their destination directly. */
	bool whole = reader->len && !((reader->addr | reader->len) & 3);
	uint8_t *payload = whole ? reader->dst : edge;

	if (!completer->completer || !completer->completer->mem_read)
		return fabric_complete_error(to->port, request, TLP_STATUS_UNSUPPORTED_REQUEST,
					     reader);
	if (completer->completer->mem_read(completer->completer_owner, to->bar,
					   request->addr - to->base, request, payload) < 0)
		return fabric_complete_error(to->port, request, TLP_STATUS_COMPLETER_ABORT, reader);
	return fabric_complete(to->port, request, payload, reader);
}

TLP_INLINE int read_tlp(struct fabric_port *from, const struct fabric_target *to, uint64_t addr,
			uint8_t *dst, size_t len, const struct tlp_hint *hint,
			enum fabric_links links)
{
	struct fabric_reader reader = {from, addr, len, dst, from->next_tag++};
	struct fabric_packet packet;
	struct tlp request;
	int ret;

	fabric_make_read(&request, from, addr, len, hint, reader.tag);
	ret = fabric_send_request(from, to, &request, NULL, &packet, links);
	if (ret)
		return ret;
	switch (to->kind) {
	case FABRIC_TARGET_MEMORY:
		return fabric_complete(to->port, &packet.tlp,
				       to->memory + (packet.tlp.addr - to->base), &reader);
	case FABRIC_TARGET_PEER:
		return read_peer(to, &packet.tlp, &reader);
	default:
		return fabric_complete_error(to->port, &packet.tlp, TLP_STATUS_UNSUPPORTED_REQUEST,
					     &reader);
	}
}

TLP_INLINE int deliver_read(struct fabric_port *from, const struct fabric_target *to, uint64_t addr,
			    uint8_t *dst, size_t len, const struct tlp_hint *hint,
			    enum fabric_links links)
{
	size_t max = fabric_tlp_max(from->fabric, TLP_MRD);
	size_t len_now;
	int ret;

	do {
		len_now = fabric_cut(addr, len, max);
		ret = read_tlp(from, to, addr, dst, len_now, hint, links);
		addr += len_now;
		dst += len_now;
		len -= len_now;
	} while (!ret && len);
	return ret;
}

int fabric_deliver_read(struct fabric_port *from, const struct fabric_target *to, uint64_t addr,
			uint8_t *dst, size_t len, const struct tlp_hint *hint)
{
	switch (from->fabric->links) {
	case FABRIC_LINKS_FLIT:
		return deliver_read(from, to, addr, dst, len, hint, FABRIC_LINKS_FLIT);
	case FABRIC_LINKS_MIXED:
		return deliver_read(from, to, addr, dst, len, hint, FABRIC_LINKS_MIXED);
	default:
		return deliver_read(from, to, addr, dst, len, hint, FABRIC_LINKS_PLAIN);
	}
}
