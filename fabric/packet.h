/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Makes, encodes, decodes, counts and traces a packet. Inline, since this is all
 * the work for each TLP. Private to fabric/.
 */
#ifndef FABRIC_PACKET_H
#define FABRIC_PACKET_H

#include "fabric/internal.h"
#include "fabric/tlp_flit_inline.h"

struct fabric_packet {
	struct tlp tlp;			      /* as its receiver decodes it */
	uint8_t header[TLP_HEADER_MAX_BYTES]; /* with the prefix, or OHC */
	unsigned header_len;		      /* bytes */
	unsigned data_len;		      /* bytes of data, without padding */
	bool hint_dropped;
};

TLP_INLINE void fabric_make_write(struct tlp *out, const struct fabric_port *from, uint64_t addr,
				  size_t len, const struct tlp_hint *hint)
{
	tlp_request(out, TLP_MWR, addr, len);
	out->requester = from->id;
	out->hint = *hint;
}

/* Off flit mode a read with a hint reads whole DWs: its byte enables are implied (2.2.5.1). */
TLP_INLINE void fabric_make_read(struct tlp *out, const struct fabric_port *from, uint64_t addr,
				 size_t len, const struct tlp_hint *hint, uint8_t tag)
{
	unsigned before = addr & 3;

	if (hint->st_bits && !from->flit) {
		len = (before + len + 3) & ~(size_t)3;
		addr -= before;
	}
	tlp_request(out, TLP_MRD, addr, len);
	out->requester = from->id;
	out->hint = *hint;
	out->tag = tag;
}

/*
 * Encodes and decodes, so that the receiver acts on the bytes of the wire. The
 * decoder checks the packet. @flit: in the form of flit mode. 0, or -EIO.
 */
TLP_INLINE int fabric_put_on_wire(const struct tlp *tlp, struct fabric_packet *packet, bool flit)
{
	int len;

	if (tlp_is_request(tlp->kind))
		len = flit ? flit_put_request(tlp, packet->header)
			   : tlp_put_request(tlp, packet->header);
	else
		len = flit ? flit_put_completion(tlp, packet->header)
			   : tlp_put_completion(tlp, packet->header);
	packet->header_len = len;
	if (flit)
		return flit_get_tlp(packet->header, len, &packet->tlp) == len ? 0 : -EIO;
	return tlp_get(packet->header, len, &packet->tlp) == len ? 0 : -EIO;
}

/* packet.c: the same where links differ; @packet has the form of the last link. */
int fabric_put_on_links(struct fabric_port *from, const struct fabric_port *to, struct tlp tlp,
			struct fabric_packet *packet);

/* A root complex need not forward hints, and a transfer by the host has none. */
TLP_INLINE bool fabric_hint_ends_at_host(const struct fabric_port *from,
					 const struct fabric_target *to)
{
	const struct fabric_config *config = &from->fabric->config;

	if (to->kind == FABRIC_TARGET_TRANSFER)
		return true;
	return to->port != &from->fabric->host && !fabric_one_switch(from, to->port) &&
	       !config->host_bridge_keeps_hints;
}

/* packet.c: removes the hint of a packet that is already on the wire. 0, or -EIO. */
int fabric_drop_hint(struct fabric_port *from, struct fabric_packet *packet);

/*
 * @data: the enabled bytes of a write, for the trace. @links: the fabric's. On the fast path it is
 * a constant.
 */
TLP_INLINE int fabric_send_request(struct fabric_port *from, const struct fabric_target *to,
				   const struct tlp *request, const uint8_t *data,
				   struct fabric_packet *packet, enum fabric_links links)
{
	const struct tlp *tlp = &packet->tlp;
	int ret;

	packet->hint_dropped = false;
	if (links == FABRIC_LINKS_MIXED)
		ret = fabric_put_on_links(from, to->port, *request, packet);
	else
		ret = fabric_put_on_wire(request, packet, links == FABRIC_LINKS_FLIT);
	if (ret)
		return ret;
	packet->data_len = tlp_bytes(tlp);
	from->counters.tlps[tlp->kind]++;
	if (tlp->kind == TLP_MWR)
		from->counters.payload_bytes[TLP_MWR] += packet->data_len;
	if (request->hint.st_bits) {
		from->counters.hinted[request->hint.st_bits == 16]++;
		if (!packet->hint_dropped && fabric_hint_ends_at_host(from, to))
			ret = fabric_drop_hint(from, packet);
	}
	if (from->fabric->trace)
		fabric_trace_packet(from->fabric, from, to->port, packet, data);
	return ret;
}

/*
 * @data: the @data_len bytes of a CplD that its request enabled; NULL: not known. @links: the
 * fabric's, and MIXED where there is a trace. @links is a constant, so that a packet whose address
 * is not taken stays in registers.
 */
TLP_INLINE int fabric_send_completion(struct fabric_port *from, const struct fabric_port *to,
				      const struct tlp *completion, const uint8_t *data,
				      size_t data_len, struct fabric_packet *packet,
				      enum fabric_links links)
{
	int ret = links == FABRIC_LINKS_MIXED
			  ? fabric_put_on_links(from, to, *completion, packet)
			  : fabric_put_on_wire(completion, packet, links == FABRIC_LINKS_FLIT);

	if (ret)
		return ret;
	packet->data_len = data_len;
	packet->hint_dropped = false;
	/* NOLINTNEXTLINE(*uninitialized.ArraySubscript): clang-tidy loses what tlp_get() wrote */
	from->counters.tlps[packet->tlp.kind]++;
	from->counters.payload_bytes[packet->tlp.kind] += data_len;
	if (links == FABRIC_LINKS_MIXED && from->fabric->trace)
		fabric_trace_packet(from->fabric, from, to, packet, data);
	return 0;
}

#endif
