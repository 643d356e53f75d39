// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the host does not show as memory it transfers by itself. That takes a
 * round trip, so one transfer stands for all TLPs up to the next 4 KiB.
 */
#include <errno.h>
#include <string.h>

#include "fabric/packet.h"

/* Sends the TLPs of the coming transfer and notes its length. */
static int send_requests(struct fabric_port *port)
{
	const struct fabric_target to = {.kind = FABRIC_TARGET_TRANSFER,
					 .port = &port->fabric->host};
	struct fabric_request *request = &port->request;
	size_t max = fabric_max_piece(port->fabric, request->kind);
	size_t total = fabric_piece(request->addr, request->left, FABRIC_REQUEST_BOUNDARY);
	struct fabric_host_part *part = &request->host;
	struct fabric_packet packet;
	struct fabric_target peer;
	struct tlp tlp;

	*part = (struct fabric_host_part){.tag = port->next_tag};
	while (part->len < total) {
		uint64_t addr = request->addr + part->len;
		size_t len = fabric_piece(addr, total - part->len, max);
		const uint8_t *data = NULL;
		int ret;

		if (part->len && fabric_route_peer(port, addr & ~3ull, len, &peer))
			break;
		if (request->kind == TLP_MWR) {
			data = request->src + part->len;
			fabric_make_write(&tlp, port, addr, len, &request->hint);
		} else {
			fabric_make_read(&tlp, port, addr, len, &request->hint, port->next_tag++);
		}
		ret = fabric_send_request(port, &to, &tlp, data, &packet);
		if (ret)
			return ret;
		part->len += len;
		part->tlps++;
	}
	return 0;
}

int fabric_host_start(struct fabric_port *port)
{
	struct fabric_request *request = &port->request;
	struct fabric_host_part *part = &request->host;
	const struct fabric_port_config *config = &port->config;
	int ret = send_requests(port);

	if (ret)
		return ret;
	part->state = FABRIC_HOST_STARTING;
	if (request->kind == TLP_MWR) {
		memcpy(port->transfer_data, request->src, part->len);
		ret = config->host->write(config->host_owner, request->addr, port->transfer_data,
					  part->len);
	} else {
		ret = config->host->read(config->host_owner, request->addr, port->transfer_data,
					 part->len);
	}
	if (ret < 0)
		return fabric_host_end(port, ret);
	if (part->ended)
		return fabric_host_end(port, part->status);
	part->state = FABRIC_HOST_WAITING;
	return -EINPROGRESS;
}

/* The answers to the reads that send_requests() sent; their data stays where it is. */
static int answer_reads(struct fabric_port *port, int status)
{
	const struct fabric_request *request = &port->request;
	size_t max = fabric_max_piece(port->fabric, TLP_MRD);
	size_t done = 0, len;
	int first_error = 0;

	for (unsigned i = 0; i < request->host.tlps; i++, done += len) {
		struct fabric_reader reader = {.port = port};
		struct tlp tlp;
		int ret;

		reader.addr = request->addr + done;
		reader.tag = request->host.tag + i;
		len = fabric_piece(reader.addr, request->host.len - done, max);
		fabric_make_read(&tlp, port, reader.addr, len, &request->hint, reader.tag);
		if (!status)
			ret = fabric_complete(&port->fabric->host, &tlp, NULL, &reader);
		else if (status == -EIO)
			ret = fabric_complete_error(&port->fabric->host, &tlp,
						    TLP_STATUS_COMPLETER_ABORT, &reader);
		else
			ret = fabric_complete_error(&port->fabric->host, &tlp,
						    TLP_STATUS_UNSUPPORTED_REQUEST, &reader);
		if (!first_error)
			first_error = ret;
	}
	return first_error;
}

int fabric_host_end(struct fabric_port *port, int status)
{
	struct fabric_request *request = &port->request;
	struct fabric_host_part *part = &request->host;
	int ret = 0;

	part->state = FABRIC_HOST_IDLE;
	if (request->kind == TLP_MRD) {
		if (!status)
			memcpy(request->dst, port->transfer_data, part->len);
		ret = answer_reads(port, status);
	} else if (status == -EIO) {
		ret = -EIO;
	} else if (status) {
		port->counters.unsupported += part->tlps;
		ret = -EFAULT;
	}
	if (ret)
		return ret;
	request->addr += part->len;
	request->left -= part->len;
	if (request->kind == TLP_MWR)
		request->src += part->len;
	else
		request->dst += part->len;
	return 0;
}

/* The completions arrive all the same, unless the link is down. */
void fabric_host_discard(struct fabric_port *port, int status)
{
	port->request.host.state = FABRIC_HOST_IDLE;
	if (port->request.kind == TLP_MRD && !port->gone)
		answer_reads(port, status);
}
