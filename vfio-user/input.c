/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes and descriptors from the socket, cut into messages. */
#include <errno.h>
#include <string.h>

#include "vfio-user/endpoint.h"

/* So that one client cannot keep the owner from its other endpoints. */
#define MESSAGES_AT_ONCE 64

void vu_input_reset(struct vu *vu)
{
	descriptors_close(&vu->in.fds, &vu->closer);
	vu->in.have = 0;
}

/* Reads no further than @until bytes, so that descriptors stay with their message. */
static ssize_t read_until(struct vu *vu, size_t until)
{
	ssize_t got = descriptor_receive(vu->fd, vu->in.buf + vu->in.have, until - vu->in.have,
					 &vu->in.fds, &vu->closer);

	if (got > 0)
		vu->in.have += (size_t)got;
	return got;
}

static void handle_message(struct vu *vu, const struct vu_header *header)
{
	struct vu_request request = {
		.header = *header,
		.body = vu->in.buf + sizeof(*header),
		.len = header->size - sizeof(*header),
		.fds = vu->in.fds.fds,
		.fd_count = vu->in.fds.count,
	};

	if ((header->flags & VU_TYPE_MASK) == VU_TYPE_REPLY)
		vu_transfer_reply(vu, &request);
	else
		vu_dispatch(vu, &request);
	vu_input_reset(vu);
}

/* Reads on to @until bytes of the message. False: not all have arrived, or the connection ended. */
static bool have_until(struct vu *vu, size_t until)
{
	while (vu->in.have < until) {
		/* Descriptors may come with each byte. */
		ssize_t got = vu_may_read(vu) ? read_until(vu, until) : -EAGAIN;

		if (got == -EAGAIN)
			return false;
		if (got <= 0) {
			if (vu->in.have)
				vu_log(vu, "the client disconnected in the middle of a message");
			vu_break(vu);
			return false;
		}
	}
	return true;
}

/* False: nothing more to read now. */
static bool receive_message(struct vu *vu)
{
	struct vu_header header;

	if (!have_until(vu, sizeof(header)))
		return false;
	memcpy(&header, vu->in.buf, sizeof(header));
	if (header.size < sizeof(header) || header.size > VU_MAX_MESSAGE) {
		/* Where the next message begins cannot be found any more. */
		vu_log(vu, "dropped the client: it announced a message of %u bytes, not %zu to %zu",
		       header.size, sizeof(header), VU_MAX_MESSAGE);
		vu_break(vu);
		return false;
	}
	if (!have_until(vu, header.size))
		return false;
	handle_message(vu, &header);
	return true;
}

void vu_receive(struct vu *vu)
{
	int i;

	for (i = 0; i < MESSAGES_AT_ONCE; i++)
		if (!receive_message(vu) || vu->broken || !vu_may_read(vu))
			return;
}
