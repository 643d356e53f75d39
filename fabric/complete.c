// SPDX-License-Identifier: GPL-2.0-or-later
/* Both ends of a read's completions: a completer that makes them, a requester that checks them. */
#include <errno.h>
#include <string.h>

#include "fabric/packet.h"

/* Read Completion Boundary: a root complex may cut at 64 bytes, all others at 128 (2.3.1.1). */
enum { RCB_HOST_BYTES = 64, RCB_BYTES = 128 };

int fabric_check_completion(const struct tlp *completion, uint16_t requester, uint8_t tag,
			    uint64_t addr, size_t left)
{
	bool ours = completion->requester == requester && completion->tag == tag;

	if (!ours || completion->byte_count != left)
		return -EIO;
	if (completion->kind == TLP_CPLD)
		return completion->lower_addr == (addr & 0x7f) ? 0 : -EIO;
	switch (completion->status) {
	case TLP_STATUS_UNSUPPORTED_REQUEST:
		return -EFAULT;
	default:
		/* Completer Abort; also a success without data, which does not answer a read. */
		return -EIO;
	}
}

/* Copies the bytes [addr, addr+len) from @payload, whose byte 0 belongs to the DW of @addr. */
TLP_INLINE void copy_data(const struct fabric_reader *reader, uint64_t addr, size_t len,
			  const uint8_t *payload)
{
	size_t unwanted = addr < reader->addr ? reader->addr - addr : 0;
	size_t offset = addr + unwanted - reader->addr;
	const uint8_t *src = payload + (addr & 3) + unwanted;

	if (src == reader->dst + offset)
		return;
	len -= unwanted;
	if (len > reader->len - offset)
		len = reader->len - offset;
	memcpy(reader->dst + offset, src, len);
}

/* Lower Address describes returned data: without data it is 0 (2.2.9). */
static void completion_init(struct tlp *out, const struct fabric_port *completer,
			    const struct tlp *request, size_t left)
{
	*out = (struct tlp){
		.kind = TLP_CPL,
		.completer = completer->id,
		.requester = request->requester,
		.tag = request->tag,
		.byte_count = left,
	};
}

static void completion_set_data(struct tlp *out, uint64_t addr, size_t len)
{
	out->kind = TLP_CPLD;
	out->length_dw = ((addr & 3) + len + 3) / 4;
	out->lower_addr = addr & 0x7f;
}

static uint64_t first_byte(const struct tlp *request)
{
	return request->addr + (request->first_be ? __builtin_ctz(request->first_be) : 0);
}

TLP_INLINE int complete(struct fabric_port *completer, const struct tlp *request,
			const uint8_t *payload, const struct fabric_reader *reader,
			enum fabric_links links)
{
	uint64_t addr = first_byte(request);
	size_t left = tlp_bytes(request);
	size_t mps = completer->fabric->config.mps_bytes;
	size_t rcb = completer == &completer->fabric->host ? RCB_HOST_BYTES : RCB_BYTES;

	while (left) {
		/* All but the last end at a completion boundary. */
		size_t len = mps - addr % rcb;
		struct fabric_packet packet;
		struct tlp completion;
		int ret;

		if (len > left)
			len = left;
		completion_init(&completion, completer, request, left);
		completion_set_data(&completion, addr, len);
		ret = fabric_send_completion(completer, reader->port, &completion,
					     payload ? payload + (addr - request->addr) : NULL, len,
					     &packet, links);
		if (!ret)
			ret = fabric_check_completion(&packet.tlp, reader->port->id, reader->tag,
						      addr, left);
		if (ret)
			return ret;
		if (payload)
			copy_data(reader, addr, len, payload + ((addr & ~3ull) - request->addr));
		addr += len;
		left -= len;
	}
	return 0;
}

/* A read of no bytes is answered with one DW of undefined data and Byte Count 1 (2.2.5). */
static int complete_zero_length(struct fabric_port *completer, const struct tlp *request,
				const struct fabric_reader *reader)
{
	static const uint8_t payload[4];
	struct fabric_packet packet;
	struct tlp completion;
	int ret;

	completion_init(&completion, completer, request, 1);
	completion_set_data(&completion, request->addr, 1);
	ret = fabric_send_completion(completer, reader->port, &completion, payload, 0, &packet,
				     FABRIC_LINKS_MIXED);
	if (ret)
		return ret;
	return fabric_check_completion(&packet.tlp, reader->port->id, reader->tag, request->addr,
				       1);
}

int fabric_complete(struct fabric_port *completer, const struct tlp *request,
		    const uint8_t *payload, const struct fabric_reader *reader)
{
	if (!request->first_be)
		return complete_zero_length(completer, request, reader);
	if (completer->fabric->trace || completer->fabric->links == FABRIC_LINKS_MIXED)
		return complete(completer, request, payload, reader, FABRIC_LINKS_MIXED);
	if (completer->fabric->links == FABRIC_LINKS_FLIT)
		return complete(completer, request, payload, reader, FABRIC_LINKS_FLIT);
	return complete(completer, request, payload, reader, FABRIC_LINKS_PLAIN);
}

int fabric_complete_error(struct fabric_port *completer, const struct tlp *request,
			  enum tlp_status status, const struct fabric_reader *reader)
{
	size_t left = tlp_bytes(request);
	struct fabric_packet packet;
	struct tlp completion;
	int ret;

	if (!left) /* as complete_zero_length() */
		left = 1;
	completion_init(&completion, completer, request, left);
	completion.status = status;
	if (status == TLP_STATUS_UNSUPPORTED_REQUEST)
		reader->port->counters.unsupported++;
	ret = fabric_send_completion(completer, reader->port, &completion, NULL, 0, &packet,
				     FABRIC_LINKS_MIXED);
	if (ret)
		return ret;
	return fabric_check_completion(&packet.tlp, reader->port->id, reader->tag, 0, left);
}
