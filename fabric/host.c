// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Host memory without a pointer: the host transfers the data itself. That takes a round trip, so
 * one transfer serves all TLPs up to the next 4 KiB.
 */
#include <errno.h>
#include <string.h>

#include "fabric/packet.h"

/* Sends the TLPs of the next transfer and records its length. */
static int send_requests(struct fabric_port *port)
{
	const struct fabric_target to = {.kind = FABRIC_TARGET_TRANSFER,
					 .port = &port->fabric->host};
	struct fabric_request *request = &port->request;
	size_t max = fabric_tlp_max(port->fabric, request->kind);
	size_t total = fabric_cut(request->addr, request->left, FABRIC_REQUEST_BOUNDARY);
	struct fabric_transfer *transfer = &request->transfer;
	struct fabric_packet packet;
	struct fabric_target peer;
	struct tlp tlp;

	*transfer = (struct fabric_transfer){.tag = port->next_tag};
	while (transfer->len < total) {
		uint64_t addr = request->addr + transfer->len;
		size_t len = fabric_cut(addr, total - transfer->len, max);
		const uint8_t *data = NULL;
		int ret;

		if (transfer->len && fabric_route_peer(port, addr & ~3ull, len, &peer))
			break;
		if (request->kind == TLP_MWR) {
			data = request->src + transfer->len;
			fabric_make_write(&tlp, port, addr, len, &request->hint);
		} else {
			fabric_make_read(&tlp, port, addr, len, &request->hint, port->next_tag++);
		}
		ret = fabric_send_request(port, &to, &tlp, data, &packet, port->fabric->links);
		if (ret)
			return ret;
		transfer->len += len;
		transfer->tlps++;
	}
	return 0;
}

static int call_host(struct fabric_port *port)
{
	const struct fabric_port_config *config = &port->config;
	const struct fabric_request *request = &port->request;
	size_t len = request->transfer.len;

	if (request->kind == TLP_MRD)
		return config->host->read(config->host_owner, request->addr, port->transfer_data,
					  len);
	memcpy(port->transfer_data, request->src, len);
	return config->host->write(config->host_owner, request->addr, port->transfer_data, len);
}

int fabric_transfer_start(struct fabric_port *port)
{
	struct fabric_transfer *transfer = &port->request.transfer;
	int ret = send_requests(port);

	if (ret)
		return ret;
	transfer->state = FABRIC_TRANSFER_STARTING;
	ret = call_host(port);
	if (ret < 0)
		return fabric_transfer_end(port, ret);
	if (transfer->ended)
		return fabric_transfer_end(port, transfer->status);
	transfer->state = FABRIC_TRANSFER_WAITING;
	return -EINPROGRESS;
}

static int complete_read(struct fabric_port *port, const struct tlp *tlp,
			 const struct fabric_reader *reader, int status)
{
	struct fabric_port *host = &port->fabric->host;

	if (!status)
		return fabric_complete(host, tlp, NULL, reader);
	return fabric_complete_error(host, tlp,
				     status == -EIO ? TLP_STATUS_COMPLETER_ABORT
						    : TLP_STATUS_UNSUPPORTED_REQUEST,
				     reader);
}

/* Completes the reads that send_requests() sent, without copying data. */
static int complete_reads(struct fabric_port *port, int status)
{
	const struct fabric_request *request = &port->request;
	const struct fabric_transfer *transfer = &request->transfer;
	size_t max = fabric_tlp_max(port->fabric, TLP_MRD);
	size_t done = 0, len;
	int first_error = 0;

	for (unsigned i = 0; i < transfer->tlps; i++, done += len) {
		struct fabric_reader reader = {
			.port = port,
			.addr = request->addr + done,
			.tag = (uint8_t)(transfer->tag + i),
		};
		struct tlp tlp;
		int ret;

		len = fabric_cut(reader.addr, transfer->len - done, max);
		fabric_make_read(&tlp, port, reader.addr, len, &request->hint, reader.tag);
		ret = complete_read(port, &tlp, &reader, status);
		if (!first_error)
			first_error = ret;
	}
	return first_error;
}

int fabric_transfer_end(struct fabric_port *port, int status)
{
	struct fabric_request *request = &port->request;
	struct fabric_transfer *transfer = &request->transfer;
	int ret = 0;

	transfer->state = FABRIC_TRANSFER_IDLE;
	if (request->kind == TLP_MRD) {
		if (!status)
			memcpy(request->dst, port->transfer_data, transfer->len);
		ret = complete_reads(port, status);
	} else if (status == -EIO) {
		ret = -EIO;
	} else if (status) {
		port->counters.unsupported += transfer->tlps;
		ret = -EFAULT;
	}
	if (!ret)
		fabric_advance(request, transfer->len);
	return ret;
}

/* The completions arrive nevertheless, unless the link is down. */
void fabric_transfer_discard(struct fabric_port *port, int status)
{
	port->request.transfer.state = FABRIC_TRANSFER_IDLE;
	if (port->request.kind == TLP_MRD && !port->link_down)
		complete_reads(port, status);
}
