/* SPDX-License-Identifier: GPL-2.0-or-later */
/* DMA by messages: the client transfers and replies, and may send commands meanwhile. */
#include <errno.h>
#include <string.h>

#include "vfio-user/endpoint.h"

#define MAX_ERRNO 4095

static int start(struct vu *vu, uint16_t command, uint64_t addr, void *read_into,
		 const void *write_from, size_t len)
{
	struct vu_transfer *transfer = &vu->transfer;
	size_t write_len = write_from ? len : 0;
	struct {
		struct vu_header header;
		struct vu_dma_body body;
	} head;

	if (!vu_connected(vu))
		return -ENOTCONN;
	if (transfer->active)
		return -EBUSY;
	if (len > transfer->max)
		return -EMSGSIZE;
	if (!len || addr + (len - 1) < addr)
		return -EINVAL;
	transfer->active = true;
	transfer->id++;
	transfer->command = command;
	transfer->read_into = read_into;
	transfer->len = len;
	head.header = (struct vu_header){
		.id = transfer->id,
		.command = command,
		.size = (uint32_t)(sizeof(head) + write_len),
		.flags = VU_TYPE_COMMAND,
	};
	head.body = (struct vu_dma_body){.address = addr, .count = len};
	vu_send(vu, &head, sizeof(head), write_from, write_len, -1);
	return 0;
}

int vu_dma_read(struct vu *vu, uint64_t addr, void *buf, size_t len)
{
	return start(vu, VU_DMA_READ, addr, buf, NULL, len);
}

int vu_dma_write(struct vu *vu, uint64_t addr, const void *buf, size_t len)
{
	return start(vu, VU_DMA_WRITE, addr, NULL, buf, len);
}

size_t vu_dma_max(const struct vu *vu)
{
	return vu->negotiated ? vu->transfer.max : 0;
}

void vu_transfer_end(struct vu *vu, int status)
{
	/* First, since dma_done() may start the next one. */
	vu->transfer.active = false;
	if (vu->config.ops->dma_done)
		vu->config.ops->dma_done(vu->config.owner, status);
}

/* 0, or the error of the transfer. */
static int take_reply(const struct vu_transfer *transfer, const struct vu_request *reply)
{
	size_t data_len = transfer->read_into ? transfer->len : 0;
	struct vu_dma_body body;

	if (reply->header.command != transfer->command)
		return -EPROTO;
	if (reply->header.flags & VU_ERROR) {
		if (!reply->header.error || reply->header.error > MAX_ERRNO)
			return -EIO;
		return -(int)reply->header.error;
	}
	if (reply->len != sizeof(body) + data_len)
		return -EPROTO;
	memcpy(&body, reply->body, sizeof(body));
	if (body.count != transfer->len)
		return -EPROTO;
	if (data_len)
		memcpy(transfer->read_into, reply->body + sizeof(body), data_len);
	return 0;
}

void vu_transfer_reply(struct vu *vu, const struct vu_request *reply)
{
	int status;

	if (!vu->transfer.active || reply->header.id != vu->transfer.id) {
		/* The client could answer an error reply by another, without end. */
		vu_log(vu, "ignored a reply that matches no request (command %u, id %u)",
		       reply->header.command, reply->header.id);
		return;
	}
	status = take_reply(&vu->transfer, reply);
	if (status == -EPROTO)
		vu_log(vu, "a reply of %u bytes to command %u does not match the request",
		       reply->header.size, reply->header.command);
	vu_transfer_end(vu, status);
}
